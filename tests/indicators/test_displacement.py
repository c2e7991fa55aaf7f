"""Two surveys at the tracts of a reference: what is carried, what is rebuilt, what is refused; the invented county."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from justgeo.core.errors import Absent
from justgeo.core.layer import Layer
from justgeo.indicators import displacement
from justgeo.indicators.belonging import market_pressure, vulnerability
from justgeo.indicators.place import Place
from justgeo.measure import medians
from justgeo.measure.margins import Z90
from justgeo.measure.typology.values import Tracts
from justgeo.synthetic import county
from tests.indicators import tracts_town as six
from tests.indicators.tracts_town import COUNTY, GEOIDS

ROW = six.row("BEL-01")
PRICE = 313.689 / 236.736
YEARS = {"t1": 2024, "t0": 2014}
V0 = {"A": 200_000.0, "B": 180_000, "C": 260_000, "D": 400_000, "E": 222_000}
V1 = {"A": 290_000.0, "B": 400_000, "C": 340_000, "D": 600_000, "E": 999_000, "F": 999_000}
# Lines of B25075: 19 is 200,000 to 250,000, 20 to 300,000, 21 to 400,000, 22 to 500,000.
OWNED_0 = {name: {19: 10.0} for name in "ABCD"} | {"E": {18: 20.0, 19: 100, 20: 30}}
OWNED_1 = {name: {21: 10.0} for name in "ABCD"} | {"E": {21: 30.0}, "F": {21: 100.0, 22: 280}}


def earlier(
    homes: Mapping[str, tuple[float, ...]] = six.BEFORE, vintage: int = 2010, year: int = 2014
) -> dict[str, Layer]:
    found = [six.frame(homes), six.medians("B25077", V0), six.classes("B25075", 2, 24, OWNED_0)]
    return {k: v for one in found for k, v in six.layers(one, year, vintage).items()}


def later(vintage: int = 2020) -> dict[str, Layer]:
    found = [six.frame(), six.medians("B25077", V1), six.classes("B25075", 2, 26, OWNED_1)]
    return {k: v for one in found for k, v in six.layers(one, 2024, vintage).items()}


@cache
def usual() -> Mapping[str, Layer]:
    """Both surveys, what lies between them, and the shapes; nobody writes into them."""
    return {**later(), **earlier(), "crosswalk_99": six.crosswalk(), "tracts": six.shapes()}


def place(more: Mapping[str, Any] | None = None, **told: Any) -> Place:
    layers = {**usual(), **(more or {})}
    return six.place({k: v for k, v in layers.items() if v is not None}, **{"years": YEARS, **told})


@cache
def usually() -> Tracts:
    return displacement.tracts_of(place(), ROW)


def made(more: Mapping[str, Any] | None = None, **told: Any) -> Tracts:
    return displacement.tracts_of(place(more, **told), ROW) if more or told else usually()


# --- what is carried ------------------------------------------------------------------------------------------------


def test_counts_of_a_tract_that_was_divided_are_divided_by_its_homes_and_people() -> None:
    found = made()
    assert found.geoid.tolist() == list(GEOIDS.values())
    assert found.homes["value_before"] == pytest.approx([20, 40, 50, 70, 150 * 0.4, 150 * 0.6])
    assert found.homes["rent_before"] == pytest.approx([60, 40, 30, 10, 50 * 0.4, 50 * 0.6])
    assert found.homes["value_now"] == pytest.approx([20, 40, 50, 80, 30, 380])
    # Its parts are taken to be alike: E and F have the shares of what was one.
    assert found.before["owners"].value == pytest.approx([0.25, 0.5, 0.625, 0.875, 0.75, 0.75])
    assert found.before["white"].value == pytest.approx([0.25, 0.625, 0.8125, 0.9375, 0.75, 0.75])
    assert found.before["bachelors"].value == pytest.approx([0.05, 0.2, 0.6, 0.75, 0.4, 0.4])
    # All are published without margin; that the two parts need not be alike is all the error there is.
    assert (found.before["owners"].se[:4] == 0).all() and (found.before["owners"].se[4:] > 0).all()
    assert found.years == (2014, 2024) and found.price == pytest.approx(PRICE)


def test_the_region_before_is_that_of_its_tracts_or_of_its_countys_row() -> None:
    assert made().region_before["owners"].value == pytest.approx(330 / 520)
    county_row = six.frame({COUNTY: (520.0, 156, 1040, 700, 520, 208, 130, 40, 200, 130)}, moe=5.0)
    rows = six.layers(pd.concat([six.frame(six.BEFORE), county_row]), 2014, 2010)
    found = made(rows).region_before["owners"]
    assert found.value == pytest.approx(0.7)
    assert found.se == pytest.approx(np.sqrt(5**2 * (1 - 0.3**2)) / 520 / Z90)


def test_medians_of_a_tract_that_stayed_are_the_published_ones_of_both_years() -> None:
    found = made()
    assert found.before["value"].value[:4].tolist() == [V0[k] for k in "ABCD"]
    assert found.now["value"].value[:4].tolist() == [V1[k] for k in "ABCD"]
    assert found.before["value"].se[:4] == pytest.approx([V0[k] / 10 / Z90 for k in "ABCD"])


def test_medians_of_a_tract_that_was_drawn_anew_are_rebuilt_in_both_years() -> None:
    """E kept the number that the tract of both had: its published median of 2014 is of other ground."""
    found = made()
    assert found.before["value"].value[4:] == pytest.approx([200_000 + 55 / 100 * 50_000] * 2)
    assert found.now["value"].value[4:] == pytest.approx([350_000, 400_000 + 90 / 280 * 100_000])
    assert any("2 of 6 tracts were drawn anew" in note for note in found.notes)


def test_the_margin_of_a_rebuilt_median_holds_what_dividing_the_tract_adds() -> None:
    """The middle of all is 75 / 140 into the class: below it are 0.5357 of the homes of A to D, 73.57 of E's 150."""
    below, base = np.array([75 / 140] * 4 + [(20 + 100 * 75 / 140) / 150]), np.array([80.0, 80, 80, 80, 200])
    v = base / base.sum()
    between = float(v @ (below - v @ below) ** 2 / (1 - v @ v))
    # E of 2020 has 0.4 of 200 homes: w (1 - w) (H**2 c S**2 + H / 4) over (w H)**2, the share being one half.
    divided = np.sqrt(0.4 * 0.6 * (200**2 * 0.3 * between + 200 / 4)) / 80
    sampled = 1.3 * np.sqrt(7 / 60) / 2
    bins = np.array([[0.0] * 16 + [8.0, 40.0, 12.0] + [0.0] * 5])
    edges = np.array([*ROW.parameters["value_edges"][:24], np.inf])
    factor = 1.3 * np.hypot(1, divided / sampled)
    by_hand = medians.grouped_median(edges, bins, pareto=False, design_factor=factor)
    assert made().before["value"].se[4] == pytest.approx(by_hand.moe[0] / Z90)


