"""Where numbers come from, in words: periods, sources once each, what was not there by reason."""

from __future__ import annotations

from typing import Any

import pytest

from justgeo.report import origins


def layer(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "id": "walk", "source": "City", "dataset": "Streets", "vintage": "2024", "retrieved": "", "licence": "CC0-1.0",
        "attribution": "", "url": "", "synthetic": False, "modelled": False, "notes": [],
    }  # fmt: skip
    return given | more


@pytest.mark.parametrize(
    ("vintages", "said"),
    [
        (["2020-2024", "2020"], "2020 to 2024"),
        (["about 2015 (not stated)", "about 2017-2018 (not stated)"], "about 2015 to 2018"),
        (["2024-09-02/2024-12-13, service day 2024-09-04 (Wednesday)"], "2024"),
        (["", "unknown", "tile 120245"], ""),
    ],
)
def test_the_period_of_the_data(vintages: list[str], said: str) -> None:
    assert origins.period([layer(vintage=v) for v in vintages]) == said


def test_a_source_stands_once_with_its_data() -> None:
    layers = [
        layer(dataset="Nowhere (invented): survey"),
        layer(dataset="Nowhere (invented): blocks"),
        layer(source="Bureau", dataset="Counties"),
    ]
    assert origins.told(layers) == "City: survey; blocks. Bureau: Counties"


def test_sources_gather_data_and_share_their_notes() -> None:
    layers = [
        layer(id="walk", notes=["Rounded."]),
        layer(id="parks", dataset="Parks", notes=["Rounded.", "Joined."]),
        layer(id="zones", source="Agency", modelled=True),
    ]
    found = origins.sources(layers, [{"layers": ["walk", "parks"], "indicator": "WEL-04"}])
    assert [(s["source"], len(s["sets"]), s["notes"]) for s in found] == [("City", 2, ["Rounded."]), ("Agency", 1, [])]
    assert [(d["dataset"], d["used"], d["notes"]) for d in found[0]["sets"]] == [
        ("Streets", 1, []),
        ("Parks", 1, ["Joined."]),
    ]
    assert found[1]["modelled"]


def test_other_terms_are_another_source() -> None:
    assert len(origins.sources([layer(), layer(id="b", licence="ODbL-1.0")], [])) == 2


def test_what_was_not_there_stands_by_reason() -> None:
    absent = {"acs:B01001@2024": "no table", "acs:B25003@2024": "no table", "gtfs": "no timetable", "odd": "no table"}
    assert origins.missing(absent) == [
        {"reason": "no table", "layers": ["2 census tables: B01001, B25003", "odd"]},
        {"reason": "no timetable", "layers": ["timetables of buses and trains"]},
    ]


def test_open_data_of_the_map_keep_their_notice() -> None:
    layers = [layer(), layer(licence="ODbL-1.0"), layer(licence="Open Database License", attribution="© X")]
    assert origins.notices(layers) == ["© OpenStreetMap contributors", "© X"]
