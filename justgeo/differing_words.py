"""What the command line says of two runs: one screen of what moved, then the numbers, each with its margin."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from justgeo.moves import ADDED, BESIDE, FILE, GONE, LISTED, MOVED, PROGRAM
from justgeo.report import words as say

if TYPE_CHECKING:
    from justgeo.differing import Change, Difference
    from justgeo.moves import MovedInput, MovedSetting

WIDTH = 100
INVENTED = "  INVENTED: this place does not exist; nothing here is true of any place"
SAME = "the same to the last digit"

_PARTS = {"sha256": "other bytes", "retrieved": "taken on another day", "notes": "other notes"}
_MANY = 12  # names in one line, zones in one list


def words(difference: Difference, *, every: bool = False) -> list[str]:
    """What differs, plainly: first one screen, then what moved and by what.

    Parameters
    ----------
    difference : Difference
    every : bool
        Tell the numbers of each zone. Else those of the district and its reference are told, and of its areas how many
        moved; ``differing.table`` has them all.

    Returns
    -------
    list of str
        Lines of at most 100 characters.
    """
    lines = [f"{difference.name}: the second run against the first", *[INVENTED] * difference.synthetic]
    if difference.empty:
        return [*lines, *entry("", f"{SAME}: {difference.same:,} records, {difference.same_inputs} inputs")]
    lines += [*_summary(difference), *_counts(difference), *_went_in(difference)]
    return [*lines, *_numbers(difference, every)]


def numbers(difference: Difference) -> list[str]:
    """Of :func:`words` what came out, without what went in."""
    return [*_counts(difference), *_numbers(difference, every=False)]


def entry(name: str, text: str) -> list[str]:
    """A line of a summary, wrapped: ``  inputs     1 moved``."""
    return _wrapped(f"  {name:<10} {text}", 13)


def item(text: str) -> list[str]:
    """A line of a list, wrapped."""
    return _wrapped(f"  {text}", 6)


def _wrapped(line: str, indent: int) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def counted(number: int, one: str) -> str:
    """``1 zone``, ``2 zones``."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def grouped(layers: Iterable[str]) -> list[str]:
    """Layers with the survey's tables as one: ``acs 2024 (32 tables)``."""
    found: dict[str, list[str]] = {}
    for layer in layers:
        name = f"acs {layer.partition('@')[2]}".strip() if layer.startswith("acs:") else layer
        found.setdefault(name, []).append(layer)
    return [one[0] if len(one) == 1 else f"{name} ({len(one)} tables)" for name, one in found.items()]


def listed(names: Sequence[str]) -> str:
    """Names in a line, not too many of them."""
    more = len(names) - _MANY
    return ", ".join(names[:_MANY]) + (f" and {more} more" if more > 0 else "")


# --------------------------------------------------------------------------------------------------- the first screen


def _summary(difference: Difference) -> list[str]:
    settings = [one.name for one in difference.settings if one.kind != PROGRAM]
    program = [_valued(one) for one in difference.settings if one.kind == PROGRAM]
    lines = entry("inputs", _inputs(difference))
    lines += entry("settings", listed(settings) or "the same")
    lines += entry("program", listed(program) or "the same versions")
    if difference.rows:
        lines += entry("catalogue", f"{counted(len(difference.rows), 'row')}: {listed([*difference.rows])}")
    if difference.zones:
        lines += entry("zones", _zones(difference))
    return lines


def _inputs(difference: Difference) -> str:
    said = []
    for state in (MOVED, GONE, ADDED):
        names = [one.layer for one in difference.inputs if one.state == state]
        said += [f"{len(names)} {state} ({listed(grouped(names))})"] * bool(names)
    return ", ".join([*said, f"{difference.same_inputs} the same"])


