"""What the typology of a district rests on beside its tracts' own numbers: the region, the choices, ends of scales."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from justgeo.displacing import CHOSEN
from justgeo.indicators import displacement
from justgeo.indicators import tract_tables as tables
from justgeo.indicators.displacement_cards import public_block
from justgeo.indicators.tract_tables import Survey
from justgeo.measure.margins import Z90
from justgeo.measure.typology.correlation import BEFORE_CORRELATION, NOW_CORRELATION
from tests.indicators import test_displacement as two
from tests.indicators import tracts_town as six
from tests.indicators.test_displacement_cards import place as with_areas
from tests.indicators.tracts_town import BINS, COUNTY, GEOIDS, LOW


def test_the_region_on_a_card_has_a_margin_of_90_percent_and_no_standard_error() -> None:
    """400 of 1,000 homes of six tracts are rented, each count ± 5: sqrt(150 (1 - 0.4**2)) / 1,000."""
    held = with_areas(moe=5.0)
    region = {one["id"]: one for one in public_block(held, two.ROW, 50.0)["region"]}
    assert region["renters"]["value"] == pytest.approx(0.4)
    assert region["renters"]["moe"] == pytest.approx(np.sqrt(150 * (1 - 0.4**2)) / 1000)
    found = displacement.typology_of(held, two.ROW)
    for name, one in region.items():
        assert one["moe"] == pytest.approx(found.pressures[name].threshold_se * Z90), name


@pytest.mark.parametrize("name", ["BEL-01", "BEL-01.renters", "BEL-01.vulnerable"])
def test_every_row_draws_with_the_correlations_of_a_table(name: str) -> None:
    """The same tracts are to have the same chances, whichever door they came through."""
    found = displacement.settings_of(six.row(name))
    assert found.correlation_now is NOW_CORRELATION and found.correlation_before is BEFORE_CORRELATION
    assert CHOSEN.correlation_now is NOW_CORRELATION and CHOSEN.correlation_before is BEFORE_CORRELATION
    assert (found.draws, found.seed, found.scale) == (CHOSEN.draws, CHOSEN.seed, CHOSEN.scale)


def test_a_median_at_the_top_of_the_earlier_scale_ranks_high_and_has_no_change() -> None:
    """1,000,001 in 2014 says "1,000,000 or more"; that it is 2,000,001 now is no rise of 51 %."""
    coded = six.layers(six.medians("B25077", {**two.V0, "A": 1_000_001.0}), 2014, 2010)
    found = two.made(coded)
    assert found.top["value_before"].tolist() == [True] + [False] * 5
    assert not found.top["value_now"].any()
    homes = {**six.layers(10 * six.frame()), **six.layers(10 * six.frame(six.BEFORE), 2014, 2010)}  # enough to judge
    told = displacement.typology_of(two.place({**coded, **homes}), two.ROW).markets["value"].conditions
    assert told["before_high"].holds[0] == 1 and told["before_high"].probability[0] == 1
    assert np.isnan(told["change_high"].holds[0]) and np.isnan(told["change_high"].value[0])
    assert np.isfinite(told["change_high"].holds[1])


@pytest.mark.parametrize("whole", [True, False])
def test_a_tract_with_ground_that_the_crosswalk_lacks_is_not_the_one_of_2010(whole: bool) -> None:
    """All homes of A came from one tract, as far as the table goes; part of its ground is in another state's table."""
    walk = six.crosswalk()
    at_a = walk.data["block20"].astype(str).str.startswith(GEOIDS["A"])
    rows = walk.data.assign(whole20=~at_a | whole)
    found = two.made({"crosswalk_99": replace(walk, data=rows)})
    published = two.V0["A"] if whole else np.nan
    assert found.before["value"].value[:2] == pytest.approx([published, two.V0["B"]], nan_ok=True)
    assert np.isfinite(found.before["owners"].value[:2]).tolist() == [whole, True]


def test_where_all_homes_are_of_low_income_the_margin_is_that_of_those_that_are_not() -> None:
    """All 100 below 10,000, ± 12: the share is 1, and its margin that of the homes above the line, 0 ± 5, of 100."""
    found = six.frame(moe=5.0)
    found.loc["A", [f"{code}E" for code in BINS]] = 0.0
    found.loc["A", [f"{LOW}E", f"{LOW}M"]] = 100.0, 12.0
    held = six.place(dict(six.layers(found)))
    frames = {name: held.frame(name) for name in ("B19001", "B25003")}
    survey = Survey(2024, 2020, np.array(list(GEOIDS.values())), (COUNTY,), frames, six.row().parameters)
    low, region = tables.low_income(survey, 42_500.0)
    assert low.value[0] == 1.0 and low.se[0] == pytest.approx(5 / 100 / Z90)
    # the others keep theirs: of B 30 + 20 in full, each class ± 5, of which the cut one counts for 0.8
    top = 5 * np.sqrt(_below(found, "B"))
    assert low.se[1] == pytest.approx(np.sqrt(top**2 - low.value[1] ** 2 * 25) / 100 / Z90)
    assert 0 < region.value < 1


def _below(found: pd.DataFrame, name: str) -> float:
    """Squared weights of the classes below 34,000 that have homes, and of one empty class beside them."""
    part = {code: 1.0 for code in BINS[:5]} | {BINS[5]: 0.8}
    filled = [weight**2 for code, weight in part.items() if float(found[f"{code}E"].to_dict()[name]) > 0]
    return sum(filled) + 1.0
