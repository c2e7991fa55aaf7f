"""One district among all others of a batch: where its numbers stand, and what its nearest peers have.

For analysts. Nothing here is measured anew: numbers, margins and reasons are those of the district's results and of the
batch's tables. What is told of no single tract is held against nobody, since the difference of two districts could tell
of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from justgeo import peers_batch
from justgeo.among import CHANCE, CHANGE, GROWS, OF_NO_TRACT
from justgeo.core.errors import ConfigError
from justgeo.core.layer import BoolArray
from justgeo.measure import peers as measure
from justgeo.measure.percentiles import FEWEST
from justgeo.peers_batch import MEDIAN, Batch, Numbers
from justgeo.peers_own import SHOWN, Own, find
from justgeo.report import peers_text, write

SAME = 0.98
"""Two outlines are one where they share this part of the land of both (our choice)."""
FEW_TOLD = 0.8
"""Where a smaller part of the others has a number, that is said beside the percentile (our choice)."""
WHY_NEVER = {
    GROWS: GROWS,
    OF_NO_TRACT: "it is told of no single tract, and is held against no other place",
    CHANCE: "of a small place it is a chance, of a larger one a share: the two are not alike",
    CHANGE: "of a small place, a change between two surveys is mostly error: it is not placed among others",
}
ALONE = frozenset({OF_NO_TRACT, CHANCE})
"""Rows of which the peers' numbers are not told either."""


def compare_with(district: str | Path, where: Path, out: Path) -> dict[str, Any]:
    """Hold a district against all others of a batch, and write ``peers.md`` and ``peers.csv``.

    Parameters
    ----------
    district : str or Path
        A folder with ``results.json``, that file, or the slug of a district of the batch.
    where : Path
        Folder of the batch's outputs, or of its records.
    out : Path
        Folder to write.

    Returns
    -------
    dict
        What was written, as in `content`.

    Raises
    ------
    ConfigError
        There is no such district or no batch, or one is invented and the other is not.
    OutputError
        Something cannot be read or written, or is of another version.
    """
    write.check(out, peers_text.MAKER)
    batch = peers_batch.read(where)
    made = content(find(district, batch), batch)
    peers_text.write_all(out, made)
    return made


def content(own: Own, batch: Batch) -> dict[str, Any]:
    """A district among the others as plain values.

    Returns
    -------
    dict
        ``name``, ``slug``, ``invented``, ``others`` (how many), ``residents``, ``area_km2``, ``peers[]`` (name,
        residents, area_km2, density), ``no_peers`` (why there are none), ``rows[]`` (an indicator each: its record,
        ``standing``, ``middle`` of the peers or None, ``beside``: what has to be said), ``notes[]``, ``layers[]``.

    Raises
    ------
    ConfigError
        One is invented and the other is not.
    """
    if own.invented != batch.invented:
        raise ConfigError(
            "An invented place stands beside real ones.", remedy="compare real districts with a batch of real ones."
        )
    itself = _itself(own, batch)
    others = np.ones(len(batch.ids), dtype=np.bool_)
    others[list(itself)] = False
    near, why = _nearest(own, batch, others)
    ids = [str(row["id"]) for row in own.rows if row["id"] in own.records]
    found = peers_batch.numbers(batch, ids, near)
    desk = _Desk(own, batch, found, others, near)
    rows = [desk.row(i, row) for i, row in enumerate(row for row in own.rows if row["id"] in own.records)]
    return {
        "name": own.name,
        "slug": own.slug,
        "invented": own.invented,
        "others": int(others.sum()),
        "residents": own.people,
        "area_km2": own.km2,
        "peers": [_peer(batch, z) for z in near],
        "no_peers": why,
        "rows": rows,
        "notes": _notes(own, batch, others, itself),
        "layers": _layers(own, rows),
    }


def _peer(batch: Batch, z: int) -> dict[str, Any]:
    people, km2 = float(batch.people[z]), float(batch.km2[z])
    return {"id": batch.ids[z], "name": batch.names[z], "residents": people, "area_km2": km2, "density": people / km2}


