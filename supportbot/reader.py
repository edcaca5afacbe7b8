"""A reader: what value is in this answer? The contract, and the plainest member; the others are in `skills.read`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypedDict, TypeVar

import msgspec

from supportbot.domain.file import File
from supportbot.errors import SupportbotError

T_co = TypeVar("T_co", covariant=True)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a person answered: words, files, or the label of the choice they pressed; `now` is when, aware UTC."""

    text: str
    now: datetime
    files: tuple[File, ...] = ()
    choice: str = ""
    fields: dict[str, str] = {}
    """Of a form that was filled in: what stands in each field."""


class Unreadable(SupportbotError):
    """There is no such value in the answer; `hint_key` names the sentence that says what is wanted."""

    def __init__(self, hint_key: str, **values: Any) -> None:
        self.hint_key = hint_key
        self.values = values
        super().__init__(hint_key)


class Reader(Generic[T_co]):
    """Finds a value in an answer.

    `name` stands for the reader in a dialogue's journal; `type` is what ``msgspec.convert`` makes of a journaled value;
    `any_text` readers take every plain text; `options` are labels to offer as choices; `longest` is how many characters
    it takes at most, 0 for any number.
    """

    __slots__ = ("any_text", "longest", "name", "options", "read", "type")

    def __init__(
        self,
        name: str,
        type: Any,
        read: Callable[[Answer], T_co],
        *,
        any_text: bool = False,
        options: tuple[str, ...] = (),
        longest: int = 0,
    ) -> None:
        self.longest = longest
        self.name = name
        self.type = type
        self.read = read
        self.any_text = any_text
        self.options = options

    def __repr__(self) -> str:
        return f"read.{self.name}"


def value_in(answer: Answer, reader: Reader[T_co]) -> T_co | None:
    """Read a value where it is there, else None."""
    try:
        return reader.read(answer)
    except Unreadable:
        return None


def _read_text(answer: Answer) -> str:
    words = (answer.choice or answer.text).strip()
    if not words:
        raise Unreadable("dialogue.hint.text")
    return words


text: Reader[str] = Reader("text", str, _read_text, any_text=True)
"""Takes every plain text."""


class FormField(NamedTuple):
    """One field of a form: its question, its reader, and what stands in it already, where something does."""

    question: str
    reader: Reader[Any]
    given: str = ""


class FormReader(Reader[dict[str, Any]]):
    """Reads a record of several fields, each with its question and its reader; the answer is the whole record.

    Where a platform has no forms the questions are asked in turn; the journal gets the same record. What stands in a
    field already can be changed in a form, and is not asked for in turn.
    """

    __slots__ = ("fields", "title")

    def __init__(self, title: str, fields: Mapping[str, FormField]) -> None:
        shape = TypedDict("Form", {name: field.reader.type for name, field in fields.items()})  # type: ignore[misc] # made of what it is given
        super().__init__("form", shape, self._read_whole)
        self.title = title
        self.fields = dict(fields)

    def missing(self, part: Mapping[str, Any]) -> str:
        """Name the first field that is to be asked for, "" where there is none."""
        return next((name for name, field in self.fields.items() if name not in part and not field.given), "")

    def read_field(self, name: str, answer: Answer) -> Any:
        """Read the answer to one field, as the journal keeps it; Unreadable where it holds none."""
        return msgspec.to_builtins(self.fields[name].reader.read(answer))

    def read_fields(self, answer: Answer) -> tuple[dict[str, Any], dict[str, Unreadable]]:
        """Read what was filled in: the values, and what is wrong with the fields that hold none."""
        values: dict[str, Any] = {}
        unread: dict[str, Unreadable] = {}
        for name in (name for name in self.fields if name in answer.fields):
            said = answer.fields[name]
            choice = said if self.fields[name].reader.options else ""
            try:
                values[name] = self.read_field(name, Answer(text=said, choice=choice, now=answer.now))
            except Unreadable as error:
                unread[name] = error
        return values, unread

    def whole(self, part: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Make the record of what was read and, for the other fields, of what stood in them already."""
        return {
            name: part[name] if name in part else self.read_field(name, Answer(text=field.given, now=now))
            for name, field in self.fields.items()
        }

    def _read_whole(self, answer: Answer) -> dict[str, Any]:
        raise TypeError(f"a form is read field by field, not from {answer.text!r}")


def yes_or_no(yes: str, no: str, yes_words: str, no_words: str) -> Reader[bool]:
    """Make a reader of a yes or a no from the labels and the words (apart by spaces) that mean either."""
    meanings = dict.fromkeys(yes_words.split(), True) | dict.fromkeys(no_words.split(), False)
    meanings |= {yes.casefold(): True, no.casefold(): False}

    def read(answer: Answer) -> bool:
        said = (answer.choice or answer.text).strip().casefold().rstrip(".!")
        first = said.partition(" ")[0].rstrip(",.!")
        meaning = meanings.get(said, meanings.get(first))
        if meaning is None:
            raise Unreadable("dialogue.hint.yes_no")
        return meaning

    return Reader("yes_no", bool, read, options=(yes, no))


def one_of(values: dict[str, str]) -> Reader[str]:
    """Make a reader of one of several options: by label, value, number, or a beginning that fits only one."""
    labels = list(values)

    def read(answer: Answer) -> str:
        said = (answer.choice or answer.text).strip().casefold()
        if said.isascii() and said.isdigit() and said not in values.values() and 1 <= int(said[:4]) <= len(labels):
            return values[labels[int(said) - 1]]
        fitting = [label for label in labels if said in (label.casefold(), values[label].casefold())]
        fitting = fitting or [label for label in labels if said and label.casefold().startswith(said)]
        if len(fitting) != 1:
            raise Unreadable("dialogue.hint.choice", options=", ".join(labels))
        return values[fitting[0]]

    return Reader("choice", str, read, options=tuple(labels))
