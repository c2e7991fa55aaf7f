"""What a planner writes by hand: ``district.toml``, rows of the catalogue's form, a list of commitments, answers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from justgeo import answers, config
from justgeo.catalogue import read as catalogue
from justgeo.core.answers import Answers, Entry, Target
from tests.fuzz import target
from tests.fuzz._nearly import ODD_TEXTS, as_json, as_toml, broken, cut, damaged, finite, nested, plain, write

DISTRICT: dict[str, Any] = {
    "district": {"name": "Old Town", "slug": "old-town", "boundary": {"file": "a.gpkg", "column": "n", "values": ["x",
    2]}},
    "reference": {"name": "The county", "geoids": ["51540"]},
    "vintages": {"acs": 2024, "acs_t0": 2019},
    "fetch": {"census": True, "osm": "overpass", "gtfs": ["catalogue"], "tables": ["places"], "records": "records",
              "rasters": {"tree_canopy": True, "impervious": "https://example.org/a.tif"}},
    "census": {"provider": "auto"},
    "services": {"overpass": ["https://example.org/api"]},
    "layers": {
        "tracts": {"path": "t.zip", "geoid": "GEOID", "geography_vintage": 2020, "retrieved": "2026-01-02"},
        "parks": {"path": "p.gpkg", "covers": [-70.1, 38.7, -69.9, 38.9], "columns": {"name": "n"}, "notes": ["a"]},
        "acs": {"path": "acs", "year": 2024},
        "acs_t0": {"path": "acs", "year": 2019},
    },
    "tables": [{
        "path": "t.csv", "geoid": "G", "geography": "tract", "geography_vintage": 2020,
        "columns": [{"indicator": "BEL-02", "estimate": "x", "margin": "m", "kind": "count", "denominator": "y"}],
    }],
    "areas": {"path": "n.gpkg", "geoid": "name"},
    "absent": {"gtfs": "no bus runs here"},
    "protocol": {"answers": "answers.yml"},
    "displacement": {"protections": ["Rent registry"], "metro": ["51540"], "base_years": [2014]},
    "canopy": {"biome": "forest"},
    "output": {"folder": "out", "language": "en"},
}  # fmt: skip
_TOML = as_toml(DISTRICT)
_BOMBS = (
    "a = " + "[" * 100_000,
    "a = " + "[" * 2_000 + "]" * 2_000,
    "a = " + "{b = " * 2_000 + "1" + "}" * 2_000,
    "[" + ".".join(["a"] * 5_000) + "]\nb = 1",
    "a = " + "9" * 5_000,
    "a = 0x" + "f" * 5_000,
    "district = 1979-13-45T99:99:99Z",
    "[district]\nname = 0001-01-01\nboundary = 23:59:60",
    "[district]\nname = \"\\uD800\"\nboundary = 'a'",
    "\ufeff\ufeff[district]",
    "[[district]]\n[district.name]",
    "district = 1\n" * 2,
    "#" * 2_000_000,
)


def read_district(given: str | bytes, folder: Path) -> None:
    """``district.toml`` as every command reads it."""
    write(folder / "answers.yml", "items: {GW-1: said}\n")
    found = config.read(write(folder / "district.toml", given))
    assert found.name and found.slug and 2009 <= found.acs_year <= 2100
    finite({name: dict(spec.options) for name, spec in found.layers.items()}, missing=False)


ROWS = ("BEL-02", "OPP-01", "DEM-00.population", "WEL-04.800", "ENV-01")


@cache
def rows() -> dict[str, Any]:
    """Some rows of the catalogue, under ids that it does not have."""
    text = (Path(catalogue.__file__).parent / "indicators.yml").read_text(encoding="utf-8")
    told = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))["indicators"]
    kinds: dict[str, dict[str, Any]] = {}
    for row in told:
        if row["id"] in ROWS or row["field"] in ("acs_median", "acs_change", "class_share", "segregation", "acs_gap"):
            kinds.setdefault(row["field"], row)
    return {"indicators": [{**row, "id": f"OWN-{n:02d}"} for n, row in enumerate(kinds.values(), start=1)]}


def _chain(opening: str, more: str, times: int) -> str:
    """Named parts that hold one another: short to write, endless to unfold."""
    lines = [f"a0: &a0 {opening}"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, times)]
    return "\n".join([*lines, more, ""])


YAML_BOMBS = (
    _chain("[x, x, x, x, x, x, x, x, x]", "indicators: []", 12),
    _chain("[x]", f"shared: {{a: *a{29}}}\nindicators: []", 30),
    "a: &a [*a]\nindicators: []",
    "indicators: &a\n- *a",
    "<<: &a {<<: *a}\n",
    "? [a, b]\n: c\n",
    "? {a: b}\n: c\n",
    "a: !!python/object/apply:os.system [id]\n",
    "a: !!binary zzz\n",
    "a: 2020-13-45\n",
    "a: 2020-01-01 99:99:99\n",
    "a: " + "9" * 5_000 + "\n",
    "a: 1:" + "59:" * 400 + "1\n",
    "a: 1_000_:_1\n",
    "a: 0b\n",
    "a: 0x\n",
    "a: -0o9\n",
    "a: !!int x\n",
    "a: !!float x\n",
    "a: !!bool x\n",
    "a: !!timestamp x\n",
    "a: !!set {a, b}\n",
    "a: !!omap [a: b]\n",
    "a: !!pairs x\n",
    "--- a\n--- b\n",
    "%YAML 9.9\n---\na: b\n",
    "a: \"\\ud800\"\n",
    "a: \"\\U00110000\"\n",
    "\x00",
    "",
    "- a\n",
    "a",
    "1: 2\n",
    "null: 2\n",
    "=: 2\n",
    "a: =\n",
    "{" * 5_000,
    "[" * 100_000,
    "- " * 20_000,
    "a: " * 3_000,
    "!" * 100,
    "*a\n",
    "indicators: [{id: OWN-01, parameters: {a: .inf}}]\n",
)  # fmt: skip

_yaml_text = st.one_of(
    st.sampled_from(YAML_BOMBS),
    nested("[", "", "]"),
    nested("{a: ", "b", "}"),
    plain.map(as_json),
    st.text(max_size=60),
)


def read_rows(given: str | bytes, folder: Path) -> None:
    """A file of rows of one's own, as ``justgeo.figures(rows=...)`` takes it."""
    for row in catalogue.indicators(write(folder / "rows.yml", given)):
        assert row.id and row.title and row.unit
        finite({name: value for name, value in row.parameters.items() if "edges" not in name}, missing=False)


