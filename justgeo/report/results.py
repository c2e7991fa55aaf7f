"""``results.json``: the one truth that pages, tables and notebooks read.

Same inputs give the same bytes: no run time, no path, keys sorted, numbers rounded to twelve significant digits.
A number that is not there is ``null`` and its record says why; NaN and infinity are refused.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path, PurePath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from justgeo.core import json_text
from justgeo.core.budget import Budget
from justgeo.core.errors import OutputError
from justgeo.core.layer import Provenance
from justgeo.core.quality import STATUSES, Check
from justgeo.core.result import Baseline, Comparison, Indicator, Percentile, Record
from justgeo.core.zones import Zones
from justgeo.report import form

SCHEMA_VERSION = "1.0"
SIGNIFICANT_DIGITS = 12
MANIFEST = "manifest.json"
ALL = "all"
"""The group that stands for everybody."""

DISCLAIMER = "A baseline for the Just Communities Protocol. It is not a designation or a certification."
INVENTED = "INVENTED DATA - this place does not exist"

Results = dict[str, Any]
"""The content of ``results.json``."""

_NUMBERS = ("numerator", "numerator_moe", "denominator", "denominator_moe", "complement_moe", "low", "high")
_LISTS = ("zones", "indicators", "groups", "layers", "budgets", "records")
_REMEDY = "This is a fault in justgeo or in one of its indicators; please report it with the message above."


def to_dict(baseline: Baseline) -> Results:
    """Results of a run as plain values, ready for JSON.

    Parameters
    ----------
    baseline : Baseline

    Returns
    -------
    dict
        ``schema_version, disclaimer, synthetic, slug, name, zones[], indicators[], groups[], layers[],
        absent_layers, settings, notes[], displacement, programmes[], budgets[], quality, records[]`` as in
        ``schema/results.schema.json``. Records are ordered by indicator, group and zone, each in the order of the
        baseline. An absent record carries no number at all (nothing of a suppressed value is left), only its reason
        and, for an open-ended median, its text.

    Raises
    ------
    OutputError
        A number is NaN or infinite, an absent number has no reason, a record names an unknown zone, indicator,
        group or layer, two records say the same thing, or a path got in.
    """
    groups = {ALL: "Everyone", **baseline.groups}
    zones = [
        {"id": z, "name": n, "role": r, "geography": g, "facts": plain(dict(f), f"zone {z}")}
        for z, n, r, g, f in zip(
            baseline.zones.ids,
            baseline.zones.names,
            baseline.zones.roles,
            baseline.zones.geography,
            _facts(baseline),
            strict=True,
        )
    ]
    order = _Order(
        zones={z: i for i, z in enumerate(baseline.zones.ids)},
        indicators={row.id: i for i, row in enumerate(baseline.indicators)},
        groups={g: i for i, g in enumerate(groups)},
        layers={layer.layer for layer in baseline.layers},
    )
    _unique((row.id for row in baseline.indicators), "indicator")
    _unique((layer.layer for layer in baseline.layers), "layer")
    _unique(baseline.zones.ids, "zone")
    records = sorted(baseline.records, key=order.key)
    _unique((f"{r.indicator} / {r.group} / {r.zone}" for r in records), "record")
    return {
        "schema_version": SCHEMA_VERSION,
        "disclaimer": DISCLAIMER,
        "synthetic": baseline.synthetic,
        "slug": baseline.slug,
        "name": baseline.name,
        "zones": zones,
        "indicators": [_indicator(row) for row in baseline.indicators],
        "groups": [{"id": g, "label": label} for g, label in groups.items()],
        "layers": layers(baseline.layers),
        "absent_layers": plain(dict(baseline.absent_layers), "absent layers"),
        "settings": plain(dict(baseline.settings), "settings"),
        "notes": list(baseline.notes),
        "displacement": plain(baseline.displacement, "displacement"),
        "programmes": [plain(dataclasses.asdict(one), f"programme {one.id}") for one in baseline.programmes],
        "budgets": [_budget(one) for one in baseline.budgets],
        "corrections": plain(baseline.corrections, "corrections"),
        "quality": _quality(baseline.quality),
        "records": [_record(r) for r in records],
    }


def dump(results: Mapping[str, Any]) -> bytes:
    """``results`` as UTF-8 JSON, one record a line, the same bytes for the same values."""
    lines = ["{"]
    keys = sorted(results)
    for key in keys:
        comma = "" if key == keys[-1] else ","
        value = results[key]
        if key in _LISTS and value:
            body = ",\n".join(f"  {_json(item)}" for item in value)
            lines.append(f" {_json(key)}: [\n{body}\n ]{comma}")
        else:
            lines.append(f" {_json(key)}: {_json(value)}{comma}")
    lines.append("}")
    return ("\n".join(lines) + "\n").encode("utf-8")


def load(path: Path) -> Results:
    """Read ``results.json``.

    Raises
    ------
    OutputError
        The file is not there, is not JSON, was written in another form than this version reads, or is not the one that
        the manifest beside it names: a number that was changed by hand must not travel on. What the manifest does name
        is as the run wrote it, and its form is not looked at again, which takes seconds of a large file.
    """
    try:
        written = path.read_bytes()
        named = is_named(path, written)
        found = json_text.loads(written, finite=named is not True)
    except (OSError, ValueError) as why:
        raise OutputError(
            f"{path.name} cannot be read as results: {why}.",
            remedy="Run `justgeo run` again to write the results anew.",
        ) from why
    if not isinstance(found, dict) or found.get("schema_version") != SCHEMA_VERSION:
        version = found.get("schema_version") if isinstance(found, dict) else None
        raise OutputError(
            f"{path.name} has schema version {version!r}; this version of justgeo reads {SCHEMA_VERSION!r}.",
            remedy="Run `justgeo run` again with this version.",
        )
    refuse_edited(path, named)
    if not named:
        refuse_malformed(path, found)
    return found


def refuse_malformed(path: Path, found: Mapping[str, Any]) -> None:
    """Refuse what was read from a ``results.json`` and has not its form.

    Raises
    ------
    OutputError
    """
    wrong = form.of_results(found, schema())
    if wrong is not None:
        raise OutputError(
            f"{path.name} is damaged, or was edited: {wrong}.",
            remedy="Run `justgeo run` again to write the results anew.",
        )


@contextmanager
def form_doubted(read: Mapping[Path, Mapping[str, Any]]) -> Iterator[None]:
    """Where what is done with results that were read fails over their form, it is this that is told.

    Of results that the manifest names the form is not looked at when they are read; where a manifest was edited with
    them, it has to be.

    Raises
    ------
    OutputError
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        for path, found in read.items():
            refuse_malformed(path, found)
        raise


