"""Tables that agencies publish by area, as they would of Nowhere: health, designations, filings, burdens, jobs.

Each is a smooth story of the same people with numbers of its own, so that what is true of a place can be worked out
from the story and the addresses alone, without any of the doors or weights of the product.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from justgeo.core.layer import FloatArray
from justgeo.synthetic.county import County
from justgeo.synthetic.geography import COUNTY, STATE

FIPS = STATE + COUNTY
YEARS = range(2000, 2017)
DESIGNATED = 0.65
"""Tracts above this quantile of people of low income are designated."""
HEALTH = {
    "CASTHMA": (9.0, 6.0, 0.0),
    "DIABETES": (6.0, 8.0, 20.0),
    "CHD": (2.5, 2.5, 16.0),
    "COPD": (3.0, 6.0, 12.0),
    "STROKE": (1.2, 2.5, 9.0),
    "BPHIGH": (22.0, 10.0, 42.0),
    "OBESITY": (26.0, 14.0, 0.0),
    "MHLTH": (11.0, 14.0, -8.0),
    "PHLTH": (7.0, 12.0, 8.0),
    "GHLTH": (9.0, 22.0, 12.0),
    "DEPRESSION": (17.0, 8.0, -6.0),
    "LPA": (15.0, 28.0, 10.0),
    "CSMOKING": (8.0, 18.0, -6.0),
    "ACCESS2": (4.0, 18.0, -8.0),
    "CHECKUP": (70.0, -4.0, 28.0),
    "SLEEP": (29.0, 14.0, -4.0),
}
"""Percent of adults: where nobody is poor or old, and what a place of poor, and of old people has more."""
_SPREAD = 0.04
"""Standard error of a modelled percent, as a part of it."""


@lru_cache(maxsize=8)
def traits(place: County, column: str) -> pd.DataFrame:
    """People of 2024 by area: ``people``, shares ``poor`` (under twice the line), ``old`` (65 and over), ``x``, ``y``.

    Parameters
    ----------
    column : str
        Of ``Geography.blocks``: ``tract``, ``tract10``, ``bg``, ``bg10``.
    """
    blocks, persons = place.geography.blocks, place.persons(2024)
    area = blocks[column].to_numpy().astype(str)
    of_person = area[persons["block"].to_numpy()]
    frame = pd.DataFrame({"poor": (persons["poverty"] < 2).to_numpy(), "old": (persons["age"] >= 65).to_numpy()})
    grouped = frame.groupby(of_person)
    found = grouped.mean().assign(people=grouped.size())
    middle = blocks[["x", "y"]].groupby(area).mean()
    whole: pd.DataFrame = middle.join(found).fillna({"people": 0.0, "poor": 0.0, "old": 0.0}).sort_index()
    return whole


def _far(areas: pd.DataFrame, spot: tuple[float, float] = (-400.0, 0.0)) -> FloatArray:
    """Metres from the middle of the city, or from another spot."""
    x, y = (areas[name].to_numpy(dtype=np.float64) for name in ("x", "y"))
    return np.asarray(np.hypot(x - spot[0], y - spot[1]), dtype=np.float64)


def _random(place: County, number: int) -> np.random.Generator:
    return np.random.default_rng([place.seed, 21, number])


# Designation --------------------------------------------------------------------------------------


def designated(place: County) -> pd.Series[bool]:
    """Which tracts of 2010 are designated."""
    found = traits(place, "tract10")
    lived_in = found["people"] > 0
    return lived_in & (found["poor"] >= found.loc[lived_in, "poor"].quantile(DESIGNATED))


def cejst(place: County) -> pd.DataFrame:
    """The designation of communities, by tract of 2010."""
    flags, found = designated(place), traits(place, "tract10")
    exceeded = np.where(flags, 1 + np.arange(len(flags)) % 3, 0)
    return pd.DataFrame(
        {
            "Census tract 2010 ID": flags.index,
            "County Name": "Nowhere (invented)",
            "State/Territory": "Nowhere (invented)",
            "Total threshold criteria exceeded": exceeded,
            "Total categories exceeded": np.minimum(exceeded, 2),
            "Identified as disadvantaged without considering neighbors": flags.to_numpy(),
            "Identified as disadvantaged": flags.to_numpy(),
            "Percentage of tract that is disadvantaged by area": np.where(flags, 100.0, 0.0),
            "Total population": found["people"].to_numpy().astype(np.int64),
        }
    )


# Filings ------------------------------------------------------------------------------------------


@lru_cache(maxsize=2)
def filings(place: County) -> pd.DataFrame:
    """Filings and renter households of each tract of 2010 and year: ``geoid``, ``year``, ``filings``, ``renters``."""
    homes = place.households(2014)
    area = place.geography.blocks["tract10"].to_numpy().astype(str)
    rented = pd.Series(area[homes.loc[~homes["owner"], "block"].to_numpy()]).value_counts()
    found = traits(place, "tract10").assign(renters=rented).fillna({"renters": 0.0})
    found = found[found["people"] > 0]
    rng, parts = _random(place, 1), []
    for year in YEARS:
        swing = 1.0 + 0.25 * np.sin((year - 2000) / 3.0) - 0.01 * (year - 2000)
        rate = (0.02 + 0.16 * found["poor"].to_numpy()) * swing
        count = rng.poisson(found["renters"].to_numpy() * rate)
        parts.append(pd.DataFrame({"geoid": found.index, "year": year, "filings": count, "renters": found["renters"]}))
    whole = pd.concat(parts, ignore_index=True)
    quiet = quiet_tract(place)
    whole.loc[(whole["geoid"] == quiet) & (whole["year"] == YEARS[-1]), "filings"] = 0
    return whole


def quiet_tract(place: County) -> str:
    """A tract of 2010 in the middle of the district in which nobody filed in the last year."""
    found = traits(place, "tract10")
    apart = _far(found, (-900.0, 400.0))
    return str(found.index[int(np.argmin(np.where(found["people"] > 0, apart, np.inf)))])


def evictions(place: County) -> pd.DataFrame:
    """Court records by tract of 2010 and year, with rates to two digits."""
    told = filings(place)
    threatened = np.floor(0.85 * told["filings"])
    judged = np.floor(0.4 * told["filings"])
    renters = told["renters"].where(told["renters"] > 0)

    def rate(count: pd.Series[float]) -> pd.Series[float]:
        return (100.0 * count / renters).round(2)

    return pd.DataFrame(
        {
            "state": "Nowhere (invented)",
            "county": "Nowhere (invented)",
            "cofips": FIPS,
            "tract": told["geoid"].str[5:],
            "fips": told["geoid"],
            "year": told["year"],
            "filings": told["filings"],
            "filing_rate": rate(told["filings"]),
            "threatened": threatened.astype(np.int64),
            "threatened_rate": rate(threatened),
            "judgements": judged.astype(np.int64),
            "judgement_rate": rate(judged),
        }
    )


# Health -------------------------------------------------------------------------------------------


def prevalence(place: County, measure: str) -> pd.Series[float]:
    """What is true of the adults of each tract of 2020, percent; NaN where fewer than 50 people live."""
    found = traits(place, "tract")
    base, poor, old = HEALTH[measure]
    return (base + poor * found["poor"] + old * found["old"]).where(found["people"] >= 50)


def places(place: County) -> list[dict[str, Any]]:
    """Rows of the service of modelled health, by tract of 2020 and measure; half of the error is common to all."""
    rows: list[dict[str, Any]] = []
    for number, measure in enumerate(HEALTH):
        true, rng = prevalence(place, measure), _random(place, 100 + number)
        common = rng.normal()
        for geoid, percent in true.items():
            off = np.sqrt(0.5) * common + np.sqrt(0.5) * rng.normal()
            error = _SPREAD * percent
            told = percent + error * np.clip(off, -1.9, 1.9)
            head = {
                "year": "2022 (invented)",
                "stateabbr": "ZZ",
                "countyname": "Nowhere (invented)",
                "countyfips": FIPS,
                "locationname": str(geoid),
                "measureid": measure,
                "data_value_unit": "%",
            }
            for kind, shift in (("CrdPrv", 0.0), ("AgeAdjPrv", 0.7)):
                numbers = {
                    "data_value": told + shift,
                    "low_confidence_limit": told + shift - 1.96 * error,
                    "high_confidence_limit": told + shift + 1.96 * error,
                }
                cells = {} if np.isnan(percent) else {name: f"{value:.1f}" for name, value in numbers.items()}
                rows.append({**head, "datavaluetypeid": kind, **cells})
    return rows


def lifetimes(place: County) -> pd.Series[float]:
    """Years that a child born in each tract of 2010 can expect, all records at hand."""
    found = traits(place, "tract10")
    return (84.0 - 12.0 * found["poor"] + 6.0 * (found["old"] - 0.15)).where(found["people"] > 0).dropna()


def usaleep(place: County) -> pd.DataFrame:
    """Life expectancy at birth by tract of 2010, with its standard error."""
    true = lifetimes(place)
    people = traits(place, "tract10").loc[true.index, "people"]
    error = np.round(1.4 * np.sqrt(4000.0 / people.to_numpy()), 4)
    told = true.to_numpy() + error * np.clip(_random(place, 2).normal(size=len(true)), -2.0, 2.0)
    return pd.DataFrame(
        {
            "Tract ID": true.index,
            "STATE2KX": STATE,
            "CNTY2KX": COUNTY,
            "TRACT2KX": [geoid[5:] for geoid in true.index],
            "e(0)": np.round(told, 1),
            "se(e(0))": error,
            "Abridged life table flag": 3,
        }
    )


# Burdens and ways ---------------------------------------------------------------------------------


def burdens(place: County) -> pd.DataFrame:
    """EJScreen by block group of 2020: air, traffic and sites; places without traffic counts have none."""
    found = traits(place, "bg")
    near = np.exp(-_far(found) / 3500.0)
    named = {
        "PM25": 6.5 + 2.2 * near,
        "OZONE": 44.0 - 3.0 * near,
        "NO2": 4.0 + 9.0 * near,
        "DSLPM": 0.10 + 0.35 * near,
        "RSEI_AIR": 50.0 + 900.0 * near**2,
        "PTRAF": 40.0 + 2200.0 * near**2,
        "PRE1960PCT": np.clip(0.05 + 0.8 * near, 0.0, 1.0),
        "PNPL": 0.02 + 0.10 * near,
        "PRMP": 0.05 + 0.5 * near,
        "PTSDF": 0.1 + 1.4 * near,
        "UST": 0.2 + 5.0 * near,
        "PWDIS": 0.001 + 0.02 * near,
        "DWATER": np.full(len(found), 1.5),
    }
    return pd.DataFrame({"ID": found.index, **{name: np.round(values, 6) for name, values in named.items()}})


def walkability(place: County) -> pd.DataFrame:
    """EPA's Smart Location Database by block group of 2010: ranks of 1 to 20, and the index that they make."""
    found = traits(place, "bg10")
    near = np.exp(-_far(found) / 3500.0)
    rng = _random(place, 3)
    names = ("D3B_Ranked", "D4A_Ranked", "D2B_Ranked", "D2A_Ranked")
    ranks = {n: np.clip(np.rint(1 + 17 * near + rng.normal(0, 2, len(near))), 1, 20).astype(np.int64) for n in names}
    ids = found.index.to_numpy().astype(str)
    index = (ranks["D3B_Ranked"] + ranks["D4A_Ranked"]) / 3 + (ranks["D2B_Ranked"] + ranks["D2A_Ranked"]) / 6
    return pd.DataFrame(
        {
            "STATEFP": [int(one[:2]) for one in ids],
            "COUNTYFP": [int(one[2:5]) for one in ids],
            "TRACTCE": [int(one[5:11]) for one in ids],
            "BLKGRPCE": [int(one[11:]) for one in ids],
            "NatWalkInd": index,
            **ranks,
            "D3B": np.round(20 + 120 * near, 3),
            "D4A": np.where(near > 0.2, np.round(900 * (1 - near)), -99999),
            "D4C": np.where(near > 0.2, np.round(40 * near, 2), -99999),
            "D5BR": np.where(near > 0.2, np.round(60000 * near), -99999),
            "D2B_E8MIXA": np.round(near, 4),
            "D2A_EPHHM": np.round(0.5 * near + 0.2, 4),
        }
    )


