"""The invite: its link, and whose it is."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from supportbot.adapter_settings import DiscordSettings
from supportbot.adapters.discord.invite import application_in, application_of, invite
from supportbot.errors import BadToken, TryLater
from supportbot.settings import Secret
from supportbot.testing.discord import DiscordWorld
from supportbot.testing.discord.permissions import bits

OFFLINE = "http://127.0.0.1:9"
REAL = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GeXaMp.l3_this-is-nobodys-and-never-was-a1b2"


def settings(token: str, api_url: str, **more: Any) -> DiscordSettings:
    return DiscordSettings(token=Secret(token), api_url=api_url, **more)


def test_the_link_has_both_scopes_and_the_permissions_as_discord_counts_them() -> None:
    made = invite(settings("t", OFFLINE), "1", "42")
    link = urlsplit(made.url)
    asked = parse_qs(link.query)
    assert f"{link.scheme}://{link.netloc}{link.path}" == "https://discord.com/oauth2/authorize"
    assert asked["client_id"] == ["42"]
    assert asked["scope"] == ["bot applications.commands"]
    assert int(asked["permissions"][0]) == bits(permission.name for permission, _ in made.needed)


async def test_discord_itself_is_asked_for_the_application(discord_world: DiscordWorld) -> None:
    found = await application_of(settings(discord_world.token, discord_world.api_url))
    assert found == discord_world.application_id != discord_world.bot.id


async def test_without_discord_the_token_tells_the_application() -> None:
    assert await application_of(settings(REAL, OFFLINE)) == "123456789012345678"


async def test_without_discord_and_with_a_token_of_another_kind_nobody_knows() -> None:
    with pytest.raises(TryLater, match="cannot be asked for the application's ID"):
        await application_of(settings("nothing", OFFLINE))


async def test_a_token_that_discord_rejects_is_told(discord_world: DiscordWorld) -> None:
    with pytest.raises(BadToken, match=r"adapters.discord.token: Discord rejected it"):
        await application_of(settings(REAL, discord_world.api_url))


@pytest.mark.parametrize("token", ["", "abc", "bm90LWFuLWlk.x.y", "ü.x.y", "====.x.y"])
def test_a_token_without_an_id_has_none(token: str) -> None:
    assert application_in(token) == ""
