"""Writing a folder of results: all of it or nothing.

Everything is made in a new folder beside the target; only when it is complete does it take the target's place.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd

from justgeo.core.errors import OutputError
from justgeo.report import checklist as lists
from justgeo.report import page, results, tables
from justgeo.report.basemap import Basemap

log = logging.getLogger(__name__)

FILES = (
    "index.html",
    "results.json",
    "indicators.csv",
    "indicators.gpkg",
    "checklist.json",
    "checklist.csv",
    "manifest.json",
)
"""What a run writes, the manifest last."""

MAKER = "justgeo"


def write_all(
    folder: Path,
    content: results.Results,
    checklist: lists.Checklist,
    zones: gpd.GeoDataFrame,
    basemap: Basemap | None = None,
    manifest: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write page, results, tables, checklist and manifest into ``folder``.

    Parameters
    ----------
    folder : Path
        Made where it is not there. Files of an earlier run are replaced; other files in a folder of results are kept.
    content : dict
        From ``results.to_dict``.
    checklist : Checklist
    zones : GeoDataFrame
        From ``results.zones_frame``.
    basemap : Basemap, optional
    manifest : mapping, optional
        ``run`` (time, versions, machine), more ``inputs``, and whatever else is to stand in ``manifest.json``.

    Returns
    -------
    list of Path
        Files written, in the order of ``FILES``.

    Raises
    ------
    OutputError
        The folder cannot be written, or holds files but no results. An earlier run's files are then untouched.
    """
    target = folder.expanduser().resolve()
    kept = _foreign(target)
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        part.mkdir(parents=True)
        _fill(part, content, checklist, zones, basemap, manifest or {})
        for one in kept:
            _copy(target / one, part / one)
        _swap(part, target)
    except OSError as why:
        raise OutputError(
            f"The results cannot be written to {folder}: {why.strerror or why}.",
            remedy="Choose a folder that you may write to, with room left; close programs that have its files open.",
        ) from why
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return [target / name for name in FILES]


def check(folder: Path) -> None:
    """Refuse a folder that could not be written later, before hours are spent on what goes into it.

    Raises
    ------
    OutputError
        A file is in the way, the folder holds other things than results, or it may not be written.
    """
    target = folder.expanduser().resolve()
    _foreign(target)
    nearest = next(one for one in (target.parent, *target.parent.parents) if one.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise OutputError(
            f"The results cannot be written to {folder}: {nearest.name or nearest} is no folder that you may write to.",
            remedy="Choose a folder that you may write to.",
        )


def _fill(
    part: Path,
    content: results.Results,
    checklist: lists.Checklist,
    zones: gpd.GeoDataFrame,
    basemap: Basemap | None,
    manifest: Mapping[str, Any],
) -> None:
    page.write(part / "index.html", content, checklist, zones, basemap)
    (part / "results.json").write_bytes(results.dump(content))
    (part / "indicators.csv").write_bytes(tables.indicators_csv(content))
    tables.write_gpkg(part / "indicators.gpkg", content, zones)
    settle(part / "indicators.gpkg")
    (part / "checklist.json").write_bytes(lists.to_json(checklist, content))
    (part / "checklist.csv").write_bytes(lists.to_csv(checklist, content))
    outputs = {name: sha256(part / name) for name in FILES if name != "manifest.json"}
    (part / "manifest.json").write_bytes(manifest_bytes(content, outputs, manifest))


def manifest_bytes(content: Mapping[str, Any], outputs: Mapping[str, str], more: Mapping[str, Any]) -> bytes:
    """``manifest.json``: inputs and outputs by SHA-256; ``run`` alone differs between two runs on the same inputs.

    The layers that numbers stand on are inputs, and those that ``more`` names besides: what was read to find the
    reference, or to draw areas.
    """
    inputs = {layer["id"]: layer for layer in more.get("inputs", [])}
    inputs |= {
        layer["id"]: {name: layer[name] for name in ("id", "source", "dataset", "vintage", "retrieved", "sha256")}
        for layer in content["layers"]
    }
    made = {
        "made_by": MAKER,
        "schema_version": content["schema_version"],
        "synthetic": content["synthetic"],
        "slug": content["slug"],
        "disclaimer": content["disclaimer"],
        "inputs": [inputs[name] for name in sorted(inputs)],
        "absent_layers": content["absent_layers"],
        "outputs": dict(outputs),
    }
    whole = {**results.plain(dict(more), "manifest"), **made}
    return (json.dumps(whole, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=1) + "\n").encode("utf-8")


def settle(path: Path) -> None:
    """Set the two counters in the header of an SQLite file to one, so that the same content has the same bytes.

    GDAL writes the same layers in a transaction more or less (seen: 33 or 34), which alone made two files differ. Both
    counters have to be equal, or SQLite does not believe its header.

    References
    ----------
    SQLite, *Database File Format*, section 1.3: file change counter at byte 24, version-valid-for number at byte 92.
    """
    with path.open("r+b") as opened:
        for offset in (24, 92):
            opened.seek(offset)
            opened.write((1).to_bytes(4, "big"))


def sha256(path: Path) -> str:
    """Digest of a file."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _foreign(target: Path) -> list[str]:
    """Names in the target that justgeo did not write and must not lose; refuse a folder of something else."""
    if not target.exists():
        return []
    if not target.is_dir():
        raise OutputError(f"{target.name} is a file, not a folder.", remedy="Name another folder for the results.")
    try:
        names = sorted(one.name for one in target.iterdir())
    except OSError as why:
        raise OutputError(
            f"The folder {target.name} cannot be read: {why.strerror or why}.", remedy="Choose a folder of your own."
        ) from why
    if names and not _ours(target / "manifest.json"):
        raise OutputError(
            f"The folder {target.name} holds other files ({names[0]}, ...) and no results of justgeo.",
            remedy="Name a new or an empty folder for the results.",
        )
    return [name for name in names if name not in FILES]


def _ours(manifest: Path) -> bool:
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("made_by") == MAKER


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def _swap(part: Path, target: Path) -> None:
    """Put the finished folder in the target's place; the old one is put back if that fails."""
    if not target.exists():
        part.replace(target)
        return
    old = part.with_suffix(".old")
    target.replace(old)
    try:
        part.replace(target)
    except OSError:
        old.replace(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
    if old.exists():
        log.warning("The earlier results could not be removed; they are in %s", old.name)
