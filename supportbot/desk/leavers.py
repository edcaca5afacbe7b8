"""Leavers: a requester who has left the server is noted on the card, and the agents hear that words may not reach them.

Nobody tells the bot of it. It is looked for when an agent takes up a case, and when a message was refused, in a turn of
its own: nobody waits for a platform's answer.
"""

from __future__ import annotations

from supportbot.desk import cards
from supportbot.desk.case import Case
from supportbot.desk.rules import Rules
from supportbot.domain.conversation import Conversation
from supportbot.domain.event import Signal

LOOK = "requester_left"
"""The signal that lets it be looked."""


def can_look(rules: Rules, conversation: Conversation) -> bool:
    """Tell whether the platform says who is still there."""
    return rules.has_left is not None and conversation.address.adapter in rules.knows_members


def look_for(case: Case) -> None:
    """Look whether the requester is still there, behind this turn."""
    if can_look(case.ledger.rules, case.conversation):
        name = case.conversation.id
        case.later(Signal(name=LOOK, conversation=name), after=0, id=f"left-{name}")


async def look(case: Case) -> None:
    """Look whether the requester is still there, and tell the agents if that has changed."""
    conversation, has_left = case.conversation, case.ledger.rules.has_left
    if has_left is None:
        return
    is_gone = await has_left(conversation.requester, conversation.address)
    if is_gone == bool(conversation.left_at):
        return
    case.update(left_at=case.ledger.now if is_gone else 0)
    if ticket := await case.ticket():
        await cards.update(case, ticket)
    if is_gone and await case.ledger.conversation_at(case.desk.key):
        case.tell_agents(case.texts("agents.left", who=case.requester_name))
