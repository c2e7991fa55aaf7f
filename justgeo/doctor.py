"""What works on this computer and what does not, each with its remedy, in one screen.

Looks at Python and the libraries, at the coordinate systems, at the Census key, at the disk, and, unless told not to,
at each service: whether it answers, how fast, and what it has newest.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from justgeo import config as configs
from justgeo.collecting import GEOGRAPHY
from justgeo.config import RunConfig
from justgeo.core.errors import JustgeoError
from justgeo.core.service import Service
from justgeo.core.words import wrapped
from justgeo.district_file import ACS_YEAR
from justgeo.fetch_settings import Fetching
from justgeo.gathering import OSM, giver, services
from justgeo.sources.live import keys, probes

State = Literal["well", "mind", "ill"]

LIBRARIES = (
    "numpy", "pandas", "geopandas", "shapely", "pyproj", "pyogrio", "rasterio", "exactextract", "osmium", "osmnx",
    "folium",
)  # fmt: skip
_MARKS: Mapping[State, str] = {"well": "ok", "mind": "note", "ill": "!!"}
_ROOM_GB = 5.0
_SLOW_S = 5.0
_STRAY = ("PROJ_DATA", "PROJ_LIB", "GDAL_DATA")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: in what state it is, and what to do about it."""

    what: str
    state: State
    said: str
    remedy: str = ""


@dataclass(frozen=True)
class Examination:
    """All findings; ``well`` where none of them keeps justgeo from working."""

    findings: tuple[Finding, ...]

    @property
    def well(self) -> bool:
        """Whether nothing is ill."""
        return all(finding.state != "ill" for finding in self.findings)


def examine(
    path: Path | None = None,
    *,
    offline: bool = False,
    ask: Callable[[Service, int, keys.Key | None], probes.Probe] | None = None,
) -> Examination:
    """Look at everything.

    Parameters
    ----------
    path : Path, optional
        ``district.toml`` or its folder: its addresses, its records and what it fetches are looked at. Without it, what
        a new district would use.
    offline : bool
        Ask no service.
    ask : callable, optional
        Asks a service, in place of ``probes.probe``.

    Raises
    ------
    ConfigError
        The file is not understood.
    """
    settings = _settings(path)
    found = [_python(), _libraries(), _provider(settings), *_coordinates(), _disk(settings)]
    key = keys.census_key()
    found.append(_key(key, settings))
    if not offline:
        found += _services(settings, key, ask or _ask)
    return Examination(tuple(found))


def _settings(path: Path | None) -> RunConfig:
    if path is not None:
        return configs.read(path)
    return RunConfig(Path("district.toml"), Path(), "a new district", "new", fetch=Fetching())


def _python() -> Finding:
    # An older one cannot have come so far: the package refuses to be installed on it.
    version = sys.version.split()[0]
    return Finding("Python", "well", f"{version} on {platform.system()} {platform.machine()}")


def _libraries() -> Finding:
    found, missing = [], []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding(
            "libraries", "ill", f"missing: {', '.join(missing)}", "install justgeo again: pip install justgeo."
        )
    return Finding("libraries", "well", ", ".join(found))


def _provider(settings: RunConfig) -> Finding:
    """Who asks the Census API."""
    wanted = settings.fetch.provider if settings.fetch is not None else "auto"
    try:
        version = importlib.metadata.version("censusdis")
    except importlib.metadata.PackageNotFoundError:
        if wanted == "censusdis":
            remedy = (
                'pip install "justgeo[census]", then pip install --no-deps censusdis==1.4.2 (read its licence first); or '
                'write provider = "direct" under [census].'
            )
            return Finding("census tables", "ill", "censusdis is wanted and not installed", remedy)
        return Finding("census tables", "well", "by justgeo's own client (censusdis is not installed)")
    who = "justgeo's own client" if wanted == "direct" else f"censusdis {version}"
    return Finding("census tables", "well", f"by {who}")


