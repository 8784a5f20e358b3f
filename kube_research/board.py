"""Printed against recomputed: one row for every printed value that can be computed again."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pandas as pd

from kube_research.recompute import CHECKS
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from kube_research.site import Site

COLUMNS = ("notebook", "check", "printed", "recomputed", "verdict", "evidence", "locator")
_ORDER = {"mismatch": 0, "conflict": 1, "match": 2}


def scoreboard(site: Site, *, notebook: str | None = None, lang: str = "en") -> pd.DataFrame:
    """Return every printed value beside the value computed again from other data.

    Parameters
    ----------
    site : Site
        The site. What it lacks (raw ratings, attendance, ledger) is taken from its simulated twin, and
        such rows are graded ``simulated``: they show that the pipeline returns the printed digits, not
        that the field data did.
    notebook : str, optional
        Only the rows of one notebook, such as ``"02"``.
    lang : {"en", "id"}
        Language of the descriptions.

    Returns
    -------
    DataFrame
        ``notebook``, ``check``, ``printed``, ``recomputed``, ``verdict`` (``match``, ``mismatch``, or
        ``conflict`` where the source contradicts itself and both readings are on record),
        ``evidence``, ``locator``; mismatches first. Tables that a site lacks give no rows.

    Examples
    --------
    >>> import kube_research as kr
    >>> board = scoreboard(kr.load_site("cibeunying"))
    >>> int((board["verdict"] == "mismatch").sum())
    0
    """
    check_language(lang)
    wanted = [check for check, of in CHECKS.items() if notebook is None or notebook in of]
    rows = [row.judged() for check in wanted for row in check(site, lang)]
    frame = pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS), dtype="string")
    if notebook is not None:
        frame = frame[frame["notebook"] == notebook]
    place = frame["verdict"].map(_ORDER)
    return frame.iloc[place.argsort(kind="stable")].reset_index(drop=True)


def headline(board: pd.DataFrame, lang: str = "en") -> str:
    """Return the one-line total of a scoreboard."""
    counts = {verdict: int((board["verdict"] == verdict).sum()) for verdict in _ORDER}
    return text("score.headline", lang, total=len(board), **counts)
