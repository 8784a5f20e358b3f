from .choices import (
    compare_designs,
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
    "which_comparison",
]
