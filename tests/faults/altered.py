"""What is done to the files of the `hamlet` before a run: other ends of lines, other times, other names."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

TEXTS = (
    "district.toml", "answers.yml", "counts.csv", "acs2024/acsdt5y2024-b25003.dat", "gtfs/stops.txt",
    "gtfs/stop_times.txt", "gtfs/calendar.txt", "line.geojson", "streets.osm",
)  # fmt: skip


def crlf(path: Path) -> None:
    """Lines that end as on Windows."""
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def marked(path: Path) -> None:
    """The mark that Windows editors put before UTF-8."""
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


def utf16(path: Path) -> None:
    """As Excel saves "Unicode text"."""
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))


CHANGES: dict[str, Callable[[Path], None]] = {"crlf": crlf, "marked": marked, "utf16": utf16}


def times(folder: Path, when: float) -> None:
    """All files of another time."""
    for path in folder.rglob("*"):
        os.utime(path, (when, when))


def named(folder: Path, old: str, new: str) -> None:
    """Something else in ``district.toml``."""
    path = folder / "district.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def layers_turned(folder: Path) -> None:
    """The layers of ``district.toml`` from the last to the first."""
    path = folder / "district.toml"
    head, *layers = path.read_text(encoding="utf-8").split("[layers.")
    path.write_text(head + "".join(f"[layers.{one.rstrip()}\n\n" for one in reversed(layers)), encoding="utf-8")


def each(folder: Path, change: str) -> None:
    """All texts of the hamlet."""
    for name in TEXTS:
        one(folder, change, name)


def one(folder: Path, change: str, name: str) -> None:
    """A text of the hamlet."""
    CHANGES[change](folder / name)


def linked(folder: Path) -> None:
    """The folder is a link to a link to where it really is."""
    real, between = folder.with_name("here"), folder.with_name("between")
    folder.rename(real)
    between.symlink_to(real, target_is_directory=True)
    folder.symlink_to(between, target_is_directory=True)


def looped(folder: Path) -> None:
    """A link beside the files that leads to itself by way of another."""
    (folder / "loop").symlink_to("pool")
    (folder / "pool").symlink_to("loop")


def invented(folder: Path) -> None:
    """A district of the invented county."""
    text = '[district]\nname = "Old Harbour, invented"\nslug = "old-harbour-invented"\n\n[invented]\nseed = 1\n'
    (folder / "district.toml").write_text(text, encoding="utf-8")


def asking(folder: Path) -> None:
    """The census tables are to come by censusdis."""
    named(folder, '"hamlet"', '"hamlet-invented"')
    with (folder / "district.toml").open("a", encoding="utf-8") as file:
        file.write('\n[fetch]\ncensus = true\n\n[census]\nprovider = "censusdis"\n')
