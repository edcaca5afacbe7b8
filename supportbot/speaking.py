"""Speaking: where that goes which a handler says, and whether its requester sees it."""

from __future__ import annotations

from supportbot.asking import Asking
from supportbot.domain.event import Event
from supportbot.domain.form import Form
from supportbot.domain.markdown import shorten
from supportbot.domain.reply import Offer, Reply


def speak(asking: Asking, reply: Reply, offer: Offer | None = None, form: Form | None = None) -> None:
    """Say it where the handler was called; while people have the conversation, the agents see it instead."""
    case, only_for = asking.case, "" if offer else _only_for(asking)
    if asking.about or asking.here.key != case.conversation.address.key:
        where = {"about": asking.about, "only_for": only_for}
        case.answer_at(asking.here, reply, skill=asking.skill, offer=offer, form=form, **where)
    elif asking.is_command:
        case.say(reply, purpose="command", skill=asking.skill, only_for=only_for, offer=offer, form=form)
    elif asking.owner in ("queue", "agent"):
        case.tell_agents(case.texts("agents.withheld", text=shorten(reply.text, 600)))
    else:
        case.say(reply, skill=asking.skill, offer=offer, form=form, answers="" if offer else _answered(asking))


def _answered(asking: Asking) -> str:
    """Name the message that this answers by itself; what belongs to a dialogue is no answer to one message."""
    origin = asking.origin
    if not isinstance(origin, Event) or origin.kind != "message" or asking.dialogue:
        return ""
    return origin.key if asking.kind in ("message", "fallback") else ""


def _only_for(asking: Asking) -> str:
    """Name who alone may see what a command answers: in a room it shows what is theirs.

    What is said of a message that stands there is for everybody who reads that message.
    """
    origin = asking.origin
    is_among_others = isinstance(origin, Event) and not origin.direct and origin.about is None
    in_room = is_among_others and asking.here.outside_thread != asking.case.ledger.rules.agents
    return asking.person.id if asking.kind == "command" and in_room else ""
