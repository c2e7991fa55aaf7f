"""TIGER/Line by its door, when something else comes than what was asked for: it says why, and nothing is kept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from justgeo.catalogue import read as catalogue
from justgeo.core.errors import ConfigError
from justgeo.core.service import Service
from justgeo.sources.live import tiger
from justgeo.sources.live.records import Records
from tests.live.bureau import (
    COUNTY,
    TRACTS,
    YEAR,
    Bureau,
    areas,
    ask_tracts,
    blocks,
    brought,
    failure,
    zipped,
)
from tests.loopback.faults import Fault
from tests.loopback.files import FileTree
from tests.loopback.nowhere import BLOCKS_2010, RELATIONSHIP, tiger_tree
from tests.loopback.server import Loopback, refused_url


@pytest.fixture(scope="module")
def tree(folder: Path) -> dict[str, bytes | Path]:
    return tiger_tree(folder)


@pytest.fixture
def server(tree: dict[str, bytes | Path]) -> Iterator[Loopback]:
    with Loopback(FileTree(tree).handle) as running:
        yield running


@pytest.fixture
def service(server: Loopback) -> Service:
    return replace(catalogue.services()["census_files"], urls=(server.url,))


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


# What is refused before anything is asked ---------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "geo/tiger/GENZ{year}/shp/cb_{year}_{state}_tract_500k.zip",
        "mirror/cb_{year}_{state}_tract.zip",
        "GENZ2024/t.zip",
    ],
)
def test_generalised_files_are_refused(path: str, service: Service) -> None:
    coarse = replace(service, options={**service.options, "tracts": path, "counties": path})
    for ask in (ask_tracts, lambda one: tiger.counties_ask(one, YEAR)):
        with pytest.raises(ConfigError, match="is a generalised file"):
            ask(coarse)


def test_a_generalised_file_under_a_full_ones_name_is_refused(records: Records) -> None:
    with Bureau({"tl_2024_51_tract.zip": zipped(areas(["51001000100"]), "cb_2024_51_tract_500k")}) as service:
        found = failure(tiger.geometry_asks(service, YEAR, ["51001"], ["tracts"])[0], records, service)
    assert "is a generalised file" in found.message


def test_what_cannot_be_asked_is_refused(service: Service) -> None:
    bare = replace(service, options={})
    with pytest.raises(ConfigError, match="has no path for 'tracts'"):
        ask_tracts(bare)
    with pytest.raises(ConfigError, match="has no path for 'relationship'"):
        tiger.relationship_asks(bare, ["51"])
    with pytest.raises(ConfigError, match="'9901' is no county"):
        tiger.geometry_asks(service, YEAR, ["9901"], ["tracts"])
    with pytest.raises(ConfigError, match="did you mean 'tracts'"):
        tiger.geometry_asks(service, YEAR, [COUNTY], ["tract"])
    with pytest.raises(ConfigError, match="take 2020 or later"):
        tiger.geometry_asks(service, 2014, [COUNTY], ["blocks"])
    with pytest.raises(ConfigError, match="take 2011 or later"):
        tiger.geometry_asks(service, 2010, [COUNTY], ["tracts"])
    with pytest.raises(ConfigError, match="'VA' is no state"):
        tiger.relationship_asks(service, ["VA"])
    assert tiger.geometry_asks(service, YEAR, [], ["tracts"]) == []


# Faults -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (Fault.reset(), "partial", "broke off"),
        (Fault.reset_in_body(), "partial", "broke off"),
        (Fault.truncated(), "partial", "broke off"),
        (Fault.cut(), "damaged", "no whole zip archive"),
        (Fault.empty(), "partial", "the answer is empty"),
        (Fault.html(), "damaged", "a web page came"),
        (Fault.html("application/zip"), "damaged", "a web page came"),
        (Fault.redirect_to_page(), "damaged", "a web page came"),
        (Fault.status(404, b"<html><body>Not Found</body></html>"), "missing", "there is no such thing (404)"),
        (Fault.status(403, b"Access denied"), "missing", "the service refuses (403) (Access denied)"),
        (Fault.status(503), "busy", "the service is busy (503)"),
        (Fault.empty_list(), "damaged", "no whole zip archive"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_a_fault_keeps_nothing_and_the_next_fetch_completes(
    fault: Fault, kind: str, says: str, server: Loopback, records: Records, service: Service
) -> None:
    server.fail(fault, times=2)  # the client tries twice
    found = failure(ask_tracts(service), records, service)
    assert (found.kind, found.service) == (kind, "census_files")
    assert says in found.message
    assert "tl_2024_99_tract.zip" in found.message
    server.calm()
    assert brought([ask_tracts(service)], records, service).fetched == ("tracts 2024, state 99",)


def test_a_broken_connection_is_tried_again(server: Loopback, records: Records, service: Service) -> None:
    server.fail(Fault.reset_in_body(), times=1)
    assert brought([ask_tracts(service)], records, service).fetched == ("tracts 2024, state 99",)
    assert len(server.requests) == 2


def test_a_wrong_content_type_with_the_right_bytes_is_taken(
    server: Loopback, records: Records, service: Service
) -> None:
    server.fail(Fault.content_type(), times=1)
    assert brought([ask_tracts(service)], records, service).fetched == ("tracts 2024, state 99",)
    assert len(server.requests) == 1


def test_where_nobody_answers_the_mirror_is_asked(server: Loopback, records: Records, service: Service) -> None:
    mirrored = replace(service, urls=(refused_url(), server.url))
    record = brought([ask_tracts(mirrored)], records, mirrored).records["tracts 2024, state 99"]
    assert record.told.url == server.url + TRACTS


GOOD = areas(["51001000100"])
WRONG_FILES: dict[str, tuple[bytes, str, str]] = {
    "no shp": (zipped(GOOD, "t", without=(".shp",)), "damaged", "holds no .shp"),
    "no dbf": (zipped(GOOD, "t", without=(".dbf",)), "damaged", "holds no .dbf"),
    "no shx": (zipped(GOOD, "t", without=(".shx",)), "damaged", "holds no .shx"),
    "no prj": (zipped(GOOD, "t", without=(".prj",)), "damaged", "holds no .prj"),
    "no land": (zipped(GOOD.drop(columns="ALAND"), "t"), "missing", "no column ALAND"),
    "no id": (zipped(GOOD.drop(columns="GEOID"), "t"), "missing", "no column GEOID"),
    "no features": (zipped(GOOD.iloc[:0], "t"), "missing", "has no features"),
    "another state": (zipped(areas(["54001000100"]), "t"), "missing", "not of state 51: its first feature is 54001"),
    "empty prj": (zipped(GOOD, "t", more={"t.prj": b""}), "missing", "no coordinate reference system"),
    "rubbish for shp": (zipped(GOOD, "t", more={"t.shp": b"\x00" * 300}), "missing", "51001000100, has no outline"),
    "points": (zipped(GOOD.set_geometry(GOOD.representative_point()), "t"), "missing", "has no outline"),
    "empty shp": (zipped(GOOD, "t", more={"t.shp": b""}), "damaged", "cannot be read"),
}


@pytest.mark.parametrize("what", WRONG_FILES)
@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_zip_that_is_no_tracts_of_the_state_is_refused(what: str, records: Records) -> None:
    content, kind, says = WRONG_FILES[what]
    with Bureau({"tl_2024_51_tract.zip": content}) as service:
        found = failure(tiger.geometry_asks(service, YEAR, ["51001"], ["tracts"])[0], records, service)
    assert (found.kind, found.service) == (kind, "census_files")
    assert says in found.message
    assert str(records.root) not in str(found)


@pytest.mark.parametrize("column", ["POP20", "HOUSING20", "GEOID20", "ALAND20"])
def test_blocks_without_counts_are_refused_by_the_door(column: str, records: Records) -> None:
    frame = blocks(["510010001001000"]).drop(columns=column)
    with Bureau({"tl_2020_51_tabblock20.zip": zipped(frame, "tl_2020_51_tabblock20")}) as service:
        found = failure(tiger.geometry_asks(service, 2020, ["51001"], ["blocks"])[0], records, service)
    assert f"the shapefile has no column {column}." in found.message
    assert ("Early issues of TIGER/Line 2020" in found.message) == (column == "POP20")


def test_a_file_that_will_not_do_is_not_fetched_twice(records: Records) -> None:
    bureau = Bureau({"tl_2024_51_tract.zip": zipped(GOOD.drop(columns="ALAND"), "t")})
    with bureau as service:
        failure(tiger.geometry_asks(service, YEAR, ["51001"], ["tracts"])[0], records, service)
    assert len(bureau.server.requests) == 1


def test_a_damaged_member_is_found_by_its_checksum(records: Records) -> None:
    content = zipped(GOOD, "t")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        at = archive.getinfo("t.shp").header_offset + 30 + len("t.shp") + 20
    with Bureau({"tl_2024_51_tract.zip": content[:at] + b"\xff\xff" + content[at + 2 :]}) as service:
        found = failure(tiger.geometry_asks(service, YEAR, ["51001"], ["tracts"])[0], records, service)
    assert found.kind == "damaged"


# Relationship of 2010 and 2020 --------------------------------------------------------------------


def test_the_relationship_comes_with_its_counts(
    tree: dict[str, bytes | Path], server: Loopback, records: Records, service: Service
) -> None:
    asks = tiger.relationship_asks(service, ["99", "99"])
    assert [ask.label for ask in asks] == ["block relationship 2010 to 2020, state 99"]
    assert asks[0].gives == ("crosswalk_99",)
    got = brought(asks, records, service)
    record = got.records[asks[0].label]
    assert set(record.files) == {"TAB2010_TAB2020_ST99.zip", "tabblock2010_99_pophu.zip"}
    assert record.path("TAB2010_TAB2020_ST99.zip").read_bytes() == tree[RELATIONSHIP]
    assert record.path("tabblock2010_99_pophu.zip").read_bytes() == tree[BLOCKS_2010]
    told = got.specs["crosswalk_99"]
    assert (told.path.name, Path(told.options["counts"]).name) == tuple(sorted(record.files))
    assert (brought(asks, records, service).fetched, len(server.requests)) == ((), 2)


@pytest.mark.parametrize("missing", [RELATIONSHIP, BLOCKS_2010])
def test_of_a_relationship_half_is_not_kept(missing: str, server: Loopback, records: Records, service: Service) -> None:
    server.fail(Fault.status(404), times=1, when=lambda request: request.path == missing)
    ask = tiger.relationship_asks(service, ["99"])[0]
    assert failure(ask, records, service).kind == "missing"
    assert brought([ask], records, service).fetched == (ask.label,)


def _table(header: str, *rows: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("tab2010_tab2020_st99_zz.txt", "\n".join([header, *rows]))
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (_table("STATE_2010|COUNTY_2010", "99|001"), "has no column TRACT_2010, BLK_2010"),
        (_table("<p>moved</p>"), "has no column STATE_2010"),
        (zipped(GOOD, "t"), "holds no .txt"),
    ],
)
def test_a_relationship_without_its_columns_is_refused(
    content: bytes, says: str, tree: dict[str, bytes | Path], records: Records, service: Service
) -> None:
    with Loopback(FileTree({**tree, RELATIONSHIP: content}).handle) as server:
        here = replace(service, urls=(server.url,))
        found = failure(tiger.relationship_asks(here, ["99"])[0], records, here)
    assert says in found.message


def test_a_relationship_without_rows_is_refused(
    tree: dict[str, bytes | Path], folder: Path, records: Records, service: Service
) -> None:
    header = (folder / "TAB2010_TAB2020_ST99.txt").read_text(encoding="utf-8").splitlines()[0]
    with Loopback(FileTree({**tree, RELATIONSHIP: _table(header, "")}).handle) as server:
        here = replace(service, urls=(server.url,))
        found = failure(tiger.relationship_asks(here, ["99"])[0], records, here)
    assert "has no rows" in found.message
