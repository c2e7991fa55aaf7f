"""Grids held against one another: what cannot be seen in one grid shows beside the next one of the same ground.

A pure part of `measure.sanity_places`. All limits are our choice. How they were found, as (good data; what is planted):

==================  ==========================================  =====================================================
check               good data                                   planted
==================  ==========================================  =====================================================
canopy-and-paving   Nowhere: -0.61 where they are, no gain      a pixel aside: gain 0.43; a kilometer: 0.50; upside
                                                                down: 0.56; paving for canopy: they are one
the same            woods and paving of Durham's land cover:    a pixel aside: gain 0.05; upside down: 0.34
                    -0.41 where they are, no gain
paving-and-cover    Nowhere: 0.94 where they are, no gain       a pixel aside: gain 0.27; upside down: 0.74
class-by-paving     Nowhere: 99.7 %                             codes moved by one: 6 %
rare-classes        Nowhere, Durham: 0                          codes moved by one: 55 %
trees-in-woods      Nowhere: 0                                  no data as 0: 39 % in patches, 57 % in one half
straight-edges      Nowhere: 0                                  no data as 0 in one half: 56 %
surface-heat        Nowhere: 32 °C                              a factor of ten applied twice: 3 °C
cold-pixels         Nowhere: 0                                  clouds as values: 12 %
==================  ==========================================  =====================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from justgeo.core.district import WGS84
from justgeo.core.layer import AnyLayer, BoolArray, FloatArray, Raster
from justgeo.core.quality import Check, Rule
from justgeo.measure.zonal import align

SIDE = 320
"""Pixels a side of what is compared, from the middle of the grid: a county's whole grid would say no more."""
LEAST_PIXELS = 400
RELATED = 0.2
"""A correlation that is weaker tells nothing of where the grids lie."""
NEAR, FAR_GAIN = 10, 0.15
"""Pixels up to which a small gain tells of a move. Farther off, or turned over, there are so many ways to lie that one
of them fits a little better by chance: there the gain must be larger."""
SAME_SIGN, FEW_WOODS, LITTLE = 0.3, 0.01, 0.05
"""Canopy that rises so closely with paving is no canopy; but where woods, or the canopy told, are a smaller part of the
land, trees stand in towns. (The invented county, a city by the sea, has 2 % of woods.)"""
COLD_K = 30.0
LONG, SOME = 30, 10
"""Pixels of a row that are enough for it to be all alike by more than chance, and those of them in which something must
be by the land cover: a prairie has no canopy, and that is no edge."""
NO_COVER = "the land cover is not at hand, which tells water, woods and fields apart"
_OVER_A_MAP = "Open the grid over a map of the district in QGIS: do shores and parks lie where they are?"
_NLCD = "legend of the National Land Cover Database; the limit is our choice"

CANOPY = Rule(
    "canopy-and-paving",
    "Tree canopy beside paved ground: how much better they would fit if one were moved",
    "correlation",
    None,
    0.03,
    "Where much is paved there is little canopy. A grid that lies aside gives blocks the trees of others.",
    _OVER_A_MAP,
)
PAVING = Rule(
    "paving-and-cover",
    "Paved ground beside developed land: how much better they would fit if one were moved",
    "correlation",
    None,
    0.03,
    "Both tell the same ground. A grid that lies aside gives blocks the ground of others.",
    _OVER_A_MAP,
)
CLASSES = Rule(
    "class-by-paving",
    "Developed land whose class is that of its paving",
    "share",
    0.6,
    None,
    "Codes of another legend, or of another year, make land more or less developed than it is.",
    "See whether the codes of the land cover are those of NLCD, and whether both grids are of one year.",
    _NLCD,
)
RARE = Rule(
    "rare-classes",
    "Land cover of classes that are hardly found here: lasting ice, and those of Alaska alone",
    "share",
    None,
    0.005,
    "Codes that count from another number turn one kind of land into another.",
    "See whether the codes of the land cover are those of NLCD.",
    _NLCD,
)
WOODS = Rule(
    "trees-in-woods",
    "Woods of the land cover without any canopy",
    "share",
    None,
    0.2,
    "Where 0 stands for ground that nobody looked at, trees that are there are not counted.",
    "See which number stands for no data in the canopy grid (gdalinfo tells it).",
    _NLCD,
)
STRAIGHT = Rule(
    "straight-edges",
    "Rows or columns of a grid that are the same from end to end on land",
    "share",
    None,
    0.1,
    "Land has no straight edges. A number that stands where data are missing is taken for a measurement.",
    "Find the number that stands for no data, and write it into the file: gdal_edit.py -a_nodata NUMBER FILE.",
)
HEAT = Rule(
    "surface-heat",
    "Middle of the summer surface temperature on land",
    "°C",
    10.0,
    60.0,
    "Another unit, another season or a factor that was not applied makes places hotter or cooler than they are.",
    "See in which unit the grid is, which factor its numbers have, and of which months it is.",
)
COLD = Rule(
    "cold-pixels",
    f"Dry land more than {COLD_K:g} degrees colder than the middle of all land in summer",
    "share",
    None,
    0.01,
    "Clouds that are taken for ground make places cooler than they are.",
    "Mask clouds and their shadows in the grid.",
)
RULES = (CANOPY, PAVING, CLASSES, RARE, WOODS, STRAIGHT, HEAT, COLD)

