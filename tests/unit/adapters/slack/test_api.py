"""Calls of the Web API: each failure is told as what it means for whoever called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from supportbot.adapters.slack.api import Api, Failed, _told
from supportbot.errors import BadToken, TryLater, Unclear
from supportbot.testing.slack import SlackWorld


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def api(slack_world: SlackWorld, session: aiohttp.ClientSession) -> Api:
    return Api(slack_world.bot_token, slack_world.api_url, session)


async def test_a_refusal_keeps_slacks_own_word_for_it(api: Api) -> None:
    with pytest.raises(Failed) as refused:
        await api.write("chat.postMessage", channel="C0", text="hello")
    assert refused.value.code == "channel_not_found"


async def test_a_place_where_the_bot_may_not_write_is_no_reason_to_distrust_the_token() -> None:
    answer = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="chat.postMessage",
        req_args={},
        data={"ok": False, "error": "no_permission"},
        headers={},
        status_code=200,
    )
    told = _told("chat.postMessage", SlackApiError("no", answer), Unclear("no answer"))
    assert isinstance(told, Failed)


async def test_a_wait_is_as_long_as_slack_says(slack_world: SlackWorld, api: Api) -> None:
    slack_world.trouble.rate_limits("chat.postMessage", retry_after=7)
    with pytest.raises(TryLater) as wait:
        await api.write("chat.postMessage", channel="C0", text="hello")
    assert wait.value.after == 7


@pytest.mark.parametrize("trouble", ["breaks", "loses_replies", "hangs_up"])
async def test_a_change_without_an_answer_is_unclear_and_a_question_is_asked_again(
    slack_world: SlackWorld, api: Api, trouble: str
) -> None:
    getattr(slack_world.trouble, trouble)("*", times=None)
    with pytest.raises(Unclear):
        await api.write("chat.postMessage", channel="C0", text="hello")
    with pytest.raises(TryLater):
        await api.read("users.info", user="U0")


async def test_a_slack_that_cannot_be_reached_changed_nothing(session: aiohttp.ClientSession) -> None:
    with pytest.raises(TryLater):
        await Api("xoxb", "http://127.0.0.1:9/api/", session).write("chat.postMessage", channel="C0", text="hello")


async def test_a_wrong_token_is_told_as_such(slack_world: SlackWorld, session: aiohttp.ClientSession) -> None:
    with pytest.raises(BadToken):
        await Api("xoxb-wrong", slack_world.api_url, session).read("users.info", user="U0")


async def test_what_is_being_asked_is_not_asked_twice(slack_world: SlackWorld, api: Api) -> None:
    ada = slack_world.person("Ada")
    answers = await asyncio.gather(*(api.read("users.info", user=ada.id) for _ in range(10)))
    assert len(slack_world.world_log.calls("users.info")) == 1
    assert {answer["user"]["id"] for answer in answers} == {ada.id}
    await api.read("users.info", user=ada.id)
    assert len(slack_world.world_log.calls("users.info")) == 2


@pytest.mark.parametrize(
    "address",
    [
        "http://files.slack.com/x",
        "https://slack.com.evil.example/x",
        "https://evil.example/files.slack.com/x",
        "ftp://127.0.0.1/x",
        "",
    ],
)
async def test_the_token_goes_to_slack_alone(session: aiohttp.ClientSession, address: str) -> None:
    assert await Api("xoxb", "https://slack.com/api/", session).download(address, 100) is None


async def test_a_page_to_sign_in_at_is_no_file(slack_world: SlackWorld, api: Api) -> None:
    ada = slack_world.person("Ada")
    message = await ada.uploads(ada.direct, "log.txt", b"all of it")
    address = message.files[0].url
    assert await api.download(address, 100) == b"all of it"
    assert await api.download(address, 5) is None
    slack_world.scopes.discard("files:read")
    assert await api.download(address, 100) is None
