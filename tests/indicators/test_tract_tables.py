"""Shares, low income and medians over the tracts of one survey, and those of its region: answers by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from justgeo.core.errors import Absent
from justgeo.indicators import census
from justgeo.indicators import tract_tables as tables
from justgeo.indicators.tract_tables import Survey
from justgeo.measure import medians, rows
from justgeo.measure.margins import Z90
from justgeo.measure.reduce import parts
from tests.indicators import tracts_town as six
from tests.indicators.tracts_town import COUNTY, GEOIDS, TOP

ALL = np.array(list(GEOIDS.values()))


def survey(*frames: pd.DataFrame, year: int = 2024, counties: tuple[str, ...] = (COUNTY,)) -> Survey:
    held = six.place({k: v for one in frames for k, v in six.layers(one).items()})
    names = dict.fromkeys(str(c)[:6] for one in frames for c in one.columns)
    return Survey(year, 2020, ALL, counties, {n: held.frame(n) for n in names}, six.row().parameters)


def with_county(found: pd.DataFrame, **cells: float) -> pd.DataFrame:
    """The same with the county's own row: every cell that of the tracts together, but for those that are named."""
    whole = found.sum(axis=0).to_frame(COUNTY).T
    for code, value in cells.items():
        whole[code] = value
    return pd.concat([found, whole])


@pytest.mark.parametrize(
    ("name", "of"), [("owners", "renters"), ("white", "people_of_colour"), ("bachelors", "no_bachelors")]
)
def test_shares_of_the_tracts_and_of_all_of_them(name: str, of: str) -> None:
    found, region = tables.share(survey(six.frame()), name)
    shares, whole = six.SHARES[of]
    assert found.value == pytest.approx([1 - s for s in shares])
    assert region.value == pytest.approx(1 - whole)


def test_the_margin_of_owners_is_that_which_pages_print_of_renters() -> None:
    found = six.frame(moe=12.0)
    held = six.place(six.layers(found))
    field = census.acs_share(six.row("BEL-02"), held)
    printed = parts(rows.each(6), field)
    owners, _ = tables.share(survey(found), "owners")
    assert owners.se == pytest.approx(printed.moe / Z90)
    assert owners.se[0] == pytest.approx(math.sqrt(12**2 - 0.8**2 * 12**2) / 100 / Z90)


def test_the_margin_of_degrees_is_that_of_the_row_of_degrees() -> None:
    found = six.frame(moe=9.0)
    for line in range(2, 22):
        found[f"B15003_{line:03d}E"], found[f"B15003_{line:03d}M"] = 1.0, 9.0
    printed = parts(rows.each(6), census.acs_share(replace(six.row("OPP-04"), groups={}), six.place(six.layers(found))))
    bachelors, _ = tables.share(survey(found), "bachelors")
    assert bachelors.value == pytest.approx(printed.value) and bachelors.se == pytest.approx(printed.moe / Z90)


def test_the_regions_share_is_that_of_its_countys_own_row() -> None:
    found = with_county(six.frame(moe=12.0), B25003_003E=450.0, B25003_003M=20.0, B25003_001M=0.0)
    _, region = tables.share(survey(found), "owners")
    assert region.value == pytest.approx(1 - 450 / 1000)
    assert region.se == pytest.approx(20 / 1000 / Z90)


def test_where_one_of_its_counties_has_no_row_it_is_that_of_the_tracts() -> None:
    found = with_county(six.frame(moe=12.0), B25003_003E=450.0)
    _, region = tables.share(survey(found, counties=(COUNTY, "99003")), "owners")
    assert region.value == pytest.approx(0.6)
    assert region.se == pytest.approx(math.sqrt(6 * 12**2 * (1 - 0.4**2)) / 1000 / Z90)


def test_low_income_is_counted_to_80_percent_of_the_median_within_its_class() -> None:
    found = survey(six.frame())
    region = tables.region_income(found)
    assert region.value == pytest.approx(42_500)
    low, whole = tables.low_income(found, region.value)
    assert low.value == pytest.approx(six.SHARES["low_income"][0])
    assert whole.value == pytest.approx(0.29)


def test_a_class_above_the_line_need_not_be_known() -> None:
    found = six.frame()
    found.loc["F", [f"{TOP}E", f"{TOP}M"]] = np.nan
    # Of the five others: 180, 30, 190, 100; the median lies 40 / 190 into the forties: 41,052.63.
    median = 40_000 + 40 / 190 * 5_000
    held = survey(found)
    assert tables.region_income(held).value == pytest.approx(median)
    low, _ = tables.low_income(held, median)
    part = (0.8 * median - 30_000) / 5_000
    assert low.value[0] == pytest.approx((60 + 10 * part) / 100)
    assert low.value[5] == pytest.approx((70 + 20 * part) / 500)


def test_the_countys_published_median_income_comes_first() -> None:
    told = survey(six.frame(), six.medians("B19013", {COUNTY: 43_210.0}, moe=329.0))
    assert tables.region_income(told) == pytest.approx((43_210, 329 / Z90))
    # Two counties have no median of both: it is rebuilt.
    assert tables.region_income(replace(told, counties=(COUNTY, "99003"))).value == pytest.approx(42_500)
    # At the end of the scale there is only a bound.
    assert tables.region_income(survey(six.frame(), six.medians("B19013", {COUNTY: 250_001.0}))).value != 250_001


def test_a_median_in_an_open_class_is_none() -> None:
    found = six.frame()
    found[f"{TOP}E"] = 5_000.0
    with pytest.raises(Absent, match="open bracket"):
        tables.region_income(survey(found))


NOTHING = np.zeros(6, dtype=np.bool_)
VALUES = {"A": 2_000_001.0, "B": 9_999.0, "C": 300_000.0, "D": 1_000_001.0, "E": np.nan}


