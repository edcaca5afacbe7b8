"""Tokens: how those of each platform look, so that one in a wrong place is told before it does harm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from supportbot.environment import FromEnvironment
from supportbot.patterns import compiled

_OURS = r"xox[a-z]-\d{6,}-[\w-]{6,}|xapp-\d-\w{6,}-\d{6,}-\w{10,}|[MNO][\w-]{23,27}\.[\w-]{6,7}\.[\w-]{27,}"
_REAL = re.compile(_OURS)
"""How the tokens of Slack and Discord look that can be told from other text."""
_OTHERS = (
    r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{40,}"
    r"|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|[sr]k_live_\w{20,}|\bsk-[\w-]{32,}|SG\.[\w-]{20,}\.[\w-]{40,}"
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|hooks\.slack\.com/services/\w+/\w+/\w{16,}|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{30,}"
)
"""How secrets look that people paste when they ask for help: of the large services, of keys and of webhooks."""
_NAMED = r"(?i:password|passphrase|secret|api[ _-]?key|token|bearer)[\s:='\"]{1,6}(?:is[\s:'\"]{1,3})?([^\s'\"]{20,})"
_RUN = re.compile(r"[A-Za-z0-9]{20,}")
_FEWEST_DIFFERENT = 8
_COUNTING = ("012345", "123456", "abcdef", "ABCDEF")


@dataclass(frozen=True)
class Token:
    """One token that a platform hands out: the variable it is kept in, how it looks, and where a person finds it."""

    name: str
    pattern: str
    looks: str
    found: str

    def mistake(self, value: str) -> str:
        """Say what is wrong with a value, without repeating it; "" where it looks right."""
        if re.fullmatch(self.pattern, value):
            return ""
        return f"that does not look like this token ({self.looks})"


SLACK_BOT = Token(
    "SLACK_BOT_TOKEN",
    r"xoxb-[A-Za-z0-9-]{10,}",
    "it begins with xoxb-",
    "api.slack.com/apps, your app, OAuth & Permissions, Bot User OAuth Token",
)
SLACK_APP = Token(
    "SLACK_APP_TOKEN",
    r"xapp-[A-Za-z0-9-]{10,}",
    "it begins with xapp-",
    "api.slack.com/apps, your app, Basic Information, App-Level Tokens (scope connections:write)",
)
DISCORD = Token(
    "DISCORD_TOKEN",
    r"[\w-]{20,}\.[\w-]{5,}\.[\w-]{20,}",
    "three parts with two dots between",
    "discord.com/developers, your application, Bot, Reset Token",
)


def looks_random(text: str) -> bool:
    """Tell that a secret was made by chance, and so opens something.

    It has twenty letters and digits in a row, mixed, of at least eight kinds. What counts upwards
    (``0123456789abcdef``) or is made of words (``xoxb-simulated-token``) is a stand-in.
    """
    return any(
        len(set(run)) >= _FEWEST_DIFFERENT
        and not run.isalpha()
        and not run.isdigit()
        and not any(count in run for count in _COUNTING)
        for run in _RUN.findall(text)
    )


def is_in(text: str) -> bool:
    """Tell whether a secret stands in what somebody wrote: one that looks real, or looks random and is called so."""
    found = compiled(f"{_OURS}|{_OTHERS}", True).search(text)
    if found and len(set(found[0])) > _FEWEST_DIFFERENT:
        return True
    return any(looks_random(named[1]) for named in compiled(_NAMED, True).finditer(text))


def literal_tokens(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Tell every text in plain values that is a platform's token, written out instead of taken from the environment."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from literal_tokens(item, f"{where}.{key}" if where else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from literal_tokens(item, f"{where}[{index}]")
    elif isinstance(value, str) and not isinstance(value, FromEnvironment) and _REAL.search(value):
        yield where, REFUSED


REFUSED = 'this looks like a real token; put it into .env and write "${NAME}" here (and renew the token)'
"""What is said of a token that stands in a file, where whoever gets a copy of it has the token."""
