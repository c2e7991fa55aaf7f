"""Writing a folder of results: all of it or nothing.

Everything is made in a new folder beside the target; only when it is complete does it take the target's place, in one
step where the system can exchange two folders. What a run left that was killed is put right by the next one.
"""

from __future__ import annotations

import glob
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd

from justgeo.core import whole
from justgeo.core.answers import target_row
from justgeo.core.errors import OutputError
from justgeo.report import checklist as lists
from justgeo.report import (
    checklist_assets,
    checklist_page,
    checklist_sheets,
    checklist_text,
    grant_files,
    package,
    page,
    quality_page,
    results,
    styles,
    tables,
)
from justgeo.report.basemap import Basemap

log = logging.getLogger(__name__)

FILES = (
    "index.html",
    "results.json",
    *grant_files.FILES,
    "indicators.gpkg",
    "checklist.json",
    "checklist.csv",
    "checklist.html",
    "checklist.md",
    "checklist.xlsx",
    quality_page.FILE,
    quality_page.TABLE,
    "datapackage.json",
    "manifest.json",
)
"""What a run writes, the manifest last."""

MAKER = "justgeo"
INTERNAL = "justgeo displacement"
INNER = "displacement"
"""Maker of the folder for analysts, and its name inside the outputs of a run."""
SHIFTED, SHIFTER = "sensitivity", "justgeo run --sensitivity"
"""Name of the folder of other lines and thresholds inside the outputs of a run, and its maker."""
OLD = ".old"
"""Ending of the folder that has made room for another, where the two cannot be exchanged."""
FOLDERS = {INNER: INTERNAL, SHIFTED: SHIFTER}
"""Folders that a run may write inside its outputs, each with its maker."""


