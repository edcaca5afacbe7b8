"""What doctor finds in Discord, and what it says to click."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.adapter_settings import DiscordSettings
from supportbot.adapters.discord import servers
from supportbot.adapters.discord.checks import Checks
from supportbot.adapters.discord.commands import definitions
from supportbot.adapters.discord.permissions import needed_in
from supportbot.clock import HOUR, Clock, SimulatedClock, SystemClock
from supportbot.domain.finding import Finding
from supportbot.settings import Secret
from supportbot.testing.discord import DiscordWorld
from supportbot.texts import Texts


async def found(
    discord: DiscordWorld, channel: str = "", clock: Clock | None = None, **more: Any
) -> dict[str, Finding]:
    given = {"token": discord.token, "api_url": discord.api_url, **more}
    settings = DiscordSettings(**{**given, "token": Secret(given["token"])})
    checks = Checks(settings, channel, Texts(), clock or SystemClock())
    return {finding.name.removeprefix("adapters.discord."): finding async for finding in checks.make()}


def register(discord: DiscordWorld) -> None:
    discord._backstage.app.set_commands("", definitions(Texts()))


async def test_a_bot_that_is_set_up_well_has_nothing_to_mend(discord_world: DiscordWorld) -> None:
    agents = discord_world.role("Agents", [discord_world.person("Sam")])
    team = discord_world.channel("support-team", only_for=[agents])
    room, forum = discord_world.channel("help"), discord_world.forum("questions")
    register(discord_world)
    findings = await found(discord_world, team.id, help_channels=(room.id, forum.id), agent_roles=(agents.id,))
    assert {finding.state for finding in findings.values()} == {"ok"}, findings
    assert set(findings) == {
        *("token", "clock", "message_content", "commands", "servers", "agents_channel"),
        *(f"help_channels.{room.id}", f"help_channels.{forum.id}", f"agent_roles.{agents.id}"),
    }
    assert "supportbot" in findings["token"].what
    assert "Example" in findings["servers"].what
    assert not discord_world.world_log.calls(ok=False)


async def test_a_look_changes_nothing_and_begins_no_session(discord_world: DiscordWorld) -> None:
    await found(discord_world, discord_world.channel("support-team").id)
    assert discord_world.gateway.identifies == 0
    assert all(call.method.startswith("Get ") for call in discord_world.world_log)


async def test_a_token_that_discord_rejects_is_all_there_is_to_say(discord_world: DiscordWorld) -> None:
    findings = await found(discord_world, "1", token="nobodys")
    assert set(findings) == {"token"}
    assert findings["token"].state == "problem"
    assert "Reset Token" in findings["token"].todo
    assert "nobodys" not in str(findings)


async def test_a_discord_that_cannot_be_reached_is_told_with_its_address(discord_world: DiscordWorld) -> None:
    findings = await found(discord_world, api_url="http://127.0.0.1:9/api")
    assert set(findings) == {"token"}
    assert "http://127.0.0.1:9/api" in findings["token"].what


async def test_a_bot_that_may_not_read_messages_says_what_it_lacks_and_where_that_is(
    discord_world: DiscordWorld,
) -> None:
    discord_world.allowed_intents.discard("message_content")
    content = (await found(discord_world))["message_content"]
    assert content.state == "warning"
    assert "Message Content Intent" in content.todo


async def test_interactions_that_go_elsewhere_are_a_problem(
    discord_world: DiscordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = discord_world._backstage.app
    described = {**app.record(), "interactions_endpoint_url": "https://elsewhere.example.com"}
    monkeypatch.setattr(app, "record", lambda: described)
    assert (await found(discord_world))["interactions"].state == "problem"


async def test_commands_are_looked_at(discord_world: DiscordWorld) -> None:
    commands = (await found(discord_world))["commands"]
    assert (commands.state, commands.what) == ("warning", "none is registered yet")
    discord_world._backstage.app.set_commands("", definitions(Texts())[:-1])
    assert "others than" in (await found(discord_world))["commands"].what
    register(discord_world)
    assert (await found(discord_world))["commands"].state == "ok"


async def test_a_bot_on_no_server_is_given_its_link(discord_world: DiscordWorld) -> None:
    del discord_world.guild.members[discord_world.bot.id]
    findings = await found(discord_world, "1")
    assert findings["servers"].state == "problem"
    assert f"client_id={discord_world.application_id}" in findings["servers"].todo
    assert "agents_channel" not in findings


async def test_a_server_where_the_bot_may_too_little_is_named(discord_world: DiscordWorld) -> None:
    discord_world.permits(discord_world.guild.everyone, "view_channel", "send_messages")
    discord_world.permits(discord_world.bot_role, "view_channel", "send_messages")
    finding = (await found(discord_world))["permissions"]
    assert finding.state == "warning"
    assert "Manage Threads (to close and lock" in finding.what
    assert "Send Messages (" not in finding.what
    assert "https://discord.com/oauth2/authorize" in finding.todo


async def test_an_administrator_may_everything(discord_world: DiscordWorld) -> None:
    room = discord_world.channel("help")
    discord_world.forbids(room, "send_messages")
    discord_world.permits(discord_world.bot_role, "administrator")
    findings = await found(discord_world, help_channels=(room.id,))
    assert "permissions" not in findings
    assert findings[f"help_channels.{room.id}"].state == "ok"


@pytest.mark.parametrize("place", ["agents", "topics", "forum"])
async def test_each_permission_that_a_channel_lacks_is_told_with_its_name_and_its_reason(
    discord_world: DiscordWorld, place: Any
) -> None:
    room = discord_world.forum("room") if place == "forum" else discord_world.channel("room")
    for permission in needed_in(place, DiscordSettings(token=Secret("t"))):
        discord_world.forbids(room, permission.name)
        if place == "agents":
            finding = (await found(discord_world, room.id))["agents_channel"]
        else:
            finding = (await found(discord_world, help_channels=(room.id,)))[f"help_channels.{room.id}"]
        discord_world.allows(room, permission.name)
        assert (finding.state, permission.name) == ("problem", permission.name)
        assert f"{permission.label} ({permission.why})" in finding.what
        assert "#room, Edit Channel, Permissions: add @supportbot" in finding.todo


async def test_a_channel_that_the_bot_cannot_see_is_named_all_the_same(discord_world: DiscordWorld) -> None:
    room = discord_world.channel("secret", bot=False)
    finding = (await found(discord_world, help_channels=(room.id,)))[f"help_channels.{room.id}"]
    assert finding.state == "problem"
    assert "in #secret the bot lacks View Channels" in finding.what


@pytest.mark.parametrize("id", ["1", "support-team"])
async def test_an_id_of_nothing_says_where_the_right_one_is(discord_world: DiscordWorld, id: str) -> None:
    finding = (await found(discord_world, id))["agents_channel"]
    assert finding.state == "problem"
    assert "Copy ID" in finding.todo


async def test_cases_need_a_text_channel(discord_world: DiscordWorld) -> None:
    finding = (await found(discord_world, discord_world.forum("questions").id))["agents_channel"]
    assert finding.what == "#questions is no text channel"


async def test_an_agents_channel_for_all_makes_everybody_an_agent(discord_world: DiscordWorld) -> None:
    team = discord_world.channel("support-team")
    finding = (await found(discord_world, team.id))["agents"]
    assert (finding.state, finding.what) == ("problem", "everybody on Example sees #support-team, and so is an agent")
    agents = discord_world.role("Agents")
    findings = await found(discord_world, team.id, agent_roles=(agents.id,))
    assert (findings["agents"].state, findings[f"agent_roles.{agents.id}"].state) == ("warning", "ok")
    secret = discord_world.channel("secret-team", only_for=[agents])
    assert (await found(discord_world, secret.id))["agents"].state == "ok"


async def test_roles_of_agents_are_looked_at(discord_world: DiscordWorld) -> None:
    agents, everyone = discord_world.role("Agents"), discord_world.guild.everyone
    team = discord_world.channel("support-team", only_for=[])
    findings = await found(discord_world, team.id, agent_roles=(agents.id, everyone.id, "123"))
    assert "does not see #support-team" in findings[f"agent_roles.{agents.id}"].what
    assert "all are agents" in findings[f"agent_roles.{everyone.id}"].what
    assert findings["agent_roles.123"].what == "123 is no role on a server that the bot is on"


async def test_of_a_bot_on_many_servers_only_those_with_its_channels_are_looked_into(
    discord_world: DiscordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "_FEW", 2)
    acme, _, _ = (discord_world.other_guild(name) for name in ("Acme", "Bolt", "Cog"))
    room = discord_world.channel("help", guild=acme)
    findings = await found(discord_world, "1", help_channels=(room.id,))
    assert findings["servers"].what == "the bot is on Example, Acme, Bolt and 1 more"
    assert findings[f"help_channels.{room.id}"].state == "ok"
    assert findings["agents_channel"].state == "problem"
    assert len(discord_world.world_log.calls("Get Guild Channels")) == 1


async def test_a_server_that_breaks_is_told_and_the_rest_stands(discord_world: DiscordWorld) -> None:
    discord_world.trouble.hangs_up("Get Current User Guilds", times=None)
    findings = await found(discord_world)
    assert (findings["servers"].state, findings["token"].state) == ("problem", "ok")


async def test_a_clock_that_is_wrong_is_told(discord_world: DiscordWorld) -> None:
    late = SimulatedClock(SystemClock().now() + HOUR)
    clock = (await found(discord_world, clock=late))["clock"]
    assert clock.state == "warning"
    assert "NTP" in clock.todo
