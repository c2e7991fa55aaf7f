"""The page against plain folium: it asks for nothing and is many times smaller, and the benchmark that says so runs."""

from __future__ import annotations

from typing import Any

from tests.benchmarks import page_size
from tests.report import made


def test_it_asks_for_nothing_and_is_smaller(content: dict[str, Any]) -> None:
    district = page_size.invented(8, content, made.checklist())
    own, other = page_size.ours(district), page_size.plain(district)
    assert own.requests == 0 and other.requests >= 5
    assert own.bytes < 1_000_000
    rows = page_size.table({8: (own, other)}).splitlines()
    assert len(rows) == 3 and rows[2].startswith("| 8 |")


def test_its_areas_are_as_real_ones(content: dict[str, Any]) -> None:
    zones = page_size.invented(8, content, made.checklist()).zones
    areas = zones[zones["role"] == "area"]
    assert sorted(areas["geography"].value_counts().to_dict().items()) == [("block group", 24), ("tract", 8)]
    assert areas.geometry.is_valid.all()
    shapes = areas[areas["geography"] == "block group"].geometry
    assert shapes.area.sum() == shapes.union_all().area or abs(shapes.area.sum() / shapes.union_all().area - 1) < 1e-9
