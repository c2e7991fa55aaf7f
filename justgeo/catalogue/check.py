"""What a row of the catalogue may say: which parameters a field takes, which words are known."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from justgeo.core.errors import CatalogueError
from justgeo.core.expression import parse
from justgeo.core.result import Indicator
from justgeo.core.words import suggestion

DEMOGRAPHICS = "Demographics"
"""What the baseline action asks to be told of the people; no category of the Protocol."""

_ACS = re.compile(r"acs:[^@]+(@(t0|t1|\d{4}))?")
_URL = re.compile(r"https?://\S+\.\S+")
_SUMS = frozenset({"complement", "less_complement", "components", "denominator_components", "bins", "cells"})
_GEOGRAPHIES = frozenset({"block group", "tract", "county"})
_GAP_CELLS = frozenset(f"{side}{name}" for side in ("", "less_") for name in ("numerator", "denominator", "complement"))
_INDICES: Mapping[str, frozenset[str]] = {
    "segregation": frozenset({"dissimilarity", "isolation", "information"}),
    "acs_mixture": frozenset({"diversity", "evenness"}),
}
_TABLE_CELLS = frozenset({"numerator", "denominator", "complement"})
_SHARE_CELLS = frozenset({"numerator", "denominator", "components", "denominator_components", "complement"})


@dataclass(frozen=True)
class Field:
    """What a field function takes.

    Attributes
    ----------
    needs, may : frozenset of str
        Parameters.
    aggregates : frozenset of str
        How its result may be summed up.
    expressions : frozenset of str
        Parameters that are expressions over table cells.
    groups : frozenset of str
        Keys that a group may have; empty where the field is not split by group.
    """

    needs: frozenset[str]
    may: frozenset[str]
    aggregates: frozenset[str]
    expressions: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


def _field(needs: str, may: str, aggregates: str, expressions: Iterable[str] = (), groups: str = "") -> Field:
    return Field(
        frozenset(needs.split()), frozenset(may.split()), frozenset(aggregates.split()), frozenset(expressions),
        frozenset(groups.split()),
    )  # fmt: skip


CHANGE = "acs_change"
"""The field of a row that compares two surveys."""
_MEASURES = {"count": "acs_count", "share": "acs_share", "median": "acs_median"}
_EXPOSURE = "blocks cells geography sample"
_OVERLAY = "classes outside_of order water min_known all_land"
_TRACTS = "income_edges rent_edges value_edges"
_TRACTS_MAY = "min_households max_group_quarters min_tracts"
_WORDS: Mapping[str, frozenset[str]] = {
    "homes": frozenset({"all", "renters"}),
    "market": frozenset({"value", "rent", "either"}),
    "error": frozenset({"limits 95", "standard error"}),
}

FIELDS: Mapping[str, Field] = {
    CHANGE: _field(
        "measure",
        "numerator denominator components denominator_components complement counts universe_cells bins edges published "
        "pareto jam dollars until",
        "difference", (*_SHARE_CELLS, "universe_cells", "bins", "published"),
    ),
    "acs_count": _field(
        "numerator", "components universe_cells when", "sum", ("numerator", "components", "universe_cells")
    ),
    "acs_gap": _field(
        "numerator denominator less_numerator less_denominator", "complement less_complement when", "difference",
        _GAP_CELLS,
    ),
    "acs_share": _field(
        "numerator denominator",
        "components denominator_components complement counts when",
        "share ratio", _SHARE_CELLS,
        " ".join([*_SHARE_CELLS, "geography"]),
    ),
    "acs_median": _field(
        "bins edges", "published pareto jam when", "median", ("bins", "published"), "bins edges published geography"
    ),
    "acs_mixture": _field("index cells", "when", "zone", ("cells",)),
    "walk_share": _field(
        "targets distance_m", "min_area_m2 start end headway_min gap_min kinds", "share", groups=_EXPOSURE
    ),
    "transit_trips": _field("distance_m rail_distance_m start end", "", "mean", groups=_EXPOSURE),
    "walk_kinds": _field("distance_m kinds", "", "mean", groups=_EXPOSURE),
    "park_acres": _field("", "", "zone"),
    "segregation": _field("index", "", "zone", groups="blocks"),
    "divergence": _field("", "", "zone"),
    "intersections": _field("tolerance_m", "", "zone"),
    "raster_area": _field("raster", "land_cover min_valid", "zone"),
    "canopy_gap": _field("raster", "land_cover min_valid", "zone"),
    "raster_people": _field("raster", "land_cover", "mean", groups=_EXPOSURE),
    "class_share": _field("raster classes", "min_valid", "zone"),
    "surface_anomaly": _field("raster land_cover urban", "min_valid", "zone"),
    "surface_anomaly_people": _field("raster land_cover urban", "min_valid", "mean", groups=_EXPOSURE),
    "low_stress": _field("most edge_m", "", "zone"),
    "low_stress_people": _field("most near_m beyond_m around_m signal_m", "", "share", groups=_EXPOSURE),
    "bike_paths": _field("edge_m", "", "zone"),
    "table_share": _field(
        "table numerator denominator", "complement rounded who", "share ratio", groups="who"
    ),
    "table_exposure": _field("table column", "of error designation at_least", "share mean", groups=_EXPOSURE),
    "canopy_around": _field("raster around_m least", "land_cover min_valid", "share", groups=_EXPOSURE),
    "canopy_and_park": _field(
        "raster around_m least targets distance_m", "land_cover min_valid min_area_m2", "share", groups=_EXPOSURE
    ),
    "jobs_near": _field("table column within_m", "min_known", "mean", groups=_EXPOSURE),
    "crash_deaths": _field("table numerator edge_m", "per least", "zone sum"),
    "filing_rate": _field("table", "years_before", "ratio"),
    "overlay_land": _field("layer column", _OVERLAY, "zone"),
    "overlay_people": _field("layer column", f"{_OVERLAY} of", "share", groups=_EXPOSURE),
    "vulnerability": _field(_TRACTS, f"{_TRACTS_MAY} homes", "class"),
    "market_pressure": _field(_TRACTS, f"{_TRACTS_MAY} homes market", "class"),
}  # fmt: skip
"""The kinds of field, each a function of the same name in ``justgeo.indicators``."""


@dataclass(frozen=True)
class Words:
    """What a row may name."""

    layers: frozenset[str]
    groups: frozenset[str]
    block_columns: frozenset[str]
    categories: frozenset[str]
    pillars: frozenset[str]
    baseline: frozenset[str]
    outcomes: frozenset[str]
    tables: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    """Columns of the downloadable tables, by id."""


def tables(
    field: str, parameters: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """ACS tables that a row needs, and those that only its groups need, as ``acs:B25003``.

    Expressions that cannot be parsed are left for ``check`` to tell, which knows the row.
    """
    known = FIELDS.get(field)
    if known is None:
        return (), ()
    own = _tables(parameters.get(key) for key in sorted(known.expressions) if key in parameters)
    if field == CHANGE:
        own = (*own, *(f"{name}@t0" for name in own))
    keys = sorted((known.expressions & known.groups) | {"cells", "sample"})
    split = _tables(asked.get(key) for asked in groups.values() for key in keys if key in asked)
    return own, tuple(name for name in split if name not in own)


def _tables(expressions: Iterable[Any]) -> tuple[str, ...]:
    found: list[str] = []
    for text in expressions:
        if not isinstance(text, str):
            continue
        try:
            found += [f"acs:{table}" for table in parse(text).tables]
        except CatalogueError:
            continue
    return tuple(dict.fromkeys(found))


def check(rows: Sequence[Indicator], words: Words) -> None:
    """Refuse the first row that is not understood, with the word that was meant where one is near."""
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise CatalogueError(f"The indicator {row.id} stands twice.", remedy="give each row its own id.")
        seen.add(row.id)
        for step in _STEPS:
            step(row, words)


def _refuse(row: Indicator, what: str, remedy: str) -> CatalogueError:
    return CatalogueError(
        f"Indicator {row.id}: {what}.", remedy=remedy if remedy.endswith(("?", ".")) else f"{remedy}."
    )


def _check_words(row: Indicator, words: Words) -> None:
    named: list[tuple[str, Iterable[str], frozenset[str]]] = [
        ("category", [row.category], words.categories),
        ("pillar", row.pillars, words.pillars),
        ("baseline item", row.baseline, words.baseline),
        ("outcome area", row.outcomes, words.outcomes),
        ("layer", [n for n in (*row.inputs, *row.optional) if not _ACS.fullmatch(n)], words.layers),
    ]
    for kind, values, known in named:
        for value in values:
            if value not in known:
                raise _refuse(row, f"unknown {kind} {value!r}", suggestion(value, known))
    if not any(_URL.search(text) for text in row.references):
        raise _refuse(
            row, "no reference has an address", "add the public page of the method or of the data to 'references'"
        )


def _check_field(row: Indicator, words: Words) -> None:
    field = FIELDS.get(row.field)
    if field is None:
        raise _refuse(row, f"unknown field {row.field!r}", suggestion(row.field, FIELDS))
    for key in row.parameters:
        if key not in field.needs | field.may:
            raise _refuse(row, f"{row.field} takes no parameter {key!r}", suggestion(key, field.needs | field.may))
    for key in sorted(field.needs - set(row.parameters)):
        raise _refuse(row, f"{row.field} needs the parameter {key!r}", f"add '{key}' to its parameters")
    if row.aggregate not in field.aggregates:
        raise _refuse(
            row, f"{row.field} cannot be summed up as {row.aggregate!r}", suggestion(row.aggregate, field.aggregates)
        )
    if not row.inputs and not row.field.startswith("acs_"):
        raise _refuse(row, "it names no layer", "add 'inputs'")
    index, indices = row.parameters.get("index"), _INDICES.get(row.field)
    if indices is not None and (not isinstance(index, str) or index not in indices):
        raise _refuse(row, f"unknown index {index!r}", suggestion(str(index), indices))
    if row.field == "walk_kinds" or row.parameters.get("targets") == "amenities":
        _check_kinds(row)


def _check_change(row: Indicator, words: Words) -> None:
    """A change takes what the field of its measure takes, and so do its lines and classes of earlier years."""
    if row.field != CHANGE:
        return
    measure = row.parameters["measure"]
    if not isinstance(measure, str) or measure not in _MEASURES:
        raise _refuse(row, f"unknown measure {measure!r}", suggestion(str(measure), _MEASURES))
    own = {k: v for k, v in row.parameters.items() if k not in ("measure", "dollars", "until")}
    until = row.parameters.get("until", {})
    years = isinstance(until, dict) and all(
        re.fullmatch(r"\d{4}", str(year)) and isinstance(asked, dict) for year, asked in until.items()
    )
    if not years:
        raise _refuse(row, f"until = {until!r} names no years", "write the last year of the old lines, them under it")
    aggregate = next(iter(FIELDS[_MEASURES[measure]].aggregates - {"ratio"}))
    for asked in ({}, *until.values()):
        then = replace(row, field=_MEASURES[measure], parameters={**own, **asked}, aggregate=aggregate, groups={})
        for step in (_check_field, _check_expressions):
            step(then, words)


def _check_kinds(row: Indicator) -> None:
    """Kinds of amenities: a list of words, for ``walk_kinds`` one under each name."""
    told = row.parameters.get("kinds")
    if row.field == "walk_kinds" and not isinstance(told, dict):
        raise _refuse(row, f"kinds = {told!r} has no names", "write a name, and under it the amenities of that kind")
    for kinds in told.values() if isinstance(told, dict) else [told]:
        if not isinstance(kinds, list) or not kinds or not all(isinstance(one, str) for one in kinds):
            raise _refuse(row, f"kinds = {kinds!r} is no list of amenities", "write words such as [library, theatre]")


def _check_expressions(row: Indicator, words: Words) -> None:
    field = FIELDS[row.field]
    for key in sorted(field.expressions & set(row.parameters)):
        _expression(row, key, row.parameters[key])
    if row.field == "acs_median":
        _check_bins(row)
    for key in sorted({*_TRACTS.split()} & set(row.parameters)):
        _check_edges(row, row.parameters[key], key)
    for key, known in _WORDS.items():
        told = row.parameters.get(key)
        if told is not None and told not in known:
            raise _refuse(row, f"{key} = {told!r} is not understood", suggestion(str(told), known))


def _expression(row: Indicator, key: str, text: Any) -> None:
    if not isinstance(text, str):
        raise _refuse(row, f"{key} = {text!r} is no expression", "write cells in quotes, as in 'B25003_003'")
    try:
        found = parse(text)
    except CatalogueError as exc:
        raise CatalogueError(f"Indicator {row.id}, {key}: {exc.message}", remedy=exc.remedy) from exc
    if key in _SUMS and found.minus:
        raise _refuse(row, f"{key} = {text!r} subtracts", "name the cells themselves, joined by +")
    if key == "published" and len(found.codes) != 1:
        raise _refuse(row, f"published = {text!r} is not one cell", "name the one cell of the Bureau's own median")


def _check_bins(row: Indicator) -> None:
    edges = _check_edges(row, row.parameters["edges"], "edges")
    cells = len(parse(row.parameters["bins"]).plus)
    if cells != edges - 1:
        raise _refuse(
            row, f"{cells} bins need {cells + 1} edges, not {edges}", "write both ends of every bin, each once"
        )


def _check_edges(row: Indicator, edges: Any, key: str) -> int:
    rising = isinstance(edges, list) and all(_is_edge(e) for e in edges)
    if not rising or any(a >= b for a, b in itertools.pairwise(edges)):
        raise _refuse(
            row, f"{key} = {edges!r} do not rise", "write the edges of the bins in rising order, .inf for an open end"
        )
    return len(edges)


def _is_edge(value: Any) -> bool:
    """A number that can be reckoned with, or no end: a whole number of 400 digits is none."""
    if isinstance(value, float):
        return not math.isnan(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _among(value: Any, known: frozenset[str]) -> bool:
    """Whether it is one of some words: a planner may have written a list there."""
    return isinstance(value, str) and value in known


def _check_groups(row: Indicator, words: Words) -> None:
    field = FIELDS[row.field]
    counts = row.parameters.get("counts")
    if counts is not None and not _among(counts, words.groups):
        raise _refuse(row, f"counts = {counts!r} is no group", suggestion(str(counts), words.groups))
    if row.groups and not field.groups:
        raise _refuse(row, f"{row.field} is not split by group", "take out 'groups'")
    for group, asked in row.groups.items():
        if group not in words.groups:
            raise _refuse(row, f"unknown group {group!r}", suggestion(group, words.groups))
        for key in asked:
            if key not in field.groups:
                raise _refuse(row, f"the group {group} has an unknown key {key!r}", suggestion(key, field.groups))
        if not _among(asked.get("geography", "tract"), _GEOGRAPHIES):
            raise _refuse(
                row,
                f"the group {group} has the geography {asked['geography']!r}",
                suggestion(str(asked["geography"]), _GEOGRAPHIES),
            )
        _group_source(row, group, asked, words)


def _check_table(row: Indicator, words: Words) -> None:
    """A downloaded table is among the inputs, and has every column that is named.

    ``*`` stands for anything, ``{}`` for the row's or the group's ``who``.
    """
    name = row.parameters.get("table")
    if name is None:
        return
    if name not in words.tables:
        raise _refuse(row, f"unknown table {name!r}", suggestion(str(name), words.tables))
    if f"data:{name}" not in row.inputs:
        raise _refuse(row, f"the table {name} is not among its inputs", f"add 'data:{name}' to 'inputs'")
    for asked in (row.parameters, *({**row.parameters, **told} for told in row.groups.values())):
        for key in sorted({"column", *_TABLE_CELLS} & set(asked)):
            many = asked[key] if key in _TABLE_CELLS else [asked[key]]
            if not isinstance(many, list) or not many or not all(isinstance(one, str) for one in many):
                raise _refuse(row, f"{key} = {asked[key]!r} is no list of columns", f"write {key}: [column, ...]")
            for one in (text.replace("{}", str(asked.get("who", ""))) for text in many):
                known = words.tables[name] | {"blocks.population", "blocks.housing_units"}
                if not any(fnmatchcase(column, one) for column in known):
                    raise _refuse(row, f"{name} has no column {one!r}", suggestion(one, words.tables[name]))


def _check_overlay(row: Indicator, words: Words) -> None:
    """A map of classes is among the inputs, and the classes that are asked for are named in one of two ways."""
    if not row.field.startswith("overlay_"):
        return
    told = row.parameters
    layer, column = str(told["layer"]), str(told["column"])
    if layer not in row.inputs:
        raise _refuse(row, f"the layer {layer} is not among its inputs", f"add '{layer}' to 'inputs'")
    known = words.tables.get(layer.removeprefix("data:"))
    if layer.startswith("data:") and known is not None and column not in known:
        raise _refuse(row, f"{layer} has no column {column!r}", suggestion(column, known))
    if ("classes" in told) == ("outside_of" in told):
        raise _refuse(row, "it names no classes, or some in two ways", "write either 'classes' or 'outside_of'")
    for key in sorted({"classes", "outside_of", "order", "water"} & set(told)):
        if not isinstance(told[key], list) or not all(isinstance(one, str) for one in told[key]):
            raise _refuse(row, f"{key} = {told[key]!r} is no list of classes", f"write {key}: [class, ...]")
    if told.get("of", "people") not in ("people", "homes"):
        raise _refuse(row, f"of = {told['of']!r} is not understood", suggestion(str(told["of"]), ("people", "homes")))


def _group_source(row: Indicator, group: str, asked: Mapping[str, Any], words: Words) -> None:
    for key in sorted((FIELDS[row.field].expressions | {"cells", "sample"}) & set(asked)):
        _expression(row, key, asked[key])
    if row.field == "acs_share" and not {"numerator", "denominator"} <= set(asked):
        raise _refuse(
            row, f"the group {group} lacks a numerator or a denominator", "add both, from the group's own table"
        )
    if row.field == "acs_median" and "published" not in asked:
        raise _refuse(row, f"the group {group} has no published median", "add 'published'")
    if FIELDS[row.field].groups == frozenset(_EXPOSURE.split()) and ("blocks" in asked) == ("cells" in asked):
        raise _refuse(row, f"the group {group} needs either 'blocks' or 'cells'", "keep one of the two")
    if row.field == "segregation" and "blocks" not in asked:
        raise _refuse(row, f"the group {group} names no column of the blocks", "add 'blocks', such as p2_black")
    column = asked.get("blocks")
    if column is not None and not _among(column, words.block_columns):
        raise _refuse(row, f"blocks have no column {column!r}", suggestion(str(column), words.block_columns))


_STEPS: tuple[Callable[[Indicator, Words], None], ...] = (
    _check_words, _check_field, _check_change, _check_expressions, _check_groups, _check_table, _check_overlay,
)  # fmt: skip
