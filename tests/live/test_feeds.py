"""Timetables by address and by the Mobility Database's catalogue: those of the place, all of them, each once."""

from __future__ import annotations

import csv
import io
import json
import logging
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import shapely

from justgeo.core.errors import SourceError
from justgeo.core.layer import Feed
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources.collect import collect
from justgeo.sources.gtfs import read_feed
from justgeo.sources.live.ask import Ask, Brought, bring
from justgeo.sources.live.feeds import CATALOGUE, LABEL, feed_asks
from justgeo.sources.live.records import Record, Records
from tests.live import places
from tests.loopback import mobility
from tests.loopback.faults import Fault, every
from tests.loopback.files import FileTree
from tests.loopback.mobility import Mobility
from tests.loopback.server import Loopback, Request, refused_url
from tests.sources.test_gtfs_many import boarded, line, notes, timetable

pytestmark = pytest.mark.usefixtures("looked_into_once")
HERE = (-70.08, 38.74, -69.92, 38.86)  # the invented county
AWAY = (-71.5, 38.0, -71.0, 38.4)
SHUTTLE = timetable(
    {"B1901": (-70.012, 38.804), "x": (-70.005, 38.806)},
    [*line("B1901", "x", every_s=900), *line("x", "B1901", every_s=900, start=25_307)],
    agency="Shuttle (invented)",
    dates=("20250303", "20250330"),
)
FAR = timetable({"1": (-71.2, 38.1), "2": (-71.3, 38.2)}, line("1", "2", every_s=600), agency="Far (invented)")


@pytest.fixture(scope="module")
def bus(folder: Path) -> bytes:
    """The invented county's own timetable, with a few of its trips."""
    return places.few_trips(folder)


@pytest.fixture(scope="module")
def area(folder: Path) -> Area:
    return places.area(folder)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


@pytest.fixture
def server(bus: bytes, folder: Path) -> Iterator[Loopback]:
    """Agencies at addresses of their own, one with all its trips."""
    tree: dict[str, bytes | Path] = {
        "/bus/gtfs.zip": bus,
        "/shuttle/gtfs.zip": SHUTTLE,
        "/whole/gtfs.zip": folder / "gtfs.zip",
    }
    with Loopback(FileTree(tree).handle) as running:
        yield running


def at(*urls: str) -> Service:
    return places.service("mobility_database", *urls)


def listed(id: str, content: bytes | None, **told: object) -> mobility.Feed:
    return replace(mobility.Feed(id, content, HERE, provider=f"Agency {id}"), **told)  # type: ignore[arg-type]


def ask_for(wanted: Sequence[str], area: Area, *urls: str) -> Ask:
    (ask,) = feed_asks(at(*urls), wanted, area)
    return ask


def fetched(wanted: Sequence[str], records: Records, area: Area, *urls: str, states: Sequence[str] = ()) -> Brought:
    asks = feed_asks(at(*urls), wanted, area, states)
    return bring(asks, records, places.tools(at(*urls), total_s=5.0))


def record_of(brought: Brought) -> Record:
    assert not brought.failures, brought.failures
    return brought.records[LABEL]


def failure_of(brought: Brought, records: Records) -> SourceError:
    """The failure, when the timetable is missing for its reason and no byte was kept."""
    failure = brought.failures[LABEL]
    assert brought.missing == {"gtfs": failure.message} and not brought.specs
    assert failure.service == "mobility_database" and failure.remedy
    assert not [path for path in records.root.rglob("*") if path.is_file()]
    assert str(records.root) not in str(failure)
    return failure


def read(brought: Brought, area: Area) -> Feed:
    found = collect(["gtfs"], brought.specs, [], area).layers["gtfs"]
    assert isinstance(found, Feed)
    return found


def alone(content: bytes, folder: Path, area: Area) -> Feed:
    path = folder / "alone.zip"
    path.write_bytes(content)
    return read_feed(LayerSpec("gtfs", path), area)


