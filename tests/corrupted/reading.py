"""Files of the invented county that nobody changes are read once for a module: a trial is about what it changed.

Every file is read as it is by the first trial that asks for it. What a trial changed is a copy in a folder of its own,
or names one, and is read anew each time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from justgeo import collecting
from justgeo.core.layer import AnyLayer, Layer
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import _readers, census, files

Read = Callable[[Sequence[str]], dict[str, AnyLayer]]


class Shelf:
    """Layers as they were read, by what was asked.

    Attributes
    ----------
    open : bool
        Whether what is read is kept: not while a guard is taken away, since it is to be read with all of them.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        self.open = True
        self._kept: dict[object, Any] = {}

    def of(self, spec: LayerSpec, asked: object, read: Callable[[], Any]) -> Any:
        """What was read of an unchanged file, else what is read now."""
        if not self._unchanged(spec):
            return read()
        key = (repr(spec), asked)
        if key in self._kept:
            return self._kept[key]
        found = read()
        if self.open:
            self._kept[key] = found
        return found

    def _unchanged(self, spec: LayerSpec) -> bool:
        paths = [spec.path, *(Path(word) for word in _words(spec.options))]
        return all(path.is_relative_to(self.source) for path in paths if path.is_absolute())


SHELVES: list[Shelf] = []
"""That of the module that is run, if any."""


@contextlib.contextmanager
def once(source: Path) -> Iterator[None]:
    """Within it, unchanged files below ``source`` are read once."""
    shelf, zones, reader, acs = Shelf(source), files.read_zones, _readers.reader, census.read_acs

    def read_zones(spec: LayerSpec, area: Area | None = None) -> Layer:
        found: Layer = shelf.of(spec, area, lambda: zones(spec, area))
        return found

    def reader_of(name: str, spec: LayerSpec, area: Area, kept: Path | None = None) -> Read:
        read = reader(name, spec, area, kept)
        return lambda wanted: dict(shelf.of(spec, (name, area, *wanted), lambda: read(wanted)))

    def read_acs(
        path: Path, tables: Sequence[str], year: int, *, prefixes: tuple[str, ...], spec: LayerSpec
    ) -> dict[str, Layer]:
        asked = ("acs", path, *tables, year, prefixes)
        return dict(shelf.of(spec, asked, lambda: acs(path, tables, year, prefixes=prefixes, spec=spec)))

    SHELVES.append(shelf)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collecting, "read_zones", read_zones)
        patch.setattr(files, "read_zones", read_zones)
        patch.setattr(_readers, "reader", reader_of)
        patch.setattr(census, "read_acs", read_acs)
        yield
    SHELVES.remove(shelf)


@contextlib.contextmanager
def closed() -> Iterator[None]:
    """Within it, nothing is kept."""
    for shelf in SHELVES:
        shelf.open = False
    try:
        yield
    finally:
        for shelf in SHELVES:
            shelf.open = True


def _words(told: Any) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, Mapping):
        for one in told.values():
            yield from _words(one)
    elif isinstance(told, list | tuple):
        for one in told:
            yield from _words(one)
