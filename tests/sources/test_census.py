"""The Bureau's table files are read as they are; sentinels never become numbers."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pandas as pd
import pytest

from justgeo.core.errors import ConfigError, LayerError
from justgeo.core.spec import LayerSpec
from justgeo.sources.census import of_table, read_acs

HEADER = "GEO_ID|B25003_E001|B25003_M001|B25003_E002|B25003_M002\n"
ROWS = [
    "0100000US|130000000|200000|80000000|150000",
    "0400000US99|9000|-555555555|5000|120",
    "0500000US99001|900|-555555555|500|60",
    "0500000US99003|700|80|300|50",
    "0500043US99001|100|20|50|10",
    "1400000US99001000100|450|40|250|35",
    "140VZ00US99001000200|450|41|250|36",
    "1500000US990010001001|200|30|0|13",
    "1500000US990010001002|-666666666|-222222222||",
    "1500000US980010001001|5|5|5|5",
    "1600000US9900100|1|1|1|1",
]


def write(folder: Path, name: str = "acsdt5y2024-b25003.dat", rows: list[str] | None = None) -> Path:
    path = folder / name
    path.write_text(HEADER + "".join(f"{r}\n" for r in (ROWS if rows is None else rows)), encoding="utf-8")
    return path


def test_the_table_based_file_is_read_as_it_is(tmp_path: Path) -> None:
    write(tmp_path)
    layer = read_acs(tmp_path, ["B25003"], 2024, prefixes=["99"])["B25003"]
    assert layer.name == "acs:B25003@2024"
    assert list(layer.data.columns) == ["geoid", "level", "B25003_001E", "B25003_001M", "B25003_002E", "B25003_002M"]
    assert layer.data["geoid"].tolist() == [
        "99001",
        "99003",
        "99001000100",
        "99001000200",
        "990010001001",
        "990010001002",
    ]
    assert layer.data["level"].tolist() == ["county"] * 2 + ["tract"] * 2 + ["block group"] * 2
    assert layer.geography_vintage == 2020
    assert layer.provenance.vintage == "2020-2024"
    assert layer.provenance.source == "U.S. Census Bureau"
    assert len(layer.provenance.sha256) == 64


def test_sentinels_are_decoded_with_their_reasons(tmp_path: Path) -> None:
    write(tmp_path)
    data = read_acs(tmp_path, ["B25003"], 2024)["B25003"].data.set_index("geoid")
    assert data.loc["99001", "B25003_001M"] == 0  # controlled
    assert data.loc["990010001002"].drop("level").isna().all()
    reasons: dict[tuple[str, str], str] = data.attrs["reasons"]
    assert "could not compute" in reasons["990010001002", "B25003_001E"]
    assert reasons["990010001002", "B25003_002E"] == "no estimate was published"
    assert {pair[0] for pair in reasons} == {"990010001002"}
    assert len(reasons) == 4


@pytest.mark.parametrize("name", ["acsdt5y2024-b25003.dat", "b25003.csv"])
def test_a_table_of_whole_numbers_alone_is_read_as_one_with_other_cells(name: str, tmp_path: Path) -> None:
    """Those are read as numbers at once, these as text that becomes numbers; an id in digits keeps its zeros."""
    rows = [row for row in ROWS if not row.endswith("||")] + ["06001400100|7|-222222222|+5|007"]
    frames = {}
    for more in ("", "x"):
        (tmp_path / f"of{more}").mkdir()
        cells = [HEADER.strip() + ("|STUSAB" if more else ""), *(row + ("|DE" if more else "") for row in rows)]
        text = "\n".join(cells) + "\n"
        (tmp_path / f"of{more}" / name).write_text(text if name.endswith("dat") else text.replace("|", ","))
        frames[more] = read_acs(tmp_path / f"of{more}", ["B25003"], 2024)["B25003"].data
    assert frames[""].attrs["reasons"] == frames["x"].attrs["reasons"]
    pd.testing.assert_frame_equal(frames[""], frames["x"], check_exact=True)
    assert frames[""].set_index("geoid").loc["99001", "B25003_002E"] == 500
    # Lines of a national file begin with a level; what else there is, a CSV has too.
    assert ("06001400100" in set(frames[""]["geoid"])) == name.endswith("csv")


def test_a_truth_is_no_number(tmp_path: Path) -> None:
    rows = ["0500000US99001|True|60|True|5", "0500000US99003|True|80|True|5"]
    with pytest.raises(LayerError, match="holds 'True' where a number is due"):
        read_acs(write(tmp_path, rows=rows), ["B25003"], 2024)


def test_prefixes_pick_states_and_counties(tmp_path: Path) -> None:
    write(tmp_path)
    one = read_acs(tmp_path, ["B25003"], 2024, prefixes=["99003", "98"])["B25003"].data
    assert one["geoid"].tolist() == ["99003", "980010001001"]
    with pytest.raises(LayerError, match="begin with 12"):
        read_acs(tmp_path, ["B25003"], 2024, prefixes=["12"])


@pytest.mark.parametrize(("year", "vintage"), [(2019, 2010), (2020, 2020), (2014, 2010)])
def test_the_tracts_change_with_2020(tmp_path: Path, year: int, vintage: int) -> None:
    write(tmp_path, f"acsdt5y{year}-b25003.dat")
    layer = read_acs(tmp_path, ["B25003"], year)["B25003"]
    assert layer.geography_vintage == vintage
    assert layer.provenance.vintage == f"{year - 4}-{year}"


def test_other_forms_of_the_same_table_give_the_same_numbers(tmp_path: Path) -> None:
    plain = read_acs(write(tmp_path), ["B25003"], 2024)["B25003"].data
    frame = pd.read_csv(tmp_path / "acsdt5y2024-b25003.dat", sep="|", dtype=str, keep_default_na=False)
    api = frame.rename(columns=lambda c: c if c == "GEO_ID" else f"{c[:7]}{c[8:]}{c[7]}")
    api.to_csv(tmp_path / "api.csv", index=False)
    labelled = pd.concat([api.head(1).assign(GEO_ID="Geography", B25003_001E="Estimate!!Total"), api])
    labelled.to_csv(tmp_path / "labelled.csv", index=False)
    numeric = frame.set_index("GEO_ID").apply(pd.to_numeric).reset_index()
    numeric.to_parquet(tmp_path / "b.parquet")
    with gzip.open(tmp_path / "b25003.dat.gz", "wt", encoding="utf-8") as file:
        file.write((tmp_path / "acsdt5y2024-b25003.dat").read_text(encoding="utf-8"))
    for name in ("api.csv", "labelled.csv", "b.parquet", "b25003.dat.gz"):
        other = read_acs(tmp_path / name, ["B25003"], 2024)["B25003"].data
        pd.testing.assert_frame_equal(plain, other[plain.columns], obj=name)


def test_short_identifiers_and_printed_annotations_are_understood(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(
        'GEOID,NAME,B25003_001E,B25003_001M\n99001000100,x,"1,234",±56\n99001000200,y,-,**\n99001000300,z,7,*****\n',
        encoding="utf-8",
    )
    data = read_acs(tmp_path / "b.csv", ["B25003"], 2024)["B25003"].data
    assert data["B25003_001E"].tolist()[0] == 1234
    assert data["B25003_001M"].tolist()[0] == 56
    assert math.isnan(data["B25003_001E"].iloc[1])
    assert data["B25003_001M"].iloc[2] == 0


def test_a_table_that_is_not_there_is_simply_not_found(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, "acsdt5y2014-b25003.dat", ROWS[2:3])
    write(tmp_path, "acsdt1y2024-b25003.dat", ROWS[2:3])
    found = read_acs(tmp_path, ["B25063", "B25003"], 2024)
    assert list(found) == ["B25003"]
    assert len(found["B25003"].data) == 7
    assert read_acs(tmp_path, ["B25003"], 2019) == {}


def test_a_table_is_not_mistaken_for_its_iterations(tmp_path: Path) -> None:
    write(tmp_path, "acsdt5y2024-b25003b.dat")
    assert read_acs(tmp_path, ["B25003"], 2024) == {}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("b25003.dat", "<html>missing key</html>\n", "has no '\\|'"),
        ("b25003.dat", HEADER + "1400000US99001000100|4|1\n", "damaged or cut off"),
        ("b25003.dat", HEADER + "1400000US99001000100|4|1|1|1\n" * 2, "more than once"),
        ("b25003.dat", HEADER + "0400000US99|4|1|1|1\n", "no counties, tracts or block groups"),
        ("b25003.dat", "GEO_ID|B25003_E001|B25003_M002\n1400000US99001000100|4|1\n", "margin for B25003_001E"),
        ("b25003.dat", "NAME|B25003_E001|B25003_M001\n140|4|1\n", "no column GEO_ID"),
        ("b25003.dat", HEADER + "1400000US99001000100|x|1|1|1\n", "'x' where a number is due"),
        ("b25003.dat", HEADER + "1400000US99001000100|4|-7|1|1\n", "A margin of -7"),
        ("b25003.dat", "GEO_ID|B25063_E001|B25063_M001\n1400000US99001000100|4|1\n", "no cells of this table"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(LayerError, match=message):
        read_acs(tmp_path, ["B25003"], 2024)


def test_files_of_another_year_or_period_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="of 2014, not of 2024"):
        read_acs(write(tmp_path, "acsdt5y2014-b25003.dat"), ["B25003"], 2024)
    with pytest.raises(LayerError, match="one-year"):
        read_acs(write(tmp_path, "acsdt1y2024-b25003.dat"), ["B25003"], 2024)
    with pytest.raises(LayerError, match="no file"):
        read_acs(tmp_path / "gone", ["B25003"], 2024)
    with pytest.raises(ConfigError, match="no table"):
        read_acs(tmp_path, ["tenure"], 2024)
    write(tmp_path, "a-b25003.dat")
    write(tmp_path, "c-b25003.dat")
    with pytest.raises(LayerError, match="2 files could be"):
        read_acs(tmp_path, ["B25003"], 2024)


def test_an_invented_table_does_not_cite_the_bureau(tmp_path: Path) -> None:
    write(tmp_path)
    told = LayerSpec(name="acs", path=tmp_path, source="justgeo.synthetic", synthetic=True)
    provenance = read_acs(tmp_path, ["B25003"], 2024, spec=told)["B25003"].provenance
    assert provenance.synthetic
    assert provenance.source == "justgeo.synthetic"
    assert "Census" not in provenance.dataset
    assert provenance.licence == "not stated"


def test_connecticut_is_noted(tmp_path: Path) -> None:
    write(tmp_path, rows=["0500000US09110|4|1|1|1"])
    assert "planning regions" in read_acs(tmp_path, ["B25003"], 2024)["B25003"].provenance.notes[0]


def test_a_declaration_can_name_the_file_of_each_table(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    whole = write(tmp_path / "elsewhere", "acs5-2024-B25003.dat")
    entry = {"path": str(whole), "retrieved": "2026-01-05", "notes": ["not published for block groups"]}
    spec = LayerSpec("acs", tmp_path, {"year": 2024, "files": {"B25003": entry}}, retrieved="2020-01-01", notes=("n",))
    own = of_table(spec, "B25003")
    assert own is not None
    assert own.path == whole
    layer = read_acs(own.path, ["B25003"], 2024, spec=own)["B25003"]
    assert layer.provenance.retrieved == "2026-01-05"
    assert layer.provenance.notes == ("n", "not published for block groups")
    assert layer.provenance.asked == {"file": whole.name, "year": 2024, "table": "B25003"}
    assert of_table(spec, "B25063") is None
    assert of_table(LayerSpec("acs", tmp_path, {"year": 2024}), "B25063") == LayerSpec("acs", tmp_path, {"year": 2024})
    beside = of_table(LayerSpec("acs", tmp_path, {"files": {"B25003": {"path": "x.csv"}}}), "B25003")
    assert beside is not None
    assert beside.path == tmp_path / "x.csv"


@pytest.mark.parametrize("files", [{"B25003": "x.csv"}, {"B25003": {"file": "x.csv"}}, ["x.csv"]])
def test_a_file_of_a_table_is_a_mapping_with_a_path(tmp_path: Path, files: object) -> None:
    with pytest.raises(ConfigError, match="the file of table B25003"):
        of_table(LayerSpec("acs", tmp_path, {"files": files}), "B25003")


def test_empty_cells_of_the_api_are_absent_and_never_zero(tmp_path: Path) -> None:
    (tmp_path / "acs5-2024-B25003.csv").write_text(
        "GEO_ID,B25003_001E,B25003_001M\n1400000US99001000100,,\n1400000US99001000200,0,-555555555\n",
        encoding="utf-8",
    )
    data = read_acs(tmp_path, ["B25003"], 2024)["B25003"].data
    assert math.isnan(data["B25003_001E"][0])
    assert math.isnan(data["B25003_001M"][0])
    assert data.loc[1, ["B25003_001E", "B25003_001M"]].tolist() == [0, 0]
    assert data.attrs["reasons"] == {
        ("99001000100", "B25003_001E"): "no estimate was published",
        ("99001000100", "B25003_001M"): "no margin was published",
    }
