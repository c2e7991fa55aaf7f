"""One file, nothing outside: assets inlined, scripts named by their hashes, links to other places refused."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from importlib import resources
from typing import Any

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket

from justgeo.core.errors import OutputError
from justgeo.report.spoken import rich

_LINKS = {"src", "href", "srcset", "poster", "action", "formaction", "data", "xlink:href", "background", "cite", "ping"}
_CSS_URL = re.compile(r"""url\(\s*["']?([^"')]*)["']?\s*\)""", re.IGNORECASE)
_SCRIPT_END = re.compile(r"</(script)|<!--", re.IGNORECASE)


class _Compiled(BytecodeCache):
    """Templates are compiled once for all pages and languages of a run, in memory."""

    def __init__(self) -> None:
        self.found: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.found:
            bucket.bytecode_from_string(self.found[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.found[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def environment(**functions: Callable[..., Any]) -> Environment:
    """Templates of the package: everything escaped, nothing undefined let through, ``\\n`` line ends.

    Parameters
    ----------
    functions
        What the templates may call.
    """
    made = Environment(
        loader=PackageLoader("justgeo.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        newline_sequence="\n",
        bytecode_cache=_COMPILED,
    )
    made.globals.update({"_": rich, **functions})
    return made


def text(name: str) -> str:
    """An asset of the package as text, with ``\\n`` line ends whatever the checkout made of them."""
    raw = resources.files("justgeo.report").joinpath(f"assets/{name}").read_bytes()
    return raw.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def stylesheet(name: str) -> str:
    """A style sheet with its pictures as data URIs."""
    folder = name.rpartition("/")[0]

    def picture(found: re.Match[str]) -> str:
        path = found.group(1)
        if path.startswith(("#", "data:")):
            return found.group()
        raw = resources.files("justgeo.report").joinpath(f"assets/{folder}/{path}").read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(raw).decode('ascii')})"

    return _CSS_URL.sub(picture, text(name))


def script(name: str) -> str:
    """A script without its pointer to a source map, which a browser's tools would ask for."""
    return re.sub(r"\n//# sourceMappingURL=\S*\s*$", "\n", text(name))


def leaflet() -> str:
    """Leaflet's script, which would put a link to its home page on the map."""
    return script("leaflet/leaflet.js") + "\nL.Control.Attribution.prototype.options.prefix = false;\n"


def checked_script(code: str) -> str:
    """``code`` if it can stand between script tags.

    Raises
    ------
    OutputError
        It holds what would end the script element.
    """
    found = _SCRIPT_END.search(code)
    if found is not None:
        raise OutputError(f"A script of the page holds {found.group()!r}.", remedy="Please report this as a fault.")
    return code


def safe_json(value: Any) -> str:
    """JSON that can stand inside a script element, whatever its texts say."""
    raw = json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        raw = raw.replace(sign, f"\\u{ord(sign):04x}")
    return raw


def policy(scripts: Iterable[str]) -> str:
    """Content-Security-Policy: nothing from outside, no script but these."""
    digests = [base64.b64encode(hashlib.sha256(code.encode("utf-8")).digest()).decode("ascii") for code in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src {allowed}; base-uri 'none'; form-action 'none'"
    )


def refuse_links(page: str, beside: Iterable[str] = ()) -> None:
    """Refuse a page that points anywhere but into itself, or by a plain link to a page that is written beside it.

    Parameters
    ----------
    page : str
    beside : iterable of str
        Names of such pages.

    Raises
    ------
    OutputError
        With the first link that is neither ``#...`` nor ``data:...``.
    """
    finder = _Links(frozenset(beside))
    finder.feed(page)
    finder.close()
    if finder.found:
        raise OutputError(
            f"The page points outside itself: {finder.found[0]}.",
            remedy="Please report this as a fault: pages of justgeo must open without a network.",
        )


class _Links(HTMLParser):
    """Collects what a page would ask for: attributes that load or lead, and ``url()`` in styles."""

    def __init__(self, beside: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._beside = beside
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        for name, value in attrs:
            told = (value or "").strip()
            if tag == "a" and name == "href" and told in self._beside:
                continue
            if name in _LINKS and not told.startswith(("#", "data:image/")):
                self.found.append(f"<{tag} {name}={told!r}>")
            if name.startswith("on"):
                self.found.append(f"<{tag} {name}> (a script in an attribute)")
            if name == "style":
                self._css(told)

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._style = False

    def handle_data(self, data: str) -> None:
        if self._style:
            self._css(data)

    def _css(self, code: str) -> None:
        if "@import" in code.casefold():
            self.found.append("@import in a style")
        self.found += [f"url({u!r})" for u in _CSS_URL.findall(code) if not u.startswith(("#", "data:image/"))]
