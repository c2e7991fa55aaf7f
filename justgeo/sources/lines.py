"""A planner's own lines as walk network: a city's centrelines, sidewalks, paths, in any vector format and CRS.

Lines meet where they share a vertex, as in most cities' centrelines. Files that were simplified (map tiles) have lost
such vertices; with ``crossings = true`` lines also meet where they cross or end on one another. A bridge or tunnel
meets the ground at its own two ends; what it crosses on the way stays unconnected in either case.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import ConfigError, CoverageError, LayerError
from justgeo.core.layer import BoolArray, Layer, Network, Provenance
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import osm_tags
from justgeo.sources._boundary import read_cover
from justgeo.sources._frames import as_text, check_options, require_column, selected
from justgeo.sources._geo import tidy, to_wgs84
from justgeo.sources._hash import combined, sha256_of
from justgeo.sources._network import windowed
from justgeo.sources._options import check_kinds
from justgeo.sources._provenance import provenance
from justgeo.sources._vector import open_vector
from justgeo.sources.noding import SNAP_M, largest_share, noded

log = logging.getLogger(__name__)

OPTIONS = (
    "layer",
    "crs",
    "geometry",
    "delimiter",
    "where",
    "exclude",
    "bridge",
    "bridge_values",
    "snap_m",
    "crossings",
    "name",
    "kind",
    "id",
    "covers",
)
MAX_SNAP_M = 5.0
STREET_KINDS = frozenset({"motorway", "primary", "secondary", "residential", "path", "rail"})
# Below this share in one piece, lines probably cross without a shared vertex.
_BROKEN = 0.8
# Words of Mapbox and Shortbread tiles and of usual centreline files, beside those of OpenStreetMap.
_MORE_KINDS: Mapping[str, str] = {
    "trunk": "motorway",
    "street": "residential",
    "street_limited": "residential",
    "minor": "residential",
    "local": "residential",
    "service": "residential",
    "link": "secondary",
    "tertiary": "secondary",
    "collector": "secondary",
    "arterial": "primary",
    "major_rail": "rail",
    "minor_rail": "rail",
    "sidewalk": "path",
    "crossing": "path",
    "crosswalk": "path",
    "trail": "path",
}


def read_lines(spec: LayerSpec, area: Area) -> tuple[Network, Layer]:
    """Read a walk network and the streets of the base map from a file of lines.

    Parameters
    ----------
    spec : LayerSpec
        ``options``: ``layer`` of a file with several; ``crs`` where the file names none; ``where`` = {column: values}
        that a walkable line has; ``exclude`` = {column: values} that it has not; ``bridge`` = column and
        ``bridge_values`` that say which lines are bridges or tunnels; ``snap_m`` = vertices that close are one
        (0.05 m); ``crossings`` = whether lines also meet where they cross or end on another without a vertex there
        (false); ``name``, ``kind``, ``id`` = columns for the base map; ``covers`` = file of the area that the lines
        cover (the box around them otherwise).
    area : Area
        Segments outside the bounds of ``area.window`` are left out.

    Returns
    -------
    walk : Network
        EPSG:4326.
    streets : Layer
        All lines of the file, also those on which nobody walks: ``osm_id``, ``kind``, ``name``.

    Raises
    ------
    ConfigError
        An unknown option, a column or layer that is not there.
    CrsError
        The file has no CRS and none is declared.
    LayerError
        The file cannot be read, holds no lines, or no line meets ``where``.
    CoverageError
        The lines do not touch the district.
    """
    where = f"Layer {spec.name}"
    options = dict(spec.options)
    check_options(options, OPTIONS, where)
    check_kinds(options, where)
    frame, notes = open_vector(spec.path, options, where)
    lines, said = _only_lines(frame, where)
    covers, digest = _covers(spec, lines, where)
    if not covers.intersects(area.district):
        raise CoverageError(
            f"{where}: the lines of {spec.path.name} cover {_words(covers)} and do not touch the district "
            f"({_words(area.district)}).",
            remedy="check the declared CRS, or give the lines of the district's own city.",
        )
    walked = _walkable(lines, options, where)
    notes = [*notes, *said]
    raised = _raised(lines, options, where)
    if not raised.any():
        notes.append("No line is marked as bridge or tunnel; all are taken to be on the ground.")

    def origin(name: str) -> Provenance:
        asked = {"bounds": [round(b, 7) for b in area.window.bounds], "layer": name}
        return provenance(spec, name, sha256=digest, notes=notes, asked=asked)

    crossings = bool(options.get("crossings", False))
    made = noded(lines.geometry.to_numpy()[walked], raised[walked], _snap_m(options, where), crossings=crossings)
    whole = largest_share(*made)
    joined = "they also meet where they cross." if crossings else "they meet where vertices meet."
    notes.append(f"Walkable are {int(walked.sum())} of {len(lines)} lines; {joined}")
    notes.append(f"The largest connected part of the walkable lines holds {whole:.0%} of their length.")
    if whole < _BROKEN and not crossings:
        log.warning(
            "%s: only %.0f %% hangs together; if they cross without a shared vertex, set crossings = true",
            where,
            100 * whole,
        )
    network = windowed(*made, area.window, origin("walk"), covers)
    streets = _streets(lines, options, where)
    near = streets.geometry.intersects(shapely.box(*area.window.bounds)).to_numpy(dtype=np.bool_)
    return network, Layer("streets", streets[near].reset_index(drop=True), origin("streets"), covers)


def _only_lines(frame: gpd.GeoDataFrame, where: str) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Two-dimensional single lines in EPSG:4326; what else the file holds is counted in a note."""
    kind = frame.geometry.geom_type
    is_line = kind.isin(["LineString", "MultiLineString"]) & ~frame.geometry.is_empty
    if not is_line.any():
        raise LayerError(
            f"{where}: the file holds {len(frame)} features, none of them a line.",
            remedy="name the layer of lines: layer = ..., or give another file.",
        )
    other = kind[~is_line].fillna("without geometry").value_counts()
    notes = [f"{count} features that are no lines were left out ({name})." for name, count in other.items()]
    lines = to_wgs84(frame[is_line], where)
    lines, said = tidy(lines, "line", where, [f"row {i + 1}" for i in np.flatnonzero(is_line.to_numpy())])
    return lines.explode(ignore_index=True), notes + said


