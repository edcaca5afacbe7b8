"""The workspaces that one Slack app is installed in: which of them something is for, and how they stand.

The first is `main`, the workspace of ``bot_token``: without it nothing is served. What keeps another one away is told
and tried again, and the others are served meanwhile.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import AsyncIterator, Iterator

from supportbot.adapters.base import Files, Missed, Receive
from supportbot.adapters.slack.incoming import Payload
from supportbot.adapters.slack.installation import Around, Installation
from supportbot.adapters.slack.team import MAIN, NAME
from supportbot.domain.address import Address
from supportbot.errors import AdapterError, BadToken, ConfigurationError, Refused, TryLater
from supportbot.logs import log

PAUSES = (2.0, 10.0, 60.0)
"""Seconds between the tries to serve a workspace that is not; the last one goes on."""


class Workspaces:
    """All installations of the app, `main` first; `agents` is the agents' channel, None on another platform."""

    def __init__(self, around: Around, agents: Address | None) -> None:
        settings = around.settings
        home = agents.workspace if agents else MAIN
        self._around = around
        self._all = {
            name: Installation(
                name,
                token,
                around,
                agents_channel=agents.channel if agents and name == home else "",
                is_home=name == home,
            )
            for name, token in {MAIN: settings.bot_token, **settings.workspaces}.items()
        }
        self.main = self._all[MAIN]
        self._tried: set[str] = set()
        """Those that are being tried again."""

    def __iter__(self) -> Iterator[Installation]:
        return iter(self._all.values())

    def at(self, address: Address) -> Installation:
        """Find the installation that an address is in; Refused where the configuration has none of that name."""
        try:
            return self._all[address.workspace]
        except KeyError:
            where = f"the workspace {address.workspace} is not among adapters.slack.workspaces"
            raise Refused(where, "workspace_not_served") from None

    # --- coming up ------------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connect all; what `main` raises is raised, BadToken where Slack rejects its token."""
        await self.main.connect()
        others = [other for other in self if not other.is_known and other.name not in self._tried]
        await asyncio.gather(*map(self._reach, others))

    def start(self, receive: Receive, files: Files) -> None:
        """Hand on from now on what comes in, also from those that are connected later."""
        for installation in self:
            installation.start(receive, files)

    async def _reach(self, other: Installation) -> None:
        """Connect another workspace than `main`; where that fails, try again beside."""
        try:
            await self._connect(other)
        except Exception as error:  # noqa: BLE001 - whatever keeps one workspace away, the others are served
            self._lose(other, error)

    async def _connect(self, other: Installation) -> None:
        await other.connect()
        before = itertools.takewhile(lambda known: known is not other, self)
        if twin := next((known for known in before if known.team.id == other.team.id), None):
            other.team.id = ""
            raise ConfigurationError([f"its token is of the same workspace as {twin.key}; take one of the two out"])

    def _lose(self, other: Installation, error: Exception) -> None:
        other.lose(error)
        if other.name not in self._tried:
            self._tried.add(other.name)
            self._around.beside.do(self._keep_trying(other))

    async def _keep_trying(self, other: Installation) -> None:
        for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
            await asyncio.sleep(pause)
            try:
                await self._connect(other)
            except Exception as error:  # noqa: BLE001 - as before: the next try may succeed
                other.lose(error)
            else:
                self._tried.discard(other.name)
                log.info("workspace is served", adapter=NAME, workspace=other.name)
                return

    @property
    def trouble(self) -> str:
        """Tell which are away for the moment, and why; "" while none is.

        One whose token Slack rejects stays away until somebody mends that, as log and ``doctor`` say: it is no reason
        to call the others not ready.
        """
        if self.main.trouble:
            return self.main.trouble
        away = [other for other in self if other.trouble and not other.is_rejected]
        return "; ".join(f"workspace {other.name}: {other.trouble}" for other in away)

    # --- which of them --------------------------------------------------------------------------------------------

    async def of(self, body: Payload) -> Installation | None:
        """Find the installation that a payload is for, wherever its author is from; None where it is for none.

        TryLater while it may be for one of which Slack has not said yet which workspace it is.
        """
        found = self._used(body) or self._named(body)
        if body.get("is_ext_shared_channel") and (found is None or len(self._all) > 1):
            found = await self._first_in(_channel_of(body)) or found
        if found is None and any(not (other.is_known or other.is_rejected) for other in self):
            raise TryLater(1, "a workspace was not reached yet")
        return found

    def _used(self, body: Payload) -> Installation | None:
        """Find whose message or view was pressed: a press of a stranger names their own workspace alone."""
        if "event" in body:
            return None
        used = [(body.get(name) or {}).get("bot_id") for name in ("message", "view")]
        return next((known for known in self if known.team.bot_id and known.team.bot_id in used), None)

    def _named(self, body: Payload) -> Installation | None:
        """Find the workspace that Slack means a payload for; `team_id` alone may be an author's."""
        meant = [grant.get("team_id") for grant in body.get("authorizations") or ()]
        meant.append(body.get("context_team_id"))
        if not any(meant):
            meant = [(body.get("team") or {}).get("id"), body.get("team_id")]
        return next((known for known in self if known.team.id and known.team.id in meant), None)

    async def _first_in(self, channel: str) -> Installation | None:
        """Find whose channel one is that several of the workspaces share: the first one's whose bot is in it.

        Slack names any of them in an event, now this one, now that; a conversation stays with one.
        """
        for known in self:
            if channel and known.is_known and await known.rooms.has_bot(channel):
                return known
        return None

    # --- what was missed ------------------------------------------------------------------------------------------

    async def missed(self, since: int) -> AsyncIterator[Missed]:
        """Read what was written since then, one workspace after the other; one that fails keeps no other from it."""
        unread: AdapterError | None = None
        for known in self:
            if not known.is_known:
                continue
            try:
                async for missed in known.history(functools.partial(self._serves, known)).since(since):
                    yield missed
            except AdapterError as error:
                if known is self.main:
                    raise
                log.error("what was missed could not be read", adapter=NAME, workspace=known.name, reason=str(error))
                if isinstance(error, BadToken):
                    self._lose(known, error)
                elif not isinstance(error, Refused):  # of those, trying again is of no use
                    unread = error
        if unread:
            raise unread

    async def _serves(self, known: Installation, channel: str) -> bool:
        return len(self._all) == 1 or await self._first_in(channel) is known


def _channel_of(body: Payload) -> str:
    what = body.get("event") or {}
    channel = what.get("channel") or (what.get("item") or {}).get("channel") or ""
    return str(channel.get("id") if isinstance(channel, dict) else channel)
