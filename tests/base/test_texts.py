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
    quoted = {word.replace(" ", "_") for word in re.findall(r"""["']([\w. \-]+)["']""", CODE)}
    formatted = re.findall(r'f"([^"\n]*\{[^"\n]*)"', CODE)
    formatted += re.findall(r"f'([^'\n]*\{[^'\n]*)'", CODE)  # inside another one
    patterns = {re.sub(r"\\\{.*?\\\}", r"[\\w-]+", re.escape(name)) for name in formatted}
    rooms = {re.escape(f"{key.split('.')[0]}.") + r"[\w-]+" for key in texts.all_keys()}
    patterns = {part for part in patterns - rooms if re.search("[a-z]{2}", part)}
    built = re.compile("|".join(sorted(patterns)))
    starts = tuple(word for word in quoted if re.fullmatch(r"\w+\.[\w.]*[._]", word))

    def used(key: str) -> bool:
        """Whether the key, or its end after a dot, stands in the code or is put together there."""
        ends = [key, *(key[hit.end() :] for hit in re.finditer(r"\.", key))]
        put_together = any(end in quoted or built.fullmatch(end) for end in ends)
        return put_together or key.startswith(starts)

    assert not used("report.words_nobody_says")
    assert [key for key in texts.all_keys() if not used(key)] == []


def test_an_unknown_language_is_refused_and_an_unknown_key_is_our_mistake() -> None:
    with pytest.raises(OptionError, match="'en' or 'id'"):
        texts.text("evidence.simulated", "nl")
    with pytest.raises(KeyError):
        texts.text("no.such")
