"""The gateway comes back, whatever ends it, begins few sessions, and says what it may have missed."""

from __future__ import annotations

import asyncio

import pytest

from supportbot.adapters.discord.gateway import Pace, Patience, TooManySessions
from supportbot.errors import BadToken
from supportbot.testing.discord import DiscordWorld
from tests.unit.adapters.discord.ears import Listen


async def test_a_broken_connection_is_resumed_and_brings_what_came_meanwhile(
    discord: DiscordWorld, listen: Listen
) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    ears = await listen(discord)
    discord.gateway.drop()
    await ada.writes(channel, "are you there?")
    assert (await ears.hears())["content"] == "are you there?"
    assert discord.gateway.identifies == 1
    assert not ears.gateway.lost_since
    assert not ears.gateway.trouble


async def test_a_session_that_is_lost_says_since_when_something_may_be_missing(
    discord: DiscordWorld, listen: Listen
) -> None:
    ears = await listen(discord)
    assert not ears.gateway.lost_since
    before = discord.clock.now()
    discord.gateway.forget()
    await discord.gateway.identified(2)
    await _until(lambda: bool(ears.gateway.lost_since))
    assert before <= ears.gateway.lost_since <= discord.clock.now()
    assert not ears.gateway.trouble


async def test_a_session_that_discord_ends_is_followed_by_another(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    ears = await listen(discord)
    discord.gateway.invalidate()
    await discord.gateway.identified(2)
    await ada.writes(channel, "hello again")
    assert (await ears.hears())["content"] == "hello again"
    assert ears.gateway.lost_since


async def test_a_connection_that_is_only_half_open_is_given_up(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    discord.gateway.heartbeat_interval = 100
    ears = await listen(discord, patience={"silence": 0.5})
    discord.gateway.deafen(frozen=True)
    await ada.writes(channel, "does anybody hear me?")
    assert (await ears.hears())["content"] == "does anybody hear me?"
    assert discord.gateway.resumes == 1


async def test_half_open_connections_are_noticed_within_a_minute() -> None:
    heartbeat = 41.25
    assert heartbeat < Patience().silence < 60


@pytest.mark.parametrize("twice", [False, True])
async def test_a_frame_that_cannot_be_read_ends_one_client_and_not_the_bot(
    discord: DiscordWorld, listen: Listen, *, twice: bool
) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    ears = await listen(discord)
    for number in (2, 3)[: 1 + twice]:
        discord.gateway.garble()
        await discord.gateway.identified(number)
    await ada.writes(channel, "still there?")
    assert (await ears.hears())["content"] == "still there?"
    assert ears.gateway.lost_since


async def test_a_handshake_that_fails_is_tried_again(discord: DiscordWorld, listen: Listen) -> None:
    ears = await listen(discord, opens=False)
    discord.trouble.breaks("Get Gateway Bot", status=503, times=6)
    await ears.gateway.open()
    assert discord.gateway.identifies == 1
    assert not ears.gateway.trouble


async def test_without_leave_to_read_messages_the_bot_goes_on_without(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    discord.allowed_intents.discard("message_content")
    ears = await listen(discord)
    assert ears.gateway.is_refused_content
    await ada.writes(channel, "among ourselves")
    assert not (await ears.hears())["content"]
    await ada.dm("to you")
    assert (await ears.hears())["content"] == "to you"


async def test_a_token_that_discord_rejects_at_the_start_ends_it(discord: DiscordWorld, listen: Listen) -> None:
    ears = await listen(discord, opens=False)
    discord._backstage.app.token = "another"
    with pytest.raises(BadToken, match=r"adapters\.discord\.token"):
        await ears.gateway.open()


async def test_a_token_that_is_rejected_later_is_trouble(discord: DiscordWorld, listen: Listen) -> None:
    ears = await listen(discord)
    discord._backstage.app.token = "another"
    discord.gateway.fail(4004)
    await _until(lambda: "rejects" in ears.gateway.trouble)


async def test_several_shards_are_one_gateway(discord: DiscordWorld, listen: Listen) -> None:
    discord.gateway.shards = 3
    ears = await listen(discord)
    assert discord.gateway.identifies == 3
    discord.gateway.drop()
    await discord.gateway.resumed(3)
    await _until(lambda: not ears.gateway.trouble)
    assert not ears.gateway.lost_since


async def test_too_many_sessions_in_an_hour_are_not_begun() -> None:
    patience = Patience(apart=0.0, sessions_an_hour=2)
    pace = Pace(lambda: patience)
    for shard in (0, 0, 1, 1):
        await pace.wait(shard)
    with pytest.raises(TooManySessions):
        await pace.wait(0)


def test_the_pauses_between_clients_keep_a_day_below_a_thousand_sessions() -> None:
    patience = Patience()
    assert patience.sessions_an_hour * 24 < 1000 / 2
    assert patience.pauses == tuple(sorted(patience.pauses))


async def _until(look: object) -> None:
    assert callable(look)
    async with asyncio.timeout(5):
        while not look():
            await asyncio.sleep(0)
