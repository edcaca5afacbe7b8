"""The requester's side on Discord: where one may ask, and how the answer comes."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.adapters.discord import incoming
from supportbot.texts import Texts
from tests.scenarios.discord.conftest import Desk, OpenDesk

TEXTS = Texts()
UNSURE = "how about my invoices and all that"
ANSWER = "Open **Settings**"


async def restarted(desk: Desk, open_desk: OpenDesk) -> None:
    """Stop the bot, and start it again."""
    assert desk.app
    await desk.app.stop()
    await open_desk()
    await desk.app.presence.caught_up()


async def test_did_you_mean_is_a_menu_that_outlives_a_restart(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    await ada.dm(UNSURE)
    meant = await ada.hears()
    assert TEXTS("faq.did_you_mean") in meant
    assert meant.menus == {TEXTS("faq.choose"): ["How do I reset my password?", "Where do I find my invoices?"]}
    assert meant.buttons == [TEXTS("faq.none_of_these")]
    await restarted(desk, open_desk)
    await ada.chooses("Where do I find my invoices?", on=meant)
    answer = await ada.sees("Billing")
    await restarted(desk, open_desk)
    await ada.presses("Not quite", on=answer)
    again = await ada.sees(TEXTS("faq.perhaps_instead"))
    assert again.menus == {TEXTS("faq.choose"): ["How do I reset my password?"]}
    assert not desk.discord.world_log.calls(ok=False)


@pytest.mark.parametrize("mentions", [True, False])
async def test_answers_by_reply_go_on_by_replies(open_desk: OpenDesk, mentions: bool) -> None:
    desk = await open_desk(discord={"answers": "reply"})
    ada = desk.ada
    question = await ada.writes(desk.help, f"{'@supportbot ' * mentions}how do I reset my password?")
    answer = await ada.hears(desk.help)
    assert ANSWER in answer
    assert answer.replies_to is question
    await ada.writes(desk.help, "and where do I find my invoices?", replies_to=answer)
    more = await ada.hears(desk.help)
    assert "Billing" in more
    assert more.replies_to is question
    assert not ada.threads()
    assert not any(ada.id in message.notifies for message in (answer, more))


async def test_a_mention_in_any_channel_and_a_post_in_a_forum_are_answered_in_their_threads(
    open_desk: OpenDesk,
) -> None:
    desk = await open_desk(starts=False)
    ada, forum = desk.ada, desk.discord.forum("questions")
    desk = await open_desk(discord={"help_channels": [forum.id]})
    general = desk.discord.channel("general")
    await ada.writes(general, "how do I reset my password?")  # said among people
    question = await ada.writes(general, "@supportbot how do I reset my password?")
    thread = await ada.sees_thread("how do I reset")
    assert thread.id == question.id
    assert ANSWER in await ada.hears(thread)

    post = await ada.posts(forum, "Password", "How do I reset my password?")
    answer = await ada.sees(ANSWER, post)
    assert answer.buttons[0] == "That helped"


async def test_the_teams_emoji_opens_a_ticket_from_a_message(open_desk: OpenDesk) -> None:
    desk = await open_desk(discord={"ticket_emoji": "🎫"})
    general = desk.discord.channel("general")
    message = await desk.ada.writes(general, "My invoice is wrong since May")
    await desk.sam.reacts(message, "🎫")
    card: Any = await desk.sam.hears(desk.team)
    assert "new ticket by Ada" in card
    assert "My invoice is wrong since May" in card
    private = await desk.ada.sees_thread()
    assert private.kind == "private_thread"
    assert "T-1001" in await desk.ada.hears(private)
    await desk.sam.presses("Claim", on=card)
    await desk.ada.sees("Sam is with you now", private)


async def test_a_file_that_cannot_be_taken_over_is_told_of_on_both_sides(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "LARGEST_FILE", 3)
    desk = await open_desk()
    ada, sam = desk.ada, desk.sam
    await ada.dm("I want to talk to a human")
    card = await sam.hears(desk.team)
    await sam.presses("Claim", on=card)
    await ada.sees("Sam is with you now")
    await ada.uploads(ada.direct, "film.mov", b"film", "It looks like this")
    await ada.sees("I couldn't take over film.mov")
    assert "It looks like this" in await sam.sees("With it came film.mov", desk.team, thread=card)
