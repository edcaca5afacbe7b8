"""Payloads that name one workspace and mean another: whatever they say, what is in one is not touched from another."""

from __future__ import annotations

import copy
import itertools
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from supportbot.app import App
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.ticket import TICKETS
from supportbot.testing.slack import Message, SlackWorld
from supportbot.testing.slack.blocks import interactive
from tests.faults.slack.conftest import MODES, answered, said, serving

SKILLS = ["tickets", "handoff", {"survey": {"delay": "0s"}}, "help"]

Payload = dict[str, Any]


class World:
    """Ada's case waits for the agent Sam; Zoe of Acme, where the app is installed, too, has a case of her own."""

    def __init__(self, slack: SlackWorld) -> None:
        self.slack = slack
        self.acme = slack.other_workspace("Acme", installed=True)
        self.ada, self.sam = slack.person("Ada"), slack.person("Sam")
        self.zoe = slack.person("Zoe", workspace=self.acme)
        self.team = slack.channel("team", [self.sam], private=True)
        self.app: App
        self.card: Message
        self._ids = itertools.count()

    async def begins(self) -> None:
        for person in (self.ada, self.zoe):
            await person.dm("I want to talk to a human")
            await answered(self.slack, self.app)
        self.card = said(self.team)[0]
        assert "T-1001" in self.card

    async def told(self, kind: Any, payload: Payload) -> None:
        """Tell the bot something that nobody did."""
        number = next(self._ids)
        payload = {**payload, "event_id": f"EvForged{number}", "trigger_id": f"forged.{number}"}
        self.slack.deliveries.deliver(kind, payload)
        await self.slack.settled()
        await self.app.bot.crew.idle()

    def event(self, event: Payload, workspace: str) -> Payload:
        """Wrap an event as of one workspace."""
        real = next(one.payload for one in self.slack.deliveries.all if one.kind == "events_api")
        named = {**real["authorizations"][0], "team_id": workspace}
        stamp = f"{1_900_000_000 + next(self._ids)}.000100"
        event = {"type": "message", "ts": stamp, "event_ts": stamp, "client_msg_id": stamp, **event}
        return {**copy.deepcopy(real), "event": event, "authorizations": [named], "context_team_id": workspace}

    def press(self, on: Message, label: str, user: str, workspace: str, **more: Any) -> Payload:
        """Press a button of a message, as somebody of a workspace."""
        (element,) = [element for _, element in interactive(on.blocks) if element["text"]["text"] == label]
        place = {"type": "message", "message_ts": on.ts, "channel_id": on.channel_id}
        who = {"id": user, "username": "x", "name": "x", "team_id": workspace}
        action = {"type": "button", "action_id": element["action_id"], "value": element["value"], "action_ts": "1.2"}
        body = {"type": "block_actions", "user": who, "team": {"id": workspace}, "container": place}
        return {**body, "channel": {"id": on.channel_id}, "actions": [action], **more}

    async def stands(self) -> list[Any]:
        """Tell how all that could be touched stands."""
        store = self.app.store
        cases = [case for case in (await store.find(CONVERSATIONS, "age")).items if case.ticket]
        tickets = [(await store.find(TICKETS, "conversation", case.id)).items for case in cases]
        owners = [(case.id, case.owner, case.agent) for case in cases]
        return [owners, [(ticket.reference, ticket.status) for found in tickets for ticket in found]]


@pytest.fixture(params=MODES)
async def world(slack_world: SlackWorld, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    made = World(slack_world)
    more: dict[str, Any] = {
        "mode": request.param,
        "slack": {"workspaces": {"acme": "${ACME}"}},
        "secrets": {"ACME": made.acme.bot_token},
        "skills": SKILLS,
        "storage": "tinydb:memory",
    }
    async with serving(slack_world, tmp_path, made.team.id, **more) as made.app:
        await made.begins()
        yield made


async def test_what_is_pressed_or_said_in_the_name_of_the_wrong_workspace_touches_nothing(world: World) -> None:
    before = await world.stands()
    acme, main = world.acme.id, world.slack.workspace.id
    record = world.card.record(metadata=False)
    of_acme = {**record, "bot_id": world.acme.installed_bot.bot_id}
    sam, card, thread = world.sam.id, world.card, {"channel": world.team.id, "thread_ts": world.card.ts}
    forged: list[tuple[str, Payload]] = [
        ("interactive", world.press(card, "Claim", sam, acme)),  # an agent's id, in a workspace without agents
        ("interactive", world.press(card, "Claim", sam, acme, message=of_acme)),
        ("interactive", world.press(card, "Claim", sam, main, message=of_acme)),
        ("interactive", world.press(card, "Claim", world.zoe.id, acme, message=record)),  # no agent, on the real card
        ("interactive", world.press(card, "Claim", world.zoe.id, main, message=record)),
        ("events_api", world.event({"user": sam, "text": "/solve T-1001", **thread}, acme)),
        ("events_api", world.event({"user": world.zoe.id, "text": "/solve T-1001", **thread}, main)),
        ("events_api", world.event({"user": world.ada.id, "text": "/cancel", "channel": world.zoe.direct.id}, main)),
        ("events_api", world.event({"user": world.zoe.id, "text": "/cancel", "channel": world.ada.direct.id}, acme)),
    ]
    for kind, payload in forged:
        await world.told(kind, payload)
        assert await world.stands() == before, payload
    await world.told("interactive", world.press(card, "Claim", sam, main, message=record))
    assert await world.stands() != before  # that is how it looks when it is real


async def test_payloads_of_mixed_workspaces_show_nobody_what_is_said_in_another(world: World) -> None:
    chance, slack = random.Random(5), world.slack
    await world.sam.presses("Claim", on=world.card)
    await world.sam.writes(world.team, "the secret of ada", thread=world.card)
    await answered(slack, world.app)
    assert "the secret of ada" in said(world.ada.direct)[-1]
    teams, users = [world.acme.id, slack.workspace.id, "T0ELSE"], [world.sam.id, world.zoe.id, world.ada.id]
    rooms = [world.team.id, world.ada.direct.id, world.zoe.direct.id]
    for _ in range(40):
        words = chance.choice(("/status T-1001", "/tickets", "/queue", "/here always", "/release T-1001", "hello"))
        team, user, room = chance.choice(teams), chance.choice(users), chance.choice(rooms)
        if team == slack.workspace.id and user == world.sam.id:
            continue  # that would be the agent himself
        payload = world.event({"user": user, "text": words, "channel": room}, team)
        if chance.random() < 0.5:
            payload["context_team_id"] = chance.choice(teams)
        payload["team_id"] = chance.choice(teams)
        slack.deliveries.deliver("events_api", {**payload, "event_id": f"Ev{next(world._ids)}"})
    await answered(slack, world.app)
    shown = " ".join(map(str, said(world.zoe.direct)))
    assert "secret" not in shown
    assert "T-1001" not in shown
