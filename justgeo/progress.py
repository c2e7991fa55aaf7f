"""``justgeo progress``: two looks at one place, each figure's change, and how it stands against its target.

For the annual report. Nothing is tested that cannot be: one survey read twice, periods that share answers, a boundary
or a method that moved between the two. Such a row says so, and *cannot tell* is its verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from justgeo import answers as said
from justgeo import budgets, checklists, differing, manifests, moves
from justgeo.checklists import CONTENT
from justgeo.core import whole
from justgeo.core.answers import Target
from justgeo.core.errors import ConfigError, OutputError
from justgeo.differing import Periods
from justgeo.measure.progress import CANNOT_TELL, Judged, Look, change, judge
from justgeo.moves import Side
from justgeo.report.progress_text import NO_TARGET, Row, Table
from justgeo.report.results import form_doubted, opened

ALL = "all"
MOVED_LINE = "the boundary moved between the two, so that they speak of different ground"
MOVED_ROW = "its row of the catalogue changed between the two, so that they are not made alike"
_UNTESTED = {
    differing.SAME_SURVEY: "both come from one survey: nobody was asked anew",
    differing.OVERLAP: "the periods of the two surveys overlap, so that they share answers",
    differing.NO_PERIOD: "the years of a survey are not stated",
}


@dataclass(frozen=True)
class _Place:
    """One folder of outputs."""

    side: Side
    periods: Periods
    records: Mapping[tuple[str, str], Mapping[str, Any]]
    layers: Mapping[str, Mapping[str, Any]]


def progress(old: Path, new: Path, answers: Path | None = None) -> Table:
    """Hold an earlier and a later folder of outputs of one place against the targets.

    Parameters
    ----------
    old, new : Path
        Folders that `justgeo run` wrote.
    answers : Path, optional
        ``answers.yml``, whose targets are all taken, those that are not to be shown too; without it those that the
        later outputs show.

    Returns
    -------
    Table

    Raises
    ------
    OutputError
        A folder holds no results, or the two are not of one place.
    ConfigError
        The answers are not understood.
    """
    first, second = _place(old), _place(new)
    files = (Path(folder) / "results.json" for folder in (old, new))
    with form_doubted(dict(zip(files, (first.side.results, second.side.results), strict=True))):
        return _told(first, second, new, answers)


def _told(first: _Place, second: _Place, new: Path, answers: Path | None) -> Table:
    one, other = first.side.results, second.side.results
    if (one["slug"], one["synthetic"]) != (other["slug"], other["synthetic"]):
        raise OutputError(
            f"{one['name']} ({one['slug']}) and {other['name']} ({other['slug']}) are not one place.",
            remedy="name two folders of outputs of one district.",
        )
    targets = _shown(new, other["slug"]) if answers is None else _all(answers)
    reshaped = bool(differing.reshaped(moves.zones(first.side, second.side)) & _districts(other))
    remade = differing.remade(moves.rows(first.side, second.side))
    rows = [
        _row(key, target, first, second, MOVED_LINE if reshaped else MOVED_ROW if key[0] in remade else "")
        for key, target in _wanted(first, second, targets)
    ]
    return Table(str(other["name"]), bool(other["synthetic"]), tuple(rows), tuple(_notes(targets, second)))


def _place(folder: Path) -> _Place:
    with opened(Path(folder) / "results.json") as results:
        side = Side(results, manifests.read(Path(folder)))
        inside = _districts(results)
        records = {(r["indicator"], r["group"]): r for r in results["records"] if r["zone"] in inside}
        return _Place(side, Periods(results), records, {one["id"]: one for one in results["layers"]})


def _districts(results: Mapping[str, Any]) -> set[str]:
    return {zone["id"] for zone in results["zones"] if zone["role"] == "district"}


def _all(path: Path) -> tuple[Target, ...]:
    if not path.is_file():
        raise ConfigError(f"{path} does not exist.", remedy="name the file of answers, such as answers.yml.")
    return said.read(path).targets


def _shown(folder: Path, slug: str) -> tuple[Target, ...]:
    """Targets that a folder of outputs shows."""
    content = checklists.content(Path(folder), slug)
    if content is None:
        raise OutputError(
            f"{folder} holds no {CONTENT}.", remedy="run `justgeo run` again, or name the answers: --answers."
        )
    try:
        return tuple(
            Target(
                str(t["indicator"]),
                float(t["target"]),
                int(t["year"]),
                str(t["group"]),
                str(t["note"]),
                str(t["by"]),
                True,
            )
            for t in content.get("targets", [])
        )
    except (KeyError, TypeError, ValueError) as why:
        raise OutputError(f"{folder / CONTENT} is damaged.", remedy="run `justgeo run` again.") from why


def _wanted(
    first: _Place, second: _Place, targets: Iterable[Target]
) -> Iterable[tuple[tuple[str, str], Target | None]]:
    """Rows in the order of the catalogue: each target, and the district's own figure where it has none."""
    by_key: dict[tuple[str, str], list[Target]] = {}
    for one in targets:
        by_key.setdefault((one.indicator, one.group), []).append(one)
    known = dict.fromkeys(row["id"] for side in (second, first) for row in side.side.results["indicators"])
    for indicator in dict.fromkeys([*known, *(key[0] for key in by_key)]):
        keys = [key for key in by_key if key[0] == indicator]
        if (indicator, ALL) not in by_key and indicator in known:
            yield (indicator, ALL), None
        for key in keys:
            for target in sorted(by_key[key], key=lambda t: (t.year, t.value)):
                yield key, target


