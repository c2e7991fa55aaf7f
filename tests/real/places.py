"""Districts of real places, written as a planner would: a ``district.toml`` and tables put together from the files.

What is read here is only said where it lies; every figure comes out of ``results.json``.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from justgeo import run

Row = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What one run wrote."""

    folder: Path
    results: Mapping[str, Any]
    report: run.RunReport

    def record(self, indicator: str, zone: str = "district", group: str = "all") -> Row:
        """The one record of an indicator."""
        [one] = [
            r for r in self.results["records"] if (r["indicator"], r["zone"], r["group"]) == (indicator, zone, group)
        ]
        return dict(one)

    def of(self, indicator: str, geography: str) -> dict[str, Row]:
        """Records of an indicator by the id of the areas of one geography."""
        ids = {z["id"] for z in self.results["zones"] if z["role"] == "area" and z["geography"] == geography}
        return {
            r["zone"]: r
            for r in self.results["records"]
            if r["indicator"] == indicator and r["group"] == "all" and r["zone"] in ids
        }

    def zone(self, name: str) -> Mapping[str, Any]:
        return next(z for z in self.results["zones"] if z["id"] == name)

    def layer(self, name: str) -> Mapping[str, Any]:
        return next(z for z in self.results["layers"] if z["id"] == name)


def in_tables(toml: str, *more: str) -> frozenset[str]:
    """Rows of the catalogue that a ``district.toml`` has tables for, and ``more``: for `nowhere.only`.

    Whoever asks about the tables alone need not read streets and timetables.
    """
    tables = tomllib.loads(toml)["tables"]
    return frozenset((*(column["indicator"] for table in tables for column in table["columns"]), *more))


def run_here(folder: Path, toml: str) -> Found:
    """Write ``district.toml`` and run it into ``out`` beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "district.toml"
    path.write_text(toml, encoding="utf-8")
    report = run.run_config(path, folder / "out")
    results = json.loads((folder / "out" / "results.json").read_text(encoding="utf-8"))
    return Found(folder / "out", results, report)


CHARLOTTESVILLE = """
[district]
name = "Fifeville, Charlottesville"
slug = "fifeville"

[district.boundary]
file = "{data}/boundaries/districts/Planning_Neighborhood_Area.shp"
column = "NAME"
values = ["Fifeville"]

[reference]
name = "Charlottesville city"
geoids = ["51540"]

[vintages]
acs = 2019

[layers.blocks]
path = "{data}/env_zonal/cvillheat_blocks.csv"
geometry = "geometry"
crs = "EPSG:4269"
columns = {{ population = "POP20", housing_units = "HOUSING20" }}
source = "U.S. Census Bureau, by way of virginiaequitycenter/Cville-Heat"
dataset = "2020 Census blocks of Charlottesville city"
vintage = "2020"
notes = ["The file's columns by race add up to adults of 18 and over (Totalpop), not to all residents (POP20); not used."]

[layers.block_groups]
path = "{data}/boundaries/cville_blkgps.shp"
geography_vintage = {block_groups}
source = "U.S. Census Bureau, TIGER/Line"
dataset = "Block groups, 2019"
vintage = "2019"

[layers.tracts]
path = "{data}/boundaries/cville_tracts.shp"
geography_vintage = 2010
source = "U.S. Census Bureau, TIGER/Line"
dataset = "Census tracts, 2019"
vintage = "2019"

[layers.counties]
path = "{data}/boundaries/cville_counties.shp"
geography_vintage = 2010
source = "U.S. Census Bureau, TIGER/Line"
dataset = "Counties, 2019"
vintage = "2019"

[layers.walk]
path = "{data}/osm/cville_footways_from_pmtiles_z14.geojson"
crossings = true
snap_m = 0.5
kind = "highway"
source = "OpenStreetMap contributors, by way of wcedmisten.fyi"
dataset = "Footways of Charlottesville, vector tiles of zoom 14"
vintage = "about 2024 (not stated)"
licence = "ODbL-1.0"
attribution = "© OpenStreetMap contributors"
notes = ["Footways alone, no streets: where a street has no mapped footway, the way is unknown, not closed."]

