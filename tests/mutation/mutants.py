"""Mutants of a module: one small change each, by the operators of mutmut.

The operators are mutmut's own, so that nobody here chose what is easy to catch. Its runner is not used: it leaves out
constants of modules and decorated functions, and forks from a process in which the tests have already run, whose
caches then hide a change. Libraries that only this needs are imported when it is called.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

WORDS = frozenset({"operator_string", "operator_symmetric_string_methods_swap"})
"""Operators that change texts; their mutants are counted and not run."""

SPEAKERS = frozenset({"say", "_", "plural", "warn", "debug", "info", "warning"})
"""Functions whose arguments are words."""


@dataclass(frozen=True)
class Mutant:
    """One change of one module.

    Attributes
    ----------
    module : str
        ``justgeo.measure.margins``.
    number : int
        Its place among those of the module.
    first, last : int
        Lines of the statement that is changed, or of its head.
    imported : bool
        Whether that statement runs when the module is imported.
    words : bool
        Whether only a text is changed, or the kind of numbers that an array is declared to hold.
    before, after : str
        The changed expression.
    """

    module: str
    number: int
    operator: str
    line: int
    first: int
    last: int
    imported: bool
    words: bool
    scope: str
    before: str
    after: str

    @property
    def key(self) -> str:
        """The same as long as the change is: it names no line."""
        told = f"{self.scope}|{self.before}|{self.after}"
        return f"{self.module.removeprefix('justgeo.')}:{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def module_name(path: Path, root: Path) -> str:
    """``justgeo.measure.margins`` of ``justgeo/measure/margins.py``."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def mutants_of(source: str, module: str) -> list[Mutant]:
    """All mutants of a module, in the order of its lines."""
    return [made for made, _, _ in _found(source, module)]


def mutated(source: str, module: str, number: int) -> str:
    """The module with one change made."""
    made, old, new = _found(source, module)[number]
    changed: str = _parsed(source)[0].deep_replace(old, new).code
    if changed == source:
        raise ValueError(f"mutant {number} of {module} changes nothing: {made.before!r} → {made.after!r}")
    return changed


@cache
def _parsed(source: str) -> tuple[Any, Any]:
    from libcst import parse_module
    from libcst.metadata import MetadataWrapper, PositionProvider

    wrapper = MetadataWrapper(parse_module(source))
    return wrapper.module, wrapper.resolve(PositionProvider)


@cache
def _found(source: str, module: str) -> tuple[tuple[Mutant, Any, Any], ...]:
    found: list[tuple[Mutant, Any, Any]] = []
    seen: set[tuple[int, str, str]] = set()
    tree, where = _parsed(source)
    for fields, before, after, old, new in _changes(tree, where):
        if (fields["first"], fields["scope"] + before, after) in seen or _code(tree, new) == _code(tree, old):
            continue
        seen.add((fields["first"], fields["scope"] + before, after))
        found.append((Mutant(module, len(found), before=before, after=after, **fields), old, new))
    return tuple(found)


def _code(tree: Any, node: Any) -> str:
    text: str = tree.code_for_node(node)
    return " ".join(text.split())


def _changes(tree: Any, where: Any) -> Iterator[tuple[dict[str, Any], str, str, Any, Any]]:
    """What each operator makes of each node, with where it stands."""
    from mutmut.mutation.mutators import mutation_operators

    for node, around in _walk(tree, ()):
        if _never(node, around):
            continue
        statement = _statement(node, around)
        head = _lines(statement, where)
        line = where[node].start.line if node in where else head[0]
        shown = next((one for one in (node, *reversed(around)) if _is_shown(one)), node)
        for kind, operate in mutation_operators:
            if not isinstance(node, kind):
                continue
            for new in operate(node):
                fields = {
                    "operator": operate.__name__, "line": line, "first": head[0], "last": head[1],
                    "imported": _at_import(node, around), "scope": _scope(around),
                    "words": operate.__name__ in WORDS or _spoken(node, around) or _typed(tree, node, new),
                }  # fmt: skip
                before = _code(tree, shown)
                after = _code(tree, new if shown is node else shown.deep_replace(node, new))
                yield fields, before, after, node, new


