"""Coverage of pixels: kept and used again it says what exactextract says of each raster by itself."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CrsError, LayerError
from justgeo.core.layer import FloatArray, Provenance, Raster
from justgeo.measure import pixels
from justgeo.measure.grids import Grid
from justgeo.measure.pixels import BYTES_KEPT, PIXELS_AT_ONCE, PIXELS_OF_A_SHEET, Coverage, cover
from justgeo.measure.zonal import Zonal, class_share, zonal_mean

ALBERS, DEGREES = CRS.from_epsg(5070).to_wkt(), CRS.from_epsg(4326).to_wkt()
WEST, NORTH = 1_513_395.0, 1_576_155.0
NAN = float("nan")


def raster(
    values: npt.ArrayLike, west: float = WEST, north: float = NORTH, pixel: float = 30.0, crs: str = ALBERS
) -> Raster:
    array = np.asarray(values, dtype=np.float64)
    return Raster(array, (pixel, 0.0, west, 0.0, -pixel, north), crs, Provenance("tree_canopy", "s", "d", "2021"))


def zones(*shapes: BaseGeometry | None) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=ALBERS)


def cell(col: float, row: float, width: float = 1.0, height: float = 1.0) -> Polygon:
    """A rectangle in pixels from the upper left corner of the grid."""
    return box(WEST + 30 * col, NORTH - 30 * (row + height), WEST + 30 * (col + width), NORTH - 30 * row)


# --- against exactextract, raster by raster ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """Zones as exactextract takes them, on a grid; made once for all that is asked of them.

    Attributes
    ----------
    there : (Z,) bool
        Which zones have a shape at all.
    frame : GeoDataFrame
        Those alone.
    area : (rows, columns) float
        Of each pixel.
    """

    grid: Raster
    there: npt.NDArray[np.bool_]
    frame: gpd.GeoDataFrame
    area: FloatArray

    @classmethod
    def of(cls, grid: Raster, shapes: gpd.GeoSeries) -> Asked:
        there = np.array([one is not None and not one.is_empty for one in shapes], dtype=np.bool_)
        area = np.broadcast_to(Grid.of(grid).row_areas()[:, None], grid.values.shape)
        return cls(grid, there, gpd.GeoDataFrame(geometry=shapes[there], crs=shapes.crs), area)

    def summed(self, *layers: FloatArray) -> list[FloatArray]:
        """What exactextract itself sums of each layer over each zone, in its documented way; NaN for none."""
        a, _, west, _, e, north = self.grid.transform
        rows, cols = self.area.shape
        bounds = west, north + e * rows, west + a * cols, north
        found = [np.full(len(self.there), np.nan) for _ in layers]
        if self.there.any():
            crs = self.frame.crs.to_wkt()
            sources = [NumPyRasterSource(x, *bounds, name=f"layer{k}", srs_wkt=crs) for k, x in enumerate(layers)]
            told = exact_extract(sources, self.frame, ["sum"], output="pandas")
            for k, one in enumerate(found):
                one[self.there] = np.nan_to_num(told[f"layer{k}_sum"].to_numpy(dtype=np.float64))
        return found

    def by_itself(self, values: FloatArray, cover_: Raster | None) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Mean, valid area and area on the grid of each zone, from sums of whole layers."""
        valid, land = np.isfinite(values), np.ones(values.shape, dtype=bool)
        if cover_ is not None:
            land = cover_.values != 11
            valid = valid & np.isfinite(cover_.values) & land
        value = np.where(valid, values, 0.0)
        total, known, all_ = self.summed(*(self.area * one for one in (valid * value, valid, land)))
        return np.divide(total, known, out=np.full(len(self.there), np.nan), where=known > 0), known, all_


@dataclass(frozen=True)
class Case:
    """Some zones, two rasters of one grid and a land cover."""

    shapes: gpd.GeoSeries
    rasters: tuple[Raster, Raster]
    cover: Raster


