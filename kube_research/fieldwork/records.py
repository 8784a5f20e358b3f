"""The tables of a site that an import reads and changes: ratings, rounds and the key of names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kube_research.errors import KubeError
from kube_research.fieldwork.answers import Place, export_problem
from kube_research.fieldwork.pseudonyms import KEY_FILE, NameKey, ignore_line, read_key
from kube_research.fieldwork.submissions import Submission, newest
from kube_research.fieldwork.table_files import TableFile, open_table, written
from kube_research.files import replace_file
from kube_research.site.collect import BOOK, read_folder
from kube_research.site.local_values import localised
from kube_research.site.problems import Problem, missing_table, site_error
from kube_research.site.readers import WIDE_ITEM
from kube_research.site.text_files import Fault
from kube_research.site.workbook import read_book
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

#: Columns that say where a row of ratings came from.
ORIGIN = ("submission", "submission_no", "submitted")

_LONG = ("round", "group", "rater", "item", "score", *ORIGIN)
_EXAMPLE = re.compile(r"(?:example|contoh)(?:[\W_0-9].*)?", re.IGNORECASE)


@dataclass
class Record:
    """What one rater said in one round.

    Attributes
    ----------
    known : Submission
        The content; ``row`` is its first row in the table.
    rows : dict of int to int
        Row of the table by statement (for wide ratings always the same).
    """

    known: Submission
    rows: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Clash:
    """A submission that contradicts another row.

    Attributes
    ----------
    found : Submission
        What the export says.
    other : Submission
        What it contradicts.
    stored : bool
        Whether the other one stands in the ratings, else in the export.
    """

    found: Submission
    other: Submission
    stored: bool


class Ratings:
    """The ratings of a site, ready for an import.

    Parameters
    ----------
    table : TableFile
        Where they stand: long, wide, or not there yet.

    Attributes
    ----------
    records : list of Record
        What is there.
    origin : dict of int to Submission
        For each row that was written: the submission it comes from.
    touched : bool
        Whether there is anything to write.
    """

    def __init__(self, table: TableFile) -> None:
        self.table = table
        self.origin: dict[int, Submission] = {}
        self.touched = False
        if not any(table.rows[0]):
            for place, name in enumerate(_LONG[:5]):
                table.put(1, place, name)
        names = {WIDE_ITEM.fullmatch(name): name for name in table.rows[0]}
        wide = {"item", "score"}.isdisjoint(table.rows[0]) and any(names)
        self.wide = {int(m[1]): name for m, name in names.items() if m} if wide else None
        self.records = self._records()

    def _records(self) -> list[Record]:
        frame = localised(self.table.frame(), "ratings")[0].fillna("")
        done: dict[tuple[str, str], Record] = {}
        for row, cells in zip(frame.index, frame.to_dict("records"), strict=True):
            put = {key: str(cells.get(key, "")) for key in ("group", "rater", *ORIGIN)}
            number = _short(str(cells.get("round", "")))
            record = done.get((number, put["rater"]))
            if record is None:
                known = Submission(
                    int(row), number, put["group"], put["rater"], {}, uuid=put["submission"],
                    number=put["submission_no"], time=put["submitted"],
                )  # fmt: skip
                record = done.setdefault((number, put["rater"]), Record(known))
            pairs = (
                [(item, cells[name]) for item, name in self.wide.items()]
                if self.wide is not None
                else [(int(_short(str(cells["item"]))), cells["score"])]
                if str(cells.get("item", "")).lstrip("+").isdigit()
                else []
            )
            for item, score in pairs:
                record.rows[item] = int(row)
                record.known.scores[item] = _short(str(score))
        return list(done.values())

    def drop_examples(self) -> int:
        """Take out the rows of raters whose code marks them as an example; return how many raters."""
        example = [one for one in self.records if _EXAMPLE.fullmatch(one.known.rater)]
        for one in example:
            self.table.drop(set(one.rows.values()) | {one.known.row})
        self.records = [one for one in self.records if one not in example]
        self.touched |= bool(example)
        return len(example)

    def take(
        self, found: Iterable[Submission], *, latest: bool = False, day_first: bool | None = None
    ) -> tuple[dict[str, int], list[Clash], list[Clash]]:
        """Write submissions into the table.

        Parameters
        ----------
        found : iterable of Submission
            At most one a row of the export, merged.
        latest : bool
            Whether of several submissions of one rater in one round the newest counts.
        day_first : bool, optional
            As for :func:`kube_research.fieldwork.submissions.moment`.

        Returns
        -------
        dict of str to int
            How many were ``new``, ``changed`` and ``same``.
        list of Clash
            What contradicts; if there is any, the table must not be written.
        list of Clash
            Submissions left out because ``other`` is newer.
        """
        counts = dict.fromkeys(("new", "changed", "same"), 0)
        chosen, clashes, left = self._chosen(list(found), latest, day_first)
        index = _Index(self.records)
        plan: list[tuple[Submission, Record | None]] = []
        for one in sorted(chosen, key=lambda one: (int(one.round), one.group, one.rater)):
            here = index.same(one) or index.by_rater(one)
            if here is not None and not here.known.same_as(one):
                place = newest([here.known, one], day_first) if latest else None
                if _equal(here.known, one):
                    counts["same"] += 1
                elif place is None:
                    clashes.append(Clash(one, here.known, True))
                elif place == 0:
                    left.append(Clash(one, here.known, True))
                else:
                    plan.append((one, here))
                continue
            plan.append((one, here))
        clashes += self._occupied(plan)
        if clashes:
            return counts, clashes, left
        for one, here in plan:
            if here is None:
                self._write_new(one)
                counts["new"] += 1
            else:
                counts["changed" if self._update(here, one) else "same"] += 1
        self.touched |= counts["new"] + counts["changed"] > 0
        return counts, clashes, left

    def _occupied(self, plan: list[tuple[Submission, Record | None]]) -> list[Clash]:
        """Find submissions whose place another record keeps or takes."""
        moved = {id(here) for _, here in plan if here is not None}
        there = {
            (one.known.round, one.known.rater): one.known
            for one in self.records
            if id(one) not in moved
        }
        return [
            Clash(one, there[one.round, one.rater], True)
            for one, _ in plan
            if (one.round, one.rater) in there
        ]

    def _chosen(
        self, found: list[Submission], latest: bool, day_first: bool | None
    ) -> tuple[list[Submission], list[Clash], list[Clash]]:
        """Choose one submission per rater and round of the export."""
        groups: dict[tuple[str, str], list[Submission]] = {}
        for one in found:
            groups.setdefault((one.round, one.rater), []).append(one)
        chosen: list[Submission] = []
        clashes: list[Clash] = []
        left: list[Clash] = []
        for same in groups.values():
            place = newest(same, day_first) if latest and len(same) > 1 else 0
            if len(same) > 1 and (not latest or place is None):
                clashes += [Clash(one, same[0], False) for one in same[1:]]
                continue
            best = same[place or 0]
            chosen.append(best)
            left += [Clash(one, best, False) for one in same if one is not best]
        return chosen, clashes, left

    def _cells(self, one: Submission, key: str = "") -> dict[str, str]:
        return {
            "round": one.round, "group": one.group, "rater": one.rater,
            "submission": key or one.key, "submission_no": one.number, "submitted": one.time,
        }  # fmt: skip

    def _write_new(self, one: Submission) -> None:
        cells = self._cells(one)
        if self.wide is not None:
            for item in sorted(one.scores):
                self._item_column(item)
            scores = {self.wide[item]: score for item, score in one.scores.items()}
            self.origin[self.table.append({**cells, **scores})] = one
            return
        for item, score in sorted(one.scores.items()):
            row = self.table.append({**cells, "item": str(item), "score": score})
            self.origin[row] = one

    def _item_column(self, item: int) -> str:
        wide: dict[int, str] = self.wide or {}
        if item not in wide:
            shape = next(iter(wide.values()), "item_1")
            wide[item] = re.sub(r"[0-9]+$", str(item), shape)
            self.table.place(wide[item])
        return wide[item]

    def _update(self, here: Record, one: Submission) -> bool:
        """Write a submission over its earlier state; tell whether anything differed."""
        old = here.known
        same_key = old.uuid if old.uuid and old.same_as(one) else ""
        cells = self._cells(one, same_key)
        if old.same_as(one) and not one.time:
            cells["submitted"] = old.time
        if old.same_as(one) and not one.number:
            cells["submission_no"] = old.number
        differs = False
        for row in sorted(set(here.rows.values())):
            differs |= self._set(row, cells, old)
            self.origin[row] = one
        for item, score in sorted(one.scores.items()):
            column = self._item_column(item) if self.wide is not None else "score"
            if item not in here.rows and self.wide is None:
                row = self.table.append({**cells, "item": str(item), "score": score})
                here.rows[item] = row
                self.origin[row] = one
                differs = True
            elif old.scores.get(item, "") != score:
                row = here.rows.get(item, old.row)
                self.table.put(row, self.table.place(column), score)
                differs = True
        return differs

    def _set(self, row: int, cells: dict[str, str], old: Submission) -> bool:
        differs = False
        for column, value in cells.items():
            before = old.round if column == "round" else self.table.get(row, column)
            if before != value and (value or column in ORIGIN):
                self.table.put(row, self.table.place(column), value)
                differs = True
        return differs


class _Index:
    """Finds records by what a submission is known by."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.keys: dict[tuple[str, str], Record] = {}
        self.raters: dict[str, list[Record]] = {}
        for one in records:
            self.keys |= dict.fromkeys(one.known.keys(), one)
            self.raters.setdefault(one.known.rater, []).append(one)

    def same(self, one: Submission) -> Record | None:
        found = next((self.keys[key] for key in sorted(one.keys()) if key in self.keys), None)
        if found is not None or one.keys():
            return found
        timed = [here for here in self.raters.get(one.rater, []) if here.known.same_as(one)]
        return next(iter(timed), None)

    def by_rater(self, one: Submission) -> Record | None:
        rounds = self.raters.get(one.rater, [])
        return next((here for here in rounds if here.known.round == one.round), None)


def _equal(stored: Submission, one: Submission) -> bool:
    filled = {item: score for item, score in one.scores.items() if score}
    before = {item: score for item, score in stored.scores.items() if score}
    return stored.group == one.group and filled == before


def _short(number: str) -> str:
    """Write a whole number in one way: 02 as 2."""
    return re.sub(r"^\+?(-?)0*(?=[0-9])", r"\1", number)


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
        from kube_research.site.checker import Checker

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
        from kube_research.site.checker import lengthen

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
        from kube_research.site.checker import Checker

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
