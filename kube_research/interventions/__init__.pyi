from .targets import (
    targets_against_results,
)

__all__ = [
    "targets_against_results",
]
