"""Printed against recomputed: one row for every printed value that can be computed again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.evidence.numbers import grim
from kube_research.evidence.printed import parse_printed, print_number
from kube_research.formats import day_of
from kube_research.frames import grade_of, weakest
from kube_research.peka.priorities import classify_items
from kube_research.peka.scores import score_items, score_means
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from kube_research.site.folder import Site


@dataclass(frozen=True)
class Row:
    """One printed value beside the recomputed one."""

    notebook: str
    check: str
    printed: str
    recomputed: str
    evidence: str
    locator: str
    verdict: str = ""

    def judged(self) -> Row:
        """Return the row with its verdict: equal text matches, anything else does not."""
        if self.verdict:
            return self
        same = self.printed == self.recomputed
        return Row(**{**asdict(self), "verdict": "match" if same else "mismatch"})


def _logs(site: Site, table: str) -> Site | None:
    """Return the site or its twin, whichever has the table; None if neither."""
    if site.has(table):
        return site
    if not site.info.twin:
        return None
    logs = site.with_raw_logs(table)
    return logs if logs.has(table) else None


def _fact(site: Site, name: str) -> pd.Series | None:
    if not site.has("facts"):
        return None
    facts = site.table("facts").query("fact == @name")
    return facts.iloc[0] if len(facts) else None


def _printed_means(site: Site, lang: str) -> Iterator[Row]:
    """Item means printed against the same mean from raw ratings, cut by the site's rule."""
    logs = _logs(site, "ratings")
    if not site.has("item_means") or logs is None or site.info.rounding == "any":
        return
    scores = score_items(logs.table("ratings")).set_index(["round", "item"])
    for row in site.table("item_means").to_dict("records"):
        key: Any = (row["round"], row["item"])
        decimals = parse_printed(row["mean"])[1]
        again = "-"
        if key in scores.index:
            exact = Fraction(int(scores["total"][key]), int(scores["n"][key]))
            again = print_number(exact, decimals, site.info.rounding)
        yield Row(
            "02",
            text("check.mean", lang, item=row["item"], round=row["round"]),
            row["mean"],
            again,
            logs.info.evidence,
            row["locator"] or "",
        )


def _repeated_means(site: Site, lang: str) -> Iterator[Row]:
    """Means that the source prints in more than one place."""
    if not site.has("item_means", "facts"):
        return
    means = site.table("item_means").set_index("item")
    for item, mean in means["mean"].items():
        repeated = _fact(site, f"mean_item_{item}_repeated")
        if repeated is not None:
            check = text("check.mean_repeated", lang, item=item)
            place = repeated["locator"]
            yield Row("02", check, mean, repeated["value"], "published", place)


def _exact_totals(site: Site, lang: str) -> Iterator[Row]:
    """Print each mean again from the one total it allows."""
    if not site.has("item_means"):
        return
    means = site.table("item_means")
    if site.info.rounding == "any":
        return
    scores = score_means(means, scale=site.info.scale, rounding=site.info.rounding)
    for row, source in zip(scores.to_dict("records"), means["locator"], strict=True):
        again = "-"
        if pd.notna(row["total"]):
            decimals = parse_printed(row["printed"])[1]
            again = print_number(
                Fraction(int(row["total"]), int(row["n"])), decimals, site.info.rounding
            )
        elif row["totals"]:
            continue
        check = text("check.total", lang, item=row["item"])
        yield Row("02", check, row["printed"], again, row["evidence"], source or "")


def _rater_counts(site: Site, lang: str) -> Iterator[Row]:
    """Raters of each round: stated, in the raw ratings, and implied by the means."""
    logs = _logs(site, "ratings")
    if site.has("rounds"):
        counts = logs.table("ratings").groupby("round")["rater"].nunique() if logs else pd.Series()
        for row in site.table("rounds").to_dict("records"):
            number = row["round"]
            if logs is not None and number in counts.index:
                check = text("check.raters", lang, round=number)
                again, locator = str(counts.loc[number]), row["locator"] or ""
                ratings = logs.table("ratings").query("round == @number")
                grade = weakest([row["evidence"], grade_of(ratings)])
                yield Row("02", check, str(row["n_raters"]), again, grade, locator)
    if site.has("item_means") and site.info.rounding != "any":
        means = site.table("item_means")
        for number, part in means.groupby("round"):
            able = [
                n
                for n in range(1, 61)
                if all(grim(mean, n, rounding=site.info.rounding) for mean in part["mean"])
            ]
            stated_n = part["n"].unique()
            if len(part) >= 3 and len(stated_n) == 1:
                check = text("check.raters_implied", lang, round=number)
                implied = str(able[0]) if able else "-"
                yield Row("02", check, str(stated_n[0]), implied, "derived", "Table 2")


