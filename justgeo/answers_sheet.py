"""Answers typed into ``checklist.xlsx``, read back: only the columns that were empty when the sheet was made.

A workbook comes from anybody's machine. It is a zip of XML: its size is bounded before it is unfolded, a part that
declares entities is refused, no formula and no link is followed. A cell that is not understood is refused by its place,
and then nothing is taken: the sheet still has it all.
"""

from __future__ import annotations

import datetime as dt
import errno
import lzma
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from justgeo import answers_form
from justgeo.catalogue import read as catalogue
from justgeo.core.answers import FORMS, Answers, Entry, Target
from justgeo.core.errors import ConfigError
from justgeo.core.words import suggestion
from justgeo.report import checklist_sheets as sheets
from justgeo.report.sheets import MARK

MOST_BYTES, MOST_UNFOLDED, MOST_PARTS = 20_000_000, 200_000_000, 500
MOST_ROWS, MOST_COLUMNS = 5_000, 60
HEADINGS = 12
"""Rows among which the headings of a sheet are looked for."""

_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, UnicodeDecodeError)
"""What zipfile raises of no zip, a damaged part, a password, an unknown method, a name in no letters. A disk that fails
(OSError) is not among them: it has a remedy of its own."""

_ENTITIES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_YES = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False, "si": True, "sí": True}


def read(path: Path, slug: str) -> Answers:
    """What was typed into a checklist of a district.

    Parameters
    ----------
    path : Path
    slug : str
        Of the district.

    Raises
    ------
    ConfigError
        The file is no such checklist, is one of another district, or a cell is not understood.
    """
    found, typed = of_any(path)
    refuse_other(path.name, found, slug)
    return typed


def refuse_other(name: str, found: str, slug: str) -> None:
    """Refuse the checklist of another place.

    Raises
    ------
    ConfigError
    """
    if found != slug:
        raise ConfigError(
            f"{name} is the checklist of {found!r}, not of {slug!r}.", remedy="name that of this district."
        )


def of_any(path: Path) -> tuple[str, Answers]:
    """The id of the place that a checklist is of, and what was typed into it.

    Raises
    ------
    ConfigError
        As for :func:`read`.
    """
    _check_zip(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions that it does not know
            book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, TypeError, OSError, SyntaxError, zipfile.BadZipFile) as why:
        raise _unreadable(path, "it is no workbook") from why
    try:
        return _typed(book, path.name)
    except (KeyError, TypeError, SyntaxError, zipfile.BadZipFile) as why:
        raise _unreadable(path, "it is damaged") from why
    finally:
        book.close()


def _unreadable(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"{path.name} cannot be read: {why}.",
        remedy="name the checklist.xlsx of a run, saved as an Excel workbook (.xlsx).",
    )


def _check_zip(path: Path) -> None:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _unreadable(path, f"it is larger than {MOST_BYTES // 1_000_000} MB")
        with zipfile.ZipFile(path) as folder:
            parts = folder.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNFOLDED:
                raise _unreadable(path, "it unfolds to more than a checklist can hold")
            for part in parts:
                if part.filename.endswith((".xml", ".rels", ".vml")):
                    _check_part(folder, part, path)
    except FileNotFoundError as why:
        raise ConfigError(f"{path} does not exist.", remedy="name the checklist.xlsx of a run.") from why
    except _BROKEN as why:
        raise _unreadable(path, "it is no workbook") from why
    except OSError as why:
        if why.errno == errno.EINVAL:  # a part that begins before the file does
            raise _unreadable(path, "it is no workbook") from why
        raise ConfigError(f"{path.name} cannot be read ({why.strerror}).", remedy="check your rights to it.") from why


def _check_part(folder: zipfile.ZipFile, part: zipfile.ZipInfo, path: Path) -> None:
    left = MOST_UNFOLDED
    tail = b""
    with folder.open(part) as opened:
        while piece := opened.read(1 << 20):
            left -= len(piece)
            # UTF-16 has a zero byte at each letter of the alphabet.
            if left < 0 or _ENTITIES.search((tail + piece).replace(b"\x00", b"")):
                raise _unreadable(path, "a part of it declares entities or is larger than it says")
            tail = piece[-64:]


def _typed(book: Any, name: str) -> tuple[str, Answers]:
    tabs = {_title(tab.title): tab for tab in book.worksheets}
    slug = _place(tabs.get(sheets.READ_ME), name)
    if sheets.CHECKLIST not in tabs:
        raise ConfigError(f"{name} has no sheet {sheets.CHECKLIST!r}.", remedy="name the checklist.xlsx of a run.")
    items: dict[str, list[Entry]] = {}
    for place, row, given in _rows(tabs[sheets.CHECKLIST], sheets.ANSWER, name):
        items.setdefault(_id(row.get(sheets.ITEM), place), []).append(_entry("items", given, place))
    if sheets.MORE in tabs:
        for place, _, given in _rows(tabs[sheets.MORE], sheets.FURTHER, name):
            item = _id(given.pop("item", None), place)
            items.setdefault(item, []).append(_entry("items", given, place))
    forms: dict[str, list[Entry]] = {}
    for form in FORMS:
        tab = tabs.get(sheets.sheet_title(form))
        for place, _, given in _rows(tab, sheets.form_columns(form), name) if tab is not None else ():
            forms.setdefault(form.key, []).append(_entry(form.key, given, place))
    targets: list[Target] = []
    units = {row.id: row.unit for row in catalogue.indicators()}
    for place, _, given in _rows(tabs[sheets.TARGETS], sheets.AIM, name) if sheets.TARGETS in tabs else ():
        targets.append(_target(given, place, units))
    answered, filled = ({key: tuple(said) for key, said in part.items()} for part in (items, forms))
    return slug, Answers(answered, filled, tuple(targets))


