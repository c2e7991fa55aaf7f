"""Conditions of SQL over a table, as ArcGIS (``where``) and Socrata (``$where``) take them.

Comparisons, ``IN``, ``LIKE``, ``BETWEEN``, ``IS NULL``, ``AND``, ``OR``, ``NOT``, with the three values of SQL: what
compares with nothing is neither true nor false, and is left out. A text is not compared with a number: both services
refuse that, and a client that asks for ``STATEFP = 6`` should learn it.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<quoted>"[^"]+"|`[^`]+`)"""
    r"""|(?P<word>[A-Za-z_:@][\w.:@]*)|(?P<sign><=|>=|<>|!=|[-=<>(),]))""",
)
_SIGNS = ("=", "<>", "!=", "<", "<=", ">", ">=")
Mask = Any  # pandas' array of booleans, with NA


class BadWhere(ValueError):
    """A condition that cannot be read or does not fit the table.

    Attributes
    ----------
    kind : str
        ``syntax``, ``no-such-column`` or ``type-mismatch``.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def where(frame: pd.DataFrame, text: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The rows for which a condition is true; names of columns have no case.

    Raises
    ------
    BadWhere
        Where the condition cannot be read, names a column that is not there, or compares text with numbers.
    NotImplementedError
        Where it uses a function that is not written here.
    """
    reader = _Reader(frame, text)
    mask = reader.either()
    if reader.peek() != ("end", ""):
        raise reader.wrong()
    return np.asarray(mask.fillna(False), dtype=np.bool_)


def column(frame: pd.DataFrame, name: str) -> str:
    """The column of that name, without regard to case."""
    for known in frame.columns:
        if str(known).lower() == name.lower():
            return str(known)
    raise BadWhere("no-such-column", name)