def _walk(node: Any, around: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    yield node, around
    for child in node.children:
        yield from _walk(child, (*around, node))


def _is_shown(node: Any) -> bool:
    """What a reader can make sense of: an operation rather than its sign, a call rather than its argument."""
    import libcst as cst

    shown = (cst.BinaryOperation, cst.UnaryOperation, cst.BooleanOperation, cst.Comparison, cst.Call, cst.Subscript,
             cst.Assign, cst.AnnAssign, cst.AugAssign, cst.Return, cst.Lambda, cst.IfExp, cst.Break, cst.Continue,
             cst.Param)  # fmt: skip
    return isinstance(node, shown)


def _never(node: Any, around: tuple[Any, ...]) -> bool:
    """Annotations, imports, decorators and names of types: nothing is computed there."""
    import libcst as cst

    kinds = (cst.Annotation, cst.Import, cst.ImportFrom, cst.Decorator)
    if any(isinstance(one, kinds) for one in (node, *around)):
        return True
    outer = next((one for one in (node, *reversed(around)) if isinstance(one, cst.Assign | cst.AnnAssign)), None)
    if outer is None or any(isinstance(one, cst.FunctionDef) for one in around):
        return False
    alias = (cst.Subscript, cst.Attribute, cst.BinaryOperation)
    name = outer.targets[0].target if isinstance(outer, cst.Assign) else outer.target
    typed = isinstance(outer, cst.Assign) and isinstance(outer.value, alias) and not name.value.isupper()
    return typed or (isinstance(name, cst.Name) and name.value == "__all__")


def _statement(node: Any, around: tuple[Any, ...]) -> Any:
    """The innermost statement, or the comparison of values that a function takes by default."""
    import libcst as cst

    kinds = (cst.BaseSmallStatement, cst.BaseCompoundStatement)
    return next((one for one in (node, *reversed(around)) if isinstance(one, kinds)), node)


def _lines(statement: Any, where: Any) -> tuple[int, int]:
    import libcst as cst

    place = where[statement]
    last = place.end.line
    if isinstance(statement, cst.BaseCompoundStatement) and statement in where:
        body = getattr(statement, "body", None)
        last = max(place.start.line, where[body].start.line - 1) if body in where else last
    return place.start.line, last


def _at_import(node: Any, around: tuple[Any, ...]) -> bool:
    """Outside of functions, or what one takes by default."""
    import libcst as cst

    inside = [n for n, one in enumerate(around) if isinstance(one, cst.FunctionDef)]
    return not inside or (len(inside) == 1 and any(isinstance(one, cst.Parameters) for one in around[inside[0] :][:2]))


def _spoken(node: Any, around: tuple[Any, ...]) -> bool:
    """Part of a text: of an error, of a sentence, of a pattern that is filled in."""
    import libcst as cst

    for one in (node, *around):
        if isinstance(one, cst.Raise | cst.FormattedString | cst.SimpleString | cst.ConcatenatedString):
            return True
        if isinstance(one, cst.Call):
            name = one.func.attr if isinstance(one.func, cst.Attribute) else one.func
            if isinstance(name, cst.Name) and (name.value in SPEAKERS or name.value.endswith("Error")):
                return True
    return False


def _typed(tree: Any, old: Any, new: Any) -> bool:
    """Whether the change is none but of the kind of numbers that an array is declared to hold."""
    import libcst as cst

    if not isinstance(old, cst.Call) or not isinstance(new, cst.Call):
        return False
    if isinstance(old.func, cst.Attribute) and old.func.attr.value == "astype":
        return True
    before, after = ([_code(tree, one) for one in call.args] for call in (old, new))
    gone = [text for text in before if text.rstrip(", ") not in [other.rstrip(", ") for other in after]]
    return len(gone) == 1 and re.match(r"dtype ?=", gone[0]) is not None


def _scope(around: tuple[Any, ...]) -> str:
    import libcst as cst

    return ".".join(one.name.value for one in around if isinstance(one, cst.FunctionDef | cst.ClassDef))
