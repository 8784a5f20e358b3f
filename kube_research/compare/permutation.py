"""Tests of a change that respect who scored twice: permutation, rank and partly overlapping t tests.

Scores stand in two arrays of equal length, ``before`` and ``after``: one place a rater, nan where the
rater gave no score in that round. Under the null hypothesis that the round does not matter, a rater
of both rounds could have given the two scores the other way round (a sign flip), and the raters of
one round only could have come in the other round (a shuffle). Every two-sided p value counts outcomes
as extreme as the one observed, ties included, so it is never 0.

Sources: Pitman (1937, doi:10.2307/2984124) and Fisher (1935) for permutation; Phipson and Smyth (2010,
doi:10.2202/1544-6115.1585) for (hits + 1) / (draws + 1); Streitberg and Roehmel (1986) for the exact
distribution by shifting; Brunner and Munzel (2000); Derrick, Russ, Toher and White (2017,
doi:10.22237/jmasm/1493597280); Holm (1979); Benjamini and Hochberg (1995).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
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


def _exact(diffs: Floats, pool: Floats, later: Floats) -> float | None:
    """Return the exact p of flips and shuffles together; None if that is too much work."""
    grid = _grid(np.concatenate([diffs, pool, later]))
    if grid is None:
        return None
    d, u, v = np.split(grid, [diffs.size, diffs.size + pool.size])
    low = int(u.min()) if u.size else 0
    u, v = u - low, v - low
    n, span, total = max(u.size, 1), int(np.abs(d).sum()), int(u.sum())
    if v.size * u.size * total + d.size * span > EXACT_WORK:
        return None
    sums = _shuffles(u, v.size) if 0 < v.size < u.size else np.ones(1)
    totals = np.arange(sums.size) if sums.size > 1 else np.array([int(v.sum())])
    shuffles = 2 * (totals * n - v.size * total)
    seen = abs(int(d.sum()) * n + 2 * (int(v.sum()) * n - v.size * total))
    # for each sum of the shuffles, the chances that a flip takes it as far as seen, above and below
    chances = _flips(d)
    up, down = -(-(seen - shuffles) // n) + span, (-seen - shuffles) // n + span
    ends = np.clip(up, 0, 2 * span), np.clip(down, 0, 2 * span)
    above = np.where(up > 2 * span, 0.0, np.cumsum(chances[::-1])[::-1][ends[0]])
    below = np.where(down < 0, 0.0, np.cumsum(chances)[ends[1]])
    return min(float(sums @ np.where(up <= down, 1.0, above + below)), 1.0)


def _drawn(diffs: Floats, pool: Floats, later: Floats, draws: int, seed: int = 0) -> float:
    """Return the Monte Carlo p of flips and shuffles together."""
    rng = np.random.default_rng(seed)
    seen = diffs.sum() + 2 * (later.sum() - later.size * pool.mean() if pool.size else 0.0)
    drawn = (rng.integers(0, 2, (draws, diffs.size)) * 2.0 - 1) @ diffs
    if 0 < later.size < pool.size:
        order = np.argsort(rng.random((draws, pool.size)), axis=1)[:, : later.size]
        drawn += 2 * (pool[order].sum(axis=1) - later.size * pool.mean())
    slack = 1e-9 * max(1.0, float(np.abs(diffs).sum() + np.abs(pool).sum()))
    return float((np.sum(np.abs(drawn) >= abs(seen) - slack) + 1) / (draws + 1))


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
        The group of each rater. Whole groups are then flipped: the change of each group with scores in
        both rounds, weighted by n1 n2 / (n1 + n2), keeps or loses its sign.
    method : {"auto", "exact", "monte carlo"}
        ``"auto"`` is exact unless the scores lie on no common grid or the work is too much.
    draws, seed : int
        For Monte Carlo.

    Returns
    -------
    TestResult
        The statistic is the sum of the changes of raters of both rounds, plus twice the excess of the
        sum of later scores of the others over its expectation; 0 is expected.

    Raises
    ------
    kube_research.errors.OptionError

    Notes
    -----
    With no pairs this is Pitman's test of the difference of two means, with pairs only Fisher's sign
    flip. The exact p comes from the whole distribution, found by shifting, not by listing. Checked
    against a listing of every outcome and ``scipy.stats.permutation_test``.

    Examples
    --------
    >>> permutation_test([1, 2, 2, 1, 2], [2, 3, 3, 3, 4]).p
    0.0625
    """
    need_option("method", method, ("auto", "exact", "monte carlo"))
    x, y, u, v = split(before, after)
    kind, reason = "permutation", ""
    if clusters is not None:
        kind = "cluster sign flips"
        y, whole = cluster_changes(before, after, clusters)
        x, u, v = np.zeros_like(y), np.zeros(0), np.zeros(0)
        reason = "one_cluster" if y.size < 2 else "" if whole else "broken_clusters"
    diffs, pool = y - x, np.concatenate([u, v])
    if diffs.size + min(u.size, v.size) == 0:
        return TestResult(NAN, NAN, 1.0, f"exact {kind}", reason or "nobody")
    excess = 2 * (v.sum() - v.size * pool.mean()) if pool.size else 0.0
    statistic, least = float(diffs.sum() + excess), smallest_p(diffs.size, u.size, v.size)
    p = None if method == "monte carlo" else _exact(diffs, pool, v)
    if p is None and diffs.size <= 16 and not pool.size and method != "monte carlo":
        signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * diffs.size)).reshape(diffs.size, -1)
        p = float(np.mean(np.abs(diffs @ signs) >= abs(statistic) - 1e-9 * np.abs(diffs).sum()))
    if p is not None:
        return TestResult(statistic, p, least, f"exact {kind}", reason)
    p, least = _drawn(diffs, pool, v, draws, seed), max(least, 1 / (draws + 1))
    return TestResult(statistic, p, least, f"Monte Carlo {kind}", reason)


def cluster_changes(
    before: npt.ArrayLike, after: npt.ArrayLike, clusters: npt.ArrayLike
) -> tuple[Floats, bool]:
    """Return the weighted change of every cluster seen in both rounds, and whether all were."""
    b, a = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    labels = np.asarray(clusters).astype(str)
    changes, whole = [], True
    for label in np.unique(labels[~(np.isnan(b) & np.isnan(a))]):
        x, y = _both(b[labels == label], a[labels == label])
        if x.size and y.size:
            changes.append((y.sum() * x.size - x.sum() * y.size) / (x.size + y.size))
        whole &= bool(x.size and y.size)
    return np.array(changes, dtype=float), whole


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
    p = _exact(signed, none, none)
    if p is None:
        p, kind, least = _drawn(signed, none, none, 10_000), "Monte Carlo", max(least, 1 / 10_001)
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
