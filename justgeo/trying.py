"""A few figures of a place at once, in a notebook: measured as a run measures them, and nothing is written.

For looking before a whole run, and for trying a row before it goes into the catalogue. A file of own rows is held to
the same form and the same vocabulary as the catalogue's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path

from justgeo.catalogue import read as catalogue
from justgeo.core.errors import CatalogueError, ConfigError
from justgeo.core.location import Location
from justgeo.core.result import Indicator
from justgeo.core.words import suggestion
from justgeo.report import results as reports
from justgeo.results import Results
from justgeo.run import Progress, basemap, collect_layers, measure_place, read_config


def figures(
    path: str | PathLike[str],
    only: Iterable[str] = (),
    rows: str | PathLike[str] | None = None,
    *,
    progress: Progress | None = None,
    records: Location | None = None,
    offline: bool = False,
) -> Results:
    """Measure some rows of the catalogue, or rows of one's own, for a district.

    Parameters
    ----------
    path : path
        ``district.toml``, or its folder.
    only : iterable of str
        Ids of indicators (``BEL-02``), or of families of them (``WEL-04``); all by default, or all of ``rows``.
    rows : path, optional
        A file of the catalogue's form with rows of one's own, whose ids the catalogue does not have.
    progress, records, offline
        As for :func:`justgeo.baseline`.

    Returns
    -------
    Results
        As :func:`justgeo.load` opens them, with the map beneath; nothing was written. Each number is that of a whole
        run, but for ``q``, which is held against the rows that were measured together.

    Raises
    ------
    CatalogueError
        A row is not understood, or its id is taken.
    ConfigError
        An id is not known; the nearest one is named.
    JustgeoError
        As for :func:`justgeo.baseline`.
    """
    chosen = _chosen(only, () if rows is None else _own(Path(rows)))
    found = collect_layers(read_config(Path(path)), progress, records, offline, rows=chosen)
    baseline, _ = measure_place(found, progress)
    return Results(reports.to_dict(baseline), zones=reports.zones_frame(baseline.zones), basemap=basemap(found))


def _own(path: Path) -> tuple[Indicator, ...]:
    """Rows of one's own."""
    rows = catalogue.indicators(path)
    taken = {row.id for row in catalogue.indicators()} & {row.id for row in rows}
    if taken:
        raise CatalogueError(
            f"{path.name}: the catalogue has an indicator {min(taken)!r} already.",
            remedy="give the row an id of its own; a variant has a suffix, such as 'WEL-04.own'.",
        )
    return rows


def _chosen(only: Iterable[str], own: Sequence[Indicator]) -> tuple[Indicator, ...]:
    every = (*catalogue.indicators(), *own)
    asked = [only] if isinstance(only, str) else list(only)
    if not asked:
        return tuple(own) or every
    wanted: set[str] = set()
    for one in asked:
        family = {row.id for row in every if row.id == one} or {r.id for r in every if r.id.startswith(f"{one}.")}
        if not family:
            raise ConfigError(f"There is no indicator {one!r}.", remedy=suggestion(one, (row.id for row in every)))
        wanted |= family
    return tuple(row for row in every if row.id in wanted)
