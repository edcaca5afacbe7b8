from __future__ import annotations

import pytest

from supportbot.tokens import DISCORD, SLACK_APP, SLACK_BOT, Token, is_in, looks_random


@pytest.mark.parametrize(
    "secret",
    [
        "9fQ2x7Lm4Zt8Rw1Kp6Yd",
        "8f742231b10e8888abcd99yyyzzz85a5",
        "sk-live-51H8x2kQ9vLw3mNp7rTz4YbC6",
        "Bearer 9fQ2x7Lm4Zt8Rw1Kp6Yd",
    ],
)
def test_what_a_service_made_by_chance_looks_random(secret: str) -> None:
    assert looks_random(secret)


@pytest.mark.parametrize(
    "stand_in",
    [
        "swordfish",
        "xoxb-simulated-token-0001",
        "test-signing-secret",
        "0123456789abcdef0123456789abcdef",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaa1",
        "averylongwordwithoutanydigitinit",
        "31415926535897932384626433",
        "replace-me-with-your-own-token-1234",
        "",
    ],
)
def test_what_a_person_made_up_to_stand_in_does_not(stand_in: str) -> None:
    assert not looks_random(stand_in)


@pytest.mark.parametrize(
    ("token", "value"),
    [
        (SLACK_BOT, "xoxb-123456789012-abcdefghijkl"),
        (SLACK_APP, "xapp-1-A0123456789-123456789-0123456789abcdef"),
        (DISCORD, f"M{'a' * 24}.{'b' * 6}.{'c' * 30}"),
    ],
)
def test_a_token_of_the_right_shape_has_no_mistake(token: Token, value: str) -> None:
    assert token.mistake(value) == ""


@pytest.mark.parametrize("token", [SLACK_BOT, SLACK_APP, DISCORD])
@pytest.mark.parametrize("value", ["", "hunter2", "xoxp-123456789012-abcdefghijkl", "xoxb-12345 678901-abc\n"])
def test_a_token_of_another_shape_is_told_without_repeating_it(token: Token, value: str) -> None:
    assert token.looks in token.mistake(value)
    assert not value or value not in token.mistake(value)


@pytest.mark.parametrize(
    "said",
    [
        "I use xoxb-123456789012-abcdefghijkl here",
        "glpat-a1B2c3D4e5F6g7H8i9J0",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "api key = 9fQ2x7Lm4Zt8Rw1Kp6Yd",
        "the password is: 8f742231b10e8888abcd99yyyzzz85a5",
    ],
)
def test_a_secret_in_what_somebody_wrote_is_found(said: str) -> None:
    assert is_in(said)


@pytest.mark.parametrize(
    "said",
    ["xoxb-your-token", "glpat-xxxxxxxxxxxxxxxxxxxx", "secret: ABCDEFGHIJKLMNOPQRSTUVWXYZ", "9fQ2x7Lm4Zt8Rw1Kp6Yd"],
)
def test_a_stand_in_and_what_nobody_calls_a_secret_are_none(said: str) -> None:
    assert not is_in(said)