_DEVELOPED: Mapping[float, tuple[float, float]] = {21.0: (0, 20), 22.0: (20, 50), 23.0: (50, 80), 24.0: (80, 100)}
"""Percent of paving that the classes of developed land stand for (NLCD legend)."""
_WOODS = (41.0, 42.0, 43.0)
_COOL = (81.0, 82.0, 90.0, 95.0)
"""Pastures, crops and wetlands: watered, they are far cooler in a dry summer than the land beside them."""
WATER = 11.0
_ICE, _ALASKAN = 12.0, (51.0, 72.0, 73.0, 74.0)
_ALASKA = 54.5
_BOTH = ("tree_canopy", "impervious")
_Waves = npt.NDArray[np.complex128]


class Fit(NamedTuple):
    """How one grid lies on another: correlation as they are, the best one, and by which move in pixels.

    The best one is that of a move up to `NEAR`, unless a farther one gains `FAR_GAIN`.
    """

    here: float
    best: float
    rows: int
    cols: int
    turned: float
    """The best correlation with the grid upside down or left for right."""


def checks(layers: Mapping[str, AnyLayer]) -> Iterator[Check]:
    """Checks of the grids at hand; of those that are not, nothing is said."""
    grids = {name: one for name, one in layers.items() if isinstance(one, Raster)}
    canopy, paving, cover, heat = (
        grids.get(name) for name in ("tree_canopy", "impervious", "land_cover", "surface_temperature")
    )
    if canopy is not None and paving is not None:
        yield _canopy_and_paving(canopy, paving, cover, _BOTH)
    elif canopy is not None and cover is not None:
        yield _canopy_and_paving(canopy, _hardness(cover), cover, ("tree_canopy", "land_cover"))
    if paving is not None and cover is not None:
        yield _paving_and_cover(paving, cover)
        yield _class_by_paving(paving, cover)
    if cover is not None:
        yield _rare(cover)
    if canopy is not None and cover is not None:
        yield _trees_in_woods(canopy, cover)
    percents = {name: grids[name] for name in _BOTH if name in grids}
    if percents:
        yield _straight(percents, cover)
    if heat is not None:
        yield from _heat(heat, cover)


def _hardness(cover: Raster) -> Raster:
    """Paving as the classes of a land cover tell it, percent."""
    values = np.where(np.isfinite(cover.values), 0.0, np.nan)
    for code, (low, high) in _DEVELOPED.items():
        values[cover.values == code] = (low + high) / 2
    return Raster(values, cover.transform, cover.crs, cover.provenance)


def fit(one: FloatArray, other: FloatArray, sign: float) -> Fit | None:
    """How two grids of the same pixels lie on one another.

    Parameters
    ----------
    one, other : (rows, cols) float
        NaN where there is no value.
    sign : {1.0, -1.0}
        Whether they rise together or against one another.

    Returns
    -------
    Fit or None
        None where there are too few pixels, or one of them is the same everywhere.
    """
    a, b = (_standard(_middle(x)) for x in (one, other))
    both = np.isfinite(_middle(one)) & np.isfinite(_middle(other))
    if int(both.sum()) < LEAST_PIXELS or not a.any() or not b.any():
        return None
    scale = sign * float(np.sqrt((a * a).sum() * (b * b).sum()))
    beneath = np.fft.rfft2(b, [2 * n for n in b.shape])
    best, rows, cols = _best(a, beneath, scale)
    turned = [_best(t, beneath, scale)[0] for t in (a[::-1], a[:, ::-1], a[::-1, ::-1])]
    return Fit(float((a * b).sum()) / abs(scale), sign * best, rows, cols, sign * max(turned))


