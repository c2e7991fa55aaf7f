"""``district.toml``: what is understood, and how the rest is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from justgeo import config
from justgeo.core.answers import Answers, Entry
from justgeo.core.errors import ConfigError
from justgeo.district_file import slugify

LEAST = '[district]\nname = "Old Town"\nboundary = "old town.geojson"\n'

FULL = """
[district]
name = "Old Town"
slug = "old-town"
boundary = { file = "shapes/areas.gpkg", layer = "planning", column = "NAME", values = ["Old Town", "Wharf"] }

[reference]
name = "The City"
geoids = ["51540"]

[vintages]
acs = 2019

[layers.blocks]
path = "layers/blocks.zip"
geoid = "GEOID20"
columns = { population = "POP20" }
source = "U.S. Census Bureau"
vintage = "2020"
retrieved = 2026-11-01
notes = ["As downloaded."]

[layers.acs]
path = "layers/acs"

[layers.tracts_2010]
path = "layers/tl_2019_51_tract.zip"

[areas]
path = "layers/precincts.geojson"
geoid = "ID"

[absent]
gtfs = "the agency does not publish one"
"acs:B25070" = "not published for block groups here"

[[tables]]
path = "layers/percents.csv"
geoid = "GEOID"
geography = "tract"
geography_vintage = 2010
source = "City of X"
where = { year = "2019" }

[[tables.columns]]
indicator = "BEL-02"
estimate = "renters"
margin = "rentersM"
kind = "percent"
denominator = "households"

[[tables.columns]]
indicator = "OPP-01"
estimate = "income"
kind = "median"
group = "race:white"

[protocol]
answers = "said.yml"

[output]
folder = "results"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "district.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_three_lines_are_enough(tmp_path: Path) -> None:
    found = config.read(write(tmp_path, LEAST))
    assert (found.name, found.slug, found.output) == ("Old Town", "old-town", Path("out/old-town"))
    assert found.boundary == {"file": "old town.geojson"}
    assert (found.base, found.boundary_label) == (tmp_path, "old town.geojson")
    assert (found.acs_year, found.reference_geoids, found.reference_file) == (2024, (), None)
    assert (found.layers, found.tables, found.answers, found.invented_seed) == ({}, (), Answers(), None)


def test_everything_that_can_be_told(tmp_path: Path) -> None:
    (tmp_path / "said.yml").write_text('items: {GW-1: "The flood of 2018."}\n', encoding="utf-8")
    found = config.read(write(tmp_path, FULL))
    assert found.boundary["values"] == ["Old Town", "Wharf"]
    assert (found.reference_name, found.reference_geoids) == ("The City", ("51540",))
    blocks = found.layers["blocks"]
    assert blocks.path == tmp_path / "layers" / "blocks.zip"
    assert blocks.options == {"geoid": "GEOID20", "columns": {"population": "POP20"}}
    assert (blocks.source, blocks.retrieved, blocks.notes) == ("U.S. Census Bureau", "2026-11-01", ("As downloaded.",))
    assert found.acs_year == 2019
    assert found.layers["acs"].options == {"year": 2019}
    assert {"tracts_2010", "areas"} < set(found.layers)
    assert found.absent["gtfs"] == "the agency does not publish one"
    assert found.answers == Answers({"GW-1": (Entry("The flood of 2018."),)})
    assert found.answers_file == tmp_path / "said.yml"
    assert found.output == tmp_path / "results"


def test_protections_are_lines_of_text_each_once(tmp_path: Path) -> None:
    lines = '"  Rent registry\\tsince 2021 ", "Rent registry since 2021", "Derecho a abogado"'
    asked = f"[displacement]\nprotections = [{lines}]\n"
    found = config.read(write(tmp_path, LEAST + asked))
    assert found.protections == ("Rent registry since 2021", "Derecho a abogado")
    assert config.read(write(tmp_path, LEAST)).protections == ()


def test_a_planners_table_keeps_its_declaration(tmp_path: Path) -> None:
    (tmp_path / "said.yml").write_text("", encoding="utf-8")
    (table,) = config.read(write(tmp_path, FULL)).tables
    assert (table.geoid, table.geography, table.geography_vintage) == ("GEOID", "tract", 2010)
    assert (table.spec.path, table.spec.options) == (tmp_path / "layers" / "percents.csv", {"where": {"year": "2019"}})
    renters, income = table.columns
    assert (renters.kind, renters.margin, renters.denominator, renters.group) == (
        "percent",
        "rentersM",
        "households",
        "all",
    )
    assert (income.kind, income.margin, income.group) == ("median", None, "race:white")


def test_a_district_can_be_geoids_and_a_folder_can_be_named(tmp_path: Path) -> None:
    write(tmp_path, '[district]\nname = "Two tracts"\ngeoids = ["51540000201", "51540000202"]\n')
    found = config.read(tmp_path)
    assert (found.geoids, found.boundary) == (("51540000201", "51540000202"), {})
    assert found.boundary_label == "of 2 GEOIDs"


