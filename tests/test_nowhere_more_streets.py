"""Calm streets and summer heat of the invented county against its own streets and its own ground, found another way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Transformer

from justgeo import measuring, synthetic
from justgeo.catalogue import read as catalogue
from justgeo.core.field import ExposureField
from justgeo.core.result import Record
from justgeo.core.zones import Role, Zones
from justgeo.indicators import FIELDS
from justgeo.indicators.place import Place
from justgeo.measure.apportion import Weights
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from justgeo.synthetic import County, county, heat
from justgeo.synthetic.geography import WATER
from justgeo.synthetic.streets import COLUMN_CLASS, ROW_CLASS, TREES
from justgeo.synthetic.write import status
from tests import nowhere
from tests.test_nowhere import Streets

ROWS = {row.id: row for row in catalogue.indicators() if row.id.startswith(("MOB-08", "ENV-04"))}
URBAN = (21, 22, 23, 24)
# Level of each larger street by its line, worked out by hand from its tags.
ROW_LEVELS = {19: 4, 3: 2, 11: 3, 27: 4, 35: 1, 7: 2}
COLUMN_LEVELS = {22: 3, 4: 4, 34: 1, 39: 4, 10: 2, 18: 3}
TRACKS = {"Street 36", f"{TREES[34 % 24]} Road"}
Edge = tuple[int, int]


@dataclass(frozen=True)
class Made:
    county: County
    files: Path
    place: Place
    rows: Mapping[tuple[str, str, str], Record]

    def at(self, indicator: str, zone: str = "district", group: str = "all") -> Record:
        return self.rows[indicator, zone, group]

    def value(self, indicator: str, zone: str = "district", group: str = "all") -> float:
        value = self.at(indicator, zone, group).value
        assert value is not None
        return value


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    place, files = nowhere.district(tmp_path_factory), synthetic.ensure(2020, nowhere.cache(tmp_path_factory))
    return Made(county(2020), files, place, nowhere.figures(place, ROWS.values()))


def test_these_are_the_rows_and_each_is_told(made: Made) -> None:
    assert set(ROWS) == {"MOB-08", "MOB-08.paths", "MOB-08.connected", "ENV-04", "ENV-04.people"}
    for indicator in ROWS:
        assert made.at(indicator).value is not None, indicator
        assert (made.at(indicator, "reference").value is None) == (indicator == "MOB-08.connected")


def residents(made: Made) -> np.ndarray:
    """People of each block who live in the district."""
    inside = made.county.people_in(made.county.district)
    blocks = made.county.persons()["block"].to_numpy()[inside]
    return np.bincount(blocks, minlength=len(made.county.geography.blocks)).astype(float)


# -- streets ------------------------------------------------------------------------------------------------------


def named_levels() -> dict[str, int]:
    assert set(ROW_LEVELS) == set(ROW_CLASS) and set(COLUMN_LEVELS) == set(COLUMN_CLASS)
    columns = {f"{TREES[c % 24]} {'Avenue' if c < 24 else 'Road'}": level for c, level in COLUMN_LEVELS.items()}
    return {**{f"Street {r + 1}": level for r, level in ROW_LEVELS.items()}, **columns}


class Cycled:
    """Ways that may be cycled with their level, and their pieces in a plane of the test's own."""

    def __init__(self, place: County) -> None:
        streets = Streets(place)
        self.move, self.xy = streets.move, streets.xy
        known = named_levels()
        self.level: dict[Edge, int] = {}
        self.apart: set[Edge] = set()
        self.signals = {n for n, _, tags in streets.objects.nodes if tags.get("highway") == "traffic_signals"}
        for _, nodes, tags in streets.objects.ways:
            kind, name = tags.get("highway"), tags.get("name", "")
            path = kind == "cycleway" or (kind in ("path", "footway") and "bicycle" in tags)
            if not path and kind not in ("residential", "living_street", *ROW_CLASS.values()):
                continue
            for edge in pairwise(nodes):
                self.level[edge] = known.get(name, 1)
                if path or name in TRACKS:
                    self.apart.add(edge)
        self.lines = {e: shapely.LineString([self.xy[e[0] - 1], self.xy[e[1] - 1]]) for e in self.level}

    def shape(self, polygon: shapely.Geometry) -> shapely.Geometry:
        return shapely.transform(polygon, lambda c: np.column_stack(self.move(c[:, 0], c[:, 1])))

    def km(self, where: shapely.Geometry, edges: set[Edge]) -> float:
        """A plain cut, but for streets along the boundary (the county's edge is one of its streets): half of these."""
        edge = shapely.buffer(shapely.boundary(where), 2)
        shapely.prepare(edge)
        along = {e for e in edges if edge.covers(self.lines[e])}
        cut = sum(self.lines[e].intersection(where).length for e in edges - along)
        return (cut + 0.5 * sum(self.lines[e].length for e in along)) / 1000


