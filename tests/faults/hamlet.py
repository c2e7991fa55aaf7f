"""A hamlet of 64 blocks, of which nothing is true: every kind of layer in a few lines, so that a run takes a moment.

    latitude  38.008 +----+----+
                     | west|east|   two tracts, each of two block groups of 16 blocks
              37.992 +----+----+
             -78.508      -78.492

All its files are plain texts but for the grid, so that what is odd about a text can be tried on each of them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

WEST, SOUTH, STEP, SIDE = -78.508, 37.992, 0.002, 8
COUNTY = "99001"
NAME = "Río Ñandú – 東の村"
"""Signs of three scripts: a console that knows only ASCII has to print it somehow."""
ROWS = (
    "DEM-00.population", "BEL-02", "BEL-08.divergence", "OPP-01", "WEL-04.800", "WEL-06", "MOB-03", "ENV-03",
)  # fmt: skip
"""One row of each kind of arithmetic: counts, shares, medians, blocks, walks, timetables, grids."""
MADE = {"source": "a test (invented)", "vintage": "2024", "licence": "CC0-1.0", "synthetic": True}
RACES = ("hispanic", "white", "black", "aian", "asian", "nhpi", "other", "two")
TABLES: Mapping[str, tuple[int, ...]] = {
    "B01003": (1800,),
    "B25003": (700, 300, 400),
    "B19001": (160, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10),
    "B19013": (52000,),
}
"""Estimates of a block group; a tract has twice as much, but for the median."""


def blocks() -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """GEOID and box of each block."""
    for column in range(SIDE):
        for row in range(SIDE):
            tract, group = 1 + column // 4, 1 + row // 4
            west, south = WEST + column * STEP, SOUTH + row * STEP
            geoid = f"{COUNTY}{tract:04d}00{group}{(column % 4) * 4 + row % 4:03d}"
            yield geoid, (west, south, west + STEP, south + STEP)


def _people(number: int) -> str:
    """All people of a block, and those of each of `RACES`."""
    each = [10 + number % 9, 20 + 2 * number % 13, 5 + number % 7, 0, 3 + number % 2, 0, 1, 2]
    return ",".join(map(str, (sum(each), *each)))


def write(folder: Path) -> Path:
    """All files of the hamlet, and a ``district.toml`` that names each of them; its path."""
    from tests import nowhere  # a new interpreter that only measures `few_rows` need not import all that this does

    folder.mkdir(parents=True, exist_ok=True)
    every = dict(blocks())
    _shapes(folder / "blocks.geojson", every)
    for name, digits in (("block_groups", 12), ("tracts", 11), ("counties", 5)):
        _shapes(folder / f"{name}.geojson", _joined(every, digits))
    low, high = WEST + 2.5 * STEP, WEST + 6 * STEP
    _shapes(folder / "line.geojson", {"line": (low, SOUTH + 2 * STEP, high, SOUTH + 6 * STEP)})
    lines = [f"{geoid},{_people(i)},{12 + i % 5},39000" for i, geoid in enumerate(every)]
    _text(folder / "counts.csv", f"GEOID,PEOPLE,{','.join(RACES).upper()},HOMES,LAND", lines)
    _survey(folder / "acs2024", every)
    _streets(folder / "streets.osm")
    _timetable(folder / "gtfs")
    _grid(folder / "impervious.tif")
    (folder / "answers.yml").write_text(
        "items:\n  GW-1:\n    - text: 'The well, señora: «sí».'\n      publish: true\n", encoding="utf-8"
    )
    return nowhere.write(folder, declared(), {"name": NAME, "slug": "hamlet", "boundary": "line.geojson"})


def declared() -> dict[str, dict[str, Any]]:
    """The declaration of each layer; paths beside ``district.toml``."""

    def area(name: str, level: str) -> dict[str, Any]:
        told = {"path": f"{name}.geojson", "geoid": "GEOID", "geography": level, "geography_vintage": 2020}
        return {**told, "columns": {"name": "NAME"}, **MADE}

    join = {"path": "counts.csv", "geoid": "GEOID"}
    columns = {"population": "PEOPLE", "housing_units": "HOMES", "land_m2": "LAND"}
    columns |= {f"p2_{one}": one.upper() for one in RACES}
    return {
        "counties": area("counties", "county"),
        "tracts": area("tracts", "tract"),
        "block_groups": area("block_groups", "block group"),
        "blocks": {**area("blocks", "block"), "columns": {}, "join": {**join, "columns": columns}},
        "acs": {"path": "acs2024", "year": 2024, **MADE},
        "osm": {"path": "streets.osm", **MADE},
        "gtfs": {"path": "gtfs", **MADE},
        "impervious": {"path": "impervious.tif", **MADE},
    }


Box = tuple[float, float, float, float]


def _joined(every: Mapping[str, Box], digits: int) -> dict[str, Box]:
    found: dict[str, Box] = {}
    for geoid, (w, s, e, n) in every.items():
        had = found.get(geoid[:digits], (w, s, e, n))
        found[geoid[:digits]] = (min(w, had[0]), min(s, had[1]), max(e, had[2]), max(n, had[3]))
    return found


def _shapes(path: Path, boxes: Mapping[str, Box]) -> None:
    def ring(w: float, s: float, e: float, n: float) -> list[list[float]]:
        return [[round(x, 6), round(y, 6)] for x, y in ((w, s), (e, s), (e, n), (w, n), (w, s))]

    features = [
        {
            "type": "Feature",
            "properties": {"GEOID": geoid, "NAME": f"Ñ {geoid[5:]} (invented)"},
            "geometry": {"type": "Polygon", "coordinates": [ring(*box)]},
        }
        for geoid, box in boxes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def _text(path: Path, head: str, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([head, *lines, ""]), encoding="utf-8", newline="\n")


def _survey(folder: Path, every: Mapping[str, Box]) -> None:
    for table, cells in TABLES.items():
        head = "|".join(["GEO_ID", *(f"{table}_{k}{i:03d}" for i in range(1, len(cells) + 1) for k in "EM")])
        lines = []
        for level, digits, times in (("0500000US", 5, 4), ("1400000US", 11, 2), ("1500000US", 12, 1)):
            times = 1 if table == "B19013" else times
            lines += [
                "|".join([level + geoid, *(f"{n * times}|{max(9, n * times // 9)}" for n in cells)])
                for geoid in _joined(every, digits)
            ]
        _text(folder / f"acsdt5y2024-{table.lower()}.dat", head, lines)


def _streets(path: Path) -> None:
    """A street along each side of each block, a park with a name, the box of the extract well around them."""
    n = SIDE + 1
    nodes = [
        f'<node id="{1 + i * n + j}" version="1" lat="{SOUTH + j * STEP:.6f}" lon="{WEST + i * STEP:.6f}"/>'
        for i in range(n)
        for j in range(n)
    ]
    ways = []
    for first, step in ((100, 1), (200, n)):
        for k in range(n):
            start = 1 + k * (n if step == 1 else 1)
            ids = range(start, start + n * step, step)
            refs = "".join(f'<nd ref="{one}"/>' for one in ids)
            tags = f'<tag k="highway" v="residential"/><tag k="name" v="Calle Ñ {first + k}"/>'
            ways.append(f'<way id="{first + k}" version="1">{refs}{tags}</way>')
    corners = "".join(f'<nd ref="{one}"/>' for one in (41, 42, 51, 50, 41))
    ways.append(f'<way id="900" version="1">{corners}<tag k="leisure" v="park"/><tag k="name" v="Jardín «Ö»"/></way>')
    box = '<bounds minlat="37.9" minlon="-78.6" maxlat="38.1" maxlon="-78.4"/>'
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="test">{box}'
    path.write_text("\n".join([text, *nodes, *ways, "</osm>\n"]), encoding="utf-8")


def _timetable(folder: Path) -> None:
    stops = [f"S{i},Parada Ñ {i},{SOUTH + i * STEP:.6f},{WEST + 4 * STEP:.6f}" for i in range(SIDE + 1)]
    trips = [f"R1,WK,T{k},0" for k in range(30)]
    times = [
        f"T{k},{6 + k // 2:02d}:{30 * (k % 2) + i:02d}:00,{6 + k // 2:02d}:{30 * (k % 2) + i:02d}:00,S{i},{i + 1}"
        for k in range(30)
        for i in range(SIDE + 1)
    ]
    texts = {
        "agency": (
            "agency_id,agency_name,agency_url,agency_timezone",
            ["A,Ñandú Bus,https://x.invalid,America/New_York"],
        ),
        "calendar": (
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
            ["WK,1,1,1,1,1,0,0,20240902,20241213"],
        ),
        "routes": ("route_id,agency_id,route_short_name,route_long_name,route_type", ["R1,A,1,Línea 1,3"]),
        "stops": ("stop_id,stop_name,stop_lat,stop_lon", stops),
        "trips": ("route_id,service_id,trip_id,direction_id", trips),
        "stop_times": ("trip_id,arrival_time,departure_time,stop_id,stop_sequence", times),
    }
    for name, (head, lines) in texts.items():
        _text(folder / f"{name}.txt", head, lines)


def _grid(path: Path) -> None:
    import numpy as np
    import rasterio
    from pyproj import Transformer
    from rasterio.transform import from_origin

    x, y = Transformer.from_crs(4326, 5070, always_xy=True).transform(WEST + 4 * STEP, SOUTH + 4 * STEP)
    values = (np.add.outer(np.arange(200), 3 * np.arange(200)) % 101).astype("uint8")
    told: dict[str, Any] = {"width": 200, "height": 200, "count": 1, "dtype": "uint8", "nodata": 255}
    place = from_origin(30 * round(x / 30) - 3000, 30 * round(y / 30) + 3000, 30, 30)
    with rasterio.open(path, "w", driver="GTiff", crs="EPSG:5070", transform=place, **told) as file:
        file.write(values, 1)


def few_rows(rows: Collection[str] = ROWS) -> None:
    """Measure these alone in this process: a run of all 170 rows takes seconds, one of a few half of one of `ROWS`."""
    from justgeo.catalogue import read

    every = {row.id: row for row in read.indicators()}
    for kept in (read.programmes, read.protocol):  # they name other rows too: read while all are there, and kept
        kept()
    few = tuple(every[one] for one in rows)
    read._own_indicators = lambda: few  # type: ignore[assignment]
