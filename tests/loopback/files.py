"""Static files on this machine, as the file servers of public services give them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path, PurePosixPath

from tests.loopback.messages import Request, Response, html_response, ranged

CONTENT_TYPES = {
    ".zip": "application/zip",
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".txt": "text/plain",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".html": "text/html; charset=utf-8",
    ".xml": "application/xml",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".pbf": "application/octet-stream",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
CHANGED = 1_735_689_600.0  # 2025-01-01, for content that is not on disk


class FileTree:
    """Files by path; HEAD, ranges and conditional requests as RFC 9110 has them.

    Parameters
    ----------
    root : mapping of str to bytes or Path
        By path (``/geo/tiger/TIGER2024/BG/tl_2024_99_bg.zip``), content or a file that is read when it is asked for.
    types : mapping of str to str, optional
        Content types by path, where they are not those of the name's ending.
    missing : Callable[[Request], Response], optional
        What is said of other paths; default a page for people with 404.
    """

    def __init__(
        self,
        root: Mapping[str, bytes | Path],
        types: Mapping[str, str] | None = None,
        missing: Callable[[Request], Response] | None = None,
    ) -> None:
        self.root = {f"/{path.lstrip('/')}": content for path, content in root.items()}
        self.types = {f"/{path.lstrip('/')}": told for path, told in (types or {}).items()}
        self._missing = missing or _not_found

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        if request.method not in ("GET", "HEAD"):
            return html_response("405 Method Not Allowed", "Files can only be read.", 405)
        content = self.root.get(request.path)
        if content is None:
            return self._missing(request)
        body = content if isinstance(content, bytes) else content.read_bytes()
        changed = CHANGED if isinstance(content, bytes) else content.stat().st_mtime
        headers = {
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
            "Last-Modified": formatdate(changed, usegmt=True),
        }
        if _unchanged(request, headers):
            return Response(304, headers=headers)
        return ranged(request, Response(200, body, self._type(request.path), headers))

    def _type(self, path: str) -> str:
        return self.types.get(path) or CONTENT_TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")


def _unchanged(request: Request, headers: Mapping[str, str]) -> bool:
    """Whether the client has this state of the file; the tag goes before the time."""
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        return tags.strip() == "*" or headers["ETag"] in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since = request.headers.get("If-Modified-Since")
    try:
        return since is not None and parsedate_to_datetime(headers["Last-Modified"]) <= parsedate_to_datetime(since)
    except ValueError:
        return False  # a date that cannot be read is as none


def _not_found(request: Request) -> Response:
    return html_response("404 Not Found", f"The requested URL {request.path} was not found on this server.", 404)
