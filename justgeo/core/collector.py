"""How often a process of justgeo's own looks for what nothing refers to any more."""

from __future__ import annotations

import gc

_YOUNG = 50_000
"""New objects until it looks: a table of results makes a million of them and hardly a cycle."""
_OLDER = 20


def patient_collector() -> None:
    """Look for garbage in cycles less often: by default a run spends a seventh of its time on that (our choice).

    It is set by the command line and by the workers of a batch alone; who imports justgeo keeps an own setting.
    """
    gc.set_threshold(_YOUNG, _OLDER, _OLDER)
