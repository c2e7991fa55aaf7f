"""Water, empty units, ties and neighbours: small things that a sum or a mean may stumble over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import box

from justgeo.core.errors import VintageError
from justgeo.core.layer import FloatArray, Provenance, Raster
from justgeo.measure import nesting, segregation, tables
from justgeo.measure.apportion import Weights
from justgeo.measure.percentiles import Tracts, standing, why_not
from justgeo.measure.zonal import zonal_mean
from tests.measure import toy
from tests.measure.test_percentiles import NUMBER
from tests.measure.test_zonal import ALBERS, NORTH, WEST, cell
from tests.measure.test_zonal import zones as areas
from tests.measure.toy import dense


def test_who_is_counted_on_open_water_lives_nowhere() -> None:
    """Land of 0 is water, land of half a square metre is land, and land that nobody states is what is drawn."""
    land = np.full(16, 10_000.0)
    land[:3] = 0.0, 0.5, np.nan
    found, _ = nesting.read_origins(toy.blocks(land_m2=land), toy.CRS, [])
    assert found.population.tolist() == [0.0, *toy.PEOPLE[1:].tolist()]
    assert found.housing is not None and found.housing.tolist() == [0.0, *toy.HOMES[1:].tolist()]
    assert found.land[:3].tolist() == [0.0, 0.5, pytest.approx(10_000.0)]
    drawn, _ = nesting.read_origins(toy.blocks(), toy.CRS, [])
    assert drawn.population.tolist() == toy.PEOPLE.tolist() and not drawn.land_known


def test_units_that_no_layer_draws_lie_in_the_middle_of_their_blocks() -> None:
    origins, _ = nesting.read_origins(toy.blocks(), toy.CRS, [])
    found = nesting.units_of_blocks("block group", origins)
    at = found.geoid.tolist().index(toy.E1)
    assert (found.points[at].x, found.points[at].y) == pytest.approx((300.0, 100.0))


def test_positions_are_handed_out_again_and_so_cannot_be_written_to() -> None:
    found = nesting.positions(np.array(["a", "b"]), np.array(["b", "c", "a"]))
    assert found.tolist() == [1, -1, 0]
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 7


def test_shares_of_one_unit_with_somebody_outside_and_of_one_with_nobody() -> None:
    share, used = nesting.shares_within(np.array([-1, 0, 0]), 1, [np.array([9.0, 1.0, 3.0])])
    assert share.tolist() == [0.0, 0.25, 0.75] and used.tolist() == [0]
    nobody, none = nesting.shares_within(np.array([0, 1]), 2, [np.array([0.0, 5.0]), np.array([0.0, 0.0])])
    assert nobody.tolist() == [0.0, 1.0] and none.tolist() == [-1, 0]
    homes, second = nesting.shares_within(np.array([0, 0]), 1, [np.zeros(2), np.array([1.0, 1.0])])
    assert homes.tolist() == [0.5, 0.5] and second.tolist() == [1]


def test_tracts_with_a_number_hold_four_fifths_of_the_people_or_none_is_told() -> None:
    values = np.append(np.arange(20.0), np.nan)
    held = Tracts.of(values, np.append(np.full(20, 4.0), 20.1), "persons")
    found = standing(held, NUMBER, 0.5, 0.1)
    assert (found.value, found.tracts, found.weight, found.reason) == (None, 20, "persons", why_not(held))
    assert why_not(Tracts.of(values, np.append(np.full(20, 4.0), 20.0), "persons")) is None
    assert why_not(Tracts.of(values, np.append(np.full(20, 4.0), 20.1), "persons")) is not None
    assert Tracts.of(np.array([1.0]), np.array([0.0]), "persons").told == 0.0


def test_zones_side_by_side_in_one_row_of_pixels_have_each_its_own() -> None:
    values = np.array([[10.0, 20.0, 30.0, 40.0, 90.0]])
    raster = Raster(values, (30.0, 0.0, WEST, 0.0, -30.0, NORTH), ALBERS, Provenance("tree_canopy", "s", "d", "2021"))
    found = zonal_mean(raster, areas(cell(0, 0, 2), cell(2, 0, 3), cell(0, 0, 5)))
    assert found.mean.tolist() == pytest.approx([15.0, 160 / 3, 38.0])
    assert found.area.tolist() == pytest.approx([1800.0, 2700.0, 4500.0])


def test_zones_keep_their_order_and_their_outlines() -> None:
    made = toy.zones(*(box(n, 0, n + 1, 1) for n in range(3)), ids=["a", "b", "c"])
    made = replace(made, roles=("district", "area", "reference"))
    some = made.only([2, 0])
    assert some.ids == ("c", "a") and some.roles == ("reference", "district")
    assert some.geometry.bounds.minx.tolist() == [2.0, 0.0] and some.geometry.index.tolist() == [0, 1]
    assert type(some.geometry) is type(made.geometry) and made.ids_of("reference", "area") == ("b", "c")


def test_a_table_without_a_level_has_no_rows_of_it() -> None:
    assert tables.rows_of(toy.units([toy.WEST]), "block group", np.array([toy.W1, toy.W2])).tolist() == [-1, -1]
    assert tables.rows_of(toy.units([toy.W2, toy.WEST]), "block group", np.array([toy.W1, toy.W2])).tolist() == [-1, 0]


def test_counties_drawn_in_another_census_do_not_forbid_tracts_that_blocks_know() -> None:
    counties, tracts, _ = toy.unit_layers(2010)
    where = toy.zones(toy.square(0, 0, 2, 4))
    known = Weights.build(where, toy.blocks(), [counties], toy.CRS)
    assert dense(known.covering_of(toy.units([toy.WEST, toy.EAST]), "persons").matrix).tolist() == [[1.0, 0.0]]
    with pytest.raises(VintageError, match="of 2010"):
        Weights.build(where, toy.blocks(), [tracts], toy.CRS).covering_of(toy.units([toy.WEST]), "persons")


def test_indices_of_parts_of_people_are_those_of_whole_ones() -> None:
    """Apportioned counts may come to less than one; 1 to 3 is -0.25 ln 0.25 - 0.75 ln 0.75 over ln 2."""
    found = segregation.evenness([[0.1, 0.3], [1.0, 3.0], [100.0, 300.0], [0.0, 0.0]])
    assert found[:3].tolist() == pytest.approx([0.811278] * 3, abs=1e-6) and np.isnan(found[3])
    assert segregation.diversity([0.1, 0.3]) == pytest.approx(1 - 0.0625 - 0.5625)


def test_two_regions_of_three_areas_are_each_by_itself() -> None:
    x, y = np.array([[1.0, 2.0, 3.0], [8.0, 1.0, 1.0]]), np.array([[4.0, 4.0, 2.0], [1.0, 5.0, 4.0]])
    total = x + y
    by_hand = [float((x[r] / x[r].sum() * y[r] / total[r]).sum()) for r in (0, 1)]
    assert segregation.interaction(x, y, total).tolist() == pytest.approx(by_hand)
    assert segregation.isolation(x, total).tolist() == pytest.approx([1 - one for one in by_hand])


def test_a_little_noise_moves_an_index_a_little() -> None:
    """The share of the first group in the only area, 1 of 4: each count errs by 0.5 people of 400."""

    def share(counts: FloatArray) -> FloatArray:
        return np.asarray(counts[:, 0].sum() / counts.sum())

    counts = np.array([[100.0, 300.0]])
    slope = np.hypot(0.75, 0.25) / 400
    found = segregation.noise_margin(share, counts, np.array([0.5]))
    assert float(found) == pytest.approx(1.645 * 0.5 * slope, rel=0.15)
    assert float(segregation.noise_margin(share, counts, np.array([0.0]))) == 0.0
