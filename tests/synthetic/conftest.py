"""One invented county and one set of its files for all tests of this room."""

from __future__ import annotations

from pathlib import Path

import pytest

from justgeo.synthetic import County, county, ensure
from tests.nowhere import cache


@pytest.fixture(scope="session")
def nowhere() -> County:
    return county(2020)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure(2020, cache(tmp_path_factory))
