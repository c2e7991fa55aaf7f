"""Flood zones, grades, zoning and land use of the invented county, each against its truth, found another way.

Areas are measured here in another equal-area system with plain unions; people and homes are counted at their addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo import measuring, run
from justgeo.catalogue import read as catalogue
from justgeo.core.errors import Absent
from justgeo.core.layer import Layer
from justgeo.core.result import Record
from justgeo.indicators import FIELDS
from justgeo.indicators.place import Place
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from justgeo.synthetic import County, county, ground
from justgeo.synthetic.declare import CODES
from justgeo.synthetic.geography import LAKE, PARK, WATER, cell_polygons
from justgeo.synthetic.parks import PARK_TAGS
from tests import nowhere
from tests.test_nowhere import layers

ROWS = tuple(row for row in catalogue.indicators() if row.field.startswith("overlay_"))
MINE = ("blocks", "block_groups", "tracts", "counties", "osm", "zoning", "data:nfhl", "data:redlining")
GRADES, USES = (
    ("D", "C", "B", "A"),
    ("mixed", "retail", "institutional", "commercial", "industrial", "other", "residential"),
)
ALBERS = "EPSG:5070"


@dataclass(frozen=True)
class Made:
    county: County
    files: Path
    place: Place
    rows: Mapping[tuple[str, str, str], Record]
    land: BaseGeometry
    district: BaseGeometry

    def at(self, indicator: str, zone: str = "district", group: str = "all") -> Record:
        return self.rows[indicator, zone, group]

    def value(self, indicator: str, zone: str = "district", group: str = "all") -> float:
        found = self.at(indicator, zone, group)
        assert found.value is not None, found.reason
        return found.value

    def zone(self, name: str) -> BaseGeometry:
        if name == "district":
            return self.district
        cells = cell_polygons(self.county.geography.corners)
        return flat(shapely.union_all(cells)) if name == "reference" else self.tract(name)

    def tract(self, geoid: str) -> BaseGeometry:
        """A tract or a block group."""
        blocks = self.county.geography.blocks
        return flat(shapely.union_all(blocks.geometry[blocks["geoid"].str.startswith(geoid)].to_numpy()))


def flat(shape: BaseGeometry) -> BaseGeometry:
    """An equal-area picture of a shape in degrees, other than that of the product."""
    return gpd.GeoSeries([shape], crs=4269).to_crs(ALBERS).iloc[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with layers(nowhere.cache(tmp_path_factory)) as files:
        folder = tmp_path_factory.mktemp("district")
        told = nowhere.layers(files, MINE)
        path = nowhere.write(folder, told, {"boundary": str(files / "district.geojson")})
        place, rows = nowhere.measured(path, ROWS)
    here = county(2020)
    cells, kind = cell_polygons(here.geography.corners), here.geography.cell_kind
    land = flat(shapely.union_all(cells[kind != WATER]))
    yield Made(here, files, place, rows, land, flat(here.district))


def share(made: Made, part: BaseGeometry, zone: str, of: BaseGeometry | None = None) -> float:
    """Share of the land of a zone (of some of it) that lies in a shape."""
    whole = made.zone(zone).intersection(made.land)
    whole = whole if of is None else whole.intersection(of)
    return float(whole.intersection(part).area / whole.area)


# --- flood ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flood(made: Made) -> Mapping[str, BaseGeometry]:
    return {name: flat(shape) for name, shape in ground.flood_zones(made.county.geography).items()}


def mapped(flood: Mapping[str, BaseGeometry]) -> BaseGeometry:
    return shapely.union_all([shape for name, shape in flood.items() if name != "unmapped"])


@pytest.mark.parametrize(
    ("indicator", "hazard"), [("ENV-05.land", "1 % a year"), ("ENV-05.moderate-land", "0.2 % a year")]
)
def test_land_in_a_flood_zone(made: Made, flood: Mapping[str, BaseGeometry], indicator: str, hazard: str) -> None:
    """Water is no land, the floodway and the bow tie within the zone count once, the zone without a mark counts."""
    for zone in ("district", "reference"):
        expected = share(made, flood[hazard], zone, mapped(flood))
        assert 0.02 < expected < 0.15
        assert made.value(indicator, zone) == pytest.approx(expected, rel=2e-3), zone
    assert made.at(indicator).low is None  # the district is mapped throughout
    assert made.at(indicator).moe == 0.0


def test_unmapped_ground_is_not_dry(made: Made, flood: Mapping[str, BaseGeometry]) -> None:
    known = share(made, mapped(flood), "reference")
    assert 0.95 < known < 0.96
    record = made.at("ENV-05.land", "reference")
    assert f"valid_share={known:.3f}" in " ".join(record.flags)
    wet = share(made, flood["1 % a year"], "reference")
    assert record.low == pytest.approx(wet, rel=2e-3) and record.high == pytest.approx(wet + 1 - known, rel=2e-3)
    told, absent = 0, 0
    for geoid in sorted(set(made.county.geography.blocks["tract"])):
        if ("ENV-05.land", geoid, "all") not in made.rows or geoid.endswith("990000"):
            continue
        part, record = share(made, mapped(flood), geoid), made.at("ENV-05.land", geoid)
        if part < 0.949:
            assert record.value is None and "the map speaks of only" in str(record.reason)
            absent += 1
        elif part > 0.951:
            assert record.value is not None
            told += 1
    assert told > 5


def test_a_tract_that_is_not_mapped_has_no_number(made: Made, flood: Mapping[str, BaseGeometry]) -> None:
    """Measured on the tracts of the whole county, since none of the district's is unmapped."""
    from dataclasses import replace

    row = next(r for r in ROWS if r.id == "ENV-05.land")
    blocks = made.county.geography.blocks
    corner = blocks.loc[blocks.geometry.intersects(ground._cells(made.county.geography, *ground.UNSTUDIED)), "tract"]
    shapes = [shapely.union_all(blocks.geometry[blocks["tract"] == t].to_numpy()) for t in sorted(set(corner))]
    geometry = gpd.GeoSeries(shapes, crs=4269).to_crs(made.place.crs)
    n = len(shapes)
    zones = replace(
        made.place.zones,
        **{"ids": tuple(sorted(set(corner))), "names": ("",) * n, "roles": ("area",) * n, "geography": ("tract",) * n},
        geometry=geometry,
    )
    found = FIELDS["overlay_land"](
        row, Place(made.place.layers, {}, zones, made.place.weights, made.place.crs, {}), "all"
    )
    known = [share(made, mapped(flood), t) for t in sorted(set(corner))]
    np.testing.assert_allclose(found.valid_share, known, rtol=2e-3)  # type: ignore[union-attr]
    assert min(known) < 0.9
    assert np.isnan(found.value[np.array(known) < 0.94]).all()  # type: ignore[union-attr]


