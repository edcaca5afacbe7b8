"""A redaction keeps what the bot itself knows, and gives the same stand-in for the same."""

from __future__ import annotations

import re

import pytest

from supportbot.contacts import emails_in, phones_in
from supportbot.testing.redaction import Redaction


def redaction(*texts: str, known: tuple[str, ...] = ("refund", "Shipped")) -> Redaction:
    made = Redaction(known)
    made.learn(list(texts))
    return made


@pytest.mark.parametrize(
    "personal",
    [
        "Minka", "minka", "MINKA", "Größenwahn", "李雷", "grace.hopper@navy.mil", "https://shop.example.com/o/77?u=grace",
        "www.grace.example", "+49 170 1234567", "(0170) 123 45 67", "123456", "AB-778-1234", "DE89370400440532013000",
        "62704", "2026-03-14", "14.3.1985", "3/4/85", "U024BE7LD", "T-77", "diabetes", "Elm",
    ],
)  # fmt: skip
def test_what_the_bot_does_not_know_is_gone(personal: str) -> None:
    text = f"my refund for {personal}, please"
    made = redaction(text)
    said = made.text(text)
    assert personal.casefold() not in said.casefold()
    assert said.startswith("my refund for ")
    assert said.endswith(", please")
    assert made.text(text) == said
    assert made.leaks(said) == []
    assert made.leaks(text)


@pytest.mark.parametrize(
    "harmless", ["I want a refund", "Shipped!", "Refund please?", "12 of 3, ok", "I don't", "⚠ …", "(3)\nReally"]
)
def test_what_the_bot_knows_stays(harmless: str) -> None:
    assert redaction(harmless).text(harmless) == harmless


def test_a_word_that_is_known_in_small_letters_is_a_name_inside_a_sentence() -> None:
    assert redaction().text("you know Will and Refund") != "you know Will and Refund"


def test_stand_ins_keep_the_form_so_that_readers_read_them() -> None:
    texts = ["a@b.example.com", "+49 170 1234567", "123456", "2026-12-31", "120.50"]
    made = redaction(*texts)
    email, phone, order, day, amount = map(made.text, texts)
    assert emails_in(email)
    assert phones_in(phone)
    assert re.fullmatch(r"1\d{5}", order)
    assert re.fullmatch(r"2026-(0[1-9]|1[0-2])-([01]\d|2[0-8])", day)
    assert re.fullmatch(r"1\d\d\.50", amount)


def test_no_stand_in_is_what_somebody_wrote() -> None:
    numbers = [str(number) for number in range(10_100, 10_190)]
    made = redaction(*numbers)
    assert not {made.text(number) for number in numbers} & set(numbers)


def test_a_person_has_one_name_everywhere() -> None:
    made = redaction("ada", "Grace Hopper")
    assert made.name("slack/T1/U9", "Grace Hopper") == "ben"  # somebody else is called ada
    assert made.text("Hi Grace Hopper: Grace, grace's things and <@U9>") == "Hi ben: Ben, ben's things and <@ben>"
    assert made.name("slack/T1/U9", "Grace Hopper") == "ben"
    assert made.name("agent/konrad", "konrad", is_agent=True) == "sam"


def test_results_keep_their_shape() -> None:
    made = redaction(known=("total", "to", "status", "shipped", "ok"))
    value = {"total": 129.95, "to": ["Grace Hopper", None], "status": "shipped", "ok": True, "778899": 778899, "n": 7}
    said = made.value(value)
    assert list(said)[:4] == ["total", "to", "status", "ok"]
    assert isinstance(said["total"], float)
    assert said["total"] != 129.95
    assert said["to"][1] is None
    assert (said["status"], said["ok"], said["n"]) == ("shipped", True, 7)
    number = made.text("778899")
    assert said[number] == int(number)
    assert "Grace" not in str(said)


def test_a_long_text_takes_no_time() -> None:
    text = "a@" * 10_000 + "1" * 20_000 + "http://" * 3_000
    assert redaction().text(text) != text
