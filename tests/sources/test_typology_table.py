"""The typology's own table: what its numbers become, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from justgeo.core.errors import ConfigError, JustgeoError, LayerError
from justgeo.measure.margins import SENTINELS, Z90
from justgeo.measure.typology.values import Pooled
from justgeo.sources._frames import BLANKS
from justgeo.sources._typology_columns import BARE, KNOWN, ColumnMap, read_column_map
from justgeo.sources._typology_region import Region, read_region
from justgeo.sources.typology_table import TypologyTable, read_typology_table
from tests import tract_table as made
from tests.tract_table import Row

DOCS = Path(__file__).parents[2] / "docs" / "displacement-table.md"
NAN = float("nan")

# Three tracts by hand: 600, 300 and no renters.
HAND: list[Row] = [
    {"geoid": "99001000100", "households_t1": 1000, "households_t1_moe": 100, "renters_t1": 600, "renters_t1_moe": 70},
    {"geoid": "99001000200", "households_t1": 1000, "households_t1_moe": 80, "renters_t1": 300, "renters_t1_moe": 60},
    {"geoid": "99001000300", "households_t1": 500, "households_t1_moe": 50, "renters_t1": 0, "renters_t1_moe": 12},
]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., TypologyTable]:
    """Write rows and read them again."""

    def _read(rows: list[Row] | str | bytes, **options: Any) -> TypologyTable:
        path = tmp_path / "tracts.csv"
        raw = rows if isinstance(rows, str | bytes) else made.text(rows)
        path.write_bytes(raw.encode("utf-8") if isinstance(raw, str) else raw)
        return read_typology_table(path, **options)

    return _read


def with_cells(rows: list[Row], name: str, cells: list[Any]) -> list[Row]:
    return [{**row, name: cell} for row, cell in zip(rows, cells, strict=True)]


def notes(found: TypologyTable) -> str:
    return "\n".join(found.tracts.notes)


# ------------------------------------------------------------------------------------------------- shares from counts


def test_a_share_and_its_margin_by_hand(read: Callable[..., TypologyTable]) -> None:
    """.4 owners +- sqrt(70**2 - .36 * 100**2) / 1000; none rent: +- 12 / 500, the margin of the zero."""
    owners = read(HAND).tracts.now["owners"]
    assert owners.value == pytest.approx([0.4, 0.7, 1.0])
    by_hand = [(70**2 - 0.36 * 100**2) ** 0.5 / 1000, (60**2 - 0.09 * 80**2) ** 0.5 / 1000, 12 / 500]
    assert owners.se * Z90 == pytest.approx(by_hand)


def test_the_share_of_the_region_is_pooled_not_averaged(read: Callable[..., TypologyTable]) -> None:
    """900 of 2,500 rent: their margins are those of the sums, sqrt(70**2 + 60**2 + 12**2) for the 900."""
    found = read(HAND).tracts.region_now["owners"]
    assert found.value == pytest.approx(1 - 900 / 2500)
    part, whole = 70**2 + 60**2 + 12**2, 100**2 + 80**2 + 50**2
    assert found.se * Z90 == pytest.approx((part - 0.36**2 * whole) ** 0.5 / 2500)


def test_owners_give_the_same_share_as_renters(read: Callable[..., TypologyTable]) -> None:
    owners = [
        {**{k: v for k, v in row.items() if "renters" not in k}, "owners_t1": row["households_t1"] - row["renters_t1"]}
        for row in HAND
    ]
    assert read(owners).tracts.now["owners"].value == pytest.approx([0.4, 0.7, 1.0])


def test_a_share_of_one_is_not_said_to_be_sure(read: Callable[..., TypologyTable]) -> None:
    """Part and whole are one number with one margin, whose difference would be 0: the column's zero stands in."""
    rows = made.without(HAND, lambda name: "renters" in name)
    rows = with_cells(with_cells(rows, "owners_t1", [1000, 700, 0]), "owners_t1_moe", [100, 90, 15])
    se = read(rows).tracts.now["owners"].se
    assert se[0] * Z90 == pytest.approx(15 / 1000)
    assert se[2] * Z90 == pytest.approx(15 / 500)


