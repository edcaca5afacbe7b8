"""The page about the simulated Slack names what is there, and leaves out nothing that a person can do."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from supportbot.testing.slack import AssistantThread, Delivery, Message, Person, SlackWorld, View, Workspace
from supportbot.testing.slack.trouble import Trouble

PAGE = (Path(__file__).parents[4] / "docs" / "howto" / "testing_against_slack.md").read_text("utf-8")


async def test_every_name_on_the_page_is_there(slack_world):
    slack, ada = slack_world, slack_world.person("Ada")
    places = {"slack": slack, "slack.trouble": slack.trouble, "slack.sockets": slack.sockets, "ada": ada}
    places |= {"slack.http": slack.http, "slack.deliveries": slack.deliveries}
    named = {
        (place, name) for place in places for name in re.findall(rf"(?<![\w.]){re.escape(place)}\.([a-z]\w*)", PAGE)
    }
    assert len(named) > 50
    assert [f"{place}.{name}" for place, name in named if not hasattr(places[place], name)] == []


def test_every_attribute_on_the_page_is_there():
    kinds = (Message, View, AssistantThread, Delivery, Workspace, Person)
    there = {name for kind in kinds for name in (*dir(kind), *getattr(kind, "__dataclass_fields__", ()))}
    assert set(re.findall(r"`\.([a-z]\w*)`", PAGE)) <= there


def test_the_page_has_all_that_people_do_and_all_that_goes_wrong():
    for name, kind in (("ada", Person), ("slack", SlackWorld), ("slack.trouble", Trouble)):
        can = [verb for verb, _ in inspect.getmembers(kind, inspect.isfunction) if verb[0] != "_"]
        missing = [verb for verb in can if f"{name}.{verb}(" not in PAGE and not verb.startswith(("with_", "copies"))]
        assert missing == [], name
