"""Whether values have the form that a schema asks for: as much of JSON Schema (draft 2020-12) as ``results.json`` uses.

A file that was written by a run is right. One that was edited, cut or put together by somebody else is refused here by
the place of the first thing that is wrong, before any page or table is made of it.

References
----------
JSON Schema, *A Vocabulary for Structural Validation*, draft 2020-12.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sized
from typing import Any

Schema = Mapping[str, Any]
Check = Callable[[Any, Any, Schema, Schema, str], Iterator[str]]
"""Takes the value, what a word asks, the schema of the word, the whole one, and the place."""
_TELLS = frozenset({"$schema", "$id", "title", "description", "$defs"})
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "number": lambda v: _is_number(v),
    "integer": lambda v: _is_number(v) and v == int(v),
}
LARGEST = 1e150
"""A number whose square no float holds is none that a run wrote: margins are squared, shares told as hundredths."""
_SHOWN = 60


def _is_number(value: Any) -> bool:
    """One that can be reckoned with: neither NaN nor too large."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST


def problem(value: Any, schema: Schema) -> str | None:
    """The first thing that is wrong, with its place and what stands there; None where nothing is.

    Parameters
    ----------
    value : any
        As a reader of JSON gives it.
    schema : mapping

    Raises
    ------
    ValueError
        The schema asks for more than is known here.
    """
    return next(_problems(value, schema, schema, ""), None)


def _problems(value: Any, schema: Schema, root: Schema, at: str) -> Iterator[str]:
    for word, asked in schema.items():
        if word in _TELLS or word in ("then", "else"):
            continue
        if word not in _WORDS:
            raise ValueError(f"the word {word!r} of JSON Schema is not known here")
        yield from _WORDS[word](value, asked, schema, root, at)


def _said(value: Any, at: str, wish: str) -> str:
    shown = repr(value) if isinstance(value, str | int | float | bool | None) else f"a {type(value).__name__}"
    return f"{at or 'the whole'} is {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '...'}, and has to be {wish}"


def _fits(value: Any, schema: Schema, root: Schema) -> bool:
    return next(_problems(value, schema, root, ""), None) is None


def _reference(value: Any, asked: str, _own: Schema, root: Schema, at: str) -> Iterator[str]:
    yield from _problems(value, root["$defs"][asked.removeprefix("#/$defs/")], root, at)


def _type(value: Any, asked: Any, _own: Schema, _root: Schema, at: str) -> Iterator[str]:
    kinds = [asked] if isinstance(asked, str) else asked
    if not any(_TYPES[kind](value) for kind in kinds):
        yield _said(value, at, " or ".join(kinds))


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _const(value: Any, asked: Any, _own: Schema, _root: Schema, at: str) -> Iterator[str]:
    if not _same(value, asked):
        yield _said(value, at, repr(asked))


def _enum(value: Any, asked: Any, _own: Schema, _root: Schema, at: str) -> Iterator[str]:
    if not any(_same(value, one) for one in asked):
        yield _said(value, at, f"one of {', '.join(map(repr, asked))}")


