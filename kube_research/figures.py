"""Every figure by name: the study's five diagrams, and our data figures as frame and drawing.

A data figure is a pair: ``<name>_frame(site)`` returns the table that is plotted and
``<name>(site, lang=..., ax=...)`` draws it and returns its Axes; :func:`balances`, which has one panel
a book, returns a one-dimensional array of Axes. A table the site lacks raises
:class:`~kube_research.errors.MissingTableError`. Without ``ax`` a figure of fitting size is made, with
its notes and source, and with a strip across it when any row is simulated. With ``ax`` the notes and
the strip are the caller's to add (`kube_research.marks`), and the title of the axes says it when the
rows are simulated. Widths and sizes of type are those of a printed page, 175 mm wide.

Examples
--------
>>> import kube_research as kr, matplotlib.pyplot as plt
>>> site = kr.load_site("cibeunying")
>>> kr.figures.peka_profile_frame(site)["item"].tolist()
[9, 13, 14, 19, 23, 26]
>>> ax = kr.figures.peka_profile(site, lang="id")
>>> ax.get_xlabel()
'Nilai rata-rata (skala 1 sampai 4)'
>>> plt.close(ax.figure)
"""

from __future__ import annotations

from kube_research.diagrams import (
    figure_1,
    figure_2,
    figure_3,
    figure_4,
    figure_5,
)
from kube_research.figures_books import balances, balances_frame
from kube_research.figures_logs import (
    attendance_activities,
    attendance_activities_frame,
    targets_results,
    targets_results_frame,
)
from kube_research.figures_profile import peka_profile, peka_profile_frame
from kube_research.figures_rounds import (
    before_after,
    before_after_frame,
    peka_radar,
    peka_radar_frame,
)
from kube_research.figures_timeline import study_timeline, study_timeline_frame

__all__ = [
    "attendance_activities",
    "attendance_activities_frame",
    "balances",
    "balances_frame",
    "before_after",
    "before_after_frame",
    "figure_1",
    "figure_2",
    "figure_3",
    "figure_4",
    "figure_5",
    "peka_profile",
    "peka_profile_frame",
    "peka_radar",
    "peka_radar_frame",
    "study_timeline",
    "study_timeline_frame",
    "targets_results",
    "targets_results_frame",
]
