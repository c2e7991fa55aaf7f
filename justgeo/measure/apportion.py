"""Weights: how much of each small area lies in each zone, by its people, homes or land.

One row of weights is one zone. They are made once, from blocks, and carried up to block groups and tracts: the weight
of a unit u in a zone is ``sum(W_b f_b) / sum(W_b)`` over its blocks b, with W the people, homes or land of a block and
f the share of its area inside the zone (METHODS 2.4; the practice of Geocorr, EJScreen and NHGIS).

A unit without people is divided by homes, and one without either by land. Water-only blocks carry no weight. Where
there are no blocks, units are divided by area, and ``notes`` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar, cast

import numpy as np
import shapely
from scipy import sparse

from justgeo.core.errors import LayerError
from justgeo.core.field import Weight
from justgeo.core.layer import BoolArray, FloatArray, IntArray, Layer
from justgeo.core.words import plural
from justgeo.core.zones import StrArray, Units, Zones
from justgeo.measure import covering, fractions, matching, nesting, tables
from justgeo.measure.covering import WHOLE, Cover, Pairs
from justgeo.measure.fractions import Matrix, block_fractions
from justgeo.measure.nesting import Origins, UnitSet

__all__ = ["Cover", "Origins", "Rule", "UnitSet", "Weights", "block_fractions"]

Rule = Literal["blocks", "area", "centroid"]
T = TypeVar("T")

_LAND: Weight = "land"
SAME_LAND = 0.95
"""A zone that holds all people of a unit, and no others, is that unit if it also has this much of its land."""


@dataclass
class Weights:
    """Zones x small areas. Make it with `build`; everything else is found when it is first asked for.

    Attributes
    ----------
    zones : Zones
    origins : Origins or None
        Blocks, or a planner's zones.
    units : dict of (level, vintage) to UnitSet
    notes : list of str
        What a reader should know: nesting by point, units divided by area, missing counts.
    former : dict of int to Weights
        The same zones over the areas of another census, by its year; made where a row compares two surveys.
    """

    zones: Zones
    origins: Origins | None
    units: dict[tuple[str, int], UnitSet]
    notes: list[str]
    former: dict[int, Weights] = field(default_factory=dict, repr=False)
    _own: dict[tuple[str, int], IntArray] = field(default_factory=dict, repr=False)
    _found: dict[Any, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def build(cls, zones: Zones, blocks: Layer | None, unit_layers: Sequence[Layer], metric_crs: str) -> Weights:
        """Weights of some zones over blocks and published units.

        Parameters
        ----------
        zones : Zones
            In ``metric_crs``.
        blocks : Layer or None
            ``geoid``, ``population``, optional ``housing_units`` and ``land_m2``; any CRS.
        unit_layers : sequence of Layer
            Block groups, tracts, counties of one or more vintages; any CRS. Levels of the blocks' own vintage that no
            layer draws are known by the blocks' ids.
        metric_crs : str
            Equal-area, metres.

        Raises
        ------
        CrsError, LayerError
            No CRS, no geometry, an id twice, a negative count.
        """
        notes: list[str] = []
        for layer in (*unit_layers, *([blocks] if blocks is not None else [])):
            nesting.require_crs(layer)
        origins, shapes = (None, None) if blocks is None else nesting.read_origins(blocks, metric_crs, notes)
        if origins is None:
            notes.append("No blocks are at hand: units that a boundary cuts are divided by area, not by people.")
        elif origins.housing is None:
            notes.append(f"The {plural(origins.geography)} carry no homes: households are divided by people.")
        units: dict[tuple[str, int], UnitSet] = {}
        for layer in unit_layers:
            units[layer.geography, layer.geography_vintage] = nesting.read_units(layer, origins, metric_crs, notes)
        if origins is not None and origins.geography == "block":
            for level in ("county", "tract", "block group"):
                if (level, origins.vintage) not in units:
                    units[level, origins.vintage] = nesting.units_of_blocks(level, origins)
        made = cls(zones, origins, units, notes)
        for key in units:
            made._own[key] = matching.own_units(zones, units[key], origins)
        if origins is not None and shapes is not None:
            made.origins = replace(origins, fractions=matching.fractions_of(zones, origins, shapes, units, made._own))
        return made

    def only(self, rows: Sequence[int]) -> Weights:
        """The weights of some of the zones, in this order; nothing is cut again.

        Parameters
        ----------
        rows : sequence of int
            Rows of ``zones``.
        """
        kept = np.asarray(rows, dtype=np.int64)
        origins = self.origins
        if origins is not None:
            origins = replace(origins, fractions=fractions.tidy(sparse.csr_array(self.fractions[kept])))
        made = Weights(self.zones.only(kept.tolist()), origins, self.units, list(self.notes))
        made._own.update({key: own[kept] for key, own in self._own.items()})
        return made

    @property
    def fractions(self) -> Matrix:
        """Share of each origin's area inside each zone, (Z, B)."""
        return self._origins().fractions

    def of_census(self, vintage: int) -> Weights:
        """The weights for tables of a census: these ones, where no others were made for it."""
        return self.former.get(vintage, self)

    def geoids(self, level: str, vintage: int) -> StrArray:
        """Ids of the columns of `matrix`."""
        if self._is_origin(level, vintage):
            return self._origins().geoid
        return self._set(level, vintage).geoid

    def matrix(self, level: str, vintage: int, weight: Weight, rule: Rule = "blocks") -> Matrix:
        """Weight of each unit in each zone.

        Parameters
        ----------
        level, vintage : str, int
            For instance ``"tract"``, 2020; or the origins' own level.
        weight : {'persons', 'households', 'land'}
        rule : {'blocks', 'area', 'centroid'}
            By what lives in the blocks; by land; in or out by the unit's representative point.

        Returns
        -------
        csr_array (Z, n)
            0 to 1, canonical. A zone that is a published unit of this level and vintage has 1 there, and nothing else.

        Raises
        ------
        VintageError
            No layer of this level and vintage is at hand.
        """
        if self.origins is None and rule == "blocks":
            rule = "area"  # the same shares: cutting them is nearly all the work, and is done once
        key = ("matrix", level, vintage, weight if rule == "blocks" else "", rule)
        return self._once(key, lambda: self._make_matrix(level, vintage, weight, rule))

    def cover(self, units: Units, weight: Weight, rule: Rule = "blocks", usable: BoolArray | None = None) -> Matrix:
        """The matrix of `covering_of`, (Z, n)."""
        return self.covering_of(units, weight, rule, usable).matrix

    def covering_of(
        self, units: Units, weight: Weight, rule: Rule = "blocks", usable: BoolArray | None = None
    ) -> Cover:
        """Which rows of a table stand for each zone, and with which weight.

        The largest published units that lie wholly inside (weight >= 0.999) count as they are; what the boundary cuts
        is weighted at the finest level that the table has there. Whatever the rule, the same units count as whole.

        Parameters
        ----------
        units : Units
            The rows of the table, n of them, of one or more levels.
        usable : (n,) bool or None
            Rows that have their numbers. Others give way to finer usable rows of the same area, block groups also to
            the cut tract above them; where there is neither, the row is taken, so that the number comes out as
            missing.

        Raises
        ------
        VintageError
            None of the table's levels is known in its vintage.
        LayerError
            The table repeats an id, or none of its ids is known.
        """
        ok = np.ones(len(units), dtype=np.bool_) if usable is None else np.asarray(usable, dtype=np.bool_)
        key = ("cover", nesting.digest(units), units.vintage, weight, rule, ok.tobytes())
        return self._once(key, lambda: self._make_cover(units, weight, rule, ok))

    def identity(self, units: Units, weight: Weight, usable: BoolArray | None = None) -> IntArray:
        """Row of the unit that each zone *is*, -1 where it is none (or its row is not usable), (Z,).

        By id and outline, or because it holds all that the unit holds (of ``weight`` and of land) and nothing else.
        """
        matrix = self.cover(units, weight, usable=usable)
        alone = (np.diff(matrix.indptr) == 1) & (np.asarray(matrix.sum(axis=1)) >= WHOLE)
        found = np.full(len(self.zones), -1, dtype=np.int64)
        zone = np.flatnonzero(alone)
        found[zone] = matrix.indices[matrix.indptr[zone]]
        if usable is not None:
            found[(found >= 0) & ~usable[found]] = -1
        zone = np.flatnonzero(found >= 0)
        by_id = self._by_id(units)
        for z in zone[found[zone] != by_id[zone]]:
            level, at = str(units.level[found[z]]), units.geoid[found[z] : found[z] + 1]
            inside = self.matrix(level, units.vintage, "land", "area")
            held = self._mass(level, units.vintage, "land")
            column = int(nesting.positions(self.geoids(level, units.vintage), at)[0])
            of_zone = float(held[[z], :].sum())
            same = inside[z, column] >= SAME_LAND and held[z, column] >= SAME_LAND * of_zone
            found[z] = found[z] if same else -1
        return found

    def parts_of(self, units: Units, zone: int | None, weight: Weight, usable: BoolArray) -> BoolArray:
        """Usable rows of the finest level that has two or more of them mostly inside a zone (None: anywhere), (n,)."""
        inside = np.zeros(len(units), dtype=np.bool_)
        for level in reversed(self._levels(units)):
            row = self._rows(units, level)
            if zone is not None:
                row = row[self.matrix(level, units.vintage, weight)[[zone], :].toarray().ravel() > 0.5]
            row = row[row >= 0]
            row = row[usable[row]]
            if len(row) >= 2:
                inside[row] = True
                break
        return inside

    def nest(self, level: str, vintage: int) -> IntArray:
        """Unit of each origin, -1 outside, (B,)."""
        if self._is_origin(level, vintage):
            return np.arange(len(self._origins()), dtype=np.int64)
        return self._set(level, vintage).of_origin

    def spread(self, level: str, vintage: int, weight: Weight) -> FloatArray:
        """Share of its unit that each origin makes up, (B,); sums to 1 in each unit that holds an origin."""
        n = len(self.geoids(level, vintage))
        share, used = nesting.shares_within(self.nest(level, vintage), n, self._chain(weight))
        empty = int((used > 0).sum())
        if empty and weight != "land":
            self._note(
                f"{plural(level).capitalize()} without {weight} ({empty}) by the {plural(self._origins().geography)}; "
                "other weights divide them."
            )
        return share

    def _make_matrix(self, level: str, vintage: int, weight: Weight, rule: Rule) -> Matrix:
        zones = self.zones.geometry
        if self._is_origin(level, vintage):
            origins = self._origins()
            made = fractions.points_inside(zones, origins.points) if rule == "centroid" else origins.fractions
            return fractions.tidy(made)
        units = self._set(level, vintage)
        if rule == "centroid":
            made = fractions.points_inside(zones, units.points)
        elif self.origins is None:
            made = fractions.area_shares(zones, nesting.drawn(units), plural(level))
        else:
            made = self._from_origins(units, "land" if rule == "area" else weight)
        made = matching.only_own(made, self._own[level, vintage])
        return fractions.tidy(matching.only_nested(made, units, self._published(vintage)))

    def _published(self, vintage: int) -> dict[str, StrArray]:
        """By level, the id of the unit of this census that each zone is, empty for none, (Z,)."""
        return {
            level: np.where(own >= 0, self.units[level, year].geoid[own], "")
            for (level, year), own in self._own.items()
            if year == vintage and len(self.units[level, year])
        }

    def _from_origins(self, units: UnitSet, weight: Weight) -> Matrix:
        """Origins summed up to their units; units that they do not fill by drawn area."""
        share = self.spread(units.level, units.vintage, weight)
        inside = np.flatnonzero(units.of_origin >= 0)
        of_unit = units.of_origin[inside]
        kept = np.where(units.incomplete[of_unit], 0.0, share[inside])
        carry = sparse.csr_array((kept, (inside, of_unit)), shape=(len(units.of_origin), len(units)))
        made: Matrix = sparse.csr_array(self.fractions @ carry)
        if units.incomplete.any():
            drawn = np.flatnonzero(units.incomplete)
            part = fractions.area_shares(
                self.zones.geometry, nesting.drawn(units).iloc[drawn], plural(units.level)
            ).tocoo()
            columns = drawn[part.coords[1]].astype(np.int64)
            made = made + sparse.csr_array((part.data, (part.coords[0].astype(np.int64), columns)), shape=made.shape)
        return made

    def _make_cover(self, units: Units, weight: Weight, rule: Rule, usable: BoolArray) -> Cover:
        levels = self._levels(units)
        found: list[Pairs] = []
        rows_known = 0
        for step, level in enumerate(levels):
            row = self._rows(units, level)
            rows_known += int((row >= 0).sum())
            zone, unit, by_blocks, out = covering.join(
                self.matrix(level, units.vintage, weight), self.matrix(level, units.vintage, weight, rule)
            )
            up = np.full(len(zone), -1, dtype=np.int64)
            if step:
                coarser = self.geoids(levels[step - 1], units.vintage)
                above = nesting.positions(
                    coarser, nesting.prefixes(self.geoids(level, units.vintage), levels[step - 1])
                )
                up = covering.parents(zone, above[unit], found[-1], len(coarser))
            at = row[unit]
            finer = levels[step + 1] if step + 1 < len(levels) else ""
            found.append(
                Pairs(
                    *(zone, unit, by_blocks, out, at),
                    usable=(at >= 0) & usable[at],
                    parent=up,
                    empty=self._empty(level, units.vintage, weight, zone, unit),
                    stands=covering.STANDS_FOR.get(level) == finer,
                    published=bool(usable[row[row >= 0]].any()),
                )
            )
        if not rows_known:
            raise LayerError(
                f"None of the {len(units)} ids of the table (such as {', '.join(units.geoid[:1])!r}) is known here.",
                remedy="check that the ids are full GEOIDs of this place, with their leading zeros.",
            )
        taken = covering.choose(found)
        matrix = fractions.tidy(covering.assemble(found, taken, (len(self.zones), len(units))))
        lacking = self._lacking(levels, units.vintage, weight, found, taken)
        return Cover(matrix, lacking, covering.stepped(found, taken, len(self.zones)))

    def _empty(self, level: str, vintage: int, weight: Weight, zone: IntArray, unit: IntArray) -> BoolArray:
        """Pairs in which nothing lies of what their zone is counted by: people or homes, or else land, (p,).

        A unit that the origins do not fill may hold more than they know, unless it is water.
        """
        by_land = self._zone_mass(weight, vintage) <= 0
        bare = by_land & (self._zone_mass(_LAND, vintage) <= 0)
        by_weight, land = (covering.values_at(self._mass(level, vintage, m), zone, unit) for m in (weight, _LAND))
        empty = (np.where(by_land[zone], land, by_weight) <= 0) & ~bare[zone]
        if not self._is_origin(level, vintage):
            units = self._set(level, vintage)
            dry = np.ones(len(units), dtype=np.bool_) if units.land is None else ~(units.land <= 0)
            empty &= ~(units.incomplete & dry)[unit]
        return np.asarray(empty, dtype=np.bool_)

    def _lacking(
        self, levels: Sequence[str], vintage: int, weight: Weight, found: Sequence[Pairs], taken: Sequence[BoolArray]
    ) -> FloatArray:
        """Share of each zone's weight in places for which no row was taken."""
        left = np.full(len(self.zones), np.nan)
        for measure in dict.fromkeys((weight, _LAND)):
            whole = self._zone_mass(measure, vintage)
            covered = np.zeros(len(self.zones))
            for level, pairs, take in zip(levels, found, taken, strict=True):
                use = take & (pairs.row >= 0)
                held = covering.values_at(self._mass(level, vintage, measure), pairs.zone[use], pairs.unit[use])
                covered += np.bincount(pairs.zone[use], held, len(self.zones))
            open_ = np.isnan(left) & (whole > 0)
            left[open_] = np.clip(1.0 - covered[open_] / whole[open_], 0.0, 1.0)
        return left

    def _mass(self, level: str, vintage: int, weight: Weight) -> Matrix:
        """People, homes or land that each zone has in each unit, (Z, n); drawn area where there are no origins."""
        return self._once(("mass", level, vintage, weight), lambda: self._make_mass(level, vintage, weight))

    def _make_mass(self, level: str, vintage: int, weight: Weight) -> Matrix:
        if self.origins is None:
            area = np.asarray(shapely.area(nesting.drawn(self._set(level, vintage)).array), dtype=np.float64)
            return fractions.tidy(self.matrix(level, vintage, weight) @ sparse.diags_array(area))
        nest = self.nest(level, vintage)
        inside = np.flatnonzero(nest >= 0)
        carried = self._chain(weight)[0][inside]
        carry = sparse.csr_array((carried, (inside, nest[inside])), shape=(len(nest), len(self.geoids(level, vintage))))
        return fractions.tidy(self.fractions @ carry)

    def _zone_mass(self, weight: Weight, vintage: int) -> FloatArray:
        """People, homes or land of each zone, (Z,)."""
        if self.origins is not None:
            return np.asarray(self.fractions @ self._chain(weight)[0], dtype=np.float64)
        known = [self._mass(level, v, weight) for level, v in self.units if v == vintage]
        return np.asarray(np.max([mass.sum(axis=1) for mass in known], axis=0), dtype=np.float64)

    def _chain(self, weight: Weight) -> list[FloatArray]:
        """What divides a unit, and what does so where that is 0."""
        origins = self._origins()
        homes = [] if origins.housing is None else [origins.housing]
        rest = [origins.land, origins.area]
        if weight == "land":
            return rest
        return [*homes, origins.population, *rest] if weight == "households" else [origins.population, *homes, *rest]

    def _levels(self, units: Units) -> list[str]:
        """Levels of a table that are known here, coarse to fine."""
        known, unused = tables.known_levels(units, self.units, self.origins)
        for level in unused:
            self._note(f"Rows for {plural(level)} of {units.vintage} are not used: no layer of them is at hand.")
        return known

    def _rows(self, units: Units, level: str) -> IntArray:
        """Row of the table for each unit of a level, -1 where it has none."""
        return tables.rows_of(units, level, self.geoids(level, units.vintage))

    def _by_id(self, units: Units) -> IntArray:
        """Row of the unit that each zone is by its id and outline, -1 for none, (Z,)."""
        found = np.full(len(self.zones), -1, dtype=np.int64)
        for level in self._levels(units):
            own = self._own.get((level, units.vintage))
            if own is not None:
                row = self._rows(units, level)
                found = np.where((found < 0) & (own >= 0), row[own], found)
        return found

    def _is_origin(self, level: str, vintage: int) -> bool:
        return tables.is_origin(level, vintage, self.units, self.origins)

    def _origins(self) -> Origins:
        if self.origins is None:
            raise LayerError("This needs blocks, and none are at hand.", remedy="give the layer of blocks.")
        return self.origins

    def _set(self, level: str, vintage: int) -> UnitSet:
        if (level, vintage) not in self.units:
            raise tables.no_layer(level, vintage, self.units)
        return self.units[level, vintage]

    def _once(self, key: Any, make: Callable[[], T]) -> T:
        if key not in self._found:
            self._found[key] = make()
        return cast(T, self._found[key])

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
