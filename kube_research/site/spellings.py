"""What people call our columns and our values: ``header_names.toml`` and ``value_names.toml``."""

from __future__ import annotations

import re
from functools import cache

from kube_research.files import declared


def as_word(words: str) -> str:
    """Return words in small letters with everything between them as one underscore.

    Examples
    --------
    >>> as_word("Uang Masuk (Rp)"), as_word("+/-")
    ('uang_masuk_rp', '')
    """
    return re.sub(r"[\W_]+", "_", words.casefold()[:80]).strip("_")


def bare_words(words: str) -> str:
    """Return words in small letters with one blank between them, as they are compared.

    Examples
    --------
    >>> bare_words("  Tidak  Hadir")
    'tidak hadir'
    """
    return " ".join(words.casefold().split())


@cache
def header_words() -> dict[str, tuple[str, ...]]:
    """Return our names for each word people use above a column.

    Examples
    --------
    >>> header_words()["sisa"]
    ('balance',)
    """
    raw: dict[str, list[str]] = declared("site/header_names.toml")
    meant: dict[str, list[str]] = {}
    for name, words in raw.items():
        for word in words:
            meant.setdefault(word, []).append(name)
    return {word: tuple(names) for word, names in meant.items()}


@cache
def value_words() -> dict[str, dict[str, str]]:
    """Return, by column, our value for each word that people write.

    Examples
    --------
    >>> value_words()["status"]["hadir"], value_words()["way"]["masuk"]
    ('present', 'in')
    """
    raw: dict[str, dict[str, list[str]]] = declared("site/value_names.toml")
    return {
        column: {word: value for value, words in values.items() for word in words}
        for column, values in raw.items()
    }


def meant_value(value: str, column: str) -> str:
    """Return our value for a word that people write in a column, or an empty text.

    Examples
    --------
    >>> meant_value("Negatif", "direction"), meant_value("R", "direction"), meant_value("x", "status")
    ('negative', 'negative', '')
    """
    return value_words().get(column, {}).get(bare_words(value)[:80], "")
