"""Files that are nearly right: how bytes are damaged, and what must hold whatever a reader is given."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import shapely
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from justgeo.core.errors import JustgeoError
from justgeo.core.spec import Area

T = TypeVar("T")

MOST_SECONDS = 10.0
"""Of the processor: no small file keeps a reader busy for longer."""

HERE = shapely.box(-78.50, 38.00, -78.40, 38.10)
AREA = Area(district=HERE, reference=None, window=HERE.buffer(0.1), halo=HERE.buffer(0.02), halo_m=1200.0)


@dataclass(frozen=True)
class Hurt:
    """One thing done to some bytes; where it is done is a share of their length."""

    way: str
    at: float
    size: int
    byte: int

    def of(self, whole: bytes) -> bytes:
        """The bytes, hurt."""
        if not whole:
            return whole
        start = min(int(self.at * len(whole)), len(whole) - 1)
        end = min(start + self.size, len(whole))
        if self.way == "cut":
            return whole[:start]
        if self.way == "behead":
            return whole[end:]
        if self.way == "gap":
            return whole[:start] + whole[end:]
        if self.way == "twice":
            return whole[:end] + whole[start:]
        if self.way == "flip":
            return whole[:start] + bytes([whole[start] ^ (1 << self.byte % 8)]) + whole[start + 1 :]
        if self.way == "more":
            return whole + bytes([self.byte]) * self.size
        return whole[:start] + bytes([self.byte]) * (end - start) + whole[end:]


def hurts(*ways: str, most: int = 3) -> SearchStrategy[tuple[Hurt, ...]]:
    """One to three hurts, of all ways or of those that are named."""
    chosen = ways or ("cut", "behead", "gap", "twice", "flip", "flip", "flip", "more", "set", "set")
    one = st.builds(
        Hurt,
        way=st.sampled_from(chosen),
        at=st.floats(0, 1, exclude_max=True, width=32),
        size=st.sampled_from((1, 1, 2, 4, 8, 64)),
        byte=st.sampled_from((0, 1, 2, 0x7F, 0x80, 0xFF, 0x20, 0x2C, 0x22)) | st.integers(0, 255),
    )
    return st.lists(one, min_size=1, max_size=most).map(tuple)


def hurt(whole: bytes, done: Sequence[Hurt]) -> bytes:
    """Bytes after all that was done to them."""
    for one in done:
        whole = one.of(whole)
    return whole


def honest(read: Callable[[], T], folder: Path, *names: str) -> T:
    """What a reader gives, or its refusal once that is seen to be an honest sentence.

    It names the file and what to do, and holds no more words than anyone reads; nothing is left beside the file, and
    it comes soon.

    Parameters
    ----------
    read : callable
    folder : Path
        In which the file lies.
    names : sequence of str
        One of them must stand in the message.
    """
    before, begun = _everything(folder), time.process_time()
    try:
        return read()
    except JustgeoError as error:
        assert error.remedy.strip(), "a refusal without a remedy"
        assert any(name in error.message for name in names), f"none of {names} is named: {error.message!r}"
        assert len(str(error)) < 2000, f"a refusal of {len(str(error))} characters"
        raise
    finally:
        spent = time.process_time() - begun
        assert spent < MOST_SECONDS, f"{spent:.1f} s for one file"
        assert _everything(folder) == before, "the reader left something beside the file"


def _everything(folder: Path) -> dict[str, tuple[int, int]]:
    found = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    return {p.relative_to(folder).as_posix(): (p.stat().st_size, p.stat().st_mtime_ns) for p in found}
