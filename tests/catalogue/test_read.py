"""The catalogue's files are taken as they stand or refused with the word that was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from justgeo.catalogue import read
from justgeo.core.errors import Absent, CatalogueError

ROW: dict[str, Any] = {
    "id": "BEL-13",
    "title": "Crowded homes",
    "plain": "Of 100 households, how many have more people than rooms.",
    "category": "Belonging",
    "unit": "share",
    "direction": "down",
    "field": "acs_share",
    "parameters": {"numerator": "B25014_005..007 + B25014_011..013", "denominator": "B25014_001"},
    "aggregate": "share",
    "weight": "households",
    "universe": "occupied housing units",
    "method": "More than one occupant a room (B25014).",
    "caveat": "Rooms are counted, not their size.",
    "references": ["HUD, https://www.huduser.gov/"],
    "frequency": "yearly",
}


def catalogue(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "mine.yml"
    path.write_text(yaml.safe_dump({"indicators": list(rows)}), encoding="utf-8")
    return path


def changed(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**ROW, **changes}.items() if value is not None}


def test_a_row_becomes_an_indicator_with_its_tables_found(tmp_path: Path) -> None:
    (row,) = read.indicators(catalogue(tmp_path, ROW))
    assert row.inputs == ("acs:B25014",)
    assert row.references == ("HUD, https://www.huduser.gov/",)
    assert (row.map, row.evidence, row.groups) == ("tract", "V", {})


def test_tables_of_groups_only_make_it_better(tmp_path: Path) -> None:
    group = {"numerator": "B25014H_003", "denominator": "B25014H_001", "geography": "tract"}
    (row,) = read.indicators(catalogue(tmp_path, changed(groups={"race:white": group})))
    assert (row.inputs, row.optional) == (("acs:B25014",), ("acs:B25014H",))


@pytest.mark.parametrize(
    ("changes", "told", "remedy"),
    [
        ({"titel": "x"}, "unknown key 'titel'", "'title'"),
        ({"title": None}, "the key 'title' is missing", "add 'title'"),
        ({"title": 5}, "'title' = 5", "a valid string"),
        ({"direction": "upward"}, "'direction' = 'upward'", "'up', 'down' or 'neutral'"),
        ({"id": "Crowded"}, "'id' = 'Crowded'", ""),
        ({"category": "Belongings"}, "unknown category 'Belongings'", "'Belonging'"),
        ({"pillars": ["P3"]}, "unknown pillar 'P3'", ""),
        ({"baseline": ["B16"]}, "unknown baseline item 'B16'", ""),
        ({"outcomes": ["houses"]}, "unknown outcome area 'houses'", "'housing'"),
        ({"inputs": ["block"]}, "unknown layer 'block'", "'blocks'"),
        ({"inputs": ["osm"]}, "unknown layer 'osm'", ""),
        ({"field": "acs_shares"}, "unknown field 'acs_shares'", "'acs_share'"),
        ({"aggregate": "median"}, "cannot be summed up as 'median'", "share"),
        ({"references": ["HUD"]}, "no reference has an address", "public page"),
        ({"references": []}, "'references'", ""),
        ({"groups": {"race:blak": {}}}, "unknown group 'race:blak'", "'race:black'"),
        ({"groups": {"race:white": {"numerator": "B25014H_003"}}}, "lacks a numerator or a denominator", "own table"),
        ({"groups": {"all": {}}}, "unknown group 'all'", ""),
    ],
)
def test_refuses_a_row_with_the_word_that_was_meant(
    tmp_path: Path, changes: dict[str, Any], told: str, remedy: str
) -> None:
    with pytest.raises(CatalogueError) as refused:
        read.indicators(catalogue(tmp_path, changed(**changes)))
    assert told in refused.value.message
    assert remedy in refused.value.remedy


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"numerator": "B25014_005"}, "needs the parameter 'denominator'"),
        (
            {"numerator": "B25014_005", "denominator": "B25014_001", "complment": "B25014_002"},
            "no parameter 'complment'",
        ),
        ({"numerator": "B25014", "denominator": "B25014_001"}, "numerator: 'B25014'"),
        ({"numerator": 5, "denominator": "B25014_001"}, "numerator = 5"),
        (
            {"numerator": "B25014_005", "denominator": "B25014_001", "complement": "B25014_001 - B25014_005"},
            "subtracts",
        ),
    ],
)
def test_refuses_parameters_that_the_field_does_not_take(tmp_path: Path, parameters: Any, told: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        read.indicators(catalogue(tmp_path, changed(parameters=parameters)))
    assert told in refused.value.message
    assert "BEL-13" in refused.value.message


TRACTS = {"income_edges": [0, 10, 20], "rent_edges": [0, 5, 10], "value_edges": [0, 7, 9]}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"homes": "owners"}, "homes = 'owners' is not understood"),
        ({"market": "sales"}, "market = 'sales' is not understood"),
        ({"value_edges": [0, 9, 7]}, "value_edges"),
        ({"min_tract": 5}, "no parameter 'min_tract'"),
    ],
)
def test_refuses_words_that_displacement_does_not_know(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    more = {"field": "market_pressure", "aggregate": "class", "inputs": ["tracts", "acs:B25003@t0", "crosswalk"]}
    fine = changed(**more, parameters={**TRACTS, "homes": "renters", "market": "either"}, areas=False)
    (row,) = read.indicators(catalogue(tmp_path, fine))
    assert row.areas is False and row.inputs[1:] == ("acs:B25003@t0", "crosswalk")
    with pytest.raises(CatalogueError) as refused:
        read.indicators(catalogue(tmp_path, changed(**more, parameters={**TRACTS, **changes})))
    assert told in refused.value.message


def test_a_role_of_a_survey_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="unknown layer 'acs:B25003@t3'"):
        read.indicators(catalogue(tmp_path, changed(inputs=["acs:B25003@t3"])))


def test_one_index_compares_dollars_of_two_years() -> None:
    index = read.prices()
    assert index.factor(2014, 2024) == pytest.approx(1.325058, abs=5e-7)  # METHODS 2.9
    assert index.factor(2012, 2018) == pytest.approx(1.094, abs=5e-4)
    assert sorted(index.averages) == list(range(2009, 2026)) and "CPI-U" in index.name
    assert index.url.startswith("https://www.bls.gov/") and "R-CPI-U-RS" in index.note
    with pytest.raises(Absent, match="no average of 2008: add it to 'prices'"):
        index.factor(2008, 2024)


@pytest.mark.parametrize(
    "edges",
    [
        [0, 10, 20],
        [0, 20, 10, 30],
        [0, 10, 10, 30],
        "0 10",
        [0, True, 5, 6],
        [0, 1, 2, float("nan")],
        [0, 1, 2, 10**400],
    ],
)
def test_refuses_edges_that_do_not_fit_their_bins(tmp_path: Path, edges: Any) -> None:
    row = changed(field="acs_median", aggregate="median", parameters={"bins": "B25063_003..005", "edges": edges})
    with pytest.raises(CatalogueError, match="edges"):
        read.indicators(catalogue(tmp_path, row))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"blocks": "p2_whit"}, "no column 'p2_whit'"),
        ({}, "either 'blocks' or 'cells'"),
        ({"blocks": "p2_white", "cells": "C17002_002"}, "either 'blocks' or 'cells'"),
        ({"cells": "C17002_002", "geography": "county group"}, "geography 'county group'"),
        ({"cels": "C17002_002"}, "unknown key 'cels'"),
    ],
)
def test_refuses_a_group_whose_people_cannot_be_found(tmp_path: Path, asked: dict[str, Any], told: str) -> None:
    row = changed(
        field="walk_share", inputs=["walk", "stops", "blocks"], groups={"race:white": asked},
        parameters={"targets": "stops", "distance_m": 400},
    )  # fmt: skip
    with pytest.raises(CatalogueError) as refused:
        read.indicators(catalogue(tmp_path, row))
    assert told in refused.value.message


def test_refuses_an_id_that_is_taken(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="BEL-13 stands twice"):
        read.indicators(catalogue(tmp_path, ROW, ROW))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("indicators: [", "is not YAML"),
        ("- 1\n- 2\n", "holds no keys"),
        ("", "holds no keys"),
        ("indicators: []\nindicators: []\n", "line 2: the key 'indicators' stands twice"),
        ("indicators:\n  - id: BEL-13\n    id: BEL-14\n", "the key 'id' stands twice"),
        ("indikators: []\n", "unknown key 'indikators'"),
        ("indicators: !!python/object/apply:os.getcwd []\n", "is not YAML"),
    ],
)
def test_refuses_a_file_that_is_no_catalogue(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError) as refused:
        read.indicators(path)
    assert told in refused.value.message


def test_refuses_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read"):
        read.indicators(tmp_path / "none.yml")
    (tmp_path / "latin.yml").write_bytes("indicators: [é]".encode("latin-1"))
    with pytest.raises(CatalogueError, match="cannot be read"):
        read.indicators(tmp_path / "latin.yml")


def test_the_vocabulary_knows_layers_tables_and_groups() -> None:
    words = read.layers()
    assert words.knows_layer("walk") and words.knows_layer("acs:B25003@2024") and not words.knows_layer("roads")
    assert not words.knows_layer("walk:2024")
    assert set(words.layers["osm"].gives) < set(words.layers)
    assert words.groups["all"] == "Everyone"


def test_the_protocol_has_the_numbers_that_are_public() -> None:
    found = read.protocol()
    assert len(found.pillars) == 2
    assert [c.name for c in found.categories] == ["Belonging", "Opportunity", "Wellbeing", "Mobility", "Environment"]
    assert [b.id for b in found.baseline] == [f"B{n:02d}" for n in range(1, 16)]
    assert len(found.outcomes) == 11
    assert len(found.actions) == 17
    assert sum(a.name is None for a in found.actions) == 8
    assert {a.phase for a in found.actions if a.phase} == set(found.phases)
    assert (found.n_commitments, found.n_objectives) == (17, 22)
    assert sum(a.is_baseline for a in found.actions) == 1


def test_every_named_action_asks_a_question_and_every_link_is_public() -> None:
    found = read.protocol()
    assert all(a.question.endswith("?") for a in found.actions if a.name)
    everything = [*found.pillars, *found.categories, *found.outcomes, *found.baseline, *found.actions]
    assert all(one.source.startswith("https://") for one in everything)


def commitments(folder: Path, **changes: Any) -> Path:
    one = {"id": "C1", "name": "Stay put", "category": "Belonging", "indicators": ["BEL-02"],
           "objectives": [{"id": "C1.1", "name": "Rents", "indicators": ["BEL-03.renters"]}], **changes}  # fmt: skip
    path = folder / "commitments.yml"
    path.write_text(yaml.safe_dump({"source": "our copy", "commitments": [one]}), encoding="utf-8")
    return path


def test_reads_a_planners_own_commitments(tmp_path: Path) -> None:
    (one,) = read.own(commitments(tmp_path)).commitments
    assert (one.name, one.source, one.objectives[0].indicators) == ("Stay put", "our copy", ("BEL-03.renters",))


def own_actions(folder: Path, **changes: Any) -> Path:
    path = folder / "protocol.local.yml"
    one = {"id": "GV-a", "name": "Form a body", "text": "Who decides.", **changes}
    path.write_text(yaml.safe_dump({"source": "our copy", "actions": [one]}), encoding="utf-8")
    return path


def test_reads_names_of_actions_that_are_not_public(tmp_path: Path) -> None:
    found = read.own(own_actions(tmp_path))
    (one,) = found.actions
    assert (one.name, one.phase, found.commitments) == ("Form a body", "Governance", ())
    assert "our copy" in one.text and one.question.startswith("Who decides about this place")
    named = read.protocol().having((), found.actions)
    assert sum(a.name is None for a in named.actions) == 7 and len(named.actions) == 17


@pytest.mark.parametrize(
    ("changes", "told", "remedy"),
    [
        ({"id": "GW-1"}, "'GW-1' is none to name", "GV-a"),
        ({"id": "GV-b"}, "'GV-b' is none to name", "'GV-a'"),
        ({"phase": "Govern"}, "the phase 'Govern'", "'Governance'"),
        ({"nmae": "x"}, "unknown key 'actions[1].nmae'", "'name'"),
    ],
)
def test_refuses_names_of_actions_that_it_does_not_understand(
    tmp_path: Path, changes: dict[str, Any], told: str, remedy: str
) -> None:
    with pytest.raises(CatalogueError) as refused:
        read.own(own_actions(tmp_path, **changes))
    assert told in refused.value.message and remedy in refused.value.remedy


@pytest.mark.parametrize(
    ("changes", "told", "remedy"),
    [
        ({"category": "Housing"}, "category 'Housing'", "use one of"),
        ({"indicators": ["BEL-022"]}, "indicator 'BEL-022'", "'BEL-02'"),
        ({"objectives": [{"id": "C1", "name": "Rents"}]}, "'C1' stands twice", "its own id"),
        ({"id": "GW-1"}, "'GW-1' is another item's", "C1"),
        ({"objectives": [{"id": "C2", "nam": "Rents"}]}, "unknown key 'commitments[1].objectives[1].nam'", "'name'"),
    ],
)
def test_refuses_commitments_that_it_does_not_understand(
    tmp_path: Path, changes: dict[str, Any], told: str, remedy: str
) -> None:
    with pytest.raises(CatalogueError) as refused:
        read.own(commitments(tmp_path, **changes))
    assert told in refused.value.message
    assert remedy in refused.value.remedy
