from __future__ import annotations

import pytest

from supportbot.testing.slack import blocks, mrkdwn


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("hi @ada.", "hi <@U1>."),
        ("ask @nobody", "ask @nobody"),
        ("@here and @support", "<!here> and <!subteam^S1>"),
        ("in #help please", "in <#C1|help> please"),
        ("see https://example.com/?a=1&b=2 now", "see <https://example.com/?a=1&amp;b=2> now"),
        ("<!channel> <@U1>", "&lt;!channel&gt; &lt;@U1&gt;"),
    ],
)
def test_what_a_person_types_is_sent_as_slack_does(typed, sent):
    assert mrkdwn.typed(typed, {"ada": "@U1", "support": "!subteam^S1"}, {"help": "C1"}) == sent


async def test_a_message_tells_whom_it_notifies_and_where_its_links_lead(slack_world, client):
    ada = slack_world.person("Ada")
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "<!here> <https://evil.example|your bank>"}}
    harmless = {"type": "section", "text": {"type": "plain_text", "text": "<!channel>"}}
    markdown = {"type": "markdown", "text": "[label](https://example.com)"}
    await client.chat_postMessage(channel=ada.id, text=f"{ada.mention} hi", blocks=[section, harmless, markdown])
    heard = await ada.hears()
    assert heard.notifies == {ada.id, "here"}
    assert heard.links == [("your bank", "https://evil.example"), ("label", "https://example.com")]


async def test_link_names_turns_names_into_mentions(slack_world, client):
    ada = slack_world.person("Ada")
    await client.chat_postMessage(channel=ada.id, text="@ada and @everyone")
    assert (await ada.hears()).notifies == set()
    await client.chat_postMessage(channel=ada.id, text="@ada and @everyone", link_names=True)
    assert (await ada.hears()).notifies == {ada.id, "everyone"}


def test_the_words_of_blocks_are_read_as_on_the_screen():
    shown = blocks.shown(
        [
            {"type": "header", "text": {"type": "plain_text", "text": "T-1042"}},
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "a &amp; b"}]},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "Acme"}]},
            {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Claim"}}]},
            {"type": "markdown", "text": "**bold**"},
        ]
    )
    assert shown == "T-1042\na & b\nAcme\n**bold**"


async def test_a_custom_name_makes_a_message_of_another_kind(slack_world, client):
    ada = slack_world.person("Ada")
    posted = await client.chat_postMessage(channel=ada.id, text="hi", username="Sam of Support")
    assert posted["message"]["subtype"] == "bot_message"
    assert posted["message"]["username"] == "Sam of Support"
    assert "user" not in posted["message"]


async def test_what_another_bot_says_is_told_but_is_not_the_bots_word(slack_world, app, start, told):
    @app.event("message")
    async def message(event):
        told.add((event["subtype"], event["username"], event["bot_id"], event["app_id"]))

    @app.event("app_mention")
    async def mention(event):
        told.add("mention")

    await start()
    ada, jenkins = slack_world.person("Ada"), slack_world.other_bot("Jenkins")
    room = slack_world.channel("builds", [ada])
    await slack_world.posts(jenkins, room, f"Build failed, <@{slack_world.bot.id}>")
    assert set(await told.count(2)) == {("bot_message", "Jenkins", jenkins.bot_id, "A0ANOTHERAPP"), "mention"}
    assert ada.unheard(room) == []
    assert len(ada.reads(room)) == 1


async def test_a_preview_is_told_as_a_change_without_an_edit(slack_world, app, start, told):
    @app.event({"type": "message", "subtype": "message_changed"})
    async def changed(event):
        told.add(event)

    await start()
    ada = slack_world.person("Ada")
    message = await ada.dm("see https://example.com")
    await slack_world.unfurls(message)
    (event,) = await told.count(1)
    assert event["message"]["text"] == event["previous_message"]["text"]
    assert "edited" not in event["message"]
