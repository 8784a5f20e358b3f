"""Every text a user sees, in English and Indonesian, read from ``words``, one file a room."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "id")


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    nested: dict[str, Any] = {}
    for path in sorted((Path(__file__).parent / "words").glob("*.toml")):
        if path.stem == "parameters":  # of docstrings, which are English
            continue
        with path.open("rb") as handle:
            for section, entries in tomllib.load(handle).items():
                known = nested.setdefault(section, {})
                if twice := known.keys() & entries.keys():
                    raise KeyError(f"{path.name}: {section}.{min(twice)} stands in another file")
                known.update(entries)
    flat: dict[str, dict[str, str]] = {}

    def walk(prefix: str, branch: dict[str, Any]) -> None:
        if set(branch) == set(LANGUAGES):
            flat[prefix] = branch
            return
        for key, value in branch.items():
            walk(f"{prefix}.{key}" if prefix else key, value)

    walk("", nested)
    return flat


def text(key: str, lang: str = "en", /, **values: object) -> str:
    """Return the text for ``key`` in ``lang`` with ``values`` filled in.

    Parameters
    ----------
    key : str
        Dotted key of the text files: section, then name.
    lang : {"en", "id"}
        Language of the text.
    **values : object
        What the placeholders of the text stand for.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        If the key is not in the catalogue (a mistake in this package, not of its user).

    Examples
    --------
    >>> text("evidence.simulated", "id")
    'simulasi'
    """
    entry = _catalogue()[key]
    return entry[check_language(lang)].format(**values)


def check_language(lang: str) -> str:
    """Return ``lang`` if texts exist in it.

    Raises
    ------
    kube_research.errors.OptionError
        For any other value than ``"en"`` or ``"id"``.
    """
    if lang not in LANGUAGES:
        from kube_research.errors import OptionError

        raise OptionError(_catalogue()["error.language"]["en"].format(lang=lang))
    return lang


def has_text(key: str) -> bool:
    """Tell whether the catalogue has a text for a key.

    Examples
    --------
    >>> has_text("remedy.header_near"), has_text("remedy.header_near_near")
    (True, False)
    """
    return key in _catalogue()


def all_keys() -> list[str]:
    """Return every key of the catalogue, in file order."""
    return list(_catalogue())


def notebook_language() -> str:
    """Return the language notebooks speak: ``$KUBE_LANG``, else English."""
    return check_language(os.environ.get("KUBE_LANG") or "en")
