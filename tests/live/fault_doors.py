"""Every door, with the service's own protocol behind it on loopback: one side of the table of faults.

Definitions
-----------
door
    One question to a public service that a fault may fall on.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from justgeo.catalogue import read as catalogue
from justgeo.core.service import Service
from justgeo.core.spec import Area
from justgeo.sources import _overpass
from justgeo.sources.live import census_tables, downloads, extracts, feeds, geotiff, overpass, tiger
from justgeo.sources.live.ask import Ask
from justgeo.sources.live.cogs import HEAD
from justgeo.sources.live.landsat import landsat_asks
from justgeo.sources.live.records import Record
from justgeo.sources.live.tiles import canopy_height_asks, worldcover_asks
from justgeo.sources.live.wcs import wcs_asks
from tests.live import places, shelf
from tests.live.nowhere_online import BEHIND
from tests.live.test_arcgis import NFHL, zones
from tests.live.test_socrata import places as measures
from tests.loopback import nowhere
from tests.loopback.arcgis import FeatureServer
from tests.loopback.cogs import canopy_height, make_scene, worldcover
from tests.loopback.files import FileTree
from tests.loopback.messages import Handler, Request, Response
from tests.loopback.mobility import Feed, Mobility
from tests.loopback.overpass import Overpass
from tests.loopback.server import Loopback
from tests.loopback.socrata import Socrata
from tests.loopback.stac import Stac
from tests.loopback.wcs import Wcs

RETRY_AFTER_S = 7
YEAR, COUNTY, TABLE = 2024, "99001", "B25003"
GRID, EXTRACT, FEED = "/data/grid.tif", "/cut/nowhere.osm.pbf", "/agencies/mdb-1.zip"
WAC = "/va/wac/va_wac_S000_JT00_2023.csv.gz"
TRIBAL = "/geo/tiger/TIGER2024/AIANNH/tl_2024_us_aiannh.zip"


@dataclass(frozen=True, eq=False)
class Door:
    """One question, and what of it a fault falls on.

    Attributes
    ----------
    name, service : str
    ask : callable
        Takes the service, at whatever address, and the world.
    speaks : str
        Form of the answer: ``zip``, ``json``, ``tiff``, ``csv``, ``pbf``.
    meets : callable
        Whether a fault falls on a request.
    options : mapping
        Of the service, in place of the catalogue's.
    provider : str
        Of Census tables.
    main : bool
        The first question to its service: what is wrong with the address is tried once a service.
    """

    name: str
    service: str
    ask: Callable[[Service, World], Ask]
    speaks: str
    meets: Callable[[Request], bool] = lambda request: True
    options: Mapping[str, Any] = field(default_factory=dict)
    provider: str = "direct"
    main: bool = True


def _geometry(layer: str) -> Callable[[Service, World], Ask]:
    return lambda service, world: tiger.geometry_asks(service, YEAR, [COUNTY], [layer])[0]


def _relationship(service: Service, world: World) -> Ask:
    return tiger.relationship_asks(service, ["99"])[0]


def _survey(service: Service, world: World) -> Ask:
    return census_tables.acs_asks(service, [TABLE], YEAR, [COUNTY])[0]


def _counts(service: Service, world: World) -> Ask:
    return census_tables.redistricting_ask(service, [COUNTY])


def _extract(service: Service, world: World) -> Ask:
    return extracts.extract_ask(service.urls[0] + EXTRACT, service)


def _feed(service: Service, world: World) -> Ask:
    return feeds.feed_asks(service, [service.urls[0] + FEED], world.area)[0]


def _overpass_ask(service: Service, world: World) -> Ask:
    return overpass.overpass_ask(service, world.area)


def _landsat(service: Service, world: World) -> Ask:
    return landsat_asks(service, world.area, YEAR).asks[0]


def _catalogue(service: Service, world: World) -> Ask:
    return feeds.feed_asks(service, [feeds.CATALOGUE], world.area)[0]


def _worldcover(service: Service, world: World) -> Ask:
    return worldcover_asks(service, world.area).asks[0]


def _geotiff(service: Service, world: World) -> Ask:
    return geotiff.geotiff_ask("tree_canopy", service.urls[0] + GRID, world.area)


def _dataset(service: Service, world: World) -> Ask:
    return downloads.dataset_asks({service.id: service}, shelf.COUNTIES, shelf.AREA)[0]


def _ahead(request: Request) -> bool:
    """The first look at a file, by the house's own client; whatever else is asked of it GDAL asks."""
    return request.headers.get("Range") == f"bytes=0-{HEAD - 1}"


