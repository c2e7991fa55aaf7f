"""Downloaded points and polygons: brought to degrees, cut to the window, with the ground that they speak of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CoverageError, LayerError
from justgeo.core.layer import NO_GROUND, BoolArray
from justgeo.core.spec import Area
from justgeo.sources import _parts
from justgeo.sources._boundary import as_shape
from justgeo.sources._dataset_areas import outside_of
from justgeo.sources._dataset_columns import decoded, glued, meets
from justgeo.sources._dataset_files import json_rows, table
from justgeo.sources._dataset_form import Counted, Work
from justgeo.sources._frames import as_text, numbers, require_column, selected
from justgeo.sources._geo import WGS84, Kind, tidy, to_wgs84
from justgeo.sources._vector import open_vector

FAR_DEGREES, FAR_SHARE, FAR_SLIPS = 10.0, 0.5, 2
"""How far from the window a point of its counties may lie; the share of them that may lie farther, and the number that
may whatever their share: slips of single rows. Our choice."""


def features(work: Work, area: Area | None) -> gpd.GeoDataFrame:
    """Points or polygons near the area, decoded; what is known of them goes to ``work.attrs``.

    Raises
    ------
    ConfigError, LayerError, CrsError
        As :func:`justgeo.sources.datasets.read_dataset`.
    """
    reading, where = work.reading, work.where
    kind: Kind = "point" if reading.geography == "point" else "polygon"
    frames = [_points(path, work) if reading.form == "csv" else _shapes(path, work) for path in work.files]
    frame: gpd.GeoDataFrame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    if reading.rows and len(frame):
        frame = frame[selected(frame, reading.rows, where)].reset_index(drop=True)
    frame = _placed(frame, work)
    refuse_far(frame, work, area)
    frame = _near(frame, area, exactly=False)
    labels = [f"row {i + 1}" for i in range(len(frame))]
    frame, notes = tidy(frame, kind, where, labels)
    work.notes += notes
    frame = _near(frame, area, exactly=True)
    found, reasons = decoded(frame, reading, [str(i) for i in range(len(frame))], where)
    found |= {one.name: frame[one.name].to_numpy() for one in reading.counted}
    work.attrs["reasons"] = reasons
    work.attrs["outside"] = outside_of(reading)
    return gpd.GeoDataFrame(found, geometry=frame.geometry.to_numpy(), crs=WGS84)


def covered(work: Work, data: gpd.GeoDataFrame, area: Area | None, box: object) -> BaseGeometry | None:
    """Ground for which absence of a feature means absence; None where nobody knows.

    Parameters
    ----------
    work : Work
    data : GeoDataFrame
        Of :func:`features`.
    area : Area or None
    box : sequence of 4 floats or None
        The window that was asked of the service.

    Raises
    ------
    CoverageError
        The source speaks of no ground in the district: it was not surveyed, or not mapped.
    """
    reading = work.reading
    if reading.covers == "nothing":
        return None
    if reading.covers == "near" and not len(data):
        raise CoverageError(
            f"{work.where}: none of its polygons lies near the district.",
            remedy="see whether it is the file of this stretch of land; of any other it says nothing.",
        )
    if reading.covers in ("window", "near"):
        asked = as_shape(shapely.box(*box)) if isinstance(box, list | tuple) else None
        window = area.window if area is not None else None
        return asked if window is None else window if asked is None else as_shape(window.intersection(asked))
    known: BoolArray = np.ones(len(data), dtype=np.bool_)
    if reading.covers == "known":
        for one in reading.classes:
            known &= ~data[one.name].isin(one.unknown).to_numpy(dtype=np.bool_)
    ground = as_shape(data.geometry[known].union_all())
    if area is not None and not ground.intersects(area.district):
        said = ", ".join(f"{one.name}: {one.outside}" for one in reading.classes if one.outside)
        raise CoverageError(
            f"{work.where}: {NO_GROUND}{f' ({said})' if said else ''}.",
            remedy="nothing can be said of it from here.",
        )
    return ground


def _shapes(path: Path, work: Work) -> gpd.GeoDataFrame:
    """Features of one file in degrees, with the columns that are needed."""
    reading, where = work.reading, _parts.named(work.spec.name, [path])
    needs = list(reading.needs())
    if reading.form == "geojson":
        rows = json_rows(path, reading.form, where)
        try:
            frame = gpd.GeoDataFrame.from_features(rows, crs=WGS84) if rows else _none(needs)
        except (ValueError, TypeError, LookupError, AttributeError, shapely.errors.ShapelyError) as error:
            raise LayerError(
                f"{where}: a feature of {path.name} makes no geometry ({type(error).__name__}: {error}).",
                remedy="take the file again, whole; QGIS shows which feature cannot be drawn.",
            ) from error
    else:
        told = {key: value for key, value in (("layer", reading.layer), ("crs", reading.crs)) if value}
        frame, notes = open_vector(path, told, where)
        work.notes += notes
    for column in needs:
        require_column(column, frame.columns, where, "read from it")
    frame = to_wgs84(frame, where)
    return gpd.GeoDataFrame(pd.DataFrame(frame[needs]), geometry=frame.geometry.to_numpy(), crs=WGS84)


def _none(columns: list[str]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({name: pd.Series(dtype=str) for name in columns}, geometry=[], crs=WGS84)


def _points(path: Path, work: Work) -> gpd.GeoDataFrame:
    """Rows of a text with coordinates, and what is counted of a second member; no geometry where they have no place."""
    reading, where = work.reading, _parts.named(work.spec.name, [path])
    cells = table(path, reading, reading.needs(), where)
    for one in reading.counted:
        cells[one.name] = _counts(path, cells, one, work, where)
    x, y = (_coordinate(cells[name], work.reading.nowhere, where) for name in (reading.lon, reading.lat))
    placed: BoolArray = np.isfinite(x) & np.isfinite(y)
    shapes = np.full(len(cells), None, dtype=object)
    shapes[placed] = shapely.points(x[placed], y[placed])
    frame = gpd.GeoDataFrame(cells, geometry=shapes, crs=reading.crs or WGS84)
    return to_wgs84(frame, where)


def _coordinate(cells: pd.Series[Any], nowhere: tuple[str, ...], where: str) -> Any:
    """Degrees; NaN for a code that says that the place is not known, also with further digits (77.7777000)."""
    values = numbers(cells, where)
    codes = [float(code) for code in nowhere]
    return np.where(np.isin(np.round(values, 4), codes), np.nan, values)


def _counts(path: Path, cells: pd.DataFrame, one: Counted, work: Work, where: str) -> Any:
    """How many rows of another member meet the conditions, by the key of each row here."""
    other = table(path, work.reading, [one.key, *one.where], f"{where}, {one.member}", member=one.member)
    keys, here = as_text(other[one.key]), as_text(cells[one.key])
    refuse_twice(here, one.key, where)
    lost = set(here) - set(keys)
    if lost:
        raise LayerError(
            f"{where}: {one.member} has no row for {len(lost)} of {len(here)} rows, for example {min(lost)!r}.",
            remedy="take the file again: one of the two tables in it is cut off.",
        )
    counts = keys[meets(other, one.where)].value_counts()
    return here.map(counts).fillna(0.0).to_numpy(dtype=np.float64)


def _placed(frame: gpd.GeoDataFrame, work: Work) -> gpd.GeoDataFrame:
    """Rows that lie somewhere; the others are told, as far as they are of the counties asked for."""
    empty = (frame.geometry.isna() | frame.geometry.is_empty).to_numpy(dtype=np.bool_)
    if not empty.any():
        return frame
    here = empty & _of_counties(frame, work)
    if here.any():
        whose = " of the counties asked for" if work.reading.place and work.prefix else ""
        work.notes.append(f"{int(here.sum())} rows{whose} have no known place and are left out.")
    work.attrs["unplaced"] = int(here.sum())
    kept: gpd.GeoDataFrame = frame[~empty].reset_index(drop=True)
    return kept


def _of_counties(frame: gpd.GeoDataFrame, work: Work) -> BoolArray:
    """Rows that name one of the counties asked for; all of them where rows name no county, or none was asked for."""
    place = work.reading.place
    if not place or not work.prefix:
        return np.ones(len(frame), dtype=np.bool_)
    parts = [as_text(frame[name]).str.zfill(width) for name, width in zip(place, (2, 3), strict=True)]
    return glued(parts).isin(work.prefix).to_numpy(dtype=np.bool_)


def refuse_twice(keys: pd.Series[Any], name: str, where: str) -> None:
    """Refuse rows of one key, as of one crash that is listed twice.

    Raises
    ------
    LayerError
    """
    twice = keys[keys.duplicated()]
    if len(twice):
        raise LayerError(
            f"{where}: {len(twice)} of {len(keys)} rows are there twice by their {name}, for example "
            f"{str(twice.iloc[0])!r}: they would be counted twice.",
            remedy="take the file again; of several years, give each year's file by itself (parts).",
        )


def refuse_far(frame: gpd.GeoDataFrame, work: Work, area: Area | None) -> None:
    """Refuse points that say they are of the counties asked for and lie far off: their coordinates mean something else.

    All of them, or more than half and more than two. Fewer are slips of single rows: they are outside the window, and
    a note tells how many.

    Raises
    ------
    LayerError
    """
    if area is None or not work.reading.place or not work.prefix:
        return
    own = frame.geometry.to_numpy()[_of_counties(frame, work)]
    far = shapely.distance(own, shapely.box(*area.window.bounds)) > FAR_DEGREES  # degrees: as far as other states
    if far.any() and (far.all() or far.sum() > max(FAR_SLIPS, FAR_SHARE * len(own))):
        spot = shapely.centroid(own[far][0])
        raise LayerError(
            f"{work.where}: {int(far.sum())} of {len(own)} rows of the counties asked for lie far away, for example at "
            f"longitude {spot.x:.4f}, latitude {spot.y:.4f}.",
            remedy="see whether longitude and latitude are exchanged or a minus is missing, and declare crs where they "
            "are in another system.",
        )
    if far.any():
        work.notes.append(
            f"{int(far.sum())} of {len(own)} rows of the counties asked for lie far away, and are left out."
        )


def _near(frame: gpd.GeoDataFrame, area: Area | None, *, exactly: bool) -> gpd.GeoDataFrame:
    """Features in the window; by their boxes alone as long as they are not known to be valid."""
    if area is None or not len(frame):
        return frame
    west, south, east, north = area.window.bounds
    if exactly:
        near = frame.geometry.intersects(area.window).to_numpy(dtype=np.bool_)
    else:
        bounds = frame.geometry.bounds.to_numpy()
        near = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    kept: gpd.GeoDataFrame = frame[near].reset_index(drop=True)
    return kept
