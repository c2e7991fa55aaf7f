"""Durham: developed land cover against the impervious share that the city's atlas publishes."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from justgeo.core.layer import Raster
from justgeo.core.spec import Area, LayerSpec
from justgeo.measure.zonal import class_share
from justgeo.sources.rasters import raster_footprint, read_raster
from tests.real import places

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def block_groups(durham: Path) -> gpd.GeoDataFrame:
    found = gpd.read_file(durham / "boundaries" / "blockgroup.geojson.json")
    return found.set_crs(4326, allow_override=True).assign(id=found["id"].astype(str))


@pytest.fixture(scope="module")
def cover(durham: Path) -> Raster:
    everywhere = shapely.box(-79.2, 35.8, -78.6, 36.3)
    spec = LayerSpec("land_cover", durham / "raster" / "NLCD_landcover.tif")
    return read_raster(spec, Area(everywhere, None, everywhere, everywhere, 0.0))


def test_developed_share_follows_the_published_impervious_share(
    cover: Raster, block_groups: gpd.GeoDataFrame, durham: Path
) -> None:
    inside = block_groups[block_groups.within(raster_footprint(cover))].set_index("id")
    assert len(inside) == 52
    found = class_share(cover, inside.geometry, (22, 23, 24))
    np.testing.assert_allclose(found.valid_share, 1.0)
    part, whole = (places.compass(durham, f"{k}PCTIMP", year="y_2011") for k in "rd")
    impervious = (part / whole).reindex(inside.index)
    assert impervious.notna().all()
    r = float(np.corrcoef(found.mean, impervious)[0, 1])
    assert r >= 0.96
    assert r == pytest.approx(0.969, abs=0.003)


def test_block_groups_beyond_the_raster_are_not_measured_on_the_part(
    cover: Raster, block_groups: gpd.GeoDataFrame
) -> None:
    found = class_share(cover, block_groups.geometry, (22, 23, 24))
    whole = block_groups.within(raster_footprint(cover)).to_numpy()
    beyond = ~block_groups.intersects(raster_footprint(cover)).to_numpy()
    assert (found.valid_share[whole] > 0.9999).all()
    assert (found.valid_share[~whole] < 1).all()
    assert beyond.any()
    assert np.isnan(found.mean[beyond]).all()


def test_areas_against_geodesy_and_the_published_square_miles(
    cover: Raster, block_groups: gpd.GeoDataFrame, durham: Path
) -> None:
    inside = block_groups[block_groups.within(raster_footprint(cover))]
    found = class_share(cover, inside.geometry, (22, 23, 24), water=())
    true = inside.to_crs("+proj=cea +ellps=WGS84").area.to_numpy()
    np.testing.assert_allclose(found.area, true, rtol=1e-4)
    miles = places.compass(durham, "dPCTIMP", year="y_2011").reindex(inside["id"])
    # the atlas counted whole pixels, so single block groups differ by up to 4 %
    assert float(np.median(found.area / 2_589_988.11 / miles.to_numpy())) == pytest.approx(1.0, abs=0.003)
