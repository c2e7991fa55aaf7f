"""Whether each service answers here and now, how fast, and which is the newest that it has.

Little is asked of anyone: a page about the data, the beginning of a file, one number. All that is asked of one service,
its mirrors too, ends within ``Policy.total_s``.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.sources._states import slug_of
from justgeo.sources.live import expect
from justgeo.sources.live.begun import moment_of
from justgeo.sources.live.http import Call, Client, Knock, Policy
from justgeo.sources.live.keys import Key

POLICY = Policy(connect_s=8.0, read_s=12.0, total_s=25.0, tries=1, least_bytes_per_s=math.inf)  # no size buys time
_TIME = re.compile(rb"<gml:timePosition>\s*(\d{4})")
_BEGINNING = {"Range": "bytes=0-1023"}  # of a large file
_SMALL_STATE = "44"  # Rhode Island
_LONGEST = 80
_LEAST_S = 0.05


@dataclass(frozen=True)
class Probe:
    """What a service answered.

    Attributes
    ----------
    service : Service
    seconds : float or None
        Until it answered; None where it did not.
    newest : str
        What it has newest, in words; ``""`` where it does not say.
    failure : SourceError or None
        Of its first address.
    mirror : str
        Host of the mirror that answered where the first address did not; ``""`` where that did, or none.
    """

    service: Service
    seconds: float | None
    newest: str = ""
    failure: SourceError | None = None
    mirror: str = ""


def probe(service: Service, year: int, key: Key | None = None, policy: Policy = POLICY) -> Probe:
    """Ask a service something small, at its first address, and where that fails at its mirrors.

    Parameters
    ----------
    service : Service
    year : int
        Of the survey that the district uses: whether a newer one is out is told.
    key : Key, optional
        Whether the Census API accepts it is tried out.
    policy : Policy
        Everything together ends within its ``total_s``.
    """
    end = time.monotonic() + policy.total_s
    first: SourceError | None = None
    for address in service.urls:
        asking = _Asking(replace(service, urls=(address,)), year, key, policy, end)
        try:
            seconds, newest = _PROBES.get(service.id, _any)(asking)
        except SourceError as failure:
            failure.service = service.id
            first = first or failure
            if failure.kind == "key" or asking.left <= _LEAST_S:
                break
            continue
        mirror = "" if first is None else urlsplit(address).netloc.rpartition("@")[2]
        return Probe(service, seconds, newest, first, mirror)
    if first is None:
        remedy = "name one under [services]."
        first = SourceError(f"{service.title} has no address.", remedy=remedy, kind="refused", service=service.id)
    return Probe(service, None, failure=first)


@dataclass(frozen=True)
class _Asking:
    """One address of a service, and how long it may take."""

    service: Service
    year: int
    key: Key | None
    policy: Policy
    end: float

    @property
    def left(self) -> float:
        """Seconds."""
        return self.end - time.monotonic()

    def knock(self, call: Call, begins: tuple[bytes, ...] = ()) -> Knock:
        """The beginning of an answer, which is no web page, and begins as is due."""
        knocked = self._client.knock(self.service, call)
        expect.refuse_html(knocked.head, self.service.title)
        if begins and not knocked.head.lstrip().startswith(begins):
            raise SourceError(
                f"{self.service.title}: what came begins with {knocked.head[:20]!r}, which was not asked for.",
                remedy=f"see {self.service.page} whether the service has changed.",
                kind="damaged",
            )
        return knocked

    def whole(self, call: Call) -> tuple[float, bytes]:
        """Seconds until an answer had come, and all of it."""
        began = time.monotonic()
        with TemporaryDirectory(prefix="justgeo-doctor-") as folder:
            got = self._client.download(self.service, call, Path(folder) / "answer")
            return time.monotonic() - began, got.path.read_bytes()

    @property
    def _client(self) -> Client:
        return Client(replace(self.policy, total_s=max(self.left, _LEAST_S), tries=1))


def _census_api(asking: _Asking) -> tuple[float, str]:
    path = "/" + str(asking.service.options["acs"])
    secret = [] if asking.key is None else [("key", asking.key.value)]

    def about(year: int) -> Knock:
        return asking.knock(Call(path.format(year=year) + ".json", secret=secret), begins=(b"{",))

    knocked = _of_year(asking, about, "survey")
    accepted = ""
    if asking.key is not None:
        nation = Call(path.format(year=asking.year), [("get", "NAME"), ("for", "us:1")], secret)
        knocked = asking.knock(nation, begins=(b"[",))
        accepted = "it accepts the key; "
    newest, also = _newest(asking.year, about)
    return knocked.seconds, f"{accepted}ACS {newest - 4}-{newest}{also}"


def _census_files(asking: _Asking) -> tuple[float, str]:
    path = "/" + str(asking.service.options["counties"])

    def file(year: int) -> Knock:
        return asking.knock(Call(path.format(year=year), headers=_BEGINNING), begins=(b"PK",))

    knocked = _of_year(asking, file, "TIGER/Line")
    newest, also = _newest(asking.year, file)
    return knocked.seconds, f"TIGER/Line {newest}{also}"


def _overpass(asking: _Asking) -> tuple[float, str]:
    knocked = asking.knock(Call("/status"))
    said = knocked.head.decode("utf-8", "replace")
    return knocked.seconds, _plain(next((line for line in said.splitlines() if "available" in line), ""))


def _geofabrik(asking: _Asking) -> tuple[float, str]:
    path = "/" + str(asking.service.options["state"]).format(name=slug_of(_SMALL_STATE))
    knocked = asking.knock(Call(path, headers=_BEGINNING))
    return knocked.seconds, _modified(knocked)


def _mrlc(asking: _Asking) -> tuple[float, str]:
    """Every layer, by what the server says of it: that one is there says nothing of the others."""
    slowest, newest = 0.0, {}
    for name, layer in asking.service.options["layers"].items():
        call = Call(
            "/" + str(asking.service.options["path"]).format(layer=layer),
            [("service", "WCS"), ("version", "1.0.0"), ("request", "DescribeCoverage"), ("coverage", layer)],
        )
        seconds, said = asking.whole(call)
        slowest = max(slowest, seconds)
        if b"ServiceException" in said:
            raise SourceError(
                f"{asking.service.title}: there is no layer {layer} (any more).",
                remedy=f"see {asking.service.page} for its new name, and mend it in the catalogue's services.",
                kind="missing",
            )
        years = [int(found) for found in _TIME.findall(said)]
        newest[name] = max(years) if years else None
    told = [f"{name.replace('_', ' ')} {year}" for name, year in newest.items() if year is not None]
    return slowest, ", ".join(told)


def _mobility(asking: _Asking) -> tuple[float, str]:
    knocked = asking.knock(Call("/" + str(asking.service.options["catalogue"]), headers=_BEGINNING))
    return knocked.seconds, _modified(knocked)


def _landsat(asking: _Asking) -> tuple[float, str]:
    collection = Call(f"/stac/v1/collections/{asking.service.options['collection']}")
    return asking.knock(collection, begins=(b"{",)).seconds, ""


def _any(asking: _Asking) -> tuple[float, str]:
    """A service of plain files: its root may list nothing, or be a page, which is an answer all the same."""
    began = time.monotonic()
    try:
        return asking._client.knock(asking.service, Call("/")).seconds, ""
    except SourceError as failure:
        if failure.kind != "missing":
            raise
        return time.monotonic() - began, ""


def _of_year(asking: _Asking, ask: Callable[[int], Knock], what: str) -> Knock:
    """What is asked of the district's own year; where that is not there, the remedy is another year."""
    try:
        return ask(asking.year)
    except SourceError as failure:
        if failure.kind == "missing":
            failure.remedy = (
                f"name another year, [vintages] acs = {asking.year - 1}, if the {what} of {asking.year} "
                + (f"is not out yet; else see {asking.service.page}.")
            )
        raise


def _newest(year: int, ask: Callable[[int], Knock]) -> tuple[int, str]:
    """The newest of a year, which is known to be there, and the two after it; and what of that could not be asked."""
    newest, also = year, ""
    for later in (year + 1, year + 2):
        try:
            ask(later)
            newest = later
        except SourceError as failure:
            if failure.kind not in ("missing", "damaged"):  # a web page in its place is no file either
                also = " (whether there is a newer one could not be asked)"
    return newest, also


def _modified(knocked: Knock) -> str:
    told = next((value for name, value in knocked.headers.items() if name.lower() == "last-modified"), "")
    when = moment_of(told)
    return f"of {when:%Y-%m-%d}" if when is not None else ""


def _plain(text: str) -> str:
    """What a server says, as it may stand on a screen."""
    return "".join(sign for sign in text.strip() if sign.isprintable())[:_LONGEST]


_Asker = Callable[[_Asking], tuple[float, str]]
_PROBES: Mapping[str, _Asker] = {
    "census_api": _census_api,
    "census_files": _census_files,
    "overpass": _overpass,
    "geofabrik": _geofabrik,
    "mrlc": _mrlc,
    "mobility_database": _mobility,
    "landsat": _landsat,
}
