"""Everything that can go wrong, one class a kind, each saying where it is and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class KubeError(Exception):
    """Base of every error this package raises on purpose."""


class MissingTableError(KubeError):
    """A site lacks the table a calculation needs; the message names the file that would hold it."""

    def __init__(self, table: str, message: str) -> None:
        self.table = table
        super().__init__(message)


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


class SiteError(KubeError):
    """A site folder has problems; all of them are in ``problems`` and in the message."""

    def __init__(self, problems: Sequence[Any], message: str) -> None:
        self.problems = list(problems)
        super().__init__(message)


class ExportError(SiteError):
    """An export does not fit the site; all problems are in ``problems``, and nothing was written."""


class ExistsError(KubeError):
    """Something stands where a site, a form or summaries were to be made; nothing was written."""


class NewSiteError(KubeError):
    """A new site cannot be made there; nothing was written."""
