"""The scoreboard: printed values, what they are held against, and what an agreement is worth."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.errors import MissingTableError
from kube_research.evidence.numbers import consistent_n
from kube_research.evidence.printed import parse_printed, print_number
from kube_research.formats import day_of
from kube_research.frames import documented, grade_of, grades_by, pick, weakest
from kube_research.peka.priorities import classify_items
from kube_research.peka.scores import as_answered, score_items, score_means
from kube_research.study.case import months_between, percentages
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from kube_research.site.folder import Site


#: What an agreement can be worth, from the only kind that the headline counts downwards.
AGREEMENTS = ("recomputed", "compatible", "copied", "by construction", "conflict")


@dataclass
class Row:
    """One printed value beside the recomputed one.

    Without a verdict of its own, equal text is a match and anything else a mismatch; without a
    notebook of its own, it belongs to the first that its check names.
    """

    check: str
    printed: str
    recomputed: str
    evidence: str
    locator: str
    verdict: str = ""
    notebook: str = ""
    agreement: str = ""

    def __post_init__(self) -> None:
        same = self.printed == self.recomputed
        self.verdict = self.verdict or ("match" if same else "mismatch")


Check = Callable[["Site", str], Iterator[Row]]


@dataclass(frozen=True)
class Declared:
    """What is declared of a check: the notebooks of its rows, and what agreement is worth there."""

    notebooks: tuple[str, ...]
    agreement: str

    def worth(self, row: Row) -> str:
        """Return the kind of agreement of a row: what a generator drew can only agree with itself."""
        return "by construction" if row.evidence == "simulated" else self.agreement


#: Every check, in the order of the scoreboard.
CHECKS: dict[Check, Declared] = {}


def _check(*notebooks: str, agreement: str) -> Callable[[Check], Check]:
    """Register a function as a check; where the site lacks what it reads, it has no rows."""

    def register(function: Check) -> Check:
        CHECKS[function] = Declared(notebooks, agreement)
        return function

    return register


class _NoFact(LookupError):
    """The site's facts do not name what a check needs."""


def _fact(site: Site, name: str) -> pd.Series:
    """Return the row of a fact."""
    facts = pick(site.table("facts"), fact=name)
    if facts.empty:
        raise _NoFact(name)
    return facts.iloc[0]


@_check("01", agreement="by construction")
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
        yield Row(text("check.files", lang, site=name), printed, again, grade, "data/index.csv")


@_check("02", agreement="recomputed")
def _fields(site: Site, lang: str) -> Iterator[Row]:
    """Hold the number of fields that the source states against those it lists."""
    stated, count = _fact(site, "fields"), str(len(site.fields_table))
    check = text("check.fields", lang)
    yield Row(check, stated["value"], count, "published", stated["locator"])


@_check("01", agreement="recomputed")
def _groups(site: Site, lang: str) -> Iterator[Row]:
    """Hold the number of groups that the source states against those it lists."""
    stated, count = _fact(site, "groups"), str(len(site.info.groups))
    check = text("check.groups", lang)
    yield Row(check, stated["value"], count, "published", stated["locator"])


def _printed(site: Site, column: str) -> Iterator[tuple[dict[Hashable, Any], str]]:
    """Return the activities of which a column keeps the printed text, each with its notebook."""
    activities = site.table("activities")
    if column in activities:
        for row in activities[activities[column].notna()].to_dict("records"):
            yield row, "03" if row["kind"] == "meeting" else "01"


def _printed_days(site: Site) -> Iterator[tuple[dict[Hashable, Any], str]]:
    """Return the activities whose day is printed: neither drawn nor known between two days only."""
    for row, notebook in _printed(site, "printed_date"):
        if row["precision"] != "between" and row["evidence"] != "simulated":
            yield row, notebook


@_check("01", "03", agreement="copied")
def _dates(site: Site, lang: str) -> Iterator[Row]:
    """Dates as printed, against our ISO dates written out in Indonesian."""
    for row, notebook in _printed_days(site):
        printed = row["printed_date"]
        form = "d MMMM y" if printed[0].isdigit() else "EEEE d MMMM y"
        again = day_of(row["date"], "id", form)
        if row["precision"] == "span":
            again += f" - {day_of(row['last_date'], 'id', form)}"
        check = text("check.date", lang, activity=row[f"title_{lang}"])
        yield Row(check, printed, again, row["evidence"], row["locator"], notebook=notebook)


