"""A message in a channel: what the wire says about it, and what a person reads in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from supportbot.testing.discord import components as parts
from supportbot.testing.discord.files import File, Files
from supportbot.testing.discord.guilds import Member, User
from supportbot.testing.discord.wire import Json

SUPPRESS_EMBEDS = 1 << 2
HAS_THREAD = 1 << 5
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SILENT = 1 << 12
COMPONENTS_V2 = 1 << 15

DEFAULT, PINNED, THREAD_CREATED, REPLY, COMMAND, THREAD_STARTER, CONTEXT_MENU = 0, 6, 18, 19, 20, 21, 23


@dataclass(eq=False, repr=False)
class Message:
    """A message as it stands now: an edit changes it, so what a test holds is always what people see."""

    id: str
    channel_id: str
    guild_id: str
    author: User
    text: str
    sent_at: str
    files_of: Files
    type: int = DEFAULT
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    flags: int = 0
    nonce: str = ""
    member: Member | None = None
    application_id: str = ""
    replies_to: Message | None = None
    interaction: Json | None = None
    """What it answers (``interaction_metadata``)."""
    only_for: User | None = None
    """Who alone sees it, if it is ephemeral."""
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[str] = field(default_factory=list)
    mentions_everyone: bool = False
    notifies: set[str] = field(default_factory=set)
    """The ids of all people whom it notified by name, by a role of theirs, as everyone, or as a reply."""
    edited_at: str | None = None
    pinned_at: str = ""
    deleted: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    """Each emoji with the ids of those who gave it."""
    thread: Json | None = None
    """The thread that was started from it."""

    # --- what a person reads ---

    @property
    def shown(self) -> str:
        """The words on the screen: the text, then the embeds, then what stands in components."""
        if self.loading:
            return ""
        embeds = [] if self.flags & SUPPRESS_EMBEDS else [_embed_words(embed) for embed in self.embeds]
        return "\n".join(words for words in (self.text, *embeds, *parts.words(self.components)) if words)

    @property
    def loading(self) -> bool:
        """Whether it only says that the bot is thinking."""
        return bool(self.flags & LOADING)

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons, in order."""
        return [parts.label(button) for button in parts.buttons(self.components)]

    @property
    def menus(self) -> dict[str, list[str]]:
        """The menus: the words on each, and what it offers."""
        return {
            parts.label(menu): [str(option["label"]) for option in menu.get("options") or ()]
            for menu in parts.menus(self.components)
        }

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def thread_id(self) -> str:
        """The id of the thread that was started from it, if one was."""
        return str(self.thread["id"]) if self.thread else ""

    def __contains__(self, words: str) -> bool:
        return words in self.shown

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        extra = "".join(f" [{label}]" for label in self.buttons) + "".join(f" +{file.name}" for file in self.files)
        only = f", only for {self.only_for.display_name}" if self.only_for else ""
        words = "thinking…" if self.loading else repr(self.shown)
        return f"<{self.author.display_name}{only}: {words}{extra}>"

    # --- what the wire says ---

    def record(self, *, viewer: User | None = None, deep: bool = True) -> Json:
        """Describe the message as the API does; `viewer` is the one whose own reactions are told."""
        record: Json = {
            "id": self.id,
            "channel_id": self.channel_id,
            "author": self.author.record(),
            "content": self.text,
            "timestamp": self.sent_at,
            "edited_timestamp": self.edited_at,
            "tts": False,
            "mention_everyone": self.mentions_everyone,
            "mentions": [user.record() for user in self.mentions],
            "mention_roles": self.mention_roles,
            "attachments": [self.files_of.record(file, ephemeral=self.ephemeral) for file in self.files],
            "embeds": [] if self.flags & SUPPRESS_EMBEDS else self.embeds,
            "components": self.components,
            "pinned": bool(self.pinned_at),
            "type": self.type,
            "flags": self.flags,
        }
        optional: Json = {
            "nonce": self.nonce,
            "application_id": self.application_id,
            "webhook_id": self.application_id if self.interaction else "",
            "interaction_metadata": self.interaction,
            "thread": self.thread,
            "reactions": self._reacted(viewer),
        }
        record |= {name: value for name, value in optional.items() if value}
        return record | self._answers(viewer, deep=deep)

    def _answers(self, viewer: User | None, *, deep: bool) -> Json:
        if self.replies_to is None:
            return {}
        target = self.replies_to
        reference = {"type": 0, "message_id": target.id, "channel_id": target.channel_id, "guild_id": self.guild_id}
        told: Json = {"message_reference": {name: value for name, value in reference.items() if value != ""}}
        if deep:
            told["referenced_message"] = None if target.deleted else target.record(viewer=viewer, deep=False)
        return told

    def _reacted(self, viewer: User | None) -> list[Json]:
        return [
            {
                "emoji": {"id": None, "name": emoji},
                "count": len(users),
                "count_details": {"burst": 0, "normal": len(users)},
                "burst_colors": [],
                "me": viewer is not None and viewer.id in users,
                "me_burst": False,
            }
            for emoji, users in self.reactions.items()
            if users
        ]


def _embed_words(embed: Json) -> str:
    fields = [f"{field.get('name', '')}: {field.get('value', '')}" for field in embed.get("fields") or ()]
    footer = (embed.get("footer") or {}).get("text")
    author = (embed.get("author") or {}).get("name")
    lines = [author, embed.get("title"), embed.get("description"), *fields, footer]
    return "\n".join(str(line) for line in lines if line)
