"""What downloaded tables say of themselves and of the places they speak of: kinds of jobs, whose rows they are, ranges.

Limits are our choice, and wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from justgeo.core.layer import AnyLayer, FloatArray, Layer
from justgeo.core.quality import Check, Rule
from justgeo.core.zones import StrArray
from justgeo.measure.sanity_areas import Outlines

DATA = "data:"
JOBS, WORKERS, CHAS = "data:lodes_wac", "data:lodes_rac", "data:chas"
EVICTIONS = "data:eviction_lab"
NONE = "no such table was given"
_PAY = ("jobs_to_1250", "jobs_1251_to_3333", "jobs_over_3333")
_WHOLE = ("jobs", *_PAY)
ROUNDED = 15.0
"""HUD rounds to multiples of 5: two parts and their whole may differ by so much at most."""
RANGES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "data:usaleep": {"life_expectancy": (50.0, 110.0)},
    "data:smart_location": {"walkability": (1.0, 20.0), "intersections_rank": (1.0, 20.0)},
    "data:places": {"obesity": (5.0, 80.0), "checkup": (20.0, 100.0)},
    "data:ejscreen": {"pm25": (1.0, 40.0), "ozone": (15.0, 120.0)},
    "data:svi": {"rank": (0.0, 1.0)},
}
"""Where numbers of some columns can lie."""
LARGE = 500.0

KNOWN = Rule(
    "rows-of-tables",
    "Rows of a downloaded table whose area is on no map of its census",
    "share of the rows",
    None,
    0.02,
    "Numbers of tracts of another census lie on other ground, even where they look alike.",
    "See of which census the areas of the table are, and give its geography_vintage.",
)
KINDS = Rule(
    "jobs-and-kinds",
    "Blocks whose jobs by pay or by industry do not come to all jobs",
    "blocks",
    None,
    0.0,
    "Columns that were shifted tell of other jobs than those that are named.",
    "Take the file again, with its own header.",
    "in LODES 8 jobs by pay and by industry both add up to all jobs",
)
LACKING = Rule(
    "tracts-without-jobs",
    "Tracts of 500 people and more in which no worker lives, or nobody has a job, by the table",
    "share of the tracts",
    None,
    0.05,
    "A block that the table leaves out counts as one without jobs: half of a file looks like half of the jobs.",
    "Take the file again, whole and of every state.",
)
WORK = Rule(
    "workers-and-survey",
    "Workers of the table beside those of the survey",
    "ratio",
    0.5,
    1.5,
    "A file of young, low-paid or private workers alone looks like the file of all.",
    "Take the file of all workers and all jobs: S000, JT00.",
)
HOUSEHOLDS = Rule(
    "households-by-tenure",
    "Tracts whose owners and renters do not come to all households in HUD's table",
    "share of the tracts",
    None,
    0.02,
    "Columns that were shifted tell of other households than those that are named.",
    "Take Table9.csv again, with its own header.",
    "HUD rounds each count to multiples of 5",
)
RANGE = Rule(
    "ranges-of-tables",
    "Numbers of a downloaded table outside of what its unit can say",
    "share of the numbers",
    None,
    0.0,
    "A shifted column, or one in another unit, is told as if it were the right one.",
    "See that the column is the one that was meant.",
    "our choice, wide: years of life from 50 to 110, fine dust from 1 to 40 µg/m³, adults with obesity from 5 to 80 %",
)
FILINGS = Rule(
    "filings-and-households",
    "Areas with fewer filings for eviction than households threatened by one",
    "share of the areas",
    None,
    0.02,
    "Each household that is threatened was filed against at least once: columns that were exchanged hide evictions.",
    "See that filings is the column of filings, not that of rates.",
    "the definitions of the Eviction Lab",
)
RULES = (KNOWN, KINDS, LACKING, WORK, HOUSEHOLDS, RANGE, FILINGS)


def checks(
    layers: Mapping[str, AnyLayer], drawn: Iterable[Outlines], prefixes: Sequence[str], people: Mapping[str, float]
) -> Iterator[Check]:
    """All checks of the downloaded tables at hand; of a table that nobody asked for there is none.

    Parameters
    ----------
    layers : mapping of str to layer
    drawn : iterable of Outlines
        Of every census.
    prefixes : sequence of str
        Counties of the reference.
    people : mapping of str to float
        People by tract, from blocks; ``workers`` of the counties by the survey.
    """
    tables = {n: one for n, one in layers.items() if n.startswith(DATA) and isinstance(one, Layer) and one.geography}
    made = (
        _known(tables, {(one.level, one.vintage): one for one in drawn}, prefixes),
        _kinds(tables),
        _lacking(tables, people),
        _work(tables, people.get("workers", np.nan), prefixes),
        _households(tables),
        _range(tables),
        _filings(tables),
    )
    yield from (check for check in made if check.why != NONE)


def _column(layer: Layer, name: str) -> FloatArray:
    return layer.data[name].to_numpy(dtype=np.float64)


def _ids(layer: Layer) -> StrArray:
    return layer.data["geoid"].to_numpy(dtype=np.str_)


def _known(tables: Mapping[str, Layer], drawn: Mapping[tuple[str, int], Outlines], prefixes: Sequence[str]) -> Check:
    worst, looked, why = 0.0, 0, ""
    odd: list[str] = []
    for name, layer in tables.items():
        outlines = drawn.get((layer.geography, layer.geography_vintage))
        ids = np.unique(_ids(layer))
        counties = {one[:5] for one in (outlines.geoid if outlines is not None else ())}
        ids = ids[[one[:5] in counties and (not prefixes or one.startswith(tuple(prefixes))) for one in ids.tolist()]]
        if outlines is None or not len(ids):
            continue
        strange = np.setdiff1d(ids, outlines.geoid)
        looked, share = looked + len(ids), len(strange) / len(ids)
        odd += [name] if share > (KNOWN.high or 0.0) else []
        if share > worst:
            worst, why = (
                share,
                f"{len(strange)} of {len(ids)} areas of {name.removeprefix(DATA)}, for example {strange[0]}",
            )
    return KNOWN.check(worst, odd, why) if looked else KNOWN.unknown(NONE)


def _kinds(tables: Mapping[str, Layer]) -> Check:
    off, looked, why = 0, 0, ""
    odd: list[str] = []
    for name in (JOBS, WORKERS):
        layer = tables.get(name)
        if layer is None or not set(_WHOLE) <= set(layer.data):
            continue
        sectors = [c for c in layer.data if str(c).startswith("jobs_") and c not in _WHOLE and "_jobs" not in str(c)]
        whole = _column(layer, "jobs")
        wrong = np.zeros(len(whole), dtype=np.bool_)
        for parts in (_PAY, sectors):
            wrong |= sum((_column(layer, str(part)) for part in parts), np.zeros(len(whole))) != whole
        looked, off = looked + len(whole), off + int(wrong.sum())
        if wrong.any():
            odd.append(name)
            why = why or f"{int(wrong.sum())} of {len(whole)} blocks, for example {_ids(layer)[wrong][0]}"
    return KINDS.check(float(off), odd, why) if looked else KINDS.unknown(NONE)


def _lacking(tables: Mapping[str, Layer], people: Mapping[str, float]) -> Check:
    lived = {tract for tract, count in people.items() if tract.isdigit() and count >= LARGE}
    found: dict[str, float] = {}
    for name in (JOBS, WORKERS):
        layer = tables.get(name)
        if layer is not None and layer.geography == "block" and lived:
            had = set(_ids(layer).astype("U11").tolist())
            found[name] = len(lived - had) / len(lived)
    if not found:
        return LACKING.unknown(NONE)
    worst = max(found, key=found.__getitem__)
    odd = [name for name, share in found.items() if share > (LACKING.high or 0.0)]
    return LACKING.check(
        found[worst], odd, f"{found[worst]:.0%} of {len(lived)} tracts have no row in {worst.removeprefix(DATA)}"
    )


def _work(tables: Mapping[str, Layer], workers: float, prefixes: Sequence[str]) -> Check:
    layer = tables.get(WORKERS)
    if layer is None or "jobs" not in layer.data:
        return WORK.unknown(NONE)
    if not workers > 0:
        return WORK.unknown("no table of the survey counts the workers")
    mine = pd.Series(_ids(layer)).str.startswith(tuple(prefixes) or "").to_numpy(dtype=np.bool_)
    told = float(np.nansum(_column(layer, "jobs")[mine]))
    return WORK.check(told / workers, (WORKERS,), f"{told:,.0f} workers in the table, {workers:,.0f} in the survey")


def _households(tables: Mapping[str, Layer]) -> Check:
    layer = tables.get(CHAS)
    if layer is None or not {"households", "owners", "renters"} <= set(layer.data):
        return HOUSEHOLDS.unknown(NONE)
    whole, owners, renters = (_column(layer, name) for name in ("households", "owners", "renters"))
    known = np.isfinite(whole + owners + renters)
    wrong = known & (np.abs(owners + renters - whole) > ROUNDED)
    if not known.any():
        return HOUSEHOLDS.unknown("no tract has all three counts")
    first = _ids(layer)[wrong][0] if wrong.any() else ""
    why = f"{int(wrong.sum())} of {int(known.sum())} tracts, for example {first}"
    return HOUSEHOLDS.check(float(wrong.sum() / known.sum()), (CHAS,), why)


def _range(tables: Mapping[str, Layer]) -> Check:
    looked, off, why = 0, 0, ""
    odd: list[str] = []
    for name, columns in RANGES.items():
        layer = tables.get(name)
        for column, (low, high) in columns.items() if layer is not None else ():
            if layer is None or column not in layer.data:
                continue
            values = _column(layer, column)
            values = values[np.isfinite(values)]
            wrong = (values < low) | (values > high)
            looked, off = looked + len(values), off + int(wrong.sum())
            if wrong.any():
                odd.append(name)
                table, first = name.removeprefix(DATA), values[wrong][0]
                why = why or f"{column} of table {table} is {first:g} ({int(wrong.sum())} such numbers)"
    return RANGE.check(off / looked, dict.fromkeys(odd), why) if looked else RANGE.unknown(NONE)


def _filings(tables: Mapping[str, Layer]) -> Check:
    layer = tables.get(EVICTIONS)
    if layer is None or not {"filings", "threatened"} <= set(layer.data):
        return FILINGS.unknown(NONE)
    filings, threatened = _column(layer, "filings"), _column(layer, "threatened")
    known = np.isfinite(filings) & np.isfinite(threatened)
    wrong = known & (filings < threatened)
    if not known.any():
        return FILINGS.unknown("no area has both numbers")
    first = _ids(layer)[wrong][0] if wrong.any() else ""
    why = f"{int(wrong.sum())} of {int(known.sum())} areas, for example {first}"
    return FILINGS.check(float(wrong.sum() / known.sum()), (EVICTIONS,), why)
