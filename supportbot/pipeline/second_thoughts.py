"""Second thoughts: a question that its author rewrites soon after is answered again, in place of the first answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from supportbot.clock import MINUTE
from supportbot.domain.event import Event
from supportbot.domain.timeline import Entry
from supportbot.pipeline.dispatch import Dispatch
from supportbot.pipeline.ownership import Scene

WITHIN = 10 * MINUTE
"""How long after a question its new wording gets a new answer."""
_LINES_READ = 60
_DONE = frozenset({"agent", "note", "owner", "ticket", "rating", "withheld", "once"})
"""What is in the timeline once a human has spoken, or something was done that must not be done twice."""


@dataclass(frozen=True)
class _Question:
    """A question as it reads now, the key of the message that it began with, and what the bot said to it last."""

    text: str
    key: str
    answers: list[Entry]


async def answer_again(scene: Scene, dispatch: Dispatch) -> bool:
    """Answer a plain question that its author has rewritten, while only the bot has answered; else False.

    What was an answer in a dialogue stays as it was given.
    """
    case, ledger = scene.case, scene.case.ledger
    question = await _rewritten(scene)
    if question is None:
        return False
    event = msgspec.structs.replace(scene.event, kind="message", key=question.key, target="", text=question.text)
    changed = Entry(
        at=ledger.now,
        kind="changed",
        who=event.person.name,
        text=scene.event.text,
        id=scene.event.target,
        person=event.person.id,
    )
    case.note_entry(changed, event.person)
    case.update(spoke_at=ledger.now)
    await dispatch.message(replace(scene, origin=event))
    _put_in_place(scene, question)
    return True


async def _rewritten(scene: Scene) -> _Question | None:
    """Find what was rewritten, if it may be answered again."""
    event, case = scene.event, scene.case
    if event.kind != "edit" or scene.owner != "bot" or scene.side != "requester":
        return None
    if not case.is_stored or case.has_open_question:
        return None
    lines = await case.timeline(_LINES_READ)
    at = next((n for n, line in enumerate(lines) if line.kind == "requester" and line.id == event.target), None)
    if at is None or lines[at].person != event.person.id or event.at - lines[at].at > WITHIN:
        return None
    if any(line.kind in _DONE for line in lines[at:]):
        return None
    return _question(lines, at, event)


def _question(lines: list[Entry], at: int, event: Event) -> _Question | None:
    """Put a question together: of what came in quick succession and was answered as one, the rest stays as it is."""
    begin = end = at
    while begin and lines[begin - 1].kind == "requester":
        begin -= 1
    while end + 1 < len(lines) and lines[end + 1].kind == "requester":
        end += 1
    asked = [line.id for line in lines[begin : at + 1]]
    said = [line for line in lines[at:] if line.kind == "bot" and line.answers in asked]
    if not said:
        return None
    first = begin + asked.index(said[-1].answers)
    texts = {line.id: line.text for line in lines[first : end + 1]}
    texts |= {line.id: line.text for line in lines[at:] if line.kind == "changed" and line.id in texts}
    if texts[event.target] == event.text:
        return None
    text = "\n".join({**texts, event.target: event.text}.values())
    return _Question(text, said[-1].answers, [line for line in said if line.at == said[-1].at])


def _put_in_place(scene: Scene, question: _Question) -> None:
    """Let the new answer take the place of the old one, where the platform can, and where each is one message."""
    case, ledger = scene.case, scene.case.ledger
    here = case.conversation.address
    said = [one for one in ledger.outgoing if one.purpose == "answer" and one.address == here]
    if said and len(question.answers) == 1 and here.adapter in ledger.rules.editing:
        ledger.send(msgspec.structs.replace(said[0], edits=question.answers[0].id), case.conversation.requester)
