"""Tests of a change that respect who scored twice: permutation, rank and partly overlapping t tests.

Scores stand in two arrays of equal length, ``before`` and ``after``: one place a rater, nan where the
rater gave no score in that round. Under the null hypothesis that the round does not matter, a rater
of both rounds could have given the two scores the other way round (a sign flip), and the raters of
one round only could have come in the other round (a shuffle). The statistic is the difference of the two
means, so that the p beside a change belongs to that change. Every two-sided p value counts outcomes
as far out as the one observed, ties included, so it is never 0.

Sources: Pitman (1937, doi:10.2307/2984124) and Fisher (1935) for permutation; Phipson and Smyth (2010,
doi:10.2202/1544-6115.1585) for (hits + 1) / (draws + 1); Streitberg and Roehmel (1986) for the exact
distribution by shifting; Brunner and Munzel (2000); Derrick, Russ, Toher and White (2017,
doi:10.22237/jmasm/1493597280); Holm (1979); Benjamini and Hochberg (1995).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import comb, lcm
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kube_research.frames import need_option

Floats: TypeAlias = npt.NDArray[np.float64]
Whole: TypeAlias = npt.NDArray[np.int64]
NAN = float("nan")
#: Work (cells of the tables) up to which the exact distribution of the mean is computed.
EXACT_WORK = 20_000_000
#: Outcomes of whole groups up to which all are listed.
LISTED = 70_000
#: Raters up to which the exact distribution of ranks is computed.
EXACT_RANKS = 200
#: Finest grid on which scores are looked for; means of up to 30 items lie on it.
FINEST = 100_000


@dataclass(frozen=True)
class TestResult:
    """The ``statistic``, its two-sided ``p`` and the ``method`` that found it.

    ``smallest_p`` is the least that the method could give with so many raters, whatever their scores;
    0 for methods that lean on a continuous distribution. ``reason`` is empty or the key of a text in
    ``compare.reason`` that says what is degenerate; where p is nan there is always one.
    """

    __test__ = False  # not a test of pytest's

    statistic: float
    p: float
    smallest_p: float
    method: str
    reason: str = ""


def split(before: npt.ArrayLike, after: npt.ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the scores of both rounds by raters of both, then of those before and after only."""
    b, a = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    early, late = ~np.isnan(b), ~np.isnan(a)
    both = early & late
    return b[both], a[both], b[early & ~late], a[late & ~early]