[layers.gtfs]
path = "{data}/gtfs/CAT_2017_08_GTFS.zip"
source = "Charlottesville Area Transit"
dataset = "GTFS, August 2017"
vintage = "2017-08"

[absent]
parks = "the parks at hand are Albemarle County's and leave the city out"
stops = "no list of stops beside the timetable"
tree_canopy = "no raster of this place is at hand"
impervious = "no raster of this place is at hand"
land_cover = "no raster of this place is at hand"
"acs:B23025@2019" = "the table publishes unemployment in percent, but not the labour force that it is a percent of"
"acs:B25070@2019" = "the table's burdened renters include in their whole those whose burden could not be computed"

[[tables]]
path = "{data}/acs/acs_blkgr_cville.csv"
geoid = "GEOID"
geography = "block group"
geography_vintage = {tables}
source = "U.S. Census Bureau, American Community Survey, by way of virginiaequitycenter/cville-climate-atlas"
dataset = "ACS 5-year, block groups"
vintage = "2015-2019"
columns = [
    {{ indicator = "DEM-00.population", estimate = "totalpopE", margin = "totalpopM", kind = "count" }},
{percents}
    {{ indicator = "OPP-01", estimate = "hhincE", margin = "hhincM", kind = "median" }},
]

[[tables]]
path = "households_and_adults.csv"
geoid = "GEOID"
geography = "block group"
geography_vintage = {tables}
source = "put together from the American Community Survey by block group (see notes)"
dataset = "ACS 5-year, block groups, derived"
vintage = "2015-2019"
notes = [
    "Households are homes less vacant homes; adults of 25 and over are everybody less the shares under 18 and from 18 to 24.",
    "Their margins are those of sums of independent estimates and a little too wide.",
]
columns = [
    {{ indicator = "DEM-00.households", estimate = "households", margin = "households_moe", kind = "count" }},
    {{ indicator = "BEL-02", estimate = "renters", margin = "renters_moe", kind = "percent", denominator = "households", denominator_margin = "households_moe" }},
    {{ indicator = "OPP-04", estimate = "bachelor", margin = "bachelor_moe", kind = "percent", denominator = "adults25", denominator_margin = "adults25_moe" }},
    {{ indicator = "OPP-05", estimate = "no_diploma", margin = "no_diploma_moe", kind = "percent", denominator = "adults25", denominator_margin = "adults25_moe" }},
]

[[tables]]
path = "{data}/acs/acs_tract_cville.csv"
geoid = "GEOID"
geography = "tract"
geography_vintage = {tables}
source = "U.S. Census Bureau, American Community Survey, by way of virginiaequitycenter/cville-climate-atlas"
dataset = "ACS 5-year, tracts"
vintage = "2015-2019"
notes = ["Percents in poverty are weighted by all residents; the people whose status is determined are not in the table."]
columns = [
    {{ indicator = "OPP-01", estimate = "hhincE", margin = "hhincM", kind = "median" }},
    {{ indicator = "OPP-02", estimate = "povrateE", margin = "{poverty_margin}", kind = "percent", denominator = "totalpopE", denominator_margin = "totalpopM" }},
]
"""  # noqa: E501 - one column a line

PERCENTS = {
    "DEM-01.hispanic": "ltnx",
    "DEM-01.white": "white",
    "DEM-01.black": "black",
    "DEM-01.aian": "indig",
    "DEM-01.asian": "asian",
    "DEM-01.two": "multi",
    "DEM-03.under18": "age17",
    "DEM-03.65plus": "age65",
}


def charlottesville_toml(
    data: Path, *, block_groups: int = 2010, tables: int = 2010, poverty_margin: str = "povrateM"
) -> str:
    """Fifeville with every layer that is at hand."""
    percents = "\n".join(
        f'    {{ indicator = "{row}", estimate = "{name}E", margin = "{name}M", kind = "percent", '
        'denominator = "totalpopE", denominator_margin = "totalpopM" },'
        for row, name in PERCENTS.items()
    )
    return CHARLOTTESVILLE.format(
        data=data.as_posix(),
        block_groups=block_groups,
        tables=tables,
        percents=percents,
        poverty_margin=poverty_margin,
    )


def write_charlottesville_table(data: Path, folder: Path) -> pd.DataFrame:
    """Households and adults of 25 and over, which the file does not have as such, with margins by the handbook.

    Owners in percent times the occupied homes, and degrees in percent times the adults, give whole numbers to the
    file's last digit, so these are the denominators that the percents were made with.
    """
    acs = pd.read_csv(data / "acs" / "acs_blkgr_cville.csv", dtype={"GEOID": str})
    youth = acs["age17E"] + acs["age24E"]
    youth_moe = np.hypot(acs["age17M"], acs["age24M"])
    made = pd.DataFrame(
        {
            "GEOID": acs["GEOID"],
            "households": acs["allhseE"] - acs["vachseE"],
            "households_moe": np.hypot(acs["allhseM"], acs["vachseM"]),
            "renters": (100 - acs["homeownE"]).round(1),
            "renters_moe": acs["homeownM"],
            "adults25": (acs["totalpopE"] * (100 - youth) / 100).round(),
            "adults25_moe": np.hypot(acs["totalpopM"] * (100 - youth) / 100, acs["totalpopE"] * youth_moe / 100),
            "bachelor": acs["bamoreE"],
            "bachelor_moe": acs["bamoreM"],
            "no_diploma": (100 - acs["hsmoreE"]).round(2),
            "no_diploma_moe": acs["hsmoreM"],
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    made.to_csv(folder / "households_and_adults.csv", index=False, encoding="utf-8")
    return made


DURHAM = """
[district]
name = "{name}"
slug = "{slug}"
{boundary}

