"""Order status: how an order stands, asked of the shop's HTTP API."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeVar

import aiohttp
import msgspec

from supportbot import Duration, Secret, Settings, Skill, Start, Turn, Unavailable, match, on, read

A = TypeVar("A")

ORDER = read.pattern(r"\d{6}")


class OrderStatusSettings(Settings):
    """Where the shop is asked."""

    url: str
    """The address of its API, as https://shop.example.com."""
    token: Secret
    """What the API lets us in with."""
    timeout: Duration = Duration("5s")
    """How long its answer may take."""


class Order(msgspec.Struct):
    """What the shop knows about an order."""

    state: Literal["packing", "travelling", "delivered"]
    due: dt.date
    late: bool = False


class Search(msgspec.Struct):
    """What the shop says when it has sent the carrier searching."""

    reference: str


class OrderStatus(Skill[OrderStatusSettings]):
    """Tell how an order stands, and have a late parcel searched for."""

    shop: aiohttp.ClientSession

    @on.start
    async def open(self, start: Start) -> None:  # noqa: ARG002 - every @on.start gets it
        """Prepare the connections; the first one is made by the first question."""
        self.shop = aiohttp.ClientSession(
            self.settings.url,
            headers={"Authorization": f"Bearer {self.settings.token.reveal()}"},
            timeout=aiohttp.ClientTimeout(total=self.settings.timeout.seconds),
        )

    @on.stop
    async def close(self) -> None:
        """Close the connections."""
        await self.shop.close()

    @on.message(
        match.all_of(match.words("where", "when", "track", "status", "late"), match.words("order", "parcel", "package"))
    )
    async def status(self, turn: Turn) -> str:
        """Say how the order stands; a late one may be searched for."""
        number = await turn.ask("Which order is it? Its number has six digits.", ORDER, unless_said=True)

        async def look_up(key: str) -> Order | None:
            return await self._ask_shop("GET", f"/orders/{number}", key, Order)

        order = await turn.once(look_up, type=Order | None)
        if order is None:
            return f"I can't find an order {number}. Its number is in the mail that confirmed it; try that one?"
        if not order.late:
            return worded(number, order)
        if not await turn.confirm(f"{worded(number, order)}\nShall I have the carrier search for it?"):
            return "All right. Ask me again any time."

        async def search(key: str) -> Search | None:
            return await self._ask_shop("POST", f"/orders/{number}/searches", key, Search)

        begun = await turn.once(search, type=Search | None)
        if begun is None:
            return f"Order {number} is no longer there, so there is nothing to search for."
        return f"Done: the carrier searches for it under {begun.reference}, and the shop writes to you."

    async def _ask_shop(self, method: str, path: str, key: str, type: type[A]) -> A | None:
        """Ask the shop for something, None where it has no such order.

        The key says which question this is, even where a kill made us put it twice. It keeps the shop from searching
        twice; a GET changes nothing, and carries it so that the shop's log tells a repeated question from a new one.
        """
        try:
            async with self.shop.request(method, path, headers={"Idempotency-Key": key}) as response:
                status, body = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable("the shop does not answer") from error
        if status == 404:
            return None
        if status != 200:
            raise Unavailable(f"the shop answers {status}")
        try:
            return msgspec.json.decode(body, type=type)
        except msgspec.DecodeError as error:
            raise Unavailable("the shop answers what we cannot read") from error


def worded(number: str, order: Order) -> str:
    """Say how an order stands, in a sentence."""
    due = f"{order.due:%A}, {order.due.day} {order.due:%B}"
    if order.late:
        return f"Order {number} should have been there on {due}, and I'm sorry that it is late."
    words = {
        "packing": f"Order {number} is being packed. It reaches you on {due}.",
        "travelling": f"Order {number} is on its way. It reaches you on {due}.",
        "delivered": f"Order {number} was delivered on {due}.",
    }
    return words[order.state]
