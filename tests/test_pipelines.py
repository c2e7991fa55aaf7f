"""The scripts under pipelines/ run as a user runs them, on the invented county and on a hamlet.

A new interpreter takes seconds to import what a run needs, so it is one for the script that measures. One of each
other kind is run in a process that is forked from this one; the other scripts of the kind, which begin with the same
lines, are run here.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import runpy
import subprocess
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import pytest

from tests.faults import hamlet

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "pipelines"
NOWHERE = ROOT / "data" / "districts" / "nowhere-invented" / "district.toml"


FEW = """
import pathlib, runpy, sys
from tests.faults import hamlet
hamlet.few_rows()
sys.argv, sys.path[0] = sys.argv[1:], str(pathlib.Path(sys.argv[1]).parent)
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""As ``python SCRIPT``, with a row of each kind of arithmetic."""


def call(script: str, *args: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder, in a new interpreter."""
    command = [sys.executable, "-c", FEW, str(SCRIPTS / script), *map(str, args)]
    told = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        command, cwd=folder, env=told, capture_output=True, text=True, encoding="utf-8", check=False, timeout=300
    )


def call_forked(script: str, *args: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """As `call`, but what it imports is imported already; it leaves by its exit status."""
    files = [folder.with_name(f"{folder.name}.{kind}") for kind in ("out", "err")]
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        _become([str(SCRIPTS / script), *map(str, args)], folder, *files)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return subprocess.CompletedProcess([], code, *(path.read_text(encoding="utf-8") for path in files))


def _become(argv: list[str], folder: Path, out: Path, err: Path) -> NoReturn:
    """Run a script in this process, which ends with it."""
    code: object = 70
    try:
        for number, path in ((1, out), (2, err)):
            with path.open("wb") as opened:
                os.dup2(opened.fileno(), number)
        sys.stdout, sys.stderr = (open(n, "w", encoding="utf-8", closefd=False) for n in (1, 2))  # noqa: SIM115
        os.chdir(folder)
        sys.argv, sys.path[:0] = argv, [str(SCRIPTS)]
        sys.modules.pop("layers", None)
        runpy.run_path(argv[0], run_name="__main__")
    except SystemExit as left:
        code = left.code or 0
    except BaseException:  # noqa: BLE001 - this process must not go on as a second run of the tests
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 70)


def run_here(script: str, *args: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """The same in this interpreter, which sees the script's folder first, as a new one would."""
    out, err, code = io.StringIO(), io.StringIO(), None
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.chdir(folder)
        patch.setattr(sys, "argv", [str(SCRIPTS / script), *map(str, args)])
        patch.setattr(sys, "path", [str(SCRIPTS), *sys.path])
        patch.delitem(sys.modules, "layers", raising=False)
        with pytest.raises(SystemExit) as left:
            runpy.run_path(str(SCRIPTS / script), run_name="__main__")
        code = left.value.code
        sys.modules.pop("layers", None)
    assert isinstance(code, int), code
    return subprocess.CompletedProcess([], code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder in which pipelines/baseline.py has run."""
    folder = tmp_path_factory.mktemp("baseline")
    ran = call("baseline.py", hamlet.write(folder / "here"), folder=folder)
    assert ran.returncode == 0, ran.stderr
    assert "INVENTED" in ran.stdout
    return folder / "out" / "hamlet"


@pytest.mark.slow
def test_baseline(baseline: Path) -> None:
    assert (baseline / "index.html").is_file()


@pytest.mark.slow
def test_export_writes_the_same_table_under_a_name_that_tells(baseline: Path, tmp_path: Path) -> None:
    ran = call_forked("export.py", baseline / "results.json", tmp_path / "there", folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    made = tmp_path / "there" / "hamlet-indicators.csv"
    assert made.read_bytes() == (baseline / "indicators.csv").read_bytes()
    n = len(json.loads((baseline / "results.json").read_text(encoding="utf-8"))["records"])
    assert ran.stdout.startswith(f"{n} rows in ")


@pytest.mark.parametrize(
    ("script", "there", "elsewhere"),
    [
        ("census.py", ["blocks", "tracts", "acs:B25003@2024"], "walk"),
        ("osm.py", ["walk", "parks", "stops", "gtfs"], "tracts"),
        ("rasters.py", ["tree_canopy", "impervious", "land_cover"], "walk"),
    ],
)
def test_layers_are_listed_with_rows_vintage_and_source(
    script: str, there: list[str], elsewhere: str, tmp_path: Path
) -> None:
    ran = (call_forked if script == "rasters.py" else run_here)(script, NOWHERE, folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    lines = {line.split()[0]: line for line in ran.stdout.splitlines()}
    for name in there:
        rows, *told = lines[name].split()[1:]
        assert int(rows) > 0 and "(invented data)" in " ".join(told), lines[name]
    assert elsewhere not in lines
    assert not list(tmp_path.iterdir()), "listing layers writes nothing"


def test_an_absent_layer_is_listed_with_its_reason(tmp_path: Path) -> None:
    ran = run_here("rasters.py", NOWHERE.parents[1] / "haight-castro", folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "absent  no canopy map of this place may travel with the package" in ran.stdout


@pytest.mark.parametrize("script", ["baseline.py", "census.py", "osm.py", "rasters.py"])
def test_a_file_that_is_not_there_is_a_plain_refusal(script: str, tmp_path: Path) -> None:
    ran = (call_forked if script == "osm.py" else run_here)(script, tmp_path / "none.toml", folder=tmp_path)
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: ") and "what to do: " in ran.stderr


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_scripts_are_thin(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 30
