"""One source for the columns: what is checked, what is typed, what the codebook says."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kube_research as kr
from kube_research.files import home
from kube_research.frames import GRADES, weakest
from kube_research.site.rules import broken_cells
from kube_research.site.schema import PATTERNS, tables, typed
from tools.codebook import data_package

KINDS = {
    "integer",
    "score",
    "money",
    "percent",
    "positive",
    "printed",
    "time",
    "code",
    "date",
    "choice",
    "text",
}
FIELD_TYPES = {"integer", "number", "string", "date"}


def codebook() -> dict[str, dict[str, Any]]:
    return {resource["name"]: resource for resource in data_package()["resources"]}


# -- the tables ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(tables()))
def test_every_table_is_described_in_full(name: str) -> None:
    table = tables()[name]
    assert set(table.title) == {"en", "id"}
    assert len(set(table.names)) == len(table.names)
    assert table.names[-2:] == ("evidence", "locator")
    for column in table.columns:
        assert re.fullmatch(r"[a-z][a-z_]*", column.name)
        assert column.kind in KINDS
        assert (column.kind == "choice") == bool(column.allowed)
        assert column.describe("en")
        assert column.describe("id")
        assert column.need or column.empty, column.name


@pytest.mark.parametrize("name", list(tables()))
def test_keys_and_references_name_columns_that_exist(name: str) -> None:
    table = tables()[name]
    for column in table.key:
        assert table.column(column).need
        assert not table.column(column).empty
    for reference in table.references:
        there = tables()[reference.table]
        assert reference.to == there.key
        for here, to in zip(reference.columns, reference.to, strict=True):
            assert table.column(here).kind == there.column(to).kind


def test_an_unknown_column_is_no_column() -> None:
    with pytest.raises(StopIteration):
        tables()["items"].column("weather")


def test_grades_run_from_the_firmest_to_the_weakest() -> None:
    assert GRADES == ("recorded", "published", "derived", "bounded", "simulated")


@pytest.mark.parametrize(
    ("grades", "result"),
    [
        ([], "recorded"),
        (["recorded"], "recorded"),
        (["published", "recorded"], "published"),
        (["bounded", "derived"], "bounded"),
        (["simulated", "published", "bounded"], "simulated"),
    ],
)
def test_the_weakest_input_grades_the_result(grades: list[str], result: str) -> None:
    assert weakest(grades) == result
    assert weakest(reversed(grades)) == result


# -- text cells ------------------------------------------------------------------------------

FITS = {
    "integer": (["3", "+3", "-3", "007", "999999999"], ["", "3.0", "3,0", "1e3", "٣", "³", "0x1"]),
    "money": (["0", "-25000", "+5"], ["1.000", "Rp1", "1 000", "1000,-", "9" * 16]),
    "percent": (["0", "100", "87.5", "100.00"], ["101", "100.1", "-1", "87,5", "90%", "1e1"]),
    "printed": (["2.40", "37", "-0.5"], ["2,40", ".5", "2.", "2.4.0", "nan", "٢.4"]),
    "time": (["00:00", "23:59", "09:05"], ["24:00", "9:05", "09.05", "09:60", "09:05:00"]),
    "code": (["07", "A-1", "kuber.2", "péka_1"], ["", "A 1", "-A", "_A", "A/1", "A\n", "=A"]),
}


@pytest.mark.parametrize("kind", FITS)
def test_patterns_take_what_fits_and_nothing_else(kind: str) -> None:
    good, bad = FITS[kind]
    assert [cell for cell in good if not re.fullmatch(PATTERNS[kind], cell)] == []
    assert [cell for cell in bad if re.fullmatch(PATTERNS[kind], cell)] == []


def frame_of(**cells: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame(cells, dtype="string")


def test_the_rule_that_a_cell_breaks_is_named() -> None:
    frame = frame_of(
        item=["0", "x", None], direction=["positive", "no", None], evidence=["seen", None, None]
    )
    assert set(broken_cells(frame, "items")) == {
        (0, "item", "minimum", "0"),
        (1, "item", "type_integer", "x"),
        (2, "item", "required", ""),
        (1, "direction", "choice", "no"),
        (0, "evidence", "choice", "seen"),
    }


def test_what_is_sound_and_what_is_absent_breaks_no_rule() -> None:
    assert list(broken_cells(frame_of(item=["1"], direction=[None]), "items")) == []


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.text(max_size=12))
def test_a_date_is_a_day_of_the_calendar_in_iso_form(cell: str) -> None:
    import datetime as dt

    cells = [cell, "2016-02-29", "2015-02-29", "1899-12-31", "2100-01-01", f"2016-0{cell}"]
    for value in cells:
        try:
            real = dt.date.fromisoformat(value).isoformat() == value and value.isascii()
            real = real and 1900 <= int(value[:4]) < 2100
        except ValueError:
            real = False
        found = list(broken_cells(frame_of(date=[value]), "ledger"))
        assert found == ([] if real else [(0, "date", "type_date", value)])


def test_every_cell_that_passes_the_schema_can_be_typed() -> None:
    frame = frame_of(
        activity=["a", "b"], date=["1900-01-01", "2099-12-31"], start=["09:00", None],
        sessions=["+4", None], part_of=[None, "a"],
    )  # fmt: skip
    assert list(broken_cells(frame, "activities")) == []
    done = typed(frame, "activities")
    assert {name: str(kind) for name, kind in done.dtypes.items()} == {
        "activity": "string", "date": "datetime64[ns]", "start": "string",
        "part_of": "string", "sessions": "Int64",
    }  # fmt: skip
    assert done["sessions"].tolist() == [4, pd.NA]


def test_money_keeps_every_rupiah() -> None:
    done = typed(frame_of(amount=["999999999999999", "-999999999999999", "+1"]), "ledger")
    assert done["amount"].tolist() == [999999999999999, -999999999999999, 1]


def test_columns_come_in_the_order_of_the_codebook() -> None:
    done = typed(frame_of(score=["1"], round=["1"], item=["1"]), "ratings")
    assert list(done.columns) == ["round", "item", "score"]
    wholly_blank = typed(frame_of(score=[None], round=["1"]), "ratings")
    assert str(wholly_blank["score"].dtype) == "Int64"


def test_percentages_are_numbers_and_printed_means_text() -> None:
    assert typed(frame_of(target_pct=["90", "87.5"]), "outcomes")["target_pct"].tolist() == [
        90,
        87.5,
    ]
    assert typed(frame_of(mean=["2.40"]), "item_means")["mean"].tolist() == ["2.40"]


# -- the codebook ----------------------------------------------------------------------------


def test_the_committed_codebook_is_the_generated_one() -> None:
    written = (home() / "data" / "datapackage.json").read_text(encoding="utf-8")
    assert written == json.dumps(data_package(), indent=2, ensure_ascii=False) + "\n"


def test_the_codebook_has_the_shape_of_a_data_package() -> None:
    package = data_package()
    assert re.fullmatch(r"[a-z0-9._-]+", package["name"])
    assert [resource["name"] for resource in package["resources"]] == list(tables())
    for name, resource in codebook().items():
        assert resource["path"] == f"{name}.csv"
        assert (resource["format"], resource["encoding"]) == ("csv", "utf-8")
        assert resource["schema"]["fieldsMatch"] == "superset"
        assert resource["schema"]["missingValues"] == [""]


def test_fields_of_the_codebook_are_the_columns() -> None:
    for name, resource in codebook().items():
        fields = resource["schema"]["fields"]
        assert tuple(field["name"] for field in fields) == tables()[name].names
        for field, column in zip(fields, tables()[name].columns, strict=True):
            rules = field.get("constraints", {})
            assert field["type"] in FIELD_TYPES
            assert (field["description"], field["description_id"]) == (column.en, column.id)
            assert rules.get("required", False) == (column.need and not column.empty)
            assert tuple(rules.get("enum", ())) == column.allowed
            assert field.get("unit", "") == column.unit


def test_bounds_of_the_codebook_are_the_bounds_that_are_checked() -> None:
    fields = {
        (name, field["name"]): field.get("constraints", {})
        for name, resource in codebook().items()
        for field in resource["schema"]["fields"]
    }
    assert fields["items", "item"]["minimum"] == 1
    assert fields["outcomes", "target_pct"] == {"minimum": 0, "maximum": 9999}
    assert fields["iks_rule", "share_pct"] == {"minimum": 0, "maximum": 100}
    assert fields["item_means", "mean"]["pattern"] == PATTERNS["printed"]
    assert fields["activities", "start"] == {"pattern": PATTERNS["time"]}


def test_keys_of_the_codebook_name_fields_and_tables_that_exist() -> None:
    known = codebook()
    for name, resource in known.items():
        schema = resource["schema"]
        names = {field["name"] for field in schema["fields"]}
        assert tuple(schema.get("primaryKey", ())) == tables()[name].key
        for key in schema.get("foreignKeys", []):
            there = known[key["reference"]["resource"] or name]["schema"]
            assert set(key["fields"]) <= names
            assert set(key["reference"]["fields"]) <= {field["name"] for field in there["fields"]}


def test_a_codebook_of_some_tables_refers_only_to_them() -> None:
    package = data_package(["rounds", "ratings"])
    rounds, ratings = package["resources"]
    assert (rounds["name"], ratings["name"]) == ("rounds", "ratings")
    assert "foreignKeys" not in rounds["schema"]
    assert [key["fields"] for key in ratings["schema"]["foreignKeys"]] == [["round"]]


@pytest.mark.parametrize("name", kr.bundled_sites())
def test_bundled_tables_have_no_column_that_the_codebook_lacks(name: str) -> None:
    site = kr.load_site(name)
    for table in site.tables:
        extra = set(site.table(table).columns) - set(tables()[table].names)
        assert extra <= {"field_no"}, table
