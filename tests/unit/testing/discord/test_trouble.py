from __future__ import annotations

import aiohttp
import discord
import pytest


@pytest.fixture
async def room(wired, app, start):
    await start()
    return await app.fetch_channel(int(wired.channel("help").id))


async def test_a_rate_limit_is_waited_for(wired, room):
    wired.trouble.rate_limits(times=2, retry_after=0.01)
    await room.send("hi")
    calls = wired.world_log.calls("Create Message")
    assert [call.status for call in calls] == [429, 429, 200]
    assert wired.world_log.invalid == 2


async def test_a_storm_is_too_much_for_the_library(wired, room):
    wired.trouble.rate_limits(times=None, retry_after=0.001)
    with pytest.raises(discord.HTTPException) as failed:
        await room.send("hi")
    assert failed.value.status == 429
    wired.trouble.ends()
    await room.send("hi")


async def test_the_guard_in_front_answers_without_via(wired, room):
    wired.trouble.rate_limits(via=False)
    with pytest.raises(discord.HTTPException, match="1015"):
        await room.send("hi")


async def test_a_channel_takes_so_many_messages_at_a_time(wired, room):
    wired.trouble.paces(limit=2, window=0.05)
    for number in range(5):
        await room.send(str(number))
    assert [call.status for call in wired.world_log.calls("Create Message")] == [200] * 5


async def test_a_broken_server_answers_with_a_page(wired, room):
    wired.trouble.breaks(status=503)
    with pytest.raises(discord.DiscordServerError):
        await room.send("hi")
    await room.send("hi")


async def test_a_reply_may_be_lost_after_the_message_was_posted(wired, app, room):
    channel = wired.channel("other")
    other = await app.fetch_channel(int(channel.id))
    wired.trouble.loses_replies()
    with pytest.raises(aiohttp.ClientError):
        await other.send("once", nonce="1")
    await other.send("once", nonce="1")
    assert [str(message) for message in channel.heard] == ["once"]
    wired.trouble.hangs_up()
    with pytest.raises(aiohttp.ClientError):
        await other.send("twice")
    assert [str(message) for message in channel.heard] == ["once"]
    assert [call.status for call in wired.world_log.calls("Create Message", ok=False)] == [0, 0]


async def test_events_may_be_held_back_and_come_backwards(wired, app, start, told):
    @app.event
    async def on_message(message):
        told.add(message.content)

    await start()
    ada = wired.person("Ada")
    async with wired.trouble.holding(backwards=True):
        for text in ("first", "second", "third"):
            await ada.dm(text)
        assert told == []
    assert await told.count(3) == ["third", "second", "first"]


async def test_events_may_overtake_one_another(wired, app, start, told):
    @app.event
    async def on_message(message):
        told.add(message.content)

    await start()
    ada = wired.person("Ada")
    wired.trouble.delay = 0.02
    for number in range(20):
        await ada.dm(f"{number:02d}")
    came = await told.count(20)
    assert sorted(came) == [f"{number:02d}" for number in range(20)]
    assert came != sorted(came)


async def test_what_is_not_simulated_is_not_found(wired, app, room):
    with pytest.raises(discord.NotFound):
        await room.create_webhook(name="x")
    assert wired.world_log.calls(ok=False)[-1].method.startswith("POST /channels/")
