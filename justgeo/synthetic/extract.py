"""The OSM file of Nowhere: streets, parks, water, stops and amenities, every tagged object marked as invented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import osmium
from osmium.osm import mutable

from justgeo.core.layer import FloatArray
from justgeo.synthetic import ground, parks
from justgeo.synthetic.geography import HOMES, INDUSTRY, Geography
from justgeo.synthetic.streets import Extract, Tags, corner_id, lay
from justgeo.synthetic.transit import Stop, stops

GENERATOR = "justgeo, invented county Nowhere: not OpenStreetMap data"
AMENITIES: tuple[Tags, ...] = (
    {"amenity": "library"},
    {"amenity": "community_centre"},
    {"amenity": "school"},
    {"amenity": "clinic"},
    {"amenity": "pharmacy"},
    {"shop": "supermarket"},
    {"amenity": "cafe"},
    {"amenity": "place_of_worship"},
    {"amenity": "childcare"},
    {"shop": "convenience"},
    {"amenity": "post_office"},
    {"leisure": "sports_centre"},
    {"amenity": "doctors"},
    {"amenity": "kindergarten"},
    {"amenity": "marketplace"},
    {"amenity": "theatre"},
    {"amenity": "social_facility"},
    {"amenity": "hospital"},
)
AMENITY_COUNT = 180


def make(geography: Geography, seed: int) -> Extract:
    """All objects of the file."""
    extract, _ = lay(geography, seed)
    parks.add(extract, geography, seed)
    _stops(extract, stops(geography))
    _amenities(extract, geography, np.random.default_rng([seed, 10]))
    ground.add_uses(extract, geography)
    return extract


def _stops(extract: Extract, every: list[Stop]) -> None:
    """Stops of the feed as mappers would draw them, with some that are out of use."""
    for number, stop in enumerate(every):
        if stop.mode == "rail":
            tags = {"railway": "station", "public_transport": "station", "train": "yes"}
            if stop.parent:
                tags = {"railway": "platform", "public_transport": "platform"}
        elif stop.mode == "ferry":
            tags = {"amenity": "ferry_terminal"}
        else:
            tags = {"highway": "bus_stop", "public_transport": "platform", "bus": "yes"}
        extract.node(stop.lon, stop.lat, {**tags, "name": stop.name, "ref": stop.id})
        if stop.mode == "bus" and number % 9 == 0:  # the other side of the street
            extract.node(stop.lon - 0.0001, stop.lat - 0.0001, {"highway": "bus_stop", "name": stop.name})
    for row, col in ((8, 13), (30, 30), (14, 38)):
        lon, lat = extract.nodes[corner_id(row, col) - 1][1]
        extract.node(lon + 0.00005, lat, {"disused:highway": "bus_stop", "name": "Old stop"})
        extract.node(lon, lat + 0.00005, {"highway": "bus_stop", "access": "private", "name": "Works shuttle"})


def _amenities(extract: Extract, geography: Geography, rng: np.random.Generator) -> None:
    """Shops, schools and the like, denser where people are; some as points, some as buildings."""
    blocks = geography.blocks
    useful = np.isin(blocks["kind"].to_numpy(), (HOMES, INDUSTRY)) & (blocks["homes"].to_numpy() > 5)
    cells = np.sort(rng.choice(blocks["cell"].to_numpy()[useful], AMENITY_COUNT, replace=False))
    columns = geography.cell_kind.shape[1]
    for number, cell in enumerate(cells):
        row, col = divmod(int(cell), columns)
        corner = geography.corners
        quad = np.array([corner[row, col], corner[row, col + 1], corner[row + 1, col + 1], corner[row + 1, col]])
        kind = AMENITIES[int(rng.integers(0, len(AMENITIES)))]
        what = next(iter(kind.values())).replace("_", " ")
        tags = {**kind, "name": f"{what.capitalize()} {number + 1}"}
        spot = quad.mean(axis=0) + (quad[0] - quad.mean(axis=0)) * 0.55
        if number % 4 == 0:
            _building(extract, quad, spot, tags)
        else:
            extract.node(spot[0], spot[1], tags)


def _building(extract: Extract, quad: FloatArray, spot: FloatArray, tags: Tags) -> None:
    around = spot + (quad - quad.mean(axis=0)) * 0.12
    nodes = [extract.node(corner[0], corner[1]) for corner in around]
    extract.way([*nodes, nodes[0]], {"building": "yes", **tags})


def write(path: Path, extract: Extract) -> None:
    """Write an extract in whatever format the file's name says (``.osm.pbf``, ``.osm``)."""
    header = osmium.io.Header()
    header.set("generator", GENERATOR)
    places = np.array([spot for _, spot, _ in extract.nodes])
    low, high = places.min(axis=0), places.max(axis=0)
    header.add_box(osmium.osm.Box(float(low[0]), float(low[1]), float(high[0]), float(high[1])))
    with osmium.SimpleWriter(str(path), header=header, overwrite=True) as writer:
        for number, spot, tags in extract.nodes:
            writer.add_node(mutable.Node(id=number, version=1, location=spot, tags=_marked(tags)))
        for number, nodes, tags in extract.ways:
            writer.add_way(mutable.Way(id=number, version=1, nodes=nodes, tags=_marked(tags)))
        for number, members, tags in extract.relations:
            writer.add_relation(mutable.Relation(id=number, version=1, members=members, tags=_marked(tags)))


def _marked(tags: Tags) -> Tags:
    return {**tags, "source": "invented"} if tags else tags
