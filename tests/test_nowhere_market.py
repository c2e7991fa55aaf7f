"""Market pressure of districts of the invented county: told of tracts together, and not where one can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from justgeo import measuring, run, synthetic
from justgeo.catalogue import read as catalogue
from justgeo.core.result import Record
from justgeo.indicators import displacement
from justgeo.indicators.place import Place
from justgeo.measure.column import ReduceSettings
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.typology.values import Typology
from tests import nowhere

ROWS = [row for row in catalogue.indicators() if row.id.startswith("BEL-01")]
NEEDED = (*nowhere.UNITS, "acs", "acs_t0", "crosswalk_99")
MARKET = ("BEL-01", "BEL-01.renters")
ONE_HAS_ALL = ("99001003600", "99001001500", "99001000900")
"""Of these, three of four shares are high by .72, 0 and 0, as everybody may read: their sum is the first's market."""
EVEN = ("99001001000", "99001001100", "99001001200", "99001001300", "99001001500")
PLACES = {"one has all": ONE_HAS_ALL, "even": EVEN}


@dataclass(frozen=True, eq=False)
class Made:
    place: Place
    rows: Mapping[tuple[str, str], Record]

    @property
    def typology(self) -> Typology:
        return displacement.typology_of(self.place, next(row for row in ROWS if row.id == "BEL-01"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Made]]:
    here, source = tmp_path_factory.mktemp("market"), synthetic.ensure(2020, nowhere.cache(tmp_path_factory))
    told = nowhere.layers(source, NEEDED)
    yield {
        name: of(nowhere.write(here / name, told, {"slug": "some-tracts-invented", "geoids": geoids}))
        for name, geoids in PLACES.items()
    }


def of(path: Path) -> Made:
    place = run.make_place(run.collect_layers(run.read_config(path), rows=ROWS))
    records = measuring.measure(ROWS, place, settings=ReduceSettings(), judging=JudgeSettings())
    return Made(place, {(r.indicator, r.zone): r for r in records})


@pytest.mark.parametrize("indicator", MARKET)
def test_where_one_tract_has_most_of_it_nothing_is_told(made: Mapping[str, Made], indicator: str) -> None:
    record = made["one has all"].rows[indicator, "district"]
    assert record.reason is not None and "one has most of it" in record.reason and record.reliability == "absent"
    told = ("value", "moe", "numerator", "numerator_moe", "denominator", "low", "high")
    assert [getattr(record, name) for name in told] == [None] * 7
    assert record.comparison is None and record.flags == () and record.error == {}
    assert made["one has all"].rows[indicator, "reference"].value is not None
    # What has no market in it is told as before.
    assert made["one has all"].rows["BEL-01.vulnerable", "district"].value is not None


@pytest.mark.parametrize("indicator", MARKET)
def test_of_tracts_that_share_it_it_is_told(made: Mapping[str, Made], indicator: str) -> None:
    record = made["even"].rows[indicator, "district"]
    assert record.value is not None and record.moe and 0.5 < record.value < 1
    assert record.comparison is not None and not any("as_estimated" in flag for flag in record.flags)
    found = made["even"].typology
    use = np.isin(found.tracts.geoid, EVEN)
    homes = found.tracts.renter_households if indicator.endswith("renters") else found.tracts.households
    hand = (homes.value * found.p_pressed["value"])[use].sum() / homes.value[use].sum()
    assert record.value == pytest.approx(hand)


def test_no_public_number_is_the_market_of_one_tract(made: Mapping[str, Made]) -> None:
    """Whatever stands in the records, over the homes of a tract, is not its chance."""
    for name in PLACES:
        found = made[name].typology
        homes, chance = found.tracts.households.value, found.p_pressed["value"]
        at = np.flatnonzero((chance > 0.01) & (chance < 0.99) & np.isin(found.tracts.geoid, PLACES[name]))
        assert at.size
        for record in made[name].rows.values():
            if record.indicator in MARKET and record.zone == "district" and record.numerator is not None:
                assert (np.abs(record.numerator / homes[at] - chance[at]) > 0.01).all()


def test_a_chance_that_was_cut_off_is_no_number_of_homes(made: Mapping[str, Made]) -> None:
    """A tract that was flagged in none of 10,000 draws has no ten homes under three of four shares."""
    made_of = made["one has all"]
    found = made_of.typology
    chance = dict(zip(found.tracts.geoid.tolist(), found.p_vulnerable.tolist(), strict=True))
    cut = set()
    for (indicator, zone), record in made_of.rows.items():
        if indicator != "BEL-01.vulnerable" or zone not in chance or record.value is None:
            continue
        assert record.value == pytest.approx(np.clip(chance[zone], 0.01, 0.99))
        if 0.01 <= chance[zone] <= 0.99:
            assert record.denominator and record.numerator == pytest.approx(record.value * record.denominator)
        else:
            assert record.numerator is None and record.numerator_moe is None and record.denominator
            cut.add(zone)
    assert cut == {"99001001500", "99001000900"}
    # The district's own sum is of the chances as they are.
    whole = made_of.rows["BEL-01.vulnerable", "district"]
    assert whole.numerator is not None and whole.denominator is not None
    assert whole.value == pytest.approx(whole.numerator / whole.denominator)
