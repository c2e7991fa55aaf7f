"""Tables of counts at the areas of 2010, made into tables at those of 2020: what may be carried over, and what not.

``crosswalk`` makes the weights and says what they are; ``carry`` holds their arithmetic; here are the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from justgeo.core.errors import ConfigError, LayerError, VintageError
from justgeo.core.layer import Layer
from justgeo.core.words import plural
from justgeo.core.zones import StrArray
from justgeo.measure import countable, nesting
from justgeo.measure.carry import Crosswalk
from justgeo.measure.column import WEIGHTED, ReduceSettings

Reasons = dict[tuple[str, str], str]

OVER_COUNTY = 0.05
"""Parts that come to more than their county, by more than this, are no counts."""
FEW = 20.0
"""So few heads are no difference."""
NO_ROW = "the table has no row for it"

_CONNECTICUT = "09"


def to_2020(layer: Layer, crosswalk: Crosswalk, *more: Crosswalk, settings: ReduceSettings | None = None) -> Layer:
    """A table of counts at the areas of 2010 as one at those of 2020, which may then be joined by GEOID.

    Parameters
    ----------
    layer : Layer
        As `justgeo.sources.census.read_acs` gives it: ``geoid``, ``level``, ``B25003_001E``, ``B25003_001M``, ...,
        ``data.attrs["reasons"]``.
    crosswalk, *more : Crosswalk
        One for each level to carry (tracts, block groups). Rows of another level are left out, and that is said.
    settings : ReduceSettings, optional

    Returns
    -------
    Layer
        Of ``geography_vintage`` 2020, with the same name and columns. Margins hold both parts, see `Crosswalk.counts`,
        which gives them apart. County rows pass as they are: counties kept their codes, and a published total is better
        than a sum. Those that no longer exist are left out. Connecticut's tracts and counties are those of the 2020
        census; the planning regions of tables from 2022 on are others, and the notes say so.

    Raises
    ------
    VintageError
        The layer does not stand on areas of 2010, or its ids are not those of the crosswalk.
    ConfigError
        A table holds no counts (a median, a mean, an aggregate, ...), or counts what the crosswalk does not divide by.
    LayerError
        It has no rows of a level to carry, no margins, or a row twice.
    """
    crosswalks = (crosswalk, *more)
    codes = _cells(layer, crosswalks)
    notes: list[str] = []
    part, reasons = _counties(layer, crosswalks, notes)
    parts = [part]
    for one in crosswalks:
        _check_sums(layer.data, one, codes[0], layer.name)
        part, why = _carried(layer, one, codes, notes, settings)
        parts.append(part)
        reasons |= why
        notes += [
            f"Carried from the {plural(one.unit)} of 2010 to those of 2020 by the {WEIGHTED[one.by]} of 2010 in their "
            "blocks; the margins have a part for units that were divided.",
            *one.notes,
        ]
    levels = {"county", *(one.unit for one in crosswalks)}
    for level in sorted(set(layer.data["level"]) - levels):
        notes.append(f"Rows for {plural(str(level))} of 2010 were left out: they have no crosswalk.")
    out = pd.concat(parts, ignore_index=True)
    out.attrs["reasons"] = reasons
    told = layer.provenance
    used = [{"unit": one.unit, "by": one.by, "sha256": one.provenance.sha256} for one in crosswalks]
    return replace(
        layer,
        data=out,
        geography_vintage=2020,
        provenance=replace(
            told,
            notes=tuple(dict.fromkeys((*told.notes, *notes))),
            asked={**told.asked, "crosswalk": used},
            synthetic=told.synthetic or any(one.provenance.synthetic for one in crosswalks),
        ),
    )


def _cells(layer: Layer, crosswalks: Sequence[Crosswalk]) -> list[str]:
    """Codes of the estimates, after all that can be refused has been."""
    if layer.geography_vintage != 2010:
        raise VintageError(
            f"The table {layer.name} stands on areas of {layer.geography_vintage or 'no census that it names'}, "
            "not of 2010.",
            remedy="only ACS tables up to 2019 need the crosswalk; later ones stand on areas of 2020 as they are.",
        )
    tables = countable.tables_in(layer.data.columns)
    codes = [str(c) for c in layer.data.columns if countable.tables_in([c]) and str(c).endswith("E")]
    without = [c for c in codes if f"{c[:-1]}M" not in layer.data]
    if not codes or without or not {"geoid", "level"} <= set(layer.data):
        raise LayerError(
            f"The table {layer.name} has no {f'margin for {without[0]}' if without else 'cells of an ACS table'}.",
            remedy="give the table as it is read from the Bureau's file, with its margins.",
        )
    for table in tables:
        countable.require_counts(table)
        other = [one for one in crosswalks if one.by != countable.universe_of(table)]
        if other:
            raise ConfigError(
                f"Table {table} counts {countable.universe_of(table)}, but the crosswalk divides by {other[0].by}.",
                remedy=f'make the weights by "{countable.universe_of(table)}".',
            )
    values = layer.data[codes].to_numpy(dtype=np.float64)
    wrong = ~np.isnan(values) & ((values < 0) | (values != np.floor(values)))
    if wrong.any():
        raise ConfigError(
            f"The table {layer.name} holds {values[wrong][0]:g}, which is no count.",
            remedy="only counts can be carried over; derive shares and medians again from these.",
        )
    doubled = layer.data["geoid"][layer.data.duplicated(["geoid", "level"])]
    if len(doubled):
        raise LayerError(f"The table {layer.name} has {doubled.iloc[0]} twice.", remedy="keep one row an area.")
    return codes


def _counties(layer: Layer, crosswalks: Sequence[Crosswalk], notes: list[str]) -> tuple[pd.DataFrame, Reasons]:
    """County rows as they are, without those of counties that are no more."""
    rows = layer.data[layer.data["level"] == "county"]
    gone: set[str] = set()
    for one in crosswalks:
        before, after = (nesting.prefixes(ids, "county") for ids in (one.geoids10, one.geoids20))
        gone |= set(rows["geoid"]) & (set(before.tolist()) - set(after.tolist()))
        moved = one.matrix.tocoo()
        other = after[moved.coords[0]] != before[moved.coords[1]]
        heads = float((moved.data * one.base[moved.coords[1]])[other].sum())
        if heads >= 0.5 and len(rows):
            notes.append(
                f"{heads:.0f} of the {WEIGHTED[one.by]} of 2010 lie in another county in 2020; county rows stand as "
                "they were."
            )
    if gone:
        notes.append(f"Counties of 2010 that are none in 2020 were left out: {', '.join(sorted(gone))}.")
    if layer.data["geoid"].astype(str).str.startswith(_CONNECTICUT).any():
        notes.append(
            "Connecticut: the ids are those of its counties, as in the 2020 census; tables from 2022 on stand on "
            "planning regions, and are not to be joined to these by id."
        )
    kept = set(rows["geoid"]) - gone
    reasons: Mapping[tuple[str, str], str] = layer.data.attrs.get("reasons", {})
    return rows[rows["geoid"].isin(kept)], {key: why for key, why in reasons.items() if key[0] in kept}


def _check_sums(data: pd.DataFrame, crosswalk: Crosswalk, code: str, name: str) -> None:
    """What counts, is not more in the parts than in the whole: a median would be.

    Raises
    ------
    ConfigError
    """
    parts = data[data["level"] == crosswalk.unit]
    within = parts[code].groupby(parts["geoid"].astype(str).str[:5]).sum()
    counties = data[data["level"] == "county"].set_index("geoid")[code].reindex(within.index)
    parts_sum, whole = within.to_numpy(dtype=np.float64), counties.to_numpy(dtype=np.float64)
    over = np.flatnonzero(parts_sum > whole * (1 + OVER_COUNTY) + FEW)
    if len(over):
        at = int(over[0])
        raise ConfigError(
            f"The {plural(crosswalk.unit)} of county {within.index[at]} come to {parts_sum[at]:,.0f} in {code} of "
            f"{name}, the county itself to {whole[at]:,.0f}: these are no counts.",
            remedy="only counts can be carried over; crosswalk the counts behind this table and derive it again.",
        )


def _carried(
    layer: Layer, crosswalk: Crosswalk, codes: Sequence[str], notes: list[str], settings: ReduceSettings | None
) -> tuple[pd.DataFrame, Reasons]:
    """Rows of one level at the units of 2020, with the reasons of what is absent."""
    rows = layer.data[layer.data["level"] == crosswalk.unit].reset_index(drop=True)
    geoid = np.asarray(rows["geoid"].astype(str).to_numpy(), dtype=np.str_)
    _check_ids(geoid, crosswalk, layer.name, notes)
    at = nesting.positions(geoid, crosswalk.geoids10)
    there = at >= 0
    shape = (len(at), len(codes))
    estimate, moe = np.full(shape, np.nan), np.full(shape, np.nan)
    why = np.full(shape, NO_ROW, dtype=object)
    estimate[there] = rows[list(codes)].to_numpy(dtype=np.float64)[at[there]]
    moe[there] = rows[[f"{c[:-1]}M" for c in codes]].to_numpy(dtype=np.float64)[at[there]]
    known: Mapping[tuple[str, str], str] = layer.data.attrs.get("reasons", {})
    for unit, cell in np.argwhere(np.isnan(estimate) & there[:, None]):
        why[unit, cell] = known.get((str(crosswalk.geoids10[unit]), codes[cell]))
    found = crosswalk.counts(estimate, moe, why=why, settings=settings)
    # Of a crosswalk that reaches farther than the table, only what the table speaks of.
    near = np.isin(nesting.prefixes(crosswalk.geoids20, "county"), nesting.prefixes(geoid, "county"))
    shown = np.flatnonzero(near | (crosswalk.matrix @ there.astype(np.float64) > 0))
    columns: dict[str, Any] = {"geoid": crosswalk.geoids20[shown].astype(object), "level": crosswalk.unit}
    reasons: Reasons = {}
    for cell, code in enumerate(codes):
        told = ((code, found.estimate, found.reason), (f"{code[:-1]}M", found.moe, found.moe_reason))
        for column, values, said in told:
            columns[column] = values[shown, cell]
            missing = shown[np.isnan(values[shown, cell])]
            reasons |= {(str(crosswalk.geoids20[row]), column): str(said[row, cell]) for row in missing}
    return pd.DataFrame(columns), reasons


def _check_ids(geoid: StrArray, crosswalk: Crosswalk, name: str, notes: list[str]) -> None:
    """Ids of a table have to be those of 2010; ids of 2020 look alike.

    Raises
    ------
    VintageError, LayerError
    """
    held = np.isin(nesting.prefixes(geoid, "county"), nesting.prefixes(crosswalk.geoids10, "county"))
    unknown = held & ~np.isin(geoid, crosswalk.geoids10)
    if not held.any():
        raise LayerError(
            f"The table {name} has no {plural(crosswalk.unit)} of the counties of the crosswalk.",
            remedy=f"read both for the same counties; the crosswalk begins with {crosswalk.geoids10[0][:5]}.",
        )
    if unknown.sum() > nesting.OTHER_UNIT * held.sum():
        raise VintageError(
            f"{int(unknown.sum())} of {int(held.sum())} {plural(crosswalk.unit)} of {name} are none of 2010 "
            f"(the first is {geoid[unknown][0]}): the table is of another census than it is declared to be.",
            remedy="ACS tables up to 2019 stand on areas of 2010, later ones on those of 2020: mend the year.",
        )
    if unknown.any():
        notes.append(
            f"{int(unknown.sum())} {plural(crosswalk.unit)} that the census of 2010 does not know were left out: "
            f"{', '.join(geoid[unknown][:5])}."
        )
