"""What else is known of the people and homes of Nowhere, from random streams of its own.

Each trait has a stream, so that neither the people of ``people.py`` nor another trait change when one is altered. All
follow income and the standing of the quarter as they do in life, and members of a household answer alike. Between the
two times: more have health insurance and work at home, fewer heat with oil, and in the quarters that were under
pressure new homes were built.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.synthetic.geography import Geography
from justgeo.synthetic.people import POVERTY_LINE, Landscape, Population, choose, landscape, odds

LANGUAGES = ("english", "spanish", "indo-european", "asian", "other")
INTERNET = (
    "none", "without a subscription", "dial-up", "other", "cellular", "wire", "satellite", "wire and cellular",
    "satellite and cellular", "wire and satellite",
)  # fmt: skip
FUELS = ("gas", "bottled gas", "electricity", "oil", "coal", "wood", "solar", "other", "none")
REASONS = ("for rent", "rented", "for sale", "sold", "seasonal", "migrant", "other")
MOVES = ("same house", "within the county", "same state", "another state", "abroad")
COVER = (
    "employer", "direct", "medicare", "medicaid", "tricare", "va", "employer and direct", "employer and medicare",
    "direct and medicare", "medicare and medicaid", "other private", "other public", "other", "none",
)  # fmt: skip
MODES = (
    "alone", "carpool 2", "carpool 3", "carpool 4", "carpool 5-6", "carpool 7", "bus", "subway", "railroad",
    "light rail", "ferry", "taxi", "motorcycle", "bicycle", "walked", "other", "home",
)  # fmt: skip
_BORN_ABROAD = np.array([0.045, 0.12, 0.02, 0.62, 0.3, 0.25, 0.12, 0.12])  # householders, by race
# Weights of languages of households by origin: Hispanic, Asian or Pacific Islander, all others; born here and abroad.
_SPEAK = np.array(
    [
        [[0.45, 0.54, 0.005, 0.0, 0.005], [0.04, 0.95, 0.005, 0.0, 0.005]],
        [[0.68, 0.0, 0.04, 0.27, 0.01], [0.1, 0.0, 0.18, 0.7, 0.02]],
        [[0.945, 0.015, 0.03, 0.0, 0.01], [0.25, 0.02, 0.5, 0.01, 0.22]],
    ]
)
_INTERNET = np.array([0.0, 0.0, 0.004, 0.005, 0.11, 0.14, 0.02, 0.68, 0.031, 0.01])
_FUEL = {
    2014: np.array([0.55, 0.03, 0.27, 0.12, 0.001, 0.014, 0.001, 0.006, 0.008]),
    2024: np.array([0.53, 0.03, 0.35, 0.055, 0.0005, 0.012, 0.006, 0.0075, 0.009]),
}
_REASON = np.array([0.28, 0.06, 0.12, 0.08, 0.1, 0.004, 0.3])
# Insurance of those who have it, in the order of COVER without its last: under 65, and from 65.
_YOUNG = np.array([0.73, 0.11, 0.012, 0.0, 0.016, 0.006, 0.028, 0.006, 0.003, 0.012, 0.006, 0.006, 0.02])
_OLD = np.array([0.05, 0.01, 0.29, 0.0, 0.004, 0.004, 0.004, 0.24, 0.2, 0.0, 0.008, 0.03, 0.09])
_MODE = np.log(
    [1.0, 0.085, 0.02, 0.008, 0.003, 0.001, 0.05, 0.002, 0.016, 0.006, 0.002, 0.004, 0.003, 0.012, 0.03, 0.01, 0.03]
)
_MINUTES = np.log([19, 22, 24, 25, 28, 32, 36, 35, 48, 34, 40, 18, 18, 15, 10, 24, 1.0])


def furnish(people: Population, geography: Geography, seed: int) -> Population:
    """The same people with all that the further tables ask for.

    Parameters
    ----------
    people : Population
    geography : Geography
    seed : int

    Returns
    -------
    Population
        More columns of ``households``: ``built`` (year), ``fuel``, ``language``, ``limited`` (nobody of 14 or over
        speaks English very well), ``internet``, ``computer``, ``rooms``, ``moved`` (of the household), ``snap``,
        ``disabled`` (somebody in it). Of ``empty``: ``built``, ``reason``. Of ``persons``: ``citizen`` (0 born here, 1
        naturalized, 2 neither), ``cover`` (-1 in the armed forces and in institutions), ``disabled``, ``enrolled`` and
        ``graduate`` (at 16 to 19), ``mode`` (-1 who does not go to work), ``minutes`` (NaN at home), ``moved`` (-1
        under a year), and of their household ``owner``, ``internet``, ``computer``. Numbers stand for words in the
        order of ``LANGUAGES``, ``INTERNET``, ``FUELS``, ``REASONS``, ``COVER``, ``MODES``, ``MOVES``.
    """
    place, vintage = landscape(geography, seed, people.vintage), people.vintage

    def stream(number: int) -> np.random.Generator:
        return np.random.default_rng([seed, 13, vintage, number])

    old = np.random.default_rng([seed, 13]).normal(0, 13, len(place.dense))
    households, empty = people.households, people.empty
    relative = _relative(households, vintage)
    status = place.status[households["block"].to_numpy()]
    households = households.assign(built=_built(households, place, old, vintage, stream(0)))
    households = households.assign(fuel=_fuel(households["built"], vintage, stream(1)))
    households, abroad = _tongue(households, relative, stream(2))
    households = _internet(households, relative, stream(3))
    households = households.assign(rooms=_rooms(households, relative, place, stream(4)))
    households = households.assign(moved=_moved(households, place, stream(5)))
    ratio = households["income"].to_numpy() / POVERTY_LINE[vintage][np.minimum(households["size"].to_numpy(), 7) - 1]
    households = households.assign(snap=stream(6).random(len(ratio)) < odds(1.3 - 2.3 * np.clip(ratio, 0, 6)))
    empty = empty.assign(built=_built(empty, place, old, vintage, stream(7)), reason=_reason(empty, place, stream(8)))
    people = replace(people, households=households, empty=empty)
    persons = people.persons.assign(
        **{name: _shared(people, households[name].to_numpy(), 0) for name in ("owner", "internet", "computer")}
    )
    persons = persons.assign(citizen=_citizens(people, abroad, stream(9)))
    persons = persons.assign(cover=_cover(people, persons, ratio, stream(10)))
    persons = persons.assign(disabled=_disabled(people, persons, 0.4 * status + 0.35 * relative, stream(11)))
    persons = _school(people, persons, relative, stream(12))
    persons = _commute(people, persons, place, relative, stream(13))
    persons = persons.assign(moved=_person_moved(people, persons, households["moved"].to_numpy(), stream(14)))
    with_one = np.bincount(persons["address"], weights=persons["disabled"], minlength=len(people.address_block)) > 0
    return replace(people, households=households.assign(disabled=with_one[: len(households)]), persons=persons)


def _relative(households: pd.DataFrame, vintage: int) -> FloatArray:
    """Log of income over the middle one."""
    level = 66_000.0 if vintage == 2024 else 47_500.0
    return np.asarray(np.log(np.maximum(households["income"].to_numpy(dtype=float), 8000.0) / level), dtype=np.float64)


def _shared(people: Population, of_household: FloatArray | IntArray | BoolArray, alone: float) -> FloatArray:
    """What each person's household has; ``alone`` in group quarters, (P,)."""
    address, quarters = people.persons["address"].to_numpy(), people.persons["quarters"].to_numpy()
    row = np.where(quarters, len(of_household), address)
    return np.append(of_household.astype(np.float64), alone)[row]


