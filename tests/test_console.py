"""What the command line says of a plan and of a run, and how it says what it is doing."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from justgeo import config, console
from justgeo.run import RunReport, plan


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def district(folder: Path, text: str = "") -> Path:
    (folder / "boundary.geojson").write_text("{}", encoding="utf-8")
    told = f'[district]\nname = "Old Town"\nboundary = "boundary.geojson"\n{text}'
    (folder / "district.toml").write_text(told, encoding="utf-8")
    return folder


def said(folder: Path) -> list[str]:
    return console.plan(plan(folder), config.read(folder))


def done(**changed: object) -> RunReport:
    told = {
        "folder": Path("out/a"), "files": (), "name": "A", "synthetic": False, "n_measured": 1, "n_absent": 0,
        "absent_layers": {}, "notes": (),
    }  # fmt: skip
    return RunReport(**{**told, **changed})  # type: ignore[arg-type]


def test_a_district_without_layers_is_told_what_to_begin_with(tmp_path: Path) -> None:
    lines = said(district(tmp_path))
    assert lines[0] == "Old Town: what a run would read"
    assert "  boundary       boundary.geojson" in lines
    assert any(line.startswith("0 of ") for line in lines)
    assert [line.split(":")[0].strip() for line in lines[-5:]] == list(console.FIRST)


def test_the_tables_of_the_survey_are_one_line_with_what_they_cost(tmp_path: Path) -> None:
    lines = said(district(tmp_path, '[absent]\nacs = "not bought"\n'))
    acs = [i for i, line in enumerate(lines) if line.startswith("! acs ")]
    assert len(acs) == 1 and lines[acs[0]].startswith("! acs 2024       not bought; it would give housing")
    assert sum(line.startswith("! acs_t0") for line in lines) == 1, "the earlier survey is a line of its own"
    after = " ".join(line.strip() for line in lines[acs[0] :])
    assert "BEL-02, BEL-03, BEL-04" in after and "B25003, B25003B" in after
    assert max(map(len, lines)) <= console.WIDTH


def test_part_of_a_family_is_named_in_full(tmp_path: Path) -> None:
    text = "\n".join(said(district(tmp_path)))
    assert "absent without it: ENV-03.developed" in text
    assert "absent without it: BEL-12, WEL-03, WEL-04, WEL-06, MOB-01, MOB-02, MOB-03" in text


def test_what_a_planners_own_table_gives_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / "homes.csv").write_text("GEOID\n", encoding="utf-8")
    table = (
        '[[tables]]\npath = "homes.csv"\ngeoid = "GEOID"\ngeography = "tract"\ngeography_vintage = 2020\n'
        '[[tables.columns]]\nindicator = "BEL-02"\nestimate = "r"\nkind = "count"\ndenominator = "h"\n'
    )
    lines = said(district(tmp_path, table))
    assert "  your table     homes.csv (BEL-02)" in lines
    assert any(line.startswith("1 of ") for line in lines)


def test_a_path_that_leads_nowhere_is_said_before_the_run(tmp_path: Path) -> None:
    lines = said(district(tmp_path, '[layers]\ngtfs = { path = "gtfs.zip" }\n'))
    assert lines[-1] == "A run would stop: there is no gtfs.zip. Mend the path or take the line out."
    (tmp_path / "gtfs.zip").write_bytes(b"")
    (tmp_path / "boundary.geojson").unlink()
    assert "there is no boundary.geojson" in said(tmp_path)[-1]


def test_a_survey_without_shapes_is_not_ready(tmp_path: Path) -> None:
    for name in ("acs", "bg.zip"):
        (tmp_path / name).mkdir()
    shapeless = said(district(tmp_path, '[layers]\nacs = { path = "acs" }\n'))
    whole = said(district(tmp_path, '[layers]\nacs = { path = "acs" }\nblock_groups = { path = "bg.zip" }\n'))
    ready = [int(line.split()[0]) for lines in (shapeless, whole) for line in lines if " indicators have " in line]
    assert ready[0] == 0 and ready[1] > 20


def test_a_run_that_measured_nothing_says_what_to_add() -> None:
    lines = console.report(done(n_measured=0, n_absent=9))
    assert any("What to add" in line for line in lines)
    assert lines[-1].endswith(str(Path("out/a/index.html")))


def test_stages_are_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress("a") as tell:
        for what in ("walk", "acs:B25003@2024", "BEL-02", "BEL-03", "page"):
            tell(what)
    assert capsys.readouterr().err.splitlines() == ["a: reading layers", "a: measuring", "a: writing"]


def test_a_terminal_gets_a_bar_that_says_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with console.progress("a") as tell:
        for what in ("walk", "BEL-02", "page"):
            tell(what)
    shown = terminal.getvalue()
    assert "a: reading Walkable network" in shown
    assert "a: measuring Renters |" in shown and " 1/" in shown
    assert "a: writing the page" in shown


def test_quiet_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with console.progress("a", quiet=True) as tell:
        tell("walk")
    assert terminal.getvalue() == ""


def test_a_layer_outside_the_vocabulary_still_has_words() -> None:
    assert console.doing("tracts_2010", {}) == "reading tracts 2010"
    assert console.doing("acs:B25003@2024", {}) == "reading survey table B25003, 2024"