def test_published_medians_at_the_ends_of_their_scale() -> None:
    found = tables.median(survey(six.frame(), six.medians("B25077", VALUES)), "value", NOTHING)
    assert found.top.tolist() == [True, False, False, False, False, False]
    assert found.amount.value == pytest.approx([2_000_001, np.nan, 300_000, 1_000_001, np.nan, np.nan], nan_ok=True)
    assert found.amount.se == pytest.approx(
        [np.nan, np.nan, 30_000 / Z90, 100_000.1 / Z90, np.nan, np.nan], nan_ok=True
    )


def test_before_2015_the_scales_were_shorter() -> None:
    earlier = survey(six.frame(), six.medians("B25077", VALUES), year=2014)
    assert tables.median(earlier, "value", NOTHING).top.tolist() == [True, False, False, True, False, False]
    rents = six.medians("B25064", {"A": 3_501.0, "B": 2_001.0, "C": 99.0, "D": 100.0})
    assert tables.median(survey(rents, year=2014), "rent", NOTHING).top.tolist()[:4] == [True, True, False, False]
    later = tables.median(survey(rents), "rent", NOTHING)
    assert later.top.tolist()[:4] == [True, False, False, False]
    assert later.amount.value[:4] == pytest.approx([3_501, 2_001, np.nan, 100], nan_ok=True)
    assert tables.edges_of(earlier, "value")[-2:].tolist() == [1_000_000, np.inf]
    assert len(tables.edges_of(earlier, "rent")) - 1 == 21 and len(tables.edges_of(earlier, "value")) - 1 == 24
    assert len(tables.edges_of(survey(), "rent")) - 1 == 24 and len(tables.edges_of(survey(), "value")) - 1 == 26


def homes(lines: Mapping[str, Mapping[int, float]]) -> pd.DataFrame:
    return six.classes("B25075", 2, 26, lines)


def test_rebuilt_medians_by_hand_and_those_beyond_the_scale() -> None:
    # Lines 20 to 22 are 250,000 to 300,000, to 400,000, to 500,000; the last one, 27, is open, and so is the first.
    lines = {"A": {20: 10.0, 21: 20, 22: 10}, "B": {27: 9}, "C": {2: 9}, "D": {20: 3, 27: 1}}
    published = six.medians("B25077", dict.fromkeys(GEOIDS, 111_111.0))
    found = tables.median(survey(homes(lines), published), "value", np.array([1, 1, 1, 1, 0, 1], dtype=np.bool_))
    assert found.amount.value[:2] == pytest.approx([350_000, 2_000_000])
    assert found.amount.value[3] == pytest.approx(250_000 + 2 / 3 * 50_000)
    assert np.isnan(found.amount.value[[2, 5]]).all()  # below the scale, and without classes
    assert found.amount.value[4] == 111_111  # not asked for anew
    assert found.top.tolist() == [False, True, False, False, False, False]
    simple = medians.grouped_median(tables.edges_of(survey(), "value"), lines_of(lines["A"]), pareto=False)
    assert found.amount.se[0] == pytest.approx(simple.moe[0] / Z90)


def lines_of(told: Mapping[int, float]) -> np.ndarray:
    return np.array([[told.get(line, 0.0) for line in range(2, 28)]])


def test_cash_rents_alone_are_behind_a_rebuilt_rent() -> None:
    # Line 2 is all with cash rent, 27 those without; 20 and 21 are 1,000 to 1,250 and to 1,500.
    told = six.classes("B25063", 2, 26, {"A": {2: 40.0, 20: 20, 21: 20, 27: 900}})
    found = tables.median(survey(told), "rent", np.ones(6, dtype=np.bool_))
    assert found.amount.value[0] == pytest.approx(1_250)
    # In 2014 the last class with cash rent was line 23, and 24 had none.
    told = six.classes("B25063", 2, 23, {"A": {2: 40.0, 22: 20, 23: 20.5, 24: 900}})
    found = tables.median(survey(told, year=2014), "rent", np.ones(6, dtype=np.bool_))
    assert found.top[0] and found.amount.value[0] == 2_000


def test_the_design_factor_makes_the_countys_margin_the_published_one() -> None:
    counts = {20: 400.0, 21: 800, 22: 400}
    edges = tables.edges_of(survey(), "value")
    simple = float(medians.grouped_median(edges, lines_of(counts), pareto=False, design_factor=1.0).moe[0])

    def factor(counties: Mapping[str, float]) -> float:
        told = six.medians("B25077", dict.fromkeys(counties, 350_000.0))
        for county, moe in counties.items():
            told.loc[county, "B25077_001M"] = moe
        held = survey(homes(dict.fromkeys(counties, counts)), told, counties=tuple(counties))
        return tables.design_factor(held, "value")

    assert factor({COUNTY: 1.7 * simple}) == pytest.approx(1.7)
    assert factor({COUNTY: 0.2 * simple}) == 1.0 and factor({COUNTY: 9 * simple}) == 3.0
    assert factor({COUNTY: 1.2 * simple, "99003": 2.4 * simple, "99005": 1.4 * simple}) == pytest.approx(1.4)
    assert factor({COUNTY: np.nan}) == medians.DEFAULT_DESIGN_FACTOR
    assert tables.design_factor(survey(six.frame()), "value") == medians.DEFAULT_DESIGN_FACTOR


def test_a_table_that_is_not_at_hand_is_absent_by_name() -> None:
    with pytest.raises(Absent, match="B25077 of the survey of 2024"):
        survey(six.frame()).cells("B25077", [1])
    cells = survey(six.frame()).cells("B25003", [1, 9])
    assert np.isnan(cells.estimate[:, 1]).all() and cells.codes == ("B25003_001", "B25003_009")
