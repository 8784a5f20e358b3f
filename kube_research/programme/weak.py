"""Items weak everywhere: below the threshold in every area, as far as the groups there can tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kube_research.compare.changes import student_interval
from kube_research.frames import FEW, as_list, grades_by, need_columns, need_confidence
from kube_research.programme.sums import in_memory


def weak_by_area(
    sums: Any,
    *,
    by: str | Sequence[str] = "province",
    threshold: float,
    confidence: float = 0.95,
    at: int | None = None,
) -> pd.DataFrame:
    """Say of every item in every area whether it is weak, with groups as the units.

    Parameters
    ----------
    sums : frame of any engine
        From :func:`~kube_research.programme.sums.item_area_sums`.
    by : str or sequence of str
        The areas.
    threshold : float
        Means below it are weak: an input of the programme, not a rule of PEKA.
    confidence : float
        Level of the t intervals over groups.
    at : int, optional
        The round; the last one by default.

    Returns
    -------
    DataFrame
        One row an item and area: ``round``, ``item``, ``by``, ``groups``, ``mean``, ``low``, ``high``,
        ``verdict`` (``"weak"``: the whole interval below the threshold; ``"strong"``: none of it;
        ``"unclear"``), ``few`` and ``evidence``.

    Examples
    --------
    >>> ratings = pd.DataFrame({"province": "22", "round": 1, "group": list("aabbcc"), "item": 5,
    ...                         "rater": list("uvwxyz"), "score": [1, 2, 1, 1, 1, 2]})
    >>> from kube_research.programme.sums import item_area_sums
    >>> found = weak_by_area(item_area_sums(ratings), threshold=2.5)
    >>> found[["item", "groups", "mean", "verdict"]].round(2).values.tolist()
    [[5, 3, 1.33, 'weak']]
    """
    need_confidence(confidence)
    names, rows = as_list(by), in_memory(sums)
    need_columns(rows, *names, "round", "item", "groups", "total", "squares")
    chosen = rows["round"].max() if at is None else at
    rows = rows[rows["round"] == chosen].sort_values(["item", *names], ignore_index=True)
    judged = rows[["round", "item", *names, "groups"]].copy()
    n, total, squares = (
        rows[name].to_numpy(dtype=float) for name in ("groups", "total", "squares")
    )
    mean = total / n
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.where(n > 1, np.maximum(squares - n * mean**2, 0) / (n - 1), np.nan)
        low, high, _ = student_interval(mean, np.sqrt(spread / n), n - 1, confidence)
    judged = judged.assign(mean=mean, low=low, high=high)
    verdict = np.select(
        [judged["high"] < threshold, judged["low"] >= threshold], ["weak", "strong"], "unclear"
    )
    judged["verdict"] = pd.Series(verdict, index=judged.index, dtype="string")
    judged["few"] = judged["groups"] < FEW
    return judged.assign(evidence=rows.get("evidence", "recorded"))


def weak_everywhere(areas: pd.DataFrame) -> pd.DataFrame:
    """Count, for every item, in how many areas it is weak.

    Parameters
    ----------
    areas : DataFrame
        From :func:`weak_by_area`.

    Returns
    -------
    DataFrame
        One row an item: ``round``, ``item``, ``groups``, ``mean`` (of all groups), ``areas``, ``weak``,
        ``unclear``, ``strong`` (numbers of areas), ``lowest`` and ``highest`` area mean, ``everywhere``
        (weak in every area) and ``evidence``. Items weak in most areas first, then by mean.

    Notes
    -----
    An area with an unclear item is not counted as weak, so ``everywhere`` errs on the side of silence.

    Examples
    --------
    >>> rows = pd.DataFrame({"round": 2, "item": [5, 5], "groups": [9, 1], "mean": [1.0, 2.0],
    ...                      "verdict": ["weak", "unclear"]})
    >>> weak_everywhere(rows)[["mean", "areas", "weak", "everywhere"]].values.tolist()
    [[1.1, 2, 1, False]]
    """
    need_columns(areas, "round", "item", "groups", "mean", "verdict")
    keys = ["round", "item"]
    marks = {
        name: (areas["verdict"] == name).astype("int64") for name in ("weak", "unclear", "strong")
    }
    rows = areas.assign(_total=areas["groups"] * areas["mean"], **marks)
    items = rows.groupby(keys, sort=True).agg(
        groups=("groups", "sum"),
        _total=("_total", "sum"),
        areas=("verdict", "size"),
        weak=("weak", "sum"),
        unclear=("unclear", "sum"),
        strong=("strong", "sum"),
        lowest=("mean", "min"),
        highest=("mean", "max"),
    )
    items.insert(1, "mean", items.pop("_total") / items["groups"])
    items["everywhere"] = items["weak"] == items["areas"]
    items["evidence"] = grades_by(areas, keys)
    order = ["weak", "mean", "item"]
    return items.reset_index().sort_values(order, ascending=[False, True, True], ignore_index=True)
