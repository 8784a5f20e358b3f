from .attendance import (
    attendance_heatmap,
    attendance_heatmap_frame,
    attendance_rates_plot,
    attendance_rates_plot_frame,
    rater_flow_plot,
    rater_flow_plot_frame,
)
from .books import (
    balances,
    balances_frame,
    cash_flow_months,
    cash_flow_months_frame,
)
from .comparison import (
    cumming_plot,
    cumming_plot_frame,
    estimation_plot,
    estimation_plot_frame,
    forest_plot,
    forest_plot_frame,
    score_bars,
    score_bars_frame,
    slope_graph,
    slope_graph_frame,
)
from .decision import (
    decision_map,
    decision_map_frame,
)
from .growth import (
    growth_tiles,
    growth_tiles_frame,
)
from .iks import (
    iks_rule_plot,
    iks_rule_plot_frame,
)
from .logs import (
    attendance_activities,
    attendance_activities_frame,
    targets_results,
    targets_results_frame,
)
from .months import (
    cooperative_months,
    cooperative_months_frame,
    writing_calendar,
    writing_calendar_frame,
)
from .profile import (
    peka_profile,
    peka_profile_frame,
)
from .rounds import (
    before_after,
    before_after_frame,
    peka_radar,
    peka_radar_frame,
)
from .savings import (
    member_savings_plot,
    member_savings_plot_frame,
)
from .timeline import (
    study_timeline,
    study_timeline_frame,
)

__all__ = [
    "attendance_activities",
    "attendance_activities_frame",
    "attendance_heatmap",
    "attendance_heatmap_frame",
    "attendance_rates_plot",
    "attendance_rates_plot_frame",
    "balances",
    "balances_frame",
    "before_after",
    "before_after_frame",
    "cash_flow_months",
    "cash_flow_months_frame",
    "cooperative_months",
    "cooperative_months_frame",
    "cumming_plot",
    "cumming_plot_frame",
    "decision_map",
    "decision_map_frame",
    "estimation_plot",
    "estimation_plot_frame",
    "forest_plot",
    "forest_plot_frame",
    "growth_tiles",
    "growth_tiles_frame",
    "iks_rule_plot",
    "iks_rule_plot_frame",
    "member_savings_plot",
    "member_savings_plot_frame",
    "peka_profile",
    "peka_profile_frame",
    "peka_radar",
    "peka_radar_frame",
    "rater_flow_plot",
    "rater_flow_plot_frame",
    "score_bars",
    "score_bars_frame",
    "slope_graph",
    "slope_graph_frame",
    "study_timeline",
    "study_timeline_frame",
    "targets_results",
    "targets_results_frame",
    "writing_calendar",
    "writing_calendar_frame",
]
