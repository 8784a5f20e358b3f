"""Oracles: small books by hand; brute force over ends of days; errors planted in clean ledgers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from clean_books import CODES, KINDS_OF_OWN, MEMBERS, PERIOD, Shape, again, clean_ledger
from hypothesis import given, settings
from hypothesis import strategies as st
from small_ledgers import ledger_of

from kube_research.finance.reconcile.findings import reconcile_ledger
from kube_research.site.folder import Site

KAS = ledger_of(
    ("2016-03-01", "07", "kas", "sales", None, 100_000),
    ("2016-03-02", "07", "kas", "cost", None, -150_000),
    ("2016-03-03", "07", "kas", "sales", None, 100_000),
)
SAVED = ledger_of(
    ("2016-03-01", "07", "tabungan", "member_deposit", "a", 10_000),
    ("2016-03-02", "07", "tabungan", "member_deposit", "b", 50_000),
    ("2016-03-03", "07", "tabungan", "member_withdrawal", "a", -40_000),
)
WHAT = ["row", "kind", "certainty"]


def told(ledger: pd.DataFrame, **options: object) -> list[list[object]]:
    findings: list[list[object]] = reconcile_ledger(ledger, **options)[WHAT].to_numpy().tolist()
    return findings


def test_a_cash_box_below_zero_is_told_at_its_row() -> None:
    stated = KAS.assign(balance=[100_000, -50_000, 50_000])
    finding = reconcile_ledger(stated).iloc[0]
    assert told(stated) == [[3, "below_zero", "certain"]]
    assert finding["difference"] == -50_000
    assert "IDR 50,000" in finding["reason"]
    assert "kas bersaldo −Rp 50.000" in reconcile_ledger(stated, lang="id").loc[0, "reason"]
    assert told(KAS) == [[3, "below_zero", "likely"]]
    assert told(stated[::-1]) == [[3, "below_zero", "certain"]]
    begun = pd.DataFrame({"group": ["07"], "book": ["kas"], "opening": [50_000]})
    assert told(KAS, opening=begun) == []
    # On one day the sales may have come first: only the end of the day counts, or what is stated.
    day = KAS.assign(date=KAS["date"].iloc[0])
    assert told(day.iloc[[1, 0, 2]], kinds=["below_zero"]) == []
    stated["date"] = KAS["date"].iloc[0]
    assert told(stated, kinds=["below_zero"]) == [[3, "below_zero", "certain"]]


def test_a_member_who_withdrew_more_than_saved_is_told_at_that_row() -> None:
    finding = reconcile_ledger(SAVED).iloc[0]
    assert told(SAVED) == [[4, "overdrawn", "likely"]]
    assert finding["difference"] == -30_000
    assert "a has taken out IDR 40,000 but saved only IDR 10,000" in finding["reason"]
    balances = SAVED.assign(balance=[10_000, 60_000, 20_000])
    assert told(balances) == [[4, "overdrawn", "likely"]]
    # What names nobody could be hers; profit paid out is not taken from savings.
    unnamed = ledger_of(("2016-03-01", "07", "tabungan", "member_deposit", None, 30_000))
    assert told(pd.concat([unnamed, SAVED])) == []
    begun = pd.DataFrame({"group": ["07"], "book": ["tabungan"], "opening": [30_000]})
    assert told(SAVED, opening=begun) == []
    assert told(SAVED.assign(category=SAVED["category"].replace("member_withdrawal", "shu"))) == []


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(-9, 9).filter(bool)), max_size=8).map(sorted)
)
def test_below_zero_is_what_the_ends_of_days_say(rows: list[tuple[int, int]]) -> None:
    """Brute force: the day's sum is added; where it falls below zero, its last payment is told."""
    days = pd.date_range("2016-03-01", periods=5)
    ledger = pd.DataFrame(
        {
            "date": [days[day] for day, _ in rows],
            "group": "07",
            "book": "kas",
            "category": "arisan",
            "note": [str(n) for n in range(len(rows))],
            "amount": pd.array([amount for _, amount in rows], dtype="Int64"),
        }
    )
    wanted, held = [], 0
    for day in range(5):
        entries = [(n, amount) for n, (on, amount) in enumerate(rows) if on == day]
        before, held = held, held + sum(amount for _, amount in entries)
        if entries and held < 0 <= before:
            wanted.append(max(n for n, amount in entries if amount < 0) + 2)
    assert reconcile_ledger(ledger, kinds=["below_zero"])["row"].tolist() == sorted(wanted)


