"""Other reference sets, base years and thresholds: hand answers, matching by GEOID, one way of counting."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from justgeo.core.errors import LayerError
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.headline import of_typology
from justgeo.measure.typology.prepare import TooFewTracts
from justgeo.measure.typology.sensitivity import AS_REPORTED, Variation, vary
from justgeo.measure.typology.values import VARIANTS, Amount, Pooled, Settings, Tracts
from tests.measure.typology.made import NAN, amount, random_county, reordered, tracts

QUICK = Settings(draws=1000)


def county(**low_income: Any) -> Tracts:
    """Ten tracts without margins; the region's pooled shares are 0.4, no bachelors 0.6.

    Renters and people of colour hold everywhere, no bachelors nowhere: low income decides, above 0.4.
    """
    share = low_income.get("share", [0.50, 0.43, 0.41, 0.40, 0.38, 0.37, 0.35, 0.30, 0.20, NAN])
    now = {"owners": 0.2, "white": 0.2, "bachelors": 0.9, "low_income": share}
    homes = [1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000]
    return tracts(10, now, households=homes, renters=[h / 10 for h in homes])


def vulnerable(rows: tuple[Variation, ...]) -> dict[str, tuple[int, float, int]]:
    """Tracts, households, tracts that moved, by row."""
    return {
        r.name: (r.vulnerable.tracts, round(r.vulnerable.households.flagged.value, 6), r.moved.vulnerable) for r in rows
    }


def test_thresholds_by_hand() -> None:
    """Above .40: three tracts of 6,000 households; above .36: six of 21,000; above .44: one of 1,000."""
    got = vary(county(), QUICK)
    assert [r.name for r in got] == [AS_REPORTED, "thresholds 10 % lower", "thresholds 10 % higher"]
    assert vulnerable(got) == {
        AS_REPORTED: (3, 6000.0, 0),
        "thresholds 10 % lower": (6, 21_000.0, 3),
        "thresholds 10 % higher": (1, 1000.0, 2),
    }
    first, lower, _ = got
    assert first.vulnerable.told == 9 and first.vulnerable.households.unknown == 10_000
    assert lower.vulnerable.renter_households.flagged.value == pytest.approx(2100)
    assert first.vulnerable.expected_tracts == 3.0  # no sampling error: a chance is 1 or 0
    assert (lower.scale, lower.reference, lower.tracts, lower.absent) == (0.9, 10, 10, 0)
    # no medians: nothing is told of the market where a tract is vulnerable
    assert first.pressed["rent"].told == 6 and first.pressed["rent"].tracts == 0
    assert lower.moved.pressed["rent"] == 3  # told (no) as reported, and no longer


def test_only_the_district_is_counted() -> None:
    inside = np.array([False, True, False, True, True, False, False, False, False, False])
    got = vary(county(), QUICK, inside=inside)
    assert vulnerable(got) == {
        AS_REPORTED: (1, 2000.0, 0),
        "thresholds 10 % lower": (3, 11_000.0, 2),
        "thresholds 10 % higher": (0, 0.0, 1),
    }
    assert {r.tracts for r in got} == {3}
    half = vary(county(), QUICK, inside=inside * 0.5)
    assert half[0].vulnerable.households.flagged.value == 1000 and half[0].vulnerable.households.cut == 3


def test_another_set_is_matched_by_id_and_its_own_homes_are_not_counted() -> None:
    """A set of seven, backwards, whose pooled share is 0.36 and whose homes are others."""
    seven = reordered(county(), [6, 5, 4, 3, 2, 1, 0])
    other = replace(
        seven,
        region_now={**seven.region_now, "low_income": Pooled(0.36, 0.0)},
        households=amount(7, 1.0e6),
        years=(2013, 2024),
    )
    got = vary(county(), QUICK, others={"seven": other}, scales=())
    assert vulnerable(got) == {AS_REPORTED: (3, 6000.0, 0), "seven": (6, 21_000.0, 3)}
    assert (got[1].reference, got[1].absent, got[1].tracts, got[1].years) == (7, 3, 10, (2013, 2024))


def test_a_set_that_does_not_hold_the_district_is_refused() -> None:
    elsewhere = replace(county(), geoid=np.array([f"99003{i:06d}" for i in range(10)]))
    with pytest.raises(LayerError, match="None of the 10 tracts that are counted is in the set 'elsewhere'"):
        vary(county(), QUICK, others={"elsewhere": elsewhere})
    with pytest.raises(TooFewTracts):
        vary(county(), QUICK, others={"four": reordered(county(), [0, 1, 2, 3])})


def test_first_row_is_the_headline() -> None:
    base = random_county(5, n=20, missing=0.1)
    inside = np.linspace(0.0, 1.0, 20)
    typology = classify(base, QUICK)
    (row,) = vary(base, QUICK, scales=(), inside=inside, reported=typology)
    for variant in VARIANTS:
        lines = of_typology(typology, variant, inside)
        tally = row.pressed[variant]
        assert repr(asdict(tally.households)) == repr(asdict(lines["households"]))
        assert repr(asdict(tally.renter_households)) == repr(asdict(lines["renter_households"]))
    assert row.moved.vulnerable == 0 and set(row.moved.stage.values()) == {0}


def test_expected_tracts_are_the_sum_of_chances() -> None:
    base = random_county(6, n=20)
    typology = classify(base, QUICK)
    (row,) = vary(base, QUICK, scales=(), reported=typology)
    assert row.vulnerable.expected_tracts == pytest.approx(typology.p_vulnerable.sum())
    assert row.vulnerable.expected_tracts == pytest.approx(row.vulnerable.households.expected.value / 1000)
    unsure = {k: Amount(a.value, np.full(20, NAN)) for k, a in base.now.items()}
    (row,) = vary(replace(base, now=unsure), QUICK, scales=())
    assert np.isnan(row.vulnerable.expected_tracts) and row.vulnerable.told == 20


def test_order_of_tracts_does_not_matter() -> None:
    base, order = random_county(7, n=15, missing=0.1), np.random.default_rng(1).permutation(15).tolist()
    inside = np.arange(15) < 6
    one = vary(base, QUICK, inside=inside)
    other = vary(reordered(base, order), QUICK, inside=inside[order])
    for a, b in zip(one, other, strict=True):
        assert a.moved == b.moved and (a.name, a.tracts, a.absent) == (b.name, b.tracts, b.absent)
        for x, y in ((a.vulnerable, b.vulnerable), *((a.pressed[v], b.pressed[v]) for v in VARIANTS)):
            assert (x.tracts, x.told) == (y.tracts, y.told)
            assert x.households.expected == pytest.approx(y.households.expected, nan_ok=True)
