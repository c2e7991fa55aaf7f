"""Districts for tests: ``district.toml`` files that point to the layers of the invented county."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import pickle
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from justgeo import candidates, collecting, measuring, quality_census, quality_sums, run, shifting, synthetic
from justgeo.catalogue import read
from justgeo.collecting import Collected
from justgeo.core.layer import AnyLayer
from justgeo.core.protocol import Checklist
from justgeo.core.result import Baseline, Indicator, Record
from justgeo.indicators.place import Place
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from justgeo.sources import _readers, census
from justgeo.synthetic.declare import layers as declarations

UNITS = ("counties", "tracts", "block_groups", "blocks")
FEW_LAYERS = (*UNITS, "osm")
FEW_TABLES = ("B01001", "B25003", "B19001", "B19013", "B03002")


def cache(factory: pytest.TempPathFactory) -> Path:
    """A folder for the invented county's files that all modules of one session share, whatever process they run in.

    They are made by this version of the code, once; nobody writes into them.
    """
    base = factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "county"


@contextmanager
def unmade(kept: Path) -> Iterator[bool]:
    """Whether something is still to be made, once for a session of tests: a second process waits for the first one."""
    kept.parent.mkdir(exist_ok=True)
    with kept.with_name(f"{kept.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not kept.exists()


def once(kept: Path, make: Callable[[], Any]) -> Any:
    """What is made once for a session of tests, whatever process asks first; read anew for each who asks."""
    with unmade(kept) as new:
        if new:
            kept.write_bytes(pickle.dumps(make()))
    return pickle.loads(kept.read_bytes())


def demo(factory: pytest.TempPathFactory, slug: str) -> Path:
    """Outputs of an embedded district, run once for a session of tests; nobody writes into them."""
    out = cache(factory).with_name("demo") / slug
    with unmade(out.with_suffix(".measured")) as new:
        if new:
            county = synthetic.ensure(2020, cache(factory))
            (folder,) = (one for one in run.embedded() if one.name == slug)
            said: list[str] = []
            kept: list[tuple[Baseline, Checklist]] = []
            found: list[tuple[Collected, Place]] = []

            def keeping(collected: Collected, progress: Any, place: Place) -> tuple[Baseline, Checklist]:
                kept.append(measure(collected, progress, place))
                found.append((collected, place))
                return kept[-1]

            measure = run.measure_place
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(synthetic, "ensure", lambda seed: county)
                patch.setattr(run, "measure_place", keeping)
                report = run.run_config(folder / "district.toml", out, said.append)
            out.with_suffix(".told").write_bytes(pickle.dumps((report, said)))
            out.with_suffix(".found").write_bytes(pickle.dumps(found[-1]))
            out.with_suffix(".measured").write_bytes(pickle.dumps(kept[-1]))
    return out


def baseline(factory: pytest.TempPathFactory, slug: str) -> tuple[Baseline, Checklist]:
    """What the run of a `demo` measured and filled in, before it was written."""
    found: tuple[Baseline, Checklist] = pickle.loads(demo(factory, slug).with_suffix(".measured").read_bytes())
    return found


def found(factory: pytest.TempPathFactory, slug: str) -> tuple[Collected, Place]:
    """What the run of a `demo` collected, and its place, with what it found of the small areas there."""
    kept: tuple[Collected, Place] = pickle.loads(demo(factory, slug).with_suffix(".found").read_bytes())
    return kept


def district(factory: pytest.TempPathFactory) -> Place:
    """The place of the invented district as its run left it: its files are read and walked once for a session."""
    return found(factory, "nowhere-invented")[1]


def told(out: Path) -> tuple[run.RunReport, list[str]]:
    """What the run of a `demo` gave back, and what it named on its way."""
    report, said = pickle.loads(out.with_suffix(".told").read_bytes())
    return report, said


@contextmanager
def at_hand(read: Collected) -> Iterator[None]:
    """Within it, a file of a run that was read before is not read again: its layers are those that it gave then."""

    def reader(*_: object) -> Callable[[Iterable[str]], dict[str, AnyLayer]]:
        return lambda wanted: {name: read.layers[name] for name in wanted}

    def read_acs(path: Path, tables: Iterable[str], year: int, **_: object) -> dict[str, AnyLayer]:
        return {table: read.layers[f"acs:{table}@{year}"] for table in tables}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_readers, "reader", reader)
        patch.setattr(census, "read_acs", read_acs)
        yield


@contextmanager
def only(ids: Collection[str]) -> Iterator[None]:
    """Some rows of the catalogue alone: where all that is asked of a run is done to a few rows as to all of them."""
    for kept in (read.programmes, read.protocol):  # they name other rows too: read while all are there, and kept
        kept()
    every = read._own_indicators
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "_own_indicators", lambda: tuple(row for row in every() if row.id in ids))
        forgetful(patch)
        yield


def forgetful(patch: pytest.MonkeyPatch) -> None:
    """What a process remembers of the rows of the catalogue is asked anew, and forgotten when the patch is undone.

    Of a few rows it would go on to say that there are no others, to every test that comes after.
    """
    for module, name in ((quality_census, "brackets"), (quality_sums, "identities")):
        patch.setattr(module, name, functools.cache(getattr(module, name).__wrapped__))


def value(told: Any) -> str:
    """A TOML value; JSON's texts, numbers and booleans are TOML's too."""
    if isinstance(told, Mapping):
        return "{ " + ", ".join(f"{json.dumps(k)} = {value(v)}" for k, v in told.items()) + " }"
    if isinstance(told, list | tuple):
        return "[" + ", ".join(value(v) for v in told) + "]"
    return json.dumps(str(told) if isinstance(told, Path) else told, ensure_ascii=False)


def table(name: str, told: Mapping[str, Any]) -> str:
    return "\n".join([f"[{name}]", *(f"{json.dumps(k)} = {value(v)}" for k, v in told.items())])


def layers(source: Path, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Declarations of some layers of the invented county, by their full paths."""
    known = declarations()
    return {name: {**known[name], "path": str(source / known[name]["path"])} for name in names}


