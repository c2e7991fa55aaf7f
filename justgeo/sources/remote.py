"""A folder at a URL, by fsspec: the one door to it. Files are read, put and listed; what fails says what to do.

Credentials, regions and endpoints come the way the libraries take them (the environment, their own files), never from
the URL: a URL stands in ``district.toml`` and in messages. s3fs takes ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``,
``AWS_PROFILE`` and, for S3-compatible servers, ``AWS_ENDPOINT_URL``.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from justgeo.core.errors import ConfigError, StoreError

log = logging.getLogger(__name__)

INSTALL = "pip install 'justgeo[batch]'"
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_REFUSED_CODES = (
    "AccessDenied", "AllAccessDisabled", "ExpiredToken", "Forbidden", "InvalidAccessKeyId", "InvalidToken",
    "SignatureDoesNotMatch", "401", "403",
)  # fmt: skip
_NO_BUCKET = ("NoSuchBucket", "InvalidBucketName")


class Remote:
    """A folder at a URL. Nothing is opened before it is asked for something.

    Parameters
    ----------
    url : str
        ``s3://bucket/prefix``, ``file:///folder``, ...

    Raises
    ------
    ConfigError
        The URL holds a secret, or is of no use as a folder.
    """

    def __init__(self, url: str) -> None:
        self.url = _checked(url).rstrip("/")
        self._door = _Door(self.url)
        self._below = ""

    def below(self, name: str) -> Remote:
        """A folder in this one, by the same connection."""
        other = Remote(f"{self.url}/{name}")
        other._door, other._below = self._door, f"{self._below}{name}/"
        return other

    @property
    def mirror(self) -> Path:
        """The local folder that holds what came from here; one for each URL and, on S3, endpoint."""
        from platformdirs import user_cache_path

        parts = urlsplit(self.url)
        host = next(filter(None, map(os.environ.get, _ENDPOINTS)), "") if parts.scheme == "s3" else ""
        digest = hashlib.sha256(f"{self.url}\n{host}".encode()).hexdigest()[:16]
        return user_cache_path("justgeo", appauthor=False) / "records" / digest

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None where there is none.

        Raises
        ------
        StoreError
            As all of these: the folder cannot be reached, read or written to.
        ConfigError
            As all of these: nothing is installed that opens such a URL.
        """
        fs, path = self._at(name)
        try:
            with self._telling("read"):
                return bytes(fs.cat_file(path))
        except FileNotFoundError:
            return None

    def bring(self, name: str, path: Path) -> bool:
        """Copy a file to a path of this machine; False where there is none."""
        fs, there = self._at(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._telling("read"):
                fs.get_file(there, str(path))
        except FileNotFoundError:
            path.unlink(missing_ok=True)
            return False
        return True

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        fs, path = self._at(name)
        try:
            with self._telling("read"):
                fs.info(path)
        except FileNotFoundError:
            return False
        return True

    def names(self, name: str) -> list[str]:
        """Paths of all files in a folder, from this one; in order."""
        fs, path = self._at(name)
        root = path.removesuffix(name)
        try:
            with self._telling("read"):
                return sorted(str(one).removeprefix(root).lstrip("/") for one in fs.find(path))
        except FileNotFoundError:
            return []

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it."""
        fs, path = self._at("")
        try:
            with self._telling("read"):
                return not fs.ls(path.rstrip("/"), detail=False)
        except FileNotFoundError:
            return True

    def write(self, name: str, data: bytes) -> None:
        """Put some bytes as a file, in place of one of this name."""
        fs, path = self._at(name)
        with self._telling("written to"):
            fs.pipe_file(path, data)

    def send(self, path: Path, name: str) -> None:
        """Put a file of this machine."""
        fs, there = self._at(name)
        with self._telling("written to"):
            fs.put_file(str(path), there)

    def remove(self, name: str) -> None:
        """Remove a file, if there is one."""
        fs, path = self._at(name)
        try:
            with self._telling("written to"):
                fs.rm_file(path)
        except FileNotFoundError:
            return

    def _at(self, name: str) -> tuple[Any, str]:
        fs, root = self._door.opened
        return fs, f"{root.rstrip('/')}/{self._below}{name}"

    @contextmanager
    def _telling(self, done: str) -> Iterator[None]:
        """Failures of the libraries below as our own; a file that is not there stays ``FileNotFoundError``."""
        try:
            yield
            return
        except _failures() as error:
            if isinstance(error, FileNotFoundError) and _code(error) not in _NO_BUCKET:
                raise
            failure = _failure(self.url, done, error)
        raise failure  # out here, without what the library said: it may hold parts of what it was sent


class _Door:
    """A file system of fsspec and the path of a URL in it, opened once for a folder and all below it."""

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def opened(self) -> tuple[Any, str]:
        scheme = urlsplit(self._url).scheme
        # No listing is remembered: other machines write here too. A file system of its own for each store.
        options: dict[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True}
        if scheme in ("file", "local"):
            options["auto_mkdir"] = True  # folders of a bucket need no making
        if scheme == "memory":
            options = {}
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise _missing("fsspec", f"opens {self._url}", INSTALL) from None
        try:
            fs, path = url_to_fs(self._url, **options)
        except ImportError as error:
            lacks = {"s3": "s3fs", "s3a": "s3fs"}.get(scheme, "")
            remedy = INSTALL if lacks else f"see what fsspec says of it: {error}."
            raise _missing(lacks or "the library of fsspec", f"opens {scheme}:// addresses", remedy) from None
        except ValueError:
            raise ConfigError(
                f"Nothing here opens addresses that begin with {scheme}://.",
                remedy="name a bucket (s3://bucket/prefix), a folder, or another address that fsspec opens.",
            ) from None
        return fs, str(path)


def _missing(what: str, does: str, remedy: str) -> ConfigError:
    return ConfigError(f"{what[0].upper()}{what[1:]}, which {does}, is not installed.", remedy=remedy)


def _checked(url: str) -> str:
    """The URL, unless it holds what should not be written down: such a one is not repeated either."""
    parts = urlsplit(url)
    if "::" in url or parts.scheme in ("http", "https"):
        raise ConfigError(
            f"Records are not kept at addresses that begin with {url.partition('://')[0]}://.",
            remedy="name a bucket (s3://bucket/prefix) or a folder.",
        )
    if parts.password is not None or parts.query or ("@" in parts.netloc and parts.scheme in ("s3", "s3a")):
        raise ConfigError(
            f"The {parts.scheme}:// address of the records holds more than a place: a user, a password or a query.",
            remedy="leave it out; give credentials by the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
            "AWS_PROFILE), where nobody reads them.",
        )
    return url


def _failures() -> tuple[type[Exception], ...]:
    """What the libraries below raise; those that are not loaded raise nothing."""
    found: list[type[Exception]] = [OSError, ValueError, NotImplementedError]
    for module, name in (
        ("botocore.exceptions", "BotoCoreError"),
        ("botocore.exceptions", "ClientError"),
        ("aiohttp", "ClientError"),
    ):
        if module in sys.modules:
            found.append(getattr(sys.modules[module], name))
    return tuple(found)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _code(error: BaseException) -> str:
    """What an S3 service calls a failure; ``""`` where it is none of a service."""
    for one in _chain(error):
        response = getattr(one, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
    return ""


def _failure(url: str, done: str, error: Exception) -> StoreError:
    """Our words: names and codes of what went wrong alone, never the text of a library."""
    code = _code(error)
    kinds = {kind.__name__ for one in _chain(error) for kind in type(one).__mro__}
    what = f"The records at {url} cannot be {done}"
    if code in _NO_BUCKET:
        return StoreError(
            f"{what}: there is no such bucket ({code}).",
            remedy="see that its name is written right and that AWS_ENDPOINT_URL, where you use one, is of the server "
            "that has it; or make the bucket.",
            kind="missing",
        )
    if any("Credential" in kind or "Token" in kind or kind == "ProfileNotFound" for kind in kinds):
        return StoreError(
            f"{what}: no credentials were found ({type(error).__name__}).",
            remedy="give them by the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
            kind="key",
        )
    if isinstance(error, PermissionError) or code in _REFUSED_CODES:
        return StoreError(
            f"{what}: it is not allowed ({code or type(error).__name__}).",
            remedy="see that the credentials are right and may list, read and write there (without the right to list, "
            "S3 answers so of what is not there).",
            kind="denied",
        )
    if kinds & {"ConnectionError", "HTTPClientError", "TimeoutError", "ClientConnectionError", "ClientPayloadError"}:
        return StoreError(
            f"{what}: it could not be reached, or the connection broke ({type(error).__name__}).",
            remedy="see that you are online and that AWS_ENDPOINT_URL, where you use one, is right; then call again: "
            "what is there is kept.",
            kind="refused",
        )
    own = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
    return StoreError(
        f"{what} ({code or own}).", remedy="see that it may be read and written to and has room, or name another place."
    )
