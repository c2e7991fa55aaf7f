"""Every file of a place whose every text is hostile, read by other programs: nothing steers them, nothing is lost."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from markdown_it import MarkdownIt

from justgeo.report.tables import safe_line, safe_text
from tests import planted_outputs
from tests.planted import UNSEEN, lacking
from tests.planted_outputs import Made, digits
from tests.report.pages import data_of, packed, whole

FORMULA = re.compile("[\\s\x00-\x1f\u200b-\u200f\u2060-\u206f\u3000\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
TERMS = tuple(f"terms table {key}" for key in ("source", "dataset", "vintage", "licence", "attribution"))
LOADS = ("href", "src", "srcset", "action", "formaction", "data", "poster", "background", "style", "ping", "xlink:href")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return planted_outputs.made(tmp_path_factory)


def every_file(made: Made) -> list[tuple[str, bytes]]:
    """All files that justgeo wrote, those within zips too; each content once."""
    if made.out not in _SEEN:
        _SEEN[made.out] = list({body: (name, body) for name, body in reversed(list(_files(made.out.parent)))}.values())
    return _SEEN[made.out]


_SEEN: dict[Path, list[tuple[str, bytes]]] = {}


def _files(base: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(base.rglob("*"), key=lambda one: ("packet" in str(one), one)):
        if path.is_file() and base / "place" not in path.parents and path.name != "sites.csv":
            body = path.read_bytes()
            yield path.relative_to(base).as_posix(), body
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as inside:
                    yield from ((f"{path.name}:{one}", inside.read(one)) for one in inside.namelist())


# ------------------------------------------------------------------------------------------------------------- tables


def tables(made: Made) -> Iterator[tuple[str, list[list[str]]]]:
    for name, body in every_file(made):
        if name.endswith(".csv"):
            yield name, list(csv.reader(io.StringIO(body.decode("utf-8"), newline="")))


def test_no_cell_of_a_csv_begins_a_formula_whatever_separates_cells(made: Made) -> None:
    seen = 0
    for name, rows in tables(made):
        for row in rows:
            for cell in row:
                assert not FORMULA.match(cell) or NUMBER.fullmatch(cell), (name, cell)
                for part in re.split(r"[;\t\r\n]", cell)[1:]:
                    assert not FORMULA.match(part), (name, cell)
                seen += 1
        assert len({len(row) for row in rows}) == 1, f"{name}: a name has torn a row"
    assert seen > 10_000


def test_tables_hold_every_name_as_it_was_written(made: Made) -> None:
    rows = list(csv.DictReader(io.StringIO((made.out / "indicators.csv").read_text(encoding="utf-8"), newline="")))
    told = {column: {row[column] for row in rows} for column in rows[0]}
    names = [one.replace(UNSEEN, "") for one in made.plant.of("area name")]
    assert {safe_text(one) for one in names} <= told["zone_name"]
    assert told["place"] == {safe_text(made.plant.texts["district"])}
    assert {safe_text(one) for one in made.plant.of("area id")} <= told["zone"]
    assert lacking(" ".join(told["reason"]), made.plant.of("absent tree")) == []
    licences = [safe_line(one) for one in made.plant.of("terms table licence", "terms osm licence")]
    assert lacking(" ".join(told["licence"]), licences) == []


def test_parquet_holds_texts_unchanged(made: Made) -> None:
    for path in (made.out / "indicators.parquet", made.exports["parquet"]):
        table = pq.read_table(path)
        assert set(table["place"].to_pylist()) == {made.plant.texts["district"]}
        assert table.schema.metadata[b"title"].decode() == f"Baseline of {made.plant.texts['district']}"
    names = set(pq.read_table(made.out / "indicators.parquet")["zone_name"].to_pylist())
    assert {one.replace(UNSEEN, "") for one in made.plant.of("area name")} <= names


def books(made: Made) -> Iterator[tuple[str, bytes]]:
    yield from ((name, body) for name, body in every_file(made) if name.endswith(".xlsx"))


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(made: Made) -> None:
    found = 0
    for name, body in books(made):
        book = openpyxl.load_workbook(io.BytesIO(body))
        for sheet in book:
            assert not sheet.title.startswith("'") and len(sheet.title) <= 31
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type != "f" and cell.hyperlink is None, (name, cell.coordinate)
                    assert not (isinstance(cell.value, str) and FORMULA.match(cell.value)), (name, cell.value)
                    found += cell.value is not None
        with zipfile.ZipFile(io.BytesIO(body)) as inside:
            for part in inside.namelist():
                text = inside.read(part).decode("utf-8")
                assert "<f>" not in text and "ddeLink" not in text and "externalLink" not in part, (name, part)
                assert 'TargetMode="External"' not in text and "oleObject" not in text
    assert found > 1000


def test_workbooks_hold_every_name(made: Made) -> None:
    told = {}
    for name in ("indicators.xlsx", "checklist.xlsx"):
        book = openpyxl.load_workbook(made.out / name)
        told[name] = "\n".join(
            str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value
        )
        heads = [sheet.oddHeader.left.text or "" for sheet in book]
        assert all(lacking(one, [made.plant.texts["district"][:20]]) == [] for one in heads)
    assert lacking(told["indicators.xlsx"], made.plant.of("district", "reference", "terms table licence")) == []
    assert lacking(told["checklist.xlsx"], made.plant.of("district", "own commitment", "answer text")) == []
    listed = [one for one in made.plant.of("place", "park") if one[:60] in told["checklist.xlsx"]]
    assert len(listed) >= 6 and all(f"{one[:79]}…" in told["checklist.xlsx"] for one in listed), "a cut name says so"


def test_the_geopackage_is_whole_and_holds_names_as_values(made: Made) -> None:
    with closing(sqlite3.connect(made.out / "indicators.gpkg")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        names = [name for (name,) in db.execute("SELECT table_name FROM gpkg_contents")]
        assert set(names) == {"district", "reference", "area", "indicators", "layer_styles"}
        told = {name for (name,) in db.execute("SELECT name FROM area")}
        assert told == {one.replace(UNSEEN, "") for one in made.plant.of("area name")}
        ids = {name for (name,) in db.execute("SELECT id FROM area")}
        assert ids == {" ".join(one.split()) for one in made.plant.of("area id")}
        assert db.execute("SELECT name FROM district").fetchone() == (made.plant.texts["district"],)
        for (style,) in db.execute("SELECT styleQML FROM layer_styles"):
            kept = ET.fromstring(style)
            assert {one.tag for one in kept.iter()} <= {
                "qgis", "renderer-v2", "rules", "rule", "symbols", "symbol", "layer", "Option",
            }  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- documents


def markdowns(made: Made) -> Iterator[tuple[str, str]]:
    yield from ((name, body.decode("utf-8")) for name, body in every_file(made) if name.endswith(".md"))


def test_markdown_holds_names_as_text_and_no_link_of_theirs(made: Made) -> None:
    """As GitHub reads it: HTML passed through, tables, bare addresses as links."""
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable("table")
    seen = 0
    for name, text in markdowns(made):
        tokens = parser.parse(text)
        inside = [*tokens, *(child for token in tokens for child in token.children or [])]
        for token in inside:
            href = str(token.attrs.get("href", ""))
            assert token.type not in ("image", "html_block", "fence", "code_block", "code_inline"), (
                name,
                token.content,
            )
            assert token.type != "html_inline" or token.content in ("<small>", "</small>"), (name, token.content)
            assert not href or re.match(r"(outputs|evidence)/[\w./-]+$|https://x\.invalid/\?a=%3Cscript", href), href
            seen += 1
    assert seen > 500


def read(text: str) -> str:
    """A Markdown text as its readers see it."""
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    parts: list[str] = []
    taken = HTMLParser(convert_charrefs=True)
    taken.handle_data = parts.append  # type: ignore[method-assign]
    taken.feed(html)
    return "".join(parts)


def test_markdown_loses_nothing(made: Made) -> None:
    told = {name: read(text) for name, text in markdowns(made)}
    place = made.plant.texts["district"]
    assert all(lacking(text, [place]) == [] for text in told.values())
    checklist = told[f"{planted_outputs.FOLDER}/checklist.md"]
    assert lacking(checklist, made.plant.of("answer", "form", "asset", "seat", "target note", "own commitment")) == []
    figures = next(text for name, text in told.items() if name.endswith(("indicators.md", "grant.md")))
    assert lacking(figures, made.plant.of("absent tree", *TERMS)) == []


def test_word_holds_names_as_text(made: Made) -> None:
    docx = pytest.importorskip("docx")
    path = made.exports["docx"]
    told = docx.Document(str(path))
    text = "\n".join(one.text for one in told.paragraphs)
    text += "\n".join(cell.text for table in told.tables for row in table.rows for cell in row.cells)
    assert lacking(text, made.plant.of("district", "reference", "absent tree", *TERMS)) == []
    with zipfile.ZipFile(path) as inside:
        body = "".join(inside.read(one).decode("utf-8") for one in inside.namelist() if one.endswith((".xml", ".rels")))
    for sign in ("fldSimple", "instrText", "<w:hyperlink", "DDEAUTO", "oleObject", "altChunk", 'TargetMode="External"'):
        assert sign not in body, sign


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed (poppler-utils)")
def test_pdf_holds_names_as_text(made: Made) -> None:
    for name in ("pdf", "map.pdf"):
        raw = made.exports[name].read_bytes()
        for sign in (b"/URI", b"/JavaScript", b"/JS", b"/Launch", b"/OpenAction", b"/AA", b"/EmbeddedFile"):
            assert not re.search(re.escape(sign) + rb"\b", raw), (name, sign)
        told = subprocess.run(["pdftotext", "-raw", made.exports[name], "-"], capture_output=True, check=True).stdout
        text = "".join(told.decode("utf-8").split())
        district = "".join(made.plant.texts["district"].split())
        assert district[:60] in text, name
        if name == "pdf":
            assert "".join(made.plant.texts["absent tree_canopy"].split())[1:] in text


def test_json_is_whole(made: Made) -> None:
    told = [(name, json.loads(body)) for name, body in every_file(made) if name.endswith(".json")]
    assert {"results.json", "checklist.json", "datapackage.json", "manifest.json", "compare.json"} <= {
        name.rpartition("/")[2] for name, _ in told
    }
    data = next(one for name, one in told if name.endswith("datapackage.json"))
    assert all(not source.get("path", "https://").startswith("javascript") for source in data["sources"])
    assert re.fullmatch(r"[a-z0-9._-]+", data["name"]) and data["title"].endswith(made.plant.texts["district"])


# ------------------------------------------------------------------------------------------------ pages, files, packets


class Elements(HTMLParser):
    """Attributes of a page that could load, lead or run."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.odd: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            told = (value or "").strip()
            own = name == "style" and re.fullmatch(r"(--\w+:[\d.]+;?)+", told)
            leads = name in LOADS and not told.startswith("#") and not own
            if name.startswith("on") or leads or tag in ("iframe", "object", "embed", "base", "form", "img"):
                self.odd.append(f"<{tag} {name}={told[:80]!r}>")


