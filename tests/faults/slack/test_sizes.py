"""Texts of every alphabet and size: said in full, in order, within Slack's units, never cut inside a character."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import grapheme
import pytest

from supportbot import Settings, Skill, Turn, match, on
from supportbot.adapters.slack.rich_text import units
from supportbot.domain.words import clean
from supportbot.testing.slack import Message, SlackWorld
from tests.faults.slack.conftest import answered, said, serving

LONGEST_TEXT, LONGEST_MESSAGE, MOST_BLOCKS = 40_000, 13_200, 50
PIECES = (
    *(
        "a",
        "word ",
        "\n",
        "\n\n",
        "é",
        "e\u0301",
        "\u0301",
        "ß",
        "中文",
        "हिन्दी",
        "العربية",
        "שלום",
        "\u202e",
        "\u200f",
    ),
    *("👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👍🏽", "🔥", "\u200d", "\ufe0f", "\x00", "\ud83d", "\ufeff", "\u2028", "\t"),
    *("*bold*", "_i_", "~s~", "`code`", "```\nfence\n```", "> quote\n", "- item\n", "1. one\n", "<@U1>", "<!here>"),
    *("&amp;", "&", "<", ">", "|", "[a](https://b.example)", "https://example.com/ä?b=c&d", "\\", "#" * 8, "x" * 300),
)
MARKS = set("*_~`<>[]()\\#-0123456789.!:/")
"""What may be a mark of a form, and is not shown then."""
WHOLE = 60
SIZES = (0, 1, 75, 150, 2_999, 3_000, 3_001, 8_999, 9_000, 9_001, 12_000, 13_200, 20_000, 40_000)


class Repeating(Skill[Settings]):
    """Say a given text for each message."""

    texts: dict[str, str] = {}  # noqa: RUF012 - what the test fills

    @on.message(match.anything)
    async def repeat(self, turn: Turn) -> str:
        """Say it."""
        return self.texts[turn.text]


def text_of(chance: random.Random, size: int) -> str:
    """Make a text of about so many characters: a random mixture, or one piece again and again."""
    pieces = [chance.choice(PIECES)] if chance.random() < 0.3 else chance.choices(PIECES, k=40)
    made = ""
    while len(made) < size:
        made += chance.choice(pieces) if chance.random() < 0.97 else chr(chance.randrange(0x110000))
    return made[:size]


def bare(text: str) -> str:
    """Leave nothing of a text but its letters and digits: its form is for other tests."""
    return "".join(letter for letter in text if letter.isalnum())


async def say_all(slack: SlackWorld, folder: Path, texts: list[str]) -> None:
    ada = slack.person("Ada")
    team = slack.channel("team", [], private=True)
    Repeating.texts = {f"text {number}": text for number, text in enumerate(texts)}
    async with serving(slack, folder, team.id, own=[Repeating()], storage="tinydb:memory") as app:
        for name, text in Repeating.texts.items():
            before = len(said(ada.direct))
            await ada.dm(name)
            await answered(slack, app)
            parts = said(ada.direct)[before:]
            check(text, parts)
        assert await app.store.buried() == []
        assert not [call for call in slack.world_log.calls(ok=False) if call.error != "msg_blocks_too_long"]


def check(text: str, parts: list[Message]) -> None:
    """See that a text is there in full, in parts that Slack takes, none of which ends inside a character."""
    shown = [str(part) for part in parts]
    assert all(units(words) <= LONGEST_MESSAGE for words in shown)
    assert all(units(part.text) <= LONGEST_TEXT and len(part.blocks) <= MOST_BLOCKS for part in parts)
    if not set(text) & MARKS:
        assert bare("".join(shown)) == bare(clean(text))
    for before, after in itertools.pairwise(shown):
        head, tail = before[-WHOLE:], after[:WHOLE]
        lengths = [len(character) for character in grapheme.graphemes(head + tail)]
        assert max(lengths) > WHOLE // 2 or len(head) in itertools.accumulate(lengths), (head, tail)


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
async def test_a_long_text_of_one_kind_is_said_in_full(slack_world: SlackWorld, tmp_path: Path, piece: str) -> None:
    await say_all(slack_world, tmp_path, [piece * (20_000 // len(piece))])


async def test_texts_of_any_alphabet_and_size_are_said(slack_world: SlackWorld, tmp_path: Path) -> None:
    chance = random.Random(24)
    await say_all(slack_world, tmp_path, [text_of(chance, chance.choice(SIZES)) for _ in range(60)])


@pytest.mark.full
async def test_5_000_texts_of_any_alphabet_and_size_are_said(slack_world: SlackWorld, tmp_path: Path) -> None:
    chance = random.Random(2_024)
    await say_all(slack_world, tmp_path, [text_of(chance, chance.choice(SIZES)) for _ in range(5_000)])
