"""``kill -9`` at every step of whatever is written. What was tried, for the table."""

from __future__ import annotations

from tests.faults.case import Case

GROUP = "A process that is killed"
HOLDS = (
    "Each output is as it was before or as it should be, to the byte; nothing half-written lies where it would be "
    "believed. Done again, the command gives the bytes of an undisturbed one, and after a quarter of an hour it clears "
    "what was left."
)
CASES = (
    Case("killed/run/new", GROUP, "A run into a new folder, killed at every twelfth step of writing", HOLDS, times=4),
    Case("killed/run/older", GROUP, "A run over older outputs, with notes and typed answers in them", HOLDS, times=60),
    Case("killed/run/apart", GROUP, "The same where the system cannot exchange two folders at once", HOLDS, times=4),
    Case("killed/batch/older", GROUP, "A batch over outputs of other districts", HOLDS, times=40),
    Case("killed/fetch", GROUP, "A fetch from public services", HOLDS, times=30),
    Case("killed/store", GROUP, "Layers kept for the next run", HOLDS, times=15),
    Case("killed/answers", GROUP, "Answers read back from a typed sheet", HOLDS, times=6),
    Case("killed/init", GROUP, "The beginning of a district", HOLDS, times=5),
    Case("killed/size", GROUP, "Killed by the system in the midst of a write of GDAL's", HOLDS, times=2),
)  # fmt: skip
