"""Where hostile texts come in: what steers a program is refused or goes; no script takes a text for HTML."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from justgeo import answers, config
from justgeo.catalogue import read as catalogue
from justgeo.core.errors import CatalogueError, ConfigError, LayerError
from justgeo.core.paths import for_ogr, is_split
from justgeo.core.spec import LayerSpec
from justgeo.core.texts import unseen, visible
from justgeo.district_file import slugify
from justgeo.exporting import read_sites
from justgeo.report import checklist_assets, paper, results, tables, xlsx
from justgeo.report.packet_page import checked_name
from justgeo.report.tables import safe_line, safe_text
from justgeo.sources.corrections import read as corrections
from justgeo.sources.files import read_zones
from tests.report import made

LEAST = '[district]\nname = "Mill Pond"\nboundary = "line.geojson"\n'
SIGNS = ("\x00", "\x07", "\x1b", "\x85", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069", "\ufffe", "\uffff")
ODD_PATHS = ("a;b", "a!b", "a'b", "a #b", "a?b", "a%20b", "a&b", "[a]", "é\u05e9", "a\nb", "a, b; c! d")

SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|\bFunction\(|createContextualFragment|srcdoc|setHTML|"
    r"DOMParser|\.src\b|javascript:|setAttribute\(\"on|bindPopup|bindTooltip|setContent|divIcon|addAttribution|"
    r"(setTimeout|setInterval)\([\"'`]|location\.(href|assign|replace)|window\.open|import\("
)
"""Where a text may become HTML, a script or an address."""
JUSTIFIED = {
    "language.js": ("new DOMParser().parseFromString(window.justgeoUnpack(packed),",),
    # A span's own HTML: the notice was set as its text, and is escaped by being read back.
    "page/beneath.js": (
        'addAttribution(make("span", {}, notice).innerHTML)',
        'bindTooltip(() => make("span", {}, told(one.feature.properties.i)))',
        'L.divIcon({ className: "label-icon", html: text, iconSize: null })',
    ),
    "page/areas.js": ("bindTooltip(() => tip(i),", "bindPopup(() => popup(i),"),
    "page/corrections.js": ('L.divIcon({ className: "label-icon", html: text, iconSize: null })',),
    "notebook/explore.js": (
        'addAttribution(node("span", "", notice).innerHTML)',
        "one.bindTooltip(() => {",
    ),
    "page/search.js": ('setContent(make("span", {}, entry.name))',),
}
"""Lines that pass a node, or a text of the page itself, to such a place: each was looked at."""


def scripts() -> dict[str, str]:
    root = Path(str(resources.files("justgeo.report").joinpath("assets")))
    return {one.relative_to(root).as_posix(): one.read_text(encoding="utf-8") for one in root.rglob("*.js")}


def test_no_script_takes_a_text_for_html() -> None:
    found = scripts()
    assert {"page/start.js", "displacement.js", "language.js", "unpack.js"} < set(found)
    for name, code in found.items():
        if name == "leaflet/leaflet.js":
            continue
        for line in code.splitlines():
            if SINKS.search(line) and not line.lstrip().startswith(("//", "/*", "*")):
                assert any(one in line for one in JUSTIFIED.get(name, ())), f"{name}: {line.strip()}"


def test_what_is_justified_is_still_there() -> None:
    found = scripts()
    assert [(name, one) for name, lines in JUSTIFIED.items() for one in lines if one not in found[name]] == []


def test_labels_on_the_map_are_nodes() -> None:
    """``divIcon`` takes a text for HTML: what it is given is made by ``make``."""
    code = scripts()["page/beneath.js"]
    given = re.findall(r"sign\(([^;]*)\)", code)
    assert given and all(re.search(r", text\b", one) for one in given if not one.startswith("at,"))
    assert len(re.findall(r'const text = make\("span"', code)) == 2


def test_templates_escape_and_hold_no_script_of_their_own() -> None:
    root = Path(str(resources.files("justgeo.report").joinpath("templates")))
    # ``one``: a language's part of the page of data quality, itself made by an escaping template.
    safe = {"code | safe", "css | safe", "data | safe", "page_css | safe", "leaflet_css | safe", "map_html | safe",
            "one | safe"}  # fmt: skip
    for path in root.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        found = {" ".join(one.split()) for one in re.findall(r"\{\{\s*([\w.]+\s*\|\s*safe)\s*\}\}", text)}
        assert found <= safe, path.name
        assert not re.search(r"\son[a-z]+=|javascript:|autoescape|\| *safe *\(", text), path.name
        if "<!DOCTYPE html>" in text and path.name != "told.html":
            assert 'include "head.html"' in text, f"{path.name}: without the policy"
    assert "Content-Security-Policy" in (root / "head.html").read_text(encoding="utf-8")


# --------------------------------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize("sign", SIGNS)
def test_signs_that_cannot_be_seen_go(sign: str) -> None:
    assert sign not in visible(f"Elm{sign}Street") and unseen({"a": ["b", {"c": f"x{sign}"}]}) == (f"x{sign}", sign)
    assert unseen({f"k{sign}": 1}) is not None


@pytest.mark.parametrize("text", ["Elm Street\n2\t3", "רחוב \u200fالحي", "👩\u200d👧 e\u0301", "naïve ½ – “x”", ""])
def test_texts_of_people_stay(text: str) -> None:
    assert visible(text) == text and unseen(text) is None


@pytest.mark.parametrize(
    "line",
    ['name = "A\\u202eB"', 'name = "A\\u0000B"', 'name = "A"\n[absent]\ngtfs = "x\\u2028y"', 'name = "A\\u001b[31m"'],
)
def test_such_signs_are_refused_in_what_a_planner_writes(tmp_path: Path, line: str) -> None:
    head, _, rest = line.partition("\n")
    (tmp_path / "district.toml").write_text(f'[district]\n{head}\nboundary = "x"\n{rest}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be seen") as refused:
        config.read(tmp_path)
    assert "type the text anew" in refused.value.remedy


def test_and_in_their_own_copy_of_the_protocol(tmp_path: Path) -> None:
    path = tmp_path / "own.yml"
    path.write_text('source: x\ncommitments:\n- {id: C1, name: "A\\u202eB", category: Belonging}\n', encoding="utf-8")
    with pytest.raises(CatalogueError, match="cannot be seen"):
        catalogue.own(path)


@pytest.mark.parametrize("tag", ['!!python/object/apply:os.system ["touch hurt"]', "!!python/name:os.system", "!x y"])
def test_tags_of_yaml_build_nothing(tmp_path: Path, tag: str) -> None:
    path = tmp_path / "answers.yml"
    path.write_text(f"items:\n  GW-1: {tag}\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        answers.read(path)
    own = tmp_path / "protocol.local.yml"
    own.write_text(f"source: {tag}\n", encoding="utf-8")
    with pytest.raises(CatalogueError):
        catalogue.own(own)
    assert not (tmp_path / "hurt").exists() and not Path("hurt").exists()


@pytest.mark.parametrize(
    "way",
    ["javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "file:///etc/passwd", "../x", "a/../../x", "/etc/x",
     "C:\\x",
     "a\\b", ".hidden", "https://", "https://x y", "//x.invalid/a", "https:x", "vbscript:x", "blob:x", ""],
)  # fmt: skip
def test_evidence_is_an_address_of_the_web_or_a_file_inside(tmp_path: Path, way: str) -> None:
    path = tmp_path / "answers.yml"
    quoted = way.replace("\\", "\\\\")
    path.write_text(f'items:\n  GW-1:\n  - {{evidence: ["{quoted}"], publish: true}}\n', encoding="utf-8")
    with pytest.raises(ConfigError):
        answers.read(path)


def test_corrections_that_cannot_be_printed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "corrections.csv"
    path.write_text("kind,role,note,lon,lat\npark_locked,resident,a\u202eb,0.5,0.5\n", encoding="utf-8")
    with pytest.raises(LayerError, match="cannot be printed"):
        corrections(path, shapely.box(0, 0, 1, 1))


# ------------------------------------------------------------------------------------------------------------- formulas


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
@pytest.mark.parametrize("blank", ["", " ", "\u00a0", "\u200b", "\ufeff", "\u3000", "\x00", "\x0b"])
def test_what_begins_a_formula_has_an_apostrophe(start: str, blank: str) -> None:
    told = f"{blank}{start}=cmd|' /C calc'!A0"
    assert safe_text(told) == f"'{told}" and xlsx.clean(told).startswith("'")
    assert safe_text(f"a{told}") == f"a{told}", "within a text it is harmless"


@pytest.mark.parametrize(
    ("told", "safe"),
    [
        ("a;=1", "a;'=1"), ("a; +1", "a; '+1"), ("a\t@x", "a\t'@x"), ("a\n-b", "a\n'-b"), ("a\r\n=b", "a\r\n'=b"),
        ("a, =b", "a, =b"), ("a - b; c", "a - b; c"), ("=a;=b", "'=a;'=b"), ("a;;=b", "a;;'=b"),
    ],
)  # fmt: skip
def test_a_csv_is_safe_with_another_separator_too(told: str, safe: str) -> None:
    assert safe_line(told) == safe
    assert tables.csv_bytes([[told]], ["x"]).decode("utf-8").partition("\r\n")[2].strip().strip('"') == safe.strip()


def test_a_cell_of_a_workbook_can_be_written_whatever_is_in_it() -> None:
    assert xlsx.clean("a\ud800b\x00=\uffff") == "a b = "


# ---------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize("name", ["CON", "con", "Nul", "aux!", "PRN", "com1", "LPT9"])
def test_no_folder_has_a_name_that_windows_keeps_for_itself(tmp_path: Path, name: str) -> None:
    slug = slugify(name)
    assert slug.endswith("-district")
    wrong = LEAST.replace("boundary", f'slug = "{slug.removesuffix("-district")}"\nboundary')
    (tmp_path / "district.toml").write_text(wrong, encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot name a folder"):
        config.read(tmp_path)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("../../etc/passwd", "etc-passwd"), ("C:\\x\\..\\y", "c-x-y"), ("a/b'\"c", "a-b-c"),
        ("\u202e\u0000", "district"),
        ("רחוב", "district"), ("<script>", "script"), ("Console", "console"), ("~", "district"), (".", "district"),
    ],
)  # fmt: skip
def test_slugs_are_plain(name: str, slug: str) -> None:
    assert slugify(name) == slug


def test_a_long_name_has_a_short_slug() -> None:
    assert len(slugify("The long name of a place " * 40)) <= 80


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../x.pdf", "x.pdf"), ("<img src=x>.html", "img-src-x.html"), ("a\u202egpj.exe", "a-gpj.exe"),
        ("x.pdf\x00.exe", "x-pdf.exe"), ("a b.tar.gz", "a-b-tar.gz"), (".htaccess", "file.htaccess"),
        ("=1.csv", "1.csv"), ("CON", "CON"),
    ],
)  # fmt: skip
def test_names_in_a_packet_are_plain(name: str, kept: str) -> None:
    """A number stands before each, so that none is one that Windows keeps for itself."""
    assert checked_name(name) == kept


@pytest.mark.parametrize("name", ODD_PATHS)
def test_files_are_read_and_written_whatever_their_folder_is_called(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    plain = tmp_path / "plain.geojson"
    frame = gpd.GeoDataFrame({"ID": ["x"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4326)
    frame.to_file(plain)
    file = folder / f"{name}.geojson"
    file.write_bytes(plain.read_bytes())
    assert list(read_zones(LayerSpec("areas", file, {"geoid": "ID"})).features["geoid"]) == ["x"]
    assert len(read_sites(file)) == 1
    content = results.to_dict(made.baseline())
    tables.write_gpkg(folder / "indicators.gpkg", content, results.zones_frame(made.zones("Mill Pond")))
    assert {one.name for one in folder.iterdir()} == {file.name, "indicators.gpkg"}
    assert {one.name for one in tmp_path.iterdir()} == {name, "plain.geojson"}, "and nowhere else"
    assert set(gpd.list_layers(for_ogr(folder / "indicators.gpkg"))["name"]) >= {"district", "tract"}
    assert is_split(file) == any(sign in name for sign in "!;\n")


def test_long_names_of_places_are_counted_apart_and_told_as_cut() -> None:
    long = "The Martin Luther King Junior Memorial Elementary School of the Consolidated District, "
    near = gpd.GeoDataFrame({"name": [f"{long}North", f"{long}South"]}, geometry=[shapely.Point(0, 0)] * 2, crs=4326)
    (line,) = checklist_assets._line("institutions", "schools", near)
    assert line.n == 2 and all(one.endswith("…") and len(one) == 80 for one in line.names)


@pytest.mark.parametrize(
    ("geography", "layer"),
    [
        ("neighborhood", "neighborhood"), ("reference", "area_reference"), ("District", "area_district"), ("", "area"),
        ("gpkg contents", "area_gpkg_contents"), ("sqlite_master", "area_sqlite_master"), ("x'; DROP", "x_drop"),
        ("layer styles", "area_layer_styles"), ("\u202e", "area"),
    ],
)  # fmt: skip
def test_areas_of_any_name_write_over_no_table(geography: str, layer: str) -> None:
    assert tables.layer_name("area", geography) == layer


def test_letters_that_a_font_lacks_are_told() -> None:
    assert paper.lacking(["Elm ± é ≥ – ½", "唐人街 🌳 רחוב"]) == "人唐街🌳"
    assert paper.lacking(["Elm\x00\n\u200b"]) == ""
