"""Tables that others publish by census area: shares of their counts, and what the people of an area meet.

A table is one of ``catalogue/datasets.yml``, and is there only where the planner asked for it. Its areas may be those
of the census of 2010: blocks of 2020 then lie in them by their representative point, never by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, cast

import numpy as np
import pandas as pd

from justgeo.core.columns import numbers_of
from justgeo.core.errors import Absent
from justgeo.core.field import Cells, CountField, Counts, ExposureField, Weight
from justgeo.core.layer import BoolArray, FloatArray, IntArray, Layer
from justgeo.core.result import Indicator
from justgeo.core.zones import StrArray, Units
from justgeo.indicators.groups import exposure_groups
from justgeo.indicators.place import DATA as DATA
from justgeo.indicators.place import Place
from justgeo.measure.margins import Z90, Z95

TOGETHER = "areas taken to err together"
"""Flag of a mean of figures that each have an interval, of whose common part nothing is published."""
OF_A_MODEL = "interval of a model"
OF_BLOCKS = "blocks."
"""Beginning of the names of counts of the blocks themselves, for a table by block: ``blocks.housing_units``."""
NO_ROW = "the table has no row for this area"
OUTSIDE = "it lies in none of the areas of the table"
_BESIDE = ("_moe", "_low", "_high")
LEVELS: Mapping[str, str] = {"tract": "tracts", "block group": "block_groups", "county": "counties", "block": "blocks"}


def table(place: Place, name: str) -> Layer:
    """A downloaded table, or ``Absent`` with what to write to have it.

    Parameters
    ----------
    place : Place
    name : str
        Its id in ``catalogue/datasets.yml``.
    """
    return place.layer(DATA + name)


def table_share(row: Indicator, place: Place, group: str = "all") -> CountField:
    """A part of a whole, or a ratio, of the counts of a downloaded table.

    Parameters
    ----------
    row : Indicator
        ``parameters``: ``table``; ``numerator`` and ``denominator``, lists of its columns, in which ``*`` stands for
        anything and ``{}`` for ``who`` (``renter_*``), for a table by block also ``blocks.housing_units``;
        ``complement``, those of the denominator that are not in the numerator; ``rounded``, to which multiple the
        publisher rounded each count.
    group : str
        ``all``, or one of ``row.groups`` with its own ``who``.

    Returns
    -------
    CountField
        At the table's areas; rows of one area that differ in kind (strata) are summed up. An estimate that was rounded
        to a multiple of r has an error of rounding besides that of the sample, of standard deviation r / sqrt(12): its
        margin is widened by it (our choice). A 0 is taken as it stands.

    Raises
    ------
    Absent
        The table, its areas or a column are not at hand.
    """
    told = row.parameters if group == "all" else {**row.parameters, **_of_group(row, group)}
    layer = table(place, str(told["table"]))
    units, frame = _by_area(place, layer)
    rounded, who = float(told.get("rounded", 0.0)), str(told.get("who", ""))

    def cells(key: str) -> Cells:
        named = [str(one).replace("{}", who) for one in told[key]]
        return _cells(frame, _matching(frame, named, layer), rounded)

    part, whole = cells("numerator"), cells("denominator")
    rest = cells("complement") if "complement" in told else None
    return CountField(
        units=units,
        # Told as all less the rest, so that the margin is that of both sides.
        numerator=Counts(part) if rest is None else Counts(whole, rest, part),
        denominator=Counts(whole),
        weight=cast(Weight, row.weight),
        kind="ratio" if row.aggregate == "ratio" else "share",
        universe=row.universe,
        complement=rest,
    )


def _of_group(row: Indicator, group: str) -> Mapping[str, Any]:
    if group not in row.groups:
        raise Absent(f"no counts of {row.id} are published for this group")
    return dict(row.groups[group])


def table_exposure(row: Indicator, place: Place, group: str = "all") -> ExposureField:
    """The published figure of the area that each block lies in, as the people of the block meet it.

    Parameters
    ----------
    row : Indicator
        ``parameters``: ``table``, ``column``; ``of``, what the figure is divided by (100 makes a share of a percent);
        ``at_least``, for the share of people in areas whose figure is that or more, in place of the figure itself;
        ``error``, of which kind its published uncertainty is: ``limits 95`` (two limits of a 95 % interval) or
        ``standard error``, without which its margin is not known; ``designation``, true where the figure is said of the
        whole area: it holds in its parts and has no margin.

    Returns
    -------
    ExposureField
        At the blocks. An area without a row, or without a number, is not known: never 0, unless the source says that
        what it leaves out is nothing.

    Raises
    ------
    Absent
        The table, its areas, its column or the blocks are not at hand.
    """
    told = row.parameters
    layer, column = table(place, str(told["table"])), str(told["column"])
    _matching(layer.data, [column], layer)
    geoids, area = _areas_of_blocks(place, layer)
    frame = layer.data.set_index("geoid")
    at = np.asarray(pd.Index(frame.index).get_indexer(pd.Index(geoids)), dtype=np.int64)
    row_of = np.where(area >= 0, at[np.maximum(area, 0)], -1)
    scale = float(told.get("of", 1.0))

    def carried(values: FloatArray, outside: float = np.nan) -> FloatArray:
        left_out = np.where(_spoken_of(layer, geoids), outside, np.nan)[np.maximum(area, 0)]
        found = np.where(row_of >= 0, values[np.maximum(row_of, 0)], left_out)
        return np.asarray(np.where(area >= 0, found, np.nan) / scale, dtype=np.float64)

    outside = dict(layer.data.attrs.get("outside", {})).get(column, np.nan)
    x = carried(frame[column].to_numpy(dtype=np.float64), float(outside))
    if "at_least" in told:
        x = np.where(np.isnan(x), np.nan, (x >= float(told["at_least"]) / scale).astype(np.float64))
    margin = None if told.get("designation") else carried(_half_width(frame, column, told.get("error")))
    flags = (TOGETHER, *([OF_A_MODEL] if layer.provenance.modelled else [])) if "error" in told else ()
    return ExposureField(
        units=place.origin_units(),
        x=x,
        base=place.population(),
        kind="share" if row.aggregate == "share" else "mean",
        universe=row.universe,
        unknown=_why_unknown(layer, column, x, area, row_of, geoids),
        groups=exposure_groups(row, place),
        flags=flags,
        x_moe=margin,
        areas=None if told.get("designation") or layer.geography == place.layer("blocks").geography else area,
    )


def _half_width(frame: pd.DataFrame, column: str, kind: str | None) -> FloatArray:
    """90 % margins of the figures of a column, from what is published of their uncertainty, (n,); NaN for nothing."""
    wanted = [f"{column}_low", f"{column}_high"] if kind == "limits 95" else [f"{column}_moe"]
    lost = [name for name in wanted if name not in frame]
    if lost or kind is None:
        return np.full(len(frame), np.nan)
    if kind == "standard error":
        return np.asarray(Z90 * frame[wanted[0]].to_numpy(dtype=np.float64), dtype=np.float64)
    low, high = (frame[name].to_numpy(dtype=np.float64) for name in wanted)
    return np.asarray((high - low) / 2.0 * Z90 / Z95, dtype=np.float64)


def _why_unknown(
    layer: Layer, column: str, x: FloatArray, area: IntArray, row_of: IntArray, geoids: StrArray
) -> tuple[str, ...]:
    """Why the figure of each block is not known; ``""`` where it is."""
    reasons = layer.data.attrs.get("reasons", {})
    found = np.full(len(x), "", dtype=object)
    for block in np.flatnonzero(~np.isfinite(x)):
        if area[block] < 0:
            found[block] = OUTSIDE
        elif row_of[block] < 0:
            found[block] = NO_ROW
        else:
            found[block] = reasons.get((str(geoids[area[block]]), column), "not published")
    return tuple(str(one) for one in found)


# Areas and columns --------------------------------------------------------------------------------


def known_areas(place: Place, layer: Layer) -> None:
    """Refuse a table of areas of which neither outlines nor blocks are at hand."""
    level, vintage = layer.geography, layer.geography_vintage
    origins = place.weights.origins
    own = origins is not None and (level, vintage) == (origins.geography, origins.vintage)
    if (level, vintage) in place.weights.units or own:
        return
    name = f"{LEVELS.get(level, level)}_{vintage}"
    raise Absent(
        f"the table is by {level} of {vintage}, of which no outlines are at hand: under [fetch] they come with it, "
        f'else name them: [layers.{name}] with path = "..." and geography_vintage = {vintage}'
    )


def _areas_of_blocks(place: Place, layer: Layer) -> tuple[StrArray, IntArray]:
    """GEOIDs of the areas of a table, and which of them each block lies in (-1 for none)."""
    place.layer("blocks")
    known_areas(place, layer)
    level, vintage = layer.geography, layer.geography_vintage
    return place.weights.geoids(level, vintage), place.weights.nest(level, vintage)


def _by_area(place: Place, layer: Layer) -> tuple[Units, pd.DataFrame]:
    """A table with one row an area, strata summed up; a sum of margins is the root of their squares."""
    known_areas(place, layer)
    frame = layer.data
    if frame.attrs.get("strata"):
        frame = place.once(f"summed:{layer.name}", lambda: _summed(layer.data, set(layer.data.attrs["strata"])))
    elif layer.data.attrs.get("outside"):
        frame = place.once(f"filled:{layer.name}", lambda: _filled(place, layer))
    return units_of(place, layer, frame["geoid"].to_numpy(dtype=np.str_)), frame


def units_of(place: Place, layer: Layer, geoid: StrArray) -> Units:
    """Rows of a table as units, or ``Absent`` where it tells of no area at hand."""
    level, vintage = layer.geography, layer.geography_vintage
    if not np.isin(geoid, place.weights.geoids(level, vintage)).any():
        raise Absent(f"the table {layer.name.removeprefix(DATA)} has no row of this place")
    return Units(geoid, np.full(len(geoid), level), vintage)


def _filled(place: Place, layer: Layer) -> pd.DataFrame:
    """With a row for each area that the table leaves out because there is nothing to tell: 0 jobs."""
    known = place.weights.geoids(layer.geography, layer.geography_vintage)
    gone = known[_spoken_of(layer, known) & ~np.isin(known, layer.data["geoid"].to_numpy(dtype=np.str_))]
    rest = pd.DataFrame({"geoid": gone, **dict(layer.data.attrs["outside"])})
    whole = pd.DataFrame(pd.concat([pd.DataFrame(layer.data), rest], ignore_index=True))
    blocks = place.layer("blocks")
    if (layer.geography, layer.geography_vintage) != (blocks.geography, blocks.geography_vintage):
        return whole
    counts = [name for name in ("population", "housing_units") if name in blocks.data]
    beside = pd.DataFrame(blocks.data[["geoid", *counts]]).rename(columns={name: OF_BLOCKS + name for name in counts})
    return whole.merge(beside, on="geoid", how="left")


def _spoken_of(layer: Layer, geoids: StrArray) -> BoolArray:
    """Which areas lie in counties that the table has rows of."""
    had = np.unique(layer.data["geoid"].to_numpy(dtype=np.str_).astype("U5"))
    return np.asarray(np.isin(geoids.astype("U5"), had), dtype=np.bool_)


def _summed(frame: pd.DataFrame, strata: set[str]) -> pd.DataFrame:
    """Amounts of all strata of an area; unknown where one of them is, since a sum of the others would be of a part."""
    amounts = [c for c in frame if c not in strata | {"geoid"} and not str(c).endswith(_BESIDE)]
    grouped = frame.groupby("geoid", sort=True)[amounts]
    whole = grouped.count().eq(grouped.size(), axis=0)
    summed: pd.DataFrame = grouped.sum().where(whole)
    return summed.reset_index()


def _matching(frame: pd.DataFrame, patterns: Sequence[str], layer: Layer) -> list[str]:
    """Columns that patterns name, in the order of the table; each pattern has to name one."""
    own = [str(c) for c in frame if not str(c).endswith(_BESIDE)]
    found: list[str] = []
    for pattern in patterns:
        named = matching(own, pattern)
        if not named:
            raise Absent(f"the table {layer.name.removeprefix(DATA)} at hand has no column {pattern}")
        found += [name for name in named if name not in found]
    return found


def matching(columns: Iterable[str], pattern: str) -> list[str]:
    """Names that a pattern fits, in their order."""
    return [name for name in columns if fnmatchcase(name, pattern)]


def _cells(frame: pd.DataFrame, columns: Sequence[str], rounded: float) -> Cells:
    """Counts with their margins, NaN where the table has none; widened by what rounding adds."""
    estimate, margin = numbers_of(frame, columns), numbers_of(frame, [f"{c}_moe" for c in columns])
    spread = Z90 * rounded / np.sqrt(12.0)
    margin = np.where(estimate != 0, np.hypot(margin, spread), margin)
    return Cells(tuple(columns), estimate, np.asarray(margin, dtype=np.float64))
