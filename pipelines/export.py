"""``indicators.csv`` again: ``python pipelines/export.py out/nowhere-invented/results.json FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import justgeo
from justgeo.cli import guarded


def export(source: Path, folder: Path) -> None:
    """Write ``<slug>-indicators.csv``; the slug tells an invented place from a real one."""
    found = justgeo.load(source)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{found['slug']}-indicators.csv"
    found.write_csv(target)
    print(f"{len(found['records'])} rows in {target}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("wanted: a results.json, and the folder to write to")
    sys.exit(guarded(lambda: export(Path(sys.argv[1]), Path(sys.argv[2]))))
