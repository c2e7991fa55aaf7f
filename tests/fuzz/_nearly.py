"""What is nearly right: a right input with one to three things in it broken, so that a reader is reached in depth."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

DEEP = 5_000
"""So deep that whatever calls itself for each step falls."""

ODD_TEXTS = (
    "", " ", "\x00", "a\x00b", "\ud800", "\u202e", "\ufeff", "é" * 300, "x" * 10_000, "../../etc/passwd", "/", "~", ".",
    "https://[", "http://a b/c", "file:///etc/passwd", "nan", "inf", "1e400", "-1", "0", "null", "true", "=1+1",
    "%s %d",
    "{value}", "${HOME}", "<b>x</b>", "2020-13-45", "9" * 400, "9" * 5_000, "-666666666", "B25003_001..999", "B25003",
    "\n", "a\r\nb",
)  # fmt: skip
ODD_NUMBERS = (
    0, 1, -1, 2, 7, 2**31, -(2**31), 2**63, 2**64, -(2**64), 10**400, math.nan, math.inf, -math.inf, 0.0, -0.0, 0.5,
    1.5, -0.5,
    1e-320, 1e15, 1e22, 1e308, -1e308, 5e-324, -666666666, -555555555, -222222222.0, 2020.0, 180.0000001, 90.5,
)  # fmt: skip
ODD_REST: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    {"": ""},
    [1, "a", None],
    {"type": None},
    [[[[[]]]]],
)

odd = st.one_of(st.sampled_from(ODD_TEXTS), st.sampled_from(ODD_NUMBERS), st.sampled_from(ODD_REST).map(copy.deepcopy))
"""Values that stand where another one is due."""

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
"""Any value that JSON can hold, and the numbers that it cannot."""

Step = str | int


def places(value: Any, way: tuple[Step, ...] = ()) -> list[tuple[Step, ...]]:
    """Ways to every part of plain values, the whole first."""
    found = [way]
    if isinstance(value, Mapping):
        for key in value:
            found += places(value[key], (*way, key))
    elif isinstance(value, list):
        for n, one in enumerate(value):
            found += places(one, (*way, n))
    return found


def at(value: Any, way: Sequence[Step]) -> Any:
    """The part that a way leads to."""
    for step in way:
        value = value[step]
    return value


@st.composite
def broken(draw: st.DrawFn, right: Any, instead: st.SearchStrategy[Any] = odd) -> Any:
    """Plain values with one to three parts replaced, taken out, doubled, renamed, or put elsewhere."""
    made = copy.deepcopy(right)
    for _ in range(draw(st.integers(1, 3))):
        ways = places(made)[1:]
        if not ways:
            return draw(instead)
        way = draw(st.sampled_from(ways))
        holder, step = at(made, way[:-1]), way[-1]
        deed = draw(st.sampled_from(["replace", "replace", "replace", "remove", "double", "rename", "swap"]))
        if deed == "replace":
            holder[step] = draw(instead)
        elif deed == "remove":
            del holder[step]
        elif deed == "swap":
            holder[step] = copy.deepcopy(at(made, draw(st.sampled_from(ways))))
        elif isinstance(holder, list):
            holder.insert(int(step), copy.deepcopy(holder[int(step)]))
        elif deed == "double":
            holder[draw(st.sampled_from(["type", "geoid", "value", "extra", ""]))] = copy.deepcopy(holder[step])
        else:
            holder[f"{step}{draw(st.sampled_from(['s', ' ', '_', '0']))}"] = holder.pop(step)
    return made


@st.composite
def cut(draw: st.DrawFn, right: str, pieces: Sequence[str] = ODD_TEXTS) -> str:
    """A text with one to three spans of it taken out, replaced or doubled."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(right)))
        end = min(len(right), start + draw(st.integers(0, 12)))
        right = right[:start] + draw(st.sampled_from(["", right[start:end] * 2, *pieces])) + right[end:]
    return right


@st.composite
def damaged(draw: st.DrawFn, right: bytes) -> bytes:
    """Bytes of which some are others, some are gone, or the rest is."""
    made = bytearray(right)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(made) - 1, 0)))
        deed = draw(st.sampled_from(["flip", "cut", "end", "insert"]))
        if deed == "flip" and made:
            made[place] = draw(st.integers(0, 255))
        elif deed == "cut":
            del made[place : place + draw(st.integers(1, 8))]
        elif deed == "end":
            del made[place:]
        else:
            made[place:place] = draw(st.sampled_from([b"\x00", b"\xff\xfe", b'"', b"\r", b",", b"|", b"\xef\xbb\xbf"]))
    return bytes(made)


def nested(opening: str, inside: str, closing: str) -> st.SearchStrategy[str]:
    """A text that opens far more often than anything sensible."""
    return st.sampled_from([30, 300, DEEP, 100_000]).map(lambda n: opening * n + inside + closing * n)


def as_json(value: Any) -> str:
    """JSON as services and editors write it; what is no number as JavaScript has it."""
    return json.dumps(value, ensure_ascii=False)


def as_toml(told: Mapping[str, Any]) -> str:
    """TOML, a line for each key; what TOML cannot hold is left out."""
    if not isinstance(told, Mapping):
        return f"a = {_toml(told)}\n"
    return "".join(f"{_toml(str(key))} = {_toml(value)}\n" for key, value in told.items() if value is not None)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value if one is not None) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(str(k))} = {_toml(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**300 else "1" + "0" * 400
    return repr(value)


def write(path: Any, text: str | bytes) -> Any:
    """Write a text as it is, also where it holds what is no letter."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return path


def are(kind: type, *values: Any) -> bool:
    """Whether values are what their types say: of what was read, types alone promise nothing."""
    return all(isinstance(one, kind) for one in values)


def finite(value: Any, *, missing: bool = True) -> None:
    """Every number within plain values is finite; where ``missing`` is allowed, it is None or NaN."""
    if isinstance(value, Mapping):
        value = [*value.values()]
    if isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            finite(one, missing=missing)
    elif isinstance(value, float):
        assert math.isfinite(value) or (missing and math.isnan(value)), f"{value!r} was taken for a number"
