"""``[displacement] metro`` and ``base_years``: what is understood, what is refused, which surveys are compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from justgeo import config, run
from justgeo.collecting import surveys_of, years_of
from justgeo.core.errors import ConfigError

Told = Callable[[str], config.RunConfig]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    def of(text: str) -> config.RunConfig:
        least = '[district]\nname = "Old Town"\nboundary = "town.geojson"\n'
        (tmp_path / "district.toml").write_text(least + text, encoding="utf-8")
        return config.read(tmp_path)

    return of


def test_metro_and_base_years_are_read_each_once(told: Told) -> None:
    found = told('[displacement]\nmetro = ["51540", "51003", "51540"]\nbase_years = [2019, 2017, 2019]\n')
    assert (found.metro, found.base_years) == (("51540", "51003"), (2017, 2019))
    assert (told("").metro, told("").base_years) == ((), ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('metro = ["5154"]', "'5154' is no GEOID"),
        ('metro = ["51540000201"]', "five digits, state and county"),
        ("metro = [51540]", "displacement.metro"),
        ('metro = "51540"', "displacement.metro"),
        ("base_years = [2020]", "base_years names 2020, which shares years with that of 2024"),
        ("base_years = [2009]", "greater than or equal to 2010"),
        ('base_years = ["2019"]', "valid integer"),
        ("base_years = 2019", "displacement.base_years"),
        ("base_years = [2014]\n[vintages]\nacs_t0 = 2014", "2014, which is the survey compared with already"),
        ('base_years = [2014]\n[layers.acs_t0]\npath = "x"\nyear = 2014', "is the survey compared with already"),
        ("base_year = [2019]", "did you mean 'base_years'"),
    ],
)
def test_what_cannot_be_meant_is_refused(told: Told, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        told(f"[displacement]\n{text}\n")
    assert said in str(refused.value).replace("'displacement.metro'", "displacement.metro").replace(
        "'displacement.base_years'", "displacement.base_years"
    )


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("[layers.acs_t0_2019]\nyear = 2019\n", [2019]),
        ("[layers.acs_t0_2019]\nyear = 2019\n[layers.acs_t0]\nyear = 2014\n", [2014, 2019]),
        ("[layers.acs_t0_2019]\nyear = 2019\n[displacement]\nbase_years = [2019]\n", [None, 2019]),
        ("[fetch]\n[vintages]\nacs_t0 = 2014\n[displacement]\nbase_years = [2019, 2016]\n", [2014, 2016, 2019]),
        ("[fetch]\n[vintages]\nacs_t0 = 2014\n[layers.acs_t0_2019]\nyear = 2019\n", [2014, 2019]),
    ],
)
def test_which_surveys_are_compared(told: Told, text: str, pairs: list[int | None]) -> None:
    """The reported one first: that of ``acs_t0``, of ``[vintages]``, or the only one there is."""
    found = told(text.replace("year =", 'path = "x"\nyear ='))
    surveys = [pair.get("t0") for pair in surveys_of(found)]
    assert surveys == (pairs or [None])
    assert years_of(found).get("t0") == surveys[0]


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        ("[vintages]\nacs_t0 = 2014\n[layers.acs_t0_2019]\nyear = 2019", "acs_t0 is 2014, and the earlier tables that "
         "are declared are of 2019", "acs_t0 = 2019"),
        ("[vintages]\nacs_t0 = 2014\n[fetch]\ncensus = false\n[layers.acs_t0_2019]\nyear = 2019", "are of 2019", "4"),
        ("[vintages]\nacs_t0 = 2014\n[layers.acs_t0]\nyear = 2019", "layers.acs_t0.year is 2019", "once"),
        ("[layers.acs_t0_2014]\nyear = 2019", "layers.acs_t0_2014.year is 2019", "mend one"),
    ],
)  # fmt: skip
def test_an_earlier_survey_of_another_year_is_not_passed_over(told: Told, text: str, said: str, remedy: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        told(text.replace("year =", 'path = "x"\nyear =') + "\n")
    assert remedy in refused.value.remedy


def test_the_earlier_survey_that_is_named_is_the_one_reported(told: Told) -> None:
    both = "[vintages]\nacs_t0 = {}\n[layers.acs_t0_2014]\npath = 'x'\nyear = 2014\n[layers.acs_t0_2019]\npath = 'x'\n"
    for year in (2014, 2019):
        assert years_of(told(both.format(year) + "year = 2019\n")) == {"t1": 2024, "t0": year}


def test_a_plan_names_the_tables_of_other_base_years(told: Told, tmp_path: Path) -> None:
    told("[fetch]\n[vintages]\nacs_t0 = 2014\n[displacement]\nbase_years = [2019]\n")
    rows = {row.layer: row for row in run.plan(tmp_path)}
    assert rows["acs:B25077@2019"].fetched and rows["acs:B25077@2014"].fetched and rows["crosswalk"].fetched
