"""What other methods say of the same tracts: the vulnerability of the Urban Displacement Project, and Ding et al. 2016.

They stand beside the typology, never in it: nothing is averaged over methods. Both hold a tract against the *median of
the tracts*, unweighted, over all tracts that they are given (none is left out as small), and say nothing of sampling
error. A missing value decides only where the outcome is the same either way; where so much is missing of all tracts
that none could be flagged, nothing is told (our choice).

References
----------
`UDP_REFERENCE` and `DING_REFERENCES`. Preis, Janakiraman, Bob and Steil (2020), Urban Studies,
doi:10.1177/0042098020903011, on how little such methods agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.zones import StrArray
from justgeo.measure.margins import SENTINELS
from justgeo.measure.typology.logic import Told, three_of_four, told
from justgeo.measure.typology.values import MARKETS, Market, Tracts

Sense = Literal["at least", "above", "below"]

UDP_REFERENCE = (
    "Thomas, T., Driscoll, A., Picado Aguilar, G., Hartman, C., Greenberg, J., Ramiller, A., Cash, A., Zuk, M. and "
    "Chapple, K., Urban-displacement/displacement-typologies: Release 1.1, doi:10.5281/zenodo.4356684"
)
DING_REFERENCES = (
    "Ding, L., Hwang, J. and Divringi, E. (2016), Gentrification and residential mobility in Philadelphia, Regional "
    "Science and Urban Economics 61, doi:10.1016/j.regsciurbeco.2016.09.004",
    "Ding, L. and Hwang, J. (2016), The consequences of gentrification, Cityscape 18(3)",
)


@dataclass(frozen=True)
class Criterion:
    """One condition of another method.

    Attributes
    ----------
    value : (n,) float
        The tract's own: a share, dollars, a relative change, a change of a share.
    sense : str
        How it must lie to the threshold: ``at least``, ``above``, ``below``.
    threshold : float
        The median of the tracts; NaN where no tract has a value.
    holds : (n,) float
        1, 0, NaN where it cannot be told.
    """

    value: FloatArray
    sense: Sense
    threshold: float
    holds: FloatArray


@dataclass(frozen=True)
class Opinion:
    """What another method says of every tract.

    Attributes
    ----------
    method : str
        ``udp`` or ``ding``.
    title : str
    holds : (n,) float
        1 where the method flags the tract, 0 where it does not, NaN where it cannot be told.
    criteria : mapping of str to Criterion
    notes : tuple of str
        How the numbers were made, where that is not the method's own way.
    references : tuple of str
    """

    method: str
    title: str
    holds: FloatArray
    criteria: Mapping[str, Criterion]
    notes: tuple[str, ...]
    references: tuple[str, ...]

    @property
    def reason(self) -> str | None:
        """Why the method can tell of no tract, None where it can: that it flags none of them is then no finding."""
        if np.isfinite(self.holds).any():
            return None
        gone = [_ASKED[name] for name, c in self.criteria.items() if not np.isfinite(c.holds).any()]
        if not gone:
            return "of no tract enough is known of what it asks for"
        return f"it asks for {' and '.join(gone)}, and that is known of no tract"


def udp_vulnerable(tracts: Tracts, as_published: bool = False) -> Opinion:
    """Vulnerable to gentrification, by the rule of the Urban Displacement Project.

    The median rent or the median home value lies below the median of the tracts, and at least three of four hold:
    share of low-income households, of people of colour and of renters at least the median of the tracts, share with a
    bachelor's degree below it. Low income is below 80 % of the median of the tracts' median incomes
    (``Tracts.extra["low_income_of_tracts"]``; without it the typology's own share stands in, and a note says so).

    Parameters
    ----------
    tracts : Tracts
        All of them are used; the method leaves none out.
    as_published : bool
        Treat missing values as the published figures do, so that those can be met digit by digit: the only comparison
        is "at least the median", of which a missing value is no, so that a missing rent, value or degree share counts
        as below; and a sentinel (-666666666 in place of a median) is a number, in the medians too.

    Returns
    -------
    Opinion
        Criteria ``rent``, ``value``, ``low_income``, ``people_of_colour``, ``renters``, ``bachelors``. With
        ``as_published`` nothing is untold.

    Raises
    ------
    LayerError
        A sentinel among the values, unless ``as_published``.
    """
    shares, notes = _udp_shares(tracts)
    medians: dict[str, FloatArray] = {name: tracts.get(name, "now").value for name in MARKETS}
    _refuse_sentinels(tracts.geoid, shares)
    if as_published:
        coded = _coded(medians["rent"]) | _coded(medians["value"])
        notes = (
            *notes,
            f"As published: in {int(coded.sum())} of {len(tracts)} tracts a sentinel in place of a median is taken for "
            "a number, and what is missing counts as below the median of the tracts.",
        )
    else:
        _refuse_sentinels(tracts.geoid, medians, " or ask for the published treatment, which takes it for a number")
    values = {
        **medians,
        "low_income": shares["low_income"],
        "people_of_colour": 1.0 - shares["white"],
        "renters": 1.0 - shares["owners"],
        "bachelors": shares["bachelors"],
    }
    holds, criteria = udp_rule(values, {k: median_of_tracts(v) for k, v in values.items()}, as_published)
    title = "Vulnerable to gentrification (Urban Displacement Project)"
    return Opinion("udp", title, holds, criteria, notes, (UDP_REFERENCE,))


def udp_rule(
    values: Mapping[str, FloatArray], medians: Mapping[str, float], as_published: bool = False
) -> tuple[FloatArray, Mapping[str, Criterion]]:
    """The rule of `udp_vulnerable` on values and medians by the names of its criteria: (n,) flags, and the criteria.

    Published files hold fewer tracts than their medians were taken over; the medians can be given here.
    """
    statements: dict[str, Told] = {}
    for name, value in values.items():
        known = np.ones(value.shape, dtype=np.bool_) if as_published else ~np.isnan(value) & ~np.isnan(medians[name])
        reached = told(value >= medians[name], known)  # False for NaN
        statements[name] = ~reached if name in _UDP_BELOW else reached
    return _flags(_udp_flags, statements), {
        name: Criterion(
            values[name], "below" if name in _UDP_BELOW else "at least", medians[name], statement.as_number()
        )
        for name, statement in statements.items()
    }


def ding(tracts: Tracts) -> Opinion:
    """Gentrifying, by the rule of Ding, Hwang and Divringi (2016).

    A tract could gentrify if its median income at the start lay below the median, and gentrifies if moreover its median
    rent or its median home value rose by more, in per cent, than the median rise, and its share of residents with a
    degree rose by more than the median rise. All comparisons are strict.

    That the rise of rent *or* value, *and* of the share, is held against the citywide median rise stands in two public
    restatements of the rule (of Ding and Hwang 2016, by the same authors); the paper itself was not at hand. Ours: the
    region in place of the city; "median" as the median of the tracts, unweighted, for income too; dollars made real by
    one price index, which moves no tract across a median; a change from or to the top of a scale is missing.

    Returns
    -------
    Opinion
        Criteria ``income`` (at the start, dollars of the later year), ``rent`` and ``value`` (relative changes),
        ``bachelors`` (change of the share).

    Raises
    ------
    LayerError
        A sentinel among the values.
    """
    now = {name: tracts.get(name, "now").value for name in ("rent", "value", "bachelors")}
    before = {name: tracts.get(name, "before").value for name in ("income", "rent", "value", "bachelors")}
    for when in (now, before):
        _refuse_sentinels(tracts.geoid, when)
    values = {
        "income": before["income"] * tracts.price,
        "rent": _rise(tracts, "rent"),
        "value": _rise(tracts, "value"),
        "bachelors": now["bachelors"] - before["bachelors"],
    }
    criteria, statements = {}, {}
    for name, value in values.items():
        middle = median_of_tracts(value)
        known = ~np.isnan(value) & ~np.isnan(middle)
        statements[name] = told(value < middle if name == "income" else value > middle, known)
        sense: Sense = "below" if name == "income" else "above"
        criteria[name] = Criterion(value, sense, middle, statements[name].as_number())
    notes = (
        "The region stands for the city of the paper, and the median of the tracts for the citywide median.",
        "Small tracts and medians of few homes are not left out.",
    )
    return Opinion(
        "ding",
        "Gentrifying (Ding, Hwang and Divringi 2016)",
        _flags(_ding_flags, statements),
        criteria,
        notes,
        DING_REFERENCES,
    )


Rule = Callable[[Mapping[str, Told]], Told]


def _udp_flags(of: Mapping[str, Told]) -> Told:
    four = (of[name] for name in ("low_income", "people_of_colour", "renters", "bachelors"))
    return (of["rent"] | of["value"]) & three_of_four(*four)


def _ding_flags(of: Mapping[str, Told]) -> Told:
    return of["income"] & (of["rent"] | of["value"]) & of["bachelors"]


def _flags(rule: Rule, statements: Mapping[str, Told]) -> FloatArray:
    """1, 0, NaN by a rule; NaN throughout where it lacks so much that it could flag no tract, whatever the others say.

    It would then say no of some tracts and nothing of the rest: that none is flagged would be no finding.
    """
    yes = np.array([True])
    best = {name: told(yes, np.array([bool(s.known.any())])) for name, s in statements.items()}
    found = rule(statements).as_number()
    return found if rule(best).yes[0] else np.full(found.shape, np.nan)


def median_of_tracts(values: FloatArray) -> float:
    """Median over the tracts whose value is known; NaN where there is none."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")


