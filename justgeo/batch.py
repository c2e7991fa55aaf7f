"""Many districts: dealt to counties, each county done once, one table of all.

A county is what is done, kept and done again. Whether one process does all counties, several do, or a cluster of
dask.distributed, each does the same work on the same inputs, so that the outputs are the same bytes. A batch that was
killed goes on: what is marked as done, of the same inputs, is not done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import shapely

import justgeo
from justgeo import batch_files, batch_list, batch_zones, collecting, manifests
from justgeo.batch_county import How
from justgeo.batch_files import Done
from justgeo.batch_list import Given, Refusal, Work, ZoneKind
from justgeo.batch_work import Task, carried
from justgeo.config import RunConfig
from justgeo.core.district import District
from justgeo.core.errors import ConfigError, JustgeoError, OutputError, SourceError
from justgeo.core.layer import Layer
from justgeo.core.location import Location
from justgeo.core.spec import LayerSpec
from justgeo.report.results import DISCLAIMER, INVENTED
from justgeo.sources._hash import digest_of, sha256_of

FORM = 1
"""Form of the outputs: one of another form is written anew."""
SUMMARY = "batch.json"
OVERLAPPING = (
    "Districts have land in common. What is withheld in one of them may be worked out from two others: publish figures "
    "of small groups of such districts with care."
)
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Failure:
    """A county of which nothing could be done, with its districts."""

    key: str
    zones: tuple[str, ...]
    message: str
    remedy: str


@dataclass(frozen=True)
class Report:
    """What a batch did.

    Attributes
    ----------
    folder : Path
    done : tuple of Done
        By county, those that were kept from an earlier batch among them.
    kept : tuple of str
        Keys of the counties that were not done again.
    refused : tuple of Refusal
        Districts that could not be read, or measured.
    failed : tuple of Failure
    overlapping : int
        Pairs of districts that have land in common: what is withheld in one may be worked out from two others.
    """

    folder: Path
    done: tuple[Done, ...]
    kept: tuple[str, ...]
    refused: tuple[Refusal, ...]
    failed: tuple[Failure, ...]
    overlapping: int = 0

    @property
    def whole(self) -> bool:
        """Whether every district has its numbers, and nothing failed to be fetched."""
        return not (self.failed or self.refused or any(one.failures for one in self.done))

    @property
    def n_zones(self) -> int:
        """How many districts (or areas) have numbers."""
        return sum(len(one.zones) for one in self.done)


def batch(
    source: Path,
    out: Path,
    *,
    settings: Path | None = None,
    name: str | None = None,
    layer: str | None = None,
    zones: ZoneKind = "",
    workers: int = 1,
    scheduler: str = "",
    records: Location | None = None,
    offline: bool = False,
    each: bool = True,
    again: bool = False,
    progress: Tell | None = None,
    step: Tell | None = None,
) -> Report:
    """Measure many districts.

    Parameters
    ----------
    source : Path
        A file of outlines, a folder of folders with a ``district.toml`` each, or, where ``zones`` are asked for, one
        ``district.toml``.
    out : Path
        Folder of the outputs: ``records`` and ``zones`` (Parquet by state and county), ``results.json`` of each below
        ``districts``, ``done``, and ``batch.json``.
    settings : Path, optional
        For a file of outlines: a ``district.toml`` whose layers, reference and surveys hold for all of them.
    name, layer : str, optional
        Column of the names, and layer, of that file.
    zones : {'', 'tracts', 'block_groups', 'places'}
        Report on every such area of the counties in ``reference.geoids`` (by default those that the district lies in).
        Places are districts, each beside the county or counties that it lies in, or beside ``reference.geoids``.
    workers : int
        Processes; 1 for none besides this one.
    scheduler : str
        Address of a scheduler of dask.distributed, in place of ``workers``.
    records, offline
        As for `justgeo.baseline`.
    each : bool
        Write ``results.json`` of each district too.
    again : bool
        Do again what is marked as done.
    progress : callable, optional
        Called with a line for each county that is done.
    step : callable, optional
        Called with the name of each layer and indicator before its turn, where this process does the work.

    Raises
    ------
    JustgeoError
        Nothing can be done at all: the source cannot be read, or the folder not be written.
    """
    how = How(Path(out).absolute(), each, _whole(records), offline)
    _check(workers, scheduler)
    given, refused = _read(Path(source), settings, name, layer, zones)
    works, others = _deal(given, zones, how)
    _begin(how.out)
    with batch_files.alone_in(how.out):
        return _done(
            works, [*refused, *others], how, again, lambda tasks: carried(tasks, workers, scheduler, step), progress
        )


def _done(
    works: Sequence[Work],
    refused: Sequence[Refusal],
    how: How,
    again: bool,
    carry: Callable[[Sequence[Task]], Iterable[tuple[Task, Done | JustgeoError]]],
    progress: Tell | None,
) -> Report:
    kept, tasks = _standing(works, how, again)
    said = progress or (lambda line: None)
    for work in works:
        if work.key in kept:
            said(f"{work.key}: done before")
    done, failed = dict(kept), list[Failure]()
    for task, made in carry(tasks):
        work = task[0]
        if isinstance(made, Done):
            done[work.key] = made
            said(f"{work.key}: {len(made.zones)} done" + (f", {len(made.refused)} refused" if made.refused else ""))
        else:
            slugs = tuple(one.slug for one in work.districts)
            failed.append(Failure(work.key, slugs, made.message, made.remedy))
            said(f"{work.key}: failed")
    ordered = tuple(done[work.key] for work in works if work.key in done)
    report = Report(
        how.out,
        ordered,
        tuple(sorted(kept)),
        tuple(sorted([*refused, *(one for d in ordered for one in d.refused)], key=lambda one: one.slug)),
        tuple(sorted(failed, key=lambda one: one.key)),
        batch_list.overlapping(works),
    )
    _summary(report)
    return report


def _whole(records: Location | None) -> Location | None:
    """The records as other processes find them too."""
    return Path(records).absolute() if isinstance(records, Path) else records


def _check(workers: int, scheduler: str) -> None:
    if workers < 1:
        raise ConfigError(f"--workers {workers}: there is no such number of processes.", remedy="give 1 or more.")
    if scheduler and workers > 1:
        raise ConfigError("A batch runs on a cluster or on processes of its own, not on both.", remedy="keep one.")


def _read(
    source: Path, settings: Path | None, name: str | None, layer: str | None, zones: ZoneKind
) -> tuple[list[Given], list[Refusal]]:
    # By their full paths: a worker of a cluster may stand in another folder.
    source, settings = source.absolute(), None if settings is None else settings.absolute()
    if zones:
        told = collecting.read_config(settings or source)
        return [Given(batch_list.outline(told), told)], []
    if source.is_dir() and source.suffix.lower() != ".gdb":
        if settings is not None or name is not None or layer is not None:
            raise ConfigError(
                f"{source.name} is a folder of districts, each with settings of its own.",
                remedy="leave --settings, --name and --layer out, or name a file of outlines.",
            )
        return batch_list.folders(source)
    if not source.exists():
        raise ConfigError(f"There is no file or folder {source}.", remedy="name the outlines, or the folder.")
    if settings is None:
        raise ConfigError(
            f"{source.name} holds outlines, and nothing says what to measure them with.",
            remedy="add --settings district.toml: its layers, reference and surveys hold for all of them.",
        )
    return batch_list.outlines(source, collecting.read_config(settings), name, layer)


def _deal(given: Sequence[Given], zones: ZoneKind, how: How) -> tuple[list[Work], list[Refusal]]:
    found, refused = batch_list.deal(given, lambda settings, some: _counties(settings, some, how))
    if not zones:
        return found, refused
    if refused:
        raise ConfigError(refused[0].message, remedy=refused[0].remedy)
    codes = found[0].settings.reference_geoids
    if not codes:
        raise ConfigError(
            f"Of which counties the {zones.replace('_', ' ')} are asked for is not known.",
            remedy='write [reference] with geoids = ["51540"] into district.toml.',
        )
    settings = given[0].settings
    live = collecting.start(settings, how.records, how.offline)
    if live is not None:
        live.find_counties(None, codes)
        live.places() if zones == "places" else live.geography()
        first = batch_zones.PLACES if zones == "places" else "counties"
        _refuse_without(live.failures, first in live.settings.layers)
    drawn = settings if live is None else live.settings
    units = collecting.geography(drawn, None)
    if zones != "places":
        return batch_zones.whole(drawn, zones, units, codes), []
    some, bad = batch_zones.places(settings, drawn.layers.get(batch_zones.PLACES), units, codes)
    works, others = batch_list.deal(some, lambda asked, near: _counties(asked, near, how))
    return works, [*bad, *others]


def _counties(settings: RunConfig, some: Sequence[District], how: How) -> Layer | None:
    """The counties that some districts may lie in; where they are fetched, the Bureau's file of all counties."""
    live = collecting.start(settings, how.records, how.offline)
    if live is not None:
        shapes = shapely.union_all([one.boundary for one in some])
        live.find_counties(shapes, settings.reference_geoids)
        _refuse_without(live.failures, "counties" in live.settings.layers)
        settings = live.settings
    coarsest = next((name for name in collecting.GEOGRAPHY if name in settings.layers), None)
    if coarsest is None:
        return None
    only = replace(settings, layers={coarsest: settings.layers[coarsest]})
    return batch_list.counties_of(collecting.geography(only, None))


