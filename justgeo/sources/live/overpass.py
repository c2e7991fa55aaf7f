"""OpenStreetMap by Overpass, for one district: osmnx words the questions, this puts them and keeps the answers.

osmnx knows how to ask (it cuts large areas, writes the query language); what it makes of the answers is not used, since
one reader reads both these and extracts (``overpass_answers.py``). Nor is its transport: it repeats 429 and 504 without
an end, and takes an answer with a ``remark``, a part of the data, for the whole.

All questions of one recording go to one server, one after the other, and no other recording of this process asks
meanwhile; where one question fails, all are put to the next mirror.
"""

from __future__ import annotations

import gzip
import json
import logging
import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import _overpass
from justgeo.sources.collect import OSM_LAYERS as LAYERS
from justgeo.sources.live import expect
from justgeo.sources.live.ask import Ask, Tools, declared
from justgeo.sources.live.http import JSON_BYTES, Call, Got
from justgeo.sources.live.records import Question, Record, Told
from justgeo.sources.live.redact import without_user
from justgeo.sources.overpass_answers import FEATURE_TAGS, WAY_FILTER

log = logging.getLogger(__name__)

LABEL = "OpenStreetMap, district and halo"
_OTHER_SERVER = 'fetch again, or name another server: [services] overpass = "https://..."'

_DIGITS = 6  # degrees, 0.1 m: as osmnx writes them
_TRIES = 2  # at one server, where its data change while it answers
_PATIENCE_S = 30.0  # beyond the time that the server may work
_WORDS = threading.Lock()  # osmnx keeps its settings in its module
_STREAM = threading.Lock()  # the public servers refuse those who ask several things at once
_SENDS = "_overpass_request"  # the one function of osmnx by which it asks Overpass


@dataclass(frozen=True)
class _Asked:
    """What to ask, in Overpass QL; the first ``streets`` questions are of streets."""

    queries: tuple[str, ...]
    streets: int


def overpass_ask(service: Service, area: Area) -> Ask:
    """Everything that justgeo reads of OpenStreetMap, for the district and its halo.

    Parameters
    ----------
    service : Service
        ``options``: ``timeout_s``, seconds that the server may work on one question; ``busy_pause_s``, what it wants to
        be left alone for when it is busy.
    area : Area
    """
    polygon = shapely.set_precision(area.halo, 10**-_DIGITS)
    asked = {
        "polygon": shapely.to_wkb(polygon, hex=True),
        "ways": WAY_FILTER,
        "tags": FEATURE_TAGS,
        "timeout_s": service.options["timeout_s"],
    }

    def fetch(folder: Path, tools: Tools) -> Told:
        return _fetch(folder, tools, tools.services[service.id], polygon)

    def specs(record: Record, others: Mapping[str, Record]) -> dict[str, LayerSpec]:
        options = {"covers": json.loads(shapely.to_geojson(polygon)), "answers": len(record.files)}
        return {"osm": declared(record, "osm", record.folder, options)}

    question = Question(LABEL, service.id, asked)
    return Ask(question, LAYERS, fetch, specs, _megabytes(area), without_user(next(iter(service.urls), "")))


def _megabytes(area: Area) -> float:
    """A guess: 0.5 MB a square kilometre. West Oakland's 4,400 nodes on 4.7 km² make some 0.15; pavements add to it."""
    west, south, east, north = area.halo.bounds
    km2 = (east - west) * (north - south) * 111.2**2 * math.cos(math.radians((south + north) / 2))
    return max(1.0, round(0.5 * km2, 0))


def _fetch(folder: Path, tools: Tools, service: Service, polygon: BaseGeometry) -> Told:
    asked = _questions(polygon, int(service.options["timeout_s"]))
    failures: list[SourceError] = []
    with _STREAM:
        for address in service.urls:
            one = replace(service, urls=(address,))
            for _ in range(_TRIES):
                try:
                    return _from(folder, tools, one, asked)
                except SourceError as failure:
                    if failure.kind in ("disk", "limit", "key"):
                        raise
                    log.info("%s", failure)
                    last = failure
                if last.kind != "changed":
                    break
            failures.append(last)
    raise _none(failures, service)


def _none(failures: list[SourceError], service: Service) -> SourceError:
    """The last server's failure, after what those before it said."""
    if not failures:
        return SourceError(f"{service.title} has no address.", remedy="name one under [services].", kind="refused")
    last = failures[-1]
    if len(failures) == 1:
        return last
    said = " ".join(failure.message for failure in failures)
    message = f"None of {len(failures)} servers of Overpass gave a whole answer. {said}"
    return SourceError(message, remedy=last.remedy, kind=last.kind)


