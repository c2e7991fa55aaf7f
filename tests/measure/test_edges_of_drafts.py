"""Columns in the making: what is hidden and why, what is said beside a number, how much may be unknown or lacking."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from justgeo.measure import places
from justgeo.measure.column import (
    NO_UNITS,
    NOT_COVERED,
    NOT_PUBLISHED,
    Draft,
    ReduceSettings,
    quotient,
    spread,
)
from justgeo.measure.covering import Cover
from justgeo.measure.places import Met
from tests.measure.test_reduce import exposure

NAN = float("nan")


def draft(value: list[float], **more: Any) -> Draft:
    n = len(value)
    return Draft(n, np.array(value), np.full(n, 0.3), ["sum"] * n, **more)


def test_a_hidden_number_leaves_nothing_and_one_in_an_open_bracket_its_name() -> None:
    one = draft([1.0, NAN, NAN, 4.0], numerator=np.arange(4.0), noise=np.full(4, 0.4), low=np.zeros(4), high=np.ones(4))
    one.text[2] = "≥ 2"
    one.reasons[2] = "open"
    one.flag([True] * 4, lambda z: f"zone {z}")
    one.absent([False, False, False, True], "few")
    one.absent([False, False, False, True], "later")
    made = one.finish()
    assert made.reason == (None, NOT_PUBLISHED, "open", "few")
    assert made.rule == ("sum", "", "sum", "") and made.text == (None, None, "≥ 2", None)
    assert made.flags == (("zone 0",), (), ("zone 2",), ())
    assert made.value.tolist() == pytest.approx([1.0, NAN, NAN, NAN], nan_ok=True)
    assert made.numerator.tolist() == pytest.approx([0.0, NAN, 2.0, NAN], nan_ok=True)
    assert made.moe.tolist() == pytest.approx([0.5, NAN, NAN, NAN], nan_ok=True)
    assert made.error["apportionment"].tolist() == pytest.approx([0.0, NAN, NAN, NAN], nan_ok=True)
    assert made.low.tolist() == pytest.approx([0.0, NAN, NAN, NAN], nan_ok=True)
    assert np.isnan(made.denominator).all() and np.isnan(made.split_share).all()


def test_what_is_wholly_absent_has_no_name_of_a_bracket_and_overrules_what_was_said_before() -> None:
    one = draft([NAN, NAN, 3.0])
    one.text[:2], one.reasons[:2] = ["≥ 2"] * 2, ["open"] * 2
    one.uncovered(np.array([False, True, True]))
    made = one.finish()
    assert made.reason == (NOT_COVERED, "open", None) and made.text == (None, "≥ 2", None)
    same = draft([1.0])
    same.uncovered(None)
    assert same.finish().reason == (None,)


def test_a_part_of_the_margin_that_is_not_told_is_null_and_not_0() -> None:
    one = draft([1.0, 2.0], apportionment=np.array([0.4, 0.4]))
    one.untell(np.array([True, False]))
    made = one.finish()
    assert made.error["apportionment"].tolist() == pytest.approx([NAN, 0.4], nan_ok=True)
    assert made.moe.tolist() == pytest.approx([0.5, 0.5])
    assert made.flags == (("apportionment error not told",), ())


@pytest.mark.parametrize(
    ("lacking", "absent", "flagged"),
    [(0.0, False, False), (1e-4, False, False), (1.01e-4, False, True), (0.02, False, True),
     (np.nextafter(0.02, 1.0), True, False), (NAN, False, False)],
)  # fmt: skip
def test_rows_that_a_table_lacks_are_told_from_a_ten_thousandth_on_and_hide_beyond_the_limit(
    lacking: float, absent: bool, flagged: bool
) -> None:
    one = draft([1.0, 1.0])
    matrix: Any = csr_array(np.array([[1.0, 0.5], [0.0, 0.0]]))
    one.lacking(Cover(matrix, np.array([lacking, 0.0]), np.array([2, 0])), "persons", 0.02)
    made = one.finish()
    assert (made.reason[0] is not None) is absent and made.reason[1] == NO_UNITS
    if absent:
        assert made.reason[0] == "its table has no row for 2.0% of the people here"
        return
    told = [f"lacking_share={lacking:.4f}"] if flagged else []
    assert made.flags[0] == (*told, "rows of block groups missing (2): taken from the tract above")


@pytest.mark.parametrize(
    ("known", "absent", "said"),
    [(100.0, False, ""), (50.0, False, "0.5000"), (49.999, True, ""), (99.0, False, "0.0100")],
)
def test_a_measure_may_be_unknown_for_as_many_as_the_limit_says(known: float, absent: bool, said: str) -> None:
    one = draft([1.0])
    met = Met(np.array([1.0]), np.array([100.0]), np.array([known]), np.array([1.0]))
    places.tell_unknown(one, met, ReduceSettings(unknown_limit=0.5), lambda z: f": why {z}", "homes")
    made = one.finish()
    assert made.reason == (("not known for 50% of the homes here: why 0",) if absent else (None,))
    assert made.flags == (((f"unknown_share={said}",) if said else ()),)


def test_the_main_reason_is_that_of_the_most_people_and_of_equals_the_first_by_name() -> None:
    field = exposure(np.array([1.0, NAN, NAN, NAN, *[1.0] * 12]))
    field = replace(field, unknown=("", "b", "a", "c", *[""] * 12))
    people = np.array([90.0, 10.0, 10.0, 30.0, *[1.0] * 12])
    matrix: Any = csr_array(np.array([
        [1.0, 1.0, 1.0, 0.1, *[0.0] * 12], [1.0, 1.0, 1.0, 0.5, *[0.0] * 12], [1.0, *[0.0] * 15],
    ]))  # fmt: skip
    assert [places.main_reason(matrix, people, field, z) for z in range(3)] == [": a", ": c", ""]
    assert places.main_reason(matrix, people, replace(field, unknown=()), 0) == ""


def test_a_range_holds_what_a_share_would_be_if_none_or_all_of_the_others_had_it() -> None:
    """60 of 80 known ones of 100: from 60 to 80 of a hundred; a range that is wider stays."""
    nothing = np.full(3, NAN)
    met = Met(np.full(3, 0.75), np.full(3, 100.0), np.array([80.0, 80.0, 100.0]), np.array([60.0, 60.0, 75.0]))
    low, high = places.bounds(met, nothing, nothing)
    assert low.tolist() == pytest.approx([0.6, 0.6, NAN], nan_ok=True)
    assert high.tolist() == pytest.approx([0.8, 0.8, NAN], nan_ok=True)
    low, high = places.bounds(met, np.array([0.5, 0.7, 0.7]), np.array([0.9, 0.76, 0.76]))
    assert low.tolist() == pytest.approx([0.5, 0.6, 0.7]) and high.tolist() == pytest.approx([0.9, 0.8, 0.76])


def test_a_range_is_told_where_something_is_cut_and_a_rule_without_a_number_says_nothing() -> None:
    matrix: Any = csr_array(np.array([[1.0, 0.5], [1.0, 0.0], [0.5, 0.0]]))
    others = [np.array([0.3, 0.1, NAN]), np.array([0.6, 0.9, NAN])]
    low, high = spread(matrix, np.array([0.5, 0.5, 0.5]), others)
    assert low.tolist() == pytest.approx([0.3, NAN, 0.5], nan_ok=True)
    assert high.tolist() == pytest.approx([0.6, NAN, 0.5], nan_ok=True)
    whole: Any = csr_array(np.array([[1.0, 1.0]]))
    low, high = spread(whole, np.array([0.5]), [np.array([0.1])])
    assert np.isnan([low[0], high[0]]).all()


def test_nothing_is_divided_by_nothing() -> None:
    found = quotient(np.array([1.0, 1.0, 1.0, NAN, 0.0]), np.array([0.5, 0.0, -1.0, 1.0, 2.0]))
    assert found.tolist() == pytest.approx([2.0, NAN, NAN, NAN, 0.0], nan_ok=True)


def test_the_usual_settings_of_the_reduction() -> None:
    usual = ReduceSettings()
    assert (usual.cluster("households"), usual.cluster("persons"), usual.cluster("land")) == (1.0, 2.5, 1.0)
    other = ReduceSettings(cluster_households=3.0, cluster_persons=4.0)
    assert (other.cluster("households"), other.cluster("persons"), other.cluster("land")) == (3.0, 4.0, 3.0)
    assert (usual.design_factor, usual.sampling_percent, usual.block_noise_sd) == (1.3, 12.5, 3.0)
    assert (usual.apportion_c, usual.unknown_limit, usual.lacking_limit, usual.small_group) == (0.3, 0.5, 0.005, 0.1)
    assert usual.published_medians
