"""A reader that is given anything at all: only errors of justgeo's own family may leave it, each with its remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class Target:
    """One reader and what is thrown at it.

    Attributes
    ----------
    name : str
        Of the reader: ``boundary``, ``gtfs``, ``osm-pbf``.
    draw : SearchStrategy
        Inputs: mostly nearly right, some all wrong.
    read : callable
        ``read(input, folder)`` gives it to the public face; what is written goes into ``folder``, which is empty.
    seeds : tuple
        Inputs that once failed, tried first by every run.
    times : int
        How often the suite tries; ``make fuzz`` tries 10,000 times.
    """

    name: str
    draw: SearchStrategy[Any]
    read: Callable[[Any, Path], object]
    seeds: tuple[Any, ...] = ()
    times: int = 40
