"""Moves: a message that landed elsewhere takes its conversation along, and the old place leads there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from supportbot.adapters.base import Capabilities, Sent
from supportbot.adapters.console import Console
from supportbot.domain.address import PLACES, Address
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.reply import Outgoing
from supportbot.errors import TryLater
from supportbot.storage.base import Changes
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()
HELP = Address("console", "local", "#help", "1")
PRIVATE = Address("console", "local", "#help", "private")
DIRECT = Address("console", "local", "@ada")


class Platform:
    """Stands between the bot and the console: it goes aside with people, and its direct messages can be closed."""

    def __init__(self, bot: BotHarness) -> None:
        self.bot = bot
        self.closed: dict[str, Address] = {}
        """Where it goes on, by the keys of the addresses that take nothing."""
        self.sent: list[tuple[str, Outgoing]] = []
        """All that was shown, with the key of where."""
        self.waits = False
        self._send = bot._console.send
        bot._console.send = self.send  # type: ignore[method-assign]

    async def send(self, outgoing: Outgoing) -> Sent:
        if self.waits:
            raise TryLater(30)
        where = self.closed.get(outgoing.address.key, outgoing.address)
        if outgoing.aside:
            where = outgoing.landed or PRIVATE
        self.sent.append((where.key, outgoing))
        await self._send(msgspec.structs.replace(outgoing, address=where))
        return Sent(id=outgoing.id, address=where)

    def texts(self, where: Address) -> list[str]:
        return [outgoing.text for key, outgoing in self.sent if key == where.key]

    async def conversation(self, at: Address) -> Conversation:
        place = await self.bot.app.store.get(PLACES, at.key)
        assert place is not None
        conversation = await self.bot.app.store.get(CONVERSATIONS, place.conversation)
        assert conversation is not None
        return conversation


@pytest.fixture
async def platform(bot_with: BotWith, monkeypatch: pytest.MonkeyPatch) -> Platform:
    able = Capabilities(idempotent=True, for_strangers=False, private_threads=True)
    monkeypatch.setattr(Console, "capabilities", able)
    return Platform(await bot_with(built_in=("tickets", "handoff")))


async def test_a_ticket_opened_in_public_goes_on_in_private(platform: Platform) -> None:
    ada, sam = platform.bot.requester("ada"), platform.bot.agent("sam")
    await ada.says("/human my printer burns", room="#help", mentioned=True)
    case = await platform.conversation(HELP)
    assert case.address == PRIVATE
    assert platform.texts(HELP) == []
    await sam.says("/claim T-1001", case=case.id)
    await sam.says("Is it on fire?", case=case.id)
    assert platform.texts(PRIVATE)[-1] == "Is it on fire?"
    await ada.says("yes", room="#help", topic="private", opens_topic=False)
    assert "yes" in platform.bot.agents_channel


async def test_what_is_said_at_the_old_place_still_belongs_to_the_case(platform: Platform) -> None:
    ada = platform.bot.requester("ada")
    await ada.says("/human my printer burns", room="#help", mentioned=True)
    await ada.says("it is the big one", room="#help", opens_topic=False)
    assert "it is the big one" in platform.bot.agents_channel
    assert (await platform.conversation(HELP)).id == (await platform.conversation(PRIVATE)).id


async def test_what_waits_for_the_old_place_follows(platform: Platform) -> None:
    ada = platform.bot.requester("ada")
    platform.waits = True
    await ada.says("/human my printer burns", room="#help", mentioned=True)
    await ada.says("/cancel", room="#help")
    platform.waits = False
    await platform.bot.advance("1m")
    mine = [outgoing for key, outgoing in platform.sent if key == PRIVATE.key]
    assert [outgoing.landed for outgoing in mine] == [None, *[PRIVATE] * (len(mine) - 1)]
    assert len(mine) > 1
    assert platform.texts(HELP) == []


async def test_a_case_that_moved_does_not_go_aside_again(platform: Platform) -> None:
    ada = platform.bot.requester("ada")
    await ada.says("/human my printer burns", room="#help", mentioned=True)
    before = len(platform.sent)
    await ada.says("/cancel", room="#help", topic="private", opens_topic=False)
    assert [outgoing.aside for _, outgoing in platform.sent[before:]] == [""] * (len(platform.sent) - before)


async def test_a_direct_conversation_stays_where_it_is(platform: Platform) -> None:
    await platform.bot.requester("ada").says("/human my printer burns")
    assert all(not outgoing.aside for _, outgoing in platform.sent)
    assert (await platform.conversation(DIRECT)).address == DIRECT


async def test_a_platform_without_private_threads_is_not_asked_for_one(bot_with: BotWith) -> None:
    platform = Platform(await bot_with(built_in=("tickets", "handoff")))
    await platform.bot.requester("ada").says("/human my printer burns", room="#help", mentioned=True)
    assert platform.texts(HELP)
    assert all(not outgoing.aside for _, outgoing in platform.sent)


async def test_agents_hear_once_that_direct_messages_are_closed(platform: Platform) -> None:
    ada, sam = platform.bot.requester("ada"), platform.bot.agent("sam")
    await ada.says("/human my printer burns")
    case = await platform.conversation(DIRECT)
    platform.closed[DIRECT.key] = PRIVATE
    await sam.says("/claim T-1001", case=case.id)
    await sam.says("Hello?", case=case.id)
    await ada.says("here I am", room="#help", topic="private", opens_topic=False)
    moved = TEXTS("agents.moved", who="ada")
    assert [outgoing.text for _, outgoing in platform.sent].count(moved) == 1
    assert (await platform.conversation(PRIVATE)).id == case.id
    assert platform.texts(PRIVATE)[-1] == "Hello?"
    assert "here I am" in platform.bot.agents_channel


async def test_a_case_that_changes_meanwhile_moves_all_the_same(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, ada = platform.bot, platform.bot.requester("ada")
    await ada.says("hi")
    platform.closed[DIRECT.key] = PRIVATE
    moves, hurried = bot.app.bot.delivery._moves, list[str]()
    follow = moves.follow

    async def slowly(*arguments: Any) -> None:
        await follow(*arguments)
        if not hurried:
            case = await platform.conversation(DIRECT)
            hurried.append(case.id)
            changed = msgspec.structs.replace(case, question="asked meanwhile")
            await bot.app.store.commit(Changes(puts=[(CONVERSATIONS, changed)]))

    monkeypatch.setattr(moves, "follow", slowly)
    await ada.says("/tickets")
    assert hurried
    case = await platform.conversation(PRIVATE)
    assert (case.address, case.question) == (PRIVATE, "asked meanwhile")
    assert len(platform.texts(PRIVATE)) == 1


async def test_a_line_for_one_person_moves_nothing(platform: Platform) -> None:
    bot, ada = platform.bot, platform.bot.requester("ada")
    await ada.says("hi")
    case = await platform.conversation(DIRECT)
    platform.closed[DIRECT.key] = PRIVATE
    line = Outgoing(
        id="o_1",
        address=DIRECT,
        conversation=case.id,
        purpose="notice",
        text="psst",
        only_for=case.requester.id,
        at=bot.clock.now(),
    )
    await bot.app.bot.delivery._moves.follow(line, line, Sent(address=PRIVATE), changes := Changes())
    assert changes.puts == []


async def test_a_cases_thread_that_was_replaced_is_where_its_lines_go(platform: Platform) -> None:
    bot, ada, sam = platform.bot, platform.bot.requester("ada"), platform.bot.agent("sam")
    await ada.says("/human my printer burns")
    case = await platform.conversation(DIRECT)
    desk = msgspec.structs.replace(bot.app.bot.rules.agents, thread=case.id)
    other = msgspec.structs.replace(desk, thread="other")
    platform.closed[desk.key] = other
    await ada.says("it is the big one")
    platform.closed.clear()
    await ada.says("and the only one")
    assert len(platform.texts(other)) == 2
    await sam.says("/claim T-1001", case="other")
    assert (await platform.conversation(DIRECT)).owner == "agent"


async def test_a_message_that_stays_where_it_was_sent_costs_no_read(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves, read = platform.bot.app.bot.delivery._moves, list[str]()

    async def get(_: object, id: str) -> None:
        read.append(id)

    monkeypatch.setattr(moves._store, "get", get)
    line = Outgoing(id="o_1", address=HELP, conversation="c_1", purpose="answer", text="hi")
    real = await moves.real(line)
    await moves.follow(line, real, Sent(address=HELP), Changes())
    assert (real, read) == (line, [])
