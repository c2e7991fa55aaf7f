"""The market of the headline, from a table: each by its own medians, rents for home values, tracts that are alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from justgeo import displacing
from justgeo.displacing import Beside, Displacement
from justgeo.report.displacement_market import market as told_by
from tests import tract_table as made

DRAWS = 1000
YEARS = (2014, 2024)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.region(tmp_path_factory.mktemp("region"))


@pytest.fixture(scope="module")
def found(here: Path) -> Displacement:
    beside = Beside(shapes=here / "shapes.gpkg", region=here / "region.toml")
    return displacing.displacement(here / "tracts.csv", beside=beside, years=YEARS, draws=DRAWS)


@pytest.mark.parametrize("market", ["value", "rent"])
def test_each_market_is_told_by_its_own_medians(found: Displacement, market: str) -> None:
    """By hand: the median of each survey, and its rise, against the quantile of 60 % over the tracts. The two markets
    go ways of their own in the table, so that one told by the other's numbers would fail here."""
    rows, tracts = made.rows(), found.content["tracts"]
    now, before = (np.array([row[f"{market}_{when}"] for row in rows], dtype=float) for when in ("t1", "t0"))
    rise = now / (before * found.content["price"]) - 1
    flags = {}
    for name, values in (("before_high", before), ("now_high", now), ("change_high", rise)):
        told = [tract["conditions"][f"{market}.{name}"] for tract in tracts]
        assert [one["value"] for one in told] == pytest.approx(values)
        flags[name] = values > np.quantile(values, 0.6)
        assert [one["holds"] for one in told] == flags[name].tolist()
    low, high, rose = ~flags["before_high"], flags["now_high"], flags["change_high"]
    marketed = [tract["variants"][market]["market"] for tract in tracts]
    assert [one == "appreciated" for one in marketed] == (low & high & rose).tolist()
    assert [one == "accelerating" for one in marketed] == (~high & rose).tolist()
    other = [tract["variants"]["rent" if market == "value" else "value"]["market"] for tract in tracts]
    assert sum(a != b for a, b in zip(marketed, other, strict=True)) >= 9, "a quarter of them at least differs"


def said(found: Displacement) -> str:
    """The screen as one line."""
    return " ".join(line.strip() for line in displacing.words(found))


def test_where_no_home_value_is_known_the_market_is_called_rents(
    here: Path, found: Displacement, tmp_path: Path
) -> None:
    """All values are sentinels: rents stand in, and no sentence may speak of home prices that nobody knows."""
    rows = made.changed(made.rows(), lambda row: {"value_t1": -666666666, "value_t1_moe": -222222222})
    table, beside = made.write(tmp_path / "t.csv", rows), Beside(shapes=here / "shapes.gpkg")
    told = displacing.displacement(table, tmp_path / "out", beside=beside, years=YEARS, draws=DRAWS)
    note = "No home value of both surveys is known here: the market of all 36 tracts that can be told is of rents."
    texts = {"screen": said(told)} | {
        name: (tmp_path / "out" / name).read_text(encoding="utf-8")
        for name in ("summary.md", "summary.json", "displacement.html")
    }
    for name, text in texts.items():
        assert note in text, name
        assert "home prices" not in text and "home values rose" not in text, name
        if name != "displacement.html":
            assert "live in tracts where three of four shares are high and rents rose fast" in text or ".json" in name
    assert "## Stages, by rents, since no home value is known" in texts["summary.md"]
    assert "By rents, since no home value is known" in texts["displacement.html"]
    assert told.content["market"]["by_rents"] == told.content["market"]["told"] == 36
    pressed = next(one for one in told.content["methods"] if one["id"] == "pressed")
    assert "high where rents rose fast" in pressed["question"]
    assert "home prices rose fast" in said(found) and "stand in" not in said(found)


def test_it_is_said_how_many_tracts_are_told_by_rents(here: Path, tmp_path: Path) -> None:
    gone = {made.geoid(i) for i in (2, 3, 30)}
    rows = made.changed(made.rows(), lambda row: {"value_t1": ""} if row["geoid"] in gone else {})
    table, beside = made.write(tmp_path / "t.csv", rows), Beside(shapes=here / "shapes.gpkg")
    told = displacing.displacement(table, tmp_path / "out", beside=beside, years=YEARS, draws=DRAWS)
    note = (
        "Rents stand in for home values that are missing: of the 36 tracts whose market can be told, 3 are told by "
        "rents"
    )
    assert f"{note}." in said(told) and f"{note}." in told.content["notes"]
    assert "home prices rose fast" in said(told)
    assert f"{note}." in (tmp_path / "out" / "displacement.html").read_text(encoding="utf-8")
    assert "## Stages, by home values, or rents where none is known" in (tmp_path / "out" / "summary.md").read_text(
        encoding="utf-8"
    )
    part = np.where(np.arange(36) < 6, 0.5, 0.0)
    assert told_by(told.typology, part)["notes"] == [f"{note}, 2 of 6 in the district."]


def test_where_all_medians_are_alike_the_chances_are_said_to_say_nothing(here: Path, tmp_path: Path) -> None:
    """None is above a quantile that all share, while draws from the margins put two fifths above it."""
    names = [f"{name}_{when}" for name in ("value", "rent") for when in ("t0", "t1")]
    first = made.rows()[0]
    rows = made.changed(made.rows(), lambda row: {name: first[name] for name in names})
    table, beside = made.write(tmp_path / "t.csv", rows), Beside(shapes=here / "shapes.gpkg")
    told = displacing.displacement(table, beside=beside, years=YEARS, draws=DRAWS)
    head = told.content["headline"]["households"]
    assert head["flagged"]["value"] == 0.0 < head["expected"]["value"], "the two that ask for a word"
    for title in ("Median home value, earlier survey", "Median home value, later survey",
                  "Real change of the median home value"):  # fmt: skip
        note = (
            f"{title}: none of 36 tracts lies above the threshold, since 36 of them share the highest number. Chances "
            "there come from the margins alone, and say nothing of the market."
        )
        assert note in said(told) and note in told.content["notes"]
    assert "Median rent" not in said(told), "the headline does not ask for it"


def test_tracts_that_differ_by_less_than_their_margins_are_said_to(here: Path, tmp_path: Path) -> None:
    rows = [{**row, "value_t1": 300_000 + 10 * i, "value_t1_moe": 16_000} for i, row in enumerate(made.rows())]
    table, beside = made.write(tmp_path / "t.csv", rows), Beside(shapes=here / "shapes.gpkg")
    told = displacing.displacement(table, beside=beside, years=YEARS, draws=DRAWS)
    assert "Median home value, later survey: the 36 tracts differ by less than their margins. Chances" in said(told)


def test_where_tracts_differ_there_is_no_such_note(found: Displacement) -> None:
    assert found.content["market"]["notes"] == []
