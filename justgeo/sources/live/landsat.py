"""Landsat scenes of some summers from Planetary Computer: a search of its catalogue, and windows of what it finds.

The files open with a token that anyone may draw and that is good for an hour. It is a secret all the same: no record,
no message and no address that is written down holds it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import shapely

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources._hash import sha256_of
from justgeo.sources.live import grids
from justgeo.sources.live import scenes as catalogue
from justgeo.sources.live.ask import Ask, Tools, declared
from justgeo.sources.live.cog_failures import BeyondError
from justgeo.sources.live.http import Call
from justgeo.sources.live.records import Question, Record, Told
from justgeo.sources.live.scenes import ASSETS, Item, damaged

LAYER = "surface_temperature"
LIST = "scenes.json"
_ENOUGH = 5  # scenes that a UTM zone needs to be taken before its neighbour
_PAGE, _MOST_PAGES = 100, 50
_PIXEL_M = 30.0
_USUAL_SCENES = 18  # of three summers: an overpass in eight days, two in five of them clear enough
_MONTHS = {6: "June", 7: "July", 8: "August"}
_TIERS = ("T1", "T2", "RT")  # the best first; real-time scenes are of a preliminary processing
_CUT = "The reference has too many pixels of 30 m; the district with its halo was read."
_BLOBS = ".blob.core.windows.net"


@dataclass
class _Token:
    """The token of the moment."""

    service: Service
    tools: Tools
    folder: Path
    _value: str = field(default="", repr=False)

    def renew(self) -> None:
        """Draw another one."""
        path = "/" + str(self.service.options["token"]).lstrip("/")
        told = self.tools.client.json(self.service, Call(path), self.folder)
        value = told.get("token") if isinstance(told, dict) else None
        if not isinstance(value, str) or not value:
            raise damaged(self.service, "what came is no token for its files")
        self._value = value

    def call(self, path: str) -> Call:
        """A call of a file that the token opens; only its signature is a secret."""
        if not self._value:
            self.renew()
        pairs = parse_qsl(self._value, keep_blank_values=True)
        secret = [(name, value) for name, value in pairs if name == "sig"] or [("token", self._value)]
        return Call(path, [pair for pair in pairs if pair not in secret], secret)


def landsat_asks(service: Service, area: Area, last_summer: int) -> grids.Planned:
    """Surface temperature of some summers, for the area's window; for the district and its halo where that is too much.

    Parameters
    ----------
    service : Service
        ``landsat``; ``options``: ``search``, ``token``, ``collection``, ``months``, ``years``, ``cloud_cover``.
    area : Area
    last_summer : int
        The last of the summers. Ours is the last year of the survey that the baseline stands on [D]: its tables are out
        a year later, so the summer is over and the scenes are final.

    Returns
    -------
    Planned
        One ask, ``surface_temperature``; a reason instead where the district is too large.
    """
    options = service.options
    whole = _pixels(area) <= grids.MOST_PIXELS
    if not whole:
        area = replace(area, window=area.halo)
    pixels = _pixels(area)
    if pixels > grids.MOST_PIXELS:
        why = f"the district with its halo has {pixels:,.0f} pixels of 30 m, more than are read at once"
        return grids.Planned([], {LAYER: why})
    summers = [last_summer - back for back in range(int(options["years"]) - 1, -1, -1)]
    box = grids.outward(area.window.bounds, 5)
    asked = {
        "layer": LAYER,
        "collection": options["collection"],
        "assets": list(ASSETS),
        "summers": summers,
        "months": list(options["months"]),
        "cloud_cover": options["cloud_cover"],
        "window": list(box),
    }
    ask = Ask(
        question=Question(LAYER, service.id, asked),
        gives=(LAYER,),
        fetch=lambda folder, tools: _fetch(service, summers, box, area, folder, tools),
        specs=lambda record, others: _specs(record, whole),
        megabytes=pixels * 2.5 * _USUAL_SCENES / 1e6,
        where=grids.where(service, "/" + str(options["search"]).lstrip("/")),
    )
    return grids.Planned([ask], {})


def _specs(record: Record, whole: bool) -> dict[str, LayerSpec]:
    """Told here and not in the record, which is the same for a district without a reference."""
    spec = declared(record, LAYER, record.path(LIST), {})
    return {LAYER: spec if whole else replace(spec, notes=(*spec.notes, _CUT))}


def _zone_of(area: Area) -> int:
    """EPSG code of the UTM zone of the district's middle; Landsat counts northings below the equator negative."""
    return 32_600 + int((area.district.centroid.x + 180) // 6) + 1


def _pixels(area: Area) -> float:
    """Pixels of the area's window."""
    west, south, east, north = grids.bounds_in(area.window, f"EPSG:{_zone_of(area)}")
    return (east - west) * (north - south) / _PIXEL_M**2


def _fetch(service: Service, summers: Sequence[int], box: grids.Bounds, area: Area, folder: Path, tools: Tools) -> Told:
    found = _search(service, summers, box, folder, tools)
    items, notes = _chosen(found, area, service)
    zone = items[0].zone
    bounds = grids.outward(grids.bounds_in(area.window, f"EPSG:{zone}"), 0)
    token = _Token(service, tools, folder)
    scenes: list[dict[str, Any]] = []
    gone = 0
    retrieved = ""
    for number, item in enumerate(items):
        tools.progress(LAYER, number, len(items))
        try:
            scene, when = _scene(item, bounds, token, folder)
        except BeyondError:
            continue  # its corner touches the box, not the window
        except SourceError as failure:
            if failure.kind != "missing":
                raise
            gone += 1
            continue
        retrieved = retrieved or when
        scenes.append(scene)
    tools.progress(LAYER, len(items), len(items))
    if not scenes:
        raise _nothing(service, f"none of the {len(items)} scenes in its catalogue could be read")
    if gone:
        notes.append(f"{gone} scenes of the catalogue have no files any more and are left out.")
    text = json.dumps({"zone": zone, "summers": list(summers), "scenes": scenes}, indent=1, sort_keys=True)
    (folder / LIST).write_text(text + "\n", encoding="utf-8", newline="\n")
    return _told(service, summers, notes, retrieved, {"scenes": len(scenes), "zone": zone})


def _told(
    service: Service, summers: Sequence[int], notes: Sequence[str], retrieved: str, more: Mapping[str, Any]
) -> Told:
    months = [_MONTHS.get(int(m), str(m)) for m in service.options["months"]]
    return Told(
        source=service.publisher,
        dataset=service.title,
        vintage=f"{months[0]} to {months[-1]} of {summers[0]}-{summers[-1]}",
        licence=service.licence,
        attribution=service.attribution,
        url=service.page,
        retrieved=retrieved,
        notes=tuple(notes),
        more=more,
    )


def _search(service: Service, summers: Sequence[int], box: grids.Bounds, folder: Path, tools: Tools) -> list[Item]:
    """Scenes of the catalogue, page by page, each summer by itself."""
    options = service.options
    months = [int(month) for month in options["months"]]
    most = float(options["cloud_cover"])
    found: dict[str, Item] = {}
    for year in summers:
        document = {
            "collections": [options["collection"]],
            "bbox": list(box),
            "datetime": f"{year}-{months[0]:02d}-01T00:00:00Z/{year}-{months[-1]:02d}-{_days(months[-1])}T23:59:59Z",
            "query": {"eo:cloud_cover": {"lt": most}},
            "limit": _PAGE,
        }
        for feature in _pages(service, document, folder, tools):
            item = catalogue.item(feature, service)
            # What a server makes of a question is looked at again: not all know how to compare clouds.
            fits = item is not None and item.cloud < most and _in(item.taken, year, months)
            if item is not None and fits and item.footprint.intersects(shapely.box(*box)):
                found[item.id] = item
    if not found:
        raise _nothing(service, f"there is no scene with less than {most:g} % cloud")
    return list(found.values())


def _days(month: int) -> int:
    return 30 if month in (4, 6, 9, 11) else 28 if month == 2 else 31


def _in(taken: str, year: int, months: Sequence[int]) -> bool:
    return taken[:4] == str(year) and int(taken[5:7]) in months


def _pages(service: Service, document: Mapping[str, Any], folder: Path, tools: Tools) -> Iterator[Mapping[str, Any]]:
    """Features of all pages of a search; the next one is asked for by what the last one says to add."""
    path = "/" + str(service.options["search"]).lstrip("/")
    call = Call(path, document=dict(document))
    seen: set[str] = set()
    for _ in range(_MOST_PAGES):
        page = tools.client.json(service, call, folder)
        features = page.get("features") if isinstance(page, dict) else None
        if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
            raise damaged(service, "what came is no page of scenes")
        yield from features
        links = page.get("links") or []
        if not isinstance(links, list):
            raise damaged(service, "its page does not list where it leads")
        further = [one for one in links if isinstance(one, dict) and one.get("rel") == "next"]
        if not further:
            return
        try:
            call = _following(further[0], document, path)
        except ValueError as why:  # an address that is none
            raise damaged(service, f"where its next page is cannot be read: {why}") from why
        asked = json.dumps([call.document, list(call.params)], sort_keys=True)
        if asked in seen:
            raise damaged(service, "its pages lead in a circle")
        seen.add(asked)
    raise SourceError(
        f"{service.title}: more than {_MOST_PAGES} pages of scenes.", remedy="ask for a smaller area.", kind="limit"
    )


def _following(link: Mapping[str, Any], document: Mapping[str, Any], path: str) -> Call:
    """The call of the next page (STAC API 1.0.0, item search, paging); its address is ours, whatever the link says."""
    if str(link.get("method", "GET")).upper() == "POST":
        body = link.get("body")
        told = dict(body) if isinstance(body, dict) else {}
        return Call(path, document={**document, **told} if link.get("merge") else told)
    return Call(path, params=parse_qsl(urlsplit(str(link.get("href", ""))).query, keep_blank_values=True))


def _chosen(found: Sequence[Item], area: Area, service: Service) -> tuple[list[Item], list[str]]:
    """Scenes of one UTM zone, one of each path, row and day, in the order of time; and what was left out."""
    middle = area.district.centroid
    own = _zone_of(area)
    zones: dict[int, int] = {}
    for item in found:
        zones[item.zone] = zones.get(item.zone, 0) + int(item.footprint.intersects(middle))
    # At the border of two zones most scenes may be kept in the other one.
    zone = own if zones.get(own, 0) >= _ENOUGH else max(zones, key=lambda one: (zones[one], one == own))
    best: dict[tuple[str, str, str, str], Item] = {}
    for item in sorted(found, key=lambda one: (_TIERS.index(one.tier), one.id)):
        if item.zone == zone:
            best.setdefault((item.platform, item.path, item.row, item.taken[:10]), item)
    notes: list[str] = []
    elsewhere = sum(item.zone != zone for item in found)
    if elsewhere:
        notes.append(
            f"{elsewhere} scenes that are kept in the neighboring UTM zone are left out (EPSG:{zone} is read)."
        )
    if zone != own:
        notes.append(f"Most scenes of the district are kept in EPSG:{zone}, beside its own zone EPSG:{own}.")
    twice = len(found) - elsewhere - len(best)
    if twice:
        notes.append(f"{twice} scenes are there twice, in another processing; the better one was read.")
    if not best:
        raise _nothing(service, "no scene covers the district")
    return sorted(best.values(), key=lambda one: (one.taken, one.id)), notes


def _scene(item: Item, bounds: grids.Bounds, token: _Token, folder: Path) -> tuple[dict[str, Any], str]:
    """Both bands of a scene on disk, and what the list says of it."""
    files: dict[str, str] = {}
    digests: dict[str, str] = {}
    when = ""
    try:
        for asset in ASSETS:
            name = f"{item.id}_{asset}.tif"
            when = _band(item, asset, bounds, token, folder / name) or when
            files[asset], digests[asset] = name, sha256_of(folder / name)
    except SourceError:
        for asset in ASSETS:
            (folder / f"{item.id}_{asset}.tif").unlink(missing_ok=True)
        raise
    told = {
        "id": item.id,
        "date": item.taken[:10],
        "cloud_cover": item.cloud,
        "platform": item.platform,
        "overpass": item.overpass,
        "files": files,
        "sha256": digests,
    }
    return told, when


def _band(item: Item, asset: str, bounds: grids.Bounds, token: _Token, into: Path) -> str:
    """One band of a scene; a token that has run out is drawn anew, once."""
    from justgeo.sources.live import cogs

    service = token.service
    tools = replace(token.tools, progress=lambda label, done, whole: None)  # scenes are counted, not their rows
    parts = urlsplit(item.hrefs[asset])
    known = {urlsplit(url).hostname for url in service.urls}
    if parts.hostname not in known and not (parts.scheme == "https" and str(parts.hostname).endswith(_BLOBS)):
        raise damaged(service, f"scene {item.id} lies at {parts.hostname}, where no token is sent")
    files = Service(
        service.id,
        service.title,
        service.publisher,
        (f"{parts.scheme}://{parts.netloc}",),
        service.page,
        service.licence,
    )
    crs = f"EPSG:{item.zone}"
    try:
        return cogs.read_window(files, token.call(parts.path), bounds, crs, into, tools).retrieved
    except BeyondError:
        raise
    except SourceError as failure:
        if failure.kind != "missing":
            raise
    token.renew()
    return cogs.read_window(files, token.call(parts.path), bounds, crs, into, tools).retrieved


def _nothing(service: Service, why: str) -> SourceError:
    return SourceError(
        f"{service.title}: {why} for this area and these summers.",
        remedy=f"see {service.page}, or allow more cloud in the catalogue's services.",
        kind="missing",
        service=service.id,
    )
