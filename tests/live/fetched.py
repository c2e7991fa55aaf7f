"""What the tests of this room share: the invented county's district fetched and run once, and the same from its files.

Each is made once for a session of tests, whatever process asks first; nobody writes into them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from justgeo import collecting, run
from justgeo.catalogue import read as catalogue
from justgeo.core.layer import Layer
from justgeo.core.result import Indicator
from justgeo.core.spec import LayerSpec
from justgeo.report import results as reports
from justgeo.sources import files
from justgeo.sources._hash import sha256_of
from justgeo.sources.live import with_censusdis
from tests import nowhere as districts
from tests.live.nowhere_online import DAY, Said, justgeo, one_day, online, with_a_key

GRIDS = ("tree_canopy", "impervious", "land_cover")
FEW = ("DEM-00.population", "BEL-02", "BEL-08.divergence", "WEL-04.800", "WEL-06", "MOB-03", "ENV-01", "ENV-03",
       "ENV-03.developed")  # fmt: skip
"""A row of each service: the survey, blocks, walks, timetables, and each of the grids."""
Key = tuple[str, str, str]
Rows = Mapping[Key, Any]


@dataclass(frozen=True)
class Round:
    """A district that was begun, fetched and run while its services answered, and that they answer no more.

    ``again`` is the same one, fetched of the same servers through censusdis: None where that is not installed.
    """

    folder: Path
    out: Path
    fetched: Said
    asked: Mapping[str, int]
    asked_by_run: Mapping[str, int]
    addresses: Mapping[str, str]
    again: Path | None

    @property
    def records(self) -> Path:
        return self.folder / "records"

    @cached_property
    def results(self) -> Any:
        return json.loads((self.out / "results.json").read_text(encoding="utf-8"))


def first(source: Path, factory: pytest.TempPathFactory) -> Round:
    """The round of the county's district; its outputs and records are there for whoever reads them."""
    root = _shared(factory, "fetched", lambda root: _first(source, root))
    told = json.loads((root / "told.json").read_text(encoding="utf-8"))
    again = root / "again" if (root / "again").is_dir() else None
    return Round(root / "district", root / "out", Said(**told.pop("fetched")), **told, again=again)


def _first(source: Path, root: Path) -> None:
    with with_a_key(), one_day(), online(source) as services:
        path = services.begin(root / "district")
        told: dict[str, Any] = {"fetched": asdict(justgeo("fetch", path)), "asked": services.asked()}
        assert justgeo("run", path, "--out", root / "out").code == 0
        told |= {"asked_by_run": services.asked(), "addresses": services.addresses}
        if with_censusdis.installed():
            assert justgeo("fetch", services.begin(root / "again", {"census": {"provider": "censusdis"}})).code == 0
    (root / "told.json").write_text(json.dumps(told), encoding="utf-8")


def from_files(source: Path, factory: pytest.TempPathFactory) -> dict[str, Any]:
    """``results.json`` of the same district from the county's files, as ``justgeo demo`` reads them."""

    def made(root: Path) -> None:
        names = [*districts.UNITS, "acs", "osm", "gtfs", *GRIDS]
        told = {"boundary": str(source / "district.geojson"), "slug": "old-harbour-invented"}
        _, found = measured(districts.write(root, of_files(source, names), told))
        (root / "results.json").write_text(json.dumps(found), encoding="utf-8")

    root = _shared(factory, "from-files", made)
    found: dict[str, Any] = json.loads((root / "results.json").read_text(encoding="utf-8"))
    return found


def of_files(source: Path, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Declarations of the county's files; its timetable is as old as the fetched one, and as that is had ended."""
    told = districts.layers(source, names)
    return {**told, **{name: {**told[name], "retrieved": DAY} for name in ("gtfs",) if name in told}}


def _shared(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that is made once for a session of tests."""
    root = districts.cache(factory).with_name(name)
    whole = root / "whole"
    with districts.unmade(whole) as new:
        if new:
            make(root)
            whole.touch()
    return root


@contextmanager
def geography_once() -> Iterator[None]:
    """Within it, a file of census geography that did not change is read once, not at every plan, fetch and run.

    For tests of what is asked, recorded and told; those of how it is read go without.
    """
    kept: dict[object, Layer] = {}

    def read_zones(spec: LayerSpec) -> Layer:
        joins = spec.options.get("join", ())
        named = [joins] if isinstance(joins, Mapping) else [*joins]
        parts = [*spec.options.get("parts", ()), *(join["path"] for join in named)]
        paths = [spec.path, *(spec.path.parent / str(part) for part in parts)]
        key = repr(spec), tuple(sha256_of(path) if path.is_file() else "" for path in paths)
        if key not in kept:
            kept[key] = files.read_zones(spec)
        return replace(kept[key], data=kept[key].data.copy())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collecting, "read_zones", read_zones)
        yield


def rows_of(results: Mapping[str, Any]) -> Rows:
    """Records by zone, indicator and group."""
    return {(one["zone"], one["indicator"], one["group"]): one for one in results["records"]}


def measured(
    path: Path, rows: Sequence[Indicator] | None = None, *, read_all: bool = True, **more: Any
) -> tuple[run.Collected, dict[str, Any]]:
    """What a run would read and put into ``results.json``, without writing it.

    ``rows``: of all rows of the catalogue, those to measure; ``read_all``: what the others need is read too.
    """
    found = run.collect_layers(run.read_config(path), rows=None if read_all else rows, **more)
    kept = found if rows is None else replace(found, rows=tuple(rows))
    return found, dict(json.loads(reports.dump(reports.to_dict(run.measure_place(kept)[0]))))


def each_kind(*others: str) -> list[Indicator]:
    """A row of each kind of arithmetic and set of parameters: where a test is of what is read, not of every row.

    ``others``: what else of a row it is one of each of, such as ``"category"``.
    """
    kinds: dict[object, Indicator] = {}
    for row in catalogue.indicators():
        told = (getattr(row, name) for name in ("field", "areas", "weight", *others))
        kinds.setdefault((frozenset(row.parameters), *told), row)
    return list(kinds.values())
