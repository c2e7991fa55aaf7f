"""Long documents held against a JSON schema: what was held against a part of it before is not held again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, validators


def validator(schema: Mapping[str, Any]) -> Any:
    """A validator of a schema that knows again which value stood the test of which part of it.

    Of a hundred thousand records most cells are of a few words; a property's value is judged by its part alone.
    """
    known: set[object] = set()

    def properties(judge: Any, parts: Mapping[str, Any], instance: object, _: object) -> Iterator[Any]:
        if not isinstance(instance, dict):
            return
        for name in parts.keys() & instance.keys():
            key = _key(parts[name], instance[name])
            if key is not None and key in known:
                continue
            amiss = [*judge.descend(instance[name], parts[name], path=name, schema_path=name)]
            yield from amiss
            if key is not None and not amiss:
                known.add(key)

    return validators.extend(Draft202012Validator, {"properties": properties})(schema)


def _key(part: object, value: object) -> object:
    """What a value is known by; the parts live as long as their schema. None for what is not known again."""
    if value is None or isinstance(value, str | bool | int | float):
        return id(part), type(value), value
    if isinstance(value, list) and all(type(one) is str for one in value):
        return id(part), list, tuple(value)
    return None
