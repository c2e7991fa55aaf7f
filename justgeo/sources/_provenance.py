"""Provenance of a layer from what the planner declared and what was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from justgeo.core.layer import Provenance
from justgeo.core.spec import LayerSpec

NOT_STATED = "not stated"
_PATHS = ("path", "file", "covers", "counts")
_LISTS_OF_PATHS = ("parts",)


def provenance(
    spec: LayerSpec,
    layer: str,
    *,
    sha256: str,
    notes: Iterable[str] = (),
    asked: Mapping[str, Any] | None = None,
    source: str = "",
    dataset: str = "",
    vintage: str = "",
    licence: str = "",
) -> Provenance:
    """Provenance of a layer; the keywords stand in for what the planner did not declare.

    No path enters it: the same inputs give the same results on any machine.
    """
    return Provenance(
        layer=layer,
        source=spec.source or source or NOT_STATED,
        dataset=spec.dataset or dataset or spec.path.name,
        vintage=spec.vintage or vintage or NOT_STATED,
        retrieved=spec.retrieved,
        licence=spec.licence or licence or NOT_STATED,
        attribution=spec.attribution,
        url=spec.url,
        sha256=sha256,
        asked={"file": spec.path.name, **plain(dict(spec.options)), **plain(dict(asked or {}))},
        synthetic=spec.synthetic,
        modelled=spec.modelled,
        notes=(*spec.notes, *notes),
    )


def plain(value: Any) -> Any:
    """The value in words that JSON knows; of a path, its name alone."""
    if isinstance(value, Mapping):
        return {str(key): _entry(str(key), one) for key, one in value.items()}
    if isinstance(value, Path):
        return value.name
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, Iterable):
        return [plain(v) for v in value]
    return str(value)


def _entry(key: str, value: Any) -> Any:
    if key in _PATHS and isinstance(value, str):
        return Path(value).name
    if key in _LISTS_OF_PATHS and isinstance(value, list | tuple):
        return [Path(str(path)).name for path in value]
    return plain(value)
