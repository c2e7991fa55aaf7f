"""The invented county: everything nests, totals add up, people are consistent, history shows."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from justgeo.core.errors import LayerError
from justgeo.synthetic import County, district_polygon
from justgeo.synthetic.geography import LAEA, WATER
from justgeo.synthetic.layouts import MedianTable, columns
from justgeo.synthetic.truth import lines, shares


def test_size_is_as_promised(nowhere: County) -> None:
    blocks = nowhere.geography.blocks
    assert 1400 <= len(blocks) <= 1600
    assert blocks["bg"].nunique() == 110 + 1  # and the bay's
    assert blocks["tract"].nunique() == 36 + 1
    assert abs(len(nowhere.households()) - 36_000) < 600
    assert abs(len(nowhere.persons()) - 90_000) < 3_000


def test_identifiers_nest(nowhere: County) -> None:
    blocks = nowhere.geography.blocks
    for geoid, bg, tract in (("geoid", "bg", "tract"), ("block10", "bg10", "tract10")):
        assert (blocks[geoid].str.fullmatch(r"99001\d{10}")).all()
        assert (blocks[geoid].str[:12] == blocks[bg]).all()
        assert (blocks[bg].str[:11] == blocks[tract]).all()
    assert blocks["geoid"].is_unique and blocks["geoid"].is_monotonic_increasing


def test_ground_nests_without_gaps_or_overlaps(nowhere: County) -> None:
    blocks = nowhere.geography.blocks.to_crs(LAEA)
    assert blocks.geometry.is_valid.all()
    whole = shapely.union_all(blocks.geometry.to_numpy())
    assert whole.area == pytest.approx(blocks.geometry.area.sum(), rel=1e-9)
    for level in ("block group", "tract", "county"):
        units = nowhere.units(level).to_crs(LAEA)
        assert units.geometry.area.sum() == pytest.approx(whole.area, rel=1e-9)
        assert units["land_m2"].sum() == blocks["land_m2"].sum()


def test_2010_has_splits_merges_and_moved_blocks(nowhere: County) -> None:
    blocks = nowhere.geography.blocks
    later = blocks.groupby("tract10")["tract"].nunique()
    earlier = blocks.groupby("tract")["tract10"].nunique()
    assert (later > 1).sum() >= 5 and (earlier > 1).sum() >= 4
    same_number = set(blocks["tract"]) & set(blocks["tract10"])
    moved = [t for t in same_number if not (blocks["tract"] == t).equals(blocks["tract10"] == t)]
    assert len(moved) >= 6  # same number, other ground
    pairs = blocks.groupby("block10")["geoid"].size()
    assert (pairs == 2).sum() > 30 and pairs.max() == 2
    across = blocks.groupby("block10")["tract"].nunique()
    assert (across > 1).any()  # a 2010 block that today's tract boundary cuts


def test_nobody_lives_on_water_and_islanders_exist(nowhere: County) -> None:
    counts = nowhere.block_counts()
    kind = nowhere.geography.blocks["kind"].to_numpy()
    assert counts["population"].to_numpy()[kind == WATER].sum() == 0
    assert (counts["population"] == 0).sum() > 20
    island = nowhere.geography.cell_block[24:26, 43:45].ravel()
    assert counts["population"].to_numpy()[island].sum() > 0


def test_block_counts_are_the_people(nowhere: County) -> None:
    counts = nowhere.block_counts()
    assert counts["population"].sum() == len(nowhere.persons())
    races = counts.filter(like="p2_").sum(axis=1)
    assert (races == counts["population"]).all()
    homes = np.bincount(nowhere.households()["block"], minlength=len(counts))
    assert (counts["housing_units"].to_numpy() >= homes).all()
    noisy = nowhere.block_counts(noise=3.0)
    difference = (noisy["p2_white"] - counts["p2_white"])[counts["p2_white"] > 15]
    assert 2.5 < difference.std() < 3.5
    assert (noisy["housing_units"] == counts["housing_units"]).all()


@pytest.mark.parametrize("vintage", [2014, 2024])
def test_truth_adds_up_over_levels(nowhere: County, vintage: int) -> None:
    for name, layout in nowhere.tables(vintage).items():
        if isinstance(layout, MedianTable):
            continue
        county = nowhere.truth(name, vintage, "county").iloc[0]
        for level in ("tract", "block group", "block"):
            summed = nowhere.truth(name, vintage, level).sum()
            assert (summed == county).all(), (name, level)


def test_line_counts_are_the_bureaus(nowhere: County) -> None:
    known = {
        "B01001": 49,
        "B01003": 1,
        "B03002": 21,
        "B15003": 25,
        "B17001": 59,
        "B17001B": 59,
        "C17002": 8,
        "B19001": 17,
        "B19001I": 17,
        "B19013": 1,
        "B23025": 7,
        "B25003": 3,
        "B25003H": 3,
        "B25044": 15,
        "B25063": 27,
        "B25064": 1,
        "B25070": 11,
        "B25075": 27,
        "B25077": 1,
        "B25091": 23,
        "B26001": 1,
        "C15002I": 11,
    }
    now, then = nowhere.tables(2024), nowhere.tables(2014)
    assert {name: len(columns(now[name])) for name in known} == known
    assert (len(columns(then["B25063"])), len(columns(then["B25075"]))) == (24, 25)


def test_truth_of_lines_from_the_people(nowhere: County) -> None:
    """Line numbers mean what they mean in the Bureau's tables: told again from the people, by hand."""
    homes, people = nowhere.households(), nowhere.persons()
    adults = people[people["age"] >= 25]
    rent = homes[~homes["owner"]]

    def line(table: str, number: int) -> float:
        return float(nowhere.truth(table, 2024, "county").to_numpy()[0, number - 1])

    assert line("B25003", 3) == len(rent)
    assert line("B01001", 26) == (people["sex"] == 1).sum()
    assert line("B01001", 25) == ((people["sex"] == 0) & (people["age"] >= 85)).sum()
    assert line("B03002", 3) == ((people["race"] == 0) & ~people["hispanic"]).sum()
    assert line("B03002", 12) == people["hispanic"].sum()
    assert line("B03002", 9) == line("B03002", 10) + line("B03002", 11)
    assert sum(line("B15003", n) for n in (22, 23, 24, 25)) == (adults["schooling"] >= 20).sum()
    assert sum(line("B15003", n) for n in range(2, 17)) == (adults["schooling"] <= 14).sum()
    assert line("C17002", 2) + line("C17002", 3) == (people["poverty"] < 1).sum()
    assert line("C17002", 8) == (people["poverty"] >= 2).sum()
    assert line("B17001", 2) == (people["poverty"] < 1).sum()
    assert line("B17001", 31) == (people["poverty"] >= 1).sum()
    assert line("B17001", 33) == ((people["poverty"] >= 1) & (people["sex"] == 0) & (people["age"] < 5)).sum()
    assert line("B23025", 5) == (people["work"] == 1).sum()
    assert line("B23025", 3) == people["work"].isin([0, 1]).sum()
    assert line("B19001", 17) == (homes["income"] >= 200_000).sum()
    assert line("B19001", 2) == (homes["income"] < 10_000).sum()
    assert sum(line("B25070", n) for n in range(7, 11)) == (rent["burden"] >= 30).sum()
    assert line("B25070", 11) == rent["burden"].isna().sum()
    own = homes[homes["owner"]]
    assert line("B25091", 2) == own["mortgage"].sum()
    assert line("B25091", 11) + line("B25091", 22) == (own["burden"] >= 50).sum()
    assert line("B25044", 3) + line("B25044", 10) == (homes["vehicles"] == 0).sum()
    assert line("B25063", 27) == (rent["rent"].isna()).sum()
    assert line("B25063", 26) == (rent["rent"] >= 3500).sum()
    assert line("B25075", 27) == (homes["value"] >= 2_000_000).sum()
    assert line("B26001", 1) == people["quarters"].sum() > 1000
    assert line("C15002B", 6) + line("C15002B", 11) == ((adults["race"] == 1) & (adults["schooling"] >= 20)).sum()