def from_catalogue(
    feeds: Sequence[mobility.Feed],
    records: Records,
    area: Area,
    *faults: tuple[Fault, Callable[[Request], bool]],
    states: Sequence[str] = (),
) -> tuple[Brought, list[str]]:
    """What comes by the catalogue of these feeds, and which paths were asked for."""
    with Loopback(Mobility(feeds).handle) as server:
        for fault, when in faults:
            server.fail(fault, times=-1, when=when)
        brought = fetched([CATALOGUE], records, area, server.url, states=states)
        return brought, [request.path for request in server.requests]


# By address ------------------------------------------------------------------------------------------------------


def test_a_feed_by_its_address_is_read_as_the_file_is(
    folder: Path, area: Area, server: Loopback, records: Records
) -> None:
    url, whole = f"{server.url}/whole/gtfs.zip", (folder / "gtfs.zip").read_bytes()
    ask = ask_for([url], area, refused_url())
    assert (ask.label, ask.gives, ask.where) == (LABEL, ("gtfs",), url)
    brought = fetched([url], records, area, refused_url())
    record = record_of(brought)
    assert list(record.files) == ["feed-1.zip"] and record.path().read_bytes() == whole
    ours, theirs = read(brought, area), alone(whole, records.root, area)
    pd.testing.assert_frame_equal(ours.stops, theirs.stops)
    pd.testing.assert_frame_equal(ours.departures, theirs.departures)
    told = ours.provenance
    assert told.source == "Nowhere Transit (invented)" and told.url == url and told.dataset == "GTFS timetable"
    assert told.sha256 == theirs.provenance.sha256 and told.vintage == theirs.provenance.vintage
    assert told.licence == "the agency's own terms" and told.retrieved
    assert fetched([url], records, area, refused_url()).fetched == () and len(server.requests) == 1


def test_several_feeds_are_one_timetable(
    bus: bytes, area: Area, server: Loopback, records: Records, tmp_path: Path
) -> None:
    urls = [f"{server.url}/{name}/gtfs.zip" for name in ("bus", "shuttle")]
    brought = fetched([*urls, urls[0]], records, area, refused_url())  # one of them is named twice
    assert list(record_of(brought).files) == ["feed-1.zip", "feed-2.zip"] and len(server.requests) == 2
    feed = read(brought, area)
    one, other = alone(bus, tmp_path, area), alone(SHUTTLE, tmp_path, area)
    assert boarded(feed) == sorted([*boarded(one), *boarded(other)])
    assert {"feed-1:B1901", "feed-2:B1901"} <= set(feed.stops["stop_id"])  # two stops with one id, in two feeds
    assert feed.service_date == f"{one.service_date}, {other.service_date}"
    told = feed.provenance
    assert told.source == "Nowhere Transit (invented), Shuttle (invented)"
    assert told.dataset == "GTFS timetables of 2 feeds" and told.asked["feeds"] == ["feed-1", "feed-2"]
    assert str(tmp_path) not in json.dumps(told.asked)


def test_what_decides_what_comes_decides_the_record(area: Area) -> None:
    here = "https://example.org/gtfs"
    moved = replace(area, window=shapely.affinity.translate(area.window, 0.001))
    api = [f"{here}?api_key=secret&operator={name}" for name in ("AC", "BA")]
    asks = [
        *(ask_for(wanted, area, "https://one.example") for wanted in ([here], [CATALOGUE], [CATALOGUE, here])),
        ask_for([CATALOGUE], moved, "https://one.example"),
        *feed_asks(at("https://one.example"), [CATALOGUE], area, ["51"]),
        *feed_asks(at("https://one.example"), [CATALOGUE], area, ["51", "24"]),
        *feed_asks(places.service("mobility_database", "https://one.example", catalogue="v3.csv"), [CATALOGUE], area),
        *(ask_for([url], area) for url in api),
        ask_for(api, area),
    ]
    assert len({ask.question.digest for ask in asks}) == len(asks)
    assert ask_for([CATALOGUE], area, "https://two.example").question.digest == asks[1].question.digest
    assert ask_for([here.replace("//", "//me:pw@")], moved).question.digest == asks[0].question.digest
    nearly = replace(area, window=shapely.affinity.translate(area.window, 1e-9))
    assert ask_for([CATALOGUE], nearly, "https://one.example").question.digest == asks[1].question.digest
    elsewhere = replace(area, halo=area.halo.buffer(0.001))  # another district of this county
    assert ask_for([CATALOGUE], elsewhere, "https://one.example").question.digest == asks[1].question.digest
    again = feed_asks(at("https://one.example"), [CATALOGUE], area, ["24", "51", "24"])
    assert again[0].question.digest in {ask.question.digest for ask in asks}
    assert feed_asks(at(), [here], area, ["51"])[0].question.digest == asks[0].question.digest
    assert "secret" not in json.dumps([ask.question.asked for ask in asks])
    assert feed_asks(at("https://one.example"), [], area) == []


