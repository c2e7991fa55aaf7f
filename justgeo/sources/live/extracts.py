"""OpenStreetMap extracts by address: a state of Geofabrik's, or any other that a planner names.

One file serves every district in it, and the reference too, without asking Overpass. Geofabrik's files of today and of
tomorrow have one name, so a record is kept until it is removed; its date stands in the file itself.

A file is looked through to its end before it is kept: a PBF block by block (wiki.openstreetmap.org/wiki/PBF_Format),
others to the end of their packing and of their XML. It is held against the sum that lies beside it, if there is one.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, BinaryIO, cast

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.core.spec import LayerSpec
from justgeo.sources._states import STATES, slug_of
from justgeo.sources.collect import OSM_LAYERS as LAYERS
from justgeo.sources.live import expect
from justgeo.sources.live.address import Address
from justgeo.sources.live.ask import Ask, Tools, declared
from justgeo.sources.live.http import Call
from justgeo.sources.live.records import Question, Record, Told
from justgeo.sources.live.redact import without_user

SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.bz2", ".osm.gz")

_XML = re.compile(rb"<osm[\s>]")
_MD5 = re.compile(r"^\s*([0-9a-f]{32})\b", re.IGNORECASE)
_TYPICAL_MB = 250.0  # a guess: states have tens of MB to over 1 GB
_CHUNK = 1 << 20
_LONGEST_HEADER = 64 << 10  # of a block of a PBF, and of the block: the format's own limits
_LONGEST_BLOCK = 32 << 20
_VARINT, _BYTES = 0, 2  # ways in which a field of a protocol buffer is written
_KIND, _SIZE = 1, 3  # fields of a block's header
_AGAIN = "fetch again; if it stays so, see what lies at that address."


def geofabrik_ask(service: Service, states: Sequence[str]) -> Ask:
    """The extract of a state.

    Parameters
    ----------
    service : Service
        ``options["state"]``: path of a state's file, with ``{name}``.
    states : sequence of str
        FIPS codes of the states that the district, its halo and its reference touch.

    Returns
    -------
    Ask
        Where they are several, or none of Geofabrik's, its fetching fails (``missing``) before anyone is asked.
    """
    alone = states[0] if len(states) == 1 and states[0] in STATES else ""
    path = "/" + str(service.options["state"]).format(name=slug_of(alone)) if alone else ""

    def fetch(folder: Path, tools: Tools) -> Told:
        if not path:
            told = ", ".join(states) or "none"
            raise SourceError(
                f"An extract of one state does not do: the district, its halo and its reference touch states {told}.",
                remedy=f'name one that holds them, of a region for instance (see {service.page}): osm = "https://...", '
                'or take osm = "overpass".',
                kind="missing",
            )
        return _fetch(folder, tools, tools.services[service.id], Call(path))

    question = Question(f"OpenStreetMap extract, state {'-'.join(states) or 'unknown'}", service.id, {"path": path})
    return Ask(question, LAYERS, fetch, _specs, _TYPICAL_MB, without_user(next(iter(service.urls), "")) + path)


def extract_ask(url: str, service: Service) -> Ask:
    """An extract at an address that the planner names.

    Parameters
    ----------
    url : str
        A name and password before its host are sent, as is what stands behind a question mark; neither is written down.
    service : Service
        Whose terms hold for it: OpenStreetMap's.
    """
    address = Address(url)

    def fetch(folder: Path, tools: Tools) -> Told:
        call = address.call()
        if not address.name.lower().endswith(SUFFIXES):
            raise SourceError(
                f"{address.shown} is no OpenStreetMap extract by its name.",
                remedy=f"give the address of a file that ends in {', '.join(SUFFIXES)}.",
                kind="missing",
            )
        at = replace(tools.services[service.id], title=f"extract of {address.host}", urls=(address.server,))
        return _fetch(folder, tools, at, call)

    question = Question(f"OpenStreetMap extract {address.name}", service.id, {"url": address.asked})
    return Ask(question, LAYERS, fetch, _specs, None, address.shown)


def _fetch(folder: Path, tools: Tools, service: Service, call: Call) -> Told:
    label = Path(call.path).name
    # The sum first: where it cannot be had for now, nothing large was fetched in vain.
    told = _sum_beside(folder, tools, service, call)
    got = tools.client.download(
        service,
        call,
        folder / label,
        check=lambda path, where: whole_extract(path, where, label),
        progress=lambda done, whole: tools.progress(label, done, whole),
    )
    if told and told != _md5(folder / label):
        raise SourceError(
            f"{service.title}: {label} is not the file whose sum lies beside it.",
            remedy="fetch again: today's file may just have taken the place of yesterday's.",
            kind="changed",
        )
    return Told(
        source="OpenStreetMap",
        dataset=label,
        vintage="",
        licence=service.licence,
        attribution=service.attribution,
        url=got.url,
        retrieved=got.retrieved,
        more={"checked": "md5 beside it" if told else "no sum beside it"},
    )


def _specs(record: Record, others: Mapping[str, Record]) -> dict[str, LayerSpec]:
    return {"osm": declared(record, "osm", record.path(), {})}


# -- the sum beside it --------------------------------------------------------------------------------------------


def _sum_beside(folder: Path, tools: Tools, service: Service, call: Call) -> str:
    """The MD5 sum that Geofabrik puts beside each file; others need not, and may answer anything."""
    beside = folder / ".md5"
    try:
        tools.client.download(service, replace(call, path=f"{call.path}.md5"), beside, check=_anything)
        with beside.open("rb") as file:
            told = _MD5.match(file.read(200).decode("ascii", "replace"))
    except SourceError as failure:
        if failure.kind != "missing":
            raise
        told = None
    finally:
        beside.unlink(missing_ok=True)
    return told[1].lower() if told is not None else ""


def _anything(path: Path, where: str) -> None:
    """Whatever comes."""


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


# -- a whole file -------------------------------------------------------------------------------------------------


def whole_extract(path: Path, where: str, name: str = "") -> None:
    """Raise unless a file is an OpenStreetMap extract from its beginning to its end.

    Parameters
    ----------
    path : Path
    where : str
        What messages call it.
    name : str
        That it will be kept under, by which its reader goes; default its own.

    Raises
    ------
    SourceError
        ``damaged``: it is something else, or of another kind than its name says. ``partial``: it breaks off.
    """
    expect.any_bytes(path, where)
    kind = _kind(expect.head_of(path))
    try:
        if kind != _kind_by_name(name or path.name):
            raise ValueError(f"by its first bytes it is {kind}")
        with path.open("rb") as file:
            if kind == "PBF":
                _walk_pbf(file, path.stat().st_size)
            else:
                _walk_xml(_unpacked(file, kind))
    except (_Broken, EOFError) as error:
        raise SourceError(f"{where}: the extract breaks off ({error}).", remedy=_AGAIN, kind="partial") from error
    except (ValueError, OSError, zlib.error) as error:  # OSError: what is no gzip or bzip2 after all
        raise SourceError(
            f"{where}: what came is no OpenStreetMap extract ({error}).", remedy=_AGAIN, kind="damaged"
        ) from error


def _kind(head: bytes) -> str:
    if b"OSMHeader" in head[:64]:
        return "PBF"
    return "gzip" if head[:2] == b"\x1f\x8b" else "bzip2" if head[:3] == b"BZh" else "text"


def _kind_by_name(name: str) -> str:
    kinds = {".pbf": "PBF", ".gz": "gzip", ".bz2": "bzip2"}
    return kinds.get(Path(name).suffix.lower(), "text")


def _unpacked(file: BinaryIO, kind: str) -> IO[bytes]:
    if kind == "gzip":
        return cast(IO[bytes], gzip.open(file))
    return cast(IO[bytes], bz2.open(file)) if kind == "bzip2" else file


class _Broken(Exception):
    """A file ends before its time."""


def _walk_xml(file: IO[bytes]) -> None:
    start = file.read(_CHUNK)
    if _XML.search(start) is None:
        raise ValueError("it does not begin as OpenStreetMap's XML does")
    end = start
    while chunk := file.read(_CHUNK):
        end = end[-64:] + chunk
    if not end.rstrip().endswith(b"</osm>"):
        raise _Broken("its XML has no end")


def _walk_pbf(file: BinaryIO, size: int) -> None:
    """Go from block to block: four bytes with the length of a header, the header, and as many bytes as it says."""
    at, first = 0, True
    while at < size:
        file.seek(at)
        length = int.from_bytes(_read(file, 4), "big")
        if not 0 < length <= _LONGEST_HEADER:
            raise ValueError(f"the header of a block at byte {at:,} would have {length:,} bytes")
        kind, block = _header(_read(file, length))
        if first != (kind == b"OSMHeader") or not 0 < block <= _LONGEST_BLOCK:
            raise ValueError(f"at byte {at:,} is no block of such a file")
        at, first = at + 4 + length + block, False
    if at != size:
        raise _Broken(f"after {size:,} bytes, in a block that goes on to {at:,}")


def _header(content: bytes) -> tuple[bytes, int]:
    """Kind and size of a block, of its header."""
    kind, size, at = b"", 0, 0
    while at < len(content):
        tag, at = _varint(content, at)
        value, at = _varint(content, at)
        if tag & 7 == _BYTES:
            kind = content[at : at + value] if tag >> 3 == _KIND else kind
            at += value
        elif tag & 7 == _VARINT:
            size = value if tag >> 3 == _SIZE else size
        else:
            raise ValueError("the header of a block holds what none has")
    return kind, size


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    while at < len(content) and shift < 64:
        byte = content[at]
        value, at, shift = value | (byte & 0x7F) << shift, at + 1, shift + 7
        if not byte & 0x80:
            return value, at
    raise ValueError("the header of a block holds a number without an end")


def _read(file: BinaryIO, count: int) -> bytes:
    got = file.read(count)
    if len(got) != count:
        raise _Broken("within the header of a block")
    return got
