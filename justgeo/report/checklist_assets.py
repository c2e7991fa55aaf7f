"""The asset map to begin with: the Protocol's seven kinds, what a map of places shows of each, and room for residents.

A map shows buildings and parks. It does not show people, friendships, feasts or memory, and what it does not show is
not absent: so the kinds that no map has are left to people, and say so. Public buildings and parks that everybody knows
are listed by name. Places that people must not be led to (shelters, clinics, child care, services for immigrants) are
counted together and stand nowhere by name, and so is whatever nobody thought of here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from justgeo.core.answers import ASSET_KINDS, Entry
from justgeo.report import checklist as lists
from justgeo.report import checklist_forms, origins
from justgeo.report.basemap import Basemap, clip
from justgeo.report.sheets import Cell, Column, Sheet

NOTE = (
    "Drawn from OpenStreetMap to begin with, for residents to correct and complete. What a map does not show is not "
    "absent. Shelters, clinics, child care and services for immigrants are counted and never listed."
)
NOTICE = "© OpenStreetMap contributors, available under the Open Database License (ODbL) 1.0."
MOST_NAMES = 40
_LONGEST = 80

_GUARDED = re.compile(
    r"shelter|refug|asyl|asil|immigra|migra|newcomer|welcome|clinic|cl[ií]nic|domestic|recover|rehab|detox|albergue|"
    r"crisis|women|mujer|famil|legal|law|health|salud|medic|counsel|treatment|hospice|safe|haven|youth|child|day ?care|"
    r"latin|hispan|chican|african|somali|ethiop|haiti|arab|islam|muslim|asian|chinese|korean|vietnam|hmong|filipin|afghan|"
    r"syria|ukrain|native|tribal|indian|lgbt|queer|pride|trans ",
    re.IGNORECASE,
)
"""In the name of a place: it is then counted and not listed. Rather one too many than one too few."""

_SHOPS = {
    "supermarket", "grocery", "greengrocer", "convenience", "bakery", "butcher", "deli", "seafood", "farm", "general",
    "health_food", "chemist", "pharmacy", "cafe",
}  # fmt: skip


@dataclass(frozen=True)
class _Sort:
    """Places that are told in one line: kinds of the map, whether by name, and where they belong."""

    asset: str
    label: str
    kinds: frozenset[str]
    named: bool


_SORTS = (
    _Sort("local economy", "food shops, pharmacies and cafés", frozenset(_SHOPS), False),
    _Sort("local economy", "markets", frozenset({"marketplace"}), True),
    _Sort("institutions", "schools", frozenset({"school"}), True),
    _Sort("institutions", "colleges and universities", frozenset({"college", "university"}), True),
    _Sort("institutions", "libraries", frozenset({"library"}), True),
    _Sort("institutions", "town halls and post offices", frozenset({"townhall", "post_office"}), True),
    _Sort("associations", "community centers", frozenset({"community_centre"}), True),
    _Sort("associations", "places of worship", frozenset({"place_of_worship"}), False),
    _Sort("events", "theaters and arts centers", frozenset({"theatre", "arts_centre"}), True),
)
_TOGETHER = "places of health, child care and social services, counted together and not listed"
_ASKS = {
    "individuals": "Who knows everybody, teaches, repairs, heals, speaks up? With their yes alone.",
    "local economy": "Which shops, makers and workers keep money and skills here, and who owns them?",
    "physical spaces": "Which places do people use and care for, and which could be more?",
    "institutions": "Which of them open their doors to everybody, and which do not?",
    "associations": "Which clubs, congregations, tenants' and block groups are there?",
    "events": "Which feasts, markets and meetings bring people together?",
    "history and traditions": "Whose memory, crafts, languages and sacred places are here?",
}
_NONE = "No map shows these: only people can tell them."
_NONE_DRAWN = "The map that was at hand shows none; people may know some."
_DRAWN = ("local economy", "physical spaces", "institutions", "associations", "events")


def _none(kind: str) -> str:
    return _NONE_DRAWN if kind in _DRAWN else _NONE


@dataclass(frozen=True)
class Found:
    """One line of what a map shows: how many, of what, and the names that may be listed."""

    asset: str
    label: str
    n: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class AssetMap:
    """What a map of places shows within the district.

    Attributes
    ----------
    found : tuple of Found
    notice : str
        Attribution that stands beside it.
    """

    found: tuple[Found, ...]
    notice: str = NOTICE


def find(basemap: Basemap | None, zones: gpd.GeoDataFrame, results: Mapping[str, Any]) -> AssetMap | None:
    """Places within the district, from the layers that the map is drawn from.

    Parameters
    ----------
    basemap : Basemap or None
    zones : GeoDataFrame
        As the page has them.
    results : mapping
        For the attributions of the layers.

    Returns
    -------
    AssetMap or None
        None where there was no layer of places.
    """
    if basemap is None:
        return None
    layers = {"parks": basemap.parks, "stops": basemap.stops, "amenities": basemap.places}
    there = [name for name, layer in layers.items() if layer is not None]
    if not there:
        return None
    frame = zones.loc[zones["role"] == "district"].geometry.union_all()
    found = [*_parks(basemap.parks, zones.crs, frame), *_stops(basemap.stops, zones.crs, frame)]
    found += _places(basemap.places, zones.crs, frame)
    return AssetMap(tuple(found), _notice(results["layers"], there))


def _notice(layers: Sequence[Mapping[str, Any]], there: Iterable[str]) -> str:
    """Who has to be named: OpenStreetMap unless each of the layers is known to be somebody else's."""
    by_id = {layer["id"]: layer for layer in layers}
    told = [by_id.get(name) for name in there]
    own = [f"{one['source']}: {one['attribution'] or one['licence']}" for one in told if one and not _is_osm(one)]
    osm = [NOTICE] if any(one is None or _is_osm(one) for one in told) else []
    return " ".join(dict.fromkeys([*osm, *origins.notices([one for one in told if one]), *own]))


