"""An export of KoboToolbox, ODK or Google Forms becomes ratings of a site, or is refused whole."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kube_research.errors import ExportError, KubeError
from kube_research.fieldwork.answers import (
    HIDDEN,
    ExportProblems,
    Place,
    RowReader,
    answered_rows,
    export_error,
)
from kube_research.fieldwork.exports import ExportSheet, read_export
from kube_research.fieldwork.grids import GridReader, Part, Parts
from kube_research.fieldwork.headers import HeaderReader, Headers
from kube_research.fieldwork.meanings import Meanings, read_meanings
from kube_research.fieldwork.pseudonyms import KEY_FILE, NameKey, ignore_lines, plain, read_key
from kube_research.fieldwork.safekeeping import alone, content_of, replace_all
from kube_research.fieldwork.scores import ScoreReader
from kube_research.fieldwork.submissions import (
    Clash,
    Ratings,
    Submission,
    merge_same,
    order_of_days,
    whole_number,
)
from kube_research.fieldwork.table_files import TableFile, open_table, written
from kube_research.frames import documented
from kube_research.site.folder import bundled_sites, find_folder
from kube_research.site.problems import Problem, located, missing_table, site_error
from kube_research.site.readers import BOOK, read_folder
from kube_research.site.sheets import Fault
from kube_research.site.workbooks import read_book
from kube_research.texts import text

#: Tables that ratings build on: an import needs them to be sound.
_BASIS = ("items", "fields", "rounds", "ratings", "site")

#: Tables that ratings and rounds are compared with.
_BESIDE = ("members", "activities")

#: What an import itself puts right.
_HARMLESS = ("rater_count", "no_rows", "empty_file")


class ImportSite:
    """A site that an import is going to change.

    Parameters
    ----------
    folder : Path
    lang : {"en", "id"}

    Attributes
    ----------
    ratings : Ratings
    rounds : TableFile
    key : NameKey
    elsewhere : int
        How many errors other tables have, which an import leaves as they are.
    statements : dict of int to list of str
        The wordings of each statement.

    Raises
    ------
    kube_research.errors.SiteError
        If a table that ratings build on has problems.
    kube_research.errors.MissingTableError
        If there are no items or no rounds.
    kube_research.errors.ExportError
        If a file cannot be read or changed.
    """

    def __init__(self, folder: Path, lang: str) -> None:
        from kube_research.site.checker import Checker

        self.folder, self.lang = folder, lang
        self.collected = collected = read_folder(folder, lang)
        if collected.info is None:
            raise site_error(str(folder), _errors(collected.problems), lang)
        self.info, self.site_file = collected.info, collected.site_file
        checker = Checker(collected)
        errors = _errors([*collected.problems, *checker.run(doubts=False)])
        self.elsewhere = len({error for error in errors if _table_of(error.file) not in _BASIS})
        grave = {
            error
            for error in errors
            if (table := _table_of(error.file)) in _BASIS
            and not (error.code in _HARMLESS and table in ("ratings", "rounds"))
        }
        if grave:
            raise site_error(str(folder), sorted(grave), lang)
        for name in ("items", "rounds"):
            if name not in collected.tables:
                raise missing_table(name, self.info.name, str(folder), lang)
        self.plain = checker.plain
        self.ratings = Ratings(self._open("ratings"))
        self.rounds = self._open("rounds")
        beside = (folder / ".gitignore", folder / KEY_FILE)
        self.sources = {path: content_of(path) for path in beside}
        try:
            self.key: NameKey = read_key(folder)
        except Fault as fault:
            raise _refusal(KEY_FILE, fault, lang) from None
        items = self.plain["items"]
        spoken = [column for column in ("statement_id", "statement_en") if column in items]
        self.statements = {
            int(whole_number(str(number))): [words for words in wordings if isinstance(words, str)]
            for number, *wordings in items[["item", *spoken]].itertuples(index=False)
        }

    def _open(self, name: str) -> TableFile:
        file = self.collected.files.get(name, "")
        try:
            book = self.folder / BOOK
            if not file and book.exists() and name in read_book(book.read_bytes()):
                file = f"{BOOK}[{name}]"  # a sheet that has only headers
            in_book = re.fullmatch(r"(.*)\[(.*)\]", file)
            path = self.folder / (in_book[1] if in_book else file or f"{name}.csv")
            return open_table(name, path, in_book[2] if in_book else "")
        except OSError:
            fault = Fault("unreadable")
        except Fault as error:
            fault = error
        raise _refusal(file or BOOK, fault, self.lang)

    def place(self) -> Place:
        """Return what an export has to fit."""
        rounds: dict[str, set[str]] = {}
        for row in self.plain["rounds"].fillna("").to_dict("records"):
            labels = {str(row.get(column, "")) for column in ("label", "label_id")}
            rounds[whole_number(str(row["round"]))] = labels - {""}
        stored = self.ratings.stored
        group_of = {known.rater: known.group for known in stored if known.group}
        codes = {known.rater for known in stored if known.rater} | set(self.key.codes.values())
        for table in ("members", "attendance", "ledger"):
            frame = self.plain.get(table)
            if frame is not None and "person" in frame:
                codes |= set(frame["person"].dropna())
        members = self.plain.get("members")
        if members is not None and {"person", "group"} <= set(members.columns):
            grouped = members[["person", "group"]].dropna()
            group_of |= dict(zip(grouped["person"], grouped["group"], strict=True))
        info, file = self.info, self.site_file
        return Place(info.scale, info.groups, rounds, group_of, codes, file, info.step)

    def count_raters(self, of: Collection[str], *, keep: bool) -> list[str]:
        """Bring ``n_raters`` of some rounds to the number of raters who gave a score.

        Returns
        -------
        list of str
            What was changed, or (with ``keep``) what should be.
        """
        notes: list[str] = []
        frame, _ = self.ratings.long()
        if "n_raters" not in self.rounds.rows[0] or frame.empty:
            return notes
        scored = frame.dropna(subset=["round", "rater", "score"])
        raters = scored.groupby(scored["round"].map(whole_number))["rater"].nunique()
        for row in map(int, self.plain["rounds"].index):
            number = whole_number(self.rounds.get(row, "round"))
            before, count = self.rounds.get(row, "n_raters"), int(raters.get(number, 0))
            if number not in of or not count or whole_number(before) == str(count):
                continue
            fill = {"file": self.rounds.file, "row": row, "before": before, "count": count}
            key = "raters_kept" if keep else "raters"
            notes.append(text(f"import.{key}", self.lang, round=number, **fill))
            if not keep:
                self.rounds.put(row, self.rounds.place("n_raters"), str(count))
        return notes

    def problems(self) -> list[Problem]:
        """Hold ratings and rounds as they would be against every rule of ``check``.

        Returns
        -------
        list of Problem
            Errors of the tables that ratings build on.
        """
        from kube_research.site.checker import Checker

        if not self.ratings.touched:
            return []
        ratings, places = self.ratings.long()
        near = {name: frame for name, frame in self.collected.tables.items()
                if name in (*_BASIS, *_BESIDE)}  # fmt: skip
        near |= {"rounds": self.rounds.frame(), "ratings": ratings}
        files = {**self.collected.files, "ratings": self.ratings.table.file}
        checker = Checker(replace(self.collected, tables=near, files=files, places=places))
        return [
            error
            for error in _errors(checker.run(doubts=False))
            if _table_of(error.file) in _BASIS and error.code != "rater_count"
        ]

    def write(self) -> list[Path]:
        """Write what has changed: first what hides names, then the key, the ratings, the rounds.

        Returns
        -------
        list of Path
            The files that were written.

        Raises
        ------
        kube_research.errors.ExportError
            If a file was changed by another program since it was read, or cannot be changed.
        OSError
            If one cannot be written.
        """
        contents: dict[Path, bytes] = {}
        if self.key.new:
            ignore = ignore_lines(self.folder)
            if ignore is not None:
                contents[self.folder / ".gitignore"] = ignore
            contents[self.folder / KEY_FILE] = self.key.content()
        rated = [self.ratings.table] if self.ratings.touched else []
        sources = self.sources | {table.path: table.source for table in (*rated, self.rounds)}
        try:
            contents |= written([*rated, self.rounds])
            if contents:
                replace_all(self.folder, contents, sources)
        except Fault as fault:
            file = fault.value if fault.code == "changed_meanwhile" else self.ratings.table.file
            raise _refusal(file, fault, self.lang) from None
        return list(contents)


def _errors(problems: Collection[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity == "error"]


def _refusal(file: str, fault: Fault, lang: str, export: str = "") -> ExportError:
    """Return the error of a file that cannot be read or changed."""
    problem = located(file, fault.row, "", fault.value, fault.code, lang, **fault.fill)
    return export_error(export or file, [problem], lang)


def _table_of(file: str) -> str:
    """Return the table that a file or a sheet holds: ``site.xlsx[ratings]`` is ratings."""
    sheet = re.search(r"\[(.*)\]$", file)
    return sheet[1] if sheet else file.rsplit(".", 1)[0]


@dataclass
class Imported:
    """What an import did.

    Attributes
    ----------
    kind : {"kobo", "odk", "google", "microsoft", "table"}
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
        lines = [text("import.recognised", lang, **fill)]
        lines.append(text("import.counts", lang, **self.counts))
        if self.names:
            fill = {"names": self.names, "new_names": self.new_names, "file": KEY_FILE}
            lines.append(text("import.names", lang, **fill))
        if self.unread:
            short = [name if len(name) <= 40 else f"{name[:39]}…" for name in self.unread]
            lines.append(text("import.unread", lang, columns=", ".join(short)))
        lines += [*self.notes, *map(str, self.problems)]
        if not self.written:
            return [*lines, text("import.nothing", lang)]
        files = ", ".join(path.name for path in self.written)
        folder = str(self.written[0].parent)
        quoted = f'"{folder}"' if " " in folder else folder
        undo = text("import.undo", lang, folder=quoted)
        return [*lines, text("import.wrote", lang, files=files), undo]


