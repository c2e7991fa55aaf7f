"""`justgeo displacement --inputs`: what does not fit is refused in plain words; the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from justgeo import cli, displacing
from justgeo.core.errors import ConfigError, JustgeoError, LayerError, VintageError
from justgeo.displacing import Beside
from justgeo.report.displacement_tables import FILES
from tests import tract_table as made

DRAWS = 1000
YEARS = (2014, 2024)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with shapes and figures of the region beside it."""
    return made.region(tmp_path_factory.mktemp("region"))


def test_shapes_of_another_vintage_are_refused(here: Path, tmp_path: Path) -> None:
    shapes = made.shapes().iloc[:-2]
    shapes.to_file(tmp_path / "some.gpkg")
    with pytest.raises(VintageError, match="2 of 36 tracts of the table have no shape"):
        displacing.displacement(here / "tracts.csv", years=YEARS, beside=Beside(shapes=tmp_path / "some.gpkg"))


def test_doubled_shapes_are_refused(here: Path, tmp_path: Path) -> None:
    import pandas as pd

    shapes = made.shapes()
    pd.concat([shapes, shapes.iloc[:1]]).to_file(tmp_path / "twice.gpkg")
    with pytest.raises(LayerError, match="1 tracts come more than once"):
        displacing.displacement(here / "tracts.csv", years=YEARS, beside=Beside(shapes=tmp_path / "twice.gpkg"))


def test_the_column_of_identifiers_is_found_or_named(here: Path, tmp_path: Path) -> None:
    made.shapes().rename(columns={"GEOID": "tract"}).to_file(tmp_path / "odd.gpkg")
    odd = Beside(shapes=tmp_path / "odd.gpkg")
    with pytest.raises(ConfigError, match="no column of GEOIDs is found") as refused:
        displacing.displacement(here / "tracts.csv", years=YEARS, beside=odd)
    assert "there are: tract" in refused.value.remedy
    named = Beside(shapes=tmp_path / "odd.gpkg", geoid="tract")
    found = displacing.displacement(here / "tracts.csv", years=YEARS, beside=named, draws=DRAWS)
    assert found.typology.tracts.neighbours is not None


def test_shapes_and_pairs_are_refused_together(here: Path) -> None:
    both = Beside(shapes=here / "shapes.gpkg", neighbours=here / "tracts.csv")
    with pytest.raises(ConfigError, match="given both"):
        displacing.displacement(here / "tracts.csv", years=YEARS, beside=both)


@pytest.mark.parametrize(("years", "said"), [((2024, 2014), "2024 2014 cannot be"), ((1, 2, 3), "1 2 3 cannot be")])
def test_years_that_cannot_be_are_refused(here: Path, years: tuple[int, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        displacing.displacement(here / "tracts.csv", years=years)


def test_years_without_an_index_want_a_price(here: Path) -> None:
    with pytest.raises(ConfigError, match="Dollars of 1990 and 2024 cannot be compared") as refused:
        displacing.displacement(here / "tracts.csv", years=(1990, 2024))
    assert "--price" in refused.value.remedy
    found = displacing.displacement(here / "tracts.csv", years=(1990, 2024), price=2.4, draws=DRAWS)
    assert found.content["price"] == 2.4


def test_a_price_that_cannot_be_is_refused(here: Path) -> None:
    with pytest.raises(JustgeoError, match="factor of -1 between two surveys"):
        displacing.displacement(here / "tracts.csv", price=-1.0)


# ----------------------------------------------------------------------------------------------------- the command line


def test_the_command_writes_the_folder_and_is_short(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["-q", "displacement", "--inputs", str(here / "tracts.csv"), "--tracts", str(here / "shapes.gpkg")]
    argv += ["--region", str(here / "region.toml"), "--years", "2014", "2024", "--draws", "1000", "--name", "Gridland"]
    assert cli.main([*argv, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Gridland"
    assert said[1].startswith("  INVENTED")
    assert "renter households" in said[2]
    assert said[-1].endswith("displacement.html")
    assert len(said) < 20
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(FILES)


def test_the_default_folder_is_called_after_the_table(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        cli.main(["-q", "displacement", "--inputs", str(here / "tracts.csv"), "--price", "1.3", "--draws", "1000"]) == 0
    )
    assert (tmp_path / "out" / "tracts-displacement" / "displacement.html").is_file()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "Neither a table nor a district is named."),
        (["town", "--inputs", "t.csv"], "A table and a district are named."),
        (["town", "--price", "1.3"], "--price is for a table (--inputs)."),
        (["town", "--as-published"], "--as-published is for a table (--inputs)."),
        (["--inputs", "t.csv", "--offline"], "--offline is for a district."),
        (["--inputs", "t.csv", "--compare", "o.csv"], "--compare o.csv is not understood."),
        (["--inputs", "t.csv", "--compare", "o.csv", "x", "2009"], "--compare o.csv x 2009 is not understood."),
        (["--inputs", "t.csv", "--compare", "o.csv", "r.toml"], "--compare o.csv r.toml is not understood."),
        (["--inputs", "t.csv", "--compare", "o.csv", "x", "2009", "r.toml"],
         "--compare o.csv x 2009 r.toml is not understood."),
        (["--inputs", "there-is-no.csv"], "There is no table there-is-no.csv."),
    ],
)  # fmt: skip
def test_wrong_use_is_told_in_two_lines(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["-q", "displacement", *argv]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0] == f"error: {said}"
    assert told[1].startswith("what to do: ")
