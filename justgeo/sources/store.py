"""The store of recorded layers: what was once read, kept under a digest of what was asked.

Tables and features are kept as (Geo)Parquet, networks and grids as NumPy archives; beside each stands a JSON with the
provenance and the digests of its parts. The JSON is written last, each file under another name first: a record is there
whole or not at all. Where the store is at a URL too, what is not local is brought from there, and what is read newly is
put there, the JSON last.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import re
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core import whole
from justgeo.core.errors import LayerError, OutputError, StoreError
from justgeo.core.layer import AnyLayer, Feed, Layer, Network, Provenance, Raster, Told
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources._hash import digest_of
from justgeo.sources.remote import Remote

log = logging.getLogger(__name__)

FORMAT = 3
"""Raised whenever a reader or this format changes, so that no older record answers for it."""

_KEY = re.compile(r"^[0-9a-f]{64}$")
_SUFFIX = re.compile(r"(\.[a-z]+)+")
_REMEDY = "delete the two or more files of this record; the layer is then read again from its source."


def key_for(name: str, spec: LayerSpec, area: Area | None, sha256: str) -> str:
    """Digest of a question: which layer, from which bytes, read how, for which area.

    Parameters
    ----------
    name : str
        Layer that is asked for.
    spec : LayerSpec
        Everything declared counts, provenance too, except where the file lies.
    area : Area or None
        None for layers that are read whole.
    sha256 : str
        Digest of the bytes of the source.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    declared = {f.name: getattr(spec, f.name) for f in fields(spec) if f.name != "path"}
    question: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "spec": _sayable({**declared, "file": spec.path.name}),
        "sha256": sha256,
    }
    if area is not None:
        question["area"] = {
            "district": _wkb(area.district),
            "reference": _wkb(area.reference),
            "window": _wkb(area.window),
            "halo": _wkb(area.halo),
            "halo_m": area.halo_m,
        }
    return digest_of(question)


