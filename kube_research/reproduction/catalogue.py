"""Every table and figure the package makes: which printed one it rebuilds, where, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kube_research.errors import OptionError
from kube_research.texts import LANGUAGES, check_language, text

if TYPE_CHECKING:
    import pandas as pd

    from kube_research.site.folder import Site


@dataclass(frozen=True)
class Output:
    """One table or figure.

    Attributes
    ----------
    name : str
        Its name, also of its files.
    kind : {"table", "figure"}
    notebook : str
        File name of the notebook that shows it.
    module : str
        Module of this package that makes it.
    printed : str
        The printed table or figure it rebuilds; empty for our own.
    logs : str
        The raw-log table it needs; where a site lacks it, the simulated twin stands in.
    long : bool
        Whether the frame it draws is too long to be shown below it.
    """

    name: str
    kind: str
    notebook: str
    module: str
    printed: str = ""
    logs: str = ""
    long: bool = False

    @property
    def function(self) -> Callable[..., Any]:
        """The function that makes it."""
        made: Callable[..., Any] = getattr(import_module(f"kube_research.{self.module}"), self.name)
        return made

    @property
    def frame(self) -> Callable[[Site], pd.DataFrame]:
        """The function that returns the frame a figure draws."""
        if self.name.startswith("figure_"):
            from kube_research.study.figures import diagram_frame

            return partial(diagram_frame, number=int(self.name.rpartition("_")[2]))
        made: Callable[[Site], pd.DataFrame] = getattr(
            import_module(f"kube_research.{self.module}"), f"{self.name}_frame"
        )
        return made

    def files(self, simulated: bool = False) -> list[str]:
        """Names of the files it is written to, in every language."""
        stem = f"{self.name}-simulated" if simulated else self.name
        endings = ("csv", "md") if self.kind == "table" else ("svg", "png")
        return [f"{stem}.{lang}.{ending}" for lang in LANGUAGES for ending in endings]


_STUDY = "01_study_and_data.ipynb"
_PEKA = "02_reassessment.ipynb"
_MEETINGS = "03_mentoring_meetings.ipynb"
_OUTCOMES = "04_intervention_outcomes.ipynb"
_FINANCE = "05_group_finances.ipynb"
_CHANGE = "06_before_and_after.ipynb"
_DESIGN = "07_final_design_and_claims.ipynb"

OUTPUTS = (
    Output("figure_1", "figure", _STUDY, "study.figures", "Figure 1"),
    Output("table_2", "table", _PEKA, "study.tables", "Table 2"),
    Output("figure_2", "figure", _PEKA, "study.figures", "Figure 2"),
    Output("table_4", "table", _MEETINGS, "study.tables", "Table 4"),
    *(
        Output(f"table_{n}", "table", _OUTCOMES, "study.tables", f"Table {n}")
        for n in (5, 6, 7, 8, 9)
    ),
    Output("figure_3", "figure", _CHANGE, "study.figures", "Figure 3"),
    Output("figure_4", "figure", _DESIGN, "study.figures", "Figure 4"),
    Output("figure_5", "figure", _DESIGN, "study.figures", "Figure 5"),
    Output("study_timeline", "figure", _STUDY, "figures.timeline"),
    Output("peka_profile", "figure", _PEKA, "figures.profile"),
    Output("peka_radar", "figure", _CHANGE, "figures.rounds", logs="ratings"),
    Output("before_after", "figure", _CHANGE, "figures.rounds", logs="ratings"),
    Output("attendance_activities", "figure", _MEETINGS, "figures.logs", logs="attendance"),
    Output(
        "attendance_heatmap",
        "figure",
        _MEETINGS,
        "figures.attendance",
        logs="attendance",
        long=True,
    ),
    Output("attendance_rates_plot", "figure", _MEETINGS, "figures.attendance", logs="attendance"),
    Output("rater_flow_plot", "figure", _MEETINGS, "figures.attendance", logs="ratings"),
    Output("targets_results", "figure", _OUTCOMES, "figures.logs"),
    Output("balances", "figure", _FINANCE, "figures.books", logs="ledger", long=True),
    Output("cash_flow_months", "figure", _FINANCE, "figures.books", logs="ledger", long=True),
    Output("writing_calendar", "figure", _FINANCE, "figures.months", logs="ledger", long=True),
    Output("cooperative_months", "figure", _FINANCE, "figures.months", logs="ledger", long=True),
    Output("member_savings_plot", "figure", _FINANCE, "figures.savings", logs="ledger"),
    Output("iks_rule_plot", "figure", _FINANCE, "figures.iks", logs="ledger"),
    Output("growth_tiles", "figure", _FINANCE, "figures.growth", logs="ledger", long=True),
    Output("indicators_table", "table", _FINANCE, "finance.indicators", logs="ledger"),
    Output("decision_map", "figure", _CHANGE, "figures.decision", long=True),
    Output("estimation_plot", "figure", _CHANGE, "figures.comparison", logs="ratings"),
    Output("cumming_plot", "figure", _CHANGE, "figures.comparison", logs="ratings", long=True),
    Output("slope_graph", "figure", _CHANGE, "figures.comparison", logs="ratings"),
    Output("score_bars", "figure", _CHANGE, "figures.comparison", logs="ratings", long=True),
    Output("forest_plot", "figure", _CHANGE, "figures.comparison", logs="ratings"),
)


def find_output(name: str) -> Output:
    """Return an output by name, or raise OptionError naming all there are."""
    for output in OUTPUTS:
        if output.name == name:
            return output
    names = ", ".join(output.name for output in OUTPUTS)
    raise OptionError(text("error.no_figure", value=name, allowed=names))


def title_of(name: str, lang: str = "en") -> str:
    """Return the title of an output in ``lang``."""
    if name.startswith("figure_"):
        number = name.rpartition("_")[2]
        title = text(f"diagram.title_{number}", lang)
        return text("title.figure", lang, number=number, title=title)
    return text(f"title.{name}", lang)


def build(
    output: Output, site: Site, folder: Path, lang: str = "en"
) -> tuple[pd.DataFrame, list[Path]]:
    """Make an output in every language and write its files.

    Returns
    -------
    DataFrame
        The table in ``lang``, or the frame the figure draws.
    list of Path
        The files written.

    Raises
    ------
    kube_research.errors.MissingTableError
        If the site lacks the tables; nothing is written then.
    """
    stem = f"{output.name}-simulated" if site.simulated else output.name
    if output.kind == "table":
        from kube_research.shown import Shown

        made = {each: output.function(site, lang=each) for each in LANGUAGES}
        paths = []
        for each, table in made.items():
            title = title_of(output.name, each)
            paths += Shown.of(table, each).save(folder, f"{stem}.{each}", title)
        return made[lang], paths
    from kube_research.figures import style as marks

    frame = site.cached(output.frame)
    paths = []
    for each in LANGUAGES:
        axes = output.function(site, lang=each)
        first = axes if hasattr(axes, "figure") else axes[0]
        paths += marks.save(first.figure, folder, f"{stem}.{each}")
    return frame, paths


def readme_table(lang: str = "en") -> str:
    """Return the Markdown table from each printed table and figure to notebook, function and file."""
    heads = {
        "en": ("Printed", "Notebook", "Function", "File"),
        "id": ("Tercetak", "Notebook", "Fungsi", "Berkas"),
    }[check_language(lang)]
    lines = [f"| {' | '.join(heads)} |", "|---|---|---|---|"]
    ours = {"en": "(ours)", "id": "(tambahan kami)"}[lang]
    for output in OUTPUTS:
        file = next(
            name
            for name in output.files(simulated=bool(output.logs))
            if f".{lang}." in name and name.endswith(("md", "svg"))
        )
        cells = (
            f"{output.printed or ours}: {title_of(output.name, lang)}"
            if not output.printed
            else title_of(output.name, lang),
            f"[{output.notebook[:2]}](notebooks/{output.notebook})",
            f"`kr.{output.module.partition('.')[0]}.{output.name}(site)`",
            f"[{file}](figures/{file})",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
