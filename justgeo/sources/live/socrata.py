"""Tables of Socrata's open data API (SODA), in pages.

An answer has 1,000 rows unless more are asked for, and says nothing of the rest; the order of pages is not kept unless
one is asked for. So the rows are counted first, an order is asked for, and what does not add up is an error.

References
----------
https://dev.socrata.com/docs/paging.html, https://dev.socrata.com/docs/queries/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from justgeo.core.errors import ConfigError, SourceError
from justgeo.core.service import Service
from justgeo.sources.live import dataset_parts as parts
from justgeo.sources.live import expect
from justgeo.sources.live.ask import Ask, Tools
from justgeo.sources.live.http import JSON_BYTES, Call, Got
from justgeo.sources.live.records import Question, Record, Told

_MOST_DIGITS = 18
MOST_ROWS = 2_000_000
"""More than this is no neighbourhood's table."""

_PAGE = 20_000
_FIRST = "page-001.json"
_AGAIN = "fetch again; what is recorded already is not fetched twice."


def table_ask(service: Service, counties: Sequence[str]) -> Ask:
    """The rows of some counties.

    Parameters
    ----------
    service : Service
        ``options``: ``path`` (``resource/cwsq-ngmh.json``), ``where``, ``order`` (columns that tell every row from
        every other), ``page``, ``vintage`` or ``vintage_from`` (a column), ``reading``.
    counties : sequence of str
        As the table knows them.

    Returns
    -------
    Ask
        A record of ``page-001.json`` and so on, as they came.

    Raises
    ------
    ConfigError
        No order is told.
    """
    order = [name.strip() for name in str(service.options.get("order", "")).split(",") if name.strip()]
    if not order:
        raise ConfigError(
            f"{service.title}: pages without an order cannot be joined.",
            remedy="name in its options the columns that tell every row from every other: order: locationid,measureid",
        )
    fields = list(dict.fromkeys([*parts.reading(service).needs(), *order, *_vintage(service)]))
    asked: dict[str, Any] = {
        "path": service.options["path"],
        "where": parts.condition(service, counties),
        "fields": fields,
        "order": order,
    }
    path = "/" + str(service.options["path"]).strip("/")
    return Ask(
        question=Question(service.id, service.id, asked),
        gives=(parts.layer_name(service),),
        fetch=partial(_fetch, service, path, asked),
        specs=partial(_specs, service, tuple(counties)),
        megabytes=service.options.get("megabytes"),
        where=(service.urls[0] if service.urls else "") + path,
    )


def _vintage(service: Service) -> list[str]:
    return [str(service.options["vintage_from"])] if service.options.get("vintage_from") else []


def _specs(
    service: Service, counties: tuple[str, ...], record: Record, others: Mapping[str, Record]
) -> Mapping[str, Any]:
    pages = sorted(name for name in record.files if name != _FIRST)
    more: dict[str, object] = {"parts": pages} if pages else {}
    return parts.specs(service, record, record.path(_FIRST), counties, **more)


def _fetch(service: Service, path: str, asked: Mapping[str, Any], folder: Path, tools: Tools) -> Told:
    try:
        return _pages(service, path, asked, folder, tools)
    except SourceError as error:
        raise parts.advised(error, service) from error


def _pages(service: Service, path: str, asked: Mapping[str, Any], folder: Path, tools: Tools) -> Told:
    size = int(service.options.get("page", _PAGE))
    query = [("$where", str(asked["where"]))] if asked["where"] else []
    order = list(asked["order"])

    def count() -> int:
        into = folder / ".count.json"
        try:
            _get(tools, service, path, [("$select", "count(*)"), *query], into, _counted)
            return int(next(iter(_read(into)[0].values())))
        finally:
            into.unlink(missing_ok=True)

    whole = count()
    if whole > MOST_ROWS:
        raise _wrong(service, f"{whole:,} rows fit the question, more than are believed", "limit")
    seen: set[tuple[str, ...]] = set()
    rows: list[Mapping[str, Any]] = []
    page, got = 0, None
    while page == 0 or len(rows) < whole:
        page += 1
        params = [
            ("$select", ",".join(asked["fields"])),
            *query,
            ("$order", ",".join(order)),
            ("$limit", str(size)),
            ("$offset", str(len(rows))),
        ]
        got = _get(tools, service, path, params, folder / f"page-{page:03d}.json", _listed)
        found = _read(got.path)
        keys = [tuple(str(row.get(name, "")) for name in order) for row in found]
        if len(set(keys)) != len(keys) or not seen.isdisjoint(keys):
            again = bool(keys) and keys[0] in seen
            what = "the service gives the same rows again" if again else f"rows have the same {', '.join(order)}"
            raise _wrong(service, what, "partial")
        seen.update(keys)
        rows += found
        tools.progress(service.id, len(rows), whole)
        if len(rows) > whole or (not found and len(rows) < whole):
            raise _wrong(service, f"{whole:,} rows were counted, but {len(rows):,} came", "partial")
    if page > 1 and count() != whole:
        raise _wrong(service, "the rows became other ones while they were fetched", "changed")
    assert got is not None
    vintage = parts.distinct(rows, str(service.options.get("vintage_from", "")))
    vintage = vintage or parts.filled(str(service.options.get("vintage", "")), service)
    return parts.told(service, got.url, got.retrieved, vintage, rows=whole, pages=page)


def _get(
    tools: Tools,
    service: Service,
    path: str,
    params: list[tuple[str, str]],
    into: Path,
    check: Callable[[Any, str], None],
) -> Got:
    def checked(file: Path, where: str) -> None:
        document = expect.parsed(file.read_bytes(), where)
        if isinstance(document, dict) and ("message" in document or document.get("error")):
            said = " ".join(str(document.get("message", "no reason is given")).split())[:200]
            raise SourceError(
                f"{where}: the service did not take the question ({said}).",
                remedy=f"see {service.page} whether the table has changed.",
                kind="missing",
            )
        check(document, where)

    return tools.client.download(service, Call(path, params, most_bytes=JSON_BYTES), into, check=checked)


def _read(path: Path) -> Any:
    return expect.parsed(path.read_bytes(), path.name)


def _listed(document: Any, where: str) -> None:
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise SourceError(f"{where}: what came are no rows.", remedy=_AGAIN)


def _counted(document: Any, where: str) -> None:
    _listed(document, where)
    values = list(document[0].values()) if len(document) == 1 else []
    told = str(values[0]) if len(values) == 1 else ""
    if not (told.isascii() and told.isdigit() and len(told) <= _MOST_DIGITS):
        raise SourceError(f"{where}: it does not say how many rows there are.", remedy=_AGAIN)


def _wrong(service: Service, what: str, kind: str) -> SourceError:
    return SourceError(f"{service.title}: {what}.", remedy=_AGAIN, kind=kind, service=service.id)
