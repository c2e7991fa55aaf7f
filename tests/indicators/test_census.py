"""Shares, counts and medians from a census table of three units, by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from justgeo.core.errors import Absent
from justgeo.core.layer import Layer
from justgeo.core.zones import Zones
from justgeo.indicators.census import acs_count, acs_median, acs_share, tables_of
from justgeo.indicators.place import Place
from justgeo.measure.apportion import Weights
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.indicators import town
from tests.measure import toy
from tests.measure.toy import COUNTY, EAST, WEST, provenance

ONE, TWO, THREE = "99001000100", "99001000200", "990010002001"
# GEOID -> code -> number: two tracts and a block group; all homes, owned, rented, each with its margin.
_CODES = ("B25003_001E", "B25003_001M", "B25003_002E", "B25003_002M", "B25003_003E", "B25003_003M")
TENURE = {
    ONE: dict(zip(_CODES, (100, 10, 60, 8, 40, 6), strict=True)),
    TWO: dict(zip(_CODES, (200, 20, 0, 9, 200, 20), strict=True)),
    THREE: dict(zip(_CODES, (50, 5, 50, 5, 0, 7), strict=True)),
}
RENTERS = town.row(
    "acs_share",
    id="BEL-02",
    weight="households",
    universe="homes",
    parameters={"numerator": "B25003_003", "denominator": "B25003_001", "complement": "B25003_002"},
)


def place(**tables: Any) -> Place:
    """Tables by their code: of rows, or a layer as it is."""
    layers = {f"acs:{k}@2024": v if isinstance(v, Layer) else town.table(k, v) for k, v in tables.items()}
    return town.place(layers)


def test_cells_margins_levels_and_vintage_are_those_of_the_table() -> None:
    field = acs_share(RENTERS, place(B25003=TENURE))
    assert field.units.geoid.tolist() == [THREE, ONE, TWO]  # by level, then by identifier
    assert field.units.level.tolist() == ["block group", "tract", "tract"]
    assert field.units.vintage == 2020
    assert field.numerator.plus.codes == ("B25003_003",)
    assert field.numerator.plus.estimate[:, 0].tolist() == [0, 40, 200]
    assert field.numerator.plus.moe[:, 0].tolist() == [7, 6, 20]
    assert field.denominator is not None and field.complement is not None
    assert field.denominator.plus.estimate[:, 0].tolist() == [50, 100, 200]
    assert field.complement.moe[:, 0].tolist() == [5, 8, 9]
    assert (field.kind, field.weight, field.universe) == ("share", "households", "homes")


def test_the_vintage_of_the_identifiers_is_the_tables() -> None:
    old = town.table("B25003", TENURE, vintage=2010)
    assert acs_share(RENTERS, place(B25003=old)).units.vintage == 2010


def test_the_largest_margin_of_a_zero_is_that_of_each_unit() -> None:
    field = acs_share(RENTERS, place(B25003=TENURE))
    assert field.zero_moe == pytest.approx([7, np.nan, 9], nan_ok=True)  # ONE has no zero: unknown, not 0


def test_a_ratio_is_asked_for_by_the_row() -> None:
    row = town.row("acs_share", aggregate="ratio", parameters={"numerator": "B25003_002", "denominator": "B25003_003"})
    field = acs_share(row, place(B25003=TENURE))
    assert (field.kind, field.complement) == ("ratio", None)


def test_nested_differences_keep_what_is_taken_off_and_the_cells_that_are_left() -> None:
    rent = {
        ONE: {"B25070_001E": 100, "B25070_001M": 13, "B25070_010E": 50, "B25070_010M": 8, "B25070_011E": 20,
              "B25070_011M": 5, "B25070_002E": 80, "B25070_002M": 9}
    }  # fmt: skip
    row = town.row(
        "acs_share",
        weight="households",
        parameters={
            "numerator": "B25070_010",
            "denominator": "B25070_001 - B25070_011",
            "denominator_components": "B25070_002",
        },
    )
    field = acs_share(row, place(B25070=rent))
    below = field.denominator
    assert below is not None and below.minus is not None and below.components is not None
    assert (below.plus.codes, below.minus.codes) == (("B25070_001",), ("B25070_011",))
    assert (below.minus.estimate[0, 0], below.minus.moe[0, 0]) == (20, 5)
    assert below.components.estimate[0, 0] == 80
    assert field.numerator.minus is None and field.numerator.components is None


def test_a_share_of_a_tract_comes_out_with_the_margin_of_the_handbook() -> None:
    """From the table to the number: a zone that is the tract, a zone of two tracts."""
    table = {
        WEST: {"B1_001E": 100, "B1_001M": 10, "B1_002E": 40, "B1_002M": 6},
        EAST: {"B1_001E": 300, "B1_001M": 20, "B1_002E": 60, "B1_002M": 12},
        COUNTY: {"B1_001E": 400, "B1_001M": 15, "B1_002E": 100, "B1_002M": 9},
    }
    row = town.row(
        "acs_share", weight="households", parameters={"numerator": "B19999_002", "denominator": "B19999_001"}
    )
    named = {g: {k.replace("B1_", "B19999_"): v for k, v in cells.items()} for g, cells in table.items()}
    blocks, units = toy.county()
    shapes = [units[1].features.geometry.iloc[0], units[0].features.geometry.iloc[0]]
    zones = toy.zones(*shapes, ids=(WEST, COUNTY), geography=("tract", "county"))
    field = acs_share(row, place(B19999=named))
    weights = Weights.build(zones, blocks, units, toy.CRS)
    column = reduce(field, weights, reference=None, settings=ReduceSettings())
    assert column.value == pytest.approx([0.4, 0.25])
    # The county's own row is taken, not the sum of its tracts: 9 and 15, not 13.4 and 22.4.
    margins = [math.sqrt(6**2 - (0.4 * 10) ** 2) / 100, math.sqrt(9**2 - (0.25 * 15) ** 2) / 400]
    assert column.moe == pytest.approx(margins)


def test_tables_are_joined_at_the_units_that_all_of_them_have() -> None:
    other = {THREE: {"C17002_001E": 5, "C17002_001M": 1}, TWO: {"C17002_001E": 7, "C17002_001M": 2}}
    row = town.row("acs_share", parameters={"numerator": "C17002_001", "denominator": "B25003_001"})
    field = acs_share(row, place(B25003=TENURE, C17002=other))
    assert field.units.geoid.tolist() == [THREE, TWO]
    assert field.denominator is not None
    assert field.numerator.plus.estimate[:, 0].tolist() == [5, 7]
    assert field.denominator.plus.estimate[:, 0].tolist() == [50, 200]


def test_tables_without_an_area_in_common_are_absent() -> None:
    other = {"99001000900": {"C17002_001E": 5, "C17002_001M": 1}}
    row = town.row("acs_share", parameters={"numerator": "C17002_001", "denominator": "B25003_001"})
    with pytest.raises(Absent, match="the tables C17002, B25003 have no area in common"):
        acs_share(row, place(B25003=TENURE, C17002=other))


def test_a_column_that_the_table_does_not_have_is_absent_by_name() -> None:
    row = town.row("acs_share", parameters={"numerator": "B25003_009..010", "denominator": "B25003_001"})
    with pytest.raises(Absent, match=r"the tables at hand have no B25003_009, B25003_010$"):
        acs_share(row, place(B25003=TENURE))


def test_a_table_that_is_not_there_is_absent_with_its_reason() -> None:
    held = town.place({}, absent={"acs:B25003@2024": "no ACS tables were given"})
    with pytest.raises(Absent, match="no ACS tables were given"):
        acs_share(RENTERS, held)


def test_a_cell_without_margin_has_none_known() -> None:
    bare = {g: {k: v for k, v in cells.items() if k != "B25003_003M"} for g, cells in TENURE.items()}
    field = acs_share(RENTERS, place(B25003=bare))
    assert np.isnan(field.numerator.plus.moe).all()
    assert field.numerator.plus.estimate[:, 0].tolist() == [0, 40, 200]


def test_the_row_says_which_vintage() -> None:
    row = town.row("acs_share", parameters={"numerator": "B25003_003", "denominator": "B25003_001", "when": "t0"})
    held = town.place({"acs:B25003@2014": town.table("B25003", TENURE, 2010)}, years={"t1": 2024, "t0": 2014})
    assert acs_share(row, held).units.vintage == 2010
    with pytest.raises(Absent, match="acs:B25003@2024"):
        acs_share(RENTERS, held)


def own(name: str, **columns: list[Any]) -> Layer:
    return Layer(name, pd.DataFrame({"geoid": [ONE], "level": ["tract"], **columns}), provenance(name),
                 geography_vintage=2010)  # fmt: skip


def test_a_planners_own_table_takes_precedence_over_the_survey() -> None:
    mine = own("table:BEL-02", numerator=[30.0], numerator_moe=[3.0], denominator=[90.0], denominator_moe=[4.0])
    held = town.place({"acs:B25003@2024": town.table("B25003", TENURE), "table:BEL-02": mine})
    field = acs_share(RENTERS, held)
    assert field.denominator is not None
    assert (field.numerator.plus.estimate[0, 0], field.numerator.plus.moe[0, 0]) == (30, 3)
    assert (field.denominator.plus.estimate[0, 0], field.denominator.plus.moe[0, 0]) == (90, 4)
    assert (field.units.vintage, field.kind, field.complement) == (2010, "share", None)


def test_a_planners_own_count_has_no_denominator() -> None:
    row = town.row("acs_count", id="DEM-00", parameters={"numerator": "B01003_001"})
    held = town.place({"table:DEM-00": own("table:DEM-00", numerator=[30.0], numerator_moe=[3.0])})
    field = acs_count(row, held)
    assert (field.kind, field.denominator, field.numerator.plus.estimate[0, 0]) == ("sum", None, 30)


BY_RACE = town.row(
    "acs_share",
    id="BEL-02",
    weight="households",
    parameters=dict(RENTERS.parameters),
    groups={"race:black": {"numerator": "B25003B_003", "denominator": "B25003B_001"}},
)
BLACK = {ONE: {"B25003B_001E": 20, "B25003B_001M": 4, "B25003B_003E": 15, "B25003B_003M": 3}}


def test_a_group_has_its_own_table_and_nothing_of_the_whole_populations() -> None:
    held = place(B25003=TENURE, B25003B=BLACK)
    field = acs_share(BY_RACE, held, "race:black")
    assert field.denominator is not None
    assert (field.numerator.plus.estimate[0, 0], field.denominator.plus.estimate[0, 0]) == (15, 20)
    assert field.units.geoid.tolist() == [ONE]
    assert field.complement is None  # B25003_002 is everybody's: no complement of this group


def test_a_group_that_the_row_does_not_have_is_absent() -> None:
    with pytest.raises(Absent, match="no table of BEL-02 is published for this group"):
        acs_share(BY_RACE, place(B25003=TENURE, B25003B=BLACK), "race:white")


def test_a_planners_table_of_a_group_is_that_groups_alone() -> None:
    name = "table:BEL-02:race:black"
    mine = own(name, numerator=[1.0], numerator_moe=[1.0], denominator=[2.0], denominator_moe=[1.0])
    held = town.place({"acs:B25003@2024": town.table("B25003", TENURE), name: mine})
    assert acs_share(BY_RACE, held, "race:black").numerator.plus.estimate.tolist() == [[1.0]]
    assert len(acs_share(BY_RACE, held).units) == 3


def test_a_count_knows_the_whole_that_it_is_a_part_of() -> None:
    row = town.row("acs_count", parameters={"numerator": "B25003_003", "universe_cells": "B25003_001"})
    field = acs_count(row, place(B25003=TENURE))
    assert (field.kind, field.denominator) == ("sum", None)
    assert field.apportion_of is not None and field.apportion_of.plus.codes == ("B25003_001",)
    plain = acs_count(town.row("acs_count", parameters={"numerator": "B25003_003"}), place(B25003=TENURE))
    assert plain.apportion_of is None


INCOME = {
    g: {"B19001_002E": a, "B19001_002M": 5, "B19001_003E": b, "B19001_003M": 6, "B19013_001E": m, "B19013_001M": mm}
    for g, a, b, m, mm in ((ONE, 10, 30, 52_000, 4_000), (TWO, 1, 90, 250_001, np.nan), (THREE, 9, 0, 2_499, np.nan))
}
MEDIAN = town.row(
    "acs_median",
    id="OPP-01",
    weight="households",
    parameters={
        "bins": "B19001_002..003",
        "edges": [0, 50_000, float("inf")],
        "published": "B19013_001",
        "pareto": True,
        "jam": {"2499": "< 2,500", "250001": "≥ 250,000"},
    },
    groups={"race:white": {"published": "B19013H_001"}},
)


def test_published_medians_are_numbers_and_jam_values_are_words() -> None:
    bins = {g: {k: v for k, v in c.items() if k.startswith("B19001")} for g, c in INCOME.items()}
    medians = {g: {k: v for k, v in c.items() if k.startswith("B19013")} for g, c in INCOME.items()}
    field = acs_median(MEDIAN, place(B19001=bins, B19013=medians))
    assert field.units.geoid.tolist() == [THREE, ONE, TWO]
    assert field.bins.estimate.tolist() == [[9, 0], [10, 30], [1, 90]]
    assert field.edges.tolist() == [0, 50_000, np.inf]
    assert field.pareto
    assert field.published is not None and field.published_moe is not None
    assert field.published == pytest.approx([np.nan, 52_000, np.nan], nan_ok=True)
    assert field.published_moe == pytest.approx([np.nan, 4_000, np.nan], nan_ok=True)
    assert field.published_text == ("< 2,500", None, "≥ 250,000")


def test_the_word_for_infinity_may_be_text() -> None:
    row = town.row("acs_median", parameters={"bins": "B19001_002..003", "edges": ["0", "50000", "inf"]})
    field = acs_median(row, place(B19001=INCOME))
    assert field.edges.tolist() == [0, 50_000, np.inf]
    assert (field.published, field.published_text, field.pareto) == (None, None, False)


def test_a_groups_median_is_only_shown_where_it_is_published() -> None:
    white = {ONE: {"B19013H_001E": 60_000, "B19013H_001M": 5_000}}
    field = acs_median(MEDIAN, place(B19013H=white), "race:white")
    assert field.published is not None and field.published.tolist() == [60_000]
    assert np.isnan(field.bins.estimate).all()
    assert field.bins.estimate.shape == (1, 2)


def test_a_planners_own_median_is_shown_and_never_aggregated() -> None:
    mine = own("table:OPP-01", median=[61_000.0], median_moe=[900.0])
    field = acs_median(MEDIAN, town.place({"table:OPP-01": mine}))
    assert field.published is not None and field.published.tolist() == [61_000]
    assert np.isnan(field.bins.estimate).all()
    blocks, units = toy.county()
    shape = units[0].features.geometry.iloc[0]
    zones: Zones = toy.zones(shape, ids=(COUNTY,), geography=("county",))
    weights = Weights.build(zones, blocks, units, toy.CRS)
    theirs = Layer(
        "table:OPP-01",
        pd.DataFrame({"geoid": [WEST, EAST], "level": "tract", "median": [6e4, 7e4], "median_moe": [1e3, 1e3]}),
        provenance("table:OPP-01"),
        geography_vintage=2020,
    )
    column = reduce(acs_median(MEDIAN, town.place({"table:OPP-01": theirs})), weights, reference=None,
                    settings=ReduceSettings())  # fmt: skip
    assert np.isnan(column.value[0]) and column.text[0] is None
    assert "its own area only" in str(column.reason[0])


def test_tables_of_expressions_are_named_once_in_order() -> None:
    assert tables_of(["B25070_001 - B25070_011 + B25091_001", "B25003_001", "B25070_002"]) == [
        "B25070",
        "B25091",
        "B25003",
    ]
