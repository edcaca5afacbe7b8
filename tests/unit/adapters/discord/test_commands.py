"""The application's commands: registered only where they changed, and worded as they would be typed."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.adapters.discord import commands
from supportbot.adapters.discord.api import Api
from supportbot.errors import Refused, TryLater
from supportbot.testing.discord import DiscordWorld
from supportbot.testing.discord.limits import check_commands
from supportbot.texts import Texts
from tests.unit.adapters.discord.desk import bot_on

PUT = "Bulk Overwrite Global Application Commands"


async def test_the_commands_are_there_and_are_registered_again_only_when_they_change(discord: DiscordWorld) -> None:
    async with bot_on(discord) as bot:
        api, application = bot.adapter.api, bot.adapter.members.application
        named = {command["name"] for command in discord.commands}
        assert named >= {"ticket", "tickets", "status", "human", "help", "faq", "Open a ticket", "Find an answer"}
        assert len(discord.world_log.calls(PUT)) == 1
        await commands.sync(api, application, Texts())
        assert len(discord.world_log.calls(PUT)) == 1
        await commands.sync(api, application, Texts({"discord.commands.help": "Where am I?"}))
        assert len(discord.world_log.calls(PUT)) == 2
        assert "Where am I?" in [command.get("description") for command in discord.commands]
    async with bot_on(discord):
        await discord.until(lambda: len(discord.world_log.calls(PUT)) == 3 or None, "the old description is back")


async def test_what_a_team_words_too_long_is_shortened_to_what_discord_takes() -> None:
    texts = Texts({"discord.commands.help": "x" * 200, "discord.menus.open_ticket": "y" * 80})
    described = commands.definitions(texts)
    check_commands(described)
    menu = next(command for command in described if command["name"].startswith("y"))
    assert commands.menu_of(texts, menu) == commands.OPEN_TICKET


class Answers:
    """Stands for Discord: fails as told, then answers."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls: list[str] = []

    async def read(self, path: str, **_: Any) -> list[dict[str, Any]]:
        self.calls.append("GET")
        if self.failures:
            raise self.failures.pop(0)
        return []

    async def change(self, method: str, path: str, json: Any, **_: Any) -> None:
        self.calls.append(method)


async def test_it_is_tried_again_until_discord_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr("supportbot.adapters.discord.commands.asyncio.sleep", sleep)
    api: Any = Answers(TryLater(0.1), TryLater(5.0))
    await commands.sync(api, "1", Texts())
    assert api.calls == ["GET", "GET", "GET", "PUT"]
    assert paused == [1.0, 5.0]


async def test_a_refusal_leaves_the_commands_as_they_are() -> None:
    api: Any = Answers(Refused("no more today", "30034"))
    await commands.sync(api, "1", Texts())
    assert api.calls == ["GET"]


def test_a_menu_of_another_kind_is_none_of_ours() -> None:
    assert commands.menu_of(Texts(), {"type": 2, "name": "Open a ticket"}) == ""
    assert commands.menu_of(Texts(), {"type": 3, "name": "Report"}) == ""


def test_the_real_api_has_what_is_used() -> None:
    assert {"read", "change", "write"} <= set(dir(Api))
