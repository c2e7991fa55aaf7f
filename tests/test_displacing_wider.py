"""Other choices of a district's displacement typology: narrower and wider sets of counties, other base years."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from justgeo import cli, displacing, run, synthetic
from justgeo.collecting import Collected, years_of
from justgeo.core.result import Indicator
from justgeo.displacing import Displacement
from justgeo.indicators import displacement
from justgeo.indicators.place import Place
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.values import VARIANTS, Settings
from justgeo.report.displacement_terms import NO_MARKET
from tests import nowhere
from tests import two_counties as two
from tests.corrupted import reading
from tests.two_counties import BESIDE, HOME

DRAWS = 1000
TRACTS_OF, REASON_OF, SETTINGS_OF = displacement.tracts_of, displacement.earlier_reason, displacement.settings_of
BOTH = [HOME, BESIDE]
NO_EARLIER = tuple(name for name in two.LAYERS if name not in ("acs_t0", "crosswalk_99"))
HINTS = {"the metro area", "another base year"}
ALWAYS = ["as reported", "thresholds 10 % lower", "thresholds 10 % higher"]


@dataclass(frozen=True)
class Read:
    """A district with its layers, read once."""

    found: Collected
    place: Place
    known: dict[object, Displacement] = field(default_factory=dict)
    of_tracts: dict[object, Any] = field(default_factory=dict)

    def told(self, **more: Any) -> Displacement:
        """The typology, made once for all who look at it; ``more`` are other settings of its file."""
        asked = tuple(sorted(more.items()))
        if asked not in self.known:
            found = replace(self.found, config=replace(self.found.config, **more))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(displacement, "tracts_of", partial(self._once, TRACTS_OF))
                patch.setattr(displacement, "earlier_reason", partial(self._once, REASON_OF))
                patch.setattr(displacement, "settings_of", few_draws)
                self.known[asked] = displacing.of_place(found, self.place, draws=DRAWS)
        return self.known[asked]

    def _once(self, find: Callable[[Place, Indicator], Any], place: Place, row: Indicator) -> Any:
        """Of tracts of some counties at two surveys: the same layers say the same, whatever else is asked."""
        assert place.layers is self.place.layers
        asked = (find, place.reference_prefixes, *sorted(place.years.items()), row.id)
        if asked not in self.of_tracts:
            self.of_tracts[asked] = find(place, row)
        return self.of_tracts[asked]

    def lacking(self, **layers: Any) -> Read:
        """The same with some layers put in place of others, or taken out (None)."""
        kept = {**self.place.layers, **layers}
        there = {name: layer for name, layer in kept.items() if layer is not None}
        return Read(self.found, replace(self.place, layers=there, cache={}))


def few_draws(row: Indicator) -> Settings:
    """The settings of a row with as many draws as are asked for here: it is classified with both."""
    return replace(SETTINGS_OF(row), draws=DRAWS)


def read(path: Path) -> Read:
    found = run.collect_layers(run.read_config(path))
    return Read(found, run.make_place(found))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files of both counties; a district after the other reads the same ones."""
    source = synthetic.ensure(2020, nowhere.cache(tmp_path_factory))
    found = two.write(source, tmp_path_factory.mktemp("two"))
    with reading.once(found):
        yield found