def homes_in(made: Made, shape: BaseGeometry, zone: str) -> tuple[float, int]:
    """Share of all homes of a zone that stand in a shape (EPSG:4269), address by address, and the number of homes."""
    people = made.county.people[2024]
    lon = np.concatenate([people.households["lon"], people.empty["lon"]])
    lat = np.concatenate([people.households["lat"], people.empty["lat"]])
    here = np.ones(len(lon), dtype=bool)
    if zone == "district":
        here = shapely.contains_xy(made.county.district, lon, lat)
    return float(shapely.contains_xy(shape, lon, lat)[here].mean()), int(here.sum())


@pytest.mark.parametrize(
    ("indicator", "hazard"),
    [
        ("ENV-05.homes", "1 % a year"),
        ("ENV-05.moderate-homes", "0.2 % a year"),
        ("ENV-05.levee-homes", "less by a levee"),
    ],
)
def test_homes_in_a_flood_zone_by_address(made: Made, indicator: str, hazard: str) -> None:
    """Homes spread over their blocks' land: near what the addresses come to, and never told as exactly known."""
    shape = ground.flood_zones(made.county.geography)[hazard]
    for zone in ("district", "reference"):
        expected, homes = homes_in(made, shape, zone)
        record = made.at(indicator, zone)
        assert made.value(indicator, zone) == pytest.approx(expected, abs=0.012), zone
        assert record.denominator == pytest.approx(homes, rel=0.05)
        assert record.low is not None and record.high is not None and record.low < record.high
        assert record.low <= made.value(indicator, zone) <= record.high
        assert "spread over the land of each block" in record.flags
        assert record.moe == 0.0  # homes of 2020 blocks are counted without noise


