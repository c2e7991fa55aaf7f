"""Paths of files as the readers of vector files take them."""

from __future__ import annotations

from pathlib import Path

_SPLIT = ("!", ";", "\n", "\r", "\t")
"""Signs at which pyogrio takes a path apart as if it were an address: the rest of the name would be lost."""


def is_split(path: Path) -> bool:
    """Whether pyogrio would read, or write, another file than this one."""
    return any(sign in str(path) for sign in _SPLIT)


def for_ogr(path: Path) -> str:
    """A local path that pyogrio takes as it stands, whatever signs are in it.

    References
    ----------
    GDAL, *Virtual File Systems*: ``/vsisubfile/`` (here of a whole file) and ``/vsizip/``. pyogrio leaves alone what
    begins so.
    """
    if not is_split(path):
        return str(path)
    return f"/vsizip/{path}" if path.suffix.casefold() == ".zip" else f"/vsisubfile/0,{path}"
