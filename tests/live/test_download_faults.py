"""Downloadable files when something else comes than what was asked for: it says why, and nothing is kept."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from justgeo.core.errors import LayerError, SourceError
from justgeo.sources.live.ask import bring
from justgeo.sources.live.records import Records
from tests.live import shelf
from tests.live.bureau import failure, tools
from tests.live.shelf import DISTRICT, GRADED, REDLINING, Shelf, asks, layer, row
from tests.loopback.faults import Fault
from tests.loopback.files import FileTree
from tests.loopback.server import Loopback, refused_url

BLOCK, OTHER, NOBODY = "515400002011000", "510030101001002", "517600201001000"
WAC_VA = "/va/wac/va_wac_S000_JT00_2023.csv.gz"


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


@pytest.fixture
def files() -> Iterator[Shelf]:
    tree = FileTree({})
    with Loopback(tree.handle) as server:
        yield Shelf(server, tree)


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (Fault.reset(), "partial", "broke off"),
        (Fault.reset_in_body(), "partial", "broke off"),
        (Fault.truncated(), "partial", "broke off"),
        (Fault.cut(), "partial", "cannot be read"),
        (Fault.empty(), "partial", "the answer is empty"),
        (Fault.html(), "damaged", "a web page came"),
        (Fault.redirect_to_page(), "damaged", "a web page came"),
        (Fault.empty_list(), "missing", "no column 'w_geocode'"),
        (Fault.status(204), "missing", "(204)"),
        (Fault.status(403, b"Access denied"), "missing", "(403)"),
        (Fault.status(404), "missing", "(404)"),
        (Fault.status(503), "busy", "(503)"),
        (Fault.too_many(), "busy", "(429)"),
        (Fault.body(lambda _: gzip.compress(b"w_geocode,C000\n")), "missing", "no column 'CE01'"),
        (Fault.body(lambda _: gzip.compress(shelf.WAC.encode() + b"\n")), "partial", "a header and no rows"),
        (Fault.body(lambda body: gzip.compress(gzip.decompress(body)[:-30])), "partial", "the last line breaks off"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_a_fault_keeps_nothing_and_the_next_fetch_completes(
    fault: Fault, kind: str, says: str, files: Shelf, records: Records
) -> None:
    files.put({WAC_VA: shelf.lodes({BLOCK: (10, 2, 3, 5), OTHER: (1, 1, 0, 0)})})
    service = row("lodes_wac", files.url)
    files.server.fail(fault, times=2)  # the client tries twice
    found = failure(asks(service)[0], records, service)
    assert (found.kind, found.service) == (kind, "lodes_wac")
    assert says in found.message
    files.server.calm()
    assert shelf.told(service, records).fetched == ("lodes_wac 2023, state 51",)


def test_a_renamed_column_is_told_with_the_nearest_and_not_asked_for_again(files: Shelf, records: Records) -> None:
    text = gzip.decompress(shelf.lodes({BLOCK: (10, 2, 3, 5)})).replace(b"CE01", b"CE01_W")
    files.put({WAC_VA: gzip.compress(text)})
    service = row("lodes_wac", files.url)
    found = failure(asks(service)[0], records, service)
    assert "no column 'CE01' (any more)" in found.message
    assert "did you mean 'CE01_W'" in found.remedy and "https://lehd.ces.census.gov/data/" in found.remedy
    assert len(files.server.requests) == 1


@pytest.mark.parametrize(
    ("name", "path", "body", "says"),
    [
        ("chas", "/2018thru2022-140-csv.zip", shelf.zip_of({"140/Table1.csv": "a\n1\n"}), "no Table9.csv"),
        ("chas", "/2018thru2022-140-csv.zip", b"PK\x03\x04 and then nothing", "no whole zip archive"),
        (
            "chas",
            "/2018thru2022-140-csv.zip",
            shelf.zip_of({"a/Table9.csv": "geoid\n1\n", "b/table9.csv": "geoid\n1\n"}),
            "2 files for Table9.csv",
        ),
        ("tribal_lands", "/geo/tiger/TIGER2024/AIANNH/tl_2024_us_aiannh.zip", shelf.zip_of({"a.txt": "b"}), "no .shp"),
        ("redlining", REDLINING, b'{"type": "FeatureCollection", "features": []}', "no features"),
        ("redlining", REDLINING, b'{"type": "FeatureCollection"', "not what was expected"),
        ("redlining", REDLINING, shelf.geojson([(DISTRICT, {"city": "x", "state": "y"})]), "no column 'grade'"),
        (
            "redlining",
            REDLINING,
            shelf.geojson(GRADED).replace(b'"features"', b'"crs": {"properties": {"name": "EPSG:3857"}}, "features"'),
            "not in longitude and latitude",
        ),
    ],
    ids=["no member", "half a zip", "two members", "no shapefile", "no features", "half", "no grade", "other crs"],
)
def test_an_archive_or_map_that_is_not_what_it_should_be(
    name: str, path: str, body: bytes, says: str, files: Shelf, records: Records
) -> None:
    files.put({path: body})
    service = row(name, files.url)
    assert says in failure(asks(service)[0], records, service).message


def test_a_county_without_rows_is_refused_where_each_has_some(files: Shelf, records: Records) -> None:
    files.put({WAC_VA: shelf.lodes({NOBODY: (10, 2, 3, 5)})})
    with pytest.raises(LayerError, match="no row of 51003, 51540, though it should"):
        layer(row("lodes_wac", files.url), records)


def test_blocks_that_come_twice_are_refused(files: Shelf, records: Records) -> None:
    text = gzip.decompress(shelf.lodes({BLOCK: (10, 2, 3, 5), OTHER: (1, 1, 0, 0)})).decode()
    files.put({WAC_VA: gzip.compress((text + text.splitlines()[1] + "\n").encode())})
    with pytest.raises(LayerError, match="1 identifiers come more than once"):
        layer(row("lodes_wac", files.url), records)


def test_progress_is_told_in_bytes(files: Shelf, records: Records) -> None:
    files.put({WAC_VA: shelf.lodes({BLOCK: (10, 2, 3, 5), OTHER: (1, 1, 0, 0)})})
    service, seen = row("lodes_wac", files.url), list[tuple[str, int, int | None]]()
    bring(asks(service), records, tools(service, progress=lambda *told: seen.append(told)))
    label, done, whole = seen[-1]
    assert label == "lodes_wac 2023, state 51" and done == whole == len(files.tree.root[WAC_VA])  # type: ignore[arg-type]


def test_where_nobody_answers_it_says_so(records: Records) -> None:
    with pytest.raises(SourceError, match="nobody answers") as told:
        layer(row("lodes_wac", refused_url()), records)
    assert told.value.kind == "refused" and told.value.remedy
    assert not shelf.kept(records)
