"""Tables of agencies in a town of four blocks, by hand: who meets what, which part of whom, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import Absent
from justgeo.core.field import CountField
from justgeo.core.layer import AnyLayer, Layer
from justgeo.core.result import Column, Indicator
from justgeo.indicators.evictions import filing_rate
from justgeo.indicators.place import Place
from justgeo.indicators.published import OF_A_MODEL, TOGETHER, table_exposure, table_share
from justgeo.measure.apportion import Weights
from justgeo.measure.equity import reduce_group
from justgeo.measure.margins import Z90, Z95
from justgeo.measure.reduce import ReduceSettings, recompute, reduce
from tests.indicators import town
from tests.measure.toy import CRS, provenance

WEST, EAST = "99001000201", "99001000202"
OUTLINES = {WEST: box(0, 40, 200, 360), EAST: box(200, 40, 400, 360)}
ALL, LEFT, ACROSS = box(0, 40, 400, 360), box(0, 40, 200, 360), box(0, 40, 300, 360)
NAN = float("nan")


def outlines(vintage: int = 2010) -> Layer:
    frame = gpd.GeoDataFrame({"geoid": list(OUTLINES)}, geometry=list(OUTLINES.values()), crs=CRS)
    name = f"tracts_{vintage}"
    return Layer(name, frame, provenance(name), geography="tract", geography_vintage=vintage)


def table(
    rows: Mapping[str, Mapping[str, Any]], geography: str = "tract", modelled: bool = False, **attrs: Any
) -> Layer:
    frame = pd.DataFrame([{"geoid": geoid, **cells} for geoid, cells in rows.items()])
    frame.attrs = {"reasons": {}, "outside": {}, **attrs}
    vintage = 2010 if geography == "tract" else 2020
    told = replace(provenance("data:mine"), modelled=modelled)
    return Layer("data:mine", frame, told, geography=geography, geography_vintage=vintage)


def place(*shapes: BaseGeometry, units: Sequence[Layer] = (), **layers: AnyLayer) -> Place:
    zones = town.zones(*(shapes or (ALL, LEFT, ACROSS)))
    held: dict[str, AnyLayer] = {"blocks": town.blocks(housing_units=[10, 20, 30, 40]), **layers}
    named = {name.replace("data_", "data:"): layer for name, layer in held.items()}
    blocks = named["blocks"]
    assert isinstance(blocks, Layer)
    drawn = list(units) or [outlines()]
    return Place(named, {}, zones, Weights.build(zones, blocks, drawn, CRS), CRS, town.YEARS)


def met(row: Indicator, where: Place, group: str = "all") -> Column:
    field = table_exposure(row, where)
    if group != "all":
        return reduce_group(field, group, where.weights, settings=ReduceSettings())
    return reduce(field, where.weights, reference=None, settings=ReduceSettings())


def exposure(**parameters: Any) -> Indicator:
    told = {"table": "mine", "column": "x", **parameters}
    return town.row("table_exposure", parameters=told, aggregate="share" if "designation" in parameters else "mean")


def recomputed(column: Column, zone: int) -> tuple[float, float]:
    names = ("numerator", "numerator_moe", "denominator", "denominator_moe", "complement_moe")
    return recompute({"rule": column.rule[zone], **{name: getattr(column, name)[zone] for name in names}})


# Who meets what -----------------------------------------------------------------------------------


def test_a_designation_is_counted_by_the_people_of_the_blocks() -> None:
    """10 and 30 people live in the west, 20 and 40 in the east, whose blocks the third zone cuts in half."""
    found = met(exposure(designation=True), place(data_mine=table({WEST: {"x": 1.0}, EAST: {"x": 0.0}})))
    assert found.value == pytest.approx([0.4, 1.0, 40 / 70])
    assert found.error["sampling"] == pytest.approx([0.0, 0.0, 0.0])
    assert found.error["apportionment"] == pytest.approx([0.0, 0.0, 0.0]), "what is said of a tract holds in its parts"


def test_a_tract_that_is_not_in_the_table_is_not_known_and_not_no() -> None:
    found = met(exposure(designation=True), place(data_mine=table({EAST: {"x": 1.0}})))
    assert found.value[0] == 1.0 and found.denominator[0] == 60
    assert "unknown_share=0.4000" in found.flags[0]
    assert (found.low[0], found.high[0]) == (0.6, 1.0), "nobody, or everybody, of those not known"
    assert np.isnan(found.value[1]) and found.reason[1] == (
        "not known for 100% of the people here: the table has no row for this area"
    )


def test_a_cell_without_a_number_says_why() -> None:
    reasons = {(WEST, "x"): "withheld, for fewer than 50 adults live there"}
    found = met(exposure(), place(data_mine=table({WEST: {"x": NAN}, EAST: {"x": 7.0}}, reasons=reasons)))
    assert found.value[0] == 7.0
    assert str(found.reason[1]).endswith("withheld, for fewer than 50 adults live there")


def test_a_percent_of_a_model_with_its_interval() -> None:
    rows = {WEST: {"x": 10.0, "x_low": 8.0, "x_high": 12.0}, EAST: {"x": 20.0, "x_low": 17.0, "x_high": 23.0}}
    found = met(exposure(of=100, error="limits 95"), place(data_mine=table(rows, modelled=True)))
    assert found.value[:2] == pytest.approx([0.4 * 0.10 + 0.6 * 0.20, 0.10])
    half = np.array([0.4 * 0.02 + 0.6 * 0.03, 0.02]) * Z90 / Z95
    assert found.error["sampling"][:2] == pytest.approx(half), "half widths averaged: all err in one direction"
    assert {TOGETHER, OF_A_MODEL} <= set(found.flags[0])
    for zone in (0, 1, 2):
        assert recomputed(found, zone) == pytest.approx((found.value[zone], found.error["sampling"][zone]))


def test_what_a_cut_tract_adds_is_not_told_and_a_whole_one_adds_nothing() -> None:
    rows = {WEST: {"x": 10.0, "x_moe": 1.0}, EAST: {"x": 20.0, "x_moe": 2.0}}
    found = met(exposure(error="standard error"), place(data_mine=table(rows)))
    assert np.isnan(found.error["apportionment"]).tolist() == [False, False, True]
    assert "apportionment error not told" in found.flags[2] and np.isfinite(found.moe[2])
    assert found.error["sampling"][1] == pytest.approx(Z90 * 1.0)


def test_a_figure_without_an_interval_has_no_known_margin() -> None:
    found = met(exposure(), place(data_mine=table({WEST: {"x": 8.0}, EAST: {"x": 9.0}}, modelled=True)))
    assert found.value[0] == pytest.approx(8.6) and np.isnan(found.moe[0])
    assert "margin not known" in found.flags[0]


def test_a_group_meets_the_figure_where_it_lives() -> None:
    row = replace(exposure(), groups={"race:black": {"blocks": "p2_black"}})
    blocks = town.blocks(p2_black=[10, 0, 20, 10], housing_units=[1, 1, 1, 1])  # SW, SE, NW, NE
    where = place(data_mine=table({WEST: {"x": 8.0}, EAST: {"x": 12.0}}), blocks=blocks)
    found = met(row, where, "race:black")
    assert found.value[0] == pytest.approx((30 * 8 + 10 * 12) / 40)
    assert np.isnan(found.moe[0]), "what is not known of the figure is not known of a group's"


def test_no_outlines_and_no_table_say_what_to_write() -> None:
    county = replace(outlines(), data=outlines().data.assign(geoid=["99001", "99003"]), geography="county")
    where = place(data_mine=table({WEST: {"x": 1.0}}), units=[county])
    with pytest.raises(Absent, match=r"by tract of 2010.*\[layers.tracts_2010\] with path"):
        table_exposure(exposure(), where)
    with pytest.raises(Absent, match=r'write tables = \["mine"\] under \[fetch\].*\[layers\."data:mine"\] with path'):
        table_exposure(exposure(), place())
    with pytest.raises(Absent, match="the table mine at hand has no column y"):
        table_exposure(exposure(column="y"), place(data_mine=table({WEST: {"x": 1.0}})))


# Which part of whom -------------------------------------------------------------------------------

BURDEN = {
    "table": "mine",
    "numerator": ["{}_30_to_50", "{}_over_50"],
    "denominator": ["{}_to_30", "{}_30_to_50", "{}_over_50"],
    "complement": ["{}_to_30"],
    "who": "*",
}
WHITE = {"owner_white_to_30": 60.0, "owner_white_30_to_50": 20.0, "owner_white_over_50": 10.0}
BLACK = {"renter_black_to_30": 10.0, "renter_black_30_to_50": 15.0, "renter_black_over_50": 5.0}
ZERO = {"owner_black_to_30": 0.0, "owner_black_30_to_50": 0.0, "owner_black_over_50": 0.0}


def burdened(**parameters: Any) -> Indicator:
    groups = {"race:black": {"who": "*_black"}, "race:white": {"who": "*_white"}}
    return town.row("table_share", parameters={**BURDEN, **parameters}, weight="households", groups=groups)


def with_margins(cells: Mapping[str, float], moe: float) -> dict[str, float]:
    return {**cells, **{f"{name}_moe": moe for name in cells}, "owner_white_not_computed": 7.0}


def share(row: Indicator, where: Place, group: str = "all") -> Column:
    return reduce(table_share(row, where, group), where.weights, reference=None, settings=ReduceSettings())


def test_burden_is_summed_over_tenure_race_and_tracts() -> None:
    rows = {
        WEST: with_margins({**WHITE, **BLACK, **ZERO}, 6.0),
        EAST: with_margins({**dict.fromkeys([*WHITE, *BLACK, *ZERO], 0.0), "renter_black_over_50": 30.0}, 8.0),
    }
    where = place(ALL, LEFT, data_mine=table(rows))
    found = share(burdened(), where)
    assert found.value == pytest.approx([(20 + 10 + 15 + 5 + 30) / 150, 50 / 120])
    assert found.denominator == pytest.approx([150, 120]), "those not computed are in no class"
    black = share(burdened(), where, "race:black")
    assert black.value == pytest.approx([50 / 60, 20 / 30])
    # West alone: three cells that are not 0, and the largest margin of those that are: x two and a 0, z one and a 0.
    x, z, p = 3 * 6.0**2, 2 * 6.0**2, 20 / 30
    t = 4 * 6.0**2
    expected = np.sqrt((1 - p) * x + p * z - p * (1 - p) * t) / 30
    assert black.error["sampling"][1] == pytest.approx(expected)
    assert recomputed(black, 1) == pytest.approx((black.value[1], black.error["sampling"][1]))


def test_a_share_of_rounded_counts_is_never_above_one() -> None:
    """HUD prints 10 households as 30 % to 50 % and over 50 %: 10 and 5, of 10 in all."""
    rows = {g: with_margins({**dict.fromkeys([*WHITE, *BLACK, *ZERO], 0.0)}, 5.0) for g in (WEST, EAST)}
    rows[WEST] |= {"renter_black_30_to_50": 10.0, "renter_black_over_50": 5.0, "renter_black": 10.0}
    found = share(burdened(), place(LEFT, data_mine=table(rows)), "race:black")
    assert found.value[0] == 1.0 and found.moe[0] > 0


def test_rounding_widens_the_margin_of_what_is_not_zero() -> None:
    rows = {g: with_margins({**WHITE, **BLACK, **ZERO}, 6.0) for g in (WEST, EAST)}
    field = table_share(burdened(rounded=5), place(data_mine=table(rows)), "race:black")
    components = field.numerator.components
    assert components is not None
    cells = dict(zip(components.codes, components.moe[0], strict=True))
    assert cells["renter_black_over_50"] == pytest.approx(np.hypot(6.0, Z90 * 5 / np.sqrt(12)))
    assert cells["owner_black_over_50"] == 6.0


def test_amounts_of_strata_are_summed_and_one_that_is_missing_is_no_zero() -> None:
    frame = pd.DataFrame(
        {
            "geoid": [WEST, WEST, EAST, EAST],
            "band": ["low", "high", "low", "high"],
            "spent": [12.0, 8.0, 10.0, NAN],
            "income": [100.0, 900.0, 50.0, 500.0],
        }
    )
    frame.attrs = {"strata": ("band",), "outside": {}, "reasons": {}}
    layer = Layer("data:mine", frame, provenance("data:mine"), geography="tract", geography_vintage=2010)
    row = town.row(
        "table_share",
        parameters={"table": "mine", "numerator": ["spent"], "denominator": ["income"]},
        aggregate="ratio",
        weight="households",
    )
    found = share(row, place(LEFT, ALL, data_mine=layer))
    assert found.value[0] == pytest.approx(20 / 1000) and "margin not known" in found.flags[0]
    assert np.isnan(found.value[1]) and found.reason[1]


def test_blocks_that_a_list_of_jobs_leaves_out_have_none() -> None:
    rows = {town.SW: {"low": 3.0, "jobs": 10.0}, town.NE: {"low": 5.0, "jobs": 10.0}}
    layer = table(rows, "block", outside={"low": 0.0, "jobs": 0.0})
    row = town.row("table_share", parameters={"table": "mine", "numerator": ["low"], "denominator": ["jobs"]})
    found = share(row, place(data_mine=layer))
    assert found.value[:2] == pytest.approx([0.4, 0.3])
    elsewhere = replace(layer, data=layer.data.iloc[:1].assign(geoid="990030001001000"))
    with pytest.raises(Absent, match="has no row of this place"):  # a county not in the list is not one without jobs
        share(row, place(data_mine=elsewhere))


# Filings ------------------------------------------------------------------------------------------


def filings(rows: Sequence[tuple[str, int, float, float]]) -> Layer:
    """Rows of GEOID, year, filings and rate, the newest of each county as the reader gives them."""
    every = pd.DataFrame(rows, columns=["geoid", "year", "filings", "filing_rate"])
    newest = every[every["year"] == every.groupby(every["geoid"].str[:5])["year"].transform("max")].reset_index(
        drop=True
    )
    newest.attrs = {"times": {name: every[name].tolist() for name in every}, "reasons": {}, "outside": {}}
    return Layer("data:mine", newest, provenance("data:mine"), geography="tract", geography_vintage=2010)


def rate(layer: Layer, *shapes: BaseGeometry, back: int = 0, **layers: AnyLayer) -> tuple[Column, CountField]:
    row = town.row(
        "filing_rate",
        parameters={"table": "mine", "years_before": back},
        aggregate="ratio",
        weight="households",
        unit="filings per 100 renter households",
    )
    where = place(*shapes, data_mine=layer, **layers)
    field = filing_rate(row, where)
    return reduce(field, where.weights, reference=None, settings=ReduceSettings()), field


def test_a_rate_is_of_sums_and_no_mean_of_rates() -> None:
    """10 of 200 and 30 of 300 are 8 for every 100; the mean of 5 and 10 is not."""
    found, _ = rate(filings([(WEST, 2016, 10, 5.0), (EAST, 2016, 30, 10.0)]), ALL, LEFT)
    assert found.value == pytest.approx([8.0, 5.0])
    assert (found.numerator[0], found.denominator[0]) == pytest.approx((40, 500))
    assert found.rule == ("per_hundred", "per_hundred") and found.flags[0] == ("filings of 2016",)
    assert recomputed(found, 0) == pytest.approx((8.0, 0.0))


def test_a_cut_tract_is_divided_by_homes_and_its_error_is_in_the_unit_of_the_rate() -> None:
    """Half of the 20 and 40 homes of the east lie across: 10 + 15 filings of 200 + 150 households."""
    found, _ = rate(filings([(WEST, 2016, 10, 5.0), (EAST, 2016, 30, 10.0)]), ACROSS, ALL)
    assert found.value[0] == pytest.approx(100 * 25 / 350)
    assert 0.5 < found.error["apportionment"][0] < 7.0 and found.error["apportionment"][1] == 0


def test_more_filings_than_households_are_told_as_they_are() -> None:
    found, _ = rate(filings([(WEST, 2016, 240, 120.0), (EAST, 2016, 100, 100.0)]), ALL)
    assert found.value[0] == pytest.approx(100 * 340 / 300)


def test_where_nobody_filed_the_households_are_those_of_the_nearest_year() -> None:
    rows = [(WEST, 2012, 6, 2.0), (WEST, 2014, 5, 2.0), (WEST, 2016, 0, 0.0), (EAST, 2016, 30, 10.0)]
    found, _ = rate(filings(rows), ALL, LEFT)
    assert found.value == pytest.approx([100 * 30 / (300 + 250), 0.0]), "left out, the tract would make it 10"


def test_where_nobody_ever_filed_the_survey_of_those_tracts_tells_the_households() -> None:
    rows = [(WEST, 2016, 0, 0.0), (EAST, 2016, 30, 10.0)]
    survey = town.table("acs:B25003@2014", {WEST: {"B25003_003E": 100.0}, EAST: {"B25003_003E": 999.0}}, 2010)
    where = place(data_mine=filings(rows))
    row = town.row("filing_rate", parameters={"table": "mine"}, aggregate="ratio", weight="households")
    known = Place(
        {**where.layers, "acs:B25003@2014": survey}, {}, where.zones, where.weights, CRS, {"t1": 2024, "t0": 2014}
    )
    field = filing_rate(row, known)
    found = reduce(field, known.weights, reference=None, settings=ReduceSettings())
    assert found.value[0] == pytest.approx(100 * 30 / 400)
    # Without it nothing is made up: the tract has no row, and the place none either.
    silent, _ = rate(filings(rows), ALL, OUTLINES[EAST])
    assert np.isnan(silent.value[0]) and "no row for 40.0% of the homes" in str(silent.reason[0])
    assert silent.value[1] == pytest.approx(10.0)


def test_a_tract_that_is_not_covered_is_not_free_of_evictions() -> None:
    found, _ = rate(filings([(EAST, 2016, 30, 10.0)]), ALL, LEFT)
    assert np.isnan(found.value).all()
    assert "no row for 40.0% of the homes" in str(found.reason[0])


def test_five_years_earlier() -> None:
    rows = [(WEST, 2011, 20, 10.0), (EAST, 2011, 15, 5.0), (WEST, 2016, 10, 5.0), (EAST, 2016, 30, 10.0)]
    found, _ = rate(filings(rows), ALL, back=5)
    assert found.value[0] == pytest.approx(100 * 35 / 500) and found.flags[0] == ("filings of 2011",)
    with pytest.raises(Absent, match="the year 4 years before its newest"):
        rate(filings(rows), ALL, back=4)


def test_nobody_of_a_sample_is_no_full_count() -> None:
    """All counts above 30 % are 0, each with a margin of 8: the share is 0, and known no better than 8 of 60."""
    zero = dict.fromkeys([*WHITE, *BLACK, *ZERO], 0.0)
    rows = {g: with_margins({**zero, "renter_black_to_30": 60.0}, 8.0) for g in (WEST, EAST)}
    found = share(burdened(), place(LEFT, data_mine=table(rows)), "race:black")
    assert found.value[0] == 0.0 and found.error["sampling"][0] == pytest.approx(8 / 60)
    assert recomputed(found, 0) == pytest.approx((0.0, 8 / 60))