def pages(made: Made) -> Iterable[tuple[str, str]]:
    return [(name, body.decode("utf-8")) for name, body in every_file(made) if name.endswith(".html")]


def test_every_page_has_its_policy_and_only_its_own_elements(made: Made) -> None:
    found = pages(made)
    assert len(found) >= 7
    for name, html in found:
        assert html.count('http-equiv="Content-Security-Policy"') == 1, name
        assert html.index("Content-Security-Policy") < html.index("<title>"), "before anything that it speaks of"
        finder = Elements()
        for part in (html, *packed(html, "data-language")):
            finder.feed(part)
        own = [one for one in finder.odd if re.match(r"<a href='(outputs|evidence)/[\w./-]+'>", one)]
        beside = ["<a href='quality.html'>"] if name.endswith("index.html") else []  # written with it
        assert [one for one in finder.odd if one not in (*own, *beside)] == [], name
        assert not own or "packet" in name


def test_names_within_zips_and_folders_are_plain(made: Made) -> None:
    plain = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
    base = made.out.parent
    with zipfile.ZipFile(base / "packet.zip") as inside:
        names = inside.namelist()
        assert inside.testzip() is None
    names += [one.relative_to(base / "packet").as_posix() for one in (base / "packet").rglob("*")]
    assert [name for name in names if not plain.fullmatch(name)] == []
    assert sum(name.startswith("evidence/") for name in names) == 6, "three documents, in the folder and in the zip"


