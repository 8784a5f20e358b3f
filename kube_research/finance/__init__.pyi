from .books import (
    Books,
)
from .business import (
    business_income,
    capital_growth,
    loan_indicators,
    monthly_results,
    trade_months,
)
from .cash_flow import (
    cash_flows,
    cash_statement,
)
from .closing import (
    closing_balances,
    ledger_balances,
)
from .growth import (
    growth_checklist,
    growth_rule,
    growth_stages,
)
from .iks import (
    iks_against_rule,
    iks_apart,
    iks_mixed,
    iks_statement,
    iks_totals,
    iks_use,
)
from .indicators import (
    indicator_definitions,
    indicator_values,
    indicators_table,
    rule_day,
)
from .reconcile.findings import (
    reconcile_ledger,
    reconcile_summary,
)
from .savings import (
    gini,
    group_savings,
    lorenz_points,
    member_savings,
    savings_spread,
)
from .writing import (
    days_written,
    deposit_months,
    months_without_deposit,
)

__all__ = [
    "Books",
    "business_income",
    "capital_growth",
    "cash_flows",
    "cash_statement",
    "closing_balances",
    "days_written",
    "deposit_months",
    "gini",
    "group_savings",
    "growth_checklist",
    "growth_rule",
    "growth_stages",
    "iks_against_rule",
    "iks_apart",
    "iks_mixed",
    "iks_statement",
    "iks_totals",
    "iks_use",
    "indicator_definitions",
    "indicator_values",
    "indicators_table",
    "ledger_balances",
    "loan_indicators",
    "lorenz_points",
    "member_savings",
    "monthly_results",
    "months_without_deposit",
    "reconcile_ledger",
    "reconcile_summary",
    "rule_day",
    "savings_spread",
    "trade_months",
]
