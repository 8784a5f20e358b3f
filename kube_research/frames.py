"""Small checks that every function on frames shares: columns, options, the grade of a result."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction
from functools import cache
from textwrap import indent
from typing import TYPE_CHECKING, Any, TypeVar

from kube_research.errors import MissingColumnError, OptionError
from kube_research.files import declared
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd


_Thing = TypeVar("_Thing")

#: The five grades of evidence, from the firmest to the weakest.
GRADES = ("recorded", "published", "derived", "bounded", "simulated")

#: Breakdowns of fewer people than this are marked in the column ``few``.
FEW = 5


def weakest(grades: Iterable[object]) -> str:
    """Return the weakest of several grades: what a result built from them may claim.

    Examples
    --------
    >>> weakest(["published", "simulated", "derived"])
    'simulated'
    """
    ranks = {grade: rank for rank, grade in enumerate(GRADES)}
    return max((str(grade) for grade in grades), key=lambda grade: ranks[grade], default="recorded")


def need_columns(frame: Any, *names: str) -> None:
    """Raise MissingColumnError unless the frame, of any engine, has all the columns."""
    from kube_research.engines import column_names

    have = column_names(frame)
    missing = [name for name in names if name not in have]
    if missing:
        raise MissingColumnError(
            text(
                "error.missing_columns",
                columns=", ".join(missing),
                have=", ".join(have) or "-",
            )
        )


def need_option(name: str, value: object, allowed: Collection[object]) -> None:
    """Raise OptionError unless the value is one of those allowed."""
    if value not in allowed:
        listed = ", ".join(repr(option) for option in allowed)
        raise OptionError(text("error.option", name=name, value=value, allowed=listed))


def need_confidence(confidence: float) -> None:
    """Raise OptionError unless the level of an interval lies between 0.5 and 1."""
    if not 0.5 < confidence < 1:
        raise OptionError(text("error.confidence", value=confidence))


def as_list(by: str | Sequence[str]) -> list[str]:
    """Return one column name or several as a list."""
    return [by] if isinstance(by, str) else list(by)


def grade_of(frame: pd.DataFrame) -> str:
    """Return the weakest evidence of a frame's rows; ``recorded`` if it carries none.

    Examples
    --------
    >>> import pandas as pd
    >>> grade_of(pd.DataFrame({"evidence": ["published", "simulated"]}))
    'simulated'
    """
    if "evidence" not in frame:
        return "recorded"
    return weakest(frame["evidence"].dropna().unique())


def grades_by(frame: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """Return the weakest evidence within each group of rows, indexed by the group."""
    if "evidence" not in frame:
        frame = frame.assign(evidence="recorded")
    return frame.groupby(list(by), dropna=False)["evidence"].agg(weakest).astype("string")


def scale_of(frame: Any) -> Sequence[float] | None:
    """Return the scale that loaded ratings and printed means carry: lowest, highest score, step."""
    carried: Sequence[float] | None = getattr(frame, "attrs", {}).get("scale")
    return carried


def step_of(frame: Any, step: float | None) -> float:
    """Return the step between scores that is asked for, else the one a table carries, else 1."""
    carried = scale_of(frame)
    return step if step is not None else carried[2] if carried else 1


def turned_means(item_means: pd.DataFrame) -> pd.Series:
    """Tell which printed means are those of negative statements, whose scores are turned round."""
    import pandas as pd

    if "mean_recoded" not in item_means:
        return pd.Series(False, item_means.index)
    return item_means["mean_recoded"].notna()


def as_score(exact: Fraction) -> int | float:
    """Return an exact score or total as a whole number where it is one."""
    return int(exact) if exact.denominator == 1 else float(exact)


def pick(frame: pd.DataFrame, **equals: object) -> pd.DataFrame:
    """Return the rows whose columns have the values given (a value, or a list of values).

    Examples
    --------
    >>> import pandas as pd
    >>> pick(pd.DataFrame({"book": ["kas", "iks"], "amount": [5, 7]}), book="iks")["amount"].tolist()
    [7]
    """
    need_columns(frame, *equals)
    for name, value in equals.items():
        wanted = list(value) if isinstance(value, list | tuple | set) else [value]
        frame = frame[frame[name].isin(wanted)]
    return frame.reset_index(drop=True)


def count_by(frame: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """Return how many rows have each value of a column, most frequent first.

    Examples
    --------
    >>> import pandas as pd
    >>> count_by(pd.DataFrame({"kind": ["date", "mean", "date"]}), by="kind")["rows"].tolist()
    [2, 1]
    """
    need_columns(frame, by)
    return frame[by].value_counts().rename("rows").reset_index()


def documented(thing: _Thing) -> _Thing:
    """Put the parameters that many functions share into a docstring, each where ``|its_name|`` stands.

    They are written once, in ``words/parameters.toml``, so that ``help()`` shows all of them and no
    two functions say the same thing differently.

    Parameters
    ----------
    thing : function or class
        Its docstring may hold lines such as ``|lang|``, below a numpydoc heading.

    Returns
    -------
    function or class
        The same, with the lines filled in.

    Raises
    ------
    KeyError
        If no shared parameter has the name (a mistake in this package).

    Examples
    --------
    >>> @documented
    ... def greet(lang="en"):
    ...     '''Greet.
    ...
    ...     Parameters
    ...     ----------
    ...     |lang|
    ...     '''
    >>> print(greet.__doc__.split("----------")[1].rstrip())
    <BLANKLINE>
        lang : {"en", "id"}
            Language of every word.
    """
    if thing.__doc__:
        shared = _shared_parameters()
        thing.__doc__ = re.sub(
            r"^( *)\|(\w+)\|$",
            lambda hit: indent(shared[hit[2]].strip("\n"), hit[1]),
            thing.__doc__,
            flags=re.MULTILINE,
        )
    return thing


@cache
def _shared_parameters() -> dict[str, str]:
    return declared("words/parameters.toml")
