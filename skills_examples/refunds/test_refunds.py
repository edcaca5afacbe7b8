"""The refunds skill, tested as the conversation that people have with it."""

from __future__ import annotations

from refunds import Refunds, RefundSettings


async def test_a_small_refund_is_done_at_once(bot_with):
    bot = await bot_with(Refunds(RefundSettings(limit=50)))
    ada = bot.requester("ada")

    assert await ada.says("I'd like a refund, please") == "Which order is it?"
    assert await ada.says("it was 123456") == "How much was it?"
    assert await ada.says("19.90") == "Done. Your ticket is T-1001."
    assert "Refund of 19.90 for 123456" in bot.agents_channel


async def test_a_large_refund_goes_to_a_person(bot_with):
    bot = await bot_with(Refunds(RefundSettings(limit=50)))
    ada = bot.requester("ada")

    await ada.says("I want my money back")
    await ada.says("123456")
    assert await ada.says("420") == "A colleague takes over right here."
    assert "refund above limit" in bot.agents_channel


async def test_a_refund_goes_on_after_a_restart(bot_with):
    bot = await bot_with(Refunds(RefundSettings(limit=50)))
    ada = bot.requester("ada")

    assert await ada.says("refund") == "Which order is it?"
    await bot.restart()
    assert await ada.says("123456") == "How much was it?"
    await bot.restart()
    assert await ada.says("20") == "Done. Your ticket is T-1001."


async def test_an_order_number_that_cannot_be_read_is_asked_for_again(bot_with):
    bot = await bot_with(Refunds())
    ada = bot.requester("ada")

    await ada.says("refund")
    assert "Which order is it?" in await ada.says("the blue one")
    again = await ada.says("the blue one, I said")
    assert "Talk to a person" in again.choices
    assert await ada.says("123456") == "How much was it?"