@contextmanager
def opened(path: Path) -> Iterator[Results]:
    """As `load`, for what is done with it at once: within, `form_doubted`."""
    found = load(path)
    with form_doubted({path: found}):
        yield found


def is_named(path: Path, written: bytes) -> bool | None:
    """Whether the manifest beside a file has the digest of its bytes; None where no manifest tells of it.

    Git may write each end of a line as two bytes when it takes a file out: that is no change.
    """
    try:
        manifest = json.loads((path.parent / MANIFEST).read_text(encoding="utf-8"))
        told = manifest["outputs"][path.name]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # nobody says what it was; a damaged manifest is told of by those who need it
    bodies = (written, written.replace(b"\r\n", b"\n"))
    return any(told == hashlib.sha256(one).hexdigest() for one in bodies)


def refuse_edited(path: Path, named: bool | None) -> None:
    """Refuse results that are not those of the run whose manifest lies beside them.

    Raises
    ------
    OutputError
    """
    if named is False:
        raise OutputError(
            f"{path.name} is not the file that the run wrote: its bytes are not those that {MANIFEST} names.",
            remedy="Say `justgeo verify` to see what else has changed; run `justgeo run` again to write it anew.",
        )


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of ``results.json``, as shipped in the package."""
    text = resources.files("justgeo.report").joinpath("schema/results.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def zones_frame(zones: Zones) -> gpd.GeoDataFrame:
    """Zones as a GeoDataFrame with the columns ``id, name, role, geography, geometry``, in the zones' own CRS."""
    return gpd.GeoDataFrame(
        {
            "id": list(zones.ids),
            "name": list(zones.names),
            "role": list(zones.roles),
            "geography": list(zones.geography),
        },
        geometry=list(zones.geometry),
        crs=zones.geometry.crs,
    )


def plain(value: Any, where: str) -> Any:
    """``value`` as JSON values: mappings sorted by key, tuples as lists, floats of twelve significant digits.

    Raises
    ------
    OutputError
        NaN, infinity, a path, or a value that has no JSON form; ``where`` is named in the message.
    """
    if isinstance(value, (np.generic,)):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return number(value, where)
    if isinstance(value, Mapping):
        return {str(k): plain(v, f"{where}, {k}") for k, v in sorted(value.items(), key=lambda kv: str(kv[0]))}
    if isinstance(value, (set, frozenset)):
        return [plain(v, where) for v in sorted(value, key=str)]
    if isinstance(value, (list, tuple, np.ndarray, pd.Series)):
        return [plain(v, where) for v in value]
    kind = "a path" if isinstance(value, PurePath) else f"a {type(value).__name__}"
    raise OutputError(f"{where}: {kind} cannot stand in results.json.", remedy=_REMEDY)


def number(value: float | None, where: str) -> float | None:
    """A finite float rounded to twelve significant digits; None stays None; minus zero becomes zero."""
    if value is None:
        return None
    if not math.isfinite(value):
        raise OutputError(f"{where}: {value} is not a number that can be published.", remedy=_REMEDY)
    return float(f"{float(value):.{SIGNIFICANT_DIGITS}g}") + 0.0


