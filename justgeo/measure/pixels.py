"""Which part of each pixel of a grid lies in which zone: found once, and used for every raster of that grid.

To cut polygons by pixels is nearly all that a zonal mean costs, and it depends on the grid and the zones alone. So the
fractions (exactextract) are a value of their own, `Coverage`: a raster of another theme or another year of the same
grid takes one product with it.

Of a large zone nearly all pixels lie wholly inside. They are kept as runs, the first and the last in each row, and only
the cut ones one by one, so that a county is a matter of its outline and not of its area. What would still be too much
to keep is found anew for each raster, some zones at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from exactextract import exact_extract
from exactextract.feature import FeatureSource, JSONFeature
from exactextract.raster import NumPyRasterSource
from scipy import sparse

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray, Raster
from justgeo.measure.grids import GeometryArray, Grid

log = logging.getLogger(__name__)

Window: TypeAlias = tuple[slice, slice]
"""Rows and columns of a grid."""
_Zones = npt.NDArray[np.int32]
_Numbers = npt.NDArray[np.int64]

PIXELS_AT_ONCE = 1_000_000
"""So many pixels are cut in one go; they take some 100 bytes each, for as long as that lasts."""
BYTES_KEPT = 256_000_000
"""So much of one coverage is kept; the zones after that are cut anew for each raster."""
PIXELS_OF_A_SHEET = 250_000
"""Rows of the grid that are looked at together have about so many: a raster's own numbers are not all copied."""


@dataclass(frozen=True)
class Sheet:
    """Coverage of a window of the grid by some of the zones.

    Attributes
    ----------
    window : Window
        Every pixel that one of them touches lies in it.
    single : (Z, pixels of the window) sparse
        Fraction of each pixel that the zone covers, of those that are in no run.
    runs : (2 R,) int
        Of each run of pixels that lie wholly in a zone the first, and the one after the last; runs with later
        beginnings stand first.
    zone : (R,) int
        Whose run it is.
    """

    window: Window
    single: sparse.csr_array[np.float32, tuple[int, int]]
    runs: npt.NDArray[np.intp]
    zone: _Zones

    def sums(self, layer: FloatArray) -> FloatArray:
        """Sum of a layer over each zone, every pixel by its fraction.

        Parameters
        ----------
        layer : (rows, cols) float
            Of the window; without NaN.

        Returns
        -------
        (Z,) float
        """
        flat = layer.ravel()
        found = np.asarray(self.single @ flat, dtype=np.float64)
        if len(self.zone) == 0:
            return found
        # From the end of one run it goes back to the beginning of the next, so that nothing is added in between.
        inside = np.add.reduceat(flat, self.runs)[::2]
        return found + np.bincount(self.zone, weights=inside, minlength=len(found))


@dataclass(frozen=True)
class _Job:
    """Some zones to be cut by the pixels of some rows at a time."""

    at: _Numbers
    shapes: GeometryArray
    rows: slice


@dataclass(frozen=True)
class Coverage:
    """Zones laid on a grid. Made by `cover`.

    Attributes
    ----------
    grid : Grid
    usable : (Z,) bool
        False for missing and empty zones.
    beyond : (Z,) float, square metres
        Of each zone what the grid does not reach; NaN where it is not usable.
    kept : tuple of Sheet
        What is known of it.
    rest : tuple
        What is cut anew at every asking.
    """

    grid: Grid
    usable: BoolArray
    beyond: FloatArray
    kept: tuple[Sheet, ...]
    rest: tuple[_Job, ...] = ()

    def __len__(self) -> int:
        return len(self.usable)

    def sheets(self) -> Iterator[Sheet]:
        """All of it, piece after piece: the sums over a zone are those of all sheets."""
        yield from self.kept
        for job in self.rest:
            yield from _sheets(self.grid, [_cut(self.grid, job)], len(self))

    def require(self, grid: Grid) -> None:
        """Refuse a raster of another grid.

        Raises
        ------
        LayerError
        """
        if grid != self.grid:
            raise LayerError(
                f"The zones were laid on another grid ({self.grid.shape} pixels, {self.grid.transform}) than the "
                f"raster's ({grid.shape} pixels, {grid.transform}).",
                remedy="Lay them on this raster's grid with cover.",
            )