@pytest.mark.parametrize("url", ["gtfs.zip", "ftp://example.org/gtfs.zip", "https:///gtfs.zip", "file:///etc/passwd"])
def test_what_is_no_address_is_told_when_it_is_asked(url: str, area: Area, records: Records) -> None:
    failure = failure_of(fetched([url], records, area, refused_url()), records)
    assert failure.kind == "missing" and "no address that can be called" in failure.message


# By the catalogue ------------------------------------------------------------------------------------------------


def test_feeds_of_the_place_come_by_the_catalogue(bus: bytes, area: Area, records: Records, tmp_path: Path) -> None:
    feeds = [
        listed("mdb-2", SHUTTLE, license="https://example.org/terms"),
        listed("mdb-1", bus),
        listed("mdb-3", FAR, bounds=AWAY),
    ]
    brought, asked = from_catalogue(feeds, records, area)
    assert asked == ["/feeds_v2.csv", "/agencies/mdb-1.zip", "/agencies/mdb-2.zip"]
    record = record_of(brought)
    assert list(record.files) == ["feeds.csv", "mdb-1.zip", "mdb-2.zip"]
    assert record.told.source == "Agency mdb-1, Agency mdb-2" and record.told.url == "https://mobilitydatabase.org"
    assert record.told.licence == "the agency's own terms; https://example.org/terms" and not record.told.notes
    assert [one["file"] for one in record.told.more["feeds"]] == ["mdb-1.zip", "mdb-2.zip"]
    feed = read(brought, area)
    both = [*boarded(alone(bus, tmp_path, area)), *boarded(alone(SHUTTLE, tmp_path, area))]
    assert boarded(feed) == sorted(both) and set(feed.stops["stop_id"].str[:6]) == {"mdb-1:", "mdb-2:"}


def test_the_only_feed_of_a_place_is_read_by_itself(bus: bytes, area: Area, records: Records, tmp_path: Path) -> None:
    brought, _ = from_catalogue([listed("mdb-1", bus)], records, area)
    feed = read(brought, area)
    assert brought.specs["gtfs"].path.name == "mdb-1.zip" and feed.provenance.source == "Agency mdb-1"
    pd.testing.assert_frame_equal(feed.departures, alone(bus, tmp_path, area).departures)


def test_only_timetables_in_service_are_taken(bus: bytes, area: Area, records: Records) -> None:
    feeds = [
        listed("mdb-1", bus),
        listed("mdb-2", FAR, status="deprecated"),
        listed("mdb-3", FAR, status="inactive", provider="Old Transit"),
        listed("mdb-4", FAR, status="development", provider="New Transit"),
        listed("mdb-5", FAR, status="future", provider="Agency mdb-1"),  # its feed of today is taken
        listed("mdb-6", FAR, redirect="mdb-1", provider="Agency mdb-1"),
        listed("mdb-7", None, data_type="gtfs_rt", entity_type="vp", static_reference="mdb-1"),
        listed("mdb-8", FAR, country="CA"),
        listed("mdb-9", FAR, bounds=None),
        listed("mdb-10", FAR, bounds=AWAY),
    ]
    brought, asked = from_catalogue(feeds, records, area)
    assert asked == ["/feeds_v2.csv", "/agencies/mdb-1.zip"]
    assert record_of(brought).told.notes == (
        "Left out, since the catalogue calls them not in service: the feeds of Agency mdb-2, Old Transit, New Transit.",
        "Feeds of the catalogue without a bounding box, which were not looked at: 1.",
    )
    assert set(record_of(brought).told.notes) <= set(read(brought, area).provenance.notes)


