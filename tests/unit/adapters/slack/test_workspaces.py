"""Which workspace something is for, and what becomes of one that cannot be served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from supportbot.adapter_settings import SlackSettings
from supportbot.adapters.beside import Beside
from supportbot.adapters.slack.installation import Around
from supportbot.adapters.slack.workspaces import Workspaces
from supportbot.clock import SystemClock
from supportbot.domain.address import Address
from supportbot.errors import BadToken, Refused, TryLater
from supportbot.settings import Secret
from supportbot.testing.slack import SlackWorld
from supportbot.texts import Texts


class Desk:
    """Workspaces of one app, Example (`main`) and Acme; more where a test says so."""

    def __init__(self, slack: SlackWorld, session: aiohttp.ClientSession) -> None:
        self.slack = slack
        self.acme = slack.other_workspace("Acme", installed=True)
        self._session = session
        self.beside = Beside("slack")

    async def workspaces(self, *, main: str = "", **tokens: str) -> Workspaces:
        given = tokens or {"acme": self.acme.bot_token}
        settings = SlackSettings(
            bot_token=Secret(main or self.slack.bot_token),
            app_token=Secret(self.slack.app_token),
            api_url=self.slack.api_url,
            workspaces={name: Secret(token) for name, token in given.items()},
        )
        made = Workspaces(Around(settings, Texts(), SystemClock(), self._session, self.beside), None)
        await made.connect()
        return made

    def event(self, team: str, **event: Any) -> dict[str, Any]:
        """Write an event as Slack tells it to one installation; its author is of Example."""
        grant = {"team_id": team, "is_bot": True}
        return {
            "type": "event_callback",
            "team_id": self.slack.workspace.id,
            "context_team_id": team,
            "authorizations": [grant],
            "event": {"type": "message", **event},
        }


@pytest.fixture
async def desk(slack_world: SlackWorld) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession() as session:
        made = Desk(slack_world, session)
        yield made
        await made.beside.stop()


async def name_of(made: Workspaces, body: dict[str, Any]) -> str:
    found = await made.of(body)
    return found.name if found else ""


# --- what is told -------------------------------------------------------------------------------------------------


async def test_an_event_is_for_whom_slack_means_it_and_not_for_its_authors_workspace(desk: Desk) -> None:
    made = await desk.workspaces()
    assert await name_of(made, desk.event(desk.acme.id)) == "acme"
    assert await name_of(made, desk.event(desk.slack.workspace.id)) == "main"
    assert await name_of(made, desk.event("T0ELSE")) == ""
    assert await name_of(made, {**desk.event("T0ELSE"), "message": {"bot_id": made.main.team.bot_id}}) == ""


async def test_what_is_pressed_is_for_whose_message_or_view_it_is(desk: Desk) -> None:
    made = await desk.workspaces()
    bots = {name: made.at(Address("slack", name, "C1")).team.bot_id for name in ("main", "acme")}
    for name, bot in bots.items():
        for team in (desk.acme.id, desk.slack.workspace.id, "T0ELSE"):
            pressed = {"type": "block_actions", "team": {"id": team}, "user": {"id": "U1"}}
            assert await name_of(made, {**pressed, "message": {"bot_id": bot}}) == name
            assert await name_of(made, {**pressed, "view": {"bot_id": bot}}) == name


async def test_commands_and_what_only_one_person_sees_are_for_the_workspace_where_they_are_used(desk: Desk) -> None:
    made = await desk.workspaces()
    assert await name_of(made, {"command": "/support", "team_id": desk.acme.id}) == "acme"
    assert await name_of(made, {"command": "/support", "team_id": "T0ELSE"}) == ""
    assert await name_of(made, {"type": "block_actions", "team": {"id": desk.acme.id}}) == "acme"
    assert await name_of(made, {"type": "shortcut"}) == ""


async def test_a_channel_that_is_shared_is_the_firsts_whose_bot_is_in_it_whatever_slack_says(desk: Desk) -> None:
    slack, made = desk.slack, await desk.workspaces()
    zoe = slack.person("Zoe", workspace=desk.acme)
    both = slack.channel("both", [zoe], workspace=desk.acme, shared_with=[slack.workspace])
    both.members[slack.bot.id] = slack.bot
    theirs = slack.channel("theirs", [zoe], workspace=desk.acme, shared_with=[slack.workspace])
    elsewhere = slack.channel("elsewhere", [], shared_with=[desk.acme], bot=False)
    for team in (desk.acme.id, slack.workspace.id, "T0ELSE"):
        told = {**desk.event(team, channel=both.id), "is_ext_shared_channel": True}
        assert await name_of(made, told) == "main"
        told = {**desk.event(team, item={"channel": theirs.id}), "is_ext_shared_channel": True}
        assert await name_of(made, told) == "acme"
    told = {**desk.event("T0ELSE", channel=elsewhere.id), "is_ext_shared_channel": True}
    assert await name_of(made, told) == ""
    assert len(slack.world_log.calls("conversations.info")) == 5  # of each channel, where it was needed, once


async def test_a_shared_channel_of_which_slack_does_not_tell_in_time_is_told_again(desk: Desk) -> None:
    made = await desk.workspaces()
    room = desk.slack.channel("both", [], shared_with=[desk.acme])
    desk.slack.trouble.breaks("conversations.info")
    told = {**desk.event(desk.acme.id, channel=room.id), "is_ext_shared_channel": True}
    with pytest.raises(TryLater):
        await made.of(told)
    assert await name_of(made, told) == "main"


async def test_one_workspace_alone_asks_nothing_of_slack_for_an_event(desk: Desk) -> None:
    made = await desk.workspaces()
    made._all.pop("acme")
    told = {**desk.event(desk.slack.workspace.id, channel="C1"), "is_ext_shared_channel": True}
    assert await name_of(made, told) == "main"
    assert desk.slack.world_log.calls("conversations.info") == []


# --- what is sent -------------------------------------------------------------------------------------------------


async def test_an_address_in_a_workspace_that_is_configured_no_more_is_refused_with_a_reason(desk: Desk) -> None:
    made = await desk.workspaces()
    assert made.at(Address("slack", "acme", "C1")).name == "acme"
    with pytest.raises(Refused) as refused:
        made.at(Address("slack", "gone", "C1"))
    assert f"slack.refused.{refused.value.code}" in Texts()


async def test_people_of_another_workspace_are_named_with_it(desk: Desk) -> None:
    made = await desk.workspaces()
    zoe, ada = desk.slack.person("Zoe", workspace=desk.acme), desk.slack.person("Ada")
    assert (await made.at(Address("slack", "acme", "D1")).team.person(zoe.id)).company == "Acme"
    assert (await made.main.team.person(ada.id)).company == ""


# --- tokens -------------------------------------------------------------------------------------------------------


async def test_a_rejected_token_of_main_ends_the_start_and_anothers_does_not(desk: Desk) -> None:
    with pytest.raises(BadToken, match=r"adapters\.slack\.bot_token"):
        await desk.workspaces(main="xoxb-of-nobody")
    made = await desk.workspaces(acme="xoxb-of-nobody")
    assert [known.trouble for known in made] == ["", "Slack rejects the token"]
    assert made.trouble == "", "it waits for somebody to mend it: that makes nobody else unready"
    assert await name_of(made, desk.event(desk.slack.workspace.id)) == "main"
    assert await name_of(made, desk.event(desk.acme.id)) == ""


async def test_what_may_be_for_a_workspace_that_was_not_reached_is_not_acknowledged(desk: Desk) -> None:
    real, calls = desk.slack.trouble.with_call, iter([False])
    desk.slack.trouble.with_call = lambda *call: real(*call) if not next(calls, True) else ("500", 0)  # type: ignore[method-assign]
    made = await desk.workspaces()
    assert made.trouble == "workspace acme: not reached (SlackApiError)"
    assert await name_of(made, desk.event(desk.slack.workspace.id)) == "main"
    with pytest.raises(TryLater):
        await made.of(desk.event(desk.acme.id))


async def test_two_tokens_of_one_workspace_are_told_and_the_first_is_served(desk: Desk) -> None:
    twin = desk.slack.other_workspace("Twin", installed=True)
    twin.id = desk.acme.id
    made = await desk.workspaces(acme=desk.acme.bot_token, twin=twin.bot_token)
    same = "its token is of the same workspace as adapters.slack.workspaces.acme; take one of the two out"
    assert [known.trouble for known in made] == ["", "", same]
    assert await name_of(made, desk.event(desk.acme.id)) == "acme"
