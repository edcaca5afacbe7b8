"""Corrections: somebody changes or takes back what they said; what became of it on the other side follows. ::

edit, deletion ─► relayed? ── yes, its author's ─► changed in place, or, where the platform cannot, a line says so
                     └─ no ─► the bot may answer a changed question again
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from supportbot.desk import handoffs
from supportbot.desk.case import Case
from supportbot.domain.conversation import LONGEST_QUESTION
from supportbot.domain.markdown import escape, plain, shorten
from supportbot.domain.person import Person
from supportbot.domain.reply import RELAYED, Relayed, relayed_under
from supportbot.domain.timeline import TIMELINE, Entry, EntryKind
from supportbot.pipeline import relay
from supportbot.pipeline.commands import command_in, note_in
from supportbot.pipeline.dispatch import Dispatch
from supportbot.pipeline.ownership import Scene
from supportbot.pipeline.second_thoughts import answer_again

_AT_ONCE = 100
_REFERENCE = re.compile(r"[Tt]-\d+\b\S*\s*")  # our own pattern, on the head of a command
_LONGEST_QUOTE = 200


async def follow(scene: Scene, dispatch: Dispatch) -> None:
    """Let a change or a deletion take effect where the words went; one of words that went nowhere is the bot's."""
    event, ledger = scene.event, scene.case.ledger
    known = await ledger.store.read(RELAYED, relayed_under(event.target), limit=1)
    if not known.items:
        if not await answer_again(scene, dispatch):
            await _note_for_later(scene)
        return
    ledger.forget()  # the change of a message begins nothing
    relayed = known.items[0]
    case = await Case.load(ledger, relayed.conversation)
    is_theirs = relayed.person == event.person.id or not event.person.is_known  # the platform lets nobody else
    if case is None or not is_theirs:
        return
    if event.kind == "delete":
        await _take_back(case, relayed, scene)
    elif relayed.side == "requester" or scene.is_agent:
        await _change(case, relayed, scene)


async def _note_for_later(scene: Scene) -> None:
    """Let words that no person was shown when they were said read as they do now; who has the case since is told."""
    event, ledger, conversation = scene.event, scene.case.ledger, scene.case.conversation.id
    ledger.forget()  # the change of a message begins nothing
    case = await Case.load(ledger, conversation) if scene.side == "requester" else None
    said = [line for line in await case.timeline(_AT_ONCE) if line.id == event.target] if case else []
    if case is None or not said or said[0].kind != "requester":
        return
    first, before = said[0], said[-1]
    words = event.text if event.kind == "edit" else None
    is_theirs = first.person == event.person.id or not event.person.is_known
    if not is_theirs or before.kind == "taken_back" or before.text == words:
        return
    kind: EntryKind = "taken_back" if words is None else "changed"
    author = Person(first.person, first.who)
    case.note_entry(
        Entry(at=ledger.now, kind=kind, who=author.name, text=words or "", id=event.target, person=author.id), author
    )
    if case.conversation.question == shorten(before.text, LONGEST_QUESTION):
        case.update(question=shorten(words or "", LONGEST_QUESTION))
    if case.conversation.owner in ("queue", "agent"):
        case.tell_agents(_line(case, "agents", author.name, before.text, words))


async def _change(case: Case, relayed: Relayed, scene: Scene) -> None:
    event = scene.event
    if relayed.side == "requester":
        await _become(case, relayed, event.target, event.text)
        return
    words = _meant_for_requester(event.text)
    if note_in(words) is not None:  # it was never to be sent
        await _take_back(case, relayed, scene)
        relay.note(case, scene, words)
    elif slip := relay.slip_in(case, words):
        case.answer_at(scene.here, slip)
    else:
        await _become(case, relayed, event.target, words)


async def _take_back(case: Case, relayed: Relayed, scene: Scene) -> None:
    await _become(case, relayed, scene.event.target, "", is_left=False)


async def _become(case: Case, relayed: Relayed, said: str, words: str, *, is_left: bool = True) -> None:
    """Let what was relayed say what its author says now, of all the messages that it was made of."""
    before = await _as_it_stands(case, relayed)
    if said not in before or (is_left and before[said] == words):
        return  # it is gone, or says so already
    entry = said if relayed.side == "requester" else relayed.id
    kind = "changed" if is_left else "taken_back"
    case.note_entry(
        Entry(at=case.ledger.now, kind=kind, who=relayed.who, text=words, id=entry, person=relayed.person),  # type: ignore[arg-type] # one of the two
        case.conversation.requester,
    )
    after = {key: words if key == said else text for key, text in before.items() if is_left or key != said}
    if relayed.address.adapter not in case.ledger.rules.editing:
        _say_so(case, relayed, before[said], words if is_left else None)
    elif after:
        shown = _shown(case, relayed, "\n".join(after.values()))
        author = relayed.who if relayed.side == "agents" else ""
        case.change(relayed.id, shown, address=relayed.address, purpose="relay", author=author)
    else:
        case.take_away(relayed.id, address=relayed.address, purpose="relay")


def _say_so(case: Case, relayed: Relayed, before: str, now: str | None) -> None:
    """Say in a line of its own what was changed, where the message itself stays as it is."""
    line = _line(case, "handoff" if relayed.side == "agents" else "agents", relayed.who, before, now)
    case.tell(relayed.address, line, purpose="relay")


def _line(case: Case, texts: str, who: str, before: str, now: str | None) -> str:
    """Word a change, or, where nothing is left of the words, that they were taken back."""
    if now is None:
        gone = escape(shorten(before, _LONGEST_QUOTE)) or "…"
        return case.texts(f"{texts}.took_back", who=escape(who), text=gone)
    return case.texts(f"{texts}.changed", who=escape(who), text=escape(now))


def _shown(case: Case, relayed: Relayed, text: str) -> str:
    if relayed.side == "requester":
        return relay.as_said(case, relayed.who, text, relayed.files)
    return handoffs.as_said(case, text)


async def _as_it_stands(case: Case, relayed: Relayed) -> dict[str, str]:
    """Read what the messages say now that were relayed as one, those that are left, in order."""
    wanted = set(relayed.said) if relayed.side == "requester" else {relayed.id}
    first: dict[str, Entry] = {}
    newest: dict[str, Entry] = {}
    cursor: str | None = None
    while wanted - first.keys():
        page = await case.ledger.store.read(TIMELINE, case.conversation.id, limit=_AT_ONCE, before=cursor)
        for line in page.items:
            if line.id in wanted:
                newest.setdefault(line.id, line)
                if line.kind in ("requester", "agent"):
                    first[line.id] = line
        cursor = page.next
        if cursor is None:
            break
    return _texts(relayed, newest)


def _texts(relayed: Relayed, newest: Mapping[str, Entry]) -> dict[str, str]:
    """Give the words of each message that is left, by its event key; an agent's are kept as the requester saw them."""
    if relayed.side == "agents":
        line = newest.get(relayed.id)
        return {} if line is None or line.kind == "taken_back" else {relayed.said[0]: _words(line)}
    found = [(key, newest.get(key)) for key in relayed.said]
    return {key: line.text for key, line in found if line is not None and line.kind != "taken_back"}


def _words(line: Entry) -> str:
    return plain(line.text) if line.kind == "agent" else line.text


def _meant_for_requester(text: str) -> str:
    """Take off the command that sends words, ``/reply T-1042 …``: what is left was sent."""
    name, words = command_in(text)
    return _REFERENCE.sub("", words, count=1) if name in ("reply", "solve") and words else text
