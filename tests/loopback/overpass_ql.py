"""What an Overpass server knows: a database of OpenStreetMap's elements, and the query language read over it.

The language is read as the Overpass API's own documentation tells it (https://dev.overpass-api.de/overpass-doc/en/):
a query sets ``_``, a union adds up what its statements found, ``>`` gives the nodes of ways and the members of
relations with their nodes. ``poly`` takes nodes inside or on the polygon; ways of which some point lies properly
inside, so those too that only cross it; relations of which a node or way does so. The polygon is taken in plain
degrees.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium
import shapely
from osmium.osm import Node, Relation, Way, mutable
from shapely.geometry.base import BaseGeometry

Tags = Mapping[str, str]
DECIMALS = 7  # OpenStreetMap's own resolution
KINDS = ("node", "way", "relation")
_TYPES = {"rel": ("relation",), "nwr": KINDS, "nw": KINDS[:2], "nr": ("node", "relation"), "wr": KINDS[1:]}
_TYPES |= {kind: (kind,) for kind in KINDS}
_OTHER_WORDS = ("area", "complete", "compare", "convert", "derived", "for", "foreach", "if", "is_in", "local", "make")
_LATER_WORDS = ("map_to_area", "retro", "timeline")


class NotUnderstood(Exception):
    """Overpass QL that is not evaluated here."""


class ParseError(Exception):
    """No Overpass QL; the server answers with status 400 and this message."""


@dataclass
class Elements:
    """What a database holds: nodes as (lat, lon, tags), ways as (refs, tags), relations as (members, tags)."""

    nodes: dict[int, tuple[float, float, Tags]] = field(default_factory=dict)
    ways: dict[int, tuple[Sequence[int], Tags]] = field(default_factory=dict)
    relations: dict[int, tuple[Sequence[tuple[str, int, str]], Tags]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Elements:
        """All elements of an extract, in any format that osmium reads."""
        found = cls()
        kinds = {"n": "node", "w": "way", "r": "relation"}
        for element in osmium.FileProcessor(str(path)):
            if not isinstance(element, Node | Way | Relation):
                continue
            tags = {tag.k: tag.v for tag in element.tags}
            if isinstance(element, Node):
                at = element.location
                found.nodes[element.id] = (round(at.lat, DECIMALS), round(at.lon, DECIMALS), tags)
            elif isinstance(element, Way):
                found.ways[element.id] = (tuple(node.ref for node in element.nodes), tags)
            elif isinstance(element, Relation):
                members = tuple((kinds[member.type], member.ref, member.role) for member in element.members)
                found.relations[element.id] = (members, tags)
        return found

    @classmethod
    def of_answers(cls, answers: Iterable[Mapping[str, Any]]) -> Elements:
        """The elements of Overpass's own answers; of two states of one element the later answer's is kept."""
        found = cls()
        for answer in sorted(answers, key=lambda one: str(one["osm3s"]["timestamp_osm_base"])):
            for element in answer["elements"]:
                number, tags = int(element["id"]), element.get("tags", {})
                if element["type"] == "node":
                    found.nodes[number] = (element["lat"], element["lon"], tags)
                elif element["type"] == "way":
                    found.ways[number] = (tuple(element["nodes"]), tags)
                else:
                    members = tuple((one["type"], one["ref"], one["role"]) for one in element["members"])
                    found.relations[number] = (members, tags)
        return found

    def write(self, path: Path, timestamp: str) -> None:
        """Write all elements as an extract (``.osm``, ``.osm.pbf``) of that state, whose box holds every node."""
        header = osmium.io.Header()
        header.set("osmosis_replication_timestamp", timestamp)
        header.set("timestamp", timestamp)
        lats, lons, _ = zip(*self.nodes.values(), strict=True)
        header.add_box(osmium.osm.Box(min(lons), min(lats), max(lons), max(lats)))
        with osmium.SimpleWriter(str(path), header=header, overwrite=True) as writer:
            for number, (lat, lon, tags) in sorted(self.nodes.items()):
                writer.add_node(_mutable(number, timestamp, tags, mutable.Node, location=(lon, lat)))
            for number, (refs, tags) in sorted(self.ways.items()):
                writer.add_way(_mutable(number, timestamp, tags, mutable.Way, nodes=list(refs)))
            for number, (members, tags) in sorted(self.relations.items()):
                told = [(kind[0], ref, role) for kind, ref, role in members]
                writer.add_relation(_mutable(number, timestamp, tags, mutable.Relation, members=told))

    def tags(self, kind: str) -> Iterator[tuple[int, Tags]]:
        """Number and tags of each element of a kind."""
        tables: Mapping[str, Mapping[int, tuple[Any, ...]]]
        tables = {"node": self.nodes, "way": self.ways, "relation": self.relations}
        return ((number, row[-1]) for number, row in tables[kind].items())

    def element(self, kind: str, number: int) -> dict[str, Any] | None:
        """An element as ``out body`` writes it; None where the database does not have it."""
        told: dict[str, Any] = {"type": kind, "id": number}
        if kind == "node" and number in self.nodes:
            lat, lon, tags = self.nodes[number]
            told |= {"lat": lat, "lon": lon}
        elif kind == "way" and number in self.ways:
            refs, tags = self.ways[number]
            told |= {"nodes": list(refs)}
        elif kind == "relation" and number in self.relations:
            members, tags = self.relations[number]
            told |= {"members": [{"type": what, "ref": ref, "role": role} for what, ref, role in members]}
        else:
            return None
        return told | ({"tags": dict(sorted(tags.items()))} if tags else {})

    def within(self, kind: str, number: int, area: BaseGeometry) -> bool:
        """Whether an element passes the filter ``poly``."""
        if kind == "relation":
            members = self.relations[number][0]
            return any(self.within(what, ref, area) for what, ref, _ in members if self._has(what, ref))
        if kind == "node":
            lat, lon, _ = self.nodes[number]
            return bool(shapely.intersects_xy(area, lon, lat))
        places = [self.nodes[ref][1::-1] for ref in self.ways[number][0] if ref in self.nodes]
        if len(places) < 2:
            return any(shapely.contains_xy(area, *place) for place in places)
        line = shapely.linestrings(places)
        return bool(shapely.intersects(area, line) and not shapely.touches(area, line))

    def _has(self, kind: str, number: int) -> bool:
        """Whether a member is there and counts for ``poly``: a relation within a relation does not."""
        return (kind == "node" and number in self.nodes) or (kind == "way" and number in self.ways)


def _mutable(number: int, timestamp: str, tags: Tags, kind: Any, **more: Any) -> Any:
    return kind(id=number, version=1, timestamp=timestamp, tags=dict(tags), **more)


Found = frozenset[tuple[str, int]]
"""A set of Overpass: kinds and numbers."""
Statement = Callable[[Elements, Found], Found]
"""What a statement makes of the set ``_`` as it was before."""


_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*)|(?P<sign>->|>>|<<|!~|!=|[\[\](){};:,=~!.<>])""",
    re.DOTALL,
)


