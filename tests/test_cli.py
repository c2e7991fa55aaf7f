"""The command line: what it prints, and that whoever asked wrongly is told so in two lines."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import create_autospec

import pytest

import justgeo
from justgeo import cli, config, differing, fetching, verifying
from justgeo.core.errors import BoundaryError, ConfigError, OutputError, SourceError
from justgeo.differing import Difference
from justgeo.fetching import FetchReport
from justgeo.verifying import Finding, Verdict

LEAST = '[district]\nname = "Old Town"\nboundary = "town.geojson"\n'


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A stand-in for ``justgeo.run`` that records what it was asked."""
    asked = SimpleNamespace(calls=[], told=[], audiences=[], failures={}, fail=None)
    absent = {"gtfs": "none", "acs:B25003@2024": "none", "acs:B25070@2024": "none"}

    def run_config(
        path: Path,
        out: Path | None,
        progress: Callable[[str], None],
        records: Path | None = None,
        offline: bool = False,
        audience: str = "public",
        sensitivity: bool = False,
    ) -> Any:
        asked.calls.append((path, out))
        asked.told.append((records, offline))
        asked.audiences.append(audience)
        asked.sensitivity = sensitivity
        progress("walk")
        if asked.fail is not None:
            raise asked.fail
        return SimpleNamespace(
            folder=Path("out/old-town"), name="Old Town", synthetic="invented" in str(path), n_measured=3, n_absent=2,
            absent_layers=absent, failures=asked.failures, analysts="", answers=(), checks={"holds": 3},
        )  # fmt: skip

    def embedded() -> list[Path]:
        return [Path("districts/old-town"), Path("districts/nowhere-invented")]

    def plan(path: Path) -> list[Any]:
        return [
            SimpleNamespace(
                layer="walk", needed_by=("A", "B"), source="layers/x.pbf", present=True, reason="", fetched=False
            ),
            SimpleNamespace(
                layer="gtfs", needed_by=("A",), source="", present=False, reason="nobody declared it", fetched=False
            ),
        ]

    module = ModuleType("justgeo.run")
    vars(module).update(run_config=run_config, embedded=embedded, plan=plan)
    monkeypatch.setitem(sys.modules, "justgeo.run", module)
    return asked


def test_run_hands_over_its_paths_and_says_where_to_look(
    run: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "district.toml", "--out", "there"]) == 0
    assert run.calls == [(Path("district.toml"), Path("there"))]
    printed = capsys.readouterr().out
    assert printed.splitlines() == [
        "Old Town",
        "  3 figures of the district measured, 2 absent with their reason",
        "  checks of the data: 3 hold, 0 odd, 0 could not be made",
        "  not at hand: gtfs, acs 2024",
        f"  look at {Path('out/old-town/index.html')}",
    ]


def test_run_can_be_told_to_use_records_alone(run: SimpleNamespace) -> None:
    assert cli.main(["-q", "run", "district.toml"]) == 0
    assert cli.main(["-q", "run", "district.toml", "--records", "kept", "--offline"]) == 0
    assert cli.main(["-q", "demo"]) == 0
    assert run.told == [(None, False), (Path("kept"), True), (None, False), (None, False)]


def test_run_is_for_the_public_unless_it_is_said_otherwise(run: SimpleNamespace) -> None:
    assert cli.main(["run", "district.toml"]) == 0
    assert cli.main(["run", "district.toml", "--audience", "internal"]) == 0
    assert run.audiences == ["public", "internal"]
    with pytest.raises(SystemExit):
        cli.main(["run", "district.toml", "--audience", "everybody"])


