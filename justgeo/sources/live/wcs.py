"""MRLC's web coverage service: tree canopy, impervious surface and land cover of the contiguous United States.

WCS 1.0.0 (OGC 03-065r6), because the service's WCS 2 does not take a year. A window is a box of whole pixels of the
national grid (EPSG:5070, 30 m, edges at 15 modulo 30), so the server has nothing to resample; an answer on another grid
is refused. Large windows come in pieces, each kept byte by byte.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from justgeo.core.district import US_BOXES
from justgeo.core.errors import LayerError, SourceError
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources._hash import sha256_of
from justgeo.sources.live import expect, grids
from justgeo.sources.live.ask import Ask, Tools, declared
from justgeo.sources.live.http import Call, Got
from justgeo.sources.live.records import Question, Record, Told

if TYPE_CHECKING:
    from justgeo.sources.rasters import Grid

MOST_SIDE = 4000
"""Pixels along one side of one answer."""
_HOME = "contiguous states"
_MILLIMETRE = 1e-3
_CODES: Mapping[str, tuple[int, ...]] = {
    "tree_canopy": (254, 255),  # not processed, background
    "impervious": (250, 255),
    "land_cover": (0, 250, 255),
}
"""What a product writes where it has no measurement; ``options.codes`` of the service names others."""
_EXCEPTION = re.compile(r"<(?:\w+:)?ServiceException\b([^>]*)>(.*?)</(?:\w+:)?ServiceException>", re.DOTALL)
_UNKNOWN = re.compile(
    r"coverage(not|un)?(defined|known)|could not find|unknown coverage|no such coverage", re.IGNORECASE
)


@dataclass(frozen=True)
class _Product:
    """One layer as the service has it."""

    name: str
    service: Service
    coverage: str
    title: str
    year: int
    crs: str
    metres: int

    @property
    def path(self) -> str:
        return "/" + str(self.service.options["path"]).format(layer=self.coverage).lstrip("/")

    @property
    def codes(self) -> tuple[int, ...]:
        return tuple(self.service.options.get("codes", {}).get(self.name, _CODES.get(self.name, ())))


def wcs_asks(service: Service, names: Iterable[str], area: Area) -> grids.Planned:
    """What to ask the service for.

    Parameters
    ----------
    service : Service
        ``mrlc`` of the catalogue; ``options``: ``path``, ``layers``, ``titles``, ``year``, ``crs``, ``metres``,
        ``offset``, optionally ``codes`` (by layer, values that are no measurement).
    names : iterable of str
        ``tree_canopy``, ``impervious``, ``land_cover``.
    area : Area
        Its window is asked for.

    Returns
    -------
    Planned
        An ask a layer; a reason instead where the product does not reach the district.
    """
    planned = grids.Planned([], {})
    options = service.options
    crs, metres = str(options["crs"]), int(options["metres"])
    for name in names:
        coverage = options["layers"][name]
        title = options.get("titles", {}).get(name, name)
        product = _Product(name, service, coverage, title, int(options["year"]), crs, metres)
        why = _beyond(area, title)
        box = grids.aligned(grids.bounds_in(area.window, crs), metres, int(options["offset"])) if not why else None
        if box is not None and np.prod(grids.size(box, metres), dtype=np.int64) > grids.MOST_PIXELS:
            cols, rows = grids.size(box, metres)
            why = f"{title} of the whole area would have {cols:,} x {rows:,} pixels, more than is read at once"
        if why or box is None:
            planned.reasons[name] = why
        else:
            planned.asks.append(_ask(product, box, area))
    return planned


def _beyond(area: Area, title: str) -> str:
    """Why the national grid does not reach the district; empty where it does."""
    if shapely.box(*US_BOXES[_HOME]).intersects(area.district):
        return ""
    found = [name for name, box in US_BOXES.items() if shapely.box(*box).intersects(area.district)]
    return (
        f"{title} covers the contiguous United States, and the district lies in {found[0] if found else 'none of them'}"
    )


def _ask(product: _Product, box: grids.Box, area: Area) -> Ask:
    cols, rows = grids.size(box, product.metres)
    asked = {
        "layer": product.name,
        "coverage": product.coverage,
        "year": product.year,
        "crs": product.crs,
        "metres": product.metres,
        "bbox": list(box),
        "most_side": MOST_SIDE,
    }
    return Ask(
        question=Question(product.name, product.service.id, asked),
        gives=(product.name,),
        fetch=lambda folder, tools: _fetch(product, box, area, folder, tools),
        specs=lambda record, others: _specs(product.name, record),
        megabytes=cols * rows / 1e6,
        where=grids.where(product.service, product.path),
    )


def _specs(name: str, record: Record) -> dict[str, LayerSpec]:
    return {name: declared(record, name, record.path(str(record.told.more["file"])), {})}


def _fetch(product: _Product, box: grids.Box, area: Area, folder: Path, tools: Tools) -> Told:
    from justgeo.sources import rasters

    boxes = grids.cut(box, product.metres, MOST_SIDE)
    names = (
        [f"{product.name}.tif"] if len(boxes) == 1 else [f"{product.name}-{i}.tif" for i in range(1, len(boxes) + 1)]
    )
    got: list[Got] = []
    for number, (name, piece) in enumerate(zip(names, boxes, strict=True)):
        tools.progress(product.name, number, len(boxes))
        got.append(_download(product, piece, folder / name, tools))
    tools.progress(product.name, len(boxes), len(boxes))
    where = product.service.title
    file = names[0]
    if len(boxes) > 1:
        file = f"{product.name}.vrt"
        pieces = [grids.Piece(name, rasters.grid_of(folder / name), sha256_of(folder / name)) for name in names]
        (folder / file).write_text(grids.mosaic(pieces, where), encoding="utf-8", newline="\n")
    notes = grids.notes_of(
        LayerSpec(product.name, folder / file), area, f"{where}: {product.title} {product.year}", product.service
    )
    return Told(
        source=product.service.publisher,
        dataset=f"{product.title} {product.year}",
        vintage=str(product.year),
        licence=product.service.licence,
        attribution=product.service.attribution,
        url=product.service.page,
        retrieved=got[0].retrieved,
        notes=notes,
        more={"file": file, "from": got[0].url, "coverage": product.coverage, "bbox": list(box), "pieces": len(boxes)},
    )


def _download(product: _Product, box: grids.Box, into: Path, tools: Tools) -> Got:
    params = [
        ("service", "WCS"),
        ("version", "1.0.0"),
        ("request", "GetCoverage"),
        ("coverage", product.coverage),
        ("CRS", product.crs),
        ("BBOX", ",".join(map(str, box))),
        ("FORMAT", "GeoTIFF"),
        ("RESX", str(product.metres)),
        ("RESY", str(product.metres)),
        ("TIME", f"{product.year}-01-01T00:00:00Z"),
    ]
    return tools.client.download(
        product.service, Call(product.path, params), into, check=partial(_check, product=product, box=box)
    )


def _check(path: Path, where: str, *, product: _Product, box: grids.Box) -> None:
    """Raise unless a file is the window that was asked for, pixel by pixel of the product's own grid."""
    from justgeo.sources import rasters

    _refuse_report(expect.head_of(path), where, product)
    expect.a_tiff(path, where)
    try:
        grid, values = rasters.grid_of(path), rasters.pixels_of(path)
    except LayerError as error:
        raise SourceError(f"{where}: what came is no whole GeoTIFF.", remedy=_again(product), kind="damaged") from error
    _check_grid(grid, box, product, where)
    odd = _odd(values, product)
    if odd:
        raise SourceError(
            f"{where}: the grid holds {', '.join(map(str, odd[:5]))}, which {product.title} has no meaning for.",
            remedy=_again(product),
            kind="damaged",
        )


