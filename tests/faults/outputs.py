"""The bytes of a folder of outputs, less the one thing that two runs may tell differently: when they ended."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

from justgeo.core import whole

MAY_DIFFER = ("finished", "config")
"""Of ``run`` in the manifest: the moment at which the run ended, and the way from the outputs to ``district.toml``."""


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file by its way from the folder; none where there is no folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(_content(path)).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _content(path: Path) -> bytes:
    told = json.loads(path.read_bytes()) if path.name == "manifest.json" else {}
    if "run" not in told:
        return path.read_bytes()
    for name in MAY_DIFFER:
        told["run"].pop(name, None)
    return json.dumps(told, sort_keys=True).encode("utf-8")


def aged(folder: Path) -> None:
    """Let what a killed process left have lain for as long as the next one leaves it alone."""
    then = time.time() - whole.PATIENCE_S
    for part in folder.rglob(f".*{whole.PART}"):
        for one in (part, *part.rglob("*")):
            os.utime(one, (then, then), follow_symlinks=False)