def shapes(count: int, *, opening: bool = True) -> list[Shape]:
    drawn = []
    for seed in range(count):
        rng = np.random.default_rng(900 + seed)
        codes, stated = rng.choice(list(CODES)), rng.choice(["all", "some", "none"])
        begun = opening and rng.random() < 0.4
        months, daily = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        drawn.append(Shape(1 + seed % 2, months, codes, stated, begun, daily, 900 + seed))
    return drawn


def checked(ledger: pd.DataFrame, shape: Shape, opening: pd.DataFrame) -> pd.DataFrame:
    own = KINDS_OF_OWN if shape.codes == "own" else None
    begun = opening if shape.opening else 0
    options = {"period": PERIOD, "members": MEMBERS, "categories": own, "opening": begun}
    return reconcile_ledger(ledger, **options)


def test_200_clean_ledgers_raise_no_false_alarm() -> None:
    for shape in shapes(200):
        ledger, opening = clean_ledger(shape)
        ledger = ledger.sample(frac=1, random_state=shape.seed) if shape.seed % 3 == 0 else ledger
        findings = checked(ledger, shape, opening)
        assert findings.empty, (shape, findings[["row", "kind", "reason"]].to_string())


def with_entry(ledger: pd.DataFrame, after: int, **entry: object) -> pd.DataFrame:
    """Put in one entry after a row, on its day."""
    row = ledger.iloc[[after]].assign(balance=pd.NA, note="planted", **entry)
    row["fresh"] = bool(ledger["balance"].notna().any())
    parts = [ledger.iloc[: after + 1], row, ledger.iloc[after + 1 :]]
    planted = pd.concat(parts, ignore_index=True).astype({"balance": "Int64"})
    return planted.assign(fresh=planted["fresh"].fillna(False).astype("bool"))


