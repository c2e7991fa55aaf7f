"""Wrongness planted in grids of the ground, and in maps of hazard."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.transform import Affine

from tests.corrupted.harness import Ground, Trial, off
from tests.faults.case import Case
from tests.nowhere import UNITS

GROUP = "Planted: rasters"
GRIDS = (*UNITS, "tree_canopy", "impervious", "land_cover")
SANITY = "measure/sanity_rasters"
Values = npt.NDArray[Any]
NODATA = 255


def grid(layer: str, change: Callable[[Values], Values], **profile: Any) -> Callable[[Ground], None]:
    """A change of a grid's pixels, as numbers of its file, and of what its file says of itself."""

    def plant(ground: Ground) -> None:
        path = ground.file(layer)
        with rasterio.open(path) as source:
            values, told = source.read(1), {**source.profile, "driver": "GTiff"}
        for key, value in profile.items():
            told[key] = value(told) if callable(value) else value
        made = change(values)
        told |= {"height": made.shape[0], "width": made.shape[1], "dtype": made.dtype}
        with rasterio.open(path, "w", **told) as target:
            target.write(made, 1)

    return plant


def same(values: Values) -> Values:
    return values


def known(values: Values) -> npt.NDArray[np.bool_]:
    """Pixels that hold a number: 254 and 255 do not."""
    return np.asarray(values < 250, dtype=np.bool_)


def shifted(rows: int, columns: int) -> Callable[[Values], Values]:
    return lambda values: np.roll(values, (rows, columns), (0, 1))


