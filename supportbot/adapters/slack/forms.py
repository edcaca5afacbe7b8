"""Forms as modals: opened from a fresh press, a command or a shortcut, else by the button under the question.

Nothing is kept: the button carries the form's description and a modal what its answer is for, so that both outlive a
restart. Only the right to open a modal, which Slack gives for three seconds, is in memory.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from supportbot.adapters.lengths import fitting, units
from supportbot.adapters.slack.api import Api
from supportbot.adapters.slack.posts import form_in
from supportbot.adapters.slack.rich_text import Element
from supportbot.clock import Clock
from supportbot.domain.form import Field, Form
from supportbot.domain.markdown import plain
from supportbot.domain.reply import Outgoing
from supportbot.errors import AdapterError
from supportbot.logs import log
from supportbot.texts import Texts

CALLBACK = "supportbot_form"
"""What our modals are known by."""
_ANSWER = "answer"
_FRESH = 2_500
"""Milliseconds that a right to open a modal is used for: Slack takes it back after three seconds."""
_PATIENCE = 2.0
"""Seconds that opening a modal may take where somebody waits for it."""
_MOST_BLOCKS = 100
_LONGEST_TITLE = 24
_LONGEST_LABEL = 2_000
_LONGEST_INPUT = 3_000
_LONGEST_NAME = 255
_MOST_OPTIONS = 100
_LONGEST_OPTION = 150
_LONGEST_OPTION_SHOWN = 75

Payload = dict[str, Any]


class Forms:
    """Opens modals in one workspace."""

    def __init__(self, api: Api, texts: Texts, clock: Clock) -> None:
        self._api = api
        self._texts = texts
        self._clock = clock
        self._triggers: dict[str, tuple[str, int]] = {}

    def note(self, body: Payload) -> None:
        """Keep the right to open a modal that what a person did brings with it."""
        trigger, now = str(body.get("trigger_id") or ""), self._clock.now()
        if not trigger:
            return
        self._triggers = {name: kept for name, kept in self._triggers.items() if now - kept[1] <= _FRESH}
        self._triggers[str(body.get("user_id") or (body.get("user") or {}).get("id"))] = trigger, now

    async def show(self, outgoing: Outgoing) -> None:
        """Open a question's form at once, if its person did something just now; the message stands below it."""
        if outgoing.form is None or outgoing.edits:
            return
        user = outgoing.form.person.rpartition("/")[2]
        place = {"channel_id": outgoing.address.channel, "thread_ts": outgoing.address.thread}
        await self._open(outgoing.form, user, place)

    async def pressed(self, body: Payload, action: Payload) -> bool:
        """Open the form that a button describes; False where it cannot be shown, or is somebody else's."""
        form, user = form_in(action), str(body["user"]["id"])
        if form is None or form.person.rpartition("/")[2] != user:
            return False
        container, message = body.get("container") or {}, body.get("message") or {}
        channel = container.get("channel_id") or (body.get("channel") or {}).get("id") or ""
        thread = container.get("thread_ts") or message.get("thread_ts") or ""
        if not str(channel).startswith("D"):
            thread = thread or container.get("message_ts") or ""
        return await self._open(form, user, {"channel_id": channel, "thread_ts": thread})

    async def _open(self, form: Form, user: str, place: Payload) -> bool:
        trigger, since = self._triggers.pop(user, ("", 0))
        view = modal(form, place, submit=self._texts("dialogue.send_form"))
        if not trigger or view is None or self._clock.now() - since > _FRESH:
            return False
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._api.write("views.open", trigger_id=trigger, view=view)
        except (AdapterError, TimeoutError) as error:
            log.info("a form could not be opened, and is asked in words", adapter="slack", error=type(error).__name__)
            return False
        return True


def modal(form: Form, place: Payload, *, submit: str) -> Payload | None:
    """Lay a form out as a modal; None where nothing of it can be shown. What is left out is asked in words."""
    blocks = [_input(field) for field in form.fields if _can_show(field)][:_MOST_BLOCKS]
    if not blocks:
        return None
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": _plain_text(form.title, _LONGEST_TITLE),
        "submit": _plain_text(submit, _LONGEST_TITLE),
        "private_metadata": json.dumps({"choice": form.id, "place": place}),
        "blocks": blocks,
    }


def filled_in(view: Payload) -> tuple[str, Payload, dict[str, str]]:
    """Read a form that was sent: what it answers, where that was asked, and what stands in each field."""
    kept = _kept(view)
    values = (view.get("state") or {}).get("values") or {}
    given = {name: _said(block.get(_ANSWER) or {}) for name, block in values.items()}
    return str(kept.get("choice", "")), kept.get("place") or {}, {name: said for name, said in given.items() if said}


def _kept(view: Payload) -> Payload:
    try:
        kept = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


def _said(element: Payload) -> str:
    chosen = element.get("selected_option") or {}
    return str(chosen.get("value") or element.get("selected_date") or element.get("value") or "")


def _can_show(field: Field) -> bool:
    """Tell whether Slack can show a field whole: what a menu cannot offer, or a box not hold, is not cut."""
    if units(field.name) > _LONGEST_NAME or units(field.given) > _most(field):
        return False
    if field.kind != "choice":
        return True
    fits = all(0 < units(option) <= _LONGEST_OPTION for option in field.options)
    return fits and 0 < len(field.options) <= _MOST_OPTIONS


def _most(field: Field) -> int:
    return min(field.longest or _LONGEST_INPUT, _LONGEST_INPUT)


def _input(field: Field) -> Element:
    block = {
        "type": "input",
        "block_id": field.name,
        "label": _plain_text(plain(field.question), _LONGEST_LABEL),
        "element": {"action_id": _ANSWER, **_element(field)},
    }
    return {**block, "hint": _plain_text(plain(field.hint), _LONGEST_LABEL)} if field.hint else block


def _element(field: Field) -> Element:
    given = {"initial_value": field.given} if field.given else {}
    if field.kind == "choice":
        options = [_option(label) for label in field.options]
        chosen = [option for option in options if option["value"] == field.given]
        return {"type": "static_select", "options": options, **({"initial_option": chosen[0]} if chosen else {})}
    if field.kind == "date":
        return {"type": "datepicker", **({"initial_date": field.given} if field.given else {})}
    if field.kind in ("number", "whole_number"):
        return {"type": "number_input", "is_decimal_allowed": field.kind == "number", **given}
    if field.kind == "email":
        return {"type": "email_text_input", **given}
    return {"type": "plain_text_input", "multiline": field.kind == "text", "max_length": _most(field), **given}


def _option(label: str) -> Element:
    return {"text": _plain_text(label, _LONGEST_OPTION_SHOWN), "value": label}


def _plain_text(words: str, at_most: int) -> Element:
    return {"type": "plain_text", "text": fitting(words, at_most) or "…", "emoji": False}
