"""What tests of doors share: services on loopback, a client that does not wait, the invented county's area."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from justgeo.catalogue import read as catalogue
from justgeo.core import district as districts
from justgeo.core.service import Service
from justgeo.core.spec import Area
from justgeo.indicators.mobility import LONGEST_M
from justgeo.sources.live.ask import Tools
from justgeo.sources.live.http import Client, Policy
from justgeo.sources.live.keys import Key
from tests.loopback.nowhere import zipped

KEY = "canary-key-4711"


def service(name: str, *urls: str, **options: Any) -> Service:
    """A service of the catalogue at other addresses, with some of its options changed."""
    known = {**catalogue.services(), **catalogue.datasets()}[name]
    return replace(known, urls=urls, options={**known.options, **options})


def client(**policy: Any) -> Client:
    """A client that gives up soon and waits for nobody."""
    told = {"connect_s": 2.0, "read_s": 2.0, "total_s": 20.0, "tries": 2, "pause_s": 0.0, **policy}
    return Client(Policy(**told), sleep=lambda seconds: None)


def tools(*services: Service, provider: str = "direct", key: str = KEY, **policy: Any) -> Tools:
    """Tools of a test: these services, and a key that must turn up nowhere."""
    return Tools(client(**policy), {one.id: one for one in services}, provider, key=lambda: Key(key, "the test"))


def area(folder: Path, *, county: bool = True) -> Area:
    """Window of the invented county's district, with its county as the reference or without one."""
    district = gpd.read_file(folder / "district.geojson").union_all()
    reference = gpd.read_file(folder / "tl_2024_us_county.zip").to_crs("EPSG:4326").union_all() if county else None
    crs = districts.metric_crs(district if reference is None else reference)
    width = districts.halo_width(LONGEST_M)
    around = districts.halo(district, crs, width)
    return Area(district, reference, around if reference is None else around.union(reference), around, width)


def few_trips(folder: Path, of: int = 12) -> bytes:
    """The invented county's timetable with one in so many of its trips, and those that repeat: it is read sooner.

    Days, routes and stops are all there.
    """
    with zipfile.ZipFile(folder / "gtfs.zip") as archive:
        tables = {name: archive.read(name) for name in archive.namelist()}
    trips, times, repeated = (
        pd.read_csv(io.BytesIO(tables[f"{name}.txt"]), dtype=str, keep_default_na=False)
        for name in ("trips", "stop_times", "frequencies")
    )
    few = trips[(trips.index % of == 0) | trips["trip_id"].isin(repeated["trip_id"])]
    called = times[times["trip_id"].isin(few["trip_id"])]
    thinner = {
        f"{name}.txt": one.to_csv(index=False).encode() for name, one in (("trips", few), ("stop_times", called))
    }
    return zipped({**tables, **thinner})
