"""The crosswalk from 2010 to 2020: METHODS' example, hand answers, conservation, refusals, and an invented county."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from justgeo.core.errors import ConfigError, LayerError, VintageError
from justgeo.core.layer import Layer, Provenance
from justgeo.core.zones import Units
from justgeo.measure import countable
from justgeo.measure.column import ReduceSettings
from justgeo.measure.crosswalk import Counts, Crosswalk, to_2020, weights
from tests.measure import toy

NAN = float("nan")
Z = 1.645
T = "99001000100"  # a tract of 2010; A and B are its halves in 2020
A, B = "99001000101", "99001000102"
U = "99001000200"

Row = tuple[str, str, float, float, float]  # block10, block20, share of land, people, homes


def relation(rows: Sequence[Row], vintage: int = 2010, **more: Sequence[object]) -> Layer:
    data = pd.DataFrame(list(rows), columns=["block10", "block20", "share_land", "pop10", "hu10"]).assign(**more)
    made = Provenance("crosswalk", "made by hand", "toy", "none", sha256="c" * 64)
    return Layer("crosswalk", data, made, geography="block", geography_vintage=vintage)


EXAMPLE: list[Row] = [
    (f"{T}1000", f"{A}1000", 1.0, 200, 100),
    (f"{T}1001", f"{A}1001", 0.6, 100, 50),
    (f"{T}1001", f"{B}1001", 0.4, 100, 50),
    (f"{T}1002", f"{B}1002", 1.0, 300, 50),
]
SPLIT: list[Row] = [(f"{T}1000", f"{A}1000", 1.0, 10, 65), (f"{T}1001", f"{B}1000", 1.0, 30, 35)]
WHOLE: list[Row] = [(f"{U}1000", f"{U}1000", 1.0, 500, 200)]


def acs(rows: Sequence[tuple[object, ...]], cells: int = 1, table: str = "B25003", vintage: int = 2010) -> Layer:
    """Rows of geoid, level, estimate, margin, estimate, margin, ..."""
    columns = [f"{table}_{n:03d}{kind}" for n in range(1, cells + 1) for kind in "EM"]
    data = pd.DataFrame(list(rows), columns=["geoid", "level", *columns])
    data.attrs["reasons"] = {}
    name = f"acs:{table}@2014"
    made = Provenance(name, "made by hand", "toy", "2010-2014", asked={"table": table})
    return Layer(name, data, made, geography_vintage=vintage)


def dense(crosswalk: Crosswalk) -> Any:
    return crosswalk.matrix.toarray()


# --- weights ----------------------------------------------------------------------------------------------------


def test_the_example_of_the_methods() -> None:
    found = weights(relation(EXAMPLE), "tract", "households")
    assert found.geoids10.tolist() == [T]
    assert found.geoids20.tolist() == [A, B]
    assert_allclose(dense(found), [[0.65], [0.35]])
    assert_allclose(found.base, [200])
    got = found.counts([[420.0]], [[60.0]])
    assert_allclose(got.estimate.ravel(), [273, 147])
    assert_allclose(got.sampling.ravel(), [39, 21])
    assert_allclose(got.moe**2, got.sampling**2 + got.apportionment**2)


def test_persons_are_divided_by_people() -> None:
    assert_allclose(dense(weights(relation(EXAMPLE), "tract", "persons")), [[260 / 600], [340 / 600]])


def test_block_groups_by_the_first_digit_of_the_block() -> None:
    rows: list[Row] = [
        (f"{T}1000", f"{A}1000", 1.0, 1, 30),
        (f"{T}2000", f"{A}1000", 1.0, 1, 10),
        (f"{T}2001A", f"{B}2000", 1.0, 1, 30),  # a lettered block
    ]
    found = weights(relation(rows), "block group", "households")
    assert found.geoids10.tolist() == [f"{T}1", f"{T}2"]
    assert found.geoids20.tolist() == [f"{A}1", f"{B}2"]
    assert_allclose(dense(found), [[1, 0.25], [0, 0.75]])


def test_units_without_homes_fall_back_and_say_so() -> None:
    by_people: list[Row] = [(f"{U}1000", f"{A}1000", 1.0, 30, 0), (f"{U}1001", f"{B}1000", 1.0, 10, 0)]
    found = weights(relation([*by_people, *SPLIT]), "tract", "households")
    assert_allclose(dense(found), [[0.65, 0.75], [0.35, 0.25]])
    assert found.notes == ("1 of 2 tracts of 2010 without homes are divided by people.",)
    nobody: list[Row] = [
        (f"{U}1000", f"{A}1000", 0.5, 0, 0),
        (f"{U}1000", f"{B}1000", 0.5, 0, 0),
        (f"{U}1001", f"{B}1001", 1.0, 0, 0),
    ]
    by_land = weights(relation(nobody, land10=[300, 300, 100]), "tract", "households")
    assert_allclose(dense(by_land), [[150 / 400], [250 / 400]])
    assert "divided by land" in by_land.notes[0]
    water = weights(relation(nobody, land10=[0, 0, 0]), "tract", "households")
    assert_allclose(dense(water), [[0.25], [0.75]])
    assert "equal parts" in water.notes[0]


def test_split_and_merge_undo_one_another() -> None:
    there = weights(relation(SPLIT), "tract", "households")
    back = weights(relation([(new, old, s, p, h) for old, new, s, p, h in SPLIT]), "tract", "households")
    assert_allclose(dense(there), [[0.65], [0.35]])
    assert_allclose(dense(back), [[1, 1]])
    assert_allclose(back.matrix @ there.matrix.toarray(), [[1]])
    merged = back.counts([[100.0], [50.0]], [[30.0], [40.0]])
    assert_allclose(merged.estimate, [[150]])
    assert_allclose(merged.moe, [[50]])  # nothing was divided
    assert_allclose(merged.apportionment, [[0]])


@st.composite
def relations(draw: st.DrawFn) -> tuple[Layer, int]:
    """Random relationships of a few tracts, blocks cut into a few pieces."""
    tracts = draw(st.integers(1, 4))
    rows: list[Row] = []
    for block in range(draw(st.integers(tracts, 14))):
        old = f"99001{block % tracts:06d}{1000 + block}"
        cuts = draw(st.lists(st.integers(1, 50), min_size=1, max_size=3))
        homes, people = draw(st.integers(0, 80)), draw(st.integers(0, 200))
        for number, cut in enumerate(cuts):
            tract = draw(st.integers(0, 5))
            rows.append((old, f"99001{tract:06d}{1000 + 100 * number + block}", cut / sum(cuts), people, homes))
    return relation(rows), tracts


@settings(max_examples=60, deadline=None)
@given(made=relations(), by=st.sampled_from(["households", "persons"]), seed=st.integers(0, 9))
def test_nothing_is_lost_and_nothing_is_made(made: tuple[Layer, int], by: Any, seed: int) -> None:
    found = weights(made[0], "tract", by)
    assert_allclose(np.asarray(found.matrix.sum(axis=0)), 1.0, atol=1e-9)
    assert (found.matrix.data > 0).all()
    x = np.random.default_rng(seed).integers(0, 5000, (made[1], 3)).astype(float)
    got = found.counts(x, np.ones_like(x))
    assert_allclose(np.nansum(got.estimate, axis=0), x.sum(axis=0), rtol=1e-9)
    assert (got.moe[np.isfinite(got.moe)] >= 0).all()
    assert_array_equal(np.isnan(got.estimate), [[r is not None for r in row] for row in got.reason])


def test_shares_that_miss_by_a_rounding_lose_nobody() -> None:
    rows: list[Row] = [(f"{T}1000", f"{A}1000", 0.3333333, 9, 9), (f"{T}1000", f"{B}1000", 0.6666666, 9, 9)]
    found = weights(relation(rows), "tract", "households")
    assert_allclose(np.asarray(found.matrix.sum(axis=0)), 1.0, atol=1e-12)


# --- margins ----------------------------------------------------------------------------------------------------


def test_zeros_count_once_with_the_largest_and_cell_by_cell() -> None:
    rows: list[Row] = [(f"9900100{n}0001000", f"{A}100{n}", 1.0, 1, 1) for n in (1, 2, 3, 4)]
    got = weights(relation(rows), "tract", "households").counts(
        [[0.0, 0], [0, 0], [0, 0], [41, 0]], [[22.0, 5], [22, 6], [29, 7], [37, 12]]
    )
    assert_allclose(got.estimate, [[41, 0]])
    assert_allclose(got.sampling, [[47.0106, 12.0]], atol=5e-5)


def test_the_apportionment_part_by_hand() -> None:
    # One tract: no variance between tracts. r = 100 / 200: 200 x .65 x .35 x .25 within, .25 x 50^2 x .24 / 3 by land.
    got = weights(relation(EXAMPLE), "tract", "households").counts([[100.0]], [[10.0]])
    assert_allclose(got.apportionment.ravel(), Z * math.sqrt(11.375 + 50.0))
    # More than one for each home: no binomial part, the land's remains.
    got = weights(relation(EXAMPLE), "tract", "households").counts([[420.0]], [[60.0]])
    assert_allclose(got.apportionment.ravel(), Z * math.sqrt(2.1**2 * 200))


def test_how_unlike_tracts_are_enters_the_apportionment_part() -> None:
    # Rates of .2, .5, .8 for bases of 100: S^2 = (.09 + 0 + .09) / 3 / (1 - 1/3) = .09, all of it without margins.
    rows: list[Row] = [
        *SPLIT,
        (f"{U}1000", f"{U}1000", 1.0, 1, 100),
        ("990010003001000", "990010003001000", 1.0, 1, 100),
    ]
    got = weights(relation(rows), "tract", "households").counts([[20.0], [50.0], [80.0]], [[0.0]] * 3)
    one = Z * math.sqrt(100**2 * 0.65 * 0.35 * (0.3 * 0.09 + 0.16 / 100))
    assert_allclose(got.apportionment.ravel(), [one, one, 0, 0])
    assert_allclose(got.sampling, 0)
    half = weights(relation(rows), "tract", "households").counts(
        [[20.0], [50.0], [80.0]], [[0.0]] * 3, settings=ReduceSettings(apportion_c=0.0, cluster_households=2.0)
    )
    assert_allclose(half.apportionment[0], Z * math.sqrt(100**2 * 0.65 * 0.35 * 2 * 0.16 / 100))


def test_a_total_that_is_divided_is_not_certain() -> None:
    rows: list[Row] = [*SPLIT, *WHOLE]
    got = weights(relation(rows), "tract", "households").counts([[95.0], [150.0]], [[0.0], [0.0]])
    assert (got.apportionment[:2] > 0).all()
    assert got.moe[2] == 0


def test_what_was_divided_by_land_alone_is_as_uncertain_as_a_block() -> None:
    nobody: list[Row] = [(f"{U}1000", f"{A}1000", 0.5, 0, 0), (f"{U}1000", f"{B}1000", 0.5, 0, 0)]
    got = weights(relation(nobody, land10=[1, 1]), "tract", "households").counts([[12.0]], [[9.0]])
    assert_allclose(got.estimate.ravel(), [6, 6])
    assert_allclose(got.apportionment.ravel(), Z * 12 * math.sqrt(0.25 / 3))


# --- absences ---------------------------------------------------------------------------------------------------


def test_a_missing_cell_makes_each_part_of_it_absent() -> None:
    rows: list[Row] = [*SPLIT, (f"{U}1000", f"{B}1001", 0.5, 1, 10), (f"{U}1000", f"{U}1001", 0.5, 1, 10)]
    found = weights(relation(rows), "tract", "households")
    why = np.array([["too few cases", None], [None, None]], dtype=object)
    got = found.counts([[NAN, 100], [7.0, 3.0]], [[NAN, 10], [2.0, 2.0]], why=why)
    assert_array_equal(np.isnan(got.estimate), [[True, False], [True, False], [False, False]])
    assert_array_equal(np.isnan(got.moe), np.isnan(got.estimate))
    assert_array_equal(np.isnan(got.apportionment), np.isnan(got.estimate))
    assert got.reason[0, 0] == f"no number for the tract {T} of 2010, part of which lies in it (too few cases)"
    assert got.reason[1, 0] == got.moe_reason[1, 0] == got.reason[0, 0]
    assert got.reason[2, 0] is None and got.moe_reason[2, 0] is None


def test_a_missing_margin_leaves_the_number() -> None:
    got = weights(relation(SPLIT), "tract", "households").counts([[100.0]], [[NAN]])
    assert_allclose(got.estimate.ravel(), [65, 35])
    assert np.isnan(got.moe).all()
    assert got.reason[0, 0] is None
    assert "no margin for the tract" in got.moe_reason[0, 0]


def test_ground_without_homes_of_2010_is_absent_not_0() -> None:
    rows: list[Row] = [(f"{T}1000", f"{A}1000", 1.0, 5, 5), (f"{T}1001", f"{B}1000", 1.0, 0, 0)]
    got = weights(relation(rows), "tract", "households").counts([[9.0]], [[3.0]])
    assert got.estimate[0, 0] == 9
    assert math.isnan(got.estimate[1, 0])
    assert got.reason[1, 0] == "none of the homes counted in 2010 lie in it"


def test_a_unit_of_which_ground_is_lacking_is_absent() -> None:
    found = weights(relation(SPLIT, whole20=[True, False]), "tract", "households")
    got = found.counts([[9.0]], [[3.0]])
    assert_allclose(got.estimate.ravel(), [9 * 0.65, NAN])
    assert "does not hold" in got.reason[1, 0]


def test_shapes_that_do_not_fit_are_a_mistake() -> None:
    found = weights(relation(SPLIT), "tract", "households")
    for bad in ([1.0], [[1.0], [2.0]]):
        with pytest.raises(ValueError, match="shape"):
            found.counts(bad, bad)


# --- refusals of the weights ------------------------------------------------------------------------------------


def test_only_blocks_of_2010_make_weights() -> None:
    with pytest.raises(VintageError, match="2020"):
        weights(relation(SPLIT, vintage=2020), "tract", "households")
    tracts = replace(relation(SPLIT), geography="tract")
    with pytest.raises(VintageError, match="tracts"):
        weights(tracts, "tract", "households")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(f"{T}1000", f"{A}1000", 0.7, 1, 1)], "0.7000"),
        ([(f"{T}1000", f"{A}1000", 0.5, 1, 1), (f"{T}1000", f"{B}1000", 0.5, 1, 2)], "differ in hu10"),
        ([(f"{T}1000", f"{A}1000", 1.0, NAN, 1)], "pop10"),
        ([(f"{T}1000", f"{A}1000", 1.0, 1, -1)], "hu10"),
        ([], "no rows"),
    ],
)
def test_a_table_that_cannot_be_believed_is_refused(rows: list[Row], said: str) -> None:
    with pytest.raises(LayerError, match=said) as caught:
        weights(relation(rows), "tract", "households")
    assert caught.value.remedy


def test_a_missing_column_and_another_unit_are_refused() -> None:
    table = relation(SPLIT)
    with pytest.raises(LayerError, match="hu10"):
        weights(replace(table, data=table.data.drop(columns="hu10")), "tract", "households")
    wrong: Any = "county"
    with pytest.raises(ConfigError, match="county"):
        weights(table, wrong, "households")


# --- tables -----------------------------------------------------------------------------------------------------


def halves(by: Any = "households") -> Crosswalk:
    return weights(relation([*SPLIT, *WHOLE]), "tract", by)


def test_a_table_becomes_one_of_2020() -> None:
    table = acs(
        [
            ("99001", "county", 300, 0, 180, 20),
            (T, "tract", 100, 40, 60, 30),
            (U, "tract", 200, 50, 120, 44),
            (f"{U}1", "block group", 200, 50, 120, 44),
        ],
        cells=2,
    )
    got = to_2020(table, halves())
    assert (got.name, got.geography_vintage) == (table.name, 2020)
    assert list(got.data.columns) == list(table.data.columns)
    assert got.data["geoid"].tolist() == ["99001", A, B, U]
    assert got.data["level"].tolist() == ["county", "tract", "tract", "tract"]
    # The county's own row is as it was, down to its margin; an undivided tract too.
    assert got.data.iloc[0].tolist() == table.data.iloc[0].tolist()
    assert got.data.iloc[3].tolist() == table.data.iloc[2].tolist()
    assert_allclose(got.data["B25003_001E"], [300, 65, 35, 200])
    assert_allclose(got.data["B25003_002E"], [180, 39, 21, 120])
    apart = halves().counts([[100, 60], [200, 120]], [[40, 30], [50, 44]])
    assert_allclose(got.data["B25003_001M"][1:], apart.moe[:, 0])
    assert got.data["B25003_001M"][1] > 0.65 * 40
    assert got.data.attrs["reasons"] == {}
    assert got.provenance.asked["crosswalk"] == [{"unit": "tract", "by": "households", "sha256": "c" * 64}]
    assert any("block groups of 2010 were left out" in note for note in got.provenance.notes)
    assert table.geography_vintage == 2010 and table.data["B25003_001E"].tolist() == [300, 100, 200, 200]


def test_several_levels_with_their_own_crosswalks() -> None:
    table = acs([(T, "tract", 100, 40), (U, "tract", 200, 50), (f"{T}1", "block group", 100, 40)])
    groups = weights(relation(SPLIT), "block group", "households")
    got = to_2020(table, halves(), groups)
    assert got.data["geoid"].tolist() == [A, B, U, f"{A}1", f"{B}1"]
    assert not any("left out" in note for note in got.provenance.notes)


def test_absences_of_a_table_keep_their_reason() -> None:
    table = acs([("99001", "county", 7, NAN), (T, "tract", NAN, NAN)])
    table.data.attrs["reasons"] = {
        ("99001", "B25003_001M"): "no margin was published",
        (T, "B25003_001E"): "too few",
        (T, "B25003_001M"): "too few",
    }
    got = to_2020(table, halves())
    reasons: dict[tuple[str, str], str] = got.data.attrs["reasons"]
    assert reasons["99001", "B25003_001M"] == "no margin was published"
    assert "(too few)" in reasons[A, "B25003_001E"] and "(too few)" in reasons[B, "B25003_001M"]
    # The table has no row for U, and U is of the same county.
    assert "the table has no row for it" in reasons[U, "B25003_001E"]
    values = got.data.set_index("geoid")
    for geoid in (A, B, U):
        assert values.loc[geoid, ["B25003_001E", "B25003_001M"]].isna().all()
    assert set(reasons) == {("99001", "B25003_001M")} | {(g, f"B25003_001{k}") for g in (A, B, U) for k in "EM"}


def test_a_crosswalk_that_reaches_farther_than_the_table_adds_no_rows() -> None:
    far: list[Row] = [("990030001001000", "990030001001000", 1.0, 1, 1)]
    found = weights(relation([*SPLIT, *far]), "tract", "households")
    assert to_2020(acs([(T, "tract", 100, 40)]), found).data["geoid"].tolist() == [A, B]


@pytest.mark.parametrize("vintage", [2020, 0])
def test_a_table_of_another_vintage_is_refused(vintage: int) -> None:
    with pytest.raises(VintageError) as caught:
        to_2020(acs([(T, "tract", 1, 1)], vintage=vintage), halves())
    assert caught.value.remedy


def test_ids_of_2020_under_the_name_of_2010_are_refused() -> None:
    with pytest.raises(VintageError, match=A):
        to_2020(acs([(A, "tract", 1, 1), (B, "tract", 1, 1)]), halves())


def test_a_carried_table_is_not_carried_twice() -> None:
    once = to_2020(acs([(T, "tract", 100, 40)]), halves())
    with pytest.raises(VintageError):
        to_2020(once, halves())


def test_a_table_of_elsewhere_is_refused() -> None:
    with pytest.raises(LayerError, match="no tracts"):
        to_2020(acs([("99003000100", "tract", 1, 1)]), halves())


MEDIANS = ["B19013", "B25064", "B25077", "B25105", "B25119", "B01002", "B19113", "B25071", "B25035", "B20002"]
OTHERS = ["B19083", "B19301", "B25010", "B19025", "B08013", "C08136", "B19080", "B25057", "B19082", "B98001", "B99021"]
BY_RACE = ["B19013B", "B01002I", "B19301H"]


@pytest.mark.parametrize("table", [*MEDIANS, *OTHERS, *BY_RACE])
def test_what_is_no_count_is_refused_by_its_table(table: str) -> None:
    with pytest.raises(ConfigError, match=table) as caught:
        to_2020(acs([(T, "tract", 100, 40)], table=table), halves())
    assert caught.value.remedy


def test_a_refused_median_names_the_brackets_that_it_comes_from() -> None:
    with pytest.raises(ConfigError, match="medians") as caught:
        countable.require_counts("B19013")
    assert "B19001" in caught.value.remedy
    with pytest.raises(ConfigError, match="no table"):
        countable.require_counts("S1901")


COUNTED = {
    "households": ["B25003", "B25003B", "B25044", "B19001", "B25063", "B25070", "B25091", "B25075", "B08201", "B28002"],
    "persons": ["B01001", "B01003", "B03002", "B15003", "B17001", "C17002", "B23025", "B08301", "B25008", "B27010"],
}


@pytest.mark.parametrize(("by", "table"), [(by, t) for by, tables in COUNTED.items() for t in tables])
def test_counts_pass_and_are_divided_by_what_they_count(by: str, table: str) -> None:
    assert countable.kind_of(table) == ""
    assert countable.universe_of(table) == by
    layer = acs([(T, "tract", 100, 40)], table=table)
    assert len(to_2020(layer, halves(by)).data) == 3
    other = "persons" if by == "households" else "households"
    with pytest.raises(ConfigError, match=f"counts {by}"):
        to_2020(layer, halves(other))


def test_no_number_stands_on_two_lists() -> None:
    numbers = [number for kind in countable.NOT_COUNTS.values() for number in kind]
    assert len(numbers) == len(set(numbers)) > 130
    assert set(countable.INSTEAD) <= set(numbers)
    assert not any(countable.kind_of(t) for told in countable.INSTEAD.values() for t in told.split(" and "))


@pytest.mark.parametrize("value", [37.5, -1.0])
def test_a_number_that_is_no_count_is_refused_whatever_its_table(value: float) -> None:
    with pytest.raises(ConfigError, match=f"{value:g}"):
        to_2020(acs([(T, "tract", value, 1)], table="B25199"), halves())


def test_parts_that_come_to_more_than_their_county_are_no_counts() -> None:
    rows = [("99001", "county", 52_000, 900), (T, "tract", 40_000, 2000), (U, "tract", 61_000, 2000)]
    with pytest.raises(ConfigError, match="101,000"):
        to_2020(acs(rows, table="B25199"), halves())
    fewer = [("99001", "county", 1_000, 90), (T, "tract", 300, 20)]  # rows may be missing
    assert len(to_2020(acs(fewer), halves()).data) == 4


def test_margins_and_rows_have_to_be_there_once() -> None:
    table = acs([(T, "tract", 100, 40)])
    with pytest.raises(LayerError, match="margin"):
        to_2020(replace(table, data=table.data.drop(columns="B25003_001M")), halves())
    with pytest.raises(LayerError, match="twice"):
        to_2020(acs([(T, "tract", 100, 40), (T, "tract", 100, 40)]), halves())


def test_counties_that_ended_are_left_out_and_moved_homes_told() -> None:
    rows: list[Row] = [
        ("992610001001000", "990630001001000", 1.0, 9, 4),
        ("990630001001000", "990630001001001", 1.0, 9, 6),
    ]
    found = weights(relation(rows), "tract", "households")
    table = acs(
        [
            ("99261", "county", 4, 1),
            ("99063", "county", 6, 1),
            ("99261000100", "tract", 4, 1),
            ("99063000100", "tract", 6, 1),
        ]
    )
    got = to_2020(table, found)
    assert got.data["geoid"].tolist() == ["99063", "99063000100"]
    assert got.data["B25003_001E"].tolist() == [6, 10]
    notes = " ".join(got.provenance.notes)
    assert "99261" in notes and "4 of the homes" in notes


def test_connecticut_is_told() -> None:
    rows: list[Row] = [("090010101011000", "090010101011000", 1.0, 9, 4)]
    table = acs([("09001", "county", 4, 1), ("09001010101", "tract", 4, 1)])
    got = to_2020(table, weights(relation(rows), "tract", "households"))
    assert any("planning regions" in note for note in got.provenance.notes)
    assert not any("planning" in note for note in to_2020(acs([(T, "tract", 1, 1)]), halves()).provenance.notes)


def test_an_invented_crosswalk_marks_its_tables() -> None:
    table = relation(SPLIT)
    invented = replace(table, provenance=replace(table.provenance, synthetic=True))
    got = to_2020(acs([(T, "tract", 100, 40)]), weights(invented, "tract", "households"))
    assert got.provenance.synthetic


def test_nothing_measured_is_an_empty_pair() -> None:
    got = weights(relation(SPLIT), "tract", "households").counts(np.empty((1, 0)), np.empty((1, 0)))
    assert isinstance(got, Counts)
    assert got.estimate.shape == (2, 0)


def test_a_join_by_id_is_refused_before_and_allowed_after() -> None:
    rows: list[Row] = [
        (f"{toy.WEST}1000", f"{toy.WEST}1000", 1.0, 9, 4),
        (f"{toy.EAST}1000", f"{toy.EAST}1000", 1.0, 9, 6),
    ]
    before = acs([(toy.WEST, "tract", 4, 1), (toy.EAST, "tract", 6, 1)])
    after = to_2020(before, weights(relation(rows), "tract", "households"))
    zones = toy.weights(toy.square(0, 0, 2, 4))

    def units(layer: Layer) -> Units:
        ids = layer.data["geoid"].to_numpy(dtype=np.str_)
        return Units(ids, layer.data["level"].to_numpy(dtype=np.str_), layer.geography_vintage)

    with pytest.raises(VintageError):
        zones.cover(units(before), "households")
    assert_allclose(zones.cover(units(after), "households").toarray(), [[1, 0]])