@_check("01", "03", agreement="recomputed")
def _weekdays(site: Site, lang: str) -> Iterator[Row]:
    """Weekdays as printed, against the calendar on the printed day."""
    for row, notebook in _printed_days(site):
        weekday = row["printed_date"].partition(" ")[0]
        if not weekday[0].isdigit():
            check = text("check.weekday", lang, activity=row[f"title_{lang}"])
            again = day_of(row["date"], "id", "EEEE")
            yield Row(check, weekday, again, "derived", row["locator"], notebook=notebook)


@_check("01", "03", agreement="copied")
def _hours(site: Site, lang: str) -> Iterator[Row]:
    """Hours as printed, against the hours of our table."""
    for row, notebook in _printed(site, "printed_hours"):
        again = f"{row['start']} - {row['end']}".replace(":", ".")
        check = text("check.hours", lang, activity=row[f"title_{lang}"])
        printed, locator = row["printed_hours"], row["locator"]
        yield Row(check, printed, again, "published", locator, notebook=notebook)


@_check("01", agreement="recomputed")
def _programme_months(site: Site, lang: str) -> Iterator[Row]:
    """Hold the length of the mentoring against its first and last day."""
    stated = _fact(site, "programme_months")
    first, last = (_fact(site, f"fieldwork_{end}")["value"] for end in ("start", "end"))
    whole = str(months_between(pd.Timestamp(first), pd.Timestamp(last)))
    check = text("check.programme_months", lang)
    yield Row(check, stated["value"], whole, "derived", stated["locator"])


@_check("01", agreement="recomputed")
def _groups_start(site: Site, lang: str) -> Iterator[Row]:
    """Hold two statements on how long the groups had been running against each other."""
    early, late = (_fact(site, f"months_running_at_{when}") for when in ("peka_1", "kuber"))
    days = site.table("activities").set_index("activity")["date"]
    begun = [
        (days[activity] - pd.DateOffset(months=int(fact["value"]))).date()
        for activity, fact in (("preparation_meeting", early), ("kuber", late))
    ]
    printed, again = (day_of(day, lang, "MMMM y") for day in begun)
    locator = f"{early['locator']}; {late['locator']}"
    yield Row(text("check.groups_start", lang), printed, again, "derived", locator)


@_check("01", agreement="recomputed")
def _income(site: Site, lang: str) -> Iterator[Row]:
    """Incomes that are said to lie below the minimum wage."""
    high, wage = _fact(site, "income_high"), _fact(site, "minimum_wage")
    below = int(high["value"]) < int(wage["value"])
    stated = text("check.below", lang)
    again = stated if below else text("check.not_below", lang)
    yield Row(text("check.income", lang), stated, again, "derived", wage["locator"])


def _recount(site: Site, conflict: str) -> str | None:
    """Count again what a conflict is about, where the tables allow it."""
    if conflict == "informants" and site.has("facts"):
        parts = [f"informants_{part}" for part in ("officers", "members", "leaders")]
        return str(pick(site.table("facts"), fact=parts)["value"].astype(int).sum())
    if conflict == "meetings" and site.has("agenda"):
        return str(site.table("agenda")["activity"].nunique())
    if conflict == "activities_count" and site.has("monitoring"):
        return str(site.table("monitoring")["activity"].nunique())
    if conflict == "round_2_before_kuber" and site.has("rounds"):
        return str(site.table("rounds")["date"].max().date())
    if conflict == "groups":
        return " ".join(site.info.groups)
    return None


@_check("01", agreement="conflict")
def _conflicts(site: Site, lang: str) -> Iterator[Row]:
    """Where the source contradicts itself: all readings as printed, none of them recomputed.

    A recount must at least equal one of them; it is shown only where it does not.
    """
    for name, part in site.table("conflicts").groupby("conflict", sort=False):
        again, readings = _recount(site, str(name)), list(part["value"].astype("str"))
        agrees = again is None or again in readings
        labels, printed = (" / ".join(words) for words in (part[f"label_{lang}"], readings))
        grade, verdict = weakest(part["evidence"]), "conflict" if agrees else "mismatch"
        yield Row(labels, printed, "" if agrees else str(again), grade, _places(part), verdict)


