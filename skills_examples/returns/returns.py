"""Returns: what is needed is asked once; small ones are settled at once, a person decides about the others."""

from __future__ import annotations

from supportbot import File, Settings, Skill, Turn, escape, match, on, read

ORDER = read.pattern(r"\d{6}")
OTHER = "Something else"
REASON = read.choice("It is broken", "It is the wrong one", "It does not fit", other=OTHER)
NO_PHOTO = "I have no photo"
PHOTO = read.either(read.file, read.choice(NO_PHOTO))


class ReturnSettings(Settings):
    """What may be returned without a person."""

    limit: float = 100
    """The largest price at which nobody looks at it first."""
    address: str = "Returns, 1 Example Street, Exampletown"
    """Where parcels go."""


class Returns(Skill[ReturnSettings]):
    """Take returns: an order, a photo, a reason, a price."""

    @on.message(match.words("return", "send it back", "send this back", "send something back"))
    async def take_back(self, turn: Turn) -> str:
        """Gather what a return needs, and settle it or hand it over with all of that."""
        order = await turn.ask("Which order is it from? Its number has six digits.", ORDER, unless_said=True)
        photo = await turn.ask("Please send me a photo of it, as it is now.", PHOTO, unless_said=True)
        reason = await turn.ask("What is the matter with it?", REASON)
        if reason == OTHER:
            reason = await turn.ask("Please tell me, in a sentence or two.", read.text_up_to(500))
        price = await turn.ask("What did it cost?", read.number)

        photos = [photo] if isinstance(photo, File) else []
        ticket = await turn.open_ticket(
            subject=f"Return from order {order}: {reason}",
            category="Return",
            details=f"Order: {order}\nReason: {reason}\nPrice: {price:.2f}",
            files=photos,
        )
        if price > self.settings.limit or not photos:
            why = f"a return above {self.settings.limit:.2f}" if photos else "a return without a photo"
            await turn.hand_off(reason=why)
            return f"A colleague looks at this and writes to you right here. Your return is {ticket.reference}."
        return f"That's settled. Write {ticket.reference} on the parcel and send it to {escape(self.settings.address)}."
