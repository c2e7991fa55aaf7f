"""Nowhere from its files to its outputs: what is no sample is the truth, and the outputs keep their promises."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Geod, Transformer
from rasterio.transform import rowcol

from justgeo import measuring, run, synthetic
from justgeo.collecting import Collected
from justgeo.config import RunConfig
from justgeo.core.result import Record
from justgeo.indicators import mobility
from justgeo.indicators.place import Place
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings, recompute
from justgeo.report import results as reports
from justgeo.synthetic import County, county, extract
from tests import nowhere, schemas
from tests.report.pages import whole

DISTRICT = Path(__file__).parents[1] / "data" / "districts" / "nowhere-invented" / "district.toml"
SHARE_RULES = {"proportion", "ratio", "complement", "complement_ratio", "both_sides"}
COUNTS = ("numerator", "numerator_moe", "denominator", "denominator_moe", "complement_moe")
NUMBERS = ("value", "moe", *COUNTS, "low", "high")
VERDICTS = {"higher", "lower", "not distinguishable", "unknown"}
RACES = ("hispanic", "white", "black", "aian", "asian", "nhpi", "other", "two")
Rows = Mapping[tuple[str, str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Made:
    """One run of the demo district: its folder, its results, and the place behind them."""

    county: County
    files: Path
    out: Path
    results: Mapping[str, Any]
    rows: Rows
    settings: RunConfig
    read: Collected
    place: Place


@contextmanager
def layers(cache: Path) -> Iterator[Path]:
    """The layers, made by this version of the code, not by whichever filled the user's cache."""
    folder = synthetic.ensure(2020, cache)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "ensure", lambda seed, cache_root=None: folder)
        yield folder


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with layers(nowhere.cache(tmp_path_factory)) as folder:
        yield folder