# --- homes ------------------------------------------------------------------------------------------------------------


def _built(homes: pd.DataFrame, place: Landscape, old: FloatArray, vintage: int, rng: np.random.Generator) -> IntArray:
    """Year built: older in the middle; since 2014 many in the quarters that were under pressure."""
    block = homes["block"].to_numpy()
    year = np.rint(1988 - 40 * place.dense[block] + old[block] + 11 * rng.normal(0, 1, len(block)))
    year = np.where(year > 2014, 2014 - (year - 2014), year)
    new, when = rng.random(len(block)) < 0.03 + 0.12 * place.pressed[block], rng.integers(2014, 2025, len(block))
    return np.where(new & (vintage == 2024), when, year).astype(np.int64)


def _fuel(built: pd.Series, vintage: int, rng: np.random.Generator) -> IntArray:
    weight = np.tile(_FUEL[vintage], (len(built), 1))
    weight[:, FUELS.index("oil")] *= np.exp(0.022 * (1960 - np.clip(built.to_numpy(), 1900, 2024)))
    return choose(weight, rng)


def _rooms(households: pd.DataFrame, relative: FloatArray, place: Landscape, rng: np.random.Generator) -> IntArray:
    size, owner = households["size"].to_numpy(), households["owner"].to_numpy()
    mean = 4.4 + 1.5 * owner + 0.6 * relative - 1.2 * place.dense[households["block"].to_numpy()] + 0.35 * (size - 2)
    return np.asarray(np.clip(np.rint(mean + 1.1 * rng.normal(0, 1, len(size))), 1, 12), dtype=np.int64)


