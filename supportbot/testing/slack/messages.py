"""A message in a channel: what the wire says about it, and what a person reads in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from supportbot.testing.slack import blocks as block_kit
from supportbot.testing.slack import mrkdwn
from supportbot.testing.slack.files import File
from supportbot.testing.slack.wire import Json
from supportbot.testing.slack.workspaces import User


@dataclass(eq=False, repr=False)
class Message:
    """A message as it stands now: an edit changes it, so what a test holds is always what people see."""

    channel_id: str
    ts: str
    author: User
    text: str
    app_id: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str = ""
    parent_author: str = ""
    subtype: str = ""
    username: str = ""
    """The name a bot gave itself for this message (``chat:write.customize``)."""
    only_for: User | None = None
    """Who alone sees it, if it is ephemeral."""
    files: list[File] = field(default_factory=list)
    metadata: Json | None = None
    edited: Json | None = None
    deleted: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    """Each emoji's name with the ids of those who gave it."""
    client_id: str = ""
    replies: list[Message] = field(default_factory=list)

    # --- what a person reads ---

    @property
    def shown(self) -> str:
        """The words on the screen: those of the blocks where there are any, else the text."""
        words = block_kit.shown(self.blocks) if self.blocks and self.author.is_bot else mrkdwn.unescaped(self.text)
        return words or mrkdwn.unescaped(self.text)

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons, in order."""
        elements = [element for _, element in block_kit.interactive(self.blocks)]
        return [block_kit.label(element) for element in elements if element["type"] == "button"]

    @property
    def menus(self) -> dict[str, list[str]]:
        """The menus: the words on each, and what it offers."""
        elements = [element for _, element in block_kit.interactive(self.blocks) if element["type"] != "button"]
        return {
            block_kit.label(element): [str(option["text"]["text"]) for option in block_kit.options(element)]
            for element in elements
        }

    @property
    def notifies(self) -> set[str]:
        """Whom the message notifies by name: ids of people and groups, ``here``, ``channel``, ``everyone``."""
        return mrkdwn.mentions(self.text) | block_kit.mentions(self.blocks)

    @property
    def links(self) -> list[tuple[str, str]]:
        """The links in it, as (label, address)."""
        return mrkdwn.links(self.text) + block_kit.links(self.blocks)

    @property
    def thread(self) -> str:
        """The thread it belongs to or begins."""
        return self.thread_ts or self.ts

    def __contains__(self, words: str) -> bool:
        return words in self.shown

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        place = f"{self.channel_id} in {self.thread_ts}" if self.thread_ts else self.channel_id
        extra = "".join(f" [{label}]" for label in self.buttons)
        return f"<{self.username or self.author.real_name} in {place}: {self.shown!r}{extra}>"

    # --- what the wire says ---

    def record(self, *, metadata: bool = True) -> Json:
        """Describe the message as ``conversations.history`` does; without `metadata` only its kind is told."""
        record: Json = {"type": "message", **self._authorship(), "text": self.text, "ts": self.ts}
        if self.subtype:
            record["subtype"] = self.subtype
        if self.client_id:
            record["client_msg_id"] = self.client_id
        if self.blocks:
            record["blocks"] = self.blocks
        if self.thread_ts:
            record |= {"thread_ts": self.thread_ts, "parent_user_id": self.parent_author}
        if self.files:
            record |= {"files": [file.record() for file in self.files], "upload": False}
        if self.edited:
            record["edited"] = self.edited
        if self.metadata is not None:
            record["metadata"] = self.metadata if metadata else {"event_type": self.metadata["event_type"]}
        return {**record, **self._answers(), **self._reacted()}

    def _authorship(self) -> Json:
        if self.subtype == "tombstone":
            return {"user": "USLACKBOT", "hidden": True}
        team = self.author.workspace.id
        if not self.author.is_bot:
            return {"user": self.author.id, "team": team}
        bot: Json = {"bot_id": self.author.bot_id, "app_id": self.app_id, "team": team}
        if self.username:
            return {**bot, "username": self.username, "icons": {}}
        return {**bot, "user": self.author.id, "bot_profile": self.author.bot_profile(self.app_id)}

    def _answers(self) -> Json:
        if not self.replies:
            return {}
        authors = list(dict.fromkeys(reply.author.id for reply in self.replies))
        return {
            "thread_ts": self.ts,
            "reply_count": len(self.replies),
            "reply_users_count": len(authors),
            "reply_users": authors,
            "latest_reply": self.replies[-1].ts,
            "is_locked": False,
            "subscribed": True,
        }

    def _reacted(self) -> Json:
        given = [{"name": name, "users": users, "count": len(users)} for name, users in self.reactions.items() if users]
        return {"reactions": given} if given else {}


def rich_text(text: str, block_id: str) -> Sequence[Json]:
    """Wrap a person's words as Slack's clients do."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": mrkdwn.unescaped(text)}]}
    return [{"type": "rich_text", "block_id": block_id, "elements": [section]}] if text else []
