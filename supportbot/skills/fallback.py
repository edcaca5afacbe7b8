"""The fallback: always there, always last. It says honestly that nothing fits, and shows a way on."""

from __future__ import annotations

from contextlib import suppress

from supportbot import Choice, LimitReached, Reply, Settings, Skill, Turn, on

_LONGEST_NUMBER = 2


class FallbackSettings(Settings):
    """When repeated misses become a handoff."""

    hand_off_after: int = 3
    """After so many questions in a row without a good answer a person is asked at once; 0 is never."""


class Fallback(Skill[FallbackSettings]):
    """Answer what no other skill took."""

    @on.fallback
    async def fall_back(self, turn: Turn) -> Reply | str:
        """Say that nothing fits; after repeated misses, ask a person."""
        number = turn.text.strip()
        if number.isdigit() and len(number) <= _LONGEST_NUMBER:
            return turn.phrase("errors.no_such_number", number=number)
        misses = await turn.knowledge.missed(turn.text)
        if self.settings.hand_off_after and misses >= self.settings.hand_off_after:
            with suppress(LimitReached):  # nobody asked for a person: there is only no answer
                ticket = await turn.hand_off(reason=turn.phrase("handoff.reason_misses", count=misses))
                return turn.phrase("handoff.after_misses", reference=ticket.reference)
        offered = {name for name, _, _ in turn.commands}
        choices = turn.way_on()
        current = await turn.tickets.current()
        if current and current.status == "solved" and "add" in offered:
            about = turn.phrase("tickets.this_is_about", reference=current.reference)
            choices.append(Choice(about, command=f"add {current.reference}"))
        return Reply(turn.phrase("faq.not_found"), choices)
