"""The notebooks run from top to bottom, on the public face alone, and are kept without outputs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from justgeo import run
from tests import kernels, nowhere

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SHOWS = {
    "01_quickstart": ("INVENTED", "renters: ", "<iframe", "Checklist of the Protocol"),
    "02_your_own_district": ("INVENTED", "<svg", "The drawing holds 2 shapes", "seed = 2020", "<iframe"),
    "03_add_an_indicator": ("INVENTED", "homes built since 2010: ", "data:image/png", "did you mean 'acs_share'?"),
    "04_margins_groups_maps": ("INVENTED", "sampling: ", "withheld", "data:image/png", "<iframe", "percentile"),
    "05_displacement": (
        "INVENTED",
        "with a chance of",
        "kappa",
        "as reported",
        "<svg",
        "A: three of four pressures: said",
    ),
}
"""What has to be seen in the outputs of each."""


def test_each_is_known() -> None:
    assert [path.stem for path in NOTEBOOKS] == list(SHOWS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_without_outputs_and_stands_on_the_public_face(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    assert "import justgeo\n" in source
    assert not re.search(r"(from|import)\s+justgeo\.", source)


def test_what_links_to_a_notebook_finds_it() -> None:
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *NOTEBOOKS]
    named = {name for path in texts for name in re.findall(r"\b(0\d_\w+)\.ipynb", path.read_text(encoding="utf-8"))}
    assert named and not named - {path.stem for path in NOTEBOOKS}


MADE = """
import pickle
import shutil
from pathlib import Path
import justgeo.run
made = {made!r}
def made_before(path, out, progress=None):
    shutil.copytree(Path(made) / out.name, out)
    return pickle.loads((Path(made) / out.name).with_suffix(".told").read_bytes())[0]
justgeo.run.run_config = made_before
"""
"""Before a notebook that asks for the demo: each of its runs takes what a run of the same has made for other tests."""


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The command that starts a kernel which has everything imported."""
    pytest.importorskip("ipykernel", reason="a notebook runs in a kernel: pip install ipykernel")
    with kernels.warm(tmp_path_factory.mktemp("kernels")) as command:
        yield command


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path: Path, forked: list[str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The first, which asks for the demo, in an interpreter of its own; the others in forked ones."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    command = forked
    if any("justgeo.demo(" in cell.source for cell in notebook.cells if cell.cell_type == "code"):
        made = {nowhere.demo(tmp_path_factory, folder.name).parent for folder in run.embedded()}
        code = MADE.format(made=str(made.pop()))
        before = f"--IPKernelApp.exec_lines=exec({code!r}, {{}})"
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", before]

    class Here(AsyncKernelManager):
        """The kernel of this very Python, whatever kernels the machine knows by the name of python3."""

        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(argv=command, display_name="Python 3", language="python")

    client = NotebookClient(
        notebook, timeout=240, kernel_manager_class=Here, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    assert outputs and not [out for out in outputs if out.output_type == "error"]
    shown = "".join(str(out.get("data", out.get("text", ""))) for out in outputs)
    assert [words for words in SHOWS[path.stem] if words not in shown] == []