def _coordinates() -> list[Finding]:
    """Whether PROJ and GDAL find their own data, and nothing from elsewhere."""
    stray = [f"{name}={os.environ[name]}" for name in _STRAY if os.environ.get(name)]
    found = []
    problem = _lookup_problem()
    if problem:
        remedy = f"unset {', '.join(_STRAY)} in the environment and start again."
        found.append(Finding("coordinates", "ill", problem + (f" ({'; '.join(stray)})" if stray else ""), remedy))
    elif stray:
        remedy = "unset them unless you set them on purpose: another installation's files may be read."
        found.append(Finding("coordinates", "mind", f"set from outside: {'; '.join(stray)}", remedy))
    else:
        found.append(Finding("coordinates", "well", _proj_versions()))
    if os.environ.get("PROJ_NETWORK", "").upper() in ("ON", "YES", "TRUE", "1"):
        remedy = "unset it: grids from the network would change numbers from one computer to the next."
        found.append(Finding("coordinates", "ill", "PROJ_NETWORK is on", remedy))
    return found


def _lookup_problem() -> str:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    from justgeo.sources.rasters import check_environment

    try:
        CRS.from_epsg(5070)
    except CRSError:
        return "pyproj cannot look up a coordinate system"
    try:
        check_environment()
    except JustgeoError as error:
        return error.message.rstrip(".")
    return ""


def _proj_versions() -> str:
    import pyproj

    from justgeo.sources.rasters import gdal_version

    return f"PROJ {pyproj.proj_version_str}, GDAL {gdal_version()}"


def _disk(settings: RunConfig) -> Finding:
    folder = settings.fetch.records if settings.fetch is not None else settings.output
    at = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    if not os.access(at, os.W_OK):
        return Finding("disk", "ill", f"{folder} cannot be written to", "choose another folder: [fetch] records = ...")
    room = shutil.disk_usage(at).free / 1e9
    said = f"{room:,.0f} GB free for {folder}"
    if room < _ROOM_GB:
        return Finding("disk", "mind", said, "a state's census blocks and extract can take 2 GB: make room.")
    return Finding("disk", "well", said)


def _key(key: keys.Key | None, settings: RunConfig) -> Finding:
    needed = settings.fetch is not None and settings.fetch.census and "acs" not in settings.layers
    if key is not None:
        return Finding("Census key", "well", f"from the {key.origin}")
    if not needed:
        return Finding("Census key", "well", "none, and none is needed here")
    return Finding("Census key", "ill", "none was found", keys.HOW_TO)


def _services(
    settings: RunConfig,
    key: keys.Key | None,
    ask: Callable[[Service, int, keys.Key | None], probes.Probe],
) -> list[Finding]:
    """Every service that the district would use, asked at once: the slow do not wait for one another."""
    known = services(settings)
    chosen = [known[name] for name in _used(settings)]
    if not chosen:
        return [Finding("services", "well", "none is used: everything comes from your own files")]
    with ThreadPoolExecutor(len(chosen)) as pool:
        asked = pool.map(lambda one: ask(one, settings.acs_year or ACS_YEAR, key), chosen)
        return [_service(one) for one in asked]


def _used(settings: RunConfig) -> list[str]:
    """Ids of the services that give what the district's file does not declare."""
    if settings.fetch is None:
        return []
    layers = [*GEOGRAPHY, "acs:B01003", *OSM, "gtfs", *settings.fetch.grids]
    found = [giver(settings, layer) for layer in layers]
    return list(dict.fromkeys([*filter(None, found), *settings.fetch.tables]))


def _ask(service: Service, year: int, key: keys.Key | None) -> probes.Probe:
    return probes.probe(service, year, key=key if service.id == "census_api" else None)


def _service(one: probes.Probe) -> Finding:
    title = one.service.title
    if one.failure is not None:
        return Finding(title, "ill", one.failure.message, one.failure.remedy)
    said = f"answers in {one.seconds or 0:.1f} s" + (f"; {one.newest}" if one.newest else "")
    if (one.seconds or 0) > _SLOW_S:
        return Finding(title, "mind", said, "it is slow now; fetching will take a while.")
    return Finding(title, "well", said)


def words(found: Examination) -> list[str]:
    """What the command line prints: a line a finding, and what to do beneath those that want it."""
    lines: list[str] = []
    for finding in found.findings:
        lines += wrapped(f"{_MARKS[finding.state]:<5} {finding.what}: {finding.said}", " " * 6)
        if finding.remedy:
            lines += wrapped(f"      what to do: {finding.remedy}", " " * 8)
    ill = sum(finding.state == "ill" for finding in found.findings)
    return [*lines, "", _summary(ill, found.findings)]


def _summary(ill: int, findings: Sequence[Finding]) -> str:
    if ill:
        return f"{ill} of {len(findings)} things keep justgeo from working as it should."
    return "Everything that was looked at works."
