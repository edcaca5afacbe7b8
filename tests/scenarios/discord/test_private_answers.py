"""What is personal is answered to whoever asked, and to nobody else in the room."""

from __future__ import annotations

import pytest

from tests.scenarios.discord.conftest import Desk, OpenDesk


async def with_a_ticket(desk: Desk) -> None:
    """Let ada have a ticket, opened in her direct messages."""
    await desk.ada.dm("/human my invoice is wrong")
    assert "T-1001" in await desk.ada.hears()


@pytest.mark.parametrize("typed", ["/tickets", "/status T-1001"])
async def test_a_command_that_is_typed_in_public_is_answered_in_direct_messages(
    open_desk: OpenDesk, typed: str
) -> None:
    desk = await open_desk()
    await with_a_ticket(desk)
    ada, bo = desk.ada, desk.discord.person("Bo")
    await ada.writes(desk.help, f"@supportbot {typed}")
    told = await ada.hears()
    assert "T-1001" in told
    seen = [message for room in (desk.help, *bo.threads()) for message in bo.reads(room)]
    assert not any("T-1001" in message for message in seen if message.author is desk.discord.bot)
    await ada.writes(desk.help, typed)  # a channel of the bot's: without a mention
    assert "T-1001" in await ada.hears()


async def test_it_is_answered_in_a_private_thread_where_direct_messages_are_closed(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await with_a_ticket(desk)
    ada, bo = desk.ada, desk.discord.person("Bo")
    await ada.closes_direct_messages()
    await ada.writes(desk.help, "/tickets")
    private = await ada.sees_thread()
    assert private.kind == "private_thread"
    assert "T-1001" in await ada.hears(private)
    assert private not in bo.threads()


@pytest.mark.parametrize(("command", "options"), [("/tickets", {}), ("/status", {"reference": "T-1001"})])
async def test_a_command_that_is_chosen_in_public_is_answered_where_only_they_see_it(
    open_desk: OpenDesk, command: str, options: dict[str, str]
) -> None:
    desk = await open_desk()
    await with_a_ticket(desk)
    ada, bo = desk.ada, desk.discord.person("Bo")
    topic = await ada.writes(desk.help, "Where can I download an invoice?")
    public = await ada.sees_thread("Where can I")
    for room in (desk.help, public):
        told = (await ada.runs(command, room, **options)).original
        assert "T-1001" in told
        assert told.ephemeral
        assert told not in bo.reads(room)
    assert topic.thread_id == public.id


async def test_nobody_sees_anothers_ticket(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await with_a_ticket(desk)
    bo = desk.discord.person("Bo")
    status = await bo.runs("/status", desk.help, reference="T-1001")
    tickets = await bo.runs("/tickets", desk.help)
    assert status.original
    assert tickets.original
    assert "my invoice" not in status.original
    assert "T-1001" not in tickets.original
    assert not desk.discord.world_log.calls(ok=False)
