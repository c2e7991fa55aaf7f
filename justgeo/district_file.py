"""The form of ``district.toml``: which keys there are and what each may hold."""

from __future__ import annotations

import datetime
import re
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, field_validator, model_validator

from justgeo.catalogue.strict import Strict
from justgeo.core.spec import LayerSpec
from justgeo.core.words import suggestion

ACS_YEAR = 2024
"""End year of the ACS period where none is named: 2020-2024, fixed so that a run does not change with the calendar."""

_GEOID_DIGITS = (5, 11, 12, 15)
_LONGEST_PROTECTION = 200
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_SLUG = 80
_RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")
"""Names that Windows keeps for itself: no folder can have them there."""
_PROVENANCE = ("source", "dataset", "vintage", "retrieved", "licence", "attribution", "url", "synthetic", "modelled")


def slugify(name: str) -> str:
    """A folder's name from a place's name: ``"Haight-Castro, San Francisco"`` to ``"haight-castro-san-francisco"``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    made = "-".join(re.findall(r"[a-z0-9]+", plain))[:_LONGEST_SLUG].strip("-") or "district"
    return f"{made}-district" if _RESERVED.fullmatch(made) else made


def _checked_geoids(given: list[str], only: int | None = None) -> list[str]:
    for geoid in given:
        if (
            not (geoid.isascii() and geoid.isdigit())
            or len(geoid) not in _GEOID_DIGITS
            or (only and len(geoid) != only)
        ):
            wish = (
                "five digits, state and county"
                if only
                else "5 digits for a county, 11 for a tract, 12 for a block group"
            )
            raise ValueError(f"{geoid!r} is no GEOID. | write {wish}, in quotes.")
    return given


class ShapeTable(Strict):
    file: str | None = None
    layer: str | None = None
    column: str | None = None
    values: list[str | int] | None = None
    crs: str | None = None
    geometry: str | None = None
    delimiter: str | None = None

    @model_validator(mode="after")
    def _together(self) -> ShapeTable:
        if (self.column is None) != (self.values is None):
            raise ValueError('column and values go together. | write column = "NAME" and values = ["Old Town"].')
        return self


class DistrictTable(Strict):
    name: str = Field(min_length=1)
    slug: str | None = None
    boundary: ShapeTable | None = None
    geoids: list[str] = []

    @field_validator("boundary", mode="before")
    @classmethod
    def _path_alone(cls, given: Any) -> Any:
        return {"file": given} if isinstance(given, str) else given

    @field_validator("slug")
    @classmethod
    def _plain_slug(cls, given: str | None) -> str | None:
        short = given is None or (len(given) <= _LONGEST_SLUG and not _RESERVED.fullmatch(given))
        if given is not None and not (short and _SLUG.fullmatch(given)):
            raise ValueError(
                f"{given[:_LONGEST_SLUG]!r} cannot name a folder. | use small letters, digits and single hyphens: "
                f"'{slugify(given)}'."
            )
        return given

    @field_validator("geoids")
    @classmethod
    def _digits(cls, given: list[str]) -> list[str]:
        return _checked_geoids(given)


class ReferenceTable(ShapeTable):
    name: str = ""
    geoids: list[str] = []

    @field_validator("geoids")
    @classmethod
    def _counties(cls, given: list[str]) -> list[str]:
        return _checked_geoids(given, only=5)


class VintagesTable(Strict):
    acs: int | None = Field(default=None, ge=2009, le=2100)
    acs_t0: int | None = Field(default=None, ge=2010, le=2100)  # that of 2009 stands on the tracts of 2000


class FetchTable(Strict):
    """What comes from public services; without this table nothing does."""

    census: bool = True
    osm: str = "overpass"
    gtfs: list[str] = ["catalogue"]
    rasters: dict[str, str] | None = None
    tables: list[str] = []
    records: str = Field(default="records", min_length=1)

    @field_validator("osm", mode="before")
    @classmethod
    def _way(cls, given: Any) -> Any:
        """``""`` for not at all."""
        if isinstance(given, bool):
            return "overpass" if given else ""
        return _chosen(given, ("overpass", "geofabrik"), "way to OpenStreetMap", "the address of an extract")

    @field_validator("gtfs", mode="before")
    @classmethod
    def _feeds(cls, given: Any) -> Any:
        """Empty for none."""
        if isinstance(given, bool):
            return ["catalogue"] if given else []
        feeds = given if isinstance(given, list) else [given]
        return [_chosen(one, ("catalogue",), "transit feed", "the address of the agency's GTFS zip") for one in feeds]

    @field_validator("rasters", mode="before")
    @classmethod
    def _named_grids(cls, given: Any) -> Any:
        """Each name with its address, ``""`` for the usual service; None for the usual grids."""
        if isinstance(given, bool):
            return None if given else {}
        asked = dict.fromkeys(given, True) if _are_texts(given) else given
        if not isinstance(asked, dict):
            raise ValueError(
                f"{given!r} names no grids. | write a list of names, a table of names with true or the address of a "
                "GeoTIFF, or false."
            )
        for name, url in asked.items():
            if not (isinstance(url, bool) or (isinstance(url, str) and is_url(url))):
                raise ValueError(
                    f"{name} = {url!r} is no address. | write true, or the address of a GeoTIFF; a file of yours "
                    "stands under [layers]."
                )
        return {name: url if isinstance(url, str) else "" for name, url in asked.items() if url is not False}


class CensusTable(Strict):
    provider: Literal["auto", "censusdis", "direct"] = "auto"


def _chosen(given: Any, words: tuple[str, ...], what: str, address: str) -> str:
    """One of a few words, or an address."""
    if isinstance(given, str) and (given in words or is_url(given)):
        return given
    near = suggestion(str(given), words)
    if not near.startswith("did you mean"):
        options = ", ".join([*map(repr, words), address])
        near = f"write {options}, or false; a file of yours stands under [layers]."
    raise ValueError(f"{given!r} is no {what}. | {near}")


def is_url(text: str) -> bool:
    """Whether a text is an address that can be called: ``https://`` or ``http://`` and a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        return False


