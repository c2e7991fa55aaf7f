"""Reads the catalogue's YAML strictly into values of core; the only place where YAML is read.

Nothing is guessed: an unknown key is refused with the nearest known one, a word that is not in the vocabulary likewise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from justgeo.catalogue import check as checks
from justgeo.catalogue import datasets as tables
from justgeo.catalogue import models
from justgeo.catalogue import own as owned
from justgeo.catalogue import programmes as funding
from justgeo.catalogue.strict import validated
from justgeo.catalogue.vocabulary import LayerWord as LayerWord
from justgeo.catalogue.vocabulary import Vocabulary as Vocabulary
from justgeo.core import protocol as core
from justgeo.core.budget import Bias, Kept
from justgeo.core.errors import CatalogueError
from justgeo.core.prices import PriceIndex
from justgeo.core.programme import Programme
from justgeo.core.result import Indicator
from justgeo.core.service import Service
from justgeo.core.texts import DEEPEST, refuse_unseen
from justgeo.core.words import suggestion

_PACKAGE = "justgeo.catalogue"
_MOST_BYTES = 1_000_000
_OPENING = (
    yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken, yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken,
)  # fmt: skip
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_MOST_PARTS = 200_000
"""Of a file, what is repeated counted each time; the package's own rows have some thirty thousand."""


@cache
def layers() -> Vocabulary:
    """The vocabulary of ``layers.yml``: layers and groups."""
    raw = _own_file("layers.yml")
    model = validated(models.VocabularyModel, raw, where="layers.yml", error=CatalogueError)
    words = {
        name: LayerWord(
            name, row.title, row.kind, row.source, row.asks, tuple(row.columns), tuple(row.may), tuple(row.gives),
            _kept(name, row),
        )
        for name, row in model.layers.items()
    }  # fmt: skip
    return Vocabulary(words, dict(model.groups))


def _kept(name: str, row: models.LayerModel) -> Kept:
    biases = {of: Bias(name, one.direction, one.told, one.source, one.evidence) for of, one in row.bias.items()}
    complete = row.complete
    if complete is None:
        return Kept(ages=row.ages, biases=biases, no_bias=row.other)
    return Kept(row.ages, True, complete.sign, complete.unknown, biases, row.other)


@cache
def prices() -> PriceIndex:
    """The price index of ``layers.yml``, by which dollars of two years are compared."""
    raw = _own_file("layers.yml")
    model = validated(models.VocabularyModel, raw, where="layers.yml", error=CatalogueError).prices
    return PriceIndex(**model.model_dump())


@cache
def services() -> Mapping[str, Service]:
    """The public services of ``services.yml``, by id."""
    raw = _own_file("services.yml")
    model = validated(models.ServicesModel, raw, where="services.yml", error=CatalogueError)
    return {name: _service(name, row) for name, row in model.services.items()}


@cache
def datasets() -> Mapping[str, Service]:
    """Downloadable tables and designations of ``datasets.yml``, by id; each is its own service."""
    raw = _own_file("datasets.yml")
    model = validated(tables.DatasetsModel, raw, where="datasets.yml", error=CatalogueError)
    return {name: _service(name, row) for name, row in tables.checked(model).datasets.items()}


@cache
def programmes() -> tuple[Programme, ...]:
    """Programmes that fund, of ``programmes.yml``, in the order of the file."""
    raw = _own_file("programmes.yml")
    model = validated(models.ProgrammesModel, raw, where="programmes.yml", error=CatalogueError)
    funding.check(model, {row.id for row in indicators()})
    return tuple(
        Programme(id=name, **{**row.model_dump(), "sources": tuple(row.sources)})
        for name, row in model.programmes.items()
    )


def _service(name: str, row: models.ServiceModel) -> Service:
    return Service(id=name, **{**row.model_dump(), "urls": tuple(url.rstrip("/") for url in row.urls)})


def indicators(path: Path | None = None) -> tuple[Indicator, ...]:
    """The indicators of the catalogue, checked.

    Parameters
    ----------
    path : Path, optional
        Another file of the same form; the package's own ``indicators.yml`` otherwise.

    Returns
    -------
    tuple of Indicator
        In the order of the file. ACS tables named in expressions are among ``inputs`` (``acs:B25003``), those of
        groups among ``optional``.

    Raises
    ------
    CatalogueError
        When the file or a row is not understood.
    """
    if path is None:
        return _own_indicators()
    return _indicators(_file(path), path.name)