def test_households_are_owners_and_renters_where_they_are_not_given(read: Callable[..., TypologyTable]) -> None:
    rows = made.without(HAND, lambda name: "households" in name)
    rows = with_cells(with_cells(rows, "owners_t1", [400, 700, 500]), "owners_t1_moe", [50, 60, 40])
    found = read(rows).tracts
    assert found.households.value.tolist() == [1000, 1000, 500]
    assert found.households.se * Z90 == pytest.approx([np.hypot(70, 50), np.hypot(60, 60), np.hypot(12, 40)])


def test_renter_households_are_counted_or_are_the_rest_or_a_share(read: Callable[..., TypologyTable]) -> None:
    counted = read(HAND).tracts.renter_households
    assert counted.value.tolist() == [600, 300, 0]
    assert counted.se * Z90 == pytest.approx([70, 60, 12])
    bare = made.without(HAND, lambda name: "renters" in name)
    rest = read(with_cells(with_cells(bare, "owners_t1", [400, 700, 500]), "owners_t1_moe", [60, 90, 50])).tracts
    assert rest.renter_households.value.tolist() == [600, 300, 0]
    # of a part with a margin larger than that of its whole: the safe rule, not none
    assert rest.renter_households.se * Z90 == pytest.approx([80, np.hypot(80, 90), np.hypot(50, 50)])
    share = read(with_cells(bare, "renter_share_t1", [0.6, 0.3, 0])).tracts
    assert share.renter_households.value == pytest.approx([600, 300, 0])
    assert np.isnan(read(bare).tracts.renter_households.value).all()


def test_homes_behind_the_medians_are_the_tenures_unless_named(read: Callable[..., TypologyTable]) -> None:
    rows = made.rows()
    found = read(rows, price=1.3).tracts.homes
    assert set(found) == {"value_now", "value_before", "rent_now", "rent_before"}
    assert found["rent_now"].tolist() == [row["renters_t1"] for row in rows]
    owned = [row["households_t0"] - row["renters_t0"] for row in rows]
    assert found["value_before"] == pytest.approx(owned)
    named = made.changed(rows, lambda row: {"owner_homes_t1": 40, "renter_homes_t0": 55})
    again = read(named, price=1.3).tracts.homes
    assert set(again["value_now"]) == {40.0} and set(again["rent_before"]) == {55.0}


def test_group_quarters_and_students(read: Callable[..., TypologyTable]) -> None:
    rows = with_cells(with_cells(HAND, "population_t1", [2000, 0, 1000]), "group_quarters_t1", [500, 0, ""])
    found = read(with_cells(rows, "students_share_t1", [0.2, 0.4, ""])).tracts
    assert found.group_quarters == pytest.approx([0.25, NAN, NAN], nan_ok=True)
    assert found.students == pytest.approx([0.2, 0.4, NAN], nan_ok=True)
    assert read(HAND).tracts.group_quarters is None
    assert read(with_cells(HAND, "group_quarters_share_t1", [0.6, 0, 0.1])).tracts.group_quarters == pytest.approx(
        [0.6, 0, 0.1]
    )


# ---------------------------------------------------------------------------------------------------- shares as given


def test_a_share_with_its_universe_is_pooled_by_it(read: Callable[..., TypologyTable]) -> None:
    rows = with_cells(with_cells(HAND, "low_income_share_t1", [0.5, 0.25, 0.1]), "low_income_share_t1_moe", [0.05] * 3)
    found = read(rows).tracts
    assert found.now["low_income"].se * Z90 == pytest.approx([0.05] * 3)
    assert found.region_now["low_income"].value == pytest.approx((500 + 250 + 50) / 2500)
    assert 0 < found.region_now["low_income"].se * Z90 < 0.05


