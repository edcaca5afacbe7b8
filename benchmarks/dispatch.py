"""Compare dispatch alone: ``python benchmarks/dispatch.py [--quick]``, with what requirements.txt names installed.

One message, ten skills, the last of which it concerns; nothing is stored and nothing is sent. Each contender folds or
takes the text as it does in life, chooses the handler and calls it; the handler only looks at the text.

    bare loop       ten compiled patterns of `re`, one after another: the floor
    supportbot      the words are folded, the handler is looked up and called in isolation
    … with a turn   the whole of Dispatch.message: the scene, the turn with its journal, and the reply put on the ledger
    slack-machine   its handle_message with ten plugins, its log of handled messages off
    Bolt            AsyncApp.async_dispatch with ten message listeners, without verification of signatures

CPU is the process's time in microseconds a message: the median of several rounds, taken in turn.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import re
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from machine.clients.slack import SlackClient
from machine.handlers.message_handler import generate_message_matcher, handle_message
from machine.models.core import MessageHandler, RegisteredActions
from machine.models.user import Profile, User
from machine.plugins.base import MachineBasePlugin
from machine.plugins.decorators import listen_to
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest

from supportbot import Settings, Skill, Turn, logs, match, on
from supportbot.clock import SystemClock
from supportbot.config import DeskSettings
from supportbot.desk.case import Case
from supportbot.desk.ledger import Ledger
from supportbot.desk.rules import Rules
from supportbot.domain.address import Address
from supportbot.domain.conversation import Conversation
from supportbot.domain.event import Event
from supportbot.domain.person import Person
from supportbot.domain.schema import SCHEMA
from supportbot.knowledge.base import Knowledge
from supportbot.pipeline.blocks import Blocks
from supportbot.pipeline.dispatch import Dispatch
from supportbot.pipeline.handlers import Handlers
from supportbot.pipeline.isolation import Isolation
from supportbot.pipeline.ownership import Scene
from supportbot.pipeline.rooms import Rooms
from supportbot.pipeline.running import Running
from supportbot.pipeline.switches import Switches
from supportbot.skills.match import Said
from supportbot.storage.open import open_store
from supportbot.texts import Texts

SKILLS = 10
WORDS = [f"topic{number}" for number in range(SKILLS - 1)] + ["weather"]
TEXT = "Hello, could you tell me how the weather in Lisbon is today, please?"
LIMIT = 0.5

Once = Callable[[], Awaitable[object]]
heard: Counter[str] = Counter()


def hear(text: str) -> None:
    """Count, so that every contender can be seen to have called its handler."""
    heard[text] += 1


# --- the contenders -----------------------------------------------------------------------------------------------


def bare_loop() -> Once:
    patterns = [re.compile(rf"\b{word}\b", re.IGNORECASE) for word in WORDS]

    async def handler(text: str) -> None:
        hear(text)

    async def dispatch() -> None:
        for pattern in patterns:
            if pattern.search(TEXT):
                await handler(TEXT)

    return dispatch


def answering(word: str) -> Skill[Settings]:
    class Answering(Skill[Settings]):
        """Look at one word."""

        name = f"answers_{word}"

        @on.message(match.words(word))
        async def answer(self, turn: Turn) -> str:
            hear(turn.text)
            return turn.text

    return Answering(Settings())


def supportbot(handlers: Handlers) -> Once:
    isolation, turn = Isolation(), SimpleNamespace(text=TEXT)

    async def slow() -> None:
        """Never reached: nothing here is slow."""

    async def dispatch() -> None:
        for handler, _ in handlers.messages.concerned(Said(TEXT)):
            await isolation.call(handler, turn, slow)  # type: ignore[arg-type] # a stand-in for the turn
            return

    return dispatch


async def supportbot_with_a_turn(handlers: Handlers) -> Once:
    clock = SystemClock()
    store = await open_store("tinydb:memory", SCHEMA, clock=clock)
    place, ada = Address("console", "local", "@ada"), Person("console/local/ada", "ada")
    rules = Rules(settings=DeskSettings(), agents=Address("console", "local", "#agents"), texts=Texts())
    switches = Switches(clock)
    running = Running(Isolation(), switches, Knowledge(), lambda _: asyncio.sleep(0))
    blocks = Blocks(store, rules, clock, is_agent=lambda _: asyncio.sleep(0, False))
    dispatcher = Dispatch(handlers, running, switches, Rooms(store, clock), blocks)
    event = Event(key="m1", kind="message", address=place, person=ada, at=clock.now(), text=TEXT)
    conversation = Conversation(id="c1", tenant="main", key=place.key, address=place, requester=ada)

    async def dispatch() -> None:
        case = Case(Ledger(store, rules, event.at, event.key), conversation)
        await dispatcher.message(Scene(case=case, origin=event, person=ada, here=place))

    return dispatch


def slack_machine() -> Once:
    client = SlackClient(None, ZoneInfo("UTC"))  # type: ignore[arg-type] # nothing is sent
    names = dict.fromkeys(("real_name", "display_name", "real_name_normalized", "display_name_normalized"), "Ada")
    profile = Profile(avatar_hash="", team="T1", **names)
    client._users["U1"] = User(id="U1", name="ada", profile=profile, is_bot=False, updated=0, is_app_user=False)
    actions = RegisteredActions()
    for word in WORDS:
        actions.listen_to[word] = _plugin(word, client)
    matcher = generate_message_matcher({})

    async def dispatch() -> None:
        event = {"type": "message", "user": "U1", "channel": "C1", "channel_type": "channel", "text": TEXT}
        await handle_message(event, "bot", "U0", actions, matcher, client, log_handled_message=False)

    return dispatch


def _plugin(word: str, client: SlackClient) -> MessageHandler:
    class Answering(MachineBasePlugin):
        @listen_to(rf"\b{word}\b")
        async def answer(self, message: Any) -> None:
            hear(message.text)

    plugin = Answering(client, {}, None)  # type: ignore[arg-type] # no storage
    return MessageHandler(
        class_=plugin,
        class_name="Answering",
        function=plugin.answer,
        function_signature=inspect.signature(plugin.answer),
        regex=re.compile(rf"\b{word}\b", re.IGNORECASE),
        handle_message_changed=False,
    )


def bolt() -> Once:
    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="U0", bot_id="B0", bot_token="xoxb-0")

    app = AsyncApp(
        authorize=authorize,
        signing_secret="none",
        request_verification_enabled=False,
        process_before_response=True,
    )
    for word in WORDS:
        _listen(app, word)
    event = {"type": "message", "user": "U1", "channel": "C1", "channel_type": "channel", "text": TEXT, "ts": "1.0"}
    body = {"type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event_id": "E1", "event": event}

    async def dispatch() -> None:
        await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))

    return dispatch


def _listen(app: AsyncApp, word: str) -> None:
    @app.message(re.compile(rf"\b{word}\b", re.IGNORECASE))
    async def answer(message: dict[str, Any]) -> None:
        hear(message["text"])


# --- measuring ----------------------------------------------------------------------------------------------------


async def cost(once: Once, times: int) -> float:
    """Tell the CPU time of one dispatch in microseconds; each has called its handler."""
    before, began = heard[TEXT], time.process_time()
    for _ in range(times):
        await once()
    spent = time.process_time() - began
    assert heard[TEXT] - before == times, f"{heard[TEXT] - before} of {times} messages were heard"
    return spent / times * 1e6


async def run(*, quick: bool) -> None:
    """Print the table."""
    logs.configure()
    times, rounds = (300, 5) if quick else (2_000, 15)
    handlers = Handlers([answering(word) for word in WORDS])
    contenders = {
        "bare loop": bare_loop(),
        "supportbot": supportbot(handlers),
        "… with a turn": await supportbot_with_a_turn(handlers),
        "slack-machine": slack_machine(),
        "Bolt": bolt(),
    }
    costs: dict[str, list[float]] = {name: [] for name in contenders}
    for once in contenders.values():
        await cost(once, times // 4)  # warm up
    for _ in range(rounds):  # in turn, so that a busy machine treats all alike
        for name, once in contenders.items():
            costs[name].append(await cost(once, times))
    figures = {name: statistics.median(of) for name, of in costs.items()}
    print(f"{'dispatch, ' + str(SKILLS) + ' skills':20}{'CPU µs':>10}{'lowest':>10}{'/ slack-machine':>17}")
    for name, figure in figures.items():
        print(f"{name:20}{figure:10.1f}{min(costs[name]):10.1f}{figure / figures['slack-machine']:17.2f}")
    print(f"\nsupportbot / slack-machine is to be at most {LIMIT}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare what it costs to choose and call a handler.")
    parser.add_argument("--quick", action="store_true", help="smaller and faster, for a look")
    asyncio.run(run(quick=parser.parse_args().quick))
