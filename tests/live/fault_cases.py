"""Everything that may go wrong behind a door: the other side of the table of faults, and the table.

Definitions
-----------
trouble
    One way of failing, by the name that it has in the list of what every door must survive.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

from tests.live.fault_doors import DOORS, Door
from tests.loopback.faults import Fault
from tests.loopback.messages import Headers, Response, Wire, ranged
from tests.loopback.overpass import remark

RETRY_AFTER_S = 7


@dataclass(frozen=True, eq=False)
class Trouble:
    """One way of failing.

    Attributes
    ----------
    name : str
    kinds : tuple of str
        Kinds of failure that it may be; none: it is harmless, and the record is as without it.
    fault : Fault or None
        Played by the server; None where it is the address, or the disk.
    way : str
        ``"server"``, ``"nobody"``, ``"tls"``, ``"full"``, ``"full at the end"``.
    times : int
        How many requests it falls on; -1 for all.
    doors : callable
        Whether it is tried at a door.
    slow : bool
        It lasts as long as the client has patience.
    """

    name: str
    kinds: tuple[str, ...]
    fault: Fault | None = None
    way: str = "server"
    times: int = -1
    doors: Callable[[Door], bool] = lambda door: True
    slow: bool = False


def _speaking(*forms: str) -> Callable[[Door], bool]:
    return lambda door: door.speaks in forms


def _named(*names: str, but: str = "nothing") -> Callable[[Door], bool]:
    return lambda door: door.name.startswith(names) and not door.name.startswith(but)


def _main(door: Door) -> bool:
    return door.main


def _whole(wire: Wire) -> bytes:
    """The whole body behind a request, whichever part of it is asked for."""
    headers = Headers((name, value) for name, value in wire.request.headers.items() if name.lower() != "range")
    other = copy(wire)
    other.request = replace(wire.request, headers=headers, method="GET")
    return other.true().body


def _another_raster(change: Callable[[Any], None]) -> Fault:
    """A raster that was changed, given in whole or in parts."""
    made: dict[str, bytes] = {}

    def changed(wire: Wire) -> bytes:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "raster.tif"
            path.write_bytes(_whole(wire))
            with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as raster:
                change(raster)
            return path.read_bytes()

    def play(wire: Wire) -> None:
        request = wire.request
        asked = f"{request.headers.get('Host')}{request.path}?{request.raw_query}"
        if asked not in made:  # many parts are asked of one file
            made[asked] = changed(wire)
        wire.answer(ranged(request, Response(200, made[asked], "image/tiff")), close=True)

    return Fault("another raster", play)


def _elsewhere(raster: Any) -> None:
    raster.crs = "EPSG:32633"


def _nothing(raster: Any) -> None:
    """Every block that holds something is filled with the value for no data."""
    for _, window in raster.block_windows(1):
        values = raster.read(1, window=window)
        if (values != raster.nodata).any():
            raster.write(np.full_like(values, raster.nodata), 1, window=window)


def _zip_without(*endings: str) -> Fault:
    def change(body: bytes) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(body)) as archive, zipfile.ZipFile(target, "w") as thinner:
            for name in archive.namelist():
                if not name.lower().endswith(endings):
                    thinner.writestr(name, archive.read(name))
        return target.getvalue()

    return Fault.body(change)


def _of_json(change: Callable[[Any], Any]) -> Fault:
    return Fault.body(lambda body: json.dumps(change(json.loads(body))).encode())


def _twice(answer: Any) -> Any:
    """The last of what is listed, a second time."""
    if isinstance(answer, list):
        return [*answer, answer[-1]]
    key = "elements" if "elements" in answer else "features"
    return {**answer, key: [*answer[key], *answer[key][-3:]]}


def _row_twice(body: bytes) -> bytes:
    return body + body.splitlines(keepends=True)[-1]


def _without_nodes(answer: Any) -> Any:
    return {**answer, "elements": [one for one in answer["elements"] if one["type"] != "node"]}


BUSY, DAMAGED, MISSING, PARTIAL = ("busy",), ("damaged",), ("missing",), ("partial",)
CUT = ("damaged", "partial")
RASTERS = ("WCS", "WorldCover", "canopy", "Landsat, scene")

TROUBLES = (
    Trouble("refused connection", ("refused",), way="nobody", doors=_main),
    Trouble("certificate error", ("tls",), way="tls", doors=_main),
    Trouble("disk full while recording", ("disk",), way="full", doors=_main),
    Trouble("disk full at the end of recording", ("disk",), way="full at the end", doors=_main),
    Trouble("time-out", ("timeout",), Fault.silence(), slow=True),
    Trouble("slow drip", ("timeout",), Fault.slow_drip(), slow=True),
    Trouble("slow headers", ("timeout",), Fault.slow_headers(), doors=_main, slow=True),
    Trouble("reset in mid-body", PARTIAL, Fault.reset_in_body()),
    Trouble("truncated body", PARTIAL, Fault.truncated()),
    Trouble("204", MISSING, Fault.status(204)),
    Trouble("302 to an HTML page with 200", DAMAGED, Fault.redirect_to_page()),
    Trouble("400", MISSING, Fault.status(400, b"error: no such question")),
    Trouble("403", MISSING, Fault.status(403, b"Access denied")),
    Trouble("404", MISSING, Fault.status(404)),
    Trouble("429 with Retry-After", BUSY, Fault.too_many(RETRY_AFTER_S)),
    Trouble("429", BUSY, Fault.too_many()),
    Trouble("500", BUSY, Fault.status(500)),
    Trouble("503", BUSY, Fault.status(503)),
    Trouble("503 once", (), Fault.status(503), times=1),
    Trouble("504", BUSY, Fault.status(504)),
    Trouble("wrong content type", (), Fault.content_type()),
    Trouble("invalid JSON", DAMAGED, Fault.cut(), doors=_speaking("json")),
    Trouble("half a file", CUT, Fault.cut(), doors=_speaking("zip", "tiff", "csv", "pbf")),
    Trouble("empty list", ("damaged", "partial", "missing"), Fault.empty_list()),
    Trouble("redirect loop", DAMAGED, Fault.redirect_loop()),
    Trouble("a remark", PARTIAL, Fault.body(remark), doors=_named("Overpass")),
    Trouble("duplicate elements", (), _of_json(_twice), doors=_named("Overpass", "Landsat, search")),
    Trouble("duplicate elements", (), Fault.body(_row_twice), doors=_named("catalogue of feeds")),
    Trouble("duplicate elements", CUT, _of_json(_twice), doors=_named("survey", "redist", "ArcGIS, f", "Socrata")),
    Trouble("ways without nodes", PARTIAL, _of_json(_without_nodes), doors=_named("Overpass")),
    Trouble("zip without .shp", DAMAGED, _zip_without(".shp"), doors=_named("counties", "tracts", "blocks", "archive")),
    Trouble("zip without its table", DAMAGED, _zip_without("stops.txt", "zz.txt"), doors=_named("feed", "relation")),
    Trouble("raster of another CRS", DAMAGED, _another_raster(_elsewhere), doors=_named(*RASTERS, but="WorldCover, b")),
    Trouble("all nodata", MISSING, _another_raster(_nothing), doors=_named(*RASTERS[:3], "GeoTIFF")),
)  # fmt: skip
OTHERWISE = {
    # GDAL reads these, and says little of what it met; what the file lacks then is told.
    ("WorldCover, blocks", "reset in mid-body"): CUT,
    ("WorldCover, blocks", "truncated body"): CUT,
    ("WorldCover, blocks", "204"): BUSY,
    ("WorldCover, blocks", "400"): BUSY,
    ("WorldCover, blocks", "redirect loop"): BUSY,
}
"""Other kinds of failure than a trouble has elsewhere."""

CASES = tuple((door, trouble) for trouble in TROUBLES for door in DOORS if trouble.doors(door))
NAMED = (
    "refused connection", "time-out", "slow drip", "reset in mid-body", "truncated body", "204",
    "302 to an HTML page with 200", "400", "403", "404", "429 with Retry-After", "429", "500", "503", "504",
    "wrong content type", "invalid JSON", "empty list", "a remark", "duplicate elements", "ways without nodes",
    "zip without .shp", "raster of another CRS", "all nodata", "redirect loop", "certificate error",
    "disk full while recording",
)  # fmt: skip
"""What every door must survive."""
