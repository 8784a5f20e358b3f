"""Attendance: who came, as rates with honest intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.frames import FEW, as_list, grades_by, need_columns, need_option

#: Statuses that count as attended unless the caller says otherwise.
ATTENDED = ("present", "late")
STATUSES = ("present", "late", "excused", "absent", "represented")


def wilson_interval(
    count: npt.ArrayLike, n: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the Wilson score interval of a proportion.

    Parameters
    ----------
    count, n : array_like of int
        Successes and trials, of one shape. Where ``n`` is 0 both ends are nan.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    (ndarray, ndarray)
        Lower and upper end, of the shape of the input.

    Notes
    -----
    Wilson (1927), doi:10.1080/01621459.1927.10502953. Checked against
    ``scipy.stats.binomtest(...).proportion_ci(method="wilson")``.

    Examples
    --------
    >>> low, high = wilson_interval(15, 30)
    >>> round(float(low), 3), round(float(high), 3)
    (0.332, 0.668)
    """
    from scipy.special import ndtri

    k, size = np.asarray(count, dtype=float), np.asarray(n, dtype=float)
    z2 = ndtri(0.5 + confidence / 2) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = k / size
        centre = (rate + z2 / (2 * size)) / (1 + z2 / size)
        spread = np.sqrt(z2 * (rate * (1 - rate) + z2 / (4 * size)) / size) / (1 + z2 / size)
    low, high = np.clip(centre - spread, 0, 1), np.clip(centre + spread, 0, 1)
    return np.where(k == 0, np.where(size > 0, 0.0, np.nan), low), np.where(
        (k == size) & (size > 0), 1.0, high
    )


def attendance_rates(
    attendance: pd.DataFrame,
    *,
    by: str | Sequence[str] = "activity",
    attended: Sequence[str] = ATTENDED,
    excused: str = "counted",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the rate of attendance per activity, group, role or any of them together.

    Parameters
    ----------
    attendance : DataFrame
        One row per activity and invited person, with ``status``.
    by : str or sequence of str
        Columns to break down by: ``"activity"``, ``"group"``, ``"role"``, ``"person"``, or several.
    attended : sequence of str
        Statuses that count as attended.
    excused : {"counted", "left out"}
        Whether excused people stay in the number invited.
    confidence : float
        Of the Wilson interval; people are taken as independent.

    Returns
    -------
    DataFrame
        One row per level: ``n`` invited, ``attended``, ``rate``, ``low``, ``high``, ``few`` (fewer
        than five people behind the row), ``evidence``. Activities keep their order of appearance.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Examples
    --------
    >>> import kube_research as kr
    >>> rates = attendance_rates(kr.load_site("cibeunying-simulated").attendance)
    >>> bool(rates["rate"].between(0.5, 0.6).all())
    True
    """
    keys = as_list(by)
    need_columns(attendance, *keys, "status")
    need_option("excused", excused, ("counted", "left out"))
    for status in attended:
        need_option("attended", status, STATUSES)
    known = attendance[attendance["status"].notna()]
    if excused == "left out":
        known = known[known["status"] != "excused"]
    counted = known.assign(_came=known["status"].isin(list(attended)).astype("int64"))
    grouped = counted.groupby(keys, sort="activity" not in keys, dropna=False)
    done = grouped["_came"].agg(n="size", attended="sum")
    done["rate"] = done["attended"] / done["n"]
    done["low"], done["high"] = wilson_interval(done["attended"], done["n"], confidence=confidence)
    people = grouped["person"].nunique() if "person" in counted else done["n"]
    done["few"] = people < FEW
    done["evidence"] = grades_by(counted, keys)
    return done.reset_index()
