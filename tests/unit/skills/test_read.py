"""What value is in an answer: each reader, and what holds for all of them."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from supportbot.domain.file import File
from supportbot.errors import SkillError
from supportbot.skills import read
from supportbot.skills.read import Answer, Reader, Unreadable
from supportbot.texts import Texts

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)  # a Monday
DOC = (Path(__file__).parents[3] / "docs" / "matchers_and_readers.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `(read\..+?)` \| `(.+?)` \| `?(.+?)`? \|$", DOC, re.MULTILINE)
PICTURE = File(id="f1", name="picture.png", media_type="image/png", size=3)


def value(reader: Reader[Any], text: str, **answer: Any) -> Any:
    return reader.read(Answer(text=text, now=NOW, **answer))


def hint(reader: Reader[Any], text: str) -> str:
    with pytest.raises(Unreadable) as caught:
        value(reader, text)
    assert Texts()(caught.value.hint_key, **caught.value.values), "every hint has its sentence"
    return caught.value.hint_key


@pytest.mark.parametrize(("reader", "text", "expected"), EXAMPLES)
def test_the_examples_of_the_page_are_true(reader: str, text: str, expected: str) -> None:
    made = eval(reader, {"read": read})
    if expected == "unreadable":
        hint(made, text)
    else:
        assert value(made, text) == eval(expected, {"date": date, "datetime": datetime, "UTC": UTC})


def test_the_page_has_an_example_of_every_reader() -> None:
    shown = {re.match(r"read\.(\w+)", example)[1] for example, _, _ in EXAMPLES}
    assert {name for name in read.__all__ if name.islower()} - shown == {"file", "form", "of"}


def test_the_reader_of_the_pages_author_works() -> None:
    page: dict[str, Any] = {}
    exec(re.search(r"```python\n(.+?)```", DOC, re.DOTALL)[1], page)
    assert value(page["iban"], "de89 3704 0044 0532 0130 00") == "DE89370400440532013000"
    with pytest.raises(Unreadable) as caught:
        value(page["iban"], "later")
    assert caught.value.values == {"hint": "An IBAN looks like DE89 3704 0044 0532 0130 00."}


# --- numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40.", 40), ("12 €", 12), ("$40", 40), ("-$40", -40), ("€ 12", 12), ("40eur", 40), ("12%", 12), (".5", 0.5),
        ("twelve", 12), ("zero", 0), ("minus 3", -3), ("−3", -3), ("minus twelve", -12), ("1.234.567,89", 1234567.89),
        ("1'234", 1234), ("1’234.50", 1234.5), ("10 000", 10000), ("1 234,50 €", 1234.5), ("1,234", 1234),
        ("0,500", 0.5),
        ("1.234", 1.234), ("it was about 40 euros", 40), ("٤٠", 40), ("１２", 12), ("#3", 3), ("**40**", 40),
        ("1,2345", 1.2345),
    ],
)  # fmt: skip
def test_a_number_is_read_however_it_is_written(text: str, expected: float) -> None:
    assert value(read.number, text) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "3 4", "3-4", "3/4", "3:30", "T-1042", "40k", "two thousand", "twenty one", "one moment",
     "that one", "1.2.3", "1,23,456", "9" * 20, "2026-11-24", "room 5 at 10 000", "$", "-", "1e5", "12,34.5'6"],
)  # fmt: skip
def test_what_may_not_be_one_number_is_not_guessed(text: str) -> None:
    assert hint(read.number, text) == "dialogue.hint.number"


@pytest.mark.parametrize(
    ("limits", "text", "key"),
    [
        ({}, "2.5", "dialogue.hint.whole_number"),
        ({"at_least": 1}, "0", "dialogue.hint.whole_number_at_least"),
        ({"at_most": 5}, "6", "dialogue.hint.whole_number_at_most"),
        ({"at_least": 1, "at_most": 5}, "no", "dialogue.hint.whole_number_between"),
    ],
)
def test_a_whole_number_keeps_its_limits_and_names_them(limits: dict[str, int], text: str, key: str) -> None:
    with pytest.raises(Unreadable) as caught:
        value(read.whole_number(**limits), text)
    assert (caught.value.hint_key, caught.value.values) == (key, limits)
    assert all(str(limit) in Texts()(key, **limits) for limit in limits.values())


def test_a_whole_number_may_be_its_limit() -> None:
    assert [value(read.whole_number(at_least=1, at_most=5), text) for text in ("1", "5", "5.0")] == [1, 5, 5]


# --- patterns -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["1234567", "A123456", "123456 654321", "123456ä", "", "12 34 56"])
def test_a_pattern_is_only_read_where_it_stands_alone_and_once(text: str) -> None:
    assert hint(read.pattern(r"\d{6}"), text) == "dialogue.hint.pattern"


@pytest.mark.parametrize("text", ["123456", "It's #123456!", "１２３４５６", "123456, yes 123456", "(123456)"])
def test_a_pattern_is_read_among_other_words(text: str) -> None:
    assert value(read.pattern(r"\d{6}"), text) == "123456"


def test_a_pattern_may_be_anchored_have_groups_or_be_empty() -> None:
    assert value(read.pattern("^a|b$"), "a") == "a"
    assert value(read.pattern(r"(?P<kind>[A-Z])-(\d+)"), "it is b-7") == "b-7"
    assert hint(read.pattern("x*"), "no such letter") == "dialogue.hint.pattern"


@pytest.mark.parametrize("regex", ["(", r"a)(b", "(?=a)", r"\pL{50}"])
def test_a_pattern_that_re2_cannot_take_is_refused_when_the_reader_is_made(regex: str) -> None:
    with pytest.raises(SkillError, match="the pattern"):
        read.pattern(regex)


# --- yes or no, and choices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["yes", "Yep!", "sure, thanks", "OK", "yes I do", "of course", "ja bitte", "oui", "Sí", "👍🏽"]
)
def test_yes_is_said_in_many_ways(text: str) -> None:
    assert value(read.yes_no, text) is True


@pytest.mark.parametrize("text", ["no", "Nope.", "nah", "no thanks", "No, I don't", "nein danke", "non merci", "❌"])
def test_no_is_said_in_many_ways(text: str) -> None:
    assert value(read.yes_no, text) is False


@pytest.mark.parametrize("text", ["", "not sure", "no idea", "no problem", "yes and no", "yes but later", "👍👎", "🤷"])
def test_what_is_neither_yes_nor_no_is_not_guessed(text: str) -> None:
    assert hint(read.yes_no, text) == "dialogue.hint.yes_no"


TOPICS = read.choice("Billing", "Technical problem", "Credit card", "Card", other="Something else")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("BILLING", "Billing"), ("2", "Technical problem"), ("option 3", "Credit card"), ("b", "Billing"),
        ("5.", "Something else"),
        ("problem", "Technical problem"), ("card", "Card"), ("my credit card", "Credit card"),
        ("other", "Something else"),
    ],
)  # fmt: skip
def test_a_choice_is_taken_by_label_number_beginning_or_word(text: str, label: str) -> None:
    assert value(TOPICS, text) == label


@pytest.mark.parametrize("text", ["", "c", "9", "0", "not billing", "billing or card", "🔥", "how do I log in?", "a"])
def test_an_unclear_choice_is_put_again_with_its_labels(text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        value(TOPICS, text)
    assert caught.value.values == {"options": "Billing, Technical problem, Credit card, Card, Something else"}


def test_a_pressed_choice_counts_before_the_text() -> None:
    assert value(TOPICS, "", choice="Card") == "Card"
    assert value(read.yes_no, "", choice=read.yes_no.options[1]) is False


def test_labels_that_are_numbers_are_not_counted() -> None:
    assert value(read.choice("5", "10", "2"), "2") == "2"
    assert hint(read.choice("5", "10", "2"), "3") == "dialogue.hint.choice"


def test_labels_may_be_emoji() -> None:
    assert value(read.choice("👍", "👎"), "👎") == "👎"


@pytest.mark.parametrize("labels", [(), ("Card", "card!"), ("", "")])
def test_labels_that_cannot_be_told_apart_are_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(SkillError, match="at least one label"):
        read.choice(*labels)


# --- dates, addresses, files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24", "2026-11-24"), ("24.11.2026", "2026-11-24"), ("24/11/26", "2026-11-24"),
        ("11/24/2026", "2026-11-24"),
        ("24.11.", "2026-11-24"), ("Nov 24, 2026", "2026-11-24"), ("24th of November", "2026-11-24"),
        ("Tuesday, 24 Nov", "2026-11-24"),
        ("January 4", "2027-01-04"), ("5 Jan", "2026-01-05"), ("29 feb", "2028-02-29"),
        ("24 de noviembre de 2027", "2027-11-24"),
        ("today", "2026-01-05"), ("Tomorrow!", "2026-01-06"), ("day after tomorrow", "2026-01-07"),
        ("gestern", "2026-01-04"),
        ("monday", "2026-01-12"), ("fri", "2026-01-09"), ("on Sunday", "2026-01-11"), ("last friday", "2026-01-02"),
        ("last monday", "2025-12-29"),
        ("in a week", "2026-01-12"), ("2 weeks ago", "2025-12-22"), ("three days ago", "2026-01-02"),
        ("in 3 Tagen", "2026-01-08"),
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_named(text: str, expected: str) -> None:
    assert value(read.date, text) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "31.2.2026", "0000-01-01", "10.30", "3-4 days", "today or tomorrow", "tomorrow or friday", "24 Nov 26",
     "monday or tuesday", "in 99999999 days", "I may come", "30 feb", "in november", "9999-99-99", "13/13/2026"],
)  # fmt: skip
def test_what_names_no_day_or_several_is_not_guessed(text: str) -> None:
    assert hint(read.date, text) == "dialogue.hint.date"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<mailto:ada@example.org|ada@example.org>", "ada@example.org"),
        ("It's ada.l+x@mail.Example.ORG.", "ada.l+x@mail.example.org"),
        ("ada@münchen.de", "ada@münchen.de"),
    ],
)
def test_an_email_address_is_found(text: str, expected: str) -> None:
    assert value(read.email, text) == expected


@pytest.mark.parametrize(
    "text", ["a@b", "@example.org", "a@@b.org", "a@b.org, c@d.org", "a..b@c.org", "a@-b.org", "a@b.c0m", ""]
)
def test_what_is_no_single_email_address_is_unreadable(text: str) -> None:
    assert hint(read.email, text) == "dialogue.hint.email"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("030 123456", "030123456"), ("0049 170 1234567", "+491701234567"),
        ("\u202a+1 (555) 010-9999\u202c", "+15550109999"),
        ("call (030) 1234567 after 5", "0301234567"), ("06.12.34.56.78", "0612345678"),
        ("<tel:+4930123456|+49 30 123456>", "+4930123456"),
    ],
)  # fmt: skip
def test_a_telephone_number_is_written_in_one_way(text: str, expected: str) -> None:
    assert value(read.phone, text) == expected


@pytest.mark.parametrize(
    "text", ["12345", "1" * 16, "2026-11-24", "24.11.2026", "A1234567", "030 1234567, 040 7654321", ""]
)
def test_what_is_no_single_telephone_number_is_unreadable(text: str) -> None:
    assert hint(read.phone, text) == "dialogue.hint.phone"


def test_a_file_is_read_and_words_are_not_one() -> None:
    assert value(read.file, "here", files=(PICTURE, File("f2", "other"))) == PICTURE
    assert hint(read.file, "here") == "dialogue.hint.file"


def test_text_is_taken_as_it_was_written() -> None:
    assert value(read.text, "  ﬁve Ａ\n") == "ﬁve Ａ"
    assert hint(read.text, " \n") == "dialogue.hint.text"
    assert value(read.text_up_to(3), "abc") == "abc"


def test_only_text_readers_take_every_text() -> None:
    assert [reader.name for reader in READERS if reader.any_text] == ["text", "text_up_to"]


# --- what holds for all of them -----------------------------------------------------------------------------------

READERS: list[Reader[Any]] = [
    read.text, read.text_up_to(500), read.number, read.whole_number(), read.whole_number(at_least=1, at_most=5),
    read.pattern(r"\d{6}"), read.pattern(r"\pL+"), read.pattern(r"(x+x+)+y|"), read.yes_no, TOPICS, read.date,
    read.email, read.phone, read.file, read.of("own", int, int),
]  # fmt: skip
WORDS = (
    "1,234.50 12€ $ - minus twelve 123456 yes no please not billing 2 24.11. nov 2026-02-30 next friday in 3 days ago "
    "a@b.org +49 (0) 170 ٣ ½ ² 〇 \x00 \u202e 👍 \ud800 99999999999999999999 %s / . , '"
)
TEXTS = st.text(alphabet=st.characters(codec=None)) | st.lists(st.sampled_from(WORDS.split(" ")), max_size=8).map(
    " ".join
)


def read_and_journal(reader: Reader[Any], answer: Answer) -> None:
    try:
        read_value = reader.read(answer)
    except Unreadable:
        return
    journaled = msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(read_value)))
    restored = msgspec.convert(journaled, reader.type)
    assert (restored, type(restored)) == (read_value, type(read_value))


@given(TEXTS)
@example("٣" * 16)
@example("Ⅷ ㊿ ½")
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_unreadable_and_what_was_read_survives_the_journal(text: str) -> None:
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()  # as intake does
    for reader in READERS:
        read_and_journal(reader, Answer(text=text, files=(PICTURE,), now=NOW))


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@pytest.mark.parametrize(
    "piece",
    ["a", "1", "1 ", "-", "+(", ".", "@a", "é", "\x00", "👨‍👩‍👧", "\u202e", "x" * 30 + "y", "1.1", "\ufdfa", "\ud800"],
)
@pytest.mark.parametrize("length", [1_000, 20_000])
def test_giant_and_odd_texts_end_in_a_value_or_a_hint(reader: Reader[Any], piece: str, length: int) -> None:
    text = (piece * length)[:length]
    with contextlib.suppress(Unreadable):
        reader.read(Answer(text=text, now=NOW))


@pytest.mark.parametrize(
    "reader", [reader for reader in READERS if not reader.any_text], ids=lambda reader: reader.name
)
def test_a_typed_reader_takes_no_value_out_of_a_story(reader: Reader[Any]) -> None:
    hint(reader, "7 yes billing today 123456 a@b.org " + "and so on " * 200)


# --- one of two ---------------------------------------------------------------------------------------------------


def test_either_reads_what_the_first_does_and_else_what_the_second_does() -> None:
    reader = read.either(read.file, read.choice("I have no photo"))
    assert value(reader, "here", files=(PICTURE,)) == PICTURE
    assert value(reader, "Sorry, I have no photo") == "I have no photo"
    assert reader.options == ("I have no photo",)
    assert hint(reader, "later") == "dialogue.hint.file"


@pytest.mark.parametrize("said", [PICTURE, "I have no photo"])
def test_what_either_reads_survives_the_journal(said: Any) -> None:
    reader = read.either(read.file, read.choice("I have no photo"))
    assert msgspec.convert(msgspec.to_builtins(said), reader.type) == said


def test_either_refuses_what_the_journal_could_not_tell_apart() -> None:
    with pytest.raises(SkillError, match="cannot tell apart"):
        read.either(read.date, read.text)
    with pytest.raises(SkillError, match="takes no form"):
        read.either(read.number, read.form(order=("Which?", read.number)))


def test_a_label_may_say_no_itself_and_what_denies_a_label_is_not_it() -> None:
    reader = read.choice("I have no photo", "Billing")
    assert value(reader, "well, I have no photo of it") == "I have no photo"
    assert hint(reader, "not billing") == "dialogue.hint.choice"
    assert hint(reader, "it's not that I have no photo") == "dialogue.hint.choice"
