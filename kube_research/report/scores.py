"""Parts of the report on the data and on PEKA: what there is, the profile, weak items."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from kube_research.figures.rounds import span
from kube_research.formats import as_printed, day_of, number, whole
from kube_research.frames import FEW, GRADES, grades_by
from kube_research.peka.fields import score_fields
from kube_research.peka.priorities import classify_items, classify_over, rtl_links
from kube_research.report.document import Draft, ref
from kube_research.site.checksums import inventory
from kube_research.site.schema import tables
from kube_research.texts import text

#: With more rounds than this the tables show the first and the last ones only.
MOST_ROUNDS = 3
#: The threshold as readers write it.
CUT = "0.0#"


def data_summary(draft: Draft) -> None:
    """Say what the site holds, and in which rounds it was assessed."""
    site, lang = draft.site, draft.lang
    held = inventory(site, lang)
    if held.empty:
        draft.say("no_tables")
        return
    rows = whole(int(held["rows"].sum()), lang)
    columns = [
        draft.col("table", held["table"], 1.5, words=True),
        draft.col("about", held["table"], 3.6, words=True, write=_about),
        draft.col("rows", held["rows"], 0.8, write=whole),
        draft.col("grades", [_grades(draft, name) for name in held["table"]], 1.9, words=True),
    ]
    every = {grade for frame in site.tables.values() for grade in frame["evidence"].dropna()}
    told = [grade for grade in GRADES if grade in every]
    draft.table("data", columns, held, "data_intro", held=told, tables=len(held), rows=rows)
    absent = [
        name for name in ("ratings", "attendance", "outcomes", "ledger") if not site.has(name)
    ]
    if absent:
        titles = "; ".join(f"{draft.file(name)} ({_about(name, lang)})" for name in absent)
        draft.say("data_absent", files=titles)
    if site.has("rounds"):
        draft.part(_rounds)
    if site.info.notes:
        draft.say("site_notes", notes=site.info.notes)


def _about(table: str, lang: str) -> str:
    """Return what a table holds, without the numbers that tables have in the study."""
    return re.sub(
        r" \((?:study )?(?:Tables?|Tabel|Figures?|Gambar) [^)]*\)", "", tables()[table].title[lang]
    )


def _grades(draft: Draft, name: str) -> str:
    """Return how many rows of a table carry which grade, in words."""
    counts = draft.site.tables[name]["evidence"].value_counts().items()
    lang = draft.lang
    return ", ".join(f"{text(f'evidence.{grade}', lang)} {whole(n, lang)}" for grade, n in counts)


def _rounds(draft: Draft) -> None:
    rounds = draft.site.table("rounds", draft.lang).sort_values("round")
    labels = rounds["label"]
    if draft.lang == "id" and "label_id" in rounds:
        labels = rounds["label_id"].fillna(labels)
    columns = [
        draft.col("round_no", rounds["round"], 0.7),
        draft.col("label", labels, 3.5, words=True),
        draft.col("date", rounds["date"], 1.6, words=True, write=day_of),
        draft.col("raters", rounds["n_raters"], 1.0),
    ]
    draft.table("rounds", columns, rounds)


def profile_text(draft: Draft) -> None:
    """Say what the scale is and where the means of each round lie."""
    info, lang, form = draft.site.info, draft.lang, draft.mean_form
    low, high = info.scale
    draft.say("scale", low=low, high=high)
    if info.scale_reason:
        draft.say("reason", reason=info.scale_reason)
    for round_no, part in draft.scores.groupby("round", sort=True):
        draft.say(
            "profile_round",
            round=round_no,
            items=len(part),
            n=span(part["n"]),
            low=number(part["mean"].min(), lang, form),
            high=number(part["mean"].max(), lang, form),
        )
        if part["n"].min() < FEW:
            draft.say("few_raters", few=FEW, round=round_no)


def field_scores(draft: Draft) -> None:
    """Show the mean of each field, with its interval."""
    site, lang = draft.site, draft.lang
    if not site.has("ratings"):
        draft.say("no_fields_from_means")
        return
    scores = score_fields(site.table("ratings"), site.table("items", lang), lang=lang)
    names = site.fields_table.set_index("field_no")[f"field_{lang}"]
    fields = scores.drop_duplicates("field_no").sort_values("field_no")
    labels = [f"{no}. {names.get(no, '')}" for no in fields["field_no"]]
    columns = [
        draft.col("field", labels, 3.0, words=True),
        draft.col("items", fields["items"], 0.7),
    ]
    for head, part in _by_round(draft, scores, fields["field_no"]):
        ends = draft.interval(part["ci_low"], part["ci_high"])
        cells = [
            f"{number(mean, lang)}\n{end}".rstrip("\n")
            for mean, end in zip(part["mean"], ends, strict=True)
        ]
        columns.append(draft.col("", cells, 1.5, head=head))
    odd = scores[scores["reason"] != ""].sort_values("field_no").groupby("reason", sort=False)
    left_out = [
        draft.words("note_fields_odd", fields=", ".join(map(str, numbers.unique())), reason=reason)
        for reason, numbers in odd["field_no"]
    ]
    weights = site.table("items").get("weight", pd.Series(dtype="Float64")).notna().any()
    weighed = draft.words("note_weights") if weights else ""
    graded, notes = _weakest(scores, "field_no"), [draft.words("note_fields"), weighed, *left_out]
    draft.table("fields", columns, graded, "fields_intro", notes=notes)


def _by_round(
    draft: Draft, scores: pd.DataFrame, levels: pd.Series
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the heading of every round and its scores of the levels; of many rounds not the middle."""
    numbers = sorted(map(int, set(scores["round"])))
    if len(numbers) > MOST_ROUNDS:
        numbers = [numbers[0], *numbers[-(MOST_ROUNDS - 1) :]]
    for round_no in numbers:
        part = scores[scores["round"] == round_no].set_index(levels.name)
        yield draft.words("col_round", round=round_no), part.reindex(levels)