def write_all(
    folder: Path,
    content: results.Results,
    checklist: lists.Checklist,
    zones: gpd.GeoDataFrame,
    basemap: Basemap | None = None,
    manifest: Mapping[str, Any] | None = None,
    inner: Mapping[str, Callable[[Path], None]] | None = None,
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
    inner : mapping of str to callable, optional
        What fills each folder inside, by its name in `FOLDERS`. That of an earlier run does not stay where none is
        asked for: markets of tracts would stand beside a public page, other lines beside numbers that they do not fit.

    Returns
    -------
    list of Path
        Files written, in the order of ``FILES``.

    Raises
    ------
    OutputError
        The folder cannot be written, or holds files but no results. An earlier run's files are then untouched.
    """

    def fill(part: Path) -> None:
        _fill(part, content, checklist, zones, basemap, manifest or {})
        for name, make in (inner or {}).items():
            (part / name).mkdir()
            make(part / name)

    return put(folder, (*FILES, *(inner or {})), fill)[: len(FILES)]


def put(folder: Path, files: Sequence[str], fill: Callable[[Path], None], maker: str = MAKER) -> list[Path]:
    """Fill a new folder and put it in the target's place: all of it or nothing.

    Parameters
    ----------
    folder : Path
        Made where it is not there. Files of an earlier writing are replaced; other files in such a folder are kept.
    files : sequence of str
        What ``fill`` writes, ``manifest.json`` among them; also a folder.
    fill : callable
        Writes them into the empty folder that it is given.
    maker : str
        What ``made_by`` in the manifest of such a folder says.

    Returns
    -------
    list of Path
        In the order of ``files``.

    Raises
    ------
    OutputError
        The folder cannot be written, or holds files of something else. What was there is then untouched.
    """
    target = _place(folder)
    _mend(target)
    kept = _foreign(target, files, maker)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        whole.sweep(target)
        with whole.making(target, Path.mkdir) as part:
            fill(part)
            for one in kept:
                _copy(target / one, part / one)
            _swap(part, target)
            if part.exists():  # the earlier results, by now
                _bring_late(part, target, files, maker)
    except OSError as why:
        raise OutputError(
            f"The results cannot be written to {folder}: {why.strerror or why}.",
            remedy="Choose a folder that you may write to, with room left; close programs that have its files open.",
        ) from why
    return [target / name for name in files]


def json_bytes(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys, the same bytes for the same values; NaN is refused."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n").encode("utf-8")


def sealed(part: Path, bodies: Mapping[str, bytes], maker: str) -> None:
    """Write files into a folder that is there, and a manifest that names their maker and their digests."""
    outputs = [{"name": name, "sha256": hashlib.sha256(body).hexdigest()} for name, body in bodies.items()]
    manifest = json_bytes({"made_by": maker, "outputs": outputs})
    for name, body in {**bodies, "manifest.json": manifest}.items():
        (part / name).write_bytes(body)


def check(folder: Path, maker: str = MAKER) -> None:
    """Refuse a folder that could not be written later, before hours are spent on what goes into it.

    ``maker`` is as for :func:`put`.

    Raises
    ------
    OutputError
        A file is in the way, the folder holds other things than results, or it may not be written.
    """
    target = _place(folder)
    _mend(target)
    _foreign(target, (), maker)
    nearest = next(one for one in (target.parent, *target.parent.parents) if one.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise OutputError(
            f"The results cannot be written to {folder}: {nearest.name or nearest} is no folder that you may write to.",
            remedy="Choose a folder that you may write to.",
        )


def _place(folder: Path) -> Path:
    """Where a folder is, by its full path."""
    try:
        return folder.expanduser().resolve()
    except RuntimeError as why:  # nobody of the name after ~, or links that lead to one another
        told = f"{folder} leads nowhere: {str(why).rstrip('.')}."
        raise OutputError(told, remedy="Name the folder by its full path.") from why


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
    grant_files.write(part, content, [target_row(one) for one in lists.said(checklist).targets])
    tables.write_gpkg(part / "indicators.gpkg", content, zones)
    styles.write(part / "indicators.gpkg", content)
    settle(part / "indicators.gpkg")
    (part / "checklist.json").write_bytes(lists.to_json(checklist, content))
    (part / "checklist.csv").write_bytes(lists.to_csv(checklist, content))
    assets = checklist_assets.find(basemap, zones, content)
    (part / "checklist.html").write_bytes(checklist_page.render(checklist, content, assets).encode("utf-8"))
    (part / "checklist.md").write_bytes(checklist_text.render(checklist, content, assets).encode("utf-8"))
    (part / "checklist.xlsx").write_bytes(checklist_sheets.workbook(checklist, content, assets))
    (part / quality_page.FILE).write_bytes(quality_page.render(content).encode("utf-8"))
    (part / quality_page.TABLE).write_bytes(quality_page.to_csv(content))
    (part / "datapackage.json").write_bytes(json_bytes(package.datapackage(content, part)))
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


def _foreign(target: Path, files: Sequence[str], maker: str) -> list[str]:
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
    if names and _maker(target / "manifest.json") != maker:
        raise OutputError(
            f"The folder {target.name} holds other files ({names[0]}, ...) and no results of {maker}.",
            remedy="Name a new or an empty folder for the results.",
        )
    ours = {name for name, by in FOLDERS.items() if _maker(target / name / "manifest.json") == by}
    for name in FOLDERS.keys() & set(files) & set(names) - ours:
        raise OutputError(
            f"The folder {target.name}/{name} holds other files than {FOLDERS[name]} wrote.",
            remedy="Move it away, or name another folder for the results.",
        )
    return [name for name in names if name not in files and name not in ours]


def _maker(manifest: Path) -> str | None:
    """Who says to have made a folder; None where nobody does."""
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return str(found["made_by"]) if isinstance(found, dict) and "made_by" in found else None


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def _swap(part: Path, target: Path) -> None:
    """Put the finished folder in the target's place; the old one, then under the other's name, goes with it.

    Where the system cannot exchange them, the old one is moved first, and put back if the new one cannot follow.
    """
    if not target.exists():
        try:
            part.replace(target)
            return
        except OSError:
            if not target.exists():
                raise  # else another run was first: its results make room as earlier ones do
    if whole.exchange(part, target):
        return
    old = part.with_suffix(OLD)
    target.replace(old)
    try:
        part.replace(target)
    except OSError:
        old.replace(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
    if old.exists():
        log.warning("The earlier results could not be removed; they are in %s", old.name)


def _bring_late(old: Path, target: Path, files: Sequence[str], maker: str) -> None:
    """Copy what came late into the new results; where that fails, keep the folder that alone has it.

    Raises
    ------
    OutputError
        The new results are in their place, whole.
    """
    begun = ""
    try:
        for begun in _late(old, target, _foreign(old, files, maker)):
            _copy(old / begun, target / begun)
    except (OSError, OutputError) as why:
        if begun:
            whole.remove(target / begun)  # half of it may be there
        kept = target.with_name(f"{target.name}-before{old.with_suffix('').suffix}")
        try:
            old.rename(kept)  # away from the name under which it would be swept
        except OSError:
            whole.exchange(old, target)  # the earlier results stay as they were, and the new ones go
            raise
        said = getattr(why, "strerror", None) or "they could not be copied"
        raise OutputError(
            f"The results are in {target.name}, but not all of your own files beside them: {said}.",
            remedy=f"Make room, then copy what is missing out of {kept}: your files and the earlier results are there.",
        ) from why


def _late(old: Path, target: Path, names: Sequence[str]) -> list[str]:
    """What somebody put among the earlier results, or changed there, after it was copied beside the new ones."""
    return [name for name in names if not (target / name).exists() or _edited(old / name, target / name)]


def _edited(old: Path, copy: Path) -> bool:
    return old.is_file() and old.stat().st_mtime_ns != copy.stat().st_mtime_ns


def _mend(target: Path) -> None:
    """Put back what a run had moved that was killed before its results took that place; remove it where they have."""
    try:
        olds = sorted(
            target.parent.glob(f".{glob.escape(target.name)}.{'[0-9a-f]' * 8}{OLD}"),
            key=lambda one: one.stat().st_mtime,
        )
        olds = [one for one in olds if not whole.is_made(one.with_suffix(whole.PART))]
        if olds and not target.exists():
            olds.pop().replace(target)
            log.warning("A run into %s was stopped at its end: the results before it are there again", target.name)
        for one in olds:
            shutil.rmtree(one, ignore_errors=True)
    except OSError as why:  # the folder cannot be read or changed: whoever writes to it is told
        log.debug("what may be left of %s cannot be mended: %s", target, why)
