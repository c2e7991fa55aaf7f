"""``justgeo doctor``: what works here and what does not, in one screen, and never a key in it."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from justgeo import cli, doctor
from justgeo.catalogue import read as catalogue
from justgeo.core.errors import ConfigError
from justgeo.core.service import Service
from justgeo.doctor import Examination, Finding, examine, words
from justgeo.sources.live import keys, probes, with_censusdis
from justgeo.sources.live.http import Policy
from justgeo.sources.live.keys import Key
from justgeo.sources.live.probes import Probe
from tests import timed
from tests.live import census_town as town
from tests.live import square
from tests.loopback.server import Fault, Loopback, refused_url

CANARY = town.CANARY
HERE = Path(__file__).parents[1]
ALL = tuple(catalogue.services())
USUAL = {"census_files", "census_api", "overpass", "mobility_database", "mrlc"}
EVERYTHING = '[fetch]\nrasters = ["tree_canopy", "worldcover", "canopy_height", "surface_temperature"]\n'
BRIEF = Policy(connect_s=0.5, read_s=0.5, total_s=1.5, tries=1)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key, and an environment that is in order."""
    for name in (*keys.VARIABLES, "PROJ_DATA", "PROJ_LIB", "GDAL_DATA", "PROJ_NETWORK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CENSUS_API_KEY", CANARY)
    monkeypatch.setattr(keys, "_from_keyring", lambda: None)
    monkeypatch.setattr(probes, "POLICY", BRIEF)
    monkeypatch.setattr(probes.probe, "__defaults__", (None, BRIEF))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Loopback]:
    (tmp_path / "served").mkdir()
    with Loopback(square.handler(tmp_path / "served")) as running:
        yield running


def district(folder: Path, text: str = "[fetch]\n", urls: Mapping[str, str] | str = "") -> Path:
    (folder / "town.geojson").write_text("{}", encoding="utf-8")
    at = dict.fromkeys(ALL, urls) if isinstance(urls, str) else urls
    rows = [f'{name} = "{url + square.BEHIND.get(name, "")}"' for name, url in at.items() if url]
    services = "[services]\n" + "\n".join(rows) + "\n" if rows else ""
    path = folder / "district.toml"
    path.write_text(f'[district]\nname = "A"\nboundary = "town.geojson"\n{services}{text}', encoding="utf-8")
    return path


def found(examination: Examination, what: str) -> Finding:
    (one,) = (finding for finding in examination.findings if finding.what == what)
    return one


def fit(examination: Examination) -> list[str]:
    lines = words(examination)
    assert len(lines) <= 40 and max(map(len, lines)) <= 100
    assert not [line for line in lines if CANARY in line]
    for finding in examination.findings:
        assert finding.remedy or finding.state == "well"
    return lines


def title(name: str) -> str:
    return catalogue.services()[name].title


# All is well --------------------------------------------------------------------------------------


def test_where_all_is_well_it_says_so(server: Loopback, tmp_path: Path) -> None:
    examination = examine(district(tmp_path, EVERYTHING, server.url))
    lines = fit(examination)
    assert examination.well and {finding.state for finding in examination.findings} == {"well"}
    assert lines[-1] == "Everything that was looked at works."
    assert found(examination, "Python").said.startswith(sys.version.split()[0])
    assert f"osmnx {importlib.metadata.version('osmnx')}" in found(examination, "libraries").said
    assert "PROJ " in found(examination, "coordinates").said and "GDAL " in found(examination, "coordinates").said
    assert "it accepts the key; ACS 2020-2024" in found(examination, title("census_api")).said
    assert "TIGER/Line 2024" in found(examination, title("census_files")).said
    assert found(examination, "Census key").said == "from the environment variable CENSUS_API_KEY"
    assert "answers in 0." in found(examination, title("landsat")).said
    assert {finding.what for finding in examination.findings} >= {title(name) for name in ALL if name != "geofabrik"}


