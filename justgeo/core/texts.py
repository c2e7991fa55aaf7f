"""Texts of others as they may stand anywhere: without signs that steer a program and say nothing to a reader."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from justgeo.core.errors import JustgeoError

_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""What turns letters and figures around: behind U+202E a page shows 53 % as % 35."""
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_NO_SIGNS = re.compile("[\ud800-\udfff\ufffe\uffff]")
DEEPEST = 60
"""Steps that plain values may be nested; what a person writes needs some ten, and readers fall at a thousand."""
_ANY = re.compile("|".join(signs.pattern for signs in (_TURNS, _STEERS, _NO_SIGNS)))


def visible(text: str) -> str:
    """``text`` without signs that cannot be seen: controls become blanks, what turns texts around goes.

    Tabs and line breaks stay, and so do the marks that Arabic, Hebrew and other scripts need (U+200C to U+200F).
    """
    if _ANY.search(text) is None:
        return text
    return _NO_SIGNS.sub("\ufffd", _STEERS.sub(" ", _TURNS.sub("", text)))


def unseen(told: Any) -> tuple[str, str] | None:
    """The first text within plain values that holds a sign that cannot be seen, and that sign; None without any."""
    for one, _ in within(told):
        found = _ANY.search(one.replace("\r\n", "\n")) if isinstance(one, str) else None
        if found is not None:
            return one, found.group()
    return None


def within(told: Any) -> Iterator[tuple[Any, int]]:
    """Every part of plain values with its depth, the whole first; without recursion, so that no depth exhausts it."""
    left = [(told, 0)]
    while left:
        one, depth = left.pop()
        yield one, depth
        if isinstance(one, Mapping):
            left += [(inner, depth + 1) for inner in (*one.values(), *one.keys())]
        elif isinstance(one, list | tuple):
            left += [(inner, depth + 1) for inner in reversed(one)]


def refuse_unseen(told: Mapping[str, Any], where: str, error: type[JustgeoError]) -> Mapping[str, Any]:
    """Plain values as they are; refused where a text in them holds a sign that cannot be seen, or they lie too deep.

    Raises
    ------
    JustgeoError
        Of the given type.
    """
    if any(depth > DEEPEST for _, depth in within(told)):
        raise error(
            f"{where}: its values are nested more than {DEEPEST} deep.", remedy="write lists and tables side by side."
        )
    bad = unseen(told)
    if bad is not None:
        message = f"{where}: the text {bad[0][:40]!r} holds the sign {bad[1]!r}, which cannot be seen."
        raise error(message, remedy="take it out: type the text anew instead of copying it.")
    return told
