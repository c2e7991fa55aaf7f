"""JSON that somebody else wrote: plain values, or a ``ValueError`` in words for all that its reader falls over."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

from justgeo.core.texts import within

_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""A half of a sign, which stands for nothing alone and can be written into no file."""


def loads(body: bytes | str, *, finite: bool = False, of_digits: Callable[[str], Any] | None = None) -> Any:
    """The values of a document.

    Parameters
    ----------
    body : bytes or str
        Bytes are UTF-8 (UTF-16 and UTF-32 by their marks).
    finite : bool
        Refuse ``NaN`` and ``Infinity``, and numbers beyond all bounds (``1e400``), which are no JSON.
    of_digits : callable, optional
        Makes numbers of their digits, in place of Python's own.

    Raises
    ------
    ValueError
        It is no JSON, nested too deep, or a text in it is no text.
    """
    text = body.decode(json.detect_encoding(body)).removeprefix("\ufeff") if isinstance(body, bytes) else body
    numbers: dict[str, Any] = {}
    if of_digits is not None:
        numbers = {"parse_int": of_digits, "parse_float": of_digits}
    if finite or of_digits is not None:
        numbers["parse_constant"] = _no_number
    try:
        told = json.loads(text, **numbers)
    except RecursionError as why:
        raise ValueError("it is nested too deep") from why
    if _HALF.search(text) is not None:
        for one, _ in within(told):
            if isinstance(one, str) and re.search("[\ud800-\udfff]", one):
                raise ValueError(f"{one[:40]!r} holds half a sign")
    if finite:
        for one, _ in within(told):
            if isinstance(one, float) and one in (float("inf"), -float("inf")):
                raise ValueError("a number in it is beyond all bounds")
    return told


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