def no_data_as_0(values: Values) -> Values:
    made = values.copy()
    made[: len(made) // 2] = 0
    return made


def half_gone(values: Values) -> Values:
    made = values.copy()
    made[len(made) // 2 :] = NODATA
    return made


def patches_as_0(values: Values) -> Values:
    """Clouds: a third of the ground in round patches, 0 instead of no data."""
    rows, cols = np.indices(values.shape)
    cloud = np.hypot((rows % 60) - 30, (cols % 60) - 30) < 22
    return np.where(cloud & known(values), 0, values).astype(values.dtype)


def shares(values: Values) -> Values:
    return np.where(known(values), values / 100.0, NODATA).astype(np.float32)


def yes_and_no(values: Values) -> Values:
    """Canopy or none."""
    return np.where(known(values), values > 30, NODATA).astype(values.dtype)


def tenths(values: Values) -> Values:
    """A factor of ten that nobody applied."""
    return np.where(known(values), values.astype(np.int16) * 10, NODATA * 100).astype(np.int16)


def no_data_as_canopy(values: Values) -> Values:
    """255 where nobody looked, and the file does not say what 255 is."""
    rows, cols = np.indices(values.shape)
    return np.where((rows // 40 + cols // 40) % 4 == 0, NODATA, values).astype(values.dtype)


def constant(values: Values) -> Values:
    return np.where(known(values), 30, values).astype(values.dtype)


def codes(moved: dict[int, int]) -> Callable[[Values], Values]:
    def change(values: Values) -> Values:
        made = values.copy()
        for before, after in moved.items():
            made[values == before] = after
        return made

    return change


NEXT = codes({11: 12, 21: 22, 22: 23, 23: 24, 41: 42, 42: 43, 43: 44, 71: 72})
WORLDCOVER = codes({11: 80, 21: 50, 22: 50, 23: 50, 24: 50, 41: 10, 42: 10, 43: 10, 71: 30})


def averaged(values: Values) -> Values:
    """Classes resampled as if they were amounts."""
    number = values.astype(np.float64)
    mean = (number + np.roll(number, 1, 0) + np.roll(number, 1, 1) + np.roll(number, 1, (0, 1))) / 4
    return np.rint(mean).astype(values.dtype)


def product(layer: str, other: str) -> Callable[[Ground], None]:
    """Another product under the name of a layer."""

    def plant(ground: Ground) -> None:
        path = ground.file(layer)
        path.write_bytes((ground.source / f"{other}.tif").read_bytes())

    return plant


def moved_transform(told: dict[str, Any]) -> Affine:
    """The left upper corner in feet, called metres."""
    t = told["transform"]
    return Affine(t.a / 0.3048, 0, t.c / 0.3048, 0, t.e / 0.3048, t.f / 0.3048)


def window(ground: Ground) -> None:
    """A grid that ends in the middle of the district."""
    path = ground.file("tree_canopy")
    with rasterio.open(path) as source:
        told, values = source.profile, source.read(1)
    middle = int(0.43 * values.shape[1])
    told |= {"width": middle}
    with rasterio.open(path, "w", **told) as target:
        target.write(values[:, :middle], 1)


def vintage(layer: str, year: str) -> Callable[[Ground], None]:
    def plant(ground: Ground) -> None:
        ground.told[layer]["vintage"] = year
        grid(layer, lambda values: np.where(known(values), values // 2, values).astype(values.dtype))(ground)

    return plant


# ----------------------------------------------------------------------------------------------------------------- heat


def own_heat(ground: Ground) -> None:
    """A planner's own grid of temperatures: warmer where more is paved, in degrees Celsius."""
    _heat(ground, lambda heat: heat)


def _heat(ground: Ground, change: Callable[[Values], Values]) -> None:
    with rasterio.open(ground.source / "impervious.tif") as source:
        told, hard = source.profile, source.read(1).astype(np.float64)
    with rasterio.open(ground.source / "land_cover.tif") as source:
        wet = source.read(1) == 11
    heat = np.where(hard < 250, np.where(wet, 22.0, 26.0 + 0.15 * hard), np.nan)
    told |= {"dtype": "float32", "nodata": float("nan")}
    path = ground.folder / "heat.tif"
    with rasterio.open(path, "w", **told) as target:
        target.write(change(heat).astype(np.float32), 1)
    ground.told["surface_temperature"] = {"path": str(path), "vintage": "summers of 2023-2024"}


def heat(change: Callable[[Values], Values]) -> Callable[[Ground], None]:
    return lambda ground: _heat(ground, change)


def fahrenheit(values: Values) -> Values:
    return values * 1.8 + 32


def kelvin(values: Values) -> Values:
    return values + 273.15


def as_tenths(values: Values) -> Values:
    return values / 10


def clouds(values: Values) -> Values:
    rows, cols = np.indices(values.shape)
    return np.where(np.hypot((rows % 120) - 60, (cols % 120) - 60) < 25, -5.0, values)


# --------------------------------------------------------------------------------------------------------------- floods


def zones_exchanged(ground: Ground) -> None:
    """Zones of hazard and of none are exchanged."""
    path = ground.file("data:nfhl")
    told = json.loads(path.read_text(encoding="utf-8"))
    for feature in told["features"]:
        place = feature.get("properties", feature.get("attributes"))
        wet, minimal = place["SFHA_TF"] == "T", "MINIMAL" in (place["ZONE_SUBTY"] or "")
        if wet:
            place |= {"SFHA_TF": "F", "FLD_ZONE": "X", "ZONE_SUBTY": "AREA OF MINIMAL FLOOD HAZARD"}
        elif minimal:
            place |= {"SFHA_TF": "T", "FLD_ZONE": "AE", "ZONE_SUBTY": ""}
    path.write_text(json.dumps(told), encoding="utf-8")


REFUSED, ABSENT, FLAGGED = "refused, with its remedy", "absent, with its reason", "told as odd, and the number flagged"
HEATED = (*UNITS, "land_cover", "impervious")


def trial(
    name: str,
    what: str,
    plant: Callable[[Ground], None],
    holds: str,
    caught_by: str,
    rows: tuple[str, ...] = ("ENV-01", "ENV-03"),
    layers: tuple[str, ...] = GRIDS,
    **more: Any,
) -> Trial:
    case = Case(f"planted/rasters/{name}", GROUP, what, holds, caught_by)
    return Trial(case=case, plant=plant, rows=rows, layers=layers, **more)


MEASURED = "justgeo.sources._measured"
DEVELOPED = ("ENV-03.developed",)
HOT = ("ENV-04",)

TRIALS: tuple[Trial, ...] = (
    trial("no-data-as-0", "The upper half of the canopy is missing, and 0 in its place",
          grid("tree_canopy", no_data_as_0), FLAGGED, f"{SANITY}.STRAIGHT: flags", odd="straight-edges"),
    trial("clouds-as-0", "A third of the canopy is missing in patches, and 0 in their place",
          grid("tree_canopy", patches_as_0), FLAGGED, f"{SANITY}.WOODS: flags", odd="trees-in-woods"),
    trial("half-gone", "The lower half of the canopy has no data", grid("tree_canopy", half_gone), ABSENT,
          "indicators/environment._zone_field: absent", absent=("of the land has valid pixels",)),
    trial("255-as-canopy", "255 stands for no data, and the file does not say so",
          grid("tree_canopy", no_data_as_canopy, nodata=None), ABSENT, "sources/_measured.masked: leaves it out",
          absent=("of the land has valid pixels",)),
    trial("shares-of-one", "Canopy from 0 to 1", grid("tree_canopy", shares), REFUSED,
          "sources/_measured._check_percent: refuses", refused=("shares of one", "scale = 100"),
          guards={f"{MEASURED}._check_percent": off}),
    trial("yes-and-no", "Canopy as 0 and 1: there is or there is not", grid("tree_canopy", yes_and_no), REFUSED,
          "sources/_measured._check_percent: refuses", refused=("shares of one", "scale = 100"),
          guards={f"{MEASURED}._check_percent": off}),
    trial("tenths", "Canopy from 0 to 1000, a factor of ten not applied",
          grid("tree_canopy", tenths, nodata=NODATA * 100), ABSENT, "sources/_measured.masked: leaves it out",
          absent=("of the land has valid pixels",)),
    trial("a-pixel-aside", "The canopy is moved by one pixel", grid("tree_canopy", shifted(0, 1)), FLAGGED,
          f"{SANITY}.CANOPY: flags", odd="canopy-and-paving"),
    trial("a-kilometer-aside", "The canopy is moved by a kilometer", grid("tree_canopy", shifted(33, 0)), FLAGGED,
          f"{SANITY}.CANOPY: flags", odd="canopy-and-paving"),
    trial("upside-down", "Rows of the canopy from south to north, and the file says north to south",
          grid("tree_canopy", lambda values: values[::-1]), FLAGGED, f"{SANITY}.CANOPY: flags",
          odd="canopy-and-paving"),
    trial("paving-aside", "The paving is moved by one pixel", grid("impervious", shifted(1, 0)), FLAGGED,
          f"{SANITY}.PAVING: flags", rows=("ENV-03",), odd="paving-and-cover", layers=GRIDS),
    trial("feet", "A grid in feet that is called metres", grid("tree_canopy", same, transform=moved_transform), ABSENT,
          "sources/rasters._window: absent", absent=("does not touch the district",)),
    trial("aside-of-cover", "The canopy is moved by one pixel, and no paving is at hand",
          grid("tree_canopy", shifted(0, 1)), FLAGGED, f"{SANITY}.CANOPY: flags", rows=("ENV-01",),
          layers=(*UNITS, "tree_canopy", "land_cover"), odd="canopy-and-paving"),
    trial("another-product", "Paved ground under the name of canopy", product("tree_canopy", "impervious"), FLAGGED,
          f"{SANITY}.CANOPY: flags", odd="canopy-and-paving"),
    trial("classes-as-percent", "Classes of land cover under the name of canopy", product("tree_canopy", "land_cover"),
          REFUSED, "sources/_measured.refuse_classes: refuses", refused=("classes of land cover", "no percents"),
          guards={f"{MEASURED}.refuse_classes": off}),
    trial("percent-as-classes", "Canopy under the name of land cover", product("land_cover", "tree_canopy"), ABSENT,
          "sources/_measured.masked: leaves it out", rows=DEVELOPED, absent=("of the land has valid pixels",)),
    trial("another-year", "A canopy of 2011 beside a survey of 2024", vintage("tree_canopy", "2011"), FLAGGED,
          "quality_layers.periods: flags", odd="years-apart", rows=("ENV-01", "DEM-02.female"),
          layers=(*GRIDS, "acs"), tables=("B01001",)),
    trial("clipped", "The canopy ends in the middle of the district", window, ABSENT,
          "indicators/environment._zone_field: absent", absent=("of the land has valid pixels",)),
    trial("constant", "The canopy is 30 % everywhere", grid("tree_canopy", constant), FLAGGED,
          "quality_layers.grids: flags", odd="grids-vary"),
    trial("next-code", "Codes of the land cover count from the next number", grid("land_cover", NEXT), FLAGGED,
          f"{SANITY}.RARE: flags", rows=DEVELOPED, odd="rare-classes"),
    trial("next-code-dry", "Codes of developed land count from the next number, those of water do not",
          grid("land_cover", codes({21: 22, 22: 23, 23: 24})), FLAGGED, f"{SANITY}.CLASSES: flags",
          rows=("ENV-03.developed", "ENV-03"), odd="class-by-paving"),
    trial("worldcover-codes", "Codes of WorldCover under the name of NLCD", grid("land_cover", WORLDCOVER), REFUSED,
          "sources/rasters.refuse_empty: refuses", rows=DEVELOPED, refused=("no valid pixel in the district",),
          unmoved="not one of its codes stands for developed land"),
    trial("classes-averaged", "Classes of land cover averaged as if they were amounts", grid("land_cover", averaged),
          ABSENT, "sources/_measured.masked: leaves it out", rows=DEVELOPED, absent=("of the land has valid pixels",)),
    trial("cover-upside-down", "The land cover is turned over", grid("land_cover", lambda values: values[::-1]),
          FLAGGED, f"{SANITY}.PAVING: flags", rows=("ENV-03", "ENV-03.developed"), odd="paving-and-cover"),
    trial("fahrenheit", "Surface temperature in degrees Fahrenheit", heat(fahrenheit), REFUSED,
          "sources/_measured.refuse_fahrenheit: refuses", rows=HOT, layers=HEATED, setup=own_heat,
          refused=("Fahrenheit",),
          guards={f"{MEASURED}.refuse_fahrenheit": off, f"{MEASURED}._limits": lambda _: None}),
    trial("kelvin", "Surface temperature in kelvins", heat(kelvin), REFUSED, "sources/rasters.refuse_empty: refuses",
          rows=HOT, layers=HEATED, setup=own_heat, refused=("no valid pixel in the district",),
          unmoved="a difference of kelvins is one of degrees"),
    trial("tenths-of-degrees", "Surface temperature with a factor of ten applied twice", heat(as_tenths), FLAGGED,
          f"{SANITY}.HEAT: flags", rows=HOT, layers=HEATED, setup=own_heat, odd="surface-heat"),
    trial("clouds-as-ground", "Clouds among the surface temperatures", heat(clouds), FLAGGED, f"{SANITY}.COLD: flags",
          rows=HOT, layers=HEATED, setup=own_heat, odd="cold-pixels"),
    trial("flood-zones", "Zones A and X of the flood map are exchanged", zones_exchanged, FLAGGED,
          "measure/sanity_places.FLOODS: flags", rows=("ENV-05.land", "WEL-04.800"),
          layers=(*UNITS, "osm", "data:nfhl"), odd="water-and-floods"),
)  # fmt: skip
CASES: tuple[Case, ...] = tuple(one.case for one in TRIALS)

NOT_CAUGHT: tuple[tuple[str, str], ...] = (
    (
        "A canopy of another year whose year is not stated",
        "Trees grow slowly: two editions of one product differ less than two places do.",
    ),
    (
        "Canopy that lies aside where no other grid is at hand",
        "A grid by itself does not say where it lies; with paved ground or land cover beside it, it does.",
    ),
    (
        "Elevation in feet",
        "No layer of elevation is read.",
    ),
)
"""What is planted here in vain, and why nobody could tell."""
