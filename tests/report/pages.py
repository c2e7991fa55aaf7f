"""A page as its readers take it apart: tags, texts, what is packed in it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

from justgeo.report import spoken

_PACKED = re.compile(r'<script type="application/gzip\+base64"([^>]*)>(.*?)</script>', re.DOTALL)
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Shape(HTMLParser):
    """Tags, scripts and readable text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.told: list[tuple[str, str, str]] = []
        """Texts, the language that the nearest ``lang`` around them says, and the element that they stand in."""
        self._open: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag not in _VOID:
            around = self._open[-1][1] if self._open else ""
            self._open.append((tag, str(dict(attrs).get("lang", around) or "")))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and self.scripts:
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif self.lasttag not in ("script", "style"):
            self.text.append(data)
            if data.strip():
                tag, lang = self._open[-1] if self._open else ("", "")
                self.told.append((" ".join(data.split()), lang, tag))

    def names(self) -> list[tuple[str, str]]:
        """Tags with their ids, but for those that mark a language, or a word of the glossary where it is first used."""
        inside = [(tag, a) for tag, a in self.tags if set(a) != {"lang"} and a.get("class") != "term"]
        return [(tag, str(a.get("id") or "")) for tag, a in inside]


def packed(html: str, sign: str) -> list[str]:
    """What is packed under an attribute (``data-unpack="script"``, ``data-language="es"``), unpacked."""
    return [spoken.unpacked(code) for attributes, code in _PACKED.findall(html) if sign in attributes]


def data_of(html: str) -> dict[str, Any]:
    """What the scripts of a page look up."""
    loaded: dict[str, Any] = json.loads(packed(html, 'data-unpack="data"')[0])
    return loaded


def told_in(html: str, code: str) -> str:
    """The page in another language, as its switch shows it."""
    (found,) = packed(html, f'data-language="{code}"')
    return found


def body_of(html: str) -> str:
    """What is read of a page: its body without scripts."""
    inside = html[html.index("<body") :]
    return re.sub(r"<script.*?</script>", "", inside, flags=re.DOTALL)


def whole(html: str) -> str:
    """A page with what is packed in it unpacked where it stands, to look for what must not be there."""
    return _PACKED.sub(lambda found: spoken.unpacked(found[2]), html)
