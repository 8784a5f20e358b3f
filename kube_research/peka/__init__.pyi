from .fields import (
    score_fields,
)
from .priorities import (
    classify_items,
    classify_over,
    item_scores,
    rtl_links,
)
from .scores import (
    score_items,
    score_means,
    to_long,
    to_wide,
)

__all__ = [
    "classify_items",
    "classify_over",
    "item_scores",
    "rtl_links",
    "score_fields",
    "score_items",
    "score_means",
    "to_long",
    "to_wide",
]
