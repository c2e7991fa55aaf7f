"""A workbook from sheets: the one place where XLSX is written. Pure Python, and the same bytes for the same sheets.

No text becomes a formula or a link; every text is written as text, and one that begins like a formula has an apostrophe
before it, as in the CSV, since a workbook is often saved as one.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

from justgeo.report import words
from justgeo.report.results import DISCLAIMER, INVENTED
from justgeo.report.sheets import MARK, Cell, Number, Sheet
from justgeo.report.tables import safe_text

LONGEST = 32_767
"""Characters that a cell may have; a longer text is cut, and says so."""

_CUT = " … (cut: the rest stands in results.json)"
_CREATED = dt.datetime(2000, 1, 1)
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_INK = "#2b1a4f"
_TYPED = {"locked": False, "bg_color": "#fffbe6", "num_format": "@", "border": 1, "border_color": "#d8c98a"}
_UNLOCKED = {"format_columns": True, "format_rows": True, "autofilter": True, "sort": True}
_LETTER = 1
_HEADER_MOST = 200
_PAGE = 200.0
"""Characters across a printed page; a wider sheet goes over several, with its first columns on each."""
_LINE, _TALLEST, _SPACIOUS = 12.75, 400.0, 0.95


def workbook(sheets: Sequence[Sheet], title: str, *, synthetic: bool, notice: str = "") -> bytes:
    """The bytes of a workbook.

    Parameters
    ----------
    sheets : sequence of Sheet
    title : str
        Stands in the properties and on printed pages.
    synthetic : bool
        Marks every sheet, heading and printed page as invented.
    notice : str
        Attribution that stands below every printed page.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, dict(_OPTIONS)) as book:
        book.set_properties({"title": clean(title), "comments": DISCLAIMER, "author": "justgeo", "created": _CREATED})
        formats = _Formats(book)
        taken: set[str] = set()
        for sheet in sheets:
            _write(book, formats, sheet, _sheet_name(sheet.title, taken), (title, synthetic, notice))
    return out.getvalue()