@pytest.fixture(scope="module")
def cycled(made: Made) -> Cycled:
    return Cycled(made.county)


def zone_shape(made: Made, cycled: Cycled, zone: str) -> shapely.Geometry:
    if zone == "district":
        return cycled.shape(made.county.district)
    return cycled.shape(shapely.union_all(made.county.geography.blocks.geometry.to_numpy()))


@pytest.mark.parametrize("zone", ["district", "reference"])
def test_share_of_calm_streets(made: Made, cycled: Cycled, zone: str) -> None:
    where = zone_shape(made, cycled, zone)
    calm = {e for e, level in cycled.level.items() if level <= 2}
    record = made.at("MOB-08", zone)
    assert record.denominator == pytest.approx(cycled.km(where, set(cycled.level)), rel=2e-3)
    assert record.value == pytest.approx(cycled.km(where, calm) / cycled.km(where, set(cycled.level)), abs=2e-3)
    assert 0.5 < made.value("MOB-08", zone) < 0.95


def test_how_much_of_it_lacks_tags(made: Made, cycled: Cycled) -> None:
    [flag] = [f for f in made.at("MOB-08", "reference").flags if f.startswith("untagged_share=")]
    lacking = {"Street 28", "Street 8", *(f"{TREES[c % 24]} {'Avenue' if c < 24 else 'Road'}" for c in (39, 10, 18))}
    objects = Streets(made.county).objects
    edges = {e for _, nodes, tags in objects.ways if tags.get("name") in lacking for e in pairwise(nodes)}
    where = zone_shape(made, cycled, "reference")
    expected = cycled.km(where, edges & set(cycled.level)) / cycled.km(where, set(cycled.level))
    assert float(flag.partition("=")[2]) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("zone", ["district", "reference"])
def test_paths_and_tracks_over_land(made: Made, cycled: Cycled, zone: str) -> None:
    record = made.at("MOB-08.paths", zone)
    assert record.numerator == pytest.approx(cycled.km(zone_shape(made, cycled, zone), cycled.apart), rel=0.01)
    assert record.numerator is not None and record.denominator is not None
    assert record.value == pytest.approx(record.numerator / record.denominator)
    if zone == "reference":
        assert record.denominator == pytest.approx(made.county.geography.blocks["land_m2"].sum() / 1e6)


