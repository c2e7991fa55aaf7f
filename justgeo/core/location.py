"""Where something is kept: a folder of this machine, or the URL of one (``s3://bucket/prefix``)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeGuard

Location = Path | str
"""A folder; as text also a URL."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # of two letters at least: one is a drive of Windows


def is_url(where: object) -> TypeGuard[str]:
    """Whether a location is a URL."""
    return isinstance(where, str) and "://" in where and _URL.match(where) is not None


def location(told: str, base: Path | None = None) -> Location:
    """A location as somebody wrote it down.

    Parameters
    ----------
    told : str
    base : Path, optional
        Folder that a relative path starts from.

    Returns
    -------
    Path or str
        A URL as it is, anything else as a path.
    """
    if is_url(told):
        return told
    return Path(told) if base is None else base / told