# Energy -------------------------------------------------------------------------------------------


@lru_cache(maxsize=2)
def energy(place: County) -> pd.DataFrame:
    """What each household of 2024 spends on energy: ``tract``, ``income``, ``electricity``, ``gas``, ``other``."""
    homes = place.households(2024)
    size, rooms = homes["size"].to_numpy(dtype=float), homes["rooms"].to_numpy(dtype=float)
    rng = _random(place, 4)
    power: FloatArray = np.rint((420.0 + 130.0 * size + 95.0 * rooms) * np.exp(0.3 * rng.normal(size=len(homes))))
    fuel = homes["fuel"].to_numpy()
    heat: FloatArray = np.rint((260.0 + 120.0 * rooms) * np.exp(0.3 * rng.normal(size=len(homes))))
    return pd.DataFrame(
        {
            "tract": place.geography.blocks["tract"].to_numpy().astype(str)[homes["block"].to_numpy()],
            "income": homes["income"].to_numpy(dtype=float),
            "electricity": power + np.where(fuel == 2, heat, 0.0),
            "gas": np.where(fuel <= 1, heat, 0.0),
            "other": np.where(np.isin(fuel, (3, 4, 5)), heat, 0.0),
            "owner": homes["owner"].to_numpy(),
        }
    )


def lead(place: County) -> pd.DataFrame:
    """DOE's table of energy and income, a row a tract and stratum."""
    told = energy(place)
    bands = np.array(["0-30%", "30-60%", "60-80%", "80-100%", "100-150%", "150%+"])
    band = bands[np.searchsorted([20e3, 40e3, 53e3, 66e3, 99e3], told["income"].to_numpy(), "right")]
    told = told.assign(band=band, tenure=np.where(told["owner"], "OWNER", "RENTER"), units=1.0)
    summed = told.groupby(["tract", "band", "tenure"], sort=True)[
        ["units", "income", "electricity", "gas", "other"]
    ].sum()
    frame = summed.reset_index()
    return pd.DataFrame(
        {
            "ABV": "ZZ",
            "FIP": frame["tract"],
            "AMI150": frame["band"],
            "TEN": frame["tenure"],
            "TEN-YBL6": "ALL",
            "TEN-BLD": "ALL",
            "TEN-HFL": "ALL",
            "UNITS": frame["units"],
            "HINCP*UNITS": frame["income"],
            "ELEP*UNITS": frame["electricity"],
            "GASP*UNITS": frame["gas"],
            "FULP*UNITS": frame["other"],
        }
    )