def way_out(cycled: Cycled, district: shapely.Geometry) -> list[shapely.Geometry]:
    """Pieces of the main calm network that leads out, by networkx."""
    busy = {n for e, level in cycled.level.items() if level > 2 for n in e}
    stops = cycled.xy[np.array(sorted(cycled.signals)) - 1]

    def is_shut(node: int) -> bool:
        return node in busy and bool(np.hypot(*(stops - cycled.xy[node - 1]).T).min() > 30)

    graph: nx.Graph = nx.Graph()
    for edge, level in cycled.level.items():
        line = cycled.lines[edge]
        if level <= 2 and line.distance(district) <= 1000:
            ends = [(node, edge) if is_shut(node) else node for node in edge]
            graph.add_edge(*ends, line=line)
    best: tuple[float, list[shapely.Geometry]] = (0.0, [])
    for part in nx.connected_components(graph):
        nodes = [n if isinstance(n, int) else n[0] for n in part]
        lines = [told["line"] for _, _, told in graph.subgraph(part).edges(data=True)]
        inside = sum(line.intersection(district).length for line in lines)
        if max(shapely.Point(cycled.xy[n - 1]).distance(district) for n in nodes) >= 100 and inside > best[0]:
            best = inside, lines
    return best[1]


def test_people_on_the_way_out_against_networkx(made: Made, cycled: Cycled) -> None:
    district = zone_shape(made, cycled, "district")
    network = shapely.union_all(way_out(cycled, district))
    blocks = shapely.transform(
        made.county.geography.blocks.geometry.to_numpy(), lambda c: np.column_stack(cycled.move(c[:, 0], c[:, 1]))
    )
    apart = shapely.distance(blocks, network)
    field = FIELDS["low_stress_people"](ROWS["MOB-08.connected"], made.place, "all")
    assert isinstance(field, ExposureField)
    by = dict(zip(field.units.geoid.tolist(), field.x.tolist(), strict=True))
    x = np.array([by[geoid] for geoid in made.county.geography.blocks["geoid"]])
    sure = np.isfinite(x) & (np.abs(apart - 25) > 0.5)
    assert sure.sum() > 200 and 0.1 < np.mean(x[sure]) < 0.9
    assert (x[sure] == (apart[sure] < 25)).all()
    people = residents(made)
    assert np.isfinite(x[people > 0]).all()
    truth = float((people * (apart <= 25)).sum() / people.sum())
    assert made.value("MOB-08.connected") == pytest.approx(truth, abs=0.01)
    assert 0.3 < truth < 0.95


def test_the_reference_of_the_way_out_says_why_there_is_none(made: Made) -> None:
    record = made.at("MOB-08.connected", "reference")
    assert record.reliability == "absent" and "asked of the district" in str(record.reason)
    assert made.at("MOB-08.connected").comparison is None


# -- heat ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ground:
    """What the ground measures, pixel by pixel: degrees, block, and whether the land cover calls it built up."""

    degrees: np.ndarray
    block: np.ndarray
    urban: np.ndarray
    lon: np.ndarray
    lat: np.ndarray


@pytest.fixture(scope="module")
def ground(made: Made) -> Ground:
    transform, block, degrees = heat.ground(made.county.geography, status(made.county), 2020)
    rows, cols = np.mgrid[: block.shape[0], : block.shape[1]]
    x, y = transform * (cols + 0.5, rows + 0.5)
    land = block < len(made.county.geography.blocks)
    land[land] = made.county.geography.blocks["kind"].to_numpy()[block[land]] != WATER
    with rasterio.open(made.files / "land_cover.tif") as cover:
        ex, ey = Transformer.from_crs(heat.CRS, cover.crs, always_xy=True).transform(x[land], y[land])
        classes = np.array([one[0] for one in cover.sample(zip(ex, ey, strict=True))])
    lon, lat = Transformer.from_crs(heat.CRS, 4326, always_xy=True).transform(x[land], y[land])
    return Ground(degrees[land], block[land], np.isin(classes, URBAN), lon, lat)


def test_heat_against_the_ground(made: Made, ground: Ground) -> None:
    urban = ground.degrees[ground.urban].mean()
    inside = shapely.contains_xy(made.county.district, ground.lon, ground.lat)
    assert made.value("ENV-04") == pytest.approx(ground.degrees[inside].mean() - urban, abs=0.1)
    assert made.value("ENV-04", "reference") == pytest.approx(ground.degrees.mean() - urban, abs=0.1)
    assert made.value("ENV-04") > 1 and made.value("ENV-04", "reference") < 0
    [flag] = [f for f in made.at("ENV-04").flags if f.startswith("urban_mean=")]
    assert float(flag.partition("=")[2]) == pytest.approx(urban, abs=0.1)


