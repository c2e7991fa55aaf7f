"""A small made place whose every text is hostile: names, tables, answers, corrections, terms. Nothing of it may run.

Each text carries a mark of its own: what runs in a browser sets ``window.hurt_<number>``, so that a test can say which
text got through and where it was written.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
import yaml

from justgeo.sources.osm import write_extract
from tests import nowhere

WEST, SOUTH, STEP_X, STEP_Y = -78.5, 38.0, 0.002, 0.0016
SIZE = 6
"""Blocks a side; a tract is two columns of them, a block group three rows of these."""

ATTACKS = (
    "<script>window.hurt_{n}=1</script>",
    "</title></style><style>*{{background:url(https://x.invalid/{n})}}</style>",
    '" autofocus tabindex=0 onfocus="window.hurt_{n}=1" x="',
    "'><a href='javascript:window.hurt_{n}=1'>go</a>",
    "[go](javascript:window.hurt_{n}=1) ![x](https://x.invalid/{n}) <https://x.invalid> www.x.invalid",
    "&lt;script&gt;window.hurt_{n}=1&lt;/script&gt; &amp;amp; &#60;b&#62; &hurt;",
    "${{window.hurt_{n}=1}} `${{window.hurt_{n}=1}}` {{{{ 7*7 }}}} {{% raw %}} <%= 7*7 %> {{name}} {{0}} %s %(n)d",
    '=HYPERLINK("https://x.invalid/{n}","go")',
    "+{n}+cmd|' /C calc'!A0",
    "-{n}-3",
    "@SUM({n})",
    "\uff1d{n}",
    'x\'; DROP TABLE indicators;-- "{n}"',
    '!!python/object/apply:os.system ["{n}"] *a &b %TAG',
    'url(https://x.invalid/{n}) expression(window.hurt_{n}=1) @import "x" \\3c \\"; window.hurt_{n}=1; //',
    '{n};=HYPERLINK("https://x.invalid/{n}")',
    '&L&D&"Arial"&{n} _x0041_ [{n}]!A1 $\\href{{javascript:{n}}}$ $x$',
    "**b** | c | `d` ~~e~~ # {n} \\",
    "../../{n} CON.{n} C:\\{n}: ~/{n} a%00b %2e%2e",
    "\u05e9\u05dc\u05d5\u05dd {n} \u200f\u0627\u0644\u062d\u064a \U0001f333 e\u0301 \u200b \u00a0x",
)
"""What a text begins with."""

CORE = """</script><img src=x onerror=window.hurt_{n}=2>"'><svg/onload=window.hurt_{n}=3><!--"""
"""What every text holds besides: enough to run wherever it is taken for HTML."""

UNSEEN = "\u202e"
"""A mark that turns what stands behind it around, figures too: it may be in no output."""

OWN = "areas'; !<b>.geojson"
"""Name of the file of the planner's own areas."""


class Plant:
    """Hands out hostile texts and remembers where each was put."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def __call__(self, where: str, most: int = 240) -> str:
        """A text for one place; the places take the attacks in turn."""
        n = len(self.texts) + 1
        text = f"{ATTACKS[n % len(ATTACKS)].format(n=n)} {CORE.format(n=n)}"[:most].strip()
        self.texts[where] = text
        return text

    def of(self, *starts: str) -> list[str]:
        """The texts of some kinds of places."""
        return [text for where, text in self.texts.items() if where.startswith(starts)]


def at(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a corner of the grid."""
    return WEST + STEP_X * x, SOUTH + STEP_Y * y


def square(x: float, y: float, wide: float, high: float) -> shapely.Polygon:
    return shapely.box(*at(x, y), *at(x + wide, y + high))


# ------------------------------------------------------------------------------------------------------- geography


