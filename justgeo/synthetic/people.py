"""The people of Nowhere: every household and every person, at two times.

2024 stands for the years 2020-2024, 2014 for 2010-2014. The two populations share one landscape (status, prices,
who lives where) and differ by a history: in the quarters under *pressure*, incomes, schooling and rents rose and
people of colour and renters left; elsewhere little changed but prices. All amounts are in dollars of the end year.

A household is treated as one family: its members share its poverty ratio. That is simpler than the Bureau's rule.
What else is known of people and homes (language, insurance, the way to work, ...) is added by ``traits.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
import pandas as pd

from justgeo.core.layer import FloatArray, IntArray
from justgeo.synthetic.geography import HOMES, INDUSTRY, Geography

VINTAGES = (2014, 2024)
# Race of a person: 0 White, 1 Black, 2 American Indian and Alaska Native, 3 Asian, 4 Pacific Islander, 5 some other
# race, 6 two or more races with some other race, 7 two or more without.
RACES = ("white", "black", "aian", "asian", "nhpi", "other", "two_with_other", "two_without")
_KINDS = ((0, False), (1, False), (0, True), (3, False), (7, False), (5, False), (2, False), (4, False))
_RACE_OF_KIND = np.array([race for race, _ in _KINDS])
_HISPANIC_KIND = np.array([hispanic for _, hispanic in _KINDS])
_LOGIT = np.array([0.0, -1.15, -1.05, -2.1, -3.1, -4.6, -5.1, -6.0])
_SIZES = np.cumsum([0.315, 0.325, 0.155, 0.12, 0.055, 0.022, 0.008])
POVERTY_LINE = {
    2014: np.array([12071, 15379, 18850, 24230, 28695, 32473, 36927], dtype=float),
    2024: np.array([15940, 20420, 25030, 32130, 38030, 43010, 49010], dtype=float),
}
# Shares of adults over 25 at each of the 24 levels of schooling of table B15003, lowest first.
_SCHOOLING = np.array(
    [
        1.0,
        0.1,
        0.1,
        0.1,
        0.1,
        0.2,
        0.2,
        0.2,
        0.6,
        0.3,
        0.7,
        1.0,
        1.3,
        1.6,
        2.0,
        21.0,
        4.0,
        5.5,
        13.5,
        8.0,
        22.0,
        12.0,
        2.2,
        2.3,
    ]
)
_PRESSURE = ((-1500.0, 900.0, 900.0), (1300.0, -1500.0, 700.0))


@dataclass(frozen=True)
class Population:
    """Everybody at one time.

    Attributes
    ----------
    vintage : int
        2014 or 2024: the end year of the ACS that samples them.
    households : DataFrame
        One row a household; its index is its address number. ``block`` (row of ``Geography.blocks``), ``geoid``,
        ``lon``, ``lat``, ``size``, ``race`` (see ``RACES``), ``hispanic``, ``age``, ``owner`` (bool), ``income``,
        ``rent`` (gross, a month; NaN for owners and without cash rent), ``cost`` (owner's, a month; NaN for renters),
        ``mortgage`` (bool), ``value`` (NaN for renters), ``burden`` (percent of income; NaN where not computed),
        ``vehicles``.
    persons : DataFrame
        One row a person, in order of ``address``: ``address``, ``block``, ``race``, ``hispanic``, ``sex`` (0 male, 1
        female), ``age``, ``schooling`` (0-23 as B15003_002 to _025; -1 under 25), ``work`` (0 employed, 1 unemployed,
        2 armed forces, 3 not in the labour force; -1 under 16), ``poverty`` (income over the poverty line; NaN where it
        is not determined), ``quarters`` (True in group quarters), ``institution`` (True in a nursing home or gaol).
    address_block : (A,) int
        Block of each address: households first, then each person in group quarters as an address of its own.
    empty : DataFrame
        One row a home that stands empty: ``block``, ``geoid``, ``lon``, ``lat``.
    """

    vintage: int
    households: pd.DataFrame
    persons: pd.DataFrame
    address_block: IntArray
    empty: pd.DataFrame

    def of(self, entity: str) -> pd.DataFrame:
        """Frame of the ``'person'``s, the ``'household'``s, or the ``'home'``s: of households first, then the empty."""
        if entity == "person":
            return self.persons
        return self.households if entity == "household" else self.homes

    @cached_property
    def homes(self) -> pd.DataFrame:
        """All homes; what is known of a household alone is missing where a home stands empty."""
        return pd.concat([self.households, self.empty], ignore_index=True)

    @property
    def first_person(self) -> IntArray:
        """Row of each address's first person, shape (A + 1,)."""
        count = np.bincount(self.persons["address"].to_numpy(), minlength=len(self.address_block))
        return np.concatenate([[0], np.cumsum(count)]).astype(np.int64)


@dataclass(frozen=True)
class Landscape:
    """What a block makes likely, (B,) each.

    Attributes
    ----------
    status, price : float
        Means of 0, about one unit of spread.
    groups : (B, 8) float
        How much likelier each kind of household is.
    pressure : float
        From 0 to 1 where a history of change lies before the people of this time; 0 once it has come about.
    dense : float
        1 in the middle, falling outwards.
    pressed : float
        ``pressure`` as it was at first, at either time.
    """

    status: FloatArray
    price: FloatArray
    groups: FloatArray
    pressure: FloatArray
    dense: FloatArray
    pressed: FloatArray


def populate(geography: Geography, seed: int, vintage: int) -> Population:
    """Make the population of one time.

    Parameters
    ----------
    geography : Geography
    seed : int
    vintage : {2014, 2024}
    """
    place = landscape(geography, seed, vintage)
    rng = np.random.default_rng([seed, 3, vintage])
    homes = geography.blocks["homes"].to_numpy(dtype=float) * (0.94 if vintage == 2014 else 1.0)
    block = np.repeat(np.arange(len(homes)), rng.poisson(homes))
    households, latent = _households(block, place, vintage, rng)
    households = _locate(households, geography, rng)
    members = _members(households, latent, vintage, rng)
    quarters = _group_quarters(geography, len(households), rng)
    persons = pd.concat([members, quarters], ignore_index=True)
    address_block = np.concatenate([block, quarters["block"].to_numpy()]).astype(np.int64)
    empty = _empty(households, geography, seed, vintage)
    return Population(vintage, households, persons, address_block, empty)


def empty_homes(households: IntArray, rng: np.random.Generator) -> IntArray:
    """How many homes stand empty in blocks of so many households."""
    return np.asarray(rng.binomial(households, 0.065), dtype=np.int64)


def _empty(households: pd.DataFrame, geography: Geography, seed: int, vintage: int) -> pd.DataFrame:
    """The homes that the counts of blocks hold beside those of the households."""
    count = np.bincount(households["block"].to_numpy(), minlength=len(geography.blocks))
    block = np.repeat(np.arange(len(count)), empty_homes(count, np.random.default_rng([seed, 4, vintage])))
    return _locate(pd.DataFrame({"block": block}), geography, np.random.default_rng([seed, 12, vintage]))


def _wave(x: FloatArray, y: FloatArray, rng: np.random.Generator, scale: float) -> FloatArray:
    """A smooth field of unit variance: a few waves of random direction."""
    total = np.zeros(len(x))
    for _ in range(6):
        angle, phase, length = rng.uniform(0, 2 * np.pi), rng.uniform(0, 2 * np.pi), scale * rng.uniform(0.7, 1.6)
        total += np.cos(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / length + phase)
    return np.asarray(np.round((total - total.mean()) / total.std(), 9), dtype=np.float64)


def landscape(geography: Geography, seed: int, vintage: int) -> Landscape:
    """The landscape of one time."""
    rng = np.random.default_rng([seed, 2])
    x, y = (geography.blocks[name].to_numpy(dtype=float) for name in ("x", "y"))
    status = _wave(x, y, rng, 6000.0)
    groups = np.stack([_wave(x, y, rng, 5000.0) for _ in _KINDS], axis=1)
    local = rng.normal(0, 0.35, len(x))
    pressure = np.zeros(len(x))
    for east, north, reach in _PRESSURE:
        pressure += np.exp(-((x - east) ** 2 + (y - north) ** 2) / (2 * reach**2))
    dense = np.exp(-np.hypot(x + 400, y) / 2600)
    before = pressure * (1.0 if vintage == 2014 else 0.0)
    # under pressure the quarter was poor, and has changed half way since
    status = 0.85 * status + local - 1.15 * before - 0.25 * pressure
    price = 0.5 * status + 0.9 * dense + 0.35 * (pressure - before)
    return Landscape(status, price, groups, before, dense, pressure)


def _households(
    block: IntArray, place: Landscape, vintage: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, FloatArray]:
    """Households without their members; also the schooling that members of a household share."""
    count = len(block)
    status, pressure, dense = place.status[block], place.pressure[block], place.dense[block]
    weight = _LOGIT + place.groups[block] * np.array([0, 1.35, 1.2, 0.7, 0.2, 0.3, 0.2, 0.2])
    weight[:, 1] += 0.8 * pressure - 0.45 * status - (0.0 if vintage == 2014 else 0.08)
    weight[:, 2] += 0.6 * pressure - 0.30 * status - (0.15 if vintage == 2014 else 0.0)
    kind = choose(np.exp(weight), rng)
    race, hispanic = _RACE_OF_KIND[kind], _HISPANIC_KIND[kind]
    race = np.where(hispanic, _hispanic_race(count, rng), race)
    size = 1 + np.searchsorted(_SIZES, np.minimum(rng.random(count) + 0.1 * hispanic, 0.9999))
    age = np.clip(np.rint(rng.normal(53, 18, count) - 4 * dense), 18, 96).astype(np.int64)
    age = np.where((size >= 4) & (age > 58), age - 22, age)
    coloured = np.isin(kind, (1, 2, 6))
    latent = 0.75 * status - 0.3 * coloured + 0.15 * (vintage - 2024) / 10 + 0.40 * rng.normal(0, 1, count)
    level = np.log(66_000.0) if vintage == 2024 else np.log(47_500.0)
    spread = 0.22 * status + 0.33 * latent - 0.08 * coloured + 0.22 * np.minimum(size - 1, 1) - 0.25 * (age > 70)
    log_income = level + spread + 0.62 * rng.normal(0, 1, count)
    income = np.rint(np.exp(log_income) / 10) * 10
    income = np.where(rng.random(count) < 0.012, 0.0, income)
    relative = log_income - level
    owner = rng.random(count) < odds(0.75 + 1.0 * relative + 0.035 * (age - 50) - 1.7 * dense - 0.7 * pressure)
    frame = pd.DataFrame(
        {"block": block, "size": size, "race": race, "hispanic": hispanic, "age": age, "owner": owner, "income": income}
    )
    return _housing(frame, relative, place, vintage, rng), latent


def _housing(
    frame: pd.DataFrame, relative: FloatArray, place: Landscape, vintage: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Rent, value, owner's cost and vehicles, and the burden that follows from cost and income."""
    count = len(frame)
    block, owner = frame["block"].to_numpy(), frame["owner"].to_numpy(dtype=bool)
    price, dense = place.price[block], place.dense[block]
    base_rent, base_value, rate = (1420.0, 345_000.0, 0.0046) if vintage == 2024 else (900.0, 205_000.0, 0.0049)
    rent = np.rint(base_rent * np.exp(0.26 * price + 0.20 * relative + 0.26 * rng.normal(0, 1, count)))
    value = np.rint(base_value * np.exp(0.34 * price + 0.28 * relative + 0.33 * rng.normal(0, 1, count)) / 1000) * 1000
    cashless = ~owner & (rng.random(count) < 0.03)
    mortgage = owner & (rng.random(count) < odds(1.2 - 0.05 * (frame["age"].to_numpy() - 50)))
    cost = np.rint(np.where(mortgage, value * rate, 190 + value * 0.0014) * np.exp(0.22 * rng.normal(0, 1, count)))
    paid = np.where(owner, cost, np.where(cashless, np.nan, rent))
    income = frame["income"].to_numpy(dtype=float)
    burden = np.where(income > 0, 1200 * paid / np.where(income > 0, income, 1.0), np.nan)
    cars = 1.65 + 0.55 * relative + 0.35 * np.minimum(frame["size"].to_numpy() - 1, 2) - 1.2 * dense + 0.5 * owner
    vehicles = np.clip(np.floor(cars + 0.75 * rng.normal(0, 1, count)), 0, 6).astype(np.int64)
    return frame.assign(
        rent=np.where(owner | cashless, np.nan, rent),
        cost=np.where(owner, cost, np.nan),
        mortgage=mortgage,
        value=np.where(owner, value, np.nan),
        burden=np.round(burden, 4),
        vehicles=vehicles,
    )


def _locate(frame: pd.DataFrame, geography: Geography, rng: np.random.Generator) -> pd.DataFrame:
    """Put each household at a point inside its block (a block with homes is one cell)."""
    block = frame["block"].to_numpy()
    cell = geography.blocks["cell"].to_numpy()[block]
    row, col = cell // geography.cell_kind.shape[1], cell % geography.cell_kind.shape[1]
    s, t = rng.uniform(0.06, 0.94, len(frame)), rng.uniform(0.06, 0.94, len(frame))
    corner = geography.corners
    south = corner[row, col] * (1 - s)[:, None] + corner[row, col + 1] * s[:, None]
    north = corner[row + 1, col] * (1 - s)[:, None] + corner[row + 1, col + 1] * s[:, None]
    point = np.round(south * (1 - t)[:, None] + north * t[:, None], 7)
    geoid = geography.blocks["geoid"].to_numpy()[block]
    return frame.assign(geoid=geoid, lon=point[:, 0], lat=point[:, 1])


def _members(households: pd.DataFrame, latent: FloatArray, vintage: int, rng: np.random.Generator) -> pd.DataFrame:
    """All members of all households, householder first."""
    size = households["size"].to_numpy()
    address = np.repeat(np.arange(len(size)), size)
    rank = np.arange(len(address)) - np.repeat(np.cumsum(size) - size, size)
    count = len(address)
    head_age = households["age"].to_numpy()[address]
    spouse = np.clip(head_age + np.rint(rng.normal(0, 4, count)), 18, 97)
    child = head_age - np.rint(rng.uniform(20, 40, count))
    child = np.where(child < 0, np.floor(rng.uniform(0, 18, count)), child)
    age = np.where(rank == 0, head_age, np.where((rank == 1) & (rng.random(count) < 0.72), spouse, child))
    mixed = (rank > 0) & (rng.random(count) < 0.06)
    race = np.where(mixed, np.where(rng.random(count) < 0.7, 7, 6), households["race"].to_numpy()[address])
    line = POVERTY_LINE[vintage][np.minimum(size, 7) - 1]
    poverty = np.round(np.maximum(households["income"].to_numpy(dtype=float), 0) / line, 4)[address]
    frame = pd.DataFrame(
        {
            "address": address,
            "block": households["block"].to_numpy()[address],
            "race": race,
            "hispanic": households["hispanic"].to_numpy()[address],
            "sex": (rng.random(count) < 0.512).astype(np.int64),
            "age": age.astype(np.int64),
            "poverty": poverty,
            "quarters": False,
            "institution": False,
        }
    )
    return _schooling_and_work(frame, latent[address], rng)


def _schooling_and_work(frame: pd.DataFrame, latent: FloatArray, rng: np.random.Generator) -> pd.DataFrame:
    age, count = frame["age"].to_numpy(), len(frame)
    share = np.cumsum(_SCHOOLING / _SCHOOLING.sum())[:-1]
    cuts = np.array([1.12 * NormalDist().inv_cdf(float(s)) for s in share])
    own = latent + 0.85 * rng.normal(0, 1, count) - 0.006 * (age - 50)
    schooling = np.where(age >= 25, np.searchsorted(cuts, own), -1)
    active = odds(np.where(age < 20, -0.5, np.where(age < 62, 1.9, np.where(age < 70, -0.4, -2.4))) + 0.25 * latent)
    out = odds(-2.9 - 0.55 * latent)
    draw, second = rng.random(count), rng.random(count)
    work = np.where(draw > active, 3, np.where(second < out, 1, np.where(second > 0.996, 2, 0)))
    return frame.assign(schooling=schooling, work=np.where(age >= 16, work, -1))


def _group_quarters(geography: Geography, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """A college, three nursing homes and a gaol: each person is an address of its own."""
    kind = geography.blocks["kind"].to_numpy()
    radius = np.hypot(geography.blocks["x"].to_numpy(), geography.blocks["y"].to_numpy())
    homes = np.flatnonzero((kind == HOMES) & (geography.blocks["homes"].to_numpy() > 0))
    near = homes[np.argsort(radius[homes], kind="stable")]
    works = np.flatnonzero(kind == INDUSTRY)
    places = [
        (near[150], 480, 18, 23),
        (near[151], 420, 18, 23),
        (near[400], 130, 72, 97),
        (near[700], 110, 72, 97),
        (near[900], 90, 72, 97),
        (works[len(works) // 2], 360, 19, 60),
    ]
    block = np.repeat([p[0] for p in places], [p[1] for p in places])
    low = np.repeat([p[2] for p in places], [p[1] for p in places])
    high = np.repeat([p[3] for p in places], [p[1] for p in places])
    count = len(block)
    age = np.floor(rng.uniform(low, high)).astype(np.int64)
    kinds = choose(np.exp(np.tile(_LOGIT, (count, 1))), rng)
    frame = pd.DataFrame(
        {
            "address": first + np.arange(count),
            "block": block,
            "race": _RACE_OF_KIND[kinds],
            "hispanic": _HISPANIC_KIND[kinds],
            "sex": (rng.random(count) < 0.5).astype(np.int64),
            "age": age,
            "poverty": np.nan,
            "quarters": True,
            "institution": np.arange(count) >= places[0][1] + places[1][1],
        }
    )
    return _schooling_and_work(frame, np.zeros(count), rng)


def choose(weight: FloatArray, rng: np.random.Generator) -> IntArray:
    """One column a row, with these weights."""
    share = np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)
    return np.asarray((rng.random(len(weight))[:, None] > share[:, :-1]).sum(axis=1), dtype=np.int64)


def _hispanic_race(count: int, rng: np.random.Generator) -> IntArray:
    """Race that Hispanic householders report."""
    share = np.array([0.34, 0.36, 0.39, 0.395, 0.397, 0.72, 0.95])
    return np.searchsorted(share, rng.random(count)).astype(np.int64)


def odds(logit: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-logit)), dtype=np.float64)
