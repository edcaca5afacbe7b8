"""What was written while nobody listened is found, where Discord tells of it and where conversations stand."""

from __future__ import annotations

from typing import Any

from supportbot.adapters.base import Missed
from supportbot.adapters.discord.catch_up import History
from supportbot.adapters.discord.incoming import address
from supportbot.domain.address import Address
from supportbot.testing.discord import DiscordWorld
from tests.unit.adapters.discord.ears import Ears, Listen


async def missed(ears: Ears, since: int, *places: Address, agents: str = "") -> list[Missed]:
    client = await ears.gateway.ready()
    return [found async for found in History(ears.incoming, ears.members.api, client, agents).since(since, places)]


def words(found: list[Missed]) -> list[str]:
    return [one.event.text for one in found]


async def test_channels_and_open_threads_with_news_are_read(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel, quiet = discord.person("Ada"), discord.channel("help"), discord.channel("quiet")
    question = await ada.writes(channel, "one")
    thread = await ada.starts_thread(question, "One")
    await ada.writes(quiet, "nothing new here")
    ears = await listen(discord)
    since = discord.clock.now() + 1
    while discord.clock.now() < since:
        pass
    await ada.writes(channel, "two")
    await ada.writes(thread, "three")
    ears = await listen(discord)
    found = await missed(ears, since)
    assert sorted(words(found)) == ["three", "two"]
    read = [call.path for call in discord.world_log.calls("Get Channel Messages")]
    assert not [path for path in read if quiet.id in path]


async def test_a_long_history_is_read_in_order(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    for number in range(230):
        await ada.writes(channel, f"{number}")
    found = await missed(await listen(discord), 0)
    assert words(found) == [f"{number}" for number in range(230)]


async def test_direct_messages_are_found_where_conversations_stand(discord: DiscordWorld, listen: Listen) -> None:
    ada = discord.person("Ada")
    message = await ada.dm("anybody?")
    ears = await listen(discord)
    assert await missed(ears, 0) == []
    found = await missed(ears, 0, address(message.channel_id), address(message.channel_id))
    assert words(found) == ["anybody?"]
    assert found[0].event.direct


async def test_threads_that_are_closed_by_now_are_found_where_conversations_stand(
    discord: DiscordWorld, listen: Listen
) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    question = await ada.writes(channel, "one")
    thread = await ada.starts_thread(question, "One")
    await ada.writes(thread, "two")
    await ada.archives(thread)
    found = await missed(await listen(discord), 0, address(channel.id, thread.id), address(channel.id, f"@{ada.id}"))
    assert words(found) == ["two", "one"]


async def test_what_cannot_be_read_keeps_nothing_else_from_it(discord: DiscordWorld, listen: Listen) -> None:
    ada, secret, channel = discord.person("Ada"), discord.channel("secret"), discord.channel("help")
    for place in (secret, channel):
        await ada.writes(place, place.name)
    discord.forbids(secret, "read_message_history")
    assert words(await missed(await listen(discord), 0)) == ["help"]


async def test_what_another_person_has_answered_is_said_to_be(discord: DiscordWorld, listen: Listen) -> None:
    ada, bo, channel = discord.person("Ada"), discord.person("Bo"), discord.channel("help")
    replied = await ada.writes(channel, "replied to")
    await bo.writes(channel, "so it is", replies_to=replied)
    threaded = await ada.writes(channel, "in a thread")
    await bo.writes(await bo.starts_thread(threaded, "Thread"), "so it is")
    await ada.writes(channel, "open")
    mine = await ada.writes(channel, "to myself")
    await ada.writes(await ada.starts_thread(mine, "Mine"), "hm")
    found = {one.event.text: one.is_answered for one in await missed(await listen(discord), 0)}
    expected = {"replied to": True, "in a thread": True, "open": False, "to myself": False, "hm": False}
    assert {text: found[text] for text in expected} == expected


async def test_a_discord_that_asks_to_wait_is_waited_for(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    await ada.writes(channel, "hello")
    ears = await listen(discord)
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    discord.trouble.rate_limits("Get Channel Messages", times=7, retry_after=0.001)
    history: Any = History(ears.incoming, ears.members.api, await ears.gateway.ready(), "", sleep=sleep)
    assert [one.event.text async for one in history.since(0, ())] == ["hello"]
    assert waits
