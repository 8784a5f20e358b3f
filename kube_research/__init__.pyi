from . import (
    attendance,
    compare,
    errors,
    evidence,
    fieldwork,
    figures,
    finance,
    interventions,
    peka,
    programme,
    site,
    study,
)
from .attendance.rates import (
    attendance_rates,
    wilson_interval,
)
from .compare.choices import (
    which_comparison,
)
from .compare.rounds import (
    compare_rounds,
)
from .evidence.change import (
    change_bounds,
)
from .evidence.compatible import (
    compatible_counts,
    count_compatible,
    sample_compatible,
)
from .evidence.decision import (
    decision_summary,
)
from .evidence.numbers import (
    debit,
    grim,
    grim_percent,
    grimmer,
    sd_bounds,
)
from .evidence.printed import (
    unround,
)
from .fieldwork.new_site import (
    make_site,
)
from .finance.closing import (
    closing_balances,
    ledger_balances,
)
from .finance.reconcile.findings import (
    reconcile_ledger,
)
from .frames import (
    pick,
)
from .interventions.outcomes import (
    targets_against_results,
)
from .peka.fields import (
    score_fields,
)
from .peka.priorities import (
    classify_items,
    item_scores,
)
from .peka.scores import (
    score_items,
    score_means,
)
from .programme.checks import (
    count_violations,
)
from .programme.scan import (
    scan_sites,
)
from .programme.summaries import (
    write_summaries,
)
from .reproduction.cells import (
    colophon,
    present,
    present_frame,
    raw_logs,
    show,
    show_plot,
)
from .reproduction.running import (
    reproduce,
)
from .site.checksums import (
    inventory,
)
from .site.folder import (
    bundled_sites,
    check_site,
    load_site,
)
from .study.audit import (
    claims,
)
from .study.printed_values import (
    scoreboard,
)

__version__: str

__all__ = [
    "__version__",
    "attendance",
    "attendance_rates",
    "bundled_sites",
    "change_bounds",
    "check_site",
    "claims",
    "classify_items",
    "closing_balances",
    "colophon",
    "compare",
    "compare_rounds",
    "compatible_counts",
    "count_compatible",
    "count_violations",
    "debit",
    "decision_summary",
    "errors",
    "evidence",
    "fieldwork",
    "figures",
    "finance",
    "grim",
    "grim_percent",
    "grimmer",
    "interventions",
    "inventory",
    "item_scores",
    "ledger_balances",
    "load_site",
    "make_site",
    "peka",
    "pick",
    "present",
    "present_frame",
    "programme",
    "raw_logs",
    "reconcile_ledger",
    "reproduce",
    "sample_compatible",
    "scan_sites",
    "score_fields",
    "score_items",
    "score_means",
    "scoreboard",
    "sd_bounds",
    "show",
    "show_plot",
    "site",
    "study",
    "targets_against_results",
    "unround",
    "which_comparison",
    "wilson_interval",
    "write_summaries",
]
