"""Views: the modals on each person's screen, one on top of the other, and the app's home tab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from supportbot.testing.notices import Notices
from supportbot.testing.slack import blocks as block_kit
from supportbot.testing.slack import forms, limits
from supportbot.testing.slack.blocks import with_ids
from supportbot.testing.slack.wire import Json, Refused, Serials
from supportbot.testing.slack.workspaces import User, Workspace


@dataclass(eq=False, repr=False)
class View:
    """A modal or a home tab, as the person sees it now."""

    id: str
    user: User
    installed: Workspace
    app_id: str
    content: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    """What the app said was wrong with the last submission, by the label of the field."""

    def __repr__(self) -> str:
        return f"<{self.content['type']} {self.title!r}: {self.shown!r}, fields: {', '.join(self.fields)}>"

    @property
    def title(self) -> str:
        """What stands above it."""
        return str((self.content.get("title") or {}).get("text", ""))

    @property
    def blocks(self) -> list[Json]:
        return list(self.content.get("blocks") or [])

    @property
    def shown(self) -> str:
        """The words on the screen."""
        return block_kit.shown(self.blocks)

    @property
    def fields(self) -> list[str]:
        """The labels of what can be filled in, in order."""
        return [forms.label(block) for block in self.blocks if block["type"] == "input"]

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons, in order."""
        elements = [element for _, element in block_kit.interactive(self.blocks)]
        return [block_kit.label(element) for element in elements if element["type"] == "button"]

    def __contains__(self, words: str) -> bool:
        return words in self.shown

    def __str__(self) -> str:
        return f"{self.title}\n{self.shown}"

    def record(self, state: Mapping[str, Mapping[str, Json]] | None = None) -> Json:
        """Describe the view as the wire does, with what was filled in."""
        content = self.content
        return {
            "id": self.id,
            "team_id": self.user.workspace.id,
            "type": content["type"],
            "blocks": self.blocks,
            "private_metadata": content.get("private_metadata") or "",
            "callback_id": content.get("callback_id") or "",
            "state": {"values": state or {}},
            "hash": self.hash,
            "title": content.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
            "clear_on_close": bool(content.get("clear_on_close")),
            "notify_on_close": bool(content.get("notify_on_close")),
            "close": content.get("close"),
            "submit": content.get("submit"),
            "previous_view_id": self.previous_id,
            "root_view_id": self.root_id,
            "app_id": self.app_id,
            "external_id": content.get("external_id") or "",
            "app_installed_team_id": self.installed.id,
            "bot_id": self.installed.installed_bot.bot_id,
        }


class Views:
    """All views that are open."""

    def __init__(self, app_id: str, serials: Serials, notices: Notices) -> None:
        self._app_id = app_id
        self._serials = serials
        self._notices = notices
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def top(self, user: User) -> View | None:
        """Show the modal that a person sees, the topmost one."""
        stack = self._stacks.get(user.id)
        return stack[-1] if stack else None

    def home(self, user: User) -> View | None:
        """Show a person's home tab, if the app published one."""
        return self._homes.get(user.id)

    def open(self, content: Json, user: User, installed: Workspace) -> View:
        """Open a modal; one that was open before gives way, as on a screen."""
        view = self._new(content, user, installed)
        self._stacks[user.id] = [view]
        self._notices.ring()
        return view

    def push(self, content: Json, user: User, installed: Workspace) -> View:
        """Put a modal on top of the open one; Slack takes three."""
        stack = self._stacks.setdefault(user.id, [])
        if len(stack) >= limits.STACK:
            raise Refused("push_limit_reached")
        view = self._new(content, user, installed)
        if stack:
            view.root_id, view.previous_id = stack[0].id, stack[-1].id
        stack.append(view)
        self._notices.ring()
        return view

    def find(self, id: str, external_id: str) -> View:
        """Find an open view, or refuse."""
        views = [view for stack in self._stacks.values() for view in stack] + list(self._homes.values())
        for view in views:
            if (id and view.id == id) or (external_id and view.content.get("external_id") == external_id):
                return view
        raise Refused("not_found")

    def update(self, view: View, content: Json, expected: str = "") -> View:
        """Let a view show something else, unless it changed since the app looked."""
        limits.check_view(content)
        if expected and expected != view.hash:
            raise Refused("hash_conflict")
        view.content = {**content, "blocks": with_ids(content.get("blocks") or [], self._serials)}
        view.hash, view.errors = self._hash(), {}
        self._notices.ring()
        return view

    def publish(self, content: Json, user: User, installed: Workspace, expected: str = "") -> View:
        """Show a home tab."""
        if content.get("type") != "home":
            raise Refused.invalid("invalid_arguments", ["expected a home view [json-pointer:/view/type]"])
        existing = self._homes.get(user.id)
        if existing is not None:
            return self.update(existing, content, expected)
        self._homes[user.id] = self._new(content, user, installed)
        self._notices.ring()
        return self._homes[user.id]

    def close(self, view: View, *, all_of_them: bool = False) -> None:
        """Close a modal; those below come back, unless all go."""
        stack = self._stacks.get(view.user.id, [])
        if all_of_them:
            stack.clear()
        elif view in stack:
            stack.remove(view)
        self._notices.ring()

    def _new(self, content: Json, user: User, installed: Workspace) -> View:
        limits.check_view(content)
        external = content.get("external_id")
        if external and any(view.content.get("external_id") == external for view in self._open()):
            raise Refused("duplicate_external_id")
        id = self._serials.id("V")
        completed = {**content, "blocks": with_ids(content.get("blocks") or [], self._serials)}
        return View(id, user, installed, self._app_id, completed, self._hash(), id)

    def _open(self) -> list[View]:
        return [view for stack in self._stacks.values() for view in stack]

    def _hash(self) -> str:
        return f"{self._serials.timestamp()}.hash"