@pytest.mark.parametrize("told", [{"status": ""}, {"country": "PR"}, {"country": ""}, {"status": "Active"}])
def test_what_the_catalogue_leaves_open_is_no_reason_to_leave_out(
    told: dict[str, object], bus: bytes, area: Area, records: Records
) -> None:
    brought, _ = from_catalogue([listed("mdb-1", bus, **told)], records, area)
    assert "mdb-1.zip" in record_of(brought).files


def test_who_publishes_a_feed_is_told(bus: bytes, area: Area, records: Records) -> None:
    brought, _ = from_catalogue([listed("mdb-1", bus, official=False), listed("mdb-2", SHUTTLE)], records, area)
    assert record_of(brought).told.notes == ("Not published by the agencies themselves: the feeds of Agency mdb-1.",)


@pytest.mark.parametrize("authentication", [1, 2])
def test_a_feed_that_wants_a_key_comes_as_the_catalogue_has_it(
    authentication: int, bus: bytes, area: Area, records: Records
) -> None:
    brought, asked = from_catalogue([listed("mdb-1", bus, authentication=authentication)], records, area)
    assert asked == ["/feeds_v2.csv", "/mdb-1/latest.zip"]
    assert record_of(brought).files and not record_of(brought).told.notes


def is_of_agency(request: Request) -> bool:
    return request.path.startswith("/agencies/")


@pytest.mark.parametrize(
    "fault",
    [Fault.status(404), Fault.status(503), Fault.reset(), Fault.html(), Fault.cut(), Fault.empty_list()],
    ids=lambda fault: fault.name,
)
def test_where_the_agency_gives_none_the_catalogues_copy_is_taken(
    fault: Fault, bus: bytes, area: Area, records: Records
) -> None:
    brought, asked = from_catalogue([listed("mdb-1", bus)], records, area, (fault, is_of_agency))
    assert asked[-1] == "/mdb-1/latest.zip" and record_of(brought).path("mdb-1.zip").read_bytes() == bus
    assert record_of(brought).told.notes == (
        "From the catalogue's copy, since the agency's own address gave none: Agency mdb-1.",
    )
    assert record_of(brought).told.more["feeds"][0]["url"].endswith("/mdb-1/latest.zip")


@pytest.mark.parametrize("direct", ["ftp://example.org/gtfs.zip", "not an address", ""])
def test_an_agencys_address_that_cannot_be_called_is_passed_over(
    direct: str, bus: bytes, area: Area, records: Records
) -> None:
    brought, asked = from_catalogue([listed("mdb-1", bus, direct=direct or "-")], records, area)
    assert asked == ["/feeds_v2.csv", "/mdb-1/latest.zip"] and record_of(brought).files


def test_one_feed_that_cannot_be_had_makes_the_timetable_absent(bus: bytes, area: Area, records: Records) -> None:
    """Without it transit would be counted short."""
    feeds = [listed("mdb-1", bus), listed("mdb-2", SHUTTLE)]
    gone = (Fault.status(404), lambda request: "mdb-2" in request.path)
    failure = failure_of(from_catalogue(feeds, records, area, gone)[0], records)
    assert failure.message.startswith("The timetable of Agency mdb-2 (mdb-2) could not be had.")
    assert "/agencies/mdb-2.zip" in failure.message and "/mdb-2/latest.zip" in failure.message
    assert failure.kind == "missing" and "[fetch] gtfs" in failure.remedy
    assert record_of(from_catalogue(feeds, records, area)[0]).files  # and the next fetch completes
    nowhere = [listed("mdb-1", bus), replace(listed("mdb-2", None), authentication=1)]
    failure = failure_of(
        from_catalogue(nowhere, Records(records.root / "none"), area)[0], Records(records.root / "none")
    )
    assert "mdb-2" in failure.message and "names no address that can be called" in failure.message


def test_a_feed_whose_box_touches_the_place_but_that_never_stops_there(
    bus: bytes, area: Area, records: Records, tmp_path: Path
) -> None:
    brought, _ = from_catalogue([listed("mdb-1", bus), listed("mdb-2", FAR)], records, area)
    feed = read(brought, area)
    assert boarded(feed) == boarded(alone(bus, tmp_path, area))
    assert "Without a stop in the area, and left out: the feeds of Agency mdb-2." in feed.provenance.notes
    assert feed.provenance.source == "Agency mdb-1"


