"""Corruptions of what was fetched: records edited, exchanged, cut, of another year; answers of fewer places."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd

from justgeo import measuring, quality, run
from justgeo.catalogue import read as catalogue
from justgeo.core.errors import JustgeoError
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from justgeo.sources._hash import digest_of
from tests import nowhere
from tests.corrupted.harness import Outcome
from tests.faults.case import Case
from tests.loopback.server import Fault

GROUP = "Planted: records of what was fetched"
RENT, INCOME = "BEL-02", "OPP-01"
ROWS = (RENT, INCOME)
TENURE, BLOCKS = "acs-B25003-2024", "blocks-2024-state-99"
DAMAGED = "the layer is absent, with the reason; nothing of it is used"
BY_RECORDS = "sources.live.records: absent"
FLAGGED = "flagged as odd, in every number that stands on the table"


@dataclass
class Shelf:
    """A district and its records, free to be spoiled.

    Attributes
    ----------
    folder : Path
        Of ``district.toml`` and ``records``.
    source : Path
        Files of the invented county.
    district, more : dict
        Tables of ``district.toml``.
    """

    folder: Path
    source: Path
    district: dict[str, Any]
    more: dict[str, dict[str, Any]]

    def record(self, label: str) -> Path:
        """The one record of a label."""
        [found] = (self.folder / "records" / label).iterdir()
        return found

    def file(self, label: str) -> Path:
        """The one file of it."""
        [found] = (path for path in self.record(label).iterdir() if path.name != "record.json")
        return found

    def signed(self, label: str) -> None:
        """Digests that fit the file as it is: as if it had come so."""
        head, file = self.record(label) / "record.json", self.file(label)
        told = json.loads(head.read_text(encoding="utf-8"))
        told["files"] = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()}
        told.pop("digest")
        told["digest"] = digest_of(told)
        head.write_text(json.dumps(told), encoding="utf-8")

    def measured(self, *, offline: bool = True) -> Outcome:
        """The rows, measured from the records alone."""
        path = nowhere.write(self.folder, {}, self.district, self.more)
        asked = [row for row in catalogue.indicators() if row.id in ROWS]
        try:
            found = run.collect_layers(run.read_config(path), rows=asked, offline=offline)
            place = run.make_place(found)
            records = measuring.measure(asked, place, settings=ReduceSettings(), judging=JudgeSettings())
            checks = quality.checks(place, records)
            gone = {**found.absent, **{name: str(why) for name, why in found.failures.items()}}
        except JustgeoError as refused:
            return Outcome(refusal=str(refused))
        return Outcome("", {(r.indicator, r.zone, r.group): r for r in records}, checks, gone)


@dataclass(frozen=True)
class Spoiled:
    """A corruption of records, and what must come of it.

    Attributes
    ----------
    case : Case
    plant : callable
        Spoils a shelf.
    lost : mapping of str to str
        Layers that must be absent (or what could not be had, by its label), and a word of the reason.
    odd : str
        Id of the check that must be odd.
    refused : str
        A word of the refusal.
    fault : Fault, optional
        What the service answers of the tracts of tenure instead; the shelf is then fetched with it.
    """

    case: Case
    plant: Callable[[Shelf], None] | None = None
    lost: Mapping[str, str] = field(default_factory=dict)
    odd: str = ""
    refused: str = ""
    fault: Fault | None = None


def edited(shelf: Shelf) -> None:
    """One digit of one number is another."""
    file = shelf.file(TENURE)
    text = file.read_text(encoding="utf-8")
    at = text.rindex(",") - 1
    file.write_text(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :], encoding="utf-8")


def edited_blocks(shelf: Shelf) -> None:
    """One bit of the blocks is another."""
    file = shelf.file(BLOCKS)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def exchanged(shelf: Shelf) -> None:
    """The record of another table in the place of this one."""
    place = shelf.record(TENURE)
    shutil.rmtree(place)
    shutil.copytree(shelf.record("acs-B25003B-2024"), place)


def cut(shelf: Shelf) -> None:
    file = shelf.file(TENURE)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def lost(shelf: Shelf) -> None:
    shelf.file(TENURE).unlink()


def added(shelf: Shelf) -> None:
    shutil.copy(shelf.file(TENURE), shelf.file(TENURE).with_name("acs5-2023-B25003.csv"))


def half(shelf: Shelf) -> None:
    """Half of the tracts, signed as if it had come so."""
    file = shelf.file(TENURE)
    lines = file.read_text(encoding="utf-8").splitlines()
    kept = [one for one in lines if not (one.startswith(("1400000", "1500000")) and one[14:20] >= "002000")]
    assert len(kept) < len(lines)
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    shelf.signed(TENURE)


def of_other_year(shelf: Shelf) -> None:
    """Homes of 2010-2014 in the record of 2020-2024, signed as if they had come so."""
    old = (shelf.source / "acs2014" / "acsdt5y2014-b25003.dat").read_text(encoding="utf-8").splitlines()
    names = [f"B25003_{name[-3:]}{name[7]}" if name.startswith("B25003") else name for name in old[0].split("|")]
    rows = [",".join(names), *(one.replace("|", ",") for one in old[1:])]
    shelf.file(TENURE).write_text("\n".join(rows) + "\n", encoding="utf-8")
    shelf.signed(TENURE)


def another_year(shelf: Shelf) -> None:
    shelf.more["vintages"] = {"acs": 2023}


def elsewhere(shelf: Shelf) -> None:
    """The outline is edited after the fetch: five degrees to the west."""
    frame = gpd.read_file(shelf.district["boundary"])
    frame.set_geometry(frame.geometry.translate(xoff=-5.0)).to_file(shelf.folder / "line.gpkg")
    shelf.district["boundary"] = "line.gpkg"


def _rewritten(change: Callable[[list[list[Any]]], list[list[Any]]]) -> Fault:
    return Fault.body(lambda body: json.dumps(change(json.loads(body))).encode())


def _fewer(table: list[list[Any]]) -> list[list[Any]]:
    """Without a tract that lies in the district."""
    return [row for row in table if row[-1] != "001500"]


def spoiled(name: str, what: str, holds: str, by: str, plant: Callable[[Shelf], None] | None, **more: Any) -> Spoiled:
    return Spoiled(Case(f"records/{name}", GROUP, what, holds, by), plant, **more)


GONE = {"acs:B25003@2024": "damaged"}
SPOILED = (
    spoiled("edited", "One digit of one number in a record is edited", DAMAGED, BY_RECORDS, edited, lost=GONE),
    spoiled("edited-blocks", "One bit of the blocks in a record is another", DAMAGED, BY_RECORDS, edited_blocks,
            lost={"blocks 2024, state 99": "damaged"}),
    spoiled("exchanged", "The record of another table lies in the place of one", DAMAGED, BY_RECORDS, exchanged,
            lost=GONE),
    spoiled("cut", "A record is cut in half", DAMAGED, BY_RECORDS, cut, lost=GONE),
    spoiled("lost", "The file of a record is gone", DAMAGED, BY_RECORDS, lost, lost=GONE),
    spoiled("added", "A file of another year lies beside that of a record", DAMAGED, BY_RECORDS, added, lost=GONE),
    spoiled("half-signed", "Half of the tracts are missing, and the digest is that of the half", FLAGGED,
            "quality_sums, tracts-and-counties: flags", half, odd="tracts-and-counties"),
    spoiled("year-signed", "A table of 2010-2014 in the record of 2020-2024, and the digest fits it", FLAGGED,
            "measure.sanity_census, totals-of-tables: flags", of_other_year, odd="totals-of-tables"),
    spoiled("another-year", "The year of the survey is edited in district.toml after the fetch",
            "the tables are absent, with what is not recorded", "gathering: absent",
            another_year, lost={"acs:B25003@2023": "is not recorded"}),
    spoiled("elsewhere", "The boundary is edited after the fetch, and lies in no county that was fetched",
            "refused, or absent with what was not recorded", "gathering: refuses", elsewhere, refused="county"),
    spoiled("fewer-tracts", "The service leaves out tracts that it was asked for", FLAGGED,
            "quality_sums, tracts-and-counties: flags", None, fault=_rewritten(_fewer), odd="tracts-and-counties"),
    spoiled("another-group", "The service answers with the cells of another table",
            "the table is absent, with the reason", "sources.live.census_answers: absent", None,
            fault=Fault.body(lambda body: body.replace(b"B25003_", b"B25002_")),
            lost={"acs:B25003@2024": "the header (B25002_001E"}),
    spoiled("another-county", "The service answers with tracts of another county",
            "the table is absent, with the reason", "sources.live.census_answers: absent", None,
            fault=Fault.body(lambda body: body.replace(b'"001"', b'"003"')), lost={"acs:B25003@2024": "county '003'"}),
)  # fmt: skip

STORE = Case(
    "records/stale-layer", GROUP, "A grid is changed after it was read, and what was read of it is kept in the store",
    "the number is that of the changed file", "sources.store: reads anew, since the digest of the bytes is in the key",
)  # fmt: skip
OUTLINE = Case(
    "records/edited-outline", GROUP, "The boundary is edited after the fetch, within the county",
    "the number is that of the new outline, from the records of the county", "gathering: the outline is read each time",
)  # fmt: skip
CASES: tuple[Case, ...] = (*(one.case for one in SPOILED), STORE, OUTLINE)
