r"""Readers answer "what value is in this answer?", and say that they cannot tell rather than guess.

``await turn.ask("Which order is it?", read.pattern(r"\d{6}"))`` takes "it's 123456, thanks" and returns "123456". What
a reader returns survives the journal: ``msgspec.convert(msgspec.to_builtins(value), reader.type)`` is the value again.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from supportbot.contacts import emails_in, phones_in
from supportbot.domain.file import File
from supportbot.errors import SkillError
from supportbot.patterns import compiled
from supportbot.reader import Answer, FormField, FormReader, Reader, Unreadable, text
from supportbot.skills.dates import dates_in
from supportbot.skills.numerals import number_in
from supportbot.skills.said import Said, words_of
from supportbot.skills.times import moments_in

__all__ = [
    "Answer",
    "Reader",
    "Unreadable",
    "choice",
    "date",
    "either",
    "email",
    "file",
    "form",
    "line",
    "moment",
    "number",
    "of",
    "pattern",
    "phone",
    "text",
    "text_up_to",
    "whole_number",
    "yes_no",
]

T = TypeVar("T")
U = TypeVar("U")

_LONGEST = 1_000  # characters: nobody hides a number in more, and what is longer is a story, not a value


def form(
    title: str = "", /, **fields: tuple[str, Reader[Any]] | tuple[str, Reader[Any], str]
) -> Reader[dict[str, Any]]:
    """Make a reader of several answers at once, as ``read.form("Return", order=("Which order?", read.number), …)``.

    Each field has its question, its reader and, if something stands in it already, that text: it can be changed where
    the platform has forms, and is taken as it is where the fields are asked in turn. The answer is one record, a dict
    by field name; the title is what stands above the form.
    """
    made = {name: FormField(*field) for name, field in fields.items()}
    if all(field.given for field in made.values()):
        raise SkillError('read.form needs at least one field to ask for, as order=("Which order?", read.number)')
    return FormReader(title, made)


def of(name: str, take: Callable[[str], T], type: Any = str, hint: str = "") -> Reader[T]:
    """Make a reader of one's own from a function of the text that raises ValueError where it finds no value.

    `hint` is a sentence that tells a requester what is wanted; `type` is what the function returns, and must be
    something that msgspec can store. The function is never called without words.
    """

    def take_text(answer: Answer) -> T:
        said = text.read(answer)
        try:
            return take(said)
        except ValueError as error:
            unreadable = Unreadable("dialogue.hint.own", hint=hint) if hint else Unreadable("dialogue.hint.pattern")
            raise unreadable from error

    return Reader(name, type, take_text)


def either(first: Reader[T], second: Reader[U]) -> Reader[T | U]:
    """Make a reader of what the first reads or, failing that, the second, as ``read.either(read.file, read.text)``.

    Raises SkillError where the journal could not tell their values apart, as a day from a text.
    """
    type = first.type | second.type
    try:
        msgspec.json.Decoder(type)
    except TypeError as error:
        raise SkillError(f"read.either({first!r}, {second!r}) reads what the journal cannot tell apart") from error
    if isinstance(first, FormReader) or isinstance(second, FormReader):
        raise SkillError("read.either takes no form; a form asks several questions, and this is one")

    def take(answer: Answer) -> T | U:
        try:
            return first.read(answer)
        except Unreadable:
            with contextlib.suppress(Unreadable):
                return second.read(answer)
            raise

    options = (*first.options, *second.options)
    return Reader(f"{first.name} or {second.name}", type, take, options=options)


def _said(answer: Answer) -> str:
    return answer.choice or answer.text


def _plain(answer: Answer, hint_key: str) -> str:
    """Normalise what was said to one short line, or raise Unreadable."""
    said = _said(answer)
    line = _line(said) if len(said) <= _LONGEST else ""
    if 0 < len(line) <= _LONGEST:
        return line
    raise Unreadable(hint_key)


def _line(said: str) -> str:
    """Put everything on one line, in plain letters and plain digits, without what nobody sees."""
    if not (said.isascii() and said.isprintable()):
        said = "".join(map(_visible, unicodedata.normalize("NFKC", said)))
    return said.strip()


def _visible(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character.isprintable():
        return character
    return "" if unicodedata.category(character) == "Cf" else " "  # direction marks come with pasted phone numbers


def _only(values: Iterable[T], hint_key: str) -> T:
    """Take the one value that is there, however often it was said, or raise Unreadable."""
    distinct = set(values)
    if len(distinct) != 1:
        raise Unreadable(hint_key)
    return distinct.pop()


# --- text and files -----------------------------------------------------------------------------------------------


def _file(answer: Answer) -> File:
    if answer.files:
        return answer.files[0]
    raise Unreadable("dialogue.hint.file")


file: Reader[File] = Reader("file", File, _file)
"""Reads the first file that came with the answer."""

line: Reader[str] = Reader("line", str, lambda answer: " ".join(text.read(answer).split()), any_text=True)
"""Reads any words, put on one line; a form has one line for them."""


def text_up_to(at_most: int) -> Reader[str]:
    """Read any words up to so many characters."""

    def take(answer: Answer) -> str:
        said = text.read(answer)
        if len(said) > at_most:
            raise Unreadable("dialogue.hint.text_up_to", at_most=at_most)
        return said

    return Reader("text_up_to", str, take, any_text=True, longest=at_most)


# --- numbers ------------------------------------------------------------------------------------------------------


def _number(answer: Answer) -> float:
    try:
        return number_in(_plain(answer, "dialogue.hint.number"))
    except ValueError as error:
        raise Unreadable("dialogue.hint.number") from error


number: Reader[float] = Reader("number", float, _number)
"""Reads the one number that is said: "1,234.50", "1.234,50", "$40", "12 €", "minus 3", "twelve".