# Jobs ---------------------------------------------------------------------------------------------


def jobs(place: County) -> pd.DataFrame:
    """Jobs by block of 2020 (LODES), blocks without any left out."""
    blocks = place.geography.blocks
    near = np.exp(-_far(blocks) / 2200.0)
    rng = _random(place, 5)
    count = rng.poisson(np.where(rng.random(len(near)) < 0.35, 60.0 * near + 2.0, 0.0)) + 220 * (blocks["kind"] == 3)
    return _lodes("w_geocode", blocks["geoid"].to_numpy().astype(str), np.asarray(count, dtype=np.int64), rng)


def workers(place: County) -> pd.DataFrame:
    """Workers by the block of 2020 that they live in."""
    persons, blocks = place.persons(2024), place.geography.blocks
    employed = (persons["work"] == 0).to_numpy() & ~persons["institution"].to_numpy()
    count = np.bincount(persons["block"].to_numpy()[employed], minlength=len(blocks)).astype(np.int64)
    return _lodes("h_geocode", blocks["geoid"].to_numpy().astype(str), count, _random(place, 6))


def _lodes(
    key: str, geoid: npt.NDArray[np.str_], count: npt.NDArray[np.int64], rng: np.random.Generator
) -> pd.DataFrame:
    """Counts split by wage and by sector; sums hold."""
    low = rng.binomial(count, 0.22)
    middle = rng.binomial(count - low, 0.4)
    sectors = rng.multinomial(count, np.full(20, 1 / 20))
    frame = pd.DataFrame(
        {key: geoid, "C000": count, "CE01": low, "CE02": middle, "CE03": count - low - middle}
        | {f"CNS{n + 1:02d}": sectors[:, n] for n in range(20)}
    )
    return frame[frame["C000"] > 0].reset_index(drop=True)


def mean_of(place: County, values: pd.Series[float], column: str, people: npt.NDArray[np.bool_]) -> float:
    """Mean over some persons of 2024 of the figure of the area that each lives in; areas without one are left out.

    Parameters
    ----------
    values : Series
        By area.
    column : str
        Of ``Geography.blocks``, see ``traits``.
    people : (P,) bool
        Which rows of ``persons`` count.
    """
    area = place.geography.blocks[column].to_numpy().astype(str)
    met = values.reindex(area[place.persons(2024)["block"].to_numpy()[people]]).to_numpy(dtype=float)
    return float(np.nanmean(met))