def _properties(value: Any, asked: Any, _own: Schema, root: Schema, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in asked.items():
            if name in value:
                yield from _problems(value[name], inner, root, f"{at}.{name}" if at else name)


def _required(value: Any, asked: Any, _own: Schema, _root: Schema, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name in asked:
            if name not in value:
                yield f"{at or 'the whole'} has no {name!r}"


def _additional(value: Any, asked: Any, own: Schema, root: Schema, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name in value:
            if name not in own.get("properties", {}):
                if asked is False:
                    yield f"{at or 'the whole'} has {name!r}, which is not known"
                elif isinstance(asked, dict):
                    yield from _problems(value[name], asked, root, f"{at}.{name}" if at else name)


def _items(value: Any, asked: Any, _own: Schema, root: Schema, at: str) -> Iterator[str]:
    if isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _problems(inner, asked, root, f"{at}[{n}]")


def _pattern(value: Any, asked: str, _own: Schema, _root: Schema, at: str) -> Iterator[str]:
    if isinstance(value, str) and re.search(asked, value) is None:
        yield _said(value, at, f"of the form {asked}")


def _length(least: bool, of: type[Sized]) -> Check:
    def check(value: Any, asked: int, _own: Schema, _root: Schema, at: str) -> Iterator[str]:
        if isinstance(value, of) and (len(value) < asked if least else len(value) > asked):
            yield f"{at or 'the whole'} has {len(value)} parts, {'at least' if least else 'at most'} {asked} are due"

    return check


def _bound(
    wrong: Callable[[float, float], bool], words: str
) -> Callable[[Any, Any, Schema, Schema, str], Iterator[str]]:
    def check(value: Any, asked: float, _own: Schema, _root: Schema, at: str) -> Iterator[str]:
        if isinstance(value, int | float) and not isinstance(value, bool) and wrong(value, asked):
            yield _said(value, at, f"{words} {asked}")

    return check


def _one_of(value: Any, asked: Any, _own: Schema, root: Schema, at: str) -> Iterator[str]:
    fitting = sum(_fits(value, one, root) for one in asked)
    if fitting != 1:
        # Of the shapes that are not null, what the first lacks helps more than that none fits.
        shapes = [one for one in asked if one.get("type") != "null"]
        yield next(_problems(value, shapes[0], root, at), None) or _said(value, at, "of one form alone")


def _any_of(value: Any, asked: Any, _own: Schema, root: Schema, at: str) -> Iterator[str]:
    if not any(_fits(value, one, root) for one in asked):
        yield next(_problems(value, asked[0], root, at))


def _all_of(value: Any, asked: Any, _own: Schema, root: Schema, at: str) -> Iterator[str]:
    for one in asked:
        yield from _problems(value, one, root, at)


def _not(value: Any, asked: Any, _own: Schema, root: Schema, at: str) -> Iterator[str]:
    if _fits(value, asked, root):
        yield f"{at or 'the whole'} has what it must not have ({', '.join(map(str, asked))})"


def _if(value: Any, asked: Any, own: Schema, root: Schema, at: str) -> Iterator[str]:
    then = own.get("then" if _fits(value, asked, root) else "else")
    if then is not None:
        yield from _problems(value, then, root, at)


_WORDS: Mapping[str, Check] = {
    "$ref": _reference,
    "type": _type,
    "const": _const,
    "enum": _enum,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "items": _items,
    "pattern": _pattern,
    "minLength": _length(True, str),
    "minItems": _length(True, list),
    "maxItems": _length(False, list),
    "minimum": _bound(lambda value, asked: not value >= asked, "at least"),
    "maximum": _bound(lambda value, asked: not value <= asked, "at most"),
    "exclusiveMinimum": _bound(lambda value, asked: not value > asked, "more than"),
    "oneOf": _one_of,
    "anyOf": _any_of,
    "allOf": _all_of,
    "not": _not,
    "if": _if,
}


LATER = ("quality", "programmes", "corrections")
"""Parts of ``results.json`` that runs of older versions do not have."""


def of_results(found: Mapping[str, Any], schema: Schema) -> str | None:
    """The first thing that is wrong with the content of a ``results.json``: its form, or a name that it does not list.

    Parameters
    ----------
    found : mapping
        As a reader of JSON gives it.
    schema : mapping
        Of ``results.json``.
    """
    asked = {**schema, "required": [name for name in schema["required"] if name not in LATER]}
    wrong = problem(found, asked)
    if wrong is not None:
        return wrong
    known: dict[str, set[str]] = {}
    for part in ("zones", "indicators", "groups", "layers"):
        ids = [str(row["id"]) for row in found[part]]
        known[part] = set(ids)
        if len(known[part]) < len(ids):
            return f"{part} has an id twice"
    if not any(zone["role"] == "district" for zone in found["zones"]):
        return "no zone is the district"
    said: set[tuple[str, str, str]] = set()
    for n, record in enumerate(found["records"]):
        key = (record["zone"], record["indicator"], record["group"])
        if key in said:
            return f"records[{n}] says again what another one says ({' / '.join(key)})"
        said.add(key)
        named = [
            *zip(("zones", "indicators", "groups"), key, strict=True),
            *(("layers", one) for one in record["layers"]),
        ]
        lost = next((f"{part[:-1]} {name!r}" for part, name in named if name not in known[part]), None)
        if lost is not None:
            return f"records[{n}] names the {lost}, which is not listed"
    return None
