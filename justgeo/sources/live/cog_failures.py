"""What can go wrong while a raster is read in part, in our words: GDAL's own hold whole addresses, tokens too."""

from __future__ import annotations

import re

from justgeo.core.errors import SourceError

_STATUS = re.compile(r"response code:? *(?:on [^:]+: *)?(\d{3})", re.IGNORECASE)
_GONE = (401, 403, 404, 410)
_AGAIN = "fetch again later: what is recorded already is not fetched twice."


class NoPartsError(SourceError):
    """The server gives whole files only."""


class BeyondError(SourceError):
    """The file ends before the window begins."""


class OtherError(SourceError):
    """The file is whole, and another one than is due: no further try mends that."""


def told(said: str, where: str) -> SourceError:
    """What GDAL said, in our words."""
    lower, status = said.lower(), _STATUS.search(said)
    if "range downloading not supported" in lower:
        return no_parts(where)
    if status is not None and int(status[1]) in _GONE:
        return SourceError(
            f"{where}: the file is not given any more ({status[1]}).",
            remedy="fetch again; if it stays so, see the product's page whether it has moved.",
            kind="missing",
        )
    if status is not None:
        return failed(where, f"the server failed ({status[1]})", "busy")
    if "too slow" in lower or "timed out" in lower or "timeout" in lower:
        return failed(where, "no whole answer in the time allowed", "timeout")
    if "connect to" in lower or "resolve" in lower:
        return failed(where, "nobody answers", "refused")
    if "not recognized" in lower:
        return failed(where, "what came is no GeoTIFF", "damaged")
    return failed(where, "the raster broke off while it was read", "partial")


def failed(where: str, why: str, kind: str) -> SourceError:
    """A failure that may pass."""
    return SourceError(f"{where}: {why}.", remedy=_AGAIN, kind=kind)


def other(where: str, why: str) -> OtherError:
    """A file that is not what it should be."""
    return OtherError(f"{where}: {why}.", remedy="see what lies at that address.", kind="damaged")


def beyond(where: str) -> BeyondError:
    """A file of another place."""
    return BeyondError(
        f"{where}: the raster does not reach the area.", remedy="use one that covers it.", kind="missing"
    )


def no_parts(where: str) -> NoPartsError:
    """A server that ignores ``Range``."""
    return NoPartsError(
        f"{where}: the server gives whole files only, not the part that is needed.",
        remedy="download the file, cut it to the area, and name it under [layers].",
        kind="limit",
    )
