"""A skill that fails again and again is switched off for a while; what waited in it goes to a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from supportbot import Settings, Skill, Turn, match, on
from supportbot.clock import HOUR, MINUTE, SimulatedClock
from supportbot.pipeline.switches import FAILURES, Switches
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()


class Fragile(Skill[Settings]):
    """Breaks at a word, and asks at another."""

    @on.message(match.words("break"))
    async def fail(self, turn: Turn) -> str:
        raise RuntimeError("as always")

    @on.message(match.words("order"))
    async def order(self, turn: Turn) -> str:
        what = await turn.ask("What would you like?")
        size = await turn.choose("Which size?", ["Small", "Large"])
        return f"{size} {what}: {await turn.ask('How many?')}"

    @on.message(match.words("work"))
    async def work(self, turn: Turn) -> str:
        return "It works."


async def broken_bot(bot_with: BotWith, *people: str) -> BotHarness:
    """Let people meet the broken handler, one after the other."""
    bot = await bot_with(Fragile(), fails=False)
    for name in people:
        assert await bot.requester(name).says("break") == TEXTS("errors.broken")
    return bot


async def is_off(bot: BotHarness) -> bool:
    return "fragile: off" in await bot.agent("sam").says("/skills")


# --- off ----------------------------------------------------------------------------------------------------------


async def test_three_failures_met_by_two_people_switch_a_skill_off(bot_with: BotWith) -> None:
    bot = await broken_bot(bot_with, "ada", "bob", "ada")
    assert await is_off(bot)
    assert await bot.requester("cleo").says("break") == TEXTS("faq.not_found")
    assert await bot.requester("cleo").says("work") == TEXTS("faq.not_found")


async def test_the_agents_are_told_which_skill_is_off_where_it_failed_and_what_to_do(bot_with: BotWith) -> None:
    bot = await broken_bot(bot_with, "ada", "bob", "ada")
    line = Fragile.fail.__code__.co_firstlineno + 2
    assert f"fragile: off for 15 minutes after three failures at {__file__}:{line}" in bot.agents_channel
    assert "/skills on fragile" in bot.agents_channel


async def test_two_failures_are_not_enough(bot_with: BotWith) -> None:
    assert not await is_off(await broken_bot(bot_with, "ada", "bob"))


async def test_one_person_is_enough_where_only_one_has_asked(bot_with: BotWith) -> None:
    assert await is_off(await broken_bot(bot_with, "ada", "ada", "ada"))


async def test_one_person_cannot_switch_off_a_skill_that_works_for_others(bot_with: BotWith) -> None:
    bot = await broken_bot(bot_with, "ada")
    assert await bot.requester("bob").says("work") == "It works."
    for _ in range(5):
        await bot.requester("ada").says("break")
    assert not await is_off(bot)
    assert await bot.requester("bob").says("work") == "It works."


async def test_failures_more_than_an_hour_apart_do_not_count_together(bot_with: BotWith) -> None:
    bot = await broken_bot(bot_with, "ada", "bob")
    await bot.advance("61m")
    await bot.requester("ada").says("break")
    assert not await is_off(bot)


async def test_the_other_skills_stay_on(bot_with: BotWith) -> None:
    bot = await broken_bot(bot_with, "ada", "bob", "ada")
    assert "ada" in await bot.requester("ada").says("hello")
    assert (await bot.agent("sam").says("/skills")).count(": off") == 1


# --- on again -----------------------------------------------------------------------------------------------------


async def test_a_skill_is_tried_again_after_fifteen_minutes(bot_with: BotWith) -> None:
    bot = await broken_bot(bot_with, "ada", "bob", "ada")
    await bot.advance("14m")
    assert await is_off(bot)
    await bot.advance("2m")
    assert not await is_off(bot)
    assert await bot.requester("bob").says("work") == "It works."


async def test_an_agent_switches_a_skill_on_again(bot_with: BotWith) -> None:
    bot = await broken_bot(bot_with, "ada", "bob", "ada")
    assert "fragile: on" in await bot.agent("sam").says("/skills on fragile")
    assert await bot.requester("bob").says("work") == "It works."


async def test_a_requester_does_not_switch_skills(bot_with: BotWith) -> None:
    bot = await broken_bot(bot_with, "ada", "bob", "ada")
    assert await bot.requester("ada").says("/skills on fragile") == TEXTS("errors.refused")
    assert await is_off(bot)


async def test_a_skill_that_does_not_exist_is_not_switched_on(bot_with: BotWith) -> None:
    bot = await broken_bot(bot_with, "ada", "bob", "ada")
    assert "fragile: off" in await bot.agent("sam").says("/skills on fragil")


# --- what waited in it --------------------------------------------------------------------------------------------


async def test_its_waiting_dialogues_go_to_a_person_with_the_answers_given(bot_with: BotWith) -> None:
    bot = await bot_with(Fragile(), fails=False)
    cleo = bot.requester("cleo")
    await cleo.says("order")
    await cleo.says("bolts")
    await cleo.presses("Large")
    for name in ("ada", "bob", "ada"):
        await bot.requester(name).says("break")
    told = [line["text"] for line in bot.shown if line["to"] == "cleo"][-1]
    assert told == TEXTS("errors.broken_handed_over", reference="T-1001")
    assert TEXTS("agents.answers_given", answers="bolts; Large") in bot.agents_channel
    assert "cleo" in bot.agents_channel
    assert (await cleo.says("3")) == ""  # a person has the case: words are relayed
    assert "3" in bot.agents_channel.lines[-1]["text"]


async def test_an_answer_to_a_skill_that_is_off_goes_to_a_person_too(bot_with: BotWith) -> None:
    bot = await bot_with(Fragile(), fails=False)
    cleo = bot.requester("cleo")
    await cleo.says("order")
    for _ in range(FAILURES):
        bot.app.bot.switches.failed("fragile", "console/local/ada")
    bot.app.bot.switches.turn_off("fragile", "fragile.py:1")
    assert await cleo.says("bolts") == TEXTS("errors.broken_handed_over", reference="T-1001")


# --- the counting itself ------------------------------------------------------------------------------------------


def test_an_unknown_skill_is_on() -> None:
    switches = Switches(SimulatedClock())
    assert switches.is_on("anything")
    assert switches.why_off("anything") == ""


def fails(switches: Switches, person: str) -> bool:
    """Let a skill fail as a turn does: ask first, count afterwards."""
    switches_off = switches.would_switch_off("skill", person)
    switches.failed("skill", person)
    if switches_off:
        switches.turn_off("skill", "here")
    return switches_off


def test_only_the_failure_that_switches_off_says_so() -> None:
    clock = SimulatedClock()
    switches = Switches(clock)
    assert [fails(switches, who) for who in ("ada", "bob", "ada")] == [False, False, True]
    assert not switches.is_on("skill")
    assert switches.why_off("skill") == "here"
    clock.move_to(clock.now() + 15 * MINUTE)
    assert switches.is_on("skill")
    assert not fails(switches, "ada")


def test_who_asked_long_ago_does_not_protect_a_skill() -> None:
    clock = SimulatedClock()
    switches = Switches(clock)
    fails(switches, "ada")
    switches.asked("skill", "bob")
    clock.move_to(clock.now() + 2 * HOUR)
    assert [fails(switches, "ada") for _ in range(3)] == [False, False, True]


def test_asking_whether_a_failure_would_switch_off_counts_nothing() -> None:
    switches = Switches(SimulatedClock())
    fails(switches, "ada")
    fails(switches, "bob")
    assert [switches.would_switch_off("skill", "ada") for _ in range(2)] == [True, True]
    assert switches.is_on("skill")


def test_who_asked_is_forgotten_after_an_hour() -> None:
    clock = SimulatedClock()
    switches = Switches(clock)
    fails(switches, "ada")
    for number in range(100):
        switches.asked("skill", f"person {number}")
        clock.move_to(clock.now() + 10 * MINUTE)
    assert len(switches._switches["skill"].askers) <= 8
