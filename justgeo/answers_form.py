"""The form of ``answers.yml``: which keys there are and what each may hold, for the file and for the sheet alike."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import Field, create_model, field_validator, model_validator

from justgeo.catalogue.strict import Strict, validated
from justgeo.core.answers import FORMS, STATE, Answers, Column, Entry, Target
from justgeo.core.errors import ConfigError
from justgeo.core.texts import unseen

LONGEST = 5_000
"""Characters of one answer."""
SHORT = 300
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_PERCENT = re.compile(r"(-?\d+(?:\.\d+)?)\s*%")
_OWN = ("text", "by", "name", "date", "evidence", "publish", "publish_name")


def clean(text: str, longest: int = LONGEST) -> str:
    """A text as it is kept: without spaces at its ends.

    Raises
    ------
    ValueError
        It is too long, or holds signs that steer a machine and say nothing to a reader.
    """
    made = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(made) > longest:
        raise ValueError(
            f"a text has {len(made):,} characters. | shorten it to {longest:,}, or name a file as evidence."
        )
    bad = unseen(made)
    if bad is not None:
        raise ValueError(f"a text holds the sign {bad[1]!r}, which cannot be seen. | take it out.")
    return made


def evidence(told: str) -> str:
    """An address of the web, or the way to a file from the file of answers.

    Raises
    ------
    ValueError
        It is neither, or leads out of the folder.
    """
    made = clean(told, SHORT)
    try:
        parts = urlsplit(made)
        is_address = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if is_address:
        if re.search(r"\s", made):
            raise ValueError(f"{made[:60]!r} has a space in it. | write the address in one piece.")
        return made
    way = PurePosixPath(made)
    inside = made and ":" not in made and "\\" not in made and "\n" not in made and not way.is_absolute()
    if not inside or ".." in way.parts or any(part.startswith(".") for part in way.parts):
        raise ValueError(
            f"{made[:60]!r} is no evidence. | write an address (https://...), or a file in the folder of the answers "
            "such as evidence/minutes.pdf."
        )
    return made


class _Said(Strict):
    """What every entry may hold."""

    text: str = ""
    by: str = ""
    name: str = ""
    date: str = ""
    evidence: list[str] = []
    publish: bool = False
    publish_name: bool = False

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_empty(cls, given: Any) -> Any:
        """A key without a value is one that was not filled in."""
        return {k: v for k, v in given.items() if v is not None} if isinstance(given, dict) else given

    @field_validator("date", mode="before")
    @classmethod
    def _day(cls, given: Any) -> Any:
        told = given
        if isinstance(given, datetime.datetime):
            told = given.date().isoformat()
        elif isinstance(given, datetime.date):
            told = given.isoformat()
        elif isinstance(given, int) and not isinstance(given, bool):
            told = str(given)
        told = told.strip() if isinstance(told, str) else told
        if isinstance(told, str) and told and not _DATE.fullmatch(told):
            raise ValueError(f"{told[:40]!r} is no date. | write 2026, 2026-03 or 2026-03-14.")
        return told

    @field_validator("publish", "publish_name", mode="before")
    @classmethod
    def _yes(cls, given: Any) -> Any:
        words = {"yes": True, "true": True, "no": False, "false": False}
        return words.get(given.strip().lower(), given) if isinstance(given, str) else given

    @field_validator("evidence", mode="before")
    @classmethod
    def _one_or_more(cls, given: Any) -> Any:
        several = [given] if isinstance(given, str) else given
        if isinstance(several, list) and all(isinstance(one, str) for one in several):
            return list(dict.fromkeys(evidence(one) for one in several if one.strip()))
        return several

    @field_validator("text")
    @classmethod
    def _text(cls, given: str) -> str:
        return clean(given)

    @field_validator("by", "name")
    @classmethod
    def _line(cls, given: str) -> str:
        return " ".join(clean(given, SHORT).split())

    @model_validator(mode="after")
    def _says_something(self) -> _Said:
        if not (self.text or self.evidence or any(self.further().values())):
            raise ValueError("an entry says nothing. | give it a text, or take it out.")
        return self

    def further(self) -> dict[str, str]:
        """Columns of its form that were filled in."""
        return {key: value for key, value in self.__dict__.items() if key not in _OWN and value}

    def entry(self) -> Entry:
        """As a value of core."""
        told = {key: getattr(self, key) for key in _OWN if key != "evidence"}
        return Entry(**told, evidence=tuple(self.evidence), more=self.further())


class _Row(_Said):
    """A row of a form; the models below add its columns."""

    @field_validator("*", mode="after")
    @classmethod
    def _no_signs(cls, given: Any) -> Any:
        return clean(given) if isinstance(given, str) else given


class _Aim(Strict):
    indicator: str = Field(min_length=1)
    target: float | str
    year: int = Field(ge=2000, le=2200)
    group: str = "all"
    note: str = ""
    by: str = ""
    publish: bool = False

    @field_validator("target")
    @classmethod
    def _number(cls, given: float | str) -> float | str:
        if isinstance(given, str) and not _PERCENT.fullmatch(given.strip()):
            raise ValueError(
                f'{given[:40]!r} is no number. | write a number, or a percentage in quotes such as "30 %".'
            )
        if isinstance(given, float) and not math.isfinite(given):
            raise ValueError("a target has to be a number. | write one such as 0.3.")
        return given

    @field_validator("note", "by")
    @classmethod
    def _line(cls, given: str) -> str:
        return clean(given)


@cache
def _models() -> dict[str, type[_Said]]:
    forms = {form.key: _model(form.key, _Row, form.columns) for form in FORMS}
    return {"items": _model("items", _Said, (STATE,)), **forms}


def _model(key: str, base: type[_Said], columns: Iterable[Column]) -> type[_Said]:
    fields: dict[str, Any] = {one.key: (Literal[(*one.words, "")] if one.words else str, "") for one in columns}
    return cast(type[_Said], create_model(f"_{key}", __base__=base, **fields))


@cache
def _keys() -> type[Strict]:
    """The keys of the whole file."""
    lists: dict[str, Any] = {form.key: (Any, None) for form in FORMS}
    return create_model("_Keys", __base__=Strict, items=(Any, None), targets=(Any, None), **lists)


def answers(raw: Mapping[str, Any], where: str, units: Mapping[str, str]) -> Answers:
    """What the file says, checked.

    Parameters
    ----------
    raw : mapping
        Plain values.
    where : str
        For the message.
    units : mapping of str to str
        Unit of each indicator, for targets in percent.

    Raises
    ------
    ConfigError
        A key, a word or a value is not understood, with the nearest one that would be.
    """
    validated(_keys(), raw, where=where, error=ConfigError)
    items = {} if raw.get("items") is None else raw["items"]
    if not isinstance(items, Mapping):
        raise ConfigError(
            f"{where}: 'items' holds no ids with answers.", remedy='write a line such as GW-1: "Forty came."'
        )
    said = {item: _entries("items", told, f"{where}, {item}") for item, told in items.items()}
    forms = {form.key: _entries(form.key, raw.get(form.key), f"{where}, {form.key}") for form in FORMS}
    rows = _listed(raw.get("targets"), f"{where}, targets")
    targets = tuple(target(row, f"{where}, targets, entry {n}", units) for n, row in enumerate(rows, start=1))
    return Answers(_filled(said), _filled(forms), targets)


def _filled(told: Mapping[str, tuple[Entry, ...]]) -> dict[str, tuple[Entry, ...]]:
    return {key: entries for key, entries in told.items() if entries}


def _listed(raw: Any, where: str) -> list[Any]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise ConfigError(f"{where}: this is no list.", remedy="begin each entry with a dash: - text: ...")
    return raw


def _entries(key: str, raw: Any, where: str) -> tuple[Entry, ...]:
    several = [raw] if isinstance(raw, str) and key == "items" else _listed(raw, where)
    return tuple(entry(key, row, f"{where}, entry {n}") for n, row in enumerate(several, start=1))


def entry(key: str, raw: Any, where: str) -> Entry:
    """One entry of ``items`` or of a form; a text alone is an entry that says nothing else.

    Raises
    ------
    ConfigError
    """
    told = {"text": raw} if isinstance(raw, str) else raw
    if not isinstance(told, Mapping):
        raise ConfigError(
            f"{where}: {raw!r} is no entry.", remedy='write it as a text in quotes, or with keys: text: "..."'
        )
    return validated(_models()[key], told, where=where, error=ConfigError).entry()


def target(raw: Any, where: str, units: Mapping[str, str]) -> Target:
    """One target, in the unit of its record; of an indicator that is not there it is taken as it stands.

    Raises
    ------
    ConfigError
    """
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where}: {raw!r} is no target.", remedy="write indicator, target and year.")
    given = {key: value for key, value in raw.items() if value is not None}
    number = given.get("target")
    if isinstance(number, int) and not isinstance(number, bool):
        given["target"] = float(number)
    if isinstance(given.get("publish"), str):
        given["publish"] = {"yes": True, "no": False}.get(given["publish"].strip().lower(), given["publish"])
    told = validated(_Aim, given, where=where, error=ConfigError)
    value = _valued(told, where, units.get(told.indicator))
    return Target(told.indicator, value, told.year, told.group, told.note, told.by, told.publish)


def _valued(told: _Aim, where: str, unit: str | None) -> float:
    if isinstance(told.target, str):
        percent = _PERCENT.fullmatch(told.target.strip())
        assert percent is not None
        if unit not in ("share", None):
            raise ConfigError(
                f"{where}: {told.indicator} is in {unit}, and the target is {told.target!r}.",
                remedy="write the number in that unit, without the sign.",
            )
        return float(percent[1]) / 100
    if unit == "share" and not -1 <= told.target <= 1:
        raise ConfigError(
            f"{where}: {told.indicator} is a share from 0 to 1, and the target is {told.target:g}.",
            remedy=f'write {told.target / 100:g}, or "{told.target:g} %" in quotes.',
        )
    return float(told.target)
