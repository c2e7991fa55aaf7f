"""The checklist between a run and the people who fill it in: typed sheets are read back, and nothing typed is lost.

A run writes a new ``checklist.xlsx`` in the place of the old one. What somebody typed into the old one is read into
``answers.yml`` first: before the run, and again before the new one is put there, since a run takes its time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from justgeo import answers, answers_sheet, config
from justgeo.answers import Merged
from justgeo.catalogue import read as catalogue
from justgeo.config import RunConfig
from justgeo.core import json_text
from justgeo.core.answers import NOTHING_SAID, Answers, Entry
from justgeo.core.errors import ConfigError, OutputError
from justgeo.core.protocol import ChecklistItem, Protocol, fill

SHEET = "checklist.xlsx"
CONTENT = "checklist.json"


@dataclass(frozen=True)
class Line:
    """One item as a planner sees it.

    Attributes
    ----------
    id, kind, title, status, reason, question : str
        ``status`` is empty before there are outputs.
    said : tuple of Entry
        All answers, those that are not to be shown too.
    """

    id: str
    kind: str
    title: str
    status: str
    reason: str
    question: str
    said: tuple[Entry, ...]


@dataclass(frozen=True)
class State:
    """Where a district's checklist stands, for its planner alone.

    Attributes
    ----------
    name : str
    file : Path
        Of the answers.
    lines : tuple of Line
    answers : Answers
    told : tuple of str
        What does not agree or has no place.
    fresh : bool or None
        Whether the outputs hold the answers as they are; None where there are no outputs.
    """

    name: str
    file: Path
    lines: tuple[Line, ...]
    answers: Answers
    told: tuple[str, ...]
    fresh: bool | None


def taken(settings: RunConfig, folder: Path) -> tuple[RunConfig, Merged | None]:
    """Read what was typed into the sheet of an earlier run before it is replaced.

    Parameters
    ----------
    settings : RunConfig
    folder : Path
        Of the outputs.

    Returns
    -------
    RunConfig, Merged or None
        With the answers as they are now; None where there was no sheet, or nothing in it.

    Raises
    ------
    ConfigError
        Something typed is not understood, or is of another place; nothing is replaced then.
    """
    sheet = folder / SHEET
    if not sheet.is_file():
        return settings, None
    try:
        place, typed = answers_sheet.of_any(sheet)
        if not typed:
            return settings, None
        answers_sheet.refuse_other(sheet.name, place, settings.slug)
    except ConfigError as why:
        remedy = f"{why.remedy.rstrip('.')}; or move {SHEET} out of {folder.name}: a run would replace it."
        raise ConfigError(why.message, remedy=remedy) from why
    merged = answers.merge(settings.answers_file, typed)
    return replace(settings, answers=answers.read(settings.answers_file)), merged


def read_back(district: Path, sheet: Path) -> tuple[RunConfig, Merged]:
    """Add what was typed into a sheet to the answers of a district.

    Raises
    ------
    ConfigError
        The district, the sheet or the answers are not understood; nothing is written then.
    """
    settings = config.read(district)
    merged = answers.merge(settings.answers_file, answers_sheet.read(sheet, settings.slug))
    return replace(settings, answers=answers.read(settings.answers_file)), merged


def remarks(settings: RunConfig) -> list[str]:
    """What a planner should know of the answers."""
    return answers.told(settings.answers, items(settings))


def items(settings: RunConfig) -> list[str]:
    """Ids that may be answered: of the checklist, and of indicators, which the forms of a data walk ask about."""
    return [*(item.id for item in _unmeasured(settings)), *(row.id for row in catalogue.indicators())]


def _unmeasured(settings: RunConfig) -> Sequence[ChecklistItem]:
    """Items of the checklist before there are figures or answers."""
    return fill(protocol(settings), [], catalogue.indicators(), NOTHING_SAID, {}).items


def protocol(settings: RunConfig) -> Protocol:
    """The Protocol's structure with what the planner read in their own copy."""
    if settings.commitments is None:
        return catalogue.protocol()
    own = catalogue.own(settings.commitments)
    return catalogue.protocol().having(own.commitments, own.actions)


def state(settings: RunConfig, folder: Path) -> State:
    """Where the checklist stands: the items of the last run, with the answers as they are now.

    Parameters
    ----------
    settings : RunConfig
    folder : Path
        Of the outputs; without any, items stand without a status.

    Raises
    ------
    OutputError
        The folder holds a damaged checklist, or that of another place.
    """
    made = content(folder, settings.slug)
    said = settings.answers
    rows: Sequence[Mapping[str, Any]]
    if made is None:
        rows = [{**vars(item), "status": "", "reason": ""} for item in _unmeasured(settings)]
    else:
        rows = made["items"]
    lines = tuple(_line(row, said) for row in rows)
    fresh = None if made is None else _public(made) == _plain(said, {line.id for line in lines})
    return State(settings.name, settings.answers_file, lines, said, tuple(remarks(settings)), fresh)


def _line(row: Mapping[str, Any], said: Answers) -> Line:
    told = {key: str(row.get(key) or "") for key in ("id", "kind", "title", "status", "reason", "question")}
    return Line(**told, said=said.items.get(told["id"], ()))


def _is_item(item: Any) -> bool:
    """Whether a row of ``checklist.json`` is one: its texts are texts, its lists lists, its phase may be none."""
    texts = ("id", "kind", "title", "status", "reason", "question", "answer", "source", "note")
    return (
        all(isinstance(item[key], str) for key in texts)
        and isinstance(item["phase"], str | None)
        and all(isinstance(one, str) for one in item["evidence"])
    )


def content(folder: Path, slug: str) -> dict[str, Any] | None:
    """``checklist.json`` of a folder of outputs; None where there is none.

    Raises
    ------
    OutputError
        It is damaged, or of another place.
    """
    path = folder / CONTENT
    if not path.is_file():
        return None
    try:
        found = json_text.loads(path.read_bytes(), finite=True)
        whole = isinstance(found["items"], list) and all(map(_is_item, found["items"]))
        whole = whole and isinstance(found["name"], str) and isinstance(found["targets"], list)
    except (OSError, ValueError, KeyError, TypeError):
        whole, found = False, {}
    if not whole:
        raise OutputError(f"{path} is damaged or of another version.", remedy="run `justgeo run` again.")
    if found.get("slug") != slug:
        raise OutputError(
            f"{folder} holds the outputs of {found.get('slug')!r}.", remedy="name those of this district: --out."
        )
    return dict(found)


def _public(made: Mapping[str, Any]) -> dict[str, Any]:
    items = {item["id"]: item.get("answers", []) for item in made["items"] if item.get("answers")}
    return {"items": items, "forms": made.get("forms", {}), "targets": made.get("targets", [])}


def _plain(said: Answers, known: set[str]) -> dict[str, Any]:
    """As the outputs would have the answers."""
    told = said.public().plain()
    return {**told, "items": {item: rows for item, rows in told["items"].items() if item in known}}
