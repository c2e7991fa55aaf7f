"""Words for messages: plurals, and which known word the reader meant."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable

WIDTH = 100
"""Characters of a line on a screen."""


def plural(geography: str) -> str:
    """``"counties"`` of ``"county"``, ``"block groups"`` of ``"block group"``."""
    return f"{geography[:-1]}ies" if geography.endswith("ty") else f"{geography}s"


def suggestion(word: str, known: Iterable[str]) -> str:
    """What to do about an unknown word: the nearest known one, else the list of them.

    Parameters
    ----------
    word : str
        What was written.
    known : iterable of str
        What would have been understood.

    Returns
    -------
    str
        A sentence: ``"did you mean 'boundary'?"`` or ``"use one of: a, b."``.
    """
    options = sorted(set(known))
    folded = {option.casefold(): option for option in options}
    near = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    if not options:
        return "nothing is known here; take it out."
    return f"use one of: {', '.join(options)}."


def wrapped(line: str, indent: str) -> list[str]:
    """A line in pieces that fit the screen, all but the first indented."""
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    ) or [""]
