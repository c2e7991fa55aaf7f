"""What holds for the whole suite."""

from __future__ import annotations

import functools
import gc
from collections.abc import Generator

import pyproj.database
import pytest

from justgeo.core.collector import patient_collector

# OSMnx has this asked of PROJ's database for each question that it words: always the same of the same place.
pyproj.database.query_utm_crs_info = functools.cache(pyproj.database.query_utm_crs_info)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is found stays to the end, and little else is made meanwhile: the collector of cycles would look in vain."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Ten thousand tests, and what they import, stay to the end: the collector of cycles need not look at them again.

    It took a seventh of the suite's time; what is new is still looked at, only less often.
    """
    del session
    gc.collect()
    gc.freeze()
    patient_collector()
