from __future__ import annotations

import pytest

from supportbot.testing.slack import NotAcknowledged
from tests.unit.testing.slack.conftest import connected

FORM = {
    "type": "modal",
    "callback_id": "ticket",
    "title": {"type": "plain_text", "text": "Open a ticket"},
    "submit": {"type": "plain_text", "text": "Open"},
    "blocks": [
        {
            "type": "input",
            "block_id": "subject",
            "label": {"type": "plain_text", "text": "What is it about?"},
            "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20},
        },
        {
            "type": "input",
            "block_id": "priority",
            "optional": True,
            "label": {"type": "plain_text", "text": "Priority"},
            "element": {
                "type": "static_select",
                "action_id": "level",
                "options": [
                    {"text": {"type": "plain_text", "text": "High"}, "value": "high"},
                    {"text": {"type": "plain_text", "text": "Low"}, "value": "low"},
                ],
            },
        },
    ],
}


def with_button(label: str, action: str = "press", value: str = "v") -> list[dict]:
    button = {"type": "button", "action_id": action, "value": value, "text": {"type": "plain_text", "text": label}}
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": "What now? &amp; when?"}},
        {"type": "actions", "elements": [button]},
    ]


async def test_a_direct_message_is_answered(slack_world, app, start):
    @app.message()
    async def echo(message, say):
        await say(f"You said: {message['text']}", thread_ts=message["ts"])

    await start()
    ada = slack_world.person("Ada")
    asked = await ada.dm("Tom & Jerry <3")
    heard = await ada.hears()
    assert heard.text == "You said: Tom &amp; Jerry &lt;3"
    assert "Tom & Jerry <3" in heard
    assert heard.thread_ts == asked.ts
    assert [str(message) for message in ada.reads(thread=asked)] == ["Tom & Jerry <3", "You said: Tom & Jerry <3"]
    await slack_world.settled()


async def test_a_mention_comes_as_a_message_and_as_a_mention_under_two_event_ids(slack_world, app, start, told):
    @app.event("message")
    async def message(body, event):
        told.add((event["type"], body["event_id"], event["ts"], event.get("channel_type")))

    @app.event("app_mention")
    async def mention(body, event, say):
        told.add((event["type"], body["event_id"], event["ts"], event.get("channel_type")))
        await say("Here I am.")

    await start()
    ada = slack_world.person("Ada")
    help_channel = slack_world.channel("help", [ada])
    await ada.writes(help_channel, "@supportbot are you there?")
    assert await ada.hears(help_channel)
    (second, second_id, same_ts, _), (first, first_id, ts, kind) = sorted((await told.count(2))[:2])
    assert (first, second, kind) == ("message", "app_mention", "channel")
    assert ts == same_ts
    assert first_id != second_id


async def test_a_press_reaches_the_app_and_its_answer_replaces_the_message(slack_world, app, start, told):
    @app.message("hello")
    async def offer(say):
        await say(text="What now?", blocks=with_button("Open a ticket", value="x" * 20))

    @app.action("press")
    async def press(ack, body, action, respond):
        await ack()
        told.add((body, action))
        await respond(text="Done.", replace_original=True)

    await start()
    ada = slack_world.person("Ada")
    await ada.dm("hello")
    offer_message = await ada.hears()
    assert offer_message.buttons == ["Open a ticket"]
    assert offer_message.shown == "What now? & when?"
    await ada.presses("Open")
    assert await ada.sees("Done.") is offer_message
    ((body, action),) = told
    assert action["value"] == "x" * 20
    assert body["user"]["id"] == ada.id
    assert body["message"]["ts"] == offer_message.ts


async def test_menus_offer_what_stands_in_them_and_people(slack_world, app, start, told):
    @app.action("canned")
    async def canned(ack, action):
        await ack()
        told.add(action["selected_option"]["value"])

    @app.action("assign")
    async def assign(ack, action):
        await ack()
        told.add(action["selected_user"])

    app = await start()
    ada = slack_world.person("Ada")
    words = {"type": "plain_text", "text": "Canned reply"}
    offered = [{"text": {"type": "plain_text", "text": name.title()}, "value": name} for name in ("hours", "refund")]
    menu = {"type": "static_select", "action_id": "canned", "placeholder": words, "options": offered}
    people = {"type": "users_select", "action_id": "assign", "placeholder": {"type": "plain_text", "text": "Assign"}}
    await app.client.chat_postMessage(
        channel=ada.id, text="T-1", blocks=[{"type": "actions", "elements": [menu, people]}]
    )
    heard = await ada.hears()
    assert heard.menus == {"Canned reply": ["Hours", "Refund"], "Assign": []}
    await ada.chooses("Refund")
    await ada.chooses(ada, heard, menu="Assign")
    assert told == ["refund", ada.id]
    with pytest.raises(AssertionError, match="no menu in sight offers 'Nothing'"):
        await ada.chooses("Nothing", menu="Canned")