def _zones(difference: Difference) -> str:
    states = Counter(zone.state for zone in difference.zones)
    reshaped = sum("area_km2" in zone.facts for zone in difference.zones)
    said = [f"{counted(reshaped, 'zone')} of another shape"] * bool(reshaped)
    said += [f"{counted(states[MOVED] - reshaped, 'zone')} with other facts"] * (states[MOVED] > reshaped)
    return ", ".join([*said, *(f"{counted(states[s], 'zone')} {s}" for s in (GONE, ADDED) if states[s])])


def _counts(difference: Difference) -> list[str]:
    kinds = Counter(change.kind for change in difference.changes)
    said = [f"{kinds[kind]:,} {kind}" for kind in (*LISTED, GONE, ADDED) if kinds[kind]]
    lines = entry("numbers", ", ".join([*said, f"{difference.same:,} {SAME}"]))
    for judgement, number in Counter(change.judgement for change in difference.of(MOVED)).most_common():
        lines += entry("", f"moved {number:,}: {judgement}")
    beside = [f"{kinds[kind]:,} {kind}" for kind in BESIDE if kinds[kind]]
    if beside:
        lines += entry("", f"of the same value, but not the same beside it: {', '.join(beside)}")
    if difference.parts:
        lines += entry("also", f"other parts of the results: {', '.join(difference.parts)}")
    return lines


# ------------------------------------------------------------------------------------------------------ what went in


def _went_in(difference: Difference) -> list[str]:
    lines: list[str] = []
    if difference.inputs:
        lines += ["", "Inputs that moved, and the records that stand on them and moved"]
        for group in _alike(difference):
            names = ", ".join(grouped(one.layer for one in group))
            lines += item(f"{names}: {_why(group[0])}{_moved_by(group, difference)}")
    plain = [one for one in difference.settings if one.kind != PROGRAM]
    if plain:
        lines += ["", "Settings that moved", *(piece for one in plain for piece in item(_valued(one)))]
    if difference.rows:
        lines += ["", "Rows of the catalogue that moved"]
        lines += [piece for name, parts in difference.rows.items() for piece in item(f"{name}: {', '.join(parts)}")]
    if difference.zones:
        lines += ["", "Zones that moved"]
        for zone in difference.zones[:_MANY]:
            facts = [f"{key} {_plain(old)} → {_plain(new)}" for key, (old, new) in zone.facts.items()]
            lines += item(f"{zone.name}: {'; '.join(facts) or zone.state}")
        lines += [f"  and {len(difference.zones) - _MANY} more"] * (len(difference.zones) > _MANY)
    return lines


def _alike(difference: Difference) -> list[list[MovedInput]]:
    """Inputs of which the same is to be said: tables of one survey that all came anew."""
    found: dict[str, list[MovedInput]] = {}
    for one in difference.inputs:
        table, _, year = one.layer.partition("@")
        found.setdefault(f"{year} {_why(one)}" if table.startswith("acs:") else one.layer, []).append(one)
    return list(found.values())


def _why(one: MovedInput) -> str:
    if one.state != MOVED:
        return f"{one.state}; the other has it not: {one.reason}"
    own = ("file", "table") if one.layer.startswith("acs:") else ("file",)
    asked = [key.partition(".")[2] for key in one.parts if key.startswith("asked.")]
    told = {key: pair for key, pair in one.parts.items() if not key.startswith("asked.")}
    said = [_PARTS.get(key, f"{key} {_plain(old)} → {_plain(new)}") for key, (old, new) in told.items()]
    said += [f"read otherwise ({', '.join(sorted({*asked} - {*own}))})"] * bool({*asked} - {*own})
    said += ["of another name"] * ("file" in asked and not said)
    return "; ".join(said) + ("" if one.moves else "; the bytes are the same")


def _moved_by(group: Sequence[MovedInput], difference: Difference) -> str:
    if not any(one.moves for one in group):
        return ""
    names = {one.layer for one in group}
    changes = [change for change in difference.changes if names & {*change.inputs}]
    if not changes:
        return "; no record that stands on it moved"
    return f"; {counted(len(changes), 'record')} of {listed([*dict.fromkeys(c.indicator for c in changes)])}"


