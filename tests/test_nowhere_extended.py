"""Further rows on the invented county against its truth: diversity, traffic deaths, vulnerability, sea, green, jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
from justgeo.indicators.place import Place
from justgeo.measure import segregation
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.margins import Z90
from justgeo.measure.reduce import ReduceSettings
from justgeo.synthetic import County, county, ensure, perils, published, svi
from justgeo.synthetic.geography import LAEA, NAD83, mover
from tests import nowhere

STEMS = ("BEL-09", "WEL-07", "WEL-10", "ENV-06", "ENV-11", "MOB-04")
ROWS = {row.id: row for row in catalogue.indicators() if row.id.startswith(STEMS)}
MAPS = ("osm", "tree_canopy", "land_cover")
TABLES = ("fars", "svi", "slr", "smart_location", "lodes_wac")
MIXED = [f"B03002_{line:03d}" for line in (*range(3, 10), 12)]
PER_100_000_YEARS = 1e5 / len(perils.CRASH_YEARS)


@dataclass(frozen=True)
class Made:
    county: County
    files: Path
    place: Place
    rows: Mapping[tuple[str, str, str], Record]

    def at(self, indicator: str, zone: str = "reference", group: str = "all") -> Record:
        return self.rows[indicator, zone, group]

    def value(self, indicator: str, zone: str = "reference", group: str = "all") -> float:
        found = self.at(indicator, zone, group)
        assert found.value is not None, (indicator, zone, group, found.reason)
        return found.value

    def persons(self, zone: str) -> np.ndarray:
        """Which rows of ``persons`` live in a zone."""
        if zone == "district":
            return self.county.people_in(self.county.district)
        return np.ones(len(self.county.persons(2024)), dtype=bool)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    files = ensure(2020, nowhere.cache(tmp_path_factory))
    names = [*nowhere.UNITS, "block_groups_2010", *MAPS, *(f"data:{name}" for name in TABLES)]
    told = {**nowhere.layers(files, names), "acs": nowhere.survey(files, tmp_path_factory.mktemp("acs"), ["B03002"])}
    district = {"boundary": str(files / "district.geojson"), "slug": "old-harbour-invented"}
    path = nowhere.write(tmp_path_factory.mktemp("district"), told, district)
    place, rows = nowhere.measured(path, ROWS.values())
    return Made(county(2020), files, place, rows)


def test_every_row_is_measured_for_the_district(made: Made) -> None:
    for indicator in ROWS:
        assert made.at(indicator, "district").value is not None, made.at(indicator, "district").reason
        assert made.at(indicator, "district").layers


# --- diversity --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicator", "index"), [("BEL-09", segregation.diversity), ("BEL-09.evenness", segregation.evenness)]
)
def test_how_mixed_people_are(made: Made, indicator: str, index: segregation.Index) -> None:
    for zone, table in (
        ("district", made.county.truth_in("B03002", made.county.district)),
        ("reference", made.county.truth("B03002", 2024, "county").iloc[0]),
    ):
        record = made.at(indicator, zone)
        true = float(index(table[MIXED].to_numpy(dtype=float)))
        assert record.value is not None and record.moe is not None
        assert 0 < record.moe < 0.04 and abs(record.value - true) <= record.moe
    tract, held = made.county.truth("B03002", 2024, "tract")[MIXED], []
    for zone, found in ((z, r) for (i, z, _), r in made.rows.items() if i == indicator and r.value is not None):
        geoid = zone.rpartition(":")[2]
        if geoid in tract.index:
            assert found.value is not None and found.moe is not None
            held.append(abs(found.value - float(index(tract.loc[geoid].to_numpy(dtype=float)))) <= found.moe)
    assert len(held) >= 8 and np.mean(held) >= 0.7
    assert made.at(indicator, "district").comparison is not None


def test_margins_of_diversity_hold_as_those_of_shares_do(made: Made) -> None:
    """Forty surveys, tracts of 200 people and more: in the band of the shares themselves (85 to 94 %)."""
    draws = made.county.draws("B03002", 40, level="tract")
    cells = [draws.codes.index(code) for code in MIXED]
    true = made.county.truth("B03002", 2024, "tract").loc[list(draws.geoid), MIXED].to_numpy(dtype=float)
    lived_in, held = true.sum(axis=1) >= 200, []
    for estimate, moe in zip(draws.estimate[:, :, cells], draws.moe[:, :, cells], strict=True):
        largest = np.arange(len(cells)) == np.argmax(np.where(estimate == 0, moe, -np.inf), axis=1)[:, None]
        sd = np.where((estimate == 0) & ~largest, 0.0, moe) / Z90
        margin = segregation.sampling_margin(segregation.diversity, estimate, sd, pairs=60)
        held.append((np.abs(segregation.diversity(estimate) - segregation.diversity(true)) <= margin)[lived_in])
    assert 0.83 <= np.mean(held) <= 0.95


# --- traffic deaths ---------------------------------------------------------------------------------------------------


def deaths(made: Made, zone: str, column: str = "deaths") -> float:
    """Deaths by plain loops over the crashes of the truth, in the county's own metres."""
    flat = mover(NAD83, LAEA)
    outline = made.county.district if zone == "district" else made.county.units("county").geometry.iloc[0]
    shape = shapely.transform(shapely.segmentize(outline, 0.001), flat)
    total = 0.0
    for row in perils.crashes(made.county).dropna().itertuples():
        spot = shapely.transform(shapely.Point(row.lon, row.lat), flat)
        near = shape.boundary.distance(spot) <= 30
        total += getattr(row, column) * (0.5 if near else float(shape.contains(spot)))
    return total


