"""The invented county as the Census Bureau would serve it: its files on www2.census.gov, its tables in the API."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import pandas as pd

from tests.loopback.census import CensusApi

TIGER = "/geo/tiger"
RELATIONSHIP = "/geo/docs/maps-data/data/rel2020/t10t20/TAB2010_TAB2020_ST99.zip"
BLOCKS_2010 = f"{TIGER}/TIGER2010BLKPOPHU/tabblock2010_99_pophu.zip"
_SURVEY = re.compile(r"acsdt5y(\d{4})-(\w+)\.dat")
_STAMP = (2024, 1, 1, 0, 0, 0)


def tiger_tree(folder: Path) -> dict[str, bytes | Path]:
    """Files of ``justgeo.synthetic.ensure`` by their paths on www2.census.gov.

    Geometry is the files themselves. The relationship file is zipped as the Bureau zips it. The blocks of 2010 with
    their counts, which the county has as a table, become the shapefile that they are there: each is the union of the
    blocks of 2020 that it was divided into.
    """
    tree: dict[str, bytes | Path] = {
        f"{TIGER}/TIGER{year}/{layer}/tl_{year}_{name}.zip": folder / f"tl_{year}_{name}.zip"
        for year, layer, name in (
            (2024, "TRACT", "99_tract"),
            (2024, "BG", "99_bg"),
            (2024, "TABBLOCK20", "99_tabblock20"),
            (2024, "COUNTY", "us_county"),
            (2014, "TRACT", "99_tract"),
            (2014, "BG", "99_bg"),
        )
    }
    relationship = (folder / "TAB2010_TAB2020_ST99.txt").read_bytes()
    tree[RELATIONSHIP] = zipped({"tab2010_tab2020_st99_zz.txt": relationship})
    tree[BLOCKS_2010] = _shapefile(_blocks_2010(folder), "tabblock2010_99_pophu")
    return tree


def census_api(
    folder: Path, key: str, tables: Iterable[str] | None = None, tract_only: frozenset[str] | set[str] = frozenset()
) -> CensusApi:
    """The API over the county's surveys of 2014 and 2024 and its redistricting counts; all tables, or some."""
    wanted = None if tables is None else {table.upper() for table in tables}
    found = {}
    for path in sorted(folder.glob("acs*/*.dat")):
        match = _SURVEY.fullmatch(path.name)
        if match and (wanted is None or match[2].upper() in wanted):
            found[int(match[1]), match[2].upper()] = pd.read_csv(path, sep="|", dtype=str)
    return CensusApi(found, _redistricting(folder), key, tract_only)


def _redistricting(folder: Path) -> pd.DataFrame:
    """Counts of blocks: P2 as written, P1_001N (the same people) and H1_001N, the homes of the blocks' shapefile."""
    counts = pd.read_csv(folder / "pl94171_p2_blocks.csv")
    blocks = gpd.read_file(folder / "tl_2024_99_tabblock20.zip", ignore_geometry=True).set_index("GEOID20")
    homes = blocks["HOUSING20"].loc[counts["GEO_ID"].str.partition("US")[2]]
    return counts.assign(P1_001N=counts["P2_001N"], H1_001N=homes.to_numpy())


def zipped(parts: dict[str, bytes]) -> bytes:
    """A zip of some files, always the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _STAMP), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _blocks_2010(folder: Path) -> gpd.GeoDataFrame:
    """Blocks of 2010 with the columns of TIGER2010BLKPOPHU."""
    counts = pd.read_csv(
        folder / "tabblock2010_99_pophu.csv", dtype={"BLOCKID10": str, "STATEFP10": str, "COUNTYFP10": str}
    )
    pieces = pd.read_csv(folder / "TAB2010_TAB2020_ST99.txt", sep="|", dtype=str)
    old, new = (_ids(pieces, year) for year in (2010, 2020))
    blocks = gpd.read_file(folder / "tl_2024_99_tabblock20.zip").set_index("GEOID20")
    joined = gpd.GeoDataFrame({"BLOCKID10": old}, geometry=blocks.geometry.loc[new].array, crs=blocks.crs)
    whole = joined.dissolve("BLOCKID10").reindex(counts["BLOCKID10"])
    frame = counts.assign(TRACTCE10=counts["BLOCKID10"].str[5:11], BLOCKCE=counts["BLOCKID10"].str[11:], PARTFLG="N")
    order = ["STATEFP10", "COUNTYFP10", "TRACTCE10", "BLOCKCE", "BLOCKID10", "PARTFLG", "HOUSING10", "POP10"]
    return gpd.GeoDataFrame(frame[order], geometry=whole.geometry.array, crs=blocks.crs)


def _ids(pieces: pd.DataFrame, year: int) -> pd.Series:
    """Block ids of a year from numbers whose leading zeros are gone."""
    parts = (("STATE", 2), ("COUNTY", 3), ("TRACT", 6), ("BLK", 4))
    return pd.concat([pieces[f"{name}_{year}"].str.zfill(width) for name, width in parts], axis=1).sum(axis=1)


def _shapefile(frame: gpd.GeoDataFrame, name: str) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        frame.to_file(Path(scratch) / f"{name}.shp", engine="pyogrio", encoding="utf-8")
        return zipped({path.name: path.read_bytes() for path in sorted(Path(scratch).iterdir())})
