"""How QGIS shows the layers of ``indicators.gpkg``: the table ``layer_styles``, with one style a layer.

Classes and colours are those of the page's map. An area whose number is too uncertain to rely on is hatched, one
without a number is grey with a line of its own, so that colour is never the only sign.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from justgeo.core.errors import OutputError
from justgeo.report import choropleth, origins
from justgeo.report.reader import Reader
from justgeo.report.results import ALL, DISCLAIMER, INVENTED
from justgeo.report.tables import STAMP, column_name, layer_name

FIRST = ("WEL-04.800", "ENV-01", "MOB-01.800", "DEM-00.population")
"""What a layer shows at first, in order of preference: what a place has rather than what it lacks."""

_GREY, _LINE = "214,210,219,255", "70,60,90,255"
_SHADES = {1: (2,), 2: (1, 3), 3: (0, 2, 4), 4: (0, 1, 3, 4), 5: (0, 1, 2, 3, 4)}
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"

_TABLE = (
    "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), "
    "f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), "
    "styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), "
    "update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"
)
"""As QGIS makes it."""
_ROW = (
    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, "
    "styleSLD, useAsDefault, description, owner, ui, update_time) "
    "VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, 'justgeo', NULL, ?)"
)
_CONTENTS = (
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
    "VALUES ('layer_styles', 'attributes', 'layer_styles', 'How QGIS shows the layers', ?)"
)

Style = tuple[str, str, str, str]
"""Layer, name of the style, QML, description."""


def styles(results: Mapping[str, Any], layers: Mapping[str, Sequence[str]]) -> list[Style]:
    """A style for each layer of the GeoPackage.

    Parameters
    ----------
    results : mapping
        As in ``results.json``.
    layers : mapping of str to sequence of str
        Ids of the zones in each layer.

    Returns
    -------
    list of Style
        For areas the first of `FIRST`, or of all indicators, that tells two of them apart; an outline otherwise.
    """
    reader = Reader(results)
    return [_style(reader, layer, ids) for layer, ids in layers.items()]


def _style(reader: Reader, layer: str, ids: Sequence[str]) -> Style:
    about = "; ".join([DISCLAIMER, *([INVENTED] if reader.results["synthetic"] else []), *_notices(reader)])
    row = None if layer in ("district", "reference") else _first(reader, ids)
    if row is None:
        return layer, "Outline", _qml([_rule("", "Outline", 0)], [_outline("0")]), about
    values = _values(reader, row["id"], ids)
    edges = choropleth.breaks(values)
    return layer, row["title"][:30], _classes(row, edges), f"{row['title']} ({row['id']}). {about}"


def _notices(reader: Reader) -> list[str]:
    return origins.notices(reader.results["layers"])


def _first(reader: Reader, ids: Sequence[str]) -> Mapping[str, Any] | None:
    rows: dict[str, Mapping[str, Any]] = {row["id"]: row for row in reader.results["indicators"]}
    for one in [*(name for name in FIRST if name in rows), *rows]:
        if len(set(_values(reader, one, ids))) > 1:
            return rows[one]
    return None


def _values(reader: Reader, indicator: str, ids: Sequence[str]) -> list[float]:
    records = (reader.records.get((indicator, zone, ALL)) for zone in ids)
    return [r["value"] for r in records if r is not None and r["value"] is not None]


def _classes(row: Mapping[str, Any], edges: Sequence[float]) -> str:
    name = column_name(row["id"])
    labels = choropleth.class_labels(edges, row["unit"]) or ["all areas"]
    shades = _SHADES[len(labels)]
    rules = [
        _rule(_between(name, edges, number), label, number) for number, label in enumerate(labels)
    ]  # fmt: skip
    symbols = [_fill(str(number), _rgb(choropleth.RAMP[shades[number]])) for number in range(len(labels))]
    n = len(labels)
    rules.append(_rule(f"\"{name}_rel\" = 'low'", "too uncertain to rely on", n))
    rules.append(_rule(f'"{name}" IS NULL', "no number", n + 1))
    return _qml(rules, [*symbols, _hatched(str(n)), _fill(str(n + 1), _GREY, dashed=True)])


def _between(name: str, edges: Sequence[float], number: int) -> str:
    low = [f'"{name}" >= {edges[number - 1]!r}'] if number else []
    high = [f'"{name}" < {edges[number]!r}'] if number < len(edges) else []
    return " AND ".join([*low, *high] or [f'"{name}" IS NOT NULL'])


def _rgb(colour: str) -> str:
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"


def _qml(rules: Sequence[str], symbols: Sequence[str]) -> str:
    return (
        f'{_DOCTYPE}<qgis version="3.28" styleCategories="Symbology"><renderer-v2 type="RuleRenderer" '
        f'symbollevels="0" enableorderby="0" forceraster="0"><rules key="{{root}}">{"".join(rules)}</rules>'
        f"<symbols>{''.join(symbols)}</symbols></renderer-v2></qgis>"
    )


def _rule(condition: str, label: str, symbol: int) -> str:
    asked = f" filter={quoteattr(condition)}" if condition else ""
    return f'<rule key="{{rule-{symbol}}}" symbol="{symbol}"{asked} label={quoteattr(label)}/>'


def _symbol(name: str, layers: str, kind: str = "fill") -> str:
    return f'<symbol name="{name}" type="{kind}" alpha="1" clip_to_extent="1" force_rhr="0">{layers}</symbol>'


def _layer(kind: str, options: Mapping[str, str], inside: str = "") -> str:
    listed = "".join(f'<Option type="QString" name="{key}" value="{value}"/>' for key, value in options.items())
    return f'<layer class="{kind}" enabled="1" locked="0" pass="0"><Option type="Map">{listed}</Option>{inside}</layer>'


def _fill(name: str, colour: str, *, dashed: bool = False) -> str:
    style = "dash" if dashed else "solid"
    options = {
        "color": colour,
        "style": "solid",
        "outline_color": _LINE,
        "outline_style": style,
        "outline_width": "0.2",
    }
    return _symbol(name, _layer("SimpleFill", options))


def _outline(name: str) -> str:
    options = {
        "color": "0,0,0,0",
        "style": "no",
        "outline_color": _LINE,
        "outline_style": "solid",
        "outline_width": "0.8",
    }
    return _symbol(name, _layer("SimpleFill", options))


def _hatched(name: str) -> str:
    # A dark line in a white one is seen on light areas and on dark ones.
    lines = (("255,255,255,255", "0.9"), (_LINE, "0.3"))
    strokes = "".join(_layer("SimpleLine", {"line_color": colour, "line_width": width}) for colour, width in lines)
    line = _symbol(f"@{name}@0", strokes, "line")
    return _symbol(name, _layer("LinePatternFill", {"angle": "45", "distance": "2", "line_width": "0.3"}, line))


def write(path: Path, results: Mapping[str, Any]) -> None:
    """Put the styles into a GeoPackage, where QGIS looks for them.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    layers: dict[str, list[str]] = {}
    for zone in results["zones"]:
        layers.setdefault(layer_name(zone["role"], zone["geography"]), []).append(zone["id"])
    try:
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(_TABLE)
            db.executemany(_ROW, [(*one, STAMP) for one in styles(results, layers)])
            db.execute(_CONTENTS, (STAMP,))
    except sqlite3.Error as why:
        raise OutputError(f"{path.name} cannot be written: {why}.", remedy="See that there is room left.") from why
