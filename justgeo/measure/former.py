"""Weights of today's zones over the areas of the census before: how much of each tract of 2010 lies in a district.

An earlier survey stands on the areas of 2010. It is not brought to those of 2020 and then cut again by a district's
boundary, which would divide twice. Where its blocks of 2010 lie is known from the blocks of 2020 in them, and so they
are origins like any others: the weight of a unit u of 2010 in a zone is ``sum(W_b f_b) / sum(W_b)`` over its blocks b,
with W the people or homes that were counted in 2010 and ``f_b = sum(s f)`` from the share s of a block's land that
lies in each block of 2020 and the share f of that block in the zone. Everything else is as for the later survey: whole
units as published, both parts of the margin, other ways of dividing.

A zone that holds all parts of a tract that was divided since has that tract whole, with its own published margin.

References
----------
U.S. Census Bureau, *2020 Census Block Relationship Files*.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely
from scipy import sparse

from justgeo.core.errors import LayerError
from justgeo.core.field import Cells, Counts, Weight
from justgeo.core.layer import FloatArray, IntArray, Layer
from justgeo.core.zones import StrArray, Units
from justgeo.measure import crosswalk, fractions, nesting, tables
from justgeo.measure.apportion import Weights
from justgeo.measure.fractions import Geometries
from justgeo.measure.nesting import Origins, UnitSet

FORMER = 2010
LEVELS_2010 = ("county", "tract", "block group")
FAR = 1e9
"""Where a block of 2010 stands of which no ground is at hand, metres: in no zone."""


def weights_of_2010(now: Weights, relationships: Sequence[Layer], tracts: StrArray) -> Weights:
    """Weights of the same zones over the counties, tracts and block groups of 2010.

    Parameters
    ----------
    now : Weights
        Z zones over blocks of 2020.
    relationships : sequence of Layer
        One a state, as `justgeo.measure.crosswalk.weights` takes them.
    tracts : (t,) str
        All tracts of 2010 that the earlier survey knows. A county of which one is not in the tables of blocks is not
        used as a whole: what is known of it could pass for all of it.

    Returns
    -------
    Weights
        Its origins are blocks of 2010 with the people and homes of that year.

    Raises
    ------
    LayerError
        The zones do not stand on blocks of 2020, or none of them is in the tables.
    VintageError
        A table is not of blocks of 2010.
    """
    known = _origins_of(now)
    rows = _rows(relationships, known)
    if rows.empty:
        raise LayerError(
            "None of the blocks at hand is in the relationship of the blocks of 2010 and 2020.",
            remedy="give the relationship file of the district's own state.",
        )
    geoid, block = _factorize(rows["block10"])
    at = nesting.positions(known.geoid, rows["block20"].to_numpy().astype(np.str_))
    near = at >= 0
    share = _shares(block, rows["share_land"].to_numpy(dtype=np.float64))
    shape = (len(known), len(geoid))
    lies = sparse.csr_array((share[near], (at[near], block[near])), shape=shape)
    inside = fractions.tidy(sparse.csr_array(known.fractions @ lies))
    inside.data = np.minimum(inside.data, 1.0)
    first = np.unique(block, return_index=True)[1]
    land = rows["land10"].to_numpy(dtype=np.float64)[first] if "land10" in rows else np.ones(len(geoid))
    origins = Origins(
        geoid=geoid,
        population=rows["pop10"].to_numpy(dtype=np.float64)[first],
        housing=rows["hu10"].to_numpy(dtype=np.float64)[first],
        land=land,
        area=np.maximum(land, 1.0),
        land_known="land10" in rows,
        points=_points(known, at, block, share, len(geoid)),
        fractions=inside,
        geography="block",
        vintage=FORMER,
    )
    units = {(level, FORMER): _units(level, origins, tracts) for level in LEVELS_2010}
    made = Weights(now.zones, origins, units, [])
    nowhere = np.full(len(now.zones), -1, dtype=np.int64)
    made._own.update(dict.fromkeys(units, nowhere))
    return made


def unknown_share(now: Weights, relationships: Sequence[Layer], weight: Weight) -> FloatArray:
    """Share of each zone that lies in blocks of which the tables do not know all former ground, (Z,).

    By people or homes of 2020; by land where a zone has none.
    """
    known = _origins_of(now)
    rows = _rows(relationships, known)
    whole = rows["whole20"].to_numpy(dtype=np.bool_) if "whole20" in rows else np.ones(len(rows), dtype=np.bool_)
    told = np.zeros(len(known), dtype=np.bool_)
    at = nesting.positions(known.geoid, rows["block20"].to_numpy().astype(np.str_))
    told[at[at >= 0]] = True
    told[at[(at >= 0) & ~whole]] = False
    found = np.full(len(now.zones), np.nan)
    for base in (_base(known, weight), known.land, known.area):
        held = np.asarray(known.fractions @ base, dtype=np.float64)
        lost = np.asarray(known.fractions @ np.where(told, 0.0, base), dtype=np.float64)
        open_ = np.isnan(found) & (held > 0)
        found[open_] = lost[open_] / held[open_]
    return np.asarray(np.nan_to_num(found, nan=1.0), dtype=np.float64)


def counted(weights: Weights, units: Units, weight: Weight) -> Counts:
    """People or homes that the census counted in each row of a table: what its blocks hold, without sampling error.

    Returns
    -------
    Counts
        NaN for rows of which no blocks are at hand.
    """
    origins = _origins_of(weights, any_census=True)
    base = _base(origins, weight)
    held: FloatArray = np.full(len(units), np.nan)
    for level in tables.known_levels(units, weights.units, weights.origins)[0]:
        geoid = weights.geoids(level, units.vintage)
        nest = weights.nest(level, units.vintage)
        total = np.bincount(nest[nest >= 0], base[nest >= 0], len(geoid))
        row = tables.rows_of(units, level, geoid)
        held[row[row >= 0]] = total[row >= 0]
    return Counts(Cells((f"counted {weight}",), held[:, None], np.zeros((len(units), 1))))


def _origins_of(weights: Weights, *, any_census: bool = False) -> Origins:
    origins = weights.origins
    if origins is None or not (any_census or (origins.geography, origins.vintage) == ("block", 2020)):
        raise LayerError(
            "Areas of 2010 are found by the blocks of 2020, and none are at hand.",
            remedy="give the layer of census blocks of 2020.",
        )
    return origins


def _base(origins: Origins, weight: Weight) -> FloatArray:
    if weight == "households" and origins.housing is not None:
        return origins.housing
    return origins.population if weight != "land" else origins.land


def _rows(relationships: Sequence[Layer], known: Origins) -> pd.DataFrame:
    """Pieces of ground of the counties of 2010 that reach blocks at hand, whole; what two states list counts once."""
    every = pd.concat([crosswalk.checked(table) for table in relationships], ignore_index=True)
    every = every.astype({"block10": str, "block20": str})
    county = every["block10"].str[: nesting.LEVELS["county"]]
    near = county.isin(county[every["block20"].isin(known.geoid)].unique())
    return every[near].drop_duplicates(["block10", "block20"], ignore_index=True)


def _factorize(blocks: pd.Series[str]) -> tuple[StrArray, IntArray]:
    geoid, block = np.unique(blocks.to_numpy().astype(np.str_), return_inverse=True)
    return np.asarray(geoid, dtype=np.str_), np.asarray(block, dtype=np.int64)


def _shares(block: IntArray, share: FloatArray) -> FloatArray:
    """Shares of each block of 2010 over all its pieces, summing to 1."""
    return np.asarray(share / np.bincount(block, share)[block], dtype=np.float64)


def _points(known: Origins, at: IntArray, block: IntArray, share: FloatArray, n: int) -> Geometries:
    """A point for each block of 2010: that of the block of 2020 with most of its ground."""
    xy = np.full((n, 2), FAR)
    order = np.argsort(share, kind="stable")
    order = order[at[order] >= 0]
    xy[block[order]] = shapely.get_coordinates(known.points)[at[order]]
    return np.asarray(shapely.points(xy), dtype=object)


def _units(level: str, origins: Origins, tracts: StrArray) -> UnitSet:
    """Units of 2010 by their blocks' ids; counties only where all their tracts are there."""
    made = nesting.units_of_blocks(level, origins)
    if level != "county":
        return made
    missing = tracts[~np.isin(tracts, nesting.prefixes(origins.geoid, "tract"))]
    whole = ~np.isin(made.geoid, nesting.prefixes(missing, "county"))
    row = np.where(whole, np.cumsum(whole) - 1, -1)
    keep = np.flatnonzero(whole)
    return UnitSet(
        level, FORMER, made.geoid[keep], None, made.points[keep], None, row[made.of_origin], "id", made.incomplete[keep]
    )  # fmt: skip
