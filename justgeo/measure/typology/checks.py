"""What is refused before anything is computed: each with the offending value, its tract and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from justgeo.core.errors import ConfigError, LayerError
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.zones import StrArray
from justgeo.measure.margins import CONTROLLED, SENTINELS
from justgeo.measure.typology.values import BEFORE, NOW, SHARES, Amount, Pooled, Settings, Tracts

LEAST_DRAWS = 1_000
"""Fewer are refused: a chance of 0.9 would be known to 0.02 only. Figures that are published rest on 10,000 or more, as
`Settings` has them; fewer are for trying things out."""
HOMES = ("value_now", "value_before", "rent_now", "rent_before")

_EMPTY = "Leave cells empty where there is no number."
_SHARE = "Shares are fractions from 0 to 1: divide percents by 100, and check that the part belongs to the whole."
_DOLLARS = f"A median is more than 0 dollars. {_EMPTY}"
_FIT = "Give one number for each tract, in the order of the GEOIDs."


def check(tracts: Tracts, settings: Settings) -> None:
    """Refuse what cannot be believed.

    Raises
    ------
    LayerError
        GEOIDs that stand twice, arrays that do not fit, unknown names, sentinels and infinite numbers, shares outside
        0 to 1, dollars of 0 or less, negative standard errors or counts, a price index that is not positive.
    ConfigError
        Settings that cannot be.
    """
    check_settings(settings)
    _check_geoids(tracts.geoid)
    _check_names(tracts)
    for name, amount in _amounts(tracts):
        _check_amount(name, amount, tracts.geoid)
    for name, values, most in _plain(tracts):
        _check_plain(name, values, most, tracts.geoid)
    for when, region in (("now", tracts.region_now), ("before", tracts.region_before)):
        for name, pooled in region.items():
            _check_pooled(f"{name} ({when}) of the region", name, pooled)
    _check_ends(tracts, "top", tracts.top, "2000001")
    _check_ends(tracts, "bottom", tracts.bottom, "9999")
    _check_geometry(tracts)
    if not (math.isfinite(tracts.price) and tracts.price > 0):
        raise LayerError(
            f"A price index of {tracts.price:g} cannot be.",
            remedy="Give the index of the later year over that of the earlier one, such as 1.325.",
        )
    if tracts.years[0] >= tracts.years[1]:
        raise LayerError(
            f"The earlier vintage ends in {tracts.years[0]}, the later one in {tracts.years[1]}.",
            remedy="Name the earlier vintage first.",
        )


def check_settings(settings: Settings) -> None:
    """Refuse choices that cannot be."""
    s = settings
    wrong = [
        (
            "draws",
            s.draws,
            f"Ask for {LEAST_DRAWS:,} or more, for publication 10,000.",
            s.draws >= LEAST_DRAWS,
        ),
        ("seed", s.seed, "Give a whole number of 0 or more.", s.seed >= 0),
        ("scale", s.scale, "Give a factor above 0, such as 0.9.", math.isfinite(s.scale) and s.scale > 0),
        ("high", s.high, "Give a quantile between 0 and 1, such as 0.6.", 0 < s.high < 1),
        ("min_households", s.min_households, "Give a count of 0 or more.", s.min_households >= 0),
        ("min_units", s.min_units, "Give a count of 0 or more.", s.min_units >= 0),
        ("max_group_quarters", s.max_group_quarters, "Give a share from 0 to 1.", 0 <= s.max_group_quarters <= 1),
    ]
    for name, value, remedy, right in wrong:
        if not right:
            raise ConfigError(f"{name} = {value} cannot be.", remedy=remedy)
    for name, matrix, names in (
        ("correlation_now", s.correlation_now, NOW),
        ("correlation_before", s.correlation_before, BEFORE),
    ):
        if matrix is not None:
            _check_correlation(name, np.asarray(matrix, dtype=np.float64), len(names))


def _check_correlation(name: str, matrix: FloatArray, size: int) -> None:
    remedy = f"Give a symmetric, positive definite matrix of {size} x {size} with ones on its diagonal."
    if matrix.shape != (size, size):
        raise ConfigError(f"{name} has shape {matrix.shape}.", remedy=remedy)
    right = np.isfinite(matrix).all() and np.allclose(matrix, matrix.T) and np.allclose(np.diag(matrix), 1.0)
    if not right or np.linalg.eigvalsh(matrix)[0] <= 1e-9:
        raise ConfigError(f"{name} is no matrix of correlations.", remedy=remedy)


def _check_geoids(geoid: StrArray) -> None:
    if np.ndim(geoid) != 1 or len(geoid) == 0:
        raise LayerError("The table has no tract.", remedy="Give one row for each tract of the reference region.")
    found, count = np.unique(geoid, return_counts=True)
    if (found == "").any():
        raise LayerError("A tract has no GEOID.", remedy="Give each row its GEOID of 11 digits.")
    if (count > 1).any():
        twice = found[count > 1]
        raise LayerError(
            f"{len(twice)} GEOIDs stand more than once, {twice[0]} among them.", remedy="Give each tract one row."
        )


def _check_names(tracts: Tracts) -> None:
    now, before = frozenset(NOW), frozenset(BEFORE)
    pooled = (SHARES | {"income"}) & now
    for place, given, known in (
        ("now", tracts.now, now),
        ("before", tracts.before, before),
        ("region_now", tracts.region_now, pooled),
        ("region_before", tracts.region_before, pooled & before),
        ("homes", tracts.homes, frozenset(HOMES)),
        ("top", tracts.top, frozenset(HOMES)),
        ("bottom", tracts.bottom, frozenset(HOMES)),
    ):
        unknown = sorted(set(given) - known)
        if unknown:
            raise LayerError(
                f"{place} has a quantity called {unknown[0]!r}.", remedy=f"It takes {', '.join(sorted(known))}."
            )


def _amounts(tracts: Tracts) -> Iterator[tuple[str, Amount]]:
    vintages: tuple[tuple[str, Mapping[str, Amount]], ...] = (("now", tracts.now), ("before", tracts.before))
    for when, amounts in vintages:
        for name, amount in amounts.items():
            yield f"{name} ({when})", amount
    yield "households", tracts.households
    yield "renter_households", tracts.renter_households
    for name, amount in tracts.extra.items():
        yield name, amount


def _plain(tracts: Tracts) -> Iterator[tuple[str, FloatArray, float]]:
    """Numbers without a margin, with the most that they can be."""
    for name, values in tracts.homes.items():
        yield f"homes of {name}", values, math.inf
    for name, share in (("group_quarters", tracts.group_quarters), ("students", tracts.students)):
        if share is not None:
            yield name, share, 1.0


def _check_amount(name: str, amount: Amount, geoid: StrArray) -> None:
    kind = name.split(" (")[0]
    _check_shape(name, amount.value, len(geoid))
    _check_shape(f"the standard error of {name}", amount.se, len(geoid))
    _check_numbers(name, amount.value, geoid)
    _check_numbers(f"the standard error of {name}", amount.se, geoid)
    value, se = np.asarray(amount.value), np.asarray(amount.se)
    if kind in SHARES or kind == "low_income_of_tracts":
        _refuse(name, value, (value < -1e-9) | (value > 1 + 1e-9), geoid, _SHARE)
    elif kind in ("income", "value", "rent"):
        _refuse(name, value, value <= 0, geoid, _DOLLARS)
    else:
        _refuse(name, value, value < 0, geoid, _EMPTY)
    _refuse(f"the standard error of {name}", se, se < 0, geoid, "Standard errors are 0 or more. " + _EMPTY)


def _check_plain(name: str, values: FloatArray, most: float, geoid: StrArray) -> None:
    _check_shape(name, values, len(geoid))
    _check_numbers(name, values, geoid)
    remedy = _SHARE if most == 1.0 else _EMPTY
    _refuse(name, np.asarray(values), (values < 0) | (values > most + 1e-9), geoid, remedy)


def _check_pooled(what: str, name: str, pooled: Pooled) -> None:
    here = np.array(["the region"])
    value, se = np.array([pooled.value], dtype=np.float64), np.array([pooled.se], dtype=np.float64)
    _check_numbers(what, value, here)
    _check_numbers(f"the standard error of {what}", se, here)
    if name in SHARES:
        _refuse(what, value, (value < -1e-9) | (value > 1 + 1e-9), here, _SHARE)
    else:
        _refuse(what, value, value <= 0, here, _DOLLARS)
    _refuse(f"the standard error of {what}", se, se < 0, here, "Standard errors are 0 or more. " + _EMPTY)


def _check_ends(tracts: Tracts, end: str, coded: Mapping[str, BoolArray], such: str) -> None:
    for name, flags in coded.items():
        _check_shape(f"{end} of {name}", flags, len(tracts))
        kind, when = name.split("_")
        amount = tracts.get(kind, "now" if when == "now" else "before")
        bare = np.asarray(flags, dtype=np.bool_) & np.isnan(amount.value)
        if bare.any():
            raise LayerError(
                f"The median ({name}) of tract {tracts.geoid[bare][0]} is marked as the {end} of its scale and has "
                "no amount.",
                remedy=f"Give the amount that is printed for it, such as {such}.",
            )


def _check_geometry(tracts: Tracts) -> None:
    n = len(tracts)
    for name, flags in (("edge", tracts.edge), ("unplaced", tracts.unplaced)):
        if flags is not None:
            _check_shape(name, flags, n)
    if tracts.neighbours is None:
        return
    if tracts.neighbours.shape != (n, n):
        raise LayerError(
            f"Neighbours of shape {tracts.neighbours.shape} do not fit {n} tracts.",
            remedy="Make them by measure.typology.contiguity.queen from the shapes of these tracts, in their order.",
        )


def _check_shape(name: str, values: npt.ArrayLike, n: int) -> None:
    if np.shape(values) != (n,):
        raise LayerError(f"{name} has shape {np.shape(values)}, the tracts are {n}.", remedy=_FIT)


def _check_numbers(name: str, values: FloatArray, geoid: StrArray) -> None:
    """Refuse what stands for no number, and what is none."""
    array = np.asarray(values, dtype=np.float64)
    _refuse(name, array, np.isinf(array), geoid, "Check the column for a division by zero. " + _EMPTY)
    for sentinel, why in SENTINELS.items():
        _refuse(name, array, array == sentinel, geoid, f"That value says: {why}. {_EMPTY}")
    exact = "That value says that the estimate has no sampling error: give a standard error of 0."
    _refuse(name, array, array == CONTROLLED, geoid, exact)


def _refuse(name: str, values: FloatArray, wrong: BoolArray, geoid: StrArray, remedy: str) -> None:
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        count = int(wrong.sum())
        raise LayerError(
            f"{name} of {values[at]:,.10g} cannot be: {geoid[at]}" + (f" and {count - 1} more." if count > 1 else "."),
            remedy=remedy,
        )
