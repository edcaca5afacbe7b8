"""Topics: a question among people is solved when whoever asked it, or an agent, says so: ``/solved``.

In a forum each post is somebody's question. The bot's answer there has a button for it; where the bot has no answer, a
line says how a helper's answer is marked as the solution. The post is closed behind the thanks.
"""

from __future__ import annotations

from typing import Any

import msgspec

from supportbot.desk import handoffs, tickets
from supportbot.domain.action import COMMAND
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.event import Event
from supportbot.domain.markdown import escape, shorten
from supportbot.domain.reply import Button, Outgoing
from supportbot.pipeline.ownership import Scene
from supportbot.pipeline.rooms import Rooms

SOLVED = "solved"
"""The command; called on a message, that one is the solution."""
_LONGEST_NAME = 80


async def solve(scene: Scene) -> None:
    """Deal with ``/solved``: thank, mark the solution, and solve the tickets that hang on it."""
    case, texts = scene.case, scene.case.texts
    if scene.side == "agents" or not scene.here.thread or scene.here.is_alone:
        said = [_made(scene, texts("topics.no_topic"), only_for=scene.person.id)]
    elif not _may(scene):
        said = [_made(scene, texts("topics.not_yours"), only_for=scene.person.id)]
    else:
        await _solve_tickets(scene)
        said = [*_marked(scene), _made(scene, _thanks(scene), closes=True)]
    if not case.is_stored:
        conversation = case.conversation
        case.ledger.forget()  # the bot had no part in it, and keeps nothing of it
        case.ledger.hold(CONVERSATIONS, conversation)
    for outgoing in said:
        case.ledger.send(outgoing, scene.person)


def _marked(scene: Scene) -> list[Outgoing]:
    """Mark the message that was pointed at as the solution, and tell whoever did that it is."""
    about, texts = scene.event.about, scene.case.texts
    if about is None:
        return []
    mark = _made(scene, texts("topics.marked"), reaction_to=about.key, mark="solution")
    return [mark, _made(scene, texts("topics.noted"), only_for=scene.person.id)]


async def offer(scene: Scene, rooms: Rooms) -> None:
    """Let a forum's post be solved by a button: under the bot's answer to it, or under a line of its own."""
    event, ledger = scene.origin, scene.case.ledger
    if not isinstance(event, Event) or event.kind != "message" or not (event.topic_by and event.opens_topic):
        return
    if event.by_bot or scene.side == "agents" or await rooms.mode(event.address, event.room) != "always":
        return
    texts, said = ledger.rules.texts, [one for one in ledger.outgoing if _is_for_all(one, scene)]
    button = Button(f"{COMMAND}{SOLVED}", texts("topics.solved"))
    if said:
        ledger.amend(msgspec.structs.replace(said[-1], choices=(*said[-1].choices, button)))
    elif not scene.is_agent and (words := texts("topics.how")):
        ledger.send(_made(scene, words, choices=(button,)), scene.person)


def _is_for_all(outgoing: Outgoing, scene: Scene) -> bool:
    return outgoing.address == scene.here and not (outgoing.only_for or outgoing.aside or outgoing.reaction_to)


def _may(scene: Scene) -> bool:
    asked = scene.event.topic_by or (scene.case.conversation.requester.id if scene.case.is_stored else "")
    return scene.is_agent or scene.person.id == asked


async def _solve_tickets(scene: Scene) -> None:
    case = scene.case
    for ticket in await tickets.all_of(case.ledger, case.conversation):
        if ticket.is_unsolved and scene.person.id == ticket.requester.id:
            await handoffs.close_for_requester(case, ticket)
        elif ticket.is_unsolved:
            await handoffs.solve(case, ticket, scene.person)


def _thanks(scene: Scene) -> str:
    about, texts = scene.event.about, scene.case.texts
    if about is None or about.by_bot or about.person.id == (scene.event.topic_by or scene.person.id):
        return texts("topics.thanks")
    return texts("topics.thanks_to", who=escape(shorten(about.person.name, _LONGEST_NAME)))


def _made(scene: Scene, words: str, **more: Any) -> Outgoing:
    """Make a message for where somebody is; it may be no conversation's."""
    case = scene.case
    return Outgoing(
        id=case.ledger.new_id("o"),
        address=scene.here,
        conversation=case.conversation.id if case.is_stored else "",
        purpose="notice",
        text=words,
        at=case.ledger.now,
        **more,
    )
