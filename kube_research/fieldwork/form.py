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
from kube_research.fieldwork.exports import scale_words
from kube_research.fieldwork.pseudonyms import code_pattern
from kube_research.files import replace_file, workbook_bytes
from kube_research.texts import text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

#: The languages of the form, as the columns of an XLSForm name them.
FORM_LANGUAGES = {"en": "English (en)", "id": "Bahasa Indonesia (id)"}

_SURVEY = ("type", "name", "label", "hint", "required", "required_message", "constraint",
           "constraint_message", "appearance")  # fmt: skip
_SPOKEN = ("label", "hint", "required_message", "constraint_message")

Row = dict[str, str]


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
    items, rounds = site.table("items"), site.table("rounds")
    choices = [*_scale(site), *_groups(site)]
    for row in rounds.to_dict("records"):
        label = {"en": row["label"], "id": row.get("label_id")}
        number = int(row["round"])
        named = {
            lang: _fill("round_choice", lang, round=number, label=_or(label[lang], row["label"]))
            for lang in FORM_LANGUAGES
        }
        choices.append({"list_name": "rounds", "name": str(number), **_spoken("label", named)})
    survey = [*_opening(site), *_identity(site)]
    low, high = site.info.scale
    rule = {"constraint": f". >= {low} and . <= {high}", **_both("constraint_message", "score_rule",
            low=low, high=high)}  # fmt: skip
    fields = site.fields_table.set_index("field_no")
    for number in sorted(items["field_no"].unique()):
        field = fields.loc[number]
        named = {lang: str(field[f"field_{lang}"]) for lang in FORM_LANGUAGES}
        survey.append({"type": "begin_group", "name": f"field_{number}", **_spoken("label", named),
                       "appearance": "field-list"})  # fmt: skip
        for item in items[items["field_no"] == number].sort_values("item").to_dict("records"):
            asked = {
                lang: f"{item['item']}. {item[f'statement_{lang}']}" for lang in FORM_LANGUAGES
            }
            survey.append(
                {
                    "type": "select_one scale",
                    "name": f"item_{item['item']}",
                    **_spoken("label", asked),
                    **_both("hint", "score_hint", low=low, high=high),
                    **_needed(),
                    **rule,
                }
            )
        survey.append({"type": "end_group", "name": f"field_{number}"})
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
            header = [key for one in _SURVEY for key in _columns(one)]
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
    place, needed = site.info.place, {"required": "yes"}
    return [
        {"type": "today", "name": "today"},
        {"type": "note", "name": "intro", **_both("label", "intro", place=place)},
        {"type": "note", "name": "consent_note", **_both("label", "consent_note")},
        {"type": "acknowledge", "name": "consent", **_both("label", "consent"), **needed,
         **_both("required_message", "consent_needed")},
    ]  # fmt: skip


def _identity(site: Site) -> list[Row]:
    groups, known = site.info.groups, set[str]()
    for name, column in (("members", "person"), ("ratings", "rater")):
        known |= set(site.table(name)[column].dropna()) if site.has(name) else set()
    odd = {code for code in known if not re.fullmatch(code_pattern(groups), code)}
    example = f"{groups[0]}-1" if groups else "A1"
    pattern = code_pattern(groups, odd)
    return [
        {"type": "select_one rounds", "name": "round", **_both("label", "round"), **_needed()},
        {"type": "select_one groups", "name": "group", **_both("label", "group"), **_needed()},
        {
            "type": "text",
            "name": "rater",
            **_both("label", "rater"),
            **_both("hint", "rater_hint", example=example),
            **_needed(),
            "constraint": f"regex(., '^({pattern})$')",
            **_both("constraint_message", "rater_rule", example=example),
        },
    ]


def _scale(site: Site) -> list[Row]:
    low, high = site.info.scale
    named = {lang: scale_words(high - low + 1, lang) for lang in FORM_LANGUAGES}
    rows = []
    for place, score in enumerate(range(low, high + 1)):
        labels = {
            lang: f"{score} - {points[place]}" if points else str(score)
            for lang, points in named.items()
        }
        rows.append({"list_name": "scale", "name": str(score), **_spoken("label", labels)})
    return rows


def _groups(site: Site) -> list[Row]:
    return [
        {"list_name": "groups", "name": code, **_both("label", "group_choice", code=code)}
        for code in site.info.groups
    ]


def _settings(site: Site, survey: list[Row], choices: list[Row]) -> Row:
    name = site.info.name
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    word = re.sub(r"[^a-z0-9]+", "_", ascii_name).strip("_")[:40] or "site"
    lang = site.info.language
    content = repr([name, lang, survey, choices]).encode()
    return {
        "form_title": _fill("title", lang, name=name),
        "form_id": f"peka_{word}",
        "version": str(int(hashlib.sha256(content).hexdigest()[:10], 16)),
        "default_language": FORM_LANGUAGES[lang],
        "style": "pages",
    }


def _needed() -> Row:
    return {"required": "yes", **_both("required_message", "required")}


def _both(column: str, key: str, **fill: object) -> Row:
    return _spoken(column, {lang: _fill(key, lang, **fill) for lang in FORM_LANGUAGES})


def _fill(key: str, lang: str, **fill: object) -> str:
    return text(f"form.{key}", lang, **fill)


def _spoken(column: str, named: dict[str, str]) -> Row:
    return {f"{column}::{FORM_LANGUAGES[lang]}": words for lang, words in named.items()}


def _columns(name: str) -> list[str]:
    return [f"{name}::{lang}" for lang in FORM_LANGUAGES.values()] if name in _SPOKEN else [name]


def _or(value: object, other: object) -> str:
    return str(value) if isinstance(value, str) and value else str(other)


def _safe(words: str) -> str:
    """Keep a text of the site from being read as a reference to a question."""
    return words.replace("${", "$ {") if "${" in words else words
