"""The workbook as another library and another program read it."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from justgeo.catalogue import read as catalogue
from justgeo.report import grant_files, grant_rows, results, xlsx
from justgeo.report.results import INVENTED
from justgeo.report.sheets import TARGET_COLUMNS, Column, Number, Sheet
from tests.report import made

Sheets = dict[str, list[tuple[Any, ...]]]
AIM = {"indicator": "BEL-02", "group": "all", "target": 0.45, "year": 2032}


def opened(raw: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(raw))


def rows(book: openpyxl.Workbook, title: str) -> list[dict[str, Any]]:
    """Rows of a sheet by its headings, which stand in the first row that fills every column."""
    lines = [[cell.value for cell in line] for line in book[title].iter_rows()]
    head = next(n for n, line in enumerate(lines) if all(line))
    names = [str(name).replace(" (INVENTED)", "") for name in lines[head]]
    return [dict(zip(names, line, strict=True)) for line in lines[head + 1 :]]


def written(content: dict[str, Any], **more: Any) -> bytes:
    return grant_files.workbook(grant_rows.grant(content, **more))


@pytest.fixture(scope="module")
def book(content: dict[str, Any]) -> openpyxl.Workbook:
    return opened(written(content, targets=[AIM, {**AIM, "year": 2028, "target": 0.5}]))


def test_a_sheet_for_each_category_and_what_belongs_to_it(book: openpyxl.Workbook) -> None:
    categories = ["Belonging", "Opportunity", "Wellbeing", "Mobility", "Environment", "Who lives here"]
    assert book.sheetnames == [
        "Read me", "Sentences", *categories, "GEOIDs", "Not measured", "Data dictionary", "Methods", "Sources",
    ]  # fmt: skip
    asked = {
        "Indicator name", "Unit of measurement", "Brief definition", "Data source", "Frequency of data", "Baseline",
        "Baseline year", "Target", "Target year",
    }  # fmt: skip
    for title in categories:
        assert asked <= set(rows(book, title)[0])
        sheet = book[title]
        assert sheet.freeze_panes and sheet.auto_filter.ref and sheet.print_title_rows
        assert sheet.page_setup.orientation == "landscape"


def test_numbers_are_those_of_the_results(content: dict[str, Any], book: openpyxl.Workbook) -> None:
    labels = {group["label"]: group["id"] for group in content["groups"]}
    found = {(r["indicator"], r["group"]): r for r in content["records"] if r["zone"] == "district"}
    seen = 0
    for title in ("Belonging", "Opportunity", "Wellbeing", "Mobility", "Environment", "Who lives here"):
        for row in rows(book, title):
            record = found.get((row["Id"], labels[row["Group"]]))
            assert row["Baseline"] == (None if record is None else record["value"] or record["text"])
            moe = None if record is None else record["moe"]
            told = row["Margin of error (±)"]
            assert told == moe or (moe is None and told == "not known" and record is not None)
            assert row["Count"] == (None if record is None else record["numerator"])
            seen += record is not None and record["value"] is not None
    assert seen == sum(r["value"] is not None for r in found.values())


def test_every_state_of_a_number(content: dict[str, Any], book: openpyxl.Workbook) -> None:
    canopy = next(row for row in rows(book, "Environment") if row["Id"] == "ENV-01")
    assert canopy["Baseline"] is None and canopy["Margin of error (±)"] is None
    assert canopy["Why no number, or no margin"] == "no canopy raster was given"
    poverty = next(row for row in rows(book, "Opportunity") if row["Id"] == "OPP-02")
    assert poverty["Reliability"] == "too uncertain to rely on" and poverty["Baseline"] == 0.148
    parks = next(row for row in rows(book, "Wellbeing") if row["Id"] == "WEL-05")
    assert parks["Baseline"] == 6.82 and parks["Margin of error (±)"] == "not known"
    never = next(row for row in rows(book, "Environment") if row["Id"] == "ENV-03")
    assert never["Baseline"] is None and never["Why no number, or no margin"] == "not computed"


def test_zero_text_and_withheld_of_an_area(content: dict[str, Any]) -> None:
    lens = grant_rows.Lens(place="990010000023")
    withheld = next(r for r in rows(opened(written(content, lens=lens)), "Belonging") if r["Id"] == "BEL-02")
    assert withheld["Baseline"] is None and withheld["Count"] is None and withheld["Out of"] is None
    assert withheld["Reliability"] == "withheld"
    text = next(r for r in content["records"] if r["text"])
    lens = grant_rows.Lens(place=text["zone"])
    told = next(r for r in rows(opened(written(content, lens=lens)), "Opportunity") if r["Id"] == "OPP-01")
    assert told["Baseline"] == "≥ $250,000"
    none = {
        **content,
        "records": [{**r, "value": 0.0} if r["indicator"] == "MOB-01.800" else r for r in content["records"]],
    }
    zero = next(r for r in rows(opened(written(none)), "Mobility") if r["Id"] == "MOB-01.800")
    assert zero["Baseline"] == 0 and zero["Margin of error (±)"] == 0


def test_the_farthest_target_stands_in_its_row(book: openpyxl.Workbook) -> None:
    found = [r for title in ("Belonging", "Opportunity") for r in rows(book, title) if r["Target"] is not None]
    assert [(r["Id"], r["Group"], r["Target"], r["Target year"]) for r in found] == [("BEL-02", "Everyone", 0.45, 2032)]


def test_each_row_names_the_census_tables_of_its_own_number(content: dict[str, Any]) -> None:
    """A record's layers are all that its indicator asks for; a group's table is named in its own cells."""
    own = {"race:black": {"numerator": "B25003B_003", "denominator": "B25003B_001", "geography": "tract"}}
    asked = {"inputs": ["acs:B25003"], "optional": ["acs:B25003B", "acs:B25003H"], "groups": own}
    tables = [f"acs:{one}@2024" for one in ("B25003", "B25003B", "B25003H")]
    layer = next(one for one in content["layers"] if one["id"].startswith("acs:"))
    every = {"layers": [*tables, "blocks"]}
    told = {
        **content,
        "layers": [*content["layers"], *({**layer, "id": one} for one in tables)],
        "indicators": [{**i, **asked} if i["id"] == "BEL-02" else i for i in content["indicators"]],
        "records": [{**r, **every} if r["indicator"] == "BEL-02" else r for r in content["records"]],
    }
    book = opened(written(told))
    for title in ("Belonging", "Sentences"):
        found = {row["Group"]: row["Table"] for row in rows(book, title) if row["Id"] == "BEL-02"}
        assert found["Everyone"] == "B25003" and found["Black, not Hispanic"] == "B25003B"


@pytest.mark.parametrize(
    ("cell", "kind", "told"),
    [
        (Number(0.39, "share", 0.04), "number", "0%"),
        (Number(0.39, "share", 0.004), "number", "0.0%"),
        (Number(0.04, "share", 0.04), "margin", '"± "0.0%'),
        (Number(0.0, "share", 0.0, sampled=False), "margin", '"± "0.0%;"± "0.0%;"not a sample"'),
        (Number(61_300.0, "USD", 900.0), "number", '"$"#,##0'),
        (Number(7431.4, "persons", 402.0), "number", "#,##0"),
        (Number(6.82, "acres per 1,000 people", None), "number", "#,##0.0"),
        (Number(2.1, "percent change", 6.0), "number", '+#,##0.0" %";-#,##0.0" %";0'),
    ],
)
def test_formats_by_unit(cell: Number, kind: str, told: str) -> None:
    assert xlsx.number_format(cell, kind) == told


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "  =", "＝"])
def test_no_cell_is_a_formula_or_a_link(sign: str) -> None:
    evil = f'{sign}HYPERLINK("http://x.example")'
    whole = made.baseline(name=evil)
    whole = replace(whole, indicators=tuple(replace(i, title=evil, plain=evil, caveat=evil) for i in whole.indicators))
    book = opened(written(results.to_dict(whole)))
    seen = 0
    for sheet in book:
        for line in sheet.iter_rows():
            for cell in line:
                assert cell.data_type != "f" and cell.hyperlink is None
                if isinstance(cell.value, str) and "HYPERLINK" in cell.value:
                    seen += 1
                    assert not cell.value.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))
    assert seen > 20


def test_names_that_a_workbook_cannot_hold() -> None:
    columns = (Column("a[b]:*?/\\", 9), Column('&Rx&"Arial"', 9))
    long = Sheet(
        "[x]:*?/\\ a name of more than thirty-one letters", "=1", columns, (("\x00\x07b" + "x" * 40_000, None),)
    )
    book = opened(xlsx.workbook([long, long, replace(long, title="''")], "&P & co", synthetic=False))
    assert len(book.sheetnames) == 3 and all(0 < len(name) <= 31 for name in book.sheetnames)
    cell = book.worksheets[0].cell(3, 1).value
    assert isinstance(cell, str) and cell.endswith("results.json)") and len(cell) <= 32_767
    assert book.worksheets[0].oddHeader.left.text == "&&P && co"


def test_invented_data_are_marked_on_every_sheet_and_page() -> None:
    book = opened(written(results.to_dict(made.baseline(synthetic=True))))
    for sheet in book:
        top = [cell.value for line in sheet.iter_rows(max_row=6) for cell in line]
        assert INVENTED in top
        assert INVENTED in str(sheet.oddHeader.center.text)
        assert any(str(value).endswith("(INVENTED)") for value in top)
    assert all(INVENTED in row["Sentence to paste"] for row in rows(book, "Sentences"))


def test_openstreetmap_is_named_on_every_page(book: openpyxl.Workbook) -> None:
    assert all("OpenStreetMap" in str(sheet.oddFooter.left.text) for sheet in book)
    assert any("© OpenStreetMap" in str(row[1]) for row in book["Read me"].iter_rows(values_only=True))


def test_programmes_stand_beside_our_figure(content: dict[str, Any]) -> None:
    whole = results.to_dict(replace(made.baseline(), programmes=catalogue.programmes()))
    found = {row["Programme"]: row for row in rows(opened(written(whole)), "Programmes")}
    lmi = found["Community Development Block Grant, area benefit (LMA)"]
    assert lmi["Our figure"] is None and "51 %" in lmi["Rule"] and "theirs, not ours" in lmi["Whose number to submit"]
    credit = found["New Markets Tax Credit, low-income communities"]
    assert credit["Our figure"] == 0.148 and "of 4 tracts" in credit["This place under that rule"]
    assert "Rescinded" in found["Climate and Economic Justice Screening Tool 2.0 (Justice40)"]["Status"]


def test_the_same_bytes_twice_whatever_the_hash_seed(content: dict[str, Any]) -> None:
    code = (
        "import hashlib; from justgeo.report import grant_files, grant_rows, results; from tests.report import made; "
        "book = grant_files.workbook(grant_rows.grant(results.to_dict(made.baseline()))); "
        "print(hashlib.sha256(book).hexdigest())"
    )
    root = Path(__file__).parents[2]
    seed = "77" if os.environ.get("PYTHONHASHSEED") != "77" else "0"  # another one than here
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env={**os.environ, "PYTHONHASHSEED": seed}, text=True, check=True,
        capture_output=True,
    ).stdout.strip()  # fmt: skip
    here = written(content)
    assert hashlib.sha256(here).hexdigest() == told
    assert written(content) == here


def test_every_column_says_what_it_is(book: openpyxl.Workbook) -> None:
    words = {row["Word"] for row in rows(book, "Data dictionary")}
    assert {column.title for column in TARGET_COLUMNS} <= words and all(column.about for column in TARGET_COLUMNS)


@pytest.mark.slow
def test_libreoffice_opens_and_prints_it(tmp_path: Path, content: dict[str, Any]) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    (tmp_path / "indicators.xlsx").write_bytes(written(content))
    asked = [office, "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--convert-to", "pdf"]
    subprocess.run([*asked, "indicators.xlsx"], cwd=tmp_path, check=True, capture_output=True, timeout=240)
    assert (tmp_path / "indicators.pdf").read_bytes().startswith(b"%PDF-")
