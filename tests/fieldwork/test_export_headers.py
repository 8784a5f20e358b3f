"""Headers as programs and people write them."""

from __future__ import annotations

import pytest
from export_shapes import ITEMS

from kube_research.fieldwork.headers import HeaderReader

READER = HeaderReader({number: one[1:] for number, one in ITEMS.items()} | {6: ["Buku 3 rapi"]})


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("item_3", "item_3"),
        ("field_1/item_3", "item_3"),
        ("peka-field_1-item_3", "item_3"),
        ("data:field_1:item_3", "item_3"),
        ("peka.field_1.item_3", "item_3"),
        ("Butir 3", "item_3"),
        ("BUTIR_3", "item_3"),
        ("Pernyataan ke-3:", "item_3"),
        ("Q3.", "item_3"),
        ("Kas dicatat pada hari yang sama", "item_3"),
        ("  KAS dicatat, pada hari yang sama.  ", "item_3"),
        ("3. Kas dicatat pada hari yang sama *", "item_3"),
        ("No. 3 - Kas dicatat pada hari yang sama", "item_3"),
        ("1) Kas dicatat pada hari yang sama", "item_3"),  # numbers may start anew in each field
        ("**Kas dicatat pada hari yang sama**", "item_3"),
        ('<span style="color:red">Kas dicatat</span> pada hari yang sama', "item_3"),
        ("Keuangan/Kas dicatat pada hari yang sama", "item_3"),
        ("PEKA/Keuangan/**3. Kas dicatat pada hari yang sama**", "item_3"),
        ("Keuangan [Kas dicatat pada hari yang sama]", "item_3"),
        ("Keuangan [3. Kas dicatat pada hari yang sama]", "item_3"),
        ("Kas dicatat pada hari yang sama (1-5)", "item_3"),
        ("Kas dicatat pada hari yang sama / Cash is written down on the same day", "item_3"),
        ("Cash is written down on the same day", "item_3"),
        ("_3_Kas_dicatat_pada_hari_yang_sama", "item_3"),
        ("Kas_dicatat_pada_hari_yang", "item_3"),
        ("group_ab1cd23/_3_Kas_dicatat_pada_hari_yang_s", "item_3"),
        ("Buku 3 rapi", "item_6"),
        ("Kelompok", "group"),
        ("Nama KUBE", "group"),
        ("identitas/group", "group"),
        ("Nama Penilai", "name"),
        ("Nama lengkap *", "name"),
        ("Kode penilai (lihat daftar)", "rater"),
        ("Putaran ke-", "round"),
        ("Cap waktu", "time"),
        ("Stempel waktu", "time"),
        ("Timestamp", "time"),
        ("SubmissionDate", "time"),
        ("_submission_time", "time"),
        ("_uuid", "uuid"),
        ("KEY", "uuid"),
        ("meta/instanceID", "uuid"),
        ("meta-instanceID", "uuid"),
        ("meta/rootUuid", "root"),
        ("_id", "number"),
        ("Alamat email", "private"),
        ("Email Address", "private"),
        ("Apakah Anda bersedia ikut serta?", "consent"),
        ("formhub/uuid", "meta"),
        ("_index", "meta"),
        ("__version__", "meta"),
        ("_validation_status", "review"),
        ("_notes", "meta"),
        ("meta/instanceName", "meta"),
        ("PARENT_KEY", "meta"),
        ("start", "meta"),
        ("ID", ""),
        ("Saran untuk kami", ""),
        ("", ""),
    ],
)
def test_what_a_header_means(header: str, meaning: str) -> None:
    assert READER.meaning(header) == meaning


def test_scores_under_bare_numbers_are_not_headers() -> None:
    found = READER.read([["rater", "1", "2."], ["A1", "3", "4"], ["A2", "5", "1"]])
    assert found.columns == {"rater": [0], "item_1": [1], "item_2": [2]}
    assert (found.row, found.first) == (1, 2)


def test_two_rows_of_headers_below_a_title() -> None:
    rows = [
        ["Rekap"],
        ["Penilai", "Kelompok", "Rapat"],
        ["rater", "group", "item_1"],
        ["A1", "01", "3"],
    ]
    found = READER.read(rows)
    assert (found.row, found.first) == (2, 4)
    assert found.columns["item_1"] == [2]


def test_one_wording_of_two_statements_needs_its_number() -> None:
    reader = HeaderReader({4: ["Rapi"], 7: ["Rapi"]})
    assert [reader.meaning(one) for one in ("4. Rapi", "7 Rapi", "Rapi")] == [
        "item_4",
        "item_7",
        "",
    ]


def test_near_misses_are_named_and_not_used() -> None:
    found = READER.read(
        [["Penilai", "Kelompok", "Kas dicatat di hari yang sama", "Sarana"], ["A1", "01", "3", ""]]
    )
    assert "item_3" not in found.columns
    assert [(found.names[spot], meant) for spot, meant in READER.near_misses(found)] == [
        ("Kas dicatat di hari yang sama", "item_3")
    ]


def test_what_the_user_says_comes_first() -> None:
    reader = HeaderReader({3: ["Kas"]}, {"ketua adil": "item_3", "kelompok": "meta"})
    assert [reader.meaning(one) for one in ("Ketua adil?", "KELOMPOK")] == ["item_3", "meta"]