def test_a_share_without_its_universe_is_not_pooled_and_says_what_to_do(read: Callable[..., TypologyTable]) -> None:
    found = read(with_cells(HAND, "white_share_t1", [0.5, 0.25, 0.1]))
    assert found.tracts.now["white"].value.tolist() == [0.5, 0.25, 0.1]
    assert "white" not in found.tracts.region_now
    assert "white_share_t1 has no universe in the table (population_t1)" in notes(found)
    assert "give population_t1" in notes(found)


def test_the_other_side_of_a_share_is_understood(read: Callable[..., TypologyTable]) -> None:
    rows = with_cells(HAND, "people_of_colour_share_t1", [0.5, 0.25, 0.1])
    assert read(rows).tracts.now["white"].value == pytest.approx([0.5, 0.75, 0.9])
    rows = with_cells(with_cells(HAND, "no_bachelors_t1", [700, 70, 7]), "adults_t1", [1000, 100, 10])
    assert read(rows).tracts.now["bachelors"].value == pytest.approx([0.3, 0.3, 0.3])


def test_a_share_of_nobody_is_blank_and_pools_as_nobody(read: Callable[..., TypologyTable]) -> None:
    rows = with_cells(with_cells(HAND, "population_t1", [1000, 0, 1000]), "white_share_t1", [0.5, "", 0.1])
    found = read(rows).tracts
    assert np.isnan(found.now["white"].value[1])
    assert found.region_now["white"].value == pytest.approx(0.3)


@pytest.mark.parametrize(("cell", "shown"), [("58", "58"), ("1.2", "1.2"), ("-0.1", "-0.1")])
def test_a_percent_in_a_share_is_refused(read: Callable[..., TypologyTable], cell: str, shown: str) -> None:
    with pytest.raises(LayerError, match=re.escape(f"white_share_t1 of 99001000200 is {shown}")) as refused:
        read(with_cells(HAND, "white_share_t1", [0.5, cell, 0.1]))
    assert "divide percents by 100" in refused.value.remedy


def test_a_margin_in_points_is_refused(read: Callable[..., TypologyTable]) -> None:
    rows = with_cells(with_cells(HAND, "white_share_t1", [0.5, 0.2, 0.1]), "white_share_t1_moe", [0.05, 7, 0.02])
    with pytest.raises(LayerError, match="white_share_t1_moe of 99001000200 is 7"):
        read(rows)


def test_a_part_larger_than_its_whole_is_refused(read: Callable[..., TypologyTable]) -> None:
    with pytest.raises(LayerError, match=r"renters_t1 of 99001000200 is 1,300, more than households_t1 \(1,000\)"):
        read(with_cells(HAND, "renters_t1", [600, 1300, 0]))


def test_a_count_without_its_whole_is_refused(read: Callable[..., TypologyTable]) -> None:
    with pytest.raises(ConfigError, match="has white_t1, and not the whole") as refused:
        read(with_cells(HAND, "white_t1", [1, 2, 3]))
    assert "population_t1" in refused.value.remedy


def test_without_households_there_is_nothing_to_class(read: Callable[..., TypologyTable]) -> None:
    with pytest.raises(ConfigError, match="does not say how many households"):
        read([{"geoid": "99001000100", "income_t1": 50_000}])


def test_counts_below_nothing_are_refused(read: Callable[..., TypologyTable]) -> None:
    with pytest.raises(LayerError, match="renters_t1 of 99001000300 is -4"):
        read(with_cells(HAND, "renters_t1", [600, 300, -4]))


# ------------------------------------------------------------------------------------- missing, sentinels, top codes


@pytest.mark.parametrize("cell", ["", "NA", "nan", "-", "**", *(f"{s:.0f}" for s in SENTINELS)])
def test_what_stands_for_no_number_is_missing(read: Callable[..., TypologyTable], cell: str) -> None:
    found = read(with_cells(with_cells(HAND, "rent_t1", [1200, cell, 900]), "rent_t1_moe", [80, cell, "**"])).tracts
    assert found.now["rent"].value == pytest.approx([1200, NAN, 900], nan_ok=True)
    assert found.now["rent"].se * Z90 == pytest.approx([80, NAN, NAN], nan_ok=True)


