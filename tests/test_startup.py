"""Importing justgeo and asking it for help does no work: no heavy library is loaded, nothing is read."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Of the standard library, what is slow to load; of the others, everything that the package depends on.
HEAVY = {
    "affine", "botocore", "branca", "censusdis", "distutils", "exactextract", "folium", "fsspec", "geopandas",
    "importlib.metadata", "jinja2", "jsonschema", "matplotlib", "multiprocessing", "networkx", "numpy", "osmium",
    "osmnx", "pandas", "platformdirs", "pyarrow", "pydantic", "pydantic_core", "pyogrio", "pyproj", "rasterio",
    "requests", "s3fs", "scipy", "shapely", "sqlite3", "ssl", "tqdm", "urllib.request", "yaml",
}  # fmt: skip


def loaded(statement: str) -> set[str]:
    """Modules that a fresh interpreter holds after a statement, less those that it starts with."""
    tell = "print('\\n'.join(set(sys.modules) - before), file=sys.stderr)"
    code = f"import sys; before = set(sys.modules)\n{statement}\n{tell}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import justgeo",
        "import justgeo; dir(justgeo)",
        "import justgeo.cli",
        "import justgeo.cli\ntry:\n    justgeo.cli.main(['--help'])\nexcept SystemExit:\n    pass",
        "import justgeo.cli\ntry:\n    justgeo.cli.main(['run', '--help'])\nexcept SystemExit:\n    pass",
        "import justgeo.cli\ntry:\n    justgeo.cli.main(['displacement', '--help'])\nexcept SystemExit:\n    pass",
    ],
)
def test_no_heavy_library_is_imported(statement: str) -> None:
    found = loaded(statement)
    assert any(name.startswith("justgeo") for name in found)
    assert not found & HEAVY


def test_the_list_would_notice() -> None:
    assert "yaml" in loaded("import justgeo.catalogue.read") & HEAVY


def test_importing_reads_only_the_face() -> None:
    assert {name for name in loaded("import justgeo") if name.startswith("justgeo")} == {"justgeo"}
