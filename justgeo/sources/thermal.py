"""Summer surface temperature from the windows of Landsat scenes that were fetched: a grid of medians, in Celsius."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CoverageError, LayerError
from justgeo.core.layer import FloatArray, IntArray, Raster
from justgeo.core.spec import Area, LayerSpec
from justgeo.measure import thermal
from justgeo.sources._hash import sha256_of
from justgeo.sources._provenance import provenance
from justgeo.sources.rasters import PAD, Grid, grid_of, pixels_of, read_raster, refuse_empty, to_grid, valid_share

THERMAL, QUALITY = "lwir11", "qa_pixel"
_REMEDY = "delete this record and fetch it again."
_MOST_VALUES = 40_000_000  # floats held at once: 320 MB
_NEAR = 1e-3


@dataclass(frozen=True)
class _Scene:
    """One scene: its overpass, its files, and where its pixels lie in the common grid."""

    overpass: str
    numbers: Path
    quality: Path
    col: int
    row: int
    width: int
    height: int


@dataclass(frozen=True)
class _Frame:
    """The common grid, cut to the area."""

    crs: str
    transform: tuple[float, float, float, float, float, float]
    width: int
    height: int


def read_surface_temperature(spec: LayerSpec, area: Area) -> Raster:
    """Median surface temperature of each pixel over the clear overpasses of some summers.

    Parameters
    ----------
    spec : LayerSpec
        ``path`` is ``scenes.json`` of a record: scenes with the names of their files beside it. A raster of a planner's
        own, in degrees Celsius, is read as any other.
    area : Area

    Returns
    -------
    Raster
        Degrees Celsius in the scenes' own grid (30 m, UTM). NaN where fewer than five overpasses saw the ground; what
        two scenes of one overpass both saw counts once.

    Raises
    ------
    LayerError
        The record is damaged, or no pixel of the district was seen often enough.
    CoverageError
        No scene touches the area.

    References
    ----------
    U.S. Geological Survey, *Landsat 8-9 Collection 2 Level 2 Science Product Guide*.
    """
    if spec.path.suffix.lower() != ".json":
        return read_raster(spec, area)
    told = _listed(spec.path)
    grids = [(scene, *_grids(spec.path.parent, scene)) for scene in told]
    first = grids[0][1]
    crs = CRS.from_wkt(first.crs)
    frame = _frame([one for _, one, _ in grids], to_grid(area.window, crs), spec)
    scenes = [_placed(spec.path.parent, scene, grid, first, frame) for scene, grid, _ in grids]
    values, count = _medians(scenes, frame)
    district = to_grid(area.district, crs)
    refuse_empty(values, frame.transform, district, spec)
    raster = Raster(
        values=values,
        transform=frame.transform,
        crs=frame.crs,
        provenance=provenance(
            spec,
            spec.name,
            sha256=sha256_of(spec.path),
            asked={"window": [round(b, 6) for b in area.window.bounds], "scenes": len(told)},
        ),
    )
    return _noted(raster, count, scenes, area.district)


def _listed(path: Path) -> Sequence[Mapping[str, Any]]:
    try:
        scenes = json.loads(path.read_text(encoding="utf-8"))["scenes"]
        if not isinstance(scenes, list) or not scenes or not all(isinstance(one, dict) for one in scenes):
            raise ValueError("it lists no scenes")
        return scenes
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LayerError(f"The list of scenes {path.name} cannot be read ({error}).", remedy=_REMEDY) from error


def _grids(folder: Path, scene: Mapping[str, Any]) -> tuple[Grid, Grid]:
    """Grids of both files of a scene, which are one grid."""
    try:
        numbers, quality = (grid_of(folder / str(scene["files"][asset])) for asset in (THERMAL, QUALITY))
        named = str(scene["id"]), str(scene["overpass"])
    except KeyError as error:
        raise LayerError(f"A scene in the list has no {error}.", remedy=_REMEDY) from error
    same = (numbers.transform, numbers.width, numbers.height) == (quality.transform, quality.width, quality.height)
    if not same or numbers.crs != quality.crs or not numbers.crs:
        raise LayerError(f"The two bands of scene {named[0]} are not of one grid.", remedy=_REMEDY)
    return numbers, quality


def _frame(grids: Sequence[Grid], window: BaseGeometry, spec: LayerSpec) -> _Frame:
    """The window with two pixels around it, as far as any scene goes, in the grid that all scenes share."""
    first = grids[0]
    a, _, west, _, e, north = first.transform
    for grid in grids[1:]:
        col, row = (grid.transform[2] - west) / a, (grid.transform[5] - north) / e
        even = abs(col - round(col)) < _NEAR and abs(row - round(row)) < _NEAR
        if not even or grid.transform[0] != a or grid.transform[4] != e or grid.crs != first.crs:
            raise LayerError(f"The scenes in {spec.path.name} are not of one grid.", remedy=_REMEDY)
    cols, rows = zip(*(_offsets(grid, first) for grid in grids), strict=True)
    left, right = min(cols), max(c + g.width for c, g in zip(cols, grids, strict=True))
    upper, lower = min(rows), max(r + g.height for r, g in zip(rows, grids, strict=True))
    low_x, low_y, high_x, high_y = window.bounds
    left = max(left, int(np.floor((low_x - west) / a)) - PAD)
    right = min(right, int(np.ceil((high_x - west) / a)) + PAD)
    upper = max(upper, int(np.floor((high_y - north) / e)) - PAD)
    lower = min(lower, int(np.ceil((low_y - north) / e)) + PAD)
    if right <= left or lower <= upper:
        raise CoverageError(
            f"The Landsat scenes in {spec.path.name} do not touch the area.", remedy="fetch them for this district."
        )
    return _Frame(first.crs, (a, 0.0, west + a * left, 0.0, e, north + e * upper), right - left, lower - upper)


def _offsets(grid: Grid, first: Grid) -> tuple[int, int]:
    """Column and row of a grid's upper left corner in that of the first."""
    a, _, west, _, e, north = first.transform
    return round((grid.transform[2] - west) / a), round((grid.transform[5] - north) / e)