def test_a_controlled_estimate_has_no_error(read: Callable[..., TypologyTable]) -> None:
    for cell in ("-555555555", "*****"):
        found = read(with_cells(HAND, "households_t1_moe", [cell, 80, 50])).tracts
        assert found.households.se[0] == 0.0


def test_sentinels_go_to_the_published_treatment_alone(read: Callable[..., TypologyTable]) -> None:
    found = read(with_cells(with_cells(HAND, "rent_t1", [1200, -666666666, 900]), "value_t1", ["", 300_000, 400_000]))
    assert found.published.now["rent"].value.tolist() == [1200, -666666666, 900]
    assert np.isnan(found.published.now["value"].value[0]), "what is blank stays blank"
    assert found.coded == ("99001000200",)
    assert np.isnan(found.tracts.now["rent"].value[1])
    for amount in found.tracts.now.values():
        assert not np.isin(amount.value, list(SENTINELS)).any()


def test_the_top_of_a_scale_is_told_by_its_code_and_its_want_of_a_margin(read: Callable[..., TypologyTable]) -> None:
    rows = with_cells(
        with_cells(HAND, "value_t1", [2_000_001, 2_000_001, 500_000]), "value_t1_moe", ["***", 9000, 9000]
    )
    rows = with_cells(with_cells(rows, "value_t0", [1_000_001, 400_000, "1,000,000+"]), "rent_t0", [2001, 900, 3501])
    found = read(rows, price=1.3, years=(2014, 2024)).tracts
    assert found.top["value_now"].tolist() == [True, False, False], "a margin makes it an estimate"
    assert found.top["value_before"].tolist() == [True, False, True]
    assert found.top["rent_before"].tolist() == [True, False, False], "3,501 is the top from 2015 on"
    assert found.before["value"].value.tolist() == [1_000_001, 400_000, 1_000_001]
    later = read(with_cells(rows, "value_t0", ["", 400_000, ""]), price=1.3, years=(2016, 2024)).tracts
    assert later.top["rent_before"].tolist() == [False, False, True]


def test_of_incomes_at_the_top_no_change_is_told(read: Callable[..., TypologyTable]) -> None:
    found = read(with_cells(HAND, "income_t1", ["250,000+", 80_000, 60_000]))
    assert found.tracts.now["income"].value == pytest.approx([NAN, 80_000, 60_000], nan_ok=True)
    assert "income_t1: incomes at the top of their scale" in notes(found)


def test_a_median_of_nothing_is_missing_and_said_so(read: Callable[..., TypologyTable]) -> None:
    found = read(with_cells(HAND, "rent_t1", [1200, 0, 900]))
    assert np.isnan(found.tracts.now["rent"].value[1])
    assert "rent_t1: medians of 0 dollars, taken for missing: 1." in notes(found)
    with pytest.raises(LayerError, match="rent_t1 of 99001000200 is -5"):
        read(with_cells(HAND, "rent_t1", [1200, -5, 900]))


@pytest.mark.parametrize(
    ("name", "slip", "code"), [("value", "300", 9_999), ("rent", "1.2", 99), ("income", "61.5", 2_499)]
)
@pytest.mark.parametrize("when", ["t1", "t0"])
def test_a_median_below_the_bottom_of_its_scale_is_no_amount_in_dollars(
    read: Callable[..., TypologyTable], name: str, slip: str, code: int, when: str
) -> None:
    column = f"{name}_{when}"
    with pytest.raises(LayerError, match=f"{column} of 99001000200 is {slip}, and no median below") as refused:
        read(with_cells(HAND, column, ["", slip, ""]), price=1.3)
    assert "in dollars, not thousands?" in refused.value.message
    least = with_cells(with_cells(HAND, column, ["", code + 1, ""]), f"{column}_moe", ["", 5, ""])
    known = read(least, price=1.3).tracts
    assert (known.now if when == "t1" else known.before)[name].value[1] == code + 1
    assert read(with_cells(HAND, column, ["", code, ""]), price=1.3), "its own code stands for all below"
    coded = with_cells(HAND, column, ["", -666666666, 0])
    assert read(coded, price=1.3), "no number is not a low one"


