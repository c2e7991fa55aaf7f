"""Every change of a folder of outputs is found by ``verify`` and named, and the folder as it was written holds.

The run that ``verify`` makes again is made once, really; for the folders that were changed, what came of it is put in
its place: a run on the same inputs gives the same bytes, which the first test holds.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from justgeo import run, verifying
from justgeo.cli import main
from justgeo.report import results
from justgeo.verifying import Finding, verify
from tests import nowhere
from tests.corrupted import outputs
from tests.corrupted.outputs import Edit, Folders, Travel

UNITS = ("counties", "tracts")
ROWS = ("DEM-00.households", "BEL-02", "BEL-09", "ENV-11.canopy", "MOB-03")
"""Some of that table, and some that it does not tell."""
TABLE = "acsdt5y2024-b25003.dat"


class Made(NamedTuple):
    """The folder in which ``district.toml`` and ``out`` lie, what verify found, and what it made again."""

    here: Path
    findings: tuple[Finding, ...]
    again: Path


@pytest.fixture(scope="module")
def made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    here = tmp_path_factory.mktemp("outputs")
    told = {**nowhere.layers(source, UNITS), "acs": nowhere.survey(source, here, ("B25003",))}
    path = nowhere.write(here, told, {"boundary": str(source / "district.geojson")})
    table = here / "acs2024" / TABLE
    before = table.read_text(encoding="utf-8")
    lines = [line.split("|") for line in before.splitlines()]
    column = lines[0].index("B25003_E003")
    for line in lines[1:]:
        line[column] = str(round(float(line[column]) * 0.8)) if line[column] else ""
        line[column - 2] = str(float(line[column - 4]) - float(line[column]))
    table.write_text("\n".join("|".join(line) for line in lines) + "\n", encoding="utf-8")
    with nowhere.only(ROWS):
        run.run_config(path, here / "older")
        table.write_text(before, encoding="utf-8")
        run.run_config(path, here / "out")
    kept = here / "again"
    really = verifying._again

    def keeping(config: Path, out: Path, *more: Any) -> None:
        really(config, out, *more)
        shutil.copytree(out, kept)

    with pytest.MonkeyPatch.context() as patch, nowhere.only(ROWS):
        patch.setattr(verifying, "_again", keeping)
        verdict = verify(here / "out")
    return Made(here, verdict.findings, kept)


def test_as_it_was_written_it_holds(made: Made) -> None:
    assert len(made.findings) > 30 and all(one.state == "ok" for one in made.findings)


@pytest.mark.parametrize("edit", outputs.EDITS, ids=[one.case.id for one in outputs.EDITS])
def test_changed(edit: Edit, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "_again", lambda _, out, *more: shutil.copytree(made.again, out))
    folder = made.here / tmp_path.name
    shutil.copytree(made.here / "out", folder)
    try:
        edit.change(Folders(folder, made.here / "older"))
        verdict = verify(folder)
    finally:
        shutil.rmtree(folder)
    assert not verdict.holds
    [found] = [one for one in verdict.of(edit.part) if one.what == edit.what]
    assert found.state == edit.state and edit.detail in found.detail and found.remedy
    assert "NOT verified" in (said := "\n".join(verifying.words(verdict))) and edit.what in said


def test_the_command_says_so(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verifying, "_again", lambda _, out, *more: shutil.copytree(made.again, out))
    folder = made.here / tmp_path.name
    shutil.copytree(made.here / "out", folder)
    try:
        outputs.EDITS[0].change(Folders(folder, made.here / "older"))
        assert main(["-q", "verify", str(folder)]) == 1
    finally:
        shutil.rmtree(folder)
    assert outputs.EDITS[0].what in capsys.readouterr().out


@pytest.mark.parametrize("travel", outputs.TRAVELS, ids=[one.case.id for one in outputs.TRAVELS])
def test_a_number_that_was_changed_does_not_travel(
    travel: Travel, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(made.here / "out", tmp_path / "out")
    folders = Folders(tmp_path / "out", made.here / "older")
    args = ["-q", *travel.command(folders)]
    file = tmp_path / "figures.csv"

    def told() -> str:
        """What the command prints and writes."""
        written = file.read_text(encoding="utf-8") if file.is_file() else ""
        return written + capsys.readouterr().out.replace(str(tmp_path), "")

    assert main(args) in (0, 1)  # of two runs that differ, 1
    before = told()
    file.unlink(missing_ok=True)
    folders.text("results.json", outputs.value)
    assert main(args) == 2
    refused = capsys.readouterr()
    assert refused.out == "" and not file.exists()
    assert "is not the file that the run wrote" in refused.err and "justgeo verify" in refused.err
    monkeypatch.setattr(results, "refuse_edited", lambda *_: None)
    assert main(args) in (0, 1)
    assert len(before) > 100 and told() != before


def test_what_is_not_caught_says_why() -> None:
    assert all(len(what) > 10 and len(why) > 20 for what, why in outputs.NOT_CAUGHT)
