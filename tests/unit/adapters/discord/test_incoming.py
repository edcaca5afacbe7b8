"""What comes from Discord becomes events: who said what, where, and whether it is for the bot."""

from __future__ import annotations

from datetime import datetime

from supportbot.adapters.discord.incoming import instant
from supportbot.domain.address import Address
from supportbot.testing.discord import DiscordWorld
from tests.unit.adapters.discord.ears import Listen


def at(channel: str, thread: str = "") -> Address:
    return Address("discord", "main", channel, thread)


async def test_a_direct_message_is_for_the_bot_alone(discord: DiscordWorld, listen: Listen) -> None:
    ada = discord.person("Ada")
    ears = await listen(discord)
    message = await ada.dm("hello")
    event = await ears.said()
    assert event.key == f"discord/main/{message.channel_id}/{message.id}"
    assert (event.text, event.address, event.direct) == ("hello", at(message.channel_id), True)
    assert (event.person.id, event.person.name) == (f"discord/main/{ada.id}", "Ada")
    assert event.at == discord.clock.now() or 0 <= discord.clock.now() - event.at < 5_000


async def test_a_message_in_a_channel_begins_a_topic_of_its_own(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    ears = await listen(discord, help_channels=(channel.id,))
    message = await ada.writes(channel, "my printer burns")
    event = await ears.said()
    assert event.address == at(channel.id, message.id)
    assert (event.opens_topic, event.room, event.mentioned, event.direct) == (True, "always", False, False)
    assert event.link == f"https://discord.com/channels/{discord.guild.id}/{channel.id}/{message.id}"


async def test_it_is_told_since_when_there_is_an_account_and_a_membership(
    discord: DiscordWorld, listen: Listen
) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    joined = discord.guild.members[ada.id].joined_at
    ears = await listen(discord, help_channels=(channel.id,))
    await ada.writes(channel, "my printer burns")
    event = await ears.said()
    assert event.account_made_at == instant(ada.id)
    assert event.member_since == int(datetime.fromisoformat(joined).timestamp() * 1000) > 0
    await ada.dm("my printer burns")
    event = await ears.said()
    assert (event.account_made_at, event.member_since) == (instant(ada.id), 0)


async def test_elsewhere_the_bot_takes_part_where_it_is_mentioned(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("general")
    ears = await listen(discord)
    await ada.writes(channel, "@supportbot help me")
    event = await ears.said()
    assert (event.room, event.mentioned, event.text) == ("mention", True, "help me")


async def test_channels_have_the_mode_that_their_name_has(discord: DiscordWorld, listen: Listen) -> None:
    ada = discord.person("Ada")
    staff, questions = discord.channel("staff"), discord.channel("ask-anything")
    ears = await listen(discord, channels={"staff": "never", "ask-*": "always"})
    modes = []
    for channel in (staff, questions):
        await ada.writes(channel, "hello")
        modes.append((await ears.said()).room)
    assert modes == ["never", "always"]


async def test_the_bots_role_is_the_bot(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("general")
    ears = await listen(discord)
    await ada.writes(channel, f"<@&{discord.bot_role.id}> help me", exact=True)
    event = await ears.said()
    assert (event.mentioned, event.text) == (True, "help me")


async def test_marks_are_read_as_words(discord: DiscordWorld, listen: Listen) -> None:
    ada, sam, channel = discord.person("Ada"), discord.person("Sam"), discord.channel("help")
    role = discord.role("Agents", [sam])
    ears = await listen(discord)
    marks = f"<@{sam.id}> <@!{sam.id}> <@&{role.id}> <#{channel.id}> <:wave:123> </faq:456> <t:0:R> a < b"
    await ada.writes(channel, marks, exact=True)
    assert (await ears.said()).text == "@Sam @Sam @Agents #help :wave: /faq 01 Jan 1970 00:00 UTC a < b"


async def test_a_thread_is_one_place(discord: DiscordWorld, listen: Listen) -> None:
    ada, bo, channel = discord.person("Ada"), discord.person("Bo"), discord.channel("help")
    ears = await listen(discord)
    question = await ada.writes(channel, "who knows?")
    await ears.said()
    thread = await bo.starts_thread(question, "Printer")
    await bo.writes(thread, "I do")
    event = await ears.said()
    assert event.address == at(channel.id, question.id)
    assert not event.opens_topic


async def test_who_begins_a_thread_without_a_message_begins_a_topic(discord: DiscordWorld, listen: Listen) -> None:
    ada, bo, channel = discord.person("Ada"), discord.person("Bo"), discord.channel("help")
    ears = await listen(discord)
    thread = await ada.starts_thread(channel, "Printer")
    topics = []
    for somebody in (ada, bo, ada):
        await somebody.writes(thread, "it burns")
        while (event := await ears.event()) is None:  # that a thread was begun is a message, too
            continue
        topics.append((event.address, event.opens_topic))
    place = at(channel.id, thread.id)
    assert topics == [(place, True), (place, False), (place, False)]


async def test_a_post_in_a_forum_is_a_topic(discord: DiscordWorld, listen: Listen) -> None:
    ada, bo, forum = discord.person("Ada"), discord.person("Bo"), discord.forum("questions")
    ears = await listen(discord, help_channels=(forum.id,))
    post = await ada.posts(forum, "Printer", "It burns")
    event = await ears.said()
    assert (event.address, event.opens_topic, event.room) == (at(forum.id, post.id), True, "always")
    await bo.writes(post, "put it out")
    assert not (await ears.said()).opens_topic


async def test_a_thread_that_was_closed_before_the_bot_came_is_known_all_the_same(
    discord: DiscordWorld, listen: Listen
) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    question = await ada.writes(channel, "old question")
    thread = await ada.starts_thread(question, "Old")
    await ada.archives(thread)
    ears = await listen(discord)
    await ada.writes(thread, "it is back")
    assert (await ears.said()).address == at(channel.id, thread.id)


async def test_an_answer_to_the_bots_own_reply_stays_in_its_place(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    ears = await listen(discord)
    question = await ada.writes(channel, "how do I reset it?")
    await ears.said()
    body = {"content": "Press the button.", "message_reference": {"message_id": question.id}}
    await ears.members.api.write("/channels/{channel_id}/messages", body, channel_id=channel.id)
    assert await ears.event() is None  # what the bot says is none of its concern
    reply = await ada.hears(channel)
    await ada.writes(channel, "which one?", replies_to=reply)
    event = await ears.said()
    assert event.address == at(channel.id, question.id)
    assert not event.opens_topic


async def test_a_reply_among_people_begins_no_topic(discord: DiscordWorld, listen: Listen) -> None:
    ada, bo, channel = discord.person("Ada"), discord.person("Bo"), discord.channel("help")
    ears = await listen(discord)
    question = await ada.writes(channel, "who knows?")
    await ears.said()
    await bo.writes(channel, "I do", replies_to=question)
    assert not (await ears.said()).opens_topic


async def test_without_their_words_messages_are_not_for_the_bot(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    ears = await listen(discord, content=False, help_channels=(channel.id,))
    await ada.writes(channel, "among ourselves")
    assert await ears.event() is None
    await ada.writes(channel, "@supportbot among us")
    assert (await ears.said()).text == "among us"


async def test_other_bots_are_told_apart(discord: DiscordWorld, listen: Listen) -> None:
    channel, mee6 = discord.channel("help"), discord.other_bot("Mee6")
    ears = await listen(discord)
    await discord.posts(mee6, channel, "Welcome!")
    assert (await ears.said()).by_bot


async def test_an_edit_is_about_the_message_that_it_changes(discord: DiscordWorld, listen: Listen) -> None:
    ada = discord.person("Ada")
    ears = await listen(discord)
    message = await ada.dm("helo")
    said = await ears.said()
    await ada.edits(message, "hello")
    event = await ears.event("MESSAGE_UPDATE")
    assert event is not None
    assert (event.kind, event.target, event.text) == ("edit", said.key, "hello")
    assert event.key.startswith(f"{said.key}/")


async def test_words_that_are_edited_away_beside_a_file_are_edited_away(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    ears = await listen(discord)
    message = await ada.uploads(channel, "photo.jpg", b"a photo", "my password is hunter2")
    said = await ears.said()
    await ada.edits(message, "", exact=True)
    event = await ears.event("MESSAGE_UPDATE")
    assert event is not None
    assert (event.kind, event.target, event.text) == ("edit", said.key, "")


async def test_what_discord_keeps_from_the_bot_was_not_edited_away(discord: DiscordWorld, listen: Listen) -> None:
    discord.allowed_intents.discard("message_content")
    ada, channel = discord.person("Ada"), discord.channel("help")
    ears = await listen(discord, content=False)
    message = await ada.writes(channel, "helo")
    await ada.edits(message, "hello")
    assert await ears.event("MESSAGE_UPDATE") is None


async def test_a_message_that_only_got_a_thread_was_not_edited(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    ears = await listen(discord)
    await ada.starts_thread(await ada.writes(channel, "hello"), "Hello")
    assert await ears.event("MESSAGE_UPDATE") is None


async def test_a_deletion_tells_what_is_gone_and_not_who_did_it(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    ears = await listen(discord)
    message = await ada.writes(channel, "my password is hunter2")
    said = await ears.said()
    await ada.deletes(message)
    event = await ears.event("MESSAGE_DELETE")
    assert event is not None
    assert (event.kind, event.target, event.address) == ("delete", said.key, said.address)
    assert not event.person.is_known


async def test_the_teams_emoji_opens_a_ticket_from_somebodys_message(discord: DiscordWorld, listen: Listen) -> None:
    ada, sam, channel = discord.person("Ada"), discord.person("Sam"), discord.channel("general")
    ears = await listen(discord, ticket_emoji="🎫")
    message = await ada.writes(channel, "my printer burns")
    said = await ears.said()
    await sam.reacts(message, "👍")
    assert await ears.event("MESSAGE_REACTION_ADD") is None
    await sam.reacts(message, "🎫")
    event = await ears.event("MESSAGE_REACTION_ADD")
    assert event is not None
    assert (event.kind, event.text) == ("command", "/ticket_from_message")
    assert event.about is not None
    assert (event.about.key, event.about.text, event.about.person.name) == (said.key, "my printer burns", "Ada")
    assert event.address == at(channel.id, f"@{sam.id}")


async def test_agents_are_those_with_the_role(discord: DiscordWorld, listen: Listen) -> None:
    ada, sam, bo = discord.person("Ada"), discord.person("Sam"), discord.person("Bo", member=False)
    agents = discord.role("Agents", [sam])
    ears = await listen(discord, agent_roles=(agents.id,))
    assert [await ears.members.is_agent(person.id) for person in (ada, sam, bo)] == [False, True, False]
    await sam.loses(agents)
    assert await ears.members.is_agent(sam.id)  # what is known is believed for a minute …
    await sam.writes(discord.channel("general"), "bye")
    await ears.said()
    assert not await ears.members.is_agent(sam.id)  # … but a message brings the roles


async def test_without_roles_agents_are_those_who_see_their_channel(discord: DiscordWorld, listen: Listen) -> None:
    ada, sam, bo = discord.person("Ada"), discord.person("Sam"), discord.person("Bo")
    role, boss = discord.role("Team", [sam]), discord.person("Boss")
    discord.role("Admins", [boss], may=["administrator"])
    channel = discord.channel("team", only_for=[role, bo])
    ears = await listen(discord, channel=channel.id)
    people = (ada, sam, bo, boss)
    assert [await ears.members.is_agent(person.id) for person in people] == [False, True, True, True]


async def test_agents_are_found_by_mention_id_and_name(discord: DiscordWorld, listen: Listen) -> None:
    discord.person("Ada")
    sam = discord.person("Sam")
    ears = await listen(discord, agent_roles=(discord.role("Agents", [sam]).id,))
    for named in (f"<@{sam.id}>", sam.id, "@sam", "Sam"):
        found = await ears.members.find(named)
        assert found is not None
        assert found.id == f"discord/main/{sam.id}"
    assert await ears.members.find("@ada") is None


# --- what is not read, and what is only about to be said --------------------------------------------------------------


async def test_who_is_mentioned_is_named(discord: DiscordWorld, listen: Listen) -> None:
    ada, sam, channel = discord.person("Ada"), discord.person("Sam"), discord.channel("general")
    ears = await listen(discord)
    await ada.writes(channel, f"@supportbot ask <@{sam.id}>")
    event = await ears.said()
    assert event.text == "ask @Sam"
    assert [person.id for person in event.named] == [f"discord/main/{sam.id}"]


async def test_words_in_a_thread_that_may_not_be_read_are_told_of_once(discord: DiscordWorld, listen: Listen) -> None:
    discord.allowed_intents.discard("message_content")
    ada, bo, channel = discord.person("Ada"), discord.person("Bo"), discord.channel("general")
    ears = await listen(discord)
    topic = await ada.writes(channel, "said among people")
    assert await ears.event() is None
    thread = await ada.starts_thread(topic, "Printer")
    await ears.hears("THREAD_CREATE")
    await ada.writes(thread, "it burns")
    told = await ears.said()
    assert (told.is_unread, told.text, told.address) == (True, "", at(channel.id, thread.id))
    assert (told.opens_topic, told.mentioned, told.direct) == (False, False, False)
    await ada.writes(thread, "hello?")
    assert await ears.event() is None
    await bo.writes(thread, "I see no fire")
    assert (await ears.said()).person.name == "Bo"
    await ada.writes(thread, "@supportbot it burns")
    heard = await ears.said()
    assert (heard.is_unread, heard.text) == (False, "it burns")


async def test_typing_is_told_of_in_direct_messages_and_threads(discord: DiscordWorld, listen: Listen) -> None:
    ada, channel = discord.person("Ada"), discord.channel("general")
    ears = await listen(discord)
    thread = await ada.starts_thread(channel, "Printer")
    await ears.hears("THREAD_CREATE")
    who = f"discord/main/{ada.id}"
    told = {"channel_id": ada.direct.id, "user_id": ada.id, "timestamp": 0}
    assert ears.incoming.typing(told) == (at(ada.direct.id), who)
    told |= {"guild_id": discord.guild.id, "channel_id": thread.id}
    assert ears.incoming.typing(told) == (at(channel.id, thread.id), who)
    assert ears.incoming.typing({**told, "channel_id": channel.id}) is None