@pytest.mark.parametrize("zone", ["district", "reference"])
def test_traffic_deaths_are_counted(made: Made, zone: str) -> None:
    true = deaths(made, zone)
    assert made.value("WEL-07.deaths", zone) == true > 3
    walking = deaths(made, zone, "walkers") + deaths(made, zone, "cyclists")
    assert made.value("WEL-07.walking", zone) == walking
    record = made.at("WEL-07.deaths", zone)
    assert record.moe == 0 and record.comparison is None and "deaths of 2020 to 2024" in record.flags
    rate = made.at("WEL-07", zone)
    people = made.persons(zone).sum()
    assert rate.value == pytest.approx(true / people * PER_100_000_YEARS, rel=0.03)
    assert rate.moe is not None and rate.error["sampling"] == rate.moe and rate.moe > 0.2 * (rate.value or 0)


def test_crashes_along_the_line_count_half_and_those_without_a_place_not_at_all(made: Made) -> None:
    assert made.value("WEL-07.deaths", "district") % 1 == 0.5 or deaths(made, "district") % 1 == 0
    known = perils.crashes(made.county)
    lost = known["lat"].isna()
    assert lost.sum() == perils.UNPLACED
    assert made.value("WEL-07.deaths") <= known.loc[~lost, "deaths"].sum()
    layer = made.place.layer("data:fars")
    assert layer.data.attrs["unplaced"] == perils.UNPLACED
    assert f"{perils.UNPLACED} rows of the counties asked for have no known place" in " ".join(layer.provenance.notes)


def test_deaths_are_told_of_no_tract(made: Made) -> None:
    told = {zone for indicator, zone, _ in made.rows if indicator.startswith("WEL-07")}
    assert told == {"district", "reference"}
    assert all(ROWS[name].map == "none" and not ROWS[name].areas for name in ROWS if name.startswith("WEL-07"))


# --- vulnerability ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicator", "column", "least"),
    [("WEL-10", "RPL_THEMES", 0.75), ("WEL-10.socioeconomic", "RPL_THEME1", 0.75), ("WEL-10.flags", "F_TOTAL", 1.0)],
)
def test_people_in_tracts_of_a_high_rank(made: Made, indicator: str, column: str, least: float) -> None:
    ranks = svi.true(made.county, column)
    high = (ranks >= least).astype(float).where(ranks.notna())
    for zone, close in (("reference", 1e-12), ("district", 0.02)):
        expected = published.mean_of(made.county, high, "tract", made.persons(zone))
        assert 0 <= expected < 1 and made.value(indicator, zone) == pytest.approx(expected, abs=close)
        assert expected > 0 or zone == "district"
    record = made.at(indicator)
    assert record.moe is None and record.reliability == "unknown" and "margin not known" in record.flags


