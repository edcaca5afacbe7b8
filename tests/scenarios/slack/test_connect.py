"""Slack Connect: customers in shared channels are people of another workspace, and are helped by words and buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from supportbot.domain.conversation import CONVERSATIONS
from tests.scenarios.slack.conftest import Desk, OpenDesk


@dataclass
class Customer:
    """Zoe of Acme, and the channel that Acme shares with the team."""

    zoe: Any
    room: Any


def customer(desk: Desk) -> Customer:
    acme = desk.slack.other_workspace("Acme")
    zoe = desk.slack.person("Zoe", workspace=acme)
    return Customer(zoe, desk.slack.channel("ext-acme", [zoe, desk.sam], shared_with=[acme]))


async def test_a_customer_gets_an_answer_a_person_and_a_rating_in_the_thread(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"channels": {"shared": "always"}})
    acme = customer(desk)
    zoe, sam = acme.zoe, desk.sam

    topic = await zoe.writes(acme.room, "how do I reset my password?")
    answer = await zoe.hears(acme.room, thread=topic)
    assert "Open Settings" in answer
    await zoe.presses("Not quite", on=answer)
    sorry = await zoe.hears(acme.room, thread=topic)
    await zoe.presses("Talk to a person", on=sorry)
    assert "T-1" in await zoe.hears(acme.room, thread=topic)

    card = await sam.hears(desk.team)
    assert "zoe (Acme)" in card
    await sam.presses("Claim", on=card)
    assert "sam is with you" in await zoe.hears(acme.room, thread=topic)
    await zoe.writes(acme.room, "it says locked", thread=topic)
    await sam.sees("it says locked", desk.team)
    await sam.writes(desk.team, "/solve Unlocked it.", thread=card)
    assert "Unlocked it." in await zoe.hears(acme.room, thread=topic)
    assert "solved" in await zoe.hears(acme.room, thread=topic)
    await zoe.hears(acme.room, thread=topic)
    await zoe.presses("5")
    assert "Thank you" in await zoe.hears(acme.room, thread=topic)


async def test_the_customers_of_a_shared_channel_are_the_teams_own_tenant(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"channels": {"shared": "always"}})
    acme = customer(desk)
    topic = await acme.zoe.writes(acme.room, "how do I reset my password?")
    await acme.zoe.hears(acme.room, thread=topic)
    assert desk.app is not None
    found = await desk.app.store.find(CONVERSATIONS, "age")
    assert {case.tenant for case in found.items} == {"main"}
    assert {case.requester.id.split("/")[1] for case in found.items} == {desk.slack.workspace.id}


async def test_people_of_another_workspace_are_no_agents_even_in_the_agents_channel(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    acme = customer(desk)
    await desk.slack.shares(desk.team, acme.zoe.user.workspace)
    await acme.zoe.joins(desk.team)
    await desk.ada.dm("/human my printer is on fire")
    card = await desk.sam.hears(desk.team)
    await acme.zoe.presses("Claim", on=card)
    assert await acme.zoe.sees("only the support team", desk.team, thread=card)
    assert "with you" not in str(desk.ada.unheard())


async def test_a_partner_who_is_listed_is_an_agent(open_desk: OpenDesk) -> None:
    desk = await open_desk(starts=False)
    acme = customer(desk)
    desk = await open_desk(slack={"outside_agents": [acme.zoe.id]})
    await desk.slack.shares(desk.team, acme.zoe.user.workspace)
    await acme.zoe.joins(desk.team)
    await desk.ada.dm("/human my printer is on fire")
    await desk.ada.hears()
    card = await acme.zoe.hears(desk.team)
    await acme.zoe.presses("Claim", on=card)
    assert "zoe is with you" in await desk.ada.hears()


async def test_where_the_bot_may_not_write_directly_the_answer_stays_in_the_thread(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"ticket_emoji": "ticket"})
    acme = customer(desk)
    topic = await desk.sam.writes(acme.room, "Your export is broken again?")
    await acme.zoe.reacts(topic, "ticket")
    heard = await acme.zoe.hears(acme.room, thread=topic)
    assert "T-1" in heard or "ticket" in heard.shown.lower()