def test_the_command_prints_it_and_its_exit_status_tells(
    server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = district(tmp_path, EVERYTHING, server.url)
    assert cli.main(["doctor", str(path)]) == 0
    assert "Everything that was looked at works." in capsys.readouterr().out
    server.fail(Fault.status(503), times=-1, when=lambda request: request.path.startswith("/geo/"))
    assert cli.main(["doctor", str(path)]) == 1
    printed = capsys.readouterr()
    assert "1 of 14 things keep justgeo from working as it should." in printed.out
    assert CANARY not in printed.out + printed.err


def test_offline_asks_nobody(server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = district(tmp_path, EVERYTHING, server.url)
    assert cli.main(["doctor", str(path), "--offline"]) == 0
    assert server.requests == []
    assert "Census key: from the environment variable CENSUS_API_KEY, not tried out" in capsys.readouterr().out
    fit(examine(path, offline=True))


def test_without_a_district_a_new_one_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(service: Service, year: int, key: Key | None) -> Probe:
        asked.append(service.id)
        assert year == 2024 and service.urls == catalogue.services()[service.id].urls
        return Probe(service, 0.1)

    assert examine(ask=ask).well
    assert set(asked) == USUAL and len(asked) == len(USUAL)


def test_a_file_that_is_not_understood_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        examine(district(tmp_path, "[fetch]\ncensis = true\n"))
    assert cli.main(["doctor", str(tmp_path / "none.toml")]) == 2
    assert "does not exist" in capsys.readouterr().err


# Only what is used --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", set()),
        ("[fetch]\n", USUAL),
        ("[fetch]\ncensus = false\n", {"overpass", "mobility_database", "mrlc"}),
        ("[fetch]\nosm = false\ngtfs = false\nrasters = false\n", {"census_files", "census_api"}),
        ('[fetch]\nosm = "geofabrik"\n', USUAL - {"overpass"} | {"geofabrik"}),
        (
            '[fetch]\nosm = "https://example.org/x.osm.pbf"\ngtfs = "https://example.org/x.zip"\n',
            {"census_files", "census_api", "mrlc"},
        ),
        ('[fetch]\ngtfs = ["https://example.org/x.zip", "catalogue"]\n', USUAL),
        ('[fetch]\nrasters = { tree_canopy = "https://example.org/x.tif" }\n', USUAL - {"mrlc"}),
        ('[fetch]\nrasters = ["worldcover", "surface_temperature"]\n', USUAL - {"mrlc"} | {"worldcover", "landsat"}),
        (
            '[fetch]\n[layers]\nosm = { path = "x.osm.pbf" }\ngtfs = { path = "x.zip" }\n',
            USUAL - {"overpass", "mobility_database"},
        ),
        ('[fetch]\n[layers]\nacs = { path = "x" }\n', USUAL),  # the blocks' counts still come from the API
        ('[fetch]\n[layers]\nacs = { path = "x" }\nblocks = { path = "y" }\n', USUAL - {"census_api"}),
    ],
)  # fmt: skip
def test_only_services_that_are_used_are_asked(tmp_path: Path, text: str, asked: set[str]) -> None:
    seen: list[str] = []

    def ask(service: Service, year: int, key: Key | None) -> Probe:
        seen.append(service.id)
        return Probe(service, 0.1)

    examination = examine(district(tmp_path, text), ask=ask)
    assert set(seen) == asked
    if not asked:
        assert "your own files" in found(examination, "services").said


def test_tables_are_services_too_unless_only_a_planner_can_give_them(tmp_path: Path) -> None:
    by_kind: dict[bool, str] = {row.options.get("kind") == "own": name for name, row in catalogue.datasets().items()}
    names = ", ".join(f'"{name}"' for name in by_kind.values())
    seen: list[str] = []

    def ask(service: Service, year: int, key: Key | None) -> Probe:
        seen.append(service.id)
        return Probe(service, 0.1)

    examine(district(tmp_path, f"[fetch]\ntables = [{names}]\n"), ask=ask)
    assert by_kind[False] in seen and by_kind.get(True) not in seen


