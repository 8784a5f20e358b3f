from .bounds import (
    bounds_frame,
    sharp_bounds,
)
from .change import (
    change_bounds,
    rank_reversal_share,
    rose_bounds,
)
from .compatible import (
    compatible_by_groups,
    compatible_counts,
    count_compatible,
    sample_compatible,
)
from .decision import (
    decision_frame,
    decision_summary,
)
from .numbers import (
    check_numbers,
    consistent_n,
    debit,
    grim,
    grim_percent,
    grimmer,
    means_audit,
    possible_totals,
    sd_bounds,
)
from .printed import (
    unround,
)

__all__ = [
    "bounds_frame",
    "change_bounds",
    "check_numbers",
    "compatible_by_groups",
    "compatible_counts",
    "consistent_n",
    "count_compatible",
    "debit",
    "decision_frame",
    "decision_summary",
    "grim",
    "grim_percent",
    "grimmer",
    "means_audit",
    "possible_totals",
    "rank_reversal_share",
    "rose_bounds",
    "sample_compatible",
    "sd_bounds",
    "sharp_bounds",
    "unround",
]
