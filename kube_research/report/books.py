"""Parts of the report on the groups' books: balances, what does not fit, indicators, growth."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from kube_research.figures.sheet import book_names
from kube_research.finance.closing import closing_balances, ledger_balances
from kube_research.finance.growth import growth_checklist, growth_stages
from kube_research.finance.iks import iks_against_rule
from kube_research.finance.indicators import indicators_table, rule_day
from kube_research.finance.reconcile.findings import reconcile_ledger
from kube_research.formats import day_of, in_currency, money, number, percent, whole
from kube_research.frames import FEW, grade_of
from kube_research.report.document import Draft, ref
from kube_research.texts import text

#: Findings in the books that are listed; the rest is counted.
MOST_FINDINGS = 25
#: With more groups than this the growth checklist is told by stage only.
MOST_GROUPS = 6
#: The sign behind an indicator that says which way is better.
WAYS = {"higher": "↑", "lower": "↓"}


def balances(draft: Draft) -> None:
    """Show what came in, what went out and what is left in each book."""
    lang, names = draft.lang, _books(draft)
    closing = closing_balances(draft.site.table("ledger"))
    draft.say(
        "finances_intro",
        entries=whole(int(closing["entries"].sum()), lang),
        books=len(closing),
        first=day_of(closing["first"].min(), lang),
        last=day_of(closing["last"].max(), lang),
        table=ref("table", "balances"),
    )
    for book, part in closing.groupby("book"):
        total = money(int(part["closing"].sum()), lang, draft.site.info.money)
        name = names.get(str(book), str(book))
        draft.say("book_total", "bullet", book=name, groups=len(part), total=total)
    columns = [
        draft.col("group", closing["group"], 0.9, words=True),
        draft.col("book", closing["book"].map(names).fillna(closing["book"]), 1.6, words=True),
        draft.col("entries", closing["entries"], 0.9, write=whole),
        draft.col("in", closing["inflow"], 1.3, write=_amounts(draft)),
        draft.col("out", closing["outflow"], 1.3, write=_amounts(draft)),
        draft.col("closing", closing["closing"], 1.3, write=_amounts(draft)),
        draft.col("last", closing["last"], 1.4, words=True, write=day_of),
    ]
    draft.table("balances", columns, closing, notes=[draft.words("note_balances")])


def _amounts(draft: Draft) -> Callable[[Any, str], str]:
    """Return how the amounts of the site are written in a table."""
    return partial(in_currency, currency=draft.site.info.money)


def _books(draft: Draft) -> dict[str, str]:
    return book_names(draft.site, "report.book_")[draft.lang]


def stated_balances(draft: Draft) -> None:
    """Say how many balances written in the books differ from the sum of the entries."""
    running = ledger_balances(draft.site.table("ledger"))
    if "difference" not in running or running["difference"].isna().all():
        draft.say("no_stated")
        return
    stated = running["difference"].dropna()
    differ = int(stated.ne(0).sum())
    draft.say("stated", stated=whole(len(stated), draft.lang), differ=differ)


def findings(draft: Draft) -> None:
    """List what does not fit in the books, the surest first."""
    misfits = reconcile_ledger(draft.site, lang=draft.lang)
    if misfits.empty:
        draft.say("no_findings")
        return
    order = {"certain": 0, "likely": 1, "look": 2}
    sure = {level: draft.words(f"sure_{level}") for level in order}
    counts = misfits["certainty"].value_counts()
    counted = ", ".join(f"{sure[level]} {counts[level]}" for level in order if level in counts)
    ranked = misfits.assign(_rank=misfits["certainty"].map(order))
    listed = ranked.sort_values(["_rank", "row"], kind="stable").head(MOST_FINDINGS)
    columns = [
        draft.col("sheet_row", listed["row"], 0.7),
        draft.col("group", listed["group"], 0.9, words=True),
        draft.col(
            "book", listed["book"].map(_books(draft)).fillna(listed["book"]), 1.2, words=True
        ),
        draft.col("date", listed["date"], 1.4, words=True, write=day_of),
        draft.col("sure", listed["certainty"].map(sure), 1.0, words=True),
        draft.col("finding", listed["reason"], 4.5, words=True),
    ]
    rest = len(misfits) - len(listed)
    notes = [draft.words("note_findings"), draft.words("note_rest", count=rest) if rest else ""]
    fill: dict[str, Any] = {"count": len(misfits), "told": counted}
    draft.table("findings", columns, listed, "findings_intro", notes=notes, **fill)


def iks(draft: Draft) -> None:
    """Hold what was set aside for IKS against the agreed shares."""
    site = draft.site
    if not site.has("iks_rule"):
        return
    rule = site.table("iks_rule")
    kept = iks_against_rule(site, rule, since=rule_day(site, "iks_since"))
    if kept["due"].isna().all():
        return
    names = rule.set_index("purpose").get(f"label_{draft.lang}", pd.Series(dtype="string"))
    purposes = kept["purpose"].map(names).fillna(kept["purpose"])
    readings = [draft.words(f"base_{reading}") for reading in kept["reading"]]
    columns = [
        draft.col("purpose", purposes, 2.6, words=True),
        draft.col("base_read", readings, 2, words=True),
        draft.col("agreed", kept["agreed_pct"], 1, write=percent),
        draft.col("set_aside", kept["set_aside"], 1.3, write=_amounts(draft)),
        draft.col("base", kept["base"], 1.4, write=_amounts(draft)),
        draft.col("share", kept["pct_of_base"], 1, write=_one_decimal),
    ]
    draft.table("iks", columns, kept, "iks_intro", notes=[draft.words("note_iks")])


def _one_decimal(pct: float, lang: str) -> str:
    return number(pct, lang, "0.0") + "%"


def indicators(draft: Draft) -> None:
    """Show the declared indicators, one row each, one column a group."""
    lang = draft.lang
    table = indicators_table(draft.site, lang=lang)
    topic, label, reading, *groups = (name for name in table.columns if name != "evidence")
    if len(groups) > MOST_GROUPS:
        groups = groups[-1:]  # all groups together
    cells = table[groups].astype(str)
    ways = {text(f"indicator.reading_{way}", lang): sign for way, sign in WAYS.items()}
    unit = draft.site.info.money.mark(lang)
    sign = rf"(?<![^\s−]){re.escape(unit)} ?(?=[0-9])"
    in_money = cells.apply(lambda column: column.str.contains(sign)).any(axis=1)
    names = [
        f"{name}{f' ({unit})' if amount else ''} {ways.get(how, '')}".strip()
        for name, how, amount in zip(table[label], table[reading], in_money, strict=True)
    ]
    columns = [draft.col("", names, 3.0, words=True, head=label)]
    for name in groups:
        amounts = cells[name].str.replace(sign, "", regex=True)
        columns.append(draft.col("", amounts, 1.3, head=str(name)))
    few = cells.apply(lambda column: column.str.endswith("*")).any().any()
    notes = [draft.words("note_ways"), draft.words("note_few", few=FEW) if few else ""]
    draft.table(
        "indicators",
        columns,
        table.assign(evidence=table["evidence"].replace("", pd.NA)),
        "indicators_intro",
        notes=notes,
        sections=table[topic],
        count=len(table),
        topics=table[topic].nunique(),
    )


def growth(draft: Draft) -> None:
    """Show how far the declared checklist decides the growth stage of each group."""
    checklist = growth_checklist(draft.site)
    if checklist.empty:
        return
    stages = growth_stages(checklist)
    spans = zip(stages["stage_low"], stages["stage_high"], strict=True)
    columns = [
        draft.col("group", stages["group"], 1.0, words=True),
        *(draft.col(verdict, stages[verdict]) for verdict in ("met", "unmet", "unknown")),
        draft.col("stage", [_stage(draft, *span) for span in spans], 3.0, words=True),
    ]
    fill: dict[str, Any] = {"groups": len(stages), "decided": int(stages["decided"].sum())}
    note = draft.words("note_growth")
    draft.table("growth", columns, stages, "growth_intro", notes=[note], **fill)
    groups = stages["group"].tolist()
    if (checklist["verdict"] != "unknown").any() and len(groups) <= MOST_GROUPS:
        _checklist(draft, checklist, groups)


def _stage(draft: Draft, low: str, high: str) -> str:
    """Return the stage of a group in words, or the range it may be in."""
    names = {stage: draft.words(f"stage_{stage}") for stage in (low, high)}
    if low == high:
        return names[low]
    return draft.words("stage_span", low=names[low], high=names[high])


def _checklist(draft: Draft, checklist: pd.DataFrame, groups: list[str]) -> None:
    """Show the verdict of every group on every criterion."""
    first = checklist[checklist["group"] == groups[0]]
    stages = [draft.words(f"stage_{stage}") for stage in first["stage"]]
    columns = [
        draft.col("stage_of", stages, 1.5, words=True),
        draft.col("criterion", first[f"label_{draft.lang}"], 3.6, words=True),
    ]
    for group in groups:
        verdicts = checklist.loc[checklist["group"] == group, "verdict"]
        words = [draft.words(f"criterion_{verdict}") for verdict in verdicts]
        head = text("figure.group", draft.lang, group=group)
        columns.append(draft.col("", words, 0.8, words=True, head=head))
    graded = pd.DataFrame({"evidence": [grade_of(checklist)]})
    draft.table("checklist", columns, graded, "checklist_intro")