@cache
def _rows_text() -> str:
    return yaml.safe_dump(rows(), sort_keys=False)


PROTOCOL: dict[str, Any] = {
    "source": "The Protocol, read in March 2026",
    "commitments": [{
        "id": "C1", "name": "Homes", "category": "Belonging", "goal": "g", "question": "q?", "indicators": ["BEL-02"],
        "objectives": [{"id": "C1.1", "name": "n", "indicators": ["BEL-03.renters"], "question": "q?"}],
    }],
    "actions": [{"id": "GV-a", "name": "n", "phase": "Governance", "text": "t", "question": "q?"}],
}  # fmt: skip


def read_protocol(given: str | bytes, folder: Path) -> None:
    """A planner's own list of commitments."""
    found = catalogue.own(write(folder / "protocol.local.yml", given))
    assert isinstance(found.source, str)


ANSWERS: dict[str, Any] = {
    "items": {"GW-1": [{"text": "The flood", "by": "resident", "date": "2026-03-14", "state": "under way",
                        "evidence": ["evidence/a.pdf", "https://example.org/a"], "publish": True, "name": "A",
                        "publish_name": False}, "plain text"], "GW-2": "alone"},
    "swot": [{"kind": "strength", "text": "A hall", "publish": True}],
    "targets": [{"indicator": "WEL-04.800", "target": "75 %", "year": 2032, "note": "n", "publish": True},
                {"indicator": "BEL-02", "target": 0.3, "year": 2030}],
}  # fmt: skip
_ANSWERS = yaml.safe_dump(ANSWERS, sort_keys=False)
_TYPED = Answers(
    {"GW-1": (Entry("Typed later: with a colon\nand two lines", by="school", publish=True),)},
    {},
    (Target("BEL-02", 0.4, 2031, publish=True),),
)


def read_answers(given: str | bytes, folder: Path) -> None:
    """``answers.yml`` read, and a typed sheet added to it: what stands in it is never lost."""
    path = write(folder / "answers.yml", given)
    found = answers.read(path)
    finite([one.value for one in found.targets], missing=False)
    answers.told(found, ["GW-1"])
    before = path.read_bytes()
    try:
        answers.merge(path, _TYPED)
    except Exception:
        assert path.read_bytes() == before
        raise
    now = answers.read(path)
    for item, said in found.items.items():
        assert now.items[item][: len(said)] == said
    assert now.targets[: len(found.targets)] == found.targets
    assert _TYPED.items["GW-1"][0].text in [one.text for one in now.items["GW-1"]]


def _texts(right: Any, as_text: Any, text: str, wild: st.SearchStrategy[str]) -> st.SearchStrategy[str | bytes]:
    """Mostly a broken value or a broken text of what is right, sometimes bytes, sometimes all wrong."""
    nearly = broken(right).map(as_text)
    return st.one_of(
        nearly, nearly, nearly, cut(text, (*ODD_TEXTS[:30], "&a ", "*a", "!!", "[", "{", "'''", '"', "#", "\t",
        ": ")), wild,
        damaged(text.encode()),
    )  # fmt: skip


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)


TARGETS = (
    target.Target(
        "district-toml",
        _texts(DISTRICT, as_toml, _TOML, st.one_of(st.sampled_from(_BOMBS), plain.map(lambda v: f"a = {as_json(v)}"))),
        read_district,
        seeds=_BOMBS,
        times=60,
    ),
    target.Target(
        "own-rows",
        st.deferred(lambda: _texts(rows(), _yaml, _rows_text(), _yaml_text)),
        read_rows,
        seeds=YAML_BOMBS,
    ),
    target.Target("own-protocol", _texts(PROTOCOL, _yaml, _yaml(PROTOCOL), _yaml_text), read_protocol),
    target.Target("answers-yml", _texts(ANSWERS, _yaml, _ANSWERS, _yaml_text), read_answers, seeds=YAML_BOMBS),
)
