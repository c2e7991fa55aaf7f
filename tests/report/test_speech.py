"""Texts in two languages: found, filled, and complete."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import justgeo.report
from justgeo.core.errors import OutputError
from justgeo.report import speech

HOUSE = Path(justgeo.report.__file__).parent
_IN_TEMPLATE = re.compile(r"""\b_\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")


def said_in_code() -> set[str]:
    """Texts handed to ``say`` as they stand in the modules of the wing, and to ``_`` in its templates."""
    found: set[str] = set()
    for module in HOUSE.glob("*.py"):
        text = module.read_text(encoding="utf-8")
        ours = {"speech.say", "tell"} | ({"say"} if "justgeo.report.speech import say" in text else set())
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ours and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
    for template in (HOUSE / "templates").rglob("*.html"):
        for double, single in _IN_TEMPLATE.findall(template.read_text(encoding="utf-8")):
            found.add(re.sub(r"\\(.)", r"\1", double or single))
    return found


def test_english_stands_as_it_is_said() -> None:
    assert speech.say("Compared with {name}", name="Durham {County}") == "Compared with Durham {County}"
    assert speech.translated("fewer than 50 people") == ("fewer than 50 people", "en")


def test_spanish_is_found_and_ends_with_its_block() -> None:
    with speech.language("es"):
        assert speech.say("Belonging") == "Pertenencia"
        assert speech.translated("Mobility") == ("Movilidad", "es")
    assert speech.say("Belonging") == "Belonging"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(OutputError, match="xx"), speech.language("xx"):
        pass


def test_a_ready_made_text_is_found_by_its_places(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"{n} of {what} are missing": "faltan {n} de {what}", "stops": "paradas", "a {x}": "un {x}"}
    speech._patterns.cache_clear()
    monkeypatch.setattr(speech, "_read", lambda code: texts | {"{a} in {b}": "{a} en {b}"})
    monkeypatch.setattr(speech, "_ready", lambda code: texts)
    try:
        with speech.language("es"):
            assert speech.translated("3 of stops are missing") == ("faltan 3 de paradas", "es")
            assert speech.translated("nothing like it") == ("nothing like it", "en")
            assert speech.translated("easily missed in a count") == ("easily missed in a count", "en")
    finally:
        speech._patterns.cache_clear()


@pytest.mark.parametrize("code", sorted(set(speech.LANGUAGES) - {"en"}))
def test_every_text_that_is_said_has_its_translation(code: str) -> None:
    missing = sorted(said_in_code() - speech.catalogue(code).keys())
    assert not missing, f"not in texts/{code}: {missing[:5]} ({len(missing)} in all)"


@pytest.mark.parametrize("code", sorted(set(speech.LANGUAGES) - {"en"}))
def test_places_are_the_same_in_both(code: str) -> None:
    assert all(set(speech.places(k)) == set(speech.places(v)) for k, v in speech.catalogue(code).items())
