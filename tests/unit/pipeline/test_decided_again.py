"""A turn that is decided again leaves no trace of the first time, and one that lost its own claim is let go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from supportbot import Settings, Skill, Turn, match, on
from supportbot.domain.event import Event
from supportbot.domain.work import Work
from supportbot.errors import Conflict, LostClaim
from supportbot.pipeline import running
from supportbot.pipeline.switches import FAILURES
from supportbot.storage.base import Changes
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
        return f"{await turn.ask('What would you like?')}, thank you."


def let_turns_conflict(bot: BotHarness, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let the conversation have changed meanwhile, so many times."""
    commit = bot.app.store.commit

    async def conflicting(changes: Changes) -> list[Work]:
        nonlocal times
        if times and any(isinstance(work.payload, Event) for work in changes.finished):
            times -= 1
            raise Conflict("moved")
        return await commit(changes)

    monkeypatch.setattr(bot.app.store, "commit", conflicting)


async def test_a_failure_that_is_decided_again_counts_once(bot_with: BotWith, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = await bot_with(Fragile(), fails=False)
    let_turns_conflict(bot, monkeypatch, FAILURES)
    await bot.requester("ada").says("break")
    assert bot.app.bot.switches.is_on("fragile")


async def test_the_failure_that_switches_off_is_heard_of_though_it_was_decided_again(
    bot_with: BotWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = await bot_with(Fragile(), fails=False)
    await bot.requester("cleo").says("order")
    await bot.requester("ada").says("break")
    await bot.requester("bob").says("break")
    let_turns_conflict(bot, monkeypatch, 1)
    assert await bot.requester("ada").says("break") == TEXTS("errors.broken")
    assert "fragile: off" in bot.agents_channel
    told = [line["text"] for line in bot.shown if line["to"] == "cleo"]
    assert told[-1] == TEXTS("errors.broken_handed_over", reference="T-1001")


async def test_every_waiting_dialogue_is_handed_over_however_many_there_are(
    bot_with: BotWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_AT_ONCE", 2)
    bot = await bot_with(Fragile(), fails=False)
    people = [f"person {number}" for number in range(5)]
    for name in people:
        await bot.requester(name).says("order")
    for name in ("ada", "bob", "ada"):
        await bot.requester(name).says("break")
    handed_over = {line["to"] for line in bot.shown if "T-10" in line["text"] and line["to"] in people}
    assert handed_over == set(people)


async def test_a_turn_that_lost_its_own_claim_is_not_decided_again(
    bot_with: BotWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = await bot_with()
    commits = 0
    commit = bot.app.store.commit

    async def losing(changes: Changes) -> list[Work]:
        nonlocal commits
        if len(changes.finished) > 1:
            commits += 1
            raise LostClaim("another process has it", changes.finished[-1].id)
        return await commit(changes)

    monkeypatch.setattr(bot.app.store, "commit", losing)
    ada = bot.requester("ada")
    await bot.quickly((ada, "one thing"), (ada, "and another"))
    assert commits == 1
