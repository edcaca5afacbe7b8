from __future__ import annotations

import asyncio

import discord
import pytest

from supportbot.clock import DAY
from supportbot.testing.discord import NotAcknowledged


@pytest.fixture
async def channel(wired):
    return wired.channel("help")


@pytest.fixture
async def room(start, app, channel):
    await start()
    return await app.fetch_channel(int(channel.id))


async def code(failing) -> int:
    with pytest.raises(discord.HTTPException) as failed:
        await failing
    return failed.value.code


async def test_a_nonce_that_is_enforced_says_a_thing_once(wired, room, channel):
    first = await room.send("once", nonce="outbox-1")
    assert (await room.send("once", nonce="outbox-1")).id == first.id
    await wired.passes("6m")
    assert (await room.send("once", nonce="outbox-1")).id != first.id
    assert await code(room.send("?", nonce="x" * 26)) == 50035
    assert len(channel.messages) == 2


async def test_only_those_who_are_allowed_are_notified(wired, room, channel):
    ada, sam, bo = (wired.person(name) for name in ("Ada", "Sam", "Bo"))
    agents = wired.role("Agents", [sam])
    text = f"{ada.mention} {agents.mention} @everyone"
    await room.send(text)
    await room.send(text, allowed_mentions=discord.AllowedMentions.none())
    await room.send(text, allowed_mentions=discord.AllowedMentions(users=[discord.Object(ada.id)], everyone=False))
    await room.send(text, allowed_mentions=discord.AllowedMentions(users=False, everyone=False, roles=True))
    await room.send(text, silent=True)
    heard = [message.notifies for message in bo.reads(channel)]
    assert {ada.id, sam.id, bo.id} <= heard[0]
    wired.permits(wired.guild.everyone, "view_channel")
    assert heard[1:] == [set(), {ada.id, sam.id}, {sam.id}, set()]
    assert len(bo.notifications) == 1


async def test_a_reply_notifies_its_author_unless_it_shall_not(wired, room, channel):
    ada = wired.person("Ada")
    asked = await room.fetch_message(int((await ada.writes(channel, "?")).id))
    await asked.reply("loud")
    await asked.reply("quiet", mention_author=False)
    assert [message.notifies for message in ada.reads(channel)[1:]] == [{ada.id}, set()]


async def test_limits_are_those_of_discord(wired, room):
    assert await code(room.send("x" * 2001)) == 50035
    assert await code(room.send("")) == 50006
    assert await code(room.send(embed=discord.Embed(description="x" * 4097))) == 50035
    long = discord.Embed(description="x" * 3500)
    assert await code(room.send(embeds=[long, long])) == 50035
    view = discord.ui.View()
    view.add_item(discord.ui.Button(label="x" * 81, custom_id="one"))
    assert await code(room.send("?", view=view)) == 50035
    twice = discord.ui.View()
    for _ in range(2):
        twice.add_item(discord.ui.Button(label="x", custom_id="same"))
    assert await code(room.send("?", view=twice)) == 50035


async def test_a_refusal_names_the_place(wired, room):
    with pytest.raises(discord.HTTPException, match=r"In content: Must be 2000 or fewer in length"):
        await room.send("x" * 2001)


async def test_closed_direct_messages_refuse_the_bot(wired, app, room):
    ada = wired.person("Ada")
    user = await app.fetch_user(int(ada.id))
    await user.send("hi")
    await ada.closes_direct_messages()
    assert await code(user.send("hi")) == 50007
    await ada.opens_direct_messages()
    await ada.leaves()
    assert await code(user.send("hi")) == 50007


async def test_permissions_are_enforced(wired, app, room, channel):
    ada = wired.person("Ada")
    theirs = await room.fetch_message(int((await ada.writes(channel, "mine")).id))
    assert await code(theirs.edit(content="?")) == 50005
    wired.forbids(channel, "send_messages")
    assert await code(room.send("hi")) == 50013
    wired.forbids(channel, "manage_messages")
    assert await code(theirs.delete()) == 50013
    wired.allows(channel, "manage_messages")
    await theirs.delete()
    wired.forbids(channel, "view_channel")
    assert await code(room.send("hi")) == 50001
    assert await code(app.fetch_channel(1)) == 10003
    wired.forbids(channel, "send_messages", who=ada)
    with pytest.raises(AssertionError, match="Ada may not write in #help"):
        await ada.writes(channel, "hi")


async def test_threads_are_private_archived_and_locked(wired, room, channel):
    ada, bo = wired.person("Ada"), wired.person("Bo")
    thread = await room.create_thread(name="T-1", auto_archive_duration=60)
    await thread.add_user(discord.Object(ada.id))
    await thread.send(f"hello {ada.mention}")
    private = await ada.sees_thread("T-1")
    assert [message.shown for message in ada.reads(private)] == [f"hello {ada.mention}"]
    assert bo.reads(private) == []
    message = await thread.send("second")
    await wired.passes("61m")
    assert private.archived
    assert await code(message.edit(content="?")) == 50083
    await thread.send("it opens again")
    assert not private.archived
    await thread.edit(archived=True, locked=True)
    wired.permits(wired.bot_role, "view_channel")
    assert await code(thread.send("locked")) == 50083
    with pytest.raises(AssertionError, match="T-1 is locked"):
        await ada.writes(private, "hello?")


