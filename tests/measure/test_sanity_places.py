"""Plausibility of timetables, maps, points and grids: no false alarm on good data, and each check by a hand answer."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from justgeo import run, synthetic
from justgeo.catalogue import read as catalogue
from justgeo.core.layer import BUSIER, AnyLayer, Feed, Layer, Network, Provenance, Raster
from justgeo.core.quality import Check
from justgeo.indicators.place import Place
from justgeo.measure import sanity_places, sanity_rasters
from tests import nowhere

ORIGIN = Provenance("x", "invented", "invented", "2024")
METRIC = "EPSG:32619"
LAYERS = (
    *nowhere.UNITS, "osm", "gtfs", "tree_canopy", "impervious", "land_cover", "surface_temperature",
    "data:fars", "data:lodes_wac", "data:nfhl",
)  # fmt: skip
ROWS = ("MOB-02.400", "MOB-08", "MOB-04.5km", "WEL-03.800", "WEL-04.800", "WEL-07.deaths", "ENV-01", "ENV-03",
        "ENV-03.developed", "ENV-04", "ENV-05.land", "BEL-17.osm-residential")  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The invented county with all layers that are looked at."""
    source = synthetic.ensure(2020, nowhere.cache(tmp_path_factory))
    path = nowhere.write(
        tmp_path_factory.mktemp("sane"), nowhere.layers(source, LAYERS), {"boundary": str(source / "district.geojson")}
    )
    rows = [row for row in catalogue.indicators() if row.id in ROWS]
    return run.make_place(run.collect_layers(run.read_config(path), rows=rows))


def test_all_of_the_invented_county_holds(place: Place) -> None:
    found = list(sanity_places.checks(place.layers, place.crs))
    assert {check.id: check.status for check in found if check.status != "holds"} == {}
    assert [check.id for check in found] == [rule.id for rule in (*sanity_places.RULES, *sanity_rasters.RULES)]
    assert all(check.matters and check.remedy and not check.why and check.layers for check in found)


def test_nothing_is_said_of_what_is_not_at_hand() -> None:
    assert list(sanity_places.checks({}, METRIC)) == []


# ------------------------------------------------------------------------------------------------------ the timetable


def feed(times: list[tuple[str, str, int]], stops: list[tuple[str, float, float]], notes: tuple[str, ...] = ()) -> Feed:
    """Departures (stop, line, seconds), and stops (id, longitude, latitude)."""
    departures = pd.DataFrame(times, columns=["stop_id", "route_id", "seconds"])
    departures = departures.assign(trip_id=[f"t{k}" for k in range(len(times))], direction="0")
    made = pd.DataFrame(stops, columns=["stop_id", "lon", "lat"])
    made = made.assign(name="", rail=False, station=made["stop_id"])
    return Feed(made, departures, "2024-10-09", replace(ORIGIN, notes=notes))


def of(check: str, found: Feed) -> Check:
    (one,) = (c for c in sanity_places.checks({"gtfs": found}, METRIC) if c.id == check)
    return one


DAY = [("A", "1", 3600 * hour + 60 * k) for hour in range(7, 19) for k in range(0, 60, 6)]
SPOTS = [("A", -70.0, 38.8), ("B", -70.01, 38.81)]


@pytest.mark.parametrize(
    ("times", "ratio", "status"),
    [
        (DAY, 1.0, "holds"),
        (DAY[:60] + DAY[60:75], 0.25, "unknown"),  # fewer than a hundred departures
        (DAY[:60] * 2 + DAY[60:90], 0.25, "holds"),
        (DAY[:60] * 2 + DAY[60:89], 29 / 120, "odd"),
        (DAY[:15] * 2 + DAY[60:] * 2, 4.0, "holds"),
        (DAY[:14] * 2 + DAY[60:] * 2, 120 / 28, "odd"),
        (DAY[60:] * 2, 120.0, "odd"),
    ],
)
def test_halves_of_the_day(times: list[tuple[str, str, int]], ratio: float, status: str) -> None:
    found = of("halves-of-the-day", feed(times, SPOTS))
    assert found.status == status
    assert found.found == (None if status == "unknown" else pytest.approx(ratio))


def test_copies_are_departures_of_one_line_at_one_stop_in_one_second() -> None:
    assert of("copied-trips", feed(DAY, SPOTS)).found == 0.0
    copied = of("copied-trips", feed([*DAY, *DAY[:12]], SPOTS))
    assert copied.status == "odd" and copied.found == pytest.approx(12 / 132)
    other = [("A", "2", seconds) for _, _, seconds in DAY]  # another line at that second is no copy
    assert of("copied-trips", feed([*DAY, *other], SPOTS)).found == 0.0


def test_twins_share_a_spot_a_line_and_no_station() -> None:
    both = [*DAY, *(("B", "1", s + 30) for _, _, s in DAY)]
    twin = [("A", -70.0, 38.8), ("B", -70.000001, 38.800001)]
    assert of("twin-stops", feed(both, SPOTS)).found == 0.0
    assert of("twin-stops", feed(both, twin)).found == 1.0
    other = [*DAY, *(("B", "2", s + 30) for _, _, s in DAY)]
    assert of("twin-stops", feed(other, twin)).status == "holds"
    one = feed(both, twin)
    assert of("twin-stops", replace(one, stops=one.stops.assign(station="S"))).status == "holds"


