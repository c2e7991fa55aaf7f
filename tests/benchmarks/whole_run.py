"""Benchmark 5: a whole run, warm, over the sum of its imports, reads and writes.

Each round is a fresh Python that imports the package, runs the embedded invented district and says how long each stage
took. The invented county lies on the disk already (the first, uncounted round writes it), as recorded layers would.

``python -m tests.benchmarks.bench --only whole_run``
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping

from tests.benchmarks.timing import goal, markdown

ROUNDS = 3
LIMIT = 1.5
STAGES = {
    "imports": "the package and all that it loads",
    "reads": "layers opened, parsed, checked and hashed",
    "place": "zones, and weights of every small area in them",
    "measure": "fields, reductions, margins, comparisons, checklist",
    "results": "records as one dictionary, areas as one frame",
    "writes": "page, tables, workbook, checklist, manifest made and written",
    "rest": "settings, and what lies between",
}
FIXED = ("imports", "reads", "writes")

CHILD = """
import json, sys, time
from pathlib import Path
spent = {}
def timed(name, call):
    def inner(*given, **named):
        start = time.process_time()
        try:
            return call(*given, **named)
        finally:
            spent[name] = spent.get(name, 0.0) + time.process_time() - start
    return inner
begin = time.process_time()
from justgeo import run
from justgeo.report import page, results, write
spent["imports"] = time.process_time() - begin
run.collect_layers = timed("reads", run.collect_layers)
run.make_place = timed("place", run.make_place)
run.measure_place = timed("measure", run.measure_place)
results.to_dict = timed("results", results.to_dict)
results.zones_frame = timed("results", results.zones_frame)
write.write_all = timed("writes", write.write_all)
home = next(one for one in run.embedded() if one.name == "nowhere-invented")
report = run.run_config(home / "district.toml", Path(sys.argv[1]))
spent["all"] = time.process_time() - begin
spent["figures"] = report.n_measured
print("\\n" + json.dumps(spent))
"""


def stages() -> dict[str, float]:
    """CPU seconds of each stage of one fresh run, of ``all``, and the ``figures`` that it measured."""
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [sys.executable, "-c", CHILD, f"{folder}/out"], check=True, capture_output=True, text=True, encoding="utf-8"
        )
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    found["rest"] = found["all"] - sum(found.get(name, 0.0) for name in STAGES)
    return found


def ratio(found: Mapping[str, float]) -> float:
    """The whole over imports, reads and writes."""
    return found["all"] / sum(found[name] for name in FIXED)


def section(rounds: int = ROUNDS) -> str:
    """Stages, their shares, and the ratio."""
    stages()
    taken = [stages() for _ in range(rounds)]
    middle = {name: statistics.median(one[name] for one in taken) for name in (*STAGES, "all")}
    lines = [
        [f"{name}: {words}", f"{middle[name]:.2f}", f"{100 * middle[name] / middle['all']:.0f}"]
        for name, words in STAGES.items()
    ]
    lines.append(["all", f"{middle['all']:.2f}", "100"])
    return "\n\n".join(
        [TEXT.format(figures=int(taken[0]["figures"]), rounds=rounds),
         goal("a whole run over its imports, reads and writes", statistics.median(map(ratio, taken)), LIMIT),
         markdown(("stage", "CPU s", "% of all"), lines), WHY]
    )  # fmt: skip


TEXT = """\
The embedded invented district, its reference and its areas, with every indicator, group and page: {figures} figures
of the district alone. Medians of {rounds} fresh processes, CPU time; the layers are on the disk."""

WHY = """\
The reads and writes are those of the run, with all that they check and draw; nothing is left out of the whole. What
measuring costs is spread over some 170 rows, 640 rows by group and 500 reductions, each with two further rules of
apportionment for its range and the margins' parts: no single function holds more than a twentieth of it (in a profile,
the quantiles of sums of a few lumps hold that much, `measure/lumps.py`; then come sparse matrices of a few rows, made
some 27,000 times, and records). A batch pays much of it once for all its districts (benchmark 6)."""
