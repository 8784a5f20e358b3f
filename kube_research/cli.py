"""The command line: thin commands, each of which imports what it needs when it is called."""

from __future__ import annotations

import io
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from kube_research.errors import ExistsError, KubeError, OptionError
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

LANGUAGE = click.option(
    "--lang", type=click.Choice(["en", "id"]), default="en", help="Language of messages."
)


class Refused(click.ClickException):
    """The end of a command that will not write where it was told to."""

    exit_code = 2


class Commands(click.Group):
    """Commands that end in one line, never in a traceback, whatever goes wrong."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what nobody foresaw is told by name (KUBE_DEBUG=1 shows all)."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except ExistsError as error:
            raise Refused(str(error)) from error
        except KubeError as error:
            raise click.ClickException(str(error)) from error
        except Exception as error:
            if os.environ.get("KUBE_DEBUG"):
                raise
            lang = "id" if "--lang id" in " ".join(sys.argv).replace("=", " ") else "en"
            named = f"{type(error).__name__}: {error}"
            raise click.ClickException(text("error.unforeseen", lang, error=named)) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kube_research")
def main() -> None:
    """Analyse action research with community business groups (KUBE)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console need not know every letter of a cell
            stream.reconfigure(errors="backslashreplace")


@main.command()
@click.argument("site", required=False)
@click.option("--jobs", type=click.IntRange(1), help="How many notebooks run at a time.")
@click.option(
    "--fresh", is_flag=True, help="Run all notebooks, also those nothing has changed for."
)
@click.option("--store", is_flag=True, help="Keep the outputs in the notebook files.")
@LANGUAGE
def reproduce(site: str | None, jobs: int | None, fresh: bool, store: bool, lang: str) -> None:
    """Run all notebooks on SITE, rebuild its figures, hold printed against recomputed values.

    SITE is a bundled name or a folder; by default $KUBE_SITE, else cibeunying. A notebook runs only
    if its cells, the library, the data or its figures have changed since it last ran, unless --fresh.
    Exit code 1 if a notebook fails or a value does not match.
    """
    from kube_research.reproduction.cells import figures_folder
    from kube_research.reproduction.running import notebook_paths, run_notebooks
    from kube_research.site.folder import load_site
    from kube_research.study.printed_values import headline, scoreboard

    started = time.perf_counter()
    loaded = load_site(site, lang=lang)
    total = len(notebook_paths())
    with click.progressbar(
        length=total, label=text("progress.running", lang), show_pos=True, file=sys.stderr
    ) as bar:
        bar.render_progress()
        ran = run_notebooks(
            loaded.folder,
            jobs=jobs,
            lang=lang,
            finished=lambda _: bar.update(1),
            store=store,
            fresh=fresh,
        )
    board = scoreboard(loaded, lang=lang)
    seconds = time.perf_counter() - started
    click.echo(_scores(board, lang))
    where = figures_folder(loaded)
    reused = [path.name[:2] for path, outcome in ran.items() if outcome.reused]
    count = total - len(reused)
    click.echo(text("progress.done", lang, count=count, seconds=seconds, folder=where))
    if reused:
        click.echo(text("progress.reused", lang, notebooks=", ".join(reused)))
    skipped: dict[str, list[str]] = {}
    for path, outcome in ran.items():
        for why in outcome.skipped:
            skipped.setdefault(why, []).append(path.name[:2])
    for why, names in skipped.items():
        click.echo(text("progress.skipped", lang, notebooks=", ".join(names), why=why))
    click.echo(headline(board, lang))
    if (board["verdict"] == "mismatch").any():
        sys.exit(1)


@main.command()
@click.argument("folder", metavar="DIR")
@click.option("--excel", is_flag=True, help="One workbook, site.xlsx, instead of CSV files.")
@LANGUAGE
def new(folder: str, excel: bool, lang: str) -> None:
    """Make the folder DIR of a new site, ready to fill in, with an example and instructions.

    DIR must not exist, or be empty: nothing is ever overwritten. Exit code 2 if something stands
    there already, 1 if DIR cannot be made; in both cases nothing is written.
    """
    from kube_research.fieldwork.new_site import make_site

    made = make_site(folder, lang=lang, excel=excel)
    first = "site.xlsx" if excel else f"{text('new.read_me', lang)}.txt"
    click.echo(text("new.made", lang, folder=made))
    click.echo(text("new.made_file", lang, file=made / first))
    quoted = f'"{made}"' if " " in str(made) else made
    click.echo(text("new.made_check", lang, folder=quoted))


