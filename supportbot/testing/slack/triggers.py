"""Trigger ids: the right to open one modal within three seconds of what somebody did."""

from __future__ import annotations

from dataclasses import dataclass

from supportbot.clock import SECOND, Clock
from supportbot.testing.slack.wire import Refused, Serials
from supportbot.testing.slack.workspaces import User, Workspace

LIFETIME = 3 * SECOND


@dataclass(eq=False)
class Trigger:
    """One right to open a modal for a person; it is the app's in the workspace that it was installed in."""

    id: str
    user: User
    installed: Workspace
    made_at: int
    used: bool = False


class Triggers:
    """Gives out trigger ids and takes each one once, in time."""

    def __init__(self, clock: Clock, serials: Serials) -> None:
        self._clock = clock
        self._serials = serials
        self._triggers: dict[str, Trigger] = {}
        self.born_expired = False
        """Whether trigger ids are too old when they arrive (see Trouble)."""

    def new(self, user: User, installed: Workspace | None = None) -> str:
        """Give out a trigger id for what a person just did with the app, by default as it is installed at theirs."""
        id = self._serials.secret("trigger")
        age = LIFETIME + 1 if self.born_expired else 0
        self._triggers[id] = Trigger(id, user, installed or user.workspace, self._clock.now() - age)
        return id

    def use(self, id: str, by: Workspace) -> Trigger:
        """Take a trigger id from an installation, or refuse it."""
        trigger = self._triggers.get(id)
        if trigger is None or trigger.installed is not by:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self._clock.now() - trigger.made_at > LIFETIME:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger
