"""Attendance kept as a matrix, and lists of those who came: read as what they say, or asked about.

The right statuses were written down by hand.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from kept_tables import ACTIVITIES, kept_site
from site_files import places, put, read_rows, write_rows

import kube_research as kr

P, L, E, A = "present", "late", "excused", "absent"


def statuses(folder: Path) -> dict[str, list[str]]:
    """Return the statuses of each activity in the order of the list."""
    logs = kr.load_site(folder).attendance
    return {
        str(name): part["status"].tolist() for name, part in logs.groupby("activity", sort=False)
    }


def codes(folder: Path) -> list[str]:
    return [
        p.code
        for p in kr.check_site(folder)
        if p.code not in ("only_present", "columns_unread_list")
    ]


@pytest.mark.parametrize(
    ("matrix", "first", "second", "warned"),
    [
        ("No,Nama,Jabatan,01-03-2024,05-04-2024\n1,A1,Ketua,√,√\n2,A2,Anggota,v,i\n3,A3,Anggota,S,A\n",
         [P, P, E], [P, E, A], []),
        ("Nama,1/3,5 April\nA1,hadir,izin\nA2,Alpa,sakit\n", [P, A], [E, E], []),
        ("Nama,Rapat pertama,rapat_2\nA1,1,0\nA2,0,1\n", [P, A], [A, P], []),
        ("person,rapat_1,2024-04-05\nA1,√,x\nA2,X,√\n", [P, A], [A, P], []),
        ("Nama,rapat_1,rapat_2\nA1,x,A\nA2,A,x\n", [P, A], [A, P], []),
        ("Nama,rapat_1,rapat_2\nA1,√,√\nA2,,v\nA3,v,\n", [P, A, P], [P, P, A], ["blank_absent"]),
        ("Nama,rapat_1,rapat_2\nA1,H,H\nA2,,A\nA3,A,\n", [P, A], [P, A], ["blank_unknown"]),
        ("Nama,rapat_1,rapat_2\nA1,H,\nA2,A,\n", [P, A], None, ["meeting_blank"]),
        ("Nama,rapat_1\nA1,H\nA2,T\nA3,A\n", [P, L, A], None, []),
        ("Nama,Pertemuan 1,Pertemuan ke-2\nA1,H,A\nA2,A,H\n", [P, A], [A, P], ["meetings_numbered"]),
        ("Nama,L/P,rapat_1,rapat_2,H,I,S,A,%,Ket\nA1,P,H,A,1,0,0,1,50%,\nA2,P,A,present,1,0,0,1,50%,\n",
         [P, A], [A, P], []),
    ],
)  # fmt: skip
def test_a_matrix_is_read_into_rows(
    tmp_path: Path, matrix: str, first: list[str], second: list[str] | None, warned: list[str]
) -> None:
    folder = kept_site(tmp_path, activities=ACTIVITIES, attendance=matrix)
    assert codes(folder) == warned
    expected = {"rapat_1": first} | ({"rapat_2": second} if second else {})
    assert statuses(folder) == expected
    logs = kr.load_site(folder).attendance
    assert logs.columns.tolist() == [
        "activity",
        "group",
        "person",
        "role",
        "status",
        "evidence",
        "locator",
    ]
    assert logs.loc[logs["person"] == "A1", "role"].eq("pengurus").all()
    assert logs["group"].eq("01").all()


def test_what_blank_cells_are_read_as_is_told_with_their_count(tmp_path: Path) -> None:
    matrix = "Nama,rapat_1,rapat_2\nA1,√,√\nA2,,v\nA3,v,\n"
    folder = kept_site(tmp_path, activities=ACTIVITIES, attendance=matrix)
    warning = next(p for p in kr.check_site(folder, lang="id") if p.code == "blank_absent")
    assert "2 sel kosong dibaca sebagai tidak hadir" in warning.problem
    put(folder, "attendance.csv", matrix.replace("A3,v,", "A3,v,A"))  # follow the remedy
    assert statuses(folder) == {"rapat_1": [P, P], "rapat_2": [P, P, A]}


@pytest.mark.parametrize(
    ("matrix", "place"),
    [
        ("Nama,rapat_1,rapat_2\nA1,x,x\nA2,,x\n", (2, "rapat_1", "x", "mark_open_x")),
        ("Nama,rapat_1\nA1,H\nA2,T\n", (3, "rapat_1", "T", "mark_open_t")),
        ("Nama,rapat_1\nA1,H\nA2,P\n", (3, "rapat_1", "P", "mark_open_p")),
        ("Nama,rapat_1\nA1,H\nA2,?\n", (3, "rapat_1", "?", "mark_unknown")),
        (
            "Nama,rapat_1,6 April 2024\nA1,H,H\nA2,A,A\n",
            (1, "6 April 2024", "6 April 2024", "meeting_unknown"),
        ),
        (
            "Nama,rapat_1,1 Maret 2024\nA1,H,H\nA2,A,A\n",
            (1, "1 Maret 2024", "1 Maret 2024", "meeting_twice"),
        ),
        ("Nama,rapat_1,Kumpul\nA1,H,H\nA2,A,A\n", (1, "Kumpul", "Kumpul", "meeting_unknown")),
        ("Nama,rapat_1\nA1,H\nA2,A\nJumlah,1\n", (4, "Nama", "Jumlah", "total_row_list")),
        ("Nama,rapat_1\nA1,H\nA2,A\n,1\n", (4, "Nama", "", "total_row_list")),
        ("Nama,rapat_1\nA1,H\nZ9,A\n", (3, "Nama", "Z9", "reference")),
        ("Nama,rapat_1\nSiti Aminah,H\nA2,A\n", (2, "Nama", "Siti Aminah", "type_code")),
        ("Nama,Jabatan,rapat_1\nA1,Ketua,H\nA2,Ketua,A\n", (3, "Jabatan", "Ketua", "role_differs")),
        ("Nama,rapat_1\nA1,H\nA1,A\n", (3, "Nama", "A1", "duplicate")),
    ],
)
def test_what_a_matrix_does_not_say_is_asked_in_its_place(
    tmp_path: Path, matrix: str, place: tuple[int, str, str, str]
) -> None:
    folder = kept_site(tmp_path, activities=ACTIVITIES, attendance=matrix)
    errors = [problem for problem in kr.check_site(folder) if problem.severity == "error"]
    assert places(errors) == [("attendance.csv", *place)]


def test_several_meetings_on_one_day_need_the_code(tmp_path: Path) -> None:
    matrix = "Nama,1 Maret 2024\nA1,H\nA2,A\n"
    activities = ACTIVITIES.replace("2024-04-05", "2024-03-01")
    folder = kept_site(tmp_path, activities=activities, attendance=matrix)
    assert codes(folder) == ["meeting_several"]
    put(folder, "attendance.csv", matrix.replace("1 Maret 2024", "rapat_2"))
    assert statuses(folder) == {"rapat_2": [P, A]}


def test_long_lists_and_lists_without_meetings_are_left_alone(tmp_path: Path) -> None:
    rows = "activity,group,person,role,status\nrapat_1,01,A1,pengurus,hadir\n"
    folder = kept_site(tmp_path, activities=ACTIVITIES, attendance=rows)
    assert codes(folder) == ["choice"]
    put(folder, "attendance.csv", "Nama,Alamat\nA1,Desa\n")
    assert "column_missing" in codes(folder)


LISTED = """activity,group,person,role,status
rapat_1,01,A1,pengurus,present
rapat_1,01,A2,anggota,late
"""


def test_people_of_the_roster_without_a_row_are_told(tmp_path: Path) -> None:
    members = (
        "person,group,role,joined,left\nA1,01,pengurus,2024-01-01,\nA2,01,anggota,2024-01-01,\n"
        "A3,01,anggota,2024-01-01,\nA4,01,anggota,2024-03-02,\nA5,01,anggota,2024-01-01,2024-03-01\n"
        "B1,02,anggota,2024-01-01,\nP1,,pendamping,,\n"
    )
    folder = kept_site(
        tmp_path, '"01", "02"', activities=ACTIVITIES, members=members, attendance=LISTED
    )
    told = [p for p in kr.check_site(folder) if p.code == "only_present"]
    assert [(p.row, p.column, p.value, p.severity) for p in told] == [
        (2, "activity", "rapat_1", "warning")
    ]
    assert (
        "1 of 3 people" in told[0].problem
    )  # A4 had not joined, A5 had left, B1 is of another group
    assert told[0].remedy.endswith("did not come: A3")
    rows = read_rows(folder / "attendance.csv")
    write_rows(folder / "attendance.csv", [*rows, ["rapat_1", "01", "A3", "anggota", "absent"]])
    assert codes(folder) == [p.code for p in kr.check_site(folder) if p.code == "few_people"]
