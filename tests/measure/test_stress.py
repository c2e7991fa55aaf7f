"""Levels of traffic stress from tags: the rule's own examples, its order, and tags as mappers write them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justgeo.measure import stress
from justgeo.measure.stress import Streets, given_level, kmh, lane_count, levels, untagged

NAN = math.nan


def streets(*told: dict[str, Any]) -> Streets:
    names = ("highway", "bikeway", "maxspeed", "lanes", "lts")
    texts = {name: [str(one.get(name, "")) for one in told] for name in names}
    return Streets(cars=np.array([bool(one.get("cars", True)) for one in told]), **texts)


def level(**told: Any) -> float:
    return float(levels(streets(told))[0])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        # METHODS 7.8
        ({"highway": "tertiary", "bikeway": "lane"}, 2),
        ({"highway": "primary", "maxspeed": "35 mph"}, 4),
        ({"highway": "secondary", "maxspeed": "25 mph", "lanes": "2", "bikeway": "lane"}, 2),
        ({"highway": "service"}, NAN),
        ({"highway": "residential"}, 1),
        # each step, and the one before it
        ({"highway": "primary", "lts": "1"}, 1),
        ({"highway": "residential", "lts": "3"}, 3),
        ({"highway": "service", "lts": "2"}, 2),
        ({"highway": "service", "cars": False}, 1),
        ({"highway": "primary", "cars": False}, 1),
        ({"highway": "service", "bikeway": "track"}, NAN),
        ({"highway": "primary", "bikeway": "track", "maxspeed": "45 mph", "lanes": "6"}, 1),
        ({"highway": "living_street", "maxspeed": "45 mph", "lanes": "6"}, 1),
        ({"highway": "motorway", "bikeway": "lane"}, NAN),
        ({"highway": ""}, NAN),
        # up to tertiary
        ({"highway": "tertiary"}, 3),
        ({"highway": "tertiary", "lanes": "2"}, 2),
        ({"highway": "tertiary", "lanes": "3"}, 2),
        ({"highway": "tertiary_link", "lanes": "4"}, 3),
        ({"highway": "unclassified", "maxspeed": "25 mph"}, 2),
        ({"highway": "unclassified", "maxspeed": "25 mph", "lanes": "4"}, 3),
        ({"highway": "unclassified", "maxspeed": "30 mph", "lanes": "2"}, 3),
        ({"highway": "tertiary", "maxspeed": "55 mph", "lanes": "6", "bikeway": "lane"}, 2),
        # larger ones
        ({"highway": "secondary"}, 4),
        ({"highway": "secondary", "maxspeed": "25 mph", "lanes": "2"}, 4),
        ({"highway": "secondary", "bikeway": "lane"}, 3),
        ({"highway": "secondary", "bikeway": "lane", "maxspeed": "25 mph"}, 2),
        ({"highway": "secondary", "bikeway": "lane", "maxspeed": "25 mph", "lanes": "4"}, 3),
        ({"highway": "trunk", "bikeway": "lane", "maxspeed": "45 mph"}, 3),
        ({"highway": "trunk"}, 4),
        ({"highway": "secondary_link", "bikeway": "lane", "maxspeed": "26 mph", "lanes": "2"}, 3),
    ],
)
def test_the_rule(told: dict[str, Any], expected: float) -> None:
    assert level(**told) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25 mph", 25 * 1.609344),
        ("25mph", 25 * 1.609344),
        ("40", 40),
        ("40 km/h", 40),
        ("30 KMH", 30),
        ("10 knots", 18.52),
        ("walk", 7),
        ("none", math.inf),
        ("25 mph;35 mph", 35 * 1.609344),
        ("none;50", math.inf),
        ("walk;signals", 7),
        ("", NAN),
        ("signals", NAN),
        ("US:urban", NAN),
        ("25 mph when children are present", NAN),
        ("-20", NAN),
    ],
)
def test_speed_limits_as_mappers_write_them(text: str, expected: float) -> None:
    assert kmh(text) == pytest.approx(expected, nan_ok=True)


def test_twenty_five_miles_an_hour_and_forty_kilometres_are_slow_and_a_little_more_is_not() -> None:
    assert kmh("25 mph") <= stress.SLOW_KMH and kmh("40") <= stress.SLOW_KMH
    assert kmh("26 mph") > stress.SLOW_KMH and kmh("41") > stress.SLOW_KMH and kmh("none") > stress.SLOW_KMH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", 2),
        ("2;3", 3),
        ("3; 2", 3),
        ("1.5", 1.5),
        ("2|2", 2),
        ("", NAN),
        ("two", NAN),
        ("0", NAN),
        ("-1", NAN),
        ("2;x", 2),
    ],
)
def test_lanes_as_mappers_write_them(text: str, expected: float) -> None:
    assert lane_count(text) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "expected"), [("1", 1), ("4", 4), ("2.0", 2), ("2.7", 2), ("0", NAN), ("5", NAN), ("", NAN), ("low", NAN)]
)
def test_a_level_that_is_tagged(text: str, expected: float) -> None:
    assert given_level(text) == pytest.approx(expected, nan_ok=True)


def test_what_lacks_tags_is_what_could_have_them() -> None:
    found = untagged(
        streets(
            {"highway": "secondary"},
            {"highway": "secondary", "maxspeed": "25 mph"},
            {"highway": "secondary", "maxspeed": "signals", "lanes": "2"},
            {"highway": "secondary", "maxspeed": "25 mph", "lanes": "2"},
            {"highway": "tertiary", "bikeway": "lane"},
            {"highway": "secondary", "lts": "2"},
            {"highway": "secondary", "bikeway": "track"},
            {"highway": "residential"},
            {"highway": "primary", "cars": False},
            {"highway": "service"},
        )
    )
    assert found.tolist() == [True, True, True, False, True, False, False, False, False, False]


KINDS = ["residential", "unclassified", "tertiary", "secondary", "primary", "trunk"]
WORDS = st.fixed_dictionaries(
    {
        "highway": st.sampled_from(KINDS),
        "bikeway": st.sampled_from(["", "lane", "track"]),
        "maxspeed": st.sampled_from(["", "20 mph", "25 mph", "30 mph", "45 mph", "none"]),
        "lanes": st.sampled_from(["", "1", "2", "3", "4", "6"]),
    }
)


@given(WORDS)
def test_a_lane_or_a_track_never_makes_it_worse_nor_does_a_lower_limit_that_was_known(told: dict[str, str]) -> None:
    bare, lane, track = (level(**{**told, "bikeway": kind}) for kind in ("", "lane", "track"))
    assert 1 == track <= lane <= bare <= 4
    if told["maxspeed"]:
        assert level(**{**told, "maxspeed": "20 mph"}) <= level(**told) <= level(**{**told, "maxspeed": "none"})
    if told["lanes"]:
        assert level(**{**told, "lanes": "1"}) <= level(**told) <= level(**{**told, "lanes": "8"})


@given(st.lists(WORDS, max_size=5))
def test_many_streets_are_judged_as_each_alone(some: list[dict[str, str]]) -> None:
    assert levels(streets(*some)).tolist() == [level(**one) for one in some]
