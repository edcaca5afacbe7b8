"""Who may do what on Discord: every command, button, form and menu of the agents, for everybody, from one table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from supportbot.app import App
from supportbot.testing.discord import DiscordWorld, Message, NotAcknowledged
from supportbot.testing.discord.people import Person
from tests.faults.discord.conftest import answered, said, serving
from tests.faults.platforms.agents_only import BUTTONS, COMMANDS, FORM, MENUS, REFUSED, state_of, unlisted
from tests.faults.platforms.hostility import SKILLS

STRANGERS = (
    "requester",
    "another requester",
    "member",
    "stranger of another server",
    "administrator",
    "owner of the server",
    "former agent",
    "another bot",
)
"""Everybody who is no agent: what somebody may do on a server makes them none."""
SLASHES = {"ticket", "tickets", "status", "human", "help", "faq"}
"""The slash commands for everybody."""
OF_AGENTS: dict[str, dict[str, Any]] = {
    "queue": {},
    "claim": {"reference": "T-1001"},
    "release": {"reference": "T-1001"},
    "assign": {"reference": "T-1001"},
    "note": {"words": "smokes", "reference": "T-1001"},
    "reply": {"words": "hello", "reference": "T-1001"},
    "canned": {"name": "hello", "reference": "T-1001"},
    "solve": {"words": "bye", "reference": "T-1001"},
}
"""Those for agents, with what would do something."""
PANEL = "panel"
MANAGERS = {"administrator", "owner of the server"}
"""The one slash command for whoever manages the server, and who of them does."""
CONTEXT_MENUS = {"Open a ticket", "Find an answer", "Mark as solution"}


class World:
    """Ada's case is with the agents Sam and Tom; others, who see their channel, would like to have a hand in it."""

    def __init__(self, discord: DiscordWorld) -> None:
        self.discord = discord
        self.ada, self.sam, self.tom = (discord.person(name) for name in ("Ada", "Sam", "Tom"))
        self.agents = discord.role("Agents", [self.sam, self.tom])
        acme, back = discord.other_guild("Acme"), discord._backstage
        robot, owner = discord.other_bot("Mee6"), discord.guild.owner
        others = (
            self.ada,
            discord.person("Bob"),
            discord.person("Mia"),
            discord.person("Zoe", guild=acme),
            discord.person("Adam"),
            Person(back, owner, discord.guild),
            discord.person("Tess", roles=[self.agents]),
            Person(back, robot, discord.guild),
        )
        self.who: dict[str, Person] = dict(zip(STRANGERS, others, strict=True))
        discord.role("Administrators", [self.who["administrator"]], may=["administrator"])
        discord.role("Agents", [self.who["stranger of another server"]], guild=acme)
        self.team, self.help = discord.channel("team"), discord.channel("help")
        self.app: App
        self.card: Message

    async def begins(self, stands: str = "waiting") -> None:
        """Let Ada ask for a person, let Tess leave the team, and bring the case to where it is wanted."""
        await self.ada.dm("I want to talk to a human")
        await self.settles()
        (self.card,) = [message for message in said(self.team) if message.buttons]
        tess = self.who["former agent"]
        await tess.presses("Note", on=self.card)  # while she was one she was known as one
        await self.settles()
        await tess.loses(self.agents)
        if stands != "waiting":
            await self.sam.presses("Claim", on=self.card)
            await self.settles()
        if stands == "solved":
            await self.sam.presses("Solve", on=self.card)
        await self.settles()

    async def settles(self) -> None:
        await answered(self.discord, self.app)

    async def writes(self, who: str, words: str) -> None:
        """Let somebody write it where they can: in the case's thread and to the bot."""
        person = self.who[who]
        if who == "another bot":
            thread = self.discord._backstage.directory.channels[self.card.thread_id]
            await self.discord.posts(person.user, thread, words)
        elif who == "stranger of another server":
            await person.dm(words)
        else:
            if who not in ("requester", "another requester"):
                await person.writes(self.team, words, thread=self.card)
            await person.dm(words)
        await self.settles()

    async def state(self) -> list[Any]:
        """Look at what somebody who may not must not have changed."""
        requester = f"discord/main/{self.ada.id}"
        return [*await state_of(self.app, requester), len(said(self.ada.direct))]


@pytest.fixture
async def world(discord: DiscordWorld, tmp_path: Path) -> AsyncIterator[World]:
    (tmp_path / "canned.yaml").write_text("hello: Hello there\n", "utf-8")
    world = World(discord)
    desk = {"canned_replies": "canned.yaml"}
    settings = {"agent_roles": [world.agents.id]}
    async with serving(
        discord, tmp_path, world.team.id, skills=SKILLS, desk=desk, discord=settings, storage="tinydb:memory"
    ) as world.app:
        yield world


def offered(card: Message) -> tuple[set[str], set[str]]:
    """Tell what is on a card: its buttons, and the entries of its menus."""
    return set(card.buttons), {entry for entries in card.menus.values() for entry in entries}


async def test_everything_that_is_for_agents_is_in_the_table(world: World) -> None:
    assert unlisted(world.app) == set()
    registered = {command["name"] for command in world.discord.commands}
    assert registered == SLASHES | OF_AGENTS.keys() | {PANEL} | CONTEXT_MENUS
    assert OF_AGENTS.keys() <= COMMANDS.keys()
    await world.begins()
    assert offered(world.card) == (BUTTONS["waiting"], set())
    await world.sam.presses("Claim", on=world.card)
    await world.settles()
    assert offered(world.card) == (BUTTONS["claimed"], MENUS["claimed"])
    await world.sam.presses("Solve", on=world.card)
    await world.settles()
    assert offered(world.card) == (BUTTONS["solved"], set())


