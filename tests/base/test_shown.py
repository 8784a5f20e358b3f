"""How frames are written for readers: rounding, thousands, escapes, parts, files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kube_research.shown import Column, Shown


def test_numbers_are_rounded_but_never_to_a_false_zero() -> None:
    html = Shown.of(
        pd.DataFrame({"p": [0.0625, 9.6e-10, 0.0], "rate": [0.56666, None, 2e-4]})
    ).html()
    for cell in (">0.0625<", ">9.6e-10<", ">0.0000<", ">0.567<", "></td>", ">2.0e-04<"):
        assert cell in html, cell


def test_text_is_escaped_and_lines_are_kept() -> None:
    html = Shown.of(pd.DataFrame({"a": ["<b>\n2", pd.NA]}, dtype="string")).html()
    assert "&lt;b&gt;<br>2" in html
    assert "NA" not in html


def test_html_marks_thousands_and_decimals_as_each_language_does() -> None:
    frame = pd.DataFrame({"money": pd.array([1500000, -20, None], dtype="Int64"), "year": 2016})
    frame["rate"] = [0.5, 0.25, None]
    frame["nothing"] = pd.array([None] * 3, dtype="Int64")
    english, indonesian = Shown.of(frame).html(), Shown.of(frame, "id").html()
    assert ">1,500,000</td>" in english
    assert ">0.500</td>" in english
    assert ">1.500.000</td>" in indonesian
    assert ">0,500</td>" in indonesian
    assert ">2016</td>" in english
    assert english.count("></td>") == 5


def test_averages_of_rupiah_are_whole_and_decimals_have_a_comma() -> None:
    frame = pd.DataFrame({"average": [125833.333, None], "gini": [0.0827, 0.1]})
    html = Shown.of(frame, "id").html()
    assert ">125.833</td>" in html
    assert ">0,083</td>" in html
    assert "></td>" in html


def test_files_hold_values_as_they_are_and_as_they_are_written(tmp_path: Path) -> None:
    frame = pd.DataFrame({"money": [1500000, 20], "words": ["a, b\nc", None]})
    paths = Shown.of(frame).save(tmp_path, "t", "A title")
    assert [path.name for path in paths] == ["t.csv", "t.md"]
    assert paths[0].read_bytes() == b'money,words\n1500000,"a, b\nc"\n20,\n'
    assert paths[1].read_bytes().startswith(b"**A title**\n\n| money")
    assert b"| 1,500,000 | a, b<br>c |" in paths[1].read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_parts_of_a_table_are_named_above_their_rows() -> None:
    shown = Shown((Column("x", [1, None, 3]), Column("y", ["a", "b", "c"])), ("one", "one", "two"))
    assert shown.rows == (("one", ""), ("1", "a"), ("", "b"), ("two", ""), ("3", "c"))
    assert shown.sections == {0, 3}
    assert '<tr><th colspan="2">two</th></tr>' in shown.html()
