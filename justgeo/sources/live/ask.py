"""Asking: one thing to fetch, the tools to fetch it with, and the bringing of many.

What is recorded is not asked for again. A service that does not answer, or that does not take the key, is not asked
again in the same round either: thirty tables with a wrong key are one question.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from justgeo.core.errors import LayerError, SourceError
from justgeo.core.service import Service
from justgeo.core.spec import LayerSpec
from justgeo.sources.live.http import Client
from justgeo.sources.live.keys import Key, need_census_key
from justgeo.sources.live.records import Question, Record, Records, Told

log = logging.getLogger(__name__)

Specs = Callable[[Record, Mapping[str, Record]], Mapping[str, LayerSpec]]
Progress = Callable[[str, int, int | None], None]

FOR_ALL = ("key", "refused", "tls", "timeout")
"""Kinds of failure that the next question to the same service would meet too."""


@dataclass(frozen=True)
class Tools:
    """What a door works with.

    Attributes
    ----------
    client : Client
    services : mapping of str to Service
        By id, the planner's own addresses already in them.
    provider : str
        Of Census tables: ``"auto"``, ``"censusdis"``, ``"direct"``.
    progress : callable
        Takes a label, what is done so far and what there is in all (bytes, or pieces), None where that is not known.
    """

    client: Client
    services: Mapping[str, Service]
    provider: str = "auto"
    progress: Progress = field(default=lambda label, done, whole: None)
    key: Callable[[], Key] = need_census_key


@dataclass(frozen=True)
class Ask:
    """One thing to fetch.

    Attributes
    ----------
    question : Question
    gives : tuple of str
        Names of layers, as ``district.toml`` has them (``tracts``, ``acs``, ``osm``, ``tree_canopy``).
    megabytes : float or None
        What usually comes, for the plan; None where nobody can say.
    fetch : callable
        Takes an empty folder and the tools, writes files into it, and tells of them. Raises ``SourceError``.
    specs : callable
        Takes the record and all records by label, gives the declarations by which the readers read it.
    where : str
        The address as a plan shows it, without parameters.
    """

    question: Question
    gives: tuple[str, ...]
    fetch: Callable[[Path, Tools], Told]
    specs: Specs
    megabytes: float | None = None
    where: str = ""

    @property
    def label(self) -> str:
        """That of the question."""
        return self.question.label


@dataclass(frozen=True)
class Brought:
    """What is at hand after asking.

    Attributes
    ----------
    specs : mapping of str to LayerSpec
        Declarations of all that is recorded.
    records : mapping of str to Record
        By label.
    failures : mapping of str to SourceError
        By label, what could not be brought.
    fetched : tuple of str
        Labels that were fetched now.
    missing : mapping of str to str
        By layer, why it is not there.
    """

    specs: Mapping[str, LayerSpec]
    records: Mapping[str, Record]
    failures: Mapping[str, SourceError]
    fetched: tuple[str, ...]
    missing: Mapping[str, str]


def bring(asks: Sequence[Ask], records: Records, tools: Tools | None) -> Brought:
    """Find each record, fetch what is not there, and say what could not be had.

    One failure does not keep the rest from being fetched: what is recorded stays, and the next call goes on from there.
    A damaged record is fetched anew, and the log says so.

    Parameters
    ----------
    asks : sequence of Ask
    records : Records
    tools : Tools or None
        None: records alone; nothing is fetched, and a damaged record is a failure. Progress is told of each thing with
        its number where there are several: ``"acs B25003@2024 (3 of 40)"``.

    Returns
    -------
    Brought

    Raises
    ------
    ConfigError
        A door cannot do what ``district.toml`` asks of it.
    """
    found: dict[str, Record] = {}
    failures: dict[str, SourceError] = {}
    ahead = [ask for ask in asks if not _found(ask, records, tools, found, failures)]
    fetched: list[str] = []
    closed: dict[tuple[str, str], SourceError] = {}
    for number, ask in enumerate(ahead, start=1):
        title = ask.label if len(ahead) == 1 else f"{ask.label} ({number} of {len(ahead)})"
        try:
            found[ask.label] = _fetched(ask, records, tools, closed, title)
            fetched.append(ask.label)
        except SourceError as failure:
            log.info("%s", failure)
            failures[ask.label] = failure
    missing = _missing(asks, failures)
    specs = {name: spec for name, spec in _specs(asks, found).items() if name not in missing}
    return Brought(specs, found, failures, tuple(fetched), missing)


def fetch(ask: Ask, records: Records, tools: Tools | None) -> Record:
    """Fetch one thing and record it; what stands damaged in its place is replaced.

    Raises
    ------
    SourceError
        ``offline`` where there are no tools: it says whether an older record is there that answers another question.
    ConfigError
        The door cannot do what ``district.toml`` asks of it.
    """
    if tools is None:
        raise _not_recorded(ask, records)
    with records.room(ask.question) as folder:
        try:
            told = ask.fetch(folder, tools)
        except SourceError as failure:
            failure.service = failure.service or ask.question.service
            raise
        except LayerError as error:  # what came is not what a reader can read
            raise SourceError(error.message, remedy=error.remedy, service=ask.question.service) from error
        except OSError as error:
            raise SourceError(
                f"{ask.label} cannot be written down ({error.strerror or error}).",
                remedy="see that the folder of records may be written to and that the disk has room.",
                kind="disk",
                service=ask.question.service,
            ) from error
        return records.keep(ask.question, folder, told)


def _found(
    ask: Ask,
    records: Records,
    tools: Tools | None,
    found: dict[str, Record],
    failures: dict[str, SourceError],
) -> bool:
    """Whether nothing is to be fetched: it is recorded, or what is recorded cannot be read."""
    try:
        record = records.find(ask.question)
    except SourceError as failure:
        if failure.kind == "damaged" and tools is not None:
            log.warning("%s It is fetched again.", failure.message)
            return False
        failures[ask.label] = failure
        return True
    if record is not None:
        found[ask.label] = record
    return record is not None


def _fetched(
    ask: Ask, records: Records, tools: Tools | None, closed: dict[tuple[str, str], SourceError], title: str
) -> Record:
    """Fetch one thing, unless its service is known by now to answer nobody."""
    door = (ask.question.service, urlsplit(ask.where).netloc)
    if door in closed:
        known = closed[door]
        raise SourceError(known.message, remedy=known.remedy, kind=known.kind, service=known.service)
    if tools is not None:
        tell = tools.progress
        tell(title, 0, None)
        tools = replace(tools, progress=lambda _, done, whole: tell(title, done, whole))
    try:
        return fetch(ask, records, tools)
    except SourceError as failure:
        if failure.kind in FOR_ALL:
            closed[door] = failure
        raise


def _not_recorded(ask: Ask, records: Records) -> SourceError:
    older = records.stale(ask.question)
    if older:
        when = older[0].told.retrieved[:10]
        why = f"{ask.label} was recorded on {when} for another question (the boundary or the catalogue has changed)"
    else:
        why = f"{ask.label} is not recorded"
    return SourceError(f"{why}.", remedy="fetch it while online: justgeo fetch.", kind="offline")


def _specs(asks: Sequence[Ask], found: Mapping[str, Record]) -> dict[str, LayerSpec]:
    specs: dict[str, LayerSpec] = {}
    for ask in asks:
        if ask.label in found:
            for name, spec in ask.specs(found[ask.label], found).items():
                specs[name] = merged(specs[name], spec) if name in specs else spec
    return specs


def merged(one: LayerSpec, other: LayerSpec) -> LayerSpec:
    """Two declarations of one layer: files of several states, tables of several records.

    Mappings and the lists that grow are united, files of other paths become ``parts``. The oldest date stands for both,
    the terms and the notices of both hold, and what is invented or modelled in one is so in the whole.

    Raises
    ------
    ValueError
        An option is told in two ways: the two are no parts of one layer.
    """
    options = {**one.options, **_united(one.name, one.options, other.options)}
    if one.path != other.path and "files" not in options:
        parts = [*one.options.get("parts", ()), str(other.path), *other.options.get("parts", ())]
        options["parts"] = [part for part in dict.fromkeys(parts) if part != str(one.path)]
    return replace(
        one,
        options=options,
        source=_both(one.source, other.source),
        dataset=_both(one.dataset, other.dataset),
        vintage=_both(one.vintage, other.vintage),
        retrieved=min(filter(None, (one.retrieved, other.retrieved)), default=""),
        licence=_both(one.licence, other.licence),
        attribution=_both(one.attribution, other.attribution),
        url=_both(one.url, other.url),
        synthetic=one.synthetic or other.synthetic,
        modelled=one.modelled or other.modelled,
        notes=tuple(dict.fromkeys([*one.notes, *other.notes])),
    )


def _united(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the other part, each with what the first part has of it."""
    options: dict[str, Any] = {}
    for key, value in other.items():
        before = one.get(key, value)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            options[key] = {**before, **_united(f"{name}, {key}", before, value)}
        elif key in _GROWING and isinstance(before, list | tuple) and isinstance(value, list | tuple):
            options[key] = [*before, *(piece for piece in value if piece not in before)]
        elif before != value:
            raise ValueError(f"{name}: {key} is {before!r} in one part and {value!r} in another")
        else:
            options[key] = value
    return options


def _both(one: str, other: str) -> str:
    return "; ".join(dict.fromkeys(filter(None, (one, other))))


_GROWING = ("prefix", "join", "feeds", "parts")


def _missing(asks: Sequence[Ask], failures: Mapping[str, SourceError]) -> dict[str, str]:
    """Why layers are not there; a layer of several records is there only with all of them."""
    gone: dict[str, str] = {}
    for ask in asks:
        if ask.label in failures:
            for name in ask.gives:
                gone.setdefault(name, failures[ask.label].message)
    return gone


def declared(record: Record, name: str, path: Path, options: Mapping[str, object]) -> LayerSpec:
    """A layer of a record, with its provenance."""
    told = record.told
    return LayerSpec(
        name=name,
        path=path,
        options=dict(options),
        source=told.source,
        dataset=told.dataset,
        vintage=told.vintage,
        retrieved=told.retrieved[:10],
        licence=told.licence,
        attribution=told.attribution,
        url=told.url,
        synthetic=bool(told.more.get("synthetic", False)),
        modelled=bool(told.more.get("modelled", False)),
        notes=told.notes,
        fetched=True,
    )
