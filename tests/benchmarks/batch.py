"""Benchmark 6: what many districts of one county cost over one, two workers over one, and the memory of it.

Each run is a process of its own: ``justgeo batch`` on the invented county with every layer it has, as a user calls it.
Two workers need two counties: the invented one and its copy beside it, with a few tables. The figures of the county go
into ``docs/data/benchmark-batch.json``, from which ``national.py`` extrapolates.

``python -m tests.benchmarks.bench --only batch``
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import affinity

from justgeo import collecting, synthetic
from justgeo.core import district as districts
from tests import places_many as many
from tests.benchmarks.national import FIGURES, County
from tests.benchmarks.timing import goal, markdown

ROOT = Path(__file__).parents[2]
NOWHERE = ROOT / "data" / "districts" / "nowhere-invented"
SIZES = (1, 10, 100, 1000)
MOST_OVER_ONE, LEAST_SPEEDUP = 3.0, 1.8
EACH_COUNTY = 800
"""Districts in each of the two counties that two workers share."""
SEED = 6
RADII = (400.0, 1500.0)


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds, seconds of CPU with its children, bytes of memory, and a trace of the memory."""

    wall: float
    cpu: float
    peak: int
    bytes_out: int
    trace: tuple[int, ...]


def outlines(folder: Path, n: int, east: float = 0.0) -> gpd.GeoDataFrame:
    """The district of the invented county and circles of a neighbourhood's size inside the county."""
    site = collecting.survey(collecting.read_config(NOWHERE), None)
    county = districts.to_metric(site.reference.shape, site.crs)
    shapes = [districts.to_metric(site.district.boundary, site.crs)]
    rng = np.random.default_rng(SEED)
    west, south, right, north = county.bounds
    while len(shapes) < n:
        middle = shapely.Point(rng.uniform(west, right), rng.uniform(south, north))
        one = middle.buffer(rng.uniform(*RADII), quad_segs=4)
        shapes += [one] if county.contains(one) else []
    frame = gpd.GeoDataFrame({"name": [f"Place {i:04}" for i in range(n)]}, geometry=shapes[:n], crs=site.crs)
    frame = frame.to_crs("EPSG:4326")
    if east:
        frame["geometry"] = [affinity.translate(one, xoff=east) for one in frame.geometry]
        frame["name"] = "East " + frame["name"]
    return frame


def run(source: Path, settings: Path, out: Path, *more: str) -> Cost:
    """One batch in a process of its own."""
    command = [sys.executable, "-m", "justgeo.cli", "-q", "batch", str(source), "--settings", str(settings)]
    start = time.perf_counter()
    process = subprocess.Popen([*command, "--out", str(out), *more], cwd=ROOT, stdout=subprocess.DEVNULL)
    trace: list[int] = []
    watch = threading.Thread(target=_watch, args=(process, trace))
    watch.start()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    watch.join()
    if process.returncode:
        raise RuntimeError(f"the batch ended with {process.returncode}")
    size = sum(path.stat().st_size for path in out.rglob("*.parquet"))
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, size, tuple(trace))


