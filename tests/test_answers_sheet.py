"""What is typed into ``checklist.xlsx`` comes back as it was typed; what is not understood is refused by its cell."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from justgeo import answers_sheet
from justgeo.core.answers import FORMS, Answers, Entry, Target
from justgeo.core.errors import ConfigError
from justgeo.report import checklist_sheets as sheets
from justgeo.report import results
from tests.report import made

SLUG = "mill-pond"
SAID = Answers(
    {"A01": (Entry("Said before.", by="school", publish=True), Entry("Kept back.", by="clerk"))},
    {"swot": (Entry("A hall", publish=True, more={"kind": "strength"}),)},
    (Target("BEL-02", 0.4, 2030, publish=True),),
)


@dataclass(frozen=True)
class Filled:
    items: tuple[made.Item, ...]
    said: Answers = SAID


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sheet") / "checklist.xlsx"
    content = results.to_dict(made.baseline())
    path.write_bytes(sheets.workbook(Filled(made.checklist().items), content))
    return path


@pytest.fixture
def sheet(blank: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(blank, tmp_path / "checklist.xlsx"))


def head(tab: Any) -> tuple[int, dict[str, int]]:
    """Row of the headings, and the column of each."""
    for row in tab.iter_rows(max_row=12):
        titles = {str(cell.value): cell.column for cell in row if cell.value is not None}
        if "Said by (role)" in titles or "Target year" in titles:
            return row[0].row, titles
    raise AssertionError(tab.title)


def typed(path: Path, title: str, at: int | str, **cells: Any) -> None:
    """Type into the sheet: the nth empty row, or the row of an item."""
    book = openpyxl.load_workbook(path)
    tab = book[title]
    row, columns = head(tab)
    if isinstance(at, str):
        row = next(one[0].row for one in tab.iter_rows(min_row=row + 1) if one[0].value == at)
    else:
        row += at
    keys = {one.key: one.title for one in _columns(title)}
    for key, value in cells.items():
        tab.cell(row, columns[keys[key]]).value = value
    book.save(path)


def _columns(title: str) -> tuple[sheets.Typed, ...]:
    known = {sheets.CHECKLIST: sheets.ANSWER, sheets.MORE: sheets.FURTHER, sheets.TARGETS: sheets.AIM}
    known |= {sheets.sheet_title(form): sheets.form_columns(form) for form in FORMS}
    return known[title]


def test_a_sheet_that_nobody_typed_in_says_nothing(sheet: Path) -> None:
    assert not answers_sheet.read(sheet, SLUG)


def test_what_was_said_stands_in_it_and_what_is_kept_back_does_not(sheet: Path) -> None:
    with zipfile.ZipFile(sheet) as folder:
        everything = b"".join(folder.read(part) for part in folder.namelist())
    assert b"Said before." in everything and b"A hall" in everything
    assert b"Kept back." not in everything and b"clerk" not in everything


def test_what_is_typed_is_read(sheet: Path) -> None:
    typed(
        sheet, sheets.CHECKLIST, "A01", text=" The flood\nof 2021 ", by="resident", date=dt.datetime(2026, 3, 14),
        state="under way", evidence="evidence/minutes.pdf\nhttps://example.org/a", publish="Yes", name="Ada",
    )  # fmt: skip
    typed(sheet, sheets.MORE, 2, item="A01", text=42, by="school")
    typed(sheet, "Strengths and threats", 1, text="Rents rise", kind="threat", affected="Renters", publish="no")
    typed(sheet, "Work plan", 25, text="Plant trees", lead="Parks office", funds_state="in hand")
    typed(sheet, sheets.TARGETS, 1, indicator="BEL-02", target="45 %", year=2031, publish="yes")
    typed(sheet, sheets.TARGETS, 2, indicator="BEL-02", target=0.5, year="2035", group="race:black", note="Later")
    said = answers_sheet.read(sheet, SLUG)
    first = Entry(
        "The flood\nof 2021", "resident", "Ada", "2026-03-14", ("evidence/minutes.pdf", "https://example.org/a"), True,
        more={"state": "under way"},
    )  # fmt: skip
    assert said.items == {"A01": (first, Entry("42", by="school"))}
    assert said.forms["swot"] == (Entry("Rents rise", more={"kind": "threat", "affected": "Renters"}),)
    assert said.forms["work_plan"][0].more == {"lead": "Parks office", "funds_state": "in hand"}
    assert said.targets[0] == Target("BEL-02", 0.45, 2031, publish=True)
    assert said.targets[1] == Target("BEL-02", 0.5, 2035, "race:black", "Later")


@pytest.mark.parametrize(
    ("title", "at", "cells", "told", "remedy"),
    [
        (sheets.CHECKLIST, "A01", {"text": "a", "publish": "perhaps"}, "'perhaps' is neither yes nor no", "yes or no"),
        (sheets.CHECKLIST, "A01", {"text": "a", "state": "finished"}, "'finished'", "'done'"),
        (sheets.CHECKLIST, "A01", {"text": "a", "date": "last May"}, "'last May' is no date", "2026-03"),
        (sheets.CHECKLIST, "A01", {"by": "resident"}, "an entry says nothing", "text"),
        (sheets.CHECKLIST, "A01", {"evidence": "../../etc/passwd"}, "is no evidence", "folder"),
        (sheets.MORE, 1, {"text": "a"}, "More answers, row", "GW-1"),
        (sheets.TARGETS, 1, {"indicator": "BEL-02", "target": 45, "year": 2030}, "share from 0 to 1", "0.45"),
        (sheets.TARGETS, 1, {"indicator": "BEL-02", "target": "much", "year": 2030}, "'much' is no number", "30 %"),
        (sheets.TARGETS, 1, {"indicator": "BEL-02", "target": 0.4}, "'year' is missing", "year"),
    ],
)
def test_a_cell_that_is_not_understood_is_refused_by_its_place(
    sheet: Path, title: str, at: int | str, cells: dict[str, Any], told: str, remedy: str
) -> None:
    typed(sheet, title, at, **cells)
    with pytest.raises(ConfigError) as refused:
        answers_sheet.read(sheet, SLUG)
    assert told in refused.value.message and remedy in refused.value.remedy, str(refused.value)
    assert "checklist.xlsx" in refused.value.message and title in refused.value.message


def test_that_of_another_place_is_refused(sheet: Path) -> None:
    with pytest.raises(ConfigError, match="the checklist of 'mill-pond', not of 'old-town'"):
        answers_sheet.read(sheet, "old-town")


def test_columns_may_be_moved_but_not_renamed(sheet: Path) -> None:
    book = openpyxl.load_workbook(sheet)
    tab = book[sheets.CHECKLIST]
    row, columns = head(tab)
    at = columns["Your answer"]
    tab.insert_cols(at)
    tab.cell(row + 1, at + 1).value = "Moved"
    book.save(sheet)
    assert [one.text for said in answers_sheet.read(sheet, SLUG).items.values() for one in said] == ["Moved"]
    tab.cell(row, at + 1).value = "Our answer"
    book.save(sheet)
    with pytest.raises(ConfigError, match="'Your answer' 0 times"):
        answers_sheet.read(sheet, SLUG)


def test_a_formula_is_taken_as_the_text_that_it_is(sheet: Path) -> None:
    typed(sheet, sheets.CHECKLIST, "A01", text='=HYPERLINK("http://evil.example","x")')
    said = answers_sheet.read(sheet, SLUG)
    assert said.items["A01"][0].text.startswith("=HYPERLINK")


def _zip(*parts: tuple[str, bytes]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as folder:
            for name, body in parts:
                folder.writestr(name, body)

    return write


def _damaged(path: Path) -> None:
    """A workbook whose first part no longer unpacks."""
    _zip(("xl/workbook.xml", b"<x/>" * 99))(path)
    body = bytearray(path.read_bytes())
    at = 30 + len("xl/workbook.xml")
    body[at : at + 8] = b"\xff" * 8
    path.write_bytes(bytes(body))


def _cut_into(path: Path) -> None:
    """A workbook whose list of parts says that they begin before the file does."""
    _zip(("xl/workbook.xml", b"<x/>" * 99))(path)
    body = path.read_bytes()
    at = body.index(b"PK\x01\x02")
    path.write_bytes(body[40:at] + body[at:])


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda path: path.write_bytes(b"no zip"), "no workbook"),
        (lambda path: path.write_bytes(b""), "no workbook"),
        (_zip(("a.txt", b"x")), "no workbook"),
        (_damaged, "no workbook"),
        (_cut_into, "no workbook"),
        (_zip(("xl/workbook.xml", ENTITIES)), "declares entities"),
        (_zip(("xl/workbook.xml", ENTITIES.decode().encode("utf-16"))), "declares entities"),
        (_zip(("xl/big.bin", b"0" * 201_000_000)), "unfolds to more"),
        (_zip(*((f"xl/{n}.xml", b"") for n in range(501))), "unfolds to more"),
    ],
)
def test_what_is_no_checklist_is_refused(tmp_path: Path, write: Callable[[Path], None], told: str) -> None:
    path = tmp_path / "checklist.xlsx"
    write(path)
    with pytest.raises(ConfigError, match=told):
        answers_sheet.read(path, SLUG)


def test_a_workbook_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(path)
    with pytest.raises(ConfigError, match="does not say of which place"):
        answers_sheet.read(path, SLUG)
    with pytest.raises(ConfigError, match="does not exist"):
        answers_sheet.read(tmp_path / "none.xlsx", SLUG)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_what_libreoffice_saved_reads_the_same(sheet: Path, tmp_path: Path) -> None:
    typed(sheet, sheets.CHECKLIST, "A01", text="Höher & <b>\n=1+1", by="resident", publish="yes", date="2026-03")
    saved = tmp_path / "saved"
    home = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", home, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", saved, sheet]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert answers_sheet.read(saved / "checklist.xlsx", SLUG) == answers_sheet.read(sheet, SLUG)
