"""Texts exist in both languages, fit their placeholders, and every one of them is used."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from kube_research import texts
from kube_research.errors import OptionError

LIBRARY = Path(texts.__file__).parent
TOOLS = LIBRARY.parent / "tools"  # the generated pages of docs speak with the same texts
CODE = "\n".join(
    path.read_text(encoding="utf-8") for path in [*LIBRARY.rglob("*.py"), *TOOLS.glob("*.py")]
)


def places(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name}


def test_each_text_has_two_languages_with_the_same_placeholders() -> None:
    for key in texts.all_keys():  # not a test each: two thousand take longer to report than to run
        entry = texts._catalogue()[key]
        assert set(entry) == {"en", "id"}, key
        assert all(words.strip() for words in entry.values()), key
        assert places(entry["en"]) == places(entry["id"]), key


def test_no_text_is_left_over() -> None:
    quoted = set(re.findall(r"""["']([\w.{}'\[\]]+)["']""", CODE))
    built = {re.sub(r"\{[^}]*\}", "", name).rstrip(".") for name in quoted if "{" in name}

    def used(key: str) -> bool:
        section, _, name = key.rpartition(".")
        return (
            key in quoted
            or name in quoted
            or any(
                prefix and key.startswith(prefix) for prefix in built if prefix.startswith(section)
            )
        )

    assert [key for key in texts.all_keys() if not used(key)] == []


def test_an_unknown_language_is_refused_and_an_unknown_key_is_our_mistake() -> None:
    with pytest.raises(OptionError, match="'en' or 'id'"):
        texts.text("evidence.simulated", "nl")
    with pytest.raises(KeyError):
        texts.text("no.such")
