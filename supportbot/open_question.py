"""The open question of a dialogue: reading its answer, or keeping everything that must wait for one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from supportbot.asking import Asking
from supportbot.clock import DAY, as_datetime, milliseconds
from supportbot.conduct import caller
from supportbot.dialogue import DEEPEST, NotRead, failure
from supportbot.domain.dialogue import DIALOGUES, Dialogue, Question, Step
from supportbot.domain.event import Event, Signal
from supportbot.domain.form import Field, FieldKind, Form
from supportbot.domain.markdown import quote
from supportbot.domain.reply import Choice, Offer, Reply, checked
from supportbot.errors import NoAnswer
from supportbot.ids import derived
from supportbot.reader import Answer, FormReader, Reader, Unreadable, value_in
from supportbot.speaking import speak

Span = timedelta | str

PATIENCE = DAY
"""How long a question without ``within=`` waits before its dialogue ends kindly; a yielding one waits a week."""
_KINDS: dict[str, FieldKind] = {
    "text": "text", "text_up_to": "text", "number": "number", "whole_number": "whole_number", "email": "email",
    "date": "date",
}  # fmt: skip
"""What a platform is told of a field, by its reader; all others take a line of words."""
_LONGEST_FIELD = 4_000
"""Characters of a field that are given back; no platform's forms take more."""
_HINTS = ("number", "email", "phone", "date", "moment")
"""The readers whose hint says what to write before anything was wrong."""


def answered(asking: Asking, reader: Reader[Any], name: str) -> Step | None:
    """Read the answer that this run came with, once; None where the question is still to be put."""
    if asking.gave_up:
        asking.gave_up = False
        step = failure("ask", name, NoAnswer(asking.case.texts("dialogue.no_answer")))
    elif asking.answer is not None:
        answer, asking.answer = asking.answer, None
        try:
            value = _value_in(asking, reader, answer)
        except Unreadable as error:
            asking.conduct.suspended_at = caller()
            raise NotRead(error.hint_key, error.values) from error
        if value is None:
            return None
        asking.part = {}
        step = Step(kind="ask", name=name, result=value, whole=bool(answer.fields))
    else:
        return None
    step = msgspec.structs.replace(step, at=asking.case.ledger.now)
    asking.journal.record(step)
    return step


def take_what_was_said(asking: Asking, reader: Reader[Any]) -> None:
    """Let the words and files that began the dialogue answer the next question, where its value is in them."""
    origin = asking.origin
    if asking.journal.is_replaying or asking.answer or asking.gave_up or not isinstance(origin, Event):
        return
    began = asking.dialogue.began_at if asking.dialogue else asking.case.ledger.now
    said = Answer(text=origin.text, files=origin.files, now=as_datetime(began))
    if not isinstance(reader, FormReader) and value_in(said, reader) is not None:
        asking.answer = said


def _value_in(asking: Asking, reader: Reader[Any], answer: Answer) -> Any:
    """Read the value as it is journaled; None where a form has a field left to ask for."""
    if not isinstance(reader, FormReader):
        return msgspec.to_builtins(reader.read(answer))
    if answer.fields:
        _take_form(asking, reader, answer)
    else:
        name = reader.missing(asking.part)
        asking.part = {**asking.part, name: reader.read_field(name, answer)}
    return None if reader.missing(asking.part) else reader.whole(asking.part, answer.now)


def _take_form(asking: Asking, reader: FormReader, answer: Answer) -> None:
    """Take in what a form brought; what cannot be read is asked for in turn, beginning with what was written there."""
    values, unread = reader.read_fields(answer)
    if not unread:
        asking.part = {**asking.part, **values}
        return
    texts = asking.case.texts
    lines = [quote(f"{reader.fields[name].question} {answer.fields[name]}", at_most=_LONGEST_FIELD) for name in unread]
    error = unread.get(reader.missing({**asking.part, **values})) or next(iter(unread.values()))
    hint = texts("dialogue.form_unread", fields="\n".join(lines), hint=texts(error.hint_key, **error.values))
    if not values:
        raise Unreadable("dialogue.hint.own", hint=hint)
    asking.part, asking.hint = {**asking.part, **values}, hint


async def wait(
    asking: Asking, reply: Reply, reader: Reader[Any], name: str, within: Span | None, *, yielding: bool
) -> None:
    """Put the question, and keep the dialogue until it is answered."""
    if not yielding and await make_room(asking):
        speak(asking, Reply(asking.case.texts("dialogue.too_many")))
    shown = checked(put(asking, reply, reader))
    form = form_of(asking, reader)
    speak(asking, shown, offer(asking, shown), form)
    keep(asking, name, shown, within, form=form, yielding=yielding)


