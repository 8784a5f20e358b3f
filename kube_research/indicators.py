"""The indicators of attendance and group finance: one declared table drives code, docs and tables."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.frames import need_option, weakest
from kube_research.texts import LANGUAGES, check_language, text

if TYPE_CHECKING:
    from kube_research.site import Site

#: Name of the row that holds all groups together.
ALL = "all"
STATUSES = ("computed", "not applicable", "unknown", "no data")


@dataclass(frozen=True)
class Indicator:
    """One indicator as ``indicators.toml`` declares it.

    Attributes
    ----------
    name, topic : str
    source_frame : str
        Key of the frame it is read from (see ``indicator_frames``).
    low, high : str
        Columns of that frame; the same for an indicator known exactly.
    unit : {"share", "rupiah", "days", "months", "count", "ratio", "yes_no"}
    reading : {"higher", "lower", "neither"}
        Which way is better.
    needs : tuple of str
        Tables without which it cannot be computed.
    basis : {"published", "study", "ours"}
        Whose definition it is.
    sources, labels, formulas : dict of str to str
        By language: where the definition comes from (blank for ours), name, how it is computed.
    """

    name: str
    topic: str
    source_frame: str
    low: str
    high: str
    unit: str
    reading: str
    needs: tuple[str, ...]
    basis: str
    sources: dict[str, str]
    labels: dict[str, str]
    formulas: dict[str, str]


@cache
def indicators() -> dict[str, Indicator]:
    """Return every indicator by name, in the order of the table.

    Examples
    --------
    >>> indicators()["savings_gini"].reading
    'lower'
    """
    with (Path(__file__).parent / "indicators.toml").open("rb") as handle:
        declared = tomllib.load(handle)
    done = {}
    for name, entry in declared.items():
        column, source = entry.get("column", ""), entry.get("source", "")
        done[name] = Indicator(
            name=name,
            topic=entry["topic"],
            source_frame=entry["from"],
            low=entry.get("low", column),
            high=entry.get("high", column),
            unit=entry["unit"],
            reading=entry["reading"],
            needs=tuple(entry["needs"]),
            basis=entry["basis"],
            sources={
                lang: source if isinstance(source, str) else source[lang] for lang in LANGUAGES
            },
            labels={lang: entry[lang]["label"] for lang in LANGUAGES},
            formulas={lang: entry[lang]["formula"] for lang in LANGUAGES},
        )
    return done


def indicator_definitions(*, lang: str = "en") -> pd.DataFrame:
    """Return what every indicator is: name, formula, unit, reading, source.

    Parameters
    ----------
    lang : {"en", "id"}

    Returns
    -------
    DataFrame
        ``indicator``, ``topic``, ``label``, ``formula``, ``unit``, ``reading``, ``basis``, ``source``,
        ``needs`` (tables), in the order of the table.

    Examples
    --------
    >>> indicator_definitions(lang="id").set_index("indicator").loc["savings_gini", "unit"]
    'rasio'
    """
    check_language(lang)
    return pd.DataFrame(
        [
            {
                "indicator": one.name,
                "topic": text(f"indicator.topic_{one.topic}", lang),
                "label": one.labels[lang],
                "formula": one.formulas[lang],
                "unit": text(f"indicator.unit_{one.unit}", lang),
                "reading": text(f"indicator.reading_{one.reading}", lang),
                "basis": text(f"indicator.basis_{one.basis}", lang),
                "source": one.sources[lang],
                "needs": ", ".join(f"{name}.csv" for name in one.needs),
            }
            for one in indicators().values()
        ]
    )


def indicator_values(site: Site, *, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Compute indicators for every group and for all groups together.

    Parameters
    ----------
    site : Site
        What its tables do not hold is said, never filled in.
    names : sequence of str, optional
        Indicators wanted; all by default.

    Returns
    -------
    DataFrame
        One row per indicator and group (``all`` for all together): ``indicator``, ``topic``, ``group``,
        ``value`` (missing unless known exactly), ``low``, ``high``, ``unit``, ``reading``, ``status``
        (``computed``; ``not applicable``, such as a loan indicator where nobody lends; ``unknown``;
        ``no data``, with the file that is missing in ``reason``), ``few``, ``reason``, ``evidence``.

    Raises
    ------
    kube_research.errors.OptionError
        For an indicator that does not exist.

    Examples
    --------
    >>> import kube_research as kr
    >>> done = indicator_values(kr.load_site("cibeunying-simulated"), names=["average_loan_size"])
    >>> set(done["status"])
    {'not applicable'}
    """
    known = indicators()
    wanted = list(known) if names is None else list(names)
    for name in wanted:
        need_option("names", name, tuple(known))
    # Tables of a loaded site never change, so each frame is worked out once a site.
    frames: dict[str, pd.DataFrame] = site.__dict__.setdefault("_indicator_frames", {})
    rows: list[dict[str, Any]] = []
    for one in (known[name] for name in wanted):
        missing = [name for name in one.needs if not site.has(name)]
        if missing:
            rows += _without(site, one, missing)
            continue
        if one.source_frame not in frames:
            from kube_research.indicator_frames import FRAMES

            frames[one.source_frame] = FRAMES[one.source_frame](site)
        rows += _read(site, one, frames[one.source_frame])
    done = pd.DataFrame(rows)
    for name in ("indicator", "topic", "group", "unit", "reading", "status", "reason", "evidence"):
        done[name] = done[name].astype("string")
    for name in ("value", "low", "high"):
        done[name] = done[name].astype("Float64")
    return done


