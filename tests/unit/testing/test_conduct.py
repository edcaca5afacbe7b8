"""What a handler may not do fails its author's test, with the line and what to do."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import http.client
import inspect
import random
import socket
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest

from supportbot import OnceFailed, Settings, Skill, Turn, match, on, read
from supportbot.errors import SkillError
from supportbot.testing.harness import BotHarness

BotWith = Callable[..., Awaitable[BotHarness]]
Acts = Callable[[Turn], Awaitable[Any]]


def doing(act: Acts) -> Skill[Settings]:
    """Make a skill whose one handler does it."""

    class Doing(Skill[Settings]):
        @on.message(match.words("go"))
        async def go(self, turn: Turn) -> str:
            return str(await act(turn))

    return Doing()


async def message(bot_with: BotWith, act: Acts) -> str:
    """Let the handler act, and return what the test fails with."""
    bot = await bot_with(doing(act))
    with pytest.raises(SkillError) as caught:
        await bot.requester("ada").says("go")
    return str(caught.value)


def line_of(function: Any, words: str) -> str:
    lines, first = inspect.getsourcelines(function)
    return f"{__file__}:{first + next(at for at, line in enumerate(lines) if words in line)}"


# --- it replays ---------------------------------------------------------------------------------------------------


async def test_steps_in_a_random_order_fail_at_the_first_question(bot_with: BotWith) -> None:
    async def act(turn: Turn) -> None:
        for name in random.sample(["colour", "size"], 2):
            await turn.remember(name, 1)
        await turn.ask("Ready?")  # nobody needs to answer it

    assert "step 1 was remember(" in await message(bot_with, act)
    assert line_of(act, "turn.remember") in await message(bot_with, act)


async def test_chance_that_decides_about_a_question_fails(bot_with: BotWith) -> None:
    async def act(turn: Turn) -> None:
        reader: Any = read.number if random.random() < 0.5 else read.text
        await turn.ask("How many?", reader)

    assert "is waiting as ask(" in await message(bot_with, act)


async def test_chance_that_words_a_question_does_no_harm_and_stays_the_tests_own(bot_with: BotWith) -> None:
    async def act(turn: Turn) -> str:
        return await turn.ask(random.choice(["Ready?", "Shall we?"]))

    ada = (await bot_with(doing(act))).requester("ada")
    random.seed(7)
    asked, following = random.choice(["Ready?", "Shall we?"]), random.random()
    random.seed(7)
    assert await ada.says("go") == asked
    assert random.random() == following  # the rehearsal took none of the test's own


async def test_a_state_that_runs_change_fails(bot_with: BotWith) -> None:
    seen: list[str] = []

    async def act(turn: Turn) -> None:
        seen.append(turn.text)
        if len(seen) > 1:
            await turn.say("Again?")
        await turn.remember("seen", len(seen))
        await turn.ask("Ready?")

    said = await message(bot_with, act)
    assert "step 1 was remember(seen), now it is say()" in said
    assert "keep the order of steps" in said


@pytest.mark.parametrize(
    "clock", [dt.datetime.now, dt.date.today, time.time, time.time_ns], ids=lambda c: c.__qualname__
)
async def test_time_from_elsewhere_fails_in_a_dialogue(bot_with: BotWith, clock: Callable[[], Any]) -> None:
    async def act(turn: Turn) -> str:
        began = clock()
        return f"{await turn.ask('Ready?')} {began}"

    said = await message(bot_with, act)
    assert line_of(act, "clock()") in said
    assert said.endswith("take it from turn.now")


async def test_time_from_elsewhere_is_left_alone_where_nothing_is_asked(bot_with: BotWith) -> None:
    async def act(turn: Turn) -> str:
        return "late" if time.time() else "early"

    assert await (await bot_with(doing(act))).requester("ada").says("go") == "late"


async def test_a_question_that_is_swallowed_fails_even_where_a_second_one_is_asked(bot_with: BotWith) -> None:
    async def act(turn: Turn) -> str:
        try:  # noqa: SIM105 - as people write it
            await turn.ask("First?")
        except:  # noqa: E722 - the mistake
            pass
        return await turn.ask("Second?")

    said = await message(bot_with, act)
    assert f"went on after its question at {line_of(act, 'First?')}" in said
    assert "catch Exception instead" in said


async def test_a_hint_that_is_swallowed_fails_as_well(bot_with: BotWith) -> None:
    async def act(turn: Turn) -> str:
        try:
            return str(await turn.ask("How many?", read.number))
        except BaseException as error:
            if type(error).__name__ == "NotRead":
                return "nothing"
            raise

    bot = await bot_with(doing(act))
    ada = bot.requester("ada")
    await ada.says("go")
    with pytest.raises(SkillError, match="went on after its question"):
        await ada.says("many")


async def test_a_mismatch_that_is_swallowed_fails(bot_with: BotWith) -> None:
    names = iter(["one", "two", "one", "one"])

    async def act(turn: Turn) -> str:
        try:
            await turn.remember(next(names), 1)
        except Exception:  # noqa: BLE001 - a careful author
            await turn.remember("one", 1)
        return await turn.ask("Ready?")

    assert "was remember(one), now it is remember(two)" in await message(bot_with, act)


# --- tasks --------------------------------------------------------------------------------------------------------


async def test_asking_inside_a_task_group_says_where(bot_with: BotWith) -> None:
    async def act(turn: Turn) -> str:
        async with asyncio.TaskGroup():
            return await turn.ask("Which?")

    said = await message(bot_with, act)
    assert line_of(act, "Which?") in said
    assert "inside a TaskGroup, which cannot wait for an answer; ask before it or after it" in said


async def test_a_noun_used_in_a_task_is_refused_like_a_verb(bot_with: BotWith) -> None:
    async def act(turn: Turn) -> str:
        ticket = await turn.open_ticket(subject="printer")
        async with asyncio.TaskGroup() as group:
            group.create_task(turn.tickets.close(ticket.reference))
        return "closed"

    said = await message(bot_with, act)
    assert "in a task of its own" in said
    assert "await it in the handler itself" in said


async def test_a_task_that_is_left_running_fails_the_test_and_is_ended(bot_with: BotWith) -> None:
    tasks: list[asyncio.Task[None]] = []

    async def act(turn: Turn) -> str:
        tasks.append(asyncio.create_task(asyncio.sleep(3600)))
        return "soon"

    said = await message(bot_with, act)
    assert f"begun at {line_of(act, 'create_task')}" in said
    assert "turn.schedule" in said
    assert tasks[0].cancelled()


async def test_a_task_that_ends_with_its_turn_is_no_mistake(bot_with: BotWith) -> None:
    async def act(turn: Turn) -> str:
        first, second = await asyncio.gather(asyncio.sleep(0, "a"), asyncio.create_task(asyncio.sleep(0, "b")))
        return first + second

    assert await (await bot_with(doing(act))).requester("ada").says("go") == "ab"


# --- await --------------------------------------------------------------------------------------------------------


async def forgets_to_ask(turn: Turn) -> str:
    answer = turn.ask("Which?")
    return f"{bool(answer)}"


async def forgets_to_open(turn: Turn) -> str:
    turn.open_ticket(subject="printer")
    return await turn.ask("Anything else?")


async def forgets_a_noun(turn: Turn) -> str:
    turn.tickets.mine()
    return "listed"


@pytest.mark.parametrize(
    ("act", "verb"),
    [(forgets_to_ask, "turn.ask"), (forgets_to_open, "turn.open_ticket"), (forgets_a_noun, "turn.tickets.mine")],
    ids=["a question", "a deed before a question", "a noun's verb"],
)
async def test_a_verb_that_is_not_awaited_fails(bot_with: BotWith, act: Acts, verb: str) -> None:
    said = await message(bot_with, act)
    place = line_of(act, f"{verb}(")
    assert said == (
        f"doing.go called {verb} at {place} and did not await it there, so nothing came of it; write `await {verb}(…)`"
    )


async def test_in_a_chat_a_verb_that_is_not_awaited_is_apologised_for(
    bot_with: BotWith, capsys: pytest.CaptureFixture[str]
) -> None:
    bot = await bot_with(doing(forgets_to_ask), fails=False)
    assert "went wrong" in await bot.requester("ada").says("go")
    assert line_of(forgets_to_ask, "turn.ask(") in capsys.readouterr().err


# --- connections --------------------------------------------------------------------------------------------------


@pytest.fixture
def port() -> Iterator[int]:
    """Listen on a port of this machine, where whoever connects is let in and hears nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def by_aiohttp(port: int) -> None:
    async with aiohttp.ClientSession() as session:
        await session.get(f"http://127.0.0.1:{port}/")