def geography(folder: Path, plant: Plant) -> None:
    """Blocks, block groups, tracts, the boundary, the reference, areas of the planner's own."""
    blocks = {}
    for i in range(SIZE):
        for j in range(SIZE):
            code = f"99001{100 * (i // 2 + 1):06d}{j // 3 + 1}{i % 2}{j % 3:02d}"
            blocks[code] = square(i, j, 1, 1)
    people = [18 + 7 * (n % 5) for n in range(len(blocks))]
    frame = gpd.GeoDataFrame({"GEOID20": list(blocks), "POP20": people, "HOUSING20": [p // 2 for p in people]},
                             geometry=list(blocks.values()), crs=4326)  # fmt: skip
    frame.to_file(folder / "blocks.geojson")
    for name, width in (("block_groups", 12), ("tracts", 11)):
        whole = frame.dissolve(frame["GEOID20"].str[:width].rename("GEOID"))[["geometry"]].reset_index()
        whole.to_file(folder / f"{name}.geojson")
    _shapes(folder / "line.geojson", square(0.4, 0.4, 5.2, 5.2))
    _shapes(folder / "around.geojson", square(0, 0, SIZE, SIZE))
    parts = [square(0, 0, 3, 3), square(3, 0, 3, 3), square(0, 3, 3, 3), square(3, 3, 2.4, 3), square(5.4, 3, 0.6, 3)]
    own = {"ID": [plant(f"area id {n}", 120) for n in range(5)], "TOLD": [plant(f"area name {n}") for n in range(5)]}
    own["TOLD"][4] += UNSEEN
    gpd.GeoDataFrame(own, geometry=parts, crs=4326).to_file(folder / "areas.geojson")
    (folder / "areas.geojson").rename(folder / OWN)  # pyogrio itself cannot write to such a name


def _shapes(path: Path, shape: shapely.Polygon) -> None:
    gpd.GeoDataFrame(geometry=[shape], crs=4326).to_file(path)


def survey(folder: Path) -> None:
    """Renters and owners, with few homes in one block group: its number has to be withheld."""
    folder.mkdir()
    homes = {f"99001{100 * t:06d}{g}": (60 + 23 * t + 11 * g, 41 + 13 * t + 5 * g) for t in (1, 2, 3) for g in (1, 2)}
    homes["990010003002"] = (19, 8)
    lines = ["GEO_ID|" + "|".join(f"B25003_{kind}{k:03d}" for k in (1, 2, 3) for kind in "EM")]
    for width, prefix in ((5, "0500000US"), (11, "1400000US"), (12, "1500000US")):
        for geoid in dict.fromkeys(code[:width] for code in homes):
            pairs = [told for code, told in homes.items() if code.startswith(geoid)]
            own, rent = (sum(pair[k] for pair in pairs) for k in (0, 1))
            moe = 3 + round(1.2 * len(pairs) ** 0.5)
            lines.append(f"{prefix}{geoid}|{own + rent}|{moe}|{own}|{moe}|{rent}|{moe}")
    (folder / "acsdt5y2024-b25003.dat").write_text("\n".join(lines) + "\n", encoding="utf-8")


# ------------------------------------------------------------------------------------------------ streets, timetable


def extract(path: Path, plant: Plant) -> None:
    """Streets, parks, water, stops and places, all of hostile names."""
    nodes: dict[tuple[float, float], int] = {}
    tags: dict[int, dict[str, str]] = {}

    def node(x: float, y: float, **told: str) -> int:
        number = nodes.setdefault((x, y), len(nodes) + 1)
        tags.setdefault(number, {}).update(told)
        return number

    ways: list[tuple[int, list[int], dict[str, str]]] = []
    kinds = ("primary", "residential", "secondary", "tertiary", "residential", "footway", "service")
    for k in range(7):
        for turned in (False, True):
            refs = [node(*((k, i) if turned else (i, k))) for i in range(7)]
            told = {"highway": kinds[k], "name": plant(f"street {len(ways)}")}
            ways.append((len(ways) + 1, refs, told))
    ways[3][2]["name"] = f"Turned {UNSEEN}{ways[3][2]['name'][:200]}"
    parts = (("park", {"leisure": "park"}), ("park", {"leisure": "playground"}), ("water", {"natural": "water"}),
             ("park", {"leisure": "park"}))  # fmt: skip
    for k, (kind, told) in enumerate(parts):
        x, y = 0.55 + 1.1 * k, 1.2 + k
        ring = [node(x, y), node(x + 0.8, y), node(x + 0.8, y + 0.7), node(x, y + 0.7)]
        ways.append((len(ways) + 1, [*ring, ring[0]], {**told, "name": plant(f"{kind} {k}")}))
    points = [("stop", {"highway": "bus_stop"})] * 4
    named = ("school", "library", "college", "townhall", "post_office", "place_of_worship", "community_centre", "bank")
    points += [("place", {"amenity": kind}) for kind in named]
    points += [("place", {"shop": "supermarket"}), ("place", {"leisure": "sports_centre"})]
    for k, (kind, told) in enumerate(points):
        node(0.7 + 0.33 * k, 0.75 + 0.31 * (k * 5 % 13), **told, name=plant(f"{kind} {told} {k}"))
    found = [(number, at(x, y), tags[number]) for (x, y), number in nodes.items()]
    write_extract(path, found, ways, [], bounds=(*at(-3, -3), *at(9, 9)), replicated="2024-01-01T00:00:00Z")


def timetable(path: Path, plant: Plant) -> None:
    """A feed of one line whose every name is hostile."""
    day = ("1",) * 7
    told = {
        "agency.txt": [("agency_id", "agency_name", "agency_url", "agency_timezone"),
                       ("A", plant("feed agency"), "https://x.invalid", "America/New_York")],
        "calendar.txt": [("service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
                          "start_date", "end_date"), ("D", *day, "20240101", "20241231")],
        "routes.txt": [("route_id", "agency_id", "route_short_name", "route_type"),
                       ("R", "A", plant("feed route"), "3")],
        "stops.txt": [("stop_id", "stop_name", "stop_lat", "stop_lon"),
                      *((f"S{k}", plant(f"feed stop {k}"), str(at(k, k)[1]), str(at(k, k)[0])) for k in range(1, 6))],
        "trips.txt": [("route_id", "service_id", "trip_id"), *(("R", "D", f"T{h}") for h in range(6, 20))],
        "stop_times.txt": [("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"),
                           *((f"T{h}", f"{h:02d}:0{k}:00", f"{h:02d}:0{k}:00", f"S{k}", str(k))
                             for h in range(6, 20) for k in range(1, 6))],
    }  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        for name, rows in told.items():
            text = io.StringIO(newline="")
            csv.writer(text).writerows(rows)
            archive.writestr(name, text.getvalue())


# ------------------------------------------------------------------------------------------------------ what people say


def answers(folder: Path, plant: Plant) -> None:
    """Answers, forms and targets, and the documents that they name."""
    (folder / "evidence").mkdir()
    files = [
        "evidence/<img src=x onerror=window.hurt_1=9>.pdf",
        "evidence/=cmd & 'x'.csv",
        "evidence/[a](b) #{{7}}.txt",
    ]
    for name in files:
        (folder / name).write_bytes(b"a document")
    web = "https://x.invalid/?a=<script>window.hurt_2=9</script>&b=[x](y)|`z`'\"{{7*7}}*_)$=;+"
    first = {"text": plant("answer text", 900), "by": plant("answer by"), "name": plant("answer name"),
             "date": "2026-03-14", "evidence": [*files, web], "publish": True, "publish_name": True}  # fmt: skip
    lines = "\n".join([plant("answer first line"), "", plant("answer second line"), "=1+1", "- 2"])
    told: dict[str, Any] = {
        "items": {"GW-1": [first, {"text": lines, "publish": True}]},
        "swot": [{"kind": "threat", "text": plant("form text"), "affected": plant("form column"), "publish": True}],
        "assets": [{"kind": "events", "text": plant("asset text"), "publish": True}],
        "governing_body": [{"text": plant("seat"), "organization": plant("seat of"), "publish": True}],
        "targets": [{"indicator": "BEL-02", "target": "30 %", "year": 2034, "note": plant("target note"),
                     "by": plant("target by"), "publish": True}],
    }  # fmt: skip
    (folder / "answers.yml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    own = {
        "source": plant("own source"),
        "commitments": [{"id": "C1", "name": plant("own commitment"), "category": "Belonging",
                         "goal": plant("own goal"), "question": plant("own question"), "indicators": ["BEL-02"]}],
    }  # fmt: skip
    (folder / "protocol.local.yml").write_text(yaml.safe_dump(own, allow_unicode=True), encoding="utf-8")


def corrections(folder: Path, plant: Plant) -> None:
    """What residents say is otherwise."""
    features = []
    for k, (kind, x, y) in enumerate(
        (("park_locked", 0.9, 1.5), ("stop_missing", 4.2, 4.1), ("place_missing", 3.1, 2.2))
    ):
        told = {"kind": kind, "note": plant(f"correction note {k}"), "role": plant(f"correction role {k}"),
                "name": plant(f"correction name {k}"), "publish": True, "publish_name": True,
                "what": "library" if kind == "place_missing" else plant(f"correction what {k}")}  # fmt: skip
        point = {"type": "Point", "coordinates": list(at(x, y))}
        features.append({"type": "Feature", "geometry": point, "properties": told})
    whole = {"type": "FeatureCollection", "features": features}
    (folder / "corrections.geojson").write_text(json.dumps(whole), encoding="utf-8")


def sites(folder: Path, plant: Plant) -> Path:
    """Project sites for the map of an application."""
    path = folder / "sites.csv"
    rows = [("name", "lon", "lat"), *((plant(f"site {k}", 60), *at(1.1 + k, 1.3 + k)) for k in range(4))]
    with path.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return path


# ------------------------------------------------------------------------------------------------------------ the place


def terms(plant: Plant, name: str, licence: str = "ODbL 1.0") -> dict[str, Any]:
    """Provenance of a layer in which every word is hostile."""
    told = {key: plant(f"terms {name} {key}") for key in ("source", "dataset", "vintage", "attribution")}
    licence = f"{licence} {plant(f'terms {name} licence')}"
    return {**told, "licence": licence, "url": f"javascript:window.hurt_{len(plant.texts)}=7", "synthetic": True,
            "notes": [plant(f"terms {name} note")]}  # fmt: skip


def write(folder: Path, plant: Plant) -> Path:
    """The place's ``district.toml`` with all that it names."""
    folder.mkdir(parents=True)
    geography(folder, plant)
    survey(folder / "acs2024")
    extract(folder / "map.osm.pbf", plant)
    timetable(folder / "feed.zip", plant)
    answers(folder, plant)
    corrections(folder, plant)
    units: Mapping[str, Any] = {"geography_vintage": 2020}
    told: dict[str, Mapping[str, Any]] = {
        "blocks": {"path": "blocks.geojson", "geoid": "GEOID20", **units,
                   "columns": {"population": "POP20", "housing_units": "HOUSING20"}},
        "block_groups": {"path": "block_groups.geojson", "geoid": "GEOID", **units},
        "tracts": {"path": "tracts.geojson", "geoid": "GEOID", **units},
        "acs": {"path": "acs2024", "year": 2024},
        "osm": {"path": "map.osm.pbf"},
        "gtfs": {"path": "feed.zip"},
    }  # fmt: skip
    told = {layer: {**one, **terms(plant, layer)} for layer, one in told.items()}
    more: dict[str, Mapping[str, Any]] = {
        "reference": {"file": "around.geojson", "name": plant("reference")},
        "absent": {layer: plant(f"absent {layer}") for layer in ("tree_canopy", "acs:B19013", "data:places")},
        "displacement": {"protections": [plant("protection", 190)]},
    }
    more["areas"] = {"path": OWN, "geoid": "ID", "columns": {"name": "TOLD"}, **terms(plant, "areas")}
    district = {"name": plant("district"), "slug": "planted", "boundary": "line.geojson"}
    return nowhere.write(folder, told, district, more, table(folder, plant))


def table(folder: Path, plant: Plant) -> str:
    """A planner's table whose file, columns and terms are hostile."""
    columns = [plant(f"column {k}", 90) for k in range(3)]
    rows = [["GEOID", *columns]]
    rows += [[f"99001{100 * t:06d}{g}", str(30 + 3 * t + g), "4", str(100 + 9 * t)] for t in (1, 2, 3) for g in (1, 2)]
    file = folder / "table '; DROP.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(rows)
    head = {"path": file.name, "geoid": "GEOID", "geography": "block group", "geography_vintage": 2020,
            **terms(plant, "table")}  # fmt: skip
    column = {"indicator": "OPP-02", "estimate": columns[0], "margin": columns[1], "kind": "count",
              "denominator": columns[2], "denominator_margin": columns[1]}  # fmt: skip
    lines = ["[[tables]]", *(f"{json.dumps(k)} = {nowhere.value(v)}" for k, v in head.items())]
    lines += ["[[tables.columns]]", *(f"{json.dumps(k)} = {nowhere.value(v)}" for k, v in column.items())]
    return "\n".join(lines)


def lacking(text: str, planted: Iterable[str]) -> list[str]:
    """Those of the texts that a text lacks, blanks apart, and but for a capital letter in front."""
    flat = " ".join(text.split())
    return [one for one in planted if " ".join(one.split())[1:] not in flat]