def _of_streets(request: Request) -> bool:
    return "(way[" in request.first("data") and "node[" not in request.first("data")


def _table(name: str, provider: str) -> Door:
    return Door(name, "census_api", _survey, "json", lambda r: r.path.endswith("/acs5"), provider=provider)


def _scenes(name: str, speaks: str, meets: Callable[[Request], bool], main: bool = False) -> Door:
    return Door(f"Landsat, {name}", "landsat", _landsat, speaks, meets, {"years": 1}, main=main)


def _blocks(name: str, path: str) -> Door:
    return Door(name, "census_files", _relationship, "zip", lambda r: r.path == path, main=False)


DOORS = (
    Door("counties", "census_files", lambda s, w: tiger.counties_ask(s, YEAR), "zip"),
    Door("tracts", "census_files", _geometry("tracts"), "zip", main=False),
    Door("blocks", "census_files", _geometry("blocks"), "zip", main=False),
    _blocks("relationship of blocks", nowhere.RELATIONSHIP),
    _blocks("blocks of 2010", nowhere.BLOCKS_2010),
    _table("survey table, direct", "direct"),
    _table("survey table, censusdis", "censusdis"),
    Door("list of variables", "census_api", _survey, "json", lambda r: "/groups/" in r.path, main=False),
    Door("redistricting counts", "census_api", _counts, "json", main=False),
    Door("Overpass, streets", "overpass", _overpass_ask, "json", _of_streets),
    Door("Overpass, features", "overpass", _overpass_ask, "json", lambda r: not _of_streets(r), main=False),
    Door("extract", "geofabrik", _extract, "pbf", lambda r: r.path == EXTRACT),
    Door("feed by address", "mobility_database", _feed, "zip"),
    Door("catalogue of feeds", "mobility_database", _catalogue, "csv", lambda r: r.path.endswith(".csv")),
    Door(
        "feed of the catalogue", "mobility_database", _catalogue, "zip", lambda r: r.path.endswith(".zip"), main=False
    ),
    Door("WCS", "mrlc", lambda s, w: wcs_asks(s, ["tree_canopy"], w.area).asks[0], "tiff"),
    Door("WorldCover", "worldcover", _worldcover, "tiff"),
    Door("WorldCover, blocks", "worldcover", _worldcover, "tiff", lambda r: not _ahead(r), main=False),
    Door("canopy height", "canopy_height", lambda s, w: canopy_height_asks(s, w.area).asks[0], "tiff"),
    _scenes("search", "json", lambda r: r.path.endswith("/search"), main=True),
    _scenes("token", "json", lambda r: "/token/" in r.path),
    _scenes("scene", "tiff", lambda r: r.path.endswith(".TIF")),
    Door("GeoTIFF by address", "address", _geotiff, "tiff"),
    Door("file of a dataset", "lodes_wac", _dataset, "csv"),
    Door("archive of a dataset", "tribal_lands", _dataset, "zip"),
    Door("map of a dataset", "redlining", _dataset, "json"),
    Door("ArcGIS, layer", "nfhl", _dataset, "json", lambda r: not r.path.endswith("/query")),
    Door("ArcGIS, features", "nfhl", _dataset, "json", lambda r: "resultOffset" in r.query, main=False),
    Door("Socrata", "places", _dataset, "json", lambda r: "$offset" in r.query),
)


