"""Texts that know their language, groups by their size, what a place has, links of the glossary."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from justgeo.report import glossary, groups, has, remarks, results, speech, spoken, view
from justgeo.report.reader import Reader
from tests.report import made

FEW = "suppressed: fewer than 50 people or households of this group stand behind it"


def test_in_english_all_is_plain() -> None:
    assert type(spoken.spoken("Renters & owners")) is str
    assert spoken.tell("{size} more", size=spoken.spoken("a <b>")) == "a <b> more"
    assert spoken.rich("{size} more", size="a <b>") == "a &lt;b&gt; more"


def test_what_is_not_translated_is_marked_wherever_it_goes() -> None:
    with speech.language("es"):
        row = spoken.spoken("a row <b>")
        assert isinstance(row, spoken.Spoken) and str(row) == "a row <b>"
        assert escape(row) == '<span lang="en">a row &lt;b&gt;</span>'
        assert escape(spoken.capital(row)) == '<span lang="en">A row &lt;b&gt;</span>'
        told = spoken.tell("{size} more", size=row)
        assert (str(told), str(escape(told))) == ("a row <b> más", '<span lang="en">a row &lt;b&gt;</span> más')
        both = spoken.join("; ", ["parques", row])
        assert escape(both) == 'parques; <span lang="en">a row &lt;b&gt;</span>'
        assert spoken.spoken(row) is row
        assert type(spoken.spoken("Mobility")) is str
        assert type(spoken.spoken("2020-2024; 12 %")) is str, "figures are of no language"


@given(st.text())
def test_what_is_packed_comes_back(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode("utf-8")
    assert spoken.unpacked(spoken.packed(text)) == text
    assert spoken.packed(text) == spoken.packed(text)


def test_a_word_of_the_glossary_is_linked_where_it_is_first_used() -> None:
    gloss = glossary.Glosses()
    first = gloss("The median of a census tract, not the mean & not the medians")
    assert first == (
        'The <a class="term" href="#term-median">median</a> of a <a class="term" href="#term-tract">census tract</a>,'
        " not the mean &amp; not the medians"
    )
    assert gloss("median") == "median" and gloss.used("withheld", "x").count("href") == 1
    assert gloss("withheld") == "withheld"
    assert gloss("<img> poverty level") == '&lt;img&gt; <a class="term" href="#term-poverty">poverty level</a>'


def reader(*records: Any) -> Reader:
    whole = made.baseline()
    gone = {(r.zone, r.indicator, r.group) for r in records}
    kept = tuple(r for r in whole.records if (r.zone, r.indicator, r.group) not in gone)
    return Reader(remarks.marked(results.to_dict(replace(whole, records=(*kept, *records)))))


def sized(**people: float) -> Reader:
    """Groups of BEL-02 with so many households behind them."""
    every = {r.group: r for r in made.baseline().records if (r.zone, r.indicator) == ("district", "BEL-02")}
    changed = [replace(every[f"race:{name}"], denominator=n) for name, n in people.items()]
    return reader(*changed)


def test_groups_stand_by_their_size_and_small_ones_are_named() -> None:
    few = next(r for r in made.baseline().records if r.group == "race:asian" and r.indicator == "BEL-02")
    given_ = sized(hispanic=900.0, white=5000.0)
    rows = next(g for g in groups.groups(given_, "BEL-02", given_.groups["BEL-02"], "district") if g["kind"] == "race")
    assert [r["label"].split(",")[0] for r in rows["rows"]] == ["White", "Hispanic or Latino", "Black", "Asian"]
    assert [(g["labels"], g["few"]) for g in rows["gone"]] == [("Asian, not Hispanic", "fewer than 50 households")]
    again = reader(replace(few, reason=FEW))
    (gone,) = next(
        g for g in groups.groups(again, "BEL-02", again.groups["BEL-02"], "district") if g["kind"] == "race"
    )["gone"]
    assert gone["few"] == "fewer than 50 people or households of this group stand behind it"


@pytest.mark.parametrize(
    ("parameters", "of_group", "said"),
    [
        ({"numerator": "C17002_002..003", "denominator": "C17002_001"},
         {"numerator": "B17001H_002", "denominator": "B17001H_001", "geography": "tract"},
         "From other census tables (B17001H) than the number for everyone (C17002), and by census tract: the groups "
         "need not add up to it."),
        ({"numerator": "B25003_003"}, {"numerator": "B25003H_003"},
         "From other census tables (B25003H) than the number for everyone (B25003): the groups need not add up to it."),
        ({"numerator": "B25091_008"}, {"numerator": "B25091_009", "geography": "tract"}, ""),
        ({"distance_m": 800}, {"blocks": "p2_white", "sample": "B03002_003"}, ""),
    ],
)  # fmt: skip
def test_groups_from_other_tables_say_so(parameters: dict[str, Any], of_group: dict[str, str], said: str) -> None:
    given = reader()
    row = next(one for one in given.results["indicators"] if one["id"] == "BEL-02")
    row |= {"parameters": parameters, "groups": {g: of_group for g in given.groups["BEL-02"] if g.startswith("race")}}
    found = {g["kind"]: g["apart"] for g in groups.groups(given, "BEL-02", given.groups["BEL-02"], "district")}
    assert found == {"race": said, "income": ""}


def test_the_people_of_a_group_by_race_are_those_that_are_counted() -> None:
    assert groups.size(reader(), "race:black") == pytest.approx(0.213 * 2000)
    assert groups.size(reader(), "race:nobody") == 0.0


def test_a_category_opens_with_what_is_there() -> None:
    found = {c["id"]: c for c in view.page(results.to_dict(made.baseline()))["categories"]}
    assert [one["text"] for one in found["wellbeing"]["has"]] == [
        "72% of residents live within a 10-minute walk of a park"
    ]
    assert found["environment"]["has"] == [], "what is absent opens nothing"
    assert [one["text"] for one in found["demographics"]["has"]] == ["7,430 people live here"]
    assert found["demographics"]["has"][0]["margin"] == "± 400"


@pytest.mark.parametrize("reliability", ["low", "suppressed", "absent"])
def test_what_is_too_uncertain_opens_nothing(reliability: str) -> None:
    park = next(
        r for r in made.baseline().records if (r.zone, r.indicator, r.group) == ("district", "WEL-04.800", "all")
    )
    value = None if reliability != "low" else park.value
    shown = reader(
        replace(park, reliability=reliability, value=value, reason="x" if value is None else None, comparison=None)
    )
    assert has.has(shown, "wellbeing") == []
