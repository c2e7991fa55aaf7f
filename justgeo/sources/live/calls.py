"""What is asked of a service, how patiently, and what comes back: the values of ``http.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE_BYTES = 6 << 30
"""The largest files that anyone is sent to are extracts of whole regions; a state's has 1.2 GB at most."""
JSON_BYTES = 512 << 20
"""Read into memory as a whole, several times over; the servers of Overpass themselves give no more by default."""
TABLE_BYTES = 256 << 20
"""A catalogue that is read as a whole; that of the Mobility Database has some 3 MB."""


@dataclass(frozen=True)
class Policy:
    """How long, how often and how much.

    Attributes
    ----------
    connect_s, read_s : float
        To be connected; between two pieces of an answer.
    total_s : float
        For one call with all its tries and mirrors, without the time that a file of known length takes to come.
    tries : int
        At one address.
    pause_s : float
        Before the second try; doubled before each further one.
    longest_wait_s : float
        A service that asks for more patience is left, and what it asked for is told.
    most_bytes : int
        A longer answer is not believed.
    least_bytes_per_s : float
        A file that tells its length and comes as fast as this may take as long as it takes.
    stall_s : float
        Over which the speed is measured: a file that comes more slowly, and would not be there in time, is asked for
        anew from where it is.
    """

    connect_s: float = 15.0
    read_s: float = 90.0
    total_s: float = 1800.0
    tries: int = 4
    pause_s: float = 2.0
    longest_wait_s: float = 90.0
    most_bytes: int = FILE_BYTES
    least_bytes_per_s: float = 32_000.0
    stall_s: float = 60.0


@dataclass(frozen=True)
class Call:
    """One question to a service.

    Attributes
    ----------
    path : str
        Behind the service's address.
    params : sequence of (str, str)
        In their order; never a key.
    secret : sequence of (str, str)
        Parameters that nobody may see.
    form : mapping or None
        Makes it a POST with these fields.
    document : any
        Makes it a POST with this as JSON.
    headers : mapping
        Never a key: they go wherever the service sends on to.
    nothing : bool
        204 (no content) is an answer, not a failure.
    patience_s : float or None
        In place of the policy's ``read_s``, for a service that thinks before it speaks.
    most_bytes : int or None
        A longer answer is not believed, where that is less than the policy's.
    packed : bool
        The answer may come packed, as that to a POST may always. A file had better come as it lies: then its length is
        known, and the rest of it can be asked for where it broke off.
    """

    path: str = ""
    params: Sequence[tuple[str, str]] = ()
    secret: Sequence[tuple[str, str]] = ()
    form: Mapping[str, str] | None = None
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    nothing: bool = False
    patience_s: float | None = None
    most_bytes: int | None = None
    packed: bool = False

    @property
    def method(self) -> str:
        """``GET`` or ``POST``."""
        return "GET" if self.form is None and self.document is None else "POST"


@dataclass(frozen=True)
class Got:
    """An answer on disk.

    Attributes
    ----------
    path : Path
    url : str
        Where it came from in the end, without its parameters.
    status : int
    headers : mapping
        Of a file that came in several parts those of the first, which tell of the whole.
    sha256 : str
    size : int
        Bytes.
    retrieved : str
        ISO time, UTC.
    """

    path: Path
    url: str
    status: int
    headers: Mapping[str, str]
    sha256: str
    size: int
    retrieved: str


@dataclass(frozen=True)
class Knock:
    """The beginning of an answer: status, seconds until it came, header, first bytes."""

    status: int
    seconds: float
    headers: Mapping[str, str]
    head: bytes