def _watch(process: subprocess.Popen[bytes], trace: list[int]) -> None:
    status = Path(f"/proc/{process.pid}/statm")
    while process.returncode is None:
        try:
            trace.append(int(status.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE"))
        except (OSError, IndexError):
            return
        time.sleep(1.0)


def of_sizes(folder: Path) -> dict[int, Cost]:
    """One county with so many districts, the table alone."""
    found = {}
    for n in SIZES:
        path = folder / f"{n}.gpkg"
        outlines(folder, n).to_file(path, driver="GPKG")
        found[n] = run(path, NOWHERE, folder / f"out-{n}", "--table-only")
    return found


def each(folder: Path) -> Cost:
    """A hundred districts with ``results.json`` of each."""
    return run(folder / "100.gpkg", NOWHERE, folder / "out-each")


def of_workers(folder: Path) -> dict[int, Cost]:
    """Two counties by one process, and by two workers."""
    source = synthetic.ensure(2020)
    settings = many.settings(source, folder / "settings")
    east = many.width(source)
    frames = [outlines(folder, EACH_COUNTY), outlines(folder, EACH_COUNTY, east)]
    path = folder / "both.gpkg"
    gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=frames[0].crs).to_file(path, driver="GPKG")
    found = {}
    for workers in (1, 2):
        out = folder / f"workers-{workers}"
        found[workers] = run(path, settings, out, "--table-only", "--workers", str(workers))
    one, two = ({p.relative_to(o).as_posix(): p.read_bytes() for p in o.rglob("*") if p.is_file()}
                for o in (folder / "workers-1", folder / "workers-2"))  # fmt: skip
    if one != two:
        raise RuntimeError("one process and two workers do not give the same bytes")
    return found


def section() -> str:
    """Times, memory and goals of batches."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        sizes, with_each, workers = of_sizes(folder), each(folder), of_workers(folder)
    _keep(sizes)
    one, most = sizes[SIZES[0]], sizes[SIZES[-1]]
    rows = [
        [f"{n:,}", f"{c.wall:,.1f}", f"{c.cpu:,.1f}", f"{c.cpu / one.cpu:,.2f}", f"{c.peak / 2**20:,.0f}",
         f"{c.bytes_out / n / 1024:,.0f}"]
        for n, c in sizes.items()
    ]  # fmt: skip
    head = (
        "districts of one county, table alone",
        "seconds",
        "CPU seconds",
        "CPU over one",
        "peak MB",
        "KB a district",
    )
    speedup = workers[1].wall / workers[2].wall
    return "\n\n".join(
        [
            markdown(head, rows),
            f"With `results.json` of each, 100 districts take {with_each.cpu:,.1f} CPU seconds, "
            f"{with_each.cpu / sizes[100].cpu:.2f} times the table alone. Two counties of {EACH_COUNTY} districts with "
            f"a few tables: {workers[1].wall:,.1f} s by one process, {workers[2].wall:,.1f} s by two workers, the same "
            "bytes.",
            goal("1,000 districts over one", most.cpu / one.cpu, MOST_OVER_ONE),
            goal("two workers over one", speedup, LEAST_SPEEDUP, least=True),
            f"Peak memory of 1,000 districts over 100: {most.peak / sizes[100].peak:.2f} times. Resident memory of the "
            f"run of 1,000, MB, a tenth of its time apart: {_tenths(most.trace)}.",
            WHY,
        ]
    )


def _tenths(trace: tuple[int, ...]) -> str:
    parts = np.array_split(np.array(trace), 10)
    return ", ".join(f"{statistics.fmean(part) / 2**20:,.0f}" for part in parts if len(part))


def _keep(sizes: Mapping[int, Cost]) -> None:
    few, most = sizes[SIZES[0]], sizes[SIZES[-1]]
    source = synthetic.ensure(2020)
    found = County(
        cpu_s=few.cpu,
        cpu_s_zone=(most.cpu - few.cpu) / (SIZES[-1] - SIZES[0]),
        peak_bytes=float(most.peak),
        output_bytes_zone=most.bytes_out / SIZES[-1],
        store_bytes=float(sum(path.stat().st_size for path in source.rglob("*") if path.is_file())),
        tracts=float(len(gpd.read_file(source / "tl_2024_99_tract.zip"))),
    )
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(vars(found), indent=1, sort_keys=True) + "\n", encoding="utf-8")


WHY = """\
What was equal: the bytes of one process and of two workers; each district's numbers are those of its own run
(`tests/test_batch.py`). One county is read, its fields are found and its weights are made once. What a district adds is
its records, some 800, each judged, compared, tested and written, and the calm streets that lead out of it, which are
its own (MOB-08.connected: by profile four tenths of what a district adds; districts that share no block are measured
together there, and these circles overlap twenty deep). That is why a thousand cost more than three times one. A worker
starts a Python of its own and reads the files of both counties, some five seconds, before it shares the work."""


def main() -> None:
    """Print the section."""
    print(section())


if __name__ == "__main__":
    main()
