"""Finds the one number in a line, however people write it: "1,234.50", "1.234,50", "$40", "12 €", "minus 3", "twelve".

The patterns here are our own, take linear time and run on short lines only; `re` compiles each when it is first used.
"""

from __future__ import annotations

import re

from supportbot.skills.said import words_of

NAMED = {
    name: number
    for number, name in enumerate(
        words_of(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty"
        )
    )
}

_SIGN = "[$€£¥₹]"
_NUMERAL = (
    rf"(?i)([-+−]?){_SIGN}?([-+−]?)(\d{{1,15}}(?:[.,']\d{{1,15}}){{0,6}}|\.\d{{1,15}})"
    rf"(?:{_SIGN}|%|usd|eur|gbp|chf|euros?|dollars?|pounds?)?"
)
_GROUPED = r"\d{1,3}(?:([.,'])\d{3}(?:\1\d{3})*)?"
_SPACED = r"(?<![\d.,])\d{1,3}(?: \d{3})+(?!\d)"
_MINUS = r"(?i)\bminus\s+"
_BEFORE_DIGIT = rf"({_SIGN})\s(?=\d)"
_AROUND = "()[]\"“”'!?;:*_~`#"

_BESIDE = frozenset(
    words_of(
        "please thanks euro euros eur dollar dollars usd pound pounds gbp chf percent times pieces items about only "
        "just its it is minus"
    )
)
_MULTIPLIERS = frozenset(
    words_of("k m bn hundred hundreds thousand thousands million millions mio billion dozen dozens")
)


def number_in(line: str) -> float:
    """Read the one number of a line; raises ValueError where there is none, more than one, or doubt which."""
    words = words_of(line)
    if not _MULTIPLIERS.isdisjoint(words):
        raise ValueError("two thousand is not two")
    line = re.sub(_MINUS, "-", line.replace("’", "'"))
    if not any(character.isdecimal() for character in line):
        return _named(words)
    if all(word.isdecimal() or word in _BESIDE for word in words):
        # "10 000" beside other words may be two numbers; alone it is one.
        line = re.sub(_SPACED, lambda match: match[0].replace(" ", ""), line)
    tokens = (token.strip(_AROUND).rstrip(".,") for token in re.sub(_BEFORE_DIGIT, r"\1", line).split())
    (token,) = (token for token in tokens if any(character.isdecimal() for character in token))
    match = re.fullmatch(_NUMERAL, token)
    if match is None:
        raise ValueError("digits, but not a number")
    value = float(_plain_digits(match[3]))
    return -value if match[1] + match[2] in {"-", "−"} else value


def _named(words: list[str]) -> float:
    """Read "twelve", or "twelve please"; among other words "one" is no number."""
    if not all(word in NAMED or word in _BESIDE for word in words):
        raise ValueError("a sentence, not a number")
    (value,) = (NAMED[word] for word in words if word in NAMED)
    return float(-value if "minus" in words else value)


def _plain_digits(numeral: str) -> str:
    """Leave one decimal point and no other mark."""
    marks = [character for character in numeral if not character.isdecimal()]
    last = marks[-1] if marks else ""
    if len(numeral) - len(marks) > 15:
        raise ValueError("more digits than a float keeps")
    if len(set(marks)) == 2 and marks.count(last) == 1 and last != "'":
        whole, fraction = numeral.rsplit(last, 1)
        if re.fullmatch(_GROUPED, whole):
            return f"{whole.replace(marks[0], '')}.{fraction}"
    elif marks and _is_grouped(numeral, marks):
        return numeral.replace(last, "")
    elif len(marks) <= 1 and last != "'":
        return numeral.replace(",", ".")
    raise ValueError("marks that fit neither thousands nor a fraction")


def _is_grouped(numeral: str, marks: list[str]) -> bool:
    """See thousands parted: by a mark that repeats, an apostrophe, or a lone comma before three digits ("1,234")."""
    if not re.fullmatch(_GROUPED, numeral):
        return False
    return len(marks) > 1 or marks == ["'"] or (marks == [","] and not numeral.startswith("0"))