def test_homes_by_plain_loops_over_blocks(made: Made, flood: Mapping[str, BaseGeometry]) -> None:
    """The district's number from block shapes, their homes and the truth's ground, in plain Python."""
    blocks = made.county.geography.blocks
    counts = made.county.block_counts(2024).set_index("geoid")["housing_units"]
    above = below = 0.0
    wet = flood["1 % a year"]
    for geoid, shape, land in zip(blocks["geoid"], blocks.geometry, blocks["land_m2"], strict=True):
        block = flat(shape)
        inside = block.intersection(made.district).area / block.area
        if land <= 0 or inside <= 0:
            continue
        part = block.intersection(wet).area / block.area
        above += counts[geoid] * inside * part
        below += counts[geoid] * inside
    assert made.value("ENV-05.homes") == pytest.approx(above / below, rel=0.01)


def test_people_in_the_flood_zone_and_groups(made: Made) -> None:
    persons = made.county.persons(2024)
    shape = ground.flood_zones(made.county.geography)["1 % a year"]
    there, here = made.county.people_in(shape), made.county.people_in(made.county.district)
    assert made.value("ENV-05.people") == pytest.approx(there[here].mean(), abs=0.012)
    black = here & ~persons["hispanic"].to_numpy(dtype=bool) & (persons["race"].to_numpy() == 1)
    record = made.at("ENV-05.people", group="race:black")
    assert record.value == pytest.approx(there[black].mean(), abs=0.03)
    noise = record.error["noise"]
    assert noise is not None and noise > 0
    assert made.at("ENV-05.people", group="income:under100").reason  # no survey was given
    assert made.at("ENV-05.homes", "reference").value is not None
    assert ("ENV-05.homes", "district", "race:black") not in made.rows


# --- grades -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["district", "reference"])
def test_grades_and_what_was_not_surveyed_make_up_all_land(made: Made, zone: str) -> None:
    drawn = {grade: flat(shape) for grade, shape in ground.grades(made.county.geography).items()}
    left, total = made.zone(zone), 0.0
    for grade in GRADES:
        expected = share(made, drawn[grade].intersection(left), zone)
        left = left.difference(drawn[grade])
        if grade == "A" and zone == "district":
            assert expected == 0.0
        assert made.value(f"BEL-16.{grade}", zone) == pytest.approx(expected, abs=2e-4)
        total += made.value(f"BEL-16.{grade}", zone)
    assert made.value("BEL-16.none", zone) == pytest.approx(share(made, left, zone), abs=2e-4)
    assert made.value("BEL-16.none", zone) > 0.01
    assert total + made.value("BEL-16.none", zone) == pytest.approx(1.0)


def test_ground_in_two_grades_is_told(made: Made) -> None:
    drawn = {grade: flat(shape) for grade, shape in ground.grades(made.county.geography).items()}
    twice = share(made, drawn["C"].intersection(drawn["D"]), "district")
    assert twice > 0.01
    told = [flag for flag in made.at("BEL-16.C").flags if flag.startswith("drawn_twice=")]
    assert len(told) == 1 and float(told[0].partition("=")[2]) == pytest.approx(twice, abs=2e-4)


