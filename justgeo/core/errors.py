"""Errors that a planner can act on: what was wrong, the offending value, what to do.

Everything below the command line raises one of these; ``cli.py`` alone turns them into a message and exit
status 2. A layer that is merely *missing* is not an error: it makes its indicators absent, with the reason.
"""

from __future__ import annotations


class JustgeoError(Exception):
    """Any refusal of justgeo, with its remedy.

    Parameters
    ----------
    message : str
        What was wrong, with the offending value.
    remedy : str
        What the reader can do about it.
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} What to do: {self.remedy}"


class ConfigError(JustgeoError):
    """``district.toml`` or the command line asks for something that cannot be."""


class BoundaryError(JustgeoError):
    """The district's boundary cannot be measured."""


class LayerError(JustgeoError):
    """A layer is there but cannot be believed: damaged, partial, of another shape than declared."""


class CoverageError(LayerError):
    """A layer does not cover the area that it is asked about."""


class CrsError(LayerError):
    """A coordinate reference system is missing, or is geographic where lengths are needed."""


class VintageError(LayerError):
    """Identifiers of one vintage were joined to those of another."""


class CatalogueError(JustgeoError):
    """A catalogue row is not understood."""


class OutputError(JustgeoError):
    """The results cannot be written where they were asked for."""


class Absent(Exception):
    """A number cannot be had for this place, and this is why. It becomes a record with that reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
