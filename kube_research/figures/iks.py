"""The figure of IKS: what came in, and what was set aside and used for each purpose against the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.figures import style
from kube_research.figures.sheet import MARGIN, Look, Row, Sheet, above_words, figure, ladder
from kube_research.formats import number, percent, rupiah
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site

#: The readings of the base that the figure holds side by side.
READINGS = ("profit", "iks_inflow")
_IKS = style.BOOKS["iks"]


def _iks_rule_plot_frame(site: Site) -> pd.DataFrame:
    """Return what came into the IKS book, and each purpose against both readings of the rule.

    Parameters
    ----------
    site : Site
        With ``ledger`` and ``iks_rule``; ``categories`` declare its own codes.

    Returns
    -------
    DataFrame
        One row per line of the figure, all groups together: ``part`` (``in``: money that came into the
        book; ``rule``: a purpose with a share, once a reading; ``other``: a purpose without one),
        ``name`` (flow or purpose), ``label_en``, ``label_id``, ``reading`` (of ``rule``), and in rupiah
        ``amount`` (came in, set aside, or spent), ``used`` (spent on the purpose in the months of the
        rule), ``due`` (what the reading asks for), ``base``; ``pct_of_base``, ``agreed_pct``
        (percent), ``evidence``.

    Raises
    ------
    kube_research.errors.MissingTableError

    Notes
    -----
    Amounts come from :func:`~kube_research.finance.iks.iks_statement`,
    :func:`~kube_research.finance.iks.iks_against_rule` and :func:`~kube_research.finance.iks.iks_use`.

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = iks_rule_plot.frame(kr.load_site("cibeunying-simulated"))
    >>> frame.query("part == 'rule'")[["name", "reading"]].values.tolist()[:2]
    [['sick_members', 'profit'], ['sick_members', 'iks_inflow']]
    """
    from kube_research.finance.iks import iks_against_rule, iks_statement, iks_use
    from kube_research.site.accounts import flows

    ledger, rule = site.table("ledger"), site.table("iks_rule")
    categories = site.table("categories") if site.has("categories") else None
    about = flows().set_index("flow")
    rows: list[dict[str, Any]] = []
    statement = iks_statement(ledger, categories, by=None)
    came = statement[statement["line"] == "in"]
    for flow, part in came.groupby("flow", sort=False):
        row: dict[str, Any] = {"part": "in", "name": flow, "amount": part["amount"].sum()}
        row |= {
            f"label_{lang}": str(about.loc[str(flow), f"label_{lang}"]) for lang in ("en", "id")
        }
        rows.append(row | {"evidence": part["evidence"].iloc[0]})
    names = rule.drop_duplicates("purpose").set_index("purpose")
    held = iks_against_rule(ledger, rule, categories, bases=READINGS)
    for line in held.to_dict("records"):
        row = {"part": "rule", "name": line["purpose"], "amount": line["set_aside"]}
        row |= {key: line[key] for key in ("reading", "used", "due", "base", "pct_of_base")}
        row |= {"agreed_pct": line["agreed_pct"], "evidence": line["evidence"]}
        rows.append(row | _labels(names, line["purpose"]))
    ruled = set(held["purpose"])
    for line in iks_use(ledger, rule, categories).to_dict("records"):
        if line["purpose"] not in ruled and pd.notna(line["used"]):
            row = {"part": "other", "name": line["purpose"], "amount": line["used"]}
            rows.append(row | _labels(names, line["purpose"]) | {"evidence": line["evidence"]})
    columns = ["part", "name", "label_en", "label_id", "reading", "amount", "used", "due", "base"]
    frame = pd.DataFrame(rows, columns=[*columns, "pct_of_base", "agreed_pct", "evidence"])
    kinds = dict.fromkeys(["amount", "used", "due", "base"], "Int64")
    kinds |= dict.fromkeys(["part", "name", "label_en", "label_id", "reading"], "string")
    return frame.astype(kinds | {"pct_of_base": "Float64", "evidence": "string"})


def _labels(names: pd.DataFrame, purpose: Any) -> dict[str, Any]:
    """Return the name of a purpose: what the rule calls it, else its code."""
    done: dict[str, Any] = {}
    for lang in ("en", "id"):
        called: Any = pd.NA
        if purpose in names.index and f"label_{lang}" in names:
            called = names.loc[purpose, f"label_{lang}"]
        unnamed = text("figure.iks_rule_plot.unnamed", lang) if pd.isna(purpose) else purpose
        done[f"label_{lang}"] = unnamed if pd.isna(called) else called
    return done


@figure(_iks_rule_plot_frame)
def iks_rule_plot(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw IKS money in rupiah: what came in; each purpose against what each reading asks for.

    A bar is what was set aside (or came in, or was spent on a purpose without a share), the dark tick
    what was spent on the purpose, the open bar what the reading of the rule asks for.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = iks_rule_plot(kr.load_site("cibeunying-simulated"))
    >>> ax.get_yticklabels()[0].get_text()
    'IKS dues'
    >>> plt.close(ax.figure)
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    entries = _entries(frame, lang)
    left, right = 1.9, 2.1
    keys = [
        ("came", Rectangle((0, 0), 1, 1, **_LOOKS["amount"])),
        ("due", Rectangle((0, 0), 1, 1, **_LOOKS["due"])),
        ("used", Line2D([], [], **_USED)),
    ]
    key = [(text(f"figure.iks_rule_plot.{name}", lang), handle) for name, handle in keys]
    rows, height = ladder(entries, left - 0.2, least=0.3)
    title = text("figure.iks_rule_plot.title", lang)
    size: Look = {"left": left, "right": right, "head": 0.3}
    sheet = Sheet(ax, title, lang, height=max(height, 0.3), keys=[key], **size)
    sheet.rows(rows)
    amounts = frame[["amount", "used", "due"]].astype("float64").max().max()
    high = amounts if pd.notna(amounts) and amounts > 0 else 1.0
    sheet.ax.set_xlim(0, 1.04 * high)
    unit, word = (1e6, "million") if high >= 2e6 else (1e3, "thousand")
    sheet.ax.xaxis.set_major_locator(MaxNLocator(5))
    sheet.ax.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: number(value / unit, lang, "#,##0.###"))
    )
    sheet.ax.grid(axis="x")
    sheet.ax.set_xlabel(text(f"figure.balances.{word}", lang))
    for x, name in ((0.95, "amount"), (right - MARGIN, "share")):
        words = text(f"figure.iks_rule_plot.{name}", lang)
        above_words(sheet, sheet.plot + x, words, ha="right")
    plain = [row for row in rows if not row.head]
    for row, line in zip(plain, frame.to_dict("records"), strict=True):
        _line(sheet, row, line, right)
    return sheet.noted(text("figure.iks_rule_plot.note", lang))


_LOOKS: dict[str, dict[str, Any]] = {
    "amount": {"facecolor": style.tint(_IKS, 0.6), "edgecolor": "none"},
    "due": {"facecolor": "none", "edgecolor": style.INK, "lw": 0.8},
}
_USED: Look = {"marker": "|", "ms": 10, "mew": 2.2, "color": style.INK, "ls": ""}


def _entries(frame: pd.DataFrame, lang: str) -> list[tuple[str, bool]]:
    """Return the labels of the rows under headings: money in, each purpose, purposes without a share."""
    entries: list[tuple[str, bool]] = []
    last = ""
    for line in frame.to_dict("records"):
        part, label = str(line["part"]), str(line[f"label_{lang}"])
        agreed = "" if part != "rule" else percent(float(line["agreed_pct"]), lang)
        heads = {
            "in": text("figure.iks_rule_plot.in", lang),
            "rule": text("figure.iks_rule_plot.rule", lang, purpose=label, pct=agreed),
            "other": text("figure.iks_rule_plot.other", lang),
        }
        if heads[part] != last:
            last = heads[part]
            entries.append((last, True))
        if part == "rule":
            label = text(f"figure.iks_rule_plot.of_{line['reading']}", lang)
        entries.append((label[:1].upper() + label[1:], False))
    return entries


def _line(sheet: Sheet, row: Row, line: dict[Any, Any], right: float) -> None:
    """Draw one line: bar, open bar and tick; write the amount and its share of the base."""
    lang = sheet.lang
    if pd.notna(line["amount"]):
        look: Look = {**_LOOKS["amount"], "zorder": 2, "gid": sheet.tag(f"amount-{line['part']}")}
        sheet.ax.barh(row.y, float(line["amount"]), 0.15, **look)
        look = {"ha": "right", "va": "center_baseline", "gid": sheet.tag("rupiah")}
        sheet.words(0.95, row.y, rupiah(int(line["amount"]), lang), right=True, **look)
    if pd.notna(line["due"]):
        look = {**_LOOKS["due"], "zorder": 3, "gid": sheet.tag("due")}
        sheet.ax.barh(row.y, float(line["due"]), 0.24, **look)
    if pd.notna(line["used"]):
        sheet.ax.plot(float(line["used"]), row.y, zorder=4, gid=sheet.tag("used"), **_USED)
    if pd.notna(line["pct_of_base"]):
        words = percent(round(float(line["pct_of_base"]), 1), lang)
        look = {"ha": "right", "va": "center_baseline", "fontweight": "bold"}
        look |= {"gid": sheet.tag("pct")}
        sheet.words(right - MARGIN, row.y, words, right=True, **look)
