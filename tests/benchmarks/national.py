"""A national run, extrapolated from what the benchmark of batches measured in one county.

``batch.py`` leaves its figures in ``docs/data/benchmark-batch.json``; what is not in there is said to be not
measured, and nothing is put in its place. The keys are those of :class:`County`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from justgeo import measuring
from justgeo.catalogue import read as catalogue
from tests.benchmarks.timing import markdown

FIGURES = Path(__file__).parents[2] / "docs" / "data" / "benchmark-batch.json"
COUNTIES, TRACTS, STATES = 3_143, 85_000, 51
SURVEYS = {"t1": 2024, "t0": 2019}
LEVELS = 2
"""Tract and block group: the least that a table is asked for at."""
GRIDS = ("tree_canopy", "impervious", "land_cover")
OVERPASS_DAY = 10_000
"""Requests a day that the public servers ask one user to stay below; the page is named in the text."""
NONE = "not measured yet"


@dataclass(frozen=True)
class County:
    """What one county cost, all its tracts as zones; None for what was not measured.

    Attributes
    ----------
    cpu_s : float
        Seconds of CPU for its fields: reads, network, zonal figures, tables.
    cpu_s_zone : float
        Seconds of CPU that each zone adds.
    peak_bytes : float
        Largest resident memory of a worker.
    output_bytes_zone : float
        Bytes of the table of all, for each zone.
    store_bytes : float
        Bytes of the recorded layers.
    tracts : float
        Tracts of the county that was measured.
    """

    cpu_s: float | None = None
    cpu_s_zone: float | None = None
    peak_bytes: float | None = None
    output_bytes_zone: float | None = None
    store_bytes: float | None = None
    tracts: float | None = None


def county(path: Path = FIGURES) -> County:
    """The figures that were measured; all None where there is no file."""
    if not path.is_file():
        return County()
    told = json.loads(path.read_text(encoding="utf-8"))
    return County(**{one.name: told.get(one.name) for one in fields(County)})


def extrapolated(one: County) -> list[tuple[str, str, str]]:
    """What, by which rule, how much."""
    # A county of the size that was measured is not the mean one: its own cost is scaled by its tracts.
    share = None if one.tracts is None else TRACTS / one.tracts
    cpu = _if(lambda a, b, s: (a * s + b * TRACTS) / 3600.0, one.cpu_s, one.cpu_s_zone, share)
    return [
        ("core-hours", "a county's fields by its tracts, and every tract as a zone", _told(cpu, "{:,.0f}")),
        ("hours on two cores", "half of it", _told(_if(lambda a: a / 2.0, cpu), "{:,.0f}")),
        ("memory a worker, GiB", "that of the county measured; the largest has some 2,500 tracts and needs more",
         _told(_if(lambda a: a / 2**30, one.peak_bytes), "{:,.1f}")),
        ("outputs, GiB", "bytes a zone", _told(_if(lambda a: a * TRACTS / 2**30, one.output_bytes_zone), "{:,.1f}")),
        ("store of layers, GiB", "by tracts",
         _told(_if(lambda a, s: a * s / 2**30, one.store_bytes, share), "{:,.0f}")),
        ("bytes fetched", "the store's, packed; extracts and files are kept by hash and fetched once",
         _told(_if(lambda a, s: a * s / 2**30, one.store_bytes, share), "at most {:,.0f} GiB")),
    ]  # fmt: skip


def requests() -> list[tuple[str, int, int, str]]:
    """Service, requests by county through public APIs, requests for whole files, and what the files are."""
    tables = survey_tables()
    return [
        ("Census Data API", COUNTIES * tables * LEVELS, tables, "one file a table and survey, all areas of the nation"),
        ("OpenStreetMap", COUNTIES, STATES, "one extract a state; by Overpass one question a county at the least"),
        ("outlines and blocks", COUNTIES * 3, STATES * 3, "blocks, block groups and tracts by state"),
        ("land cover grids", COUNTIES * len(GRIDS), len(GRIDS), "one national grid each"),
    ]


def survey_tables() -> int:
    """Tables of both surveys that the catalogue's rows read."""
    names = {name for row in catalogue.indicators() for name in measuring.layer_names(row, SURVEYS)}
    return sum(name.startswith("acs:") for name in names)


def section(path: Path = FIGURES) -> str:
    """Core-hours, memory, storage, bytes and requests of the nation."""
    asked = requests()
    cost = [list(line) for line in extrapolated(county(path))]
    lines = [[name, f"{by_county:,}", f"{files:,}", what] for name, by_county, files, what in asked]
    return "\n\n".join(
        [HEAD.format(counties=f"{COUNTIES:,}", tracts=f"{TRACTS:,}"),
         markdown(("what", "found by", "nation"), cost),
         markdown(("service", "requests, county by county", "requests, whole files", "the files"), lines),
         WHY.format(tables=survey_tables(), questions=f"{asked[0][1]:,}", limit=f"{OVERPASS_DAY:,}",
                    counties=f"{COUNTIES:,}")]
    )  # fmt: skip


def _if(rule: Callable[..., float], *given: float | None) -> float | None:
    """The rule's answer where everything that it needs was measured."""
    return None if any(one is None for one in given) else rule(*given)


def _told(value: float | None, form: str) -> str:
    return NONE if value is None else form.format(value)


HEAD = """\
What every tract of {counties} counties as a zone of its own ({tracts} of them) would cost, extrapolated from one county
(benchmark 6). It is arithmetic, not a run: counties differ, and the largest decides the memory."""

WHY = """\
**Why the batch reads extracts and bulk files.** The catalogue reads {tables} tables of two surveys. Asked for county
by county, at tracts and block groups, that is {questions} questions at the least (a table of more than fifty columns
takes more); the Bureau publishes each table of the nation as one file. The public Overpass servers ask their users to
stay below some {limit} requests and 1 GB a day, name joining boxes to whole regions as an example of misuse, and
point to dumps instead ([Overpass API user's manual,
Commons](https://dev.overpass-api.de/overpass-doc/en/preface/commons.html)); {counties} counties with all their paths
are far more than that. A file has a hash, so that two workers, and a run next year, read the same bytes; an answer of
a live service has none. And a worker of a cluster then needs nothing but the store."""
