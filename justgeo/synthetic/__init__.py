"""Nowhere (invented): a county made from a seed, whose truth is known, in the native format of every source."""

from justgeo.synthetic.county import NAME, County, Draws, county, district_polygon
from justgeo.synthetic.write import SLUG, VERSION, ensure, write

__all__ = ["NAME", "SLUG", "VERSION", "County", "Draws", "county", "district_polygon", "ensure", "write"]
