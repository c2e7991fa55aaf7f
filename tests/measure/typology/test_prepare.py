"""Who is classed, what is known, what is refused, and shares pooled over a region."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from justgeo.core.errors import ConfigError, JustgeoError, LayerError
from justgeo.core.layer import FloatArray
from justgeo.measure import margins
from justgeo.measure.margins import Z90
from justgeo.measure.typology import prepare as p
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.values import Amount, Pooled, Settings, Tracts
from tests.measure.typology.invented import NAN, PRICE, QUICK, changed, even, region, take


def test_who_is_left_out_and_why() -> None:
    tracts = even(6, households=[99, 100, NAN, 5000, 5000, 0])
    tracts = replace(tracts, group_quarters=np.array([0.9, 0.5, 0.0, 0.51, NAN, 0.0]))
    assert p.exclusions(tracts, Settings()) == (
        "fewer than 100 households",
        None,
        "the number of households is not known",
        "more than 50% of the people live in group quarters",
        None,
        "fewer than 100 households",
    )


def test_what_is_left_out_is_known_of_nothing() -> None:
    tracts = replace(region(), group_quarters=np.r_[0.8, np.zeros(39)])
    ready = p.prepare(tracts, Settings())
    assert not ready.valid[0].any()
    assert ready.valid[1:].all()
    assert ready.missing[0].all()


def test_a_median_of_few_homes_is_not_used_in_either_vintage() -> None:
    few = np.array([49.0, 50.0, NAN, 400, 400, 400])
    ready = p.prepare(even(6, homes={"value_before": few}), Settings())
    at = {name: k for k, name in enumerate(p.MEASURES)}
    for name in ("value_before_high", "value_change_high"):
        assert_array_equal(ready.valid[:, at[name]], [False, True, True, True, True, True])
    assert ready.valid[:, at["value_now_high"]].all()
    assert_array_equal(ready.missing, np.array([[True, False]] + [[False, False]] * 5))


def test_a_missing_number_takes_only_its_own_conditions() -> None:
    at = {name: k for k, name in enumerate(p.MEASURES)}
    ready = p.prepare(changed(region(), "before", "white", 3, value=NAN), Settings())
    assert_array_equal(np.flatnonzero(~ready.valid[3]), [at["white"]])
    ready = p.prepare(changed(region(), "now", "owners", 3, value=NAN), Settings())
    assert_array_equal(np.flatnonzero(~ready.valid[3]), [at["renters"], at["owners"]])
    ready = p.prepare(changed(region(), "now", "rent", 3, se=NAN), Settings())
    assert ready.valid[3].all()
    assert_array_equal(np.flatnonzero(~ready.sure[3]), [at["rent_now_high"], at["rent_change_high"]])


def test_no_change_is_told_from_a_coded_end() -> None:
    at = {name: k for k, name in enumerate(p.MEASURES)}
    tracts = changed(region(), "before", "value", 2, value=1_000_001.0, se=NAN)
    ready = p.prepare(replace(tracts, top={"value_before": np.arange(40) == 2}), Settings())
    assert_array_equal(np.flatnonzero(~ready.valid[2]), [at["value_change_high"]])
    assert ready.sure[2, at["value_before_high"]]
    assert not ready.missing[2].any()


def test_touching_is_mutual_and_a_stored_zero_is_no_neighbour() -> None:
    pairs = sparse.csr_array((np.array([1.0, 1.0, 0.0, 1.0]), ([0, 1, 2, 3], [1, 1, 3, 4])), shape=(5, 5))
    near = p.prepare(even(5, neighbours=pairs), Settings()).neighbours
    assert near is not None
    expected = np.zeros((5, 5), dtype=bool)
    expected[0, 1] = expected[1, 0] = expected[3, 4] = expected[4, 3] = True
    assert_array_equal(near.toarray() > 0, expected)


def test_measures_by_hand() -> None:
    x = np.array([[0.42, 0.59, 0.40, 0.52, 60_500, 395_000, 1500, 0.45, 0.50, 0.25, 48_000, 210_000, 1000]])
    moe = np.array([[0.07, 0.05, 0.06, 0.06, 7000, 22_000, 90, 0.05, 0.05, 0.04, 5000, 16_000, 60]])
    found = [float(m[0, 0]) for m in p.measures(x[:, :, None], PRICE)]
    errors = [float(e[0]) * Z90 for e in p.measure_errors(x, moe / Z90, PRICE)]
    named, wide = dict(zip(p.MEASURES, found, strict=True)), dict(zip(p.MEASURES, errors, strict=True))
    assert_allclose(
        [named[k] for k in ("renters", "people_of_colour", "no_bachelors", "low_income")], [0.58, 0.41, 0.60, 0.52]
    )
    assert_allclose([named[k] for k in ("owners", "white", "bachelors")], [-0.03, 0.09, 0.15])
    assert_allclose(named["income"], 60_500 / (48_000 * PRICE) - 1)
    assert named["value_before_high"] == 210_000
    assert named["value_now_high"] == 395_000
    # METHODS 5.4: +42.0 % with a margin of 13.4
    assert round(100 * named["value_change_high"], 1) == 42.0
    assert round(100 * wide["value_change_high"], 1) == 13.4
    assert_allclose(named["rent_change_high"], 1.5 / PRICE - 1)
    assert_allclose(wide["owners"], np.hypot(0.07, 0.05))
    assert_allclose([wide["renters"], wide["low_income"], wide["rent_now_high"]], [0.07, 0.06, 90])


# --- shares --------------------------------------------------------------------------------------------------------
def test_shares_by_tract_and_pooled() -> None:
    x, x_moe = np.array([100.0, 300.0, NAN]), np.array([20.0, 30.0, 5.0])
    y, y_moe = np.array([200.0, 600.0, 500.0]), np.array([25.0, 40.0, 30.0])
    share = p.share_of(x, x_moe, y, y_moe)
    assert_allclose(share.value, [0.5, 0.5, NAN])
    assert_allclose(share.se[:2], margins.proportion(x, x_moe, y, y_moe).moe[:2] / Z90)
    assert p.share_of(np.array([30.0]), np.ones(1), np.array([100.0]), np.ones(1)).value.tolist() == [0.3]
    pooled = p.pooled_share(x, x_moe, y, y_moe)  # the third tract is known in one cell only: left out of both sums
    assert pooled.value == 0.5
    assert_allclose(pooled.se, margins.proportion(400, np.hypot(20, 30), 800, np.hypot(25, 40)).moe / Z90)
    other = p.pooled_share(x, x_moe, y, y_moe, complement=True)
    assert_allclose(other, (1 - pooled.value, pooled.se))
    assert np.isnan(p.pooled_share(x[2:], x_moe[2:], y[2:], y_moe[2:])).all()


def test_a_pooled_share_is_no_mean_of_shares() -> None:
    pooled = p.pooled_share(np.array([10.0, 900.0]), np.ones(2), np.array([100.0, 1000.0]), np.ones(2))
    assert_allclose(pooled.value, 910 / 1100)


def test_cells_of_a_numerator_are_added() -> None:
    cells, moes = np.array([[10.0, 20.0], [0.0, 5.0]]), np.array([[3.0, 4.0], [12.0, 5.0]])
    share = p.share_of(cells, moes, np.array([60.0, 50.0]), np.array([6.0, 5.0]), complement=True)
    assert_allclose(share.value, [0.5, 0.9])
    assert_allclose(share.se[1] * Z90, np.sqrt(12**2 + 5**2 - 0.1**2 * 25) / 50)


# --- refusals ------------------------------------------------------------------------------------------------------
def amount(n: int, value: float) -> Amount:
    return Amount(np.full(n, value), np.full(n, 0.0))


def with_now(tracts: Tracts, name: str, value: FloatArray) -> Tracts:
    return replace(tracts, now={**tracts.now, name: Amount(value, np.zeros(value.shape))})


REFUSED: dict[str, tuple[Callable[[Tracts], Tracts], str]] = {
    "twice": (lambda t: replace(t, geoid=np.r_[t.geoid[:-1], t.geoid[:1]]), "1 GEOIDs stand .* 99001000100"),
    "nameless": (lambda t: replace(t, geoid=np.r_[t.geoid[:-1], [""]]), "no GEOID"),
    "short": (lambda t: with_now(t, "owners", np.ones(5)), r"owners \(now\) has shape \(5,\), the tracts are 40"),
    "unknown": (lambda t: with_now(t, "homes", np.ones(40)), "'homes'"),
    "region": (lambda t: replace(t, region_now={**t.region_now, "value": Pooled(3e5, 1.0)}), "'value'"),
    "percent": (lambda t: changed(t, "now", "white", 3, value=41.0), r"white \(now\) of 41 cannot be: 99001000400\."),
    "negative share": (lambda t: changed(t, "before", "owners", 0, value=-0.1), r"owners \(before\) of -0.1"),
    "sentinel": (lambda t: changed(t, "now", "value", 7, value=-666666666.0), "-666,666,666 cannot be: 99001000800"),
    "margin sentinel": (lambda t: changed(t, "now", "rent", 7, se=-222222222.0), "error of rent .now. of -222,222,222"),
    "controlled": (lambda t: changed(t, "now", "rent", 7, se=-555555555.0), "-555,555,555"),
    "negative dollars": (lambda t: changed(t, "before", "income", 1, value=-5.0), r"income \(before\) of -5"),
    "no dollars": (lambda t: changed(t, "now", "rent", 1, value=0.0), r"rent \(now\) of 0"),
    "infinite": (lambda t: changed(t, "now", "income", 1, value=np.inf), "inf"),
    "negative error": (lambda t: changed(t, "now", "income", 1, se=-1.0), "standard error of income"),
    "infinite error": (lambda t: changed(t, "now", "income", 1, se=np.inf), "inf"),
    "households": (lambda t: replace(t, households=amount(40, -1.0)), "-1 cannot be: 99001000100 and 39 more"),
    "homes": (lambda t: replace(t, homes={"value_now": np.full(40, -1.0)}), "homes of value_now"),
    "homes named": (lambda t: replace(t, homes={"value": np.full(40, 9.0)}), "'value'"),
    "quarters": (lambda t: replace(t, group_quarters=np.full(40, 1.2)), "group_quarters of 1.2"),
    "top": (lambda t: replace(t, top={"rent_now": np.zeros(3, dtype=bool)}), "top of rent_now has shape"),
    "bare top": (
        lambda t: replace(changed(t, "now", "value", 4, value=NAN), top={"value_now": np.arange(40) == 4}),
        "99001000500 is marked as the top",
    ),
    "bare top of then": (
        lambda t: replace(changed(t, "before", "rent", 4, value=NAN), top={"rent_before": np.arange(40) == 4}),
        r"\(rent_before\) of tract 99001000500 is marked as the top",
    ),
    "neighbours": (lambda t: replace(t, neighbours=sparse.csr_array((4, 4))), r"\(4, 4\) do not fit 40"),
    "edge": (lambda t: replace(t, edge=np.zeros(3, dtype=bool)), "edge has shape"),
    "price": (lambda t: replace(t, price=0.0), "price index of 0"),
    "no price": (lambda t: replace(t, price=NAN), "price index of nan"),
    "years": (lambda t: replace(t, years=(2024, 2014)), "2024"),
    "region share": (lambda t: replace(t, region_now={**t.region_now, "white": Pooled(62.0, 1.0)}), "region of 62"),
    "region dollars": (lambda t: replace(t, region_before={"income": Pooled(-1.0, 1.0)}), "of the region of -1"),
    "region error": (
        lambda t: replace(t, region_now={"white": Pooled(0.5, -1.0)}),
        "error of white .now. of the region",
    ),
    "nobody": (lambda t: take(t, np.arange(0)), "no tract"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_a_remedy(case: str) -> None:
    spoil, message = REFUSED[case]
    with pytest.raises(LayerError, match=message) as caught:
        classify(spoil(region()), QUICK)
    assert len(caught.value.remedy) > 15


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(draws=999), "draws = 999"),
        (Settings(seed=-1), "seed = -1"),
        (Settings(scale=0.0), "scale = 0"),
        (Settings(high=60.0), "high = 60"),
        (Settings(max_group_quarters=50.0), "max_group_quarters = 50"),
        (Settings(min_households=-1.0), "min_households"),
        (Settings(min_units=-1.0), "min_units"),
        (Settings(correlation_now=np.eye(6)), r"correlation_now has shape \(6, 6\)"),
        (Settings(correlation_before=np.full((6, 6), 1.0)), "correlation_before is no matrix"),
        (Settings(correlation_now=np.eye(7) * 2), "correlation_now is no matrix"),
        (Settings(correlation_now=np.triu(np.full((7, 7), 0.2), 1) + np.eye(7)), "correlation_now is no matrix"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: Settings, message: str) -> None:
    with pytest.raises(ConfigError, match=re.compile(message)):
        classify(region(), settings)


@pytest.mark.parametrize("n", [1, 4])
def test_a_region_of_few_tracts_is_no_reference(n: int) -> None:
    with pytest.raises(p.TooFewTracts, match=f"Of {n} tracts {n} can be classed; a class needs 5") as caught:
        classify(even(n), QUICK)
    assert "larger reference" in caught.value.remedy
    assert isinstance(caught.value, JustgeoError)


def test_a_region_of_which_nothing_is_left_says_why() -> None:
    with pytest.raises(p.TooFewTracts, match=r"Of 9 tracts 0 can be classed \(fewer than 100 households\)"):
        classify(even(9, households=20.0), QUICK)