def _refuse_without(failures: Mapping[str, SourceError], there: bool) -> None:
    """Without its counties or places a batch would be another one, and what is done would not be found."""
    if failures and not there:
        label, why = next(iter(failures.items()))
        told = f"The outlines that it begins with are not at hand ({label}: {why.message})"
        raise ConfigError(told, remedy=why.remedy)


def _begin(out: Path) -> None:
    """A folder of the outputs that is ours, or new."""
    strange = out.is_dir() and any(out.iterdir()) and not (out / batch_files.MARKS).is_dir()
    if strange or (out.exists() and not out.is_dir()):
        raise OutputError(
            f"{out} is there and holds no outputs of a batch.", remedy="name another folder; nothing was written."
        )
    try:
        (out / batch_files.MARKS).mkdir(parents=True, exist_ok=True)
    except OSError as why:
        remedy = "name a folder that you may write."
        raise OutputError(f"{out} cannot be made ({why.strerror}).", remedy=remedy) from why


def _standing(works: Sequence[Work], how: How, again: bool) -> tuple[dict[str, Done], list[Task]]:
    """What an earlier batch did of the same inputs, and what is to be done; what is no longer asked for goes.

    Raises
    ------
    OutputError
        Nothing of what is there is asked for: it is another batch's, and would go without a word.
    """
    there = batch_files.marks(how.out)
    if there and not there & {work.key for work in works}:
        raise OutputError(
            f"{how.out} holds the outputs of another batch, of {', '.join(sorted(there)[:3])}.",
            remedy="name another folder with --out, or remove that one; nothing was written.",
        )
    kept: dict[str, Done] = {}
    tasks: list[Task] = []
    for work in works:
        digest = digest_of_work(work, how)
        before = batch_files.known(how.out, work.key)
        # What could not be fetched may be among the records by now.
        if before is not None and before.digest == digest and not again and not before.failures:
            kept[work.key] = before
        else:
            tasks.append((work, how, digest))
    try:
        # First: of a batch that is killed it would tell what is no longer there, and peers would take that for all.
        (how.out / SUMMARY).unlink(missing_ok=True)
        batch_files.keep_only(how.out, kept.values())
    except OSError as why:
        raise batch_files.unwritable(how.out, why) from why
    return kept, tasks


