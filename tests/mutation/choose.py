"""Which mutants are run: drawn by lot, some of every module."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from tests.mutation.mutants import Mutant

PASSING = frozenset({"operator_arg_removal", "operator_assignment", "operator_dict_arguments"})
"""An argument that is taken away and a name that holds nothing: most end in an error. Drawn and told apart."""


def kind(mutant: Mutant) -> str:
    """``deciding``: a number, a sign, a comparison, a branch; ``passing``: what is handed on."""
    return "passing" if mutant.operator in PASSING else "deciding"


def allotted(sizes: Mapping[str, int], wanted: int, least: int) -> dict[str, int]:
    """How many of each part: by its size, at least ``least``, and never more than there are.

    Every part has its least; what is left goes by largest remainders of the sizes that remain.
    """
    given = {name: min(least, size) for name, size in sizes.items()}
    left = min(wanted, sum(sizes.values())) - sum(given.values())
    rest = {name: size - given[name] for name, size in sizes.items()}
    if left <= 0:
        return given
    shares = {name: left * size / sum(rest.values()) for name, size in rest.items()}
    for name, share in shares.items():
        given[name] += int(share)
    short = left - sum(int(share) for share in shares.values())
    for name in sorted(shares, key=lambda one: (int(shares[one]) - shares[one], one))[:short]:
        given[name] += 1
    return given


def drawn(mutants: Sequence[Mutant], wanted: Mapping[str, int], least: int, seed: int) -> list[Mutant]:
    """A sample of each kind, some of every module; the same for the same seed and the same code.

    A module's draw depends on nothing but the seed and the module, so that a change elsewhere leaves it as it is.
    """
    chosen: list[Mutant] = []
    for each, number in sorted(wanted.items()):
        parts: dict[str, list[Mutant]] = {}
        for one in mutants:
            if not one.words and kind(one) == each:
                parts.setdefault(one.module, []).append(one)
        numbers = allotted({name: len(part) for name, part in parts.items()}, number, least)
        for name in sorted(parts):
            order = random.Random(f"{seed}:{each}:{name}").sample(parts[name], len(parts[name]))
            chosen += sorted(order[: numbers[name]], key=lambda one: one.number)
    return chosen
