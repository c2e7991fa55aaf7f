"""What to say about an unknown word."""

from __future__ import annotations

from justgeo.core.words import suggestion


def test_names_the_nearest_word_whatever_its_case() -> None:
    assert suggestion("Bondary", ["boundary", "name", "slug"]) == "did you mean 'boundary'?"
    assert suggestion("bel-2", ["BEL-02", "OPP-02"]) == "did you mean 'BEL-02'?"


def test_lists_the_words_where_none_is_near() -> None:
    assert suggestion("xyz", ["slug", "name"]) == "use one of: name, slug."


def test_says_so_where_nothing_is_known() -> None:
    assert suggestion("xyz", []) == "nothing is known here; take it out."
