"""Workspaces, the people and bots in them, and their user groups."""

from __future__ import annotations

from dataclasses import dataclass, field

from supportbot.testing.slack.wire import Json


@dataclass(eq=False)
class Workspace:
    """One workspace (Slack's API calls it a team); the app is installed in it when it has a bot."""

    id: str
    name: str
    domain: str
    bot: User | None = None
    bot_token: str = ""
    scopes: set[str] = field(default_factory=set)
    """What the bot token may do; take one away to see ``missing_scope``."""

    @property
    def installed_bot(self) -> User:
        """Name the app's bot in this workspace."""
        if self.bot is None:
            raise AssertionError(f"the app is not installed in the workspace {self.name}")
        return self.bot

    def record(self) -> Json:
        """Describe the workspace as ``team.info`` does."""
        icon = {"image_default": True}
        return {"id": self.id, "name": self.name, "domain": self.domain, "email_domain": "", "icon": icon}


@dataclass(eq=False)
class User:
    """A person or a bot, as the workspace knows it."""

    id: str
    name: str
    real_name: str
    workspace: Workspace
    email: str = ""
    bot_id: str = ""
    deleted: bool = False
    guest: bool = False

    @property
    def is_bot(self) -> bool:
        return bool(self.bot_id)

    @property
    def is_app(self) -> bool:
        """Whether this is the bot of the app under test, not another app's."""
        return self.workspace.bot is self

    def record(self, *, stranger: bool | None = None, with_email: bool = True) -> Json:
        """Describe the user as ``users.info`` does; `stranger` is given for people of another workspace only."""
        profile = {
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "team": self.workspace.id,
        }
        if with_email and self.email and stranger is None:
            profile["email"] = self.email
        record: Json = {
            "id": self.id,
            "team_id": self.workspace.id,
            "name": self.name,
            "deleted": self.deleted,
            "profile": profile,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 1,
        }
        if stranger is not None:
            return {**record, "is_stranger": stranger}
        zone = {"tz": "Europe/London", "tz_label": "Greenwich Mean Time", "tz_offset": 0, "locale": "en-GB"}
        roles = {"is_admin": False, "is_owner": False, "is_restricted": self.guest, "is_ultra_restricted": False}
        return {**record, "real_name": self.real_name, **zone, **roles}

    def brief(self) -> Json:
        """Describe the user as interactions do."""
        return {"id": self.id, "username": self.name, "name": self.name, "team_id": self.workspace.id}

    def bot_profile(self, app_id: str) -> Json:
        """Describe the bot as its messages do."""
        return {
            "id": self.bot_id,
            "app_id": app_id,
            "name": self.real_name,
            "icons": {},
            "deleted": self.deleted,
            "updated": 1,
            "team_id": self.workspace.id,
        }


@dataclass(eq=False)
class UserGroup:
    """A named group of people that can be mentioned, such as @support."""

    id: str
    handle: str
    workspace: Workspace
    members: list[User]
    enabled: bool = True

    def record(self, *, with_users: bool, with_count: bool) -> Json:
        """Describe the group as ``usergroups.list`` does."""
        record: Json = {
            "id": self.id,
            "team_id": self.workspace.id,
            "is_usergroup": True,
            "name": self.handle,
            "handle": self.handle,
            "description": "",
            "is_external": False,
            "date_delete": 0 if self.enabled else 1,
        }
        if with_count:
            record["user_count"] = len(self.members)
        if with_users:
            record["users"] = [user.id for user in self.members]
        return record
