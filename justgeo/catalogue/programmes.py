"""What has to hold of ``programmes.yml`` beyond its form: the rules by which programmes that fund choose places."""

from __future__ import annotations

from collections.abc import Collection

from justgeo.catalogue.models import ProgrammesModel
from justgeo.core.errors import CatalogueError
from justgeo.core.words import suggestion


def check(document: ProgrammesModel, indicators: Collection[str]) -> None:
    """Hold each row against the indicators and against itself.

    Raises
    ------
    CatalogueError
        An indicator is not known, a threshold has none, or what counts as read names no page.
    """
    for name, row in document.programmes.items():
        if row.indicator and row.indicator not in indicators:
            raise CatalogueError(
                f"programmes.yml, {name}: there is no indicator {row.indicator!r}.",
                remedy=suggestion(row.indicator, indicators),
            )
        if row.threshold is not None and not row.indicator:
            raise CatalogueError(
                f"programmes.yml, {name}: a threshold of what?", remedy="name the indicator that it is a value of."
            )
        if row.evidence != "M" and not all(one.startswith("https://") for one in row.sources or ["none"]):
            raise CatalogueError(
                f"programmes.yml, {name}: evidence {row.evidence} without the pages in which it was read.",
                remedy="list them under sources, or write evidence: M.",
            )
