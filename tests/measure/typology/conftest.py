"""What several files of this room ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from justgeo.measure.typology import checks
from tests.measure.typology.made import FEW_DRAWS


@pytest.fixture(scope="module")
def few_draws() -> Iterator[None]:
    """Where nothing looks at a chance: classes rest on the estimates as they stand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "LEAST_DRAWS", FEW_DRAWS)
        yield
