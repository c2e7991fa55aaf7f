"""A district as an analyst holds it: an outline drawn in a notebook, or that of a file, shown and written down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from justgeo import beginning, collecting
from justgeo.core import district as districts
from justgeo.core.errors import BoundaryError, ConfigError
from justgeo.district_file import slugify
from justgeo.sources.drawing import ORIGIN, read_drawing
from justgeo.sources.files import read_boundary

LONGEST_NAME = 120
_INVENTED = "invented"


@dataclass(frozen=True)
class District(districts.District):
    """A district that shows itself in a notebook: its outline, area, coordinate system, and what was mended.

    The same value as everywhere else; `district` makes one of a drawing, a file or a folder.
    """

    @classmethod
    def from_drawing(cls, drawing: Any, name: str, slug: str = "") -> District:
        """A boundary that was drawn on a map becomes a district.

        Parameters
        ----------
        drawing : GeoJSON mapping or text, list of features, shapely geometry, GeoSeries, GeoDataFrame, or a tool
            What folium's Draw plugin exports, what ipyleaflet's DrawControl or a map of leafmap holds. GeoJSON and
            shapely geometries are in degrees, longitude first.
        name : str
            One line.
        slug : str, optional
            Name of its folder of outputs; made of its name by default.

        Raises
        ------
        BoundaryError
            Nothing was drawn, or more than one shape, or no polygon that can be measured: see `core.district.make`.
        CrsError
            It is not in degrees and does not say in what.
        ConfigError
            Its name cannot be shown.
        """
        shapes, notes = read_drawing(drawing)
        found = districts.make(_named(name), slugify(slug or name), shapes, ORIGIN)
        return cls(found.name, found.slug, found.boundary, (*notes, *found.notes))

    @property
    def area_km2(self) -> float:
        """Area on the WGS84 ellipsoid, km²."""
        return districts.geodesic_area(self.boundary) / 1e6

    @property
    def crs(self) -> str:
        """The metric CRS that fits it, as WKT; a run centres its own on the county that it lies in."""
        return districts.metric_crs(self.boundary)

    def to_frame(self) -> gpd.GeoDataFrame:
        """One row in EPSG:4326: ``name, slug, area_km2`` and the outline."""
        told = {"name": [self.name], "slug": [self.slug], "area_km2": [self.area_km2]}
        return gpd.GeoDataFrame(told, geometry=[self.boundary], crs=districts.WGS84)

    def write(self, folder: str | PathLike[str], invented: int | None = None) -> Path:
        """Write ``district.toml`` and ``boundary.geojson``, so that ``justgeo.baseline(folder)`` runs.

        Parameters
        ----------
        folder : path
            Made if it is not there.
        invented : int, optional
            Seed of the invented county, for practice: its layers are read in place of what would be fetched, and its
            name and outputs say so.

        Returns
        -------
        Path
            Of ``district.toml``.

        Raises
        ------
        ConfigError
            One of the two is there already, or the folder cannot be written.
        """
        if invented is None:
            text = beginning.filled(beginning.INIT, name=self.name, slug=self.slug, boundary=beginning.DRAWN)
        else:
            name = self.name if _INVENTED in self.name.casefold() else f"{self.name} ({_INVENTED})"
            slug = self.slug if self.slug.endswith(f"-{_INVENTED}") else f"{self.slug}-{_INVENTED}"
            told = {"name": name, "slug": slug, "boundary": beginning.DRAWN, "seed": invented}
            text = beginning.filled(beginning.PRACTICE, **told)
        return beginning.write(Path(folder), {beginning.DRAWN: _geojson(self.boundary), beginning.NAME: text})

    def _repr_html_(self) -> str:
        from justgeo.report import notebook

        return notebook.district(self)


def district(given: Any, name: str = "", slug: str = "") -> District:
    """A district, from whatever tells its outline.

    Parameters
    ----------
    given : path, or a drawing
        A folder with ``district.toml`` or that file itself; a file of any vector format; else as for
        :meth:`District.from_drawing`.
    name : str
        For a drawing or a file of shapes; a ``district.toml`` has it.
    slug : str, optional

    Raises
    ------
    JustgeoError
        There is no such file, or its outline cannot be measured.
    """
    if not isinstance(given, str | PathLike) or (isinstance(given, str) and given.lstrip().startswith(("{", "["))):
        return District.from_drawing(given, name, slug)
    path = Path(given)
    if path.is_dir() or path.suffix == ".toml":
        return _declared(path)
    shapes = read_boundary(path.name, path.parent)
    if len(shapes) != 1:
        raise BoundaryError(
            f"The boundary {path.name} holds {len(shapes)} shapes.",
            remedy="keep one outline in it, or say in district.toml which ones belong together: column and values.",
        )
    found = districts.make(_named(name), slugify(slug or name), shapes, path.name)
    return District(**vars(found))


def _declared(path: Path) -> District:
    settings = collecting.read_config(path)
    if settings.geoids:
        found = collecting.survey(settings, collecting.start(settings, None, offline=True)).district
    else:
        found = collecting.make_district(settings, {})
    return District(**vars(found))


def _named(name: str) -> str:
    """A name of one line: it stands on pages, in files and in the name of a folder."""
    told = " ".join(name.split(" ")).strip()
    if not told or len(told) > LONGEST_NAME or not told.isprintable():
        raise ConfigError(
            f"{name[:40]!r} cannot name a district.",
            remedy=f"say what people call it, in one line of up to {LONGEST_NAME} characters: name='Mill Quarter'.",
        )
    return told


def _geojson(boundary: Any) -> str:
    """The outline as GeoJSON, with all its digits: read again it is the same boundary."""
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(boundary)}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}) + "\n"
