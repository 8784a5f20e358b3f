"""Oracle: the slips themselves; each is planted at a known row of a clean ledger."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

import kube_research as kr
from kube_research.errors import OptionError


@pytest.mark.parametrize("group", ["07", "24"])
def test_every_slip_is_found_at_its_row(twin: kr.site.Site, group: str) -> None:
    before = twin.table("ledger")
    done = kr.reconcile_drill(twin, group=group)
    assert done["found"].tolist() == ["balance", "duplicate", "sign", "period", "transfer"]
    assert done["row"].tolist() == done["row_found"].tolist()
    assert set(done["evidence"]) == {"simulated"}
    pd.testing.assert_frame_equal(twin.table("ledger"), before)


def test_slips_without_room_have_no_row(twin: kr.site.Site) -> None:
    ledger = twin.table("ledger").drop(columns="balance")
    sales = ledger[ledger["category"] == "sales"]
    site = dataclasses.replace(twin, tables={**twin.tables, "ledger": sales})
    done = kr.reconcile_drill(site)
    assert len(done) == 2
    assert "period" in done["found"].tolist()


def test_what_was_wrong_before_is_not_counted(twin: kr.site.Site) -> None:
    ledger = twin.table("ledger")
    late = ledger.index[(ledger["group"] == "07") & (ledger["category"] == "sales")][0]
    ledger.loc[late, "balance"] += 777
    site = dataclasses.replace(twin, tables={**twin.tables, "ledger": ledger})
    done = kr.reconcile_drill(site, group="07")
    assert done["found"].tolist() == ["balance", "duplicate", "sign", "period", "transfer"]
    assert done["row"].tolist() == done["row_found"].tolist()


def test_a_handful_of_entries_is_refused(twin: kr.site.Site) -> None:
    with pytest.raises(OptionError, match="fewer than 10"):
        kr.reconcile_drill(twin, group="99")
