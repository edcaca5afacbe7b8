"""Requests that come in: read as Slack writes them, let in once, and only if they are Slack's."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from supportbot.adapters.slack.web import WINDOW, Gate, payload_of
from supportbot.clock import SECOND, SimulatedClock
from supportbot.testing.slack.http_delivery import sign

NOW = 1_800_000_000_000
BODY = b'{"type": "event_callback"}'


def headers(clock: SimulatedClock, body: bytes = BODY, secret: str = "secret", age: int = 0) -> dict[str, str]:
    stamp = str((clock.now() - age) // SECOND)
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign(secret, stamp, body)}


def gate() -> tuple[Gate, SimulatedClock]:
    clock = SimulatedClock(NOW)
    return Gate("secret", clock), clock


def test_what_slack_signed_is_let_in_once() -> None:
    there, clock = gate()
    assert there.lets_in(BODY, headers(clock))
    assert not there.lets_in(BODY, headers(clock))


def test_what_could_not_be_taken_in_is_let_in_again() -> None:
    there, clock = gate()
    assert there.lets_in(BODY, headers(clock))
    there.forget(headers(clock))
    assert there.lets_in(BODY, headers(clock))


@pytest.mark.parametrize("age", [WINDOW + SECOND, -WINDOW - SECOND])
def test_what_is_not_of_the_last_minutes_is_turned_away(age: int) -> None:
    there, clock = gate()
    assert not there.lets_in(BODY, headers(clock, age=age))


def test_a_replay_is_remembered_for_as_long_as_its_time_is_good() -> None:
    there, clock = gate()
    late = headers(clock, age=-WINDOW)
    assert there.lets_in(BODY, late)
    for _ in range(2):
        clock.move_to(clock.now() + WINDOW)
        assert there.lets_in(b"{}", headers(clock, b"{}"))
        assert not there.lets_in(BODY, late)


def test_another_secret_opens_nothing() -> None:
    there, clock = gate()
    assert not there.lets_in(BODY, headers(clock, secret="guessed"))


def test_an_event_a_command_and_an_interaction_are_read() -> None:
    assert payload_of(BODY) == {"type": "event_callback"}
    assert payload_of(urlencode({"command": "/support", "text": ""}).encode()) == {"command": "/support", "text": ""}
    pressed = {"type": "block_actions", "actions": []}
    assert payload_of(urlencode({"payload": json.dumps(pressed)}).encode()) == pressed


@pytest.mark.parametrize("text", ["my payload is gone", "payload", "a=b&payload={}"])
def test_a_command_may_speak_of_a_payload(text: str) -> None:
    assert payload_of(urlencode({"command": "/support", "text": text}).encode()) == {
        "command": "/support",
        "text": text,
    }


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"payload=x", b"payload=[]", b'{"a":' * 100_000])
def test_what_is_no_payload_is_nothing(body: bytes) -> None:
    assert payload_of(body) is None