def _from(folder: Path, tools: Tools, service: Service, asked: _Asked) -> Told:
    """All answers of one server, which have to fit one another; those of another one before are written over."""
    got: list[Got] = []
    for number, query in enumerate(asked.queries, start=1):
        got.append(_answer(folder / f"answer-{number:02d}.json", tools, service, query, sum(one.size for one in got)))
    answers = [(path.name, _overpass.load(path)) for path in _overpass.files(folder)]
    if not any(answer["elements"] for _, answer in answers[: asked.streets]):
        _overpass.refuse_empty(f"{service.title} ({got[0].url}) knows of no street in the district or around it")
    merged = _overpass.merge(answers)
    return Told(
        source="OpenStreetMap",
        dataset="answers of the Overpass API",
        vintage=f"{merged.oldest:%Y-%m-%d}",
        licence=service.licence,
        attribution=service.attribution,
        url="https://www.openstreetmap.org/copyright",
        retrieved=got[0].retrieved,
        more={"server": got[0].url, "data_of": f"{merged.oldest:%Y-%m-%dT%H:%M:%SZ}", "answers": len(got)},
    )


def _answer(path: Path, tools: Tools, service: Service, query: str, before: int) -> Got:
    """Put one question and keep the answer as it came, packed; ``before`` are the bytes of those before it."""
    patience = float(service.options["timeout_s"]) + _PATIENCE_S
    got = tools.client.download(
        service,
        Call("/interpreter", form={"data": query}, patience_s=patience, most_bytes=JSON_BYTES),
        path,
        check=_whole,
        progress=lambda done, _: tools.progress(LABEL, before + done, None),
    )
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    path.unlink()
    return got


def _whole(path: Path, where: str) -> None:
    """An answer that says nothing against itself; a ``remark`` means that it is a part."""
    answer = expect.parsed(path.read_bytes(), where)
    if not isinstance(answer, Mapping):
        raise SourceError(f"{where}: what came is no answer of Overpass.", remedy=_OTHER_SERVER)
    _overpass.time_of(where, answer)


# -- osmnx --------------------------------------------------------------------------------------------------------


def _questions(polygon: BaseGeometry, timeout_s: int) -> _Asked:
    """What osmnx would ask, without asking: it is handed nothing, and stops.

    Raises
    ------
    SourceError
        This version of osmnx asks in another way.
    """
    import osmnx as ox

    put: list[str] = []

    def send(data: Mapping[str, str]) -> dict[str, Any]:
        put.append(data["data"])
        return {"elements": []}

    with _WORDS, _osmnx(send, timeout_s):
        _stopped(ox.graph_from_polygon, polygon, custom_filter=WAY_FILTER, retain_all=True, simplify=False)
        streets = len(put)
        _stopped(ox.features_from_polygon, polygon, FEATURE_TAGS)
    if not 0 < streets < len(put):
        raise _strange(f"it worded {streets} questions of streets and {len(put) - streets} of the rest")
    return _Asked(tuple(put), streets)


def _stopped(ask: Any, *args: Any, **options: Any) -> None:
    """Let osmnx word its questions; with ``cache_only_mode`` it ends by an interrupt, and makes nothing of anything."""
    try:
        ask(*args, **options)
    except InterruptedError:
        return
    raise _strange("it did not stop when it had asked")


@contextmanager
def _osmnx(send: Any, timeout_s: int) -> Iterator[None]:
    """osmnx with a way to send of ours, and the settings that word a question; afterwards all is as it was."""
    import osmnx as ox
    from osmnx import _overpass as door

    ours = {
        "cache_only_mode": True,
        "requests_timeout": timeout_s,
        "overpass_memory": None,
        "overpass_settings": "[out:json][timeout:{timeout}]{maxsize}",
    }
    if not hasattr(door, _SENDS) or not all(hasattr(ox.settings, name) for name in ours):
        raise _strange("it has other ways")
    sends, kept = getattr(door, _SENDS), {name: getattr(ox.settings, name) for name in ours}
    try:
        setattr(door, _SENDS, send)
        for name, value in ours.items():
            setattr(ox.settings, name, value)
        yield
    finally:
        setattr(door, _SENDS, sends)
        for name, value in kept.items():
            setattr(ox.settings, name, value)


def _strange(why: str) -> SourceError:
    import osmnx as ox

    return SourceError(
        f"osmnx {ox.__version__} does not ask Overpass as justgeo knows it: {why}.",
        remedy='install the osmnx that constraints.txt names, or take an extract: [fetch] osm = "geofabrik".',
        kind="damaged",
    )
