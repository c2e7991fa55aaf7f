"""The page of the docs says what the suite tries: no more, no less, and as much as was promised."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from pathlib import Path

from tests.faults import table


def test_the_docs_have_the_cases_of_the_suite() -> None:
    assert table.PAGE.read_text(encoding="utf-8") == table.page(), "python -m tests.faults.table"


def test_there_are_as_many_as_was_promised() -> None:
    some = table.cases()
    faults = [case for case in some if not table.is_planted(case)]
    assert table.count(faults) >= table.LEAST_FAULTS
    assert len(some) - len(faults) >= table.LEAST_PLANTED
    assert len(table.modules_with_cases()) >= 8


def test_every_case_is_told_once_and_in_full() -> None:
    some = table.cases()
    assert [name for name, n in Counter(case.id for case in some).items() if n > 1] == []
    assert [case.id for case in some if len(case.what) < 10 or len(case.holds) < 6 or case.times < 1] == []
    # Who catches it can be found.
    assert [
        c.id
        for c in some
        if table.is_planted(c)
        and not re.search(r": (refuses|flags|absent|leaves|joins|reads|the outline)", c.caught_by)
    ] == []


def test_every_module_with_cases_is_run_by_tests() -> None:
    """By the tests beside or above it, which take its cases as parameters."""
    for name in table.modules_with_cases():
        folder = Path(str(importlib.import_module(name).__file__)).parent
        tests = [*folder.glob("test_*.py"), *folder.parent.glob("test_*.py")]
        used = [path for path in tests if name in path.read_text(encoding="utf-8")
                or f"import {name.rpartition('.')[2]}" in path.read_text(encoding="utf-8")]  # fmt: skip
        assert used, name
