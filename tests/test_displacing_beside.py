"""What stands beside a table of tracts: shapes and pairs with gaps, compared tables, small references."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from shapely import Polygon

from justgeo import cli, displacing
from justgeo.core.errors import ConfigError, VintageError
from justgeo.displacing import Another, Beside
from justgeo.measure.typology.values import UNTOLD
from justgeo.tract_files import Given, gather
from tests import tract_table as made

YEARS = (2014, 2024)
HOLE = 14
"""A tract inside the grid of 6 x 6."""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return made.region(tmp_path)


def read(
    here: Path,
    compare: Sequence[Another] = (),
    *,
    shapes: Path | None = None,
    neighbours: Path | None = None,
    region: Path | None = None,
) -> Given:
    beside = Beside(shapes=shapes, neighbours=neighbours, region=region)
    return gather(here / "tracts.csv", beside, years=YEARS, compare=compare)


def said(found: Given, what: str) -> list[str]:
    return [note for note in found.table.tracts.notes if what in note]


def pairs(path: Path, *rows: tuple[str, str]) -> Path:
    path.write_text("geoid,neighbour\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
    return path


# --------------------------------------------------------------------------------------------------------------- shapes


@pytest.mark.parametrize("empty", [False, True])
def test_a_tract_without_geometry_is_named_and_its_neighbours_are_not_known(here: Path, empty: bool) -> None:
    shapes = made.shapes()
    shapes.loc[HOLE, "geometry"] = Polygon() if empty else None
    shapes.to_file(here / "holed.gpkg")
    found = displacing.displacement(
        here / "tracts.csv", here / "out", years=YEARS, beside=Beside(shapes=here / "holed.gpkg"), draws=1000
    )
    tracts = found.typology.tracts
    assert tracts.unplaced is not None and np.flatnonzero(tracts.unplaced).tolist() == [HOLE]
    assert tracts.neighbours is not None and tracts.neighbours.sum(axis=1)[HOLE] == 0
    assert tracts.neighbours.sum(axis=1)[0] == 3, "those of the others are as they were"
    assert any(f"Tracts without a shape: 1 of 36, for example {made.geoid(HOLE)}." in n for n in tracts.notes)
    assert "unplaced" in found.content["cards"][HOLE]["caveats"]
    assert "unplaced" not in found.content["cards"][0]["caveats"]
    drawn = {one["id"] for one in found.content["shapes"]["features"]}
    assert len(drawn) == 35 and made.geoid(HOLE) not in drawn
    assert made.geoid(HOLE) in (here / "out" / "displacement.html").read_text(encoding="utf-8")


def test_shapes_of_which_none_has_a_geometry_are_refused(here: Path) -> None:
    shapes = made.shapes()
    shapes["geometry"] = None
    shapes.to_file(here / "bare.gpkg")
    with pytest.raises(VintageError, match="36 of 36 tracts of the table have no shape"):
        read(here, shapes=here / "bare.gpkg")


# ---------------------------------------------------------------------------------------------------------------- pairs


def test_pairs_of_another_region_are_refused(here: Path) -> None:
    path = pairs(here / "p.csv", ("01001000100", "01001000200"))
    with pytest.raises(VintageError, match=r"p\.csv name no tract of the table, but 01001000100 and others") as refused:
        read(here, neighbours=path)
    assert "census vintage" in refused.value.remedy


def test_one_pair_for_36_tracts_leaves_34_untold(here: Path) -> None:
    path = pairs(here / "p.csv", (made.geoid(0), made.geoid(1)))
    found = read(here, neighbours=path)
    assert found.table.tracts.unplaced is not None and found.table.tracts.unplaced.sum() == 34
    (note,) = said(found, "in no pair")
    assert note.startswith(f"Tracts in no pair of p.csv: 34 of 36, for example {made.geoid(2)}.")
    assert "pair with itself" in note


def test_an_island_that_is_told_is_no_gap(here: Path) -> None:
    """All pairs of the grid but those of one tract, which is beside itself."""
    grid = [(made.geoid(i), made.geoid(j)) for i in range(36) for j in (i + 1, i + 6) if j < 36]
    rest = [(a, b) for a, b in grid if made.geoid(HOLE) not in (a, b)]
    island = made.geoid(HOLE)
    found = read(here, neighbours=pairs(here / "p.csv", *rest, (island, island)))
    assert found.table.tracts.unplaced is None
    assert not said(found, "pair") and not said(found, "not in the table")
    left_out = read(here, neighbours=pairs(here / "p.csv", *rest))
    assert said(left_out, f"in no pair of p.csv: 1 of 36, for example {island}.")


def test_strangers_among_the_pairs_are_counted_and_one_is_named(here: Path) -> None:
    grid = [(made.geoid(i), made.geoid(i + 1)) for i in range(35)]
    path = pairs(here / "p.csv", *grid, (made.geoid(0), "99003000100"), ("99003000100", "99003000200"))
    found = read(here, neighbours=path)
    (note,) = said(found, "not in the table")
    assert "p.csv names tracts that are not in the table: 2, for example 99003000100." in note
    assert note.endswith("pairs of none but such: 1.")
    assert found.table.tracts.edge is not None and np.flatnonzero(found.table.tracts.edge).tolist() == [0]


# -------------------------------------------------------------------------------------------------------------- compare


def test_a_wider_set_keeps_the_neighbours_that_are_known(here: Path) -> None:
    made.write(here / "wide.csv", made.rows(7))
    found = read(here, [Another(here / "wide.csv", "metro")], shapes=here / "shapes.gpkg")
    wide = found.others["metro"]
    assert wide.neighbours is not None and found.table.tracts.neighbours is not None
    at = [wide.geoid.tolist().index(one) for one in found.table.tracts.geoid.tolist()]
    kept = wide.neighbours.toarray()[np.ix_(at, at)]
    assert (kept == found.table.tracts.neighbours.toarray()).all()
    assert wide.unplaced is not None and wide.unplaced.sum() == 13
    assert said(found, "Compared, metro: Tracts without a shape: 13 of 49, for example 99001000136.")
    assert found.table.tracts.unplaced is None


@pytest.mark.parametrize("by", ["shapes", "neighbours"])
def test_a_set_of_which_no_neighbour_is_known_says_so(here: Path, by: str) -> None:
    far = made.changed(made.rows(), lambda row: {"geoid": row["geoid"].replace("99001", "99003")})
    made.write(here / "far.csv", far)
    path = here / "shapes.gpkg" if by == "shapes" else pairs(here / "p.csv", (made.geoid(0), made.geoid(1)))
    far_off = [Another(here / "far.csv", "far")]
    found = read(here, far_off, shapes=path) if by == "shapes" else read(here, far_off, neighbours=path)
    assert found.others["far"].neighbours is None
    (note,) = [n for n in said(found, "Compared, far:") if "beside a high one cannot be told" in n]
    assert ("36 of 36 tracts of the table have no shape" if by == "shapes" else "name no tract of the table") in note


def test_the_region_holds_for_a_compared_table_of_the_same_tracts(here: Path) -> None:
    made.write(here / "other.csv", made.rows(seed=8))
    table = read(here, [Another(here / "other.csv", "again")], region=here / "region.toml")
    assert table.others["again"].region_now["income"].value == 81_000
    assert table.others["again"].region_before["income"].value == 60_000
    later = read(here, [Another(here / "other.csv", "since 2015", (2019, 2024))], region=here / "region.toml")
    assert later.others["since 2015"].region_now["income"].value == 81_000
    assert "income" not in later.others["since 2015"].region_before, "60,000 dollars are of 2014"
    assert said(
        later, "Compared, since 2015: The region's own median incomes are not known for both vintages (t1 alone)"
    )


def test_the_region_of_other_tracts_is_their_own(here: Path) -> None:
    made.write(here / "wide.csv", made.rows(7))
    (here / "metro.toml").write_text("[t1]\nincome = 84000\n[t0]\nincome = 63000\n", encoding="utf-8")
    without = read(here, [Another(here / "wide.csv", "metro")], region=here / "region.toml")
    assert "income" not in without.others["metro"].region_now
    assert said(without, "Compared, metro: It has other tracts than the table, so the figures of region.toml")
    own = Another(here / "wide.csv", "metro", region=here / "metro.toml")
    found = read(here, [own], region=here / "region.toml")
    assert found.others["metro"].region_now["income"].value == 84_000
    assert found.table.tracts.region_now["income"].value == 81_000
    assert {one["id"]: one["file"] for one in found.inputs}["compare: metro, region"] == "metro.toml"


@pytest.mark.parametrize("names", [("metro", "metro"), ("as reported",), ("thresholds 10 % lower",), (" ",)])
def test_names_that_would_be_taken_for_one_another_are_refused(here: Path, names: Sequence[str]) -> None:
    with pytest.raises(ConfigError, match=f"--compare: '{names[-1]}' is") as refused:
        read(here, [Another(here / "tracts.csv", name) for name in names])
    assert "a name of its own" in refused.value.remedy


def test_the_command_takes_the_region_of_a_compared_table(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made.write(here / "wide.csv", made.rows(7))
    (here / "metro.toml").write_text("[t1]\nincome = 84000\n[t0]\nincome = 63000\n", encoding="utf-8")
    argv = ["-q", "displacement", "--inputs", str(here / "tracts.csv"), "--tracts", str(here / "shapes.gpkg")]
    argv += ["--region", str(here / "region.toml"), "--years", "2014", "2024", "--draws", "1000", "--compare"]
    argv += [str(here / "wide.csv"), "metro", str(here / "metro.toml"), "--out", str(here / "out")]
    assert cli.main(argv) == 0
    assert "Compared, metro: Tracts without a shape: 13 of 49" in " ".join(capsys.readouterr().out.split())
    summary = (here / "out" / "summary.md").read_text(encoding="utf-8")
    assert "Compared, metro: Tracts without a shape: 13 of 49" in summary
    rows = list(csv.DictReader(io.StringIO((here / "out" / "sensitivity.csv").read_text(encoding="utf-8"))))
    assert {"metro"} < {cell for row in rows for cell in row.values()}


# ----------------------------------------------------------------------------------------------------- small references


def test_a_small_reference_is_told_to_be_small(here: Path) -> None:
    made.write(here / "few.csv", made.rows()[:29])
    few = gather(here / "few.csv", Beside(), years=YEARS)
    assert said(few, "Few tracts in the reference (29)")
    made.write(here / "enough.csv", made.rows()[:30])
    assert not said(gather(here / "enough.csv", Beside(), years=YEARS), "Few tracts")
    compared = read(here, [Another(here / "few.csv", "county")])
    assert said(compared, "Compared, county: Few tracts in the reference (29)")
    assert not [note for note in said(compared, "Few tracts") if not note.startswith("Compared")]


def test_what_is_not_known_of_a_neighbour_stays_untold_in_the_class(here: Path) -> None:
    """The same county with one pair: most quiet tracts cannot be told, and with all shapes each can."""
    told = {}
    for key, beside in (
        ("shapes", Beside(shapes=here / "shapes.gpkg")),
        ("pair", Beside(neighbours=pairs(here / "p.csv", (made.geoid(0), made.geoid(1))))),
    ):
        found = displacing.of_table(here / "tracts.csv", beside=beside, years=YEARS, draws=1000)
        told[key] = found.typology.markets["value"].code
    assert (told["shapes"] != UNTOLD).all()
    quiet = np.isin(told["shapes"], (0, 1))
    moved = np.isin(told["shapes"], (2, 3))
    assert (told["pair"][moved] == told["shapes"][moved]).all()
    assert (told["pair"][quiet][2:] == UNTOLD).sum() > 5
    assert not ((told["pair"] == 0) & (told["shapes"] == 1))[2:].any(), "none is told to lie beside no high one"
