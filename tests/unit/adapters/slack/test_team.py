"""Who is an agent in Slack: who is listed and of the team's own workspace, also while Slack does not answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from supportbot.adapters.slack.api import Api
from supportbot.adapters.slack.team import Team
from supportbot.clock import SimulatedClock
from supportbot.errors import TryLater
from supportbot.testing.slack import SlackWorld

Opener = Callable[..., Team]


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(1_700_000_000_000)


@pytest.fixture
async def team_of(slack_world: SlackWorld, clock: SimulatedClock) -> AsyncIterator[Opener]:
    """Makes the team of the agents' channel, or of a user group."""
    async with aiohttp.ClientSession() as session:
        api = Api(slack_world.bot_token, slack_world.api_url, session)

        def opener(*, agents: str = "", channel: str = "") -> Team:
            team = Team(api, clock, agents=agents, channel=channel)
            team.id = slack_world.workspace.id
            return team

        yield opener


async def test_a_stranger_in_the_user_group_is_no_agent(slack_world: SlackWorld, team_of: Opener) -> None:
    sam = slack_world.person("Sam")
    zoe = slack_world.person("Zoe", workspace=slack_world.other_workspace("Acme"))
    team = team_of(agents=slack_world.user_group("helpers", [sam, zoe]).id)
    assert await team.is_agent(sam.id)
    assert not await team.is_agent(zoe.id)


async def test_only_agents_are_found_be_it_by_name_or_by_id(slack_world: SlackWorld, team_of: Opener) -> None:
    sam, ada, acme = slack_world.person("Sam"), slack_world.person("Ada"), slack_world.other_workspace("Acme")
    zoe = slack_world.person("Zoe", workspace=acme)
    channel = slack_world.channel("team", [sam, zoe], shared_with=[acme])
    team = team_of(channel=channel.id)
    assert [bool(await team.find(name)) for name in ("@sam", sam.id, f"<@{sam.id}>")] == [True, True, True]
    assert [await team.find(name) for name in ("@ada", ada.id, ada.mention, "@zoe", zoe.id, "WILHELMINA")] == [None] * 6


async def test_while_slack_does_not_answer_the_last_list_is_believed_for_ten_minutes(
    slack_world: SlackWorld, team_of: Opener, clock: SimulatedClock
) -> None:
    sam = slack_world.person("Sam")
    team = team_of(channel=slack_world.channel("team", [sam]).id)
    assert await team.is_agent(sam.id)
    slack_world.trouble.breaks("conversations.members", times=None)
    clock.move_to(clock.now() + 9 * 60_000)
    assert await team.is_agent(sam.id)
    clock.move_to(clock.now() + 2 * 60_000)
    with pytest.raises(TryLater):
        await team.is_agent(sam.id)


async def test_a_list_that_is_known_to_be_out_of_date_is_not_believed(slack_world: SlackWorld, team_of: Opener) -> None:
    sam = slack_world.person("Sam")
    team = team_of(channel=slack_world.channel("team", [sam]).id)
    assert await team.is_agent(sam.id)
    slack_world.trouble.breaks("conversations.members", times=None)
    team.forget_agents()
    with pytest.raises(TryLater):
        await team.is_agent(sam.id)
