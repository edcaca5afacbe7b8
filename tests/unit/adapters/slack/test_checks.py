"""What doctor finds in Slack, and what it says to click."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from supportbot.adapter_settings import SlackSettings
from supportbot.adapters.slack.checks import Checks
from supportbot.adapters.slack.manifest import scopes
from supportbot.clock import HOUR, Clock, SimulatedClock, SystemClock
from supportbot.domain.address import Address
from supportbot.domain.finding import Finding
from supportbot.settings import Secret
from supportbot.testing.slack import SlackWorld


def settings(slack: SlackWorld, **more: Any) -> SlackSettings:
    given = {"bot_token": slack.bot_token, "app_token": slack.app_token, "signing_secret": slack.signing_secret, **more}
    secrets = {name: Secret(value) for name, value in given.items() if name.endswith(("_token", "_secret"))}
    return SlackSettings(**{**given, **secrets, "api_url": given.get("api_url", slack.api_url)})


async def found(slack: SlackWorld, channel: str = "", clock: Clock | None = None, **more: Any) -> dict[str, Finding]:
    agents = Address("slack", "main", channel) if channel else None
    checks = Checks(settings(slack, **more), agents, clock or SystemClock())
    return {finding.name.removeprefix("adapters.slack."): finding async for finding in checks.make()}


async def test_an_app_that_is_set_up_well_has_nothing_to_mend(slack_world: SlackWorld) -> None:
    team = slack_world.channel("support-team", [slack_world.person("Sam")], private=True)
    group = slack_world.user_group("support", [slack_world.person("Tess")])
    findings = await found(slack_world, team.id, agents=group.id)
    assert {finding.state for finding in findings.values()} == {"ok"}
    assert set(findings) == {"token", "scopes", "clock", "app_token", "agents_channel", "agents", "command"}
    assert "supportbot in Example" in findings["token"].what


async def test_a_token_that_slack_rejects_is_all_there_is_to_say(slack_world: SlackWorld) -> None:
    findings = await found(slack_world, "C1", bot_token="xoxb-nobodys")
    assert set(findings) == {"token"}
    assert findings["token"].state == "problem"
    assert "invalid_auth" in findings["token"].what
    assert "OAuth & Permissions" in findings["token"].todo
    assert "xoxb" not in str(findings)


async def test_a_slack_that_cannot_be_reached_is_told_with_its_address(slack_world: SlackWorld) -> None:
    findings = await found(slack_world, api_url="http://127.0.0.1:9/api/")
    assert "http://127.0.0.1:9/api/" in findings["token"].what


async def test_a_page_in_place_of_an_answer_is_a_problem(slack_world: SlackWorld) -> None:
    slack_world.trouble.breaks("auth.test")
    assert (await found(slack_world))["token"].state == "problem"


@pytest.mark.parametrize("status", [200, 404, 503])
async def test_what_is_not_slack_at_all_is_told_as_such(slack_world: SlackWorld, status: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=f"nothing at {request.path}", status=status)

    proxy = web.Application()
    proxy.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(proxy) as server:
        url = str(server.make_url("/api/"))
        finding = (await found(slack_world, api_url=url))["token"]
    assert finding.what == f"what answers at {url} is not Slack"
    assert "adapters.slack.api_url" in finding.todo


async def test_a_slack_that_asks_to_wait_says_nothing_against_the_token(slack_world: SlackWorld) -> None:
    slack_world.trouble.rate_limits("auth.test")
    token = (await found(slack_world))["token"]
    assert (token.state, token.todo) == ("problem", "try again in a minute")


async def test_scopes_that_are_missing_are_named(slack_world: SlackWorld) -> None:
    slack_world.scopes.intersection_update(set(scopes(settings(slack_world))) - {"im:write", "team:read"})
    scope = (await found(slack_world))["scopes"]
    assert (scope.state, scope.what) == ("problem", "the app lacks im:write, team:read")
    assert "Reinstall" in scope.todo


async def test_a_feature_that_is_configured_needs_its_scope(slack_world: SlackWorld) -> None:
    slack_world.scopes.discard("reactions:read")
    assert (await found(slack_world))["scopes"].state == "ok"
    assert (await found(slack_world, ticket_emoji="ticket"))["scopes"].state == "problem"


@pytest.mark.parametrize("broken", ["scope", "token"])
async def test_an_app_token_that_opens_nothing_is_a_problem(slack_world: SlackWorld, broken: str) -> None:
    more = {"app_token": "xapp-nobodys"} if broken == "token" else {}
    if broken == "scope":
        slack_world.app_scopes.clear()
    token = (await found(slack_world, **more))["app_token"]
    assert token.state == "problem"
    assert "connections:write" in token.todo


async def test_http_mode_needs_no_app_token(slack_world: SlackWorld) -> None:
    findings = await found(slack_world, mode="http")
    assert findings["signing_secret"].state == "ok"
    assert "app_token" not in findings


async def test_an_agents_channel_without_the_bot_says_how_to_invite_it(slack_world: SlackWorld) -> None:
    public = slack_world.channel("support-team", [slack_world.person("Sam")], bot=False)
    private = slack_world.channel("secret-team", [slack_world.person("Tess")], bot=False, private=True)
    for channel in (public.id, private.id, "C0NOWHERE"):
        finding = (await found(slack_world, channel))["agents_channel"]
        assert finding.state == "problem"
        assert "/invite @supportbot" in finding.todo


async def test_an_agents_channel_that_a_scope_hides_needs_the_scope(slack_world: SlackWorld) -> None:
    team = slack_world.channel("support-team", [slack_world.person("Sam")], private=True)
    slack_world.scopes.discard("groups:read")
    finding = (await found(slack_world, team.id))["agents_channel"]
    assert (finding.state, "/invite" in finding.todo, "scopes" in finding.todo) == ("problem", False, True)


async def test_an_agents_channel_that_others_read_is_a_warning(slack_world: SlackWorld) -> None:
    acme = slack_world.other_workspace("Acme")
    shared = slack_world.channel("support-team", [], shared_with=[acme])
    finding = (await found(slack_world, shared.id))["agents_channel"]
    assert (finding.state, finding.what) == ("warning", "#support-team is shared with another company")


async def test_a_user_group_that_is_not_there_is_a_problem(slack_world: SlackWorld) -> None:
    assert (await found(slack_world, agents="S0NOWHERE"))["agents"].state == "problem"
    empty = slack_world.user_group("nobody", [])
    assert "nobody is an agent" in (await found(slack_world, agents=empty.id))["agents"].what


@pytest.mark.parametrize(("mode", "state"), [("socket", "warning"), ("http", "problem")])
async def test_a_clock_that_is_wrong_is_told(slack_world: SlackWorld, mode: str, state: str) -> None:
    late = SimulatedClock(SystemClock().now() + HOUR)
    clock = (await found(slack_world, clock=late, mode=mode))["clock"]
    assert clock.state == state
    assert "NTP" in clock.todo


async def test_each_workspace_has_its_own_findings_and_the_agents_channel_is_looked_at_where_it_stands(
    slack_world: SlackWorld,
) -> None:
    acme = slack_world.other_workspace("Acme", installed=True)
    team = slack_world.channel("support-team", [slack_world.person("Tess", workspace=acme)], workspace=acme)
    tokens = {"acme": Secret(acme.bot_token), "gone": Secret("xoxb-nobodys")}
    acme.scopes.discard("im:write")
    given = settings(slack_world, workspaces=tokens)
    checks = Checks(given, Address("slack", "acme", team.id), SystemClock())
    findings = {finding.name.removeprefix("adapters.slack."): finding async for finding in checks.make()}
    assert "supportbot in Acme" in findings["workspaces.acme.token"].what
    assert findings["workspaces.acme.scopes"].what == "the app lacks im:write"
    assert "in that workspace again" in findings["workspaces.acme.scopes"].todo
    assert findings["workspaces.gone.token"].what == "Slack rejects workspaces.gone (invalid_auth)"
    assert "install the app in that workspace again" in findings["workspaces.gone.token"].todo
    assert {findings[name].state for name in ("token", "scopes", "agents_channel", "app_token")} == {"ok"}


async def test_two_tokens_of_one_workspace_are_a_problem(slack_world: SlackWorld) -> None:
    acme = slack_world.other_workspace("Acme", installed=True)
    acme.id = slack_world.workspace.id
    finding = (await found(slack_world, workspaces={"acme": Secret(acme.bot_token)}))["workspaces.acme.token"]
    assert (finding.state, finding.what) == ("problem", "it is of the same workspace as bot_token")
