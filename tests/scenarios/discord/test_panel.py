"""The panel on Discord: one message with the bot's main buttons, which work for everybody and after any restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from supportbot.texts import Texts
from tests.scenarios.discord.conftest import Desk, OpenDesk

TEXTS = Texts()
BY_CATEGORY = [f"Open a ticket: {name}" for name in ("Question", "Problem", "Billing", "Something else")]


def owner_of(desk: Desk) -> Any:
    """Bring in somebody who manages the server."""
    owner = desk.discord.person("Olga")
    desk.discord.role("Owners", [owner], may=["manage_guild", "manage_messages"])
    return owner


async def with_panel(open_desk: OpenDesk, **more: Any) -> tuple[Desk, Any, Any]:
    """Open a desk whose owner has put up a panel; returns the desk, the owner and the panel."""
    desk = await open_desk(**more)
    owner = owner_of(desk)
    said = await owner.runs("/panel", desk.help)
    assert said.original is not None
    assert TEXTS("panel.put_up") in said.original
    assert said.original.ephemeral
    return desk, owner, await desk.ada.sees(TEXTS("panel.words"), desk.help)


async def test_whoever_asks_on_the_panel_is_answered_alone(open_desk: OpenDesk) -> None:
    desk, _, panel = await with_panel(open_desk)
    ada, bo = desk.ada, desk.discord.person("Bo")
    assert panel.buttons == ["Ask", *BY_CATEGORY, "My tickets"]
    await ada.presses("Ask", on=panel)
    await ada.submits(await ada.sees_modal("Ask"), question="How do I reset my password?")
    answer = await ada.sees("Reset password", desk.help)
    assert answer.only_for is ada.user
    await ada.presses("That helped", on=answer)
    assert (await ada.sees(TEXTS("faq.helped"), desk.help)).only_for is ada.user
    await bo.presses("Ask", on=panel)
    await bo.submits(await bo.sees_modal("Ask"), question="Where can I download an invoice?")
    assert (await bo.sees("Billing", desk.help)).only_for is bo.user
    assert not desk.discord.world_log.calls(ok=False)


async def test_a_ticket_of_a_category_is_opened_on_the_panel_and_each_goes_on_in_a_thread_of_its_own(
    open_desk: OpenDesk,
) -> None:
    desk, _, panel = await with_panel(open_desk)
    ada, sam = desk.ada, desk.sam
    await ada.presses("Open a ticket: Billing", on=panel)
    await ada.submits(await ada.sees_modal("Open a ticket: Billing"), subject="Wrong sum", details="Since May")
    card = await sam.hears(desk.team)
    assert "Wrong sum (Billing)" in card
    first = await ada.sees_thread("T-1001")
    assert first.kind == "private_thread"
    assert "T-1001" in await ada.hears(first)
    await sam.presses("Claim", on=card)
    await ada.sees("Sam is with you now", first)

    await ada.presses("Open a ticket: Problem", on=panel)
    await ada.submits(await ada.sees_modal("Open a ticket: Problem"), subject="It burns", details="All of it")
    assert "It burns (Problem)" in await sam.hears(desk.team)
    second = await ada.sees_thread("T-1002")
    assert "T-1002" in await ada.hears(second)

    listed = await ada.presses("My tickets", on=panel)
    assert listed is not None
    shown = await ada.sees("T-1002", desk.help)
    assert "T-1001" in shown
    assert shown.only_for is ada.user
    await ada.presses("Ask", on=panel)  # an agent has her case: she is answered by the bot all the same
    await ada.submits(await ada.sees_modal("Ask"), question=" /How do I reset my password?")  # no command
    assert (await ada.sees("Reset password", desk.help)).only_for is ada.user
    assert not desk.discord.world_log.calls(ok=False)


async def test_the_panel_works_after_a_restart_and_is_changed_in_place_when_the_configuration_was(
    open_desk: OpenDesk,
) -> None:
    desk, _, panel = await with_panel(open_desk)
    assert desk.app is not None
    await desk.app.stop()
    many = {"skills": ["greeting", {"faq": {"sources": ["faq.yaml"]}}, {"tickets": {"categories": ["A", "B", "C"]}}]}
    await open_desk(**many, texts={"panel.words": "Ask away!"})
    await desk.discord.until(lambda: "Ask away!" in panel or None, "the panel has the new words")
    assert panel.buttons == ["Ask", *(f"Open a ticket: {name}" for name in "ABC"), "My tickets"]
    await desk.ada.presses("Open a ticket: B", on=panel)
    assert "Open a ticket: B" in await desk.ada.sees_modal()
    changes = len(desk.discord.world_log.calls("Edit Message"))
    await desk.app.stop()
    few = {"skills": ["greeting", {"tickets": {"categories": []}}]}
    await open_desk(**few, texts={"panel.words": "Ask away!"})
    await desk.discord.until(lambda: panel.buttons == ["Ask", "Open a ticket", "My tickets"] or None, "it has no kinds")
    assert len(desk.discord.world_log.calls("Edit Message")) == changes + 1
    await desk.app.stop()
    await open_desk(**few, texts={"panel.words": "Ask away!"})
    await desk.ada.presses("My tickets", on=panel)
    assert await desk.ada.sees(TEXTS("tickets.none"), desk.help)
    assert len(desk.discord.world_log.calls("Edit Message")) == changes + 1, "what is current is left as it is"


REFUNDS = """\
from supportbot import Settings, Skill, Turn, on


