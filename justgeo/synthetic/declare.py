"""``layers.toml`` of Nowhere: what each file is, in the words that ``district.toml`` uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SOURCE = "justgeo.synthetic (invented data)"
NOTE = "Invented: no such place, no such people."
RELATIONSHIP = "TAB2010_TAB2020_ST99.txt"
BLOCKS_2010 = "tabblock2010_99_pophu.csv"
TABLES: Mapping[str, tuple[str, str, str]] = {
    "lodes_wac": ("tables/99_wac_S000_JT00_2023.csv.gz", "jobs by block", "2023"),
    "lodes_rac": ("tables/99_rac_S000_JT00_2023.csv.gz", "workers by the block they live in", "2023"),
    "chas": ("tables/chas-140-csv.zip", "cost burden by tenure and race", "2020-2024"),
    "eviction_lab": ("tables/tract_proprietary_valid_2000_2016.csv", "filings for eviction", "2000-2016"),
    "lead": ("tables/ZZ-2022-LEAD-data.zip", "energy spending and income", "2022"),
    "smart_location": ("tables/SmartLocationDatabase.csv", "walkability", "2021"),
    "places": ("tables/places.json", "modelled health of adults", "2022"),
    "ejscreen": ("tables/EJSCREEN_BG.csv", "environmental burdens", "2024"),
    "cejst": ("tables/2.0-communities.csv", "disadvantaged communities, version 2.0", "2.0"),
    "usaleep": ("tables/ZZ_A.CSV", "life expectancy at birth", "2010-2015"),
    "fars": ("tables/FARS2020-2024NationalCSV.zip", "crashes in which somebody died", "2020-2024"),
    "svi": ("tables/Nowhere.csv", "social vulnerability index, ranked within the state", "2018-2022"),
}
"""Tables of agencies, by id of ``catalogue/datasets.yml``: file, what it tells, of which years."""
CODES: Mapping[str, str] = {
    "R-1": "residential",
    "R-3": "residential",
    "C-2": "commercial",
    "B-1": "retail",
    "M-1": "industrial",
    "MU": "mixed",
    "INST": "institutional",
    "OS": "other",
    "AG": "other",
}
"""What the codes of the invented zoning stand for; ``PUD-7`` is on the map but not here, ``AG`` here but not on it."""
_P2 = {
    "p2_hispanic": 2,
    "p2_white": 5,
    "p2_black": 6,
    "p2_aian": 7,
    "p2_asian": 8,
    "p2_nhpi": 9,
    "p2_other": 10,
    "p2_two": 11,
}


def layers() -> dict[str, dict[str, Any]]:
    """Declaration of each layer: path, options of its reader, provenance."""
    area = {"geoid": "GEOID", "columns": {"name": "NAMELSAD", "land_m2": "ALAND"}}
    found: dict[str, dict[str, Any]] = {
        "blocks": {
            "path": "tl_2024_99_tabblock20.zip",
            "geoid": "GEOID20",
            "geography": "block",
            "geography_vintage": 2020,
            "columns": {"population": "POP20", "housing_units": "HOUSING20", "land_m2": "ALAND20"},
            "join": {
                "path": "pl94171_p2_blocks.csv",
                "geoid": "GEO_ID",
                "columns": {name: f"P2_{line:03d}N" for name, line in _P2.items()},
            },
            **_made("blocks with counts by race", "2020"),
        },
        "block_groups": {
            "path": "tl_2024_99_bg.zip",
            **area,
            "geography": "block group",
            "geography_vintage": 2020,
            **_made("block groups", "2020"),
        },
        "tracts": {
            "path": "tl_2024_99_tract.zip",
            **area,
            "geography": "tract",
            "geography_vintage": 2020,
            **_made("tracts", "2020"),
        },
        "tracts_2010": {
            "path": "tl_2014_99_tract.zip",
            **area,
            "geography": "tract",
            "geography_vintage": 2010,
            **_made("tracts of 2010", "2010"),
        },
        "block_groups_2010": {
            "path": "tl_2014_99_bg.zip",
            **area,
            "geography": "block group",
            "geography_vintage": 2010,
            **_made("block groups of 2010", "2010"),
        },
        "counties": {
            "path": "tl_2024_us_county.zip",
            **area,
            "geography": "county",
            "geography_vintage": 2020,
            **_made("county", "2020"),
        },
        "acs": {"path": "acs2024", "year": 2024, **_made("five-year survey", "2020-2024")},
        "acs_t0": {"path": "acs2014", "year": 2014, **_made("five-year survey", "2010-2014")},
        "crosswalk_99": {
            "path": RELATIONSHIP,
            "counts": BLOCKS_2010,
            **_made("relationship of census blocks of 2010 and 2020, with people and homes of 2010", "2010 to 2020"),
        },
        "osm": {"path": "nowhere.osm.pbf", **_made("streets, parks, stops, amenities", "2024")},
        "gtfs": {"path": "gtfs.zip", **_made("timetables", "2024-09-02 to 2024-12-13")},
        "tree_canopy": {"path": "tree_canopy.tif", **_made("tree canopy, percent, 30 m", "2024")},
        "impervious": {"path": "impervious.tif", **_made("impervious surface, percent, 30 m", "2024")},
        "land_cover": {"path": "land_cover.tif", **_made("land cover, classes, 30 m", "2024")},
        "zoning": {"path": "zoning.zip", "column": "ZONE", "classes": dict(CODES), **_made("zoning districts", "2024")},
        "data:nfhl": {"path": "flood_zones.json", **_made("flood zones", "2024")},
        "data:slr": {"path": "sea_level_rise_3ft.zip", **_made("ground that a sea three feet higher reaches", "2024")},
        "data:redlining": {"path": "mappinginequality.json", **_made("grades of areas for lenders", "1937")},
        "surface_temperature": {
            "path": "landsat/scenes.json",
            **_made("surface temperature of seven overpasses, 30 m", "June to August of 2022-2024"),
        },
    }
    tables = {f"data:{name}": {"path": path, **_made(what, when)} for name, (path, what, when) in TABLES.items()}
    return {**found, **tables}


def _made(dataset: str, vintage: str) -> dict[str, Any]:
    return {
        "source": SOURCE,
        "dataset": f"Nowhere (invented): {dataset}",
        "vintage": f"{vintage} (invented)",
        "licence": "CC0-1.0",
        "synthetic": True,
        "notes": [NOTE],
    }


def layers_toml() -> str:
    """The declarations as TOML, one table a layer."""
    parts = ["# Layers of Nowhere (invented): made by justgeo.synthetic, true of no place."]
    for name, declaration in layers().items():
        body = [f"{key} = {_value(value)}" for key, value in declaration.items()]
        key = json.dumps(name) if ":" in name else name
        parts.append("\n".join([f"[layers.{key}]", *body]))
    return "\n\n".join(parts) + "\n"


def _value(value: Any) -> str:
    """A TOML value; JSON's strings, numbers and booleans are TOML's too."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
