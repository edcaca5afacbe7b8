"""Commands, menus, buttons and forms on Discord, with the whole bot behind them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from supportbot.testing.discord.interactions import DEFER
from supportbot.texts import Texts
from tests.scenarios.discord.conftest import Desk, OpenDesk

TEXTS = Texts()
SOON = 1.5
"""Seconds that may have passed until an answer that is due within one: this machine has other things to do."""
SLOW = """\
import asyncio

from supportbot import Skill, Settings, Turn, match, on, read


class Slow(Skill[Settings]):
    \"\"\"Takes its time, and asks a lot.\"\"\"

    @on.message(match.words("slow"))
    async def think(self, turn: Turn) -> str:
        await asyncio.sleep(1.2)
        return "Here at last."

    @on.message(match.words("register"))
    async def register(self, turn: Turn) -> str:
        fields = {f"part_{number}": (f"What is part {number}?", read.line) for number in range(7)}
        record = await turn.ask("A few things:", read.form("Registration", **fields))
        return "Registered: " + ", ".join(record[f"part_{number}"] for number in range(7))
"""


@pytest.fixture
def open_desk(open_desk: OpenDesk) -> OpenDesk:
    """Open a desk, and wait for its commands, which are registered beside its start."""

    async def start(**more: Any) -> Desk:
        desk = await open_desk(**more)
        await desk.discord.until(lambda: desk.discord.commands or None, "the commands are there")
        return desk

    return start


async def test_a_question_is_asked_by_a_command_and_completed_from_the_articles(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam = desk.ada, desk.sam
    assert await ada.completes("/faq", desk.help, question="passw") == ["How do I reset my password?"]
    interaction = await ada.runs("/faq", desk.help, question="How do I reset my password?")
    answer = interaction.original
    assert answer is not None
    assert "Reset password" in answer
    assert answer.ephemeral
    assert answer not in sam.reads(desk.help)
    await ada.presses("That helped", on=answer)
    thanks = await ada.sees(TEXTS("faq.helped"), desk.help)
    assert thanks.ephemeral
    assert not desk.discord.world_log.calls(ok=False)


async def test_a_ticket_by_command_is_a_form_and_goes_on_in_a_private_thread(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam = desk.ada, desk.sam
    await ada.runs("/ticket", desk.help, subject="The printer burns")
    modal = await ada.sees_modal("Open a ticket")
    await ada.submits(modal, category="Problem", details="Since noon")
    card = await sam.hears(desk.team)
    assert "The printer burns" in card
    thread = await ada.sees_thread()
    assert thread.kind == "private_thread"
    assert "T-1001" in await ada.hears(thread)
    assert f"<#{thread.id}>" in await ada.sees(f"<#{thread.id}>", desk.help)

    await sam.presses("Claim", on=card)
    await ada.sees("Sam is with you now", thread)
    listed = await ada.runs("/tickets", desk.help)
    assert listed.original is not None
    assert listed.original.ephemeral
    assert "T-1001" in listed.original
    status = await ada.runs("/status", thread, reference="T-1001")
    assert status.original is not None
    assert "T-1001" in status.original


async def test_agents_reply_and_solve_by_commands(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam = desk.ada, desk.sam
    await ada.runs("/human", reason="It burns")
    card = await sam.hears(desk.team)
    await sam.presses("Claim", on=card)
    await ada.sees("Sam is with you now")
    case = next(room for room in sam.threads() if room.id == card.id)
    said = await sam.runs("/reply", case, words="Have you tried water?")
    assert "Have you tried water?" in await ada.sees("Have you tried water?")
    assert said.original is not None
    assert said.original.ephemeral
    await sam.runs("/solve", case, words="All dry again.")
    assert await ada.sees("All dry again.")
    await ada.sees("How did we do")
    refused = await ada.runs("/solve")
    assert refused.original is not None
    assert TEXTS("errors.refused") in refused.original


async def test_a_ticket_from_anothers_message_is_answered_privately(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, bo = desk.ada, desk.discord.person("Bo")
    message = await bo.writes(desk.help, "Everything is on fire, and nobody cares", replies_to=None)
    await ada.uses("Open a ticket", message)
    modal = await ada.sees_modal("Open a ticket")
    await ada.submits(modal, category="Problem")
    card = await desk.sam.hears(desk.team)
    assert "Everything is on fire" in card
    assert not [said for said in bo.reads(desk.help) if "T-1001" in said]


async def test_an_answer_to_anothers_message_is_private(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    general = desk.discord.channel("general")
    message = await desk.ada.writes(general, "Does anybody know where I find my invoices?")
    interaction = await desk.sam.uses("Find an answer", message)
    assert interaction.original is not None
    assert "Billing" in interaction.original
    assert not desk.ada.reads(general)[1:]


async def test_beside_a_skill_that_takes_long_everything_is_answered_within_a_second(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    (tmp_path / "slow.py").write_text(SLOW, "utf-8")
    desk = await open_desk(skills=["slow", "tickets", "help"], skill_paths=["."])
    ada, bo = desk.ada, desk.discord.person("Bo")
    slow, quick = await asyncio.gather(ada.runs("/faq", desk.help, question="slow"), bo.runs("/help", desk.help))
    assert slow.answer_type == DEFER
    assert max(slow.took, quick.took) < SOON
    answer = await ada.sees("Here at last.", desk.help)
    assert answer is slow.original
    assert answer.ephemeral


async def test_a_form_of_seven_fields_is_paged_and_goes_on_after_a_restart(open_desk: OpenDesk, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW, "utf-8")
    settings = {"skills": ["slow", "help"], "skill_paths": ["."]}
    desk = await open_desk(**settings)
    ada = desk.ada
    await ada.runs("/faq", question="register")
    await ada.submits(await ada.sees_modal("(1/2)"), **{f"part_{number}": str(number) for number in range(5)})
    assert "What is part 5?" in await ada.sees("What is part 5?")
    await ada.presses("Go on")
    await ada.submits(await ada.sees_modal("(2/2)"), part_5="5", part_6="6")
    assert await ada.sees("Registered: 0, 1, 2, 3, 4, 5, 6")

    await ada.runs("/faq", question="register")
    await ada.submits(await ada.sees_modal("(1/2)"), **{f"part_{number}": "x" for number in range(5)})
    asked = [message for message in ada.reads() if message.buttons == ["Go on (2 of 2)"]][-1]
    assert desk.app
    await desk.app.stop()
    await open_desk(**settings)
    await ada.presses("Go on", on=asked)
    assert ada.modal is None
    await ada.hears()
    await ada.dm("y")
    await ada.sees("What is part 6?")
    await ada.dm("z")
    assert await ada.sees("Registered: x, x, x, x, x, y, z")


async def test_what_is_answered_privately_in_a_thread_stays_private_when_it_is_gone_on_with(
    open_desk: OpenDesk,
) -> None:
    desk = await open_desk()
    ada, bo = desk.ada, desk.discord.person("Bo")
    await ada.writes(desk.help, "Where can I download an invoice?")
    thread = await ada.sees_thread()
    await ada.hears(thread)
    asked = await bo.runs("/faq", thread, question="How do I reset my password?")
    assert asked.original is not None
    assert "Reset password" in asked.original
    assert asked.original.ephemeral
    await bo.presses("That helped", on=asked.original)
    assert (await bo.sees(TEXTS("faq.helped"), thread)).ephemeral
    assert not [message for message in ada.reads(thread) if TEXTS("faq.helped") in message]
    assert not bo.threads()[1:]
    assert not desk.discord.world_log.calls(ok=False)