def _places(rows: pd.DataFrame) -> str:
    """Return where several rows are printed, each place once."""
    places = "; ".join(rows["locator"].dropna()).split("; ")
    return "; ".join(dict.fromkeys(places))


def _cut_means(site: Site) -> pd.DataFrame:
    """Return the printed means of a site that says by which rule they were cut."""
    means = site.table("item_means")
    return means if site.info.rounding != "any" else means.iloc[:0]


def _printed_again(total: int, n: int, printed: str, rounding: str) -> str:
    """Print a total over a number of raters with the digits of a printed mean."""
    return print_number(Fraction(int(total), int(n)), parse_printed(printed)[1], rounding)


@_check("02", agreement="recomputed")
def _printed_means(site: Site, lang: str) -> Iterator[Row]:
    """Item means printed against the same mean from raw ratings, cut by the site's rule."""
    means, ratings = _cut_means(site), site.with_raw_logs("ratings").table("ratings")
    scores = score_items(as_answered(ratings))[["round", "item", "total", "n"]]
    rated = means.merge(scores, on=["round", "item"], how="left", suffixes=("", "_rated"))
    for row in rated.to_dict("records"):
        again = "-"
        if pd.notna(row["total"]):
            again = _printed_again(row["total"], row["n_rated"], row["mean"], site.info.rounding)
        check = text("check.mean", lang, item=row["item"], round=row["round"])
        yield Row(check, row["mean"], again, grade_of(ratings), row["locator"])


@_check("02", agreement="copied")
def _repeated_means(site: Site, lang: str) -> Iterator[Row]:
    """Means that the source prints in more than one place."""
    means = site.table("item_means")
    facts = {row["fact"]: row for row in site.table("facts").to_dict("records")}
    for item, mean in zip(means["item"], means["mean"], strict=True):
        repeated = facts.get(f"mean_item_{item}_repeated")
        if repeated:
            check = text("check.mean_repeated", lang, item=item)
            yield Row(check, mean, repeated["value"], "published", repeated["locator"])


@_check("02", agreement="by construction")
def _exact_totals(site: Site, lang: str) -> Iterator[Row]:
    """Print each mean again from the one total it allows."""
    means, rounding = _cut_means(site), site.info.rounding
    if means.empty:
        return
    plain = means.drop(columns="mean_recoded", errors="ignore")  # what is printed is not turned
    scores = score_means(plain, scale=site.info.scale, rounding=rounding)
    for row, locator in zip(scores.to_dict("records"), means["locator"], strict=True):
        again = "-"
        if pd.notna(row["total"]):
            again = _printed_again(row["total"], row["n"], row["printed"], rounding)
        elif row["totals"]:
            continue
        check = text("check.total", lang, item=row["item"])
        yield Row(check, row["printed"], again, row["evidence"], locator)


@_check("02", agreement="recomputed")
def _raters_counted(site: Site, lang: str) -> Iterator[Row]:
    """Raters of each round: stated, and in the raw ratings."""
    ratings = site.with_raw_logs("ratings").table("ratings")
    for row in site.table("rounds").to_dict("records"):
        rated = pick(ratings, round=row["round"])
        if len(rated):
            check = text("check.raters", lang, round=row["round"])
            count, grade = (
                str(rated["rater"].nunique()),
                weakest([row["evidence"], grade_of(rated)]),
            )
            yield Row(check, str(row["n_raters"]), count, grade, row["locator"])


@_check("02", agreement="compatible")
def _raters_implied(site: Site, lang: str) -> Iterator[Row]:
    """Raters of each round: stated, and all numbers for which all its means are possible."""
    for number, part in _cut_means(site).groupby("round"):
        stated = part["n"].unique()
        if len(part) < 3 or len(stated) > 1:
            continue
        able = consistent_n(part["mean"].tolist(), 60, rounding=site.info.rounding)
        again = ", ".join(map(str, able)) or "-"
        check = text("check.raters_implied", lang, round=number)
        verdict = "match" if stated[0] in able else "mismatch"
        yield Row(check, str(stated[0]), again, "derived", "Table 2", verdict)


