"""The real data: looked for where ``JUSTGEO_REAL_DATA`` points, else beside the repository; skipped where absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _folder(base: Path, name: str) -> Path:
    found = base / name
    if not found.is_dir():
        pytest.skip(f"real data not here: {name} (JUSTGEO_REAL_DATA or ../shared/data)")
    return found


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with one subfolder a place."""
    base = Path(os.environ.get("JUSTGEO_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not base.is_dir():
        pytest.skip("real data not here (JUSTGEO_REAL_DATA or ../shared/data)")
    return base


@pytest.fixture(scope="session")
def charlottesville(real_data: Path) -> Path:
    return _folder(real_data, "charlottesville")


@pytest.fixture(scope="session")
def durham(real_data: Path) -> Path:
    return _folder(real_data, "durham")