_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Parser:
    """Overpass QL to settings and statements; None stands for ``out``."""

    def __init__(self, query: str) -> None:
        self._query, self._place, self._at = query, 0, 0
        self._tokens: list[tuple[str, str, int]] = []
        while self._place < len(query):
            match = _TOKEN.match(query, self._place)
            if match is None:
                raise self._wrong(f"Unknown character '{query[self._place]}'", self._place)
            if match.lastgroup != "skip":
                self._tokens.append((str(match.lastgroup), match.group(), self._place))
            self._place = match.end()

    def read(self) -> tuple[dict[str, str], list[Statement | None]]:
        settings: dict[str, str] = {}
        while self._next("["):
            name = self._take("word")
            self._expect(":")
            settings[name] = self._any("text", "number", "word")
            self._expect("]")
            if name not in ("out", "timeout", "maxsize", "date"):
                raise NotUnderstood(f"The setting [{name}:{settings[name]}].")
        if settings:
            self._expect(";")
        statements: list[Statement | None] = []
        while self._at < len(self._tokens):
            statements.append(self._statement() if not self._next("out") else None)
            if statements[-1] is None:
                self._out_words()
            self._expect(";")
        if not statements:
            raise self._wrong("An empty query is not allowed")
        return settings, statements

    def _out_words(self) -> None:
        """``out``, ``out body`` and the like: all are written in full and in order of kind and number."""
        while self._peek()[0] == "word":
            word = self._take("word")
            if word not in ("body", "qt", "asc"):
                raise NotUnderstood(f"out {word}")

    def _statement(self) -> Statement:
        kind, text, _ = self._peek()
        if self._next("("):
            return self._union()
        if self._next(">"):
            return _recurse
        if self._next("."):
            if (name := self._take("word")) != "_":
                raise NotUnderstood(f"The set .{name}.")
            return lambda elements, held: held
        if kind == "word" and text in _TYPES:
            self._at += 1
            return self._selection(_TYPES[text])
        if text in (">>", "<", "<<", "->", "{") or text in (*_OTHER_WORDS, *_LATER_WORDS):
            raise NotUnderstood(f"The statement {text!r}.")
        raise self._wrong(f"Unknown type '{text}'" if text else "Unexpected end of input.")

    def _union(self) -> Statement:
        parts: list[Statement] = []
        while not self._next(")"):
            parts.append(self._statement())
            self._expect(";")

        def unite(elements: Elements, held: Found) -> Found:
            found: Found = frozenset()
            for part in parts:
                held = part(elements, held)
                found |= held
            return found

        return unite

    def _selection(self, kinds: Sequence[str]) -> Statement:
        if self._peek()[1] == ".":
            raise NotUnderstood("A query with an input set.")
        tests: list[Callable[[Tags], bool]] = []
        areas: list[BaseGeometry] = []
        while self._peek()[1] in ("[", "("):
            if self._next("["):
                tests.append(self._tag())
            elif self._next("("):
                areas.append(self._area())
        if not tests and not areas:
            raise self._wrong("An empty query is not allowed")

        def select(elements: Elements, held: Found) -> Found:
            return frozenset(
                (kind, number)
                for kind in kinds
                for number, tags in elements.tags(kind)
                if all(test(tags) for test in tests) and all(elements.within(kind, number, area) for area in areas)
            )

        return select

    def _tag(self) -> Callable[[Tags], bool]:
        """``["key"]``, ``[!"key"]`` and the key with ``=``, ``!=``, ``~``, ``!~`` and a value; ``,i`` for no case."""
        if self._next("!"):
            absent = self._any("text", "word")
            self._expect("]")
            return lambda tags: absent not in tags
        if self._peek()[1] == "~":
            raise NotUnderstood("A regular expression for the key.")
        key = self._any("text", "word")
        if self._next("]"):
            return lambda tags: key in tags
        sign = self._take("sign")
        if sign not in ("=", "!=", "~", "!~"):
            raise self._wrong(f"'!', '~', '=', '!=', or ']' expected - '{sign}' found.")
        value = self._any("text", "word", "number")
        if sign in ("=", "!="):
            self._expect("]")
            return lambda tags: (tags.get(key) == value) is (sign == "=")
        flags = re.IGNORECASE if self._next(",") and self._take("word") == "i" else re.NOFLAG
        self._expect("]")
        try:
            pattern = re.compile(value, flags)
        except re.error as error:
            raise self._wrong(f'Invalid regular expression: "{value}"') from error
        return lambda tags: (key in tags and bool(pattern.search(tags[key]))) is (sign == "~")

    def _area(self) -> BaseGeometry:
        """``(poly:"lat lon ...")`` or ``(south,west,north,east)``."""
        if self._peek()[0] == "number":
            south, west, north, east = (self._corner(last) for last in (",", ",", ",", ")"))
            area: BaseGeometry = shapely.box(west, south, east, north)
        else:
            word = self._take("word")
            if word != "poly":
                raise NotUnderstood(f"The filter ({word}...).")
            self._expect(":")
            numbers = self._take("text").split()
            self._expect(")")
            what = 'For the attribute "bounds" of the element "polygon-query"'
            if len(numbers) % 2 or len(numbers) < 6 or not all(map(_NUMBER.fullmatch, numbers)):
                raise self._wrong(f"{what} an even number of at least 6 float values must be provided.")
            places = [(float(lon), float(lat)) for lat, lon in zip(numbers[::2], numbers[1::2], strict=True)]
            area = shapely.make_valid(shapely.Polygon(places))
        shapely.prepare(area)
        return area

    def _corner(self, last: str) -> float:
        number = float(self._take("number"))
        self._expect(last)
        return number

    def _peek(self) -> tuple[str, str, int]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "", len(self._query))

    def _next(self, text: str) -> bool:
        """Whether this sign or word is next; it is passed then."""
        found = self._peek()[0] != "text" and self._peek()[1] == text
        self._at += found
        return found

    def _expect(self, text: str) -> None:
        if self._peek()[1] == "->":
            raise NotUnderstood("A named set.")
        if not self._next(text):
            raise self._wrong(f"'{text}' expected - '{self._peek()[1][:40]}' found.")

    def _any(self, *kinds: str) -> str:
        """The next token, without its quotes, if it is of one of these kinds."""
        kind, text, _ = self._peek()
        if kind not in kinds:
            raise self._wrong(f"{' or '.join(kinds)} expected - '{text[:40]}' found.")
        self._at += 1
        return _unquoted(text) if kind == "text" else text

    def _take(self, kind: str) -> str:
        return self._any(kind)

    def _wrong(self, message: str, place: int | None = None) -> ParseError:
        line = self._query.count("\n", 0, self._peek()[2] if place is None else place) + 1
        return ParseError(f"line {line}: parse error: {message}")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text[1:-1])


def _recurse(elements: Elements, held: Found) -> Found:
    """``>``: nodes of ways, members of relations (no relations), nodes of the ways among those."""
    members = {
        (kind, ref)
        for what, number in held
        if what == "relation"
        for kind, ref, _ in elements.relations[number][0]
        if kind != "relation"
    }
    ways = {number for kind, number in held | members if kind == "way" and number in elements.ways}
    return frozenset(members | {("node", ref) for number in ways for ref in elements.ways[number][0]})