@_check("02", agreement="by construction")
def _weak_items(site: Site, lang: str) -> Iterator[Row]:
    """Hold the items printed as weak against those that every plausible threshold calls weak."""
    means = site.table("item_means")
    site.table("conflicts")  # a source that does not contradict itself has no such list
    verdicts = classify_items(means, threshold=min(site.info.thresholds))
    weak = sorted(set(verdicts.loc[verdicts["strength"] == "weak", "item"]))
    printed, again = (" ".join(map(str, items)) for items in (sorted(means["item"]), weak))
    yield Row(text("check.weak_items", lang), printed, again, "derived", "Table 2, part 2")


@_check("03", agreement="recomputed")
def _attendance(site: Site, lang: str) -> Iterator[Row]:
    """Hold the printed attendance band against the rates of the attendance list."""
    from kube_research.attendance.rates import attendance_rates

    low, high = _fact(site, "attendance_low"), _fact(site, "attendance_high")
    attendance = site.with_raw_logs("attendance").table("attendance")
    rates = attendance_rates(attendance)["rate"] * 100
    inside = rates.between(int(low["value"]), int(high["value"])).all()
    yield Row(
        text("check.attendance", lang),
        f"{low['value']}-{high['value']}",
        f"{rates.min():.0f}-{rates.max():.0f}",
        grade_of(attendance),
        low["locator"],
        "match" if inside else "mismatch",
    )


@_check("04", agreement="copied")
def _targets(site: Site, lang: str) -> Iterator[Row]:
    """Targets as the printed monitoring tables word them, against the outcomes table."""
    targets = site.table("monitoring").query("aspect == 'target' and evidence == 'published'")
    outcomes = site.table("outcomes").dropna(subset=["target_pct"])
    titles = site.table("activities").set_index("activity")[f"title_{lang}"]
    for row in targets.to_dict("records"):
        stated = percentages(row[f"text_{lang}"])
        place = f", target {row['order']}"
        recorded = outcomes[
            (outcomes["activity"] == row["activity"])
            & outcomes["locator"].str.contains(place, regex=False)
        ]
        again = f"{recorded['target_pct'].iloc[0]:g}" if len(recorded) else "-"
        check = text("check.target", lang, order=row["order"], activity=titles[row["activity"]])
        yield Row(check, stated[0] if stated else "?", again, "published", row["locator"])


@_check("05", agreement="recomputed")
def _iks(site: Site, lang: str) -> Iterator[Row]:
    """Hold the printed IKS shares against what a ledger sets aside; a site's own rule is no print."""
    from kube_research.finance.iks import iks_against_rule

    printed = site.table("iks_rule").query("evidence == 'published'")
    ledger = site.with_raw_logs("ledger").table("ledger")
    rule = printed.set_index("purpose")
    held = iks_against_rule(ledger, printed, bases="profit").astype({"pct_of_base": "float64"})
    for row in held.to_dict("records"):
        about = rule.loc[row["purpose"]]
        check = text("check.iks_share", lang, purpose=about[f"label_{lang}"])
        agreed, set_aside = f"{row['agreed_pct']:g}", f"{row['pct_of_base']:.6g}"
        yield Row(check, agreed, set_aside, grade_of(ledger), about["locator"])


@_check("05", agreement="recomputed")
def _balances(site: Site, lang: str) -> Iterator[Row]:
    """Balances written in the books, counted, against those that equal the running sum."""
    from kube_research.finance.closing import ledger_balances

    ledger = site.with_raw_logs("ledger").table("ledger")
    if "balance" in ledger:
        written = ledger_balances(ledger)["difference"].dropna()
        count, right = str(len(written)), str(int(written.eq(0).sum()))
        yield Row(text("check.balances", lang), count, right, grade_of(ledger), "ledger")


@_check("06", agreement="recomputed")
def _direction(site: Site, lang: str) -> Iterator[Row]:
    """'Rose' against the sign of the change in the ratings."""
    direction = _fact(site, "round_2_direction")
    ratings = site.with_raw_logs("ratings").table("ratings")
    if ratings["round"].nunique() < 2:
        return
    means = score_items(ratings).pivot(index="item", columns="round", values="mean")
    change = means.iloc[:, -1] - means.iloc[:, 0]  # the first round against the last
    if site.has("item_means"):
        change = change[change.index.isin(site.table("item_means")["item"])]
    up, total = int((change > 0).sum()), len(change)
    rose = text("check.rose", lang)
    again = rose if up == total else text("check.not_all_rose", lang, count=up, total=total)
    printed = rose if direction["value"] == "rose" else str(direction["value"])
    check = text("check.direction", lang)
    yield Row(check, printed, again, grade_of(ratings), direction["locator"])


