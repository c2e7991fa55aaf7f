"""What the package says of itself: doors, dependencies, pins."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.faults import hamlet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")


def pins() -> dict[str, str]:
    lines = [line for line in CONSTRAINTS.splitlines() if line and not line.startswith("#")]
    return dict(line.split("==") for line in lines)


def test_every_dependency_is_pinned_within_its_range() -> None:
    wanted = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["test"]
    for text in wanted:
        asked = Requirement(text)
        assert asked.specifier.contains(pins()[canonicalize_name(asked.name)]), text


def test_pins_name_no_host_and_no_folder() -> None:
    assert "://" not in CONSTRAINTS and "/" not in "".join(pins())
    assert "--" not in CONSTRAINTS


def test_every_dependency_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, flags=re.DOTALL | re.MULTILINE)
    assert block is not None
    lines = block[1].strip().splitlines()
    assert len(lines) == len(PROJECT["project"]["dependencies"])
    assert all(re.search(r'",\s+# \S+', line) for line in lines)


def test_a_bound_from_above_is_the_exception() -> None:
    wanted = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["test"]
    assert [text for text in wanted if "<" in text] == ["pydantic>=2.10,<3"]


def test_censusdis_is_never_more_than_an_extra() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    # Not even there: its pin of geopandas 1.0.1 cannot be joined with ours, and an extra that no pip resolves is none.
    assert not any("censusdis" in d for d in [*PROJECT["project"]["dependencies"], *extras["test"], *extras["census"]])
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "'.[census]'" in makefile and "--no-deps $(CENSUSDIS)" in makefile


def test_one_version_everywhere() -> None:
    version = PROJECT["project"]["version"]
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"[{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_make_may_fail_to_install_censusdis_and_goes_on() -> None:
    """The line that installs it ends in a note; the one before it, without which nothing works, does not."""
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    (own,) = [line for line in lines if line.endswith("-e .")]
    (other,) = [line for line in lines if "--no-deps $(CENSUSDIS)" in line]
    assert "||" not in own
    assert "|| echo" in other
    assert "-c constraints.txt" in own and "-c constraints.txt" in other


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (path,) = folder.glob("justgeo-*-py3-none-any.whl")
    with zipfile.ZipFile(path) as packed:
        packed.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_everything_that_is_no_code_is_in_the_wheel(wheel: Path) -> None:
    shipped = {path.relative_to(wheel).as_posix() for path in wheel.rglob("*") if path.is_file()}
    package = ROOT / "justgeo"
    code = {p.relative_to(ROOT).as_posix() for p in package.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    districts = {
        f"justgeo/_districts/{path.relative_to(ROOT / 'data' / 'districts').as_posix()}"
        for path in (ROOT / "data" / "districts").rglob("*")
        if path.is_file() and "out" not in path.parts
    }
    assert not (code | districts) - shipped
    for kind in (".yml", ".html", ".js", ".css", ".schema.json", ".gpkg", "district.toml", "LICENSE-ODbL-1.0.md"):
        assert any(name.endswith(kind) for name in shipped), kind
    assert not any(name.startswith(("tests/", "data/", "pipelines/")) for name in shipped)


def test_what_is_in_the_wheel_is_what_is_in_this_tree(wheel: Path) -> None:
    """To the byte: what the suite says of this tree's files holds for the wheel's."""
    homes = {"justgeo/_districts": ROOT / "data" / "districts", "justgeo": ROOT / "justgeo"}
    files = [path for path in sorted((wheel / "justgeo").rglob("*")) if path.is_file()]
    assert len(files) > 400
    for path in files:
        name = path.relative_to(wheel).as_posix()
        home = next(one for one in homes if name.startswith(f"{one}/"))
        assert path.read_bytes() == (homes[home] / name.removeprefix(f"{home}/")).read_bytes(), name


DEMO = """
import sys
import justgeo
from justgeo.catalogue import read
print(justgeo.__file__)
read.programmes(), read.protocol()  # they name other rows too: read while all are there, and kept
few = tuple(row for row in read.indicators() if row.id in sys.argv[1:])
read._own_indicators = lambda: few
from justgeo.cli import main
sys.exit(main(["demo"]))
"""
"""As ``justgeo demo``, with a row of each kind of arithmetic: above it is asked that no other lacks a file."""


def tabled() -> list[str]:
    """Rows that the tables of the embedded districts give numbers for."""
    told = [tomllib.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "data" / "districts").glob("*/*.toml")]
    return [one["indicator"] for each in told for table in each.get("tables", ()) for one in table["columns"]]


@pytest.mark.slow
def test_the_wheel_alone_runs_the_demo(wheel: Path, tmp_path: Path) -> None:
    """In an empty folder, the code and the districts of the wheel before those of this tree."""
    told = {**os.environ, "PYTHONPATH": str(wheel), "PYTHONIOENCODING": "utf-8"}
    ran = subprocess.run(
        [sys.executable, "-c", DEMO, *hamlet.ROWS, *tabled()],
        cwd=tmp_path, env=told, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    where, _, said = ran.stdout.partition("\n")
    assert Path(where).is_relative_to(wheel)
    for slug in ("haight-castro", "nowhere-invented"):
        assert (tmp_path / "out" / slug / "index.html").stat().st_size > 100_000
        assert str(Path("out") / slug / "index.html") in said
    assert "INVENTED" in said
    assert "nowhere-invented: measuring" in ran.stderr
