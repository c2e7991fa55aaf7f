"""How large a page is, and what it asks for, beside plain folium with one layer an indicator.

``python -m tests.benchmarks.page_size --tracts 30 300``

The districts are invented: N tracts of three block groups, with edges that wind as real ones do, streets, parks and
stops in keeping. Every core indicator has a value for each area, drawn from those of the invented county Nowhere, whose
results also give the tables, groups and sources. Plain folium draws the same areas, values and names in the way of its
documentation: a ``GeoJson`` with a tooltip for each indicator, and one for each layer beneath. Its background tiles,
which are more requests at every look, are left out.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import shapely

from justgeo import run
from justgeo.report import page, write
from justgeo.report.basemap import Basemap
from justgeo.report.choropleth import RAMP, breaks
from tests.benchmarks.timing import goal, markdown, race, versions
from tests.report import made

SIDE_M = 620.0
GROUPS = 3
LAYERS, TRACTS, LIMIT_MB = 12, 300, 1.5
_LOADS = re.compile(r"""<(?:script|link|img|iframe)[^>]*?(?:src|href)=["'](https?:)?//""", re.IGNORECASE)


@dataclass(frozen=True)
class District:
    """An invented district: what ``page.render`` takes."""

    results: dict[str, Any]
    checklist: Any
    zones: gpd.GeoDataFrame
    basemap: Basemap


@dataclass(frozen=True)
class Size:
    """Bytes of a page, and how many files of others it needs before it shows anything."""

    bytes: int
    requests: int


def measured(folder: Path) -> tuple[dict[str, Any], Any]:
    """Results and checklist of Nowhere, as a run has them."""
    kept: list[Any] = []
    original = write.write_all

    def keep(target: Path, content: Any, checklist: Any, *rest: Any, **named: Any) -> list[Path]:
        kept.append((content, checklist))
        return original(target, content, checklist, *rest, **named)

    write.write_all = keep
    try:
        home = next(one for one in run.embedded() if one.name == "nowhere-invented")
        run.run_config(home / "district.toml", folder)
    finally:
        write.write_all = original
    content, checklist = kept[0]
    return content, checklist


def invented(tracts: int, content: dict[str, Any], checklist: Any, seed: int = 1) -> District:
    """A district of ``tracts`` tracts with the records of Nowhere dealt out among its areas."""
    rng = np.random.default_rng(seed)
    groups = _cells(tracts, rng)
    whole = [shapely.union_all(groups[i : i + GROUPS]) for i in range(0, len(groups), GROUPS)]
    outline = shapely.union_all(whole)
    levels = {"tract": whole, "block group": groups}
    rows = [
        {"id": f"{level[0]}{i}", "name": f"{level.capitalize()} {i + 1}", "role": "area", "geography": level}
        for level, shapes in levels.items()
        for i in range(len(shapes))
    ]
    old = [zone for zone in content["zones"] if zone["role"] != "area"]
    zones = gpd.GeoDataFrame(
        [{name: zone[name] for name in ("id", "name", "role", "geography")} for zone in (*old, *rows)],
        geometry=[*(outline if zone["role"] == "district" else outline.buffer(4000) for zone in old), *whole, *groups],
        crs=made.CRS,
    )
    results = {
        **content,
        "zones": [*old, *({**row, "facts": {}} for row in rows)],
        "records": [*_kept(content, old), *_dealt(content, rows, rng)],
    }
    return District(results, checklist, zones, _beneath(outline, tracts, rng))


def ours(district: District) -> Size:
    """The page of a run; it is refused where it would ask for anything (`inline.refuse_links`)."""
    html = page.render(district.results, district.checklist, district.zones, district.basemap)
    return Size(len(html.encode("utf-8")), len(_LOADS.findall(html)))


def plain(district: District) -> Size:
    """The same layers in plain folium."""
    zones = district.zones.to_crs(4326)
    middle = shapely.box(*zones.total_bounds).centroid
    drawn = folium.Map([middle.y, middle.x], zoom_start=13, tiles=None)
    for name in ("water", "parks", "streets", "stops", "places"):
        layer = getattr(district.basemap, name)
        if layer is not None:
            folium.GeoJson(layer.to_crs(4326).to_json(), name=name).add_to(drawn)
    records = {(r["indicator"], r["zone"]): r for r in district.results["records"] if r["group"] == "all"}
    for row in district.results["indicators"]:
        areas = zones[(zones["role"] == "area") & (zones["geography"] == row["map"])]
        if len(areas):
            _layer(areas, row, records).add_to(drawn)
    folium.LayerControl().add_to(drawn)
    html = drawn.get_root().render()
    return Size(len(html.encode("utf-8")), len(_LOADS.findall(html)))