def star(rng: np.random.Generator, span: tuple[float, float], pixel: float, west: float, north: float) -> BaseGeometry:
    """A jagged shape, in part or wholly beyond a grid as often as not."""
    x, y = rng.uniform(-5, span[1] + 5), rng.uniform(-5, span[0] + 5)
    n = int(rng.integers(3, 12))
    angle = np.sort(rng.uniform(0, 2 * np.pi, n))
    reach = rng.uniform(0.05, 1.0, n) * rng.choice([0.4, 3.0, 20.0])
    ring = np.column_stack([west + pixel * (x + reach * np.cos(angle)), north - pixel * (y + reach * np.sin(angle))])
    return shapely.make_valid(Polygon(ring))


def shape(
    rng: np.random.Generator, span: tuple[int, int], pixel: float, west: float, north: float
) -> BaseGeometry | None:
    kind = rng.integers(0, 8)
    if kind == 0:
        return None if rng.random() < 0.5 else Polygon()
    if kind == 1:  # all of the grid and more, to its very edge, or some whole pixels of it
        a, b, c, d = rng.integers(-2, 3, 4)
        edges = west + pixel * a, north - pixel * (span[0] + b), west + pixel * (span[1] + c), north + pixel * d
        return box(*edges) if edges[0] < edges[2] and edges[1] < edges[3] else None
    parts = [star(rng, span, pixel, west, north) for _ in range(int(rng.integers(1, 5)))]
    whole = shapely.union_all(parts) if kind < 6 else parts[0].difference(shapely.union_all(parts[1:]))
    flat = [one for one in shapely.get_parts(whole) if one.geom_type == "Polygon" and one.area > 0]
    return MultiPolygon(flat) if flat else None


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    span = draw(st.integers(1, 25)), draw(st.integers(1, 25))
    crs, pixel, west, north = draw(st.sampled_from([(ALBERS, 30.0, WEST, NORTH), (DEGREES, 2.0**-11, -78.0, 36.0)]))
    shapes = [shape(rng, span, pixel, west, north) for _ in range(draw(st.integers(1, 12)))]
    rasters = []
    for missing in draw(st.tuples(st.sampled_from([0.0, 0.2, 1.0]), st.sampled_from([0.0, 0.5]))):
        values = rng.uniform(0, 100, span)
        values[rng.random(span) < missing] = NAN
        rasters.append(raster(values, west, north, pixel, crs))
    legend = raster(rng.choice([11.0, 21.0, 22.0, 41.0, NAN], span), west, north, pixel, crs)
    return Case(gpd.GeoSeries(shapes, crs=crs), (rasters[0], rasters[1]), legend)


limits = st.sampled_from([(PIXELS_AT_ONCE, BYTES_KEPT), (60, BYTES_KEPT), (60, 500), (10, 0)])
sheets = st.sampled_from([PIXELS_OF_A_SHEET, 40, 1])


@settings(max_examples=60, deadline=None)
@given(cases(), limits, sheets)
def test_one_coverage_says_of_every_raster_what_it_would_say_by_itself(
    case: Case, limit: tuple[int, int], sheet: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pixels, "PIXELS_OF_A_SHEET", sheet)
        covered = cover(case.rasters[1], case.shapes, at_once=limit[0], keep_bytes=limit[1])
    asked = Asked.of(case.cover, case.shapes)  # all of them are of one grid
    for one in case.rasters:
        for legend in (None, case.cover):
            found = zonal_mean(one, covered, mask=legend)
            mean, known, all_ = asked.by_itself(one.values, legend)
            near(found.mean, mean)
            near(found.valid_area, known)
            near(found.area - covered.beyond, all_, found.area)
    found = class_share(case.cover, covered, (21, 22))
    built = np.where(np.isnan(case.cover.values), NAN, np.isin(case.cover.values, (21, 22)))
    near(found.mean, asked.by_itself(built, case.cover)[0])


