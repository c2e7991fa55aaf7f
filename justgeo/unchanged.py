"""Whether the files that a run stands on are still those that it began with.

A run takes a while, and a planner goes on editing. What was read before and what is told of it afterwards (digests, the
manifest) have to be of the same bytes, or ``verify`` would blame the numbers for what an editor did.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from justgeo.config import RunConfig
from justgeo.core.errors import ConfigError
from justgeo.core.spec import LayerSpec

Seen = Mapping[Path, tuple[int, int]]
"""Of each file its size, and the time of its last change in nanoseconds."""

_BESIDE = (".lock", "-wal", "-shm", "-journal", ".aux.xml")
"""What programs that only read a file put beside it."""


def seen(config: RunConfig) -> Seen:
    """Look at the files that ``district.toml`` names, without reading them.

    Parameters
    ----------
    config : RunConfig

    Returns
    -------
    mapping of Path to tuple of int
        Files that are not there are left out: their readers say so.
    """
    found = {}
    for path in dict.fromkeys(_files(config)):
        try:
            about = path.stat()
        except OSError:
            continue
        # Not its number on the disk: memory cards and network drives number files anew while they are read.
        found[path] = (about.st_size, about.st_mtime_ns)
    return found


def refuse_changed(config: RunConfig, before: Seen) -> None:
    """Refuse to tell of files that are others by now.

    Parameters
    ----------
    config : RunConfig
    before : mapping
        From :func:`seen`, before anything was read.

    Raises
    ------
    ConfigError
        One was changed, replaced, removed or added.
    """
    now = seen(config)
    changed = sorted(path.name for path in before.keys() | now.keys() if before.get(path) != now.get(path))
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise ConfigError(
            f"{changed[0]}{more} changed while the run read it: its numbers would be of two editions.",
            remedy="run it again, once nothing writes to the files that it reads.",
        )


def _files(config: RunConfig) -> Iterator[Path]:
    yield config.path
    for told in (config.boundary, config.reference_file or {}):
        name = told.get("file", told.get("path"))
        if name:
            yield from _inside(config.base / str(name))
    for spec in (*config.layers.values(), *(table.spec for table in config.tables)):
        yield from _of_layer(spec)


def _of_layer(spec: LayerSpec) -> Iterator[Path]:
    yield from _inside(spec.path)
    join: Any = spec.options.get("join")
    if isinstance(join, Mapping) and "path" in join:
        yield from _inside(spec.path.parent / str(join["path"]))


def _inside(path: Path) -> Iterator[Path]:
    """The file, or the files of the folder; of a shapefile its parts too."""
    if path.is_dir():
        # Files alone: a folder in it changes when anything is written there, such as these outputs.
        files = (one for one in path.iterdir() if one.is_file())
        yield from (one for one in files if not one.name.startswith(".") and not one.name.endswith(_BESIDE))
    elif path.suffix.lower() == ".shp":
        yield from (one for one in path.parent.glob(f"{glob.escape(path.stem)}.*") if not one.name.endswith(_BESIDE))
    else:
        yield path
