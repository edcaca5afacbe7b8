"""Forms as modals: what Discord cannot show is left out, and asked in words."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.adapters.discord.forms import Forms, Page, filled_in, page_in
from supportbot.domain.form import Field, Form
from supportbot.testing.discord.limits import check_modal
from supportbot.texts import Texts

ADA = "discord/main/1"


def shown(*fields: Field, number: int = 1, title: str = "Open a ticket") -> dict[str, Any] | None:
    forms = Forms(Texts())
    forms.keep(Form(title=title, fields=fields, label="Fill in", person=ADA, id="o_1.form"))
    modal = forms.modal(Page("o_1.form", number), ADA)
    if modal:
        check_modal(modal)
    return modal


def names(modal: dict[str, Any] | None) -> list[str]:
    return [row["component"]["custom_id"] for row in modal["components"]] if modal else []


def test_each_kind_of_field_is_shown_as_discord_has_it() -> None:
    modal = shown(
        Field(name="subject", question="**What** is it about?", given="Fire"),
        Field(name="details", question="What happened?", kind="text", longest=9_000),
        Field(name="kind", question="Which kind?", kind="choice", options=("Problem", "Question"), given="Question"),
        Field(name="day", question="When?", kind="date", hint="A date, as 2026-01-31"),
        title="T" * 60,
    )
    assert modal is not None
    subject, details, kind, day = modal["components"]
    assert (subject["label"], subject["component"]["value"]) == ("What is it about?", "Fire")
    assert (subject["component"]["style"], details["component"]["style"]) == (1, 2)
    assert details["component"]["max_length"] == 4_000
    assert [option.get("default", False) for option in kind["component"]["options"]] == [False, True]
    assert day["description"] == "A date, as 2026-01-31"


def test_a_long_question_stands_whole_under_its_beginning() -> None:
    question = "Which of the many printers on the third floor is the one that burns?"
    modal = shown(Field(name="printer", question=question, kind="date", hint="A date"))
    assert modal is not None
    (row,) = modal["components"]
    assert row["label"].endswith("…")
    assert row["description"] == question
    assert row["component"]["placeholder"] == "A date"


@pytest.mark.parametrize(
    "field",
    [
        Field(name="x", question="?" * 101),
        Field(name="x", question=""),
        Field(name="x" * 101, question="Well?"),
        Field(name="x", question="Well?", given="y" * 4_001),
        Field(name="x", question="Well?", kind="choice", options=tuple(str(number) for number in range(26))),
        Field(name="x", question="Well?", kind="choice", options=("z" * 101, "y")),
        Field(name="x", question="Well?", kind="choice", options=("same", "same")),
        Field(name="x", question="Well?", kind="choice"),
    ],
)
def test_what_does_not_fit_is_left_out(field: Field) -> None:
    assert shown(field) is None
    assert names(shown(field, Field(name="other", question="Other?"))) == ["other"]


def test_what_stands_in_a_long_form_already_comes_first_so_that_its_end_always_asks_something() -> None:
    fields = [Field(name=f"f{n}", question=f"{n}?", given="x" if n > 4 else "") for n in range(8)]
    assert names(shown(*fields)) == ["f5", "f6", "f7", "f0", "f1"]
    assert names(shown(*fields, number=2)) == ["f2", "f3", "f4"]
    assert shown(*fields, number=3) is None
    assert shown(*fields, number=0) is None


def test_there_is_no_next_page_where_nothing_is_left_to_ask() -> None:
    forms = Forms(Texts())
    fields = tuple(Field(name=f"f{n}", question=f"{n}?", given="x") for n in range(8))
    forms.keep(Form(title="Check", fields=fields, person=ADA, id="o_1.form"))
    assert forms.next_page(Page("o_1.form")) is None
    assert forms.next_page(Page("o_unknown.form")) is None


def test_a_form_is_for_the_one_who_is_asked_and_is_forgotten_after_many_others() -> None:
    forms = Forms(Texts())
    for number in range(2_001):
        field = Field(name="f", question="Well?")
        forms.keep(Form(title="Check", fields=(field,), person=ADA, id=f"o_{number}.form"))
    assert forms.modal(Page("o_0.form"), ADA) is None
    assert forms.modal(Page("o_1.form"), ADA)
    assert forms.modal(Page("o_1.form"), "discord/main/2") is None


def test_pages_are_named_by_custom_ids() -> None:
    assert page_in("form:o_1.form") == Page("o_1.form", 1)
    assert page_in("form:o_1.form:3") == Page("o_1.form", 3)
    assert page_in("form:o_1.form:x") == Page("o_1.form", 1)
    assert page_in("o_1.2") is None


def test_what_was_filled_in_is_read_from_labels_and_rows() -> None:
    told = [
        {"type": 18, "component": {"type": 4, "custom_id": "subject", "value": "Fire"}},
        {"type": 18, "component": {"type": 3, "custom_id": "kind", "values": ["Problem"]}},
        {"type": 18, "component": {"type": 4, "custom_id": "details", "value": ""}},
        {"type": 1, "components": [{"type": 4, "custom_id": "old", "value": "Row"}]},
    ]
    assert filled_in({"components": told}) == {"subject": "Fire", "kind": "Problem", "old": "Row"}
