"""``index.html``: one file that opens with no network and asks for nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd

from justgeo.report import checklist as lists
from justgeo.report import choropleth, displacement_block, inline, maps, origins, remarks, view, words
from justgeo.report.basemap import Basemap

EVIDENCE_SHOWN = 4
"""Numbers under one item of the checklist; the others stand in the tables."""

# Leaflet would put a link to its home page on the map.
_NO_LINK = "\nL.Control.Attribution.prototype.options.prefix = false;\n"


def render(
    results: Mapping[str, Any], checklist: lists.Checklist, zones: gpd.GeoDataFrame, basemap: Basemap | None = None
) -> str:
    """The page as HTML, the same text for the same input.

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
    results = remarks.marked(results)
    values = choropleth.payload(results)
    notices = origins.notices(results["layers"])
    block = displacement_block.view(results)
    data = values | {
        "layers": drawn.layers,
        "labels": drawn.labels,
        "stops": drawn.stop_names,
        "notices": notices,
        "ramp": choropleth.RAMP,
        "reliability": words.RELIABILITY,
        "pressures": [] if block is None else block["rows"],
    }
    scripts = [inline.script("leaflet/leaflet.js") + _NO_LINK, f"\n{drawn.script}\n", f"\n{inline.text('page.js')}"]
    scripts = [inline.checked_script(code) for code in scripts]
    templates = inline.environment(anchor=anchor, sentence=words.sentence)
    page = templates.get_template("index.html").render(
        page=view.page(results),
        map=values,
        block=block,
        map_html=drawn.html,
        checklist=lists.view(checklist, results),
        shown=EVIDENCE_SHOWN,
        notices=notices,
        ramp=choropleth.RAMP,
        has_parks="parks" in drawn.layers,
        has_water="water" in drawn.layers,
        has_stops="stops" in drawn.layers,
        data=inline.safe_json(data),
        scripts=scripts,
        policy=inline.policy(scripts),
        leaflet_css=inline.stylesheet("leaflet/leaflet.css"),
        page_css=inline.stylesheet("page.css") + inline.stylesheet("displacement_public.css"),
    )  # fmt: skip
    inline.refuse_links(page)
    return page


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
