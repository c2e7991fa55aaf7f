"""The text of ``answers.yml``: read without trust, and added to without touching a byte of what stands there.

The file is a planner's own, with comments, an order and a style. What is added is put as new lines at the end of its
list; only where the list is written in one line (``[a, b]``) is the whole written anew, by the library that keeps
comments. Either way the new text is read again and held against the old one before anybody sees it.

YAML can do more than a list of answers needs: names for parts, repeated (a short file then unfolds to gigabytes), types
of the program, several documents. All of it is refused.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scalarstring import LiteralScalarString
from ruamel.yaml.tokens import (
    AliasToken,
    AnchorToken,
    BlockEndToken,
    BlockMappingStartToken,
    BlockSequenceStartToken,
    DirectiveToken,
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
    TagToken,
)

from justgeo.core.errors import ConfigError

MOST = 500_000
"""Characters; a district's answers are some tens of thousands."""
DEEPEST = 12
WIDTH = 110

_OPENING = (BlockMappingStartToken, BlockSequenceStartToken, FlowMappingStartToken, FlowSequenceStartToken)
_CLOSING = (BlockEndToken, FlowMappingEndToken, FlowSequenceEndToken)
_TOO_MUCH = {
    AnchorToken: "names a part (&) to repeat it",
    AliasToken: "repeats a named part (*)",
    TagToken: "gives a type (!)",
    DirectiveToken: "has a directive (%)",
}

Rows = Mapping[tuple[str, ...], Sequence[Mapping[str, Any]]]
"""Entries to add, by the way to their list: ``("items", "GW-1")``, ``("targets",)``."""


