"""Which values of a grid are measurements: the range or the legend of each product, and what a planner says instead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.spec import LayerSpec

# NLCD legend (Anderson level II as used by MRLC, with the Alaskan classes 51, 72-74).
NLCD_CLASSES = (11, 12, 21, 22, 23, 24, 31, 41, 42, 43, 51, 52, 71, 72, 73, 74, 81, 82, 90, 95)
# Legend of ESA WorldCover (v200 product user manual); 0 is no data.
WORLDCOVER_CLASSES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100)
_LEGENDS = {"land_cover": NLCD_CLASSES, "worldcover": WORLDCOVER_CLASSES}
_PERCENT = ("tree_canopy", "impervious")
# Canopy height is in metres, 255 no data [M]; a surface beyond these degrees Celsius is no summer's day on Earth [D].
_RANGES = {"tree_canopy": (0, 100), "impervious": (0, 100), "canopy_height": (0, 100), "surface_temperature": (-60, 90)}


_FEWEST = 1000
"""Pixels from which the kinds of values tell what a grid is of. Our choice."""
_HOTTEST = 70.0
"""Degrees Celsius that half of a district's ground does not reach on a clear summer morning; 90 °F do. Our choice."""


def masked(values: FloatArray, hidden: BoolArray, spec: LayerSpec) -> tuple[FloatArray, str]:
    """Values with NaN, set in place, for all that is no measurement, and how many pixels were out of range."""
    scale = float(spec.options.get("scale", 1.0))
    values = values if scale == 1.0 else values * scale  # of 200 million pixels every copy has 1.6 GB
    wrong = np.zeros(values.shape, dtype=np.bool_)
    limits = _limits(spec)
    if limits is not None:
        wrong |= (values < limits[0]) | (values > limits[1])
    legend = _legend(spec)
    if legend is not None:
        wrong |= ~np.isin(values, legend)
    wrong &= ~hidden
    odd = sorted({float(v) for v in np.unique(values[wrong])})
    if spec.name == "surface_temperature":
        refuse_fahrenheit(values[~hidden], spec)
    values[hidden | wrong] = np.nan
    _check_percent(values, spec)
    refuse_classes(values, spec)
    if not odd:
        return values, ""
    shown = ", ".join(f"{v:g}" for v in odd[:5]) + (" ..." if len(odd) > 5 else "")
    return values, f"{int(wrong.sum())} of {values.size} pixels hold no measurement (values {shown}) and are left out."


def _limits(spec: LayerSpec) -> tuple[float, float] | None:
    given = spec.options.get("valid_range", _RANGES.get(spec.name))
    if given is None:
        return None
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != 2 or not given[0] < given[1]:
        raise LayerError(
            f"valid_range of [layers.{spec.name}] is {given!r}.", remedy="Give two numbers: valid_range = [0, 100]."
        )
    return float(given[0]), float(given[1])


def _legend(spec: LayerSpec) -> list[float] | None:
    given = spec.options.get("classes", _LEGENDS.get(spec.name))
    if given is None:
        return None
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise LayerError(
            f"classes of [layers.{spec.name}] is {given!r}.", remedy="Give the class numbers: classes = [10, 20, 80]."
        )
    return [float(c) for c in given]


def _check_percent(values: FloatArray, spec: LayerSpec) -> None:
    """A percent raster whose every value lies within 0 and 1, some between, holds shares: 100 times too small."""
    seen = values[np.isfinite(values)]
    if spec.name not in _PERCENT or "scale" in spec.options or seen.size == 0:
        return
    some = np.any((seen > 0) & (seen < 1)) or (seen.size >= _FEWEST and np.mean(seen == 1) > 0.05)
    if seen.max() <= 1 and some:
        raise LayerError(
            f"{spec.path} seems to hold shares of one (0 to {seen.max():g}) where percents are due.",
            remedy=f"Say scale = 100 in [layers.{spec.name}], or scale = 1 if these are percents all the same.",
        )


def refuse_classes(values: FloatArray, spec: LayerSpec) -> None:
    """Refuse a percent raster whose values are the codes of a legend: every one of them, and never 0.

    Raises
    ------
    LayerError
    """
    seen = values[np.isfinite(values)]
    if spec.name not in _PERCENT or "scale" in spec.options or seen.size < _FEWEST:
        return
    found = np.unique(seen)
    legends = {"NLCD": NLCD_CLASSES, "ESA WorldCover": WORLDCOVER_CLASSES}
    named = [name for name, legend in legends.items() if len(found) > 2 and np.isin(found, legend).all()]
    if named:
        shown = ", ".join(f"{v:g}" for v in found[:8])
        raise LayerError(
            f"{spec.path} holds the values {shown} alone: these are classes of land cover ({named[0]}), no percents.",
            remedy=f"Name the raster of {spec.name.replace('_', ' ')} in [layers.{spec.name}]; say scale = 1 there if "
            "these are percents all the same.",
        )


def refuse_fahrenheit(values: FloatArray, spec: LayerSpec) -> None:
    """Refuse surface temperatures of which half are hotter than any ground on a clear summer morning.

    Who says ``valid_range`` has looked at the values, and is believed.

    Raises
    ------
    LayerError
    """
    seen = values[np.isfinite(values) & (values < 150)]
    if seen.size and "valid_range" not in spec.options and float(np.median(seen)) > _HOTTEST:
        raise LayerError(
            f"Half of the pixels of {spec.path} are above {np.median(seen):.0f}: in degrees Celsius no district is so "
            "hot; are these degrees Fahrenheit?",
            remedy="Convert it to degrees Celsius: gdal_calc.py -A IN --calc='(A-32)/1.8' --outfile OUT. If it is in "
            f"degrees Celsius all the same, say valid_range = [-60, 90] in [layers.{spec.name}].",
        )