async def test_a_guild_takes_so_many_active_threads(wired, room):
    wired.guild.most_active_threads = 1
    first = await room.create_thread(name="one")
    assert await code(room.create_thread(name="two")) == 160006
    await first.edit(archived=True)
    await room.create_thread(name="two")


async def test_a_message_has_one_thread(wired, room):
    message = await room.send("hi")
    thread = await message.create_thread(name="T-1")
    assert thread.id == message.id
    assert await code(message.create_thread(name="T-1")) == 160004


async def test_forum_posts_carry_tags(wired, app, room):
    forum = wired.forum("questions", tags=["printing"], requires_tag=True)
    ada = wired.person("Ada")
    found = await app.fetch_channel(int(forum.id))
    assert await code(found.create_thread(name="Solved?", content="?")) == 40067
    created = await found.create_thread(
        name="Solved?", content="?", applied_tags=[found.get_tag(found.available_tags[0].id)]
    )
    assert created.thread.id == created.message.id
    with pytest.raises(AssertionError, match="A tag is required"):
        await ada.posts(forum, "My printer", "is on fire")
    post = await ada.posts(forum, "My printer", "is on fire", tags=["printing"])
    assert [str(message) for message in ada.reads(post)] == ["is on fire"]
    assert (await app.fetch_channel(int(post.id))).applied_tags[0].name == "printing"


async def test_history_is_read_from_where_one_stopped(wired, room, channel):
    ada = wired.person("Ada")
    written = [await ada.writes(channel, str(number)) for number in range(7)]
    after = [message.content async for message in room.history(after=discord.Object(written[2].id), oldest_first=True)]
    assert after == ["3", "4", "5", "6"]
    assert [message.content async for message in room.history(limit=2)] == ["6", "5"]
    wired.allowed_intents.discard("message_content")
    assert [message.content async for message in room.history(limit=2)] == ["", ""]


async def test_pins_and_reactions(wired, room, channel):
    ada = wired.person("Ada")
    message = await room.send("pin me")
    await message.pin()
    assert [pinned.id async for pinned in room.pins()] == [message.id]
    await message.unpin()
    assert [pinned.id async for pinned in room.pins()] == []
    await message.add_reaction("✅")
    await ada.reacts(channel.messages[str(message.id)], "✅")
    shown = (await room.fetch_message(message.id)).reactions[0]
    assert (shown.count, shown.me) == (2, True)
    await message.clear_reactions()
    assert channel.messages[str(message.id)].reactions == {"✅": []}
    async with room.typing():
        pass
    assert channel.typing == [wired.bot.id]


async def test_two_hundred_commands_are_created_a_day(wired, app, room):
    for day in range(4):
        app.tree.clear_commands(guild=None)
        for number in range(60):
            command = discord.app_commands.Command(name=f"c{day}-{number}", description="?", callback=_nothing)
            app.tree.add_command(command)
        if day < 3:
            await app.tree.sync()
            await app.tree.sync()  # what is there already costs nothing
    assert await code(app.tree.sync()) == 30034
    await wired.passes(DAY)
    await app.tree.sync()
    assert len(wired.commands) == 60


async def _nothing(interaction: discord.Interaction) -> None:
    pass


@pytest.fixture
async def interactions(app, room, told):
    """Keep the interactions that the app is told, unanswered."""
    caught = told

    @app.tree.command(description="?")
    async def wait(interaction: discord.Interaction) -> None:
        caught.add(interaction)

    await app.tree.sync()
    return caught


async def test_an_interaction_is_answered_within_three_seconds_and_once(wired, interactions):
    ada = wired.person("Ada")
    late = asyncio.create_task(ada.runs("/wait"))
    (interaction,) = await interactions.count(1)
    await wired.passes("4s")
    with pytest.raises(NotAcknowledged, match="the app did not take /wait: no answer within three seconds"):
        await late
    assert await code(interaction.response.defer()) == 10062
    again = asyncio.create_task(ada.runs("/wait"))
    interaction = (await interactions.count(2))[1]
    await interaction.response.send_message("in time")
    await again
    interaction.response._response_type = None
    assert await code(interaction.response.send_message("twice")) == 40060
    await wired.passes("16m")
    assert await code(interaction.followup.send("late")) == 50027


async def test_nothing_follows_before_the_first_answer(wired, interactions):
    running = asyncio.create_task(wired.person("Ada").runs("/wait"))
    (interaction,) = await interactions.count(1)
    assert await code(interaction.followup.send("early")) == 10015
    title = discord.ui.Modal(title="x" * 45)
    assert await code(interaction.response.send_modal(title)) == 50035
    await interaction.response.defer()
    await running


async def test_interactions_may_arrive_too_late(wired, interactions):
    wired.trouble.expires_interactions()
    running = asyncio.create_task(wired.person("Ada").runs("/wait"))
    (interaction,) = await interactions.count(1)
    assert await code(interaction.response.defer()) == 10062
    with pytest.raises(NotAcknowledged, match="the answer came too late"):
        await running
