"""Tables as text: reading them, numbers in them, identifiers in them, joining them. Nothing is guessed silently."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd

from justgeo.core.errors import ConfigError, LayerError, VintageError
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.location import foreign
from justgeo.core.texts import visible
from justgeo.core.words import suggestion
from justgeo.sources._options import check_kinds

#: Digits of an identifier, by census geography.
WIDTHS: Mapping[str, int] = {"county": 5, "tract": 11, "block group": 12, "block": 15}

#: What people write where there is no number. A cell that is none of these and no number is an error.
BLANKS = frozenset({"", "na", "n/a", "nan", "none", "null", "<na>", "#n/a", "."})

_LONG_ID = re.compile(r"^[0-9]{3}[0-9A-Z]{4,6}US([0-9]+)$")
_THOUSANDS = re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$")
_SEPARATORS = {".tsv": "\t", ".tab": "\t", ".dat": "|", ".psv": "|"}
_PACKED = frozenset({".gz", ".bz2", ".xz", ".zst"})

# FIPS codes of states and territories; 99 is kept for invented places.
_STATES = frozenset(
    [f"{n:02d}" for n in range(1, 57) if n not in (3, 7, 14, 43, 52)] + ["60", "66", "69", "72", "78", "99"]
)


def check_options(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Refuse an option that no reader understands.

    Raises
    ------
    ConfigError
        With the nearest known one.
    """
    known = tuple(known)
    for key in given:
        if key not in known:
            raise ConfigError(f"{where} has an unknown key {key!r}.", remedy=suggestion(str(key), known))


def require_file(path: Path, where: str) -> None:
    """Refuse a declared file that is not there.

    Raises
    ------
    LayerError
    """
    if not path.exists():
        raise LayerError(
            f"{where}: there is no file {path}.",
            remedy=foreign(path)
            + "mend its path in district.toml, or take the layer out: what needs it is then shown as absent.",
        )


def is_text(path: Path) -> bool:
    """Whether the file is a delimited text, packed or not."""
    return bare_suffix(path) in {".csv", ".txt", *_SEPARATORS}


