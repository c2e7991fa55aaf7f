"""Wrongness planted in a folder of outputs after its run: what ``justgeo verify`` has to find."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from justgeo.report.write import sha256
from tests.faults.case import Case

GROUP = "Planted: outputs changed after a run"
OUTPUTS, SETTINGS, INPUTS, AGAIN = "outputs", "settings", "inputs", "made again"
CHANGED, MISSING = "changed", "missing"
RENTERS = ("district", "BEL-02", "all")


@dataclass(frozen=True)
class Folders:
    """A copy of the outputs, to be changed, and those of an older run of the same district on other data."""

    out: Path
    older: Path

    def text(self, name: str, change: Callable[[str], str]) -> None:
        path = self.out / name
        before = path.read_text(encoding="utf-8")
        after = change(before)
        assert after != before, f"nothing changed in {name}"
        path.write_text(after, encoding="utf-8")

    def manifest(self, change: Callable[[dict[str, Any]], None]) -> None:
        path = self.out / "manifest.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        change(told)
        path.write_text(json.dumps(told), encoding="utf-8")

    def of_older(self, *names: str) -> None:
        """Files of the older run in place of those of this one."""
        for name in names:
            assert (self.older / name).read_bytes() != (self.out / name).read_bytes(), f"{name} is the same in both"
            shutil.copy(self.older / name, self.out / name)


@dataclass(frozen=True)
class Edit:
    """A change of a folder of outputs, and the finding that must come of it.

    Attributes
    ----------
    part, what, state : str
        Of the finding.
    detail : str
        Words of it.
    """

    case: Case
    change: Callable[[Folders], None]
    part: str
    what: str
    state: str
    detail: str = ""


def value(told: str) -> str:
    """The share of renters in the district, half as large."""
    results = json.loads(told)
    record = next(r for r in results["records"] if (r["zone"], r["indicator"], r["group"]) == RENTERS)
    record["value"] /= 2
    return json.dumps(results)


def margin(told: str) -> str:
    """The first margin of the district, half as wide."""
    results = json.loads(told)
    record = next(r for r in results["records"] if r["zone"] == "district" and r["moe"])
    record["moe"] /= 2
    return json.dumps(results)


def absence(told: str) -> str:
    """An absence is made a 0."""
    results = json.loads(told)
    record = next(r for r in results["records"] if r["zone"] == "district" and r["reason"] and r["value"] is None)
    record |= {"value": 0.0, "reason": None}
    return json.dumps(results)


def digit(told: str) -> str:
    """The last digit before a percent sign is another one."""
    return re.sub(r"(\d) %", lambda found: f"{(int(found[1]) + 1) % 10} %", told, count=1)


def cell(told: str) -> str:
    """One number of the table is another one."""
    head, rest = told.split("\n", 1)
    return head + "\n" + re.sub(r"0\.(\d)", lambda found: f"0.{(int(found[1]) + 1) % 10}", rest, count=1)


def geopackage(folders: Folders) -> None:
    """One number of the map's data is another one."""
    with closing(sqlite3.connect(folders.out / "indicators.gpkg")) as base:
        # Its triggers ask for functions that SQLite by itself has not.
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{name}"')
        tables = [name for (name,) in base.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")]
        columns = [(t, c[1]) for t in tables for c in base.execute(f'PRAGMA table_info("{t}")')
                   if c[2] in ("REAL", "DOUBLE")]  # fmt: skip
        changed = any(
            base.execute(f'UPDATE "{table}" SET "{name}" = 2 * "{name}" WHERE "{name}" > 0').rowcount
            for table, name in columns
        )
        base.commit()
    assert changed


def forged(folders: Folders) -> None:
    """A number of results.json, and in the manifest the digest of what it is then."""
    folders.text("results.json", value)
    digest = sha256(folders.out / "results.json")
    folders.manifest(lambda told: told["outputs"].update({"results.json": digest}))


def forged_table(folders: Folders) -> None:
    folders.text("indicators.csv", cell)
    digest = sha256(folders.out / "indicators.csv")
    folders.manifest(lambda told: told["outputs"].update({"indicators.csv": digest}))


def all_older(folders: Folders) -> None:
    """Everything of an older run beside the manifest of this one."""
    for path in folders.older.iterdir():
        if path.is_file() and path.name != "manifest.json":
            shutil.copy(path, folders.out / path.name)


def input_digest(told: dict[str, Any]) -> None:
    next(row for row in told["inputs"] if row["id"].startswith("acs:"))["sha256"] = "0" * 64


def input_year(told: dict[str, Any]) -> None:
    next(row for row in told["inputs"] if row["id"].startswith("acs:"))["vintage"] = "2015-2019"


def setting_digest(told: dict[str, Any]) -> None:
    next(row for row in told["settings"] if row["id"] == "district.toml")["sha256"] = "0" * 64


def output_digest(told: dict[str, Any]) -> None:
    told["outputs"]["index.html"] = "0" * 64


def no_layer(told: dict[str, Any]) -> None:
    told["inputs"] = [row for row in told["inputs"] if not row["id"].startswith("acs:")]


def edit(
    name: str,
    what: str,
    change: Callable[[Folders], None],
    part: str,
    finding: str,
    state: str = CHANGED,
    detail: str = "",
) -> Edit:
    caught = {OUTPUTS: "_outputs", SETTINGS: "_settings", INPUTS: "_inputs", AGAIN: "_files"}[part]
    case = Case(f"planted/outputs/{name}", GROUP, what, "not verified, and the file or layer is named",
                f"verifying.{caught}: flags")  # fmt: skip
    return Edit(case, change, part, finding, state, detail)


BYTES = "its bytes are not those that were written"
RESULTS, TABLE, PAGE = "results.json", "indicators.csv", "index.html"

EDITS: tuple[Edit, ...] = (
    edit("a-value", "A number in results.json is half as large", lambda f: f.text(RESULTS, value), OUTPUTS, RESULTS,
         detail=BYTES),
    edit("a-margin", "A margin in results.json is half as wide", lambda f: f.text(RESULTS, margin), OUTPUTS, RESULTS,
         detail=BYTES),
    edit("an-absence", "An absence in results.json is made a 0", lambda f: f.text(RESULTS, absence), OUTPUTS, RESULTS,
         detail=BYTES),
    edit("the-table", "A number in indicators.csv is another one", lambda f: f.text(TABLE, cell), OUTPUTS, TABLE,
         detail=BYTES),
    edit("the-page", "A percentage on the page is another one", lambda f: f.text(PAGE, digit), OUTPUTS, PAGE,
         detail=BYTES),
    edit("the-map", "Numbers in the GeoPackage are twice as large", geopackage, OUTPUTS, "indicators.gpkg",
         detail=BYTES),
    edit("the-sheet", "The spreadsheet is that of an older run", lambda f: f.of_older("indicators.xlsx"), OUTPUTS,
         "indicators.xlsx", detail=BYTES),
    edit("one-of-another-run", "One table is that of an older run", lambda f: f.of_older("indicators.parquet"), OUTPUTS,
         "indicators.parquet", detail=BYTES),
    edit("older-page", "The page is that of older results", lambda f: f.of_older(PAGE), OUTPUTS, PAGE, detail=BYTES),
    edit("older-results", "All files but the manifest are those of an older run", all_older, OUTPUTS, RESULTS,
         detail=BYTES),
    edit("gone", "A file is gone", lambda f: (f.out / TABLE).unlink(), OUTPUTS, TABLE, MISSING, "no longer there"),
    edit("forged", "A number of results.json is another one, and the manifest has its new digest", forged, AGAIN,
         RESULTS, detail="other than before"),
    edit("forged-table", "A number of indicators.csv is another one, and the manifest has its new digest", forged_table,
         AGAIN, TABLE, detail="other bytes"),
    edit("manifest-output", "The manifest has another digest of the page", lambda f: f.manifest(output_digest), OUTPUTS,
         PAGE, detail=BYTES),
    edit("manifest-input", "The manifest has another digest of an input", lambda f: f.manifest(input_digest), INPUTS,
         "acs:B25003@2024", detail="other bytes"),
    edit("manifest-year", "The manifest tells another period of an input", lambda f: f.manifest(input_year), INPUTS,
         "acs:B25003@2024", detail="vintage '2015-2019'"),
    edit("manifest-layer", "An input is left out of the manifest", lambda f: f.manifest(no_layer), INPUTS,
         "acs:B25003@2024", detail="it is new"),
    edit("manifest-setting", "The manifest has another digest of district.toml", lambda f: f.manifest(setting_digest),
         SETTINGS, "district.toml", detail="other content"),
)  # fmt: skip


@dataclass(frozen=True)
class Travel:
    """A command that takes numbers of a folder of outputs elsewhere: refused where they were changed."""

    case: Case
    command: Callable[[Folders], list[str]]


def travel(name: str, what: str, command: Callable[[Folders], list[str]]) -> Travel:
    case = Case(f"planted/outputs/{name}", GROUP, what, "refused, with its remedy: the number does not travel on",
                "report/results.refuse_edited: refuses")  # fmt: skip
    return Travel(case, command)


TRAVELS: tuple[Travel, ...] = (
    travel("exported", "A number in results.json is another one, and figures are exported for an application",
           lambda f: ["export", str(f.out), "--only", RENTERS[1], "--format", "csv", "--out",
                      str(f.out.parent / "figures.csv")]),
    travel("held-against", "A number in results.json is another one, and two runs are held against one another",
           lambda f: ["diff", str(f.older), str(f.out), "--all"]),
)  # fmt: skip
CASES: tuple[Case, ...] = (*(one.case for one in EDITS), *(one.case for one in TRAVELS))

NOT_CAUGHT: tuple[tuple[str, str], ...] = (
    (
        "Outputs, manifest, inputs and settings are all changed so that they fit one another",
        "Then the outputs do follow from their inputs; whether those are the agency's, the sources' own digests tell.",
    ),
)
"""What is planted here in vain, and why nobody could tell."""
