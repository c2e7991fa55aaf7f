"""Districts in two invented counties: Nowhere, and its copy one county's width to the east."""

from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
from shapely import affinity

from justgeo.synthetic.declare import layers as declarations
from tests import nowhere

HOME, BESIDE = "99001", "99003"
AREAS = {
    "counties": ("tl_2024_us_county.zip", "GEOID"),
    "tracts": ("tl_2024_99_tract.zip", "GEOID"),
    "block_groups": ("tl_2024_99_bg.zip", "GEOID"),
    "blocks": ("tl_2024_99_tabblock20.zip", "GEOID20"),
}
TABLES = ("B01003", "B03002", "B25003", "C17002")


def width(source: Path) -> float:
    """Degrees from a place of the first county to its copy in the second one."""
    west, _, east, _ = gpd.read_file(source / AREAS["counties"][0]).total_bounds
    return float(east - west)


def settings(source: Path, folder: Path) -> Path:
    """A ``district.toml`` of Nowhere's district, with the geography of both counties and a few tables of the survey."""
    folder.mkdir(parents=True, exist_ok=True)
    told = nowhere.layers(source, AREAS)
    for name, (file, geoid) in AREAS.items():
        frame = gpd.read_file(source / file)
        moved = frame.assign(geometry=frame.geometry.translate(xoff=width(source)))
        moved[geoid] = BESIDE + moved[geoid].str[5:]
        both = pd.concat([frame, moved], ignore_index=True)
        gpd.GeoDataFrame(both, crs=frame.crs).to_file(folder / f"{name}.gpkg", driver="GPKG")
        told[name]["path"] = str(folder / f"{name}.gpkg")
    counts = pd.read_csv(source / "pl94171_p2_blocks.csv", dtype=str)
    column = told["blocks"]["join"]["geoid"]
    copy = counts.assign(**{column: counts[column].str.replace(f"US{HOME}", f"US{BESIDE}")})
    pd.concat([counts, copy]).to_csv(folder / "pl94171_p2_blocks.csv", index=False)
    told["blocks"]["join"] = {**told["blocks"]["join"], "path": str(folder / "pl94171_p2_blocks.csv")}
    told["acs"] = _survey(source, folder)
    shutil.copy(source / "district.geojson", folder)
    return nowhere.write(folder, told, {"boundary": "district.geojson", "slug": "old-harbour-invented"})


def _survey(source: Path, folder: Path) -> dict[str, object]:
    kept = folder / "acs2024"
    kept.mkdir(exist_ok=True)
    for table in TABLES:
        path = source / "acs2024" / f"acsdt5y2024-{table.lower()}.dat"
        frame = pd.read_csv(path, sep="|", dtype=str, keep_default_na=False)
        beside = frame.assign(GEO_ID=frame["GEO_ID"].str.replace(f"US{HOME}", f"US{BESIDE}"))
        pd.concat([frame, beside]).to_csv(kept / path.name, sep="|", index=False)
    return {**declarations()["acs"], "path": str(kept)}


def outlines(source: Path, path: Path) -> Path:
    """Two districts in each county: Nowhere's own and a square about its middle, and their copies."""
    own = nowhere.boundary(source).geometry.union_all()
    x, y = own.centroid.coords[0]
    square = shapely.box(x - 0.012, y - 0.009, x + 0.012, y + 0.009)
    east = width(source)
    shapes = [own, square, *(affinity.translate(one, xoff=east) for one in (own, square))]
    names = ["Old Harbour", "Square", "East Harbour", "East Square"]
    gpd.GeoDataFrame({"name": names}, geometry=shapes, crs="EPSG:4326").to_file(path, driver="GPKG")
    return path
