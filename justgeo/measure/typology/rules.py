"""The rules of METHODS 5.2 on what can be told: the same functions for arrays of bool and for packed bits.

An outcome says yes exactly where it holds however the unknown conditions turn out. Where a rule asks for a condition
in one place and for its contrary in another, yes and no are written out apart, with all prime implicants: Kleene's
tables alone would leave untold what can be told.

References
----------
Bates (2013), *Gentrification and Displacement Study*, doi:10.15760/report-01. Quine (1952), *The problem of
simplifying truth functions*, American Mathematical Monthly 59, for prime implicants.
"""

from __future__ import annotations

from typing import NamedTuple

from justgeo.measure.typology.logic import Bits, Told, three_of_four


class Markets(NamedTuple):
    """A market as it is or is not at least so far, on none < adjacent < accelerating < appreciated."""

    adjacent: Told
    accelerating: Told
    appreciated: Told

    def one_by_one(self) -> tuple[Told, Told, Told, Told]:
        """None, adjacent, accelerating, appreciated: exactly so far and no further."""
        a, b, c = self
        return ~a, a & ~b, b & ~c, c


class Changed(NamedTuple):
    """Part B, and the two of its conditions that continued loss asks for."""

    changed: Told
    white_and_bachelors: Told


def vulnerable(renters: Told, people_of_colour: Told, no_bachelors: Told, low_income: Told) -> Told:
    """Part A: three of the four pressures."""
    return three_of_four(renters, people_of_colour, no_bachelors, low_income)


def changed(owners: Told, white: Told, bachelors: Told, income: Told) -> Changed:
    """Part B: three of the four changes, or the white share and the share with a degree both."""
    both = white & bachelors
    return Changed(three_of_four(owners, white, bachelors, income) | both, both)


def market(before_high: Told, now_high: Told, change_high: Told, near_high: Told) -> Markets:
    """Part C of one market.

    Parameters
    ----------
    before_high, now_high, change_high : Told
        Of the tract: median of t0, median of t1, real change; each among the upper two quintiles.
    near_high : Told
        At least one tract that touches it has a high median now or a high change.

    Returns
    -------
    Markets
        Appreciated: was low, is high, rose much. Accelerating: is low, rose much. Adjacent: is low, rose little,
        touches a tract that is high or rose much. A tract that was and is high has no such market, whatever its rise.
    """
    moved = (~now_high & change_high) | (~now_high & near_high) | (change_high & ~before_high)
    still = (now_high & before_high) | (now_high & ~change_high) | (~change_high & ~near_high)
    return Markets(
        adjacent=Told(moved.yes, still.yes),
        accelerating=change_high & (~now_high | ~before_high),
        appreciated=~before_high & now_high & change_high,
    )


def further(one: Markets, other: Markets) -> Markets:
    """The further of two markets: at least so far where either is."""
    return Markets(*(a | b for a, b in zip(one, other, strict=True)))


def choose(where: Bits, one: Markets, other: Markets) -> Markets:
    """One market where asked for, the other elsewhere; ``where`` broadcasts to the cases."""
    return Markets(
        *(
            Told((a.yes & where) | (b.yes & ~where), (a.no & where) | (b.no & ~where))
            for a, b in zip(one, other, strict=True)
        )
    )


def stages(a: Told, b: Changed, c: Markets) -> tuple[Told, ...]:
    """The eight stages of the table of METHODS 5.2, in the order of ``values.STAGES``.

    Parameters
    ----------
    a : Told
        Vulnerable.
    b : Changed
    c : Markets
    """
    _, adjacent, accelerating, appreciated = c.one_by_one()
    only, both = a & ~b.changed, a & b.changed
    loss = ~a & b.white_and_bachelors & appreciated
    some = (a & c.adjacent) | loss | (b.white_and_bachelors & appreciated)
    none = ~c.adjacent | (~a & ~c.appreciated) | (~a & ~b.white_and_bachelors)
    return (
        Told(none.yes, some.yes),
        only & adjacent,
        only & accelerating,
        both & adjacent,
        both & accelerating,
        both & appreciated,
        loss,
        only & appreciated,
    )
