"""Whether census geography covers the district that it is to speak of."""

from __future__ import annotations

from dataclasses import replace

from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CoverageError
from justgeo.core.layer import Layer
from justgeo.core.spec import LayerSpec

#: Share of the district below which census geography is refused: it is another county's, or cut off.
LEAST_COVER = 0.95


def part_of(layer: Layer, district: BaseGeometry) -> float:
    """Share of a district that a layer covers, 0 to 1; both in EPSG:4326."""
    shapes = layer.features.geometry
    near = shapes.iloc[shapes.sindex.query(district, predicate="intersects")]
    return float(near.union_all().intersection(district).area / district.area) if len(near) else 0.0


def uncovered(which: str, share: float) -> CoverageError:
    """Of a layer that covers too little of a district."""
    return CoverageError(
        f"{which} covers {share:.1%} of the district.",
        remedy="give the files of every county that the district lies in, and check the district's boundary.",
    )


def covering(layer: Layer, district: BaseGeometry, spec: LayerSpec) -> Layer:
    """The layer, with a note if it leaves out a sliver of the district.

    Raises
    ------
    CoverageError
        It leaves out more. Shares of one area in degrees are compared, which needs no projection.
    """
    share = part_of(layer, district)
    if share >= 1 - 1e-6:
        return layer
    if share < LEAST_COVER:
        raise uncovered(f"Layer {layer.name!r} ({spec.path.name})", share)
    note = f"It leaves out {1 - share:.2%} of the district."
    return replace(layer, provenance=replace(layer.provenance, notes=(*layer.provenance.notes, note)))
