"""Methods against each other in the analyst's folder: one that can tell of no tract, and two of which one is a part."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from justgeo import displacing
from justgeo.displacing import Beside, Displacement
from tests import tract_table as made

NO_DEGREES = "it asks for degrees, and that is known of no tract"


@pytest.fixture(scope="module")
def without_degrees(tmp_path_factory: pytest.TempPathFactory) -> Displacement:
    """Nobody knows who has a degree: Ding et al. could say no of some tracts, and yes of none."""
    folder = made.region(tmp_path_factory.mktemp("region"))
    table = made.write(folder / "t.csv", made.without(made.rows(), lambda name: name.startswith("bachelors")))
    beside = Beside(shapes=folder / "shapes.gpkg")
    return displacing.displacement(table, folder / "out", beside=beside, years=(2014, 2024), draws=1000)


def test_a_method_that_could_flag_no_tract_is_absent_with_its_reason(without_degrees: Displacement) -> None:
    content = without_degrees.content
    (ding,) = (one for one in content["methods"] if one["id"] == "ding")
    assert ding["reason"] == NO_DEGREES and ding["flagged"] is None and ding["households"] is None
    assert all(one["reason"] is None for one in content["methods"] if one["id"] != "ding")
    assert all(tract["methods"]["ding"] is None for tract in content["tracts"])
    assert content["agreement"]["absent"] == {"ding": NO_DEGREES}
    assert content["agreement"]["methods"] == ["vulnerable", "pressed", "udp"]
    told = " ".join(displacing.words(without_degrees))
    assert "Divringi 2016): no figure, since it asks for degrees" in told and ": 0 of" not in told


def test_the_files_say_so_too(without_degrees: Displacement) -> None:
    assert without_degrees.folder is not None
    folder: Path = without_degrees.folder
    text = (folder / "agreement.csv").read_text(encoding="utf-8")
    rows = {(row["a"], row["b"]): row for row in csv.DictReader(io.StringIO(text))}
    assert rows["ding", "ding"]["reason"] == NO_DEGREES and rows["ding", "ding"]["both"] == ""
    assert not [pair for pair in rows if "ding" in pair and pair != ("ding", "ding")]
    assert rows["vulnerable", "pressed"]["nested"] == "1" and rows["vulnerable", "udp"]["nested"] == "0"
    assert rows["vulnerable", "pressed"]["only_b"] == "0", "what is pressed is vulnerable"
    assert NO_DEGREES in (folder / "displacement.html").read_text(encoding="utf-8")


def test_two_statements_of_which_one_is_a_part_count_as_one_method(without_degrees: Displacement) -> None:
    told = without_degrees.content["agreement"]
    assert told["counted"] == ["vulnerable", "udp"] and len(told["flagged_by"]) == 3
    tracts = [tract["methods"] for tract in without_degrees.content["tracts"]]
    both = sum(one["vulnerable"] is True and one["udp"] is True for one in tracts)
    assert told["all_yes"] == both
    assert any("2 methods can tell" in line for line in displacing.words(without_degrees))


def test_by_two_of_four_pressures_no_tract_could_have_three(tmp_path: Path) -> None:
    gone = ("bachelors", "low_income")
    table = made.write(tmp_path / "t.csv", made.without(made.rows(), lambda name: name.startswith(gone)))
    found = displacing.displacement(table, years=(2014, 2024), draws=1000)
    methods = {one["id"]: one for one in found.content["methods"]}
    assert methods["vulnerable"]["flagged"] is None and methods["vulnerable"]["reason"]
    assert "pressed" not in methods
    assert all(one["reason"] for one in methods.values())
