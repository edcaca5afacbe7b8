"""Channels: where the bot takes part, as configured and as agents say; and what nobody answers there."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.app import App
from supportbot.clock import SystemClock
from supportbot.domain.work import outbox
from tests.scenarios.slack.conftest import Desk, OpenDesk

QUESTION = "how do I reset my password?"
CHANNELS = {"default": "mention", "shared": "always", "ext-*": "always", "ext-quiet": "never", "announce": "never"}


async def heard(desk: Desk) -> None:
    """Wait until the bot has dealt with all that it was told."""
    app: App = desk.app  # type: ignore[assignment]
    await desk.slack.settled()
    await app.bot.crew.idle()


def room(desk: Desk, name: str, **more: Any) -> Any:
    return desk.slack.channel(name, [desk.ada, desk.sam], **more)


@pytest.mark.parametrize(
    ("name", "words", "is_answered"),
    [
        ("general", QUESTION, False),
        ("general", f"@supportbot {QUESTION}", True),
        ("general", "!help", True),
        ("general", "!important: lunch is at noon", False),
        ("ext-acme", QUESTION, True),
        ("ext-quiet", QUESTION, False),
        ("announce", f"@supportbot {QUESTION}", False),
        ("announce", "!help", False),
    ],
)
async def test_the_configuration_says_where_the_bot_takes_part(
    open_desk: OpenDesk, name: str, words: str, is_answered: bool
) -> None:
    desk = await open_desk(slack={"channels": CHANNELS})
    channel = room(desk, name)
    said = await desk.ada.writes(channel, words)
    await heard(desk)
    assert bool(desk.ada.unheard(channel, thread=said)) is is_answered


async def test_a_channel_that_is_shared_from_now_on_is_treated_so(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"channels": {"shared": "always"}})
    channel = room(desk, "acme")
    await desk.ada.writes(channel, QUESTION)
    await heard(desk)
    assert desk.ada.unheard(channel) == []
    await desk.slack.shares(channel, desk.slack.other_workspace("Acme"))
    topic = await desk.ada.writes(channel, QUESTION)
    assert "Open Settings" in await desk.ada.hears(channel, thread=topic)


async def test_an_agent_says_here_where_the_bot_takes_part(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"channels": {}})
    general = room(desk, "general")

    asked = await desk.sam.writes(general, "@supportbot /here")
    assert "only when I'm mentioned" in await desk.sam.hears(general, thread=asked)

    await desk.sam.runs("/support here always", general)
    told = await desk.sam.hears()
    assert "every new topic" in told
    assert "sam said so on" in told
    topic = await desk.ada.writes(general, QUESTION)
    assert "Open Settings" in await desk.ada.hears(general, thread=topic)

    said = await desk.sam.writes(general, "@supportbot /here never")
    assert "I say nothing here" in await desk.sam.hears(general, thread=said)
    silent = await desk.ada.writes(general, f"@supportbot {QUESTION}")
    await heard(desk)
    assert desk.ada.unheard(general, thread=silent) == []
    await desk.ada.writes(general, "/ticket it does not work", thread=topic)
    assert await desk.ada.hears(general, thread=topic)  # what has begun goes on


async def test_only_agents_say_where_the_bot_takes_part(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    general = room(desk, "general")
    await desk.ada.runs("/support here always", general)
    assert "only the support team" in await desk.ada.hears()


@pytest.mark.parametrize("words", ["/here loudly", "/here always C1 C2", "/here"])
async def test_what_here_cannot_do_it_says(open_desk: OpenDesk, words: str) -> None:
    desk = await open_desk()
    await desk.sam.dm(words)
    told = await desk.sam.hears()
    assert "!here always" in told or "channels where people ask" in told


# --- what nobody answers ------------------------------------------------------------------------------------------

NONSENSE = "the zebra quartz is wombat again"


async def waiting(desk: Desk) -> list[str]:
    """Read the lines that wait for the agents."""
    await heard(desk)
    app: App = desk.app  # type: ignore[assignment]
    pending = await app.store.pending(outbox("slack"))
    return [work.payload.text for work in pending if work.due > SystemClock().now()]  # type: ignore[union-attr]


async def test_a_topic_that_nobody_answers_is_shown_to_the_agents(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"unanswered_after": "1s"})
    topic = await desk.ada.writes(desk.help, NONSENSE)
    shown = await desk.sam.hears(desk.team)
    assert "ada asked in a channel, and nobody has answered for 1 s:" in shown
    assert NONSENSE in shown
    assert topic.ts.replace(".", "") in str(shown.links)
    assert desk.ada.unheard(desk.help, thread=topic) == []


@pytest.mark.parametrize(("span", "worded"), [("36h", "36 h"), ("100m", "100 min"), ("90s", "90 s")])
async def test_how_long_nobody_answered_is_said_in_a_whole_number(open_desk: OpenDesk, span: str, worded: str) -> None:
    desk = await open_desk(slack={"unanswered_after": span})
    await desk.ada.writes(desk.help, NONSENSE)
    [line] = await waiting(desk)
    assert f"for {worded}:" in line


async def test_somebody_who_answers_takes_it_back_and_the_one_who_asked_does_not(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"unanswered_after": "1h"})
    topic = await desk.ada.writes(desk.help, NONSENSE)
    [line] = await waiting(desk)
    assert NONSENSE in line
    await desk.ada.writes(desk.help, "anybody?", thread=topic)
    assert len(await waiting(desk)) == 1
    await desk.sam.writes(desk.help, "turn it off and on", thread=topic)
    assert await waiting(desk) == []


async def test_after_a_restart_too_an_answer_takes_it_back(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"unanswered_after": "1h"})
    topic = await desk.ada.writes(desk.help, NONSENSE)
    assert len(await waiting(desk)) == 1
    assert desk.app is not None
    await desk.app.stop()
    desk = await open_desk(slack={"unanswered_after": "1h"})
    await desk.ada.writes(desk.help, "anybody?", thread=topic)
    assert len(await waiting(desk)) == 1
    await desk.sam.writes(desk.help, "turn it off and on", thread=topic)
    assert await waiting(desk) == []


async def test_what_the_bot_answers_or_is_asked_or_is_deleted_is_not_shown(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"unanswered_after": "1h"})
    await desk.ada.writes(desk.help, QUESTION)
    topic = await desk.ada.writes(desk.help, NONSENSE)
    await desk.ada.writes(desk.help, "@supportbot please", thread=topic)
    gone = await desk.ada.writes(desk.help, f"{NONSENSE}!")
    await heard(desk)
    await desk.ada.deletes(gone)
    assert [line for line in await waiting(desk) if "asked in a channel" in line] == []


async def test_talk_where_the_bot_waits_to_be_named_and_what_agents_announce_is_not_shown(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"unanswered_after": "1h"})
    await desk.ada.writes(room(desk, "general"), "who has the stapler?")
    await desk.sam.writes(desk.help, "we are closed tomorrow")
    assert await waiting(desk) == []
