"""The district that is held against a batch: from the folder of a run, or from the batch itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from shapely.geometry.base import BaseGeometry

from justgeo import peers_batch
from justgeo.among import EVERYBODY
from justgeo.batch_files import EACH, RECORDS
from justgeo.catalogue import read as catalogue
from justgeo.core.errors import ConfigError
from justgeo.core.paths import for_ogr
from justgeo.core.words import suggestion
from justgeo.peers_batch import Batch
from justgeo.report import results
from justgeo.report.batch_table import BETWEEN

SHOWN = 3
"""Slugs that are named where there are too many of them."""


@dataclass(frozen=True)
class Own:
    """The district that is held against others.

    Attributes
    ----------
    slug, name : str
    invented : bool
    role, geography, reference : str
    people, km2 : float or None
    rows : sequence of mapping
        Its indicators: ``id``, ``title``, ``category``, ``areas``, ``aggregate``.
    records : mapping of str to mapping
        Of everybody, by indicator.
    layers : sequence of mapping
        Provenance, as in ``results.json``.
    outline : geometry or None
        EPSG:4326.
    """

    slug: str
    name: str
    invented: bool
    role: str
    geography: str
    reference: str
    people: float | None
    km2: float | None
    rows: Sequence[Mapping[str, Any]]
    records: Mapping[str, Mapping[str, Any]]
    layers: Sequence[Mapping[str, Any]]
    outline: BaseGeometry | None


def find(district: str | Path, batch: Batch) -> Own:
    """The district that is meant: a folder of results, or else a slug of the batch.

    Raises
    ------
    ConfigError
        There is none.
    """
    path = Path(district)
    file = path if path.is_file() else path / "results.json"
    if file.is_file():
        return _of_results(file)
    slug = str(district)
    if slug not in batch.ids:
        why = "holds no results.json" if path.exists() else "is no folder of results"
        raise ConfigError(
            f"{slug!r} {why}, and no district of the batch has that slug.",
            remedy=f"measure it first (`justgeo run`), or name one of the batch: {_like(slug, batch.ids)}",
        )
    row = batch.ids.index(slug)
    inside = batch.folder / EACH / slug / "results.json"
    return _of_results(inside) if inside.is_file() else _of_table(row, batch)


def _like(slug: str, known: Sequence[str]) -> str:
    """Which slug may be meant; a batch has too many to name them all."""
    told = suggestion(slug, known)
    return (
        told if told.startswith("did you mean") else f"{', '.join(known[:SHOWN])}, ... (the column zone of its tables)."
    )


def _of_results(file: Path) -> Own:
    with results.opened(file) as told:
        return _of_told(file, told)


def _of_told(file: Path, told: Mapping[str, Any]) -> Own:
    zone = next((one for one in told["zones"] if one["role"] == "district"), None)
    if zone is None:
        raise ConfigError(f"{file} has no district.", remedy="name the results of a district.")
    facts = zone["facts"]
    reference = next((str(one["name"]) for one in told["zones"] if one["role"] == "reference"), "")
    return Own(
        told["slug"], told["name"], bool(told["synthetic"]), zone["role"], zone["geography"], reference,
        facts.get("residents"), facts.get("area_km2"), told["indicators"],
        {r["indicator"]: r for r in told["records"] if r["zone"] == zone["id"] and r["group"] == EVERYBODY},
        told["layers"], _outline(file.resolve().parent, told["slug"]),
    )  # fmt: skip


def _outline(folder: Path, slug: str) -> BaseGeometry | None:
    """The district's outline, where it is: beside the results of a run, or in the batch that they are of."""
    path = folder / "indicators.gpkg"
    if path.is_file():
        try:
            frame = gpd.read_file(for_ogr(path), layer="district", columns=[]).to_crs(4326)
        except (OSError, RuntimeError, ValueError):
            return None
        found: BaseGeometry = frame.geometry.union_all()
        return found
    if folder.parent.name == EACH and (folder.parents[1] / RECORDS).is_dir():
        batch = peers_batch.read(folder.parents[1])
        row = batch.ids.index(slug) if slug in batch.ids else None
        return None if row is None else batch.outlines([row])[row]
    return None


def _of_table(row: int, batch: Batch) -> Own:
    """A zone of the batch that has no ``results.json``: its rows of the table, with the words of the catalogue."""
    known = {one.id: one for one in catalogue.indicators()}
    records = {told["indicator"]: _record(told) for told in batch.records(row)}
    rows = [
        {"id": i, "title": i, "category": i.split("-")[0], "areas": True, "aggregate": ""}
        if (one := known.get(i)) is None
        else {name: getattr(one, name) for name in ("id", "title", "category", "areas", "aggregate")}
        for i in records
    ]
    people, km2 = (None if np.isnan(told[row]) else float(told[row]) for told in (batch.people, batch.km2))
    head = (batch.ids[row], batch.names[row], batch.invented, batch.roles[row], batch.geography[row])
    facts = (batch.reference[row], people, km2)
    return Own(*head, *facts, rows, records, batch.sources(row), batch.outlines([row])[row])


def _record(told: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the table in the form of ``results.json``."""
    parts = {part: told[f"error_{part}"] for part in ("sampling", "apportionment", "noise")}
    lists = {name: told[name].split(BETWEEN) if told[name] else [] for name in ("flags", "layers")}
    placed = {"value": told["percentile"], "reason": told["percentile_reason"]}
    return {**told, **lists, "error": parts, "percentile": None if told["value"] is None else placed}
