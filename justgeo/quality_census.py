"""Checks of what census tables and outlines say of one another: medians and brackets, margins, areas that nobody has.

All of the whole place: of the zones nothing is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np

from justgeo.catalogue import read as catalogue
from justgeo.core.expression import parse
from justgeo.core.layer import Layer
from justgeo.core.quality import Check
from justgeo.core.spec import TRACTS_2020
from justgeo.indicators.place import Place
from justgeo.measure import sanity_areas, sanity_census, sanity_tables, survey_structure
from justgeo.measure.sanity_areas import Outlines
from justgeo.measure.sanity_census import Brackets
from justgeo.measure.survey_rows import Survey, surveys


def tables(place: Place) -> Iterable[Check]:
    """Totals, medians and margins of the surveys at hand."""
    yield from sanity_census.checks(_surveys(place), place.layers, brackets())


def areas(place: Place) -> Iterable[Check]:
    """Outlines, blocks and the rows of the survey."""
    blocks = _blocks(place)
    vintage = TRACTS_2020 if blocks is None else blocks.geography_vintage
    survey = _survey(place, vintage)
    drawn = [one for one in _drawn(place) if one.vintage == vintage]
    yield sanity_areas.rows(survey, drawn, place.reference_prefixes)
    if blocks is None:
        rules = (sanity_areas.FILLED, sanity_areas.WATER, sanity_areas.TRACTS)
        yield from (rule.unknown(sanity_areas.NO_BLOCKS) for rule in rules)
        return
    yield sanity_areas.filled(drawn, place.reference_prefixes)
    people = blocks.data["population"].to_numpy(dtype=np.float64)
    if "land_m2" in blocks.data:
        yield sanity_areas.water(people, blocks.data["land_m2"].to_numpy(dtype=np.float64))
    else:
        yield sanity_areas.WATER.unknown("the blocks do not say how much of them is land")
    ids = blocks.data["geoid"].to_numpy(dtype=np.str_)
    yield sanity_areas.tracts(survey, ids, people, survey_structure.UNIVERSES["people"])


def downloads(place: Place) -> Iterable[Check]:
    """Tables that were downloaded."""
    known = _people(place)
    known["workers"] = _workers(place)
    yield from sanity_tables.checks(place.layers, _drawn(place), place.reference_prefixes, known)


def _blocks(place: Place) -> Layer | None:
    found = place.layers.get("blocks")
    return found if isinstance(found, Layer) and found.geography == "block" else None


def _people(place: Place) -> dict[str, float]:
    """People of the reference by tract, from the blocks."""
    blocks = _blocks(place)
    if blocks is None:
        return {}
    frame = blocks.data[["geoid", "population"]]
    counted = frame.groupby(frame["geoid"].str[:11])["population"].sum()
    starts = tuple(place.reference_prefixes)
    return {str(tract): float(n) for tract, n in counted.items() if not starts or str(tract).startswith(starts)}


def _workers(place: Place) -> float:
    """Workers of the reference's counties by the survey; NaN where no table counts them."""
    survey = next(iter(_surveys(place)), None)
    for code in ("B23025_004", "B08301_001"):
        frame = None if survey is None else survey.tables.get(code[:-4])
        if frame is not None and frame.has(f"{code}E"):
            return float(frame.cells([code], "E", frame.at("county")).sum())
    return float("nan")


def _surveys(place: Place) -> tuple[Survey, ...]:
    """The surveys at hand, the newest first; laid side by side once for all that look at them."""
    return place.once("quality: surveys", lambda: tuple(surveys(place.layers, place.reference_prefixes)))


def _survey(place: Place, vintage: int) -> Survey | None:
    """The newest survey on the areas of a census."""
    return next((one for one in _surveys(place) if (one.year >= TRACTS_2020) == (vintage >= TRACTS_2020)), None)


def _drawn(place: Place) -> Iterable[Outlines]:
    """Tracts and block groups that are drawn, of every census."""
    names = {"tract": "tracts", "block group": "block_groups"}
    for (level, vintage), unit in place.weights.units.items():
        if level in names and unit.geometry is not None:
            layer = names[level] if names[level] in place.layers else f"{names[level]}_{vintage}"
            dry = np.ones(len(unit), dtype=np.bool_) if unit.land is None else ~(unit.land <= 0)
            yield Outlines(level, layer, vintage, unit.geoid, dry, unit.incomplete)


@cache
def brackets() -> tuple[Brackets, ...]:
    """Published medians and their brackets, as the rows of the catalogue name them."""
    found: dict[Brackets, None] = {}
    for row in catalogue.indicators():
        told = row.parameters
        if row.field != "acs_median" or not told.get("bins") or not told.get("published"):
            continue
        edges = tuple(float(edge) for edge in told["edges"])
        jam = tuple(float(code) for code in dict(told.get("jam", {})))
        found[Brackets(parse(str(told["published"])).plus[0], parse(str(told["bins"])).plus, edges, jam)] = None
    return tuple(found)
