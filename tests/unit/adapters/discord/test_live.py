"""Live interactions: which of them shows a message, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.adapters.discord.live import Live, Living
from supportbot.clock import MINUTE, SimulatedClock
from supportbot.domain.address import Address
from supportbot.domain.reply import Outgoing

ADA, BO = "discord/main/1", "discord/main/2"
PLACES = {"alone": ("7", "@1"), "thread": ("7", "8"), "direct": ("9", "")}


def happened(place: str, id: str = "1", person: str = ADA, since: int = 0, **more: Any) -> Live:
    address = Address("discord", "main", *PLACES[place])
    hidden = {"is_hidden": place != "direct", "is_quiet": False, "is_stored": True, **more}
    return Live(id, f"token-{id}", "5", person, since, address=address, **hidden)


def message(place: str, **more: Any) -> Outgoing:
    given: dict[str, Any] = {"purpose": "command", **more}
    return Outgoing(
        id="o_1", address=Address("discord", "main", *PLACES[place]), conversation="c_1", text="Hello", **given
    )


@pytest.mark.parametrize(
    ("place", "did", "said", "takes"),
    [
        ("alone", {}, {}, True),
        ("alone", {}, {"purpose": "answer"}, True),
        ("alone", {}, {"purpose": "notice"}, True),
        ("alone", {}, {"purpose": "relay"}, False),
        ("alone", {"is_quiet": True}, {}, True),
        ("alone", {"state": "open"}, {}, True),
        ("alone", {"state": "gone"}, {}, False),
        ("thread", {}, {}, True),
        ("thread", {}, {"purpose": "answer"}, False),  # which may be another's, who wrote there
        ("thread", {}, {"only_for": ADA}, True),
        ("thread", {"state": "open"}, {"only_for": ADA}, True),
        ("thread", {"state": "open"}, {}, False),
        ("thread", {"is_quiet": True}, {}, False),
        ("thread", {"is_quiet": True}, {"only_for": ADA}, True),
        ("direct", {}, {}, True),
        ("direct", {}, {"purpose": "answer"}, True),
        ("direct", {}, {"purpose": "notice"}, False),
        ("direct", {"state": "thinking"}, {}, True),
        ("direct", {"state": "open"}, {}, False),
        ("direct", {"is_quiet": True}, {}, False),
    ],
)
def test_a_message_is_shown_by_what_it_answers(
    place: str, did: dict[str, Any], said: dict[str, Any], takes: bool
) -> None:
    assert happened(place, **did).takes(message(place, **said)) is takes


def test_those_at_a_message_s_place_are_found_the_earliest_first() -> None:
    living = Living(SimulatedClock(0))
    first, second = happened("thread", "1"), happened("thread", "2")
    for live in (first, second, happened("thread", "3", BO), happened("direct", "4"), happened("thread", "5")):
        living.add(live)
    unstored = living.get("5")
    assert unstored
    unstored.is_stored = False
    assert living.of(message("thread", only_for=ADA)) == [first, second]
    first.became("gone")
    assert living.of(message("thread", only_for=ADA)) == [second]


def test_they_are_forgotten_before_their_tokens_are_too_old() -> None:
    clock = SimulatedClock(0)
    living = Living(clock)
    living.add(happened("direct", "1"))
    clock.move_to(14 * MINUTE + 1)
    assert living.of(message("direct")) == []
    living.add(happened("direct", "2", since=clock.now()))
    assert living.get("1") is None
    assert [live.id for live in living.of(message("direct"))] == ["2"]


def test_they_take_a_bounded_room() -> None:
    living = Living(SimulatedClock(0))
    for number in range(2_100):
        living.add(happened("direct", str(number)))
    assert living.get("99") is None
    assert len(living.of(message("direct"))) == 2_000
