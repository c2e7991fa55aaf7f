"""Tests that have a few rows of the catalogue alone leave nothing of that to the tests after them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from justgeo import quality_census, quality_sums
from tests import nowhere
from tests.faults import doors


@pytest.mark.parametrize("few", [lambda _: nowhere.only({"ENV-03"}), doors.small], ids=["only", "small"])
def test_what_is_remembered_of_a_few_rows_is_forgotten(
    few: Callable[[Path], AbstractContextManager[None]], tmp_path: Path
) -> None:
    """Else a check said, now and then, that no median is at hand: what a process asked first, it had remembered."""
    for remembered in (quality_census.brackets, quality_sums.identities):
        remembered.cache_clear()
    with few(tmp_path):
        assert quality_census.brackets() == ()
        assert quality_sums.identities() == {}
    assert len(quality_census.brackets()) > 1
    assert "B25003" in quality_sums.identities()
