from .activities import (
    study_timeline,
    targets_results,
)
from .attendance import (
    attendance_activities,
    attendance_heatmap,
    attendance_rates_plot,
    rater_flow_plot,
)
from .books import (
    balances,
    cash_flow_months,
    writing_calendar,
)
from .comparison import (
    cumming_plot,
    estimation_plot,
    forest_plot,
    score_bars,
    slope_graph,
)
from .decision import (
    decision_map,
)
from .growth import (
    growth_tiles,
)
from .rounds import (
    before_after,
    peka_profile,
    peka_radar,
)
from .savings import (
    cooperative_months,
    iks_rule_plot,
    member_savings_plot,
)

__all__ = [
    "attendance_activities",
    "attendance_heatmap",
    "attendance_rates_plot",
    "balances",
    "before_after",
    "cash_flow_months",
    "cooperative_months",
    "cumming_plot",
    "decision_map",
    "estimation_plot",
    "forest_plot",
    "growth_tiles",
    "iks_rule_plot",
    "member_savings_plot",
    "peka_profile",
    "peka_radar",
    "rater_flow_plot",
    "score_bars",
    "slope_graph",
    "study_timeline",
    "targets_results",
    "writing_calendar",
]
