"""Nowhere on disk: every layer in the native format of its source, so that it goes through the real doors."""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from platformdirs import user_cache_path

from justgeo.core.layer import FloatArray
from justgeo.synthetic import extract, ground, heat, perils, rasters, tables, transit
from justgeo.synthetic.county import NAME, County, county
from justgeo.synthetic.declare import BLOCKS_2010, RELATIONSHIP, layers_toml
from justgeo.synthetic.geography import COUNTY, STATE
from justgeo.synthetic.truth import shares

log = logging.getLogger(__name__)

VERSION = "9"
SLUG = "nowhere-invented"
STAMP = (2024, 1, 1, 0, 0, 0)
DRAW = 1  # which of the possible surveys is published
_RELATIONSHIP_COLUMNS = (
    "STATE_2010",
    "COUNTY_2010",
    "TRACT_2010",
    "BLK_2010",
    "BLKSF_2010",
    "AREALAND_2010",
    "AREAWATER_2010",
    "BLOCK_PART_FLAG_O",
    "STATE_2020",
    "COUNTY_2020",
    "TRACT_2020",
    "BLK_2020",
    "BLKSF_2020",
    "AREALAND_2020",
    "AREAWATER_2020",
    "BLOCK_PART_FLAG_R",
    "AREALAND_INT",
    "AREAWATER_INT",
)


def write(folder: Path, seed: int = 2020, noise: float = 0.0) -> None:
    """Write all layers of the invented county, ``layers.toml``, ``district.geojson`` and ``truth.json``.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    seed : int
        Same seed, same bytes (OSM file and rasters: same content).
    noise : float
        Standard deviation of disclosure noise on block populations; 0 makes them the truth.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = county(seed)
    log.info("%s: geography", NAME)
    _geometry(folder, place, noise)
    _blocks_2010(folder, place)
    for vintage in (2024, 2014):
        log.info("%s: survey %d", NAME, vintage)
        _survey(folder / f"acs{vintage}", place, vintage)
    log.info("%s: streets, timetables, grids", NAME)
    extract.write(folder / "nowhere.osm.pbf", extract.make(place.geography, seed))
    transit.write_feed(folder / "gtfs.zip", place.geography)
    rasters.write(folder, place.geography, status(place), seed)
    heat.write(folder, place.geography, status(place), seed)
    ground.write_flood(folder / "flood_zones.json", place.geography)
    ground.write_grades(folder / "mappinginequality.json", place.geography)
    _shapefile(folder / "zoning.zip", ground.zoning(place.geography))
    _shapefile(folder / "sea_level_rise_3ft.zip", perils.sea_level(place.geography))
    log.info("%s: tables of agencies", NAME)
    tables.write(folder, place, DRAW)
    _text(folder / "INVENTED.txt", f"{NAME}: every file in this folder is invented, true of no place and no people.\n")
    _text(folder / "layers.toml", layers_toml())
    _text(folder / "district.geojson", district_geojson(place))
    _text(folder / "truth.json", json.dumps(shares(place), indent=1, sort_keys=True) + "\n")


def ensure(seed: int = 2020, cache_root: Path | None = None) -> Path:
    """Folder with the layers of a seed, made on first use.

    Parameters
    ----------
    seed : int
    cache_root : Path, optional
        Defaults to the user's cache folder of justgeo.

    Returns
    -------
    Path
        ``<root>/synthetic/<version>-<seed>``; complete, since it is written aside and renamed. Of two processes that
        make it at once one wins and the other takes what is there.
    """
    root = user_cache_path("justgeo", appauthor=False) if cache_root is None else cache_root
    target = root / "synthetic" / f"{VERSION}-{seed}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        write(aside, seed)
        aside.chmod(0o755)
        try:
            os.rename(aside, target)  # noqa: PTH104 - Path.rename would do; os.rename never replaces a full folder
        except OSError:
            if not target.is_dir():  # another process was first, else it is a true failure
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def district_geojson(place: County) -> str:
    """The district's boundary as GeoJSON (EPSG:4326)."""
    feature = {
        "type": "Feature",
        "properties": {"name": NAME, "slug": SLUG, "synthetic": True},
        "geometry": json.loads(shapely.to_geojson(place.district)),
    }
    return json.dumps({"type": "FeatureCollection", "name": SLUG, "features": [feature]}, sort_keys=True) + "\n"


def _geometry(folder: Path, place: County, noise: float) -> None:
    """Zipped shapefiles with TIGER's column names, and block counts by race."""
    for vintage, level, name in (
        (2020, "tract", "tl_2024_99_tract"),
        (2020, "block group", "tl_2024_99_bg"),
        (2010, "tract", "tl_2014_99_tract"),
        (2010, "block group", "tl_2014_99_bg"),
        (2020, "county", "tl_2024_us_county"),
    ):
        frame = place.units(level, vintage)
        frame = gpd.GeoDataFrame(
            {
                "STATEFP": STATE,
                "COUNTYFP": COUNTY,
                "GEOID": frame["geoid"],
                "NAMELSAD": _names(frame["geoid"], level),
                "MTFCC": {"tract": "G5020", "block group": "G5030", "county": "G4020"}[level],
                "ALAND": frame["land_m2"],
                "AWATER": frame["water_m2"],
            },
            geometry=frame.geometry,
            crs=frame.crs,
        )
        _shapefile(folder / f"{name}.zip", frame)
    blocks, counts = place.geography.blocks, place.block_counts(2024, noise)
    frame = gpd.GeoDataFrame(
        {
            "STATEFP20": STATE,
            "COUNTYFP20": COUNTY,
            "GEOID20": blocks["geoid"],
            "MTFCC20": "G5040",
            "ALAND20": blocks["land_m2"],
            "AWATER20": blocks["water_m2"],
            "HOUSING20": counts["housing_units"],
            "POP20": counts["population"],
        },
        geometry=blocks.geometry,
        crs=blocks.crs,
    )
    _shapefile(folder / "tl_2024_99_tabblock20.zip", frame)
    _race_counts(counts).to_csv(folder / "pl94171_p2_blocks.csv", index=False, encoding="utf-8", lineterminator="\n")


