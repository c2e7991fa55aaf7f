"""The invented county as the typology sees it: as it is, and as surveys of it say. Its history is known.

The truth asks everybody: shares of people and homes, medians of what each one earns, pays and owns, on the tracts of
2020 at both times, with no standard error; its thresholds are those of the truth. A survey goes the product's own way
(`indicators.displacement.tracts_of`): published tables of both vintages, those of 2014 on the tracts of 2010.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from justgeo.catalogue import read as catalogue
from justgeo.core.layer import BoolArray, FloatArray, Layer, Provenance
from justgeo.core.result import Indicator
from justgeo.core.zones import StrArray
from justgeo.indicators.displacement import settings_of, tracts_of
from justgeo.indicators.place import Place
from justgeo.measure.margins import decode
from justgeo.measure.typology.values import Amount, Pooled, Settings, Tracts
from justgeo.synthetic import County
from tests.benchmarks import simulation

VINTAGES = {"now": 2024, "before": 2014}
COUNTY = "99001"
LOW_INCOME = 0.8
"""Of the county's median income."""
TABLES = (
    "B01003", "B03002", "B15003", "B19001", "B19013", "B25003", "B25063", "B25064", "B25075", "B25077", "B26001",
)  # fmt: skip
_SHARES = {"owners": ("B25003", "002"), "white": ("B03002", "003"), "bachelors": ("B15003", "022 023 024 025")}
_MEDIANS = ("income", "value", "rent")


# --- the truth ------------------------------------------------------------------------------------------------------


def truth(county: County, like: Tracts) -> Tracts:
    """What everybody would say, for the tracts of a survey and with its neighbours and prices.

    Returns
    -------
    Tracts
        Standard errors are 0, no median is top-coded, all homes behind the medians are counted.
    """
    known = {when: _everybody(county, when) for when in VINTAGES}
    geoid = like.geoid
    nothing = np.zeros(len(geoid))

    def amounts(when: str, names: Sequence[str]) -> dict[str, Amount]:
        return {name: Amount(_at(known[when][name], geoid), nothing) for name in names}

    def count(when: str, name: str) -> FloatArray:
        return np.nan_to_num(_at(known[when][name], geoid), nan=0.0)

    homes = {f"{name}_{when}": count(when, f"{name}_homes") for name in ("value", "rent") for when in VINTAGES}
    return replace(
        like,
        now=amounts("now", [*_SHARES, "low_income", *_MEDIANS]),
        before=amounts("before", [*_SHARES, *_MEDIANS]),
        region_now=_region(county, "now"),
        region_before=_region(county, "before"),
        households=Amount(count("now", "households"), nothing),
        renter_households=Amount(count("now", "rent_homes"), nothing),
        homes=homes,
        top={},
        group_quarters=_at(known["now"]["quarters"], geoid),
        extra={},
        notes=(),
    )


def _everybody(county: County, when: str) -> pd.DataFrame:
    """Every quantity by tract of 2020."""
    vintage = VINTAGES[when]
    tract = county.geography.blocks["tract"].to_numpy().astype(str)
    found: dict[str, pd.Series] = {}
    for name, (table, lines) in _SHARES.items():
        cells = county.truth(table, vintage, "block").groupby(tract).sum()
        found[name] = _share(cells, table, lines)
        if name == "owners":
            found["households"], found["value_homes"], found["rent_homes"] = (cells.iloc[:, k] for k in range(3))
    homes = county.households(vintage)
    of = tract[homes["block"].to_numpy()]
    found["low_income"] = (homes["income"] < LOW_INCOME * homes["income"].median()).groupby(of).mean()
    for name in _MEDIANS:
        found[name] = homes[name].groupby(of).median()
    people = [county.truth(table, vintage, "block").iloc[:, 0].groupby(tract).sum() for table in ("B26001", "B01003")]
    found["quarters"] = people[0] / people[1].where(people[1] > 0)
    return pd.DataFrame(found)


def _share(cells: pd.DataFrame, table: str, lines: str) -> pd.Series:
    above = cells[[f"{table}_{line}" for line in lines.split()]].sum(axis=1)
    below = cells[f"{table}_001"]
    return above / below.where(below > 0)


def _at(values: pd.Series, geoid: StrArray) -> FloatArray:
    return np.asarray(values.reindex(geoid), dtype=np.float64)


def _region(county: County, when: str) -> dict[str, Pooled]:
    vintage = VINTAGES[when]
    found = {}
    for name, (table, lines) in _SHARES.items():
        found[name] = Pooled(float(_share(county.truth(table, vintage, "county"), table, lines).iloc[0]), 0.0)
    income = county.households(vintage)["income"]
    found["income"] = Pooled(float(income.median()), 0.0)
    if when == "now":
        found["low_income"] = Pooled(float((income < LOW_INCOME * income.median()).mean()), 0.0)
    return found


