"""Sharp bounds on what ratings can show, each end with a set of ratings that attains it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kube_research.errors import OptionError
from kube_research.evidence.compatible import NoneCompatibleError, compatible_counts
from kube_research.evidence.steps import check_steps
from kube_research.frames import as_score, documented, need_columns, step_of, weakest
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: A name, a share with its score, or a function of a 1-D array of scores.
Statistic = str | tuple[str, float] | Callable[[Any], float]

#: The statistics that have a name.
NAMES = ("mean", "sd", "median", "share_at_least:<score>")


@dataclass(frozen=True, eq=False)
class Bounds:
    """The smallest and largest value of a statistic, each with ratings that have it; none lies beyond.

    Attributes
    ----------
    low, high : float
        The ends.
    low_witness, high_witness : ndarray of int64 (of float with half points), shape (n,)
        Scores, sorted, whose statistic is that end.
    """

    low: float
    high: float
    low_witness: NDArray[Any]
    high_witness: NDArray[Any]

    @property
    def evidence(self) -> str:
        """``derived`` when nothing is left open, else ``bounded``."""
        return "derived" if self.low == self.high else "bounded"


@documented
def sharp_bounds(
    counts: ArrayLike, statistic: Statistic, *, scale: tuple[int, int], step: float = 1
) -> Bounds:
    """Return the smallest and largest value of a statistic over count vectors.

    Parameters
    ----------
    counts : array_like of int, shape (k, levels)
        The compatible count vectors, as :func:`kube_research.evidence.compatible.compatible_counts`
        lists them.
    statistic : str, (str, number) or callable
        ``"mean"``, ``"sd"`` (divisor n - 1), ``"median"``, ``"share_at_least:3"`` or
        ``("share_at_least", 3)``; or a function of a 1-D array of scores that returns a number.
    scale : (int, int)
        Lowest and highest score.
    |step|

    Returns
    -------
    Bounds
        Where several vectors attain an end, the witness is the first of them. Vectors on which the
        statistic is nan are passed over; both ends are nan if it always is.

    Raises
    ------
    kube_research.evidence.compatible.NoneCompatibleError
        If ``counts`` has no rows.
    kube_research.errors.OptionError, kube_research.errors.ScaleError

    Notes
    -----
    Every vector is looked at, so the bounds are sharp. Checked against brute force over all
    multisets, and for the standard deviation against the formula of
    :func:`kube_research.evidence.numbers.sd_bounds`.

    Examples
    --------
    >>> from kube_research.evidence.compatible import compatible_counts
    >>> counts = compatible_counts("2.46", 15, (1, 4), rounding="truncate")
    >>> found = sharp_bounds(counts, "share_at_least:3", scale=(1, 4))
    >>> found.high, found.high_witness
    (0.7333333333333333, array([1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]))
    """
    matrix, scores = _check(counts, scale, step)
    if not len(matrix):
        raise NoneCompatibleError
    values = _values(matrix, scores, statistic)
    known = ~np.isnan(values)
    low = int(np.argmin(np.where(known, values, np.inf)))
    high = int(np.argmax(np.where(known, values, -np.inf)))
    return Bounds(
        float(values[low]),
        float(values[high]),
        np.repeat(scores, matrix[low]),
        np.repeat(scores, matrix[high]),
    )


@documented
def bounds_frame(
    item_means: pd.DataFrame,
    scale: tuple[int, int] = (1, 4),
    rounding: str = "half-up",
    statistics: Sequence[Statistic] | None = None,
    *,
    step: float | None = None,
    limit: int = 5_000_000,
) -> pd.DataFrame:
    """Show between which values each item's statistics must lie, given its printed mean.

    Parameters
    ----------
    item_means : DataFrame
        Columns ``item``, ``mean`` (printed text) and ``n``; ``round`` and ``evidence`` if there.
    scale : (int, int)
        Lowest and highest score.
    rounding : str
        How the means were cut.
    statistics : sequence, optional
        As for :func:`sharp_bounds`; by default mean, sd, median and the share at or above each score but
        the lowest.
    |carried_step|
    limit : int
        Most count vectors to list for an item.

    Returns
    -------
    DataFrame
        One row per item and statistic: ``round`` (if there), ``item``, ``mean``, ``n``,
        ``statistic``, ``low``, ``high``, ``low_witness``, ``high_witness`` (scores as text,
        ``"1 1 2"``), ``compatible`` (how many count vectors), ``evidence`` (``derived`` when low
        equals high, else ``bounded``; ``simulated`` if the mean is). An impossible mean has 0
        compatible vectors, no ends and no witnesses.

    Raises
    ------
    kube_research.errors.MissingColumnError
        And what :func:`kube_research.evidence.compatible.compatible_counts` and
        :func:`sharp_bounds` raise.

    Examples
    --------
    >>> import pandas as pd
    >>> means = pd.DataFrame({"item": [9], "mean": ["2.46"], "n": [15]})
    >>> found = bounds_frame(means, (1, 4), "truncate", ["mean", "median"])
    >>> found[["statistic", "low", "high", "evidence"]].values.tolist()[1]
    ['median', 2.0, 3.0, 'bounded']
    """
    import pandas as pd

    need_columns(item_means, "item", "mean", "n")
    size = step_of(item_means, step)
    asked: list[Statistic] = ["mean", "sd", "median"]
    asked += [f"share_at_least:{score}" for score in scores_of(scale, size)[1:]]
    asked = asked if statistics is None else list(statistics)
    keys = [name for name in ("round", "item", "mean", "n") if name in item_means]
    nobody = np.array([], dtype=np.int64)
    impossible = Bounds(np.nan, np.nan, nobody, nobody)
    known: dict[tuple[Any, Any], tuple[int, list[Bounds]]] = {}
    rows = []
    for place in range(len(item_means)):
        given = item_means.iloc[place]
        pair = (given["mean"], given["n"])
        if pair not in known:
            counts = compatible_counts(*pair, scale, rounding=rounding, step=size, limit=limit)
            ends = [
                sharp_bounds(counts, name, scale=scale, step=size) if len(counts) else impossible
                for name in asked
            ]
            known[pair] = len(counts), ends
        compatible, ends = known[pair]
        for name, end in zip(asked, ends, strict=True):
            grades = [end.evidence, *([given["evidence"]] if "evidence" in item_means else [])]
            rows.append(
                {key: given[key] for key in keys}
                | {
                    "statistic": _label(name),
                    "low": end.low,
                    "high": end.high,
                    "low_witness": " ".join(map(str, end.low_witness)),
                    "high_witness": " ".join(map(str, end.high_witness)),
                    "compatible": compatible,
                    "evidence": weakest(grades),
                }
            )
    columns = [*keys, "statistic", "low", "high", "low_witness", "high_witness"]
    return pd.DataFrame(rows, columns=[*columns, "compatible", "evidence"])


def scores_of(scale: tuple[int, int], step: float) -> list[int | float]:
    """Return every score of a scale, lowest first."""
    low, steps, size = check_steps(scale, step)
    return [as_score(low + place * size) for place in range(steps + 1)]


def _check(counts: ArrayLike, scale: tuple[int, int], step: float) -> tuple[Ints, NDArray[Any]]:
    scores = np.array(scores_of(scale, step))
    matrix = np.atleast_2d(np.asarray(counts))
    if not matrix.size:
        matrix = matrix.reshape(0, scores.size).astype(np.int64)
    whole = np.issubdtype(matrix.dtype, np.integer) and matrix.ndim == 2
    if not whole or matrix.shape[1] != scores.size or (matrix < 0).any():
        raise OptionError(text("implied.not_counts", levels=scores.size))
    if not matrix.any(axis=1).all():
        raise OptionError(text("implied.nobody"))
    return matrix.astype(np.int64, copy=False), scores


def _share(statistic: Statistic) -> int | float | None:
    """Return the score of a share, or None if it is no share."""
    if not isinstance(statistic, str | tuple):
        return None
    name, score = statistic if isinstance(statistic, tuple) else statistic.partition(":")[::2]
    try:
        return as_score(Fraction(str(score))) if name == "share_at_least" else None
    except (ValueError, ZeroDivisionError):
        return None


def _label(statistic: Statistic) -> str:
    if callable(statistic):
        return str(getattr(statistic, "__name__", "statistic"))
    score = _share(statistic)
    return str(statistic) if score is None else f"share_at_least:{score}"


def _values(matrix: Ints, scores: NDArray[Any], statistic: Statistic) -> Floats:
    if callable(statistic):
        return np.array([statistic(np.repeat(scores, row)) for row in matrix], dtype=float)
    score = _share(statistic)
    if score is not None:
        return np.asarray(matrix[:, scores >= score].sum(axis=1) / matrix.sum(axis=1))
    named = {"mean": _mean, "sd": _sd, "median": _median}
    if not isinstance(statistic, str) or statistic not in named:
        allowed = ", ".join(NAMES)
        raise OptionError(text("error.option", name="statistic", value=statistic, allowed=allowed))
    return named[statistic](matrix, scores)


def _mean(matrix: Ints, scores: NDArray[Any]) -> Floats:
    return np.asarray((matrix @ scores) / matrix.sum(axis=1))


def _sd(matrix: Ints, scores: NDArray[Any]) -> Floats:
    n = matrix.sum(axis=1)
    deviations = np.maximum(n * (matrix @ scores**2) - (matrix @ scores) ** 2, 0)
    return np.where(n == 1, np.nan, np.sqrt(deviations / np.maximum(n * (n - 1), 1)))


def _median(matrix: Ints, scores: NDArray[Any]) -> Floats:
    upto = matrix.cumsum(axis=1)
    n = upto[:, -1:]
    lower = scores[(upto > (n - 1) // 2).argmax(axis=1)]
    upper = scores[(upto > n // 2).argmax(axis=1)]
    return np.asarray((lower + upper) / 2)
