"""The rows of ``datasets.yml``: each complete, each option understood, both wings of one mind about the words."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from justgeo.catalogue import datasets as form
from justgeo.catalogue import read as catalogue
from justgeo.catalogue.strict import validated
from justgeo.core.errors import CatalogueError
from justgeo.core.service import Service
from justgeo.sources import _dataset_form as reader
from justgeo.sources._frames import WIDTHS
from justgeo.sources.live import dataset_parts as parts
from justgeo.sources.live import downloads

ROWS = catalogue.datasets()
NAMED_IN_THE_ISSUE = [
    *("lodes_wac", "lodes_rac", "chas", "hud_lmi", "eviction_lab", "lead", "smart_location", "fars", "places"),
    *("usaleep", "svi"),
    *("ejscreen", "nfhl", "slr", "pad_us", "redlining", "cejst", "qct", "tribal_lands", "zoning"),
]
FILES = [name for name, row in ROWS.items() if row.options["kind"] in ("file", "archive")]


def test_each_table_that_later_indicators_need_has_a_row() -> None:
    assert list(ROWS) == NAMED_IN_THE_ISSUE
    assert not set(ROWS) & set(catalogue.services())  # one name, one service


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_is_complete(row: Service) -> None:
    options = row.options
    assert row.title and row.publisher and row.licence
    assert re.fullmatch(r"20\d{2}-\d{2}", row.seen) and row.evidence in ("V", "M")
    assert row.page.startswith("https://")
    if options["kind"] == "own":
        assert row.urls == () and "no layer of the nation" in row.asks
        return
    assert row.urls and all(url.startswith("https://") and not url.endswith("/") for url in row.urls)
    assert row.attribution and row.asks
    assert options.get("vintage") or options.get("vintage_from")
    assert options["megabytes"] > 0


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_is_understood_by_its_reader(row: Service) -> None:
    reading = parts.reading(row)
    assert reading.columns or reading.classes
    assert (reading.geography_vintage in (2010, 2020)) == (reading.geography in WIDTHS)
    names = [name for column in reading.columns for name in column.sources]
    names += [one.name for one in (*reading.classes, *reading.counted)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    assert all(why.strip() for why in reading.missing.values())


@pytest.mark.parametrize("row", [ROWS[name] for name in FILES], ids=FILES)
def test_a_path_is_filled_for_each_state(row: Service) -> None:
    for state, name in (("51", "Virginia"), ("11", "DistrictofColumbia"), ("72", "PuertoRico")):
        path = parts.filled(row.options["path"], row, state=state, county=f"{state}001", year=2022)
        assert "{" not in path and not path.startswith("/")
        if "{StateName}" in row.options["path"]:
            assert name in path


def test_margins_are_named_where_they_are_published() -> None:
    for name in ("chas", "svi"):
        reading = parts.reading(ROWS[name])
        without = [column.name for column in reading.columns if not column.margin]
        assert all(column.startswith(("rank", "flags")) for column in without), name


def test_what_is_modelled_says_so() -> None:
    modelled = {name for name, row in ROWS.items() if parts.reading(row).modelled}
    assert modelled == {"lead", "smart_location", "places", "ejscreen"}


def test_absence_means_what_each_source_says() -> None:
    outside = {
        name: {one.name: one.outside for one in parts.reading(row).classes if one.outside} for name, row in ROWS.items()
    }
    assert outside["redlining"] == {"grade": "not surveyed"}
    assert outside["nfhl"] == {"hazard": "unmapped"}
    assert outside["qct"] == {"designation": "not qualified"}
    assert outside["pad_us"] == {}  # small parks are not in it
    zero = {name for name, row in ROWS.items() if any(c.outside == 0 for c in parts.reading(row).columns)}
    assert zero == {"lodes_wac", "lodes_rac"}
    covers = {
        name: parts.reading(row).covers for name, row in ROWS.items() if parts.reading(row).geography == "polygon"
    }
    assert covers == {
        "nfhl": "known",
        "pad_us": "nothing",
        "redlining": "features",
        "slr": "near",
        "tribal_lands": "window",
        "zoning": "features",
    }


def test_tracts_of_2010_are_not_said_to_be_of_2020() -> None:
    old = {name for name, row in ROWS.items() if parts.reading(row).geography_vintage == 2010}
    assert old == {"eviction_lab", "smart_location", "cejst", "usaleep"}


def test_cost_burden_by_race_has_the_lines_of_huds_table() -> None:
    """Line by line as HUD labels table 9: seven groups of five lines an owner, seven a renter."""
    lines = {column.name: column.column for column in parts.reading(ROWS["chas"]).columns}
    assert len(lines) == 73
    assert (lines["households"], lines["owners"], lines["renters"]) == ("T9_est1", "T9_est2", "T9_est38")
    by_hand = {
        "owner_white": "T9_est3",
        "owner_black_over_50": "T9_est11",
        "owner_asian_to_30": "T9_est14",
        "owner_aian": "T9_est18",
        "owner_nhpi_not_computed": "T9_est27",
        "owner_hispanic_30_to_50": "T9_est30",
        "owner_other_not_computed": "T9_est37",
        "renter_white_not_computed": "T9_est43",
        "renter_black": "T9_est44",
        "renter_hispanic_over_50": "T9_est67",
        "renter_other_not_computed": "T9_est73",
    }
    assert {name: lines[name] for name in by_hand} == by_hand
    assert sorted(int(line.removeprefix("T9_est")) for line in lines.values()) == list(range(1, 74))


# Words of both wings ------------------------------------------------------------------------------


def test_the_words_of_a_reading_are_those_of_the_reader() -> None:
    assert set(form.ReadingModel.model_fields) == set(reader.READING)
    assert set(form.ReadingModel.model_fields) == {f.name for f in dataclasses.fields(reader.Reading)}
    assert set(form.ColumnModel.model_fields) == set(reader.COLUMN)
    assert set(form.ClassesModel.model_fields) == set(reader.CLASSES)
    assert set(form.CountedModel.model_fields) == set(reader.COUNTED)
    assert set(form.LongModel.model_fields) == set(reader.LONG)


@pytest.mark.parametrize(
    ("model", "key", "words"),
    [
        (form.ReadingModel, "form", reader.FORMS),
        (form.ReadingModel, "geography", reader.GEOGRAPHIES),
        (form.ReadingModel, "covers", reader.COVERS),
        (form.ReadingModel, "lacking", reader.LACKING),
        (form.ColumnModel, "kind", reader.KINDS),
        (form.OptionsModel, "kind", downloads.KINDS),
        (form.OptionsModel, "per", downloads.PER),
    ],
)
def test_what_a_word_may_be_is_the_same_on_both_sides(model: Any, key: str, words: tuple[str, ...]) -> None:
    assert set(model.model_fields[key].annotation.__args__) == set(words)


# What is refused ----------------------------------------------------------------------------------


def document(**options: Any) -> dict[str, Any]:
    reading = {"geography": "tract", "geography_vintage": 2020, "geoid": "GEOID", "columns": {"a": {"column": "A"}}}
    told = {
        "title": "A table",
        "publisher": "Somebody",
        "urls": ["https://example.org"],
        "page": "https://example.org",
        "licence": "CC0",
        "asks": "nothing",
        "seen": "2026-10",
        "evidence": "M",
        "options": {"kind": "file", "path": "a.csv", "reading": reading, **options},
    }
    return {"datasets": {"a_table": told}}


def refused(raw: dict[str, Any]) -> CatalogueError:
    with pytest.raises(CatalogueError) as told:
        form.checked(validated(form.DatasetsModel, raw, where="datasets.yml", error=CatalogueError))
    return told.value


def test_a_plain_row_is_taken() -> None:
    form.checked(validated(form.DatasetsModel, document(), where="datasets.yml", error=CatalogueError))


@pytest.mark.parametrize(
    ("change", "says", "remedy"),
    [
        ({"pat": "a.csv"}, "unknown key 'pat'", "did you mean 'path'"),
        ({"reading": {"geografy": "tract"}}, "unknown key 'reading.geografy'", "did you mean 'geography'"),
        ({"kind": "ftp"}, "'kind' = 'ftp' cannot be used", "file"),
        ({"year": "2023"}, "'year' = '2023' cannot be used", ""),
        ({"year": 2023, "years": [2023]}, "both year and years", "keep one"),
        ({"path": "{year}.csv"}, "needs a year", "add year"),
        ({"path": ""}, "needs 'path'", "add path"),
        ({"kind": "arcgis", "path": ""}, "needs 'path'", "add path"),
        ({"kind": "socrata", "where": "x"}, "needs 'order'", "add order"),
        ({"kind": "own"}, "has an address that nothing asks", "kind: own"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_option_that_is_not_understood_is_refused_with_the_nearest(
    change: dict[str, Any], says: str, remedy: str
) -> None:
    error = refused(document(**change))
    assert says in error.message and "a_table" in error.message
    assert remedy in error.remedy


def test_a_column_or_class_that_is_not_understood_is_refused() -> None:
    reading = document()["datasets"]["a_table"]["options"]["reading"]
    error = refused(document(reading={**reading, "columns": {"a": {"colum": "A"}}}))
    assert "reading.columns.a.colum" in error.message and "did you mean 'column'" in error.remedy
    error = refused(document(reading={**reading, "classes": {"b": {"rules": [{"klass": "x"}]}}}))
    assert "{'klass': 'x'} is not understood" in error.message
    error = refused(document(reading={**reading, "missing": {-999: "none"}}))
    assert "missing" in error.message  # a code is a text, as the file has it


def test_a_row_without_an_address_says_why() -> None:
    raw = document()
    raw["datasets"]["a_table"]["urls"] = []
    assert "has no address" in refused(raw).message
    raw = document(kind="own")
    raw["datasets"]["a_table"] |= {"urls": [], "asks": ""}
    assert "why nobody can be asked is not told" in refused(raw).message
