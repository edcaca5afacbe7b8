"""Reading: what a message asks, without the greeting, the thanks, the code and the links around it.

A message of several sentences is looked at whole and sentence by sentence, since the question may be one of them.
"""

from __future__ import annotations

import re

from supportbot.knowledge.words import LONGEST_TEXT, is_chit_chat, split_words

MOST_SENTENCES = 6
"""Sentences that are looked at one by one; the last ones of a long story, where the question is."""

# our own linear patterns, on a bounded beginning of the text
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_LINK = re.compile(r"<?\b(?:https?://|www\.)[^\s>|]+(?:\|([^>\n]*)>|>)?")
_END = re.compile(r"(?<=[.!?…])\s+|\n+|(?<=[?!])(?=\w)")
_GREETING = re.compile(
    r"\A\W*(?:(?:hi+|hello|hey+|hiya|howdy|greetings|dear|good (?:morning|afternoon|evening|day))\b"
    r"(?: (?:there|all|everyone|everybody|folks|guys|team|support|bot|again))*\b[\s,.!:;\-–—)]*)+",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"[\s,.!;\-–—]*\b(?:(?:many )?thanks|thank (?:you|u)|thx|ty|cheers)"
    r"(?: (?:so|very) much| a (?:lot|million)| in advance| for (?:your|the|any) help| again)*\W*\Z",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    r"\A\W*(?:(?:ok|okay|and|but|so|also|then)\b\W+)*(?:what about|how about|what if|and|also|same for)\b\W*(.+?)\W*\Z",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_FOLLOW_UP = 8
"""Words of a message that leans on the one before; a longer one says itself what it is about."""


def read(text: str) -> list[str]:
    """Give what is asked, all of it first; then, if there are several, the sentences that may ask something."""
    plain = text[:LONGEST_TEXT]
    if "```" in plain or "://" in plain or "www." in plain:
        plain = _LINK.sub(r"\1", _CODE.sub("\n", plain)) if _words_left(plain) else plain
    asked = _without_pleasantries(plain)
    sentences = [sentence for sentence in _END.split(asked.strip()) if _asks(sentence)]
    return [asked, *sentences[-MOST_SENTENCES:]] if len(sentences) > 1 else [asked]


def follow_up(text: str) -> str:
    """Give what a message adds to the question before it, as "on Android" of "and on Android?"; "" if it does not."""
    found = _FOLLOWS.match(text[:LONGEST_TEXT]) if len(split_words(text)) <= _LONGEST_FOLLOW_UP else None
    return found.group(1) if found else ""


def _without_pleasantries(text: str) -> str:
    bare = _THANKS.sub("", _GREETING.sub("", text, count=1), count=1)
    return bare if len(bare) < len(text) and not is_chit_chat(split_words(bare)) else text


def _words_left(text: str) -> bool:
    """A message may be nothing but code or a link; then that is what it says."""
    return bool(split_words(_LINK.sub(r"\1", _CODE.sub("\n", text))))


def _asks(sentence: str) -> bool:
    words = split_words(sentence)
    return len(words) > 1 and not is_chit_chat(words)
