"""The words that the catalogue and ``district.toml`` may use, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from justgeo.core.budget import Kept


@dataclass(frozen=True)
class LayerWord:
    """One layer of the vocabulary.

    Attributes
    ----------
    name, title, kind, source : str
    asks : str
        What cannot be said without it.
    columns, may : tuple of str
        Columns that it must and may have.
    gives : tuple of str
        For a bundle (an OpenStreetMap extract): the layers that it holds.
    kept : Kept
        What is known of its errors.
    """

    name: str
    title: str
    kind: str
    source: str
    asks: str
    columns: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    kept: Kept = field(default_factory=Kept)


@dataclass(frozen=True)
class Vocabulary:
    """Words that the catalogue and ``district.toml`` may use.

    Attributes
    ----------
    layers : mapping of str to LayerWord
    groups : mapping of str to str
        Group ids with the label that pages print.
    """

    layers: Mapping[str, LayerWord]
    groups: Mapping[str, str]

    def knows_layer(self, name: str) -> bool:
        """Whether a name is a layer: ``walk``, ``acs:B25003``, ``acs:B25003@2024``."""
        return name.split(":")[0] in self.layers and (":" not in name or name.startswith("acs:"))
