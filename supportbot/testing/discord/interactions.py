"""Interactions: what a person does with the app's commands, buttons, menus and forms, and what the app answers.

The first answer must come within three seconds of the simulator's clock, once; then its token is good for 15 minutes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from supportbot.clock import MINUTE, SECOND
from supportbot.testing.discord import limits
from supportbot.testing.discord.application import Application
from supportbot.testing.discord.channels import Channel
from supportbot.testing.discord.events import Events
from supportbot.testing.discord.guilds import User
from supportbot.testing.discord.messages import COMMAND, CONTEXT_MENU, EPHEMERAL, Message
from supportbot.testing.discord.modals import Modal
from supportbot.testing.discord.posts import Posts, Upload
from supportbot.testing.discord.trouble import Trouble
from supportbot.testing.discord.wire import Json, Mistake, Refused, Serials
from supportbot.testing.notices import Notices

RAN, USED, AUTOCOMPLETE, SUBMITTED = 2, 3, 4, 5
MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
ANSWER_WITHIN = 3 * SECOND
TOKEN_LIFETIME = 15 * MINUTE
FILE_LIMIT = 10 * 1024 * 1024


@dataclass(eq=False)
class Interaction:
    """One thing that a person did with the app, and what became of it."""

    id: str
    token: str
    type: int
    name: str
    """What it is, for a person who reads a failing test."""
    user: User
    channel: Channel
    data: Json
    made_at: int
    message: Message | None = None
    """The message whose button or menu it was."""
    state: Literal["waiting", "answered", "failed"] = "waiting"
    failure: str = ""
    answer_type: int = 0
    original: Message | None = None
    """The message that the first answer made, or changed."""
    modal: Modal | None = None
    choices: list[Json] = field(default_factory=list)
    took: float = 0.0
    """Real seconds until the first answer."""
    began: float = field(default_factory=time.perf_counter)


class Interactions:
    """All interactions."""

    def __init__(
        self, app: Application, serials: Serials, events: Events, posts: Posts, *, notices: Notices, trouble: Trouble
    ) -> None:
        self.all: list[Interaction] = []
        self._app = app
        self._serials = serials
        self._events = events
        self._posts = posts
        self._notices = notices
        self._trouble = trouble
        self._by_token: dict[str, Interaction] = {}
        self._modals: dict[str, Modal] = {}

    # --- what people do ---

    def new(
        self, type: int, name: str, user: User, channel: Channel, data: Json, *, message: Message | None = None
    ) -> Interaction:
        """Tell the app what a person did."""
        age = ANSWER_WITHIN + 1 if self._trouble.late_interactions else 0
        made_at = self._serials.clock.now() - age
        interaction = Interaction(
            self._serials.id(), self._serials.secret("interaction"), type, name, user, channel, data, made_at, message
        )
        self.all.append(interaction)
        self._by_token[interaction.token] = interaction
        self._events.interaction(channel.guild, self._payload(interaction))
        return interaction

    def _payload(self, interaction: Interaction) -> Json:
        channel, guild = interaction.channel, interaction.channel.guild
        payload: Json = {
            "id": interaction.id,
            "application_id": self._app.id,
            "type": interaction.type,
            "data": interaction.data,
            "channel": {
                **channel.record(self._app.bot),
                "permissions": str(channel.permissions(interaction.user)),
            },
            "channel_id": channel.id,
            "token": interaction.token,
            "version": 1,
            "locale": interaction.user.locale,
            "app_permissions": str(channel.permissions(self._app.bot)),
            "entitlements": [],
            "authorizing_integration_owners": {"0": guild.id if guild else "0"},
            "context": 0 if guild else 1,
            "attachment_size_limit": FILE_LIMIT,
        }
        if interaction.message is not None:
            payload["message"] = interaction.message.record(viewer=self._app.bot)
        if guild is None:
            return {**payload, "user": interaction.user.record()}
        member = {
            **guild.members[interaction.user.id].record(),
            "permissions": str(channel.permissions(interaction.user)),
        }
        return {**payload, "guild_id": guild.id, "guild": guild.brief(), "guild_locale": "en-US", "member": member}

    def modal(self, user: User) -> Modal | None:
        """Show the form on somebody's screen."""
        return self._modals.get(user.id)

    def close_modal(self, user: User) -> None:
        """Take the form from somebody's screen; the app never hears of it."""
        self._modals.pop(user.id, None)

    def pending(self) -> list[Interaction]:
        """List the latest that have no answer, or none in time."""
        return [interaction for interaction in self.all[-20:] if interaction.state != "answered"]

    def fail_late(self) -> None:
        """Give up those that nobody answered in time."""
        now = self._serials.clock.now()
        for interaction in self.all:
            if interaction.state == "waiting" and now - interaction.made_at > ANSWER_WITHIN:
                self._fail(interaction, "no answer within three seconds")

    def _fail(self, interaction: Interaction, why: str) -> None:
        if interaction.state == "waiting":
            interaction.state, interaction.failure = "failed", why
        self._notices.ring()

    # --- what the app answers ---

    def answer(self, id: str, token: str, body: Json, uploads: Sequence[Upload]) -> Interaction:
        """Take the first answer to an interaction, or refuse it."""
        interaction = self._by_token.get(token)
        if interaction is None or interaction.id != id:
            raise Refused.unknown("interaction")
        if interaction.state == "answered":
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        if self._serials.clock.now() - interaction.made_at > ANSWER_WITHIN:
            self._fail(interaction, "the answer came too late")
            raise Refused.unknown("interaction")
        kind, data = body.get("type"), body.get("data") or {}
        if kind not in _ALLOWED[interaction.type] or (kind in (DEFER_UPDATE, UPDATE) and interaction.message is None):
            text = f"Value must be one of {{{', '.join(map(str, sorted(_ALLOWED[interaction.type])))}}}."
            raise Refused.invalid([Mistake("type", "BASE_TYPE_CHOICES", text)])
        self._perform(interaction, int(kind), data, uploads)
        interaction.state, interaction.answer_type = "answered", int(kind)
        interaction.took = time.perf_counter() - interaction.began
        if interaction.type == SUBMITTED and kind != MODAL:
            self.close_modal(interaction.user)
        self._notices.ring()
        return interaction

    def _perform(self, interaction: Interaction, kind: int, data: Json, uploads: Sequence[Upload]) -> None:
        if kind == MESSAGE:
            interaction.original = self._say(interaction, data, uploads)
        elif kind == DEFER:
            flags = int(data.get("flags") or 0)
            about = self._about(interaction, ephemeral=bool(flags & EPHEMERAL))
            interaction.original = self._posts.think(interaction.channel, flags, **about)
        elif kind == DEFER_UPDATE:
            interaction.original = interaction.message
        elif kind == UPDATE and interaction.message is not None:
            self._posts.change_by_bot(interaction.message, interaction.channel, data, uploads)
            interaction.original = interaction.message
        elif kind == CHOICES:
            limits.check_choices(data.get("choices") or [])
            interaction.choices = list(data.get("choices") or [])
        else:
            limits.check_modal(data)
            modal = Modal(data["custom_id"], data["title"], data["components"], interaction)
            interaction.modal = self._modals[interaction.user.id] = modal

    def _say(self, interaction: Interaction, data: Json, uploads: Sequence[Upload]) -> Message:
        ephemeral = bool(int(data.get("flags") or 0) & EPHEMERAL)
        about = self._about(interaction, ephemeral=ephemeral)
        return self._posts.by_bot(interaction.channel, data, uploads, **about)

    def _about(self, interaction: Interaction, *, ephemeral: bool) -> dict[str, Any]:
        """Say what an answer belongs to."""
        names = {"type": 0}
        if interaction.type == RAN:
            names["type"] = CONTEXT_MENU if interaction.data.get("type") == limits.MESSAGE_MENU else COMMAND
        metadata = {
            "id": interaction.id,
            "type": interaction.type,
            "user": interaction.user.record(),
            "authorizing_integration_owners": {"0": interaction.channel.guild_id or "0"},
        }
        only_for = interaction.user if ephemeral else None
        return {**names, "interaction": metadata, "application_id": self._app.id, "only_for": only_for}

    # --- what the app says later ---

    def by_token(self, token: str) -> Interaction:
        """Find the interaction of a token that is still good, or refuse."""
        interaction = self._by_token.get(token)
        if interaction is None or interaction.state != "answered":
            raise Refused.unknown("Webhook")
        if self._serials.clock.now() - interaction.made_at > TOKEN_LIFETIME:
            raise Refused(401, 50027, "Invalid Webhook Token")
        return interaction

    def follow_up(self, interaction: Interaction, body: Json, uploads: Sequence[Upload]) -> Message:
        """Say something after the first answer; the first time, it takes the place of the bot's thinking."""
        original = interaction.original
        if original is not None and original.loading and not original.deleted:
            self._posts.change_by_bot(original, interaction.channel, body, uploads)
            return original
        return self._say(interaction, body, uploads)

    def said(self, interaction: Interaction, message_id: str) -> Message:
        """Find a message that answered an interaction, or refuse."""
        heard = interaction.channel.heard
        found = next((message for message in reversed(heard) if message.id == message_id), None)
        message = interaction.original if message_id == "@original" else found
        if message is None or message.deleted or message.author is not self._app.bot:
            raise Refused.unknown("Message")
        return message


_FIRST = frozenset({MESSAGE, DEFER, MODAL})
_ALLOWED = {
    RAN: _FIRST,
    USED: _FIRST | {DEFER_UPDATE, UPDATE},
    AUTOCOMPLETE: frozenset({CHOICES}),
    SUBMITTED: frozenset({MESSAGE, DEFER, DEFER_UPDATE, UPDATE}),
}
