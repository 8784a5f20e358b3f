"""Names and their codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_files import put

from kube_research.fieldwork.pseudonyms import (
    KEY_FILE,
    NameKey,
    ignore_lines,
    looks_like_code,
    read_key,
)
from kube_research.site.sheets import Fault

NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1)
    .map(lambda words: " ".join(words.split()))
    .filter(lambda words: any(map(str.isalpha, words))),
    max_size=6,
)


@given(NAMES)
def test_a_key_is_read_back(names: list[str]) -> None:
    from tempfile import TemporaryDirectory

    key = NameKey()
    codes = [key.code(name, {"A1"}) for name in names]
    with TemporaryDirectory() as place:
        folder = Path(place)
        put(folder, KEY_FILE, key.content())
        again = read_key(folder)
    assert again.codes == key.codes
    assert [again.code(name, ()) for name in names] == codes
    assert again.new == []
    assert len(set(key.codes.values())) == len(key.codes)
    assert all(looks_like_code(code) for code in codes)


def test_codes_do_not_come_from_the_name_or_the_order() -> None:
    drawn = {tuple(NameKey().code(name, ()) for name in ("Bu Contoh",)) for _ in range(30)}
    assert len(drawn) > 20


def test_a_code_that_is_taken_is_never_given() -> None:
    numbers = iter([5, 5, 6, 7])
    key = NameKey()
    assert key.code("Bu Satu", {"r1005"}, lambda _: next(numbers)) == "R1006"
    assert key.code("Bu Dua", set(), lambda _: next(numbers)) == "R1007"
    crowd = {f"R{n}" for n in range(1000, 10000)}
    assert len(NameKey().code("Bu Tiga", crowd)) == 6


LINES = b"local-names.csv\n.before-import.zip\n.*.part\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, LINES),
        (b"x\n", b"x\n" + LINES),
        (b"x", b"x\n" + LINES),
        (b"x\r\ny", b"x\r\ny\r\n" + LINES.replace(b"\n", b"\r\n")),
        (b"local-names.csv\n", b"local-names.csv\n.before-import.zip\n.*.part\n"),
        (b"/local-names.csv\n.before-*\n*.part", None),
        (b"local-*\n.*\n", None),
        (b"*\n!local-names.csv\n", b"*\n!local-names.csv\n" + LINES),
        (b"#local-names.csv\n", b"#local-names.csv\n" + LINES),
    ],
)
def test_git_is_told_to_ignore_names_wherever_they_stand(
    old: bytes | None, new: bytes | None, tmp_path: Path
) -> None:
    if old is not None:
        put(tmp_path, ".gitignore", old)
    assert ignore_lines(tmp_path) == new
    if new is not None:
        put(tmp_path, ".gitignore", new)
        assert ignore_lines(tmp_path) is None


def test_faults_never_hold_a_name(tmp_path: Path) -> None:
    put(tmp_path, KEY_FILE, "name,code\nBu Contoh,\n")
    with pytest.raises(Fault) as fault:
        read_key(tmp_path)
    assert (fault.value.code, fault.value.row, fault.value.value) == ("key_code", 2, "")