_ASKED = {
    "rent": "rents",
    "value": "home values",
    "income": "incomes",
    "low_income": "households of low income",
    "people_of_colour": "people of colour",
    "renters": "renters",
    "bachelors": "degrees",
}
_UDP_BELOW = frozenset({"rent", "value", "bachelors"})


def _udp_shares(tracts: Tracts) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    shares = {name: tracts.get(name, "now").value for name in ("low_income", "white", "owners", "bachelors")}
    of_tracts = tracts.extra.get("low_income_of_tracts")
    if of_tracts is not None:
        return {**shares, "low_income": of_tracts.value}, ()
    note = (
        "Low income is below 80 % of the region's median income; the method itself takes 80 % of the median of the "
        "tracts' medians."
    )
    return shares, (note,)


def _coded(value: FloatArray) -> BoolArray:
    return np.isin(value, tuple(SENTINELS))


def _refuse_sentinels(geoid: StrArray, values: Mapping[str, FloatArray], otherwise: str = "") -> None:
    """Raise with the first number that stands for a missing one."""
    for name, value in values.items():
        where = np.flatnonzero(_coded(value))
        if where.size:
            first = int(where[0])
            raise LayerError(
                f"{name} of tract {geoid[first]} is {value[first]:.0f}: {SENTINELS[float(value[first])]}.",
                remedy=f"Give the cell as missing (empty, NaN){otherwise}.",
            )


def _rise(tracts: Tracts, name: Market) -> FloatArray:
    """Real relative change; NaN where an end is missing, not positive, or an end of its scale."""
    before, now = tracts.get(name, "before").value * tracts.price, tracts.get(name, "now").value
    rise: FloatArray = np.full(now.shape, np.nan)
    np.divide(now, before, out=rise, where=before > 0)
    for end in (f"{name}_before", f"{name}_now"):
        for coded in (tracts.top, tracts.bottom):
            if end in coded:
                rise[coded[end]] = np.nan
    return rise - 1.0