def _weak_items(site: Site, lang: str) -> Iterator[Row]:
    """Hold the items printed as weak against those the thresholds call weak."""
    if not site.has("item_means", "conflicts"):
        return
    means = site.table("item_means")
    weak: set[int] | None = None
    for cut in site.info.thresholds:
        verdicts = classify_items(means, threshold=cut)
        called_weak = set(verdicts.loc[verdicts["strength"] == "weak", "item"])
        weak = called_weak if weak is None else weak & called_weak
    printed = " ".join(str(item) for item in sorted(means["item"]))
    again = " ".join(str(item) for item in sorted(weak or ()))
    yield Row("02", text("check.weak_items", lang), printed, again, "derived", "Table 2, part 2")


def _counts(site: Site, lang: str) -> Iterator[Row]:
    """Hold counts that the source states against what it lists."""
    fields, groups = _fact(site, "fields"), _fact(site, "groups")
    if fields is not None:
        count = str(len(site.fields_table))
        check = text("check.fields", lang)
        yield Row("02", check, fields["value"], count, "published", fields["locator"])
    if groups is not None:
        count = str(len(site.info.groups))
        check = text("check.groups", lang)
        yield Row("01", check, groups["value"], count, "published", groups["locator"])


def _dates(site: Site, lang: str) -> Iterator[Row]:
    """Dates and hours as printed, against our ISO dates written out in Indonesian."""
    if not site.has("activities") or "printed_date" not in site.table("activities"):
        return
    activities = site.table("activities")
    for row in activities.to_dict("records"):
        title = row[f"title_{lang}"]
        notebook = "03" if row["kind"] == "meeting" else "01"
        printed, day = str(row["printed_date"]), row["date"]
        known = row["precision"] != "between" and row["evidence"] != "simulated"  # no drawn day
        if pd.notna(row["printed_date"]) and known:
            form = "d MMMM y" if printed[0].isdigit() else "EEEE d MMMM y"
            again = day_of(day, "id", form)
            if row["precision"] == "span":
                again += f" - {day_of(row['last_date'], 'id', form)}"
            check = text("check.date", lang, activity=title)
            yield Row(notebook, check, printed, again, row["evidence"], row["locator"])
        if pd.notna(row["printed_hours"]):
            again = f"{row['start']} - {row['end']}".replace(":", ".")
            check = text("check.hours", lang, activity=title)
            yield Row(notebook, check, row["printed_hours"], again, "published", row["locator"])


def _calendar(site: Site, lang: str) -> Iterator[Row]:
    """Statements about durations against the dates."""
    months, start, end = (
        _fact(site, name) for name in ("programme_months", "fieldwork_start", "fieldwork_end")
    )
    if months is not None and start is not None and end is not None:
        first, last = pd.Timestamp(start["value"]), pd.Timestamp(end["value"])
        whole = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
        check = text("check.programme_months", lang)
        yield Row("01", check, months["value"], str(whole), "derived", months["locator"])
    early, late = _fact(site, "months_running_at_peka_1"), _fact(site, "months_running_at_kuber")
    if early is not None and late is not None and site.has("activities"):
        days = site.table("activities").set_index("activity")["date"]
        begun = [
            (days[activity] - pd.DateOffset(months=int(fact["value"]))).date()
            for activity, fact in (("preparation_meeting", early), ("kuber", late))
        ]
        months_named = [day_of(day, lang, "MMMM y") for day in begun]
        locator = f"{early['locator']}; {late['locator']}"
        check = text("check.groups_start", lang)
        yield Row("01", check, months_named[0], months_named[1], "derived", locator)


def _income(site: Site, lang: str) -> Iterator[Row]:
    """Incomes that are said to lie below the minimum wage."""
    high, wage = _fact(site, "income_high"), _fact(site, "minimum_wage")
    if high is None or wage is None:
        return
    below = int(high["value"]) < int(wage["value"])
    stated = text("check.below", lang)
    again = stated if below else text("check.not_below", lang)
    yield Row("01", text("check.income", lang), stated, again, "derived", wage["locator"])


