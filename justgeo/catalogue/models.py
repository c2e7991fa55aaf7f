"""The form of the catalogue's files, and of a planner's list of commitments."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, model_validator

from justgeo.catalogue.strict import Strict
from justgeo.core.protocol import Evidence

_PLACES = ("value", "number", "reference", "earlier")
"""What a sentence may leave open: its number with and without its unit, the reference, years of the earlier survey."""


class CompleteModel(Strict):
    unknown: str = Field(min_length=1)
    sign: str = ""


class BiasModel(Strict):
    direction: Literal["low", "high", "either"]
    told: str = Field(min_length=1)
    source: str = Field(pattern=r"https://")
    evidence: Literal["V", "M"]


class LayerModel(Strict):
    title: str
    kind: Literal["polygons", "lines", "points", "table", "network", "feed", "grid", "bundle"]
    source: str
    asks: str
    columns: list[str] = []
    may: list[str] = []
    gives: list[str] = []
    ages: bool = True
    complete: CompleteModel | None = None
    bias: dict[str, BiasModel] = {}
    other: str = ""

    @model_validator(mode="after")
    def _grids_are_told_of(self) -> LayerModel:
        """How a grid reads is never passed over in silence."""
        if (self.kind == "grid") != bool(self.other) or (self.bias and self.kind != "grid"):
            raise ValueError(
                "a grid, and it alone, says what is known of its bias. | write 'other', and 'bias' if known."
            )
        return self


class PricesModel(Strict):
    name: str = Field(min_length=1)
    source: str = Field(min_length=1)
    url: str = Field(min_length=1)
    note: str = ""
    averages: dict[int, float]


class VocabularyModel(Strict):
    layers: dict[str, LayerModel]
    groups: dict[str, str]
    prices: PricesModel


class ServiceModel(Strict):
    title: str = Field(min_length=1)
    publisher: str = Field(min_length=1)
    urls: list[str] = Field(min_length=1)
    page: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    attribution: str = ""
    asks: str = ""
    seen: str = Field(pattern=r"^20\d{2}-\d{2}$")
    evidence: Literal["V", "M"]
    options: dict[str, Any] = {}


class ServicesModel(Strict):
    services: dict[str, ServiceModel]


class ProgrammeModel(Strict):
    title: str = Field(min_length=1)
    agency: str = Field(min_length=1)
    rule: str = Field(min_length=1)
    official: str = Field(min_length=1)
    submit: Literal["theirs", "either", "lapsed"]
    status: str = Field(min_length=1)
    seen: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")
    url: str = Field(pattern=r"^https://\S+$")
    indicator: str = ""
    threshold: float | None = None
    differs: str = Field(min_length=1)
    evidence: Literal["V", "D", "M"]
    sources: list[str]


class ProgrammesModel(Strict):
    programmes: dict[str, ProgrammeModel]


class SentenceModel(Strict):
    who: str = Field(min_length=1)
    says: str = Field(min_length=1)
    question: str = Field(pattern=r"^[A-Z].+\?$")
    asks: str = ""
    less: str = ""
    none: str = ""
    grouped: str = ""
    higher: str = ""
    lower: str = ""

    @model_validator(mode="after")
    def _fits(self) -> SentenceModel:
        """Either who does what, or a whole sentence with its number, and then what is asked where it has none."""
        for text in (self.who, self.says, self.question, *self.wording().values()):
            unknown = [place for place in re.findall(r"\{(.*?)\}", text) if place not in _PLACES]
            if unknown:
                raise ValueError(f"{text!r} has the place {unknown[0]!r}. | write one of {', '.join(_PLACES)}.")
            if text.endswith("."):
                raise ValueError(f"{text!r} ends with a period. | leave it away: it is set where the sentence ends.")
        if not _numbered(self.says):
            return self._predicate()
        if not self.asks:
            raise ValueError("a whole sentence needs 'asks'. | add what is not known without it: 'how much ...'.")
        if any(text and not _numbered(text) for text in (self.less, self.grouped)):
            raise ValueError("'less' and 'grouped' are whole sentences. | write {value} or {number} where it stands.")
        if bool(self.higher) != bool(self.lower):
            raise ValueError("'higher' and 'lower' come together. | add the other one.")
        return self

    def _predicate(self) -> SentenceModel:
        if self.says[:1].isupper() or self.wording():
            raise ValueError(
                f"says = {self.says!r} is a whole sentence without a number. | begin what <who> do with a small letter "
                "and add nothing else, or write {value} where the number stands."
            )
        return self

    def wording(self) -> dict[str, str]:
        """What a whole sentence takes besides."""
        names = ("asks", "less", "none", "grouped", "higher", "lower")
        return {name: text for name in names if (text := getattr(self, name))}


def _numbered(text: str) -> bool:
    return "{value}" in text or "{number}" in text


class SentencesModel(Strict):
    sentences: dict[str, SentenceModel]


class IndicatorModel(Strict):
    id: str = Field(pattern=r"^[A-Z]{3}-\d{2}(\.[A-Za-z0-9-]+)?$")
    title: str = Field(min_length=1)
    plain: str = Field(min_length=1)
    category: str
    unit: str = Field(min_length=1)
    direction: Literal["up", "down", "neutral"]
    field: str
    inputs: list[str] = []
    optional: list[str] = []
    parameters: dict[str, Any] = {}
    aggregate: Literal["sum", "share", "ratio", "mean", "density", "median", "class", "difference", "zone"]
    weight: Literal["persons", "households", "land"]
    universe: str = Field(min_length=1)
    method: str = Field(min_length=1)
    caveat: str = Field(min_length=1)
    references: list[str] = Field(min_length=1)
    pillars: list[str] = []
    baseline: list[str] = []
    outcomes: list[str] = []
    groups: dict[str, dict[str, Any]] = {}
    map: Literal["block group", "tract", "none"] = "tract"
    areas: bool = True
    frequency: str = Field(min_length=1)
    evidence: Literal["V", "M", "D"] = "V"
    sentence: SentenceModel | None = None


class IndicatorsModel(Strict):
    shared: dict[str, Any] = {}
    indicators: list[dict[str, Any]]


class QuestionModel(Strict):
    ask: str = Field(pattern=r".+\?$")
    whom: str = Field(min_length=1)


class PillarModel(Strict):
    id: str
    name: str
    text: str
    status: Evidence
    source: str
    questions: list[QuestionModel] = Field(min_length=1)


class ThemeModel(Strict):
    id: str
    name: str
    status: Evidence
    source: str
    questions: list[QuestionModel] = []


class BaselineModel(Strict):
    id: str
    name: str
    status: Evidence
    source: str
    absent: str
    partly: str = ""
    note: str = ""


class ActionModel(Strict):
    id: str
    name: str | None
    phase: str | None
    text: str
    question: str = ""
    status: Evidence
    phase_status: Evidence
    source: str
    is_baseline: bool = False


class ObjectiveModel(Strict):
    id: str
    name: str
    indicators: list[str] = []
    question: str = ""


class CommitmentModel(Strict):
    id: str
    name: str
    category: str
    goal: str = ""
    question: str = ""
    indicators: list[str] = []
    objectives: list[ObjectiveModel] = []


class OwnActionModel(Strict):
    id: str
    name: str
    phase: str | None = None
    text: str = ""
    question: str = ""


class ProtocolModel(Strict):
    name: str
    version: str
    url: str
    phases: list[str]
    pillars: list[PillarModel]
    categories: list[ThemeModel]
    outcomes: list[ThemeModel]
    baseline: list[BaselineModel]
    actions: list[ActionModel]
    n_commitments: int
    n_objectives: int


class CommitmentsModel(Strict):
    source: str
    commitments: list[CommitmentModel] = []
    actions: list[OwnActionModel] = []
