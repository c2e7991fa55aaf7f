"""What a planner read in their own copy of the Protocol: ``protocol.local.yml``.

The names of the 17 commitments and 22 objectives and of eight actions are not on public pages. A planner who has the
Protocol writes them into a file of their own; they stand in the checklist as that planner's, with their source. ::

    source: The Protocol, version 1.0, read in March 2026
    commitments:
      - id: C1
        name: ...
        category: Belonging            # one of the five
        goal: ...                      # optional, as are all below
        question: ...                  # what the community is asked
        indicators: [BEL-02]           # ids of this catalogue
        objectives:
          - {id: C1.1, name: ..., indicators: [BEL-03.renters], question: ...}
    actions:
      - {id: GV-a, name: ..., phase: Governance, text: ..., question: ...}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from justgeo.catalogue import models
from justgeo.catalogue.strict import validated
from justgeo.core.errors import CatalogueError
from justgeo.core.structure import Action, Commitment, Objective, Own, Protocol
from justgeo.core.words import suggestion


def own(raw: Mapping[str, Any], name: str, frame: Protocol, indicators: Collection[str]) -> Own:
    """The planner's file, checked.

    Parameters
    ----------
    raw : mapping
        As the file has it.
    name : str
        For the message.
    frame : Protocol
        As far as it is public.
    indicators : collection of str
        Ids of the catalogue.

    Raises
    ------
    CatalogueError
        A part is not understood, an id stands twice, or a category, an indicator, an action or a phase is unknown.
    """
    model = validated(models.CommitmentsModel, raw, where=name, error=CatalogueError)
    found = tuple(_commitment(row, model.source) for row in model.commitments)
    _check_ids(found, name, frame)
    _check_words(found, name, frame, indicators)
    actions = tuple(_action(row, name, frame, model.source) for row in model.actions)
    ids = [one.id for one in actions]
    _refuse_twice(ids, name)
    return Own(model.source, found, actions)


def _commitment(row: models.CommitmentModel, source: str) -> Commitment:
    return Commitment(
        id=row.id,
        name=row.name,
        category=row.category,
        source=source,
        indicators=tuple(row.indicators),
        objectives=tuple(Objective(o.id, o.name, tuple(o.indicators), o.question) for o in row.objectives),
        goal=row.goal,
        question=row.question,
    )


def _action(row: models.OwnActionModel, name: str, frame: Protocol, source: str) -> Action:
    """An action by the name that the planner read; of those that are public the public name stays."""
    unnamed = {action.id: action for action in frame.actions if action.name is None}
    if row.id not in unnamed:
        raise CatalogueError(f"{name}: the action {row.id!r} is none to name.", remedy=suggestion(row.id, unnamed))
    if row.phase is not None and row.phase not in frame.phases:
        raise CatalogueError(
            f"{name}: {row.id} has the phase {row.phase!r}.", remedy=suggestion(row.phase, frame.phases)
        )
    there = unnamed[row.id]
    return replace(
        there,
        name=row.name,
        phase=row.phase or there.phase,
        text=f"{row.text} As given in the planner's file ({source}).".strip(),
        question=row.question or there.question,
        status="verified",
        phase_status="verified" if row.phase else there.phase_status,
    )


def _parts(row: Commitment) -> tuple[Commitment | Objective, ...]:
    return (row, *row.objectives)


def _refuse_twice(ids: list[str], name: str) -> None:
    for twice in sorted({i for i in ids if ids.count(i) > 1}):
        raise CatalogueError(
            f"{name}: the id {twice!r} stands twice.", remedy="give each commitment, objective and action its own id."
        )


def _check_ids(found: tuple[Commitment, ...], name: str, frame: Protocol) -> None:
    ids = [part.id for row in found for part in _parts(row)]
    _refuse_twice(ids, name)
    themes = (frame.baseline, frame.pillars, frame.categories, frame.outcomes, frame.actions)
    taken = {one.id for part in themes for one in part} | {"commitments", "objectives"}
    for id in ids:
        if id in taken:
            raise CatalogueError(f"{name}: the id {id!r} is another item's.", remedy="give it another one, such as C1.")


def _check_words(found: tuple[Commitment, ...], name: str, frame: Protocol, known: Collection[str]) -> None:
    categories = {c.name for c in frame.categories}
    for row in found:
        if row.category not in categories:
            raise CatalogueError(
                f"{name}: {row.id} has the category {row.category!r}.", remedy=suggestion(row.category, categories)
            )
        for part in _parts(row):
            for indicator in part.indicators:
                if indicator not in known:
                    raise CatalogueError(
                        f"{name}: {part.id} names the indicator {indicator!r}.", remedy=suggestion(indicator, known)
                    )