def digest_of_work(work: Work, how: How) -> str:
    """Digest of all that decides the outputs of a work: program, catalogue, settings, files, outlines."""
    settings = work.settings
    catalogue = resources.files("justgeo.catalogue")
    told = {
        "form": FORM,
        "justgeo": justgeo.__version__,
        "catalogue": {name: _sha(catalogue.joinpath(name).read_bytes()) for name in manifests.CATALOGUE},
        "settings": repr(replace(settings, layers={}, tables=())),
        "layers": {name: [repr(dict(spec.options)), _files(spec)] for name, spec in settings.layers.items()},
        "tables": [[repr(table), _files(table.spec)] for table in settings.tables],
        "reference": [_file(path) for path in _named(settings.reference_file, Path())],
        "crs": work.crs,
        "zones": work.zones,
        "each": how.each,
        "districts": [[one.slug, one.name, _sha(shapely.to_wkb(one.boundary))] for one in work.districts],
    }
    return digest_of(told)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _files(spec: LayerSpec) -> list[str]:
    """Digests of a layer's file and of all others that its options name: parts, what is joined, what it covers."""
    return [_file(path) for path in (spec.path, *_named(spec.options, spec.path.parent))]


def _named(told: Any, base: Path) -> Iterator[Path]:
    """Files that are named anywhere within some options."""
    if isinstance(told, Mapping):
        for value in told.values():
            yield from _named(value, base)
    elif isinstance(told, list | tuple):
        for value in told:
            yield from _named(value, base)
    elif isinstance(told, str | Path) and told:
        with suppress(OSError, ValueError):  # a text that cannot be a path at all
            if (base / told).is_file():
                yield base / told


def _file(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError:
        return ""


def _summary(report: Report) -> None:
    """``batch.json``: what is there and what is not, the same bytes for the same batch."""
    synthetic = any(one.synthetic for one in report.done)
    told: Mapping[str, Any] = {
        "form": FORM,
        "justgeo": justgeo.__version__,
        "disclaimer": DISCLAIMER,
        "invented": INVENTED if synthetic else "",
        "zones": report.n_zones,
        "overlapping": {"pairs": report.overlapping, "note": OVERLAPPING if report.overlapping else ""},
        "counties": [
            {"key": one.key, "zones": len(one.zones), "refused": len(one.refused), "absent": one.absent,
             "failures": one.failures} for one in report.done
        ],
        "refused": [asdict(one) for one in report.refused],
        "failed": [asdict(one) for one in report.failed],
    }  # fmt: skip
    content = (json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")
    batch_files.put(report.folder / SUMMARY, lambda path: path.write_bytes(content))
