"""What the checks of places and grids say, in Spanish: their words, and what they saw or could not see."""

from __future__ import annotations

import re

import pytest

from justgeo.core.quality import Rule
from justgeo.measure import sanity_places, sanity_rasters
from justgeo.report import several, speech

RULES = (*sanity_places.RULES, *sanity_rasters.RULES)
SEEN = (
    "More trips run on a Saturday (2024-09-07: 1120) than on the service day (369).",
    "More trips run on a Sunday (2024-09-07: 1120) than on the service day (369)",
    "3 of 900 trips leave a stop before the one before it.",
    "there are 34 departures between 7 and 19 o'clock",
    "there are 3 stops on the map of streets",
    "there are only 26 areas on the map",
    "9 streets have a speed limit on the map",
    "of which years the crashes are is not told, or there are none",
    "there are too few crashes to tell an empty year from a quiet one",
    "jobs or people are not at hand by block",
    "there are too few blocks to tell",
    "hardly any water of the map is on the map of flood zones",
    "there is hardly any water as wide as some pixels",
    "the two grids have too little to do with one another here to tell",
    "there is hardly any developed land here",
    "in Alaska these classes are not rare",
    "there are hardly any woods here",
    "there is hardly any land with a temperature",
    "there are so few woods here that trees may stand where people live",
    "the land cover is not at hand, which tells water, woods and fields apart",
    "0% of the mapped water is water in the land cover",
)
"""What no corruption brings about, or is not odd; what is odd is held where it is planted (tests/corrupted)."""


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_check_has_its_words_in_spanish(rule: Rule) -> None:
    known = speech.catalogue("es")
    texts = (rule.title, rule.matters, rule.remedy, rule.source, rule.unit)
    # "share" is told as a percentage, never by its name.
    assert [text for text in texts if text not in known and text != "share"] == []


@pytest.mark.parametrize("text", SEEN)
def test_what_was_seen_is_told_in_spanish(text: str) -> None:
    with speech.language("es"):
        told, code = several.translated(text)
    assert code == "es" and not re.search(r"\b(?:the|of|and|there)\b", told), told
