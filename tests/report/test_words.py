from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justgeo.catalogue import read
from justgeo.report import choropleth, words


@pytest.mark.parametrize(
    ("value", "unit", "moe", "said"),
    [
        (0.5347, "share", 0.0402, "53% ± 4 points"),
        (0.152, "share", 0.008, "15.2% ± 0.8 points"),
        (0.034, "share", 0.021, "3% ± 2 points"),
        (0.0034, "share", 0.0021, "0.3% ± 0.2 points"),
        (0.33, "share", 0.0101, "33% ± 1 point"),
        (34.2, "percent", 3.6, "34% ± 4 points"),
        (55_975.9, "USD", 4706.5, "$56,000 ± $4,700"),
        (7431.4, "persons", 402.0, "7,430 people ± 400"),
        (812.0, "persons", 0.04, "812 people ± 0.04"),
        (6.82, "acres per 1,000 people", None, "6.8 acres per 1,000 people, margin not known"),
        (0.724, "share", 0.0, "72%, not a sample"),
        (-0.024, "share", 0.01, "−2% ± 1 point"),
    ],
)
def test_numbers_in_words(value: float, unit: str, moe: float | None, said: str) -> None:
    reliability = "exact" if moe == 0 else "high"
    record = {"value": value, "moe": moe, "unit": unit, "reliability": reliability, "text": None}
    assert words.told(record) == said


def test_the_last_class_of_a_share_ends_at_the_whole() -> None:
    assert choropleth.class_labels([0.7, 1.0], "share") == ["under 70%", "70% to under 100%", "100%"]
    assert choropleth.class_labels([0.7], "share") == ["under 70%", "70% or more"]
    assert choropleth.class_labels([1.0], "acres") == ["under 1", "1 or more"]


def test_no_number_is_a_dash_or_its_text() -> None:
    assert words.told(None) == "–"
    open_ended = {"value": None, "moe": None, "unit": "USD", "reliability": "absent", "text": "≥ $250,000"}
    assert words.told(open_ended) == "≥ $250,000"


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "none"), (0.004, "fewer than 1 in 50"), (0.1, "about 1 in 10"), (0.34, "about 1 in 3"), (0.52, "about 1 in 2"),
     (0.66, "about 2 in 3"), (0.724, "about 7 in 10"), (0.98, "nearly all"), (1, "all")],
)  # fmt: skip
def test_shares_in_words(share: float, said: str) -> None:
    assert words.one_in(share) == said


@given(st.floats(0.016, 0.964))
def test_words_are_near_the_share(share: float) -> None:
    top, bottom = (int(n) for n in words.one_in(share).removeprefix("about ").split(" in "))
    assert abs(top / bottom - share) < 0.065


@pytest.mark.parametrize("text", ["Belonging", "belonging", "BEL"])
def test_category_however_it_is_written(text: str) -> None:
    assert words.category(text) == "belonging"
    assert words.category_title(text) == "Belonging"


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 6)), min_size=1, max_size=60))
def test_breaks_part_the_values(values: list[float]) -> None:
    edges = choropleth.breaks(values)
    assert edges == sorted(set(edges))
    assert len(edges) < choropleth.MOST_CLASSES
    if len(set(values)) == 1:
        assert edges == []
    else:
        assert min(values) < edges[0] and edges[-1] <= max(values)
        bounds = [float("-inf"), *edges, float("inf")]
        assert all(any(a <= v < b for v in values) for a, b in pairwise(bounds)), "no class is empty"
    labels = choropleth.class_labels(edges, "share")
    assert len(labels) == (len(edges) + 1 if edges else 0)


def test_breaks_are_round_and_even() -> None:
    values = [0.11, 0.19, 0.23, 0.31, 0.38, 0.42, 0.55, 0.61, 0.72, 0.9]
    edges = choropleth.breaks(values)
    assert edges == [0.2, 0.35, 0.45, 0.65]
    assert choropleth.class_labels(edges, "share")[1] == "20% to under 35%"


def test_every_kind_of_group_has_its_heading() -> None:
    kinds = {group.partition(":")[0] for group in read.layers().groups} - {"all"}
    assert "vehicle" in kinds and kinds <= {*words.GROUP_KINDS}
    assert words.GROUP_KINDS["vehicle"] == "By whether the home has a vehicle"


# ------------------------------------------------------------------------------------------- held against the reference


def held(value: float, base: float, moe: float = 0.0, unit: str = "share", **more: Any) -> dict[str, Any]:
    """A number and the reference's, compared as the measuring does where nothing is sampled."""

    def number(at: float) -> dict[str, Any]:
        return {"value": at, "moe": moe, "unit": unit, "reliability": "high" if moe else "exact", "text": None}

    apart = value - base
    verdict = "higher" if apart > 0 else "lower"
    told = {"reference": "county", "difference": apart, "difference_moe": moe, "verdict": verdict, "base": number(base)}
    told |= more
    return {**number(value), "comparison": told}


@pytest.mark.parametrize(
    ("one", "said"),
    [
        # 4.69 and 4.70 %: exact, and one number on the page.
        (held(0.0469211, 0.0470213), ("≈", "about the same", "alike")),
        (held(0.5449, 0.5351, 0.011), ("≈", "about the same", "alike")),
        (held(0.5449, 0.5449, verdict="not distinguishable"), ("≈", "not distinguishable", "same")),
        (held(0.54, 0.34), ("▲", "higher by 20 points", "higher")),
        # 47 % and 46 %, 0.2 points apart.
        (held(0.466, 0.464), ("▲", "higher by 0.2 points before rounding", "higher")),
        (held(0.344, 0.537), ("▼", "lower by 19 points before rounding", "lower")),
        # Whole percents beside tenths: 54 less 33.4.
        (held(0.544, 0.0334), ("▲", "higher by 51 points", "higher")),
        (held(56_040, 61_310, unit="USD"), ("▼", "lower by $5,300", "lower")),
        (held(0.54, 0.50, difference=0.06),
         ("▲", "higher by 6 points, with both worked out in the same way", "higher")),
        (held(0.54, 0.50, verdict="unknown"),
         ("", "County differs by 4 points, but no margin is known to test it", "none")),
    ],
)  # fmt: skip
def test_what_is_said_against_the_reference_agrees_with_both_numbers(
    one: dict[str, Any], said: tuple[str, str, str]
) -> None:
    assert words.compared(one, "County", terse=True) == said


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.0, 0.004, 0.02, 0.06]))
def test_no_difference_contradicts_the_two_numbers(value: float, base: float, moe: float) -> None:
    one = held(value, base, moe)
    shown, other = (words.figure(x, "share", moe) for x in (value, base))
    if shown == other:
        assert words.compared(one, "County", terse=True)[1] == "about the same"
        return
    text = words.gap(one)
    assert text is not None
    if "before rounding" in text:
        return
    size = text.split(" ")[0]
    step = 10.0 ** -len(size.partition(".")[2])
    read = abs(float(shown.rstrip("%")) - float(other.rstrip("%")))
    assert abs(read - float(size)) <= step / 2 + 1e-6


def test_without_the_reference_s_number_the_difference_is_told_as_it_is() -> None:
    one = held(0.466, 0.464)
    del one["comparison"]["base"]
    assert words.compared(one, "County", terse=True) == ("▲", "higher by 0.2 points", "higher")
    assert words.compared(held(0.0469211, 0.0470213), "County")[1] == "about the same as in County"
