"""What an answer has to look like: archives that swell or lie, tables and packed files that break off."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import random
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from justgeo.core.errors import LayerError, SourceError
from justgeo.sources.gtfs_files import FeedFiles
from justgeo.sources.live import expect
from tests import timed


def refused(check: Callable[[Path, str], None], content: bytes, folder: Path) -> SourceError:
    path = folder / "x"
    path.write_bytes(content)
    with pytest.raises(SourceError) as told:
        check(path, "Here")
    assert told.value.message.startswith("Here: ") and told.value.remedy
    return told.value


def taken(check: Callable[[Path, str], None], content: bytes, folder: Path) -> None:
    path = folder / "x"
    path.write_bytes(content)
    check(path, "Here")


# Archives ---------------------------------------------------------------------------------------------------------

WAYS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}
ODD_WAYS = {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}


def archive(way: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", way) as one:
        for name, content in members.items():
            one.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize("way", WAYS)
def test_a_whole_archive_is_taken(way: str, tmp_path: Path) -> None:
    taken(expect.a_zip, archive(WAYS[way], a=os.urandom(5_000) + bytes(50_000), b=b""), tmp_path)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", WAYS[way]) as one:
        one.mkdir("folder")
        with one.open("folder/a", "w") as file:  # as a stream: the sizes stand behind it
            file.write(b"abc")
    taken(expect.a_zip, made.getvalue(), tmp_path)


@pytest.mark.parametrize("way", WAYS)
def test_a_damaged_member_is_found_however_it_is_packed(way: str, tmp_path: Path) -> None:
    content = bytearray(archive(WAYS[way], a=os.urandom(5_000) + b"x" * 50_000))
    content[60:400] = bytes(340)
    assert refused(expect.a_zip, bytes(content), tmp_path).kind == "damaged"


@pytest.mark.parametrize("way", ODD_WAYS)
def test_what_is_packed_in_an_odd_way_is_not_unpacked(way: str, tmp_path: Path) -> None:
    """Three hundred bytes of bzip2 may hold as many megabytes, and the library unpacks them at once."""
    content = lying(ODD_WAYS[way], bytes(50 << 20), 1_000, with_sum_of=bytes(1_000))
    with timed.computes(0.2):
        found = refused(expect.a_zip, content, tmp_path)
    assert found.kind == "damaged" and "unusual way" in found.message


def test_a_damaged_member_of_lzma_is_told_before_it_is_unpacked(tmp_path: Path) -> None:
    """Its error is none of the others' kind, and no feed is packed so."""
    content = bytearray(archive(zipfile.ZIP_LZMA, **{"stops.txt": os.urandom(5_000), "zz.txt": b"x" * 9_999}))
    content[55:400] = b"\xff" * 345
    path = tmp_path / "feed.zip"
    path.write_bytes(content)
    with zipfile.ZipFile(path) as one, pytest.raises(lzma.LZMAError):
        one.read("stops.txt")
    with pytest.raises(SourceError):
        expect.a_zip(path, "Here")
    with pytest.raises(LayerError, match=r"'stops\.txt', which is packed in an unusual way"):
        FeedFiles.at(path)


def bomb(megabytes: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as one:
        for ending in (".shp", ".shx", ".dbf", ".prj"):
            one.writestr(f"a{ending}", b"")
        with one.open("b.bin", "w", force_zip64=True) as file:
            for _ in range(megabytes):
                file.write(bytes(1 << 20))
    return made.getvalue()


def test_what_would_swell_is_not_unpacked_to_see_whether_it_is_whole(tmp_path: Path) -> None:
    content = bomb(300)
    with timed.computes(0.2):
        found = refused(expect.a_shapefile, content, tmp_path)
    assert found.kind == "limit" and "0.3 GB" in found.message


def test_what_swells_no_more_than_tables_do_is_taken(tmp_path: Path) -> None:
    blanks = b" " * 200 + b"51001\n"
    taken(expect.a_zip, archive(a=blanks * 20_000), tmp_path)  # four megabytes of fixed width: 250 to 1


def test_no_archive_is_larger_than_any_that_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expect, "MOST_UNPACKED", 10_000)
    taken(expect.a_zip, archive(a=os.urandom(10_000)), tmp_path)
    assert refused(expect.a_zip, archive(a=os.urandom(5_000), b=os.urandom(5_001)), tmp_path).kind == "limit"


def lying(way: int, content: bytes, told: int, *, with_sum_of: bytes | None = None) -> bytes:
    """An archive whose directory says another size of its member than it has."""
    made = bytearray(archive(way, a=content))
    directory = made.rindex(b"PK\x01\x02")
    for at in (22, directory + 24):
        made[at : at + 4] = struct.pack("<I", told)
    if with_sum_of is not None:
        for at in (14, directory + 16):
            made[at : at + 4] = struct.pack("<I", zlib.crc32(with_sum_of))
    return bytes(made)


@pytest.mark.parametrize("way", WAYS)
def test_a_member_that_is_longer_than_it_says_is_damaged(way: str, tmp_path: Path) -> None:
    content = os.urandom(1_000) + bytes(200_000)
    for told in (0, 1, 1_000, 200_999):
        right_sum = lying(WAYS[way], content, told, with_sum_of=content[:told])
        assert refused(expect.a_zip, right_sum, tmp_path).kind == "damaged"
        assert refused(expect.a_zip, lying(WAYS[way], content, told), tmp_path).kind == "damaged"


