"""A sound site with every table, and a seeded generator of mistakes in one of its cells or rows.

Each mistake knows where it stands. Whoever reads the site must locate it there and nowhere else, or
read the same frames as from the sound site.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from openpyxl.utils import get_column_letter
from site_files import full_tiny, put, read_rows, to_book, write_rows

import kube_research as kr
from kube_research.errors import SiteError
from kube_research.site.folder import Site
from kube_research.site.local_values import LOCAL_KINDS, read_value
from kube_research.site.problems import Problem
from kube_research.site.schema import Column, tables

#: The tables that the tiny site lacks, one row or two each.
MORE = {
    "outcomes": """activity,measure,comparison,target_pct,achieved_pct,achieved_n,achieved_of,label_id
pelatihan,paham,>=,80,70,,,Paham
pelatihan,hadir,>,75,83.3,15,18,Hadir
penilaian_2,mau,about,90,,,,Mau""",
    "agenda": """activity,kind,order,text_id,text_en
penilaian_1,issue,1,Kas kosong,The cash box is empty
penilaian_1,solution,1,Iuran wajib,A compulsory due""",
    "monitoring": """activity,aspect,order,text_id,text_en
pelatihan,indicator,1,Hadir semua,All come
pelatihan,target,1,Paling sedikit 80 persen,At least 80 per cent""",
    "rtl": """activity,item,basis,reason_id,reason_en
pelatihan,4,printed,Buku kas tertutup,The cash book is closed
pelatihan,5,inferred,Tabungan terlambat,Savings come late""",
    "categories": """category,flow,purpose,label_id,label_en
iuran,iks_due,,Iuran,Dues
belanja,purchase,,Belanja,Purchases
setoran,deposit,,Setoran,Deposit
penarikan,withdrawal,,Penarikan,Withdrawal
bantuan,iks_use,sakit,Bantuan,Help""",
    "books": """book,name_id,name_en,purpose_id,purpose_en
kas,Kas,Cash,Uang kelompok,Money of the group
iks,IKS,Solidarity,Menolong anggota,Helping members""",
    "iks_rule": """purpose,share_pct,base,activity,label_id,label_en
sakit,5,laba,penilaian_1,Anggota sakit,Sick members
posyandu,2.5,laba,,Posyandu,Posyandu""",
    "growth_criteria": """criterion,stage,indicator,comparison,value,label_id,label_en
rapat,tumbuh,,,,Rapat rutin,Regular meetings
hadir,berkembang,attendance_rate,>=,60,Kehadiran 60 persen,Attendance of 60 per cent""",
    "growth_answers": """group,criterion,met,note
01,rapat,yes,Tiap bulan
02,rapat,,""",
    "conflicts": """conflict,reading,value,label_id,label_en,used
kelompok,a,"07, 08",Tabel 1,Table 1,yes
kelompok,b,"07, 09",Tabel 2,Table 2,no""",
    "claims": """claim,statement_en,kind,locator
jumlah,Two groups took part,count,Bab 1
arah,Scores rose,direction,Bab 4""",
    "diagram_nodes": """figure,node,stage,order,kind,label_id,label_en
1,awal,1,1,input,Penilaian awal,First assessment
1,akhir,2,1,output,Penilaian akhir,Second assessment""",
    "diagram_edges": """figure,source,target,basis,label_id,label_en
1,awal,akhir,printed,,""",
    "assumptions": """assumption,value,basis,reason_id,reason_en
