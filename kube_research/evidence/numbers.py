"""Can these printed numbers be? GRIM, GRIMMER, DEBIT, percentages and what else one number implies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kube_research.errors import OptionError, ScaleError
from kube_research.evidence.printed import (
    RULES,
    check_n,
    unround,
    whole_numbers,
)
from kube_research.evidence.steps import check_step, check_steps, in_steps
from kube_research.frames import as_score, documented, need_columns, need_option, step_of
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    import pandas as pd

#: The tests that :func:`check_numbers` puts beside a frame.
TESTS = ("grim", "grimmer", "debit", "percent")


@documented
def possible_totals(
    mean: str,
    n: int,
    *,
    rounding: str = "half-up",
    scale: tuple[int, int] | None = None,
    items: int = 1,
    step: float = 1,
) -> list[int | float]:
    """Return every total of ``n`` scores whose mean prints as ``mean``.

    Parameters
    ----------
    mean : str
        The printed mean.
    n : int
        Number of raters.
    rounding : str
        Rounding rule, or ``"any"`` for all four together.
    scale : (int, int), optional
        Lowest and highest score; totals that the scores cannot reach are left out.
    items : int
        How many answers each rater's score is the mean of; the total is over all ``n * items``
        answers.
    |step|

    Returns
    -------
    list of int or float
        Sorted, whole numbers where scores are; empty when the mean is impossible.

    |printed_errors|

    Notes
    -----
    The idea is the GRIM test of Brown and Heathers (2017, doi:10.1177/1948550616673876), here with
    fractions instead of floating-point windows. Checked against brute force with Python's
    ``decimal`` module and against the examples of that paper and of the R package scrutiny.

    Examples
    --------
    >>> possible_totals("2.46", 15, rounding="truncate"), possible_totals("2.46", 15)
    ([37], [])
    """
    answers = check_n(n) * check_n(items, "items")
    low, size = 0, check_step(step)
    if scale is not None:
        low, steps, size = check_steps(scale, step)
    moved = whole_numbers(in_steps(unround(mean, rounding), low, size), answers)
    if scale is not None:
        moved = range(max(moved.start, 0), min(moved.stop, answers * steps + 1))
    return [as_score(answers * low + total * size) for total in moved]


def grim(
    mean: str,
    n: int,
    *,
    rounding: str = "half-up",
    scale: tuple[int, int] | None = None,
    items: int = 1,
    step: float = 1,
) -> bool:
    """Tell whether a printed mean can come from ``n`` ratings, whole numbers unless ``step`` says else.

    Parameters and errors are those of :func:`possible_totals`.

    Returns
    -------
    bool

    Examples
    --------
    >>> grim("2.46", n=15, rounding="truncate"), grim("2.46", n=15, rounding="half-up")
    (True, False)
    >>> grim("2.25", n=2), grim("2.25", n=2, step=0.5)
    (False, True)
    """
    return bool(possible_totals(mean, n, rounding=rounding, scale=scale, items=items, step=step))


def possible_counts(percent: str, n: int, *, rounding: str = "half-up") -> list[int]:
    """Return every number of people out of ``n`` whose percentage prints as ``percent``.

    Parameters
    ----------
    percent : str
        The printed percentage without its sign, such as ``"66.7"``.
    n : int
        Number of people.
    rounding : str
        Rounding rule, or ``"any"`` for all four together.

    Returns
    -------
    list of int
        Sorted, within 0 to ``n``; empty when the percentage is impossible.

    Raises
    ------
    kube_research.errors.PrintedNumberError, kube_research.errors.OptionError

    Examples
    --------
    >>> possible_counts("67", 15), possible_counts("70", 15), possible_counts("95", 20)
    ([10], [], [19])
    """
    counts = whole_numbers(unround(percent, rounding), Fraction(check_n(n), 100))
    return [count for count in counts if 0 <= count <= n]


def grim_percent(percent: str, n: int, *, rounding: str = "half-up") -> bool:
    """Tell whether a printed percentage can be a whole number of people out of ``n``.

    Parameters and errors are those of :func:`possible_counts`.

    Returns
    -------
    bool

    Notes
    -----
    GRIM (Brown and Heathers 2017, doi:10.1177/1948550616673876) for percentages. Checked against
    brute force and the example data ``pigs2`` of the R package scrutiny.

    Examples
    --------
    >>> grim_percent("54.0", 150), grim_percent("67.4", 150)
    (True, False)
    """
    return bool(possible_counts(percent, n, rounding=rounding))


@documented
def grimmer(
    mean: str,
    sd: str,
    n: int,
    scale: tuple[int, int] | None = None,
    *,
    rounding: str = "half-up",
    sd_rounding: str | None = None,
    sd_divisor: str = "n-1",
    items: int = 1,
    step: float = 1,
) -> bool:
    """Tell whether a printed mean and standard deviation can come from ``n`` scores.

    Parameters
    ----------
    mean, sd : str
        The printed mean and standard deviation.
    n : int
        Number of raters.
    scale : (int, int), optional
        Lowest and highest score. Without it any whole numbers will do, negative ones too.
    rounding : {"half-up", "half-even", "truncate", "ceil", "any"}
        How the mean was cut.
    sd_rounding : str, optional
        How the standard deviation was cut; by default like the mean, also within ``"any"`` (the
        same rule for both).
    sd_divisor : {"n-1", "n"}
        What the sum of squared deviations was divided by.
    items : int
        How many answers each rater's score is the mean of; ``scale`` is that of one answer, the
        standard deviation that of the raters' scores.
    |step|

    Returns
    -------
    bool
        False also for one rater with divisor n - 1, where there is no standard deviation.

    |printed_errors|

    Notes
    -----
    The question is that of GRIMMER (Anaya 2016, doi:10.7287/peerj.preprints.2400v1) and its analytic
    form (Allard 2018): some whole-number total must print the mean, and some whole sum of squares of
    the same parity must print the standard deviation. These are necessary; here the answer is
    exact, because whole numbers (on the scale) with such a total and sum of squares are looked for.
    Checked against brute force over all multisets, the examples of rsprite2 (5.21, 1.60, 28 is
    possible, Allard's 3.44, 2.47, 18 is not) and those of scrutiny, which agree but for 8.9, 2.81,
    25: scrutiny looks at one total only and rejects it, the tests here show such scores.

    Examples
    --------
    >>> grimmer("5.21", "1.60", 28), grimmer("3.44", "2.47", 18)
    (True, False)
    >>> grimmer("2.50", "1.73", 4, (1, 4)), grimmer("2.50", "1.73", 4, (1, 5))
    (True, True)
    """
    from kube_research.evidence.vectors import grimmer_step  # numpy, which GRIM does without

    reached = grimmer_step(mean, sd, n, scale, rounding, sd_rounding, sd_divisor, items, step)
    return reached == "ok"


def debit(
    mean: str,
    sd: str,
    n: int,
    *,
    rounding: str = "half-up",
    sd_rounding: str | None = None,
    sd_divisor: str = "n-1",
) -> bool:
    """Tell whether a printed mean and standard deviation can come from ``n`` zeros and ones.

    Parameters and errors are those of :func:`grimmer`.

    Returns
    -------
    bool

    Notes
    -----
    The question is that of DEBIT (Heathers and Brown 2019, https://osf.io/5vb3u/), which compares
    the deviation with the printed mean; here it is compared with every whole number of ones that
    prints the mean, so that small samples are judged more strictly. Checked against brute force and
    the example data ``pigs3`` of the R package scrutiny.

    Examples
    --------
    >>> debit("0.44", "0.50", 1683), debit("0.19", "0.35", 1683)
    (True, False)
    """
    return grimmer(
        mean,
        sd,
        n,
        (0, 1),
        rounding=rounding,
        sd_rounding=sd_rounding,
        sd_divisor=sd_divisor,
    )


@documented
def check_numbers(
    frame: pd.DataFrame,
    value: str | None = None,
    sd: str = "sd",
    n: str = "n",
    *,
    test: str = "grim",
    rounding: str = "half-up",
    sd_rounding: str | None = None,
    sd_divisor: str = "n-1",
    scale: tuple[int, int] | None = None,
    items: int | str = 1,
    step: float = 1,
    lang: str = "en",
) -> pd.DataFrame:
    """Say beside every printed number of a frame whether it can come from so many people.

    Parameters
    ----------
    frame : DataFrame
        One row per printed number.
    value, sd, n : str
        Its columns with the printed mean or percentage (text; by default ``"mean"``, and
        ``"percent"`` for percentages), the printed standard deviation (for GRIMMER and DEBIT) and
        the number of people.
    test : {"grim", "grimmer", "debit", "percent"}
        Which of :func:`grim`, :func:`grimmer`, :func:`debit` and :func:`grim_percent`.
    rounding, sd_rounding, sd_divisor, scale
        As for these, where the test takes them.
    items : int or str
        Answers per rater (of GRIM and GRIMMER), or the column that holds them.
    |step|
    |lang|

    Returns
    -------
    DataFrame
        A copy with the columns ``consistent`` (boolean; missing where an input is missing) and
        ``reason`` (text).

    Raises
    ------
    kube_research.errors.MissingColumnError
        If a column is not there; and what the test itself raises.

    Examples
    --------
    >>> import pandas as pd
    >>> six = pd.DataFrame({"mean": ["2.46", "2.33"], "n": [15, 15]})
    >>> check_numbers(six)["consistent"].tolist()
    [False, True]
    >>> rows = pd.DataFrame({"mean": ["3.44", "5.21"], "sd": ["2.47", "1.60"], "n": [18, 28]})
    >>> check_numbers(rows, test="grimmer")["reason"].tolist()
    ['total and sum of squares would be one odd and one even', 'possible']
    >>> shares = pd.DataFrame({"percent": ["70", "80"], "n": [15, 15]})
    >>> check_numbers(shares, test="percent")["consistent"].tolist()
    [False, True]
    """
    need_option("test", test, TESTS)

    def grim_step(printed: str, raters: int, answers: int) -> str:
        options: dict[str, Any] = {"rounding": rounding, "items": answers, "step": step}
        if possible_totals(printed, raters, scale=scale, **options):
            return "ok"
        free = possible_totals(printed, raters, **options)
        return "scale" if free else "mean"

    def percent_step(printed: str, people: int, _: int) -> str:
        return "ok" if grim_percent(printed, people, rounding=rounding) else "percent"

    def spread_step(printed: str, spread: str, raters: int, answers: int) -> str:
        ends, size = ((0, 1), 1.0) if test == "debit" else (scale, step)
        from kube_research.evidence.vectors import grimmer_step  # numpy, which GRIM does without

        return grimmer_step(
            printed, spread, raters, ends, rounding, sd_rounding, sd_divisor, answers, size
        )

    if test == "grim":
        return _judge(frame, (value or "mean", n), items, grim_step, lang)
    if test == "percent":
        return _judge(frame, (value or "percent", n), 1, percent_step, lang)
    return _judge(frame, (value or "mean", sd, n), items, spread_step, lang)


def _judge(
    frame: pd.DataFrame,
    columns: Sequence[str],
    items: int | str,
    step: Callable[..., str],
    lang: str,
) -> pd.DataFrame:
    """Run a test once per distinct row of the columns and put its outcome beside each row."""
    import pandas as pd

    check_language(lang)
    names = [*columns, items] if isinstance(items, str) else list(columns)
    need_columns(frame, *names)
    cells = [frame[name].tolist() for name in names]
    if not isinstance(items, str):
        cells.append([items] * len(frame))
    seen: dict[tuple[object, ...], str] = {}
    steps = []
    for row in zip(*cells, strict=True):
        missing = any(pd.isna(value) for value in row)
        if not missing and row not in seen:
            seen[row] = step(*row)
        steps.append("missing" if missing else seen[row])
    outcome = [None if name == "missing" else name == "ok" for name in steps]
    return frame.assign(
        consistent=pd.array(outcome, dtype="boolean"),
        reason=pd.array([text(f"implied.reason_{name}", lang) for name in steps], dtype="string"),
    )


@documented
def consistent_n(
    means: Iterable[str] = (),
    up_to: int | Iterable[int] = 60,
    *,
    rounding: str = "half-up",
    percents: Iterable[str] = (),
    items: int = 1,
    step: float = 1,
) -> list[int]:
    """Return every number of raters for which all the printed numbers are possible at once.

    Parameters
    ----------
    means : iterable of str
        Printed means of scores by the same raters.
    up_to : int or iterable of int
        Largest number of raters to try, or the numbers to try, such as ``range(10, 41)``.
    rounding : str
        Rounding rule, or ``"any"``: then each number may follow any of the four.
    percents : iterable of str
        Printed percentages of the same raters.
    items : int
        How many answers each rater's score is the mean of.
    |step|

    Returns
    -------
    list of int
        Sorted, each once.

    Raises
    ------
    kube_research.errors.PrintedNumberError, kube_research.errors.OptionError
        Also when ``means`` is one text instead of several.

    Examples
    --------
    >>> six = ["2.46", "2.33", "2.40", "2.46", "2.20", "2.26"]
    >>> consistent_n(six, rounding="truncate")
    [15, 30, 45, 60]
    >>> consistent_n(six, range(10, 41), rounding="truncate"), consistent_n(percents=["70", "95"])
    ([15, 30], [20, 37, 40, 43, 44, 56, 57, 60])
    """
    if isinstance(means, str) or isinstance(percents, str):
        raise OptionError(text("implied.several", value=means or percents))
    size = check_step(step)
    numbers = [
        (in_steps(unround(mean, rounding), 0, size), check_n(items, "items")) for mean in means
    ]
    shares = [unround(percent, rounding) for percent in percents]
    tried = range(1, check_n(up_to) + 1) if isinstance(up_to, int) else up_to

    def able(n: int) -> bool:
        return all(whole_numbers(interval, n * k) for interval, k in numbers) and all(
            any(0 <= count <= n for count in whole_numbers(interval, Fraction(n, 100)))
            for interval in shares
        )

    return [n for n in sorted({check_n(n) for n in tried}) if able(n)]


@documented
def means_audit(
    item_means: pd.DataFrame, *, up_to: int = 60, step: float | None = None
) -> pd.DataFrame:
    """Show which rounding rule and which number of raters the printed means allow.

    Parameters
    ----------
    item_means : DataFrame
        Columns ``mean`` (printed text) and ``n``, and ``round``.
    up_to : int
        Largest number of raters to try.
    |carried_step|

    Returns
    -------
    DataFrame
        One row per round and rule: ``means`` (how many), ``possible`` (how many are possible with the
        stated n), ``impossible`` (which are not), ``raters`` (every number of raters up to ``up_to``
        that allows all of them), ``evidence``.
    """
    import pandas as pd

    need_columns(item_means, "round", "mean", "n")
    size, rows = step_of(item_means, step), []
    for number, part in item_means.groupby("round"):
        pairs = list(zip(part["mean"], part["n"].astype(int), strict=True))
        for rule in RULES:
            bad = [mean for mean, n in pairs if not grim(mean, n, rounding=rule, step=size)]
            able = consistent_n(part["mean"], up_to, rounding=rule, step=size)
            rows.append(
                {
                    "round": number,
                    "rounding": rule,
                    "means": len(pairs),
                    "possible": len(pairs) - len(bad),
                    "impossible": ", ".join(dict.fromkeys(bad)),
                    "raters": ", ".join(str(n) for n in able),
                    "evidence": "derived",
                }
            )
    return pd.DataFrame(rows)


@documented
def sd_bounds(
    total: float, n: int, scale: tuple[int, int], *, step: float = 1
) -> tuple[float, float]:
    """Return the smallest and largest sample standard deviation that a total allows.

    Parameters
    ----------
    total : int or float
        Sum of the ``n`` scores.
    n : int
        Number of scores, at least 2.
    scale : (int, int)
        Lowest and highest score.
    |step|

    Returns
    -------
    (float, float)
        With divisor ``n - 1``. Smallest: all scores within one step of each other. Largest: every
        score at an end of the scale, but at most one.

    Raises
    ------
    kube_research.errors.ScaleError
        If the total cannot be reached on the scale.

    Notes
    -----
    Among whole numbers with a fixed sum, the sum of squares is least when they are as equal as
    possible and greatest when they are as far apart as possible (majorisation). Checked against
    brute force over all count vectors in the tests.

    Examples
    --------
    >>> [round(end, 3) for end in sd_bounds(37, 15, (1, 4))]
    [0.516, 1.506]
    """
    low, top, size = check_steps(scale, step)
    exact = (Fraction(str(total)) - check_n(n) * low) / size
    if n < 2 or not 0 <= exact <= n * top or exact.denominator != 1:
        high = scale[1]
        raise ScaleError(text("error.total_off_scale", total=total, n=n, low=low, high=high))
    steps = int(exact)  # scores are now 0 to top
    base, more = divmod(steps, n)
    least = more * (base + 1) ** 2 + (n - more) * base**2
    tops, rest = divmod(steps, top)
    most = tops * top**2 + rest**2
    spread = [Fraction(squares * n - steps**2, n * (n - 1)) for squares in (least, most)]
    return float(size**2 * spread[0]) ** 0.5, float(size**2 * spread[1]) ** 0.5
