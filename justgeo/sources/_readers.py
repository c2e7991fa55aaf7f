"""Which reader reads a declaration, and what its bytes are known by.

Heavy libraries are imported only by the source that needs them, and only when it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from justgeo.core.errors import ConfigError
from justgeo.core.layer import AnyLayer
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources._hash import combined, sha256_of
from justgeo.sources.stated import BIOME, read_biome

Reader = Callable[[Sequence[str]], dict[str, AnyLayer]]

ZONING = "zoning"
"""A city's own map of zoning districts, with the planner's table of its codes."""
HOW_TO_HAVE_ZONING = (
    "the city's zoning map was not given: name its file and what its codes stand for in district.toml, [layers.zoning] "
    'with path = "zoning.gpkg", column = "ZONE", classes = { "R-1" = "residential", "C-2" = "commercial" }'
)

_EXTRACT = re.compile(r"\.(osm(\.(gz|bz2|pbf|xml))?|pbf)$", re.IGNORECASE)
_GRIDS = ("tree_canopy", "impervious", "land_cover", "worldcover", "canopy_height")


def is_extract(spec: LayerSpec) -> bool:
    """Whether a declaration names OpenStreetMap data: an extract, or recorded answers of Overpass."""
    return _EXTRACT.search(spec.path.name) is not None or is_answers(spec)


def is_answers(spec: LayerSpec) -> bool:
    """Whether a declaration names a folder of recorded answers of Overpass."""
    return "answers" in spec.options and spec.path.is_dir()


def reader(name: str, spec: LayerSpec, area: Area, kept: Path | None = None) -> Reader:
    """What reads the layers of a declaration, given the names of those that are wanted.

    Parameters
    ----------
    name : str
        Under which it is declared.
    spec : LayerSpec
    area : Area
    kept : Path, optional
        Folder in which extracts are kept whole once they were read.
    """

    def read(wanted: Sequence[str]) -> dict[str, AnyLayer]:
        if is_extract(spec):
            return _read_extract(spec, area, wanted, kept)
        if name == "walk":
            return _read_lines(spec, area, wanted)
        return {name: _one(name, spec, area)}

    return read


def _read_extract(spec: LayerSpec, area: Area, wanted: Sequence[str], kept: Path | None) -> dict[str, AnyLayer]:
    if is_answers(spec):
        from justgeo.sources.overpass_answers import read_answers

        return dict(read_answers(spec, area, set(wanted)))
    from justgeo.sources.osm import read_extract

    return dict(read_extract(spec, area, set(wanted), kept=kept))


def _read_lines(spec: LayerSpec, area: Area, wanted: Sequence[str]) -> dict[str, AnyLayer]:
    from justgeo.sources.lines import read_lines

    network, streets = read_lines(spec, area)
    found: dict[str, AnyLayer] = {"walk": network, "streets": streets}
    return {name: found[name] for name in wanted}


def _read_raster(spec: LayerSpec, area: Area) -> AnyLayer:
    from justgeo.sources.rasters import read_raster

    return read_raster(spec, area)


def _one(name: str, spec: LayerSpec, area: Area) -> AnyLayer:
    if name == "gtfs":
        if "feeds" in spec.options:
            from justgeo.sources.gtfs_many import read_feeds

            return read_feeds(spec, area)
        from justgeo.sources.gtfs import read_feed

        return read_feed(spec, area)
    if name == BIOME:
        return read_biome(spec)
    if name in _GRIDS:
        return _read_raster(spec, area)
    if name == "surface_temperature":
        from justgeo.sources.thermal import read_surface_temperature

        return read_surface_temperature(spec, area)
    if name.startswith("crosswalk_"):
        from justgeo.sources.relationship import read_relationship

        return read_relationship(spec.path, _counts_of(spec), spec=spec)
    if name == ZONING:
        from justgeo.sources.coded import read_zoning

        return read_zoning(spec, area)
    if name.startswith("data:"):
        from justgeo.sources.datasets import read_dataset

        return read_dataset(spec, area)
    from justgeo.sources.files import read_zones

    return read_zones(spec, area)


def _counts_of(spec: LayerSpec) -> Path:
    """The people and homes of 2010 beside a block relationship."""
    told = spec.options.get("counts")
    if not isinstance(told, str):
        raise ConfigError(
            f"Layer {spec.name!r}: its counts of 2010 are declared as {told!r}.",
            remedy='name the file with the homes of that state\'s blocks: counts = "tabblock2010_51_pophu.zip".',
        )
    return spec.path.parent / told


def digest(spec: LayerSpec) -> str:
    """Digest of the layer's file, and of the polygons of the area that it is said to cover or the counts beside it."""
    companion = spec.options.get("covers", spec.options.get("counts"))
    if isinstance(companion, Mapping):
        companion = companion.get("file", companion.get("path"))
    beside = spec.path.parent / companion if isinstance(companion, str) else None
    if beside is None or not beside.exists():
        return sha256_of(spec.path)
    return combined([("file", sha256_of(spec.path)), ("covers", sha256_of(beside))])
