"""The evidence packet: what may be shown and nothing else, indexed, of one state, the same bytes each time."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from justgeo import cli, config
from justgeo.core.errors import ConfigError, OutputError
from justgeo.packet import packet
from justgeo.report import results, write
from tests.report import made
from tests.test_answers_sheet import typed
from tests.test_checklists import DISTRICT, Filled, content

SAID = """\
items:
  A01:
    - {text: Shown, by: resident, evidence: [evidence/minutes of May.pdf, "https://example.org/a?b=<c>"], publish: true}
    - {text: Kept, evidence: [evidence/kept-back.pdf]}
swot:
  - {kind: strength, text: A hall, evidence: [evidence/minutes of May.pdf], publish: true}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("place")
    (base / "district.toml").write_text(DISTRICT, encoding="utf-8")
    (base / "answers.yml").write_text(SAID, encoding="utf-8")
    (base / "evidence").mkdir()
    (base / "evidence" / "minutes of May.pdf").write_bytes(b"%PDF minutes")
    (base / "evidence" / "kept-back.pdf").write_bytes(b"%PDF kept-back")
    told = Filled(made.checklist().items, config.read(base).answers)
    zones = results.zones_frame(made.zones("Mill Pond"))
    write.write_all(base / "out", content(), told, zones, made.basemap(), {"settings": [], "run": {}})
    return base


def test_a_packet_holds_what_is_shown_with_an_index(place: Path, tmp_path: Path) -> None:
    target = packet(config.read(place), place / "out", tmp_path / "packet")
    names = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert {"index.html", "index.md", "manifest.json", "outputs/index.html", "outputs/results.json"} < names
    assert "outputs/checklist.xlsx" in names and "evidence/001-minutes-of-May.pdf" in names
    assert sum(name.startswith("evidence/") for name in names) == 1, "one document is there once"
    everything = b"".join(path.read_bytes() for path in target.rglob("*") if path.is_file())
    assert b"kept-back" not in everything and b"Kept" not in everything
    page = (target / "index.html").read_text(encoding="utf-8")
    links = set(re.findall(r'href="([^"]*)"', page))
    assert links <= names and {"evidence/001-minutes-of-May.pdf", "outputs/index.html"} <= links
    assert "<script" not in page and "https://example.org/a?b=&lt;c&gt;" in page
    told = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    assert {one["name"] for one in told["outputs"]} == names - {"manifest.json"}
    assert all(write.sha256(target / one["name"]) == one["sha256"] for one in told["outputs"])


def test_a_zip_is_the_same_each_time_and_replaces_only_a_packet(place: Path, tmp_path: Path) -> None:
    settings = config.read(place)
    first = packet(settings, place / "out", tmp_path / "a.zip").read_bytes()
    assert packet(settings, place / "out", tmp_path / "a.zip").read_bytes() == first
    with zipfile.ZipFile(tmp_path / "a.zip") as folder:
        assert "evidence/001-minutes-of-May.pdf" in folder.namelist() and folder.testzip() is None
    (tmp_path / "b.zip").write_bytes(b"mine")
    with pytest.raises(OutputError, match="is no packet"):
        packet(settings, place / "out", tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_bytes() == b"mine"


def edited(place: Path, old: str, new: str) -> config.RunConfig:
    file = place / "answers.yml"
    file.write_text(SAID.replace(old, new), encoding="utf-8")
    try:
        return config.read(place)
    finally:
        file.write_text(SAID, encoding="utf-8")


def test_answers_that_changed_since_the_run_are_refused(place: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="are not those of the outputs"):
        packet(edited(place, "Shown", "Shown anew"), place / "out", tmp_path / "a.zip")
    packet(edited(place, "Kept", "Kept anew"), place / "out", tmp_path / "a.zip")


def test_outputs_that_changed_since_the_run_are_refused(place: Path, tmp_path: Path) -> None:
    sheet = place / "out" / "checklist.xlsx"
    before = sheet.read_bytes()
    typed(sheet, "Checklist", "A01", text="Typed")
    try:
        with pytest.raises(OutputError) as refused:
            packet(config.read(place), place / "out", tmp_path / "a.zip")
    finally:
        sheet.write_bytes(before)
    assert "checklist.xlsx is not as the run wrote it" in refused.value.message
    with pytest.raises(OutputError, match="manifest"):
        packet(config.read(place), tmp_path, tmp_path / "a.zip")


def test_documents_are_there_and_inside(place: Path, tmp_path: Path) -> None:
    document = place / "evidence" / "minutes of May.pdf"
    body = document.read_bytes()
    document.unlink()
    with pytest.raises(ConfigError, match="is not there"):
        packet(config.read(place), place / "out", tmp_path / "a.zip")
    (tmp_path / "secret.pdf").write_bytes(b"secret")
    document.symlink_to(tmp_path / "secret.pdf")
    with pytest.raises(ConfigError, match="lies outside"):
        packet(config.read(place), place / "out", tmp_path / "a.zip")
    document.unlink()
    document.write_bytes(body)
    assert not (tmp_path / "a.zip").exists()


def test_the_command_line_tells_reads_and_packs(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--out", str(place / "out")]
    assert cli.main(["checklist", str(place), *where]) == 0
    told = capsys.readouterr().out
    assert "Mill Pond" in told and "1 answered" in told and "1 entry is kept and not shown" in told
    assert cli.main(["checklist", str(place), *where, "--all"]) == 0
    assert "says: Kept [not shown]" in capsys.readouterr().out
    assert cli.main(["checklist", str(place), *where, "--packet", str(tmp_path / "a.zip")]) == 0
    assert "look at" in capsys.readouterr().out and (tmp_path / "a.zip").is_file()
    sheet = tmp_path / "typed.xlsx"
    sheet.write_bytes((place / "out" / "checklist.xlsx").read_bytes())
    typed(sheet, "Checklist", "A09", text="Trees first", by="school")
    typed(sheet, "More answers", 1, item="GW-77", text="To no item")
    try:
        assert cli.main(["checklist", str(place), "--read", str(sheet)]) == 0
        told = capsys.readouterr().out
        assert "A09: Trees first" in told and "mind: GW-77: there is no such item now" in told
        assert cli.main(["checklist", str(place), "--read", str(sheet)]) == 0
        assert "nothing new" in capsys.readouterr().out
        assert "Trees first" in (place / "answers.yml").read_text(encoding="utf-8")
    finally:
        (place / "answers.yml").write_text(SAID, encoding="utf-8")
    assert cli.main(["checklist", str(place), "--read", str(tmp_path / "none.xlsx")]) == 2
    assert "does not exist" in capsys.readouterr().err
