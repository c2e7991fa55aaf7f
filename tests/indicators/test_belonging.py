"""Displacement vulnerability (Bates 2013, part A) on six tracts by hand, and the worked example of the methods."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from justgeo.core.errors import Absent
from justgeo.core.field import ClassField
from justgeo.indicators import belonging
from justgeo.indicators.belonging import CRITERIA, Criterion, combine, criteria, vulnerability
from justgeo.indicators.place import Place
from justgeo.measure import compare
from justgeo.measure.margins import Z90
from tests.indicators import town

EDGES: list[object] = [
    0, 10000, 15000, 20000, 25000, 30000, 35000, 40000, 45000,
    50000, 60000, 75000, 100000, 125000, 150000, 200000, "inf",
]  # fmt: skip
LOW, THIRTIES, FORTIES, TOP = "B19001_002", "B19001_007", "B19001_009", "B19001_017"
BINS = [f"B19001_{k:03d}" for k in range(2, 18)]
CODES = (
    "B25003_001", "B25003_003", "B03002_001", "B03002_003", "B15003_001",
    "B15003_022", "B15003_023", "B15003_024", "B15003_025", "B19001_001", *BINS,
)  # fmt: skip

# Homes, rented ones, people, White people not Hispanic, adults, those with a degree, and homes by income: under 10,000,
# 30,000 to 35,000, 40,000 to 45,000, 200,000 and more.
#
# All six: 400 of 1,000 homes rented (0.40); 600 of 2,000 people of colour (0.30); 500 of 1,000 adults without a degree
# (0.50). The median income is where 200 of the 400 in the forties lie below: 42,500; 80 % of it is 34,000, which is
# four fifths of the way from 30,000 to 35,000: 250 + 0.8 x 50 = 290 of 1,000 homes (0.29).
TRACTS: Mapping[str, tuple[float, ...]] = {
    "A": (100, 80, 200, 50, 100, 10, 60, 10, 20, 10),  # 0.80  0.75  0.90  0.68: all four
    "B": (100, 60, 200, 120, 100, 20, 50, 0, 40, 10),  # 0.60  0.40  0.80  0.50: all four
    "C": (100, 50, 200, 150, 100, 70, 20, 10, 50, 20),  # 0.50  0.25  0.30  0.28: renters alone
    "D": (100, 20, 200, 180, 100, 80, 10, 0, 40, 50),  # 0.20  0.10  0.20  0.10: none
    "E": (100, 70, 200, 100, 100, 50, 40, 10, 40, 10),  # 0.70  0.50  0.50  0.48: three; a tie is not above
    "F": (500, 120, 1000, 800, 500, 270, 70, 20, 210, 200),  # 0.24  0.20  0.46  0.172: none
}
SHARES = {
    "renters": ([0.80, 0.60, 0.50, 0.20, 0.70, 0.24], 0.40),
    "people_of_colour": ([0.75, 0.40, 0.25, 0.10, 0.50, 0.20], 0.30),
    "no_bachelors": ([0.90, 0.80, 0.30, 0.20, 0.50, 0.46], 0.50),
    "low_income": ([0.68, 0.50, 0.28, 0.10, 0.48, 86 / 500], 0.29),
}
FLAGS = [1, 1, 0, 0, 1, 0]
GEOIDS = dict(zip(TRACTS, (f"99001000{k}00" for k in range(1, 7)), strict=True))


def frame(moe: float = 0.0) -> pd.DataFrame:
    """The six tracts, every cell with the same margin."""
    rows = {}
    for name, (homes, rented, people, white, adults, degree, low, thirties, forties, top) in TRACTS.items():
        cells = dict.fromkeys(CODES, 0.0)
        cells |= {"B25003_001": homes, "B25003_003": rented, "B03002_001": people, "B03002_003": white}
        # The degree holders are spread over two lines, since four are added up.
        cells |= {"B15003_001": adults, "B15003_022": degree - 5, "B15003_025": 5, "B19001_001": homes}
        cells |= {LOW: low, THIRTIES: thirties, FORTIES: forties, TOP: top}
        rows[name] = {f"{c}E": float(v) for c, v in cells.items()} | {f"{c}M": moe for c in cells}
    return pd.DataFrame.from_dict(rows, orient="index")


def place(found: pd.DataFrame, **more: Any) -> Place:
    """A place with the tables of a frame whose rows are tracts."""
    layers: dict[str, Any] = {}
    for table in dict.fromkeys(str(c)[:6] for c in found.columns):
        columns = [c for c in found.columns if str(c).startswith(table)]
        rows = {GEOIDS.get(str(i), str(i)): found.loc[i, columns].to_dict() for i in found.index}
        layers[f"acs:{table}@2024"] = town.table(f"acs:{table}", rows)
    return town.place(layers, **{"reference_prefixes": ("99001",), **more})


ROW = town.row("vulnerability", weight="households", aggregate="class", parameters={"income_edges": EDGES})


def measured(found: pd.DataFrame, **more: Any) -> ClassField:
    return vulnerability(ROW, place(found, **more))


@pytest.mark.parametrize("name", CRITERIA)
def test_each_condition_is_a_share_of_the_tract_against_that_of_all_tracts(name: str) -> None:
    found = criteria(frame(), EDGES)[name]
    shares, region = SHARES[name]
    assert found.share == pytest.approx(shares)
    assert found.region == pytest.approx(region)
    assert found.holds.tolist() == [float(s > region + 1e-12) for s in shares]
    # Without any error the probability is the plain comparison, a tie being not above.
    assert found.probability.tolist() == found.holds.tolist()


def test_three_of_four_make_a_tract_vulnerable() -> None:
    field = measured(frame())
    assert field.flag.tolist() == FLAGS
    assert field.probability.tolist() == pytest.approx(np.clip(FLAGS, 0.01, 0.99).tolist())
    assert field.units.geoid.tolist() == list(GEOIDS.values())
    assert (set(field.units.level), field.units.vintage) == ({"tract"}, 2020)
    assert field.weights.estimate[:, 0].tolist() == [100, 100, 100, 100, 100, 500]
    assert field.weight == "households"


def test_margins_of_tract_and_region_both_enter_the_probability() -> None:
    found = frame()
    found.loc["A", ["B25003_003M", "B25003_001M"]] = [10.0, 10.0]  # sqrt(100 - 0.64 x 100) / 100 = 0.06
    found.loc["F", "B25003_003M"] = 30.0
    renters = criteria(found, EDGES)["renters"]
    assert renters.se[0] == pytest.approx(0.06 / Z90)
    region = math.sqrt(10**2 + 30**2 - 0.4**2 * 10**2) / 1000  # all tracts together
    assert renters.region_se == pytest.approx(region / Z90)
    expected = compare.probability_above(0.24, 30 / 500 / Z90, 0.40, region / Z90)
    assert renters.probability[5] == pytest.approx(float(expected))


def worked(shares: list[float], moes: list[float]) -> list[Criterion]:
    """METHODS 5.4: thresholds of the Denver region in 2018, taken without error."""
    regions = (0.369, 0.347, 0.552, 0.407)
    made = []
    for share, moe, region in zip(shares, moes, regions, strict=True):
        chance = compare.probability_above(np.array([share]), moe / Z90, region, 0.0)
        holds = np.array([float(share > region)])
        made.append(Criterion(np.array([share]), np.array([moe / Z90]), region, 0.0, np.asarray(chance), holds))
    return made


@pytest.mark.parametrize(
    ("shares", "moes", "chances", "together", "flag"),
    [
        ([0.58, 0.41, 0.60, 0.52], [0.07, 0.05, 0.06, 0.06], [1.000, 0.9809, 0.9059, 0.9990], 0.998, 1),
        ([0.40, 0.36, 0.50, 0.42], [0.07, 0.06, 0.06, 0.06], [0.767, 0.639, 0.077, 0.639], 0.348, 1),
    ],
)
def test_the_worked_example_of_the_methods(
    shares: list[float], moes: list[float], chances: list[float], together: float, flag: int
) -> None:
    found = worked(shares, moes)
    assert [float(c.probability[0]) for c in found] == pytest.approx(chances, abs=5e-4)
    probability, plain = combine(found)
    assert probability[0] == pytest.approx(together, abs=5e-4)
    assert plain[0] == flag  # the second by its estimates, though its probability is but a third


def given(*chances: float) -> list[Criterion]:
    nothing = np.array([np.nan])
    return [
        Criterion(nothing, nothing, 0.5, 0.0, np.array([c]), np.array([np.nan if np.isnan(c) else float(c > 0.5)]))
        for c in chances
    ]


NAN = float("nan")


@pytest.mark.parametrize(
    ("chances", "flag", "probability"),
    [
        ((1, 1, 1, NAN), 1, 1),  # three hold: whatever the fourth is
        ((1, 0, 0, NAN), 0, 0),  # at most two hold
        ((1, 1, 0, NAN), NAN, NAN),  # all hangs on the fourth
        ((NAN, NAN, 0, 0), 0, 0),
        ((NAN, NAN, 1, 0), NAN, NAN),
        ((NAN, NAN, 1, 1), NAN, NAN),  # two hold, none more known
        ((NAN, NAN, NAN, NAN), NAN, NAN),
        # P(3 of 3) = 0.95^3 = 0.857; with a sure fourth P(2 of 3 at least) = 0.993: too wide a range to say.
        ((0.95, 0.95, 0.95, NAN), 1, NAN),
        # 0.99^3 = 0.9703 to 0.9997: narrow, its middle counts.
        ((0.99, 0.99, 0.99, NAN), 1, (0.970299 + (0.970299 + 3 * 0.99**2 * 0.01)) / 2),
    ],
)
def test_a_missing_condition_decides_only_if_nothing_hangs_on_it(
    chances: tuple[float, ...], flag: float, probability: float
) -> None:
    chance, plain = combine(given(*chances))
    assert plain.tolist() == pytest.approx([flag], nan_ok=True)
    assert chance.tolist() == pytest.approx([probability], nan_ok=True)


def test_a_tract_without_a_number_is_neither_counted_nor_pooled() -> None:
    found = frame()
    found.loc[["A", "E"], "B25003_003E"] = np.nan
    renters = criteria(found, EDGES)["renters"]
    assert renters.region == pytest.approx((60 + 50 + 20 + 120) / 800)
    field = measured(found)
    assert field.flag == pytest.approx([1, 1, 0, 0, NAN, 0], nan_ok=True)  # A has three others, E only two
    assert field.probability == pytest.approx([0.99, 0.99, 0.01, 0.01, NAN, 0.01], nan_ok=True)


def test_a_tract_of_which_one_income_class_is_unknown_does_not_bend_the_regions_median() -> None:
    found = frame()
    found.loc["F", f"{TOP}E"] = np.nan
    # Of the five others: 180, 30, 190, 100; the median lies 40 / 190 into the forties: 41,052.63.
    cut = 0.8 * (40_000 + 40 / 190 * 5_000)
    low = criteria(found, EDGES)["low_income"]
    assert low.share[0] == pytest.approx((60 + 10 * (cut - 30_000) / 5_000) / 100)
    assert np.isnan(low.share[5]) and np.isnan(low.holds[5])
    assert low.region == pytest.approx((180 + 30 * (cut - 30_000) / 5_000) / 500)


def test_few_homes_and_group_quarters_leave_a_tract_out_but_not_out_of_the_region() -> None:
    found = frame()
    found["B26001_001E"], found["B26001_001M"] = [0.0, 101, 100, 0, 0, 0], 1.0
    found["B01003_001E"], found["B01003_001M"] = 200.0, 1.0
    found.loc["D", "B25003_001E"] = 99.0
    field = measured(found)
    assert field.flag == pytest.approx([1, NAN, 0, NAN, 1, 0], nan_ok=True)  # B: 50.5 %; C: 50 % is not more than half
    assert np.isnan(field.probability).tolist() == [False, True, False, True, False, False]
    assert criteria(found, EDGES)["renters"].region == pytest.approx(400 / 999)


def test_without_the_tables_of_group_quarters_nothing_is_left_out_for_them() -> None:
    assert not np.isnan(measured(frame()).flag).any()


def test_only_tracts_of_the_reference_are_looked_at() -> None:
    found = frame()
    more = pd.concat([found, found.rename(index=dict.fromkeys(["A"], "99003000100")).loc[["99003000100"]]])
    more = pd.concat([more, found.rename(index={"B": GEOIDS["B"] + "1"}).loc[[GEOIDS["B"] + "1"]]])
    field = measured(more)
    assert field.units.geoid.tolist() == list(GEOIDS.values())
    assert field.flag.tolist() == FLAGS


def test_it_is_absent_without_a_reference_with_few_tracts_and_by_group() -> None:
    with pytest.raises(Absent, match="none is known here"):
        measured(frame(), reference_prefixes=())
    with pytest.raises(Absent, match="only 4 tracts"):
        measured(frame().iloc[:4])
    with pytest.raises(Absent, match="not split by group"):
        vulnerability(ROW, place(frame()), "race:white")


def test_it_is_absent_where_the_regions_median_is_only_a_bound() -> None:
    found = frame()
    found[f"{TOP}E"] = 5000.0
    with pytest.raises(Absent, match="open bracket"):
        measured(found)


def test_the_four_conditions_are_named() -> None:
    assert tuple(criteria(frame(), EDGES)) == CRITERIA == ("renters", "people_of_colour", "no_bachelors", "low_income")
    assert belonging.NEEDED == 3