def write(
    folder: Path,
    told: Mapping[str, Mapping[str, Any]],
    district: Mapping[str, Any],
    more: Mapping[str, Mapping[str, Any]] | None = None,
    text: str = "",
) -> Path:
    """A ``district.toml`` of some layers; ``more`` are its other tables, ``text`` is put at its end as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [table("district", {"name": "Old Harbour", **district})]
    parts += [table(name, one) for name, one in (more or {}).items()]
    parts += [table(f"layers.{json.dumps(name)}", one) for name, one in told.items()]
    path = folder / "district.toml"
    path.write_text("\n\n".join([*parts, text]) + "\n", encoding="utf-8")
    return path


def measured(path: Path, rows: Iterable[Indicator]) -> tuple[Place, dict[tuple[str, str, str], Record]]:
    """The place of a ``district.toml``, and some rows measured for it, by indicator, zone and group."""
    place = run.make_place(run.collect_layers(run.read_config(path)))
    return place, figures(place, rows)


def figures(place: Place, rows: Iterable[Indicator]) -> dict[tuple[str, str, str], Record]:
    """Some rows measured for a place, by indicator, zone and group."""
    found = measuring.measure(tuple(rows), place, settings=ReduceSettings(), judging=JudgeSettings())
    return {(r.indicator, r.zone, r.group): r for r in found}


def survey(source: Path, folder: Path, tables: Iterable[str]) -> dict[str, Any]:
    """The declaration of a survey of a few tables, copied: reading all of them takes a while."""
    kept = folder / "acs2024"
    kept.mkdir(parents=True, exist_ok=True)
    for name in tables:
        shutil.copy(source / "acs2024" / f"acsdt5y2024-{name.lower()}.dat", kept)
    return {**declarations()["acs"], "path": str(kept)}


def side(source: Path, folder: Path, name: str, shape: shapely.Geometry) -> Path:
    """A ``district.toml`` of a shape (EPSG:4326) with a few layers of the invented county."""
    folder.mkdir(parents=True)
    gpd.GeoDataFrame(geometry=[shape], crs="EPSG:4326").to_file(folder / "line.geojson")
    told = {**layers(source, FEW_LAYERS), "acs": survey(source, folder, FEW_TABLES)}
    return write(folder, told, {"name": name, "boundary": "line.geojson"})


def harbour(source: Path, folder: Path) -> tuple[Path, Collected]:
    """The district of the invented county with a few layers: its ``district.toml``, and what is collected for it."""
    path = side(source, folder, "Harbour", boundary(source).geometry.union_all())
    return path, collecting.collect_layers(run.read_config(path))


def compared(factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The district and its western half beside each other, compared once for a session of tests.

    The folder has ``a`` and ``b``, the candidates, and ``out``; nobody writes into it. And what `compare` gave back.
    """
    here = cache(factory).with_name("compared")

    def make() -> dict[str, Any]:
        source = synthetic.ensure(2020, cache(factory))
        whole = boundary(source).geometry.union_all()
        west, south, east, north = whole.bounds
        half = whole.intersection(shapely.box(west, south, (west + east) / 2, north))
        paths = [side(source, here / "a", "Whole", whole), side(source, here / "b", "West half", half)]
        return candidates.compare(paths, here / "out")

    return here, once(here.with_suffix(".made"), make)


def shifted(factory: pytest.TempPathFactory) -> tuple[Path, Collected, dict[str, Any]]:
    """The `harbour`, and how its numbers move with its line and its thresholds: found once for a session of tests."""
    here = cache(factory).with_name("shifted")

    def make() -> tuple[Path, Collected, dict[str, Any]]:
        path, found = harbour(synthetic.ensure(2020, cache(factory)), here)
        return path, found, shifting.shift(found)

    made: tuple[Path, Collected, dict[str, Any]] = once(here.with_suffix(".made"), make)
    return made


def boundary(source: Path) -> gpd.GeoDataFrame:
    """The district of the invented county, EPSG:4326."""
    return gpd.read_file(source / "district.geojson")
