"""Bare bolt apps on the simulated Slack: what is tested is the simulator, so the apps only echo."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from supportbot.testing.slack import SlackWorld
from tests.unit.testing.told import Told

quiet = logging.getLogger("bolt under test")
quiet.setLevel(logging.CRITICAL)

Start = Callable[..., Awaitable[AsyncApp]]


@pytest.fixture
def told() -> Told:
    """An empty list to which an app's listeners add what they are told."""
    return Told()


@asynccontextmanager
async def connected(slack: SlackWorld, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    """Connect an app over one socket."""
    handler = AsyncSocketModeHandler(app, slack.app_token, logger=quiet, ping_interval=60)
    before = slack.sockets.opened
    try:
        await handler.connect_async()
        await slack.until(lambda: True if slack.sockets.opened > before else None, "the app connected")
        yield handler
    finally:
        await handler.client.close()
        await handler.client.aiohttp_client_session.close()


@asynccontextmanager
async def listening(slack: SlackWorld, app: AsyncApp) -> AsyncIterator[str]:
    """Let an app listen for signed requests."""

    async def handle(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server = web.Application()
    server.router.add_post("/slack/events", handle)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    try:
        yield slack.http.url
    finally:
        await slack.http.close()
        await runner.cleanup()


@pytest.fixture
async def client(slack_world) -> AsyncIterator[AsyncWebClient]:
    """A real Web API client with the bot's token, one shared session and no retries of its own."""
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            slack_world.bot_token, base_url=slack_world.api_url, session=session, retry_handlers=[], logger=quiet
        )


@pytest.fixture
def app(slack_world, client) -> AsyncApp:
    """A bare bolt app."""
    return AsyncApp(client=client, signing_secret=slack_world.signing_secret, logger=quiet)


@pytest.fixture(params=["socket", "http"])
async def start(slack_world, app, request) -> AsyncIterator[Start]:
    """Connect the app, once its listeners are there, in each of the two modes."""
    async with AsyncExitStack() as stack:

        async def begin() -> AsyncApp:
            way = connected if request.param == "socket" else listening
            await stack.enter_async_context(way(slack_world, app))
            return app

        yield begin
