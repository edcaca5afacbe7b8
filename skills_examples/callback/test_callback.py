"""The callback skill, tested as the conversation that people have with it. It begins on Monday, 5 January, at 10:00."""

from __future__ import annotations

import pytest
from callback import Callback, CallbackSettings

HOURS = "We are there Monday, Tuesday, Wednesday, Thursday, Friday from 9:00 to 17:00 (Europe/Berlin)."
BOOKED = "A colleague calls you on +493012345678 on Tuesday, 6 January, at 15:00. Your reference is T-1001."


async def test_a_call_is_in_the_queue_at_its_time_and_not_before(bot_with):
    bot = await bot_with(Callback())
    ada, sam = bot.requester("ada"), bot.agent("sam")

    assert await ada.says("Please call me back") == "On which number shall we call you?"
    assert await ada.says("+49 30 1234 5678") == f"When shall we call? {HOURS}"
    booked = await ada.says("tomorrow at 3 pm")
    assert booked == BOOKED
    assert booked.choices == ["Call it off"]
    assert "Call +493012345678 on Tuesday, 6 January, at 15:00" in bot.agents_channel  # the team sees it coming

    assert (await sam.says("/queue")).startswith("Nobody is waiting for a person.")
    await bot.advance("28h59m")
    assert (await sam.says("/queue")).startswith("Nobody is waiting for a person.")
    told = [line["text"] for line in await bot.advance("1m") if line["to"] == "ada"]
    assert told == ["It's time: a colleague calls you on +493012345678 in a moment."]
    assert "T-1001" in await sam.says("/queue")
    assert "**Why:** call +493012345678 now, as agreed" in bot.agents_channel


async def test_what_was_said_with_the_wish_is_not_asked_again(bot_with):
    bot = await bot_with(Callback())

    assert await bot.requester("ada").says("Call me tomorrow at 3 pm on +49 30 1234 5678, please") == BOOKED


async def test_a_time_at_which_nobody_is_there_is_asked_for_again(bot_with):
    bot = await bot_with(Callback())
    ada = bot.requester("ada")

    await ada.says("call me on +49 30 1234 5678")
    closed = f"Nobody is there then, sorry. {HOURS} Which other time suits you?"
    assert await ada.says("saturday at noon") == closed
    assert await ada.says("tomorrow at 17:00") == closed
    assert "passed already" in await ada.says("today at 9:30")
    assert "a day and a time" in await ada.says("at 3")
    assert await ada.says("tomorrow 15:00") == BOOKED


async def test_a_restart_anywhere_loses_nothing(bot_with):
    bot = await bot_with(Callback())
    ada = bot.requester("ada")

    await ada.says("callback please")
    await bot.restart()
    await ada.says("+49 30 1234 5678")
    await bot.restart()
    assert await ada.says("tomorrow at 3 pm") == BOOKED
    await bot.restart()
    assert "It's time" in (await bot.advance("29h"))[-1]["text"]


async def test_a_call_is_on_time_after_the_clocks_change_in_between(bot_with):
    bot = await bot_with(Callback())
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await bot.advance("81d")  # Friday, 27 March, 10:00; the clocks go forward on Sunday, so there are 71 hours to come

    await ada.says("call me on +49 30 1234 5678")
    assert "on Monday, 30 March, at 10:00" in await ada.says("monday at 10:00")
    await bot.advance("70h59m")
    await bot.restart()
    assert (await sam.says("/queue")).startswith("Nobody is waiting for a person.")
    await bot.advance("1m")
    assert "T-1001" in await sam.says("/queue")


@pytest.mark.parametrize("words", ["cancel the call", "please don't call me", "Call it off", "cancel"])
async def test_a_call_is_called_off_in_ones_own_words(bot_with, words):
    bot = await bot_with(Callback())
    ada = bot.requester("ada")
    await ada.says("Call me tomorrow at 3 pm on +49 30 1234 5678")

    assert await ada.says(words) == "All right, nobody calls you. T-1001 is closed."
    await bot.restart()
    assert not [line for line in await bot.advance("3d") if "It's time" in line["text"]]
    assert await bot.agent("sam").says("/queue") == "Nobody is waiting for a person."


async def test_a_call_is_called_off_with_its_choice_once(bot_with):
    bot = await bot_with(Callback())
    ada = bot.requester("ada")
    await ada.says("Call me tomorrow at 3 pm on +49 30 1234 5678")

    assert await ada.presses("Call it off") == "All right, nobody calls you. T-1001 is closed."
    assert await ada.presses("Call it off") == "T-1001 is not planned any more."


async def test_cancelling_in_the_middle_books_nothing(bot_with):
    bot = await bot_with(Callback())
    ada = bot.requester("ada")

    await ada.says("call me")
    assert await ada.says("/cancel") == "All right, I've stopped that."
    assert bot.agents_channel == ""


async def test_a_new_time_takes_the_place_of_the_earlier_one(bot_with):
    bot = await bot_with(Callback())
    ada = bot.requester("ada")
    await ada.says("Call me tomorrow at 3 pm on +49 30 1234 5678")

    moved = await ada.says("call me on wednesday at 10:00 instead, +49 30 1234 5678")
    assert moved.endswith("Your reference is T-1002. That takes the place of T-1001.")
    assert not [line for line in await bot.advance("29h") if "It's time" in line["text"]]
    assert "It's time" in (await bot.advance("19h"))[-1]["text"]


async def test_a_call_that_was_made_early_is_not_queued_again(bot_with):
    bot = await bot_with(Callback())
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("Call me tomorrow at 3 pm on +49 30 1234 5678")

    await sam.says("/close T-1001")
    await bot.advance("2d")
    assert (await sam.says("/queue")).startswith("Nobody is waiting for a person.")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"time_zone": "Berlin"}, "time_zone: 'Berlin' is none; write it like Europe/Berlin"),
        ({"opens": 17, "closes": 9}, "opens and closes are hours"),
        ({"days": ()}, "name at least one"),
    ],
)
def test_hours_that_cannot_be_are_told(settings, told):
    with pytest.raises(ValueError, match=told):
        CallbackSettings(**settings)
