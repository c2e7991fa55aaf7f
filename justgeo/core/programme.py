"""Programmes that fund: each with a rule of its own, by which it says what place is eligible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Submit = Literal["theirs", "either", "lapsed"]


@dataclass(frozen=True)
class Programme:
    """One row of ``catalogue/programmes.yml``.

    Attributes
    ----------
    id, title, agency : str
    rule : str
        What makes a place eligible.
    official : str
        The list of GEOIDs, the threshold or the tool by which the programme itself says so.
    submit : {'theirs', 'either', 'lapsed'}
        Whose number an application brings: the programme's own, either, or none, since the rule was withdrawn.
    status, seen : str
        In force or not, and the ISO month of the newest source in which that was read.
    url : str
    indicator : str
        Id of the indicator that comes nearest to the rule; empty where none does.
    threshold : float or None
        Of a census tract, in the unit of the indicator.
    differs : str
        Why our figure is not theirs, or why there is none.
    evidence : {'V', 'D', 'M'}
        Read in the sources, derived from them, or from memory and not confirmed.
    sources : tuple of str
        Pages in which it was read.
    """

    id: str
    title: str
    agency: str
    rule: str
    official: str
    submit: Submit
    status: str
    seen: str
    url: str
    differs: str
    evidence: Literal["V", "D", "M"]
    sources: tuple[str, ...]
    indicator: str = ""
    threshold: float | None = None