@pytest.fixture(scope="module")
def at_home(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Held against its own county; tables of both counties and of three surveys are at hand."""
    layers = (*two.LAYERS, "acs_t0_2019")
    return read(two.district(files, tmp_path_factory.mktemp("home"), layers, reference={"geoids": [HOME]}))


@pytest.fixture(scope="module")
def in_both(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Held against both counties."""
    return read(two.district(files, tmp_path_factory.mktemp("both"), reference={"geoids": BOTH}))


@pytest.fixture(scope="module")
def alone(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Held against its own county, without an earlier survey."""
    return read(two.district(files, tmp_path_factory.mktemp("alone"), NO_EARLIER, reference={"geoids": [HOME]}))


def choices(told: Displacement) -> dict[str, Mapping[str, Any]]:
    return {row["name"]: row for row in told.content["sensitivity"]}


def counted(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a choice counts, without its name and what is another class than as reported."""
    return {key: row[key] for key in ("reference", "years", "scale", "tracts", "absent", "vulnerable", "pressed")}


def without(read: Read, table: str, county: str) -> Any:
    """A layer of the survey without one county."""
    layer = read.place.layer(table)
    return replace(layer, data=layer.data[~layer.data["geoid"].str.startswith(county)])


# ----------------------------------------------------------------------------------------------------- sets of counties


def test_the_narrower_set_says_what_a_district_held_against_it_is_told(at_home: Read, in_both: Read) -> None:
    narrow, wide = choices(at_home.told(base_years=())), choices(in_both.told())
    assert [*wide] == [ALWAYS[0], "the district's own county", "the metro area", "another base year", *ALWAYS[1:]]
    own = wide["the district's own county"]
    assert counted(own) == counted(narrow["as reported"])
    assert own["reference"] == 37 and wide["as reported"]["reference"] == 74
    assert own["tracts"] == wide["as reported"]["tracts"] == 9 and own["absent"] == 0
    assert counted(own) != counted(wide["as reported"]), "the second county has other thresholds"


def test_the_wider_set_and_the_metro_say_what_a_district_held_against_both_is_told(
    at_home: Read, in_both: Read
) -> None:
    wide = choices(in_both.told())["as reported"]
    at_hand = choices(at_home.told())["all counties at hand"]
    assert counted(at_hand) == counted(wide)
    named = choices(at_home.told(metro=(HOME, BESIDE)))
    assert "all counties at hand" not in named, "it is the metro area, which is told once"
    assert counted(named["the metro area (2 counties)"]) == counted(wide)


def test_the_numbers_are_those_of_a_direct_classification_matched_by_id(at_home: Read) -> None:
    told = at_home.told(metro=(HOME, BESIDE))
    row = displacing._row(at_home.found.rows)
    there = replace(at_home.place, reference_prefixes=(BESIDE, HOME), cache={})
    direct = classify(displacement.tracts_of(there, row), told.typology.settings)
    inside = {tract["geoid"]: tract["inside"] for tract in told.content["tracts"] if tract["inside"] > 0}
    at = [direct.tracts.geoid.tolist().index(geoid) for geoid in inside]
    assert len(at) == 9 and at != list(range(9)), "the first nine tracts are others"
    metro = choices(told)["the metro area (2 counties)"]
    homes = np.array([*inside.values()]) * direct.tracts.households.value[at]
    flags: dict[str, Any] = {"vulnerable": direct.vulnerable[at]}
    flags |= {str(v): direct.pressed[v][at] for v in VARIANTS}
    for name, flag in flags.items():
        tally = metro["vulnerable"] if name == "vulnerable" else metro["pressed"][name]
        assert tally["tracts"] == int((flag == 1.0).sum()) and tally["told"] == int(np.isfinite(flag).sum())
        assert tally["households"]["flagged"]["value"] == pytest.approx(float(homes[flag == 1.0].sum()))
    assert metro["vulnerable"]["expected_tracts"] == pytest.approx(float(direct.p_vulnerable[at].sum()))
    same = told.typology.tracts.geoid.tolist()
    moved = sum(
        told.typology.vulnerable[same.index(geoid)] != direct.vulnerable[i] for geoid, i in zip(inside, at, strict=True)
    )
    assert metro["moved"]["vulnerable"] == moved > 0


def test_a_published_median_is_that_of_a_reference_of_one_county(at_home: Read, in_both: Read, files: Path) -> None:
    """Of two counties there is no published one: it is rebuilt from their classes, and lies between theirs."""
    rows = pd.read_csv(files / "acs2024" / "acsdt5y2024-b19013.dat", sep="|").set_index("GEO_ID")["B19013_E001"]
    first, second = (float(rows[f"0500000US{county}"]) for county in BOTH)
    one = at_home.told().typology.tracts.region_now["income"].value
    both = in_both.told().typology.tracts.region_now["income"].value
    assert one == first != second
    assert first < both < second


def test_pooled_shares_are_sums_over_both_counties(in_both: Read, files: Path) -> None:
    rows = pd.read_csv(files / "acs2024" / "acsdt5y2024-b25003.dat", sep="|").set_index("GEO_ID")
    homes, owned = ([float(rows[f"B25003_E{line:03d}"][f"0500000US{county}"]) for county in BOTH] for line in (1, 2))
    pooled = in_both.told().typology.tracts.region_now["owners"].value
    assert pooled == pytest.approx(sum(owned) / sum(homes))
    first, second = (own / whole for own, whole in zip(owned, homes, strict=True))
    assert first < pooled < second


def test_a_metro_that_is_the_reference_or_elsewhere_is_said_to_be_so(at_home: Read) -> None:
    same = choices(at_home.told(metro=(HOME,)))["the metro area (1 county)"]
    assert same["reason"] == "it is the reference itself" and same["vulnerable"] is None
    away = choices(at_home.told(metro=(BESIDE,)))["the metro area (1 county)"]
    assert away["reason"] == "none of the district lies in it"
    assert away["remedy"] == f"name its own county among the metro's: {HOME}"


def test_a_metro_that_is_not_named_is_said_to_be_so(at_home: Read) -> None:
    hint = choices(at_home.told())["the metro area"]
    assert hint["reason"] == "its counties are not named"
    assert '[displacement] metro = ["99001", "..."]' in hint["remedy"]


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("tracts", "the layer of tracts at hand has nothing of 99003"),
        ("acs:B25003@2024", "the survey of 2020-2024 at hand has nothing of 99003"),
        ("acs:B25003@2014", "the survey of 2010-2014 at hand has nothing of 99003"),
    ],
)
def test_a_metro_of_which_a_county_is_not_at_hand_is_absent_with_what_to_do(
    at_home: Read, layer: str, said: str
) -> None:
    read = at_home.lacking(**{layer: without(at_home, layer, BESIDE)})
    told = choices(read.told(metro=(HOME, BESIDE), base_years=()))
    row = told["the metro area (2 counties)"]
    assert row["reason"] == said
    for name in ("[layers.tracts]", "[layers.acs]", "[layers.acs_t0]"):
        assert name in row["remedy"]
    assert row["vulnerable"] is None and row["pressed"] is None and row["reference"] is None
    assert "all counties at hand" not in told, "a set that lacks a county is not another set"
    assert counted(told["as reported"]) == counted(choices(at_home.told())["as reported"])