def test_without_classes_a_tract_that_was_drawn_anew_keeps_the_median_of_today_alone() -> None:
    found = made({"acs:B25075@2014": None})
    assert np.isnan(found.before["value"].value).tolist() == [False] * 4 + [True] * 2
    assert found.now["value"].value[4:].tolist() == [999_000, 999_000]


def test_a_sliver_of_homes_leaves_a_tract_the_same() -> None:
    """One home in a thousand; of one in fifty it is drawn anew."""
    for moved, same in ((0.05, True), (1.6, False)):
        walk = six.crosswalk()
        rows = walk.data.copy()
        a = rows["block10"] == f"{GEOIDS['A']}1000"
        rows.loc[a, "share_land"] = 1 - moved / 80
        other = rows[a].assign(block20=f"{GEOIDS['B']}1000", share_land=moved / 80)
        found = made({"crosswalk_99": replace(walk, data=pd.concat([rows, other], ignore_index=True))})
        assert (found.before["value"].value[:2] == [V0["A"], V0["B"]]).tolist() == [same, same]


def test_a_tract_under_another_number_is_still_the_same() -> None:
    walk = six.crosswalk()
    renamed = {f"{GEOIDS['A']}1000": f"{COUNTY}0077001000"}
    rows = walk.data.assign(block10=walk.data["block10"].replace(renamed))
    tables = {}
    for name, layer in earlier().items():
        tables[name] = replace(layer, data=layer.data.replace({GEOIDS["A"]: f"{COUNTY}007700"}))
    found = made({**tables, "crosswalk_99": replace(walk, data=rows)})
    assert found.before["value"].value[0] == V0["A"] and found.homes["value_before"][0] == 20


