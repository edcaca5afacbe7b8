"""Forms as modals: laid out within Slack's limits, opened with a fresh right and no other, and read again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from supportbot.adapters.slack.forms import CALLBACK, Forms, filled_in, modal
from supportbot.adapters.slack.posts import OPENS_FORM, form_in, form_row
from supportbot.clock import SimulatedClock
from supportbot.domain.address import Address
from supportbot.domain.form import Field, Form
from supportbot.domain.reply import Outgoing
from supportbot.errors import Unclear
from supportbot.testing.slack import limits
from supportbot.texts import Texts

ADA = "slack/T1/U1"
PLACE = {"channel_id": "D1", "thread_ts": ""}


def form(*fields: Field, title: str = "Return") -> Form:
    return Form(title=title, fields=fields, label="Fill in", person=ADA, id="o1.form")


def laid_out(*fields: Field, title: str = "Return") -> dict[str, Any]:
    """Lay a form out, and let Slack's own rules check it."""
    view = modal(form(*fields, title=title), PLACE, submit="Send")
    assert view is not None
    limits.check_view(view)
    return view


def elements(view: dict[str, Any]) -> dict[str, str]:
    return {block["block_id"]: block["element"]["type"] for block in view["blocks"]}


def test_each_kind_of_field_has_its_element() -> None:
    view = laid_out(
        Field(name="a", question="A?"),
        Field(name="b", question="B?", kind="text", longest=80, given="It"),
        Field(name="c", question="C?", kind="choice", options=("Yes", "No"), given="No"),
        Field(name="d", question="D?", kind="number", hint="I need a number, like 42."),
        Field(name="e", question="E?", kind="whole_number"),
        Field(name="f", question="F?", kind="email"),
        Field(name="g", question="G?", kind="date", given="2026-01-02"),
    )
    assert elements(view) == {
        "a": "plain_text_input", "b": "plain_text_input", "c": "static_select", "d": "number_input",
        "e": "number_input", "f": "email_text_input", "g": "datepicker",
    }  # fmt: skip
    asked = {block["block_id"]: block["element"] for block in view["blocks"]}
    assert (asked["a"]["multiline"], asked["a"]["max_length"]) == (False, 3000)
    assert (asked["b"]["multiline"], asked["b"]["max_length"], asked["b"]["initial_value"]) == (True, 80, "It")
    assert asked["c"]["initial_option"]["value"] == "No"
    assert asked["g"]["initial_date"] == "2026-01-02"


def test_everything_long_fits() -> None:
    options = tuple(f"{n:03} {'x' * 140}" for n in range(100))
    view = laid_out(
        *(Field(name=f"n{n}", question="**Long** " * 400, kind="choice", options=options) for n in range(3)),
        title="🖨" * 40,
    )
    assert len(view["title"]["text"]) <= 24
    assert view["blocks"][0]["label"]["text"].startswith("Long Long")


def test_more_fields_than_a_modal_has_are_left_for_words() -> None:
    assert len(laid_out(*(Field(name=f"n{n}", question="?") for n in range(120)))["blocks"]) == 100


@pytest.mark.parametrize(
    "field",
    [
        Field(name="many", question="?", kind="choice", options=tuple(map(str, range(101)))),
        Field(name="long", question="?", kind="choice", options=("x" * 151, "y")),
        Field(name="full", question="?", kind="text", given="x" * 3001),
        Field(name="n" * 256, question="?"),
    ],
)
def test_what_slack_cannot_show_whole_is_left_for_words(field: Field) -> None:
    assert elements(laid_out(field, Field(name="a", question="?"))) == {"a": "plain_text_input"}
    assert modal(form(field), PLACE, submit="Send") is None


def test_what_was_filled_in_is_read_again() -> None:
    view = laid_out(Field(name="a", question="?"))
    values: dict[str, dict[str, Any]] = {
        "a": {"answer": {"type": "plain_text_input", "value": "words"}},
        "b": {"answer": {"type": "static_select", "selected_option": {"value": "No"}}},
        "c": {"answer": {"type": "datepicker", "selected_date": "2026-01-02"}},
        "d": {"answer": {"type": "plain_text_input", "value": None}},
    }
    choice, place, fields = filled_in({**view, "state": {"values": values}})
    assert (choice, place) == ("o1.form", PLACE)
    assert fields == {"a": "words", "b": "No", "c": "2026-01-02"}


@pytest.mark.parametrize("kept", ["", "no JSON", "null"])
def test_a_form_that_lost_what_it_is_for_is_still_read(kept: str) -> None:
    assert filled_in({"callback_id": CALLBACK, "private_metadata": kept}) == ("", {}, {})


def test_a_button_carries_its_form_unless_that_is_too_large() -> None:
    small = form(Field(name="a", question="How “old” is it? 🖨"))
    (row,) = form_row(small)
    (button,) = row["elements"]
    assert button["action_id"] == f"{OPENS_FORM}o1.form"
    assert form_in(button) == small
    limits.check_blocks([row])
    assert form_row(form(Field(name="a", question="x" * 2000))) == []
    assert form_row(None) == []


@pytest.mark.parametrize("value", ["", "o1.form", "[]", '{"title": 1}', None])
def test_a_button_that_carries_something_else_opens_nothing(value: object) -> None:
    assert form_in({"value": value}) is None


# --- the right to open one ----------------------------------------------------------------------------------------


class Wire:
    """The Web API as far as a modal needs it."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.fails = False

    async def write(self, method: str, **arguments: Any) -> dict[str, Any]:
        if self.fails:
            raise Unclear("no answer")
        self.opened.append(f"{method} {arguments['trigger_id']}")
        return {}


ASKED = Outgoing(
    id="o1", address=Address("slack", "T1", "D1"), conversation="c", purpose="answer", text="A?",
    form=form(Field(name="a", question="A?")),
)  # fmt: skip


async def test_a_right_is_used_once_in_time_and_for_its_own_person() -> None:
    wire, clock = Wire(), SimulatedClock()
    forms = Forms(wire, Texts(), clock)  # type: ignore[arg-type] # as far as it is needed
    forms.note({"user_id": "U2", "trigger_id": "theirs"})
    await forms.show(ASKED)
    assert wire.opened == []
    forms.note({"user": {"id": "U1"}, "trigger_id": "t1"})
    await forms.show(ASKED)
    await forms.show(ASKED)
    assert wire.opened == ["views.open t1"]
    forms.note({"user_id": "U1", "trigger_id": "t2"})
    clock.move_to(clock.now() + 2_501)
    await forms.show(ASKED)
    assert wire.opened == ["views.open t1"]


async def test_a_press_that_opens_nothing_says_so() -> None:
    wire = Wire()
    forms = Forms(wire, Texts(), SimulatedClock())  # type: ignore[arg-type] # as far as it is needed
    action = form_row(ASKED.form)[0]["elements"][0]
    body = {"user": {"id": "U1"}, "trigger_id": "t1", "container": {"channel_id": "C1", "message_ts": "1.2"}}
    assert not await forms.pressed(body, action)  # the right was not noted
    forms.note(body)
    assert not await forms.pressed({**body, "user": {"id": "U2"}}, action)
    assert not await forms.pressed(body, {"value": json.dumps([])})
    wire.fails = True
    assert not await forms.pressed(body, action)
    wire.fails = False
    forms.note(body)
    assert await forms.pressed(body, action)