def _recount(site: Site, conflict: str) -> str | None:
    """Count again what a conflict is about, where the tables allow it."""
    if conflict == "informants":
        parts = ("officers", "members", "leaders")
        counts = [_fact(site, f"informants_{part}") for part in parts]
        return str(sum(int(fact["value"]) for fact in counts if fact is not None))
    if conflict == "meetings" and site.has("agenda"):
        return str(site.table("agenda")["activity"].nunique())
    if conflict == "activities_count" and site.has("monitoring"):
        return str(site.table("monitoring")["activity"].nunique())
    if conflict == "round_2_before_kuber" and site.has("rounds"):
        return str(site.table("rounds")["date"].max().date())
    if conflict == "groups":
        return " ".join(site.info.groups)
    return None


def _conflicts(site: Site, lang: str) -> Iterator[Row]:
    """Where the source contradicts itself; a recount must at least equal one of its readings."""
    if not site.has("conflicts"):
        return
    for name, part in site.table("conflicts").groupby("conflict", sort=False):
        readings = [str(value) for value in part["value"]]
        again = _recount(site, str(name))
        verdict = "conflict" if again is None or again in readings else "mismatch"
        label = part[f"label_{lang}"].iloc[0]
        against = str(again) if verdict == "mismatch" else " / ".join(readings[1:])
        locator = "; ".join(str(place) for place in part["locator"])
        grade = weakest(part["evidence"])
        yield Row("01", label, readings[0], against, grade, locator, verdict)


_PERCENT = re.compile(r"(\d+) ?%")


def _targets(site: Site, lang: str) -> Iterator[Row]:
    """Targets as the printed monitoring tables word them, against the outcomes table."""
    if not site.has("monitoring", "outcomes", "activities"):
        return
    titles = site.table("activities").set_index("activity")[f"title_{lang}"]
    outcomes = site.table("outcomes").dropna(subset=["target_pct"])
    targets = site.table("monitoring").query("aspect == 'target' and evidence == 'published'")
    for row in targets.to_dict("records"):
        percent = _PERCENT.search(row[f"text_{lang}"])
        place = f", target {row['order']}"
        recorded = outcomes[
            (outcomes["activity"] == row["activity"])
            & outcomes["locator"].str.contains(place, regex=False)
        ]
        again = f"{recorded['target_pct'].iloc[0]:g}" if len(recorded) else "-"
        check = text("check.target", lang, order=row["order"], activity=titles[row["activity"]])
        printed = percent.group(1) if percent else "?"
        yield Row("04", check, printed, again, "published", row["locator"])


def _attendance(site: Site, lang: str) -> Iterator[Row]:
    """Hold the printed attendance band against the rates of the attendance list."""
    low, high = _fact(site, "attendance_low"), _fact(site, "attendance_high")
    logs = _logs(site, "attendance")
    if low is None or high is None or logs is None:
        return
    from kube_research.attendance.rates import attendance_rates

    rates = attendance_rates(logs.table("attendance"))["rate"] * 100
    inside = rates.between(int(low["value"]), int(high["value"])).all()
    again = f"{rates.min():.0f}-{rates.max():.0f}"
    yield Row(
        "03",
        text("check.attendance", lang),
        f"{low['value']}-{high['value']}",
        again,
        logs.info.evidence,
        low["locator"],
        "match" if inside else "mismatch",
    )


def _iks(site: Site, lang: str) -> Iterator[Row]:
    """Hold the printed IKS shares against what a ledger sets aside; a site's own rule is no print."""
    logs = _logs(site, "ledger")
    if not site.has("iks_rule") or logs is None:
        return
    from kube_research.finance.iks import iks_against_rule

    printed, ledger = site.table("iks_rule").query("evidence == 'published'"), logs.table("ledger")
    rule = printed.set_index("purpose")
    held = iks_against_rule(ledger, printed, bases="profit").astype({"pct_of_base": "float64"})
    for row in held.to_dict("records"):
        about = rule.loc[row["purpose"]]
        check = text("check.iks_share", lang, purpose=about[f"label_{lang}"])
        agreed, set_aside = f"{row['agreed_pct']:g}", f"{row['pct_of_base']:.6g}"
        yield Row("05", check, agreed, set_aside, grade_of(ledger), about["locator"])


def _balances(site: Site, lang: str) -> Iterator[Row]:
    """Balances written in the books against running sums."""
    logs = _logs(site, "ledger")
    if logs is None or "balance" not in logs.table("ledger"):
        return
    from kube_research.finance.closing import ledger_balances

    ledger = logs.table("ledger")
    wrong = int(ledger_balances(ledger)["difference"].fillna(0).ne(0).sum())
    yield Row("05", text("check.balances", lang), "0", str(wrong), grade_of(ledger), "ledger")


