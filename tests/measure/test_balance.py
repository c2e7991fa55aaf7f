"""Parts against their whole, by hand; what is missing is never taken as nothing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from justgeo.measure import balance

NAN = float("nan")


def ids(*told: str) -> np.ndarray:
    return np.array(told, dtype=np.str_)


def column(*told: float) -> np.ndarray:
    return np.array([told], dtype=np.float64).T


def test_parts_add_up_to_their_whole_in_any_order() -> None:
    """Tract 01: 3 + 4, which add up to 7; tract 02: 10 alone; tract 03 has no part."""
    found = balance.sums(ids("022", "011", "012"), column(10, 3, 4), ids("03", "01", "02"), column(5, 7, 12), 2)
    told = np.hstack([found.summed, found.gap]).tolist()
    assert dict(zip(found.whole.tolist(), told, strict=True)) == {"01": [7, 0], "02": [10, -2]}
    assert (found.alone, found.empty, found.compared) == (0, 1, 2)


def test_a_part_without_a_number_leaves_its_whole_uncompared() -> None:
    found = balance.sums(ids("011", "012", "021"), column(1, NAN, 2), ids("01", "02"), column(1, 2), 2)
    assert found.compared == 1
    assert np.isnan(found.gap[found.whole == "01"]).all() and found.gap[found.whole == "02"] == 0


def test_parts_of_no_whole_are_counted() -> None:
    found = balance.sums(ids("911", "011"), column(1, 2), ids("01"), column(2), 2)
    assert found.alone == 1 and found.gap.tolist() == [[0]]
    none = balance.sums(ids("911"), column(1), ids("01"), column(2), 2)
    assert none.alone == 1 and none.empty == 1 and none.compared == 0
    assert balance.sums(ids("911"), column(1), ids()[:0], column()[:0].reshape(0, 1), 2).alone == 1


@given(st.lists(st.integers(0, 500), min_size=1, max_size=40), st.integers(1, 6))
def test_what_was_cut_up_adds_up_again(cells: list[int], tracts: int) -> None:
    part = ids(*(f"{i % tracts:02d}{i:03d}" for i in range(len(cells))))
    names = sorted({one[:2] for one in part.tolist()})
    whole = [sum(n for one, n in zip(part.tolist(), cells, strict=True) if one[:2] == name) for name in names]
    found = balance.sums(part, column(*cells), ids(*names), column(*whole), 2)
    assert np.array_equal(found.gap, np.zeros((len(names), 1)))


def test_off_takes_both_a_share_and_a_number() -> None:
    """Of 1,000: 4 more pass neither a hundredth nor 5; 9 pass 5; 11 pass both. Of 10: 3 more pass the share alone."""
    found, told = np.array([1004.0, 1009, 1011, 989, 13, NAN]), np.array([1000.0, 1000, 1000, 1000, 10, 10])
    assert balance.off(found, told, 0.01, 5.0).tolist() == [False, False, True, True, False, False]


def test_the_worst_is_told_in_units_of_what_is_published() -> None:
    found, told = column(110, 30, 1000), column(100, 20, 900)
    assert balance.worst(found, told, np.ones((3, 1), dtype=np.bool_)) == (1, 0)
    assert balance.worst(found, told, np.array([[True], [False], [True]])) == (2, 0)
    assert balance.worst(found, told, np.zeros((3, 1), dtype=np.bool_)) is None


def test_a_share_of_nothing_is_not_known() -> None:
    assert balance.share_of(np.array([1.0, 3.0, NAN]), np.array([False, True, True])) == 0.75
    assert balance.share_of(np.array([0.0, 0.0]), np.array([True, True])) is None
