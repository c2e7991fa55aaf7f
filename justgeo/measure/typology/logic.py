"""Three-valued logic: yes, no, cannot be told (Kleene's strong logic).

A missing condition decides only where the outcome is the same whether it holds or not. The same rules serve the plain
class, on arrays of bool, and the draws of the survey, on bits packed eight to a byte: both know ``&``, ``|`` and ``~``.

References
----------
Kleene, S. C. (1938), *On notation for ordinal numbers*, Journal of Symbolic Logic 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from justgeo.core.layer import BoolArray, FloatArray

Bits = npt.NDArray[Any]
"""Bools, or packed bits: whatever knows ``&``, ``|`` and ``~`` element by element."""


@dataclass(frozen=True)
class Told:
    """What is known of a statement for many cases; never both surely true and surely false.

    Attributes
    ----------
    yes, no : array of bool or of packed bits
        Where it surely holds, and where it surely does not. Neither: it cannot be told.
    """

    yes: Bits
    no: Bits

    def __and__(self, other: Told) -> Told:
        return Told(self.yes & other.yes, self.no | other.no)

    def __or__(self, other: Told) -> Told:
        return Told(self.yes | other.yes, self.no & other.no)

    def __invert__(self) -> Told:
        return Told(self.no, self.yes)

    @property
    def known(self) -> Bits:
        """Where it can be told either way."""
        return self.yes | self.no

    def as_number(self) -> FloatArray:
        """1, 0, and NaN where it cannot be told; for arrays of bool."""
        return np.where(self.yes, 1.0, np.where(self.no, 0.0, np.nan))


def told(holds: BoolArray, known: BoolArray) -> Told:
    """A statement from where it holds, of the cases in which that is known."""
    return Told(holds & known, ~holds & known)


def three_of_four(a: Told, b: Told, c: Told, d: Told) -> Told:
    """At least three of four hold. All prime implicants stand here, so that nothing is untold that could be told."""
    return (a & b & (c | d)) | (c & d & (a | b))
