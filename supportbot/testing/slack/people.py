"""People: they write, press, fill in and read, as one does in Slack; a test is what they do."""

from __future__ import annotations

from typing import Any

from supportbot.testing.slack.assistant import AssistantThread
from supportbot.testing.slack.backstage import Backstage
from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.deliveries import Delivery
from supportbot.testing.slack.fingers import Fingers
from supportbot.testing.slack.hearing import Hearing
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.views import View
from supportbot.testing.slack.workspaces import User, Workspace

Thread = Message | AssistantThread | str


class Person:
    """Somebody in Slack: what they do is done when the call returns, what the bot makes of it is waited for."""

    def __init__(self, slack: Backstage, user: User, installed: Workspace) -> None:
        self.user = user
        self.name = user.real_name
        self.id = user.id
        self._slack = slack
        self._installed = installed
        self._hearing = Hearing(slack, user)
        self._fingers = Fingers(slack, user, installed, self._hearing)

    def __repr__(self) -> str:
        return f"<{self.name} {self.id}>"

    @property
    def mention(self) -> str:
        """How a bot names this person in a text."""
        return f"<@{self.id}>"

    @property
    def direct(self) -> Channel:
        """The direct messages with the bot."""
        if self.user.workspace is not self._installed:
            raise AssertionError(f"{self.name} is of another workspace and has no direct messages with the bot")
        return self._slack.directory.direct(self._installed.installed_bot, self.user)

    # --- writing ---

    async def dm(self, text: str, *, thread: Thread = "", exact: bool = False) -> Message:
        """Write to the bot directly."""
        return await self.writes(self.direct, text, thread=thread, exact=exact)

    async def writes(
        self, channel: Channel, text: str, *, thread: Thread = "", broadcast: bool = False, exact: bool = False
    ) -> Message:
        """Write in a channel or a thread of it.

        What is typed is sent as Slack's clients send it (@names, #channels, addresses, ``& < >``); with `exact` the
        text goes over the wire as it is. With `broadcast` a reply is shown in the channel, too.
        """
        self._must_be_in(channel)
        words = text if exact else self._slack.directory.typed(text)
        ts = _timestamp(thread)
        return self._slack.posts.by_person(self.user, channel, words, thread=ts, broadcast=broadcast)

    async def edits(self, message: Message, text: str, *, exact: bool = False) -> None:
        """Change an own message."""
        words = text if exact else self._slack.directory.typed(text)
        self._slack.posts.change(self._own(message), self._channel(message), words, None, self.user)

    async def deletes(self, message: Message) -> None:
        """Delete an own message."""
        self._slack.posts.take_away(self._own(message), self._channel(message))

    async def reacts(self, message: Message, emoji: str) -> None:
        """Put an emoji on a message, by its name."""
        self._slack.posts.react(self.user, message, self._channel(message), emoji.strip(":"))

    async def unreacts(self, message: Message, emoji: str) -> None:
        """Take one's emoji off a message."""
        self._slack.posts.unreact(self.user, message, self._channel(message), emoji.strip(":"))

    async def uploads(
        self, channel: Channel, name: str, data: bytes, text: str = "", *, thread: Thread = ""
    ) -> Message:
        """Upload a file with some words."""
        self._must_be_in(channel)
        file = self._slack.files.announce(self.user, name, len(data))
        file.data, file.complete, file.channels = data, True, [channel.id]
        listener = self._slack.events.listener(channel)
        file.hidden = listener is not None and listener is not self.user.workspace
        words = self._slack.directory.typed(text)
        return self._slack.posts.by_person(self.user, channel, words, thread=_timestamp(thread), files=[file])

    # --- reading ---

    async def hears(self, channel: Channel | None = None, *, thread: Thread = "") -> Message:
        """Wait for the next thing the bot says, in the direct messages if no channel is given; each is heard once."""
        return await self._hearing.next(channel or self.direct, _timestamp(thread))

    async def sees(self, words: str, channel: Channel | None = None, *, thread: Thread = "") -> Message:
        """Wait until a message of the bot's says something, be it new or edited."""
        return await self._hearing.sight(words, channel or self.direct, _timestamp(thread))

    def reads(self, channel: Channel | None = None, *, thread: Thread = "") -> list[Message]:
        """Read what stands there now, whoever wrote it, oldest first."""
        return self._hearing.page(channel or self.direct, _timestamp(thread))

    def unheard(self, channel: Channel | None = None, *, thread: Thread = "") -> list[Message]:
        """List what the bot has said there and nobody has waited for."""
        return self._hearing.unheard(channel or self.direct, _timestamp(thread))

    @property
    def modal(self) -> View | None:
        """The modal on the screen, if there is one."""
        return self._slack.views.top(self.user)

    @property
    def home(self) -> View | None:
        """The app's home tab, once the app has published one."""
        return self._slack.views.home(self.user)

    async def sees_modal(self, words: str = "") -> View:
        """Wait until a modal with these words is on the screen."""

        def look() -> View | None:
            return self.modal if self.modal is not None and words in str(self.modal) else None

        return await self._hearing.until(look, lambda: _missed("modal", words, self.modal), self._any_channel())

    async def sees_home(self, words: str = "") -> View:
        """Wait until the home tab says something."""

        def look() -> View | None:
            return self.home if self.home is not None and words in self.home else None

        return await self._hearing.until(look, lambda: _missed("home tab", words, self.home), self._any_channel())

    # --- using what the app shows ---

    async def presses(self, label: str, on: Message | View | None = None) -> Delivery:
        """Press the button that begins with these words: on this message or view, else the newest one in sight.

        Fails with NotAcknowledged if the app does not take it, as when Slack shows a warning sign.
        """
        return await self._fingers.press(label, on)

    async def chooses(self, option: str | Person, on: Message | View | None = None, *, menu: str = "") -> Delivery:
        """Choose from a menu, or a person from a list of people; `menu` are the words on it, if there are several."""
        return await self._fingers.choose(option.id if isinstance(option, Person) else option, on, menu)

    async def submits(self, modal: View | None = None, /, **values: Any) -> Delivery:
        """Fill in the modal and submit it; a field goes by its label (`first_name`), its action or its block id.

        Afterwards the modal is gone, or changed, or its `errors` say what the app found wrong.
        """
        return await self._fingers.submit(modal or self.modal, values)

    async def closes(self, modal: View | None = None) -> None:
        """Close the modal."""
        await self._fingers.close(modal or self.modal)

    async def runs(self, command: str, channel: Channel | None = None) -> Delivery:
        """Run a slash command, such as ``/support ticket``; Slack has none inside threads."""
        place = channel or self.direct
        self._must_be_in(place)
        return await self._fingers.run(command, place)

    async def uses(self, shortcut: str, on: Message | None = None) -> Delivery:
        """Use a shortcut by its callback id: on a message, or a global one."""
        return await self._fingers.shortcut(shortcut, on)

    async def opens_home(self, tab: str = "home") -> None:
        """Look at the app's home tab (or its ``messages``)."""
        event: dict[str, Any] = {"type": "app_home_opened", "user": self.id, "channel": self.direct.id, "tab": tab}
        if self.home is not None and tab == "home":
            event["view"] = self.home.record()
        self._slack.events.tell(event, self._installed, self.direct)

    async def opens_assistant(self, looking_at: Channel | None = None) -> AssistantThread:
        """Open a thread in the assistant's panel, with a channel in view or none."""
        return self._fingers.open_assistant(self.direct, looking_at)

    async def looks_at(self, channel: Channel, thread: AssistantThread) -> None:
        """Go to a channel while the assistant's panel stays open."""
        self._fingers.look(thread, channel, "assistant_thread_context_changed")

    async def takes_prompt(self, thread: AssistantThread, title: str) -> Message:
        """Press one of the suggested prompts, which sends its words."""
        if title not in thread.prompts:
            raise AssertionError(f"the prompts are {list(thread.prompts)}, not {title!r}")
        return await self.dm(thread.prompts[title], thread=thread)

    # --- channels ---

    async def joins(self, channel: Channel) -> None:
        """Join a channel."""
        if not channel.open_to(self.user.workspace):
            raise AssertionError(f"{channel.name} is not shared with {self.user.workspace.name}")
        channel.members[self.id] = self.user
        self._slack.events.moved("member_joined_channel", self.user, channel)

    async def leaves(self, channel: Channel) -> None:
        """Leave a channel."""
        del channel.members[self.id]
        self._slack.events.moved("member_left_channel", self.user, channel)

    async def invites(self, guest: Person | User, channel: Channel) -> None:
        """Bring somebody into a channel: a person, or the bot (``slack.bot``)."""
        user = guest.user if isinstance(guest, Person) else guest
        channel.members[user.id] = user
        self._slack.events.moved("member_joined_channel", user, channel, self.user)
        self._slack.notices.ring()

    def _must_be_in(self, channel: Channel) -> None:
        if not channel.has(self.user):
            raise AssertionError(f"{self.name} is not in {channel.name}")
        if channel.archived:
            raise AssertionError(f"{channel.name} is archived")

    def _own(self, message: Message) -> Message:
        if message.author is not self.user or message.deleted:
            raise AssertionError(f"{message!r} is not {self.name}'s to change")
        return message

    def _channel(self, message: Message) -> Channel:
        return self._slack.directory.channels[message.channel_id]

    def _any_channel(self) -> Channel:
        rooms = self._slack.directory.channels.values()
        return next((room for room in rooms if room.has(self.user)), None) or self.direct


def _missed(kind: str, words: str, there: View | None) -> str:
    wanted = f"no {kind} with {words!r}" if words else f"no {kind}"
    return f"saw {wanted}" + (f", only {there!r}" if there is not None else "")


def _timestamp(thread: Thread) -> str:
    if isinstance(thread, Message):
        return thread.thread
    return thread.ts if isinstance(thread, AssistantThread) else thread
