"""What the live doors take in: archives and packed files as they come, and records that were changed on the disk."""

from __future__ import annotations

import gzip
import io
import json
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import shapely
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from justgeo.sources.live import expect, tiger_checks
from justgeo.sources.live.records import HEAD, Question, Records, Told
from justgeo.sources.live.unpacking import WAYS, Unpacking
from tests.fuzz._damage import Hurt, honest, hurt, hurts
from tests.fuzz._nearly import ODD_TEXTS, broken
from tests.fuzz.target import Target

WHERE = "tracts 2024, state 51"
GEOIDS = [f"5154000020{n}" for n in range(3)]
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")

# -- a zipped shapefile of the Bureau ------------------------------------------------------------------------------


@cache
def _shapefile() -> dict[str, bytes]:
    boxes = [shapely.box(-78.48 + 0.02 * n, 38.02, -78.47 + 0.02 * n, 38.03) for n in range(3)]
    frame = gpd.GeoDataFrame({"GEOID": GEOIDS, "ALAND": [1, 2, 3]}, geometry=boxes, crs="EPSG:4269")
    with TemporaryDirectory() as folder:
        frame.to_file(Path(folder) / "tl_2024_51_tract.shp")
        return {ending: (Path(folder) / f"tl_2024_51_tract{ending}").read_bytes() for ending in PARTS}


@dataclass(frozen=True)
class Zipped:
    """A zipped shapefile: which part is hurt before it is packed, and what is hurt of the archive."""

    part: str = ".shp"
    inside: tuple[Hurt, ...] = ()
    outside: tuple[Hurt, ...] = ()
    without: str = ""
    way: int = zipfile.ZIP_DEFLATED


def _archive(given: Zipped) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", given.way) as archive:
        for ending, body in _shapefile().items():
            if ending != given.without:
                done = given.inside if ending == given.part else ()
                archive.writestr(f"tl_2024_51_tract{ending}", hurt(body, done))
    return hurt(into.getvalue(), given.outside)


def _taken(given: Zipped, folder: Path) -> None:
    """A file of TIGER/Line as it comes: what is taken is as the Bureau packed it."""
    path = folder / "tl_2024_51_tract.zip.part"
    path.write_bytes(_archive(given))

    def read() -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"(pyogrio|geopandas)")
            tiger_checks.a_layer(path, WHERE, columns=("GEOID", "ALAND"), state="51")
            return tiger_checks.read(f"/vsizip/{{{path.as_posix()}}}", WHERE)

    frame = honest(read, folder, WHERE)
    if not given.inside:
        assert list(frame["GEOID"]) == GEOIDS, "other rows than were packed"
        assert abs(frame.geometry.area.sum() - 3 * 0.0001) < 1e-9, "other shapes than were packed"


# -- packed files --------------------------------------------------------------------------------------------------

CONTENT = b"w_geocode,C000\n" + b"".join(b"51540000201%04d,%d\n" % (n, n * 7) for n in range(400))
PACKED = gzip.compress(CONTENT, mtime=0)


def _packed(done: tuple[Hurt, ...], folder: Path) -> None:
    """A packed table: it is whole, or it is refused."""
    path = folder / "wac.csv.gz"
    path.write_bytes(hurt(PACKED, done))
    honest(lambda: expect.any_bytes(path, WHERE), folder, WHERE)
    body = path.read_bytes()
    if body.startswith(b"\x1f\x8b"):
        assert gzip_of(body) == CONTENT, "a packed table with other bytes was taken for whole"


def gzip_of(body: bytes) -> bytes:
    """The first member of a gzip file, by another way than the one that is tried."""
    return zlib.decompressobj(31).decompress(body)


@dataclass(frozen=True)
class Coming:
    """An answer that comes in pieces: how it is said to be packed, what is hurt of it, and where it is cut."""

    way: str
    hurts: tuple[Hurt, ...]
    pieces: tuple[int, ...]


def _coming() -> SearchStrategy[Coming]:
    sizes = st.lists(st.integers(1, 900), min_size=1, max_size=8).map(tuple)
    return st.builds(Coming, st.sampled_from(WAYS), st.just(()) | hurts(), sizes)


def _unpacked(given: Coming, folder: Path) -> None:
    """However it is cut, an answer unpacks to the same bytes, and is whole only where they are."""
    packed = {"gzip": PACKED, "x-gzip": PACKED, "deflate": zlib.compress(CONTENT)}.get(given.way, CONTENT)
    body, unpacking, came, at, turn = hurt(packed, given.hurts), Unpacking(given.way), b"", 0, 0
    try:
        while at < len(body):
            step = given.pieces[turn % len(given.pieces)]
            came += b"".join(unpacking.pieces(body[at : at + step]))
            at, turn = at + step, turn + 1
    except zlib.error:
        return  # the client says of it that the answer is damaged
    if not given.hurts:
        assert came == CONTENT and unpacking.whole
    elif unpacking.whole and given.way in ("gzip", "x-gzip") and came:
        assert came.startswith(CONTENT), "other bytes were taken for the answer"


