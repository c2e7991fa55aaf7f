"""Whether a folder of outputs still follows from its inputs: nothing is believed, the run is made again.

Three questions, in this order. Are the outputs as they were written? Are the inputs and settings as they were read?
And do the same outputs, byte for byte, come of them once more, offline, in a folder that is thrown away afterwards?
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from justgeo import differing, manifests, run
from justgeo.config import RunConfig
from justgeo.core.errors import JustgeoError
from justgeo.core.location import Location
from justgeo.differing import Difference
from justgeo.differing_words import INVENTED, counted, entry, item, listed, numbers
from justgeo.manifests import DISTRICT, Manifest
from justgeo.moves import REASON, Side
from justgeo.report.results import load, opened
from justgeo.report.write import sha256
from justgeo.sources.collect import spec_for

OK, CHANGED, MISSING = "ok", "changed", "missing"
OUTPUTS, SETTINGS, INPUTS, PROGRAM, AGAIN = "outputs", "settings", "inputs", "program", "made again"
PARTS = (OUTPUTS, SETTINGS, INPUTS, PROGRAM, AGAIN)

_RESULTS = "results.json"
_THE_RUN = "the run"
_RUN_AGAIN = "if that is meant, run `justgeo run` again; else put the former one back."
_FETCH = "fetch it, or run `justgeo run --offline`, which tells what is not recorded as verify finds it."
_BY_HAND = "nothing that is recorded explains it: see whether it was edited by hand"
_NAME_IT = "name it: justgeo verify {} --config district.toml (and --records, where records were used)."

_SURVEY = re.compile(r"acs:([A-Z0-9]+)@(\d{4})")

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    part : str
        ``outputs``, ``settings``, ``inputs``, ``program`` or ``made again``.
    what : str
        A file, a layer, a setting, a library.
    state : str
        ``ok``, ``changed`` or ``missing``.
    detail, remedy : str
        Empty where it is ok.
    """

    part: str
    what: str
    state: str
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Verdict:
    """What was found; ``difference`` tells the numbers apart where the run made again gives others."""

    folder: Path
    name: str
    synthetic: bool
    findings: tuple[Finding, ...]
    difference: Difference | None = None

    @property
    def holds(self) -> bool:
        """Whether everything was looked at and nothing is amiss."""
        return all(one.state == OK for one in self.findings)

    def of(self, part: str) -> tuple[Finding, ...]:
        """Findings of one part."""
        return tuple(one for one in self.findings if one.part == part)


def verify(
    folder: Path, config: Path | None = None, records: Location | None = None, progress: Progress | None = None
) -> Verdict:
    """Say whether a folder of outputs still follows from its inputs.

    Parameters
    ----------
    folder : Path
        That ``justgeo run`` wrote.
    config : Path, optional
        ``district.toml``, where it does not lie where the manifest says, as seen from the folder.
    records : Path or str, optional
        Folder of records, or its URL; those that the run used by default.
    progress : callable, optional
        As for ``run.run_config``.

    Raises
    ------
    OutputError
        There is no manifest, or it is damaged.
    ConfigError
        ``config`` was given and is not there.
    """
    folder = Path(folder)
    told = manifests.read(folder)
    outputs = tuple(_outputs(folder, told))
    path = _config(folder, told, config)
    if path is None:
        remedy = _NAME_IT.format(folder)
        lost = Finding(SETTINGS, DISTRICT, MISSING, "it is not where it lay when the outputs were made", remedy)
        return Verdict(folder, told.slug, told.synthetic, (*outputs, lost))
    try:
        settings = run.read_config(path)
    except JustgeoError as refused:
        if config is not None and not path.exists():
            raise
        return Verdict(folder, told.slug, told.synthetic, (*outputs, *_unreadable(path, told, refused)))
    if settings.slug != told.slug:
        detail = f"{path.name} is of {settings.slug!r}, the outputs are of {told.slug!r}"
        found = Finding(SETTINGS, DISTRICT, CHANGED, detail, _NAME_IT.format(folder))
        return Verdict(folder, settings.name, told.synthetic, (*outputs, found))
    kept = records if records is not None else manifests.records_of(folder, told)
    with tempfile.TemporaryDirectory(prefix="justgeo-verify-") as scratch:
        findings, difference = _made_again(folder, told, settings, Path(scratch) / told.slug, kept, progress)
    return Verdict(folder, settings.name, told.synthetic, (*outputs, *findings), difference)


