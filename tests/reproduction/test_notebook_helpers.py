"""What notebook cells show: rounding, marks, skips and the language of columns."""

from __future__ import annotations

import pandas as pd
import pytest
from IPython import display as show_in

import kube_research as kr
from kube_research.reproduction.cells import figures_folder, to_html
from kube_research.site.folder import Site


def shown(call: object, *words: object, **options: object) -> str:
    seen: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            show_in, "display", lambda *objects, **_: seen.extend(str(o.data) for o in objects)
        )
        call(*words, **options)  # type: ignore[operator]
    return "".join(seen)


def test_numbers_are_rounded_but_never_to_a_false_zero() -> None:
    html = to_html(pd.DataFrame({"p": [0.0625, 9.6e-10, 0.0], "rate": [0.56666, None, 2e-4]}))
    for cell in (">0.0625<", ">9.6e-10<", ">0.0000<", ">0.567<", "></td>", ">2.0e-04<"):
        assert cell in html, cell


def test_text_is_escaped_and_lines_are_kept() -> None:
    html = to_html(pd.DataFrame({"a": ["<b>\n2", pd.NA]}, dtype="string"))
    assert "&lt;b&gt;<br>2" in html
    assert "NA" not in html


def test_a_simulated_frame_says_so(twin: Site, study: Site) -> None:
    assert "SIMULATED" in shown(kr.present, kr.pick, twin, "ratings", item=9)
    assert "SIMULATED" not in shown(kr.present, kr.pick, study, "item_means")


def test_a_missing_table_is_named_and_the_notebook_goes_on(study: Site) -> None:
    assert "ledger.csv" in shown(kr.present, kr.closing_balances, study, "ledger")
    assert "SIMULATED" in shown(kr.raw_logs, study, "ledger")


def test_the_other_language_is_left_out(study: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "field_id" not in shown(kr.present, kr.pick, study, "fields")
    monkeypatch.setenv("KUBE_LANG", "id")
    html = shown(kr.present, kr.pick, study, "fields")
    assert "field_id" in html
    assert "field_en" not in html


def test_figures_go_beside_the_data_of_a_site(
    study: Site, root: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert figures_folder(study) == root / "figures"  # type: ignore[operator]
    tiny = kr.load_site(root / "tests" / "data" / "tiny")  # type: ignore[operator]
    assert figures_folder(tiny) == tiny.folder / "figures"
    monkeypatch.setenv("KUBE_FIGURES", "elsewhere")
    assert str(figures_folder(study)) == "elsewhere"


def test_html_marks_thousands_and_decimals_as_each_language_does() -> None:
    frame = pd.DataFrame({"money": pd.array([1500000, -20, None], dtype="Int64"), "year": 2016})
    frame["rate"] = [0.5, 0.25, None]
    frame["nothing"] = pd.array([None] * 3, dtype="Int64")
    english, indonesian = to_html(frame), to_html(frame, lang="id")
    assert ">1,500,000</td>" in english
    assert ">0.500</td>" in english
    assert ">1.500.000</td>" in indonesian
    assert ">0,500</td>" in indonesian
    assert ">2016</td>" in english
    assert english.count("></td>") == 5
