"""Sections of the report on indicators and on the growth stage of each group."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kube_research.frames import FEW
from kube_research.report_blocks import Column, Draft, ref
from kube_research.texts import text

#: With more groups than this the growth checklist is told by stage only.
MOST_GROUPS = 6
#: The sign behind an indicator that says which way is better.
WAYS = {"higher": "↑", "lower": "↓"}


def indicators(draft: Draft) -> None:
    """Show the declared indicators, one row each, one column a group."""
    from kube_research.indicators import indicators_table

    if not draft.site.has("attendance") and not draft.site.has("ledger"):
        draft.heading("indicators")
        draft.missing("attendance", "ledger")
        return
    draft.heading("indicators")
    lang = draft.lang
    table = indicators_table(draft.site, lang=lang)
    shown = [name for name in table.columns if name != "evidence"]
    if len(shown) > 3 + MOST_GROUPS:
        shown = [*shown[:3], shown[-1]]
    topic, label, reading, *groups = shown
    ways = {text(f"indicator.reading_{way}", lang): sign for way, sign in WAYS.items()}
    unit = "Rp" if lang == "id" else "IDR"
    money = (
        table[groups].astype(str).apply(lambda cells: cells.str.contains(f"{unit} ")).any(axis=1)
    )
    names = [
        f"{name}{f' ({unit})' if rupiah else ''} {ways.get(how, '')}".strip()
        for name, how, rupiah in zip(table[label], table[reading], money, strict=True)
    ]
    columns = [Column(label, names, False, 3.0)]
    columns += [
        Column(str(name), [str(cell).replace(f"{unit} ", "") for cell in table[name]], True, 1.3)
        for name in groups
    ]
    frame = table.assign(evidence=table["evidence"].replace("", pd.NA))
    draft.say(
        "indicators_intro",
        count=len(table),
        topics=table[topic].nunique(),
        table=ref("table", "indicators"),
    )
    few = table[groups].astype(str).apply(lambda cells: cells.str.endswith("*")).any().any()
    notes = [draft.words("note_ways"), draft.words("note_few", few=FEW) if few else ""]
    draft.table("indicators", columns, frame, notes=notes, sections=table[topic])


def growth(draft: Draft) -> None:
    """Show how far the declared checklist decides the growth stage of each group."""
    draft.heading("growth")
    draft.part(_growth)


def _growth(draft: Draft) -> None:
    from kube_research.growth import growth_checklist, growth_stages

    site, lang = draft.site, draft.lang
    checklist = growth_checklist(site)
    if checklist.empty:
        return
    done = growth_stages(checklist)
    spans = [
        draft.words(f"stage_{low}")
        if low == high
        else draft.words(
            "stage_span", low=draft.words(f"stage_{low}"), high=draft.words(f"stage_{high}")
        )
        for low, high in zip(done["stage_low"], done["stage_high"], strict=True)
    ]
    fill: dict[str, Any] = {"groups": len(done), "decided": int(done["decided"].sum())}
    draft.say("growth_intro", **fill, table=ref("table", "growth"))
    columns = [
        draft.col("group", done["group"], 1.0, words=True),
        draft.col("met", done["met"], 1.0),
        draft.col("unmet", done["unmet"], 1.0),
        draft.col("unknown", done["unknown"], 1.0),
        draft.col("stage", spans, 3.0, words=True),
    ]
    draft.table("growth", columns, done, notes=[draft.words("note_growth")])
    groups = done["group"].tolist()
    if (checklist["verdict"] == "unknown").all() or len(groups) > MOST_GROUPS:
        return
    first = checklist[checklist["group"] == groups[0]]
    columns = [
        draft.col("stage_of", [draft.words(f"stage_{s}") for s in first["stage"]], 1.5, words=True),
        draft.col("criterion", first[f"label_{lang}"], 3.6, words=True),
    ]
    for group in groups:
        verdicts = checklist.loc[checklist["group"] == group, "verdict"]
        words = [draft.words(f"criterion_{verdict}") for verdict in verdicts]
        columns.append(Column(text("figure.group", lang, group=group), words, False, 0.8))
    draft.say("checklist_intro", table=ref("table", "checklist"))
    frame = checklist[checklist["evidence"].notna()].drop_duplicates("evidence")
    grades = pd.DataFrame({"evidence": frame["evidence"].unique()[:1]})
    draft.table("checklist", columns, grades)
