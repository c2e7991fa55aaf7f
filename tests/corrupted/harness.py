"""A wrongness planted in one file of the invented county, and what becomes of it on its way to a number.

A `Trial` is tried with `hold`: the county as it is must be measured without a word of it; with the wrongness planted it
must be refused (exit status 2, with the words that are asked for), or be absent with its reason, or be flagged. And the
wrongness must be one that counts: with the guard that caught it taken away, or in spite of the flag, the number is
another.
"""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from justgeo import measuring, quality, run
from justgeo.catalogue import read as catalogue
from justgeo.cli import main
from justgeo.core.errors import JustgeoError
from justgeo.core.quality import Check
from justgeo.core.result import Record
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from justgeo.report import several, speech
from justgeo.synthetic.declare import layers as declarations
from tests import nowhere
from tests.corrupted import reading
from tests.faults.case import Case

Guard = Callable[..., Any]


def off(*_: object, **__: object) -> None:
    """In place of a guard that returns nothing: it looks at nothing."""


@dataclass
class Ground:
    """One ``district.toml`` in the making: what it points to is the invented county's, until it is asked for to change.

    Attributes
    ----------
    source : Path
        The invented county's files, which nobody changes.
    folder : Path
        Where changed copies go.
    told : dict
        Declarations of layers, by their names; may be changed.
    district, more, text
        Of ``district.toml``: its first table, further ones, and what is put at its end.
    """

    source: Path
    folder: Path
    told: dict[str, dict[str, Any]]
    district: dict[str, Any]
    more: dict[str, dict[str, Any]] = field(default_factory=dict)
    text: str = ""

    def file(self, layer: str) -> Path:
        """A copy of a layer's file under its own name, which the layer is now read from."""
        before = Path(self.told[layer]["path"])
        if before.parent == self.folder:
            return before
        copy = self.folder / before.name
        shutil.copy(before, copy)
        self.told[layer]["path"] = str(copy)
        for key in ("join", "counts"):  # found beside the layer's file
            beside = self.told[layer].get(key)
            if isinstance(beside, Mapping):
                self.told[layer][key] = {**beside, "path": str(before.parent / str(beside["path"]))}
            elif beside is not None:
                self.told[layer][key] = str(before.parent / str(beside))
        return copy

    def table(self, name: str, layer: str = "acs") -> Path:
        """The file of one table of a survey; the folder is a copy already."""
        [found] = Path(self.told[layer]["path"]).glob(f"acsdt5y*-{name.lower()}.dat")
        return found

    def write(self) -> Path:
        """Write ``district.toml``."""
        return nowhere.write(self.folder, self.told, self.district, self.more, self.text)


@dataclass(frozen=True)
class Trial:
    """A corruption, and what must come of it.

    Attributes
    ----------
    case : Case
    plant : callable
        Plants it in a `Ground`.
    rows : tuple of str
        Indicators that are measured; the number of the first one is compared.
    layers : tuple of str
        Of the invented county; ``acs`` and ``acs_t0`` with their ``tables`` alone.
    tables : tuple of str
    zone, group : str
        Of the number that is compared.
    setup : callable, optional
        What the county as it is has besides: a declared table, an option.
    refused : tuple of str
        Words of the refusal.
    absent : tuple of str
        Words of the reason why there is no number.
    odd : str
        Id of the check that must be odd.
    flag : str
        Beginning of a flag on the record.
    no_margin : bool
        The number is told without a margin.
    guards : mapping of str to callable
        What caught it, as dotted names, and what stands in their place so that it would not: the number is then
        another.
    unmoved : str
        Why no number is compared.
    """

    case: Case
    plant: Callable[[Ground], None]
    rows: tuple[str, ...]
    layers: tuple[str, ...]
    tables: tuple[str, ...] = ()
    zone: str = "district"
    group: str = "all"
    setup: Callable[[Ground], None] | None = None
    refused: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    odd: str = ""
    flag: str = ""
    no_margin: bool = False
    guards: Mapping[str, Guard] = field(default_factory=dict)
    unmoved: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a run: a refusal, or records, checks, and layers that are not there."""

    refusal: str = ""
    records: Mapping[tuple[str, str, str], Record] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)

    def record(self, trial: Trial) -> Record:
        """The record that is compared."""
        return self.records[trial.rows[0], trial.zone, trial.group]

    def number(self, trial: Trial) -> tuple[float | None, float | None]:
        """Value and margin that are compared."""
        found = self.record(trial)
        return found.value, found.moe

    def status(self, check: str) -> list[str]:
        """What the checks of an id say; none where nobody made it."""
        return [one.status for one in self.checks if one.id == check]


def measured(path: Path, rows: tuple[str, ...]) -> Outcome:
    """Measure some rows of a ``district.toml``, and check its data."""
    known = {row.id: row for row in catalogue.indicators()}
    asked = [known[name] for name in rows]
    try:
        found = run.collect_layers(run.read_config(path))
        place = run.make_place(found)
        records = measuring.measure(asked, place, settings=ReduceSettings(), judging=JudgeSettings())
        checks = quality.checks(place, records)
    except JustgeoError as refused:
        return Outcome(refusal=str(refused))
    return Outcome("", {(r.indicator, r.zone, r.group): r for r in records}, checks, found.absent)


def exit_of(path: Path) -> tuple[int, str]:
    """Exit status of ``justgeo run``, and what it printed on stderr."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        status = main(["-q", "run", str(path), "--out", str(path.parent / "out")])
    return status, said.getvalue()