def _row(key: tuple[str, str], target: Target | None, first: _Place, second: _Place, moved: str) -> Row:
    indicator, group = key
    about = next((r for s in (second, first) for r in s.side.results["indicators"] if r["id"] == indicator), None)
    old, new = first.records.get(key), second.records.get(key)
    before, now = _look(old, first), _look(new, second)
    told: dict[str, Any] = {
        "indicator": indicator,
        "title": indicator if about is None else str(about["title"]),
        "category": "" if about is None else str(about["category"]),
        "group": group,
        "group_label": _label(group, second, first),
        "unit": "" if about is None else str(about["unit"]),
        "old": old,
        "new": new,
        "old_year": None if before is None else before.year,
        "new_year": None if now is None else now.year,
        "target": None if target is None else target.value,
        "target_year": None if target is None else target.year,
        "note": "" if target is None else target.note,
    }
    lacking = _lacking(about is not None, old, new, before, now)
    if lacking or before is None or now is None or old is None or new is None:
        return Row(**told, judgement="", why=lacking, verdict=CANNOT_TELL if target else NO_TARGET)
    judgement, _ = differing.judged(old, new, first.periods.of(old), second.periods.of(new))
    untested = moved or _UNTESTED.get(judgement, "")
    told["difference"], moe = change(before, now)
    told["difference_moe"] = None if untested else moe
    told["judgement"] = moved or judgement
    if target is None:
        return Row(**told, why=untested, verdict=NO_TARGET)
    way = "neutral" if about is None else str(about["direction"])
    found = Judged(CANNOT_TELL, untested) if untested else judge(before, now, target.value, target.year, way)
    ahead: dict[str, Any] = {
        "expected": found.expected,
        "gap": found.gap,
        "gap_moe": found.gap_moe,
        "reached": found.reached,
    }
    return Row(**told, **ahead, why=found.why, verdict=found.verdict)


def _lacking(
    known: bool,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    before: Look | None,
    now: Look | None,
) -> str:
    """Why two figures cannot be held against each other at all."""
    if not known:
        return "there is no such indicator in either"
    for which, record, look in (("earlier", old, before), ("later", new, now)):
        if record is None:
            return f"it is not among the {which} outputs"
        if record["value"] is None:
            bound = f"it is known as a bound only ({record['text']})" if record["text"] else record["reason"]
            return f"no figure in the {which} outputs: {bound}"
        if look is None:
            return f"the {which} figure does not say of which year it is"
    return ""


def _look(record: Mapping[str, Any] | None, place: _Place) -> Look | None:
    if record is None or record["value"] is None:
        return None
    year = _year(record, place)
    return None if year is None else Look(float(record["value"]), record["moe"], year)


def _year(record: Mapping[str, Any], place: _Place) -> int | None:
    """The last year that a figure speaks of: that of its survey where it stands on one, else of its newest layer."""
    surveys = [years[1] for years in place.periods.of(record) if not isinstance(years, str)]
    if surveys:
        return max(surveys)
    told = [place.layers[name] for name in record["layers"] if name in place.layers]
    for key in ("vintage", "retrieved"):
        last = [period[1] for one in told if (period := budgets.years(str(one[key]))) is not None]
        if last:
            return max(last)
    return None


def _label(group: str, *places: _Place) -> str:
    if group == ALL:
        return ""
    rows = (one for place in places for one in place.side.results["groups"])
    return next((str(one["label"]) for one in rows if one["id"] == group), group)


def _notes(targets: Iterable[Target], second: _Place) -> Iterable[str]:
    units = {row["id"]: str(row["unit"]) for row in second.side.results["indicators"]}
    if any(units.get(one.indicator, "").upper().startswith("USD") for one in targets):
        yield "Dollars are those of each year; the rise of prices is not taken out."
    if any(record["layers"] and not second.periods.of(record) for one in targets if (record := _of(one, second))):
        yield "Figures that are no sample may have changed because the map of the place did, and not the place."


def _of(one: Target, place: _Place) -> Mapping[str, Any] | None:
    return place.records.get((one.indicator, one.group))


def put(path: Path, body: bytes) -> None:
    """Write a file whole, or leave what was there.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    try:
        whole.put(path, body)
    except OSError as why:
        raise OutputError(
            f"{path} cannot be written: {why.strerror or why}.",
            remedy="name a place that you may write to and that has room left.",
        ) from why
