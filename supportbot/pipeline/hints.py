"""Hints: who writes among people what few should read is told so, once a day, where nobody else sees it."""

from __future__ import annotations

from supportbot.clock import DAY
from supportbot.confidential import confidential_in
from supportbot.domain.reply import Outgoing
from supportbot.ids import derived
from supportbot.pipeline.crew import Crew
from supportbot.pipeline.ownership import Scene


class Hints:
    """Gives the hints; in a commit of their own, since most such messages are otherwise none of the bot's concern."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def give(self, scene: Scene) -> None:
        """Tell somebody that others can read what they wrote, if it is confidential and they were not told today."""
        event, rules = scene.event, scene.case.ledger.rules
        if event.address.adapter not in rules.hinting or not _is_among_people(scene):
            return
        seen = confidential_in(event.text)
        if seen is None:
            return
        now, texts = scene.case.ledger.now, rules.texts
        hint = Outgoing(
            id=derived("o", event.person.id, "hint", str(now // DAY)),
            address=event.address,
            conversation="",
            purpose="notice",
            text=texts("hints.confidential", what=texts(f"hints.{seen}")),
            only_for=event.person.id,
            at=now,
        )
        await self._crew.say_once(hint, event.person.id)  # they may have been told today, or in a turn decided again


def _is_among_people(scene: Scene) -> bool:
    """Tell what a person says to others from what the team says, and from what stays with the team."""
    event, conversation = scene.event, scene.case.conversation
    if event.kind != "message" or event.direct or event.by_bot or scene.is_agent or scene.side == "agents":
        return False
    has_gone_aside = conversation.address == event.address and conversation.key != event.address.key
    return not (event.address.is_alone or has_gone_aside)