# --- surveys --------------------------------------------------------------------------------------------------------


def relationship(county: County) -> Layer:
    """How blocks of 2010 lie in those of 2020, with what was counted in them, as the reader of files gives it."""
    blocks = county.geography.blocks
    counts = county.block_counts(VINTAGES["before"])
    whole = blocks.groupby("block10")["land_m2"].transform("sum")
    pieces = blocks.groupby("block10")["land_m2"].transform("size")
    table = pd.DataFrame(
        {
            "block10": blocks["block10"],
            "block20": blocks["geoid"],
            "share_land": (blocks["land_m2"] / whole.where(whole > 0)).fillna(1.0 / pieces),
            "pop10": counts["population"].groupby(blocks["block10"]).transform("sum").astype(float),
            "hu10": counts["housing_units"].groupby(blocks["block10"]).transform("sum").astype(float),
            "land10": whole.astype(float),
        }
    )
    return Layer("crosswalk_99", table, _invented("crosswalk_99", "2010"), None, "block", 2010)


def divided(county: County, geoid: StrArray) -> BoolArray:
    """Tracts of 2020 that hold a part of a tract of 2010 that was divided since, or that were moved or merged, (n,)."""
    blocks = county.geography.blocks
    pairs = blocks[blocks["tract"].isin(list(geoid))][["tract", "tract10"]].drop_duplicates()
    before, now = pairs["tract10"].value_counts(), pairs["tract"].value_counts()
    changed = pairs[(pairs["tract10"].map(before) > 1) | (pairs["tract"].map(now) > 1)]["tract"]
    return np.isin(geoid, changed.to_numpy().astype(str))


def survey_layers(county: County, vintage: int, draw: int) -> dict[str, Layer]:
    """One survey's tables as the doors read them: sentinels are gone, a controlled estimate has margin 0."""
    found = {}
    for name, frame in county.sample(vintage, draw, TABLES).items():
        geoid = frame["GEO_ID"].str.split("US").str[1]
        data = {"geoid": geoid, "level": geoid.str.len().map({5: "county", 11: "tract", 12: "block group"})}
        for column in [c for c in frame if "_E" in c]:
            cells = decode(frame[column].to_numpy(float), frame[column.replace("_E", "_M")].to_numpy(float))
            code = column.replace("_E", "_")
            data[f"{code}E"], data[f"{code}M"] = cells.estimate, cells.margin
        made = _invented(f"acs:{name}@{vintage}", f"{vintage - 4}-{vintage}")
        table = pd.DataFrame(data)
        table.attrs["reasons"] = {}
        found[made.layer] = Layer(made.layer, table, made, None, "", 2020 if vintage >= 2020 else 2010)
    return found


def _invented(name: str, vintage: str) -> Provenance:
    return Provenance(name, "justgeo.synthetic", "Nowhere (invented)", vintage, synthetic=True)


@dataclass(frozen=True)
class Desk:
    """What every survey of one county is measured with."""

    county: County
    place: Place
    row: Indicator

    @classmethod
    def of(cls, county: County) -> Desk:
        zones = simulation.places(county).weights
        tracts = Layer("tracts", county.units("tract"), _invented("tracts", "2020"), None, "tract", 2020)
        return cls(
            county,
            Place(
                layers={"tracts": tracts, "crosswalk_99": relationship(county)},
                absent={},
                zones=zones.zones,
                weights=zones,
                crs=zones.zones.geometry.crs.to_wkt(),
                years={"t1": VINTAGES["now"], "t0": VINTAGES["before"]},
                reference_prefixes=(COUNTY,),
                prices=catalogue.prices(),
            ),
            typology_row(),
        )

    def survey(self, draw: int) -> Tracts:
        """One survey, by the product's own door."""
        tables = {k: layer for when in VINTAGES.values() for k, layer in survey_layers(self.county, when, draw).items()}
        return tracts_of(replace(self.place, layers={**self.place.layers, **tables}, cache={}), self.row)


def typology_row() -> Indicator:
    """A row of the catalogue that the typology is made for."""
    return next(row for row in catalogue.indicators() if "value_edges" in row.parameters)


def chosen() -> Settings:
    """The product's own choices for that row."""
    return settings_of(typology_row())


def surveys(county: County, count: int, first: int) -> Iterator[Tracts]:
    """Surveys number ``first`` and following, of both vintages; the two vintages ask different people."""
    desk = Desk.of(county)
    for draw in range(first, first + count):
        yield desk.survey(draw)
