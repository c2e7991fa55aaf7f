"""Every corruption of a grid is refused, absent or flagged, and the grid as it is is none of these."""

from __future__ import annotations

import pytest

from tests.corrupted import rasters
from tests.corrupted.harness import Field, Trial, hold, in_spanish


@pytest.mark.parametrize("trial", rasters.TRIALS, ids=[case.id for case in rasters.CASES])
def test_corrupted(trial: Trial, ground: Field) -> None:
    in_spanish(hold(trial, ground))


def test_what_is_not_caught_says_why() -> None:
    assert all(len(what) > 10 and len(why) > 20 for what, why in rasters.NOT_CAUGHT)
