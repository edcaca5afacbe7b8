"""Refunds: small ones are done at once, large ones go to a person."""

from __future__ import annotations

from supportbot import Settings, Skill, Turn, match, on, read


class RefundSettings(Settings):
    """What may be refunded without a person."""

    limit: float = 50
    """The largest amount that is refunded at once."""


class Refunds(Skill[RefundSettings]):
    """Refund small orders at once, hand large ones to a person."""

    @on.message(match.words("refund", "money back"))
    async def refund(self, turn: Turn) -> str:
        order = await turn.ask("Which order is it?", read.pattern(r"\d{6}"))
        amount = await turn.ask("How much was it?", read.number)
        if amount > self.settings.limit:
            await turn.hand_off(reason="refund above limit")
            return "A colleague takes over right here."
        ticket = await turn.open_ticket(subject=f"Refund of {amount:.2f} for {order}")
        return f"Done. Your ticket is {ticket.reference}."