penilai,3,assumed,Rekaan,Invented
skala,1 sampai 5,derived,Dari situs,From the site""",
}


def sound_site(parent: Path, *, long: bool = False) -> Path:
    """Return a site with every table of the schema; with ``long``, one row a score."""
    folder = full_tiny(parent)
    for name, text in MORE.items():
        put(folder, f"{name}.csv", text + "\n")
    if long:
        header, *rows = read_rows(folder / "ratings.csv")
        scores = [
            [*row[:3], str(item), score] for row in rows for item, score in enumerate(row[3:], 1)
        ]
        write_rows(folder / "ratings.csv", [[*header[:3], "item", "score"], *scores])
    return folder


@dataclass(frozen=True)
class Mistake:
    """One mistake that was made in a site.

    Attributes
    ----------
    kind : str
        What sort of mistake it is.
    table : str
    places : frozenset of (int, str)
        Spreadsheet rows and columns at which it may be told; the column ``*`` is any of the row.
    told : bool
        Whether an error must be told; otherwise the frames may be the same, or a warning may do.
    """

    kind: str
    table: str
    places: frozenset[tuple[int, str]]
    told: bool = False

    def of(self, problem: Problem) -> bool:
        """Tell whether a problem stands where the mistake is; one of the whole file does."""
        table = re.sub(r".*\[|\]|\.csv", "", problem.file)
        spots = {(problem.row, problem.column), (problem.row, "*"), (0, "*")}
        return table == self.table and (bool(spots & self.places) or not problem.row)


#: Text that is put into or around a cell: kind, how, and whether the reading must stay the same.
AROUND: dict[str, Callable[[str], str]] = {
    "no-break space": lambda cell: f"\u00a0{cell}\u00a0",
    "thin space": lambda cell: f"{cell}\u2009",
    "zero-width space": lambda cell: f"\u200b{cell}",
    "mark of byte order": lambda cell: f"\ufeff{cell}",
    "left-to-right mark": lambda cell: f"\u200e{cell}\u202c",
    "right-to-left mark": lambda cell: f"{cell}\u200f",
    "word joiner": lambda cell: f"{cell}\u2060",
    "blanks": lambda cell: f"  {cell} \t",
    "line break": lambda cell: f"{cell}\n",
    "guard": lambda cell: f"'{cell}" if cell[:1] in "=+-@" else cell,
}
#: Kinds of numbers, which may stand for one another.
NUMBERS = {"integer", "money", "percent", "printed"}
INSIDE: dict[str, Callable[[str], str]] = {
    "zero-width space inside": lambda cell: f"{cell[:1]}\u200b{cell[1:]}",
    "mark of byte order inside": lambda cell: f"{cell[:1]}\ufeff{cell[1:]}",
    "soft hyphen inside": lambda cell: f"{cell[:1]}\u00ad{cell[1:]}",
    "right-to-left mark inside": lambda cell: f"{cell[:1]}\u200f{cell[1:]}",
}
CONTROL: dict[str, Callable[[str], str]] = {
    "vertical tab": lambda cell: f"{cell[:1]}\v{cell[1:]}",
    "form feed": lambda cell: f"{cell[:1]}\f{cell[1:]}",
    "bell": lambda cell: f"{cell[:1]}\x07{cell[1:]}",
    "escape": lambda cell: f"{cell}\x1b[31m",
    "delete": lambda cell: f"{cell}\x7f",
    "control of C1": lambda cell: f"{cell[:1]}\x85{cell[1:]}",
    "not a character": lambda cell: f"{cell}\ufffe",
    "replacement sign": lambda cell: f"{cell[:1]}\ufffd{cell[1:]}",
}
ERRORS = (
    "#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "Err:502", "#SPILL!", "#ref!",
    "#FIELD!", "#BUSY!", "#CONNECT!", "#UNKNOWN!", "#BLOCKED!", "#PYTHON!", "#NAME?\xa0", "#####",
    "########",
)  # fmt: skip
NO_NUMBER = (
    "tiga", "x", "-", "--5", "+-5", "1e3", "1E+05", "NaN", "nan", "inf", "None", "null", "N/A", "TRUE",
    "0x10", "1_000", "\u0663", "\uff13", "3\xb2", "\xbd", "3.", ".5.", "3..5", "3,,5", "1.2.3",
    "5 orang", "5%%", "%5", "=1+1", "=A1", "@5", "3;4", "3/4", "3-4", "(5", "5)", "5\xa05", "5 5",
    "999999999999999999999999999999",
    "1111111111111111111111111111111111111111111111111111111111111111", "5'", "5\"", "\u22655", "~5",
    "5*", "5a", "l5", "O", "lima puluh", "?", "2024-02-10", "$5", "\u20ac5", "5+",
)  # fmt: skip
NO_DAY = (
    "31 Februari 2024", "2024-02-30", "2023-02-29", "29 Februari 2023", "2024-13-01", "2024-00-10",
    "2024-04-31", "0000-00-00", "32/01/2024", "00/02/2024", "10/2/24", "2/29/2024", "Februari 2024",
    "2024", "2024-02", "45332", "45332.5", "24:00", "kemarin", "10", "Minggu, 10 Februari 2024",
    "10 Febuari", "10 Foo 2024", "1900-01-00", "2024-02-10T25:00", "20240210", "10.02",
    "\u0662\u0660\u0662\u0664-02-10", "\uff12\uff10\uff12\uff14-02-10", "2024/02/10/1", "10-02",
    "0024-02-10", "9999-12-31", "-2024-02-10", "2024-02-10 sampai 2024-02-11",
    "10 s.d. 11 Februari 2024", "=TODAY()", "?", "-", "1e3", "n/a", "10/02/0024", "2024--02-10",
    "tgl 10",
)  # fmt: skip
NO_HOUR = (
    "24:00", "25:10", "9", "9.5", "12:60", "-9:00", "9:5", "pagi", "09:00:61", "9 pagi", "0900",
    "9:00 XM", "13:00 PM", "0:00 AM", "\u0669:00", "\uff19:00", "0.375", "=NOW()", "?", "-",
    "09:00-11:00", "99:99", "1e3",
)  # fmt: skip
NO_CODE = (
    "A 1", "A1;", "=A1", "_A", "-", "?", "A/1", "@A1", "A1*", "\U0001f642", "#1", "A,1", "(A1)", "A1!",
    "+A1", "\"", "\\", ".", ".A", "A:1", "A'1", "A\tB", "A&B", "<A>",
)  # fmt: skip
NO_CHOICE = (
    "xyz", "lainnya", "?", "-", "1", "present/late", "ya dan tidak", "=A1", "0", "TRUE", "presentt?!",
    "nan", "None",
)  # fmt: skip


def cell_mistakes(column: Column, cell: str) -> Iterator[tuple[str, str, bool]]:
    """Yield what may be written in a cell by mistake: kind, text, and whether an error must be told."""
    for kind, change in {**AROUND, **INSIDE}.items():
        yield kind, change(cell), False
    for kind, change in CONTROL.items() if column.kind != "text" else ():  # a blank in a text
        yield kind, change(cell), True
    for error in ERRORS:
        yield "error of a spreadsheet", error, True
    wrong = {
        "integer": NO_NUMBER, "money": NO_NUMBER, "percent": NO_NUMBER, "printed": NO_NUMBER,
        "date": NO_DAY, "time": NO_HOUR, "code": NO_CODE, "choice": NO_CHOICE,
    }.get(column.kind, ())  # fmt: skip
    for text in wrong:
        yield f"no {column.kind}", text, True
    if not column.empty:
        yield "blank", "", True
        yield "only blanks", " \u00a0 ", True
        yield "only signs that nobody sees", "\u200b\ufeff", True
    if column.kind in ("integer", "percent"):
        yield "negative", "-99", True
        yield "huge", "123456789012", True
    if column.kind == "choice":
        yield "other case", cell.upper() if cell.islower() else f"{cell}.", False
        yield "trailing point", f"{cell}.", False
        yield "doubled letter", cell[:1] + cell, False
    if column.kind == "integer":
        yield "decimals", f"{cell}.5", True
        yield "decimals with a comma", f"{cell},5", True
        yield "with .0", f"{cell}.0", False
        yield "leading zero", f"0{cell}", False


REFER = {
    (table.name, reference.columns[-1]): reference.table
    for table in tables().values()
    for reference in table.references
}


class Generator:
    """Makes one mistake in a copy of a sound site.

    Parameters
    ----------
    sound : Path
        The folder of the sound site.
    seed : int
    """

    def __init__(self, sound: Path, seed: int) -> None:
        self.sound, self.chance = sound, random.Random(seed)
        self.rows = {path.stem: read_rows(path) for path in sorted(sound.glob("*.csv"))}

    def make(self, parent: Path) -> tuple[Path, Mistake]:
        """Write the spoilt site and return it with its mistake."""
        name = self.chance.choice(sorted(self.rows))
        ways = [self._cell] * 10 + [
            self._reference, self._duplicate, self._total, self._remark, self._swapped_cells,
            self._swapped_heads, self._merged, self._head, self._order, self._group, self._scale,
            self._whole_file, self._extra_cell,
        ]  # fmt: skip
        mistake = None
        while mistake is None:
            mistake = self.chance.choice(ways)(name)
            name = name if mistake else self.chance.choice(sorted(self.rows))
        folder = Path(shutil.copytree(self.sound, parent / "site"))
        if self.content is None:
            write_rows(folder / f"{mistake.table}.csv", self.rows[mistake.table])
        else:
            put(folder, f"{mistake.table}.csv", self.content)
        if self.content is None and self.chance.random() < 0.15 and not self._unwritable(mistake):
            to_book(folder)
        return folder, mistake

    content: bytes | None = None

    def _unwritable(self, mistake: Mistake) -> bool:
        """Tell whether the table has a sign that no workbook can hold."""
        cells = "".join(cell for row in self.rows[mistake.table] for cell in row)
        return not cells.translate(dict.fromkeys(map(ord, "\n\t"))).isprintable() or any(
            row[len(self.rows[mistake.table][0]) :] for row in self.rows[mistake.table]
        )

    def _at(self, name: str, *kinds: str) -> tuple[int, int, Column] | None:
        """Choose a filled cell: row and place in the list, and its column."""
        head, *rows = self.rows[name]
        spots = []
        for place, title in enumerate(head):
            column = self._column(name, title)
            if column and (not kinds or column.kind in kinds):
                spots += [(at, place, column) for at, row in enumerate(rows, 1) if row[place]]
        return self.chance.choice(spots) if spots else None

    def _column(self, name: str, title: str) -> Column | None:
        title = "score" if title.startswith("item_") and name == "ratings" else title
        return next((column for column in tables()[name].columns if column.name == title), None)

    def _cell(self, name: str) -> Mistake | None:
        spot = self._at(name)
        if spot is None:
            return None
        at, place, column = spot
        old = self.rows[name][at][place]
        kind, text, told = self.chance.choice(list(cell_mistakes(column, old)))
        if column.kind == "text" and kind.startswith("no "):
            return None
        self.rows[name][at][place] = text
        self.wrote = text
        if text == old:
            return None
        if _reads(column, text):
            told = False
        return Mistake(kind, name, frozenset({(at + 1, self.rows[name][0][place])}), told)

    def _reference(self, name: str) -> Mistake | None:
        columns = [column for table, column in REFER if table == name]
        columns = [column for column in columns if column in self.rows[name][0]]
        if not columns:
            return None
        column = self.chance.choice(columns)
        place = self.rows[name][0].index(column)
        at = self.chance.randrange(1, len(self.rows[name]))
        old = self.rows[name][at][place]
        kind = self._column(name, column).kind  # type: ignore[union-attr]
        wrong = "77" if kind == "integer" else self.chance.choice(["ZZ9", f"{old}x", f"x{old}"])
        self.rows[name][at][place] = wrong
        return Mistake("unknown reference", name, frozenset({(at + 1, column)}), True)

    def _duplicate(self, name: str) -> Mistake | None:
        if not tables()[name].key:
            return None
        at = self.chance.randrange(1, len(self.rows[name]))
        self.rows[name].append(list(self.rows[name][at]))
        last = len(self.rows[name])
        return Mistake("row twice", name, frozenset({(last, "*")}), True)

    def _total(self, name: str) -> Mistake | None:
        head, *rows = self.rows[name]
        sums = [""] * len(head)
        for place, title in enumerate(head):
            column = self._column(name, title)
            if column and column.kind in ("integer", "money", "percent") and column.name != "item":
                total = round(sum(float(row[place]) for row in rows if row[place]), 2)
                sums[place] = str(total).removesuffix(".0")
        words = [place for place, text in enumerate(sums) if not text]
        if not any(sums) or not words:
            return None
        sums[words[0]] = self.chance.choice(["Jumlah", "TOTAL", "Jumlah total", "Rata-rata"])
        self.rows[name].append(sums)
        return Mistake("total row", name, frozenset({(len(self.rows[name]), "*")}), True)

    def _remark(self, name: str) -> Mistake | None:
        notes = ["Catatan: data sementara", "* angka sementara", "Sumber: buku kas", "Mengetahui,"]
        note = self.chance.choice(notes)
        row = [""] * len(self.rows[name][0])
        row[self.chance.randrange(len(row))] = note
        self.rows[name].append(row)
        return Mistake("remark below", name, frozenset({(len(self.rows[name]), "*")}), True)

    def _two_kinds(self, name: str) -> tuple[int, int] | None:
        """Choose two columns whose cells cannot stand for each other."""
        head = self.rows[name][0]
        pair = self.chance.sample(range(len(head)), 2)
        kinds = {c.kind if (c := self._column(name, head[place])) else "text" for place in pair}
        alike = len(kinds) < 2 or "text" in kinds
        return None if alike or len(kinds & NUMBERS) > 1 else (pair[0], pair[1])

    def _swapped_cells(self, name: str) -> Mistake | None:
        at, pair = self.chance.randrange(1, len(self.rows[name])), self._two_kinds(name)
        head, row = self.rows[name][0], self.rows[name][at]
        if pair is None or row[pair[0]] == row[pair[1]]:
            return None
        row[pair[0]], row[pair[1]] = row[pair[1]], row[pair[0]]
        places = frozenset((at + 1, head[place]) for place in pair)
        return Mistake("swapped cells", name, places, True)

    def _swapped_heads(self, name: str) -> Mistake | None:
        head, pair = self.rows[name][0], self._two_kinds(name)
        if pair is None:
            return None
        head[pair[0]], head[pair[1]] = head[pair[1]], head[pair[0]]
        return Mistake("swapped headers", name, frozenset({(0, "*")}), True)

    def _merged(self, name: str) -> Mistake | None:
        head, *rows = self.rows[name]
        places = [
            p for p, title in enumerate(head) if (c := self._column(name, title)) and not c.empty
        ]
        if not places or len(rows) < 2:
            return None
        place, blanked = self.chance.choice(places), set()
        for at in range(2, len(rows) + 1):
            if self.rows[name][at][place]:
                self.rows[name][at][place] = ""
                blanked.add((at + 1, head[place]))
        return Mistake("merged cells", name, frozenset(blanked), True) if blanked else None

    def _head(self, name: str) -> Mistake | None:
        head = self.rows[name][0]
        place = self.chance.randrange(len(head))
        old = head[place]
        heads = {
            "header with blanks": f" {old} ",
            "header with a no-break space": f"{old}\u00a0",
            "header with a zero-width space": f"\u200b{old}",
            "header with a mark of byte order": f"\ufeff{old}",
            "header in capitals": old.upper(),
            "header misspelt": f"{old[:-1]}zq",
            "header gone": "",
            "header unknown": "kolom lain",
            "header with a point": f"{old}.",
            "header with a line break": f"{old}\n",
            "header twice": head[place - 1],
            "header with a number": f"{old}1",
        }
        kind = self.chance.choice(list(heads))
        new = heads[kind]
        if new == old:
            return None
        head[place] = new
        letter = get_column_letter(place + 1)
        spots = {(1, "*"), (0, "*")} | {(row, letter) for row in range(2, len(self.rows[name]) + 1)}
        return Mistake(kind, name, frozenset(spots), False)

    def _order(self, name: str) -> Mistake | None:
        ends = {
            "rounds": (2, "date", "2024-02-01"),
            "activities": (2, "end", "08:00"),
            "members": (3, "left", "2023-01-01"),
        }
        table = self.chance.choice(sorted(ends))
        at, column, text = ends[table]
        self.rows[table][at][self.rows[table][0].index(column)] = text
        return Mistake("dates out of order", table, frozenset({(at + 1, column)}), True)

    def _group(self, name: str) -> Mistake | None:
        if "group" not in self.rows[name][0] or name == "growth_answers":
            return None
        place, at = (
            self.rows[name][0].index("group"),
            self.chance.randrange(1, len(self.rows[name])),
        )
        if not self.rows[name][at][place]:
            return None
        other = self.chance.choice(
            ["1", "3", "Kelompok 01", "O1", "01.", "1.0", "KUBE-01", "0 1", "01a"]
        )
        self.rows[name][at][place] = other
        return Mistake("group in another spelling", name, frozenset({(at + 1, "group")}), True)

    def _scale(self, name: str) -> Mistake | None:
        table = self.chance.choice(["ratings", "item_means"])
        head = self.rows[table][0]
        places = [
            p
            for p, title in enumerate(head)
            if title in ("score", "mean") or title.startswith("item_")
        ]
        place, at = self.chance.choice(places), self.chance.randrange(1, len(self.rows[table]))
        self.rows[table][at][place] = self.chance.choice(
            ["6", "0", "99", "-1", "45", "5.01", "0.99"]
        )
        return Mistake("off the scale", table, frozenset({(at + 1, head[place])}), True)

    def _whole_file(self, name: str) -> Mistake | None:
        if any("," in cell for row in self.rows[name] for cell in row):
            return None
        lines = [",".join(row) for row in self.rows[name]]
        text = "\n".join(lines) + "\n"
        files = {
            "lines of Windows": "\r\n".join(lines),
            "lines of old Macs": "\r".join(lines),
            "mark at the start": f"\ufeff{text}",
            "two marks at the start": f"\ufeff\ufeff{text}",
            "semicolons": text.replace(",", ";"),
            "tabs": text.replace(",", "\t"),
            "hint for Excel": f"sep=,\n{text}",
            "blank lines": "\n\n".join(lines),
            "blank rows": text.replace("\n", "\n,,,\n", 2),
            "blank columns": "".join(f"{line},,\n" for line in lines),
            "no last line end": text.rstrip(),
            "pipes": text.replace(",", "|"),
            "UTF-16": text,
        }
        kind = self.chance.choice(list(files))
        self.content = files[kind].encode("utf-16" if kind == "UTF-16" else "utf-8")
        return Mistake(kind, name, frozenset({(0, "*")}), kind == "pipes")

    def _extra_cell(self, name: str) -> Mistake | None:
        at = self.chance.randrange(1, len(self.rows[name]))
        self.rows[name][at].append(self.chance.choice(["x", "catatan", "5"]))
        width = len(self.rows[name][0])
        return Mistake(
            "cell beyond the header",
            name,
            frozenset({(at + 1, "*"), (at + 1, get_column_letter(width + 1))}),
            True,
        )


def _reads(column: Column, text: str) -> bool:
    """Tell whether a text is, after all, a value of the column."""
    if column.kind in LOCAL_KINDS and read_value(text, column.form).ok:
        return True
    return column.kind == "choice" and text in column.allowed


def broken_promise(site: Path, mistake: Mistake, sound: Site) -> str:
    """Return what is wrong with how a mistake was told; empty where it was told well.

    An error stands where the mistake is, and nowhere else; without one the frames are those of the
    sound site, or a warning stands there.
    """
    problems = kr.check_site(site)
    errors = [problem for problem in problems if problem.severity == "error"]
    away = [str(problem) for problem in errors if not mistake.of(problem)]
    if away:
        return f"told elsewhere: {away[0]}"
    try:
        frames = kr.load_site(site).tables
    except SiteError as error:
        return "" if error.problems == errors != [] else "loading and checking differ"
    if errors:
        return "half loaded"
    if frames.keys() == sound.tables.keys() and all(
        frame.equals(sound.tables[name]) for name, frame in frames.items()
    ):
        return ""
    seen = any(mistake.of(problem) for problem in problems)
    return "" if seen and not mistake.told else "read otherwise without an error"