def test_run_says_what_could_not_be_fetched(run: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    run.failures = {"tracts 2024": SourceError("Nobody answers.", remedy="see that you are online.", kind="refused")}
    assert cli.main(["-q", "run", "district.toml"]) == 0  # what is absent is in the results, with its reason
    printed = capsys.readouterr().out
    assert "could not be had: tracts 2024" in printed and "what to do: see that you are online." in printed


def test_run_lets_the_file_choose_the_folder(run: SimpleNamespace) -> None:
    assert cli.main(["-q", "run", "district.toml"]) == 0
    assert run.calls == [(Path("district.toml"), None)]


def test_demo_marks_what_is_invented(run: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo"]) == 0
    assert run.calls == [(Path("districts") / name, Path("out") / name) for name in ("old-town", "nowhere-invented")]
    printed = capsys.readouterr()
    assert printed.out.count("INVENTED: this place does not exist") == 1
    assert printed.err.splitlines() == ["old-town: reading layers", "nowhere-invented: reading layers"]


def test_plan_marks_what_is_missing(run: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "district.toml").write_text(LEAST, encoding="utf-8")
    assert cli.main(["plan", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "  walk           layers/x.pbf" in printed
    assert "! gtfs           nobody declared it; it would give how often transit runs" in printed


def test_a_refusal_is_two_lines_on_stderr_and_exit_status_2(
    run: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    run.fail = BoundaryError("The boundary is empty.", remedy="draw it.")
    assert cli.main(["-q", "run", "district.toml"]) == 2
    printed = capsys.readouterr()
    assert printed.err == "error: The boundary is empty.\nwhat to do: draw it.\n"
    assert printed.out == ""


def test_an_unforeseen_fault_is_not_hidden(run: SimpleNamespace) -> None:
    run.fail = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError):
        cli.main(["-q", "run", "district.toml"])


def test_a_disk_that_refuses_is_no_traceback(run: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    run.fail = PermissionError(13, "Permission denied", "cache")
    assert cli.main(["-q", "run", "district.toml"]) == 2
    assert "Permission denied" in capsys.readouterr().err


def test_ctrl_c_is_quiet(run: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    run.fail = KeyboardInterrupt()
    assert cli.main(["-q", "run", "district.toml"]) == 130
    assert "stopped" in capsys.readouterr().err


def test_init_writes_a_file_that_is_understood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shape.geojson").write_text("{}", encoding="utf-8")
    folder = tmp_path / "districts" / "old-town"
    assert cli.main(["init", str(folder), "--boundary", str(tmp_path / "shape.geojson")]) == 0
    found = config.read(folder)
    assert (found.name, found.slug, found.boundary) == ("Old Town", "old-town", {"file": "../../shape.geojson"})
    assert str(folder / "district.toml") in capsys.readouterr().out


def test_every_layer_that_init_offers_is_understood_once_it_is_uncommented(tmp_path: Path) -> None:
    (tmp_path / "shape.geojson").write_text("{}", encoding="utf-8")
    cli.main(["init", str(tmp_path), "--boundary", str(tmp_path / "shape.geojson")])
    path = tmp_path / "district.toml"
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.removeprefix("# ") for line in lines), encoding="utf-8")
    found = config.read(path)
    assert len(found.layers) >= 7
    assert found.reference_geoids == ("51540",)
    settings = [line for line in lines if "=" in line and not line.startswith("#")]
    assert len(settings) <= 15 and head.startswith("#")


def test_init_keeps_odd_names_whole(tmp_path: Path) -> None:
    (tmp_path / "ça.geojson").write_text("{}", encoding="utf-8")
    name = 'The "Río" \\ Wharf'
    assert cli.main(["init", str(tmp_path), "--boundary", str(tmp_path / "ça.geojson"), "--name", name]) == 0
    told = tomllib.loads((tmp_path / "district.toml").read_text(encoding="utf-8"))["district"]
    assert (told["name"], told["slug"], told["boundary"]) == (name, "the-rio-wharf", "ça.geojson")


def test_init_overwrites_nothing_and_wants_a_boundary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", str(tmp_path), "--boundary", str(tmp_path / "none.geojson")]) == 2
    assert "none.geojson does not exist" in capsys.readouterr().err
    (tmp_path / "shape.geojson").write_text("{}", encoding="utf-8")
    (tmp_path / "district.toml").write_text(LEAST, encoding="utf-8")
    assert cli.main(["init", str(tmp_path), "--boundary", str(tmp_path / "shape.geojson")]) == 2
    assert (tmp_path / "district.toml").read_text(encoding="utf-8") == LEAST


def test_init_in_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shape.geojson").write_text("{}", encoding="utf-8")
    assert (
        cli.main(["init", str(tmp_path / "shape.geojson" / "town"), "--boundary", str(tmp_path / "shape.geojson")]) == 2
    )
    assert "cannot be written" in capsys.readouterr().err


def test_the_catalogue_is_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["indicators", "list"]) == 0
    printed = capsys.readouterr().out
    assert "BEL-02" in printed and "Belonging" in printed
    assert cli.main(["indicators", "explain", "BEL-03"]) == 0
    printed = capsys.readouterr().out
    for text in ("30 % or more", "acs:B25070", "CHAS", "B12", "https://"):
        assert text in printed


def test_an_unknown_indicator_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["indicators", "explain", "BEL-022"]) == 2
    assert "did you mean 'BEL-02'?" in capsys.readouterr().err


def test_a_catalogue_file_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["indicators", "check"]) == 0
    assert cli.main(["indicators", "--check"]) == 0
    assert "indicators, all understood" in capsys.readouterr().out
    (tmp_path / "mine.yml").write_text("indicator: []\n", encoding="utf-8")
    assert cli.main(["indicators", "check", str(tmp_path / "mine.yml")]) == 2
    assert "did you mean 'indicators'?" in capsys.readouterr().err


# Fetching -----------------------------------------------------------------------------------------

SHAPE = (
    '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", '
    '"coordinates": [[[-78.5, 38.0], [-78.48, 38.0], [-78.48, 38.02], [-78.5, 38.02], [-78.5, 38.0]]]}}]}'
)
REFUSED = SourceError("Nobody answers.", remedy="see that you are online.", kind="refused")


def fetched(**told: Any) -> FetchReport:
    usual: dict[str, Any] = {
        "name": "Old Town", "folder": Path("records"), "fetched": {"tracts": 2_000_000}, "found": {}, "failures": {},
        "absent": {},
    }  # fmt: skip
    return FetchReport(**{**usual, **told})


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (fetched(), 0),
        (fetched(absent={"gtfs": "there is no feed"}), 0),  # nobody has it: there is nothing to fetch again
        (fetched(failures={"blocks": REFUSED}), 1),
        (fetched(fetched={}, failures={"counties": REFUSED}, stopped="The counties are not known."), 1),
    ],
)
def test_fetch_tells_by_its_exit_status_whether_all_was_brought(
    report: FetchReport, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch = create_autospec(fetching.fetch, return_value=report)
    monkeypatch.setattr(fetching, "fetch", fetch)
    assert cli.main(["fetch", "district.toml", "--records", "kept"]) == status
    assert fetch.call_args.args[:2] == (Path("district.toml"), Path("kept"))
    fetch.call_args.args[2]("tracts", 0, None)  # the progress that it was given
    printed = capsys.readouterr()
    assert printed.out.startswith("Old Town\n") and printed.err == "fetching tracts\n"
    assert ("Nobody answers." in printed.out) == (status == 1)


def test_fetch_is_quiet_where_it_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch = create_autospec(fetching.fetch, return_value=fetched())
    monkeypatch.setattr(fetching, "fetch", fetch)
    assert cli.main(["-q", "fetch", "district.toml"]) == 0
    fetch.call_args.args[2]("tracts", 0, None)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("failing", "status", "said"),
    [
        (ConfigError("No [fetch].", remedy="add one."), 2, "error: No [fetch].\nwhat to do: add one.\n"),
        (KeyboardInterrupt(), 130, "stopped; nothing half-written was left\n"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
    ],
)  # fmt: skip
def test_fetch_that_is_stopped(
    failing: BaseException, status: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetching, "fetch", create_autospec(fetching.fetch, side_effect=failing))
    assert cli.main(["-q", "fetch", "district.toml"]) == status
    printed = capsys.readouterr()
    assert said in printed.err and printed.out == ""


def test_a_file_that_fetches_nothing_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "district.toml").write_text(LEAST, encoding="utf-8")
    assert cli.main(["fetch", str(tmp_path)]) == 2
    assert "has no [fetch]" in capsys.readouterr().err


