from .cells import (
    colophon,
    present,
    present_frame,
    raw_logs,
    show,
    show_plot,
)
from .running import (
    reproduce,
)

__all__ = [
    "colophon",
    "present",
    "present_frame",
    "raw_logs",
    "reproduce",
    "show",
    "show_plot",
]
