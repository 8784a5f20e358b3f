"""The command line: ``kube-research reproduce`` and ``kube-research check``."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd

LANGUAGE = click.option(
    "--lang", type=click.Choice(["en", "id"]), default="en", help="Language of messages."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kube_research")
def main() -> None:
    """Analyse action research with community business groups (KUBE)."""


@main.command()
@click.argument("site", required=False)
@click.option("--jobs", type=click.IntRange(1), help="How many notebooks run at a time.")
@click.option("--store", is_flag=True, help="Keep the outputs in the notebook files.")
@LANGUAGE
def reproduce(site: str | None, jobs: int | None, store: bool, lang: str) -> None:
    """Run all notebooks on SITE, rebuild its figures, hold printed against recomputed values.

    SITE is a bundled name or a folder; by default $KUBE_SITE, else cibeunying. Exit code 1 if a
    notebook fails or a value does not match.
    """
    from kube_research.board import headline, scoreboard
    from kube_research.errors import KubeError
    from kube_research.notebook import figures_folder
    from kube_research.reproduction import notebook_paths, run_notebooks
    from kube_research.site import load_site
    from kube_research.texts import text

    started = time.perf_counter()
    try:
        loaded = load_site(site, lang=lang)
        total = len(notebook_paths())
        with click.progressbar(
            length=total, label=text("progress.running", lang), show_pos=True, file=sys.stderr
        ) as bar:
            bar.render_progress()
            ran = run_notebooks(
                loaded.folder, jobs=jobs, lang=lang, done=lambda _: bar.update(1), store=store
            )
        board = scoreboard(loaded, lang=lang)
    except KubeError as error:
        raise click.ClickException(str(error)) from error
    seconds = time.perf_counter() - started
    click.echo(_scores(board, lang))
    where = figures_folder(loaded)
    click.echo(text("progress.done", lang, count=total, seconds=seconds, folder=where))
    skipped: dict[str, list[str]] = {}
    for path, reasons in ran.items():
        for why in reasons:
            skipped.setdefault(why, []).append(path.name[:2])
    for why, where in skipped.items():
        click.echo(text("progress.skipped", lang, notebooks=", ".join(where), why=why))
    click.echo(headline(board, lang))
    if (board["verdict"] == "mismatch").any():
        sys.exit(1)


@main.command()
@click.argument("folder", metavar="DIR")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@LANGUAGE
def check(folder: str, as_json: bool, lang: str) -> None:
    """Check the site in DIR and list every problem with its remedy.

    One line a problem: file:row:column: value: problem: remedy. Exit code 1 if there are any.
    """
    from kube_research.errors import KubeError
    from kube_research.site import check_site
    from kube_research.texts import text

    try:
        problems = check_site(folder, lang=lang)
    except KubeError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        listed = [problem.as_dict() for problem in problems]
        click.echo(json.dumps(listed, ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            click.echo(str(problem))
        if not problems:
            click.echo(text("progress.sound", lang, folder=folder))
    if problems:
        sys.exit(1)


def _scores(board: pd.DataFrame, lang: str) -> str:
    from tabulate import tabulate

    from kube_research.texts import text

    shown = board.assign(
        verdict=board["verdict"].map(lambda verdict: text(f"verdict.{verdict}", lang)),
        evidence=board["evidence"].map(lambda grade: text(f"evidence.{grade}", lang)),
    )
    return str(
        tabulate(
            shown.fillna("").to_numpy().tolist(),
            headers=[text(f"score.{name}", lang) for name in shown.columns],
            maxcolwidths=[None, 40, 22, 22, 12, 10, 30],
            disable_numparse=True,
        )
    )
