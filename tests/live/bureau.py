"""Files of TIGER/Line made by hand, a server that gives them, and how a test fetches from it."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from justgeo.catalogue import read as catalogue
from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.sources.live import tiger
from justgeo.sources.live.ask import Ask, Brought, Tools, bring
from justgeo.sources.live.http import Client, Policy
from justgeo.sources.live.records import Records
from tests.loopback.files import FileTree
from tests.loopback.nowhere import TIGER
from tests.loopback.server import Loopback

YEAR = 2024
COUNTY = "99001"
TRACTS = f"{TIGER}/TIGER2024/TRACT/tl_2024_99_tract.zip"
COUNTIES = f"{TIGER}/TIGER2024/COUNTY/tl_2024_us_county.zip"


def tools(service: Service, **more: Any) -> Tools:
    policy = Policy(pause_s=0.0, tries=2, connect_s=2, read_s=2, total_s=20)
    return Tools(Client(policy, sleep=lambda s: None), {service.id: service}, **more)


def brought(asks: Sequence[Ask], records: Records, service: Service) -> Brought:
    """Everything, or the first failure."""
    found = bring(asks, records, tools(service))
    for failure in found.failures.values():
        raise failure
    return found


def failure(ask: Ask, records: Records, service: Service) -> SourceError:
    """What goes wrong with one, of which nothing may be kept."""
    found = bring([ask], records, tools(service))
    assert found.fetched == ()
    assert found.specs == {}
    assert set(found.missing) == set(ask.gives)
    assert not [path for path in records.root.rglob("*") if path.is_file()]
    return found.failures[ask.label]


def ask_tracts(service: Service) -> Ask:
    return tiger.geometry_asks(service, YEAR, [COUNTY], ["tracts"])[0]


def areas(ids: Sequence[str], west: float = -75.0, **columns: Any) -> gpd.GeoDataFrame:
    """Squares of a degree beside each other, with the columns of TIGER/Line."""
    base = {"GEOID": list(ids), "NAMELSAD": [f"Area {code}" for code in ids], "ALAND": [1_000_000] * len(ids)}
    shapes = [shapely.box(west + i, 38, west + i + 1, 39) for i in range(len(ids))]
    return gpd.GeoDataFrame({**base, **columns}, geometry=shapes, crs="EPSG:4269")


def blocks(ids: Sequence[str], west: float = -75.0) -> gpd.GeoDataFrame:
    counts = {"GEOID20": list(ids), "POP20": range(len(ids)), "HOUSING20": range(len(ids)), "ALAND20": 1_000_000}
    return gpd.GeoDataFrame(counts, geometry=areas(ids, west).geometry)


def zipped(
    frame: gpd.GeoDataFrame, name: str, without: Sequence[str] = (), more: Mapping[str, bytes] | None = None
) -> bytes:
    """A shapefile as the Bureau zips it, without some of its parts, with others."""
    target = io.BytesIO()
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        frame.to_file(Path(scratch) / f"{name}.shp", engine="pyogrio", encoding="utf-8")
        for path in sorted(Path(scratch).iterdir()):
            if path.suffix not in (*without, *(Path(one).suffix for one in more or {})):
                archive.writestr(path.name, path.read_bytes())
        for one, content in (more or {}).items():
            archive.writestr(one, content)
    return target.getvalue()


class Bureau:
    """A file server with files made by hand, by their names."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        folders = {"tract": "TRACT", "bg": "BG", "tabblock20": "TABBLOCK20", "place": "PLACE", "county": "COUNTY"}
        tree: dict[str, bytes | Path] = {}
        for name, content in files.items():
            _, year, _, kind = name.removesuffix(".zip").split("_")
            tree[f"{TIGER}/TIGER{year}/{folders[kind]}/{name}"] = content
        self.server = Loopback(FileTree(tree).handle)

    def __enter__(self) -> Service:
        self.server.__enter__()
        return replace(catalogue.services()["census_files"], urls=(self.server.url,))

    def __exit__(self, *told: Any) -> None:
        self.server.__exit__(*told)
