"""The outbox: what is posted, where it goes instead, and how it is found again, against the simulated Discord."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any, BinaryIO

import pytest

from supportbot.adapter_settings import DiscordSettings
from supportbot.adapters.base import Sent
from supportbot.adapters.discord.adapter import Discord
from supportbot.adapters.discord.outbox import Outbox
from supportbot.adapters.lengths import units
from supportbot.clock import MINUTE, SimulatedClock
from supportbot.domain.address import Address
from supportbot.domain.file import File
from supportbot.domain.markdown import escape
from supportbot.domain.reply import Button, Outgoing
from supportbot.errors import Refused, TryLater
from supportbot.settings import Secret
from supportbot.testing.discord import Channel, DiscordWorld, Message
from supportbot.texts import Texts

MUCH = " ".join(f"word{number}" for number in range(700))
POST = "Create Message"


class Kept:
    """Files that a store has, by their ids."""

    async def put_file(self, content: bytes) -> str:
        raise NotImplementedError

    async def open_file(self, id: str) -> BinaryIO | None:
        return io.BytesIO(b"x" * int(id)) if id.isdecimal() else None


class Desk:
    """An outbox, and a Discord with ada and a team in it."""

    def __init__(self, discord: DiscordWorld) -> None:
        self.discord = discord
        assert isinstance(discord.clock, SimulatedClock)
        self.clock = discord.clock
        self.ada, self.bo, self.sam = (discord.person(name) for name in ("Ada", "Bo", "Sam"))
        self.team = discord.channel("team", only_for=[discord.role("Agents", [self.sam])])
        self.help = discord.channel("help")
        self.adapters: list[Discord] = []
        self.outbox: Outbox

    async def open(self, **settings: Any) -> Outbox:
        """Log a bot in that knows of nothing."""
        given = {"help_channels": (self.help.id,), **settings}
        discord = self.discord
        made = DiscordSettings(
            token=Secret(discord.token), api_url=discord.api_url, gateway_url=discord.gateway_url, **given
        )
        adapter = Discord(made, self.team.id, Texts(), self.clock)
        await adapter.connect()
        adapter.outbox.files = Kept()
        self.adapters.append(adapter)
        self.outbox = adapter.outbox
        return self.outbox

    def message(self, text: str = "hello", channel: str = "", thread: str = "", **more: Any) -> Outgoing:
        address = Address("discord", "main", channel or self.help.id, thread)
        fields = {"id": "o_1", "conversation": "c_1", "purpose": "answer", "at": self.clock.now(), **more}
        return Outgoing(address=address, text=text, **fields)

    async def says(self, text: str = "hello", channel: str = "", thread: str = "", **more: Any) -> Sent:
        return await self.outbox.send(self.message(text, channel, thread, **more))

    def posts(self, channel: Channel | None = None) -> list[Message]:
        return [message for message in (channel or self.help).messages.values() if message.author is self.discord.bot]

    def calls(self, name: str) -> int:
        return len(self.discord.world_log.calls(name))


def person(user: Any) -> str:
    return f"discord/main/{user.user.id}"


@pytest.fixture
async def desk(discord_world: DiscordWorld) -> AsyncIterator[Desk]:
    made = Desk(discord_world)
    await made.open()
    yield made
    for adapter in made.adapters:
        await adapter.stop()


# --- posts ------------------------------------------------------------------------------------------------------------


async def test_a_long_answer_becomes_several_posts_in_order(desk: Desk) -> None:
    sent = await desk.says(MUCH)
    made = desk.posts()
    assert len(made) == 3
    assert all(units(post.text) <= 2_000 for post in made)
    assert " ".join(post.text for post in made).split() == MUCH.split()
    assert [sent.id, *sent.parts] == [f"{desk.help.id}/{post.id}" for post in made]


async def test_hostile_words_notify_nobody_and_hide_nothing(desk: Desk) -> None:
    words = f"@everyone @here {desk.ada.mention} <@&{desk.discord.guild.id}> [safe](http://evil.example) # ||x||"
    await desk.says(escape(words))
    await desk.says(words, id="o_2")
    for post in desk.posts():
        assert post.notifies == set()
        assert not post.mentions_everyone
    assert desk.posts()[0].text.count("](") == desk.posts()[0].text.count("\\](")


async def test_a_message_of_files_alone_brings_the_files(desk: Desk) -> None:
    await desk.says("", files=(File("3", "a.txt", size=3), File("5", "b.txt", size=5), File("gone", "c.txt")))
    (post,) = desk.posts()
    assert [(file.name, len(file.data)) for file in post.files] == [("a.txt", 3), ("b.txt", 5)]


async def test_what_is_too_large_is_named_instead(desk: Desk) -> None:
    await desk.says("look", files=(File(str(26 * 1024 * 1024), "film.mp4"),))
    (post,) = desk.posts()
    assert post.text.startswith("look")
    assert "film.mp4" in post
    assert not post.files


async def test_an_answer_in_a_channel_opens_the_threads_topic_once(desk: Desk) -> None:
    question = await desk.ada.writes(desk.help, "My printer burns")
    await desk.says("Call 112", thread=question.id)
    await desk.says("Stay calm", thread=question.id, id="o_2")
    thread = await desk.ada.sees_thread("My printer burns")
    assert [post.text for post in desk.posts(thread)] == ["Call 112", "Stay calm"]
    assert desk.calls("Start Thread from Message") == 1


async def test_an_outbox_that_knows_of_nothing_finds_the_thread_that_is_there(desk: Desk) -> None:
    question = await desk.ada.writes(desk.help, "My printer burns")
    await desk.says("Call 112", thread=question.id)
    await desk.open()
    await desk.says("Stay calm", thread=question.id, id="o_2")
    assert len(desk.posts(await desk.ada.sees_thread("My printer"))) == 2


async def test_answers_can_be_replies(desk: Desk) -> None:
    await desk.open(answers="reply")
    question = await desk.ada.writes(desk.help, "My printer burns")
    await desk.says("Call 112", thread=question.id)
    (post,) = desk.posts()
    assert post.replies_to is question
    assert post.notifies == set()
    assert desk.ada.threads() == []


async def test_a_reply_to_what_was_taken_back_is_said_without_it(desk: Desk) -> None:
    await desk.open(answers="reply")
    question = await desk.ada.writes(desk.help, "My printer burns")
    desk.outbox.threads.begins(question.id, question.text)
    await desk.ada.deletes(question)
    await desk.says("Call 112", thread=question.id)
    assert [post.text for post in desk.posts()] == ["Call 112"]


async def test_without_the_right_to_open_threads_the_answer_is_a_reply(desk: Desk) -> None:
    desk.discord.forbids(desk.help, "create_public_threads")
    question = await desk.ada.writes(desk.help, "My printer burns")
    await desk.says("Call 112", thread=question.id)
    assert desk.posts()[0].replies_to is question


async def test_a_forum_post_is_answered_in_itself(desk: Desk) -> None:
    forum = desk.discord.forum("questions", tags=["printing"], requires_tag=True)
    post = await desk.ada.posts(forum, "Printer", "It burns", tags=["printing"])
    sent = await desk.says("Call 112", forum.id, post.id)
    assert [message.text for message in desk.posts(post)] == ["Call 112"]
    assert sent.address == Address("discord", "main", forum.id, post.id)


# --- changes ----------------------------------------------------------------------------------------------------------


async def test_an_edit_changes_every_post_and_takes_away_what_is_too_many(desk: Desk) -> None:
    sent = await desk.says(MUCH, choices=(Button("o_1.1", "Yes"),))
    await desk.says("short", edits=sent.id, parts=sent.parts, id="o_2")
    (post,) = desk.posts()
    assert (post.text, post.buttons) == ("short", [])


async def test_what_is_removed_is_gone_and_removing_it_again_does_no_harm(desk: Desk) -> None:
    sent = await desk.says(MUCH)
    for _ in range(2):
        await desk.says("", edits=sent.id, parts=sent.parts, removes=True, id="o_2")
    assert desk.posts() == []


async def test_a_mark_is_a_reaction(desk: Desk) -> None:
    question = await desk.ada.writes(desk.help, "hi")
    key = f"discord/main/{desk.help.id}/{question.id}"
    for _ in range(2):
        await desk.says("Seen.", reaction_to=key, mark="taken")
    assert question.reactions == {"👀": [desk.discord.bot.id]}
    assert desk.posts() == []


async def test_where_nothing_can_be_marked_the_words_are_said(desk: Desk) -> None:
    await desk.says("Seen.", reaction_to="discord/main/interaction/12", mark="taken")
    assert desk.posts()[0].text == "Seen."


async def test_a_card_gets_its_thread_and_its_lines_stand_there(desk: Desk) -> None:
    sent = await desk.says("**T-1**: Ada\n\nneeds help", desk.team.id, "c_1", purpose="agents", opens_thread=True)
    (card,) = desk.posts(desk.team)
    assert sent.address == Address("discord", "main", desk.team.id, card.id)
    thread = await desk.sam.sees_thread("T-1: Ada")
    await desk.says("a line", desk.team.id, card.id, purpose="agents", id="o_2")
    assert [post.text for post in desk.posts(thread)] == ["a line"]


async def test_where_no_thread_can_be_opened_a_cards_lines_stand_in_the_channel(desk: Desk) -> None:
    desk.discord.forbids(desk.team, "create_public_threads")
    sent = await desk.says("T-1", desk.team.id, "c_1", purpose="agents", opens_thread=True)
    assert sent.address == Address("discord", "main", desk.team.id)


async def test_at_the_limit_of_threads_the_one_that_is_silent_longest_makes_room(desk: Desk) -> None:
    desk.discord.guild.most_active_threads = 2
    cards = [
        await desk.says(f"T-{n}", desk.team.id, f"c_{n}", purpose="agents", opens_thread=True, id=f"o_{n}")
        for n in range(1, 4)
    ]
    threads = {thread.id: thread for thread in desk.sam.threads()}
    assert [cards[n].address.thread in threads for n in range(3)] == [False, True, True]  # type: ignore[union-attr]


# --- threads that are over --------------------------------------------------------------------------------------------


async def test_a_locked_thread_is_opened_again(desk: Desk) -> None:
    question = await desk.ada.writes(desk.help, "printer")
    sent = await desk.says("one", thread=question.id)
    thread = await desk.ada.sees_thread("printer")
    thread.archived = thread.locked = True
    desk.discord.permits(
        desk.discord.bot_role, "view_channel", "send_messages", "send_messages_in_threads", "manage_threads"
    )
    await desk.says("two", thread=question.id, id="o_2")
    thread.archived = True
    await desk.says("one, better", edits=sent.id, id="o_3")
    assert [post.text for post in desk.posts(thread)] == ["one, better", "two"]
    assert not thread.archived


async def test_a_locked_thread_that_the_bot_may_not_open_is_replaced(desk: Desk) -> None:
    question = await desk.ada.writes(desk.help, "printer")
    await desk.says("one", thread=question.id)
    thread = await desk.ada.sees_thread("printer")
    thread.archived = thread.locked = True
    desk.discord.forbids(desk.help, "manage_threads")
    sent = await desk.says("two", thread=question.id, id="o_2")
    assert sent.address is not None
    assert sent.address.thread != question.id
    other = next(one for one in desk.ada.threads() if one.id == sent.address.thread)
    assert [post.text for post in desk.posts(other)][-1] == "two"


async def test_words_of_a_private_thread_that_is_gone_never_become_public(desk: Desk) -> None:
    sent = await desk.says("secret", thread=f"@{desk.ada.user.id}")
    assert sent.address is not None
    (thread,) = desk.ada.threads()
    await desk.discord.deletes(thread)
    await desk.open()
    with pytest.raises(Refused):
        await desk.says("more", thread=sent.address.thread, id="o_2")
    assert desk.posts() == []


async def test_a_channel_where_the_bot_may_not_write_is_not_asked_again_and_again(desk: Desk) -> None:
    desk.discord.forbids(desk.help, "send_messages")
    for number in range(5):
        with pytest.raises(Refused) as refused:
            await desk.says("hello", id=f"o_{number}")
        assert refused.value.code == "50013"
    assert desk.discord.world_log.invalid == 1


# --- alone with one person --------------------------------------------------------------------------------------------


async def test_what_is_to_last_goes_into_a_private_thread(desk: Desk) -> None:
    sent = await desk.says("**T-1** is open", thread=f"@{desk.ada.user.id}", aside=person(desk.ada))
    (thread,) = desk.ada.threads()
    assert thread.kind == "private_thread"
    assert desk.bo.threads() == []
    assert sent.address == Address("discord", "main", desk.help.id, thread.id)
    again = await desk.says(
        "more", thread=f"@{desk.ada.user.id}", aside=person(desk.ada), landed=sent.address, id="o_2"
    )
    assert again.address == sent.address
    assert [post.text for post in desk.posts(thread)] == ["**T-1** is open", "more"]


async def test_a_ticket_opened_in_public_goes_on_in_private_and_says_where(desk: Desk) -> None:
    question = await desk.ada.writes(desk.help, "My printer burns")
    await desk.says("Oh", thread=question.id)
    sent = await desk.says("T-1 is open", thread=question.id, aside=person(desk.ada), id="o_2")
    thread = next(one for one in desk.ada.threads() if one.kind == "private_thread")
    public = await desk.bo.sees_thread("My printer")
    assert sent.address == Address("discord", "main", desk.help.id, thread.id)
    assert [post.text for post in desk.posts(thread)] == ["T-1 is open"]
    assert thread.mention in desk.posts(public)[-1]
    assert "T-1" not in desk.posts(public)[-1]


async def test_where_there_can_be_no_private_thread_it_goes_on_where_it_is(desk: Desk) -> None:
    desk.discord.forbids(desk.help, "create_private_threads")
    question = await desk.ada.writes(desk.help, "My printer burns")
    sent = await desk.says("T-1 is open", thread=question.id, aside=person(desk.ada))
    assert sent.address == Address("discord", "main", desk.help.id, question.id)


async def test_alone_without_private_threads_is_in_direct_messages(desk: Desk) -> None:
    desk.discord.forbids(desk.help, "create_private_threads")
    sent = await desk.says("T-1 is open", thread=f"@{desk.ada.user.id}")
    assert desk.ada.reads()[-1].text == "T-1 is open"
    assert sent.address == Address("discord", "main", desk.ada.direct.id)


async def test_a_line_for_one_person_is_read_by_nobody_else(desk: Desk) -> None:
    question = await desk.ada.writes(desk.help, "my card is 4111")
    sent = await desk.says("careful", thread=question.id, only_for=person(desk.ada))
    assert desk.ada.reads()[-1].text == "careful"
    assert sent.address == desk.message(thread=question.id).address
    await desk.ada.closes_direct_messages()
    await desk.says("careful again", thread=question.id, only_for=person(desk.ada), id="o_2")
    await desk.says("and again", thread=question.id, only_for=person(desk.ada), id="o_3")
    (thread,) = desk.ada.threads()
    assert [post.text for post in desk.posts(thread)] == ["careful again", "and again"]
    assert desk.posts() == []


async def test_a_closed_direct_message_goes_on_in_a_private_thread_of_a_help_channel(desk: Desk) -> None:
    await desk.ada.dm("hi")
    await desk.ada.closes_direct_messages()
    sent = await desk.says("one", desk.ada.direct.id)
    await desk.says("two", desk.ada.direct.id, id="o_2")
    (thread,) = desk.ada.threads()
    assert sent.address == Address("discord", "main", desk.help.id, thread.id)
    assert [post.text for post in desk.posts(thread)] == ["one", "two"]
    assert desk.discord.world_log.invalid == 1
    await desk.ada.opens_direct_messages()
    await desk.discord.passes("11m")
    await desk.says("three", desk.ada.direct.id, id="o_3")
    assert desk.ada.reads()[-1].text == "three"


async def test_without_a_help_channel_a_closed_direct_message_is_refused(desk: Desk) -> None:
    await desk.open(help_channels=())
    await desk.ada.dm("hi")
    await desk.ada.closes_direct_messages()
    with pytest.raises(Refused) as refused:
        await desk.says("one", desk.ada.direct.id)
    assert refused.value.code == "50007"


# --- when Discord is in trouble ---------------------------------------------------------------------------------------


async def until_shown(desk: Desk, *messages: Outgoing, waits: str = "2s") -> int:
    """Send messages as the delivery does, each again until it is shown; returns how often that was tried."""
    tries = 0
    for message in messages:
        while True:
            tries += 1
            try:
                await desk.outbox.send(message)
                break
            except TryLater:
                await desk.discord.passes(waits)
    return tries


async def test_a_message_whose_answer_was_lost_is_shown_once(desk: Desk) -> None:
    desk.discord.trouble.loses_replies(times=3)
    assert await until_shown(desk, desk.message(MUCH)) > 1
    assert " ".join(post.text for post in desk.posts()).split() == MUCH.split()


async def test_a_message_whose_answer_was_lost_is_looked_for_when_its_nonce_is_forgotten(desk: Desk) -> None:
    desk.discord.trouble.loses_replies(times=1)
    assert await until_shown(desk, desk.message(choices=(Button("o_1.1", "Yes"),)), waits="6m") == 2
    assert len(desk.posts()) == 1
    assert desk.calls("Get Channel Messages") == 1


async def test_a_message_that_was_not_posted_is_posted_after_the_outage(desk: Desk) -> None:
    desk.discord.trouble.breaks(times=20, status=503)
    assert await until_shown(desk, desk.message(), desk.message("two", id="o_2"), waits="40s") == 22
    assert [post.text for post in desk.posts()] == ["hello", "two"]


async def test_429_storms_lose_nothing_and_keep_the_order(desk: Desk) -> None:
    desk.discord.trouble.rate_limits(times=None, share=0.5, retry_after=0.005)
    await until_shown(desk, *[desk.message(str(number), id=f"o_{number}") for number in range(20)])
    assert [post.text for post in desk.posts()] == [str(number) for number in range(20)]


async def test_more_429s_than_discord_py_takes_are_waited_for(desk: Desk) -> None:
    desk.discord.trouble.rate_limits(times=12, retry_after=0.005)
    assert await until_shown(desk, desk.message()) == 3
    assert [post.text for post in desk.posts()] == ["hello"]


async def test_the_guard_in_front_of_discord_stops_all_calls_for_a_while(desk: Desk) -> None:
    desk.discord.trouble.rate_limits(times=1, retry_after=30, via=False)
    for _ in range(5):
        with pytest.raises(TryLater) as wait:
            await desk.says()
        assert wait.value.after == 30
    assert desk.calls(POST) == 1
    await desk.discord.passes("31s")
    await desk.says()


async def test_a_connection_that_is_closed_before_anything_happened_costs_nothing(desk: Desk) -> None:
    desk.discord.trouble.hangs_up(times=2)
    await until_shown(desk, desk.message())
    assert len(desk.posts()) == 1


# --- after a restart --------------------------------------------------------------------------------------------------


async def test_after_a_restart_a_message_is_shown_once_whenever_that_is(desk: Desk) -> None:
    message = desk.message(MUCH, choices=(Button("o_1.1", "Yes"),))
    assert await desk.outbox.find(message) is None
    sent = await desk.outbox.send(message)
    for waits in ("1m", "10m"):
        await desk.discord.passes(waits)
        outbox = await desk.open()
        assert await outbox.find(message) in (None, sent)
        if waits == "1m":
            assert (await outbox.send(message)).id == sent.id
    assert len(desk.posts()) == 3


async def test_the_same_words_said_before_are_not_taken_for_a_message(desk: Desk) -> None:
    await desk.says("One moment…")
    await desk.discord.passes("1m")
    later = desk.message("One moment…", id="o_2")
    await desk.discord.passes("10m")
    assert await (await desk.open()).find(later) is None


async def test_half_of_a_message_is_found_and_the_other_half_said(desk: Desk) -> None:
    message = desk.message(MUCH)
    desk.discord.trouble.breaks(times=1, status=503, share=0)
    sent = await desk.outbox.send(message)
    desk.discord.trouble.ends()
    last = desk.help.messages.pop(sent.parts[-1].partition("/")[2])
    await desk.discord.passes("10m")
    outbox = await desk.open()
    assert await outbox.find(message) is None
    await outbox.send(message)
    made = desk.posts()
    assert len(made) == 3
    assert made[-1].text == last.text


async def test_a_cards_thread_that_is_missing_after_a_restart_is_opened(desk: Desk) -> None:
    desk.discord.trouble.breaks("Start Thread from Message", times=1, status=503)
    card = desk.message("T-1", desk.team.id, "c_1", purpose="agents", opens_thread=True)
    with pytest.raises(TryLater):
        await desk.outbox.send(card)
    await desk.discord.passes("10m")
    outbox = await desk.open()
    assert await outbox.find(card) is None
    sent = await outbox.send(card)
    (post,) = desk.posts(desk.team)
    assert sent.address == Address("discord", "main", desk.team.id, post.id)
    assert post.thread_id == post.id


async def test_a_private_thread_that_was_opened_before_a_restart_is_found_again(desk: Desk) -> None:
    for minutes in (0, 10):
        user = desk.discord.person(f"Cleo{minutes}")
        aside = desk.message("T-1", thread=f"@{user.user.id}", aside=person(user), id=f"o_{minutes}")
        sent = await desk.outbox.send(aside)
        await desk.discord.passes(f"{minutes + 1}m")
        outbox = await desk.open()
        if await outbox.find(aside) is None:
            assert await outbox.send(aside) == sent
        assert len(user.threads()) == 1
        assert len(desk.posts(user.threads()[0])) == 1


async def test_a_line_for_one_person_is_not_shown_twice_after_a_restart(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        await desk.outbox.find(desk.message(thread=f"@{desk.ada.user.id}"))
    assert refused.value.code == "not_settled"


async def test_a_rejected_token_is_asked_with_once_a_minute(desk: Desk) -> None:
    desk.adapters[0]._rest.http.token = "wrong"  # type: ignore[union-attr]
    for _ in range(5):
        with pytest.raises(TryLater):
            await desk.adapters[0].send(desk.message())
    assert desk.discord.world_log.invalid == 1
    assert desk.clock.now() > MINUTE