def test_margins_larger_than_the_households_are_said(read: Callable[..., TypologyTable]) -> None:
    found = notes(read(with_cells(HAND, "households_t1_moe", [4_472, 80, 501])))
    assert (
        "households_t1: margins larger than their numbers in 2 of 3 tracts, for example 1,000 ± 4,472 in 99001000100."
    ) in found
    assert "margins larger" not in notes(read(HAND))
    even = with_cells(HAND, "households_t1_moe", [1000, "", 500])
    assert "margins larger" not in notes(read(even)), "not larger, and not known"
    empty = with_cells(with_cells(HAND, "households_t1", [1000, 1000, 0]), "households_t1_moe", [100, 80, 12])
    assert "margins larger" not in notes(read(empty)), "nobody lives there"


def test_margins_of_the_earlier_households_are_looked_at_too(read: Callable[..., TypologyTable]) -> None:
    before = with_cells(with_cells(HAND, "households_t0", [900] * 3), "households_t0_moe", [50, 60, 9000])
    assert "households_t0: margins larger than their numbers in 1 of 3 tracts" in notes(read(before, price=1.3))


@pytest.mark.parametrize("word", sorted(BLANKS - {""}))
def test_every_word_that_is_read_as_missing_is_in_the_docs(read: Callable[..., TypologyTable], word: str) -> None:
    assert f"`{word}`" in DOCS.read_text(encoding="utf-8").casefold()
    assert np.isnan(read(with_cells(HAND, "rent_t1", [1200, word, 900])).tracts.now["rent"].value[1])


def test_a_table_without_margins_says_so_once(read: Callable[..., TypologyTable]) -> None:
    found = read(made.without(made.rows(), lambda name: name.endswith("_moe")), price=1.3)
    assert not found.margins
    assert found.tracts.notes.count("The table has no margins: classes are told, chances are not.") == 1
    assert all(np.isnan(a.se).all() for a in found.tracts.now.values())
    assert "no margins" not in notes(read(made.rows(), price=1.3))


def test_without_an_earlier_vintage_part_a_alone_is_told(read: Callable[..., TypologyTable]) -> None:
    found = read(made.without(made.rows(), lambda name: "_t0" in name))
    assert found.tracts.before == {} and found.tracts.region_before == {}
    assert "no column of t0: vulnerability alone is told" in notes(found)


def test_what_is_not_in_the_table_is_named(read: Callable[..., TypologyTable]) -> None:
    assert "Not in the table (t1): white, bachelors, low_income;" in notes(read(HAND))


# ------------------------------------------------------------------------------------------------ dollars of two years


def test_dollars_of_two_years_want_a_price(read: Callable[..., TypologyTable]) -> None:
    with pytest.raises(ConfigError, match="dollars of two years") as refused:
        read(made.rows())
    assert "years" in refused.value.remedy and "price" in refused.value.remedy
    found = read(made.rows(), price=1.325, years=(2014, 2024)).tracts
    assert (found.price, found.years) == (1.325, (2014, 2024))


def test_shares_of_two_years_want_none(read: Callable[..., TypologyTable]) -> None:
    rows = made.without(made.rows(), lambda name: name.startswith(("income_", "value_", "rent_")))
    assert read(rows).tracts.price == 1.0


