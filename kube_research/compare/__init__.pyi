from .choices import (
    compare_designs,
    leading_comparison,
    primary_comparison,
    which_comparison,
)
from .rounds import (
    compare_all_rounds,
    compare_rounds,
)

__all__ = [
    "compare_all_rounds",
    "compare_designs",
    "compare_rounds",
    "leading_comparison",
    "primary_comparison",
    "which_comparison",
]
