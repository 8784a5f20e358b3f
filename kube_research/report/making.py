"""A report of a site as Word or HTML: what its tables allow, and in one sentence what they do not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from kube_research.compare.choices import which_comparison
from kube_research.errors import KubeError, OptionError
from kube_research.files import home, replace_file
from kube_research.formats import day_of, number
from kube_research.frames import FEW, GRADES
from kube_research.report import activities, books, comparison, scores
from kube_research.report.document import (
    Cover,
    Draft,
    Exhibit,
    Figure,
    Report,
    Section,
    Table,
    clean,
    drawn,
    ref,
)
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

SUFFIXES = (".docx", ".html")


def build_report(
    site: Site,
    *,
    lang: str = "id",
    title: str | None = None,
    author: str | None = None,
    day: dt.date | None = None,
) -> Report:
    """Return what a report of the site says, as blocks of text, tables and figures.

    Parameters
    ----------
    site : Site
        What its tables do not hold is named, never filled in.
    lang : {"id", "en"}
        Language of every word that is not the site's own.
    title, author : str, optional
        For the title page and the properties of the document.
    day : date, optional
        Day of the report; left out by default, so that the same site gives the same file.

    Returns
    -------
    Report

    Raises
    ------
    kube_research.errors.OptionError
        For a language that is not known.

    Examples
    --------
    >>> import kube_research as kr
    >>> report = build_report(kr.load_site("cibeunying"), lang="en")
    >>> report.title
    'Analysis report: KUBE Maju Sejahtera'
    >>> report.numbers["table:weak"]
    ('Table', 4)
    """
    draft = Draft(site, check_language(lang))
    for section in SECTIONS:
        draft.section(section)
    heading = clean(title or text("report.title", lang, name=site.info.name))
    cover = _cover(draft, heading, clean(author), day)
    return Report(lang, heading, clean(author), (cover, *draft.blocks))


def _cover(draft: Draft, title: str, author: str, day: dt.date | None) -> Cover:
    info, lang = draft.site.info, draft.lang
    low, high = info.scale
    lines = [("cover_site", info.name), ("cover_place", info.place)]
    if info.period:
        first, last = (day_of(end, lang, "d MMMM y") for end in info.period)
        lines.append(("cover_period", draft.words("span", first=first, last=last)))
    lines.append(("cover_groups", ", ".join(info.groups)))
    cut = number(info.threshold, lang, "0.0#")
    lines.append(("cover_scale", draft.words("scale_cut", low=low, high=high, cut=cut)))
    lines.append(("cover_language", draft.words(f"language_{lang}")))
    if author:
        lines.append(("cover_author", author))
    if day:
        lines.append(("cover_day", day_of(day, lang, "d MMMM y")))
    named = tuple((draft.words(key), clean(value)) for key, value in lines)
    tables = draft.site.tables.items()
    drawn = [name for name, frame in tables if frame["evidence"].eq("simulated").any()]
    mark = ""
    if draft.site.simulated or len(drawn) == len(draft.site.tables) > 0:
        mark = draft.words("cover_simulated")
    elif drawn:
        mark = draft.words("cover_partly", tables=", ".join(f"{name}.csv" for name in drawn))
    return Cover(title, draft.words("subtitle"), named, mark)


def write_report(
    site: Site,
    path: str | Path,
    *,
    lang: str = "id",
    overwrite: bool = False,
    title: str | None = None,
    author: str | None = None,
    day: dt.date | None = None,
) -> Path:
    """Write a report of the site as a Word document or as one HTML page.

    Parameters
    ----------
    site : Site
    path : str or Path
        Ends in ``.docx`` or ``.html``; its folder must exist.
    lang, title, author, day
        See :func:`build_report`.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    Path
        The file written; the same site, options and package versions give the same bytes.

    Raises
    ------
    kube_research.errors.OptionError
        For another ending, a folder that does not exist, a file that is there already, an unknown
        language, or Word without the package python-docx. Nothing is written then.

    Examples
    --------
    >>> import tempfile, kube_research as kr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(kr.load_site("cibeunying"), f"{folder}/laporan.html").name
    'laporan.html'
    """
    check_language(lang)
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise OptionError(text("report.error_suffix", lang, path=path))
    try:
        there, folder, parent = target.exists(), target.is_dir(), target.parent.is_dir()
    except OSError as error:  # a name too long
        raise _unwritten(path, error, lang) from error
    if not parent:
        raise OptionError(text("report.error_folder", lang, folder=target.parent))
    if folder or (there and not overwrite):
        raise OptionError(text("report.error_exists", lang, path=path))
    if suffix == ".docx":
        from kube_research.report.word import need_docx, to_word

        need_docx(lang)
        render = to_word
    else:
        from kube_research.report.html import to_page

        render = to_page
    content = render(build_report(site, lang=lang, title=title, author=author, day=day))
    try:
        replace_file(target, content)
    except OSError as error:
        raise _unwritten(path, error, lang) from error
    return target


def _unwritten(path: str | Path, error: OSError, lang: str) -> OptionError:
    why = error.strerror or str(error)
    return OptionError(text("report.error_write", lang, path=path, why=why))


def report_path(site: Site, lang: str = "id") -> Path:
    """Return where a report goes when nobody says: into the site's folder, or here for a bundled site.

    Examples
    --------
    >>> import kube_research as kr
    >>> report_path(kr.load_site("cibeunying"), "en").name
    'report.docx'
    """
    bundled = site.folder.resolve().parent == (home() / "data").resolve()
    return (Path() if bundled else site.folder) / text("report.file_name", lang)


#: The rules a report tells of, by the table that rests on them.
RULES = {
    "fields": ("interval",),
    "attendance": ("attendance",),
    "outcomes": ("outcomes",),
    "balances": ("ledger",),
    "change_items": ("design", "groups", "verdict", "holm", "g"),
    "growth": ("growth",),
}


def method(draft: Draft) -> None:
    """Tell the rules chosen, and which grades the tables and figures of the report carry."""
    info, lang = draft.site.info, draft.lang
    draft.heading("grades", 2)
    places = []
    for grade in GRADES:
        references = [
            ref(kind.kind, block.key)
            for kind in (Table, Figure)
            for block in draft.blocks
            if isinstance(block, kind) and grade in block.grades
        ]
        places.append(", ".join(references) or draft.words("none"))
    columns = [
        draft.col("grade", [text(f"evidence.{g}", lang) for g in GRADES], 1.2, words=True),
        draft.col("meaning", [draft.words(f"grade_{g}") for g in GRADES], 3.2, words=True),
        draft.col("where", places, 3.2, words=True),
    ]
    draft.table("grades", columns, pd.DataFrame(), "grades_intro")
    draft.heading("rules", 2)
    low, high = info.scale
    cut = number(info.threshold, lang, "0.0#")
    draft.say("rule_scale", "bullet", low=low, high=high, cut=cut)
    if draft.site.has("item_means") and not draft.site.has("ratings"):
        rule = draft.words(f"rounding_{info.rounding.replace('-', '_')}")
        draft.say("rule_rounding", "bullet", rule=rule)
    for table, rules in RULES.items():
        if draft.has(table):
            for rule in rules:
                draft.say(f"rule_{rule}", "bullet")


def limits(draft: Draft) -> None:
    """Tell what the report cannot show."""
    site = draft.site
    if any("simulated" in b.grades for b in draft.blocks if isinstance(b, Exhibit)):
        draft.say("limit_simulated", "bullet")
    draft.say("limit_few", "bullet", few=FEW)
    if site.has("ratings"):
        draft.say("limit_raters", "bullet")
        try:
            design = which_comparison(site.table("ratings")).iloc[0]
        except KubeError:
            pass
        else:
            alone = design["n_before"] + design["n_after"] - 2 * design["raters_in_both"]
            if alone:
                fill = {"alone": alone, "both": design["raters_in_both"]}
                draft.say("limit_unmatched", "bullet", **fill)
            draft.say("limit_control", "bullet")
    elif site.has("item_means"):
        draft.say("limit_means", "bullet")
    draft.say("limit_inputs", "bullet")
    for table in ("outcomes", "attendance", "ledger"):
        if site.has(table):
            draft.say(f"limit_{table}", "bullet")


#: The sections in order.
SECTIONS = (
    Section("data", (scores.data_summary,)),
    Section(
        "profile",
        (
            scores.profile_text,
            scores.field_scores,
            scores.items,
            drawn("peka_profile", "see_profile"),
        ),
        ("ratings", "item_means"),
    ),
    Section(
        "weak",
        (scores.weak_items, scores.over_thresholds, scores.answers),
        ("ratings", "item_means"),
    ),
    Section(
        "attendance",
        (
            activities.attendance_text,
            activities.attendance_by_activity,
            activities.attendance_by_group_and_role,
            drawn("attendance_heatmap", "see_heatmap"),
        ),
        ("attendance",),
    ),
    Section("interventions", (activities.agenda, activities.monitoring), ("agenda", "monitoring")),
    Section("outcomes", (activities.outcomes,), ("outcomes",)),
    Section(
        "finances",
        (
            books.balances,
            books.stated_balances,
            books.findings,
            books.iks,
            drawn("balances"),
        ),
        ("ledger",),
    ),
    Section("indicators", (books.indicators,), ("attendance", "ledger")),
    Section("growth", (books.growth,)),
    Section("change", (comparison.change,), ("ratings",)),
    Section("method", (method,)),
    Section("limits", (limits,)),
)
