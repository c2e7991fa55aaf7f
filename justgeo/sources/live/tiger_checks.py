"""What a file of the Census Bureau has to be: whole, in full detail, with the columns that are read from it."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import geopandas as gpd

from justgeo.core.errors import LayerError, SourceError
from justgeo.core.paths import for_ogr
from justgeo.sources._geo import UNREADABLE
from justgeo.sources.live import expect

_CELLS = tuple(f"{part}_{year}" for year in (2010, 2020) for part in ("STATE", "COUNTY", "TRACT", "BLK"))
_RELATIONSHIP = (*_CELLS, "AREALAND_2010", "AREAWATER_2010", "AREALAND_INT", "AREAWATER_INT")


def read(path: Path | str, where: str, **options: Any) -> Any:
    """A vector file, or some of it.

    Raises
    ------
    LayerError
    """
    try:
        return gpd.read_file(for_ogr(path) if isinstance(path, Path) else path, **options)
    except UNREADABLE as error:
        said = " ".join(str(error).replace(str(path), "it").split())[:200]
        raise LayerError(
            f"{where}: the file cannot be read ({said}).",
            remedy="delete its record and fetch again.",
        ) from error


def a_layer(path: Path, where: str, *, columns: Sequence[str], state: str = "") -> None:
    """A whole zipped shapefile in full detail, with the columns that are needed, of the state that was asked for.

    Raises
    ------
    SourceError
        ``damaged`` where another try may help, else ``missing``.
    """
    expect.a_shapefile(path, where)
    with zipfile.ZipFile(path) as archive:
        coarse = next((name for name in archive.namelist() if PurePosixPath(name).name.startswith("cb_")), None)
    if coarse is not None:
        raise _not_it(f"{where}: {coarse} in the archive is a generalised file, with which areas cannot be measured.")
    # While it is checked its name does not end in .zip, so GDAL has to be told; in braces, it may have any name.
    try:
        head = read(f"/vsizip/{{{path.as_posix()}}}", where, rows=1)
    except LayerError as error:
        raise SourceError(f"{where}: the shapefile in the archive cannot be read.", remedy="fetch again.") from error
    missing = [column for column in columns if column not in head]
    if missing:
        hint = " Early issues of TIGER/Line 2020 have no counts." if "POP20" in missing else ""
        raise _not_it(f"{where}: the shapefile has no column {', '.join(missing)}.{hint}")
    if not isinstance(head, gpd.GeoDataFrame) or head.crs is None:
        raise _not_it(f"{where}: the shapefile names no coordinate reference system that is known.")
    if head.empty:
        raise _not_it(f"{where}: the shapefile has no features.")
    first = str(head[columns[0]].iloc[0])
    if head.geom_type.iloc[0] not in ("Polygon", "MultiPolygon"):
        raise _not_it(f"{where}: the first feature of the shapefile, {first}, has no outline.")
    if not first.startswith(state):
        raise _not_it(f"{where}: it is not of state {state}: its first feature is {first}.")


def a_relationship(path: Path, where: str) -> None:
    """A zip with a table of pieces of blocks, ``|`` between its columns, of a line or more.

    Raises
    ------
    SourceError
    """
    expect.a_zip(path, where, holds=(".txt",))
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.lower().endswith(".txt"))
        with archive.open(name) as table:
            header, first = (table.readline(1 << 16).decode("utf-8-sig", "replace").strip() for _ in range(2))
    missing = [column for column in _RELATIONSHIP if column not in header.split("|")]
    if missing:
        raise _not_it(f"{where}: {name} has no column {', '.join(missing)} (it begins with {header[:80]!r}).")
    if not first:
        raise _not_it(f"{where}: {name} has no rows.")


def _not_it(message: str) -> SourceError:
    """What came is whole, and not what it should be: no other try mends that, a mirror may."""
    remedy = "see the service's page whether the file has changed, and name another year or address."
    return SourceError(message, remedy=remedy, kind="missing")
