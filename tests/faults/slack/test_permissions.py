"""Who may do what in Slack: every command, button and form of the agents, for everybody there is, from one table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from supportbot.app import App
from supportbot.testing.slack import Message, Person, SlackWorld
from supportbot.testing.slack.blocks import interactive, label
from tests.faults.platforms.agents_only import BUTTONS, COMMANDS, FORM, MENUS, REFUSED, state_of, unlisted
from tests.faults.platforms.hostility import SKILLS
from tests.faults.slack.conftest import answered, said, serving

STRANGERS = ("requester", "another requester", "stranger of another workspace", "another bot", "former agent")
"""Everybody who is no agent."""


class World:
    """Ada's case is with the agents Sam and Tom; others would like to have a hand in it."""

    def __init__(self, slack: SlackWorld) -> None:
        self.slack = slack
        acme = slack.other_workspace("Acme")
        self.ada, self.sam, self.tom = (slack.person(name) for name in ("Ada", "Sam", "Tom"))
        tess, bob, zoe = slack.person("Tess"), slack.person("Bob"), slack.person("Zoe", workspace=acme)
        self.jenkins = slack.other_bot("Jenkins")
        robot = Person(slack._backstage, self.jenkins, slack.workspace)
        self.who = dict(zip(STRANGERS, (self.ada, bob, zoe, robot, tess), strict=True))
        members = [self.sam, self.tom, tess, zoe]
        self.team = slack.channel("team", members, private=True, shared_with=[acme])
        self.app: App
        self.card: Message

    async def begins(self, stands: str = "waiting") -> None:
        """Let Ada ask for a person, let Tess leave the team, and bring the case to where it is wanted."""
        await self.ada.dm("I want to talk to a human")
        await answered(self.slack, self.app)
        (self.card,) = said(self.team)
        assert "T-1001" in self.card
        await self.who["former agent"].presses("Note", on=self.card)  # while she was one she was known as one
        await self.who["former agent"].leaves(self.team)
        if stands != "waiting":
            await self.sam.presses("Claim", on=self.card)
            await answered(self.slack, self.app)
        if stands == "solved":
            await self.sam.presses("Solve", on=self.card)
        await answered(self.slack, self.app)

    async def writes(self, who: str, words: str) -> None:
        """Let somebody write it where they can: in the case's thread, else to the bot."""
        if who == "another bot":
            await self.slack.posts(self.jenkins, self.team, words, thread=self.card)
        elif who == "stranger of another workspace":
            await self.who[who].writes(self.team, words, thread=self.card)
        else:
            await self.who[who].dm(words)
        await answered(self.slack, self.app)

    async def state(self) -> list[Any]:
        """Look at what somebody who may not must not have changed."""
        requester = f"slack/{self.slack.workspace.id}/{self.ada.id}"
        return [*await state_of(self.app, requester), len(said(self.team))]

    def offered(self) -> tuple[set[str], set[str]]:
        """Tell what is on the card: its buttons, and the entries of its menus."""
        buttons, entries = set[str](), set[str]()
        for _, element in interactive(self.card.blocks):
            if element["type"] == "button":
                buttons.add(label(element))
            else:
                entries |= {str(option["text"]["text"]) for option in element["options"]}
        return buttons, entries


@pytest.fixture
async def world(slack_world: SlackWorld, tmp_path: Path) -> AsyncIterator[World]:
    (tmp_path / "canned.yaml").write_text("hello: Hello there\n", "utf-8")
    world = World(slack_world)
    desk = {"canned_replies": "canned.yaml"}
    async with serving(slack_world, tmp_path, world.team.id, skills=SKILLS, desk=desk, storage="tinydb:memory") as app:
        world.app = app
        yield world


async def test_everything_that_is_for_agents_is_in_the_table(world: World) -> None:
    assert unlisted(world.app) == set()
    await world.begins()
    assert world.offered() == (BUTTONS["waiting"], set())
    await world.sam.presses("Claim", on=world.card)
    await answered(world.slack, world.app)
    assert world.offered() == (BUTTONS["claimed"], MENUS["claimed"])
    await world.sam.presses("Solve", on=world.card)
    await answered(world.slack, world.app)
    assert world.offered() == (BUTTONS["solved"], set())


@pytest.mark.parametrize("who", STRANGERS)
async def test_a_command_of_the_agents_does_nothing_for_anybody_else(world: World, who: str) -> None:
    await world.begins("claimed")
    for words in COMMANDS.values():
        before, heard = await world.state(), len(said(world.ada.direct))
        await world.writes(who, words)
        after = await world.state()
        assert after[:-1] == before[:-1], words
        assert said(world.team)[before[-1] :] == [] or REFUSED in said(world.team)[-1]
        if who != "requester":
            assert len(said(world.ada.direct)) == heard, words


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_of_the_agents_does_something_for_an_agent(world: World, command: str) -> None:
    await world.begins("solved" if command == "reopen" else "claimed")
    before = await world.state()
    await world.tom.writes(world.team, COMMANDS[command], thread=world.card)
    await answered(world.slack, world.app)
    assert await world.state() != before
    assert not any(REFUSED in message or "don't know" in message for message in said(world.team))


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("stands", BUTTONS)
async def test_a_button_of_a_card_does_nothing_for_anybody_else(world: World, who: str, stands: str) -> None:
    await world.begins(stands)
    for button in sorted(BUTTONS[stands]):
        before, heard = await world.state(), len(said(world.ada.direct))
        await world.who[who].presses(button, on=world.card)
        await answered(world.slack, world.app)
        assert (await world.state())[:-1] == before[:-1], button
        assert len([one for one in said(world.ada.direct)[heard:] if not one.only_for]) == 0, button
    for entry in sorted(MENUS.get(stands, ())):
        before, heard = await world.state(), len(said(world.ada.direct))
        await world.who[who].chooses(entry, on=world.card)
        await answered(world.slack, world.app)
        assert ((await world.state())[:-1], len(said(world.ada.direct))) == (before[:-1], heard), entry


@pytest.mark.parametrize("stands", BUTTONS)
async def test_each_button_does_something_for_an_agent(world: World, stands: str) -> None:
    await world.begins(stands)
    for button in sorted(BUTTONS[stands]):
        told = len(world.slack.world_log.calls(ok=True))
        await world.tom.presses(button, on=world.card)
        await answered(world.slack, world.app)
        assert len(world.slack.world_log.calls(ok=True)) > told, button
        break  # the first changes what the others can do; each of them has its scenario


@pytest.mark.parametrize("who", [*STRANGERS[1:], "requester"])
async def test_a_form_is_filled_in_by_nobody_but_whom_it_was_opened_for(world: World, who: str) -> None:
    await world.ada.runs("/support ticket")
    modal = await world.ada.sees_modal()
    await world.who[who].submits(modal, **FORM)
    await answered(world.slack, world.app)
    assert len((await world.state())[0]) == (who == "requester")