def _middle(values: FloatArray) -> FloatArray:
    rows, cols = (max(0, (n - SIDE) // 2) for n in values.shape)
    return values[rows : rows + SIDE, cols : cols + SIDE]


def _standard(values: FloatArray) -> FloatArray:
    """Less its mean, 0 where there is no value."""
    if not np.isfinite(values).any():
        return np.zeros_like(values)
    return np.nan_to_num(values - np.nanmean(values), nan=0.0)


def _best(a: FloatArray, beneath: _Waves, scale: float) -> tuple[float, int, int]:
    """The best correlation over the moves of one grid on the other, and the move: rows down, columns right."""
    shape = [2 * n for n in a.shape]
    found = np.fft.irfft2(beneath * np.conj(np.fft.rfft2(a, shape)), shape) / scale
    near = found.copy()
    near[NEAR + 1 : -NEAR], near[:, NEAR + 1 : -NEAR] = -np.inf, -np.inf
    if found.max() <= found[0, 0] + FAR_GAIN:
        found = near
    row, col = (int(n) for n in np.unravel_index(int(found.argmax()), found.shape))
    rows, cols = (n - whole if n > whole // 2 else n for n, whole in ((row, shape[0]), (col, shape[1])))
    return float(found.max()), rows, cols


def _lies(rule: Rule, layers: tuple[str, str], found: Fit | None, sign: float) -> Check:
    """Whether two grids of one ground fit best where they are."""
    if found is None or max(abs(found.here), sign * found.best, sign * found.turned) < RELATED:
        return rule.unknown("the two grids have too little to do with one another here to tell", layers)
    gain, turned = (sign * one - sign * found.here for one in (found.best, found.turned))
    if turned > max(gain, FAR_GAIN):
        why = f"they fit better with one upside down or left for right ({found.turned:.2f}, not {found.here:.2f})"
        return rule.check(turned, layers, why)
    if (found.rows, found.cols) == (0, 0):
        return rule.check(0.0, layers, "")
    why = (
        f"they fit better with the first moved by {found.cols} pixels to the east and {-found.rows} to the north "
        f"({found.best:.2f}, not {found.here:.2f})"
    )
    return rule.check(gain, layers, why)


def _canopy_and_paving(canopy: Raster, paving: Raster, cover: Raster | None, layers: tuple[str, str]) -> Check:
    beside = align(paving, canopy)
    # Water has neither: it would make the two rise together.
    wet = (canopy.values == 0) & (beside == 0)
    covered = None if cover is None else align(cover, canopy)
    if covered is not None:
        wet |= covered == WATER
    above, beside = np.where(wet, np.nan, canopy.values), np.where(wet, np.nan, beside)
    here = _plain(above, beside)
    if here > SAME_SIGN and _scarce(canopy.values, covered):
        return CANOPY.unknown("there are so few woods here that trees may stand where people live", layers)
    if here > SAME_SIGN:
        return CANOPY.check(here, layers, f"the more is paved, the more canopy is told ({here:.2f}): is it canopy?")
    return _lies(CANOPY, layers, fit(above, beside, -1.0), -1.0)


def _scarce(canopy: FloatArray, cover: FloatArray | None) -> bool:
    """Whether trees are a small part of the land, by the land cover where it is at hand, or by the canopy told."""
    land = np.isfinite(canopy)
    if cover is not None:
        land &= np.isfinite(cover) & (cover != WATER)
        if not land.any() or float(np.isin(cover[land], _WOODS).mean()) < FEW_WOODS:
            return True
    return not land.any() or float(canopy[land].mean()) < 100.0 * LITTLE


def _plain(one: FloatArray, other: FloatArray) -> float:
    """Correlation of two grids pixel by pixel; 0 where it has none."""
    both = np.isfinite(one) & np.isfinite(other)
    if int(both.sum()) < LEAST_PIXELS or not one[both].std() or not other[both].std():
        return 0.0
    return float(np.corrcoef(one[both], other[both])[0, 1])


def _paving_and_cover(paving: Raster, cover: Raster) -> Check:
    found = fit(paving.values, align(_hardness(cover), paving), 1.0)
    return _lies(PAVING, ("impervious", "land_cover"), found, 1.0)


def _class_by_paving(paving: Raster, cover: Raster) -> Check:
    layers, hard = ("land_cover", "impervious"), align(paving, cover)
    of_class = np.isin(cover.values, list(_DEVELOPED)) & np.isfinite(hard)
    if int(of_class.sum()) < LEAST_PIXELS:
        return CLASSES.unknown("there is hardly any developed land here", layers)
    held = np.zeros(cover.values.shape, dtype=np.bool_)
    for code, (low, high) in _DEVELOPED.items():
        held |= (cover.values == code) & (hard >= low - 1) & (hard <= high)
    share = float(held[of_class].mean())
    return CLASSES.check(share, layers, f"{share:.0%} of the developed land has the paving that its class stands for")


def _latitude(grid: Raster) -> float:
    """Of the middle of a grid, degrees."""
    a, _, c, _, e, f = grid.transform
    rows, cols = grid.values.shape
    to_degrees = Transformer.from_crs(grid.crs, WGS84, always_xy=True)
    return float(to_degrees.transform(c + a * cols / 2, f + e * rows / 2)[1])


def _rare(cover: Raster) -> Check:
    seen = cover.values[np.isfinite(cover.values)]
    if not seen.size or _latitude(cover) >= _ALASKA:
        return RARE.unknown("in Alaska these classes are not rare", ["land_cover"])
    rare = (_ICE, *_ALASKAN)
    share = float(np.isin(seen, rare).mean())
    codes = ", ".join(f"{code:g}" for code in sorted(set(seen.tolist()) & set(rare)))
    return RARE.check(share, ["land_cover"], f"{share:.1%} of the pixels are of the classes {codes}")


def _trees_in_woods(canopy: Raster, cover: Raster) -> Check:
    layers = ("tree_canopy", "land_cover")
    woods = np.isin(align(cover, canopy), _WOODS) & np.isfinite(canopy.values)
    if int(woods.sum()) < LEAST_PIXELS:
        return WOODS.unknown("there are hardly any woods here", layers)
    share = float((canopy.values[woods] == 0).mean())
    return WOODS.check(share, layers, f"{share:.0%} of the pixels that are woods have no canopy")


def _straight(grids: Mapping[str, Raster], cover: Raster | None) -> Check:
    """A grid that is the same everywhere has no edge: that is another check's."""
    if cover is None:
        return STRAIGHT.unknown(NO_COVER, grids)
    shares = {}
    for name, grid in grids.items():
        classes = align(cover, grid)
        values = np.where(classes == WATER, np.nan, grid.values)
        there = np.isin(classes, _WOODS if name == "tree_canopy" else list(_DEVELOPED)) & np.isfinite(values)
        share = max(_alike(values, there), _alike(values.T, there.T))
        shares[name] = share if share < 1.0 - (STRAIGHT.high or 0.0) else 0.0
    worst = max(shares, key=lambda name: shares[name])
    return STRAIGHT.check(
        shares[worst], [worst], f"{shares[worst]:.0%} of the rows or columns of the layer {worst} are"
    )


def _alike(values: FloatArray, there: BoolArray) -> float:
    """Share of the long rows of which all values are equal, among those in which something must be."""
    seen = np.isfinite(values)
    long = (seen.sum(axis=1) >= LONG) & (there.sum(axis=1) >= SOME)
    if int(long.sum()) < 10:
        return 0.0
    rows = values[long]
    return float((np.nanmax(rows, axis=1) == np.nanmin(rows, axis=1)).mean())


def _heat(heat: Raster, cover: Raster | None) -> Iterator[Check]:
    land: BoolArray = np.isfinite(heat.values)
    classes = None if cover is None else align(cover, heat)
    if classes is not None:
        land &= classes != WATER
    layers = ("surface_temperature",)
    if int(land.sum()) < LEAST_PIXELS:
        yield from (rule.unknown("there is hardly any land with a temperature", layers) for rule in (HEAT, COLD))
        return
    middle = float(np.median(heat.values[land]))
    yield HEAT.check(middle, layers, f"half of the land is below {middle:.1f} °C")
    if classes is None:
        yield COLD.unknown(NO_COVER, layers)
        return
    dry = land & ~np.isin(classes, _COOL)
    if int(dry.sum()) < LEAST_PIXELS:
        yield COLD.unknown("there is hardly any land with a temperature", layers)
        return
    share = float((heat.values[dry] < middle - COLD_K).mean())
    yield COLD.check(share, layers, f"{share:.1%} of the land is so cold, beside {middle:.0f} °C: are these clouds?")
