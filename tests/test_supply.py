"""What others' packages bring: their terms are listed and allowed; an audit that looked up nothing is no clean one."""

from __future__ import annotations

import importlib.util
import tomllib
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


licences, audit = tool("licences"), tool("audit")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_every_package_stands_on_the_page_under_its_terms() -> None:
    """Those of this platform and Python: the page was made on one of them."""
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    told = {
        line.split("|")[1].strip(): line.split("|")[3].strip() for line in page.splitlines() if line.count("|") == 4
    }
    required = [*PROJECT["dependencies"], *(one for e in licences.SHOWN for one in PROJECT["optional-dependencies"][e])]
    some = licences.packages(required)
    assert len(some) > 40
    assert {name: licences.licence(name, one) for name, one in some.items()}.items() <= told.items()
    assert all("GPL" not in terms for terms in told.values())


@pytest.mark.parametrize(
    "words", ["GPL-3.0-or-later", "AGPL-3.0-only", "Hippocratic-3.0", "Proprietary", "", "UNKNOWN"]
)
def test_other_terms_are_refused(words: str, tmp_path: Path) -> None:
    folder = tmp_path / "strange-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: strange\nVersion: 1.0\nLicense: {words}\n")
    with pytest.raises(ValueError, match=r"strange 1\.0 says .* of its licence"):
        licences.licence("strange", metadata.Distribution.at(folder))


def found(**more: Any) -> dict[str, Any]:
    return {"name": "geopandas", "version": "1.1.1", **more}


HOLE = {"id": "CVE-2025-69662", "fix_versions": ["1.1.2"]}


@pytest.mark.parametrize(
    ("rows", "status", "words"),
    [
        ([found(vulns=[])], audit.CLEAN, "audited: 1 packages, no known vulnerability"),
        ([found(vulns=[HOLE])], audit.VULNERABLE, "geopandas 1.1.1: CVE-2025-69662; mended in 1.1.2"),
        ([found(vulns=[]), found(skip_reason="not found")], audit.UNKNOWN, "not audited: 1 of 2 packages"),
        ([found(vulns=[HOLE]), found(skip_reason="not found")], audit.VULNERABLE, "not audited: 1 of 2 packages"),
        ([], audit.UNKNOWN, "not audited: constraints.txt names nothing"),
    ],
)
def test_what_was_not_looked_up_is_not_clean(rows: list[dict[str, Any]], status: int, words: str) -> None:
    code, said = audit.judged({"dependencies": rows})
    assert code == status and words in said
    assert (code == audit.CLEAN) != ("What to do: " in said)
