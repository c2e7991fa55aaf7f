"""Grids of another product or unit under the name of a layer: refused, unless the planner says that it is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from justgeo.core.errors import LayerError
from justgeo.core.layer import FloatArray
from justgeo.core.spec import LayerSpec
from justgeo.sources._measured import NLCD_CLASSES, WORLDCOVER_CLASSES, masked


def of(name: str, values: FloatArray, **options: Any) -> FloatArray:
    found, _ = masked(
        values, np.zeros(values.shape, dtype=np.bool_), LayerSpec(name, Path("grid.tif"), options=options)
    )
    return found


def grid(*values: float, size: int = 40) -> FloatArray:
    """Values in turn."""
    return np.resize(np.array(values, dtype=np.float64), (size, size))


@pytest.mark.parametrize("name", ["tree_canopy", "impervious"])
@pytest.mark.parametrize("legend", [NLCD_CLASSES, WORLDCOVER_CLASSES])
def test_classes_are_no_percents(name: str, legend: tuple[int, ...]) -> None:
    with pytest.raises(LayerError, match="classes of land cover"):
        of(name, grid(*legend))
    assert np.isfinite(of(name, grid(*legend), scale=1)).all()


@pytest.mark.parametrize("values", [(0, 11, 21, 41), (11, 21, 22.5, 41), (10, 20)])
def test_percents_that_are_no_legend(values: tuple[float, ...]) -> None:
    assert np.isfinite(of("tree_canopy", grid(*values))).all()


def test_few_pixels_tell_no_product() -> None:
    assert np.isfinite(of("tree_canopy", grid(11, 21, 41, size=20))).all()


def test_yes_and_no_is_no_percent() -> None:
    with pytest.raises(LayerError, match="shares of one"):
        of("tree_canopy", grid(0, 0, 1))
    assert of("tree_canopy", grid(0, 0, 1), scale=100).max() == 100
    rare = np.zeros((40, 40))
    rare[0, :10] = 1
    assert of("tree_canopy", rare).max() == 1  # a desert: 1 % of a few pixels


def test_degrees_fahrenheit_are_refused() -> None:
    with pytest.raises(LayerError, match=r"above 88.*Fahrenheit") as caught:
        of("surface_temperature", grid(79, 88, 97))
    assert "/1.8" in caught.value.remedy and "valid_range = [-60, 90]" in caught.value.remedy
    assert of("surface_temperature", grid(79, 88), valid_range=[-60, 90]).max() == 88


def test_a_hot_summer_in_celsius_is_believed() -> None:
    assert of("surface_temperature", grid(35, 48, 61)).max() == 61
    assert of("surface_temperature", grid(62, 70, 74)).max() == 74  # half of a desert's bare ground
    with pytest.raises(LayerError, match="above 71"):
        of("surface_temperature", grid(62, 71, 74))
