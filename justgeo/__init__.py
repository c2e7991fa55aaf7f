"""A neighbourhood baseline for the Just Communities Protocol: census, OpenStreetMap and rasters, with margins of error.

``baseline`` measures a district, ``plan`` says what that would read, ``demo`` measures the embedded districts, ``load``
opens what was written. Importing this does no work: each is fetched from its module when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from justgeo.results import read as load
    from justgeo.run import demo, plan
    from justgeo.run import run_config as baseline

__all__ = ["__version__", "baseline", "demo", "load", "plan"]

_FACE = {
    "__version__": ("importlib.metadata", "version"),
    "baseline": ("justgeo.run", "run_config"),
    "demo": ("justgeo.run", "demo"),
    "load": ("justgeo.results", "read"),
    "plan": ("justgeo.run", "plan"),
}


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module 'justgeo' has no attribute {name!r}")
    module, attribute = _FACE[name]
    found = getattr(import_module(module), attribute)
    return found("justgeo") if name == "__version__" else found


def __dir__() -> list[str]:
    return __all__
