"""Delivery: what waits goes out once, in order for each address, whatever the platform answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from supportbot import Settings, Skill, Turn, match, on
from supportbot.adapters.base import Capabilities, Sent
from supportbot.clock import MINUTE
from supportbot.domain.address import PLACES, Address, Place
from supportbot.domain.reply import SHOWN, Outgoing, Shown
from supportbot.domain.work import Work, outbox
from supportbot.errors import Refused, TryLater, Unclear
from supportbot.pipeline import delivery
from supportbot.storage.base import Changes
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()
NOT_DELIVERED = TEXTS("agents.not_delivered", reason=TEXTS("agents.refused.other"), text="one")
NOT_SETTLED = TEXTS("agents.not_delivered", reason=TEXTS("agents.refused.not_settled"), text="one")


class Three(Skill[Settings]):
    """Says three things."""

    @on.message(match.words("count"))
    async def count(self, turn: Turn) -> str:
        await turn.say("one")
        await turn.say("two")
        return "three"


class Platform:
    """Stands between the bot and the console, and answers as platforms do."""

    def __init__(self, bot: BotHarness) -> None:
        self.bot = bot
        self.troubles: list[Exception] = []
        self.shows_first = False
        """What went wrong was only the answer: the message itself was shown."""
        self.shown: dict[str, Outgoing] = {}
        self.asked = 0
        self.blind: list[Exception] = []
        """What comes instead of an answer whether a message was shown."""
        self._send = bot._console.send
        bot._console.send = self.send  # type: ignore[method-assign]
        bot._console.find_sent = self.find_sent  # type: ignore[method-assign]

    async def send(self, outgoing: Outgoing) -> Sent:
        if self.troubles and outgoing.purpose != "agents":
            if self.shows_first:
                self.shown[outgoing.id] = outgoing
                await self._send(outgoing)
            raise self.troubles.pop(0)
        self.shown[outgoing.id] = outgoing
        return await self._send(outgoing)

    async def find_sent(self, outgoing: Outgoing) -> Sent | None:
        self.asked += 1
        if self.blind:
            raise self.blind.pop(0)
        return Sent(id=outgoing.id) if outgoing.id in self.shown else None

    def said(self) -> list[str]:
        return [line["text"] for line in self.bot.shown if line["to"] == "ada"]


@pytest.fixture
async def platform(bot_with: BotWith, monkeypatch: pytest.MonkeyPatch) -> Platform:
    bot = await bot_with(Three(), fails=False)
    monkeypatch.setattr(type(bot._console), "capabilities", Capabilities(idempotent=False))
    return Platform(bot)


async def test_what_is_said_goes_out_in_order_and_is_marked_as_sent(platform: Platform) -> None:
    await platform.bot.requester("ada").says("count")
    assert platform.said() == ["one", "two", "three"]
    assert await platform.bot.app.store.pending(outbox("console")) == []


async def test_a_platform_that_asks_to_wait_gets_everything_later_and_in_order(platform: Platform) -> None:
    platform.troubles = [TryLater(30), TryLater(2.5)]
    await platform.bot.requester("ada").says("count")
    assert platform.said() == []
    await platform.bot.advance("29s")
    assert platform.said() == []
    await platform.bot.advance("10s")
    assert platform.said() == ["one", "two", "three"]


async def test_what_a_platform_put_off_for_sure_is_not_looked_for(platform: Platform) -> None:
    platform.troubles = [TryLater(30), TryLater(2.5)]
    await platform.bot.requester("ada").says("count")
    await platform.bot.advance("1m")
    assert platform.said() == ["one", "two", "three"]
    assert platform.asked == 0


async def test_what_was_put_off_before_a_restart_is_looked_for(platform: Platform) -> None:
    platform.troubles = [TryLater(30)]
    await platform.bot.requester("ada").says("count")
    await platform.bot.restart()
    await platform.bot.advance("1m")
    assert platform.said() == ["one", "two", "three"]


async def test_one_address_that_waits_holds_up_no_other(platform: Platform) -> None:
    platform.troubles = [TryLater(60)]
    await platform.bot.requester("ada").says("count")
    assert await platform.bot.requester("bob").says("count") == "one\n\ntwo\n\nthree"


async def test_an_unclear_message_that_was_shown_is_not_shown_again(platform: Platform) -> None:
    platform.troubles, platform.shows_first = [Unclear("no answer")], True
    await platform.bot.requester("ada").says("count")
    await platform.bot.advance("1m")
    assert platform.said() == ["one", "two", "three"]
    assert platform.asked == 1


async def test_an_unclear_message_that_was_not_shown_is_shown(platform: Platform) -> None:
    platform.troubles = [Unclear("no answer")]
    await platform.bot.requester("ada").says("count")
    await platform.bot.advance("1m")
    assert platform.said() == ["one", "two", "three"]


async def test_a_message_whose_fate_stays_unclear_is_shown_to_an_agent_instead(platform: Platform) -> None:
    platform.troubles = [Unclear("no answer") for _ in range(100)]
    await platform.bot.requester("ada").says("count")
    await platform.bot.advance("6m")
    platform.troubles.clear()
    await platform.bot.advance("6m")
    assert "one" not in platform.said()
    assert NOT_SETTLED in platform.bot.agents_channel
    assert [work.payload.text for work in await platform.bot.app.store.buried()][:1] == ["one"]  # type: ignore[union-attr]


async def test_a_refused_message_is_shown_to_the_agents_and_the_next_goes_out(platform: Platform) -> None:
    platform.troubles = [Refused("messages are closed")]
    await platform.bot.requester("ada").says("count")
    assert platform.said() == ["two", "three"]
    assert NOT_DELIVERED in platform.bot.agents_channel


async def test_a_restart_sends_what_was_not_sent(platform: Platform) -> None:
    platform.troubles = [TryLater(60)]
    bot = platform.bot
    await bot.requester("ada").says("count")
    await bot.restart()
    await bot.advance("2m")
    assert platform.said() == ["one", "two", "three"]


async def test_an_adapter_that_is_broken_is_tried_again_and_given_up_with_a_word_to_the_agents(
    platform: Platform,
) -> None:
    platform.troubles = [RuntimeError("a bug in the adapter")] * 5
    await platform.bot.requester("ada").says("count")
    await platform.bot.advance(f"{60 * MINUTE // 1000}s")
    assert platform.said()[-2:] == ["two", "three"]
    assert "RuntimeError" in platform.bot.agents_channel
    assert len(await platform.bot.app.store.buried()) == 1


# --- what the platform makes of it --------------------------------------------------------------------------------


ADA = Address("console", "local", "@ada")


async def hand_over(bot: BotHarness, outgoing: Outgoing) -> None:
    """Put a message into the outbox, and let it go out."""
    to = outgoing.address
    work = Work(
        id=outgoing.id, queue=outbox(to.adapter), key=to.key, due=0, payload=outgoing, group=outgoing.conversation
    )
    bot.app.bot.crew.start(await bot.app.bot.crew.commit(Changes(work=[work])))
    await bot.advance("0s")


class Threads:
    """Stands before a console and opens a thread of its own for each card, as platforms do; what is sent elsewhere
    is refused where nobody opened that thread."""

    def __init__(self, bot: BotHarness) -> None:
        self.opened: list[str] = []
        self.sent: list[Outgoing] = []
        self.trouble: Exception | None = None
        """What comes, once, of the next message."""
        self._send = bot._console.send
        bot._console.send = self.send  # type: ignore[method-assign]

    async def send(self, outgoing: Outgoing) -> Sent:
        if self.trouble:
            trouble, self.trouble = self.trouble, None
            raise trouble
        channel, thread = outgoing.address.outside_thread, outgoing.address.thread
        if thread and not outgoing.opens_thread and thread not in self.opened:
            raise Refused("no such thread")
        self.sent.append(outgoing)
        await self._send(outgoing)
        if outgoing.opens_thread:
            self.opened.append(f"ts-{len(self.opened) + 1}")
            channel = Address(channel.adapter, channel.workspace, channel.channel, self.opened[-1])
            return Sent(id=f"p-{len(self.sent)}", address=channel)
        return Sent(id=f"p-{len(self.sent)}")


async def test_a_case_has_one_thread_however_many_cards_it_gets(bot_with: BotWith) -> None:
    bot = await bot_with()
    threads = Threads(bot)
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/ticket printer")
    await ada.presses("Problem")
    await ada.says("it burns")
    await ada.presses("Yes")
    await ada.says("/human")
    assert threads.opened == ["ts-1"]
    cards = [outgoing for outgoing in threads.sent if outgoing.purpose == "agents"]
    assert [card.address.thread for card in cards[1:]] == ["ts-1"] * (len(cards) - 1)
    assert len(cards) > 1
    assert await bot.app.store.buried() == []
    shown = [(await bot.app.store.read(SHOWN, card.id)).items[0] for card in cards]
    assert [place.address.thread for place in shown] == ["ts-1"] * len(cards)
    await sam.says("/claim T-1001")
    await sam.says("I am on my way", case="ts-1")
    assert bot.shown[-2]["to"] == "ada"
    assert "I am on my way" in bot.shown[-2]["text"]


async def test_where_a_message_was_shown_is_kept_if_the_platform_names_it_otherwise(bot_with: BotWith) -> None:
    bot = await bot_with()
    await bot.requester("ada").says("hello")
    assert (await bot.app.store.read(SHOWN, bot.shown[-1]["id"])).items == []  # the console uses our ids
    threads = Threads(bot)
    await bot.requester("ada").says("hello")
    message = threads.sent[-1]
    kept = (await bot.app.store.read(SHOWN, message.id)).items
    assert kept == [Shown(id="p-1", address=message.address)]


async def test_a_card_that_its_thread_refuses_is_shown_in_the_channel_once(bot_with: BotWith) -> None:
    bot = await bot_with(fails=False)
    send, refused = bot._console.send, []

    async def refuses(outgoing: Outgoing) -> Sent:
        if outgoing.purpose == "agents" and (outgoing.address.thread or everything):
            refused.append(outgoing.text)
            raise Refused("the thread is locked")
        return await send(outgoing)

    everything = False
    bot._console.send = refuses  # type: ignore[method-assign]
    await bot.requester("ada").says("/human my printer burns")
    assert [line["text"] for line in bot.agents_channel.lines] == refused
    await bot.agent("sam").presses(TEXTS("agents.claim"))
    assert TEXTS("agents.claimed", reference="T-1001", agent="sam") in bot.agents_channel
    everything = True
    refused.clear()
    bob = bot.requester("bob")
    await bob.says("/human mine too")
    assert len(refused) == 2
    unseen = TEXTS("handoff.unseen", reference="T-1002")
    told = [line["text"] for line in bot.shown if line["to"] == "bob"]
    assert told[-1] == unseen, "nobody can see that bob waits, and he learns it"
    await bot.advance("30m")
    assert [line["text"] for line in bot.shown if line["to"] == "bob"].count(unseen) == 1


async def test_a_change_of_what_was_never_shown_goes_nowhere(platform: Platform) -> None:
    change = Outgoing(
        id="o2",
        address=ADA,
        conversation="c",
        purpose="relay",
        text="press it",
        edits="o1",
        at=platform.bot.clock.now(),
    )
    await hand_over(platform.bot, change)
    assert platform.said() == []
    assert await platform.bot.app.store.buried() == []


async def test_a_change_gets_the_platforms_own_id_and_place(bot_with: BotWith) -> None:
    bot = await bot_with()
    threads = Threads(bot)
    await hand_over(bot, Outgoing(id="o1", address=ADA, conversation="c", purpose="relay", text="pres it"))
    await hand_over(bot, Outgoing(id="o2", address=ADA, conversation="c", purpose="relay", text="press it", edits="o1"))
    assert [(sent.text, sent.edits) for sent in threads.sent] == [("pres it", ""), ("press it", "p-1")]


async def test_the_words_of_a_mark_that_is_refused_are_said(platform: Platform) -> None:
    platform.troubles = [Refused("no such emoji", "invalid_name")]
    mark = Outgoing(id="o1", address=ADA, conversation="c", purpose="command", text="Got it", reaction_to="m1", at=0)
    await hand_over(platform.bot, mark)
    assert platform.said() == ["Got it"]
    assert await platform.bot.app.store.buried() == []


@pytest.mark.parametrize(("removes", "told"), [(False, "agents.not_changed"), (True, "agents.not_removed")])
async def test_a_change_that_is_refused_is_told_to_the_agents(bot_with: BotWith, removes: bool, told: str) -> None:
    bot = await bot_with(fails=False)
    threads = Threads(bot)
    await hand_over(bot, Outgoing(id="o1", address=ADA, conversation="c", purpose="relay", text="pres it"))
    threads.trouble = Refused("too late", "edit_window_closed")
    change = Outgoing(id="o2", address=ADA, conversation="c", purpose="relay", text="press it", edits="o1")
    await hand_over(bot, msgspec.structs.replace(change, removes=removes))
    expected = TEXTS(told, reason=TEXTS("agents.refused.other"), text="press it")
    assert (threads.sent[-1].address.channel, threads.sent[-1].text) == ("#agents", expected)


async def test_a_card_that_cannot_be_changed_is_shown_anew_in_its_thread(bot_with: BotWith) -> None:
    bot = await bot_with(fails=False)
    threads = Threads(bot)
    await bot.requester("ada").says("/human my printer burns")
    card = next(sent for sent in threads.sent if sent.purpose == "agents")
    threads.trouble = Refused("somebody deleted it", "message_not_found")
    desk = msgspec.structs.replace(bot.app.bot.rules.agents, thread=card.conversation)
    again = Outgoing(
        id="o2", address=desk, conversation=card.conversation, purpose="agents", text="Claimed", edits=card.id
    )
    await hand_over(bot, again)
    assert (threads.sent[-1].address.thread, threads.sent[-1].text, threads.sent[-1].edits) == ("ts-1", "Claimed", "")


async def test_a_thread_is_opened_by_whatever_comes_first(bot_with: BotWith) -> None:
    bot = await bot_with(built_in=("handoff",))
    threads = Threads(bot)
    await bot.requester("ada").says("/human my printer burns")
    place = msgspec.structs.replace(bot.app.bot.rules.agents, thread="c_new")
    changes = Changes()
    changes.put(PLACES, Place(id=place.key, conversation="c_new", side="agents"))
    await bot.app.store.commit(changes)
    for number in ("1", "2"):
        await hand_over(
            bot, Outgoing(id=f"o{number}", address=place, conversation="c_new", purpose="agents", text=number)
        )
    first, second = threads.sent[-2:]
    assert (first.opens_thread, second.opens_thread) == (True, False)
    assert second.address.thread == threads.opened[-1]


async def test_what_was_refused_is_logged_with_the_platforms_own_word_for_it_and_belongs_to_its_person(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[object] = []
    monkeypatch.setattr(delivery.log, "error", lambda event, **values: logged.append(values.get("reason")))
    commit, people = platform.bot.app.store.commit, []

    async def watched(changes: Changes) -> list[Work]:
        people.extend([work.person for work in changes.work if changes.buried])
        return await commit(changes)

    monkeypatch.setattr(platform.bot.app.store, "commit", watched)
    platform.troubles = [Refused("ada closed her messages", "messages_closed")]
    await platform.bot.requester("ada").says("count")
    assert logged == ["messages_closed"]
    assert people == ["console/local/ada"]


async def test_a_platform_that_cannot_tell_whether_it_was_shown_is_asked_again_when_it_likes(
    platform: Platform,
) -> None:
    platform.troubles, platform.shows_first = [Unclear("no answer")], True
    platform.blind = [TryLater(45), Unclear("no answer")]
    await platform.bot.requester("ada").says("count")
    await platform.bot.advance("54s")
    assert (platform.asked, platform.said()) == (1, ["one"])
    await platform.bot.advance("20s")
    assert (platform.asked, platform.said()) == (3, ["one", "two", "three"])


async def test_a_platform_that_never_tells_whether_it_was_shown_is_given_up(platform: Platform) -> None:
    platform.troubles = [Unclear("no answer")]
    platform.blind = [Unclear("no answer") for _ in range(100)]
    await platform.bot.requester("ada").says("count")
    await platform.bot.advance("6m")
    platform.blind.clear()
    assert NOT_SETTLED in platform.bot.agents_channel
    assert platform.said() == ["two", "three"]


async def test_what_goes_out_through_another_process_is_left_to_it(bot_with: BotWith) -> None:
    bot = await bot_with()
    elsewhere = Address("elsewhere", "w", "@ada")
    message = Outgoing(id="o1", address=elsewhere, conversation="c", purpose="answer", text="hello")
    work = Work(id="o1", queue=outbox("elsewhere"), key=elsewhere.key, due=0, payload=message)
    done = bot.app.bot.crew.accounts.watch("line 1")
    bot.app.bot.crew.start(await bot.app.bot.crew.commit(Changes(work=[work])))
    bot.app.bot.crew.accounts.put(Changes(work=[work]), "line 1")
    bot.app.bot.crew.accounts.close("line 1")
    await bot.advance("1h")
    assert done.done()
    assert bot.shown == []
    assert [work.id for work in await bot.app.store.claim(outbox("elsewhere"), bot.clock.now())] == ["o1"]
