"""Boundaries: the polygons of a district, and the area that a layer covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import BoundaryError, ConfigError
from justgeo.core.location import foreign
from justgeo.core.words import suggestion
from justgeo.sources._frames import as_text, check_options, require_column
from justgeo.sources._geo import tidy, to_wgs84
from justgeo.sources._options import check_kinds
from justgeo.sources._vector import open_vector

KEYS = ("file", "path", "layer", "column", "values", "value", "crs", "geometry", "delimiter", "lon", "lat")


def read_boundary(boundary: Path | str | Mapping[str, Any], base: Path) -> gpd.GeoDataFrame:
    """Read the polygons that make up a district, as they are: mending and refusing is the district's own business.

    Parameters
    ----------
    boundary : Path, str or mapping
        A file, or ``file`` (or ``path``) with ``layer``, ``crs``, ``geometry``, and ``column`` with ``values`` (or
        ``value``, one or several) to pick features by.
    base : Path
        Folder that relative paths start from.

    Returns
    -------
    GeoDataFrame
        In the file's CRS (``crs`` is None if neither file nor declaration has one).

    Raises
    ------
    ConfigError
        No path, an unknown key, a column that is not there.
    BoundaryError
        There is no such file, or no feature of that name.
    """
    asked = dict(boundary) if isinstance(boundary, Mapping) else {"file": boundary}
    check_options(asked, KEYS, "The boundary")
    check_kinds(asked, "The boundary")
    file, column = asked.get("file", asked.get("path")), asked.get("column")
    picked: Any = asked.get("values", asked.get("value"))
    if file is None:
        raise ConfigError("The boundary names no file.", remedy='boundary = { file = "district.geojson" }')
    path = base / Path(str(file))
    where = f"The boundary {path.name}"
    if not path.exists():
        remedy = f"{foreign(path)}mend its path in district.toml."
        raise BoundaryError(f"There is no boundary file {path}.", remedy=remedy)
    frame, _ = open_vector(path, asked, where, need_crs=False)
    if picked is None and column is None:
        return frame
    if picked is None or column is None:
        raise ConfigError(f"{where}: column and values go together.", remedy='column = "NAME", values = ["Old Town"]')
    require_column(str(column), frame.columns, where, "column")
    wanted = [str(v) for v in ([picked] if isinstance(picked, str | int | float) else picked)]
    text = as_text(frame[str(column)])
    for value in wanted:
        if value not in set(text):
            near = suggestion(value, sorted(set(text))[:200])
            raise BoundaryError(f"{where}: no feature has {column} = {value!r}.", remedy=near)
    return frame[text.isin(wanted).to_numpy(dtype=np.bool_)].reset_index(drop=True)


def read_cover(declared: Any, folder: Path, where: str) -> tuple[BaseGeometry, Path | None, list[str]]:
    """The area that a layer covers, from a declared polygon file or box.

    Parameters
    ----------
    declared : sequence of 4 floats, str, Path or mapping
        ``[west, south, east, north]`` in degrees, or a file as in :func:`read_boundary`.
    folder : Path
        That relative paths start from.
    where : str
        For messages.

    Returns
    -------
    shapely geometry, Path or None, list of str
        EPSG:4326; the file that was read; notes.

    Raises
    ------
    ConfigError, BoundaryError, CrsError, LayerError
    """
    if isinstance(declared, list | tuple):
        return _box(declared, where), None, []
    asked = declared if isinstance(declared, Mapping) else {"file": declared}
    shapes = to_wgs84(read_boundary(asked, folder), where)
    outline, notes = tidy(shapes, "polygon", where, [f"row {i + 1}" for i in range(len(shapes))])
    return as_shape(outline.geometry.union_all()), folder / Path(str(asked.get("file", asked.get("path")))), notes


def _box(declared: Sequence[Any], where: str) -> BaseGeometry:
    numbers_given = all(isinstance(v, int | float) and not isinstance(v, bool) for v in declared)
    if len(declared) == 4 and numbers_given:
        west, south, east, north = (float(v) for v in declared)
        if -180 <= west < east <= 180 and -90 <= south < north <= 90:
            return as_shape(shapely.box(west, south, east, north))
    raise ConfigError(
        f"{where}: {list(declared)!r} is no box.",
        remedy="give degrees: covers = [west, south, east, north], or a file.",
    )


def as_shape(shape: Any) -> BaseGeometry:
    """A geometry from a library without types."""
    if not isinstance(shape, BaseGeometry):
        raise TypeError(f"{type(shape).__name__} is no geometry")
    return shape
