"""Digests: of the bytes that were read, and of what was asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20

# A shapefile is several files; these decide what is read from it.
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, of a shapefile with its companions, or of all files below a folder.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        64 hexadecimal digits. For several files: the digest of their names and digests, in the order of their names.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    if path.is_dir():
        return combined((p.relative_to(path).as_posix(), _cached(p)) for p in sorted(path.rglob("*")) if p.is_file())
    if path.suffix.lower() == ".shp":
        parts = sorted(p for p in path.parent.glob(f"{_escaped(path.stem)}.*") if p.suffix.lower() in _SHAPEFILE_PARTS)
        return combined((p.name, _cached(p)) for p in parts)
    return _cached(path)


def combined(digests: Iterable[tuple[str, str]]) -> str:
    """One digest of several named ones."""
    return digest_of([list(pair) for pair in digests])


def digest_of(question: Any) -> str:
    """SHA-256 of anything that JSON can say, with the keys in order.

    Raises
    ------
    TypeError
        JSON cannot say it.
    """
    text = json.dumps(question, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _cached(path: Path) -> str:
    """A national file is asked for by many layers; it is read again only if it has changed."""
    status = path.stat()
    return _digest(str(path.resolve()), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _digest(path: str, size: int, modified: int) -> str:  # size and modified are part of the cache's key
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _escaped(stem: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)
