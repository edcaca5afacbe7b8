"""Floods: who does too much is told so once and read again after a pause; agents, quiet people and rooms go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from supportbot import Settings, Skill, Turn, match, on
from supportbot.adapters.console import AGENTS, Console
from supportbot.clock import MINUTE, SECOND, SimulatedClock
from supportbot.config import LimitsSettings
from supportbot.domain.address import Address
from supportbot.domain.event import Event, EventKind
from supportbot.domain.timeline import TIMELINE
from supportbot.domain.work import TURNS
from supportbot.pipeline import floods
from supportbot.pipeline.floods import PER_CHANNEL, PER_PERSON, Floods
from supportbot.testing.harness import BotHarness, Party
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()
FLOOD, IN_CHANNEL = TEXTS("errors.flood"), TEXTS("errors.flood_in_channel")
FEW = LimitsSettings(messages_per_person=4, messages_per_channel=12)
CONSOLE = Console(lambda _: None, SimulatedClock())


def said(who: str, at: int, *, room: str = "", kind: EventKind = "message", adapter: str = "slack") -> Event:
    event = CONSOLE.event(who, key=f"{at}", text="hi")
    address = Address(adapter, "T1", room or f"@{who}", "")
    return msgspec.structs.replace(event, address=address, at=at, direct=not room, kind=kind)


class Plain(Skill[Settings]):
    """Answers everything, and leaves nothing behind."""

    @on.message(match.anything)
    async def answer(self, turn: Turn) -> str:
        return f"You said {turn.text}"


async def says_much(party: Party, count: int, **place: object) -> list[str]:
    """Let somebody write different things without a pause; returns what they hear to each."""
    return [str(await party.says(f"word{number}", **place)) for number in range(count)]  # type: ignore[arg-type]


# --- the level ----------------------------------------------------------------------------------------------------


def test_a_fast_typist_and_a_busy_channel_never_meet_the_limits() -> None:
    people = Floods(LimitsSettings())
    at = 0
    for number in range(600):  # everybody writes every three seconds, ten people in one room
        at += 3 * SECOND // 10
        event = said(f"person{number % 10}", at, room="#help")
        assert people.count(event, at) is None


@pytest.mark.parametrize(("room", "limit", "people"), [("", PER_PERSON, 1), ("#help", PER_CHANNEL, 100)])
def test_what_is_over_the_limit_is_a_flood(room: str, limit: int, people: int) -> None:
    counted = Floods(LimitsSettings())
    found = [counted.count(said(f"p{number % people}", 1000, room=room), 1000) for number in range(limit + 5)]
    assert [bool(flood) for flood in found] == [False] * limit + [True] * 5
    assert found[-1] is not None
    assert found[-1].of == ("channel" if room else "person")


def test_a_flood_ends_after_a_pause_and_not_while_it_goes_on() -> None:
    counted = Floods(LimitsSettings())
    at = 0
    for _ in range(1_000):  # a hundred a second, for ten seconds
        at += 10
        counted.count(said("eve", at), at)
    assert counted.count(said("eve", at + 20 * SECOND), at + 20 * SECOND)
    assert counted.count(said("eve", at + MINUTE), at + MINUTE) is None


def test_one_persons_flood_silences_nobody_else_in_the_room() -> None:
    counted = Floods(LimitsSettings())
    for _ in range(PER_CHANNEL * 3):
        counted.count(said("eve", 1000, room="#help"), 1000)
    assert counted.count(said("ada", 1000, room="#help"), 1000) is None


def test_what_was_written_over_an_hour_is_no_flood_when_it_comes_all_at_once() -> None:
    counted = Floods(LimitsSettings())
    now = 60 * MINUTE
    assert not any(counted.count(said("ada", at), now) for at in range(0, now, 10 * SECOND))


@pytest.mark.parametrize("kind", ["message", "command", "press", "edit", "reaction"])
def test_whatever_costs_a_turn_counts(kind: EventKind) -> None:
    counted = Floods(LimitsSettings())
    assert [bool(counted.count(said("eve", 1, kind=kind), 1)) for _ in range(PER_PERSON + 1)][-1]


def test_what_comes_late_while_somebody_writes_on_is_no_flood_unless_it_was_one() -> None:
    people, now = Floods(LimitsSettings()), 12 * 60 * MINUTE
    assert people.count(said("ada", now), now) is None
    missed = [said("ada", number * 10 * MINUTE) for number in range(60)]
    assert [event for event in missed if people.count(event, now)] == []

    at_once = [said("ada", now - 60 * MINUTE + number) for number in range(PER_PERSON + 5)]
    assert len([event for event in at_once if people.count(event, now)]) == 5
    assert people.count(said("ada", now), now) is None


def test_taking_words_back_is_always_let_in() -> None:
    counted = Floods(LimitsSettings())
    assert not any(counted.count(said("eve", 1, kind="delete"), 1) for _ in range(PER_PERSON * 2))


def test_an_event_that_was_known_already_does_not_count() -> None:
    counted = Floods(LimitsSettings())
    for _ in range(PER_PERSON * 2):
        assert counted.count(said("ada", 1), 1) is None
        counted.discount(said("ada", 1))


def test_the_console_has_no_limits_but_those_that_are_given() -> None:
    free = Floods(LimitsSettings(), frozenset({"console"}))
    assert not any(free.count(said("ada", 1, adapter="console"), 1) for _ in range(1_000))
    given = Floods(LimitsSettings(messages_per_person=2), frozenset({"console"}))
    assert [bool(given.count(said("ada", 1, adapter="console"), 1)) for _ in range(3)] == [False, False, True]


def test_those_who_did_nothing_for_the_longest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floods, "MOST_LEVELS", 50)
    counted = Floods(LimitsSettings())
    for number in range(1_000):
        counted.count(said(f"person{number}", number), number)
    assert len(counted._levels) == 50
    assert ("person", "console/local/person999", False) in counted._levels


# --- what people see ----------------------------------------------------------------------------------------------


async def test_whoever_floods_is_told_once_and_read_again_after_a_minute(bot_with: BotWith) -> None:
    bot = await bot_with(Plain(), limits=FEW)
    eve = bot.requester("eve")
    heard = await says_much(eve, 20)
    assert FLOOD not in heard[:4]
    assert heard[4:] == [FLOOD] + [""] * 15
    await bot.advance("1m")
    assert await eve.says("/tickets") == TEXTS("tickets.none")


async def test_nothing_of_a_flood_is_kept_but_all_that_was_let_in(bot_with: BotWith) -> None:
    bot = await bot_with(Plain(), limits=FEW)
    await says_much(bot.requester("eve"), 20)
    assert await bot.app.store.pending(TURNS) == []
    kept = await bot.app.store.read(TIMELINE, bot.shown[0]["conversation"])
    assert sorted(entry.text for entry in kept.items if entry.kind == "requester") == [f"word{n}" for n in range(4)]


async def test_a_second_flood_is_told_again(bot_with: BotWith) -> None:
    bot = await bot_with(Plain(), limits=FEW)
    first = await says_much(bot.requester("eve"), 8)
    await bot.advance("2m")
    second = await says_much(bot.requester("eve"), 8)
    assert (first.count(FLOOD), second.count(FLOOD)) == (1, 1)


async def test_a_press_within_a_flood_is_told_too(bot_with: BotWith) -> None:
    bot = await bot_with(limits=FEW)
    eve = bot.requester("eve")
    await eve.says("hello")
    heard = [str(await eve.presses("My tickets")) for _ in range(6)]
    assert heard[3:] == [FLOOD, "", ""]


async def test_the_agents_who_have_the_case_are_told_once(bot_with: BotWith) -> None:
    bot = await bot_with(Plain(), limits=FEW)
    eve = bot.requester("eve")
    await eve.says("/human please")
    await says_much(eve, 20)
    told = [line for line in bot.agents_channel.lines if line["text"] == TEXTS("agents.flood", who="eve")]
    assert [line["conversation"] for line in told] == [bot.agents_channel.conversation]


async def test_agents_are_never_limited(bot_with: BotWith) -> None:
    bot = await bot_with(Plain(), limits=FEW)
    await bot.requester("ada").says("/human please")
    card, sam = bot.agents_channel, bot.agent("sam")
    await sam.says("/claim T-1001")
    before = len(bot.shown)
    for number in range(30):
        await sam.says(f"line {number}", case=card.conversation)
    assert [line["text"] for line in bot.shown[before:] if line["to"] == "ada"] == [f"line {n}" for n in range(30)]
    heard = await says_much(sam, 30, room="#help", mentioned=True)
    assert FLOOD not in heard


async def test_others_are_served_while_one_floods(bot_with: BotWith) -> None:
    bot = await bot_with(Plain(), limits=FEW)
    await says_much(bot.requester("eve"), 20, room="#help", mentioned=True)
    assert await bot.requester("bob").says("hello") == "You said hello"
    assert await bot.requester("bob").says("/tickets", room="#help") == TEXTS("tickets.none")


async def test_a_crowd_that_floods_a_room_is_told_there_once_and_direct_messages_go_on(bot_with: BotWith) -> None:
    bot = await bot_with(Plain(), limits=FEW)
    for number in range(30):
        await bot.requester(f"p{number}").says(f"word{number}", room="#help", topic=str(number), mentioned=True)
    assert [line["text"] for line in bot.shown if line["to"] == "#help"].count(IN_CHANNEL) == 1
    assert await bot.requester("p29").says("/tickets") == TEXTS("tickets.none")
    await bot.advance("1m")
    assert await bot.requester("p29").says("hi", room="#help", topic="new", mentioned=True) == "You said hi"


async def test_people_who_write_fast_among_themselves_are_not_told_anything(bot_with: BotWith) -> None:
    bot = await bot_with(Plain(), limits=FEW)
    await says_much(bot.requester("eve"), 20, room="#talk", opens_topic=False)
    assert bot.shown == []
    assert FLOOD in await bot.requester("eve").says("and you, bot?", room="#talk", mentioned=True)


async def test_in_a_room_only_the_one_who_floods_is_told(bot_with: BotWith) -> None:
    bot = await bot_with(Plain(), limits=FEW)
    await says_much(bot.requester("eve"), 8, room="#help", mentioned=True)
    assert [line["to"] for line in bot.shown if line["text"] == FLOOD] == ["eve"]
    assert AGENTS not in [line["to"] for line in bot.shown]
