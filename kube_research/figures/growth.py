"""The figure of the growth checklist: which criteria each group meets, and which not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.figures import style
from kube_research.figures.sheet import (
    MARGIN,
    Grid,
    Look,
    Row,
    Tile,
    cut_note,
    figure,
    headed,
    tile_keys,
)
from kube_research.formats import Currency, money, number, percent
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site

_MET, _UNMET = style.VERDICTS["met"], style.VERDICTS["missed"]
#: Each verdict has its sign; never the colour alone.
_VERDICTS = {
    "met": Tile(style.tint(_MET, 0.85), "white", "bold"),
    "unmet": Tile("white", _UNMET, "bold", _UNMET, 1.0),
    "unknown": Tile("#ECEEF0", style.QUIET, "bold"),
}
_SIGNS = {"met": "✓", "unmet": "✗", "unknown": "?"}


def _growth_tiles_frame(site: Site) -> pd.DataFrame:
    """Return the checklist: every criterion of every group, met, unmet or unknown.

    Parameters
    ----------
    site : Site
        With ``ledger`` or ``attendance``; see :func:`~kube_research.finance.growth.growth_checklist`.

    Returns
    -------
    DataFrame
        As from :func:`~kube_research.finance.growth.growth_checklist`, with ``unit`` of the indicator.
        An unknown verdict, which has no grade of its own, carries that of the site's records.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = growth_tiles.frame(kr.load_site("cibeunying-simulated"))
    >>> frame["verdict"].value_counts().index[0]
    'met'
    """
    from kube_research.finance.growth import growth_checklist
    from kube_research.finance.indicators import indicators

    if not site.has("attendance"):
        site.table("ledger")
    checklist = growth_checklist(site)
    units = {name: indicator.unit for name, indicator in indicators().items()}
    checklist.insert(8, "unit", checklist["indicator"].map(units).astype("string"))
    grade = "simulated" if site.simulated else "recorded"
    return checklist.assign(evidence=checklist["evidence"].fillna(grade))


@figure(_growth_tiles_frame)
def growth_tiles(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Grid:
    """Draw one tile a criterion and group, by stage; below, the stage that the checklist decides.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = growth_tiles(kr.load_site("cibeunying-simulated"))
    >>> len(ax.get_yticklabels())
    18
    >>> plt.close(ax.figure)
    """
    from kube_research.finance.growth import growth_stages

    groups = list(dict.fromkeys(frame["group"]))
    criteria = frame.drop_duplicates("criterion")
    rows = [*zip(criteria["stage"], criteria[f"label_{lang}"], strict=True)]
    rows.append(("stages", text("figure.growth_tiles.reached", lang)))
    entries = headed((text(f"figure.growth_tiles.{head}", lang), str(row)) for head, row in rows)
    keys = tile_keys("growth_tiles", _VERDICTS, lang)
    sheet = Grid(
        ax,
        text("figure.growth_tiles.title", lang),
        lang,
        entries=entries,
        columns=[text("figure.group", lang, group=group) for group in groups],
        left=2.75,
        words=1.0,
        least=0.22,
        keys=[
            [
                (f"{sign} {words}", key)
                for sign, (words, key) in zip(_SIGNS.values(), keys, strict=True)
            ]
        ],
    )
    end = sheet.right - MARGIN
    sheet.head(end, text("figure.growth_tiles.asked", lang), ha="right")
    verdicts = frame.pivot(index="criterion", columns="group", values="verdict")
    verdicts = verdicts.reindex(index=criteria["criterion"], columns=groups)
    signs = verdicts.map(lambda verdict: _SIGNS.get(verdict, ""))
    *asked, reached = sheet.plain
    sheet.tiles(asked, verdicts, _VERDICTS, signs)
    for row, criterion in zip(asked, criteria.to_dict("records"), strict=True):
        look: Look = {"right": True, "ha": "right", "va": "center_baseline", "color": style.QUIET}
        sheet.words(
            end, row.y, _asked(criterion, lang, site.info.money), gid=sheet.tag("asked"), **look
        )
    if groups:
        _stages(sheet, reached, growth_stages(frame), groups)
    notes = [text("figure.growth_tiles.note", lang), cut_note(sheet.all_rows, lang)]
    return sheet.noted(*notes)


def _asked(line: dict[Any, Any], lang: str, currency: Currency) -> str:
    """Return what a criterion asks for, or that somebody has to answer it."""
    if pd.isna(line["indicator"]):
        return text("figure.growth_tiles.answer", lang)
    value = float(line["threshold"])
    forms = {"share": percent(100 * value, lang)}
    forms |= {"rupiah": money(value * currency.unit, lang, currency)}
    sign = str(line["comparison"]).replace(">=", "≥").replace("<=", "≤")
    return f"{sign} {forms.get(str(line['unit']), number(value, lang, '0.##'))}"


def _stages(sheet: Grid, row: Row, stages: pd.DataFrame, groups: list[str]) -> None:
    """Write the stage of each group in a row: one word, or from which to which."""
    for line in stages.to_dict("records"):
        ends = dict.fromkeys([line["stage_low"], line["stage_high"]])
        words = [text(f"figure.growth_tiles.short_{end}", sheet.lang) for end in ends]
        look: Look = {"ha": "center", "va": "center", "fontsize": style.SMALL}
        look |= {"gid": sheet.tag("stage"), "linespacing": 1.1, "fontweight": "bold"}
        x = groups.index(line["group"]) + 0.5
        sheet.ax.text(x, row.y, " –\n".join(words), **look)
