"""Where the figures come from."""

from __future__ import annotations

from tests.conformance.model import Reference

_HANDBOOK = "https://www.census.gov/content/dam/Census/library/publications"
_CH_7 = f"{_HANDBOOK}/2018/acs/acs_general_handbook_2018_ch07.pdf"
_CH_8 = f"{_HANDBOOK}/2018/acs/acs_general_handbook_2018_ch08.pdf"
_RECORDS = "https://www.census.gov/programs-surveys/geography/technical-documentation/records-layout"
_CANOPY = "https://www.mrlc.gov/downloads/sciweb1/shared/mrlc/metadata/nlcd_tcc_conus_2013_v2021-4.tif.html"
_FORUM = "https://acsdatacommunity.prb.org/discussion-forum/f/forum/796/calculating-a-median-from-a-weighted-distribution/2054"

# Printed by somebody else.
HANDBOOK_7 = Reference("ACS handbook 2018, ch. 7", _CH_7)
HANDBOOK_8 = Reference("ACS handbook 2018, ch. 8", _CH_8)
HANDBOOK_8_2020 = Reference("ACS handbook 2020, ch. 8", f"{_HANDBOOK}/2020/acs/acs_general_handbook_2020_ch08.pdf")
STATE_HANDBOOK = Reference("ACS handbook for states, case study 1", _FORUM)
BENJAMINI_HOCHBERG = Reference(
    "Benjamini and Hochberg 1995, in SciPy's documentation",
    "https://docs.scipy.org/doc/scipy/reference/generated/scipy.stats.false_discovery_control.html",
)
LANDSAT = Reference(
    "USGS, scale factors of Landsat Level 2",
    "https://www.usgs.gov/faqs/how-do-i-use-a-scale-factor-landsat-level-2-science-products",
)
SVI_2022 = Reference(
    "CDC/ATSDR SVI 2022, from ACS 2018-2022",
    "https://atsdr.cdc.gov/placeandhealth/svi/documentation/SVI_documentation_2022.html",
)
MECKLENBURG = Reference(
    "ACS B19013 and B19001, Mecklenburg County NC", "https://www.census.gov/programs-surveys/acs/data.html"
)
ALBEMARLE = Reference(
    "Albemarle County VA, its counts of proposed districts",
    "https://virginiaequitycenter.org/visualizing-albemarle-county-magisterial-redistricting-equity-lens",
)
ALBEMARLE_ACS = Reference(
    "ACS 2015-2019, Charlottesville climate atlas", "https://github.com/virginiaequitycenter/cville-climate-atlas"
)
COMPASS = Reference("Durham Neighborhood Compass", "https://github.com/DataWorks-NC/durham-quality-of-life-data")

# Found by another program.
AGGREGATOR = Reference("census-data-aggregator, its tests", "https://github.com/datadesk/census-data-aggregator")
AGGREGATOR_DOCS = Reference("census-data-aggregator, documentation", "https://palewi.re/docs/census-data-aggregator/")
PYSAL = Reference("PySAL segregation, its tests", "https://github.com/pysal/segregation")
PANDAS = Reference(
    "pandas, ranks of Arlington's tracts",
    "https://pandas.pydata.org/docs/reference/api/pandas.Series.rank.html",
)
NETWORKX = Reference("NetworkX", "https://networkx.org/documentation/stable/reference/algorithms/shortest_paths.html")
SHAPELY = Reference(
    "Shapely, pixels cut as polygons", "https://shapely.readthedocs.io/en/stable/reference/shapely.intersection.html"
)
CENTRES = Reference(
    "rasterio, a mask by pixel centres", "https://rasterio.readthedocs.io/en/stable/api/rasterio.features.html"
)
CAT_FEED = Reference(
    "Charlottesville's timetable 2017, by plain loops",
    "https://github.com/Smart-Cville/CID-2018-Regional-Transit-Challenge",
)

# Formulas that were worked out by hand.
HAND_7 = Reference("Formulas of ACS handbook 2018, ch. 7", _CH_7)
HAND_8 = Reference("Formulas of ACS handbook 2018, ch. 8", _CH_8)
HAND_MEDIAN = Reference("Formulas of the PUMS accuracy statement", _FORUM)
CROSSWALK = Reference(
    "Weights from the 2020 block relationship files", f"{_RECORDS}/2020-census-block-record-layout.html"
)
PRICES = Reference("CPI-U, Bureau of Labor Statistics", "https://www.bls.gov/cpi/")
WALKS = Reference("Definition of SDG 11.2.1", "https://unstats.un.org/sdgs/metadata/files/Metadata-11-02-01.pdf")
HEADWAYS = Reference("Definitions of AllTransit, and our own", "http://alltransit.cnt.org/faq/")
CANOPY = Reference("Values of NLCD tree canopy cover", _CANOPY)
PARKS = Reference("Definition of ParkServe", "https://www.tpl.org/parkserve/about")
BURDEN = Reference("Cells of ACS table B25070", "https://github.com/censusreporter/census-table-metadata")
RARE = Reference("Exact limits of a Poisson count, NIST handbook", "https://www.itl.nist.gov/div898/handbook/")
SEGREGATION = Reference(
    "Formulas of Massey and Denton 1988, and Theil", "https://www.census.gov/hhes/www/housing/housing_patterns/ch2.html"
)

# Measured here.
COVERAGE = Reference("Do the margins hold?", "coverage.md")
