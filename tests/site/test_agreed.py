"""One agreed score a group: n is groups, nobody in them is shown, and a second rater is told."""

from __future__ import annotations

from pathlib import Path

from site_files import rated_site

import kube_research as kr

GROUPS = ("01", "02", "03", "04", "05")
ONCE = [(number, group, f"G{group}", 1 + number) for number in (1, 2) for group in GROUPS]
AGREED = "agreed_scores = true\n"


def test_groups_that_agree_are_counted_once_and_show_nobody(tmp_path: Path) -> None:
    codes = {problem.code for problem in kr.check_site(rated_site(tmp_path, ONCE))}
    assert "few_people" in codes
    agreed = rated_site(tmp_path, ONCE, entries=AGREED)
    assert not kr.check_site(agreed)
    assert kr.score_items(kr.load_site(agreed).ratings)["n"].tolist() == [5, 5]


def test_a_second_rater_of_a_group_is_told_and_the_remedy_mends_it(tmp_path: Path) -> None:
    twice = [*ONCE, (1, "02", "R9", 4), (2, "02", "R9", 4)]
    problems = kr.check_site(rated_site(tmp_path, twice, entries=AGREED))
    about = [(p.row, p.column, p.value, p.severity) for p in problems if p.code == "agreed_twice"]
    assert about == [(12, "rater", "R9", "finding"), (13, "rater", "R9", "finding")]
    assert "G02" in problems[0].problem
    codes = {p.code for p in kr.check_site(rated_site(tmp_path, twice))}
    assert "agreed_twice" not in codes