def test_only_the_api_is_given_the_key(tmp_path: Path, server: Loopback) -> None:
    examine(district(tmp_path, EVERYTHING, server.url))
    with_key = {request.path.split("/")[1] for request in server.requests if CANARY in request.raw_query}
    assert with_key == {"data"}


# What is amiss ------------------------------------------------------------------------------------


def test_a_service_that_is_down_is_told_with_what_to_do(server: Loopback, tmp_path: Path) -> None:
    urls = {name: server.url for name in ALL} | {"overpass": refused_url()}
    examination = examine(district(tmp_path, urls=urls))
    one = found(examination, title("overpass"))
    assert one.state == "ill" and "nobody answers" in one.said and "online" in one.remedy
    assert not examination.well
    text = "\n".join(fit(examination))
    assert f"!!    {one.said}" in text.replace("\n      ", " ")  # its name is not said twice


def test_a_mirror_that_answers_is_a_note(server: Loopback, tmp_path: Path) -> None:
    at = f'overpass = ["{refused_url()}/api", "{server.url}/overpass"]'
    path = district(tmp_path, urls={name: server.url for name in ALL if name != "overpass"})
    path.write_text(path.read_text(encoding="utf-8").replace("[services]\n", f"[services]\n{at}\n"), encoding="utf-8")
    examination = examine(path)
    one = found(examination, title("overpass"))
    assert one.state == "mind" and "its mirror 127.0.0.1" in one.said and examination.well
    assert any(line.startswith("note ") for line in fit(examination))


def test_a_slow_service_is_a_note() -> None:
    examination = examine(ask=lambda service, year, key: Probe(service, 7.25, "ACS 2020-2024"))
    one = found(examination, title("census_api"))
    assert one.state == "mind" and one.said == "answers in 7.2 s; ACS 2020-2024" and "slow" in one.remedy
    assert examination.well
    fit(examination)


def test_a_key_that_is_not_accepted(server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CENSUS_API_KEY", "canary-key-wrong")
    examination = examine(district(tmp_path, urls=server.url))
    one = found(examination, title("census_api"))
    assert one.state == "ill" and "does not accept the key" in one.said and "key_signup" in one.remedy
    assert not [line for line in fit(examination) if "canary-key-wrong" in line]


def test_no_key(server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CENSUS_API_KEY")
    examination = examine(district(tmp_path, urls=server.url))
    one = found(examination, "Census key")
    assert (one.state, one.said, one.remedy) == ("ill", "none was found", keys.HOW_TO)
    assert found(examination, title("census_api")).state == "well"  # the service is, all the same
    fit(examination)
    none_needed = examine(district(tmp_path, "[fetch]\ncensus = false\n", server.url), offline=True)
    assert found(none_needed, "Census key").state == "well" and none_needed.well


def test_where_everything_is_down_it_is_one_screen_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CENSUS_API_KEY")
    monkeypatch.setenv("PROJ_NETWORK", "ON")
    monkeypatch.setenv("GDAL_DATA", "/somewhere/else")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1e9))
    monkeypatch.setattr(with_censusdis, "installed", lambda: None)
    text = EVERYTHING + '[census]\nprovider = "censusdis"\n'
    examination = examine(district(tmp_path, text, refused_url()))
    lines = fit(examination)
    assert sum(finding.state == "ill" for finding in examination.findings) >= 11
    assert sum("see that this computer is online" in line for line in lines) == 1  # what to do is said once for all


def test_all_services_that_hang_take_no_longer_than_one(server: Loopback, tmp_path: Path) -> None:
    server.fail(Fault.silence(), times=-1)
    with timed.waits(BRIEF.total_s):
        examination = examine(district(tmp_path, EVERYTHING, server.url))
    assert [found(examination, title(name)).state for name in ("overpass", "mrlc", "landsat")] == ["ill"] * 3
    fit(examination)


def test_pages_in_place_of_answers(server: Loopback, tmp_path: Path) -> None:
    server.fail(Fault.redirect_to_page(), times=-1)
    examination = examine(district(tmp_path, urls=server.url))
    assert found(examination, title("mobility_database")).state == "ill"
    assert "web page" in found(examination, title("overpass")).said
    fit(examination)


