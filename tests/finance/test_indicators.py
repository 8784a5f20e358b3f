"""Oracle: a site of two groups, every indicator of which is worked out by hand."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from small_ledgers import ledger_of

import kube_research as kr
from kube_research.errors import MissingTableError, OptionError
from kube_research.finance import indicators as module
from kube_research.finance.indicators import ALL, FRAMES, STATUSES, indicators, rule_day, shown
from kube_research.site import schema
from kube_research.site.folder import Site

TABLES = Path(module.__file__).parent
LEDGER = ledger_of(
    # 07 trades, saves, keeps IKS and lends; 08 has a cash book of two entries
    ("2016-03-01", "07", "kas", "stimulant", None, 1000),
    ("2016-03-01", "07", "kas", "stock_purchase", None, -600),
    ("2016-03-03", "07", "kas", "sales", None, 800),
    ("2016-03-04", "07", "kas", "cost", None, -50),
    ("2016-03-06", "07", "kas", "stimulant_repayment", None, -100),
    ("2016-04-01", "07", "kas", "sales", None, 100),
    ("2016-03-05", "07", "tabungan", "member_deposit", "a", 300),
    ("2016-03-05", "07", "tabungan", "member_deposit", "b", 100),
    ("2016-03-31", "07", "tabungan", "cooperative_savings", None, 40),
    ("2016-03-31", "07", "kas", "cooperative_savings", None, -40),
    ("2016-03-08", "07", "tabungan", "loan", "b", -200),
    ("2016-03-28", "07", "tabungan", "loan_repayment", "b", 50),
    ("2016-03-05", "07", "iks", "iks_due", None, 60),
    ("2016-03-09", "07", "iks", "sick_support", "a", -10),
    ("2016-03-10", "07", "iks", "posyandu_support", None, -20),
    ("2016-03-01", "08", "kas", "sales", None, 20),
    ("2016-03-01", "08", "kas", "sales", None, 10),
    ("2016-03-02", "08", "kas", "cost", None, 7),
)
MEMBERS = pd.DataFrame(
    {
        "person": ["a", "b", "c", "d", "e", "f"],
        "group": ["07", "07", "07", "08", "08", "07"],
        "role": ["pengurus", "anggota", "anggota", "pengurus", "anggota", "pengurus"],
        "joined": pd.to_datetime([None, None, "2016-02-01", None, None, None]),
        "left": pd.to_datetime([None, None, None, None, "2016-03-20", "2016-03-01"]),
        "evidence": "recorded",
    }
)
ACTIVITIES = pd.DataFrame(
    {
        "activity": ["m1", "m2", "m3", "m4", "m5", "visit", "talk"],
        "kind": ["meeting"] * 5 + ["intervention"] * 2,
        "date": pd.to_datetime([f"2016-03-{day:02d}" for day in (1, 5, 10, 15, 20, 25, 26)]),
        "evidence": "recorded",
    }
)
STATUS = {  # of a, b, c (07) and d, e (08)
    "m1": "present absent absent absent absent",
    "m2": "present present represented absent present",
    "m3": "late absent represented present absent",
    "m4": "present present present absent absent",
    "m5": "present represented absent present absent",
    "visit": "present present absent absent absent",
    "talk": "absent absent absent excused absent",
}
ATTENDANCE = pd.DataFrame(
    [
        {"activity": activity, "group": group, "person": person, "role": "anggota", "status": word}
        for activity, words in STATUS.items()
        for person, group, word in zip("abcde", ["07"] * 3 + ["08"] * 2, words.split(), strict=True)
    ]
).assign(evidence="recorded")
RATINGS = pd.DataFrame(
    [
        (round_number, rater, 1, 3, "07" if rater in "abc" else "08")
        for round_number, raters in ((1, "abd"), (2, "acd"))
        for rater in raters
    ],
    columns=["round", "rater", "item", "score", "group"],
).assign(evidence="recorded")
FACTS = pd.DataFrame(
    {
        "fact": ["minimum_wage", "books_daily_since", "cooperative_since"],
        "value": ["200", "2016-03-02", "2016-03-15"],
        "evidence": "published",
    }
)
#: By indicator: group 07, group 08 and all; a pair is a range, text a status.
NO, UNKNOWN = "not applicable", "unknown"
EXPECTED: dict[str, tuple[object, object, object]] = {
    "attendance_rate": (10 / 21, 3 / 14, 13 / 35),
    # m2 to m5: 07 2/3, 1/3, 3/3, 1/3; 08 1/2, 1/2, 0, 1/2; all 3/5, 2/5, 3/5, 2/5
    "attendance_last_four": (7 / 12, 3 / 8, 1 / 2),
    "represented_last_four": (1 / 4, 0, 3 / 20),
    "rater_retention": (1 / 2, 1, 2 / 3),
    "member_retention": (1, 1 / 2, 4 / 5),
    "member_drop_out": (0, 1 / 2, 1 / 5),
    "membership_growth": (0, -1 / 2, -1 / 5),
    # due from 2 March to 30 April: 60 days
    "days_written": (5 / 60, 1 / 60, 6 / 120),
    "longest_gap": (29, 59, 59),
    "months_without_deposit": (1, 2, 3),
    "findings": (UNKNOWN, 1, 1),  # no balance was ever written
    "members_saving": (2 / 3, UNKNOWN, 2 / 3),
    "savings_per_member": (400 / 3, UNKNOWN, 400 / 3),
    # 0, 100, 300: differences 2 * (100 + 300 + 200) / 9 over twice the mean
    "savings_gini": (0.5, UNKNOWN, 0.5),
    "iks_balance": (30, UNKNOWN, 30),
    "iks_used": (0.5, UNKNOWN, 0.5),
    "iks_apart": (1, UNKNOWN, UNKNOWN),
    # 07: 1110 cash + 40 + 150 lent = 1300; goods 600
    "capital_growth": ((0.3, 0.9), NO, (0.337, 0.937)),
    "stimulant_repaid": (0.1, NO, 0.1),
    # 07: 250 over March and April, three members; 08: 37 in March, one member at its end
    "result_per_member": (250 / 6, 37, 287 / 7),
    "result_of_wage": (250 / 6 / 200, 37 / 200, 287 / 7 / 200),
    "return_on_savings": (250 / 400, NO, 250 / 400),
    "loans_outstanding": (150, NO, 150),
    "average_loan_size": (200, NO, 200),
    "members_with_loan": (1 / 3, NO, 1 / 3),
    # savings book: 400 + 40 - 150 = 290
    "loan_fund_utilisation": (150 / 440, NO, 150 / 440),
    "portfolio_at_risk": (UNKNOWN, NO, UNKNOWN),
    "officers": (1, 1, 2),
    "interventions_attended": (1, 0, 1),
    "stimulant_received": (1000, 0, 1000),
    "sales_months": (2, 1, 2),
    "iks_received": (60, UNKNOWN, 60),
    "iks_set_aside": (0, UNKNOWN, 0),  # only dues came in
    "iks_for_others": (20, UNKNOWN, 20),
}


@pytest.fixture
def small(twin: Site) -> Site:
    days = [pd.Timestamp(day).date() for day in ("2016-03-01", "2016-04-30")]
    info = replace(
        twin.info,
        groups=("07", "08"),
        period=(days[0], days[1]),
        books_period=None,
        evidence="recorded",
        language="en",
    )
    tables = {
        "ledger": LEDGER.assign(evidence="recorded"),
        "members": MEMBERS,
        "activities": ACTIVITIES,
        "attendance": ATTENDANCE,
        "ratings": RATINGS,
        "facts": FACTS,
    }
    return replace(twin, info=info, tables=tables)


def test_every_indicator_by_hand(small: Site) -> None:
    assert set(EXPECTED) == set(indicators())
    values = kr.finance.indicator_values(small).set_index(["indicator", "group"])
    for name, expected in EXPECTED.items():
        for group, value in zip(("07", "08", ALL), expected, strict=True):
            row = values.loc[(name, group)]
            if isinstance(value, str):
                assert row["status"] == value, (name, group)
                assert row[["value", "low", "high", "evidence"]].isna().all(), (name, group)
                continue
            low, high = value if isinstance(value, tuple) else (value, value)
            assert row["status"] == "computed", (name, group)
            assert (row["low"], row["high"]) == pytest.approx((low, high)), (name, group)
            assert pd.isna(row["value"]) == (low != high)
            grade = "published" if name == "result_of_wage" else "recorded"
            assert row["evidence"] == ("bounded" if low != high else grade), (name, group)


def test_reasons_are_given(small: Site) -> None:
    values = kr.finance.indicator_values(small).set_index(["indicator", "group"])["reason"]
    assert "no loans" in values["loans_outstanding", "08"]
    assert "due" in values["portfolio_at_risk", "07"]
    assert "stimulant" in values["capital_growth", "08"]
    tables = {**small.tables, "facts": FACTS.iloc[:0], "ratings": RATINGS[RATINGS["round"] == 1]}
    bare = replace(small, info=replace(small.info, period=None, language="id"), tables=tables)
    values = kr.finance.indicator_values(bare).set_index(["indicator", "group"])
    for name, status, word in (
        ("result_of_wage", "no data", "minimum_wage"),
        ("months_without_deposit", NO, "cooperative_since"),
        ("member_retention", UNKNOWN, "period"),
        ("rater_retention", UNKNOWN, "dua putaran"),
    ):
        row = values.loc[(name, ALL)]
        assert (row["status"], word in row["reason"]) == (status, True), name
    no_meetings = {**small.tables, "activities": ACTIVITIES.assign(kind="intervention")}
    values = kr.finance.indicator_values(replace(small, tables=no_meetings))
    row = values.query("indicator == 'attendance_last_four' and group == 'all'").iloc[0]
    assert (row["status"], "meeting" in row["reason"]) == (UNKNOWN, True)


def test_the_rule_of_another_site_is_not_guessed(small: Site, study: Site) -> None:
    days = study.table("activities")
    tables = {"activities": days, "iks_rule": study.table("iks_rule")}
    elsewhere = replace(small, folder=Path("elsewhere"), tables=tables)
    assert rule_day(elsewhere, "books_daily_since") is None
    assert str(rule_day(elsewhere, "iks_since"))[:10] == "2016-03-05"  # iks_rule names the meeting
    assert rule_day(small, "iks_since") is None
    assert str(rule_day(study, "books_daily_since"))[:10] == "2016-03-05"
    assert rule_day(small, "books_daily_since") == "2016-03-02"


def with_balances(ledger: pd.DataFrame) -> pd.DataFrame:
    ledger = ledger.sort_values("date", kind="stable", ignore_index=True)
    return ledger.assign(balance=ledger.groupby(["group", "book"])["amount"].cumsum())


def test_no_finding_is_evidence_only_where_every_book_states_balances(small: Site) -> None:
    def findings(ledger: pd.DataFrame) -> dict[str, object]:
        tables = {**small.tables, "ledger": ledger}
        rows = kr.finance.indicator_values(replace(small, tables=tables), names=["findings"])
        assert ("balance" in rows.loc[0, "reason"]) == pd.isna(rows.loc[0, "value"])
        return dict(zip(rows["group"], rows["value"], strict=True))

    clean = with_balances(LEDGER[LEDGER["category"] != "cost"]).assign(evidence="recorded")
    clean = clean[~clean["category"].str.startswith("loan")]
    assert findings(with_balances(clean)) == {"07": 0, "08": 0, ALL: 0}
    kas_only = clean.assign(balance=clean["balance"].where(clean["book"] == "kas"))
    assert findings(kas_only) == {"07": pd.NA, "08": 0, ALL: pd.NA}
    assert findings(clean.assign(balance=pd.NA)) == dict.fromkeys(["07", "08", ALL], pd.NA)


def test_what_was_set_aside_for_iks_leaves_the_dues_out(small: Site) -> None:
    """07 received 60 of dues; then a share of 25, and 30 under a code that nobody declared."""
    names = ["iks_set_aside"]
    for rows, ends, grade in (
        ([], (0, 0), "recorded"),
        ([("iks_sick", 25)], (25, 25), "recorded"),
        ([("dari kas", 30)], (0, 30), "bounded"),
        ([("iks_sick", 25), ("dari kas", 30)], (25, 55), "bounded"),
    ):
        more = [("2016-03-20", "07", "iks", code, None, amount) for code, amount in rows]
        ledger = pd.concat([LEDGER, ledger_of(*more)]).assign(evidence="recorded")
        site = replace(small, tables={**small.tables, "ledger": ledger})
        row = kr.finance.indicator_values(site, names=names).iloc[0]
        assert (row["low"], row["high"], row["evidence"]) == (*ends, grade)


def test_savings_below_zero_leave_the_gini_unknown_with_the_reason(small: Site) -> None:
    more = ledger_of(("2016-03-20", "07", "tabungan", "member_withdrawal", "b", -150))
    ledger = pd.concat([LEDGER, more]).assign(evidence="recorded")
    site = replace(small, tables={**small.tables, "ledger": ledger})
    row = kr.finance.indicator_values(site, names=["savings_gini"]).iloc[0]
    assert (row["status"], "below zero" in row["reason"]) == (UNKNOWN, True)


def test_undeclared_uses_of_iks_leave_a_range(small: Site) -> None:
    more = ledger_of(("2016-03-20", "07", "iks", "beasiswa", None, -5))
    own = pd.DataFrame({"category": ["beasiswa"], "flow": ["iks_use"], "purpose": ["school"]})
    ledger = pd.concat([LEDGER, more]).assign(evidence="recorded")
    site = replace(small, tables={**small.tables, "ledger": ledger, "categories": own})
    row = kr.finance.indicator_values(site, names=["iks_for_others"]).iloc[0]
    assert (row["low"], row["high"], row["evidence"]) == (20, 25, "bounded")


def test_the_table_of_indicators_is_sound() -> None:
    raw = tomllib.loads((TABLES / "indicators.toml").read_text(encoding="utf-8"))
    known = {"topic", "from", "column", "low", "high", "unit", "reading", "needs", "basis"}
    tables = schema.tables()
    for name, one in indicators().items():
        assert set(raw[name]) <= known | {"source", "en", "id"}, name
        assert one.source_frame in FRAMES, name
        assert one.low, name
        assert one.high, name
        assert set(one.needs) <= set(tables), name
        assert one.unit in {"share", "rupiah", "days", "months", "count", "ratio", "yes_no"}
        assert one.reading in {"higher", "lower", "neither"}
        assert one.basis in {"published", "study", "ours"}
        assert (one.basis == "ours") or all(one.sources.values()), name
    assert {one.source_frame for one in indicators().values()} == set(FRAMES)


def test_frames_hold_the_columns_that_are_read(small: Site) -> None:
    for one in indicators().values():
        frame = FRAMES[one.source_frame](small)
        assert {one.low, one.high, "group", "evidence"} <= set(frame.columns), one.name
        assert frame["group"].is_unique
        assert ALL in set(frame["group"])


def test_only_sure_findings_are_counted(small: Site) -> None:
    twice = ledger_of(("2016-04-01", "07", "kas", "sales", None, 100))
    ledger = with_balances(pd.concat([LEDGER, twice])).assign(evidence="recorded")
    site = replace(small, tables={**small.tables, "ledger": ledger})
    assert set(kr.reconcile_ledger(site).query("group == '07'")["certainty"]) == {"look"}
    values = kr.finance.indicator_values(site, names=["findings"]).set_index("group")["value"]
    assert (values["07"], values[ALL]) == (0, 1)


def test_missing_tables_are_named(study: Site) -> None:
    values = kr.finance.indicator_values(study)
    assert set(values["status"]) == {"no data"}
    assert values["reason"].str.contains(r"\.csv").all()
    assert set(values["group"]) == {*study.info.groups, ALL}
    with pytest.raises(MissingTableError, match="ledger"):
        kr.finance.indicators_table(study)
    with pytest.raises(OptionError, match="happiness"):
        kr.finance.indicator_values(study, names=["happiness"])


def test_the_order_of_rows_changes_nothing(small: Site) -> None:
    values = kr.finance.indicator_values(small)
    turned = {name: frame[::-1] for name, frame in small.tables.items()}
    again = kr.finance.indicator_values(replace(small, tables=turned))
    pd.testing.assert_frame_equal(values, again)
    blank = LEDGER.iloc[:1].assign(amount=pd.NA, date=pd.Timestamp("2016-04-20"))
    known = small.tables["ledger"].assign(balance=pd.NA)
    wider = pd.concat([known, blank.astype({"amount": "Int64"})], ignore_index=True)
    again = kr.finance.indicator_values(replace(small, tables={**small.tables, "ledger": wider}))
    rest = values["indicator"] != "findings"  # the blank amount is a finding, and nothing else
    pd.testing.assert_frame_equal(values[rest], again[rest])


@pytest.mark.parametrize("lang", ["en", "id"])
def test_the_printed_table_says_why_a_cell_has_no_number(small: Site, lang: str) -> None:
    table = kr.finance.indicators_table(small, lang=lang)
    assert len(table) == len(indicators())
    labels = [one.labels[lang] for one in indicators().values()]
    assert table.iloc[:, 1].tolist() == labels
    cells = table.set_index(table.columns[1])
    loans, risk, growth = (
        cells.loc[indicators()[name].labels[lang]]
        for name in ("loans_outstanding", "portfolio_at_risk", "capital_growth")
    )
    assert loans["08"] == {"en": "not applicable", "id": "tidak berlaku"}[lang]
    assert risk["07"] == {"en": "unknown", "id": "tidak diketahui"}[lang]
    assert growth["07"] == "30% – 90%"
    assert loans["07"] == {"en": "IDR 150", "id": "Rp 150"}[lang]
    assert cells.loc[indicators()["iks_apart"].labels[lang], "07"] in ("yes", "ya")


def test_every_status_has_words() -> None:
    for status in STATUSES[1:]:
        words = {shown({"status": status, "unit": "share"}, lang) for lang in ("en", "id")}
        assert len(words) == 2
