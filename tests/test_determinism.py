"""The same inputs give the same bytes, whatever is around a run; see ``faults/determinism.py`` for what is changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from justgeo.report.write import FILES
from tests.faults import altered, hamlet
from tests.faults.determinism import CASES, DECLARED, MORE, STARTED, WAYS, Started, Way
from tests.faults.nursery import STATED, Nursery, nursery, started
from tests.faults.outputs import MAY_DIFFER, digests

DAY = 86_400.0


@dataclass(frozen=True)
class First:
    """The hamlet, and the bytes of its first run."""

    base: Path
    nursery: Nursery
    whole: Mapping[str, str]

    @property
    def digests(self) -> Mapping[str, str]:
        """Of the files that every run writes."""
        return {name: digest for name, digest in self.whole.items() if "/" not in name}

    @property
    def here(self) -> Path:
        return self.base / "here"

    @property
    def out(self) -> Path:
        return self.base / "first" / "out"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> First:
    base = tmp_path_factory.mktemp("determinism")
    hamlet.write(base / "here")
    assert STATED == {"PYTHONHASHSEED": "1", "TZ": "UTC"}
    ready = nursery()
    ended = ready.run("-q", "run", base / "here", "--out", base / "first" / "out", *MORE)
    assert ended.code == 0, ended.err
    return First(base, ready, digests(base / "first" / "out"))


def test_all_that_a_run_writes_is_held(first: First) -> None:
    assert set(first.whole) >= {*FILES, "sensitivity/manifest.json"}
    manifest = json.loads((first.out / "manifest.json").read_text(encoding="utf-8"))
    assert set(MAY_DIFFER) <= set(manifest["run"]), "what may differ is told in the manifest alone"
    assert len(CASES) >= 15


@pytest.mark.parametrize("way", WAYS, ids=lambda way: " ".join(case.id.partition("/")[2] for case in way.cases))
def test_the_same_inputs_in_another_way(way: Way, first: First) -> None:
    name = way.cases[0].id.replace("/", "-")
    folder, out = first.here, first.base / name / way.place
    if way.alter:
        folder = first.base / name / "here"
        shutil.copytree(first.here, folder)
        getattr(altered, way.alter[0])(folder, *way.alter[1:])
    more = [part.format(kept=first.base / "kept") for part in way.more]
    ended = first.nursery.run("-q", "run", folder, "--out", out, *more, **way.told)
    assert ended.code == 0, ended.err
    found = digests(out)
    held = first.whole if MORE[0] in more else first.digests
    differs = {name for name in found.keys() | held.keys() if found.get(name) != held.get(name)}
    if way.cases[0].id == DECLARED:
        assert differs == {"manifest.json"}
        assert _settings(out).keys() == _settings(first.out).keys()
        assert _changed(out, first.out) == {"district.toml"}
    elif "--records" in way.more:
        assert differs == {"manifest.json"}, "which names the store beside the rest"
        assert _told(out) == _told(first.out)
    else:
        assert differs == set()


def _settings(out: Path) -> dict[str, str]:
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["settings"]
    return {one["id"]: one["sha256"] for one in told}


def _changed(one: Path, other: Path) -> set[str]:
    return {name for name, digest in _settings(one).items() if _settings(other)[name] != digest}


def _told(out: Path) -> object:
    """A manifest without the store and without what may differ anyhow."""
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    told["run"] = {key: value for key, value in told["run"].items() if key not in (*MAY_DIFFER, "records")}
    return told


@pytest.mark.parametrize("given", STARTED, ids=lambda one: " ".join(case.id.partition("/")[2] for case in one.cases))
def test_the_same_inputs_in_another_interpreter(given: Started, first: First, tmp_path: Path) -> None:
    ended = started("-q", "run", first.here, "--out", tmp_path / "out", env=given.env)
    assert ended.code == 0, ended.err
    assert digests(tmp_path / "out") == first.digests


def test_a_batch_in_another_order_of_files(first: First, tmp_path: Path) -> None:
    """``batch/listing``"""
    found = []
    for seed in (1, 2):
        out = tmp_path / str(seed)
        command = ("-q", "batch", first.here / "line.geojson", "--settings", first.here, "--out", out)
        ended = first.nursery.run(*command, prepare="shuffled", how={"seed": seed})
        assert ended.code == 0, ended.err
        (out / ".lock").unlink()
        found.append(digests(out))
    assert found[0] == found[1] and "batch.json" in found[0]


@pytest.mark.parametrize("kind", ["docx", "pdf"])
def test_an_export_of_another_day(kind: str, first: First, tmp_path: Path) -> None:
    """``export/docx``, ``export/pdf``"""
    found = []
    for days in (0, 400):
        out = tmp_path / f"{days}.{kind}"
        command = ("-q", "export", first.out, "--format", kind, "--out", out)
        ended = first.nursery.run(*command, prepare="clock", how={"shifts": [days * DAY]})
        assert ended.code == 0, ended.err
        found.append(out.read_bytes())
    assert found[0] == found[1]
