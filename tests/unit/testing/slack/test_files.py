from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError


async def fetch(url: str, token: str = "") -> tuple[str, bytes]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        return response.content_type, await response.read()


async def test_a_file_of_a_person_is_told_and_fetched_with_the_token(slack_world, app, start, told):
    @app.event({"type": "message", "subtype": "file_share"})
    async def shared(event):
        told.add(event)

    await start()
    ada = slack_world.person("Ada")
    await ada.uploads(ada.direct, "screen.png", b"\x89PNG", "see here")
    (event,) = await told.count(1)
    file = event["files"][0]
    assert (event["text"], file["name"], file["mimetype"], file["size"]) == ("see here", "screen.png", "image/png", 4)
    assert await fetch(file["url_private"], slack_world.bot_token) == ("image/png", b"\x89PNG")


async def test_who_forgets_the_token_gets_a_page_and_no_error(slack_world):
    ada = slack_world.person("Ada")
    file = (await ada.uploads(ada.direct, "secret.txt", b"secret")).files[0]
    kind, page = await fetch(file.url)
    assert kind == "text/html"
    assert b"secret" not in page
    slack_world.scopes.discard("files:read")
    assert (await fetch(file.url, slack_world.bot_token))[0] == "text/html"


async def test_a_bot_uploads_in_three_steps(slack_world, client):
    ada = slack_world.person("Ada")
    room = slack_world.channel("help", [ada])
    asked = await ada.writes(room, "logs please")
    await client.files_upload_v2(
        channel=room.id, thread_ts=asked.ts, filename="log.txt", content="all good", initial_comment="Here:"
    )
    heard = await ada.hears(room, thread=asked)
    assert (heard.text, heard.files[0].name, heard.files[0].data) == ("Here:", "log.txt", b"all good")
    info = await client.files_info(file=heard.files[0].id)
    assert await fetch(info["file"]["url_private"], slack_world.bot_token) == ("text/plain", b"all good")


async def test_a_file_of_another_length_than_announced_is_not_taken(slack_world, client):
    announced = await client.files_getUploadURLExternal(filename="x.txt", length=5)
    async with aiohttp.ClientSession() as session, session.post(announced["upload_url"], data=b"123") as response:
        assert response.status == 400
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_completeUploadExternal(files=[{"id": announced["file_id"]}])
