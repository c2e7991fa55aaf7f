"""The parts of the tool that changes the arithmetic: the draw, the tests of a line, the page. No mutant is run here."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

import pytest

from tests.mutation.choose import allotted, drawn, kind
from tests.mutation.mutants import Mutant, module_name
from tests.mutation.run import REASONS, ROOT, targets
from tests.mutation.shop import Changed, Finder, functions_of
from tests.mutation.table import Outcome, around_change, page, read_reasons, weighted, wilson
from tests.mutation.tests_of import Run, in_order, read, stated, touching


def mutant(
    module: str = "justgeo.measure.a", number: int = 0, operator: str = "operator_swap_op", **more: object
) -> Mutant:
    told = {
        "line": 2, "first": 2, "last": 2, "imported": False, "words": False, "scope": "f", "before": "a < b",
        "after": "a <= b", **more,
    }  # fmt: skip
    return Mutant(module, number, operator, **told)  # type: ignore[arg-type]


MANY = [mutant(f"justgeo.measure.{name}", n) for name, size in (("a", 90), ("b", 9), ("c", 1)) for n in range(size)]


def test_each_module_has_its_least_and_the_rest_goes_by_size() -> None:
    assert allotted({"a": 90, "b": 9, "c": 1}, 20, 3) == {"a": 3 + 12, "b": 3 + 1, "c": 1}
    assert allotted({"a": 2, "b": 1}, 20, 3) == {"a": 2, "b": 1}
    assert allotted({"a": 50, "b": 50}, 1, 3) == {"a": 3, "b": 3}


def test_the_draw_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    first = drawn(MANY, {"deciding": 30}, 3, 1)
    assert first == drawn(MANY, {"deciding": 30}, 3, 1)
    assert first != drawn(MANY, {"deciding": 30}, 3, 2)
    assert len(first) == len(set(first)) == 30
    assert {one.module for one in first} == {"justgeo.measure.a", "justgeo.measure.b", "justgeo.measure.c"}


def test_texts_are_never_drawn_and_kinds_are_drawn_apart() -> None:
    texts = [mutant(number=n, words=True) for n in range(5)]
    passing = [mutant(number=10 + n, operator="operator_arg_removal") for n in range(5)]
    assert drawn([*texts, *passing], {"deciding": 5, "passing": 2}, 0, 1) == drawn(passing, {"passing": 2}, 0, 1)
    assert (kind(passing[0]), kind(MANY[0])) == ("passing", "deciding")


def test_the_files_are_those_that_hold_estimates() -> None:
    names = {module_name(path, ROOT) for path in targets(ROOT)}
    assert {"justgeo.measure.margins", "justgeo.measure.typology.rules", "justgeo.core.zones"} <= names
    assert not any(name.startswith("justgeo.report") or name == "justgeo.measure" for name in names)


def test_tests_of_a_statement_are_those_that_ran_it() -> None:
    source = "LEAST = 5\ndef f(x):\n    return x < LEAST\n\ndef g(x):\n    return x\n"
    runs = [Run("t.py::one", 1.0, True, {"a.py": {3}}), Run("t.py::two", 1.0, True, {"a.py": {6}})]
    line = touching(mutant(first=6, last=6), "a.py", runs, {"a.py": source})
    assert [run.test for run in line] == ["t.py::two"]
    constant = mutant(first=1, last=1, scope="", imported=True)
    assert [run.test for run in touching(constant, "a.py", runs, {"a.py": source})] == ["t.py::one"]
    assert touching(mutant(first=9, last=9), "a.py", runs, {"a.py": source}) == []
    default = "def h(x=1):\n    return x\n\ndef g(x):\n    return x\n"
    runs = [Run("t.py::one", 1.0, True, {"a.py": {2}}), Run("t.py::two", 1.0, True, {"a.py": {5}})]
    taken = touching(mutant(first=1, last=1, scope="h", imported=True), "a.py", runs, {"a.py": default})
    assert [run.test for run in taken] == ["t.py::one"]
    table = mutant(first=1, last=1, scope="", imported=True)
    said = {"t.py": "assert SIZES == (1, 2)", "u.py": ""}
    runs = [Run("t.py::one", 1.0, True), Run("u.py::two", 1.0, True)]
    assert [run.test for run in touching(table, "a.py", runs, {"a.py": "SIZES = (1, 2)\n"}, said)] == ["t.py::one"]


def test_quick_files_come_first_and_what_would_take_too_long_is_left() -> None:
    runs = [Run("slow.py::a", 9.0, True), Run("quick.py::b", 1.0, True), Run("quick.py::c", 1.5, True)]
    assert in_order(runs[:2], runs, 100.0) == [["quick.py::b"], ["slow.py::a"], ["quick.py::b", "quick.py::c"]]
    assert in_order(runs[:2], runs, 4.0) == [["quick.py::b"], ["quick.py::b", "quick.py::c"]]
    assert in_order(runs[:1], runs, 4.0) == [["slow.py::a"]]
    assert in_order(runs, runs, 3.0) == [["quick.py::b", "quick.py::c"]]
    assert in_order(runs, runs, 3.0, frozenset({"slow.py"})) == [["slow.py::a"]]
    assert in_order([], runs, 3.0) == []


def test_what_was_recorded_can_be_kept(tmp_path: Path) -> None:
    runs = [Run("t.py::one", 1.25, True, {str(tmp_path / "a.py"): {1, 2, 3}}), Run("t.py::two", 0.0, False)]
    assert read(stated(runs, tmp_path), tmp_path) == runs


def test_the_code_of_one_function_is_exchanged_and_of_nothing_else() -> None:
    """By name and place among those of that name; a lambda inside is part of what is around it."""
    source = "X = 1\nclass A:\n    def f(self):\n        return (lambda: 1)()\n    def g(self):\n        return 2\n"
    old, new = (
        functions_of(compile(text, "a.py", "exec")) for text in (source, source.replace("lambda: 1", "lambda: 3"))
    )
    assert [name for name, _ in old] == ["A.f", "A.g"]
    assert [key for key in old if old[key] != new[key]] == [("A.f", 0)]


def test_the_changed_module_is_the_one_that_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is as it was; what is imported is the text, and it carries the mark that a child looks for."""
    (tmp_path / "a_mutant_of_nothing.py").write_text("X = 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    finder = Finder("a_mutant_of_nothing", str(tmp_path / "a_mutant_of_nothing.py"), "X = 2\n")
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    module = importlib.import_module("a_mutant_of_nothing")
    monkeypatch.delitem(sys.modules, "a_mutant_of_nothing")
    assert (module.X, module.__mutant__) == (2, True)
    assert isinstance(module.__loader__, Changed)


def test_wilson_as_published() -> None:
    """Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for noticed, of, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(noticed, of) == pytest.approx((low, high), abs=5e-5)


def test_modules_weigh_as_much_as_they_have_mutants() -> None:
    rate, low, high = weighted([(900, 10, 10), (100, 10, 5)])
    assert rate == pytest.approx(0.95)
    assert low < rate < high
    assert weighted([(70, 50, 40), (70, 50, 40)]) == pytest.approx((0.8, *wilson(80, 100)))


def test_the_page_counts_what_was_noticed_and_names_what_was_not() -> None:
    kept, lost = mutant(number=1, before="a | b", after="a & b"), mutant(number=2)
    late, none = (
        mutant(number=3, operator="operator_arg_removal", before="h(a, b)"),
        mutant("justgeo.measure.b", before="1", after="2"),
    )
    found = [Outcome(kept, "killed"), Outcome(lost, "survived"), Outcome(late, "timeout"), Outcome(none, "untested")]
    text = page(found, [Outcome(kept, "killed")], [kept, lost, late, none], {lost.key: "equivalent: never alike"}, 7)
    assert "no test was written: 100.0 % killed" in text
    assert "1 of 3 drawn from 3; without the 1 shown to be equivalent, 1 of 2 = 50.0 %" in text
    assert "| measure.a | 2 | 2 | 1 | 1 | 50.0 % |" in text
    assert f"| {lost.key} | f | `a < b` → `a <= b` | equivalent: never alike |" in text
    assert f"| {none.key} | f | `1` → `2` | untested: no test runs it |" in text
    assert kept.key not in text and late.key not in text


def test_a_long_change_is_shown_where_it_is() -> None:
    before = "f(" + ", ".join(["1.0"] * 40) + ")"
    assert around_change("a < b", "a <= b") == ("a < b", "a <= b")
    shown = around_change(before, before.replace("1.0)", "2.0)"), beside=6)
    assert shown == ("… 1.0, 1.0)", "… 1.0, 2.0)")


def test_every_reason_has_its_class() -> None:
    reasons = read_reasons(REASONS)
    classes = ("equivalent", "only speed", "only a text", "not reachable", "not noticed")
    wrong = [key for key, why in reasons.items() if not why.startswith(tuple(f"{one}: " for one in classes))]
    assert not wrong
