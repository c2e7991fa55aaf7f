"""Whether each service answers here and now, how fast, and which is the newest that it has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.sources.live import expect
from justgeo.sources.live.http import Call, Client, Knock, Policy
from justgeo.sources.live.keys import Key

POLICY = Policy(connect_s=8.0, read_s=12.0, total_s=25.0, tries=1)
_TIME = re.compile(rb"<gml:timePosition>(\d{4})")


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
    """

    service: Service
    seconds: float | None
    newest: str = ""
    failure: SourceError | None = None


def probe(service: Service, year: int, client: Client | None = None, key: Key | None = None) -> Probe:
    """Ask a service something small.

    Parameters
    ----------
    service : Service
    year : int
        Of the survey that the district uses: whether a newer one is out is told.
    client : Client, optional
    key : Key, optional
        Whether the Census API accepts it is tried out.
    """
    client = client or Client(POLICY)
    try:
        knocked, newest = _PROBES.get(service.id, _any)(service, year, client, key)
    except SourceError as failure:
        return Probe(service, None, failure=failure)
    return Probe(service, knocked.seconds, newest)


def _census_api(service: Service, year: int, client: Client, key: Key | None) -> tuple[Knock, str]:
    path = "/" + str(service.options["acs"])
    secret = [] if key is None else [("key", key.value)]
    if key is None:
        knocked = client.knock(service, Call(path.format(year=year) + ".json"))
    else:
        call = Call(path.format(year=year), [("get", "NAME"), ("for", "us:1")], secret)
        knocked = client.knock(service, call)
        expect.refuse_html(knocked.head, service.title)
    newest = _newest(year, lambda y: _there(service, path.format(year=y) + ".json", client))
    return knocked, f"ACS {newest - 4}-{newest}"


def _census_files(service: Service, year: int, client: Client, key: Key | None) -> tuple[Knock, str]:
    path = "/" + str(service.options["counties"])
    knocked = client.knock(service, Call(path.format(year=year)))
    newest = _newest(year, lambda y: _there(service, path.format(year=y), client))
    return knocked, f"TIGER/Line {newest}"


def _overpass(service: Service, year: int, client: Client, key: Key | None) -> tuple[Knock, str]:
    knocked = client.knock(service, Call("/status"))
    expect.refuse_html(knocked.head, service.title)
    said = knocked.head.decode("utf-8", "replace")
    free = next((line.strip() for line in said.splitlines() if "available" in line), "")
    return knocked, free


def _mrlc(service: Service, year: int, client: Client, key: Key | None) -> tuple[Knock, str]:
    layer = next(iter(service.options["layers"].values()))
    call = Call(
        "/" + str(service.options["path"]).format(layer=layer),
        [("service", "WCS"), ("version", "1.0.0"), ("request", "DescribeCoverage"), ("coverage", layer)],
    )
    knocked = client.knock(service, call)
    expect.refuse_html(knocked.head, service.title)
    if b"ServiceException" in knocked.head:
        raise SourceError(
            f"{service.title}: there is no layer {layer} any more ({expect.message_of(knocked.head)}).",
            remedy=f"see {service.page} for its new name, and put it into catalogue/services.yml.",
            kind="missing",
            service=service.id,
        )
    years = [int(found) for found in _TIME.findall(knocked.head)]
    return knocked, f"years up to {max(years)}" if years else ""


def _catalogue(service: Service, year: int, client: Client, key: Key | None) -> tuple[Knock, str]:
    knocked = client.knock(service, Call("/" + str(service.options["catalogue"])))
    expect.refuse_html(knocked.head, service.title)
    return knocked, _modified(knocked)


def _landsat(service: Service, year: int, client: Client, key: Key | None) -> tuple[Knock, str]:
    return client.knock(service, Call(f"/stac/v1/collections/{service.options['collection']}")), ""


def _any(service: Service, year: int, client: Client, key: Key | None) -> tuple[Knock, str]:
    """A service of plain files: its root may list nothing, which is an answer all the same."""
    try:
        knocked = client.knock(service, Call("/"))
    except SourceError as failure:
        if failure.kind != "missing":
            raise
        return Knock(0, 0.0, {}, b""), ""
    return knocked, _modified(knocked)


def _modified(knocked: Knock) -> str:
    told = knocked.headers.get("Last-Modified", "")
    return f"of {told}" if told else ""


def _newest(year: int, there: Callable[[int], bool]) -> int:
    """The newest of a year, which is known to be there, and the two after it."""
    return max([year, *(y for y in (year + 1, year + 2) if there(y))])


def _there(service: Service, path: str, client: Client) -> bool:
    """Whether a path is there; trouble other than 404 is told, not taken for an answer."""
    try:
        client.knock(service, Call(path))
    except SourceError as failure:
        if failure.kind == "missing":
            return False
        raise
    return True


_Asker = Callable[[Service, int, Client, Key | None], tuple[Knock, str]]
_PROBES: Mapping[str, _Asker] = {
    "census_api": _census_api,
    "census_files": _census_files,
    "overpass": _overpass,
    "mrlc": _mrlc,
    "mobility_database": _catalogue,
    "landsat": _landsat,
}
