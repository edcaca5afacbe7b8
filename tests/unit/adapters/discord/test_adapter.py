"""The adapter while Discord was not reached yet: what others ask it meanwhile has an answer."""

from __future__ import annotations

from supportbot.adapter_settings import DiscordSettings
from supportbot.adapters.discord.adapter import Discord
from supportbot.clock import SystemClock
from supportbot.domain.person import Person
from supportbot.settings import Secret
from supportbot.texts import Texts


async def test_before_discord_was_reached_nobody_is_said_to_have_left() -> None:
    adapter = Discord(DiscordSettings(token=Secret("a token")), "1", Texts(), SystemClock())
    assert not await adapter.has_left(Person("discord/main/1", "Ada"), adapter.channel("2"))
