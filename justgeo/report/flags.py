"""What the flags of a record say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flag(record: Mapping[str, Any], name: str) -> float | None:
    """Number of the flag ``name=0.06``, or None."""
    for one in record.get("flags") or ():
        key, _, number = str(one).partition("=")
        if key == name:
            return float(number.split(" ")[0])
    return None
