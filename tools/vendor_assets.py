"""Fetch the pinned npm tarballs anew and copy what the page needs into ``justgeo/report/assets``.

For maintainers, run by hand (``python tools/vendor_assets.py``); it needs ``npm``. The digest is checked before
anything is written, so the vendored bytes are the published ones.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ASSETS = Path(__file__).resolve().parents[1] / "justgeo" / "report" / "assets"

PINNED = {
    "leaflet@1.9.4": (
        "sha512-nxS1ynzJOmOlHp+iL3FyWqK89GtNL8U8rvlMOsQdTTssxZwCXh8N2NB3GDQOL+YR3XnWyZAxwQixURb+FA74PA==",
        {
            "package/dist/leaflet.js": "leaflet/leaflet.js",
            "package/dist/leaflet.css": "leaflet/leaflet.css",
            "package/dist/images/layers.png": "leaflet/images/layers.png",
            "package/dist/images/layers-2x.png": "leaflet/images/layers-2x.png",
            "package/dist/images/marker-icon.png": "leaflet/images/marker-icon.png",
            "package/LICENSE": "leaflet/LICENSE",
        },
    ),
}


def fetch(package: str, integrity: str, wanted: dict[str, str], folder: Path) -> None:
    """Pack one pinned package into ``folder``, check its digest, copy the wanted files."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm was not found. What to do: install Node.js, then run this again.")
    told = subprocess.run(
        [npm, "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True, encoding="utf-8"
    )
    tarball = folder / told.stdout.strip().splitlines()[-1]
    digest = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode("ascii")
    if digest != integrity:
        raise SystemExit(f"{package}: digest {digest} is not the pinned {integrity}. Nothing was written.")
    with tarfile.open(tarball) as packed:
        for inside, target in wanted.items():
            member = packed.extractfile(inside)
            if member is None:
                raise SystemExit(f"{package}: {inside} is not in the tarball. Nothing more was written.")
            path = ASSETS / target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(member.read())


def main() -> int:
    for package, (integrity, wanted) in PINNED.items():
        with tempfile.TemporaryDirectory() as folder:
            fetch(package, integrity, wanted, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
