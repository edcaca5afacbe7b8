from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from tests.unit.testing.slack.conftest import connected


@pytest.fixture
def told(app, told):
    """What the app was told, by the text of the message."""

    @app.event("message")
    async def message(event):
        told.add(event["text"])

    return told


async def test_several_connections_share_the_events(slack_world, app, told):
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(connected(slack_world, app))
        assert len(slack_world.sockets.connections) == 3
        ada = slack_world.person("Ada")
        for number in range(6):
            await ada.dm(str(number))
        await slack_world.settled()
        assert sorted(await told.count(6)) == list("012345")


async def test_what_is_not_acknowledged_is_told_again_four_times_in_all(slack_world, app, told):
    @app.middleware
    async def refuse(body):
        told.add(body["event_id"])

    async with connected(slack_world, app):
        ada = slack_world.person("Ada")
        await ada.dm("hi")
        (delivery,) = slack_world.deliveries.all
        for span in ("2s", "1s", "3s", "1m", "3s", "5m"):
            await slack_world.passes(span)
        await told.count(4)
        await slack_world.passes("3s")
        assert delivery.state == "given up"
        assert delivery.failures == ["timeout"] * 4
        assert len(set(told)) == 1


async def test_what_came_while_nobody_listened_is_told_again_later(slack_world, app, told):
    ada = slack_world.person("Ada")
    await ada.dm("is anybody there?")
    (delivery,) = slack_world.deliveries.waiting()
    assert delivery.failures == ["connection_failed", "connection_failed"]
    async with connected(slack_world, app):
        await slack_world.passes("1m")
        await slack_world.settled()
        assert delivery.state == "acknowledged"


async def test_a_refresh_brings_a_new_connection_and_loses_nothing(slack_world, app, told):
    async with connected(slack_world, app):
        (old,) = slack_world.sockets.connections
        slack_world.sockets.refresh()
        await slack_world.until(lambda: True if slack_world.sockets.opened == 2 else None, "it connected again")
        await slack_world.sockets.connected()
        assert old not in [one for one in slack_world.sockets.connections if one.usable]
        ada = slack_world.person("Ada")
        await ada.dm("hi")
        assert await told.count(1) == ["hi"]


async def test_a_deaf_connection_hears_nothing_until_another_one_does(slack_world, app, told):
    async with connected(slack_world, app), connected(slack_world, app):
        deaf, _ = slack_world.sockets.connections
        slack_world.sockets.deafen(deaf)
        ada = slack_world.person("Ada")
        for number in range(2):
            await ada.dm(str(number))
        await told.count(1)
        waiting = slack_world.deliveries.waiting
        await slack_world.until(lambda: True if len(waiting()) == 1 else None, "one was acknowledged")
        await slack_world.passes("3s")
        if waiting():  # the turn may have been the deaf one's again
            slack_world.redelivers()
        assert sorted(await told.count(2)) == ["0", "1"]


async def test_a_broken_connection_is_noticed(slack_world, app):
    async with connected(slack_world, app):
        slack_world.sockets.drop()
        await slack_world.sockets.disconnected()
        assert not slack_world.sockets.reaches()


async def test_an_eleventh_connection_is_one_too_many(slack_world, app, client):
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(connected(slack_world, app))
        url = (await client.apps_connections_open(app_token=slack_world.app_token))["url"]
        async with client.session.ws_connect(url) as socket:
            assert await socket.receive_json() == {"type": "disconnect", "reason": "too_many_websockets"}
        assert len(slack_world.sockets.connections) == 10


async def test_an_address_is_good_for_one_connection(slack_world, client):
    url = (await client.apps_connections_open(app_token=slack_world.app_token))["url"]
    session = client.session
    async with session.ws_connect(url) as socket:
        assert (await socket.receive_json())["type"] == "hello"
    async with session.get(url.replace("ws:", "http:")) as response:
        assert response.status == 408
