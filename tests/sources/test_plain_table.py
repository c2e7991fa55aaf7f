"""Tables as people keep them: encodings, separators, numbers, GEOIDs; what could be read in two ways is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from justgeo.core.errors import ConfigError, LayerError
from justgeo.sources._plain_table import PlainTable, read_plain, tract_ids

IDS = ["08031000201", "08031000202", "08031000300"]


def table(folder: Path, text: str | bytes) -> PlainTable:
    path = folder / "tracts.csv"
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return read_plain(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_any_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    found = table(tmp_path, f"geoid,name,x\n{IDS[0]},Peña,5\n".encode(encoding))
    assert found.columns["name"] == ["Peña"]
    assert found.columns["geoid"] == [IDS[0]]
    assert found.notes == (("tracts.csv is not UTF-8 and was read as Latin-1.",) if encoding == "latin-1" else ())


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_any_usual_separator_is_read(tmp_path: Path, mark: str) -> None:
    found = table(tmp_path, f"geoid{mark}x\r\n{IDS[0]}{mark}5.25\r\n\r\n")
    assert found.numbers("x").tolist() == [5.25]
    assert len(found) == 1


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,234", "12", "1,234,567.5"], [1234.0, 12.0, 1_234_567.5]),
        (["1 234", "5", "1\u00a0234\u202f567"], [1234.0, 5.0, 1_234_567.0]),
        (["1e3", "-.5", "+7."], [1000.0, -0.5, 7.0]),
        (["2,000,000+", "10,000-", "250,000+"], [2_000_001.0, 9_999.0, 250_001.0]),
    ],
)
def test_numbers_with_thousands_marks_are_read(tmp_path: Path, cells: list[str], values: list[float]) -> None:
    rows = "\n".join(f'{one},"{cell}"' for one, cell in zip(IDS, cells, strict=True))
    assert table(tmp_path, f"geoid,x\n{rows}\n").numbers("x").tolist() == values


def test_a_decimal_comma_is_told_from_the_cells_that_leave_no_doubt(tmp_path: Path) -> None:
    found = table(tmp_path, f"geoid;share;value\n{IDS[0]};0,451;1.234.567\n{IDS[1]};0,5;350.000\n")
    assert found.numbers("share").tolist() == [0.451, 0.5]
    assert found.numbers("value").tolist() == [1_234_567.0, 350_000.0]


def test_a_decimal_point_in_a_table_with_semicolons(tmp_path: Path) -> None:
    found = table(tmp_path, f"geoid;share;value\n{IDS[0]};0.451;1,234\n")
    assert found.numbers("share").tolist() == [0.451]
    assert found.numbers("value").tolist() == [1234.0]


def test_a_comma_that_can_be_both_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match=r"'1\.234' can be a thousand or a fraction"):
        table(tmp_path, f"geoid;x\n{IDS[0]};1.234\n")


def test_numbers_written_in_two_ways_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match=r"in two ways, '0\.5' and '0,25'"):
        table(tmp_path, f"geoid;x;y\n{IDS[0]};0.5;0,25\n")


@pytest.mark.parametrize("cell", ["$1,200", "12 %", "abc", "1,23", "1.2.3", "--5"])
def test_what_is_no_number_is_refused_with_its_place(tmp_path: Path, cell: str) -> None:
    found = table(tmp_path, f'geoid,x\n{IDS[0]},1\n{IDS[1]},"{cell}"\n')
    with pytest.raises(LayerError, match="row 2 has") as refused:
        found.numbers("x")
    assert repr(cell) in refused.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("geoid,x\n", "a header and no rows"),
        ("geoid,x,x\n1,2,3\n", "the column 'x' twice"),
        (f"geoid,x\n{IDS[0]}\n", "row 1 has 1 cells, the header 2"),
        (f"geoid,x\n{IDS[0]},1,2\n", "row 1 has 3 cells, the header 2"),
        (f'geoid,x\n{IDS[0]},"1\n', "cannot be read as a table"),
        (b"PK\x03\x04rest", "a workbook or an archive, not text"),
        (b"PAR1rest", "a Parquet file, not text"),
        (b"geoid,x\n1,\x00\n", "holds zero bytes"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(LayerError, match=said) as refused:
        table(tmp_path, text)
    assert refused.value.remedy


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no table"):
        read_plain(tmp_path / "none.csv")


def test_a_column_without_a_name_and_empty_cells_at_the_end_do_no_harm(tmp_path: Path) -> None:
    found = table(tmp_path, f",geoid,x\n1,{IDS[0]},5,,\n")
    assert list(found.columns) == ["geoid", "x"]
    assert found.numbers("x").tolist() == [5.0]


# ------------------------------------------------------------------------------------------------------------- GEOIDs


def ids(folder: Path, cells: list[str], *, pad: bool = False) -> list[str]:
    rows = "".join('"' + cell.replace('"', '""') + '",1\n' for cell in cells)
    return [str(one) for one in tract_ids(table(folder, f"geoid,x\n{rows}"), "geoid", pad=pad)]


def test_geoids_in_their_usual_forms(tmp_path: Path) -> None:
    assert ids(tmp_path, [IDS[0], f"1400000US{IDS[1]}", f'="{IDS[2]}"', "'08031000400"]) == [*IDS, "08031000400"]


def test_a_lost_zero_is_put_back_only_where_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="a zero was lost from its front") as refused:
        ids(tmp_path, [IDS[0], "8031000202"])
    assert "'08031000201'" in refused.value.remedy and "pad = true" in refused.value.remedy
    assert "row 2 has '8031000202'" in refused.value.message
    assert ids(tmp_path, [IDS[0], "8031000202"], pad=True) == IDS[:2]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("8.031E+09", "took it for a number"),
        ("8031000201.0", "took it for a number"),
        ("080310002011", "12 digits is a block group"),
        ("08031", "5 digits is a county"),
        ("", r"\(nothing\)"),
        ("Tract 2.01", "'Tract 2.01'"),
    ],
)
def test_what_is_no_tract_is_refused(tmp_path: Path, cell: str, said: str) -> None:
    with pytest.raises(LayerError, match=said):
        ids(tmp_path, [IDS[0], cell])


def test_identifiers_of_two_lengths_are_refused_with_how_many(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="1 of 3 GEOIDs are not those of tracts"):
        ids(tmp_path, [IDS[0], "080310002", IDS[2]])


def test_doubled_tracts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match=f"1 GEOIDs come more than once: {IDS[0]}"):
        ids(tmp_path, [IDS[0], IDS[1], IDS[0]])


def test_tracts_of_no_state_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="name no state or county"):
        ids(tmp_path, ["03031000201"])