@cache
def _own_indicators() -> tuple[Indicator, ...]:
    return _indicators(_own_file("indicators.yml"), "indicators.yml")


def _indicators(raw: Mapping[str, Any], name: str) -> tuple[Indicator, ...]:
    document = validated(models.IndicatorsModel, raw, where=name, error=CatalogueError)
    rows = tuple(_indicator(row, name, number) for number, row in enumerate(document.indicators, start=1))
    check(rows, layers())
    return rows


def _indicator(raw: Mapping[str, Any], name: str, number: int) -> Indicator:
    told = raw.get("id")
    where = f"{name}, indicator {told}" if isinstance(told, str) else f"{name}, row {number}"
    row = validated(models.IndicatorModel, raw, where=where, error=CatalogueError)
    own, split = checks.tables(row.field, row.parameters, row.groups)
    said = row.sentence or _sentences().get(row.id)
    return Indicator(
        id=row.id,
        title=row.title,
        plain=row.plain,
        category=row.category,
        unit=row.unit,
        direction=row.direction,
        field=row.field,
        inputs=_once([*row.inputs, *own]),
        optional=tuple(n for n in _once([*row.optional, *split]) if n not in {*row.inputs, *own}),
        parameters=row.parameters,
        aggregate=row.aggregate,
        weight=row.weight,
        universe=row.universe,
        method=row.method,
        caveat=row.caveat,
        references=tuple(row.references),
        pillars=tuple(row.pillars),
        baseline=tuple(row.baseline),
        outcomes=tuple(row.outcomes),
        groups=row.groups,
        map=row.map,
        areas=row.areas,
        frequency=row.frequency,
        evidence=row.evidence,
        **({} if said is None else _said(said)),
    )


@cache
def _sentences() -> Mapping[str, models.SentenceModel]:
    """The package's own sentences, by indicator."""
    raw = _own_file("sentences.yml")
    return validated(models.SentencesModel, raw, where="sentences.yml", error=CatalogueError).sentences


def _said(told: models.SentenceModel) -> dict[str, Any]:
    return {"who": told.who, "says": told.says, "question": told.question, "wording": told.wording()}


def check_sentences(rows: Iterable[Indicator]) -> None:
    """Refuse the first row without a sentence, and a sentence of the package's own file without a row.

    A run does not ask for it: a row of a planner's own is then told by its title.

    Raises
    ------
    CatalogueError
        Naming the row, and where its sentence belongs.
    """
    for row in rows:
        if not row.says:
            raise CatalogueError(
                f"Indicator {row.id}: there is no sentence.",
                remedy="add 'sentence' to the row, or a row to sentences.yml, with who, says and question.",
            )
    known = {row.id for row in indicators()}
    for name in _sentences():
        if name not in known:
            raise CatalogueError(f"sentences.yml: there is no indicator {name!r}.", remedy=suggestion(name, known))


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def check(rows: Iterable[Indicator], vocabulary: Vocabulary) -> None:
    """Hold the rows against the vocabulary and the Protocol's structure.

    Raises
    ------
    CatalogueError
        Naming the first row that uses an unknown field, parameter, layer, group, category, pillar, baseline item or
        outcome area, whose expression is not understood, or whose id is taken.
    """
    frame = protocol()
    known = datasets()
    words = checks.Words(
        layers=frozenset(name for name, word in vocabulary.layers.items() if word.kind != "bundle")
        | {f"data:{name}" for name in known},
        groups=frozenset(vocabulary.groups) - {"all"},
        block_columns=frozenset(vocabulary.layers["blocks"].may),
        categories=frozenset(c.name for c in frame.categories) | {checks.DEMOGRAPHICS},
        pillars=frozenset(p.id for p in frame.pillars),
        baseline=frozenset(b.id for b in frame.baseline),
        outcomes=frozenset(o.id for o in frame.outcomes),
        tables={name: _columns(row) for name, row in known.items()},
    )
    checks.check(tuple(rows), words)


def _columns(table: Service) -> frozenset[str]:
    """Columns that a downloadable table has once it is read."""
    told = table.options.get("reading", {})
    return frozenset(str(name) for key in ("columns", "classes", "counted") for name in told.get(key, {}))


