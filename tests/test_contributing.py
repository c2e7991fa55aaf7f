"""What CONTRIBUTING tells people to do works: the example row is taken from it and loaded."""

from __future__ import annotations

import re
from pathlib import Path

from justgeo.catalogue import read

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")


def example() -> str:
    (found,) = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)
    return str(found)


def test_an_acs_share_is_one_row_of_the_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "with-the-example.yml"
    path.write_text(f"indicators:\n{example()}", encoding="utf-8")
    (row,) = read.indicators(path)
    assert row.field == "acs_share"
    assert row.inputs == ("acs:B25024",)
    assert row.id not in {known.id for known in read.indicators()}, "the example is to be a new row"


def test_it_needs_nothing_but_the_row(tmp_path: Path) -> None:
    """The row goes to the end of the package's own file, and all rows are still understood."""
    own = (Path(read.__file__).parent / "indicators.yml").read_text(encoding="utf-8")
    path = tmp_path / "indicators.yml"
    path.write_text(own.rstrip("\n") + "\n\n" + example(), encoding="utf-8")
    assert len(read.indicators(path)) == len(read.indicators()) + 1
