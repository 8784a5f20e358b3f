from .rounds import (
    compare_all_rounds,
    compare_designs,
    compare_rounds,
    which_comparison,
)

__all__ = [
    "compare_all_rounds",
    "compare_designs",
    "compare_rounds",
    "which_comparison",
]
