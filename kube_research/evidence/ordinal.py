"""Ordinal statistics of two samples given as counts: every pair at once, with exact p-values.

A sample of whole-number scores is a count vector: how many raters gave each point of the scale, lowest
first. ``before`` is ``(k1, levels)`` and ``after`` ``(k2, levels)``; a single vector is a matrix of one
row. Functions of two matrices return ``(k1, k2)``, positive where ``after`` is higher. All sums are
bilinear forms of the counts and whole numbers, so that ties are exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from math import comb, lgamma
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kube_research.errors import KubeError, OptionError
from kube_research.evidence.compatible import TooManyError
from kube_research.evidence.vectors import Start, list_vectors
from kube_research.texts import text

Counts: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Given: TypeAlias = npt.ArrayLike
Block: TypeAlias = tuple[Counts, Counts, Floats, npt.NDArray[Any], int]

#: Limits: count vectors listed, pairs at a time, pairs with a distribution each, steps of these.
_LISTED, _CHUNK, _FEW, _STEPS = 2_000_000, 1 << 22, 4, 4_000_000_000


class SizeError(KubeError):
    """An exact calculation is refused because it is too large; the message names the size."""

    def __init__(self, key: str, size: int, limit: int) -> None:
        self.size, self.limit = size, limit
        super().__init__(text(key, size=f"{size:,}", limit=f"{limit:,}"))


def as_counts(counts: Given, name: str = "counts") -> Counts:
    """Return count vectors as a whole-number matrix ``(k, levels)``, or raise OptionError."""
    try:
        given = np.atleast_2d(np.asarray(counts))
        whole = np.where(np.isfinite(given), given, 0).astype(np.int64)
        good = whole.ndim == 2 and whole.size > 0 and whole.shape[1] > 1
        good = good and given.dtype.kind in "iuf"
    except (TypeError, ValueError, OverflowError):  # rows of different lengths, words, nothing
        good = False
    if not good or np.any(whole != given) or whole.min() < 0 or whole.sum(axis=1).min() < 1:
        raise OptionError(text("decision.not_counts", name=name))
    return whole


def both_counts(before: Given, after: Given, least: int = 1) -> tuple[Counts, Counts]:
    """Return both samples as count matrices over the same points, each row with enough scores."""
    x, y = as_counts(before, "before"), as_counts(after, "after")
    if x.shape[1] != y.shape[1]:
        raise OptionError(text("decision.levels", before=x.shape[1], after=y.shape[1]))
    if min(x.sum(axis=1).min(), y.sum(axis=1).min()) < least:
        raise OptionError(text("decision.too_few", least=least))
    return x, y


def all_counts(n: int, levels: int) -> Counts:
    """Return every count vector of ``n`` scores by total; over two million raise TooManyError.

    Examples
    --------
    >>> all_counts(2, 2).tolist()
    [[2, 0], [1, 1], [0, 2]]
    """
    size, top = comb(n + levels - 1, n), levels - 1
    if size > _LISTED:
        raise TooManyError(size, _LISTED, levels)
    starts = [Start(n, total, 0, 0) for total in range(top * n + 1)]
    return np.asarray(list_vectors(starts, top, squares=False), np.int64)


@np.errstate(invalid="ignore")  # BLAS may raise the flag for its padding
def _times(left: Counts, right: Counts) -> Floats:
    """Return the matrix product; exact, as every sum is far below 2 ** 53."""
    sums, flat = np.empty((len(left), len(right))), right.astype(np.float64).T
    step = max(
        1, (1 << 18) // right.size
    )  # small enough for BLAS to stay on one thread: no waiting
    for i in range(0, len(left), step):
        np.matmul(left[i : i + step].astype(np.float64), flat, out=sums[i : i + step])
    return sums


def _signs(levels: int) -> Counts:
    return np.asarray(np.sign(np.arange(levels) - np.arange(levels)[:, None]), np.int64)


def _wins(before: Counts, after: Counts) -> Floats:
    """Return how many (earlier, later) pairs of scores rise, less those that fall: (k1, k2)."""
    return _times(before @ _signs(before.shape[1]), after)


def _sizes(before: Counts, after: Counts) -> tuple[Floats, Floats]:
    """Return the sizes of the samples for broadcasting: a column and a row, or one number each."""
    n, m = (counts.sum(axis=1).astype(np.float64) for counts in (before, after))
    n, m = (size[:1] if np.all(size == size[0]) else size for size in (n, m))
    return n[:, None], m[None, :]


def mean_difference(before: Given, after: Given) -> Floats:
    """Return the later mean less the earlier one, in scale points, ``(k1, k2)``.

    Examples
    --------
    >>> mean_difference([1, 2, 0], [0, 1, 2]).tolist()
    [[1.0]]
    """
    x, y = both_counts(before, after)
    n, m = _sizes(x, y)
    a, b = (counts @ np.arange(x.shape[1]) for counts in (x, y))
    return (b[None, :] * n - a[:, None] * m) / (n * m)


def cliffs_delta(before: Given, after: Given) -> Floats:
    """Return Cliff's delta, P(later > earlier) - P(later < earlier), ``(k1, k2)``.

    Notes
    -----
    Cliff (1993), doi:10.1037/0033-2909.114.3.494. Checked against ``scipy.stats.mannwhitneyu``.

    Examples
    --------
    >>> cliffs_delta([1, 2, 0], [0, 1, 2]).round(3).tolist()
    [[0.778]]
    """
    x, y = both_counts(before, after)
    n, m = _sizes(x, y)
    wins = _wins(x, y)
    return np.divide(wins, n * m, out=wins)


def probability_of_superiority(before: Given, after: Given) -> Floats:
    """Return P(later > earlier) + P(equal) / 2 (Vargha and Delaney 2000), (1 + Cliff's delta) / 2."""
    return np.asarray((1 + cliffs_delta(before, after)) / 2)


def mann_whitney_u(before: Given, after: Given) -> Floats:
    """Return the Mann-Whitney U of the later sample, ties counting a half, ``(k1, k2)``.

    Checked against ``scipy.stats.mannwhitneyu(after, before).statistic``.
    """
    x, y = both_counts(before, after)
    n, m = _sizes(x, y)
    return np.asarray((_wins(x, y) + n * m) / 2)


def hedges_g(before: Given, after: Given) -> Floats:
    """Return Hedges' g with the exact small-sample factor, ``(k1, k2)``.

    Without variation: 0 for equal means, else plus or minus infinity. One score: OptionError.

    Notes
    -----
    Hedges (1981), doi:10.3102/10769986006002107: mean difference over pooled standard deviation, times
    gamma(v / 2) / (sqrt(v / 2) gamma((v - 1) / 2)), v = n + m - 2. Checked on raw scores.

    Examples
    --------
    >>> hedges_g([1, 2, 0], [0, 1, 2]).round(3).tolist()
    [[1.382]]
    """
    from scipy.special import gammaln

    x, y = both_counts(before, after, 2)
    free = np.add(*_sizes(x, y)) - 2
    at = np.arange(x.shape[1])
    wide_x, wide_y = (((c @ at**2) * c.sum(1) - (c @ at) ** 2) / c.sum(1) for c in (x, y))
    gap = mean_difference(x, y)
    factor = np.exp(gammaln(free / 2) - gammaln((free - 1) / 2)) * np.sqrt(2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gap == 0, 0.0, gap * factor / np.sqrt(np.add.outer(wide_x, wide_y)))


def mann_whitney_null(pooled: tuple[int, ...], m: int) -> Any:
    """Return in how many divisions of the pooled scores 2 U has each value 0, 1, ... 2 m (N - m).

    ``pooled`` says how often each scale point occurs among all N scores, of which ``m`` are later ones.
    The C(N, m) divisions are counted in whole numbers below 2 ** 62, else in floats of relative error
    below 1e-12, by dynamic programming over the scale points: the state is (later scores so far, 2 U so
    far). Too many steps raise SizeError. Checked against brute force.

    Examples
    --------
    >>> mann_whitney_null((1, 2, 1), 2).tolist()
    [0, 2, 0, 0, 2, 0, 0, 2, 0]
    """
    size, length = sum(pooled), 2 * m * (sum(pooled) - m) + 1
    if size * m * length > _STEPS:
        raise SizeError("decision.size_steps", size * m * length, _STEPS)
    table: Any = np.zeros((m + 1, length), np.int64 if comb(size, m) < 2**62 else np.float64)
    table[0, 0], seen = 1, 0
    for tied in pooled:
        left, new = size - seen - tied, np.zeros_like(table)
        for used in range(max(0, m - left - tied), min(m, seen) + 1):
            for more in range(max(0, m - used - left), min(tied, m - used) + 1):
                step = more * (2 * (seen - used) + tied - more)
                new[used + more, step:] += comb(tied, more) * table[used, : length - step]
        table, seen = new, seen + tied
    return table[m]


@lru_cache(maxsize=16)
def lattice(n: int, levels: int) -> tuple[Counts, Counts, Floats]:
    """Return all count vectors by total, where each total starts (and ends), and 1 / factorials."""
    counts, logs = all_counts(n, levels), np.array([lgamma(k + 1) for k in range(n + 1)])
    starts = np.searchsorted(counts @ np.arange(levels), np.arange(n * (levels - 1) + 2))
    return counts, starts, np.exp(-logs[counts].sum(axis=1))


def _codes(counts: Counts, size: int) -> npt.NDArray[np.int32]:
    """Give count vectors numbers so that the number of a sum is the sum of the numbers."""
    return np.asarray(counts[:, :-1] @ (size + 1) ** np.arange(counts.shape[1] - 1), np.int32)


@lru_cache(maxsize=4)
def _places(size: int, levels: int) -> Counts:
    """Return at each number the place of the pooled counts among those of the same total."""
    counts, starts, _ = lattice(size, levels)
    places = np.zeros((size + 1) ** (levels - 1), np.int64)
    places[_codes(counts, size)] = np.arange(len(counts)) - np.repeat(starts[:-1], np.diff(starts))
    return places


@lru_cache(maxsize=64)
@np.errstate(invalid="ignore")
def _class_tails(n: int, m: int, levels: int, total: int) -> npt.NDArray[Any] | None:
    """Return for all pooled counts of a total how many divisions have abs(2 U - n m) >= 0, 1, ... n m.

    All pairs (x, y) with this pooled total are all divisions of all its pooled counts, so that one
    pass gives every distribution: ``(k, n m + 1)``. None if there are too many.
    """
    both, top = n + m, levels - 1
    if both > 120 or max((both + 1) ** top >> 4, comb(both + top, top)) > 500_000:
        return None
    (x, x_starts, x_parts), (y, y_starts, y_parts) = lattice(n, levels), lattice(m, levels)
    _, starts, parts = lattice(both, levels)
    firsts = np.arange(max(0, total - m * top), min(total, n * top) + 1)
    shapes = np.diff(x_starts)[firsts], np.diff(y_starts)[total - firsts]
    size = int(shapes[0] @ shapes[1])
    if size > _CHUNK:
        return None
    wins, codes, weights = np.empty(size, np.float32), np.empty(size, np.int32), np.empty(size)
    x_signs, y_flat = (x @ _signs(levels)).astype(np.float32), y.T.astype(np.float32)
    x_codes, y_codes, filled = _codes(x, both), _codes(y, both), 0
    for first, rows, columns in zip(firsts, *shapes, strict=True):
        i = slice(x_starts[first], x_starts[first] + rows)
        j = slice(y_starts[total - first], y_starts[total - first] + columns)
        part, shape = slice(filled, filled + rows * columns), (rows, columns)
        np.matmul(x_signs[i], y_flat[:, j], out=wins[part].reshape(shape))
        np.add.outer(x_codes[i], y_codes[j], out=codes[part].reshape(shape))
        np.multiply.outer(x_parts[i], y_parts[j], out=weights[part].reshape(shape))
        filled = part.stop
    width, margins = n * m + 1, slice(starts[total], starts[total + 1])
    cells = _places(both, levels)[codes] * width + np.abs(wins).astype(np.int32)
    flat = np.bincount(cells, weights, (margins.stop - margins.start) * width)
    ways: npt.NDArray[Any] = flat.reshape(-1, width) / parts[margins, None]
    if comb(both, m) < 1 << 31:  # rounding errors are far below a half: the counts become exact
        ways = np.rint(ways).astype(np.int32)
    return np.cumsum(ways[:, ::-1], axis=1, dtype=ways.dtype, out=ways[:, ::-1])[:, ::-1]


def exact_blocks(before: Counts, after: Counts) -> Iterator[Block]:
    """Yield exact Mann-Whitney counts for all pairs, in blocks of equal sizes and totals.

    A block is: rows and columns of its pairs, 2 U - n m, how many divisions of the pooled scores are as
    extreme, and of how many; the last two give the p of :func:`mann_whitney_p`.
    """
    levels = before.shape[1]
    groups = [groups_of(counts) for counts in (before, after)]
    keys = []
    for (n, a), (m, b) in product(*groups):
        other = (n + m) * (levels - 1) - a - b  # the total read from the other end of the scale
        keys.append((min(a + b, other), a + b > other, n, a, m, b))
    for total, flip, n, a, m, b in sorted(keys):
        rows, columns = groups[0][n, a], groups[1][m, b]
        for i in np.array_split(rows, -(-len(rows) * len(columns) // _CHUNK)):
            x, y = before[i], after[columns]
            wins = _wins(x, y)
            gaps = np.abs(wins).astype(np.int64)
            make = _class_tails if n * m <= 500 else _class_tails.__wrapped__  # a small cache
            tails = make(n, m, levels, total) if wins.size > _FEW else None
            if tails is None:
                extreme = _by_margin(x, y, gaps)
            else:
                x, y = (c[:, :: -1 if flip else 1] for c in (x, y))  # the distances stay the same
                places = _places(n + m, levels)[np.add.outer(_codes(x, n + m), _codes(y, n + m))]
                extreme = tails.ravel()[places * (n * m + 1) + gaps]
            yield i, columns, wins, extreme, comb(n + m, m)


def _parts(keys: Counts) -> tuple[Counts, list[Counts]]:
    """Return the distinct rows of a matrix, and where each of them stands."""
    kinds, which = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    return kinds, np.split(order, np.cumsum(np.bincount(which.ravel()))[:-1])


def groups_of(counts: Counts) -> dict[Any, Counts]:
    """Return which rows have which size and total."""
    kinds, parts = _parts(np.column_stack([counts.sum(1), counts @ np.arange(counts.shape[1])]))
    return dict(zip(map(tuple, kinds.tolist()), parts, strict=True))


def _by_margin(x: Counts, y: Counts, gaps: Counts) -> Floats:
    """Return how many divisions are as extreme, with one distribution for each pooled margin."""
    n, m = int(x[0].sum()), int(y[0].sum())
    margins, parts = _parts((x[:, None, :] + y[None, :, :]).reshape(-1, x.shape[1]))
    steps = len(margins) * (n + m) * min(n, m) * (2 * n * m + 1)
    if steps > _STEPS:
        raise SizeError("decision.size_steps", steps, _STEPS)
    extreme = np.empty(gaps.size)
    for margin, part in zip(margins.tolist(), parts, strict=True):
        null = mann_whitney_null(tuple(margin), min(n, m))
        folded = null[n * m :].copy()
        folded[1:] += null[: n * m][::-1]
        extreme[part] = np.cumsum(folded[::-1])[::-1][gaps.ravel()[part]]
    return extreme.reshape(gaps.shape)


def mann_whitney_p(before: Given, after: Given) -> Floats:
    """Return the exact two-sided p-value of the Mann-Whitney test with ties, ``(k1, k2)``.

    It is the share of all divisions of the pooled scores into two samples of these sizes whose U is at
    least as far from n m / 2 as the observed one; those equally far count. Too many steps: SizeError.

    Notes
    -----
    Mann and Whitney (1947), doi:10.1214/aoms/1177730491, conditional on the ties (Lehmann 1975,
    *Nonparametrics*, 1.4). With ties the distribution may be skew; p is by distance from the middle (as
    in R's coin), not twice the smaller tail. Checked against brute force, ``scipy.stats.mannwhitneyu``
    (exact) without ties, which it ignores, and ``scipy.stats.permutation_test`` of the distance with.

    Examples
    --------
    >>> mann_whitney_p([3, 0, 0], [0, 1, 2]).tolist()
    [[0.1]]
    """
    x, y = both_counts(before, after)
    p = np.empty((len(x), len(y)))
    for rows, columns, _, extreme, divisions in exact_blocks(x, y):
        p[np.ix_(rows, columns)] = extreme / float(divisions)
    return p


def brunner_munzel_p(before: Given, after: Given) -> Floats:
    """Return the two-sided p-value of the Brunner-Munzel test, ``(k1, k2)``.

    Where every later score lies on the same side of every earlier one it is its limit 0, which no data
    of this size justify: see :func:`mann_whitney_p`. Where all scores are equal it is 1. Samples of
    fewer than two scores raise OptionError.

    Notes
    -----
    Brunner and Munzel (2000), doi:10.1002/(SICI)1521-4036(200001)42:1<17::AID-BIMJ17>3.0.CO;2-U, with
    the t approximation; only then do the variances vanish. Checked against scipy's ``brunnermunzel``.

    Examples
    --------
    >>> brunner_munzel_p([1, 2, 1], [0, 1, 3]).round(4).tolist()
    [[0.1506]]
    """
    from scipy.special import stdtr

    x, y = both_counts(before, after, 2)
    n, m = _sizes(x, y)
    place_x, place_y = (2 * np.cumsum(c, axis=1) - c for c in (x, y))  # twice the placements
    wins = _wins(x, y)
    # n times the variance of the placements of x among y, and m times that of y among x
    part_x = (n * _times(x, place_y**2) - (wins - n * m) ** 2) / (4 * (n - 1))
    part_y = (m * _times(place_x**2, y) - (wins + n * m) ** 2) / (4 * (m - 1))
    spread = part_x + part_y
    flat = spread == 0  # exact: whole numbers until the division
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(flat & (wins == 0), 0.0, wins / 2 / np.sqrt(spread))
        free = np.where(flat, 1.0, spread**2 / (part_x**2 / (n - 1) + part_y**2 / (m - 1)))
    return np.asarray(np.minimum(1.0, 2 * stdtr(free, -np.abs(statistic))))
