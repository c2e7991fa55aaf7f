"""Chances against the truth, in short: ``docs/displacement.md`` has the long version, and says why."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from justgeo.core.layer import Layer
from justgeo.displacing import CHOSEN
from justgeo.measure.typology import correlation
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.values import BEFORE, NOW, Amount, Tracts
from justgeo.sources.census import read_acs
from justgeo.sources.relationship import read_relationship
from justgeo.synthetic import County, county, ensure
from justgeo.synthetic.declare import BLOCKS_2010, RELATIONSHIP
from justgeo.synthetic.write import DRAW
from tests.benchmarks import reliability, typology_calibration, typology_cases, typology_nowhere, typology_shrunk
from tests.benchmarks.typology_calibration import Drawn
from tests.benchmarks.typology_cases import Run
from tests.benchmarks.typology_text import TEXT

ROOT = Path(__file__).parents[1]
SEEDS, SURVEYS = (2020, 7), 6
QUICK = replace(typology_nowhere.chosen(), draws=1000)


@pytest.fixture(scope="module")
def nowhere() -> County:
    return county(2020)


@pytest.fixture(scope="module")
def drawn() -> list[Drawn]:
    return [Drawn.of(county(seed), SURVEYS) for seed in SEEDS]


@pytest.fixture(scope="module")
def runs(drawn: list[Drawn]) -> list[Run]:
    return [one.run(typology_cases.by_product(QUICK)) for one in drawn]


# --- the measure of honesty -----------------------------------------------------------------------------------------


def made(said: list[float], true: list[float], tract: list[int] | None = None) -> reliability.Cases:
    cluster = np.arange(len(said)) if tract is None else np.array(tract)
    return reliability.cases(np.array(said), np.array(true), cluster)


def test_a_reliability_table_by_hand() -> None:
    bins = reliability.table(made([0.02, 0.8, 0.8, 0.8, 0.8, 1.0], [0, 1, 1, 1, 0, 1], [1, 1, 1, 1, 2, 2]))
    found = {(b.low, b.high): b for b in bins}
    of = found[0.7, 0.9]
    assert of.n == 4 and of.said == pytest.approx(0.8) and of.true == 0.75
    assert of.se == pytest.approx(np.hypot(3 * 0.2, 0.8) / 4)  # one tract errs by 0.6 in all, the other by 0.8
    assert found[0.95, 1.0].n == 1 and found[0.3, 0.5].n == 0 and np.isnan(found[0.3, 0.5].true)


def test_what_is_not_known_is_no_case() -> None:
    assert len(made([0.5, np.nan, 0.5], [1, 1, np.nan])) == 1
    assert np.isnan(reliability.summary(made([], [])).brier)
    assert np.isnan(reliability.summary(made([0.2, 0.7], [1, 1])).slope)


def test_brier_and_excess_by_hand() -> None:
    found = reliability.summary(made([0.9, 0.9, 0.3, 0.5], [1, 0, 0, 1]))
    assert found.brier == pytest.approx((0.01 + 0.81 + 0.09 + 0.25) / 4)
    # said 0.9, 0.9, 0.7, 0.5 of the likelier side, right in three of four
    assert found.excess == pytest.approx(0.75 - 0.75)


@given(k=st.floats(0.4, 2.5), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_slope_is_that_of_the_odds(k: float, seed: int) -> None:
    """Odds told k times as far from even have a slope k times as small."""
    rng = np.random.default_rng(seed)
    odds = rng.uniform(-2.0, 2.0, 400)
    true = (rng.random(400) < 1 / (1 + np.exp(-odds))).astype(float)
    one, other = (reliability.summary(made(list(1 / (1 + np.exp(-o))), list(true))) for o in (odds, k * odds))
    assert other.slope == pytest.approx(one.slope / k, rel=1e-6)
    assert other.slope_se == pytest.approx(one.slope_se / k, rel=1e-6)


def test_honest_chances_have_a_slope_of_one() -> None:
    rng = np.random.default_rng(1)
    said = rng.uniform(0.02, 0.98, 40_000)
    found = reliability.summary(made(list(said), list((rng.random(40_000) < said).astype(float))))
    assert found.slope == pytest.approx(1.0, abs=0.04) and found.excess == pytest.approx(0.0, abs=0.01)


# --- the county -----------------------------------------------------------------------------------------------------


def test_layers_of_a_redrawn_survey_are_those_of_the_files(nowhere: County) -> None:
    """What is calibrated is what is read: the same tables, the same relationship of blocks."""
    folder = ensure(2020)
    for vintage in typology_nowhere.VINTAGES.values():
        mine = typology_nowhere.survey_layers(nowhere, vintage, DRAW)
        read = read_acs(folder / f"acs{vintage}", typology_nowhere.TABLES, vintage)
        assert {f"acs:{name}@{vintage}" for name in read} == set(mine)
        for layer in read.values():
            same_rows(mine[layer.name], layer, ["level", "geoid"])
    theirs = read_relationship(folder / RELATIONSHIP, folder / BLOCKS_2010)
    same_rows(typology_nowhere.relationship(nowhere), theirs, ["block10", "block20"])


def same_rows(one: Layer, other: Layer, by: list[str]) -> None:
    assert one.geography_vintage == other.geography_vintage
    a, b = (pd.DataFrame(layer.data).set_index(by).sort_index() for layer in (one, other))
    shared = [column for column in a if column in b]
    assert set(a) - set(b) == set() and a.index.equals(b.index)
    for column in shared:
        np.testing.assert_allclose(a[column].astype(float), b[column].astype(float), rtol=1e-12, err_msg=column)


def test_the_truth_is_everybody(nowhere: County, drawn: list[Drawn]) -> None:
    known, households = drawn[0].everybody, nowhere.households(2024)
    tract = nowhere.geography.blocks["tract"].to_numpy().astype(str)[households["block"].to_numpy()]
    i = int(np.flatnonzero(known.geoid == "99001000701")[0])
    here = households[tract == "99001000701"]
    assert known.now["owners"].value[i] == pytest.approx(here["owner"].mean())
    assert known.now["rent"].value[i] == here["rent"].median()
    assert known.now["low_income"].value[i] == (here["income"] < 0.8 * households["income"].median()).mean()
    assert known.households.value[i] == len(here)
    before = nowhere.households(2014)
    then = nowhere.geography.blocks["tract"].to_numpy().astype(str)[before["block"].to_numpy()]
    # half of a tract of 2010, which no table of 2010 shows
    assert known.before["value"].value[i] == before[then == "99001000701"]["value"].median()
    assert drawn[0].divided[i] and drawn[0].divided.sum() == 14
    for amount in (*known.now.values(), *known.before.values()):
        assert (amount.se == 0).all()


def test_the_truth_is_sure_of_itself(drawn: list[Drawn]) -> None:
    found = classify(drawn[0].everybody, QUICK)
    said, so = typology_cases.said(found), typology_cases.so(found)
    for name, told in said.items():
        np.testing.assert_array_equal(told, so[name], err_msg=name)


# --- what was found -------------------------------------------------------------------------------------------------


def excess(runs: list[Run], family: str) -> float:
    return 100 * reliability.summary(typology_cases.family(runs, family)).excess


def test_pressures_and_vulnerability_are_as_sure_as_they_should_be(runs: list[Run]) -> None:
    for family in ("each condition of A", "A: three of four pressures"):
        assert abs(excess(runs, family)) < 4, family
    firm = typology_cases.right(runs, "A").labels[1]
    assert firm.label == "firm" and firm.n > 200 and firm.right > 0.95


def test_being_under_pressure_is_not_told_too_surely(runs: list[Run]) -> None:
    judged = typology_cases.right(runs, "pressed.value")
    assert excess(runs, "pressed (A and a market), value") < 4
    assert judged.true_above_half > 0.85 and judged.labels[1].right > 0.95


def test_single_changes_are_told_too_surely_and_the_page_says_so(runs: list[Run]) -> None:
    assert 3 < excess(runs, "each condition of B") < 16
    page = " ".join((ROOT / "docs" / "displacement.md").read_text(encoding="utf-8").split())
    assert "**Too sure**" in page and "*A single change between two surveys*" in page


def test_margins_hold_in_tracts_that_were_drawn_anew(drawn: list[Drawn]) -> None:
    """Medians before, rebuilt from carried classes: the part for the divided tract is in their margin."""
    some = [(one.surveys, one.everybody, one.divided) for one in drawn]
    for name in ("income", "value", "rent", "bachelors"):
        assert typology_cases.margins_hold(some, name, "before").held > 0.8, name


@pytest.mark.parametrize("when", ["now", "before"])
def test_correlations_are_those_that_were_measured(drawn: list[Drawn], when: str) -> None:
    known = {"now": (NOW, correlation.NOW_CORRELATION), "before": (BEFORE, correlation.BEFORE_CORRELATION)}
    names, told = known[when]
    assert told.shape == (len(names), len(names))
    np.testing.assert_array_equal(told, told.T)
    assert (np.diag(told) == 1).all() and np.linalg.eigvalsh(told).min() > 0.1
    assert not told.flags.writeable
    measured = np.mean(
        [typology_cases.correlation(one.surveys, "now" if when == "now" else "before", ~one.divided) for one in drawn],
        axis=0,
    )
    # 12 surveys of 22 tracts: a correlation is known to about 0.07
    assert np.abs(measured - told).max() < 0.25


def test_errors_that_hang_together_make_change_less_sure(drawn: list[Drawn], runs: list[Run]) -> None:
    """The product draws them so, through both of its doors."""
    for one in (QUICK, CHOSEN):
        assert one.correlation_now is correlation.NOW_CORRELATION
        assert one.correlation_before is correlation.BEFORE_CORRELATION
    alone = [one.run(typology_cases.by_product(replace(typology_calibration.INDEPENDENT, draws=1000))) for one in drawn]
    assert excess(runs, "B: demographic change") < excess(alone, "B: demographic change")


# --- the diagnosis --------------------------------------------------------------------------------------------------


def scaled(tracts: Tracts, by: float) -> Tracts:
    """The same survey with other margins."""

    def of(amounts: dict[str, Amount]) -> dict[str, Amount]:
        return {name: Amount(a.value, a.se * by) for name, a in amounts.items()}

    return replace(tracts, now=of(dict(tracts.now)), before=of(dict(tracts.before)))


def test_a_survey_without_error_is_not_drawn_back(drawn: list[Drawn]) -> None:
    one = drawn[0]
    region = typology_cases.with_true_region([scaled(one.surveys[0], 1e-6)], one.everybody)[0]
    found = typology_shrunk.chances(region, QUICK)
    plain = typology_cases.so(classify(region, QUICK))
    for name in ("A", "B", "pressed.value", "stage.rent", "market.either"):
        classed = np.isfinite(plain[name])
        np.testing.assert_allclose(found[name][classed], plain[name][classed], atol=0.02, err_msg=name)


def test_a_survey_of_noise_is_drawn_back_to_the_mean(drawn: list[Drawn]) -> None:
    """Where margins are far wider than the tracts differ, all tracts have about the same chance."""
    found = typology_shrunk.chances(scaled(drawn[0].surveys[0], 50.0), QUICK)
    chance = found["A.no_bachelors"]
    assert np.nanstd(chance) < 0.05


# --- the script -----------------------------------------------------------------------------------------------------


def test_the_page_and_the_figures_are_written(
    drawn: list[Drawn], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From end to end; the surveys that are at hand stand in for those of other counties."""
    few = [replace(one, surveys=one.surveys[:2]) for one in drawn]
    monkeypatch.setattr(Drawn, "of", classmethod(lambda cls, place, count: few[place.seed % 2]))
    monkeypatch.setattr(typology_calibration, "County", lambda seed: SimpleNamespace(seed=seed))
    page, figures = tmp_path / "page.md", tmp_path / "data" / "figures.csv"
    asked = f"--surveys 2 2 2 --counties 2 --draws 1000 --out {page} --csv {figures}".split()
    assert typology_calibration.main(asked) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# ") and "| A: three of four pressures |" in text
    assert not re.search(r"\bnan\b|[{}]", text)
    rows = list(csv.DictReader(figures.open(encoding="utf-8")))
    assert {row["place"] for row in rows} == {"Nowhere (invented)"}
    assert {row["counties"] for row in rows} == {"county 2020", "2 counties"}


def test_the_committed_page_has_the_words_of_the_script() -> None:
    words = re.sub(r"\\\{\w+\\\}", "(.*?)", re.escape(" ".join(TEXT.split())))
    page = (ROOT / "docs" / "displacement.md").read_text(encoding="utf-8")
    assert re.fullmatch(words, " ".join(page.split())), "run python -m tests.benchmarks.typology_calibration again"


def test_the_committed_figures_are_those_of_the_page() -> None:
    rows = list(csv.DictReader((ROOT / "docs" / "data" / "typology_calibration.csv").open(encoding="utf-8")))
    assert {row["place"] for row in rows} == {"Nowhere (invented)"}
    page = (ROOT / "docs" / "displacement.md").read_text(encoding="utf-8")
    of = [r for r in rows if r["statement"] == "A: three of four pressures" and r["draws"] == "as told"]
    for counties in {row["counties"] for row in of}:
        true = [f"{100 * float(r['true']):.0f}" for r in of if r["counties"] == counties and int(r["cases"]) >= 50]
        line = "| A: three of four pressures | " + " | ".join(true) + " |"
        assert line in page.replace("**", ""), line
    assert sum(int(row["cases"]) for row in of if row["counties"] == "county 2020") == 200 * 36
