"""Can these printed numbers be? GRIM, GRIMMER, DEBIT and percentages, one by one or for a frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from kube_research.evidence.means import possible_totals
from kube_research.evidence.printed import check_n, parse_printed, unround, whole_numbers
from kube_research.evidence.vectors import grimmer_step
from kube_research.frames import grade_of, need_columns, weakest
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    import pandas as pd


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
    found = whole_numbers(unround(percent, rounding), Fraction(check_n(n), 100))
    return [count for count in found if 0 <= count <= n]


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
) -> bool:
    """Tell whether a printed mean and standard deviation can come from ``n`` whole numbers.

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
        How many whole-number answers each rater's score is the mean of; ``scale`` is that of one
        answer, the standard deviation that of the raters' scores.

    Returns
    -------
    bool
        False also for one rater with divisor n - 1, where there is no standard deviation.

    Raises
    ------
    kube_research.errors.PrintedNumberError, kube_research.errors.OptionError
    kube_research.errors.ScaleError

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
    step = grimmer_step(mean, sd, n, scale, rounding, sd_rounding, sd_divisor, items)
    return step == "ok"


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


def grim_frame(
    frame: pd.DataFrame,
    mean: str = "mean",
    n: str = "n",
    *,
    rounding: str = "half-up",
    scale: tuple[int, int] | None = None,
    items: int | str = 1,
    lang: str = "en",
) -> pd.DataFrame:
    """Put the GRIM test beside every mean of a frame.

    Parameters
    ----------
    frame : DataFrame
        One row per printed mean.
    mean, n : str
        Its columns with the printed mean (text) and the number of raters.
    rounding, scale
        As in :func:`kube_research.evidence.means.grim`.
    items : int or str
        Answers per rater, or the column that holds them.
    lang : {"en", "id"}
        Language of the reasons.

    Returns
    -------
    DataFrame
        A copy with the columns ``consistent`` (boolean; missing where an input is missing) and
        ``reason`` (text).

    Raises
    ------
    kube_research.errors.MissingColumnError
        If a column is not there; and what :func:`kube_research.evidence.means.grim` raises.

    Examples
    --------
    >>> import pandas as pd
    >>> six = pd.DataFrame({"mean": ["2.46", "2.33"], "n": [15, 15]})
    >>> grim_frame(six)["consistent"].tolist()
    [False, True]
    """

    def step(printed: str, raters: int, answers: int) -> str:
        if possible_totals(printed, raters, rounding=rounding, scale=scale, items=answers):
            return "ok"
        free = possible_totals(printed, raters, rounding=rounding, items=answers)
        return "scale" if free else "mean"

    return _judge(frame, (mean, n), items, step, lang)


def grimmer_frame(
    frame: pd.DataFrame,
    mean: str = "mean",
    sd: str = "sd",
    n: str = "n",
    *,
    rounding: str = "half-up",
    sd_rounding: str | None = None,
    sd_divisor: str = "n-1",
    scale: tuple[int, int] | None = None,
    items: int | str = 1,
    lang: str = "en",
) -> pd.DataFrame:
    """Put the GRIMMER test beside every mean and standard deviation of a frame.

    Parameters are those of :func:`grim_frame` and :func:`grimmer`; ``scale=(0, 1)`` is DEBIT.

    Returns
    -------
    DataFrame
        A copy with ``consistent`` and ``reason``, as in :func:`grim_frame`.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"mean": ["3.44", "5.21"], "sd": ["2.47", "1.60"], "n": [18, 28]})
    >>> grimmer_frame(rows)["reason"].tolist()
    ['total and sum of squares would be one odd and one even', 'possible']
    """

    def step(printed: str, spread: str, raters: int, answers: int) -> str:
        return grimmer_step(
            printed, spread, raters, scale, rounding, sd_rounding, sd_divisor, answers
        )

    return _judge(frame, (mean, sd, n), items, step, lang)


def percent_frame(
    frame: pd.DataFrame,
    percent: str = "percent",
    n: str = "n",
    *,
    rounding: str = "half-up",
    lang: str = "en",
) -> pd.DataFrame:
    """Put the GRIM test for percentages beside every percentage of a frame.

    Parameters are those of :func:`grim_frame` and :func:`grim_percent`.

    Returns
    -------
    DataFrame
        A copy with ``consistent`` and ``reason``, as in :func:`grim_frame`.

    Examples
    --------
    >>> import pandas as pd
    >>> shares = pd.DataFrame({"percent": ["70", "80"], "n": [15, 15]})
    >>> percent_frame(shares)["consistent"].tolist()
    [False, True]
    """

    def step(printed: str, people: int, _: int) -> str:
        return "ok" if grim_percent(printed, people, rounding=rounding) else "percent"

    return _judge(frame, (percent, n), 1, step, lang)


def grim_audit(
    frame: pd.DataFrame,
    mean: str = "mean",
    n: str = "n",
    *,
    rounding: str = "half-up",
    scale: tuple[int, int] | None = None,
    items: int | str = 1,
) -> pd.DataFrame:
    """Sum up in one row how many of a frame's printed numbers are possible.

    Parameters
    ----------
    frame : DataFrame
        A result of :func:`grim_frame`, :func:`grimmer_frame` or :func:`percent_frame`, or else a
        frame of means, which is then tested by :func:`grim_frame` with the other parameters.

    Returns
    -------
    DataFrame
        One row: ``rows``, ``tested`` (nothing missing), ``consistent``, ``inconsistent``,
        ``share_inconsistent`` (of the tested; missing if none), ``testable`` (means with so few
        raters for their digits that some means would fail; missing without the two columns),
        ``distinct_n``, ``evidence``.

    Examples
    --------
    >>> import pandas as pd
    >>> six = pd.DataFrame({"mean": ["2.46", "2.33", "2.40"], "n": 15})
    >>> grim_audit(six)[["tested", "consistent", "inconsistent", "testable"]].values.tolist()
    [[3, 2, 1, 3]]
    """
    import pandas as pd

    if "consistent" not in frame:
        frame = grim_frame(frame, mean, n, rounding=rounding, scale=scale, items=items)
    tested = frame[frame["consistent"].notna().to_numpy()]
    good = int(tested["consistent"].astype(bool).sum())
    counts = pd.to_numeric(tested[n]) if n in frame else None
    testable: object = pd.NA
    if mean in frame and counts is not None:
        answers = counts * (tested[items] if isinstance(items, str) else items)
        pairs = zip(tested[mean], answers, strict=True)
        testable = sum(bool(size < 10 ** parse_printed(printed)[1]) for printed, size in pairs)
    row = {
        "rows": len(frame),
        "tested": len(tested),
        "consistent": good,
        "inconsistent": len(tested) - good,
        "share_inconsistent": 1 - good / len(tested) if len(tested) else float("nan"),
        "testable": testable,
        "distinct_n": pd.NA if counts is None else counts.nunique(),
        "evidence": weakest(["derived", grade_of(frame)]),
    }
    return pd.DataFrame([row])


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
