"""`supportbot capture`: a real case becomes a test that passes, and nobody can be found in it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from supportbot.commands.capture import capture
from supportbot.errors import NotFound
from supportbot.testing.harness import BotHarness

BotWith = Callable[..., Awaitable[BotHarness]]

SHIPPING = '''
from supportbot import OnceFailed, Settings, Skill, Turn, match, on, read

from services import look, write


class Shipping(Skill[Settings]):
    """Sends parcels somewhere else."""

    @on.message(match.words("parcel"))
    async def parcel(self, turn: Turn) -> str:
        order = await turn.ask("Which order?", read.pattern(r"\\d{6}"))

        async def look_up(_key: str) -> object:
            return look(order)

        found = await turn.once(look_up, key=f"look-{order}")
        if found["total"] > 100:
            await turn.say("That is a large one.")
        where = await turn.ask(f"It goes to {found['to']}. Where to instead?")
        mail = await turn.ask("Your e-mail?", read.email)
        call = await turn.ask("Your phone?", read.phone)
        if not await turn.confirm(f"{where}, {mail}, {call}: sure?"):
            return "All right."

        async def write_down(_key: str) -> None:
            write(where)

        try:
            await turn.once(write_down)
        except OnceFailed:
            await turn.say("I could not write it down.")
        await turn.hand_off(reason=f"new address for {order}: {where}")
        return f"A colleague looks at {order}, {turn.person.name}."

    @on.command("fail")
    async def fail(self, turn: Turn) -> str:
        raise LookupError(turn.args)
'''
SERVICES = """
def look(order):
    return {"to": "12 Elm Street, 62704 Springfield", "customer": "Grace Hopper", "total": 129.95, "status": "sent"}


def write(where):
    raise TimeoutError(f"no answer about {where}")
"""
PLANTED = [
    "grace", "hopper", "konrad", "zuse", "springfield", "elm", "62704", "123456", "129.95", "1234567", "navy.mil",
    "baker", "london", "minka", "998877", "bank.example.com", "DE89370400440532013000", "vip", "howard",
    "scan_of_grace", "urgently",
]  # fmt: skip


class Shop:
    """A folder with a configuration and skills, and a store with one case."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        (folder / "skills").mkdir()
        (folder / "skills" / "shipping.py").write_text(SHIPPING, "utf-8")
        (folder / "services.py").write_text(SERVICES, "utf-8")
        self.config = folder / 'a "bot".yaml'  # the captured test names it
        self.config.write_text(
            f"storage: {{url: '{url}'}}\nskill_paths: [skills]\n"
            "skills: [shipping, greeting, tickets, handoff, survey, help]\n"
        )
        member, _, name = url.partition(":")
        self.place = f"{member}:{folder / name}"
        self.written = folder / "tests" / "test_case.py"
        self.written.parent.mkdir()

    async def happen(self) -> None:
        """Let the case happen, with something personal in every part of it."""
        async with BotHarness(config=self.config, store=self.place) as bot:
            await bot.advance("2d5h")
            grace, konrad = bot.requester("Grace Hopper"), bot.agent("Konrad Zuse")
            await grace.says("hello")
            await grace.presses("Open a ticket")
            await grace.says("/cancel")
            await grace.says("my parcel is lost, I am Grace from Springfield, +49 170 1234567")
            await grace.says("Grace's is 123456", files=[("scan_of_grace.pdf", b"x")])
            await bot.advance("3m20s")
            await grace.says("45 Baker Street, London, c/o Minka; see https://bank.example.com/acc/998877?u=grace")
            await grace.says("grace.hopper@navy.mil")
            await grace.says("+49 170 1234567")
            await grace.presses("Yes")
            await bot.advance("6m")
            case = bot.agents_channel.conversation
            await konrad.says("/claim T-1001")
            await konrad.says("Dear Grace, order 123456 comes urgently", case=case)
            await grace.says("thank you Konrad, my account is DE89370400440532013000")
            await konrad.says("// a VIP, cousin of Howard", case=case)
            await konrad.says("/solve T-1001")
            await bot.advance("20m")
            await grace.presses("5")
            await grace.says("give Konrad Zuse my best")

    def capture(self, *options: str) -> Result:
        return CliRunner().invoke(capture, ["t-1001", "--config", str(self.config), *options])


@pytest.fixture(params=["tinydb:data", "sqlite:bot.sqlite"], ids=["tinydb", "sqlite"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "services", raising=False)
    return Shop(tmp_path, request.param)


async def captured(shop: Shop) -> str:
    result = await asyncio.to_thread(shop.capture, "-o", str(shop.written))
    assert result.exit_code == 0, result
    return shop.written.read_text("utf-8")


def body(text: str) -> str:
    return text.partition("async def ")[2]


async def run(path: Path, bot_with: BotWith) -> None:
    names: dict[str, Any] = {"__file__": str(path)}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), names)
    await names["test_a_captured_case"](bot_with)


