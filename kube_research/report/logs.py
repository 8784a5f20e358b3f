"""Sections of the report on indicators and on the growth stage of each group."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kube_research.formats import day_of, number, percent, rupiah, whole
from kube_research.frames import FEW
from kube_research.outputs import find_output
from kube_research.report.document import Column, Draft, ref
from kube_research.report.scores import cells, share
from kube_research.texts import text

#: Findings in the books that are listed; the rest is counted.
MOST_FINDINGS = 25


def attendance(draft: Draft) -> None:
    """Show who came: by activity, group and role, and what the rule for absences decides."""
    draft.heading("attendance")
    if not draft.site.has("attendance"):
        draft.missing("attendance")
        return
    for work in (
        _attendance_text,
        _by_activity,
        _attendance_figure,
        _by_group_and_role,
        _attendance_heatmap,
    ):
        draft.part(work)


def _attendance_text(draft: Draft) -> None:
    from kube_research.attendance.rates import attendance_rates, rule_range

    logs, lang = draft.site.table("attendance"), draft.lang
    row = attendance_rates(logs, by=None).to_dict("records")[0]
    if not row["n"]:
        draft.say("nobody_invited")
        return
    activities = logs.loc[logs["status"].notna(), "activity"].nunique()
    fill: dict[str, Any] = {"attended": row["attended"], "n": row["n"], "activities": activities}
    fill |= {"rate": share(row["rate"], lang)}
    fill |= {"low": share(row["low"], lang), "high": share(row["high"], lang)}
    draft.say("attendance_overall", **fill)
    ends = rule_range(logs).to_dict("records")[0]
    if ends["spread"] > 0:
        low, high = share(ends["lowest"], lang), share(ends["highest"], lang)
        draft.say("attendance_rules", low=low, high=high)


def _rate_columns(draft: Draft, rates: pd.DataFrame) -> list[Column]:
    lang = draft.lang
    low, high = (cells(rates[end], lambda v: share(v, lang)) for end in ("low", "high"))
    ends = [draft.words("interval", low=a, high=b) for a, b in zip(low, high, strict=True)]
    return [
        draft.col("invited", rates["n"], 0.9),
        draft.col("attended", rates["attended"], 0.8),
        draft.col("rate", cells(rates["rate"], lambda v: share(v, lang)), 0.9),
        draft.col("interval", ends, 1.7),
    ]


def _few(draft: Draft, rates: pd.DataFrame, labels: list[str]) -> tuple[list[str], str]:
    """Put a star behind labels of rows that rest on few people, and say what it means."""
    marked = [
        f"{label}*" if few else label for label, few in zip(labels, rates["few"], strict=True)
    ]
    return marked, draft.words("note_few", few=FEW) if rates["few"].any() else ""


def _titles(draft: Draft, codes: pd.Series) -> list[str]:
    """Return the titles of activities; the code where the site gives none."""
    if not draft.site.has("activities"):
        return [str(code) for code in codes]
    titles = draft.site.table("activities").set_index("activity")[f"title_{draft.lang}"]
    return [str(title) for title in codes.map(titles).fillna(codes)]


def _by_activity(draft: Draft) -> None:
    from kube_research.attendance.rates import attendance_rates
    from kube_research.figures.sheet import titled

    site, lang = draft.site, draft.lang
    rates = titled(attendance_rates(site.table("attendance")), site)
    if rates.empty:
        return
    labels, note = _few(draft, rates, _titles(draft, rates["activity"]))
    columns = [draft.col("activity", labels, 3.0, words=True)]
    if "date" in rates and rates["date"].notna().any():
        days = cells(rates["date"], lambda day: day_of(day, lang))
        columns.append(draft.col("date", days, 1.4, words=True))
    columns += _rate_columns(draft, rates)
    draft.say("attendance_intro", table=ref("table", "attendance"))
    draft.table("attendance", columns, rates, notes=[draft.words("note_attendance"), note])


def _attendance_figure(draft: Draft) -> None:
    from kube_research.attendance.rates import attendance_rates

    rates = attendance_rates(draft.site.table("attendance"))
    if len(rates):
        draft.figure("attendance_activities", rates)


def _by_group_and_role(draft: Draft) -> None:
    from kube_research.attendance.rates import attendance_rates

    logs, parts, labels = draft.site.table("attendance"), [], []
    for by in ("group", "role"):
        rates = attendance_rates(logs.dropna(subset=[by]), by=by)
        parts.append(rates)
        labels += [_level(draft, by, level) for level in rates[by]]
    rates = pd.concat(parts, ignore_index=True)
    if rates.empty:
        return
    marked, note = _few(draft, rates, labels)
    columns = [draft.col("group_role", marked, 2.6, words=True)]
    draft.say("attendance_groups", table=ref("table", "attendance_groups"))
    draft.table("attendance_groups", [*columns, *_rate_columns(draft, rates)], rates, notes=[note])


def _level(draft: Draft, by: str, level: object) -> str:
    return draft.words("group", group=level) if by == "group" else draft.words(f"role_{level}")


def _attendance_heatmap(draft: Draft) -> None:
    frame = find_output("attendance_heatmap").frame(draft.site)
    draft.say("see_heatmap", figure=ref("figure", "attendance_heatmap"))
    draft.figure("attendance_heatmap", frame)


def outcomes(draft: Draft) -> None:
    """Hold the targets of the activities against what was achieved."""
    draft.heading("outcomes")
    if not draft.site.has("outcomes"):
        draft.missing("outcomes")
        return
    draft.part(_targets)


def _targets(draft: Draft) -> None:
    from kube_research.interventions.targets import VERDICTS

    frame, lang = find_output("targets_results").frame(draft.site), draft.lang
    counts = frame["verdict"].value_counts()
    words = {name: draft.words(f"verdict_{name.replace(' ', '_')}") for name in VERDICTS}
    told = ", ".join(f"{words[name]} {counts[name]}" for name in VERDICTS if name in counts)
    draft.say("outcomes_intro", rows=len(frame), counts=told, table=ref("table", "outcomes"))
    own, other = frame[f"label_{lang}"], frame[f"achieved_label_{lang}"]
    measures = own.fillna(other).fillna(frame["measure"])
    nearest = frame["match"].eq("nearest")
    goals = [
        f"{_sign(how)}{percent(float(value), lang)}" if pd.notna(value) else ""
        for how, value in zip(frame["comparison"], frame["target_pct"], strict=True)
    ]
    got = [
        f"{_sign(how) if how != '=' else ''}{percent(float(value), lang)}{'†' if near else ''}"
        if pd.notna(value)
        else ""
        for how, value, near in zip(
            frame["achieved_comparison"], frame["achieved_pct"], nearest, strict=True
        )
    ]
    gaps = cells(frame["gap"], lambda v: number(v, lang, "+0.#;-0.#") if v else "0")
    verdicts = [words[str(verdict)] for verdict in frame["verdict"]]
    columns = [
        draft.col("activity", _titles(draft, frame["activity"]), 2.2, words=True),
        draft.col("measure", measures, 2.6, words=True),
        draft.col("target", goals, 0.9),
        draft.col("result", got, 0.9),
        draft.col("gap", gaps, 0.8),
        draft.col("verdict", verdicts, 1.3, words=True),
    ]
    note = draft.words("note_nearest") if nearest.any() else ""
    draft.table("outcomes", columns, frame, notes=[draft.words("note_outcomes"), note])
    draft.figure("targets_results", frame)


def _sign(how: object) -> str:
    return {">=": "≥ ", ">": "> ", "about": "± "}.get(str(how), "")


def finances(draft: Draft) -> None:
    """Show what the books hold."""
    draft.heading("finances")
    if not draft.site.has("ledger"):
        draft.missing("ledger")
        return
    for work in (_balances, _stated, _findings, _iks, _balances_figure):
        draft.part(work)


def _books(draft: Draft) -> dict[str, str]:
    named = {book: draft.words(f"book_{book}") for book in ("kas", "tabungan", "iks")}
    if draft.site.has("books"):
        table = draft.site.table("books").set_index("book")
        named |= {str(book): str(name) for book, name in table[f"name_{draft.lang}"].items()}
    return named


def _balances(draft: Draft) -> None:
    from kube_research.finance.balances import closing_balances

    lang, names = draft.lang, _books(draft)
    done = closing_balances(draft.site.table("ledger"))
    fill: dict[str, Any] = {"entries": whole(int(done["entries"].sum()), lang), "books": len(done)}
    fill |= {"first": day_of(done["first"].min(), lang), "last": day_of(done["last"].max(), lang)}
    draft.say("finances_intro", **fill, table=ref("table", "balances"))
    for book, part in done.groupby("book"):
        total = rupiah(int(part["closing"].sum()), lang)
        fill = {"book": names.get(str(book), str(book)), "groups": len(part), "total": total}
        draft.say("book_total", "bullet", **fill)
    money = {
        name: cells(done[name], lambda v: whole(v, lang))
        for name in ("inflow", "outflow", "closing")
    }
    columns = [
        draft.col("group", done["group"], 0.9, words=True),
        draft.col("book", done["book"].map(names).fillna(done["book"]), 1.6, words=True),
        draft.col("entries", cells(done["entries"], lambda v: whole(v, lang)), 0.9),
        draft.col("in", money["inflow"], 1.3),
        draft.col("out", money["outflow"], 1.3),
        draft.col("closing", money["closing"], 1.3),
        draft.col("last", cells(done["last"], lambda d: day_of(d, lang)), 1.4, words=True),
    ]
    draft.table("balances", columns, done, notes=[draft.words("note_balances")])


def _balances_figure(draft: Draft) -> None:
    draft.figure("balances", draft.site.table("ledger"))


def _stated(draft: Draft) -> None:
    """Say how many balances written in the books differ from the sum of the entries."""
    from kube_research.finance.balances import ledger_balances

    done = ledger_balances(draft.site.table("ledger"))
    if "difference" not in done or done["difference"].isna().all():
        draft.say("no_stated")
        return
    stated = done["difference"].dropna()
    fill: dict[str, Any] = {
        "stated": whole(len(stated), draft.lang),
        "differ": int(stated.ne(0).sum()),
    }
    draft.say("stated", **fill)


def _iks(draft: Draft) -> None:
    from kube_research.finance.iks import iks_against_rule

    site, lang = draft.site, draft.lang
    if not site.has("iks_rule"):
        return
    rule = site.table("iks_rule")
    done = iks_against_rule(site.table("ledger"), rule, site.tables.get("categories"))
    if done.empty or not done["set_aside"].fillna(0).any():
        return
    names = rule.set_index("purpose").get(f"label_{lang}", pd.Series(dtype="string"))
    columns = [
        draft.col("purpose", done["purpose"].map(names).fillna(done["purpose"]), 2.6, words=True),
        draft.col("base_read", [draft.words(f"base_{r}") for r in done["reading"]], 2, words=True),
        draft.col("agreed", cells(done["agreed_pct"], lambda v: percent(v, lang)), 1),
        draft.col("set_aside", cells(done["set_aside"], lambda v: whole(v, lang)), 1.3),
        draft.col("base", cells(done["base"], lambda v: whole(v, lang)), 1.4),
        draft.col("share", cells(done["pct_of_base"], lambda v: share(v / 100, lang)), 1),
    ]
    draft.say("iks_intro", table=ref("table", "iks"))
    draft.table("iks", columns, done, notes=[draft.words("note_iks")])


def _findings(draft: Draft) -> None:
    """List what does not fit in the books, the surest first."""
    from kube_research.finance.reconcile.findings import reconcile_site

    found, lang = reconcile_site(draft.site, lang=draft.lang), draft.lang
    if found.empty:
        draft.say("no_findings")
        return
    order = {"certain": 0, "likely": 1, "look": 2}
    rank = found["certainty"].map(order)
    counts = found["certainty"].value_counts()
    told = ", ".join(f"{draft.words(f'sure_{k}')} {counts[k]}" for k in order if k in counts)
    draft.say("findings_intro", count=len(found), told=told, table=ref("table", "findings"))
    shown = (
        found.assign(_rank=rank).sort_values(["_rank", "row"], kind="stable").head(MOST_FINDINGS)
    )
    names = _books(draft)
    columns = [
        draft.col("sheet_row", shown["row"], 0.7),
        draft.col("group", shown["group"], 0.9, words=True),
        draft.col("book", shown["book"].map(names).fillna(shown["book"]), 1.2, words=True),
        draft.col("date", cells(shown["date"], lambda day: day_of(day, lang)), 1.4, words=True),
        draft.col("sure", [draft.words(f"sure_{k}") for k in shown["certainty"]], 1.0, words=True),
        draft.col("finding", shown["reason"], 4.5, words=True),
    ]
    rest = len(found) - len(shown)
    note = draft.words("note_rest", count=rest) if rest else ""
    draft.table("findings", columns, shown, notes=[draft.words("note_findings"), note])


#: With more groups than this the growth checklist is told by stage only.
MOST_GROUPS = 6
#: The sign behind an indicator that says which way is better.
WAYS = {"higher": "↑", "lower": "↓"}


def indicators(draft: Draft) -> None:
    """Show the declared indicators, one row each, one column a group."""
    from kube_research.finance.indicators import indicators_table

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
    from kube_research.finance.growth import growth_checklist, growth_stages

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