def test_a_rank_is_never_averaged_and_minus_999_is_not_known(made: Made) -> None:
    ranks = svi.true(made.county, "RPL_THEMES")
    lost = list(ranks.index[ranks.isna()])
    assert len(lost) == 1 and (svi.table(made.county)["RPL_THEMES"] == svi.MISSING).sum() == 1
    zones = made.place.zones
    tracts = [z for z, kind in zip(zones.ids, zones.geography, strict=True) if kind == "tract"]
    assert len(tracts) > 5 and {made.at("WEL-10", z).value for z in tracts} <= {0.0, 1.0, None}
    layer = made.place.layer("data:svi").data.set_index("geoid")
    assert np.isnan(layer.loc[lost[0], "rank"]) and np.nanmin(layer["rank"]) == 0
    mean = published.mean_of(made.county, ranks, "tract", made.persons("reference"))
    assert abs(made.value("WEL-10") - mean) > 0.1


# --- the sea ----------------------------------------------------------------------------------------------------------


def flat(shape: BaseGeometry) -> BaseGeometry:
    moved: BaseGeometry = shapely.transform(shapely.segmentize(shape, 0.001), mover(NAD83, LAEA))
    return moved


@pytest.mark.parametrize("zone", ["district", "reference"])
def test_land_that_the_sea_would_reach(made: Made, zone: str) -> None:
    low, blocks = flat(perils.low_ground(made.county.geography)), made.county.geography.blocks
    dry = flat(shapely.union_all(blocks.geometry[blocks["land_m2"] > 0].to_numpy()))
    if zone == "district":
        dry = dry.intersection(flat(made.county.district))
    expected = dry.intersection(low).area / dry.area
    assert expected > 0.005
    assert made.value("ENV-06.land", zone) == pytest.approx(expected, abs=1e-3)


def test_homes_and_people_that_the_sea_would_reach(made: Made) -> None:
    low = perils.low_ground(made.county.geography)
    people = made.county.people[2024]
    lon, lat = (np.concatenate([people.households[c], people.empty[c]]) for c in ("lon", "lat"))
    reached = shapely.contains_xy(low, lon, lat)
    here = shapely.contains_xy(made.county.district, lon, lat)
    assert made.value("ENV-06.homes") == pytest.approx(reached.mean(), abs=0.012)
    assert made.value("ENV-06.homes", "district") == pytest.approx(reached[here].mean(), abs=0.012)
    living = made.county.people_in(low)
    assert made.value("ENV-06.people") == pytest.approx(living.mean(), abs=0.012)
    record = made.at("ENV-06.homes")
    assert record.low is not None and record.high is not None and record.low < record.high


def test_a_file_of_another_coast_says_nothing_and_not_0(made: Made, tmp_path: Path) -> None:
    far = gpd.GeoDataFrame({"gridcode": [1]}, geometry=[shapely.box(-80.1, 25.7, -80.0, 25.8)], crs=4269)
    far.to_file(tmp_path / "FL.gpkg", layer="FL_slr_3_0ft", driver="GPKG")
    told = nowhere.layers(made.files, [*nowhere.UNITS])
    told["data:slr"] = {"path": str(tmp_path / "FL.gpkg"), "layer": "FL_slr_3_0ft", "source": "x", "vintage": "2024"}
    told["data:slr"] |= {"dataset": "x", "licence": "x"}
    path = nowhere.write(tmp_path / "d", told, {"boundary": str(made.files / "district.geojson"), "slug": "x-invented"})
    found = run.collect_layers(run.read_config(path))
    assert "none of its polygons lies near the district" in found.absent["data:slr"]
    place = run.make_place(found)
    for record in measuring.measure(
        [ROWS["ENV-06.land"], ROWS["ENV-06.homes"]], place, settings=ReduceSettings(), judging=JudgeSettings()
    ):
        assert record.value is None and "none of its polygons" in str(record.reason)


# --- green ------------------------------------------------------------------------------------------------------------


