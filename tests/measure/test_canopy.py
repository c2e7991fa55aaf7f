"""The canopy goal: the printed example, every step, and what it may never be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justgeo.measure import canopy


def test_the_printed_example() -> None:
    """METHODS 4.3: forest, 5,000 residents per km², canopy 18 %: goal 32 %, gap 14 points."""
    goal = canopy.goal("forest", 5000)
    assert goal == pytest.approx(0.32)
    assert canopy.gap(goal, 0.18) == pytest.approx(0.14)


@pytest.mark.parametrize(
    ("density", "factor"),
    [(0, 1.2), (1999.9, 1.2), (2000, 1.0), (3999, 1.0), (4000, 0.8), (8000, 0.8), (8000.1, 0.5), (50_000, 0.5)],
)
def test_the_steps_of_density(density: float, factor: float) -> None:
    for biome, baseline in {"forest": 0.40, "grassland": 0.20, "mediterranean": 0.20, "desert": 0.15}.items():
        assert canopy.goal(biome, density) == pytest.approx(baseline * factor)


def test_what_is_not_known_stays_unknown_and_a_goal_that_is_met_is_no_gap() -> None:
    assert np.isnan(canopy.goal("forest", np.nan))
    assert np.isnan(canopy.gap(np.nan, 0.2)) and np.isnan(canopy.gap(0.3, np.nan))
    assert canopy.gap([0.3, 0.3], [0.3, 0.5]).tolist() == [0, 0]
    with pytest.raises(KeyError):
        canopy.goal("tundra", 100)


@given(st.sampled_from(list(canopy.BASELINES)), st.floats(0, 1e5), st.floats(0, 1e5), st.floats(0, 1))
def test_denser_places_are_asked_for_less_and_never_more_than_half_above_the_baseline(
    biome: str, one: float, two: float, cover: float
) -> None:
    low, high = sorted((one, two))
    assert canopy.goal(biome, low) >= canopy.goal(biome, high) > 0
    assert canopy.goal(biome, low) <= 1.5 * canopy.BASELINES[biome]
    gap = canopy.gap(canopy.goal(biome, low), cover)
    assert 0 <= gap <= canopy.goal(biome, low)