def test_what_turns_texts_around_is_nowhere(made: Made) -> None:
    for name, body in every_file(made):
        assert UNSEEN.encode("utf-8") not in body, name
        if name.endswith(".html"):
            assert UNSEEN not in whole(body.decode("utf-8")), name


# --------------------------------------------------------------------------------------------------- what is withheld


def test_withheld_numbers_are_in_no_output(made: Made) -> None:
    """The numbers measured once more, with nothing withheld: their digits stand in no file, packed parts unpacked."""
    truths = made.truths()
    values = [
        number
        for record in truths
        for number in (record.value, record.moe, record.numerator, record.denominator, record.numerator_moe)
        if number is not None and len(f"{number:.12g}".replace(".", "").strip("0")) >= 7
    ]
    assert len(truths) > 20 and len(set(values)) > 20
    kept = {
        f"{r[key]:.12g}"
        for r in made.results["records"]
        for key in ("value", "moe", "numerator", "denominator")
        if r[key]
    }
    wanted = {told for value in values if f"{value:.12g}" not in kept for told in digits(value)}
    assert len(wanted) > 20
    for name, body in every_file(made):
        if not name.endswith((".html", ".md", ".csv", ".json", ".xml", ".rels")):
            continue
        text = body.decode("utf-8")
        text = whole(text) if name.endswith(".html") else text
        assert [one for one in wanted if one in text] == [], name


