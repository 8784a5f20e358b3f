"""What the rule for who counts as attended decides: rates under every rule, and their range."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pandas as pd

from kube_research.attendance.rates import (
    EXCUSED,
    counted_units,
    known_rows,
    labels,
    once_a_day,
    tally,
)
from kube_research.frames import as_list, documented

#: Whether late and represented people count, and what becomes of the excused.
_RULES = tuple(product((False, True), (False, True), EXCUSED))


@documented
def status_rules(
    attendance: pd.DataFrame,
    activities: pd.DataFrame | None = None,
    *,
    by: str | Sequence[str] | None = None,
    cluster: str | None = "person",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the rate under every rule for who counts: late, represented and excused people.

    Parameters
    ----------
    |attendance_list|
    |attendance_days|
    by : str, sequence of str or None
        As in :func:`~kube_research.attendance_rates`.
    |attendance_cluster|
    confidence : float
        Of the interval.

    Returns
    -------
    DataFrame
        Eight rows per level: ``late`` and ``represented`` (whether they count as attended),
        ``excused`` (counted or left out), ``rule`` (the three in words), ``n``, ``attended``,
        ``rate`` (missing where everybody was excused and left out), ``low``, ``high``, ``unit``,
        ``clusters``, ``few``, ``evidence``.

    |frame_errors|

    Notes
    -----
    Every row equals :func:`~kube_research.attendance_rates` under that rule (tests).

    Examples
    --------
    >>> two = pd.DataFrame({"status": ["present", "late", "excused", "absent"]})
    >>> status_rules(two)["rate"].round(2).unique().tolist()
    [0.25, 0.33, 0.5, 0.67]
    """
    known, keys = known_rows(attendance, by, "present", "counted")
    levels, choices, parts = labels(known, keys), [], []
    for number, (late, stood_in, excused) in enumerate(_RULES):
        came = ["present"] + ["late"] * late + ["represented"] * stood_in
        counts = (known["status"] != "excused") | (excused == "counted")
        part = known.assign(_came=known["status"].isin(came).astype("int64"), _counts=counts)
        parts.append(part.assign(_level=known["_level"] * len(_RULES) + number))
        rule = f"{' + '.join(came)}; excused {excused}"
        choices.append({"late": late, "represented": stood_in, "excused": excused, "rule": rule})
    rules = levels.reset_index().merge(pd.DataFrame(choices), how="cross")
    rules = rules.drop(columns="_level").rename_axis("_level")
    unit, cluster = counted_units(attendance, activities, keys, cluster)
    rows = once_a_day(pd.concat(parts), activities, keys, cluster)
    return tally(rows, rules, confidence, unit, cluster)


@documented
def rule_range(
    attendance: pd.DataFrame,
    activities: pd.DataFrame | None = None,
    *,
    by: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return what the rule decides: the lowest and highest rate over the rules of `status_rules`.

    Parameters
    ----------
    attendance, activities, by
        As in :func:`status_rules`.

    Returns
    -------
    DataFrame
        One row per level: ``lowest``, ``highest``, ``spread`` (their difference), ``lowest_rules``
        and ``highest_rules`` (every rule that gives them, joined by " | "), ``few``, ``evidence``.

    |frame_errors|

    Examples
    --------
    >>> row = rule_range(pd.DataFrame({"status": ["present", "late", "absent"]})).iloc[0]
    >>> round(float(row["lowest"]), 2), round(float(row["highest"]), 2)
    (0.33, 0.67)
    """
    rules, keys = status_rules(attendance, activities, by=by), as_list(by or ())
    rows = []
    for start in range(0, len(rules), 8):
        part = rules.iloc[start : start + 8]
        row = {key: part[key].iloc[0] for key in keys}
        for name, end in (("lowest", part["rate"].min()), ("highest", part["rate"].max())):
            row |= {name: end, f"{name}_rules": " | ".join(part.loc[part["rate"] == end, "rule"])}
        row |= {"spread": row["highest"] - row["lowest"], "few": part["few"].any()}
        rows.append(row | {"evidence": part["evidence"].iloc[0]})
    columns = ["lowest", "highest", "spread", "lowest_rules", "highest_rules", "few", "evidence"]
    return pd.DataFrame(rows, columns=[*keys, *columns])