async def test_a_button_that_nobody_offers_fails_with_what_there_is(slack_world, client):
    ada = slack_world.person("Ada")
    await client.chat_postMessage(channel=ada.id, text="?", blocks=with_button("Close"))
    with pytest.raises(AssertionError, match=r"no.* 'Open'; there is \['Close'\]"):
        await ada.presses("Open")


async def test_a_command_opens_a_form_and_the_submission_is_checked_and_answered(slack_world, app, start, told):
    @app.command("/support")
    async def support(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("ticket")
    async def ticket(ack, view, body, client):
        values = view["state"]["values"]
        subject = values["subject"]["text"]["value"]
        if subject == "no":
            await ack(response_action="errors", errors={"subject": "Please say more."})
            return
        await ack()
        chosen = values["priority"]["level"]["selected_option"]
        told.add((subject, chosen and chosen["value"]))
        await client.chat_postMessage(channel=body["user"]["id"], text="Your ticket is T-1.")

    await start()
    ada = slack_world.person("Ada")
    await ada.runs("/support ticket")
    modal = await ada.sees_modal("Open a ticket")
    assert modal.fields == ["What is it about?", "Priority"]
    await ada.submits(modal, subject="no")
    assert modal.errors == {"What is it about?": "Please say more."}
    assert ada.modal is modal
    await ada.submits(what_is_it_about="Printer", priority="High")
    assert ada.modal is None
    assert "T-1" in await ada.hears()
    assert told == [("Printer", "high")]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "must be filled in"),
        ({"subject": "x" * 21}, "takes 20 characters"),
        ({"subject": "x", "priority": "Medium"}, "is not offered"),
        ({"subject": "x", "colour": "red"}, "no field colour"),
    ],
)
async def test_a_form_takes_no_more_from_a_test_than_from_a_person(slack_world, app, start, values, problem):
    @app.command("/support")
    async def support(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    await start()
    ada = slack_world.person("Ada")
    await ada.runs("/support")
    with pytest.raises(AssertionError, match=problem):
        await ada.submits(await ada.sees_modal(), **values)


async def test_a_submission_may_be_answered_with_another_modal_on_top(slack_world, app, start, told):
    second = {**FORM, "callback_id": "second", "notify_on_close": True, "title": {"type": "plain_text", "text": "More"}}

    @app.shortcut("open")
    async def opened(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("ticket")
    async def ticket(ack):
        await ack(response_action="push", view=second)

    @app.view_closed("second")
    async def gone(ack, view):
        await ack()
        told.add(view["callback_id"])

    await start()
    ada = slack_world.person("Ada")
    await ada.uses("open")
    below = await ada.sees_modal("Open a ticket")
    await ada.submits(below, subject="Printer")
    assert ada.modal.title == "More"
    await ada.closes()
    assert ada.modal is below
    assert await told.count(1) == ["second"]


async def test_a_command_may_be_answered_with_its_acknowledgement(slack_world, app, start):
    @app.command("/support")
    async def support(ack, command):
        await ack(f"You ran {command['command']} {command['text']}")

    await start()
    ada, bo = slack_world.person("Ada"), slack_world.person("Bo")
    room = slack_world.channel("help", [ada, bo])
    await ada.runs("/support status T-1", room)
    assert (await ada.hears(room)).text == "You ran /support status T-1"
    assert bo.reads(room) == []


async def test_what_the_app_does_not_take_shows_a_warning(slack_world, app, start):
    await start()
    ada = slack_world.person("Ada")
    if not slack_world.http.url:
        slack_world.sockets.drop()
        await slack_world.sockets.disconnected()
    with pytest.raises(NotAcknowledged, match="did not take"):
        await ada.runs("/unknown")


async def test_an_app_that_dies_over_a_press_shows_a_warning_at_once(slack_world, app):
    @app.command("/support")
    async def support():
        slack_world.sockets.drop()

    async with connected(slack_world, app):
        with pytest.raises(NotAcknowledged, match="connection_lost"):
            await slack_world.person("Ada").runs("/support")


async def test_an_app_that_never_answers_shows_a_warning_in_the_end(slack_world, app):
    async with connected(slack_world, app):
        slack_world.patience = 0.05
        with pytest.raises(NotAcknowledged, match="has not acknowledged /nothing"):
            await slack_world.person("Ada").runs("/nothing")


async def test_a_shortcut_on_a_message_carries_the_message(slack_world, app, start, told):
    @app.message_shortcut("open_ticket")
    async def shortcut(ack, shortcut, respond):
        await ack()
        told.add((shortcut["message"]["text"], shortcut["channel"]["id"], shortcut["message_ts"]))
        await respond("Taken over.")

    await start()
    ada, sam = slack_world.person("Ada"), slack_world.person("Sam")
    room = slack_world.channel("help", [ada, sam])
    problem = await ada.writes(room, "the printer burns")
    await sam.uses("open_ticket", problem)
    assert await sam.hears(room)
    assert told == [("the printer burns", room.id, problem.ts)]
    assert ada.unheard(room) == []


async def test_the_home_tab_is_published_and_its_buttons_work(slack_world, app, start, told):
    @app.event("app_home_opened")
    async def opened(event, client):
        view = {"type": "home", "blocks": with_button("New ticket")}
        await client.views_publish(user_id=event["user"], view=view)

    @app.action("press")
    async def press(ack, body):
        await ack()
        told.add(body["view"]["type"])

    await start()
    ada = slack_world.person("Ada")
    await ada.opens_home()
    home = await ada.sees_home("What now?")
    await ada.presses("New ticket", on=home)
    assert await told.count(1) == ["home"]


async def test_an_assistant_thread_shows_prompts_and_a_status_until_it_is_answered(slack_world, app, start):
    @app.event("assistant_thread_started")
    async def started(event, client):
        thread = event["assistant_thread"]
        place = {"channel_id": thread["channel_id"], "thread_ts": thread["thread_ts"]}
        prompts = [{"title": "Opening hours", "message": "When are you open?"}]
        await client.assistant_threads_setSuggestedPrompts(**place, prompts=prompts)

    @app.event("message")
    async def answer(event, client, say):
        place = {"channel_id": event["channel"], "thread_ts": event["thread_ts"]}
        await client.assistant_threads_setStatus(**place, status="is looking it up…")
        await client.assistant_threads_setTitle(**place, title="Hours")
        await say("From nine to five.", thread_ts=event["thread_ts"])

    await start()
    ada = slack_world.person("Ada")
    thread = await ada.opens_assistant()
    await slack_world.until(lambda: thread.prompts or None, "prompts were suggested")
    await ada.takes_prompt(thread, "Opening hours")
    assert "nine" in await ada.hears(thread=thread)
    assert thread.statuses == ["is looking it up…", ""]
    assert thread.title == "Hours"


async def test_edits_deletions_reactions_and_joins_are_told(slack_world, app, start, told):
    @app.event("message")
    async def message(event):
        told.add((event.get("subtype"), event.get("message", event.get("previous_message", event)).get("text")))

    for kind in ("reaction_added", "reaction_removed", "member_joined_channel", "member_left_channel"):

        @app.event(kind)
        async def other(event):
            told.add((event["type"], event.get("reaction")))

    await start()
    ada = slack_world.person("Ada")
    room = slack_world.channel("help")
    await ada.joins(room)
    first = await ada.writes(room, "helo")
    await ada.edits(first, "hello")
    await ada.reacts(first, ":ticket:")
    await ada.unreacts(first, "ticket")
    await ada.deletes(first)
    parent = await ada.writes(room, "parent")
    await ada.writes(room, "reply", thread=parent)
    await ada.deletes(parent)
    await ada.leaves(room)
    assert sorted(map(str, await told.count(10))) == sorted(
        [
            "('member_joined_channel', None)",
            "(None, 'helo')",
            "('message_changed', 'hello')",
            "('reaction_added', 'ticket')",
            "('reaction_removed', 'ticket')",
            "('message_deleted', 'hello')",
            "(None, 'parent')",
            "(None, 'reply')",
            "('message_changed', 'This message was deleted.')",
            "('member_left_channel', None)",
        ]
    )


async def test_waiting_in_vain_tells_what_was_said_instead(slack_world, client):
    slack_world.patience = 0.05
    ada = slack_world.person("Ada")
    await client.chat_postMessage(channel=ada.id, text="Something else")
    with pytest.raises(AssertionError, match="never saw 'An answer'") as failed:
        await ada.sees("An answer")
    assert "Something else" in str(failed.value)
    with pytest.raises(AssertionError, match="Ada saw no modal"):
        await ada.sees_modal()
