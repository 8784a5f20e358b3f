"""The figure of the growth checklist: which criteria each group meets, and which not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.figures import style
from kube_research.figures.sheet import MARGIN, Grid, Look, Tile, cut_note, figure
from kube_research.formats import number, percent, rupiah
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
        As from :func:`~kube_research.finance.growth.growth_checklist`, with ``unit`` of the
        indicator. An
        unknown verdict, which has no grade of its own, carries that of the site's records.

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
    done = growth_checklist(site)
    units = {name: one.unit for name, one in indicators().items()}
    done.insert(8, "unit", done["indicator"].map(units).astype("string"))
    done["evidence"] = done["evidence"].fillna("simulated" if site.simulated else "recorded")
    return done


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
    entries, stages = [], []
    for stage, part in frame.groupby("stage", sort=False):
        asked = part.drop_duplicates("criterion")
        entries.append((text(f"figure.growth_tiles.{stage}", lang), True))
        entries += [(str(label), False) for label in asked[f"label_{lang}"]]
        verdicts = part.pivot(index="criterion", columns="group", values="verdict")
        stages.append((asked, verdicts.reindex(index=asked["criterion"], columns=groups)))
    entries.append((text("figure.growth_tiles.stages", lang), True))
    entries.append((text("figure.growth_tiles.reached", lang), False))
    keys = [
        (f"{_SIGNS[verdict]} {text(f'figure.growth_tiles.{verdict}', lang)}", tile.key)
        for verdict, tile in _VERDICTS.items()
    ]
    title = text("figure.growth_tiles.title", lang)
    sheet = Grid(
        ax,
        title,
        lang,
        entries=entries,
        columns=[text("figure.group", lang, group=group) for group in groups],
        left=2.75,
        words=1.0,
        least=0.22,
        keys=[keys],
    )
    sheet.head(sheet.right - MARGIN, text("figure.growth_tiles.asked", lang), ha="right")
    plain = iter(sheet.plain)
    for asked, verdicts in stages:
        rows = [next(plain) for _ in verdicts.index]
        signs = verdicts.map(lambda verdict: _SIGNS.get(verdict, ""))
        sheet.tiles(rows, verdicts, _VERDICTS, signs)
        for row, (_, criterion) in zip(rows, asked.iterrows(), strict=True):
            look: Look = {"ha": "right", "va": "center_baseline", "color": style.QUIET}
            words = _asked(criterion, lang)
            sheet.words(
                sheet.right - MARGIN, row.y, words, right=True, gid=sheet.tag("asked"), **look
            )
    if groups:
        _stages(sheet, growth_stages(frame), groups, lang)
    notes = [text("figure.growth_tiles.note", lang), cut_note(sheet.all_rows, lang)]
    return sheet.noted(*notes)


def _asked(line: pd.Series, lang: str) -> str:
    """Return what a criterion asks for, or that somebody has to answer it."""
    if pd.isna(line["indicator"]):
        return text("figure.growth_tiles.answer", lang)
    value = float(line["threshold"])
    forms = {"share": percent(100 * value, lang), "rupiah": rupiah(round(value), lang)}
    sign = str(line["comparison"]).replace(">=", "≥").replace("<=", "≤")
    return f"{sign} {forms.get(str(line['unit']), number(value, lang, '0.##'))}"


def _stages(sheet: Grid, stages: pd.DataFrame, groups: list[str], lang: str) -> None:
    """Write the stage of each group in the last row: one word, or from which to which."""
    row = sheet.plain[-1]
    for line in stages.to_dict("records"):
        ends = [line["stage_low"], line["stage_high"]]
        said = [text(f"figure.growth_tiles.short_{end}", lang) for end in dict.fromkeys(ends)]
        look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": style.SMALL}
        look |= {"gid": sheet.tag("stage"), "linespacing": 1.1, "fontweight": "bold"}
        x = groups.index(line["group"]) + 0.5
        sheet.ax.text(x, row.y, " –\n".join(said), **look)
