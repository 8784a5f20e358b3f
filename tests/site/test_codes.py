"""Codes of people that nearly agree, are counted, or are numbers of cards: warned; the remedies hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from site_files import rated_site

import kube_research as kr
from kube_research.site.codes import folded


def site_of(folder: Path, early: list[str], late: list[str]) -> Path:
    """Write a site whose two rounds were scored under these codes."""
    people = [(number, code) for number, codes in ((1, early), (2, late)) for code in codes]
    scored = [(number, "01", code, place % 4 + 1) for place, (number, code) in enumerate(people)]
    return rated_site(folder, scored)


def warned(folder: Path, lang: str = "en") -> dict[str, kr.errors.Problem]:
    about = ("codes_near", "codes_numbered", "card_number")
    return {p.code: p for p in kr.check_site(folder, lang=lang) if p.code in about}


def test_codes_spelt_in_two_ways_are_told_with_what_pairing_becomes(tmp_path: Path) -> None:
    early = ["R01", "R02", "R-03", "K07-1", "Siti5", "A6"]
    late = ["r1", "R2", "R03", "К07-1", "siti_5", "A6"]  # the fourth starts with a Cyrillic letter
    near = warned(site_of(tmp_path, early, late))["codes_near"]
    assert (near.file, near.row, near.column) == ("ratings.csv", 8, "rater")
    assert "1 raters are the same person, and 6 would be" in near.problem
    assert "r1 (row 8) is R01 (row 2)" in near.problem
    mended = site_of(tmp_path, early, early)  # the remedy: each code in one way
    assert not warned(mended)
    pairs = kr.compare_rounds(kr.load_site(mended).ratings, by="overall")
    assert pairs["design"].str.contains("paired").any()


@pytest.mark.parametrize(
    ("code", "other"), [("R3", "R30"), ("07-1", "071"), ("A1", "B1"), ("1-12", "11-2")]
)
def test_codes_of_two_people_do_not_fold_into_one(code: str, other: str) -> None:
    assert folded(code) != folded(other)


def test_row_numbers_pair_only_where_somebody_says_so(tmp_path: Path) -> None:
    numbers = [str(number) for number in range(1, 7)]
    assert (
        "holds only if 1 is the same person"
        in warned(site_of(tmp_path, numbers, numbers))["codes_numbered"].problem
    )
    apart = site_of(tmp_path, [f"A{n}" for n in numbers], [f"B{n}" for n in numbers])
    assert not warned(apart)
    listed = site_of(tmp_path, numbers, numbers)
    rows = "".join(f"{number},01,anggota,,\n" for number in numbers)
    (listed / "members.csv").write_text("person,group,role,joined,left\n" + rows)
    assert not warned(listed)


# What a power of ten has left of a number is refused and shown as it stands (test_turned).
@pytest.mark.parametrize("code", ["3204110101850001", "081234567890", "+6281234567890"])
def test_numbers_of_cards_and_telephones_are_warned_and_not_printed(
    tmp_path: Path, code: str
) -> None:
    people = [code, "A2", "A3", "A4", "A5"]
    problems = kr.check_site(site_of(tmp_path, people, ["B1", "B2", "B3", "B4", "B5"]), lang="id")
    about = [problem for problem in problems if problem.column == "rater"]
    assert about[0].row == 2
    assert all(code not in str(problem) for problem in problems)


@pytest.mark.parametrize("name", kr.bundled_sites())
def test_bundled_codes_are_left_alone(name: str) -> None:
    from kube_research.files import home

    assert not warned(home() / "data" / name)