def test_copies_count_once(bus: bytes, area: Area, records: Records, tmp_path: Path) -> None:
    feeds = [listed("mdb-1", bus), listed("tld-9", bus), listed("mdb-2", SHUTTLE)]
    brought, _ = from_catalogue(feeds, records, area)
    feed = read(brought, area)
    both = [*boarded(alone(bus, tmp_path, area)), *boarded(alone(SHUTTLE, tmp_path, area))]
    assert boarded(feed) == sorted(both)
    assert [note for note in feed.provenance.notes if "left out" in note] == [
        "The feed tld-9 of Agency tld-9 is left out, since 100% of its trips are in the feed mdb-1 of Agency mdb-1 too."
    ]


def test_where_none_is_listed_the_timetable_is_absent(bus: bytes, area: Area, records: Records) -> None:
    brought, asked = from_catalogue([listed("mdb-1", bus, bounds=AWAY)], records, area)
    failure = failure_of(brought, records)
    assert failure.kind == "missing" and "lists no transit feed in service for this area." in failure.message
    assert "[absent]" in failure.remedy and asked == ["/feeds_v2.csv"]
    old, _ = from_catalogue([listed("mdb-1", bus, status="inactive")], records, area)
    assert "no longer, or not yet, in service: Agency mdb-1" in failure_of(old, records).message


def test_feeds_by_address_and_by_the_catalogue_together(bus: bytes, area: Area, records: Records) -> None:
    odd = [listed("feed-1", SHUTTLE), listed("mdb 1", bus), listed("mdb-1", SHUTTLE, bounds=AWAY)]
    with Loopback(Mobility(odd).handle) as server:
        own = f"{server.url}/agencies/mdb-1.zip"
        brought = fetched([own, CATALOGUE], records, area, server.url)
    # An id of the catalogue may look like one of ours, or hold what no file's name should.
    assert [name for name in record_of(brought).files if name.endswith(".zip")] == [
        "001-feed-1.zip",
        "002-feed-1.zip",
        "003-mdb-1.zip",
    ]
    assert len(read(brought, area).stops)


# Feeds without a box ----------------------------------------------------------------------------------------------


def nowhere(
    id: str, provider: str, subdivision: str = "Virginia", municipality: str = "", **told: object
) -> mobility.Feed:
    return listed(id, FAR, bounds=None, provider=provider, subdivision=subdivision, municipality=municipality, **told)


BOXLESS = [
    nowhere("mdb-20", "Valley Transit", municipality="Staunton"),
    nowhere("mdb-21", "BRITE", "virginia "),
    nowhere("mdb-22", "Old Line", status="deprecated"),
    nowhere("mdb-23", "Bay Line", "Maryland", "Easton"),
    nowhere("mdb-24", "Prairie Bus", "Kansas"),
    nowhere("mdb-25", "Somewhere", ""),
    nowhere("mdb-26", "Ontario Virginia", "Virginia", country="CA"),
    nowhere("mdb-27", "Guagua", "San Juan", country="PR"),
]


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ((), "Feeds of the catalogue without a bounding box, which were not looked at: 6."),
        (
            ("51",),
            "Without a bounding box in the catalogue, and so not looked at: in Virginia the feeds of BRITE, Valley "
            "Transit (Staunton); elsewhere 4.",
        ),
        (
            ("51", "24"),
            "Without a bounding box in the catalogue, and so not looked at: in Maryland or Virginia the feeds of Bay "
            "Line (Easton), BRITE, Valley Transit (Staunton); elsewhere 3.",
        ),
        (
            ("72",),
            "Without a bounding box in the catalogue, and so not looked at: in Puerto Rico the feeds of Guagua (PR); "
            "elsewhere 5.",
        ),
        (
            ("99",),
            "Without a bounding box in the catalogue, and so not looked at: in Nowhere none; elsewhere 6.",
        ),
    ],
)
def test_feeds_without_a_box_are_named_where_they_may_be_the_districts_own(
    states: tuple[str, ...], said: str, bus: bytes, area: Area, records: Records
) -> None:
    feeds = [listed("mdb-1", bus), *BOXLESS]
    feeds[-1] = replace(feeds[-1], municipality="PR")
    brought, asked = from_catalogue(feeds, records, area, states=states)
    assert record_of(brought).told.notes == (said,) and len(asked) == 2
    assert notes(read(brought, area), "bounding box") == [said]