class World:
    """The invented county and a few tables, each behind the protocol of its service.

    Parameters
    ----------
    source : Path
        Files of the county.
    scratch : Path
        Folder for what is made of them.
    """

    def __init__(self, source: Path, scratch: Path) -> None:
        self.source, self.scratch = source, scratch
        self.servers: dict[str, Loopback] = {}

    @contextlib.contextmanager
    def open(self) -> Iterator[World]:
        """With all its servers."""
        with contextlib.ExitStack() as stack:
            self.servers |= {name: stack.enter_context(Loopback(one)) for name, one in self.handlers.items()}
            yield self

    @cached_property
    def area(self) -> Area:
        """The middle of the district, with a park in it."""
        whole = places.area(self.source, county=False)
        near = whole.district.representative_point().buffer(0.008)
        return replace(whole, district=near, halo=near, window=near)

    @cached_property
    def handlers(self) -> dict[str, Handler]:
        """By the id of the service."""
        west, south, east, north = self.area.window.bounds
        around = (west - 0.01, south - 0.01, east + 0.01, north + 0.01)
        coverage = catalogue.services()["mrlc"].options["layers"]["tree_canopy"]
        canopy = self.source / "tree_canopy.tif"
        jobs = shelf.lodes({"515400002011000": (10, 2, 3, 5), "510030101001002": (1, 1, 0, 0)})
        return {
            "census_files": FileTree(nowhere.tiger_tree(self.source)).handle,
            "census_api": remembered(nowhere.census_api(self.source, places.KEY, {TABLE}).handle),
            "overpass": remembered(Overpass(self.source / "nowhere.osm.pbf").handle),
            "geofabrik": FileTree({EXTRACT: self.source / "nowhere.osm.pbf"}).handle,
            "mobility_database": Mobility([Feed("mdb-1", places.few_trips(self.source), around)]).handle,
            "mrlc": remembered(Wcs({coverage: canopy}).handle),
            "worldcover": FileTree(worldcover(self.scratch, around, 10, pixels=6_000)).handle,
            "canopy_height": FileTree(canopy_height(self.scratch, around, 7, pixels=4_096)).handle,
            "landsat": Stac([make_scene(self.scratch, around)]).handle,
            "address": FileTree({GRID: canopy}).handle,
            "lodes_wac": FileTree({WAC: jobs}).handle,
            "tribal_lands": FileTree({TRIBAL: shelf.tribal_lands()}).handle,
            "redlining": FileTree({shelf.REDLINING: shelf.geojson(shelf.GRADED)}).handle,
            "nfhl": remembered(FeatureServer({NFHL: zones()}, page=3).handle),
            "places": remembered(Socrata({"cwsq-ngmh": measures()}).handle),
        }

    def service(self, door: Door, url: str = "") -> Service:
        """The service of a door: at its own server, or at another address."""
        address = (url or self.servers[door.service].url) + BEHIND.get(door.service, "")
        if door.service == "address":
            return Service("address", "a grid", "somebody", (address,), address, "")
        return places.service(door.service, address, **door.options)


def remembered(handle: Handler) -> Handler:
    """A handler whose answers depend on nothing but the request: what was asked before it answers at once."""
    known: dict[Any, Response] = {}

    def answer(request: Request) -> Response:
        asked = (request.method, request.path, request.raw_query, request.body, *request.headers.items())
        if asked not in known:
            known[asked] = handle(request)
        return known[asked]

    return answer


@cache
def _elements(answers: tuple[tuple[str, bytes], ...]) -> Any:
    """What some recorded answers hold, read as the reader reads them; the same bytes are read once."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, body in answers:
            (Path(scratch) / name).write_bytes(body)
        merged = _overpass.merge([(name, _overpass.load(Path(scratch) / name)) for name, _ in answers])
    return merged.nodes, merged.ways, merged.relations


def told(door: Door, record: Record) -> Any:
    """What a record says: its bytes. Of Overpass the elements, of the catalogue of feeds the feeds: rows may repeat."""
    if door.service == "overpass":
        return _elements(tuple((path.name, path.read_bytes()) for path in _overpass.files(record.folder)))
    if door.service == "mobility_database":
        return {name: digest for name, digest in record.files.items() if name.endswith(".zip")}
    return dict(record.files)