def clean(text: str) -> str:
    """``text`` as a cell may hold it: no formula, no control characters, not too long."""
    plain = safe_text(re.sub(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]", " ", text))
    return plain if len(plain) <= LONGEST else plain[: LONGEST - len(_CUT)] + _CUT


def number_format(cell: Number, kind: str = "number") -> str:
    """How Excel shows a number of this unit (shares as ``0%``), with as many digits as its margin warrants."""
    s = words.scale(cell.unit)
    places = _places(cell, kind)
    body = f"#,##0{'.' + '0' * places if places else ''}"
    if s.factor == 100:
        body = f"{body.removeprefix('#,##')}%"
    elif s.after == "%":
        body = f'{body}" %"'
    elif s.before == "$":
        body = f'"$"{body}'
    if kind == "margin":
        return f'"± "{body}' if cell.sampled else f'"± "{body};"± "{body};"not a sample"'
    return f"+{body};-{body};0" if s.signed else body


def _places(cell: Number, kind: str) -> int:
    """Decimal places: about a tenth of the margin, within what people read easily."""
    s = words.scale(cell.unit)
    size, moe = abs(cell.value) * s.factor, None if cell.moe is None else cell.moe * s.factor
    if s.before == "$" or (cell.unit.casefold() == "count" and size >= 100):
        return 0
    if s.factor == 100:
        return int(kind == "margin" or size < 1 or (moe is not None and 0 < moe < 0.95))
    if s.after == "%":
        return 1
    return 0 if size >= 100 else 2 if 0 < size < 1 else 1


class _Formats:
    """Formats of a workbook, each made once and in the order of their first use."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.made: dict[tuple[tuple[str, Any], ...], Any] = {}
        self.cells: dict[tuple[Any, ...], Any] = {}

    def __call__(self, **wanted: Any) -> Any:
        key = tuple(sorted({"font_name": "Arial", "font_size": 10, "valign": "top", **wanted}.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format(dict(key))
        return self.made[key]

    def cell(self, level: int, **wanted: Any) -> Any:
        """Of a cell of the table, at an outline level."""
        key = (level, *wanted.items())
        if key not in self.cells:
            shade = {"bg_color": "#f6f3fb"} if level else {}
            self.cells[key] = self(text_wrap=True, bottom=7, bottom_color="#9a93a8", **shade, **wanted)
        return self.cells[key]


def _write(book: Any, formats: _Formats, sheet: Sheet, name: str, page: tuple[str, bool, str]) -> None:
    title, synthetic, notice = page
    tab = book.add_worksheet(name)
    row = 0
    tab.write_string(row, 0, clean(sheet.heading), formats(bold=True, font_size=14, font_color=_INK))
    for note in ([INVENTED] if synthetic else []) + list(sheet.notes):
        row += 1
        red = {"bold": True, "font_color": "#b00020"} if note == INVENTED else {"italic": True}
        tab.write_string(row, 0, clean(note), formats(**red))
    row += 1
    head = formats(bold=True, text_wrap=True, bg_color=_INK, font_color="#ffffff", border=1)
    for at, column in enumerate(sheet.columns):
        mark = f" ({MARK})" if synthetic and at == 0 else ""
        tab.write_string(row, at, clean(column.title + mark), head)
        tab.set_column(at, at, column.width)
    tab.set_row(row, _height(sheet, [column.title for column in sheet.columns]))
    for number, cells in enumerate(sheet.rows):
        _write_row(tab, formats, sheet, row + 1 + number, cells, _level(sheet, number))
    _let_type(tab, sheet, row)
    _set_up(tab, sheet, row, (title, synthetic, notice))


def _let_type(tab: Any, sheet: Sheet, head: int) -> None:
    """Lock all but the columns that people type in, and offer what may be typed; there is no password."""
    if not sheet.rows or not any(column.typed for column in sheet.columns):
        return
    tab.protect("", _UNLOCKED)
    for at, column in enumerate(sheet.columns):
        if column.options:
            offered = {"validate": "list", "source": list(column.options), "error_type": "warning"}
            tab.data_validation(head + 1, at, head + len(sheet.rows), at, offered)


def _level(sheet: Sheet, number: int) -> int:
    return sheet.levels[number] if sheet.levels else 0


def _write_row(tab: Any, formats: _Formats, sheet: Sheet, row: int, cells: Iterable[Cell], level: int) -> None:
    cells = list(cells)
    tab.set_row(row, _height(sheet, cells), None, {"level": level})
    for at, (column, cell) in enumerate(zip(sheet.columns, cells, strict=True)):
        if isinstance(cell, Number):
            shown = formats.cell(level, num_format=number_format(cell, column.kind))
            tab.write_number(row, at, cell.value, shown)
        elif isinstance(cell, int):
            tab.write_number(row, at, cell, formats.cell(level, num_format="0"))
        elif cell:
            right = {"align": "right"} if column.kind != "text" else {"indent": 1}
            tab.write_string(row, at, clean(cell), formats.cell(level, **right))
        else:
            tab.write_blank(row, at, None, formats.cell(level, **(_TYPED if column.typed else {})))


def _height(sheet: Sheet, cells: Sequence[Cell]) -> float:
    """Points that a row needs: not every program finds that out by itself when it opens a workbook."""
    lines = 1
    for column, cell in zip(sheet.columns, cells, strict=True):
        if isinstance(cell, str):
            parts = cell.split("\n")
            lines = max(lines, sum(max(1, math.ceil(len(part) * _SPACIOUS / column.width)) for part in parts))
    return min(_TALLEST, 2 + _LINE * lines)


def _set_up(tab: Any, sheet: Sheet, head: int, page: tuple[str, bool, str]) -> None:
    """Frozen headings, a filter, and what a printed page looks like."""
    title, synthetic, notice = page
    last = len(sheet.columns) - 1
    tab.freeze_panes(head + 1, sheet.frozen)
    if sheet.rows:
        tab.autofilter(head, 0, head + len(sheet.rows), last)
    tab.outline_settings(True, False, True, False)
    tab.set_landscape()
    tab.set_paper(_LETTER)
    tab.fit_to_pages(math.ceil(sum(column.width for column in sheet.columns) / _PAGE), 0)
    tab.repeat_rows(head)
    if sheet.frozen:
        tab.repeat_columns(0, sheet.frozen - 1)
    tab.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.7)
    mark = f'&C&"Arial,Bold"{INVENTED}' if synthetic else ""
    tab.set_header(f"&L{_printed(title)}{mark}&R{_printed(sheet.title)}")
    tab.set_footer(f"&L{_printed(notice)}&C{_printed('justgeo: not a designation')}&R&P / &N")


def _printed(text: str) -> str:
    """``text`` for a header or footer, where ``&`` would begin a command."""
    short = clean(text)[: _HEADER_MOST // 3]
    return short.replace("&", "&&")


def _sheet_name(title: str, taken: set[str]) -> str:
    """A name that Excel allows: up to 31 characters, none of ``[]:*?/\\``, no apostrophe at its ends, none twice."""
    base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip().strip("'")[:31].strip() or "Sheet"
    base = f"{base} 1" if base.casefold() == "history" else base
    name, number = base, 2
    while name.casefold() in taken:
        name, number = f"{base[:27]} {number}", number + 1
    taken.add(name.casefold())
    return name