@pytest.fixture(scope="module")
def made(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    out = nowhere.demo(tmp_path_factory, DISTRICT.parent.name)
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert results["synthetic"] and not results["absent_layers"]
    settings = run.read_config(DISTRICT)
    read, place = nowhere.found(tmp_path_factory, DISTRICT.parent.name)
    return Made(county(2020), files, out, results, by_key(results["records"]), settings, read, place)


def by_key(records: list[Mapping[str, Any]]) -> Rows:
    return {(r["indicator"], r["zone"], r["group"]): r for r in records}


def zones_of(made: Made, geography: str) -> list[str]:
    return [z["id"] for z in made.results["zones"] if z["geography"] == geography]


def exact_zones(made: Made) -> list[str]:
    """Zones that cut no block: the county, tracts, block groups."""
    return ["reference", *zones_of(made, "tract"), *zones_of(made, "block group")]


def of_zone(values: Any, zone: str) -> float:
    """Sum of a series by block over a zone that cuts none."""
    return float(values.sum() if zone == "reference" else values[values.index.str.startswith(zone)].sum())


# --- counts without a sample ----------------------------------------------------------------------------------------


def test_residents_are_the_truth(made: Made) -> None:
    people = made.county.truth("B01003", 2024, "block").iloc[:, 0]
    facts = {z["id"]: z["facts"] for z in made.results["zones"]}
    assert len(exact_zones(made)) > 20
    for zone in exact_zones(made):
        assert facts[zone]["residents"] == of_zone(people, zone), zone


def test_residents_of_the_cut_district(made: Made) -> None:
    """By blocks: each block's people times the geodesic share of it that lies inside; near those who do live there."""
    geod = Geod(ellps="WGS84")
    blocks = made.county.geography.blocks.set_index("geoid").geometry
    people = made.county.truth("B01003", 2024, "block").iloc[:, 0]
    inside, cut = 0.0, 0.0
    for geoid, shape in blocks.items():
        part = shape.intersection(made.county.district)
        if not part.is_empty and people[geoid] > 0:
            share = abs(geod.geometry_area_perimeter(part)[0]) / abs(geod.geometry_area_perimeter(shape)[0])
            inside += share * people[geoid]
            cut += people[geoid] if 0.001 < share < 0.999 else 0.0
    found = made.results["zones"][0]["facts"]["residents"]
    assert found == pytest.approx(inside, abs=1.0)  # slivers of drawing are dropped
    assert abs(found - made.county.people_in(made.county.district).sum()) < 0.1 * cut


def test_race_counts_behind_exposures_are_the_truth(made: Made) -> None:
    counts = made.county.block_counts(2024).set_index("geoid")
    seen = 0
    for zone in exact_zones(made):
        for race in RACES:
            row = made.rows["MOB-01.400", zone, f"race:{race}"]
            known = not any(f.startswith("unknown_share") for f in row["flags"])
            sampled = any(f.startswith("sampled") for f in row["flags"])
            if row["value"] is None or sampled or not known:
                continue  # suppressed, taken from the sample, or some are not counted as walking
            assert row["denominator"] == of_zone(counts[f"p2_{race}"], zone), (zone, race)
            seen += 1
    assert seen >= 30


def test_controlled_counts_are_the_county_row(made: Made) -> None:
    for indicator, table in (("DEM-00.population", "B01003"), ("DEM-00.households", "B25003")):
        row = made.rows[indicator, "reference", "all"]
        assert (row["value"], row["moe"]) == (made.county.truth(table, 2024, "county").iloc[0, 0], 0.0)


def test_reference_is_the_county_row(made: Made) -> None:
    """Shares of the reference come from the published row of the county, not from a sum of its parts."""
    published = made.county.sample(2024, 1, ["B25003", "B03002", "C17002"])
    first = {name: frame.iloc[0] for name, frame in published.items()}
    for indicator, table, top in (("BEL-02", "B25003", "003"), ("DEM-01.white", "B03002", "003")):
        row, cells = made.rows[indicator, "reference", "all"], first[table]
        assert (row["numerator"], row["denominator"]) == (cells[f"{table}_E{top}"], cells[f"{table}_E001"])
        assert row["numerator_moe"] == max(cells[f"{table}_M{top}"], 0)
        assert row["error"]["apportionment"] == 0


def test_sampled_shares_are_near_the_truth(made: Made) -> None:
    """One draw, three margins: a check of sense; how often one margin holds is in docs/coverage.md."""
    truth = json.loads((made.files / "truth.json").read_text(encoding="utf-8"))
    named = {"BEL-02": "BEL-02", "BEL-03.renters": "BEL-03r", "BEL-03.owners": "BEL-03o", "BEL-04.renters": "BEL-04r",
             "BEL-04.owners": "BEL-04o", "OPP-02": "OPP-02", "OPP-02.200": "OPP-02b", "OPP-04": "OPP-04",
             "OPP-05": "OPP-05", "DEM-04.unemployed": "OPP-03", "DEM-01.white": "race:white",
             "DEM-01.black": "race:black", "DEM-01.asian": "race:asian", "DEM-01.hispanic": "race:hispanic",
             "DEM-02.female": "sex:female"}  # fmt: skip
    for zone, place in (("district", "district"), ("reference", "county")):
        for indicator, name in named.items():
            row = made.rows[indicator, zone, "all"]
            assert abs(row["value"] - truth[place]["2024"][name]["share"]) <= 3 * row["moe"] + 1e-9, (zone, indicator)


# --- walking --------------------------------------------------------------------------------------------------------

NOT_WALKED = {"motorway", "motorway_link", "trunk", "trunk_link", "construction"}


class Streets:
    """The county's own streets as a networkx graph, apart from every reader and search of the product."""

    def __init__(self, place: County) -> None:
        self.objects = extract.make(place.geography, place.seed)
        west, south, east, north = place.geography.blocks.total_bounds
        self.move = Transformer.from_crs(
            4326, f"+proj=aeqd +lat_0={(south + north) / 2} +lon_0={(west + east) / 2} +datum=WGS84", always_xy=True
        ).transform
        spots = np.array([spot for _, spot, _ in self.objects.nodes])
        self.xy = np.column_stack(self.move(spots[:, 0], spots[:, 1]))
        self.graph = nx.Graph()
        for _, nodes, tags in self.objects.ways:
            kind = tags.get("highway")
            barred = tags.get("foot") == "no" or tags.get("access") in ("private", "no")
            if kind is None or kind in NOT_WALKED or barred:
                continue
            for a, b in pairwise(nodes):
                self.graph.add_edge(a, b, weight=float(np.hypot(*(self.xy[a - 1] - self.xy[b - 1]))))
        main = max(nx.connected_components(self.graph), key=len)
        self.edges = [e for e in self.graph.edges if e[0] in main]
        self.lines = np.array([shapely.LineString([self.xy[a - 1], self.xy[b - 1]]) for a, b in self.edges])
        self.tree = shapely.STRtree(self.lines)

    def metres(self, sources: np.ndarray, origin: np.ndarray) -> float:
        """Walk from a point to the nearest of some sources: straight to the street, then along it."""
        graph, on_edge = self.graph.copy(), {}
        for name, point in [*((f"s{i}", p) for i, p in enumerate(sources)), ("origin", origin)]:
            spot = shapely.Point(point)
            edge = int(self.tree.nearest(spot))
            if name != "origin" and spot.distance(self.lines[edge]) > 100:
                continue
            on_edge.setdefault(edge, []).append((float(self.lines[edge].project(spot)), name))
        for edge, places in on_edge.items():
            a, b = self.edges[edge]
            chain = [(0.0, a), *sorted(places), (float(self.lines[edge].length), b)]
            for (from_m, left), (to_m, right) in pairwise(chain):
                graph.add_edge(left, right, weight=to_m - from_m)
        graph.add_node("origin")
        reached = nx.single_source_dijkstra_path_length(graph, "origin", weight="weight")
        straight = shapely.Point(origin).distance(self.lines[int(self.tree.nearest(shapely.Point(origin)))])
        return straight + min((d for n, d in reached.items() if str(n).startswith("s")), default=math.inf)

    def stops(self) -> np.ndarray:
        kept = []
        for number, _, tags in self.objects.nodes:
            stop = tags.get("highway") == "bus_stop" or tags.get("railway") in ("station", "platform")
            if (stop or tags.get("amenity") == "ferry_terminal") and tags.get("access") != "private":
                kept.append(self.xy[number - 1])
        return np.array(kept)


@pytest.fixture(scope="module")
def streets(made: Made) -> Streets:
    return Streets(made.county)


def origins(made: Made, streets: Streets, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Some peopled blocks of the district's tracts, and where walks from them start."""
    frame = made.place.origins()
    inside = frame["geoid"].str[:11].isin(zones_of(made, "tract")) & (frame["population"] > 0)
    rows = np.random.default_rng(5).choice(np.flatnonzero(inside), count, replace=False)
    points = shapely.get_coordinates(frame.geometry.iloc[rows].representative_point().to_crs(4326).to_numpy())
    return rows, np.column_stack(streets.move(points[:, 0], points[:, 1]))


def has_it(made: Made, indicator: str) -> np.ndarray:
    """The product's 1, 0 or NaN for each block."""
    row = next(r for r in run.catalogue.indicators() if r.id == indicator)
    return mobility.walk_share(row, made.place).x


def test_transit_walks_against_networkx(made: Made, streets: Streets) -> None:
    rows, points = origins(made, streets, 40)
    walk = np.array([streets.metres(streets.stops(), p) for p in points])
    for indicator, limit in (("MOB-01.400", 400.0), ("MOB-01.800", 800.0)):
        clear = np.abs(walk - limit) > 15.0  # stops of one mode within 30 m are one, in their middle
        assert clear.sum() >= 30
        np.testing.assert_array_equal(has_it(made, indicator)[rows][clear], (walk <= limit)[clear].astype(float))


def test_park_walks_lie_between_two_bounds(made: Made, streets: Streets) -> None:
    """A walk to where a street crosses a park's edge is long enough; a straight line to the park is short enough."""
    rows, points = origins(made, streets, 40)
    parks = mobility.public_parks(made.place).geometry.to_crs(4326)
    shapes = shapely.transform(parks.to_numpy(), lambda c: np.column_stack(streets.move(c[:, 0], c[:, 1])))
    met = shapely.intersection(streets.lines[:, None], shapely.boundary(shapes)[None, :]).ravel()
    doors = shapely.get_coordinates(met)
    walk = np.array([streets.metres(doors, p) for p in points])
    line = np.array([shapely.distance(shapes, shapely.Point(p)).min() for p in points])
    found = has_it(made, "WEL-04.500")[rows]
    assert 5 < found.sum() < 35
    assert (found[(walk <= 499) | (line == 0)] == 1).all()
    assert (found[line > 530] == 0).all()


@pytest.mark.parametrize("indicator", ["MOB-01.400", "MOB-02.400", "WEL-04.800"])
def test_walk_shares_add_up(made: Made, indicator: str) -> None:
    """A zone's share is its blocks' people with access over its blocks' people."""
    frame = made.place.origins().set_index("geoid")
    people = frame["population"]
    with_it = people * np.nan_to_num(has_it(made, indicator))
    known = people * np.isfinite(has_it(made, indicator))
    for zone in exact_zones(made):
        row = made.rows[indicator, zone, "all"]
        assert row["numerator"] == of_zone(with_it, zone) and row["denominator"] == of_zone(known, zone)
        assert row["value"] == pytest.approx(row["numerator"] / row["denominator"], abs=1e-11)


# --- rasters --------------------------------------------------------------------------------------------------------


def test_canopy_against_a_fine_grid(made: Made) -> None:
    """Points every 3 m, each with the pixel that it lies in; water and pixels without data left out."""
    with rasterio.open(made.files / "tree_canopy.tif") as source:
        canopy, transform, crs = source.read(1), source.transform, source.crs
    with rasterio.open(made.files / "land_cover.tif") as source:
        cover = source.read(1)
    shapes = made.place.zones.geometry.to_crs(crs)
    for zone in ("district", *zones_of(made, "tract")[:2]):
        shape = shapes.iloc[made.place.zones.ids.index(zone)]
        west, south, east, north = shape.bounds
        x, y = (a.ravel() for a in np.meshgrid(np.arange(west + 1.5, east, 3), np.arange(south + 1.5, north, 3)))
        inside = shapely.contains_xy(shape, x, y)
        row, col = rowcol(transform, x[inside], y[inside])
        values, land = canopy[row, col].astype(float), cover[row, col] != 11
        valid = land & (values <= 100)
        record = made.rows["ENV-01", zone, "all"]
        assert record["value"] == pytest.approx(values[valid].mean() / 100, abs=5e-4)
        assert record["denominator"] == pytest.approx(9.0 * valid.sum(), rel=2e-3)


# --- rows -----------------------------------------------------------------------------------------------------------


def test_every_share_and_margin_can_be_recomputed(made: Made) -> None:
    rules: dict[str, int] = {}
    for row in made.results["records"]:
        if row["value"] is None or row["rule"] not in SHARE_RULES | {"sum"}:
            continue
        value, moe = recompute(row)
        where = (row["indicator"], row["zone"], row["group"])
        assert value == pytest.approx(row["value"], rel=1e-9, abs=1e-9), where
        assert moe == pytest.approx(row["error"]["sampling"], rel=1e-9, abs=1e-9), where
        rules[row["rule"]] = rules.get(row["rule"], 0) + 1
    assert sum(rules[r] for r in SHARE_RULES & set(rules)) > 250 and rules["sum"] > 500


def test_total_margin_is_the_root_of_its_parts(made: Made) -> None:
    for row in made.results["records"]:
        if row["moe"] is not None:
            told = [p for p in row["error"].values() if p is not None]
            assert row["moe"] == pytest.approx(math.sqrt(sum(p**2 for p in told)), rel=1e-9, abs=1e-12)
            # A part that is not told is null, and the row says so.
            assert len(told) == 3 or "apportionment error not told" in row["flags"]


def unfolded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema with its definitions in the places that name them: nobody has to look for one, value after value."""
    known: dict[str, Any] = {}

    def of(part: Any) -> Any:
        if isinstance(part, list):
            return [of(one) for one in part]
        if not isinstance(part, Mapping):
            return part
        if "$ref" not in part:
            return {name: of(one) for name, one in part.items() if name != "$defs"}
        assert part.keys() <= {"$ref", "description"}, "what else it says would have to hold too"
        name = part["$ref"].removeprefix("#/$defs/")
        if name not in known:
            known[name] = of(schema["$defs"][name])
        return known[name]

    made: dict[str, Any] = of(schema)
    return made


def test_results_keep_their_schema(made: Made) -> None:
    schemas.validator(unfolded(reports.schema())).validate(made.results)


def test_every_record_has_a_value_or_a_reason(made: Made) -> None:
    for row in made.results["records"]:
        if row["value"] is None and row["text"] is None:
            assert row["reason"] and row["reliability"] in ("absent", "suppressed")
            assert all(row[key] is None for key in NUMBERS) and not row["error"] and row["comparison"] is None
        elif row["value"] is not None:
            assert row["reason"] is None and row["reliability"] not in ("absent", "suppressed")
        if row["comparison"] is not None:
            assert row["comparison"]["verdict"] in VERDICTS


# --- what must not be told ------------------------------------------------------------------------------------------


def told(record: Record | Mapping[str, Any]) -> set[float]:
    """Numbers of a record that could give it away, to twelve digits as they are written."""
    get = record.get if isinstance(record, Mapping) else lambda name: getattr(record, name)
    found = [get(name) for name in NUMBERS]
    # Short numbers (0.5, 12) are anywhere by chance.
    long = [v for v in found if v is not None and len(f"{abs(v):.9g}".strip("0.").replace(".", "")) > 6]
    return {float(f"{v:.12g}") for v in long}


def test_suppressed_values_are_nowhere(made: Made) -> None:
    open_ = JudgeSettings(min_households=0, min_persons=0, group_min=0, group_cv=math.inf)
    withheld = {key for key, row in made.rows.items() if row["reliability"] == "suppressed"}
    rows = [row for row in run.catalogue.indicators() if any(row.id == indicator for indicator, *_ in withheld)]
    everything = measuring.measure(rows, made.place, settings=ReduceSettings(), judging=open_)
    opened = {(r.indicator, r.zone, r.group): r for r in everything}
    hidden = {number for key in withheld for number in told(opened[key])}
    hidden -= {number for key, row in made.rows.items() if key not in withheld for number in told(row)}
    assert len(hidden) > 100
    for name in ("results.json", "indicators.csv", "index.html", "checklist.json", "checklist.csv", "manifest.json"):
        text = (made.out / name).read_text(encoding="utf-8")
        text = whole(text) if name == "index.html" else text
        # How much of a reference's universe a zone is stands on counts that are shown: 12 of 228 may be 1 of 19 too.
        text = re.sub(r'"overlap": [^,}]+', "", text)
        numbers = {float(f"{float(n):.12g}") for n in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", text)}
        assert not numbers & hidden, name
    packed = (made.out / "indicators.gpkg").read_bytes()
    assert not [v for v in hidden if struct.pack(">d", v) in packed]
    with (made.out / "indicators.csv").open(encoding="utf-8", newline="") as lines:
        rows = [r for r in csv.DictReader(lines) if r["reliability"] == "suppressed"]
    assert rows and not any(r[key] for r in rows for key in NUMBERS if key in r)


def test_nothing_below_block_group_is_published(made: Made) -> None:
    blocks = set(made.county.geography.blocks["geoid"])
    for path in made.out.iterdir():
        found = set(re.findall(rb"(?<!\d)99\d{13}(?!\d)", path.read_bytes()))
        assert not {f.decode() for f in found} & blocks, path.name
    layers = gpd.list_layers(made.out / "indicators.gpkg")["name"]
    assert {len(z["id"]) for z in made.results["zones"] if z["role"] == "area"} == {11, 12}
    for layer in layers:
        frame = gpd.read_file(made.out / "indicators.gpkg", layer=layer)
        assert len(frame) <= len(made.results["records"])


# --- runs -----------------------------------------------------------------------------------------------------------


def test_same_inputs_same_bytes(made: Made, tmp_path: Path) -> None:
    """A second run, in another process with another hash seed, from another folder; ``verify`` makes it and holds."""
    out = tmp_path / "again"
    code = (
        "import json, shutil, sys; from pathlib import Path; from justgeo import synthetic, verifying\n"
        "files, first, kept = map(Path, sys.argv[1:])\n"
        "synthetic.ensure = lambda seed: files\n"
        "again = verifying._again\n"
        "def keeping(config, out, *more): again(config, out, *more); shutil.copytree(out, kept)\n"
        "verifying._again = keeping\n"
        "found = verifying.verify(first)\n"
        "print(json.dumps([found.holds, found.synthetic, len(found.of('made again')), verifying.words(found)[1]]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "11", "PYTHONPATH": str(DISTRICT.parents[3])}
    command = [sys.executable, "-c", code, str(made.files), str(made.out), str(out)]
    done = subprocess.run(command, check=True, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    holds, synthetic_, files, first = json.loads(done.stdout)
    assert holds and synthetic_ and files == len(list(out.iterdir())) - 1 and "INVENTED" in first
    assert {p.name for p in out.iterdir()} == {p.name for p in made.out.iterdir()}
    for name in ("results.json", "indicators.csv", "index.html", "checklist.json", "checklist.csv"):
        assert (out / name).read_bytes() == (made.out / name).read_bytes(), name


def test_a_missing_layer_makes_its_rows_absent_and_no_others(made: Made) -> None:
    layers = {name: spec for name, spec in made.settings.layers.items() if name != "osm"}
    with nowhere.at_hand(made.read):
        less = run.collect_layers(replace(made.settings, layers=layers))
    assert "walk" in less.absent and "parks" in less.absent
    baseline, _ = run.measure_place(less)
    rows = by_key(json.loads(reports.dump(reports.to_dict(baseline)))["records"])
    assert rows.keys() == made.rows.keys()
    gone = 0
    extract = {"walk", "parks", "stops", "amenities", "landuse", "bike"}
    drawn = {one.id for one in run.catalogue.indicators() if extract & set(one.inputs)}
    for key, row in rows.items():
        if key[0] in drawn:
            assert row["value"] is None and row["reason"] and row["reliability"] == "absent", key
            gone += 1
            continue
        full = made.rows[key]
        assert all(row[name] == full[name] for name in (*NUMBERS, "reason", "rule")), key
    assert gone > 100


def test_groups_are_compared_as_they_were_counted(made: Made) -> None:
    """A group taken from the survey is set against a reference taken from the survey, whatever the reference shows."""
    rows = {(r["zone"], r["indicator"], r["group"]): r for r in made.results["records"]}
    by_survey = {key for key, r in rows.items() if any(f.startswith("sampled counts of") for f in r["flags"])}
    mixed = 0
    for (zone, indicator, group), row in rows.items():
        if row["comparison"] is None or not group.startswith("race:") or not indicator.startswith(("MOB", "WEL-04")):
            continue
        shown = row["value"] - rows["reference", indicator, group]["value"]
        same = ((zone, indicator, group) in by_survey) == (("reference", indicator, group) in by_survey)
        if same:
            assert row["comparison"]["difference"] == pytest.approx(shown, rel=1e-9, abs=1e-9)
        else:
            mixed += abs(row["comparison"]["difference"] - shown) > 1e-6
    assert mixed > 20
