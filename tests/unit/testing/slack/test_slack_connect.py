from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError


async def test_a_customer_in_a_shared_channel_is_somebody_of_another_workspace(slack_world, app, start):
    got = []

    @app.event("message")
    async def message(body, event, say):
        got.append((body, event))
        await say("Hello!", thread_ts=event["ts"])

    await start()
    acme = slack_world.other_workspace("Acme Corp")
    zoe, sam = slack_world.person("Zoe", workspace=acme), slack_world.person("Sam")
    room = slack_world.channel("ext-acme", [zoe, sam], shared_with=[acme])
    asked = await zoe.writes(room, "our printer burns")
    assert "Hello" in await zoe.hears(room, thread=asked)
    body, event = got[0]
    assert body["authorizations"][0]["team_id"] == body["context_team_id"] == slack_world.workspace.id
    assert body["is_ext_shared_channel"]
    assert event["user_team"] == event["team"] == acme.id
    assert (await app.client.team_info(team=acme.id))["team"]["name"] == "Acme Corp"
    described = (await app.client.users_info(user=zoe.id))["user"]
    assert (described["team_id"], described["is_stranger"]) == (acme.id, False)
    assert "email" not in described["profile"]
    assert (await app.client.conversations_info(channel=room.id))["channel"]["is_ext_shared"]


async def test_a_stranger_has_no_direct_messages_and_no_commands(slack_world, client):
    acme = slack_world.other_workspace("Acme Corp")
    zoe = slack_world.person("Zoe", workspace=acme)
    room = slack_world.channel("ext-acme", [zoe], shared_with=[acme])
    with pytest.raises(AssertionError, match="another workspace"):
        await zoe.dm("hi")
    with pytest.raises(AssertionError, match="no commands"):
        await zoe.runs("/support", room)
    with pytest.raises(SlackApiError, match="user_not_visible"):
        await client.conversations_open(users=zoe.id)


async def test_who_shares_no_channel_is_a_stranger_or_unknown(slack_world, client):
    acme, other = slack_world.other_workspace("Acme"), slack_world.other_workspace("Other")
    yan, unknown = slack_world.person("Yan", workspace=acme), slack_world.person("Una", workspace=other)
    slack_world.channel("ext-acme", shared_with=[acme])
    assert (await client.users_info(user=yan.id))["user"]["is_stranger"]
    with pytest.raises(SlackApiError, match="user_not_found"):
        await client.users_info(user=unknown.id)
    with pytest.raises(SlackApiError, match="team_not_found"):
        await client.team_info(team=other.id)


async def test_a_file_of_a_customer_is_only_named_and_has_to_be_asked_for(slack_world, app, start, told):
    @app.event("message")
    async def message(event, client):
        told.add(event["files"][0])
        told.add((await client.files_info(file=event["files"][0]["id"]))["file"])

    await start()
    acme = slack_world.other_workspace("Acme Corp")
    zoe = slack_world.person("Zoe", workspace=acme)
    room = slack_world.channel("ext-acme", [zoe], shared_with=[acme])
    await zoe.uploads(room, "screen.png", b"1234")
    named, described = await told.count(2)
    assert named["file_access"] == "check_file_info"
    assert "name" not in named
    assert (described["name"], described["size"]) == ("screen.png", 4)


async def test_sharing_a_channel_is_told(slack_world, app, start, told):
    @app.event("channel_shared")
    async def shared(event):
        told.add(event["connected_team_id"])

    await start()
    acme = slack_world.other_workspace("Acme Corp")
    await slack_world.shares(slack_world.channel("agents"), acme)
    assert await told.count(1) == [acme.id]


async def test_the_app_may_be_installed_in_several_workspaces(slack_world, client):
    acme = slack_world.other_workspace("Acme Corp", installed=True)
    zoe = slack_world.person("Zoe", workspace=acme)
    await client.chat_postMessage(token=acme.bot_token, channel=zoe.id, text="hi")
    assert "hi" in await zoe.hears()
    with pytest.raises(SlackApiError, match="user_not_found"):
        await client.chat_postMessage(channel=zoe.id, text="hi")


async def test_each_installation_hears_of_its_own_people_and_uses_what_is_theirs(slack_world, client, app, start, told):
    @app.command("/support")
    async def command(ack, body):
        await ack()
        told.add(body)

    @app.event("message")
    async def message(body):
        told.add(body)

    acme = slack_world.other_workspace("Acme Corp", installed=True)
    zoe = slack_world.person("Zoe", workspace=acme)
    await start()
    await zoe.runs("/support")
    await zoe.uploads(zoe.direct, "log.txt", b"secret")
    command_told, message_told = await told.count(2)
    assert command_told["team_id"] == acme.id
    assert message_told["authorizations"][0] == {
        "enterprise_id": None,
        "team_id": acme.id,
        "user_id": acme.installed_bot.id,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Hi"}, "blocks": []}
    trigger, file = command_told["trigger_id"], message_told["event"]["files"][0]["id"]
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await client.views_open(trigger_id=trigger, view=view)
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_info(file=file)
    await client.views_open(token=acme.bot_token, trigger_id=trigger, view=view)
    assert (await client.files_info(token=acme.bot_token, file=file))["file"]["name"] == "log.txt"

    before, acme.bot_token = acme.bot_token, "xoxb-another"
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await client.api_call("auth.test", params={"token": before})
