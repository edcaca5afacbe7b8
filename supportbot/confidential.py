"""Confidential: what stands in a message that few should read, told from the numbers that help is asked with.

Somebody who is warned without a reason stops listening, so nothing is said of what might be either: an order's number
is as long as a telephone's. A telephone number is one by its form (``+44 …``, ``(212) 555-0123``, ``020 7946 0958``) or
by the word before it, a card's by who issues such numbers and by its check digit, a secret by who hands out such. The
patterns are our own, and run on google-re2, for anybody may write anything here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from supportbot.contacts import emails_in
from supportbot.patterns import compiled, searchable
from supportbot.tokens import is_in as is_token_in

Confidential = Literal["email", "phone", "card", "token"]

_BEFORE = r"(?:^|[^\w.+/=&#-])"
_AFTER = r"(?:$|[^\w/-])"
_ABROAD = rf"{_BEFORE}\(?(\+\(?[1-9](?:[ .()/-]{{0,3}}\d){{7,14}}){_AFTER}"
_AT_HOME = (
    rf"{_BEFORE}(?:1[ -])?(\([2-9]\d\d\) ?\d{{3}}[ .-]\d{{4}}|[2-9]\d\d-\d{{3}}-\d{{4}}){_AFTER}",
    rf"{_BEFORE}(\(?0[1-9]\d{{1,3}}\)?[ /]\d(?: ?\d){{5,7}}){_AFTER}",
    rf"{_BEFORE}(0[1-9](?: \d\d){{4}}){_AFTER}",
)
_CALLED = (
    r"(?:^|\W)(?:(?:(?:tele|mobile ?|cell ?)?phone|tel|mobile|cell|whatsapp|handy|telefon|telefonnummer)"
    r"|(?:call|text|ring|reach) (?:me|us))(?:\W{1,3}(?:number|no|nr|is|at|on|under|via)){0,3}\W{1,3}"
    rf"([(\d][\d ()./-]{{5,20}}\d){_AFTER}"
)
_CARD = rf"{_BEFORE}(\d(?:[ -]?\d){{12,18}}){_AFTER}"
_ISSUED = (
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14}"
)
"""The card numbers that are issued: by which digits they begin, and how many they have."""
_DAY = r"\d{4}[-./]\d\d?[-./]\d\d?|\b\d\d?[-./]\d\d?[-./]\d{4}\b"
_COUNTED = (
    r"(?:order|invoice|ticket|case|reference|ref|serial|tracking|shipment|parcel|imei|customer|account|sku|part|model"
    r"|build|version|id|#)s?(?:\W{1,3}(?:number|numbers|no|nr|id|is|was|for)){0,3}\W{0,3}$"
)
"""What stands before a number that is only there to find something by."""
_LOOKED_BACK = 60
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
_TEAMS = frozenset(
    {
        *(
            "abuse",
            "accounts",
            "admin",
            "administrator",
            "billing",
            "contact",
            "donotreply",
            "feedback",
            "git",
            "hello",
        ),
        *("help", "helpdesk", "info", "jobs", "legal", "marketing", "no-reply", "noreply", "office", "orders", "press"),
        *("postmaster", "privacy", "root", "sales", "security", "service", "support", "team", "webmaster"),
    }
)
"""Mailboxes that are nobody's own."""
_FILES = frozenset(
    {
        "css",
        "csv",
        "gif",
        "jpeg",
        "jpg",
        "js",
        "json",
        "md",
        "pdf",
        "png",
        "py",
        "svg",
        "ts",
        "txt",
        "webp",
        "yaml",
        "zip",
    }
)
"""What looks like the end of a mail's domain, as in ``icon@2x.png``, and is the end of a file's name."""


def confidential_in(text: str) -> Confidential | None:
    """Tell which confidential thing stands in a message, the worst one; None where there is none."""
    said = searchable(text)
    if is_token_in(said):
        return "token"
    if any(letter.isdecimal() for letter in said):
        if _has_card(said):
            return "card"
        if _has_phone(said):
            return "phone"
    return "email" if "@" in said and any(map(_is_somebodys, emails_in(said))) else None


def _is_somebodys(email: str) -> bool:
    local, _, domain = email.lower().partition("@")
    return local not in _TEAMS and domain.rpartition(".")[2] not in _FILES


def _has_card(text: str) -> bool:
    for number in _found(_CARD, text):
        digits = ""
        for group in number[1].replace("-", " ").split():
            digits += group
            if compiled(_ISSUED).fullmatch(digits) and _checks(digits) and not _is_counted(text, number.start(1)):
                return True
    return False


def _checks(digits: str) -> bool:
    """Tell whether the last digit is the one that follows from the others (Luhn)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _has_phone(text: str) -> bool:
    if any(_is_dialled(number[1]) for pattern in (_ABROAD, _CALLED) for number in _found(pattern, text)):
        return True
    at_home = (number for pattern in _AT_HOME for number in _found(pattern, text))
    return any(_is_dialled(number[1]) and not _is_counted(text, number.start(1)) for number in at_home)


def _is_dialled(number: str) -> bool:
    digits = sum(letter.isdecimal() for letter in number)
    return _FEWEST_DIGITS <= digits <= _MOST_DIGITS and not compiled(_DAY).search(number)


def _is_counted(text: str, start: int) -> bool:
    return compiled(_COUNTED).search(text[max(0, start - _LOOKED_BACK) : start]) is not None


def _found(pattern: str, text: str) -> Iterator[Any]:
    return compiled(pattern).finditer(text)  # type: ignore[no-any-return] # re2 has no types
