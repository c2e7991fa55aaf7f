"""Further traits: nothing of before changes, they are plausible, they follow income, and history shows in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from justgeo.core.layer import BoolArray
from justgeo.synthetic import County, survey, traits
from justgeo.synthetic.people import VINTAGES, landscape, populate


def rich(nowhere: County) -> tuple[BoolArray, BoolArray]:
    """Persons of the poorer and of the richer half of the households, without group quarters."""
    homes, people = nowhere.households(), nowhere.persons()
    half = homes["income"].median()
    income = np.append(homes["income"].to_numpy(), np.nan)[np.minimum(people["address"], len(homes))]
    return np.asarray(income < half), np.asarray(income >= half)


@pytest.mark.parametrize("vintage", VINTAGES)
def test_the_people_of_before_are_the_same(nowhere: County, vintage: int) -> None:
    """Columns that tables, truths and districts of before stand on, and their order."""
    plain, furnished = populate(nowhere.geography, nowhere.seed, vintage), nowhere.people[vintage]
    for before, now in ((plain.households, furnished.households), (plain.persons, furnished.persons)):
        pd.testing.assert_frame_equal(before, now[list(before.columns)])
        assert len(now.columns) > len(before.columns)
    np.testing.assert_array_equal(plain.address_block, furnished.address_block)


def test_the_sample_of_people_does_not_depend_on_the_empty_homes(nowhere: County) -> None:
    people, group = nowhere.people[2024], nowhere.unit_of_block("block group", 2024)[1]
    both = [survey.draw(people, group, np.random.default_rng(1), np.random.default_rng(n)) for n in (2, 3)]
    fewer = replace(people, empty=people.empty.iloc[:9])
    both.append(survey.draw(fewer, group, np.random.default_rng(1), np.random.default_rng(2)))
    for one in both[1:]:
        np.testing.assert_array_equal(one.household.rows, both[0].household.rows)
        np.testing.assert_array_equal(one.person.weight, both[0].person.weight)
    assert not np.array_equal(both[0].home.rows, both[1].home.rows)


@pytest.mark.parametrize("vintage", VINTAGES)
def test_one_trait_does_not_move_another(nowhere: County, vintage: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a stream of its own: who draws once more in one changes nothing elsewhere."""
    plain = populate(nowhere.geography, nowhere.seed, vintage)
    fuel = traits._fuel

    def restless(built: pd.Series, vintage: int, rng: np.random.Generator) -> np.ndarray:
        rng.random(3)
        return fuel(built, vintage, rng)

    monkeypatch.setattr(traits, "_fuel", restless)
    moved, kept = traits.furnish(plain, nowhere.geography, nowhere.seed), nowhere.people[vintage]
    assert not moved.households["fuel"].equals(kept.households["fuel"])
    pd.testing.assert_frame_equal(moved.households.drop(columns="fuel"), kept.households.drop(columns="fuel"))
    pd.testing.assert_frame_equal(moved.persons, kept.persons)


@pytest.mark.parametrize("vintage", VINTAGES)
def test_homes_are_those_of_the_block_counts(nowhere: County, vintage: int) -> None:
    homes, counts = nowhere.people[vintage].homes, nowhere.block_counts(vintage)
    found = np.bincount(homes["block"], minlength=len(counts))
    np.testing.assert_array_equal(found, counts["housing_units"])
    empty = nowhere.people[vintage].empty
    np.testing.assert_array_equal(empty["geoid"], nowhere.geography.blocks["geoid"].to_numpy()[empty["block"]])
    assert homes["built"].between(1800, vintage).all()
    assert homes["reason"].notna().sum() == len(empty)


