"""The tables of an earlier survey at the tracts of a later one.

Counts are carried from the tracts of 2010 to those of 2020 by the blocks of both, persons by people and all else by
homes. Medians cannot be carried: they are taken over where a tract is the same one in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd

from justgeo.core.errors import Absent
from justgeo.core.layer import BoolArray, FloatArray, Layer
from justgeo.core.zones import StrArray
from justgeo.indicators import tract_tables as tables
from justgeo.indicators.place import Place
from justgeo.indicators.tract_tables import COUNTS, SCALES, SHARES, Survey
from justgeo.measure import allocation, nesting
from justgeo.measure.column import ReduceSettings
from justgeo.measure.countable import Universe, universe_of
from justgeo.measure.crosswalk import Crosswalk, to_2020, weights
from justgeo.measure.margins import Z90

SAME = 1e-3
"""A tract of which no more than this part of the homes of 2010 came or went is taken to be the same (our choice)."""

SAMPLING_ALONE = ReduceSettings(apportion_c=0.0, cluster_households=0.0, cluster_persons=0.0)
"""What dividing a tract adds to an error is told of shares, not of the counts that they are made of: see `divided`."""

_TRACT = nesting.LEVELS["tract"]
_MEDIANS = tuple(scale.table for scale in SCALES.values())

Walks = Mapping[Universe, Crosswalk]


@dataclass(frozen=True)
class Carried:
    """Tables of the earlier survey, indexed by (level, geoid) of the later one.

    Attributes
    ----------
    frames : mapping of str to DataFrame
        Counts of every tract that is known; medians of those that are the same.
    same : (n,) bool
    notes : tuple of str
    walks : mapping of str to mapping
        Of each state, where counts were carried.
    """

    frames: Mapping[str, pd.DataFrame]
    same: BoolArray
    notes: tuple[str, ...]
    walks: Mapping[str, Walks] = field(default_factory=dict)


def as_they_are(place: Place, now: Survey) -> Carried:
    """Both surveys stand on tracts of one census: a tract is the same where both have it."""
    known = [name for name in (*COUNTS, *_MEDIANS) if place.table_name(name, "t0") in place.layers]
    frames = {name: place.frame(name, "t0") for name in known}
    homes = frames["B25003"]
    there = pd.MultiIndex.from_arrays([np.full(len(now), "tract"), now.geoid]).isin(homes.index)
    return Carried(frames, np.asarray(there, dtype=np.bool_), ())


def carry(place: Place, now: Survey) -> Carried:
    """Tables on tracts of 2010 at those of 2020.

    Raises
    ------
    Absent
        A state has no relationship of its blocks, or the counties of the reference are none that it knows.
    """
    walks = {state: _walks(place, state) for state in place.states}
    counts = [name for name in COUNTS if place.table_name(name, "t0") in place.layers]
    frames = {name: _counts(place.layer(place.table_name(name, "t0")), name, walks) for name in counts}
    origin = _origins([walk["households"] for walk in walks.values()], now.geoid)
    same = origin != ""
    for name in _MEDIANS:
        if place.table_name(name, "t0") in place.layers:
            frames[name] = _moved(place.frame(name, "t0"), now.geoid[same], origin[same])
    notes = [note for walk in walks.values() for by in walk.values() for note in by.notes]
    return Carried(frames, same, tuple(dict.fromkeys([*_told(frames["B25003"], now, same), *notes])), walks)


def divided(place: Place, walks: Mapping[str, Walks], survey: Survey) -> dict[str, FloatArray]:
    """Standard errors of shares from dividing tracts of 2010, by table, (n,) each; 0 where nothing was divided.

    By the rule for a district's boundary (METHODS 2.0 item 1): the homes and people of a divided tract are not spread
    alike over its parts. How unlike, is taken from how the share varies between the tracts of 2010. For tables of
    classes it is the share below a tract's own median, one half, which varies as that below the middle of all does.
    """
    found: dict[str, FloatArray] = {}
    for of in SHARES.values():
        if survey.has(of.table):
            found[of.table] = _divided(place, walks, survey, of.table, partial(tables.share_with_margin, of=of))
    for name, scale in SCALES.items():
        if survey.has(scale.classes):
            below = partial(tables.share_below_middle, name=name)
            found[scale.classes] = _divided(place, walks, survey, scale.classes, below, at=0.5)
    return found


def _divided(
    place: Place,
    walks: Mapping[str, Walks],
    survey: Survey,
    table: str,
    measure: Callable[[Survey], tuple[FloatArray, FloatArray]],
    at: float | None = None,
) -> FloatArray:
    """The same of one table; ``at`` is the share of which the error is asked, where it is not the measured one."""
    settings, by = ReduceSettings(), universe_of(table)
    error = pd.Series(0.0, index=list(survey.geoid))
    for walk in (state[by] for state in walks.values()):
        share, moe = measure(replace(survey, geoid=walk.geoids10, frames={table: place.frame(table, "t0")}))
        moe90 = allocation.share_error(
            walk.matrix,
            share if at is None else np.full(len(share), at),
            walk.base,
            between=allocation.between_variance(share, moe, walk.base, np.ones(len(share), dtype=np.bool_)),
            c=settings.apportion_c,
            cluster=settings.cluster(by),
        )
        here = np.isin(walk.geoids20, survey.geoid)
        error[list(walk.geoids20[here])] = np.nan_to_num(moe90[here]) / Z90
    return np.asarray(error.to_numpy(), dtype=np.float64)


def _walks(place: Place, state: str) -> Walks:
    """Weights of the tracts of 2010 in the reference's own of 2020, by homes and by people."""
    layer = _of_counties(place.layer(f"crosswalk_{state}"), place.reference_prefixes)
    if layer.data.empty:
        raise Absent(f"the blocks of 2010 and 2020 of state {state} know none of the counties of the reference")
    return {"households": weights(layer, "tract", "households"), "persons": weights(layer, "tract", "persons")}