def test_people_of_today_by_grade(made: Made) -> None:
    left: BaseGeometry = shapely.union_all(cell_polygons(made.county.geography.corners))
    here, total = made.county.people_in(made.county.district), 0.0
    for grade in GRADES:
        shape = ground.grades(made.county.geography)[grade]
        there = made.county.people_in(shape.intersection(left))[here].mean()
        left = left.difference(shape)
        assert made.value(f"BEL-16.people-{grade}") == pytest.approx(there, abs=0.012)
        total += made.value(f"BEL-16.people-{grade}")
    assert total + made.value("BEL-16.people-none") == pytest.approx(1.0)


def test_a_zone_that_was_not_surveyed_has_no_grade_and_not_0(made: Made) -> None:
    drawn = flat(shapely.union_all(list(ground.grades(made.county.geography).values())))
    found = 0
    for zone, kind in zip(made.place.zones.ids, made.place.zones.geography, strict=True):
        if kind not in ("tract", "block group") or share(made, drawn, zone) > 0:
            continue
        record = made.at("BEL-16.D", zone)
        assert record.value is None and "does not mean that it was not redlined" in str(record.reason)
        assert made.at("BEL-16.people-D", zone).value is None
        assert made.value("BEL-16.none", zone) == 1.0
        found += 1
    assert found >= 1


# --- uses -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("use", USES)
def test_zoned_land_by_use(made: Made, use: str) -> None:
    cells, code = cell_polygons(made.county.geography.corners), ground.codes(made.county.geography)
    known = flat(shapely.union_all(cells[np.isin(code, list(CODES))]))
    mine = flat(shapely.union_all(cells[np.isin(code, [c for c, one in CODES.items() if one == use])]))
    expected = share(made, mine, "district", known)
    assert expected > 0.001
    record = made.at(f"BEL-17.{use}")
    assert record.value == pytest.approx(expected, abs=3e-4)
    lost = 1 - share(made, known, "district")
    assert 0.03 < lost < 0.06  # the code that is in no table
    assert record.low == pytest.approx(expected * (1 - lost), abs=3e-4)
    assert record.high == pytest.approx(expected * (1 - lost) + lost, abs=3e-4)


def test_all_uses_of_zoned_land_make_one(made: Made) -> None:
    for zone in ("district", "reference"):
        assert sum(made.value(f"BEL-17.{use}", zone) for use in USES) == pytest.approx(1.0)


def test_a_code_that_is_in_no_table_is_named(made: Made) -> None:
    layer = made.place.layers["zoning"]
    assert isinstance(layer, Layer)
    notes = " ".join(layer.provenance.notes)
    assert "1 codes are not in the table, and their ground is not known: PUD-7." in notes
    assert "1 codes of the table are on no polygon near the district: AG." in notes


def mapped_uses(made: Made) -> dict[str, BaseGeometry]:
    """Ground of each use of the extract in the order that counts, no two overlapping, from what the mapper drew."""
    geography = made.county.geography
    drawn = {tag: flat(shape) for tag, shape in ground.uses(geography).items()}
    parks = made.place.layers["parks"]
    assert isinstance(parks, Layer) and len(parks.data) >= len(PARK_TAGS) - 2
    green = [flat(shape) for shape in _greens(made)]
    tagged = {"institutional": drawn["education"], "other": shapely.union_all(green)}
    found, taken = {}, shapely.Polygon()
    for use in USES:
        shape = tagged.get(use, drawn.get(use))
        if shape is not None:
            found[use] = shape.difference(taken)
            taken = taken.union(shape)
    return found


