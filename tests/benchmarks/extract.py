"""Benchmark 2: from an OpenStreetMap extract to the walk network as a sparse matrix, and every layer of features.

The extracts are the invented county Nowhere, laid side by side N by N times with plain buildings between its streets
(most nodes of real extracts are those of buildings), and a real one where it lies near. *Bare* is a loop over pyosmium
that keeps the same elements by the same rules on tags and ends with the same matrix and plain shapes: nothing is
checked, mended, named, nested or said of where it came from. *Handing over* is that loop without anything done in it.

``python -m tests.benchmarks.extract --sides 1 4 12 --rounds 3``
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from osmium.osm import mutable

from justgeo.sources import osm
from justgeo.synthetic import county, extract
from tests.benchmarks.extract_ways import (
    Case,
    bare,
    floor,
    osmnx_way,
    ours,
    pyrosm_way,
    said_bare,
    said_osmnx,
    said_ours,
    said_pyrosm,
)
from tests.benchmarks.timing import goal, machine, markdown, race, told, versions

LIMIT = 1.5
SIDES, ROUNDS = (1, 4, 12), 3
RIVALS_UP_TO = 4
"""Nowheres a side up to which osmnx is asked, whose way is through XML and networkx."""
BUILDINGS = 1500
OURS, FIRST, KEPT = "justgeo", "justgeo, kept besides", "justgeo, from what was kept"
COUNTY = "justgeo, one county of it, from what was kept"
BARE, FLOOR = "pyosmium, bare", "pyosmium, handing over"


# -- extracts -------------------------------------------------------------------------------------------------------


def invented(path: Path, side: int, seed: int = 2020) -> None:
    """Write Nowhere ``side`` by ``side`` times beside itself, each with buildings of its own."""
    made = extract.make(county(seed).geography, seed)
    places = np.array([spot for _, spot, _ in made.nodes])
    low, high = places.min(axis=0), places.max(axis=0)
    step = np.ceil((high - low + 0.002) * 1000) / 1000
    spots = np.random.default_rng(seed).uniform(low, high, (BUILDINGS, 2))
    nodes, ways = len(made.nodes) + 4 * BUILDINGS, len(made.ways) + BUILDINGS
    size = {"n": nodes, "w": ways, "r": len(made.relations)}
    header = osmium.io.Header()
    header.add_box(osmium.osm.Box(*low.tolist(), *(low + step * (side - 1) + (high - low)).tolist()))
    header.set("osmosis_replication_timestamp", "2024-01-01T00:00:00Z")
    corners = [(0.0, 0.0), (1.2e-4, 0.0), (1.2e-4, 1e-4), (0.0, 1e-4)]
    with osmium.SimpleWriter(str(path), header=header, overwrite=True) as writer:
        for tile in range(side * side):
            away = step * np.array(divmod(tile, side)[::-1])
            for number, spot, tags in made.nodes:
                writer.add_node(
                    mutable.Node(id=tile * nodes + number, version=1, location=tuple(spot + away), tags=tags)
                )
            for at, spot in enumerate(spots):
                for k, corner in enumerate(corners):
                    number = tile * nodes + len(made.nodes) + 4 * at + k + 1
                    writer.add_node(mutable.Node(id=number, version=1, location=tuple(spot + away + corner)))
        for tile in range(side * side):
            for number, refs, tags in made.ways:
                refs = [tile * nodes + ref for ref in refs]
                writer.add_way(mutable.Way(id=tile * ways + number, version=1, nodes=refs, tags=tags))
            for at in range(BUILDINGS):
                ring = [tile * nodes + len(made.nodes) + 4 * at + k for k in (1, 2, 3, 4, 1)]
                number = tile * ways + len(made.ways) + at + 1
                writer.add_way(mutable.Way(id=number, version=1, nodes=ring, tags={"building": "yes"}))
        for tile in range(side * side):
            for number, members, tags in made.relations:
                inside = [(kind, tile * size[kind] + ref, role) for kind, ref, role in members]
                writer.add_relation(
                    mutable.Relation(id=tile * size["r"] + number, version=1, members=inside, tags=tags)
                )


def case(folder: Path, side: int) -> Case:
    """An invented extract and what is asked of it."""
    pbf, xml = folder / f"nowhere{side}.osm.pbf", folder / f"nowhere{side}.osm"
    invented(pbf, side)
    if side <= RIVALS_UP_TO:
        copied(pbf, xml)
    return _case(f"Nowhere {side} × {side}", pbf, xml, side)


def real(folder: Path) -> Case | str:
    """West Oakland in 2016, or why it is not there."""
    root = Path(os.environ.get("JUSTGEO_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = root / "oakland" / "osm" / "West-Oakland.osm.bz2"
    if not path.exists():
        return "No real extract is at hand here (West-Oakland.osm.bz2 of the real data; see JUSTGEO_REAL_DATA)."
    pbf, xml = folder / "oakland.osm.pbf", folder / "oakland.osm"
    copied(path, pbf)
    copied(path, xml)
    return _case("West Oakland, real", pbf, xml, 1)


def copied(path: Path, target: Path) -> None:
    """An extract in another format; its box and date as they are, the date in 2016 where there is none."""
    with osmium.io.Reader(str(path), osmium.osm.NOTHING) as reader:
        told_by = reader.header()
    header = osmium.io.Header()
    header.add_box(told_by.box())
    header.set("osmosis_replication_timestamp", told_by.get("osmosis_replication_timestamp") or "2016-07-01T00:00:00Z")
    with osmium.SimpleWriter(str(target), header=header, overwrite=True) as writer:
        for element in osmium.FileProcessor(str(path)):
            writer.add(element)


def _case(title: str, pbf: Path, xml: Path, side: int) -> Case:
    bounds = osm._survey(pbf).covers.bounds
    west, south, east, north = bounds
    wide, high, at = (east - west) / side, (north - south) / side, side // 2
    part = (west + at * wide, south + at * high, west + (at + 1) * wide, south + (at + 1) * high)
    crs = f"+proj=laea +lat_0={(south + north) / 2:.1f} +lon_0={(west + east) / 2:.1f} +datum=WGS84 +units=m"
    return Case(title, pbf, xml, bounds, part, crs, xml.exists())


# -- the page -------------------------------------------------------------------------------------------------------


def section(sides: Sequence[int] = SIDES, rounds: int = ROUNDS) -> str:
    """Time and ratios for each extract, and what was equal."""
    parts: list[str] = []
    over: dict[str, float] = {}
    logging.getLogger("justgeo").setLevel(logging.ERROR)  # what is wrong with the real extract is known
    with tempfile.TemporaryDirectory(prefix="justgeo-") as name:
        folder = Path(name)
        there = real(folder)
        cases = [*(case(folder, side) for side in sides), *([] if isinstance(there, str) else [there])]
        for some in cases:
            table, over[some.title] = _measured(some, folder, rounds)
            parts.append(table)
        parts += [there] if isinstance(there, str) else []
    goals = [
        goal(f"extract to network and features, {title}, over bare pyosmium", o, LIMIT) for title, o in over.items()
    ]
    text = TEXT.format(buildings=BUILDINGS, rounds=rounds)
    last = "Rivals: " + versions("osmium", "osmnx", "pyrosm") + "."
    return "\n\n".join([text, *goals, *parts, WHY, last])


def _measured(some: Case, folder: Path, rounds: int) -> tuple[str, float]:
    number = count()
    kept = folder / f"kept-{some.pbf.stem}"

    def anew() -> Any:
        return ours(some, some.bounds, folder / f"first-{some.pbf.stem}-{next(number)}")

    ours(some, some.bounds, kept)
    ways: dict[str, Callable[[], Any]] = {
        FLOOR: lambda: floor(some),
        BARE: lambda: bare(some),
        OURS: lambda: ours(some, some.bounds),
        FIRST: anew,
        KEPT: lambda: ours(some, some.bounds, kept),
    }
    if some.part != some.bounds:
        ways[COUNTY] = lambda: ours(some, some.part, kept)
    slow: dict[str, Callable[[], Any]] = {}
    if importlib.util.find_spec("pyrosm") is not None:
        slow["pyrosm"] = lambda: pyrosm_way(some)
    if some.rivals and importlib.util.find_spec("osmnx") is not None:
        slow["osmnx from XML"] = lambda: osmnx_way(some)
    times = race(ways, rounds)
    answers: dict[str, Any] = {}
    refused = []
    for name, way in slow.items():

        def ask(name: str = name, way: Callable[[], Any] = way) -> None:
            answers[name] = way()

        try:
            times |= race({name: ask}, 1, warm=False)
        except ValueError as error:
            refused.append(f"{name} does not take it: {error}")
    base = times[BARE]
    lines = [
        [name, told(time.seconds), told(time.cpu_seconds), f"{time.cpu_seconds / base.cpu_seconds:.2f}"]
        if name in slow
        else [name, told(time.seconds), told(time.cpu_seconds), f"{time.over(base):.2f}"]
        for name, time in times.items()
    ]
    for used in folder.glob("first-*"):
        shutil.rmtree(used)
    table = markdown(("way", "ms", "CPU ms", "CPU over bare"), lines)
    size = f"{some.pbf.stat().st_size / 1e6:.2f} MB, kept {sum(p.stat().st_size for p in kept.iterdir()) / 1e6:.2f} MB"
    told_of = "\n\n".join([f"**{some.title}** ({size})", table, *refused, _equal(some, kept, answers)])
    return told_of, times[OURS].over(base)


def _equal(some: Case, kept: Path, others: Mapping[str, Any]) -> str:
    said = {
        OURS: said_ours(ours(some, some.bounds)),
        KEPT: said_ours(ours(some, some.bounds, kept)),
        BARE: said_bare(bare(some)),
    }
    read = {"pyrosm": said_pyrosm, "osmnx from XML": said_osmnx}
    said |= {name: read[name](found) for name, found in others.items()}
    lines = []
    for name, answer in said.items():
        walk = answer.walk
        features = [f"{answer.features.get(layer, 0):,}" for layer in _LAYERS]
        if "" in answer.features:
            features = [f"{answer.features['']:,} of any kind", *[""] * (len(_LAYERS) - 1)]
        lines.append([name, f"{walk.nodes:,}", f"{walk.segments:,}", f"{walk.km:,.3f}", *features])
    return markdown(("way", "nodes", "segments", "km", *_LAYERS), lines)


_LAYERS = ("streets", "bike", "parks", "stops", "amenities", "water", "landuse")
TEXT = """Walk network as a sparse matrix, streets, bikeways, parks and their entrances, stops, amenities, water and
land use, from one extract. Nowhere lies N by N times beside itself, each time with {buildings:,} plain buildings.
*Bare* keeps the same elements by the same rules and ends with the same matrix; it checks no ring and no cut, makes no
tables, and says nothing of where its data come from. *Kept besides* writes everything to disk on the way, for whatever
is asked next. Medians of {rounds} rounds in turns, for osmnx and pyrosm one; CPU time is that of all threads."""
WHY = """What was equal: nodes, segments and their length, for justgeo, read or kept, and bare pyosmium. Counts of
features may differ from those of bare by what is decided on shapes: parks under 10 m², stops and amenities that are
drawn as open lines, ways that lack a node. osmnx reads XML, holds every way of the file, and is counted by what one may
walk. pyrosm has rules of its own for walking (`access=no`, pavements that are mapped apart). Features of both are those
asked for by key, before any rule.

West Oakland is a file of 0.1 MB, where what does not grow counts: nine tables cost some 20 ms, and its ways are read
once more, 13 ms, to tell multipolygons that the file cuts from those whose rings do not close, which bare does not ask.
On larger extracts justgeo is quicker than bare, since it judges equal tags once."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=list(SIDES))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args(arguments)
    print(machine() + "\n")
    print(section(asked.sides, asked.rounds))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
