"""The tracts and blocks of 2010 from which those of 2020 came: split, merged, and moved by a few blocks.

Three pairs of 2020 tracts were one tract in 2010, two were two tracts each, and at three boundaries some blocks
belonged to the neighbour although both tracts keep their number. Some blocks of 2010 were divided later, a few of
them across what is a tract boundary now.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from justgeo.core.layer import BoolArray, IntArray

TRACTS = 36
SPLIT_LATER = ((6, 7), (16, 17), (26, 27))
MERGED_LATER = (3, 22)
LOSERS = (9, 13, 30)
PAIRS = 60
MOVED_BLOCKS = 6


@dataclass(frozen=True)
class Forerunners:
    """2010 membership of each 2020 block: tract code, block group digit, number of the 2010 block."""

    tract_code: list[str]
    bg: IntArray
    block: IntArray


def codes_2020() -> list[str]:
    """Six-digit codes of the tracts of 2020."""
    code = [f"{number + 1:04d}00" for number in range(TRACTS)]
    for first, second in SPLIT_LATER:
        code[second] = f"{first + 1:04d}02"
        code[first] = f"{first + 1:04d}01"
    for tract in MERGED_LATER:
        code[tract] = f"{tract + 1:04d}03"
    return code


def forerunners(tract: IntArray, bg: IntArray, cell_block: IntArray, homes: BoolArray) -> Forerunners:
    """Membership in 2010.

    Parameters
    ----------
    tract, bg : (B,) int
        2020 tract number (-1 for the bay) and block group digit.
    cell_block : (rows, columns) int
        Block of each cell, for neighbours.
    homes : (B,) bool
        Blocks that may be paired.
    """
    near = _neighbours(cell_block)
    old_tract, source_bg = tract.copy(), tract * 10 + bg
    moved = np.zeros(len(tract), dtype=np.bool_)
    for loser, winner in _moves(near, tract, homes):
        # these blocks were the winner's in 2010: the number stays, the ground changes
        candidates = [(a, b) for a, b in near if tract[a] == loser and tract[b] == winner and homes[a] and homes[b]]
        taken: list[int] = []
        for a, b in candidates:
            if a not in taken and len(taken) < MOVED_BLOCKS:
                taken.append(a)
                old_tract[a], source_bg[a], moved[a] = winner, source_bg[b], True
    codes = codes_2020()
    code = [codes[t] if t >= 0 else "990000" for t in old_tract]
    for first, second in SPLIT_LATER:
        code = [f"{first + 1:04d}00" if t in (first, second) else c for t, c in zip(old_tract, code, strict=True)]
    for number in MERGED_LATER:
        half = np.median(np.unique(bg[tract == number]))
        code = [
            f"{number + 1:04d}0{1 if g <= half else 2}" if t == number else c
            for t, g, c in zip(old_tract, bg, code, strict=True)
        ]
    old_bg = _renumber(np.array(code), source_bg)
    return Forerunners(code, old_bg, _pair(near, np.array(code), old_bg, homes, moved))


def _moves(near: list[tuple[int, int]], tract: IntArray, homes: BoolArray) -> list[tuple[int, int]]:
    """For each tract that has gained ground since: the neighbour that it came from, with the longest common side."""
    taken = {*MERGED_LATER, *(number for pair in SPLIT_LATER for number in pair), *LOSERS}
    moves = []
    for loser in LOSERS:
        sides = np.zeros(TRACTS, dtype=np.int64)
        for a, b in near:
            if tract[a] == loser and homes[a] and homes[b] and int(tract[b]) not in taken | {-1}:
                sides[tract[b]] += 1
        if sides.any():
            moves.append((loser, int(np.argmax(sides))))
            taken.add(moves[-1][1])
    return moves


def _neighbours(cell_block: IntArray) -> list[tuple[int, int]]:
    """Pairs of different blocks that share a side, both ways round, in reading order."""
    pairs = [(cell_block[:, :-1], cell_block[:, 1:]), (cell_block[:-1], cell_block[1:])]
    both = np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in pairs])
    both = both[both[:, 0] != both[:, 1]]
    return [(int(a), int(b)) for a, b in np.unique(np.concatenate([both, both[:, ::-1]]), axis=0)]


def _renumber(code: npt.NDArray[np.str_], source: IntArray) -> IntArray:
    """Block group digits 1, 2, ... within each 2010 tract; 0 in the bay."""
    digit = np.zeros(len(code), dtype=np.int64)
    for tract in np.unique(code):
        inside = code == tract
        if tract != "990000":
            digit[inside] = np.unique(source[inside], return_inverse=True)[1] + 1
    return digit


def _pair(
    near: list[tuple[int, int]], code: npt.NDArray[np.str_], bg: IntArray, homes: BoolArray, moved: BoolArray
) -> IntArray:
    """Number of the 2010 block: its own, or shared by two 2020 blocks that were divided later."""
    block = np.arange(len(code), dtype=np.int64)
    used = np.zeros(len(code), dtype=np.bool_)
    wanted = [(a, b) for a, b in near if a < b and homes[a] and homes[b] and code[a] == code[b] and bg[a] == bg[b]]
    across = [(a, b) for a, b in wanted if moved[a] != moved[b]]
    every = max(1, len(wanted) // PAIRS)
    for a, b in across + wanted[::every]:
        if not (used[a] or used[b]):
            used[a] = used[b] = True
            block[b] = block[a]
    return block
