"""Other methods on the same tracts: hand answers, missing values, sentinels, order of tracts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from justgeo.core.errors import LayerError
from justgeo.measure.typology.rivals import Opinion, ding, median_of_tracts, udp_rule, udp_vulnerable
from justgeo.measure.typology.values import Tracts
from tests.measure.typology.made import NAN, amount, tracts

SENTINEL = -666666666.0

# Five tracts; every median lies on the third. The shares of `white` and `owners` are one less what the rule asks.
NOW: dict[str, Any] = {
    "rent": [900, 1000, 1100, 1200, 1300],
    "value": [100_000, 200_000, 300_000, 400_000, 500_000],
    "low_income": [0.5, 0.4, 0.3, 0.2, 0.1],
    "white": [0.3, 0.4, 0.5, 0.6, 0.7],
    "owners": [0.2, 0.3, 0.4, 0.5, 0.6],
    "bachelors": [0.1, 0.2, 0.3, 0.4, 0.5],
}


def county(**changes: Any) -> Tracts:
    return tracts(5, {**NOW, **changes})


def flags(opinion: Opinion) -> list[float]:
    return [float(x) for x in opinion.holds]


def test_udp_by_hand() -> None:
    got = udp_vulnerable(county())
    assert flags(got) == [1, 1, 0, 0, 0]  # the third has its three of four, but rent and value lie on the median
    of_third = {name: float(c.holds[2]) for name, c in got.criteria.items()}
    assert of_third == {"rent": 0, "value": 0, "low_income": 1, "people_of_colour": 1, "renters": 1, "bachelors": 0}
    assert got.criteria["rent"].threshold == 1100 and got.criteria["people_of_colour"].threshold == 0.5


def test_udp_cheap_by_one_of_the_two() -> None:
    got = udp_vulnerable(county(value=[100_000, 200_000, 90_000, 400_000, 500_000]))
    assert got.criteria["value"].threshold == 200_000
    assert flags(got) == [1, 1, 1, 0, 0]  # the second by its rent, the third by its value


def test_udp_asks_three_of_four() -> None:
    # the first loses two of its four conditions, the second one
    got = udp_vulnerable(county(low_income=[0.0, 0.0, 0.3, 0.2, 0.1], bachelors=[0.6, 0.2, 0.3, 0.4, 0.5]))
    assert flags(got)[:2] == [0, 1]


def test_low_income_of_tracts_goes_first() -> None:
    share = {"low_income_of_tracts": amount(5, [0.0, 0.4, 0.3, 0.2, 0.1])}
    plain, own = udp_vulnerable(county()), udp_vulnerable(tracts(5, NOW, extra=share))
    assert plain.criteria["low_income"].holds[0] == 1 and own.criteria["low_income"].holds[0] == 0
    assert any("80 %" in note for note in plain.notes) and own.notes == ()


def test_missing_decides_only_where_the_outcome_is_the_same() -> None:
    # Of the first, one of four is missing: three hold. Of the second, rent is missing, value is low. Of the third
    # rent is missing and value is not low; of the fourth rent is missing, but it fails the three of four.
    got = udp_vulnerable(
        county(low_income=[NAN, 0.4, 0.3, 0.2, 0.1], rent=[900, NAN, NAN, NAN, 1300], white=[0.3, 0.4, 0.5, 0.6, 0.7])
    )
    assert got.criteria["low_income"].threshold == pytest.approx(0.25)  # of the four that are known
    assert flags(got)[0] == 1 and flags(got)[1] == 1 and flags(got)[3] == 0
    assert np.isnan(got.holds[2])


def test_a_column_that_is_missing_altogether() -> None:
    got = udp_vulnerable(tracts(5, {k: v for k, v in NOW.items() if k != "value"}))
    assert np.isnan(got.criteria["value"].threshold) and np.isnan(got.criteria["value"].holds).all()
    assert flags(got)[:2] == [1, 1] and np.isnan(got.holds[2]) and flags(got)[3:] == [0, 0]


def test_where_no_tract_could_be_flagged_nothing_is_told_and_the_reason_is() -> None:
    """Without rents and values the rule could still say no, of 3 of 5: "0 of 3 flagged" would be no finding."""
    got = udp_vulnerable(tracts(5, {k: v for k, v in NOW.items() if k not in ("rent", "value")}))
    assert np.isnan(got.holds).all()
    assert got.reason == "it asks for home values and rents, and that is known of no tract"
    assert np.isfinite(got.criteria["renters"].holds).all()  # its conditions stay told
    # one of the four may lack, two may not
    one, two = (udp_vulnerable(county(**dict.fromkeys(names, NAN))) for names in (["white"], ["white", "owners"]))
    assert flags(one)[:2] == [1, 1] and one.reason is None
    assert np.isnan(two.holds).all() and two.reason is not None and "people of colour and renters" in two.reason
    # the treatment of the published figures takes what is missing for below or not reached, and so tells all
    published = udp_vulnerable(county(rent=NAN, value=NAN), as_published=True)
    assert np.isfinite(published.holds).all() and published.reason is None


@pytest.mark.parametrize(("name", "said"), [("income", "incomes"), ("bachelors", "degrees")])
def test_ding_without_what_every_flag_needs_tells_nothing(name: str, said: str) -> None:
    got = ding(tracts(5, SINCE, {k: v for k, v in THEN.items() if k != name}, price=1.25))
    assert np.isnan(got.holds).all() and got.reason == f"it asks for {said}, and that is known of no tract"
    by_rent = ding(tracts(5, SINCE, {k: v for k, v in THEN.items() if k != "value"}, price=1.25))
    assert by_rent.reason is None and flags(by_rent)[0] == 1  # by rent or by value


def test_sentinels_are_refused_with_a_remedy() -> None:
    wrong = county(rent=[SENTINEL, 1000, 1100, 1200, 1300])
    with pytest.raises(LayerError, match="rent of tract 99001000001 is -666666666") as caught:
        udp_vulnerable(wrong)
    assert "published" in caught.value.remedy
    with pytest.raises(LayerError, match="owners of tract"):  # not in a share, however it is asked
        udp_vulnerable(county(owners=[0.2, SENTINEL, 0.4, 0.5, 0.6]), as_published=True)


def test_as_published_differs_from_the_right_treatment_and_by_how_much() -> None:
    """Two of five: one is flagged on a rent that nobody knows, one is not since the sentinel moved the median."""
    # third: no rent, and a value on the median. fourth: the same value, and a rent between the two medians of rent
    rent = np.array([1300, 1400, SENTINEL, 1150, 1100])
    columns: dict[str, Any] = {
        "rent": rent,
        "value": [500_000, 250_000, 290_000, 290_000, 100_000],
        "low_income": [0.1, 0.1, 0.5, 0.5, 0.5],
        "white": [0.9, 0.9, 0.2, 0.2, 0.2],
        "owners": [0.9, 0.9, 0.2, 0.2, 0.2],
        "bachelors": [0.9, 0.9, 0.1, 0.1, 0.1],
    }
    published = udp_vulnerable(tracts(5, columns), as_published=True)
    right = udp_vulnerable(tracts(5, {**columns, "rent": np.where(rent == SENTINEL, NAN, rent)}))
    assert published.criteria["rent"].threshold == 1150 and right.criteria["rent"].threshold == 1225
    assert flags(published) == [0, 0, 1, 0, 1]
    assert np.isnan(right.holds[2]) and flags(right)[3] == 1 and flags(right)[4] == 1
    assert int((~(published.holds == right.holds)).sum()) == 2
    assert any("in 1 of 5 tracts" in note for note in published.notes)


def test_as_published_a_missing_value_counts_as_below() -> None:
    """The only comparison is "at least", of which a missing value is no; "below" is its contrary."""
    got = udp_vulnerable(county(rent=[900, 1000, NAN, 1200, 1300], low_income=[NAN, 0.4, 0.3, 0.2, 0.1]), True)
    assert not np.isnan(got.holds).any()
    assert got.criteria["rent"].holds[2] == 1 and got.criteria["low_income"].holds[0] == 0
    assert flags(got)[2] == 1  # 0.5 low rent in name only, and its three of four


def test_medians_may_be_given() -> None:
    """Medians of Denver in 2018 as METHODS 9 prints them, and a tract that lies on every one of them."""
    medians = {"rent": 1401.0, "value": 346_800.0, "low_income": 0.3876}
    medians |= {"people_of_colour": 0.26, "renters": 0.3077, "bachelors": 0.45}
    on_it = {name: np.array([value, value]) for name, value in medians.items()}
    on_it["rent"][1] = 1400.0
    got, criteria = udp_rule(on_it, medians)
    assert got.tolist() == [0, 1]
    assert criteria["bachelors"].holds.tolist() == [0, 0] and criteria["renters"].holds.tolist() == [1, 1]


# Ding et al., price 1.25. Medians: income 50,000; rise of rents and of values 0 %, of the share 10 points.
THEN: dict[str, Any] = {
    "income": [30_000, 36_000, 40_000, 48_000, 60_000],
    "rent": [800, 800, 800, 800, 800],
    "value": [100_000, 100_000, 100_000, 100_000, 100_000],
    "bachelors": [0.1, 0.1, 0.1, 0.1, 0.1],
}
SINCE: dict[str, Any] = {
    "rent": [1200, 900, 1000, 1000, 1500],
    "value": [100_000, 200_000, 125_000, 125_000, 200_000],
    "bachelors": [0.3, 0.25, 0.2, 0.15, 0.1],
}


def changed(since: dict[str, Any] | None = None, then: dict[str, Any] | None = None, **rest: Any) -> Tracts:
    return tracts(5, {**SINCE, **(since or {})}, {**THEN, **(then or {})}, price=1.25, **rest)


def test_ding_by_hand() -> None:
    got = ding(changed())
    assert got.criteria["income"].threshold == 50_000
    assert_allclose(got.criteria["rent"].value, [0.2, -0.1, 0.0, 0.0, 0.5])
    assert_allclose(got.criteria["value"].value, [-0.2, 0.6, 0.0, 0.0, 0.6])
    # first by rent, second by value; the third is on every median; the last could not, and its share fell behind
    assert flags(got) == [1, 1, 0, 0, 0]
    assert got.criteria["income"].holds.tolist() == [1, 1, 0, 0, 0]
    assert got.criteria["rent"].holds.tolist() == [1, 0, 0, 0, 1]  # the third and fourth lie on the median
    assert got.criteria["value"].holds.tolist() == [0, 1, 0, 0, 1]
    assert got.criteria["bachelors"].holds.tolist() == [1, 1, 0, 0, 0]


def test_ding_price_index_moves_nothing() -> None:
    dear, same = ding(changed()), ding(tracts(5, SINCE, THEN, price=1.0))
    assert_array_equal(dear.holds, same.holds)


def test_ding_missing() -> None:
    got = ding(changed({"rent": [NAN, NAN, 1000, 1000, 1500]}))
    assert np.isnan(got.holds[0])  # its value did not rise by more: the rent decides, and is missing
    assert got.holds[1] == 1  # its value did
    got = ding(changed({}, {"income": [NAN, 36_000, 40_000, 48_000, 60_000], "bachelors": [NAN, 0.1, 0.1, 0.1, 0.1]}))
    assert np.isnan(got.holds[0]) and got.holds[4] == 0
    assert flags(ding(tracts(5, SINCE)))[4] != flags(ding(tracts(5, SINCE)))[4]  # no earlier survey: nothing is told


def test_ding_takes_no_change_from_the_top_of_a_scale() -> None:
    coded = {"value_now": np.array([False, True, False, False, False])}
    got = ding(changed(top=coded))
    assert np.isnan(got.criteria["value"].value[1]) and np.isnan(got.holds[1])


def test_ding_refuses_sentinels() -> None:
    with pytest.raises(LayerError, match="income of tract 99001000005"):
        ding(changed({}, {"income": [30_000, 36_000, 40_000, 48_000, SENTINEL]}))


def test_median_of_nothing() -> None:
    assert np.isnan(median_of_tracts(np.array([NAN, NAN])))


# few levels, so that there are ties and values on the median
values = st.lists(st.sampled_from((NAN, 0.0, 0.25, 0.5, 0.75, 1.0)), min_size=36, max_size=36)


@given(values, values, st.permutations(range(6)))
def test_order_of_tracts_does_not_matter(now: list[float], before: list[float], order: list[int]) -> None:
    names = ("rent", "value", "low_income", "white", "owners", "bachelors")
    columns = dict(zip(names, np.array(now).reshape(6, 6), strict=True))
    then = dict(zip(("rent", "value", "income", "bachelors"), np.array(before[:24]).reshape(4, 6), strict=True))
    one = tracts(6, columns, then)
    other = tracts(6, {k: v[order] for k, v in columns.items()}, {k: v[order] for k, v in then.items()})
    for published in (False, True):
        assert_array_equal(udp_vulnerable(one, published).holds[order], udp_vulnerable(other, published).holds)
    assert_array_equal(ding(one).holds[order], ding(other).holds)


@given(values)
def test_missing_is_filled_by_either_answer(now: list[float]) -> None:
    """Where something is told with values missing, it stays so however the missing conditions turn out."""
    names = ("rent", "value", "low_income", "people_of_colour", "renters", "bachelors")
    columns = dict(zip(names, np.array(now).reshape(6, 6), strict=True))
    medians = dict.fromkeys(names, 0.5)
    told, _ = udp_rule(columns, medians)
    for low in range(2 ** len(names)):
        fill = {name: float(low >> i & 1) for i, name in enumerate(names)}
        filled, _ = udp_rule({k: np.where(np.isnan(v), fill[k], v) for k, v in columns.items()}, medians)
        known = ~np.isnan(told)
        assert_array_equal(told[known], filled[known])