def _of_counties(layer: Layer, counties: tuple[str, ...]) -> Layer:
    """Rows of the tracts of 2010 that have ground in some counties, whole: their weights need all their blocks."""
    old, new = layer.data["block10"].astype(str), layer.data["block20"].astype(str)
    tract = old.str[:_TRACT]
    touching = old.str.startswith(counties) | new.str.startswith(counties)
    return replace(layer, data=layer.data[tract.isin(set(tract[touching]))])


def _counts(layer: Layer, name: str, walks: Mapping[str, Walks]) -> pd.DataFrame:
    """One table of counts at the tracts of 2020, with the rows of counties as they are."""
    by = universe_of(name)
    parts = []
    for state, walk in walks.items():
        rows = layer.data[layer.data["level"].isin(("county", "tract")) & layer.data["geoid"].str.startswith(state)]
        if not (rows["level"] == "tract").any():
            raise Absent(f"table {name} of the earlier survey has no tracts of state {state}")
        parts.append(to_2020(replace(layer, data=rows), walk[by], settings=SAMPLING_ALONE).data)
    frame: pd.DataFrame = pd.concat(parts).set_index(["level", "geoid"]).sort_index()
    return frame


def _origins(walks: list[Crosswalk], geoid: StrArray) -> StrArray:
    """The tract of 2010 that each tract of 2020 was, ``""`` where it was none alone, (n,)."""
    found: dict[str, str] = {}
    for walk in walks:
        pieces = walk.matrix.tocoo()
        to, of = pieces.coords
        homes = pieces.data * walk.base[of]
        total = np.bincount(to, homes, len(walk.geoids20))
        whole = (pieces.data >= 1.0 - SAME) & (homes >= (1.0 - SAME) * total[to]) & ~walk.partial[to]
        found |= {str(walk.geoids20[j]): str(walk.geoids10[i]) for j, i in zip(to[whole], of[whole], strict=True)}
    return np.array([found.get(str(g), "") for g in geoid], dtype=np.str_)


def _moved(frame: pd.DataFrame, to: StrArray, of: StrArray) -> pd.DataFrame:
    """Rows of some tracts under their ids of 2020, and those of the counties."""
    tracts = frame.reindex(pd.MultiIndex.from_arrays([np.full(len(of), "tract"), of], names=frame.index.names))
    tracts.index = pd.MultiIndex.from_arrays([np.full(len(to), "tract"), to], names=frame.index.names)
    return pd.concat([frame[frame.index.get_level_values("level") == "county"], tracts]).sort_index()


def _told(homes: pd.DataFrame, now: Survey, same: BoolArray) -> list[str]:
    """How many tracts were drawn anew, and of how many nothing is known of before."""
    index = pd.MultiIndex.from_arrays([np.full(len(now), "tract"), now.geoid])
    known = np.isfinite(homes["B25003_001E"].reindex(index).to_numpy(dtype=np.float64))
    anew, gone = int((known & ~same).sum()), int((~known).sum())
    notes = [
        f"Counts were carried from the tracts of 2010 to those of 2020 by the blocks of both; {anew} of {len(now)} "
        "tracts were drawn anew, and their medians of both surveys are rebuilt from classes."
    ]
    if gone:
        notes.append(f"Of {gone} tracts the earlier survey is not known.")
    return notes
