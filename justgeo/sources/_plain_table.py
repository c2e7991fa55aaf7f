"""A table of text as people keep it: any usual encoding, separator and way to write a number; tract GEOIDs in it.

Nothing is guessed where a guess could be wrong: what can be read in two ways is refused, with both.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from justgeo.core.errors import ConfigError, LayerError
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.zones import StrArray
from justgeo.sources._frames import _STATES, BLANKS, WIDTHS, short_id

SEPARATORS = (",", ";", "\t", "|")
TRACT = WIDTHS["tract"]

_SAVE = "save the table as CSV, UTF-8, one header line and one row a tract."
_BINARY = {b"PK\x03\x04": "a workbook or an archive", b"PAR1": "a Parquet file", b"\xd0\xcf\x11\xe0": "an old workbook"}
# What data.census.gov prints in place of a number (the Bureau's "Notes on ACS Estimate and Annotation Values").
ANNOTATIONS = {
    "*****": -555_555_555.0,
    "***": -333_333_333.0,
    "**": -222_222_222.0,
    "-": -666_666_666.0,
    "(x)": -888_888_888.0,
    "n": -999_999_999.0,
}
_SIGN = r"[+-]?"
_POINT = re.compile(rf"{_SIGN}(\d+|[1-9]\d{{0,2}}(,\d{{3}})+)(\.\d*)?([eE][+-]?\d+)?|{_SIGN}\.\d+([eE][+-]?\d+)?")
_COMMA = re.compile(rf"{_SIGN}(\d+|[1-9]\d{{0,2}}(\.\d{{3}})+)(,\d*)?|{_SIGN},\d+")
_EITHER = re.compile(rf"{_SIGN}[1-9]\d{{0,2}}([.,])\d{{3}}")
"""One mark before three digits: a thousand or a fraction, who can tell."""


@dataclass(frozen=True)
class PlainTable:
    """Cells as text without blanks around, by the names of the header.

    Attributes
    ----------
    file, where : str
        Its name, and how messages call it.
    columns : dict of str to list of str
        All of one length; columns without a name are left out.
    comma : bool
        Numbers have a decimal comma.
    notes : tuple of str
    """

    file: str
    where: str
    columns: dict[str, list[str]]
    comma: bool
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def numbers(self, name: str) -> FloatArray:
        """A column as numbers; an empty cell is NaN, a sign that the Bureau prints for a number its sentinel.

        Raises
        ------
        LayerError
            A cell is no number.
        """
        cells = self.columns[name]
        return np.array([self._number(name, cell, row) for row, cell in enumerate(cells)], dtype=np.float64)

    def ended(self, name: str) -> BoolArray:
        """Cells that say "so much or more", or "or less": ``2,000,000+``, ``10,000-``."""
        cells = self.columns[name]
        return np.array([cell[-1:] in ("+", "-") and cell[:-1][-1:].isdigit() for cell in cells], dtype=np.bool_)

    def _number(self, name: str, cell: str, row: int) -> float:
        text = _closed(cell)
        folded = text.casefold()
        if folded in ANNOTATIONS:
            return ANNOTATIONS[folded]
        if folded in BLANKS:
            return np.nan
        # "2,000,000+": the top of a scale of medians, which the Bureau's files write as 2000001; "10,000-" as 9999.
        ended = 1.0 if text.endswith("+") else -1.0 if text.endswith("-") else 0.0
        text = text[:-1] if ended else text
        if (_COMMA if self.comma else _POINT).fullmatch(text):
            gone, mark = (".", ",") if self.comma else (",", ".")
            return float(text.replace(gone, "").replace(mark, ".")) + ended
        raise LayerError(
            f"{self.where}: row {row + 1} has {cell!r} in column {name!r}, where a number is due.",
            remedy="give numbers without units and signs, and leave a cell without a number empty.",
        )


def read_plain(path: Path) -> PlainTable:
    """Read a delimited text.

    Parameters
    ----------
    path : Path
        UTF-8, UTF-16 with its mark, else Latin-1 (said in a note); commas, semicolons, tabs or bars; a number may have
        thousands marks, in a table parted by semicolons a decimal comma.

    Raises
    ------
    LayerError
        No such file, no text, no rows, a column named twice, a row with more or fewer cells than the header, numbers
        of which it cannot be told what their comma means.
    """
    where = f"The table {path.name}"
    text, notes = _text(path, where)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise LayerError(f"{where} is empty.", remedy=_SAVE)
    separator = max(SEPARATORS, key=lambda mark: len(next(csv.reader([first], delimiter=mark))))
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True) if any(row)]
    except csv.Error as why:
        raise LayerError(f"{where} cannot be read as a table ({why}).", remedy=_SAVE) from why
    names = [cell.strip() for cell in rows[0]]
    if len(rows) < 2:
        raise LayerError(f"{where} has a header and no rows.", remedy=_SAVE)
    _check_names(names, where)
    columns: dict[str, list[str]] = {name: [] for name in names if name}
    for at, row in enumerate(rows[1:], start=1):
        if len(row) < len(names) or any(cell.strip() for cell in row[len(names) :]):
            raise LayerError(
                f"{where}: row {at} has {len(row)} cells, the header {len(names)}.",
                remedy="see whether a comma stands in a cell without quotes, or a line is cut.",
            )
        for name, cell in zip(names, row, strict=False):
            if name:
                columns[name].append(cell.strip())
    return PlainTable(path.name, where, columns, separator == ";" and _decimal_comma(columns, where), tuple(notes))


def _text(path: Path, where: str) -> tuple[str, list[str]]:
    if not path.is_file():
        raise ConfigError(f"There is no table {path}.", remedy="name a CSV with one row a tract.")
    try:
        raw = path.read_bytes()
    except OSError as why:
        raise LayerError(f"{where} cannot be read ({why.strerror or why}).", remedy="check your rights to it.") from why
    for start, what in _BINARY.items():
        if raw.startswith(start):
            raise LayerError(f"{where} is {what}, not text.", remedy=_SAVE)
    try:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return raw.decode("utf-16"), []
        text, notes = raw.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        text, notes = raw.decode("latin-1"), [f"{path.name} is not UTF-8 and was read as Latin-1."]
    if "\0" in text:
        raise LayerError(f"{where} is not text: it holds zero bytes.", remedy=_SAVE)
    return text, notes


def _check_names(names: Sequence[str], where: str) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise LayerError(f"{where} has the column {twice[0]!r} twice.", remedy="keep the one that is meant.")


def _decimal_comma(columns: dict[str, list[str]], where: str) -> bool:
    """Whether commas are decimal, from the cells that can be read in one way only; refuse where none says."""
    seen: dict[bool, str] = {}
    unsure = ""
    for cells in columns.values():
        for text in map(_closed, cells):
            if "," not in text and "." not in text:
                continue
            if _EITHER.fullmatch(text):
                unsure = unsure or text
                continue
            point, comma = bool(_POINT.fullmatch(text)), bool(_COMMA.fullmatch(text))
            if point != comma:
                seen.setdefault(comma, text)
    if len(seen) == 2:
        raise LayerError(
            f"{where} writes numbers in two ways, {seen[False]!r} and {seen[True]!r}.",
            remedy="write them all with a decimal point and no thousands marks.",
        )
    if not seen and unsure:
        raise LayerError(
            f"{where} is parted by semicolons, and {unsure!r} can be a thousand or a fraction.",
            remedy="write numbers with a decimal point and no thousands marks.",
        )
    return seen.get(True) is not None


def _closed(cell: str) -> str:
    """A cell without the blanks that some put between thousands."""
    return re.sub(r"(?<=\d)[\s\u00a0\u202f](?=\d{3}(?!\d))", "", cell)


def tract_ids(table: PlainTable, column: str, *, pad: bool = False) -> StrArray:
    """Census GEOIDs of tracts, each once.

    Parameters
    ----------
    table : PlainTable
    column : str
    pad : bool
        Put back the zero that was lost from the front of ten digits.

    Raises
    ------
    LayerError
        An identifier is missing, doubled, of another length or of no state.
    """
    where = table.where
    ids = [short_id(_bare(cell)) for cell in table.columns[column]]
    if pad:
        ids = [one.zfill(TRACT) if one.isdigit() and len(one) == TRACT - 1 else one for one in ids]
    wrong = [(row, one) for row, one in enumerate(ids) if not (len(one) == TRACT and one.isdigit() and one.isascii())]
    if wrong:
        row, one = wrong[0]
        what, remedy = _what_is_wrong(one)
        raise LayerError(
            f"{where}: {len(wrong)} of {len(ids)} GEOIDs are not those of tracts (11 digits); row {row + 1} has "
            f"{one!r}{what}.",
            remedy=remedy,
        )
    strange = [one for one in ids if one[:2] not in _STATES or one[2:5] == "000"]
    if strange:
        raise LayerError(
            f"{where}: {len(strange)} GEOIDs name no state or county, for example {strange[0]!r}.",
            remedy="check the column: state (2 digits), county (3), tract (6).",
        )
    twice = sorted({one for one, n in zip(*np.unique(ids, return_counts=True), strict=True) if n > 1})
    if twice:
        more = ", ..." if len(twice) > 3 else ""
        raise LayerError(
            f"{where}: {len(twice)} GEOIDs come more than once: {', '.join(twice[:3])}{more}.",
            remedy="keep one row a tract; both vintages stand side by side in it (..._t0, ..._t1).",
        )
    return np.array(ids, dtype=np.str_)


def _bare(cell: str) -> str:
    """An identifier without the marks that spreadsheets need to leave it alone: ``="08031000201"``, ``'080...``."""
    found = re.fullmatch(r'="(.*)"', cell)
    return (found.group(1) if found else cell).lstrip("'").strip()


def _what_is_wrong(one: str) -> tuple[str, str]:
    as_text = "keep the column as text, and write the zeros that stand in front: '08031000201'."
    if not one:
        return " (nothing)", "give every row its GEOID, or leave the row out."
    if re.fullmatch(r"\d{10}", one):
        return ": a zero was lost from its front", f"{as_text} Or let a column map say pad = true."
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+|\d+\.\d*", one):
        return ": a spreadsheet took it for a number", as_text
    looks = next((f": {width} digits is a {name}" for name, width in WIDTHS.items() if len(one) == width), "")
    return looks if one.isdigit() else "", "give one row a census tract: state (2 digits), county (3), tract (6)."
