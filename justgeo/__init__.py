"""A neighbourhood baseline for the Just Communities Protocol: census, OpenStreetMap and rasters, with margins of error.

``fetch`` brings what a district needs, ``baseline`` measures it, ``plan`` says what that would read; ``load`` opens
what was written, ``verify`` and ``diff`` check and compare it; ``demo`` measures the embedded districts;
``displacement`` analyses the tracts of a region. In a notebook ``district`` makes one of a drawing, ``figures``
measures a few rows and writes nothing, ``checklist`` opens the checklist, ``export`` writes tables for an application.
Importing this does no work: each is fetched from its module when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from justgeo.core.errors import JustgeoError
    from justgeo.differing import diff
    from justgeo.displacing import displacement
    from justgeo.exporting import export
    from justgeo.fetching import fetch
    from justgeo.listed import checklist
    from justgeo.outlines import District, district
    from justgeo.results import read as load
    from justgeo.run import demo, plan
    from justgeo.run import run_config as baseline
    from justgeo.trying import figures
    from justgeo.verifying import verify

__all__ = [
    "District", "JustgeoError", "__version__", "baseline", "checklist", "demo", "diff", "displacement", "district",
    "export", "fetch", "figures", "load", "plan", "verify",
]  # fmt: skip

_FACE = {
    "District": ("justgeo.outlines", "District"),
    "JustgeoError": ("justgeo.core.errors", "JustgeoError"),
    "__version__": ("importlib.metadata", "version"),
    "baseline": ("justgeo.run", "run_config"),
    "checklist": ("justgeo.listed", "checklist"),
    "demo": ("justgeo.run", "demo"),
    "diff": ("justgeo.differing", "diff"),
    "displacement": ("justgeo.displacing", "displacement"),
    "district": ("justgeo.outlines", "district"),
    "export": ("justgeo.exporting", "export"),
    "fetch": ("justgeo.fetching", "fetch"),
    "figures": ("justgeo.trying", "figures"),
    "load": ("justgeo.results", "read"),
    "plan": ("justgeo.run", "plan"),
    "verify": ("justgeo.verifying", "verify"),
}


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module 'justgeo' has no attribute {name!r}")
    module, attribute = _FACE[name]
    found = getattr(import_module(module), attribute)
    return found("justgeo") if name == "__version__" else found


def __dir__() -> list[str]:
    return __all__
