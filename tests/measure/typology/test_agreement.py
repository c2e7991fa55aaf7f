"""Agreement of methods: Cohen's kappa by hand and by worked examples, counts in tracts and households."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from justgeo.measure.typology.agreement import TELLS_NOTHING, Count, cohen_kappa, compare
from tests.measure.typology.made import NAN


@pytest.mark.parametrize(
    ("cells", "kappa"),
    [
        ((20, 5, 10, 15), 0.40),  # agree .70, by chance .5 x .6 + .5 x .4 = .50
        ((45, 15, 25, 15), 0.1304),  # agree .60, by chance .54
        ((25, 35, 5, 35), 0.2593),  # agree .60, by chance .46
        ((10, 0, 0, 10), 1.0),
        ((0, 10, 10, 0), -1.0),
        ((25, 25, 25, 25), 0.0),
    ],
)
def test_kappa_of_worked_examples(cells: tuple[int, int, int, int], kappa: float) -> None:
    assert cohen_kappa(*cells) == pytest.approx(kappa, abs=5e-5)


@pytest.mark.parametrize("cells", [(0, 0, 0, 0), (12, 0, 0, 0), (0, 0, 0, 7)])
def test_kappa_is_undefined_where_chance_agrees_fully(cells: tuple[int, int, int, int]) -> None:
    assert np.isnan(cohen_kappa(*cells))


def test_counts_by_hand() -> None:
    flags = {
        "a": np.array([1.0, 1.0, 0.0, 0.0, NAN, 1.0]),
        "b": np.array([1.0, 0.0, 1.0, 0.0, 1.0, NAN]),
        "c": np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]),
    }
    households = np.array([100.0, 200.0, 400.0, 800.0, 1600.0, NAN])
    got = compare(flags, households)
    assert [(p.first, p.second) for p in got.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    ab = got.pairs[0]
    assert ab.both == Count(1, 100) and ab.only_first == Count(1, 200) and ab.only_second == Count(1, 400)
    assert ab.neither == Count(1, 800) and ab.untold == Count(2, 1600) and ab.told == 4
    assert ab.kappa == 0.0
    assert got.pairs[1].kappa == pytest.approx((3 / 5 - 13 / 25) / (1 - 13 / 25))
    assert got.flagged["a"] == Count(3, 300) and got.told["a"] == Count(5, 1500)
    # of the four that all can tell: one by none, none by one, two by two, one by all three
    assert [c.tracts for c in got.flagged_by] == [1, 0, 2, 1]
    assert [c.households for c in got.flagged_by] == [800, 0, 600, 100]
    assert got.untold == Count(2, 1600) and got.without_households == 1


def test_one_method_and_no_tract() -> None:
    got = compare({"a": np.array([1.0, 0.0])}, np.array([5.0, 7.0]))
    assert got.pairs == () and [c.tracts for c in got.flagged_by] == [1, 1]
    nothing = compare({"a": np.array([]), "b": np.array([])}, np.array([]))
    assert nothing.pairs == () and nothing.methods == () and nothing.flagged_by == (Count(0, 0.0),)
    assert dict(nothing.absent) == {"a": TELLS_NOTHING, "b": TELLS_NOTHING}


def test_a_method_that_can_tell_of_no_tract_is_absent_with_its_reason_and_takes_nothing_from_the_others() -> None:
    flags = {"a": np.array([1.0, 0.0, 1.0]), "mute": np.full(3, NAN), "b": np.array([1.0, 1.0, 0.0])}
    homes = np.array([10.0, 20.0, 30.0])
    got = compare(flags, homes, reasons={"mute": "no rents", "a": None})
    assert dict(got.absent) == {"mute": "no rents"}
    assert got.methods == ("a", "b") and set(got.flagged) == set(got.told) == {"a", "b"}
    without = compare({name: flag for name, flag in flags.items() if name != "mute"}, homes)
    assert got.flagged_by == without.flagged_by and got.pairs == without.pairs and got.untold == Count(0, 0.0)
    silent = compare({"mute": np.full(3, NAN)}, homes)
    assert silent.flagged_by == (Count(0, 0.0),) and silent.untold == Count(3, 60.0), "and not: 3 flagged by none"


def test_of_two_methods_of_which_one_is_part_of_the_other_one_is_counted() -> None:
    """Four tracts. Counted as three methods, two would agree on the second tract by construction."""
    flags = {
        "vulnerable": np.array([1.0, 1.0, 1.0, 0.0]),
        "pressed": np.array([1.0, 1.0, NAN, 0.0]),
        "udp": np.array([1.0, 0.0, 1.0, 0.0]),
    }
    got = compare(flags, np.array([1.0, 2.0, 4.0, 8.0]))
    assert got.methods == ("vulnerable", "pressed", "udp") and got.counted == ("vulnerable", "udp")
    # by none, by one, by both; the third is told by both, whatever its market
    assert [c.tracts for c in got.flagged_by] == [1, 1, 2] and [c.households for c in got.flagged_by] == [8, 2, 5]
    assert got.untold == Count(0, 0.0) and got.flagged["pressed"] == Count(2, 3.0)
    assert {(p.first, p.second): p.nested for p in got.pairs} == {
        ("vulnerable", "pressed"): True,
        ("vulnerable", "udp"): False,
        ("pressed", "udp"): False,
    }
    # where the wider one cannot be told, its part stands for itself
    alone = compare({**flags, "vulnerable": np.full(4, NAN)}, np.ones(4))
    assert alone.counted == ("pressed", "udp") and not any(p.nested for p in alone.pairs)
    freely = compare(flags, np.ones(4), nested={})
    assert freely.counted == freely.methods and [c.tracts for c in freely.flagged_by] == [1, 0, 1, 1]


def test_wrong_shapes_and_flags_are_refused() -> None:
    with pytest.raises(ValueError, match="of shape"):
        compare({"a": np.array([1.0])}, np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="1, 0 or NaN"):
        compare({"a": np.array([0.5])}, np.array([1.0]))


flag_lists = st.lists(st.tuples(*[st.sampled_from((0.0, 1.0, NAN))] * 2, st.integers(0, 999)), max_size=30)


@given(flag_lists)
def test_symmetric_complete_and_free_of_order(rows: list[tuple[float, float, int]]) -> None:
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    a, b, homes = table.T
    assume(np.isfinite(a).any() and np.isfinite(b).any())  # or there is no pair
    (one,), (other,) = compare({"a": a, "b": b}, homes).pairs, compare({"b": b, "a": a}, homes).pairs
    assert one.kappa == other.kappa or (np.isnan(one.kappa) and np.isnan(other.kappa))
    assert one.only_first == other.only_second and one.both == other.both
    cells = (one.both, one.only_first, one.only_second, one.neither, one.untold)
    assert sum(c.tracts for c in cells) == len(rows)
    assert sum(c.households for c in cells) == pytest.approx(homes.sum())
    assert np.isnan(one.kappa) or -1.0 <= one.kappa <= 1.0
    back = compare({"a": a[::-1], "b": b[::-1]}, homes[::-1]).pairs[0]
    assert (back.both, back.untold) == (one.both, one.untold)