def put(asking: Asking, reply: Reply, reader: Reader[Any]) -> Reply:
    """Word the question as it is put now: of a form, the next field's, with the form's own words before the first."""
    if not isinstance(reader, FormReader):
        return reply
    field = reader.fields[reader.missing(asking.part)]
    intro = asking.hint or ("" if asking.part else reply.text)
    words = f"{intro}\n{field.question}" if intro else field.question
    return Reply(words, tuple(Choice(option) for option in field.reader.options))


def form_of(asking: Asking, reader: Reader[Any]) -> Form | None:
    """Describe the form that can be filled in at once; None where the platform has none, or where part of it is."""
    if not isinstance(reader, FormReader) or asking.part or not asking.has_forms:
        return None
    texts = asking.case.texts
    shown = {name: field for name, field in reader.fields.items() if "file" not in field.reader.name.split(" or ")}
    fields = [_field(name, *field, asking=asking) for name, field in shown.items()]
    title, label = reader.title or texts("dialogue.form_title"), texts("dialogue.fill_in")
    return Form(title=title, fields=tuple(fields), label=label, person=asking.person.id)


def _field(name: str, question: str, reader: Reader[Any], given: str, *, asking: Asking) -> Field:
    hint = asking.case.texts(f"dialogue.hint.{reader.name}") if reader.name in _HINTS else ""
    return Field(
        name=name,
        question=question,
        kind="choice" if reader.options else _KINDS.get(reader.name, "line"),
        options=reader.options,
        hint=hint,
        longest=reader.longest,
        given=given,
    )


def offer(asking: Asking, reply: Reply) -> Offer:
    """Say what the choices of the question do: they answer it, for this person, at this step."""
    return Offer(
        conversation=asking.case.conversation.id,
        person=asking.person.id,
        skill=asking.skill,
        choices=tuple(reply.choices),
        dialogue=asking.dialogue_id,
        step=asking.journal.position,
        part=len(asking.part),
    )


async def make_room(asking: Asking) -> bool:
    """End what waits of the same handler, and the oldest where too many would wait; tells whether that was the case.

    Whoever begins the same again wants to begin it again: they would answer the old one in vain.
    """
    case, waiting = asking.case, []
    for name in case.conversation.dialogues:
        dialogue = await case.ledger.get(DIALOGUES, name)
        if dialogue is None or name == asking.dialogue_id or dialogue.person.id != asking.person.id:
            continue
        if (dialogue.skill, dialogue.handler) == (asking.skill, asking.handler):
            case.leave(dialogue)
        else:
            waiting.append(dialogue)
    too_many = waiting[: max(0, len(waiting) + 1 - DEEPEST)]
    for dialogue in too_many:
        case.leave(dialogue)
    return bool(too_many)


def keep(
    asking: Asking, name: str, reply: Reply, within: Span | None, *, form: Form | None = None, yielding: bool
) -> None:
    """Keep the dialogue with its journal, its question and its deadline."""
    case, known = asking.case, asking.dialogue
    dialogue = Dialogue(
        id=asking.dialogue_id,
        version=known.version if known else 0,
        conversation=case.conversation.id,
        person=asking.person,
        skill=asking.skill,
        handler=asking.handler,
        origin=asking.origin,
        began_at=known.began_at if known else case.ledger.now,
        steps=tuple(asking.journal.steps),
        question=Question(
            text=reply.text,
            name=name,
            choices=tuple(reply.choices),
            yielding=yielding,
            deadline=_deadline(asking, within, yielding=yielding),
            raises=within is not None,
            part=asking.part,
            form=form,
        ),
    )
    case.ledger.put(DIALOGUES, dialogue)
    waiting = tuple(name for name in case.conversation.dialogues if name != dialogue.id)
    case.update(dialogues=waiting if yielding else (*waiting, dialogue.id), last_question=dialogue.id)


def _deadline(asking: Asking, within: Span | None, *, yielding: bool) -> str:
    step = asking.journal.position
    signal = Signal(
        name="deadline",
        conversation=asking.case.conversation.id,
        skill=asking.skill,
        data={"dialogue": asking.dialogue_id, "step": step, "part": len(asking.part)},
    )
    patience = milliseconds(within) if within is not None else 7 * PATIENCE if yielding else PATIENCE
    return asking.case.later(
        signal, after=patience, id=derived("deadline", asking.dialogue_id, str(step), str(len(asking.part)))
    )