def bare_suffix(path: Path) -> str:
    """``.csv`` for ``x.csv.gz``."""
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def read_frame(
    path: Path, where: str, *, delimiter: str | None = None, texts: Iterable[str] | None = None
) -> pd.DataFrame:
    """Read a delimited text or a Parquet file; every cell of a text stays text, or is as `cells` says with ``texts``.

    The second line of a download from data.census.gov, which repeats the labels, is left out.

    Raises
    ------
    LayerError
        There is no such file, or it is not a table.
    """
    require_file(path, where)
    remedy = "give a CSV (UTF-8, one header line) or a Parquet file."
    try:
        if bare_suffix(path) in {".parquet", ".pq"}:
            return pd.read_parquet(path)
        separator = delimiter or _SEPARATORS.get(bare_suffix(path), ",")
        frame = cells(lambda: path, texts, sep=separator, encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LayerError(f"{where}: {path.name} is not UTF-8 ({error.reason}).", remedy="save it as UTF-8.") from error
    except (ValueError, OSError) as error:  # pandas' and pyarrow's parser errors are ValueErrors
        raise LayerError(f"{where}: {path.name} cannot be read as a table ({error}).", remedy=remedy) from error
    if frame.empty:
        raise LayerError(f"{where}: {path.name} has no rows.", remedy=remedy)
    return without_label_row(frame)


def cells(source: Callable[[], Path | TextIO], texts: Iterable[str] | None, **told: Any) -> pd.DataFrame:
    """Cells of a delimited text as text; as whole numbers where no other cell is in it, some columns of texts apart.

    Nearly every table of the Bureau is so, and has a hundred columns: numbers that are read as such take half as long.
    """
    if texts is not None:
        names = dict.fromkeys(texts, str)
        frame: pd.DataFrame = pd.read_csv(source(), dtype=names, keep_default_na=False, low_memory=False, **told)
        if all(dtype == np.int64 for column, dtype in frame.dtypes.items() if column not in names):
            return frame
    text: pd.DataFrame = pd.read_csv(source(), dtype=str, keep_default_na=False, **told)
    return text


def without_label_row(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop the line of labels under the header that data.census.gov writes."""
    for column in ("GEO_ID", "GEOID"):
        if column in frame and len(frame) and str(frame[column].iloc[0]).strip() == "Geography":
            return frame.iloc[1:].reset_index(drop=True)
    return frame


def require_column(column: str, columns: Iterable[object], where: str, role: str) -> None:
    """Refuse a declared column that is not there, and name the nearest one.

    Raises
    ------
    ConfigError
    """
    names = [str(c) for c in columns]
    if column not in names:
        raise ConfigError(f"{where} has no column {column!r} (declared as {role}).", remedy=suggestion(column, names))


def as_text(values: pd.Series[Any]) -> pd.Series[str]:
    """Cells as text without blanks around: a whole number has no decimal point, nothing is the empty text."""
    if isinstance(values.dtype, pd.StringDtype):  # nearly all of them; `map` takes twice as long
        return pd.Series([_cell_text(v) for v in values.to_numpy(dtype=object)], values.index, str, values.name)
    return values.map(_cell_text).astype(str)


def _cell_text(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return visible(str(value)).strip()


def all_plain(values: pd.Series[Any]) -> FloatArray | None:
    """Cells of text as numbers where every one is a number as it stands, which nearly all columns are; else None."""
    if not isinstance(values.dtype, pd.StringDtype):
        return None
    found = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return None if np.isnan(found).any() else found


def numbers(values: pd.Series[Any], where: str) -> FloatArray:
    """Cells as numbers; a blank cell is NaN.

    Raises
    ------
    LayerError
        A cell is neither blank nor a finite number.
    """
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_complex_dtype(values):
        return _bounded(values.to_numpy(dtype=np.float64, na_value=np.nan), values, where)
    plain = all_plain(values)
    if plain is not None:
        return _bounded(plain, values, where)
    text = as_text(values)
    text = text.where(~text.str.match(_THOUSANDS), text.str.replace(",", "", regex=False))
    blank = text.str.casefold().isin(BLANKS)
    found = pd.to_numeric(text.where(~blank, "nan"), errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(np.isnan(found) & ~blank.to_numpy(dtype=np.bool_))
    if wrong.size:
        raise LayerError(
            f"{where}: column {values.name!r} holds {text.iloc[wrong[0]]!r} where a number is due "
            f"({wrong.size} of {len(text)} rows).",
            remedy="leave cells without a number empty, and give numbers without units.",
        )
    return _bounded(found, values, where)


def _bounded(found: FloatArray, values: pd.Series[Any], where: str) -> FloatArray:
    """Numbers as they are; one without bounds (``inf``, ``1e400``) counts nothing."""
    endless = np.flatnonzero(np.isinf(found))
    if endless.size:
        raise LayerError(
            f"{where}: column {values.name!r} holds {str(values.iloc[endless[0]])[:40]!r}, which is no finite number "
            f"({endless.size} of {len(found)} rows).",
            remedy="leave cells without a number empty; a program may have divided by 0 there.",
        )
    return found


def selected(frame: pd.DataFrame, conditions: Mapping[str, Any], where: str) -> BoolArray:
    """Rows that meet every condition: column -> value or list of values, compared as text.

    Raises
    ------
    ConfigError
        A column is not there.
    LayerError
        No row is left.
    """
    keep = np.ones(len(frame), dtype=np.bool_)
    for column, wanted in conditions.items():
        require_column(column, frame.columns, where, "where")
        values = [wanted] if isinstance(wanted, str | int | float) else list(wanted)
        keep &= as_text(frame[column]).isin([str(v) for v in values]).to_numpy(dtype=np.bool_)
        if not keep.any():
            seen = ", ".join(sorted(set(as_text(frame[column])))[:5])
            raise LayerError(
                f"{where}: no row has {column} = {', '.join(map(str, values))}.",
                remedy=f"the column holds: {seen}, ...",
            )
    return keep


def prefixes(option: object) -> tuple[str, ...]:
    """A prefix, or a list of them, as a tuple of text."""
    if isinstance(option, str):
        return (option,)
    return tuple(str(p) for p in option) if isinstance(option, Sequence) else ()


def short_id(text: str) -> str:
    """``99001000100`` for ``1400000US99001000100``."""
    found = _LONG_ID.match(text)
    return found.group(1) if found else text


def identifiers(values: pd.Series[Any], geography: str, where: str, *, pad: int | None = None) -> pd.Series[str]:
    """Identifiers as text, of the right length for their geography, each once.

    The Bureau's long form (``1400000US...``) is cut to its digits. Zeros that a spreadsheet took from the front
    are put back where the column was read as numbers, or where ``pad`` asks for it.

    Parameters
    ----------
    values : Series
    geography : str
        ``"tract"``, ...; any other word asks for no particular length.
    where : str
        For the message.
    pad : int, optional
        Fill up with zeros to this length.

    Raises
    ------
    LayerError
        An identifier is missing, doubled, of another geography's length or of no state.
    """
    ids = as_text(values).map(short_id)
    if (ids == "").any():
        raise LayerError(
            f"{where}: {int((ids == '').sum())} rows have no identifier in column {values.name!r}.",
            remedy="fill them in, or leave these rows out (where = ...).",
        )
    width = WIDTHS.get(geography)
    if pad is not None:
        ids = ids.str.zfill(pad)
    elif width is not None and pd.api.types.is_numeric_dtype(values):
        ids = ids.str.zfill(width) if (ids.str.len() >= width - 1).all() else ids
    if width is not None:
        _check_shape(ids, width, geography, where)
    _check_unique(ids, where)
    return ids


def _check_shape(ids: pd.Series[str], width: int, geography: str, where: str) -> None:
    other = ids[(ids.str.len() != width) | ~ids.str.fullmatch(r"[0-9]+")]
    if len(other):
        length = len(other.iloc[0])
        looks = next((f"; {length} digits is a {name}" for name, w in WIDTHS.items() if w == length), "")
        raise LayerError(
            f"{where}: {len(other)} of {len(ids)} identifiers are not those of a {geography} ({width} digits), "
            f"for example {other.iloc[0]!r}{looks}.",
            remedy=f"declare the geography that the file is about, or pad = {width} if leading zeros were lost.",
        )
    strange = ids[~ids.str[:2].isin(_STATES) | (ids.str[2:5] == "000")]
    if len(strange):
        raise LayerError(
            f"{where}: {len(strange)} identifiers name no state or county, for example {strange.iloc[0]!r}.",
            remedy="check the column, and pad: an identifier of another geography may have been filled up with zeros.",
        )


def _check_unique(ids: pd.Series[str], where: str) -> None:
    doubled = sorted(set(ids[ids.duplicated()]))
    if doubled:
        raise LayerError(
            f"{where}: {len(doubled)} identifiers come more than once: {', '.join(doubled[:5])}"
            f"{', ...' if len(doubled) > 5 else ''}.",
            remedy="keep one row an area (where = ... picks one year or one group), or dissolve the parts first.",
        )


def joined(
    frame: pd.DataFrame, join: Mapping[str, Any], folder: Path, geography: str, where: str
) -> tuple[pd.DataFrame, Path, str]:
    """Columns of a second file, joined by identifier.

    Parameters
    ----------
    frame : DataFrame
        With ``geoid``.
    join : mapping
        ``path`` (relative to ``folder``), ``geoid``, ``columns`` (own name -> column in the file), ``pad``, ``where``.

    Returns
    -------
    DataFrame, Path, str
        The frame with the numbers added, the file, and a note.

    Raises
    ------
    VintageError, LayerError
        Not every row finds its partner.
    """
    check_options(join, ("path", "geoid", "columns", "pad", "where", "delimiter"), f"{where}, join")
    check_kinds(join, f"{where}, join")
    if "path" not in join or not join.get("columns"):
        raise ConfigError(
            f"{where}: a join needs a path and columns.", remedy='join = { path = "...", columns = {...} }'
        )
    path = folder / Path(str(join["path"]))
    where = f"{where}, joined file {path.name}"
    other = read_frame(path, where, delimiter=join.get("delimiter"))
    if join.get("where"):
        other = other.loc[selected(other, join["where"], where)]
    key = str(join.get("geoid") or next((c for c in ("GEO_ID", "GEOID20", "GEOID", "geoid") if c in other), "GEOID"))
    require_column(key, other.columns, where, "geoid")
    known = frame["geoid"]
    keys = as_text(other[key]).map(short_id)
    if join.get("pad") is not None:
        keys = keys.str.zfill(int(join["pad"]))
    _check_partners(known, keys, geography, where)
    rows = other.assign(_key=keys)[keys.isin(set(known)).to_numpy(dtype=np.bool_)]
    _check_unique(rows["_key"], where)
    rows = rows.set_index("_key").reindex(known)
    out = frame.copy()
    for name, column in dict(join["columns"]).items():
        require_column(str(column), other.columns, where, str(name))
        out[str(name)] = numbers(rows[str(column)], where)
    extra = len(other) - len(known)
    note = f"Joined by identifier from {path.name}: {', '.join(join['columns'])}."
    return out, path, note + (f" Rows of it without a partner here: {extra}." if extra else "")


def _check_partners(known: pd.Series[str], keys: pd.Series[str], geography: str, where: str) -> None:
    lost = sorted(set(known) - set(keys))
    if not lost:
        return
    kind = VintageError if geography in WIDTHS else LayerError
    raise kind(
        f"{where}: {len(lost)} of {len(known)} identifiers have no partner, for example {', '.join(lost[:3])} "
        f"(the file has {', '.join(sorted(set(keys))[:3])}, ...).",
        remedy="join a file of the same census vintage and the same counties; identifiers of another vintage name "
        "other areas even where they look alike.",
    )