@main.command()
@click.argument("folder", metavar="DIR")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@LANGUAGE
def check(folder: str, as_json: bool, lang: str) -> None:
    """Check the site in DIR and list every problem with its remedy.

    One line a problem: file:row:column: value: problem: remedy, and a last line that counts them.
    Errors keep the site from being loaded; findings are contradictions in the data themselves, such as
    a stated balance that is not the sum of its entries; warnings are things to look at.

    Exit code 1 if there are errors or findings, 0 if there are none or only warnings.
    """
    from kube_research.site.folder import check_site
    from kube_research.site.problems import as_json_text, as_text, failed, no_folder

    try:
        problems = check_site(folder, lang=lang)
    except KubeError as error:
        if not as_json:
            raise click.ClickException(str(error)) from error
        problems = [no_folder(folder, str(error), lang)]
    click.echo(as_json_text(problems) if as_json else as_text(problems, folder, lang))
    if failed(problems):
        sys.exit(1)


@main.command()
@click.argument("folder", metavar="DIR")
@click.option(
    "--to", "target", help="File to write, .docx or .html; by default report.docx in DIR."
)
@click.option("--title", help="Title of the report.")
@click.option("--author", help="Author, for the title page.")
@click.option("--force", is_flag=True, help="Replace the file if it is there already.")
@click.option(
    "--lang", type=click.Choice(["en", "id"]), help="Language; by default that of the site."
)
def report(
    folder: str,
    target: str | None,
    title: str | None,
    author: str | None,
    force: bool,
    lang: str | None,
) -> None:
    """Write a report of the site in DIR, with tables and figures, as Word or as one HTML page.

    DIR is a folder or a bundled name. Exit code 1 if the site has problems, 2 if the file cannot be
    written as asked. A file that is there already is kept unless --force is given.
    """
    from kube_research.report.making import report_path, write_report
    from kube_research.site.folder import load_site

    try:
        site = load_site(folder, lang=lang or "en")
        lang = lang or site.info.language
        path = report_path(site, lang) if target is None else target
        written = write_report(site, path, lang=lang, overwrite=force, title=title, author=author)
    except OptionError as error:
        raise Refused(str(error)) from error
    click.echo(text("report.done", lang, path=written))
    if any(frame["evidence"].eq("simulated").any() for frame in site.tables.values()):
        click.echo(text("report.done_simulated", lang))


@main.command()
@click.argument("site", metavar="DIR")
@click.option("--to", "target", help="File to write, .xlsx; by default form.xlsx in DIR.")
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@LANGUAGE
def form(site: str, target: str | None, force: bool, lang: str) -> None:
    """Write the instrument of the site in DIR as an XLSForm for KoboToolbox and ODK.

    Exit code 2 if the file is there already.
    """
    from pathlib import Path

    from kube_research.fieldwork.form import write_form
    from kube_research.site.folder import bundled_sites, load_site

    loaded = load_site(site, lang=lang)
    folder = Path() if site in bundled_sites() else loaded.folder
    path = Path(target) if target else folder / "form.xlsx"
    click.echo("\n".join(write_form(loaded, path, force=force, lang=lang)))


