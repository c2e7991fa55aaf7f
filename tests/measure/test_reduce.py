"""Reducers: counts, shares, ratios, medians, exposures, classes, and what is measured on a zone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from shapely.geometry import MultiPolygon, box

from justgeo.core.errors import VintageError
from justgeo.core.field import ClassField, CountField, Counts, ExposureField, MedianField, ZoneField
from justgeo.core.result import Column, Record
from justgeo.measure import allocation, medians
from justgeo.measure.apportion import Weights
from justgeo.measure.reduce import ReduceSettings, parts, recompute, reduce
from justgeo.measure.typology.headline import headline
from justgeo.measure.typology.values import Amount
from tests.measure import toy
from tests.measure.toy import COUNTY, E1, E2, EAST, W1, W2, WEST, cells, share, square

SETTINGS = ReduceSettings()
FOUR = [W1, W2, E1, E2]


def run(field: object, weights: Weights, reference: int | None = None, **more: object) -> Column:
    return reduce(field, weights, reference=reference, settings=SETTINGS, **more)  # type: ignore[arg-type]


def row(column: Column, z: int) -> dict[str, object]:
    names = ("numerator", "numerator_moe", "denominator", "denominator_moe", "complement_moe")
    return {"rule": column.rule[z], **{n: float(getattr(column, n)[z]) for n in names}}


def assert_recomputes(column: Column) -> None:
    """Every number follows from its own row."""
    for z in range(len(column.value)):
        if np.isfinite(column.value[z]) and column.rule[z] not in ("median", "class", "none", ""):
            value, moe = recompute(row(column, z))
            assert value == pytest.approx(column.value[z], rel=1e-9, abs=1e-12)
            assert moe == pytest.approx(column.error["sampling"][z], rel=1e-9, abs=1e-9)
            total = np.sqrt(sum(part[z] ** 2 for part in column.error.values()))
            assert column.moe[z] == pytest.approx(total, rel=1e-12)


# counts and shares --------------------------------------------------------------------------------------------------


def test_the_worked_example_of_three_cut_units() -> None:
    weights = sparse.csr_array(np.array([[1.0, 0.35, 0.62]]))
    field = share([W1, W2, E1], [1200, 900, 1500], [180, 150, 210], [2400, 1600, 2600], [200, 170, 230])
    found = parts(weights, field)
    assert found.bottom is not None
    assert found.top.value[0] == pytest.approx(2445.0, abs=0.05)
    assert found.top.moe[0] == pytest.approx(228.3, abs=0.05)
    assert found.bottom.value[0] == pytest.approx(4572, abs=0.5)
    assert found.bottom.moe[0] == pytest.approx(252.7, abs=0.05)
    assert found.value[0] == pytest.approx(0.5348, abs=5e-5)
    assert found.moe[0] == pytest.approx(0.0402, abs=5e-5)


def test_whole_block_groups_add_up_with_their_margins() -> None:
    column = run(
        share(FOUR, [10, 20, 30, 40], [3, 4, 6, 8], [100, 100, 100, 100], [5, 5, 5, 5]), toy.weights(square(0, 0, 2, 4))
    )
    assert column.numerator[0] == 30 and column.denominator[0] == 200
    assert column.value[0] == pytest.approx(0.15)
    expected = np.sqrt(3**2 + 4**2 - 0.15**2 * 50) / 200
    assert column.moe[0] == pytest.approx(expected)
    assert column.error["apportionment"][0] == 0 and column.error["noise"][0] == 0
    assert np.isnan(column.low[0]) and np.isnan(column.high[0])
    assert column.split_share[0] == 0 and column.rule[0] == "proportion" and column.reason[0] is None
    assert_recomputes(column)


def test_a_published_tract_wins_over_its_block_groups() -> None:
    ids = [COUNTY, WEST, EAST, *FOUR]
    y = [400, 200, 200, 100, 100, 100, 100]
    field = share(ids, [101, 33, 68, 10, 20, 30, 40], [1, 2, 3, 9, 9, 9, 9], y, [0] * 7)
    column = run(field, toy.weights(square(0, 0, 4, 4), square(0, 0, 2, 4), square(0, 0, 2, 2)))
    assert column.numerator.tolist() == [101, 33, 10]
    assert column.numerator_moe.tolist() == [1, 2, 9]


def test_the_zero_rule_runs_over_all_cells_and_units() -> None:
    field = CountField(
        toy.units([W1, W2]), Counts(cells([[0, 0], [0, 41]], [[22, 22], [29, 37]])), None, "households", "sum", "homes"
    )
    column = run(field, toy.weights(square(0, 0, 2, 4)))
    assert column.value[0] == 41
    assert column.moe[0] == pytest.approx(47.0106, abs=5e-5)
    assert column.rule[0] == "sum"
    assert_recomputes(column)


def nested(total: object, mt: object, part: object, mp: object, **more: object) -> CountField:
    """Poverty as (001 - 008) / 001."""
    whole = cells(total, mt, "C17002_001")
    return share(
        FOUR, total, mt, total, mt,
        numerator=Counts(whole, cells(part, mp, "C17002_008")), denominator=Counts(whole), **more,
    )  # fmt: skip


def test_a_share_written_as_total_less_part_has_the_margin_of_the_part() -> None:
    column = run(nested([100] * 4, [10] * 4, [90] * 4, [12] * 4), toy.weights(square(0, 0, 2, 2)))
    assert column.value[0] == pytest.approx(0.1)
    assert column.rule[0] == "complement"
    assert column.moe[0] == pytest.approx(np.sqrt(12**2 - 0.9**2 * 10**2) / 100)
    assert column.complement_moe[0] == 12
    assert_recomputes(column)


def test_a_nested_difference_alone_has_the_difference_of_variances() -> None:
    counts = Counts(cells([100] * 4, [15] * 4, "A"), cells([90] * 4, [12] * 4, "B"))
    field = CountField(toy.units(FOUR), counts, None, "households", "sum", "people")
    column = run(field, toy.weights(square(0, 0, 2, 2)))
    assert column.value[0] == 10 and column.moe[0] == pytest.approx(9.0)


def test_a_negative_nested_variance_takes_the_components_or_is_not_known() -> None:
    plus, minus = cells([100] * 4, [10] * 4, "A"), cells([90] * 4, [12] * 4, "B")
    rest = cells([[4, 6]] * 4, [[3, 4]] * 4)
    weights = toy.weights(square(0, 0, 2, 2))

    def field(components: object) -> CountField:
        counts = Counts(plus, minus, components)  # type: ignore[arg-type]
        return CountField(toy.units(FOUR), counts, None, "households", "sum", "people")

    with_parts = run(field(rest), weights)
    assert with_parts.value[0] == 10 and with_parts.moe[0] == pytest.approx(5.0)
    without = run(field(None), weights)
    assert without.value[0] == 10 and np.isnan(without.moe[0])
    assert "margin not known" in without.flags[0]


def test_a_denominator_that_is_itself_a_rest_takes_the_complement_of_what_is_left() -> None:
    # (T - A - B) / (T - A): the complement is B.
    total, moe = [100] * 4, [10] * 4
    minus = cells([[10, 30]] * 4, [[4, 9]] * 4, "A", "B")
    numerator = Counts(cells(total, moe, "T"), minus)
    denominator = Counts(cells(total, moe, "T"), cells([10] * 4, [4] * 4, "A"))
    field = share(FOUR, total, moe, total, moe, numerator=numerator, denominator=denominator)
    column = run(field, toy.weights(square(0, 0, 2, 2)))
    assert column.value[0] == pytest.approx(60 / 90)
    assert column.complement_moe[0] == 9 and column.rule[0] == "complement"
    bottom = 10**2 - 4**2
    assert column.moe[0] == pytest.approx(np.sqrt(9**2 - (30 / 90) ** 2 * bottom) / 90)
    assert_recomputes(column)


def test_a_negative_radicand_falls_back_on_the_ratio_formula() -> None:
    column = run(share(FOUR, [95] * 4, [40] * 4, [100] * 4, [60] * 4), toy.weights(square(0, 0, 2, 2)))
    assert column.rule[0] == "ratio" and column.moe[0] == pytest.approx(0.6963, abs=5e-5)
    assert_recomputes(column)


def test_nobody_and_everybody() -> None:
    weights = toy.weights(square(0, 0, 2, 2))
    none = run(share(FOUR, [0] * 4, [12] * 4, [100] * 4, [20] * 4), weights)
    assert none.value[0] == 0 and none.moe[0] == pytest.approx(0.12)
    full = share(FOUR, [100] * 4, [20] * 4, [100] * 4, [20] * 4)
    by_complement = run(replace(full, complement=cells([0] * 4, [14] * 4)), weights)
    assert by_complement.value[0] == 1 and by_complement.moe[0] == pytest.approx(0.14)
    assert by_complement.rule[0] == "complement"
    by_table = run(replace(full, zero_moe=np.array([11.0, np.nan, np.nan, np.nan])), weights)
    assert by_table.moe[0] == pytest.approx(0.11)
    neither = run(full, weights)
    assert neither.value[0] == 1 and np.isnan(neither.moe[0]) and "margin not known" in neither.flags[0]
    counted = run(share(FOUR, [100] * 4, [0] * 4, [100] * 4, [0] * 4), weights)
    assert counted.value[0] == 1 and counted.moe[0] == 0
    for column in (none, by_complement, by_table, counted):
        assert_recomputes(column)


def test_a_ratio_of_separate_counts() -> None:
    column = run(share(FOUR, [300] * 4, [30] * 4, [100] * 4, [10] * 4, kind="ratio"), toy.weights(square(0, 0, 2, 2)))
    assert column.value[0] == 3 and column.rule[0] == "ratio"
    assert column.moe[0] == pytest.approx(np.sqrt(30**2 + 9 * 100) / 100)
    assert_recomputes(column)


def test_missing_is_never_zero() -> None:
    field = share([W1, W2, E1], [np.nan, 20, 30], [3] * 3, [100] * 3, [5] * 3)
    column = run(
        field, toy.weights(square(0, 0, 2, 4), square(0, 2, 4, 2), square(0, 2, 2, 2), box(9e3, 0, 9.1e3, 100))
    )
    assert np.isnan(column.value[:2]).all() and column.value[2] == pytest.approx(0.2)
    assert column.reason[0] == "no estimate was published for a part of it"
    assert "no row for" in str(column.reason[1]) and column.reason[2] is None
    assert "none of the areas" in str(column.reason[3])
    assert np.isnan(column.numerator[:2]).all() and np.isnan(column.moe[:2]).all()
    empty = run(share(FOUR, [0] * 4, [12] * 4, [0] * 4, [12] * 4), toy.weights(square(0, 0, 2, 2)))
    assert np.isnan(empty.value[0]) and "universe is empty" in str(empty.reason[0])


def test_an_unpublished_margin_is_not_a_margin_of_zero() -> None:
    column = run(share(FOUR, [10] * 4, [np.nan] * 4, [100] * 4, [5] * 4), toy.weights(square(0, 0, 2, 2)))
    assert column.value[0] == pytest.approx(0.1) and np.isnan(column.moe[0])
    assert "margin not known" in column.flags[0]


def test_a_zone_that_the_layer_does_not_cover_is_absent() -> None:
    field = share(FOUR, [10] * 4, [3] * 4, [100] * 4, [5] * 4)
    column = run(field, toy.weights(square(0, 0, 2, 2), square(2, 0, 2, 2)), covered=np.array([False, True]))
    assert column.reason == ("the layer does not cover this area", None)
    assert np.isnan(column.value[0]) and np.isnan(column.denominator[0])


def test_another_census_is_refused() -> None:
    field = replace(share([WEST, EAST], [1, 2], [1, 1], [9, 9], [1, 1]), units=toy.units([WEST, EAST], vintage=2010))
    with pytest.raises(VintageError):
        run(field, toy.weights(square(0, 0, 2, 2)))


# apportionment ------------------------------------------------------------------------------------------------------


def test_the_apportionment_part_by_hand() -> None:
    matrix = sparse.csr_array(np.array([[1.0, 0.4, 0.0], [1.0, 1.0, 0.0]]))
    p, y = np.array([0.2, 0.5, 0.9]), np.array([100.0, 200.0, 300.0])
    found = allocation.share_error(matrix, p, y, between=0.02, c=0.3, cluster=2.5)
    bracket = 0.3 * 0.02 + 2.5 * 0.25 / 200
    assert found[0] == pytest.approx(1.645 * np.sqrt((0.4 * 200 / 180) ** 2 * (0.6 / 0.4) * bracket))
    assert found[1] == 0


def test_between_variance_leaves_out_what_is_sampling() -> None:
    p, moe = np.array([0.1, 0.3, 0.5, 9.0]), np.array([0.0329, 0.0329, 0.0329, 0.0])
    inside = np.array([True, True, True, False])
    alike = np.full(4, 200.0)
    assert allocation.between_variance(p, moe, alike, inside) == pytest.approx(0.04 - 0.02**2)
    assert allocation.between_variance(p, 20 * moe, alike, inside) == 0
    assert allocation.between_variance(p, moe, alike, np.array([True, False, False, False])) == 0


def test_between_variance_counts_units_by_their_universe() -> None:
    # Parts 0.6, 0.3, 0.1; mean 0.24; the last unit has fewer than fifty homes and is left out.
    p, y = np.array([0.2, 0.2, 0.6, 1.0]), np.array([600.0, 300.0, 100.0, 49.0])
    moe = 1.645 * np.array([0.01, 0.02, 0.1, 0.0])
    spread = (0.9 * 0.04**2 + 0.1 * 0.36**2) / (1 - 0.36 - 0.09 - 0.01)
    sampling = 0.6 * 0.01**2 + 0.3 * 0.02**2 + 0.1 * 0.1**2
    everywhere = np.ones(4, dtype=np.bool_)
    assert allocation.between_variance(p, moe, y, everywhere) == pytest.approx(spread - sampling)
    assert allocation.between_variance(p, moe, np.array([600.0, 49, 49, 49]), everywhere) == 0
    assert allocation.between_variance(p, moe, np.array([600.0, np.nan, np.nan, 49]), everywhere) == 0


def test_a_cut_zone_has_sampling_and_apportionment_and_a_spread() -> None:
    zone, county = box(0, 0, 150, 200), square(0, 0, 4, 4)
    weights = toy.weights(zone, county)
    x, y = np.array([10, 40, 60, 20]), np.array([100, 100, 120, 80])
    column = run(share(FOUR, x, [5] * 4, y, [10] * 4), weights, reference=1)
    w = (5 + 15 + 2.5 + 7.5) / 40
    assert column.denominator[0] == pytest.approx(100 * w)
    assert column.value[0] == pytest.approx(0.1)
    p = x / y
    left = 5**2 - (p * 10) ** 2
    left[2] = 5**2 + 5**2  # of 60 in 120 nothing is left, and the formula of ratios is taken
    sampling = (y / 400) @ (left / y**2) / 1.645**2
    v = y / 400
    between = v @ np.square(p - v @ p) / (1 - v @ v) - sampling
    part = 1.645 * np.sqrt((1 - w) / w * (0.3 * between + 0.09 / 100))
    assert column.error["apportionment"][0] == pytest.approx(part)
    assert column.moe[0] == pytest.approx(np.hypot(column.error["sampling"][0], part))
    assert column.split_share[0] == 1.0
    assert column.low[0] <= column.value[0] <= column.high[0]
    assert column.error["apportionment"][1] == 0
    assert_recomputes(column)


def test_only_the_units_of_the_reference_tell_how_much_shares_differ() -> None:
    weights = toy.weights(box(0, 0, 150, 200), square(0, 0, 2, 4))
    even = run(share(FOUR, [20, 20, 60, 20], [0] * 4, [100, 100, 100, 80], [0] * 4), weights, reference=1)
    w = 30 / 40
    # West of the middle all shares are alike: what is left is the chance of each home.
    assert even.error["apportionment"][0] == pytest.approx(1.645 * np.sqrt((1 - w) / w * 0.2 * 0.8 / 100))
    everywhere = run(share(FOUR, [20, 20, 60, 20], [0] * 4, [100, 100, 100, 80], [0] * 4), weights)
    assert everywhere.error["apportionment"][0] > even.error["apportionment"][0]


def test_the_spread_is_that_of_the_three_rules() -> None:
    # All of W2, and of W1 nine tenths of a block with one home of ten: 9 % by homes, 22.5 % by land, not its middle.
    field = share(FOUR, [40, 10, 0, 0], [5] * 4, [100] * 4, [10] * 4)
    homes = toy.HOMES.copy()
    homes[[0, 1, 4, 5]] = [1, 3, 3, 3]
    shape = MultiPolygon([square(0, 2, 2, 2), box(0, 0, 90, 100)])
    weights = Weights.build(toy.zones(shape), toy.blocks(housing_units=homes), toy.unit_layers(), toy.CRS)
    column = run(field, weights)
    assert column.value[0] == pytest.approx((10 + 3.6) / 109)
    assert column.low[0] == pytest.approx(10 / 100) and column.high[0] == pytest.approx((10 + 9) / 122.5)
    assert column.split_share[0] == pytest.approx(9 / 109)


def test_a_count_borrows_the_error_of_its_share_or_says_that_it_has_none() -> None:
    weights = toy.weights(box(0, 0, 150, 200), square(0, 0, 4, 4))
    x, y = np.array([10, 40, 60, 20]), np.array([100, 100, 120, 80])
    as_share = run(share(FOUR, x, [5] * 4, y, [10] * 4), weights, reference=1)
    universe = Counts(cells(y, [10] * 4, "Y"))
    field = CountField(
        toy.units(FOUR), Counts(cells(x, [5] * 4, "X")), None, "households", "sum", "homes", apportion_of=universe
    )
    column = run(field, weights, reference=1)
    assert column.error["apportionment"][0] == pytest.approx(
        as_share.denominator[0] * as_share.error["apportionment"][0]
    )
    bare = run(replace(field, apportion_of=None), weights, reference=1)
    assert np.isnan(bare.error["apportionment"][0]) and bare.moe[0] == bare.error["sampling"][0]
    assert bare.error["apportionment"][1] == 0
    assert "apportionment error not told" in bare.flags[0] and "apportionment error not told" not in bare.flags[1]


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(4)), st.integers(20, 380), st.integers(20, 380), st.integers(1, 50))
def test_order_and_scale_do_not_matter(order: list[int], width: int, height: int, times: int) -> None:
    weights = toy.weights(box(0, 0, width, height))
    x, mx, y, my = (
        np.array(v, dtype=float) for v in ([10, 40, 60, 20], [5, 6, 7, 8], [100, 90, 120, 80], [10, 9, 8, 7])
    )
    first = run(share(FOUR, x, mx, y, my), weights)
    again = run(share([FOUR[i] for i in order], x[order], mx[order], y[order], my[order]), weights)
    assert again.value == pytest.approx(first.value, nan_ok=True) and again.moe == pytest.approx(first.moe, nan_ok=True)
    larger = run(share(FOUR, times * x, times * mx, times * y, times * my), weights)
    assert larger.value == pytest.approx(first.value, nan_ok=True)
    assert larger.error["sampling"] == pytest.approx(first.error["sampling"], nan_ok=True)
    assert_recomputes(first)


@settings(max_examples=30, deadline=None)
@given(st.integers(5, 395), st.integers(5, 395))
def test_parts_of_a_district_add_up_to_it(width: int, cut: int) -> None:
    whole, low, high = box(0, 0, width, 400), box(0, 0, width, cut), box(0, cut, width, 400)
    field = CountField(
        toy.units([W1, W2, E1, E2]), Counts(cells([10, 40, 60, 20], [5] * 4)), None, "persons", "sum", "people"
    )
    column = run(field, toy.weights(whole, low, high))
    # Strips along an edge are dropped: up to 2 % of a block.
    assert np.nansum(column.value[1:]) == pytest.approx(column.value[0], abs=3.0)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3))
def test_whole_blocks_add_up_exactly(columns: int) -> None:
    field = CountField(toy.units(FOUR), Counts(cells([10, 40, 60, 20], [5] * 4)), None, "persons", "sum", "people")
    column = run(field, toy.weights(square(0, 0, 4, 4), square(0, 0, columns, 4), square(columns, 0, 4 - columns, 4)))
    assert column.value[1] + column.value[2] == pytest.approx(column.value[0], rel=1e-12)
    assert column.value[0] == 130


def test_a_record_can_be_recomputed_too() -> None:
    record = Record(
        zone="district", indicator="X", group="all", value=0.5, moe=None, unit="percent", universe="homes",
        reliability="high", reason=None, numerator=50.0, numerator_moe=13.0, denominator=100.0, denominator_moe=10.0,
        complement_moe=None, rule="proportion",
    )  # fmt: skip
    assert recompute(record) == pytest.approx((0.5, 0.12))
    with pytest.raises(ValueError, match="median"):
        recompute({**vars(record), "rule": "median"})


# medians ------------------------------------------------------------------------------------------------------------

EDGES = np.array([0.0, 10_000, 20_000, 30_000, 40_000, np.inf])


def bins(*rows: object) -> object:
    counts = np.asarray(rows, dtype=np.float64)
    return cells(counts, np.full(counts.shape, 10.0), *[f"B19001_{k:03d}" for k in range(2, 7)])


def median_field(ids: list[str], *rows: object, **more: object) -> MedianField:
    return MedianField(toy.units(ids), bins(*rows), EDGES, "households", "households", **more)  # type: ignore[arg-type]


def test_medians_are_rebuilt_from_weighted_brackets() -> None:
    field = median_field(FOUR, [10, 20, 40, 20, 10], [0, 0, 40, 60, 0], [10] * 5, [10] * 5)
    column = run(field, toy.weights(square(0, 0, 2, 4)))
    both = np.array([[10.0, 20, 80, 80, 10]])
    expected = medians.grouped_median(EDGES, both, pareto=False, design_factor=1.3)
    assert column.value[0] == pytest.approx(20_000 + (100 - 30) / 80 * 10_000) == pytest.approx(expected.value[0])
    assert column.moe[0] == pytest.approx(expected.moe[0])
    assert column.denominator[0] == 200 and column.rule[0] == "median"
    assert "rebuilt from brackets" in column.flags[0] and "design_factor=1.3000 (not calibrated)" in column.flags[0]


def test_published_medians_are_shown_for_their_own_areas_and_calibrate_the_design_factor() -> None:
    ids = [COUNTY, *FOUR]
    rows = [[100, 200, 400, 200, 100], [10, 20, 40, 20, 10], [0, 0, 40, 60, 0], [10] * 5, [10] * 5]
    simple = medians.grouped_median(EDGES, np.array([rows[0]], dtype=float), pareto=False, design_factor=1.0)
    published = np.array([25_400.0, 24_900, np.nan, np.nan, np.nan])
    margin = np.array([simple.moe[0] * 1.5, 700.0, np.nan, np.nan, np.nan])
    field = median_field(ids, *rows, published=published, published_moe=margin)
    weights = toy.weights(square(0, 0, 4, 4), square(0, 0, 2, 2), square(0, 2, 2, 2), square(0, 0, 2, 4))
    column = run(field, weights, reference=0)
    assert column.value[:2].tolist() == [25_400, 24_900]
    assert column.moe[0] == pytest.approx(simple.moe[0] * 1.5) and column.moe[1] == 700
    assert "published median" in column.flags[0] and "rebuilt=25000" in column.flags[0]
    assert "margin not known" not in column.flags[0]
    rebuilt = medians.grouped_median(EDGES, np.array([rows[2]], dtype=float), pareto=False, design_factor=1.5)
    assert column.moe[2] == pytest.approx(rebuilt.moe[0])
    assert "design_factor=1.5000" in column.flags[2]
    all_rebuilt = reduce(field, weights, reference=0, settings=ReduceSettings(published_medians=False))
    assert all_rebuilt.value[0] == pytest.approx(25_000)


def test_open_brackets_are_text_and_not_numbers() -> None:
    field = median_field(FOUR, [1, 1, 1, 1, 96], [96, 1, 1, 1, 1], [10] * 5, [10] * 5)
    column = run(field, toy.weights(square(0, 0, 2, 2), square(0, 2, 2, 2)))
    assert np.isnan(column.value).all() and np.isnan(column.moe).all()
    assert column.text == ("≥ 40,000", "< 10,000")
    assert all(reason is not None for reason in column.reason)
    uncovered = run(field, toy.weights(square(0, 0, 2, 2), square(0, 2, 2, 2)), covered=np.array([False, True]))
    assert uncovered.text == (None, "< 10,000") and uncovered.reason[0] == "the layer does not cover this area"


def test_a_published_jam_value_is_text() -> None:
    nothing = np.full(4, np.nan)
    text = ("≥ 250,000", None, None, None)
    field = median_field(FOUR, *[[10] * 5] * 4, published=nothing, published_moe=nothing, published_text=text)
    column = run(field, toy.weights(square(0, 0, 2, 2), square(0, 2, 2, 2)))
    assert column.text[0] == "≥ 250,000" and np.isnan(column.value[0])
    assert column.value[1] == pytest.approx(25_000)


def test_a_published_median_without_brackets_is_never_aggregated() -> None:
    nothing = np.full((2, 1), np.nan)
    field = MedianField(
        toy.units([W1, W2]), cells(nothing, nothing), np.array([0.0, np.inf]), "households", "households",
        published=np.array([700.0, 900.0]), published_moe=np.array([50.0, 60.0]),
    )  # fmt: skip
    column = run(field, toy.weights(square(0, 0, 2, 2), square(0, 0, 2, 4), box(0, 0, 100, 200)))
    assert column.value[0] == 700 and column.moe[0] == 50
    assert np.isnan(column.value[1:]).all()
    assert all("own area only" in str(reason) for reason in column.reason[1:])


def test_a_median_of_a_part_is_not_shown_for_the_whole() -> None:
    column = run(median_field([W1], [10, 20, 40, 20, 10]), toy.weights(square(0, 0, 2, 4), square(0, 0, 2, 2)))
    assert np.isnan(column.value[0]) and "no row for" in str(column.reason[0])
    assert column.value[1] == pytest.approx(25_000)


# exposures ----------------------------------------------------------------------------------------------------------


def transit(threshold: float) -> tuple[ExposureField, Weights]:
    people = np.array([120, 80, 200, 50, 150, *[0] * 11], dtype=np.float64)
    metres = np.array([150, 395, 405, 790, 1250, *[5000] * 11], dtype=np.float64)
    units = toy.units(toy.block_ids())
    field = ExposureField(units, (metres <= threshold).astype(np.float64), people, "share", "people")
    return field, Weights.build(
        toy.zones(square(0, 0, 4, 4)), toy.blocks(population=people), toy.unit_layers(), toy.CRS
    )


@pytest.mark.parametrize(("threshold", "expected"), [(400, 1 / 3), (500, 2 / 3), (800, 0.75)])
def test_people_within_a_walk_of_a_stop(threshold: float, expected: float) -> None:
    column = run(*transit(threshold))
    assert column.value[0] == pytest.approx(expected) and column.denominator[0] == 600
    assert column.error["sampling"][0] == 0 and column.rule[0] == "sum"
    served = np.array([150, 395, 405, 790, 1250]) <= threshold
    noise = 1.645 * 3 * np.sqrt(((served - expected) ** 2).sum()) / 600
    assert column.moe[0] == pytest.approx(noise) == pytest.approx(column.error["noise"][0])
    assert_recomputes(column)


def exposure(x: object, **more: object) -> ExposureField:
    made = {"units": toy.units(toy.block_ids()), "x": np.asarray(x, dtype=float), "base": toy.PEOPLE, "kind": "mean",
            "universe": "people"}  # fmt: skip
    return ExposureField(**{**made, **more})  # type: ignore[arg-type]


def test_a_cut_block_counts_by_its_share() -> None:
    column = run(exposure(np.arange(16.0)), toy.weights(box(0, 0, 140, 100)))
    value = 20 * 0.4 / 18
    assert column.value[0] == pytest.approx(value) and column.denominator[0] == pytest.approx(18)
    assert column.split_share[0] == pytest.approx(8 / 18)
    # By its middle the cut block is out.
    assert column.low[0] == pytest.approx(0.0) and column.high[0] == pytest.approx(value)
    noise = 1.645 * 3 * np.sqrt(value**2 + 0.4**2 * (1 - value) ** 2) / 18
    assert column.error["noise"][0] == pytest.approx(noise)


def test_unknown_is_neither_served_nor_unserved() -> None:
    x = np.ones(16)
    x[0] = np.nan
    x[4] = 0
    unknown = ("network unknown", *[""] * 15)
    column = run(exposure(x, unknown=unknown), toy.weights(square(0, 0, 1, 2), square(0, 0), square(1, 0)))
    assert column.value[0] == 0 and column.denominator[0] == 50
    assert "unknown_share=0.1667" in column.flags[0]
    assert np.isnan(column.value[1]) and column.reason[1] == "not known for 100% of the people here: network unknown"
    assert column.value[2] == 1 and column.flags[2] == ()


def test_no_residents_is_absent_and_not_zero() -> None:
    people = toy.PEOPLE.copy()
    people[0] = 0
    weights = Weights.build(toy.zones(square(0, 0)), toy.blocks(population=people), toy.unit_layers(), toy.CRS)
    column = run(exposure(np.ones(16), base=people), weights)
    assert np.isnan(column.value[0]) and column.reason[0] == "no residents"


def test_a_planners_own_zones_have_no_census_noise() -> None:
    own = replace(toy.blocks(), geography="zone", geography_vintage=0)
    own.data["geoid"] = [f"TAZ {i}" for i in range(16)]
    weights = Weights.build(toy.zones(square(0, 0, 2, 2)), own, toy.unit_layers(), toy.CRS)
    units = toy.units([f"TAZ {i}" for i in range(16)], "zone", 0)
    column = run(exposure(np.arange(16.0), units=units), weights)
    assert column.value[0] == pytest.approx((20 + 50 * 4 + 60 * 5) / 140)
    assert column.moe[0] == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1000), min_size=16, max_size=16), st.floats(-1e6, 1e6), st.permutations(range(16)))
def test_means_move_with_their_measure(x: list[float], shift: float, order: list[int]) -> None:
    weights = toy.weights(box(0, 0, 250, 330))
    first, moved = run(exposure(x), weights), run(exposure(np.array(x) + shift), weights)
    assert moved.value[0] == pytest.approx(first.value[0] + shift, rel=1e-9, abs=1e-6)
    assert moved.error["noise"][0] == pytest.approx(first.error["noise"][0], rel=1e-5, abs=1e-5)
    units = toy.units([toy.block_ids()[i] for i in order])
    again = run(exposure(np.array(x)[order], units=units, base=toy.PEOPLE[order]), weights)
    assert again.value[0] == pytest.approx(first.value[0]) and again.moe[0] == pytest.approx(first.moe[0])


def test_doubling_the_people_leaves_shares_and_halves_their_noise() -> None:
    x = (np.arange(16) % 3 == 0).astype(float)
    weights = toy.weights(box(0, 0, 250, 330))
    once, twice = run(exposure(x), weights), run(exposure(x, base=2 * toy.PEOPLE), weights)
    assert twice.value == pytest.approx(once.value) and twice.moe == pytest.approx(once.moe / 2)


# classes and zones --------------------------------------------------------------------------------------------------


def classes(probability: object, flag: object) -> ClassField:
    p, f = np.asarray(probability, dtype=float), np.asarray(flag, dtype=float)
    return ClassField(toy.units([WEST, EAST]), p, f, cells([200, 300], [10, 10]), "households", "households")


def test_classes_are_weighted_by_those_who_live_in_them() -> None:
    column = run(classes([0.9, 0.2], [1, 0]), toy.weights(square(0, 0, 4, 4), square(0, 0, 2, 4)))
    assert column.value[0] == pytest.approx((180 + 60) / 500)
    assert (column.numerator[0], column.denominator[0]) == (pytest.approx(240), 500)
    # 0, 200, 300 or 500 homes by 8, 72, 2 and 18 %: the mean is 240, q95 is in the lump at 500 (18 %), of which 5 % lie
    # above it: 0.5895 standard errors beyond, by 10**2 times P, or P (1 - P) + (P - 0.48)**2, of sampled households.
    assert 1.645 * np.sqrt(200**2 * 0.09 + 300**2 * 0.16) < 260
    assert column.numerator_moe[0] == pytest.approx(260 + 0.5895 / 1.645 * np.sqrt(100 * (0.9 + 0.2)), abs=1e-3)
    spread = 100 * (0.09 + 0.42**2 + 0.16 + 0.28**2)
    assert column.moe[0] == pytest.approx((260 + 0.5895 / 1.645 * np.sqrt(spread)) / 500, abs=1e-5)
    assert column.denominator_moe[0] == pytest.approx(np.sqrt(200))
    assert column.flags[0] == ("as_estimated=0.4000", "as_estimated_count=200.0", "as_estimated_count_moe=10.0")
    assert column.rule[0] == "class"
    assert column.numerator[1] == pytest.approx(180)  # not cut off
    assert column.value[1] == pytest.approx(0.9) and np.isnan(column.moe[1]) and np.isnan(column.numerator_moe[1])
    assert "probability of one unit" in column.flags[1]


def test_margins_of_classes_are_the_spread_of_drawn_classes_and_households() -> None:
    """Here 1.645 standard deviations reach beyond all that can happen to the classes."""
    p, homes, moe = np.array([0.5, 0.5]), np.array([200.0, 300.0]), 60.0
    field = ClassField(toy.units([WEST, EAST]), p, p, cells(homes, [moe, moe]), "households", "households")
    column = run(field, toy.weights(square(0, 0, 4, 4)))
    rng = np.random.default_rng(7)
    drawn = rng.normal(homes, moe / 1.645, (200_000, 2))
    held = drawn * (rng.random(drawn.shape) < p)
    assert column.numerator_moe[0] == pytest.approx(1.645 * held.sum(axis=1).std(), rel=0.01)
    # The share's margin is linear in the sample; its denominator errs by a tenth here.
    share = held.sum(axis=1) / drawn.sum(axis=1)
    assert column.moe[0] == pytest.approx(1.645 * share.std(), rel=0.02)


@pytest.mark.parametrize("p", [(0.129, 0.0), (0.9, 0.3), (0.2, 0.97)])
def test_margins_of_classes_hold_where_a_few_tracts_decide(p: tuple[float, float]) -> None:
    """The first is the case that was called lower than its county by p = 0.03: 0 or a half, and a half in 13 %."""
    homes, moe = np.array([250.0, 250.0]), 20.0
    field = ClassField(
        toy.units([WEST, EAST]), np.array(p), np.round(p), cells(homes, [moe] * 2), "households", "households"
    )
    column = run(field, toy.weights(square(0, 0, 4, 4)))
    rng = np.random.default_rng(11)
    drawn = rng.normal(homes, moe / 1.645, (100_000, 2))
    held = drawn * (rng.random(drawn.shape) < p)
    share = held.sum(axis=1) / drawn.sum(axis=1)
    assert np.mean(np.abs(held.sum(axis=1) - column.numerator[0]) <= column.numerator_moe[0]) >= 0.9
    assert np.mean(np.abs(share - column.value[0]) <= column.moe[0]) >= 0.9
    if p == (0.129, 0.0):
        assert column.value[0] == pytest.approx(0.0645)
        assert column.error["sampling"][0] == pytest.approx(0.4355, abs=0.01)


def test_the_headline_of_whole_tracts_is_that_of_the_typology() -> None:
    """One rule, two ways in: a place by weights, a table by its rows."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        p, homes, moe = rng.random(2), rng.integers(50, 400, 2).astype(float), rng.integers(5, 60, 2).astype(float)
        field = ClassField(toy.units([WEST, EAST]), p, np.round(p), cells(homes, moe), "households", "households")
        column = run(field, toy.weights(square(0, 0, 4, 4)))
        told = headline(Amount(homes, moe / 1.645), np.round(p), p)
        assert (column.value[0], column.moe[0]) == pytest.approx(told.expected_share)
        assert (column.numerator[0], column.numerator_moe[0]) == pytest.approx(told.expected)
        assert (column.denominator[0], column.denominator_moe[0]) == pytest.approx(told.of)