def _names(geoids: pd.Series, level: str) -> list[str]:
    """Names as TIGER has them, marked as invented."""
    if level == "county":
        return [NAME for _ in geoids]
    if level == "tract":
        return [f"Census Tract {int(g[5:9])}.{g[9:11]} (invented)" for g in geoids]
    return [f"Block Group {g[11]} (invented)" for g in geoids]


def _race_counts(counts: pd.DataFrame) -> pd.DataFrame:
    """Table P2 of the redistricting file."""
    races = counts[["p2_white", "p2_black", "p2_aian", "p2_asian", "p2_nhpi", "p2_other", "p2_two"]]
    table = {
        "GEO_ID": "1000000US" + counts["geoid"],
        "P2_001N": counts["population"],
        "P2_002N": counts["p2_hispanic"],
        "P2_003N": races.sum(axis=1),
        "P2_004N": races.iloc[:, :6].sum(axis=1),
    }
    for number, name in enumerate(races.columns, start=5):
        table[f"P2_{number:03d}N"] = counts[name]
    return pd.DataFrame(table)


def _shapefile(path: Path, frame: gpd.GeoDataFrame) -> None:
    """A zipped shapefile, the parts in fixed order with fixed times."""
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch) / path.stem
        frame.to_file(base.with_suffix(".shp"), engine="pyogrio", encoding="utf-8")
        _zip(path, sorted(Path(scratch).iterdir()))


def _zip(path: Path, parts: Sequence[Path]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            content = part.read_bytes()
            if part.suffix == ".dbf":
                content = content[:1] + bytes((124, 1, 1)) + content[4:]  # date of last change: 2024-01-01
            archive.writestr(zipfile.ZipInfo(part.name, STAMP), content, zipfile.ZIP_DEFLATED)


def _survey(folder: Path, place: County, vintage: int) -> None:
    """Tables as in the Bureau's table-based summary file, one a file."""
    folder.mkdir(exist_ok=True)
    for name, frame in place.sample(vintage, DRAW).items():
        path = folder / f"acsdt5y{vintage}-{name.lower()}.dat"
        frame.to_csv(path, sep="|", index=False, encoding="utf-8", lineterminator="\n")


def _blocks_2010(folder: Path, place: County) -> None:
    """Counts of the blocks of 2010, and how they relate to those of 2020."""
    blocks = place.geography.blocks
    counts = place.block_counts(2014)
    old = pd.DataFrame({"BLOCKID10": blocks["block10"]})
    old = old.assign(HOUSING10=counts["housing_units"], POP10=counts["population"])
    old = old.groupby("BLOCKID10", as_index=False).sum()
    old.insert(0, "STATEFP10", STATE)
    old.insert(1, "COUNTYFP10", COUNTY)
    old.to_csv(folder / BLOCKS_2010, index=False, encoding="utf-8", lineterminator="\n")
    table = _relationship(blocks)
    table.to_csv(folder / RELATIONSHIP, sep="|", index=False, encoding="utf-8", lineterminator="\n")


def _relationship(blocks: gpd.GeoDataFrame) -> pd.DataFrame:
    """Block relationship file: a row for each piece that a 2010 and a 2020 block share; numbers without leading 0."""
    pieces = blocks.groupby("block10")["geoid"].transform("size").to_numpy()
    rows: dict[str, Any] = {}
    for year, column in ((2010, "block10"), (2020, "geoid")):
        ids = blocks[column]
        part = "p" if year == 2010 else ""
        land, water = (blocks.groupby(column)[name].transform("sum") for name in ("land_m2", "water_m2"))
        rows = {
            **rows,
            f"STATE_{year}": ids.str[:2].astype(int),
            f"COUNTY_{year}": ids.str[2:5].astype(int),
            f"TRACT_{year}": ids.str[5:11].astype(int),
            f"BLK_{year}": ids.str[11:].astype(int),
            f"BLKSF_{year}": "",
            f"AREALAND_{year}": land,
            f"AREAWATER_{year}": water,
            ("BLOCK_PART_FLAG_O" if year == 2010 else "BLOCK_PART_FLAG_R"): np.where(pieces > 1, part, ""),
        }
    rows = {**rows, "AREALAND_INT": blocks["land_m2"], "AREAWATER_INT": blocks["water_m2"]}
    return pd.DataFrame(rows)[list(_RELATIONSHIP_COLUMNS)]


def status(place: County) -> FloatArray:
    """Mean log income of each block, NaN where nobody lives."""
    homes = place.households(2024)
    income = np.log(np.maximum(homes["income"].to_numpy(dtype=float), 5000.0))
    block = homes["block"].to_numpy()
    count = np.bincount(block, minlength=len(place.geography.blocks))
    total = np.bincount(block, weights=income, minlength=len(count))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
