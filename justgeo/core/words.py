"""Words for messages: which known word did the reader mean?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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