def test_a_class_that_held_in_every_draw_is_no_full_count() -> None:
    weights = toy.weights(square(0, 0, 4, 4), square(0, 0, 2, 4))
    for chance in (0.0, 1.0):
        column = run(replace(classes([chance] * 2, [chance] * 2), surest=0.99, flags=("few tracts",)), weights)
        assert column.value[0] == chance
        assert 0 < column.moe[0] < 0.02 and column.numerator_moe[0] > 0
        assert column.value[1] == pytest.approx(np.clip(chance, 0.01, 0.99))  # one tract: never said to be certain
        # "Under 1 %" is a bound: two of 200 homes would be a number that nobody counted.
        assert np.isnan(column.numerator[1]) and column.denominator[1] == 200
        assert all("few tracts" in flags for flags in column.flags)


def test_households_of_a_class_that_is_not_known_are_in_neither_margin() -> None:
    column = run(classes([0.9, np.nan], [1, np.nan]), toy.weights(box(0, 0, 300, 400)))
    alone = run(classes([0.9, 0.9], [1, 1]), toy.weights(square(0, 0, 2, 4)))
    assert column.denominator[0] == 200 and column.denominator_moe[0] == pytest.approx(alone.denominator_moe[0])
    assert column.moe[0] > 0
    assert any(flag.startswith("unknown_share=") for flag in column.flags[0])


