"""The small Markdown: what the bot's own words become where a platform needs them otherwise."""

from __future__ import annotations

import pytest

from supportbot.domain.markdown import escape, with_sign

COMMANDS = frozenset({"status", "cancel"})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write `/cancel`.", "Write `!cancel`."),
        ("`/status T-1042` or `/cancel`", "`!status T-1042` or `!cancel`"),
        ("Look into `/etc/hosts`, or at `/poll`.", "Look into `/etc/hosts`, or at `/poll`."),
        ("and/or /cancel, `//` too", "and/or /cancel, `//` too"),
        (escape("I typed `/cancel`"), escape("I typed `/cancel`")),
    ],
)
def test_commands_get_the_sign_that_can_be_typed_and_nothing_else_does(text: str, shown: str) -> None:
    assert with_sign(text, "!", COMMANDS) == shown
    assert with_sign(text, "/", COMMANDS) == text
