"""The catalogue's methods, the Protocol and every ready-made text of the results in Spanish."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import justgeo.report
from justgeo.catalogue import read
from justgeo.core import protocol as core
from justgeo.core.answers import NOTHING_SAID
from justgeo.core.result import Baseline, Indicator, Record
from justgeo.report import checklist, maps, page, remarks, results, several, speech
from justgeo.report.basemap import Basemap
from tests import nowhere
from tests.report.pages import Shape

SPANISH = "es"
TEXTS = Path(justgeo.report.__file__).parent / "texts" / SPANISH
Place = tuple[Baseline, core.Checklist]
OURS = [*sorted(one.name for one in TEXTS.glob("methods_*.toml")), "invented.toml", "notes.toml", "protocol.toml",
        *sorted(one.name for one in TEXTS.glob("*.toml") if speech.is_ready(one.name))]  # fmt: skip
ROWS = read.indicators()
LEAST_LETTERS = 14
"""A text with places has at least so many letters of its own, unless a number or a year is what it must hold."""
_FIGURE = re.compile(r"\d[\d,.]*(?<![,.])")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_ENGLISH = re.compile(r"\b(?:the|of|and|is|are|was|were|not|here|with|by|for|indicators?|which)\b")
_PLACE = re.compile(r"\{\w+\}")


def lines(name: str) -> dict[str, str]:
    return tomllib.loads((TEXTS / name).read_text(encoding="utf-8"))


def told(text: str) -> tuple[str, str]:
    with speech.language(SPANISH):
        return several.translated(text)


def left(texts: Iterator[str]) -> list[str]:
    """Those that are not found."""
    return sorted({text for text in texts if text and _LETTERS.search(text) and told(text)[1] != SPANISH})


# The catalogue ------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["method", "caveat", "frequency"])
def test_every_method_and_caveat_has_its_translation(field: str) -> None:
    known = speech.catalogue(SPANISH)
    assert [f"{row.id}: {getattr(row, field)}" for row in ROWS if getattr(row, field) not in known] == []


def test_no_translation_is_left_of_a_text_that_is_gone() -> None:
    used = {getattr(row, field) for row in ROWS for field in ("method", "caveat", "frequency")}
    assert [text for name in OURS if name.startswith("methods_") for text in lines(name) if text not in used] == []


def test_what_is_known_of_the_errors_of_a_layer_has_its_translation() -> None:
    kept = [word.kept for word in read.layers().layers.values()]
    texts = [
        text for one in kept for text in (one.sign, one.unknown, one.no_bias, *(b.told for b in one.biases.values()))
    ]
    assert left(iter(texts)) == [] and len([text for text in texts if text]) > 15


def test_what_the_tables_say_of_themselves_has_its_translation() -> None:
    notes = [note for one in read.datasets().values() for note in one.options.get("reading", {}).get("notes", ())]
    assert left(iter(notes)) == [] and len(notes) > 15


def test_why_nothing_of_an_area_is_in_a_layer_has_its_translation() -> None:
    assert left(str(row.parameters.get("all_land", "")) for row in ROWS) == []


@pytest.mark.parametrize("name", OURS)
def test_figures_are_the_same_in_both(name: str) -> None:
    assert [
        text for text, other in lines(name).items() if Counter(_FIGURE.findall(text)) != Counter(_FIGURE.findall(other))
    ] == []


@pytest.mark.parametrize("name", OURS)
def test_no_file_is_too_long_to_hold_in_the_head(name: str) -> None:
    assert len((TEXTS / name).read_text(encoding="utf-8").splitlines()) < 400


# The checklist ------------------------------------------------------------------------------------


def lists(measured: list[Indicator], absent: dict[str, str]) -> core.Checklist:
    records = [Record("district", row.id, "all", 0.5, 0.1, row.unit, row.universe, "high", None) for row in measured]
    return core.fill(read.protocol(), records, ROWS, NOTHING_SAID, absent)


@pytest.mark.parametrize(
    "found",
    [
        lists([], {}),
        lists(list(ROWS), {}),
        lists(list(ROWS[::2]), {"acs:B25003": "no ACS tables were given", "walk": "no walk network was given"}),
        lists(list(ROWS[1::7]), {"parks": "no park layer was given", "gtfs": "no transit timetable (GTFS) was given"}),
    ],
    ids=["nothing measured", "all measured", "half", "little"],
)
def test_everything_that_the_checklist_prints_is_told(found: core.Checklist) -> None:
    items = checklist.rows(found)
    names = [
        str(item[name] or "") for item in items for name in ("title", "phase", "status", "reason", "question", "note")
    ]
    assert left(iter([*names, *checklist.KINDS.values()])) == []


def test_every_text_of_the_protocol_stands_in_the_files() -> None:
    protocol = read.protocol()
    themes: list[core.Pillar | core.Category | core.OutcomeArea] = [*protocol.pillars, *protocol.categories]
    themes += protocol.outcomes
    texts = [one.name for one in (*themes, *protocol.baseline)]
    texts += [question.told for one in themes for question in one.questions]
    texts += [text for one in protocol.baseline for text in (one.absent, one.partly, one.note)]
    texts += [str(text or "") for one in protocol.actions for text in (one.name, one.phase, one.text, one.question)]
    known = speech.catalogue(SPANISH)
    assert sorted({text for text in texts if text} - known.keys()) == []


def test_a_planner_s_own_commitments_keep_their_words_and_the_frame_is_told() -> None:
    own = core.Commitment(
        "C1", "Homes for all", "Belonging", "their copy", objectives=(core.Objective("C1.1", "Repair"),)
    )
    protocol = replace(read.protocol(), commitments=(own,))
    found = core.fill(protocol, [], ROWS, NOTHING_SAID, {}).having("commitment")
    assert [told(str(item.note))[0] for item in found[:2]] == [
        "Pertenencia. Según el archivo de quien planifica (their copy)", "Objetivo de C1",
    ]  # fmt: skip
    assert told(found[0].title) == ("Homes for all", "en")
    assert [told(item.title)[0] for item in found[2:]] == [
        "1 compromisos en el archivo de quien planifica, 17 en el Protocolo",
        "1 objetivos en el archivo de quien planifica, 22 en el Protocolo",
    ]
    goal = replace(own, goal="A goal in their own words")
    (first, *_) = core.fill(replace(protocol, commitments=(goal,)), [], ROWS, NOTHING_SAID, {}).having("commitment")
    assert told(str(first.note)) == (first.note, "en"), "half of it in Spanish is worse than none"


# The results --------------------------------------------------------------------------------------


@pytest.fixture(
    scope="module", params=["haight-castro", pytest.param("nowhere-invented", marks=pytest.mark.slow)]
)  # fmt: skip
def place(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Place:
    return nowhere.baseline(tmp_path_factory, str(request.param))


def ready_made(content: dict[str, Any]) -> Iterator[str]:
    """Texts of ``results.json`` that the page looks up: reasons, notes, what layers may lack, dates."""
    yield from content["notes"]
    yield from content["absent_layers"].values()
    for record in content["records"]:
        yield record["reason"] or ""
        yield from (flag for flag in record["flags"] if flag.startswith("rows of"))
    for layer in content["layers"]:
        yield from (*layer["notes"], layer["vintage"])
    for budget in content["budgets"]:
        for sign in budget["completeness"]:
            yield from (sign["sign"] or "", sign["reason"] or "", sign["unit"] or "")
        yield from (bias["told"] for bias in budget["bias"])


def test_every_ready_made_text_is_found(place: Place) -> None:
    content = results.to_dict(place[0])
    assert left(ready_made(content)) == []


def test_one_text_with_places_fits_and_no_other(place: Place) -> None:
    content = results.to_dict(place[0])
    known = speech.catalogue(SPANISH)
    many = {text: fits(text) for text in set(ready_made(content)) - known.keys() if text and _LETTERS.search(text)}
    assert {text: found for text, found in many.items() if len(found) != 1} == {}
    assert len(many) > 5


def test_the_page_has_nothing_in_english_but_names(place: Place) -> None:
    baseline, found = place
    content = results.to_dict(baseline)
    drawn = maps.draw(content, results.zones_frame(baseline.zones), Basemap())
    made = page.told(SPANISH, remarks.in_every_language(content)[SPANISH], found, drawn)
    names = [content["name"], *(zone["name"] for zone in content["zones"])]
    names += [
        str(layer[key]) for layer in content["layers"] for key in ("source", "dataset", "attribution", "licence", "id")
    ]
    names += [one for row in content["indicators"] for one in row["references"]]
    names += [one.partition(": ")[2] for one in names]
    names += ["Gentrification and Displacement Study", "class = park and type = park"]
    texts = Shape(str(made["body"])).told
    marked = {text for text, lang, tag in texts if lang == "en" and tag == "span"}
    assert sorted(text for text in marked if text not in names) == []
    others = {text for text, lang, tag in texts if lang != "en" and tag != "code"}
    everything = "\n".join(others)
    longest = sorted({one for one in names if one and one in everything}, key=len, reverse=True)
    taken = re.compile("|".join(map(re.escape, longest)))
    bare = {text: taken.sub(" ", text) for text in others}
    assert sorted(text for text, own in bare.items() if _ENGLISH.search(own)) == []


# Texts with places --------------------------------------------------------------------------------


def fits(text: str) -> list[str]:
    """English texts with places that fit a ready-made one whole, the one that is taken first."""
    by_other = {other: english for english, other in speech._ready(SPANISH).items()}
    return [by_other[other] for pattern, other in speech._patterns(SPANISH) if pattern.fullmatch(text)]


EXAMPLES = {
    "withheld: fewer than 50 people or households of this group stand behind it":
        "no se muestra: se apoya en menos de 50 personas u hogares de este grupo",
    "suppressed: fewer than 100 households stand behind it": "no se muestra: se apoya en menos de 100 hogares",
    "suppressed: its margin is too wide to say anything (coefficient of variation 119 %)":
        "no se muestra: su margen es demasiado amplio para decir algo (coeficiente de variación 119 %)",
    "withheld: its margin is too wide to say anything (± 14 points)":
        "no se muestra: su margen es demasiado amplio para decir algo (± 14 puntos)",
    "not known for 69% of the people here": "no se sabe para el 69% de las personas de aquí",
    "not known for 69% of the people here: jobs beyond the counties at hand are not known":
        "no se sabe para el 69% de las personas de aquí: no se conocen los empleos más allá de los condados "
        "disponibles",
    "its universe is empty here (renter households whose burden could be computed)":
        "aquí no hay nada que contar (hogares que alquilan y para los que se pudo calcular el gasto)",
    "the map speaks of only 30 % of the land (60 % are needed)":
        "el mapa solo habla del 30 % del terreno (hace falta el 60 %)",
    "only 30 % of the land has valid pixels (80 % are needed)":
        "solo el 30 % del terreno tiene píxeles válidos (hace falta el 80 %)",
    'the table "cejst" was not asked for: write tables = ["cejst"] under [fetch] of district.toml, or name a file of '
    'yours: [layers."data:cejst"] with path = "..."':
        'no se pidió la tabla "cejst": escriba tables = ["cejst"] bajo [fetch] en district.toml, o indique un archivo '
        'suyo: [layers."data:cejst"] con path = "..."',
    "the table chas at hand has no column T9_est1": "la tabla chas disponible no tiene la columna T9_est1",
    "2014: a cell that it needs was not published": "2014: no se publicó una celda que hace falta",
    "fewer than 3 deaths in the years 2020 to 2024: a rate would tell of chance":
        "menos de 3 muertes en los años 2020 a 2024: una tasa hablaría del azar",
    "Blocks of 2020 were nested in tracts of 2010 by their representative point, not by id.":
        "Las manzanas de 2020 se ubicaron en sectores de 2010 por su punto representativo, no por su código.",
    "42 of 240075 pixels hold no measurement (values 250, 254) and are left out.":
        "42 de 240075 píxeles no tienen medición (valores 250, 254) y se dejan fuera.",
    "Walkable are 1507 of 1544 lines; they also meet where they cross.":
        "Se puede caminar por 1507 de 1544 líneas; también se encuentran donde se cruzan.",
    "The timetable ended on 2024-01-01, before it was fetched on 2024-09-02: service may have changed since.":
        "El horario terminó el 2024-01-01, antes de que se descargara el 2024-09-02: el servicio puede haber cambiado "
        "desde entonces.",
    "2024-09-02/2024-12-13, service day 2024-09-04 (Wednesday)":
        "2024-09-02/2024-12-13, día de servicio 2024-09-04 (miércoles)",
    "Tract 7.01, block group 3": "Sector censal 7.01, grupo de manzanas 3",
    "5 of 151 indicators measured; which figures the Protocol itself asks for here is not publicly readable":
        "5 de 151 indicadores medidos; qué cifras pide aquí el propio Protocolo no se puede consultar públicamente",
    "Tasks, who does them, when, at what cost and from which funds. (its name and its phase inferred)":
        "Tareas, quién las hace, cuándo, a qué costo y con qué fondos. (el nombre y la fase se dedujeron)",
}  # fmt: skip


@pytest.mark.parametrize("english", list(EXAMPLES))
def test_an_example_is_told_by_the_text_that_is_meant(english: str) -> None:
    assert told(english) == (EXAMPLES[english], SPANISH)
    assert len(fits(english)) == 1


@pytest.mark.parametrize(
    "english",
    [
        "not known for 69% of the people here: because of the moon",
        "its universe is empty here (people of the moon)",
        "withheld: fewer than several persons stand behind it",
        "Tract home to many",
        "Main Street (invented)",
        "somebody's note (its phase inferred)",
    ],
)
def test_what_is_known_by_half_stays_english(english: str) -> None:
    assert told(english) == (english, "en")


def test_texts_with_places_have_letters_of_their_own() -> None:
    bare = {text: _PLACE.sub("", text) for text in speech._ready(SPANISH) if speech.places(text)}
    few = [text for text, own in bare.items() if sum(one.isalpha() for one in own) < LEAST_LETTERS]
    assert sorted(few) == [
        "19{n} (invented)", "20{first}-{n} (invented)", "20{n} (invented)", "20{n}: {why}", "Census Tract {n}",
        "Newest year of {counties}: {year}.", "Objective of {id}", "Read from {n} files: {names}.", "Tract {n}",
    ]  # fmt: skip


# Several in a row ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("no streets were given; no park layer was given", "no se dieron calles; no se dio un mapa de parques"),
        (
            "Tree canopy: no tree canopy raster was given; 4 indicators: no amenities were given",
            "Copas de árboles: no se dio un mapa de copas de árboles; 4 indicadores: no se dieron tiendas ni servicios",
        ),
        (
            "Homes where nobody over 13 speaks English very well and Adults who are citizens: no ACS tables were given",
            "Hogares donde nadie mayor de 13 años habla inglés muy bien, Adultos que son ciudadanos: no se dieron "
            "tablas de la ACS",
        ),
        ("A step nobody knows; no streets were given", None),
        ("7 indicators: because of the moon", None),
        ("no streets were given", "no se dieron calles"),
        ("20 indicators: no streets were given", "20 indicadores: no se dieron calles"),
    ],
)
def test_texts_in_a_row_are_told_whole_or_not_at_all(english: str, spanish: str | None) -> None:
    assert told(english) == ((english, "en") if spanish is None else (spanish, SPANISH))


def test_a_reason_that_holds_a_semicolon_is_one() -> None:
    graded = next(str(row.parameters["all_land"]) for row in ROWS if "all_land" in row.parameters)
    found, lang = told(f"3 indicators: {graded}; Tree canopy: no tree canopy raster was given")
    assert lang == SPANISH and found.count("; ") == graded.count("; ") + 1