def test_the_change_of_income_wants_the_regions_own(read: Callable[..., TypologyTable]) -> None:
    assert "The region's own median incomes are not known" in notes(read(made.rows(), price=1.3))
    region = Region({"income": Pooled(81_000, 500)}, {"income": Pooled(60_000, 500)}, "region.toml")
    found = read(made.rows(), price=1.3, region=region)
    assert found.tracts.region_before["income"] == (60_000, 500)
    assert "The region's own median incomes are not known" not in notes(found)
    assert "come from region.toml: income (t1), income (t0)" in notes(found)


# ------------------------------------------------------------------------------------------------------------ columns


def test_columns_that_are_not_known_are_named_and_harmless(read: Callable[..., TypologyTable]) -> None:
    found = read(with_cells(with_cells(HAND, "NAME", ["a", "b", "c"]), "notes", ["", "", "x"]))
    assert "not known here and not used: NAME, notes." in notes(found)


def test_columns_beside_better_ones_are_named(read: Callable[..., TypologyTable]) -> None:
    found = read(with_cells(HAND, "renter_share_t1", [0.6, 0.3, 0]))
    assert "not needed beside the others: renter_share_t1." in notes(found)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("housholds_t1", "households_t1"),
        ("income_moe_t1", "income_t1_moe"),
        ("lowincome_t1", "low_income_t1"),
        ("rent_t11", "rent_t1"),
    ],
)
def test_a_misspelt_column_is_refused_with_the_right_one(
    read: Callable[..., TypologyTable], wrong: str, meant: str
) -> None:
    rows = made.without(HAND, lambda name: name == "households_t1") if meant == "households_t1" else HAND
    with pytest.raises(ConfigError, match=wrong) as refused:
        read(with_cells(rows, wrong, [1, 2, 3]))
    assert f"did you mean {meant!r}?" in refused.value.remedy


def test_a_column_that_does_not_say_its_vintage_is_refused(read: Callable[..., TypologyTable]) -> None:
    with pytest.raises(ConfigError, match="'Income', which does not say of which vintage") as refused:
        read(with_cells(HAND, "Income", [1, 2, 3]))
    assert "income_t1" in refused.value.remedy


def test_names_of_columns_may_be_in_capitals(read: Callable[..., TypologyTable]) -> None:
    rows = [{name.upper(): cell for name, cell in row.items()} for row in HAND]
    assert read(rows).tracts.now["owners"].value == pytest.approx([0.4, 0.7, 1.0])


def test_without_a_geoid_nothing_is_read(read: Callable[..., TypologyTable]) -> None:
    with pytest.raises(ConfigError, match="no column 'geoid'") as refused:
        read([{"geo_id": "99001000100", "households_t1": 5}])
    assert "did you mean 'geo_id'?" in refused.value.remedy


def test_every_column_stands_in_the_docs() -> None:
    told = DOCS.read_text(encoding="utf-8")
    for bare in BARE:
        assert f"`{bare}`" in told, bare
    assert len(KNOWN) == 1 + 4 * len(BARE)


# ----------------------------------------------------------------------------------------- a public file as it stands


