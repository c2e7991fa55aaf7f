"""ESA WorldCover and canopy height: products in tiles of a world-wide grid, of which the area's windows are read.

A tile that is not there may have moved, or may never have been: there are none of the open sea. The product's own index
of tiles decides; where the index has the tile, or cannot be had, its absence is an error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources._hash import sha256_of
from justgeo.sources.live import grids
from justgeo.sources.live.ask import Ask, Tools, declared
from justgeo.sources.live.cog_failures import BeyondError
from justgeo.sources.live.http import Call
from justgeo.sources.live.records import Question, Record, Told

WORLDCOVER, CANOPY_HEIGHT = "worldcover", "canopy_height"
_TILE_DEGREES, _PIXELS_A_DEGREE = 3, 12_000
_HALF = 20_037_508.342789244  # half the width of the Mercator square: pi times 6,378,137 m
_HEIGHT_PIXELS = 65_536
# Index of tiles and the property that names them; ``options.index`` and ``options.index_name`` name others.
_INDEX = {
    WORLDCOVER: ("esa_worldcover_grid.geojson", "ll_tile"),
    CANOPY_HEIGHT: ("forests/v1/alsgedi_global_v6_float/tiles.geojson", "tile"),
}


@dataclass(frozen=True)
class _Tiled:
    """The windows of one layer, by tile."""

    name: str
    service: Service
    crs: str
    windows: Mapping[str, grids.Bounds]
    squares: Mapping[str, BaseGeometry]  # of each tile, EPSG:4326
    notes: tuple[str, ...] = ()

    def path(self, tile: str) -> str:
        return "/" + str(self.service.options["path"]).format(tile=tile, quadkey=tile).lstrip("/")


def worldcover_asks(service: Service, area: Area) -> grids.Planned:
    """Land cover of 10 m in 2021, for the area's window; for the district with its halo where that is too much.

    Parameters
    ----------
    service : Service
        ``worldcover``; ``options``: ``path`` with ``{tile}``, ``vintage``.
    area : Area

    Returns
    -------
    Planned
        One ask, ``worldcover``.

    References
    ----------
    Zanaga et al. (2022) *ESA WorldCover 10 m 2021 v200*, doi:10.5281/zenodo.7254221; tiles of 3 degrees named by their
    lower left corner.
    """
    notes: tuple[str, ...] = ()
    shape = area.window
    if _degree_pixels(shape) > grids.MOST_PIXELS:
        shape = area.halo
        notes = ("The reference has too many pixels of 10 m; the district with its halo was read.",)
    if _degree_pixels(shape) > grids.MOST_PIXELS:
        return grids.Planned([], {WORLDCOVER: "the district has more pixels of 10 m than are read at once"})
    squares = _squares(shape)
    windows = {tile: grids.outward(shapely.intersection(shape, square).bounds, 6) for tile, square in squares.items()}
    asked = _Tiled(WORLDCOVER, service, "EPSG:4326", windows, squares, notes)
    return grids.Planned([_ask(asked, area, _degree_pixels(shape))], {})


def canopy_height_asks(service: Service, area: Area) -> grids.Planned:
    """Height of the canopy, 1 m, for the district with its halo: a county has billions of such pixels.

    Parameters
    ----------
    service : Service
        ``canopy_height``; ``options``: ``path`` with ``{quadkey}``, ``zoom``, ``vintage``.
    area : Area

    Returns
    -------
    Planned
        One ask, ``canopy_height``; a reason instead where the district is too large.

    References
    ----------
    Tolan et al. (2024) *Very high resolution canopy height maps*, Remote Sensing of Environment 300, 113888; tiles by
    Bing's quadkeys (Microsoft, *Bing Maps Tile System*).
    """
    zoom = int(service.options["zoom"])
    crs = "EPSG:3857"
    side = 2 * _HALF / 2**zoom
    west, south, east, north = grids.bounds_in(area.halo, crs)
    pixel = side / _HEIGHT_PIXELS
    count = round((east - west) / pixel) * round((north - south) / pixel)
    if count > grids.MOST_PIXELS:
        return grids.Planned(
            [], {CANOPY_HEIGHT: f"the district has {count:,} pixels of canopy height, too many to read"}
        )
    windows: dict[str, grids.Bounds] = {}
    squares: dict[str, BaseGeometry] = {}
    for row in range(int((_HALF - north) // side), int((_HALF - south) // side) + 1):
        for column in range(int((west + _HALF) // side), int((east + _HALF) // side) + 1):
            tile = quadkey(column, row, zoom)
            left, top = column * side - _HALF, _HALF - row * side
            part = (max(west, left), max(south, top - side), min(east, left + side), min(north, top))
            windows[tile] = grids.outward(part, 2)
            squares[tile] = _lonlat_square(column, row, zoom)
    return grids.Planned([_ask(_Tiled(CANOPY_HEIGHT, service, crs, windows, squares), area, count)], {})


def quadkey(column: int, row: int, zoom: int) -> str:
    """Bing's name of a tile: a digit a level, from the whole world down; 1 is east, 2 is south, 3 is both."""
    return "".join(str((column >> level & 1) + 2 * (row >> level & 1)) for level in range(zoom - 1, -1, -1))


def tile_name(west: int, south: int) -> str:
    """WorldCover's name of a tile by its lower left corner in degrees: ``N45W123``."""
    return f"{'S' if south < 0 else 'N'}{abs(south):02d}{'W' if west < 0 else 'E'}{abs(west):03d}"


