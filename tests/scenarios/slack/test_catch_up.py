"""What is written while the bot is away: it is answered afterwards, once, or shown to the agents."""

from __future__ import annotations

import msgspec
import pytest

from supportbot import catch_up, presence
from supportbot.app import App
from supportbot.clock import HOUR, SystemClock
from supportbot.domain.platform import PLATFORMS, Platform
from supportbot.domain.reply import Outgoing
from supportbot.domain.schema import SCHEMA
from supportbot.errors import TryLater
from supportbot.storage.base import Changes
from supportbot.storage.open import open_store
from tests.scenarios.slack.conftest import Desk, OpenDesk

QUESTION = "how do I reset my password?"


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "LOOKS_EVERY", 0.01)
    monkeypatch.setattr(presence, "A_WHILE", 0)
    monkeypatch.setattr(catch_up, "LISTED_IN", 100)


async def closed(desk: Desk) -> None:
    """Stop the bot, as for a deploy."""
    assert desk.app is not None
    await desk.app.stop()


async def killed(desk: Desk) -> None:
    """Stop the bot without a farewell: what the store knows of it says that it runs."""
    await closed_after(desk, is_served=True)


async def closed_after(desk: Desk, **known: object) -> Platform:
    """Stop the bot, and change what the store knows of the platform; returns what it knew."""
    assert desk.app is not None
    url, clock = desk.app.config.storage.url, desk.app.clock
    await desk.app.stop()
    store = await open_store(url, SCHEMA, takes_work=False, clock=clock)
    platform = await store.get(PLATFORMS, "slack")
    assert platform is not None
    changes = Changes()
    changes.put(PLATFORMS, msgspec.structs.replace(platform, **known))
    await store.commit(changes)
    await store.close()
    return platform


async def test_what_was_written_meanwhile_is_answered_once(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.ada.dm(QUESTION)
    await desk.ada.hears()
    await closed(desk)

    await desk.ada.dm("where do I find my invoices?")
    topic = await desk.ada.writes(desk.help, QUESTION)
    await open_desk()

    assert "Billing" in await desk.ada.hears()
    assert "Open Settings" in await desk.ada.hears(desk.help, thread=topic)
    await settled(desk)
    assert desk.ada.unheard() == []
    assert desk.ada.unheard(desk.help, thread=topic) == []
    assert desk.sam.unheard(desk.team) == []


async def test_a_first_start_reads_no_history(open_desk: OpenDesk) -> None:
    desk = await open_desk(starts=False)
    await desk.ada.dm(QUESTION)
    await open_desk()
    await settled(desk)
    assert not desk.slack.world_log.calls("conversations.history")


async def test_replies_in_old_threads_are_found(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    topic = await desk.ada.writes(desk.help, QUESTION)
    await desk.ada.hears(desk.help, thread=topic)
    await closed(desk)
    await desk.ada.writes(desk.help, "@supportbot where do I find my invoices?", thread=topic)
    await open_desk()
    assert "Billing" in await desk.ada.hears(desk.help, thread=topic)


async def test_what_a_person_has_answered_is_only_listed(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await closed(desk)
    topic = await desk.ada.writes(desk.help, QUESTION)
    await desk.sam.writes(desk.help, "In the settings.", thread=topic)
    await open_desk()
    listed = await desk.sam.hears(desk.team)
    assert "ada" in listed
    assert QUESTION in listed
    assert topic.ts.replace(".", "") in str(listed.links)
    await settled(desk)
    assert desk.ada.unheard(desk.help, thread=topic) == []


async def test_what_is_old_is_only_listed_and_only_once(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await closed(desk)
    await desk.ada.dm(QUESTION)
    await desk.ada.writes(desk.help, "good morning everybody")
    await open_desk(catch_up={"max_age": "0s"})
    listed = await desk.sam.hears(desk.team)
    assert listed.shown.count("how do I reset") == 1
    assert "good morning" in listed  # a topic of a channel that is the bot's
    await closed(desk)
    await open_desk(catch_up={"max_age": "0s"})
    await settled(desk)
    assert desk.sam.unheard(desk.team) == []
    assert desk.ada.unheard() == []


async def test_talk_among_people_is_neither_answered_nor_listed(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await closed(desk)
    general = desk.slack.channel("general", [desk.ada, desk.sam])
    await desk.ada.writes(general, "lunch?")
    await desk.sam.writes(desk.team, "I am off for today")
    await open_desk(catch_up={"max_age": "0s"})
    await settled(desk)
    assert desk.sam.unheard(desk.team) == []


async def test_after_a_stop_that_nobody_planned_the_agents_are_told(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await killed(desk)
    await desk.ada.dm(QUESTION)
    await open_desk()
    assert "Open Settings" in await desk.ada.hears()
    told = await desk.sam.hears(desk.team)
    assert "I was away from" in told
    assert "1 in all" in told


async def test_where_slack_asks_to_wait_history_is_read_later(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await closed(desk)
    await desk.ada.dm(QUESTION)
    desk.slack.trouble.rate_limits("conversations.history", retry_after=1)
    await open_desk()
    assert "Open Settings" in await desk.ada.hears()


async def test_a_catch_up_that_was_cut_off_begins_again(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await closed_after(desk, served_until=(long_ago := SystemClock().now() - 3 * HOUR))
    await desk.ada.dm(QUESTION)
    desk.slack.trouble.rate_limits("conversations.history", times=None, retry_after=3600)
    await open_desk()
    await desk.slack.until(lambda: desk.slack.world_log.calls("conversations.history") or None, "history is read")
    assert (await closed_after(desk)).served_until == long_ago
    desk.slack.trouble.ends()
    await open_desk()
    assert "Open Settings" in await desk.ada.hears()
    await settled(desk)
    assert (await closed_after(desk)).served_until > long_ago


async def test_after_all_connections_were_lost_for_a_while_what_was_missed_is_read(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    app: App = desk.app  # type: ignore[assignment]
    desk.slack.trouble.breaks("apps.connections.open", times=None)
    desk.slack.sockets.drop()
    slack = app.adapters["slack"]
    await desk.slack.until(lambda: slack.trouble or None, "the bot notices")
    desk.slack.subscriptions.discard("message.im")  # what is told meanwhile is lost for good
    await desk.ada.dm(QUESTION)
    desk.slack.subscriptions.add("message.im")
    desk.slack.trouble.ends()
    assert "Open Settings" in await desk.ada.hears()
    assert "I was away" in await desk.sam.hears(desk.team)
    assert slack.trouble == ""


async def settled(desk: Desk) -> None:
    """Wait until the bot has caught up, and all that follows has happened."""
    app: App = desk.app  # type: ignore[assignment]
    await app.presence.caught_up()
    await app.bot.crew.idle()


async def test_a_token_that_is_rejected_later_is_trouble_until_it_is_good_again(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    app: App = desk.app  # type: ignore[assignment]
    slack, good = app.adapters["slack"], desk.slack.workspace.bot_token
    desk.slack.workspace.bot_token = "xoxb-another"
    said = Outgoing(id="o", address=slack.channel(desk.team.id), conversation="", purpose="agents", text="x")
    with pytest.raises(TryLater):
        await slack.send(said)
    assert slack.trouble == "Slack rejects the token"
    desk.slack.workspace.bot_token = good
    await slack.send(said)
    assert slack.trouble == ""
