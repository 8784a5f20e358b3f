"""Everything that can go wrong, one class a kind, each saying where it is and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from kube_research.texts import text


class KubeError(Exception):
    """Base of every error this package raises on purpose."""


class MissingTableError(KubeError):
    """A site lacks the table a calculation needs; the message names the file that would hold it."""

    def __init__(self, table: str, site: str, folder: str, lang: str = "en") -> None:
        self.table = table
        super().__init__(text("error.missing_table", lang, table=table, site=site, folder=folder))


class MissingColumnError(KubeError):
    """A frame lacks a column that a function was told to use."""


class OptionError(KubeError):
    """An argument has a value that the function does not know."""


class ScaleError(KubeError):
    """A score, mean or range does not fit the scale it is said to be on."""


class PrintedNumberError(KubeError):
    """Something that should be a printed number (text with its digits) is not."""


class SiteNotFoundError(KubeError):
    """There is no such bundled site and no such folder."""


class MissingExtraError(KubeError):
    """An optional package is not installed; the message names the extra that brings it."""


class NotebookError(KubeError):
    """A notebook failed while it was being run."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in a site's files, located as a spreadsheet shows it.

    Attributes
    ----------
    file : str
        Name of the file inside the site folder.
    row : int
        Row number with the header as row 1; 0 when the whole file is meant.
    column : str
        Column name; empty when the whole row or file is meant.
    value : str
        What stands there.
    problem, remedy : str
        What is wrong and what to do, in the language asked for.
    code : str
        Stable short name of the rule that was broken.
    severity : {"error", "finding", "warning"}
        ``error``: the site is not loaded. ``finding``: the site loads, and the data contradict
        themselves (a balance that is not the sum of its entries). ``warning``: something to look at.
    lang : {"en", "id"}
        Language of the texts.
    """

    file: str
    row: int
    column: str
    value: str
    problem: str
    remedy: str
    code: str = ""
    severity: str = "error"
    lang: str = field(default="en", compare=False, repr=False)

    def __str__(self) -> str:
        where = f"{self.file}:{self.row or '-'}:{_one_line(self.column, 60) or '-'}"
        value = repr(self.value if len(self.value) <= 60 else f"{self.value[:59]}…")
        word = (
            "" if self.severity == "error" else f"{text(f'severity.{self.severity}', self.lang)}: "
        )
        return f"{where}: {value}: {word}{_one_line(self.problem)}: {_one_line(self.remedy)}"

    def as_dict(self) -> dict[str, str | int]:
        """Return the problem as plain values, for JSON."""
        return {key: value for key, value in asdict(self).items() if key != "lang"}


def _one_line(words: str, width: int = 400) -> str:
    """Put text on one line, shortened if it is longer than ``width``."""
    line = " ".join(words.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


class SiteError(KubeError):
    """A site folder has problems; all of them are in ``problems`` and in the message."""

    def __init__(self, folder: str, problems: Sequence[Problem], lang: str = "en") -> None:
        self.problems = sorted(problems)
        head = text("error.site_problems", lang, folder=folder, count=len(self.problems))
        super().__init__("\n".join([head, *(str(problem) for problem in self.problems)]))
