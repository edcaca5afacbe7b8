from __future__ import annotations

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError


@pytest.fixture
def told(app, told):
    """The event ids and texts that the app was told."""

    @app.event("message")
    async def message(body, event):
        told.add((body["event_id"], event.get("text", "")))

    return told


async def test_a_rate_limit_says_how_long_to_wait_and_does_nothing(slack_world, client):
    ada = slack_world.person("Ada")
    slack_world.trouble.rate_limits(retry_after=7)
    with pytest.raises(SlackApiError) as failed:
        await client.chat_postMessage(channel=ada.id, text="hi")
    assert failed.value.response.status_code == 429
    assert failed.value.response["error"] == "ratelimited"
    assert failed.value.response.headers["Retry-After"] == "7"
    assert ada.reads() == []
    await client.chat_postMessage(channel=ada.id, text="hi")
    assert "hi" in await ada.hears()


async def test_a_channel_takes_one_message_a_second(slack_world, client):
    ada, bo = slack_world.person("Ada"), slack_world.person("Bo")
    slack_world.trouble.paces()
    await client.chat_postMessage(channel=ada.id, text="1")
    await client.chat_postMessage(channel=bo.id, text="1")
    with pytest.raises(SlackApiError, match="ratelimited"):
        await client.chat_postMessage(channel=ada.id, text="2")
    await slack_world.passes("1s")
    await client.chat_postMessage(channel=ada.id, text="2")
    assert [message.text for message in ada.reads()] == ["1", "2"]


async def test_history_is_limited_for_unlisted_apps(slack_world, client):
    ada = slack_world.person("Ada")
    room = slack_world.channel("help", [ada])
    for number in range(20):
        await ada.writes(room, str(number))
    slack_world.trouble.limits_history()
    assert len((await client.conversations_history(channel=room.id, limit=100))["messages"]) == 15
    with pytest.raises(SlackApiError) as failed:
        await client.conversations_history(channel=room.id)
    assert failed.value.response.headers["Retry-After"] == "60"


async def test_a_broken_server_answers_with_a_page(slack_world, client):
    ada = slack_world.person("Ada")
    slack_world.trouble.breaks(times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError) as failed:
            await client.chat_postMessage(channel=ada.id, text="hi")
        assert failed.value.response.status_code == 500
    assert (await client.chat_postMessage(channel=ada.id, text="hi"))["ok"]


async def test_a_reply_may_be_lost_after_the_message_was_posted(slack_world, client):
    ada = slack_world.person("Ada")
    slack_world.trouble.loses_replies()
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=ada.id, text="hi")
    assert [message.text for message in ada.reads()] == ["hi"]
    assert slack_world.world_log.calls("chat.postMessage")[0].error == "lost"


async def test_a_connection_may_end_before_anything_was_posted(slack_world, client):
    ada = slack_world.person("Ada")
    slack_world.trouble.hangs_up()
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=ada.id, text="hi")
    assert ada.reads() == []


async def test_trouble_strikes_a_share_of_calls_until_it_ends(slack_world, client):
    ada = slack_world.person("Ada")
    slack_world.trouble.rate_limits(times=None, share=0.5)
    answers = await asyncio.gather(
        *(client.chat_postMessage(channel=ada.id, text=str(number)) for number in range(40)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, SlackApiError)]
    assert 5 < len(refused) < 35
    assert len(ada.reads()) == 40 - len(refused)
    slack_world.trouble.ends()
    for number in range(5):
        await client.chat_postMessage(channel=ada.id, text=str(number))


@pytest.mark.parametrize(("new_id", "ids"), [(False, 1), (True, 2)])
async def test_an_event_may_come_twice(slack_world, start, told, new_id, ids):
    await start()
    ada = slack_world.person("Ada")
    slack_world.trouble.repeats_next(new_id=new_id)
    await ada.dm("hi")
    await told.count(2)
    assert len({event_id for event_id, _ in told}) == ids
    assert {text for _, text in told} == {"hi"}


async def test_a_share_of_events_may_come_twice(slack_world, start, told):
    await start()
    ada = slack_world.person("Ada")
    slack_world.trouble.repeats = 0.3
    for number in range(50):
        await ada.dm(str(number))
    await slack_world.settled()
    assert 50 < len(slack_world.deliveries.all) < 80
    await told.count(len(slack_world.deliveries.all))


async def test_events_may_be_held_back_and_come_backwards(slack_world, start, told):
    await start()
    ada = slack_world.person("Ada")
    async with slack_world.trouble.holding(backwards=True):
        first = await ada.dm("first")
        await ada.edits(first, "first!")
        await ada.dm("second")
        assert slack_world.deliveries.all[0].attempts == []
    attempted = sorted(slack_world.deliveries.all, key=lambda delivery: delivery.began)
    assert [delivery.payload["event"].get("text") for delivery in attempted] == ["second", None, "first"]


async def test_events_may_overtake_one_another(slack_world, start, told):
    await start()
    ada = slack_world.person("Ada")
    slack_world.trouble.delay = 0.02
    for number in range(20):
        await ada.dm(f"{number:02d}")
    came = [text for _, text in await told.count(20)]
    assert sorted(came) == [f"{number:02d}" for number in range(20)]
    assert came != sorted(came)