def _direction(site: Site, lang: str) -> Iterator[Row]:
    """'Rose' against the sign of the change in the ratings."""
    direction = _fact(site, "round_2_direction")
    logs = _logs(site, "ratings")
    if direction is None or logs is None or logs.table("ratings")["round"].nunique() < 2:
        return
    means = score_items(logs.table("ratings")).pivot(index="item", columns="round", values="mean")
    change = means.iloc[:, -1] - means.iloc[:, 0]  # the first round against the last
    if site.has("item_means"):
        change = change[change.index.isin(site.table("item_means")["item"])]
    up = int((change > 0).sum())
    rose = text("check.rose", lang)
    again = (
        rose if up == len(change) else text("check.not_all_rose", lang, count=up, total=len(change))
    )
    printed = rose if direction["value"] == "rose" else str(direction["value"])
    yield Row(
        "06",
        text("check.direction", lang),
        printed,
        again,
        logs.info.evidence,
        direction["locator"],
    )


def _files(site: Site, lang: str) -> Iterator[Row]:
    """Bundled files against the checksums on record."""
    from kube_research.files import home
    from kube_research.site.checksums import changed_files, recorded_checksums
    from kube_research.site.folder import bundled_sites

    for name in (site.folder.name, site.info.twin):
        bundled = home() / "data" / name
        if name not in bundled_sites() or (name == site.folder.name and bundled != site.folder):
            continue
        count, changed = len(recorded_checksums(name)), changed_files(name)
        printed = again = text("check.files_value", lang, count=count)
        if changed:
            again = text("check.files_changed", lang, count=count, names=", ".join(changed))
        grade = "simulated" if name == site.info.twin else site.info.evidence
        yield Row(
            "01", text("check.files", lang, site=name), printed, again, grade, "data/index.csv"
        )


#: Every check with the notebooks that its rows belong to.
CHECKS: dict[Callable[[Site, str], Iterator[Row]], tuple[str, ...]] = {
    _files: ("01",),
    _counts: ("01", "02"),
    _dates: ("01", "03"),
    _calendar: ("01",),
    _income: ("01",),
    _conflicts: ("01",),
    _printed_means: ("02",),
    _repeated_means: ("02",),
    _exact_totals: ("02",),
    _rater_counts: ("02",),
    _weak_items: ("02",),
    _attendance: ("03",),
    _targets: ("04",),
    _iks: ("05",),
    _balances: ("05",),
    _direction: ("06",),
}


COLUMNS = ("notebook", "check", "printed", "recomputed", "verdict", "evidence", "locator")
_ORDER = {"mismatch": 0, "conflict": 1, "match": 2}


def scoreboard(site: Site, *, notebook: str | None = None, lang: str = "en") -> pd.DataFrame:
    """Return every printed value beside the value computed again from other data.

    Parameters
    ----------
    site : Site
        The site. What it lacks (raw ratings, attendance, ledger) is taken from its simulated twin, and
        such rows are graded ``simulated``: they show that the pipeline returns the printed digits, not
        that the field data did.
    notebook : str, optional
        Only the rows of one notebook, such as ``"02"``.
    lang : {"en", "id"}
        Language of the descriptions.

    Returns
    -------
    DataFrame
        ``notebook``, ``check``, ``printed``, ``recomputed``, ``verdict`` (``match``, ``mismatch``, or
        ``conflict`` where the source contradicts itself and both readings are on record),
        ``evidence``, ``locator``; mismatches first. Tables that a site lacks give no rows.

    Examples
    --------
    >>> import kube_research as kr
    >>> board = scoreboard(kr.load_site("cibeunying"))
    >>> int((board["verdict"] == "mismatch").sum())
    0
    """
    check_language(lang)
    wanted = [check for check, of in CHECKS.items() if notebook is None or notebook in of]
    rows = [row.judged() for check in wanted for row in check(site, lang)]
    frame = pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS), dtype="string")
    if notebook is not None:
        frame = frame[frame["notebook"] == notebook]
    place = frame["verdict"].map(_ORDER)
    return frame.iloc[place.argsort(kind="stable")].reset_index(drop=True)


def headline(board: pd.DataFrame, lang: str = "en") -> str:
    """Return the one-line total of a scoreboard."""
    counts = {verdict: int((board["verdict"] == verdict).sum()) for verdict in _ORDER}
    return text("score.headline", lang, total=len(board), **counts)
