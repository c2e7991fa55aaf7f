"""Which earlier survey is reported: decided in one place, by one order."""

from __future__ import annotations

from pathlib import Path

import pytest

from justgeo import config
from justgeo.collecting import surveys_of, years_of
from justgeo.core.spec import LayerSpec, earlier_surveys, reported_survey


def declared(*names: str) -> dict[str, LayerSpec]:
    """Layers by names such as ``acs_t0:2014``, in their order; one that is no earlier survey among them."""
    made = {"acs": LayerSpec("acs", Path("x"), {"year": 2024})}
    for one in names:
        name, _, year = one.partition(":")
        made[name] = LayerSpec(name, Path("x"), {"year": int(year)})
    return made


@pytest.mark.parametrize(
    ("names", "named", "others", "asks", "reported"),
    [
        ((), None, (), True, None),
        (("acs_t0_2019:2019",), None, (), False, 2019),
        (("acs_t0_2019:2019", "acs_t0_2014:2014"), None, (), False, 2019),  # the first that is declared
        (("acs_t0_2019:2019", "acs_t0_2014:2014"), None, (2019,), False, 2014),  # but none that is another choice
        (("acs_t0_2019:2019",), None, (2019,), False, None),
        (("acs_t0_2019:2019", "acs_t0:2014"), None, (), False, 2014),  # the layer of that name comes first
        (("acs_t0_2019:2019", "acs_t0:2014"), 2014, (), True, 2014),
        (("acs_t0_2019:2019",), 2014, (), True, 2014),  # it is asked for
        (("acs_t0_2019:2019", "acs_t0_2014:2014"), 2014, (), False, 2014),  # it is there under another name
        ((), 2014, (), True, 2014),
        ((), 2014, (), False, None),  # named, and to be had from nowhere
    ],
)
def test_the_order_in_which_a_survey_is_reported(
    names: tuple[str, ...], named: int | None, others: tuple[int, ...], asks: bool, reported: int | None
) -> None:
    assert reported_survey(declared(*names), named, others, asks=asks) == reported


def test_earlier_surveys_are_those_declared_under_that_name() -> None:
    assert earlier_surveys(declared("acs_t0_2019:2019", "acs_t0:2014")) == {"acs_t0_2019": 2019, "acs_t0": 2014}


def test_a_survey_that_an_invented_place_brings_along_puts_no_other_out_of_the_comparison(tmp_path: Path) -> None:
    """The planner declares 2019; the layers of the place bring 2014 as the one to report: both are compared."""
    file = tmp_path / "district.toml"
    own = '[layers.acs_t0_2019]\npath = "x"\nyear = 2019\n'
    file.write_text(f'[district]\nname = "Old Harbour"\ngeoids = ["51540000201"]\n{own}', encoding="utf-8")
    alone = config.read(file)
    assert (alone.reported, alone.base_years) == (2019, ())
    more = tmp_path / "layers.toml"
    more.write_text('[layers.acs_t0]\npath = "x"\nyear = 2014\n', encoding="utf-8")
    both = config.with_layers(alone, more)
    assert (both.reported, both.base_years) == (2014, (2019,))
    assert years_of(both) == {"t1": 2024, "t0": 2014}
    assert [pair["t0"] for pair in surveys_of(both)] == [2014, 2019]
