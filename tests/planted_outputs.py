"""Every output of the planted place, made once for all tests that look at them."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from justgeo import candidates, exporting, measuring, run, shifting
from justgeo.collecting import Collected
from justgeo.core.result import Record
from justgeo.indicators.place import Place
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from justgeo.packet import packet
from justgeo.report import candidates as compared
from justgeo.report import sensitivity
from justgeo.results import read
from justgeo.wall import posters
from tests import nowhere, planted

FOLDER = "out; !'<b>"
"""Signs of a folder's name that other programs take for something else."""
MOVED = ("BEL-02", "WEL-04.800", "MOB-01.400")
WITH_ALL = JudgeSettings(min_households=0, min_persons=0, group_min=0, group_cv=math.inf, widest=2.0)
"""Nothing is withheld."""


@dataclass(frozen=True)
class Made:
    """The place, what was planted in it, and where its outputs are."""

    plant: planted.Plant
    district: Path
    out: Path
    results: dict[str, Any]
    found: Collected
    place: Place
    pages: dict[str, Path]
    exports: dict[str, Path]

    def truths(self) -> list[Record]:
        """What is withheld, measured once more without withholding anything."""
        gone = {
            (r["indicator"], r["group"], r["zone"]) for r in self.results["records"] if r["reliability"] == "suppressed"
        }
        rows = [row for row in self.found.rows if row.id in {indicator for indicator, _, _ in gone}]
        shown = measuring.measure(rows, self.place, settings=ReduceSettings(), judging=WITH_ALL)
        return [r for r in shown if (r.indicator, r.group, r.zone) in gone and r.value is not None]


_KEPT: dict[str, Made] = {}


def made(factory: pytest.TempPathFactory) -> Made:
    """The outputs; made once for a session of tests, whatever process asks first; nobody writes into them."""
    if "it" not in _KEPT:
        base = nowhere.cache(factory).with_name("planted")

        def anew() -> Made:
            shutil.rmtree(base, ignore_errors=True)  # of a process that failed
            base.mkdir()
            return make(base)

        _KEPT["it"] = nowhere.once(base.with_suffix(".made"), anew)
    return _KEPT["it"]


def make(base: Path) -> Made:
    """Run the place from its files, and make of its outputs what else justgeo makes."""
    plant = planted.Plant()
    district = planted.write(base / "place", plant)
    out = base / FOLDER
    kept: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("collect_layers", "make_place"):
            patch.setattr(run, name, _keeping(kept, name, getattr(run, name)))
        run.run_config(district, out)
    found, place = kept["collect_layers"], kept["make_place"]
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    pages = {
        "index": out / "index.html",
        "checklist": out / "checklist.html",
        "packet": packet(found.config, out, base / "packet") / "index.html",
        **{path.stem: path for path in posters(out, base / "walk") if path.suffix == ".html"},
        "compare": _compared(found, place, results, base / "compare"),
        "sensitivity": _shifted(found, base / "shifted"),
        "explore": read(out).explore("BEL-02").save(base / "explore.html"),
    }
    packet(found.config, out, base / "packet.zip")
    return Made(plant, district, out, results, found, place, pages, _exported(out, plant, base))


def _keeping(kept: dict[str, Any], name: str, call: Any) -> Any:
    def keeping(*given: Any, **more: Any) -> Any:
        kept[name] = call(*given, **more)
        return kept[name]

    return keeping


def _compared(found: Collected, place: Place, results: dict[str, Any], folder: Path) -> Path:
    side = {
        "name": results["name"], "results": results, "withheld": set(), "boundary": found.district.boundary,
        "split": candidates.split(place), "years": dict(found.years), "reference": found.reference.name,
    }  # fmt: skip
    compared.write_all(folder, candidates.content([side, {**side, "name": f"other {results['name']}"}]))
    return folder / "compare.html"


def _shifted(found: Collected, folder: Path) -> Path:
    folder.mkdir()
    few = replace(found, rows=tuple(row for row in found.rows if row.id in MOVED))
    sensitivity.fill(folder, shifting.shift(few))
    return folder / "sensitivity.html"


def _exported(out: Path, plant: planted.Plant, base: Path) -> dict[str, Path]:
    made = {form: base / f"grant.{form}" for form in exporting.FORMATS}
    for path in made.values():
        exporting.export(out, out=path)
    sites = planted.sites(base, plant)
    for form in exporting.MAPS:
        made[f"map.{form}"] = base / f"map.{form}"
        exporting.export_map(out, made[f"map.{form}"], sites)
    return made


def digits(value: float) -> Sequence[str]:
    """How a number may stand in a file of values: with twelve, or with six or more significant digits."""
    whole = f"{value:.12g}"
    return [whole] if len(whole.replace(".", "").lstrip("0")) < 7 else [whole, f"{value:.6g}"]