def test_two_counties_that_are_not_at_hand_are_both_named(at_home: Read) -> None:
    row = choices(at_home.told(metro=(HOME, "99005", "99007")))["the metro area (3 counties)"]
    assert row["reason"].startswith("the layer of tracts at hand has nothing of 99005 and 99007; the survey of 2020")


def test_a_set_of_too_few_tracts_is_absent_and_the_rest_is_told(at_home: Read) -> None:
    """Of the first county four tracts are left, or five of which one is not classed; both counties are enough."""
    told = at_home.told()
    inside = [tract["geoid"] for tract in told.content["tracts"] if tract["inside"] > 0]
    (not_classed,) = (g for g, why in zip(told.typology.tracts.geoid, told.typology.excluded, strict=True) if why)
    for kept, said in (
        (inside[:4], "the reference has only 4 tracts"),
        ([*inside[:4], not_classed], "of 5 tracts 4 can be classed"),
    ):
        layer = at_home.place.layer("acs:B25003@2024")
        geoid = layer.data["geoid"]
        gone = geoid.str.startswith(HOME) & (geoid.str.len() == 11) & ~geoid.isin(kept)
        read = at_home.lacking(**{"acs:B25003@2024": replace(layer, data=layer.data[~gone])})
        read = Read(read.found, replace(read.place, reference_prefixes=(HOME, BESIDE)))
        found = choices(read.told(base_years=()))
        assert found["as reported"]["vulnerable"]["told"] == 4
        row = found["the district's own county"]
        assert row["vulnerable"] is None and said in row["reason"]
        assert row["reason"][0].islower()