def test_shares_are_as_in_many_towns(nowhere: County) -> None:
    homes, people = nowhere.households(), nowhere.persons()
    asked = people[people["cover"] >= 0]
    adults, youths = people[people["age"] >= 18], people[people["age"].between(16, 19)]
    workers = people[people["mode"] >= 0]
    known = {
        "limited": (homes["limited"].mean(), 0.03, 0.10),
        "no internet": ((homes["internet"] == 0).mean(), 0.04, 0.12),
        "snap": (homes["snap"].mean(), 0.04, 0.15),
        "crowded": ((homes["size"] > homes["rooms"]).mean(), 0.02, 0.08),
        "oil": ((homes["fuel"] == traits.FUELS.index("oil")).mean(), 0.02, 0.08),
        "uninsured": ((asked["cover"] == traits.COVER.index("none")).mean(), 0.06, 0.13),
        "disabled": (asked["disabled"].mean(), 0.10, 0.16),
        "citizens": ((adults["citizen"] < 2).mean(), 0.80, 0.97),
        "idle": ((~youths["enrolled"] & ~youths["work"].isin([0, 2])).mean(), 0.04, 0.10),
        "transit": (workers["mode"].between(6, 10).mean(), 0.04, 0.20),
        "stayed": ((people["moved"] == 0).mean(), 0.78, 0.90),
    }
    for name, (share, low, high) in known.items():
        assert low < share < high, (name, share)


def test_they_follow_income(nowhere: County) -> None:
    poor, well = rich(nowhere)
    people, homes = nowhere.persons(), nowhere.households()
    none = (people["cover"] == traits.COVER.index("none")).to_numpy()
    for trait in (none, people["disabled"].to_numpy(), (people["internet"] < 2).to_numpy()):
        assert trait[poor].mean() > 1.25 * trait[well].mean()
    at_home = (people["mode"] == traits.MODES.index("home")).to_numpy()
    works = (people["mode"] >= 0).to_numpy()
    assert at_home[well & works].mean() > 1.15 * at_home[poor & works].mean()
    low = homes["income"] < homes["income"].median()
    for name in ("snap", "limited"):
        assert homes.loc[low, name].mean() > 1.5 * homes.loc[~low, name].mean()


def test_members_of_a_household_answer_alike(nowhere: County) -> None:
    """What one has, the other has more often than by chance: that is what makes margins of people wide."""
    people = nowhere.persons()
    row = nowhere.people[2024].first_person[:-1][: len(nowhere.households())]
    row = row[nowhere.households()["size"].to_numpy() > 1]
    first, second = (people.iloc[row + n].reset_index(drop=True) for n in (0, 1))
    both = (first["age"] < 65) & (second["age"] < 65) & (first["cover"] >= 0) & (second["cover"] >= 0)
    none = traits.COVER.index("none")
    a, b = (one["cover"][both] == none for one in (first, second))
    assert (a & b).mean() > 1.6 * a.mean() * b.mean()
    assert ((first["moved"] == 0) == (second["moved"] == 0))[both].mean() > 0.95


def test_history_shows(nowhere: County) -> None:
    now, then = nowhere.people[2024], nowhere.people[2014]
    none, home, oil = traits.COVER.index("none"), traits.MODES.index("home"), traits.FUELS.index("oil")
    assert (then.persons["cover"] == none).mean() > 1.5 * (now.persons["cover"] == none).mean()
    assert (now.persons["mode"] == home).mean() > 2 * (then.persons["mode"] == home).mean()
    assert (then.households["fuel"] == oil).mean() > 1.5 * (now.households["fuel"] == oil).mean()
    pressed = landscape(nowhere.geography, nowhere.seed, 2024).pressed[now.homes["block"]]
    new = (now.homes["built"] >= 2015).to_numpy()
    assert new[pressed > 0.6].mean() > 2 * new[pressed < 0.1].mean()
    assert (then.homes["built"] <= 2014).all()


def test_what_is_not_asked_is_missing(nowhere: County) -> None:
    people = nowhere.persons()
    assert (people.loc[people["institution"], "cover"] == -1).all()
    assert (people.loc[people["work"] == 2, "cover"] == -1).all()
    assert not people.loc[people["institution"], "disabled"].any()
    assert 600 < people["institution"].sum() < people["quarters"].sum()
    assert (people.loc[people["age"] < 1, "moved"] == -1).all()
    assert not people.loc[~people["work"].isin([0, 2]), "mode"].ge(0).any()
    assert people.loc[people["mode"] < 0, "minutes"].isna().all()
    assert people.loc[people["mode"] == traits.MODES.index("home"), "minutes"].isna().all()
    assert people.loc[people["mode"].between(0, 15), "minutes"].ge(1).all()
    homes = nowhere.households()
    assert not homes.loc[homes["language"] == 0, "limited"].any()