def test_two_surveys_on_tracts_of_one_census_need_no_crosswalk() -> None:
    before = {**six.BEFORE, "F": (500.0, 100, 1000, 800, 500, 200, 70, 20, 210, 200)}
    years = {"t1": 2025, "t0": 2020}
    tables = {k.replace("2024", "2025"): v for k, v in later().items()}
    found = six.place({**tables, **earlier(before, 2020, 2020), "tracts": six.shapes()}, years=years)
    tracts = displacement.tracts_of(found, ROW)
    assert tracts.before["owners"].value[4:] == pytest.approx([0.75, 0.8])
    assert tracts.before["value"].value[:5].tolist() == list(V0.values())
    assert np.isnan(tracts.before["value"].value[5])  # no median was published for it, and it is no other tract


def test_the_reference_of_two_states_takes_each_states_blocks() -> None:
    def in_98(layer: Layer) -> Layer:
        data = layer.data.copy()
        for column in data.select_dtypes(["object", "string"]):
            data[column] = data[column].str.replace("^99", "98", regex=True)
        return replace(layer, data=data)

    def both(layer: Layer) -> Layer:
        return replace(layer, data=pd.concat([layer.data, in_98(layer).data], ignore_index=True))

    tables = {name: both(layer) for name, layer in {**later(), **earlier(), "tracts": six.shapes()}.items()}
    walks = {"crosswalk_99": six.crosswalk(), "crosswalk_98": in_98(six.crosswalk())}
    found = displacement.tracts_of(
        six.place({**tables, **walks}, years=YEARS, reference_prefixes=("98001", COUNTY)), ROW
    )
    one = made()
    assert len(found) == 12 and found.geoid[0].startswith("98")
    for name, amount in one.before.items():
        assert found.before[name].value[6:] == pytest.approx(amount.value, nan_ok=True)
    with pytest.raises(Absent, match="crosswalk_98"):
        held = six.place({**tables, "crosswalk_99": six.crosswalk()}, years=YEARS, reference_prefixes=("98001", COUNTY))
        market_pressure(ROW, held)


# --- geometry and what stands beside --------------------------------------------------------------------------------


def test_who_touches_whom_and_who_lies_on_the_rim() -> None:
    found = made()
    assert found.neighbours is not None and found.edge is not None
    assert found.neighbours.sum(axis=0).tolist() == [1, 2, 2, 2, 2, 1]
    assert found.edge.all()  # a row of squares is all rim


def test_without_shapes_it_is_not_known_and_said() -> None:
    older = replace(six.shapes(), geography_vintage=2010)
    for tracts in (None, older):
        found = made({"tracts": tracts})
        assert found.neighbours is None and found.edge is None
        assert any("which of them touch is not known" in note for note in found.notes)


