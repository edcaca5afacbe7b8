"""The order status skill, tested as the conversation that people have with it, against a shop on loopback."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from order_status import OrderStatus, OrderStatusSettings
from shop import TOKEN, Shop

from supportbot import Duration, Secret

SORRY = "I'm sorry, a service I need for this isn't answering right now. Try again later, or talk to a person."


@pytest.fixture
async def shop():
    async with Shop() as shop:
        yield shop


def order_status(shop, timeout="5s"):
    return OrderStatus(OrderStatusSettings(url=shop.url, token=Secret(TOKEN), timeout=Duration(timeout)))


async def test_an_order_whose_number_was_said_is_looked_up_at_once(bot_with, shop):
    bot = await bot_with(order_status(shop))
    ada = bot.requester("ada")

    assert (
        await ada.says("Where is order 123456?")
        == "Order 123456 is on its way. It reaches you on Wednesday, 7 January."
    )
    assert await ada.says("and when does order 234567 come?") == (
        "Order 234567 is being packed. It reaches you on Friday, 9 January."
    )


async def test_an_order_without_its_number_is_asked_for(bot_with, shop):
    bot = await bot_with(order_status(shop))
    ada = bot.requester("ada")

    assert await ada.says("where is my order") == "Which order is it? Its number has six digits."
    assert "Which order is it?" in await ada.says("the blue one")
    assert "on its way" in await ada.says("it's 123456")


async def test_an_unknown_order_is_told_kindly(bot_with, shop):
    bot = await bot_with(order_status(shop))

    assert await bot.requester("ada").says("where is order 999999?") == (
        "I can't find an order 999999. Its number is in the mail that confirmed it; try that one?"
    )


async def test_a_late_parcel_is_searched_for_once_whatever_happens_between(bot_with, shop):
    bot = await bot_with(order_status(shop))
    ada = bot.requester("ada")

    asked = await ada.says("my order 345678 is late")
    assert asked == (
        "Order 345678 should have been there on Tuesday, 23 December, and I'm sorry that it is late.\n"
        "Shall I have the carrier search for it?"
    )
    await bot.restart()
    assert await ada.presses("Yes") == "Done: the carrier searches for it under S-1, and the shop writes to you."

    (look_up, search) = shop.asked  # the handler ran again after the restart, what it did once did not
    assert look_up[:2] == ("GET", "/orders/345678")
    assert search[:2] == ("POST", "/orders/345678/searches")
    assert shop.searches == {search[2]: "S-1"}
    assert look_up[2] not in ("", search[2])


async def test_nobody_searches_for_a_parcel_unasked(bot_with, shop):
    bot = await bot_with(order_status(shop))
    ada = bot.requester("ada")

    await ada.says("where is order 345678?")
    assert await ada.presses("No") == "All right. Ask me again any time."
    assert not shop.searches


async def test_a_restart_between_the_question_and_the_number_loses_nothing(bot_with, shop):
    bot = await bot_with(order_status(shop))
    ada = bot.requester("ada")

    await ada.says("track my parcel")
    await bot.restart()
    assert "on its way" in await ada.says("123456")


async def test_a_shop_that_is_down_is_apologised_for(bot_with, shop):
    bot = await bot_with(order_status(shop))
    ada = bot.requester("ada")
    await shop.close()

    heard = await ada.says("where is order 123456?")
    assert heard == SORRY
    assert heard.choices == ["Talk to a person", "Open a ticket"]


async def test_a_shop_that_is_down_is_asked_again_the_next_time(bot_with, shop):
    bot = await bot_with(order_status(shop))
    shop.instead = failing

    for name in ("ada", "bo", "cy", "di"):  # what a service does is no failure of the skill: it is not switched off
        assert await bot.requester(name).says("where is order 123456?") == SORRY
    shop.instead = None
    assert "on its way" in await bot.requester("ada").says("where is my order 123456 now?")


async def failing():
    return web.Response(status=500)


async def garbled():
    return web.Response(text="<html>Under construction</html>")


async def incomplete():
    return web.json_response({"state": "lost in thought"})


@pytest.mark.parametrize("answer", [failing, garbled, incomplete])
async def test_a_shop_that_talks_nonsense_is_apologised_for(bot_with, shop, answer):
    bot = await bot_with(order_status(shop))
    shop.instead = answer

    assert await bot.requester("ada").says("where is order 123456?") == SORRY


async def test_a_shop_that_is_slow_is_given_up(bot_with, shop):
    bot = await bot_with(order_status(shop, timeout="50ms"))
    shop.instead = asyncio.Event().wait  # it never answers

    assert await bot.requester("ada").says("where is order 123456?") == SORRY


async def test_a_shop_that_refuses_the_token_is_apologised_for(bot_with, shop):
    settings = OrderStatusSettings(url=shop.url, token=Secret("wrong"))
    bot = await bot_with(OrderStatus(settings))

    assert await bot.requester("ada").says("where is order 123456?") == SORRY
    assert "wrong" not in repr(settings)
