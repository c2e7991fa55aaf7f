"""Filings for eviction, from court records by tract."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from justgeo.core.errors import Absent
from justgeo.core.field import Cells, CountField, Counts, Weight
from justgeo.core.layer import FloatArray, Layer
from justgeo.core.result import Indicator
from justgeo.indicators.place import Place
from justgeo.indicators.published import known_areas, table, units_of


def filing_rate(row: Indicator, place: Place, group: str = "all") -> CountField:
    """Filings for eviction in a year for every 100 renter households: ``100 sum(filings) / sum(renter households)``.

    Never a mean of rates. A table of filings and rates tells the households of each tract as ``100 filings / rate``;
    where nobody filed in that year they are those of the nearest year in which somebody did, else those of the survey
    of renters whose tracts are the table's.

    Parameters
    ----------
    row : Indicator
        ``parameters``: ``table``; ``years_before``, how far to go back from the newest year of each county.

    Returns
    -------
    CountField
        Court records, no sample: without sampling error. Tracts that the table does not have, or whose renters nobody
        tells, have no row.

    Raises
    ------
    Absent
        The table or its tracts are not at hand, or no county has the year that is asked for.
    """
    if group != "all":
        raise Absent("court records of evictions tell no race or income")
    layer = table(place, str(row.parameters["table"]))
    known_areas(place, layer)
    every = _history(layer)
    back = int(row.parameters.get("years_before", 0))
    county = every["geoid"].str[:5]
    wanted = every.groupby(county)["year"].transform("max") - back
    taken = every[(every["year"] == wanted).to_numpy(dtype=np.bool_)].drop(columns="renters")
    if taken.empty:
        raise Absent(f"the table has no county of which it tells the year {back} years before its newest")
    homes = _renters(every, taken, place, layer.geography_vintage)
    filings = taken["filings"].to_numpy(dtype=np.float64)
    told = np.isfinite(filings) & np.isfinite(homes)
    if not told.any():
        raise Absent("the table tells neither filings nor rates of any tract here")
    geoid = taken["geoid"].to_numpy(dtype=np.str_)[told]
    nothing = np.zeros((int(told.sum()), 1))
    return CountField(
        units=units_of(place, layer, geoid),
        numerator=Counts(Cells(("filings",), filings[told][:, None], nothing)),
        denominator=Counts(Cells(("renter households",), homes[told][:, None], nothing)),
        weight=cast(Weight, row.weight),
        kind="ratio",
        universe=row.universe,
        per=100.0,
        flags=tuple(f"filings of {year}" for year in _years(taken[told])),
    )


def _history(layer: Layer) -> pd.DataFrame:
    """Filings of every year at hand: ``geoid``, ``year``, ``filings``, ``renters`` (NaN where the rate tells none)."""
    told = layer.data.attrs.get("times") or {name: layer.data[name].tolist() for name in layer.data}
    lost = [name for name in ("geoid", "year", "filings", "filing_rate") if name not in told]
    if lost:
        raise Absent(f"the table at hand has no {', '.join(lost)}")
    frame = pd.DataFrame({name: told[name] for name in ("geoid", "year", "filings", "filing_rate")})
    filings, rate = (frame[name].to_numpy(dtype=np.float64) for name in ("filings", "filing_rate"))
    some = (filings > 0) & (rate > 0)
    homes = np.divide(100.0 * filings, rate, out=np.full(len(frame), np.nan), where=some)
    return frame.assign(renters=homes)


def _renters(every: pd.DataFrame, taken: pd.DataFrame, place: Place, vintage: int) -> FloatArray:
    """Renter households of each row that is taken: of its own year, else of the nearest one, else of the survey."""
    known = every[every["renters"].notna()]
    pairs = taken[["geoid", "year"]].reset_index(names="row").merge(known, on="geoid", suffixes=("", "_of"))
    pairs = pairs.assign(far=(pairs["year"] - pairs["year_of"]).abs())
    nearest = pairs.sort_values(["row", "far", "year_of"], kind="stable").drop_duplicates("row").set_index("row")
    homes = nearest["renters"].reindex(taken.index).to_numpy(dtype=np.float64)
    surveyed = _surveyed_renters(place, vintage).reindex(taken["geoid"]).to_numpy(dtype=np.float64)
    return np.asarray(np.where(np.isfinite(homes), homes, surveyed), dtype=np.float64)


def _surveyed_renters(place: Place, vintage: int) -> pd.Series[float]:
    """Renter households by tract in the survey whose tracts are of a census, empty where there is none at hand."""
    for when in ("t0", "t1"):
        found = place.layers.get(place.table_name("B25003", when))
        if isinstance(found, Layer) and found.geography_vintage == vintage and "B25003_003E" in found.data:
            tracts = found.data[(found.data["level"] == "tract").to_numpy(dtype=np.bool_)]
            return pd.Series(tracts["B25003_003E"].to_numpy(np.float64), index=tracts["geoid"].to_numpy(dtype=np.str_))
    return pd.Series(np.empty(0, dtype=np.float64), index=np.empty(0, dtype=np.str_))


def _years(taken: pd.DataFrame) -> list[str]:
    """``2016``, or with several counties ``2016 (99001)`` each."""
    counties = taken["geoid"].str[:5]
    by_year = taken.groupby("year")["geoid"].agg(lambda ids: ", ".join(sorted(set(ids.str[:5]))))
    if counties.nunique() == 1 or len(by_year) == 1:
        return [f"{year:.0f}" for year in by_year.index]
    return [f"{year:.0f} ({named})" for year, named in by_year.items()]