COLUMNS = (
    "notebook",
    "check",
    "printed",
    "recomputed",
    "verdict",
    "agreement",
    "evidence",
    "locator",
)
_ORDER = {"mismatch": 0, "match": 1, "conflict": 2}
_COUNTED = ("match", "mismatch", "conflict")


def _rows(check: Check, site: Site, lang: str) -> list[Row]:
    """Return the rows of a check: none where the site lacks what it reads."""
    try:
        rows = list(check(site, lang))
    except (MissingTableError, _NoFact):
        return []
    for row in rows:
        row.notebook = row.notebook or CHECKS[check].notebooks[0]
        row.agreement = CHECKS[check].worth(row)
    return rows


def scoreboard(site: Site, *, notebook: str | None = None, lang: str = "en") -> pd.DataFrame:
    """Return every printed value beside what it is held against.

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
        ``conflict`` where the source contradicts itself: ``printed`` then holds all its readings),
        ``agreement``, ``evidence``, ``locator``; mismatches first. Tables that a site lacks give no
        rows.

        ``agreement`` says what a match is worth: ``recomputed`` (from other printed values or field
        records, so that either side could have been wrong), ``compatible`` (allowed by other printed
        values, not forced by them), ``copied`` (the same value in two places), ``by construction``
        (our own rule, generator or index put in what comes out), ``conflict``.

    Examples
    --------
    >>> import kube_research as kr
    >>> board = scoreboard(kr.load_site("cibeunying"))
    >>> int((board["verdict"] == "mismatch").sum())
    0
    """
    check_language(lang)
    wanted = [check for check, of in CHECKS.items() if notebook in (None, *of.notebooks)]
    rows = [asdict(row) for check in wanted for row in _rows(check, site, lang)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype="string").fillna({"locator": ""})
    if notebook is not None:
        frame = frame[frame["notebook"] == notebook]
    order = {name: place for place, name in enumerate(AGREEMENTS)}
    place = 10 * frame["verdict"].map(_ORDER) + frame["agreement"].map(order)
    return frame.iloc[place.argsort(kind="stable")].reset_index(drop=True)


@documented
def agreements(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Count the scoreboard by kind of agreement, and say what each kind is worth.

    Parameters
    ----------
    site : Site
        As for :func:`scoreboard`.
    |lang|

    Returns
    -------
    DataFrame
        One row per kind: ``agreement``, ``meaning`` (in ``lang``), ``rows``, ``match``,
        ``mismatch``, ``conflict``, ``evidence`` (weakest grade; missing without rows). Only the
        first kind speaks for the study.

    Examples
    --------
    >>> import kube_research as kr
    >>> agreements(kr.load_site("cibeunying"))["mismatch"].sum().item()
    0
    """
    board = scoreboard(site, lang=lang)
    verdicts = pd.crosstab(board["agreement"], board["verdict"])
    counts = verdicts.reindex(index=list(AGREEMENTS), columns=list(_COUNTED), fill_value=0)
    counts = counts.assign(evidence=grades_by(board, ["agreement"]))
    meanings = [text(f"agreement.{_word(kind)}", lang) for kind in AGREEMENTS]
    counts.insert(0, "rows", counts[list(_COUNTED)].sum(axis=1))
    counts.insert(0, "meaning", pd.Series(meanings, index=counts.index, dtype="string"))
    return counts.rename_axis("agreement").rename_axis(None, axis=1).reset_index()


def _word(kind: str) -> str:
    return kind.replace(" ", "_")


def headline(board: pd.DataFrame, lang: str = "en") -> str:
    """Return the total of a scoreboard: what was recomputed, and apart from it all else."""
    kinds = board["agreement"].value_counts()
    agree = board.loc[board["verdict"] != "mismatch", "agreement"].value_counts()
    counts = {_word(kind): int(agree.get(kind, 0)) for kind in AGREEMENTS}
    mismatch = int((board["verdict"] == "mismatch").sum())
    total = int(kinds.get("recomputed", 0))
    return text("score.headline", lang, total=total, mismatch=mismatch, **counts)
