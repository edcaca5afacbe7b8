"""Deliveries: what the app is told, tried again until it is acknowledged, on the simulator's clock.

An attempt fails after three seconds without an answer, or at once where nobody listens or the app answers an error.
Events are tried four times: at first, at once again, after a minute, after five more. Interactions are tried once::

    first ──fails──► at once ──fails──► +1 min ──fails──► +5 min ──fails──► given up
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Literal, Protocol

from supportbot.clock import MINUTE, SECOND, Clock
from supportbot.testing.notices import Notices
from supportbot.testing.slack.trouble import Trouble
from supportbot.testing.slack.wire import Json, Serials

Kind = Literal["events_api", "slash_commands", "interactive"]
ACKNOWLEDGE_WITHIN = 3 * SECOND
WAITS = (0, MINUTE, 5 * MINUTE)


@dataclass(eq=False)
class Delivery:
    """One thing that the app is told, with all attempts to tell it."""

    kind: Kind
    payload: Json
    attempts: list[str] = field(default_factory=list)
    """The envelope id of each attempt."""
    failures: list[str] = field(default_factory=list)
    """Why each attempt failed: ``timeout``, ``connection_failed``, ``http_error``."""
    state: Literal["waiting", "acknowledged", "given up"] = "waiting"
    answer: Json | None = None
    """What came with the acknowledgement."""
    took: float = 0.0
    """Real seconds from the last attempt to its acknowledgement."""
    deadline: int | None = None
    """When the running attempt fails."""
    due: int | None = None
    """When the next attempt is made."""
    began: float = 0.0

    @property
    def name(self) -> str:
        """What it is, for a person who reads a failing test."""
        event = self.payload.get("event", self.payload)
        words = event.get("text", "")
        what = [event.get("type") or event.get("command"), event.get("subtype"), repr(words) if words else ""]
        return " ".join(filter(None, what))

    @property
    def running(self) -> bool:
        """Whether an attempt waits for its acknowledgement."""
        return self.state == "waiting" and self.deadline is not None


class Way(Protocol):
    """A way to the app: Socket Mode or HTTP."""

    def reaches(self) -> bool:
        """Tell whether anybody listens at its end."""
        ...

    def send(self, delivery: Delivery, envelope_id: str) -> None:
        """Begin to send; what comes of it is reported to Deliveries."""
        ...


class Deliveries:
    """Everything that the app was told."""

    def __init__(self, clock: Clock, serials: Serials, notices: Notices, trouble: Trouble) -> None:
        self.all: list[Delivery] = []
        self.ways: list[Way] = []
        self._clock = clock
        self._serials = serials
        self._notices = notices
        self._trouble = trouble
        self._envelopes: dict[str, Delivery] = {}
        self._waiting: dict[int, Delivery] = {}

    def deliver(self, kind: Kind, payload: Json) -> Delivery:
        """Tell the app something, with the trouble that is switched on."""
        delivery = self._take(kind, payload)
        copies = [delivery]
        if kind == "events_api":
            copies += [self._take(kind, self._copied(payload, new_id)) for new_id in self._trouble.copies()]
        for copy in copies:
            if kind != "events_api":
                self.attempt(copy)
            elif not self._trouble.with_event(lambda copy=copy: self._later(copy)):  # type: ignore[misc]
                self._later(copy)
        return delivery

    def _take(self, kind: Kind, payload: Json) -> Delivery:
        delivery = Delivery(kind, payload)
        self.all.append(delivery)
        self._waiting[id(delivery)] = delivery
        return delivery

    def _copied(self, payload: Json, new_id: bool) -> Json:
        return {**payload, "event_id": self._serials.id("Ev")} if new_id else payload

    def _later(self, delivery: Delivery) -> None:
        if self._trouble.delay:
            wait = self._trouble.chance.uniform(0, self._trouble.delay)
            asyncio.get_running_loop().call_later(wait, self.attempt, delivery)
        else:
            self.attempt(delivery)

    def attempt(self, delivery: Delivery) -> None:
        """Try to tell the app now."""
        envelope_id = self._serials.secret("envelope")
        delivery.attempts.append(envelope_id)
        self._envelopes[envelope_id] = delivery
        delivery.due, delivery.deadline = None, self._clock.now() + ACKNOWLEDGE_WITHIN
        delivery.began = time.perf_counter()
        way = next((way for way in self.ways if way.reaches()), None)
        if way is None:
            self.fail(envelope_id, "connection_failed")
        else:
            way.send(delivery, envelope_id)

    def acknowledge(self, envelope_id: str, answer: Json | None) -> None:
        """Take an acknowledgement; one that is late counts too."""
        delivery = self._envelopes.get(envelope_id)
        if delivery is None or delivery.state == "acknowledged":
            return
        delivery.took = time.perf_counter() - delivery.began
        delivery.answer = answer
        self._settle(delivery, "acknowledged")

    def fail(self, envelope_id: str, reason: str, *, final: bool = False) -> None:
        """Take note that an attempt failed, and try again when its time comes; not if it is `final`."""
        delivery = self._envelopes.get(envelope_id)
        if delivery is None or delivery.attempts[-1] != envelope_id or delivery.deadline is None:
            return
        delivery.failures.append(reason)
        delivery.deadline = None
        tried = len(delivery.failures)
        if delivery.kind != "events_api" or tried > len(WAITS) or final:
            self._settle(delivery, "given up")
        elif wait := WAITS[tried - 1]:
            delivery.due = self._clock.now() + wait
            self._notices.ring()
        else:
            self.attempt(delivery)

    def _settle(self, delivery: Delivery, state: Literal["acknowledged", "given up"]) -> None:
        delivery.state, delivery.deadline, delivery.due = state, None, None
        self._waiting.pop(id(delivery), None)
        for envelope_id in delivery.attempts:
            self._envelopes.pop(envelope_id, None)
        self._notices.ring()

    def run_due(self) -> None:
        """Do what the clock makes due: give up waiting for answers, try again; each delivery at most once."""
        now = self._clock.now()
        for delivery in list(self._waiting.values()):
            if delivery.deadline is not None and delivery.deadline <= now:
                self.fail(delivery.attempts[-1], "timeout")
            elif delivery.due is not None and delivery.due <= now:
                self.attempt(delivery)

    def try_again(self) -> None:
        """Try again at once whatever is not acknowledged, as if its time had come."""
        for delivery in list(self._waiting.values()):
            if delivery.deadline is not None:
                self.fail(delivery.attempts[-1], "timeout")
            if delivery.due is not None:
                self.attempt(delivery)

    def waiting(self) -> list[Delivery]:
        """List what is not acknowledged and will be tried again, or is being tried."""
        return list(self._waiting.values())

    async def settled(self) -> None:
        """Wait until every attempt was acknowledged or has failed."""

        def look() -> bool | None:
            return None if any(delivery.running for delivery in self._waiting.values()) else True

        def failure() -> str:
            names = [delivery.name for delivery in self._waiting.values() if delivery.running]
            return f"the app has not acknowledged: {', '.join(names)}"

        await self._notices.until(look, failure)

    async def acknowledged(self, delivery: Delivery) -> Delivery:
        """Wait until this one is acknowledged or given up."""
        await self._notices.until(
            lambda: None if delivery.state == "waiting" else delivery,
            lambda: f"the app has not acknowledged {delivery.name}",
        )
        return delivery
