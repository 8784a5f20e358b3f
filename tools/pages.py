"""The pages of ``docs`` that are made from the declared tables: columns, indicators, growth stages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kube_research.formats import as_printed
from kube_research.site.schema import Column, tables
from kube_research.texts import LANGUAGES, text


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; bars inside cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines
    )


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", *parts]) + "\n"


def indicators_page(lang: str = "en") -> str:
    """Return the page that defines every indicator.

    Examples
    --------
    >>> indicators_page().splitlines()[0]
    '# Indicators of attendance and group finance'
    """
    from kube_research.finance.indicators import indicator_definitions

    heads = ["indicator", "label", "formula", "unit", "reading", "source"]
    parts = []
    for topic, rows in indicator_definitions(lang=lang).groupby("topic", sort=False):
        cells = [
            [
                f"`{row['indicator']}`",
                row["label"],
                row["formula"],
                row["unit"],
                row["reading"],
                f"{row['source']} ({row['basis']})".lstrip(),
            ]
            for row in rows.to_dict("records")
        ]
        parts += [f"## {topic}", _table([text(f"page.{head}", lang) for head in heads], cells)]
    intro = text("page.indicators_intro", lang)
    return _page(text("page.indicators", lang), intro, *parts)


def growth_page(lang: str = "en") -> str:
    """Return the page that declares the checklist of growth stages.

    Examples
    --------
    >>> "`partners`" in growth_page("id")
    True
    """
    from kube_research.finance.growth import growth_rule
    from kube_research.finance.indicators import indicators

    rule = growth_rule()
    parts = []
    for stage, rows in rule.groupby("stage", sort=False):
        cells = []
        for row in rows.astype("string").fillna("").to_dict("records"):
            asked = text("page.asked", lang)
            if row["indicator"]:
                label = indicators()[row["indicator"]].labels[lang]
                asked = f"{label} {row['comparison']} {as_printed(row['value'], lang)}"
            cells.append(
                [f"`{row['criterion']}`", row[f"label_{lang}"], asked, row[f"reason_{lang}"]]
            )
        heads = [
            text(f"page.{head}", lang) for head in ("criterion", "label", "read_from", "reason")
        ]
        parts += [f"## {text(f'stage.{stage}', lang)}", _table(heads, cells)]
    return _page(text("page.growth", lang), text("page.growth_intro", lang), *parts)


def columns_page(lang: str = "en") -> str:
    """Return the page on every table's columns, from the schema.

    Examples
    --------
    >>> "## members.csv" in columns_page()
    True
    """
    from kube_research.fieldwork.new_site import site_entries

    heads = [text(f"page.{head}", lang) for head in ("column", "needed", "holds", "meaning")]
    entries = [[f"`{key}`", text(f"new.entry.{key}", lang)] for key in site_entries(lang)]
    written = _table([text("page.entry", lang), heads[-1]], entries)
    parts = ["## site.toml", text("page.site_intro", lang), written]
    for name, table in tables().items():
        cells = [
            [
                f"`{column.name}`",
                text(f"page.need_{_need(column)}", lang),
                _holds(column, lang),
                column.describe(lang) + (f" ({column.unit})" if column.unit else ""),
            ]
            for column in table.columns
        ]
        key = ", ".join(f"`{column}`" for column in table.key)
        said = [f"{table.title[lang]}."]
        if key:
            said.append(text("page.key", lang, key=key))
        said += [
            text(
                "page.refers",
                lang,
                columns=", ".join(f"`{column}`" for column in reference.columns),
                table=f"{reference.table}.csv",
            )
            for reference in table.references
        ]
        parts += [f"## {name}.csv", " ".join(said), _table(heads, cells)]
    return _page(text("page.columns", lang), text("page.columns_intro", lang), *parts)


def _need(column: Column) -> str:
    """Tell whether a column must be there, and whether its cells must be filled."""
    if not column.need:
        return "optional"
    return "blank" if column.empty else "filled"


def _holds(column: Column, lang: str) -> str:
    """Say what may stand in a column."""
    if column.allowed:
        return ", ".join(f"`{value}`" for value in column.allowed)
    return text(f"page.kind_{column.kind}", lang, most=column.most)


#: Pages by file name without ending, each for both languages.
PAGES = {"indicators": indicators_page, "growth_stages": growth_page, "tables": columns_page}


def all_pages() -> dict[str, str]:
    """Return the content of every generated page by file name: ``name.md`` and ``name.id.md``."""
    return {
        f"{name}.md" if lang == "en" else f"{name}.{lang}.md": page(lang)
        for name, page in PAGES.items()
        for lang in LANGUAGES
    }
