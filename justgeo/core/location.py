"""Where something is kept: a folder of this machine, or the URL of one (``s3://bucket/prefix``)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TypeGuard

Location = Path | str
"""A folder; as text also a URL."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # of two letters at least: one is a drive of Windows


_WINDOWS = re.compile(r"\\|(^|/)[A-Za-z]:/")


def foreign(path: Path) -> str:
    """What to say of a path that leads nowhere here because it is written as on Windows; nothing of any other.

    Parameters
    ----------
    path : Path
        Which is not there.

    Returns
    -------
    str
        The beginning of a remedy that goes on with what else to do.
    """
    if os.sep == "\\" or not _WINDOWS.search(str(path)):
        return ""
    return "this is a path of Windows: write the file's place on this computer, with / between folders. Or "


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