def test_not_too_many_feeds_without_a_box_are_named(bus: bytes, area: Area, records: Records) -> None:
    feeds = [listed("mdb-1", bus), *(nowhere(f"mdb-{n}", f"Line {n}") for n in range(20, 31))]
    brought, _ = from_catalogue(feeds, records, area, states=["51"])
    (note,) = record_of(brought).told.notes
    assert note.endswith("in Virginia the feeds of " + ", ".join(f"Line {n}" for n in range(20, 28)) + " and 3 more.")


def test_where_no_box_touches_the_place_the_states_own_are_named(area: Area, records: Records) -> None:
    brought, _ = from_catalogue([listed("mdb-1", FAR, bounds=AWAY), *BOXLESS], records, area, states=["51"])
    message = failure_of(brought, records).message
    assert "in Virginia the feeds of BRITE, Valley Transit (Staunton); elsewhere 4." in message


# What is no catalogue --------------------------------------------------------------------------------------------


def is_catalogue(request: Request) -> bool:
    return request.path.endswith(".csv")


def _without(column: str) -> Callable[[bytes], bytes]:
    def change(body: bytes) -> bytes:
        rows = list(csv.reader(io.StringIO(body.decode())))
        at_ = rows[0].index(column)
        target = io.StringIO()
        csv.writer(target).writerows([row[:at_] + row[at_ + 1 :] for row in rows])
        return target.getvalue().encode()

    return change


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault.body(_without("status")), "damaged", "no column status"),
        (Fault.body(_without("location.bounding_box.minimum_latitude")), "damaged", "minimum_latitude"),
        (Fault.html(), "damaged", "a web page"),
        (Fault.html("text/csv"), "damaged", "a web page"),
        (Fault.redirect_to_page(), "damaged", "a web page"),
        (Fault.empty(), "partial", "empty"),
        (Fault.truncated(), "partial", "broke off"),
        (Fault.cut(0.95), "partial", "breaks off"),
        (Fault.body(lambda body: body.splitlines(keepends=True)[0]), "partial", "it has no rows"),
        (Fault.body(lambda body: body.replace(b"Agency", b"Ag\xe9ncy")), "damaged", "cannot be read"),
        (Fault.body(lambda body: body.replace(b"Agency", b"A" * 200_000)), "partial", "breaks off"),
        (Fault.status(404), "missing", "404"),
    ],
)
def test_what_is_no_catalogue_is_refused(
    fault: Fault, kind: str, words: str, bus: bytes, area: Area, records: Records
) -> None:
    brought, asked = from_catalogue([listed("mdb-1", bus)], records, area, (fault, is_catalogue))
    failure = failure_of(brought, records)
    assert failure.kind == kind and words in failure.message and not any(path.endswith(".zip") for path in asked)
    assert record_of(from_catalogue([listed("mdb-1", bus)], records, area)[0]).files


def test_a_catalogue_in_other_quotes_is_read_all_the_same(bus: bytes, area: Area, records: Records) -> None:
    def quoted(body: bytes) -> bytes:
        target = io.StringIO(newline="")
        csv.writer(target, quoting=csv.QUOTE_ALL).writerows(csv.reader(io.StringIO(body.decode(), newline="")))
        return b"\xef\xbb\xbf" + target.getvalue().encode()

    feed = listed("mdb-1", bus, provider='Two "lines"\nof one name')
    brought, _ = from_catalogue([feed], records, area, (Fault.body(quoted), is_catalogue))
    assert record_of(brought).told.source == 'Two "lines" of one name'


# What is no timetable --------------------------------------------------------------------------------------------


