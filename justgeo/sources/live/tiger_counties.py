"""Which counties an area lies in, by the Bureau's national file or a planner's own layer of counties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import ConfigError, CoverageError
from justgeo.core.words import suggestion
from justgeo.sources._geo import WGS84, to_wgs84
from justgeo.sources.live.tiger_checks import read

_FEW = 10


def counties_near(record_path: Path, shape: BaseGeometry | None, geoids: Sequence[str] = ()) -> list[str]:
    """Counties in which some of an area lies, and those that are named.

    Parameters
    ----------
    record_path : Path
        The national file. Only what lies in the area's box is read of it.
    shape : shapely geometry or None
        EPSG:4326. A county that it only touches, as the neighbours of a whole county do, is not among them.
    geoids : sequence of str
        Wanted besides.

    Returns
    -------
    list of str
        Identifiers of five digits, in order, each once.

    Raises
    ------
    ConfigError
        A county is named that the file does not have.
    CoverageError
        The area lies in no county.
    LayerError
        The file cannot be read.
    """
    where = f"Counties ({record_path.name})"
    found: set[str] = set()
    if geoids:
        known = read(record_path, where, columns=["GEOID", "NAMELSAD"], ignore_geometry=True)
        found |= set(_named(geoids, dict(zip(known["GEOID"], known["NAMELSAD"], strict=True)), where))
    if shape is not None:
        window = to_wgs84(gpd.GeoDataFrame(geometry=[shapely.box(*shape.bounds)], crs=WGS84), where)
        frame = to_wgs84(read(record_path, where, columns=["GEOID"], bbox=window), where)
        found |= set(_inside(frame, "GEOID", shape, where))
    return sorted(found)


def chosen_counties(counties: gpd.GeoDataFrame, shape: BaseGeometry | None, geoids: Sequence[str] = ()) -> list[str]:
    """The same from a layer of counties that was read already.

    Parameters
    ----------
    counties : GeoDataFrame
        EPSG:4326, as ``files.read_zones`` gives it: ``geoid``, ``name`` where it has one.
    shape, geoids
        As in :func:`counties_near`.

    Raises
    ------
    ConfigError, CoverageError
    """
    where, found = "The layer of counties", set[str]()
    if geoids:
        names = counties["name"] if "name" in counties else [""] * len(counties)
        found |= set(_named(geoids, dict(zip(counties["geoid"], names, strict=True)), where))
    if shape is not None:
        found |= set(_inside(counties, "geoid", shape, where))
    return sorted(found)


def _inside(frame: gpd.GeoDataFrame, column: str, shape: BaseGeometry, where: str) -> list[str]:
    near = frame.geometry.intersects(shape)
    inside = near & ~frame.geometry.touches(shape)
    if not inside.any():
        west, south, east, north = shape.bounds
        raise CoverageError(
            f"{where}: no county holds any of the area (longitude {west:.2f} to {east:.2f}, latitude {south:.2f} to "
            f"{north:.2f}).",
            remedy="check the boundary, above all its CRS and the order of its coordinates (longitude first).",
        )
    return [str(code) for code in frame.loc[inside, column]]


def _named(geoids: Sequence[str], names: Mapping[str, str], where: str) -> list[str]:
    """The named counties, if all are known."""
    for geoid in geoids:
        if geoid not in names:
            raise ConfigError(f"{where}: there is no county {geoid!r}.", remedy=_nearest(geoid, names))
    return list(geoids)


def _nearest(geoid: str, names: Mapping[str, str]) -> str:
    """What may have been meant: all counties of a small state, else the most alike."""
    state = {code: f"{code} ({name})" if name else code for code, name in names.items() if code[:2] == geoid[:2]}
    if not state:
        return "give five digits, two of the state and three of the county, as in 51003."
    if len(state) <= _FEW:  # Connecticut's planning regions, whose codes are like no county's before them
        return f"use one of: {', '.join(state[code] for code in sorted(state))}."
    told = suggestion(geoid, state)
    return next((f"did you mean {state[code]}?" for code in state if repr(code) in told), told)
