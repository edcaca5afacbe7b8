"""Fingers: finding what a person presses, and waiting until the app has answered it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from supportbot.testing.discord import components as parts
from supportbot.testing.discord.backstage import Backstage
from supportbot.testing.discord.channels import Channel
from supportbot.testing.discord.command_options import Named, Options, may_use, resolved_users
from supportbot.testing.discord.guilds import Role, User
from supportbot.testing.discord.hearing import Hearing
from supportbot.testing.discord.interactions import AUTOCOMPLETE, RAN, SUBMITTED, USED, Interaction
from supportbot.testing.discord.limits import MESSAGE_MENU, SLASH, USER_MENU
from supportbot.testing.discord.messages import Message
from supportbot.testing.discord.modals import Modal, option
from supportbot.testing.discord.wire import Json


class NotAcknowledged(AssertionError):
    """The app did not take what a person did: Discord shows them that the interaction failed."""


class Fingers:
    """What one person's hands do."""

    def __init__(self, discord: Backstage, user: User, hearing: Hearing) -> None:
        self._discord = discord
        self._user = user
        self._hearing = hearing

    # --- buttons and menus ---

    async def press(self, label: str, on: Message | None) -> Interaction:
        """Press a button."""
        for message in self._in_sight(on):
            for button in parts.buttons(message.components):
                if parts.label(button).startswith(label) and not button.get("disabled"):
                    return await self._use(message, button, f"the button {parts.label(button)!r}", {})
        raise AssertionError(f"nothing in sight has a button {label!r}; there is {self._offered(on)}")

    async def choose(self, wanted: object, on: Message | None, menu: str) -> Interaction:
        """Choose from a menu."""
        for message in self._in_sight(on):
            for element in parts.menus(message.components):
                if parts.label(element).startswith(menu) and self._offers(element, wanted):
                    return await self._choose(message, element, wanted)
        raise AssertionError(f"no menu in sight offers {wanted!r}; there is {self._offered(on)}")

    def _offers(self, menu: Json, wanted: object) -> bool:
        if isinstance(wanted, str):
            options = menu.get("options") or ()
            return any(wanted in (offered["label"], offered["value"]) for offered in options)
        kind = {User: parts.USER_SELECT, Role: parts.ROLE_SELECT}.get(type(wanted))
        return bool(menu["type"] == kind)

    async def _choose(self, message: Message, menu: Json, wanted: Any) -> Interaction:
        told: Json = {"values": [option(menu, wanted) if isinstance(wanted, str) else wanted.id]}
        if isinstance(wanted, User):
            told["resolved"] = resolved_users([wanted], self._channel(message))
        elif isinstance(wanted, Role):
            told["resolved"] = {"roles": {wanted.id: wanted.record()}}
        return await self._use(message, menu, f"the menu {parts.label(menu)!r}", told)

    async def _use(self, message: Message, element: Json, name: str, told: Json) -> Interaction:
        if element.get("style") == parts.LINK:
            raise AssertionError(f"{name} leads to {element['url']}; the app never hears of it")
        data = {"id": element["id"], "custom_id": element["custom_id"], "component_type": element["type"], **told}
        return await self._taken(USED, name, self._channel(message), data, message)

    def _channel(self, message: Message) -> Channel:
        return self._discord.directory.channels[message.channel_id]

    def _in_sight(self, on: Message | None) -> Iterator[Message]:
        if on is not None:
            yield on
            return
        rooms = [room for room in self._discord.directory.channels.values() if room.may(self._user, "view_channel")]
        messages = [message for room in rooms for message in self._hearing.page(room) if self._hearing.of_bot(message)]
        yield from sorted(messages, key=lambda message: int(message.id), reverse=True)

    def _offered(self, on: Message | None) -> list[str]:
        found = [message.components for message in self._in_sight(on)]
        return [parts.label(one) for components in found for one in parts.buttons(components) + parts.menus(components)]

    # --- forms ---

    async def submit(self, modal: Modal | None, values: Mapping[str, Any]) -> Interaction:
        """Fill in a form and submit it."""
        if modal is None:
            raise AssertionError(f"{self._user.display_name} has no modal open")
        data: Json = {"custom_id": modal.custom_id, "components": modal.filled(values), "resolved": {}}
        opened_by: Interaction = modal.opened_by
        return await self._taken(SUBMITTED, f"the modal {modal.title!r}", opened_by.channel, data, opened_by.message)

    # --- commands ---

    async def run(self, line: str, channel: Channel, values: Mapping[str, Any]) -> Interaction:
        """Run a slash command."""
        data = self._command_data(line, channel, values)
        return await self._taken(RAN, line, channel, data)

    async def complete(self, line: str, channel: Channel, values: Mapping[str, Any]) -> list[str]:
        """Type in an option of a slash command, the last one given, and see what is offered."""
        if not values:
            raise AssertionError("say in which option you type, as question='pass'")
        data = self._command_data(line, channel, values, focused=list(values)[-1])
        interaction = await self._taken(AUTOCOMPLETE, f"{line} {values}", channel, data)
        return [str(choice["name"]) for choice in interaction.choices]

    def _command_data(self, line: str, channel: Channel, values: Mapping[str, Any], focused: str = "") -> Json:
        name, *path = line.strip().removeprefix("/").split()
        command = self._command(name, SLASH, channel)
        options = Options(command, channel, self._discord.app.bot, self._discord.files)
        entered = options.filled(path, values, focused)
        return self._named(command, entered, options.resolved)

    def _command(self, name: str, kind: int, channel: Channel) -> Json:
        command = self._discord.app.command(name, kind, channel.guild_id)
        if not may_use(command, channel.guild, self._user):
            raise AssertionError(f"{self._user.display_name} is not offered {name!r}: its permissions are for others")
        return command

    def _named(self, command: Json, options: list[Json], resolved: Named) -> Json:
        data: Json = {"id": command["id"], "name": command["name"], "type": command["type"], "options": options}
        if command.get("guild_id"):
            data["guild_id"] = command["guild_id"]
        return {**data, "resolved": resolved} if resolved else data

    async def use(self, name: str, on: Message | User, channel: Channel) -> Interaction:
        """Use a context menu, on a message or on somebody."""
        if isinstance(on, Message):
            command = self._command(name, MESSAGE_MENU, channel)
            resolved: Named = {"messages": {on.id: on.record(viewer=self._discord.app.bot)}}
        else:
            command = self._command(name, USER_MENU, channel)
            resolved = resolved_users([on], channel)
        data = {**self._named(command, [], resolved), "target_id": on.id}
        return await self._taken(RAN, f"the context menu {name!r}", channel, data)

    async def _taken(
        self, type: int, name: str, channel: Channel, data: Json, message: Message | None = None
    ) -> Interaction:
        interaction = self._discord.interactions.new(type, name, self._user, channel, data, message=message)
        try:
            await self._hearing.until(
                lambda: None if interaction.state == "waiting" else interaction,
                lambda: f"got no answer to {name}",
                channel,
            )
        except AssertionError as never:
            raise NotAcknowledged(str(never)) from None
        if interaction.state == "failed":
            raise NotAcknowledged(f"the app did not take {name}: {interaction.failure}")
        return interaction