def zipped(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def damaged(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        start = archive.getinfo("stop_times.txt").header_offset + 80
    return content[:start] + b"\xff" * 8 + content[start + 8 :]


WRONG: dict[str, tuple[Callable[[], bytes], str]] = {
    "slip": (lambda: zipped(**{"stops.txt": b"", "../../stops.txt": b""}), "leads out of the archive"),
    "drive": (lambda: zipped(**{"stops.txt": b"", "C:\\x.txt": b""}), "leads out of the archive"),
    "bomb": (lambda: zipped(**{"stops.txt": b"\x00" * 40_000_000}), "more than a timetable holds"),
    "other": (lambda: zipped(**{"readme.txt": b"x"}), "has no stops.txt"),
    "several": (lambda: zipped(**{"a/stops.txt": b"x", "b/stops.txt": b"x"}), "holds several feeds"),
    "no zip": (lambda: b"stop_id,stop_name\n1,A\n", "no readable zip"),
    "half": (lambda: SHUTTLE[: len(SHUTTLE) // 2], "no readable zip"),
    "member": (lambda: damaged(SHUTTLE), "zip archive"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_timetable_is_refused(
    what: str, area: Area, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, words = WRONG[what][0](), WRONG[what][1]
    if what == "bomb":  # it is not unpacked to see whether it is whole

        def unpacks(self: object) -> None:
            raise AssertionError("unpacked")

        monkeypatch.setattr(zipfile.ZipFile, "testzip", unpacks)
    with Loopback(FileTree({"/gtfs.zip": content}).handle) as server:
        failure = failure_of(fetched([f"{server.url}/gtfs.zip"], records, area), records)
    assert failure.kind == "damaged" and words in failure.message and f"{server.url}/gtfs.zip" in failure.message


@pytest.mark.parametrize("fault", every(pause=0.02), ids=lambda fault: fault.name)
def test_every_fault_keeps_nothing_and_the_next_fetch_completes(
    fault: Fault, area: Area, server: Loopback, records: Records
) -> None:
    url = f"{server.url}/shuttle/gtfs.zip"
    server.fail(fault, times=-1)
    patience = 0.3 if fault.name.startswith(("silence", "slow")) else 1.0
    brought = bring([ask_for([url], area)], records, places.tools(at(), total_s=patience))
    if fault.name == "wrong content type":
        assert not brought.failures
    else:
        failure_of(brought, records)
    server.calm()
    assert record_of(fetched([url], records, area)).files


# Keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [None, Fault.status(403, f"The key {places.KEY} is not known".encode()), Fault.status(500), Fault.html()]
)
def test_keys_in_an_address_are_sent_and_written_nowhere(
    fault: Fault | None, area: Area, server: Loopback, records: Records, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    password = "canary-password-0815"
    url = f"{server.url}/shuttle/gtfs.zip?api_key={places.KEY}&op=AC".replace("://", f"://me:{password}@")
    said = repr(ask_for([url], area)) + ask_for([url], area).where
    if fault is not None:
        server.fail(fault, times=-1)
        failure = failure_of(fetched([url], records, area), records)
        said += f"{failure}{failure!r}{failure.__cause__!r}{failure.__context__!r}"
        server.calm()
    brought = fetched([url], records, area)
    for request in server.requests:
        assert (request.first("api_key"), request.first("op")) == (places.KEY, "AC")
        assert "Authorization" in request.headers
    record = record_of(brought)
    feed = read(brought, area)
    said += f"{brought!r}{record!r}{feed.provenance!r}{caplog.text}" + (record.folder / "record.json").read_text()
    assert "GET /shuttle/gtfs.zip" in caplog.text and feed.provenance.source == "Shuttle (invented)"
    for trace in (places.KEY, password, "me:"):
        assert trace not in said


def test_a_feed_without_a_name_goes_by_its_host(area: Area, records: Records) -> None:
    with zipfile.ZipFile(io.BytesIO(SHUTTLE)) as archive:
        nameless = zipped(**{name: archive.read(name) for name in archive.namelist() if name != "agency.txt"})
    with Loopback(FileTree({"/gtfs.zip": nameless}).handle) as server:
        brought = fetched([server.url.replace("://", "://me:pw@") + "/gtfs.zip"], records, area)
    assert record_of(brought).told.source == server.url.removeprefix("http://")
