"""A layer in several files: states of the Census Bureau, districts of a city. Read alike, or refused by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from justgeo.core.errors import ConfigError, CrsError, LayerError, VintageError
from justgeo.core.spec import LayerSpec

TIGER_YEAR = re.compile(r"^(?:tl|cb)_(\d{4})_")
_SHOWN = 5
_CODES = (
    "compare the code with the file (two digits of the state, three of the county); some counties got another code "
    "over the years, all of Connecticut's in 2022, so counties and file have to be of one year."
)


def paths(spec: LayerSpec, where: str) -> tuple[Path, ...]:
    """The file of a layer and its further ones (``parts``, beside it unless their way is whole).

    Raises
    ------
    ConfigError
        ``parts`` is no list of names, or names a file twice.
    """
    told = spec.options.get("parts", ())
    if not isinstance(told, list | tuple) or not all(isinstance(part, str | Path) for part in told):
        raise ConfigError(f"{where}: parts = {told!r} is no list of files.", remedy='parts = ["second.zip"]')
    found = (spec.path, *(spec.path.parent / part for part in told))
    twice = next((path for i, path in enumerate(found) if path in found[:i]), None)
    if twice is not None:
        raise ConfigError(f"{where}: {twice.name} is given twice.", remedy="name each file once, in path or in parts.")
    return found


def named(name: str, files: Sequence[Path]) -> str:
    """A layer and its files, for messages."""
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"Layer {name!r} ({files[0].name}{more})"


def stacked(frames: Sequence[gpd.GeoDataFrame], files: Sequence[Path], name: str) -> gpd.GeoDataFrame:
    """Rows of all files, one below the other.

    Parameters
    ----------
    frames : sequence of GeoDataFrame
    files : sequence of Path
        Where each was read from.
    name : str
        Of the layer, for messages.

    Raises
    ------
    VintageError
        Two files of TIGER/Line are of different years.
    CrsError
        A file has another coordinate reference system than the first.
    LayerError
        A file has other columns than the first.
    """
    first = frames[0]
    if len(frames) == 1:
        return first
    for path, frame in zip(files[1:], frames[1:], strict=True):
        where, before = f"Layer {name!r} ({path.name})", files[0].name
        years = [found.group(1) for file in (path, files[0]) if (found := TIGER_YEAR.match(file.name))]
        if len(set(years)) > 1:
            raise VintageError(
                f"{where}: it is of {years[0]}, but {before} is of {years[1]}.", remedy="give files of one year."
            )
        if frame.crs != first.crs:
            raise CrsError(
                f"{where}: its coordinate reference system is {_crs(frame)}, that of {before} is {_crs(first)}.",
                remedy="save both in one coordinate reference system.",
            )
        odd = sorted(set(map(str, frame.columns)) ^ set(map(str, first.columns)))
        if odd:
            raise LayerError(
                f"{where}: its columns are not those of {before} (only one of the two has "
                f"{', '.join(odd[:_SHOWN])}{', ...' if len(odd) > _SHOWN else ''}).",
                remedy="give files of one kind and one year.",
            )
    whole: gpd.GeoDataFrame = pd.concat(frames, ignore_index=True)
    return whole


def _crs(frame: gpd.GeoDataFrame) -> str:
    return "not known" if frame.crs is None else repr(frame.crs.name)


def require_prefixes(ids: pd.Series[str], starts: Sequence[str], where: str) -> None:
    """Refuse a layer that lacks some of what was asked for: a county without a row is no county without tracts.

    Raises
    ------
    LayerError
    """
    had = {length: set(ids.str[:length]) for length in {len(start) for start in starts}}
    lost = [start for start in starts if start not in had[len(start)]]
    if lost:
        raise lacking(lost, where)


def lacking(lost: Sequence[str], where: str) -> LayerError:
    """What is said where no row has an identifier that begins as asked."""
    named = ", ".join(lost[:_SHOWN]) + (", ..." if len(lost) > _SHOWN else "")
    return LayerError(f"{where}: no identifier in it begins with {named}.", remedy=f"check prefix: {_CODES}")
