"""Bytes that reach new branches: atheris follows which lines of our own parsers an input runs through.

``python -m tests.fuzz.bytes_formats NAME [-runs=10000]`` tries one of :data:`PARSERS`; for Linux alone (``make fuzz``
installs what it takes). What is not ours (GDAL, libosmium, zlib) is tried by the targets beside it, in depth, by
right files that are hurt.
"""

from __future__ import annotations

import io
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from justgeo.core.errors import JustgeoError

_LONGEST = 4096


def _record(body: bytes) -> None:
    from justgeo.sources.live import record_form

    found = record_form.parsed(body, Path("/records/label/0123456789abcdef"))
    assert all(".." not in Path(name).parts and not name.startswith("/") for name in found.files)


def _unpacking(body: bytes) -> None:
    from justgeo.sources.live.unpacking import PIECE, WAYS, Unpacking

    way, step = WAYS[body[0] % len(WAYS)] if body else "", 1 + (body[1] if len(body) > 1 else 0)
    unpacking = Unpacking(way)
    try:
        for at in range(2, len(body), step):
            assert all(0 < len(piece) <= max(PIECE, step) for piece in unpacking.pieces(body[at : at + step]))
    except zlib.error:
        return


def _blobs(body: bytes) -> None:
    from justgeo.sources._osm_packing import refuse_swelling

    _on_disk("town.osm.pbf", body, refuse_swelling)


def _feed_table(body: bytes) -> None:
    from justgeo.sources.gtfs_files import FeedFiles

    def read(path: Path) -> None:
        files = FeedFiles(path.parent, {path.name: str(path)})
        table = files.table(path.name, ("stop_id", "stop_lat"), ("stop_name",))
        assert list(table) == ["stop_id", "stop_lat", "stop_name"] and table.notna().all(axis=None)

    _on_disk("stops.txt", body, read)


def _feed_archive(body: bytes) -> None:
    from justgeo.sources.gtfs_files import FeedFiles

    def read(path: Path) -> None:
        for name in FeedFiles.at(path).members:
            assert "/" not in name and ".." not in name

    _on_disk("feed.zip", body, read)


def _geometry_text(body: bytes) -> None:
    from justgeo.sources._geo import shape_of_text

    try:
        shape_of_text(body.decode("utf-8", "replace"))
    except (ValueError, IndexError):  # what its caller turns into a refusal
        return


def _answer(body: bytes) -> None:
    from justgeo.sources.live import expect

    expect.parsed(body, "Here")


def _on_disk(name: str, body: bytes, read: Callable[[Path], None]) -> None:
    with TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / name
        path.write_bytes(body)
        read(path)


def _small_zip() -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("stops.txt", "stop_id\nA\n")
    return into.getvalue()


PARSERS: dict[str, tuple[Callable[[bytes], None], tuple[bytes, ...]]] = {
    "record": (_record, (b'{"format": 1, "digest": "", "files": {"a": "b"}, "told": {}}',)),
    "unpacking": (_unpacking, (b"\x02\x09" + zlib.compressobj(9, zlib.DEFLATED, 31).flush(), b"\x04\x01x\x9c\x03\x00")),
    "blobs": (_blobs, (b"\x00\x00\x00\x0d\x0a\x07OSMData\x18\x02\x10\x01",)),
    "feed-table": (_feed_table, (b"stop_id,stop_lat\nA,38.0\n", b'\xef\xbb\xbfstop_id, stop_lat \n"A",1\r\n')),
    "feed-archive": (_feed_archive, (_small_zip(),)),
    "geometry-text": (_geometry_text, (b"POINT (1 2)", b"list(list(c(0,1,1,0,0,0,1,0)))", b"c(1, 2)")),
    "answer": (_answer, (b'{"a": [1, "\\u00e9"]}', b"<!doctype html>")),
}
"""Parsers of bytes that are written in Python here, and some inputs to begin with."""


def once(name: str, body: bytes) -> None:
    """Give some bytes to a parser; only what is no refusal with a remedy leaves it."""
    try:
        PARSERS[name][0](body)
    except JustgeoError as error:
        assert error.remedy.strip()


def main(asked: list[str]) -> int:
    """Try one parser until it falls, or as often as ``-runs=N`` says."""
    if not asked or asked[0] not in PARSERS:
        print(f"Name one of: {', '.join(PARSERS)}.", file=sys.stderr)
        return 2
    import atheris

    name, *flags = asked
    with atheris.instrument_imports(include=["justgeo"]):
        once(name, b"")
    with TemporaryDirectory(prefix="fuzz-seeds-") as seeds:
        for number, body in enumerate(PARSERS[name][1]):
            (Path(seeds) / str(number)).write_bytes(body)
        atheris.Setup([sys.argv[0], f"-max_len={_LONGEST}", *flags, seeds], lambda body: once(name, body))
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