# ----------------------------------------------------------------------------------------------------------- base years


def test_another_base_year_says_what_a_district_compared_with_it_is_told(
    at_home: Read, files: Path, tmp_path: Path
) -> None:
    layers = {**two.layers(files), "acs_t0": {"path": str(files / "acs2019"), "year": 2019}}
    path = nowhere.write(
        tmp_path, layers, {"boundary": str(files / "district.geojson")}, {"reference": {"geoids": [HOME]}}
    )
    since = choices(read(path).told())["as reported"]
    told = choices(at_home.told())
    assert since["years"] == told["since 2015-2019"]["years"] == [2019, 2024]
    assert counted(told["since 2015-2019"]) == counted(since)
    assert told["as reported"]["years"] == [2014, 2024]
    assert told["since 2015-2019"]["pressed"] != told["as reported"]["pressed"], "dearer in every third tract by then"
    assert told["since 2015-2019"]["vulnerable"] == told["as reported"]["vulnerable"], "part A is of today alone"


def test_a_survey_that_is_declared_is_compared_without_being_asked_for(at_home: Read) -> None:
    assert at_home.found.config.base_years == (2019,)
    assert years_of(at_home.found.config) == {"t1": 2024, "t0": 2014}


def test_a_base_year_that_is_not_at_hand_is_absent_with_what_to_do(in_both: Read) -> None:
    row = choices(in_both.told(base_years=(2017,)))["since 2013-2017"]
    assert (row["years"], row["vulnerable"]) == ([2017, 2024], None)
    assert "2017" in row["reason"]
    assert row["remedy"] == "give its tables: [layers.acs_t0_2017] with year = 2017"


def test_a_base_year_on_other_tracts_needs_how_blocks_lie(at_home: Read) -> None:
    row = choices(at_home.lacking(crosswalk_99=None).told())["since 2015-2019"]
    assert row["vulnerable"] is None and "crosswalk_99" in row["reason"]
    assert "[layers.crosswalk_99]" in row["remedy"]


def test_the_base_year_that_is_reported_and_none_at_all(in_both: Read, alone: Read) -> None:
    row = choices(in_both.told(base_years=(2014,)))["since 2010-2014"]
    assert row["reason"] == "it is the survey that is compared with already"
    hint = choices(in_both.told())["another base year"]
    assert hint["remedy"].endswith("[displacement] base_years = [2019]")
    assert "another base year" not in choices(alone.told()), "the notes say how to get an earlier survey at all"


def test_a_base_year_gives_the_market_that_the_reported_pair_does_not(at_home: Read) -> None:
    years = {"t1": 2024}
    read = Read(at_home.found, replace(at_home.place, years=years, cache={}))
    told = choices(read.told())
    assert told["as reported"]["pressed"] == dict.fromkeys(VARIANTS) and told["as reported"]["years"] is None
    since = told["since 2015-2019"]
    assert since["years"] == [2019, 2024] and since["pressed"]["value"]["told"] > 0


# --------------------------------------------------------------------------------------------------------- what is said


@pytest.fixture(scope="module")
def folder(in_both: Read, tmp_path_factory: pytest.TempPathFactory) -> Path:
    told = in_both.told(metro=(HOME, "99005"), base_years=(2019,))
    written = displacing.written(told, tmp_path_factory.mktemp("folder") / "out")
    assert written.folder is not None
    return written.folder


