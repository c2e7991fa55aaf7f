"""Texts of the page that know their language: what is not translated is marked as English where it stands.

``say`` gives the words of the code. Here are the texts that come with the results (titles, reasons, notes), and the
sentences that hold such texts: the whole stays Spanish, the part in it that is English says so.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup, escape

from justgeo.report import several, speech

_FIRST = re.compile(r"^((?:<[^>]*>)*)(\w)")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_SYSTEM = 9
"""Byte of a gzip header that tells the operating system: set to "unknown"."""


class Spoken(str):
    """A text that is not, or not wholly, in the language of the page: printed with its marks, else a plain text."""

    html: Markup

    def __new__(cls, text: str, html: Markup) -> Spoken:
        made = super().__new__(cls, text)
        made.html = html
        return made

    def __html__(self) -> str:
        return str(self.html)


def marked(text: str, lang: str) -> str:
    """``text``, marked where its language is not the one that is spoken."""
    if lang == speech.current() or not _LETTERS.search(text):
        return text
    return Spoken(text, Markup('<span lang="{}">{}</span>').format(lang, text))


def spoken(text: Any) -> str:
    """A text of the results in the language that is spoken, or in English and marked so.

    What is already a `Spoken` text stays as it is.
    """
    if isinstance(text, Spoken):
        return text
    return marked(*several.translated(str(text or "")))


def tell(text: str, /, **values: Any) -> str:
    """As ``say``, with the marks of the texts in its places kept."""
    plain = speech.say(text, **values)
    if not any(hasattr(value, "__html__") for value in values.values()):
        return plain
    return Spoken(plain, rich(text, **values))


def rich(text: str, /, **values: Any) -> Markup:
    """As ``say``, as HTML: everything is escaped but what is HTML already."""
    found = str(escape(speech.say(text)))
    # Braces are no signs of HTML: the places stand after the escaping as before.
    return Markup(speech.filled(found, {name: escape(value) for name, value in values.items()}) if values else found)


def join(between: str, parts: Iterable[str]) -> str:
    """``between.join(parts)``, with their marks kept."""
    found = list(parts)
    plain = between.join(found)
    return Spoken(plain, escape(between).join(found)) if any(isinstance(one, Spoken) for one in found) else plain


def capital(text: str) -> str:
    """``text`` with a capital letter in front, and its marks."""
    plain = text[:1].upper() + text[1:]
    if not isinstance(text, Spoken):
        return plain
    return Spoken(plain, Markup(_FIRST.sub(lambda found: found[1] + found[2].upper(), str(text.html))))


def packed(html: str) -> str:
    """A text as gzip in base64, the same for the same text on every day and machine."""
    made = bytearray(gzip.compress(html.encode("utf-8"), compresslevel=9, mtime=0))
    made[_SYSTEM] = 255
    return base64.b64encode(made).decode("ascii")


def unpacked(code: str) -> str:
    """What was `packed`."""
    return gzip.decompress(base64.b64decode(code)).decode("utf-8")
