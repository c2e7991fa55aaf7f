"""Classes are told apart by people who see colours differently, in grey print, and by hatches that do not vanish."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from justgeo.core.layer import FloatArray
from justgeo.report.choropleth import RAMP

# Machado, Oliveira, Fernandes (2009), severity 1.0, on linear light.
SEEN = {
    "as most": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
    "grey": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> FloatArray:
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(light: FloatArray) -> FloatArray:
    """CIE L*a*b*, D65."""
    x, y, z = _TO_XYZ @ np.clip(light, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def luminance(colour: str) -> float:
    return float(np.array([0.2126, 0.7152, 0.0722]) @ linear(colour))


def contrast(a: str, b: str) -> float:
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("eyes", list(SEEN))
def test_neighbouring_classes_differ_for_all_eyes_and_in_grey(eyes: str) -> None:
    seen = [lab(SEEN[eyes] @ linear(colour)) for colour in RAMP]
    steps = [float(np.linalg.norm(a - b)) for a, b in pairwise(seen)]
    assert min(steps) > 11, f"a step of less than about 11 is easily missed between areas that do not touch: {steps}"
    light = [one[0] for one in seen]
    assert light == sorted(light, reverse=True), "the order is that of lightness"


def test_each_class_is_a_third_darker_than_the_one_before() -> None:
    assert all(contrast(a, b) > 1.33 for a, b in pairwise(RAMP))
    assert contrast(RAMP[0], RAMP[-1]) > 7


def test_hatches_are_seen_on_their_ground() -> None:
    for i, colour in enumerate(RAMP):
        assert contrast(colour, "#2b1a4d" if i < 3 else "#ffffff") >= 3, colour
