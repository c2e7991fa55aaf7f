"""Every sentence on the invented county and on the embedded district reads as one, and hides what is withheld."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from justgeo.catalogue import read
from justgeo.core.errors import CatalogueError
from justgeo.report import results, sentences, speech
from justgeo.report.reader import Reader
from tests import nowhere

_BROKEN = re.compile(r"None\b(?! of)|\bnan\b|\{|\}|  |±0\b(?!\.)|± 0\b|\(\)|,,|\.\.|: \.|<|>")


@pytest.fixture(scope="module", params=["nowhere-invented", "haight-castro"])
def reader(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Reader:
    baseline, _ = nowhere.baseline(tmp_path_factory, str(request.param))
    return Reader(results.to_dict(baseline))


def every(reader: Reader) -> Iterator[tuple[str, str]]:
    for row in reader.results["indicators"]:
        yield row["id"], "all"
        yield from ((row["id"], group) for group in reader.groups.get(row["id"], []))


def said(reader: Reader, indicator: str, group: str) -> Iterator[sentences.Told]:
    yield sentences.headline(reader, indicator, group)
    yield sentences.grant(reader, indicator, group)
    if group == "all":
        poster = sentences.poster(reader, indicator)
        yield from (poster["lead"], poster["question"])
        yield from (one for one in (poster["compared"], poster["source"]) if one.text)
        yield sentences.citation(reader, indicator)


def test_the_fields_travel_in_the_results(reader: Reader) -> None:
    known = {row.id: row for row in read.indicators()}
    for row in reader.results["indicators"]:
        assert row["says"] == known[row["id"]].says and row["question"].endswith("?")


@pytest.mark.parametrize("language", sorted(speech.LANGUAGES))
def test_every_sentence_reads_as_one(reader: Reader, language: str) -> None:
    with speech.language(language):
        for indicator, group in every(reader):
            for text, lang in said(reader, indicator, group):
                assert lang in {language, "en"}
                assert text.endswith((".", "?")) and not _BROKEN.search(text), f"{indicator} {group}: {text}"
            assert not sentences.headline(reader, indicator, group).text[0].islower()
            assert not sentences.grant(reader, indicator, group).text[0].islower()


def test_no_digit_of_what_is_withheld(reader: Reader) -> None:
    """All digits of such a sentence stand in what the row asks, or in the label of the group."""
    for indicator, group in every(reader):
        row = next(one for one in reader.results["indicators"] if one["id"] == indicator)
        record = reader.at(indicator, reader.told_of(row), group)
        if record is None or record["reliability"] != "suppressed":
            continue
        asked = " ".join([row["who"], row["says"], *row["wording"].values(), reader.labels[group]])
        for make in (sentences.headline, sentences.grant):
            text = make(reader, indicator, group).text
            assert set(re.findall(r"\d+", text)) <= set(re.findall(r"\d+", asked)), text


def test_every_row_has_a_sentence() -> None:
    read.check_sentences(read.indicators())


def test_a_row_without_a_sentence_is_refused_by_the_check(tmp_path: Path) -> None:
    own = (Path(read.__file__).parent / "indicators.yml").read_text(encoding="utf-8")
    path = tmp_path / "indicators.yml"
    path.write_text(own.replace("id: BEL-13\n", "id: BEL-93\n"), encoding="utf-8")
    rows = read.indicators(path)
    assert next(row for row in rows if row.id == "BEL-93").says == ""
    with pytest.raises(CatalogueError, match="BEL-93: there is no sentence"):
        read.check_sentences(rows)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"says": "Half have {value}"}, "needs 'asks'"),
        ({"says": "Half of them rent"}, "whole sentence without a number"),
        ({"says": "rent their home."}, "ends with a period"),
        ({"says": "rent in {place}"}, "has the place 'place'"),
        ({"says": "rent", "asks": "how many rent"}, "whole sentence without a number"),
        ({"says": "{value} rent", "asks": "how many", "less": "fewer rent"}, "whole sentences"),
        ({"says": "{value} rent", "asks": "how many", "higher": "more"}, "come together"),
        ({"question": "Tell us"}, "question"),
    ],
)
def test_a_sentence_that_would_read_badly_is_refused(told: dict[str, Any], why: str) -> None:
    from justgeo.catalogue.models import SentenceModel
    from justgeo.catalogue.strict import validated

    given = {"who": "households", "says": "rent their home", "question": "Who rents?"} | told
    with pytest.raises(CatalogueError, match=re.escape(why)):
        validated(SentenceModel, given, where="sentences.yml", error=CatalogueError)
