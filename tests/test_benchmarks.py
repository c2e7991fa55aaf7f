"""Benchmarks at their smallest size: ways agree, and the page is put together; nothing is timed, no rival is needed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks import areas, bench, national, timing, walking

ALWAYS = (walking.OURS, walking.NEXT, walking.BARE, "networkx")


def test_ways_agree_at_nodes() -> None:
    some = walking.case(900, on_nodes=True)
    apart = walking.differences(some, walking._ask_bare(some, walking._bare(some)))
    for name in ALWAYS:
        assert apart[name].max() < 1e-6, name


def test_ours_is_right_anywhere_and_nodes_are_not() -> None:
    some = walking.case(900)
    apart = walking.differences(some, walking.oracle(some))
    assert max(apart[walking.OURS].max(), apart[walking.NEXT].max()) < 1e-6
    assert apart[walking.BARE].max() > 1.0


@pytest.mark.parametrize("districts", [1, 12])
def test_counts_of_areas_are_those_of_overlay_but_for_slivers(districts: int) -> None:
    some = areas.case(225, districts)
    ours = areas.ours(some)
    assert areas.counts(ours) == pytest.approx(areas.overlay(some), rel=2e-3)
    assert np.isfinite(ours.moe).all() and (ours.moe > 0).all()


def test_ratios_are_taken_round_by_round() -> None:
    slow = timing.Times((2.0, 20.0, 2.0), (2.0, 20.0, 2.0))
    quick = timing.Times((1.0, 10.0, 1.0), (1.0, 10.0, 1.0))
    assert slow.over(quick) == 2.0
    assert "missed" in timing.goal("x", 2.0, 1.5) and "met" in timing.goal("x", 2.0, 1.8, least=True)


def test_a_section_made_anew_leaves_the_others() -> None:
    first = bench.page_of({"walking": "## 1\n\nold", "startup": "## 8\n\nkept"})
    found = bench.sections_of(first)
    assert found == {"walking": "## 1\n\nold", "startup": "## 8\n\nkept"}
    line = timing.goal("a, b", 1.2, 1.5)
    again = bench.page_of({**found, "walking": f"## 1\n\n{line}\n\nnew"})
    assert bench.sections_of(again)["startup"] == "## 8\n\nkept"
    assert "| 1. Every block to the nearest of 300 places | a, b ≤ 1.5 times | 1.20 times: met |" in again


def test_machines_are_named_by_cores_and_memory_alone() -> None:
    assert timing.machine().startswith(("1 ", "2 ")) or " cores, " in timing.machine()
    assert "/" not in timing.machine()


def test_what_was_not_measured_of_a_county_is_said_to_be_so(tmp_path: Path) -> None:
    told = national.section(tmp_path / "none.json")
    assert told.count(national.NONE) == 6
    path = tmp_path / "county.json"
    path.write_text(json.dumps({"cpu_s": 36.0, "cpu_s_zone": 0.036, "tracts": 85.0}), encoding="utf-8")
    hours = {what: value for what, _, value in national.extrapolated(national.county(path))}
    # 1,000 such counties at 36 s, and 85,000 zones at 0.036 s.
    assert hours["core-hours"] == "11" and hours["memory a worker, GiB"] == national.NONE
