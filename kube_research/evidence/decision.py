"""The decision map: which printed means of a second round would show a significant rise.

Only the round-1 means are known. For every total that round 2 could have had, all pairs of data sets
compatible with both means are gone over, and the exact p of each pair says whether a significant rise
is impossible, possible or certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research.errors import OptionError, ScaleError
from kube_research.evidence.compatible import compatible_counts
from kube_research.evidence.ordinal import all_counts, exact_blocks
from kube_research.evidence.printed import (
    check_n,
    check_scale,
    parse_printed,
    print_number,
)
from kube_research.evidence.steps import check_steps
from kube_research.frames import (
    as_score,
    documented,
    grade_of,
    need_columns,
    step_of,
    turned_means,
    weakest,
)
from kube_research.texts import text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

#: What is found for two totals, and how it is put together for several: pairs of count vectors, those
#: with a significant rise, the ends of p and of Cliff's delta.
_MERGE: dict[str, Callable[[Any], Any]] = {
    **{"pairs": sum, "significant": sum, "p_low": min, "p_high": max},
    **{"delta_low": min, "delta_high": max},
}
REGIONS = ("impossible", "possible", "certain")
SCALES = ((1, 3), (1, 4), (1, 5))
#: Raters of round 2 where nothing says how many: those of the study.
N_AFTER = 18


def smallest_p_sign_flip(clusters: int) -> float:
    """Return the smallest two-sided p that a sign-flip test over so many clusters can give.

    The change of each cluster may have either sign: of the 2 ** clusters arrangements at least the
    observed one and its opposite are as extreme.

    Examples
    --------
    >>> smallest_p_sign_flip(5)
    0.0625
    """
    return min(1.0, 2.0 ** (1 - check_n(clusters, "clusters")))


def _cells(
    points: int, befores: Sequence[Any], n_after: int, alpha: Fraction
) -> dict[tuple[int, int, int], tuple[Any, ...]]:
    """Return what :data:`_MERGE` names for every (size, total) of round 1 and total of round 2.

    Totals are counted in steps from the lowest score.
    """
    at, after = np.arange(points), all_counts(n_after, points)
    before = np.unique(np.concatenate(befores), axis=0)
    merged: dict[tuple[int, int, int], tuple[Any, ...]] = {}
    for rows, columns, wins, extreme, divisions in exact_blocks(before, after):
        x, y = before[rows[0]], after[columns[0]]
        n, a, b = int(x.sum()), int(x @ at), int(y @ at)
        risen = (extreme <= int(alpha * divisions)) & (wins > 0) & (b * n > a * n_after)
        p, delta = extreme / float(divisions), wins / (n * n_after)
        cell = (wins.size, int(risen.sum()), p.min(), p.max(), delta.min(), delta.max())
        merged[n, a, b] = _merged([cell, *([merged[n, a, b]] if (n, a, b) in merged else [])])
    return merged


def _merged(cells: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(
        way(part) for way, part in zip(_MERGE.values(), zip(*cells, strict=True), strict=True)
    )


@documented
def decision_frame(
    source: Site | pd.DataFrame,
    *,
    scales: Sequence[tuple[int, int]] | None = None,
    n_after: int | None = None,
    alpha: float = 0.05,
    rounding: str | None = None,
    step: float | None = None,
) -> pd.DataFrame:
    """Return what every possible round-2 mean of every item would imply about a significant rise.

    Parameters
    ----------
    source : Site or DataFrame
        With printed means: a site, or its ``item_means`` (``item``, ``mean``, ``n``, perhaps ``round``,
        of which the first counts, and ``mean_recoded``, which marks means of negative statements).
    scales : sequence of (int, int), optional
        Scales to go through; by default the site's plausible ones, else 1-3, 1-4 and 1-5.
    n_after : int, optional
        Raters of round 2; by default what the site's ``rounds`` says of its last round, else 18.
    alpha : float
        Significance level; p at most alpha is significant.
    rounding : str, optional
        How the round-1 means were cut (or ``"any"``); by default the site's rule, else ``"half-up"``.
    |carried_step|

    Returns
    -------
    DataFrame
        One row per scale, item and round-2 total: ``scale_low``, ``scale_high``, ``item``, ``n_before``,
        ``printed_before``, ``mean_before`` (exact; missing if several totals print so), ``n_after``,
        ``total_after``, ``mean_after`` (exact), ``printed_after`` (by the same rule), ``pairs`` (of
        count vectors), ``significant`` (pairs with a significant rise), ``p_low``, ``p_high``,
        ``delta_low``, ``delta_high`` (over the pairs), ``region``, ``evidence``. A scale on which a
        mean is impossible has no rows of that item. Totals that print alike have a row each. Totals and
        exact means of a negative statement are turned round, so that a rise is one there too; what is
        printed is in the direction of the answers, and ``recoded`` says so.

    Raises
    ------
    kube_research.errors.ScaleError
        If a mean is impossible on every scale under the rounding rule.
    kube_research.errors.MissingTableError, kube_research.errors.OptionError
    kube_research.evidence.ordinal.SizeError

    Notes
    -----
    A pair shows a significant rise if the mean rises, Cliff's delta is positive, and the exact two-sided
    p of the Mann-Whitney test with ties is at most ``alpha``. ``impossible``: no compatible pair does;
    ``certain``: every pair does; ``possible``: some do. The raters of both rounds are taken as
    independent of one another. Checked against p-values of single pairs.

    Examples
    --------
    >>> import pandas as pd
    >>> means = pd.DataFrame({"item": [9], "mean": ["2.46"], "n": [15]})
    >>> frame = decision_frame(means, scales=[(1, 4)], rounding="truncate")
    >>> frame.loc[frame["total_after"] == 60, ["printed_after", "region"]].values.tolist()
    [['3.33', 'possible']]
    """
    means, site = (
        (source, None) if isinstance(source, pd.DataFrame) else (source.item_means, source)
    )
    need_columns(means, "item", "mean", "n")
    if "round" in means:
        means = means[means["round"] == means["round"].min()]
    if not 0 < alpha < 1:
        raise OptionError(text("decision.alpha", value=alpha))
    rule = rounding or (site.info.rounding if site else "half-up")
    wanted = [check_scale(scale) for scale in scales or (site.info.scales if site else SCALES)]
    if n_after is None and site is not None and site.has("rounds"):
        n_after = int(site.rounds.sort_values("round")["n_raters"].iloc[-1])
    later = check_n(N_AFTER if n_after is None else n_after, "n_after")
    raters = [check_n(n) for n in means["n"]]
    turned = turned_means(means)
    printed = list(zip(means["item"], means["mean"], raters, turned, strict=True))
    exact = Fraction(str(alpha))
    steps = [check_steps(scale, step_of(means, step)) for scale in wanted]
    rows = [row for scale in steps for row in _scale_rows(printed, scale, rule, later, exact)]
    known = {row["item"] for row in rows}
    if missing := [item for item in means["item"].tolist() if item not in known]:
        raise ScaleError(text("decision.no_scale", items=str(missing)[1:-1], rounding=rule))
    grade = weakest([grade_of(means) if len(means) else "bounded", "bounded"])
    frame = pd.DataFrame([{**row, "evidence": grade} for row in rows])
    return (
        frame.assign(recoded=frame["item"].isin(means["item"][turned])) if turned.any() else frame
    )


def _scale_rows(
    printed: Sequence[tuple[Any, str, int, bool]],
    steps: tuple[int, int, Fraction],
    rule: str,
    n_after: int,
    alpha: Fraction,
) -> Iterator[dict[str, Any]]:
    """Give the rows of one scale, of the items whose printed means are possible on it."""
    low, top, step = steps
    high = int(low + top * step)
    options: dict[str, Any] = {"rounding": rule, "step": as_score(step)}
    listed = {
        (mean, n, turned): compatible_counts(mean, n, (low, high), **options)[
            :, :: -1 if turned else 1
        ]
        for _, mean, n, turned in printed
    }
    fits = {key: counts for key, counts in listed.items() if len(counts)}
    if not fits:
        return
    cells = _cells(top + 1, list(fits.values()), n_after, alpha)
    for item, mean, n, turned in printed:
        if (mean, n, turned) not in fits:
            continue
        totals = sorted({int(total) for total in fits[mean, n, turned] @ np.arange(top + 1)})
        decimals, cut = parse_printed(mean)[1], "half-up" if rule == "any" else rule
        for after in range(n_after * top + 1):
            total = n_after * low + after * step
            cell = dict(zip(_MERGE, _merged([cells[n, t, after] for t in totals]), strict=True))
            given = n_after * (low + high) - total if turned else total
            some, every = cell["significant"] > 0, cell["significant"] == cell["pairs"]
            yield {
                "scale_low": low,
                "scale_high": high,
                "item": item,
                "n_before": n,
                "printed_before": mean,
                "mean_before": float(low + totals[0] * step / n) if len(totals) == 1 else np.nan,
                "n_after": n_after,
                "total_after": as_score(total),
                "mean_after": float(total / n_after),
                "printed_after": print_number(given / n_after, decimals, cut),
                **cell,
                "region": REGIONS[some + every],
            }


def decision_summary(frame: pd.DataFrame | Site) -> pd.DataFrame:
    """Return from which round-2 mean on a significant rise is possible, and from which certain.

    Parameters
    ----------
    frame : DataFrame or Site
        From :func:`decision_frame`; of a site, its decision frame is computed.

    Returns
    -------
    DataFrame
        One row per scale and item: ``n_before``, ``printed_before``, ``n_after``, and for
        ``possible`` (the first mean where it is) and ``certain`` (the first from which on it always is)
        ``<region>_total``, ``<region>_mean`` (exact) and ``<region>_printed``, missing where there is
        none; ``evidence``.

    Notes
    -----
    Holds for the Mann-Whitney test between two rounds of different raters. Where the same people rated
    twice a smaller total can be significant: fifteen people, item 9 from 37 to 43, may give a
    two-sided sign-flip p of 1/32.

    Examples
    --------
    >>> import pandas as pd
    >>> means = pd.DataFrame({"item": [9], "mean": ["2.46"], "n": [15]})
    >>> frame = decision_frame(means, scales=[(1, 4)], rounding="truncate")
    >>> decision_summary(frame)[["possible_total", "certain_total"]].values.tolist()
    [[50, 66]]
    """
    if not isinstance(frame, pd.DataFrame):
        frame = frame.cached(decision_frame)
    keys = ["scale_low", "scale_high", "item", "n_before", "printed_before", "n_after"]
    need_columns(frame, *keys, "total_after", "mean_after", "printed_after", "region", "evidence")
    rows = []
    for key, part in frame.groupby(keys, sort=False):
        line: dict[str, Any] = dict(zip(keys, key, strict=True))
        part = part.sort_values("total_after")
        sure = part["region"].eq("certain")[::-1].cumprod()[::-1].astype(bool)
        for name, rows_in in (("possible", part["region"] != "impossible"), ("certain", sure)):
            first = part[rows_in].head(1)
            for column in ("total", "mean", "printed"):
                values = first[f"{column}_after"]
                line[f"{name}_{column}"] = values.iloc[0] if len(values) else None
        rows.append({**line, "evidence": weakest(part["evidence"].unique())})
    kind = "Int64" if pd.api.types.is_integer_dtype(frame["total_after"]) else "Float64"
    return pd.DataFrame(rows).astype({"possible_total": kind, "certain_total": kind})
