"""Shares of three counties of Pennsylvania with margins, beside those that were published."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from justgeo.measure import margins
from tests.conformance import references as ref
from tests.conformance.handbook import one
from tests.conformance.model import Row, Verdict

REPLICATES = "ours is the Bureau's approximation for users, the published margin comes from replicate weights"


class County(NamedTuple):
    """Households with their margin, and parts of them: name, estimate, margin, published percent and margin."""

    name: str
    households: tuple[int, int]
    parts: tuple[tuple[str, str, int, int, str, str], ...]


COUNTIES = (
    County("Philadelphia", (659129, 2500), (
        ("vehicle", "households without a vehicle", 185550, 3611, "28.2", "0.5"),
        ("internet", "households without internet", 96673, 3138, "14.7", ""),
        ("crowded", "crowded households", 19611, 1526, "3.0", ""),
    )),
    County("Allegheny", (545637, 2171), (
        ("vehicle", "households without a vehicle", 69137, 2022, "12.7", "0.4"),
        ("internet", "households without internet", 60879, 2136, "11.2", ""),
        ("burden", "households with high housing costs, income below $75,000", 128678, 2846, "23.6", "0.5"),
    )),
    County("Adams", (40006, 420), (
        ("vehicle", "households without a vehicle", 1878, 265, "4.7", "0.6"),
    )),
)  # fmt: skip
MINORITY = (1058917, 1719, 1593208)  # Philadelphia; the population of a county is controlled: its margin is 0


def percent(part: int, moe: int, whole: int, whole_moe: int) -> float:
    return 100 * one(margins.proportion(part, moe, whole, whole_moe).value)


def percent_moe(part: int, moe: int, whole: int, whole_moe: int) -> float:
    return 100 * one(margins.proportion(part, moe, whole, whole_moe).moe)


def _county(county: County) -> list[Row]:
    rows = []
    for key, what, part, moe, share, margin in county.parts:
        cells = (part, moe, *county.households)
        name = f"pa-{county.name.lower()}-{key}"
        rows.append(Row(name, f"{county.name} County: {what}", ref.SVI_2022, share, partial(percent, *cells),
                        unit="%"))  # fmt: skip
        if margin:
            far = county.name == "Adams"
            rows.append(
                Row(f"{name}-moe", "… margin", ref.SVI_2022, margin, partial(percent_moe, *cells), unit="points",
                    verdict=Verdict.EXPLAINED if far else Verdict.EXACT, bound=0.1 if far else 0.0,
                    why=REPLICATES if far else "")
            )  # fmt: skip
    return rows


ROWS: list[Row] = [
    *(row for county in COUNTIES for row in _county(county)),
    Row("pa-philadelphia-minority", "Philadelphia County: residents not white, or Hispanic", ref.SVI_2022, "66.5",
        partial(percent, *MINORITY, 0), unit="%"),
]  # fmt: skip