def few(district: District, layers: int = LAYERS) -> District:
    """The same with its first indicators that have values for tracts alone."""
    found = district.results
    tracts = {zone["id"] for zone in found["zones"] if zone["geography"] == "tract" and zone["role"] == "area"}
    told = {r["indicator"] for r in found["records"] if r["zone"] in tracts and r["value"] is not None}
    kept = [row for row in found["indicators"] if row["id"] in told and row["map"] == "tract"][:layers]
    ids = {row["id"] for row in kept}
    some = [zone["id"] for zone in found["zones"] if zone["geography"] != "block group"]
    results = {
        **found,
        "indicators": kept,
        "zones": [zone for zone in found["zones"] if zone["id"] in some],
        "records": [r for r in found["records"] if r["indicator"] in ids and r["zone"] in set(some)],
    }
    zones = district.zones[district.zones["id"].isin(some)].reset_index(drop=True)
    return replace(district, results=results, zones=zones)


def section(tracts: int = TRACTS, rounds: int = 3) -> str:
    """Benchmark 7, for ``docs/benchmarks.md``: twelve indicators, and all of them, beside plain folium."""
    with tempfile.TemporaryDirectory() as folder:
        content, checklist = measured(Path(folder) / "out")
    whole = invented(tracts, content, checklist)
    lines, of_twelve = [], 0.0
    for name, district in (
        (f"{LAYERS} indicators, tracts", few(whole)),
        ("all indicators, tracts and block groups", whole),
    ):
        sizes: dict[str, Size] = {}
        ways = {
            "ours": partial(_kept_size, sizes, ours, district),
            "plain": partial(_kept_size, sizes, plain, district),
        }
        times = race(ways, rounds, warm=False)
        own, other = sizes["ours"], sizes["plain"]
        of_twelve = of_twelve or own.bytes / 1e6
        lines.append(
            [f"{name}: {len(district.results['indicators'])}", f"{own.bytes / 1e6:.2f}", f"{other.bytes / 1e6:.2f}",
             f"{own.bytes / other.bytes:.2f}", f"{times['ours'].cpu_seconds:.1f}", f"{times['plain'].cpu_seconds:.1f}",
             f"{times['ours'].over(times['plain']):.2f}", f"{own.requests} / {other.requests}"]
        )  # fmt: skip
        rounds = 1  # plain folium with everything takes minutes
    head = ("page", "justgeo, MB", "plain folium, MB", "bytes, over", "justgeo, CPU s", "plain folium, CPU s",
            "time, over", "outside files")  # fmt: skip
    return "\n\n".join(
        [TEXT.format(tracts=tracts),
         goal(f"{LAYERS} indicators of {tracts} tracts, one file", of_twelve, LIMIT_MB, " MB"),
         markdown(head, lines), EQUAL, "Rival: " + versions("folium") + "."]
    )  # fmt: skip


def _kept_size(sizes: dict[str, Size], way: Callable[[District], Size], district: District) -> None:
    sizes[way.__name__] = way(district)


TEXT = """\
The page of an invented district of {tracts} tracts beside plain folium with one `GeoJson` layer an indicator, with
streets, parks, stops and schools in keeping beneath both."""

EQUAL = """\
**What was equal.** Outlines, values, margins and names of every area of every indicator, with a tooltip. Ours holds
besides the tables, groups, sources, checklist, search and a second language, with all scripts in the file; plain
folium loads its scripts and styles from others (*outside files*, ours first), and its outlines are not simplified.
More in [pages.md](pages.md)."""


def _layer(areas: gpd.GeoDataFrame, row: dict[str, Any], records: dict[tuple[str, str], Any]) -> folium.GeoJson:
    told = [records.get((row["id"], zone)) for zone in areas["id"]]
    names = ("value", "moe", "reliability", "reason")
    shown = areas[["name", "geometry"]].assign(**{n: [None if r is None else r[n] for r in told] for n in names})
    edges = breaks([r["value"] for r in told if r is not None and r["value"] is not None] or [0.0])

    def style(feature: dict[str, Any]) -> dict[str, Any]:
        value = feature["properties"]["value"]
        shade = "#eceae6" if value is None else RAMP[min(sum(value >= edge for edge in edges), len(RAMP) - 1)]
        return {"fillColor": shade, "color": "white", "weight": 1, "fillOpacity": 0.9}

    tooltip = folium.GeoJsonTooltip(["name", *names])
    return folium.GeoJson(shown.to_json(), name=row["title"], style_function=style, tooltip=tooltip, show=False)