async def closed(connecting: Awaitable[Any]) -> None:
    _, writer = await connecting
    writer.close()
    await writer.wait_closed()


def connect_and_close(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), 5).close()


async def by_open_connection(port: int) -> None:
    await closed(asyncio.open_connection("127.0.0.1", port))


async def by_name(port: int) -> None:
    await closed(asyncio.open_connection("localhost", port))


async def by_urllib(port: int) -> None:
    urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)


async def by_http_client(port: int) -> None:
    http.client.HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/")


async def by_thread(port: int) -> None:
    await asyncio.to_thread(connect_and_close, port)


async def by_executor(port: int) -> None:
    await asyncio.get_running_loop().run_in_executor(None, connect_and_close, port)


async def by_task(port: int) -> None:
    await asyncio.create_task(by_open_connection(port))


async def by_a_careful_author(port: int) -> None:
    with contextlib.suppress(Exception):
        socket.create_connection(("127.0.0.1", port), 5)


WAYS = [
    by_aiohttp, by_open_connection, by_name, by_urllib, by_http_client, by_thread, by_executor, by_task,
    by_a_careful_author,
]  # fmt: skip


@pytest.mark.parametrize("connect", WAYS, ids=lambda way: way.__name__)
async def test_a_connection_outside_once_fails(
    bot_with: BotWith, port: int, connect: Callable[[int], Awaitable[None]]
) -> None:
    async def act(turn: Turn) -> str:
        await connect(port)
        return "connected"

    said = await message(bot_with, act)
    assert said.startswith("doing.go opened a connection to ")
    assert f":{port} at {__file__}:" in said
    assert said.endswith("do it in a function that you give to `await turn.once(…)`")


