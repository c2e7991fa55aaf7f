"""Margins against the truth, in short: ``docs/coverage.md`` has the long version and says what lies outside and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from justgeo.core.field import CountField
from justgeo.core.layer import Layer, Provenance
from justgeo.indicators.census import acs_share
from justgeo.indicators.place import Place
from justgeo.measure.reduce import reduce
from justgeo.synthetic import County, county
from tests.benchmarks import coverage, replicates, simulation
from tests.benchmarks.simulation import ENOUGH_CASES, Tally

DRAWS, DISTRICTS, CUT_DRAWS = 60, 60, 20
SLACK = 0.02  # of a mean over a few surveys
# Sums of many cells of persons, and a count by subtraction: the plain formulas give them margins that are too small.
CLUSTERED = {"DEM-03.under18", "DEM-03.18-34", "DEM-03.35-64", "DEM-03.65plus", "OPP-02.200"}


@pytest.fixture(scope="module")
def nowhere() -> County:
    return county(2020)


@dataclass(frozen=True)
class Sets:
    """Coverage over whole block groups."""

    places: simulation.Places
    tally: dict[str, Tally]


@pytest.fixture(scope="module")
def sets(nowhere: County) -> Sets:
    places = simulation.places(nowhere, simulation.whole_sets(nowhere, (2, 3, 5, 8), 10, 3))
    return Sets(places, simulation.simulate(nowhere, simulation.rows(), {"all": places}, DRAWS, 500)["all"])


def pooled(tally: Tally) -> float:
    """Coverage over zones with enough interviews; NaN where there are none. The last zone is the county."""
    chosen = tally.cases.mean(axis=0) >= ENOUGH_CASES
    chosen[-1] = False
    return coverage.mean(tally.holds(), chosen)


def frames(nowhere: County, names: Sequence[str], draw: int) -> dict[str, Layer]:
    """A survey as the doors read it."""
    made = Provenance("acs", "justgeo.synthetic", "Nowhere (invented)", "2020-2024", synthetic=True)
    found = {}
    for name, frame in nowhere.sample(2024, draw, names).items():
        geoid = frame["GEO_ID"].str.split("US").str[1]
        cells = {f"{c.replace('_E', '_')}E": frame[c] for c in frame if "_E" in c}
        margins = {f"{c.replace('_M', '_')}M": frame[c].replace(-555555555, 0) for c in frame if "_M" in c}
        level = geoid.str.len().map({5: "county", 11: "tract", 12: "block group"})
        data = pd.DataFrame({"geoid": geoid, "level": level, **cells, **margins})
        found[f"acs:{name}@2024"] = Layer(f"acs:{name}@2024", data, made, None, "", 2020)
    return found


def same_cells(one: CountField, two: CountField) -> None:
    order = {(g, lv): i for i, (g, lv) in enumerate(zip(two.units.geoid, two.units.level, strict=True))}
    at = [order[key] for key in zip(one.units.geoid, one.units.level, strict=True)]
    for a, b in ((one.numerator, two.numerator), (one.denominator, two.denominator)):
        assert a is not None and b is not None
        for x, y in ((a.plus, b.plus), (a.minus, b.minus), (a.components, b.components)):
            assert (x is None) == (y is None)
            if x is not None and y is not None:
                assert x.codes == y.codes
                np.testing.assert_array_equal(x.estimate, y.estimate[at])
                np.testing.assert_array_equal(x.moe, y.moe[at])
    assert one.zero_moe is not None and two.zero_moe is not None
    np.testing.assert_array_equal(one.zero_moe, two.zero_moe[at])


def test_simulated_fields_are_those_of_a_run(nowhere: County, sets: Sets) -> None:
    """The fields of the simulation are what the catalogue's own function makes of the published files."""
    names = simulation.tables(simulation.rows())
    layers = frames(nowhere, names, 500)
    weights = sets.places.weights
    place = Place(layers, {}, weights.zones, weights, weights.zones.geometry.crs.to_wkt(), {"t1": 2024})
    draw = next(simulation.draws(nowhere, names, 1, 500))
    for row in simulation.rows():
        field = acs_share(row, place)
        same_cells(simulation.share_field(row, draw), field)
        column = reduce(field, weights, reference=sets.places.reference, settings=simulation.SETTINGS)
        np.testing.assert_allclose(column.value, sets.tally[row.id].value[0], rtol=1e-12)
        np.testing.assert_allclose(column.moe, sets.tally[row.id].moe[0], rtol=1e-9)


def test_margins_over_whole_block_groups_hold(sets: Sets) -> None:
    """85 to 94 % for each share, but for those that are known and told to lie below."""
    judged = 0
    for row in simulation.rows():
        held = pooled(sets.tally[row.id])
        if np.isnan(held):
            continue
        least = coverage.WHOLE_BAND[0] - SLACK
        if row.id != "DEM-01.other":  # hardly anybody: two or three zones
            assert least <= held <= coverage.WHOLE_BAND[1] + SLACK, (row.id, held)
            judged += 1
    assert judged >= 20


def test_whole_block_groups_have_no_apportionment_part(sets: Sets) -> None:
    for tally in sets.tally.values():
        np.testing.assert_array_equal(tally.moe, tally.sampling)


def test_replicate_margins_of_clustered_shares_are_honest(nowhere: County, sets: Sets) -> None:
    """The survey's own replicates give honest margins for the same shares of the same places."""
    some = [row for row in simulation.rows() if row.id in CLUSTERED]
    inside = np.ones(len(sets.places.labels))
    inside[-1] = 0
    held = replicates.coverage(
        nowhere, some, sets.places, [sets.tally[r.id].truth for r in some], 40, 500, [inside] * len(some)
    )
    assert all(0.85 <= h <= 0.94 for h in held), held


def test_margins_of_cut_districts_hold(nowhere: County) -> None:
    """A mean of 86 to 96 %; without the apportionment part it is several points lower."""
    shapes = simulation.cut_districts(nowhere, DISTRICTS, 11)
    places = simulation.places(nowhere, shapes=shapes)
    tally = simulation.simulate(nowhere, simulation.rows(), {"cut": places}, CUT_DRAWS, 900)["cut"]
    total, sampling = [], []
    for one in tally.values():
        chosen = one.cases.mean(axis=0) >= ENOUGH_CASES
        chosen[-1] = False
        if chosen.any():
            total.append(coverage.mean(one.holds(), chosen))
            sampling.append(coverage.mean(one.holds("sampling"), chosen))
    assert coverage.CUT_BAND[0] <= np.mean(total) <= coverage.CUT_BAND[1]
    assert np.mean(total) - np.mean(sampling) > 0.03


def test_the_page_is_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script runs from end to end, and marks what lies outside."""
    monkeypatch.setattr(coverage, "SIZES", (3,))
    monkeypatch.setattr(coverage, "EACH", 2)
    monkeypatch.setattr(coverage, "CUT_DRAWS", 2)
    out = tmp_path / "coverage.md"
    assert coverage.main(["--draws", "2", "--districts", "3", "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert text.startswith("# Do the margins hold?") and "| BEL-02 | Renters |" in text and "nan" not in text
    assert coverage.marked(0.8, (0.85, 0.94)) == "**80.0**" and coverage.marked(0.9, (0.85, 0.94)) == "90.0"
