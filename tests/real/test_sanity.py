"""Checks of plausibility on real tables: none of them is odd, and each is where the tables are spoiled."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from justgeo import quality_census, run
from justgeo.core.layer import FloatArray
from justgeo.core.quality import Check
from justgeo.measure import sanity_census, sanity_margins
from tests import nowhere
from tests.real import places

pytestmark = pytest.mark.real

COUNTS = ("totalpop", "allhse", "vachse", "snap")
EDGES = (0, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 75, 100, 125, 150, 200, np.inf)


@pytest.fixture(scope="module")
def levels(charlottesville: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tracts and block groups of Charlottesville and five counties around, ACS 2015-2019."""
    read = [
        pd.read_csv(charlottesville / "acs" / f"acs_{one}_cville.csv", dtype={"GEOID": str})
        for one in ("tract", "blkgr")
    ]
    return read[0].set_index("GEOID"), read[1].set_index("GEOID")


def test_block_groups_add_up_to_their_tracts_to_the_unit(levels: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    tracts, groups = levels
    for name in COUNTS:
        made = groups.groupby(groups.index.str[:11])[f"{name}E"].sum()
        assert len(tracts) == 50 and (made.reindex(tracts.index) == tracts[f"{name}E"]).all()


@pytest.mark.parametrize("name", ["vachse", "snap"])
def test_margins_of_tracts_are_those_of_their_block_groups(
    levels: tuple[pd.DataFrame, pd.DataFrame], name: str
) -> None:
    tracts, groups = levels
    of = groups.index.str[:11]
    several = pd.Series(of).value_counts().reindex(tracts.index) > 1
    made = np.sqrt(groups[f"{name}M"].pow(2).groupby(of).sum()).reindex(tracts.index)
    ratio = (tracts[f"{name}M"] / made)[several & (tracts[f"{name}E"] > 0)].median()
    low, high = sanity_margins.OF_PARTS.low or 0.0, sanity_margins.OF_PARTS.high or 0.0
    assert low < ratio < high
    assert ratio / 2 < low and ratio * 2 > high, "a level with halved margins is found"
    assert ratio / 1.645 < low and ratio * 1.645 > high, "and one with standard errors"


def of_sample(frame: pd.DataFrame, name: str, whole: str, factor: float = 1.0) -> float:
    """Middle of a percent's margins (of homes or people) over those of a sample of everybody."""
    n = frame[f"{whole}E"].to_numpy(dtype=np.float64)
    part: FloatArray = frame[f"{name}E"].to_numpy(dtype=np.float64) / 100 * n
    margin: FloatArray = factor * frame[f"{name}M"].to_numpy(dtype=np.float64) / 100 * n
    return float(np.median(sanity_margins.to_sample(part, margin, n)))


@pytest.mark.parametrize("level", [0, 1])
def test_margins_are_those_of_a_sample(levels: tuple[pd.DataFrame, pd.DataFrame], level: int) -> None:
    frame = levels[level]
    low, high = sanity_margins.OF_SAMPLE.low or 0.0, sanity_margins.OF_SAMPLE.high or 0.0
    assert low < of_sample(frame, "homeown", "allhse") < high
    assert low < of_sample(frame, "age17", "totalpop") < high
    assert of_sample(frame, "homeown", "allhse", 0.2) < low
    assert of_sample(frame, "age17", "totalpop", 0.2) < low
    alike = sanity_margins.OF_HOUSEHOLDS.low or 0.0
    for race in ("white", "black"):
        assert alike < of_sample(frame, race, "totalpop") < (sanity_margins.OF_HOUSEHOLDS.high or 0.0)
        assert of_sample(frame, race, "totalpop", 0.2) < alike


def test_medians_lie_in_their_brackets(real_data: Path) -> None:
    """555 block groups of Charlotte: incomes in 16 brackets, and the median that the Bureau published."""
    table = pd.read_csv(real_data / "fixtures" / "charlotte_census_income.csv.gz")
    bins = [name for name in table if re.match(r"Less_than|i\d", str(name))]
    told = table["Median_Household_Income"].to_numpy(dtype=np.float64)
    counts = table[bins].to_numpy(dtype=np.float64)
    use = (told > 0) & (told < 250_001) & (counts.sum(axis=1) > 0)
    low, high = sanity_census.bracketed(counts[use], [1000 * edge for edge in EDGES])
    assert use.sum() == 543

    def outside(factor: float) -> float:
        return float(((factor * told[use] < low) | (factor * told[use] > high)).mean())

    assert outside(1.0) == 0.0
    assert outside(1.03) > 10 * (sanity_census.MEDIANS.high or 0.0), "the dollars of the next year are found"


def looked(folder: Path, text: str) -> dict[str, Check]:
    """Checks of census tables and areas of a real place; streets and timetables have no part in them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "district.toml"
    path.write_text(text, encoding="utf-8")
    with nowhere.only(places.in_tables(text)):
        place = run.make_place(run.collect_layers(run.read_config(path)))
    every = (*quality_census.tables(place), *quality_census.areas(place), *quality_census.downloads(place))
    return {check.id: check for check in every}


def test_nothing_of_charlottesville_is_odd(charlottesville: Path, tmp_path: Path) -> None:
    places.write_charlottesville_table(charlottesville, tmp_path)
    found = looked(tmp_path, places.charlottesville_toml(charlottesville))
    assert {name: check.why for name, check in found.items() if check.status == "odd"} == {}
    assert found["margins-of-own-tables"].status == "holds"


def test_halved_margins_of_charlottesville_are(charlottesville: Path, tmp_path: Path) -> None:
    table = places.write_charlottesville_table(charlottesville, tmp_path)
    margins = [str(name) for name in table if str(name).endswith("_moe")]
    table[margins] = table[margins] / 2
    table.to_csv(tmp_path / "households_and_adults.csv", index=False)
    found = looked(tmp_path, places.charlottesville_toml(charlottesville))
    assert found["margins-of-own-tables"].status == "odd"


def test_nothing_of_durham_is_odd(durham: Path, tmp_path: Path) -> None:
    places.write_durham_tables(durham, tmp_path)
    boundary = nowhere.table(
        "district.boundary",
        {
            "file": f"{durham.as_posix()}/boundaries/selectgroups.geojson.json",
            "column": "label",
            "values": ["Old East Durham"],
        },
    )
    found = looked(
        tmp_path, places.durham_toml(durham, name="Old East Durham", slug="old-east-durham", boundary=boundary)
    )
    assert {name: check.why for name, check in found.items() if check.status == "odd"} == {}
    assert found["margins-of-own-tables"].status == "holds"
