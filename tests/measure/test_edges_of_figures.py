"""Figures by their parts: who is told what, which side a number is taken from, and limits met to the last digit."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from justgeo.core.errors import LayerError
from justgeo.core.field import MedianField
from justgeo.core.result import Comparison, Record
from justgeo.measure import column as columns
from justgeo.measure import complement, counted, covering, judge, matching, middle, tables
from justgeo.measure.against import Against, comparisons
from justgeo.measure.apportion import Weights
from justgeo.measure.changes import change
from justgeo.measure.column import ReduceSettings
from justgeo.measure.complement import Key
from justgeo.measure.covering import Pairs
from justgeo.measure.crossings import intersections
from justgeo.measure.equity import choose
from justgeo.measure.headway import HeadwayRule
from justgeo.measure.reduce import parts, recompute, reduce
from tests.indicators.town import row as indicator
from tests.measure import toy
from tests.measure.test_changes import COUNTS
from tests.measure.test_changes import column as survey
from tests.measure.test_complement import DISTRICT, RACES, SHARE, kept, of, record
from tests.measure.test_complement import zones as districts
from tests.measure.test_crossings import graph
from tests.measure.test_judge import NAN, column, zones
from tests.measure.toy import E1, E2, W1, W2, WEST, cells, dense, square, units

ROW = indicator("acs_share", unit="share", aggregate="share")


@pytest.mark.parametrize(
    ("sampling", "tested"), [((0.0, 0.04), True), ((0.03, 0.0), True), ((0.03, 0.04), True), ((0.0, 0.0), False)]
)
def test_a_difference_is_tested_where_either_side_is_sampled(sampling: tuple[float, float], tested: bool) -> None:
    found = column([0.5, 0.4], list(sampling))
    made = comparisons(found, Against(1, np.array([False, True])), ROW, zones(["district", "reference"]))
    one = next(iter(made))
    assert one is not None and (one.z is not None) is tested and (one.p is not None) is tested
    if tested:
        assert one.z == pytest.approx(0.1 / (math.hypot(*sampling) / 1.645))


@pytest.mark.parametrize(("half", "verdict"), [(0.0499, "higher"), (0.1001, "not distinguishable")])
def test_full_counts_differ_by_more_than_half_the_range_of_either_side(half: float, verdict: str) -> None:
    for one, two in ((half, 0.0), (0.0, half)):
        found = column([0.5, 0.4], low=[0.5 - one, 0.4 - two], high=[0.5 + one, 0.4 + two])
        made = list(comparisons(found, Against(1, np.array([False, True])), ROW, zones(["district", "reference"])))
        assert made[0] is not None and made[0].verdict == verdict


def test_nothing_is_said_of_weights_that_need_no_others() -> None:
    """And of those that do, how many: one block group has nobody, and is divided by its homes."""
    full = toy.weights(square(0, 0))
    for weight in ("persons", "households", "land"):
        full.spread("block group", 2020, weight)
    assert full.notes == []
    people = np.array([0.0, 0, 3, 4, 0, 0, 7, 8, *[9.0] * 8])
    empty = Weights.build(toy.zones(square(0, 0)), toy.blocks(population=people), toy.unit_layers(), toy.CRS)
    shares = empty.spread("block group", 2020, "persons")
    assert shares[[0, 1, 4, 5]].tolist() == [5 / 40, 5 / 40, 15 / 40, 15 / 40]
    assert len(empty.notes) == 1 and "(1)" in empty.notes[0]
    water = Weights.build(
        toy.zones(square(0, 0)), toy.blocks(land_m2=np.array([0.0, 0, 1, 1, 0, 0, 1, 1, *[1.0] * 8])),
        toy.unit_layers(), toy.CRS,
    )  # fmt: skip
    water.spread("block group", 2020, "land")
    assert not any("without land" in note for note in water.notes)


def test_the_range_of_a_change_is_in_dollars_of_the_later_survey() -> None:
    """120 after 2 x 50 is a fifth more; by another way of dividing 130 after 2 x 40 is 62.5 % more, by a third less."""
    early = survey(50.0, 1.0, low=np.array([40.0]), high=np.array([60.0]))
    others = [(np.array([130.0]), np.array([40.0])), (np.array([90.0]), np.array([50.0]))]
    found = change(survey(120.0, 1.0), early, replace(COUNTS, price=2.0), others, 0.005)
    assert found.value.tolist() == pytest.approx([20.0])
    assert (found.low[0], found.high[0]) == pytest.approx((-10.0, 62.5))
    assert "price=2.000000" in found.flags[0]


@pytest.mark.parametrize(("unknown", "told"), [(0.005, True), (np.nextafter(0.005, 1.0), False)])
def test_a_change_is_told_up_to_its_limit_of_ground_that_is_not_known(unknown: float, told: bool) -> None:
    field = replace(COUNTS, unknown=np.array([unknown]))
    assert np.isfinite(change(survey(2.0, 0.1), survey(1.0, 0.1), field, [], 0.005).value[0]) == told


def of_old(name: str, aggregate: str, group: str = "age:old", **more: Any) -> Any:
    told = {"denominator": "B1", counted.COUNTS: group}
    return indicator("acs_share", id=name, aggregate=aggregate, universe="people", parameters=told, **more)


def test_a_change_goes_with_the_share_of_everybody_and_not_with_that_of_one_group() -> None:
    rows = [of_old("WEL-02", "share", groups=SHARE.groups), of_old("CHG", "difference")]
    told = of((150, 1000), (5, 40), (20, 300), (125, 660)) | {(DISTRICT, "CHG", "all"): (210, 1000)}
    found = kept(told, [(DISTRICT, "WEL-02", RACES[0])], rows, districts())
    assert found[DISTRICT, "WEL-02", RACES[1]].value is None
    assert found[DISTRICT, "CHG", "all"].value is not None
    by_area: dict[Key, tuple[float, float]] = {
        (zone, name, "all"): amount
        for name in ("WEL-02", "CHG")
        for zone, amount in ((DISTRICT, (30.0, 100.0)), ("99001000001", (5.0, 40.0)), ("99001000002", (25.0, 60.0)))
    }
    where = districts("99001000001", "99001000002")
    other = kept(by_area, [("99001000001", "WEL-02", "all")], rows, where)
    gone = {key for key, r in other.items() if r.value is None}
    assert ("99001000002", "WEL-02", "all") in gone
    assert ("99001000002", "CHG", "all") in gone


def test_a_number_tells_of_another_one_that_is_near_it_or_differs_by_rounding() -> None:
    """To a part of the one that is withheld, or to a hair of the whole that both are of."""
    part, hair = complement.ALIKE * 100, complement.HAIR
    assert complement._near(100 + part, 100.0) and complement._near(100 - part, 100.0)
    assert not complement._near(100 + 1.01 * part, 100.0) and not complement._near(100 - 1.01 * part, 100.0)
    assert complement._near(0.0, 0.0) and not complement._near(hair / 2, 0.0)
    assert complement._near(hair, 0.0, 1.0) and not complement._near(1.01 * hair, 0.0, 1.0)


def test_a_change_is_of_the_share_that_counts_the_same_group() -> None:
    rows = [
        of_old("A", "share"), of_old("B", "difference"), of_old("C", "difference"), of_old("D", "share", "age:young"),
        of_old("E", "difference", "age:none"), indicator("acs_change", id="F", aggregate="difference"),
    ]  # fmt: skip
    assert counted.changes_of(rows) == {"A": ["B", "C"]}


def told_of(zone: str, name: str, group: str, of_whom: float, **more: Any) -> Record:
    return record((zone, name, group), of_whom / 2, of_whom, **more)


def test_counts_behind_a_figure_go_where_they_tell_of_a_withheld_group() -> None:
    """Those that are alike, and all of the survey; other groups, other zones and shares of homes stay."""
    asian = of_old("ASN", "share", "race:asian")
    rows = [
        asian, indicator("e", id="EXP", weight="persons"), indicator("h", id="HOM", weight="households"),
        indicator(counted.MIX, id="MIX", weight="persons"), of_old("SEN", "share", "age:old"),
    ]  # fmt: skip
    hidden = told_of(DISTRICT, "ASN", "all", 40).but(value=None, reliability="suppressed")
    alike = told_of(DISTRICT, "EXP", "race:asian", 40)
    sampled = told_of(DISTRICT, "EXP", "race:asian", 900, flags=("sampled counts of block groups",))
    stay = [
        told_of(DISTRICT, "EXP", "race:asian", 900), told_of(DISTRICT, "EXP", "race:black", 40),
        told_of("reference", "EXP", "race:asian", 40), told_of(DISTRICT, "HOM", "race:asian", 40),
        told_of(DISTRICT, "EXP", "race:asian", 40, denominator=None), told_of("reference", "MIX", "all", 3),
    ]  # fmt: skip
    mix = told_of(DISTRICT, "MIX", "all", 40).but(value=0.123456, low=0.1111, high=0.999)
    found = counted.unsaid([hidden, alike, sampled, *stay, mix], rows, lambda n, key: n == 40)
    assert found[0] is hidden and found[3:-1] == stay
    for one, before in zip(found[1:3], (alike, sampled), strict=True):
        assert (one.value, one.moe, one.rule) == (before.value, before.moe, "none")
        assert (one.numerator, one.denominator) == (None, None) and one.flags == (*before.flags, counted.UNTOLD)
    assert (found[-1].value, found[-1].low, found[-1].high, found[-1].comparison) == (0.12, 0.11, 1.0, None)
    old = told_of(DISTRICT, "SEN", "all", 40).but(value=None, reliability="suppressed")
    assert counted.unsaid([old, mix], rows, lambda n, key: False) == [old, mix]
    shown = told_of(DISTRICT, "ASN", "all", 40)
    assert counted.unsaid([shown, alike, mix], rows, lambda n, key: True) == [shown, alike, mix]


def test_an_index_that_is_blunted_is_so_in_its_comparison_too() -> None:
    versus = Comparison("r", 0.123456, 0.0456, 1.23456, 2.34567, 0.01234, 0.02345, "higher")
    one = told_of(DISTRICT, "MIX", "all", 40).but(value=0.56789, comparison=versus)
    found = counted.blunted(one).comparison
    assert found == replace(versus, difference=0.12, ratio=1.23, z=2.35, p=0.01)
    none = one.but(value=None)
    assert counted.blunted(none) is none
    assert [counted._round(v) for v in (None, math.inf, NAN, 0.125001)] == [None, None, None, 0.13]


def test_people_of_a_group_by_their_count_or_by_their_share() -> None:
    one = told_of(DISTRICT, "A", "all", 40)
    assert counted.people_of(one) == 20.0
    assert counted.people_of(one.but(numerator=None, value=0.25)) == 10.0
    assert counted.people_of(one.but(numerator=None, value=None)) is None
    assert counted.people_of(one.but(numerator=None, denominator=None)) is None


def pairs(weight: float, *, usable: bool = True, parent: int = -1, row: int = 0, stands: bool = False) -> Pairs:
    one = np.array([0])
    told = (np.array([weight]), np.array([weight]), np.array([row]), np.array([usable]), np.array([parent]))
    return Pairs(one, one, *told, np.array([False]), stands, True)


@pytest.mark.parametrize(("weight", "whole"), [(covering.WHOLE, True), (np.nextafter(covering.WHOLE, 0.0), False)])
def test_a_unit_is_whole_from_999_of_1000_on(weight: float, whole: bool) -> None:
    """Then its own row is taken; else the one below it, and its weight is what lies inside."""
    levels = [pairs(weight, stands=True), pairs(0.5, parent=0, row=1)]
    taken = covering.choose(levels)
    assert [bool(t[0]) for t in taken] == [whole, not whole]
    made = covering.assemble(levels, taken, (1, 2)).toarray().tolist()
    assert made == [[1.0, 0.0]] if whole else made == [[0.0, 0.5]]
    gap = [pairs(weight, stands=True), pairs(0.5, parent=0, row=-1, usable=False)]
    assert covering.stepped(gap, covering.choose(gap), 1).tolist() == [0 if whole else 1]


def test_where_streets_meet_is_told_east_before_north_and_the_shortest_street_is_one() -> None:
    star = graph([(10, 25), (110, 25), (-90, 25), (10, 25.5)], [(0, 1), (0, 2), (0, 3)])
    assert intersections(star, 12).tolist() == [[pytest.approx(10), pytest.approx(25)]]
    nothing = graph([(10, 25), (110, 25), (-90, 25), (10, 25)], [(0, 1), (0, 2), (0, 3)])
    assert len(intersections(nothing, 12)) == 0


def test_a_small_group_has_all_that_its_survey_says_and_another_all_of_the_census() -> None:
    told: dict[str, Any] = {name: [10.0] * 4 for name in ("numerator", "numerator_moe", "denominator")}
    full = column([0.1, 0.2, 0.3, NAN], [0.0] * 4, **told, flags=(("f",),) * 4, rule=("sum",) * 4)
    survey_: dict[str, Any] = {name: [20.0] * 4 for name in told}
    other = column([0.5, 0.6, NAN, NAN], [0.1] * 4, **survey_, flags=(("s",),) * 4, reason=(None, None, "few", "few"))
    found = choose(full, other, np.array([0.01, 0.05, 0.01, 0.01]), 0.05)
    assert found.value[:3].tolist() == [0.5, 0.2, 0.3] and np.isnan(found.value[3])
    assert found.flags == (("s",), ("f",), ("f", "small group from noisy blocks"), ("f",))
    assert found.rule == ("proportion", "sum", "sum", "sum") and found.reason == (None,) * 4
    assert found.numerator[:3].tolist() == [20.0, 10.0, 10.0] and found.denominator[:3].tolist() == [20.0, 10.0, 10.0]
    assert found.moe[:3].tolist() == pytest.approx([0.1, 0.0, 0.0])


def test_the_usual_rule_of_frequent_service() -> None:
    usual = HeadwayRule()
    assert (usual.start, usual.end, usual.headway_min, usual.gap_min) == (7.0, 19.0, 15.0, 30.0)
    assert (usual.per_hour, usual.alltransit_min, usual.ghsci_min) == (4, 15.0, 20.0)


def test_no_part_of_a_number_is_left_where_there_is_none() -> None:
    bare = column([NAN, 0.5], [0.1, 0.1], reason=("because", None), numerator=[7, 7])
    none, some = (judge._record(bare, z, "high", ROW, "all", "z", ("a", "b")) for z in (0, 1))
    assert (none.value, none.moe, none.error, none.reason) == (None, None, {}, "because")
    assert (some.value, some.moe, some.reason, some.layers) == (0.5, 0.1, None, ("a", "b"))
    assert some.error == {"sampling": 0.1, "apportionment": 0.0, "noise": 0.0}
    unsaid = judge._record(replace(bare, reason=(None, None)), 0, "absent", ROW, "all", "z", ())
    assert unsaid.reason is not None and "not published" in unsaid.reason
    bound = judge._record(replace(bare, reason=(None, None), text=("≥ 2", None)), 0, "absent", ROW, "all", "z", ())
    assert bound.reason is None and bound.text == "≥ 2"


def test_a_block_group_has_no_part_of_a_neighbouring_tract_and_its_own_as_it_is() -> None:
    tracts: Any = toy.weights(square(0, 0)).units["tract", 2020]
    held = csr_array(np.array([[0.3, 0.1], [0.2, 0.6], [0.5, 0.5]]))
    for published, expected in (
        ({"block group": [W1, E2, ""]}, [[0.3, 0], [0, 0.6], [0.5, 0.5]]),
        ({"tract": [WEST, "", ""]}, [[0.3, 0.1], [0.2, 0.6], [0.5, 0.5]]),
        ({"county": [toy.COUNTY, "", "98001"]}, [[1, 1], [0.2, 0.6], [0, 0]]),
        ({"zone": ["1", "2", "3"]}, [[0.3, 0.1], [0.2, 0.6], [0.5, 0.5]]),
    ):
        ids = {level: np.array(names, dtype=np.str_) for level, names in published.items()}
        assert dense(matching.only_nested(held, tracts, ids)).tolist() == expected


def test_a_median_is_published_as_a_number_or_as_the_name_of_its_bracket() -> None:
    bins = cells(np.ones((3, 2)), np.ones((3, 2)))
    field = MedianField(units([W1, W2, E1]), bins, np.array([0.0, 1, 2]), "households", "homes")
    number, text = np.array([NAN, 1.4, NAN]), (None, None, "≥ 2")
    asked: list[tuple[Any, list[bool]]] = [
        ({}, [False] * 3), ({"published": number}, [False, True, False]),
        ({"published_text": text}, [False, False, True]),
        ({"published": number, "published_text": text}, [False, True, True]),
    ]  # fmt: skip
    for told, expected in asked:
        assert middle._published(replace(field, **told)).tolist() == expected


def test_an_open_median_is_told_by_its_name_though_no_number_stands_beside_it() -> None:
    bins = cells([[1.0, 1.0, 9.0]], [[1.0] * 3])
    field = MedianField(
        units([WEST]), bins, np.array([0.0, 1, 2, np.inf]), "households", "homes",
        published_text=("≥ 2",),
    )  # fmt: skip
    weights = toy.weights(square(0, 0, 2, 4), ids=[WEST], geography=["tract"])
    found = reduce(field, weights, reference=None, settings=ReduceSettings())
    assert np.isnan(found.value[0]) and found.text == ("≥ 2",) and found.reason == (middle.OPEN,)


def test_a_median_and_a_share_are_told_up_to_the_limit_of_what_the_table_lacks() -> None:
    """The zone is half of W1 and half of E1, of which the table has the first alone."""
    weights = toy.weights(square(1, 0, 2, 1), square(0, 0, 2, 1))
    bins = MedianField(units([W1]), cells([[50.0] * 3], [[5.0] * 3]), np.arange(4.0), "households", "homes")
    share = toy.share([W1], [60], [9], [100], [9])
    lacking = float(weights.covering_of(units([W1]), "households").lacking[0])
    assert 0.2 < lacking < 0.8
    for field in (bins, share):
        for limit, told in ((lacking, True), (float(np.nextafter(lacking, 0.0)), False)):
            found = reduce(field, weights, reference=None, settings=ReduceSettings(lacking_limit=limit))
            assert np.isfinite(found.value).tolist() == [told, True], type(field)
            assert told or "its table has no row for" in str(found.reason[0])


def test_an_open_median_loses_its_name_where_the_table_lacks_much_of_the_zone() -> None:
    """Half of W1 and half of E1, of which the table has the first alone."""
    weights = toy.weights(square(1, 0, 2, 1))
    field = MedianField(
        units([W1]), cells([[1.0, 1.0, 9.0]], [[1.0] * 3]), np.array([0.0, 1, 2, np.inf]), "households", "homes"
    )
    for limit, told in ((1.0, True), (0.005, False)):
        found = reduce(field, weights, reference=None, settings=ReduceSettings(lacking_limit=limit))
        assert (found.text[0] is not None) is told
        assert str(found.reason[0]).startswith("the median" if told else "its table has no row for")


def test_which_part_of_a_zone_counts_as_cut() -> None:
    """Units of which 5 to 95 % lie inside, ends excluded; anything less than whole is a cut."""
    matrix = csr_array(np.array([[0.05, 0.06, 0.94, 0.95], [1.0, 1.0 - 1e-10, 0.0, 0.0], [1.0 - 1e-8, 0.0, 0.0, 0.0]]))
    counts = np.array([100.0, 100.0, 100.0, NAN])
    found = columns.split_share(matrix, counts)
    assert found.tolist() == pytest.approx([100 / 105, 0.0, 0.0])
    assert columns.cuts(matrix).tolist() == [True, False, True]
    assert columns.no_margin(np.array([NAN, NAN, 1.0]), np.array([1.0, NAN, 1.0])).tolist() == [True, False, False]


def test_levels_of_a_table_come_coarse_to_fine_whatever_their_order() -> None:
    known = toy.weights(square(0, 0)).units
    table = units([W1, WEST, toy.COUNTY])
    assert tables.known_levels(table, known, None) == (["county", "tract", "block group"], [])
    mixed = replace(units(["a", "b"], "zone"), level=np.array(["zone", "tract"], dtype=np.str_))
    some: Any = {**known, ("zone", 2020): SimpleNamespace(geometry=None)}
    with pytest.raises(LayerError, match="do not nest"):
        tables.known_levels(mixed, some, None)
    assert tables.known_levels(units(["a"], "zone"), some, None) == (["zone"], [])
    assert tables.known_levels(replace(mixed, vintage=2020), known, None) == (["tract"], ["zone"])


@pytest.mark.parametrize(
    ("rule", "value", "moe"),
    [
        ("proportion", 0.75, math.sqrt(0.2**2 - (0.75 * 0.1) ** 2) / 4), ("ratio", 0.75, math.hypot(0.2, 0.075) / 4),
        ("per_hundred", 75.0, 100 * math.hypot(0.2, 0.075) / 4), ("sum", 0.75, 0.05),
        ("complement", 0.75, math.sqrt(0.3**2 - 0.025**2) / 4), ("complement_ratio", 0.75, math.hypot(0.3, 0.025) / 4),
        ("both_sides", 0.75, math.sqrt(0.25 * 0.04 + 0.75 * 0.09 - 0.75 * 0.25 * 0.01) / 4),
    ],
)  # fmt: skip
def test_a_figure_of_three_in_four_is_recomputed_by_each_rule(rule: str, value: float, moe: float) -> None:
    row = {"numerator": 3.0, "numerator_moe": 0.2, "denominator": 4.0, "denominator_moe": 0.1, "complement_moe": 0.3}
    assert recompute({"rule": rule, **row}) == pytest.approx((value, moe), rel=1e-12)
    if rule in ("proportion", "complement", "both_sides"):
        assert recompute({"rule": rule, **row, "denominator_moe": 9.0})[1] == 0.0
    if rule == "sum":
        assert recompute({"rule": rule, **row, "denominator": None}) == (3.0, 0.2)


@pytest.mark.parametrize("weight", [0.005, 0.01, 1.0])
def test_the_margin_of_everybody_is_that_of_nobody_else_however_few_they_are(weight: float) -> None:
    """All of 100 homes, of which half a one, one or all lie here; 14 is the margin of the empty rest."""
    field = toy.share([W1], [100], [20], [100], [20], complement=cells([0], [14]))
    matrix: Any = csr_array(np.array([[weight]]))
    found = parts(matrix, field)
    assert found.value.tolist() == [1.0] and found.rule.tolist() == ["complement"]
    assert found.moe.tolist() == pytest.approx([0.14])
    by_table = parts(matrix, replace(field, complement=None, zero_moe=np.array([11.0])))
    assert by_table.moe.tolist() == pytest.approx([0.11])
    assert np.isnan(parts(matrix, replace(field, complement=None)).moe).all()
    assert np.isnan(parts(matrix, replace(field, complement=None, zero_moe=np.array([NAN]))).moe).all()
    counted_ = toy.share([W1], [100], [0], [100], [0], complement=cells([0], [14]))
    assert parts(matrix, counted_).moe.tolist() == [0.0]
