"""What an analyst is to keep in mind: of one tract, of changes that are told too surely, of what has no margin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from justgeo.measure.typology.cards import STANDS_STILL
from justgeo.measure.typology.explain import threshold_se
from justgeo.measure.typology.flips import conditions
from justgeo.measure.typology.prepare import MIN_TRACTS
from justgeo.measure.typology.sensitivity import markets_told
from justgeo.measure.typology.values import MARKETS, Typology
from justgeo.report.displacement_terms import CONDITIONS, NO_MARKET, VARIANT

CAVEATS: Mapping[str, str] = {
    "rim": "It lies on the rim of the reference: neighbors outside are not known.",
    "unplaced": "Which tracts touch it is not known: whether it lies beside a high one cannot be told.",
    "students": "Many people study beyond school: low incomes and rents may speak of student life.",
    "rents_stand_in": "Rents stand in for home values, which are missing.",
    "few_owned_homes": "Too few owned homes for their median to say something.",
    "few_rented_homes": "Too few rented homes for their median to say something.",
    "drawn_anew": "It was drawn anew between the surveys: its earlier figures are put together from parts of other "
    "tracts, and its own past was never surveyed. A change that is only likely settles nothing here.",
    "top_of_scale": "A median is printed as the top of its scale.",
    "bottom_of_scale": "A median is printed as the bottom of its scale: the true one is as low or lower.",
    "no_margins": "A margin is not known, and with it no chance.",
}
"""Of a tract, by the names of ``typology.cards.CAVEATS``."""

SINGLE_CHANGE = (
    "Each condition of part B is a single change between two surveys, and is told too surely: in invented counties, "
    "where the truth is known, what was told with 80% was so in 61% of cases, and with 98% in 91%"
)
WHOLE_CHANGE = "Part B as a whole, told with 80%, was so in 70% of cases"
TOO_SURE = f"{SINGLE_CHANGE}. {WHOLE_CHANGE} (docs/displacement.md)."
"""How far chances of change are to be believed: measured, and in ``docs/data/typology_calibration.csv``."""
RACE = (
    "Race is among the four shares because people of color were long shut out of homes and loans, and because the "
    "published method (Bates 2013) counts it; nothing here says that race is a cause."
)
COMPUTED_HERE = (
    "The rules of other methods are worked out here, on the same numbers as ours: none of these is a result that the "
    "Urban Displacement Project, or Ding and his co-authors, have published for this place."
)


def notes(typology: Typology) -> Iterator[str]:
    """What holds of all tracts: why no market can be told, which thresholds have no margin, how sure a change is."""
    yield RACE
    yield COMPUTED_HERE
    if typology.tracts.before:
        yield TOO_SURE
    if VARIANT not in markets_told(typology):
        yield f"{NO_MARKET[0].upper()}{NO_MARKET[1:]}: {_medians(typology)}."
    bare = [CONDITIONS[key][2] for key, one in conditions(typology).items()
            if np.isfinite(one.threshold) and np.isnan(threshold_se(one))]  # fmt: skip
    if bare:
        yield f"Thresholds without a margin ({'; '.join(bare)}): {STANDS_STILL}."


def _medians(typology: Typology) -> str:
    """Of how many tracts each median is known; fewer than `MIN_TRACTS` give no line between high and low."""
    tracts = typology.tracts
    if not tracts.before:
        return "it compares two surveys, and there is no earlier one"
    names = {"value": "home values", "rent": "rents"}
    counts = [
        f"{names[market]} are known of {int(np.isfinite(tracts.get(market, 'now').value).sum())} tracts in the later "
        f"survey and of {int(np.isfinite(tracts.get(market, 'before').value).sum())} in the earlier one"
        for market in MARKETS
    ]
    return f"{'; '.join(counts)}; in both surveys {MIN_TRACTS} tracts with enough homes are needed"