def _weakest(scores: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the weakest grade per level, for tables that show rounds side by side."""
    return grades_by(scores, [by]).rename("evidence").reset_index()


def items(draft: Draft) -> None:
    """Show the mean of each item: from ratings round by round, or as it is printed."""
    site, scores = draft.site, draft.scores
    printed = "printed" in scores
    rows = scores.sort_values(["item", "round"])
    rows = rows if printed else rows.drop_duplicates("item")
    columns = [draft.item_col(rows["item"], 0.6)]
    if site.has("items"):
        columns.append(draft.statement_col(rows["item"], 4.4))
    if printed:
        if rows["round"].min() < rows["round"].max():
            columns.append(draft.col("round_no", rows["round"], 0.8))
        exact = rows["mean"].where(rows["total"].notna())
        columns += [
            draft.col("printed", rows["printed"], 0.9, write=as_printed),
            draft.col("n", rows["n"], 0.6),
            draft.col("total", rows["total"], 0.7),
            draft.col("exact", exact, 1.0, write="0.0000"),
        ]
        notes = [draft.words("note_means"), draft.recoded_note(rows["item"])]
        draft.table("items", columns, rows, notes=notes)
        return
    for head, part in _by_round(draft, scores, rows["item"]):
        columns.append(draft.col("", part["mean"], 0.9, write=number, head=head))
        columns.append(draft.col("n", part["n"], 0.5, write=_starred))
    notes = [draft.words("note_items"), draft.recoded_note(rows["item"])]
    if scores["n"].min() < FEW:
        notes.append(draft.words("note_few", few=FEW))
    if blank := int(scores["missing"].sum()):
        notes.append(draft.words("note_blank", count=whole(blank, draft.lang)))
    draft.table("items", columns, _weakest(scores, "item"), notes=notes)


def _starred(people: float, lang: str) -> str:
    """Return a number of people, a star behind one that is small."""
    return f"{int(people)}*" if people < FEW else f"{int(people)}"


def weak_items(draft: Draft) -> None:
    """List the weak items of the last round in the order suggested."""
    site, info, lang = draft.site, draft.site.info, draft.lang
    classified = classify_items(_last_round(draft), threshold=info.threshold)
    cut = number(info.threshold, lang, CUT)
    draft.say("threshold", cut=cut, round=int(classified["round"].iloc[0]))
    if info.threshold_reason:
        draft.say("reason", reason=info.threshold_reason)
    weak = classified[classified["strength"] == "weak"]
    if weak.empty:
        draft.say("none_weak", cut=cut, items=len(classified))
        return
    fill: dict[str, Any] = {"weak": len(weak), "items": len(classified), "cut": cut}
    draft.say("weak_count", **fill, table=ref("table", "weak"))
    unsure = int((weak["ci_low"].lt(info.threshold) & weak["ci_high"].gt(info.threshold)).sum())
    if unsure:
        draft.say("weak_unsure", unsure=unsure, weak=len(weak), cut=cut)
    columns = [draft.col("priority", weak["priority"], 0.9), draft.item_col(weak["item"], 0.7)]
    if site.has("items"):
        known = site.table("items").set_index("item")
        fields = weak["item"].map(known[f"field_{lang}"])
        columns.append(draft.col("field", fields, 1.7, words=True))
        columns.append(draft.statement_col(weak["item"], 3.6))
    columns += [
        draft.col("mean", weak["mean"], 0.9, write=draft.mean_form),
        draft.col("interval", draft.interval(weak["ci_low"], weak["ci_high"]), 1.5),
    ]
    note = draft.words("note_widest") if "printed" in weak else ""
    few = draft.words("note_few_raters", few=FEW) if weak["n"].min() < FEW else ""
    turned = draft.recoded_note(weak["item"])
    draft.table("weak", columns, weak, notes=[draft.words("note_weak"), note, few, turned])


def _last_round(draft: Draft) -> pd.DataFrame:
    last: pd.DataFrame = draft.scores.query("round == round.max()")
    return last


def over_thresholds(draft: Draft) -> None:
    """Show how the list of weak items depends on the threshold."""
    info, last = draft.site.info, _last_round(draft)
    over = classify_over(last, tuple(sorted({info.threshold, *info.thresholds})))
    lists = []
    for cut in over["threshold"]:
        classified = classify_items(last, threshold=float(cut))
        weak = classified.loc[classified["strength"] == "weak", "item"]
        lists.append(", ".join(map(str, weak)) or draft.words("none"))
    draft.say("over_intro", table=ref("table", "over"))
    same = over["weak"].min() == over["weak"].max()
    draft.say("over_same" if same else "over_differs")
    columns = [
        draft.col("threshold", over["threshold"], 0.8, write=CUT),
        draft.col("weak", over["weak"], 0.7),
        draft.col("strong", over["strong"], 0.7),
        draft.col("weak_list", lists, 4.5, words=True),
    ]
    draft.table("over", columns, over)


def answers(draft: Draft) -> None:
    """Show which intervention answers which weak item, where the site says so."""
    site, lang = draft.site, draft.lang
    if not site.has("rtl") or not site.has("activities"):
        return
    links = rtl_links(site)
    titles = site.table("activities").set_index("activity")[f"title_{lang}"]
    columns = [
        draft.col("activity", links["activity"].map(titles), 2.4, words=True),
        draft.item_col(links["item"], 0.6),
        draft.col("mean", links["mean"], 0.9, write=draft.mean_form),
        draft.col("priority", links["priority"], 0.8),
        draft.col("reason", links[f"reason_{lang}"], 4.0, words=True),
    ]
    note = draft.words("note_answers", round=int(draft.scores["round"].min()))
    draft.table("answers", columns, links, "answers_intro", notes=[note])