def test_planted_payments_out_of_an_empty_box_are_found_at_their_row() -> None:
    for shape in shapes(40, opening=False):
        ledger, opening = clean_ledger(shape)
        rng = np.random.default_rng(shape.seed)
        kas = np.flatnonzero(ledger["book"] == "kas")
        after = int(rng.choice(kas[len(kas) // 3 :]))
        group, day = ledger["group"][after], ledger["date"][after]
        book = ledger[(ledger["book"] == "kas") & (ledger["group"] == group)]
        held = book.loc[book["date"] <= day, "amount"].sum()
        code = CODES[shape.codes]["purchase"]
        entry = {"category": code, "person": pd.NA, "amount": -int(held) - 35_500}
        last = int(book.index[book["date"] == day][-1])
        planted = again(with_entry(ledger, last, **entry), opening)
        findings = checked(planted, shape, opening)
        rows = findings[findings["row"] == last + 3]
        assert rows["kind"].tolist() == ["below_zero"], (shape, findings[WHAT].to_string())
        assert set(findings["kind"]) == {"below_zero"}  # and again, where it fills up and empties


def test_planted_withdrawals_of_more_than_was_saved_are_found_at_their_row() -> None:
    seen = 0
    for shape in shapes(40, opening=False):
        ledger, opening = clean_ledger(shape)
        rng = np.random.default_rng(shape.seed)
        own = (ledger["book"] == "tabungan") & ledger["person"].notna()
        after = int(rng.choice(np.flatnonzero(own)))
        person, day = ledger["person"][after], ledger["date"][after]
        mine = own & (ledger["person"] == person)
        saved = int(ledger.loc[mine & (ledger["date"] <= day), "amount"].sum())
        rest = ledger[(ledger["book"] == "tabungan") & (ledger["group"] == ledger["group"][after])]
        last = int(rest.index[rest["date"] == day][-1])
        code = CODES[shape.codes]["withdrawal"]
        entry = {"category": code, "person": person, "amount": -saved - 7_500}
        planted = again(with_entry(ledger, last, **entry), opening)
        findings = checked(planted, shape, opening)
        assert last + 3 in findings["row"].tolist(), (shape, findings[WHAT].to_string())
        assert set(findings["kind"]) <= {"overdrawn", "below_zero"}
        seen += int("overdrawn" in set(findings["kind"]))
    assert seen == 40


DUES = [(f"2016-03-0{day}", "07", "iks", "iks_due", None, 20_000 + day) for day in range(1, 6)]


def test_an_entry_in_the_wrong_book_is_to_be_looked_at() -> None:
    cost = ledger_of(*DUES, ("2016-03-06", "07", "iks", "cost", None, -15_000))
    assert told(cost) == [[7, "misplaced", "look"]]
    assert "stands in the IKS book" in reconcile_ledger(cost).loc[0, "reason"]
    paid = [("2016-03-05", "07", "kas", "sales", None, 90_000)]
    paid += [("2016-03-06", "07", "kas", "sick_support", "a", -15_000)]
    assert told(ledger_of(*DUES, *paid)) == [[8, "misplaced", "look"]]
    assert told(ledger_of(*paid)) == []  # the group keeps no IKS book
    often = [(f"2016-03-1{day}", "07", "iks", "cost", None, -1_000 - day) for day in range(5)]
    assert told(ledger_of(*DUES, *often)) == [[7, "misplaced", "look"]]
    assert "5 entries" in reconcile_ledger(ledger_of(*DUES, *often)).loc[0, "reason"]


@pytest.mark.parametrize("times", [1000, 0.001])
def test_an_amount_a_thousand_times_its_categorys_usual_is_to_be_looked_at(
    times: float, twin: Site
) -> None:
    ledger = twin.ledger.drop(columns="balance").reset_index(drop=True)
    seen = 0
    for (book, category), part in ledger.groupby(["book", "category"]):
        if category in ("stimulant", "opening_stock", "cooperative_savings", "charity_day"):
            continue  # once a group, or told as the half of a movement
        if category.startswith("iks_s") or category.startswith("iks_p"):
            continue
        wrong = ledger.copy()
        spot = part.index[len(part) // 2]
        wrong.loc[spot, "amount"] = int(wrong.loc[spot, "amount"] * times)
        findings = reconcile_ledger(wrong, members=twin.table("members"))
        rows = findings[findings["row"] == spot + 2]
        assert len(rows) == 1, (book, category)
        if rows["kind"].iloc[0] == "odd_amount":
            assert rows["certainty"].tolist() == ["look"]
            right = int(ledger.loc[spot, "amount"])
            assert abs(rows["expected"].iloc[0] - right) < 1000
        else:  # so much was not there: both causes are said
            assert rows["kind"].iloc[0] in ("below_zero", "overdrawn")
            assert "hree zeros too many" in rows["suggestion"].iloc[0]
        seen += 1
    assert seen >= 5


def test_amounts_of_every_size_are_no_alarm() -> None:
    """Log-uniform over three powers of ten: nothing is usual; twenty times the usual is no slip."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        sizes = np.exp(rng.uniform(np.log(1_000), np.log(1_000_000), 40)).astype(int)
        rows = [
            (f"2016-03-{1 + n % 28:02d}", "07", "kas", "sales", None, int(size))
            for n, size in enumerate(dict.fromkeys(sizes))
        ]
        assert told(ledger_of(*rows)) == []
    steady = [(f"2016-03-{day:02d}", "07", "kas", "sales", None, 50_000) for day in range(1, 9)]
    assert told(ledger_of(*steady, ("2016-03-10", "07", "kas", "sales", None, 1_000_000))) == []


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("IDR 15,000, not IDR 115,000.", "Or: A slip of one in a column", "IDR 100,000")),
        ("id", ("Rp 15.000, bukan Rp 115.000.", "Atau: Mungkin salah satu angka", "Rp 100.000")),
    ],
)
def test_where_two_causes_fit_both_are_said(lang: str, words: tuple[str, ...]) -> None:
    """By arithmetic: 115,000 with a digit too many is 15,000; and 100,000 is one in one column."""
    ledger = ledger_of(
        *(
            (f"2016-03-0{day}", "07", "kas", "sales", None, amount)
            for day, amount in enumerate((500_000, 115_000, 20_000, 30_000), 1)
        )
    ).assign(balance=[500_000, 515_000, 535_000, 565_000])
    finding = reconcile_ledger(ledger, lang=lang).iloc[0]
    assert (finding["row"], finding["kind"], finding["difference"]) == (3, "balance", -100_000)
    for part in words:
        assert part in finding["suggestion"]
    plain = ledger.assign(balance=[500_000, 615_000, 638_000, 668_000])
    assert "Or:" not in reconcile_ledger(plain).loc[0, "suggestion"]
