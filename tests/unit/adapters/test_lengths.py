"""How words are measured, cut and shortened as platforms count them."""

from __future__ import annotations

import grapheme
from hypothesis import given
from hypothesis import strategies as st

from supportbot.adapters.lengths import fitting, split, units


def test_units_are_counted_as_javascript_does() -> None:
    assert [units("a"), units("é"), units("𝒳"), units("👍")] == [1, 1, 2, 2]


@given(st.text(max_size=400), st.integers(8, 60))
def test_pieces_are_whole_and_small_enough(words: str, at_most: int) -> None:
    pieces = list(split(words, at_most))
    assert "".join(pieces) == words
    assert all(units(piece) <= at_most for piece in pieces)


def test_a_character_made_of_several_is_not_cut() -> None:
    family = "👨‍👩‍👧‍👦"
    pieces = list(split(family * 20, 30))
    assert all(grapheme.length(piece) == piece.count("👦") for piece in pieces)


def test_words_are_cut_where_a_line_or_a_word_ends() -> None:
    assert list(split("one two three four", 10)) == ["one two ", "three four"]


def test_what_does_not_fit_a_field_ends_with_an_ellipsis() -> None:
    assert fitting("a  short\nline", 20) == "a short line"
    assert fitting("far too many words", 10) == "far too…"
