"""The Protocol's structure as values: how many, where, which link. The words are in ``catalogue/protocol.yml``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Evidence = Literal["verified", "inferred", "unknown"]


@dataclass(frozen=True)
class Question:
    """What no open data of a neighbourhood tell, and whom to ask: both in our own words."""

    ask: str
    whom: str

    @property
    def told(self) -> str:
        """In one line."""
        return f"{self.ask} (Ask {self.whom}.)"


@dataclass(frozen=True)
class Pillar:
    """A pillar, with a paraphrase of our own."""

    id: str
    name: str
    text: str
    status: Evidence
    source: str
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Category:
    """One of the five categories under which the commitments stand."""

    id: str
    name: str
    status: Evidence
    source: str
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class OutcomeArea:
    """One of the eleven themes that the Protocol names for itself."""

    id: str
    name: str
    status: Evidence
    source: str
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class BaselineItem:
    """One thing that the baseline action asks to be documented.

    Attributes
    ----------
    absent : str
        Why it is not measured where no indicator serves it.
    partly : str
        What is still lacking when its indicators are measured; empty where nothing is.
    """

    id: str
    name: str
    status: Evidence
    source: str
    absent: str
    partly: str = ""
    note: str = ""


@dataclass(frozen=True)
class Action:
    """One of the 17 actions; ``name`` is None where it is not publicly readable, ``phase`` where that is not."""

    id: str
    name: str | None
    phase: str | None
    text: str
    question: str
    status: Evidence
    phase_status: Evidence
    source: str
    is_baseline: bool = False


@dataclass(frozen=True)
class Objective:
    """An objective from the planner's own copy of the Protocol, with the indicators that speak to it."""

    id: str
    name: str
    indicators: tuple[str, ...] = ()
    question: str = ""


@dataclass(frozen=True)
class Commitment:
    """A commitment from the planner's own copy of the Protocol."""

    id: str
    name: str
    category: str
    source: str
    indicators: tuple[str, ...] = ()
    objectives: tuple[Objective, ...] = ()
    goal: str = ""
    question: str = ""


@dataclass(frozen=True)
class Own:
    """What a planner who has the Protocol read in it: commitments, objectives, and actions by their names.

    Attributes
    ----------
    source : str
        Where it was read.
    commitments : tuple of Commitment
    actions : tuple of Action
        In place of those with the same ids.
    """

    source: str
    commitments: tuple[Commitment, ...] = ()
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Protocol:
    """The structure as far as it is publicly readable, and the planner's own commitments if there are any."""

    name: str
    version: str
    url: str
    phases: tuple[str, ...]
    pillars: tuple[Pillar, ...]
    categories: tuple[Category, ...]
    outcomes: tuple[OutcomeArea, ...]
    baseline: tuple[BaselineItem, ...]
    actions: tuple[Action, ...]
    n_commitments: int
    n_objectives: int
    commitments: tuple[Commitment, ...] = ()

    def having(self, commitments: Iterable[Commitment], actions: Iterable[Action] = ()) -> Protocol:
        """The same structure with commitments and names of actions from a planner's own file."""
        own = {one.id: one for one in actions}
        named = tuple(own.get(one.id, one) for one in self.actions)
        return replace(self, commitments=tuple(commitments), actions=named)
