"""The error budget on the invented county, whose map is known to hold everything; then part of it is taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from justgeo import budgets, measuring
from justgeo.catalogue import read as catalogue
from justgeo.core.budget import Budget
from justgeo.core.layer import Layer
from justgeo.core.result import Record
from justgeo.indicators.place import Place
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from tests import nowhere

ROWS = tuple(
    row
    for row in catalogue.indicators()
    if row.id in {"BEL-02", "BEL-02.change", "BEL-15", "MOB-01.800", "WEL-05", "MOB-08", "ENV-01", "ENV-04"}
)


@dataclass(frozen=True)
class Made:
    place: Place
    records: Sequence[Record]
    budgets: dict[str, Budget]


def told(place: Place, records: Sequence[Record]) -> dict[str, Budget]:
    return {one.indicator: one for one in budgets.budgets(ROWS, place, records, catalogue.layers().layers)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    place = nowhere.district(tmp_path_factory)
    records = measuring.measure(ROWS, place, settings=ReduceSettings(), judging=JudgeSettings())
    return Made(place, records, told(place, records))


def test_every_number_has_a_budget_and_none_of_it_is_in_its_margin(made: Made) -> None:
    assert set(made.budgets) == {row.id for row in ROWS}
    parts = {name for record in made.records for name in record.error}
    assert parts <= {"sampling", "apportionment", "noise"}


def test_the_people_of_2020_divide_the_survey_of_2024(made: Made) -> None:
    age = made.budgets["BEL-02"].age
    assert (age.oldest, age.years_before, age.newest, age.years_after) == ("blocks", 4, "acs:B25003@2024", 0)


def test_the_earlier_survey_is_no_old_source_of_a_change_but_of_filings(made: Made) -> None:
    assert made.budgets["BEL-02.change"].age.oldest == "blocks"
    assert (made.budgets["BEL-15"].age.oldest, made.budgets["BEL-15"].age.years_before) == ("acs:B25003@2014", 10)


def test_all_stops_of_the_timetable_are_on_the_map(made: Made) -> None:
    signs = [one for one in made.budgets["MOB-01.800"].completeness if one.layer == "stops"]
    assert [one.zone for one in signs] == ["district", "reference"]
    assert all(one.share == 1.0 and one.against == "gtfs" and not one.low for one in signs)


def test_half_a_map_tells_half_the_stops(made: Made) -> None:
    """Stops are taken away by lot; two poles of one stop lie near one another, so that more than half is left."""
    whole = made.place.layer("stops")
    gone = np.random.default_rng(7).random(len(whole.data)) < 0.6
    feed = made.place.feed()
    stops = replace(whole, data=whole.data[~gone].reset_index(drop=True))
    place = replace(made.place, layers={**made.place.layers, "stops": stops}, cache={}, by_zone={})
    one = next(
        s for s in told(place, made.records)["MOB-01.800"].completeness if (s.layer, s.zone) == ("stops", "reference")
    )
    assert one.share is not None and one.of is not None
    assert one.of == len(set(feed.departures["stop_id"])) or one.of < len(feed.stops)
    assert 0.3 < one.share < 0.75


def test_without_a_timetable_or_second_list_it_is_said_to_be_unknown(made: Made) -> None:
    rest = {name: layer for name, layer in made.place.layers.items() if name != "gtfs"}
    place = replace(made.place, layers=rest, cache={}, by_zone={})
    (one,) = (s for s in told(place, made.records)["MOB-01.800"].completeness if s.layer == "stops")
    assert one.share is None and one.reason == "no timetable is at hand to hold the mapped stops against"
    parks = [s for s in made.budgets["WEL-05"].completeness if s.layer == "parks"]
    assert len(parks) == 1 and parks[0].share is None and "pad_us" in str(parks[0].reason)


def test_an_invented_image_has_no_published_bias_and_a_real_one_has(made: Made) -> None:
    grids = {one.layer: one.direction for one in made.budgets["ENV-01"].bias}
    assert grids == {"land_cover": "unknown", "tree_canopy": "unknown"}
    raster = made.place.raster("tree_canopy")
    real = replace(raster.provenance, dataset="NLCD Tree Canopy Cover 2023", synthetic=False)
    place = replace(made.place, layers={**made.place.layers, "tree_canopy": replace(raster, provenance=real)})
    bias = {one.layer: one for one in told(place, made.records)["ENV-01"].bias}["tree_canopy"]
    assert bias.direction == "low" and bias.evidence == "V" and "doi.org" in bias.source


def test_a_city_s_own_stops_are_not_held_against_the_volunteers(made: Made) -> None:
    stops = made.place.layer("stops")
    own = replace(stops.provenance, source="the city", dataset="stops", asked={"file": "stops.geojson"})
    place = replace(
        made.place, layers={**made.place.layers, "stops": Layer("stops", stops.data, own)}, cache={}, by_zone={}
    )
    (one,) = (s for s in told(place, made.records)["MOB-01.800"].completeness if s.layer == "stops")
    assert one.share is None and "not OpenStreetMap's" in str(one.reason)
