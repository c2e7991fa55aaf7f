"""Windows of cloud-optimised GeoTIFFs, read by range requests through GDAL's ``/vsicurl``; nothing is resampled.

A file is looked at first by the house's own client (is somebody there, is it a GeoTIFF, does the server give parts of
it), with its patience and its words; then GDAL reads the blocks of the window. GDAL's settings hold for the one thread
that reads, it keeps nothing of a file once that is closed, and what it says never leaves here: its words hold whole
addresses, tokens too.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.errors
import rasterio.shutil
import requests
import requests.utils
import shapely
from rasterio._err import CPLE_BaseError
from rasterio.enums import MaskFlags
from rasterio.io import MemoryFile
from rasterio.transform import Affine
from rasterio.windows import Window

from justgeo.core.errors import CoverageError, SourceError
from justgeo.core.service import Service
from justgeo.sources.live import cog_failures, expect, grids
from justgeo.sources.live.ask import Tools
from justgeo.sources.live.deadline import within
from justgeo.sources.live.http import PASSING, Call, Policy, user_agent
from justgeo.sources.live.overheard import overheard
from justgeo.sources.live.redact import hidden, without_user

log = logging.getLogger(__name__)

HEAD = 16_384
"""Bytes of a file that are asked for to see what it is."""
_MOST_HEAD = 1 << 18
_STRIP = 512


@dataclass(frozen=True)
class Seen:
    """Where a window was read from, without parameters, and when (ISO, UTC)."""

    url: str
    retrieved: str


@dataclass(frozen=True)
class _Pixels:
    """Pixels of a window with all that gives them their meaning."""

    values: Any
    transform: Affine
    crs: Any
    nodata: float | None
    scales: tuple[float, ...]
    offsets: tuple[float, ...]
    mask: Any


def read_window(
    service: Service,
    call: Call,
    bounds: grids.Bounds,
    crs: str | None,
    into: Path,
    tools: Tools,
    *,
    label: str = "",
) -> Seen:
    """Bring the part of a GeoTIFF that lies within some bounds to disk, pixel by pixel as the source has it.

    Parameters
    ----------
    service : Service
        Its addresses are tried in their order.
    call : Call
        Path of the file, with its parameters; secret ones are seen by nobody.
    bounds : Bounds
        All pixels that they touch are read, and three more on every side, as far as the file goes.
    crs : str or None
        Of the bounds, and which the file has to be in. None: the bounds are in EPSG:4326, the file in whatever it is.
    into : Path
        A GeoTIFF in the source's own CRS, type, full resolution and value for no data: tiled, deflated.
    label : str
        For progress, in rows.

    Returns
    -------
    Seen

    Raises
    ------
    SourceError
        ``missing``: no such file, or it does not reach the bounds (``BeyondError``); ``damaged``: no GeoTIFF, of
        another CRS, rotated; ``limit``: too many pixels, or no parts are given (``NoPartsError``); and whatever a call
        may meet.

    References
    ----------
    GDAL documentation, *GDAL Virtual File Systems*, /vsicurl/ (configuration options).
    """
    end = time.monotonic() + tools.client.policy.total_s
    last = SourceError(f"{service.title} has no address.", remedy="name one under [services].", kind="refused")
    for address in service.urls:
        try:
            retrieved = _look(replace(service, urls=(address,)), call, into, tools)
            _write(_patiently(service, address, call, (bounds, crs), tools, label, end), into)
            return Seen(_shown(address, call), retrieved)
        except SourceError as failure:
            failure.service = failure.service or service.id
            last = failure
            if failure.kind in ("disk", "limit", "key"):
                break  # no mirror mends these
    raise last


def _look(service: Service, call: Call, into: Path, tools: Tools) -> str:
    """See that the file is there, is a GeoTIFF and is given in parts; the time of the answer."""
    head = into.with_name(f".{into.name}.head")
    asked = replace(call, headers={**call.headers, "Range": f"bytes=0-{HEAD - 1}", "Accept-Encoding": "identity"})
    where = _where(service, service.urls[0], call)
    try:
        got = tools.client.download(service, asked, head, check=expect.a_tiff, progress=_no_more(_MOST_HEAD, where))
    finally:
        head.unlink(missing_ok=True)
    if got.status != requests.codes.partial_content:
        raise cog_failures.no_parts(where)
    return got.retrieved


def _no_more(most: int, where: str) -> Callable[[int, int | None], None]:
    """Ends a download that turns out to be a whole file."""

    def seen(size: int, whole: int | None) -> None:
        if max(size, whole or 0) > most:
            raise cog_failures.no_parts(where)

    return seen


def _patiently(
    service: Service,
    address: str,
    call: Call,
    window: tuple[grids.Bounds, str | None],
    tools: Tools,
    label: str,
    end: float,
) -> _Pixels:
    """Read the window, again where a failure may pass."""
    policy = tools.client.policy
    where = _where(service, address, call)
    prepared = requests.Request("GET", address + call.path, params=[*call.params, *call.secret]).prepare()
    for attempt in range(policy.tries):
        stop = threading.Event()
        reading = _Reading(str(prepared.url), *window, where, stop, lambda a, b: tools.progress(label, a, b))
        left = end - time.monotonic()
        try:
            found = within(max(left, 0.1), partial(reading.pixels, _options(policy, attempt)))
        except TimeoutError:
            found = cog_failures.failed(where, "it took longer than is allowed", "timeout")
        finally:
            stop.set()  # a thread that nobody waits for any more ends with its strip
        if isinstance(found, _Pixels):
            return found
        pause = policy.pause_s * 2**attempt
        lasting = found.kind not in PASSING or isinstance(found, cog_failures.OtherError)
        if lasting or attempt + 1 == policy.tries or time.monotonic() + pause >= end:
            raise found
        log.info("%s Trying again in %.0f s.", found.message, pause)
        time.sleep(pause)
    raise AssertionError("no try at all")  # Policy.tries is at least 1


def _options(policy: Policy, attempt: int) -> dict[str, str]:
    """GDAL's settings for one try; strings, since it knows no others."""
    seconds = max(1, round(policy.read_s))
    authorities = (
        os.environ.get("REQUESTS_CA_BUNDLE")
        or os.environ.get("CURL_CA_BUNDLE")
        or requests.utils.DEFAULT_CA_BUNDLE_PATH
    )
    return {
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_HTTP_CONNECTTIMEOUT": str(max(1, round(policy.connect_s))),
        "GDAL_HTTP_TIMEOUT": str(seconds),
        "GDAL_HTTP_LOW_SPEED_TIME": str(min(seconds, 30)),
        "GDAL_HTTP_LOW_SPEED_LIMIT": "1000",  # bytes a second: a drip is no answer
        "GDAL_HTTP_MAX_RETRY": str(policy.tries - 1),
        "GDAL_HTTP_RETRY_DELAY": f"{policy.pause_s:g}",
        "GDAL_HTTP_USERAGENT": user_agent(),
        "GDAL_CURL_CA_BUNDLE": authorities,  # those whom the client trusts
        "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/",  # nothing of a file outlives its reading
        "CPL_VSIL_CURL_CACHE_SIZE": str(64 << 20),
        "CPL_VSIL_CURL_USE_HEAD": "NO" if attempt else "YES",  # some servers give GET alone
        "VSI_CACHE": "FALSE",
        "CPL_CURL_VERBOSE": "NO",
        "CPL_DEBUG": "OFF",
    }


