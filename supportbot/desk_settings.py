"""The settings of the desk: how people take over and how long anybody waits, and what keeps one from holding up all."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from supportbot.settings import Channel, Duration, Settings

Count = Annotated[int, msgspec.Meta(ge=1, description="a whole number from 1 on")]
CountOrNone = Annotated[int, msgspec.Meta(ge=0, description="a whole number from 1 on, or 0 for no limit")]


class DeskSettings(Settings):
    """How people take over, and how long anybody waits."""

    agents_channel: Channel = "console"
    """Where the agents work: ``slack:CHANNEL_ID``, ``discord:CHANNEL_ID`` or ``console``."""
    relay: Literal["claim", "reply"] = "claim"
    """What reaches the requester: the claimer's plain words, or only ``/reply``."""
    anonymous: bool = False
    """Requesters see "Support" in place of the agent's name."""
    canned_replies: str = ""
    """A file of named texts that agents send with a press (YAML: ``name: text``); "" is none."""
    close_after: Duration = Duration("3d")
    """A solved ticket closes after this time without a word."""
    repeat_unclaimed_after: Duration = Duration("5m")
    """A handoff that nobody claims is repeated to the agents after this time."""
    tell_requester_after: Duration = Duration("15m")
    """A requester whom nobody claims hears the truth after this time, and may leave a ticket."""
    silent_claim_after: Duration = Duration("30m")
    """A claim without a word goes back to the queue after this time."""

    def channel_on(self, platform: str) -> str:
        """Name the agents' channel as this platform does; "" where the agents work elsewhere."""
        name, _, channel = self.agents_channel.partition(":")
        return channel if name == platform else ""


class LimitsSettings(Settings):
    """Bounds that keep one person or one skill from holding up the others."""

    message_characters: Count = 20_000
    """The longest message that is taken."""
    messages_per_person: Count | None = None
    """What one person may do in a minute; by default 30 where strangers write, and no limit in the console."""
    messages_per_channel: Count | None = None
    """What all in one room may do in a minute; by default 300 where strangers write."""
    open_tickets: CountOrNone | None = None
    """How many open tickets one person may have at a time; by default 3 where strangers write; 0 is no limit."""
    account_age: Duration = Duration(0)
    """How old an account has to be before it may open a ticket, where the platform tells; 0 is no limit."""
    member_for: Duration = Duration(0)
    """How long somebody has to be a member of the server before they may open a ticket; 0 is no limit."""
    handler_time: Duration = Duration("20s")
    """How long a handler may take before its requester gets an apology; a skill may say otherwise."""
