"""The words of pages in more than one language.

English stands where it is said: ``say("Compared with {name}", name=place)``. Another language is a folder of
catalogue files, ``texts/<code>/*.toml``, each line the English text and its translation, with the same places in
braces. A further language is a further folder. Figures are written alike in all, as in the United States (1,234.5).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, cached_property, lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from justgeo.core.errors import OutputError

LANGUAGES = {"en": "English", "es": "Español"}
"""Languages of the pages, each by its own name."""

ENGLISH = "en"

READY = "reasons.toml"
"""The file whose texts with places are held against ready-made ones; a frame such as ``{n} in {all}`` would fit any.
Where it grows too long, further ones stand beside it: ``reasons_data.toml``."""

HELD = {"text", "why"}
"""Places of `READY` that hold a text: where it is not found too, the whole is not, rather than told by half."""

NUMBER = "n"
"""The place of `READY` that holds a number and fits nothing else."""

_PLACE = re.compile(r"\{(\w+)\}")
_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


@contextmanager
def language(code: str) -> Iterator[None]:
    """Everything said inside is in this language.

    Raises
    ------
    OutputError
        It is none of `LANGUAGES`.
    """
    if code not in LANGUAGES:
        raise OutputError(f"There is no language {code!r}.", remedy=f"Say one of {', '.join(LANGUAGES)}.")
    mark = _spoken.set(code)
    try:
        yield
    finally:
        _spoken.reset(mark)


def current() -> str:
    """Code of the language that is spoken."""
    return _spoken.get()


def say(text: str, /, **values: Any) -> str:
    """An English text of the code in the language that is spoken, with its places filled.

    Parameters
    ----------
    text : str
        As it stands in the catalogue files; the tests hold that each text said in the code stands there. One that does
        not is said in English.
    values
        For the places in braces. Texts among them are taken as they are.
    """
    found = text if current() == ENGLISH else catalogue(current()).get(text, text)
    return filled(found, values) if values else found


def filled(text: str, values: Mapping[str, Any]) -> str:
    """``text`` with its places in braces filled."""
    return _PLACE.sub(lambda place: str(values[place.group(1)]), text)


def translated(text: str) -> tuple[str, str]:
    """A ready-made English text (a reason, a note) as told in the language that is spoken, and in which it then is.

    Found as it stands, or by a text of `READY` with places in braces that fits the whole of it; what stands in its
    places is itself looked up, those of `HELD` have to be found, and `NUMBER` is one. What is not found stays English,
    so that the page can mark it as such.

    Returns
    -------
    tuple of str
        The text, and the code of its language.
    """
    if current() == ENGLISH or not text:
        return text, current()
    told = _found(text, current())
    return (text, ENGLISH) if told is None else (told, current())


def catalogue(code: str) -> dict[str, str]:
    """All texts of a language by the English one.

    Raises
    ------
    OutputError
        One text has two translations, or other places than the English.
    """
    return _read(code)


def places(text: str) -> list[str]:
    """Names of the places in braces, sorted."""
    return sorted(_PLACE.findall(text))


@cache
def _read(code: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in _files(code):
        for english, other in tomllib.loads(file.read_text(encoding="utf-8")).items():
            _agrees(file.name, english, other, found)
            found[english] = other
    return found


def _files(code: str) -> list[Traversable]:
    folder = resources.files("justgeo.report").joinpath(f"texts/{code}")
    return sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)


def is_ready(name: str) -> bool:
    """Whether a file is `READY`, or one of those beside it."""
    return name == READY or name.startswith(READY.replace(".toml", "_"))


@cache
def _ready(code: str) -> dict[str, str]:
    """Texts of `READY`."""
    found: dict[str, str] = {}
    for file in _files(code):
        if is_ready(file.name):
            found |= tomllib.loads(file.read_text(encoding="utf-8"))
    return found


def _agrees(file: str, english: str, other: Any, found: dict[str, str]) -> None:
    if not isinstance(other, str) or set(places(english)) != set(places(other)):
        raise OutputError(
            f"{file}: the translation of {english!r} is no text with the same places in braces.",
            remedy="Keep each {place} in both languages.",
        )
    if found.get(english, other) != other:
        raise OutputError(f"{file}: {english!r} has two translations.", remedy="Keep one of them.")


class _Pattern:
    """A pattern that is compiled where a text holds its longest part between places: of most no text does."""

    def __init__(self, pattern: str, held: str) -> None:
        self.pattern, self.held = pattern, held

    def fullmatch(self, text: str) -> re.Match[str] | None:
        return self._compiled.fullmatch(text) if self.held in text else None

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.DOTALL)


@cache
def _patterns(code: str) -> list[tuple[_Pattern, str]]:
    """Texts with places as patterns, those with the most letters of their own first."""
    made = []
    for english, other in _ready(code).items():
        if places(english):
            parts = _PLACE.split(english)
            seen: set[str] = set()
            pattern = ""
            for i, part in enumerate(parts):
                if i % 2 == 0:
                    pattern += re.escape(part)
                else:
                    fits = r"\d[\d.,]*" if part == NUMBER else ".+?"
                    pattern += f"(?P={part})" if part in seen else f"(?P<{part}>{fits})"
                    seen.add(part)
            own = sum(len(part) for part in parts[::2])
            made.append((own, _Pattern(pattern, max(parts[::2], key=len)), other))
    return [(pattern, other) for _, pattern, other in sorted(made, key=lambda one: -one[0])]


def _found(text: str, code: str) -> str | None:
    plain = _read(code).get(text)
    if plain is not None:
        return plain
    return _fitted(text, code)


@lru_cache(maxsize=8192)
def _fitted(text: str, code: str) -> str | None:
    """By a text with places; one reason stands beside thousands of numbers, and is looked for once."""
    for pattern, other in _patterns(code):
        fits = pattern.fullmatch(text)
        inside = None if fits is None else _inside(fits.groupdict(), code)
        if inside is not None:
            return filled(other, inside)
    return None


def _inside(parts: dict[str, str], code: str) -> dict[str, str] | None:
    """What stands in the places, told; None where a text among them is not found."""
    told = {name: _found(part, code) if name in HELD else _read(code).get(part, part) for name, part in parts.items()}
    found = {name: part for name, part in told.items() if part is not None}
    return found if len(found) == len(told) else None
