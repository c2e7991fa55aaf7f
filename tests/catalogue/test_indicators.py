"""The package's own rows: do their cells say what their words say?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from justgeo.catalogue import check, read
from justgeo.core.errors import CatalogueError
from justgeo.core.expression import parse
from justgeo.core.result import Indicator
from justgeo.indicators import FIELDS, mobility
from justgeo.sources import osm_tags

ROWS = read.indicators()
BY_ID = {row.id: row for row in ROWS}


def lines(table: str, *spans: tuple[int, int]) -> frozenset[str]:
    return frozenset(f"{table}_{n:03d}" for first, last in spans for n in range(first, last + 1))


# Kinds of insurance, of one type and of several, at the four ages of B27010.
INSURED = ((4, 9), (11, 16), (20, 25), (27, 32), (36, 41), (43, 49), (53, 57), (59, 65))
THREE_AGES = ("B18101", "C27001")

# Structure of the tables, from the Bureau's table shells: a total and the lines that have no lines below them.
LEAVES = {
    "B25003_001": lines("B25003", (2, 3)),
    "B25044_001": lines("B25044", (3, 8), (10, 15)),
    "B25044_002": lines("B25044", (3, 8)),
    "B25044_009": lines("B25044", (10, 15)),
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
    "B05003_008": lines("B05003", (9, 9), (11, 12)),
    "B05003_019": lines("B05003", (20, 20), (22, 23)),
    "B07003_001": lines("B07003", *((n, n + 1) for n in (5, 8, 11, 14, 17))),
    **{f"B07003_{n:03d}": lines("B07003", (n + 1, n + 2)) for n in (4, 7, 10, 13, 16)},
    "B07013_003": lines("B07013", *((n, n) for n in (6, 9, 12, 15, 18))),
    "B08301_001": lines("B08301", (3, 3), (5, 9), (11, 21)),
    "B08301_002": lines("B08301", (3, 3), (5, 9)),
    "B08301_004": lines("B08301", (5, 9)),
    "B08301_010": lines("B08301", (11, 15)),
    "B08303_001": lines("B08303", (2, 13)),
    "B14005_001": lines("B14005", *((n, n + 2) for n in (4, 9, 13, 18, 23, 27))),
    "B14005_003": lines("B14005", (4, 6)),
    "B14005_017": lines("B14005", (18, 20)),
    "B18101_001": lines("B18101", *((n, n + 1) for n in (*range(4, 20, 3), *range(23, 39, 3)))),
    **{f"B18101_{n - 1:03d}": lines("B18101", (n, n + 1)) for n in (*range(4, 20, 3), *range(23, 39, 3))},
    "B22010_001": lines("B22010", (3, 4), (6, 7)),
    "B22010_002": lines("B22010", (3, 4)),
    "B22010_005": lines("B22010", (6, 7)),
    "B25002_001": lines("B25002", (2, 2)) | lines("B25004", (2, 8)),  # the empty ones are those of B25004
    "B25014_001": lines("B25014", (3, 7), (9, 13)),
    "B25014_002": lines("B25014", (3, 7)),
    "B25014_008": lines("B25014", (9, 13)),
    # By age: with a computer, by three kinds of subscription, and without one.
    **{f"B28005_{n:03d}": lines("B28005", (n + 2, n + 5)) for n in (2, 8, 14)},
    "B25034_001": lines("B25034", (2, 11)),
    "B25040_001": lines("B25040", (2, 10)),
    "B27010_001": lines("B27010", *INSURED, *((n, n) for n in (17, 33, 50, 66))),
    **{f"B27010_{first - 1:03d}": lines("B27010", (first, last)) for first, last in INSURED},
    **{
        f"B27010_{whole:03d}": lines("B27010", *INSURED[2 * n : 2 * n + 2], (none, none))
        for n, (whole, none) in enumerate(((2, 17), (18, 33), (34, 50), (51, 66)))
    },
    # Kinds of subscription overlap below the lines of dial-up alone, broadband of any type, and other service alone.
    "B28002_001": lines("B28002", (3, 4), (11, 13)),
    "B28002_002": lines("B28002", (3, 4), (11, 11)),
    "C16002_001": lines("C16002", (2, 2), (4, 5), (7, 8), (10, 11), (13, 14)),
    **{f"C15002{race}_001": lines(f"C15002{race}", (3, 6), (8, 11)) for race in "HBDI"},
    **{f"B08105{race}_001": lines(f"B08105{race}", (2, 7)) for race in "HBDI"},
    **{f"B28009{race}_001": lines(f"B28009{race}", (3, 6)) for race in "HBDI"},
    **{
        f"{table}{race}_001": lines(f"{table}{race}", (3, 4), (6, 7), (9, 10))
        for table in THREE_AGES
        for race in "HBDI"
    },
    **{f"C23002{race}_{n:03d}": lines(f"C23002{race}", (n + 1, n + 2)) for race in "HBDI" for n in (6, 11, 19, 24)},
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


def gaps() -> Iterator[tuple[str, dict[str, str]]]:
    """Both shares of every row that is the difference of two."""
    for row in ROWS:
        if row.field == "acs_gap":
            for less in ("", "less_"):
                yield row.id + less, {k: row.parameters[less + k] for k in ("numerator", "denominator", "complement")}


WITH_COMPLEMENT = [pytest.param(asked, id=name) for name, asked in [*shares(), *gaps()] if "complement" in asked]
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
    rows = [row for row in ROWS if row.id.startswith(stem) and row.field == "acs_share"]
    counted = [leaf for row in rows for leaf in leaves(row.parameters["numerator"])]
    assert sorted(counted) == sorted(leaves(rows[0].parameters["denominator"]))


@pytest.mark.parametrize("stem", ["DEM-01.", "DEM-03."])
def test_rows_that_count_a_group_name_it(stem: str) -> None:
    rows = [row for row in ROWS if row.id.startswith(stem) and row.field == "acs_share"]
    assert [row.parameters["counts"].partition(":")[2] for row in rows] == [row.id.removeprefix(stem) for row in rows]
    counted = [row.id for row in ROWS if "counts" in row.parameters]
    assert all(one.startswith(("DEM-01.", "DEM-03.")) for one in counted)


def test_a_group_that_nobody_knows_is_not_counted() -> None:
    odd = replace(BY_ID["DEM-01.nhpi"], parameters={**BY_ID["DEM-01.nhpi"].parameters, "counts": "race:nphi"})
    with pytest.raises(CatalogueError, match="counts = 'race:nphi' is no group") as found:
        read.check([odd], read.layers())
    assert "race:nhpi" in found.value.remedy


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


def test_classes_of_rents_and_values_have_as_many_edges_as_their_tables_have_lines() -> None:
    """Since 2015 B25063 has lines 3 to 26 with cash rent, B25075 lines 2 to 27 (METHODS 1.1)."""
    asked = BY_ID["BEL-01"].parameters
    rents, values = asked["rent_edges"], asked["value_edges"]
    assert len(rents) - 1 == 24 and rents[-2:] == [3_500, float("inf")] and 2_000 in rents
    assert len(values) - 1 == 26 and values[-2:] == [2_000_000, float("inf")] and 1_000_000 in values
    assert rents == BY_ID["BEL-05"].parameters["edges"]


def test_no_market_is_told_of_single_tracts() -> None:
    """The market of a tract is for analysts; the public rows speak of the district and its reference."""
    for row in ROWS:
        if row.field == "market_pressure":
            assert (row.areas, row.map) == (False, "none")
    assert {row.id for row in ROWS if not row.areas} >= {"BEL-01", "BEL-01.renters"}
    assert BY_ID["BEL-01"].parameters["market"] == "value"
    assert "two-vintage adaptation" in BY_ID["BEL-01"].method


def test_rows_of_displacement_make_the_same_choices() -> None:
    rows = [row for row in ROWS if row.field in ("vulnerability", "market_pressure")]
    assert len(rows) == 4
    choices = [{k: v for k, v in row.parameters.items() if k not in ("homes", "market")} for row in rows]
    assert all(one == choices[0] for one in choices)


def test_rent_classes_have_the_published_edges() -> None:
    edges = BY_ID["BEL-05"].parameters["edges"]
    assert edges[:4] == [0, 100, 150, 200] and edges[14:20] == [750, 800, 900, 1_000, 1_250, 1_500]
    assert edges[-5:] == [2_000, 2_500, 3_000, 3_500, float("inf")]
    # 27 lines since 2015: all renters, those who pay cash rent, 24 classes, those who do not.
    assert parse(BY_ID["BEL-05"].parameters["bins"]).plus == tuple(f"B25063_{n:03d}" for n in range(3, 27))


def test_the_two_groups_of_a_gap_have_nobody_in_common() -> None:
    for name, asked in gaps():
        assert parse(asked["denominator"]).codes[0][6] in ("H" if name.endswith("less_") else "BDI"), name


def test_a_gap_of_owners_is_hidden_where_the_renters_of_a_group_are() -> None:
    """It is made of the cells of the row of renters: others have other margins, and could show what is hidden."""
    renters = {asked["numerator"]: asked for asked in BY_ID["BEL-02"].groups.values()}
    for name, asked in gaps():
        row = renters[asked["numerator"]]
        assert asked == {key: row[key] for key in asked}, name


def test_every_amenity_that_a_row_asks_for_is_one_that_the_map_is_read_for() -> None:
    read_for = osm_tags.AMENITIES | osm_tags.SHOPS | {"sports_centre"}
    asked = [row.parameters["kinds"] for row in ROWS if "kinds" in row.parameters]
    lists = [one for told in asked for one in (told.values() if isinstance(told, dict) else [told])]
    assert len(lists) == 12
    for kinds in lists:
        assert set(kinds) <= read_for and len(set(kinds)) == len(kinds)
    five = BY_ID["BEL-12"].parameters["kinds"]
    every = [one for kinds in five.values() for one in kinds]
    assert len(every) == len(set(every)), "a place of two kinds would count twice"
    assert {f"BEL-12.{name}": kinds for name, kinds in five.items()} == {
        row.id: row.parameters["kinds"] for row in ROWS if row.id.startswith("BEL-12.")
    }


def test_convenience_stores_are_no_supermarkets() -> None:
    assert BY_ID["WEL-03.800"].parameters["kinds"] == ["supermarket", "grocery", "greengrocer", "marketplace"]


def test_data_are_read_as_far_as_the_longest_walk() -> None:
    walks = [float(row.parameters[k]) for row in ROWS for k in ("distance_m", "rail_distance_m") if k in row.parameters]
    assert max(walks) == mobility.LONGEST_M == pytest.approx(1609.344, abs=0.01)


def test_the_half_mile_is_a_half_mile() -> None:
    assert BY_ID["WEL-03.800"].parameters["distance_m"] == BY_ID["WEL-04.800"].parameters["distance_m"]
    assert BY_ID["WEL-04.800"].parameters["distance_m"] == pytest.approx(0.5 * 1609.344, abs=0.01)


def test_groups_by_race_use_the_tables_of_that_race() -> None:
    race_of = {"H": "race:white", "B": "race:black-alone", "D": "race:asian-alone", "I": "race:hispanic"}
    for row in ROWS:
        for group, asked in row.groups.items():
            for key in ("numerator", "denominator", "complement", "published"):
                for code in parse(asked[key]).codes if key in asked else ():
                    letter = code.split("_")[0][-1]
                    assert race_of.get(letter, "") == (group if group.startswith("race:") else ""), (row.id, group)


def test_block_columns_of_groups_are_non_hispanic_except_one() -> None:
    labels = read.layers().groups
    for group in BY_ID["MOB-01.400"].groups:
        if group.startswith("race:") and group != "race:hispanic":
            assert labels[group].endswith("not Hispanic")


def test_the_homes_of_1960_are_a_part_of_those_of_1980() -> None:
    lead, draughty = (set(leaves(BY_ID[name].parameters["numerator"])) for name in ("WEL-11", "ENV-12"))
    assert lead < draughty
    assert len(draughty - lead) == 2  # the sixties and the seventies


def test_ways_to_work_do_not_overlap() -> None:
    ways = [row for row in ROWS if row.id.startswith("MOB-06.")]
    counted = [leaf for row in ways for leaf in leaves(row.parameters["numerator"])]
    assert len(ways) == 5 and len(counted) == len(set(counted)) == 9
    groups = [asked["numerator"] for row in ways for asked in row.groups.values()]
    assert len(groups) == len(set(groups)) == 16


def test_every_row_asks_for_the_tables_that_it_names() -> None:
    assert BY_ID["BEL-03"].inputs == ("acs:B25070", "acs:B25091")
    assert BY_ID["OPP-01"].inputs == ("acs:B19001", "acs:B19013")
    assert "acs:C15002I" in BY_ID["OPP-04"].optional
    assert BY_ID["MOB-02.800"].inputs == ("walk", "gtfs", "blocks")
    assert BY_ID["MOB-02.800"].optional == (
        "acs:B03002", "acs:C17002", "acs:B01001", "acs:B25003", "acs:B25044",
    )  # fmt: skip


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
