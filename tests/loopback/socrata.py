"""Socrata's open data API (SODA 2.1): tables by their four-by-four, as JSON or CSV.

Source: https://dev.socrata.com/docs (queries, formats, response codes). Numbers come as text in JSON, what is empty is
left out of the row, and an answer has 1,000 rows unless ``$limit`` asks for more: a client that does not ask gets a
part and no sign of it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from tests.loopback.messages import Request, Response, json_response
from tests.loopback.where import BadWhere, column, where

LIMIT = 1000
_AGGREGATES = {"count": "count", "min": "min", "max": "max", "sum": "sum", "avg": "mean"}
_PART = re.compile(r"(?:(\w+)\(\s*([\w:.*]+)\s*\)|([\w:.*]+))(?:\s+AS\s+(\w+))?", re.IGNORECASE)
_KNOWN = {"$where", "$select", "$limit", "$offset", "$order", "$$app_token"}


class _Refused(Exception):
    """An error of the service."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


class Socrata:
    """The server: ``/resource/{id}.json`` and ``/resource/{id}.csv``.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        By four-by-four (``cwsq-ngmh``).
    updated : str
        HTTP date of the last change, told by each answer.
    """

    def __init__(self, frames: Mapping[str, pd.DataFrame], updated: str = "Sat, 01 Jun 2024 00:00:00 GMT") -> None:
        self.frames = {name: pd.DataFrame(frame).reset_index(drop=True) for name, frame in frames.items()}
        self.updated = updated

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        match = re.fullmatch(r"/resource/([\w-]+)\.(json|csv)", request.path)
        try:
            if match is None or match[1] not in self.frames:
                name = match[1] if match else request.path
                raise _Refused("dataset.missing", f"Cannot find view with id {name}", 404)
            asked = {name: values[0] for name, values in {**request.query, **request.form}.items()}
            found = _query(self.frames[match[1]], asked)
        except _Refused as error:
            body = {"code": error.code, "errorCode": error.code, "error": True, "message": str(error), "data": {}}
            return json_response(body, error.status)
        headers = {"Last-Modified": self.updated, "X-SODA2-Fields": json.dumps(list(found.columns))}
        if match[2] == "csv":
            return Response(200, _csv(found).encode(), "text/csv; charset=utf-8", headers)
        rows = [
            {name: told for name, value in row.items() if (told := _plain(value)) is not None}
            for row in found.to_dict("records")
        ]
        return Response(200, json.dumps(rows, ensure_ascii=False).encode(), "application/json; charset=utf-8", headers)


def _query(frame: pd.DataFrame, asked: Mapping[str, str]) -> pd.DataFrame:
    """The table that a query asks for: rows, order, page, columns."""
    if "$query" in asked or "$group" in asked or "$having" in asked or "$q" in asked:
        raise NotImplementedError(f"A query by {sorted(asked)} is not written here.")
    if unknown := [name for name in asked if name.startswith("$") and name not in _KNOWN]:
        raise _Refused("query.execution.queryIsInvalid", f"Unrecognized arguments [{', '.join(unknown)}]")
    try:
        found = frame[where(frame, asked["$where"])] if asked.get("$where") else frame
        for name, value in asked.items():
            if not name.startswith("$"):
                found = found[found[column(frame, name)].map(_plain) == value]
        found = _ordered(found, asked.get("$order"))
        start, size = _count(asked, "$offset", 0), _count(asked, "$limit", LIMIT)
        parts = _parts(frame, asked.get("$select") or "*")
    except BadWhere as error:
        code = {"syntax": "query.compiler.malformed"}.get(error.kind, f"query.soql.{error.kind}")
        told = {"no-such-column": f"No such column: {error}", "syntax": f"Could not parse SoQL query {error}"}
        raise _Refused(code, f"Query coordinator error: {code}; {told.get(error.kind, str(error))}") from error
    if any(how for how, _, _ in parts):
        return _aggregated(found, parts)
    return pd.DataFrame({label: found[name] for _, name, label in parts}).iloc[start : start + size]


def _parts(frame: pd.DataFrame, told: str) -> list[tuple[str, str, str]]:
    """What ``$select`` names: aggregate (or none), column, label."""
    parts = []
    for text in told.split(","):
        match = _PART.fullmatch(text.strip())
        if match is None:
            raise BadWhere("syntax", repr(told))
        how, inner, plain, label = match.groups()
        if plain == "*":
            parts += [("", str(name), str(name)) for name in frame.columns]
        elif plain:
            parts.append(("", column(frame, plain), label or column(frame, plain)))
        elif how.lower() not in _AGGREGATES:
            raise NotImplementedError(f"{how} is not written here.")
        else:
            name = inner if inner in ("*", "1") else column(frame, inner)
            parts.append((how.lower(), name, label or (how.lower() if name in ("*", "1") else f"{how.lower()}_{name}")))
    return parts


def _aggregated(found: pd.DataFrame, parts: list[tuple[str, str, str]]) -> pd.DataFrame:
    if plain := [name for how, name, _ in parts if not how]:
        code = "query.soql.column-not-in-group-bys"
        raise _Refused(code, f"Query coordinator error: {code}; Column not in group bys: {plain[0]}")
    row = {
        label: len(found) if name in ("*", "1") else getattr(found[name], _AGGREGATES[how])()
        for how, name, label in parts
    }
    return pd.DataFrame([row])


def _ordered(found: pd.DataFrame, told: str | None) -> pd.DataFrame:
    """In the order asked for; what is empty comes last, or first where the order is falling."""
    for part in reversed([part.split() for part in told.split(",")] if told else []):
        falling = [word.upper() for word in part[1:]] == ["DESC"]
        name = column(found, part[0])
        found = found.sort_values(
            name, ascending=not falling, kind="stable", na_position="first" if falling else "last"
        )
    return found


def _count(asked: Mapping[str, str], name: str, otherwise: int) -> int:
    text = asked.get(name, str(otherwise))
    if not text.isdigit():
        raise _Refused("query.execution.queryIsInvalid", f"Invalid value for {name}: {text}")
    return int(text)


def _plain(value: Any) -> Any:
    """A value as the API has it: numbers as text, times without zone, geometry as GeoJSON, nothing as None."""
    if isinstance(value, BaseGeometry):
        return json.loads(json.dumps(mapping(value)))
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000")
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _csv(found: pd.DataFrame) -> str:
    """Comma-separated, every field between quotes; geometry as WKT, nothing as nothing."""
    target = io.StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(found.columns)
    for row in found.itertuples(index=False):
        told = [value.wkt if isinstance(value, BaseGeometry) else _plain(value) for value in row]
        writer.writerow(["" if value is None else value for value in told])
    return target.getvalue()
