"""The invented county's files, made once for all tests of this room; what many tests of a file ask alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from justgeo import synthetic
from justgeo.sources.live import feeds
from tests import nowhere
from tests.known import known, of_file


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.ensure(2020, nowhere.cache(tmp_path_factory))


@pytest.fixture(scope="module")
def looked_into_once() -> Iterator[None]:
    """A feed that was read alone, and was not refused, is not read alone again where the same bytes come once more.

    Of the same name, for the same area; what is then read of it, with or without others, is read anew.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feeds, "_reads_alone", known(feeds._reads_alone, of_file))
        yield
