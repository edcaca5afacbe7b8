from __future__ import annotations

import asyncio

import discord
import pytest

from tests.unit.testing.discord.conftest import PATIENCE, App, running


@pytest.fixture
def told(app, told):
    """The texts that the app was told."""

    @app.event
    async def on_message(message):
        told.add(message.content)

    return told


async def test_a_dropped_connection_resumes_and_misses_nothing(wired, start, told):
    await start()
    ada = wired.person("Ada")
    await ada.dm("before")
    await told.count(1)
    wired.gateway.drop()
    await wired.gateway.disconnected()
    await ada.dm("meanwhile")
    await wired.gateway.resumed()
    await ada.dm("after")
    assert await told.count(3) == ["before", "meanwhile", "after"]
    assert wired.gateway.identifies == 1


async def test_events_come_again_when_the_app_resumes(wired, start, told):
    await start()
    ada = wired.person("Ada")
    for text in ("one", "two"):
        await ada.dm(text)
    await told.count(2)
    wired.trouble.repeats = 1
    wired.gateway.drop()
    await wired.gateway.resumed()
    assert await told.count(3) == ["one", "two", "two"]


async def test_the_gateway_asks_to_come_again(wired, start, told):
    await start()
    wired.gateway.refresh()
    await wired.gateway.resumed()
    await wired.person("Ada").dm("hi")
    assert await told.count(1) == ["hi"]


async def test_a_session_that_is_over_is_begun_anew_without_what_was_missed(wired, start, told):
    await start()
    ada = wired.person("Ada")
    wired.gateway.invalidate()
    await ada.dm("missed")
    await wired.gateway.identified(2)
    await ada.dm("heard")
    assert await told.count(1) == ["heard"]


async def test_sessions_are_forgotten(wired, start, told):
    await start()
    ada = wired.person("Ada")
    wired.gateway.forget()
    await ada.dm("missed")
    await wired.gateway.identified(2)
    await ada.dm("heard")
    assert await told.count(1) == ["heard"]
    assert wired.gateway.resumes == 0


async def test_a_deaf_connection_tells_nothing_until_it_is_resumed(wired, start, told):
    await start()
    ada = wired.person("Ada")
    wired.gateway.deafen()
    await ada.dm("unheard")
    wired.gateway.drop()
    assert await told.count(1) == ["unheard"]


async def test_a_frozen_connection_answers_no_heartbeat(wired, told):
    wired.gateway.heartbeat_interval = 20
    app = App(heartbeat_timeout=0.2)
    async with running(wired, app):
        await wired.gateway.connected()
        before = wired.gateway.connections[0]
        await wired.until(lambda: True if before.heartbeats > 1 else None, "the app sent heartbeats")
        wired.gateway.deafen(frozen=True)
        await wired.gateway.resumed()
        assert before not in wired.gateway.connections


@pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013])
async def test_a_fatal_close_ends_the_app(wired, app, code):
    async with running(wired, app) as task:
        await wired.gateway.connected()
        wired.gateway.fail(code)
        with pytest.raises(discord.ConnectionClosed) as closed:
            await asyncio.wait_for(task, PATIENCE)
        assert closed.value.code == code


async def test_a_privileged_intent_that_is_not_allowed_ends_the_app(wired, app):
    wired.allowed_intents.discard("message_content")
    async with running(wired, app) as task:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await asyncio.wait_for(task, PATIENCE)


async def test_a_garbled_frame_ends_the_app(wired, app):
    async with running(wired, app) as task:
        await wired.gateway.connected()
        wired.gateway.garble()
        with pytest.raises(ValueError):
            await asyncio.wait_for(task, PATIENCE)


async def test_a_wrong_token_is_refused(wired, app):
    with pytest.raises(discord.LoginFailure):
        await app.login("wrong")
    await app.close()


async def test_words_are_left_out_without_the_intent(wired, told, start):
    app = App(intents=discord.Intents.default())

    @app.event
    async def on_message(message):
        told.add((message.content, len(message.attachments), len(message.embeds)))

    await start(app)
    ada, channel = wired.person("Ada"), wired.channel("help")
    await ada.writes(channel, "secret")
    await ada.uploads(channel, "secret.txt", b"")
    await ada.writes(channel, "@supportbot hello")
    await ada.dm("direct")
    expected = [("", 0, 0), ("", 0, 0), (f"{wired.bot.mention} hello", 0, 0), ("direct", 0, 0)]
    assert await told.count(4) == expected


async def test_what_was_not_asked_for_is_not_told(wired, told, start):
    app = App(intents=discord.Intents(guilds=True, dm_messages=True))

    @app.event
    async def on_message(message):
        told.add(message.content)

    await start(app)
    ada = wired.person("Ada")
    await ada.writes(wired.channel("help"), "@supportbot unheard")
    await ada.dm("heard")
    assert await told.count(1) == ["heard"]


async def test_channels_that_the_bot_does_not_see_are_not_told(wired, start, told):
    await start()
    ada = wired.person("Ada")
    await ada.writes(wired.channel("hidden", bot=False), "unheard")
    hidden = wired.channel("staff", only_for=[ada], bot=False)
    await ada.writes(hidden, "unheard")
    private = await ada.starts_thread(wired.channel("help"), "private", private=True)
    wired.permits(wired.bot_role, "view_channel")
    await ada.writes(private, "unheard")
    await ada.writes(private, "@supportbot come in")
    assert await told.count(1) == [f"{wired.bot.mention} come in"]


class Sharded(discord.AutoShardedClient):
    before_identify_hook = App.before_identify_hook


async def test_shards_share_the_guilds(wired, told):
    wired.gateway.shards = 2
    other = wired.other_guild("Acme")
    app = Sharded(intents=discord.Intents.all(), guild_ready_timeout=0.01, chunk_guilds_at_startup=False)

    @app.event
    async def on_message(message):
        told.add((message.content, message.guild.shard_id if message.guild else 0))

    async with running(wired, app):
        await wired.gateway.connected(2)
        ada = wired.person("Ada")
        await ada.dm("direct")
        await told.count(1)
        await ada.writes(wired.channel("help"), "here")
        await told.count(2)
        await wired.person("Zoe", guild=other).writes(wired.channel("help", guild=other), "there")
        shards = {name: (int(guild.id) >> 22) % 2 for name, guild in (("here", wired.guild), ("there", other))}
        assert await told.count(3) == [("direct", 0), ("here", shards["here"]), ("there", shards["there"])]


async def test_threads_and_who_is_in_them_are_told(wired, app, start, told):
    @app.event
    async def on_thread_create(thread):
        told.add(("created", thread.name))

    @app.event
    async def on_raw_thread_update(payload):
        told.add(("updated", payload.data["thread_metadata"]["archived"]))

    @app.event
    async def on_raw_thread_member_remove(payload):
        told.add("left")

    await start()
    ada, sam = wired.person("Ada"), wired.person("Sam")
    thread = await ada.starts_thread(wired.channel("help"), "T-1")
    await sam.joins(thread)
    await sam.leaves(thread)
    await ada.archives(thread)
    await ada.reopens(thread)
    told_of_threads = [one for one in await told.count(5) if one != "T-1"]
    assert told_of_threads[:1] == [("created", "T-1")]
    assert sorted(told_of_threads[1:], key=str) == [("updated", False), ("updated", True), "left"]


async def test_members_can_be_asked_for(wired, app, start):
    await start()
    wired.person("Ada")
    guild = app.get_guild(int(wired.guild.id))
    assert [member.name for member in await guild.query_members("ad")] == ["ada"]