def cover(
    raster: Raster, shapes: gpd.GeoSeries, at_once: int = PIXELS_AT_ONCE, keep_bytes: int = BYTES_KEPT
) -> Coverage:
    """Lay zones on the grid of a raster.

    Parameters
    ----------
    raster : Raster
        Only its grid is looked at.
    shapes : GeoSeries of polygons, shape (Z,)
        In any CRS; edges are densified before they go to the grid's. They may overlap. None and empty are not
        usable; self-crossing polygons are mended.
    at_once : int
        About how many pixels are cut in one go.
    keep_bytes : int
        About how much is kept.

    Returns
    -------
    Coverage

    Raises
    ------
    CrsError
        The shapes or the grid have no CRS.
    LayerError
        A shape is no polygon, or cannot be mended; the grid is not north-up.
    """
    grid = Grid.of(raster)
    zones = grid.bring(shapes)
    usable = np.array([z is not None for z in zones], dtype=np.bool_)
    beyond = np.full(len(zones), np.nan)
    beyond[usable] = grid.beyond(zones[usable])
    jobs = _jobs(grid, zones, np.flatnonzero(usable), at_once)
    pieces: list[_Piece] = []
    while jobs and sum(piece.nbytes for piece in pieces) < keep_bytes:
        pieces.append(_cut(grid, jobs.pop(0)))
    if jobs:
        log.info("the coverage of %d zones is too large to keep: a part is found anew for every raster", len(zones))
    return Coverage(grid, usable, beyond, _sheets(grid, pieces, len(zones)), tuple(jobs))