@pytest.mark.parametrize("way", WAYS)
def test_a_member_that_is_shorter_than_it_says_is_damaged(way: str, tmp_path: Path) -> None:
    content = os.urandom(1_000)
    assert refused(expect.a_zip, lying(WAYS[way], content, 1_001), tmp_path).kind == "damaged"


def test_a_member_that_hides_how_it_swells_is_left_in_time(tmp_path: Path) -> None:
    content = lying(zipfile.ZIP_DEFLATED, bytes(300 << 20), 1_000, with_sum_of=bytes(1_000))
    with timed.computes(3.0):
        tracemalloc.start()
        try:
            assert refused(expect.a_zip, content, tmp_path).kind == "damaged"
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 20 << 20


def test_whatever_is_wrong_with_an_archive_is_told_in_words(tmp_path: Path) -> None:
    """A thousand archives with a few bytes changed: taken or refused, never another error."""
    chance = random.Random(4711)
    path = tmp_path / "x"
    count = 0
    for number in range(1000):
        way = [*WAYS.values(), *ODD_WAYS.values()][number % 4]
        content = bytearray(archive(way, **{"stops.txt": chance.randbytes(60) + bytes(60), "zz.txt": b"a,b\n" * 9}))
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        path.write_bytes(content)
        try:
            expect.a_zip(path, "Here")
        except SourceError:
            count += 1
        try:
            FeedFiles.at(path).table("stops.txt", ("stop_id",))
        except LayerError:
            count += 1
    assert count > 1000


# Tables -----------------------------------------------------------------------------------------------------------


def a_table(path: Path, where: str) -> None:
    expect.a_table(path, where, columns=("id", "b"))


@pytest.mark.parametrize(
    "content",
    [
        b"id,b\n1,2\n",
        b"id,b\r\n1,2\r\n",
        b"\xef\xbb\xbfid,b\n1,2",
        b"id,b\n1,2",
        b'id,b\n1,"two, or\nmore"\n',
        b'id,b\n1,"two, or\nmore"',
        b"id,b\n",
        b"id,b",
        b"id,b\n1,2\n\n",
        b'id,b,"c, or d"\n1,2,3',
        b"id,b\n1,2\nfour rows\n",
        b'id,b\n1,5" pipe\n',
        b"id,b\n1,\xe9\n",
        b"id,b\n1," + b"x" * 100_000 + b"\n",
        b"id,b\n1,2\x00\n",
    ],
)
def test_a_whole_table_is_taken(content: bytes, tmp_path: Path) -> None:
    taken(a_table, content, tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"id,b\n1,2\n3",
        b"id,b,c\n1,2,3\n1,2",
        b'id,b\n1,2\n3,"four',
        b'id,b\n1,2\n"thr',
        b'id,b\n1,2\n"three or\n',
        b'id,b\n1,2\n3,"four\n' + b"1,2\n" * 90_000,
    ],
)
def test_a_table_whose_last_line_breaks_off_is_a_part(content: bytes, tmp_path: Path) -> None:
    assert refused(a_table, content, tmp_path).kind == "partial"


def test_a_table_is_cut_at_its_own_delimiter(tmp_path: Path) -> None:
    def check(path: Path, where: str) -> None:
        expect.a_table(path, where, columns=("id", "b"), delimiter="|")

    taken(check, b"id|b\n1|2,3", tmp_path)
    assert refused(check, b"id|b\n1|2\n3,4", tmp_path).kind == "partial"


# Packed files -----------------------------------------------------------------------------------------------------

TEXT = b"".join(b"%d,%d\n" % (n, n * n) for n in range(20_000))


def test_a_whole_packed_file_is_taken(tmp_path: Path) -> None:
    taken(expect.any_bytes, gzip.compress(TEXT), tmp_path)
    taken(expect.any_bytes, gzip.compress(TEXT) + gzip.compress(TEXT), tmp_path)


@pytest.mark.parametrize("share", [0.0001, 0.5, 0.99999])
def test_half_a_packed_file_is_not_taken(share: float, tmp_path: Path) -> None:
    content = gzip.compress(TEXT)
    cut = content[: max(3, int(len(content) * share))]
    for half in (cut, content + cut):
        found = refused(expect.any_bytes, half, tmp_path)
        assert found.kind == "partial" and "breaks off" in found.message


def test_a_damaged_packed_file_is_damaged(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(TEXT))
    content[len(content) // 2] ^= 0xFF
    assert refused(expect.any_bytes, bytes(content), tmp_path).kind == "damaged"


def test_a_packed_file_that_swells_is_left_in_time(tmp_path: Path) -> None:
    made = zlib.compressobj(9, wbits=-15)
    piece = made.compress(bytes(1 << 20)) + made.flush(zlib.Z_FULL_FLUSH)  # hangs on nothing before it: packed once
    content = gzip.compress(b"")[:10] + piece * 400 + made.flush() + struct.pack("<II", 0, 400 << 20)
    with timed.computes(3.0):
        assert refused(expect.any_bytes, content, tmp_path).kind == "limit"
