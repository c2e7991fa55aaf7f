"""Windows of grids: whole pixels around an area, cut and put together without a pixel lost or moved."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.transform import Affine

from justgeo.core.errors import CoverageError, SourceError
from justgeo.sources import rasters
from justgeo.sources._hash import sha256_of
from justgeo.sources.live import grids

METRES, OFFSET = 30, 15
CONUS = (st.floats(-124, -67), st.floats(25, 49), st.floats(0.0005, 0.4), st.floats(0.0005, 0.4))


@settings(max_examples=150, deadline=None)
@given(*CONUS, st.floats(0, 90))
def test_a_box_is_whole_pixels_around_the_window(
    lon: float, lat: float, width: float, height: float, turn: float
) -> None:
    shape = shapely.affinity.rotate(shapely.box(lon, lat, lon + width, lat + height), turn)
    bounds = grids.bounds_in(shape, "EPSG:5070")
    west, south, east, north = box = grids.aligned(bounds, METRES, OFFSET)
    assert all(edge % METRES == OFFSET for edge in box)
    for inner, outer in zip(bounds, box, strict=True):
        assert grids.PAD * METRES <= abs(outer - inner) < (grids.PAD + 1) * METRES
    assert west < bounds[0] < bounds[2] < east
    assert south < bounds[1] < bounds[3] < north
    # No point of the edge lies outside, however straight a parallel is drawn.
    dense = shapely.segmentize(shape, 0.0005)
    assert shapely.box(*box).covers(shapely.transform(dense, _to_5070))


def _to_5070(points: np.ndarray) -> np.ndarray:
    from pyproj import Transformer

    return np.column_stack(Transformer.from_crs(4326, 5070, always_xy=True).transform(points[:, 0], points[:, 1]))


@settings(max_examples=100, deadline=None)
@given(
    st.integers(-90_000, 90_000),
    st.integers(-90_000, 90_000),
    st.integers(2, 700),
    st.integers(2, 700),
    st.integers(7, 300),
)
def test_pieces_tile_a_box(col: int, row: int, cols: int, rows: int, most: int) -> None:
    west, south = col * METRES + OFFSET, row * METRES + OFFSET
    box = (west, south, west + cols * METRES, south + rows * METRES)
    pieces = grids.cut(box, METRES, most)
    sizes = [grids.size(piece, METRES) for piece in pieces]
    assert len(pieces) == math.ceil(cols / most) * math.ceil(rows / most)
    assert max(max(size) for size in sizes) <= most
    assert min(width for width, _ in sizes) >= min(cols, most // 2), "no sliver"
    assert sum(width * height for width, height in sizes) == cols * rows
    union = shapely.union_all([shapely.box(*piece) for piece in pieces])
    assert union.equals(shapely.box(*box))
    assert all(edge % METRES == OFFSET for piece in pieces for edge in piece)
    assert pieces[0][3] == box[3], "the north comes first"


@given(st.tuples(*[st.floats(-180, 180)] * 4), st.integers(0, 6))
def test_rounding_only_grows(edges: tuple[float, float, float, float], digits: int) -> None:
    found = grids.outward(edges, digits)
    slack = 1.0001 * 10.0**-digits
    assert edges[0] - slack <= found[0] <= edges[0] + 1e-12
    assert edges[3] - 1e-12 <= found[3] <= edges[3] + slack
    assert found == tuple(round(edge, digits) for edge in found)


def test_what_has_no_place_in_a_crs() -> None:
    with pytest.raises(CoverageError, match="no place"):
        grids.bounds_in(shapely.box(8, 0, 10, 1), "EPSG:32617")
    with pytest.raises(CoverageError, match="no CRS"):
        grids.bounds_in(shapely.box(-1, 0, 1, 1), "EPSG:123456")


def test_a_crs_is_known_by_where_it_puts_things() -> None:
    """Map servers write EPSG:5070 without its code, or on WGS84; both put a pixel at the same place."""
    bounds = (1_500_015.0, 1_500_015.0, 1_530_015.0, 1_530_015.0)
    albers = "+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +x_0=0 +y_0=0 +units=m +type=crs "
    assert grids.same_place(CRS.from_epsg(5070).to_wkt(), "EPSG:5070", bounds)
    assert grids.same_place(albers + "+datum=NAD83", "EPSG:5070", bounds)
    assert grids.same_place(albers + "+datum=WGS84", "EPSG:5070", bounds)
    for other in ("EPSG:3857", "EPSG:32617", albers.replace("29.5", "29.6") + "+datum=NAD83", "nonsense"):
        assert not grids.same_place(other, "EPSG:5070", bounds)


def write(path: Path, values: np.ndarray, col: int = 0, row: int = 0, nodata: float | None = 255) -> grids.Piece:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype=values.dtype,
        crs="EPSG:5070",
        transform=Affine(30, 0, 15 + 30 * col, 0, -30, 3015 - 30 * row),
        nodata=nodata,
    ) as target:
        target.write(values, 1)
    return grids.Piece(path.name, rasters.grid_of(path), sha256_of(path))


def test_a_mosaic_is_the_grid_that_was_cut(tmp_path: Path) -> None:
    whole = np.random.default_rng(5).integers(0, 255, (70, 90)).astype(np.uint8)
    corners = [(0, 0, 40, 50), (0, 50, 40, 90), (40, 0, 70, 50)]
    pieces = [
        write(tmp_path / f"p & {i}.tif", whole[top:bottom, left:right], left, top)
        for i, (top, left, bottom, right) in enumerate(corners)
    ]
    (tmp_path / "all.vrt").write_text(grids.mosaic(pieces, "here"), encoding="utf-8")
    expected = whole.copy()
    expected[40:, 50:] = 255  # what is in no piece is no data
    with rasterio.open(tmp_path / "all.vrt") as found:
        np.testing.assert_array_equal(found.read(1), expected)
        assert (found.nodata, found.dtypes[0], found.crs.to_epsg()) == (255, "uint8", 5070)
        assert found.transform == Affine(30, 0, 15, 0, -30, 3015)
    assert all(piece.sha256 in (tmp_path / "all.vrt").read_text() for piece in pieces), "its digest stands for theirs"


@pytest.mark.parametrize("odd", ["shifted", "type", "nodata", "pixel"])
def test_pieces_of_another_grid_are_refused(odd: str, tmp_path: Path) -> None:
    values = np.zeros((10, 10), dtype=np.uint8)
    one = write(tmp_path / "a.tif", values)
    other = write(
        tmp_path / "b.tif",
        values.astype(np.uint16 if odd == "type" else np.uint8),
        10,
        nodata=0 if odd == "nodata" else 255,
    )
    if odd in ("shifted", "pixel"):
        move = Affine.translation(10, 0) if odd == "shifted" else Affine.scale(1.01)
        with rasterio.open(tmp_path / "b.tif", "r+") as target:
            target.transform = move @ target.transform if odd == "shifted" else target.transform @ move
        other = grids.Piece("b.tif", rasters.grid_of(tmp_path / "b.tif"), "0")
    with pytest.raises(SourceError, match="not of one grid") as caught:
        grids.mosaic([one, other], "here")
    assert caught.value.kind == "changed"
