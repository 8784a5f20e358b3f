"""The part of the report on before and after: the primary comparison, then what is secondary."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kube_research.compare.choices import (
    compare_designs,
    groups_lead,
    leading_unit,
    primary_comparison,
    which_comparison,
)
from kube_research.compare.permutation import adjust
from kube_research.compare.rounds import compare_all_rounds, two_rounds
from kube_research.figures.rounds import compared
from kube_research.formats import number, probability
from kube_research.frames import FEW
from kube_research.outputs import find_output
from kube_research.report.document import Draft, drawn, ref
from kube_research.shown import Column

#: Changes with their sign; p up to which a change stands out.
SIGNED, ALPHA = "+0.00;-0.00", 0.05


def change(draft: Draft) -> None:
    """Compare the first round with the last, and every round with the next."""
    if draft.site.table("ratings").dropna(subset=["score"])["round"].nunique() < 2:
        draft.say("one_round")
        return
    for work in (
        _primary,
        _designs,
        _which,
        _steps,
        _by_field,
        _forest,
        _by_item,
        drawn("estimation_plot", "see_estimation"),
        drawn("before_after"),
    ):
        draft.part(work)


def _primary(draft: Draft) -> None:
    """Tell the one comparison that was declared, by the unit that leads."""
    site, lang, declared = draft.site, draft.lang, draft.site.info.primary
    row = primary_comparison(site, lang=lang).to_dict("records")[0]
    first, last = two_rounds(site.table("ratings").dropna(subset=["score"]), None, None)
    kind, level = ("overall", None) if declared is None else (declared.by, declared.level)
    outcome, unit = draft.words(f"outcome_{kind}", level=level), draft.words(f"unit_{row['unit']}")
    effect = number(row["smallest_effect"], lang)
    if declared:
        draft.say("primary_declared", outcome=outcome, unit=unit, effect=effect)
    fill = {name: number(row[name], lang) for name in ("mean_before", "mean_after")}
    fill |= {name: row[name] for name in ("n_before", "n_after", "raters_in_both")}
    fill["change"] = number(row["change"], lang, SIGNED)
    draft.say("change_overall", outcome=outcome, first=first, last=last, **fill)
    if pd.notna(row["change_low"]):
        above, below = row["change_low"] > 0, row["change_high"] < 0
        place = "above" if above else "below" if below else "across"
        draft.say(f"change_{place}", unit=unit, **_ends(draft, row, "change"))
    if pd.notna(row["p"]):
        draft.say("change_p", p=_equal(row["p"], lang), test=draft.words(_test(row["method"])))
    if declared:
        draft.say(f"primary_{row['verdict'].replace(' ', '_')}", effect=effect)
    if row["unit"] == "group" and pd.notna(row["raters_low"]):
        draft.say("change_raters", **_ends(draft, row, "raters"))
    if pd.notna(row["pairs_change"]):
        came_twice = number(row["pairs_change"], lang, SIGNED)
        p = _equal(row["pairs_p"], lang) if pd.notna(row["pairs_p"]) else "–"
        draft.say("change_pairs", both=row["raters_in_both"], change=came_twice, p=p)
    if row["reason"]:
        draft.say("change_reason", why=row["reason"])
    draft.say("no_cause")


def _ends(draft: Draft, row: dict[Any, Any], name: str) -> dict[str, str]:
    return {end: number(row[f"{name}_{end}"], draft.lang, SIGNED) for end in ("low", "high")}


def _equal(p: float, lang: str) -> str:
    written = probability(p, lang)
    return f"p {written}" if written.startswith("<") else f"p = {written}"


def _test(method: str) -> str:
    """Return the key of the words for the test."""
    groups = method.startswith("t of groups")
    drawn = "test_monte_carlo" if method.startswith("Monte Carlo") else "test_exact"
    return "test_groups" if groups else drawn


def _designs(draft: Draft) -> None:
    """Show how far the primary comparison leans on the design."""
    designs = compare_designs(draft.site, lang=draft.lang)
    names = [draft.words(f"design_{name.replace(' ', '_')}") for name in designs["comparison"]]
    columns = [
        draft.col("design", names, 2.0, words=True),
        *_effect_columns(draft, designs)[:-2],
        draft.col("p", designs["p"], 0.9, write=probability),
    ]
    draft.table("designs", columns, designs, "designs_intro", notes=[draft.words("note_designs")])
    draft.say("secondary")


def _which(draft: Draft) -> None:
    designs = which_comparison(draft.site.table("ratings"), lang=draft.lang)
    draft.say("which_intro")
    for design in designs[designs["applies"]].to_dict("records"):
        name = draft.words(f"design_{design['comparison'].replace(' ', '_')}")
        tellable = design["smallest_p"] >= 0.0001
        p = number(design["smallest_p"] if tellable else 0.0001, draft.lang, "0.0000")
        p = p if tellable else f"< {p}"
        draft.say("which_fits", "bullet", design=name, why=design["why"], p=p)


def _effect_columns(draft: Draft, changes: pd.DataFrame) -> list[Column]:
    pairs = zip(changes["n_before"], changes["n_after"], strict=True)
    sizes = [f"{a}; {b}{'*' if min(a, b) < FEW else ''}" for a, b in pairs]
    ends = draft.interval(changes["change_low"], changes["change_high"], SIGNED)
    return [
        draft.col("sizes", sizes, 0.9),
        draft.col("mean_before", changes["mean_before"], 0.9, write=number),
        draft.col("mean_after", changes["mean_after"], 0.9, write=number),
        draft.col("change", changes["change"], 1.0, write=SIGNED),
        draft.col("interval", ends, 1.7),
        draft.col("g", changes["hedges_g"], 0.9, write=SIGNED),
        draft.col("p_adjusted", changes["p_adjusted"], 0.9, write=probability),
    ]


def _steps(draft: Draft) -> None:
    """Compare each round with the next, and the first with the last, where there are three or more."""
    scored = draft.site.table("ratings").dropna(subset=["score"])
    if scored["round"].nunique() < 3:
        return
    unit = leading_unit(scored, *two_rounds(scored, None, None))
    options = {"cluster": "group"} if unit == "group" else {}
    changes = compare_all_rounds(scored, by="overall", lang=draft.lang, **options)
    changes = changes[~changes.duplicated(["round_before", "round_after"])]  # pairs come second
    changes = changes.assign(p_adjusted=adjust(changes["p"].to_numpy(dtype=float), "holm"))
    pairs = zip(changes["round_before"], changes["round_after"], strict=True)
    steps = [draft.words("step", first=a, last=b) for a, b in pairs]
    columns = [draft.col("rounds", steps, 1.2, words=True), *_effect_columns(draft, changes)]
    draft.table("steps", columns, changes, "steps_intro", notes=_reasons(draft, changes))


def _by_field(draft: Draft) -> None:
    draft.site.table("items", draft.lang)
    changes = find_output("forest_plot").frame(draft.site, lang=draft.lang)
    numbers = ["" if pd.isna(no) else f"{no:.0f}. " for no in changes["field_no"]]
    fields = changes[f"field_{draft.lang}"]
    names = [f"{no}{name}" for no, name in zip(numbers, fields, strict=True)]
    columns = [draft.col("field", names, 2.4, words=True), *_effect_columns(draft, changes)]
    _count(draft, changes[changes["field_no"].notna()], "fields")
    notes = [*_reasons(draft, changes), draft.words("note_whole")]
    draft.table("change_fields", columns, changes, notes=notes)


def _by_item(draft: Draft) -> None:
    changes = compared(draft.site, "item", draft.lang)
    columns = [draft.item_col(changes["item"], 0.6), *_effect_columns(draft, changes)]
    _count(draft, changes, "items")
    notes = [*_reasons(draft, changes), draft.recoded_note(changes["item"])]
    draft.table("change_items", columns, changes, notes=notes)


def _count(draft: Draft, changes: pd.DataFrame, key: str) -> None:
    """Say how many changes stand out after adjusting p, and how many point up or down."""
    up, down = int(changes["change"].gt(0).sum()), int(changes["change"].lt(0).sum())
    draft.say(
        f"change_{key}",
        all=len(changes),
        up=up,
        down=down,
        same=len(changes) - up - down,
        sure=int(changes["p_adjusted"].le(ALPHA).sum()),
        alpha=number(ALPHA, draft.lang),
        table=ref("table", f"change_{key}"),
    )


def _reasons(draft: Draft, changes: pd.DataFrame) -> list[str]:
    """Say under a table what its columns are, and every reason why something is missing."""
    reasons = [str(reason) for reason in changes["reason"].unique() if reason]
    few = changes[["n_before", "n_after"]].min().min() < FEW
    unit = "group" if groups_lead(changes) else "rater"
    return [
        draft.words(f"note_change_{unit}"),
        draft.words("note_few", few=FEW) if few else "",
        *reasons,
    ]


def _forest(draft: Draft) -> None:
    draft.figure("forest_plot", "see_change", other=ref("figure", "before_after"))
