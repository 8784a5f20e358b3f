"""An export of KoboToolbox, ODK or Google Forms becomes ratings of a site, or is refused whole."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from kube_research.errors import KubeError
from kube_research.fieldwork.answers import HIDDEN, Place, RowReader, ScoreReader, export_problem
from kube_research.fieldwork.exports import ExportSheet, HeaderReader, Headers, read_export
from kube_research.fieldwork.form_words import Meanings, read_meanings
from kube_research.fieldwork.pseudonyms import KEY_FILE
from kube_research.fieldwork.records import Clash, ImportSite, fault_problem
from kube_research.fieldwork.records import ExportError as ExportError
from kube_research.fieldwork.submissions import Submission, merge_same, order_of_days
from kube_research.site.folder import bundled_sites, find_folder
from kube_research.site.problems import Problem
from kube_research.site.text_files import Fault
from kube_research.texts import text


@dataclass
class Imported:
    """What an import did.

    Attributes
    ----------
    kind : {"kobo", "odk", "google", "table"}
        The program that made the export.
    file, row : str, int
        The sheet and row of the headers.
    rows : int
        Rows with answers.
    counts : dict of str to int
        Submissions that were ``new``, ``changed``, ``same``, ``merged`` (rows that repeat others) and
        ``left`` out because a newer one counts.
    names, new_names : int
        Rows whose rater was a name, and how many codes were drawn.
    unread : list of str
        Headers of columns that were not read.
    notes : list of str
        What else happened, in words.
    problems : list of Problem
        Warnings.
    written : list of Path
        The files that were written; empty if everything was there already.
    """

    kind: str
    file: str
    row: int
    rows: int
    counts: dict[str, int] = field(default_factory=dict)
    names: int = 0
    new_names: int = 0
    unread: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)

    def sentences(self, lang: str = "en") -> list[str]:
        """Say in words what was recognised, what changed, and what to look at."""
        kind = text(f"import.kind_{self.kind}", lang)
        fill = {"file": self.file, "kind": kind, "row": self.row, "rows": self.rows}
        said = [text("import.recognised", lang, **fill), text("import.counts", lang, **self.counts)]
        if self.names:
            fill = {"names": self.names, "new_names": self.new_names, "file": KEY_FILE}
            said.append(text("import.names", lang, **fill))
        if self.unread:
            said.append(
                text("import.unread", lang, columns=", ".join(_short(one) for one in self.unread))
            )
        said += [*self.notes, *map(str, self.problems)]
        if not self.written:
            return [*said, text("import.nothing", lang)]
        return [*said, text("import.wrote", lang, files=", ".join(p.name for p in self.written))]


def import_ratings(
    export: str | Path,
    site: str | Path,
    *,
    round_number: int | None = None,
    latest: bool = False,
    keep_rounds: bool = False,
    meanings: str | Path | None = None,
    lang: str = "en",
) -> Imported:
    """Bring the submissions of an export into the ratings of a site.

    Parameters
    ----------
    export : str or Path
        A ``.csv`` or ``.xlsx`` of KoboToolbox (labels or names) or ODK Central, the ``.csv``, ``.zip``
        or ``.xlsx`` of Google Forms, or any table with a column a statement.
    site : str or Path
        The folder of the site. The ratings are written where it keeps them (long or wide, CSV or
        workbook), ``ratings.csv`` if it has none.
    round_number : int, optional
        The round of all rows, where the export has no column for it.
    latest : bool
        Of several submissions of one rater in one round, take the newest instead of refusing them.
    keep_rounds : bool
        Leave ``n_raters`` in the rounds table as it is, and only say what it should be.
    meanings : str or Path, optional
        A file for :func:`kube_research.fieldwork.form_words.read_meanings`.
    lang : {"en", "id"}
        Language of messages.

    Returns
    -------
    Imported

    Raises
    ------
    ExportError
        If anything in the export does not fit; every problem is located in the export.
    kube_research.errors.SiteError
        If the site has problems in the tables that the import builds on.
    kube_research.errors.KubeError
        If the site is a bundled one, or a file cannot be written.

    Notes
    -----
    The same export twice changes nothing. A submission is known again by its key or number, in Google
    Forms by rater and second, and then its rows are updated. Rows from elsewhere are kept, except those
    of raters marked as an example. Names become codes (see
    :class:`kube_research.fieldwork.pseudonyms.NameKey`).
    """
    if str(site) in bundled_sites():
        raise KubeError(text("import.bundled", lang, site=site))
    folder, file = find_folder(site, lang=lang), Path(export)
    named = Meanings()
    if meanings is not None:
        try:
            named = read_meanings(Path(meanings))
        except Fault as fault:
            problem = fault_problem(Path(meanings).name, fault, lang)
            raise ExportError(file.name, [problem], lang) from None
    target = ImportSite(folder, lang)
    work = _Import(target, file, named, lang)
    found, done = work.read("" if round_number is None else str(round_number))
    work.merge(found, done, latest=latest)
    done.notes += target.count_raters({one.round for one in found}, keep=keep_rounds)
    work.check(done)
    try:
        done.written = target.write()
    except OSError as error:
        raise KubeError(text("import.unwritable", lang, folder=folder)) from error
    return done


class _Import:
    """One import: read, merged, checked."""

    def __init__(self, site: ImportSite, export: Path, meanings: Meanings, lang: str) -> None:
        self.site, self.export, self.meanings, self.lang = site, export, meanings, lang
        self.problems: list[Problem] = []
        self.sheet = ExportSheet(export.name, [])
        self.headers = Headers("table")
        self.day_first: bool | None = None

    def read(self, round_number: str) -> tuple[list[Submission], Imported]:
        """Read the export into submissions, merged where rows are the same submission."""
        reader = HeaderReader(self.site.statements, self.meanings.headers)
        try:
            sheets = read_export(self.export, reader.delimiter_words)
            self.sheet, self.headers = self._choose(sheets, reader)
        except Fault as fault:
            self.problems.append(fault_problem(self.export.name, fault, self.lang))
        self._stop()
        place = self.site.place()
        self._check_headers(reader, round_number, place)
        self._stop()
        if not round_number and "round" not in self.headers.columns:
            round_number = next(iter(place.rounds))
        rows = RowReader(
            self.sheet, self.headers, place, self.site.key, round_number=round_number,
            named=self.meanings.answers, lang=self.lang,
        )  # fmt: skip
        read = rows.read()
        self.problems += rows.problems
        self._uncomputed()
        self._stop()
        self.day_first = order_of_days(one.time for one in read)
        merged, unclear = merge_same(read, self.day_first)
        for one, other in unclear:
            self._tell("versions", other.row, "uuid", other.key, other=one.row)
        done = Imported(self.headers.kind, self.sheet.file, self.headers.row, len(read))
        done.counts["merged"] = len(read) - len(merged) - len(unclear)
        done.names, done.new_names = rows.names, len(self.site.key.new)
        done.unread = [
            self.headers.names[spot]
            for spot in self.headers.unread
            if any(
                spot < len(row) and row[spot] for row in self.sheet.rows[self.headers.first - 1 :]
            )
        ]
        if rows.refused:
            listed = ", ".join(map(str, rows.refused))
            done.notes.append(text("import.no_consent", self.lang, rows=listed))
        absent = sorted(set(reader.statements) - set(self.headers.items))
        if absent:
            listed = ", ".join(map(str, absent))
            done.notes.append(text("import.not_asked", self.lang, items=listed))
        if not read and not rows.refused:
            self.problems.append(self._whole("no_answers"))
        self._stop()
        return merged, done

    def _choose(
        self, sheets: list[ExportSheet], reader: HeaderReader
    ) -> tuple[ExportSheet, Headers]:
        read = [(one, reader.read(one.rows)) for one in sheets]
        most = max(len(headers.items) for _, headers in read)
        best = [pair for pair in read if len(pair[1].items) == most]
        if not most:
            near = [
                self._header_problem(sheet.file, headers, spot, meant)
                for sheet, headers in read
                for spot, meant in reader.near_misses(headers)
                if meant.startswith("item_")
            ]
            self.problems += near or [self._whole("no_statements")]
            self._stop()
        if len(best) > 1:
            names = ", ".join(sheet.file for sheet, _ in best)
            raise Fault("two_sheets", value=names)
        return best[0]

    def _header_problem(self, file: str, headers: Headers, spot: int, meant: str) -> Problem:
        name = headers.names[spot]
        return export_problem(file, headers.row, name, name, "header_near", self.lang, near=meant)

    def _check_headers(self, reader: HeaderReader, round_number: str, place: Place) -> None:
        columns, head = self.headers.columns, self.headers
        for spot, meant in reader.near_misses(head):
            self.problems.append(self._header_problem(self.sheet.file, head, spot, meant))
        near = {one.column for one in self.problems}
        for number in [n for n in head.items if n not in reader.statements]:
            spot = columns[f"item_{number}"][0]
            listed = ", ".join(map(str, sorted(reader.statements)))
            self._tell_header("item_unknown", spot, allowed=listed)
        if absent := sorted(set(reader.statements) - set(head.items)):
            listed = ", ".join(map(str, absent))
            for spot in head.unread:
                if head.names[spot] not in near and self._scored(spot):
                    self._tell_header("header_scored", spot, items=listed)
        if not {"rater", "name"} & set(columns) and not near:
            self.problems.append(self._whole("no_rater_column"))
        if "group" not in columns and len(place.groups) > 1 and not place.group_of and not near:
            self.problems.append(self._whole("no_group_column"))
        listed = ", ".join(f"{n} ({'; '.join(sorted(names))})" if names else n
                           for n, names in place.rounds.items())  # fmt: skip
        if round_number and round_number not in place.rounds:
            self.problems.append(self._whole("round_asked", round_number, allowed=listed))
        if not round_number and "round" not in columns and len(place.rounds) != 1 and not near:
            self.problems.append(self._whole("no_round_column", allowed=listed))

    def _scored(self, spot: int) -> bool:
        """Tell whether a column looks like scores, so that it may be a statement that was reworded."""
        rows = self.sheet.rows[self.headers.first - 1 :]
        cells = {row[spot] for row in rows if spot < len(row) and row[spot]}
        reader = ScoreReader(self.site.info.scale, cells, self.meanings.answers)
        return any(map(str.strip, cells)) and not any(reader.read(one).code for one in cells)

    def _uncomputed(self) -> None:
        used = {
            spot for role, spots in self.headers.columns.items() for spot in spots if role != "meta"
        }
        for row, spot in self.sheet.uncomputed:
            if row >= self.headers.first and spot in used:
                name = self.headers.names[spot]
                self.problems.append(
                    export_problem(self.sheet.file, row, name, "", "formula_no_value", self.lang)
                )

    def merge(self, found: list[Submission], done: Imported, *, latest: bool) -> None:
        """Write the submissions into the ratings in memory."""
        if examples := self.site.ratings.drop_examples():
            done.notes.append(text("import.examples", self.lang, count=examples))
        counts, clashes, left = self.site.ratings.take(
            found, latest=latest, day_first=self.day_first
        )
        done.counts |= {**counts, "left": len(left)}
        for one in clashes:
            self._tell_clash(one)
        for one in left:
            fill = {"row": one.found.row, "other": self._where(one)}
            done.notes.append(text("import.left", self.lang, **fill))
        self._stop()

    def _where(self, clash: Clash) -> str:
        file = self.site.ratings.table.file if clash.stored else self.sheet.file
        return f"{file}:{clash.other.row}"

    def _tell_clash(self, clash: Clash) -> None:
        one, other = clash.found, clash.other
        code = "rater_stored" if clash.stored else "rater_twice"
        if one.group != other.group:
            code = "rater_groups"
        role = "rater" if "rater" in self.headers.columns else "name"
        fill = {"rater": one.rater, "round": one.round, "other": self._where(clash),
                "group": one.group, "other_group": other.group}  # fmt: skip
        self._tell(code, one.row, role, one.rater if role == "rater" else HIDDEN, **fill)

    def check(self, done: Imported) -> None:
        """Hold the site as it would be against every rule of ``check``."""
        self.problems += [self._in_export(one) for one in self.site.problems()]
        self._stop()
        done.problems = self.problems
        if self.site.elsewhere:
            fill = {"count": self.site.elsewhere, "folder": self.site.folder}
            done.notes.append(text("import.elsewhere", self.lang, **fill))

    def _in_export(self, one: Problem) -> Problem:
        """Say where in the export a row of the ratings comes from."""
        origin = self.site.ratings.origin.get(one.row)
        if origin is None or one.file != self.site.ratings.table.file:
            return one
        wide = re.search(r"([0-9]+)$", one.column)
        cells = {"score": "item_" + self.site.ratings.table.get(one.row, "item")}
        role = cells.get(one.column, one.column)
        if (
            self.site.ratings.wide is not None
            and wide
            and one.column not in ("round", "group", "rater")
        ):
            role = f"item_{wide[1]}"
        role = "name" if role == "rater" and "rater" not in self.headers.columns else role
        spots = self.headers.columns.get(role, [])
        column = self.headers.names[spots[0]] if spots else one.column
        value = HIDDEN if role == "name" else one.value
        return replace(one, file=self.sheet.file, row=origin.row, column=column, value=value)

    def _whole(self, code: str, value: str = "", **fill: object) -> Problem:
        return export_problem(self.sheet.file, 0, "", value, code, self.lang, **fill)

    def _tell_header(self, code: str, spot: int, **fill: object) -> None:
        name = self.headers.names[spot]
        row = self.headers.row
        self.problems.append(
            export_problem(self.sheet.file, row, name, name, code, self.lang, **fill)
        )

    def _tell(self, code: str, row: int, role: str, value: str, **fill: object) -> None:
        spots = self.headers.columns.get(role, [])
        column = self.headers.names[spots[0]] if spots else ""
        self.problems.append(
            export_problem(self.sheet.file, row, column, value, code, self.lang, **fill)
        )

    def _stop(self) -> None:
        if any(one.severity == "error" for one in self.problems):
            raise ExportError(self.export.name, self.problems, self.lang)


def _short(header: str) -> str:
    return header if len(header) <= 40 else f"{header[:39]}…"
