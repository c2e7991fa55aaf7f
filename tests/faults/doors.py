"""Doors by which files are written, each as a small piece of work that can be done again and again: for `injection`.

A `Door` has a folder as it is before and does one thing in it. Of that folder some parts may change, its ``units``:
each is a file or a folder that is as before or as after, never something between.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fnmatch
import functools
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from justgeo import (
    answers_sheet,
    answers_text,
    batch,
    batch_county,
    cli,
    collecting,
    displacing,
    fetching,
    manifests,
    run,
)
from justgeo.batch_files import LOCK
from justgeo.catalogue import read as catalogue
from justgeo.report import (
    checklist_page,
    checklist_sheets,
    checklist_text,
    displacement_page,
    displacement_tables,
    grant_files,
    page,
    quality_page,
    tables,
)
from justgeo.report import results as reports
from justgeo.sources.live import grids
from tests import nowhere
from tests.faults.injection import Step, copied, listing, watching
from tests.known import known, of_file
from tests.live.nowhere_online import one_day

ROW = "ENV-03"
"""The one figure that these districts have: a run takes a third of a second."""


@dataclass(frozen=True)
class Said:
    """What a command left: its exit status and its words."""

    code: int
    out: str
    err: str


def justgeo(*words: object) -> Said:
    """One command of justgeo, as a planner types it."""
    return said(lambda: cli.main(["-q", *(str(word) for word in words)]))


def said(call: Callable[[], int | None]) -> Said:
    """What a call leaves; a refusal becomes two lines, as on the command line."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.guarded(call)
    return Said(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Door:
    """One thing that is written.

    Attributes
    ----------
    name : str
    before : Path
        Folder as it is before, to be copied.
    units : tuple of str
        What it may change, as patterns: a file, or a folder with all that is in it.
    work : callable
        Does it in a copy of that folder.
    failed : tuple of int
        Exit statuses where the disk fails: 2, or 1 too where the rest goes on.
    goes : bool
        What is replaced goes before the new comes: a unit may be missing, too.
    tells : str
        A file that tells of the failure: neither as before nor as after where one is said.
    refuses : tuple of int
        Exit statuses of doing it once more where it is done.
    """

    name: str
    before: Path
    units: tuple[str, ...]
    work: Callable[[Path], Said]
    failed: tuple[int, ...] = (2,)
    goes: bool = False
    tells: str = ""
    refuses: tuple[int, ...] = ()


@dataclass(frozen=True)
class Place:
    """A copy of a door's folder, where things go wrong; as it is before, after, and by which steps it gets there."""

    door: Door
    base: Path
    scratch: Path
    before: dict[str, str]
    after: dict[str, str]
    steps: tuple[Step, ...]

    def wrong(self, state: dict[str, str]) -> list[str]:
        """What is neither as before nor as after, unit by unit; hidden things are passed by, and empty folders."""
        units: dict[str, set[str]] = {}
        for name in {*state, *self.before, *self.after}:
            if not is_hidden(name):
                units.setdefault(self._unit(name), set()).add(name)
        found = []
        for unit, parts in units.items():
            now, before, after = ({n: w[n] for n in parts if n in w} for w in (state, self.before, self.after))
            if unit == "":
                now, before, after = ({n: d for n, d in w.items() if d != "folder"} for w in (now, before, after))
            if now not in (before, after) and not (self.door.goes and not now):
                found += sorted(n for n in parts if now.get(n) != before.get(n))
        return found

    def _unit(self, name: str) -> str:
        parts = name.split("/")
        heads = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
        return next((head for head in heads for one in self.door.units if fnmatch.fnmatchcase(head, one)), "")

    def shown(self, state: dict[str, str]) -> dict[str, str]:
        """What is there without hidden things."""
        return {name: digest for name, digest in state.items() if not is_hidden(name)}

    def left(self, state: dict[str, str]) -> set[str]:
        """Hidden things that are there neither before nor after."""
        return {name for name in state if is_hidden(name)} - {*self.before, *self.after}


def is_hidden(name: str) -> bool:
    """Whether something is left over from the writing of something else: nobody looks there."""
    return any(part.startswith(".") for part in name.split("/"))


@contextlib.contextmanager
def place(door: Door, root: Path, *, pure: bool = True) -> Iterator[Place]:
    """Do the work undisturbed, twice: the same bytes come of it, by steps that are counted.

    ``pure``: what is pure in it is done once alone.
    """
    base, scratch = root / "work", Path(tempfile.gettempdir())
    with once() if pure else contextlib.nullcontext():
        copied(door.before, base)
        first = door.work(base)
        assert first.code == 0, (door.name, first)
        after = listing(base)
        copied(door.before, base)
        before = listing(base)
        with watching(base, scratch) as seen:
            assert door.work(base).code == 0
        assert listing(base) == after != before, door.name
        assert not [name for name in after if is_hidden(name) and not name.endswith(LOCK)], door.name
        yield Place(door, base, scratch, before, after, tuple(seen.steps))


class _Then(dt.datetime):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> _Then:
        return cls(2026, 3, 1, 12, tzinfo=tz)


@contextlib.contextmanager
def small(scratch: Path) -> Iterator[None]:
    """While it lasts the catalogue has one row, it is one moment, and what goes to the system's scratch is seen too."""
    row = tuple(one for one in catalogue.indicators() if one.id == ROW)
    scratch.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, one_day():
        patch.setattr(catalogue, "indicators", lambda path=None: row)
        patch.setattr(catalogue, "programmes", lambda: ())
        patch.setattr(manifests, "dt", SimpleNamespace(datetime=_Then, UTC=dt.UTC))
        patch.setattr(tempfile, "tempdir", str(scratch))
        nowhere.forgetful(patch)
        for module, name, asked in PLAIN:
            patch.setattr(module, name, known(getattr(module, name), asked))
        yield


PLAIN: tuple[tuple[Any, str, Callable[..., object]], ...] = (
    (cli, "_parser", lambda: None),
    (answers_text, "parse", lambda text, name: (text, name)),
    (answers_text, "comments", lambda text: text),
    (grids, "notes_of", lambda spec, area, *more: of_file(spec, area)),
)
"""What is the same whenever the same is asked, by what is asked: of a text or a file all that is in it.

None of them writes, and a hundred commands ask for the same again.
"""


PURE = (
    (run, "collect_layers"), (run, "make_place"), (run, "measure_place"), (run, "basemap"), (reports, "to_dict"),
    (page, "render"), (grant_files, "workbook"), (checklist_sheets, "workbook"), (checklist_page, "render"),
    (checklist_text, "render"), (answers_sheet, "of_any"), (batch_county, "collect_layers"), (run, "records_of"),
    (displacing, "of_table"), (displacement_page, "render"), (displacement_tables, "tracts_csv"),
    (displacement_tables, "_cards_json"), (displacement_tables, "agreement_csv"),
    (displacement_tables, "sensitivity_csv"), (displacement_tables, "summary_md"),
    (collecting, "survey"), (fetching, "survey"), (quality_page, "render"), (batch, "_read"), (batch, "_counties"),
)  # fmt: skip
"""What a run computes between the steps that write: the same each time, so it is done once for each door."""


@contextlib.contextmanager
def once() -> Iterator[None]:
    """While it lasts, what is pure in a run is done the first time alone: the writing is what is tried again and again.

    The GeoPackage, too, is made by GDAL once, and its bytes are written from then on; `test_disk` has GDAL itself fail.
    """
    with pytest.MonkeyPatch.context() as patch:
        for module, name in PURE:
            patch.setattr(module, name, cache_of(getattr(module, name)))
        patch.setattr(tables, "write_gpkg", _gpkg_of(tables.write_gpkg))
        yield


def cache_of(real: Callable[..., Any]) -> Callable[..., Any]:
    """A function that computes once, whatever it is asked."""
    kept: list[Any] = []

    @functools.wraps(real)
    def instead(*args: Any, **more: Any) -> Any:
        if not kept:
            kept.append(real(*args, **more))
        return kept[0]

    return instead


def _gpkg_of(real: Callable[..., None]) -> Callable[..., None]:
    kept: list[bytes] = []

    def instead(path: Path, *args: Any) -> None:
        if not kept:
            real(path, *args)
            kept.append(path.read_bytes())
        path.write_bytes(kept[0])

    return instead


def district(source: Path, folder: Path) -> Path:
    """The folder of a district that takes little to measure."""
    told = nowhere.layers(source, ["counties", "tracts", "impervious"])
    nowhere.write(folder, told, {"boundary": str(source / "district.geojson"), "slug": "old-harbour"})
    return folder