@pytest.mark.parametrize("connect", [by_open_connection, by_name, by_thread, by_task], ids=lambda way: way.__name__)
async def test_a_connection_inside_once_is_made(
    bot_with: BotWith, port: int, connect: Callable[[int], Awaitable[None]]
) -> None:
    async def act(turn: Turn) -> str:
        async def look(_key: str) -> str:
            await connect(port)
            return "connected"

        found = await turn.once(look)
        with contextlib.suppress(OnceFailed):
            await turn.ask("Happy?")
        return str(found)

    ada = (await bot_with(doing(act))).requester("ada")
    assert await ada.says("go") == "Happy?"
    assert await ada.says("yes") == "connected"


async def test_after_once_a_connection_fails_again(bot_with: BotWith, port: int) -> None:
    async def act(turn: Turn) -> str:
        async def wait(_key: str) -> int:
            await asyncio.sleep(0)
            return 1

        await turn.once(wait)
        await by_open_connection(port)
        return "connected"

    assert "opened a connection" in await message(bot_with, act)


async def test_a_plain_def_handler_may_not_connect_either(bot_with: BotWith, port: int) -> None:
    class Plain(Skill[Settings]):
        @on.message(match.words("go"))
        def go(self, turn: Turn) -> str:
            socket.create_connection(("127.0.0.1", port), 5)
            return "connected"

    bot = await bot_with(Plain())
    with pytest.raises(SkillError) as caught:
        await bot.requester("ada").says("go")
    assert line_of(Plain, "create_connection") in str(caught.value)


async def test_the_test_itself_may_connect(bot_with: BotWith, port: int) -> None:
    await bot_with()
    await by_name(port)
    await by_thread(port)


# --- results of once ----------------------------------------------------------------------------------------------


async def looks_twice(turn: Turn) -> str:
    async def look(_key: str) -> str:
        raise AssertionError("nobody looks in a test")

    found = []
    for _ in range(2):
        try:
            found.append(await turn.once(look))
        except OnceFailed as failed:
            found.append(f"{failed.kind} {failed.message}")
    await turn.ask("Happy?")
    return str(found)


async def test_results_of_once_are_given_by_the_test(bot_with: BotWith) -> None:
    bot = await bot_with(doing(looks_twice), once={"look": ["blue", OnceFailed("Timeout", "too late")]})
    ada = bot.requester("ada")
    await ada.says("go")
    await bot.restart()
    assert await ada.says("yes") == "['blue', 'Timeout too late']"


async def test_a_result_that_the_test_forgot_fails_it(bot_with: BotWith) -> None:
    bot = await bot_with(doing(looks_twice), once={"look": ["blue"]})
    with pytest.raises(SkillError, match=r"no result left for turn\.once of 'look'"):
        await bot.requester("ada").says("go")
