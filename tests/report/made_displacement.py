"""Displacement by hand: the public part of ``results.json`` for the four tracts of ``made``, and its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from justgeo.core.result import Baseline, Record
from justgeo.measure.typology import agreement, explain, rivals, sensitivity
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.values import Amount, Settings
from justgeo.report import displacement_content
from tests.measure.typology import invented
from tests.report import made

REGION = {"renters": 0.369, "people_of_colour": 0.347, "no_bachelors": 0.552, "low_income": 0.407}
"""The real shares of the Denver region in 2018 (METHODS 5.4)."""

HOMES = made.indicator(
    "BEL-01.vulnerable", "Homes where three of four shares are high", "Belonging", "share", field="vulnerability",
    parameters={"homes": "all"},
)  # fmt: skip
RENTERS = made.indicator(
    "BEL-01.renters", "Rented homes where three of four shares are high", "Belonging", "share", field="vulnerability",
    parameters={"homes": "renters"},
)  # fmt: skip


def figure(value: float, moe: float | None) -> dict[str, Any]:
    return {"value": value, "moe": moe}


def pressures(*rows: tuple[float | None, float | None, bool | None, float | None]) -> list[dict[str, Any]]:
    names = ("value", "moe", "holds", "chance")
    return [{"id": key, **dict(zip(names, row, strict=True))} for key, row in zip(REGION, rows, strict=True)]


def card(zone: str, **more: Any) -> dict[str, Any]:
    """Tract A of METHODS 5.4, unless told otherwise."""
    given: dict[str, Any] = {
        "zone": zone, "reason": None, "held": 4, "untold": 0, "chance": 0.998,
        "pressures": pressures((0.58, 0.07, True, 1.0), (0.41, 0.05, True, 0.9809), (0.6, 0.06, True, 0.9059),
                               (0.52, 0.06, True, 0.999)),
        "households": figure(1204.0, 96.0), "renter_households": figure(698.0, 81.0),
        "rent_change": "rose", "caveats": [],
        "other": {"method": "Urban Displacement Project", "says": True, "agrees": True},
    }  # fmt: skip
    return given | more


def absent(zone: str, reason: str) -> dict[str, Any]:
    """A card without a number."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("held", "untold", "chance", "households", "renter_households", "rent_change", "other")
    )
    return {"zone": zone, "reason": reason, **nothing, "pressures": [], "caveats": []}


def tract_b(zone: str) -> dict[str, Any]:
    """Tract B of METHODS 5.4: three of four hold, and one may as well doubt it."""
    return card(
        zone, held=3, chance=0.348, rent_change="too close to tell",
        pressures=pressures((0.40, 0.07, True, 0.767), (0.36, 0.06, True, 0.639), (0.50, 0.06, False, 0.077),
                            (0.42, 0.06, True, 0.639)),
        other={"method": "Urban Displacement Project", "says": False, "agrees": False},
        caveats=["students", "few_rented_homes"],
    )  # fmt: skip


def block(protections: Iterable[str] = (), **more: Any) -> dict[str, Any]:
    """The part ``displacement`` of ``results.json``."""
    given: dict[str, Any] = {
        "reason": None, "reference": "Nowhere County", "years": [2014, 2024], "draws": 10_000, "min_households": 100.0,
        "max_group_quarters": 0.5, "tables": ["B25003", "B03002", "B15003", "B19001", "B19013", "B25064"],
        "region": [{"id": key, "value": value, "moe": 0.004} for key, value in REGION.items()],
        "cards": [
            card("99001000001"),
            tract_b("99001000002"),
            absent("99001000003", "withheld: fewer than 50 households stand behind it"),
            card("99001000004", held=2, untold=1, chance=None, rent_change=None,
                 pressures=pressures((0.58, None, True, None), (None, None, None, None), (0.5, 0.06, False, 0.077),
                                     (0.52, 0.06, True, 0.999)),
                 other={"method": "Urban Displacement Project", "says": None, "agrees": None}),
        ],
        "protections": list(protections),
    }  # fmt: skip
    return given | more


def baseline(protections: Iterable[str] = ("Rent registry since 2021",), **more: Any) -> Baseline:
    """The baseline of ``made`` with the pressures: 1,150 of 3,400 renter households."""
    whole = made.baseline(**more)
    said: dict[str, Any] = {
        "universe": "households",
        "reason": None,
        "layers": (made.ACS.layer, made.BLOCKS.layer),
        "unit": "share",
    }
    records: list[Record] = []
    for row, value, flag, total in ((HOMES, 0.25, 0.28, 7000.0), (RENTERS, 0.31, 1150 / 3400, 3400.0)):
        records.append(
            Record(zone="district", indicator=row.id, group="all", value=value, moe=0.06, reliability="medium",
                   numerator=value * total, numerator_moe=0.06 * total, denominator=total, denominator_moe=190.0,
                   flags=(f"as_estimated={flag:.4f}", f"as_estimated_count={flag * total:.1f}",
                          "as_estimated_count_moe=85.0"), rule="class", **said)
        )  # fmt: skip
        for zone, chance in zip(("99001000001", "99001000002"), (0.998, 0.348), strict=True):
            records.append(
                Record(zone=zone, indicator=row.id, group="all", value=chance, moe=None, reliability="unknown",
                       numerator=chance * 1204, denominator=1204.0, flags=("probability of one unit",), **said)
            )  # fmt: skip
    return replace(
        whole, indicators=(*whole.indicators, HOMES, RENTERS), records=(*whole.records, *records),
        displacement=block(protections),
    )  # fmt: skip


def analyst(
    width: int = 8, height: int = 5, *, name: str = "Mill Pond", kind: str = "region", **more: Any
) -> dict[str, Any]:
    """What the analyst's page is made of: a region drawn at random; of its tracts one has few households, one no
    rent, one many students, and one was drawn anew between the surveys."""
    tracts = replace(invented.region(width, height), edge=None)
    n = len(tracts)
    homes = tracts.households.value.copy()
    homes[3] = 61.0
    rents = tracts.now["rent"].value.copy()
    rents[5] = np.nan
    tracts = replace(
        tracts,
        households=Amount(homes, tracts.households.se),
        now={**tracts.now, "rent": Amount(rents, tracts.now["rent"].se)},
        students=np.where(np.arange(n) == 7, 0.4, 0.1),
        drawn_anew=np.arange(n) == 9,
        notes=("the earlier survey was carried to the tracts of 2020",),
    )
    typology = classify(tracts, Settings(draws=1_000))
    opinions = [rivals.udp_vulnerable(tracts), rivals.ding(tracts)]
    flags = {key: flag for key, flag in displacement_content.methods_of(typology, opinions).items() if key != "pressed"}
    x, y = np.arange(n) % width, np.arange(n) // width
    shapes = gpd.GeoSeries(
        [shapely.box(1000 * i, -1000 * j, 1000 * i + 1000, -1000 * j + 1000) for i, j in zip(x, y, strict=True)],
        crs=made.CRS,
    )
    district = gpd.GeoSeries([shapely.Point(3200, -1400).buffer(1500)], crs=made.CRS).to_crs(4326).iloc[0]
    at = None if kind == "region" else np.where(np.arange(n) < width, 0.0, 0.6)
    found = displacement_content.content(
        typology, opinions, agreement.compare(flags, homes),
        sensitivity.vary(tracts, Settings(draws=1_000), reported=typology), explain.cards(typology, opinions),
        name=name, synthetic=True, at=at, shapes=shapes, outline=district, notes=("an invented region",),
    )  # fmt: skip
    return found | more
