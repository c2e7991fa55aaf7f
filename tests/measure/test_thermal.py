"""Digital numbers of Landsat's thermal band: published scale, bits of the quality band, medians by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from justgeo.measure import thermal


def test_the_published_scale() -> None:
    """METHODS 7.12: DN 44000 is 26.24 degrees, 46500 is 34.79."""
    found = thermal.celsius(np.array([44000, 46500, 0, 1], dtype=np.uint16))
    np.testing.assert_allclose(found[:2], [26.24, 34.79], atol=0.005)
    assert np.isnan(found[2])
    assert found[3] == pytest.approx(149.0 + 0.00341802 - 273.15)


def test_no_number_overflows() -> None:
    assert thermal.celsius(np.array([65535], dtype=np.uint16))[0] == pytest.approx(65535 * 0.00341802 - 124.15)


@pytest.mark.parametrize("bit", range(6))
def test_each_of_six_bits_rules_a_pixel_out(bit: int) -> None:
    """Fill, dilated cloud, cirrus, cloud, shadow, snow."""
    assert not thermal.clear(np.array([1 << bit | 1 << 6], dtype=np.uint16))[0]


def test_clear_land_and_water_stay() -> None:
    """21824 and 21952 are what the product guide gives for clear land and clear water of Landsat 8 and 9."""
    assert thermal.clear(np.array([21824, 21952, 64], dtype=np.uint16)).all()
    # high confidence of cloud, of shadow; dilated cloud over land; fill
    assert not thermal.clear(np.array([22280, 23888, 21826, 1], dtype=np.uint16)).any()


def test_what_was_observed() -> None:
    numbers = np.array([[44000, 44000, 0]], dtype=np.uint16)
    quality = np.array([[21824, 22280, 21824]], dtype=np.uint16)
    np.testing.assert_allclose(thermal.observed(numbers, quality), [[26.24288, np.nan, np.nan]], atol=1e-4)


def test_scenes_of_one_overpass_count_once() -> None:
    scenes = np.array([[[20.0, np.nan, np.nan]], [[21.0, 22.0, np.nan]]])
    np.testing.assert_array_equal(thermal.first_seen(scenes), [[20.0, 22.0, np.nan]])
    assert scenes[0, 0, 1] != scenes[0, 0, 1], "the input is not written to"


def test_the_median_by_hand() -> None:
    """Five observations suffice, four do not; an even count takes the middle of two."""
    pixels = np.full((6, 1, 4), np.nan)
    pixels[:5, 0, 0] = (31, 28, 40, 29, 30)
    pixels[1:5, 0, 1] = (31, 28, 40, 29)
    pixels[:, 0, 2] = (31, 28, 40, 29, 30, 32)
    values, count = thermal.median(pixels)
    np.testing.assert_array_equal(values, [[30.0, np.nan, 30.5, np.nan]])
    np.testing.assert_array_equal(count, [[5, 4, 6, 0]])


def test_nothing_was_ever_seen() -> None:
    values, count = thermal.median(np.full((7, 2, 2), np.nan))
    assert np.isnan(values).all()
    assert count.max() == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_medians_against_one_pixel_at_a_time(scenes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    stack: npt.NDArray[np.float64] = rng.normal(30, 5, (scenes, 3, 4))
    stack[rng.random(stack.shape) < 0.4] = np.nan
    values, count = thermal.median(stack)
    for row in range(3):
        for col in range(4):
            seen = sorted(v for v in stack[:, row, col] if not np.isnan(v))
            assert count[row, col] == len(seen)
            if len(seen) < 5:
                assert np.isnan(values[row, col])
            else:
                low, high = seen[(len(seen) - 1) // 2], seen[len(seen) // 2]
                assert values[row, col] == pytest.approx((low + high) / 2)
                assert np.nanmin(stack[:, row, col]) <= values[row, col] <= np.nanmax(stack[:, row, col])