[reference]
name = "Durham County"
geoids = ["37063"]

[vintages]
acs = 2016

[layers.block_groups]
path = "{data}/boundaries/blockgroup.geojson.json"
geoid = "id"
geography_vintage = 2010
source = "DataWorks NC, Durham Neighborhood Compass"
dataset = "Block groups of Durham County, 2010"
vintage = "2010"

[layers.tracts]
path = "{data}/boundaries/tract.geojson.json"
geoid = "id"
geography_vintage = 2010
source = "DataWorks NC, Durham Neighborhood Compass"
dataset = "Census tracts of Durham County, 2010"
vintage = "2010"

[layers.land_cover]
path = "{data}/raster/NLCD_landcover.tif"
source = "U.S. Geological Survey, NLCD, by way of mhweber/R-User-Group-Spatial-Workshop-2018"
dataset = "NLCD land cover, 30 m"
vintage = "2011 (not stated in the file)"

[layers.parks]
path = "{data}/city_layers_2019/Parks.geojson"
source = "City of Durham, by way of codefordurham/StreetWise"
dataset = "Parks of the city of Durham"
vintage = "2019"

[layers.streets]
path = "{data}/osm/osm_roads_gen0.geojson"
columns = {{ kind = "type" }}
where = {{ class = "highway" }}
source = "OpenStreetMap contributors, by way of codefordurham/affordablehousing"
dataset = "Roads from tertiary up"
vintage = "about 2018 (not stated)"
licence = "ODbL-1.0"
attribution = "© OpenStreetMap contributors"

[layers.gtfs]
path = "{data}/gtfs/gtfs_duke_from_rda.zip"
source = "Duke University, by way of tidytransit"
dataset = "Duke Transit GTFS, October 2019"
vintage = "2019-10"

[absent]
blocks = "no census blocks of this place are at hand"
walk = "the roads at hand are tertiary and up: without the streets where people live a walk would be wrong"
impervious = "no raster of hard surfaces is at hand; the developed share stands in for it, under its own name"
tree_canopy = "no canopy raster is at hand"
stops = "no list of stops beside the timetable, which is the university's alone"

