"""The returns skill, tested as the conversation that people have with it."""

from __future__ import annotations

from returns import Returns, ReturnSettings

PHOTO = ("lamp.jpg", b"\xff\xd8\xff a broken lamp")


async def test_a_small_return_is_settled_at_once(bot_with):
    bot = await bot_with(Returns(ReturnSettings(address="Returns, Berlin")))
    ada = bot.requester("ada")

    assert await ada.says("I want to return a lamp") == "Which order is it from? Its number has six digits."
    photo = await ada.says("123456")
    assert photo == "Please send me a photo of it, as it is now."
    assert photo.choices == ["I have no photo"]
    reason = await ada.says("here it is", files=[PHOTO])
    assert reason == "What is the matter with it?"
    assert reason.choices == ["It is broken", "It is the wrong one", "It does not fit", "Something else"]
    assert await ada.presses("It is broken") == "What did it cost?"
    assert await ada.says("49.90 €") == "That's settled. Write T-1001 on the parcel and send it to Returns, Berlin."

    assert "Return from order 123456: It is broken" in bot.agents_channel
    assert bot.agents_channel.files == ["lamp.jpg"]


async def test_an_agent_who_takes_a_large_one_needs_to_ask_nothing_again(bot_with):
    bot = await bot_with(Returns(ReturnSettings(limit=100)))
    ada, sam = bot.requester("ada"), bot.agent("sam")

    await ada.says("I'd like to send it back, order 123456", files=[PHOTO])
    await ada.presses("Something else")
    await ada.says("It hums at night.")
    assert await ada.says("249") == "A colleague looks at this and writes to you right here. Your return is T-1001."

    (card,) = bot.agents_channel.lines
    assert "**Why:** a return above 100.00" in card["text"]
    for known in ("Order: 123456", "Reason: It hums at night.", "Price: 249.00"):
        assert known in card["text"]
    assert [file["name"] for file in card["files"]] == ["lamp.jpg"]
    with await bot.app.store.open_file(card["files"][0]["id"]) as kept:
        assert kept.read() == PHOTO[1]

    assert await sam.presses("Claim") == "sam has T-1001 now."


async def test_what_was_said_with_the_wish_is_not_asked_again(bot_with):
    bot = await bot_with(Returns())
    ada = bot.requester("ada")

    assert await ada.says("Please let me return order 123456", files=[PHOTO]) == "What is the matter with it?"


async def test_a_return_without_a_photo_goes_to_a_person(bot_with):
    bot = await bot_with(Returns())
    ada = bot.requester("ada")

    await ada.says("I want to return order 123456")
    await ada.presses("I have no photo")
    await ada.presses("It does not fit")
    assert "A colleague looks at this" in await ada.says("20")
    assert "a return without a photo" in bot.agents_channel


async def test_words_in_place_of_the_photo_are_asked_for_again(bot_with):
    bot = await bot_with(Returns())
    ada = bot.requester("ada")

    await ada.says("I want to return order 123456")
    assert await ada.says("it is really broken") == (
        "Please attach the file here.\nPlease send me a photo of it, as it is now."
    )
    assert await ada.says("", files=[PHOTO]) == "What is the matter with it?"


async def test_a_restart_before_each_answer_loses_nothing(bot_with):
    bot = await bot_with(Returns(ReturnSettings(limit=10)))
    ada = bot.requester("ada")

    await ada.says("return")
    await bot.restart()
    assert "photo" in await ada.says("123456")
    await bot.restart()
    assert "matter" in await ada.says("", files=[PHOTO])
    await bot.restart()
    assert "cost" in await ada.presses("It is the wrong one")
    await bot.restart()
    assert "T-1001" in await ada.says("15")
    assert bot.agents_channel.files == ["lamp.jpg"]


async def test_a_return_may_be_cancelled_in_the_middle(bot_with):
    bot = await bot_with(Returns())
    ada = bot.requester("ada")

    await ada.says("return order 123456")
    assert await ada.says("/cancel") == "All right, I've stopped that."
    assert bot.agents_channel == ""
