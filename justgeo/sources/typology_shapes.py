"""What lies beside what: the shapes of a table's tracts, or a list of pairs of neighbours."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from justgeo.core import district as districts
from justgeo.core.errors import ConfigError, LayerError, VintageError
from justgeo.core.words import suggestion
from justgeo.core.zones import StrArray
from justgeo.sources._frames import as_text, require_column, short_id
from justgeo.sources._geo import tidy, to_wgs84
from justgeo.sources._plain_table import TRACT, read_plain
from justgeo.sources._vector import open_vector

GEOID_COLUMNS = ("GEOID", "GEOID20", "GEOID10", "geoid", "GEO_ID", "FIPS")
"""Where the identifier is looked for when nobody names its column."""


def read_shapes(path: Path, geoid: StrArray, column: str | None = None, *, partly: bool = False) -> gpd.GeoSeries:
    """The polygons of some tracts.

    Parameters
    ----------
    path : Path
        Any vector file; tracts beside those that are asked for are left out.
    geoid : (n,) str
    column : str, optional
        Of the GEOID; by default the first of `GEOID_COLUMNS` that is there.
    partly : bool
        Some of the tracts may be missing in the file, as those of a wider set are.

    Returns
    -------
    GeoSeries
        (n,) polygons in the order of ``geoid``, in a metric CRS centred on them; None where a tract is in the file
        without a shape, or, by ``partly``, is not in it.

    Raises
    ------
    ConfigError
        No such file or column.
    LayerError
        A shape comes twice, or cannot be mended.
    VintageError
        A tract is not in the file (by ``partly``: none is), or none has a shape.
    """
    where = f"The shapes {path.name}"
    if not path.exists():
        raise ConfigError(f"There is no file of shapes {path}.", remedy="mend its path.")
    frame, _ = open_vector(path, {}, where)
    if column is None:
        column = next((name for name in GEOID_COLUMNS if name in frame.columns), None)
        if column is None:
            names = ", ".join(str(c) for c in frame.columns if c != frame.geometry.name)
            raise ConfigError(
                f"{where}: no column of GEOIDs is found.", remedy=f"name it (--geoid); there are: {names}."
            )
    require_column(column, frame.columns, where, "geoid")
    ids = as_text(frame[column]).map(short_id).str.zfill(TRACT)
    kept = ids.isin(set(geoid.tolist())).to_numpy(dtype=np.bool_)
    frame, ids = frame.loc[kept].reset_index(drop=True), ids[kept].reset_index(drop=True)
    twice = ids[ids.duplicated()]
    if len(twice):
        raise LayerError(
            f"{where}: {twice.nunique()} tracts come more than once, {twice.iloc[0]} among them.",
            remedy="dissolve the parts of a tract first, and keep one row a tract.",
        )
    drawn = ~(frame.geometry.isna() | frame.geometry.is_empty).to_numpy(dtype=np.bool_)
    gone = sorted(set(geoid.tolist()) - set(ids if drawn.any() else ()))
    if gone and (not partly or len(gone) == len(geoid)):
        raise VintageError(
            f"{where}: {len(gone)} of {len(geoid)} tracts of the table have no shape, for example {gone[0]}.",
            remedy="give the shapes of the same census vintage (2010 or 2020) and of every county of the table.",
        )
    frame, ids = frame.loc[drawn].reset_index(drop=True), ids[drawn].reset_index(drop=True)
    clean, _ = tidy(to_wgs84(frame, where), "polygon", where, list(ids))
    clean = clean.set_index(ids).reindex(list(geoid))
    crs = districts.metric_crs(shapely.box(*clean.total_bounds))
    return gpd.GeoSeries(clean.geometry.to_crs(crs).to_numpy(), crs=crs)


def read_pairs(path: Path) -> tuple[StrArray, StrArray]:
    """Pairs of neighbours, from a table of the columns ``geoid`` and ``neighbour``.

    Raises
    ------
    ConfigError, LayerError
        The table or a column is not there, or a cell is no GEOID of a tract.
    """
    table = read_plain(path)
    sides = []
    for name in ("geoid", "neighbour"):
        if name not in table.columns:
            raise ConfigError(f"{table.where} has no column {name!r}.", remedy=suggestion(name, table.columns))
        ids = [short_id(cell) for cell in table.columns[name]]
        wrong = [one for one in ids if not (len(one) == TRACT and one.isdigit())]
        if wrong:
            raise LayerError(
                f"{table.where}: {len(wrong)} of {len(ids)} cells of {name!r} are no GEOIDs of tracts, for example "
                f"{wrong[0]!r}.",
                remedy="write all 11 digits as text: '08031000201'.",
            )
        sides.append(np.array(ids, dtype=np.str_))
    return sides[0], sides[1]
