"""Every figure and table the package makes: declared once, made by the function that is registered."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import update_wrapper, wraps
from importlib import import_module
from typing import Any, Generic, ParamSpec, TypeVar, cast

from kube_research.errors import OptionError
from kube_research.frames import documented
from kube_research.texts import LANGUAGES, text

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(eq=False)
class Output(Generic[P, R]):
    """A registered figure or table: called with a site it makes it, ``frame(site)`` returns its data.

    Attributes
    ----------
    name : str
        Its name, also of its files.
    kind : {"table", "figure"}
    notebook : str
        File name of the notebook that shows it.
    module : str
        Module of this package that makes it; imported on first use.
    printed : str
        The printed table or figure it rebuilds; empty for our own.
    logs : str
        The raw-log table it needs; where a site lacks it, the simulated twin stands in.
    long : bool
        Whether the frame it draws is too long to be shown below it.

    Examples
    --------
    >>> import kube_research as kr
    >>> output = find_output("peka_profile")
    >>> output is kr.figures.peka_profile
    True
    >>> output.frame(kr.load_site("cibeunying"))["item"].tolist()
    [9, 13, 14, 19, 23, 26]
    """

    name: str
    kind: str
    notebook: str
    module: str
    printed: str = ""
    logs: str = ""
    long: bool = False
    _make: Callable[P, R] | None = field(default=None, init=False, repr=False)
    _frame: Callable[..., Any] | None = field(default=None, init=False, repr=False)

    def __call__(self, *args: P.args, **options: P.kwargs) -> R:
        """Make it."""
        return self._bound()[0](*args, **options)

    @property
    def frame(self) -> Callable[..., Any]:
        """The function that returns, of a site, what a figure draws, or the table; worked out once."""
        return self._bound()[1]

    def title(self, lang: str = "en") -> str:
        """Return its title in ``lang``."""
        if self.name.startswith("figure_"):
            number = self.name.rpartition("_")[2]
            title = text(f"diagram.title_{number}", lang)
            return text("title.figure", lang, number=number, title=title)
        return text(f"title.{self.name}", lang)

    def files(self, simulated: bool = False) -> list[str]:
        """Return the names of the files it is written to, in every language."""
        stem = f"{self.name}-simulated" if simulated else self.name
        endings = ("csv", "md") if self.kind == "table" else ("svg", "png")
        return [f"{stem}.{lang}.{ending}" for lang in LANGUAGES for ending in endings]

    def _bound(self) -> tuple[Callable[P, R], Callable[..., Any]]:
        if self._make is None or self._frame is None:
            import_module(f"kube_research.{self.module}")
        if self._make is None or self._frame is None:
            raise LookupError(f"kube_research.{self.module} does not register {self.name}")
        return self._make, self._frame


def register(make: Callable[P, R], frame: Callable[..., Any] | None = None) -> Output[P, R]:
    """Register the function that makes the output of its name.

    Parameters
    ----------
    make : callable
        Of a site; its docstring and signature become those of the output.
    frame : callable, optional
        Of a site and hashable options; returns what a figure draws. A table is its own frame.

    Returns
    -------
    Output
        To stand in the module under the name of the function.
    """
    output = cast("Output[P, R]", find_output(make.__name__))
    output._make = make
    output._frame = make if frame is None else _once_a_site(frame, f"{output.name}.frame")
    update_wrapper(output, make)
    output.__dict__["__signature__"] = inspect.signature(make)
    return output


def table(make: Callable[P, R]) -> Output[P, R]:
    """Register a table: a function of a site and a language that returns its frame."""
    return register(documented(make))


def _once_a_site(frame: Callable[..., Any], name: str) -> Callable[..., Any]:
    signature = inspect.signature(frame)

    @wraps(frame)
    def cached(site: Any, **options: Any) -> Any:
        given = signature.bind(site, **options)
        given.apply_defaults()
        return site.cached(frame, *given.args[1:])

    cached.__name__, cached.__qualname__ = "frame", name
    return cached


_STUDY = "01_study_and_data.ipynb"
_PEKA = "02_reassessment.ipynb"
_MEETINGS = "03_mentoring_meetings.ipynb"
_OUTCOMES = "04_intervention_outcomes.ipynb"
_FINANCE = "05_group_finances.ipynb"
_CHANGE = "06_before_and_after.ipynb"
_DESIGN = "07_final_design_and_claims.ipynb"

#: All of them, in the order of the READMEs. To list them imports no module that makes one.
OUTPUTS: tuple[Output[..., Any], ...] = (
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
    Output("study_timeline", "figure", _STUDY, "figures.activities"),
    Output("peka_profile", "figure", _PEKA, "figures.rounds"),
    Output("peka_radar", "figure", _CHANGE, "figures.rounds", logs="ratings"),
    Output("before_after", "figure", _CHANGE, "figures.rounds", logs="ratings"),
    Output("attendance_activities", "figure", _MEETINGS, "figures.attendance", logs="attendance"),
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
    Output("targets_results", "figure", _OUTCOMES, "figures.activities"),
    Output("balances", "figure", _FINANCE, "figures.books", logs="ledger", long=True),
    Output("cash_flow_months", "figure", _FINANCE, "figures.books", logs="ledger", long=True),
    Output("writing_calendar", "figure", _FINANCE, "figures.books", logs="ledger", long=True),
    Output("cooperative_months", "figure", _FINANCE, "figures.savings", logs="ledger", long=True),
    Output("member_savings_plot", "figure", _FINANCE, "figures.savings", logs="ledger"),
    Output("iks_rule_plot", "figure", _FINANCE, "figures.savings", logs="ledger"),
    Output("growth_tiles", "figure", _FINANCE, "figures.growth", logs="ledger", long=True),
    Output("indicators_table", "table", _FINANCE, "finance.indicators", logs="ledger"),
    Output("decision_map", "figure", _CHANGE, "figures.decision", long=True),
    Output("estimation_plot", "figure", _CHANGE, "figures.comparison", logs="ratings"),
    Output("cumming_plot", "figure", _CHANGE, "figures.comparison", logs="ratings", long=True),
    Output("slope_graph", "figure", _CHANGE, "figures.comparison", logs="ratings"),
    Output("score_bars", "figure", _CHANGE, "figures.comparison", logs="ratings", long=True),
    Output("forest_plot", "figure", _CHANGE, "figures.comparison", logs="ratings"),
)


def find_output(name: str) -> Output[..., Any]:
    """Return an output by name, or raise OptionError naming all there are."""
    for output in OUTPUTS:
        if output.name == name:
            return output
    names = ", ".join(output.name for output in OUTPUTS)
    raise OptionError(text("error.no_figure", value=name, allowed=names))
