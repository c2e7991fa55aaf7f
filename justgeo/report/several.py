"""Texts that are several in a row: the checklist's reasons, each under what it is told of, and its sentences.

``Jobs by block: no streets were given; 4 indicators: no parks were given`` stands in no catalogue file. Its parts do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from justgeo.report import speech
from justgeo.report.speech import say

_END = re.compile(r"(?<=[.?!)]) (?=[A-Z])")
_MANY = re.compile(r"(\d+) indicators")
_LONGEST = 60
"""A row of more parts is left as it is: nobody would read it."""


def translated(text: str) -> tuple[str, str]:
    """As ``speech.translated``, also where each part of the text is found and the whole is not.

    Returns
    -------
    tuple of str
        The text, and the code of its language: all of it, for a part that is not found leaves the whole in English.
    """
    plain = speech.translated(text)
    if plain[1] == speech.current():
        return plain
    told = _row(text, speech.current())
    return plain if told is None else (told, speech.current())


@lru_cache(maxsize=8192)
def _row(text: str, code: str) -> str | None:
    """``code`` is the language that is spoken, for the cache."""
    for parts, between in ((text.split("; "), "; "), (_END.split(text), " ")):
        found = _chain(parts, between, _one) if 0 < len(parts) <= _LONGEST else None
        if found is not None:
            return between.join(found)
    return None


def _chain(parts: Sequence[str], between: str, find: Callable[[str], str | None]) -> list[str] | None:
    """The parts told one after the other; a text may hold ``between`` itself, so that the longest are tried first."""
    told: list[list[str] | None] = [*(None for _ in parts), []]
    for i in reversed(range(len(parts))):
        for j in range(len(parts), i, -1):
            rest = told[j]
            one = None if rest is None else find(between.join(parts[i:j]))
            if rest is not None and one is not None:
                told[i] = [one, *rest]
                break
    return told[0]


def _one(text: str) -> str | None:
    """A text, or a reason after what it is told of."""
    found = _known(text)
    heads = text.split(": ")
    for i in range(1, len(heads)):
        if found is not None:
            break
        whom, why = _titles(": ".join(heads[:i])), _known(": ".join(heads[i:]))
        found = f"{whom}: {why}" if whom is not None and why is not None else None
    return found


def _titles(text: str) -> str | None:
    """``4 indicators``, or one or two titles."""
    many = _MANY.fullmatch(text)
    if many is not None:
        return say("{n} indicators", n=many[1])
    names = _chain(text.split(" and "), " and ", _known)
    return None if names is None else ", ".join(names)


def _known(text: str) -> str | None:
    told, lang = speech.translated(text)
    return told if lang == speech.current() else None
