"""The typology's own table: ends of scales, sides that do not add up, dollars in thousands, standard errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from justgeo.core.errors import ConfigError, LayerError
from justgeo.measure.margins import Z90
from justgeo.measure.typology import contiguity, explain, rivals
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.values import UNTOLD, Pooled, Settings
from justgeo.sources._typology_ends import ends
from justgeo.sources._typology_region import Region, read_region
from justgeo.sources.typology_table import TypologyTable, read_typology_table
from tests import tract_table as made
from tests.tract_table import Row

NAN = float("nan")
FEW = Settings(draws=1000)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., TypologyTable]:
    """Write rows of both vintages and read them again; ``cells`` are put into the first tract."""

    def _read(cells: Row | None = None, rows: list[Row] | None = None, **options: Any) -> TypologyTable:
        table = made.rows() if rows is None else rows
        table[0] |= cells or {}
        return read_typology_table(made.write(tmp_path / "t.csv", table), **{"price": 1.3, **options})

    return _read


# ------------------------------------------------------------------------------------------------- ends of the scales


@pytest.mark.parametrize(
    ("name", "year", "code", "end"),
    [
        ("value", 2024, 2_000_001, "top"), ("value", 2024, 1_000_001, ""), ("value", 2014, 1_000_001, "top"),
        ("value", None, 1_000_001, "top"), ("value", 2024, 9_999, "bottom"), ("value", 2014, 9_999, "bottom"),
        ("rent", 2024, 3_501, "top"), ("rent", 2014, 2_001, "top"), ("rent", 2024, 99, "bottom"),
        ("rent", 2024, 9_999, ""), ("income", 2024, 250_001, "top"), ("income", None, 2_499, "bottom"),
        ("income", 2024, 99, ""),
    ],
)  # fmt: skip
def test_codes_of_the_ends(name: str, year: int | None, code: float, end: str) -> None:
    top, bottom = ends(name, year, np.array([code, code], dtype=float), np.array([NAN, 5.0]))
    assert top.tolist() == [end == "top", False], "a margin makes it a median"
    assert bottom.tolist() == [end == "bottom", False]


@pytest.mark.parametrize(("cell", "margin"), [("10,000-", "***"), ("9999", ""), ("9999", "-333333333")])
def test_a_value_at_the_bottom_ranks_low_with_certainty_and_has_no_change(
    read: Callable[..., TypologyTable], cell: str, margin: str
) -> None:
    found = read({"value_t1": cell, "value_t1_moe": margin}).tracts
    assert found.bottom["value_now"].tolist() == [True] + [False] * 35
    assert found.now["value"].value[0] == 9_999
    conditions = classify(found, FEW).markets["value"].conditions
    assert conditions["now_high"].holds[0] == 0.0
    assert conditions["now_high"].probability[0] == 0.0
    assert np.isnan(conditions["change_high"].holds[0]), "9,999 stands for no amount, and for no fall either"


def test_a_card_says_that_a_median_is_a_bottom_and_no_method_takes_a_rise_from_it(
    read: Callable[..., TypologyTable],
) -> None:
    found = read({"value_t0": "10,000-", "value_t0_moe": "***"}).tracts
    typology = classify(found, FEW)
    card, other = (explain.card(typology, at) for at in (0, 1))
    assert "bottom_of_scale" in card.caveats and "bottom_of_scale" not in other.caveats
    (line,) = (one for one in card.market if one.name == "value.before_high")
    assert line.holds is False and line.needed is None, "nobody knows how far below 10,000 it lies"
    rise = rivals.ding(found).criteria["value"].value
    assert np.isnan(rise[0]) and np.isfinite(rise[1:]).all()


def test_a_rent_at_the_bottom_before_is_no_rise_from_99_dollars(read: Callable[..., TypologyTable]) -> None:
    """From 99 to some 1,300 dollars would be the greatest rise of all."""
    found = read({"rent_t0": "100-", "rent_t0_moe": "***"})
    assert found.tracts.bottom["rent_before"][0]
    told = classify(found.tracts, FEW)
    assert np.isnan(told.markets["rent"].conditions["change_high"].holds[0])
    assert not told.markets["value"].stood_in[0]


def test_of_incomes_at_the_bottom_no_change_is_told(read: Callable[..., TypologyTable]) -> None:
    found = read({"income_t0": "2,500-", "income_t0_moe": "***"}).tracts
    assert np.isnan(found.before["income"].value[0])
    assert any(
        "income_t0: incomes at the bottom of their scale" in note and note.endswith(" 1.") for note in found.notes
    )


@pytest.mark.parametrize("cell", ["500,000+", "1,000,000+", "20,000-"])
def test_an_end_that_no_scale_has_is_refused(read: Callable[..., TypologyTable], cell: str) -> None:
    with pytest.raises(LayerError, match="value_t1 of 99001000100 is '") as refused:
        read({"value_t1": cell, "value_t1_moe": "***"}, years=(2014, 2024))
    assert cell in refused.value.message and "--years" in refused.value.remedy


def test_a_count_has_no_open_end(read: Callable[..., TypologyTable]) -> None:
    with pytest.raises(LayerError, match="population_t1 of 99001000100 is 1,999") as refused:
        read({"population_t1": "2,000-"})
    assert "medians alone" in refused.value.remedy


# ------------------------------------------------------------------------------------------- sides that do not add up


@pytest.mark.parametrize(
    ("one", "other", "whole"),
    [
        ("owners", "renters", "households"),
        ("white", "people_of_colour", "population"),
        ("bachelors", "no_bachelors", "adults"),
    ],
)
@pytest.mark.parametrize("gone", [0, 1, 200, -200])
def test_two_sides_make_their_whole(
    read: Callable[..., TypologyTable], one: str, other: str, whole: str, gone: int
) -> None:
    def sides(row: Row) -> Row:
        given = one if f"{one}_t0" in row else other
        return {(other if given == one else one) + "_t0": row[f"{whole}_t0"] - row[f"{given}_t0"] - gone}

    rows = made.changed(made.rows(), sides)
    if abs(gone) <= 1:
        assert read(rows=rows).tracts.geoid.size == 36
        return
    with pytest.raises(LayerError, match=f"{whole}_t0 is") as refused:
        read(rows=rows)
    due = rows[0][f"{whole}_t0"]
    assert f"of 99001000100 add up to {due - gone:,}" in refused.value.message
    assert "36 of 36 tracts" in refused.value.message


def test_two_shares_make_one(read: Callable[..., TypologyTable]) -> None:
    bare = made.without(made.rows(), lambda name: name.startswith("renters_t1"))
    right = made.changed(bare, lambda row: {"owner_share_t1": 0.63, "renter_share_t1": 0.38})
    assert read(rows=right).tracts.now["owners"].value[0] == 0.63
    with pytest.raises(LayerError, match=r"owner_share_t1 and renter_share_t1 of 99001000100 add up to 0\.93"):
        read({"renter_share_t1": 0.3}, rows=right)


# ---------------------------------------------------------------------------------------------- what is another's unit


def region(folder: Path, text: str) -> Region:
    (folder / "r.toml").write_text(text, encoding="utf-8")
    return read_region(folder / "r.toml")


@pytest.mark.parametrize(("when", "income"), [("t1", 81.0), ("t0", 60.2), ("t1", 81_000_000)])
def test_an_income_of_the_region_in_thousands_is_refused(
    read: Callable[..., TypologyTable], tmp_path: Path, when: str, income: float
) -> None:
    with pytest.raises(ConfigError, match=rf"r\.toml, \[{when}\] income = ") as refused:
        read(region=region(tmp_path, f"[{when}]\nincome = [{income}, 0.9]\n"))
    assert f"{income:,.10g}" in refused.value.message and "99001" in refused.value.message
    assert "not in thousands" in refused.value.remedy


def test_an_income_among_those_of_the_tracts_is_believed(read: Callable[..., TypologyTable], tmp_path: Path) -> None:
    found = read(region=region(tmp_path, made.REGION)).tracts
    assert found.region_now["income"] == Pooled(81_000.0, 900 / Z90)


@pytest.mark.parametrize("name", ["owner_share", "renter_share", "low_income_share"])
def test_a_margin_of_a_share_of_the_region_in_points_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=rf"\[t1\] {name} = \[0\.63, 1\.2\] cannot be") as refused:
        region(tmp_path, f"[t1]\n{name} = [0.63, 1.2]\n")
    assert "divided by 100" in refused.value.remedy


def test_a_standard_error_is_not_lost_without_a_word(read: Callable[..., TypologyTable]) -> None:
    rows = made.changed(
        made.without(made.rows(), lambda name: name == "rent_t1_moe"), lambda row: {"rent_t1_se": 70 / Z90}
    )
    with pytest.raises(ConfigError, match="'rent_t1_se', a standard error by its name") as refused:
        read(rows=rows)
    assert refused.value.remedy == "multiply it by 1.645 and call it rent_t1_moe."


def test_of_other_years_the_region_holds_where_the_year_is_the_same() -> None:
    own = Region({"income": Pooled(2.0, 1.0)}, {"income": Pooled(1.0, 1.0)}, "r.toml")
    assert own.of_years((2014, 2024), (2014, 2024)) == own
    assert own.of_years(None, None) == own
    assert own.of_years((2014, 2024), (2019, 2024)) == replace(own, before={})
    assert own.of_years((2014, 2024), (2014, 2019)) == replace(own, now={})
    assert own.of_years(None, (2014, 2024)) == replace(own, now={}, before={})
    assert own.of_years((0, 2024), (0, 2019)) == replace(own, now={}, before={}), "a year nobody named is not the same"


def test_untold_neighbours_are_no_answer(read: Callable[..., TypologyTable]) -> None:
    """Without neighbours of one tract its market is what its own numbers say, or cannot be told."""
    shapes = made.shapes().geometry.to_crs(32614)
    tracts = read().tracts
    whole = classify(replace(tracts, neighbours=contiguity.queen(shapes)), FEW)
    at = int(np.flatnonzero((whole.markets["value"].code == 1) & (whole.markets["rent"].code == 1))[0])
    holed = shapes.copy()
    holed.iloc[at] = None
    gone = contiguity.unplaced(holed)
    assert gone is not None and gone.sum() == 1 and gone[at]
    found = classify(replace(tracts, neighbours=contiguity.queen(holed), unplaced=gone), FEW)
    for market in ("value", "rent", "either"):
        assert found.markets[market].code[at] == UNTOLD
        assert np.isnan(found.markets[market].probability[at]).all() or found.markets[market].probability[at, -1] > 0.5
    assert (np.delete(found.markets["value"].code, at) != UNTOLD).all(), "of the others nothing is lost"
