"""OpenStreetMap extracts, as XML and as PBF: a right town in which elements, references or bytes are broken."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import osmium
import shapely
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from justgeo.core.layer import Layer, Network
from justgeo.core.spec import LayerSpec
from justgeo.sources.collect import OSM_LAYERS, collect
from tests.fuzz._damage import AREA, Hurt, honest, hurt, hurts
from tests.fuzz._pbf import HUGE, PBF_HEAD, STRINGS, blob, part, varint
from tests.fuzz.target import Target

WEST, SOUTH = -78.50, 38.00
STAMP = 'version="1" timestamp="2024-03-05T10:00:00Z"'


def _node(number: object, x: float, y: float, tags: str = "") -> str:
    return f'<node id="{number}" {STAMP} lon="{WEST + x / 1000:.7f}" lat="{SOUTH + y / 1000:.7f}">{tags}</node>'


def _way(number: object, refs: list[int], **tags: str) -> str:
    return f'<way id="{number}" {STAMP}>{"".join(f"<nd ref={chr(34)}{r}{chr(34)}/>" for r in refs)}{_tags(tags)}</way>'


def _relation(number: object, members: list[tuple[str, int, str]], **tags: str) -> str:
    inner = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
    return f'<relation id="{number}" {STAMP}>{inner}{_tags(tags)}</relation>'


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


RIGHT = (
    *(_node(n, 10 * n, 50) for n in range(1, 7)),
    *(_node(10 + n, 50, 10 * n) for n in range(1, 9)),
    _node(20, 20, 20), _node(21, 30, 20), _node(22, 30, 30), _node(23, 20, 30),
    _node(24, 60, 20), _node(25, 80, 20), _node(26, 80, 40), _node(27, 60, 40),
    _node(28, 66, 26), _node(29, 74, 26), _node(30, 74, 34), _node(31, 66, 34),
    _node(40, 12, 50, _tags({"amenity": "pharmacy", "name": "Corner"})),
    _node(41, 50, 40, _tags({"highway": "bus_stop", "name": "Mid"})),
    _node(42, 20, 20, _tags({"barrier": "gate"})),
    _way(100, [1, 2, 3, 4, 5, 6], highway="residential", name="Long Street"),
    _way(101, [11, 12, 13, 14, 15, 16, 17, 18], highway="footway"),
    _way(102, [20, 21, 22, 23, 20], leisure="park", name="Green"),
    _way(103, [24, 25, 26, 27, 24]),
    _way(104, [28, 29, 30, 31, 28]),
    _relation(200, [("way", 103, "outer"), ("way", 104, "inner")], type="multipolygon", leisure="park", name="Ring"),
    _relation(201, [("node", 41, "stop"), ("way", 100, "")], type="route", route="bus"),
)  # fmt: skip
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
BOUNDS = '<bounds minlon="-78.7" minlat="37.8" maxlon="-78.2" maxlat="38.3"/>'
OPENING = '<osm version="0.6" generator="test">'
CLOSING = "</osm>"


@dataclass(frozen=True)
class Extract:
    """An extract: its elements, what stands before and behind them, how it is packed, and which bytes are hurt."""

    elements: tuple[str, ...] = RIGHT
    head: str = HEAD
    opening: str = OPENING
    bounds: str = BOUNDS
    closing: str = CLOSING
    suffix: str = ".osm"
    packed: str = ""
    hurts: tuple[Hurt, ...] = ()

    def text(self) -> bytes:
        """The XML, unpacked."""
        return "".join((self.head, self.opening, self.bounds, *self.elements, self.closing)).encode(
            "utf-8", "surrogatepass"
        )


NUMBERS = ("0", "-1", "1", "2", "9999", "9223372036854775807", "-9223372036854775808", "9" * 20, "x", "1.5", "")
DEGREES = ("0", "181", "-91", "1e300", "nan", "inf", "x", "", "-78.45", "38.05", "214.7483648", "-78.45000000000001")
ATTRIBUTES = ("id", "ref", "lon", "lat", "k", "v", "type", "role", "version", "timestamp", "visible")
WORDS = (
    "", "yes", "no", "park", "multipolygon", "residential", "\u202e", "a" * 2000, "&#0;", "&#xD800;", "&a;",
    "&#1;", "way", "node", "relation", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-13-45T99:99:99Z", "false",
    "true", "0", "outer",
)  # fmt: skip


def _replaced(element: str, attribute: str, value: str) -> str:
    """The first attribute of that name with another value, or with it where there is none."""
    before, found, after = element.partition(f' {attribute}="')
    if not found:
        return element.replace(" ", f' {attribute}="{value}" ', 1)
    return before + found + value + after[after.index('"') :]


@dataclass(frozen=True)
class Broken:
    """One thing done to the elements."""

    way: str
    at: int
    other: int
    attribute: str
    value: str

    def of(self, elements: list[str]) -> None:
        """Break them."""
        if not elements:
            return
        at, other = self.at % len(elements), self.other % len(elements)
        if self.way == "attribute":
            elements[at] = _replaced(elements[at], self.attribute, self.value)
        elif self.way == "gone":
            del elements[at]
        elif self.way == "twice":
            elements.insert(other, elements[at])
        elif self.way == "moved":
            elements.insert(other, elements.pop(at))
        elif self.way == "again":
            elements[at] = _replaced(elements[at], "id", elements[other].partition('id="')[2].partition('"')[0])
        elif self.way == "unsaid":
            elements[at] = elements[at].replace(STAMP, "")
        elif self.way == "deleted":
            elements[at] = elements[at].replace(STAMP, f'{STAMP} visible="false"')
        elif self.way == "version":
            elements.insert(at, elements[at].replace('version="1"', 'version="2"'))
        elif self.way == "more":
            elements.append(MORE[self.other % len(MORE)])
        elif self.way == "inside":
            elements[at] = f"<{('create', 'delete', 'osm', 'changeset', 'x')[other % 5]}>{elements[at]}</x>"
        else:
            elements[at] = elements[at].replace(*SWAPS[self.other % len(SWAPS)])


SWAPS = (
    ("<way", "<relation"), ("</way>", ""), ("/>", ">"), ('"', "'"), ("<nd", "<member"), ("<tag", "<nd"), ("<", "&lt;"),
    ('role="inner"', 'role="outer"'), ("<node", "<way"), (' lat="', ' lon="'), ("38.0", "-38.0"), ('"20"', '"21"'),
)  # fmt: skip
MORE = (
    _way(110, [1], highway="footway"),
    _way(111, [], highway="footway"),
    _way(112, [1, 1, 1, 1], leisure="park"),
    _way(113, [1, 2, 1], leisure="park"),
    _way(114, [20, 22, 21, 23, 20], leisure="park", name="Bow tie"),
    _way(115, [1, 2, 999], highway="footway"),
    _way(116, [997, 998, 999], highway="footway"),
    _way(117, [1, 2] * 900, highway="footway"),
    _way(118, [1, 2, 3, 1], highway="residential", area="yes", amenity="school", leisure="park"),
    _way(119, [-1, -2], highway="footway"),
    _way(120, [20, 21, 22, 23, 20], natural="water", landuse="residential", leisure="park", amenity="cafe"),
    _relation(210, [("relation", 210, "outer")], type="multipolygon", leisure="park"),
    _relation(211, [("relation", 212, "")], type="multipolygon", leisure="park")
    + _relation(212, [("relation", 211, "")], type="multipolygon", leisure="park"),
    _relation(213, [("way", 102, "outer"), ("way", 102, "inner")], type="multipolygon", leisure="park"),
    _relation(214, [("way", 999, "outer")], type="multipolygon", leisure="park"),
    _relation(215, [("way", 100, "outer")], type="multipolygon", leisure="park"),
    _relation(216, [], type="multipolygon", leisure="park"),
    _relation(217, [("way", 103, "outer")] * 40, type="boundary", leisure="park", landuse="industrial"),
    _node(-5, 10, 10, _tags({"amenity": "pharmacy"})),
    _node(9223372036854775807, 10, 10, _tags({"amenity": "pharmacy"})),
    _node(50, 0, 0, _tags({"amenity": "pharmacy"}) * 50),
    '<node id="51"><tag k="amenity" v="pharmacy"/></node>',
    '<changeset id="1" created_at="2024-01-01T00:00:00Z" open="false"><tag k="comment" v="x"/></changeset>',
    "<note/>", "text", "<![CDATA[x]]>", "<!-- -->", "<?php ?>",
)  # fmt: skip

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
HEADS = (
    HEAD, HEAD, HEAD, "", BOMB, OUTSIDE, '<?xml version="1.0" encoding="UTF-16"?>', '<?xml version="9.9"?>', "\ufeff",
    "x",
)  # fmt: skip
OPENINGS = (
    OPENING, OPENING, OPENING, "<osmChange version='0.6'>", "<osm>", "<osm version='0.5'>", "<html>", "",
    '<osm version="0.6" generator="&a11;&a;">', "<osmChange><delete>", '<osm version="0.6" upload="false">',
)  # fmt: skip
BOXES = (
    BOUNDS, BOUNDS, "", '<bounds minlon="-78.2" minlat="38.3" maxlon="-78.7" maxlat="37.8"/>', "<bounds/>",
    '<bounds minlon="nan" minlat="x" maxlon="1e9" maxlat=""/>',
    '<bounds minlon="-180" minlat="-90" maxlon="180" maxlat="90"/>',
    '<bounds minlon="0" minlat="0" maxlon="0" maxlat="0"/>', BOUNDS * 3,
    '<bounds minlon="10" minlat="10" maxlon="11" maxlat="11"/>',
)  # fmt: skip
SUFFIXES = (".osm", ".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf", ".OSM")


def _breaks() -> SearchStrategy[Broken]:
    ways = ("gone", "twice", "moved", "again", "unsaid", "deleted", "version", "more", "more", "inside", "swap")
    return st.builds(
        Broken,
        way=st.sampled_from((*ways, "attribute", "attribute", "attribute")),
        at=st.integers(0, 40),
        other=st.integers(0, 40),
        attribute=st.sampled_from(ATTRIBUTES),
        value=st.sampled_from((*NUMBERS, *DEGREES, *WORDS)),
    )


@st.composite
def _xml(draw: st.DrawFn) -> Extract:
    elements = list(RIGHT)
    for one in draw(st.lists(_breaks(), max_size=3)):
        one.of(elements)
    return Extract(
        tuple(elements),
        head=draw(st.sampled_from(HEADS)),
        opening=draw(st.sampled_from(OPENINGS)),
        bounds=draw(st.sampled_from(BOXES)),
        closing=draw(st.sampled_from((CLOSING, CLOSING, CLOSING, "", "</osm></osm>"))),
    )


def _elements() -> SearchStrategy[Extract]:
    """A file that is well formed, with one to three elements that are not what they should be."""

    def made(broken: list[Broken], bounds: str) -> Extract:
        elements = list(RIGHT)
        for one in broken:
            one.of(elements)
        return Extract(tuple(elements), bounds=bounds)

    return st.builds(made, st.lists(_breaks(), min_size=1, max_size=3), st.sampled_from((BOUNDS, "")))


def _packed_ones() -> SearchStrategy[Extract]:
    """Files that are called otherwise than they are packed, and those with hurt bytes."""
    return st.builds(
        Extract,
        suffix=st.sampled_from(SUFFIXES),
        packed=st.sampled_from(("", "gzip", "bz2", "pbf")),
        hurts=st.just(()) | hurts(),
    )


def _bare() -> SearchStrategy[Extract]:
    """Hurt bytes of a PBF that is not packed: they reach the reader of its messages."""
    return st.builds(Extract, suffix=st.just(".osm.pbf"), packed=st.just("bare pbf"), hurts=hurts("flip", "set"))


# -- PBF ----------------------------------------------------------------------------------------------------------


@cache
def _right_pbf(packing: str = "zlib") -> bytes:
    """The right town as osmium writes it; without packing, every byte that is hurt is one of the data."""
    with TemporaryDirectory() as folder:
        plain, packed = Path(folder, "a.osm"), Path(folder, "a.osm.pbf")
        plain.write_bytes(Extract().text())
        header = osmium.io.Header()
        header.add_box(osmium.osm.Box(-78.7, 37.8, -78.2, 38.3))
        target = osmium.io.File(str(packed), f"pbf,pbf_compression={packing}")
        with osmium.SimpleWriter(target, header=header) as writer:
            for element in osmium.FileProcessor(str(plain)):
                writer.add(element)
        return packed.read_bytes()


@st.composite
def _pbf(draw: st.DrawFn) -> bytes:
    """Blobs with absurd lengths, of odd kinds, within one another, and nodes with numbers beyond all bounds."""
    huge = st.sampled_from(HUGE)
    made = b""
    for kind in draw(st.lists(st.sampled_from(("OSMHeader", "OSMData", "OSMData", "x", "")), min_size=1, max_size=3)):
        says = draw(st.none() | st.none() | huge)
        size = draw(st.none() | st.none() | huge)
        body = PBF_HEAD if kind == "OSMHeader" else _data(draw)
        made += blob(kind, body, says=says, size=size, raw=draw(st.booleans()))
    if draw(st.booleans()):
        made = blob("OSMHeader", PBF_HEAD) + made
    return hurt(made, draw(st.just(()) | hurts()))


def _data(draw: st.DrawFn) -> bytes:
    huge = st.sampled_from(HUGE)
    node = part(1, draw(huge)) + part(8, draw(huge)) + part(9, draw(huge)) + part(2, b"\x01") + part(3, b"\x02")
    refs = b"".join(map(varint, draw(st.lists(huge, max_size=4))))
    value = draw(st.sampled_from((b"\x02", b"\x09", b"")))
    way = part(1, draw(huge)) + part(2, b"\x01") + part(3, value) + part(8, refs)
    dense = part(1, refs) + part(8, refs) + part(9, refs) + part(10, b"\x01\x02\x00")
    group = draw(st.sampled_from((part(1, node), part(3, way), part(2, dense), part(4, way), part(5, b""))))
    more = draw(st.sampled_from((b"", part(17, draw(huge)), part(19, draw(huge)), part(18, draw(huge)))))
    return STRINGS + part(2, group) + more


# -- reading -------------------------------------------------------------------------------------------------------

_PACKERS: dict[str, Callable[[Extract], bytes]] = {
    "": lambda extract: extract.text(),
    "gzip": lambda extract: gzip.compress(extract.text(), mtime=0),
    "bz2": lambda extract: bz2.compress(extract.text()),
    "pbf": lambda extract: _right_pbf(),
    "bare pbf": lambda extract: _right_pbf("none"),
}


def _read(extract: Extract, folder: Path) -> None:
    body = hurt(_PACKERS[extract.packed](extract), extract.hurts)
    _read_bytes(body, folder, f"town{extract.suffix}", whole=extract == Extract())


def _read_bytes(body: bytes, folder: Path, name: str = "town.osm.pbf", *, whole: bool = False) -> None:
    inside = folder / "town"
    inside.mkdir()
    path = inside / name
    path.write_bytes(body)
    spec = LayerSpec("osm", path)

    def read() -> dict[str, object]:
        found = collect(OSM_LAYERS, {"osm": spec}, (), AREA)
        return {name: found.layers.get(name, found.absent.get(name)) for name in OSM_LAYERS}

    found = honest(read, folder, path.name)
    for layer in found.values():
        if isinstance(layer, Layer):
            _check_layer(layer)
        elif isinstance(layer, Network):
            _check_network(layer)
        else:
            assert isinstance(layer, str) and path.name in layer
    if whole:
        counts = {name: len(layer.data) for name, layer in found.items() if isinstance(layer, Layer)}
        assert counts["parks"] == 2 and counts["stops"] == 1 and counts["amenities"] == 1 and counts["streets"] == 2


def _check_layer(layer: Layer) -> None:
    data = layer.data
    assert data["osm_id"].is_unique, f"{layer.name}: one element twice"
    shapes = data.geometry
    assert shapes.is_valid.all() and not shapes.is_empty.any() and not shapes.isna().any()
    if len(data):
        west, south, east, north = shapes.total_bounds
        assert -180 <= west <= east <= 180 and -90 <= south <= north <= 90, f"{layer.name}: off the Earth"
    for column in data.columns.drop("geometry"):
        if data[column].dtype != bool:
            assert data[column].map(lambda text: "\x00" not in text and "root:" not in text).all()
    assert layer.covers is not None and shapely.box(-180, -90, 180, 90).buffer(1e-6).covers(layer.covers)


def _check_network(walk: Network) -> None:
    places = np.column_stack([walk.x, walk.y])
    assert np.isfinite(places).all() and (np.abs(places) <= [180, 90]).all()
    ends = np.concatenate([walk.u, walk.v])
    assert not ends.size or (ends.min() >= 0 and ends.max() < len(places))


_FELL = Extract(suffix=".osm.pbf", packed="bare pbf", hurts=(Hurt("set", 0.1338202804327011, 1, 0),))
"""A zero byte in a text, over which libosmium's filters fell."""

TARGETS: tuple[Target, ...] = (
    Target("osm-elements", _elements(), _read, seeds=(Extract(),), times=30),
    Target("osm-xml", _xml(), _read, times=40),
    Target(
        "osm-bytes", _packed_ones(), _read,
        seeds=tuple(Extract(suffix=suffix, packed=packed) for suffix in SUFFIXES[1:] for packed in _PACKERS), times=40,
    ),
    Target("osm-bare-pbf", _bare(), _read, seeds=(_FELL,), times=40),
    Target("osm-pbf", _pbf(), _read_bytes, seeds=(b"", b"\x00", _right_pbf()), times=40),
)  # fmt: skip
