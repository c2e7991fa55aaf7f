"""Pictures of a district's page for the documentation: a laptop, a telephone, a projector, paper.

For maintainers, run by hand after a change of how pages look (``python tools/page_pictures.py out/nowhere-invented``).
It needs Chromium, pdftoppm (poppler-utils), and the test extra with Pillow. Look at what it made before you commit it.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parents[1]
CHROMIUM = "/usr/bin/chromium"
MOST_BYTES = 150_000
COLOURS = (96, 64, 40, 24)
PAGES = {"paper-summary": 1, "paper-questions": 2, "paper-belonging": 3, "paper-mobility": 6}
"""Pages of the sheets that are shown."""


def small(picture: bytes, width: int) -> bytes:
    """A PNG with a palette, no wider than ``width`` and no larger than a page of documentation can bear."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    if image.width > width:
        image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    made = b""
    for colours in COLOURS:
        out = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        made = out.getvalue()
        if len(made) < MOST_BYTES:
            break
    return made


def map_of(tab: Any) -> None:
    tab.locator("#figures").check()
    tab.locator("#find").fill("great meadow")
    tab.locator("#find").press("Enter")
    tab.locator("#home").click()
    tab.locator("#map").evaluate("one => one.scrollIntoView()")


def spanish(tab: Any) -> None:
    tab.locator("#languages [data-language=es]").click()
    tab.wait_for_selector("html[lang=es]")
    tab.get_by_role("radio", name="Movilidad").click()
    tab.locator("#map").evaluate("one => one.scrollIntoView()")


def full(tab: Any) -> None:
    tab.locator("#figures").check()
    tab.locator("#full").click()


def telephone(tab: Any) -> None:
    tab.locator("#stage").evaluate("one => one.scrollIntoView()")


SHOTS: dict[str, tuple[int, int, Callable[[Any], Any]]] = {
    "page-1366": (1366, 900, lambda tab: None),
    "map-1366": (1366, 900, map_of),
    "map-es-1366": (1366, 900, spanish),
    "projector-1920": (1920, 1080, full),
    "page-320": (320, 720, lambda tab: None),
    "map-320": (320, 720, telephone),
}
"""Name, width, height, and what is done before."""


def screens(browser: Any, page: Path, to: Path) -> None:
    for name, (width, height, do) in SHOTS.items():
        context = browser.new_context(
            offline=True, viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        tab = context.new_page()
        tab.goto(page.as_uri())
        tab.wait_for_selector("html[data-ready=true]")
        do(tab)
        tab.wait_for_timeout(600)
        (to / f"{name}.png").write_bytes(small(tab.screenshot(), 1100))
        context.close()


def paper(browser: Any, page: Path, to: Path) -> None:
    tab = browser.new_context(offline=True).new_page()
    tab.goto(page.as_uri())
    tab.wait_for_selector("html[data-ready=true]")
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder) / "sheets.pdf"
        for size in ("Letter", "A4"):
            sheet.write_bytes(tab.pdf(format=size))
            for name, number in PAGES.items():
                made = Path(folder) / name
                told = ["pdftoppm", "-r", "80", "-f", str(number), "-l", str(number), "-singlefile", "-png"]
                subprocess.run([*told, str(sheet), str(made)], check=True)
                picture = small(made.with_suffix(".png").read_bytes(), 680)
                if size == "Letter" or name == "paper-belonging":
                    (to / f"{name}-{size.lower()}.png").write_bytes(picture)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="outputs of a run of the invented district")
    parser.add_argument("--to", type=Path, default=HERE / "docs" / "pictures")
    asked = parser.parse_args()
    page = (asked.folder / "index.html").resolve()
    if "invented" not in page.parent.name:
        raise SystemExit("Pictures in the documentation are of the invented district. What to do: name its outputs.")
    asked.to.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        screens(browser, page, asked.to)
        paper(browser, page, asked.to)
        browser.close()
    for made in sorted(asked.to.glob("*.png")):
        print(f"{made.name}: {made.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
