"""Canopy and land cover on a grid of sixteen pixels of 100 m, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import Absent
from justgeo.core.field import ZoneField
from justgeo.core.layer import Layer
from justgeo.indicators.environment import class_share, raster_area, raster_people
from justgeo.indicators.place import Place
from justgeo.measure import pixels
from tests.indicators import town
from tests.indicators.town import TRACT
from tests.measure.toy import CRS, provenance

NAN = float("nan")
# Row 0 is the north: the pixel of the south-west corner is the first of the last row.
CANOPY: list[list[float]] = [[10, 20, 30, 40], [10, 20, 30, 40], [50, 50, 50, 50], [0, 100, 60, NAN]]
COVER: list[list[float]] = [[41, 41, 41, 41], [41, 11, 11, 41], [22, 22, 23, 24], [11, 21, 21, 21]]
AREA = town.row("raster_area", parameters={"raster": "tree_canopy", "land_cover": "land_cover", "min_valid": 0.95})


def square(column: float, row: float, width: float = 1, height: float = 1) -> BaseGeometry:
    """In pixels from the south-west corner."""
    return box(100 * column, 100 * row, 100 * (column + width), 100 * (row + height))


def place(*shapes: BaseGeometry, **layers: Any) -> Place:
    held = {"tree_canopy": town.raster("tree_canopy", CANOPY), **layers}
    return town.place(held, town.zones(*(shapes or (square(0, 0, 4, 4),))))


def measured(*shapes: BaseGeometry, **layers: Any) -> ZoneField:
    return raster_area(AREA, place(*shapes, **layers))


def test_whole_pixels_are_averaged_and_percents_become_shares() -> None:
    found = measured(square(0, 0, 2, 2), square(0, 2, 4, 2))
    assert found.value == pytest.approx([(0 + 100 + 50 + 50) / 400, (10 + 20 + 30 + 40) / 400])
    assert found.denominator == pytest.approx([4e4, 8e4])
    assert found.numerator == pytest.approx([0.5 * 4e4, 0.25 * 8e4])
    assert found.reason == (None, None)


def test_cut_pixels_count_by_the_part_that_lies_inside() -> None:
    # Half of the pixel 100, a quarter of the pixel 60, and a pixel 50 beside them, all of it.
    found = measured(square(1, 0, 0.5, 1).union(square(2, 0, 0.5, 0.5)).union(square(3, 1)))
    assert found.value[0] == pytest.approx((0.5 * 100 + 0.25 * 60 + 50) / 175)
    assert found.denominator[0] == pytest.approx(17500)


def test_below_ninety_five_percent_of_valid_land_there_is_no_number() -> None:
    found = measured()  # one of sixteen pixels is not known: 93.75 %
    assert np.isnan([found.value[0], found.numerator[0], found.denominator[0]]).all()
    assert found.reason == ("only 94 % of the land has valid pixels (95 % are needed)",)
    assert found.valid_share[0] == pytest.approx(15 / 16)


def test_above_it_the_number_is_that_of_what_is_known() -> None:
    # All but half of the pixel that is not known: 15 of 15.5 pixels are valid, 96.8 %.
    found = measured(square(0, 0, 4, 4).difference(square(3, 0, 0.5, 1)))
    assert found.reason == (None,)
    assert found.valid_share[0] == pytest.approx(15 / 15.5)
    assert found.value[0] == pytest.approx((200 + 200 + 160) / 1500)
    assert found.denominator[0] == pytest.approx(15e4)


def test_how_much_must_be_valid_is_the_rows_own() -> None:
    row = town.row("raster_area", parameters={"raster": "tree_canopy", "min_valid": 0.9})
    assert raster_area(row, place()).reason == (None,)


def test_a_zone_beyond_the_grid_is_absent_not_bare() -> None:
    found = measured(square(10, 10), square(3, 0))
    assert np.isnan(found.value).all()
    assert found.reason == ("the raster has no valid pixel here",) * 2


def test_water_leaves_the_land() -> None:
    cover = town.raster("land_cover", COVER)
    # The western column but its north: 0 (water), 50, 10 -> (50 + 10) / 2; with the water it would be 20.
    found = measured(square(0, 0, 1, 3), land_cover=cover)
    assert found.value[0] == pytest.approx(0.30)
    assert found.denominator[0] == pytest.approx(2e4)
    assert measured(square(0, 0, 1, 3)).value[0] == pytest.approx(0.20)


def test_a_zone_with_hardly_any_land_has_no_number() -> None:
    cover = town.raster("land_cover", COVER)
    # Water alone; half a hectare of land beside a hectare and a half of water; as much of each.
    sea, shore = square(1, 2, 2, 1), square(1.5, 2, 2, 1)
    found = measured(sea, shore, square(1, 1, 1.5, 2), land_cover=cover)
    assert found.reason == ("hardly any land here", "hardly any land here", None)
    for numbers in (found.value, found.numerator, found.denominator):
        assert np.isnan(numbers).tolist() == [True, True, False]
    assert (found.value[2], found.denominator[2]) == (pytest.approx(0.5), pytest.approx(15_000))
    row = town.row("class_share", parameters={"raster": "land_cover", "classes": [41]})
    assert class_share(row, place(shore, land_cover=cover)).reason == ("hardly any land here",)


def test_one_twentieth_of_a_large_zone_is_hardly_any_land() -> None:
    # 40 x 40 pixels of water, with a strip of land: 79 and 80 of 1,600.
    values = np.full((40, 40), 11.0)
    values[:2] = 41.0
    values[0, 0] = 11.0
    canopy = town.raster("tree_canopy", np.full((40, 40), 30.0).tolist())
    held = {"tree_canopy": canopy, "land_cover": town.raster("land_cover", values.tolist())}
    sea = square(0, 0, 40, 40)
    assert measured(sea, **held).reason == ("hardly any land here",)
    values[0, 0] = 41.0
    held["land_cover"] = town.raster("land_cover", values.tolist())
    found = measured(sea, **held)
    assert (found.reason, found.value[0]) == ((None,), pytest.approx(0.3))


def test_a_row_that_names_no_land_cover_takes_none() -> None:
    row = town.row("raster_area", parameters={"raster": "tree_canopy"})
    held = place(square(0, 0, 1, 3), land_cover=town.raster("land_cover", COVER))
    assert raster_area(row, held).value[0] == pytest.approx(0.20)


def test_classes_are_shares_of_the_land() -> None:
    row = town.row("class_share", parameters={"raster": "land_cover", "classes": [22, 23, 24], "min_valid": 0.95})
    held = place(square(0, 0, 4, 2), square(0, 1, 4, 1), land_cover=town.raster("land_cover", COVER))
    found = class_share(row, held)
    # The southern half: 4 developed of 8 pixels, one of which is water and no land; the row above it is all developed.
    assert found.value == pytest.approx([4 / 7, 1.0])
    assert found.denominator == pytest.approx([7e4, 4e4])


def test_zones_are_laid_on_a_grid_once_for_all_its_rasters(monkeypatch: pytest.MonkeyPatch) -> None:
    laid = []

    def cover(raster: Any, shapes: gpd.GeoSeries) -> Any:
        laid.append(raster.provenance.layer)
        return pixels.cover(raster, shapes)

    monkeypatch.setattr("justgeo.indicators.place.cover", cover)
    finer = town.raster("finer", np.repeat(np.repeat(CANOPY, 2, axis=0), 2, axis=1).tolist(), 50.0)
    held = place(square(0, 1, 4, 2), land_cover=town.raster("land_cover", COVER), finer=finer)
    own = town.row("class_share", parameters={"raster": "land_cover", "classes": [22, 23, 24]})
    found = [raster_area(AREA, held).value, class_share(own, held).value, raster_area(AREA, held).value]
    assert laid == ["tree_canopy"]
    assert found[0][0] == found[2][0] == pytest.approx(250 / 600)
    raster_area(town.row("raster_area", parameters={"raster": "finer"}), held)
    assert laid == ["tree_canopy", "finer"]
    raster_area(AREA, held.with_zones(SimpleNamespace(zones=town.zones(square(0, 2)))))
    assert laid == ["tree_canopy", "finer", "tree_canopy"]


@pytest.mark.parametrize("function", [raster_area, class_share])
def test_an_area_has_no_groups_and_a_missing_raster_is_absent(function: Any) -> None:
    row = town.row(parameters={"raster": "impervious", "classes": [1]})
    with pytest.raises(Absent, match="no race or income"):
        function(row, place(), "race:white")
    with pytest.raises(Absent, match="no layer 'impervious'"):
        function(row, place())


PEOPLE = town.row("raster_people", parameters={"raster": "tree_canopy", "land_cover": "land_cover"})


def lived_in(*shapes: BaseGeometry) -> Layer:
    ids = [f"{TRACT}1{i:03d}" for i in range(len(shapes))]
    frame = gpd.GeoDataFrame({"geoid": ids, "population": 10}, geometry=list(shapes), crs=CRS)
    return Layer("blocks", frame, provenance("blocks"), geography="block", geography_vintage=2020)


def test_a_block_of_half_a_hectare_has_its_own_canopy() -> None:
    field = raster_people(PEOPLE, place(blocks=lived_in(square(1, 0), square(0, 1, 2, 1), square(0, 0, 0.5, 1))))
    # The third block has 5,000 m² exactly: not under half a hectare.
    assert field.x == pytest.approx([1.0, 0.5, 0.0])
    assert (field.kind, field.unknown) == ("mean", ("", "", ""))


def test_a_smaller_block_looks_a_hundred_metres_around() -> None:
    ring = [[100, 100, 100, 100], [100, 100, 100, 100], [100, 0, 100, 100], [100, 100, 100, 100]]
    small = square(1.25, 1.25, 0.5, 0.5)  # 2,500 m² in the middle of the bare pixel
    held = place(blocks=lived_in(small), tree_canopy=town.raster("tree_canopy", ring))
    around = small.buffer(100).area
    assert around == pytest.approx(2500 + 4 * 5000 + np.pi * 1e4, rel=0.005)
    assert raster_people(PEOPLE, held).x == pytest.approx([1 - 1e4 / around])


def test_a_block_of_which_most_is_not_known_is_not_known() -> None:
    # 49 % and 51 % of a block on valid pixels; the north-eastern corner of the grid is at (4, 4).
    held = place(blocks=lived_in(square(3.51, 2, 1, 1), square(3.49, 2, 1, 1)))
    field = raster_people(PEOPLE, held)
    assert field.x == pytest.approx([np.nan, 0.40], nan_ok=True)
    assert field.unknown == ("no valid pixel", "")


def test_people_and_groups_come_along() -> None:
    row = town.row("raster_people", parameters={"raster": "tree_canopy"}, groups={"g": {"blocks": "population"}})
    field = raster_people(row, place(blocks=lived_in(square(1, 0))))
    assert (field.base.tolist(), field.groups["g"].count.tolist()) == ([10], [10])


def test_a_raster_of_another_name_is_not_taken_from_the_cache() -> None:
    held = place(blocks=lived_in(square(1, 0)), impervious=town.raster("impervious", np.full((4, 4), 7.0).tolist()))
    canopy = raster_people(PEOPLE, held)
    hard = raster_people(town.row("raster_people", parameters={"raster": "impervious"}), held)
    assert (canopy.x[0], hard.x[0]) == (pytest.approx(1.0), pytest.approx(0.07))


def test_two_rows_of_one_raster_with_and_without_water_do_not_share_their_numbers() -> None:
    held = place(blocks=lived_in(square(0, 0, 1, 3)), land_cover=town.raster("land_cover", COVER))
    dry = raster_people(PEOPLE, held)
    wet = raster_people(town.row("raster_people", parameters={"raster": "tree_canopy"}), held)
    assert (dry.x[0], wet.x[0]) == (pytest.approx(0.30), pytest.approx(0.20))
