"""Texts of every alphabet and size: said in full, in order, within Slack's units, never cut inside a character."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from supportbot.adapters.lengths import units
from supportbot.domain.words import clean
from supportbot.testing.slack import Message, SlackWorld
from tests.faults.platforms.sizes import MARKS, PIECES, bare, never_cut_inside, text_of
from tests.faults.platforms.skills import Repeating
from tests.faults.slack.conftest import answered, said, serving

LONGEST_TEXT, LONGEST_MESSAGE, MOST_BLOCKS = 40_000, 13_200, 50
SIZES = (0, 1, 75, 150, 2_999, 3_000, 3_001, 8_999, 9_000, 9_001, 12_000, 13_200, 20_000, 40_000)


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
    never_cut_inside(text, shown)


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
