"""Vector files that hold no features of their own but say where others are: refused before GDAL goes there.

GDAL tells formats apart by their first bytes, whatever a file is called. Some are texts that name a file of this
machine, a command or an address; what is read then is not what lies in the folder, and its digest says nothing of it.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO

from justgeo.core.errors import LayerError
from justgeo.core.paths import for_ogr
from justgeo.sources._packed import NO_ZIP, members_of, odd_way, shown, swells

_HEAD = 1 << 16
_MOST_MEMBERS = 10_000
_ZIP = b"PK\x03\x04"
#: Virtual layers and grids, addresses of services, pipelines of commands.
_POINTERS = re.compile(
    rb"<(?:OGRVRTDataSource|VRTDataset|OGRWFSDataSource|WFS_Capabilities|(?:wfs:)?WFS_Capabilities|GDAL_WMS|WMS_|WCS_GDAL"
    rb"|OGCAPI)|gdal_streamed_alg",
    re.IGNORECASE,
)
#: A GeoJSON may say that its coordinate reference system is at an address.
_PIECE, _LAP = 1 << 20, 1 << 12
_LINKED_CRS = re.compile(rb'"crs"\s*:\s*\{[^{}]*(?:\{[^{}]*)?"(?:link|url|href)"')
_GIVE_IT = "give the features themselves: open the file in QGIS, and save it as GeoPackage."


def local_path(path: Path, where: str) -> str:
    """A vector file as its readers take it, once it is seen to hold its own features.

    Raises
    ------
    LayerError
        It is neither a file nor a folder, points elsewhere, or is an archive that swells.
    """
    if path.is_dir():
        return for_ogr(path)
    if not path.is_file():
        raise LayerError(f"{where}: {path} is no file.", remedy="give a file of features.")
    _no_downloads()
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for name, first in [(path.name, head)] if not head.startswith(_ZIP) else _members(path, where):
        found = _POINTERS.search(first)
        if found is not None:
            said = found.group().decode("ascii").strip("<")
            raise LayerError(
                f"{where}: {name} is no file of features but says where they are ({said}).", remedy=_GIVE_IT
            )
    if _is_json(head):
        with path.open("rb") as file:
            _refuse_linked_crs(file, path.name, where)
    # GML's reader writes a file of its own beside the one that it reads, unless that is a part of another.
    return f"/vsisubfile/0,{path}" if b"/gml" in head and b"<" in head else for_ogr(path)


def _members(path: Path, where: str) -> Iterator[tuple[str, bytes]]:
    """Names and first bytes of what is in an archive."""
    try:
        members = members_of(path)
        if len(members) > _MOST_MEMBERS:
            raise zipfile.BadZipFile(f"it lists {len(members):,} files")
        if swells(sum(member.file_size for member in members), path.stat().st_size):
            raise zipfile.BadZipFile("it would unpack to more than data do")
        if odd_way(members):
            raise zipfile.BadZipFile(f"{odd_way(members)} in it is packed in an unusual way")
        with zipfile.ZipFile(path) as archive:
            for member in members:
                name = f"{shown(member.filename)} in {path.name}"
                with archive.open(member) as file:
                    head = file.read(_HEAD)
                    yield name, head
                if _is_json(head):
                    with archive.open(member) as file:
                        _refuse_linked_crs(file, name, where)
    except NO_ZIP as error:
        raise LayerError(
            f"{where}: the archive {path.name} cannot be read ({str(error)[:200]}).",
            remedy="download it again, or unpack it and name the file that holds the features.",
        ) from error


def _is_json(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def _refuse_linked_crs(file: IO[bytes], name: str, where: str) -> None:
    before = b""
    while piece := file.read(_PIECE):
        if _LINKED_CRS.search(before + piece):
            raise LayerError(
                f"{where}: {name} says that its coordinate reference system is at an address.", remedy=_GIVE_IT
            )
        before = piece[-_LAP:]


@cache
def _no_downloads() -> None:
    """Keep GML's reader from asking a server for the schema that a file names."""
    import pyogrio

    pyogrio.set_gdal_config_options({"GML_DOWNLOAD_SCHEMA": "NO"})
    warnings.filterwarnings(
        "ignore", message="GFS file saving asked", category=RuntimeWarning
    )  # that is what is wanted