def test_plan_says_what_would_be_fetched_and_asks_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.Session.request", lambda *args, **kwargs: pytest.fail("somebody was asked"))
    (tmp_path / "town.geojson").write_text(SHAPE, encoding="utf-8")
    (tmp_path / "district.toml").write_text(LEAST + "[fetch]\n", encoding="utf-8")
    assert cli.main(["plan", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "From public services, under [fetch]:" in printed.out and printed.err == ""
    assert "counties 2024 (80 MB): to be fetched" in printed.out
    assert "Next: justgeo fetch" in printed.out and "OpenStreetMap by Overpass" in printed.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["district.toml", "town.geojson"]  # and keeps nothing


def test_plan_looks_into_the_records_that_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "district.toml").write_text(LEAST + "[fetch]\n", encoding="utf-8")
    planned = create_autospec(fetching.planned, return_value=fetching.Plan(()))
    monkeypatch.setattr(fetching, "planned", planned)
    assert cli.main(["plan", str(tmp_path), "--records", "kept"]) == 0
    assert planned.call_args.args[1] == Path("kept")


def test_the_first_file_of_init_fetches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shape.geojson").write_text(SHAPE, encoding="utf-8")
    assert cli.main(["init", str(tmp_path), "--boundary", str(tmp_path / "shape.geojson")]) == 0
    found = config.read(tmp_path).fetch
    assert found is not None and found.census and found.osm == "overpass" and found.gtfs == ("catalogue",)
    assert set(found.grids) == {"tree_canopy", "impervious", "land_cover"} and found.records == tmp_path / "records"
    printed = capsys.readouterr().out
    assert "justgeo plan" in printed and "justgeo fetch" in printed and "justgeo run" in printed


# Verifying, comparing -----------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "status"), [("ok", 0), ("changed", 1), ("missing", 1)])
def test_verify_tells_by_its_exit_status(
    state: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    detail = "" if state == "ok" else "other bytes"
    verdict = Verdict(Path("out/a"), "Old Town", False, (Finding("inputs", "tracts", state, detail, "put it back."),))
    verify = create_autospec(verifying.verify, return_value=verdict)
    monkeypatch.setattr(verifying, "verify", verify)
    assert cli.main(["-q", "verify", "out/a", "--config", "a.toml", "--records", "kept"]) == status
    assert verify.call_args.args[:3] == (Path("out/a"), Path("a.toml"), Path("kept"))
    printed = capsys.readouterr().out
    assert ("NOT verified" in printed) == (status == 1) and ("put it back." in printed) == (status == 1)


def test_diff_tells_by_its_exit_status(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    told: dict[str, Any] = {
        "name": "Old Town", "synthetic": False, "inputs": (), "settings": (), "rows": {}, "zones": (), "changes": (),
        "parts": (), "same": 12, "same_inputs": 3, "labels": {"indicators": {}, "groups": {}, "zones": {}, "roles": {}},
    }  # fmt: skip
    diff = create_autospec(differing.diff, return_value=Difference(**told))
    monkeypatch.setattr(differing, "diff", diff)
    assert cli.main(["diff", "out/a", "out/b"]) == 0
    assert diff.call_args.args == (Path("out/a"), Path("out/b"))
    assert "Old Town" in capsys.readouterr().out
    diff.return_value = Difference(**{**told, "parts": ("notes",)})
    assert cli.main(["diff", "out/a", "out/b", "--all"]) == 1


@pytest.mark.parametrize("command", [["verify", "none"], ["diff", "none", "none"]])
def test_a_folder_without_results_is_refused(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["-q", *command]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ") and "what to do: " in printed.err and printed.out == ""
    with pytest.raises(OutputError):
        verifying.verify(Path("none"))


@pytest.mark.parametrize("command", ["fetch", "plan", "run", "verify", "diff", "doctor"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main([command, "--help"])
    assert stopped.value.code == 0 and f"usage: justgeo {command}" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [[], ["walk"], ["run"], ["fetch"], ["diff", "x"], ["init", "x"], ["indicators"]])
def test_wrong_use_is_exit_status_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(argv)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "usage: justgeo" in said and said.splitlines()[-1].startswith("error: ")


def test_an_unknown_command_is_answered_with_the_nearest_and_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["pln"])
    said = capsys.readouterr().err
    assert "measure the two embedded districts" in said
    assert said.endswith("error: there is no 'pln' here: did you mean 'plan'?\n")


def test_the_version_is_that_of_the_package(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: {"justgeo": "9.9"}[name])
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == "9.9\n"


def test_the_face_has_no_name_that_a_module_takes_away(run: SimpleNamespace) -> None:
    assert justgeo.baseline("district.toml", None, lambda what: None).name == "Old Town"  # type: ignore[arg-type]
    assert {"baseline", "plan", "demo", "load"} < set(dir(justgeo))
    with pytest.raises(AttributeError, match="basline"):
        justgeo.basline  # noqa: B018
