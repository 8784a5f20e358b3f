"""The workbook of a new site: a sheet per table, with lists to choose from and input rules."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import Any

from kube_research.frames import GRADES
from kube_research.site.info import BOOKS, ROUNDING_RULES
from kube_research.site.schema import Column, tables
from kube_research.site.sheets import column_letters
from kube_research.texts import LANGUAGES, text

Row = dict[str, Any]

#: Rows of a sheet that have lists and rules.
LAST = 1000
_GROUPS = 30
_MADE = dt.datetime(2025, 1, 1)

_MOMENTS: dict[str, Any] = {"date": dt.datetime, "time": dt.time}

#: Columns whose values stand in a column of another sheet.
_LISTED = {
    "activity": ("activities", "activity"),
    "part_of": ("activities", "activity"),
    "person": ("members", "person"),
    "round": ("rounds", "round"),
    "item": ("items", "item"),
    "field_no": ("fields", "field_no"),
    "criterion": ("growth_criteria", "criterion"),
}
_WIDTHS = {"statement_id": 72, "statement_en": 72, "locator": 60, "text_id": 45, "text_en": 45,
           "title_id": 35, "title_en": 35, "field_id": 38, "field_en": 45, "reason_id": 35,
           "reason_en": 35, "label": 26, "label_id": 26, "label_en": 26}  # fmt: skip

#: The cells of a list that the sheet ``site`` holds in one cell.
_PARTS = 'SUBSTITUTE(SUBSTITUTE(site!$B${row}&"",";",","),",",REPT(" ",99))'

_SHAPES = {"code": "@", "printed": "@", "text": "@", "choice": "@", "date": "yyyy-mm-dd",
           "time": "hh:mm", "money": "#,##0", "integer": "0", "score": "General",
           "percent": "General", "positive": "General"}  # fmt: skip

#: What may stand under a header, by kind of column; what is only doubtful is warned of.
_LIMITS: dict[str, dict[str, Any]] = {
    "date": {"validate": "date", "minimum": dt.date(1900, 3, 1), "maximum": dt.date(2099, 12, 31),
             "error_type": "warning"},
    "time": {"validate": "time", "minimum": dt.time(0, 0), "maximum": dt.time(23, 59),
             "error_type": "warning"},
    "money": {"validate": "integer", "minimum": -(10**12), "maximum": 10**12,
              "error_type": "warning"},
    "percent": {"validate": "decimal", "minimum": 0, "maximum": 100},
    "positive": {"validate": "decimal", "minimum": 0, "maximum": 10**6},
}  # fmt: skip


class NewWorkbook:
    """The workbook of a new site.

    Parameters
    ----------
    rows : mapping of str to sequence of dict
        Values by column, for each table that has an example. Ratings are written wide, one row a
        questionnaire.
    columns : mapping of str to sequence of str
        Columns of every table, in the order of the sheets.
    entries : mapping
        What stands in the sheet ``site``.
    instructions : sequence of (str, str)
        A style (``title``, ``head``, ``text`` or ``code``) and a paragraph.
    lang : {"en", "id"}
        Language of comments and messages.
    """

    def __init__(
        self,
        rows: Mapping[str, Sequence[Row]],
        columns: Mapping[str, Sequence[str]],
        entries: Mapping[str, Any],
        instructions: Sequence[tuple[str, str]],
        lang: str,
    ) -> None:
        import xlsxwriter

        self.rows, self.columns, self.entries = rows, columns, entries
        self.instructions, self.lang = instructions, lang
        self.raw = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self.raw, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self.book.set_properties({"title": text("new.read.title", lang), "created": _MADE})
        self.head = self.book.add_format(
            {"bold": True, "bg_color": "#1F4E5F", "font_color": "#FFFFFF", "valign": "top"}
        )
        self.plain = self._formats()
        self.marked = self._formats(bg_color="#FFF6D6", italic=True)

    def _formats(self, **more: object) -> dict[str, Any]:
        """Return how the cells of each kind of column look."""
        wrap = {"text": {"text_wrap": True}}
        return {
            kind: self.book.add_format(
                {"num_format": shape, "valign": "top", **wrap.get(kind, {}), **more}
            )
            for kind, shape in _SHAPES.items()
        }

    def content(self) -> bytes:
        """Write every sheet: instructions, the site, the tables, and the lists, which are hidden.

        The bytes are the same in every run.
        """
        self._instructions(self.book.add_worksheet(text("new.read_me", self.lang)))
        self._site(self.book.add_worksheet("site"))
        for name in self.columns:
            sheet = self.book.add_worksheet(name)
            sheet.set_landscape()
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
            if name not in self.rows:
                sheet.set_tab_color("#A6A6A6")
            columns, rows = self._shape(name)
            self._table(sheet, name, columns, rows)
        self._lists(self.book.add_worksheet("lists"))
        self.book.close()
        return self.raw.getvalue()

    def _shape(self, name: str) -> tuple[list[tuple[str, Column]], Sequence[Row]]:
        """Return the columns of a sheet, each under its name, and its rows; ratings are made wide."""
        table = tables()[name]
        columns = [(column, table.column(column)) for column in self.columns[name]]
        rows = self.rows.get(name, ())
        if name != "ratings":
            return columns, rows
        before = [pair for pair in columns if pair[0] in ("round", "group", "rater")]
        after = [pair for pair in columns if pair[0] in ("evidence", "locator")]
        score = table.column("score")
        word = {"id": "butir", "en": "item"}[self.lang]
        items = [(f"{word}_{row['item']}", score) for row in self.rows["items"]]
        wide: dict[tuple[Any, Any], Row] = {}
        for row in rows:
            form = wide.setdefault((row["round"], row["rater"]), dict(row))
            form[f"{word}_{row['item']}"] = row["score"]
        return [*before, *items, *after], list(wide.values())

    def _table(
        self, sheet: Any, name: str, columns: Sequence[tuple[str, Column]], rows: Sequence[Row]
    ) -> None:
        sheet.freeze_panes(1, 0)
        sheet.set_row(0, 20)
        for place, (title, column) in enumerate(columns):
            width = _WIDTHS.get(title, max(len(title) + 3, 12))
            sheet.set_column(place, place, width, self.plain[column.kind])
            sheet.write_string(0, place, title, self.head)
            sheet.write_comment(0, place, self._about(title, column), {"x_scale": 2, "author": ""})
            if rule := self._rule(name, title, column, place):
                sheet.data_validation(1, place, LAST, place, rule)
            for number, row in enumerate(rows, start=1):
                marked = row.get("evidence") == "simulated"
                value = row.get(title)
                if value is not None and column.kind in _MOMENTS:
                    value = _MOMENTS[column.kind].fromisoformat(str(value))
                shape = (self.marked if marked else self.plain)[column.kind]
                sheet.write(number, place, value, shape)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(columns) - 1)

    def _about(self, title: str, column: Column) -> str:
        """Say what stands under a header."""
        if title.partition("_")[0] in ("butir", "item") and column.name == "score":
            item = int(title.partition("_")[2])
            statement = self.rows["items"][item - 1][f"statement_{self.lang}"]
            return text("new.score_of", self.lang, item=item, statement=statement)
        needed = "may" if column.empty or not column.need else "must"
        parts = [column.describe(self.lang), text(f"new.{needed}", self.lang)]
        if column.allowed:
            allowed = ", ".join(column.allowed)
            parts.append(text("new.allowed", self.lang, allowed=allowed))
        if column.unit:
            parts.append(text("new.unit", self.lang, unit=column.unit))
        return "\n".join(parts)

    def _rule(self, name: str, title: str, column: Column, place: int) -> dict[str, Any] | None:
        """Return the input rule of a column."""
        own_key = tables()[name].key == (column.name,)
        home = _LISTED.get(column.name)
        letter = column_letters(place)
        message, rule = column.kind, _LIMITS.get(column.kind, {})
        if column.allowed:
            message, rule = "choice", {"validate": "list", "source": list(column.allowed)}
        elif column.name == "group":
            source = f'=OFFSET(lists!$A$2,0,0,MAX(1,COUNTIF(lists!$A$2:$A${_GROUPS + 1},"?*")),1)'
            message, rule = "choice", {"validate": "list", "source": source}
        elif column.name == "book":
            message, rule = "choice", {"validate": "list", "source": list(BOOKS)}
            rule["error_type"] = "warning"
        elif home and not own_key and home != (name, title):
            stop = "warning" if home[0] == "members" else "stop"
            source = self._listed(*home)
            message, rule = "choice", {"validate": "list", "source": source, "error_type": stop}
        elif column.kind == "code" and own_key:
            once = f"COUNTIF(${letter}$2:${letter}${LAST + 1},{letter}2)=1"
            formula = f'=AND({once},ISERROR(FIND(" ",{letter}2)))'
            message, rule = "code", {"validate": "custom", "value": formula}
        elif column.kind == "code":
            formula = f'=ISERROR(FIND(" ",{letter}2))'
            message, rule = "blank", {"validate": "custom", "value": formula}
        elif column.name == "score":
            low, high, step = (f"lists!$B${number}" for number in (2, 3, 4))
            steps = f"({letter}2-{low})/{step}"
            formula = (
                f"=AND({letter}2>={low},{letter}2<={high},ABS({steps}-ROUND({steps},0))<0.000001)"
            )
            message, rule = "score", {"validate": "custom", "value": formula}
        elif column.kind == "percent":
            rule = {**rule, "maximum": column.most}
        elif column.kind == "integer":
            rule = {"validate": "integer", "criteria": ">=", "value": column.minimum or 0}
        if not rule:
            return None
        words = text(
            f"new.rule.{message}", self.lang, minimum=column.minimum or 0, most=column.most
        )
        return {
            "criteria": "between", "error_title": title[:32], "error_message": words,
            "error_type": "stop", **rule,
        }  # fmt: skip

    def _site(self, sheet: Any) -> None:
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 0, 18, self.plain["text"])
        sheet.set_column(1, 1, 60, self.plain["text"])
        sheet.set_column(2, 2, 95, self.plain["text"])
        for place, title in enumerate(("key", "value", text("new.meaning", self.lang))):
            sheet.write_string(0, place, title, self.head)
        choices = {"language": LANGUAGES, "rounding": ROUNDING_RULES, "evidence": GRADES}
        choices["primary.unit"] = ("group", "rater")
        for number, (key, value) in enumerate(self.entries.items(), start=1):
            words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            sheet.set_row(number, 15 * (1 + len(words) // 64))
            sheet.write_string(number, 0, key, self.plain["text"])
            if words:
                sheet.write_string(number, 1, words, self.marked["text"])
            sheet.write_string(number, 2, text(f"new.entry.{key}", self.lang), self.plain["text"])
            if key in choices:
                message = text("new.rule.choice", self.lang)
                rule = {"validate": "list", "source": list(choices[key]), "error_message": message}
                sheet.data_validation(number, 1, number, 1, rule)

    def _lists(self, sheet: Any) -> None:
        """Write what the rules look up: the groups, the scale and its step, read from the sheet site."""
        sheet.hide()
        spots = {key: number for number, key in enumerate(self.entries, start=2)}
        groups, scale = (_PARTS.replace("{row}", str(spots[key])) for key in ("groups", "scale"))
        sheet.write_string(0, 0, "groups")
        for number in range(_GROUPS):
            known = self.entries["groups"][number : number + 1]
            formula = f"=TRIM(MID({groups},{number * 99 + 1},99))"
            sheet.write_formula(number + 1, 0, formula, None, known[0] if known else "")
        sheet.write_string(0, 1, "scale")
        ends = zip(self.entries["scale"], (-(10**6), 10**6), strict=True)
        for number, (end, wide) in enumerate(ends):
            formula = f"=IFERROR(VALUE(TRIM(MID({scale},{number * 99 + 1},99))),{wide})"
            sheet.write_formula(number + 1, 1, formula, None, end)
        step = '=IFERROR(0+INDEX(site!$B$1:$B$99,MATCH("step",site!$A$1:$A$99,0)),1)'
        sheet.write_formula(3, 1, step, None, 1)

    def _instructions(self, sheet: Any) -> None:
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 90)
        shapes = {
            "title": {"bold": True, "font_size": 16, "font_color": "#1F4E5F"},
            "head": {"bold": True, "font_size": 12, "font_color": "#1F4E5F", "valign": "bottom"},
            "text": {"text_wrap": True, "valign": "top"},
            "code": {"font_name": "Consolas", "bg_color": "#EFEFEF", "valign": "top"},
        }
        formats = {name: self.book.add_format(shape) for name, shape in shapes.items()}
        for number, (style, words) in enumerate(self.instructions):
            lines = 1 + len(words) // 105
            height = {"title": 26, "head": 24, "code": 16}.get(style, 15 * lines)
            sheet.set_row(number, height)
            if style == "text":
                sheet.merge_range(number, 0, number, 1, words, formats[style])
            else:
                sheet.write_string(number, 0, words, formats[style])
                if style == "code":
                    sheet.write_blank(number, 1, None, formats[style])
        below = len(self.instructions)
        sheet.set_row(below, 24)
        sheet.write_string(below, 0, text("new.read.tables_head", self.lang), formats["head"])
        for number, name in enumerate(self.columns, start=below + 1):
            title = tables()[name].title[self.lang]
            sheet.write_url(number, 0, f"internal:'{name}'!A1", None, name)
            sheet.write_string(number, 1, title, formats["text"])
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def _listed(self, home: str, target: str) -> str:
        """Return the formula of the filled cells of a column of another sheet."""
        letter = column_letters(self.columns[home].index(target))
        spots = f"{home}!${letter}$2:${letter}${LAST + 1}"
        return f"=OFFSET({home}!${letter}$2,0,0,MAX(1,COUNTA({spots})),1)"
