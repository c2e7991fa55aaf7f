"""The invented county online: every public service that a district needs, on loopback, in its own envelope."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import json
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pytest

from justgeo import cli
from justgeo.catalogue import read as catalogue
from justgeo.collecting import READ_LAYERS
from justgeo.sources.live import census_tables, http
from justgeo.sources.live.keys import VARIABLES
from tests import nowhere as districts
from tests.loopback import nowhere
from tests.loopback.cogs import canopy_height, make_scene, sampled, worldcover
from tests.loopback.files import FileTree
from tests.loopback.mobility import Feed, Mobility
from tests.loopback.overpass import Overpass
from tests.loopback.server import Loopback
from tests.loopback.stac import Stac
from tests.loopback.wcs import Wcs

KEY = "canary-key-4711"
DATA_OF = "2024-01-01T00:00:00Z"  # state of the Overpass server's data
EXTRACT = "/north-america/us/nowhere-latest.osm.pbf"
BEHIND = {"census_api": "/data", "mrlc": "/geoserver", "overpass": "/api", "landsat": "/api"}
"""What stands behind the host in a service's address."""
USUAL = ("census_api", "census_files", "overpass", "mobility_database", "mrlc")
"""Services that a district asks if its file says nothing else."""


def named_tables() -> frozenset[str]:
    """Tables of surveys that the catalogue names, as it names them: ``B25003``, ``B25003@t0``."""
    named = {name for row in catalogue.indicators() for name in (*row.inputs, *row.optional)}
    return frozenset(name.removeprefix("acs:") for name in named if name.startswith("acs:"))


SURVEY = frozenset(name.partition("@")[0] for name in named_tables())
"""Tables that the servers have, of either survey: read here, before a test narrows the catalogue to a few rows."""


def survey_tables() -> int:
    """How many tables of the newest survey the catalogue names: each is fetched by itself."""
    return sum("@" not in name for name in named_tables())


ACCESS = ("WEL-03", "WEL-04", "WEL-05", "WEL-06", "MOB-01", "MOB-02", "MOB-03", "MOB-08", "BEL-12", "BEL-17.osm",
          "ENV-11.both", "ENV-11.park")  # fmt: skip
"""Figures measured along the walking network, or of what OpenStreetMap has."""
UNASKED = {"zoning", "surface_temperature"}
"""Layers that a row can use and a district gets only where its file asks for them."""
KEYLESS = 9
"""Things of the usual services that need no key of the Census Bureau."""
THINGS = survey_tables() + 1 + KEYLESS
"""All that a fetch brings: the tables, the counts of blocks by race, and those."""


@dataclass(frozen=True)
class Online:
    """Servers of the county by the ids of their services, and the files that they serve."""

    source: Path
    servers: Mapping[str, Loopback]

    @property
    def addresses(self) -> dict[str, str]:
        """``[services]`` of a district that asks here."""
        return {name: server.url + BEHIND.get(name, "") for name, server in self.servers.items()}

    @property
    def extract(self) -> str:
        """Address of the county's extract."""
        return self.servers["geofabrik"].url + EXTRACT

    @property
    def boundary(self) -> Path:
        """File of the district's polygon."""
        return self.source / "district.geojson"

    def asked(self) -> dict[str, int]:
        """Requests so far, by service."""
        return {name: len(server.requests) for name, server in self.servers.items()}

    def begin(self, folder: Path, tables: Mapping[str, Any] | None = None, boundary: Path | None = None) -> Path:
        """``justgeo init`` as a planner calls it, then the addresses of these servers, and further tables.

        Returns
        -------
        Path
            ``district.toml``.
        """
        given = boundary or self.boundary
        said = justgeo("init", folder, "--boundary", given, "--name", "Old Harbour, invented")
        assert said.code == 0, said.err
        path = folder / "district.toml"
        settle(path, {"services": self.addresses, "census": {"provider": "direct"}})
        settle(path, tables or {})
        return path

    def begin_with(self, records: Path, folder: Path, tables: Mapping[str, Any] | None = None) -> Path:
        """A district that has all that another one has recorded, whichever servers gave it."""
        shutil.copytree(records, folder / "records", ignore=shutil.ignore_patterns(READ_LAYERS))
        return self.begin(folder, tables)

    def since(self, before: Mapping[str, int]) -> dict[str, int]:
        """Requests that came since, by service; none of those that got none."""
        return {name: count - before[name] for name, count in self.asked().items() if count > before[name]}


def settle(path: Path, tables: Mapping[str, Any]) -> None:
    """Change a district's file: keys of some tables, None takes a key or a whole table out."""
    told: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    for name, keys in tables.items():
        joined = {**told.get(name, {}), **(keys or {})}
        told[name] = {} if keys is None else {key: value for key, value in joined.items() if value is not None}
    texts = [districts.table(name, keys) for name, keys in told.items() if keys]
    path.write_text("\n\n".join(texts) + "\n", encoding="utf-8")


