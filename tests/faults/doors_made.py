"""The doors that `injection` is tried on: runs, batches, fetches, and whatever else writes."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pytest
import shapely

from justgeo import collecting, synthetic
from justgeo.catalogue import read as catalogue
from tests import nowhere, tract_table
from tests.faults.doors import Door, Said, district, justgeo, said, small
from tests.faults.injection import copied
from tests.live import nowhere_online
from tests.loopback.files import FileTree
from tests.loopback.server import Loopback
from tests.loopback.wcs import Wcs
from tests.test_answers_sheet import head

TYPED = "They asked us."
BOOK = "Checklist"


def runs(source: Path, folder: Path) -> list[Door]:
    """A run into a new folder, and one over older outputs, with notes of the planner's and a sheet they typed into."""
    new = district(source, folder / "new")
    older = copied(new, folder / "older")
    assert _run(older).code == 0
    (older / "out" / "notes.txt").write_text("from the meeting", encoding="utf-8")
    _typed(older / "out" / "checklist.xlsx")
    (older / "answers.yml").write_text("# ours\nitems:\n  A02: first said\n", encoding="utf-8")
    text = (older / "district.toml").read_text(encoding="utf-8")
    (older / "district.toml").write_text(text.replace("Old Harbour", "Old Harbour Village"), encoding="utf-8")
    return [
        Door("run/new", new, ("out",), _run),
        Door("run/older", older, ("out", "answers.yml"), _run),
    ]


def _run(base: Path) -> Said:
    return justgeo("run", base, "--out", base / "out")


def _typed(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    tab = book[BOOK]
    top, columns = head(tab)
    tab.cell(top + 1, columns["Your answer"]).value = TYPED
    book.save(path)


def batches(source: Path, folder: Path) -> list[Door]:
    """A batch of two districts over outputs of which one is no longer asked for."""
    older = district(source, folder / "older")
    x, y = nowhere.boundary(source).union_all().centroid.coords[0]
    shapes = [shapely.box(x + east, y, x + east + 0.01, y + 0.008) for east in (-0.011, 0.0)]
    names = {"name": ["West", "East"]}
    gpd.GeoDataFrame(names, geometry=shapes, crs="EPSG:4326").to_file(older / "two.geojson")
    assert _batch(older).code == 0
    text = (older / "two.geojson").read_text(encoding="utf-8")
    (older / "two.geojson").write_text(text.replace("West", "Wharf"), encoding="utf-8")
    files = ("out/*.json", "out/*.parquet")
    return [Door("batch/older", older, files, _batch, failed=(1, 2), goes=True, tells="out/batch.json")]


def _batch(base: Path) -> Said:
    return justgeo("batch", base / "two.geojson", "--settings", base / "district.toml", "--out", base / "out")


def fetches(source: Path, folder: Path, servers: dict[str, Loopback]) -> list[Door]:
    """A fetch of a grid, and of an extract; the outline and the geography are the planner's own."""
    base = folder / "fetch"
    told = nowhere.layers(source, ["counties", "tracts"])
    told["counties"].pop("year", None)
    extract = servers["geofabrik"].url + nowhere_online.EXTRACT
    more: dict[str, dict[str, Any]] = {
        "fetch": {"census": False, "osm": extract, "gtfs": [], "rasters": {"impervious": True}},
        "services": {"mrlc": servers["mrlc"].url + nowhere_online.BEHIND["mrlc"]},
    }
    given = {"boundary": str(source / "district.geojson"), "slug": "old-harbour-invented"}
    nowhere.write(base, told, given, more)
    return [Door("fetch", base, ("records/*/*",), lambda base: justgeo("fetch", base), failed=(1, 2))]


def store(source: Path, folder: Path) -> list[Door]:
    """The layers of a run, kept in a folder of records."""

    def work(base: Path) -> Said:
        settings = collecting.read_config(base)

        def collect() -> None:
            collecting.collect_layers(settings, None, base / "records")

        return said(collect)

    kept = ("records/*/*.parquet", "records/*/*.npz", "records/*/*.json")
    return [Door("store", district(source, folder / "store"), kept, work)]


def others(source: Path, folder: Path) -> list[Door]:
    """Whatever else writes."""
    ready = district(source, folder / "ready")
    (ready / "answers.yml").write_text("# ours\nitems:\n  A02: first said\n", encoding="utf-8")
    assert _run(ready).code == 0
    shutil.copy(ready / "out" / "checklist.xlsx", ready / "mine.xlsx")
    _typed(ready / "mine.xlsx")
    for name in ("region", "empty"):
        (folder / name).mkdir()
    region, empty = tract_table.region(folder / "region"), folder / "empty"
    shutil.copy(source / "district.geojson", empty)

    def checklist(base: Path, *words: object) -> Said:
        return justgeo("checklist", base, "--out", base / "out", *words)

    def displacement(base: Path) -> Said:
        given = ("--inputs", base / "tracts.csv", "--years", "2014", "2024", "--draws", "1000")
        return justgeo("displacement", *given, "--out", base / "found")

    def init(base: Path) -> Said:
        return justgeo("init", base / "place", "--boundary", base / "district.geojson")

    return [
        Door("answers", ready, ("answers.yml",), lambda base: checklist(base, "--read", base / "mine.xlsx")),
        Door("packet/zip", ready, ("p.zip",), lambda base: checklist(base, "--packet", base / "p.zip")),
        Door("packet/folder", ready, ("packet",), lambda base: checklist(base, "--packet", base / "packet")),
        Door("export", ready, ("a.md",), lambda base: justgeo("export", base / "out", "--out", base / "a.md")),
        Door("posters", ready, ("walk",), lambda base: justgeo("posters", base / "out", "--out", base / "walk")),
        Door("init", empty, ("place/district.toml",), init, refuses=(2,)),
        Door("displacement", region, ("found",), displacement),
    ]


class Doors:
    """Doors by their names, each kind made when the first of it is asked for."""

    def __init__(self, source: Path, root: Path, servers: contextlib.ExitStack) -> None:
        self.source, self.root, self._servers = source, root, servers
        self._made: dict[str, Door] = {}

    def door(self, name: str) -> Door:
        """One door, by the end of its case's id."""
        if name not in self._made:
            kind = name.partition("/")[0]
            folder = self.root / kind
            folder.mkdir()
            self._made |= {one.name: one for one in self._kind(kind, folder)}
        return self._made[name]

    def _kind(self, kind: str, folder: Path) -> list[Door]:
        if kind == "fetch":
            return fetches(self.source, folder, self._loopback())
        if kind in KINDS:
            return KINDS[kind](self.source, folder)
        return others(self.source, folder)

    def _loopback(self) -> dict[str, Loopback]:
        grid = catalogue.services()["mrlc"].options["layers"]["impervious"]
        handlers = {
            "geofabrik": FileTree({nowhere_online.EXTRACT: self.source / "nowhere.osm.pbf"}).handle,
            "mrlc": Wcs({grid: self.source / "impervious.tif"}).handle,
        }
        return {name: self._servers.enter_context(Loopback(one)) for name, one in handlers.items()}


KINDS = {"run": runs, "batch": batches, "store": store}


@contextlib.contextmanager
def opened(factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """All doors, in a catalogue of one row."""
    source, root = synthetic.ensure(2020, nowhere.cache(factory)), factory.mktemp("doors")
    with contextlib.ExitStack() as servers, small(root / "scratch"):
        yield Doors(source, root, servers)
