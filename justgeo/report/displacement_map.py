"""Tracts as an inline drawing (SVG): no library, no tiles. Dark means more pressures hold; hatched means uncertain."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from justgeo.measure.compare import LIKELY
from justgeo.report.choropleth import RAMP

WIDTH, MOST_HEIGHT = 760.0, 620.0
_MARGIN = 6.0
_PRESSURES = ("renters", "people_of_colour", "no_bachelors", "low_income")
_CHANCES = (0.1, 0.3, 0.7, 0.9)
"""Breaks of the chance, as of its words: the middle class is the uncertain one."""

Points = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Drawn:
    """A drawing.

    Attributes
    ----------
    width, height : float
        Of its coordinates.
    tracts : list of dict
        ``geoid``, ``path`` and ``fill``, ``told`` as a hint.
    outline : str
        Path of the district; empty where there is none.
    fills : mapping of str to mapping of str to str
        By ``held`` and ``chance``: the fill of every tract.
    legends : mapping of str to list
        By the same: fill and words.
    """

    width: float
    height: float
    tracts: list[dict[str, str]]
    outline: str
    fills: dict[str, dict[str, str]]
    legends: dict[str, list[tuple[str, str]]]


def draw(content: Mapping[str, Any]) -> Drawn | None:
    """The tracts of ``content["shapes"]``, coloured by pressures that hold, and by the chance; None without shapes."""
    shapes = content["shapes"]
    if shapes is None or not shapes["features"]:
        return None
    parts = {str(one["id"]): list(_rings(one["geometry"])) for one in shapes["features"]}
    outline = [] if content["outline"] is None else list(_rings(content["outline"]))
    project, width, height = _projection([ring for rings in parts.values() for ring in rings])
    fills: dict[str, dict[str, str]] = {"held": {}, "chance": {}}
    made = []
    for tract in content["tracts"]:
        geoid = str(tract["geoid"])
        if geoid not in parts:
            continue
        fills["held"][geoid], fills["chance"][geoid] = _by_held(tract), _by_chance(tract["p_vulnerable"])
        made.append({"geoid": geoid, "path": _path(parts[geoid], project), "told": _hint(tract)})
    return Drawn(width, height, made, _path(outline, project), fills, _legends())


def _held(tract: Mapping[str, Any]) -> int | None:
    """How many of the four hold; None where one cannot be told."""
    answers = [one["holds"] for key, one in tract["conditions"].items() if key in _PRESSURES]
    return None if len(answers) < len(_PRESSURES) or None in answers else sum(answers)


def _by_held(tract: Mapping[str, Any]) -> str:
    held, p = _held(tract), tract["p_vulnerable"]
    if held is None or tract["excluded"] is not None:
        return "url(#absent)"
    return f"url(#hatch-{held})" if p is not None and 1 - LIKELY < p < LIKELY else RAMP[held]


def _by_chance(p: float | None) -> str:
    if p is None:
        return "url(#absent)"
    shade = sum(p >= edge for edge in _CHANCES)
    return f"url(#hatch-{shade})" if shade == 2 else RAMP[shade]


def _legends() -> dict[str, list[tuple[str, str]]]:
    none = ("url(#absent)", "no class")
    held = [(RAMP[k], f"{k} of 4 hold") for k in range(5)]
    words = ("under 10%", "10 to 30%", "30 to 70%: uncertain", "70 to 90%", "90% or more")
    chance = [("url(#hatch-2)" if k == 2 else RAMP[k], word) for k, word in enumerate(words)]
    return {"held": [*held, ("url(#hatch-2)", "hatched: three of four are uncertain"), none], "chance": [*chance, none]}


def _hint(tract: Mapping[str, Any]) -> str:
    if tract["excluded"] is not None:
        return f"{tract['geoid']}: {tract['excluded']}"
    held, p = _held(tract), tract["p_vulnerable"]
    told = "pressures cannot all be told" if held is None else f"{held} of 4 pressures hold"
    return f"{tract['geoid']}: {told}" + ("" if p is None else f", chance of three or more {100 * p:.0f}%")


def _rings(geometry: Mapping[str, Any]) -> Iterator[Points]:
    """Rings of a GeoJSON polygon or collection of polygons."""
    if geometry["type"] == "GeometryCollection":
        for one in geometry["geometries"]:
            yield from _rings(one)
    elif geometry["type"] == "Polygon":
        yield from geometry["coordinates"]
    elif geometry["type"] == "MultiPolygon":
        for polygon in geometry["coordinates"]:
            yield from polygon


@dataclass(frozen=True)
class _Projection:
    """Degrees to the drawing: true in both directions at the middle latitude, which is enough for a picture."""

    west: float
    north: float
    shrink: float
    scale: float

    def __call__(self, point: Sequence[float]) -> tuple[float, float]:
        x = (point[0] - self.west) * self.shrink * self.scale + _MARGIN
        return round(x, 1), round((self.north - point[1]) * self.scale + _MARGIN, 1)


def _projection(rings: Iterable[Points]) -> tuple[_Projection, float, float]:
    points = [point for ring in rings for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    shrink = math.cos(math.radians((south + north) / 2))
    wide, tall = max((east - west) * shrink, 1e-9), max(north - south, 1e-9)
    scale = min((WIDTH - 2 * _MARGIN) / wide, (MOST_HEIGHT - 2 * _MARGIN) / tall)
    sizes = (round(wide * scale + 2 * _MARGIN, 1), round(tall * scale + 2 * _MARGIN, 1))
    return _Projection(west, north, shrink, scale), *sizes


def _path(rings: Iterable[Points], project: _Projection) -> str:
    """Rings as a path; points that fall on the one before are left out."""
    made = []
    for ring in rings:
        points: list[tuple[float, float]] = []
        for point in ring:
            at = project(point)
            if not points or points[-1] != at:
                points.append(at)
        if len(points) > 2:
            made.append("M" + "L".join(f"{x:g},{y:g}" for x, y in points) + "Z")
    return "".join(made)