def test_the_table_has_a_row_for_what_is_not_told(folder: Path) -> None:
    with (folder / "sensitivity.csv").open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert {None} & {cell for row in rows for cell in row.values()} == set(), "every row has every cell"
    by = {name: [row for row in rows if row["choice"] == name] for name in {row["choice"] for row in rows}}
    assert len(by["the district's own county"]) == 8 and not any(r["reason"] for r in by["the district's own county"])
    for name in ("the metro area (2 counties)", "since 2015-2019"):
        (row,) = by[name]
        numbers = {key: cell for key, cell in row.items() if key not in ("audience", "invented", "choice", "t0", "t1")}
        assert row["reason"] and row["what_to_do"]
        assert {key for key, cell in numbers.items() if cell} == {"reason", "what_to_do"}, "no number stands there"


def test_the_page_the_summary_and_the_screen_say_why(folder: Path, in_both: Read) -> None:
    page = (folder / "displacement.html").read_text(encoding="utf-8")
    summary = (folder / "summary.md").read_text(encoding="utf-8")
    why = "the layer of tracts at hand has nothing of 99005"
    for text in (page, summary):
        assert f"ot told, since {why}" in text and "What to do: give the tracts" in text
    assert "- The metro area (2 counties): not told, since" in summary
    assert "- The district's own county: " in summary and "held against 37 tracts." in summary
    told = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in told["sensitivity"]][:2] == ["as reported", "the district's own county"]
    screen = " ".join(line.strip() for line in displacing.words(in_both.told(metro=(HOME, "99005"))))
    assert f"the metro area (2 counties): not told, since {why}" in screen


# -------------------------------------------------------------------------------------------- without an earlier survey


def test_without_an_earlier_survey_no_market_is_counted_as_none(alone: Read, tmp_path: Path) -> None:
    told = alone.told(metro=(HOME, BESIDE))
    found = choices(told)
    metro = found["the metro area (2 counties)"]
    assert metro["vulnerable"]["told"] == 9 and metro["reference"] == 74, "the pressures are told of the metro too"
    for row in (metro, found["as reported"]):
        assert row["pressed"] == dict.fromkeys(VARIANTS)
        assert row["moved"]["pressed"] == row["moved"]["stage"] == dict.fromkeys(VARIANTS)
        assert (row["years"], row["reason"]) == (None, NO_MARKET)
    assert {one["id"] for one in told.content["methods"]} == {"vulnerable", "udp"}
    assert [(pair["a"], pair["b"]) for pair in told.content["agreement"]["pairs"]] == [("vulnerable", "udp")]
    for heads in told.content["headlines"].values():
        for one in heads.values():
            assert one["flagged"] == one["share"] == one["expected"] == {"value": None, "moe": None}
            assert one["reason"] == NO_MARKET and one["unknown"] > 0


def test_the_page_leads_with_the_pressures_where_no_market_is_told(alone: Read, tmp_path: Path) -> None:
    folder = displacing.written(alone.told(), tmp_path / "out").folder
    assert folder is not None
    page = (folder / "displacement.html").read_text(encoding="utf-8")
    first = page[page.index('id="headline-title"') : page.index('id="tracts-title"')]
    assert ">Homes in tracts that are vulnerable<" in first and "market pressure" not in first
    assert '<p class="big">103' in first and "0 ± 0" not in first
    assert first.count(f'<td colspan="3">{NO_MARKET}</td>') == 6
    assert "The market of homes cannot be told here; the notes say why." in first


@pytest.mark.parametrize("names", [NO_EARLIER, tuple(name for name in two.LAYERS if name != "crosswalk_99")])
def test_the_command_tells_part_a_where_the_earlier_survey_is_missing(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], names: tuple[str, ...]
) -> None:
    path = two.district(files, tmp_path / "town", names, reference={"geoids": [HOME]})
    argv = ["-q", "displacement", str(path), "--draws", str(DRAWS), "--out", str(tmp_path / "out")]
    assert cli.main(argv) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "live in tracts where three of four shares are high; weighted by chance" in said
    assert "The market of homes cannot be told here; the notes say why." in said
    assert ("acs_t0 = 2014" if "acs_t0" not in names else "crosswalk_99") in said
    assert "Vulnerable to gentrification (Urban Displacement Project): 14 of 36 tracts" in said
    assert "of 36 tracts of which 2 methods can tell" in said