def _cells(tracts: int, rng: np.random.Generator) -> list[shapely.Polygon]:
    """Cells of a shaken grid, `GROUPS` a tract; an edge is drawn once, so that neighbours share it."""
    across = int(np.ceil(np.sqrt(tracts * GROUPS) / GROUPS)) * GROUPS
    down = int(np.ceil(tracts * GROUPS / across))
    x, y = np.meshgrid(np.arange(across + 1) * SIDE_M, np.arange(down + 1) * SIDE_M)
    corners = np.dstack([x, y]) + rng.uniform(-0.15, 0.15, (*x.shape, 2)) * SIDE_M
    edges: dict[tuple[Any, Any], list[Any]] = {}

    def edge(a: tuple[int, int], b: tuple[int, int]) -> list[Any]:
        if (b, a) in edges:
            return edges[b, a][::-1]
        if (a, b) not in edges:
            steps = np.linspace(0, 1, 9)[:, None]
            line = corners[a] * (1 - steps) + corners[b] * steps
            line[1:-1] += np.clip(rng.normal(0, 0.012 * SIDE_M, (7, 2)), -12, 12)
            edges[a, b] = line.tolist()
        return edges[a, b]

    made_of = []
    for j in range(down):
        for i in range(across):
            ring = [(j, i), (j, i + 1), (j + 1, i + 1), (j + 1, i)]
            made_of.append(
                shapely.Polygon([p for a, b in zip(ring, [*ring[1:], ring[0]], strict=True) for p in edge(a, b)[:-1]])
            )
    return made_of[: tracts * GROUPS]


def _kept(content: dict[str, Any], old: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = {zone["id"] for zone in old}
    return [record for record in content["records"] if record["zone"] in ids]


def _dealt(content: dict[str, Any], rows: Sequence[dict[str, Any]], rng: np.random.Generator) -> list[dict[str, Any]]:
    """Records of areas: each area has, of each indicator that areas have, one of those of Nowhere, a little shaken."""
    level = {zone["id"]: zone["geography"] for zone in content["zones"]}
    source: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in content["records"]:
        if record["group"] == "all" and level.get(record["zone"]) in ("tract", "block group"):
            source.setdefault((record["indicator"], level[record["zone"]]), []).append(record)
    found = []
    for (_, geography), records in source.items():
        for row in rows:
            if row["geography"] == geography:
                record = records[int(rng.integers(len(records)))]
                value = record["value"]
                shaken = (
                    None if value is None else float(np.clip(value * rng.uniform(0.9, 1.1), -1e9, max(1.0, abs(value))))
                )
                found.append({**record, "zone": row["id"], "value": shaken})
    return found


def _beneath(outline: shapely.Geometry, tracts: int, rng: np.random.Generator) -> Basemap:
    """Streets at every 130 m, a park for every three tracts, a stop for each tenth of a kilometre squared."""
    west, south, east, north = outline.buffer(400).bounds
    lines = [shapely.LineString([(x, south), (x + 40, north)]) for x in np.arange(west, east, 130)]
    lines += [shapely.LineString([(west, y), (east, y - 40)]) for y in np.arange(south, north, 130)]
    kinds = ["primary" if k % 12 == 0 else "secondary" if k % 5 == 0 else "residential" for k in range(len(lines))]
    streets = gpd.GeoDataFrame(
        {"kind": kinds, "name": [f"Street {k}" for k in range(len(lines))]}, geometry=lines, crs=made.CRS
    )

    def spots(n: int) -> list[shapely.Point]:
        return [shapely.Point(rng.uniform(west, east), rng.uniform(south, north)) for _ in range(n)]

    parks = [point.buffer(rng.uniform(40, 160), quad_segs=4) for point in spots(max(2, tracts // 3))]
    stops, places = spots(tracts * 6), spots(tracts)
    schools = {"name": [f"School {k}" for k in range(tracts)], "kind": "school"}
    return Basemap(
        streets,
        gpd.GeoDataFrame({"name": [f"Park {k}" for k in range(len(parks))]}, geometry=parks, crs=made.CRS),
        None,
        gpd.GeoDataFrame({"name": [f"Stop {k}" for k in range(len(stops))]}, geometry=stops, crs=made.CRS),
        gpd.GeoDataFrame(schools, geometry=places, crs=made.CRS),
    )  # fmt: skip


def table(sizes: dict[int, tuple[Size, Size]]) -> str:
    """The rows of ``docs/pages.md``."""
    lines = [
        "| tracts | page of justgeo, kB | outside files | plain folium, kB | outside files | times |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for tracts, (own, other) in sizes.items():
        lines.append(
            f"| {tracts} | {own.bytes / 1000:,.0f} | {own.requests} | {other.bytes / 1000:,.0f} | {other.requests} |"
            f" {other.bytes / own.bytes:.0f} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracts", type=int, nargs="+", default=[30, 300])
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        content, checklist = measured(Path(folder) / "out")
    sizes = {}
    for tracts in asked.tracts:
        district = invented(tracts, content, checklist)
        sizes[tracts] = (ours(district), plain(district))
    print(table(sizes))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