def _are_texts(given: Any) -> bool:
    return isinstance(given, list) and all(isinstance(one, str) for one in given)


class LayerTable(Strict):
    """A file with what only the planner can know of it; every other key is for the layer's reader."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    path: str
    source: str = ""
    dataset: str = ""
    vintage: str = ""
    retrieved: str = ""
    licence: str = ""
    attribution: str = ""
    url: str = ""
    synthetic: bool = False
    modelled: bool = False
    notes: list[str] = []

    @field_validator("retrieved", mode="before")
    @classmethod
    def _date(cls, given: Any) -> Any:
        return given.isoformat() if isinstance(given, datetime.date) else given

    def spec(self, name: str, folder: Path) -> LayerSpec:
        told = {key: getattr(self, key) for key in _PROVENANCE}
        return LayerSpec(
            name=name, path=folder / self.path, options=dict(self.model_extra or {}), notes=tuple(self.notes), **told
        )


class ColumnTable(Strict):
    indicator: str
    estimate: str
    margin: str | None = None
    kind: Literal["count", "percent", "median"]
    denominator: str | None = None
    denominator_margin: str | None = None
    group: str = "all"

    @model_validator(mode="after")
    def _whole(self) -> ColumnTable:
        if self.kind == "percent" and self.denominator is None:
            raise ValueError("a percent needs its denominator. | add denominator, the column that it is a percent of.")
        if self.kind == "median" and self.denominator is not None:
            raise ValueError("a median has no denominator. | take out 'denominator'.")
        return self


class TableTable(LayerTable):
    geoid: str
    geography: Literal["county", "tract", "block group", "block", "zone"]
    geography_vintage: Literal[0, 2010, 2020]
    columns: list[ColumnTable] = Field(min_length=1)

    @model_validator(mode="after")
    def _own_zones(self) -> TableTable:
        if (self.geography == "zone") != (self.geography_vintage == 0):
            raise ValueError("census areas have a vintage, own zones have none. | write 2010 or 2020, or 0 for zones.")
        return self


class InventedTable(Strict):
    seed: int = Field(default=2020, ge=0)


class ProtocolTable(Strict):
    commitments: str | None = None
    answers: str | None = None


class DisplacementTable(Strict):
    """What stands beside the figures of displacement, and what else they are held against, for analysts."""

    protections: list[str] = []  # as residents and the city name them, in their own words
    metro: list[str] = []  # counties
    base_years: list[Annotated[int, Field(ge=2010, le=2100)]] = []

    @field_validator("metro")
    @classmethod
    def _counties(cls, given: list[str]) -> list[str]:
        return list(dict.fromkeys(_checked_geoids(given, only=5)))

    @field_validator("protections")
    @classmethod
    def _lines(cls, given: list[str]) -> list[str]:
        told = [" ".join(one.split()) for one in given]
        for one in told:
            if not one or len(one) > _LONGEST_PROTECTION or not one.isprintable():
                raise ValueError(
                    f"{one[:40]!r} cannot stand as a protection. | write each as one line of up to "
                    f"{_LONGEST_PROTECTION} characters, such as 'Rent registry since 2021'; take out what is empty."
                )
        return list(dict.fromkeys(told))


class CanopyTable(Strict):
    """What the goal of tree canopy depends on, and no map at hand tells."""

    biome: Literal["forest", "grassland", "mediterranean", "desert"] | None = None


class OutputTable(Strict):
    folder: str | None = None
    language: Literal["en"] = "en"


class DistrictFile(Strict):
    district: DistrictTable
    reference: ReferenceTable | None = None
    vintages: VintagesTable = VintagesTable()
    fetch: FetchTable | None = None
    census: CensusTable = CensusTable()
    services: dict[str, list[str]] = {}
    layers: dict[str, LayerTable] = {}
    tables: list[TableTable] = []
    areas: LayerTable | None = None
    absent: dict[str, str] = {}
    invented: InventedTable | None = None
    protocol: ProtocolTable = ProtocolTable()
    displacement: DisplacementTable = DisplacementTable()
    canopy: CanopyTable = CanopyTable()
    output: OutputTable = OutputTable()

    @field_validator("services", mode="before")
    @classmethod
    def _addresses(cls, given: Any) -> Any:
        """Each service with its addresses, without a slash at their ends."""
        if not isinstance(given, dict):
            return given
        return {name: [_address(name, url) for url in _several(name, urls)] for name, urls in given.items()}


def _several(name: str, urls: Any) -> list[Any]:
    if isinstance(urls, list) and urls:
        return urls
    if isinstance(urls, str):
        return [urls]
    raise ValueError(f"{name} = {urls!r} names no address. | write one, or a list with its mirrors.")


def _address(name: str, url: Any) -> str:
    if not isinstance(url, str) or not is_url(url) or "?" in url or "#" in url:
        shown = url.partition("?")[0] + "?..." if isinstance(url, str) and "?" in url else url  # it may be a key
        raise ValueError(
            f"{name} = {shown!r} is no address of a service. | write https://, its host and its path, without ? and #; "
            "a key is never written into a file."
        )
    return url.rstrip("/")


class LayersFile(Strict):
    """``layers.toml``: the layers of a place that brings its own."""

    layers: dict[str, LayerTable] = {}