def test_withheld_numbers_are_in_no_table(made: Made) -> None:
    gone = {(r.zone, r.indicator, r.group) for r in made.truths()}
    rows = pq.read_table(made.out / "indicators.parquet").to_pylist()
    numbers = [key for key in rows[0] if isinstance(next((r[key] for r in rows if r[key] is not None), None), float)]
    hidden = [row for row in rows if (row["zone"], row["indicator"], row["group"]) in gone]
    assert len(hidden) == len(gone)
    assert all(row[key] is None for row in hidden for key in numbers)
    with closing(sqlite3.connect(made.out / "indicators.gpkg")) as db:
        for zone, indicator, _ in [one for one in gone if one[2] == "all"]:
            column = re.sub(r"[^0-9a-z]+", "_", indicator.casefold())
            told: Any = db.execute(f'SELECT "{column}", "{column}_moe" FROM area WHERE id = ?', (zone,)).fetchone()
            assert told == (None, None)


def test_withheld_numbers_stand_with_no_area_on_the_page(made: Made) -> None:
    html = (made.out / "index.html").read_text(encoding="utf-8")
    data = data_of(html)
    gone = {(r.zone, r.indicator) for r in made.truths() if r.group == "all"}
    seen = 0
    for row in data["indicators"]:
        for i, zone in enumerate(data["levels"][row["level"]]["ids"]):
            if (zone, row["id"]) in gone:
                at = [row[key][i] if isinstance(row[key], list) else row[key] for key in ("values", "margins")]
                assert row["classes"][i] == "-" and not any(re.search(r"\d", str(data["said"]["en"][n])) for n in at)
                seen += 1
    assert seen > 0


def test_outputs_stand_where_they_were_asked_for(made: Made) -> None:
    base = made.out.parent
    assert (base / planted_outputs.FOLDER / "indicators.gpkg").is_file()
    assert sorted(one.name for one in base.iterdir() if one.name.startswith("out")) == [planted_outputs.FOLDER]
    assert not [one for one in Path(base).rglob("*") if ".part" in one.name]
