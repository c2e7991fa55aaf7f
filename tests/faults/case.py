"""A fault that was tried, or a corruption that was planted: what the tables of docs/faults.md tell of it.

Every module below ``tests/faults`` and ``tests/corrupted`` that has ``CASES`` is found by ``tests/faults/table.py``;
the tests beside it run each of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One thing that was done to a run, and what must hold after it.

    Attributes
    ----------
    id : str
        Unique among all: ``disk/run/full``.
    group : str
        Heading in the table: ``A failing disk``.
    what : str
        What is done, in plain words.
    holds : str
        What must hold after it.
    caught_by : str
        For a corruption: the check that catches it (a function or a module), and whether it refuses or flags.
    times : int
        How often it was tried in different places: a fault at each of 40 writes is 40 cases. The test asserts that
        there were at least so many.
    """

    id: str
    group: str
    what: str
    holds: str
    caught_by: str = ""
    times: int = 1