def parse(text: str, name: str) -> dict[str, Any]:
    """Plain values of the file; nothing where it holds comments alone.

    Parameters
    ----------
    text : str
    name : str
        For the message.

    Raises
    ------
    ConfigError
        It is no YAML, too long, too deep, a key stands twice or is no text, or it uses more of YAML than answers need.
    """
    if len(text) > MOST:
        raise ConfigError(
            f"{name} has {len(text):,} characters; at most {MOST:,} are read.",
            remedy="keep long documents in files of their own and name them under evidence.",
        )
    try:
        _refuse_more(text, name)
        raw = _safe().load(text)
    except (YAMLError, ValueError, RecursionError) as why:
        told = " ".join(str(getattr(why, "problem", None) or why).split())[:200]
        mark = getattr(why, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        raise ConfigError(
            f"{name}{where}: it cannot be read as YAML: {told}.",
            remedy="mend that line; put texts with a colon or a # in double quotes, and write each key once.",
        ) from why
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise ConfigError(f"{name} holds no keys with values.", remedy="begin it with a line such as: items:")
    _refuse_keys(raw, name)
    return raw


def _refuse_more(text: str, name: str) -> None:
    depth = 0
    for token in _safe().scan(text):
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        told = _TOO_MUCH.get(type(token)) or ("is nested too deeply" if depth > DEEPEST else "")
        if told:
            raise ConfigError(
                f"{name}, line {token.start_mark.line + 1}: it {told}.",
                remedy="write it out; texts that begin with & * ! or % belong in double quotes.",
            )


def _refuse_keys(value: Any, name: str) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise ConfigError(f"{name}: the key {key!r} is no text.", remedy=f'put it in quotes: "{key}".')
            _refuse_keys(inner, name)
    elif isinstance(value, list):
        for inner in value:
            _refuse_keys(inner, name)


def added(text: str, rows: Rows, name: str) -> str:
    """The text with entries added at the end of their lists; everything that stood in it stands in it still.

    Parameters
    ----------
    text : str
        As `parse` reads it.
    rows : mapping
        Entries by the way to their list.
    name : str
        For the message.

    Raises
    ------
    ConfigError
        There is no way to add to this text that keeps what stands in it.
    """
    wanted = _joined(parse(text, name), rows)
    for way in (_inserted, _written_anew):
        try:
            made = way(text, rows)
            if _same(parse(made, name), wanted) and not _lost(text, made):
                return made
        except (ConfigError, YAMLError, ValueError, _NoPlace):
            continue
    raise ConfigError(
        f"{name}: nothing could be added without changing what stands there.",
        remedy="write each list of the file as lines that begin with a dash, then read the sheet again.",
    )


class _NoPlace(Exception):
    """The list to add to is not written as lines of its own."""


def _joined(raw: Mapping[str, Any], rows: Rows) -> dict[str, Any]:
    """What the file says once the entries are added; an answer that is a text alone becomes the first of a list."""
    made = {key: dict(value) if key == "items" and isinstance(value, dict) else value for key, value in raw.items()}
    for way, more in rows.items():
        place: dict[str, Any] = made
        for step in way[:-1]:
            if place.get(step) is None:
                place[step] = {}
            place = place[step]
        there = place.get(way[-1])
        listed = [{"text": there}] if isinstance(there, str) else list(there or [])
        place[way[-1]] = [*listed, *(dict(row) for row in more)]
    return made


def _inserted(text: str, rows: Rows) -> str:
    for way, more in rows.items():
        end = "\r\n" if "\r\n" in text else "\n"
        lines = text.splitlines(keepends=True)
        if lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += end
        at, indent, rest = _place(_safe().compose(text), way, len(lines))
        block = _dump(_nested(rest, more)).splitlines()
        lines[at:at] = [f"{' ' * indent}{line}{end}" if line else end for line in block]
        text = "".join(lines)
    return text


def _nested(way: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Any:
    made: Any = [dict(row) for row in rows]
    for step in reversed(way):
        made = {step: made}
    return made


def _place(root: Node | None, way: tuple[str, ...], n_lines: int) -> tuple[int, int, tuple[str, ...]]:
    """Line before which to insert, its indent, and what of the way is not there yet."""
    if root is None:
        return n_lines, 0, way
    node = root
    for done, step in enumerate(way):
        if not isinstance(node, MappingNode) or node.flow_style:
            raise _NoPlace
        inner = next((value for key, value in node.value if key.value == step), None)
        if inner is None:
            return _after(node), int(node.start_mark.column), way[done:]
        node = inner
    if not isinstance(node, SequenceNode) or node.flow_style:
        raise _NoPlace
    return _after(node), int(node.start_mark.column), ()


def _after(node: Node) -> int:
    """The line after the last thing that a block holds: comments that follow it speak of what comes next."""
    while isinstance(node, (MappingNode, SequenceNode)) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(node, MappingNode) else last
    mark = node.end_mark
    ends_before = isinstance(node, ScalarNode) and node.style in ("|", ">") and mark.column == 0
    return int(mark.line) + (0 if ends_before else 1)


def _written_anew(text: str, rows: Rows) -> str:
    keeper = _keeper()
    document = keeper.load(text)
    document = CommentedMap() if document is None else document
    for way, more in rows.items():
        place = document
        for step in way[:-1]:
            if place.get(step) is None:
                place[step] = CommentedMap()
            place = place[step]
        there = place.get(way[-1])
        if not isinstance(there, CommentedSeq):
            there = CommentedSeq([CommentedMap(text=there)] if isinstance(there, str) else [])
            place[way[-1]] = there
        there.fa.set_block_style()
        there.extend(_lined(dict(row)) for row in more)
    stream = io.StringIO()
    keeper.dump(document, stream)
    return stream.getvalue()


def _same(one: Any, other: Any) -> bool:
    """Equal, and of one type: 1 is not true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and bool(one == other)


def _lost(text: str, made: str) -> bool:
    """Whether a comment is gone."""
    there = comments(made)
    for one in comments(text):
        if one not in there:
            return True
        there.remove(one)
    return False


def comments(text: str) -> list[str]:
    """Comments of a text, in order."""
    inside = [(node.start_mark.index, node.end_mark.index) for node in _scalars(_safe().compose(text))]
    found, at = [], 0
    for line in text.splitlines(keepends=True):
        for place, sign in enumerate(line):
            if sign == "#" and (place == 0 or line[place - 1] in " \t"):
                index = at + place
                if not any(start <= index < end for start, end in inside):
                    found.append(line[place:].strip())
                    break
        at += len(line)
    return found


def _scalars(node: Node | None) -> Iterable[ScalarNode]:
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, SequenceNode):
        for one in node.value:
            yield from _scalars(one)
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)


def _dump(value: Any) -> str:
    stream = io.StringIO()
    _keeper().dump(_lined(value), stream)
    return stream.getvalue()


def _lined(value: Any) -> Any:
    """Texts of several lines as lines, where YAML can have them so."""
    if isinstance(value, dict):
        return CommentedMap((key, _lined(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return [_lined(inner) for inner in value]
    if isinstance(value, str) and "\n" in value:
        plain = all(line == line.strip() and line.isprintable() for line in value.split("\n"))
        return LiteralScalarString(value) if plain else value
    return value


def _safe() -> YAML:
    return YAML(typ="safe", pure=True)


def _keeper() -> YAML:
    keeper = YAML(typ="rt", pure=True)
    keeper.preserve_quotes = True
    keeper.width = WIDTH
    keeper.allow_unicode = True
    keeper.indent(mapping=2, sequence=2, offset=0)
    return keeper