# -- records -------------------------------------------------------------------------------------------------------

FILES = {"tracts.zip": b"PK" + bytes(range(256)) * 4, "more/answer.json": b'{"a": [1, 2, 3]}', "a.csv": CONTENT[:300]}
QUESTION = Question(WHERE, "tiger", {"year": 2024, "state": "51", "window": [-78.6, 37.9, -78.3, 38.2]})
TOLD = Told(
    "U.S. Census Bureau", "TIGER/Line 2024", "2024", "public domain", retrieved="2026-01-02T03:04:05Z", notes=("a",)
)
DEEDS = ("hurt", "hurt", "hurt", "head", "head", "head bytes", "gone", "added", "swapped", "link", "empty", "folder")


@dataclass(frozen=True)
class Changed:
    """A record, and what somebody did to it on the disk."""

    deed: str
    file: str
    hurts: tuple[Hurt, ...]
    told: Any


def _changes() -> SearchStrategy[Changed]:
    head = st.deferred(lambda: broken(_head()))
    return st.builds(Changed, st.sampled_from(DEEDS), st.sampled_from(sorted(FILES)), hurts(), head)


@cache
def _head_text() -> str:
    with TemporaryDirectory() as folder:
        return (_kept(Records(Path(folder))) / HEAD).read_text(encoding="utf-8")


def _head() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_head_text())
    return found


def _kept(records: Records) -> Path:
    with records.room(QUESTION) as aside:
        for name, body in FILES.items():
            (aside / name).parent.mkdir(exist_ok=True)
            (aside / name).write_bytes(body)
        return records.keep(QUESTION, aside, TOLD).folder


def _change(given: Changed, folder: Path) -> None:
    path = folder / given.file
    if given.deed == "hurt":
        path.write_bytes(hurt(path.read_bytes(), given.hurts))
    elif given.deed == "head":
        (folder / HEAD).write_text(json.dumps(given.told), encoding="utf-8")
    elif given.deed == "head bytes":
        (folder / HEAD).write_bytes(hurt((folder / HEAD).read_bytes(), given.hurts))
    elif given.deed == "gone":
        path.unlink()
    elif given.deed == "added":
        (folder / "extra.csv").write_bytes(b"x")
    elif given.deed == "swapped":
        path.write_bytes(FILES["a.csv"][::-1])
    elif given.deed == "empty":
        path.write_bytes(b"")
    elif given.deed == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.unlink()
        path.symlink_to("/etc/passwd")


def _found(given: Changed, folder: Path) -> None:
    """A record answers with the bytes and the words that were recorded, or it is refused."""
    records = Records(folder / "records")
    place = _kept(records)
    _change(given, place)
    record = honest(lambda: records.find(QUESTION), folder, place.name, "records cannot be read")
    assert record is not None
    assert {name: record.path(name).read_bytes() for name in record.files} == FILES, "other bytes than were recorded"
    assert (record.told, record.asked, record.label) == (TOLD, dict(QUESTION.asked), WHERE), "other words"


# -- answers that should be JSON -----------------------------------------------------------------------------------

_JSON_BODIES: SearchStrategy[bytes] = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(ODD_TEXTS).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from((30, 5_000, 200_000)).map(lambda n: b"[" * n),
    st.sampled_from((30, 5_000, 200_000)).map(lambda n: b'{"a":' * n + b"1" + b"}" * n),
    hurts().map(lambda done: hurt(b'{"features": [{"attributes": {"a": "\\u00e9", "b": 1.5e3}}]}', done)),
)


def _parsed(body: bytes, folder: Path) -> None:
    honest(lambda: expect.parsed(body, WHERE), folder, WHERE)


TARGETS: tuple[Target, ...] = (
    Target(
        "download-tiger",
        st.builds(
            Zipped,
            part=st.sampled_from(PARTS),
            inside=st.just(()) | hurts(),
            outside=st.just(()) | hurts(),
            without=st.sampled_from(("", "", "", *PARTS)),
            way=st.sampled_from((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)),
        ),
        _taken,
        seeds=(Zipped(),),
        times=30,
    ),
    Target("download-gzip", hurts(), _packed, seeds=((),), times=60),
    Target("download-pieces", _coming(), _unpacked, seeds=tuple(Coming(way, (), (1, 7)) for way in WAYS), times=60),
    Target("download-records", _changes(), _found, times=50),
    Target("download-json", _JSON_BODIES, _parsed, times=40),
)
