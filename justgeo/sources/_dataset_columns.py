"""Cells of a downloaded table as what they are: numbers with their margins, yes and no, texts, classes; and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure.margins import CONTROLLED, SENTINELS
from justgeo.sources._dataset_form import NOT_PUBLISHED, Classes, Column, Conditions, Reading
from justgeo.sources._frames import BLANKS, all_plain, as_text, numbers

Reasons = dict[tuple[str, str], str]
Objects = npt.NDArray[np.object_]

_YES = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_NO = frozenset({"false", "f", "no", "n", "0", "0.0"})
_TOP: Mapping[str, float] = {"share": 1.0, "percent": 100.0}
_SLACK = 1e-6
_CODES = (*SENTINELS, CONTROLLED, *(-float("9" * digits) for digits in range(3, 10)))
"""The Bureau's codes, and the -999 to -999999999 of others."""
_REMEDY = "look at the source's own description whether the column, its unit or its code for 'no number' has changed."


def decoded(cells: pd.DataFrame, reading: Reading, labels: Sequence[str], where: str) -> tuple[dict[str, Any], Reasons]:
    """All columns of a table.

    Parameters
    ----------
    cells : DataFrame
        Text, by the source's names.
    reading : Reading
    labels : sequence of str
        Of the rows, for reasons.
    where : str
        For messages.

    Returns
    -------
    dict of str to array
        By our names, with ``_moe``, ``_low``, ``_high`` where the source has them. NaN where there is nothing.
    dict of (str, str) to str
        By label and column, why there is nothing.

    Raises
    ------
    LayerError
        A cell is neither a number nor a known word for none, or a number cannot be what it is said to be.
    """
    found: dict[str, Any] = {}
    reasons: Reasons = {}
    for column in reading.columns:
        for name, source in column.sources.items():
            values, why = _column(cells[source], column, name, reading.missing, where)
            found[name] = values
            gone: Any = np.flatnonzero(why != np.array(None))
            reasons.update({(str(labels[i]), name): str(why[i]) for i in gone})
        _check_interval(found, column, where)
    for one in reading.classes:
        found[one.name] = classed(cells, one, where)
    return found, reasons


def _column(
    cells: pd.Series[Any], column: Column, name: str, missing: Mapping[str, str], where: str
) -> tuple[Any, Objects]:
    """Values of one column of the source, and why there is none."""
    worded = name == column.name and column.kind in ("text", "flag")
    why: Objects = np.full(len(cells), None, dtype=object)
    values = None if worded or column.strip else _plain(cells, missing)
    if values is None:
        text = _texts(cells, column, missing, why)
        gone: BoolArray = why != np.array(None)
        if worded:
            return text.mask(gone).array if column.kind == "text" else _flags(text, gone, name, where), why
        told = text.where(~pd.Series(gone, index=text.index), "").rename(column.column)
        values = np.array(numbers(told, where))
    for cell, reason in missing.items():
        same = values == _number(cell)
        why[same], values[same] = reason, np.nan
    _check_range(values, column, name, where)
    _refuse_codes(values, name, where)
    return values, why


def _plain(cells: pd.Series[Any], missing: Mapping[str, str]) -> FloatArray | None:
    """Cells of which each is a number as it stands, as in nearly all columns; None where their texts have to be read.

    So they have where a code for "no number" is a fraction, of which another text may be told by the same number.
    """
    codes = [_number(code) for code in missing]
    values = all_plain(cells) if all(np.isnan(code) or code.is_integer() for code in codes) else None
    return None if values is None or np.isinf(values).any() else np.array(values)


def _texts(cells: pd.Series[Any], column: Column, missing: Mapping[str, str], why: Objects) -> pd.Series[str]:
    """Cells as text, without the signs that are to go; ``why`` is filled in where they say that there is nothing."""
    text = as_text(cells)
    for sign in column.strip:
        text = text.str.replace(sign, "", regex=False)
    text = text.str.strip()
    why[text.str.casefold().isin(BLANKS).to_numpy(dtype=np.bool_)] = missing.get("", NOT_PUBLISHED)
    for cell, reason in missing.items():
        if cell:
            why[(text == cell).to_numpy(dtype=np.bool_)] = reason
    return text


