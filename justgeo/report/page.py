"""``index.html``: one file that opens with no network and asks for nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
from jinja2 import Environment
from markupsafe import Markup

from justgeo.report import checklist as lists
from justgeo.report import (
    choropleth,
    corrected,
    displacement_block,
    glossary,
    handout,
    inline,
    map_data,
    maps,
    origins,
    quality_page,
    remarks,
    speech,
    spoken,
    view,
    words,
)
from justgeo.report.basemap import Basemap

EVIDENCE_SHOWN = 4
"""Numbers under one item of the checklist; the others stand in the tables."""

_BLANKS = re.compile(r"\n\s+")
_STYLES = ("page.css", "map.css", "tables.css", "print.css", "displacement_public.css", "language.css",
           "handout.css")  # fmt: skip
_BEFORE = ("language.js", "unpack.js")
_AFTER = (
    "page/start.js", "page/beneath.js", "page/corrections.js", "page/areas.js", "page/pressures.js",
    "page/switches.js", "page/search.js", "page/view.js", "page/handout.js", "page/ready.js",
)  # fmt: skip
"""Scripts before and after those that draw the map, which are packed: the first sees the page as it was written, the
second unpacks and runs them."""


def render(
    results: Mapping[str, Any], checklist: lists.Checklist, zones: gpd.GeoDataFrame, basemap: Basemap | None = None
) -> str:
    """The page as HTML, the same text for the same input.

    It stands in English; the other languages are packed beside it, and ``language.js`` puts their words in its place.

    Parameters
    ----------
    results : dict
        As in ``results.json``.
    checklist : Checklist
    zones : GeoDataFrame
        Columns ``id, name, role, geography`` and polygons (see ``results.zones_frame``).
    basemap : Basemap, optional

    Raises
    ------
    OutputError
        There is no district, or something on the page points outside it.
    """
    drawn = maps.draw(results, zones, basemap or Basemap())
    marked = remarks.in_every_language(results)
    made = {code: told(code, one, checklist, drawn) for code, one in marked.items()}
    templates = inline.environment()
    beside = {code: one for code, one in made.items() if code != speech.ENGLISH}
    others = {code: templates.get_template("told.html").render(**one) for code, one in beside.items()}
    for one in others.values():
        inline.refuse_links(one, [quality_page.FILE])
    scripts = [*(inline.text(name) for name in _BEFORE), "".join(inline.text(name) for name in _AFTER)]
    scripts = [inline.checked_script(f"\n{code}\n") for code in scripts]
    unpacked = [inline.leaflet(), drawn.script]
    page = templates.get_template("index.html").render(
        **made[speech.ENGLISH],
        synthetic=results["synthetic"],
        others={code: spoken.packed(one) for code, one in others.items()},
        data=spoken.packed(inline.safe_json(_data(marked, drawn))),
        unpacked=[spoken.packed(code) for code in unpacked],
        scripts=scripts,
        policy=inline.policy([*scripts, *unpacked]),
        leaflet_css=inline.stylesheet("leaflet/leaflet.css"),
        page_css="".join(inline.stylesheet(name) for name in _STYLES),
    )
    inline.refuse_links(page, [quality_page.FILE])
    return page


def told(code: str, results: Mapping[str, Any], checklist: lists.Checklist, drawn: maps.MapParts) -> dict[str, Any]:
    """What the page says in one language.

    Parameters
    ----------
    code : str
    results : mapping
        As `remarks.marked` has them in that language.
    checklist : Checklist
    drawn : MapParts

    Returns
    -------
    dict
        ``code, title, paper`` (the style of the printed margins) and ``body``, as HTML. Only words differ between
        languages, never what stands where.
    """
    with speech.language(code):
        templates = inline.environment(
            anchor=anchor, sentence=words.sentence, speak=spoken.spoken, gloss=glossary.Glosses()
        )
        page = view.page(results)
        content = {
            "page": page,
            "sheets": handout.sheets(page, results),
            "languages": speech.LANGUAGES,
            "map": drawn,
            "block": displacement_block.view(results, [code]),
            "map_html": drawn.html,
            "checklist": lists.view(checklist, results),
            "shown": EVIDENCE_SHOWN,
            "notices": origins.notices(results["layers"]),
            "ramp": choropleth.RAMP,
            "has_parks": "parks" in drawn.layers,
            "has_water": "water" in drawn.layers,
            "has_stops": "stops" in drawn.layers,
        }
        parts = {name: _part(templates, name, content) for name in ("title", "paper", "body")}
    return {"code": code, **parts}


def _data(marked: Mapping[str, Mapping[str, Any]], drawn: maps.MapParts) -> dict[str, Any]:
    """What the scripts look up; ``marked`` are the results in each language."""
    results = marked[speech.ENGLISH]
    return map_data.made(marked, drawn) | {
        "notices": origins.notices(results["layers"]),
        "pressures": [row["id"] for row in displacement_block.rows(results)],
        "corrections": corrected.points(results),
    }


def _part(templates: Environment, name: str, content: Mapping[str, Any]) -> Markup:
    """HTML of one template, without the blanks at the beginning of its lines."""
    return Markup(_BLANKS.sub("\n", templates.get_template(f"{name}.html").render(**content).strip()))


def write(
    path: Path,
    results: Mapping[str, Any],
    checklist: lists.Checklist,
    zones: gpd.GeoDataFrame,
    basemap: Basemap | None = None,
) -> None:
    """Write ``render(...)`` as UTF-8 with ``\\n`` line ends, whatever the system: the scripts' digests depend on it."""
    path.write_bytes(render(results, checklist, zones, basemap).encode("utf-8"))


def anchor(indicator: str) -> str:
    """Where an indicator stands on the page."""
    return "ind-" + re.sub(r"[^A-Za-z0-9_-]+", "_", indicator)
