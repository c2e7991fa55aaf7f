"""The Mobility Database: the catalogue ``feeds_v2.csv`` and the feeds that it names.

Source: https://github.com/MobilityData/mobility-database-catalogs (columns of the second version of the spreadsheet)
and the exporter of https://github.com/MobilityData/mobility-feed-api (how they are filled in).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.loopback.files import FileTree
from tests.loopback.messages import Request, Response

HOST = "https://files.mobilitydatabase.org"
COLUMNS = (
    "id",
    "data_type",
    "entity_type",
    "location.country_code",
    "location.subdivision_name",
    "location.municipality",
    "provider",
    "is_official",
    "name",
    "note",
    "feed_contact_email",
    "static_reference",
    "urls.direct_download",
    "urls.authentication_type",
    "urls.authentication_info",
    "urls.api_key_parameter_name",
    "urls.latest",
    "urls.license",
    "location.bounding_box.minimum_latitude",
    "location.bounding_box.maximum_latitude",
    "location.bounding_box.minimum_longitude",
    "location.bounding_box.maximum_longitude",
    "location.bounding_box.extracted_on",
    "status",
    "features",
    "redirect.id",
    "redirect.comment",
)


@dataclass(frozen=True)
class Feed:
    """One row of the catalogue, and its zip.

    Attributes
    ----------
    id : str
        ``mdb-152``, ``tld-5870``.
    content : bytes or Path, optional
        None for feeds that have no file (real-time ones, or one that the catalogue lists and nobody serves).
    bounds : tuple of float, optional
        West, south, east, north; none where the catalogue does not know.
    status : str
        ``active``, ``deprecated``, ``inactive``, ``development`` or ``future``.
    official : bool, optional
        None where nobody has said.
    authentication : int
        0 none, 1 a key in the URL, 2 a key in the header.
    direct : str, optional
        The agency's own address; default a path on the same server.
    redirect : str
        Feeds that take this one's place, joined by ``|``.
    """

    id: str
    content: bytes | Path | None = None
    bounds: tuple[float, float, float, float] | None = None
    provider: str = "Nowhere Transit (invented)"
    name: str = ""
    country: str = "US"
    subdivision: str = ""
    municipality: str = ""
    data_type: str = "gtfs"
    entity_type: str = ""
    status: str = "active"
    official: bool | None = True
    authentication: int = 0
    license: str = ""
    static_reference: str = ""
    features: str = ""
    redirect: str = ""
    direct: str | None = None

    def row(self, base: str) -> list[str]:
        """The row, with addresses under ``base``."""
        west, south, east, north = map(str, self.bounds or ("",) * 4)
        place = [self.country, self.subdivision, self.municipality]
        official = "" if self.official is None else str(self.official)
        latest = f"{base}{self.latest}" if self.data_type == "gtfs" and self.content is not None else ""
        key = ["", ""] if self.authentication == 0 else ["https://example.com/keys", "api_key"]
        return [
            *(self.id, self.data_type, self.entity_type, *place, self.provider, official, self.name, "", ""),
            *(self.static_reference, self.direct or f"{base}{self.agency}", str(self.authentication), *key),
            *(latest, self.license, south, north, west, east, "2024-06-01 00:00:00+00:00" if self.bounds else ""),
            *(self.status, self.features, self.redirect, "replaced" if self.redirect else ""),
        ]

    @property
    def latest(self) -> str:
        """Path of the catalogue's own copy."""
        return f"/{self.id}/latest.zip"

    @property
    def agency(self) -> str:
        """Path that stands for the agency's own address."""
        return f"/agencies/{self.id}.zip"


def mobility_tree(feeds: Sequence[Feed], base: str = HOST) -> dict[str, bytes | Path]:
    """The catalogue and the zips, by path; every address in it begins with ``base``."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerows([COLUMNS, *(feed.row(base) for feed in feeds)])
    tree: dict[str, bytes | Path] = {"/feeds_v2.csv": target.getvalue().encode()}
    for feed in feeds:
        if feed.content is not None:
            tree |= {feed.latest: feed.content, feed.agency: feed.content}
    return tree


class Mobility:
    """The server: a catalogue whose addresses lead back to it, by whatever name it was asked."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self.feeds = tuple(feeds)

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        base = f"http://{request.headers.get('Host', '127.0.0.1')}"
        return FileTree(mobility_tree(self.feeds, base)).handle(request)
