"""How often cycles are looked for: the command line's own choice, not that of who imports the package."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from justgeo import cli
from justgeo.core.collector import patient_collector


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_the_command_line_looks_less_often_but_does_look(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["indicators", "list"])
    assert gc.get_threshold() == (50_000, 20, 20)
    assert gc.isenabled()
    assert capsys.readouterr().out


def test_cycles_are_found() -> None:
    patient_collector()
    gc.collect()
    kept = gc.get_count()[0]
    for _ in range(100_000):
        one: list[object] = []
        one.append(one)
    assert gc.get_count()[0] < kept + 60_000
