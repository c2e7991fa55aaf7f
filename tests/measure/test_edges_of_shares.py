"""Shares by which of three formulas, and margins that are widened and by how much."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from justgeo.core.field import CountField, Counts
from justgeo.measure import reduce as reducing
from justgeo.measure.margins import Sum, proportion
from tests.measure import toy
from tests.measure.test_reduce import run
from tests.measure.toy import E1, W1, W2, cells, square, units

ONE = csr_array(np.ones((1, 1)))


def amount(value: float, moe: float) -> Sum:
    return Sum(np.array([value]), np.array([moe]), np.array([False]))


def of_people(weight: str = "persons", parts: int = 2, rest: float | None = 4.0) -> CountField:
    """Two cells of a table of persons, with what is left of it."""
    top = cells([[20.0] * parts], [[3.0] * parts])
    left = None if rest is None else cells([60.0], [rest])
    bottom = Counts(cells([100.0], [10.0]))
    return CountField(units([W1]), Counts(top), bottom, weight, "share", "people", complement=left)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "bottom", "expected"),
    [
        (of_people(), 10.0, 3 * 2.0),  # 10² is 4 times 3² + 4²: everybody of a household answers alike
        (of_people(), 6.0, 3 * 1.2),  # 36 / 25
        (of_people(), 4.0, 3.0),  # never narrower
        (of_people("households"), 10.0, 3.0),
        (of_people(parts=1), 10.0, 3.0),
        (of_people(rest=None), 10.0, 3.0),
    ],
)
def test_cells_of_people_are_widened_as_the_whole_is(field: CountField, bottom: float, expected: float) -> None:
    found = reducing.clustered(amount(40, 3), amount(100, bottom), ONE, field)
    assert found.moe.tolist() == pytest.approx([expected]) and found.value.tolist() == [40]


def both_sides(parts_moe: float, left: float, left_moe: float, whole_moe: float) -> tuple[Any, str]:
    """Margin and rule of a share (200 - left) / 200 whose parts are told, too."""
    both = Counts(cells([200.0], [1.0]), cells([left], [left_moe], "Z"), cells([200.0 - left], [parts_moe], "P"))
    made = toy.share([W1], [200.0], [1.0], [200.0], [whole_moe], numerator=both)
    found = reducing._from_both_sides(
        amount(200 - left, np.nan), amount(200, whole_moe), amount(left, left_moe), ONE, made
    )
    return float(found.moe[0]), str(found.rule[0])


def test_a_share_told_from_both_sides_by_hand() -> None:
    """p = 0.25: 0.75 x 6² + 0.25 x 9² - 0.1875 x 10² = 28.5."""
    assert both_sides(6, 150, 9, 10) == (pytest.approx(np.sqrt(28.5) / 200), reducing.BOTH_SIDES)


def test_without_a_positive_radicand_it_is_told_from_the_rest_alone() -> None:
    """0.75 x 2² + 0 - 0.1875 x 4² = 0, and 0² - 0.75² x 4² is below 0: the ratio formula."""
    assert both_sides(2, 150, 0, 4) == (pytest.approx(0.75 * 4 / 200), "complement_ratio")
    assert both_sides(1, 150, 3, 5)[1] != reducing.BOTH_SIDES  # 0.75 + 2.25 - 4.69


def test_everybody_is_told_from_the_rest_alone() -> None:
    """Nobody is left: MOE_Z / Y."""
    assert both_sides(6, 0, 9, 10) == (pytest.approx(9 / 200), "complement")


def test_a_number_that_needs_a_cell_which_was_not_published_is_absent() -> None:
    field = toy.share([W1, W2, E1], [10.0, np.nan, 10.0], [1.0] * 3, [20.0, 20.0, np.nan], [1.0] * 3)
    assert reducing.usable_rows(field).tolist() == [True, False, False]
    column = run(field, toy.weights(square(0, 0, 2, 2), square(0, 2, 2, 2)))
    assert column.value[0] == 0.5 and np.isnan(column.value[1])


def test_what_is_written_as_a_total_less_a_part_is_known_as_such() -> None:
    total, part = cells([100.0], [5.0], "T"), cells([30.0], [3.0], "P")
    rest = Counts(total, part)
    field = toy.share([W1], [1.0], [1.0], [1.0], [1.0], numerator=rest, denominator=Counts(total))
    found = reducing.complement_cells(field)
    assert found is not None and found.codes == ("P",) and found.estimate.tolist() == [[30.0]]
    for other in (Counts(total), Counts(part, total)):
        assert (
            reducing.complement_cells(toy.share([W1], [1], [1], [1], [1], numerator=other, denominator=Counts(total)))
            is None
        )
    alone = CountField(units([W1]), rest, None, "households", "sum", "homes")
    assert reducing.complement_cells(alone) is None
    same = toy.share([W1], [1.0], [1.0], [1.0], [1.0], numerator=rest, denominator=rest)
    assert reducing.complement_cells(same) is None


def test_a_share_of_one_whose_numbers_are_controlled_is_exact() -> None:
    exact = run(
        toy.share([W1], [50.0], [0.0], [50.0], [0.0], zero_moe=np.array([12.0])), toy.weights(square(0, 0, 2, 2))
    )
    assert (exact.value[0], exact.moe[0]) == (1.0, 0.0)
    for mx, my in ((0.0, 5.0), (5.0, 0.0), (5.0, 5.0)):
        found = run(
            toy.share([W1], [50.0], [mx], [50.0], [my], zero_moe=np.array([12.0])), toy.weights(square(0, 0, 2, 2))
        )
        assert (found.value[0], found.moe[0]) == (1.0, pytest.approx(12 / 50))


def test_a_share_of_two_controlled_numbers_is_a_proportion_without_a_margin() -> None:
    found = proportion(30.0, 0.0, 100.0, 0.0)
    assert (float(found.value), float(found.moe), str(found.rule)) == (0.3, 0.0, "proportion")
