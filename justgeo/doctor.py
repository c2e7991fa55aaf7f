"""What works on this computer and what does not, each with its remedy, in one screen.

Looks at Python and the libraries, at the coordinate systems, at the Census key, at the disk, and, unless told not to,
at each service: whether it answers, how fast, and what it has newest. Where a library is missing nothing else is looked
at: whoever has to be told so is not shown a traceback instead, so nothing heavy is imported before.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from justgeo.core.errors import JustgeoError
from justgeo.core.location import is_url
from justgeo.core.words import wrapped

if TYPE_CHECKING:
    from justgeo.config import RunConfig
    from justgeo.core.service import Service
    from justgeo.sources.live.keys import Key
    from justgeo.sources.live.probes import Probe

State = Literal["well", "mind", "ill"]
Asker = Callable[["Service", int, "Key | None"], "Probe"]

LIBRARIES = ("numpy", "pandas", "geopandas", "shapely", "rasterio", "osmium", "osmnx", "requests")
"""Those whose versions are told; the others that the package names as its own needs are looked for too."""

_NEED = re.compile(r"([A-Za-z0-9._-]+)[^;]*>=([0-9.]+)[^;]*$")
_MARKS: Mapping[State, str] = {"well": "ok", "mind": "note", "ill": "!!"}
_ROOM_GB = 5.0
_LEAST_GB = 0.2
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


def examine(path: Path | None = None, *, offline: bool = False, ask: Asker | None = None) -> Examination:
    """Look at everything.

    Parameters
    ----------
    path : Path, optional
        ``district.toml`` or its folder: its addresses, its records and what it fetches are looked at. Without it, what
        a new district would use.
    offline : bool
        Ask no service.
    ask : callable, optional
        Takes a service, the year of the survey, and the key or None; asks the service, in place of ``probes.probe``.

    Raises
    ------
    ConfigError
        The file is not understood.
    """
    first = [_python(), _libraries()]
    if any(finding.state == "ill" for finding in first):
        return Examination(tuple(first))
    from justgeo.sources.live import keys

    settings = _settings(path)
    found = [*first, *_provider(settings), *_coordinates(), *_records(settings, offline)]
    key = keys.census_key()
    found.append(_key(key, settings, offline))
    if not offline:
        found += _services(settings, key, ask or _ask)
    return Examination(tuple(found))


def _settings(path: Path | None) -> RunConfig:
    from justgeo import config as configs
    from justgeo.fetch_settings import Fetching

    if path is not None:
        return configs.read(path)
    return configs.RunConfig(Path("district.toml"), Path(), "a new district", "new", fetch=Fetching())


def _python() -> Finding:
    # An older one cannot have come so far: the package refuses to be installed on it.
    version = sys.version.split()[0]
    return Finding("Python", "well", f"{version} on {platform.system()} {platform.machine()}")


def _libraries() -> Finding:
    """Whether everything that the package needs is there, and new enough."""
    found, amiss = {}, []
    for name, least in _needs().items():
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            amiss.append(f"{name} is missing")
            continue
        if _numbers(found[name]) < _numbers(least):
            amiss.append(f"{name} {found[name]} is older than {least}")
    if amiss:
        return Finding("libraries", "ill", ", ".join(amiss), "install justgeo again: pip install --upgrade justgeo.")
    return Finding("libraries", "well", ", ".join(f"{name} {found[name]}" for name in LIBRARIES))


def _needs() -> dict[str, str]:
    """Names of libraries with the oldest version that does."""
    try:
        told = importlib.metadata.requires("justgeo") or []
    except importlib.metadata.PackageNotFoundError:
        told = []  # run from its folder, without being installed
    return {**dict.fromkeys(LIBRARIES, "0"), **{need[1]: need[2] for need in map(_NEED.match, told) if need}}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in [*re.findall(r"\d+", version), "0", "0", "0"][:3])


def _provider(settings: RunConfig) -> list[Finding]:
    """Who asks the Census API."""
    if settings.fetch is None or not settings.fetch.census:
        return []
    wanted = settings.fetch.provider
    own = "by justgeo's own client"
    if wanted == "direct":
        return [Finding("census tables", "well", own)]
    from justgeo.sources.live import with_censusdis

    found = with_censusdis.installed()
    if found is not None:
        return [Finding("census tables", "well", f"by censusdis {found.version}")]
    there = _is_there("censusdis")
    why = "is installed and cannot be imported: something that it needs is missing" if there else "is not installed"
    if wanted == "censusdis":
        return [Finding("census tables", "ill", f"censusdis is asked for and {why}", with_censusdis.absent().remedy)]
    return [Finding("census tables", "well", f"{own} (censusdis {why})")]


def _is_there(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


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
    from pyproj.exceptions import CRSError, DataDirError

    from justgeo.sources.rasters import check_environment

    try:
        CRS.from_epsg(5070)
    except (CRSError, DataDirError):
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


def _records(settings: RunConfig, offline: bool) -> list[Finding]:
    """The disk; and the store at a URL, where the records are kept at one."""
    kept = settings.fetch.records if settings.fetch is not None else None
    if not is_url(kept):
        return [_disk(settings)]
    from justgeo.sources.remote import Remote

    try:
        remote = Remote(kept)
        said = "not tried out" if offline else "nothing is there yet" if remote.empty else "answers"
    except JustgeoError as error:
        return [Finding("records", "ill", error.message, error.remedy)]
    return [_disk(settings), Finding("records", "well", f"{remote.url}, {said}")]


def _disk(settings: RunConfig) -> Finding:
    """Whether records can be written, by writing something, and whether there is room for them."""
    from justgeo.sources.live.records import Records

    kept = settings.fetch.records if settings.fetch is not None else settings.output
    folder = Records.at(kept).root if is_url(kept) else Path(kept)
    another = "choose another folder: records = ... under [fetch], or --records."
    try:
        at = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
        with tempfile.TemporaryFile(dir=at):
            room = shutil.disk_usage(at).free / 1e9
    except OSError as error:
        return Finding("disk", "ill", f"{folder} cannot be written to ({error.strerror or error})", another)
    said = f"{room:,.1f} GB free for {folder}"
    if room < _LEAST_GB:
        return Finding("disk", "ill", said, f"make room, or {another}")
    if room < _ROOM_GB:
        return Finding("disk", "mind", said, "a state's census blocks and extract can take 2 GB: make room.")
    return Finding("disk", "well", said)


def _key(key: Key | None, settings: RunConfig, offline: bool) -> Finding:
    from justgeo.sources.live import keys

    if key is not None:
        return Finding("Census key", "well", f"from the {key.origin}" + (", not tried out" if offline else ""))
    if not _asks_api(settings):
        return Finding("Census key", "well", "none, and none is needed here")
    return Finding("Census key", "ill", "none was found", keys.HOW_TO)


def _services(settings: RunConfig, key: Key | None, ask: Asker) -> list[Finding]:
    """Every service that the district would use, asked at once: the slow do not wait for one another."""
    from justgeo.district_file import ACS_YEAR
    from justgeo.gathering import services

    known = services(settings)
    chosen = [known[name] for name in _used(settings) if known[name].options.get("kind") != "own"]
    if not chosen:
        return [Finding("services", "well", "none is used: everything comes from your own files")]
    with ThreadPoolExecutor(len(chosen)) as pool:
        asked = pool.map(lambda one: ask(one, settings.acs_year or ACS_YEAR, key), chosen)
        return [_service(one) for one in asked]


def _asks_api(settings: RunConfig) -> bool:
    """Whether the Census API, which wants a key, has something that the district's file does not declare."""
    return settings.fetch is not None and settings.fetch.census and not {"acs", "blocks"} <= set(settings.layers)


