"""What a site says of itself: ``site.toml``, or the sheet ``site`` of a workbook with key and value."""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kube_research.formats import Currency, currencies, usual_decimals
from kube_research.frames import GRADES, as_score
from kube_research.site.local_values import read_value
from kube_research.site.problems import Problem, located
from kube_research.site.schema import PATTERNS, tables
from kube_research.site.sheets import Fault, decoded, file_bytes, visible
from kube_research.site.toml_rows import TomlRows
from kube_research.texts import LANGUAGES

if TYPE_CHECKING:
    import pandas as pd

#: Books that every site has, unless it names its own.
BOOKS = ("kas", "tabungan", "iks")
ROUNDING_RULES = ("half-up", "half-even", "truncate", "ceil", "any")


@dataclass(frozen=True)
class Scale:
    """The scores that may be given: from ``low`` to ``high`` in steps.

    What no source fixes follows from the scale alone. The plausible cut-offs are its middle and the
    place two thirds of the way up: the first asks that agreement outweighs, the second that it clearly
    does (2.5 and 3 on 1 to 4, 0.5 and 0.67 on 0 to 1, 50 and 66.67 on 0 to 100).

    Attributes
    ----------
    low, high : int
        Lowest and highest score.
    step : float
        From one score to the next.

    Examples
    --------
    >>> Scale(1, 4).cut_offs, Scale(1, 4).high_score, Scale(0, 1).high_score
    ((2.5, 3.0), 3, 1)
    >>> Scale(1, 3, 0.5).scores, Scale(1, 4).neighbours
    ([1, 1.5, 2, 2.5, 3], ((1, 3), (1, 4), (1, 5)))
    """

    low: int
    high: int
    step: float = 1

    @property
    def points(self) -> int:
        """How many scores there are."""
        return int((self.high - self.low) / Fraction(str(self.step))) + 1

    @property
    def scores(self) -> list[int | float]:
        """Every score, lowest first."""
        step = Fraction(str(self.step))
        exact = [self.low + place * step for place in range(self.points)]
        return list(map(as_score, exact))

    @property
    def cut_offs(self) -> tuple[float, float]:
        """The middle, and two thirds of the way up."""
        return (self.low + self.high) / 2, (self.low + 2 * self.high) / 3

    @property
    def high_score(self) -> int | float:
        """The first score that is not below two thirds of the way up: what counts as a high one."""
        step = Fraction(str(self.step))
        steps = -(-Fraction(2 * (self.high - self.low), 3) // step)
        return as_score(self.low + steps * step)

    @property
    def neighbours(self) -> tuple[tuple[int, int], ...]:
        """The scale, and those with a point less and a point more where they are like it.

        Where a source does not print its scale of three to five points, a reader of its means cannot
        tell these apart. Yes and no, longer scales, and marks are nothing but themselves.
        """
        if not 2 < self.high - self.low + 1 <= 5:
            return ((self.low, self.high),)
        return tuple((self.low, top) for top in range(self.high - 1, self.high + 2))


@dataclass(frozen=True)
class Primary:
    """The one comparison that a site declares before its second round.

    Attributes
    ----------
    by : {"overall", "item", "field_no"}
        What it is about.
    level : int or None
        Number of the item or field.
    smallest_effect : float
        The smallest change of the mean, in scale points, that would matter.
    unit : {"group", "rater"}
        What varies by itself.

    Examples
    --------
    >>> Primary.of("item 9", 0.5, "group").level
    9
    """

    by: str
    level: int | None
    smallest_effect: float
    unit: str

    @classmethod
    def of(cls, outcome: str | int, smallest_effect: float, unit: str) -> Primary:
        """Read the outcome: "overall", the number of an item, or "field" and its number."""
        words = _OUTCOME.fullmatch(str(outcome).strip())
        level = words["level"] if words else None
        kind = str(words["kind"] or "").lower() if words else ""
        by = ("field_no" if kind in _FIELD else "item") if level else "overall"
        return cls(by, int(level) if level else None, float(smallest_effect), unit)

    @property
    def outcome(self) -> str:
        """What it is about, as a site writes it: "overall", "item 9" or "field 3"."""
        return "overall" if self.level is None else f"{self.by.removesuffix('_no')} {self.level}"


#: How the outcome of a primary comparison may be written.
_ITEM, _FIELD = ("item", "butir"), ("field", "bidang")
_OUTCOME = re.compile(
    rf"overall|(?:(?P<kind>{'|'.join((*_ITEM, *_FIELD))})\s+)?(?P<level>[1-9][0-9]{{0,8}})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class SiteInfo:
    """What ``site.toml`` says.

    Attributes
    ----------
    name, place, language : str
        Name of the site, where it is, and the language of its people (``en`` or ``id``).
    period : (date, date) or None
        First and last day of the work.
    books_period : (date, date) or None
        First and last day that the groups' books cover, where that is not the period of the work.
    groups : tuple of str
        Codes of the KUBE groups.
    scale : (int, int)
        Lowest and highest score: an input of the site, never "the PEKA rule".
    step : float
        From one score to the next: 0.5 where half points may be given.
    threshold : float
        An item whose mean is below it counts as weak.
    rounding : str
        How the site's printed means were rounded.
    scale_reason, threshold_reason, rounding_reason : str
        Why these were chosen.
    evidence : str
        Grade of rows that say nothing themselves.
    twin : str
        Bundled site with simulated raw logs, or empty.
    province, regency : str
        Codes of where the site is, or empty: for comparing the sites of a programme.
    scales, thresholds : tuple
        The plausible set over which dependent results are shown; where the site names none, what
        follows from its own scale (see :class:`Scale`).
    agreed_scores : bool
        Whether each group gives one score that it has agreed on, so that groups are counted.
    books : tuple of str
        Codes of the books that the groups keep.
    currency : str
        What amounts are in (ISO 4217).
    decimals : int
        With how many decimals amounts are written; frames hold whole numbers of the smallest unit.
    primary : Primary or None
        The comparison declared as the primary one.
    """

    name: str
    place: str
    language: str
    groups: tuple[str, ...]
    scale: tuple[int, int]
    threshold: float
    rounding: str
    period: tuple[dt.date, dt.date] | None = None
    books_period: tuple[dt.date, dt.date] | None = None
    notes: str = ""
    scale_reason: str = ""
    threshold_reason: str = ""
    rounding_reason: str = ""
    evidence: str = "recorded"
    twin: str = ""
    province: str = ""
    regency: str = ""
    scales: tuple[tuple[int, int], ...] = ()
    thresholds: tuple[float, ...] = ()
    books: tuple[str, ...] = BOOKS
    currency: str = "IDR"
    decimals: int = 0
    primary: Primary | None = None
    step: float = 1
    agreed_scores: bool = False

    def __post_init__(self) -> None:
        """Fill in the plausible set that follows from the scale."""
        given = {"scales": self.score_scale.neighbours, "thresholds": self.score_scale.cut_offs}
        for name, usual in given.items():
            object.__setattr__(self, name, getattr(self, name) or usual)

    @property
    def score_scale(self) -> Scale:
        """The scores that may be given."""
        return Scale(*self.scale, self.step)

    @property
    def money(self) -> Currency:
        """The currency of all amounts."""
        return Currency(self.currency, self.decimals)


_EXAMPLES = {
    "name": 'name = "KUBE Maju Sejahtera"',
    "place": 'place = "Kelurahan Cibeunying"',
    "language": 'language = "id"',
    "groups": 'groups = ["01", "02"]',
    "scale": "scale = [1, 4]",
    "step": "step = 0.5",
    "threshold": "threshold = 2.5",
    "rounding": 'rounding = "half-up"',
    "period": "period = [2016-02-29, 2016-06-29]",
    "books_period": "books_period = [2015-09-28, 2016-06-29]",
    "notes": 'notes = "..."',
    "scale_reason": 'scale_reason = "..."',
    "threshold_reason": 'threshold_reason = "..."',
    "rounding_reason": 'rounding_reason = "..."',
    "evidence": 'evidence = "recorded"',
    "agreed_scores": "agreed_scores = true",
    "twin": 'twin = "cibeunying-simulated"',
    "province": 'province = "32"',
    "regency": 'regency = "3204"',
    "scales": "scales = [[1, 3], [1, 4], [1, 5]]",
    "thresholds": "thresholds = [2.5, 3]",
    "books": 'books = ["kas", "tabungan", "iks", "pinjaman"]',
    "currency": 'currency = "IDR"',
    "decimals": "decimals = 0",
    "primary.outcome": 'primary.outcome = "overall"',
    "primary.smallest_effect": "primary.smallest_effect = 0.5",
    "primary.unit": 'primary.unit = "group"',
}
_NEEDED = ("name", "place", "language", "groups", "scale", "threshold", "rounding")
#: Entries of the section ``[primary]``, all needed where there is one.
_PRIMARY = tuple(key for key in _EXAMPLES if key.startswith("primary."))


_CHOICES = {"language": LANGUAGES, "rounding": ROUNDING_RULES, "evidence": GRADES}
_CHOICES["primary.unit"] = ("group", "rater")


def _is_scale(value: Any) -> bool:
    pair = isinstance(value, list) and [type(end) for end in value] == [int, int]
    return pair and -(10**9) < value[0] < value[1] < 10**9


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 10**9  # also refuses nan and inf


def _is_code(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(PATTERNS["code"], value) is not None


def _is_book(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[^\W_][^,;\"\\\n]{0,59}", value) is not None


def _good(key: str, value: Any) -> bool:
    parts = value if isinstance(value, list) else []
    match key:
        case "language" | "rounding" | "evidence" | "primary.unit":
            return value in _CHOICES[key]
        case "primary.outcome":
            whole = type(value) is int or isinstance(value, str)
            return whole and _OUTCOME.fullmatch(str(value).strip()) is not None
        case "primary.smallest_effect":
            return _is_number(value) and value > 0
        case "groups":
            codes = isinstance(value, list) and all(map(_is_code, value))
            return codes and len(value) == len(set(value))
        case "books":
            named = bool(parts) and all(map(_is_book, parts))
            return named and len(parts) == len({name.casefold() for name in parts})
        case "currency":
            return isinstance(value, str) and value.upper() in currencies()
        case "decimals":
            return type(value) is int and 0 <= value <= 4
        case "scale":
            return _is_scale(value)
        case "scales":
            return bool(parts) and all(map(_is_scale, parts))
        case "threshold":
            return _is_number(value)
        case "step":
            return _is_number(value) and value > 0
        case "agreed_scores":
            return isinstance(value, bool)
        case "thresholds":
            return bool(parts) and all(map(_is_number, parts))
        case "period" | "books_period":
            return [type(day) for day in parts] == [dt.date, dt.date] and parts[0] <= parts[1]
        case _:
            return isinstance(value, str) and (key not in _NEEDED or bool(value.strip()))


class Entries(NamedTuple):
    """What a site says of itself, as read.

    Attributes
    ----------
    info : SiteInfo or None
        None if anything but a warning is wrong.
    problems : list of Problem
    rows : dict of str to int
        Row of every entry and section by its full name: ``primary.unit``.
    """

    info: SiteInfo | None
    problems: list[Problem]
    rows: dict[str, int]


def read_info(folder: Path, lang: str = "en") -> Entries:
    """Read ``site.toml``.

    Parameters
    ----------
    folder : Path
        The site folder. The file is UTF-8, UTF-16 with a mark or, with a warning, Windows-1252.
    lang : {"en", "id"}
        Language of the problems.

    Returns
    -------
    Entries
        With every problem of the file, located by the row in which its entry begins.
    """
    path = folder / "site.toml"
    lines: list[str] = []
    rows = TomlRows()
    problems: list[Problem] = []

    def add(code: str, key: str = "", row: int = 0, severity: str = "error", **fill: Any) -> None:
        stands = lines[row - 1 : max(row, rows.last.get(key, row))] if row else []
        value = " ".join(line.strip() for line in stands).split("=", 1)[-1].strip()
        problems.append(located(path.name, row, key, value, code, lang, severity, **fill))

    try:
        written, guessed = decoded(file_bytes(path))
        lines = visible(written.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
        rows = TomlRows.of(lines)
        raw = _visible(tomllib.loads("\n".join(lines)))
    except FileNotFoundError:
        near = _misnamed(folder)
        meant = "site.xlsx" if near.lower().endswith(".xlsx") else "site.toml"
        add("no_site_file", near=near, meant=meant)
    except OSError:
        add("unreadable")
    except Fault as fault:
        add(fault.code, row=fault.row, remedy="encoding_text")
    except (ValueError, RecursionError) as error:
        add("toml", row=rows.fault(lines, str(error)))
    if problems:
        return Entries(None, problems, rows.first)
    flat = _flat(raw)
    astray = {
        key.rpartition(".")[2]: key
        for key in flat
        if key not in _EXAMPLES and key.rpartition(".")[0] in rows.sections
    }
    for code, key, fill in _broken_entries(flat):
        section, _, entry = key.rpartition(".")
        if code == "key_missing" and key in astray:
            continue  # it is there, in the wrong place
        if astray.get(entry) == key and entry in _EXAMPLES and entry not in flat:
            code, fill = "key_section", {"section": section}
        elif code == "key_missing" and not section and rows.sections:
            fill |= {"remedy": "key_missing_above", "section": rows.sections[0]}
        elif section in rows.sections and "example" in fill:  # as it stands below its head
            fill = {"example": f"[{section}] {str(fill['example']).removeprefix(f'{section}.')}"}
        add(code, key, rows.first.get(key, rows.first.get(section, 0)), **fill)
    info = None if problems else info_from(raw)
    if guessed:
        odd = next((row for row, line in enumerate(lines, 1) if not line.isascii()), 0)
        add("encoding_guess", row=odd, severity="warning", remedy="encoding_guess_text")
    return Entries(info, problems, rows.first)


def _visible(value: Any) -> Any:
    """Take the signs that no page can show out of every text."""
    match value:
        case str():
            return visible(value)
        case list():
            return [_visible(part) for part in value]
        case dict():
            return {visible(key): _visible(part) for key, part in value.items()}
    return value


def _flat(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Name the entries of a section after it: ``primary.unit``."""
    flat: dict[str, Any] = {}
    for key, value in raw.items():
        inside = value if isinstance(value, dict) and value else {}
        flat |= {f"{key}.{name}": part for name, part in inside.items()} or {key: value}
    return flat


def _misnamed(folder: Path) -> str:
    """Return the name of a file that was probably meant to be site.toml, or the only workbook."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return ""
    meant = re.compile(r"site(?:[ _-]?\(?[0-9]\)?)?\.toml(?:\.txt)?|site\.txt", re.IGNORECASE)
    books = [name for name in names if name.lower().endswith(".xlsx") and name[0] not in "~."]
    books = [name for name in books if name != "site.xlsx" and name[:-5].lower() not in tables()]
    only = books if len(books) == 1 else []
    return next((name for name in names if meant.fullmatch(name)), "".join(only))


def _broken_entries(raw: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what is wrong with entries of the types of TOML: rule, entry, what the texts are about."""
    broken: list[tuple[str, str, dict[str, Any]]] = []
    for key, value in raw.items():
        if key not in _EXAMPLES:
            near = difflib.get_close_matches(key[:80], _EXAMPLES, n=1)
            broken.append(("unknown_key", key, {"allowed": ", ".join(near or _EXAMPLES)}))
        elif not _good(key, value):
            broken.append(("key_value", key, {"example": _EXAMPLES[key]}))
    declared = any(key.startswith("primary.") for key in raw)
    for key in (*_NEEDED, *(_PRIMARY if declared else ())):
        if key not in raw:
            broken.append(("key_missing", key, {"example": _EXAMPLES[key]}))
    if not broken:
        low, high = raw["scale"]
        if not low < raw["threshold"] <= high:
            broken.append(("threshold_off_scale", "threshold", {"low": low, "high": high}))
        if "step" in raw and (high - low) % Fraction(str(raw["step"])):
            broken.append(("step_off_scale", "step", {"low": low, "high": high}))
    return broken


def info_from(raw: Mapping[str, Any]) -> SiteInfo:
    """Return the information of a site from entries that have no problem."""

    def fixed(value: Any) -> Any:
        return tuple(map(fixed, value)) if isinstance(value, list) else value

    flat = _flat(raw)
    entries = {key: fixed(value) for key, value in flat.items() if key not in _PRIMARY}
    entries["threshold"] = float(raw["threshold"])
    if "step" in raw:
        entries["step"] = as_score(Fraction(str(raw["step"])))
    if _PRIMARY[0] in flat:
        entries["primary"] = Primary.of(*(flat[key] for key in _PRIMARY))
    if "thresholds" in raw:
        entries["thresholds"] = tuple(map(float, raw["thresholds"]))
    if "currency" in raw:
        entries["currency"] = raw["currency"].upper()
        entries.setdefault("decimals", usual_decimals(entries["currency"]))
    return SiteInfo(**entries)


_YES_NO = dict.fromkeys(("true", "yes", "ya", "1", "benar"), True)
_YES_NO |= dict.fromkeys(("false", "no", "tidak", "0", "salah"), False)
_LIST = re.compile(r"\s*[,;]\s*")
_WIDE_LIST = re.compile(r"\s*;\s*|,\s+")
_PAIR = re.compile(r"\s*(?:[,;]|(?<=[0-9])\s*-|\bto\b|\bsampai\b|\bs\.?d\.?|\bs/d\b)\s*")


def info_from_sheet(frame: pd.DataFrame, file: str, lang: str = "en") -> Entries:
    """Read the entries of a site from its sheet.

    Parameters
    ----------
    frame : DataFrame
        Text cells, the index holding the rows of the sheet; columns ``key`` and ``value``. Lists are
        written with commas (``01, 02``), lists of scales with semicolons (``1, 4; 1, 5``).
    file : str
        How problems name the sheet: ``site.xlsx[site]``.
    lang : {"en", "id"}
        Language of the problems.

    Returns
    -------
    Entries

    Examples
    --------
    >>> import pandas as pd
    >>> sheet = pd.DataFrame({"key": ["scale"], "value": ["5"]}, index=[2], dtype="string")
    >>> [problem.row for problem in info_from_sheet(sheet, "site.xlsx[site]").problems][0]
    2
    """
    problems: list[Problem] = []

    def add(code: str, row: int = 0, column: str = "", value: str = "", **fill: object) -> None:
        problems.append(located(file, row, column, value, code, lang, **fill))

    names = {str(name).lower(): name for name in frame.columns}
    if not {"key", "value"} <= names.keys():
        add("sheet_key_header", 1, "key" if "key" not in names else "value")
        return Entries(None, problems, {})
    rows: dict[str, int] = {}
    written: dict[str, str] = {}
    cells = frame[[names["key"], names["value"]]].fillna("")
    for row, key, value in cells.itertuples(name=None):
        key = str(key).strip().lower()
        if key in rows:
            add("key_twice", int(row), "key", key)
        elif key and value:
            rows[key], written[key] = int(row), str(value)
        elif value:
            add("required", int(row), "key", "", description="key")
    raw = {key: _typed(key, value) for key, value in written.items()}
    for code, key, fill in _broken_entries(raw):
        if "example" in fill:
            fill = {"example": _as_row(str(fill["example"]))}
        places = {"key_missing": (key, ""), "unknown_key": ("key", key)}
        beside = [row for name, row in rows.items() if name.startswith("primary.")]
        row = rows.get(key, min(beside, default=0) if key.startswith("primary.") else 0)
        add(code, row, *places.get(code, ("value", written.get(key, ""))), **fill)
    return Entries(None if problems else info_from(raw), problems, rows)


def _typed(key: str, value: str) -> Any:
    """Give an entry the type of TOML; what cannot be read stays text and is refused later."""
    match key:
        case "groups" | "books":
            return [code for code in _LIST.split(value) if code]
        case "scale":
            return _whole_pair(value)
        case "scales":
            return [_whole_pair(part) for part in value.split(";") if part.strip()]
        case "threshold" | "step" | "decimals" | "primary.smallest_effect":
            return _number(value)
        case "agreed_scores":
            return _YES_NO.get(value.strip().lower(), value)
        case "thresholds":
            return [_number(part) for part in _WIDE_LIST.split(value) if part]
        case "period" | "books_period":
            days = [read_value(part, "date").value for part in _days(value)]
            return [dt.date.fromisoformat(day) for day in days] if all(days) else value
        case "language" | "rounding" | "evidence" | "primary.unit":
            return value.lower()
        case _:
            return value


def _days(value: str) -> list[str]:
    return re.split(r"\s*[,;]\s+|\s*;\s*|,(?=[0-9])|\s+(?:-|–|to|sampai|s/d|s\.d\.?)\s+", value)


def _whole_pair(value: str) -> Any:
    parts = _PAIR.split(value.strip())
    whole = [re.fullmatch(r"-?[0-9]{1,9}", part) is not None for part in parts]
    return [int(part) for part in parts] if all(whole) else value


def _number(value: str) -> Any:
    reading = read_value(value, "printed")
    if not reading.ok:
        return value
    return float(reading.value) if "." in reading.value else int(reading.value)


def site_entry(key: str, value: object, file: str) -> str:
    """Return how an entry is written in ``site.toml``, or in the sheet that stands for it.

    Examples
    --------
    >>> site_entry("step", 0.5, "site.toml"), site_entry("step", 0.5, "site.xlsx[site]")
    ('step = 0.5', 'step | 0.5')
    """
    entry = f"{key} = {value}"
    return _as_row(entry) if "[" in file else entry


def _as_row(example: str) -> str:
    """Write an example of TOML as the two cells of the sheet: ``scale | 1, 4``."""
    key, value = example.split(" = ", 1)
    plain = value.replace("], [", "; ").translate(str.maketrans("", "", '[]"'))
    return f"{key} | {plain}"
