"""The geography and the column of a group's counts, written as anything but a word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from justgeo.catalogue import read
from justgeo.core.errors import CatalogueError


@pytest.mark.parametrize("geography", [["tract"], {"tract": 1}, 7, None, "ward"])
def test_a_geography_that_is_none_is_refused_with_what_stands_there(geography: Any) -> None:
    row = next(one for one in read.indicators() if any("geography" in asked for asked in one.groups.values()))
    group = next(name for name, asked in row.groups.items() if "geography" in asked)
    groups = {**row.groups, group: {**row.groups[group], "geography": geography}}
    read.check([row], read.layers())
    with pytest.raises(CatalogueError, match="has the geography"):
        read.check([replace(row, groups=groups)], read.layers())


@pytest.mark.parametrize("column", [["p2_black"], {"p2_black": 1}, 7, "p2_nobody"])
def test_a_column_of_blocks_that_is_none_is_refused_with_what_stands_there(column: Any) -> None:
    row = next(one for one in read.indicators() if any("blocks" in asked for asked in one.groups.values()))
    group = next(name for name, asked in row.groups.items() if "blocks" in asked)
    groups = {**row.groups, group: {**row.groups[group], "blocks": column}}
    with pytest.raises(CatalogueError, match="blocks have no column"):
        read.check([replace(row, groups=groups)], read.layers())
