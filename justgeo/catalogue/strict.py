"""Strict models: what a person wrote is taken as it stands or refused, with the offending value and the nearest word.

Used by the catalogue and by ``config.py``. Nothing is converted silently (``"2020"`` is not 2020), no key is ignored.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from justgeo.core.errors import JustgeoError
from justgeo.core.words import suggestion

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Base of every model: unknown keys refused, types not converted, values frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def validated(model: type[Model], raw: Mapping[str, Any], *, where: str, error: type[JustgeoError]) -> Model:
    """Check what was written against a model.

    Parameters
    ----------
    model : type of Strict
    raw : mapping
        As the TOML or YAML reader gave it.
    where : str
        For the message: ``"district.toml"``, ``"indicator 'BEL-02' in indicators.yml"``.
    error : type of JustgeoError
        What to raise.

    Raises
    ------
    JustgeoError
        Of the given type, naming the first thing that is wrong, its value, and what would be understood.
    """
    try:
        return model.model_validate(dict(raw))
    except ValidationError as exc:
        found = exc.errors(include_url=False, include_context=False)
        # A misspelt key is unknown and leaves another one missing: the first of the two is what helps.
        first = next((problem for problem in found if problem["type"] == "extra_forbidden"), found[0])
        message, remedy = _tell(model, dict(first), where)
        raise error(message, remedy=remedy) from exc


def _tell(model: type[BaseModel], problem: Mapping[str, Any], where: str) -> tuple[str, str]:
    loc = problem["loc"]
    path = _path(loc)
    if problem["type"] == "extra_forbidden":
        return f"{where}: unknown key '{path}'.", suggestion(str(loc[-1]), _known(model, loc[:-1]))
    if problem["type"] == "missing":
        return f"{where}: the key '{path}' is missing.", f"add '{loc[-1]}' with its value."
    if problem["type"] == "value_error":
        # Raised by a model's own check: "what is wrong | what to do".
        text, _, remedy = str(problem["msg"]).removeprefix("Value error, ").partition(" | ")
        place = f"'{path}': " if path else ""
        return f"{where}: {place}{text}", remedy or "correct the value."
    wish = str(problem["msg"]).removeprefix("Input should be ")
    return f"{where}: '{path}' = {problem['input']!r} cannot be used.", f"write {wish}."


def _path(loc: tuple[Any, ...]) -> str:
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else str(part)
    return text


def _known(model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """Keys that the model at a location understands; the keys of a mapping and the rows of a list lead nowhere."""
    here: list[type[BaseModel]] = [model]
    for part in loc:
        below = [
            m for known in here if part in known.model_fields for m in _models(known.model_fields[part].annotation)
        ]
        here = below or here
    return [name for known in here for name in known.model_fields]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for inner in typing.get_args(annotation) for m in _models(inner)]
