"""The instrument as an XLSForm: the workbook from which KoboToolbox and ODK make a questionnaire."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from kube_research.errors import ExistsError, KubeError
from kube_research.fieldwork.meanings import scale_words
from kube_research.fieldwork.pseudonyms import code_pattern
from kube_research.files import replace_file, workbook_bytes
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

    from kube_research.site.folder import Site

#: The languages of the form, as the columns of an XLSForm name them.
FORM_LANGUAGES = {"en": "English (en)", "id": "Bahasa Indonesia (id)"}

_SURVEY = ("type", "name", "label", "hint", "required", "required_message", "constraint",
           "constraint_message", "appearance")  # fmt: skip
_SPOKEN = ("label", "hint", "required_message", "constraint_message")

Row = dict[str, str]

#: A text by language.
Spoken = dict[str, str]


@dataclass(frozen=True)
class Form:
    """A questionnaire.

    Attributes
    ----------
    survey, choices, settings : list of dict
        The rows of the three sheets; texts in a column for each language.
    """

    survey: list[Row]
    choices: list[Row]
    settings: list[Row]

    @property
    def sheets(self) -> dict[str, list[Row]]:
        """The sheets by name, in order."""
        return {"survey": self.survey, "choices": self.choices, "settings": self.settings}


def make_form(site: Site) -> Form:
    """Make the questionnaire of a site.

    Parameters
    ----------
    site : Site
        Its items, fields, rounds, groups and scale are used.

    Returns
    -------
    Form
        Questions ``round``, ``group``, ``rater`` and one ``item_<number>`` a statement, in a group
        ``field_<number>`` for each field. Nothing is collected about the device, the place or the hours;
        ``today`` is the day. ``form_id`` and ``version`` follow from the content alone.

    Raises
    ------
    kube_research.errors.MissingTableError
        If the site has no items or no rounds.

    Notes
    -----
    Checked against pyxform, the converter of KoboToolbox and ODK, and against ODK Validate.

    Examples
    --------
    >>> from kube_research import load_site
    >>> [row["name"] for row in make_form(load_site("cibeunying")).survey][:6]
    ['today', 'intro', 'consent_note', 'consent', 'round', 'group']
    """
    items = site.table("items").sort_values("item")
    choices = _choices(site, site.table("rounds"))
    survey = _opening(site)
    low, high = site.info.scale
    fields = site.fields_table.set_index("field_no")
    for number, asked in items.groupby("field_no"):
        field = fields.loc[number]
        named = {lang: str(field[f"field_{lang}"]) for lang in FORM_LANGUAGES}
        survey.append(
            _row(type="begin_group", name=f"field_{number}", label=named, appearance="field-list")
        )
        for item in asked.to_dict("records"):
            statement = {
                lang: f"{item['item']}. {item[f'statement_{lang}']}" for lang in FORM_LANGUAGES
            }
            survey.append(
                _row(
                    type="select_one scale",
                    name=f"item_{item['item']}",
                    label=statement,
                    hint=_said("score_hint", low=low, high=high),
                    required="yes",
                    required_message=_said("required"),
                    constraint=f". >= {low} and . <= {high}",
                    constraint_message=_said("score_rule", low=low, high=high),
                )
            )
        survey.append(_row(type="end_group", name=f"field_{number}"))
    return Form(survey, choices, [_settings(site, survey, choices)])


def form_bytes(form: Form) -> bytes:
    """Return a questionnaire as an Excel workbook; the same form gives the same bytes.

    Every cell is text, so that no statement of an instrument can become a formula.
    """
    import openpyxl
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in form.sheets.items():
        sheet = book.create_sheet(name)
        header = list(dict.fromkeys(key for row in rows for key in row))
        if name == "survey":
            blank = dict.fromkeys(FORM_LANGUAGES, "")
            header = list(_row(**{key: blank if key in _SPOKEN else "" for key in _SURVEY}))
        for place, key in enumerate(header, start=1):
            sheet.cell(1, place, key).font = Font(bold=True)
            sheet.column_dimensions[sheet.cell(1, place).column_letter].width = 24
            for number, row in enumerate(rows, start=2):
                if row.get(key):
                    cell = sheet.cell(number, place, _safe(row[key]))
                    cell.data_type, cell.number_format = "s", "@"
        sheet.freeze_panes = "A2"
    return workbook_bytes(book)


def form_doubts(content: bytes) -> list[str] | None:
    """Return what pyxform says about a form: warnings, or why it refuses it.

    Returns
    -------
    list of str or None
        Empty if the form is sound; None if pyxform (extra ``form``) is not installed.
    """
    try:
        convert = import_module("pyxform.xls2xform").convert
        refused = import_module("pyxform.errors").PyXFormError
    except ImportError:
        return None
    warnings: list[str] = []
    try:
        convert(content, warnings=warnings, file_type=".xlsx")
    except refused as error:
        return [str(error)]
    return warnings


def write_form(site: Site, path: Path, *, force: bool = False, lang: str = "en") -> list[str]:
    """Write the questionnaire of a site as an ``.xlsx`` file.

    Parameters
    ----------
    site : Site
        As for :func:`make_form`.
    path : Path
        Where to write it.
    force : bool
        Whether a file that is there may be replaced.
    lang : {"en", "id"}
        Language of the messages.

    Returns
    -------
    list of str
        What was written, and what pyxform says of it (or how to have it checked).

    Raises
    ------
    kube_research.errors.ExistsError
        If the file is there and ``force`` is not given.
    kube_research.errors.KubeError
        If the name does not end with ``.xlsx``, or the file cannot be written.
    """
    if path.suffix.lower() != ".xlsx":
        raise KubeError(text("form.not_xlsx", lang, path=path))
    if not force and (path.exists() or path.is_symlink()):
        raise ExistsError(text("form.exists", lang, path=path))
    form = make_form(site)
    content = form_bytes(form)
    try:
        replace_file(path, content)
    except OSError:
        raise KubeError(text("form.unwritable", lang, path=path)) from None
    entry = form.settings[0]
    count = sum(row["name"].startswith("item_") for row in form.survey)
    lines = [text("form.written", lang, path=path, form_id=entry["form_id"],
                 version=entry["version"], count=count)]  # fmt: skip
    doubts = form_doubts(content)
    if doubts is None:
        return [*lines, text("form.unchecked", lang)]
    if not doubts:
        return [*lines, text("form.valid", lang)]
    return [*lines, *(text("form.doubtful", lang, said=doubt) for doubt in doubts)]


def _opening(site: Site) -> list[Row]:
    """Return what comes before the statements: consent, and who answers when."""
    groups, known = site.info.groups, set[str]()
    for name, column in (("members", "person"), ("ratings", "rater")):
        known |= set(site.table(name)[column].dropna()) if site.has(name) else set()
    odd = {code for code in known if not re.fullmatch(code_pattern(groups), code)}
    example = f"{groups[0]}-1" if groups else "A1"
    needed: dict[str, str | Spoken] = {"required": "yes", "required_message": _said("required")}
    return [
        _row(type="today", name="today"),
        _row(type="note", name="intro", label=_said("intro", place=site.info.place)),
        _row(type="note", name="consent_note", label=_said("consent_note")),
        _row(type="acknowledge", name="consent", label=_said("consent"),
             required="yes", required_message=_said("consent_needed")),
        _row(type="select_one rounds", name="round", label=_said("round"), **needed),
        _row(type="select_one groups", name="group", label=_said("group"), **needed),
        _row(type="text", name="rater", label=_said("rater"),
             hint=_said("rater_hint", example=example), **needed,
             constraint=f"regex(., '^({code_pattern(groups, odd)})$')",
             constraint_message=_said("rater_rule", example=example)),
    ]  # fmt: skip


def _choices(site: Site, rounds: pd.DataFrame) -> list[Row]:
    """Return what can be answered: the scale, the groups, the rounds."""
    low, high = site.info.scale
    points = {lang: scale_words(high - low + 1, lang) for lang in FORM_LANGUAGES}
    rows = []
    for place, score in enumerate(range(low, high + 1)):
        label = {
            lang: f"{score} - {named[place]}" if named else str(score)
            for lang, named in points.items()
        }
        rows.append(_row(list_name="scale", name=str(score), label=label))
    for code in site.info.groups:
        rows.append(_row(list_name="groups", name=code, label=_said("group_choice", code=code)))
    for row in rounds.to_dict("records"):
        number, translated = int(row["round"]), row.get("label_id")
        titles = {
            "en": str(row["label"]),
            "id": translated if isinstance(translated, str) else str(row["label"]),
        }
        label = {
            lang: text("form.round_choice", lang, round=number, label=title)
            for lang, title in titles.items()
        }
        rows.append(_row(list_name="rounds", name=str(number), label=label))
    return rows


def _settings(site: Site, survey: list[Row], choices: list[Row]) -> Row:
    name = site.info.name
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    word = re.sub(r"[^a-z0-9]+", "_", ascii_name).strip("_")[:40] or "site"
    lang = site.info.language
    content = repr([name, lang, survey, choices]).encode()
    return {
        "form_title": text("form.title", lang, name=name),
        "form_id": f"peka_{word}",
        "version": str(int(hashlib.sha256(content).hexdigest()[:10], 16)),
        "default_language": FORM_LANGUAGES[lang],
        "style": "pages",
    }


def _row(**cells: str | Spoken) -> Row:
    """Return a row; a text has a column for each language."""
    row: Row = {}
    for column, cell in cells.items():
        if isinstance(cell, str):
            row[column] = cell
        else:
            row |= {f"{column}::{FORM_LANGUAGES[lang]}": words for lang, words in cell.items()}
    return row


def _said(key: str, **fill: object) -> Spoken:
    return {lang: text(f"form.{key}", lang, **fill) for lang in FORM_LANGUAGES}


def _safe(words: str) -> str:
    """Keep a text of the site from being read as a reference to a question."""
    return words.replace("${", "$ {") if "${" in words else words
