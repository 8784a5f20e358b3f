"""Exports as KoboToolbox, ODK Central and Google Forms write them, made from known ratings."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl

FIELDS = {1: "Kepengurusan", 2: "Keuangan"}
ITEMS = {
    1: (1, "Pengurus bertemu setiap bulan", "The officers meet every month"),
    2: (1, "Tugas pengurus tertulis", "The duties of the officers are written down"),
    3: (2, "Kas dicatat pada hari yang sama", "Cash is written down on the same day"),
    4: (2, "Anggota dapat melihat buku kas", "Members can look into the cash book"),
    5: (2, "Tabungan disetor tepat waktu", "Savings are paid in on time"),
}
LABELS_ID = ["Sangat kurang", "Kurang", "Cukup", "Baik", "Sangat baik"]
LABELS_EN = ["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"]
START = dt.datetime(2024, 2, 10, 10, 0, 0)


@dataclass
class Filled:
    """One filled-in form: what the tests know and the export should give back."""

    place: int
    round: int
    group: str
    rater: str
    scores: dict[int, int | None] = field(default_factory=dict)

    @property
    def uuid(self) -> str:
        return f"{self.place:08x}-6d2f-4c11-9f5e-0242ac120002"

    @property
    def time(self) -> dt.datetime:
        return START + dt.timedelta(minutes=7 * self.place)


Rows = list[list[object]]
Cell = Callable[[int | None], object]


def number(score: int | None) -> object:
    return "" if score is None else score


def numbered(score: int | None) -> object:
    return "" if score is None else f"{score} - {LABELS_ID[score - 1]}"


def dotted(score: int | None) -> object:
    return "" if score is None else f"{score}. {LABELS_EN[score - 1]} "


def label(score: int | None) -> object:
    return "" if score is None else LABELS_ID[score - 1]


def csv_bytes(rows: Rows, mark: str = ",", *, quoted: bool = False, bom: bool = False) -> bytes:
    out = io.StringIO(newline="")
    how = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=mark, quoting=how, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("utf-8-sig" if bom else "utf-8")


def xlsx_bytes(sheets: dict[str, Rows]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([None if value == "" else value for value in row])
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def question(item: int, lang: str = "id") -> str:
    return ITEMS[item][1 if lang == "id" else 2]


def kobo(
    filled: list[Filled], *, header: Callable[[int], str], cell: Cell, names: tuple[str, str, str],
    group: Callable[[str], object] = str, round_of: Callable[[int], object] = str,
    extra: tuple[str, ...] = (),
) -> Rows:  # fmt: skip
    head: list[object] = [
        "start", "end", "today", "deviceid", "phonenumber", "Persetujuan", names[0], names[1], names[2],
        *map(header, ITEMS), *extra, "_id", "_uuid", "_submission_time", "_validation_status", "_notes",
        "_status", "_submitted_by", "__version__", "_tags", "_index",
    ]  # fmt: skip
    rows: Rows = [head]
    for index, one in enumerate(filled, start=1):
        rows.append([
            one.time.isoformat() + ".000+07:00", "", one.time.date().isoformat(), "ee.kobo:x",
            "0812000111", "OK", round_of(one.round), group(one.group), one.rater,
            *(cell(one.scores[item]) for item in ITEMS), *("" for _ in extra), 500 + one.place, one.uuid,
            one.time.isoformat(), "", "", "submitted_via_web", "", "vAbc", "", index,
        ])  # fmt: skip
    return rows


def kobo_labels(filled: list[Filled]) -> tuple[str, bytes]:
    rows = kobo(
        filled,
        header=lambda n: f"{FIELDS[ITEMS[n][0]]}/**{n}. {question(n)}**",
        cell=numbered,
        names=("Putaran penilaian", "Kelompok KUBE", "Kode penilai"),
        group=lambda code: f"Kelompok {code}",
        round_of=lambda n: f"{n} - {('Sebelum', 'Sesudah')[n - 1]}",
        extra=("Saran", "formhub/uuid"),
    )
    return "peka_-_semua_versi_-_label.csv", csv_bytes(rows, ";", quoted=True, bom=True)


def kobo_english(filled: list[Filled]) -> tuple[str, bytes]:
    rows = kobo(
        filled,
        header=lambda n: question(n, "en"),
        cell=dotted,
        names=("Round of the assessment", "KUBE group", "Code of the rater"),
        group=lambda code: f"Group {code}",
        round_of=lambda n: ("Before", "After")[n - 1],
    )
    return "export.csv", csv_bytes(rows, ";", quoted=True)


def kobo_names(filled: list[Filled]) -> tuple[str, bytes]:
    rows = kobo(
        filled,
        header=lambda n: f"field_{ITEMS[n][0]}/item_{n}",
        cell=number,
        names=("round", "group", "rater"),
        extra=("meta/instanceID", "meta/instanceName"),
    )
    return "export.csv", csv_bytes(rows, ";", quoted=True)


def kobo_plain(filled: list[Filled]) -> tuple[str, bytes]:
    names = ("round", "group", "rater")
    rows = kobo(filled, header=lambda n: f"item_{n}", cell=number, names=names)
    return "export.csv", csv_bytes(rows)


def kobo_xlsx(filled: list[Filled]) -> tuple[str, bytes]:
    rows = kobo(
        filled,
        header=lambda n: f"group_field_{ITEMS[n][0]}/{question(n)}",
        cell=number,
        names=("Putaran", "Kelompok", "Penilai"),
        group=int,  # the zero is lost
        round_of=int,
    )
    return "export.xlsx", xlsx_bytes({"PEKA": rows, "audit": [["event"], ["x"]]})


def kobo_two_headers(filled: list[Filled]) -> tuple[str, bytes]:
    labels = kobo(
        filled, header=question, cell=number,
        names=("Putaran penilaian", "Kelompok KUBE", "Kode penilai"),
    )  # fmt: skip
    names = kobo(
        [], header=lambda n: f"field/item_{n}", cell=number, names=("round", "group", "rater")
    )
    return "export.csv", csv_bytes([labels[0], names[0], *labels[1:]], ";")


def kobo_repeat(filled: list[Filled]) -> tuple[str, bytes]:
    """Each form holds the raters of one group and round as a repeated group."""
    forms = list(dict.fromkeys((one.round, one.group) for one in filled))
    main: Rows = [["start", "Putaran", "Kelompok", "_id", "_uuid", "_submission_time", "_index"]]
    for index, (number_of, group) in enumerate(forms, start=1):
        main.append(["", number_of, group, 900 + index, f"f{index}-uuid", START.isoformat(), index])
    inner: Rows = [
        ["Kode penilai", *map(question, ITEMS), "_index", "_parent_table_name", "_parent_index",
         "_submission__id", "_submission__uuid", "_submission__submission_time"]
    ]  # fmt: skip
    for index, one in enumerate(filled, start=1):
        parent = forms.index((one.round, one.group)) + 1
        inner.append([
            one.rater, *(number(one.scores[item]) for item in ITEMS), index, "PEKA", parent,
            900 + parent, f"f{parent}-uuid", START.isoformat(),
        ])  # fmt: skip
    return "export.xlsx", xlsx_bytes({"PEKA": main, "penilai": inner})


def odk(filled: list[Filled], prefix: str) -> Rows:
    rows: Rows = [[
        "SubmissionDate", "today", f"{prefix}round", f"{prefix}group", f"{prefix}rater",
        *(f"{prefix}field_{ITEMS[n][0]}-item_{n}" if prefix else f"item_{n}" for n in ITEMS),
        "meta-instanceID", "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent",
        "AttachmentsExpected", "Status", "ReviewState", "DeviceID", "Edits", "FormVersion",
    ]]  # fmt: skip
    for one in filled:
        key = f"uuid:{one.uuid}"
        rows.append([
            one.time.isoformat() + ".000Z", "", one.round, one.group, one.rater,
            *(number(one.scores[n]) for n in ITEMS), key, key, 12, "Petugas", 0, 0, "", "", "collect:x",
            0, "2024",
        ])  # fmt: skip
    return rows


def odk_groups(filled: list[Filled]) -> tuple[str, bytes]:
    return "peka.csv", csv_bytes(odk(filled, "peka-"))


def odk_plain(filled: list[Filled]) -> tuple[str, bytes]:
    return "peka.csv", csv_bytes(odk(filled, ""))


def google(
    filled: list[Filled], first: str, header: Callable[[int], str], cell: Cell,
    stamp: Callable[[dt.datetime], object], names: tuple[str, str, str], email: str = "",
) -> Rows:  # fmt: skip
    rows: Rows = [
        [first, *([email] if email else []), names[1], *map(header, ITEMS), names[2], names[0]]
    ]
    for one in filled:
        rows.append([
            stamp(one.time), *(["orang@contoh.id"] if email else []), one.group,
            *(cell(one.scores[n]) for n in ITEMS), f" {one.rater} ", one.round,
        ])  # fmt: skip
    return rows


def google_csv(filled: list[Filled]) -> tuple[str, bytes]:
    rows = google(
        filled,
        "Timestamp",
        lambda n: f"{n}. {question(n)}",
        number,
        lambda time: time.strftime("%Y/%m/%d %I:%M:%S %p GMT+7"),
        ("Putaran ke-", "Nama kelompok", "Kode Penilai"),
        "Email Address",
    )
    return "Penilaian PEKA.csv", csv_bytes(rows, quoted=True)


def google_grid(filled: list[Filled]) -> tuple[str, bytes]:
    rows = google(
        filled,
        "Cap waktu",
        lambda n: f"Beri skor untuk bidang {FIELDS[ITEMS[n][0]]} [{question(n)}]",
        numbered,
        lambda time: time.strftime("%d/%m/%Y %H.%M.%S"),
        ("Putaran", "KUBE", "Kode penilai (lihat daftar)"),
        "Alamat email",
    )
    return "jawaban.csv", csv_bytes(rows)


def google_xlsx(filled: list[Filled]) -> tuple[str, bytes]:
    rows = google(
        filled, "Stempel waktu", question, label, lambda time: time,
        ("Putaran penilaian", "Kelompok", "Kode responden"),
    )  # fmt: skip
    return "jawaban.xlsx", xlsx_bytes({"Form Responses 1": rows, "Rekap": [["Total"], [3]]})


def google_zip(filled: list[Filled]) -> tuple[str, bytes]:
    name, content = google_csv(filled)
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as parts:
        parts.writestr(name, content)
    return "Penilaian PEKA.csv.zip", raw.getvalue()


def untidy(filled: list[Filled]) -> tuple[str, bytes]:
    """A title, blank rows, columns in another order, blanks around cells, whole numbers as decimals."""
    rows: Rows = [["Rekap penilaian PEKA"], []]
    rows.append(
        [
            " Penilai ",
            "",
            *(f" {question(n).upper()} ? *" for n in reversed(ITEMS)),
            "KELOMPOK:",
            "round",
        ]
    )
    for one in filled:
        cells = ["" if one.scores[n] is None else f"{one.scores[n]}.0" for n in reversed(ITEMS)]
        rows += [[f"{one.rater} ", "", *cells, f" {int(one.group)}", f"Putaran {one.round}"], []]
    return "rekap.csv", csv_bytes([*rows, ["", "", ""]], ";")


SHAPES = (
    kobo_labels, kobo_english, kobo_names, kobo_plain, kobo_xlsx, kobo_two_headers, kobo_repeat,
    odk_groups, odk_plain, google_csv, google_grid, google_xlsx, google_zip, untidy,
)  # fmt: skip


def write(
    folder: Path, shape: Callable[[list[Filled]], tuple[str, bytes]], filled: list[Filled]
) -> Path:
    name, content = shape(filled)
    path = folder / name
    path.write_bytes(content)
    return path
