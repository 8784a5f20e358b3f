from .band import (
    band_counts,
    band_test,
    intra_cluster_correlation,
    rosters_for,
)
from .meetings import (
    person_attendance,
    recent_rates,
)
from .participation import (
    member_retention,
    overlap_bounds,
    rater_flow,
    rater_rounds,
    round_overlaps,
    round_rosters,
)
from .rates import (
    attendance_rates,
    wilson_interval,
)
from .statuses import (
    rule_range,
    status_rules,
)

__all__ = [
    "attendance_rates",
    "band_counts",
    "band_test",
    "intra_cluster_correlation",
    "member_retention",
    "overlap_bounds",
    "person_attendance",
    "rater_flow",
    "rater_rounds",
    "recent_rates",
    "rosters_for",
    "round_overlaps",
    "round_rosters",
    "rule_range",
    "status_rules",
    "wilson_interval",
]