def _moved(households: pd.DataFrame, place: Landscape, rng: np.random.Generator) -> IntArray:
    owner, age = households["owner"].to_numpy(), households["age"].to_numpy()
    logit = np.where(owner, -2.5, -1.35) + 0.022 * (45 - age) + 0.35 * place.pressure[households["block"].to_numpy()]
    gone = rng.random(len(owner)) < odds(logit)
    return np.where(gone, choose(np.tile([0.6, 0.18, 0.16, 0.06], (len(owner), 1)), rng) + 1, 0)


def _reason(empty: pd.DataFrame, place: Landscape, rng: np.random.Generator) -> IntArray:
    weight = np.tile(_REASON, (len(empty), 1))
    block = empty["block"].to_numpy()
    weight[:, -1] *= np.exp(-0.5 * place.status[block] + 0.7 * place.pressure[block])
    return choose(weight, rng)


# --- households -------------------------------------------------------------------------------------------------------


def _tongue(households: pd.DataFrame, relative: FloatArray, rng: np.random.Generator) -> tuple[pd.DataFrame, BoolArray]:
    """Language and English of each household, and whether its head was born abroad."""
    race, hispanic = households["race"].to_numpy(), households["hispanic"].to_numpy()
    abroad = rng.random(len(race)) < np.where(hispanic, 0.42, _BORN_ABROAD[race])
    origin = np.where(hispanic, 0, np.where((race == 3) | (race == 4), 1, 2))
    language = choose(_SPEAK[origin, abroad.astype(np.int64)], rng)
    logit = np.where(abroad, -0.75, -4.2) - 0.9 * relative + 0.02 * (households["age"].to_numpy() - 50)
    limited = (language > 0) & (rng.random(len(race)) < odds(logit))
    return households.assign(language=language, limited=limited), np.asarray(abroad, dtype=np.bool_)


def _internet(households: pd.DataFrame, relative: FloatArray, rng: np.random.Generator) -> pd.DataFrame:
    """The way on to the internet, and whether there is a computer of any kind."""
    count = len(households)
    without = rng.random(count) < odds(-2.6 - 0.95 * relative + 0.035 * (households["age"].to_numpy() - 55))
    weight = np.tile(_INTERNET, (count, 1))
    weight[:, INTERNET.index("cellular")] *= np.exp(-0.8 * relative)
    kind = np.where(without, np.where(rng.random(count) < 0.2, 1, 0), choose(weight, rng))
    return households.assign(internet=kind, computer=rng.random(count) < np.where(kind < 2, 0.45, 0.997))


# --- persons ----------------------------------------------------------------------------------------------------------


def _citizens(people: Population, abroad: BoolArray, rng: np.random.Generator) -> IntArray:
    """0 born here, 1 naturalized, 2 neither."""
    age, hispanic = people.persons["age"].to_numpy(), people.persons["hispanic"].to_numpy()
    head = np.zeros(len(age), dtype=np.bool_)
    head[people.first_person[:-1]] = True
    home = _shared(people, abroad, 0.06)
    chance = np.where(home == 1, np.where(age >= 18, 0.88, 0.15), np.where((age >= 18) & (home == 0), 0.03, home))
    foreign = np.where(head & (home == 1), True, rng.random(len(age)) < np.where(head & (home == 0), 0.0, chance))
    settled = rng.random(len(age)) < odds(0.1 + 0.035 * (age - 45) - 0.6 * hispanic)
    return np.where(foreign, np.where(settled, 1, 2), 0).astype(np.int64)