@main.command("import")
@click.argument("export", metavar="EXPORT", required=False)
@click.option("--site", required=True, metavar="DIR", help="Folder of the site.")
@click.option("--undo", is_flag=True, help="Take the last import into the site back.")
@click.option("--round", "round_number", type=int, help="Round of all rows, if no column says it.")
@click.option("--latest", is_flag=True, help="Of two submissions of one rater take the newest.")
@click.option("--keep-rounds", is_flag=True, help="Leave n_raters in the rounds table as it is.")
@click.option("--map", "meanings", metavar="FILE", help="CSV: header or answer, what it means.")
@click.option(
    "--grid", "grids", metavar="NAME=ROUND", multiple=True, help="Round of a grid, or ignore."
)
@LANGUAGE
def import_(
    export: str | None,
    site: str,
    undo: bool,
    round_number: int | None,
    latest: bool,
    keep_rounds: bool,
    meanings: str | None,
    grids: tuple[str, ...],
    lang: str,
) -> None:
    """Bring EXPORT of KoboToolbox, ODK Central, Google or Microsoft Forms into the ratings of a site.

    The same export twice changes nothing; a changed submission updates its rows. Names become codes.
    Exit code 1, and nothing written, if anything in the export does not fit.
    """
    from kube_research.fieldwork.importing import import_ratings
    from kube_research.fieldwork.safekeeping import undo_import

    options = (round_number is not None, latest, keep_rounds, meanings is not None, bool(grids))
    if export is None or undo:
        if export is not None or not undo or any(options):
            raise Refused(text("import.undo_options", lang))
        click.echo("\n".join(undo_import(site, lang=lang)))
        return
    imported = import_ratings(
        export,
        site,
        round_number=round_number,
        latest=latest,
        keep_rounds=keep_rounds,
        meanings=meanings,
        grids=dict(_grid(given, lang) for given in grids),
        lang=lang,
    )
    click.echo("\n".join(imported.sentences(lang)))


def _grid(given: str, lang: str) -> tuple[str, int]:
    """Return what the headers of a grid say, and its round."""
    name, _, number = (word.strip() for word in given.rpartition("="))
    if not name or not (number.isdecimal() or number in ("ignore", "abaikan")):
        raise click.BadParameter(text("import.grid_form", lang, given=given), param_hint="--grid")
    return name, int(number) if number.isdecimal() else 0


@main.command()
@click.argument("programme")
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "polars", "spark"]),
    default="duckdb",
    show_default=True,
    help="What does the computing.",
)
@click.option("--out", required=True, help="Folder to write to; it must be new or empty.")
@click.option("--by", default="", help="Break down by these columns, such as province,regency.")
@click.option(
    "--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True
)
@click.option("--memory", default="1GB", show_default=True, help="How much DuckDB may use.")
@LANGUAGE
def summarise(
    programme: str, engine: str, out: str, by: str, form: str, memory: str, lang: str
) -> None:
    """Write item, field, attendance and ledger summaries of a PROGRAMME, and its violations counted.

    PROGRAMME is a folder of Parquet tables by province and regency, or a pattern of site folders such as
    "programme/*". Nothing is ever overwritten: exit code 2 if something stands at --out.
    """
    from kube_research.programme.summaries import write_summaries

    started = time.perf_counter()

    def tell(name: str) -> None:
        seconds = time.perf_counter() - started
        click.echo(text("engines.done.file", lang, name=name, seconds=seconds), err=True)

    columns = [name.strip() for name in by.split(",") if name.strip()]
    options: dict[str, Any] = {"engine": engine, "by": columns, "form": form, "memory": memory}
    written = write_summaries(programme, out, lang=lang, done=tell, **options)
    for problem in written.problems:
        click.echo(str(problem), err=True)
    for row in written.violations.to_dict("records"):
        facts = {str(name): value for name, value in row.items()}
        click.echo(text("engines.done.broken", lang, **facts))
    if written.violations.empty:
        click.echo(text("engines.done.sound", lang))
    seconds = time.perf_counter() - started
    click.echo(text("engines.done.all", lang, folder=written.folder, seconds=seconds))


def _scores(board: pd.DataFrame, lang: str) -> str:
    from tabulate import tabulate

    worded = board.assign(
        verdict=board["verdict"].map(lambda verdict: text(f"verdict.{verdict}", lang)),
        agreement=board["agreement"].map(
            lambda kind: text(f"score.{kind.replace(' ', '_')}", lang)
        ),
        evidence=board["evidence"].map(lambda grade: text(f"evidence.{grade}", lang)),
    )
    return str(
        tabulate(
            worded.fillna("").to_numpy().tolist(),
            headers=[text(f"score.{name}", lang) for name in worded.columns],
            maxcolwidths=[None, 40, 22, 22, 12, 12, 10, 24],
            disable_numparse=True,
        )
    )
