"""The tables of a site that an import reads and changes: ratings, rounds and the key of names."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from kube_research.check_text import Problem, missing_table, site_error
from kube_research.collect import BOOK, read_folder
from kube_research.csv_text import Fault
from kube_research.errors import KubeError
from kube_research.export_rows import Place, export_problem
from kube_research.pseudonyms import KEY_FILE, NameKey, ignore_line, read_key
from kube_research.ratings_records import Ratings
from kube_research.safe_write import replace_file
from kube_research.table_files import TableFile, open_table, written
from kube_research.texts import text
from kube_research.workbook import read_book

if TYPE_CHECKING:
    import pandas as pd

#: Tables that ratings build on: an import needs them to be sound.
_BASIS = ("items", "fields", "rounds", "ratings", "site")

#: Tables that ratings and rounds are compared with.
_BESIDE = ("members", "activities")

#: What an import itself puts right.
_HARMLESS = ("rater_count", "no_rows", "empty_file")


class ExportError(KubeError):
    """An export does not fit the site; all problems are in ``problems``, and nothing was written."""

    def __init__(self, file: str, problems: list[Problem], lang: str = "en") -> None:
        self.problems = sorted(set(problems))
        head = text("import.refused", lang, file=file, count=len(self.problems))
        super().__init__("\n".join([head, *map(str, self.problems)]))


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
    ExportError
        If a file cannot be read or changed.
    """

    def __init__(self, folder: Path, lang: str) -> None:
        from kube_research.validate import Checker

        self.folder, self.lang = folder, lang
        self.found = found = read_folder(folder, lang)
        if found.tables is None or found.info is None:
            wrong = [one for one in found.problems if one.severity == "error"]
            raise site_error(str(folder), wrong, lang)
        self.info, self.site_file = found.info, found.site_file
        checker = Checker(
            found.tables, found.files, found.info, lang, found.places, found.site_file
        )
        told = [one for one in [*found.problems, *checker.run()] if one.severity == "error"]
        self.elsewhere = len({one for one in told if _table_of(one.file) not in _BASIS})
        wrong = [
            one
            for one in told
            if _table_of(one.file) in _BASIS
            and not (one.code in _HARMLESS and _table_of(one.file) in ("ratings", "rounds"))
        ]
        if wrong:
            raise site_error(str(folder), sorted(set(wrong)), lang)
        for name in ("items", "rounds"):
            if name not in found.tables:
                raise missing_table(name, self.info.name, str(folder), lang)
        self.plain = checker.plain
        self.ratings = Ratings(self._open("ratings"))
        self.rounds = self._open("rounds")
        try:
            self.key: NameKey = read_key(folder)
        except Fault as fault:
            raise ExportError(KEY_FILE, [fault_problem(KEY_FILE, fault, lang)], lang) from None
        items = self.plain["items"]
        spoken = [one for one in ("statement_id", "statement_en") if one in items]
        self.statements = {
            int(_whole(str(number))): [one for one in wordings if isinstance(one, str)]
            for number, *wordings in items[["item", *spoken]].itertuples(index=False)
        }

    def _open(self, name: str) -> TableFile:
        file = self.found.files.get(name, "")
        try:
            book = self.folder / BOOK
            if not file and book.exists() and name in read_book(book.read_bytes()).sheets:
                file = f"{BOOK}[{name}]"  # a sheet that has only headers
            found = re.fullmatch(r"(.*)\[(.*)\]", file)
            path = self.folder / (found[1] if found else file or f"{name}.csv")
            return open_table(name, path, found[2] if found else "")
        except OSError:
            fault = Fault("unreadable")
        except Fault as error:
            fault = error
        problem = fault_problem(file or BOOK, fault, self.lang)
        raise ExportError(problem.file, [problem], self.lang)

    def place(self) -> Place:
        """Return what an export has to fit."""
        rounds: dict[str, set[str]] = {}
        for row in self.plain["rounds"].fillna("").to_dict("records"):
            labels = {str(row.get(one, "")) for one in ("label", "label_id")}
            rounds[_whole(str(row["round"]))] = labels - {""}
        there = [one.known for one in self.ratings.records]
        group_of = {one.rater: one.group for one in there if one.group}
        codes = {one.rater for one in there if one.rater} | set(self.key.codes.values())
        for column, table in (
            ("person", "members"),
            ("person", "attendance"),
            ("person", "ledger"),
        ):
            frame = self.plain.get(table)
            if frame is not None and column in frame:
                codes |= set(frame[column].dropna())
        members = self.plain.get("members")
        if members is not None and {"person", "group"} <= set(members.columns):
            known = members[["person", "group"]].dropna()
            group_of |= dict(zip(known["person"], known["group"], strict=True))
        return Place(self.info.scale, self.info.groups, rounds, group_of, codes, self.site_file)

    def count_raters(self, of: Collection[str], *, keep: bool) -> list[str]:
        """Bring ``n_raters`` of some rounds to the number of raters who gave a score.

        Returns
        -------
        list of str
            What was changed, or (with ``keep``) what should be.
        """
        notes: list[str] = []
        frame = self._frames()[0]["ratings"]
        if "n_raters" not in self.rounds.rows[0] or frame.empty:
            return notes
        scored = frame.dropna(subset=["round", "rater", "score"])
        raters = scored.groupby(scored["round"].map(_whole))["rater"].nunique()
        for row in map(int, self.plain["rounds"].index):
            number = _whole(self.rounds.get(row, "round"))
            before, count = self.rounds.get(row, "n_raters"), int(raters.get(number, 0))
            if number not in of or not count or _whole(before) == str(count):
                continue
            fill = {"file": self.rounds.file, "row": row, "before": before, "count": count}
            key = "raters_kept" if keep else "raters"
            notes.append(text(f"import.{key}", self.lang, round=number, **fill))
            if not keep:
                self.rounds.put(row, self.rounds.place("n_raters"), str(count))
        return notes

    def _frames(self) -> tuple[dict[str, pd.DataFrame], dict[str, list[tuple[int, str]]]]:
        from kube_research.validate import lengthen

        frames = {**(self.found.tables or {}), "rounds": self.rounds.frame()}
        frames["ratings"] = self.ratings.table.frame()
        if self.ratings.wide is None:
            return frames, {}
        frames["ratings"], places = lengthen(frames["ratings"])
        return frames, {"ratings": places}

    def problems(self) -> list[Problem]:
        """Hold ratings and rounds as they would be against every rule of ``check``.

        Returns
        -------
        list of Problem
            Errors of the tables that ratings build on.
        """
        from kube_research.validate import Checker

        if not self.ratings.touched:
            return []
        frames, places = self._frames()
        near = {name: one for name, one in frames.items() if name in (*_BASIS, *_BESIDE)}
        files = {**self.found.files, "ratings": self.ratings.table.file}
        checker = Checker(near, files, self.info, self.lang, places, self.site_file)
        return [
            one
            for one in checker.run()
            if one.severity == "error"
            and _table_of(one.file) in _BASIS
            and one.code != "rater_count"
        ]

    def write(self) -> list[Path]:
        """Write what has changed: first what hides names, then the key, the ratings, the rounds.

        Returns
        -------
        list of Path
            The files that were written.
        """
        contents: dict[Path, bytes] = {}
        if self.key.new:
            ignore = ignore_line(self.folder)
            if ignore is not None:
                contents[self.folder / ".gitignore"] = ignore
            contents[self.folder / KEY_FILE] = self.key.content()
        rated = [self.ratings.table] if self.ratings.touched else []
        try:
            contents |= written([*rated, self.rounds])
        except Fault as fault:
            problem = fault_problem(self.ratings.table.file, fault, self.lang)
            raise ExportError(problem.file, [problem], self.lang) from None
        for path, content in contents.items():
            replace_file(path, content, private=path.name == KEY_FILE)
        return list(contents)


def fault_problem(file: str, fault: Fault, lang: str) -> Problem:
    """Return a fault of a file as a located problem."""
    return export_problem(file, fault.row, "", fault.value, fault.code, lang, **fault.fill)


def _table_of(file: str) -> str:
    """Return the table that a file or a sheet holds: ``site.xlsx[ratings]`` is ratings."""
    sheet = re.search(r"\[(.*)\]$", file)
    return sheet[1] if sheet else file.rsplit(".", 1)[0]


def _whole(number: str) -> str:
    return re.sub(r"^\+?(-?)0*(?=[0-9])", r"\1", number)