def _cover(people: Population, persons: pd.DataFrame, ratio: FloatArray, rng: np.random.Generator) -> IntArray:
    """Health insurance; members of a household lack it together."""
    age = persons["age"].to_numpy()
    income = np.clip(_shared(people, ratio, 1.5), 0, 5)
    alike = _shared(people, rng.normal(0, 0.9, len(ratio)), 0.0)
    logit = np.where(age < 19, -3.1, np.where(age < 35, -2.0, np.where(age < 65, -2.4, -6.0)))
    logit += -0.35 * (income - 2) + 1.5 * (persons["citizen"].to_numpy() == 2) + 0.8 * (people.vintage == 2014) + alike
    without = rng.random(len(age)) < odds(logit)
    weight = np.where((age < 65)[:, None], _YOUNG, _OLD)
    weight[:, COVER.index("medicaid")] = np.where(age < 65, np.exp(1.0 + 0.7 * (age < 19) - 1.25 * income), 0.0)
    weight[:, COVER.index("medicare and medicaid")] += 0.5 * (age >= 65) * np.exp(-0.8 * income)
    kind = np.where(without, COVER.index("none"), choose(weight, rng))
    return np.where((persons["work"].to_numpy() == 2) | persons["institution"].to_numpy(), -1, kind)


def _disabled(people: Population, persons: pd.DataFrame, standing: FloatArray, rng: np.random.Generator) -> BoolArray:
    """A disability, of one kind or another; not asked of institutions."""
    age = persons["age"].to_numpy()
    base = np.array([-4.9, -2.9, -2.6, -1.95, -1.1, 0.0])[np.searchsorted([5, 18, 35, 65, 75], age, "right")]
    logit = base - _shared(people, standing, 0.0) + 0.06 * persons["sex"].to_numpy()
    return np.asarray((rng.random(len(age)) < odds(logit)) & ~persons["institution"].to_numpy(), dtype=np.bool_)


def _school(people: Population, persons: pd.DataFrame, relative: FloatArray, rng: np.random.Generator) -> pd.DataFrame:
    """Whether people of 16 to 19 are enrolled in school, and whether the others have a diploma."""
    age, work, quarters = (persons[name].to_numpy() for name in ("age", "work", "quarters"))
    standing = _shared(people, relative, 0.0)
    logit = np.array([3.7, 3.1, 1.9, 1.2])[np.clip(age - 16, 0, 3)] + 0.7 * standing - 0.6 * (work == 0)
    enrolled = np.where(quarters, ~persons["institution"].to_numpy(), rng.random(len(age)) < odds(logit))
    graduate = rng.random(len(age)) < np.where(age >= 18, odds(1.2 + 0.6 * standing), 0.15)
    return persons.assign(enrolled=enrolled.astype(bool), graduate=graduate)


def _commute(
    people: Population, persons: pd.DataFrame, place: Landscape, relative: FloatArray, rng: np.random.Generator
) -> pd.DataFrame:
    """How workers got to work last week, and how long it took them."""
    count = len(persons)
    dense = place.dense[persons["block"].to_numpy()]
    standing = _shared(people, relative, 0.0)
    carless = _shared(people, people.households["vehicles"].to_numpy() == 0, 1.0)
    logit = np.tile(_MODE, (count, 1))
    logit[:, 0] -= 2.6 * carless
    logit[:, 1:6] -= 0.3 * standing[:, None]
    logit[:, 6:11] += (1.5 * dense - 0.35 * standing)[:, None]
    logit[:, 13] += 1.1 * dense
    logit[:, 14] += 1.8 * dense
    logit[:, 16] += 0.5 * standing + (1.45 if people.vintage == 2024 else 0.3)
    mode = choose(np.exp(logit), rng)
    far = np.where(mode < 12, -0.09 * np.log(np.maximum(dense, 1e-3)), 0.0)
    minutes = np.maximum(np.rint(np.exp(_MINUTES[mode] + far + 0.55 * rng.normal(0, 1, count))), 1)
    works = np.isin(persons["work"].to_numpy(), (0, 2)) & ~persons["institution"].to_numpy()
    goes = works & (rng.random(count) < 0.965)
    mode = np.where(goes, mode, -1)
    return persons.assign(mode=mode, minutes=np.where(goes & (mode != MODES.index("home")), minutes, np.nan))


def _person_moved(
    people: Population, persons: pd.DataFrame, of_household: IntArray, rng: np.random.Generator
) -> IntArray:
    """Where people lived a year ago: mostly with their household; many of those in group quarters came since."""
    count = len(persons)
    came = choose(np.tile([0.4, 0.3, 0.25, 0.05], (count, 1)), rng) + 1
    late = rng.random(count)
    with_all = np.where(late < 0.02, came, _shared(people, of_household, 0).astype(np.int64))
    in_quarters = np.where(late < np.where(persons["institution"].to_numpy(), 0.35, 0.55), came, 0)
    moved = np.where(persons["quarters"].to_numpy(), in_quarters, with_all)
    return np.where(persons["age"].to_numpy() < 1, -1, moved)
