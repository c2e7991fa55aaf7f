"""Real tables of agencies about Charlottesville through the rows that measure them, against plain sums and joins."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo import measuring, run
from justgeo.catalogue import read as catalogue
from justgeo.core.result import Record
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.margins import Z90
from justgeo.measure.reduce import ReduceSettings
from tests.real.places import charlottesville_toml, write_charlottesville_table

pytestmark = pytest.mark.real

TABLES = """
[layers."data:places"]
path = "{data}/reference/cdcplaces_cville_tract.csv"
[layers."data:places".reading]
geography = "tract"
geography_vintage = 2010
geoid = "locationname"
modelled = true
columns.asthma = {{ column = "Current_Asthma2018", kind = "percent" }}
columns.diabetes = {{ column = "Diabetes2018", kind = "percent" }}
columns.poor_mental_health = {{ column = "Mental_Health2018", kind = "percent" }}
columns.checkup = {{ column = "Annual_Checkup2018", kind = "percent" }}

[layers."data:usaleep"]
path = "{data}/reference/lifeexp_cville_tract.csv"
[layers."data:usaleep".reading]
geography = "tract"
geography_vintage = 2010
geoid = "GEOID"
columns.life_expectancy = {{ column = "life_expectancy", margin = "se", kind = "amount" }}

[layers."data:ejscreen"]
path = "{data}/reference/ejscreen_cville_blkgps.csv"
[layers."data:ejscreen".reading]
geography = "block group"
geography_vintage = 2010
geoid = "ID"
modelled = true
columns.pm25 = {{ column = "PM25", kind = "amount" }}
columns.diesel = {{ column = "DSLPM", kind = "amount" }}
columns.traffic = {{ column = "PTRAF", kind = "index" }}

[layers."data:smart_location"]
path = "{data}/reference/walk_cville_blkgr.csv"
[layers."data:smart_location".reading]
geography = "block group"
geography_vintage = 2010
geoid = "FIPS_BLKGP"
modelled = true
columns.walkability = {{ column = "walkability_index", kind = "index" }}

[layers."data:lead"]
path = "{data}/reference/lead_cville_tract.csv"
[layers."data:lead".reading]
geography = "tract"
geography_vintage = 2010
geoid = "FIP"
modelled = true
columns.income = {{ column = "totalinc", kind = "amount" }}
columns.electricity = {{ column = "totalelep", kind = "amount" }}
columns.gas = {{ column = "totalgas", kind = "amount" }}
columns.other_fuel = {{ column = "totalother", kind = "amount" }}
"""
MINE = ("WEL-08.asthma", "WEL-08.diabetes", "WEL-08.mental", "WEL-08.checkup", "WEL-12", "WEL-09.pm25", "WEL-09.diesel",
        "WEL-13", "ENV-07")  # fmt: skip


@pytest.fixture(scope="module")
def found(charlottesville: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Record]:
    folder = tmp_path_factory.mktemp("tables")
    write_charlottesville_table(charlottesville, folder)
    path = folder / "district.toml"
    text = charlottesville_toml(charlottesville) + TABLES.format(data=charlottesville.as_posix())
    path.write_text(text, encoding="utf-8")
    place = run.make_place(run.collect_layers(run.read_config(path)))
    rows = [row for row in catalogue.indicators() if row.id in MINE]
    assert {row.id for row in rows} == set(MINE)
    made = measuring.measure(rows, place, settings=ReduceSettings(), judging=JudgeSettings())
    return {(r.indicator, r.zone): r for r in made if r.group == "all"}


def _shape(text: str) -> BaseGeometry:
    """R's text of a shape: for each ring all longitudes, then all latitudes; the largest ring is the outer one."""
    rings = [np.array(re.findall(r"-?\d+\.?\d*", one), dtype=float) for one in re.findall(r"c\(([^()]*)\)", text)]
    shapes = [shapely.Polygon(ring.reshape(2, -1).T) for ring in rings if len(ring) >= 8]
    return max(shapes, key=lambda shape: shape.area)


@pytest.fixture(scope="module")
def people(charlottesville: Path) -> pd.DataFrame:
    """2020 blocks of the city with their people, and the tract and block group of 2010 that each one's point is in."""
    shapes = charlottesville / "boundaries"
    blocks = pd.read_csv(charlottesville / "env_zonal" / "cvillheat_blocks.csv", dtype={"GEOID20": str})
    points = gpd.GeoSeries([_shape(text) for text in blocks["geometry"]]).representative_point()
    frame = gpd.GeoDataFrame({"people": blocks["POP20"].to_numpy(float)}, geometry=list(points), crs="EPSG:4269")
    for name in ("tracts", "blkgps"):
        areas = gpd.read_file(shapes / f"cville_{name}.shp")[["GEOID", "geometry"]].to_crs(frame.crs)
        frame = frame.sjoin(areas.rename(columns={"GEOID": name}), how="left").drop(columns="index_right")
    return pd.DataFrame(frame.drop(columns="geometry"))


