"""Areas of the census in place of districts: every tract or block group of some counties, or every place in them.

Tracts and block groups make up their county, so that they are measured together and what is withheld of one is guarded
by the others. Places (cities, towns, census-designated places) leave gaps and cross county lines: each is a district.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import geopandas as gpd

from justgeo.batch_list import INVENTED, Given, Refusal, Work, ZoneKind, common, counties_of
from justgeo.config import RunConfig
from justgeo.core import district as districts
from justgeo.core.district import WGS84, District
from justgeo.core.errors import ConfigError, JustgeoError
from justgeo.core.layer import Layer
from justgeo.core.spec import LayerSpec
from justgeo.district_file import slugify
from justgeo.sources.files import read_zones

PLACES = "areas_places"
"""The layer of places, declared or fetched."""
HOW_TO_HAVE_PLACES = (
    f"declare [layers.{PLACES}] with the Census Bureau's file of the state (tl_2024_51_place.zip), or let it be "
    "fetched: [fetch] with census = true."
)


def whole(settings: RunConfig, kind: ZoneKind, units: Mapping[str, Layer], codes: Sequence[str]) -> list[Work]:
    """Every tract (or block group) of some counties as a zone: one `Work` a county.

    Raises
    ------
    ConfigError
        No layer of them is at hand, or nothing of a county that is asked for.
    """
    layer, counties = units.get(kind), counties_of(units)
    if layer is None or counties is None:
        raise ConfigError(f"There is no layer {kind!r} to take the zones from.", remedy=f"declare [layers.{kind}].")
    held = set(layer.features["geoid"].str[:5])
    frame = counties.features.set_index("geoid")
    works = []
    for code in codes:
        if code not in held or code not in frame.index:
            raise ConfigError(
                f"The layers at hand hold nothing of county {code}.",
                remedy="correct reference.geoids, or give that county's files.",
            )
        shape = frame.geometry[code]
        plain = replace(common(settings), reference_geoids=(code,))
        district = District(str(frame["name"].get(code, code)), f"{code}-{kind}", shape)
        works.append(Work(f"{code}-{kind}", code, plain, districts.metric_crs(shape), (district,), kind))
    return works


def places(
    settings: RunConfig, spec: LayerSpec | None, units: Mapping[str, Layer], codes: Sequence[str]
) -> tuple[list[Given], list[Refusal]]:
    """Every place with a point of its land in some counties, as a district of its own.

    Parameters
    ----------
    settings : RunConfig
        What all of them are measured with.
    spec : LayerSpec or None
        Of the file of places.
    units : mapping of str to Layer
        Geography at hand, for the counties' outlines.
    codes : sequence of str
        GEOIDs of the counties.

    Returns
    -------
    list of Given
        In the order of their GEOIDs; slugs begin with these (``5114968-charlottesville-city``).
    list of Refusal
        Those whose outline cannot be used.

    Raises
    ------
    ConfigError
        There is no file of places, or none of them lies in these counties.
    """
    counties = counties_of(units)
    if spec is None or counties is None:
        lacking = PLACES if spec is None else "counties"
        raise ConfigError(f"There is no layer {lacking!r} to take the places from.", remedy=HOW_TO_HAVE_PLACES)
    near = _within(read_zones(spec).features.to_crs(WGS84), counties, codes)
    if near.empty:
        raise ConfigError(
            f"{spec.path.name} holds no place in {', '.join(codes)}.", remedy="give the file of places of that state."
        )
    # They are the districts now; as areas inside one another they would be told of twice.
    plain = replace(settings, layers={name: one for name, one in settings.layers.items() if name != PLACES})
    given, refused = [], []
    for row in range(len(near)):
        geoid = str(near["geoid"].iloc[row])
        name = str(near["name"].iloc[row]) if "name" in near else geoid
        slug = f"{geoid}-{slugify(name)}" + (INVENTED if settings.synthetic else "")
        try:
            given.append(Given(districts.make(name, slug, near.iloc[[row]], f"of place {geoid}"), plain))
        except JustgeoError as why:
            refused.append(Refusal(slug, name, why.message, why.remedy))
    return given, refused


def _within(frame: gpd.GeoDataFrame, counties: Layer, codes: Sequence[str]) -> gpd.GeoDataFrame:
    """Places by a point of their land: one that crosses a county line is in one county."""
    asked = counties.features[counties.features["geoid"].isin(codes)]
    if missing := sorted(set(codes) - set(asked["geoid"])):
        raise ConfigError(
            f"The layers at hand hold nothing of county {missing[0]}.",
            remedy="correct reference.geoids, or give that county's files.",
        )
    inside = frame.geometry.representative_point().intersects(asked.geometry.union_all())
    return frame[inside.to_numpy()].sort_values("geoid")
