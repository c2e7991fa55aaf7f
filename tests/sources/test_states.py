"""The table of states: whole, each once, and agreeing with what identifiers are checked against."""

from __future__ import annotations

import pytest

from justgeo.core.errors import ConfigError
from justgeo.sources._frames import _STATES as CODES
from justgeo.sources._states import STATES, slug_of, state_of

TERRITORIES = {"60", "66", "69", "78"}  # without tables of their own in most sources


def test_every_code_of_a_state_is_there_once() -> None:
    assert set(STATES) == CODES - TERRITORIES
    assert len(STATES) == 50 + 1 + 1 + 1  # states, the District of Columbia, Puerto Rico, the invented one
    assert len({state.letters for state in STATES.values()}) == len(STATES)
    assert len({state.name for state in STATES.values()}) == len(STATES)


def test_each_has_its_own_code_and_two_letters() -> None:
    for code, state in STATES.items():
        assert state.code == code
        assert len(state.letters) == 2 and state.letters.isupper() and state.letters.isalpha()
        assert state.name[0].isupper() and state.name == state.name.strip()
    assert [state.name for state in STATES.values() if state.code != "99"][:51] == sorted(
        state.name for state in STATES.values() if state.code not in ("72", "99")
    )  # the codes follow the alphabet of the names


@pytest.mark.parametrize(
    ("code", "letters", "name"),
    [
        ("01", "AL", "Alabama"),
        ("02", "AK", "Alaska"),
        ("11", "DC", "District of Columbia"),
        ("15", "HI", "Hawaii"),
        ("26", "MI", "Michigan"),
        ("37", "NC", "North Carolina"),
        ("51", "VA", "Virginia"),
        ("56", "WY", "Wyoming"),
        ("72", "PR", "Puerto Rico"),
    ],
)
def test_some_that_everybody_knows(code: str, letters: str, name: str) -> None:
    assert (state_of(code).letters, state_of(code).name) == (letters, name)


def test_a_name_as_addresses_have_it() -> None:
    assert slug_of("11") == "district-of-columbia"


@pytest.mark.parametrize("code", ["03", "1", "VA", "", "60"])
def test_what_is_no_state_is_refused(code: str) -> None:
    with pytest.raises(ConfigError, match="is no state"):
        state_of(code)