def test_heat_where_people_live_against_the_ground(made: Made, ground: Ground) -> None:
    urban = ground.degrees[ground.urban].mean()
    count = len(made.county.geography.blocks)
    pixels = np.bincount(ground.block, minlength=count)
    mean = np.bincount(ground.block, weights=ground.degrees, minlength=count) / np.maximum(pixels, 1)
    people = residents(made) * (pixels > 0)
    truth = float((people * mean).sum() / people.sum() - urban)
    assert made.value("ENV-04.people") == pytest.approx(truth, abs=0.2)
    assert made.value("ENV-04.people", "reference") > made.value("ENV-04", "reference"), "people live on built-up land"


def test_a_difference_of_degrees_has_no_ratio_and_is_judged_by_its_margin(made: Made) -> None:
    compared = made.at("ENV-04").comparison
    assert compared is not None and compared.ratio is None and compared.verdict == "higher"
    assert compared.difference == pytest.approx(made.value("ENV-04") - made.value("ENV-04", "reference"))
    poor = made.at("ENV-04.people", "district", "income:under100")
    assert poor.moe is not None and 0 < poor.moe < 0.5 and poor.reliability == "high"


def test_what_was_seen_too_seldom_is_not_in_it(made: Made) -> None:
    raster = made.place.raster("surface_temperature")
    missing = np.isnan(raster.values).sum()
    assert 42 <= missing < 0.02 * raster.values.size
    assert any("fewer than 5 times" in note for note in raster.provenance.notes)
    assert any("not of the air" in note for note in raster.provenance.notes)


def test_many_districts_have_each_the_network_that_leads_out_of_it(made: Made) -> None:
    """Measured together, overlapping or apart, each has the numbers that it has alone."""
    crs = made.place.crs
    reference = made.place.zones.geometry.iloc[made.place.zones.index("reference")]
    x, y = made.place.zones.geometry.iloc[0].centroid.coords[0]
    shapes = [shapely.Point(x + dx, y).buffer(700) for dx in (0.0, 500.0, 2200.0)]

    def zones(some: list[int]) -> Zones:
        ids = (*(f"d{n}" for n in some), "reference")
        districts: list[Role] = ["district"] * len(some)
        roles: tuple[Role, ...] = (*districts, "reference")
        outlines = gpd.GeoSeries([*(shapes[n] for n in some), reference], crs=crs)
        return Zones(ids, ids, roles, ("",) * len(ids), outlines)

    def told(some: list[int]) -> dict[tuple[str, str], Record]:
        own = zones(some)
        layers = [made.place.layer(name) for name in ("tracts", "block_groups")]
        weights = Weights.build(own, made.place.layer("blocks"), layers, crs)
        place = replace(made.place, zones=own, weights=weights, by_zone={})
        rows = (ROWS["MOB-08.connected"],)
        found = measuring.measure(rows, place, settings=ReduceSettings(), judging=JudgeSettings())
        return {(r.zone, r.group): r for r in found}

    together = told([0, 1, 2])
    values = {together[f"d{n}", "all"].value for n in range(3)}
    assert None not in values and len(values) > 1, "the districts differ"
    for n in range(3):
        alone = told([n])
        assert alone.keys() == {key for key in together if key[0] in (f"d{n}", "reference")}
        for key, r in alone.items():
            for name, part in vars(r).items():
                same = vars(together[key])[name]
                assert digits(same) == digits(part), (key, name)


def digits(part: object) -> object:
    """Nine digits of each number: sums over more areas round otherwise."""
    if isinstance(part, dict):
        return {name: digits(one) for name, one in part.items()}
    return f"{part:.9g}" if isinstance(part, float) else part
