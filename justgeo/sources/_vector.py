"""Opening a vector file of any format as features with their own columns and CRS."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj.exceptions import ProjError

from justgeo.core.errors import ConfigError, CrsError, LayerError
from justgeo.core.layer import BoolArray
from justgeo.core.words import suggestion
from justgeo.sources._frames import bare_suffix, is_text, numbers, read_frame, require_column, require_file
from justgeo.sources._geo import UNREADABLE, known_crs, shape_of_text
from justgeo.sources._nesting import refuse_deep_bytes, refuse_deep_parquet
from justgeo.sources._pointing import local_path

log = logging.getLogger(__name__)

_GEOMETRY_COLUMNS = ("geometry", "geom", "wkt", "WKT", "the_geom", "wkb_geometry", "shape")
_POINT_COLUMNS = (("lon", "lat"), ("longitude", "latitude"), ("lng", "lat"), ("stop_lon", "stop_lat"), ("x", "y"))
# The reader fills in EPSG:4326 where a GeoJSON says nothing, so there a declared CRS is the better witness.
_CRS_BY_DEFAULT = frozenset({".geojson", ".json", ".geojsonl"})
_MANY_PREFIXES = 60


def open_vector(
    path: Path,
    options: Mapping[str, Any],
    where: str,
    *,
    prefix: tuple[str, Sequence[str]] | None = None,
    need_crs: bool = True,
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Read features as they are in the file.

    Parameters
    ----------
    path : Path
        Shapefile (also zipped), GeoPackage, GeoJSON, GeoParquet, any other format that GDAL reads; a CSV with
        well-known text, with the text that R writes of a geometry, or with two columns of coordinates.
    options : mapping
        ``layer``, ``crs``, ``geometry``, ``lon``, ``lat``, ``delimiter``.
    where : str
        For messages.
    prefix : (str, sequence of str), optional
        A text column and what it has to begin with: such rows alone are read, if the format allows it.
    need_crs : bool
        False lets a file without CRS pass; the caller refuses it.

    Returns
    -------
    GeoDataFrame, list of str
        Features (geometry may be None) and notes on how they were read.

    Raises
    ------
    LayerError, CrsError, ConfigError
    """
    require_file(path, where)
    if is_text(path):
        frame = read_frame(path, where, delimiter=options.get("delimiter"))
        return _of_text(frame, options, where, need_crs)
    if bare_suffix(path) in {".parquet", ".pq"}:
        return _of_parquet(path, options, where, need_crs)
    source = local_path(path, where)
    layer = _layer_name(path, source, options.get("layer"), where)
    sql = _prefix_sql(path, layer, prefix)
    try:
        frame = gpd.read_file(source, layer=layer, **({"where": sql} if sql else {}))
    except UNREADABLE as error:
        raise _unreadable(path, where, error) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise LayerError(f"{where}: {path.name} holds no geometry.", remedy="give a file of features, not a table.")
    return _with_crs(frame, options.get("crs"), where, need_crs, by_default=bare_suffix(path) in _CRS_BY_DEFAULT)


def column_names(path: Path, options: Mapping[str, Any], where: str) -> dict[str, bool]:
    """Columns of a vector file, and whether each holds text; empty where the format does not say beforehand."""
    require_file(path, where)
    if is_text(path) or bare_suffix(path) in {".parquet", ".pq"}:
        return {}
    source = local_path(path, where)
    layer = _layer_name(path, source, options.get("layer"), where)
    try:
        head = gpd.read_file(source, layer=layer, rows=1)
    except UNREADABLE as error:
        raise _unreadable(path, where, error) from error
    return {str(c): not pd.api.types.is_numeric_dtype(head[c]) for c in head.columns if str(c) != "geometry"}


def _unreadable(path: Path, where: str, error: Exception) -> LayerError:
    said = " ".join(str(error).replace(str(path), path.name).split())
    return LayerError(
        f"{where}: {path.name} cannot be read ({said[:200]}).",
        remedy="check that the file is whole (a shapefile needs its .shx and .dbf beside it) and of a format that "
        "QGIS opens, too.",
    )


def _layer_name(path: Path, source: str, declared: object, where: str) -> str | None:
    """The layer to read of a file that may hold several: never merely the first."""
    try:
        names = [str(n) for n in gpd.list_layers(source)["name"]]
    except UNREADABLE as error:
        raise _unreadable(path, where, error) from error
    if declared is not None:
        if str(declared) not in names:
            raise ConfigError(
                f"{where}: {path.name} has no layer {declared!r}.", remedy=suggestion(str(declared), names)
            )
        return str(declared)
    if len(names) > 1:
        raise LayerError(
            f"{where}: {path.name} holds {len(names)} layers ({', '.join(names[:8])}).",
            remedy=f'say which one: layer = "{names[0]}".',
        )
    return None


