"""``manifest.json``: what a run was made of, by digest, and with what; ``verify`` and ``diff`` read it again.

Three kinds of things decide the outputs, and each has its place in the manifest: *inputs*, the layers that were read;
*settings*, the files that say how (``district.toml``, the boundary, the catalogue); and the program, whose versions
stand under ``run``. ``run`` alone may differ between two runs on the same inputs. No folder of the machine is named:
``district.toml`` is told by its way from the folder of the outputs, and only where that way does not climb to the top.
"""

from __future__ import annotations

import datetime as dt
import functools
import importlib.metadata
import json
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import justgeo
from justgeo.config import RunConfig
from justgeo.core.errors import OutputError
from justgeo.core.layer import AnyLayer
from justgeo.core.location import Location, is_url
from justgeo.report.results import SCHEMA_VERSION
from justgeo.report.write import MAKER
from justgeo.sources import corrections
from justgeo.sources._hash import combined, digest_of, sha256_of

NAME = "manifest.json"
DISTRICT = "district.toml"
CATALOGUE = ("indicators.yml", "layers.yml", "protocol.yml", "sentences.yml")
FETCHED = ("services.yml", "datasets.yml")
"""Files of the catalogue that a run reads, and those that only a district with a ``[fetch]`` needs."""

ENTRY = ("id", "source", "dataset", "vintage", "retrieved", "sha256")
PACKAGES = (
    "numpy", "pandas", "geopandas", "shapely", "pyproj", "pyogrio", "scipy", "rasterio", "exactextract", "osmium",
    "folium", "jinja2",
)  # fmt: skip

_AGAIN = "run `justgeo run` again: it writes a new manifest."
_SHAPE: Mapping[str, type] = {
    "schema_version": str, "slug": str, "synthetic": bool, "inputs": list, "settings": list, "absent_layers": dict,
    "outputs": dict, "run": dict,
}  # fmt: skip
_PLAIN = re.compile(r"(?!\.)[^/\\:]+")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Manifest:
    """A manifest that was read and has the form that is expected.

    Attributes
    ----------
    slug : str
    synthetic : bool
    inputs : mapping of str to mapping
        By layer: ``source, dataset, vintage, retrieved, sha256``.
    settings : mapping of str to mapping
        By name (``district.toml``, ``boundary``, ``catalogue/indicators.yml``): ``file`` and ``sha256``.
    absent_layers : mapping of str to str
        Why a layer was not there.
    outputs : mapping of str to str
        SHA-256 by name of file.
    run : mapping
        ``justgeo``, ``python``, ``system``, ``packages``; ``config`` and ``records``, the way from the folder.
    """

    slug: str
    synthetic: bool
    inputs: Mapping[str, Mapping[str, str]]
    settings: Mapping[str, Mapping[str, str]]
    absent_layers: Mapping[str, str]
    outputs: Mapping[str, str]
    run: Mapping[str, Any]

    @property
    def program(self) -> Mapping[str, str]:
        """Versions, flat: ``justgeo``, ``python``, ``system``, ``numpy``, ..."""
        packages = self.run.get("packages")
        flat = {key: self.run[key] for key in ("justgeo", "python", "system") if key in self.run}
        return {k: str(v) for k, v in {**flat, **(packages if isinstance(packages, Mapping) else {})}.items()}


def make(
    config: RunConfig, layers: Mapping[str, AnyLayer], folder: Path, records: Location | None = None
) -> dict[str, Any]:
    """What stands in the manifest of a run beside its outputs.

    Parameters
    ----------
    config : RunConfig
        As it was read; layers that were fetched are among ``layers`` alone.
    layers : mapping of str to layer
        Everything that was read, whether a number came of it or not.
    folder : Path
        Folder of the outputs.
    records : Path or str, optional
        Folder of records that were used, or its URL.

    Returns
    -------
    dict
        ``inputs``, ``settings`` and ``run``, for ``report.write.write_all``.
    """
    told = {"config": _way(folder, config.path), "records": _way_to_records(folder, records)}
    return {
        "inputs": [_entry(name, layer) for name, layer in sorted(layers.items())],
        "settings": [{"id": name, **one} for name, one in settings(config).items()],
        "run": {
            "finished": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "justgeo": justgeo.__version__,
            "python": sys.version.split()[0],
            "system": platform.system(),
            "packages": dict(_versions()),
            **{key: way for key, way in told.items() if way is not None},
        },
    }


@functools.cache
def _versions() -> Mapping[str, str]:
    """Versions of the packages: each is looked for in the files of its installation, so once while a process lasts."""
    return {name: importlib.metadata.version(name) for name in PACKAGES}


def settings(config: RunConfig) -> dict[str, dict[str, str]]:
    """Digests of the files that say how a run is made, by name; a file that is not there has the digest ``""``.

    Parameters
    ----------
    config : RunConfig

    Returns
    -------
    dict of str to dict
        ``file``, without its folder, and ``sha256``. Answers are told by what they say, whatever file holds them.
    """
    found = {DISTRICT: config.path}
    for name, told in (("boundary", config.boundary), ("reference", config.reference_file or {})):
        if told:
            found[name] = config.base / str(told.get("file", told.get("path")))
    if config.commitments is not None:
        found["commitments"] = config.commitments
    known_better = corrections.beside(config.base)
    if known_better is not None:
        found["corrections"] = known_better
    for name, spec in sorted(config.layers.items()):
        covers = spec.options.get("covers")
        file = covers.get("file", covers.get("path")) if isinstance(covers, Mapping) else covers
        if isinstance(file, str):
            found[f"area that {name} covers"] = spec.path.parent / file
    made = {name: {"file": path.name, "sha256": digest(path)} for name, path in found.items()}
    shown = config.answers.public()
    if shown:
        made["answers"] = {"file": "", "sha256": digest_of(shown.plain())}
    for name in CATALOGUE if config.fetch is None else (*CATALOGUE, *FETCHED):
        made[f"catalogue/{name}"] = {"file": name, "sha256": _catalogue(name)}
    return made


