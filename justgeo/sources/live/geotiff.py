"""Any GeoTIFF at an address that a planner names: its window where the server gives parts, else the whole file.

Where the reference has too many pixels (a county of 1 m), the district with its halo is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from justgeo.core.errors import ConfigError, LayerError, SourceError
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources.live import expect, grids
from justgeo.sources.live.address import Address
from justgeo.sources.live.ask import Ask, Tools, declared
from justgeo.sources.live.cog_failures import NoPartsError
from justgeo.sources.live.http import Call
from justgeo.sources.live.records import Question, Told

MOST_BYTES = 2 << 30
"""A whole file may have so many."""
SERVICE = "address"


def geotiff_ask(name: str, url: str, area: Area) -> Ask:
    """A raster at an address.

    Parameters
    ----------
    name : str
        Layer that it gives.
    url : str
        Of a GeoTIFF. What stands behind its question mark, or before its host, is sent and never told.
    area : Area
        Its window is read.

    Returns
    -------
    Ask

    Raises
    ------
    ConfigError
        It is no address.
    """
    address = Address(url)
    if not address.callable:
        raise ConfigError(f"{name}: {address.shown!r} is no address of a file.", remedy="begin it with https://.")
    service = Service(SERVICE, address.host, address.host, (address.server,), address.shown, licence="")
    # How large a pixel is shows when the file is opened; which of the two is read depends on nothing else.
    windows = [grids.outward(shape.bounds, 6) for shape in (area.window, area.halo)]
    asked = {"layer": name, "address": address.asked, "window": list(windows[0]), "halo": list(windows[1])}
    return Ask(
        question=Question(name, SERVICE, asked),
        gives=(name,),
        fetch=lambda folder, tools: _fetch(name, address, service, windows, area, folder, tools),
        specs=lambda record, others: {name: declared(record, name, record.path(f"{name}.tif"), {})},
        where=address.shown,
    )


def _fetch(
    name: str,
    address: Address,
    service: Service,
    windows: Sequence[grids.Bounds],
    area: Area,
    folder: Path,
    tools: Tools,
) -> Told:
    call = address.call()
    into = folder / f"{name}.tif"
    notes: tuple[str, ...] = ()
    try:
        retrieved, notes = _windowed(service, call, windows, into, tools)
    except NoPartsError:
        told = partial(tools.progress, name)
        check = partial(_a_raster, service=service)
        got = tools.client.download(
            service, call, into, check=check, progress=_at_most(MOST_BYTES, service.title, told)
        )
        retrieved, notes = got.retrieved, ("The server gives no parts of files: the whole file was taken.",)
    notes += grids.notes_of(LayerSpec(name, into), area, service.title, service)
    return Told(
        source=service.title,
        dataset=unquote(address.name),
        vintage="",
        licence="",
        url=service.page,
        retrieved=retrieved,
        notes=notes,
        more={"file": into.name},
    )


def _windowed(
    service: Service, call: Call, windows: Sequence[grids.Bounds], into: Path, tools: Tools
) -> tuple[str, tuple[str, ...]]:
    """The first of two windows that has not too many pixels: when it came, and what is to be told."""
    from justgeo.sources import rasters
    from justgeo.sources.live import cogs

    whole, halo = windows
    try:
        return cogs.read_window(service, call, whole, None, into, tools, label=into.stem).retrieved, ()
    except NoPartsError:
        raise
    except SourceError as failure:
        if failure.kind != "limit" or whole == halo:
            raise
    seen = cogs.read_window(service, call, halo, None, into, tools, label=into.stem)
    return seen.retrieved, (rasters.TOO_LARGE,)


def _at_most(most: int, where: str, told: Callable[[int, int | None], None]) -> Callable[[int, int | None], None]:
    """Progress that ends a download which is too long."""

    def seen(size: int, whole: int | None) -> None:
        if max(size, whole or 0) > most:
            raise SourceError(
                f"{where}: the file has more than {most / 1e9:.0f} GB, and the server gives no parts of it.",
                remedy="download it, cut it to the area (gdalwarp -te ...), and name it under [layers].",
                kind="limit",
            )
        told(size, whole)

    return seen


def _a_raster(path: Path, where: str, *, service: Service) -> None:
    """A whole GeoTIFF, every block of which can be read."""
    from justgeo.sources import rasters

    expect.a_tiff(path, where)
    try:
        rasters.read_through(path)
    except LayerError as error:
        raise SourceError(
            f"{where}: what came is no whole GeoTIFF.",
            remedy=f"fetch again; if it stays so, see what lies at {service.page}.",
            kind="damaged",
        ) from error
