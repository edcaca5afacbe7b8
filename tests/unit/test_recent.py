"""A dictionary that forgets what was put into it first."""

from __future__ import annotations

from supportbot.recent import Recent


def test_only_the_last_things_are_remembered() -> None:
    recent = Recent[str, int](2)
    for number, name in enumerate("abc"):
        recent[name] = number
    assert recent == {"b": 1, "c": 2}


def test_what_is_put_in_again_is_new() -> None:
    recent = Recent[str, int](2)
    recent["a"], recent["b"] = 1, 2
    recent["a"] = 3
    recent["c"] = 4
    assert recent == {"a": 3, "c": 4}