def _row(one: Indicator, group: str) -> dict[str, Any]:
    head: dict[str, Any] = {"indicator": one.name, "topic": one.topic, "group": group}
    head |= {"value": None, "low": None, "high": None, "unit": one.unit, "reading": one.reading}
    return head | {"status": "unknown", "few": False, "reason": "", "evidence": None}


def _without(site: Site, one: Indicator, missing: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Say for every group which files would hold what is missing."""
    files = ", ".join(f"{name}.csv" for name in missing)
    for group in (*site.info.groups, ALL):
        reason = text("indicator.needs_file", site.info.language, files=files)
        yield _row(one, group) | {"status": "no data", "reason": reason}


def _read(site: Site, one: Indicator, frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Read one indicator from its frame, group by group."""
    by_group = {str(row["group"]): row for row in frame.to_dict("records")}
    for group in (*site.info.groups, ALL):
        row, found = _row(one, group), by_group.get(group)
        if found is None:
            yield row
            continue
        low, high = found.get(one.low), found.get(one.high)
        row["few"] = bool(found.get("few", False))
        row["reason"] = found.get(f"{one.low}_reason") or ""
        if pd.isna(low) or pd.isna(high):
            yield row | {"status": found.get(f"{one.low}_status") or "unknown"}
            continue
        row |= {"low": float(low), "high": float(high), "status": "computed"}
        row["value"] = row["low"] if row["low"] == row["high"] else None
        grade = str(found["evidence"])
        yield row | {"evidence": grade if row["value"] is not None else weakest([grade, "bounded"])}


def shown(row: Mapping[Any, Any], lang: str = "en") -> str:
    """Return the value of an indicator as readers of ``lang`` write it, with its unit.

    Parameters
    ----------
    row : mapping
        A row of :func:`indicator_values`.
    lang : {"en", "id"}

    Returns
    -------
    str
        A number with its unit, a range, or why there is none.

    Examples
    --------
    >>> row = {"unit": "share", "low": 0.5, "high": 0.5, "status": "computed", "few": False}
    >>> shown(row), shown(row | {"unit": "rupiah", "low": 15000.0, "high": 20000.0}, "id")
    ('50%', 'Rp 15.000 – Rp 20.000')
    """
    from kube_research.formats import number, percent, rupiah, whole

    status = row["status"].replace(" ", "_")
    if status != "computed":
        return text(f"indicator.status_{status}", lang)
    forms: dict[str, Callable[[float], str]] = {
        "share": lambda value: percent(100 * value, lang),
        "rupiah": lambda value: rupiah(round(value), lang),
        "ratio": lambda value: number(value, lang),
        "yes_no": lambda value: text("indicator.yes" if value else "indicator.no", lang),
        "count": lambda value: whole(round(value), lang),
    }
    form = forms.get(row["unit"], forms["count"])
    ends = dict.fromkeys(form(float(row[end])) for end in ("low", "high"))
    return " – ".join(ends)


def indicators_table(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Return the indicators as a table to print: one row an indicator, one column a group.

    Parameters
    ----------
    site : Site
        With raw logs.
    lang : {"en", "id"}

    Returns
    -------
    DataFrame
        Columns in ``lang``: topic, indicator, which way is better, one column per group, all groups,
        evidence. A star marks rows of fewer than five people.

    Raises
    ------
    kube_research.errors.MissingTableError
        If the site has neither attendance nor a ledger.

    Examples
    --------
    >>> import kube_research as kr
    >>> table = indicators_table(kr.load_site("cibeunying-simulated"), lang="id")
    >>> table.columns[1], len(table) > 20
    ('Indikator', True)
    """
    check_language(lang)
    if not site.has("attendance"):
        site.table("ledger", lang)
    values = indicator_values(site)
    rows = []
    for name, part in values.groupby("indicator", sort=False):
        one = indicators()[str(name)]
        row = {
            text("indicator.head_topic", lang): text(f"indicator.topic_{one.topic}", lang),
            text("indicator.head_indicator", lang): one.labels[lang],
            text("indicator.head_reading", lang): text(f"indicator.reading_{one.reading}", lang),
        }
        for line in part.to_dict("records"):
            head = line["group"] if line["group"] != ALL else text("indicator.head_all", lang)
            row[head] = shown(line, lang) + ("*" if line["few"] else "")
        grades = part["evidence"].dropna().unique()
        row["evidence"] = weakest([str(grade) for grade in grades]) if len(grades) else ""
        rows.append(row)
    return pd.DataFrame(rows)
