"""What the loopback Census API says of its datasets, in the form of the real one's JSON pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.loopback.census_tables import Dataset, Level

BASE = "http://api.census.gov/data"  # the real pages name themselves so, http and all
_KINDS = {
    "EA": "Annotation of Estimate",
    "MA": "Annotation of Margin of Error",
    "E": "Estimate",
    "M": "Margin of Error",
    "NA": "Annotation of ",
    "N": " ",
}
_FIXED = {
    "for": ("Census API FIPS 'for' clause", "Census API Geography Specification", "fips-for"),
    "in": ("Census API FIPS 'in' clause", "Census API Geography Specification", "fips-in"),
    "ucgid": ("Uniform Census Geography Identifier clause", "Census API Geography Specification", "ucgid"),
}


def metadata(dataset: Dataset, page: tuple[str, ...]) -> Any:
    """The page below a dataset's own path, ``("groups", "B25003.json")``; None where there is none."""
    match page:
        case ("geography.json",):
            return {"default": [{"isDefault": "true"}], "fips": [_geography(dataset, one) for one in dataset.levels]}
        case ("variables.json",):
            return {"variables": _variables(dataset)}
        case ("variables", name) if name.endswith(".json"):
            return variable(dataset, name.removesuffix(".json"))
        case ("groups.json",):
            return {"groups": [_group_row(dataset, table) for table in dataset.tables]}
        case ("groups", name) if name.removesuffix(".json") in dataset.tables:
            return {"variables": _group(dataset, name.removesuffix(".json"))}
    return None


def catalogue(datasets: Iterable[Dataset]) -> Any:
    """Datasets as ``data.json`` lists them."""
    return {
        "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
        "@type": "dcat:Catalog",
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "dataset": [_record(dataset) for dataset in datasets],
    }


def variable(dataset: Dataset, name: str) -> Any:
    """What is said of one variable, None where there is none."""
    if name in ("NAME", "GEO_ID"):
        return {"name": name, **_place(name)}
    table = dataset.table_of(name)
    if table is None:
        return None
    told = {"name": name, **_cell(dataset, name)}
    others = [other for other in table.columns if other[: len(name) - 1] == name[:-1] and other != name]
    return {**told, "attributes": ",".join(others)} if name[-1] in "EN" else told


def _variables(dataset: Dataset) -> dict[str, Any]:
    """Estimates and counts; what belongs to them is named among their attributes, as the real page does."""
    found = {
        name: {"label": label, "concept": concept, "predicateType": kind, "group": "N/A", "limit": 0}
        | {"predicateOnly": True}
        for name, (label, concept, kind) in _FIXED.items()
    }
    for table in dataset.tables.values():
        for name in table.columns:
            if name[-1] in "EN":
                found[name] = {key: value for key, value in variable(dataset, name).items() if key != "name"}
    return {**found, "GEO_ID": {**_place("GEO_ID"), "attributes": "NAME"}}


def _group(dataset: Dataset, table: str) -> dict[str, Any]:
    cells = {name: {**_cell(dataset, name), "predicateOnly": True} for name in dataset.tables[table].columns}
    return {**cells, "GEO_ID": _place("GEO_ID"), "NAME": _place("NAME")}


def _group_row(dataset: Dataset, table: str) -> dict[str, str]:
    page = f"{BASE}/{dataset.year}/{dataset.path}/groups/{table}.json"
    return {"name": table, "description": f"{table} (invented)", "variables": page, "universe ": "(invented)"}


def _place(name: str) -> dict[str, Any]:
    label = {"NAME": "Geographic Area Name", "GEO_ID": "Geography"}[name]
    return {"label": label, "concept": "", "predicateType": "string", "group": "N/A", "limit": 0}


def _cell(dataset: Dataset, name: str) -> dict[str, Any]:
    table, _, rest = name.partition("_")
    line, kind = int(rest[:3]), rest[3:]
    label = f"{_KINDS[kind]}!!Total:" + (f"!!Line {line} (invented):" if line > 1 else "")
    return {
        "label": label,
        "concept": f"{table} (invented)",
        "predicateType": "string" if kind.endswith("A") else _number(dataset, name),
        "group": table,
        "limit": 0,
    }


def _number(dataset: Dataset, name: str) -> str:
    values = dataset.tables[name.rpartition("_")[0]][name]
    return "float" if any(value is not None and "." in value for value in values) else "int"


def _geography(dataset: Dataset, level: Level) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": level.name,
        "geoLevelDisplay": level.code,
        "referenceDate": f"{dataset.year}-01-01",
    }
    if level.requires:
        told["requires"] = list(level.requires)
    if level.wildcard:
        told |= {"wildcard": list(level.wildcard), "optionalWithWCFor": level.optional}
    return told


def _record(dataset: Dataset) -> dict[str, Any]:
    own = f"{BASE}/{dataset.year}/{dataset.path}"
    return {
        "@type": "dcat:Dataset",
        "c_vintage": dataset.year,
        "c_dataset": dataset.path.split("/"),
        "c_geographyLink": f"{own}/geography.json",
        "c_variablesLink": f"{own}/variables.json",
        "c_groupsLink": f"{own}/groups.json",
        "c_isAggregate": True,
        "c_isAvailable": True,
        "title": dataset.title,
        "accessLevel": "public",
        "distribution": [{"@type": "dcat:Distribution", "accessURL": own, "format": "API"}],
        "license": "https://creativecommons.org/publicdomain/zero/1.0/",
        "modified": f"{dataset.year + 1}-12-01 00:00:00.0",
        "publisher": {"@type": "org:Organization", "name": "U.S. Census Bureau"},
    }