def _lonlat_square(column: int, row: int, zoom: int) -> BaseGeometry:
    """A tile of the Mercator square in degrees."""
    count = 2**zoom
    lon = [column / count * 360 - 180, (column + 1) / count * 360 - 180]
    lat = [math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * edge / count)))) for edge in (row + 1, row)]
    return shapely.box(lon[0], lat[0], lon[1], lat[1])


def _squares(shape: BaseGeometry) -> dict[str, BaseGeometry]:
    """WorldCover's tiles that a shape lies in, from north to south and west to east."""
    west, south, east, north = shape.bounds
    step = _TILE_DEGREES
    found: dict[str, BaseGeometry] = {}
    for lower in range(math.floor(north / step) * step, math.floor(south / step) * step - 1, -step):
        for left in range(math.floor(west / step) * step, math.floor(east / step) * step + 1, step):
            square = shapely.box(left, lower, left + step, lower + step)
            if shapely.intersection(square, shape).area > 0:
                found[tile_name(left, lower)] = square
    return found


def _degree_pixels(shape: BaseGeometry) -> int:
    west, south, east, north = shape.bounds
    return round((east - west) * _PIXELS_A_DEGREE) * round((north - south) * _PIXELS_A_DEGREE)


def _ask(asked: _Tiled, area: Area, pixels: int) -> Ask:
    service, options = asked.service, asked.service.options
    question = {
        "layer": asked.name,
        "path": options["path"],
        "vintage": options.get("vintage", ""),
        "crs": asked.crs,
        "windows": {tile: list(window) for tile, window in asked.windows.items()},
    }
    first = next(iter(asked.windows))
    return Ask(
        question=Question(asked.name, service.id, question),
        gives=(asked.name,),
        fetch=lambda folder, tools: _fetch(asked, area, folder, tools),
        specs=lambda record, others: _specs(asked.name, record),
        megabytes=pixels / 2e6,  # a byte a pixel, about half after packing
        where=grids.where(service, asked.path(first)),
    )


def _specs(name: str, record: Record) -> dict[str, LayerSpec]:
    return {name: declared(record, name, record.path(str(record.told.more["file"])), {})}


def _fetch(asked: _Tiled, area: Area, folder: Path, tools: Tools) -> Told:
    from justgeo.sources.live import cogs

    seen: dict[str, cogs.Seen] = {}
    absent: list[str] = []
    for tile, window in asked.windows.items():
        call, into = Call(asked.path(tile)), folder / f"{asked.name}-{tile}.tif"
        label = asked.name if len(asked.windows) == 1 else f"{asked.name} {tile}"
        try:
            seen[tile] = cogs.read_window(asked.service, call, window, asked.crs, into, tools, label=label)
        except BeyondError:
            raise
        except SourceError as failure:
            if failure.kind != "missing":
                raise
            _by_design(asked, tile, failure, folder, tools)
            absent.append(tile)
    if not seen:
        raise SourceError(
            f"{asked.service.title} has no tile here ({', '.join(absent)}).",
            remedy=f"see {asked.service.page} what it covers.",
            kind="missing",
            service=asked.service.id,
        )
    return _told(asked, area, folder, seen, absent)


def _told(asked: _Tiled, area: Area, folder: Path, seen: Mapping[str, object], absent: Iterable[str]) -> Told:
    from justgeo.sources import rasters

    service = asked.service
    names = [f"{asked.name}-{tile}.tif" for tile in seen]
    file = names[0]
    if len(names) > 1:
        file = f"{asked.name}.vrt"
        pieces = [grids.Piece(name, rasters.grid_of(folder / name), sha256_of(folder / name)) for name in names]
        (folder / file).write_text(grids.mosaic(pieces, service.title), encoding="utf-8", newline="\n")
    notes = grids.notes_of(LayerSpec(asked.name, folder / file), area, service.title, service)
    sea = tuple(f"There is no tile {tile}: by the product's own index it has none there." for tile in absent)
    first = next(iter(seen.values()))
    return Told(
        source=service.publisher,
        dataset=service.title,
        vintage=str(service.options.get("vintage", "")),
        licence=service.licence,
        attribution=service.attribution,
        url=service.page,
        retrieved=str(getattr(first, "retrieved", "")),
        notes=(*asked.notes, *sea, *notes),
        more={"file": file, "from": {tile: str(getattr(one, "url", "")) for tile, one in seen.items()}},
    )


def _by_design(asked: _Tiled, tile: str, failure: SourceError, folder: Path, tools: Tools) -> None:
    """Return where the product has no such tile by its own index; raise where it should be there.

    Raises
    ------
    SourceError
        ``missing``.
    """
    service = asked.service
    path, name = _INDEX[asked.name]
    path, name = str(service.options.get("index", path)), str(service.options.get("index_name", name))
    tiles: set[str] = set()
    try:
        index = tools.client.json(service, Call("/" + path.lstrip("/")), folder)
        tiles = {str(feature["properties"][name]) for feature in index["features"]}
    except (SourceError, KeyError, TypeError):
        why = "whether the product has it is not known, since its index of tiles cannot be read"
    else:
        if tiles and tile not in tiles:
            return
        why = "the product's own index has it" if tiles else "the product's index of tiles is empty"
    raise SourceError(
        f"{failure.message} The tile is {tile}, and {why}.",
        remedy=f"see {service.page} whether the product has moved, and name its new address under [services].",
        kind="missing",
        service=service.id,
    ) from failure
