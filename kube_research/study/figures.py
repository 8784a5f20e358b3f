"""Figures 1 to 5 of the study, rebuilt from its text as flow diagrams."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec

from kube_research.errors import OptionError
from kube_research.figures.diagrams import draw_diagram
from kube_research.outputs import Output, register
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

    from kube_research.site.folder import Site

P = ParamSpec("P")
#: Figures that run to the right; the others run down.
RUNS_RIGHT = frozenset({1, 2})


def diagram(site: Site, number: int, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw one of the study's flow diagrams as rebuilt from its text.

    Parameters
    ----------
    site : object
        Anything with the frames ``diagram_nodes`` and ``diagram_edges``, such as a loaded site.
    number : int
        Number of the figure.
    lang : {"en", "id"}
        Language of the labels.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of two journal columns (175 mm) without it.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    OptionError
        If the language or the number is unknown.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import kube_research as kr
    >>> ax = kr.study.diagram(kr.load_site("cibeunying"), 2)
    >>> ax.texts[0].get_text()
    'Re-assessment'
    >>> plt.close(ax.figure)
    """
    check_language(lang)
    nodes, edges = (
        frame[frame["figure"].astype(int) == number]
        for frame in (site.diagram_nodes, site.diagram_edges)
    )
    if nodes.empty:
        known = ", ".join(str(n) for n in sorted({int(n) for n in site.diagram_nodes["figure"]}))
        raise OptionError(f"there is no diagram {number!r}; the site describes: {known}")
    return draw_diagram(
        nodes,
        edges,
        lang=lang,
        direction="right" if number in RUNS_RIGHT else "down",
        title=text(f"diagram.title_{number}", lang),
        ax=ax,
        remark=text("diagram.note", lang),
    )


def _diagram_frame(site: Site, number: int) -> DataFrame:
    """Return the boxes a diagram draws, in order: stage, kind, labels, evidence and locator."""
    nodes = site.diagram_nodes
    chosen = nodes[nodes["figure"] == number].sort_values(["stage", "order"], ignore_index=True)
    columns = ["stage", "kind", "label_en", "label_id", "evidence", "locator"]
    return chosen[columns]


def _registered(draw: Callable[P, Axes]) -> Output[P, Axes]:
    """Register a figure of the study by its number."""
    number = int(draw.__name__.rpartition("_")[2])

    def boxes(site: Site) -> DataFrame:
        return _diagram_frame(site, number)

    return register(draw, boxes)


@_registered
def figure_1(site: Site, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw Figure 1, the flow of the research; see :func:`diagram`."""
    return diagram(site, 1, lang=lang, ax=ax)


@_registered
def figure_2(site: Site, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw Figure 2, the initial design; see :func:`diagram`."""
    return diagram(site, 2, lang=lang, ax=ax)


@_registered
def figure_3(site: Site, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw Figure 3, from the initial design to the PEKA evaluation; see :func:`diagram`."""
    return diagram(site, 3, lang=lang, ax=ax)


@_registered
def figure_4(site: Site, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw Figure 4, the final design; see :func:`diagram`."""
    return diagram(site, 4, lang=lang, ax=ax)


@_registered
def figure_5(site: Site, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw Figure 5, the refined design; see :func:`diagram`."""
    return diagram(site, 5, lang=lang, ax=ax)