def near(found: FloatArray, told: FloatArray, scale: FloatArray | None = None) -> None:
    """Equal to a thousand-millionth; missing in both or in neither."""
    np.testing.assert_array_equal(np.isnan(found), np.isnan(told))
    size = np.abs(told) if scale is None else np.maximum(np.abs(told), scale)
    assert np.all(np.isnan(told) | (np.abs(found - told) <= 1e-9 * size))


def same(one: Zonal, other: Zonal) -> None:
    for name in ("mean", "valid_area", "area", "valid_share"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12, atol=0)


# --- what is missing --------------------------------------------------------------------------------------------------


def test_missing_pixels_of_one_raster_are_not_missing_in_the_next() -> None:
    covered = cover(raster(np.full((1, 4), NAN)), zones(cell(0, 0, 4, 1), cell(0, 0, 1, 1)))
    holed, whole = (zonal_mean(raster(one), covered) for one in ([[NAN, 10, 20, 30]], [[40, 10, 20, 30]]))
    np.testing.assert_array_equal(holed.mean, [20.0, NAN])
    np.testing.assert_array_equal(holed.valid_share, [0.75, 0.0])
    np.testing.assert_array_equal(whole.mean, [25.0, 40.0])
    np.testing.assert_array_equal(whole.valid_share, [1.0, 1.0])


def test_zones_beyond_the_grid_keep_their_places() -> None:
    grid = raster(np.full((3, 3), 7.0))
    found = zonal_mean(grid, cover(grid, zones(cell(50, 50), cell(0, 0), None, cell(2, 2, 2, 1))))
    np.testing.assert_array_equal(found.mean, [NAN, 7.0, NAN, 7.0])
    np.testing.assert_array_equal(found.valid_share, [0.0, 1.0, NAN, 0.5])


def test_where_no_zone_touches_the_grid_nothing_is_known() -> None:
    covered = cover(raster([[1.0]]), zones(cell(50, 50)))
    assert (covered.kept, covered.rest) == ((), ())
    assert np.isnan(zonal_mean(raster([[1.0]]), covered).mean).all()


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_a_large_zone_is_kept_by_its_outline() -> None:
    grid = raster(np.zeros((300, 300)))
    [kept] = cover(grid, zones(cell(0.5, 0.5, 299, 299))).kept
    assert kept.single.nnz < 5 * 300  # of 90,000 pixels
    assert len(kept.zone) < 300
    assert kept.sums(np.ones((300, 300)))[0] == pytest.approx(299.0**2)


def test_a_run_ends_with_its_row() -> None:
    """The last pixel of a row and the first of the next stand side by side in memory alone."""
    grid = raster(np.arange(20.0).reshape(2, 10))
    [kept] = cover(grid, zones(MultiPolygon([cell(5, 0, 5, 1), cell(0, 1, 3, 1)]))).kept
    assert len(kept.zone) == 2
    assert kept.sums(grid.values)[0] == 5 + 6 + 7 + 8 + 9 + 10 + 11 + 12


def test_a_run_ends_with_its_zone() -> None:
    grid = raster([[1.0, 2.0, 4.0, 8.0]])
    found = zonal_mean(grid, zones(cell(0, 0, 2, 1), cell(2, 0, 2, 1), cell(0, 0, 4, 1)))
    np.testing.assert_array_equal(found.mean, [1.5, 6.0, 3.75])


def test_only_the_window_of_the_zones_is_looked_at() -> None:
    [kept] = cover(raster(np.zeros((100, 200))), zones(cell(150.5, 20, 3, 2))).kept
    assert kept.window == (slice(20, 22), slice(150, 154))


