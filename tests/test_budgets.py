"""Age of the sources and bias of the grids, by hand."""

from __future__ import annotations

import pytest

from justgeo import budgets
from justgeo.catalogue import read as catalogue
from justgeo.core.layer import Provenance


def of(layer: str, vintage: str = "2024", dataset: str = "X", **more: bool) -> Provenance:
    return Provenance(layer, "a source", dataset, vintage, **more)


@pytest.mark.parametrize(
    ("vintage", "years"),
    [
        ("2020-2024 (invented)", (2020, 2024)),
        ("June to August of 2022-2024", (2022, 2024)),
        ("2024-09-02/2024-12-13, service day 2024-09-04 (Wednesday)", (2024, 2024)),
        ("about 2017-2018 (not stated)", (2017, 2018)),
        ("1937", (1937, 1937)),
        ("2.0", None),
        ("not stated", None),
        ("20200101", None),
    ],
)
def test_years_of_a_period(vintage: str, years: tuple[int, int] | None) -> None:
    assert budgets.years(vintage) == years


def test_the_oldest_and_the_newest_source() -> None:
    layers = {"blocks": of("blocks", "2020"), "stops": of("stops", "2026"), "walk": of("walk", "not stated")}
    found = budgets.age(layers, 2024)
    assert (found.oldest, found.first, found.years_before) == ("blocks", 2020, 4)
    assert (found.newest, found.last, found.years_after) == ("stops", 2026, 2)
    assert found.not_stated == ("walk",)


def test_a_survey_has_no_age_against_itself() -> None:
    found = budgets.age({"acs:B25003@2024": of("acs:B25003@2024", "2020-2024")}, 2024)
    assert (found.years_before, found.years_after) == (0, 0)


def test_nothing_stated_is_told_and_never_zero() -> None:
    found = budgets.age({"parks": of("parks", "not stated")}, 2024)
    assert found.years_before is None and found.years_after is None and found.not_stated == ("parks",)


def test_a_published_bias_is_that_of_its_product() -> None:
    kept = catalogue.layers().layers["tree_canopy"].kept
    nlcd = budgets.bias(of("tree_canopy", dataset="NLCD Tree Canopy Cover 2023"), kept)
    assert nlcd.direction == "low" and "9.9 %" in nlcd.told and "10.3390/rs14051219" in nlcd.source
    for other in (of("tree_canopy", dataset="Lidar 2022"), of("tree_canopy", dataset="NLCD", synthetic=True)):
        found = budgets.bias(other, kept)
        assert found.direction == "unknown" and "no bias has been published" in found.told and not found.source


def test_every_grid_says_something_of_how_it_reads() -> None:
    words = catalogue.layers().layers
    assert all(word.kept.no_bias for word in words.values() if word.kind == "grid")
    drawn = [w.name for w in words.values() if w.source.startswith("OpenStreetMap") and w.kind != "bundle"]
    assert set(drawn) - {"streets"} == {name for name, word in words.items() if word.kept.volunteered}