def _is_osm(layer: Mapping[str, Any]) -> bool:
    return "openstreetmap" in f"{layer['source']} {layer['attribution']}".casefold()


def _parks(layer: gpd.GeoDataFrame | None, crs: Any, frame: BaseGeometry) -> list[Found]:
    near = clip(layer, crs, frame)
    if near is None:
        return []
    if "public" in near:
        near = near[near["public"].astype(bool)]
    near = near[near.geometry.area > 0]
    return _line("physical spaces", "parks and playgrounds open to the public", near) if len(near) else []


def _stops(layer: gpd.GeoDataFrame | None, crs: Any, frame: BaseGeometry) -> list[Found]:
    near = clip(layer, crs, frame)
    return [] if near is None else [Found("physical spaces", "transit stops", len(near))]


def _places(layer: gpd.GeoDataFrame | None, crs: Any, frame: BaseGeometry) -> list[Found]:
    near = clip(layer, crs, frame)
    if near is None or "kind" not in near:
        return []
    kinds = near["kind"].fillna("").astype(str)
    found: list[Found] = []
    for sort in _SORTS:
        inside = near[kinds.isin(list(sort.kinds))]
        if len(inside) and sort.named:
            found += _line(sort.asset, sort.label, inside, _GUARDED)
        elif len(inside):
            found.append(Found(sort.asset, sort.label, len(inside)))
    rest = near[~kinds.isin([kind for sort in _SORTS for kind in sort.kinds])]
    if len(rest):
        found.append(Found("institutions", _TOGETHER, len(rest)))
    return found


def _line(asset: str, label: str, near: gpd.GeoDataFrame, guarded: re.Pattern[str] | None = None) -> list[Found]:
    """Each name once: a school of three buildings is one school. Places without a name count one by one."""
    names = _names(near)
    known = sorted({name for name in names if name}, key=lambda name: (name.casefold(), name))
    listed = [_short(name) for name in known if guarded is None or not guarded.search(name)]
    return [Found(asset, label, len(known) + sum(not name for name in names), tuple(listed))]


def _names(near: gpd.GeoDataFrame) -> list[str]:
    if "name" not in near:
        return [""] * len(near)
    return [" ".join(name.split()) if isinstance(name, str) else "" for name in near["name"]]


def _short(name: str) -> str:
    """A name as it is listed; a long one is cut, and says so."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def view(checklist: lists.Checklist, found: AssetMap | None) -> dict[str, Any] | None:
    """The seven kinds, each with what the map shows and what people added.

    Returns
    -------
    dict or None
        ``notice`` and ``kinds``: ``{title, ask, found, said, none}``; ``found`` has ``n, label, names, more``. None
        where there is neither a map nor an answer.
    """
    entries = checklist_forms.said(lists.said(checklist), "assets")
    if found is None and not entries:
        return None
    lines = found.found if found else ()
    kinds = []
    for title in (*ASSET_KINDS, ""):
        said = [_added(one) for one in entries if one.more.get("kind", "") == title]
        if title or said:
            shown = [_shown(one) for one in lines if one.asset == title]
            told = {"title": title or "of no kind yet", "ask": _ASKS.get(title, ""), "found": shown, "said": said}
            kinds.append({**told, "none": _none(title) if title else ""})
    return {"notice": found.notice if found else "", "kinds": kinds}


def _added(one: Entry) -> dict[str, Any]:
    """What people added, without its kind: it stands under it."""
    return checklist_forms.row(replace(one, more={k: v for k, v in one.more.items() if k != "kind"}), "assets")


def _shown(one: Found) -> dict[str, Any]:
    names = list(one.names[:MOST_NAMES])
    left = len(one.names) - len(names)
    return {"n": one.n, "label": one.label, "names": names, "more": f"and {left} more" if left else ""}


def sheet(found: AssetMap | None) -> Sheet | None:
    """What the map shows, as a sheet: one row a name, or a count where none are listed."""
    if found is None:
        return None
    columns = (
        Column("Kind", 22), Column("What", 44), Column("How many", 10, "number"), Column("Name", 44),
        Column("To ask residents", 60),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for kind in ASSET_KINDS:
        lines = [one for one in found.found if one.asset == kind]
        rows += [(kind, one.label, one.n, None, _ASKS[kind]) for one in lines]
        rows += [(kind, one.label, None, name, None) for one in lines for name in one.names]
        if not lines:
            rows.append((kind, None, None, None, f"{_ASKS[kind]} {_none(kind)}"))
    return Sheet("Assets on the map", "Asset map: seven kinds", columns, tuple(rows), notes=(NOTE, found.notice))
