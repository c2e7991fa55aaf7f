"""Pages of the docs that follow from the catalogue, and what serves each part of the Protocol."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from justgeo.catalogue import read

TOOL = Path(__file__).parents[2] / "tools" / "catalogue_pages.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogue_pages", TOOL)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


def test_the_pages_are_what_the_catalogue_says(tool: ModuleType) -> None:
    assert tool.main(["--check"]) == 0, "run: python tools/catalogue_pages.py"


def test_every_indicator_has_its_section(tool: ModuleType) -> None:
    text = "".join(tool.pages().values())
    for row in read.indicators():
        assert f"## {row.id} · {row.title}" in text


def test_every_item_of_the_baseline_list_has_an_indicator() -> None:
    rows, items = read.indicators(), read.protocol().baseline
    assert [item.id for item in items] == [f"B{n:02d}" for n in range(1, 16)]
    assert {item.id for item in items} == {one for row in rows for one in row.baseline}


def test_no_part_of_the_protocol_is_left_blank() -> None:
    rows, protocol = read.indicators(), read.protocol()
    for area in protocol.outcomes:
        assert area.questions and any(area.id in row.outcomes for row in rows), area.id
    for pillar in protocol.pillars:
        assert pillar.questions and any(pillar.id in row.pillars for row in rows), pillar.id
    for phase in protocol.phases:
        assert any(one.phase == phase and (one.question or one.is_baseline) for one in protocol.actions), phase


def test_what_no_open_data_tell_is_asked_of_somebody() -> None:
    """Drinking water, waste, greenhouse gas, infrastructure, crime and turnout have no open neighbourhood data."""
    asked = {area.id: " ".join(one.told for one in area.questions).lower() for area in read.protocol().outcomes}
    for area, word in (
        ("water", "safe to drink"), ("environment", "waste"), ("energy", "emit"), ("transportation", "sidewalks"),
        ("safety", "police"), ("civic", "turnout"),
    ):  # fmt: skip
        assert word in asked[area] and "(ask " in asked[area]
