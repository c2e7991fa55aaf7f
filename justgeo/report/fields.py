"""What each column of ``indicators.csv`` and ``indicators.parquet`` holds."""

from __future__ import annotations

from typing import Literal, NamedTuple

from justgeo.report.tables import COLUMNS


class Field(NamedTuple):
    """A column: its name, type, and meaning."""

    name: str
    kind: Literal["string", "number"]
    about: str


_NUMBERS = {
    "value": "The number, in the unit of its row; a share is from 0 to 1. Empty where there is none: unknown, never 0.",
    "moe": "Margin of error for 90 % confidence; 0 for what is not a sample; empty where it is not known.",
    "numerator": "The people, homes or land behind a share; empty where it would tell how many a withheld group has.",
    "numerator_moe": "Margin of sampling alone.",
    "denominator": "All of whom the numerator is a part.",
    "denominator_moe": "Margin of sampling alone.",
    "complement_moe": "Margin of all less the part, where the share was told from it.",
    "error_sampling": "Part of the margin: the survey asks only some people.",
    "error_apportionment": "Part of the margin: the boundary cuts areas, and their people are divided.",
    "error_noise": "Part of the margin: the Census Bureau changes block counts a little on purpose.",
    "low": "Least value over other ways of dividing the areas that the boundary cuts.",
    "high": "Greatest value over other ways of dividing them.",
    "difference": "Against the rest of the reference, the place itself taken out.",
    "difference_moe": "Margin of the difference.",
    "ratio": "The value over that of the rest of the reference.",
    "z": "Difference over its standard error.",
    "p": "Two-sided p-value of the difference.",
    "q": "The same after Benjamini and Hochberg over the indicators.",
    "percentile": "For analysts: share, 0 to 1, of the reference's people in tracts with a lower number.",
    "percentile_low": "That of the number less its margin; empty where the margin is not known.",
    "percentile_high": "That of the number plus its margin.",
    "percentile_tracts": "How many tracts have a number.",
}
_TEXTS = {
    "place": "Name of the district.",
    "invented": "Says so where the place is invented.",
    "category": "Category of the Protocol, or who lives here.",
    "indicator": "Id of the indicator.",
    "title": "Indicator name.",
    "zone": "Id of the zone: district, reference, or a GEOID.",
    "zone_name": "Name of the zone.",
    "zone_role": "district, reference, area or peer.",
    "geography": "Kind of area: tract, block group, or a planner's own.",
    "group": "Id of the group; all for everybody.",
    "group_label": "Name of the group.",
    "unit": "Unit of measurement.",
    "text": "What stands in place of the number: an open-ended median.",
    "reliability": "Class of reliability.",
    "reliability_words": "The class in words.",
    "reason": "Why there is no number, or no margin.",
    "universe": "Who or what is counted.",
    "margin_rule": "Formula of the margin.",
    "compared_with": "Name of the reference.",
    "verdict": "higher, lower, not distinguishable, or unknown where no margin is known to test it.",
    "definition": "Brief definition.",
    "source": "Data sources.",
    "vintage": "Of when the data are.",
    "frequency": "How often they are renewed.",
    "licence": "Licences of the sources.",
    "attribution": "Notices that have to stand beside every use.",
    "caveat": "What has to be kept in mind.",
    "flags": "Further marks, parted by semicolons.",
    "percentile_of": "Whose share it is: persons or households.",
    "percentile_reason": "Why there is no percentile.",
    "instead": "Id of the nearest larger zone that reports the number, where this one is withheld.",
    "instead_name": "Name of that zone.",
}

FIELDS = tuple(
    Field(name, "number", _NUMBERS[name]) if name in _NUMBERS else Field(name, "string", _TEXTS.get(name, ""))
    for name in COLUMNS
)
"""In the order of the columns; that each says what it holds is held by a test."""
