"""Reading: the question is found between greetings, thanks, code and links."""

from __future__ import annotations

import pytest

from supportbot.knowledge.reading import MOST_SENTENCES, follow_up, read


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Hi there, how do I export? Thanks!", "how do I export"),
        ("Good morning! Hello team, where is my invoice", "where is my invoice"),
        ("how do I export, thanks so much in advance", "how do I export"),
        ("See https://example.com/a?b=c how do I export", "See  how do I export"),
        ("how do I fix ```Traceback: how do I cancel``` this", "how do I fix \n this"),
        ("Hi there", "Hi there"),
        ("thanks!", "thanks!"),
        ("https://example.com/help", "https://example.com/help"),
        ("hiking trips", "hiking trips"),
        ("", ""),
    ],
)
def test_pleasantries_code_and_links_are_left_out_where_more_is_said(text: str, asked: str) -> None:
    assert read(text)[0].rstrip("?! ") == asked.rstrip("?! ")


def test_several_sentences_are_looked_at_one_by_one_too() -> None:
    whole, *sentences = read("Hello! I bought it in May. It was fun. Now, how do I cancel? Please help me.")
    assert whole.startswith("I bought")
    assert sentences == ["I bought it in May.", "It was fun.", "Now, how do I cancel?", "Please help me."]


def test_of_a_long_story_only_the_last_sentences_are() -> None:
    assert len(read("This is one of many. " * 50)) == 1 + MOST_SENTENCES


def test_one_sentence_is_one_part() -> None:
    assert read("How do I cancel?") == ["How do I cancel?"]


@pytest.mark.parametrize("text", ["<" * 5_000, "hi " * 5_000, "thanks " * 5_000, "```" * 2_000, "http://" * 1_000])
def test_hostile_text_is_read_in_bounded_time(text: str) -> None:
    assert len(read(text)) <= 1 + MOST_SENTENCES


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("and on Android?", "on Android"),
        ("What about refunds", "refunds"),
        ("ok, and how about teams?", "teams"),
        ("How do I cancel?", ""),
        ("and now for something that is long enough to be a question of its own", ""),
    ],
)
def test_a_follow_up_is_told_from_a_question_of_its_own(text: str, more: str) -> None:
    assert follow_up(text) == more