@documented
def import_ratings(
    export: str | Path,
    site: str | Path,
    *,
    round_number: int | None = None,
    latest: bool = False,
    keep_rounds: bool = False,
    meanings: str | Path | None = None,
    grids: Mapping[str, int] | None = None,
    lang: str = "en",
) -> Imported:
    """Bring the submissions of an export into the ratings of a site.

    Parameters
    ----------
    export : str or Path
        A ``.csv`` or ``.xlsx`` of KoboToolbox (labels or names), a ``.csv`` or ``.zip`` of ODK Central,
        the ``.csv``, ``.zip`` or ``.xlsx`` of Google or Microsoft Forms, or any table with a column a
        statement.
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
        A file for :func:`kube_research.fieldwork.meanings.read_meanings`.
    grids : mapping of str to int, optional
        Where one row answers the same statements twice (then and now): the round of each grid, by what
        its headers say (``"then"``) or by the letters of its columns (``"D:H"``); 0 leaves a grid out.
    lang : {"en", "id"}
        Language of messages.

    Returns
    -------
    Imported

    Raises
    ------
    kube_research.errors.ExportError
        If anything in the export does not fit; every problem is located in the export.
    kube_research.errors.SiteError
        If the site has problems in the tables that the import builds on.
    kube_research.errors.KubeError
        If the site is a bundled one, another import is at work there, or a file cannot be written.

    Notes
    -----
    Imports into one site wait for each other. What the last one found stands in ``.before-import.zip``
    (:func:`kube_research.fieldwork.safekeeping.undo_import`). The same export twice changes nothing.
    A submission is known again by its key or number, in Google Forms by rater and second, and then its
    rows are updated. Rows from elsewhere are kept, except those of raters marked as an example. Names
    become codes (see :class:`kube_research.fieldwork.pseudonyms.NameKey`).
    """
    if str(site) in bundled_sites():
        raise KubeError(text("import.bundled", lang, site=site))
    folder, file = find_folder(site, lang=lang), Path(export)
    named = Meanings()
    if meanings is not None:
        try:
            named = read_meanings(Path(meanings))
        except Fault as fault:
            raise _refusal(Path(meanings).name, fault, lang, file.name) from None
    with alone(folder, lang):
        target = ImportSite(folder, lang)
        work = _Import(target, file, named, grids or {}, lang)
        submissions, imported = work.read("" if round_number is None else str(round_number))
        work.merge(submissions, imported, latest=latest)
        rounds = {submission.round for submission in submissions}
        imported.notes += target.count_raters(rounds, keep=keep_rounds)
        work.check(imported)
        try:
            imported.written = target.write()
        except OSError as error:
            raise KubeError(text("import.unwritable", lang, folder=folder)) from error
    return imported


