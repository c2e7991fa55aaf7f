"""The outputs of a batch: whole or not there, so that a batch that was killed goes on where it stood.

Each file is made beside its place and takes it by one renaming. The mark of a county is written when all else of it is
there; it names the files, and the digest of what they were made of.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import shapely

from justgeo import run
from justgeo.batch_list import Refusal, Work
from justgeo.collecting import Collected
from justgeo.core import whole
from justgeo.core.district import WGS84
from justgeo.core.errors import OutputError
from justgeo.core.layer import Provenance
from justgeo.core.result import Baseline, Record
from justgeo.indicators.place import Place
from justgeo.report import batch_table, results
from justgeo.report.batch_table import RecordsFile, Zone

log = logging.getLogger(__name__)

RECORDS, ZONES, MARKS, EACH = "records", "zones", "done", "districts"
"""Folders of the outputs: tables of records and of zones, marks of what is done, results of each district."""
REFERENCE = "reference"
LOCK = ".lock"


@dataclass(frozen=True)
class Done:
    """What became of a `Work`: the content of its mark.

    Attributes
    ----------
    key, digest : str
        The work, and the digest of what it was made of.
    zones : tuple of str
        Ids of the zones that were measured, the reference not among them.
    refused : tuple of Refusal
    files : tuple of str
        Ways from the folder of the outputs.
    synthetic : bool
    absent : mapping of str to str
        Layers that were not there, and why.
    failures : mapping of str to str
        What was to be fetched and could not be: the work is done again by the next batch.
    """

    key: str
    digest: str
    zones: tuple[str, ...]
    refused: tuple[Refusal, ...]
    files: tuple[str, ...]
    synthetic: bool
    absent: Mapping[str, str]
    failures: Mapping[str, str]

    def dump(self) -> bytes:
        """As the mark holds it: the same bytes for the same work."""
        return (json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")

    @classmethod
    def load(cls, data: bytes) -> Done:
        """From the bytes of a mark.

        Raises
        ------
        ValueError, TypeError, KeyError
            They are not a mark's.
        """
        told: dict[str, Any] = json.loads(data)
        told["refused"] = tuple(Refusal(**one) for one in told["refused"])
        told |= {name: tuple(told[name]) for name in ("zones", "files")}
        if not all(isinstance(one, str) for one in (told["key"], told["digest"], *told["zones"], *told["files"])):
            raise TypeError("a mark names its zones and files by texts")
        return cls(**told)


def mark_of(out: Path, key: str) -> Path:
    """Where the mark of a work stands."""
    return out / MARKS / f"{key}.json"


def known(out: Path, key: str) -> Done | None:
    """What an earlier batch did of a work, if its files are all there."""
    try:
        done = Done.load(mark_of(out, key).read_bytes())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return done if all((out / file).is_file() for file in done.files) else None


def put(path: Path, make: Callable[[Path], object]) -> None:
    """Make a file beside its place; it takes it when it is whole.

    Raises
    ------
    OutputError
    """
    part = whole.aside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        make(part)
        part.replace(path)
    except OSError as why:
        raise unwritable(path, why) from why
    finally:
        whole.remove(part)


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Nobody else writes into this folder meanwhile, on a file system that has locks.

    Raises
    ------
    OutputError
        Another batch does.
    """
    path = out / LOCK
    try:
        held = path.open("wb")
    except OSError as why:
        raise unwritable(path, why) from why
    with held:
        if not _locked(held.fileno()):
            raise OutputError(
                f"Another batch writes into {out}.", remedy="wait for it, or name another folder with --out."
            )
        yield


