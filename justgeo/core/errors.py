"""Errors that a planner can act on: what was wrong, the offending value, what to do.

Everything below the command line raises one of these; ``cli.py`` alone turns them into a message and exit
status 2. A layer that is merely *missing* is not an error: it makes its indicators absent, with the reason.
"""

from __future__ import annotations

from typing import Any, ClassVar


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

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it can be sent from one process to another: ``remedy`` has to be named, which pickle does not do."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[JustgeoError], args: tuple[Any, ...], parts: dict[str, Any]) -> JustgeoError:
    made = kind.__new__(kind, *args)
    made.args = args
    made.__dict__.update(parts)
    return made


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


class SourceError(LayerError):
    """A public service did not give what was asked of it.

    Parameters
    ----------
    message, remedy : str
        As for every refusal; neither ever holds a key.
    kind : str
        One of :data:`KINDS`: what went wrong, for those who decide whether to try again.
    service : str
        Id of the service, where known.
    """

    KINDS: ClassVar[tuple[str, ...]] = (
        "refused",  # nobody answers at that address
        "timeout",  # no answer, or not all of it, in the time allowed
        "busy",  # the service asks to come back later
        "key",  # a key is missing or not accepted
        "missing",  # the service has no such thing (any more)
        "damaged",  # what came is not what was asked for
        "partial",  # what came is a part of what was asked for
        "limit",  # larger than is believed, or than the service allows
        "tls",  # the service could not prove who it is
        "changed",  # the data changed between two answers
        "disk",  # what came could not be written down
        "offline",  # not recorded, and the network was not to be used
    )

    def __init__(self, message: str, *, remedy: str, kind: str = "damaged", service: str = "") -> None:
        super().__init__(message, remedy=remedy)
        if kind not in self.KINDS:
            raise ValueError(f"{kind!r} is no kind of failure")
        self.kind = kind
        self.service = service


class StoreError(JustgeoError):
    """The records at a URL cannot be reached, read or written to: nothing can be said of what is there.

    Parameters
    ----------
    message, remedy : str
        As for every refusal; neither ever holds a key.
    kind : str
        ``"missing"`` (no such bucket), ``"key"`` (no credentials), ``"denied"``, ``"refused"`` (not reached), or
        ``"disk"``.
    """

    def __init__(self, message: str, *, remedy: str, kind: str = "disk") -> None:
        super().__init__(message, remedy=remedy)
        self.kind = kind


class CatalogueError(JustgeoError):
    """A catalogue row is not understood."""


class OutputError(JustgeoError):
    """The results cannot be written where they were asked for."""


class Absent(Exception):
    """A number cannot be had for this place, and this is why. It becomes a record with that reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