def _both(before: npt.ArrayLike, after: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the scores given in each round."""
    b, a = (np.asarray(side, dtype=float) for side in (before, after))
    return b[~np.isnan(b)], a[~np.isnan(a)]


def smallest_p(pairs: int, earlier: int, later: int) -> float:
    """Return the least two-sided permutation p for raters of both rounds and of either one only.

    Pairs alone, or as many raters before as after, have a mirror image of every outcome, so at least
    two outcomes are equally extreme; with unequal numbers the most extreme may be a single one.

    Examples
    --------
    >>> smallest_p(5, 0, 0)
    0.0625
    """
    outcomes = 2 ** int(pairs) * comb(int(earlier + later), int(earlier))
    mirrored = earlier == later or 0 in (earlier, later)
    return float(min(Fraction(2 if mirrored else 1, outcomes), Fraction(1)))


def _grid(values: Floats) -> Whole | None:
    """Return values as whole numbers of a common step; None if there is no step worth using."""
    step = 1
    for value in np.unique(values):
        step = lcm(step, Fraction(float(value)).limit_denominator(1000).denominator)
        if step > FINEST:
            return None
    whole = np.rint(values * step)
    return whole.astype(np.int64) if np.all(np.abs(values * step - whole) < 1e-6) else None


def _flips(diffs: Whole) -> Floats:
    """Return the chances of the sums of sign-flipped whole numbers, from -total to +total."""
    chances = np.ones(1)
    for d in np.abs(diffs[diffs != 0]):
        wider = np.zeros(chances.size + 2 * d)
        wider[: chances.size] += chances / 2
        wider[2 * d :] += chances / 2
        chances = wider
    return chances


def _shuffles(pool: Whole, size: int) -> Floats:
    """Return the chances of the sum of ``size`` of the pooled numbers (all at least 0)."""
    share, top = size / pool.size, int(pool.sum())
    table = np.zeros((size + 1, top + 1))
    table[0, 0] = 1.0
    for score in pool:
        moved = share * table[:-1, : top + 1 - score]
        table *= 1 - share
        table[1:, score:] += moved
    return np.asarray(table[size] / table[size].sum())


@dataclass(frozen=True)
class _Outcomes:
    """All outcomes of flips and shuffles: how far each takes the difference of means.

    With D the sum of the later less the earlier scores of the pairs and V the sum of the later scores of
    people met once (``later`` of the ``pool``), the difference of the two means rises in step with
    D + 2 V and with nothing else.
    """

    diffs: Floats
    pool: Floats
    later: int

    def distance(self, pairs: npt.ArrayLike, later: npt.ArrayLike) -> Floats:
        """Return D + 2 V less its expectation, for sums of flipped pairs and of later scores."""
        middle = self.later * self.pool.mean() if self.pool.size else 0.0
        return np.asarray(np.asarray(pairs) + 2 * (np.asarray(later) - middle))

    @property
    def seen(self) -> float:
        """The distance of what was observed."""
        return float(self.distance(self.diffs.sum(), self.pool[: self.later].sum()))

    def exact(self) -> float | None:
        """Return the share of outcomes as far out as the observed; None if that is too much work."""
        grid = _grid(np.concatenate([self.diffs, self.pool]))
        if grid is None:
            return None
        d, pool = np.split(grid, [self.diffs.size])
        pool = pool - (int(pool.min()) if pool.size else 0)
        n, span, total = max(pool.size, 1), int(np.abs(d).sum()), int(pool.sum())
        if self.later * (pool.size - self.later) * total + d.size * span > EXACT_WORK:
            return None
        late = int(pool[: self.later].sum())
        if 0 < self.later < pool.size:
            chances = _shuffles(pool, self.later)
            sums = np.arange(chances.size)
        else:
            chances, sums = np.ones(1), np.array([late])
        shuffles = 2 * (sums * n - self.later * total)
        seen = abs(int(d.sum()) * n + 2 * (late * n - self.later * total))
        # for each sum of the shuffles, the chances that a flip takes it as far as seen, above and below
        flips = _flips(d)
        up, down = -(-(seen - shuffles) // n) + span, (-seen - shuffles) // n + span
        ends = np.clip(up, 0, 2 * span), np.clip(down, 0, 2 * span)
        above = np.where(up > 2 * span, 0.0, np.cumsum(flips[::-1])[::-1][ends[0]])
        below = np.where(down < 0, 0.0, np.cumsum(flips)[ends[1]])
        return min(float(chances @ np.where(up <= down, 1.0, above + below)), 1.0)

    def drawn(self, draws: int, seed: int) -> float:
        """Return the Monte Carlo p."""
        rng = np.random.default_rng(seed)
        pairs = (rng.integers(0, 2, (draws, self.diffs.size)) * 2.0 - 1) @ self.diffs
        later: Floats = np.full(1, self.pool[: self.later].sum())
        if 0 < self.later < self.pool.size:
            order = np.argsort(rng.random((draws, self.pool.size)), axis=1)[:, : self.later]
            later = self.pool[order].sum(axis=1)
        return _share(self.distance(pairs, later), self.seen, 1)


def _share(outcomes: Floats, seen: float, extra: int = 0) -> float:
    """Return the share of outcomes as far from 0 as the one seen, ``extra`` added to both counts."""
    slack = 1e-9 * max(1.0, float(np.abs(outcomes).max(initial=0)))
    far = int((np.abs(outcomes) >= abs(seen) - slack).sum())
    return (far + extra) / (outcomes.size + extra)


def permutation_test(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    method: str = "auto",
    draws: int = 10_000,
    seed: int = 0,
) -> TestResult:
    """Test a change of the mean by permutation: flips for pairs, shuffles for the others.

    Parameters
    ----------
    before, after : array_like, shape (raters,)
        Scores, nan where a rater gave none in that round.
    clusters : array_like, shape (raters,), optional
        The group of each rater. Whole groups are then moved: the rounds of a group seen in both are
        exchanged, groups seen in one round only are dealt out anew.
    method : {"auto", "exact", "monte carlo"}
        ``"auto"`` is exact unless the scores lie on no common grid or the work is too much.
    draws, seed : int
        For Monte Carlo.

    Returns
    -------
    TestResult
        The statistic is the difference of the two means. Where raters of both rounds are met and the
        others stand in one round only, no outcome can mix the latter, so p is nan with the reason:
        compare the pairs by themselves.

    Raises
    ------
    kube_research.errors.OptionError

    Notes
    -----
    p is the share of outcomes that put the difference of the means as far from its expectation over
    all outcomes, in either direction, as what was observed. With no pairs this is Pitman's test of the
    difference of two means, with pairs only Fisher's sign flip. The exact p comes from the whole
    distribution, found by shifting, not by listing. Checked against a listing of every outcome and
    ``scipy.stats.permutation_test``.

    Examples
    --------
    >>> permutation_test([1, 2, 2, 1, 2], [2, 3, 3, 3, 4]).p
    0.0625
    """
    need_option("method", method, ("auto", "exact", "monte carlo"))
    if clusters is not None:
        return _cluster_test(before, after, clusters, method, draws, seed)
    x, y, u, v = split(before, after)
    if x.size + min(u.size, v.size) == 0:
        return TestResult(NAN, NAN, 1.0, "exact permutation", "nobody")
    change = float(np.concatenate([y, v]).mean() - np.concatenate([x, u]).mean())
    least = smallest_p(x.size, u.size, v.size)
    if x.size and u.size + v.size and not (u.size and v.size):
        return TestResult(change, NAN, least, "exact permutation", "one_sided_singles")
    outcomes = _Outcomes(y - x, np.concatenate([v, u]), v.size)
    p = None if method == "monte carlo" else outcomes.exact()
    if p is None and x.size <= 16 and not u.size and method != "monte carlo":
        p = _share(outcomes.distance(_signs(x.size) @ outcomes.diffs, 0.0), outcomes.seen)
    if p is not None:
        return TestResult(change, p, least, "exact permutation")
    p, least = outcomes.drawn(draws, seed), max(least, 1 / (draws + 1))
    return TestResult(change, p, least, "Monte Carlo permutation")


def _signs(k: int) -> Floats:
    """Return every row of ``k`` signs: shape (2 ** k, k)."""
    return np.asarray(1.0 - 2.0 * ((np.arange(2**k)[:, None] >> np.arange(k)) & 1), dtype=float)


def _cluster_test(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    clusters: npt.ArrayLike,
    method: str,
    draws: int,
    seed: int,
) -> TestResult:
    """Test by moving whole groups: those of both rounds are flipped, those met once shuffled."""
    sides = np.stack([np.asarray(side, dtype=float) for side in (before, after)])
    known = ~np.isnan(sides).all(axis=0)
    unit = np.unique(np.asarray(clusters).astype(str)[known], return_inverse=True)[1]
    given, filled = ~np.isnan(sides[:, known]), np.nan_to_num(sides[:, known])
    n, t = (np.stack([np.bincount(unit, side) for side in part]) for part in (given, filled))
    both, early, late = (n > 0).all(axis=0), n[1] == 0, n[0] == 0
    k, sizes, name = int(both.sum()), (int(early.sum()), int(late.sum())), "cluster sign flips"
    if k + min(sizes) == 0 or not n.sum(axis=1).all():
        return TestResult(NAN, NAN, 1.0, f"exact {name}", "nobody")
    change, least = float(t[1].sum() / n[1].sum() - t[0].sum() / n[0].sum()), smallest_p(k, *sizes)
    if k + sum(sizes) < 2:
        return TestResult(change, NAN, 1.0, f"exact {name}", "one_cluster")
    if k and sum(sizes) and not min(sizes):
        return TestResult(change, NAN, least, f"exact {name}", "one_sided_clusters")
    listed = method != "monte carlo" and 2**k * comb(sum(sizes), sizes[0]) <= LISTED
    rng, alone = np.random.default_rng(seed), np.flatnonzero(early | late)
    if listed:
        chosen = list(combinations(range(alone.size), sizes[1]))
        flips, picks = _signs(k) < 0, np.array(chosen, dtype=int).reshape(len(chosen), -1)
        flips, picks = np.repeat(flips, len(picks), axis=0), np.tile(picks, (2**k, 1))
    else:
        flips = rng.random((draws, k)) < 0.5
        picks = np.argsort(rng.random((draws, alone.size)), axis=1)[:, : sizes[1]]
    moved = np.zeros((len(flips), both.size), dtype=bool)  # whether a group's rounds are exchanged
    moved[:, both] = flips
    is_late = np.zeros((len(flips), alone.size), dtype=bool)
    np.put_along_axis(is_late, picks, True, axis=1)
    moved[:, alone] = is_late != late[alone]
    part = moved.astype(float)
    sums = [[s[row] @ (1 - part).T + s[1 - row] @ part.T for row in (0, 1)] for s in (n, t)]
    outcomes = sums[1][1] / sums[0][1] - sums[1][0] / sums[0][0]
    middle = outcomes.mean() if alone.size else 0.0  # flips alone have a mirror image each
    outcomes, seen = outcomes - middle, change - middle
    if listed:
        return TestResult(change, _share(outcomes, seen), least, f"exact {name}")
    least = max(least, 1 / (draws + 1))
    return TestResult(change, _share(outcomes, seen, 1), least, f"Monte Carlo {name}")


def mann_whitney(before: npt.ArrayLike, after: npt.ArrayLike) -> TestResult:
    """Test two independent rounds by ranks, exactly, ties and all.

    Returns
    -------
    TestResult
        The statistic is U of the later scores (ties counted half). p is the share of all ways to deal
        out the pooled scores that put U at least as far from its expectation.

    Notes
    -----
    The distribution comes from :func:`kube_research.evidence.ordinal.mann_whitney_null`; above 200
    raters p is
    the tie-corrected normal one of scipy. ``scipy.stats.mannwhitneyu(method="exact")`` ignores ties;
    checked against it without ties and against ``scipy.stats.permutation_test`` with them.

    Examples
    --------
    >>> mann_whitney([1, 1, 2], [2, 3, 3]).p
    0.2
    """
    from scipy.stats import mannwhitneyu

    from kube_research.evidence.ordinal import mann_whitney_null

    b, a = _both(before, after)
    if not b.size or not a.size:
        return TestResult(NAN, NAN, 1.0, "exact Mann-Whitney", "nobody")
    u = float((a[:, None] > b).sum() + (a[:, None] == b).sum() / 2)
    if a.size + b.size > EXACT_RANKS:
        p = float(mannwhitneyu(b, a, method="asymptotic").pvalue)
        return TestResult(u, p if p == p else 1.0, 0.0, "asymptotic Mann-Whitney")
    pooled = np.unique(np.concatenate([b, a]), return_counts=True)[1]
    counts = mann_whitney_null(tuple(pooled.tolist()), a.size)
    far = np.abs(np.arange(counts.size) - a.size * b.size) >= abs(2 * u - a.size * b.size)
    least = smallest_p(0, b.size, a.size)
    return TestResult(u, float(counts[far].sum() / counts.sum()), least, "exact Mann-Whitney")


def wilcoxon(before: npt.ArrayLike, after: npt.ArrayLike, *, zeros: str = "wilcox") -> TestResult:
    """Test the raters of both rounds by signed ranks, exactly, ties and all.

    Parameters
    ----------
    before, after : array_like, shape (raters,)
        Scores; raters of one round only are left out.
    zeros : {"wilcox", "pratt"}
        Leave raters without a change out before ranking, or after it (Pratt 1959).

    Notes
    -----
    The statistic is the sum of the ranks of the rises less that of the falls. Checked against
    ``scipy.stats.wilcoxon(method=PermutationMethod())``, which lists all signs.

    Examples
    --------
    >>> wilcoxon([1, 2, 2, 1, 2, 3], [2, 3, 3, 3, 4, 3]).p
    0.0625
    """
    from scipy.stats import rankdata

    need_option("zeros", zeros, ("wilcox", "pratt"))
    x, y, _, _ = split(before, after)
    d = np.round(y - x, 9)
    kept = d if zeros == "pratt" else d[d != 0]
    signed = np.sign(kept) * (rankdata(np.abs(kept)) if kept.size else kept)
    none, kind, least = np.zeros(0), "exact", smallest_p(d.size, 0, 0)
    outcomes = _Outcomes(signed, none, 0)
    p = outcomes.exact()
    if p is None:
        p, kind, least = outcomes.drawn(10_000, 0), "Monte Carlo", max(least, 1 / 10_001)
    reason = "few_pairs" if d.size < 2 else "" if (d != 0).any() else "no_change"
    p = p if d.size else NAN
    return TestResult(float(signed.sum()), p, least, f"{kind} Wilcoxon", reason)


def brunner_munzel(before: npt.ArrayLike, after: npt.ArrayLike) -> TestResult:
    """Test two independent rounds for stochastic equality, spreads unequal (Brunner and Munzel 2000).

    The statistic of ``scipy.stats.brunnermunzel``, positive when later scores are higher; p from a t
    distribution. Under complete separation it does not exist: p is nan with the reason.

    Examples
    --------
    >>> later = [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4]
    >>> round(brunner_munzel([1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1], later).p, 5)
    0.00579
    """
    from scipy.stats import brunnermunzel

    (b, a), name, reason = _both(before, after), "Brunner-Munzel", ""
    if min(b.size, a.size) < 2:
        reason = "one_rater" if b.size * a.size else "nobody"
    elif np.ptp(np.concatenate([b, a])) == 0:
        reason = "one_value"
    elif a.min() > b.max() or b.min() > a.max():
        reason = "separation"
    if reason:
        return TestResult(NAN, NAN, 0.0, name, reason)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Any = brunnermunzel(b, a)
    statistic, p = float(result.statistic), float(result.pvalue)
    return TestResult(statistic, p, 0.0, name, "" if np.isfinite(p) else "no_spread")


def overlapping_t(
    before: npt.ArrayLike, after: npt.ArrayLike, *, equal_variances: bool = False
) -> TestResult:
    """Test a change of the mean when some raters scored in both rounds and some in one.

    The statistic is T_new2 of Derrick et al. (2017), or T_new1 for equal variances; positive when later
    scores are higher. With pairs only it is the paired t test, with none Welch's (or Student's).
    Checked against both of scipy and the example of the R package Partiallyoverlapping (p = 0.026).

    Examples
    --------
    >>> round(overlapping_t([1, 2, 2, 1], [2, 2, 3, 2]).p, 4)
    0.0577
    """
    from scipy.stats import t

    x, y, u, v = split(before, after)
    early, late, name = np.concatenate([x, u]), np.concatenate([y, v]), "partly overlapping t"
    n1, n2, c = early.size, late.size, x.size
    if min(n1, n2) < 2:
        return TestResult(NAN, NAN, 0.0, name, "one_rater" if n1 * n2 else "nobody")
    s1, s2 = float(early.var(ddof=1)), float(late.var(ddof=1))
    if equal_variances:
        s1 = s2 = ((n1 - 1) * s1 + (n2 - 1) * s2) / (n1 + n2 - 2)
    r = float(np.corrcoef(x, y)[0, 1]) if c > 1 and np.ptp(x) > 0 and np.ptp(y) > 0 else 0.0
    variance = s1 / n1 + s2 / n2 - 2 * r * np.sqrt(s1 * s2) * c / (n1 * n2)
    if not variance > 1e-12:
        return TestResult(NAN, NAN, 0.0, name, "no_spread")
    below = (s1 / n1) ** 2 / (n1 - 1) + (s2 / n2) ** 2 / (n2 - 1)
    gamma = n1 + n2 - 2 if equal_variances else (s1 / n1 + s2 / n2) ** 2 / below
    alone = n1 + n2 - 2 * c
    freedom = (c - 1) + (gamma - c + 1) / (alone + 2 * c) * alone
    statistic = float((late.mean() - early.mean()) / np.sqrt(variance))
    if not freedom > 0:
        return TestResult(statistic, NAN, 0.0, name, "few_pairs")
    return TestResult(statistic, float(2 * t.sf(abs(statistic), freedom)), 0.0, name)


def adjust(p: npt.ArrayLike, correction: str | None = "holm") -> Floats:
    """Return p values adjusted for their number; missing ones stay missing and do not count.

    ``"holm"`` (Holm 1979) keeps the chance of any false finding, ``"bh"`` (Benjamini and Hochberg 1995,
    checked against ``scipy.stats.false_discovery_control``) the expected share of false findings.

    Examples
    --------
    >>> adjust([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    need_option("correction", correction, ("holm", "bh", None))
    adjusted = np.array(p, dtype=float)
    known = np.flatnonzero(~np.isnan(adjusted))
    order = known[np.argsort(adjusted[known], kind="stable")]
    k = order.size
    if correction == "holm":
        raised = np.maximum.accumulate(adjusted[order] * np.arange(k, 0, -1))
        adjusted[order] = np.minimum(raised, 1)
    elif correction == "bh":
        scaled = adjusted[order] * k / np.arange(1, k + 1)
        adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return adjusted