@pytest.mark.parametrize("who", STRANGERS)
async def test_a_command_of_the_agents_does_nothing_for_anybody_else(world: World, who: str) -> None:
    await world.begins("claimed")
    for words in COMMANDS.values():
        before = await world.state()
        await world.writes(who, words)
        after = await world.state()
        if who == "requester":  # she is told that it is none of hers
            before, after = before[:-1], after[:-1]
        assert after == before, words


@pytest.mark.parametrize("who", STRANGERS[:-1])
async def test_a_slash_command_of_the_agents_does_nothing_for_anybody_else(world: World, who: str) -> None:
    await world.begins("claimed")
    person, thread = world.who[who], world.discord._backstage.directory.channels[world.card.thread_id]
    for command, options in OF_AGENTS.items():
        given = {**options, "who": world.tom} if command == "assign" else options
        places = [world.help] if command == "assign" else [None, thread, world.help]
        for place in places if who != "stranger of another server" else [None] * (command != "assign"):
            before = await world.state()
            interaction = await person.runs(f"/{command}", place, **given)
            await world.settles()
            after = await world.state()
            if who == "requester":
                before, after = before[:-1], after[:-1]
            assert after == before, (command, place)
            assert interaction.original is not None
            assert place is None or interaction.original.ephemeral


@pytest.mark.parametrize("who", STRANGERS[:-1])
@pytest.mark.parametrize("stands", BUTTONS)
async def test_a_button_of_a_card_does_nothing_for_anybody_else(world: World, who: str, stands: str) -> None:
    await world.begins(stands)
    if who == "stranger of another server":
        return  # nobody sees a card who is not on its server
    for button in sorted(BUTTONS[stands]):
        before = await world.state()
        await world.who[who].presses(button, on=world.card)
        await world.settles()
        assert await world.state() == before, button
    for entry in sorted(MENUS.get(stands, ())):
        before = await world.state()
        await world.who[who].chooses(entry, on=world.card)
        await world.settles()
        assert await world.state() == before, entry


@pytest.mark.parametrize("who", STRANGERS[1:-1])
async def test_a_menu_on_anothers_message_changes_nothing_of_theirs_and_is_answered_alone(
    world: World, who: str
) -> None:
    await world.begins("claimed")
    if who == "stranger of another server":
        return
    message, before = await world.ada.writes(world.help, "How do I reset my password?"), await world.state()
    for menu in sorted(CONTEXT_MENUS):
        interaction = await world.who[who].uses(menu, message)
        await world.settles()
        assert interaction.original is None or interaction.original.ephemeral
    assert await world.state() == before


@pytest.mark.parametrize("who", [*STRANGERS[:3], *STRANGERS[4:-1]])
async def test_a_panel_is_put_up_by_nobody_but_whoever_manages_the_server(world: World, who: str) -> None:
    await world.begins("claimed")
    before = len(said(world.help))
    try:
        await world.who[who].runs(f"/{PANEL}", world.help)
    except AssertionError:
        assert who not in MANAGERS  # Discord does not even offer it
    await world.writes(who, f"/{PANEL}")
    panels = [message for message in said(world.help)[before:] if message.only_for is None]
    assert len(panels) == (who in MANAGERS)


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_of_the_agents_does_something_for_an_agent(world: World, command: str) -> None:
    await world.begins("solved" if command == "reopen" else "claimed")
    before = len(said(world.team)), len(world.discord.world_log.calls(ok=True))
    await world.tom.writes(world.team, COMMANDS[command], thread=world.card)
    await world.settles()
    assert (len(said(world.team)), len(world.discord.world_log.calls(ok=True))) != before
    thread = world.discord._backstage.directory.channels[world.card.thread_id]
    assert not any(REFUSED in message or "don't know" in message for message in said(thread))


@pytest.mark.parametrize("stands", BUTTONS)
async def test_each_button_does_something_for_an_agent(world: World, stands: str) -> None:
    await world.begins(stands)
    told = len(world.discord.world_log.calls(ok=True))
    await world.tom.presses(min(BUTTONS[stands]), on=world.card)  # it changes what the others can do
    await world.settles()
    assert len(world.discord.world_log.calls(ok=True)) > told + 1


@pytest.mark.parametrize("who", STRANGERS[:-1])
async def test_a_form_is_filled_in_by_nobody_but_whom_it_was_opened_for(world: World, who: str) -> None:
    await world.ada.runs("/ticket")
    modal = await world.ada.sees_modal()
    try:
        await world.who[who].submits(modal, **FORM)
    except NotAcknowledged:
        assert who != "requester"
    await world.settles()
    assert len((await world.state())[0]) == (who == "requester")


@pytest.mark.parametrize("who", ["another requester", "administrator"])
async def test_nobody_learns_of_anothers_ticket(world: World, who: str) -> None:
    await world.begins("claimed")
    real = await world.who[who].runs("/status", reference="T-1001")
    invented = await world.who[who].runs("/status", reference="T-4711")
    assert real.original is not None
    assert invented.original is not None
    assert real.original.text.replace("1001", "") == invented.original.text.replace("4711", "")