[[tables]]
path = "compass_2016.csv"
geoid = "geoid"
geography = "block group"
geography_vintage = 2010
source = "U.S. Census Bureau, American Community Survey, by way of DataWorks NC, Durham Neighborhood Compass"
dataset = "ACS 5-year by block group: numerators, denominators and margins of the percents"
vintage = "2012-2016 (the atlas says 2016)"
licence = "MIT"
notes = ["The margin of each percent is published, rounded to a whole point; that of the number of households is not."]
columns = [
    {{ indicator = "DEM-00.population", estimate = "people", margin = "people_moe", kind = "count" }},
    {{ indicator = "DEM-00.households", estimate = "households", kind = "count" }},
    {{ indicator = "BEL-02", estimate = "renters", margin = "renters_moe", kind = "percent", denominator = "households" }},
    {{ indicator = "DEM-01.white", estimate = "white", margin = "white_moe", kind = "percent", denominator = "people", denominator_margin = "people_moe" }},
    {{ indicator = "DEM-01.black", estimate = "black", margin = "black_moe", kind = "percent", denominator = "people", denominator_margin = "people_moe" }},
    {{ indicator = "DEM-01.hispanic", estimate = "hispanic", margin = "hispanic_moe", kind = "percent", denominator = "people", denominator_margin = "people_moe" }},
    {{ indicator = "DEM-03.under18", estimate = "under18", margin = "under18_moe", kind = "percent", denominator = "people", denominator_margin = "people_moe" }},
    {{ indicator = "OPP-01", estimate = "income", margin = "income_moe", kind = "median" }},
]

[[tables]]
path = "compass_2016_tracts.csv"
geoid = "geoid"
geography = "tract"
geography_vintage = 2010
source = "U.S. Census Bureau, American Community Survey, by way of DataWorks NC, Durham Neighborhood Compass"
dataset = "ACS 5-year by tract: median household income"
vintage = "2012-2016 (the atlas says 2016)"
licence = "MIT"
columns = [{{ indicator = "OPP-01", estimate = "income", margin = "income_moe", kind = "median" }}]
"""  # noqa: E501 - one column a line

# Own name -> metric of the atlas, a percent with its margin.
METRICS = {"renters": "PCTRENT", "white": "PTWHNL", "black": "PTBLKNL", "hispanic": "PTLAT", "under18": "PTUND18"}
YEAR = "y_2016"


def durham_toml(data: Path, *, name: str, slug: str, boundary: str) -> str:
    """A part of Durham with every layer that is at hand; ``boundary`` is the district's, as TOML."""
    return DURHAM.format(data=data.as_posix(), name=name, slug=slug, boundary=boundary)


def compass(data: Path, name: str, level: str = "blockgroup", year: str = YEAR) -> pd.Series[float]:
    """One year of one file of the atlas, by GEOID."""
    frame = pd.read_csv(data / "compass" / "metric" / level / f"{name}.csv", dtype={"id": str})
    return frame.set_index("id")[year].astype(float)


def write_durham_tables(data: Path, folder: Path) -> pd.DataFrame:
    """The atlas's numerators (r), denominators (d) and margins (m) of one year as two tables; nothing is filled in."""
    folder.mkdir(parents=True, exist_ok=True)
    people = compass(data, "dPTWHNL")
    made = pd.DataFrame({"people": people, "people_moe": compass(data, "rPOP-accuracy")}, index=people.index)
    made["households"] = compass(data, "dPCTRENT")
    for own, metric in METRICS.items():
        whole = compass(data, f"d{metric}")
        made[own] = (100 * compass(data, f"r{metric}") / whole.where(whole > 0)).round(3)
        made[f"{own}_moe"] = compass(data, f"m{metric}-accuracy").reindex(made.index)
    made["income"], made["income_moe"] = _incomes(data, "blockgroup")
    made.rename_axis("geoid").to_csv(folder / "compass_2016.csv", encoding="utf-8")
    income, margin = _incomes(data, "tract")
    tracts = pd.DataFrame({"income": income, "income_moe": margin})
    tracts.rename_axis("geoid").to_csv(folder / "compass_2016_tracts.csv", encoding="utf-8")
    return made


def _incomes(data: Path, level: str) -> tuple[pd.Series[float], pd.Series[float]]:
    """Medians, which the atlas holds times the number of households."""
    whole = compass(data, "dMEDINC", level)
    return (compass(data, "rMEDINC", level) / whole.where(whole > 0)).round(), compass(data, "mMEDINC-accuracy", level)