def test_what_is_too_large_to_keep_is_found_anew_for_each_raster(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = raster(np.random.default_rng(1).uniform(0, 100, (40, 40)))
    shapes = zones(*(cell(k, k, 12.3, 9.7) for k in range(20)))
    whole, part, none = (cover(grid, shapes, at_once=500, keep_bytes=most) for most in (BYTES_KEPT, 2000, 0))
    assert (len(whole.rest), none.kept) == (0, ())
    assert part.kept
    assert 0 < len(part.rest) < len(none.rest)
    same(zonal_mean(grid, part), zonal_mean(grid, whole))
    same(zonal_mean(grid, none), zonal_mean(grid, whole))
    monkeypatch.setattr(pixels, "exact_extract", None)  # what is kept needs it no more
    same(zonal_mean(grid, whole), zonal_mean(raster(grid.values), whole))


def test_a_zone_of_too_many_pixels_is_cut_strip_after_strip() -> None:
    grid = raster(np.random.default_rng(2).uniform(0, 100, (60, 50)))
    shapes = zones(shapely.Point(WEST + 700, NORTH - 900).buffer(651.0), cell(3, 3, 1, 1))
    strips = cover(grid, shapes, at_once=150, keep_bytes=0)
    assert next(job.rows.stop - job.rows.start for job in strips.rest if job.at[0] == 0) == 3
    same(zonal_mean(grid, strips), zonal_mean(grid, shapes))


# --- whose it is ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        raster(np.zeros((3, 4))),
        raster(np.zeros((3, 3)), west=WEST + 30),
        raster(np.zeros((3, 3)), pixel=10.0),
        raster(np.zeros((3, 3)), crs=CRS.from_epsg(26917).to_wkt()),
    ],
)
def test_a_raster_of_another_grid_is_refused(other: Raster) -> None:
    covered = cover(raster(np.zeros((3, 3))), zones(cell(0, 0)))
    with pytest.raises(LayerError, match="another grid"):
        zonal_mean(other, covered)
    assert Grid.of(other).key != covered.grid.key


def test_rasters_of_two_years_share_their_grid() -> None:
    one, other = raster([[1.0, NAN]]), raster([[2.0, 3.0]])
    assert Grid.of(one) == Grid.of(other)
    assert Grid.of(one).key == Grid.of(other).key


def test_a_grid_without_crs_is_refused() -> None:
    with pytest.raises(CrsError, match="tree_canopy"):
        cover(raster([[1.0]], crs=""), zones(cell(0, 0)))


def test_a_grid_of_many_rows_is_looked_at_by_some_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = raster(np.random.default_rng(3).uniform(0, 100, (60, 50)))
    shapes = zones(cell(5.5, 5.5, 12, 40), cell(3, 50, 7, 9), cell(30, 7, 20, 2.5), None)
    whole = zonal_mean(grid, shapes)
    monkeypatch.setattr(pixels, "PIXELS_OF_A_SHEET", 500)
    covered = cover(grid, shapes)
    assert [one.window[0] for one in covered.kept][:2] == [slice(5, 10), slice(10, 20)]
    assert len(covered.kept) == 6
    same(zonal_mean(grid, covered), whole)


def test_a_zone_has_the_same_numbers_to_the_bit_alone_and_beside_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "PIXELS_OF_A_SHEET", 700)
    rng = np.random.default_rng(4)
    grid = raster(rng.uniform(0, 100, (90, 70)))
    shapes = [star(rng, (90, 70), 30.0, WEST, NORTH) for _ in range(60)]
    every = [one if one.geom_type.endswith("Polygon") else None for one in shapes]
    together = zonal_mean(grid, cover(grid, zones(*every)))
    alone = [zonal_mean(grid, cover(grid, zones(one))) for one in every]
    for name in ("mean", "valid_area", "area"):
        np.testing.assert_array_equal(getattr(together, name), [getattr(one, name)[0] for one in alone])


def test_a_lost_zone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "exact_extract", lambda *_, **__: {"cell_id": [], "coverage": []})
    with pytest.raises(LayerError, match="Of 1 zones 0 came back"):
        cover(raster([[1.0]]), zones(cell(0, 0)))


def test_a_coverage_has_the_length_of_its_zones() -> None:
    found: Coverage = cover(raster([[1.0]]), zones(cell(0, 0), None, Polygon()))
    assert len(found) == 3
    np.testing.assert_array_equal(found.usable, [True, False, False])