class RefundSettings(Settings):
    \"\"\"What can be given back.\"\"\"

    kinds: tuple[str, ...] = ("Return a book", "Return a record")


class Refunds(Skill[RefundSettings]):
    \"\"\"Take things back.\"\"\"

    @on.command("refund", each="kinds")
    async def refund(self, turn: Turn) -> str:
        return f"Send it to us: {turn.args}."
"""


async def test_a_skill_of_ones_own_has_buttons_on_the_panel(open_desk: OpenDesk, tmp_path: Path) -> None:
    (tmp_path / "refunds.py").write_text(REFUNDS, "utf-8")
    kinds = [f"Kind {number}" for number in range(6)]
    skills = ["refunds", {"tickets": {"categories": kinds}}]
    desk, _, panel = await with_panel(open_desk, skills=skills, skill_paths=["."])
    assert panel.buttons == ["Ask", "Open a ticket", "Return a book", "Return a record", "My tickets"]
    await desk.ada.presses("Return a record", on=panel)
    assert (await desk.ada.sees("Send it to us: Return a record.", desk.help)).only_for is desk.ada.user
    await desk.ada.presses("Open a ticket", on=panel)
    assert "Which of these fits best?" in await desk.ada.sees_modal(), "so many categories are asked for by the form"


async def test_a_panel_that_is_put_up_again_moves_to_the_end(open_desk: OpenDesk) -> None:
    desk, owner, panel = await with_panel(open_desk)
    await desk.ada.writes(desk.help, "Hello everybody")
    await owner.runs("/panel", desk.help)
    await desk.discord.until(lambda: panel.deleted or None, "the first panel is gone")
    there = [message for message in desk.ada.reads(desk.help) if TEXTS("panel.words") in message]
    assert len(there) == 1
    await desk.ada.presses("My tickets", on=there[0])
    await desk.ada.sees(TEXTS("tickets.none"), desk.help)


async def test_only_those_who_manage_the_server_put_one_up(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    command = next(one for one in desk.discord.commands if one["name"] == "panel")
    assert int(command["default_member_permissions"]) == 1 << 5
    command["default_member_permissions"] = None  # as a server's own settings may say: it is checked when it runs
    said = await desk.sam.runs("/panel", desk.help)
    assert said.original is not None
    assert TEXTS("panel.refused") in said.original
    await desk.sam.writes(desk.help, "!panel")
    await desk.sam.sees(TEXTS("panel.refused"), desk.help)
    assert not [message for message in desk.ada.reads(desk.help) if TEXTS("panel.words") in message]


async def test_a_panel_that_cannot_be_put_up_is_told_to_the_agents(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    owner = owner_of(desk)
    desk.discord.forbids(desk.help, "send_messages")
    await owner.runs("/panel", desk.help)
    assert "couldn't put up or change a panel, because I'm not allowed to write there" in await desk.sam.hears(
        desk.team
    )
    desk.discord.allows(desk.help, "send_messages")


async def test_a_panel_that_was_deleted_is_not_missed_until_it_would_change(open_desk: OpenDesk) -> None:
    desk, owner, panel = await with_panel(open_desk)
    await owner.deletes(panel)
    assert desk.app is not None
    await desk.app.stop()
    await open_desk(texts={"panel.words": "Ask away!"})
    assert "because the message is no longer there" in await desk.sam.hears(desk.team)
    await owner.runs("/panel", desk.help)
    assert await desk.ada.sees("Ask away!", desk.help)
