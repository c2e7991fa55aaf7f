"""Write docs/licences.md: under which terms everything stands that justgeo installs or carries.

    python tools/licences.py [--check]

``--check`` writes nothing and fails where the page is not what the installed packages say of themselves. Texts of
licences are told as SPDX expressions; where a package says it in words alone, ``IN_WORDS`` holds what was read there.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licences.md"
MADE = "<!-- Made by tools/licences.py from what the installed packages say; edit that file, not this one. -->"
SHOWN = ("export", "batch")
"""Extras that a planner may install, besides what everyone does; tools of the tests are not shown."""

ALLOWED = {
    "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "HPND", "ISC", "MIT", "MIT-CMU", "MPL-2.0",
    "PSF-2.0", "Python-2.0", "Unlicense", "ZPL-2.1", "Zlib", "BSL-1.0", "Bitstream-Vera", "LicenseRef-Matplotlib",
}  # fmt: skip
"""Terms that ask for no more than a notice, or (MPL-2.0) for the source of changed files of that package."""

IN_WORDS: Mapping[str, str] = {
    "exactextract": "Apache-2.0",
    "jinja2": "BSD-3-Clause",
    "cligj": "BSD-3-Clause",
    "click-plugins": "BSD-3-Clause",
    "openpyxl": "MIT",
    "pyogrio": "MIT",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "rasterio": "BSD-3-Clause",
    "scipy": "BSD-3-Clause",
    "matplotlib": "LicenseRef-Matplotlib",
    "reportlab": "BSD-3-Clause",
    "contourpy": "BSD-3-Clause",
    "cycler": "BSD-3-Clause",
    "kiwisolver": "BSD-3-Clause",
    "locket": "BSD-2-Clause",
    "aiosignal": "Apache-2.0",
    "sortedcontainers": "Apache-2.0",
    "partd": "BSD-3-Clause",
    "psutil": "BSD-3-Clause",
    "tornado": "Apache-2.0",
    "zict": "BSD-3-Clause",
}
"""What stands in the licence file of packages that name no SPDX expression."""

CARRIED = """\
## What comes inside wheels and pages

- The wheels of shapely, pyogrio and rasterio bring **GEOS** (LGPL-2.1), **GDAL** (MIT) and **PROJ** (MIT) as shared
  libraries of their own; pyproj brings PROJ. justgeo neither changes nor links them itself. The wheel of osmium brings
  libosmium (BSL-1.0), that of pyarrow Apache Arrow (Apache-2.0), those of numpy and scipy OpenBLAS (BSD-3-Clause) and
  the runtime of GCC (GPL-3.0 with its exception for such use).
- Pages carry Leaflet (BSD-2-Clause) and what of folium's templates (MIT) draws a map; each file of
  `justgeo/report/assets` names its own terms at its head.
- The font in PDFs and charts is DejaVu, from matplotlib (Bitstream Vera terms).
- **censusdis** is never installed by default and stands under the Hippocratic Licence 3.0: see the README.

Terms of *data* (OpenStreetMap's ODbL among them) are told with every table and map that uses them, not here.
"""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, fail where the page is out of date")
    args = parser.parse_args(argv)
    text = page()
    if args.check:
        if PAGE.is_file() and PAGE.read_text("utf-8") == text:
            return 0
        sys.stderr.write("docs/licences.md is not what the packages say. What to do: python tools/licences.py\n")
        return 1
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    return 0


def page() -> str:
    """The page, from the packages that are installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    always = packages(project["dependencies"])
    parts = [
        "# Licences",
        MADE,
        "justgeo itself stands under the MIT licence. This page lists what `pip install justgeo` brings, in the\n"
        "versions that it was tested with (`constraints.txt`), with what each package says of itself. None of it asks\n"
        "that work made with it be opened.",
        "## Installed with justgeo",
        *table(always),
    ]
    for extra in SHOWN:
        more = {
            name: one for name, one in packages(project["optional-dependencies"][extra]).items() if name not in always
        }
        parts += [f"## With the extra `{extra}`", *table(more)]
    return "\n\n".join([*parts, CARRIED])


def packages(required: Iterable[str]) -> dict[str, metadata.Distribution]:
    """Those packages and all that they need themselves, by name."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [Requirement(one) for one in required]
    while waiting:
        one = waiting.pop()
        name = re.sub(r"[-_.]+", "-", one.name).lower()
        # Of one platform alone, and of none here: its marker says so.
        if name in found or (one.marker is not None and not one.marker.evaluate({"extra": ""})):
            continue
        found[name] = metadata.distribution(one.name)
        waiting += [Requirement(text) for text in found[name].requires or ()]
    return dict(sorted(found.items()))


def table(some: Mapping[str, metadata.Distribution]) -> Iterator[str]:
    """One table of packages."""
    lines = ["| package | version | licence |", "| --- | --- | --- |"]
    lines += [f"| {name} | {one.version} | {licence(name, one)} |" for name, one in some.items()]
    yield "\n".join(lines)


def licence(name: str, one: metadata.Distribution) -> str:
    """SPDX expression of a package.

    Raises
    ------
    ValueError
        It names none that is known, or one that asks for more than is allowed.
    """
    known = one.metadata.json
    words = str(known.get("license_expression") or IN_WORDS.get(name) or known.get("license") or "")
    words = words.strip()
    terms = set(re.findall(r"[A-Za-z0-9.+-]+", words)) - {"AND", "OR", "WITH"}
    if not terms or not terms <= ALLOWED:
        raise ValueError(
            f"{name} {one.version} says {words[:80]!r} of its licence, which is not among those that are allowed. Read "
            "its licence file; what is fine goes into IN_WORDS or ALLOWED of tools/licences.py."
        )
    return words


if __name__ == "__main__":
    sys.exit(main())
