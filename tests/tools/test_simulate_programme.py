"""The simulated programme: all planted faults are there and no others, and the seed alone decides."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import kube_research as kr
from kube_research.errors import OptionError
from kube_research.site.schema import tables
from tools import programme as simulate_programme
from tools.programme import programme as write_programme
from tools.programme_plan import FAULTS, PART_ROWS, plan_programme

duckdb = pytest.importorskip("duckdb")

TABLES = simulate_programme.TABLES


def table(folder: Path, name: str) -> pd.DataFrame:
    found = duckdb.read_parquet(f"{folder}/{name}/**/*.parquet", hive_partitioning=True).df()
    return found.drop(columns=["province", "regency"]) if name not in ("groups",) else found


def checksums(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programme") / "small"
    faults = {kind: 3 + place for place, kind in enumerate(FAULTS)}
    return write_programme(
        folder, groups=120, raters=4, items=5, seed=7, faults=faults, attrition=0.2
    )


@pytest.fixture(scope="module")
def planted(small: Path) -> pd.DataFrame:
    return pd.read_csv(small / "faults.csv", dtype={"person": str, "was": str, "became": str})


def test_the_counts_are_those_of_the_rows(small: Path, planted: pd.DataFrame) -> None:
    said = tomllib.loads((small / "programme.toml").read_text(encoding="utf-8"))
    assert said["counts"] == {name: len(table(small, name)) for name in TABLES}
    assert said["evidence"] == "simulated"
    assert said["scale"] == [1, 4]
    assert planted.groupby("kind")["count"].sum().to_dict() == said["faults"]
    assert said["faults"] == {kind: 3 + place for place, kind in enumerate(FAULTS)}
    groups = table(small, "groups")
    assert len(groups) == groups["group"].nunique() == 120
    regencies = pd.read_csv(small / "regencies.csv")
    sizes = groups.groupby("regency").size()
    assert sizes.to_dict() == regencies.set_index("regency")["groups"].to_dict()
    assert sizes.max() > 2 * sizes.min()
    assert len(table(small, "members")) == 480


def test_every_row_says_that_it_is_simulated(small: Path) -> None:
    for name in TABLES:
        assert set(table(small, name)["evidence"]) == {"simulated"}
    for path in small.glob("*.csv"):
        assert set(pd.read_csv(path)["evidence"]) == {"simulated"}, path.name


def found_ratings(small: Path) -> dict[str, pd.DataFrame]:
    rows, known = table(small, "ratings"), set(table(small, "groups")["group"])
    twice = rows.duplicated(["round", "group", "rater", "item"])
    return {
        "score_off_scale": rows[~rows["score"].between(1, 4)],
        "duplicate_rating": rows[twice],
        "unknown_item": rows[~rows["item"].between(1, 5)],
        "unknown_group": rows[~rows["group"].isin(known)],
    }


def test_the_faults_of_the_ratings_are_all_that_is_wrong(
    small: Path, planted: pd.DataFrame
) -> None:
    for kind, rows in found_ratings(small).items():
        told = planted[planted["kind"] == kind]
        assert len(rows) == len(told) == 3 + list(FAULTS).index(kind)
        keys = ["round", "rater"] + ["item"] * (kind != "unknown_item")
        assert sorted(map(tuple, rows[keys].astype(str).values)) == sorted(
            map(tuple, told[keys].astype({"round": int}).astype(str).values)
            if kind == "unknown_item"
            else map(tuple, told[keys].astype({"round": int, "item": int}).astype(str).values)
        )
    off = planted[planted["kind"] == "score_off_scale"]
    rows = found_ratings(small)["score_off_scale"]
    assert sorted(rows["score"].astype(str)) == sorted(off["became"])


def test_the_faults_of_attendance_and_books_are_all_that_is_wrong(
    small: Path, planted: pd.DataFrame
) -> None:
    counts = planted["kind"].value_counts()
    attendance, people = table(small, "attendance"), set(table(small, "members")["person"])
    strangers = attendance[~attendance["person"].isin(people)]
    assert len(strangers) == counts["person_not_in_roster"]
    assert set(strangers["person"]) == set(
        planted.loc[planted["kind"] == "person_not_in_roster", "became"]
    )
    allowed = tables()["attendance"].column("status").allowed
    assert (~attendance["status"].isin(allowed)).sum() == counts["status_invalid"]
    assert not attendance.duplicated(["activity", "person"]).any()
    books = kr.ledger_balances(table(small, "ledger"))
    off = books[books["difference"] != 0]
    assert len(off) == counts["balance_off"] + counts["sign_error"]
    outgoing = books["category"].isin(["stock_purchase", "sick_support"])
    turned = books[(books["amount"] < 0) != outgoing]
    assert len(turned) == counts["sign_error"]
    assert set(turned.index) <= set(off.index)
    assert (turned["difference"] == -2 * turned["amount"]).all()
    assert not books.duplicated(["group", "book", "date"]).any()
    told = planted[planted["table"] == "ledger"]
    assert set(zip(told["group"], told["book"], strict=True)) == set(
        zip(off["group"], off["book"], strict=True)
    )


def test_without_faults_nothing_is_wrong(tmp_path: Path) -> None:
    folder = write_programme(tmp_path / "p", groups=40, raters=3, items=4, faults=0)
    rows = table(folder, "ratings")
    assert rows["score"].between(1, 4).all()
    assert not rows.duplicated(["round", "rater", "item"]).any()
    assert (kr.ledger_balances(table(folder, "ledger"))["difference"] == 0).all()
    assert len(pd.read_csv(folder / "faults.csv")) == 0


def test_a_national_size_is_84_million_ratings_without_attrition() -> None:
    plan = plan_programme()
    assert (plan.groups, len(plan.codes), len(set(plan.provinces))) == (140_000, 514, 34)
    assert plan.groups * plan.raters * plan.items * plan.rounds == 84_000_000
    assert sum(part.size for part in plan.parts) == 140_000
    assert max(part.size for part in plan.parts) * 600 <= PART_ROWS


def test_no_code_is_that_of_a_real_province() -> None:
    real = {11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 31, 32, 33, 34, 35, 36, 51, 52, 53, 61, 62, 63}
    real |= {64, 65, 71, 72, 73, 74, 75, 76, 81, 82, 91, 92, 93, 94, 95, 96, 97}
    plan = plan_programme()
    assert not {int(code[:2]) for code in plan.codes} & real
    assert len(set(plan.codes)) == len(plan.codes)


def test_the_seed_alone_decides_the_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"groups": 60, "raters": 3, "items": 4, "regencies": 3, "provinces": 2}
    monkeypatch.setattr("tools.programme_plan.PART_ROWS", 240)
    one = write_programme(tmp_path / "one", seed=3, workers=1, **sizes)
    four = write_programme(tmp_path / "four", seed=3, workers=4, **sizes)
    other = write_programme(tmp_path / "other", seed=4, workers=4, **sizes)
    assert len(list(one.glob("ratings/**/part-0001.parquet"))) > 0
    assert checksums(one) == checksums(four)
    assert checksums(one) != checksums(other)


def test_groups_leave_and_stay_away(tmp_path: Path) -> None:
    folder = write_programme(
        tmp_path / "p", groups=300, raters=3, items=3, rounds=3, attrition=0.3, faults=0
    )
    rows = table(folder, "ratings")
    seen = {number: set(part["group"]) for number, part in rows.groupby("round")}
    assert len(seen[1]) == 300
    assert seen[3] < seen[2] < seen[1]
    assert 0.2 < 1 - len(seen[2]) / 300 < 0.4
    first = rows[rows["round"] == 1].groupby("group")["score"].mean()
    assert first[list(seen[1] - seen[2])].mean() < first[list(seen[2])].mean()


def test_text_columns_are_plain_text(small: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    path = next(small.glob("ratings/**/*.parquet"))
    kinds = {field.name: str(field.type) for field in pq.read_schema(path)}
    assert kinds == {
        "round": "int64",
        "group": "string",
        "rater": "string",
        "item": "int64",
        "score": "int64",
        "evidence": "string",
    }


def test_a_folder_of_others_is_never_touched(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    for overwrite in (False, True):
        with pytest.raises(OptionError, match=r"notes\.txt"):
            write_programme(folder, groups=4, overwrite=overwrite)
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(OptionError, match="file"):
        write_programme(file, groups=4, overwrite=True)
    sizes = {"groups": 4, "raters": 1, "items": 1}
    made = write_programme(tmp_path / "p", **sizes)
    with pytest.raises(OptionError, match="overwrite"):
        write_programme(made, **sizes)
    write_programme(made, overwrite=True, seed=1, **sizes)
    assert "seed = 1\n" in (made / "programme.toml").read_text(encoding="utf-8")
    (made / "ratings.xlsx").write_text("mine", encoding="utf-8")
    with pytest.raises(OptionError, match=r"ratings\.xlsx"):
        write_programme(made, overwrite=True, **sizes)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "mine", "p"]


def test_a_run_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr(simulate_programme, "_write_part", fail)
    with pytest.raises(OSError, match="disk"):
        write_programme(tmp_path / "p", groups=10)
    assert list(tmp_path.iterdir()) == []


def test_too_little_space_is_told_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OptionError, match="MB"):
        write_programme(tmp_path / "p", groups=10)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"groups": 0}, "groups"),
        ({"raters": 2.5}, "raters"),
        ({"seed": -1}, "seed"),
        ({"scale": (4, 1)}, "scale"),
        ({"attrition": 1.0}, "attrition"),
        ({"faults": {"typo": 1}}, "typo"),
        ({"faults": -1}, "faults"),
        ({"groups": 10, "faults": {"sign_error": 11}}, "ledger"),
        ({"provinces": 99}, "provinces"),
        ({"groups": 10, "regencies": 11}, "regencies"),
        ({"groups": 4000, "regencies": 400, "provinces": 1}, "99"),
    ],
)
def test_wrong_sizes_are_refused(wrong: dict[str, object], word: str) -> None:
    with pytest.raises(OptionError, match=word):
        plan_programme(**wrong)  # type: ignore[arg-type]


@settings(max_examples=40)
@given(
    groups=st.integers(1, 500),
    seed=st.integers(0, 2**32),
    rounds=st.integers(1, 4),
    items=st.integers(1, 40),
)
def test_any_size_is_laid_out_whole(groups: int, seed: int, rounds: int, items: int) -> None:
    plan = plan_programme(groups=groups, items=items, rounds=rounds, seed=seed)
    assert plan.sizes.min() >= 1
    assert plan.sizes.sum() == groups
    covered = np.concatenate([np.arange(part.first, part.first + part.size) for part in plan.parts])
    assert covered.tolist() == list(range(groups))
    for name in ("ratings", "ledger", "attendance"):
        wanted = sum(count for kind, count in plan.faults.items() if FAULTS[kind] == name)
        assert len(plan.planted[name]) == wanted
        assert set(plan.planted[name]) <= set(range(groups))


def test_the_command_writes_and_says_where(tmp_path: Path) -> None:
    sizes = ["--groups", "6", "--raters", "2", "--items", "2"]
    done = CliRunner().invoke(simulate_programme.main, [str(tmp_path / "p"), *sizes])
    assert done.exit_code == 0, done.output
    assert "programme.toml" in done.output
    again = CliRunner().invoke(simulate_programme.main, [str(tmp_path / "p"), *sizes])
    assert again.exit_code == 1
    assert "overwrite" in again.output
