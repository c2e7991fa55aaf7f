"""What a run wrote, opened again after somebody had it in hands: results, manifests, typed checklists."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError

import justgeo
from justgeo import answers_sheet, manifests, peers_own, progress, wall
from justgeo.core.answers import FORMS
from justgeo.core.errors import JustgeoError
from justgeo.report import checklist, form, results, tables
from justgeo.report import checklist_sheets as sheets
from justgeo.report.write import MAKER
from tests.fuzz import target
from tests.fuzz._nearly import are, as_json, broken, cut, damaged, finite, odd, plain, write
from tests.report import made


@cache
def content() -> dict[str, Any]:
    """Right results, with few records, so that what is broken in them is rarely one of hundreds of alike cells."""
    whole: dict[str, Any] = json.loads(results.dump(results.to_dict(made.baseline())))
    some = [one for one in whole["records"] if one["zone"] in ("district", "reference")]
    return {**whole, "records": some[:6], "indicators": whole["indicators"][:4], "layers": whole["layers"]} | _few(
        whole, some
    )


def _few(whole: dict[str, Any], some: list[dict[str, Any]]) -> dict[str, Any]:
    ids = [one["indicator"] for one in some[:6]]
    return {
        "indicators": [one for one in whole["indicators"] if one["id"] in ids],
        "budgets": [one for one in whole["budgets"] if one["indicator"] in ids][:2],
    }


@cache
def _checker() -> Any:
    return jsonschema.Draft202012Validator(results.schema())


def read_results(given: str | bytes, folder: Path) -> None:
    """``results.json`` opened as ``justgeo.load`` opens it, and made tables of."""
    found = justgeo.load(write(folder / "results.json", given))
    finite(dict(found.content), missing=False)
    assert len(found.table(group=None)) == len(found["records"])
    found.to_frame()
    assert repr(found)
    assert tables.indicators_csv(found.content)


def read_form(given: Any, _folder: Path) -> None:
    """Our reader of the schema against another's: what one refuses the other does."""
    ours, theirs = form.problem(given, results.schema()), _checker().is_valid(given)
    # NaN, and a number that is too large, are numbers to the other reader; ours can reckon with neither.
    assert (ours is None) == theirs or (theirs and _holds_beyond(given)), ours


def _holds_beyond(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_beyond, value.values()))
    if isinstance(value, list):
        return any(map(_holds_beyond, value))
    return isinstance(value, int | float) and not -form.LARGEST <= value <= form.LARGEST


MANIFEST = {
    "schema_version": results.SCHEMA_VERSION, "made_by": MAKER, "slug": "mill-pond", "synthetic": False,
    "inputs": [{"id": "acs:B25003@2024", "source": "s", "dataset": "d", "vintage": "2020-2024", "retrieved": "",
    "sha256": "a" * 64}],
    "settings": [{"id": "district.toml", "file": "district.toml", "sha256": "b" * 64}],
    "absent_layers": {"gtfs": "no bus runs here"}, "outputs": {"results.json": "c" * 64, "index.html": "d" * 64},
    "run": {"justgeo": "1.0", "python": "3.11", "packages": {"numpy": "2"}, "config": "../district.toml",
    "records": "../records"},
}  # fmt: skip


def read_manifest(given: str | bytes, folder: Path) -> None:
    """``manifest.json``, and what ``justgeo verify`` says of a folder with it."""
    write(folder / "results.json", as_json(content()))
    write(folder / "manifest.json", given)
    told = manifests.read(folder)
    assert are(str, told.slug, *told.absent_layers.values()) and are(bool, told.synthetic)
    assert all(len(digest) == 64 for digest in told.outputs.values())
    found = justgeo.verify(folder)
    assert not found.holds
    assert all(one.state == "ok" or len(one.remedy) > 10 for one in found.findings)


