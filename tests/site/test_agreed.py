"""One agreed score a group: n is groups, nobody in them is shown, and a second rater is told."""

from __future__ import annotations

from pathlib import Path

import kube_research as kr

START = (
    'name = "N"\nplace = "P"\nlanguage = "en"\nscale = [1, 4]\nthreshold = 2.5\n'
    'rounding = "half-up"\ngroups = ["01", "02", "03", "04", "05"]\n'
)
GROUPS = ("01", "02", "03", "04", "05")
ONCE = [(number, group, f"G{group}", 1 + number) for number in (1, 2) for group in GROUPS]


def site_of(folder: Path, scored: list[tuple[int, str, str, int]], *, agreed: bool) -> Path:
    """Write a site with one item, and who scored it."""
    folder.mkdir(exist_ok=True)
    (folder / "site.toml").write_text(START + ("agreed_scores = true\n" if agreed else ""))
    (folder / "items.csv").write_text(
        "item,field_no,field_id,field_en,statement_id,statement_en\n1,1,a,b,c,d\n"
    )
    raters = len({rater for _, _, rater, _ in scored})
    rounds = f"1,2024-01-01,{raters},a\n2,2024-06-01,{raters},b\n"
    (folder / "rounds.csv").write_text("round,date,n_raters,label\n" + rounds)
    rows = [f"{number},{group},{rater},1,{score}" for number, group, rater, score in scored]
    (folder / "ratings.csv").write_text("\n".join(["round,group,rater,item,score", *rows, ""]))
    return folder


def test_groups_that_agree_are_counted_once_and_show_nobody(tmp_path: Path) -> None:
    codes = {problem.code for problem in kr.check_site(site_of(tmp_path, ONCE, agreed=False))}
    assert "few_people" in codes
    agreed = site_of(tmp_path, ONCE, agreed=True)
    assert not kr.check_site(agreed)
    assert kr.score_items(kr.load_site(agreed).ratings)["n"].tolist() == [5, 5]


def test_a_second_rater_of_a_group_is_told_and_the_remedy_mends_it(tmp_path: Path) -> None:
    twice = [*ONCE, (1, "02", "R9", 4), (2, "02", "R9", 4)]
    problems = kr.check_site(site_of(tmp_path, twice, agreed=True))
    about = [(p.row, p.column, p.value, p.severity) for p in problems if p.code == "agreed_twice"]
    assert about == [(12, "rater", "R9", "finding"), (13, "rater", "R9", "finding")]
    assert "G02" in problems[0].problem
    codes = {p.code for p in kr.check_site(site_of(tmp_path, twice, agreed=False))}
    assert "agreed_twice" not in codes
