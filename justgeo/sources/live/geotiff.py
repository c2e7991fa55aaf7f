"""Any GeoTIFF at an address that a planner names: its window where the server gives parts, else the whole file."""

from __future__ import annotations

from collections.abc import Callable
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
    window = grids.outward(area.window.bounds, 6)
    return Ask(
        question=Question(name, SERVICE, {"layer": name, "address": address.asked, "window": list(window)}),
        gives=(name,),
        fetch=lambda folder, tools: _fetch(name, address, service, window, area, folder, tools),
        specs=lambda record, others: {name: declared(record, name, record.path(f"{name}.tif"), {})},
        where=address.shown,
    )


def _fetch(
    name: str, address: Address, service: Service, window: grids.Bounds, area: Area, folder: Path, tools: Tools
) -> Told:
    from justgeo.sources.live import cogs

    call = address.call()
    into = folder / f"{name}.tif"
    notes: tuple[str, ...] = ()
    try:
        retrieved = cogs.read_window(service, call, window, None, into, tools, label=name).retrieved
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
