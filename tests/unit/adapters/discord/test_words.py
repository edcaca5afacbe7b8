"""Replies in Discord's Markdown: what is formatted stays so, and nobody's words turn into anything."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supportbot.adapters.discord.words import MOST_UNITS, escape, messages
from supportbot.adapters.lengths import units
from supportbot.domain.markdown import escape as written
from supportbot.domain.markdown import quote

MENTIONS = ["<@12>", "<@&12>", "<#12>", "<t:1:R>", "</help:12>", "<:smile:12>"]
BLOCKS = ["# big", "-# small", "- item", "> quote", ">>> all", "```\nx\n```"]
MARKED = [*MENTIONS, *BLOCKS, "**bold**", "__under__", "~~no~~", "||hidden||", "`code`", "[x](y)"]


def shown(text: str) -> str:
    (message,) = messages(text)
    return message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi **Ada**, *this* is ~~it~~.", "Hi **Ada**, *this* is ~~it~~."),
        ("- one\n- two\n  - three", "- one\n- two\n  - three"),
        ("3. one\n4. two", "3. one\n4. two"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("> said\n> so", "> said\n> so"),
        ("```\nlog\n```", "```\nlog\n```"),
        ("`code`", "`code`"),
        ("see [docs](https://x.y/a_b)", "see [docs](<https://x.y/a_b>)"),
        ("see https://x.y/a_b_c.", "see <https://x.y/a_b_c>."),
    ],
)
def test_the_small_markdown_looks_the_same(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize("words", MARKED)
def test_what_a_person_wrote_stays_as_they_wrote_it(words: str) -> None:
    made = shown(written(words))
    assert re.sub(r"\\([^0-9A-Za-z\s])", r"\1", made) == words
    for mark in ("<", "#", "[", "**", "||", "`", "~~"):
        assert not made.startswith(mark)


def test_nobody_calls_everyone_by_way_of_the_bot() -> None:
    assert "@everyone" not in shown(written("@everyone and @here"))
    assert "@here" not in shown(written("@everyone and @here"))


def test_a_link_that_pretends_to_lead_elsewhere_shows_where_it_leads() -> None:
    assert shown("[https://bank.example](https://evil.example)") == "<https://evil.example>"
    assert shown("[click](discord://evil)") == "click"


def test_a_persons_link_cannot_hide_its_address() -> None:
    assert shown(written("[docs](http://evil.example)")) == "\\[docs\\](<http://evil.example>)"


def test_an_address_that_another_reader_may_end_earlier_is_no_link() -> None:
    (shown,) = messages("https://bank.example](https://evil.example)\\")
    assert "<" not in shown
    assert shown.startswith("https://bank.example\\]")


def test_what_has_no_block_is_cut_all_the_same() -> None:
    assert all(units(words) <= 2_000 for words in messages(">" * 5_000))


def test_marks_alone_are_shown() -> None:
    assert shown("*") == "\\*"


def test_a_listing_cannot_be_left_from_inside() -> None:
    assert shown("````\n```\n# big\n````").count("```") == 2


def test_bold_words_that_are_cut_are_bold_in_every_message() -> None:
    parts = messages(f"**{'word ' * 900}end**")
    assert len(parts) == 3
    assert all(part.startswith("**") and part.rstrip().endswith("**") for part in parts)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=3_000))
def test_every_message_is_small_enough_and_says_something(words: str) -> None:
    for text in (words, written(words), quote(words)):
        assert all(units(message) <= MOST_UNITS for message in messages(text))


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet="ab👍é😀#*_<@> \n", min_size=40, max_size=90).map(lambda words: words * 50))
def test_long_words_lose_nothing(words: str) -> None:
    made = "".join(messages(written(words)))
    assert re.sub(r"[\\\s\u200b]", "", made) == re.sub(r"[\\\s]", "", words)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=200))
def test_escaped_words_have_no_mark_left(words: str) -> None:
    assert not re.search(r"(?<!\\)(?:\\\\)*[<>*_~|`\[\]#]", escape(words))