@cache
def protocol() -> core.Protocol:
    """The Protocol's structure as far as it is publicly readable, from ``protocol.yml``."""
    model = validated(models.ProtocolModel, _own_file("protocol.yml"), where="protocol.yml", error=CatalogueError)
    return core.Protocol(
        name=model.name,
        version=model.version,
        url=model.url,
        phases=tuple(model.phases),
        pillars=tuple(core.Pillar(**_asked(row)) for row in model.pillars),
        categories=tuple(core.Category(**_asked(row)) for row in model.categories),
        outcomes=tuple(core.OutcomeArea(**_asked(row)) for row in model.outcomes),
        baseline=tuple(core.BaselineItem(**dict(row)) for row in model.baseline),
        actions=tuple(core.Action(**dict(row)) for row in model.actions),
        n_commitments=model.n_commitments,
        n_objectives=model.n_objectives,
    )


def _asked(row: models.PillarModel | models.ThemeModel) -> dict[str, Any]:
    return {**dict(row), "questions": tuple(core.Question(one.ask, one.whom) for one in row.questions)}


def own(path: Path) -> core.Own:
    """What a planner read in their own copy of the Protocol: commitments, objectives, actions by their names.

    Parameters
    ----------
    path : Path
        YAML, as ``catalogue/own.py`` tells.

    Raises
    ------
    CatalogueError
        The file is not understood, an id stands twice, or a category, an indicator, an action or a phase is unknown.
    """
    return owned.own(_file(path), path.name, protocol(), {row.id for row in indicators()})


def _own_file(name: str) -> Mapping[str, Any]:
    # The package's own files by libyaml, which is many times faster; a planner's by PyYAML, whose messages say where.
    quick = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return _document(resources.files(_PACKAGE).joinpath(name).read_text(encoding="utf-8"), name, quick)


def _file(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CatalogueError(
                f"{path} has {path.stat().st_size:,} bytes; at most {_MOST_BYTES:,} are read.",
                remedy="name the file that was meant, or keep in it what this district needs.",
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CatalogueError(f"{path} cannot be read ({exc}).", remedy="name a readable YAML file in UTF-8.") from exc
    return _document(text, path.name)


def _document(text: str, name: str, kind: Any = yaml.SafeLoader) -> Mapping[str, Any]:
    try:
        if kind is yaml.SafeLoader:
            _refuse_deep(text, name)
        loader = kind(text)  # looks at the signs of the text already
        try:
            node = loader.get_single_node()
            _check_nodes(node, name)
            raw = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as exc:
        raise CatalogueError(f"{name} is not YAML: {exc}.", remedy="mend the line that it names.") from exc
    # Lists within lists without end; a date or a number that is none, of which YAML's own reader does not say so.
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as exc:
        remedy = "write dates and long numbers in quotes, and lists side by side."
        raise CatalogueError(f"{name} cannot be read as YAML: {exc}.", remedy=remedy) from exc
    if not isinstance(raw, dict) or not all(isinstance(key, str) for key in raw):
        raise CatalogueError(f"{name} holds no keys with values.", remedy="begin it as the package's own file begins.")
    return refuse_unseen(raw, name, CatalogueError)


def _refuse_deep(text: str, name: str) -> None:
    """Stop at the first part that is nested too deep: the reader's time grows with the square of the depth."""
    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > DEEPEST:
            raise CatalogueError(
                f"{name}, line {token.start_mark.line + 1}: its parts are nested more than {DEEPEST} deep.",
                remedy="write lists and tables side by side.",
            )


def _check_nodes(root: yaml.Node | None, name: str) -> None:
    """A key written twice, of which YAML would take the last one, silently; parts that unfold without end."""
    left = [] if root is None else [(root, 0)]
    seen = 0
    while left:
        node, depth = left.pop()
        seen += 1
        # A part that is named (&a) and repeated (*a) counts each time; one that holds itself is too deep.
        if seen > _MOST_PARTS or depth > DEEPEST:
            raise CatalogueError(
                f"{name}, line {node.start_mark.line + 1}: its parts unfold to more than can be read.",
                remedy=f"write out what is repeated (* and &), and nest no more than {DEEPEST} deep.",
            )
        if isinstance(node, yaml.SequenceNode):
            left += [(item, depth + 1) for item in node.value]
        elif isinstance(node, yaml.MappingNode):
            _refuse_twice(node, name)
            left += [(part, depth + 1) for pair in node.value for part in pair]


def _refuse_twice(node: yaml.MappingNode, name: str) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in seen:
            raise CatalogueError(
                f"{name}, line {key.start_mark.line + 1}: the key {key.value!r} stands twice.",
                remedy="keep one of the two.",
            )
        seen.add(str(key.value))
