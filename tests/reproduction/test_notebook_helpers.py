"""What notebook cells show: marks, skips and the language of columns."""

from __future__ import annotations

import pytest
from IPython import display as show_in

import kube_research as kr
from kube_research.reproduction.cells import figures_folder
from kube_research.site.folder import Site


def shown(call: object, *words: object, **options: object) -> str:
    seen: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            show_in, "display", lambda *objects, **_: seen.extend(str(o.data) for o in objects)
        )
        call(*words, **options)  # type: ignore[operator]
    return "".join(seen)


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