def _placed(folder: Path, scene: Mapping[str, Any], grid: Grid, first: Grid, frame: _Frame) -> _Scene:
    a, _, west, _, e, north = first.transform
    col, row = _offsets(grid, first)
    left, upper = round((frame.transform[2] - west) / a), round((frame.transform[5] - north) / e)
    files = scene["files"]
    return _Scene(
        overpass=str(scene["overpass"]),
        numbers=folder / str(files[THERMAL]),
        quality=folder / str(files[QUALITY]),
        col=col - left,
        row=row - upper,
        width=grid.width,
        height=grid.height,
    )


def _medians(scenes: Sequence[_Scene], frame: _Frame) -> tuple[FloatArray, IntArray]:
    """Medians and counts, strip by strip: a county of forty scenes does not fit into memory at once."""
    by_overpass: dict[str, list[_Scene]] = {}
    for scene in scenes:
        by_overpass.setdefault(scene.overpass, []).append(scene)
    values = np.full((frame.height, frame.width), np.nan)
    count = np.zeros((frame.height, frame.width), dtype=np.int64)
    step = max(1, _MOST_VALUES // (frame.width * max(1, len(by_overpass))))
    for top in range(0, frame.height, step):
        rows = slice(top, min(top + step, frame.height))
        stack = np.array(
            [
                thermal.first_seen(np.array([_strip(scene, frame, rows) for scene in group]))
                for group in by_overpass.values()
            ]
        )
        values[rows], count[rows] = thermal.median(stack)
    return values, count


def _strip(scene: _Scene, frame: _Frame, rows: slice) -> FloatArray:
    """What a scene saw of some rows of the frame."""
    found = np.full((rows.stop - rows.start, frame.width), np.nan)
    left, right = max(0, scene.col), min(frame.width, scene.col + scene.width)
    upper, lower = max(rows.start, scene.row), min(rows.stop, scene.row + scene.height)
    if right > left and lower > upper:
        cols, lines = slice(left - scene.col, right - scene.col), slice(upper - scene.row, lower - scene.row)
        numbers, quality = (pixels_of(path, cols, lines) for path in (scene.numbers, scene.quality))
        found[upper - rows.start : lower - rows.start, left:right] = thermal.observed(numbers, quality)
    return found


def _noted(raster: Raster, count: IntArray, scenes: Sequence[_Scene], district: BaseGeometry) -> Raster:
    overpasses = len({scene.overpass for scene in scenes})
    share = valid_share(raster, district)
    seen = count[np.isfinite(raster.values)]
    times = int(np.median(seen)) if seen.size else 0
    notes = [
        f"Median of {overpasses} overpasses ({len(scenes)} scenes); half of the pixels were seen clear {times} times "
        "or more. It is the temperature of the surface, not of the air, at about half past ten in the morning."
    ]
    few = int((count < thermal.LEAST).sum())
    if few:
        notes.append(
            f"{few:,} of {count.size:,} pixels were seen clear fewer than {thermal.LEAST} times and are left out "
            f"({100 * share:.0f} % of the district's are there)."
        )
    told = raster.provenance
    return replace(raster, provenance=replace(told, notes=(*told.notes, *notes)))
