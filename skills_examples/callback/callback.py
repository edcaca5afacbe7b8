"""Callback: a telephone number and a time are asked for; at that time the case is in the agents' queue."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Literal

from supportbot import PASS, Choice, NotFound, Pass, Reply, Settings, Skill, Turn, match, on, read

Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class CallbackSettings(Settings):
    """When somebody is there to call."""

    time_zone: str = "Europe/Berlin"
    opens: int = 9
    """The first hour in which people are called."""
    closes: int = 17
    """The hour at which nobody is called any more."""
    days: tuple[Weekday, ...] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")

    def __post_init__(self) -> None:
        if self.time_zone not in zoneinfo.available_timezones():
            raise ValueError(f"time_zone: {self.time_zone!r} is none; write it like Europe/Berlin")
        if not 0 <= self.opens < self.closes <= 24:
            raise ValueError("opens and closes are hours from 0 to 24, in this order")
        if not self.days:
            raise ValueError("days: name at least one")

    @property
    def hours(self) -> str:
        """Say when somebody is there."""
        return f"{', '.join(self.days)} from {self.opens}:00 to {self.closes}:00 ({self.time_zone})"

    def is_open(self, when: dt.datetime) -> bool:
        """Tell whether somebody is there to call."""
        there = when.astimezone(zoneinfo.ZoneInfo(self.time_zone))
        return f"{there:%A}" in self.days and self.opens <= there.hour < self.closes


CALL = match.words("call me", "call me back", "callback", "call back", "phone me", "ring me")
CALL_OFF = match.all_of(
    match.words("cancel", "call off", "don't", "no longer", "no need"), match.words("call", "callback")
)


class Callback(Skill[CallbackSettings]):
    """Book a call, and put it into the agents' queue when it is time."""

    @on.message(match.but_not(CALL, CALL_OFF))
    async def book(self, turn: Turn) -> Reply:
        """Ask for what a call needs; a new call takes the place of an earlier one."""
        phone = await turn.ask("On which number shall we call you?", read.phone, unless_said=True)
        when = await self._ask_time(turn)
        told = f"{when:%A}, {when.day} {when:%B}, at {when:%H:%M}"

        ticket = await turn.open_ticket(subject=f"Call {phone} on {told}", category="Callback")
        planned = await turn.schedule(self.ring, at=when, reference=ticket.reference, phone=phone)
        earlier = await self._call_off(turn)
        await turn.remember("booked", {"reference": ticket.reference, "planned": planned})

        moved = f" That takes the place of {earlier}." if earlier else ""
        return Reply(
            f"A colleague calls you on {phone} on {told}. Your reference is {ticket.reference}.{moved}",
            [Choice("Call it off", to="call_off", value=ticket.reference)],
        )

    async def _ask_time(self, turn: Turn) -> dt.datetime:
        """Ask until it is a time to come at which somebody is there."""
        moment, hours = read.moment(self.settings.time_zone), self.settings.hours
        when = await turn.ask(f"When shall we call? We are there {hours}.", moment, unless_said=True)
        while when <= turn.now or not self.settings.is_open(when):
            why = "That has passed already." if when <= turn.now else "Nobody is there then, sorry."
            when = await turn.ask(f"{why} We are there {hours}. Which other time suits you?", moment)
        return when

    @on.timer
    async def ring(self, turn: Turn) -> str | None:
        """Put the call into the queue, unless it was settled before."""
        reference, phone = turn.data["reference"], turn.data["phone"]
        try:
            ticket = await turn.tickets.find(reference)
        except NotFound:
            return None
        if not ticket.is_unsolved:
            return None
        await turn.remember("booked", None)
        await turn.tickets.hand_off(reference, reason=f"call {phone} now, as agreed")
        return f"It's time: a colleague calls you on {phone} in a moment."

    @on.choice("call_off")
    async def pressed_call_off(self, turn: Turn) -> str:
        """Call off the call under whose booking the choice was pressed."""
        booked = await turn.recall("booked")
        if booked is None or booked["reference"] != turn.value:
            return f"{turn.value} is not planned any more."
        return f"All right, nobody calls you. {await self._call_off(turn)} is closed."

    @on.message(match.any_of(CALL_OFF, match.exactly("cancel", "cancel it", "call it off")))
    async def said_call_off(self, turn: Turn) -> str | Pass:
        """Call off the call that is booked."""
        if await turn.recall("booked") is None:
            return PASS
        return f"All right, nobody calls you. {await self._call_off(turn)} is closed."

    async def _call_off(self, turn: Turn) -> str:
        """Take a booked call out of the plan, and return its reference, "" where none is booked."""
        booked = await turn.recall("booked")
        if booked is None:
            return ""
        await turn.cancel(booked["planned"])
        await turn.remember("booked", None)
        ticket = await turn.tickets.find(booked["reference"])
        if ticket.is_unsolved:
            await turn.tickets.close(ticket.reference)
        return str(ticket.reference)
