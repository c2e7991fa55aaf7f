"""results.json: the one truth. Same input, same bytes; nothing without a reason; nothing of what was withheld."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justgeo.core.errors import OutputError
from justgeo.core.result import Record
from justgeo.report import results
from tests.report import made


def test_follows_its_schema(content: dict[str, Any]) -> None:
    checker = jsonschema.Draft202012Validator(results.schema())
    checker.check_schema(results.schema())
    checker.validate(json.loads(results.dump(content)))


@pytest.mark.parametrize(
    ("key", "value"),
    [("reliability", "splendid"), ("moe", -1.0), ("value", "a lot"), ("extra", 1), ("numerator", float("nan"))],
)
def test_schema_can_fail(content: dict[str, Any], key: str, value: Any) -> None:
    broken = json.loads(results.dump(content))
    broken["records"][0][key] = value
    if isinstance(value, float) and math.isnan(value):
        with pytest.raises(ValueError, match="JSON compliant"):
            results.dump(broken)
        return
    assert not jsonschema.Draft202012Validator(results.schema()).is_valid(broken)


def test_schema_refuses_an_absence_without_reason(content: dict[str, Any]) -> None:
    broken = json.loads(results.dump(content))
    absent = next(r for r in broken["records"] if r["value"] is None)
    absent["reason"] = None
    assert not jsonschema.Draft202012Validator(results.schema()).is_valid(broken)


def test_same_input_same_bytes_whatever_the_order_of_records() -> None:
    one = made.baseline()
    other = replace(one, records=one.records[::-1], layers=one.layers[::-1])
    assert results.dump(results.to_dict(one)) == results.dump(results.to_dict(other))


def test_reads_back_what_was_written(tmp_path: Path, content: dict[str, Any]) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(results.dump(content))
    assert results.load(path) == content
    assert b"\r" not in path.read_bytes()


@pytest.mark.parametrize("text", ["", "{", '{"schema_version": "0.1"}', "[]"])
def test_refuses_to_read_something_else(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OutputError, match="justgeo run"):
        results.load(path)


def _beside(folder: Path, content: Any, *, told: bytes | None = None) -> Path:
    """Results in a folder, and a manifest that has their digest or that of other bytes."""
    path = folder / "results.json"
    path.write_bytes(results.dump(content))
    digest = hashlib.sha256(told or path.read_bytes()).hexdigest()
    (folder / results.MANIFEST).write_text(json.dumps({"outputs": {path.name: digest}}), encoding="utf-8")
    return path


def test_what_the_manifest_names_is_not_looked_at_again(
    tmp_path: Path, content: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _beside(tmp_path, content)
    asked: list[bool] = []

    def loads(body: bytes, *, finite: bool) -> Any:
        asked.append(finite)
        return json.loads(body)

    def looked(*_: Any) -> str:
        return "its form was looked at"

    monkeypatch.setattr("justgeo.core.json_text.loads", loads)
    monkeypatch.setattr("justgeo.report.form.of_results", looked)
    assert results.load(path) == content
    (tmp_path / results.MANIFEST).unlink()
    with pytest.raises(OutputError, match="its form was looked at"):
        results.load(path)
    assert asked == [False, True]


@pytest.mark.parametrize("manifest", [None, "{", "[]", '{"outputs": {"index.html": "0"}}', '{"outputs": []}'])
def test_what_no_manifest_names_is_looked_at(tmp_path: Path, content: dict[str, Any], manifest: str | None) -> None:
    path = tmp_path / "results.json"
    if manifest is not None:
        (tmp_path / results.MANIFEST).write_text(manifest, encoding="utf-8")
    path.write_bytes(results.dump({**content, "notes": 7}))
    with pytest.raises(OutputError, match="damaged, or was edited: notes"):
        results.load(path)
    path.write_bytes(results.dump(content).replace(b'"notes": [', b'"notes": [NaN, '))
    with pytest.raises(OutputError, match="NaN"):
        results.load(path)


def test_ends_of_lines_that_git_wrote_are_no_change(tmp_path: Path, content: dict[str, Any]) -> None:
    path = _beside(tmp_path, content)
    right = path.read_bytes()
    path.write_bytes(right.replace(b"\n", b"\r\n"))
    assert results.load(path) == content
    path.write_bytes(right.replace(b"\n", b"\r\n").replace(b'"value": 0.', b'"value": 1.', 1))
    with pytest.raises(OutputError, match="not the file that the run wrote"):
        results.load(path)


def _with(**change: Any) -> Any:
    whole = made.baseline()
    first = next(r for r in whole.records if r.value is not None)
    return replace(whole, records=(replace(first, **change), *(r for r in whole.records if r is not first)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": float("nan")}, "nan"),
        ({"moe": float("inf")}, "inf"),
        ({"value": None, "reason": None}, "no reason"),
        ({"moe": None, "reason": None}, "no margin"),
        ({"zone": "elsewhere"}, "elsewhere"),
        ({"group": "race:martian"}, "martian"),
        ({"indicator": "XXX-01"}, "XXX-01"),
        ({"layers": ("hearsay",)}, "hearsay"),
    ],
)
def test_refuses_a_number_that_cannot_stand(change: dict[str, Any], message: str) -> None:
    with pytest.raises(OutputError, match=message):
        results.to_dict(_with(**change))


def test_refuses_doubles_and_paths() -> None:
    whole = made.baseline()
    with pytest.raises(OutputError, match="twice"):
        results.to_dict(replace(whole, records=(*whole.records, whole.records[0])))
    with pytest.raises(OutputError, match="a path"):
        results.to_dict(replace(whole, settings={"boundary": Path("home")}))


def test_nothing_is_left_of_a_withheld_value() -> None:
    whole = made.baseline()
    secret = Record(
        zone="district", indicator="ENV-03", group="race:black", value=None, moe=0.07771, unit="share", universe="land",
        reliability="suppressed", reason="withheld: too few", numerator=31.777, denominator=77.777, low=0.7771,
        high=0.7772, text="0.77773", error={"sampling": 0.07774},
    )  # fmt: skip
    said = results.dump(results.to_dict(replace(whole, records=(*whole.records, secret)))).decode("utf-8")
    assert "777" not in said
    assert "withheld: too few" in said


def test_every_share_follows_from_its_row(content: dict[str, Any]) -> None:
    rows = [r for r in content["records"] if r["unit"] == "share" and r["denominator"]]
    assert len(rows) > 10
    for r in rows:
        assert r["value"] == pytest.approx(r["numerator"] / r["denominator"], abs=1e-9)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_twelve_digits(x: float) -> None:
    found = results.number(x, "here")
    assert found == pytest.approx(x, rel=1e-11, abs=0)
    assert not (found == 0 and math.copysign(1, found) < 0)
    assert results.number(found, "here") == found


def test_plain_makes_json_of_what_numpy_gives() -> None:
    told = results.plain({"b": np.float64(0.1), "a": (np.int64(3), {"y", "x"})}, "here")
    assert json.dumps(told) == '{"a": [3, ["x", "y"]], "b": 0.1}'


def test_open_brackets_of_the_catalogue_are_words() -> None:
    whole = made.baseline()
    rows = tuple(replace(i, parameters={"edges": (0, 10_000, math.inf)}) for i in whole.indicators)
    found = results.to_dict(replace(whole, indicators=rows))["indicators"][0]["parameters"]
    assert found == {"edges": [0, 10_000, "inf"]}
