"""The problems of a site as the command line tells them: grouped, counted, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from kube_research.errors import Problem
from kube_research.texts import text

#: Severities from the gravest, and whether a site with such a problem has failed the check.
SEVERITIES = {"error": True, "finding": True, "warning": False}


def failed(problems: Sequence[Problem]) -> bool:
    """Tell whether a check has failed: errors and findings do that, warnings do not.

    Examples
    --------
    >>> failed([])
    False
    """
    return any(SEVERITIES[one.severity] for one in problems)


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
        severity: [one for one in problems if one.severity == severity] for severity in SEVERITIES
    }
    groups = {severity: group for severity, group in groups.items() if group}
    lines: list[str] = []
    counts = []
    for severity, group in groups.items():
        count = text(f"check.count_{severity}", lang, count=len(group))
        if len(group) == 1:
            count = text(f"check.one_{severity}", lang)
        counts.append(count)
        if len(groups) > 1:
            lines += [text(f"check.head_{severity}", lang)]
        lines += [str(one) for one in group]
        lines += [""] if len(groups) > 1 else []
    end = "error" if "error" in groups else "finding" if "finding" in groups else "warning"
    last = text(f"check.end_{end}", lang, folder=folder, counts=", ".join(counts))
    return "\n".join([*lines, last])


def as_json_text(problems: Sequence[Problem]) -> str:
    """Return the problems as a JSON list, in letters that every program can read.

    Examples
    --------
    >>> as_json_text([])
    '[]'
    """
    return json.dumps([one.as_dict() for one in problems], indent=2)


def no_folder(folder: str, said: str, lang: str = "en") -> Problem:
    """Return the problem that there is no site of that name, for programs that read JSON.

    Examples
    --------
    >>> no_folder("nowhere", "No site 'nowhere'").code
    'no_site'
    """
    return Problem(folder, 0, "", "", said, text("check.no_site", lang), "no_site", lang=lang)
