"""The page about Discord, step by step: the commands it shows, run as processes, against the simulated Discord."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from supportbot.clock import SystemClock
from supportbot.testing.discord import DiscordWorld, Person
from supportbot.testing.discord.channels import Channel
from supportbot.testing.discord.permissions import EVERYONE
from tests.integration.shown import IN_TIME, Page, begins, runs

PAGE = Page("discord.md")


@dataclass
class Server:
    """A newcomer's folder, and the server that the bot is to come to."""

    discord: DiscordWorld
    folder: Path
    ada: Person
    sam: Person
    team: Channel

    async def take_the_bot_in(self) -> None:
        """Open the link that the page's command prints: the bot gets what it asks for and nothing else."""
        code, printed = await runs(PAGE.command("invite"), self.folder)
        assert code == 0, printed
        asked = parse_qs(urlsplit(printed.splitlines()[0]).query)
        assert asked["client_id"] == [self.discord.application_id]
        assert asked["scope"] == ["bot applications.commands"]
        self.discord._backstage.invite(self.discord.guild).permissions = int(asked["permissions"][0])

    def let_it_into_the_private_channel(self) -> None:
        self.discord.allows(self.team, "view_channel")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the bot as the page does, and end it as the page does."""
        process = await begins(PAGE.command("run"), self.folder)
        try:
            await self.discord.gateway.connected()
            await self.discord.until(lambda: self.discord.commands or None, "it registered its commands")
            yield
            process.send_signal(signal.SIGTERM)
            printed, _ = await asyncio.wait_for(process.communicate(), IN_TIME)
        except AssertionError as error:
            process.kill()
            error.add_note((await process.communicate())[0].decode())
            raise
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, printed.decode()
        assert "Traceback" not in printed.decode()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """The page's first steps, for a server where the bot is not yet, and may do nothing that it is not given."""
    async with DiscordWorld(clock=SystemClock(), patience=IN_TIME / 2) as discord:
        for role in discord.guild.members.pop(discord.bot.id).roles:
            del discord.guild.roles[role]
        discord.permits(discord.guild.everyone)
        members = discord.role("Members")
        members.permissions = EVERYONE
        ada, sam = discord.person("Ada", roles=[members]), discord.person("Sam", roles=[members])
        team = discord.channel("support-team", only_for=[sam], bot=False)
        assert (await runs(PAGE.command("init"), tmp_path))[0] == 0
        fill_in(discord, tmp_path / "help-desk", {"replace-me": discord.token, "123456789012345678": team.id})
        yield Server(discord, tmp_path, ada, sam, team)


def fill_in(discord: DiscordWorld, folder: Path, given: dict[str, str]) -> None:
    """Write ``.env`` as the page shows it, with this Discord's own token; and where this Discord is."""
    (folder / ".env").write_text(PAGE.environment(given), "utf-8")
    config = folder / "config.yaml"
    here = f"  discord:\n    api_url: {discord.api_url}\n    gateway_url: {discord.gateway_url}\n"
    config.write_text(config.read_text("utf-8").replace("  discord:\n", here), "utf-8")


async def test_doctor_says_what_to_click_until_nothing_is_left_to_mend(server: Server) -> None:
    doctor = PAGE.command("doctor")
    code, printed = await runs(doctor, server.folder)
    assert (code, "the bot is on no server" in printed) == (1, True), printed
    assert f"client_id={server.discord.application_id}" in printed
    await server.take_the_bot_in()
    code, printed = await runs(doctor, server.folder)
    assert (code, "in #support-team the bot lacks View Channels" in printed) == (1, True), printed
    assert "#support-team, Edit Channel, Permissions: add @supportbot" in printed
    server.let_it_into_the_private_channel()
    code, printed = await runs(f"{doctor} --json", server.folder)
    found = {finding["name"]: finding["state"] for finding in json.loads(printed)["findings"]}
    ours = {name.partition("adapters.discord.")[2]: state for name, state in found.items() if "discord." in name}
    assert (code, ours.pop("commands")) == (0, "warning"), printed
    assert set(ours.values()) == {"ok"}, printed


async def test_with_what_the_link_gives_it_answers_opens_a_ticket_and_hands_it_to_an_agent(server: Server) -> None:
    await server.take_the_bot_in()
    server.let_it_into_the_private_channel()
    ada, sam, team = server.ada, server.sam, server.team
    async with server.running():
        await ada.dm("How do I reset my password?")
        assert (await ada.hears()).buttons[0] == "That helped"

        room = server.discord.channel("general")
        await ada.runs("/ticket", room, subject="printer on fire")
        await ada.sees_modal("Open a ticket")
        await ada.submits(category="Problem", details="It burns")
        thread = await ada.sees_thread("T-1001")
        assert thread.kind == "private_thread"

        card = await sam.hears(team)
        await sam.presses("Claim", on=card)
        assert "Sam is with you now" in await ada.sees("Sam is", thread)
        case = await sam.sees_thread("T-1001")
        await sam.writes(case, "Where is it?")
        await ada.sees("Where is it?", thread)
        await ada.uploads(thread, "fire.txt", b"smoke", "In the kitchen")
        assert (await sam.sees("In the kitchen", case)).files
        await sam.writes(case, "// call somebody")
        await sam.runs("/solve", case, words="It is out.")
        await ada.sees("It is out.", thread)
    assert not [message for message in ada.reads(thread) if "call somebody" in message]
    assert not server.discord.world_log.calls(ok=False)


async def test_a_token_that_discord_rejects_ends_the_start_with_a_sentence(server: Server) -> None:
    environment = server.folder / "help-desk" / ".env"
    environment.write_text(environment.read_text("utf-8").replace("-simulated", "-nobodys"), "utf-8")
    code, printed = await runs(PAGE.command("run"), server.folder)
    assert code == 2, printed
    assert "adapters.discord.token: Discord rejected it; put a valid one into .env" in printed
    assert "Traceback" not in printed