def read(folder: Path) -> Manifest:
    """Read the manifest of a folder of outputs.

    Raises
    ------
    OutputError
        There is no folder or no manifest; it is no JSON, not of justgeo, of another version, or a part is missing.
    """
    path = folder / NAME
    if not path.is_file():
        what = f"The folder {folder} holds no {NAME}" if folder.is_dir() else f"There is no folder {folder}"
        raise OutputError(f"{what}.", remedy="name a folder that `justgeo run` wrote, such as out/old-town.")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as why:
        raise OutputError(f"{path} cannot be read: {why.strerror or why}.", remedy="check your rights to it.") from why
    except (ValueError, RecursionError) as why:
        raise OutputError(f"{path} is damaged: it is not JSON ({why}).", remedy=_AGAIN) from why
    if not isinstance(told, dict) or told.get("made_by") != MAKER:
        raise OutputError(f"{path} is no manifest of justgeo.", remedy="name a folder that `justgeo run` wrote.")
    if told.get("schema_version") != SCHEMA_VERSION:
        version = f"{told.get('schema_version')!r}; this version of justgeo reads {SCHEMA_VERSION!r}"
        raise OutputError(f"{path} has the schema version {version}.", remedy=_AGAIN)
    for key, kind in _SHAPE.items():
        if not isinstance(told.get(key), kind):
            state = "is not what it should be" if key in told else "is missing"
            raise OutputError(f"{path} is damaged, or of an older version: {key!r} {state}.", remedy=_AGAIN)
    return Manifest(
        slug=told["slug"],
        synthetic=told["synthetic"],
        inputs=_by_id(told["inputs"], ENTRY, "inputs", path),
        settings=_by_id(told["settings"], ("id", "file", "sha256"), "settings", path),
        absent_layers={str(name): str(why) for name, why in told["absent_layers"].items()},
        outputs=_outputs(told["outputs"], path),
        run=told["run"],
    )


def config_of(folder: Path, told: Manifest) -> Path | None:
    """``district.toml`` where the manifest says that it lies, None where it says nothing or nothing lies there."""
    return _there(folder, told.run.get("config"))


def records_of(folder: Path, told: Manifest) -> Location | None:
    """The folder of records that the run used, or its URL; None where there was none or it is gone."""
    way = told.run.get("records")
    return way if is_url(way) else _there(folder, way)


def _there(folder: Path, way: object) -> Path | None:
    if not isinstance(way, str):
        return None
    path = Path(os.path.normpath(folder.expanduser().resolve() / way))
    return path if path.exists() else None


def _way_to_records(folder: Path, records: Location | None) -> str | None:
    """As `_way`; a URL as it is, unless it names folders of the machine."""
    if records is None or (is_url(records) and records.startswith(("file:", "local:"))):
        return None
    return records if is_url(records) else _way(folder, Path(records))


def _way(folder: Path, path: Path) -> str | None:
    """The way from a folder to a path; None where it would name folders of the machine or cross to another drive."""
    start = folder.expanduser().resolve()
    try:
        way = Path(os.path.relpath(path.expanduser().resolve(), start))
    except ValueError:
        return None
    to_the_top = len(start.parts) - 1
    return None if way.parts.count(os.pardir) >= to_the_top else way.as_posix()


def _entry(name: str, layer: AnyLayer) -> dict[str, str]:
    told = layer.provenance
    return {"id": name, **{key: str(getattr(told, key)) for key in ENTRY if key != "id"}}


def digest(path: Path) -> str:
    """SHA-256 of a file, of a shapefile with its companions; ``""`` where there is none."""
    return sha256_of(path) if path.exists() else ""


def _catalogue(name: str) -> str:
    """Digest of a file of the catalogue, whatever the ends of its lines (an installer may change them)."""
    text = resources.files("justgeo.catalogue").joinpath(name).read_text(encoding="utf-8")
    return combined([(name, digest_of(text.splitlines()))])


def _by_id(rows: Iterable[object], keys: tuple[str, ...], what: str, path: Path) -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for row in rows:
        if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in keys):
            raise OutputError(f"{path} is damaged: a row of {what!r} lacks one of {', '.join(keys)}.", remedy=_AGAIN)
        found[row["id"]] = {key: row[key] for key in keys if key != "id"}
    return found


def _outputs(rows: Mapping[str, object], path: Path) -> dict[str, str]:
    """Files beside the manifest, none elsewhere, with a digest each; without ``results.json`` there is no run."""
    found = {}
    for name, sha256 in rows.items():
        if not (_PLAIN.fullmatch(name) and isinstance(sha256, str) and _DIGEST.fullmatch(sha256)):
            raise OutputError(f"{path} is damaged: the output {name!r} has no name or no digest.", remedy=_AGAIN)
        found[name] = sha256
    if "results.json" not in found:
        raise OutputError(f"{path} is damaged: it does not name results.json.", remedy=_AGAIN)
    return found