def _valued(one: MovedSetting) -> str:
    if one.kind != FILE:
        return f"{one.name} {_plain(one.old)} → {_plain(one.new)}"
    return f"{one.name}: {'other content' if one.old and one.new else ADDED if one.new else GONE}"


def _plain(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, float):
        return f"{value:,.10g}"
    return ", ".join(_plain(one) for one in value) if isinstance(value, list | tuple) else str(value)


# ---------------------------------------------------------------------------------------------------- what came out


def _numbers(difference: Difference, every: bool) -> list[str]:
    roles, zones = difference.labels["roles"], difference.labels["zones"]
    changes = difference.of(*LISTED)
    lines: list[str] = []
    for zone in dict.fromkeys(change.zone for change in changes):
        if every or roles[zone] in ("district", "reference"):
            lines += ["", f"Numbers of {zones[zone]} ({roles[zone]})"]
            for change in changes:
                lines += item(_number(change, difference.labels)) if change.zone == zone else []
    rest = [] if every else [change for change in changes if roles[change.zone] not in ("district", "reference")]
    lines += _by_indicator(rest, difference, "Numbers of the areas within")
    # Of a zone that one run alone has, it goes without saying that its records are there alone.
    alone = {zone.zone for zone in difference.zones if zone.state != MOVED}
    single = [change for change in difference.of(GONE, ADDED) if change.zone not in alone]
    return lines + _by_indicator(single, difference, "Records of one run alone")


def _by_indicator(changes: Sequence[Change], difference: Difference, title: str) -> list[str]:
    kinds: dict[str, Counter[str]] = {}
    for change in changes:
        kinds.setdefault(change.indicator, Counter())[change.kind] += 1
    lines = ["", title] if changes else []
    for name, count in kinds.items():
        said = ", ".join(f"{number:,} {kind}" for kind, number in count.items())
        lines += item(f"{name} {difference.labels['indicators'][name]}: {said}")
    return lines


def _number(change: Change, labels: Mapping[str, Mapping[str, str]]) -> str:
    """``BEL-02 Renters: 53% ± 4 points → 58% ± 4 points, up 5 points ± 6 points: within the margins; by acs ...``."""
    group = "" if change.group == "all" else f", {labels['groups'][change.group]}"
    old, new = _pair(change.old, change.new)
    said = f"{change.indicator} {labels['indicators'][change.indicator]}{group}: {old} → {new}"
    if change.difference is not None and change.new is not None:
        unit, value = change.new["unit"], change.new["value"]
        said += f"; {'up' if change.difference > 0 else 'down'} {say.difference(change.difference, unit)}"
        said += f" {say.margin(change.difference_moe, unit, value)}" if change.difference_moe else ""
        said += f", {change.judgement}"
    return f"{said}; by {', '.join([*grouped(change.inputs), *change.otherwise])}"


def _pair(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> tuple[str, str]:
    """Both sides in words; with more digits where two numbers would look the same."""
    if old is None or new is None:
        raise ValueError("a record of one side alone is no pair")
    # Where neither has a margin the judgement says so, once.
    tell = say.told if old["moe"] or new["moe"] else say.shown
    before, after = (_absent(one) or tell(one) for one in (old, new))
    return (_exactly(old), _exactly(new)) if before == after else (before, after)


def _absent(record: Mapping[str, Any]) -> str:
    return "" if record["value"] is not None or record["text"] is not None else f"no number ({record['reason']})"


def _exactly(record: Mapping[str, Any]) -> str:
    s = say.scale(record["unit"])
    if record["value"] is None:
        return str(record["text"])
    unit, margin = (f" {word}" if word else "" for word in (s.unit, s.margin))
    tail = f" ± {s.before}{record['moe'] * s.factor:,.10g}{margin}" if record["moe"] else ""
    return f"{s.before}{record['value'] * s.factor:,.10g}{s.after}{unit}{tail}"
