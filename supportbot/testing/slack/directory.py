"""The directory: who and what there is, found by id as the wire gives it."""

from __future__ import annotations

from supportbot.testing.slack import mrkdwn
from supportbot.testing.slack.channels import Channel, Kind
from supportbot.testing.slack.wire import Refused, Serials
from supportbot.testing.slack.workspaces import User, UserGroup, Workspace


class Directory:
    """All workspaces, people, groups and channels."""

    def __init__(self, serials: Serials) -> None:
        self._serials = serials
        self.workspaces: dict[str, Workspace] = {}
        self.users: dict[str, User] = {}
        self.groups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}

    def add_workspace(self, name: str) -> Workspace:
        """Found a workspace."""
        domain = "".join(letter if letter.isalnum() else "-" for letter in name.lower())
        workspace = Workspace(self._serials.id("T", name), name, domain)
        self.workspaces[workspace.id] = workspace
        return workspace

    def add_user(self, name: str, workspace: Workspace, *, bot: bool = False, guest: bool = False) -> User:
        """Add a person or a bot to a workspace."""
        handle = name.lower().replace(" ", ".")
        user = User(self._serials.id("U", name), handle, name, workspace, f"{handle}@{workspace.domain}.example")
        user.guest = guest
        if bot:
            user.bot_id, user.email = self._serials.id("B", name), ""
        self.users[user.id] = user
        return user

    def add_group(self, handle: str, workspace: Workspace, members: list[User]) -> UserGroup:
        """Add a user group."""
        group = UserGroup(self._serials.id("S", handle), handle, workspace, members)
        self.groups[group.id] = group
        return group

    def add_channel(self, name: str, kind: Kind, workspace: Workspace, members: list[User]) -> Channel:
        """Add a channel."""
        prefix = {"im": "D", "mpim": "G"}.get(kind, "C")
        channel = Channel(self._serials.id(prefix, name), name, kind, workspace, {user.id: user for user in members})
        self.channels[channel.id] = channel
        return channel

    def direct(self, *users: User) -> Channel:
        """Find the direct messages of these people, or open them."""
        wanted = {user.id for user in users}
        for channel in self.channels.values():
            if channel.kind in ("im", "mpim") and set(channel.members) == wanted:
                return channel
        kind: Kind = "im" if len(wanted) <= 2 else "mpim"
        return self.add_channel(users[-1].name, kind, users[0].workspace, list(users))

    def named(self) -> dict[str, str]:
        """List what can stand behind an @: people by their names, groups by their handles."""
        people = {user.name: f"@{user.id}" for user in self.users.values()}
        return people | {group.handle: f"!subteam^{group.id}" for group in self.groups.values()}

    def typed(self, text: str) -> str:
        """Send what a person types, as Slack's clients do."""
        rooms = {channel.name: channel.id for channel in self.channels.values() if channel.kind == "channel"}
        return mrkdwn.typed(text, self.named(), rooms)

    # --- what a bot may see ---

    def user(self, id: str, viewer: User) -> User:
        """Find a user for a bot, or refuse; people of workspaces it has nothing to do with are not found."""
        user = self.users.get(id)
        if user is None or (user.workspace is not viewer.workspace and not self._ever_met(user, viewer)):
            raise Refused("user_not_found")
        return user

    def channel(self, id: str, viewer: User) -> Channel:
        """Find a channel for a bot, or refuse; private ones without the bot are not found."""
        channel = self.channels.get(id)
        if channel is None or not channel.open_to(viewer.workspace):
            raise Refused("channel_not_found")
        if channel.kind != "channel" and not channel.has(viewer):
            raise Refused("channel_not_found")
        return channel

    def is_open_to(self, id: str, workspace: Workspace) -> bool:
        """Tell whether people of a workspace can be in a channel."""
        return id in self.channels and self.channels[id].open_to(workspace)

    def stranger(self, user: User, viewer: User) -> bool | None:
        """Tell whether a user of another workspace is in no channel with the bot; None for the bot's own people."""
        if user.workspace is viewer.workspace:
            return None
        return not any(channel.has(user) and channel.has(viewer) for channel in self.channels.values())

    def _ever_met(self, user: User, viewer: User) -> bool:
        rooms = [channel for channel in self.channels.values() if channel.open_to(user.workspace)]
        return any(channel.open_to(viewer.workspace) for channel in rooms)