class Store:
    """A folder of recorded layers.

    Parameters
    ----------
    root : Path
        Made at the first recording.
    remote : Remote, optional
        Where the layers are kept for others too; ``root`` mirrors it.
    """

    def __init__(self, root: Path, remote: Remote | None = None) -> None:
        self.root = root
        self.remote = remote

    def has(self, key: str) -> bool:
        """Whether a layer is recorded under this key."""
        record = self._record(key)
        return record.is_file() or (self.remote is not None and self.remote.has(record.name))

    def get(self, key: str) -> AnyLayer | None:
        """The layer recorded under a key, None where there is none.

        Raises
        ------
        LayerError
            The record is damaged: a part is missing or its bytes are not those that were written. At the URL such a
            one counts as none: it is read anew from its source and put there again.
        StoreError
            The URL cannot be reached or read.
        """
        record = self._record(key)
        if not record.exists():
            self._bring(record)
        try:
            written = record.read_bytes()
        except FileNotFoundError:
            return None
        try:
            head = _head(written, key)
            parts = {suffix: self._part(record, suffix, digest) for suffix, digest in head["parts"].items()}
            return _layer(head, parts)
        except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
            raise LayerError(f"The recorded layer {record.name} is damaged ({error}).", remedy=_REMEDY) from error

    def put(self, layer: AnyLayer, key: str) -> None:
        """Record a layer under a key; a record of the same key is replaced.

        Raises
        ------
        OutputError
            The folder cannot be written to.
        StoreError
            The URL cannot be reached. Where it may be read alone, that is told in the log and the layer is local.
        """
        head, parts = _record_of(layer)
        head["key"] = key
        head["parts"] = {suffix: hashlib.sha256(data).hexdigest() for suffix, data in parts.items()}
        head["digest"] = digest_of(head)
        record = self._record(key)
        text = json.dumps(head, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
        self._keep(record, parts, text.encode("utf-8"))
        log.info("recorded %s as %s", head["provenance"]["layer"], record.name)
        try:
            self._send(record, parts, text.encode("utf-8"))
        except StoreError as failure:
            if failure.kind != "denied":  # whoever only reads a store can still measure
                raise
            log.warning("%s", failure.message)

    def _keep(self, record: Path, parts: Mapping[str, bytes], text: bytes) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            whole.sweep_all(self.root)
            for suffix, data in parts.items():
                whole.put(record.with_name(record.stem + suffix), data)
            whole.put(record, text)
        except OSError as error:
            raise OutputError(
                f"The store {self.root} cannot be written to ({error.strerror or error}).",
                remedy="make the folder writable and see that there is room, or name another one.",
            ) from error

    def _send(self, record: Path, parts: Mapping[str, bytes], text: bytes) -> None:
        if self.remote is not None:
            for suffix, data in parts.items():
                self.remote.write(record.stem + suffix, data)
            self.remote.write(record.name, text)

    def _bring(self, record: Path) -> None:
        """Make a record local that the URL has whole."""
        text = None if self.remote is None else self.remote.read(record.name)
        if self.remote is None or text is None:
            return
        parts: dict[str, bytes] = {}
        try:
            for suffix, digest in _head(text, record.stem)["parts"].items():
                if not _SUFFIX.fullmatch(suffix):
                    raise ValueError(f"{suffix!r} is no part of a record")
                data = self.remote.read(record.stem + suffix)
                if data is None or hashlib.sha256(data).hexdigest() != digest:
                    raise ValueError(f"{suffix} is missing, or of other bytes than were recorded")
                parts[suffix] = data
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("The recorded layer %s at %s is damaged (%s).", record.name, self.remote.url, error)
            return
        self._keep(record, parts, text)

    def _record(self, key: str) -> Path:
        if not _KEY.match(key):
            raise ValueError(f"{key!r} is no key of the store")
        return self.root / f"{key}.json"

    @staticmethod
    def _part(record: Path, suffix: str, digest: str) -> bytes:
        path = record.with_name(record.stem + suffix)
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError(f"the bytes of {path.name} are not those that were recorded")
        return data


def _head(text: bytes, key: str) -> dict[str, Any]:
    head: dict[str, Any] = json.loads(text.decode("utf-8"))
    if head.pop("digest", None) != digest_of(head) or head["key"] != key:
        raise ValueError("its own digest does not fit")
    return head


def _record_of(layer: AnyLayer) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What goes into the JSON, and the parts by file suffix."""
    head: dict[str, Any] = {"format": FORMAT, "provenance": _sayable(asdict(layer.provenance))}
    if isinstance(layer, Layer):
        spatial = isinstance(layer.data, gpd.GeoDataFrame)
        reasons = [[geoid, column, why] for (geoid, column), why in layer.data.attrs.get("reasons", {}).items()]
        head |= {
            "type": "features" if spatial else "table",
            "name": layer.name,
            "covers": _wkb(layer.covers),
            "geography": layer.geography,
            "geography_vintage": layer.geography_vintage,
            "reasons": reasons,
        }
        return head, {".parquet": _parquet(layer.data)}
    if isinstance(layer, Network):
        head |= {"type": "network", "crs": layer.crs, "covers": _wkb(layer.covers)}
        return head, {".npz": _npz({"x": layer.x, "y": layer.y, "u": layer.u, "v": layer.v})}
    if isinstance(layer, Raster):
        head |= {"type": "raster", "crs": layer.crs, "transform": list(layer.transform)}
        return head, {".npz": _npz({"values": layer.values})}
    head |= {"type": "feed", "service_date": layer.service_date}
    return head, {".stops.parquet": _parquet(layer.stops), ".departures.parquet": _parquet(layer.departures)}


def _layer(head: Mapping[str, Any], parts: Mapping[str, bytes]) -> AnyLayer:
    if head["format"] != FORMAT:
        raise ValueError(f"it is of format {head['format']}, not {FORMAT}")
    told = dict(head["provenance"])
    provenance = Provenance(**{**told, "notes": tuple(told["notes"])})
    kind = head["type"]
    if kind in ("features", "table"):
        read = gpd.read_parquet if kind == "features" else pd.read_parquet
        data = read(io.BytesIO(parts[".parquet"]))
        if head["reasons"]:
            data.attrs["reasons"] = Told({(geoid, column): why for geoid, column, why in head["reasons"]})
        return Layer(
            name=head["name"],
            data=data,
            provenance=provenance,
            covers=_shape(head["covers"]),
            geography=head["geography"],
            geography_vintage=head["geography_vintage"],
        )
    if kind == "feed":
        stops, departures = (pd.read_parquet(io.BytesIO(parts[p])) for p in (".stops.parquet", ".departures.parquet"))
        return Feed(stops=stops, departures=departures, service_date=head["service_date"], provenance=provenance)
    with np.load(io.BytesIO(parts[".npz"]), allow_pickle=False) as arrays:
        if kind == "raster":
            a, b, c, d, e, f = (float(v) for v in head["transform"])
            return Raster(arrays["values"], (a, b, c, d, e, f), head["crs"], provenance)
        if kind == "network":
            x, y, u, v = (arrays[name] for name in ("x", "y", "u", "v"))
            return Network(x=x, y=y, u=u, v=v, crs=head["crs"], provenance=provenance, covers=_shape(head["covers"]))
    raise ValueError(f"{kind!r} is no kind of layer")


def _parquet(data: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    bare = data.copy()
    bare.attrs = {}  # reasons are kept in the JSON: their keys are pairs, which Parquet's metadata cannot say
    bare.to_parquet(buffer)
    return buffer.getvalue()


def _npz(arrays: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _wkb(shape: BaseGeometry | None) -> str | None:
    return None if shape is None else str(shapely.to_wkb(shape, hex=True, byte_order=1))


def _shape(text: str | None) -> BaseGeometry | None:
    return None if text is None else shapely.from_wkb(text)


def _sayable(value: Any) -> Any:
    """The value in words that JSON knows, in which equal questions are equal."""
    if isinstance(value, Mapping):
        return {str(k): _sayable(v) for k, v in value.items()}
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, list | tuple):
        return [_sayable(v) for v in value]
    return str(value)