def _refuse_codes(values: FloatArray, name: str, where: str) -> None:
    """A code for "no number" that nothing was told of: it would be counted as a number."""
    code = np.flatnonzero(np.isin(values, _CODES))
    if code.size:
        raise LayerError(
            f"{where}: {name} holds {values[code[0]]:.0f} in {code.size} of {len(values)} cells, which elsewhere "
            "stands for no number.",
            remedy=f'say what it means: missing = {{ "{values[code[0]]:.0f}" = "not published" }}.',
        )


def _number(cell: str) -> float:
    """A code for "no number" that is a number itself; NaN, which nothing equals, for one that is not."""
    try:
        return float(cell)
    except ValueError:
        return np.nan


def _flags(text: pd.Series[str], gone: BoolArray, name: str, where: str) -> FloatArray:
    folded = text.str.casefold()
    yes = folded.isin(_YES).to_numpy(dtype=np.bool_)
    no = folded.isin(_NO).to_numpy(dtype=np.bool_)
    strange = np.flatnonzero(~(yes | no | gone))
    if strange.size:
        raise LayerError(
            f"{where}: {name} holds {text.iloc[strange[0]]!r}, which is neither yes nor no.", remedy=_REMEDY
        )
    return np.where(gone, np.nan, yes.astype(np.float64))


def _check_range(values: FloatArray, column: Column, name: str, where: str) -> None:
    """Refuse what cannot be: a negative count or margin, a share above 1, a percent above 100."""
    margin = name != column.name and name.endswith("_moe")
    low = 0.0 if margin or column.kind in ("count", *_TOP) else -np.inf
    top = np.inf if margin else _TOP.get(column.kind, np.inf)
    wrong = (values < low - _SLACK) | (values > top + _SLACK)
    if wrong.any():
        what = "margin" if margin else column.kind
        raise LayerError(
            f"{where}: {name} is a {what}, but {int(wrong.sum())} of {len(values)} cells are none, for example "
            f"{values[wrong][0]:g}.",
            remedy=_REMEDY,
        )


def _check_interval(found: Mapping[str, Any], column: Column, where: str) -> None:
    """A number lies within the limits that are published for it."""
    if not (column.low or column.high) or column.kind in ("text", "flag"):
        return
    value = found[column.name]
    low = found.get(f"{column.name}_low", np.full(len(value), np.nan))
    high = found.get(f"{column.name}_high", np.full(len(value), np.nan))
    wrong = np.flatnonzero((low > value + _SLACK) | (high < value - _SLACK))
    if wrong.size:
        raise LayerError(
            f"{where}: {column.name} = {value[wrong[0]]:g} lies outside its own limits, {low[wrong[0]]:g} to "
            f"{high[wrong[0]]:g}.",
            remedy=_REMEDY,
        )


def classed(cells: pd.DataFrame, classes: Classes, where: str) -> Objects:
    """The class of each row: that of the first rule which fits.

    Raises
    ------
    LayerError
        None fits, and nothing is said for such rows.
    """
    found: Objects = np.full(len(cells), None, dtype=object)
    open_: BoolArray = np.ones(len(cells), dtype=np.bool_)
    for rule in classes.rules:
        fits = meets(cells, rule.where) & open_
        found[fits] = rule.name
        open_ &= ~fits
    if open_.any():
        if not classes.otherwise:
            columns = sorted({name for rule in classes.rules for name in rule.where})
            row = cells.loc[open_, columns].iloc[0]
            said = ", ".join(f"{name} = {row[name]!r}" for name in columns)
            raise LayerError(
                f"{where}: no class of {classes.name} is known for {int(open_.sum())} rows, for example {said}.",
                remedy="add a rule for it to the classes of this table.",
            )
        found[open_] = classes.otherwise
    return found


def glued(parts: Sequence[pd.Series[str]], sign: str = "") -> pd.Series[str]:
    """Texts of several columns, row by row, one behind the other."""
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + sign + part
    return whole


def meets(cells: pd.DataFrame, conditions: Conditions) -> BoolArray:
    """Rows that meet every condition, compared as text without blanks around."""
    keep: BoolArray = np.ones(len(cells), dtype=np.bool_)
    for column, wanted in conditions.items():
        keep &= as_text(cells[column]).isin(wanted).to_numpy(dtype=np.bool_)
    return keep