# Libraries ----------------------------------------------------------------------------------------


def versions(monkeypatch: pytest.MonkeyPatch, **other: str | None) -> None:
    true = importlib.metadata.version

    def version(name: str) -> str:
        told = other.get(name.replace("-", "_"), true(name) if name not in other else None)
        if told is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return told

    monkeypatch.setattr(importlib.metadata, "version", version)


def test_a_missing_library_is_named_and_nothing_else_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    versions(monkeypatch, osmnx=None, numpy=None)
    examination = examine(ask=lambda *told: pytest.fail("somebody was asked"))
    one = found(examination, "libraries")
    assert one.state == "ill" and "numpy is missing" in one.said and "osmnx is missing" in one.said
    assert "pip install" in one.remedy and [finding.what for finding in examination.findings] == ["Python", "libraries"]
    fit(examination)


@pytest.mark.parametrize(("there", "state"), [("1.15.9", "ill"), ("2.1", "well"), ("2.10.1rc1", "well"), ("2", "ill")])
def test_a_library_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch, there: str, state: str) -> None:
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy<3,>=2.1", "x>=9; extra == 'test'"])
    versions(monkeypatch, numpy=there)
    one = found(examine(offline=True), "libraries")
    assert one.state == state
    assert ("older than 2.1" in one.said) == (state == "ill")


def test_a_missing_library_is_no_traceback() -> None:
    """The command itself needs nothing of what it looks for."""
    code = (
        "import sys\n"
        "class Gone:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('numpy', 'pandas', 'geopandas', 'requests', 'yaml', 'pydantic'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Gone())\n"
        "import importlib.metadata as m\n"
        "true = m.version\n"
        "def version(name):\n"
        "    if name in ('numpy', 'pandas', 'requests'): raise m.PackageNotFoundError(name)\n"
        "    return true(name)\n"
        "m.version = version\n"
        "from justgeo.cli import main\n"
        "sys.exit(main(['doctor']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=HERE, check=False)
    assert done.returncode == 1, done.stderr
    assert "numpy is missing" in done.stdout and done.stderr == ""


@pytest.mark.parametrize(("wanted", "state"), [("auto", "well"), ("direct", "well"), ("censusdis", "ill")])
@pytest.mark.parametrize("there", [False, True])
def test_censusdis_that_is_wanted_and_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, state: str, there: bool
) -> None:
    monkeypatch.setattr(with_censusdis, "installed", lambda: None)
    versions(monkeypatch, censusdis="1.4.2" if there else None)
    path = district(tmp_path, f'[fetch]\n[census]\nprovider = "{wanted}"\n')
    one = found(examine(path, offline=True), "census tables")
    assert one.state == state
    if wanted != "direct":
        assert ("is not installed" in one.said) != there and ("cannot be imported" in one.said) == there
    if state == "ill":
        assert 'provider = "direct"' in one.remedy


def test_censusdis_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(with_censusdis, "installed", lambda: SimpleNamespace(version="9.9"))
    assert found(examine(offline=True), "census tables").said == "by censusdis 9.9"


# Coordinates --------------------------------------------------------------------------------------


def doctored(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    command = [sys.executable, "-m", "justgeo.cli", "doctor", "--offline"]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env={**env, "PYTHONPATH": str(HERE)}, check=False
    )


