"""Readers of several answers at once: what is still to be asked, what a form brought, and the record in the end."""

from __future__ import annotations

import datetime as dt

import pytest

from supportbot import read
from supportbot.clock import as_datetime
from supportbot.errors import SkillError
from supportbot.reader import Answer, FormReader

NOW = as_datetime(1_767_603_600_000)


def form(*, why: str = "") -> FormReader:
    made = read.form("Return", order=("Which?", read.number), why=("Why?", read.text, why), when=("When?", read.date))
    assert isinstance(made, FormReader)
    return made


def filled(**fields: str) -> Answer:
    return Answer(text="", fields=fields, now=NOW)


def test_it_is_asked_for_what_is_missing_and_stands_there_not_already() -> None:
    assert form().missing({}) == "order"
    assert form().missing({"order": 1.0}) == "why"
    assert form(why="It broke").missing({"order": 1.0}) == "when"
    assert form().missing({"order": 1.0, "why": "", "when": "2026-01-02"}) == ""


def test_what_was_filled_in_is_read_field_by_field() -> None:
    values, unread = form().read_fields(filled(order="42", when="zebra", other="not asked for"))
    assert values == {"order": 42.0}
    assert {name: error.hint_key for name, error in unread.items()} == {"when": "dialogue.hint.date"}


def test_the_record_has_what_was_read_and_what_stood_there_in_the_order_of_the_questions() -> None:
    record = form(why="It broke").whole({"when": "2026-01-02", "order": 42.0}, NOW)
    assert list(record.items()) == [("order", 42.0), ("why", "It broke"), ("when", "2026-01-02")]


def test_what_is_chosen_in_a_form_is_the_label_itself() -> None:
    chosen = read.form(which=("Which?", read.choice("2 years", "10 years")))
    assert isinstance(chosen, FormReader)
    assert chosen.read_fields(filled(which="10 years"))[0] == {"which": "10 years"}


def test_a_form_has_something_to_ask_for() -> None:
    with pytest.raises(SkillError, match="at least one field to ask for"):
        read.form(why=("Why?", read.text, "It broke"))


def test_a_line_is_one_line() -> None:
    assert read.line.read(Answer(text=" It\n is  broken ", now=dt.datetime.now(dt.UTC))) == "It is broken"