async def test_a_case_becomes_a_test_that_passes_and_holds_nothing_personal(shop: Shop, bot_with: BotWith) -> None:
    await shop.happen()
    text = await captured(shop)
    left = [word for word in PLANTED if word.casefold() in text.casefold()]
    assert left == []
    await run(shop.written, bot_with)


async def test_the_test_tells_the_case_with_its_pauses_and_the_results_of_once(shop: Shop) -> None:
    await shop.happen()
    text = await captured(shop)
    told = body(text)
    assert 'await bot.advance("2d5h")  # it began Wednesday at 14:00 UTC' in told
    assert 'bot.advance("3m20s")' in told
    assert 'ada.presses("Open a ticket")' in told
    assert 'assert await ada.presses("Yes") == (' in told
    assert "I could not write it down." in told
    assert "That is a large one." in told
    assert 'sam.says("/claim T-1001")' in told
    assert 'sam.says("/note T-1001 ' in told
    assert 'sam.says("/solve T-1001")' in told
    assert "# then:" not in told
    assert "OnceFailed('TimeoutError', 'no answer about " in text
    assert "'status': 'sent'" in text


async def test_the_captured_test_fails_when_a_skill_changes(shop: Shop, bot_with: BotWith) -> None:
    await shop.happen()
    await captured(shop)
    skill = shop.folder / "skills" / "shipping.py"
    skill.write_text(SHIPPING.replace("Your phone?", "Your telephone?"))
    with pytest.raises(AssertionError):
        await run(shop.written, bot_with)


async def test_what_is_not_preset_is_not_done_in_a_captured_test(shop: Shop, bot_with: BotWith) -> None:
    await shop.happen()
    text = await captured(shop)
    shop.written.write_text(text.replace("look-", "other-"))
    with pytest.raises(Exception, match="no result left for turn"):
        await run(shop.written, bot_with)


async def test_an_answer_that_is_another_today_is_marked(shop: Shop) -> None:
    await shop.happen()
    skill = shop.folder / "skills" / "shipping.py"
    skill.write_text(SHIPPING.replace("Your phone?", "Your telephone?"))
    result = await asyncio.to_thread(shop.capture)
    assert "1 answer is not what was said then" in result.stderr
    assert '== "Your telephone?"\n    # then: Your phone?\n' in result.stdout


async def test_a_case_in_which_a_skill_fails_becomes_a_test_of_what_people_saw(shop: Shop, bot_with: BotWith) -> None:
    async with BotHarness(config=shop.config, store=shop.place, fails=False) as bot:
        grace = bot.requester("grace")
        await grace.says("/fail Springfield")
        await grace.says("/human")
    text = await captured(shop)
    assert "# a skill fails on the way (LookupError)" in text
    assert "once=ONCE, fails=False" in text
    assert "springfield" not in text.casefold()
    await run(shop.written, bot_with)


async def test_without_a_configuration_the_default_skills_are_told_with(tmp_path: Path, bot_with: BotWith) -> None:
    async with BotHarness(built_in=["faq", "tickets", "handoff"], store=f"tinydb:{tmp_path / 'data'}") as bot:
        await bot.requester("grace").says("/human my cat Minka is ill")
    written = tmp_path / "test_it.py"
    arguments = ["T-1001", "--data", str(tmp_path / "data"), "-o", str(written)]
    result = await asyncio.to_thread(CliRunner().invoke, capture, arguments)
    assert result.exit_code == 0, result
    assert "minka" not in written.read_text("utf-8").casefold()
    await run(written, bot_with)


async def test_a_ticket_that_is_not_there_is_told(shop: Shop) -> None:
    await shop.happen()
    arguments = ["T-77", "--config", str(shop.config)]
    result = await asyncio.to_thread(CliRunner().invoke, capture, arguments)
    assert isinstance(result.exception, NotFound)
    assert "there is no ticket T-77" in str(result.exception)


async def test_the_command_writes_a_file_that_pytest_runs(shop: Shop) -> None:
    await shop.happen()
    arguments = ["capture", "T-1001", "--config", str(shop.config), "-o", str(shop.written)]
    for command in (
        ["-c", "from supportbot.cli import main; main()", *arguments],
        ["-m", "pytest", "-q", "--asyncio-mode=auto", "-p", "no:cacheprovider", str(shop.written)],
    ):
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, *command],
            cwd=shop.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
