"""``district.toml`` to a frozen ``RunConfig``: what a planner wrote, refused where it cannot be meant.

Paths are relative to the file that names them. Whether a layer's file can be read is for its reader to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from justgeo import answers as said
from justgeo.catalogue import read as catalogue
from justgeo.catalogue.strict import validated
from justgeo.core.answers import NOTHING_SAID, Answers
from justgeo.core.errors import ConfigError
from justgeo.core.spec import (
    CROSSWALK,
    SURVEY_YEARS,
    LayerSpec,
    TableColumn,
    TableSpec,
    earlier_surveys,
    reported_survey,
)
from justgeo.core.spec import EARLIER as EARLIER
from justgeo.core.toml import parsed
from justgeo.core.words import suggestion
from justgeo.district_file import (
    ACS_YEAR,
    ColumnTable,
    DistrictFile,
    LayersFile,
    ReferenceTable,
    ShapeTable,
    TableTable,
    slugify,
)
from justgeo.fetch_settings import DATA, Fetching, fetching

LOCAL = "protocol.local.yml"
"""What a planner read in their own copy of the Protocol, where it lies beside ``district.toml``."""

MOST_BYTES = 4_000_000
"""Of a ``district.toml``; one with all tracts of a state as GEOIDs has some hundred thousand."""

_COLUMN_KINDS = {"acs_share": ("count", "percent"), "acs_count": ("count",), "acs_median": ("median",)}
_VARIANT = re.compile(rf"((blocks|block_groups|tracts|counties|areas|acs)[_@]\w+|{CROSSWALK}_\d\d)")


@dataclass(frozen=True)
class RunConfig:
    """Everything that one run is told.

    Attributes
    ----------
    path, base : Path
        The file that it was read from, and its folder, from which relative paths start.
    name, slug : str
    boundary : mapping
        ``file`` and what to take out of it, in the form of ``sources.files.read_boundary``; empty where the district
        is a list of GEOIDs, or comes with the invented layers.
    geoids : tuple of str
    reference_name : str
    reference_file : mapping or None
        As ``boundary``.
    reference_geoids : tuple of str
        Counties; empty for those that the district lies in.
    acs_year : int
        End year of the newest ACS period.
    layers : mapping of str to LayerSpec
        The planner's own areas among them, under ``areas``.
    tables : tuple of TableSpec
    absent : mapping of str to str
        In the planner's words, why a layer is not there.
    invented_seed : int or None
    synthetic : bool
        True once layers of an invented place were filled in.
    commitments : Path or None
    answers : Answers
        What the community said, the part that is not to be shown too.
    answers_file : Path
        Where it stands, or will.
    protections : tuple of str
        Of tenants, as residents and the city name them; they stand beside the figures of displacement.
    metro : tuple of str
        Counties of the metro area, which the typology of displacement is held against besides, for analysts.
    base_years : tuple of int
        End years of still other earlier surveys, for the same.
    output : Path
        ``out/<slug>`` in the working folder unless the file says otherwise.
    language : str
    fetch : Fetching or None
        None where nothing is to be fetched.
    acs_before : int or None
        End year of an earlier ACS period, to fetch for comparison.
    """

    path: Path
    base: Path
    name: str
    slug: str
    boundary: Mapping[str, Any] = field(default_factory=dict)
    geoids: tuple[str, ...] = ()
    reference_name: str = ""
    reference_file: Mapping[str, Any] | None = None
    reference_geoids: tuple[str, ...] = ()
    acs_year: int = ACS_YEAR
    layers: Mapping[str, LayerSpec] = field(default_factory=dict)
    tables: tuple[TableSpec, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    invented_seed: int | None = None
    synthetic: bool = False
    commitments: Path | None = None
    answers: Answers = NOTHING_SAID
    answers_file: Path = Path(said.NAME)
    protections: tuple[str, ...] = ()
    metro: tuple[str, ...] = ()
    base_years: tuple[int, ...] = ()
    output: Path = Path("out")
    language: str = "en"
    fetch: Fetching | None = None
    acs_before: int | None = None

    @property
    def reported(self) -> int | None:
        """End year of the earlier survey that is reported: see `reported_survey`."""
        asks = self.fetch is not None and self.fetch.census
        return reported_survey(self.layers, self.acs_before, self.base_years, asks=asks)

    @property
    def boundary_label(self) -> str:
        """The boundary in words that name no folder: ``"district.geojson"``, ``"of 12 GEOIDs"``."""
        if self.geoids:
            return f"of {len(self.geoids)} GEOIDs"
        return Path(str(self.boundary.get("file", ""))).name


def read(path: Path) -> RunConfig:
    """Read ``district.toml``.

    Parameters
    ----------
    path : Path
        The file, or the folder that holds it.

    Returns
    -------
    RunConfig

    Raises
    ------
    ConfigError
        The file is missing or no TOML; a key is missing, unknown or has a value that cannot be used; a layer, an
        indicator or a group is not in the vocabulary. Each with the nearest word that would be understood.
    """
    path = path / "district.toml" if path.is_dir() else path
    told = validated(DistrictFile, _toml(path), where=path.name, error=ConfigError)
    folder = path.parent
    answers_file = _answers_file(told.protocol.answers, folder)
    slug = told.district.slug or slugify(told.district.name)
    _check_place(told, slug, path.name)
    _check_words(told, path.name)
    layers = {layer: row.spec(layer, folder) for layer, row in told.layers.items()}
    if told.areas is not None:
        layers["areas"] = told.areas.spec("areas", folder)
    if told.canopy.biome is not None:
        layers["biome"] = LayerSpec("biome", path, {"value": told.canopy.biome})
    year = _acs_year(told, layers, path.name)
    fetch = fetching(told, folder, path.name)
    asks = fetch is not None and fetch.census
    _check_earlier(told.vintages.acs_t0, year, layers, path.name, asks=asks)
    reference = told.reference or ReferenceTable()
    return RunConfig(
        path=path,
        base=folder,
        name=told.district.name,
        slug=slug,
        boundary=_boundary(told.district.boundary),
        geoids=tuple(told.district.geoids),
        reference_name=reference.name,
        reference_file=_boundary(reference) or None,
        reference_geoids=tuple(reference.geoids),
        acs_year=year,
        layers=_with_year(layers, year),
        tables=tuple(_table(row, folder) for row in told.tables),
        absent=dict(told.absent),
        invented_seed=None if told.invented is None else told.invented.seed,
        commitments=_existing(told.protocol.commitments, folder, "protocol.commitments") or _beside(folder, LOCAL),
        answers=said.read(answers_file),
        answers_file=answers_file,
        protections=tuple(told.displacement.protections),
        metro=tuple(told.displacement.metro),
        base_years=_base_years(told, year, layers, path.name, asks=asks),
        output=Path("out") / slug if told.output.folder is None else folder / told.output.folder,
        language=told.output.language,
        fetch=fetch,
        acs_before=told.vintages.acs_t0,
    )


def with_layers(config: RunConfig, path: Path, *, synthetic: bool = False) -> RunConfig:
    """Add the layers that a ``layers.toml`` declares; those of ``district.toml`` take precedence.

    Parameters
    ----------
    config : RunConfig
    path : Path
        A file of ``[layers.<name>]`` tables, paths relative to it. Where ``config`` has neither boundary nor GEOIDs,
        ``district.geojson`` beside it is the boundary.
    synthetic : bool
        Mark the run as invented.

    Raises
    ------
    ConfigError
    """
    told = validated(LayersFile, _toml(path), where=path.name, error=ConfigError)
    added = {layer: row.spec(layer, path.parent) for layer, row in told.layers.items()}
    boundary = config.boundary
    if not boundary and not config.geoids:
        boundary = {"file": str((path.parent / "district.geojson").resolve())}
    layers = {**added, **config.layers}
    made = replace(config, layers=layers, boundary=boundary, synthetic=config.synthetic or synthetic)
    return replace(made, base_years=_others(layers, config.base_years, made.reported))


def _toml(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(
                f"{path} has {path.stat().st_size:,} bytes; at most {MOST_BYTES:,} are read.",
                remedy="keep data in files of their own, and name them in it.",
            )
        # Editors on Windows like to begin a file with a byte-order mark, which TOML does not know.
        return parsed(path.read_text(encoding="utf-8-sig"), path.name)
    except FileNotFoundError as exc:
        folder = path.parent if path.suffix else path
        remedy = f"make it with: justgeo init {folder} --boundary FILE"
        raise ConfigError(f"{path} does not exist.", remedy=remedy) from exc
    except OSError as exc:
        raise ConfigError(
            f"{path} cannot be read ({exc.strerror}).", remedy="check its name and your rights to it."
        ) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path} is not in UTF-8.", remedy="save it as UTF-8 in your editor.") from exc


def _boundary(told: ShapeTable | None) -> dict[str, Any]:
    return {} if told is None else told.model_dump(exclude_none=True, exclude={"name", "geoids"})


def _check_place(told: DistrictFile, slug: str, name: str) -> None:
    """A district is given in one way; an invented place says so in its name, and a real one does not."""
    boundary, geoids = told.district.boundary, told.district.geoids
    if boundary is not None and boundary.file is None:
        raise ConfigError(f"{name}: the boundary names no file.", remedy='write boundary = "district.geojson".')
    if boundary is not None and geoids:
        raise ConfigError(f"{name}: the district has both a boundary and geoids.", remedy="keep one of the two.")
    if told.invented is None and boundary is None and not geoids:
        raise ConfigError(
            f"{name}: the district has no boundary.",
            remedy='add boundary = "district.geojson" or geoids = ["51540000201"].',
        )
    if told.invented is not None and not slug.endswith("-invented"):
        raise ConfigError(
            f"{name}: the slug {slug!r} hides that the place is invented.", remedy=f"write slug = '{slug}-invented'."
        )
    if told.reference is not None and told.reference.file is not None and told.reference.geoids:
        raise ConfigError(f"{name}: the reference has both a file and geoids.", remedy="keep one of the two.")


def _check_words(told: DistrictFile, name: str) -> None:
    vocabulary = catalogue.layers()
    known = set(vocabulary.layers) - {CROSSWALK}  # one a state: crosswalk_51
    for key, names in (("layers", told.layers), ("absent", told.absent)):
        for layer in names:
            if (
                layer not in known
                and not _VARIANT.fullmatch(layer)
                and layer.removeprefix(DATA) not in (catalogue.datasets() if layer.startswith(DATA) else ())
                and not (key == "absent" and vocabulary.knows_layer(layer))
            ):
                near = suggestion(layer, known | {f"{CROSSWALK}_51"})
                raise ConfigError(f"{name}: unknown layer '{key}.{layer}'.", remedy=near)
    for table in told.tables:
        for column in table.columns:
            _check_column(column, name)


def _check_column(column: ColumnTable, name: str) -> None:
    """A declared column must be one that an indicator will take; none is read and then left lying."""
    rows = {row.id: row for row in catalogue.indicators()}
    row = rows.get(column.indicator)
    if row is None:
        raise ConfigError(
            f"{name}: a table names the unknown indicator {column.indicator!r}.",
            remedy=suggestion(column.indicator, rows),
        )
    if column.kind not in _COLUMN_KINDS.get(row.field, ()):
        ways = " or ".join(_COLUMN_KINDS.get(row.field, ())) or "none: it is measured from its layers"
        raise ConfigError(
            f"{name}: a table gives {row.id} as a {column.kind}.", remedy=f"{row.id} takes this kind of column: {ways}."
        )
    if row.field == "acs_share" and column.denominator is None:
        raise ConfigError(
            f"{name}: a table gives the share {row.id} without its denominator.",
            remedy="add denominator, the column with the whole.",
        )
    if column.group not in ("all", *row.groups):
        raise ConfigError(
            f"{name}: a table gives {row.id} for the group {column.group!r}.",
            remedy=suggestion(column.group, ("all", *row.groups)),
        )


def _acs_year(told: DistrictFile, layers: Mapping[str, LayerSpec], name: str) -> int:
    """One year for the ACS, named once: under vintages, or with the layer."""
    own = layers["acs"].options.get("year") if "acs" in layers else None
    asked = told.vintages.acs
    if own is not None and asked is not None and own != asked:
        raise ConfigError(
            f"{name}: vintages.acs is {asked} and layers.acs.year is {own}.", remedy="name the year once."
        )
    year = asked or own or ACS_YEAR
    years = {"acs": year, **{n: s.options.get("year") for n, s in layers.items() if n.startswith("acs_")}}
    for layer, told_year in years.items():
        if not isinstance(told_year, int) or isinstance(told_year, bool):
            raise ConfigError(
                f"{name}: layers.{layer}.year = {told_year!r} is no year.",
                remedy=f"write the last year of the period: year = {ACS_YEAR}.",
            )
    return int(year)


def _check_earlier(before: int | None, year: int, layers: Mapping[str, LayerSpec], name: str, *, asks: bool) -> None:
    """The survey of an earlier time is named once, shares no year with the newer one, and is to be had."""
    declared = earlier_surveys(layers)
    for layer, stands in declared.items():
        said = re.fullmatch(rf"{EARLIER}_(\d{{4}})", layer)
        if said is not None and int(said[1]) != stands:
            raise ConfigError(
                f"{name}: layers.{layer}.year is {stands}, and its name says {said[1]}.", remedy="mend one of them."
            )
    if before is None:
        return
    if year - before < SURVEY_YEARS:
        raise ConfigError(
            f"{name}: vintages.acs_t0 = {before} shares years with the survey of {year}, so a change could not be told "
            "from noise.",
            remedy=f"name a year at least {SURVEY_YEARS} earlier: acs_t0 = {year - SURVEY_YEARS}.",
        )
    own = layers["acs_t0"].options.get("year") if "acs_t0" in layers else before
    if own != before:
        raise ConfigError(
            f"{name}: vintages.acs_t0 is {before} and layers.acs_t0.year is {own}.", remedy="name the year once."
        )
    if declared and before not in declared.values() and not asks:
        raise ConfigError(
            f"{name}: vintages.acs_t0 is {before}, and the earlier tables that are declared are of "
            f"{', '.join(map(str, sorted(set(declared.values()))))}.",
            remedy=f"declare those of {before} ([layers.{EARLIER}], year = {before}), let [fetch] ask for them, or "
            f"name a year that is there: acs_t0 = {min(declared.values())}.",
        )


def _base_years(
    told: DistrictFile, year: int, layers: Mapping[str, LayerSpec], name: str, *, asks: bool
) -> tuple[int, ...]:
    """Earlier surveys beside the one that is reported: those that are asked for, and every other one declared."""
    asked, named = told.displacement.base_years, told.vintages.acs_t0
    reported = reported_survey(layers, named, asked, asks=asks)
    for one in asked:
        same = one in (reported, named)
        if same or year - one < SURVEY_YEARS:
            why = "is the survey compared with already" if same else f"shares years with that of {year}"
            raise ConfigError(
                f"{name}: displacement.base_years names {one}, which {why}.",
                remedy=f"name another year, at least {SURVEY_YEARS} before {year}, or take it out.",
            )
    return _others(layers, asked, reported)


def _others(layers: Mapping[str, LayerSpec], asked: Iterable[int], reported: int | None) -> tuple[int, ...]:
    return tuple(sorted({*asked, *earlier_surveys(layers).values()} - {reported}))


def _with_year(layers: Mapping[str, LayerSpec], year: int) -> Mapping[str, LayerSpec]:
    """The ACS layer with its year, which its reader wants to be told."""
    acs = layers.get("acs")
    return layers if acs is None else {**layers, "acs": replace(acs, options={"year": year, **acs.options})}


def _table(row: TableTable, folder: Path) -> TableSpec:
    columns = tuple(TableColumn(**column.model_dump()) for column in row.columns)
    return TableSpec(
        row.spec(f"table:{Path(row.path).stem}", folder), row.geoid, row.geography, row.geography_vintage, columns
    )


def _existing(given: str | None, folder: Path, key: str) -> Path | None:
    if given is None:
        return None
    path = folder / given
    if not path.is_file():
        raise ConfigError(
            f"{key} = {given!r}: there is no such file.",
            remedy=f"put it beside {folder.name}/district.toml, or take the key out.",
        )
    return path


def _beside(folder: Path, name: str) -> Path | None:
    """A file beside ``district.toml`` that is taken without being named."""
    return folder / name if (folder / name).is_file() else None


def _answers_file(given: str | None, folder: Path) -> Path:
    """``answers.yml`` beside ``district.toml``, or the file that it names; one that was named is there."""
    if given is not None and not given.endswith((".yml", ".yaml")):
        raise ConfigError(
            f"protocol.answers = {given!r}: answers stand in a file of YAML now.",
            remedy='move each into answers.yml beside district.toml, such as: items: {GW-1: "what people said"}.',
        )
    return _existing(given, folder, "protocol.answers") or folder / said.NAME
