"""The real data, read where they lie: rows that need them are skipped, saying so, where they are absent."""

from __future__ import annotations

import os
from pathlib import Path

from tests.conformance.model import NotHere

ROOT = Path(__file__).resolve().parents[2]


def real(*parts: str) -> Path:
    """A file or folder below ``JUSTGEO_REAL_DATA``, else below ``../shared/data``.

    Raises
    ------
    NotHere
        There is none.
    """
    base = Path(os.environ.get("JUSTGEO_REAL_DATA", ROOT.parent / "shared" / "data"))
    found = base.joinpath(*parts).resolve()
    if not found.exists():
        raise NotHere(f"real data not here: {'/'.join(parts)}")
    return found