def _again(config: Path, out: Path, progress: Progress | None, records: Location | None) -> None:
    """The run, made again from what is at hand: nothing is fetched."""
    run.run_config(config, out, progress, records, offline=True)


def _outputs(folder: Path, told: Manifest) -> Iterator[Finding]:
    remedy = "make the outputs anew with `justgeo run`; what was written into them by hand is then lost."
    for name, digest in sorted(told.outputs.items()):
        path = folder / name
        if not path.is_file():
            yield Finding(OUTPUTS, name, MISSING, "it is no longer there", remedy)
        elif sha256(path) != digest:
            yield Finding(OUTPUTS, name, CHANGED, "its bytes are not those that were written", remedy)
        else:
            yield Finding(OUTPUTS, name, OK)


def _config(folder: Path, told: Manifest, given: Path | None) -> Path | None:
    """``district.toml``: the one that is named, the one where the manifest says, or the same one in the package."""
    if given is not None:
        return given / DISTRICT if given.is_dir() else given
    found = manifests.config_of(folder, told)
    if found is not None:
        return found
    digest = told.settings.get(DISTRICT, {}).get("sha256")
    inside = (place / DISTRICT for place in run.embedded() if place.name == told.slug)
    return next((path for path in inside if manifests.digest(path) == digest), None)


def _unreadable(path: Path, told: Manifest, refused: JustgeoError) -> Iterator[Finding]:
    """What is wrong where ``district.toml``, or a file that it names, is refused."""
    same = manifests.digest(path) == told.settings.get(DISTRICT, {}).get("sha256")
    yield Finding(SETTINGS, DISTRICT, OK) if same else Finding(SETTINGS, DISTRICT, CHANGED, "other content", _RUN_AGAIN)
    yield Finding(AGAIN, _THE_RUN, MISSING, refused.message, refused.remedy)


def _made_again(
    folder: Path, told: Manifest, config: RunConfig, scratch: Path, records: Location | None, progress: Progress | None
) -> tuple[list[Finding], Difference | None]:
    """Settings, inputs, program and outputs of the run made again, against those of the manifest."""
    findings = list(_settings(told, config))
    try:
        _again(config.path, scratch, progress, records)
    except JustgeoError as refused:
        findings += _blamed(told, config, refused.message)
        findings.append(Finding(AGAIN, _THE_RUN, MISSING, refused.message, refused.remedy))
        return findings, None
    fresh = manifests.read(scratch)
    findings += _inputs(told, fresh)
    difference = _difference(folder, told, scratch, fresh)
    same = fresh.outputs == told.outputs
    findings += _program(told, fresh, same)
    return [*findings, *_files(told, fresh, difference, findings)], difference


def _settings(told: Manifest, config: RunConfig) -> Iterator[Finding]:
    now = manifests.settings(config)
    for name in dict.fromkeys([*told.settings, *now]):
        before, after = (row.get(name, {}).get("sha256", "") for row in (told.settings, now))
        if before == after:
            yield Finding(SETTINGS, name, OK)
        elif name.startswith("catalogue/"):
            remedy = "install the version of justgeo that made the outputs, or run `justgeo run` again with this one."
            yield Finding(SETTINGS, name, CHANGED, "this version of justgeo has another catalogue", remedy)
        elif not after:
            yield Finding(SETTINGS, name, MISSING, "it is no longer there, or no longer named", _RUN_AGAIN)
        else:
            detail = "other content" if before else "it was not there when the outputs were made"
            yield Finding(SETTINGS, name, CHANGED, detail, _RUN_AGAIN)