def forged(folder: Path, told: Any) -> Path:
    """Outputs whose manifest fits their results: the form of what it names is not looked at."""
    folder.mkdir()
    body = as_json(told).encode("utf-8", "surrogatepass")
    write(folder / "results.json", body)
    fitting = {"results.json": hashlib.sha256(body).hexdigest()}
    write(folder / "manifest.json", as_json({**MANIFEST, "outputs": fitting}))
    return folder


def read_forged(given: Any, folder: Path) -> None:
    """What is done with a run's results later: sheets for the wall, progress, the checklist, a place among others."""
    one, other = forged(folder / "one", content()), forged(folder / "other", given)
    write(other / "checklist.json", as_json({"slug": "mill-pond", "name": "Mill Pond", "items": [], "targets": []}))
    uses: tuple[Callable[[], object], ...] = (
        lambda: wall.posters(other, folder / "wall"),
        lambda: progress.progress(one, other),
        lambda: progress.progress(other, one, write(folder / "answers.yml", "")),
        lambda: justgeo.checklist(other),
        lambda: peers_own.find(str(other), None),  # type: ignore[arg-type]
    )
    refused = []
    for use in uses:
        try:
            use()
        except JustgeoError as error:
            refused.append(error)
    if refused:
        raise min(refused, key=lambda error: len(error.remedy))


def read_pair(given: tuple[Any, Any], folder: Path) -> None:
    """Two folders of outputs whose manifests fit their results, held against each other: the results are looked at."""
    for name, told in zip(("one", "other"), given, strict=True):
        forged(folder / name, told)
    found = justgeo.diff(folder / "one", folder / "other")
    finite([(one.difference, one.difference_moe) for one in found.changes], missing=False)


# A typed checklist


@cache
def sheet() -> bytes:
    """A checklist with an answer, a row of each form and a target typed into it."""
    from tests.test_answers_sheet import SAID, Filled, _columns, head

    blank = sheets.workbook(Filled(made.checklist().items, SAID), results.to_dict(made.baseline()))
    book = openpyxl.load_workbook(io.BytesIO(blank))
    for title in (sheets.CHECKLIST, sheets.MORE, sheets.TARGETS, *map(sheets.sheet_title, FORMS)):
        row, columns = head(book[title])
        for one in _columns(title):
            book[title].cell(row + 1, columns[one.title]).value = _TYPED.get(one.key, (*one.options, "Forty came.")[0])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


_TYPED: dict[str, Any] = {
    "item": "B01", "by": "resident", "date": dt.datetime(2026, 3, 14), "name": "Ada", "indicator": "BEL-02",
    "group": None, "target": 0.4, "year": 2031, "evidence": "evidence/minutes.pdf\nhttps://example.org/a",
}  # fmt: skip


_CELLS = st.one_of(
    odd.filter(lambda v: isinstance(v, str | int | float | bool)),
    st.sampled_from(["=1+1", "=HYPERLINK(\"http://a\")", "#REF!", "75 %", "yes", "si", "2026-13-45", "1e400", "GW-1"]),
)  # fmt: skip


def _writable(value: Any) -> Any:
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        return str(value)
    return value.encode("utf-8", "ignore").decode("utf-8") if isinstance(value, str) else value


