"""Fields of displacement pressure, on six tracts by hand: classes, chances, who is counted, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from justgeo.core.errors import Absent
from justgeo.core.field import ClassField
from justgeo.core.layer import Layer
from justgeo.indicators import displacement
from justgeo.indicators.belonging import market_pressure, vulnerability
from justgeo.indicators.place import Place
from justgeo.measure.margins import Z90
from tests.indicators import tracts_town as six
from tests.indicators.tracts_town import FLAGS, GEOIDS, SHARES, TOP

NAN = float("nan")
ROW = six.row()


def measured(found: pd.DataFrame, row: Any = ROW, **more: Any) -> ClassField:
    return vulnerability(row, six.place(six.layers(found), **more))


@pytest.mark.parametrize("name", SHARES)
def test_each_condition_is_a_share_of_the_tract_against_that_of_all_tracts(name: str) -> None:
    found = displacement.typology_of(six.place(six.layers(six.frame())), ROW).pressures[name]
    shares, region = SHARES[name]
    assert found.value == pytest.approx(shares)
    assert found.threshold == pytest.approx(region)
    assert found.holds.tolist() == [float(s > region + 1e-12) for s in shares]


def test_three_of_four_make_a_tract_count() -> None:
    field = measured(six.frame())
    assert field.flag.tolist() == FLAGS
    # Without any error the chance is the plain comparison, a tie being not above.
    assert field.probability.tolist() == FLAGS
    assert field.units.geoid.tolist() == list(GEOIDS.values())
    assert (set(field.units.level), field.units.vintage) == ({"tract"}, 2020)
    assert field.weights.estimate[:, 0].tolist() == [100, 100, 100, 100, 100, 500]
    assert (field.weight, field.surest) == ("households", 0.99)
    assert field.flags == ("few tracts in the reference (6): name more counties under [reference] geoids",)


def test_renters_are_counted_where_renters_are_asked_for() -> None:
    found = six.frame()
    found["B25003_003M"] = 10.0
    field = measured(found, six.row("BEL-01.vulnerable-renters"))
    assert field.weights.codes == ("B25003_003",)
    assert field.weights.estimate[:, 0].tolist() == [80, 60, 50, 20, 70, 120]
    assert field.weights.moe[:, 0] == pytest.approx(10.0)
    assert field.universe == "renter households"


def test_margins_of_tract_and_region_both_enter_the_chance() -> None:
    found = six.frame()
    found.loc["E", "B25003_003M"] = 40.0
    # E has two conditions for sure and a third by its renters: 0.70 against 0.40, whose own margin is 40 / 1,000.
    error = np.hypot(40 / 100, 40 / 1000) / Z90
    field = measured(found)
    assert field.probability[4] == pytest.approx(float(ndtr(0.30 / error)), abs=0.01)
    assert field.flag[4] == 1


def test_a_tract_without_a_number_is_neither_counted_nor_pooled() -> None:
    found = six.frame()
    found.loc[["A", "E"], "B25003_003E"] = np.nan
    renters = displacement.typology_of(six.place(six.layers(found)), ROW).pressures["renters"]
    assert renters.threshold == pytest.approx((60 + 50 + 20 + 120) / 800)
    field = measured(found)
    assert field.flag == pytest.approx([1, 1, 0, 0, NAN, 0], nan_ok=True)  # A has three others, E only two
    assert field.probability == pytest.approx([1, 1, 0, 0, NAN, 0], nan_ok=True)


def test_a_tract_of_few_homes_is_left_out_but_not_out_of_the_region() -> None:
    found = six.frame()
    found.loc["D", "B25003_001E"] = 99.0
    field = measured(found)
    assert field.flag == pytest.approx([1, 1, 0, NAN, 1, 0], nan_ok=True)
    assert np.isnan(field.probability).tolist() == [False, False, False, True, False, False]
    renters = displacement.typology_of(six.place(six.layers(found)), ROW).pressures["renters"]
    assert renters.threshold == pytest.approx(400 / 999)


def test_so_is_one_where_most_people_live_in_group_quarters() -> None:
    found = six.frame()
    found["B26001_001E"], found["B26001_001M"] = [0.0, 101, 100, 0, 0, 0], 1.0
    found["B01003_001E"], found["B01003_001M"] = 200.0, 1.0
    field = measured(found)
    assert field.flag == pytest.approx([1, NAN, 0, 0, 1, 0], nan_ok=True)  # B: 50.5 %; C: 50 % is not more than half


def test_without_the_tables_of_group_quarters_nothing_is_left_out_for_them() -> None:
    assert not np.isnan(measured(six.frame()).flag).any()


def test_only_tracts_of_the_reference_are_looked_at() -> None:
    found = six.frame()
    elsewhere = found.rename(index={"A": "99003000100"}).loc[["99003000100"]]
    block_group = found.rename(index={"B": GEOIDS["B"] + "1"}).loc[[GEOIDS["B"] + "1"]]
    field = measured(pd.concat([found, elsewhere, block_group]))
    assert field.units.geoid.tolist() == list(GEOIDS.values())
    assert field.flag.tolist() == FLAGS


def test_it_is_absent_without_a_reference_with_few_tracts_and_by_group() -> None:
    with pytest.raises(Absent, match="none is known here"):
        measured(six.frame(), reference_prefixes=())
    with pytest.raises(Absent, match="only 4 tracts"):
        measured(six.frame().iloc[:4])
    with pytest.raises(Absent, match="not split by group"):
        vulnerability(ROW, six.place(six.layers(six.frame())), "race:white")
    few = six.frame()
    few.loc[["A", "B"], "B25003_001E"] = 99.0
    with pytest.raises(Absent, match="of 6 tracts 4 can be classed"):
        measured(few)


def test_it_is_absent_where_the_regions_median_is_only_a_bound() -> None:
    found = six.frame()
    found[f"{TOP}E"] = 5000.0
    with pytest.raises(Absent, match="open bracket"):
        measured(found)


@pytest.mark.parametrize("name", ["BEL-01", "BEL-01.renters"])
def test_the_market_is_absent_without_an_earlier_survey_and_says_how_to_get_it(name: str) -> None:
    with pytest.raises(Absent) as said:
        market_pressure(six.row(name), six.place(six.layers(six.frame())))
    assert "acs_t0 = 2014 under [vintages]" in said.value.reason and "[fetch]" in said.value.reason
    with pytest.raises(Absent, match="not split by group"):
        market_pressure(six.row(name), six.place(six.layers(six.frame())), "race:white")


def test_the_market_is_absent_where_the_earlier_survey_knows_no_home_value_and_no_rent() -> None:
    tables = {
        **six.layers(six.frame()),
        **six.layers(six.frame(six.BEFORE), 2014, 2010),
        "crosswalk_99": six.crosswalk(),
    }
    held = six.place(tables, years={"t1": 2024, "t0": 2014})
    with pytest.raises(Absent, match="neither home values nor rents"):
        market_pressure(six.row("BEL-01"), held)
    assert vulnerability(ROW, held).flag.tolist() == FLAGS


def test_rows_of_one_place_share_one_typology() -> None:
    held = six.place(six.layers(six.frame()))
    assert displacement.typology_of(held, ROW) is displacement.typology_of(held, six.row("BEL-01"))


# Lines of B25075: 18 is 175,000 to 200,000, 19 to 250,000, 21 is 300,000 to 400,000, 22 to 500,000.
OWNED_THEN = {name: {19: 100.0} for name in "ABCD"} | {"E": {18: 200.0, 19: 1000, 20: 300}}
OWNED_NOW = {name: {21: 100.0} for name in "ABCD"} | {"E": {21: 300.0}, "F": {21: 1000.0, 22: 2800}}


def ten_times(tracts: Layer | None) -> Place:
    """Two surveys of ten times the homes, so that the medians are judged, with home values."""
    now = {"A": 290_000.0, "B": 400_000, "C": 340_000, "D": 600_000, "E": 999_000, "F": 999_000}
    then = {"A": 200_000.0, "B": 180_000, "C": 260_000, "D": 400_000}
    later = (10 * six.frame(), six.medians("B25077", now), six.classes("B25075", 2, 26, OWNED_NOW))
    before = (10 * six.frame(six.BEFORE), six.medians("B25077", then), six.classes("B25075", 2, 24, OWNED_THEN))
    tables = {name: layer for one in later for name, layer in six.layers(one).items()}
    tables |= {name: layer for one in before for name, layer in six.layers(one, 2014, 2010).items()}
    shapes = {} if tracts is None else {"tracts": tracts}
    return six.place({**tables, **shapes, "crosswalk_99": six.crosswalk()}, years={"t1": 2024, "t0": 2014})


def test_market_pressure_asks_for_the_market_too_and_not_for_the_pressures_alone() -> None:
    """A, B and E are vulnerable; in dollars of 2024 A gained 9 %, B 68 %, C lost 1 %, D gained 13 %, E 16 %, F 43 %.

    The rises of B and F are among the upper two fifths, and so are the values of D and F now. So B's own market moves;
    A lies next to B, and E between D and F. Where A's shape touches nobody, no market moves there: it is as vulnerable
    as before, and does not count.
    """
    together, shapes = ten_times(six.shapes()), six.shapes()
    assert vulnerability(ROW, together).flag.tolist() == FLAGS == [1, 1, 0, 0, 1, 0]
    assert market_pressure(six.row("BEL-01"), together).flag.tolist() == [1, 1, 0, 0, 1, 0]
    moved = shapes.features.geometry.where(np.arange(6) != 0, shapes.features.geometry.translate(-9.0))
    apart = ten_times(replace(shapes, data=shapes.features.set_geometry(moved)))
    pressures, market = vulnerability(ROW, apart), market_pressure(six.row("BEL-01"), apart)
    assert pressures.flag.tolist() == FLAGS and market.flag.tolist() == [0, 1, 0, 0, 1, 0]
    assert pressures.probability[0] == 1 and market.probability[0] < 0.5


def test_the_market_is_absent_where_nobody_knows_who_touches_whom() -> None:
    """Of those who can be told all the same, more are spared than of all: the share would be too small."""
    for tracts in (None, replace(six.shapes(), geography_vintage=2010)):
        place = ten_times(tracts)
        with pytest.raises(Absent, match="which tracts touch is not known"):
            market_pressure(six.row("BEL-01"), place)
        assert vulnerability(ROW, place).flag.tolist() == FLAGS
