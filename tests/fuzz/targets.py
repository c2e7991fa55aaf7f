"""Every target there is: what the modules of this folder hold under ``TARGETS``."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.fuzz.target import Target

_NO_TARGETS = ("run", "target", "targets", "trying")


def modules() -> Iterator[str]:
    """Names of the modules that may hold some; those that are libraries of the others hold none."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in _NO_TARGETS and not path.stem.startswith(("test_", "_")):
            yield f"tests.fuzz.{path.stem}"


@cache
def every() -> dict[str, Target]:
    """All targets by name, in the order of their modules.

    Raises
    ------
    ValueError
        Two have one name: the second would never be tried.
    """
    found: dict[str, Target] = {}
    for module in modules():
        for target in getattr(importlib.import_module(module), "TARGETS", ()):
            if target.name in found:
                raise ValueError(f"{module}: there are two targets {target.name!r}")
            found[target.name] = target
    return found