def _inputs(told: Manifest, fresh: Manifest) -> Iterator[Finding]:
    for name in dict.fromkeys([*told.inputs, *fresh.inputs]):
        before, after = told.inputs.get(name), fresh.inputs.get(name)
        if before is None:
            why = told.absent_layers.get(name, "it was not asked for")
            yield Finding(INPUTS, name, CHANGED, f"it is new; when the outputs were made: {why}", _RUN_AGAIN)
        elif after is None:
            why = fresh.absent_layers.get(name, "it is not asked for")
            remedy = "put it back, or fetch it again; if it is to be missing, run `justgeo run` again."
            yield Finding(INPUTS, name, MISSING, why, remedy)
        elif before != after:
            yield Finding(INPUTS, name, CHANGED, _told_apart(before, after), _RUN_AGAIN)
        else:
            yield Finding(INPUTS, name, OK)
    for name in [name for name in told.absent_layers if name in fresh.absent_layers]:
        then, now = told.absent_layers[name], fresh.absent_layers[name]
        if then != now:
            yield Finding(INPUTS, name, CHANGED, f"absent then and now; then: {then}; now: {now}", _FETCH)


def _told_apart(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    said = ["other bytes"] * (before["sha256"] != after["sha256"])
    return "; ".join(
        [
            *said,
            *(
                f"{key} {before[key]!r} → {after[key]!r}"
                for key in before
                if key != "sha256" and before[key] != after[key]
            ),
        ]
    )


def _blamed(told: Manifest, config: RunConfig, message: str) -> Iterator[Finding]:
    """Layers whose declared file is gone, all of them, and those of the file that the run stopped at.

    A file that is as it was is not blamed, whatever else the run stopped at.
    """
    for name, path in _declared(told, config):
        if not path.exists():
            yield Finding(INPUTS, name, MISSING, f"{path.name} is no longer there", "put it back.")
        elif _speaks_of(message, name, path) and _moved(path, told.inputs[name]["sha256"]):
            yield Finding(INPUTS, name, CHANGED, f"{path.name} is not what it was", "put the former one back.")


def _declared(told: Manifest, config: RunConfig) -> Iterator[tuple[str, Path]]:
    """Inputs that have a file, or a folder, in ``district.toml``."""
    for name in told.inputs:
        spec = spec_for(name, config.layers)
        if spec is not None:
            yield name, spec.path
    for table in config.tables:
        for column in table.columns:
            name = f"table:{column.indicator}" + ("" if column.group == "all" else f":{column.group}")
            if name in told.inputs:
                yield name, table.spec.path


def _moved(path: Path, sha256: str) -> bool:
    """Whether a file is not what it was; of a folder with many tables, nobody can say without reading them all."""
    return path.is_dir() or manifests.digest(path) != sha256


def _speaks_of(message: str, name: str, path: Path) -> bool:
    """Whether a refusal names the file of a layer; of a survey, the table and the year."""
    found = _SURVEY.fullmatch(name)
    if found is None:
        return re.search(rf"(?<![\w.-]){re.escape(path.name)}(?![\w-])", message) is not None
    table = re.search(rf"(?<![A-Z0-9]){found[1]}(?![A-Z0-9])", message, re.IGNORECASE)
    return table is not None and re.search(rf"(?<!\d){found[2]}(?!\d)", message) is not None


def _difference(folder: Path, told: Manifest, scratch: Path, fresh: Manifest) -> Difference | None:
    """Which numbers the run made again gives otherwise; None where it gives the same, or the first are not there."""
    path = folder / _RESULTS
    if fresh.outputs.get(_RESULTS) == told.outputs[_RESULTS]:
        return None
    if not path.is_file() or sha256(path) != told.outputs[_RESULTS]:
        return None
    with opened(path) as before:
        return differing.compare(Side(before, told), Side(load(scratch / _RESULTS), fresh))


def _program(told: Manifest, fresh: Manifest, same: bool) -> Iterator[Finding]:
    """Versions that are not those of then; amiss only where the outputs are other ones too."""
    before, after = told.program, fresh.program
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) == after.get(name):
            yield Finding(PROGRAM, name, OK)
            continue
        detail = f"{before.get(name, 'nothing')} then, {after.get(name, 'nothing')} now"
        remedy = "" if same else f"install {name} {before.get(name, '')}, or run `justgeo run` again."
        yield Finding(PROGRAM, name, OK if same else CHANGED, detail, remedy)


