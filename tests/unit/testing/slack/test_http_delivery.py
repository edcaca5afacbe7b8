from __future__ import annotations

import pytest

from supportbot.testing.slack import FORGERIES
from tests.unit.testing.slack.conftest import listening

BOLT_BREAKS_ON = {
    "a signature that is not ASCII",
    "a timestamp that is no number",
    "a timestamp that is a fraction",
    "a huge timestamp",
    "a body that is not UTF-8",
}
"""What bolt answers with 500 where it should with 401, as PLATFORMS says; an app has to check first."""


async def test_the_address_is_verified(slack_world, app):
    async with listening(slack_world, app):
        assert await slack_world.http.verifies_url()


@pytest.mark.parametrize("how", FORGERIES)
async def test_a_forged_request_is_turned_away(slack_world, app, told, how):
    @app.event("message")
    async def message(event):
        told.add(event)

    async with listening(slack_world, app):
        status = await slack_world.http.forges(how)
        assert status == (500 if how in BOLT_BREAKS_ON else 401)
        assert told == []


async def test_an_error_is_tried_again_with_its_number_and_reason(slack_world, app):
    seen = []

    @app.middleware
    async def refuse(req, resp, next_):
        seen.append([req.headers.get(f"x-slack-retry-{name}", [""])[0] for name in ("num", "reason")])
        if len(seen) == 3:
            return await next_()
        resp.status = 500
        return resp

    @app.event("message")
    async def message(event):
        pass

    async with listening(slack_world, app):
        ada = slack_world.person("Ada")
        await ada.dm("hi")
        await slack_world.settled()
        await slack_world.passes("1m")
        await slack_world.settled()
        (delivery,) = slack_world.deliveries.all
        assert delivery.state == "acknowledged"
        assert seen == [["", ""], ["1", "http_error"], ["2", "http_error"]]


async def test_an_app_that_is_down_is_told_later(slack_world, app):
    slack_world.deliver_to("http://127.0.0.1:1/slack/events")
    ada = slack_world.person("Ada")
    await ada.dm("hi")
    await slack_world.settled()
    (delivery,) = slack_world.deliveries.waiting()
    assert delivery.failures == ["connection_failed", "connection_failed"]


async def test_a_recorded_request_can_be_sent_again(slack_world, app, told):
    @app.event("message")
    async def message(event):
        told.add(event["text"])

    async with listening(slack_world, app):
        ada = slack_world.person("Ada")
        await ada.dm("hi")
        await slack_world.settled()
        (delivery,) = slack_world.deliveries.all
        assert await slack_world.http.replays(delivery) == 200
        assert await slack_world.http.replays(delivery, age=301) == 401
        assert await told.count(2) == ["hi", "hi"]  # bolt lets it through; an app has to remember event ids
