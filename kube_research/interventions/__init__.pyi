from .outcomes import (
    agenda_matrix,
    monitoring_matrix,
    targets_against_results,
)

__all__ = [
    "agenda_matrix",
    "monitoring_matrix",
    "targets_against_results",
]