def test_a_weekend_with_more_trips_is_told_in_the_words_of_the_reader() -> None:
    note = f"{BUSIER} Saturday (2024-10-12: 30) than on the service day (20)."
    found = of("weekend-trips", feed(DAY, SPOTS, (note,)))
    assert found.status == "odd" and found.found == 1.5 and "2024-10-12" in found.why
    assert of("weekend-trips", feed(DAY, SPOTS)).status == "holds"


# ------------------------------------------------------------------------------------------------------------ the grids


def raster(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], size: float = 30.0) -> Raster:
    return Raster(np.asarray(values, dtype=np.float64), (size, 0.0, 400_000.0, 0.0, -size, 4_300_000.0), METRIC, ORIGIN)


def ground() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Hills of some pixels, 0 to 100."""
    y, x = np.mgrid[0:60, 0:80]
    made: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = 50 + 30 * np.sin(x / 5 + y / 11) + 19 * np.cos(y / 7)
    return made


def test_grids_that_fit_lie_where_they_are() -> None:
    hills = ground()
    found = sanity_rasters.fit(100 - hills, hills, -1.0)
    assert found is not None and (found.rows, found.cols) == (0, 0)
    assert found.here == pytest.approx(-1.0) and found.best == pytest.approx(-1.0)


@pytest.mark.parametrize(("rows", "cols"), [(1, 0), (0, -1), (4, 3)])
def test_a_moved_grid_is_found_with_its_move(rows: int, cols: int) -> None:
    hills = ground()
    found = sanity_rasters.fit(np.roll(hills, (rows, cols), (0, 1)), hills, 1.0)
    assert found is not None and (found.rows, found.cols) == (-rows, -cols)
    assert found.best > found.here


def test_what_does_not_vary_lies_nowhere() -> None:
    assert sanity_rasters.fit(np.full((60, 80), 3.0), ground(), 1.0) is None
    assert sanity_rasters.fit(ground()[:10, :10], ground()[:10, :10], 1.0) is None


def of_grids(check: str, **grids: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Check:
    layers = {name: raster(values) for name, values in grids.items()}
    (found,) = (c for c in sanity_rasters.checks(layers) if c.id == check)
    return found


def test_a_far_move_must_gain_more_than_a_near_one() -> None:
    hills = ground()
    near = sanity_rasters.fit(np.roll(hills, 8, 1), hills, 1.0)
    assert near is not None and (near.rows, near.cols) == (0, -8)
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(2, 60, 80))
    other[:, :40] += 0.22 * one[:, 40:]  # a little of it lies 40 pixels aside
    found = sanity_rasters.fit(one, other, 1.0)
    assert found is not None and max(abs(found.rows), abs(found.cols)) <= sanity_rasters.NEAR
    other[:, :40] += 2.0 * one[:, 40:]
    found = sanity_rasters.fit(one, other, 1.0)
    assert found is not None and (found.rows, found.cols) == (0, -40)


def test_a_prairie_without_canopy_has_no_straight_edges() -> None:
    canopy, cover = np.zeros((60, 80)), np.full((60, 80), 71.0)
    cover[:20], canopy[:20] = 42.0, ground()[:20]
    assert of_grids("straight-edges", tree_canopy=canopy, land_cover=cover).found == 0.0
    canopy[:10] = 0.0  # woods to the west and east in these rows
    found = of_grids("straight-edges", tree_canopy=canopy, land_cover=cover)
    assert found.status == "odd" and found.found == pytest.approx(0.5)
    assert of_grids("straight-edges", tree_canopy=canopy).status == "unknown"


def test_trees_of_a_town_in_the_desert_may_rise_with_paving() -> None:
    hills = ground()
    cover = np.full((60, 80), 52.0)
    told = {"tree_canopy": hills / 2, "impervious": hills, "land_cover": cover}
    assert of_grids("canopy-and-paving", **told).status == "unknown"
    cover[:10] = 42.0
    assert of_grids("canopy-and-paving", **told).status == "odd"
    del told["land_cover"]
    assert of_grids("canopy-and-paving", **told).status == "odd"
    told["tree_canopy"] = hills / 50
    assert of_grids("canopy-and-paving", **told).status == "unknown"


def test_cold_pixels_are_those_of_dry_land() -> None:
    heat, cover = np.full((60, 80), 40.0), np.full((60, 80), 22.0)
    heat[:6] = 9.0
    assert of_grids("cold-pixels", surface_temperature=heat, land_cover=cover).found == pytest.approx(0.1)
    for code in (11.0, 81.0, 82.0, 90.0, 95.0):
        cover[:6] = code
        assert of_grids("cold-pixels", surface_temperature=heat, land_cover=cover).found == 0.0
    assert of_grids("cold-pixels", surface_temperature=heat).status == "unknown"


def test_ice_is_rare_but_in_alaska() -> None:
    classes = np.full((60, 80), 22.0)
    classes[:2] = 12.0
    (found,) = (c for c in sanity_rasters.checks({"land_cover": raster(classes)}) if c.id == "rare-classes")
    assert found.status == "odd" and found.found == pytest.approx(1 / 30) and "12" in found.why
    north = replace(raster(classes), transform=(30.0, 0.0, 400_000.0, 0.0, -30.0, 7_000_000.0))
    (found,) = (c for c in sanity_rasters.checks({"land_cover": north}) if c.id == "rare-classes")
    assert found.status == "unknown"


# ---------------------------------------------------------------------------------------------------- points and areas


def blocks(people: list[float]) -> Layer:
    frame = pd.DataFrame({"geoid": [f"{k:015d}" for k in range(len(people))], "population": people})
    return Layer("blocks", frame, ORIGIN, geography="block", geography_vintage=2020)


def jobs(there: list[float]) -> Layer:
    frame = pd.DataFrame({"geoid": [f"{k:015d}" for k in range(len(there))], "jobs": there})
    return Layer("data:lodes_wac", frame, ORIGIN, geography="block", geography_vintage=2020)


def test_jobs_that_rise_with_people_are_counted_at_home() -> None:
    people = [float(k % 37 + 1) for k in range(150)]
    for there, status in (([n // 2 for n in people], "odd"), ([50 - n for n in people], "holds")):
        (found,) = sanity_places.checks({"blocks": blocks(people), "data:lodes_wac": jobs(there)}, METRIC)
        assert found.status == status and found.found is not None
    (few,) = sanity_places.checks({"blocks": blocks(people[:50]), "data:lodes_wac": jobs(people[:50])}, METRIC)
    assert few.status == "unknown"


def crashes(years: list[int], vintage: str = "2020-2024") -> Layer:
    points = shapely.points(np.column_stack([np.full(len(years), -70.0), np.full(len(years), 38.8)]))
    frame = gpd.GeoDataFrame({"year": [float(y) for y in years]}, geometry=points, crs=4326)
    return Layer("data:fars", frame, replace(ORIGIN, vintage=vintage))


@pytest.mark.parametrize(
    ("years", "found", "status"),
    [
        ([y for y in range(2020, 2025) for _ in range(6)], 0.0, "holds"),
        ([y for y in range(2020, 2023) for _ in range(6)], 2.0, "odd"),
        ([2020, 2021, 2021], None, "unknown"),
        ([], None, "unknown"),
    ],
)
def test_years_without_a_crash(years: list[int], found: float | None, status: str) -> None:
    (check,) = sanity_places.checks({"data:fars": crashes(years)}, METRIC)
    assert (check.status, check.found) == (status, found)


def test_water_of_a_large_grid_is_looked_at_in_some_of_its_pixels() -> None:
    cover = np.full((1100, 1300), 22.0)
    cover[:, 701:] = 11.0
    left, top, size = 400_000.0, 4_300_000.0, 30.0
    for first, share in ((701, 1.0), (400, 599 / 900)):  # columns from here on are water on the map
        wet = shapely.box(left + first * size, top - 1100 * size, left + 1300 * size, top)
        water = Layer("water", gpd.GeoDataFrame(geometry=[wet], crs=METRIC), ORIGIN)
        layers: dict[str, AnyLayer] = {"water": water, "land_cover": raster(cover)}
        (found,) = (c for c in sanity_places.checks(layers, METRIC) if c.id == "water-on-cover")
        assert found.found == pytest.approx(share, abs=0.01)


def test_an_extract_without_relations_is_odd_where_it_is_large() -> None:
    nodes, ends = np.zeros(2), np.zeros(1, dtype=np.int64)
    segments = Network(nodes, nodes, ends, ends, METRIC, ORIGIN)
    for ids, status in ((["way/1"] * 300, "odd"), (["way/1"] * 299, "unknown"), (["way/1", "relation/2"], "holds")):
        parks = Layer("parks", pd.DataFrame({"osm_id": ids}), ORIGIN)
        (found,) = sanity_places.checks({"walk": segments, "parks": parks}, METRIC)
        assert (found.id, found.status) == ("relations", status)


def test_limits_without_a_unit() -> None:
    def bike(limits: list[str]) -> Layer:
        return Layer("bike", pd.DataFrame({"maxspeed": limits}), ORIGIN)

    for limits, status in ((["25 mph"] * 8 + ["40"] * 4 + [""] * 50, "holds"), (["25"] * 8 + ["30 mph"] * 4, "odd"),
                           (["25"] * 9, "unknown")):  # fmt: skip
        (found,) = sanity_places.checks({"bike": bike(limits)}, METRIC)
        assert found.status == status


def test_the_calibration_is_told() -> None:
    for module in (sanity_places, sanity_rasters):
        assert [rule.id for rule in module.RULES if rule.id not in str(module.__doc__)] == []
