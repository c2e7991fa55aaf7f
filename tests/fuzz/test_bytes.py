"""The parsers that atheris is let loose on (``make fuzz``) hold out against their seeds, cut anywhere, here too."""

from __future__ import annotations

import pytest

from tests.fuzz import bytes_formats


@pytest.mark.parametrize("name", bytes_formats.PARSERS)
def test_a_seed_that_is_cut_anywhere_is_read_or_refused(name: str) -> None:
    tried = 0
    for body in bytes_formats.PARSERS[name][1]:
        for end in range(0, len(body) + 1, 1 + len(body) // 40):
            bytes_formats.once(name, body[:end])
            tried += 1
    assert tried >= 10


def test_another_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert bytes_formats.main(["nothing"]) == 2
    assert "feed-table" in capsys.readouterr().err