class _Import:
    """One import: read, merged, checked."""

    def __init__(
        self,
        site: ImportSite,
        export: Path,
        meanings: Meanings,
        grids: Mapping[str, int],
        lang: str,
    ) -> None:
        self.site, self.export, self.meanings, self.lang = site, export, meanings, lang
        self.grids, self.parts = grids, Parts([])
        self.place = site.place()
        self.sheet, self.headers = ExportSheet(export.name, []), Headers("table")
        self.problems = ExportProblems(export.name, self.sheet, self.headers, self.place, lang)
        self.day_first: bool | None = None

    def read(self, round_number: str) -> tuple[list[Submission], Imported]:
        """Read the export into submissions, merged where rows are the same submission."""
        reader = HeaderReader(self.site.statements, self.meanings.headers)
        try:
            sheets = read_export(self.export, reader.delimiter_words)
            self.sheet, self.headers = self._choose(sheets, reader)
        except Fault as fault:
            raise _refusal(self.export.name, fault, self.lang) from None
        self.problems = replace(self.problems, sheet=self.sheet, headers=self.headers)
        self._split(reader)
        self._check_headers(reader, round_number)
        self.problems.stop()
        if not round_number and "round" not in self.headers.columns:
            round_number = next(iter(self.place.rounds))
        rows = RowReader(
            self.problems, self.site.key, self.parts.parts,
            round_number=round_number, named=self.meanings.answers,
        )  # fmt: skip
        submissions = rows.read()
        self._check_cells()
        self.problems.stop()
        self._check_usable(submissions, rows)
        self.day_first = order_of_days(submission.time for submission in submissions)
        merged, unclear = merge_same(submissions, self.day_first)
        for first, other in unclear:
            spot = next(iter(self.headers.spots("uuid")), None)
            self.problems.add("versions", other.row, spot, other.key, other=first.row)
        head = self.headers
        imported = Imported(
            head.kind,
            self.sheet.file,
            head.row,
            rows=len(submissions),
            counts={
                "merged": len(submissions) - len(merged) - len(unclear),
                "left": len(rows.left),
            },
            names=rows.names,
            new_names=len(self.site.key.new),
            unread=[
                head.names[spot] for spot in head.unread if self.sheet.below(head.first, [spot])
            ],
        )
        imported.notes += self._notes(reader, rows)
        for old in self.site.ratings.known_again(rows.left):
            where = f"{self.site.ratings.table.file}:{old.row}"
            fill = {"where": where, "round": old.round, "rater": old.rater}
            imported.notes.append(text("import.left_stored", self.lang, **fill))
        self.problems.stop()
        return merged, imported

    def _check_usable(self, submissions: list[Submission], rows: RowReader) -> None:
        """Stop if nothing in the export can be used, and say why."""
        if not submissions and rows.left:
            reasons = "; ".join(rows.screening.reasons(self.lang))
            remedy = "nothing_usable" if rows.screening.no_consent else "nothing_approved"
            self.problems.add("nothing_usable", reasons=reasons, remedy=remedy)
        elif not submissions or not any(any(sent.scores.values()) for sent in submissions):
            self.problems.add("no_answers")
        self.problems.stop()

    def _notes(self, reader: HeaderReader, rows: RowReader) -> list[str]:
        """Say what was left out, assumed or not there."""
        notes = rows.screening.notes(self.lang)
        if self.headers.tags:
            notes.append(text("import.tags", self.lang, row=self.headers.tags))
        for spots in self.parts.merged:
            columns = ", ".join(f"'{self.headers.names[spot]}'" for spot in spots)
            notes.append(text("import.merged_columns", self.lang, columns=columns))
        if len(self.parts.parts) > 1 and not self.parts.parts[0].round:
            notes.append(text("import.repeats", self.lang, count=len(self.parts.parts)))
        if self.parts.parts[0].round and "round" in self.headers.columns:
            column = self.headers.names[self.headers.spots("round")[0]]
            notes.append(text("import.grid_round", self.lang, column=column))
        if rows.blanks:
            said = ", ".join(f"'{word}' {count}×" for word, count in rows.blanks.most_common())
            notes.append(text("import.blanks", self.lang, said=said, count=rows.blanks.total()))
        if absent := reader.absent(self.headers):
            notes.append(text("import.not_asked", self.lang, items=_listed(absent)))
        return notes

    def _split(self, reader: HeaderReader) -> None:
        """Tell apart the columns that hold the same statements."""
        rows = list(answered_rows(self.sheet, self.headers).values())
        grids = GridReader(self.headers, rows, reader.meaning, self.place.rounds)
        self.parts = grids.read(self.grids)
        for trouble in self.parts.trouble:
            row = self.headers.row if trouble.spot is not None else 0
            self.problems.add(trouble.code, row, trouble.spot, trouble.value, **trouble.fill)
        self.problems.stop()
        for number in sorted({part.round for part in self.parts.parts} - {""}):
            if number not in self.place.rounds:
                listed = _rounds_in_words(self.place.rounds)
                self.problems.add("round_asked", value=number, allowed=listed)

    def _choose(
        self, sheets: list[ExportSheet], reader: HeaderReader
    ) -> tuple[ExportSheet, Headers]:
        """Choose the sheet that has the most statements."""
        read = [(sheet, reader.read(sheet.rows)) for sheet in sheets]
        most = max(len(headers.items) for _, headers in read)
        best = [pair for pair in read if len(pair[1].items) == most]
        if not most:
            for sheet, headers in read:
                near = replace(self.problems, sheet=sheet, headers=headers)
                for spot, meant in reader.near_misses(headers):
                    if meant.startswith("item_"):
                        near.add_header("header_near", spot, near=meant)
            self.problems.stop()
            self.problems.add("no_statements")
            self.problems.stop()
        if len(best) > 1:
            raise Fault("two_sheets", value=", ".join(sheet.file for sheet, _ in best))
        return best[0]

    def _check_headers(self, reader: HeaderReader, round_number: str) -> None:
        """Note what is missing above the columns, or stands there and is not known."""
        columns, head, place = self.headers.columns, self.headers, self.place
        orphan = self.sheet.orphan
        if orphan and plain(orphan) not in self.meanings.headers:
            self.problems.add(
                "no_parent", head.row, head.names.index(orphan), orphan, column=orphan
            )
        for spot, meant in reader.near_misses(head):
            self.problems.add_header("header_near", spot, near=meant)
        near = {problem.column for problem in self.problems.listed}
        for number in [number for number in head.items if number not in reader.statements]:
            allowed = _listed(sorted(reader.statements))
            self.problems.add_header("item_unknown", columns[f"item_{number}"][0], allowed=allowed)
        if absent := reader.absent(head):
            for spot in head.unread:
                if head.names[spot] not in near and self._scored(spot):
                    self.problems.add_header("header_scored", spot, items=_listed(absent))
        if not {"rater", "name"} & set(columns) and not near:
            self.problems.add("no_rater_column")
        if "group" not in columns and len(place.groups) > 1 and not place.group_of and not near:
            self.problems.add("no_group_column")
        listed = _rounds_in_words(place.rounds)
        if round_number and round_number not in place.rounds:
            self.problems.add("round_asked", value=round_number, allowed=listed)
        if self.grids:
            if round_number:
                self.problems.add("grid_and_round", 0, None, round_number)
        elif not round_number and "round" not in columns and len(place.rounds) != 1 and not near:
            self.problems.add("no_round_column", allowed=listed)

    def _scored(self, spot: int) -> bool:
        """Tell whether a column looks like scores, so that it may be a statement that was reworded."""
        cells = self.sheet.below(self.headers.first, [spot])
        info = self.site.info
        reader = ScoreReader(info.scale, cells, self.meanings.answers, step=info.step)
        return bool(cells) and not any(reader.read(cell).code for cell in cells)

    def _check_cells(self) -> None:
        """Tell of formulas without a result and of cells that lie under merged ones."""
        used = {
            spot for role, spots in self.headers.columns.items() for spot in spots if role != "meta"
        }
        for row, spot in self.sheet.uncomputed:
            if row >= self.headers.first and spot in used:
                self.problems.add("formula_no_value", row, spot)
        who = {*self.headers.spots("rater"), *self.headers.spots("name")}
        for row, spot, merge, entry in self.sheet.covered:
            if row >= self.headers.first and spot in used - {*self.headers.spots("private")}:
                near = HIDDEN if spot in who and not self.problems.is_code(entry) else entry
                self.problems.add("merged", row, spot, merge=merge, near=near)

    def merge(self, submissions: list[Submission], imported: Imported, *, latest: bool) -> None:
        """Write the submissions into the ratings in memory."""
        if examples := self.site.ratings.drop_examples():
            imported.notes.append(text("import.examples", self.lang, count=examples))
        counts, clashes, left = self.site.ratings.take(
            submissions, latest=latest, day_first=self.day_first
        )
        imported.counts |= {**counts, "left": imported.counts["left"] + len(left)}
        for clash in clashes:
            sent, other = clash.sent, clash.other
            code = "rater_stored" if clash.stored else "rater_twice"
            code = code if sent.group == other.group else "rater_groups"
            fill = {"rater": sent.rater, "round": sent.round, "other": self._where(clash),
                    "group": sent.group, "other_group": other.group}  # fmt: skip
            self.problems.add(code, sent.row, self.headers.who, self._rater(sent.rater), **fill)
        for clash in left:
            fill = {"row": str(clash.sent.row), "other": self._where(clash)}
            imported.notes.append(text("import.left", self.lang, **fill))
        self.problems.stop()

    def _where(self, clash: Clash) -> str:
        file = self.site.ratings.table.file if clash.stored else self.sheet.file
        return f"{file}:{clash.other.row}"

    def _rater(self, code: str) -> str:
        """Return the code of a rater as a message may show it: where a name stands, nothing."""
        return code if "rater" in self.headers.columns else HIDDEN

    def check(self, imported: Imported) -> None:
        """Hold the site as it would be against every rule of ``check``."""
        self.problems.listed += [self._in_export(error) for error in self.site.problems()]
        self.problems.stop()
        imported.problems = self.problems.listed
        if self.site.elsewhere:
            fill = {"count": self.site.elsewhere, "folder": self.site.folder}
            imported.notes.append(text("import.elsewhere", self.lang, **fill))

    def _in_export(self, error: Problem) -> Problem:
        """Say where in the export a row of the ratings comes from."""
        ratings = self.site.ratings
        origin = ratings.origin.get(error.row)
        if origin is None or error.file != ratings.table.file:
            return error
        role = error.column
        if role == "score":
            role = "item_" + ratings.table.get(error.row, "item")
        elif ratings.wide is not None and role not in ("round", "group", "rater"):
            number = re.search(r"([0-9]+)$", role)
            role = f"item_{number[1]}" if number else role
        part = next((part for part in self.parts.parts if part.tag == origin.part), Part({}))
        spots = [self.headers.who] if role == "rater" else part.columns.get(role, [])
        column = self.headers.names[spots[0]] if spots else error.column
        value = self._rater(error.value) if role == "rater" else error.value
        return replace(error, file=self.sheet.file, row=origin.row, column=column, value=value)


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def _rounds_in_words(rounds: Mapping[str, Collection[str]]) -> str:
    """Return the numbers of rounds with their labels: ``1 (Before; Sebelum), 2``."""
    return ", ".join(
        f"{number} ({'; '.join(sorted(labels))})" if labels else number
        for number, labels in rounds.items()
    )
