"""The columns of every table, read from ``schema.toml``: types, checks and codebook come from here."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from kube_research.files import declared
from kube_research.frames import GRADES

if TYPE_CHECKING:
    import pandas as pd

#: What the text of a cell must look like, by kind of column.
PATTERNS = {
    "integer": r"[+-]?[0-9]{1,9}",
    "score": r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,9})?",
    "money": r"[+-]?[0-9]{1,15}",
    "percent": r"(?:100(?:\.0{1,17})?|[0-9]{1,2}(?:\.[0-9]{1,17})?)",
    "percent_over": r"[0-9]{1,4}(?:\.[0-9]{1,17})?",  # of a plan that may be more than fulfilled
    "positive": r"[0-9]{1,6}(?:\.[0-9]{1,6})?",
    "printed": r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?",
    "time": r"(?:[01][0-9]|2[0-3]):[0-5][0-9]",
    "code": r"[^\W_][\w.\-]*",
}

#: Roles of those who are members of a group.
MEMBER_ROLES = ("pengurus", "anggota")

#: A column of wide ratings: ``9``, ``item_9``, ``butir 9``.
WIDE_ITEM = re.compile(r"(?:item[ _]?|butir[ _]?)?([0-9]{1,9})", re.IGNORECASE)

#: What was counted, of how many, and the percentage that says the same.
COUNTS, PERCENT = ("achieved_n", "achieved_of"), "achieved_pct"
#: What a spreadsheet makes of an entry: what is never a code (7/2/2026), and all that hardly is one.
TURNED, TURNED_CODE = ("|".join(declared("site/turned.toml")[name]) for name in ("never", "hardly"))
#: Codes that may be a date: activities are called by their day, and groups stand in site.toml.
_DATED = ("activity", "part_of", "group")

_NUMBERS: dict[str, Any] = {"integer": "Int64", "money": "Int64", "percent": "Float64",
                             "positive": "Float64"}  # fmt: skip


#: Lists among the entries of a column.
_LISTS = ("allowed", "instead")


@dataclass(frozen=True)
class Column:
    """One column: what it is called, what may stand in it, what it means."""

    name: str
    kind: str
    en: str
    id: str
    need: bool = True
    empty: bool = False
    allowed: tuple[str, ...] = ()
    minimum: int | None = None
    unit: str = ""
    over: bool = False  # percentages above 100 are possible
    instead: tuple[str, ...] = ()  # the columns by which it may be left out

    @property
    def form(self) -> str:
        """What the text of a cell must look like: a key of :data:`PATTERNS`, or the kind."""
        return "percent_over" if self.over else self.kind

    @property
    def most(self) -> int:
        """The largest percentage."""
        return 9999 if self.over else 100

    @cached_property
    def rules(self) -> tuple[tuple[str, str, Any], ...]:
        """Rules of a filled cell in the order they are told: code, what is asked, its bound."""
        rules: list[tuple[str, str, Any]] = []
        if self.kind == "code":
            free = self.name in _DATED
            rules.append(("turned", "no pattern", TURNED if free else TURNED_CODE))
        if self.kind in PATTERNS:
            rules.append((f"type_{self.kind}", "pattern", PATTERNS[self.form]))
        if self.kind == "date":
            rules.append(("type_date", "day", None))
        if self.kind == "positive":
            rules.append(("not_positive", "more than", 0))
        if self.allowed:
            rules.append(("choice", "one of", self.allowed))
        if self.minimum is not None:
            rules.append(("minimum", "at least", self.minimum))
        return tuple(rules)

    def describe(self, lang: str) -> str:
        """Return the meaning of the column in ``lang``."""
        return self.en if lang == "en" else self.id


@dataclass(frozen=True)
class Reference:
    """Columns whose values must exist in another table."""

    columns: tuple[str, ...]
    table: str
    to: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One table: its columns, what makes a row unique, and what it refers to."""

    name: str
    title: dict[str, str]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...]
    value_kinds: Mapping[str, str] = field(
        default_factory=dict
    )  # kind of ``value`` by the key of its row

    def lacks(self, names: Collection[str]) -> list[str]:
        """Return the columns that must be there but are not among ``names``."""
        return [
            column.name
            for column in self.columns
            if column.need
            and column.name not in names
            and not (column.instead and set(column.instead) <= set(names))
        ]

    def column(self, name: str) -> Column:
        """Return the column called ``name`` (KeyError if there is none)."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)


_PROVENANCE = (
    Column(
        "evidence",
        "choice",
        "How firmly the row is known",
        "Seberapa kuat baris ini diketahui",
        need=False,
        empty=True,
        allowed=GRADES,
    ),
    Column(
        "locator",
        "text",
        "Where the source says it",
        "Di mana sumber menyatakannya",
        need=False,
        empty=True,
    ),
)


@cache
def tables() -> dict[str, Table]:
    """Return every table by name, in the order of the codebook.

    Examples
    --------
    >>> tables()["ratings"].key
    ('round', 'rater', 'item')
    """
    raw = declared("site/schema.toml")
    return {
        name: Table(
            name=name,
            title=entry["title"],
            columns=tuple(
                Column(**{**column, **{key: tuple(column.get(key, ())) for key in _LISTS}})
                for column in entry["columns"]
            )
            + _PROVENANCE,
            key=tuple(entry["key"]),
            references=tuple(
                Reference(tuple(ref["columns"]), ref["table"], tuple(ref["to"]))
                for ref in entry.get("refs", ())
            ),
            value_kinds=entry.get("value_kinds", {}),
        )
        for name, entry in raw.items()
    }


def typed(frame: pd.DataFrame, name: str, *, step: float = 1) -> pd.DataFrame:
    """Turn a checked table of text into its types.

    Parameters
    ----------
    frame : DataFrame
        Text cells that keep the rules of :func:`~kube_research.site.rules.broken_cells`.
    name : str
        Name of the table.
    step : float
        From one score to the next: scores are ``Int64`` where all are whole, else ``Float64``.

    Returns
    -------
    DataFrame
        Whole numbers as ``Int64``, percentages and weights as ``Float64``, dates as ``datetime64``,
        all else as ``string``; printed numbers stay text: their trailing zeros carry information.
    """
    import pandas as pd

    cells: dict[str, pd.Series] = {}
    numbers = {**_NUMBERS, "score": "Int64" if float(step).is_integer() else "Float64"}
    for column in tables()[name].columns:
        if column.name not in frame:
            continue
        text = frame[column.name]
        if column.kind == "date":
            cells[column.name] = pd.to_datetime(text, format="%Y-%m-%d").astype("datetime64[ns]")
        elif column.kind in numbers:
            cells[column.name] = pd.to_numeric(text).astype(numbers[column.kind])
        else:
            cells[column.name] = text.astype("string")
    return pd.DataFrame(cells)


def with_percent(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return outcomes with the percentage of every count whose percentage is blank.

    Parameters
    ----------
    outcomes : DataFrame
        Perhaps with ``achieved_n`` and ``achieved_of``; without them it is returned as it is.

    Returns
    -------
    DataFrame
        With ``achieved_pct`` (``Float64``): 100 n / of, correctly rounded, so that 7 of 10 equals a
        target of 70.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame({"achieved_n": [15], "achieved_of": [18]})
    >>> with_percent(counts)["achieved_pct"].round(1).tolist()
    [83.3]
    """
    import pandas as pd

    if not set(COUNTS) <= set(outcomes.columns):
        return outcomes
    n, of = (outcomes[name].astype("Float64") for name in COUNTS)
    derived = (100 * n / of.where(of > 0)).astype("Float64")
    if PERCENT in outcomes:
        return outcomes.assign(**{PERCENT: outcomes[PERCENT].astype("Float64").fillna(derived)})
    names = list(outcomes.columns)
    whole = outcomes.assign(**{PERCENT: derived})
    place = names.index(COUNTS[0])
    return whole[[*names[:place], PERCENT, *names[place:]]] if place else pd.DataFrame(whole)
