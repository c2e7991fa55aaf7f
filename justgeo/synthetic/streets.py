"""Streets of Nowhere: the sides of the cells, less what water, parks and a motorway take away.

A street runs along a cell's side unless water lies on both hands (then only a bridge crosses), or the side lies inside
a park. Few streets cross the motorway. A few residential pieces are missing, so that there are dead ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.synthetic.geography import (
    COLS,
    HOMES,
    MOTORWAY_COLUMN,
    PARK,
    PARKS,
    ROWS,
    WATER,
    Geography,
)

RAIL_COLUMN = 26
BRIDGE_LINES = (3, 19, 27, 33)
ROW_CLASS = {19: "primary", 3: "secondary", 11: "secondary", 27: "secondary", 35: "secondary", 7: "tertiary"}
COLUMN_CLASS = {22: "primary", 4: "secondary", 34: "secondary", 39: "secondary", 10: "tertiary", 18: "tertiary"}
# What a mapper says of speeds, lanes and cycling on larger streets; nothing of line 27 and column 39.
ROW_TAGS = {
    19: {"maxspeed": "35 mph", "lanes": "4"},
    3: {"maxspeed": "25 mph", "lanes": "2", "cycleway": "lane"},
    11: {"maxspeed": "30 mph", "lanes": "2;3", "cycleway:both": "lane"},
    35: {"lanes": "4", "cycleway:right": "track"},
    7: {"cycleway:left": "lane", "cycleway:right": "lane"},
}
COLUMN_TAGS = {
    22: {"maxspeed": "25 mph", "lanes": "5", "cycleway": "lane"},
    4: {"maxspeed": "40", "lanes": "2"},
    34: {"maxspeed": "40", "cycleway": "track"},
    10: {"lanes": "2"},
    18: {"maxspeed": "30 mph", "cycleway:right": "lane"},
}
TREES = (
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elm",
    "Fir",
    "Gum",
    "Hazel",
    "Ivy",
    "Juniper",
    "Katsura",
    "Laurel",
    "Maple",
    "Nutmeg",
    "Oak",
    "Pine",
    "Quince",
    "Rowan",
    "Spruce",
    "Tulip",
    "Umber",
    "Viburnum",
    "Willow",
    "Yew",
)
Tags = dict[str, str]
Spot = tuple[float, float]


@dataclass
class Extract:
    """What will be an OSM file: nodes, ways and relations with their tags, ids in order of making."""

    nodes: list[tuple[int, Spot, Tags]] = field(default_factory=list)
    ways: list[tuple[int, list[int], Tags]] = field(default_factory=list)
    relations: list[tuple[int, list[tuple[str, int, str]], Tags]] = field(default_factory=list)

    def node(self, lon: float, lat: float, tags: Tags | None = None) -> int:
        """Add a node, return its id."""
        number = len(self.nodes) + 1
        self.nodes.append((number, (round(float(lon), 7), round(float(lat), 7)), dict(tags or {})))
        return number

    def way(self, nodes: list[int], tags: Tags) -> int:
        """Add a way, return its id."""
        number = len(self.ways) + 1
        self.ways.append((number, nodes, tags))
        return number

    def relation(self, members: list[tuple[str, int, str]], tags: Tags) -> int:
        """Add a relation, return its id."""
        number = len(self.relations) + 1
        self.relations.append((number, members, tags))
        return number

    def tag(self, node: int, tags: Tags) -> None:
        """Give more tags to a node."""
        self.nodes[node - 1][2].update(tags)


@dataclass(frozen=True)
class Sides:
    """Which sides of cells carry a street.

    Attributes
    ----------
    across : (ROWS + 1, COLS) bool
        From corner (r, c) to (r, c + 1).
    along : (ROWS, COLS + 1) bool
        From corner (r, c) to (r + 1, c).
    bridge : (ROWS + 1, COLS) bool
        Sides of ``across`` that are bridges.
    """

    across: BoolArray
    along: BoolArray
    bridge: BoolArray


def sides(geography: Geography, seed: int) -> Sides:
    """Decide which sides are streets."""
    rng = np.random.default_rng([seed, 7])
    kind = np.full((ROWS + 2, COLS + 2), WATER)
    kind[1:-1, 1:-1] = geography.cell_kind
    below, above = kind[:-1, 1:-1], kind[1:, 1:-1]
    left, right = kind[1:-1, :-1], kind[1:-1, 1:]
    across, along = _open(below, above), _open(left, right)
    bridge = np.zeros_like(across)
    for line in BRIDGE_LINES:
        bridge[line, :30] = (below[line, :30] == WATER) & (above[line, :30] == WATER)
    row = np.arange(ROWS + 1)[:, None]
    across &= rng.random(across.shape) > np.where(np.isin(row, list(ROW_CLASS)), 0.0, 0.035)
    column = np.arange(COLS + 1)[None, :]
    along &= rng.random(along.shape) > np.where(np.isin(column, list(COLUMN_CLASS)), 0.0, 0.035)
    across |= bridge
    across[:, MOTORWAY_COLUMN] &= np.arange(ROWS + 1) % 4 == 3
    bridge[:, MOTORWAY_COLUMN] |= across[:, MOTORWAY_COLUMN]
    return Sides(across, along, bridge)


def _open(one: IntArray, other: IntArray) -> BoolArray:
    """Sides that may carry a street, from the kinds of the cells on both hands."""
    wild = (WATER, PARK)
    return np.asarray(~(np.isin(one, wild) & np.isin(other, wild)))


def lay(geography: Geography, seed: int) -> tuple[Extract, Sides]:
    """Streets, park paths, alleys, motorway and railway as OSM objects.

    Corner (r, c) of the grid is node ``corner_id(r, c)``.
    """
    extract, found = Extract(), sides(geography, seed)
    for row in range(ROWS + 1):
        for col in range(COLS + 1):
            extract.node(*geography.corners[row, col])
    middle = _alleys(extract, geography, found, seed)
    for row in range(ROWS + 1):
        _line(
            extract,
            [(row, col) for col in range(COLS + 1)],
            found.across[row],
            found.bridge[row],
            middle,
            {"highway": ROW_CLASS.get(row, "residential"), **ROW_TAGS.get(row, {})},
            f"Street {row + 1}",
        )
    for col in range(COLS + 1):
        name = f"{TREES[col % len(TREES)]} {'Avenue' if col < len(TREES) else 'Road'}"
        _line(
            extract,
            [(row, col) for row in range(ROWS + 1)],
            found.along[:, col],
            np.zeros(ROWS, dtype=np.bool_),
            middle,
            {"highway": COLUMN_CLASS.get(col, "residential"), **COLUMN_TAGS.get(col, {})},
            name,
        )
    _paths(extract, geography)
    _barriers(extract, geography)
    _signals(extract, seed)
    return extract, found


def corner_id(row: int, col: int) -> int:
    """OSM id of a grid corner."""
    return row * (COLS + 1) + col + 1


def _line(
    extract: Extract,
    corners: list[tuple[int, int]],
    there: BoolArray,
    bridge: BoolArray,
    middle: dict[tuple[int, int], int],
    tags: Tags,
    name: str,
) -> None:
    """One grid line as ways: a way ends where a side is missing and where a bridge begins or ends."""
    nodes: list[int] = []
    for step, (start, end) in enumerate(pairwise(corners)):
        first, last = corner_id(*start), corner_id(*end)
        if not there[step]:
            nodes = _finish(extract, nodes, tags, name)
        elif bridge[step]:
            _finish(extract, nodes, tags, name)
            extract.way([first, last], {**tags, "name": name, "bridge": "yes", "layer": "1"})
            nodes = []
        else:
            nodes = nodes or [first]
            nodes += [middle[first, last], last] if (first, last) in middle else [last]
    _finish(extract, nodes, tags, name)


def _finish(extract: Extract, nodes: list[int], tags: Tags, name: str) -> list[int]:
    if nodes:
        extract.way(nodes, {**tags, "name": name})
    return []


def _alleys(extract: Extract, geography: Geography, found: Sides, seed: int) -> dict[tuple[int, int], int]:
    """Ways through large blocks, from the middle of one side to the middle of the other."""
    rng = np.random.default_rng([seed, 8])
    kinds: list[Tags] = [
        {"highway": "footway"},
        {"highway": "service", "service": "alley"},
        {"highway": "path"},
        {"highway": "service", "access": "private"},
        {"highway": "steps"},
        {"highway": "construction", "construction": "residential"},
        {"highway": "living_street"},
        {"highway": "cycleway", "foot": "no"},
    ]
    middle: dict[tuple[int, int], int] = {}
    for row in range(1, ROWS, 2):
        for col in range(0, COLS, 3):
            homes = geography.cell_kind[row, col] == HOMES
            both = found.across[row, col] and found.across[row + 1, col]
            if not (homes and both) or found.bridge[row, col] or found.bridge[row + 1, col]:
                continue
            if rng.random() < 0.6:
                south = _middle_node(extract, geography, middle, row, col)
                north = _middle_node(extract, geography, middle, row + 1, col)
                extract.way([south, north], dict(kinds[int(rng.integers(0, len(kinds)))]))
    return middle


def _middle_node(extract: Extract, geography: Geography, middle: dict[tuple[int, int], int], row: int, col: int) -> int:
    key = (corner_id(row, col), corner_id(row, col + 1))
    if key not in middle:
        middle[key] = extract.node(*_mid(geography, row, col))
    return middle[key]


def _mid(geography: Geography, row: int, col: int) -> FloatArray:
    """Middle of the side from corner (r, c) to (r, c + 1)."""
    return np.asarray((geography.corners[row, col] + geography.corners[row, col + 1]) / 2, dtype=np.float64)


def _paths(extract: Extract, geography: Geography) -> None:
    """Two crossing paths in every park, from corner to corner."""
    corners = geography.corners
    for number, (row, col, height, width) in enumerate(PARKS):
        ends = [(row, col), (row + height, col + width), (row, col + width), (row + height, col)]
        # in the first park the paths meet south of the lake
        weight = (0.9, 0.1) if number == 0 else (0.5, 0.5)
        south = (corners[ends[0]] + corners[ends[2]]) / 2
        north = (corners[ends[1]] + corners[ends[3]]) / 2
        centre = extract.node(*(south * weight[0] + north * weight[1]))
        for first, last in ((ends[0], ends[1]), (ends[2], ends[3])):
            tags = {"highway": "footway" if number % 2 else "path", "name": f"Park path {number + 1}"}
            if number % 3 == 0:
                tags["bicycle"] = "designated" if number % 2 else "yes"
            extract.way([corner_id(*first), centre, corner_id(*last)], tags)


def _signals(extract: Extract, seed: int) -> None:
    """Traffic signals where larger streets meet, and at a few corners where a small one meets a secondary one.

    Nobody crosses a primary street but where another large one does, so that calm streets fall into several networks.
    """
    rng = np.random.default_rng([seed, 16])
    for row in range(ROWS + 1):
        for col in range(COLS + 1):
            kinds = [kind for kind in (ROW_CLASS.get(row), COLUMN_CLASS.get(col)) if kind]
            if len(kinds) == 2 or (kinds and rng.random() < 0.1 and "primary" not in kinds):
                extract.tag(corner_id(row, col), {"highway": "traffic_signals"})


def _barriers(extract: Extract, geography: Geography) -> None:
    """The motorway and the railway: neither meets a street."""
    road = [extract.node(*_mid(geography, row, MOTORWAY_COLUMN)) for row in range(ROWS + 1)]
    extract.way(road, {"highway": "motorway", "ref": "I 99", "oneway": "no", "name": "Invented Motorway"})
    rail = [extract.node(*_mid(geography, row, RAIL_COLUMN)) for row in range(ROWS + 1)]
    extract.way(rail, {"railway": "rail", "name": "Nowhere Railway"})
