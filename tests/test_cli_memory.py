"""A library that fails for want of memory without saying so: told as such, where there is none."""

from __future__ import annotations

import pytest

from justgeo import cli


def fails() -> int:
    raise SystemError("error return without exception set")


def test_where_there_is_no_memory_it_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none(size: int) -> bytearray:
        raise MemoryError

    monkeypatch.setattr(cli, "bytearray", none, raising=False)
    assert cli.guarded(fails) == cli.WRONG_USE
    told = capsys.readouterr().err
    assert "not enough memory" in told and "smaller district" in told


def test_where_there_is_memory_the_fault_is_not_hidden() -> None:
    with pytest.raises(SystemError, match="without exception set"):
        cli.guarded(fails)
