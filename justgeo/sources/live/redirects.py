"""Where a redirect leads, and whether it is followed: as browsers do it, but never with a key where none belongs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote_plus, urljoin, urlsplit

from justgeo.core.errors import SourceError
from justgeo.sources.live import failures
from justgeo.sources.live.redact import Secret

MOST = 5
"""Redirects of one call that are followed."""

_TO_GET = (301, 302, 303)  # RFC 9110, 15.4: of a POST the first two became a GET in practice, the third by the standard
_AS_IT_WAS = (307, 308)
_KEY_PAGES = ("missing_key.html", "invalid_key.html")  # of the Census Data API
_NAMES = re.compile("key|token|secret|sig|pass|auth", re.IGNORECASE)  # what the parameter of a key is called
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Hop:
    """One request on the way to an answer.

    Attributes
    ----------
    method : str
    url : str
    first : bool
        The question as it was put: parameters go with it. The next ones go to what the service named.
    """

    method: str
    url: str
    first: bool = False


def onward(hop: Hop, status: int, location: str, where: str, secret: Secret) -> Hop | None:
    """The request that an answer sends on to.

    Parameters
    ----------
    hop : Hop
        What was answered, with all that its URL had.
    status : int
    location : str
        As the header has it, its bytes taken for Latin-1; ``""`` where it has none.
    where : str
        What messages call the answer.
    secret : sequence of (str, str)
        Of the call.

    Returns
    -------
    Hop or None
        None: the answer does not send on.

    Raises
    ------
    SourceError
        ``damaged``: that is no address that can be called. ``key``: it is the page that says so. ``missing``: a key
        would go where none belongs.

    References
    ----------
    RFC 9110, 10.2.2 and 15.4.
    """
    if status not in (*_TO_GET, *_AS_IT_WAS) or not location.strip():
        return None
    parts = _parts(hop.url, location, where)
    page = parts.path.rpartition("/")[2]
    if page in _KEY_PAGES:
        raise failures.no_key(where, page.startswith("invalid"))
    before = urlsplit(hop.url)
    if parts.scheme == "http" and before.scheme == "https" and (secret or before.username or before.password):
        raise _refused(where, parts, "without encryption, which is no way for a key")
    if parts.hostname != before.hostname and _carries(parts, secret):
        raise _refused(where, parts, "another host, with the key in the address")
    user = before.netloc.rpartition("@")[0]
    if user and "@" not in parts.netloc and _same(before, parts):
        parts = parts._replace(netloc=f"{user}@{parts.netloc}")
    return Hop("GET" if status in _TO_GET else hop.method, parts._replace(fragment="").geturl())


def _parts(base: str, location: str, where: str) -> SplitResult:
    """The address that is named, in its parts, if it can be called."""
    try:
        parts = urlsplit(urljoin(base, location.strip().encode("latin-1").decode("utf-8")))
        host = parts.hostname or ""
        host.encode("idna")  # as the resolver will: it refuses labels that are empty or too long
        callable_ = parts.scheme in _PORTS and bool(host) and _port(parts) > 0
    except ValueError:
        callable_ = False
    if not callable_:
        raise SourceError(
            f"{where}: the service sends on to an address that cannot be called.",
            remedy="fetch again; if it stays so, open the address in a browser and name the one that it ends at.",
            kind="damaged",
        )
    return parts


def _port(parts: SplitResult) -> int:
    return _PORTS.get(parts.scheme, 0) if parts.port is None else parts.port


def _same(one: SplitResult, other: SplitResult) -> bool:
    """Whether a name and password for one are for the other: the same server, or the same by the safer way."""
    if one.hostname != other.hostname:
        return False
    safer = [(part.scheme, _port(part)) for part in (one, other)] == list(_PORTS.items())
    return safer or (one.scheme == other.scheme and _port(one) == _port(other))


def _carries(parts: SplitResult, secret: Secret) -> bool:
    """Whether a key stands in an address. What a planner's own address has behind its ``?`` need not be one."""
    text = parts.geturl()
    values = [value for name, value in secret if value and _NAMES.search(name)]
    return any(value in text or value in unquote_plus(text) for value in values)


def _refused(where: str, parts: SplitResult, how: str) -> SourceError:
    at = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return SourceError(
        f"{where}: the service sends on to {at}, {how}.",
        remedy="if that is where the data are now, name that address itself, under [services] or where the first was.",
        kind="missing",
    )