def _files(
    told: Manifest, fresh: Manifest, difference: Difference | None, findings: Iterable[Finding]
) -> Iterator[Finding]:
    """The outputs made again against the digests of the first, with what else is amiss as the likely reason."""
    likely = listed([one.what for one in findings if one.state != OK])
    reason = f"likely by {likely}" if likely else _BY_HAND
    for name, digest in sorted(told.outputs.items()):
        now = fresh.outputs.get(name)
        if now == digest:
            yield Finding(AGAIN, name, OK)
        elif now is None:
            yield Finding(AGAIN, name, MISSING, "this version of justgeo does not write it", "run `justgeo run` again.")
        elif name == _RESULTS and difference is not None:
            yield Finding(AGAIN, name, CHANGED, f"{_in_short(difference)}; {reason}", _RUN_AGAIN)
        else:
            yield Finding(AGAIN, name, CHANGED, f"other bytes; {reason}", _RUN_AGAIN)


def _in_short(difference: Difference) -> str:
    """``12 records other than before (BEL-02, OPP-01)``."""
    ids = list(dict.fromkeys(change.indicator for change in difference.changes))
    if not ids:
        return (
            f"no record differs, other parts do ({listed(difference.parts) or 'what is told of layers and settings'})"
        )
    if len(difference.of(REASON)) == len(difference.changes):
        return f"no number differs, the reasons of {counted(len(difference.changes), 'absence')} do"
    return f"{counted(len(difference.changes), 'record')} other than before ({listed(ids)})"


# --------------------------------------------------------------------------------------------------------- in words


def words(verdict: Verdict) -> list[str]:
    """What was found: first one screen, then each thing that is amiss with its remedy, then the numbers.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    list of str
        Lines of at most 100 characters.
    """
    said = "the outputs follow from their inputs" if verdict.holds else "NOT verified"
    lines = [f"{verdict.name}: {said}", *[INVENTED] * verdict.synthetic]
    stopped = any(one.what == _THE_RUN for one in verdict.findings)
    for part in PARTS:
        lines += entry(part, _summary(part, verdict.of(part), stopped))
    for (part, state, detail, remedy), names in _alike(verdict.findings).items():
        lines += ["", *item(f"{', '.join(names)} ({part}), {state}: {detail}"), *item(f"  what to do: {remedy}")]
    if verdict.difference is not None:
        lines += ["", "What was written, against what comes of it now", *numbers(verdict.difference)]
    return lines


def _alike(findings: Iterable[Finding]) -> dict[tuple[str, str, str, str], list[str]]:
    """What is amiss, with the things of which the same is to be said in one."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for one in findings:
        if one.state != OK:
            found.setdefault((one.part, one.state, one.detail, one.remedy), []).append(one.what)
    return found


def _summary(part: str, findings: tuple[Finding, ...], stopped: bool) -> str:
    ok = [one for one in findings if one.state == OK]
    word = {OUTPUTS: "as written", AGAIN: "the same bytes"}.get(part, "the same")
    whole = f"{len(ok)} of {len(findings)} {word}"
    if not findings or (stopped and part in (INPUTS, AGAIN)):
        whole = "not made, for the reason below" if part == AGAIN and findings else "not compared"
    said = [whole]
    for state in (CHANGED, MISSING):
        names = [one.what for one in findings if one.state == state and one.what != _THE_RUN]
        said += [f"{state}: {listed(names)}"] * bool(names)
    other = [one.what for one in ok if one.detail]
    said += [f"of another version, which changed nothing: {listed(other)}"] * bool(other)
    return "; ".join(said)
