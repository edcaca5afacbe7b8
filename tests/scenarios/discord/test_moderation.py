"""Moderation on Discord: whom the team blocks, who may not open a ticket yet, and who says too much in public."""

from __future__ import annotations

import pytest

from tests.scenarios.discord.conftest import OpenDesk


async def test_whoever_is_blocked_learns_it_alone_and_is_not_heard(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    await sam.writes(team, "/block @Ada 7d advertising")
    assert "Ada is blocked until" in await sam.hears(team)

    await ada.dm("Buy my things!")
    refusal = await ada.hears()
    assert "the team has blocked you until" in refusal
    assert "advertising" in refusal
    await ada.runs("/human", desk.help, reason="at once")
    await sam.writes(team, "/unblock @Ada")
    assert "Ada can write to us again" in await sam.hears(team)
    await ada.dm("I forgot my password")
    assert "Open **Settings**" in await ada.hears()
    assert not [message for message in sam.reads(team) if "things" in message or "T-1001" in message]


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ({"account_age": "2h"}, "your account is younger than 1 day"),
        ({"member_for": "1m"}, "you've been here for less than 10 minutes"),
    ],
)
async def test_whoever_came_just_now_opens_no_ticket_yet(open_desk: OpenDesk, about: dict[str, str], told: str) -> None:
    desk = await open_desk(limits={"account_age": "1d", "member_for": "10m"})
    bo = desk.discord.person("Bo", **about)
    await bo.runs("/human", desk.help, reason="at once")
    refusal = await bo.hears(desk.help)
    assert told in refusal
    assert refusal.only_for is bo.user
    await desk.ada.runs("/human", desk.help, reason="at once")
    assert "T-1001" in await desk.sam.hears(desk.team)


async def test_whoever_writes_an_address_in_public_is_told_alone(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.ada.writes(desk.help, "It did not come, I'm ada@lovelace.example")
    assert "there is an e-mail address in your message" in await desk.ada.hears()
    assert not [message for message in desk.sam.reads(desk.help) if "e-mail address" in message]
