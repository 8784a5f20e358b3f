"""The Cumming plot: the change of every item with its interval, below the scores of both rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_research.figures_compare import estimation_plot, estimation_plot_frame

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from kube_research.site import Site


def cumming_plot_frame(site: Site) -> pd.DataFrame:
    """Return what :func:`cumming_plot` draws; see :func:`~kube_research.compare.compare_rounds`."""
    return estimation_plot_frame(site, by="item")


def cumming_plot(site: Site, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw the change of every item with its bootstrap interval.

    Parameters, return value and errors are those of
    :func:`kube_research.figures_compare.estimation_plot` with ``by="item"``.
    """
    return estimation_plot(site, by="item", lang=lang, ax=ax)
