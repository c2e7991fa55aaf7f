"""What the doors of downloaded tables have in common: names of files by state, terms, and how each is declared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from justgeo.core.errors import ConfigError, SourceError
from justgeo.core.service import Service
from justgeo.core.spec import LayerSpec
from justgeo.core.words import suggestion
from justgeo.sources._dataset_form import Reading, reading_of
from justgeo.sources._states import state_of
from justgeo.sources.collect import DATA
from justgeo.sources.live.ask import declared
from justgeo.sources.live.census_counties import counties_in
from justgeo.sources.live.records import Record, Told

PLACES = ("{state}", "{usps}", "{USPS}", "{state_name}", "{StateName}", "{county}", "{year}")
"""What may stand in the path of a file: two digits, letters of the mail, the name, the name without blanks, ..."""

_PLACE = re.compile(r"\{[^{}]*\}")
_COUNTY = re.compile(r"[0-9]{5}")
_KINDS_BY_HAND = ("refused", "timeout", "busy", "missing", "damaged", "partial", "tls")


def layer_name(service: Service) -> str:
    """Name of the layer that a table gives: ``data:<id>``."""
    return DATA + service.id


def reading(service: Service) -> Reading:
    """How the table is read."""
    return reading_of({"reading": service.options.get("reading", {})}, f"Table {service.id!r} of datasets.yml")


def geography_of(vintage: int, tables: Iterable[Service]) -> list[str]:
    """Layers that draw the areas of some tables, of those whose areas are of one census: ``tracts``, ``block_groups``.

    Parameters
    ----------
    vintage : int
        2010 or 2020.
    tables : iterable of Service
    """
    layers = {"tract": "tracts", "block group": "block_groups"}
    readings = [one for one in map(reading, tables) if one.geography_vintage == vintage]
    return sorted({layers[one.geography] for one in readings if one.geography in layers})


def counties_for(service: Service, counties: Sequence[str]) -> tuple[str, ...]:
    """The counties by the codes that the table knows them by (``county_codes``: the year of these codes).

    Raises
    ------
    ConfigError
        One is no code of five digits.
    """
    wrong = next((county for county in counties if not _COUNTY.fullmatch(county)), None)
    if wrong is not None:
        raise ConfigError(
            f"{wrong!r} is no county.", remedy="give the state's two and the county's three digits: 51540."
        )
    return counties_in(counties, int(service.options.get("county_codes", 2020)))


def filled(template: str, service: Service, *, state: str = "", county: str = "", year: int | None = None) -> str:
    """A path, or a vintage, with its places filled in.

    Raises
    ------
    ConfigError
        There is a place that nothing fills.
    """
    values = {"{year}": "" if year is None else str(year), "{county}": county, "{state}": state}
    if state and any(place in template for place in PLACES[1:5]):
        found = state_of(state)
        values |= {"{usps}": found.letters.lower(), "{USPS}": found.letters, "{state_name}": found.name}
        values["{StateName}"] = found.name.replace(" ", "")
    text = template
    for place, value in values.items():
        text = text.replace(place, value) if value else text
    left = _PLACE.search(text)
    if left is not None:
        raise ConfigError(
            f"{service.title}: nothing fills {left[0]} in {template!r}.", remedy=suggestion(left[0], PLACES)
        )
    return text


def condition(service: Service, counties: Sequence[str]) -> str:
    """The condition by which a service is asked for some counties.

    ``{counties}`` in ``where`` becomes the list of all, each between quotes; ``{county}`` and ``{state}`` make one
    condition a county, joined by ``OR``.
    """
    template = str(service.options.get("where", ""))
    if "{counties}" in template:
        return template.replace("{counties}", ", ".join(f"'{county}'" for county in counties))
    if not any(place in template for place in ("{county}", "{state}")):
        return template
    each = [template.replace("{county}", county).replace("{state}", county[:2]) for county in counties]
    return each[0] if len(each) == 1 else " OR ".join(f"({one})" for one in each)


def told(
    service: Service, url: str, retrieved: str, vintage: str, *, notes: Sequence[str] = (), **more: object
) -> Told:
    """What is known of what came, in the words of the catalogue."""
    if reading(service).modelled:
        more["modelled"] = True
    return Told(
        source=service.publisher,
        dataset=service.title,
        vintage=vintage,
        licence=service.licence,
        attribution=service.attribution,
        url=url,
        retrieved=retrieved,
        notes=tuple(notes),
        more=more,
    )


def specs(
    service: Service, record: Record, path: Path, counties: Sequence[str], **more: object
) -> Mapping[str, LayerSpec]:
    """The declaration by which ``sources/datasets.py`` reads a record, in the words of today's catalogue."""
    name = layer_name(service)
    options: dict[str, Any] = {"reading": dict(service.options.get("reading", {})), **more}
    if counties:
        options["prefix"] = list(counties)
    return {name: declared(record, name, path, options)}


def advised(error: SourceError, service: Service) -> SourceError:
    """The failure, with the way by hand where there is one."""
    by_hand = str(service.options.get("by_hand", ""))
    if by_hand and error.kind in _KINDS_BY_HAND and by_hand not in error.remedy:
        error.remedy = f"{error.remedy} Or take it by hand: {by_hand}"
    error.service = error.service or service.id
    return error


def distinct(rows: Sequence[Mapping[str, Any]], column: str) -> str:
    """The values of a column, each once, as a vintage: what the rows themselves say of their time."""
    return ", ".join(sorted({str(row[column]).strip() for row in rows if row.get(column) not in (None, "")}))