A lone point is a decimal point ("1.234"), a lone comma before three digits parts thousands ("1,234").
"""


def whole_number(*, at_least: int | None = None, at_most: int | None = None) -> Reader[int]:
    """Read a number without a fraction, within limits where they are given."""
    limits = {"at_least": at_least, "at_most": at_most}
    given = {name: limit for name, limit in limits.items() if limit is not None}
    hint_key = "dialogue.hint.whole_number"
    if given:
        hint_key += "_between" if len(given) == 2 else f"_{next(iter(given))}"

    def take(answer: Answer) -> int:
        try:
            value = _number(answer)
        except Unreadable:
            value = math.nan
        low = -math.inf if at_least is None else at_least
        high = math.inf if at_most is None else at_most
        if not (value.is_integer() and low <= value <= high):
            raise Unreadable(hint_key, **given)
        return int(value)

    return Reader("whole_number", int, take)


# --- patterns -----------------------------------------------------------------------------------------------------


def pattern(regex: str, *, case_sensitive: bool = False) -> Reader[str]:
    r"""Read what a pattern of google-re2 describes: the whole answer, or the one place in it that stands by itself.

    ``\w``, ``\d`` and ``\b`` know ASCII only; ``\pL`` is any letter. Raises SkillError where re2 cannot take it.
    """
    compiled(regex, case_sensitive)
    alone = rf"[^\pL\pN]({regex})[^\pL\pN]"
    compiled(alone, case_sensitive)

    def take(answer: Answer) -> str:
        line = _plain(answer, "dialogue.hint.pattern")
        if compiled(regex, case_sensitive).fullmatch(line):
            return line
        return _only(_standing_alone(compiled(alone, case_sensitive), f" {line} "), "dialogue.hint.pattern")

    return Reader("pattern", str, take)


def _standing_alone(program: Any, line: str) -> Iterable[str]:
    at = 0
    while (match := program.search(line, at)) is not None:
        start, at = match.span(1)
        if start < at:
            yield match.group(1)
        else:
            at += 1


# --- yes or no, and choices ---------------------------------------------------------------------------------------

_SIGNS = {"👍": True, "✅": True, "👎": False, "❌": False}
_YES = frozenset(
    words_of(
        "yes yep yeah yup yea ya y sure ok okay k fine absolutely definitely certainly correct right exactly indeed "
        "true aye ja jo jawohl genau klar gerne oui ouais si sí claro vale"
    )
)
_NO = frozenset(words_of("no nope nah n never negative false wrong nein nö nee non nunca"))
_MANNERS = frozenset(
    words_of("please thanks thank you so much very bitte danke merci por favor gracias sil vous plait plaît")
)
_AFTER_YES = _YES | _MANNERS | frozenset(words_of("i do did am have it is was that would will of course"))
_AFTER_NO = _NO | _MANNERS | frozenset(words_of("i dont didnt havent wont im am its it is isnt wasnt not at all"))


def _yes_no(answer: Answer) -> bool:
    line = _plain(answer, "dialogue.hint.yes_no")
    words = words_of(line)
    if not words:
        return _only((_SIGNS[sign] for sign in line if sign in _SIGNS), "dialogue.hint.yes_no")
    rest = set(words[1:])
    if (words[0] in _YES and rest <= _AFTER_YES) or words == ["of", "course"]:
        return True
    if words[0] in _NO and rest <= _AFTER_NO:
        return False
    raise Unreadable("dialogue.hint.yes_no")


yes_no: Reader[bool] = Reader("yes_no", bool, _yes_no, options=("Yes", "No"))
"""Reads a yes or a no: "yep", "sure", "no thanks", "ja", "non", a thumb; "not sure" and "no idea" are neither."""

_NEGATIONS = frozenset(words_of("not no dont never neither nor without except nicht kein keine pas sin"))
_OTHERWISE = frozenset({" other ", " something else ", " none ", " none of these ", " neither ", " else "})


def choice(*labels: str, other: str = "") -> Reader[str]:
    """Read one of the labels: pressed, written, by its number, by how it begins, or by words of it.

    `other` is the label of one more choice, for what none of these fits; "none of these" and "something else" mean it.
    """
    options = (*labels, other) if other else labels
    spelled = {label: _label_spaced(_line(label)) for label in options}
    if not labels or len(set(spelled.values())) < len(options):
        raise SkillError(f"read.choice{options} needs at least one label, and labels that differ in their words")
    hint = {"options": ", ".join(options)}

    def take(answer: Answer) -> str:
        try:
            line = _plain(answer, "dialogue.hint.choice")
        except Unreadable:
            raise Unreadable("dialogue.hint.choice", **hint) from None
        said = _label_spaced(line)
        meant = [label for label, spaced in spelled.items() if spaced == said]
        if not meant and other and said in _OTHERWISE:
            meant = [other]
        meant = meant or _by_number(said, options) or _by_words(said, spelled)
        if len(meant) != 1:
            raise Unreadable("dialogue.hint.choice", **hint)
        return meant[0]

    return Reader("choice", str, take, options=options)


def _label_spaced(label: str) -> str:
    spaced = Said(label).spaced
    return spaced if spaced.strip() else label  # an emoji is compared as it is


def _by_number(said: str, options: tuple[str, ...]) -> list[str]:
    """Take "2", "number 2" or "option 2" for the second label, unless the labels themselves begin with numbers."""
    *before, last = said.split() or [""]
    if any(option[:1].isdecimal() for option in options) or not last.isdecimal() or len(last) > 3:
        return []
    if before not in ([], ["number"], ["option"], ["no"], ["nr"]):
        return []
    return [options[int(last) - 1]] if 1 <= int(last) <= len(options) else []


def _by_words(said: str, spelled: dict[str, str]) -> list[str]:
    """Take a label that begins with what was said, that is said among other words, or that has what was said in it."""
    if begins := [label for label, spaced in spelled.items() if spaced.startswith(said.rstrip())]:
        return begins
    named = {label: spaced for label, spaced in spelled.items() if spaced in said}
    beside = said
    for spaced in named.values():
        beside = beside.replace(spaced, " ")
    if not _NEGATIONS.isdisjoint(beside.split()):
        return []  # "not billing" leaves more than one, but a label may say no itself: "I have no photo"
    if named:  # "credit card" says "card" too, and means the longer one
        return [a for a, spaced in named.items() if not any(spaced in b and spaced != b for b in named.values())]
    return [label for label, spaced in spelled.items() if said in spaced and len(said) > 4]


# --- days and contacts --------------------------------------------------------------------------------------------


def _date(answer: Answer) -> dt.date:
    try:
        return _only(dates_in(_plain(answer, "dialogue.hint.date"), answer.now.date()), "dialogue.hint.date")
    except (ValueError, OverflowError) as error:
        raise Unreadable("dialogue.hint.date") from error


def moment(zone: str) -> Reader[dt.datetime]:
    """Read a day and a time of day, said in a time zone such as "Europe/Berlin": "tomorrow at 3 pm", "Fri 15:30".

    A time alone is the next one, "in 20 minutes" counts from now; "at 3" is not read, having two halves of the day to
    be in. What comes back is aware, so it stays the same instant where the clocks change meanwhile.
    """
    try:
        there = ZoneInfo(zone)
    except (LookupError, ValueError, OSError) as error:
        raise SkillError(f"read.moment({zone!r}): no such time zone; write it like Europe/Berlin") from error

    def take(answer: Answer) -> dt.datetime:
        line = _plain(answer, "dialogue.hint.moment")
        try:
            return _only(moments_in(line, answer.now.astimezone(there)), "dialogue.hint.moment")
        except (ValueError, OverflowError) as error:
            raise Unreadable("dialogue.hint.moment") from error

    return Reader("moment", dt.datetime, take)


def _email(answer: Answer) -> str:
    return _only(emails_in(_plain(answer, "dialogue.hint.email")), "dialogue.hint.email")


def _phone(answer: Answer) -> str:
    return _only(phones_in(_plain(answer, "dialogue.hint.phone")), "dialogue.hint.phone")


date: Reader[dt.date] = Reader("date", dt.date, _date)
"""Reads a day: "2026-11-24", "24.11.2026", "Nov 24", "tomorrow", "next friday", "in 3 days".

03/04/2026 is the third of April: the day comes first, unless that is impossible (11/24/2026). A day without a year is
the next one, today included; a weekday is the next one after today, with or without "next".
"""

email: Reader[str] = Reader("email", str, _email)
"""Reads the one e-mail address in the answer; its domain in small letters."""

phone: Reader[str] = Reader("phone", str, _phone)
"""Reads the one telephone number in the answer: 7 to 15 digits, with a leading + where it was said (or 00)."""
