"""The simulated twin: raw logs drawn by a seeded generator so that they agree with the printed numbers.

Nothing here is data. Constraints are read from the published site; what the study does not print is
assumed, and each assumption is a row of ``assumptions.csv``. Only whole numbers are drawn, and each
table has its own stream, so one table's change never shifts another.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np
import pandas as pd

from kube_research.errors import KubeError
from kube_research.files import home
from kube_research.site.folder import Site, load_site
from kube_research.site.schema import tables, typed
from tools.twin_draws import (
    balanced,
    draw_attendance,
    draw_ledger,
    draw_raters,
    draw_ratings,
    member_rows,
)
from tools.twin_plan import ImpossibleTwinError, Row, copied, items_rows, make_plan
from tools.twin_texts import MARK, assumption_rows, readme, site_toml

__all__ = ["ForeignFilesError", "ImpossibleTwinError", "main", "twin", "write_twin"]

_STREAMS = ("raters", "ratings", "attendance", "ledger")


class ForeignFilesError(KubeError):
    """The folder holds files that this module did not make."""


def twin(site: Site, *, seed: int = 2016) -> dict[str, pd.DataFrame]:
    """Draw all tables of the simulated twin of a published site.

    Parameters
    ----------
    site : Site
        Needs ``item_means``, ``items``, ``fields``, ``rounds``, ``activities``, ``facts``, ``rtl``,
        ``books`` and ``iks_rule``; every constraint is read from them.
    seed : int
        Seed of the draws. Item totals do not depend on it.

    Returns
    -------
    dict of str to DataFrame
        Typed tables by name (money in whole rupiah), every row graded ``simulated``.

    Raises
    ------
    ImpossibleTwinError
        If a printed mean or a count cannot be met; the message says which.
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> ratings = twin(load_site("cibeunying"))["ratings"]
    >>> int(ratings.loc[(ratings["round"] == 1) & (ratings["item"] == 9), "score"].sum())
    37
    """
    plan = make_plan(site, seed)
    spawned = np.random.SeedSequence(seed).spawn(len(_STREAMS))
    seeds = dict(zip(_STREAMS, spawned, strict=True))
    raters = draw_raters(plan, np.random.default_rng(seeds["raters"]))
    books = seeds["ledger"].spawn(len(site.info.groups))
    entries: list[Row] = []
    for group, stream in zip(site.info.groups, books, strict=True):
        entries += draw_ledger(plan, group, np.random.default_rng(stream))
    rounds = copied(site, "rounds")
    rounds["date"] = [plan.day(activity) for activity in rounds["activity"]]
    rows: dict[str, list[Row]] = {
        "ratings": draw_ratings(plan, raters, np.random.default_rng(seeds["ratings"])),
        "members": member_rows(plan),
        "attendance": draw_attendance(plan, raters, np.random.default_rng(seeds["attendance"])),
        "ledger": balanced(entries),
        "assumptions": assumption_rows(plan),
    }
    done = {name: pd.DataFrame(part).assign(evidence="simulated") for name, part in rows.items()}
    done |= {name: copied(site, name) for name in ("fields", "books", "iks_rule")}
    done |= {"items": items_rows(site), "rounds": rounds, "activities": plan.activities}
    return {name: typed(done[name], name) for name in tables() if name in done}


def _csv(frame: pd.DataFrame) -> str:
    shown = frame.copy()
    for name in shown.columns:
        if shown[name].dtype == "Float64":
            shown[name] = shown[name].map("{:g}".format, na_action="ignore").astype("string")
    return str(shown.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d"))


def _made_here(path: Path) -> bool:
    lines = path.read_text("utf-8", errors="replace").splitlines() if path.is_file() else []
    if path.suffix == ".csv" and path.stem in tables():
        return all("simulated" in line for line in lines[1:])
    return path.name in ("site.toml", "README.md") and bool(lines) and MARK in lines[0]


def write_twin(
    folder: str | Path, site: Site | None = None, *, seed: int = 2016, overwrite: bool = False
) -> list[Path]:
    r"""Write the simulated twin as a site folder: CSV files, ``site.toml`` and ``README.md``.

    Parameters
    ----------
    folder : str or Path
        Where to; made if absent. All files are written aside first and then put in place.
    site : Site, optional
        The published site; ``load_site("cibeunying")`` by default.
    seed : int
        Seed of the draws.
    overwrite : bool
        Write even if the folder holds files that this function did not make. Other files stay.

    Returns
    -------
    list of Path
        The files written. The same site and seed give the same bytes (UTF-8, ``\n``).

    Raises
    ------
    ForeignFilesError
        If the folder holds files not made here, unless ``overwrite``.
    ImpossibleTwinError, kube_research.errors.MissingTableError

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as place:
    ...     files = write_twin(Path(place) / "twin")
    >>> "ratings.csv" in [file.name for file in files]
    True
    """
    folder = Path(folder)
    inside = sorted(folder.iterdir()) if folder.is_dir() else [folder] if folder.exists() else []
    foreign = [p.name for p in inside if not p.name.startswith(".") and not _made_here(p)]
    if folder.is_file() or (foreign and not overwrite):
        raise ForeignFilesError(f"{folder} holds files not made here: {', '.join(foreign)}")
    site = load_site("cibeunying") if site is None else site
    frames = twin(site, seed=seed)
    contents = {f"{name}.csv": _csv(frame) for name, frame in frames.items()}
    contents["site.toml"] = site_toml(site, seed, frames["ledger"]["date"].min().date())
    contents["README.md"] = readme(site, frames, seed)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".twin-") as aside:
        for name, content in contents.items():
            (Path(aside) / name).write_bytes(content.encode())
        for name in contents:
            (Path(aside) / name).replace(folder / name)
    return [folder / name for name in contents]


@click.command()
@click.option("--to", type=click.Path(path_type=Path), help="Folder to write; the twin by default.")
@click.option("--seed", type=click.IntRange(min=0), default=2016, show_default=True)
def main(to: Path | None, seed: int) -> None:
    """Write the simulated twin of the published site."""
    try:
        files = write_twin(to or home() / "data" / "cibeunying-simulated", seed=seed)
    except KubeError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(files)} files in {files[0].parent}")


if __name__ == "__main__":
    main()
