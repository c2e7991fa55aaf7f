from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from justgeo.report import page, results
from tests.report import made


@pytest.fixture(scope="session")
def content() -> dict[str, Any]:
    return results.to_dict(made.baseline())


@pytest.fixture(scope="session")
def zones() -> gpd.GeoDataFrame:
    return results.zones_frame(made.zones("Mill Pond"))


@pytest.fixture(scope="session")
def html(content: dict[str, Any], zones: gpd.GeoDataFrame) -> str:
    return page.render(content, made.checklist(), zones, made.basemap())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out" / "mill-pond"