@dataclass(frozen=True)
class _Reading:
    """One try at one address, in a thread of its own."""

    url: str
    bounds: grids.Bounds
    crs: str | None
    where: str
    stop: threading.Event
    progress: Callable[[int, int], None]

    def pixels(self, options: dict[str, str]) -> _Pixels | SourceError:
        """The pixels, or what was wrong: returned, so that no traceback holds GDAL's words."""
        found: _Pixels | SourceError
        with overheard() as heard:
            try:
                with rasterio.Env(**options), rasterio.open(f"/vsicurl/{self.url}") as source:
                    found = self._read(source)
            except SourceError as failure:
                found = failure
            except CoverageError:
                found = cog_failures.beyond(self.where)
            except (rasterio.errors.RasterioError, CPLE_BaseError) as error:
                found = cog_failures.told(str(error), self.where)
        # Something that did not come may have been passed over: then the rest is not believed, nor what seems to lack.
        if heard and isinstance(found, _Pixels | cog_failures.OtherError | cog_failures.BeyondError):
            return cog_failures.told(heard[-1], self.where)
        return found

    def _read(self, source: Any) -> _Pixels:
        # Masks and overviews may be listed far back in a file. rasterio looks for them at the first read with Python's
        # lock held, so that no deadline is kept meanwhile; a description (VRT) makes GDAL look without the lock.
        with MemoryFile(ext=".vrt") as described:
            rasterio.shutil.copy(source, described.name, driver="VRT")
        window = self._window(source)
        values = np.empty((source.count, window.height, window.width), dtype=source.dtypes[0])
        high = source.block_shapes[0][0]
        step = max(high, _STRIP // high * high)
        for top in range(0, window.height, step):
            if self.stop.is_set():
                raise cog_failures.failed(self.where, "nobody waits for it any more", "timeout")
            rows = min(step, window.height - top)
            part = Window(window.col_off, window.row_off + top, window.width, rows)
            source.read(out=values[:, top : top + rows], window=part)
            self.progress(top + rows, window.height)
        flags = source.mask_flag_enums[0]
        own_mask = MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
        return _Pixels(
            values=values,
            transform=source.window_transform(window),
            crs=source.crs,
            nodata=source.nodata,
            scales=tuple(source.scales),
            offsets=tuple(source.offsets),
            mask=source.dataset_mask(window=window) if own_mask else None,
        )

    def _window(self, source: Any) -> Window:
        a, b, c, d, e, f = source.transform[:6]
        if source.crs is None or b or d or a <= 0 or e == 0:
            why = "does not say in which CRS it is" if source.crs is None else "is rotated or mirrored"
            raise cog_failures.other(self.where, f"the raster {why}")
        told, bounds = source.crs.to_wkt(), self.bounds
        if self.crs is None:
            bounds = grids.bounds_in(shapely.box(*bounds), told)
        elif not grids.same_place(told, self.crs, bounds):
            named = source.crs.to_string()[:60]
            raise cog_failures.other(self.where, f"the raster is to be in {self.crs}, but its CRS is {named}")
        west, south, east, north = bounds
        left, right = _span((west - c) / a, (east - c) / a, source.width)
        upper, lower = _span((north - f) / e, (south - f) / e, source.height)
        if right <= left or lower <= upper:
            raise cog_failures.beyond(self.where)
        if (right - left) * (lower - upper) > grids.MOST_PIXELS:
            raise SourceError(
                f"{self.where}: the area has {right - left:,} x {lower - upper:,} pixels, more than is read at once.",
                remedy="use a coarser product, or a smaller reference.",
                kind="limit",
            )
        return Window(left, upper, right - left, lower - upper)


def _span(one: float, other: float, size: int) -> tuple[int, int]:
    """Whole pixels around two edges, the pad beside them, as far as the file goes."""
    low, high = sorted((one, other))
    if not (np.isfinite(low) and np.isfinite(high)) or high <= 0 or low >= size:
        return 0, 0
    return max(0, int(np.floor(low)) - grids.PAD), min(size, int(np.ceil(high)) + grids.PAD)


def _write(pixels: _Pixels, into: Path) -> None:
    """Write the pixels and read them again: a disk that fills up is not always noticed by those who write."""
    bands, rows, cols = pixels.values.shape
    profile = {
        "driver": "GTiff",
        "count": bands,
        "height": rows,
        "width": cols,
        "dtype": pixels.values.dtype,
        "crs": pixels.crs,
        "transform": pixels.transform,
        "nodata": pixels.nodata,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
    }
    try:
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(into, "w", **profile) as target:
            target.write(pixels.values)
            target.scales, target.offsets = pixels.scales, pixels.offsets
            if pixels.mask is not None:
                target.write_mask(pixels.mask)
        with rasterio.open(into) as written:
            whole = np.array_equal(written.read(), pixels.values, equal_nan=pixels.values.dtype.kind in "fc")
    except rasterio.errors.RasterioError:
        whole = False
    if not whole:
        raise SourceError(
            f"{into.name} cannot be written whole.",
            remedy="see that the disk has room and may be written to.",
            kind="disk",
        )


def _where(service: Service, address: str, call: Call) -> str:
    return f"{service.title} ({_shown(address, call)})"


def _shown(address: str, call: Call) -> str:
    return without_user(hidden(address + call.path, call.secret))
