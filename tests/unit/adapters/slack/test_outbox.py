"""The outbox: what is posted, cut and found again, against the simulated Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from supportbot.adapters.slack.api import Api
from supportbot.adapters.slack.outbox import Outbox
from supportbot.clock import SimulatedClock
from supportbot.domain.address import Address
from supportbot.domain.reply import Outgoing
from supportbot.errors import Refused, TryLater, Unclear
from supportbot.testing.slack import Channel, Message, SlackWorld
from supportbot.texts import Texts

MUCH = " ".join(f"word{number}" for number in range(3_000))


class Desk:
    """An outbox, and the channel that it posts in."""

    def __init__(self, slack: SlackWorld, session: aiohttp.ClientSession) -> None:
        self.slack, self.clock = slack, SimulatedClock(slack.clock.now())
        self.api = Api(slack.bot_token, slack.api_url, session)
        self.ada = slack.person("Ada")
        self.channel: Channel = slack.channel("team", [self.ada])
        self.outbox = self.new()

    def new(self) -> Outbox:
        """Make an outbox that knows of nothing."""
        return Outbox(self.api, None, texts=Texts(), scopes=frozenset(), clock=self.clock)

    def message(self, text: str, **more: Any) -> Outgoing:
        address = Address("slack", self.slack.workspace.id, self.channel.id, more.pop("thread", ""))
        fields = {"id": "o_1", "conversation": "c_1", "purpose": "agents", "at": self.clock.now()}
        return Outgoing(address=address, text=text, **{**fields, **more})

    def posts(self) -> list[Message]:
        return [message for message in self.channel.heard if message.author.is_app]


@pytest.fixture
async def desk(slack_world: SlackWorld) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession() as session:
        yield Desk(slack_world, session)


async def test_a_message_is_found_again_by_an_outbox_that_did_not_send_it(desk: Desk) -> None:
    message = desk.message("hello")
    assert await desk.outbox.find(message) is None
    sent = await desk.outbox.send(message)
    found = await desk.new().find(message)
    assert found is not None
    assert found.id == sent.id == desk.posts()[0].ts


async def test_what_opens_a_thread_is_one_message_in_the_channel_however_long_it_is(desk: Desk) -> None:
    message = desk.message(MUCH, opens_thread=True, thread="c_1")
    sent = await desk.outbox.send(message)
    first, *others = desk.posts()
    assert (first.thread_ts, {post.thread_ts for post in others}) == ("", {first.ts})
    assert sent.address is not None
    assert sent.address.thread == first.ts
    found = await desk.new().find(message)
    assert found is not None
    assert found.id == first.ts


async def test_a_part_that_is_missing_is_posted_and_no_other_again(desk: Desk) -> None:
    message = desk.message(MUCH)
    desk.slack.trouble.hangs_up("chat.postMessage", times=1)
    desk.slack.trouble.loses_replies("chat.postMessage", times=1)
    for outbox in (desk.outbox, desk.new()):
        with pytest.raises(Unclear):
            await outbox.send(message)
    again = desk.new()
    assert await again.find(message) is None
    await again.send(message)
    assert " ".join(" ".join(post.shown.split()) for post in desk.posts()) == MUCH


async def test_too_long_a_message_is_cut_smaller_and_goes_on_in_that_cut(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supportbot.testing.slack.limits.ALL_BLOCKS", 3_000)
    message, calls = desk.message(MUCH), []

    def hang_up(method: str, _: str) -> Any:
        calls.append(method)  # the first two are refused as too long, the next two are shown
        return ("refused", 0) if len(calls) == 5 else None

    with monkeypatch.context() as trouble:
        trouble.setattr(desk.slack.trouble, "with_call", hang_up)
        with pytest.raises(Unclear):
            await desk.outbox.send(message)
    assert len(desk.posts()) == 2
    again = desk.new()
    assert await again.find(message) is None
    await again.send(message)
    assert " ".join(" ".join(post.shown.split()) for post in desk.posts()) == MUCH


async def test_a_line_for_one_person_is_not_shown_again_where_nobody_knows(desk: Desk) -> None:
    message = desk.message("only you", only_for=f"slack/{desk.slack.workspace.id}/{desk.ada.id}")
    desk.slack.trouble.loses_replies("chat.postEphemeral", times=1)
    with pytest.raises(Unclear):
        await desk.outbox.send(message)
    with pytest.raises(Refused):
        await desk.outbox.find(message)
    assert len(desk.posts()) == 1


async def test_a_channel_that_asks_to_wait_is_left_alone_until_then(desk: Desk) -> None:
    desk.slack.trouble.rate_limits("chat.postMessage", retry_after=30)
    for _ in range(3):
        with pytest.raises(TryLater):
            await desk.outbox.send(desk.message("hello"))
    assert len(desk.slack.world_log.calls("chat.postMessage")) == 1
    desk.clock.move_to(desk.clock.now() + 30_000)
    await desk.outbox.send(desk.message("hello"))


async def test_where_too_much_was_said_since_nobody_can_tell(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supportbot.adapters.slack.outbox._MOST_PAGES", 2)
    desk.slack.trouble.history_page = 1
    for _ in range(3):
        await desk.ada.writes(desk.channel, "hello")
    with pytest.raises(Unclear):
        await desk.outbox.find(desk.message("hello"))


@pytest.mark.parametrize("left", ["command/13345.738.80889308", "press/13345.738.80889308", "form/V0123"])
async def test_a_mark_on_what_is_no_message_is_said_in_words(desk: Desk, left: str) -> None:
    mark = desk.message("Got it", purpose="command", reaction_to=f"slack/T1/{left}")
    sent = await desk.outbox.send(mark)
    assert [post.shown.strip() for post in desk.posts()] == ["Got it"]
    assert await desk.new().find(mark) == sent
    assert desk.slack.world_log.calls("reactions.add") == []
