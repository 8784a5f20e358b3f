"""Section of the report on change: before and after, and every step where there are more rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.formats import number
from kube_research.frames import FEW
from kube_research.outputs import find_output
from kube_research.report.document import Column, Draft, ref
from kube_research.report.scores import cells, interval

if TYPE_CHECKING:
    from collections.abc import Iterable

ALPHA, SIGNED = 0.05, "+0.00;-0.00"


def change(draft: Draft) -> None:
    """Compare the first round with the last, and every round with the next."""
    draft.heading("change")
    site = draft.site
    if not site.has("ratings"):
        draft.missing("ratings")
        return
    rounds = site.table("ratings").dropna(subset=["score"])["round"].nunique()
    if rounds < 2:
        draft.say("one_round")
        return
    for work in (
        _which,
        _overall,
        _steps,
        _by_field,
        _forest,
        _by_item,
        _estimation,
        _before_after,
    ):
        draft.part(work)


def probability(value: float, lang: str) -> str:
    """Return a p value with three decimals; a very small one as below 0.001, never as 0."""
    if pd.isna(value):
        return ""
    if value < 0.001:
        return f"< {number(0.001, lang, '0.000')}"
    return number(value, lang, "0.000")


def equals(value: float, lang: str) -> str:
    """Return ``p = 0.041`` or ``p < 0.001``."""
    written = probability(value, lang)
    return f"p {written}" if written.startswith("<") else f"p = {written}"


def _which(draft: Draft) -> None:
    from kube_research.compare.rounds import which_comparison

    done = which_comparison(draft.site.table("ratings"), lang=draft.lang)
    fits = done[done["applies"]]
    draft.say("which_intro")
    for line in fits.to_dict("records"):
        name = draft.words(f"design_{line['comparison'].replace(' ', '_')}")
        fill = {"design": name, "why": line["why"], "p": _least(line["smallest_p"], draft.lang)}
        draft.say("which_fits", "bullet", **fill)


def _least(value: float, lang: str) -> str:
    return (
        number(value, lang, "0.0000") if value >= 0.0001 else f"< {number(0.0001, lang, '0.0000')}"
    )


def _facts(draft: Draft, line: dict[str, Any]) -> dict[str, Any]:
    lang = draft.lang
    facts = {name: number(line[name], lang) for name in ("mean_before", "mean_after")}
    facts |= {name: line[name] for name in ("n_before", "n_after", "raters_in_both")}
    return facts | {"change": number(line["change"], lang, SIGNED)}


def _overall(draft: Draft) -> None:
    from kube_research.compare.rounds import compare_rounds, two_rounds

    ratings, lang = draft.site.table("ratings"), draft.lang
    first, last = two_rounds(ratings.dropna(subset=["score"]), None, None)
    done = compare_rounds(ratings, by="overall", before=first, after=last, lang=lang)
    line = {str(name): value for name, value in done.iloc[0].to_dict().items()}
    draft.say("change_overall", first=first, last=last, **_facts(draft, line))
    if pd.notna(line["change_low"]):
        low, high = (number(line[f"change_{end}"], lang, SIGNED) for end in ("low", "high"))
        place = (
            "above" if line["change_low"] > 0 else "below" if line["change_high"] < 0 else "across"
        )
        draft.say(f"change_{place}", low=low, high=high)
    if line["reason"]:
        draft.say("change_reason", why=line["reason"])
    if pd.notna(line["p"]):
        fill = {"p": equals(line["p"], lang), "test": _test(draft, line["method"])}
        draft.say("change_p", **fill)
    draft.say("no_cause")


def _test(draft: Draft, method: str) -> str:
    kind = "monte_carlo" if method.startswith("Monte Carlo") else "exact"
    return draft.words(f"test_{kind}")


def _effect_columns(draft: Draft, done: pd.DataFrame, *, sizes: bool = True) -> list[Column]:
    lang = draft.lang
    ends = interval(draft, done["change_low"], done["change_high"], SIGNED)
    columns = []
    if sizes:
        pairs = zip(done["n_before"], done["n_after"], strict=True)
        shown = [f"{a}; {b}{'*' if min(a, b) < FEW else ''}" for a, b in pairs]
        columns.append(draft.col("sizes", shown, 0.9))
    for name in ("mean_before", "mean_after"):
        means = cells(done[name], lambda v: number(v, lang))
        columns.append(Column(draft.words(f"col_{name}"), means, True, 0.9))
    changes = cells(done["change"], lambda v: number(v, lang, SIGNED))
    adjusted = [probability(value, lang) for value in done["p_adjusted"]]
    return [
        *columns,
        draft.col("change", changes, 1.0),
        draft.col("interval", ends, 1.7),
        draft.col("g", cells(done["hedges_g"], lambda v: number(v, lang, SIGNED)), 0.9),
        draft.col("p_adjusted", adjusted, 0.9),
    ]


def _steps(draft: Draft) -> None:
    """Compare each round with the next, and the first with the last, where there are three or more."""
    from kube_research.compare.rounds import compare_all_rounds

    scored = draft.site.table("ratings").dropna(subset=["score"])
    if scored["round"].nunique() < 3:
        return
    done = compare_all_rounds(scored, by="overall", lang=draft.lang)
    pairs = zip(done["round_before"], done["round_after"], strict=True)
    steps = [draft.words("step", first=a, last=b) for a, b in pairs]
    columns = [draft.col("rounds", steps, 1.2, words=True), *_effect_columns(draft, done)]
    draft.say("steps_intro", table=ref("table", "steps"))
    draft.table("steps", columns, done, notes=_reasons(draft, done))


def _estimation(draft: Draft) -> None:
    frame = draft.site.table("ratings")
    draft.say("see_estimation", figure=ref("figure", "estimation_plot"))
    draft.figure("estimation_plot", frame)


def _by_field(draft: Draft) -> None:
    draft.site.table("items", draft.lang)
    done = find_output("forest_plot").frame(draft.site, lang=draft.lang)
    numbers = ["" if pd.isna(no) else f"{no:.0f}. " for no in done["field_no"]]
    names = [f"{no}{name}" for no, name in zip(numbers, done[f"field_{draft.lang}"], strict=True)]
    columns = [draft.col("field", names, 2.4, words=True), *_effect_columns(draft, done)]
    _count(draft, done[done["field_no"].notna()], "fields")
    notes = [*_reasons(draft, done), draft.words("note_whole")]
    draft.table("change_fields", columns, done, notes=notes)


def _forest(draft: Draft) -> None:
    draft.site.table("items", draft.lang)
    draft.say(
        "see_change", figure=ref("figure", "forest_plot"), other=ref("figure", "before_after")
    )
    draft.figure("forest_plot", draft.site.table("ratings"))


def _count(draft: Draft, done: pd.DataFrame, key: str) -> None:
    """Say how many changes stand out after adjusting p, and how many point up or down."""
    up, down = int(done["change"].gt(0).sum()), int(done["change"].lt(0).sum())
    fill: dict[str, Any] = {"all": len(done), "up": up, "down": down, "same": len(done) - up - down}
    sure = int(done["p_adjusted"].lt(ALPHA).sum())
    fill |= {"sure": sure, "alpha": number(ALPHA, draft.lang)}
    draft.say(f"change_{key}", **fill, table=ref("table", f"change_{key}"))


def _by_item(draft: Draft) -> None:
    from kube_research.compare.rounds import compare_rounds

    done = compare_rounds(draft.site.table("ratings"), by="item", lang=draft.lang)
    columns = [draft.col("item", done["item"], 0.6)]
    _count(draft, done, "items")
    columns += _effect_columns(draft, done)
    draft.table("change_items", columns, done, notes=_reasons(draft, done))


def _before_after(draft: Draft) -> None:
    draft.site.table("items", draft.lang)
    draft.figure("before_after", draft.site.table("ratings"))


def _reasons(draft: Draft, done: pd.DataFrame) -> Iterable[str]:
    """Say under a table what its columns are, and every reason why something is missing."""
    reasons = [str(reason) for reason in done["reason"].unique() if reason]
    few = done[["n_before", "n_after"]].min().min() < FEW
    return [draft.words("note_change"), draft.words("note_few", few=FEW) if few else "", *reasons]