class _Reader:
    def __init__(self, frame: pd.DataFrame, text: str) -> None:
        self._frame, self._text, self._tokens, self._at = frame, text, list[tuple[str, str]](), 0
        place, end = 0, len(text.rstrip())
        while place < end:
            match = _TOKEN.match(text, place)
            if match is None:
                raise self.wrong()
            self._tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
            place = match.end()

    def peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def wrong(self) -> BadWhere:
        return BadWhere("syntax", f"{self._text!r} at {self.peek()[1] or 'its end'!r}")

    def either(self) -> Mask:
        mask = self._both()
        while self._word("OR"):
            mask = mask | self._both()
        return mask

    def _both(self) -> Mask:
        mask = self._one()
        while self._word("AND"):
            mask = mask & self._one()
        return mask

    def _one(self) -> Mask:
        if self._word("NOT"):
            return ~self._one()
        if self.peek() == ("sign", "("):
            self._at += 1
            mask = self.either()
            self._sign(")")
            return mask
        if self.peek()[1].lower() == "starts_with":
            return self._starts_with()
        return self._comparison()

    def _comparison(self) -> Mask:
        left = self._operand()
        if self._word("IS"):
            absent = not self._word("NOT")
            if not self._word("NULL"):
                raise self.wrong()
            return _mask((left.isna() == absent).to_numpy(dtype=bool))
        negated = self._word("NOT")
        if self._word("IN"):
            mask = self._among(left)
        elif self._word("LIKE"):
            mask = self._like(left)
        elif self._word("BETWEEN"):
            low = self._operand()
            if not self._word("AND"):
                raise self.wrong()
            mask = _compared(left, ">=", low) & _compared(left, "<=", self._operand())
        elif not negated and self.peek()[1] in _SIGNS and self.peek()[0] == "sign":
            self._at += 1
            return _compared(left, self._tokens[self._at - 1][1], self._operand())
        else:
            raise self.wrong()
        return ~mask if negated else mask

    def _among(self, left: pd.Series) -> Mask:
        self._sign("(")
        mask = _compared(left, "=", self._operand())
        while self.peek() == ("sign", ","):
            self._at += 1
            mask = mask | _compared(left, "=", self._operand())
        self._sign(")")
        return mask

    def _like(self, left: pd.Series) -> Mask:
        kind, text = self.peek()
        if kind != "text":
            raise self.wrong()
        self._at += 1
        wild = {"%": ".*", "_": "."}
        pattern = re.compile("".join(wild.get(sign) or re.escape(sign) for sign in _unquoted(text)), re.DOTALL)
        return _each(left, lambda value: pattern.fullmatch(str(value)) is not None)

    def _starts_with(self) -> Mask:
        self._at += 1
        self._sign("(")
        left = self._operand()
        self._sign(",")
        start = self._operand()
        self._sign(")")
        beginning = str(start.iloc[0]) if len(start) else ""
        return _each(left, lambda value: str(value).startswith(beginning))

    def _operand(self) -> pd.Series:
        """A column or a literal, as a series as long as the table."""
        kind, text = self.peek()
        self._at += 1
        if kind == "text":
            return self._constant(_unquoted(text))
        if kind == "number" or (kind, text) == ("sign", "-"):
            return self._constant(float(text if kind == "number" else f"-{self._number()}"))
        if kind == "quoted":
            return self._column(text[1:-1])
        if kind != "word" or text.upper() in ("AND", "OR", "NOT", "IN", "LIKE", "IS", "NULL", "BETWEEN"):
            self._at -= 1
            raise self.wrong()
        if text.upper() in ("DATE", "TIMESTAMP") and self.peek()[0] == "text":
            self._at += 1
            return self._constant(pd.Timestamp(_unquoted(self._tokens[self._at - 1][1])))
        if text.upper() in ("TRUE", "FALSE"):
            return self._constant(text.upper() == "TRUE")
        if self.peek() == ("sign", "("):
            return self._function(text.upper())
        return self._column(text)

    def _column(self, name: str) -> pd.Series:
        found: pd.Series = self._frame[column(self._frame, name)]
        return found

    def _function(self, name: str) -> pd.Series:
        if name not in ("UPPER", "LOWER"):
            raise NotImplementedError(f"The function {name} is not written here.")
        self._sign("(")
        inner = self._operand()
        self._sign(")")
        text: pd.Series = inner.astype("string")
        return text.str.upper() if name == "UPPER" else text.str.lower()

    def _number(self) -> str:
        kind, text = self.peek()
        if kind != "number":
            raise self.wrong()
        self._at += 1
        return text

    def _constant(self, value: Any) -> pd.Series:
        told: pd.Series = pd.Series([value] * len(self._frame), index=self._frame.index, dtype=_dtype(value))
        return told

    def _word(self, word: str) -> bool:
        found = self.peek()[0] == "word" and self.peek()[1].upper() == word
        self._at += found
        return found

    def _sign(self, sign: str) -> None:
        if self.peek() != ("sign", sign):
            raise self.wrong()
        self._at += 1


def _dtype(value: Any) -> Any:
    if isinstance(value, bool):
        return "boolean"
    return {str: "string", float: "float64"}.get(type(value), "datetime64[ns]")


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _each(values: pd.Series, test: Any) -> Mask:
    known = values.notna().to_numpy(dtype=bool)
    truth = [bool(ok) and bool(test(value)) for ok, value in zip(known, values, strict=True)]
    return _mask(np.array(truth, dtype=bool), known)


def _kind(values: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_numeric_dtype(values):
        return "number"
    return "time" if pd.api.types.is_datetime64_any_dtype(values) else "text"


def _compared(left: pd.Series, sign: str, right: pd.Series) -> Mask:
    kinds = {_kind(left), _kind(right)}
    if kinds == {"time", "text"}:
        left, right = pd.to_datetime(left), pd.to_datetime(right)
    elif len(kinds) > 1:
        raise BadWhere("type-mismatch", f"{' and '.join(sorted(kinds))} are compared by {sign}")
    known = (left.notna() & right.notna()).to_numpy(dtype=bool)
    truth = np.zeros(len(left), dtype=bool)
    a, b = left[known].to_numpy(dtype=object), right[known].to_numpy(dtype=object)
    tests = {"=": a == b, "<>": a != b, "!=": a != b} if sign in ("=", "<>", "!=") else {}
    if not tests:
        tests = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}
    truth[known] = tests[sign]
    return _mask(truth, known)


def _mask(truth: Any, known: Any = None) -> Mask:
    """True and false, and neither where a row is not known."""
    return pd.arrays.BooleanArray(truth, np.zeros(len(truth), dtype=bool) if known is None else ~known)
