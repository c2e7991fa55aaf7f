"""What a planner states is a layer with its source, like any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from justgeo import config
from justgeo.core.errors import ConfigError
from justgeo.core.layer import Layer
from justgeo.core.spec import LayerSpec
from justgeo.sources import collect, stated
from tests import nowhere
from tests.sources.test_gtfs import AREA

INVENTED = {"invented": {"seed": 1}}
NAMED = {"name": "Nowhere (invented)", "slug": "nowhere-invented"}


def test_the_biome_of_district_toml_becomes_a_layer(tmp_path: Path) -> None:
    path = nowhere.write(tmp_path, {}, NAMED, {**INVENTED, "canopy": {"biome": "desert"}})
    settings = config.read(path)
    found = collect.collect(["biome"], settings.layers, (), AREA)
    layer = found.layers["biome"]
    assert isinstance(layer, Layer) and layer.data["biome"].tolist() == ["desert"]
    told = layer.provenance
    assert (told.layer, told.source, told.dataset) == ("biome", "the planner", "natural biome, as stated")
    # Another word is another layer; another name of the district is not.
    other = stated.read_biome(LayerSpec("biome", path, {"value": "forest"})).provenance
    assert other.sha256 != told.sha256
    assert (
        stated.read_biome(LayerSpec("biome", tmp_path / "x.toml", {"value": "desert"})).provenance.sha256 == told.sha256
    )


def test_a_biome_that_is_none_is_refused_and_without_one_there_is_no_layer(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"canopy\.biome"):
        config.read(nowhere.write(tmp_path / "a", {}, NAMED, {**INVENTED, "canopy": {"biome": "tundra"}}))
    assert "biome" not in config.read(nowhere.write(tmp_path / "b", {}, NAMED, INVENTED)).layers
    with pytest.raises(ConfigError, match="No natural biome"):
        stated.read_biome(LayerSpec("biome", tmp_path, {}))