def _locked(file: int) -> bool:
    """Whether we have the lock; without locks (Windows, some network file systems) nobody is kept out."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as why:
        log.debug("a file system without locks: %s", why)
    return True


def marks(out: Path) -> set[str]:
    """Keys of the works that an earlier batch marked as done."""
    return {path.stem for path in (out / MARKS).glob("*.json")}


def keep_only(out: Path, kept: Iterable[Done]) -> None:
    """Take away what no kept mark names: what is no longer asked for, and what a killed batch left.

    The marks go first, so that a mark never names what is not there.
    """
    dones = list(kept)
    keys, files = {one.key for one in dones}, {file for one in dones for file in one.files}
    for key in marks(out) - keys:
        mark_of(out, key).unlink(missing_ok=True)
    tables = [path for folder in (RECORDS, ZONES) for path in (out / folder).rglob("*.parquet")]
    ours = [*tables, *(out / EACH).glob("*/results.json")]
    parts = [part for folder in (RECORDS, ZONES, MARKS, EACH) for part in (out / folder).rglob(f".*{whole.PART}")]
    for path in [*(one for one in ours if one.relative_to(out).as_posix() not in files), *parts]:
        path.unlink(missing_ok=True)
    whole.sweep_all(out)
    for folder in (RECORDS, ZONES, EACH):
        _remove_empty(out / folder)


def _remove_empty(folder: Path) -> None:
    """Remove folders in which nothing is left, the inner ones first."""
    for one in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(one.iterdir()):
            one.rmdir()


def unwritable(path: Path, why: OSError) -> OutputError:
    """The refusal of a disk, with its remedy."""
    return OutputError(
        f"{path} cannot be written ({why.strerror or why}).",
        remedy="see that there is room and that you may write there; then run the batch again, it goes on.",
    )


class Writing:
    """The outputs of one work, taken piece by piece; nothing of it counts before `finish`."""

    def __init__(self, out: Path, work: Work, each: bool) -> None:
        self._out, self._work, self._each = out, work, each and not work.zones
        state, county = work.county[:2], work.county
        self._where = Path(f"state={state}") / f"county={county}" / f"{work.key}.parquet"
        self._table = out / RECORDS / self._where
        self._part = whole.aside(self._table)
        self._file: RecordsFile | None = None
        self._zones: list[Zone] = []
        self._files: list[str] = []
        self._said: dict[str, str] = {}
        self._layers: dict[str, Mapping[str, Any]] = {}
        self._absent: dict[str, str] = {}
        self._failures: dict[str, str] = {}
        self._synthetic = work.settings.synthetic

    def __enter__(self) -> Writing:
        return self

    def __exit__(self, kind: object, why: BaseException | None, where: object) -> None:
        if self._file is not None:
            with suppress(OSError):  # what went wrong is on its way already
                self._file.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)
        if isinstance(why, OSError):
            raise unwritable(self._table, why) from why

    def add(self, found: Collected, place: Place, records: Sequence[Record]) -> None:
        """Write the records of some zones; those of the reference once."""
        self._synthetic = self._synthetic or any(layer.provenance.synthetic for layer in found.layers.values())
        self._absent |= found.absent
        self._failures |= {label: error.message for label, error in found.failures.items()}
        first = self._file is None
        self._said = batch_table.about(self._work.key, self._synthetic, self._layers_of(found))
        if self._file is None:
            self._table.parent.mkdir(parents=True, exist_ok=True)
            self._file = RecordsFile(self._part, self._said)
        self._file.add([r for r in records if first or r.zone != REFERENCE])
        self._zones += [one for one in _zones(place, found, self._synthetic) if first or one.zone != REFERENCE]
        if self._each:
            for zone in place.zones.ids_of("district"):
                self._write_each(found, place, records, zone)

    def _layers_of(self, found: Collected) -> list[Mapping[str, Any]]:
        """Whose data the table stands on: of all that was collected, where that was done in parts."""
        self._layers |= {str(one["id"]): one for one in results.layers(_known(found))}
        return [self._layers[name] for name in sorted(self._layers)]

    def _write_each(self, found: Collected, place: Place, records: Sequence[Record], zone: str) -> None:
        content = results.dump(results.to_dict(alone(found, place, records, zone)))
        path = self._out / EACH / zone / "results.json"
        put(path, lambda part: part.write_bytes(content))
        self._files.append(path.relative_to(self._out).as_posix())

    def finish(self, digest: str, refused: Sequence[Refusal]) -> Done:
        """Put the tables in their places, then the mark; what gave nothing gets none, so that it is tried again."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._part.replace(self._table)
            zones = self._out / ZONES / self._where
            put(zones, lambda part: batch_table.write_zones(part, self._zones, self._said))
            self._files += [path.relative_to(self._out).as_posix() for path in (self._table, zones)]
        ids = tuple(one.zone for one in self._zones if one.zone != REFERENCE)
        done = Done(
            self._work.key, digest, ids, tuple(refused), tuple(sorted(self._files)), self._synthetic,
            dict(sorted(self._absent.items())), dict(sorted(self._failures.items())),
        )  # fmt: skip
        if ids:
            put(mark_of(self._out, self._work.key), lambda part: part.write_bytes(done.dump()))
        return done


def alone(found: Collected, place: Place, records: Sequence[Record], zone: str) -> Baseline:
    """One district of several with its reference, as a run of it alone would have it, but for the areas inside it."""
    ids = place.zones.ids
    at = ids.index(zone)
    rows = [at, *([ids.index(REFERENCE)] if REFERENCE in ids else [])]
    weights = place.weights.only(rows)
    weights.zones = replace(weights.zones, ids=("district", *weights.zones.ids[1:]))
    own = [r.but(zone="district") for r in records if r.zone == zone]
    others = [r for r in records if r.zone == REFERENCE]
    config = replace(found.config, slug=zone, name=place.zones.names[at])
    district = replace(found.district, name=config.name, slug=zone)
    return run.baseline_of(replace(found, config=config, district=district), place.with_zones(weights), [*own, *others])


def _known(found: Collected) -> list[Provenance]:
    return [replace(layer.provenance, layer=name) for name, layer in found.layers.items()]


def _zones(place: Place, found: Collected, synthetic: bool) -> list[Zone]:
    zones = place.zones
    shapes = zones.geometry.to_crs(WGS84)
    facts = run.facts_of(place)
    return [
        Zone(
            zone=zones.ids[z],
            name=zones.names[z],
            role=zones.roles[z],
            geography=zones.geography[z],
            reference=found.reference.name,
            invented=synthetic,
            area_km2=facts[z]["area_km2"],
            residents=facts[z].get("residents"),
            geometry=shapely.to_wkb(shapes.iloc[z]),
        )
        for z in range(len(zones))
    ]
