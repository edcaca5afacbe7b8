"""Texts of every alphabet and size: said in full, in order, within Discord's units, never cut inside a character."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from supportbot import Choice, Reply, Settings, Skill, Turn, match, on
from supportbot.adapters.lengths import units
from supportbot.domain.words import clean
from supportbot.testing.discord import DiscordWorld, Message
from supportbot.testing.discord import components as parts
from tests.faults.discord.conftest import answered, said, serving
from tests.faults.platforms.sizes import MARKS, PIECES, bare, never_cut_inside, text_of

LONGEST = 2_000
ESCAPED = MARKS | set("|+@")
SIZES = (0, 1, 80, 100, 1_900, 1_999, 2_000, 2_001, 3_999, 4_000, 4_001, 8_000, 20_000, 40_000)
MOST: dict[str, dict[str, int]] = {
    "button": {"label": 80, "custom_id": 100},
    "menu": {"placeholder": 150, "custom_id": 100},
    "option": {"label": 100, "value": 100},
}
"""The longest texts that stand under a message, in units."""


class Repeating(Skill[Settings]):
    """Say a given text for each message, with choices that are called so."""

    texts: dict[str, str] = {}  # noqa: RUF012 - what the test fills
    count = 0

    @on.message(match.anything)
    async def repeat(self, turn: Turn) -> Reply:
        """Say it."""
        text = self.texts[turn.text]
        self.count += 1
        menu, number = clean(text[:300]) if self.count % 3 == 0 else "", self.count % 30
        choices = [Choice(clean(text[place : place + 200]), command="help", menu=menu) for place in range(number)]
        return Reply(text, choices)


async def say_all(discord: DiscordWorld, folder: Path, texts: list[str]) -> None:
    ada, team = discord.person("Ada"), discord.channel("team")
    Repeating.texts = {f"text {number}": text for number, text in enumerate(texts)}
    async with serving(discord, folder, team.id, own=[Repeating()], storage="tinydb:memory") as app:
        for name, text in Repeating.texts.items():
            before = len(said(ada.direct))
            await ada.dm(name)
            await answered(discord, app)
            check(text, said(ada.direct)[before:])
        assert discord.world_log.calls("Create Message", ok=False) == []
        assert await app.store.buried() == []


def check(text: str, messages: list[Message]) -> None:
    """See that a text is there in full, in messages that Discord takes, none of which ends inside a character."""
    shown = [message.text for message in messages]
    assert all(units(words) <= LONGEST for words in shown)
    if not set(text) & ESCAPED:
        assert bare("".join(shown)) == bare(clean(text))
    never_cut_inside(text, shown)
    for message in messages:
        for kind, element in under(message):
            too_long = [name for name, most in MOST[kind].items() if units(str(element.get(name) or "")) > most]
            assert too_long == [], (kind, element)
        assert len(message.components) <= 5


def under(message: Message) -> list[tuple[str, dict[str, Any]]]:
    """List what stands under a message: buttons, menus, and what they offer."""
    buttons = [("button", button) for button in parts.buttons(message.components)]
    menus = parts.menus(message.components)
    assert all(len(menu["options"]) <= 25 for menu in menus)
    options = [("option", option) for menu in menus for option in menu["options"]]
    return [*buttons, *(("menu", menu) for menu in menus), *options]


@pytest.mark.parametrize("start", range(4))
async def test_long_texts_of_one_kind_are_said_in_full(discord: DiscordWorld, tmp_path: Path, start: int) -> None:
    await say_all(discord, tmp_path, [piece * (5_000 // len(piece)) for piece in PIECES[start::4]])


async def test_texts_of_any_alphabet_and_size_are_said(discord: DiscordWorld, tmp_path: Path) -> None:
    chance = random.Random(24)
    await say_all(discord, tmp_path, [text_of(chance, chance.choice(SIZES)) for _ in range(40)])


@pytest.mark.full
async def test_5_000_texts_of_any_alphabet_and_size_are_said(discord: DiscordWorld, tmp_path: Path) -> None:
    chance = random.Random(2_024)
    await say_all(discord, tmp_path, [text_of(chance, chance.choice(SIZES)) for _ in range(5_000)])
