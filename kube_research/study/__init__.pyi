from .audit import (
    claims,
    claims_by,
    claims_summary,
)
from .claims_facts import (
    place_shares,
)
from .figures import (
    diagram,
    figure_1,
    figure_2,
    figure_3,
    figure_4,
    figure_5,
)
from .printed_values import (
    agreements,
    headline,
    scoreboard,
)
from .tables import (
    other_monitoring,
    table_2,
    table_4,
    table_5,
    table_6,
    table_7,
    table_8,
    table_9,
)

__all__ = [
    "agreements",
    "claims",
    "claims_by",
    "claims_summary",
    "diagram",
    "figure_1",
    "figure_2",
    "figure_3",
    "figure_4",
    "figure_5",
    "headline",
    "other_monitoring",
    "place_shares",
    "scoreboard",
    "table_2",
    "table_4",
    "table_5",
    "table_6",
    "table_7",
    "table_8",
    "table_9",
]
