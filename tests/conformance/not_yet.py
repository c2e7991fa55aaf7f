"""What the product does not compute yet, listed beside the table and counted nowhere."""

from __future__ import annotations

from typing import NamedTuple

from tests.conformance.model import Reference


class NotYet(NamedTuple):
    """A figure to reproduce once the product computes it."""

    what: str
    reference: Reference
    theirs: str
    lacks: str


_TES = Reference("American Forests, Tree Equity Score methodology", "https://treeequityscore.org/methodology/")
_NWI = Reference("EPA, National Walkability Index", "https://www.epa.gov/smartgrowth/smart-location-mapping")
_UDP = Reference("Urban Displacement Project, its typology files", "https://doi.org/10.5281/zenodo.4356684")
_LEAD = Reference("DOE, LEAD tool", "https://data.openei.org/submissions/6219")

ROWS: list[NotYet] = [
    NotYet("Canopy equity of gaps 28, 31 and 15 at priorities .72, .58 and .30", _TES, "55, 60, 89",
           "canopy goals and scores"),
    NotYet("Walkability of ranks 12, 15, 9 and 14", _NWI, "12.83 (by hand)", "the index from its four ranks"),
    NotYet("Energy burden, 1.35 of 54 million dollars", _LEAD, "2.5 % (by hand)", "the burden from LEAD's columns"),
    NotYet("Vulnerable tracts of Denver, Atlanta and Seattle 2018", _UDP, "272, 307, 253",
           "the regions' files, which are not at hand"),
]  # fmt: skip