def test_burden_is_cost_over_income(nowhere: County) -> None:
    homes = nowhere.households()
    told = homes[homes["burden"].notna()]
    cost = told["rent"].fillna(told["cost"])
    np.testing.assert_allclose(told["burden"], 1200 * cost / told["income"], atol=1e-4)
    assert (homes.loc[homes["income"] <= 0, "burden"]).isna().all()


def test_pressure_shows_in_some_tracts(nowhere: County) -> None:
    """Real rents and incomes rose most where pressure was laid, and fell nowhere by much."""
    tract = nowhere.geography.blocks["tract"].to_numpy()
    medians = {}
    for vintage in (2014, 2024):
        homes = nowhere.households(vintage)
        medians[vintage] = homes.groupby(tract[homes["block"]])[["rent", "income"]].median()
    change = medians[2024] / medians[2014] / 1.325
    hot = change[(change["rent"] > 1.35) & (change["income"] > 1.35)]
    assert 4 <= len(hot) <= 14
    assert change["rent"].median() < 1.35 < hot["rent"].max()


def test_district_cuts_block_groups_and_holds_about_12000(nowhere: County) -> None:
    shape = nowhere.district
    assert abs(int(nowhere.people_in(shape).sum()) - 12_000) < 150
    groups = nowhere.units("block group").to_crs(LAEA)
    flat = gpd.GeoSeries([shape], crs="EPSG:4326").to_crs(LAEA).iloc[0]
    share = groups.intersection(flat).area / groups.area
    assert (share > 0.9999).sum() >= 3
    assert ((share > 0.05) & (share < 0.95)).sum() >= 6
    assert district_polygon(nowhere).equals(shape)


def test_truth_in_blocks_and_in_a_polygon_agree(nowhere: County) -> None:
    tract = nowhere.geography.blocks["tract"].iloc[300]
    blocks = nowhere.geography.blocks.query("tract == @tract")
    shape = shapely.union_all(blocks.geometry.to_numpy())
    for table in ("B25003", "B01001", "B19013"):
        by_id = nowhere.truth_in(table, list(blocks["geoid"]))
        pd.testing.assert_series_equal(by_id, nowhere.truth_in(table, shape))
        assert by_id.iloc[0] == nowhere.truth(table, 2024, "tract").loc[tract].iloc[0]


def test_shares_of_the_truth(nowhere: County) -> None:
    found = shares(nowhere)
    assert found["synthetic"] is True
    one = found["district"]["2024"]["BEL-02"]
    assert one["share"] == pytest.approx(one["numerator"] / one["denominator"])
    assert lines("7..9 -1") == [(7, 1), (8, 1), (9, 1), (1, -1)]


def test_unknown_table_is_refused(nowhere: County) -> None:
    with pytest.raises(LayerError, match="B99999"):
        nowhere.truth("B99999")


def test_same_seed_same_people_other_seed_others() -> None:
    one, same, other = County(7), County(7), County(8)
    pd.testing.assert_frame_equal(one.persons(), same.persons())
    pd.testing.assert_frame_equal(one.households(2014), same.households(2014))
    assert len(other.persons()) != len(one.persons())