@contextlib.contextmanager
def without(guards: Mapping[str, Guard]) -> Iterator[None]:
    """Stand-ins in place of guards."""
    with pytest.MonkeyPatch.context() as patch, reading.closed():
        for name, stand_in in guards.items():
            patch.setattr(name, stand_in)
        yield


class Field:
    """Where trials are made: the invented county's files, a folder to work in, and the twins that were measured."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.source = source
        self.folder = folder
        self._twins: dict[object, Outcome] = {}
        self._count = 0

    def ground(self, trial: Trial) -> Ground:
        """The county as it is, with the trial's layers."""
        self._count += 1
        folder = self.folder / f"{self._count:03d}"
        folder.mkdir()
        told = nowhere.layers(self.source, [name for name in trial.layers if not name.startswith("acs")])
        for name in trial.layers:
            if name.startswith("acs"):
                told[name] = self._survey(name, folder, trial.tables)
        made = Ground(self.source, folder, told, {"boundary": str(self.source / "district.geojson")})
        if trial.setup is not None:
            trial.setup(made)
        return made

    def _survey(self, name: str, folder: Path, tables: tuple[str, ...]) -> dict[str, Any]:
        declared = declarations()[name]
        kept = folder / str(declared["path"])
        kept.mkdir()
        for table in tables:
            file = f"acsdt5y{declared['year']}-{table.lower()}.dat"
            if (self.source / str(declared["path"]) / file).is_file():  # some tables are younger than a survey
                shutil.copy(self.source / str(declared["path"]) / file, kept)
        return {**declared, "path": str(kept)}

    def twin(self, trial: Trial) -> Outcome:
        """The county as it is, measured once for all trials that ask the same of it."""
        key = (trial.rows, trial.layers, trial.tables, trial.setup)
        if key not in self._twins:
            self._twins[key] = measured(self.ground(trial).write(), trial.rows)
        return self._twins[key]


def hold(trial: Trial, ground: Field) -> tuple[Check, ...]:
    """Try one corruption; every expectation of the trial is asserted. What the odd check said is given back."""
    twin = ground.twin(trial)
    assert not twin.refusal, "the county as it is was refused"
    before = twin.record(trial)
    assert before.value is not None, before.reason
    planted = ground.ground(trial)
    trial.plant(planted)
    path = planted.write()
    if trial.refused:
        _refused(trial, path, twin)
        return ()
    told: list[Check] = []
    outcome = measured(path, trial.rows)
    assert not outcome.refusal, outcome.refusal
    after = outcome.record(trial)
    assert trial.absent or trial.odd or trial.flag or trial.no_margin, "a trial expects something"
    if trial.absent:
        assert after.value is None and after.reason is not None
        assert [word for word in trial.absent if word not in after.reason] == [], after.reason
    if trial.odd:
        assert set(twin.status(trial.odd)) == {"holds"}, "a false alarm, or no check"
        assert "odd" in outcome.status(trial.odd)
        told = [check for check in outcome.checks if check.id == trial.odd and check.status == "odd"]
        assert all(check.why and check.remedy for check in told)
    if trial.flag:
        assert not any(flag.startswith(trial.flag) for flag in before.flags), "a false alarm"
        assert any(flag.startswith(trial.flag) for flag in after.flags), after.flags
    if trial.no_margin:
        assert before.moe is not None and after.value is not None and after.moe is None
        assert after.reliability == "unknown", after.reliability
    assert trial.unmoved or outcome.number(trial) != twin.number(trial), "the corruption moves no number"
    return tuple(told)


def in_spanish(checks: Iterable[Check]) -> None:
    """Every word of some checks is said in Spanish too."""
    with speech.language("es"):
        for check in checks:
            for text in (check.title, check.why, check.matters, check.remedy, check.source):
                assert several.translated(text)[1] == "es", f"{check.id}: {text}"


def _refused(trial: Trial, path: Path, twin: Outcome) -> None:
    status, said = exit_of(path)
    assert status == 2, said
    assert "what to do: " in said and "Traceback" not in said
    assert [word for word in trial.refused if word not in said] == [], said
    assert not (path.parent / "out").exists()
    if not trial.guards:
        assert trial.unmoved, "no guard is named, and not why"
        return
    with without(trial.guards):
        outcome = measured(path, trial.rows)
    assert not outcome.refusal, f"something else refuses it too: {outcome.refusal}"
    assert outcome.number(trial) != twin.number(trial), "the corruption moves no number"