def _itself(own: Own, batch: Batch) -> dict[int, bool]:
    """Rows of the batch that are the district itself, and whether the outline is the same one.

    By its slug, or by its outline: one that has been drawn anew since is no other district either.
    """
    found = {} if own.slug not in batch.ids else {batch.ids.index(own.slug): own.outline is None}
    if own.outline is None:
        return found
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = batch.km2 / (own.km2 or np.nan)
        like = np.flatnonzero((ratio > SAME) & (ratio < 1.0 / SAME))
    for z, shape in batch.outlines(sorted({*like.tolist(), *found})).items():
        both = shape.intersection(own.outline).area
        if both >= SAME * max(shape.area, own.outline.area):
            found[z] = True
    return found


def _nearest(own: Own, batch: Batch, others: BoolArray) -> tuple[list[int], str]:
    """Rows of the nearest peers, the nearest first, or why there are none."""
    if not own.people or not own.km2:
        return [], "its residents are not known, or it has none: nothing says who is like it"
    rows = np.flatnonzero(others)
    near = rows[measure.nearest(batch.people[rows], batch.km2[rows], own.people, own.km2)]
    return near.tolist(), "" if len(near) else "the batch has no other district whose residents are known"


class _Desk:
    """What each row is held against."""

    def __init__(self, own: Own, batch: Batch, found: Numbers, others: BoolArray, near: Sequence[int]) -> None:
        self._own, self._batch, self._found = own, batch, found
        self._others, self._near = others, list(near)
        self._vintages = {str(layer["id"]): str(layer["vintage"]) for layer in own.layers}
        # Tables of one batch mostly stand on the same vintages: each kind of them is looked at once.
        alike = [frozenset(one.items()) for one in batch.layers]
        self._kinds = [dict(one) for one in dict.fromkeys(alike)]
        at = {one: k for k, one in enumerate(dict.fromkeys(alike))}
        self._kind = np.array([at[one] for one in alike], dtype=np.int64)[batch.file]

    def row(self, i: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """One indicator: its number, where that stands, what the peers have."""
        record = self._own.records[row["id"]]
        told = {name: row[name] for name in ("id", "title", "category")} | {"record": record}
        if record["value"] is None and not record["text"]:
            return told | {"standing": None, "middle": None, "beside": ""}
        never = _never(row, record, self._found.never)
        usable, refused, beside = self._comparable(i, record)
        middle = None if never in ALONE else self._middle(i, usable)
        standing = self._standing(i, record, usable, never, refused)
        said = [*beside, *refused] if standing.value is not None else beside
        if standing.value is not None and standing.others < FEW_TOLD * self._others.sum():
            said = [*said, f"only {standing.others:,} of {self._others.sum():,} others have a number"]
        middle_of = None if middle is None else asdict(middle)
        return told | {"standing": asdict(standing), "middle": middle_of, "beside": "; ".join(said)}

    def _comparable(self, i: int, record: Mapping[str, Any]) -> tuple[BoolArray, list[str], list[str]]:
        """Others whose number may be held against this one, why some may not, and what has to be said."""
        usable = self._others & ~np.isnan(self._found.value[i])
        left: Counter[str] = Counter()
        beside: dict[str, None] = {}
        for k, theirs in enumerate(self._kinds):
            here = usable & (self._kind == k)
            if here.any():
                refused, told = peers_batch.differs(record["layers"], self._vintages, theirs)
                if refused:
                    left[refused] += int(here.sum())
                    usable &= ~here
                elif told:
                    beside[told] = None
        other = {u for u, word in enumerate(self._found.units) if word != record["unit"]}
        for why, odd in (
            ("it has another unit there", np.isin(self._found.unit[i], list(other))),
            ("a median is rebuilt from brackets on one side and published on the other", self._otherwise(i, record)),
        ):
            if (usable & odd).any():
                left[why] += int((usable & odd).sum())
                usable &= ~odd
        return usable, [f"{n:,} others are left out: {why}" for why, n in left.items()], list(beside)

    def _otherwise(self, i: int, record: Mapping[str, Any]) -> BoolArray:
        """Of a median, whose number was made in the other way; an open end says nothing of that."""
        if record["value"] is None:
            return np.zeros(len(self._batch.ids), dtype=np.bool_)
        odd = self._found.rebuilt[i] != (record["rule"] == MEDIAN)
        return np.asarray(odd & np.isfinite(self._found.value[i]), dtype=np.bool_)

    def _standing(
        self, i: int, record: Mapping[str, Any], usable: BoolArray, never: str, refused: Sequence[str]
    ) -> measure.Standing:
        if never:
            return measure.Standing(None, None, None, int(usable.sum()), WHY_NEVER[never])
        values = np.where(usable, self._found.value[i], np.nan)[self._others]
        value = np.inf if record["value"] is None else float(record["value"])
        made = measure.standing(values, value, record["moe"], str(record["reliability"]))
        if made.reason is None or not refused or made.others >= FEWEST:
            return made
        return measure.Standing(None, None, None, made.others, "; ".join([made.reason, *refused]))

    def _middle(self, i: int, usable: BoolArray) -> measure.Middle | None:
        told = usable[self._near]
        values = np.where(told, self._found.value[i, self._near], np.nan)
        return measure.middle(values, self._found.moe[i])


def _never(row: Mapping[str, Any], record: Mapping[str, Any], known: Mapping[str, str]) -> str:
    """Why a row is never held against others: as its record says, as theirs say, or by what it is."""
    said = (record.get("percentile") or {}).get("reason")
    if said in WHY_NEVER:
        return str(said)
    if row["id"] in known:
        return known[row["id"]]
    return OF_NO_TRACT if not row["areas"] else GROWS if row["aggregate"] == "sum" else ""


def _notes(own: Own, batch: Batch, others: BoolArray, itself: Mapping[int, bool]) -> list[str]:
    """What keeps the numbers from being read as they stand."""
    kinds = Counter((batch.roles[z], batch.geography[z]) for z in np.flatnonzero(others))
    notes = []
    if any(kind != (own.role, own.geography) for kind in kinds):
        told = ", ".join(f"{n:,} {_kind(*kind)}" for kind, n in sorted(kinds.items()))
        notes.append(
            f"The others are of another kind ({told}): numbers of larger places lie nearer to the middle than those of "
            "smaller ones."
        )
    elsewhere = sum(batch.reference[z] != own.reference for z in np.flatnonzero(others))
    if elsewhere:
        notes.append(
            f"{elsewhere:,} others have another reference area: what is told against it (how far a mix is from that of "
            "the reference, ranks within a state) is told against another one there."
        )
    if not batch.complete:
        notes.append("The batch did not come to its end, or lacks what could not be fetched: others may be missing.")
    moved = sorted(batch.ids[z] for z, same in itself.items() if not same)
    if moved:
        notes.append(f"The batch has this district with another outline; it is not among the others: {moved[0]}.")
    twins = sorted(batch.ids[z] for z, same in itself.items() if same and batch.ids[z] != own.slug)
    if twins:
        more = f" and {len(twins) - SHOWN} more" if len(twins) > SHOWN else ""
        notes.append(f"Of the same outline, and so not among the others: {', '.join(twins[:SHOWN])}{more}.")
    if own.outline is None:
        notes.append("Its outline is not at hand: by its slug alone it is kept from being among its own others.")
    return notes


def _kind(role: str, geography: str) -> str:
    return f"{geography}s" if role == "area" and geography else f"{role}s"


def _layers(own: Own, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Source and terms of what the told numbers stand on, each once, with the id of the layer."""
    used = {layer for row in rows if row["standing"] is not None for layer in row["record"]["layers"]}
    names = ("id", "source", "dataset", "vintage", "licence", "attribution")
    return [{name: layer.get(name, "") for name in names} for layer in own.layers if layer["id"] in used]