@contextlib.contextmanager
def online(source: Path, key: str = KEY) -> Iterator[Online]:
    """All services of the invented county, from ``with`` to the end of its block.

    Parameters
    ----------
    source : Path
        Its files (``justgeo.synthetic.ensure``).
    key : str
        The one that the Census API accepts.
    """
    with contextlib.ExitStack() as open_servers:
        made = _made(source)
        made["census_api"].key = key
        yield Online(source, {name: open_servers.enter_context(Loopback(one.handle)) for name, one in made.items()})


def _made(source: Path) -> dict[str, Any]:
    """What serves the county, by service: made once for a session of tests, read anew for each who asks.

    Reading the survey and making files of the Bureau, tiles and scenes takes longer than many a test that asks them.
    """
    scratch = source.parents[1] / "online" / source.name  # as long-lived as the files that it is made of
    found: dict[str, Any] = districts.once(scratch.with_suffix(".made"), lambda: _services(source, scratch))
    return found


def _services(source: Path, scratch: Path) -> dict[str, Any]:
    layers = catalogue.services()["mrlc"].options["layers"]
    west, south, east, north = bounds(source)
    around = (west - 0.02, south - 0.02, east + 0.02, north + 0.02)
    near = tuple(gpd.read_file(source / "district.geojson").to_crs(4326).total_bounds)
    around_district = (near[0] - 0.03, near[1] - 0.03, near[2] + 0.03, near[3] + 0.03)
    scratch.mkdir(parents=True, exist_ok=True)
    canopy = sampled(source / "tree_canopy.tif", 0)
    scenes = [make_scene(scratch, around, f"{year}-07-14T15:40:07Z", dn=44000 + year) for year in (2022, 2023, 2024)]
    tiles = worldcover(scratch, around, 10, pixels=3600)
    heights = canopy_height(scratch, around_district, lambda lon, lat: canopy(lon, lat) % 40, pixels=8192)
    feed = Feed("mdb-1", source / "gtfs.zip", (west, south, east, north), provider="Nowhere Transit")
    return {
        # A survey has four times as many tables, which nobody asks for: reading them takes seconds.
        "census_api": nowhere.census_api(source, KEY, SURVEY),
        "census_files": FileTree(nowhere.tiger_tree(source)),
        "overpass": Overpass(source / "nowhere.osm.pbf", DATA_OF),
        "geofabrik": FileTree({EXTRACT: source / "nowhere.osm.pbf"}),
        "mobility_database": Mobility([feed]),
        "mrlc": Wcs({layers[name]: source / f"{name}.tif" for name in layers}),
        "worldcover": FileTree(tiles),
        "canopy_height": FileTree(heights),
        "landsat": Stac(scenes),
    }


def bounds(source: Path) -> tuple[float, float, float, float]:
    """West, south, east, north of the county, in degrees."""
    found = gpd.read_file(source / "tl_2024_us_county.zip").to_crs(4326).total_bounds
    return tuple(float(edge) for edge in found)  # type: ignore[return-value]  # of an array of four


@dataclass(frozen=True)
class Said:
    """What a command left: its exit status and its words."""

    code: int
    out: str
    err: str


def justgeo(*words: object) -> Said:
    """One command of justgeo, as a planner types it."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main([str(word) for word in words])
    return Said(code, out.getvalue(), err.getvalue())


def heads_of(records: Path) -> dict[Path, dict[str, Any]]:
    """What stands in the head of each record, by its folder."""
    return {
        path.parent: json.loads(path.read_text(encoding="utf-8")) for path in sorted(records.glob("*/*/record.json"))
    }


def record_of(records: Path, label: str) -> Path:
    """The one record of a label."""
    (found,) = (folder for folder, head in heads_of(records).items() if head["label"] == label)
    return found


def half_kept(records: Path) -> list[str]:
    """Whatever file lies below a folder of records and is part of no whole record, by its path."""
    heads = heads_of(records)
    whole = {folder / name for folder, head in heads.items() for name in (*head["files"], "record.json")}
    there = {path for path in records.rglob("*") if path.is_file() and READ_LAYERS not in path.parts}
    aside = {path for path in records.rglob("*") if path.name.startswith(".") or path.name.endswith(".part")}
    damaged = {
        folder / name
        for folder, head in heads.items()
        for name, digest in head["files"].items()
        if not (folder / name).is_file() or hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest
    }
    return sorted(path.relative_to(records).as_posix() for path in (there - whole) | aside | damaged)


class _Then(dt.datetime):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> _Then:
        return cls(2026, 3, 1, 12, tzinfo=tz)


DAY = "2026-03-01"


@contextlib.contextmanager
def with_a_key() -> Iterator[None]:
    """While it lasts there is one key of the Census Bureau: whoever runs this may have a key of their own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        patch.setenv(VARIABLES[0], KEY)
        patch.setattr("justgeo.sources.live.keys._from_keyring", lambda: None)
        yield


@contextlib.contextmanager
def one_day() -> Iterator[None]:
    """While it lasts every record is of one day: results name the day, and midnight is no reason for other bytes."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (http, census_tables):
            patch.setattr(module, "dt", SimpleNamespace(datetime=_Then, UTC=dt.UTC))
        yield
