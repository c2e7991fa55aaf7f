"""What the command line says of fetching: before it, while it lasts, and afterwards."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from justgeo import console, console_fetch
from justgeo.config import RunConfig
from justgeo.core.errors import SourceError
from justgeo.fetch_settings import Fetching
from justgeo.fetching import FetchReport, Plan, Planned
from justgeo.sources.live.keys import HOW_TO

API = "https://api.census.gov/data/2024/acs/acs5"
FILES = "https://www2.census.gov/geo/tiger/TIGER2024"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CENSUS_API_KEY", "a-key")


SETTINGS = RunConfig(Path("town/district.toml"), Path("town"), "Old Town", "old-town", fetch=Fetching())


def thing(label: str, state: Any = "to fetch", megabytes: float | None = 1.0, **told: Any) -> Planned:
    service, where = ("Census Data API", API) if label.startswith("acs ") else ("Census files", f"{FILES}/{label}.zip")
    return Planned(label, (label,), told.get("service", service), told.get("where", where), megabytes, state)


def plan(*things: Planned, until: str = "") -> list[str]:
    lines = console_fetch.plan(Plan(things, until), SETTINGS)
    assert max(map(len, lines), default=0) <= console.WIDTH
    return lines


def report(**told: Any) -> list[str]:
    usual: dict[str, Any] = {
        "name": "Old Town", "folder": Path("town/records"), "fetched": {}, "found": {}, "failures": {}, "absent": {},
    }  # fmt: skip
    lines = console_fetch.report(FetchReport(**{**usual, **told}))
    assert max(map(len, lines)) <= console.WIDTH
    return lines


def tables(number: int, state: Any = "to fetch", year: int = 2024) -> list[Planned]:
    return [thing(f"acs B{25000 + n}@{year}", state, 0.4) for n in range(number)]


# Before -------------------------------------------------------------------------------------------


def test_without_a_fetch_there_is_nothing_to_say() -> None:
    settings = RunConfig(Path("a"), Path("b"), "A", "a")
    assert console_fetch.plan(Plan(()), settings) == []


def test_what_from_where_how_large() -> None:
    extract = thing("extract", megabytes=None, service="Extracts", where="https://example.org/x.osm.pbf")
    lines = plan(thing("tracts", megabytes=8.2), thing("blocks", megabytes=110), extract, *tables(30))
    assert lines == [
        "",
        "From public services, under [fetch]:",
        f"  Census files, {FILES}",
        "    tracts (8 MB): to be fetched",
        "    blocks (110 MB): to be fetched",
        "  Extracts, https://example.org/x.osm.pbf",
        "    extract (size not known): to be fetched",
        f"  Census Data API, {API}",
        "    30 survey tables of 2024 (12 MB): to be fetched",
        f"To be fetched: about 130 MB and 1 of unknown size. Next: justgeo fetch {Path('town/district.toml')}",
    ]


def test_each_state_in_words_and_only_what_is_ahead_is_counted() -> None:
    lines = plan(
        thing("a", "recorded", 50),
        thing("b", "stale", 3),
        thing("c", "damaged", 0.2),
        *tables(3, "recorded"),
        *tables(1),
        *tables(2, year=2019),
    )
    text = "\n".join(lines)
    assert "a (50 MB): at hand" in text
    assert "b (3 MB): fetched before, for another boundary or catalogue: to be fetched again" in text
    assert "c (under 1 MB): damaged on disk: to be fetched again" in text
    assert "3 survey tables of 2024 (1 MB): at hand" in text
    assert "1 survey table of 2024 (under 1 MB): to be fetched" in text
    assert "2 survey tables of 2019 (under 1 MB): to be fetched" in text
    assert "To be fetched: about 4 MB." in text  # 3 + 0.2 + 0.4 + 0.8


def test_where_everything_is_recorded() -> None:
    assert plan(thing("a", "recorded"))[-1] == "Everything is recorded: a run needs no network."


def test_what_is_not_known_yet_is_said_to_come() -> None:
    lines = plan(thing("counties", megabytes=80), until="Which counties the district touches is not known yet.")
    assert "  Which counties the district touches is not known yet." in lines
    assert lines[-1].startswith("To be fetched: about 80 MB, and what comes then. Next: justgeo fetch")
    assert "Everything is recorded" not in "\n".join(plan(until="It is not known."))


def test_survey_tables_of_unknown_size() -> None:
    assert "    2 survey tables of 2024 (size not known): to be fetched" in plan(
        *(thing(f"acs B{n}@2024", megabytes=None) for n in (1, 2))
    )


# While it lasts -----------------------------------------------------------------------------------


def told(tell: console_fetch.Tell) -> None:
    tell("counties 2024", 0, None)
    tell("counties 2024", 40_000_000, 80_000_000)
    tell("counties 2024", 80_000_000, 80_000_000)
    tell("tracts 2024 (2 of 3)", 0, None)
    tell("tracts 2024 (2 of 3)", 2_000_000, None)
    tell("tree canopy (3 of 3)", 0, 4)
    tell("tree canopy (3 of 3)", 4, 4)


def test_where_there_is_no_terminal_each_thing_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with console_fetch.progress() as tell:
        told(tell)
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [
        "fetching counties 2024",
        "fetching tracts 2024 (2 of 3)",
        "fetching tree canopy (3 of 3)",
    ]
    assert printed.out == ""


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with console_fetch.progress() as tell:
        told(tell)
    shown = terminal.getvalue()
    assert "counties 2024 |" in shown and "100 %" in shown
    assert "tracts 2024 (2 of 3)" in shown
    assert "tree canopy (3 of 3) |" in shown and "4.00" not in shown  # pieces are no bytes


def test_where_the_whole_is_not_known_the_bytes_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with console_fetch.progress() as tell:
        tell("a", 0, None)
        tell("a", 2_500_000, None)
        tell("b", 0, None)  # shown at once, so is what was last said of the one before
    assert "a 0.00B [" in terminal.getvalue() and "b 0.00B [" in terminal.getvalue()
    assert "%" not in terminal.getvalue()


def test_quiet_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with console_fetch.progress(quiet=True) as tell:
        told(tell)
    assert terminal.getvalue() == ""


# Afterwards ---------------------------------------------------------------------------------------


def test_what_came_and_what_was_there() -> None:
    lines = report(fetched={"a": 1_500_000, "b": 500_000}, found={"c": 9_000_000})
    assert lines == [
        "Old Town", "  2 things fetched (2.0 MB), 1 recorded before", f"  kept in {Path('town/records')}",
    ]  # fmt: skip
    assert report(fetched={"a": 10})[1] == "  1 thing fetched (0.0 MB), 0 recorded before"


def test_thirty_tables_without_a_key_are_one_trouble() -> None:
    no_key = {
        f"acs B{n}@2024": SourceError("The Census API answers only those who send a key.", remedy=HOW_TO, kind="key")
        for n in range(25000, 25030)
    }
    absent = dict.fromkeys((f"acs:B{n}@2024" for n in range(25000, 25030)), next(iter(no_key.values())).message)
    lines = report(failures=no_key, absent=absent)
    text = "\n".join(lines)
    assert text.count("could not be had") == 1 and text.count("key_signup") == 1
    assert "acs B25000@2024; acs B25001@2024; acs B25002@2024; acs B25003@2024 and 26 more" in " ".join(text.split())
    assert "not to be had" not in text  # it is said already
    assert lines[-1] == "  What came is kept. Fetch again for the rest, or run with what there is."
    assert len(lines) <= 12


def test_other_troubles_are_told_apart_each_with_what_to_do() -> None:
    failures = {
        "a": SourceError("Nobody answers.", remedy="see that this computer is online.", kind="refused"),
        "b": SourceError("The disk is full.", remedy="make room.", kind="disk"),
        "c": SourceError("Nobody answers.", remedy="see that this computer is online.", kind="refused"),
    }
    text = "\n".join(report(failures=failures))
    assert "could not be had: a; c\n" in text and "could not be had: b\n" in text
    assert text.count("what to do: ") == 2 and "what to do: make room." in text


def test_what_no_service_has_is_told_by_its_reason() -> None:
    absent: Mapping[str, str] = {
        **dict.fromkeys(("tree_canopy", "land_cover"), "it covers the contiguous United States alone"),
        "gtfs": "there is no feed",
    }
    lines = report(absent=absent)
    assert "  not to be had: tree_canopy, land_cover: it covers the contiguous United States alone" in lines
    assert "  not to be had: gtfs: there is no feed" in lines
    many = report(absent={f"acs:B{n}@2014": "not published then" for n in range(40)})
    assert len(many) == 5 and "and 32 more: not published then" in " ".join(" ".join(many).split())


def test_why_it_stopped_is_told() -> None:
    assert "  The counties are not known." in report(stopped="The counties are not known.")


def test_without_a_key_the_plan_says_what_that_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CENSUS_API_KEY", "US_CENSUS_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("justgeo.sources.live.keys._from_keyring", lambda: None)
    for ahead in (plan(thing("acs B25003@2024")), plan(until="Then, once it is known where.")):
        assert "No Census key was found" in " ".join(ahead) and "key_signup" in " ".join(ahead)
    assert "No Census key" not in " ".join(plan(thing("acs B25003@2024", "recorded")))
