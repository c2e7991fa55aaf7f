"""Fetching ahead of a run: what would be fetched, and the fetching itself.

``planned`` asks nobody: it follows the stages as far as the records at hand allow. ``fetch`` brings what is not
recorded, goes on after a failure, and begins where the last call stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from justgeo import gathering as gatherings
from justgeo.catalogue import read as catalogue
from justgeo.collecting import read_config, start, survey, survey_tables, typology_tables
from justgeo.config import RunConfig
from justgeo.core.errors import ConfigError, JustgeoError, SourceError, StoreError
from justgeo.core.location import Location
from justgeo.gathering import Gathering
from justgeo.sources.live.ask import Ask, Tools

Progress = Callable[[str, int, int | None], None]
State = Literal["recorded", "stale", "to fetch", "damaged"]


@dataclass(frozen=True)
class Planned:
    """One thing that a run would fetch.

    Attributes
    ----------
    label : str
    gives : tuple of str
        Layers.
    service, where : str
        Title and address.
    megabytes : float or None
        As recorded, else as it usually is; None where nobody can say.
    state : str
        ``"stale"``: recorded for another question, for the boundary or the catalogue has changed since.
    """

    label: str
    gives: tuple[str, ...]
    service: str
    where: str
    megabytes: float | None
    state: State


@dataclass(frozen=True)
class Plan:
    """What is to be fetched, as far as it can be known.

    Attributes
    ----------
    things : tuple of Planned
    until : str
        What has to be fetched before the rest can be told; ``""`` where everything is told.
    """

    things: tuple[Planned, ...]
    until: str = ""


@dataclass(frozen=True)
class FetchReport:
    """What a fetch did.

    Attributes
    ----------
    name : str
        Of the district.
    folder : Path or str
        Of the records, or its URL.
    fetched, found : mapping of str to int
        Bytes by label: brought now, and recorded before.
    failures : mapping of str to SourceError
        By label.
    absent : mapping of str to str
        Layers that no service has for this place, with the reason.
    stopped : str
        Why the stages could not be gone through to the end; ``""`` where they were.
    """

    name: str
    folder: Location
    fetched: Mapping[str, int]
    found: Mapping[str, int]
    failures: Mapping[str, SourceError]
    absent: Mapping[str, str]
    stopped: str = ""


def planned(settings: RunConfig, records: Location | None = None) -> Plan:
    """What a run of a district would fetch, without asking anyone.

    Parameters
    ----------
    settings : RunConfig
    records : Path or str, optional
        In place of the folder that ``[fetch]`` names.
    """
    live = start(settings, records, offline=True)
    if live is None:
        return Plan(())
    until = _stages(settings, live)
    return Plan(tuple(_planned(ask, live) for ask in live.asks), until)


def fetch(
    path: Path, records: Location | None = None, progress: Progress | None = None, tools: Tools | None = None
) -> FetchReport:
    """Bring every layer that a district's file leaves to public services.

    Parameters
    ----------
    path : Path
        ``district.toml`` or its folder.
    records : Path or str, optional
        In place of the folder that ``[fetch]`` names.
    progress : callable, optional
        Takes a label, what is done of it and what there is in all.
    tools : Tools, optional
        To fetch with, in place of the usual ones.

    Raises
    ------
    ConfigError
        The file fetches nothing.
    JustgeoError
        The boundary cannot be measured.
    """
    settings = read_config(path)
    if settings.fetch is None:
        raise ConfigError(
            f"{settings.path.name} has no [fetch]: everything comes from files of yours.",
            remedy="add a table [fetch] to it, or go on to: justgeo run.",
        )
    live = start(settings, records, offline=False, tools=tools or gatherings.tools(settings, progress))
    assert live is not None
    stopped = _stages(settings, live)
    sizes = {ask.label: _size(ask, live) for ask in live.asks if ask.label not in live.failures}
    return FetchReport(
        settings.name,
        records or settings.fetch.records,
        {label: size for label, size in sizes.items() if label in live.fetched},
        {label: size for label, size in sizes.items() if label not in live.fetched},
        dict(live.failures),
        {name: why for name, why in live.settings.absent.items() if name not in settings.absent},
        stopped,
    )


def _stages(settings: RunConfig, live: Gathering) -> str:
    """Go through all stages; why that was not possible, or ``""``."""
    before = len(live.asks)
    try:
        site = survey(settings, live)
    except StoreError:
        raise  # of the records, not of the district
    except JustgeoError as error:
        # Without geography a district of GEOIDs has no outline. A boundary that is wrong is wrong before any asking.
        if len(live.asks) == before or not live.failures:
            raise
        return str(error)
    rows = catalogue.indicators()
    live.rest(site.area, survey_tables(rows), site.units.values(), survey_tables(rows, "t0"), typology_tables(rows))
    if live.failures and not live.counties and live.settings.fetch is not None and live.settings.fetch.census:
        return _later(live)
    return ""


def _later(live: Gathering) -> str:
    """What follows once the counties are known; the sizes are those of a state as states usually are."""
    from justgeo.sources.live import tiger

    settings, some_county = live.settings, "01001"
    files = gatherings.services(settings)["census_files"]
    wanted = [name for name in ("tracts", "block_groups", "blocks") if name not in settings.layers]
    size = sum(ask.megabytes or 0 for ask in tiger.geometry_asks(files, settings.acs_year, [some_county], wanted))
    parts = []
    if wanted:
        parts.append(f"{', '.join(name.replace('_', ' ') for name in wanted)} of its state (usually {size:,.0f} MB)")
    if "acs" not in settings.layers:
        parts.append(f"{len(survey_tables(catalogue.indicators()))} survey tables")
    grids = [name for name in settings.fetch.grids if name not in settings.layers] if settings.fetch is not None else []
    parts += [name.replace("_", " ") for name in grids]
    return f"Then, once it is known which county the district lies in: {', '.join(parts)}."


def _planned(ask: Ask, live: Gathering) -> Planned:
    service = gatherings.services(live.settings).get(ask.question.service)
    state: State = "to fetch"
    size = ask.megabytes
    failure = live.failures.get(ask.label)
    if failure is None:
        state, size = "recorded", _size(ask, live) / 1e6
    elif failure.kind == "damaged":
        state = "damaged"
    elif live.records.stale(ask.question):
        state = "stale"
    # A file at an address that the planner names belongs to no service of the catalogue.
    title = service.title if service is not None else "your own addresses"
    where = ask.where or (service.urls[0] if service is not None else "")
    return Planned(ask.label, ask.gives, title, where, size, state)


def _size(ask: Ask, live: Gathering) -> int:
    record = live.records.find(ask.question)
    return 0 if record is None else record.size
