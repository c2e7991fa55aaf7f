"""Downloaded tables and designations as layers: by census area, as points, as polygons.

What a table looks like is told by its row in ``catalogue/datasets.yml``, so that one that moved or was renamed is an
edit there. Three kinds of absence are kept apart: no number is published for an area (NaN, with the reason), the source
does not speak of an area (no row), and there is nothing there (``data.attrs["outside"]``, where the source lists all
that there is: no job in a block that LODES leaves out, no designation of a tract that a list does not name).
"""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import Layer, Told
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import _parts
from justgeo.sources._dataset_areas import by_area
from justgeo.sources._dataset_features import covered, features
from justgeo.sources._dataset_form import READING, Work, reading_of
from justgeo.sources._frames import check_options, prefixes
from justgeo.sources._hash import combined, sha256_of
from justgeo.sources._provenance import provenance

OPTIONS = (*READING, "reading", "prefix", "parts", "box")
"""What a declaration may say; ``box`` is the window (west, south, east, north) that was asked of a service."""


def read_dataset(spec: LayerSpec, area: Area | None = None) -> Layer:
    """Read a downloaded table, or one of a planner's of the same form.

    Parameters
    ----------
    spec : LayerSpec
        ``name`` is ``data:<id>``. ``options``: ``reading`` (as in ``catalogue/datasets.yml``), or its words by
        themselves, which go before; ``prefix`` (counties whose areas are read), ``parts`` (further files), ``box``.
    area : Area, optional
        Points and polygons away from its window are left out.

    Returns
    -------
    Layer
        By census area: ``geoid`` and a column for each declared one, with ``_moe``, ``_low`` and ``_high`` where the
        source has them; NaN where it has no number or no text. For points and polygons the same with geometry
        in EPSG:4326. ``data.attrs``: ``reasons`` by identifier (or number of the row) and column, ``kinds`` and
        ``units`` by column, ``outside`` (what holds where no row or feature is), ``lacking`` (counties of which the
        source has nothing), ``strata`` (columns by which one area has several rows), ``times`` (of a table of which the
        newest period is read: all periods, a list by column), ``unplaced`` (rows without a known place).

    Raises
    ------
    ConfigError
        A word is not understood, a column is not there.
    LayerError
        The file is damaged, an identifier is doubled or of another geography, a cell cannot be what it is said to be,
        a county has no rows that must have some.
    CoverageError
        The source has nothing of this area, or nothing is known there.
    """
    where = _parts.named(spec.name, [spec.path])
    check_options(spec.options, OPTIONS, where)
    reading = reading_of(spec.options, where)
    files = _parts.paths(spec, where)
    work = Work(spec, reading, _parts.named(spec.name, files), files, prefixes(spec.options.get("prefix")))
    work.notes += reading.notes
    data: pd.DataFrame | gpd.GeoDataFrame
    covers: BaseGeometry | None = None
    if reading.by_id:
        data = by_area(work)
    else:
        data = features(work, area)
        covers = covered(work, data, area, spec.options.get("box"))
    work.attrs["kinds"] = {name: c.kind for c in reading.columns for name in c.sources}
    work.attrs["units"] = {name: c.unit for c in reading.columns for name in c.sources if c.unit}
    data.attrs = {name: Told(told) if isinstance(told, dict) else told for name, told in work.attrs.items()}
    digests = [(path.name, sha256_of(path)) for path in files]
    told = replace(spec, modelled=spec.modelled or reading.modelled)
    return Layer(
        name=spec.name,
        data=data,
        provenance=provenance(
            told,
            spec.name,
            sha256=digests[0][1] if len(digests) == 1 else combined(digests),
            notes=dict.fromkeys(work.notes),
        ),
        covers=covers,
        geography=reading.geography if reading.by_id else "",
        geography_vintage=reading.geography_vintage,
    )
