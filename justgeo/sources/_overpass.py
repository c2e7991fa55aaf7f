"""Answers of Overpass as JSON: believed or refused, and merged into one set of elements."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeGuard

from justgeo.core.errors import SourceError

#: OpenStreetMap keeps coordinates in whole parts of this size, 1e-7 degrees.
PARTS = 10_000_000

_NAME = re.compile(r"^answer-(\d+)\.json\.gz$")
_MOST_ID = 2**63
_LETTER = {"node": "n", "way": "w", "relation": "r"}
_AREAS = ("multipolygon", "boundary")
_AGAIN = (
    "fetch again. If the server goes on answering so, ask another of its mirrors, or use a local extract (.osm.pbf) "
    "of the state or county."
)


class Element(NamedTuple):
    """A node, way or relation.

    Attributes
    ----------
    made_of : tuple
        Of a node, longitude and latitude in 1e-7 degrees; of a way, the numbers of its nodes; of a relation, its
        members as (letter of the type, number, role). The same wherever the element comes again.
    tags : dict of str to str
        By key.
    """

    made_of: tuple[Any, ...]
    tags: dict[str, str]


@dataclass(frozen=True)
class Merged:
    """All elements of some answers, once each, by rising number; and the time of the server's data (UTC)."""

    nodes: dict[int, Element]
    ways: dict[int, Element]
    relations: dict[int, Element]
    oldest: datetime
    newest: datetime


# -- files --------------------------------------------------------------------------------------------------------


def files(folder: Path) -> list[Path]:
    """The answers in a folder, in their order.

    Raises
    ------
    SourceError
        There are none, or one is missing between them.
    """
    if not folder.is_dir():
        raise SourceError(f"There is no folder of answers {folder}.", remedy="fetch again.", kind="missing")
    found = sorted((int(hit[1]), path) for path in folder.iterdir() if (hit := _NAME.match(path.name)))
    numbers = [number for number, _ in found]
    if not found or numbers != list(range(1, len(found) + 1)):
        raise SourceError(
            f"The folder {folder.name} does not hold all answers of Overpass: it has the numbers {short(numbers)}, "
            "which should run from 1 without a gap.",
            remedy="fetch again: a recording is whole or not used.",
            kind="missing",
        )
    return [path for _, path in found]


def load(path: Path) -> Mapping[str, Any]:
    """One answer, unpacked and decoded.

    Raises
    ------
    SourceError
        It is damaged, a page, or no JSON object.
    """
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        _refuse(path.name, f"cannot be unpacked ({error})")
    if data.lstrip()[:1] == b"<":
        start = " ".join(data[:120].decode("utf-8", "replace").split())
        _refuse(path.name, f"is a page or XML where JSON was due: {start!r}")
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError) as error:  # a ValueError, too, where the bytes are no UTF-8
        _refuse(path.name, f"is not JSON ({error})")
    if not isinstance(answer, Mapping):
        _refuse(path.name, f"is not an object but {short(answer)}")
    return answer


# -- all answers --------------------------------------------------------------------------------------------------


def merge(answers: Sequence[tuple[str, Mapping[str, Any]]]) -> Merged:
    """Decoded answers, each with its name for messages, as one.

    Raises
    ------
    SourceError
        One of them is damaged or partial, they differ over an element, or they hold nothing.
    """
    every: dict[str, dict[int, Element]] = {kind: {} for kind in _READ}
    times: list[datetime] = []
    for name, answer in answers:
        times.append(time_of(name, answer))
        for told in answer["elements"]:
            kind, number, element = _element(name, told)
            before = every[kind].get(number)
            every[kind][number] = element if before is None else _fuller(f"{kind} {number}", before, element)
    if not any(every.values()):
        refuse_empty("The answers of Overpass hold nothing at all")
    nodes, ways, relations = (dict(sorted(every[kind].items())) for kind in ("node", "way", "relation"))
    merged = Merged(nodes, ways, relations, min(times), max(times))
    _refuse_unfinished(merged)
    return merged


def refuse_empty(what: str) -> NoReturn:
    """Tell a server without data from a place without, say, parks: where people live there are streets."""
    raise SourceError(
        f"{what}: this server has no data for the place. (Where there are streets and no park, streets come.)",
        remedy="ask another mirror, since some hold one part of the world; or use a local extract (.osm.pbf).",
        kind="missing",
    )


def short(value: Any) -> str:
    """What was said, cut to a length that a message bears."""
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:157]}..."


def _fuller(what: str, one: Element, other: Element) -> Element:
    """Of an element that came twice, the one with tags: ``out skel`` leaves them away."""
    if one.made_of == other.made_of and (one.tags == other.tags or not one.tags or not other.tags):
        return one if one.tags else other
    raise SourceError(
        f"The data of Overpass changed between two answers: {what} came in two versions, {short(tuple(one))} and "
        f"{short(tuple(other))}.",
        remedy="fetch again: all answers of one recording have to be of the same data.",
        kind="changed",
    )


