"""Oracle: the declared lists themselves, read a second time from the file."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from kube_research.errors import OptionError
from kube_research.site import accounts
from kube_research.site.schema import tables

DECLARED = tomllib.loads(
    (Path(accounts.__file__).parent / "accounts.toml").read_text(encoding="utf-8")
)


def test_no_code_is_read_in_two_ways() -> None:
    codes = [code for listed in DECLARED["codes"].values() for code in listed]
    assert len(codes) == len(set(codes))
    assert set(DECLARED["codes"]) | {"unknown"} == set(DECLARED["flows"])
    purposes = [code for listed in DECLARED["purposes"].values() for code in listed]
    assert len(purposes) == len(set(purposes))
    assert set(purposes) <= set(codes)


def test_a_site_may_name_every_flow_but_unknown() -> None:
    allowed = tables()["categories"].column("flow").allowed
    assert set(allowed) == set(DECLARED["flows"]) - {"unknown"}


@pytest.mark.parametrize(
    ("category", "flow", "purpose"),
    [
        ("sales", "sale", None),
        ("BIAYA", "cost", None),
        ("iks_sick", "iks_share", "sick_members"),
        ("bantuan_posyandu", "iks_use", "posyandu"),
        ("arisan", "unknown", None),
        (None, "unknown", None),
    ],
)
def test_codes_are_read(category: str | None, flow: str, purpose: str | None) -> None:
    row = accounts.with_flows(pd.DataFrame({"category": [category]})).iloc[0]
    assert row["flow"] == flow
    assert (None if pd.isna(row["purpose"]) else row["purpose"]) == purpose


def test_the_site_goes_before_the_package() -> None:
    own = pd.DataFrame(
        {
            "category": ["Sales", "arisan"],
            "flow": ["other_in", "iks_use"],
            "purpose": [None, "feast"],
        }
    )
    done = accounts.with_flows(pd.DataFrame({"category": ["sales", "arisan", "cost"]}), own)
    assert done["flow"].tolist() == ["other_in", "iks_use", "cost"]
    assert done["purpose"].fillna("-").tolist() == ["-", "feast", "-"]


def test_a_space_or_hyphen_in_a_code_is_read_as_in_ours() -> None:
    ledger = pd.DataFrame(
        {"category": ["Setoran Koperasi", "setoran-koperasi", "setoran__koperasi"]}
    )
    assert accounts.with_flows(ledger)["flow"].tolist() == ["cooperative"] * 2 + ["unknown"]
    own = pd.DataFrame({"category": ["setoran-koperasi"], "flow": ["cost"], "purpose": [None]})
    assert accounts.with_flows(ledger, own)["flow"].tolist() == ["cooperative", "cost", "unknown"]


def test_rows_keep_their_order_and_labels() -> None:
    book = pd.DataFrame({"category": ["cost", "sales"]}, index=[7, 3])
    assert accounts.with_flows(book).index.tolist() == [7, 3]
    assert list(book.columns) == ["category"]


def test_an_unknown_flow_is_refused() -> None:
    with pytest.raises(OptionError, match="gift"):
        accounts.chart_of_accounts(pd.DataFrame({"category": ["x"], "flow": ["gift"]}))


def test_every_category_of_the_twin_is_known(twin: object) -> None:
    ledger = twin.ledger  # type: ignore[attr-defined]
    assert not accounts.with_flows(ledger)["flow"].eq("unknown").any()
