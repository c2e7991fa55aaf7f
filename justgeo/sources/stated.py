"""What a planner states in ``district.toml`` itself, as a layer: so that its source stands among the others."""

from __future__ import annotations

import hashlib

import pandas as pd

from justgeo.core.errors import ConfigError
from justgeo.core.layer import Layer
from justgeo.core.spec import LayerSpec
from justgeo.sources._provenance import provenance

BIOME = "biome"


def read_biome(spec: LayerSpec) -> Layer:
    """The natural biome that a district lies in, one row with the column ``biome``.

    Raises
    ------
    ConfigError
        None is stated.
    """
    value = spec.options.get("value")
    if not isinstance(value, str):
        raise ConfigError("No natural biome is stated.", remedy='write biome = "forest" under [canopy].')
    digest = hashlib.sha256(value.encode()).hexdigest()
    told = provenance(spec, BIOME, sha256=digest, source="the planner", dataset="natural biome, as stated")
    return Layer(BIOME, pd.DataFrame({"biome": [value]}), told)
