"""Corruptions of downloaded tables, crosswalks and own tables are refused, absent or flagged; sound ones are not."""

from __future__ import annotations

import pytest

from tests.corrupted import tables
from tests.corrupted.harness import Field, Trial, hold, in_spanish


@pytest.mark.parametrize("trial", tables.TRIALS, ids=[case.id for case in tables.CASES])
def test_corrupted(trial: Trial, ground: Field) -> None:
    in_spanish(hold(trial, ground))
