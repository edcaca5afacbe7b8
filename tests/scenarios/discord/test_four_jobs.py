"""The four jobs on Discord, as people see them: an answer, a ticket, a person, and a rating."""

from __future__ import annotations

from tests.scenarios.discord.conftest import OpenDesk


async def test_a_question_a_person_and_a_rating(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team

    await ada.runs("/faq", desk.help, question="I forgot my password")
    answer = await ada.hears(desk.help)
    assert answer.only_for is ada.user
    assert "Open **Settings**, then *Security*" in answer
    assert answer.buttons == ["That helped", "Not quite", "Talk to a person"]

    await ada.dm("That did not help, I want to talk to a human")
    assert "T-1001" in await ada.hears()
    card = await sam.hears(team)
    assert "T-1001" in card
    assert "Ada would like to talk to a person" in card
    thread = await sam.sees_thread("T-1001")
    await sam.presses("Claim", on=card)
    assert "Sam is with you now" in await ada.hears()

    await sam.writes(thread, "Hello Ada, what is wrong?")
    assert "Hello Ada, what is wrong?" in await ada.hears()
    await ada.dm("It says my account is locked")
    await sam.sees("It says my account is locked", thread)
    await sam.writes(thread, "// looks like the old bug")
    await sam.runs("/solve", thread, words="Unlocked!")
    assert "Unlocked!" in await ada.hears()
    assert "T-1001 is solved" in await ada.hears()
    assert (await ada.hears()).buttons[-1] == "5 – very good"
    await ada.presses("5")
    assert "Thank you" in await ada.hears()
    assert not [message for message in ada.reads() if "old bug" in message]
    assert not desk.discord.world_log.calls(ok=False)


async def test_a_ticket_that_is_opened_in_public_goes_on_in_private(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team

    question = await ada.writes(desk.help, "Where can I download an invoice?")
    thread = await ada.sees_thread("Where can I download")
    assert thread.id == question.id
    assert "Billing" in await ada.hears(thread)

    await ada.writes(thread, "/ticket my invoice is wrong")
    await ada.hears(thread)
    await ada.presses("Billing")
    await ada.hears(thread)
    await ada.writes(thread, "The sum is wrong since May")
    assert "Shall I open the ticket?" in await ada.hears(thread)
    await ada.presses("Yes")
    private = await ada.sees_thread("T-1001")
    assert private.kind == "private_thread"
    assert private.mention in await ada.hears(thread)
    assert "Your ticket is T-1001" in await ada.hears(private)

    card = await sam.hears(team)
    assert "my invoice is wrong" in card
    await sam.presses("Claim", on=card)
    assert "Sam is with you now" in await ada.hears(private)
    await sam.writes(team, "Which one is it?", thread=card)
    assert "Which one is it?" in await ada.hears(private)
    await ada.writes(private, "That of May")
    await sam.sees("That of May", team, thread=card)
    await sam.writes(team, "/solve Here is a new one.", thread=card)
    assert "Here is a new one." in await ada.hears(private)
    assert "solved" in await ada.hears(private)
    await ada.hears(private)
    await ada.presses("5")
    assert "Thank you" in await ada.hears(private)
    assert not ada.unheard(thread)
    assert not desk.discord.world_log.calls(ok=False)
