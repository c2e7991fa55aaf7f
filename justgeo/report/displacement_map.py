"""Tracts as an inline drawing (SVG): no library, no tiles. Dark: more of the four shares hold; hatched: uncertain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from justgeo.measure.compare import LIKELY
from justgeo.measure.typology.values import PRESSURES
from justgeo.report import drawing
from justgeo.report.choropleth import RAMP
from justgeo.report.displacement_cards import percent

WIDTH, MOST_HEIGHT = 760.0, 620.0
_CHANCES = (0.1, 0.3, 0.7, 0.9)
"""Breaks of the chance, as of its words: the middle class is the uncertain one."""


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
    """The tracts of ``content["shapes"]``, coloured by shares that hold, and by the chance; None without shapes."""
    shapes = content["shapes"]
    if shapes is None or not shapes["features"]:
        return None
    parts = {str(one["id"]): list(drawing.rings(one["geometry"])) for one in shapes["features"]}
    outline = [] if content["outline"] is None else list(drawing.rings(content["outline"]))
    project = drawing.fitted([ring for rings in parts.values() for ring in rings], WIDTH, MOST_HEIGHT)
    fills: dict[str, dict[str, str]] = {"held": {}, "chance": {}}
    made = []
    for tract in content["tracts"]:
        geoid = str(tract["geoid"])
        if geoid not in parts:
            continue
        fills["held"][geoid], fills["chance"][geoid] = _by_held(tract), _by_chance(tract["p_vulnerable"])
        made.append({"geoid": geoid, "path": drawing.path(parts[geoid], project), "told": _hint(tract)})
    return Drawn(project.width, project.height, made, drawing.path(outline, project), fills, _legends())


def _held(tract: Mapping[str, Any]) -> int | None:
    """How many of the four hold; None where one cannot be told."""
    answers = [one["holds"] for key, one in tract["conditions"].items() if key in PRESSURES]
    return None if len(answers) < len(PRESSURES) or None in answers else sum(answers)


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
    told = "the four shares cannot all be told" if held is None else f"{held} of 4 shares hold"
    return f"{tract['geoid']}: {told}" + ("" if p is None else f", chance of three or more {percent(p)}")
