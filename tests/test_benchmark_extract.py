"""Benchmark of extracts at its smallest size: what is timed gives the same network and the same features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks import extract, extract_ways


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> extract_ways.Case:
    folder = tmp_path_factory.mktemp("extract")
    path = folder / "nowhere.osm.pbf"
    extract.invented(path, 1)
    return extract._case("Nowhere", path, folder / "none.osm", 1)


def test_bare_pyosmium_finds_what_we_find(some: extract_ways.Case, tmp_path: Path) -> None:
    read = extract_ways.ours(some, some.bounds)
    kept = [extract_ways.ours(some, some.bounds, tmp_path) for _ in range(2)]
    bare = extract_ways.bare(some)
    ours, theirs = extract_ways.said_ours(read), extract_ways.said_bare(bare)
    assert ours == extract_ways.said_ours(kept[0]) == extract_ways.said_ours(kept[1])
    assert (ours.walk.nodes, ours.walk.segments) == (theirs.walk.nodes, theirs.walk.segments)
    assert ours.walk.km == pytest.approx(theirs.walk.km, rel=1e-12)
    assert {name: ours.features[name] for name in theirs.features} == theirs.features
    assert np.sum(read[0].length) == pytest.approx(bare[0].sum(), rel=1e-12)


def test_side_by_side_are_so_many_counties(tmp_path: Path) -> None:
    found = []
    for side in (1, 2):
        path = tmp_path / f"{side}.osm.pbf"
        extract.invented(path, side)
        case = extract._case("Nowhere", path, tmp_path / "none.osm", side)
        found.append(extract_ways.said_ours(extract_ways.ours(case, case.bounds)))
    one, four = found
    assert four.walk.segments == 4 * one.walk.segments
    assert four.features == {name: 4 * number for name, number in one.features.items()}