def _refuse_unfinished(merged: Merged) -> None:
    """Whole answers bring every node of every way, and the ways of every multipolygon."""
    nodes, ways = merged.nodes, merged.ways
    cut = {n: gone for n, way in ways.items() if (gone := [ref for ref in way.made_of if ref not in nodes])}
    open_ = {
        number: gone
        for number, relation in merged.relations.items()
        if relation.tags.get("type") in _AREAS
        and (gone := [ref for kind, ref, _ in relation.made_of if kind == "w" and ref not in ways])
    }
    for lacking, what, part in ((cut, "way", "node"), (open_, "relation", "way")):
        if lacking:
            first = min(lacking)
            raise SourceError(
                f"The answers of Overpass do not hold every {part} of {len(lacking)} {what}s: {what} {first} lacks "
                f"{part} {min(lacking[first])}.",
                remedy=_AGAIN,
                kind="partial",
            )


# -- one answer ---------------------------------------------------------------------------------------------------


def _refuse(name: str, why: str, kind: str = "damaged") -> NoReturn:
    raise SourceError(f"The answer of Overpass {name} {why}.", remedy=_AGAIN, kind=kind)


def time_of(name: str, answer: Mapping[str, Any]) -> datetime:
    """Time of the data (UTC), of an answer that says nothing against itself.

    Raises
    ------
    SourceError
        It has a ``remark`` (a part of what was asked for), no elements, or no time.
    """
    if "remark" in answer:
        raise SourceError(
            f"The answer of Overpass {name} is a part of what was asked for: {short(answer['remark'])}.",
            remedy="fetch again when the server is less busy, or use a local extract (.osm.pbf) of the state.",
            kind="partial",
        )
    if not isinstance(answer.get("elements"), list):
        _refuse(name, "has no list of elements")
    about = answer.get("osm3s")
    stamp = about.get("timestamp_osm_base") if isinstance(about, Mapping) else None
    try:
        time = datetime.fromisoformat(str(stamp))
    except ValueError:
        _refuse(name, f"does not say of when its data are (timestamp_osm_base: {short(stamp)})")
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _element(name: str, told: Any) -> tuple[str, int, Element]:
    """Kind, number and content."""
    kind, number = (told.get("type"), told.get("id")) if isinstance(told, Mapping) else (None, None)
    if not isinstance(kind, str) or kind not in _READ or not _is_id(number):
        _refuse(name, f"holds an element without its type or its id: {short(told)}")
    tags = told.get("tags", {})
    if not isinstance(tags, Mapping) or not all(isinstance(value, str) for value in tags.values()):
        _refuse(name, f"holds {kind} {number} with tags that are no texts: {short(tags)}")
    if any("\0" in text for one in tags.items() for text in one):
        _refuse(name, f"holds {kind} {number} with a zero byte in its tags, which libosmium would run on behind")
    made_of = _READ[kind](name, f"{kind} {number}", told)
    return kind, number, Element(made_of, dict(sorted(tags.items())))


def _place(name: str, what: str, told: Mapping[str, Any]) -> tuple[Any, ...]:
    place = []
    for key, most in (("lon", 180), ("lat", 90)):
        value = told.get(key)
        # A NaN fails both comparisons.
        if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
            _refuse(name, f"holds {what} at no place on Earth ({key} {short(value)})")
        place.append(round(value * PARTS))
    return tuple(place)


def _refs(name: str, what: str, told: Mapping[str, Any]) -> tuple[Any, ...]:
    refs = told.get("nodes")
    if not isinstance(refs, list) or not refs or not all(map(_is_id, refs)):
        _refuse(name, f"holds {what} without the numbers of its nodes: {short(refs)}", "partial")
    return tuple(refs)


def _members(name: str, what: str, told: Mapping[str, Any]) -> tuple[Any, ...]:
    members = told.get("members", [])  # there are relations without any
    if not isinstance(members, list):
        _refuse(name, f"holds {what} with members that are no list: {short(members)}")
    made: list[tuple[str, int, str]] = []
    for member in members:
        kind, ref, role = (
            (member.get(k) for k in ("type", "ref", "role")) if isinstance(member, Mapping) else [None] * 3
        )
        if not isinstance(kind, str) or kind not in _LETTER or not _is_id(ref) or not _is_text(role):
            _refuse(name, f"holds {what} with a member that is none: {short(member)}")
        made.append((_LETTER[kind], ref, role))
    return tuple(made)


_READ: Mapping[str, Callable[[str, str, Mapping[str, Any]], tuple[Any, ...]]] = {
    "node": _place,
    "way": _refs,
    "relation": _members,
}


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and "\0" not in value


def _is_id(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST_ID
