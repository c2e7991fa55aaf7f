"""What a place has: it is told before what it lacks. Read from the numbers of the district, each with its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from justgeo.report import origins, words
from justgeo.report.reader import Reader, Record
from justgeo.report.speech import say

_ACRE_M2 = 4046.8564224
_QUOTED = ("high", "medium", "exact", "modelled", "unknown")
"""Reliability of numbers that may open a category."""


@dataclass(frozen=True)
class Asset:
    """A number told as something that is here.

    Attributes
    ----------
    indicator : str
    text : str
        With the place ``{n}``.
    of : str
        Which of its numbers: ``value``, or ``numerator`` (acres, jobs, kilometres).
    per : float
        What the number is divided by to be in the unit of the text.
    """

    indicator: str
    text: str
    of: str = "value"
    per: float = 1.0


HAS = {
    "demographics": (
        Asset("DEM-00.population", "{n} people live here"),
        Asset("DEM-00.households", "{n} households"),
    ),
    "belonging": (
        Asset("BEL-07", "{n} of residents lived in the same home a year ago"),
        Asset("BEL-12.learning", "{n} of residents live within a walk of a school or childcare"),
        Asset("BEL-12.culture", "{n} of residents live within a walk of a place of culture or meeting"),
        Asset("BEL-12.care", "{n} of residents live within a walk of health or social care"),
    ),
    "opportunity": (
        Asset("OPP-08", "{n} jobs are in the district", "numerator"),
        Asset("DEM-04.employed", "{n} residents are at work", "numerator"),
        Asset("OPP-06", "{n} of homes have broadband"),
    ),
    "wellbeing": (
        Asset("WEL-05", "{n} acres of parks", "numerator"),
        Asset("WEL-04.800", "{n} of residents live within a 10-minute walk of a park"),
        Asset("WEL-03.800", "{n} of residents live within half a mile of a supermarket"),
    ),
    "mobility": (
        Asset("MOB-01.800", "{n} of residents live within 800 m of a transit stop"),
        Asset("MOB-08", "{n} km of streets and paths that suit a wary cyclist", "numerator"),
        Asset("MOB-08.paths", "{n} km of paths and protected lanes for bicycles", "numerator"),
    ),
    "environment": (Asset("ENV-01", "{n} acres under the crowns of trees", "numerator", _ACRE_M2),),
}
"""By category, what it opens with."""


def has(reader: Reader, category: str) -> list[dict[str, Any]]:
    """What a category opens with: ``indicator, text, margin, sure, when`` each.

    A number that is absent or too uncertain opens nothing; ``sure`` is empty where the number is counted or surveyed.
    """
    found = []
    for asset in HAS.get(category, ()):
        record = reader.at(asset.indicator, "district")
        told = None if record is None else _told(asset, record)
        if record is not None and told:
            loose = record["reliability"] in ("modelled", "unknown")
            found.append(
                {
                    "indicator": asset.indicator,
                    "text": say(asset.text, n=told[0]),
                    "margin": told[1],
                    "sure": words.reliability(record["reliability"]) if loose else "",
                    "when": origins.vintage(reader.used([record])),
                }
            )
    return found


def _told(asset: Asset, record: Record) -> tuple[str, str] | None:
    """The number and its margin in words; None where there is none to open with."""
    if record["reliability"] not in _QUOTED or not record[asset.of]:
        return None
    unit = record["unit"] if asset.of == "value" else "count"
    moe = record["moe"] if asset.of == "value" else record["numerator_moe"]
    value, moe = record[asset.of] / asset.per, None if moe is None else moe / asset.per
    return words.figure(value, unit, moe, bare=True), words.margin(moe, unit, value) if moe else ""
