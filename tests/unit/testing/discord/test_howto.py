"""The page about the simulated Discord names what is there, and leaves out nothing that a person can do."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from supportbot.testing.discord import Call, DiscordWorld, Interaction, Message, Person
from supportbot.testing.discord.gateway import Gateway
from supportbot.testing.discord.trouble import Trouble

PAGE = (Path(__file__).parents[4] / "docs" / "howto" / "testing_against_discord.md").read_text("utf-8")


async def test_every_name_on_the_page_is_there(discord_world):
    discord, ada = discord_world, discord_world.person("Ada")
    places = {"discord": discord, "discord.trouble": discord.trouble, "discord.gateway": discord.gateway, "ada": ada}
    places |= {"discord.world_log": discord.world_log, "discord.interactions": discord.interactions}
    shown = PAGE.partition("The fixture")[2]
    named = {
        (place, name) for place in places for name in re.findall(rf"(?<![\w.]){re.escape(place)}\.([a-z]\w*)", shown)
    }
    named -= {("discord", "py")}
    assert len(named) > 60
    assert [f"{place}.{name}" for place, name in named if not hasattr(places[place], name)] == []


def test_every_attribute_on_the_page_is_there():
    kinds = (Message, Interaction, Call, Person, Gateway)
    there = {name for kind in kinds for name in (*dir(kind), *getattr(kind, "__dataclass_fields__", ()))}
    assert set(re.findall(r"`\.([a-z]\w*)(?:\(\))?`", PAGE)) <= there


def test_the_page_has_all_that_people_do_and_all_that_goes_wrong():
    for name, kind in (("ada", Person), ("discord", DiscordWorld), ("discord.trouble", Trouble)):
        can = [verb for verb, _ in inspect.getmembers(kind, inspect.isfunction) if verb[0] != "_"]
        missing = [verb for verb in can if f"{name}.{verb}(" not in PAGE and not verb.startswith("with_")]
        assert missing == [], name
