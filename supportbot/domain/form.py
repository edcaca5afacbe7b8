"""A form: several questions that are answered at once, as a platform is told of it."""

from __future__ import annotations

from typing import Literal

import msgspec

FieldKind = Literal["line", "text", "choice", "number", "whole_number", "email", "date"]


class Field(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question of a form, and what kind of answer it takes; a platform without that kind takes a line of words."""

    name: str
    question: str
    kind: FieldKind = "line"
    options: tuple[str, ...] = ()
    """choice: the labels to choose from; the chosen one comes back as it is."""
    hint: str = ""
    """What is wanted, where the question alone may not say it."""
    longest: int = 0
    """Characters that it takes at most; 0 is as many as the platform takes."""
    given: str = ""
    """What stands in it already; a platform that cannot show all of that leaves the field out."""


class Form(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What can be filled in under a message, beside answering in words; the answer is an event of the kind ``form``."""

    title: str
    fields: tuple[Field, ...]
    label: str = ""
    """What stands on the button that opens it."""
    person: str = ""
    """The id of the one person who is asked."""
    id: str = ""
    """What the answer brings back as its `choice`; a press of it instead asks the questions in words, one by one."""
