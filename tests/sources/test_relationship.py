"""The Bureau's block files: read as they are, refused where they cannot be believed; the invented county as proof."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.testing import assert_allclose

from justgeo.core.errors import LayerError, VintageError
from justgeo.core.layer import Layer
from justgeo.core.spec import LayerSpec
from justgeo.measure import countable
from justgeo.measure.crosswalk import Crosswalk, to_2020, weights
from justgeo.sources.census import read_acs
from justgeo.sources.relationship import read_relationship
from justgeo.synthetic import County, county, ensure

HEADER = (
    "STATE_2010|COUNTY_2010|TRACT_2010|BLK_2010|BLKSF_2010|AREALAND_2010|AREAWATER_2010|BLOCK_PART_FLAG_O|"
    "STATE_2020|COUNTY_2020|TRACT_2020|BLK_2020|BLKSF_2020|AREALAND_2020|AREAWATER_2020|BLOCK_PART_FLAG_R|"
    "AREALAND_INT|AREAWATER_INT"
)
Old = tuple[str, str, str, int, int]  # county, tract, block with its suffix, land, water
New = tuple[str, str, str, int, int]  # county, tract, block with its suffix, land and water of the piece


def line(old: Old, new: New, states: tuple[str, str] = ("51", "51")) -> str:
    def block(state: str, of: Old) -> list[str]:
        return [state, of[0], of[1], of[2].rstrip("AB"), of[2].lstrip("0123456789")]

    cells = [*block(states[0], old), old[3], old[4], "", *block(states[1], new), 0, 0, "", new[3], new[4]]
    return "|".join(map(str, cells))


# A tract of 2010 with a whole block, one divided 60 to 40, one of water; and a tract next to it.
LINES = [
    line(("003", "000100", "1000", 500, 0), ("003", "000101", "1000", 500, 0)),
    line(("3", "100", "1001", 1000, 9), ("3", "101", "1001", 600, 0)),
    line(("3", "100", "1001", 1000, 9), ("3", "102", "1000", 400, 9)),
    line(("3", "100", "0001", 0, 80), ("3", "102", "0001", 0, 20)),
    line(("3", "100", "0001", 0, 80), ("3", "101", "0001", 0, 60)),
    line(("3", "200", "1000", 700, 0), ("3", "200", "1000", 700, 0)),
    line(("5", "100", "1000", 900, 0), ("5", "100", "1000", 900, 0)),
]
COUNTS = {
    "510030001001000": (200, 100),
    "510030001001001": (90, 50),
    "510030001000001": (0, 0),
    "510030002001000": (40, 20),
    "510050001001000": (7, 3),
}


def relation(folder: Path, lines: Sequence[str] = LINES, name: str = "tab2010_tab2020_st51_va.txt") -> Path:
    path = folder / name
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8-sig")
    return path


def zipped(folder: Path, members: dict[str, str], name: str = "TAB2010_TAB2020_ST51.zip") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in members.items():
            archive.writestr(member, text)
    return path


def counts_frame(counts: dict[str, tuple[int, int]] = COUNTS) -> pd.DataFrame:
    rows = [
        {
            "STATEFP10": block[:2],
            "COUNTYFP10": block[2:5],
            "TRACTCE10": block[5:11],
            "BLOCKCE": block[11:15],
            "BLOCKID10": block,
            "PARTFLG": "N",
            "HOUSING10": homes,
            "POP10": people,
        }
        for block, (people, homes) in counts.items()
    ]
    return pd.DataFrame(rows)


def counted(folder: Path, counts: dict[str, tuple[int, int]] = COUNTS, **more: object) -> Path:
    path = folder / "tabblock2010_51_pophu.csv"
    counts_frame(counts).assign(**more).to_csv(path, index=False)
    return path


def read(folder: Path, lines: Sequence[str] = LINES, prefixes: Sequence[str] = ()) -> pd.DataFrame:
    return read_relationship(relation(folder, lines), counted(folder), prefixes=prefixes).data


# --- what is read -----------------------------------------------------------------------------------------------


def test_blocks_with_their_shares_and_counts(tmp_path: Path) -> None:
    layer = read_relationship(relation(tmp_path), counted(tmp_path), prefixes=["51003"])
    assert (layer.name, layer.geography, layer.geography_vintage) == ("crosswalk", "block", 2010)
    rows = layer.data.set_index(["block10", "block20"])
    assert list(rows.columns) == ["share_land", "pop10", "hu10", "land10", "whole20"]
    assert rows.index.tolist() == [
        ("510030001000001", "510030001010001"),
        ("510030001000001", "510030001020001"),
        ("510030001001000", "510030001011000"),
        ("510030001001001", "510030001011001"),
        ("510030001001001", "510030001021000"),
        ("510030002001000", "510030002001000"),
    ]
    assert_allclose(rows["share_land"], [0.75, 0.25, 1, 0.6, 0.4, 1])  # water by water, land by land
    assert rows["hu10"].tolist() == [0, 0, 100, 50, 50, 20]
    assert rows["pop10"].tolist() == [0, 0, 200, 90, 90, 40]
    assert rows["land10"].tolist() == [0, 0, 500, 1000, 1000, 700]
    assert rows["whole20"].all()


def test_provenance_holds_both_digests(tmp_path: Path) -> None:
    told = read_relationship(relation(tmp_path), counted(tmp_path), prefixes=["51003"]).provenance
    assert told.source == "U.S. Census Bureau" and "public domain" in told.licence and not told.synthetic
    assert told.asked["prefixes"] == ["51003"]
    parts = [told.asked[name]["sha256"] for name in ("relationship", "counts")]
    assert len({told.sha256, *parts}) == 3
    counted(tmp_path, {**COUNTS, "510030001001000": (201, 100)})
    again = read_relationship(relation(tmp_path), tmp_path / "tabblock2010_51_pophu.csv").provenance
    assert again.sha256 != told.sha256
    assert again.asked["relationship"]["sha256"] == parts[0]


def test_zip_text_shapefile_and_table_say_the_same(tmp_path: Path) -> None:
    plain = read(tmp_path)
    text = relation(tmp_path).read_text(encoding="utf-8")
    packed = zipped(tmp_path, {"tab2010_tab2020_st51_va.txt": text})
    frame = counts_frame()
    shapes = gpd.GeoDataFrame(frame, geometry=[shapely.box(0, 0, 1, 1)] * len(frame), crs=4269)
    shapes.to_file(tmp_path / "tabblock2010_51_pophu.shp")
    parts = [p for p in tmp_path.iterdir() if p.stem == "tabblock2010_51_pophu" and p.suffix != ".csv"]
    with zipfile.ZipFile(tmp_path / "tabblock2010_51_pophu.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            archive.write(part, part.name)
    for name in ("tabblock2010_51_pophu.zip", "tabblock2010_51_pophu.shp", "tabblock2010_51_pophu.dbf"):
        found = read_relationship(packed, tmp_path / name).data
        pd.testing.assert_frame_equal(found, plain, obj=name)


def test_every_tract_of_2010_with_ground_in_the_prefix_is_whole(tmp_path: Path) -> None:
    # A block of tract 200 went to county 005 since: asked for 005, tract 200 comes whole, and so does what it fed.
    lines = [*LINES, line(("3", "200", "1001", 50, 0), ("5", "100", "1001", 50, 0))]
    counts = counted(tmp_path, {**COUNTS, "510030002001001": (4, 2)})
    rows = read_relationship(relation(tmp_path, lines), counts, prefixes=["51005"]).data
    assert sorted(set(rows["block10"])) == ["510030002001000", "510030002001001", "510050001001000"]
    assert rows["whole20"].all()
    # Asked for a tract of 003 alone, the tract of 005 is not all there: it must not come out as a small number.
    rows = read_relationship(relation(tmp_path, lines), counts, prefixes=["51003000200"]).data
    assert rows.set_index("block20")["whole20"].to_dict() == {"510030002001000": True, "510050001001001": False}


def test_lettered_blocks_are_matched_with_or_without_their_letter(tmp_path: Path) -> None:
    lines = [
        line(("3", "100", "1000A", 300, 0), ("3", "101", "1000", 300, 0)),
        line(("3", "100", "1000B", 100, 0), ("3", "102", "1000B", 75, 0)),
        line(("3", "100", "1000B", 100, 0), ("3", "101", "1000", 25, 0)),
    ]
    path = relation(tmp_path, lines)
    whole = read_relationship(path, counted(tmp_path, {"510030001001000": (10, 8)}))
    rows = whole.data.set_index(["block10", "block20"])
    assert rows.index.tolist() == [("510030001001000", "510030001011000"), ("510030001001000", "510030001021000B")]
    assert_allclose(rows["share_land"], [325 / 400, 75 / 400])
    assert rows["hu10"].tolist() == [8, 8] and rows["land10"].tolist() == [400, 400]
    assert "2 lettered parts" in whole.provenance.notes[0]
    each = counted(tmp_path, {"510030001001000A": (6, 5), "510030001001000B": (4, 3)})
    rows = read_relationship(path, each).data.set_index(["block10", "block20"])
    assert_allclose(rows["share_land"], [1, 0.25, 0.75])
    assert rows["hu10"].tolist() == [5, 3, 3]
    # Both ways the tracts get their 2010 block's homes, and ids with a letter cut to the same units.
    assert weights(whole, "tract", "households").geoids20.tolist() == ["51003000101", "51003000102"]


def test_areas_that_miss_by_a_rounding_are_brought_to_one(tmp_path: Path) -> None:
    lines = [
        line(("3", "100", "1000", 1000, 0), ("3", "101", "1000", 333, 0)),
        line(("3", "100", "1000", 1000, 0), ("3", "102", "1000", 666, 0)),
    ]
    rows = read_relationship(relation(tmp_path, lines), counted(tmp_path, {"510030001001000": (9, 5)})).data
    assert_allclose(rows["share_land"], [333 / 999, 666 / 999])


def test_a_block_of_neither_land_nor_water_counts_once(tmp_path: Path) -> None:
    lines = [line(("3", "100", "1000", 0, 0), ("3", "101", "1000", 0, 0))]
    rows = read_relationship(relation(tmp_path, lines), counted(tmp_path, {"510030001001000": (9, 5)})).data
    assert rows["share_land"].tolist() == [1]


def test_rows_of_a_neighbouring_state_are_left_out_and_told(tmp_path: Path) -> None:
    water = line(("1", "500", "1000", 0, 100), ("3", "101", "1000", 0, 100), ("24", "51"))
    layer = read_relationship(relation(tmp_path, [*LINES, water]), counted(tmp_path), prefixes=["51003"])
    assert not layer.data["block10"].str.startswith("24").any()
    assert layer.data["whole20"].all()
    assert "neighboring states" in layer.provenance.notes[0]
    land = line(("1", "500", "1000", 99, 0), ("3", "101", "1000", 99, 0), ("24", "51"))
    layer = read_relationship(relation(tmp_path, [*LINES, land]), counted(tmp_path), prefixes=["51003"])
    whole = layer.data.groupby(layer.data["block20"].str[:11])["whole20"].all()
    assert whole.to_dict() == {"51003000101": False, "51003000102": True, "51003000200": True}
    away = line(("3", "300", "1000", 10, 0), ("1", "500", "1000", 10, 0), ("51", "24"))
    counts = counted(tmp_path, {**COUNTS, "510030003001000": (1, 1)})
    rows = read_relationship(relation(tmp_path, [*LINES, away]), counts).data.set_index("block20")
    assert not rows.loc["240010005001000", "whole20"]


def test_water_that_nobody_counted_is_empty_and_told(tmp_path: Path) -> None:
    counts = {block: pair for block, pair in COUNTS.items() if block != "510030001000001"}
    layer = read_relationship(relation(tmp_path), counted(tmp_path, counts))
    assert layer.data.loc[layer.data["block10"] == "510030001000001", "hu10"].tolist() == [0, 0]
    assert "without land have no counts" in layer.provenance.notes[0]


def test_few_homes_on_lost_ground_are_told(tmp_path: Path) -> None:
    lines = [*LINES, line(("3", "200", "1009", 100, 0), ("3", "200", "1009", 60, 0))]
    counts = {**COUNTS, "510030001001000": (20_000, 10_000), "510030002001009": (3, 2)}
    layer = read_relationship(relation(tmp_path, lines), counted(tmp_path, counts))
    assert "510030002001009 come to 0.600" in layer.provenance.notes[0]
    assert layer.data.groupby("block10")["share_land"].sum().tolist() == [1.0] * 6


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda ls: [*ls[:2], *ls[3:]], "come to 0.600"),  # a piece is missing
        (lambda ls: [*ls, ls[0]], "repeat a pair"),
        (lambda ls: ls * 2, "7 rows repeat"),
        (lambda ls: [*ls[:1], ls[1].replace("|1000|9|", "|1001|9|"), *ls[2:]], "two areas"),
        (lambda ls: [*ls, ls[0].replace("|1000||500", "|1009||500")], "no counts in"),
        (lambda ls: ls[1:], "are not in the file"),  # people would be lost
        (lambda ls: [*ls, ls[0][:40]], "cannot be read"),  # broken off
        (lambda ls: [*ls, ls[0].replace("|000100|", "||")], "cannot be read"),
        (lambda ls: [*ls, ls[0].replace("|000100|", "|1000000|")], "TRACT_2010 holds 1000000"),
        (lambda ls: [*ls, ls[0].replace("51|003", "0|003")], "STATE_2010 holds 0"),
        (lambda ls: [*ls, ls[0].replace("|500|0||", "|-500|0||")], "below 0"),
        (lambda ls: [*ls, ls[0].replace("|1000||500", "|1000|?|500")], "no suffix"),
        (lambda ls: [], "no rows"),
    ],
)
def test_a_relationship_that_cannot_be_believed(
    tmp_path: Path, change: Callable[[list[str]], list[str]], said: str
) -> None:
    with pytest.raises(LayerError, match=said) as caught:
        read(tmp_path, change(list(LINES)))
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("prefixes", "said"),
    [
        (["24"], "state 51, not 24"),
        (["51003", "24001"], "not 24"),
        (["51007"], "begins with 51007"),
        (["5"], "no code"),
        (["VA"], "no code"),
    ],
)
def test_a_state_or_county_that_is_not_in_the_file(tmp_path: Path, prefixes: list[str], said: str) -> None:
    with pytest.raises(LayerError, match=said) as caught:
        read(tmp_path, LINES, prefixes)
    assert caught.value.remedy


def test_connecticuts_planning_regions_are_none_of_2020(tmp_path: Path) -> None:
    path = relation(tmp_path, [row.replace("51|", "09|") for row in LINES])
    with pytest.raises(LayerError, match="09110") as caught:
        read_relationship(path, counted(tmp_path), prefixes=["09110"])
    assert "09001" in caught.value.remedy


PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please | wait</body></html>\n"


def test_what_is_no_relationship_file(tmp_path: Path) -> None:
    counts = counted(tmp_path)
    page = tmp_path / "page.txt"
    page.write_text(PAGE, encoding="utf-8")
    html = tmp_path / "page.zip"
    html.write_text(PAGE, encoding="utf-8")
    text = "\n".join([HEADER, *LINES])
    whole = zipped(tmp_path, {"tab2010_tab2020_st51_va.txt": text})
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-200])
    spoilt = bytearray(whole.read_bytes())
    spoilt[120:130] = bytes(10)
    (tmp_path / "spoilt.zip").write_bytes(bytes(spoilt))
    old = HEADER.replace("_2020", "_2010x").replace("_2010|", "_2000|")
    cases = {
        page: "no column STATE_2010",
        html: "is no zip",
        cut: "is no zip",
        tmp_path / "spoilt.zip": "cannot be read",
        zipped(tmp_path, {"readme.pdf": "x"}, "empty.zip"): "holds no .txt",
        zipped(tmp_path, {"a.txt": text, "b.txt": text}, "two.zip"): "2 texts",
        zipped(tmp_path, {"../tab.txt": text}, "slip.zip"): "leads out",
        zipped(tmp_path, {"tab.txt": text, "C:\\evil.dll": ""}, "drive.zip"): "leads out",
        zipped(tmp_path, {"tab.txt": old}, "older.zip"): "no column",
        tmp_path / "absent.zip": "there is no file",
    }
    for path, said in cases.items():
        with pytest.raises(LayerError, match=said) as caught:
            read_relationship(path, counts)
        assert caught.value.remedy, path


def test_what_are_no_counts(tmp_path: Path) -> None:
    path = relation(tmp_path)
    page = tmp_path / "page.csv"
    page.write_text("<!DOCTYPE html>\n<html></html>\n", encoding="utf-8")
    html = tmp_path / "page.zip"
    html.write_text(PAGE, encoding="utf-8")
    for counts, said in (
        (page, "no column"),
        (html, "is no zip"),
        (zipped(tmp_path, {"readme.txt": "x"}, "empty.zip"), "holds no .dbf"),
        (zipped(tmp_path, {"../x.dbf": "x"}, "slip.zip"), "leads out"),
        (zipped(tmp_path, {"x.dbf": "x"}, "broken.zip"), "cannot be read"),
        (tmp_path / "absent.csv", "there is no file"),
    ):
        with pytest.raises(LayerError, match=said) as caught:
            read_relationship(path, counts)
        assert caught.value.remedy, counts


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"POP10": ["", 1, 1, 1, 1]}, "POP10 has 1 cells"),
        ({"HOUSING10": [-1, 1, 1, 1, 1]}, "HOUSING10"),
        ({"HOUSING10": [0.5, 1, 1, 1, 1]}, "HOUSING10"),
        ({"POP10": ["many", 1, 1, 1, 1]}, "many"),
        ({"PARTFLG": ["Y", "N", "N", "N", "N"]}, "part of their block"),
        ({"BLOCKID10": ["51003000100", *list(COUNTS)[1:]]}, "51003000100"),
        ({"BLOCKID10": [*list(COUNTS)[:4], next(iter(COUNTS))]}, "repeat a block"),
        ({"BLOCKID10": ["510030001001009", *list(COUNTS)[1:]]}, "no counts in"),
    ],
)
def test_counts_that_cannot_be_believed(tmp_path: Path, more: dict[str, Any], said: str) -> None:
    with pytest.raises(LayerError, match=said) as caught:
        read_relationship(relation(tmp_path), counted(tmp_path, **more))
    assert caught.value.remedy


# --- the invented county ----------------------------------------------------------------------------------------

TABLES = ("B25003", "B25070", "B25091", "B01003", "B03002", "C17002", "B15003")
DRAWS = 12


@pytest.fixture(scope="module")
def nowhere() -> County:
    return county(2020)


@pytest.fixture(scope="module")
def folder() -> Path:
    return ensure(2020)


@pytest.fixture(scope="module")
def table(folder: Path) -> Layer:
    paths = folder / "TAB2010_TAB2020_ST99.txt", folder / "tabblock2010_99_pophu.csv"
    return read_relationship(*paths, prefixes=["99001"])


@pytest.fixture(scope="module")
def crosswalks(table: Layer) -> dict[str, Crosswalk]:
    return {by: weights(table, "tract", by) for by in ("households", "persons")}


def truth(nowhere: County, name: str, geoids: Any) -> Any:
    """What a table of 2014 would say of the tracts of 2020, if everybody were asked."""
    blocks = nowhere.truth(name, 2014, "block")
    return blocks.groupby(blocks.index.str[:11]).sum().reindex(geoids).to_numpy()


def test_the_invented_county_is_read_and_marked(table: Layer, nowhere: County) -> None:
    assert table.provenance.synthetic and "Census" not in table.provenance.source
    rows = table.data
    assert set(rows["block20"]) == set(nowhere.geography.blocks["geoid"])
    assert_allclose(rows.groupby("block10")["share_land"].sum(), 1.0, atol=1e-12)
    assert rows.drop_duplicates("block10")["pop10"].sum() == len(nowhere.persons(2014))
    declared = LayerSpec("crosswalk", Path("x.txt"), source="justgeo.synthetic (invented data)", synthetic=True)
    paths = (Path(ensure(2020)) / name for name in ("TAB2010_TAB2020_ST99.txt", "tabblock2010_99_pophu.csv"))
    assert read_relationship(*paths, spec=declared).provenance.source == declared.source


def test_weights_of_the_invented_county(crosswalks: dict[str, Crosswalk], nowhere: County) -> None:
    for found in crosswalks.values():
        assert_allclose(np.asarray(found.matrix.sum(axis=0)), 1.0, atol=1e-9)
        assert set(found.geoids20) == set(nowhere.units("tract", 2020)["geoid"])
        assert set(found.geoids10) == set(nowhere.units("tract", 2010)["geoid"])
    # Homes are known by 2020 block: but for the blocks that were divided by land, the weights are exact.
    counts = nowhere.block_counts(2014)
    homes = counts["housing_units"].groupby(counts["geoid"].str[:11]).sum()
    by_homes = crosswalks["households"]
    off = by_homes.matrix @ by_homes.base - homes.reindex(by_homes.geoids20).to_numpy()
    unsure = np.sqrt(np.asarray(by_homes.unsure.sum(axis=1)))
    assert abs(off[unsure == 0]).max() < 1e-6
    assert (abs(off) <= 3 * unsure + 1e-6).all()


def test_a_survey_of_2014_on_the_tracts_of_2020(
    folder: Path, crosswalks: dict[str, Crosswalk], nowhere: County
) -> None:
    before = read_acs(folder / "acs2014", ["B25003", "B19013"], 2014)
    after = to_2020(before["B25003"], crosswalks["households"])
    assert after.geography_vintage == 2020 and after.provenance.synthetic
    tracts = after.data[after.data["level"] == "tract"].set_index("geoid")
    assert set(tracts.index) == set(nowhere.units("tract", 2020)["geoid"])
    old = before["B25003"].data
    for code in ("B25003_001E", "B25003_003E"):
        assert_allclose(tracts[code].sum(), old.loc[old["level"] == "tract", code].sum(), rtol=1e-9)
    ours = after.data[after.data["level"] == "county"].iloc[0].tolist()
    assert ours == old[old["level"] == "county"].iloc[0].tolist()
    assert ours[3] == 0  # a controlled total stays one
    assert after.data["geoid"].is_unique and not after.data.attrs["reasons"]
    late = read_acs(folder / "acs2024", ["B25003"], 2024)["B25003"]
    with pytest.raises(VintageError):
        to_2020(late, crosswalks["households"])


def test_carried_margins_cover_the_truth_at_about_their_rate(crosswalks: dict[str, Crosswalk], nowhere: County) -> None:
    """Cells of 80 or more (about ten interviews) in the 2020 tracts that hold parts of 2010 tracts, twelve surveys.

    Nominal is 90 %. The invented survey's own tract margins cover 88 to 89 %, so 86 to 95 % is asked of both parts
    together, in the mean over the tables; and that the sampling part alone would be far off, under 82 %.
    """
    draws = nowhere.draws_of(TABLES, DRAWS, seed=500, vintage=2014, level="tract")
    held, sampled, whole = [], [], []
    for name in TABLES:
        found = crosswalks[countable.universe_of(name)]
        assert (draws[name].geoid == found.geoids10).all()
        true = truth(nowhere, name, found.geoids20)
        parts = np.asarray((found.matrix - found.matrix.power(2)).sum(axis=1)) > 1e-9
        assert parts.sum() == 12
        large = true >= 80
        here, there = large & parts[:, None], large & ~parts[:, None]
        for draw in range(DRAWS):
            got = found.counts(draws[name].estimate[draw], draws[name].moe[draw])
            off = np.abs(got.estimate - true)
            held.append((off <= got.moe)[here].mean())
            sampled.append((off <= got.sampling)[here].mean())
            whole.append((off <= got.moe)[there].mean())
    assert 0.86 <= float(np.mean(held)) <= 0.95
    assert float(np.mean(sampled)) < 0.82
    assert 0.85 <= float(np.mean(whole)) <= 0.93


def test_carried_block_groups_keep_the_tracts_totals(table: Layer, folder: Path) -> None:
    before = read_acs(folder / "acs2014", ["B25044"], 2014)["B25044"]
    tracts, groups = (weights(table, unit, "households") for unit in ("tract", "block group"))
    after = to_2020(before, tracts, groups).data
    total = {level: float(rows["B25044_001E"].sum()) for level, rows in after.groupby("level")}
    assert total["tract"] == pytest.approx(total["county"], rel=1e-9)
    assert total["block group"] == pytest.approx(total["county"], rel=1e-9)
