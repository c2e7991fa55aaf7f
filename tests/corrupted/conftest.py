"""One invented county for all trials of this room, and a field to make them on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from justgeo import synthetic
from tests import nowhere
from tests.corrupted import reading
from tests.corrupted.harness import Field

SEED = 2020


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The county's files, which nobody changes."""
    return synthetic.ensure(SEED, nowhere.cache(tmp_path_factory))


@pytest.fixture(scope="module")
def ground(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """Where the trials of one module are made."""
    with reading.once(source):
        yield Field(source, tmp_path_factory.mktemp("ground"))
