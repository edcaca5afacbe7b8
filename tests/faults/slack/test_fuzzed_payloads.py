"""Payloads that Slack never sent: none ends the bot, and it goes on to answer; what is well formed is acknowledged."""

from __future__ import annotations

import copy
import random
import time
from pathlib import Path
from typing import Any

import pytest

from supportbot.adapters.slack.adapter import Slack
from supportbot.app import App
from supportbot.testing.slack import SlackWorld
from tests.faults.platforms.fuzzing import LONGEST_HOLD, ODD, Payload, mutated, without_others_garbage
from tests.faults.platforms.skills import Clerk
from tests.faults.slack.conftest import MODES, said, serving


async def recorded(slack: SlackWorld) -> list[Payload]:
    """Let people do all that they can do, and take down what Slack tells of it."""
    ada, sam = slack.person("Ada"), slack.person("Sam")
    room = slack.channel("help", [ada, sam])
    message = await ada.writes(room, "@supportbot how do I reset my *password*? https://example.com @Sam")
    await sam.writes(room, "like this", thread=message)
    await ada.edits(message, "how do I?")
    await ada.reacts(message, "ticket")
    await ada.unreacts(message, "ticket")
    await slack.unfurls(message)
    await ada.deletes(message)
    await ada.uploads(room, "log.txt", b"data", "see this")
    await slack.posts(slack.other_bot("Jenkins"), room, "Build failed")
    await ada.leaves(room)
    await ada.joins(room)
    await slack.renames(room, "support")
    await slack.shares(room, slack.other_workspace("Acme"))
    await ada.opens_home()
    await ada.dm("hello")
    slack.subscriptions.update({"user_change", "subteam_updated"})
    told = [copy.deepcopy(delivery.payload) for delivery in slack.deliveries.all]
    return told + interactions(slack, told[0], ada.id, ada.direct.id)


def interactions(slack: SlackWorld, event: Payload, user: str, channel: str) -> list[Payload]:
    """Write down what Slack tells of presses, commands, shortcuts and forms."""
    who = {"id": user, "username": "ada", "name": "ada", "team_id": slack.workspace.id}
    body = {
        "user": who,
        "team": {"id": slack.workspace.id, "domain": "e"},
        "api_app_id": slack.app_id,
        "trigger_id": "1.2",
    }
    message = {"type": "message", "ts": "1700000000.000100", "text": "hi", "user": user}
    place = {"type": "message", "message_ts": message["ts"], "channel_id": channel}
    action = {"type": "button", "action_id": "o_1.0", "block_id": "b", "value": "o_1.0", "action_ts": "1700000000.1"}
    view = {"id": "V1", "type": "modal", "callback_id": "supportbot", "private_metadata": "{}", "state": {"values": {}}}
    channel_of = {"id": channel, "name": "directmessage"}
    pressed = {"container": place, "channel": channel_of, "message": message, "actions": [action]}
    return [
        {"type": "block_actions", **body, **pressed},
        {"type": "message_action", **body, "callback_id": "open_ticket", "channel": channel_of, "message": message},
        {"type": "view_submission", **body, "view": view},
        {"type": "view_closed", **body, "view": view},
        {"command": "/support", "text": "ticket", "user_id": user, "channel_id": channel, "team_id": slack.workspace.id,
         "trigger_id": "3.4", "response_url": "https://example.com"},
    ]  # fmt: skip


async def fuzz(slack: SlackWorld, folder: Path, count: int) -> float:
    """Hand the adapter so many mutated payloads; returns how long it held the loop at the most."""
    payloads, chance = await recorded(slack), random.Random(9)
    team, bob = slack.channel("team", [], private=True), slack.person("Bob")
    emoji = {"ticket_emoji": "ticket"}
    async with serving(slack, folder, team.id, own=[Clerk()], storage="tinydb:memory", slack=emoji) as app:
        adapter, held = app.adapters["slack"], 0.0
        assert isinstance(adapter, Slack)
        with without_others_garbage():
            for number in range(count):
                payload = mutated(chance.choice(payloads), chance)
                since = time.thread_time()
                answer = await adapter._from_socket({"envelope_id": "e", "payload": payload})
                held = max(held, time.thread_time() - since)
                assert answer is None or isinstance(answer, dict)
                if number % 500 == 0:
                    await app.bot.crew.idle()
        await goes_on(slack, app, bob)
    return held


async def goes_on(slack: SlackWorld, app: App, bob: Any) -> None:
    await bob.dm("still there?")
    await slack.settled()
    await app.bot.crew.idle()
    assert "still there?" in said(bob.direct)[-1]


async def test_mutated_payloads_do_not_stop_the_bot(slack_world: SlackWorld, tmp_path: Path) -> None:
    await fuzz(slack_world, tmp_path, 500)


@pytest.mark.full
async def test_10_000_mutated_payloads_do_not_stop_the_bot_or_hold_it_up(
    slack_world: SlackWorld, tmp_path: Path
) -> None:
    assert await fuzz(slack_world, tmp_path, 10_000) < LONGEST_HOLD


@pytest.mark.parametrize("mode", MODES)
async def test_every_well_formed_event_of_an_unknown_kind_is_acknowledged_the_first_time(
    slack_world: SlackWorld, tmp_path: Path, mode: str
) -> None:
    chance, slack = random.Random(10), slack_world
    told = (await recorded(slack))[0]
    team = slack.channel("team", [], private=True)
    async with serving(slack, tmp_path, team.id, mode=mode, own=[Clerk()], storage="tinydb:memory"):
        before = len(slack.deliveries.all)
        for number in range(100):
            event = {"type": f"kind_{number}", "event_ts": told["event"]["event_ts"], "user": chance.choice(ODD)}
            payload = {**told, "event_id": f"Ev{number}", "event": {**event, "thing": chance.choice(ODD)}}
            if "\ud800" not in (event["user"], payload["event"]["thing"]):
                slack.deliveries.deliver("events_api", payload)
        await slack.settled()
        new = slack.deliveries.all[before:]
        assert {(delivery.state, len(delivery.attempts)) for delivery in new} == {("acknowledged", 1)}
