from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError


async def refused(call: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as failed:
        await call
    return failed.value.response.data


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(number: int, **changes: Any) -> dict[str, Any]:
    text = {"type": "plain_text", "text": changes.pop("label", "x")}
    return {"type": "button", "action_id": f"a{number}", "text": text, **changes}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


async def test_the_app_learns_who_it_is(slack_world, client):
    who = await client.auth_test()
    assert (who["user_id"], who["team_id"]) == (slack_world.bot.id, slack_world.workspace.id)
    assert who["bot_id"] == slack_world.bot.bot_id
    assert (await client.team_info())["team"]["name"] == "Example"
    assert (await client.bots_info(bot=who["bot_id"]))["bot"]["user_id"] == slack_world.bot.id


async def test_a_wrong_token_is_refused(client):
    assert (await refused(client.auth_test(token="xoxb-wrong")))["error"] == "invalid_auth"
    assert (await refused(client.auth_test(token="")))["error"] in ("not_authed", "invalid_auth")
    assert (await refused(client.apps_connections_open(app_token="xapp-wrong")))["error"] == "invalid_auth"
    assert (await refused(client.api_call("chat.nothing")))["error"] == "unknown_method"


async def test_a_missing_scope_is_named(slack_world, client):
    slack_world.scopes.discard("chat:write")
    answer = await refused(client.chat_postMessage(channel="C1", text="hi"))
    assert answer["error"] == "missing_scope"
    assert answer["needed"] == "chat:write"
    assert "users:read" in answer["provided"].split(",")
    slack_world.app_scopes.clear()
    answer = await refused(client.apps_connections_open(app_token=slack_world.app_token))
    assert answer["needed"] == "connections:write"


async def test_channels_are_found_only_where_the_bot_may_look(slack_world, client):
    ada = slack_world.person("Ada")
    public = slack_world.channel("public", [ada], bot=False)
    private = slack_world.channel("private", [ada], bot=False, private=True)
    assert (await refused(client.chat_postMessage(channel=public.id, text="hi")))["error"] == "not_in_channel"
    assert (await refused(client.chat_postMessage(channel=private.id, text="hi")))["error"] == "channel_not_found"
    assert (await refused(client.conversations_info(channel="C404")))["error"] == "channel_not_found"
    assert (await refused(client.conversations_history(channel=public.id)))["error"] == "not_in_channel"
    assert not (await client.conversations_info(channel=public.id))["channel"]["is_member"]
    assert (await client.users_conversations())["channels"] == []
    await client.conversations_join(channel=public.id)
    assert [one["id"] for one in (await client.users_conversations())["channels"]] == [public.id]
    assert (await client.chat_postMessage(channel=public.id, text="hi"))["ok"]
    names = [
        one["name"] for one in (await client.conversations_list(types="public_channel,private_channel"))["channels"]
    ]
    assert names == ["public"]
    assert (await client.conversations_members(channel=public.id))["members"] == [ada.id, slack_world.bot.id]


async def test_messages_are_posted_changed_and_deleted_by_their_author_only(slack_world, client):
    ada = slack_world.person("Ada")
    room = slack_world.channel("help", [ada])
    asked = await ada.writes(room, "hello")
    posted = await client.chat_postMessage(channel=room.id, text="hi", thread_ts=asked.ts)
    assert posted["message"]["bot_id"] == slack_world.bot.bot_id
    await client.chat_update(channel=room.id, ts=posted["ts"], text="hi!")
    assert [message.text for message in ada.reads(room)] == ["hello", "hi!"]
    assert (await refused(client.chat_update(channel=room.id, ts=asked.ts, text="x")))["error"] == "cant_update_message"
    assert (await refused(client.chat_delete(channel=room.id, ts=asked.ts)))["error"] == "cant_delete_message"
    await client.chat_delete(channel=room.id, ts=posted["ts"])
    assert (await refused(client.chat_delete(channel=room.id, ts=posted["ts"])))["error"] == "message_not_found"
    assert [message.text for message in ada.reads(room)] == ["hello"]
    link = (await client.chat_getPermalink(channel=room.id, message_ts=asked.ts))["permalink"]
    assert link == f"https://example.slack.com/archives/{room.id}/p{asked.ts.replace('.', '')}"


async def test_only_one_person_sees_an_ephemeral_message(slack_world, client):
    ada, bo = slack_world.person("Ada"), slack_world.person("Bo")
    room = slack_world.channel("help", [ada, bo])
    await client.chat_postEphemeral(channel=room.id, user=ada.id, text="psst")
    assert [str(message) for message in ada.reads(room)] == ["psst"]
    assert bo.reads(room) == []
    assert (await client.conversations_history(channel=room.id))["messages"] == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "blocks": [section("x" * 2990)] * 5}, "msg_blocks_too_long"),
        ({"text": "x", "blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"text": "x", "blocks": [section("")]}, "invalid_blocks"),
        ({"text": "x", "blocks": [section("x")] * 51}, "invalid_blocks"),
        ({"text": "x", "blocks": [actions(*(button(number) for number in range(26)))]}, "invalid_blocks"),
        ({"text": "x", "blocks": [actions(button(1, label="x" * 76))]}, "invalid_blocks"),
        ({"text": "x", "blocks": [actions(button(1, value="x" * 2001))]}, "invalid_blocks"),
        ({"text": "x", "blocks": [actions(button(1), button(1))]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "markdown", "text": "x" * 12_001}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "unheard_of"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{**section("x"), "block_id": "b"}] * 2}, "invalid_blocks"),
        ({"text": "x", "metadata": {"event_type": "t"}, "thread_ts": "1.1"}, "thread_not_found"),
        ({"text": "x", "metadata": {"event_payload": {}}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "t", "event_payload": {"x": "x" * 16_000}}}, "metadata_too_large"),
    ],
)
async def test_what_is_too_much_is_refused(slack_world, client, words, error):
    ada = slack_world.person("Ada")
    assert (await refused(client.chat_postMessage(channel=ada.id, **words)))["error"] == error
    assert ada.reads() == []


