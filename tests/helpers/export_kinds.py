"""Exports of real tools that are easily misread, each with the ratings that are right.

Every kind is written by hand: what stands in the export, what the user says, and the scores of each
rater in the order of the statements (a dot for no answer). No code of the import is used.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from export_shapes import ITEMS, Rows, csv_bytes, question, xlsx_bytes

Q = [question(item) for item in ITEMS]
NAMES = [f"item_{item}" for item in ITEMS]
KOBO = ["round", "group", "rater", *NAMES, "_uuid", "_submission_time"]
GOOGLE = ["Cap waktu", "Kelompok", "Kode penilai"]
LONG = "Penilaian kapasitas kelompok usaha bersama KUBE 2024"

Right = Mapping[tuple[int, str], str]


@dataclass(frozen=True)
class Kind:
    """One export, what is said beside it, and what is right.

    Attributes
    ----------
    content : bytes
    right : mapping of (int, str) to str
        The scores by round and rater.
    file : str
    options : mapping
        What is given to ``import_ratings``.
    meanings : str
        The file for ``--map``.
    said : tuple of str
        What the output says.
    high : int
        The highest score of the scale, which begins at 1.
    """

    content: bytes
    right: Right
    file: str = "export.csv"
    options: Mapping[str, object] = field(default_factory=dict)
    meanings: str = ""
    said: tuple[str, ...] = ()
    high: int = 5


def zipped(files: Mapping[str, Rows]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as parts:
        for name, rows in files.items():
            parts.writestr(name, csv_bytes(rows))
    return raw.getvalue()


def row(
    rater: str, scores: str, *more: object, group: str = "01", number: object = 1
) -> list[object]:
    """A row of KoboToolbox, with what stands in further columns."""
    cells: list[object] = ["" if score == "." else int(score) for score in scores]
    minute = ord(rater[0]) % 10 * 6 + int(rater[1:])
    return [
        number,
        group,
        rater,
        *cells,
        f"u{rater}-{number}",
        f"2024-02-10T10:{minute:02}:00",
        *more,
    ]


def said_row(rater: str, *answers: object) -> list[object]:
    """A row of KoboToolbox whose answers are words."""
    return [1, "01", rater, *answers, f"u{rater}-1", "2024-02-10T10:00:00"]


def reviewed(header: str, *states: str) -> bytes:
    raters = zip(
        ("A1", "A2", "A3", "A4"), ("12345", "22222", "33333", "44444"), states, strict=True
    )
    return csv_bytes([[*KOBO, header], *(row(who, sc, state) for who, sc, state in raters)], ";")


LAST_THREE = {(1, "A2"): "22222", (1, "A3"): "33333", (1, "A4"): "44444"}


def consented(columns: list[str], *answers: list[object]) -> bytes:
    raters = zip(
        ("A1", "A2", "A3", "A4"), ("12345", "22222", "33333", "44444"), answers, strict=True
    )
    return csv_bytes([[*KOBO, *columns], *(row(who, sc, *said) for who, sc, said in raters)], ";")


ALL_FOUR = {(1, "A1"): "12345", **LAST_THREE}


def twice(head: list[str]) -> bytes:
    """Three raters who answered the same statements for two times in one form."""
    rows: Rows = [[*GOOGLE, *head]]
    for n in (1, 2, 3):
        rows.append([f"13/02/2024 10.0{n}.00", "01", f"A{n}", *[n] * 5, *[n + 1] * 5])
    return csv_bytes(rows)


THEN_NOW = {(r, f"A{n}"): str(n + r - 1) * 5 for r in (1, 2) for n in (1, 2, 3)}


def repeated(name: str) -> bytes:
    """Up to two raters in one row, their columns counted."""
    head = ["round", "group"]
    for count in (1, 2):
        head += [name.format(count, question=column) for column in ("rater", *NAMES)]
    return csv_bytes([
        [*head, "_uuid"], [1, "01", "A1", *"12345", "A2", *"22222", "u1-a"],
        [1, "02", "B1", *"33333", *[""] * 6, "u2-a"],
    ])  # fmt: skip


REPEATED = {(1, "A1"): "12345", (1, "A2"): "22222", (1, "B1"): "33333"}


def kobo_book(title: str, state_of_repeat: str = "") -> bytes:
    """A form with a repeated group, in which the second submission was rejected."""
    main: Rows = [
        ["Putaran", "Kelompok", "_id", "_uuid", "_validation_status", "_index"],
        [1, "01", 901, "f1-uuid", "", 1],
        [1, "02", 902, "f2-uuid", "validation_status_not_approved", 2],
    ]  # fmt: skip
    inner: Rows = [["Kode penilai", *Q, "_index", "_parent_table_name", "_parent_index",
                    "_submission__uuid", "_submission__validation_status"]]  # fmt: skip
    for n, (rater, scores, parent) in enumerate(
        (("A1", "12345", 1), ("A2", "22222", 1), ("B1", "33333", 2)), 1
    ):
        inner.append(
            [rater, *map(int, scores), n, LONG, parent, f"f{parent}-uuid", state_of_repeat]
        )
    other: Rows = [["catatan", "_index"], ["x", 1], ["y", 2]]
    return xlsx_bytes({title: main, "penilai": inner, "foto": other})


ODK_MAIN: Rows = [
    ["SubmissionDate", "round", "group", "meta-instanceID", "KEY", "ReviewState"],
    ["2024-02-10T10:00:00.000Z", 1, "01", "uuid:k1-a", "uuid:k1-a", "hasIssues"],
    ["2024-02-10T10:05:00.000Z", 1, "02", "uuid:k2-a", "uuid:k2-a", "rejected"],
]
ODK_RATERS: Rows = [
    ["rater", *NAMES, "PARENT_KEY", "KEY"],
    ["A1", *"12345", "uuid:k1-a", "uuid:k1-a/raters[1]"],
    ["A2", *"22222", "uuid:k1-a", "uuid:k1-a/raters[2]"],
    ["B1", *"33333", "uuid:k2-a", "uuid:k2-a/raters[1]"],
]  # fmt: skip
TWO = {(1, "A1"): "12345", (1, "A2"): "22222"}


def quiz(points: str, remark: str, head: list[str]) -> Rows:
    """The header of a quiz: beside each question its points and a remark."""
    return [[*head, *(cell for q in Q for cell in (q, points.format(q), remark.format(q)))]]


def quiz_row(start: list[object], scores: str, points: str = "1") -> list[object]:
    return [*start, *(cell for score in scores for cell in (int(score), points, ""))]


MICROSOFT = ["ID", "Start time", "Completion time", "Email", "Name", "Kelompok", "Kode penilai"]
MICROSOFT_ID = [
    "ID",
    "Waktu mulai",
    "Waktu penyelesaian",
    "Email",
    "Nama",
    "Kelompok",
    "Kode penilai",
]


def sent(number: int, day: int, rater: str) -> list[object]:
    return [
        number,
        f"2/{day}/24 9:00:00",
        f"2/{day}/24 10:0{number}:00",
        "anonymous",
        "",
        "01",
        rater,
    ]


def words_of(*rows: list[object], head: list[str] | None = None) -> bytes:
    return csv_bytes([head or KOBO, *rows], ";")


KINDS: dict[str, Kind] = {
    # what reviewers say
    "kobo, names of states": Kind(
        reviewed(
            "_validation_status",
            "validation_status_not_approved",
            "validation_status_on_hold",
            "validation_status_approved",
            "",
        ),
        LAST_THREE,
        said=("rejected by a reviewer", "1 row(s): 2", "a reviewer has doubts", "1 row(s): 3"),
    ),
    "kobo, labels": Kind(
        reviewed("_validation_status", "Not Approved", "On Hold", "Approved", ""), LAST_THREE
    ),
    "kobo, nested": Kind(
        reviewed("_validation_status.label", "Tidak Disetujui", "Ditahan", "Disetujui", ""),
        LAST_THREE,
    ),
    "kobo, as json": Kind(
        reviewed(
            "_validation_status",
            "{'uid': 'validation_status_not_approved', 'color': '#f00'}",
            "{}",
            "Approved",
            "Entah",
        ),
        LAST_THREE,
        said=("the word of the reviewer is not known",),
    ),
    "odk central": Kind(
        csv_bytes(
            [["SubmissionDate", "round", "group", "rater", *NAMES, "KEY", "ReviewState"]]
            + [
                ["2024-02-10T10:00:00Z", 1, "01", f"A{n}", *[n] * 5, f"uuid:k{n}-a", state]
                for n, state in enumerate(("rejected", "hasIssues", "edited", "approved"), 1)
            ]
        ),
        LAST_THREE,
        said=("hasIssues",),
    ),
    # consent
    "split choices beside the question": Kind(
        consented(
            ["Persetujuan", "Persetujuan/Ikut serta", "Persetujuan/Difoto"],
            ["Ikut serta", 1, 0],
            ["Ikut serta Difoto", 1, 1],
            ["Ikut serta", 1, 0],
            ["Ikut serta", 1, 0],
        ),
        ALL_FOUR,
        said=("not taken as consent to take part", "'Persetujuan/Difoto'"),
    ),
    "split choices, one does not take part": Kind(
        consented(["consent/participate", "consent/photo"], [0, 1], [1, 0], [1, 0], [1, 1]),
        LAST_THREE,
        said=("no consent to take part ('consent/participate'): 1 row(s): 2",),
    ),
    "permissions of their own": Kind(
        consented(
            ["izin/foto", "boleh_difoto", "Apakah Ibu bersedia difoto?"], *[[0, 0, "Tidak"]] * 4
        ),
        ALL_FOUR,
    ),
    "a choice of refusal": Kind(
        consented(["consent/yes", "consent/no"], ["FALSE", "TRUE"], *[["TRUE", "FALSE"]] * 3),
        LAST_THREE,
    ),
    "consent in sentences": Kind(
        consented(
            ["Apakah Anda bersedia ikut serta?"],
            ["Tidak, terima kasih"],
            ["Ya, asal nama saya tidak disebut"],
            ["Tidak keberatan"],
            ["Saya setuju"],
        ),
        LAST_THREE,
    ),
    # the same statements more than once
    "google, two grids": Kind(
        twice([f"{time} [{q}]" for time in ("Sebelum", "Sesudah") for q in Q]),
        THEN_NOW,
        options={"grids": {"Sebelum": 1, "Sesudah": 2}},
    ),
    "google, times as rows": Kind(
        csv_bytes(
            [[*GOOGLE, *(f"{q} [{time}]" for q in Q for time in ("Dulu", "Sekarang"))]]
            + [[f"13/02/2024 10.0{n}.00", "01", f"A{n}", *[n, n + 1] * 5] for n in (1, 2, 3)]
        ),
        THEN_NOW,
        options={"grids": {"Dulu": 1, "Sekarang": 2}},
    ),
    "kobo, two groups": Kind(
        twice([f"{time}/field_1/{name}" for time in ("then", "now") for name in NAMES]),
        THEN_NOW,
        options={"grids": {"now": 2, "then": 1}},
    ),
    "only what was seen": Kind(
        twice([f"{time}/{name}" for time in ("expected", "seen") for name in NAMES]),
        {(1, f"A{n}"): str(n + 1) * 5 for n in (1, 2, 3)},
        options={"grids": {"expected": 0, "seen": 1}},
    ),
    "time after the statement": Kind(
        twice([f"{q} ({time})" for time in ("before", "after") for q in Q]),
        THEN_NOW,
        options={"grids": {"before": 1, "after": 2}},
    ),
    "names with a time": Kind(
        twice([f"{name}_{time}" for time in ("pre", "post") for name in NAMES]),
        THEN_NOW,
        options={"grids": {"pre": 1, "post": 2}},
    ),
    "one title twice": Kind(twice([*Q, *Q]), THEN_NOW, options={"grids": {"D:H": 1, "I:M": 2}}),
    "microsoft, one question twice": Kind(
        twice([*Q, *(f"{q}2" for q in Q)]), THEN_NOW, options={"grids": {"D:H": 1, "I:M": 2}}
    ),
    "repeats in brackets": Kind(
        repeated("raters[{}]/{question}"), REPEATED, said=("up to 2 ratings",)
    ),
    "repeats in names": Kind(repeated("raters_{}_{question}"), REPEATED),
    "repeats of visits": Kind(
        csv_bytes(
            [
                ["group", "rater", *(f"visit[{n}]/{c}" for n in (1, 2) for c in ("round", *NAMES))],
                ["01", "A1", 1, *"11111", 2, *"22222"],
            ]
        ),
        {(1, "A1"): "11111", (2, "A1"): "22222"},
    ),
    "questions moved to another group": Kind(
        csv_bytes(
            [
                [
                    "round",
                    "group",
                    "rater",
                    "a/item_1",
                    "a/item_2",
                    "item_3",
                    "item_4",
                    "item_5",
                    "b/item_1",
                    "b/item_2",
                    "_uuid",
                ],
                [1, "01", "A1", *"12345", "", "", "u1-a"],
                [1, "01", "A2", "", "", *"333", *"44", "u2-a"],
            ]
        ),
        {(1, "A1"): "12345", (1, "A2"): "44333"},
        said=("read as one column", "'a/item_1', 'b/item_1'"),
    ),
    # what programs write beside the answers
    "google, quiz": Kind(
        csv_bytes(
            [
                *quiz("{} [Skor]", "{} [Masukan]", ["Stempel waktu", "Skor total", *GOOGLE[1:]]),
                quiz_row(
                    ["2024/02/10 10:00:00 AM GMT+7", "5 / 5", "01", "A1"], "12345", "1.00 / 1"
                ),
            ]
        ),
        {(1, "A1"): "12345"},
        options={"round_number": 1},
    ),
    "microsoft, quiz, the newest": Kind(
        csv_bytes(
            [
                *quiz("Points - {}", "Feedback - {}", MICROSOFT),
                quiz_row(sent(1, 10, "A1"), "12345"),
                quiz_row(sent(2, 13, "A1"), "54321"),
                quiz_row(sent(3, 10, "A2"), "22222"),
            ]
        ),
        {(1, "A1"): "54321", (1, "A2"): "22222"},
        options={"round_number": 1, "latest": True},
        said=("Microsoft Forms", "row 2 left out"),
    ),
    "microsoft, quiz, Indonesian": Kind(
        xlsx_bytes(
            {
                "Sheet1": [
                    *quiz("Poin - {}", "Umpan balik - {}", MICROSOFT_ID),
                    quiz_row(sent(1, 10, "A1"), "12345"),
                    quiz_row(sent(2, 10, "A2"), "22222"),
                ]
            }
        ),
        TWO,
        "jawaban.xlsx",
        options={"round_number": 1},
    ),
    "tags below the headers": Kind(
        words_of(
            [
                "#meta+round",
                "#adm3 +code",
                "#respondent",
                *(f"#indicator+i{n}" for n in ITEMS),
                "#meta+id",
                "#date",
            ],
            row("A1", "12345"),
            row("A2", "22222"),
        ),
        TWO,
        said=("row 2 holds HXL tags",),
    ),
    "a title cut at 31 letters": Kind(
        kobo_book(LONG[:31]), TWO, "export.xlsx", said=("1 row(s): 4",)
    ),
    "a title cut with points": Kind(kobo_book(LONG[:28] + "...", "On Hold"), TWO, "export.xlsx"),
    "odk, zip with a repeat": Kind(
        zipped(
            {
                "peka.csv": ODK_MAIN,
                "peka-raters.csv": ODK_RATERS,
                "peka - audit.csv": [["event"], ["x"]],
            }
        ),
        TWO,
        "peka.zip",
        said=("'ReviewState': rejected", "'ReviewState': hasIssues"),
    ),
    # words of answers
    "first letters, five points": Kind(
        words_of(said_row("A1", "SS", "S", "RR", "TS", "STS")), {(1, "A1"): "54321"}
    ),
    "first letters, four points": Kind(
        words_of(
            said_row("A1", "STS", "TS", "S", "SS", ""), said_row("A2", "ss", "s", "ts", "s", "s")
        ),
        {(1, "A1"): "1234.", (1, "A2"): "43233"},
        high=4,
    ),
    "first letters with KS": Kind(
        words_of(said_row("A1", "SS", "S", "KS", "TS", "S")), {(1, "A1"): "43213"}, high=4
    ),
    "English first letters": Kind(
        words_of(said_row("A1", "SA", "A", "N", "D", "SD")), {(1, "A1"): "54321"}
    ),
    "two sets of words": Kind(
        words_of(
            said_row("A1", "Setuju", "Sangat setuju", "Sering", "Selalu", "Jarang"),
            said_row("A2", "Tidak setuju", "Netral", "Kadang-kadang", "Tidak pernah", "Selalu"),
        ),
        {(1, "A1"): "45452", (1, "A2"): "23315"},
    ),
    "numbers before labels": Kind(
        words_of(
            said_row("A1", "4 - Setuju", "4. Setuju", "(4) Setuju", "4) Setuju", "Setuju (4)"),
            said_row(
                "A2",
                "1. 1 kali setahun",
                "2) 2-3 kali",
                "3 = tiap bulan",
                "4: sering",
                "5 Sangat setuju",
            ),
        ),
        {(1, "A1"): "44444", (1, "A2"): "12345"},
    ),
    "words for no answer": Kind(
        words_of(
            said_row("A1", "Tidak tahu", "Tidak berlaku", "Tidak diisi", "TB", 3),
            said_row("A2", "Don't know", "N/A", "-", "99 - Tidak menjawab", 4),
        ),
        {(1, "A1"): "....3", (1, "A2"): "....4"},
        said=("no answer, left blank: 8 cell(s)", "'N/A' 1×"),
    ),
    "codes the headers explain": Kind(
        words_of(
            [1, "01", "A1", 99, 3, 98, "99", 2],
            head=[*KOBO[:3], *(f"{q} (1 = buruk, 99 = tidak tahu, 98 = tidak berlaku)" for q in Q)],
        ),
        {(1, "A1"): ".3..2"},
    ),
}


#: Exports that are refused: what the user then says, and what is right.
REFUSED: dict[str, tuple[str, Kind]] = {
    "then and now, each answered by another": (
        "grids",
        Kind(
            csv_bytes(
                [
                    ["group", "rater", *(f"{t}/{name}" for t in ("now", "then") for name in NAMES)],
                    ["01", "A1", *"11111", *[""] * 5],
                    ["01", "A2", *[""] * 5, *"33333"],
                ]
            ),
            {(2, "A1"): "11111", (1, "A2"): "33333"},
            options={"grids": {"now": 2, "then": 1}},
        ),
    ),
    "moved, but both filled": (
        "grids",
        Kind(
            csv_bytes(
                [
                    ["group", "rater", "a/item_1", "b/item_1", *NAMES[1:]],
                    ["01", "A1", 1, 5, *"2345"],
                    ["01", "A2", 1, "", *"2345"],
                ]
            ),
            {(1, "A1"): "52345", (1, "A2"): ".2345"},
            options={"round_number": 1},
            meanings="header,means\na/item_1,ignore\n",
        ),
    ),
    "visits without a round": (
        "grids",
        Kind(
            csv_bytes(
                [
                    [
                        "group",
                        "rater",
                        *(f"visit[{n}]/field_{n}/{c}" for n in (1, 2) for c in NAMES),
                    ],
                    ["01", "A1", *"11111", *"22222"],
                ]
            ),
            {(1, "A1"): "11111", (2, "A1"): "22222"},
            options={"grids": {"C:G": 1, "H:L": 2}},
        ),
    ),
    "how often": (
        "score_unknown",
        Kind(
            words_of(said_row("A1", "1 kali setahun", "2-3 kali", "4 kali", 3, 3)),
            {(1, "A1"): "12433"},
            meanings="answer,means\n1 kali setahun,score_1\n2-3 kali,score_2\n4 kali,score_4\n",
        ),
    ),
    "codes that nothing explains": (
        "score_code",
        Kind(
            words_of(said_row("A1", 99, 3, 98, "98.0", 2)),
            {(1, "A1"): ".3..2"},
            meanings="answer,means\n99,blank\n98,blank\n",
        ),
    ),
    "numbers against words": (
        "label_reversed",
        Kind(
            words_of(said_row("A1", "1 - Sangat setuju", "2 - Setuju", "4 - Tidak setuju", "", "")),
            {(1, "A1"): "542.."},
            meanings="a,b\n1 - Sangat setuju,score_5\n2 - Setuju,score_4\n4 - Tidak setuju,score_2\n",
        ),
    ),
    "repeats without their submissions": (
        "no_parent",
        Kind(
            csv_bytes(
                [
                    ["round", "group", *ODK_RATERS[0]],
                    *([1, "01", *cells] for cells in ODK_RATERS[1:3]),
                ]
            ),
            TWO,
            meanings="header,means\nPARENT_KEY,ignore\n",
        ),
    ),
}
