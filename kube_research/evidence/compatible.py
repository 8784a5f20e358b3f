"""Every set of ratings that printed numbers allow: listed, counted, or sampled with equal chances.

A count vector says how many raters gave each score of the scale, lowest score first: ``[0, 8, 7, 0]``
on the scale 1 to 4 is eight twos and seven threes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import comb
from random import Random

import numpy as np
from numpy.typing import NDArray

from kube_research.errors import KubeError, OptionError
from kube_research.evidence.printed import (
    RULES,
    check_n,
    print_number,
    unround,
    whole_numbers,
)
from kube_research.evidence.steps import check_steps
from kube_research.evidence.vectors import (
    Plan,
    Start,
    count_plain,
    count_squares,
    list_vectors,
    make_plan,
    pick_plain,
    pick_squares,
)
from kube_research.frames import documented
from kube_research.texts import text

#: Sets up to this size are listed when they are sampled from.
SMALL = 20_000


class TooManyError(KubeError):
    """More count vectors than may be listed (or than can be counted).

    Attributes
    ----------
    count : int or None
        How many there are; None where even counting was given up.
    limit : int
        How many were allowed.
    size : int or None
        Bytes that the array of all of them would take.
    """

    def __init__(self, count: int | None, limit: int, levels: int) -> None:
        self.count, self.limit = count, limit
        self.size = None if count is None else count * levels * 8
        if count is None:
            message = text("implied.uncountable")
        else:
            gigabytes = f"{count * levels * 8 / 1e9:,.3g} GB"
            message = text("implied.too_many", count=count, limit=limit, memory=gigabytes)
        super().__init__(message)


class NoneCompatibleError(KubeError):
    """No count vector is compatible, so there is nothing to choose from."""

    def __init__(self) -> None:
        super().__init__(text("implied.none"))


@documented
def compatible_counts(
    mean: str,
    n: int,
    scale: tuple[int, int] = (1, 4),
    *,
    rounding: str = "half-up",
    sd: str | None = None,
    sd_rounding: str | None = None,
    sd_divisor: str = "n-1",
    minimum: float | None = None,
    maximum: float | None = None,
    at_least: Mapping[float, int] | None = None,
    missing: int = 0,
    step: float = 1,
    limit: int = 5_000_000,
) -> NDArray[np.int64]:
    """List every count vector over the scale that is compatible with printed numbers.

    Parameters
    ----------
    mean : str
        The printed mean of the answers given.
    n : int
        Number of raters.
    scale : (int, int)
        Lowest and highest score.
    rounding : {"half-up", "half-even", "truncate", "ceil", "any"}
        How the mean was cut. ``"any"`` is the union of the four, each vector once.
    sd : str, optional
        The printed standard deviation.
    sd_rounding : str, optional
        How the standard deviation was cut; by default like the mean, also within ``"any"`` (the
        same rule for both). ``"any"`` here lets it follow any rule, whatever the mean followed.
    sd_divisor : {"n-1", "n"}
        What the sum of squared deviations was divided by.
    minimum, maximum : int or float, optional
        Smallest and largest score given: it occurs, and nothing lies beyond it.
    at_least : mapping of score to int, optional
        Score to the number of raters who gave it at least.
    missing : int
        Up to so many of the ``n`` raters may have given no answer; at least one answered.
    |step|
    limit : int
        Most vectors to list.

    Returns
    -------
    ndarray of int64, shape (k, levels)
        One row per vector, one column per score, lowest first. A row sums to the answers given:
        ``n``, or down to ``n - missing``. Rows with the most answers come first, then by total,
        then in lexicographic order. Shape (0, levels) when nothing is compatible.

    Raises
    ------
    TooManyError
        If there are more than ``limit``; it names their number and the memory they would take.
    kube_research.errors.PrintedNumberError, kube_research.errors.OptionError
    kube_research.errors.ScaleError

    Notes
    -----
    The result takes ``8 * levels`` bytes per vector, and working takes at most about
    ``60 + 16 * levels`` more, so no call holds more than ``limit`` times that (twice where printed
    squares leave partial vectors that come to nothing). Arithmetic is in whole numbers: a mean or
    deviation at the edge of its interval is in or out by the rule, never by a tolerance.

    The question is that of SPRITE (Heathers, Anaya, van der Zee and Brown 2018,
    doi:10.7287/peerj.preprints.26968v1), which draws some answers, of CORVIDS (Wilner, Wood and
    Simons 2018) and of CLOSURE, which list all. Checked against brute force over all multisets, and
    against the 5,359 samples and their score frequencies that the R package unsum prints for mean
    2.7, SD 1.9, n = 130 on 1 to 5.

    Examples
    --------
    >>> compatible_counts("2.46", 15, (1, 4), rounding="truncate").shape
    (36, 4)
    >>> compatible_counts("2.46", 15, (1, 4), rounding="truncate", sd="0.51")
    array([[0, 8, 7, 0]])
    """
    plan = make_plan(
        *(mean, n, scale, rounding, sd, sd_rounding, sd_divisor),
        *(minimum, maximum, at_least, missing, step),
    )
    allowed = check_n(limit, "limit", 0)
    listed = list_vectors(plan.starts, plan.top, squares=plan.squares, limit=allowed)
    if listed is None:
        count = _count(plan, allowed)
        if count > allowed:
            raise TooManyError(count, allowed, plan.levels)
        listed = list_vectors(plan.starts, plan.top, squares=plan.squares)
    return plan.widen(np.empty((0, plan.top + 1), np.int64) if listed is None else listed)


def count_compatible(
    mean: str,
    n: int,
    scale: tuple[int, int] = (1, 4),
    *,
    rounding: str = "half-up",
    sd: str | None = None,
    sd_rounding: str | None = None,
    sd_divisor: str = "n-1",
    minimum: float | None = None,
    maximum: float | None = None,
    at_least: Mapping[float, int] | None = None,
    missing: int = 0,
    step: float = 1,
) -> int:
    """Count the compatible vectors exactly, without listing them.

    Parameters are those of :func:`compatible_counts`.

    Returns
    -------
    int
        Exact, however large.

    Raises
    ------
    TooManyError
        If, with ``sd`` given on a long scale, even the counting would not end in minutes.

    Notes
    -----
    Without ``sd``: the coefficients of a Gaussian binomial, multiplied out in whole numbers. With
    ``sd``: the counts of all scores but four are settled, the outermost first and only as far as
    total and squares can still be met; how many ways remain for the four is a closed formula.
    Checked in the tests against the length of the list and against a recursion over sizes and
    totals.

    Examples
    --------
    >>> count_compatible("2.46", 15, (1, 4), rounding="truncate")
    36
    >>> count_compatible("4.01", 500, (1, 7))
    123580274599
    """
    plan = make_plan(
        *(mean, n, scale, rounding, sd, sd_rounding, sd_divisor),
        *(minimum, maximum, at_least, missing, step),
    )
    return _count(plan, 0)


def sample_compatible(
    mean: str,
    n: int,
    scale: tuple[int, int] = (1, 4),
    *,
    size: int,
    seed: int,
    rounding: str = "half-up",
    sd: str | None = None,
    sd_rounding: str | None = None,
    sd_divisor: str = "n-1",
    minimum: float | None = None,
    maximum: float | None = None,
    at_least: Mapping[float, int] | None = None,
    missing: int = 0,
    step: float = 1,
) -> NDArray[np.int64]:
    """Draw compatible count vectors, each with exactly the same chance, with replacement.

    Parameters
    ----------
    size : int
        How many to draw.
    seed : int
        Of Python's ``random.Random``; the same seed draws the same vectors.

    Other parameters are those of :func:`compatible_counts`.

    Returns
    -------
    ndarray of int64, shape (size, levels)

    Raises
    ------
    NoneCompatibleError
        If no vector is compatible.
    TooManyError
        As :func:`count_compatible`; also when drawing without ``sd`` would take over 3 GB.

    Notes
    -----
    The vectors are counted, ``Random(seed).randrange(count)`` draws places among them (whole numbers,
    so no chance is rounded), and each place is turned into its vector by the same counts, backwards.
    Every count vector has the same chance; that is not the same as every order of raters having it.

    Examples
    --------
    >>> drawn = sample_compatible("4.01", 500, (1, 7), size=3, seed=1)
    >>> drawn.sum(axis=1)
    array([500, 500, 500])
    """
    plan = make_plan(
        *(mean, n, scale, rounding, sd, sd_rounding, sd_divisor),
        *(minimum, maximum, at_least, missing, step),
    )
    draws, random = check_n(size, "size"), Random(check_n(seed, "seed", 0))
    count = _count(plan, 0)
    if count == 0:
        raise NoneCompatibleError
    ranks = [random.randrange(count) for _ in range(draws)]
    listed = None
    if count <= SMALL or (plan.squares and plan.top < 3):
        listed = list_vectors(plan.starts, plan.top, squares=plan.squares)
    if listed is not None:
        return plan.widen(listed[ranks])
    if not plan.squares:
        try:
            return plan.widen(pick_plain(plan.starts, plan.top, ranks))
        except OverflowError:
            raise TooManyError(None, 0, plan.levels) from None
    order = sorted(range(draws), key=ranks.__getitem__)
    picked = pick_squares(plan.starts, plan.top, [ranks[place] for place in order])
    return plan.widen(picked[np.argsort(order)])


@documented
def compatible_by_groups(
    mean: str,
    groups: Sequence[int] = (3, 3, 3, 3, 3),
    scale: tuple[int, int] = (1, 4),
    *,
    group_rounding: str = "half-up",
    group_digits: int = 2,
    rounding: str = "half-up",
    step: float = 1,
    limit: int = 5_000_000,
) -> NDArray[np.int64]:
    """List the count vectors of all raters together when groups were averaged and rounded first.

    The route: each group's mean is printed with ``group_digits`` decimals, the plain mean of these
    printed means (whatever the group sizes) is printed as ``mean``.

    Parameters
    ----------
    mean : str
        The printed mean of group means.
    groups : sequence of int
        Number of raters in each group.
    scale : (int, int)
        Lowest and highest score.
    group_rounding, rounding : str
        How the group means and their mean were cut; ``"any"`` is the union over the four rules
        (for the groups: the same rule in every group).
    group_digits : int
        Decimals of the group means.
    |step|
    limit : int
        Most count vectors to go through.

    Returns
    -------
    ndarray of int64, shape (k, levels)
        Each overall vector (all groups added up) that can be dealt to the groups so that the route
        prints ``mean``, once, by total and then in lexicographic order. Its sum is
        ``sum(groups)``; which group holds which scores is not told.

    Raises
    ------
    TooManyError
        If as many raters have more than ``limit`` count vectors of any mean.
    kube_research.errors.PrintedNumberError, kube_research.errors.OptionError
    kube_research.errors.ScaleError

    Notes
    -----
    Group by group, the set of pairs (overall vector, sum of printed group means) is built up.
    Checked against brute force over every dealing of small groups.

    Examples
    --------
    >>> found = compatible_by_groups("2.46")
    >>> sorted(set((found @ [1, 2, 3, 4]).tolist()))
    [37]
    """
    low, top, size_of = check_steps(scale, step)
    sizes = [check_n(size, "groups") for size in groups]
    people = sum(sizes)
    if not sizes:
        raise OptionError(text("implied.whole", name="groups", least=1, value=groups))
    every = comb(people + top, top)
    if every > check_n(limit, "limit", 0):
        raise TooManyError(every, limit, top + 1)
    unit = 10 ** check_n(group_digits, "group_digits", 0)
    wanted = whole_numbers(unround(mean, rounding), len(sizes) * unit)
    weights = (people + 1) ** np.arange(top, -1, -1, dtype=np.int64)
    span = len(sizes) * (scale[1] - low) * unit + 1
    reached = [np.empty(0, np.int64)]
    for rule in RULES if group_rounding == "any" else (group_rounding,):
        states = np.zeros(1, np.int64)
        for size in sizes:
            moves = _group_moves(size, low, top, size_of, rule, group_digits, weights, span)
            states = np.unique(np.add.outer(states, moves))
        sums = states % span + len(sizes) * low * unit
        reached.append(states[(sums >= wanted.start) & (sums < wanted.stop)] // span)
    keys = np.unique(np.concatenate(reached))
    vectors = keys[:, None] // weights % (people + 1)
    return vectors[np.argsort(vectors @ np.arange(top + 1), kind="stable")]


def _group_moves(
    size: int,
    low: int,
    top: int,
    step: Fraction,
    rule: str,
    digits: int,
    weights: NDArray[np.int64],
    span: int,
) -> NDArray[np.int64]:
    """Return what a group can add: its count vector and printed mean (less ``low``) as one number."""
    starts = [Start(size, total, 0, 0) for total in range(top * size + 1)]
    vectors = list_vectors(starts, top, squares=False)
    if vectors is None:
        return np.empty(0, np.int64)
    prints = [
        print_number(low + total * step / size, digits, rule) for total in range(top * size + 1)
    ]
    units = np.array([int(Fraction(mean) * 10**digits) for mean in prints], dtype=np.int64)
    printed = units[vectors @ np.arange(top + 1)] - low * 10**digits
    return np.asarray((vectors @ weights) * span + printed, dtype=np.int64)


def _count(plan: Plan, limit: int) -> int:
    if not plan.squares:
        return count_plain(plan.starts, plan.top)
    try:
        return count_squares(plan.starts, plan.top)
    except OverflowError:
        raise TooManyError(None, limit, plan.levels) from None