def test_an_editor_on_windows_may_begin_the_file_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "district.toml"
    path.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode("utf-8"))
    assert config.read(path).name == "Old Town"


@pytest.mark.parametrize(
    ("text", "told", "remedy"),
    [
        ("", "'district' is missing", "add 'district'"),
        ('[district]\nboundary = "x"\n', "'district.name' is missing", "add 'name'"),
        ('[district]\nname = ""\nboundary = "x"\n', "'district.name' = ''", "at least 1 character"),
        ('[district]\nname = "A"\nbondary = "x"\n', "unknown key 'district.bondary'", "'boundary'"),
        (LEAST + "[vintage]\nacs = 2024\n", "unknown key 'vintage'", "'vintages'"),
        (LEAST + '[vintages]\nacs = "2024"\n', "'vintages.acs' = '2024'", "a valid integer"),
        (LEAST + "[vintages]\nacs = 1990\n", "'vintages.acs' = 1990", "2009"),
        (LEAST + '[layers.bloks]\npath = "x"\n', "unknown layer 'layers.bloks'", "'blocks'"),
        (LEAST + '[layers.crosswalk]\npath = "x"\n', "unknown layer 'layers.crosswalk'", "'crosswalk_51'"),
        (LEAST + '[layers.crosswalk_va]\npath = "x"\n', "unknown layer 'layers.crosswalk_va'", "'crosswalk_51'"),
        (LEAST + '[layers.blocks]\nfile = "x"\n', "'layers.blocks.path' is missing", "'path'"),
        (LEAST + '[layers]\nblocks = "x"\n', "'layers.blocks' = 'x'", ""),
        (LEAST + '[absent]\ngtsf = "x"\n', "unknown layer 'absent.gtsf'", "'gtfs'"),
        (LEAST + '[displacement]\nprotections = [" "]\n', "'displacement.protections'", "one line of up to 200"),
        (LEAST + f'[displacement]\nprotections = ["{"x" * 201}"]\n', "cannot stand as a protection", "200 characters"),
        (LEAST + '[displacement]\nprotections = ["a\\u0000b"]\n', "cannot be seen", "type the text anew"),
        (LEAST + '[displacement]\nprotections = "none"\n', "'displacement.protections'", "a valid list"),
        (LEAST + "[displacement]\nprotection = []\n", "unknown key 'displacement.protection'", "'protections'"),
        (LEAST + '[output]\nlanguage = "es"\n', "'output.language' = 'es'", "'en'"),
        (LEAST + '[output]\nfolders = "x"\n', "unknown key 'output.folders'", "'folder'"),
        ('[district]\nname = "A"\n', "no boundary", "geoids"),
        ('[district]\nname = "A"\nboundary = {}\n', "names no file", "district.geojson"),
        ('[district]\nname = "A"\nboundary = "x"\ngeoids = ["51540"]\n', "both a boundary and geoids", "keep one"),
        ('[district]\nname = "A"\ngeoids = ["5154"]\n', "'5154' is no GEOID", "11 for a tract"),
        ('[district]\nname = "A"\ngeoids = [51540]\n', "51540", "a valid string"),
        ('[district]\nname = "A"\ngeoids = ["٥١٥٤٠"]\n', "is no GEOID", "digits"),
        ('[district]\nname = "A"\nslug = "../a"\nboundary = "x"\n', "'../a' cannot name a folder", "'a'"),
        ('[district]\nname = "A"\nboundary = { file = "x", column = "N" }\n', "values go together", "values"),
        (LEAST + '[reference]\ngeoids = ["51540000201"]\n', "is no GEOID", "five digits"),
        (LEAST + '[reference]\ngeoids = ["51540"]\nfile = "x"\n', "both a file and geoids", "one of the two"),
        (LEAST + "[invented]\nseed = 1\n", "hides that the place is invented", "old-town-invented"),
        (LEAST + '[protocol]\nanswers = "none.yml"\n', "'none.yml': there is no such file", "district.toml"),
        (LEAST + '[vintages]\nacs = 2019\n[layers.acs]\npath = "x"\nyear = 2014\n', "layers.acs.year is 2014", "once"),
        (LEAST + '[layers.acs]\npath = "x"\nyear = "2014"\n', "'2014' is no year", "2024"),
        (LEAST + '[layers.acs_t0]\npath = "x"\n', "layers.acs_t0.year = None is no year", "2024"),
        ("[district\n", "is not TOML", "mend that line"),
        ('[district]\nname = "A"\nboundary = "C:\\data"\n', "is not TOML", "folders with /"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_value_and_a_remedy(
    tmp_path: Path, text: str, told: str, remedy: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        config.read(write(tmp_path, text))
    assert told in refused.value.message
    assert "district.toml" in refused.value.message or "protocol." in refused.value.message
    assert remedy in refused.value.remedy


COLUMN = (
    LEAST
    + """
[[tables]]
path = "t.csv"
geoid = "GEOID"
geography = "tract"
geography_vintage = 2020
[[tables.columns]]
estimate = "x"
"""
)


@pytest.mark.parametrize(
    ("column", "told", "remedy"),
    [
        ('indicator = "BEL-022"\nkind = "count"', "unknown indicator 'BEL-022'", "'BEL-02'"),
        ('indicator = "BEL-02"\nkind = "rate"', "'rate'", "'count', 'percent' or 'median'"),
        ('indicator = "BEL-02"\nkind = "percent"', "a percent needs its denominator", "add denominator"),
        ('indicator = "BEL-02"\nkind = "count"', "without its denominator", "add denominator"),
        ('indicator = "BEL-02"\nkind = "median"', "BEL-02 as a median", "count or percent"),
        ('indicator = "OPP-01"\nkind = "median"\ndenominator = "y"', "a median has no denominator", "take out"),
        ('indicator = "MOB-01.400"\nkind = "count"\ndenominator = "y"', "MOB-01.400 as a count", "from its layers"),
        ('indicator = "BEL-02"\nkind = "count"\ndenominator = "y"\ngroup = "race:blck"', "'race:blck'", "black-alone"),
        ('indicator = "BEL-02"\nkind = "count"\ndenominatr = "y"', "tables[1].columns[1].denominatr", "'denominator'"),
    ],
)  # fmt: skip
def test_a_column_that_no_indicator_can_take_is_refused(tmp_path: Path, column: str, told: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config.read(write(tmp_path, COLUMN + column + "\n"))
    assert told in refused.value.message
    assert remedy in refused.value.remedy


@pytest.mark.parametrize("vintage", ["2000", '"2020"'])
def test_a_tables_geography_has_a_vintage(tmp_path: Path, vintage: str) -> None:
    text = COLUMN.replace("geography_vintage = 2020", f"geography_vintage = {vintage}")
    with pytest.raises(ConfigError, match="geography_vintage"):
        config.read(write(tmp_path, text + 'indicator = "BEL-02"\nkind = "count"\ndenominator = "y"\n'))


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        config.read(tmp_path / "district.toml")
    assert "does not exist" in refused.value.message
    assert "justgeo init" in refused.value.remedy


def test_answers_are_yaml_and_are_taken_from_beside_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a file of YAML now"):
        config.read(write(tmp_path, LEAST + '[protocol]\nanswers = "answers.toml"\n'))
    found = config.read(write(tmp_path, LEAST))
    assert (found.answers, found.answers_file, found.commitments) == (Answers(), tmp_path / "answers.yml", None)
    (tmp_path / "answers.yml").write_text("items: {GW-1: Forty came.}", encoding="utf-8")
    (tmp_path / "protocol.local.yml").write_text("source: our copy", encoding="utf-8")
    found = config.read(tmp_path)
    assert found.answers.items == {"GW-1": (Entry("Forty came."),)}
    assert found.commitments == tmp_path / "protocol.local.yml"
    (tmp_path / "answers.yml").write_text("items: {GW-1: 5}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"answers\.yml, GW-1: this is no list"):
        config.read(tmp_path)


def test_an_invented_place_brings_its_layers_and_boundary(tmp_path: Path) -> None:
    text = '[district]\nname = "Nowhere"\nslug = "nowhere-invented"\n[invented]\n[layers.gtfs]\npath = "own.zip"\n'
    told = config.read(write(tmp_path, text))
    assert (told.invented_seed, told.synthetic, told.boundary) == (2020, False, {})
    made = tmp_path / "made"
    made.mkdir()
    (made / "layers.toml").write_text(
        '[layers.gtfs]\npath = "made.zip"\n[layers.osm]\npath = "a.pbf"\n', encoding="utf-8"
    )
    found = config.with_layers(told, made / "layers.toml", synthetic=True)
    assert found.synthetic
    assert found.layers["gtfs"].path == tmp_path / "own.zip"
    assert found.layers["osm"].path == made / "a.pbf"
    assert found.boundary == {"file": str((made / "district.geojson").resolve())}
    assert (
        config.with_layers(config.read(write(tmp_path, LEAST)), made / "layers.toml").boundary["file"]
        == "old town.geojson"
    )


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Haight-Castro, San Francisco", "haight-castro-san-francisco"),
        ("Cañon City / Río", "canon-city-rio"),
        ("  --  ", "district"),
        ("東京", "district"),
    ],
)
def test_a_name_becomes_a_folder_on_any_system(name: str, slug: str) -> None:
    assert slugify(name) == slug
