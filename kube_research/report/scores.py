"""Sections of the report on the data and on PEKA: what there is, the profile, the weak items."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.formats import day_of, number, whole
from kube_research.frames import FEW, GRADES
from kube_research.report.document import Column, Draft, ref
from kube_research.site.folder import inventory
from kube_research.site.schema import tables
from kube_research.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable

#: With more rounds than this the tables show the first and the last ones only.
MOST_ROUNDS = 3


def cells(values: Iterable[Any], form: Any) -> list[str]:
    """Return every value written by ``form``; blank for a missing one."""
    return ["" if pd.isna(value) else str(form(value)) for value in values]


def interval(draft: Draft, low: Any, high: Any, form: str = "0.00") -> list[str]:
    """Return intervals in words, one a row; blank where an end is missing."""
    ends = [[number(value, draft.lang, form) for value in side] for side in (low, high)]
    return [
        draft.words("interval", low=a, high=b) if a and b else ""
        for a, b in zip(*ends, strict=True)
    ]


def starred(counts: Iterable[Any]) -> list[str]:
    """Return numbers of people, a star behind those that are few."""
    return cells(counts, lambda n: f"{int(n)}*" if n < FEW else f"{int(n)}")


def named_rounds(draft: Draft, numbers: Iterable[int]) -> list[tuple[int, str]]:
    """Return rounds with their short heading; the middle ones are left out when there are many."""
    found = sorted(int(one) for one in set(numbers))
    if len(found) > MOST_ROUNDS:
        found = [found[0], *found[-(MOST_ROUNDS - 1) :]]
    return [(one, draft.words("col_round", round=one)) for one in found]


def data_summary(draft: Draft) -> None:
    """Say what the site holds, and in which rounds it was assessed."""
    site, lang = draft.site, draft.lang
    draft.heading("data")
    held = inventory(site, lang)
    if held.empty:
        draft.say("no_tables")
        return
    rows = int(held["rows"].sum())
    draft.say("data_intro", tables=len(held), rows=whole(rows, lang), table=ref("table", "data"))
    columns = [
        draft.col("table", held["table"], 1.5, words=True),
        draft.col("about", [about(name, lang) for name in held["table"]], 3.6, words=True),
        draft.col("rows", cells(held["rows"], lambda n: whole(n, lang)), 0.8),
        draft.col("grades", [_grades(draft, name) for name in held["table"]], 1.9, words=True),
    ]
    found = {str(grade) for frame in site.tables.values() for grade in frame["evidence"].dropna()}
    draft.table("data", columns, held, held=[grade for grade in GRADES if grade in found])
    absent = [
        name for name in ("ratings", "attendance", "outcomes", "ledger") if not site.has(name)
    ]
    if absent:
        titles = "; ".join(f"{draft.file(name)} ({about(name, lang)})" for name in absent)
        draft.say("data_absent", files=titles)
    if site.has("rounds"):
        draft.part(_rounds)
    if site.info.notes:
        draft.say("site_notes", notes=site.info.notes)


def _grades(draft: Draft, name: str) -> str:
    """Return how many rows of a table carry which grade, in words."""
    counts = draft.site.tables[name]["evidence"].value_counts().items()
    lang = draft.lang
    return ", ".join(f"{text(f'evidence.{grade}', lang)} {whole(n, lang)}" for grade, n in counts)


def about(table: str, lang: str) -> str:
    """Return what a table holds, without the numbers that tables have in the study."""
    return re.sub(
        r" \((?:study )?(?:Tables?|Tabel|Figures?|Gambar) [^)]*\)", "", tables()[table].title[lang]
    )


def _rounds(draft: Draft) -> None:
    rounds, lang = draft.site.table("rounds", draft.lang).sort_values("round"), draft.lang
    labels = rounds["label"]
    if lang == "id" and "label_id" in rounds:
        labels = rounds["label_id"].fillna(labels)
    columns = [
        draft.col("round_no", rounds["round"], 0.7),
        draft.col("label", labels, 3.5, words=True),
        draft.col("date", cells(rounds["date"], lambda d: day_of(d, lang)), 1.6, words=True),
        draft.col("raters", rounds["n_raters"], 1.0),
    ]
    draft.table("rounds", columns, rounds)


def profile(draft: Draft) -> None:
    """Show the scores of fields and items."""
    draft.heading("profile")
    if not draft.site.has("ratings") and not draft.site.has("item_means"):
        draft.missing("ratings", "item_means")
        return
    draft.part(_profile_text)
    draft.part(_fields)
    draft.part(_items)
    draft.part(_profile_figure)


def _profile_text(draft: Draft) -> None:
    info, lang, scores = draft.site.info, draft.lang, draft.scores
    low, high = info.scale
    draft.say("scale", low=low, high=high)
    if info.scale_reason:
        draft.say("reason", reason=info.scale_reason)
    for round_no, part in scores.groupby("round", sort=True):
        n = _span(part["n"])
        lowest, highest = part["mean"].min(), part["mean"].max()
        fill: dict[str, Any] = {"round": round_no, "items": len(part), "n": n}
        form = draft.mean_form
        fill |= {"low": number(lowest, lang, form), "high": number(highest, lang, form)}
        draft.say("profile_round", **fill)
        if int(part["n"].min()) < FEW:
            draft.say("few_raters", few=FEW, round=round_no)


def _span(counts: pd.Series) -> str:
    """Return counts in words: one number, or the lowest and the highest."""
    low, high = int(counts.min()), int(counts.max())
    return f"{low}" if low == high else f"{low}–{high}"


def _fields(draft: Draft) -> None:
    from kube_research.peka.scores import score_fields

    site, lang = draft.site, draft.lang
    if not site.has("ratings"):
        draft.say("no_fields_from_means")
        return
    scores = score_fields(site.table("ratings"), site.table("items", lang))
    names = site.fields_table.set_index("field_no")[f"field_{lang}"]
    fields = scores.drop_duplicates("field_no").sort_values("field_no")
    labels = [f"{no}. {names.get(no, '')}" for no in fields["field_no"]]
    columns = [
        draft.col("field", labels, 3.0, words=True),
        draft.col("items", fields["items"], 0.7),
    ]
    for round_no, head in named_rounds(draft, scores["round"]):
        part = scores[scores["round"] == round_no].set_index("field_no")
        part = part.reindex(fields["field_no"])
        means = cells(part["mean"], lambda value: number(value, lang))
        ends = interval(draft, part["ci_low"], part["ci_high"])
        shown = [f"{mean}\n{end}" if end else mean for mean, end in zip(means, ends, strict=True)]
        columns.append(Column(head, shown, True, 1.5))
    draft.say("fields_intro", table=ref("table", "fields"))
    draft.table("fields", columns, _weakest(scores, "field_no"), notes=[draft.words("note_fields")])


def _weakest(scores: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the weakest grade per level, for tables that show rounds side by side."""
    from kube_research.frames import grades_by

    return grades_by(scores, [by]).rename("evidence").reset_index()


