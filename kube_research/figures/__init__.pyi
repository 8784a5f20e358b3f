from .attendance import (
    attendance_heatmap,
    attendance_rates_plot,
    rater_flow_plot,
)
from .books import (
    balances,
    cash_flow_months,
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
from .iks import (
    iks_rule_plot,
)
from .logs import (
    attendance_activities,
    targets_results,
)
from .months import (
    cooperative_months,
    writing_calendar,
)
from .profile import (
    peka_profile,
)
from .rounds import (
    before_after,
    peka_radar,
)
from .savings import (
    member_savings_plot,
)
from .timeline import (
    study_timeline,
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
