"""Moderation: whom the team blocks is not heard, nobody opens more than they may, and who says too much is told."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from supportbot import Duration, LimitReached, Skill, Turn, match, on
from supportbot.config import LimitsSettings
from supportbot.domain.block import BLOCKS
from supportbot.domain.event import Event
from supportbot.domain.person import Person
from supportbot.domain.ticket import TICKETS
from supportbot.domain.work import TURNS
from supportbot.testing.harness import BotHarness, Party
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
ROOM = "#help"
PASSWORD = "How do I reset my password?"

# --- who is blocked -----------------------------------------------------------------------------------------------


@pytest.fixture
def ada(bot: BotHarness) -> Party:
    """A requester."""
    return bot.requester("ada")


async def blocked(bot: BotHarness) -> list[str]:
    """Name who is blocked, as the store has it."""
    return [block.person.name for block in (await bot.app.store.find(BLOCKS, "tenant", "main")).items]


async def test_somebody_who_is_blocked_is_told_so_and_not_answered(
    bot: BotHarness, ada: Party, sam: Party, texts: Texts
) -> None:
    before = bot.clock.now()
    assert await ada.says(PASSWORD) != ""
    heard = await sam.says("/block @ada 7d posts *advertising*")
    until = heard.partition("until ")[2][:17]
    assert heard == texts("blocks.blocked", who="ada", until=texts("blocks.until", until=until))
    assert (await bot.app.store.find(BLOCKS, "tenant", "main")).items[0].until == before + 7 * 86_400_000

    told = texts("blocks.refused_until", until=until)
    assert await ada.says(PASSWORD) == texts("blocks.refused_because", words=told, reason="posts *advertising*")
    assert await ada.says("hello?") == await ada.says("/human please") == await ada.says("/tickets") == ""


async def test_nothing_of_theirs_reaches_the_agents(bot: BotHarness, ada: Party, sam: Party) -> None:
    await ada.says("/human printer on fire")
    await sam.says("/block @ada")
    before = len(bot.agents_channel.lines)
    await ada.says("buy my things")
    await ada.says("/human at once")
    assert len(bot.agents_channel.lines) == before


async def test_they_are_told_again_after_a_day_and_not_before(bot: BotHarness, ada: Party, sam: Party) -> None:
    await sam.says("/block @ada")
    assert [bool(await ada.says("hi")) for _ in range(3)] == [True, False, False]
    await bot.advance("23h")
    assert await ada.says("hi") == ""
    await bot.advance("2h")
    assert await ada.says("hi") != ""


async def test_many_messages_at_once_are_answered_by_one_refusal(bot: BotHarness, ada: Party, sam: Party) -> None:
    await sam.says("/block @ada")
    assert len(await bot.quickly(*[(ada, f"message {number}") for number in range(20)])) == 1
    assert await bot.app.store.pending(TURNS) == []


async def test_a_block_ends_by_itself(bot: BotHarness, ada: Party, sam: Party, texts: Texts) -> None:
    await sam.says("/block @ada 2h")
    await ada.says("hi")
    await bot.advance("2h")
    assert "Forgot password?" in await ada.says(PASSWORD)
    assert await sam.says("/blocked") == texts("blocks.none")


async def test_unblocked_they_are_answered_again(bot: BotHarness, ada: Party, sam: Party, texts: Texts) -> None:
    await sam.says("/block @ada spam")
    await ada.says("hi")
    assert await sam.says("/unblock @ADA") == texts("blocks.unblocked", who="ada")
    assert "Forgot password?" in await ada.says(PASSWORD)
    assert await sam.says("/unblock @ada") == texts("blocks.not_blocked")


async def test_the_list_says_who_until_when_and_why_and_unblocks_with_a_press(
    bot: BotHarness, ada: Party, sam: Party, texts: Texts
) -> None:
    assert await sam.says("/blocked") == texts("blocks.none")
    await sam.says("/block @ada too loud")
    await sam.says("/block @bob 1h")
    heard = await sam.says("/blocked")
    assert heard.startswith(texts("blocks.list"))
    assert "**ada** until somebody ends it, by sam – too loud" in heard
    assert "**bob** until " in heard
    assert await sam.presses("Unblock ada") == texts("blocks.unblocked", who="ada")
    assert await blocked(bot) == ["bob"]


async def test_only_agents_may_and_only_in_their_channel(bot: BotHarness, ada: Party, sam: Party, texts: Texts) -> None:
    assert await ada.says("/block @bob") == texts("errors.refused")
    assert await ada.says("/blocked", room=ROOM) == texts("errors.refused")
    await sam.says("hello")
    heard = await sam.says("/block @ada", room=ROOM)
    assert heard == texts("blocks.where")
    assert {line["to"] for line in heard.lines} == {"sam"}
    assert await blocked(bot) == []


async def test_an_agent_is_not_blocked(bot: BotHarness, sam: Party, texts: Texts) -> None:
    await bot.agent("tess").says("hello")
    assert await sam.says("/block @tess") == texts("blocks.agent", who="tess")
    assert await blocked(bot) == []


async def test_whoever_becomes_an_agent_is_heard(bot: BotHarness, ada: Party, sam: Party, texts: Texts) -> None:
    await sam.says("/block @ada")
    await bot.agent("ada").says("hello, I'm new in the team")
    assert "Forgot password?" in await ada.says(PASSWORD)


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("/block", "blocks.how"),
        ("/block @ada 7days spam", "blocks.how"),
        ("/block @ada 0s", "blocks.how"),
        ("/unblock", "blocks.how_not"),
    ],
)
async def test_what_is_not_clear_blocks_nobody(bot: BotHarness, sam: Party, texts: Texts, said: str, key: str) -> None:
    assert await sam.says(said) == texts(key)
    assert await blocked(bot) == []


async def test_a_ticket_says_whom(bot: BotHarness, waiting: Party, sam: Party, texts: Texts) -> None:
    assert "**" not in await sam.says("/block t-1001 1d")
    assert await blocked(bot) == ["ada"]
    assert await sam.says("/block T-999") == texts("blocks.nobody", name="T-999")
    assert await sam.says("/unblock T-1001") == texts("blocks.unblocked", who="ada")


async def test_a_mention_says_whom_however_many_words_the_name_has(bot: BotHarness, sam: Party) -> None:
    event = bot._console.event("sam", key="x1", role="agent", text="/block @Ada Lovelace 1h loud")
    meant = Person("console/local/U77", "Ada Lovelace")
    await bot.app.bot.receive(msgspec.structs.replace(event, named=(meant,)))
    await bot.app.bot.crew.idle()
    [block] = (await bot.app.store.find(BLOCKS, "tenant", "main")).items
    assert (block.person, block.reason, block.until > 0) == (meant, "loud", True)
    assert "Ada Lovelace" in await sam.says("/unblock @ada lovelace")


async def test_what_is_open_stays_and_who_has_claimed_it_is_told(
    bot: BotHarness, waiting: Party, sam: Party, texts: Texts
) -> None:
    await sam.says("/claim T-1001")
    tess = bot.agent("tess")
    heard = await tess.says("/block @ada spam")
    told = texts("blocks.claimed", who="ada", agent="tess")
    [case] = [line["conversation"] for line in heard.lines if line["text"] == told]
    await waiting.says("let me through")
    await sam.says("We will not help you with that.", case=case)
    assert any("We will not help" in line["text"] for line in bot.shown if line["to"] == "ada")
    assert "let me through" not in bot.agents_channel
    assert (await sam.says("/solve T-1001")).startswith("T-1001 is solved")


async def test_a_word_among_people_is_not_refused(bot: BotHarness, ada: Party, sam: Party, texts: Texts) -> None:
    await sam.says("/block @ada")
    assert await ada.says(PASSWORD, room=ROOM) == ""
    heard = await ada.says(PASSWORD, room=ROOM, mentioned=True)
    assert heard == texts("blocks.refused")
    assert {line["to"] for line in heard.lines} == {"ada"}


async def test_a_block_outlives_a_restart_and_costs_no_read_for_each_message(
    bot: BotHarness, ada: Party, sam: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sam.says("/block @ada")
    await bot.restart()
    assert await ada.says("hi") != ""
    reads, get = [], type(bot.app.store).get

    async def counted(self: Any, kind: Any, id: str) -> Any:
        reads.append(kind.name)
        return await get(self, kind, id)

    monkeypatch.setattr(type(bot.app.store), "get", counted)
    for _ in range(10):
        await bot.requester("bob").says(PASSWORD)
        await ada.says("hi")
    assert reads.count("blocks") <= 2


# --- how many tickets ---------------------------------------------------------------------------------------------

THREE = LimitsSettings(open_tickets=3)
ONE = LimitsSettings(open_tickets=1)


class Opener(Skill):
    """Opens a ticket without asking."""

    @on.message(match.exactly("open"))
    async def open(self, turn: Turn) -> str:
        """Open one, and let out what keeps it from that."""
        return f"opened {(await turn.open_ticket(subject='x')).reference}"

    @on.message(match.exactly("try"))
    async def attempt(self, turn: Turn) -> str:
        """Open one, and say what keeps it from that."""
        try:
            return f"opened {(await turn.open_ticket(subject='x')).reference}"
        except LimitReached as reached:
            answer = await turn.ask(f"{reached.limit} {reached.allowed}: {', '.join(reached.references)}?", key="why")
            return f"{answer}, {reached.limit}"


async def test_the_fourth_ticket_is_refused_with_those_that_are_open(bot_with: BotWith, texts: Texts) -> None:
    bot = await bot_with(Opener(), limits=THREE)
    ada = bot.requester("ada")
    assert [await ada.says("open") for _ in range(3)] == ["opened T-1001", "opened T-1002", "opened T-1003"]
    refusal = texts("limits.open_tickets", references="T-1001, T-1002, T-1003", first="T-1001")
    assert await ada.says("open") == await ada.says("/ticket printer on fire") == refusal
    await ada.says("/status T-1002")
    await ada.presses("Close it")
    assert await ada.says("open") == "opened T-1004"
    assert await bot.requester("bob").says("open") == "opened T-1005"


async def test_a_handoff_is_limited_in_each_of_its_ways_but_not_for_a_case_with_a_ticket(
    bot_with: BotWith, texts: Texts
) -> None:
    bot = await bot_with(limits=ONE)
    ada = bot.requester("ada")
    await ada.says("/human printer on fire", room=ROOM)
    refusal = texts("limits.open_tickets", references="T-1001", first="T-1001")
    assert await ada.says("/human at once") == await ada.says("can I talk to a person?") == refusal
    assert await ada.says("/human again", room=ROOM) == texts("handoff.waiting_already", reference="T-1001")
    heard = await ada.says("/human elsewhere", room=ROOM, topic="2")
    assert heard == refusal
    assert {line["to"] for line in heard.lines} == {"ada"}


async def test_a_miss_too_many_is_no_handoff_for_who_may_have_none(bot_with: BotWith, texts: Texts) -> None:
    bot = await bot_with(Opener(), limits=ONE)
    ada = bot.requester("ada")
    await ada.says("open")
    await ada.says("/status T-1001")
    heard = [
        await bot.requester("ada").says(f"zebra quartz {number}", room=ROOM, mentioned=True) for number in range(4)
    ]
    assert heard == [texts("faq.not_found")] * 4


async def test_a_form_is_not_asked_of_who_may_not_send_it(bot_with: BotWith, texts: Texts) -> None:
    bot = await bot_with(limits=ONE)
    ada = bot.requester("ada")
    await ada.says("/ticket printer on fire")
    await ada.says("/human now", room=ROOM)
    for words in ("problem", "it burns"):
        await ada.says(words)
    assert await ada.says("yes") == texts("limits.open_tickets", references="T-1001", first="T-1001")
    assert await ada.says("/ticket another") == texts("limits.open_tickets", references="T-1001", first="T-1001")


async def test_a_skill_learns_which_limit_it_is_and_again_in_a_replay(bot_with: BotWith) -> None:
    bot = await bot_with(Opener(), limits=ONE)
    ada = bot.requester("ada")
    assert await ada.says("try") == "opened T-1001"
    assert await ada.says("try") == "open_tickets 1: T-1001?"
    await bot.restart()
    assert await ada.says("I see") == "I see, open_tickets"


async def test_agents_open_as_many_for_somebody_as_they_like(bot_with: BotWith) -> None:
    bot = await bot_with(Opener(), limits=ONE)
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("open")
    await sam.says("hello")
    await ada.says("the printer burns", room=ROOM, mentioned=True)
    await sam.says("I'm looking.", room=ROOM)
    assert "T-1002" in bot.agents_channel


async def test_the_console_has_no_limit_and_strangers_have_three(bot_with: BotWith) -> None:
    bot = await bot_with(Opener())
    ada = bot.requester("ada")
    assert [await ada.says("open") for _ in range(5)][-1] == "opened T-1005"
    among_strangers(bot)
    assert "first: T-1001, T-1002, T-1003, T-1004, T-1005" in await ada.says("open")
    bob = bot.requester("bob")
    assert [str(await bob.says("open"))[:6] for _ in range(4)] == ["opened", "opened", "opened", "You ha"]


def among_strangers(bot: BotHarness) -> None:
    bot.app.bot.rules = dataclasses.replace(bot.app.bot.rules, strangers=frozenset({"console"}))


async def test_of_two_openings_at_once_one_sees_the_other(
    bot_with: BotWith, monkeypatch: pytest.MonkeyPatch, texts: Texts
) -> None:
    bot = await bot_with(Opener(), limits=ONE)
    store, find = bot.app.store, bot.app.store.find
    has_looked, other_is_done = asyncio.Event(), asyncio.Event()

    async def found(kind: Any, index: str, *values: Any, **more: Any) -> Any:
        page = await find(kind, index, *values, **more)
        if index == "requester_status" and values[-1] == "pending" and not has_looked.is_set():
            has_looked.set()  # the first has seen no ticket, and is held up before it opens one
            await other_is_done.wait()
        return page

    def opening(topic: str) -> Event:
        event = bot._console.event("ada", key=topic, text="open")
        there = msgspec.structs.replace(event.address, channel=ROOM, thread=topic)
        return msgspec.structs.replace(event, address=there, direct=False, mentioned=True)

    monkeypatch.setattr(store, "find", found)
    await bot.app.bot.receive(opening("1"))
    await has_looked.wait()
    await bot.app.bot.receive(opening("2"))
    while not (opened := (await find(TICKETS, "requester", "main", "console/local/ada")).items):
        await asyncio.sleep(0)
    other_is_done.set()
    await bot.app.bot.crew.idle()
    assert (await find(TICKETS, "requester", "main", "console/local/ada")).items == opened
    refusal = texts("limits.open_tickets", references=opened[0].reference, first=opened[0].reference)
    assert [line["text"] for line in bot.shown if line["to"] in (ROOM, "ada")].count(refusal) == 1


async def test_an_account_that_is_too_young_opens_nothing_yet(bot_with: BotWith, texts: Texts) -> None:
    bot = await bot_with(Opener(), limits=LimitsSettings(account_age=Duration("1d"), member_for=Duration("10m")))
    young = bot.requester("ada", account_age="2h", member_for="1h")
    refusal = texts("limits.account_age", span="1 day")
    assert await young.says("open") == await young.says("/human") == await young.says("/ticket x") == refusal
    heard = await young.says("/human", room=ROOM)
    assert (heard, {line["to"] for line in heard.lines}) == (refusal, {"ada"})
    await bot.advance("22h")
    assert await young.says("open") == "opened T-1001"


async def test_a_membership_that_is_too_young_opens_nothing_yet(bot_with: BotWith, texts: Texts) -> None:
    bot = await bot_with(Opener(), limits=LimitsSettings(member_for=Duration("10m")))
    new = bot.requester("ada", account_age="900d", member_for="1m")
    assert await new.says("open") == texts("limits.member_for", span="10 minutes")


async def test_of_whom_the_platform_says_nothing_nobody_is_refused(bot_with: BotWith) -> None:
    bot = await bot_with(Opener(), limits=LimitsSettings(account_age=Duration("1d"), member_for=Duration("10m")))
    assert await bot.requester("ada").says("open") == "opened T-1001"


# --- what others can read -----------------------------------------------------------------------------------------


@pytest.fixture
def hinting(bot: BotHarness) -> BotHarness:
    """A bot that gives hints on privacy."""
    bot.app.bot.rules = dataclasses.replace(bot.app.bot.rules, hinting=frozenset({"console"}))
    return bot


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("write to me at ada@lovelace.example", "email"),
        ("call +44 20 7946 0958 please", "phone"),
        ("it declined 4111 1111 1111 1111", "card"),
        ("my token is ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "token"),
    ],
)
async def test_whoever_says_too_much_among_people_is_told_alone(
    hinting: BotHarness, texts: Texts, words: str, what: str
) -> None:
    heard = await hinting.requester("ada").says(words, room=ROOM)
    assert heard == texts("hints.confidential", what=texts(f"hints.{what}"))
    assert {line["to"] for line in heard.lines} == {"ada"}


async def test_they_are_told_once_a_day(hinting: BotHarness) -> None:
    ada, bob = hinting.requester("ada"), hinting.requester("bob")
    said = {"text": "I am ada@lovelace.example", "room": ROOM}
    assert [bool(await ada.says(**said, topic=str(number))) for number in range(3)] == [True, False, False]
    assert await bob.says(**said) != ""
    await hinting.advance("1d")
    assert await ada.says(**said) != ""


async def test_an_answer_comes_all_the_same(hinting: BotHarness) -> None:
    heard = await hinting.requester("ada").says(f"{PASSWORD} I am ada@lovelace.example", room=ROOM, mentioned=True)
    assert sorted(line["to"] for line in heard.lines) == [ROOM, "ada"]


async def test_nobody_is_told_of_what_is_said_to_the_bot_alone(hinting: BotHarness, texts: Texts) -> None:
    await hinting.requester("ada").says("I am ada@lovelace.example")
    assert texts("hints.email") not in str(hinting.shown)


async def test_agents_are_never_told(hinting: BotHarness) -> None:
    sam = hinting.agent("sam")
    await sam.says("my number is +44 20 7946 0958")
    assert await sam.says("my number is +44 20 7946 0958", room=ROOM) == ""
    assert hinting.shown == []


async def test_where_it_is_not_wanted_nobody_is_told(bot: BotHarness) -> None:
    assert await bot.requester("ada").says("I am ada@lovelace.example", room=ROOM) == ""


async def test_where_the_bot_has_no_part_nobody_is_told(hinting: BotHarness) -> None:
    sam = hinting.agent("sam")
    await sam.says("hello")
    await sam.says("/here never", room=ROOM)
    assert await hinting.requester("ada").says("I am ada@lovelace.example", room=ROOM, topic="2") == ""