def _profile_figure(draft: Draft) -> None:
    draft.site.table("items", draft.lang)
    draft.say("see_profile", figure=ref("figure", "peka_profile"))
    draft.figure("peka_profile", draft.scores)


def _items(draft: Draft) -> None:
    site, lang, scores = draft.site, draft.lang, draft.scores
    printed = "printed" in scores
    first = scores.sort_values(["item", "round"])
    first = first if printed else first.drop_duplicates("item")
    columns = [draft.col("item", first["item"], 0.6)]
    if site.has("items"):
        words = site.table("items").set_index("item")[f"statement_{lang}"]
        columns.append(draft.col("statement", first["item"].map(words), 4.4, words=True))
    if printed:
        if len(first["round"].unique()) > 1:
            columns.append(draft.col("round_no", first["round"], 0.8))
        exact = cells(first["mean"], lambda value: number(value, lang, "0.0000"))
        sure = [one if pd.notna(t) else "" for one, t in zip(exact, first["total"], strict=True)]
        columns += [
            draft.col("printed", _decimals(first["printed"], lang), 0.9),
            draft.col("n", first["n"], 0.6),
            draft.col("total", first["total"], 0.7),
            draft.col("exact", sure, 1.0),
        ]
        draft.table("items", columns, first, notes=[draft.words("note_means")])
        return
    for round_no, head in named_rounds(draft, scores["round"]):
        part = scores[scores["round"] == round_no].set_index("item").reindex(first["item"])
        columns.append(Column(head, cells(part["mean"], lambda v: number(v, lang)), True, 0.9))
        columns.append(draft.col("n", starred(part["n"]), 0.5))
    share = scores["missing"].sum()
    notes = [draft.words("note_items")]
    if scores["n"].min() < FEW:
        notes.append(draft.words("note_few", few=FEW))
    if share:
        notes.append(draft.words("note_blank", count=whole(int(share), lang)))
    draft.table("items", columns, _weakest(scores, "item"), notes=notes)