@st.composite
def _books(draw: st.DrawFn) -> bytes:
    """A workbook in which cells, headings, sheets or bytes are others."""
    deed = draw(st.sampled_from(["cells", "bytes", "parts", "parts"]))
    if deed == "bytes":
        return draw(damaged(sheet()))
    if deed == "parts":
        return _repacked(draw)
    book = openpyxl.load_workbook(io.BytesIO(sheet()))
    for _ in range(draw(st.integers(1, 3))):
        tab = draw(st.sampled_from(book.worksheets))
        what = draw(st.sampled_from(["cell", "cell", "cell", "cell", "row", "column", "title", "gone"]))
        row, column = draw(st.integers(1, min(tab.max_row, 14) + 2)), draw(st.integers(1, min(tab.max_column, 12) + 1))
        if what == "cell":
            value = draw(_CELLS)
            # What a workbook cannot hold at all: control characters, and the halves of a sign.
            with contextlib.suppress(ValueError, TypeError, AttributeError, IllegalCharacterError):
                tab.cell(row, column).value = _writable(value)
        elif what == "row":
            tab.delete_rows(row)
        elif what == "column":
            tab.delete_cols(column)
        elif what == "title":
            tab.title = draw(st.sampled_from(["x", "Targets ", "Read me", "CHECKLIST"]))
        elif len(book.worksheets) > 1:
            book.remove(tab)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _repacked(draw: st.DrawFn) -> bytes:
    """The zip again with a part that is lost, doubled, empty, swollen, or another one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet())) as read, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        names = read.namelist()
        chosen = draw(st.sampled_from(names))
        deed = draw(st.sampled_from(["lose", "empty", "entities", "cut", "swell", "other", "digits"]))
        for name in names:
            data = read.read(name)
            if name == chosen:
                if deed == "lose":
                    continue
                data = {
                    "empty": b"", "entities": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
                    "cut": data[: len(data) // 2],
                    "swell": data + b" " * 3_000_000, "other": read.read(draw(st.sampled_from(names))),
                    "digits": data.replace(b">1<", b">" + draw(st.sampled_from([b"-1", b"1e999", b"9" * 400, b"x",
                    b""])) + b"<"),
                }[deed]  # fmt: skip
            written.writestr(name, data)
    return out.getvalue()


def read_sheet(given: bytes, folder: Path) -> None:
    """A typed ``checklist.xlsx``."""
    slug, said = answers_sheet.of_any(write(folder / "checklist.xlsx", given))
    assert are(str, slug, *said.items, *said.forms)
    finite([one.value for one in said.targets], missing=False)
    assert all(2000 <= one.year <= 2200 for one in said.targets)


_results = st.deferred(
    lambda: st.one_of(
        *[broken(content()).map(as_json)] * 3, broken(content(), plain).map(as_json), cut(as_json(content())),
        damaged(as_json(content()).encode()),
        st.sampled_from(["", "[]", "{}", '{"schema_version": "1.0"}', "[" * 100_000, "NaN", '{"a":' * 50_000]),
    )
)  # fmt: skip
_manifest = st.one_of(*[broken(MANIFEST).map(as_json)] * 3, cut(as_json(MANIFEST)), damaged(as_json(MANIFEST).encode()))


@cache
def listed() -> dict[str, Any]:
    """A right ``checklist.json`` of some items."""
    told: dict[str, Any] = json.loads(checklist.to_json(made.checklist(), content()))
    return {**told, "items": told["items"][:4]}


def read_checklist(given: str | bytes, folder: Path) -> None:
    """``checklist.json`` opened as ``justgeo.checklist`` opens it."""
    write(folder / "results.json", as_json(content()))
    write(folder / "checklist.json", given)
    found = justgeo.checklist(folder)
    assert len(found.to_frame()) == len(found["items"])
    assert repr(found)


TARGETS = (
    target.Target(
        "checklist-json",
        st.deferred(
            lambda: st.one_of(
                *[broken(listed()).map(as_json)] * 3, cut(as_json(listed())), damaged(as_json(listed()).encode())
            )
        ),
        read_checklist,
        times=25,
    ),
    target.Target("results-json", _results, read_results, times=40),
    target.Target("results-form", st.deferred(lambda: broken(content(), st.one_of(odd, plain))), read_form, times=25),
    target.Target("manifest-json", _manifest, read_manifest, times=30),
    target.Target("results-forged", st.deferred(lambda: broken(content())), read_forged, times=12),
    target.Target("diff", st.deferred(lambda: st.tuples(st.just(content()), broken(content()))), read_pair, times=25),
    target.Target("checklist-xlsx", st.deferred(_books), read_sheet, times=12),
)