def _walkable(lines: gpd.GeoDataFrame, options: Mapping[str, Any], where: str) -> BoolArray:
    keep: BoolArray = np.ones(len(lines), dtype=np.bool_)
    if options.get("where"):
        keep = selected(lines, options["where"], where)
    for column, unwanted in dict(options.get("exclude") or {}).items():
        require_column(column, lines.columns, where, "exclude")
        keep = keep & ~_holds(lines[column], unwanted)
    if not keep.any():
        raise LayerError(f"{where}: no line is left to walk on.", remedy="check where and exclude against the file.")
    return keep


def _raised(lines: gpd.GeoDataFrame, options: Mapping[str, Any], where: str) -> BoolArray:
    column = options.get("bridge")
    if (column is None) != (options.get("bridge_values") is None):
        raise ConfigError(
            f"{where}: bridge and bridge_values go together.",
            remedy='bridge = "structure", bridge_values = ["bridge", "tunnel"]',
        )
    if column is None:
        return np.zeros(len(lines), dtype=np.bool_)
    require_column(str(column), lines.columns, where, "bridge")
    return _holds(lines[str(column)], options["bridge_values"])


def _holds(cells: pd.Series[Any], values: Any) -> BoolArray:
    wanted = [values] if isinstance(values, str | int | float) else list(values)
    return as_text(cells).isin([str(v) for v in wanted]).to_numpy(dtype=np.bool_)


def _snap_m(options: Mapping[str, Any], where: str) -> float:
    value = options.get("snap_m", SNAP_M)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_SNAP_M:
        raise ConfigError(
            f"{where}: snap_m = {value!r} is no distance between 0 and {MAX_SNAP_M:g} m.",
            remedy="leave it out (0.05 m), or give the precision of the file in metres.",
        )
    return float(value)


def _streets(lines: gpd.GeoDataFrame, options: Mapping[str, Any], where: str) -> gpd.GeoDataFrame:
    def text(role: str) -> pd.Series[str]:
        column = options.get(role)
        if column is None:
            return pd.Series([""] * len(lines), index=lines.index, dtype="str")
        require_column(str(column), lines.columns, where, role)
        return as_text(lines[str(column)])

    kinds = [_street_kind(word) for word in text("kind")]
    columns = {"osm_id": text("id").to_numpy(), "kind": kinds, "name": text("name").to_numpy()}
    return gpd.GeoDataFrame(columns, geometry=lines.geometry.to_numpy(), crs=lines.crs)


def _street_kind(word: str) -> str:
    if word in STREET_KINDS:
        return word
    return osm_tags.street_kind({"highway": word}) or _MORE_KINDS.get(word.casefold(), "residential")


def _covers(spec: LayerSpec, lines: gpd.GeoDataFrame, where: str) -> tuple[BaseGeometry, str]:
    declared = spec.options.get("covers")
    if declared is None:
        return shapely.box(*lines.total_bounds), sha256_of(spec.path)
    shape, file, _ = read_cover(declared, spec.path.parent, where)
    files = (spec.path,) if file is None else (spec.path, file)
    return shape, combined((one.name, sha256_of(one)) for one in files)


def _words(shape: BaseGeometry) -> str:
    west, south, east, north = shape.bounds
    return f"{south:.4f} to {north:.4f} N, {west:.4f} to {east:.4f} E"
