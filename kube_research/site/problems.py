"""The problems of a site: one thing wrong each, and how the command line tells them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from kube_research.errors import MissingTableError, SiteError
from kube_research.texts import has_text, text

#: Severities from the gravest, and whether a site with such a problem has failed the check.
SEVERITIES = {"error": True, "finding": True, "warning": False}


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
        parts = [where, value, _one_line(self.problem), _one_line(self.remedy)]
        if self.severity != "error":
            parts.insert(2, text(f"severity.{self.severity}", self.lang))
        return ": ".join(parts)

    def as_dict(self) -> dict[str, str | int]:
        """Return the problem as plain values, for JSON."""
        return {key: value for key, value in asdict(self).items() if key != "lang"}


def _one_line(words: str, width: int = 400) -> str:
    """Put text on one line, shortened if it is longer than ``width``."""
    line = " ".join(words.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def missing_table(table: str, site: str, folder: str, lang: str = "en") -> MissingTableError:
    """Return the error of a table that a site lacks, which names the file that would hold it."""
    words = text("error.missing_table", lang, table=table, site=site, folder=folder)
    return MissingTableError(table, words)


def site_error(folder: str, problems: Sequence[Problem], lang: str = "en") -> SiteError:
    """Return the error of a site folder, with all its problems in order."""
    listed = sorted(problems)
    head = text("error.site_problems", lang, folder=folder, count=len(listed))
    return SiteError(listed, "\n".join([head, *(str(problem) for problem in listed)]))


def failed(problems: Sequence[Problem]) -> bool:
    """Tell whether a check has failed: errors and findings do that, warnings do not.

    Examples
    --------
    >>> failed([])
    False
    """
    return any(SEVERITIES[problem.severity] for problem in problems)


def as_text(problems: Sequence[Problem], folder: str, lang: str = "en") -> str:
    """Return the problems, one a line, and a last line that counts them.

    Parameters
    ----------
    problems : sequence of Problem
    folder : str
        The site, as its user names it.
    lang : {"en", "id"}
        Language of headings and counts.

    Returns
    -------
    str
        If there are problems of several severities, each has a heading, the gravest first.

    Examples
    --------
    >>> as_text([], "my-site")
    'my-site: no problems'
    """
    if not problems:
        return text("progress.sound", lang, folder=folder)
    groups = {
        severity: group
        for severity in SEVERITIES
        if (group := [str(problem) for problem in problems if problem.severity == severity])
    }
    lines: list[str] = []
    counts: list[str] = []
    for severity, group in groups.items():
        many = "one" if len(group) == 1 else "count"
        counts.append(text(f"check.{many}_{severity}", lang, count=len(group)))
        alone = len(groups) == 1
        lines += group if alone else [text(f"check.head_{severity}", lang), *group, ""]
    gravest = next(iter(groups))
    last = text(f"check.end_{gravest}", lang, folder=folder, counts=", ".join(counts))
    return "\n".join([*lines, last])


def as_json_text(problems: Sequence[Problem]) -> str:
    """Return the problems as a JSON list, in letters that every program can read.

    Examples
    --------
    >>> as_json_text([])
    '[]'
    """
    return json.dumps([problem.as_dict() for problem in problems], indent=2)


def no_folder(folder: str, words: str, lang: str = "en") -> Problem:
    """Return the problem that there is no site of that name, for programs that read JSON.

    Examples
    --------
    >>> no_folder("nowhere", "No site 'nowhere'").code
    'no_site'
    """
    return Problem(folder, 0, "", "", words, text("check.no_site", lang), "no_site", lang=lang)


def located(
    file: str, row: int, column: str, value: str, code: str, lang: str, severity: str = "error",
    /, *, remedy: object = "", **fill: object,
) -> Problem:  # fmt: skip
    """Return a problem with the texts of its code.

    Parameters
    ----------
    file, row, column, value, code, lang, severity
        As the attributes of :class:`Problem`.
    remedy : str
        Whose remedy is told; by default that of the code, which is another where ``near`` is given and
        the texts have a remedy that names it.
    **fill : object
        What the placeholders of the texts stand for.

    Examples
    --------
    >>> located("a.csv", 1, "grup", "", "column_unknown", "en", near="group", allowed="").remedy
    'rename it to group'
    """
    if not remedy:
        near = f"{code}_near"
        remedy = near if fill.get("near") and has_text(f"remedy.{near}") else code
    fill = {"column": column, **fill}
    words = text(f"problem.{code}", lang, **fill), text(f"remedy.{remedy}", lang, **fill)
    return Problem(file, row, column, value, *words, code, severity, lang)
