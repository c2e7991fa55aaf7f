"""A failing disk: full, denied or broken at every step of whatever is written. What was tried, for the table."""

from __future__ import annotations

from tests.faults.case import Case

GROUP = "A failing disk"
HOLDS = (
    "Each output is as it was before or as it should be, to the byte; nothing half-written lies where it would be "
    "believed. The command says what failed and what to do, and done again it gives the bytes of an undisturbed one."
)
CASES = (
    Case("disk/run/new", GROUP, "A run into a new folder; the disk fails at each step of writing", HOLDS, times=40),
    Case("disk/run/older", GROUP, "A run over older outputs, with notes and typed answers in them", HOLDS, times=60),
    Case("disk/batch/older", GROUP, "A batch over outputs of which a district is no longer asked for", HOLDS, times=40),
    Case("disk/fetch", GROUP, "A fetch from public services", HOLDS, times=30),
    Case("disk/store", GROUP, "Layers kept for the next run", HOLDS, times=15),
    Case("disk/answers", GROUP, "Answers read back from a typed sheet", HOLDS, times=6),
    Case("disk/packet/zip", GROUP, "The packet of the checklist as a zip", HOLDS, times=5),
    Case("disk/packet/folder", GROUP, "The packet of the checklist as a folder", HOLDS, times=40),
    Case("disk/export", GROUP, "A table for an application", HOLDS, times=4),
    Case("disk/posters", GROUP, "Posters and sheets of a data walk", HOLDS, times=10),
    Case("disk/init", GROUP, "The beginning of a district", HOLDS, times=5),
    Case("disk/displacement", GROUP, "The analysts' folder of displacement", HOLDS, times=25),
    Case("disk/size", GROUP, "A limit of the system to the size of a file, for GDAL too", HOLDS, times=6),
)  # fmt: skip
