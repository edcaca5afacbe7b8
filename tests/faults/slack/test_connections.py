"""Connections that end in every way there is: others take their place, and nothing that was said is lost."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from supportbot.adapters.pauses import pause
from supportbot.adapters.slack.adapter import Slack
from supportbot.adapters.slack.sockets import Patience, Sockets
from supportbot.app import App
from supportbot.clock import MINUTE
from supportbot.testing.slack import Delivery, SlackWorld
from supportbot.testing.slack.sockets import Connection
from tests.faults.platforms.skills import Clerk
from tests.faults.slack.conftest import answered, said, serving

HASTY = Patience(silence=0.3, apart=0.0, lasts=0.0, pauses=(0.001, 0.01))
"""What takes a minute in earnest, in a fraction of a second."""


class Hasty(Slack):
    """A Slack adapter that waits for nothing as long as it does in earnest."""

    def _made_transport(self) -> Any:
        made = super()._made_transport()
        assert isinstance(made, Sockets)
        made._patience = HASTY
        return made


class Line:
    """The lines between Slack and the bot, on which a test's trouble lies."""

    def __init__(self, slack: SlackWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slack = slack
        self.chance = random.Random(11)
        self._took: dict[str, Connection] = {}
        say = Connection.say

        def note(connection: Connection, frame: dict[str, Any]) -> None:
            self._took[frame.get("envelope_id", "")] = connection
            say(connection, frame)

        monkeypatch.setattr(Connection, "say", note)
        waits = (0, *[MINUTE] * 20)  # Slack's four tries take it six minutes, in which far more is mended than here
        monkeypatch.setattr("supportbot.testing.slack.deliveries.WAITS", waits)

    def one(self) -> Connection:
        """Choose a connection."""
        return self.chance.choice(self.slack.sockets.connections)

    def is_well(self) -> bool:
        """Tell whether all that is configured hears."""
        healthy = [connection for connection in self.slack.sockets.connections if connection.usable]
        return len(healthy) == 2 and not any(connection.deaf for connection in healthy)

    def is_one_deaf(self) -> bool:
        """Tell whether there is a connection that answers pings, and brings nothing."""
        return any(one.usable and one.deaf and not one.frozen for one in self.slack.sockets.connections)

    async def mends(self) -> None:
        """Wait until everything is told and acknowledged; what was swallowed is told again when somebody hears it."""

        def look() -> bool | None:
            if not self.slack.deliveries.waiting():
                return True
            connections = self.slack.sockets.connections
            if any(connection.usable and not connection.deaf for connection in connections):
                for delivery in self.slack.deliveries.waiting():
                    if not delivery.running or self._is_swallowed(delivery):
                        self._tell_again(delivery)
            return None

        await self.slack.until(look, "everything was acknowledged")

    def _is_swallowed(self, delivery: Delivery) -> bool:
        taker = self._took.get(delivery.attempts[-1])
        return taker is None or taker.deaf or taker not in self.slack.sockets.connections

    def _tell_again(self, delivery: Delivery) -> None:
        self.slack.deliveries.fail(delivery.attempts[-1], "timeout")
        if delivery.due is not None:
            self.slack.deliveries.attempt(delivery)


def broken(method: str) -> Callable[[Line], None]:
    """Let the next three requests for a connection fail, when all are needed."""

    def trouble(line: Line) -> None:
        getattr(line.slack.trouble, method)("apps.connections.open", times=3)
        line.slack.sockets.drop()

    return trouble


def refuse(line: Line) -> None:
    """Give out addresses for the next connections at which nobody answers."""
    sockets, ticket = line.slack.sockets, line.slack.sockets.ticket
    left = [1, 2, 3]

    def refusing() -> str:
        if left.pop() == 1:
            sockets.ticket = ticket  # type: ignore[method-assign]
        return ticket().replace("ticket=", "ticket=not-")

    sockets.ticket = refusing  # type: ignore[method-assign]
    sockets.drop()


TROUBLES: dict[str, Callable[[Line], None]] = {
    "one is refreshed": lambda line: line.slack.sockets.refresh(line.one()),
    "all are refreshed": lambda line: line.slack.sockets.refresh(),
    "one is dropped": lambda line: line.slack.sockets.drop(line.one()),
    "all are dropped": lambda line: line.slack.sockets.drop(),
    "one goes deaf": lambda line: line.slack.sockets.deafen(line.one()),
    "one is frozen": lambda line: line.slack.sockets.deafen(line.one(), frozen=True),
    "all are frozen": lambda line: line.slack.sockets.deafen(frozen=True),
    "no connection is given out": broken("breaks"),
    "asked to wait for a connection": broken("rate_limits"),
    "requests for a connection get no answer": broken("hangs_up"),
    "handshakes are refused": refuse,
}


@asynccontextmanager
async def hasty(slack: SlackWorld, folder: Path) -> AsyncIterator[App]:
    """Run a bot with two connections."""
    slack.patience = 60
    team = slack.channel("team", [], private=True)
    async with serving(slack, folder, team.id, own=[Clerk()], adapter=Hasty, storage="tinydb:memory") as app:
        await slack.sockets.connected(2)
        yield app


async def disconnect(line: Line, folder: Path, troubles: list[str]) -> None:
    """Talk while connections end; afterwards everything was answered once, and all connections stand."""
    slack, ada, words = line.slack, line.slack.person("Ada"), []
    async with hasty(slack, folder) as app:
        for number, trouble in enumerate(troubles):
            TROUBLES[trouble](line)
            words += [f"message {number}.{part}" for part in range(2)]
            for said_now in words[-2:]:
                await ada.dm(said_now)
            await line.mends()
            while line.is_one_deaf():  # nobody can know it before it swallows something
                words.append(f"message {len(words)}")
                await ada.dm(words[-1])
                await line.mends()
            await slack.until(lambda: line.is_well() or None, f"the bot is well again after {trouble}")
        await line.mends()
        await answered(slack, app)
        assert app.adapters["slack"].trouble == ""
    assert not [delivery for delivery in slack.deliveries.all if delivery.state == "given up"]
    lines = [words for message in said(ada.direct) for words in message.shown.split("\n") if words]
    assert sorted(lines) == sorted(words)


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_messages_that_meet_the_end_of_a_connection_are_answered_once(
    slack_world: SlackWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    await disconnect(Line(slack_world, monkeypatch), tmp_path, [trouble, trouble])


@pytest.mark.parametrize("trouble", ["one is refreshed", "one is dropped"])
async def test_while_one_connection_renews_the_other_is_there(
    slack_world: SlackWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    await disconnect(Line(slack_world, monkeypatch), tmp_path, [trouble] * 10)
    assert not [delivery for delivery in slack_world.deliveries.all if "connection_failed" in delivery.failures]


@pytest.mark.full
async def test_500_disconnects_of_every_kind_lose_nothing(
    slack_world: SlackWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(slack_world, monkeypatch)
    await disconnect(line, tmp_path, [line.chance.choice(list(TROUBLES)) for _ in range(500)])


def test_a_connection_that_nothing_comes_down_is_given_up_within_a_minute() -> None:
    assert Patience().silence <= 60


def test_tries_that_fail_come_further_and_further_apart_up_to_a_limit_and_never_in_step() -> None:
    pauses = [pause(Patience().pauses, failures) for failures in range(1, 50)]
    assert max(pauses) <= 30
    assert min(pauses[10:]) >= 15
    assert len(set(pauses)) == len(pauses)
