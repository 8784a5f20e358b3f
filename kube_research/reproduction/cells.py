"""What notebook cells call: show a table or figure, say what is simulated, skip what a site lacks."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kube_research import files
from kube_research.errors import MissingTableError, OptionError
from kube_research.frames import grade_of
from kube_research.outputs import Output, find_output
from kube_research.shown import Shown
from kube_research.texts import LANGUAGES, notebook_language, text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site


def figures_folder(site: Site) -> Path:
    """Return where notebooks write figures and tables: ``$KUBE_FIGURES``, else :func:`figures_of`."""
    chosen = os.environ.get("KUBE_FIGURES")
    return Path(chosen) if chosen else figures_of(site.folder)


def figures_of(folder: Path) -> Path:
    """Return where the figures of a site folder belong.

    ``figures`` beside the bundled data for the study and its twin; else ``figures`` inside the site's
    own folder. For bundled data of an installed package the working folder takes the place of both.
    """
    if folder.resolve().parent != (files.home() / "data").resolve():
        return folder / "figures"
    study = folder.name in ("cibeunying", "cibeunying-simulated")
    if files.home().name == "_bundled":
        return Path("figures") if study else Path("figures") / folder.name
    return (files.home() if study else folder) / "figures"


def raw_logs(site: Site, table: str) -> Site:
    """Return the site that can stand for raw logs: itself, or its simulated twin; say which.

    Parameters
    ----------
    site : Site
    table : str
        The table that is wanted, such as ``"ratings"``.

    Returns
    -------
    Site
        The site itself if it has the table or has no twin; its twin otherwise.
    """
    lang = notebook_language()
    try:
        logs = site.with_raw_logs(table)
    except MissingTableError:
        logs = site
    if logs.has(table):
        _say(text("notebook.simulated" if logs.simulated else "notebook.own", lang))
    return logs


def build(
    output: Output[..., Any], site: Site, folder: Path, lang: str = "en"
) -> tuple[pd.DataFrame, list[Path]]:
    """Make an output in every language and write its files.

    Returns
    -------
    DataFrame
        The table in ``lang``, or the frame the figure draws.
    list of Path
        The files written.

    Raises
    ------
    kube_research.errors.MissingTableError
        If the site lacks the tables; nothing is written then.
    """
    stem = f"{output.name}-simulated" if site.simulated else output.name
    paths: list[Path] = []
    if output.kind == "table":
        tables = {each: output(site, lang=each) for each in LANGUAGES}
        for each, table in tables.items():
            readable = Shown.of(table, each)
            paths += readable.save(folder, f"{stem}.{each}", output.title(each))
        return tables[lang], paths
    from kube_research.figures import style

    frame: pd.DataFrame = output.frame(site)
    for each in LANGUAGES:
        drawn = style.figure_of(output(site, lang=each))
        paths += style.save(drawn, folder, f"{stem}.{each}")
    return frame, paths


def show(name: str, site: Site) -> None:
    """Show a registered table or figure and write its files in every language.

    A figure is written, closed, shown, and followed by the table it draws. Where the site lacks the
    tables, the cell says so and goes on.

    Parameters
    ----------
    name : str
        A name of :data:`kube_research.outputs.OUTPUTS`, such as ``"table_2"``.
    site : Site
        The site; an output that needs raw logs falls back to its simulated twin.
    """
    lang = notebook_language()
    output = find_output(name)
    title = output.title(lang)
    try:
        chosen = site.with_raw_logs(output.logs) if output.logs else site
        frame, paths = build(output, chosen, figures_folder(site), lang)
        files.written_files.update(dict.fromkeys(paths))
    except (MissingTableError, OptionError) as error:
        _skip(str(error))
        return
    if output.kind == "figure":
        from IPython.display import Image, display

        wanted = next(path for path in paths if path.name.endswith(f".{lang}.png"))
        display(Image(data=wanted.read_bytes(), width=760, alt=title))
        if not output.long:
            present_frame(frame, title)
    else:
        present_frame(frame, title, simulated=chosen.simulated)


def present(
    function: Callable[..., pd.DataFrame],
    site: Site,
    *names: str,
    title: str = "",
    columns: Sequence[str] = (),
    **options: Any,
) -> None:
    """Call a function on tables of a site and show the frame it returns.

    Parameters
    ----------
    function : callable
        Takes frames (one for each name) or, when no table is named, the site.
    site : Site
    *names : str
        Tables to hand over.
    title : str
        Caption.
    columns : sequence of str
        Show only these columns, and ``evidence``.
    **options
        Passed on to the function, with the language of the notebook if it takes one.

    Notes
    -----
    Where the site lacks a table the cell says which file would hold it, and goes on.
    """
    lang = notebook_language()
    if "lang" in inspect.signature(function).parameters:
        options = {"lang": lang, **options}
    try:
        tables = [site.table(name, lang) for name in names]
        inputs: list[Any] = tables or [site]
        frame = function(*inputs, **options)
    except (MissingTableError, OptionError) as error:
        _skip(str(error))
        return
    if columns:
        frame = frame[[name for name in (*columns, "evidence") if name in frame]]
    present_frame(frame, title)


def present_frame(
    frame: pd.DataFrame, title: str = "", *, simulated: bool | None = None, digits: int = 3
) -> None:
    """Show a frame as a plain table, marked on its face when it is simulated."""
    from IPython.display import HTML, display

    if simulated is None:
        simulated = "evidence" in frame and len(frame) > 0 and grade_of(frame) == "simulated"
    mark = (
        f"<em>{text('evidence.simulated', notebook_language()).upper()}</em> " if simulated else ""
    )
    caption = f"<p>{mark}<strong>{title}</strong></p>" if title or mark else ""
    display(HTML(caption + Shown.of(frame, notebook_language(), digits).html()))


def colophon(site: Site) -> None:
    """Print what the notebook ran on: versions and checksums of the site's data files."""
    import platform
    from importlib.metadata import version

    from kube_research.site.checksums import file_checksum

    names = ("kube_research", "pandas", "numpy", "scipy", "matplotlib", "seaborn")
    print("Python", platform.python_version(), *(f"· {name} {version(name)}" for name in names))
    for path in sorted(site.folder.glob("*.*")):
        if path.suffix in (".csv", ".xlsx", ".toml"):
            print(file_checksum(path)[:16], path.name)


def _skip(why: str) -> None:
    """Say what is skipped and why, in a way that ``reproduce`` can gather."""
    words = text("notebook.skipped", notebook_language(), why=why)
    _say(words, {"kube_research": {"skipped": why}})


def _say(words: str, metadata: dict[str, Any] | None = None) -> None:
    from IPython.display import Markdown, display

    display(Markdown(f"> {words}"), metadata=metadata)


def show_plot(plot: Callable[..., Axes], frame: pd.DataFrame, **options: Any) -> None:
    """Draw a figure of a programme in the language of the notebook, show it and close it.

    Parameters
    ----------
    plot : callable
        Such as :func:`kube_research.programme.figures.area_forest`.
    frame : DataFrame
        What it draws.
    **options
        Passed on.
    """
    from IPython.display import Image, display

    from kube_research.figures import style

    axes = plot(frame, lang=notebook_language(), **options)
    display(Image(data=style.png_bytes(style.figure_of(axes)), width=760))