async def test_a_message_without_words_is_refused(slack_world, client):
    arguments = {"channel": slack_world.person("Ada").id, "text": " "}
    assert (await refused(client.api_call("chat.postMessage", json=arguments)))["error"] == "no_text"


async def test_what_is_just_enough_is_taken(slack_world, client):
    ada = slack_world.person("Ada")
    blocks = [section("x" * 3000), actions(*(button(number, label="x" * 75, value="x" * 2000) for number in range(25)))]
    await client.chat_postMessage(channel=ada.id, text="x" * 40_000, blocks=blocks)
    await client.chat_postMessage(channel=ada.id, text="x", blocks=[section("x")] * 50)
    assert len(ada.reads()) == 2


async def test_a_refusal_of_blocks_names_the_place(slack_world, client):
    ada = slack_world.person("Ada")
    answer = await refused(client.chat_postMessage(channel=ada.id, text="x", blocks=[section("x" * 3001)]))
    expected = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {expected}"]


def modal(**changes: Any) -> dict[str, Any]:
    title = {"type": "plain_text", "text": "Title"}
    return {"type": "modal", "title": title, "blocks": [section("x")], **changes}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"title": {"type": "plain_text", "text": "x" * 25}}, "/view/title/text"),
        ({"private_metadata": "x" * 3001}, "/view/private_metadata"),
        ({"callback_id": "x" * 256}, "/view/callback_id"),
        ({"blocks": [section("x")] * 101}, "/view/blocks"),
        ({"blocks": [section("x" * 3001)]}, "/view/blocks/0/text/text"),
    ],
)
async def test_a_modal_that_is_too_large_is_refused(slack_world, client, changes, place):
    trigger = slack_world._backstage.triggers.new(slack_world.person("Ada").user)
    answer = await refused(client.views_open(trigger_id=trigger, view=modal(**changes)))
    assert answer["error"] == "invalid_arguments"
    assert place in answer["response_metadata"]["messages"][0]


async def test_a_trigger_opens_one_modal_within_three_seconds(slack_world, client):
    ada = slack_world.person("Ada")
    triggers = slack_world._backstage.triggers
    late, used = triggers.new(ada.user), triggers.new(ada.user)
    await client.views_open(trigger_id=used, view=modal())
    assert (await refused(client.views_open(trigger_id=used, view=modal())))["error"] == "exchanged_trigger_id"
    await slack_world.passes("4s")
    assert (await refused(client.views_open(trigger_id=late, view=modal())))["error"] == "expired_trigger_id"
    assert (await refused(client.views_open(trigger_id="made-up", view=modal())))["error"] == "invalid_trigger_id"
    slack_world.trouble.expires_triggers()
    fresh = triggers.new(ada.user)
    assert (await refused(client.views_open(trigger_id=fresh, view=modal())))["error"] == "expired_trigger_id"


