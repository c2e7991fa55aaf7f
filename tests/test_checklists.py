"""What people type is read back before a run replaces it; nothing that is kept back reaches an output."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from justgeo import answers, checklists, config
from justgeo.core.answers import Answers, Entry, Target
from justgeo.core.errors import ConfigError, OutputError
from justgeo.report import checklist, checklist_page, checklist_sheets, checklist_text, results, write
from tests.report import made
from tests.test_answers_sheet import typed

DISTRICT = '[district]\nname = "Mill Pond"\nboundary = "mill.geojson"\n'
SECRET = "Zanzibar-kept-back"
HOSTILE = "<img src=x onerror=alert(1)>=cmd|'/c calc'!A1 [x](javascript:alert(1)) {{ 7*7 }}"


@dataclass(frozen=True)
class Filled:
    items: tuple[Any, ...]
    said: Answers


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "district.toml").write_text(DISTRICT, encoding="utf-8")
    return tmp_path


@cache
def content() -> dict[str, Any]:
    return results.to_dict(made.baseline())


def made_outputs(place: Path, said: Answers | None = None, *, whole: bool = False) -> Path:
    """Outputs as a run writes them, from a measurement made by hand; those of the checklist alone, or all."""
    folder = place / "out"
    told = Filled(made.checklist().items, Answers() if said is None else said)
    if whole:
        write.write_all(folder, content(), told, results.zones_frame(made.zones("Mill Pond")), made.basemap())
        return folder
    folder.mkdir(exist_ok=True)
    (folder / "checklist.xlsx").write_bytes(checklist_sheets.workbook(told, content()))
    (folder / "checklist.json").write_bytes(checklist.to_json(told, content()))
    (folder / "checklist.html").write_text(checklist_page.render(told, content()), encoding="utf-8")
    (folder / "checklist.md").write_text(checklist_text.render(told, content()), encoding="utf-8")
    return folder


def test_what_was_typed_is_read_before_it_is_replaced(place: Path) -> None:
    folder = made_outputs(place)
    settings = config.read(place)
    assert checklists.taken(settings, folder) == (settings, None)
    typed(folder / "checklist.xlsx", "Checklist", "A01", text="The flood", by="resident")
    again, merged = checklists.taken(settings, folder)
    assert merged is not None and merged.added == ("A01: The flood",)
    assert (
        again.answers.items
        == {"A01": (Entry("The flood", by="resident"),)}
        == answers.read(place / "answers.yml").items
    )
    _, second = checklists.taken(again, folder)
    assert second is not None and second.added == ()


def test_what_cannot_be_read_stops_the_run_and_stays(place: Path) -> None:
    folder = made_outputs(place)
    typed(folder / "checklist.xlsx", "Checklist", "A01", text="The flood", date="last May")
    before = (folder / "checklist.xlsx").read_bytes()
    with pytest.raises(ConfigError) as refused:
        checklists.taken(config.read(place), folder)
    assert "move checklist.xlsx out of out" in refused.value.remedy
    assert (folder / "checklist.xlsx").read_bytes() == before and not (place / "answers.yml").exists()


def test_what_was_typed_for_another_place_is_not_replaced(place: Path) -> None:
    folder = made_outputs(place)
    other = place / "other"
    other.mkdir()
    (other / "district.toml").write_text(DISTRICT.replace("Mill Pond", "Old Town"), encoding="utf-8")
    assert checklists.taken(config.read(other), folder)[1] is None, "nothing typed is nothing lost"
    typed(folder / "checklist.xlsx", "Checklist", "A01", text="The flood")
    with pytest.raises(ConfigError, match="the checklist of 'mill-pond', not of 'old-town'"):
        checklists.taken(config.read(other), folder)


def test_two_answers_that_differ_are_both_kept_and_told(place: Path) -> None:
    folder = made_outputs(place)
    (place / "answers.yml").write_text("items:\n  A01:\n  - {text: No flood, by: resident}\n", encoding="utf-8")
    typed(folder / "checklist.xlsx", "Checklist", "A01", text="The flood", by="resident")
    _, merged = checklists.read_back(place, folder / "checklist.xlsx")
    assert [one.text for one in answers.read(place / "answers.yml").items["A01"]] == ["No flood", "The flood"]
    assert merged.told == ("A01: 'resident' says 2 different things; all are kept.",)


def test_where_it_stands(place: Path) -> None:
    settings = config.read(place)
    before = checklists.state(settings, place / "out")
    assert before.fresh is None and {line.status for line in before.lines} == {""}
    assert {"GW-1", "B01", "commitments"} <= {line.id for line in before.lines}
    said = "items:\n  A01: [{text: Shown, publish: true}, Kept]\n  WEL-04.800: It is locked.\n  GW-77: Lost?\n"
    (place / "answers.yml").write_text(said, encoding="utf-8")
    settings = config.read(place)
    folder = made_outputs(place)
    now = checklists.state(settings, folder)
    assert now.fresh is False and len(next(line for line in now.lines if line.id == "A01").said) == 2
    assert any(one.startswith("GW-77: there is no such item now") for one in now.told)
    assert not any("WEL-04.800" in one for one in now.told), "forms of a data walk ask about figures"
    made_outputs(place, settings.answers)
    assert checklists.state(settings, folder).fresh is True


def test_outputs_of_another_place_are_refused(place: Path) -> None:
    folder = made_outputs(place)
    (place / "district.toml").write_text(DISTRICT.replace("Mill Pond", "Old Town"), encoding="utf-8")
    with pytest.raises(OutputError, match="the outputs of 'mill-pond'"):
        checklists.state(config.read(place), folder)
    (folder / "checklist.json").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(OutputError, match="damaged"):
        checklists.state(config.read(place), folder)


def test_nothing_that_is_kept_back_reaches_an_output(place: Path) -> None:
    kept = Entry(SECRET, by=SECRET, name=SECRET, evidence=(f"{SECRET}.pdf",), more={"state": "done"})
    named = Entry("Shown.", by="resident", name=SECRET, publish=True)
    said = Answers(
        {"A01": (kept, named), "GW-9": (kept,)},
        {"swot": (kept,), "assets": (kept,)},
        (Target("BEL-02", 0.123456, 2030, note=SECRET, by=SECRET),),
    )
    folder = made_outputs(place, said, whole=True)
    shutil.unpack_archive(folder / "checklist.xlsx", folder / "unpacked", "zip")
    for path in folder.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            assert SECRET.encode() not in body and b"0.123456" not in body, path.name
    assert "Shown." in (folder / "checklist.html").read_text(encoding="utf-8")


def test_what_is_shown_is_text_in_every_output(place: Path) -> None:
    entry = Entry(
        HOSTILE, by=HOSTILE, name=HOSTILE, evidence=("https://example.org/?a=<b>",), publish=True, publish_name=True
    )
    said = Answers(
        {"A01": (entry,), "BEL-02": (entry,)}, {"swot": (entry,), "assets": (entry,)},
        (Target("BEL-02", 0.4, 2030, note=HOSTILE, by=HOSTILE, publish=True),),
    )  # fmt: skip
    folder = made_outputs(place, said)
    page = (folder / "checklist.html").read_text(encoding="utf-8")
    assert "<img" not in page and "&lt;img src=x onerror" in page and page.count("<script") == 0
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    text = (folder / "checklist.md").read_text(encoding="utf-8")
    assert "<img" not in text and "[x](javascript" not in text and "\\[x\\](javascript" in text
    assert "<https://example.org/?a=%3Cb%3E>" in text
    shutil.unpack_archive(folder / "checklist.xlsx", folder / "unpacked", "zip")
    sheets = "".join(one.read_text(encoding="utf-8") for one in (folder / "unpacked").rglob("*.xml"))
    assert "<f>" not in sheets and "<hyperlink " not in sheets


def test_a_formula_that_is_said_has_an_apostrophe_before_it(place: Path) -> None:
    folder = made_outputs(place, Answers({"A01": (Entry("=1+1", publish=True),)}))
    shutil.unpack_archive(folder / "checklist.xlsx", folder / "unpacked", "zip")
    sheets = "".join(one.read_text(encoding="utf-8") for one in (folder / "unpacked").rglob("*.xml"))
    assert "'=1+1" in sheets and ">=1+1" not in sheets