def _jobs(grid: Grid, zones: GeometryArray, at: _Numbers, at_once: int) -> list[_Job]:
    """Zones together that have so many pixels at most; one that has more by itself, strip after strip."""
    top, bottom, left, right = grid.boxes(zones[at]).T
    pixels = (bottom - top) * (right - left)
    small = np.flatnonzero((pixels > 0) & (pixels <= at_once))
    turn = np.flatnonzero(np.diff(np.cumsum(pixels[small]) // at_once)) + 1
    whole = slice(0, grid.shape[0])
    jobs = [_Job(at[some], zones[at[some]], whole) for some in np.split(small, turn) if len(some)]
    for one in np.flatnonzero(pixels > at_once):
        step = max(1, at_once // int(right[one] - left[one]))
        for row in range(int(top[one]), int(bottom[one]), step):
            rows = slice(row, min(row + step, int(bottom[one])))
            jobs.append(_Job(at[[one]], zones[at[[one]]], rows))
    return jobs


@dataclass(frozen=True)
class _Piece:
    """What is known of one job, pixels numbered in the grid row by row."""

    zone: _Zones
    pixel: _Numbers
    fraction: npt.NDArray[np.float32]
    run_zone: _Zones
    first: _Numbers
    after: _Numbers

    @property
    def nbytes(self) -> int:
        return 16 * len(self.zone) + 20 * len(self.run_zone)


def _cut(grid: Grid, job: _Job) -> _Piece:
    """Fractions of a job; pixels wholly inside, side by side in a row, become a run.

    The last one of a run stays single: then a run ends before a pixel, and never at the end of the grid.
    """
    counts, pixel, fraction = _fractions(grid, job)
    zone = np.repeat(job.at.astype(np.int32), counts)
    row = pixel // grid.shape[1]
    whole = fraction == 1.0
    goes_on = np.zeros(len(pixel), dtype=np.bool_)
    goes_on[:-1] = whole[:-1] & whole[1:] & (pixel[:-1] + 1 == pixel[1:]) & (row[:-1] == row[1:])
    ends = np.cumsum(counts)
    goes_on[ends[ends > 0] - 1] = False  # with its zone
    before = np.zeros(len(pixel), dtype=np.bool_)
    before[1:] = goes_on[:-1]
    first, last = np.flatnonzero(goes_on & ~before), np.flatnonzero(before & ~goes_on)
    single = np.flatnonzero(~goes_on)
    return _Piece(zone[single], pixel[single], fraction[single], zone[first], pixel[first], pixel[last])


class _Shape(JSONFeature):  # type: ignore[misc]  # exactextract has no types
    """A polygon handed over as it is: by way of GeoJSON, as exactextract takes those of GeoPandas, it costs thrice."""

    def __init__(self, wkb: bytes) -> None:
        super().__init__()
        self._wkb = wkb

    def geometry(self) -> bytes:
        return self._wkb


class _Shapes(FeatureSource):  # type: ignore[misc]  # exactextract has no types
    def __init__(self, shapes: GeometryArray, crs: str) -> None:
        super().__init__()
        self._wkb, self._crs = shapely.to_wkb(shapes), crs

    def count(self) -> int:
        return len(self._wkb)

    def __iter__(self) -> Iterator[_Shape]:
        return map(_Shape, self._wkb)

    def srs_wkt(self) -> str:
        return self._crs


def _fractions(grid: Grid, job: _Job) -> tuple[_Numbers, _Numbers, npt.NDArray[np.float32]]:
    """How many pixels each zone touches; number and covered fraction of each of them, by zones, row by row.

    Fractions are exactextract's own, which it finds to seven figures. No identifiers go through it (its
    ``include_cols`` come back as text): rows keep their order, and the count is checked. It asks for a raster; a
    number seen again and again for every pixel takes no memory.
    """
    nothing = np.broadcast_to(np.int8(1), (job.rows.stop - job.rows.start, grid.shape[1]))
    # The same text of the CRS on both sides: a mismatch would be a mere warning.
    source = NumPyRasterSource(nothing, *grid.bounds_of(job.rows), srs_wkt=grid.crs)
    zones = _Shapes(job.shapes, grid.crs)
    found = pd.DataFrame(exact_extract(source, zones, ["cell_id", "coverage"], output="pandas"))
    if len(found) != len(job.at):
        raise LayerError(
            f"Of {len(job.at)} zones {len(found)} came back from the grid.", remedy="Report this with the boundary."
        )
    counts = np.array([len(one) for one in found["coverage"]], dtype=np.int64)
    pixel = np.concatenate(found["cell_id"].to_list(), dtype=np.int64)
    pixel += job.rows.start * grid.shape[1]
    return counts, pixel, np.concatenate(found["coverage"].to_list(), dtype=np.float32, casting="same_kind")


def _sheets(grid: Grid, pieces: Sequence[_Piece], zones: int) -> tuple[Sheet, ...]:
    """Pieces put together and laid out by bands of rows, pixels numbered within the window that each needs.

    Where a band ends is the grid's, so that a zone has the same sums to the bit whatever other zones there are.
    """
    if not any(len(piece.zone) for piece in pieces):
        return ()
    zone, pixel, fraction, run_zone, first, after = (
        np.concatenate([getattr(piece, one.name) for piece in pieces]) for one in fields(_Piece)
    )
    order, back = np.argsort(pixel), np.argsort(first)[::-1]
    pixel, first = pixel[order], first[back]
    height = max(1, PIXELS_OF_A_SHEET // grid.shape[1])
    starts = np.arange(0, grid.shape[0], height) * grid.shape[1]
    cuts = np.append(np.searchsorted(pixel, starts), len(pixel))
    turns = len(first) - np.append(np.searchsorted(first[::-1], starts), len(first))
    sheets = []
    for some, runs in zip(map(slice, cuts[:-1], cuts[1:]), map(slice, turns[1:], turns[:-1]), strict=True):
        if some.start < some.stop:
            own, its = order[some], back[runs]
            singles = zone[own], pixel[some], fraction[own]
            sheets.append(_sheet(grid, zones, singles, (run_zone[its], first[runs], after[its])))
    return tuple(sheets)


def _sheet(
    grid: Grid,
    zones: int,
    singles: tuple[_Zones, _Numbers, npt.NDArray[np.float32]],
    runs: tuple[_Zones, _Numbers, _Numbers],
) -> Sheet:
    """One sheet of single pixels (zone, pixel, fraction) and runs (zone, first, pixel after the last)."""
    zone, pixel, fraction = singles
    row, col = _at(grid, pixel)
    first_row, first_col = _at(grid, runs[1])
    top, left = int(row[0]), int(min(col.min(), first_col.min(initial=grid.shape[1])))
    height, width = int(row[-1]) + 1 - top, int(col.max()) + 1 - left
    place = (row - top) * width + (col - left)
    ends = np.empty(2 * len(first_row), dtype=np.intp)
    ends[0::2] = (first_row - top) * width + (first_col - left)
    ends[1::2] = ends[0::2] + (runs[2] - runs[1])
    single = sparse.csr_array((fraction, (zone, place)), shape=(zones, height * width))
    return Sheet((slice(top, top + height), slice(left, left + width)), single, ends, runs[0])


def _at(grid: Grid, pixel: _Numbers) -> tuple[_Numbers, _Numbers]:
    """Row and column."""
    row = pixel // grid.shape[1]
    return row, pixel - row * grid.shape[1]