async def test_views_are_stacked_three_high_and_updated_unless_they_changed(slack_world, client):
    ada = slack_world.person("Ada")
    new = slack_world._backstage.triggers.new
    opened = (await client.views_open(trigger_id=new(ada.user), view=modal()))["view"]
    await client.views_push(trigger_id=new(ada.user), view=modal())
    top = (await client.views_push(trigger_id=new(ada.user), view=modal()))["view"]
    assert top["root_view_id"] == opened["id"]
    answer = await refused(client.views_push(trigger_id=new(ada.user), view=modal()))
    assert answer["error"] == "push_limit_reached"
    await client.views_update(view_id=top["id"], hash=top["hash"], view=modal(blocks=[section("new")]))
    assert "new" in ada.modal
    answer = await refused(client.views_update(view_id=top["id"], hash=top["hash"], view=modal()))
    assert answer["error"] == "hash_conflict"
    assert (await refused(client.views_update(view_id="V404", view=modal())))["error"] == "not_found"


async def test_history_is_read_in_pages_and_metadata_on_request(slack_world, client):
    ada = slack_world.person("Ada")
    room = slack_world.channel("help", [ada])
    asked = await ada.writes(room, "0")
    metadata = {"event_type": "reply", "event_payload": {"outbox": "r_1"}}
    for number in range(1, 4):
        await client.chat_postMessage(channel=room.id, text=str(number), metadata=metadata)
    await client.chat_postMessage(channel=room.id, text="reply", thread_ts=asked.ts, metadata=metadata)
    first = await client.conversations_history(channel=room.id, limit=2, include_all_metadata=True)
    assert [message["text"] for message in first["messages"]] == ["3", "2"]
    assert first["messages"][0]["metadata"] == metadata
    cursor = first["response_metadata"]["next_cursor"]
    rest = await client.conversations_history(channel=room.id, limit=2, cursor=cursor)
    assert [message["text"] for message in rest["messages"]] == ["1", "0"]
    assert rest["messages"][0]["metadata"] == {"event_type": "reply"}
    assert (rest["messages"][1]["reply_count"], rest["has_more"]) == (1, False)
    thread = await client.conversations_replies(channel=room.id, ts=asked.ts, include_all_metadata=True)
    assert [message["text"] for message in thread["messages"]] == ["0", "reply"]
    newer = await client.conversations_history(channel=room.id, oldest=rest["messages"][0]["ts"], inclusive=False)
    assert [message["text"] for message in newer["messages"]] == ["3", "2"]


async def test_reactions_are_given_once(slack_world, client):
    ada = slack_world.person("Ada")
    message = await ada.dm("hi")
    at = {"channel": message.channel_id, "timestamp": message.ts}
    await client.reactions_add(name="eyes", **at)
    assert message.reactions == {"eyes": [slack_world.bot.id]}
    assert (await refused(client.reactions_add(name="eyes", **at)))["error"] == "already_reacted"
    assert (await refused(client.reactions_add(name=":eyes:", **at)))["error"] == "invalid_name"
    await client.reactions_remove(name="eyes", **at)
    assert (await refused(client.reactions_remove(name="eyes", **at)))["error"] == "no_reaction"


async def test_people_and_groups_are_found(slack_world, client):
    ada = slack_world.person("Ada Lovelace")
    group = slack_world.user_group("support", [ada])
    assert (await client.users_info(user=ada.id))["user"]["profile"]["email"] == "ada.lovelace@example.example"
    assert (await client.users_lookupByEmail(email="ada.lovelace@example.example"))["user"]["id"] == ada.id
    assert (await refused(client.users_info(user="U404")))["error"] == "user_not_found"
    assert [user["id"] for user in (await client.users_list())["members"]] == [slack_world.bot.id, ada.id]
    assert (await client.usergroups_list())["usergroups"][0]["handle"] == "support"
    assert (await client.usergroups_users_list(usergroup=group.id))["users"] == [ada.id]
    opened = await client.conversations_open(users=ada.id)
    assert opened["channel"]["id"] == ada.direct.id


async def test_the_log_tells_what_was_called(slack_world, client):
    ada = slack_world.person("Ada")
    await client.chat_postMessage(channel=ada.id, text="hi")
    await refused(client.chat_postMessage(channel="C404", text="hi"))
    good, bad = slack_world.world_log.calls("chat.postMessage")
    assert (good.ok, good.arguments["text"], good.token) == (True, "hi", slack_world.bot_token)
    assert (bad.ok, bad.error) == (False, "channel_not_found")
    assert slack_world.world_log.calls(ok=False) == [bad]