@pytest.mark.parametrize("name", ["PROJ_DATA", "PROJ_LIB"])
def test_a_stray_database_of_coordinates_is_told_and_is_no_traceback(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    done = doctored(tmp_path, **{name: str(tmp_path / "empty")})
    assert "Traceback" not in done.stderr, done.stderr
    text = " ".join(done.stdout.split())
    assert f"{name}={tmp_path / 'empty'}" in text and "unset" in text
    mark = next(line[:5].strip() for line in done.stdout.splitlines() if "coordinates:" in line)
    assert (mark, done.returncode) in (("!!", 1), ("note", 0))
    assert CANARY not in done.stdout + done.stderr


def test_another_folder_of_gdal_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GDAL_DATA", "/opt/other/gdal")
    examination = examine(offline=True)
    one = found(examination, "coordinates")
    assert one.state == "mind" and "GDAL_DATA=/opt/other/gdal" in one.said and "unset" in one.remedy
    assert examination.well


@pytest.mark.parametrize(("told", "ill"), [("ON", True), ("on", True), ("YES", True), ("OFF", False), ("", False)])
def test_grids_from_the_network_are_not_wanted(monkeypatch: pytest.MonkeyPatch, told: str, ill: bool) -> None:
    monkeypatch.setenv("PROJ_NETWORK", told)
    examination = examine(offline=True)
    assert examination.well != ill
    assert any("PROJ_NETWORK is on" in finding.said for finding in examination.findings) == ill


# Disk ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "state", "remedy"), [(100e9, "well", ""), (1e9, "mind", "make room"), (5e7, "ill", "records = ...")]
)
def test_little_room(monkeypatch: pytest.MonkeyPatch, free: float, state: str, remedy: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    one = found(examine(offline=True), "disk")
    assert one.state == state and remedy in one.remedy and "GB free" in one.said


def test_records_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    for records in ("file", "file/below"):
        one = found(examine(district(tmp_path, f'[fetch]\nrecords = "{records}"\n'), offline=True), "disk")
        assert one.state == "ill" and "cannot be written to" in one.said and "--records" in one.remedy

    def read_only(*args: object, **kwargs: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", read_only)
    one = found(examine(district(tmp_path), offline=True), "disk")
    assert one.state == "ill" and "Read-only file system" in one.said


def test_looking_leaves_nothing(tmp_path: Path, server: Loopback) -> None:
    path = district(tmp_path, EVERYTHING, server.url)
    before = sorted(tmp_path.rglob("*"))
    examine(path)
    assert sorted(tmp_path.rglob("*")) == before


# The key is nowhere -------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.status(400), Fault.silence(), Fault.reset(), Fault.html(), Fault.cut()])
def test_the_key_is_in_no_word_and_no_log(
    server: Loopback, tmp_path: Path, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.fail(fault, times=-1)
    text = "\n".join(fit(examine(district(tmp_path, urls=server.url))))
    assert any(CANARY in request.raw_query for request in server.requests)
    assert CANARY not in text + caplog.text


def test_findings_are_told_what_is_well_first() -> None:
    what = "mend it."
    one, other = Finding("streets", "ill", "amiss", what), Finding("homes", "ill", "amiss too", what)
    assert words(Examination((one, Finding("trees", "well", "fine"), other))) == [
        "ok    trees: fine",
        "!!    streets: amiss",
        "!!    homes: amiss too",
        "      what to do: mend it.",
        "",
        "2 of 3 things keep justgeo from working as it should.",
    ]


def test_the_asker_is_a_callable_of_three(tmp_path: Path) -> None:
    asker: Callable[..., Any] = doctor._ask
    assert asker(square.service("overpass", refused_url()), 2024, Key(CANARY, "x")).failure.kind == "refused"


# Records at a URL ---------------------------------------------------------------------------------


def test_records_at_a_url_are_asked_for(tmp_path: Path) -> None:
    there = tmp_path / "there"
    path = district(tmp_path, f'[fetch]\nrecords = "{there.as_uri()}"\n')
    assert doctor._records(doctor._settings(path), False)[1].said == f"{there.as_uri()}, nothing is there yet"
    (there / "tracts").mkdir(parents=True)
    assert doctor._records(doctor._settings(path), False)[1].said.endswith(", answers")
    one = found(examine(path, offline=True), "records")
    assert one.state == "well" and one.said.endswith(", not tried out")


def test_records_at_a_url_of_no_use(tmp_path: Path) -> None:
    path = district(tmp_path, f'[fetch]\nrecords = "s3://id:{CANARY}@bucket"\n')
    one = found(examine(path, offline=True), "records")
    assert one.state == "ill" and CANARY not in one.said and "AWS_ACCESS_KEY_ID" in one.remedy
