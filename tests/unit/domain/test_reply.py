from __future__ import annotations

from typing import Any

import pytest

from supportbot.domain.reply import LONGEST_REPLY, Choice, Reply, checked
from supportbot.errors import SkillError


class Loud(str):
    """A text with a type of its own, as a template engine's."""

    __slots__ = ()


def test_words_become_a_reply() -> None:
    assert checked("hello") == Reply("hello")
    assert checked(Reply("pick", [Choice("One", to="one")])) == Reply("pick", (Choice("One", to="one"),))


def test_a_text_of_another_type_of_string_is_stored_as_plain_text() -> None:
    assert type(checked(Loud("hello")).text) is str


def test_a_text_that_no_platform_takes_is_mended_and_cut() -> None:
    assert checked("a\ud800\0b").text == "a\ufffd\ufffdb"
    assert len(checked("x" * 1_000_000).text) == LONGEST_REPLY


@pytest.mark.parametrize("rubbish", [5, None, b"bytes", Reply(5), Reply("x", ["One"]), Reply("x", [Choice(7)])])  # type: ignore[list-item, arg-type] # on purpose
def test_rubbish_is_told_to_its_author(rubbish: Any) -> None:
    with pytest.raises(SkillError, match="a reply's"):
        checked(rubbish)
