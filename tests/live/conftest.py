"""The invented county's files, made once for all tests of this room."""

from __future__ import annotations

from pathlib import Path

import pytest

from justgeo import synthetic
from tests import nowhere


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.ensure(2020, nowhere.cache(tmp_path_factory))
