"""The package's own rows: do their cells say what their words say?"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from justgeo.catalogue import check, read
from justgeo.core.expression import parse
from justgeo.core.result import Indicator
from justgeo.indicators import FIELDS

ROWS = read.indicators()
BY_ID = {row.id: row for row in ROWS}


def lines(table: str, *spans: tuple[int, int]) -> frozenset[str]:
    return frozenset(f"{table}_{n:03d}" for first, last in spans for n in range(first, last + 1))


# Structure of the tables, from the Bureau's table shells: a total and the lines that have no lines below them.
LEAVES = {
    "B25003_001": lines("B25003", (2, 3)),
    "B25070_001": lines("B25070", (2, 11)),
    "B25091_001": lines("B25091", (3, 12), (14, 23)),
    "B15003_001": lines("B15003", (2, 25)),
    "C17002_001": lines("C17002", (2, 8)),
    "B03002_001": lines("B03002", (3, 9), (12, 12)),
    "B03002_002": lines("B03002", (3, 9)),
    "B01001_001": lines("B01001", (3, 25), (27, 49)),
    "B01001_002": lines("B01001", (3, 25)),
    "B01001_026": lines("B01001", (27, 49)),
    "B23025_001": lines("B23025", (4, 7)),
    "B23025_002": lines("B23025", (4, 6)),
    "B23025_003": lines("B23025", (4, 5)),
    **{f"B25003{race}_001": lines(f"B25003{race}", (2, 3)) for race in "HBDI"},
}


def leaves(text: str) -> list[str]:
    """Every leaf line of an expression, as often as it is counted."""
    found = parse(text)
    counted = [leaf for code in found.plus for leaf in sorted(LEAVES.get(code, {code}))]
    for code in found.minus:
        for leaf in LEAVES.get(code, {code}):
            counted.remove(leaf)
    return counted


def shares() -> Iterator[tuple[str, dict[str, str]]]:
    for row in ROWS:
        if row.field == "acs_share":
            yield row.id, dict(row.parameters)
            for group, asked in row.groups.items():
                yield f"{row.id} {group}", dict(asked)


WITH_COMPLEMENT = [pytest.param(asked, id=name) for name, asked in shares() if "complement" in asked]
WITH_COMPONENTS = [pytest.param(asked, id=name) for name, asked in shares() if "components" in asked]
WITH_DENOMINATOR_PARTS = [pytest.param(asked, id=name) for name, asked in shares() if "denominator_components" in asked]


@pytest.mark.parametrize("asked", WITH_COMPLEMENT)
def test_numerator_and_complement_make_up_the_denominator(asked: dict[str, str]) -> None:
    both = leaves(asked["numerator"]) + leaves(asked["complement"])
    assert len(both) == len(set(both))
    assert sorted(both) == sorted(leaves(asked["denominator"]))


@pytest.mark.parametrize("asked", WITH_COMPONENTS)
def test_components_make_up_the_numerator(asked: dict[str, str]) -> None:
    assert sorted(leaves(asked["components"])) == sorted(leaves(asked["numerator"]))


@pytest.mark.parametrize("asked", WITH_DENOMINATOR_PARTS)
def test_components_make_up_the_denominator(asked: dict[str, str]) -> None:
    assert sorted(leaves(asked["denominator_components"])) == sorted(leaves(asked["denominator"]))


def test_every_difference_has_components_to_fall_back_on() -> None:
    for name, asked in shares():
        for key, fallback in (("numerator", "components"), ("denominator", "denominator_components")):
            assert not parse(asked[key]).minus or fallback in asked, name


@pytest.mark.parametrize("stem", ["DEM-01.", "DEM-03."])
def test_races_and_ages_are_exhaustive_and_do_not_overlap(stem: str) -> None:
    rows = [row for row in ROWS if row.id.startswith(stem)]
    counted = [leaf for row in rows for leaf in leaves(row.parameters["numerator"])]
    assert sorted(counted) == sorted(leaves(rows[0].parameters["denominator"]))


def test_burden_of_all_is_that_of_renters_and_owners() -> None:
    for stem in ("BEL-03", "BEL-04"):
        for key in ("numerator", "denominator", "complement"):
            parts = [leaf for kind in (".renters", ".owners") for leaf in leaves(BY_ID[stem + kind].parameters[key])]
            assert sorted(leaves(BY_ID[stem].parameters[key])) == sorted(parts)


def test_severe_burden_is_a_part_of_burden() -> None:
    for kind in (".renters", ".owners", ""):
        severe, burden = (set(leaves(BY_ID[f"BEL-0{n}{kind}"].parameters["numerator"])) for n in (4, 3))
        assert severe < burden


def test_income_classes_have_the_published_edges() -> None:
    row = BY_ID["OPP-01"]
    assert row.parameters["edges"][:4] == [0, 10_000, 15_000, 20_000]
    assert row.parameters["edges"][-3:] == [150_000, 200_000, float("inf")]
    assert len(parse(row.parameters["bins"]).plus) == 16
    assert row.parameters["edges"] == BY_ID["BEL-01.vulnerable"].parameters["income_edges"]


def test_the_half_mile_is_a_half_mile() -> None:
    assert BY_ID["WEL-04.800"].parameters["distance_m"] == pytest.approx(0.5 * 1609.344, abs=0.01)


def test_groups_by_race_use_the_tables_of_that_race() -> None:
    race_of = {"H": "race:white", "B": "race:black-alone", "D": "race:asian-alone", "I": "race:hispanic"}
    for row in ROWS:
        for group, asked in row.groups.items():
            for key in ("numerator", "denominator", "complement", "published"):
                for code in parse(asked[key]).codes if key in asked else ():
                    assert race_of[code.split("_")[0][-1]] == group, (row.id, group)


def test_block_columns_of_groups_are_non_hispanic_except_one() -> None:
    labels = read.layers().groups
    for group in BY_ID["MOB-01.400"].groups:
        if group.startswith("race:") and group != "race:hispanic":
            assert labels[group].endswith("not Hispanic")


def test_every_row_asks_for_the_tables_that_it_names() -> None:
    assert BY_ID["BEL-03"].inputs == ("acs:B25070", "acs:B25091")
    assert BY_ID["OPP-01"].inputs == ("acs:B19001", "acs:B19013")
    assert "acs:C15002I" in BY_ID["OPP-04"].optional
    assert BY_ID["MOB-02.800"].inputs == ("walk", "gtfs", "blocks")
    assert BY_ID["MOB-02.800"].optional == ("acs:B03002", "acs:C17002")


def test_every_field_is_a_function_that_exists() -> None:
    assert set(check.FIELDS) == set(FIELDS)


def test_a_proxy_says_that_it_is_one() -> None:
    row = BY_ID["ENV-03.developed"]
    assert row.parameters["classes"] == [22, 23, 24]
    assert "proxy" in row.title and "proxy" in row.caveat.lower()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_resident_can_read_every_row(row: Indicator) -> None:
    for text in (row.plain, row.method, row.caveat):
        assert text[0].isupper() or text[0].isdigit()
        assert text.endswith(".")
        assert not re.search(r"\b[BC]\d{5}", row.plain), "no table codes where residents read"
    assert not row.title.endswith(".")
    assert row.references and row.frequency and row.universe
