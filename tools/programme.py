"""Write a simulated programme of any size to Parquet by province and regency, in bounded memory.

Nothing here is data: every row is graded ``simulated``. Use it through ``programme`` or::

    python -m tools.programme FOLDER --groups 140000
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

from kube_research.errors import KubeError, MissingExtraError, OptionError
from kube_research.files import home
from kube_research.texts import text
from tools.programme_draws import FIRST_DAY, MEETINGS, Draw, PartDraws, Words
from tools.programme_plan import Part, ProgrammePlan, plan_programme

TABLES = ("groups", "members", "ratings", "attendance", "ledger")
#: First line of ``programme.toml``: by it a folder is known to be made here.
MARK = "# SIMULATED programme written by tools.programme: every number is drawn, none is data."
_FILES = {
    "programme.toml",
    "items.csv",
    "rounds.csv",
    "activities.csv",
    "regencies.csv",
    "faults.csv",
}
#: Bytes on disk that a rating and a group's other rows take at most.
_PER_RATING, _PER_GROUP = 0.6, 1000


def programme(
    folder: str | Path,
    *,
    groups: int = 140_000,
    raters: int = 10,
    items: int = 30,
    rounds: int = 2,
    seed: int = 2016,
    scale: tuple[int, int] = (1, 4),
    attrition: float = 0.06,
    faults: Mapping[str, int] | int | None = None,
    provinces: int | None = None,
    regencies: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> Path:
    """Write a simulated programme: Parquet by province and regency, with a known number of faults.

    Parameters
    ----------
    folder : str or Path
        Where to; made if absent. All is written aside first and then put in place.
    groups, raters, items, rounds, seed, scale, attrition, faults, provinces, regencies
        See :func:`tools.programme_plan.plan_programme`.
    workers : int, optional
        Threads; by default as many as there are processors. They do not change a byte.
    overwrite : bool
        Replace a programme that this function wrote. Other folders are never touched.
    progress : callable
        Called with the number of groups whenever some are written.

    Returns
    -------
    Path
        The folder: ``TABLE/province=PP/regency=RRRR/part-NNNN.parquet`` for the tables groups,
        members, ratings, attendance and ledger; ``items.csv``, ``rounds.csv``, ``activities.csv``,
        ``regencies.csv``; ``faults.csv`` with one row per planted fault (where it is, what stood
        there, what stands there now) and ``programme.toml`` with sizes, row counts and fault
        counts.

    Raises
    ------
    kube_research.errors.OptionError
        If an argument is out of range, the folder holds something else, there is too little space on the
        disk, or pyarrow is not installed (MissingExtraError).

    Notes
    -----
    The same arguments and seed give the same bytes with the same pyarrow, whatever the number of
    workers. A group that misses a round has no ratings in it, so ``attrition`` takes rows away:
    140,000 groups with 10 raters, 30 items and 2 rounds are 84 million ratings without attrition.
    Entries of one book stand on different days, so running balances do not depend on the order of
    rows. Money faults stand at the last entry of their book: each leaves exactly one stated balance
    that is not the sum of the entries.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as place:
    ...     made = programme(Path(place) / "small", groups=20, raters=3, items=4, seed=1)
    ...     faults = pd.read_csv(made / "faults.csv")
    >>> faults["kind"].nunique(), set(faults["evidence"])
    (8, {'simulated'})
    """
    plan = plan_programme(
        groups=groups,
        raters=raters,
        items=items,
        rounds=rounds,
        seed=seed,
        scale=scale,
        attrition=attrition,
        faults=faults,
        provinces=provinces,
        regencies=regencies,
    )
    if find_spec("pyarrow") is None:
        raise MissingExtraError(text("engines.error.extra", engine="pyarrow", extra="scale"))
    folder = Path(folder)
    _need_room(folder, plan, overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".programme-") as place:
        aside = Path(place) / "new"
        rows: Counter[str] = Counter()
        planted: list[dict[str, object]] = []
        with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
            try:
                for part, (counts, found) in zip(
                    plan.parts,
                    pool.map(lambda p: _write_part(plan, p, aside), plan.parts),
                    strict=True,
                ):
                    rows.update(counts)
                    planted += found
                    progress(part.size)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        _write_root(plan, aside, rows, planted)
        if folder.exists():
            folder.rename(Path(place) / "old")
        aside.rename(folder)
    return folder


def write_practice_programme() -> list[Path]:
    """Make the programme that comes with the package: one Parquet file a table, 400 groups.

    Returns
    -------
    list of Path
        The files that were written: a table whose rows are what they were keeps its file, so that
        another pyarrow changes no byte.
    """
    pq, dataset = import_module("pyarrow.parquet"), import_module("pyarrow.dataset")
    folder, written = home() / "data" / "contoh-programme", []
    with tempfile.TemporaryDirectory() as place:
        drawn = programme(Path(place) / "drawn", groups=400, seed=2016)
        names = [(key, import_module("pyarrow").string()) for key in ("province", "regency")]
        by_area = dataset.partitioning(import_module("pyarrow").schema(names), flavor="hive")
        for name in TABLES:
            table = dataset.dataset(drawn / name, partitioning=by_area).to_table()
            path = folder / f"{name}.parquet"
            if not path.is_file() or not pq.read_table(path).equals(table):
                pq.write_table(table, path, compression="zstd", store_schema=False)
                written.append(path)
        for name in sorted(_FILES):
            content = (drawn / name).read_bytes()
            if not (folder / name).is_file() or (folder / name).read_bytes() != content:
                (folder / name).write_bytes(content)
                written.append(folder / name)
    return written


def _need_room(folder: Path, plan: ProgrammePlan, overwrite: bool) -> None:
    """Raise OptionError unless the folder is free, or ours and to be overwritten, and the disk large."""
    inside = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if inside or folder.is_file():
        info = folder / "programme.toml"
        ours = info.is_file() and info.read_text("utf-8").startswith(MARK)
        other = [name for name in inside if name not in {*TABLES, *_FILES}]
        if not ours or other:
            names = ", ".join((other or inside or [folder.name])[:5])
            raise OptionError(text("programme.error.foreign", folder=folder, names=names))
        if not overwrite:
            raise OptionError(text("programme.error.there", folder=folder))
    place = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    free = shutil.disk_usage(place).free
    need = plan.groups * (plan.raters * plan.items * plan.rounds * _PER_RATING + _PER_GROUP)
    if need > free:
        facts = {"need": round(need / 1e6), "free": free // 10**6, "folder": place}
        raise OptionError(text("programme.error.space", **facts))


def _write_part(
    plan: ProgrammePlan, part: Part, aside: Path
) -> tuple[dict[str, int], list[dict[str, object]]]:
    """Draw and write one part of every table; return its rows and faults."""
    pq = import_module("pyarrow.parquet")
    draws = PartDraws(plan, part)
    rows = {}
    makers: tuple[tuple[str, Callable[[], Draw]], ...] = (
        ("groups", draws.group_rows),
        ("members", draws.member_rows),
        ("ratings", draws.ratings),
        ("attendance", draws.attendance),
        ("ledger", draws.ledger),
    )
    for name, make in makers:
        table = _arrow(make())
        where = f"province={plan.province_code(part.regency)}/regency={plan.codes[part.regency]}"
        target = aside / name / where / f"part-{part.number:04d}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        # Without the Arrow schema every engine reads the words as plain text.
        pq.write_table(table, target, compression="zstd", store_schema=False)
        rows[name] = table.num_rows
    return rows, draws.faults


def _arrow(draw: Draw) -> Any:
    """Return a table of a part as Arrow: words as dictionaries, days as timestamps, and its grade."""
    pa = import_module("pyarrow")
    columns: dict[str, Any] = {}
    for name, column in draw.columns.items():
        if isinstance(column, Words):
            empty = column.places < 0
            places = pa.array(column.places, mask=empty if empty.any() else None)
            columns[name] = pa.DictionaryArray.from_arrays(places, pa.array(column.words))
        elif column.dtype.kind == "M":
            columns[name] = pa.array(column.astype("datetime64[us]"))
        else:
            columns[name] = pa.array(column)
    grade = pa.array(np.zeros(len(draw), dtype=np.int32))
    columns["evidence"] = pa.DictionaryArray.from_arrays(grade, pa.array(["simulated"]))
    return pa.table(columns)


def _write_root(
    plan: ProgrammePlan, aside: Path, rows: Mapping[str, int], planted: list[dict[str, object]]
) -> None:
    """Write the small tables, the faults and ``programme.toml``."""
    keys = ["round", "group", "rater", "item", "activity", "person", "date", "book"]
    head = ["kind", "table", "count", "province", "regency", *keys, "was", "became"]
    faults = pd.DataFrame(planted, columns=head)
    order = {kind: place for place, kind in enumerate(plan.faults)}
    faults = faults.sort_values("kind", key=lambda k: k.map(order), kind="stable")
    codes = pd.Series(plan.codes)
    regencies = pd.DataFrame({"province": codes.str[:2], "regency": codes, "groups": plan.sizes})
    frames = {
        "items": pd.DataFrame([_item(number, plan.items) for number in range(1, plan.items + 1)]),
        "rounds": pd.DataFrame([_round(number, plan) for number in range(1, plan.rounds + 1)]),
        "activities": pd.DataFrame([_meeting(number) for number in range(1, MEETINGS + 1)]),
        "regencies": regencies,
        "faults": faults,
    }
    for name, frame in frames.items():
        frame.assign(evidence="simulated").to_csv(
            aside / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8"
        )
    (aside / "programme.toml").write_bytes(_toml(plan, rows).encode())


def _item(number: int, many: int) -> dict[str, object]:
    field = 1 + (number - 1) * min(7, many) // many
    return {
        "item": number,
        "field_no": field,
        "field_id": f"Bidang {field}",
        "field_en": f"Field {field}",
        "statement_id": f"Pernyataan {number}",
        "statement_en": f"Statement {number}",
    }


def _round(number: int, plan: ProgrammePlan) -> dict[str, object]:
    day = FIRST_DAY + np.timedelta64(7 + 180 * (number - 1), "D")
    words = {"label": f"Round {number}", "label_id": f"Putaran {number}"}
    return {"round": number, "date": str(day), "n_raters": plan.groups * plan.raters, **words}


def _meeting(number: int) -> dict[str, object]:
    day = FIRST_DAY + np.timedelta64(30 * number, "D")
    return {
        "activity": f"M{number}",
        "kind": "meeting",
        "date": str(day),
        "start": "",
        "end": "",
        "place": "",
        "title_id": f"Pertemuan {number}",
        "title_en": f"Meeting {number}",
    }


def _toml(plan: ProgrammePlan, rows: Mapping[str, int]) -> str:
    low, high = plan.scale
    lines = [
        MARK,
        "# Codes of provinces and regencies are made up: no province has these numbers.",
        'name = "Simulated KUBE programme"',
        'evidence = "simulated"',
        f"seed = {plan.seed}",
        f"scale = [{low}, {high}]",
        'scale_reason = "Drawn on this scale."',
        f"threshold = {(low + high) / 2}",
        'threshold_reason = "The middle of the scale."',
        f"groups = {plan.groups}",
        f"raters = {plan.raters}",
        f"items = {plan.items}",
        f"rounds = {plan.rounds}",
        f"provinces = {len(set(plan.provinces.tolist()))}",
        f"regencies = {len(plan.codes)}",
        f"attrition = {plan.attrition}",
        "",
        "[counts]",
        *(f"{name} = {rows[name]}" for name in TABLES),
        "",
        "[faults]",
        *(f"{kind} = {count}" for kind, count in plan.faults.items()),
    ]
    return "\n".join(lines) + "\n"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--groups", type=int, default=140_000, show_default=True, help="How many groups.")
@click.option("--raters", type=int, default=10, show_default=True, help="Raters in each group.")
@click.option("--items", type=int, default=30, show_default=True, help="Items of the instrument.")
@click.option("--rounds", type=int, default=2, show_default=True, help="Rounds of assessment.")
@click.option("--seed", type=int, default=2016, show_default=True)
@click.option("--attrition", type=float, default=0.06, show_default=True, help="Share of leavers.")
@click.option("--faults", type=int, help="Faults of each kind; a few by default.")
@click.option("--workers", type=click.IntRange(min=1), help="Threads; all processors by default.")
@click.option("--overwrite", is_flag=True, help="Replace a programme written by this command.")
def main(folder: Path, **options: Any) -> None:
    """Write a simulated programme, a national one by default, into FOLDER."""
    try:
        with click.progressbar(length=options["groups"], label="groups") as bar:
            programme(folder, progress=bar.update, **options)
    except KubeError as error:
        raise click.ClickException(str(error)) from error
    click.echo(folder / "programme.toml")


if __name__ == "__main__":
    main()