def table(charlottesville: Path, name: str, geoid: str) -> pd.DataFrame:
    return pd.read_csv(charlottesville / "reference" / name, dtype={geoid: str}).set_index(geoid)


def mean(people: pd.DataFrame, values: pd.Series[float], area: str) -> float:
    x = values.reindex(people[area]).to_numpy(dtype=float)
    known = np.isfinite(x)
    weight = people["people"].to_numpy()
    return float((weight[known] * x[known]).sum() / weight[known].sum())


CASES = [
    ("WEL-08.asthma", "cdcplaces_cville_tract.csv", "locationname", "Current_Asthma2018", "tracts", 100.0),
    ("WEL-08.diabetes", "cdcplaces_cville_tract.csv", "locationname", "Diabetes2018", "tracts", 100.0),
    ("WEL-08.mental", "cdcplaces_cville_tract.csv", "locationname", "Mental_Health2018", "tracts", 100.0),
    ("WEL-08.checkup", "cdcplaces_cville_tract.csv", "locationname", "Annual_Checkup2018", "tracts", 100.0),
    ("WEL-12", "lifeexp_cville_tract.csv", "GEOID", "life_expectancy", "tracts", 1.0),
    ("WEL-09.pm25", "ejscreen_cville_blkgps.csv", "ID", "PM25", "blkgps", 1.0),
    ("WEL-09.diesel", "ejscreen_cville_blkgps.csv", "ID", "DSLPM", "blkgps", 1.0),
    ("WEL-13", "walk_cville_blkgr.csv", "FIPS_BLKGP", "walkability_index", "blkgps", 1.0),
]


@pytest.mark.parametrize(("indicator", "file", "geoid", "column", "area", "of"), CASES, ids=[case[0] for case in CASES])
def test_the_city_is_the_mean_over_its_people(
    found: dict[tuple[str, str], Record],
    people: pd.DataFrame,
    charlottesville: Path,
    indicator: str,
    file: str,
    geoid: str,
    column: str,
    area: str,
    of: float,
) -> None:
    values = table(charlottesville, file, geoid)[column].astype(float)
    record = found[indicator, "reference"]
    expected = mean(people, values, area) / of
    assert record.value == pytest.approx(expected, rel=1e-4)
    assert values.min() / of <= found[indicator, "district"].value <= values.max() / of  # type: ignore[operator]


def test_what_is_published_without_an_interval_has_none_and_a_standard_error_is_one(
    found: dict[tuple[str, str], Record], people: pd.DataFrame, charlottesville: Path
) -> None:
    for indicator in ("WEL-08.asthma", "WEL-09.pm25", "WEL-13"):
        assert found[indicator, "reference"].moe is None
    years = table(charlottesville, "lifeexp_cville_tract.csv", "GEOID")
    told = found["WEL-12", "reference"].error["sampling"]
    assert told == pytest.approx(Z90 * mean(people, years["se"], "tracts"), rel=1e-3)


def test_energy_burden_of_the_city(found: dict[tuple[str, str], Record], charlottesville: Path) -> None:
    lead = table(charlottesville, "lead_cville_tract.csv", "FIP")
    city = lead[lead.index.str.startswith("51540")]
    spent = city[["totalelep", "totalgas", "totalother"]].to_numpy().sum()
    assert found["ENV-07", "reference"].value == pytest.approx(spent / city["totalinc"].sum(), rel=1e-9)
    assert city["averageburden"].min() / 100 < spent / city["totalinc"].sum() < city["averageburden"].max() / 100


def test_the_index_of_walkability_is_made_of_its_ranks(charlottesville: Path) -> None:
    """A third each of crossings and transit, a sixth each of the two mixes; copies that print y/3 are wrong."""
    walk = table(charlottesville, "walk_cville_blkgr.csv", "FIPS_BLKGP")
    made = (walk["int_density_rank"] + walk["prox_transit_rank"]) / 3 + (
        walk["emp_mix_rank"] + walk["emp_hou_mix_rank"]
    ) / 6
    assert np.allclose(made, walk["walkability_index"], atol=1e-6)
