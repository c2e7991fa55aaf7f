"""The checklist that a run wrote, for notebooks: ``checklist.json``, shown and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from justgeo.checklists import CONTENT, content
from justgeo.core.errors import OutputError
from justgeo.report.checklist import FIELDS, counts
from justgeo.report.results import opened


@dataclass(frozen=True)
class Listed:
    """The content of one ``checklist.json``: what may be shown of it, and nothing that was kept back.

    Attributes
    ----------
    content : mapping
        As written; ``checklist["items"]`` reads from it.
    """

    content: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.content[key]

    def __repr__(self) -> str:
        told = ", ".join(f"{n} {status}" for status, n in counts(self["items"]).items())
        return f"<Checklist of {self['name']}: {told}>"

    def _repr_html_(self) -> str:
        from justgeo.report import notebook

        return notebook.checklist(self.content)

    def to_frame(self) -> pd.DataFrame:
        """One row an item: ``id, kind, phase, title, status, reason, evidence, question, answer, source, note``."""
        return pd.DataFrame([{name: item[name] for name in FIELDS} for item in self["items"]], columns=list(FIELDS))


def checklist(folder: str | PathLike[str]) -> Listed:
    """Open the checklist of a folder of outputs.

    Raises
    ------
    OutputError
        There is none, or it is damaged or of another place than the results beside it.
    """
    path = Path(folder)
    with opened(path / "results.json") as results:
        found = content(path, results["slug"])
    if found is None:
        raise OutputError(f"{path} holds no {CONTENT}.", remedy="run `justgeo run` again.")
    return Listed(found)