def test_a_class_that_cannot_be_told_is_left_out_and_said() -> None:
    column = run(classes([0.9, np.nan], [1, np.nan]), toy.weights(square(0, 0, 4, 4), box(0, 0, 300, 400)))
    assert np.isnan(column.value[0]) and "not known for 60%" in str(column.reason[0])
    assert column.value[1] == pytest.approx(0.9)


def test_what_is_measured_on_the_zone_itself() -> None:
    field = ZoneField(
        value=np.array([0.25, np.nan, 4.0]), numerator=np.array([10.0, np.nan, 400.0]),
        denominator=np.array([40.0, np.nan, 100.0]), valid_share=np.array([1.0, 0.3, 0.97]),
        reason=(None, "the raster ends here", None), universe="land",
    )  # fmt: skip
    weights = toy.weights(square(0, 0), square(1, 0), square(2, 0))
    column = run(field, weights)
    assert column.value.tolist()[::2] == [0.25, 4.0] and column.moe.tolist()[::2] == [0, 0]
    assert column.reason == (None, "the raster ends here", None) and column.flags[2] == ("valid_share=0.9700",)
    assert column.rule == ("none", "", "none")
    sampled = run(replace(field, universe_moe=np.array([4.0, np.nan, 10.0])), weights)
    assert sampled.moe[0] == pytest.approx(0.25 * 4 / 40) and sampled.rule[0] == "ratio"
    assert_recomputes(sampled)
