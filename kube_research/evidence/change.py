"""What two rounds can have changed: sharp bounds over everything that fits what is printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import comb, perm
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.errors import OptionError
from kube_research.evidence import ordinal
from kube_research.evidence.compatible import compatible_counts
from kube_research.evidence.ordinal import Counts, Floats, SizeError
from kube_research.evidence.printed import check_n
from kube_research.evidence.steps import check_step
from kube_research.frames import documented, need_columns, need_option, step_of
from kube_research.texts import text

Statistic: TypeAlias = Callable[[Counts, Counts], Floats]
Sample: TypeAlias = npt.ArrayLike | Mapping[str, Any]

#: Statistics of two independent samples, by name: functions of :mod:`kube_research.evidence.ordinal`.
STATISTICS = (
    *("mean_difference", "cliffs_delta", "probability_of_superiority", "hedges_g"),
    *("mann_whitney_u", "mann_whitney_p", "brunner_munzel_p"),
)
#: Statistics of the raters in both rounds, where ``overlap`` is given.
PAIRED = ("mean_difference", "sign_flip_p")
#: Pairs worked on at a time; pairs, sums of signed differences, and sets of differences at most.
_CHUNK, _PAIRS, _SUMS, _SETS = 1 << 20, 4_000_000_000, 20_000_000, 200_000


@lru_cache(maxsize=1024)
def _sign_sums(sizes: tuple[int, ...]) -> Any:
    """Return how many subsets of the sizes have each sum."""
    length = sum(sizes) + 1
    if length * len(sizes) > _SUMS:
        raise SizeError("decision.size_sums", length * len(sizes), _SUMS)
    ways = np.zeros(length, np.int64 if len(sizes) < 62 else object)
    ways[0] = 1
    for size in sizes:
        ways[size:] += ways[: length - size].copy()
    return ways


class Witness(NamedTuple):
    """Counts of both rounds that attain a bound, and (earlier, later) scores of those in both."""

    before: Counts
    after: Counts
    paired: Counts | None


@dataclass(frozen=True)
class ChangeBounds:
    """The smallest and the largest value of a statistic, each with a data set that attains it.

    ``pairs`` counts the pairs of count vectors gone over; ``overlap`` the raters in both rounds.
    """

    statistic: str
    low: float
    high: float
    low_witness: Witness
    high_witness: Witness
    pairs: int
    overlap: range | None = None
    evidence: str = "bounded"


def change_bounds(
    before: Sample,
    after: Sample,
    statistic: str | Statistic,
    *,
    n_after: int | None = None,
    overlap: int | tuple[int, int] | None = None,
    step: float | None = None,
) -> ChangeBounds:
    """Return the exact smallest and largest value of a statistic over all pairs of data sets.

    Parameters
    ----------
    before, after : array_like (k, levels) or mapping
        Every count vector that a round may have had, or the arguments of
        :func:`~kube_research.evidence.compatible.compatible_counts`. ``after`` may be ``"rose"``:
        any scores of ``n_after`` raters whose mean is above that of the earlier round.
    statistic : str or callable
        A name of :data:`STATISTICS`; with ``overlap`` one of :data:`PAIRED`; or a function of two count
        matrices that returns ``(k1, k2)``.
    n_after : int, optional
        Raters of the later round, with ``"rose"``.
    overlap : int or (int, int), optional
        How many raters scored in both rounds, or from how few to how many. The statistic is then that
        of their own changes, and the bounds are over every overlap given, every pair of count vectors,
        and every way to choose that many raters of each round and to match them. With no rater in both
        rounds there is no such statistic, so 0 is left out.
    step : float, optional
        From one score to the next, in which ``"mean_difference"`` is counted; by default that of the
        mapping given, else 1.

    Returns
    -------
    ChangeBounds
        A Brunner-Munzel p of 0 is the limit for separated samples.

    Raises
    ------
    kube_research.errors.OptionError
    kube_research.evidence.ordinal.SizeError
        If there are too many pairs. Also for ``"sign_flip_p"`` if the count vectors are not all those of
        their totals (say, because a standard deviation was printed too): then only going over every
        matching would do, and the message names how many there may be.

    Notes
    -----
    Independent rounds: all pairs are gone over. Paired: the mean change is largest when the raters in
    both rounds gave the lowest earlier and the highest later scores, whoever is matched with whom. The
    sign-flip p depends only on how often each difference occurs; with all count vectors of the totals,
    a set of differences is possible if and only if there is a whole number, between limits that follow
    from the set and both totals, to which the earlier scores of the raters in both rounds sum. All
    sets are gone over. Checked against brute force over all matchings.

    Examples
    --------
    >>> found = change_bounds([[1, 1], [0, 2]], [[0, 2]], "cliffs_delta")
    >>> found.low, found.high, found.high_witness.before.tolist()
    (0.0, 0.5, [1, 1])
    """
    x, y, rose = _samples(before, after, n_after)
    sizes = {s.get("step", 1) for s in (before, after) if isinstance(s, Mapping)}
    if len(sizes) > 1:
        raise OptionError(text("decision.steps"))
    size = float(check_step(step if step is not None else sizes.pop() if sizes else 1))
    bounds = _bounds(x, y, statistic, overlap, rose)
    if statistic != "mean_difference":
        return bounds
    return replace(bounds, low=bounds.low * size, high=bounds.high * size)


def _bounds(
    x: Counts,
    y: Counts,
    statistic: str | Statistic,
    overlap: int | tuple[int, int] | None,
    rose: bool,
) -> ChangeBounds:
    """Return the bounds of a statistic of scores counted in steps."""
    if overlap is not None:
        return _paired_bounds(x, y, statistic, overlap, rose)
    if isinstance(statistic, str):
        need_option("statistic", statistic, STATISTICS)
    function = getattr(ordinal, statistic) if isinstance(statistic, str) else statistic
    ends = _Ends(getattr(function, "__name__", "statistic"))
    for part, allowed in _chunks(x, y, rose):
        ends.pairs += int(allowed.sum())
        for sign, (i, j) in ends.better(np.asarray(function(part, y)), allowed):
            ends.at[sign] = Witness(part[i], y[j], None)
    return ends.bounds()


def rank_reversal_share(before: Sample, after: Sample, *, n_after: int | None = None) -> float:
    """Return the share of compatible pairs whose mean rises while Cliff's delta is negative.

    Parameters are those of :func:`change_bounds`. It is a share of pairs of data sets, each pair of
    count vectors counted once, and not a probability.

    Examples
    --------
    >>> rank_reversal_share([[1, 4, 0, 0]], [[4, 0, 0, 1], [3, 0, 0, 2]])
    0.5
    """
    x, y, rose = _samples(before, after, n_after)
    reversals = pairs = 0
    for part, allowed in _chunks(x, y, rose):
        allowed_rises = allowed & _rises(part, y)
        reversals += int((allowed_rises & (ordinal.cliffs_delta(part, y) < 0)).sum())
        pairs += int(allowed.sum())
    if not pairs:
        raise OptionError(text("decision.no_pair"))
    return reversals / pairs


def _samples(before: Sample, after: Sample, n_after: int | None) -> tuple[Counts, Counts, bool]:
    """Return both sets of count vectors, and whether only pairs with a rise of the mean count."""
    x, y = (compatible_counts(**s) if isinstance(s, Mapping) else s for s in (before, after))
    rose = isinstance(after, str)
    if not (np.size(x) and np.size(y)):
        raise OptionError(text("decision.no_pair"))
    if rose:
        need_option("after", after, ("rose",))
        x = ordinal.as_counts(x, "before")
        y = ordinal.all_counts(check_n(n_after, "n_after"), x.shape[1])
    x, y = ordinal.both_counts(x, y)
    if len(x) * len(y) > _PAIRS:
        raise SizeError("decision.size_pairs", len(x) * len(y), _PAIRS)
    return x, y, rose


def _rises(x: Counts, y: Counts) -> npt.NDArray[np.bool_]:
    at = np.arange(x.shape[1])
    return np.asarray(np.outer(x.sum(1), y @ at) > np.outer(x @ at, y.sum(1)))


def _chunks(x: Counts, y: Counts, rose: bool) -> Iterator[tuple[Counts, npt.NDArray[np.bool_]]]:
    """Yield some earlier count vectors at a time, and which pairs with later ones count."""
    step = max(1, _CHUNK // len(y))
    for part in (x[start : start + step] for start in range(0, len(x), step)):
        yield part, _rises(part, y) if rose else np.ones((len(part), len(y)), np.bool_)


class _Ends:  # the least (1) and greatest (-1) of the values seen, and their witnesses
    def __init__(self, name: str, overlap: range | None = None) -> None:
        self.name, self.overlap, self.pairs = name, overlap, 0
        self.value: dict[int, float] = {}
        self.at: dict[int, Witness] = {}

    def better(self, values: npt.NDArray[Any], allowed: npt.NDArray[np.bool_]) -> Iterator[Any]:
        """Yield sign and place of a new end among the values allowed."""
        if values.shape != allowed.shape or np.isnan(values).any():
            raise OptionError(text("decision.no_number", name=self.name))
        places = np.flatnonzero(allowed)
        kept = values.ravel()[places]
        for sign in (1, -1) if len(places) else ():
            best = int(kept.argmin() if sign == 1 else kept.argmax())
            if sign not in self.value or sign * kept[best] < sign * self.value[sign]:
                self.value[sign] = float(kept[best])
                yield sign, tuple(map(int, np.unravel_index(places[best], values.shape)))

    def bounds(self) -> ChangeBounds:
        if not self.at:
            raise OptionError(text("decision.no_pair"))
        ends = self.value[1], self.value[-1], self.at[1], self.at[-1]
        return ChangeBounds(self.name, *ends, self.pairs, self.overlap)


def _paired_bounds(
    x: Counts, y: Counts, statistic: object, overlap: int | tuple[int, int], rose: bool
) -> ChangeBounds:
    need_option("statistic", statistic, PAIRED)
    few, many = (check_n(end, "overlap", 0) for end in (np.min(overlap), np.max(overlap)))
    if many > min(x.sum(1).min(), y.sum(1).min()):
        raise OptionError(text("decision.overlap", value=overlap))
    ends = _Ends(str(statistic), range(max(1, few), many + 1))
    if statistic == "sign_flip_p":
        _try_flips(ends, x, y, range(max(1, few), many + 1), rose)
        return ends.bounds()
    at = np.arange(x.shape[1])
    for part, allowed in _chunks(x, y, rose):
        ends.pairs += int(allowed.sum())
        for k, tops in product(range(max(1, few), many + 1), (False, True)):
            a, b = _taken(part, k, not tops), _taken(y, k, tops)  # the most unlike, either way
            for sign, (i, j) in ends.better(np.subtract.outer(-(a @ at), -(b @ at)) / k, allowed):
                table = np.zeros((len(at), len(at)), np.int64)
                np.add.at(table, (np.repeat(at, a[i]), np.repeat(at, b[j])), 1)
                ends.at[sign] = Witness(part[i], y[j], table)
    return ends.bounds()


def _taken(counts: Counts, k: int, tops: bool) -> Counts:
    """Return the counts of the k lowest (or highest) scores of every row."""
    way = slice(None, None, -1 if tops else 1)
    up_to = np.minimum(np.cumsum(counts[:, way], axis=1), k)
    return np.diff(up_to, axis=1, prepend=0)[:, way]


@lru_cache(maxsize=4)
def _flips(most: int, levels: int) -> tuple[Counts, Counts, Counts, Counts, Floats]:
    """Return every set of up to ``most`` differences, with each sum that signs can give it.

    How often each size 1, 2, ... occurs, how many sizes, their sum, the signed sum, sign-flip p.
    """
    number = comb(most + levels - 1, most)
    if number > _SETS:
        raise SizeError("decision.size_sets", number, _SETS)
    sets, rows = ordinal.all_counts(most, levels)[:, 1:], []
    for row, counts in enumerate(sets):
        ways = _sign_sums(tuple(np.repeat(np.arange(1, levels), counts).tolist()))
        size, below = len(ways) - 1, np.cumsum(ways)
        total = size - 2 * np.flatnonzero(ways)
        share = 2.0 * below[(size - np.abs(total)) // 2] / below[-1]
        rows.append((np.full(total.size, row), np.full(total.size, size), total, share))
    at, sizes, sums, p = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return sets[at], sets[at].sum(1), sizes, sums, np.where(sums == 0, 1.0, p)


def _try_flips(ends: _Ends, x: Counts, y: Counts, shared: range, rose: bool) -> None:
    """Try every set of differences for every overlap and every two totals."""
    groups = [ordinal.groups_of(np.unique(counts, axis=0)) for counts in (x, y)]
    for (n, total), rows in (item for group in groups for item in group.items()):
        starts = ordinal.lattice(n, x.shape[1])[1]
        if len(rows) != starts[total + 1] - starts[total]:
            n, m = int(x.sum(1).max()), int(y.sum(1).max())
            ways = sum(comb(n, k) * perm(m, k) for k in shared)
            raise SizeError("decision.size_matchings", len(x) * len(y) * ways, 0)
    sets, moved, size, sums, p = _flips(shared[-1], x.shape[1])
    top = x.shape[1] - 1
    for ((n, a), i), ((m, b), j) in product(*(group.items() for group in groups)):
        if rose and b * n <= a * m:
            continue
        ends.pairs += len(i) * len(j)
        for k in shared:
            # the earlier scores of the k raters in both rounds can sum to anything from low to high
            low = np.maximum(np.maximum((size - sums) // 2, a - (n - k) * top), 0)
            low = np.maximum(low, b - sums - (m - k) * top)
            high = np.minimum(np.minimum(k * top - (size + sums) // 2, a), b - sums)
            for sign, (at,) in ends.better(p, (low <= high) & (moved <= k)):
                table = _flip_table(sets[at], int(size[at] - sums[at]) // 2, int(low[at]), k)
                rounds = _filled(table.sum(1), n, a), _filled(table.sum(0), m, b)
                ends.at[sign] = Witness(*rounds, table)


def _flip_table(sizes: Counts, fallen: int, start: int, k: int) -> Counts:
    """Match k raters: differences of these sizes, falls of ``fallen``, earlier scores of ``start``."""
    steps, top = np.repeat(np.arange(1, len(sizes) + 1), sizes).tolist(), len(sizes)
    paths: dict[int, tuple[int, ...]] = {0: ()}
    for index, step in enumerate(steps):
        for total, chosen in list(paths.items()):
            paths.setdefault(total + step, (*chosen, index))
    moves = [-step if index in paths[fallen] else step for index, step in enumerate(steps)]
    spare, table = start - fallen, np.zeros((top + 1, top + 1), np.int64)
    for move in moves + [0] * (k - len(moves)):
        up = min(spare, top - abs(move))
        table[max(0, -move) + up, max(0, move) + up] += 1
        spare -= up
    return table


def _filled(part: Counts, n: int, total: int) -> Counts:
    """Add raters to ``part`` until there are n with this total."""
    left = n - int(part.sum())
    each, more = divmod(total - int(part @ np.arange(len(part))), max(1, left))
    rest = np.array([each + 1] * more + [each] * (left - more), np.int64)
    return part + np.bincount(rest, minlength=len(part))


#: What is bounded unless the caller says otherwise.
ROSE_STATISTICS = ("mean_difference", "cliffs_delta", "mann_whitney_p")


@documented
def rose_bounds(
    item_means: pd.DataFrame,
    rounds: pd.DataFrame,
    *,
    scale: tuple[int, int],
    rounding: str = "half-up",
    statistics: Sequence[str] = ROSE_STATISTICS,
    step: float | None = None,
) -> pd.DataFrame:
    """Bound the change of every item of which a source prints round 1 and says only that it rose.

    Parameters
    ----------
    item_means : DataFrame
        Printed means: ``round``, ``item``, ``mean`` (text), ``n``. The first round is taken.
    rounds : DataFrame
        ``round`` and ``n_raters``; the last round gives the number of later raters.
    scale : (int, int)
        Lowest and highest score.
    rounding : str
        Rule by which the means were cut.
    statistics : sequence of str
        Names of :data:`kube_research.evidence.change.ROSE_STATISTICS`.
    |carried_step|

    Returns
    -------
    DataFrame
        One row per item and statistic: ``n_before``, ``n_after``, ``low`` and ``high`` (attained by data
        sets compatible with the printed mean and any later scores with a higher mean), ``pairs`` (of
        count vectors gone over), ``reversed`` (share of the pairs in which the mean rises and Cliff's
        delta is negative), ``evidence`` ("bounded").

    Raises
    ------
    kube_research.errors.OptionError
        If there is no later round.

    Examples
    --------
    >>> means = pd.DataFrame({"round": [1], "item": [9], "mean": ["2.46"], "n": [15]})
    >>> rounds = pd.DataFrame({"round": [1, 2], "n_raters": [15, 18]})
    >>> found = rose_bounds(means, rounds, scale=(1, 4), rounding="truncate")
    >>> bool(found.query("statistic == 'cliffs_delta'")["low"].iloc[0] < 0)
    True
    """
    need_columns(item_means, "round", "item", "mean", "n")
    need_columns(rounds, "round", "n_raters")
    first = item_means[item_means["round"] == item_means["round"].min()]
    later = rounds[rounds["round"] > item_means["round"].min()]
    if later.empty:
        raise OptionError(text("error.needs_two_rounds", site="rounds"))
    n_after = int(later.sort_values("round")["n_raters"].iloc[-1])
    known: dict[tuple[str, int], tuple[dict[str, ChangeBounds], float]] = {}
    size, rows = step_of(item_means, step), []
    for item, mean, n in zip(first["item"], first["mean"], first["n"].astype(int), strict=True):
        if (mean, n) not in known:
            counts = compatible_counts(mean, n, scale, rounding=rounding, step=size)
            options: dict[str, Any] = {"n_after": n_after, "step": size}
            ends = {s: change_bounds(counts, "rose", s, **options) for s in statistics}
            known[mean, n] = ends, rank_reversal_share(counts, "rose", n_after=n_after)
        ends, share = known[mean, n]
        rows += [
            {
                "item": item,
                "mean": mean,
                "n_before": n,
                "n_after": n_after,
                "statistic": statistic,
                "low": end.low,
                "high": end.high,
                "pairs": end.pairs,
                "reversed": share,
                "evidence": "bounded",
            }
            for statistic, end in ends.items()
        ]
    return pd.DataFrame(rows)
