"""Corruptions of blocks, outlines and the boundary are refused, absent or flagged; sound ones are not."""

from __future__ import annotations

import pytest

from tests.corrupted import geography
from tests.corrupted.harness import Field, Trial, hold, in_spanish


@pytest.mark.parametrize("trial", geography.TRIALS, ids=[case.id for case in geography.CASES])
def test_corrupted(trial: Trial, ground: Field) -> None:
    in_spanish(hold(trial, ground))