def _title(title: str) -> str:
    return " ".join(str(title).split())


def _place(tab: Any, name: str) -> str:
    """Of which place it is: a checklist of one is not read into the answers of another."""
    for row in _cells(tab) if tab is not None else ():
        if len(row) > 1 and row[0] == sheets.PLACE:
            return str(row[1])
    raise ConfigError(
        f"{name} does not say of which place it is.", remedy="name the checklist.xlsx of a run, with all its sheets."
    )


def _cells(tab: Any) -> Iterator[list[Any]]:
    """Rows of a sheet, as many as are believed."""
    for number, row in enumerate(tab.iter_rows(max_col=MOST_COLUMNS, values_only=True), start=1):
        if number > MOST_ROWS:
            if any(cell is not None for cell in row):
                raise ConfigError(
                    f"The sheet {tab.title!r} has more than {MOST_ROWS:,} rows.",
                    remedy="take out rows that are not needed.",
                )
            continue
        yield list(row)


def _rows(
    tab: Any, typed: Sequence[sheets.Typed], name: str
) -> Iterator[tuple[str, Mapping[str, Any], dict[str, tuple[str, Any]]]]:
    """Rows in which something was typed: the row's place, all cells by heading, typed cells by key with their place."""
    heads: list[str] | None = None
    keys = {one.title: one.key for one in typed}
    for number, row in enumerate(_cells(tab), start=1):
        if heads is None:
            told = [_heading(cell) for cell in row]
            if sum(title in keys for title in told) >= 2:
                heads = told
                _check_heads(heads, typed, tab.title, name)
            elif number > HEADINGS:
                break
            continue
        by_head = {head: cell for head, cell in zip(heads, row, strict=False) if head}
        given = {
            keys[head]: (f"{name}, {tab.title}, {get_column_letter(at)}{number}", cell)
            for at, (head, cell) in enumerate(zip(heads, row, strict=False), start=1)
            if head in keys and cell is not None and str(cell).strip()
        }
        if given:
            yield f"{name}, {tab.title}, row {number}", by_head, given
    if heads is None:
        raise ConfigError(
            f"{name}: the sheet {tab.title!r} has no headings.", remedy="leave the row of headings as the run wrote it."
        )


def _heading(cell: Any) -> str:
    return _title(cell).removesuffix(f" ({MARK})") if isinstance(cell, str) else ""


def _check_heads(heads: Sequence[str], typed: Sequence[sheets.Typed], title: str, name: str) -> None:
    for one in typed:
        if heads.count(one.title) != 1:
            near = suggestion(one.title, [head for head in heads if head])
            raise ConfigError(
                f"{name}: the sheet {title!r} has the column {one.title!r} {heads.count(one.title)} times.",
                remedy=f"leave the headings as the run wrote them ({near.rstrip('.')}).",
            )


def _id(told: Any, place: str) -> str:
    cell = told[1] if isinstance(told, tuple) else told
    if not isinstance(cell, str) or not cell.strip():
        raise ConfigError(f"{place}: an answer has no id of an item.", remedy="write the id of the item, such as GW-1.")
    return cell.strip()


def _text(cell: Any) -> str:
    """What a cell shows: programs make numbers and dates of what looks like one."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, (dt.datetime, dt.date)):
        return cell.strftime("%Y-%m-%d")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _entry(key: str, given: Mapping[str, tuple[str, Any]], where: str) -> Entry:
    told: dict[str, Any] = {}
    for name, (place, cell) in given.items():
        text = _text(cell)
        if name in ("publish", "publish_name"):
            told[name] = _yes(text, place)
        elif name == "evidence":
            told[name] = [part.strip() for part in re.split(r"\n|;\s", text) if part.strip()]
        else:
            told[name] = text.strip()
    return answers_form.entry(key, told, where)


def _yes(text: str, place: str) -> bool:
    found = _YES.get(text.strip().lower())
    if found is None:
        raise ConfigError(f"{place}: {text[:40]!r} is neither yes nor no.", remedy="write yes or no.")
    return found


def _target(given: Mapping[str, tuple[str, Any]], where: str, units: Mapping[str, str]) -> Target:
    told: dict[str, Any] = {name: _text(cell).strip() for name, (_, cell) in given.items()}
    if "publish" in given:
        told["publish"] = _yes(told["publish"], given["publish"][0])
    for name, kind in (("target", float), ("year", int)):
        try:
            told[name] = kind(told[name].replace(",", "")) if name in told else None
        except ValueError:
            continue  # "75 %", or what the form will refuse in its own words
    told = {name: value for name, value in told.items() if value not in (None, "")}
    return answers_form.target(told, where, units)