def test_a_tract_without_shape_is_told_of() -> None:
    shapes = six.shapes()
    found = made({"tracts": replace(shapes, data=shapes.features.iloc[:5])})
    assert found.neighbours is not None and found.neighbours.sum(axis=0).tolist() == [1, 2, 2, 2, 1, 0]
    assert any("Tracts without a shape: 1 of 6" in note for note in found.notes)
    assert found.unplaced is not None and found.unplaced.tolist() == [False] * 5 + [True]


def test_low_income_as_another_method_asks_for_it() -> None:
    incomes = six.layers(six.medians("B19013", {"A": 20_000.0, "B": 30_000, "C": 40_000, "D": 90_000}))
    found = made(incomes).extra["low_income_of_tracts"]
    # The middle of the four is 35,000, 80 % of it 28,000: of A only those below 10,000 are counted.
    assert found.value[:2] == pytest.approx([0.6, 0.5])
    assert made().extra == {}


def test_students_are_named_and_dollars_explained() -> None:
    notes = made().notes
    assert any("Students" in note for note in notes)
    assert any("1.3251" in note and "CPI-U" in note for note in notes)


def test_a_reference_of_thirty_tracts_is_not_small() -> None:
    found = made()
    assert "name more counties under [reference]" in displacement.few_tracts(found)[0]
    many = replace(found, geoid=np.array([f"{COUNTY}{k:06d}" for k in range(30)]))
    assert displacement.few_tracts(many) == ()


# --- what there is without an earlier survey ------------------------------------------------------------------------


def without_t0() -> Place:
    return place(dict.fromkeys(earlier()), years={"t1": 2024})


def test_without_an_earlier_survey_part_a_stands_with_the_same_chances() -> None:
    margins = {name: layer for name, layer in six.layers(six.frame(moe=30.0)).items()}
    alone = displacement.typology_of(place({**dict.fromkeys(earlier()), **margins}, years={"t1": 2024}), ROW)
    both = displacement.typology_of(place(margins), ROW)
    assert alone.tracts.before == {} and alone.tracts.notes[0] == displacement.NO_EARLIER
    assert alone.p_vulnerable.tolist() == both.p_vulnerable.tolist()
    assert 0 < alone.p_vulnerable[2] < 1
    assert alone.vulnerable.tolist() == both.vulnerable.tolist() == six.FLAGS
    assert np.isnan(alone.pressed["value"]).tolist() == [f == 1 for f in six.FLAGS]
    assert vulnerability(six.row(), without_t0()).flag.tolist() == six.FLAGS


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (without_t0(), "acs_t0 = 2014"),
        (place({"crosswalk_99": None}), "no layer 'crosswalk_99'"),
        (place({"crosswalk_99": None}, absent={"crosswalk_99": "the file did not come"}), "the file did not come"),
        (place({"acs:B25003@2014": None}, absent={"acs:B25003@2014": "not bought"}), "not bought"),
        (place(years={"t1": 2024, "t0": 2021}), "share years"),
        (place(prices=None), "no price index"),
        (place(earlier(year=2008), years={"t1": 2024, "t0": 2008}), "has no average of 2008: add it to 'prices'"),
    ],
    ids=["no year", "no crosswalk", "crosswalk told", "no table", "years shared", "no prices", "no price of that year"],
)
def test_what_is_lacking_makes_the_market_absent_with_its_reason(held: Place, why: str) -> None:
    with pytest.raises(Absent) as said:
        market_pressure(ROW, held)
    assert why in said.value.reason
    assert vulnerability(six.row(), held).flag.tolist() == six.FLAGS


def test_counties_that_the_blocks_do_not_know_are_told() -> None:
    walk = six.crosswalk()
    rows = walk.data.replace({"^99001": "99002"}, regex=True)
    with pytest.raises(Absent, match="know none of the counties"):
        market_pressure(ROW, place({"crosswalk_99": replace(walk, data=rows)}))


