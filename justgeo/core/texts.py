"""Texts of others as they may stand anywhere: without signs that steer a program and say nothing to a reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from justgeo.core.errors import JustgeoError

_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""What turns letters and figures around: behind U+202E a page shows 53 % as % 35."""
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_NO_SIGNS = re.compile("[\ud800-\udfff\ufffe\uffff]")
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
    if isinstance(told, str):
        found = _ANY.search(told.replace("\r\n", "\n"))
        return None if found is None else (told, found.group())
    if isinstance(told, Mapping):
        return unseen([*told.keys(), *told.values()])
    if isinstance(told, list | tuple):
        return next((found for found in map(unseen, told) if found is not None), None)
    return None


def refuse_unseen(told: Mapping[str, Any], where: str, error: type[JustgeoError]) -> Mapping[str, Any]:
    """Plain values as they are; refused where a text in them holds a sign that cannot be seen.

    Raises
    ------
    JustgeoError
        Of the given type.
    """
    bad = unseen(told)
    if bad is not None:
        message = f"{where}: the text {bad[0][:40]!r} holds the sign {bad[1]!r}, which cannot be seen."
        raise error(message, remedy="take it out: type the text anew instead of copying it.")
    return told
