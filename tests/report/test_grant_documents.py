"""The same figures as Markdown, Word and PDF: every state is told, names are only names, bytes do not change."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import xml.etree.ElementTree as ET
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyarrow.parquet as pq
import pytest

from justgeo.report import (
    document,
    fields,
    grant_files,
    grant_rows,
    markdown,
    package,
    paper,
    parquet,
    results,
    styles,
    tables,
    word,
)
from justgeo.report.document import Block, Heading, Para, Table
from justgeo.report.results import INVENTED
from tests.report import made

EVIL = '=HYPERLINK("http://x.example")|<img src=x onerror=1>[a](javascript:alert(1))`b`\n# big'


def blocks(content: dict[str, Any], **more: Any) -> list[Block]:
    return document.document(grant_rows.grant(content, **more))


def hostile() -> dict[str, Any]:
    whole = made.baseline(name=EVIL, synthetic=True)
    rows = tuple(replace(row, title=EVIL, plain=EVIL, caveat=EVIL) for row in whole.indicators)
    return results.to_dict(replace(whole, indicators=rows, absent_layers={EVIL: EVIL}))


def test_every_indicator_has_its_sentence_and_its_numbers(content: dict[str, Any]) -> None:
    told = blocks(content)
    heads = [one.text for one in told if isinstance(one, Heading) and one.level == 3]
    assert {f"{row['title']} ({row['id']})" for row in content["indicators"]} == set(heads)
    table = next(one for one in told if isinstance(one, Table) and one.header[0] == "Group")
    assert table.rows[0][0] == "Everyone" and "Target" not in table.header
    gone = next(one for one in told if isinstance(one, Table) and one.header == ("What", "Why"))
    assert ("Tree canopy (ENV-01)", "No canopy raster was given") in gone.rows


def test_what_is_not_picked_is_told(content: dict[str, Any]) -> None:
    found = grant_rows.grant(content, lens=grant_rows.Lens(only=("BEL-02",), groups=()))
    assert [(row.id, row.group) for row in found.rows] == [("BEL-02", "all")]
    gone = dict(grant_rows.left_out(found))
    assert gone["Opportunity: OPP-01, OPP-02"] == "Not picked for this export."
    assert any(what.startswith("By race") for what in gone)
    assert not any("BEL-02" in what for what in gone)


def test_a_target_stands_beside_its_baseline(content: dict[str, Any]) -> None:
    aim = {"indicator": "BEL-02", "group": "all", "target": 0.45, "year": 2032}
    told = [one for one in blocks(content, targets=[aim]) if isinstance(one, Table) and "Target" in one.header]
    assert [one.rows[0][-1] for one in told] == ["45% by 2032"]


def test_markdown_of_hostile_names_is_text() -> None:
    text = markdown.markdown(blocks(hostile())).decode("utf-8")
    assert "<img" not in text and "[a](" not in text and "\n# big" not in text
    assert not re.search(r"(^|\| )=HYPERLINK", text, re.MULTILINE)
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (3, 6, 8, 9), line


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("1. one", "1\\. one"),
        ("# a", "\\# a"),
        ("5.5%", "5.5%"),
        ("=1", "'=1"),
        ("a_b*c", "a\\_b\\*c"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_markdown_escapes(told: str, shown: str) -> None:
    assert markdown.text(told) == shown


def test_word_document_of_hostile_names(tmp_path: Path) -> None:
    raw = word.docx(blocks(hostile()), EVIL, synthetic=True)
    import docx

    paper_ = docx.Document(io.BytesIO(raw))
    assert INVENTED in paper_.sections[0].header.paragraphs[0].text
    assert any("<img" in one.text for one in paper_.paragraphs), "as text, not as markup"
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        assert {one.date_time for one in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        body = packed.read("word/document.xml").decode("utf-8")
    assert "fldSimple" not in body and "instrText" not in body and "hyperlink" not in body
    assert raw == word.docx(blocks(hostile()), EVIL, synthetic=True)


def test_pdf_of_hostile_names_has_its_fonts_and_no_time() -> None:
    raw = paper.pdf(blocks(hostile()), EVIL, synthetic=True)
    assert raw.startswith(b"%PDF-") and b"DejaVuSans" in raw
    assert b"/URI" not in raw and b"/JavaScript" not in raw
    assert raw == paper.pdf(blocks(hostile()), EVIL, synthetic=True)


def test_a_control_character_breaks_nothing() -> None:
    told: list[Block] = [Heading(1, "a\x00b\x0b"), Para("\ud800 & <b>"), Table(("x",), (("\x07",),), (1.0,))]
    assert word.docx(told, "t\x01", synthetic=False)
    assert paper.pdf(told, "t\x01", synthetic=False)


def test_an_export_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from justgeo.core.errors import OutputError

    for name, call in (("docx", word.docx), ("reportlab", paper.pdf)):
        gone = [one for one in sys.modules if one == name or one.startswith(f"{name}.")]
        for one in {*gone, name, *({"reportlab.lib.pagesizes"} if name == "reportlab" else set())}:
            monkeypatch.setitem(sys.modules, one, None)
        with pytest.raises(OutputError, match=r"justgeo\[export\]"):
            call([], "", synthetic=False)


# ------------------------------------------------------------------------------------------------ tables for programs


def test_parquet_has_the_rows_of_the_csv(content: dict[str, Any]) -> None:
    raw = parquet.indicators_parquet(content)
    found = pq.read_table(io.BytesIO(raw))
    assert tuple(found.column_names) == tables.COLUMNS
    assert found.to_pylist() == [dict(zip(tables.COLUMNS, row, strict=True)) for row in tables.indicator_rows(content)]
    assert raw == parquet.indicators_parquet(content)
    invented = pq.read_schema(io.BytesIO(parquet.indicators_parquet(results.to_dict(made.baseline(synthetic=True)))))
    assert invented.metadata[b"invented"].decode() == INVENTED


def test_every_column_says_what_it_holds() -> None:
    assert [field.name for field in fields.FIELDS if not field.about] == []


def test_datapackage_names_files_fields_terms(tmp_path: Path, content: dict[str, Any]) -> None:
    grant_files.write(tmp_path, content)
    told = package.datapackage(content, tmp_path)
    assert [one["path"] for one in told["resources"]] == [
        "indicators.csv", "indicators.parquet", "indicators.xlsx", "indicators.md",
    ]  # fmt: skip
    first = told["resources"][0]
    assert [one["name"] for one in first["schema"]["fields"]] == list(tables.COLUMNS)
    assert first["schema"]["missingValues"] == [""] and first["bytes"] == (tmp_path / "indicators.csv").stat().st_size
    assert {"name": "ODbL-1.0", "title": "ODbL 1.0"} in told["licenses"]
    assert all(re.fullmatch(r"[-a-zA-Z0-9._]+", one["name"]) for one in told["licenses"])
    assert told["units"]["BEL-02"] == "share"
    assert json.loads(json.dumps(told)) == told


def test_styles_of_the_geopackage(tmp_path: Path, content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    path = tmp_path / "indicators.gpkg"
    tables.write_gpkg(path, content, zones)
    styles.write(path, content)
    with closing(sqlite3.connect(path)) as db:
        found = {row[0]: row[1:] for row in db.execute("SELECT f_table_name, styleName, styleQML FROM layer_styles")}
        column = db.execute("SELECT column_name FROM gpkg_geometry_columns WHERE table_name='tract'").fetchone()
    assert set(found) == {"district", "reference", "tract", "block_group"} and column == ("geom",)
    root = ET.fromstring(found["block_group"][1].partition(">")[2])
    assert found["block_group"][0].startswith("People within a 10-minute")
    rules = [(one.get("label"), one.get("filter")) for one in root.iter("rule")]
    assert ("too uncertain to rely on", "\"wel_04_800_rel\" = 'low'") in rules
    assert ("no number", '"wel_04_800" IS NULL') in rules
    assert len(list(root.iter("symbol"))) == len(rules) + 1, "the hatching has a line of its own"
    assert any(one.get("class") == "LinePatternFill" for one in root.iter("layer"))
    assert gpd.read_file(path, layer="tract").shape[0] == 4
