"""The data walk from a folder of outputs: sheets for the wall and a form, from ``results.json`` and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from justgeo.core.errors import OutputError
from justgeo.core.words import suggestion
from justgeo.report import posters as sheets
from justgeo.report import write
from justgeo.report.results import opened
from justgeo.report.speech import LANGUAGES


def posters(
    folder: str | PathLike[str],
    out: Path | None = None,
    only: Sequence[str] = (),
    languages: Sequence[str] = tuple(LANGUAGES),
) -> list[Path]:
    """Write the sheets of a data walk, tabloid size (11 x 17 in), and a letter-size form.

    Parameters
    ----------
    folder : path
        Outputs of a run, or its ``results.json``.
    out : Path, optional
        Folder to write; ``<slug>-walk`` beside the outputs by default.
    only : sequence of str
        Ids of indicators, in the order of the wall; the headline numbers by default.
    languages : sequence of str
        Each sheet is made in each of them.

    Returns
    -------
    list of Path
        ``posters.html``, ``form.html``, ``manifest.json``.

    Raises
    ------
    OutputError
        The results cannot be read, an id or language is not known, or the folder cannot be written.
    """
    for code in languages:
        if code not in LANGUAGES:
            raise OutputError(f"There is no language {code!r}.", remedy=f"{suggestion(code, LANGUAGES)}.")
    path = Path(folder)
    beside = path if path.is_dir() else path.parent
    with opened(path / "results.json" if path.is_dir() else path) as results:
        target = out if out is not None else beside.resolve().with_name(f"{results['slug']}-walk")
        return write.put(
            target, sheets.FILES, lambda part: sheets.fill(part, results, only, languages), maker=sheets.MAKER
        )
