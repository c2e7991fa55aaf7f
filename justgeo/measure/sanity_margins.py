"""Margins of error that cannot well be: against those of parts, against the size of the sample, of zeros.

The limits and how they were found: `measure.sanity_census`. Small governments are sampled at far
higher rates than large ones: their margins come near to those of asking everybody once. The lower limits beside the
sample (1.0, and 1.5 for what households share) let them pass; that is our choice. Margins of one level that are half as
wide show beside those of the other level (`OF_PARTS`); where those of all levels are, nothing tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from justgeo.core.layer import AnyLayer, FloatArray, Layer
from justgeo.core.quality import Check, Rule
from justgeo.measure import survey_structure as structure
from justgeo.measure.margins import Z90, proportion
from justgeo.measure.survey_rows import NO_SURVEY, Survey, Table, positions

FEW = 20
"""Cells of which there must be so many before their middle says something. Our choice."""
LARGE, LEAST, MOST = 20.0, 0.02, 0.98
"""Cells whose margin is held against the sample: people in them, and shares of the total between. Our choice."""

_MATTERS = "Margins that are too narrow call chance a difference; margins that are too wide hide one."
_SEE = (
    "See that the margins are the Bureau's own 90 % margins: not standard errors, nor halves, nor those of another "
    "table or level."
)
_MEASURED = "measured on the invented county and around Charlottesville"

OF_PARTS = Rule(
    "margins-of-lines-and-parts",
    "Margins of a tract's lines (such as renters) beside those of its block groups",
    "ratio",
    0.75,
    1.3,
    _MATTERS,
    _SEE,
    _MEASURED,
)
OF_SAMPLE = Rule(
    "margins-and-sample",
    "Margins of homes and ages beside what asking everybody once at random would give",
    "ratio",
    1.0,
    15.0,
    _MATTERS,
    _SEE,
    _MEASURED,
)
OF_HOUSEHOLDS = Rule(
    "margins-and-sample-of-households",
    "Margins of race and poverty, which households share, beside what asking everybody once at random would give",
    "ratio",
    1.5,
    20.0,
    _MATTERS,
    _SEE,
    _MEASURED,
)
ZEROS = Rule(
    "zeros-without-margin",
    "Zeros of the survey whose margin is zero too",
    "share of the zeros",
    None,
    0.01,
    "A number that was withheld is not zero: filled with 0 it says that nobody of a group lives there.",
    "See whether cells without a number were filled with 0: leave them empty.",
    "the Bureau gives a margin to every zero that is not controlled",
)
OWN = Rule(
    "margins-of-own-tables",
    "Margins of your own tables beside what asking everybody once at random would give",
    "ratio",
    2.0,
    None,
    _MATTERS,
    "See that the column is a 90 % margin, not a standard error; where the numbers are modelled, say modelled = true.",
    _MEASURED,
)
RULES = (OF_PARTS, OF_SAMPLE, OF_HOUSEHOLDS, ZEROS, OWN)


def checks(found: Sequence[Survey], layers: Mapping[str, AnyLayer]) -> Iterator[Check]:
    """The checks of margins, one of each of `RULES`."""
    households = structure.BY_HOUSEHOLD
    yield _worst(OF_PARTS, found, _of_parts, lambda table: True)
    yield _worst(OF_SAMPLE, found, _of_sample, lambda table: table not in households)
    yield _worst(OF_HOUSEHOLDS, found, _of_sample, lambda table: table in households)
    yield _zeros(found)
    yield _own(layers)


def _worst(
    rule: Rule,
    found: Sequence[Survey],
    ratios: Callable[[str, Table], FloatArray],
    asked: Callable[[str], bool],
) -> Check:
    """Tables whose middle ratio lies outside the limits; what is told is that of the one furthest out."""
    middle: dict[tuple[str, str], float] = {}
    for survey in found:
        for table, frame in survey.tables.items():
            got = ratios(table, frame) if asked(table) else np.empty(0)
            if len(got) >= FEW:
                middle[survey.layer(table), table] = float(np.median(got))
    if not middle:
        return rule.unknown("the tables at hand have too few cells to tell" if found else NO_SURVEY)
    low, high = rule.low or 0.0, rule.high or np.inf
    order = sorted(middle, key=lambda key: min(middle[key] / low, high / middle[key]))
    odd = [layer for layer, _ in order if not low <= middle[layer, layer[4:-5]] <= high]
    first = order[0]
    why = f"in table {first[1]} they are {middle[first]:.2f} times as wide (usual: {low:g} to {high:g})"
    return rule.check(middle[first], odd, why)


def _parts(table: str, frame: Table) -> list[str]:
    return [code for code in structure.parts(table) if frame.has(f"{code}E", f"{code}M")]


def _of_parts(table: str, frame: Table) -> FloatArray:
    """Margins of tracts over the root of the sum of squares of those of their block groups, cell by cell."""
    codes, tracts, groups = _parts(table, frame), frame.at("tract"), frame.at("block group")
    if not codes or not len(tracts) or not len(groups):
        return np.empty(0)
    row, known = positions(frame.geoid[tracts], frame.geoid[groups].astype("U11"))
    groups, row = groups[known], row[known]
    made = np.zeros((len(tracts), len(codes)))
    np.add.at(made, row, np.square(frame.cells(codes, "M", groups)))
    told, people = frame.cells(codes, "M", tracts), frame.cells(codes, "E", tracts)
    several = np.bincount(row, minlength=len(tracts)) > 1
    use = several[:, None] & (people > 0) & (made > 0) & (told > 0)
    return np.asarray(told[use] / np.sqrt(made[use]), dtype=np.float64)


def _of_sample(table: str, frame: Table) -> FloatArray:
    """Margins of tracts, or of block groups where there are none, over those of a sample of everybody."""
    codes, tracts = _parts(table, frame), frame.at("tract")
    rows = tracts if len(tracts) else frame.at("block group")
    whole = f"{table}_001"
    if not codes or not len(rows) or not frame.has(f"{whole}E"):
        return np.empty(0)
    return to_sample(frame.cells(codes, "E", rows), frame.cells(codes, "M", rows), frame.cells([whole], "E", rows))


def to_sample(part: FloatArray, margin: FloatArray, whole: FloatArray) -> FloatArray:
    """Margins of parts over those of a simple random sample of all, where that says something.

    Parameters
    ----------
    part, margin, whole : array_like
        Counts of one shape, or that fit together; margins of 90 %.

    Returns
    -------
    (n,) array
        Of cells of 20 and more that are 2 to 98 % of their whole.
    """
    part, margin, whole = (np.asarray(a, dtype=np.float64) for a in np.broadcast_arrays(part, margin, whole))
    share = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    use = (share > LEAST) & (share < MOST) & (part >= LARGE) & (margin > 0)
    n, p = whole[use], share[use]
    return np.asarray(margin[use] / (Z90 * np.sqrt(n * p * (1.0 - p))), dtype=np.float64)


def _zeros(found: Sequence[Survey]) -> Check:
    """A zero of a sample has a margin; where it has none, a cell that was withheld may have been filled with 0."""
    worst, asked, why = 0.0, 0, ""
    odd: list[str] = []
    for survey in found:
        for table, frame in survey.tables.items():
            codes = _parts(table, frame)
            estimate, margin = (frame.cells(codes, kind) for kind in "EM")
            zero = int((estimate == 0).sum())
            bare = int(((estimate == 0) & (margin == 0)).sum())
            asked += zero
            share = bare / zero if zero else 0.0
            odd += [survey.layer(table)] if share > (ZEROS.high or 0.0) else []
            if share > worst:
                worst, why = share, f"{bare} of {zero} zeros of table {table} have a margin of 0"
    if not asked:
        return ZEROS.unknown("the tables at hand have no zeros" if found else NO_SURVEY)
    return ZEROS.check(worst, odd, why)


def _own(layers: Mapping[str, AnyLayer]) -> Check:
    """Margins of parts in a planner's own tables; those of modelled figures are another thing."""
    middle: dict[str, float] = {}
    for name, layer in layers.items():
        if not name.startswith("table:") or not isinstance(layer, Layer) or layer.provenance.modelled:
            continue
        columns = ("numerator", "numerator_moe", "denominator")
        if all(column in layer.data for column in columns):
            part, margin, whole = (layer.data[column].to_numpy(dtype=np.float64) for column in columns)
            # The margin of the share is asked about: that of its count has a part from the whole's.
            of_whole = (
                layer.data["denominator_moe"].to_numpy(dtype=np.float64) if "denominator_moe" in layer.data else 0.0
            )
            share = proportion(part, margin, whole, np.nan_to_num(of_whole, nan=0.0))
            ratios = to_sample(part, share.moe * whole, whole)
            if len(ratios) >= FEW:
                middle[name] = float(np.median(ratios))
    if not middle:
        return OWN.unknown("no table of your own has enough shares with a margin")
    worst = min(middle, key=middle.__getitem__)
    odd = [name for name, ratio in middle.items() if ratio < (OWN.low or 0.0)]
    indicator = worst.removeprefix("table:")
    return OWN.check(middle[worst], odd, f"those of {indicator} are {middle[worst]:.2f} times as wide")
