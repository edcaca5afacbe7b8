"""The four jobs in Slack, as people see them: an answer, a ticket, a person, and a rating."""

from __future__ import annotations

from tests.scenarios.slack.conftest import OpenDesk


async def test_a_question_a_person_and_a_rating(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team

    await ada.dm("how do I reset my password?")
    answer = await ada.hears()
    assert "Open Settings, then Security" in answer
    assert answer.buttons[:2] == ["That helped", "Not quite"]

    await ada.dm("I want to talk to a human")
    assert "T-1" in await ada.hears()
    card = await sam.hears(team)
    assert "T-1" in card
    assert "ada would like to talk to a person" in card
    await sam.presses("Claim", on=card)
    assert "sam is with you now" in await ada.hears()

    await sam.writes(team, "Hello Ada, what is wrong?", thread=card)
    assert "Hello Ada, what is wrong?" in await ada.hears()
    await ada.dm("It says my account is locked")
    await sam.sees("It says my account is locked", team)
    await sam.writes(team, "// looks like the old bug", thread=card)
    await sam.writes(team, "/solve Unlocked!", thread=card)
    assert "Unlocked!" in await ada.hears()
    assert "solved" in await ada.hears()
    await ada.hears()
    await ada.presses("5")
    assert "Thank you" in await ada.hears()
    assert not [message for message in ada.unheard() if "old bug" in message]
    assert not [call for call in desk.slack.world_log.calls() if not call.ok]
