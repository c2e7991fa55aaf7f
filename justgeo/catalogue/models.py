"""The form of the catalogue's files, and of a planner's list of commitments."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from justgeo.catalogue.strict import Strict
from justgeo.core.protocol import Evidence


class LayerModel(Strict):
    title: str
    kind: Literal["polygons", "lines", "points", "table", "network", "feed", "grid", "bundle"]
    source: str
    asks: str
    columns: list[str] = []
    may: list[str] = []
    gives: list[str] = []


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


class CommitmentModel(Strict):
    id: str
    name: str
    category: str
    indicators: list[str] = []
    objectives: list[ObjectiveModel] = []


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
    commitments: list[CommitmentModel]
