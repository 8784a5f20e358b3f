from .new_site import (
    make_site,
)

__all__ = [
    "make_site",
]
