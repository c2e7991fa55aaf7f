"""A neighbourhood baseline for the Just Communities Protocol: census, OpenStreetMap and rasters, with margins of error.

``fetch`` brings what a district needs, ``baseline`` measures it, ``plan`` says what that would read; ``load`` opens
what was written, ``verify`` and ``diff`` check and compare it; ``demo`` measures the embedded districts;
``displacement`` analyses the tracts of a region. Importing this does no work: each is fetched from its module when it
is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from justgeo.differing import diff
    from justgeo.displacing import displacement
    from justgeo.fetching import fetch
    from justgeo.results import read as load
    from justgeo.run import demo, plan
    from justgeo.run import run_config as baseline
    from justgeo.verifying import verify

__all__ = ["__version__", "baseline", "demo", "diff", "displacement", "fetch", "load", "plan", "verify"]

_FACE = {
    "__version__": ("importlib.metadata", "version"),
    "baseline": ("justgeo.run", "run_config"),
    "demo": ("justgeo.run", "demo"),
    "diff": ("justgeo.differing", "diff"),
    "displacement": ("justgeo.displacing", "displacement"),
    "fetch": ("justgeo.fetching", "fetch"),
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