def _prefix_sql(path: Path, layer: str | None, prefix: tuple[str, Sequence[str]] | None) -> str | None:
    """Condition for GDAL, so that a state's blocks need not all be read for one county."""
    if prefix is None or not prefix[1] or len(prefix[1]) > _MANY_PREFIXES:
        return None
    column, starts = prefix
    if not column.isidentifier() or not all(s.isdigit() for s in starts):
        return None
    return " OR ".join(f"\"{column}\" LIKE '{start}%'" for start in starts)


def _with_crs(
    frame: gpd.GeoDataFrame, declared: object, where: str, need_crs: bool, *, by_default: bool
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The file's own CRS, else the declared one.

    Raises
    ------
    CrsError
        Neither is there, or both are and they differ.
    """
    if declared is None:
        if need_crs:
            known_crs(frame.crs, where)
        return frame, []
    wanted = known_crs(declared, where)
    if frame.crs is None:
        return frame.set_crs(wanted), [f"The file names no coordinate reference system; {declared} was declared."]
    if frame.crs == wanted or frame.crs.equals(wanted, ignore_axis_order=True):
        return frame, []
    if by_default:
        return frame.set_crs(wanted, allow_override=True), [f"Read as {declared}, as declared."]
    raise CrsError(
        f"{where}: the file says {frame.crs.name!r}, but {declared!r} was declared.",
        remedy="take crs out of the declaration if the file is right; else save the file again with the right CRS.",
    )


def _of_parquet(
    path: Path, options: Mapping[str, Any], where: str, need_crs: bool
) -> tuple[gpd.GeoDataFrame, list[str]]:
    try:
        refuse_deep_parquet(path, where)
        frame = gpd.read_parquet(path)
    except ValueError:  # no geo metadata: a plain table with a column of geometry
        return _of_text(read_frame(path, where), options, where, need_crs)
    except (OSError, RuntimeError, LookupError, TypeError, AttributeError, ProjError) as error:
        raise _unreadable(path, where, error) from error
    return _with_crs(frame, options.get("crs"), where, need_crs, by_default=False)


def _of_text(
    frame: pd.DataFrame, options: Mapping[str, Any], where: str, need_crs: bool
) -> tuple[gpd.GeoDataFrame, list[str]]:
    if need_crs or options.get("crs") is not None:
        known_crs(options.get("crs"), where)
    column = _geometry_column(frame, options, where)
    if column is not None:
        shapes = [_shape(cell, row, column, where) for row, cell in enumerate(frame[column])]
        frame = frame.drop(columns=column)
    else:
        shapes = _points(frame, options, where)
    return gpd.GeoDataFrame(frame, geometry=np.array(shapes, dtype=object), crs=options.get("crs")), []


def _geometry_column(frame: pd.DataFrame, options: Mapping[str, Any], where: str) -> str | None:
    declared = options.get("geometry")
    if declared is not None:
        require_column(str(declared), frame.columns, where, "geometry")
        return str(declared)
    if "lon" in options or "lat" in options:
        return None
    return next((c for c in _GEOMETRY_COLUMNS if c in frame), None)


def _shape(cell: Any, row: int, column: str, where: str) -> Any:
    if cell is None:
        return None
    try:
        if isinstance(cell, bytes):
            refuse_deep_bytes(cell)
            return shapely.from_wkb(cell)
        return shape_of_text(str(cell))
    except (ValueError, IndexError, shapely.errors.ShapelyError) as error:
        raise LayerError(
            f"{where}: row {row + 1} of column {column!r} is no geometry ({error}).",
            remedy="give well-known text (POLYGON ((...))), or the layer as GeoPackage or GeoJSON.",
        ) from error


def _points(frame: pd.DataFrame, options: Mapping[str, Any], where: str) -> list[Any]:
    pair = (options.get("lon"), options.get("lat"))
    if pair[0] is None or pair[1] is None:
        pair = next(((x, y) for x, y in _POINT_COLUMNS if x in frame and y in frame), (None, None))
    if pair[0] is None or pair[1] is None:
        raise ConfigError(
            f"{where}: no column holds geometry (columns: {', '.join(map(str, frame.columns[:8]))}, ...).",
            remedy='name it: geometry = "...", or two columns of coordinates: lon = "...", lat = "...".',
        )
    for name, role in zip(pair, ("lon", "lat"), strict=True):
        require_column(str(name), frame.columns, where, role)
    x, y = (numbers(frame[str(name)], where) for name in pair)
    missing: BoolArray = np.isnan(x) | np.isnan(y)
    return [None if gone else point for gone, point in zip(missing, np.asarray(shapely.points(x, y)), strict=True)]