def test_a_market_field_has_the_classes_and_chances_of_the_typology() -> None:
    # Ten times the homes, so that the medians are judged.
    tables = {**six.layers(10 * six.frame()), **six.layers(10 * six.frame(six.BEFORE), 2014, 2010)}
    held = place(tables)
    found, field = displacement.typology_of(held, ROW), market_pressure(ROW, held)
    assert field.flag == pytest.approx(found.pressed["value"], nan_ok=True)
    assert field.probability == pytest.approx(found.p_pressed["value"], nan_ok=True)
    renters = market_pressure(six.row("BEL-01.renters"), held)
    assert renters.weights.codes == ("B25003_003",) and renters.probability is field.probability
    rise = found.markets["value"].conditions["change_high"]
    assert rise.value[:2] == pytest.approx([290 / (200 * PRICE) - 1, 400 / (180 * PRICE) - 1])
    # Of -1 % to +68 % in real terms B's is among the upper two fifths, and its value of today is low enough.
    assert rise.holds[1] == 1 and field.flag[1] == 1


# --- the invented county --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nowhere() -> tuple[Place, Tracts]:
    from tests.benchmarks.typology_nowhere import Desk, survey_layers

    desk = Desk.of(county(2020))
    tables = {k: v for year in (2024, 2014) for k, v in survey_layers(desk.county, year, 1).items()}
    held = replace(desk.place, layers={**desk.place.layers, **tables}, cache={})
    return held, displacement.tracts_of(held, ROW)


def test_nowheres_published_surveys_leave_nothing_out(nowhere: tuple[Place, Tracts]) -> None:
    _, found = nowhere
    lived_in = found.households.value >= 100
    assert lived_in.sum() == 36 and len(found) == 37  # the bay is a tract where nobody lives
    for when in (found.now, found.before):
        for name, amount in when.items():
            assert np.isfinite(amount.value[lived_in]).all(), name
            assert (amount.se[lived_in] > 0).all(), name
    assert set(found.now) == {"owners", "white", "bachelors", "low_income", "income", "value", "rent"}
    assert set(found.before) == set(found.now) - {"low_income"}
    assert set(found.region_now) == {"owners", "white", "bachelors", "low_income", "income"}
    assert set(found.region_before) == set(found.region_now) - {"low_income"}
    assert found.homes["rent_before"].sum() == pytest.approx(
        county(2020).truth("B25003", 2014, "county").iloc[0, 2], rel=0.05
    )


def test_nowheres_region_is_its_countys_published_row(nowhere: tuple[Place, Tracts]) -> None:
    held, found = nowhere
    for when, region in (("t1", found.region_now), ("t0", found.region_before)):
        row = held.frame("B25003", when).loc[("county", COUNTY)]
        assert region["owners"].value == pytest.approx(row["B25003_002E"] / row["B25003_001E"])
        assert region["income"].value == held.frame("B19013", when).loc[("county", COUNTY), "B19013_001E"]


def test_errors_of_what_was_carried_are_as_large_as_they_say(nowhere: tuple[Place, Tracts]) -> None:
    from tests.benchmarks.typology_nowhere import truth

    _, found = nowhere
    told = truth(county(2020), found)
    for name, amount in found.before.items():
        off = (amount.value - told.before[name].value) / amount.se
        assert 0.6 < np.sqrt(np.nanmean(off**2)) < 1.5, name


def test_the_headline_is_near_the_truth(nowhere: tuple[Place, Tracts]) -> None:
    from justgeo.measure.typology.classify import classify
    from justgeo.measure.typology.headline import of_typology
    from justgeo.measure.typology.values import Settings
    from tests.benchmarks.typology_nowhere import truth

    held, found = nowhere
    true = classify(truth(county(2020), found), Settings(draws=1000))
    homes = true.tracts.households.value
    share = np.nansum(homes * true.pressed["value"]) / homes[np.isfinite(true.pressed["value"])].sum()
    told = of_typology(displacement.typology_of(held, ROW), "value")["households"]
    assert 0.2 < share < 0.6
    assert abs(told.expected_share.value - share) < told.expected_share.moe < 0.1
