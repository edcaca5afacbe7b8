"""Where the bot's words go on Discord when they cannot go where they should, and what becomes of hostile ones."""

from __future__ import annotations

import pytest

from tests.scenarios.discord.conftest import OpenDesk

HOSTILE = (
    "@everyone @here <@1> <@&1> <#1> [safe](https://evil.example) ||spoiler|| # big\n-# small\n>>> all\n```\ncode",
    "\\*not bold\\* **bold** __under__ `code` ~~gone~~ <t:1:R> </help:1> <:emoji:1>",
    "\u202egnp.exe 👩‍👩‍👧‍👦 e\u0301 \u200b end",
    "word " * 370,
)


async def test_closed_direct_messages_go_on_in_a_private_thread_and_the_agents_are_told(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    await ada.dm("/human my account is locked")
    await ada.hears()
    card = await sam.hears(team)
    await ada.closes_direct_messages()
    await sam.presses("Claim", on=card)
    private = await ada.sees_thread()
    assert "Sam is with you now" in await ada.hears(private)
    await sam.sees("takes no direct messages from me", team, thread=card)
    await sam.writes(team, "Hello?", thread=card)
    assert "Hello?" in await ada.hears(private)
    await ada.writes(private, "Here I am")
    await sam.sees("Here I am", team, thread=card)
    assert len(ada.threads()) == 1
    assert desk.discord.world_log.invalid == 1


async def test_an_archived_and_locked_thread_of_a_case_is_opened_again(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    await ada.dm("/human my account is locked")
    await ada.hears()
    card = await sam.hears(team)
    thread = await sam.sees_thread("T-1001")
    await sam.archives(thread, locked=True)
    await ada.dm("it says error 5")
    await sam.sees("it says error 5", team, thread=card)
    assert not thread.archived


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_come_through_as_they_are_and_notify_nobody(open_desk: OpenDesk, words: str) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    await ada.dm("/human please")
    await ada.hears()
    card = await sam.hears(team)
    await sam.presses("Claim", on=card)
    await ada.hears()
    await ada.dm(words, exact=True)
    relayed = await sam.hears(team, thread=card)
    assert "](http" not in relayed.text.replace("\\](", "")
    await sam.writes(team, words, thread=card)
    await ada.hears()
    bot = desk.discord.bot
    told = [message for channel in (team, ada.direct) for message in channel.heard if message.author is bot]
    assert told
    assert not any(message.notifies or message.mentions_everyone for message in [*told, relayed])
    assert not desk.discord.world_log.calls(ok=False)


async def test_ten_long_questions_in_a_storm_are_all_answered_once(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    desk.discord.trouble.rate_limits(times=None, share=0.3, retry_after=0.01)
    desk.discord.trouble.loses_replies(times=4, share=0.2)
    people = [desk.discord.person(f"Person{number}") for number in range(10)]
    for person in people:
        await person.dm("how do I reset my password?")
    for person in people:
        assert "Reset password" in await person.hears()
    desk.discord.trouble.ends()
    assert not any(person.unheard() for person in people)
