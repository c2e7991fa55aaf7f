"""Public services: where data come from, under which terms, and what each asks of those who use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Service:
    """One row of ``catalogue/services.yml``.

    Attributes
    ----------
    id, title, publisher : str
    urls : tuple of str
        The service and its mirrors, the one to ask first first; without a slash at the end.
    page : str
        Where a person reads about it: the page to look at when a layer was renamed or moved.
    licence, attribution : str
        Terms of what it gives, and the notice that has to stand beside every use.
    asks : str
        What it asks of its users: keys, limits, manners.
    seen : str
        ISO month in which its addresses were last read in documentation or in public code that uses them; they move.
    evidence : str
        ``"V"``: read in the service's own documentation or in code that works; ``"M"``: from memory, to be confirmed.
    options : mapping
        What its door needs: paths, names of layers, columns, years. Part of the digest of every question to it.
    """

    id: str
    title: str
    publisher: str
    urls: tuple[str, ...]
    page: str
    licence: str
    attribution: str = ""
    asks: str = ""
    seen: str = ""
    evidence: str = "M"
    options: Mapping[str, Any] = field(default_factory=dict)