def _used(settings: RunConfig) -> list[str]:
    """Ids of the services that give what the district's file does not declare."""
    from justgeo.collecting import GEOGRAPHY
    from justgeo.gathering import giver
    from justgeo.sources.collect import OSM_LAYERS as OSM

    if settings.fetch is None:
        return []
    # A grid from an address of the planner's own is nothing that the usual service has to give.
    grids = [name for name, url in settings.fetch.grids.items() if not url]
    streets = [] if "osm" in settings.layers or settings.fetch.osm.startswith("http") else OSM
    feeds = ["gtfs"] if "catalogue" in settings.fetch.gtfs else []
    tables = ["acs:B01003"] if _asks_api(settings) else []
    found = [giver(settings, layer) for layer in (*GEOGRAPHY, *tables, *streets, *feeds, *grids)]
    return list(dict.fromkeys([*filter(None, found), *settings.fetch.tables]))


def _ask(service: Service, year: int, key: Key | None) -> Probe:
    from justgeo.sources.live import probes

    return probes.probe(service, year, key if service.id == "census_api" else None)


def _service(one: Probe) -> Finding:
    title = one.service.title
    if one.failure is not None and not one.mirror:
        return Finding(title, "ill", one.failure.message, one.failure.remedy)
    answers = f"answers in {one.seconds or 0:.1f} s" + (f"; {one.newest}" if one.newest else "")
    if one.mirror:
        said = f"its mirror {one.mirror} {answers}; its first address does not answer"
        return Finding(title, "mind", said, "nothing: the mirror is asked where the first address fails.")
    if (one.seconds or 0) > _SLOW_S:
        return Finding(title, "mind", answers, "it is slow now; fetching will take a while.")
    return Finding(title, "well", answers)


def words(found: Examination) -> list[str]:
    """What the command line prints: a line a finding; what is amiss comes last, with what to do said once.

    Returns
    -------
    list of str
        Lines of at most 100 characters.
    """
    lines: list[str] = []
    for remedy, findings in _by_remedy(found.findings).items():
        for finding in findings:
            what = "" if finding.said.startswith(finding.what) else f"{finding.what}: "
            lines += wrapped(f"{_MARKS[finding.state]:<5} {what}{finding.said}", " " * 6)
        if remedy:
            lines += wrapped(f"      what to do: {remedy}", " " * 8)
    ill = sum(finding.state == "ill" for finding in found.findings)
    return [*lines, "", _summary(ill, len(found.findings))]


def _by_remedy(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """What is well first, then what wants minding by what to do about it."""
    found: dict[str, list[Finding]] = {"": []}
    for finding in findings:
        found.setdefault(finding.remedy, []).append(finding)
    return found


def _summary(ill: int, whole: int) -> str:
    if ill:
        return f"{ill} of {whole} things keep justgeo from working as it should."
    return "Everything that was looked at works."
