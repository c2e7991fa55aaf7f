"""One indicator on a map to look into, for a notebook: a page of its own in a frame, that asks for nothing outside.

folium draws it, as it draws the public map; Leaflet stands in the page. There are no tiles: what lies beneath are the
streets, parks and water of the outputs' own layers, or nothing. The frame is sandboxed, so that no text of the data can
reach the notebook.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
from markupsafe import escape

from justgeo.core import whole
from justgeo.core.errors import ConfigError, OutputError
from justgeo.core.words import suggestion
from justgeo.report import choropleth, inline, maps, origins, remarks, words
from justgeo.report.basemap import Basemap
from justgeo.report.results import DISCLAIMER, INVENTED

HEIGHT = 640
"""Pixels of the frame."""


@dataclass(frozen=True, repr=False)
class Map:
    """A map to look into.

    Attributes
    ----------
    title : str
    page : str
        The whole page, one file that opens without a network.
    """

    title: str
    page: str

    def __repr__(self) -> str:
        return f"<Map of {self.title}>"

    def _repr_html_(self) -> str:
        look = "width: 100%; border: 1px solid #b3ada2; border-radius: 6px"
        return (
            f'<iframe title="{escape(self.title)}" sandbox="allow-scripts" height="{HEIGHT}" style="{look}" '
            f'srcdoc="{escape(self.page)}"></iframe>'
        )

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the page as a file.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        return put(path, self.page.encode("utf-8"))


def explore(results: Mapping[str, Any], zones: gpd.GeoDataFrame, basemap: Basemap | None, indicator: str = "") -> Map:
    """Draw one indicator by its areas, each with its margin and how sure it is; the same numbers as a table below.

    Parameters
    ----------
    results : mapping
        As in ``results.json``.
    zones : GeoDataFrame
        Columns ``id, name, role, geography`` and polygons.
    basemap : Basemap or None
    indicator : str
        Its id; the one that the public map opens with where none is named.

    Raises
    ------
    ConfigError
        It is not known, or told of no area.
    OutputError
        There are no areas, or something would point outside.
    """
    marked = remarks.marked(results)
    row = _row(marked, indicator)
    level = row["level"]
    shown = [z["id"] for z in choropleth.levels(results)[level]]
    few = {**results, "zones": [z for z in results["zones"] if z["role"] != "area" or z["id"] in shown]}
    own = zones[(zones["role"] != "area") | zones["id"].isin(shown)]
    below = Basemap() if basemap is None else Basemap(basemap.streets, basemap.parks, basemap.water)
    drawn = maps.draw(few, own, below)
    notices = origins.notices(results["layers"])
    names = [zone["name"] for zone in choropleth.levels(marked)[level]]
    table = [_told(name, cell) for name, cell in zip(names, row["cells"], strict=True)]
    data = {
        "layers": drawn.layers,
        "level": level,
        "ramp": choropleth.RAMP,
        "areas": table,
        "fills": [_fill(row, i) for i in range(len(table))],
        "notices": notices,
    }
    scripts = [inline.leaflet(), drawn.script, inline.text("notebook/explore.js")]
    scripts = [inline.checked_script(f"\n{code}\n") for code in scripts]
    page = (
        inline.environment()
        .get_template("notebook_map.html")
        .render(
            row=row,
            name=results["name"],
            invented=INVENTED if results["synthetic"] else "",
            disclaimer=DISCLAIMER,
            reference=next((z["name"] for z in results["zones"] if z["role"] == "reference"), ""),
            ramp=choropleth.RAMP,
            map_html=drawn.html,
            table=table,
            notices=notices,
            data=inline.safe_json(data),
            scripts=scripts,
            policy=inline.policy(scripts),
            css=inline.stylesheet("leaflet/leaflet.css") + inline.stylesheet("notebook/explore.css"),
        )
    )
    inline.refuse_links(page)
    return Map(f"{row['title']}, {results['name']}", page)


def _row(marked: Mapping[str, Any], indicator: str) -> dict[str, Any]:
    """What the map says of an indicator."""
    known = [row["id"] for row in marked["indicators"]]
    if indicator and indicator not in known:
        raise ConfigError(f"There is no indicator {indicator!r} in these results.", remedy=suggestion(indicator, known))
    rows = [row for row in marked["indicators"] if row["id"] == indicator or not indicator]
    told = choropleth.payload({**marked, "indicators": rows})
    named = indicator or told["first"]
    found: dict[str, Any] | None = next((row for row in told["indicators"] if row["id"] == named), None)
    if found is None:
        what = f"{indicator} is told of no area" if indicator else "Nothing is told of areas"
        raise OutputError(f"{what} within the district.", remedy="see .table(zone='district') for what there is.")
    return found


def _fill(row: Mapping[str, Any], i: int) -> str:
    """How an area is filled: by its class, hatched where it is too uncertain, dotted where there is no number."""
    if row["classes"][i] < 0:
        return "url(#no-number)"
    shade = row["shades"][row["classes"][i]]
    return f"url(#hatch-{shade})" if row["cells"][i][2] in ("low", "even") else str(choropleth.RAMP[shade])


def _told(name: str, cell: list[str]) -> dict[str, str]:
    value, margin, sure, why = cell
    return {"name": name, "value": value, "margin": margin, "sure": words.reliability(sure), "why": why}


def put(path: str | PathLike[str], body: bytes) -> Path:
    """Write a file that was asked for from a notebook, whole, or leave what was there.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    target = Path(path)
    try:
        whole.put(target, body)
    except OSError as why:
        raise OutputError(
            f"{target} cannot be written: {why.strerror or why}.",
            remedy="name a place that you may write to and that has room left.",
        ) from why
    return target
