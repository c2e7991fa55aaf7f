"""What a catalogue of Landsat scenes (STAC) says of each: taken as it stands, or refused."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from shapely.errors import ShapelyError
from shapely.geometry import shape

from justgeo.core.errors import SourceError
from justgeo.core.service import Service

ASSETS = ("lwir11", "qa_pixel")
_ID = re.compile(r"L[A-Z]0([4-9])_L2S[PR]_(\d{3})(\d{3})_(\d{4})(\d{2})(\d{2})(?:_\d{8})?_02_(T1|T2|RT)")


@dataclass(frozen=True)
class Item:
    """What the catalogue says of a scene."""

    id: str
    taken: str
    platform: str
    cloud: float
    path: str
    row: str
    tier: str
    zone: int
    footprint: Any
    hrefs: Mapping[str, str] = field(repr=False)

    @property
    def overpass(self) -> str:
        """Scenes of one overpass follow each other along the satellite's path and overlap."""
        return f"{self.platform} {self.path} {self.taken[:10]}"


def item(feature: Mapping[str, Any], service: Service) -> Item | None:
    """A scene of the catalogue; None where it has no thermal band of Landsat 8 or 9, or its clouds were not counted.

    Raises
    ------
    SourceError
        ``damaged``: a part is missing or cannot be what it is said to be.
    """
    try:
        properties, assets = feature["properties"], feature["assets"]
        if not all(asset in assets for asset in ASSETS):
            return None
        cloud = float(properties["eo:cloud_cover"])
        if not 0 <= cloud <= 100:  # at night the Survey writes -1
            return None
        named = _ID.match(str(feature["id"]))
        if named is None:
            raise ValueError(f"{feature['id']!r} is no name of a scene")
        taken = str(properties["datetime"])
        dt.date.fromisoformat(taken[:10])
        zone = int(properties.get("proj:epsg") or str(properties["proj:code"]).partition(":")[2])
        if not (32601 <= zone <= 32660 or 32701 <= zone <= 32760):
            raise ValueError(f"EPSG:{zone} is no zone of UTM")
        footprint = shape(feature["geometry"])
        if footprint.is_empty or not footprint.is_valid or not np.isfinite(footprint.bounds).all():
            raise ValueError(f"the outline of {named[0]} is none")
        return Item(
            id=named[0],
            taken=taken,
            platform=str(properties["platform"]),
            cloud=cloud,
            path=named[2],
            row=named[3],
            tier=named[7],
            zone=zone,
            footprint=footprint,
            hrefs={asset: str(assets[asset]["href"]) for asset in ASSETS},
        )
    except (LookupError, TypeError, ValueError, OverflowError, AttributeError, ShapelyError) as error:
        raise damaged(service, f"a scene of its catalogue is not understood ({error})") from error


def damaged(service: Service, why: str) -> SourceError:
    """What came is not what was asked for."""
    return SourceError(
        f"{service.title}: {why}.",
        remedy=f"fetch again; if it stays so, look at {service.page} whether the service has changed.",
        kind="damaged",
        service=service.id,
    )
