"""Recorded answers of Overpass, read by the reader of extracts: one meaning of OpenStreetMap for both doors.

A recording is a folder of answers as the server sent them, ``answer-01.json.gz``, ``answer-02.json.gz``, ..., without
a gap. Here they are believed or refused, merged, written as one OpenStreetMap file for as long as it takes to read it,
and read as any extract is. What the server was asked for stands in :data:`WAY_FILTER` and :data:`FEATURE_TAGS`.

One thing that an extract gives is not in such answers: land that *surrounds* the polygon asked for, with its edge
wholly outside. To Overpass a way is a line, and that line does not enter the polygon (overpass-turbo issue 291: "by
design"). The layers of land say so in a note.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CoverageError, LayerError, SourceError
from justgeo.core.layer import AnyLayer
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import _overpass, osm_tags
from justgeo.sources._hash import combined, digest_of, sha256_of
from justgeo.sources._overpass import PARTS, Merged, short

log = logging.getLogger(__name__)

#: Ways to ask for, with their nodes: all that is walked on or drawn. osmnx's "walk" filter would be too narrow: the map
#: shows what nobody walks on (motorways, streets whose pavements are ways of their own), and ``osm_tags`` picks from
#: these. Areas of streets are neither walked along nor drawn. An exact value costs the server less than a pattern.
WAY_FILTER = '["highway"]["area"!="yes"]'

#: What else to ask for: every element that ``osm_tags`` gives a part in a layer has one of these tags. osmnx makes
#: three statements (node, way, relation) of each key that is True and of each value of a list, each with the whole
#: polygon in it, and cannot join two tags by "and". So a key stands as a whole where osm_tags looks at many of its
#: values or at any, and with single values where the rest of the key is large. Lines of water, a later barrier, are
#: better asked for as ways (``["waterway"~"^(river|canal|stream)$"]``): the key brings whole rivers by their relations.
FEATURE_TAGS: dict[str, bool | str | list[str]] = {
    # Land whose access tag keeps the public out, whatever its use, and all military land: a park within it is not
    # public. With it come parks, playgrounds, gardens, schools, sports centres, cafés, reservoirs, bus stations.
    "amenity": True,
    "landuse": True,
    "leisure": True,
    "military": True,
    "tourism": True,
    # Twelve values of shops that are daily destinations; three of stops. What else has these keys is little.
    "public_transport": True,
    "shop": True,
    # Lines of seven kinds, stops of five; level crossings are wanted beside them.
    "railway": True,
    # Any value but a few is a way in.
    "entrance": True,
    "barrier": ["entrance", "gate", "kissing_gate"],  # fences, walls and kerbs are many
    "boundary": ["national_park", "protected_area"],  # others are whole counties and states
    "highway": ["bus_stop", "platform"],  # ways come by WAY_FILTER; crossings, signals and lamps are many
    "natural": ["water"],  # trees are many
    "place": ["square"],
    "waterway": ["riverbank"],
}

_SURROUNDING = (
    "Land that surrounds the whole area asked for is not in it: Overpass gives what has an edge or node there."
)
_LAND = frozenset({"parks", "park_entrances", "water", "landuse"})
_APART = timedelta(days=1)


@dataclass(frozen=True)
class Meta:
    """What answers say of themselves, and how much they hold.

    Attributes
    ----------
    oldest, newest : datetime
        Time of the server's data, UTC, over the answers.
    nodes, ways, relations : int
    streets : int
        Ways that are walked on or drawn as a street.
    """

    oldest: datetime
    newest: datetime
    nodes: int
    ways: int
    relations: int
    streets: int


def read_answers(spec: LayerSpec, area: Area, wanted: Iterable[str]) -> dict[str, AnyLayer]:
    """Read layers from recorded answers of Overpass.

    Parameters
    ----------
    spec : LayerSpec
        ``path`` is the folder of answers; other files in it are not looked at. ``options["covers"]`` is the polygon or
        multipolygon that was asked for, a GeoJSON geometry (mapping) in EPSG:4326.
    area : Area
        Features that lie outside the bounds of ``area.window`` are left out.
    wanted : iterable of str
        As for :func:`justgeo.sources.osm.read_extract`.

    Returns
    -------
    dict
        The layers that an extract of the same data would give, in EPSG:4326. ``covers`` is the polygon that was asked
        for: a layer without features means that there is nothing of the kind in it. The vintage is the date of the
        server's data, the oldest where the answers differ.

    Raises
    ------
    SourceError
        An answer is missing, damaged, or a part of what was asked for; the data changed between two answers; the
        answers hold nothing, or no street where streets or the walk network are wanted: then the server has no data
        for the place.
    LayerError
        ``covers`` is missing or no polygon; OpenStreetMap does not give a layer that is wanted.
    CoverageError
        The polygon that was asked for does not touch the district.
    """
    from justgeo.sources import osm, osm_build  # heavy, and whoever asks the server needs only the words above

    names = osm.layer_names(wanted)
    asked = _polygon(spec)
    if not asked.intersects(area.district):
        raise CoverageError(
            f"The answers of Overpass in {spec.path.name} cover {osm.words(asked.bounds)} and do not touch the "
            f"district ({osm.words(area.district.bounds)}).",
            remedy="fetch again for this district.",
        )
    files = _overpass.files(spec.path)
    merged = _overpass.merge([(path.name, _overpass.load(path)) for path in files])
    meta = _meta(merged)
    if names & {"walk", "streets", "bike"} and not meta.streets:
        _overpass.refuse_empty(f"The answers of Overpass in {spec.path.name} hold no street")
    with tempfile.TemporaryDirectory(prefix="justgeo-") as folder:
        path = Path(folder) / "answers.osm.pbf"
        _write(merged, path, asked)
        extract, found = osm.look(path, area, names)
    for note in found.notes:
        log.warning("%s: %s", spec.path.name, note)
    told = _told(spec, asked, meta, len(files))
    digest = combined((path.name, sha256_of(path)) for path in files)
    layers = osm_build.layers(told, area, names, replace(extract, covers=asked), found, digest)
    return {name: _noted(layer) if name in _LAND else layer for name, layer in layers.items()}


def to_osm(answers: Sequence[Mapping[str, Any]], target: Path, *, covers: BaseGeometry | None = None) -> Meta:
    """Write answers as one OpenStreetMap file: each element once, by type and number.

    Parameters
    ----------
    answers : sequence of mapping
        Decoded answers to ``[out:json]`` with ``out`` or ``out body``.
    target : Path
        Ends in ``.osm.pbf`` or ``.osm``; the latter has no place for the date of the data.
    covers : shapely geometry, optional
        Area that was asked for, in EPSG:4326; its bounds become the box of the header. The box of all nodes otherwise.

    Returns
    -------
    Meta

    Raises
    ------
    SourceError
        As :func:`read_answers`.
    """
    merged = _overpass.merge([(str(number), answer) for number, answer in enumerate(answers, start=1)])
    _write(merged, target, covers)
    return _meta(merged)


def _polygon(spec: LayerSpec) -> BaseGeometry:
    """The polygon that was asked for."""
    told = spec.options.get("covers")
    shape: BaseGeometry | None = None
    if isinstance(told, Mapping):
        shape = shapely.from_geojson(json.dumps(told, default=str), on_invalid="ignore")
    if shape is None or shape.geom_type not in ("Polygon", "MultiPolygon") or not _on_earth(shape):
        raise LayerError(
            f"Layer {spec.name!r} does not say for which polygon Overpass was asked: covers = {short(told)}.",
            remedy="give its options covers, the polygon that was asked for, as GeoJSON in EPSG:4326.",
        )
    return shape


def _on_earth(shape: BaseGeometry) -> bool:
    return bool(not shape.is_empty and shape.is_valid and shapely.box(-180, -90, 180, 90).covers(shape))


def _meta(merged: Merged) -> Meta:
    streets = sum(
        osm_tags.is_walkable(way.tags) or osm_tags.street_kind(way.tags) not in (None, "rail")
        for way in merged.ways.values()
    )
    size = (len(merged.nodes), len(merged.ways), len(merged.relations))
    return Meta(merged.oldest, merged.newest, *size, streets)


def _write(merged: Merged, path: Path, covers: BaseGeometry | None) -> None:
    from justgeo.sources import osm

    placed = [(n, (x / PARTS, y / PARTS), tags) for n, ((x, y), tags) in merged.nodes.items()]
    bounds = covers.bounds if covers is not None else shapely.total_bounds(shapely.points([p for _, p, _ in placed]))
    try:
        osm.write_extract(
            path,
            placed,
            ((number, way.made_of, way.tags) for number, way in merged.ways.items()),
            ((number, relation.made_of, relation.tags) for number, relation in merged.relations.items()),
            bounds=tuple(bounds),
            replicated=f"{merged.oldest:%Y-%m-%dT%H:%M:%SZ}",
        )
    except (RuntimeError, ValueError) as error:  # a disk that is full; texts longer than OpenStreetMap allows
        raise SourceError(
            f"The answers of Overpass cannot be put into one file: {error}.",
            remedy="see that there is room for temporary files, then fetch again.",
        ) from error


def _told(spec: LayerSpec, asked: BaseGeometry, meta: Meta, count: int) -> LayerSpec:
    """The declaration with what the answers say; of the polygon that was asked for, its bounds and digest."""
    notes = spec.notes
    if meta.newest - meta.oldest > _APART:
        notes += (
            f"The {count} answers are of data from {meta.oldest:%Y-%m-%d} to {meta.newest:%Y-%m-%d}; the vintage is "
            "the oldest.",
        )
    covers = {"bounds": [round(b, 7) for b in asked.bounds], "sha256": digest_of(shapely.to_wkb(asked, hex=True))}
    return replace(
        spec,
        options={**spec.options, "covers": covers, "answers": count},
        dataset=spec.dataset or "answers of the Overpass API",
        notes=notes,
    )


def _noted(layer: AnyLayer) -> AnyLayer:
    origin = layer.provenance
    return replace(layer, provenance=replace(origin, notes=(*origin.notes, _SURROUNDING)))
