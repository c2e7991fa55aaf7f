"""The margin of what is carried from the units of 2010 to those of 2020, part by part and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from justgeo.measure import carry
from justgeo.measure.carry import Crosswalk
from justgeo.measure.column import ReduceSettings
from tests.measure.toy import provenance

NAN = float("nan")
Z = 1.645


def crosswalk(weights: Any, base: Any, unsure: Any = None, partial: Any = None) -> Crosswalk:
    """Units A, B, ... of 2010 (columns) in those of 2020 (rows)."""
    matrix = csr_array(np.asarray(weights, dtype=np.float64))
    n20, n10 = matrix.shape
    return Crosswalk(
        "tract", "households",
        np.array([f"9900100010{n}" for n in range(n10)]), np.array([f"9900100020{n}" for n in range(n20)]),
        matrix, np.asarray(base, dtype=np.float64),
        csr_array(np.zeros((n20, n10)) if unsure is None else np.asarray(unsure, dtype=np.float64)),
        np.zeros(n20, dtype=np.bool_) if partial is None else np.asarray(partial), (), provenance("crosswalk"),
    )  # fmt: skip


SETTINGS = ReduceSettings(apportion_c=0.5, cluster_households=2.0)


def test_a_unit_without_homes_that_is_divided_by_land_errs_by_a_third_of_what_may_be() -> None:
    """x² w (1 - w) / 3: 90 people, of whom three tenths are here."""
    found = crosswalk([[0.3], [0.7]], [0.0]).counts([[90.0]], [[0.0]], settings=SETTINGS)
    assert found.estimate[:, 0].tolist() == pytest.approx([27.0, 63.0])
    assert found.apportionment[:, 0].tolist() == pytest.approx([Z * 90 * np.sqrt(0.21 / 3)] * 2)
    assert pytest.approx(1 / 3) == carry.LAND_GUESS
    whole = crosswalk([[1.0]], [0.0]).counts([[90.0]], [[0.0]], settings=SETTINGS)
    assert whole.apportionment.tolist() == [[0.0]]


def test_the_rate_of_a_divided_unit_errs_by_its_homes_and_their_clusters() -> None:
    """One unit alone: no variance between units is known; g r (1 - r) / H is left, and r² V of divided blocks.

    40 of 100 homes, a quarter of which is here: 100² x 0.25 x 0.75 x 2 x 0.24 / 100 = 9.0, and 0.16 x 50 = 8.
    """
    plain = crosswalk([[0.25], [0.75]], [100.0]).counts([[40.0]], [[0.0]], settings=SETTINGS)
    assert plain.apportionment[:, 0].tolist() == pytest.approx([Z * 3.0] * 2)
    unsure = crosswalk([[0.25], [0.75]], [100.0], [[50.0], [50.0]]).counts([[40.0]], [[0.0]], settings=SETTINGS)
    assert unsure.apportionment[:, 0].tolist() == pytest.approx([Z * np.sqrt(9.0 + 8.0)] * 2)


def test_how_unlike_units_are_is_in_it_by_their_homes() -> None:
    """Rates 0.4 and 0.8 of 100 homes each: S² = 0.04 / 0.5 = 0.08. Of the first, halves: 100² x 0.25 x 0.5 x 0.08."""
    found = crosswalk([[0.5, 0.0], [0.5, 1.0]], [100.0, 100.0]).counts(
        [[40.0], [80.0]], [[0.0], [0.0]], settings=ReduceSettings(apportion_c=0.5, cluster_households=0.0)
    )
    assert found.estimate[:, 0].tolist() == pytest.approx([20.0, 100.0])
    assert found.apportionment[:, 0].tolist() == pytest.approx([Z * 10.0] * 2)


def test_sampling_and_division_are_two_parts_of_one_margin() -> None:
    found = crosswalk([[0.25], [0.75]], [100.0]).counts([[40.0]], [[16.0]], settings=SETTINGS)
    assert found.sampling[:, 0].tolist() == pytest.approx([4.0, 12.0])
    assert found.moe[:, 0].tolist() == pytest.approx([np.hypot(4.0, Z * 3), np.hypot(12.0, Z * 3)])


def test_what_is_lacking_is_said_with_the_unit_and_what_was_said_of_it() -> None:
    made = crosswalk(
        [[0.5, 0.0, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]], [10.0, 10.0, 10.0],
        partial=[False, False, True, False],
    )  # fmt: skip
    why = np.array([["too few", None], [None, None], [None, None]], dtype=object)
    found = made.counts(
        [[NAN, 1.0], [5.0, NAN], [6.0, 6.0]], [[1.0, NAN], [1.0, 1.0], [1.0, 1.0]], why=why, settings=SETTINGS
    )
    assert np.isnan(found.estimate).tolist() == [[True, False], [True, True], [True, True], [True, True]]
    first = "no number for the tract 99001000100 of 2010, part of which lies in it (too few)"
    assert found.reason[:2, 0].tolist() == [first, first]
    assert found.reason[0, 1] is None
    assert found.reason[1, 1] == "no number for the tract 99001000101 of 2010, part of which lies in it"
    assert found.reason[2].tolist() == [carry.PARTIAL] * 2
    assert found.reason[3].tolist() == [carry.NO_BASE.format(what="homes")] * 2
    assert found.moe_reason[0, 1] == "no margin for the tract 99001000100 of 2010, part of which lies in it"
    assert found.moe_reason[0, 0] == first and np.isnan(found.moe[0]).all()


@pytest.mark.parametrize("shape", [(2,), (3, 1), (1, 2)])
def test_cells_have_a_row_for_each_unit(shape: tuple[int, ...]) -> None:
    made = crosswalk([[1.0, 0.0], [0.0, 1.0]], [1.0, 1.0])
    with pytest.raises(ValueError, match="shape"):
        made.counts(np.ones(shape), np.ones(shape))
