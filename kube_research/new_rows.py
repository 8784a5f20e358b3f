"""What stands in the tables of a new site: a starter instrument, and an example marked as one."""

from __future__ import annotations

import tomllib
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from kube_research.schema import Table, tables
from kube_research.texts import text

#: The tables of a new site that hold an example, in the order in which they are filled in.
FILLED = (
    "fields", "items", "rounds", "ratings", "activities", "members", "attendance", "ledger",
    "agenda", "outcomes", "rtl", "monitoring",
)  # fmt: skip

#: Columns that only those need who copy a printed source, or that an import fills in.
_LEFT_OUT = frozenset(
    {
        ("items", "field_basis"), ("activities", "printed_date"), ("activities", "printed_hours"),
        ("activities", "sessions"), ("activities", "precision"), ("outcomes", "match"),
        ("outcomes", "achieved_comparison"), ("outcomes", "achieved_label_id"),
        ("outcomes", "achieved_label_en"), ("ratings", "submission"),
        ("ratings", "submission_no"), ("ratings", "submitted"),
    }
)  # fmt: skip

_STATUS = {"p": "present", "l": "late", "e": "excused", "a": "absent", "r": "represented"}

Row = dict[str, Any]


@cache
def starter() -> dict[str, Any]:
    """Return what a new site is made from; see ``starter.toml``."""
    with (Path(__file__).parent / "starter.toml").open("rb") as handle:
        return tomllib.load(handle)


def other_tables() -> list[Table]:
    """Return the tables of a new site that have headers only, in the order of the codebook."""
    return [table for table in tables().values() if table.name not in FILLED]


def new_columns(name: str) -> list[str]:
    """Return the columns that a table of a new site has.

    Examples
    --------
    >>> new_columns("ratings")
    ['round', 'group', 'rater', 'item', 'score', 'evidence', 'locator']
    """
    return [column for column in tables()[name].names if (name, column) not in _LEFT_OUT]


def new_rows(lang: str) -> dict[str, list[Row]]:
    """Return the rows of every table of a new site that has any.

    Parameters
    ----------
    lang : {"en", "id"}
        Language of codes and marks.

    Returns
    -------
    dict of str to list of dict
        Values by column, for the tables of :data:`FILLED`. Rows of the example have the evidence
        ``simulated`` and a locator that says so; the instrument has no evidence of its own, and a
        locator that says that it is a starter.

    Examples
    --------
    >>> rows = new_rows("id")
    >>> len(rows["items"]), rows["members"][0]["person"], rows["members"][0]["evidence"]
    (21, 'contoh-K1-1', 'simulated')
    """
    given = starter()
    word = text("new.example", lang)

    def said(value: Any) -> Any:
        value = value[lang == "en"] if isinstance(value, list) else value
        return value.replace("{word}", word) if isinstance(value, str) else value

    rows: dict[str, list[Row]] = {
        name: [{column: said(value) for column, value in row.items()} for row in part]
        for name, part in given["rows"].items()
    }
    for row in rows["activities"]:
        for tongue in ("id", "en"):
            title = row[f"title_{tongue}"]
            row[f"title_{tongue}"] = f"{text('new.example_title', tongue)}: {title}"
    for row, names in zip(rows["rounds"], given["rows"]["rounds"], strict=True):
        for column, tongue in (("label", "en"), ("label_id", "id")):
            title = text("new.example_title", tongue)
            row[column] = names["label"][tongue == "en"].format(mark=title)
    rows["ratings"] = _ratings(given["example"], word)
    rows["attendance"] = _attendance(given["attendance"], rows["members"])
    for part in rows.values():
        for row in part:
            row |= {"evidence": "simulated", "locator": word}
    numbers = count(1)
    names = given["fields"]
    rows["fields"] = [
        {"field_no": int(number), "field_id": ours, "field_en": theirs}
        for number, (ours, theirs) in names.items()
    ]
    rows["items"] = [
        {
            "item": next(numbers),
            "field_no": int(number),
            "field_id": names[number][0],
            "field_en": names[number][1],
            "statement_id": ours,
            "statement_en": theirs,
            "direction": "positive",
            "locator": text("new.starter", lang),
        }
        for number, statements in given["statements"].items()
        for ours, theirs in statements
    ]
    return {name: rows[name] for name in FILLED}


def _ratings(example: dict[str, Any], word: str) -> list[Row]:
    """Make up scores: what the statement has, what the rater adds, and the gain of its field."""
    low, high = example["scale"]
    each = len(example["scores"]) // len(example["gains"])
    rows = []
    for number in (1, 2):
        for code, lean in example["raters"]:
            for item, score in enumerate(example["scores"], start=1):
                gain = example["gains"][(item - 1) // each] if number == 2 else 0
                moved = score + gain + (lean if (item + len(code)) % 2 else 0)
                rows.append(
                    {
                        "round": number,
                        "group": code.split("-")[0],
                        "rater": f"{word}-{code}",
                        "item": item,
                        "score": min(max(moved, low), high),
                    }
                )
    return rows


def _attendance(marks: dict[str, str], members: list[Row]) -> list[Row]:
    return [
        {
            "activity": activity,
            "group": member.get("group"),
            "person": member["person"],
            "role": member["role"],
            "status": _STATUS[letter],
        }
        for activity, letters in marks.items()
        for letter, member in zip(letters, members, strict=True)
    ]


def site_entries(lang: str) -> dict[str, Any]:
    """Return the entries of a new site's ``site.toml`` or sheet ``site``, with the types of TOML.

    Examples
    --------
    >>> site_entries("id")["scale"], site_entries("en")["language"]
    ([1, 4], 'en')
    """
    example = starter()["example"]
    return {
        "name": text("new.site_name", lang),
        "place": text("new.site_place", lang),
        "language": lang,
        "period": example["period"],
        "groups": example["groups"],
        "scale": example["scale"],
        "scale_reason": text("new.scale_reason", lang),
        "threshold": example["threshold"],
        "threshold_reason": text("new.threshold_reason", lang),
        "rounding": example["rounding"],
        "rounding_reason": text("new.rounding_reason", lang),
        "evidence": "recorded",
        "notes": text("new.site_notes", lang),
    }
