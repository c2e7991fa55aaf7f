"""Corruptions of census tables are refused, absent or flagged; sound ones are not."""

from __future__ import annotations

import pytest

from tests.corrupted import census
from tests.corrupted.harness import Field, Trial, hold, in_spanish


@pytest.mark.parametrize("trial", census.TRIALS, ids=[case.id for case in census.CASES])
def test_corrupted(trial: Trial, ground: Field) -> None:
    in_spanish(hold(trial, ground))