def _check_grid(grid: Grid, box: grids.Box, product: _Product, where: str) -> None:
    west, south, east, north = map(float, box)
    if not grid.crs or not grids.same_place(grid.crs, product.crs, (west, south, east, north)):
        named = re.match(r'\w+\["([^"]+)', grid.crs)
        raise _damaged(
            f"{where}: the grid is to be in {product.crs}, but its CRS is {named[1] if named else 'not told'}.", product
        )
    cols, rows = grids.size(box, product.metres)
    a, b, c, d, _, f = grid.transform
    apart = max(abs(one - other) for one, other in zip(grid.bounds, box, strict=True))
    if (grid.width, grid.height) != (cols, rows) or b or d or apart > _MILLIMETRE:
        raise _damaged(
            f"{where}: the grid is shifted or resampled: {grid.width} x {grid.height} pixels of {a:g} m from "
            f"({c:.3f}, {f:.3f}) came, but {cols} x {rows} of {product.metres} m from ({box[0]}, {box[3]}) were due.",
            product,
        )
    if grid.dtype != "uint8" or grid.bands != 1:
        raise _damaged(f"{where}: {grid.bands} band(s) of {grid.dtype} came where one of uint8 is due.", product)


def _odd(values: Any, product: _Product) -> list[int]:
    """Values that are neither a measurement nor one of the product's codes for none."""
    from justgeo.sources.rasters import NLCD_CLASSES

    meant = NLCD_CLASSES if product.name == "land_cover" else range(101)
    return sorted({int(v) for v in np.unique(values)} - set(meant) - set(product.codes))


def _refuse_report(head: bytes, where: str, product: _Product) -> None:
    """Raise what an XML report of the server says; it comes with 200."""
    text = head.decode("utf-8", "replace")
    if "ServiceException" not in text:
        return
    found = _EXCEPTION.search(text)
    marks, said = (found[1], found[2]) if found else ("", re.sub(r"<[^>]*>", " ", text))
    said = " ".join(html.unescape(said.replace("<![CDATA[", "").replace("]]>", "")).split())[:200]
    if _UNKNOWN.search(said) or 'locator="coverage"' in marks or "NotDefined" in marks:
        raise SourceError(
            f"{where}: there is no coverage {product.coverage} (any more); the server says: {said}",
            remedy=f"the layer was renamed: see {product.service.page}, and mend its name in the catalogue's services.",
            kind="missing",
            service=product.service.id,
        )
    if "No raster data found" in said or 'locator="time"' in marks:
        raise SourceError(
            f"{where}: there is nothing of {product.year} for this area; the server says: {said}",
            remedy=f"see {product.service.page} which years there are, and mend the year in the catalogue's services.",
            kind="missing",
            service=product.service.id,
        )
    raise _damaged(f"{where}: the server reports: {said}", product)


def _again(product: _Product) -> str:
    return f"fetch again; if it stays so, look at {product.service.page} whether the service has changed."


def _damaged(message: str, product: _Product) -> SourceError:
    return SourceError(message, remedy=_again(product), kind="damaged", service=product.service.id)
