"""How the census blocks of 2010 lie in those of 2020, and how many people and homes they held.

Two files of the Bureau for each state: the block relationship file, ``TAB2010_TAB2020_ST{SS}.zip`` (cells separated by
``|``, codes with or without their leading zeros), and the counts of 2010 by block, ``tabblock2010_{SS}_pophu.zip``
(the attribute table of a shapefile; its outlines are not read).

Definitions
-----------
share of a block
    The part of a 2010 block's land that lies in one 2020 block; of its water where it has no land.
suffix
    A letter behind the number of a block that was divided after it was numbered. Where the counts know the block only
    without it, its lettered parts are taken as one block.
border row
    A row about a 2010 block of a neighbouring state; the file of a state lists some of them.

References
----------
U.S. Census Bureau, *2020 Census Block Relationship Files Record Layouts*; *2010 Census Population & Housing Unit
Counts - Blocks* (TIGER2010BLKPOPHU).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray, IntArray, Layer
from justgeo.core.spec import LayerSpec
from justgeo.sources._block_files import (
    AGAIN,
    LETTERS,
    BlockCounts,
    Pieces,
    name_of,
    names_of,
    read_counts,
    read_pieces,
)
from justgeo.sources._hash import combined, sha256_of
from justgeo.sources._provenance import provenance

log = logging.getLogger(__name__)

SUM_TOLERANCE = 0.01
"""The shares of a block may miss 1 by this much (areas are whole square metres, and were measured twice)."""
LOST_SHARE = 0.001
"""Blocks that miss it by more, for instance because the state line was moved, may hold this share of the people and
homes that are read; they are divided by the parts that are known, and that is said."""
SLIVER_SHARE = 0.001
"""A 2020 tract may hold this share of land that belonged to another state in 2010: two drawings of one state line."""

_INVENTED_STATE = 99
_BLOCK, _STATE = 10**4, 10**13  # a block's code over these is its tract's, and its state's


def read_relationship(
    path: Path, counts: Path, *, prefixes: Sequence[str] = (), spec: LayerSpec | None = None
) -> Layer:
    """Read how blocks of 2010 lie in blocks of 2020.

    Parameters
    ----------
    path : Path
        Relationship file of one state: the Bureau's zip, or its text.
    counts : Path
        Counts of people and homes of that state's blocks of 2010: the Bureau's zip, a ``.dbf`` or ``.shp``, or a CSV
        with ``BLOCKID10``, ``POP10``, ``HOUSING10``.
    prefixes : sequence of str
        Counties, tracts or the state of 2010 or 2020 to read (``"99001"``); all where empty. Every tract of 2010 that
        has ground in them is read whole, since its weights need all its blocks.
    spec : LayerSpec, optional
        What the planner declared of the relationship file; for the provenance.

    Returns
    -------
    Layer
        Named ``crosswalk``, one row a piece of ground: ``block10`` and ``block20`` (15 digits, with their suffix where
        they have one), ``share_land`` (of the 2010 block; they sum to 1 in each), ``pop10``, ``hu10`` and ``land10``
        (m²) of the whole 2010 block, ``whole20`` (whether all ground of the row's 2020 tract is in the table).
        ``geography_vintage`` is 2010: a block's identity here is its number of 2010.

    Raises
    ------
    LayerError
        A file is missing, no such file (a web page, a zip without the text), damaged or doubled; a prefix is not in
        it; shares of blocks do not sum to 1; a block with land has no counts, or a counted one no ground.
    """
    where = f"Block relationship ({path.name})"
    rows = read_pieces(path, where)
    state = int(np.bincount(rows.new // LETTERS // _STATE).argmax())
    notes: list[str] = []
    rows, whole = _chosen(rows, state, [str(p) for p in prefixes], where, notes)
    known = read_counts(counts)
    at = _counted(rows, known, counts.name, where, notes)
    share = _shares(rows, at, known, where, notes)
    _check_ground(at, known, rows, bool(prefixes), counts.name, where)
    table = _table(rows, at, share, whole, known)
    log.info("%s: %d pieces of %d blocks", path.name, len(table), len(np.unique(at)))
    spec = spec or LayerSpec(name="crosswalk", path=path)
    spec = replace(spec, synthetic=spec.synthetic or state == _INVENTED_STATE)
    digests = {"relationship": sha256_of(path), "counts": sha256_of(counts)}
    return Layer(
        name="crosswalk",
        data=table,
        provenance=provenance(
            spec,
            "crosswalk",
            sha256=combined(digests.items()),
            notes=notes,
            asked={
                "relationship": {"file": path.name, "sha256": digests["relationship"]},
                "counts": {"file": counts.name, "sha256": digests["counts"]},
                "prefixes": sorted(prefixes),
            },
            source="" if spec.synthetic else "U.S. Census Bureau",
            dataset="Relationship of census blocks of 2010 and 2020, with population and housing units of 2010",
            vintage="2010 to 2020",
            licence="" if spec.synthetic else "public domain (work of the U.S. government)",
        ),
        geography="block",
        geography_vintage=2010,
    )


def _chosen(
    rows: Pieces, state: int, prefixes: Sequence[str], where: str, notes: list[str]
) -> tuple[Pieces, BoolArray]:
    """Rows of the tracts of 2010 that have ground under the prefixes, and whether their 2020 tract is all there.

    Ground that is not read is that of other tracts of 2010, and what came from a neighbouring state.
    """
    old, new = rows.old // LETTERS, rows.new // LETTERS
    own = old // _STATE == state
    wanted = np.full(len(rows), not prefixes, dtype=np.bool_)
    for prefix in prefixes:
        wanted |= _under(prefix, old, new, state, where)
    kept = own & np.isin(old // _BLOCK, np.unique(old[wanted & own] // _BLOCK))
    tract = new // _BLOCK
    lacking = np.unique(tract[own & ~kept])
    border = wanted & ~own
    if border.any():
        names, at = np.unique(tract, return_inverse=True)
        land, came = (np.bincount(at, rows.land_here * part, len(names)) for part in (1.0, ~own))
        foreign = names[(came > SLIVER_SHARE * land) & (names * _BLOCK // _STATE == state)]
        lacking = np.union1d(lacking, foreign)
        notes.append(
            f"{int(border.sum())} rows about blocks of neighboring states were left out"
            + (f"; {len(foreign)} tracts of 2020 took in their land, and have no number." if len(foreign) else ".")
        )
    whole = ~np.isin(tract, lacking) & (new // _STATE == state)
    return rows.only(kept), whole[kept]


def _under(prefix: str, old: IntArray, new: IntArray, state: int, where: str) -> BoolArray:
    """Rows whose block of 2010 or 2020 begins with a prefix."""
    if not (prefix.isdigit() and 2 <= len(prefix) <= 15):
        raise LayerError(f"{where}: {prefix!r} is no code of a state, county or tract.", remedy='such as "99001".')
    if int(prefix[:2]) != state:
        raise LayerError(
            f"{where}: the file is about state {state:02d}, not {prefix[:2]}.",
            remedy=f"give the file of that state, TAB2010_TAB2020_ST{prefix[:2]}.zip, and read each state's by itself.",
        )
    cut = 10 ** (15 - len(prefix))
    hit = np.asarray((old // cut == int(prefix)) | (new // cut == int(prefix)), dtype=np.bool_)
    if not hit.any():
        regions = " Connecticut's planning regions are of 2022: give its counties (09001 to 09015)."
        raise LayerError(
            f"{where}: no block begins with {prefix}, neither of 2010 nor of 2020.",
            remedy=f"check the code.{regions if prefix[:2] == '09' else ''}",
        )
    return hit


def _counted(rows: Pieces, known: BlockCounts, name: str, where: str, notes: list[str]) -> IntArray:
    """Row of the counts for each piece, -1 for water that nobody counted, (r,)."""
    at = known.find(rows.old)
    parted = (at < 0) & (rows.old % LETTERS > 0)
    at[parted] = known.find(rows.old[parted] // LETTERS * LETTERS)
    if parted.any():
        notes.append(f"{len(np.unique(rows.old[parted]))} lettered parts of 2010 blocks were taken together.")
    without = at < 0
    dry = without & (rows.land > 0)
    if dry.any():
        raise LayerError(
            f"{where}: {len(np.unique(rows.old[dry]))} blocks of 2010 with land have no counts in {name}, for example "
            f"{name_of(int(rows.old[dry][0]))}.",
            remedy="give the counts of the same state, whole; a missing count is not 0.",
        )
    if without.any():
        notes.append(
            f"{len(np.unique(rows.old[without]))} blocks of 2010 without land have no counts; nobody is taken to live "
            "there."
        )
    return at


def _shares(rows: Pieces, at: IntArray, known: BlockCounts, where: str, notes: list[str]) -> FloatArray:
    """Share of its block that each piece makes up, (r,); 1 in sum.

    Raises
    ------
    LayerError
        Blocks with more than a thousandth of all people or homes miss 1 by more than a hundredth.
    """
    _, first, block = np.unique(rows.old, return_index=True, return_inverse=True)
    for area in (rows.land, rows.water):
        if (area != area[first][block]).any():
            at_fault = rows.old[area != area[first][block]][0]
            raise LayerError(f"{where}: the 2010 block {name_of(int(at_fault))} has two areas.", remedy=AGAIN)
    # Lettered parts that were counted together are one block from here on.
    counted, unit = np.unique(np.where(at >= 0, known.key[at], rows.old), return_inverse=True)
    of_piece = unit[first]
    land, water = (np.bincount(of_piece, area[first], len(counted)) for area in (rows.land, rows.water))
    dry, wet = land[unit] > 0, water[unit] > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(dry, rows.land_here / land[unit], np.where(wet, rows.water_here / water[unit], 1.0))
    total = np.bincount(unit, share, len(counted)).astype(np.float64)
    off = np.abs(total - 1.0) > SUM_TOLERANCE
    if off.any():
        _check_lost(off, unit, at, known, counted, total, where, notes)
    rows_of = np.bincount(unit, minlength=len(counted))
    # Nothing known of where a block lies: equal parts, so that it is divided at all.
    return np.where(total[unit] > 0, share / np.where(total > 0, total, 1.0)[unit], 1.0 / rows_of[unit])


def _check_lost(
    off: BoolArray,
    unit: IntArray,
    at: IntArray,
    known: BlockCounts,
    counted: IntArray,
    total: FloatArray,
    where: str,
    notes: list[str],
) -> None:
    """Blocks whose parts do not make up the whole: some few are told, more are refused."""
    row = np.full(len(counted), -1, dtype=np.int64)
    row[unit] = at
    lost = 0.0
    for count in (known.population, known.housing):
        held = np.where(row >= 0, count[row], 0.0)
        lost = max(lost, float(held[off].sum()) / max(float(held.sum()), 1.0))
    worst = int(np.flatnonzero(off)[np.argmax(np.abs(total[off] - 1.0))])
    told = (
        f"the parts of {int(off.sum())} of {len(off)} blocks of 2010 do not make up the whole (those of "
        f"{name_of(int(counted[worst]))} come to {total[worst]:.3f} of it)"
    )
    if lost > LOST_SHARE:
        raise LayerError(
            f"{where}: {told}; {lost:.1%} of the people or homes live there.",
            remedy=f"{AGAIN} Rows may be missing, or the areas are of another edition.",
        )
    notes.append(f"{told[0].upper()}{told[1:]}; they were divided by the parts that are known.")


def _check_ground(at: IntArray, known: BlockCounts, rows: Pieces, part: bool, name: str, where: str) -> None:
    """Counted blocks have to lie somewhere in 2020: else their people would be lost.

    Raises
    ------
    LayerError
    """
    lost = np.ones(len(known.key), dtype=np.bool_)
    lost[at[at >= 0]] = False
    if part:
        lost &= np.isin(known.key // LETTERS // _BLOCK, np.unique(rows.old // LETTERS // _BLOCK))
    lost &= (known.population > 0) | (known.housing > 0)
    if lost.any():
        raise LayerError(
            f"{where}: {int(lost.sum())} blocks that {name} counts people or homes in are not in the file, for example "
            f"{name_of(int(known.key[lost][0]))}.",
            remedy=f"{AGAIN} Both files have to be of one state, and whole.",
        )


def _table(rows: Pieces, at: IntArray, share: FloatArray, whole: BoolArray, known: BlockCounts) -> pd.DataFrame:
    """One row a piece; parts of one counted block in one block of 2020 are added up."""
    counted = at >= 0
    old = np.where(counted, known.key[at], rows.old)
    pieces = pd.DataFrame(
        {
            "old": old,
            "new": rows.new,
            "share_land": share,
            "pop10": np.where(counted, known.population[at], 0.0),
            "hu10": np.where(counted, known.housing[at], 0.0),
            "whole20": whole,
        }
    )
    first = np.unique(rows.old, return_index=True)[1]
    land = pd.Series(rows.land[first]).groupby(old[first]).sum()
    if pieces.duplicated(["old", "new"]).any():
        how = {"share_land": "sum", "pop10": "first", "hu10": "first", "whole20": "first"}
        pieces = pieces.groupby(["old", "new"], sort=False, as_index=False).agg(how)
    pieces["land10"] = land.reindex(pieces["old"]).to_numpy()
    pieces = pieces.sort_values(["old", "new"], kind="stable", ignore_index=True)
    ids = {"block10": names_of(pieces.pop("old")), "block20": names_of(pieces.pop("new"))}
    order = ["share_land", "pop10", "hu10", "land10", "whole20"]
    return pd.concat([pd.DataFrame(ids), pieces[order]], axis=1)