def test_both_parts_of_the_rule_are_no_more_than_each(made: Made) -> None:
    for zone in ("district", "reference"):
        if made.at("ENV-11.both", zone).value is None:
            continue
        both, canopy, park = (made.value(name, zone) for name in ("ENV-11.both", "ENV-11.canopy", "ENV-11.park"))
        assert 0 <= both <= min(canopy, park) + 1e-9
    assert made.value("ENV-11.park", "district") > 0
    assert 0 < made.value("ENV-11.canopy") < 1


def test_canopy_around_blocks_from_the_pixels_themselves(made: Made) -> None:
    """By pixel centres within 500 m of a block, read with another library's window of the file."""
    import rasterio

    with rasterio.open(made.files / "tree_canopy.tif") as canopy, rasterio.open(made.files / "land_cover.tif") as cover:
        trees, kind, at = canopy.read(1).astype(float), cover.read(1), canopy.transform
    rows, cols = np.indices(trees.shape)
    x, y = at.c + at.a * (cols + 0.5), at.f + at.e * (rows + 0.5)
    good = (trees <= 100) & (kind != 11) & (kind != 255)
    blocks = made.county.geography.blocks
    shapes = blocks.geometry.to_crs("EPSG:5070").buffer(500)
    people = made.county.block_counts(2024)["population"].to_numpy()
    chosen = np.flatnonzero(people > 0)[::40]
    from justgeo.indicators import greenery

    field = greenery.canopy_around(ROWS["ENV-11.canopy"], made.place)
    order = {geoid: k for k, geoid in enumerate(field.units.geoid)}
    agree = 0
    for k in chosen:
        inside = shapely.contains_xy(shapes.iloc[k], x, y) & good
        mean = trees[inside].mean() / 100
        told = field.x[order[blocks["geoid"].iloc[k]]]
        if abs(mean - 0.30) > 0.005 and not np.isnan(told):
            assert told == float(mean >= 0.30), (k, mean)
            agree += 1
    assert agree > 15


# --- jobs -------------------------------------------------------------------------------------------------------------


def test_jobs_by_transit_are_those_that_were_published(made: Made) -> None:
    table = published.walkability(made.county)
    ids = (table["STATEFP"].map("{:02d}".format) + table["COUNTYFP"].map("{:03d}".format)
           + table["TRACTCE"].map("{:06d}".format) + table["BLKGRPCE"].astype(str))  # fmt: skip
    values = pd.Series(table["D5BR"].to_numpy(), index=ids).replace(-99999, np.nan)
    assert values.isna().any()
    expected = published.mean_of(made.county, values, "bg10", made.persons("reference"))
    record = made.at("MOB-04")
    assert record.value == pytest.approx(expected) and record.moe is None
    assert any(flag.startswith("unknown_share=") for flag in record.flags), "no timetable is not 0 jobs"


def test_jobs_near_by_plain_distances(made: Made) -> None:
    """From the middle of each block to that of each other, in metres of another system; where 5 km are known."""
    blocks = made.county.geography.blocks.to_crs("EPSG:26919")
    spots = np.column_stack([blocks.geometry.representative_point().x, blocks.geometry.representative_point().y])
    jobs = published.jobs(made.county).set_index("w_geocode")["C000"].reindex(blocks["geoid"]).fillna(0).to_numpy()
    part = shapely.area(shapely.intersection(
        made.county.geography.blocks.geometry.to_numpy(), made.county.district
    )) / shapely.area(made.county.geography.blocks.geometry.to_numpy())  # fmt: skip
    people = made.county.block_counts(2024)["population"].to_numpy() * part
    here, ground = people > 0, blocks.geometry.union_all()
    circles = shapely.buffer(shapely.points(spots[here]), 5000)
    known = shapely.area(shapely.intersection(circles, ground)) >= 0.95 * shapely.area(circles)
    assert known.mean() > 0.5
    near = np.array([jobs[np.hypot(*(spots - spot).T) <= 5000].sum() for spot in spots[here]])
    expected = np.average(near[known], weights=people[here][known])
    assert made.value("MOB-04.5km", "district") == pytest.approx(expected, rel=0.01)
    record = made.at("MOB-04.5km")
    assert record.value is None and "jobs beyond the counties at hand are not known" in str(record.reason)