def _decimals(printed: Iterable[Any], lang: str) -> list[str]:
    return cells(printed, lambda words: str(words).replace(".", ",") if lang == "id" else words)


def weak_items(draft: Draft) -> None:
    """List the weak items of the last round in the order suggested, over the plausible thresholds."""
    draft.heading("weak")
    if not draft.site.has("ratings") and not draft.site.has("item_means"):
        draft.missing("ratings", "item_means")
        return
    draft.part(_weak)


def _weak(draft: Draft) -> None:
    from kube_research.peka.scores import classify_items

    site, info, lang = draft.site, draft.site.info, draft.lang
    scores = draft.scores
    last = scores[scores["round"] == scores["round"].max()]
    done = classify_items(last, threshold=info.threshold)
    cut = number(info.threshold, lang, "0.0#")
    draft.say("threshold", cut=cut, round=int(last["round"].iloc[0]))
    if info.threshold_reason:
        draft.say("reason", reason=info.threshold_reason)
    weak = done[done["strength"] == "weak"]
    if weak.empty:
        draft.say("none_weak", cut=cut, items=len(done))
    else:
        unsure = int((weak["ci_low"].lt(info.threshold) & weak["ci_high"].gt(info.threshold)).sum())
        fill: dict[str, Any] = {"weak": len(weak), "items": len(done), "cut": cut}
        draft.say("weak_count", **fill, table=ref("table", "weak"))
        if unsure:
            draft.say("weak_unsure", unsure=unsure, weak=len(weak), cut=cut)
        columns = [
            draft.col("priority", weak["priority"], 0.9),
            draft.col("item", weak["item"], 0.7),
        ]
        if site.has("items"):
            words = site.table("items").set_index("item")
            fields = weak["item"].map(words[f"field_{lang}"])
            columns.append(draft.col("field", fields, 1.7, words=True))
            stated = weak["item"].map(words[f"statement_{lang}"])
            columns.append(draft.col("statement", stated, 3.6, words=True))
        columns += [
            draft.col("mean", cells(weak["mean"], lambda v: number(v, lang, draft.mean_form)), 0.9),
            draft.col("interval", interval(draft, weak["ci_low"], weak["ci_high"]), 1.5),
        ]
        note = draft.words("note_widest") if "printed" in weak else ""
        few = draft.words("note_few_raters", few=FEW) if weak["n"].min() < FEW else ""
        draft.table("weak", columns, weak, notes=[draft.words("note_weak"), note, few])
    _over(draft, last)


def _over(draft: Draft, last: pd.DataFrame) -> None:
    from kube_research.peka.scores import classify_items, classify_over

    info, lang = draft.site.info, draft.lang
    cuts = tuple(sorted({info.threshold, *info.thresholds}))
    over = classify_over(last, cuts)
    lists = []
    for cut in over["threshold"]:
        done = classify_items(last, threshold=float(cut))
        weak = done.loc[done["strength"] == "weak", "item"]
        lists.append(", ".join(str(item) for item in weak) or draft.words("none"))
    draft.say("over_intro", table=ref("table", "over"))
    same = over["weak"].min() == over["weak"].max()
    draft.say("over_same" if same else "over_differs")
    columns = [
        draft.col("threshold", cells(over["threshold"], lambda v: number(v, lang, "0.0#")), 0.8),
        draft.col("weak", over["weak"], 0.7),
        draft.col("strong", over["strong"], 0.7),
        draft.col("weak_list", lists, 4.5, words=True),
    ]
    draft.table("over", columns, over)


def answers(draft: Draft) -> None:
    """Show which intervention answers which weak item, where the site says so."""
    from kube_research.peka.scores import rtl_links

    site, lang = draft.site, draft.lang
    if not site.has("rtl") or not site.has("activities"):
        return
    links = rtl_links(site)
    titles = site.table("activities").set_index("activity")[f"title_{lang}"]
    columns = [
        draft.col("activity", links["activity"].map(titles), 2.4, words=True),
        draft.col("item", links["item"], 0.6),
        draft.col("mean", cells(links["mean"], lambda v: number(v, lang, draft.mean_form)), 0.9),
        draft.col("priority", links["priority"], 0.8),
        draft.col("reason", links[f"reason_{lang}"], 4.0, words=True),
    ]
    draft.say("answers_intro", table=ref("table", "answers"))
    first = int(draft.scores["round"].min())
    draft.table("answers", columns, links, notes=[draft.words("note_answers", round=first)])


def share(value: float, lang: str) -> str:
    """Return a share of 0 to 1 as percent of one decimal."""
    return number(100 * float(value), lang, "0.0") + "%"
