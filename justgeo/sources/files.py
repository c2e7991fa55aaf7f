"""Vector files as layers: census geography, a planner's zones, parks, stops, in any format, with declared columns.

Every layer leaves here in EPSG:4326, valid and two-dimensional, with the columns of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import ConfigError, LayerError, VintageError
from justgeo.core.layer import Layer
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import _parts
from justgeo.sources import _vocabulary as words
from justgeo.sources._boundary import as_shape, read_boundary, read_cover
from justgeo.sources._frames import (
    WIDTHS,
    as_text,
    check_options,
    identifiers,
    joined,
    numbers,
    prefixes,
    require_column,
    selected,
    short_id,
)
from justgeo.sources._geo import tidy, to_wgs84
from justgeo.sources._hash import combined, sha256_of
from justgeo.sources._options import check_kinds
from justgeo.sources._provenance import provenance
from justgeo.sources._vector import column_names, open_vector

OPTIONS = (
    "geoid",
    "columns",
    "geography",
    "geography_vintage",
    "crs",
    "layer",
    "where",
    "prefix",
    "pad",
    "parts",
    "join",
    "geometry",
    "lon",
    "lat",
    "delimiter",
    "covers",
    "kind",
    "dissolve",
)
_VINTAGES = (2010, 2020)
_MANY = 20  # blocks; our choice
_GRID = 1e-7  # degrees, about a centimetre: pieces that miss each other by less do touch
_PLANNING_REGIONS = 2022  # Connecticut's planning regions replace its counties from this vintage

__all__ = ["OPTIONS", "read_boundary", "read_zones"]


@dataclass
class _Reading:
    """What is known while a layer is read."""

    spec: LayerSpec
    kind: words.Kind
    where: str
    notes: list[str]
    sources: tuple[Path, ...]
    files: list[Path]

    @property
    def options(self) -> Mapping[str, Any]:
        return self.spec.options

    @property
    def geography(self) -> str:
        return str(self.options.get("geography", self.kind.geography))


def read_zones(spec: LayerSpec, area: Area | None = None) -> Layer:
    """Read a layer of polygons, points or lines from a vector file.

    Parameters
    ----------
    spec : LayerSpec
        ``name`` is a word of the vocabulary (``blocks``, ``tracts``, ``parks``, ...), for census geography also with a
        suffix (``tracts_2010``). ``options``, all optional: ``geoid`` (column of the identifier), ``columns`` (own
        name -> column of the file), ``geography`` (``"zone"`` for a planner's own origins), ``geography_vintage``
        (2010, 2020), ``crs`` (where the file has none), ``layer``, ``where`` (column -> value or values), ``prefix``
        (of the identifier, one or several; each has to be met), ``pad`` (digits to fill up to), ``parts`` (further
        files of the same layer, beside the first: the same columns, the same CRS), ``join`` (``path`` beside the
        layer's file, ``geoid``, ``columns``), ``geometry`` or ``lon`` and ``lat`` (columns of a CSV), ``delimiter``,
        ``covers`` (a polygon file beside the layer's, or a box in degrees), ``kind`` (of all stops or amenities),
        ``dissolve`` (true joins pieces of parks or water that touch).
        The column names of TIGER/Line and PL 94-171 files are known without declaration.
    area : Area, optional
        Parks, stops and other features away from its window are left out; census geography is read whole, since a
        block outside is part of a unit inside.

    Returns
    -------
    Layer
        EPSG:4326. ``covers`` is None for what has identifiers; for other features the declared area, else the
        box of all features in the file.

    Raises
    ------
    LayerError
        The file is missing or cannot be believed: doubled identifiers, people without geometry, blocks without
        people, nothing of what a prefix asks for, parts that differ.
    ConfigError
        An option or a declared column is not there.
    CrsError
        No CRS in the file and none declared, or one that does not fit the numbers.
    VintageError
        The vintage contradicts the file, or a join meets identifiers of another one.

    References
    ----------
    U.S. Census Bureau, *TIGER/Line Shapefiles Technical Documentation*; *2020 Census State Redistricting Data (Public
    Law 94-171) Summary File Technical Documentation*.
    """
    kind = words.kind_of(spec.name)
    check_options(spec.options, OPTIONS, _parts.named(spec.name, [spec.path]))
    check_kinds(spec.options, _parts.named(spec.name, [spec.path]))
    sources = _parts.paths(spec, _parts.named(spec.name, [spec.path]))
    reading = _Reading(spec, kind, _parts.named(spec.name, sources), [], sources, [*sources])
    raw = _open(reading)
    frame = _columns(raw, reading) if reading.kind.by_id else _features(raw, reading)
    frame = _without_empty(frame, reading)
    labels = list(frame["geoid"]) if "geoid" in frame else [f"row {i + 1}" for i in range(len(frame))]
    frame = to_wgs84(frame, reading.where)
    frame, done = tidy(frame, reading.kind.geometry, reading.where, labels)
    reading.notes += done
    frame = _dissolved(frame, reading)
    vintage = _vintage(raw, frame, reading)
    covers = None if reading.kind.by_id else _covers(frame, reading)
    if area is not None and not reading.kind.by_id:
        frame = frame[frame.geometry.intersects(area.window).to_numpy(dtype=np.bool_)]
    digests = [(path.name, sha256_of(path)) for path in reading.files]
    return Layer(
        name=spec.name,
        data=frame.reset_index(drop=True),
        provenance=provenance(
            spec,
            spec.name,
            sha256=digests[0][1] if len(digests) == 1 else combined(digests),
            notes=reading.notes,
        ),
        covers=covers,
        geography=reading.geography if reading.kind.by_id else "",
        geography_vintage=vintage,
    )


def _open(reading: _Reading) -> gpd.GeoDataFrame:
    """Rows that were asked for, as they are in the files."""
    sources, options = reading.sources, reading.options
    frame = _parts.stacked([_opened(path, reading) for path in sources], sources, reading.spec.name)
    if len(sources) > 1:
        reading.notes.append(f"Read from {len(sources)} files: {', '.join(path.name for path in sources)}.")
    if options.get("where"):
        frame = frame[selected(frame, options["where"], reading.where)]
        reading.notes.append("Of the file, only rows with " + _said(options["where"]) + ".")
    return frame.reset_index(drop=True)


def _opened(path: Path, reading: _Reading) -> gpd.GeoDataFrame:
    """Rows of one file; those that the prefix leaves out are not read if the format allows it."""
    options, where = reading.options, _parts.named(reading.spec.name, [path])
    starts = prefixes(options.get("prefix"))
    early = None
    if starts and options.get("pad") is None:
        known = column_names(path, options, where)
        column = words.find(known, options.get("geoid"), words.IDENTIFIERS)
        if column is not None and known.get(column, False) and column not in words.LONG_IDENTIFIERS:
            early = (column, starts)
    frame, notes = open_vector(path, options, where, prefix=early)
    reading.notes += [note for note in notes if note not in reading.notes]
    if frame.empty and early is not None:
        raise _parts.lacking(starts, where)
    if frame.empty:
        raise LayerError(f"{where}: the file has no features.", remedy="give one that has.")
    return frame


def _said(conditions: Mapping[str, Any]) -> str:
    def values(v: Any) -> str:
        return str(v) if isinstance(v, str | int | float) else ", ".join(str(x) for x in v)

    return " and ".join(f"{column} = {values(v)}" for column, v in conditions.items())


def _columns(raw: gpd.GeoDataFrame, reading: _Reading) -> gpd.GeoDataFrame:
    """Identifier, declared and known columns of census geography or of a planner's zones."""
    options, where = reading.options, reading.where
    declared = {str(k): str(v) for k, v in dict(options.get("columns", {})).items()}
    words.check_near_misses(declared, where)
    frame = gpd.GeoDataFrame(geometry=raw.geometry.to_numpy(), crs=raw.crs)
    frame.insert(0, "geoid", _geoid(raw, declared, reading).to_numpy())
    starts = prefixes(options.get("prefix"))
    keep = frame["geoid"].str.startswith(starts).to_numpy(dtype=np.bool_) if starts else np.ones(len(raw), np.bool_)
    _parts.require_prefixes(frame["geoid"], starts, where)
    raw, frame = raw[keep].reset_index(drop=True), frame[keep].reset_index(drop=True)
    for name, column in words.columns_of(raw.columns, declared, reading.kind, where).items():
        frame[name] = as_text(raw[column]) if name == "name" else numbers(raw[column], where)
    joins = options.get("join", ())
    for join in (joins,) if isinstance(joins, Mapping) else tuple(joins):
        frame, path, note = joined(frame, join, reading.spec.path.parent, reading.geography, where)
        reading.files.append(path)
        reading.notes.append(note)
    _check_people(frame, reading)
    if "ALAND20" in raw or "ALAND" in raw or "ALAND10" in raw:
        reading.notes.append("The polygons of TIGER/Line include water; land_m2 is the land alone.")
    return frame[[c for c in frame.columns if c != "geometry"] + ["geometry"]]


def _geoid(raw: gpd.GeoDataFrame, declared: Mapping[str, str], reading: _Reading) -> pd.Series[str]:
    column = words.find(raw.columns, reading.options.get("geoid"), words.IDENTIFIERS)
    if reading.options.get("geoid") is not None:
        require_column(str(reading.options["geoid"]), raw.columns, reading.where, "geoid")
    if column is None and reading.geography == "" and declared.get("name") in raw.columns:
        column = declared["name"]  # areas to report on may be known by name alone
    if column is None:
        raise ConfigError(
            f"{reading.where}: no column is declared as the identifier, and none is known by its name "
            f"(columns: {', '.join(map(str, raw.columns[:8]))}, ...).",
            remedy='name it: geoid = "GEOID20".',
        )
    text = raw[column]
    starts = prefixes(reading.options.get("prefix"))
    if starts and reading.options.get("pad") is None and not pd.api.types.is_numeric_dtype(text):
        # What the prefix leaves out need not be in order.
        ids = as_text(text).map(short_id)
        keep = ids.str.startswith(starts).to_numpy(dtype=np.bool_)
        identifiers(text[keep], reading.geography, reading.where)
        return ids
    pad = reading.options.get("pad")
    return identifiers(text, reading.geography, reading.where, pad=None if pad is None else int(pad))


def _check_people(frame: gpd.GeoDataFrame, reading: _Reading) -> None:
    if reading.kind.people and "population" not in frame:
        raise ConfigError(
            f"{reading.where} has no column of people.",
            remedy='declare it: columns = { population = "POP20" }, or join it from a PL 94-171 table.',
        )
    for name in ("population", "housing_units"):
        if name not in frame:
            continue
        wrong = frame[~(frame[name] >= 0)]  # also where it is missing
        if len(wrong):
            raise LayerError(
                f"{reading.where}: {name} is missing or negative in {len(wrong)} of {len(frame)} rows, "
                f"for example {wrong['geoid'].iloc[0]!r}.",
                remedy="a block without count is not a block without people: give the count, or leave the row out.",
            )
    _check_somebody(frame, reading)


def _check_somebody(frame: gpd.GeoDataFrame, reading: _Reading) -> None:
    """In many blocks together somebody lives: a column of zeros stands for counts that were not there.

    Of homes that is not said: a campus or a port may have none, and people all the same.
    """
    name = "population"
    if reading.kind.people and name in frame and len(frame) >= _MANY and not (frame[name] > 0).any():
        raise LayerError(
            f"{reading.where}: {name} is 0 in all {len(frame)} rows.",
            remedy="declare the column that holds the counts; a missing count is not 0.",
        )


def _features(raw: gpd.GeoDataFrame, reading: _Reading) -> gpd.GeoDataFrame:
    """Columns of features without census identifiers: parks, stops, amenities."""
    declared = {str(k): str(v) for k, v in dict(reading.options.get("columns", {})).items()}
    frame = gpd.GeoDataFrame(geometry=raw.geometry.to_numpy(), crs=raw.crs)
    for rule in reading.kind.features:
        column = words.find(raw.columns, declared.get(rule.name), rule.known)
        if rule.name in declared:
            require_column(declared[rule.name], raw.columns, reading.where, rule.name)
        if column is not None:
            frame[rule.name] = words.cells(raw[column], rule, reading.where)
        elif rule.name == "kind" and reading.options.get("kind") is not None:
            frame[rule.name] = str(reading.options["kind"])
        else:
            frame[rule.name] = rule.otherwise
            if rule.note:
                reading.notes.append(rule.note)
    check_options(declared, [r.name for r in reading.kind.features], f"{reading.where}, columns")
    return frame[[*(r.name for r in reading.kind.features), "geometry"]]


def _without_empty(frame: gpd.GeoDataFrame, reading: _Reading) -> gpd.GeoDataFrame:
    """Rows without geometry go if nobody lives in them; else the layer is refused."""
    shapes = frame.geometry
    empty = (shapes.isna() | shapes.is_empty).to_numpy(dtype=np.bool_)
    if not empty.any():
        return frame
    people = frame["population"].to_numpy(dtype=np.float64) if "population" in frame else np.full(len(frame), np.nan)
    lost = np.flatnonzero(empty & ~(people == 0))
    if lost.size:
        names = frame["geoid"] if "geoid" in frame else pd.Series([f"row {i + 1}" for i in range(len(frame))])
        raise LayerError(
            f"{reading.where}: {lost.size} features have no geometry, for example {names.iloc[lost[0]]}.",
            remedy="draw them, or leave them out (where = ...); only rows with a population of 0 may lack a shape.",
        )
    reading.notes.append(f"Rows without people and without geometry, left out: {int(empty.sum())}.")
    kept: gpd.GeoDataFrame = frame[~empty].reset_index(drop=True)
    return kept


def _vintage(raw: gpd.GeoDataFrame, frame: gpd.GeoDataFrame, reading: _Reading) -> int:
    """Census vintage of the identifiers: declared, or told by the file's own column or name."""
    if reading.geography not in WIDTHS:
        return 0
    declared = reading.options.get("geography_vintage")
    if declared is not None and declared not in _VINTAGES:
        raise ConfigError(
            f"{reading.where}: geography_vintage = {declared!r} is no census vintage.",
            remedy="give 2010 (files up to 2019) or 2020 (files from 2020 on).",
        )
    column = words.find(raw.columns, reading.options.get("geoid"), words.IDENTIFIERS) or ""
    year = _parts.TIGER_YEAR.match(reading.spec.path.name)
    told = 2020 if column.endswith("20") else 2010 if column.endswith("10") else 0
    if not told and year:
        told = 2010 if int(year.group(1)) < _VINTAGES[1] else 2020
    if declared is not None and told and told != declared:
        raise VintageError(
            f"{reading.where}: geography_vintage = {declared} was declared, but the file speaks of {told} "
            f"({column if column.endswith(('10', '20')) else reading.spec.path.name}).",
            remedy=f"declare {told}, or give the file of {declared}.",
        )
    if declared is None and not told:
        raise VintageError(
            f"{reading.where}: which census vintage the identifiers are of is neither declared nor told by the file.",
            remedy="declare geography_vintage = 2010 (files up to 2019) or 2020 (files from 2020 on).",
        )
    if year and int(year.group(1)) >= _PLANNING_REGIONS and frame["geoid"].str.startswith("09").any():
        reading.notes.append("Connecticut's planning regions stand in place of its counties (from 2022 on).")
    return int(declared if declared is not None else told)


def _dissolved(frame: gpd.GeoDataFrame, reading: _Reading) -> gpd.GeoDataFrame:
    """Pieces that touch or overlap become one feature, with the columns of the largest piece."""
    if not reading.options.get("dissolve", False):
        return frame
    if reading.kind.by_id or reading.kind.geometry != "polygon":
        raise ConfigError(f"{reading.where}: dissolve is for parks and water.", remedy="take dissolve out.")
    pieces = np.asarray(frame.geometry.to_numpy(), dtype=object)
    whole = shapely.get_parts(shapely.union_all(pieces, grid_size=_GRID))
    member = shapely.STRtree(whole).nearest(shapely.point_on_surface(pieces))
    largest_last = np.argsort(shapely.area(pieces), kind="stable")
    keeper = dict(zip(member[largest_last].tolist(), largest_last.tolist(), strict=True))
    out: gpd.GeoDataFrame = frame.iloc[[keeper[i] for i in sorted(keeper)]].reset_index(drop=True)
    reading.notes.append(f"{len(frame)} pieces were joined into {len(out)} where they touch.")
    return out.set_geometry(gpd.GeoSeries(whole[sorted(keeper)], crs=frame.crs))


def _covers(frame: gpd.GeoDataFrame, reading: _Reading) -> BaseGeometry:
    """Area for which absence of a feature means absence."""
    declared = reading.options.get("covers")
    if declared is None:
        reading.notes.append("Which area it covers is not declared; the box around its features is taken.")
        return as_shape(shapely.box(*frame.total_bounds))
    shape, file, notes = read_cover(declared, reading.spec.path.parent, f"{reading.where}, covers")
    reading.notes += notes
    reading.files += [file] if file is not None else []
    return shape
