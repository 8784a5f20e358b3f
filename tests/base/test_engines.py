"""Every engine gives what pandas gives: whole numbers identical, means to 1e-12.

Summaries come back as pandas; running balances stay in their engine, lazy where it is. Oracle of the
pandas results: tests/peka, tests/attendance and tests/finance.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from engine_cases import CASES, ITEMS, RATINGS, books, lists, uneven_ratings, untouchable
from engine_frames import ENGINES, as_engine, plain, same
from hypothesis import given, settings
from hypothesis import strategies as st

import kube_research as kr
from kube_research import engines
from kube_research.errors import MissingColumnError, MissingExtraError, OptionError
from kube_research.site.folder import Site


@pytest.fixture(scope="module")
def frames(twin: Site) -> dict[str, pd.DataFrame]:
    return {
        "ratings": RATINGS,
        "uneven": uneven_ratings(),
        "wide": kr.peka.to_wide(twin.ratings),
        "attendance": lists(twin),
        "ledger": books(twin),
    }


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "table", "call", "by"), CASES, ids=[case[0] for case in CASES])
def test_every_engine_gives_what_pandas_gives(
    frames: dict[str, pd.DataFrame],
    engine: str,
    name: str,
    table: str,
    call: Callable[[Any], Any],
    by: list[str],
) -> None:
    given_frame = as_engine(engine, frames[table])
    found = call(given_frame)
    assert type(found) is (type(given_frame) if name == "running" else pd.DataFrame)
    same(found, call(frames[table]), by)


@pytest.mark.parametrize(("name", "table", "call", "by"), CASES, ids=[case[0] for case in CASES])
def test_pandas_on_arrow_gives_what_pandas_gives(
    frames: dict[str, pd.DataFrame],
    name: str,
    table: str,
    call: Callable[[Any], Any],
    by: list[str],
) -> None:
    arrow = frames[table].convert_dtypes(dtype_backend="pyarrow")
    same(call(arrow), call(frames[table]), by)


def test_whole_numbers_stay_whole(frames: dict[str, pd.DataFrame]) -> None:
    for engine in ("duckdb", "polars lazy"):
        found = kr.score_items(as_engine(engine, RATINGS))
        assert all(found[name].dtype == "int64" for name in ("n", "total", "missing", "item"))
        found = kr.closing_balances(as_engine(engine, frames["ledger"]))
        assert all(found[name].dtype == "int64" for name in ("entries", "inflow", "closing"))


SCORES = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.sampled_from("ab"),
        st.integers(1, 3),
        st.one_of(st.none(), st.integers(0, 5)),
        st.sampled_from(["recorded", "bounded", None]),
    ),
    max_size=25,
)


@given(SCORES)
@settings(max_examples=12)
def test_any_ratings_give_the_same_on_an_embedded_engine(rows: list[tuple[Any, ...]]) -> None:
    columns = ["round", "rater", "item", "score", "evidence"]
    frame = pd.DataFrame(rows, columns=columns).astype(
        {"round": "Int64", "rater": "string", "item": "Int64", "score": "Int64"}
        | {"evidence": "string"}
    )
    expected = kr.score_items(frame)
    for engine in ("polars lazy", "duckdb"):
        same(kr.score_items(as_engine(engine, frame)), expected)


@pytest.mark.parametrize("engine", ["duckdb", "polars lazy"])
def test_running_balances_are_not_computed_before_they_are_asked_for(
    frames: dict[str, pd.DataFrame], engine: str
) -> None:
    running = kr.ledger_balances(untouchable(engine, frames["ledger"]))
    with pytest.raises(Exception, match="computed"):
        plain(running)


def test_columns_and_options_are_checked_without_computing() -> None:
    frame = untouchable("duckdb", RATINGS)
    with pytest.raises(MissingColumnError, match="village"):
        kr.score_items(frame, by=["village"])
    with pytest.raises(MissingColumnError, match="field"):
        kr.score_fields(frame)
    with pytest.raises(MissingColumnError, match="status"):
        kr.attendance_rates(frame)
    with pytest.raises(MissingColumnError, match="amount"):
        kr.ledger_balances(frame)
    ledger = as_engine("duckdb", pd.DataFrame(columns=["date", "group", "book", "amount"]))
    with pytest.raises(OptionError, match="first entries"):
        kr.ledger_balances(ledger, opening=pd.DataFrame())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["groups and roles", "people", "closing", "items by group"])
def test_words_kept_as_categories_are_words(
    frames: dict[str, pd.DataFrame], engine: str, name: str
) -> None:
    table, call = next((case[1], case[2]) for case in CASES if case[0] == name)
    frame = frames[table]
    words = [one for one in frame if frame[one].dtype == "string"]
    same(call(as_engine(engine, frame.astype(dict.fromkeys(words, "category")))), call(frame))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("cluster", ["person", "group", None])
@pytest.mark.parametrize("by", [(), ("group",), ("role", "village")])
def test_person_days_and_clusters_are_those_of_pandas(
    twin: Site, engine: str, cluster: str | None, by: tuple[str, ...]
) -> None:
    rows, days = lists(twin).assign(village="east"), twin.activities[["activity", "date"]]
    west = rows.sample(frac=0.5, random_state=1).assign(village="west")
    rows = pd.concat([rows.assign(site="x"), west.assign(site="y")], ignore_index=True)
    rows.loc[::41, "person"] = pd.NA
    days = pd.concat([days.assign(site="x"), days.assign(site="y")], ignore_index=True)
    days.loc[3, "evidence"] = "bounded"
    for dates in (None, days):
        given_days = None if dates is None else as_engine(engine, dates)
        given = {"by": by, "cluster": cluster, "excused": "left out", "confidence": 0.9}
        found = kr.attendance_rates(as_engine(engine, rows), given_days, **given)
        expected = kr.attendance_rates(rows, dates, **given)
        same(found, expected, list(by))
        assert expected["low"].notna().any()


def test_lists_of_two_engines_are_not_mixed(twin: Site) -> None:
    with pytest.raises(OptionError, match="two engines"):
        kr.attendance_rates(as_engine("duckdb", lists(twin)), twin.activities, by=None)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_list_without_rows_has_no_rates(engine: str) -> None:
    frame = pd.DataFrame({"activity": [], "person": [], "status": []}, dtype="object")
    found = plain(kr.attendance_rates(as_engine(engine, frame)))
    assert found.columns.tolist() == kr.attendance_rates(frame).columns.tolist()
    assert found.empty


@pytest.mark.parametrize("engine", ENGINES)
def test_a_strange_status_leaves_its_rate_missing(engine: str) -> None:
    frame = pd.DataFrame(
        {"activity": ["a", "a", "b"], "person": list("uvw"), "status": ["present", "hadir", "late"]}
    )
    found = plain(kr.attendance_rates(as_engine(engine, frame)))
    assert found["n"].tolist() == [2, 1]
    assert found["rate"].isna().tolist() == [True, False]
    assert found["low"].isna().tolist() == [True, False]


@pytest.mark.parametrize("engine", ["duckdb", "polars lazy"])
def test_an_amount_that_is_not_whole_leaves_its_book_missing(engine: str) -> None:
    frame = pd.DataFrame(
        {"date": "2024-01-01", "group": ["1", "1", "2"], "book": "kas", "amount": [1.5, 2.0, 7.0]}
    )
    closing = plain(kr.closing_balances(as_engine(engine, frame)))
    assert closing["closing"].isna().tolist() == [True, False]
    assert closing["closing"].tolist()[1] == 7
    running = plain(kr.ledger_balances(as_engine(engine, frame)), ["group"])
    assert running["running"].isna().tolist() == [True, True, False]


def test_a_stated_order_within_the_day_is_followed() -> None:
    frame = pd.DataFrame(
        {"date": "2024-01-01", "group": "1", "book": "kas", "amount": [5, 7], "entry": [2, 1]}
    )
    for engine in ("pandas", *ENGINES):
        found = plain(kr.ledger_balances(as_engine(engine, frame), order="entry"))
        assert found["running"].tolist() == [7, 12]


def test_raters_of_two_sites_are_two_people() -> None:
    one = pd.DataFrame({"round": 1, "rater": "A", "item": [1], "field_no": 1, "score": [2]})
    both = pd.concat([one.assign(site="x"), one.assign(site="y", score=4)])
    assert kr.score_fields(both)["n"].tolist() == [2]
    assert plain(kr.score_fields(as_engine("duckdb", both)))["n"].tolist() == [2]


def test_an_engine_is_told_by_its_frame() -> None:
    for engine in ENGINES:
        assert engines.engine_of(as_engine(engine, ITEMS)) == engine.split()[0]
    for wrong in (
        [1],
        {"a": [1]},
        pd.Series([1]),
        pytest.importorskip("pyarrow").table({"a": [1]}),
    ):
        with pytest.raises(OptionError, match=type(wrong).__name__):
            engines.engine_of(wrong)


def test_a_missing_engine_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "kube_research\[polars\]"'):
        engines.need_engine("polars")
    with pytest.raises(OptionError, match="'sql'"):
        engines.need_engine("sql")


def test_rows_are_numbered_in_their_order() -> None:
    for engine in ("pandas", *ENGINES):
        found = plain(engines.numbered(as_engine(engine, ITEMS), "place"))
        steps = found.sort_values("item")["place"].astype("int64").diff().dropna()
        assert (steps == 1).all(), engine


def test_a_frame_is_no_reason_to_import_other_engines() -> None:
    code = (
        "import sys, pandas as pd, kube_research as kr;"
        "kr.score_items(pd.DataFrame({'round': [1], 'rater': ['A'], 'item': [1], 'score': [2]}));"
        "sys.exit(bool({'polars', 'duckdb', 'dask', 'pyspark'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