def _greens(made: Made) -> list[BaseGeometry]:
    """Parks, gardens, courses and fields, from the objects of the invented file; a playground is no use of its own."""
    from justgeo.synthetic import extract

    objects = extract.make(made.county.geography, made.county.seed)
    spot = {number: place for number, place, _ in objects.nodes}
    rings = {number: shapely.Polygon([spot[n] for n in nodes]) for number, nodes, _ in objects.ways if len(nodes) > 3}
    open_ = {"park", "nature_reserve", "golf_course", "recreation_ground", "garden", "sports_centre"}
    found = []
    for number, _, tags in objects.ways:
        if tags.get("leisure") in open_ and "building" not in tags:
            found.append(rings[number])
    for _, members, tags in objects.relations:
        if tags.get("leisure") in open_:
            outer = shapely.union_all([rings[n] for _, n, role in members if role == "outer"])
            inner = [rings[n] for _, n, role in members if role == "inner"]
            found.append(outer.difference(shapely.union_all(inner)) if inner else outer)
    return found


def test_land_use_of_openstreetmap(made: Made) -> None:
    by_use = mapped_uses(made)
    known = shapely.union_all(list(by_use.values()))
    coverage = share(made, known, "district")
    assert 0.7 < coverage < 0.95
    for use, shape in by_use.items():
        record = made.at(f"BEL-17.osm-{use}")
        assert record.value == pytest.approx(share(made, shape, "district", known), abs=5e-4), use
    assert made.value("BEL-17.osm-none") == pytest.approx(1 - coverage, abs=5e-4)
    far = made.at("BEL-17.osm-residential", "reference")
    assert far.value is None and "the map speaks of only" in str(far.reason)


# --- not at hand ------------------------------------------------------------------------------------------------------


def test_without_the_maps_each_row_says_what_to_write(made: Made, tmp_path: Path) -> None:
    told = nowhere.layers(made.files, ("blocks", "block_groups", "tracts", "counties"))
    path = nowhere.write(tmp_path, told, {"boundary": str(made.files / "district.geojson")})
    place = run.make_place(run.collect_layers(run.read_config(path)))
    reasons = {}
    for row in ROWS:
        with pytest.raises(Absent) as absent:
            FIELDS[row.field](row, place, "all")
        reasons[row.id] = absent.value.reason
    assert 'tables = ["nfhl"]' in reasons["ENV-05.land"] and '[layers."data:nfhl"]' in reasons["ENV-05.homes"]
    assert 'tables = ["redlining"]' in reasons["BEL-16.D"]
    assert '[layers.zoning] with path = "zoning.gpkg", column = "ZONE", classes = {' in reasons["BEL-17.mixed"]
    assert "OpenStreetMap" in reasons["BEL-17.osm-retail"]


def test_a_district_outside_every_surveyed_city_is_not_surveyed(made: Made, tmp_path: Path) -> None:
    corner = shapely.union_all(cell_polygons(made.county.geography.corners)[30:33, 33:36])
    gpd.GeoSeries([corner], crs=4269).to_crs(4326).to_file(tmp_path / "far.geojson")
    told = nowhere.layers(made.files, ("blocks", "block_groups", "tracts", "counties", "data:redlining"))
    path = nowhere.write(tmp_path, told, {"boundary": "far.geojson"})
    place = run.make_place(run.collect_layers(run.read_config(path)))
    rows = [row for row in ROWS if row.id.startswith("BEL-16")]
    found = measuring.measure(rows, place, settings=ReduceSettings(), judging=JudgeSettings())
    told_of = [record for record in found if record.zone == "district"]
    assert len(told_of) > 10
    for record in told_of:
        assert record.value is None and "does not mean that it was not redlined" in str(record.reason)


def test_lake_and_parks_are_where_this_file_thinks(made: Made) -> None:
    """The truth's land is the product's: the lake is water, a park is land."""
    kind = made.county.geography.cell_kind
    assert all(kind[spot] == WATER for spot in LAKE) and (kind == PARK).any()
    record = made.at("BEL-16.D")
    assert record.denominator == pytest.approx(made.district.intersection(made.land).area, rel=1e-3)