def test_a_map_renames_adds_and_pads(read: Callable[..., TypologyTable], tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(
        'pad = true\n[columns]\ngeoid = "FIPS"\nhouseholds_t1 = "hh"\nadults_t1 = "a"\nadults_t1_moe = "a_m"\n'
        'bachelors_t1 = ["ba", "ma"]\nbachelors_t1_moe = ["ba_m", "ma_m"]\n',
        encoding="utf-8",
    )
    rows = [{"FIPS": "8031000201", "hh": 900, "ba": 30, "ma": 20, "ba_m": 6, "ma_m": 8, "a": 200, "a_m": 10, "x": 1}]
    found = read(rows, columns=read_column_map(path))
    assert found.tracts.geoid.tolist() == ["08031000201"]
    assert found.tracts.now["bachelors"].value.tolist() == [0.25]
    assert found.tracts.now["bachelors"].se * Z90 == pytest.approx([(6**2 + 8**2 - 0.0625 * 100) ** 0.5 / 200])
    assert "Columns of tracts.csv that are not mapped and not used: 1." in notes(found)


def test_a_map_of_a_sum_may_name_the_margin_of_the_sum(read: Callable[..., TypologyTable]) -> None:
    columns = ColumnMap({"renters_t1": ("one", "two"), "renters_t1_moe": ("m",)})
    rows = made.without(HAND, lambda name: "renters" in name)
    rows = with_cells(with_cells(with_cells(rows, "one", [600, 100, 0]), "two", [0, 200, 0]), "m", [70, 60, 12])
    found = read(rows, columns=columns).tracts
    assert found.renter_households.value.tolist() == [600, 300, 0]
    assert found.renter_households.se * Z90 == pytest.approx([70, 60, 12])


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        ('[columns]\nhousholds_t1 = "a"', "maps 'housholds_t1'", "did you mean 'households_t1'?"),
        ("pad = true", "maps no columns", "geoid"),
        ("[columns]\nrent_t1 = 5", "names no column", "in quotes"),
        ('[columns]\nrent_t1 = ["a", "b"]', "cannot be a sum", "one column"),
        ('[colums]\nrent_t1 = "a"', "unknown key 'colums'", "did you mean 'columns'?"),
        ("[columns", "is not TOML", "mend that line"),
    ],
)
def test_a_map_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str, remedy: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(said)) as refused:
        read_column_map(path)
    assert remedy in refused.value.remedy


def test_a_map_of_a_column_that_is_not_there_is_refused(read: Callable[..., TypologyTable]) -> None:
    with pytest.raises(ConfigError, match=r"no column 'hh_18' \(mapped to households_t1\)") as refused:
        read([{"geoid": "99001000100", "hh_17": 5}], columns=ColumnMap({"households_t1": ("hh_18",)}))
    assert "did you mean 'hh_17'?" in refused.value.remedy


def test_the_map_of_the_docs_is_understood(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(pad = true.*?)```", DOCS.read_text(encoding="utf-8"), flags=re.DOTALL)
    path = tmp_path / "udp.toml"
    path.write_text(text, encoding="utf-8")
    found = read_column_map(path)
    assert found.pad
    assert found.names["low_income_of_tracts_share_t1"] == ("per_all_li_18",)


# ------------------------------------------------------------------------------------------------- the region's own


def test_the_region_is_read_with_its_margins(tmp_path: Path) -> None:
    path = tmp_path / "region.toml"
    path.write_text(
        "[t1]\nincome = [81000, 900]\nrenter_share = [0.4, 0.01]\nlow_income_share = 0.41\n[t0]\nincome = 60000\n",
        encoding="utf-8",
    )
    found = read_region(path)
    assert found.now["income"] == pytest.approx((81_000, 900 / Z90))
    assert found.now["owners"] == pytest.approx((0.6, 0.01 / Z90))
    assert found.now["low_income"] == pytest.approx((0.41, NAN), nan_ok=True)
    assert found.before["income"].value == 60_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[now]\nincome = 1", "unknown part 'now'"),
        ("[t1]\nincom = 1", "unknown name 'incom'"),
        ("[t0]\nlow_income_share = 0.4", "unknown name 'low_income_share'"),
        ("[t1]\nwhite_share = 62", "[t1] white_share = 62 cannot be"),
        ("[t1]\nincome = [1, 2, 3]", "cannot be"),
        ("[t1]\nincome = true", "cannot be"),
        ("[t1]\nincome = [50000, -3]", "cannot be"),
    ],
)
def test_a_region_that_cannot_be_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "region.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(said)):
        read_region(path)


def test_every_refusal_has_a_remedy(read: Callable[..., TypologyTable], tmp_path: Path) -> None:
    for call in (
        lambda: read_typology_table(tmp_path / "none.csv"),
        lambda: read_column_map(tmp_path / "none.toml"),
        lambda: read_region(tmp_path / "none.toml"),
    ):
        with pytest.raises(JustgeoError) as refused:
            call()
        assert refused.value.remedy
