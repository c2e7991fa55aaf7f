"""What the package says of itself: doors, dependencies, pins."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


def test_censusdis_is_never_more_than_an_extra() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    assert extras["census"] == ["censusdis==1.4.2"]
    assert not any("censusdis" in d for d in PROJECT["project"]["dependencies"] + extras["test"])


def test_one_version_everywhere() -> None:
    version = PROJECT["project"]["version"]
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"[{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_embedded_districts_travel_with_the_wheel() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"data/districts": "justgeo/_districts"}
    assert (ROOT / "data" / "districts").is_dir()