class _Order:
    """Where each id stands, so that records come in one order and name only what is known."""

    def __init__(
        self, zones: Mapping[str, int], indicators: Mapping[str, int], groups: Mapping[str, int], layers: set[str]
    ) -> None:
        self.zones, self.indicators, self.groups, self.layers = zones, indicators, groups, layers

    def key(self, record: Record) -> tuple[int, int, int]:
        unknown = sorted(set(record.layers) - self.layers)
        if unknown:
            raise OutputError(f"{record.indicator}: layer {unknown[0]!r} has no provenance.", remedy=_REMEDY)
        try:
            if record.instead is not None:
                self.zones[record.instead]
            return self.indicators[record.indicator], self.groups[record.group], self.zones[record.zone]
        except KeyError as why:
            raise OutputError(
                f"The record {record.indicator} / {record.group} / {record.zone} names {why}, which is not listed.",
                remedy=_REMEDY,
            ) from why


def _facts(baseline: Baseline) -> tuple[Mapping[str, Any], ...]:
    return baseline.zone_facts or tuple({} for _ in baseline.zones.ids)


def _unique(ids: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise OutputError(f"The {what} {one!r} is there twice.", remedy=_REMEDY)
        seen.add(one)


def _record(r: Record) -> dict[str, Any]:
    where = f"{r.indicator} / {r.group} / {r.zone}"
    value = number(r.value, where)
    head: dict[str, Any] = {
        "zone": r.zone,
        "indicator": r.indicator,
        "group": r.group,
        "value": value,
        "moe": None,
        "unit": r.unit,
        "universe": r.universe,
        "reliability": r.reliability,
        "reason": r.reason,
        "rule": r.rule,
        "text": r.text,
        "flags": list(r.flags),
        "layers": sorted(r.layers),
        "error": {},
        "comparison": None,
        "percentile": None,
        "instead": None if r.instead is None else {"zone": r.instead},
        **dict.fromkeys(_NUMBERS),
    }
    if value is None:
        if not r.reason:
            raise OutputError(f"{where} has no value and no reason.", remedy=_REMEDY)
        # Whatever led to the absence, nothing is left from which a suppressed value could be worked back.
        return head | {"text": None if r.reliability == "suppressed" else r.text, "rule": ""}
    moe = number(r.moe, where)
    if moe is None and not r.reason and r.reliability != "unknown":
        raise OutputError(f"{where} has no margin and no reason.", remedy=_REMEDY)
    return head | {
        "moe": moe,
        "error": {k: number(v, where) for k, v in sorted(r.error.items())},
        "comparison": None if r.comparison is None else _comparison(r.comparison, where),
        "percentile": None if r.percentile is None else _percentile(r.percentile, where),
        **{name: number(getattr(r, name), where) for name in _NUMBERS},
    }


def _comparison(c: Comparison, where: str) -> dict[str, Any]:
    return {
        "reference": c.reference,
        "difference": number(c.difference, where),
        "difference_moe": number(c.difference_moe, where),
        "ratio": number(c.ratio, where),
        "z": number(c.z, where),
        "p": number(c.p, where),
        "q": number(c.q, where),
        "verdict": c.verdict,
        "basis": c.basis,
        "overlap": number(c.overlap, where),
    }


def _percentile(p: Percentile, where: str) -> dict[str, Any]:
    if (p.value is None) == (p.reason is None):
        raise OutputError(f"{where} has a percentile and a reason for its absence, or neither.", remedy=_REMEDY)
    ends = {name: number(getattr(p, name), where) for name in ("value", "low", "high")}
    return {**ends, "tracts": p.tracts, "weight": p.weight, "reason": p.reason}


def _indicator(row: Indicator) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return {name: plain(_open_ended(value), f"indicator {row.id}") for name, value in told.items()}


def _open_ended(value: Any) -> Any:
    """Edges of open brackets (``inf``) as the word: JSON has no number for them."""
    if isinstance(value, Mapping):
        return {k: _open_ended(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_open_ended(v) for v in value]
    return ("inf" if value > 0 else "-inf") if isinstance(value, float) and math.isinf(value) else value


def _budget(one: Budget) -> dict[str, Any]:
    where = f"budget of {one.indicator}"
    age = {**vars(one.age), "years_before": one.age.years_before, "years_after": one.age.years_after}
    told = {
        "indicator": one.indicator,
        "age": age,
        "completeness": [{**vars(sign), "low": sign.low} for sign in one.completeness],
        "bias": [vars(each) for each in one.bias],
    }
    return {name: plain(value, where) for name, value in told.items()}


def _quality(checks: Iterable[Check]) -> dict[str, Any]:
    told = [plain(vars(one), f"check {one.id}") for one in checks]
    _unique((one["id"] for one in told), "check")
    counts = {status: sum(one["status"] == status for one in told) for status in STATUSES}
    return {"counts": counts, "checks": told}


def layers(known: Iterable[Provenance]) -> list[dict[str, Any]]:
    """Whose data the numbers stand on, in the order of the layers' names."""
    return [_layer(one) for one in sorted(known, key=lambda p: p.layer)]


def _layer(p: Provenance) -> dict[str, Any]:
    found = {name: plain(getattr(p, name), f"layer {p.layer}") for name in p.__dataclass_fields__ if name != "layer"}
    return {"id": p.layer, **found}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(", ", ": "))
