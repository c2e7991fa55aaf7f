"""Downloadable tables and designations, each as its row in ``catalogue/datasets.yml`` says: files, archives, services.

A file is looked through before it is recorded: the columns that will be read have to be in it, with rows below them,
and its last line has to be whole. What a table means is not this module's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from justgeo.core.errors import ConfigError, LayerError, SourceError
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.core.words import suggestion
from justgeo.sources._dataset_files import glance, json_rows
from justgeo.sources._dataset_form import Reading
from justgeo.sources.live import arcgis, expect, socrata
from justgeo.sources.live import dataset_parts as parts
from justgeo.sources.live.ask import Ask, Tools
from justgeo.sources.live.http import Call
from justgeo.sources.live.records import Question, Record, Told

KINDS = ("file", "archive", "arcgis", "socrata", "own")
PER = ("nation", "state", "county", "window")


def dataset_asks(chosen: Mapping[str, Service], counties: Sequence[str], area: Area) -> list[Ask]:
    """What is to be fetched of some tables for some counties.

    Parameters
    ----------
    chosen : mapping of str to Service
        Rows of ``catalogue/datasets.yml``, with the planner's addresses where there are any.
    counties : sequence of str
        Five digits each, as today's files of the Bureau have them. Where none is known, only what comes for the whole
        nation can be asked for; the rest has to wait.
    area : Area
        Its window is asked of services that are asked so.

    Returns
    -------
    list of Ask
        In the order of ``chosen``; each gives ``data:<id>``.

    Raises
    ------
    ConfigError
        A row is not understood, or nobody publishes such a table.
    """
    asks: list[Ask] = []
    for service in chosen.values():
        kind, name = _word(service, "kind", KINDS), parts.layer_name(service)
        if kind == "own":
            way = str(service.options.get("by_hand", "")) or f'name a file: [layers."{name}"].'
            raise ConfigError(
                f"{service.title} cannot be fetched: {service.asks}.",
                remedy=f"take {service.id!r} out of fetch.tables, and {way}",
            )
        per = _word(service, "per", PER)
        if per != "nation" and not counties:
            continue
        known = parts.counties_for(service, counties)
        if kind == "arcgis":
            box = [float(edge) for edge in area.window.bounds] if per == "window" else None
            asks.append(arcgis.layer_ask(service, known if per == "county" else (), box))
        elif kind == "socrata":
            asks.append(socrata.table_ask(service, known))
        else:
            asks += _files(service, per, known, kind == "archive")
    return asks


def own_file(spec: LayerSpec, service: Service, counties: Sequence[str]) -> LayerSpec:
    """A planner's own file of a table that the catalogue knows, read as the catalogue says.

    Parameters
    ----------
    spec : LayerSpec
        What the planner declared: ``[layers."data:chas"]``. Its own words go before the catalogue's.
    service : Service
        The row of the catalogue.
    counties : sequence of str
        Whose areas are to be read of it, where the planner names no ``prefix``.

    Returns
    -------
    LayerSpec
        With ``reading``, ``prefix`` and the terms of the source.
    """
    options = {"reading": dict(service.options.get("reading", {})), **spec.options}
    known = parts.counties_for(service, counties)
    reading = parts.reading(service)
    # By them rows are picked; of points, those are told apart that are said to lie in these counties.
    if known and (reading.by_id or reading.place) and "prefix" not in options:
        options["prefix"] = list(known)
    years = _years(service)
    vintage = parts.filled(str(service.options.get("vintage", "")), service, year=years[-1])
    return replace(
        spec,
        options=options,
        source=spec.source or service.publisher,
        dataset=spec.dataset or service.title,
        vintage=spec.vintage or vintage,
        licence=spec.licence or service.licence,
        attribution=spec.attribution or service.attribution,
        url=spec.url or service.page,
    )


def _word(service: Service, key: str, known: Sequence[str]) -> str:
    word = str(service.options.get(key, "nation" if key == "per" else ""))
    if word not in known:
        raise ConfigError(
            f"Table {service.id!r} of datasets.yml: {key} = {word!r} is not understood.", remedy=suggestion(word, known)
        )
    return word


def _years(service: Service) -> tuple[int | None, ...]:
    """Years that come in files of their own; one ``None`` where the file has no year."""
    told = service.options.get("years", service.options.get("year"))
    return (
        tuple(int(year) for year in told) if isinstance(told, list | tuple) else (None if told is None else int(told),)
    )


def _files(service: Service, per: str, counties: Sequence[str], archive: bool) -> list[Ask]:
    """Asks for files: one for the nation, or one a state or county, and one a year where there are several."""
    states: dict[str, list[str]] = {}
    for county in counties:
        states.setdefault(county[:2], []).append(county)
    places: list[tuple[str, str, Sequence[str]]] = [("", "", counties)]
    if per == "state":
        places = [(state, "", members) for state, members in states.items()]
    elif per == "county":
        places = [(county[:2], county, [county]) for county in counties]
    return [
        _file(service, state, county, members, year, archive)
        for year in _years(service)
        for state, county, members in places
    ]


def _file(service: Service, state: str, county: str, members: Sequence[str], year: int | None, archive: bool) -> Ask:
    year, notes = _instead(service, state, year)
    template = str(service.options["path"])
    path = "/" + parts.filled(template, service, state=state, county=county, year=year).strip("/")
    where = f", county {county}" if county else f", state {state}" if state else ""
    label = f"{service.id}{f' {year}' if year is not None else ''}{where}"
    asked = {"path": template, "year": year, "state": state, "county": county}
    vintage = parts.filled(str(service.options.get("vintage", "")), service, state=state, year=year)
    return Ask(
        question=Question(label, service.id, asked),
        gives=(parts.layer_name(service),),
        fetch=partial(_fetch, service, label, path, vintage, notes, archive),
        specs=partial(_specs, service, tuple(members)),
        megabytes=service.options.get("megabytes"),
        where=(service.urls[0] if service.urls else "") + path,
    )


def _instead(service: Service, state: str, year: int | None) -> tuple[int | None, tuple[str, ...]]:
    """The year to take for a state that has no table of the usual one, and a note that says so."""
    for gap in service.options.get("gaps", ()):
        if state in gap["states"]:
            note = f"State {state}: of {gap['year']}, not {year} ({gap['why']})."
            return int(gap["year"]), (note,)
    return year, ()


def _specs(
    service: Service, counties: tuple[str, ...], record: Record, others: Mapping[str, Record]
) -> Mapping[str, LayerSpec]:
    return parts.specs(service, record, record.path(), counties)


def _fetch(
    service: Service,
    label: str,
    path: str,
    vintage: str,
    notes: tuple[str, ...],
    archive: bool,
    folder: Path,
    tools: Tools,
) -> Told:
    def progress(done: int, whole: int | None) -> None:
        tools.progress(label, done, whole)

    name = PurePosixPath(str(service.options.get("file", path))).name
    check = _checking(parts.reading(service), service, archive)
    try:
        got = tools.client.download(service, Call(path), folder / name, check=check, progress=progress)
    except SourceError as error:
        raise parts.advised(error, service) from error
    return parts.told(service, got.url, got.retrieved, vintage, notes=notes)


# What a file has to look like ---------------------------------------------------------------------


def _checking(reading: Reading, service: Service, archive: bool) -> Callable[[Path, str], None]:
    """A check of a file by what will be read of it."""

    def check(path: Path, where: str) -> None:
        expect.any_bytes(path, where)
        if archive and reading.form == "vector":
            expect.a_shapefile(path, where)
        elif archive:
            expect.a_zip(path, where)
        try:
            if reading.form == "csv":
                _a_text(path, reading, service, where)
            elif reading.form == "geojson":
                _some_features(path, reading, service, where)
        except SourceError:
            raise
        except LayerError as error:  # the reader's own words: what it could not read is not kept
            raise SourceError(error.message, remedy=_remedy(service)) from error

    return check


def _a_text(path: Path, reading: Reading, service: Service, where: str) -> None:
    members = {reading.member: [*reading.needs()]}
    for one in reading.counted:
        members.setdefault(one.member, []).extend([one.key, *one.where])
    for member, columns in members.items():
        seen = glance(path, reading, where, member)
        _require(columns, seen.names, service, f"{where}, {member}" if member else where)
        if not seen.rows:
            raise SourceError(f"{where}: the table has a header and no rows.", remedy=_remedy(service), kind="partial")
        if not seen.whole:
            raise SourceError(f"{where}: the last line breaks off.", remedy=_remedy(service), kind="partial")


def _some_features(path: Path, reading: Reading, service: Service, where: str) -> None:
    rows = json_rows(path, reading.form, where)
    if not rows:
        raise SourceError(f"{where}: it holds no features.", remedy=_remedy(service), kind="partial")
    names: set[Any] = set().union(*(row["properties"] or {} for row in rows))
    _require(reading.needs(), [str(name) for name in names], service, where)


def _require(columns: Sequence[str], names: Sequence[str], service: Service, where: str) -> None:
    """Refuse a table without the columns that will be read: another try brings the same, a mirror may not."""
    for column in columns:
        if column not in names:
            raise SourceError(
                f"{where}: the table has no column {column!r} (any more).",
                remedy=f"{suggestion(column, names)} Then mend its row in datasets.yml. See {service.page}.",
                kind="missing",
            )


def _remedy(service: Service) -> str:
    return f"fetch again; if it stays so, see {service.page} whether the table has moved or changed."
