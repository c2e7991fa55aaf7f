"""``datapackage.json``: what the files beside it hold, for programs (Frictionless Data Package 1).

References
----------
https://specs.frictionlessdata.io/data-package/ and /tabular-data-resource/
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from justgeo.report import checklist as lists
from justgeo.report import quality_page
from justgeo.report.fields import FIELDS
from justgeo.report.grant_rows import measured
from justgeo.report.results import DISCLAIMER, INVENTED

_KINDS = {
    "csv": "text/csv",
    "gpkg": "application/geopackage+sqlite3",
    "html": "text/html",
    "json": "application/json",
    "md": "text/markdown",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_KEY = ["indicator", "zone", "group"]

_ABOUT = {
    "results.json": "Every number with its margin, or why it is not there: all other files are made from it.",
    "indicators.csv": "One row a number: place, indicator, group.",
    "indicators.parquet": "The same rows with their types.",
    "indicators.xlsx": "The grant writer's workbook: baselines and targets by category, sentences, sources.",
    "indicators.md": "The same as text.",
    "indicators.gpkg": "Boundary, reference and areas with a column of values and one of margins for each indicator.",
    "checklist.csv": "The Protocol's checklist, one row an item.",
    "checklist.json": "The same with counts, answers, forms and targets.",
    "checklist.html": "The same to read and print.",
    "checklist.md": "The same as text.",
    "checklist.xlsx": "The same to type answers into: justgeo checklist --read takes them back.",
    "quality.html": "How good the data are: what is odd, what holds, what could not be checked.",
    "quality.csv": "The same, one row a check.",
}


def datapackage(results: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The content of ``datapackage.json`` for the files that are in a folder.

    Returns
    -------
    dict
        ``name, title, description, licenses, sources, resources``, and ``units`` by indicator. An empty cell is
        missing, never 0.
    """
    layers = results["layers"]
    return {
        "profile": "data-package",
        "name": results["slug"],
        "title": f"Baseline of {results['name']}",
        "description": f"{INVENTED}. {DISCLAIMER}" if results["synthetic"] else DISCLAIMER,
        "synthetic": results["synthetic"],
        "keywords": ["baseline", "equity", "margin of error", "neighborhood"],
        "licenses": _licences(layers),
        "sources": _sources(layers),
        "units": {row["id"]: row["unit"] for row in results["indicators"]},
        "resources": [_resource(folder / name, results) for name in _ABOUT if (folder / name).exists()],
    }


def _licences(layers: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    found = dict.fromkeys(layer["licence"] for layer in layers if layer["licence"])
    return [{"name": re.sub(r"[^-a-zA-Z0-9._]+", "-", told).strip("-") or "other", "title": told} for told in found]


def _sources(layers: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for layer in measured(list(layers)):
        title = f"{layer['source']}, {layer['dataset']}".strip(", ")
        told = {"title": f"{title} ({layer['vintage']})" if layer["vintage"] else title}
        if layer["url"].startswith(("https://", "http://")):
            told["path"] = layer["url"]
        if layer["attribution"]:
            told["attribution"] = layer["attribution"]
        found.setdefault(told["title"], told)
    return list(found.values())


def _resource(path: Path, results: Mapping[str, Any]) -> dict[str, Any]:
    body = path.read_bytes()
    kind = path.suffix.removeprefix(".")
    made: dict[str, Any] = {
        "name": re.sub(r"[^a-z0-9._-]+", "-", path.name),
        "path": path.name,
        "description": _ABOUT[path.name],
        "format": kind,
        "mediatype": _KINDS[kind],
        "bytes": len(body),
        "hash": f"sha256:{hashlib.sha256(body).hexdigest()}",
    }
    if kind in ("csv", "json", "md"):
        made["encoding"] = "utf-8"
    if path.stem == "indicators" and kind in ("csv", "parquet"):
        made["schema"] = {"fields": _fields(results), "primaryKey": _KEY, "missingValues": [""]}
    if path.name == "checklist.csv":
        names = ("place", "invented", *lists.FIELDS)
        made["schema"] = {"fields": [{"name": name, "type": "string"} for name in names], "missingValues": [""]}
    if path.name == quality_page.TABLE:
        numbers = ("found", "low", "high")
        fields = [{"name": one, "type": "number" if one in numbers else "string"} for one in quality_page.COLUMNS]
        made["schema"] = {"fields": fields, "primaryKey": ["check"], "missingValues": [""]}
    if kind == "csv":
        made |= {"profile": "tabular-data-resource", "dialect": {"delimiter": ",", "lineTerminator": "\r\n"}}
    return made


def _fields(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    known = {"indicator": sorted(row["id"] for row in results["indicators"])}
    found = []
    for field in FIELDS:
        told: dict[str, Any] = {"name": field.name, "type": field.kind, "description": field.about}
        if field.name in _KEY:
            told["constraints"] = {"required": True}
        if field.name in known:
            told["constraints"] = {"required": True, "enum": known[field.name]}
        found.append(told)
    return found
