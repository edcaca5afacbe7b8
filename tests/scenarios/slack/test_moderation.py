"""Moderation in Slack: whom the team blocks is not heard, and hints on privacy are given where they are wanted."""

from __future__ import annotations

from tests.scenarios.slack.conftest import OpenDesk


async def test_whoever_is_blocked_learns_it_and_is_not_heard(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    await sam.writes(team, "!block @ada advertising")
    assert "is blocked until somebody ends it" in await sam.hears(team)
    await ada.dm("Buy my things!")
    assert "the team has blocked you" in await ada.hears()
    await ada.dm("I want to talk to a human")
    await sam.writes(team, "!unblock @ada")
    assert "can write to us again" in await sam.hears(team)
    await ada.dm("I forgot my password")
    assert "Settings" in await ada.hears()
    assert not [message for message in sam.reads(team) if "things" in message or "T-1001" in message]


async def test_hints_are_given_where_they_are_wanted(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"privacy_hint": True})
    await desk.ada.writes(desk.help, "It did not come, I'm ada@lovelace.example")
    hint = await desk.ada.hears(desk.help)
    assert "there is an e-mail address in your message" in hint
    assert not [message for message in desk.sam.reads(desk.help) if "e-mail address in" in message]
